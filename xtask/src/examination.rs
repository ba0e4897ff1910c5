//! What `verify`, `report` and `explain` share: opening what the arguments name, examining it,
//! and delivering the answer.

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use verifier::catalogue::Catalogue;
use verifier::examined::ExaminedClaim;
use verifier::exit_code;
use verifier::python::{Files, Project};
use verifier::relocate::{self, Relocation};
use verifier::report::{self, Format, Style};
use verifier::runtime_checks;
use verifier::siblings::{self, Sweep};
use verifier::suggest::closest;
use verifier::target::{FileSelector, TargetError, TargetTree, open_target};
use verifier::verification::Verification;
use verifier::verify::{self, EarlierStates, LiveObserver, NotRun, Selection, SelectionError, Worker};

use crate::arguments::{
    CatalogueArguments, Color, ColorArguments, OutputArguments, RunArguments, SelectionArguments,
    TargetArguments,
};
use crate::environment::Environment;
use crate::output::{self, Failure};
use crate::progress::Bar;

/// The catalogue's name when the command line gives none.
const CATALOGUE: &str = "findings.toml";

/// The glob of all that can be swept.
pub(crate) const EVERYTHING: &str = "**/*.py";

/// What the arguments name, opened.
pub(crate) struct Examination {
    pub(crate) catalogue: Catalogue,
    pub(crate) color: ColorArguments,
    root: PathBuf,
    /// Directories of the catalogue's own: as they are opened, and as they are written there.
    own: Vec<(String, String)>,
    target: Box<dyn TargetTree>,
    earlier: EarlierStates,
}

impl Examination {
    /// Opens everything; whatever cannot be opened is said before anything runs.
    pub(crate) fn open(catalogue: &CatalogueArguments, target: &TargetArguments) -> Result<Self, Failure> {
        let color = catalogue.color;
        let catalogue = read_catalogue(catalogue)?;
        let root = root_of(&catalogue, target)?;
        let own = own_directories(&catalogue, target);
        let tree = open_target(&root, target.rev.as_deref(), &catalogue.target.exclude).map_err(of_target)?;
        let earlier = EarlierStates::open(&catalogue, &root, &tree.describe(), target.was.as_deref())
            .map_err(of_target)?;
        let directory = directory_of(&catalogue).to_owned();
        let cached = |tree| target.cache.cached(tree, Some(&directory));
        let (tree, earlier) = (cached(tree), earlier.map_trees(cached));
        Ok(Self { catalogue, color, root, own, target: tree, earlier })
    }

    /// Examines the selected findings.
    pub(crate) fn run(&self, selection: &Selection, run: &RunArguments) -> Result<Verification<'_>, Failure> {
        verify::use_threads(run.jobs);
        let worker;
        let live: &dyn LiveObserver = if run.static_only {
            &NotRun
        } else {
            worker = self.worker(run)?;
            &worker
        };
        let bar = Bar::new();
        let mut verification =
            verify::verify(&self.catalogue, selection, self.target.as_ref(), &self.earlier, live, &bar)
                .map_err(of_selection)?;
        // A report says the same wherever the command was called.
        let states = verification.earlier.iter_mut().map(|earlier| &mut earlier.state);
        for state in states.chain([&mut verification.target]) {
            if let Some((_, written)) = self.own.iter().find(|(opened, _)| *opened == state.root) {
                state.root.clone_from(written);
            }
        }
        Ok(verification)
    }

    /// Who runs code of the target: this binary, executed again.
    fn worker(&self, run: &RunArguments) -> Result<Worker, Failure> {
        let binary = std::env::current_exe()
            .map_err(|error| Failure::other("cannot find this program to execute it again", error))?;
        let jobs = match run.jobs {
            Some(jobs) => jobs.get(),
            None => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        };
        let settings = runtime_checks::Settings {
            binary,
            interpreter: verifier_worker::interpreter(),
            timeout: run.timeout,
            strict: run.isolation == "strict",
            venv: self.venv(run),
            catalogue_directory: directory_of(&self.catalogue).to_owned(),
        };
        Ok(Worker { settings, python: self.catalogue.target.python.clone(), jobs })
    }

    /// The virtual environment that is named, or else the private one if it was created.
    fn venv(&self, run: &RunArguments) -> Option<PathBuf> {
        if run.no_venv {
            return None;
        }
        let private = || Environment::beside(directory_of(&self.catalogue)).if_complete().map(Path::to_owned);
        run.venv.clone().or_else(private)
    }

    /// The findings that these ids of findings or claims belong to.
    pub(crate) fn selection_of(&self, ids: &[String]) -> Result<Selection, Failure> {
        let mut selection = Selection::default();
        for id in ids {
            let claims = || self.catalogue.findings.iter().flat_map(|finding| &finding.claims);
            let finding = id.split('/').next().unwrap_or(id);
            if id.contains('/') && !claims().any(|claim| claim.id.as_str() == id) {
                let hint = closest(id, claims().map(|claim| claim.id.as_str())).map(str::to_owned);
                return Err(of_selection(SelectionError { id: id.clone(), hint }));
            }
            selection.findings.push(finding.to_owned());
        }
        Ok(selection)
    }

    /// Looks for the siblings of confirmed claims; of these findings and claims, or of all.
    pub(crate) fn sweep(&self, verification: &Verification, scope: &[String], ids: &[String]) -> Vec<Sweep> {
        let _bar = Bar::waiting("sweeping");
        let files = Files::new(self.target.as_ref());
        let project = Project::new(&files, &self.catalogue.target.python);
        let wanted = |claim: &ExaminedClaim| {
            let id = claim.claim.id.as_str();
            ids.is_empty() || ids.iter().any(|wanted| id == wanted || id.split('/').next() == Some(wanted))
        };
        siblings::sweep(verification, &project, scope, wanted)
    }

    /// Whether the globs select any file of the target.
    pub(crate) fn selects_any(&self, selector: &FileSelector) -> bool {
        self.target.python_files().iter().any(|path| selector.matches(path))
    }

    /// The claims whose code is not where the catalogue says.
    pub(crate) fn relocate<'v>(&self, verification: &Verification<'v>) -> Vec<Relocation<'v>> {
        relocate::relocate(verification, self.target.as_ref(), &self.earlier)
    }

    /// Says why nothing was checked, if so.
    pub(crate) fn explain_nothing(&self, verification: &Verification) {
        if verification.exit_code() != exit_code::NOTHING_CHECKED {
            return;
        }
        if verification.findings.is_empty() {
            output::talk("nothing was checked: no finding was selected");
        } else {
            output::talk(&format!(
                "nothing was checked: none of the code that the findings speak of could be looked at in `{}`",
                self.root.display()
            ));
            explain_no_files(self.target.as_ref(), &self.root);
        }
    }
}

/// Says what to do about a target that has no files because it is a git repository without a work tree.
pub(crate) fn explain_no_files(target: &dyn TargetTree, root: &Path) {
    let is_bare =
        || root.join("HEAD").is_file() && root.join("objects").is_dir() && root.join("refs").is_dir();
    if target.describe().revision.is_none() && is_bare() {
        output::talk(
            "  = help: this is a bare git repository, which has no files of its own: name a revision with `--rev HEAD`",
        );
    }
}

/// Reads the catalogue that the arguments name, or the nearest one.
pub(crate) fn read_catalogue(arguments: &CatalogueArguments) -> Result<Catalogue, Failure> {
    let path = arguments.catalogue.clone().unwrap_or_else(nearest_catalogue);
    let color = arguments.color.for_stream(&io::stderr());
    Catalogue::read(&path).map_err(|problems| Failure::Catalogue(problems.render(color)))
}

/// `findings.toml` here or in the nearest directory above, as a path relative to here, so that
/// what is printed does not depend on where the project lies.
pub(crate) fn nearest_catalogue() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let mut relative = PathBuf::new();
    for directory in here.ancestors() {
        if directory.join(CATALOGUE).is_file() {
            return relative.join(CATALOGUE);
        }
        relative.push("..");
    }
    PathBuf::from(CATALOGUE)
}

/// The directory of the catalogue, to which its paths are relative.
pub(crate) fn directory_of(catalogue: &Catalogue) -> &Path {
    catalogue.path.parent().unwrap_or(Path::new(""))
}

/// The root that the arguments name, or else the catalogue's own.
pub(crate) fn root_of(catalogue: &Catalogue, arguments: &TargetArguments) -> Result<PathBuf, Failure> {
    match (&arguments.root, &catalogue.target.root) {
        (Some(root), _) => Ok(root.clone()),
        (None, Some(root)) => Ok(directory_of(catalogue).join(root)),
        (None, None) => Err(Failure::Usage(
            "nothing to examine: give `--root DIR`, or `root` in the catalogue's `[target]`".to_owned(),
        )),
    }
}

/// The directories that the catalogue names and the arguments do not: as they are opened from
/// here, and as they are written.
fn own_directories(catalogue: &Catalogue, arguments: &TargetArguments) -> Vec<(String, String)> {
    let settings = &catalogue.target;
    let root = settings.root.as_ref().filter(|_| arguments.root.is_none());
    let was = settings.was.as_ref().filter(|_| arguments.was.is_none());
    let both = |written: &PathBuf| {
        let opened = directory_of(catalogue).join(written);
        (opened.display().to_string(), written.display().to_string())
    };
    root.into_iter().chain(was).map(both).collect()
}

/// The findings that the arguments select.
pub(crate) fn selection(arguments: &SelectionArguments) -> Selection {
    Selection { findings: arguments.finding.clone(), severities: arguments.severity.clone() }
}

/// The format that the arguments ask for. What it cannot show is refused before anything runs.
pub(crate) fn format_of(
    arguments: &OutputArguments,
    default: Format,
    siblings: bool,
) -> Result<Format, Failure> {
    let format = arguments.format.unwrap_or(default);
    let refused = match format {
        Format::Markdown | Format::Json => None,
        Format::Table if arguments.excerpts => {
            Some(("--excerpts", "`--format markdown` and `cargo xtask explain` show the code"))
        }
        Format::Table if siblings => {
            Some(("--siblings", "`--format markdown` and `cargo xtask sweep` show the siblings"))
        }
        Format::Table => None,
    };
    match refused {
        None => Ok(format),
        Some((flag, hint)) => Err(Failure::Usage(format!("a table has no room for `{flag}`\nhint: {hint}"))),
    }
}

/// Refuses to write an answer onto the catalogue that was asked.
pub(crate) fn spare_catalogue(catalogue: &Catalogue, output: Option<&Path>) -> Result<(), Failure> {
    let is_catalogue = output.is_some_and(|output| {
        let real = |path: &Path| path.canonicalize().ok();
        real(output).is_some_and(|output| real(&catalogue.path) == Some(output))
    });
    if is_catalogue {
        let path = catalogue.path.display();
        return Err(Failure::Usage(format!(
            "`{path}` is the catalogue and is not written over\nhint: give `--output` another name"
        )));
    }
    Ok(())
}

/// Renders and writes what the arguments ask for, and gives the exit code.
pub(crate) fn deliver(
    examination: &Examination,
    verification: &Verification,
    arguments: &OutputArguments,
    format: Format,
) -> Result<u8, Failure> {
    let style = style(arguments, examination.color);
    let text = report::render(verification, format, style);
    write(&text, arguments.output.as_deref())?;
    examination.explain_nothing(verification);
    Ok(verification.exit_code())
}

/// Writes to the file, or to standard output when there is none.
pub(crate) fn write(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    match file {
        None => output::data(text),
        Some(file) => {
            report::write_whole(file, text.as_bytes()).map_err(|error| Failure::Other(error.to_string()))?;
            output::talk(&format!("wrote `{}`", file.display()));
            Ok(())
        }
    }
}

/// How to render for where the text goes.
pub(crate) fn style(arguments: &OutputArguments, color: ColorArguments) -> Style {
    let color = match &arguments.output {
        None => color.for_stream(&io::stdout()),
        Some(_) => color.color == Color::Always,
    };
    Style { color, width: width(), excerpts: arguments.excerpts }
}

/// The columns of the terminal; 80 where there is none, which is what everybody can read.
pub(crate) fn width() -> usize {
    let terminal = || {
        let stdout = io::stdout();
        let (width, _) = stdout.is_terminal().then(|| terminal_size::terminal_size_of(stdout)).flatten()?;
        Some(usize::from(width.0))
    };
    let declared = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal().or_else(declared).unwrap_or(80).clamp(60, 200)
}

/// An expected error about the target.
pub(crate) fn of_target(error: TargetError) -> Failure {
    match &error.hint {
        Some(hint) => Failure::Other(format!("{error}\nhint: {hint}")),
        None => Failure::Other(error.to_string()),
    }
}

/// An expected error about the selection.
pub(crate) fn of_selection(error: SelectionError) -> Failure {
    match &error.hint {
        Some(hint) => Failure::Usage(format!("{error}\nhint: did you mean `{hint}`?")),
        None => Failure::Usage(format!("{error}\nhint: `cargo xtask list` shows them all")),
    }
}

//! What is remembered changes no answer: not after edits, not when entries are damaged, not
//! when runs are interrupted or run at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use verifier::cache::Store;
use verifier::catalogue::Catalogue;
use verifier::python::{Files, Project};
use verifier::report::{Format, Style, render, siblings};
use verifier::siblings::sweep;
use verifier::target::{CachedTree, DirectoryTree, TargetTree};
use verifier::verify::{EarlierStates, NotRun, Quiet, Selection, verify};

use crate::support::{workspace, xtask};

const AUDITED: &str = "examples/voice-assistant/audited";

/// A sequence of numbers that is the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("below a usize")
    }
}

/// A copy of the bundled target that may be edited.
struct Copy {
    scratch: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Copy {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a directory");
        let root = scratch.path().join("target");
        let from = workspace().join(AUDITED);
        let tree = DirectoryTree::open(&from, &[]).expect("the bundled target");
        let mut files = Vec::new();
        for path in tree.python_files() {
            let to = root.join(path.as_str());
            fs::create_dir_all(to.parent().expect("below the root")).expect("can be made");
            fs::copy(from.join(path.as_str()), &to).expect("can be copied");
            files.push(to);
        }
        Self { scratch, files }
    }

    fn root(&self) -> PathBuf {
        self.scratch.path().join("target")
    }

    fn cache(&self) -> PathBuf {
        self.scratch.path().join("cache")
    }

    /// Makes one edit, and gives what to call it.
    fn edit(&self, numbers: &mut Numbers) -> String {
        let file = &self.files[numbers.below(self.files.len())];
        let other = &self.files[numbers.below(self.files.len())];
        let text = fs::read_to_string(file).unwrap_or_default();
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let line = numbers.below(lines.len().max(1));
        let what = match numbers.below(8) {
            0 | 1 if !lines.is_empty() => {
                lines.remove(line);
                fs::write(file, lines.concat()).expect("can be written");
                format!("line {} taken out", line + 1)
            }
            2 if !lines.is_empty() => {
                lines.insert(line, lines[line]);
                fs::write(file, lines.concat()).expect("can be written");
                format!("line {} doubled", line + 1)
            }
            3 => fs::copy(other, file)
                .map_or_else(|_| "left alone".to_owned(), |_| format!("now like {other:?}")),
            4 => {
                let _ = fs::remove_file(file);
                "removed".to_owned()
            }
            5 => {
                let more = fs::read_to_string(other).unwrap_or_default();
                fs::write(file, format!("{text}\n{more}")).expect("can be written");
                format!("{other:?} appended")
            }
            _ => {
                let path = file.strip_prefix(self.root()).expect("below the root");
                fs::copy(workspace().join(AUDITED).join(path), file).expect("can be copied");
                "as it was".to_owned()
            }
        };
        format!("{file:?} {what}")
    }
}

/// Everything that is said of a tree without running anything of it.
fn answers(catalogue: &Catalogue, tree: Box<dyn TargetTree>) -> String {
    let earlier = EarlierStates::default();
    let verification = verify(catalogue, &Selection::default(), tree.as_ref(), &earlier, &NotRun, &Quiet)
        .expect("all exist");
    let style = Style { color: false, width: 200, excerpts: true };
    let files = Files::new(tree.as_ref());
    let project = Project::new(&files, &catalogue.target.python);
    let sweeps = sweep(&verification, &project, &["**/*.py".to_owned()], |_| true);
    let mut text = render(&verification, Format::Json, style);
    text.push_str(&render(&verification, Format::Markdown, style));
    text.push_str(&siblings::json(&sweeps));
    text
}

#[test]
fn edited_tree_gets_the_answers_that_it_gets_without_cache() {
    let catalogue =
        Catalogue::read(&workspace().join("findings.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    let copy = Copy::new();
    let open = || Box::new(DirectoryTree::open(&copy.root(), &[]).expect("a directory"));
    let mut numbers = Numbers(0x5eed_cafe);
    let mut edits = Vec::new();
    for round in 0..30 {
        // What was written a moment ago is not remembered.
        if round % 3 == 0 {
            std::thread::sleep(Duration::from_millis(60));
        }
        let without = answers(&catalogue, open());
        for _ in 0..2 {
            let cached = CachedTree::new(open(), Store::new(copy.cache()));
            let with = answers(&catalogue, Box::new(cached));
            assert!(with == without, "differs after {edits:#?}");
        }
        edits.push(copy.edit(&mut numbers));
    }
    assert!(copy.cache().is_dir(), "nothing was remembered");
}

fn command(copy: &Copy, arguments: &[&str]) -> Command {
    let mut command = Command::new(xtask());
    command
        .args(arguments)
        .arg("--root")
        .arg(copy.root())
        .current_dir(workspace())
        .env("ASSAY_CACHE_DIR", copy.cache())
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn said(command: &mut Command) -> Vec<u8> {
    command.output().expect("runs").stdout
}

const COMMANDS: [&[&str]; 5] = [
    &["verify", "--static-only", "--format", "json"],
    &["report", "--static-only", "--siblings", "--excerpts"],
    &["sweep", "--static-only", "--format", "json"],
    &["grep", "$X.bind(...)", "--format", "json"],
    &["grep", "-e", "while True: ...", "-e", "pickle.loads(...)"],
];

#[test]
fn commands_print_the_same_bytes_without_cache() {
    let copy = Copy::new();
    std::thread::sleep(Duration::from_millis(60));
    for arguments in COMMANDS {
        let without = said(command(&copy, arguments).arg("--no-cache"));
        assert!(!without.is_empty(), "{arguments:?} says nothing");
        for _ in 0..2 {
            assert!(said(&mut command(&copy, arguments)) == without, "{arguments:?}");
        }
    }
    let before = entries(&copy.cache());
    assert!(!before.is_empty());
    fs::remove_dir_all(copy.cache()).expect("may be deleted at any time");
    for arguments in COMMANDS {
        said(command(&copy, arguments).arg("--no-cache"));
    }
    assert!(!copy.cache().exists(), "something was remembered");
}

#[test]
fn interrupted_and_concurrent_runs_and_damaged_entries_do_no_harm() {
    let copy = Copy::new();
    std::thread::sleep(Duration::from_millis(60));
    let arguments = COMMANDS[2];
    let without = said(command(&copy, arguments).arg("--no-cache"));
    let mut numbers = Numbers(0xdead_beef);
    for _ in 0..6 {
        let mut running: Vec<_> =
            (0..3).map(|_| command(&copy, arguments).stdout(Stdio::null()).spawn().expect("runs")).collect();
        std::thread::sleep(Duration::from_millis(numbers.below(120) as u64));
        running.iter_mut().for_each(|run| drop(run.kill()));
        running.iter_mut().for_each(|run| drop(run.wait()));
        for entry in entries(&copy.cache()) {
            let mut bytes = fs::read(&entry).expect("an entry");
            if numbers.below(4) == 0 && !bytes.is_empty() {
                let place = numbers.below(bytes.len());
                bytes[place] ^= 0x20;
                if numbers.below(2) == 0 {
                    bytes.truncate(place);
                }
                fs::write(&entry, bytes).expect("can be written");
            }
        }
        assert!(said(&mut command(&copy, arguments)) == without);
    }
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    let directories = fs::read_dir(cache).into_iter().flatten().flatten();
    let files = directories.filter_map(|directory| fs::read_dir(directory.path()).ok());
    files.flatten().flatten().map(|file| file.path()).collect()
}

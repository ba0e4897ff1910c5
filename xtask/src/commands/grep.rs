//! `cargo xtask grep`: a pattern on the target, before it goes into a finding.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use verifier::evidence::Reason;
use verifier::exit_code;
use verifier::grep::{Query, Report};
use verifier::python::pattern::{Pattern, PatternError, metavariables};
use verifier::python::rule::{All, Condition, ForeignRule, Formula, RuleFile};
use verifier::report::{Style, counted, matches, visible};
use verifier::static_checks::describe;
use verifier::target::{RelativePath, TargetTree, open_target};

use crate::arguments::{CacheArguments, CatalogueArguments};
use crate::examination::{nearest_catalogue, of_target, read_catalogue, width};
use crate::output::{self, Failure};
use crate::progress::Bar;

/// The command's arguments.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The pattern, and the files and directories to search; with `-e`, `--pattern-file` or
    /// `--rule` all are files and directories
    #[arg(value_name = "PATTERN|PATH", allow_negative_numbers = true)]
    positional: Vec<String>,
    /// A pattern; when repeated, one of them has to match
    #[arg(
        short = 'e',
        long = "pattern",
        value_name = "PATTERN",
        allow_hyphen_values = true,
        help_heading = "What"
    )]
    patterns: Vec<String>,
    /// A file that holds a pattern; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "What")]
    pattern_file: Vec<PathBuf>,
    /// A file with rules in Semgrep's YAML
    #[arg(long, value_name = "FILE", conflicts_with_all = ["patterns", "pattern_file"], help_heading = "What")]
    rule: Option<PathBuf>,
    /// Only code that this matches, too: of nested matches the inner one is shown
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        conflicts_with = "rule",
        help_heading = "What"
    )]
    all: Vec<String>,
    /// Only code that this matches, too; when repeated, one of them has to
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        conflicts_with = "rule",
        help_heading = "What"
    )]
    any: Vec<String>,
    /// Leave out code that this matches, too
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        conflicts_with = "rule",
        help_heading = "What"
    )]
    not: Vec<String>,
    /// Only code inside a match of this
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        conflicts_with = "rule",
        help_heading = "What"
    )]
    inside: Vec<String>,
    /// Only code that is not inside a match of this
    #[arg(
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        conflicts_with = "rule",
        help_heading = "What"
    )]
    not_inside: Vec<String>,
    /// Only where a metavariable is within bounds: `$X=REGEX` (its text contains a match), `$X>=N`
    /// or `$X<=N` (it is such a number), `$X:PATTERN` (its code contains a match)
    #[arg(long = "where", value_name = "$X=REGEX", conflicts_with = "rule", help_heading = "What")]
    conditions: Vec<String>,
    /// Show what this metavariable stands for instead of the whole match
    #[arg(long, value_name = "$X", conflicts_with = "rule", help_heading = "What")]
    focus: Option<String>,
    /// Only when there are so many matches: `N`, `MIN..MAX`, `MIN..` or `..MAX`
    #[arg(long, value_name = "N", value_parser = count, help_heading = "What")]
    count: Option<Count>,
    /// What paths are relative to, and what is searched when none is given
    /// [default: the catalogue's `target.root`, or the current directory]
    #[arg(long, value_name = "DIR", help_heading = "Target")]
    root: Option<PathBuf>,
    /// Search this git revision of the root
    #[arg(long, value_name = "REV", help_heading = "Target")]
    rev: Option<String>,
    /// Name every file that could not be searched to its end
    #[arg(long, short, help_heading = "Output")]
    verbose: bool,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "table", "json"], help_heading = "Output")]
    format: String,
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    cache: CacheArguments,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing matched, or not as many places as `--count` asks for
  1  something matched
  2  wrong usage: the pattern cannot be understood, a path does not exist
  4  nothing was searched: no path selects a Python file";

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let has_option =
        !arguments.patterns.is_empty() || !arguments.pattern_file.is_empty() || arguments.rule.is_some();
    // `--all` and `--any` narrow a pattern, and are enough without one.
    let may_lack_pattern = !arguments.all.is_empty() || !arguments.any.is_empty();
    let (pattern, paths) = match arguments.positional.split_first() {
        Some((first, _)) if may_lack_pattern && is_path(arguments, first) => {
            (None, &arguments.positional[..])
        }
        Some((pattern, paths)) if !has_option => (Some(pattern), paths),
        _ => (None, &arguments.positional[..]),
    };
    let query = query(arguments, pattern)?;
    let mut report = Report::default();
    let nearest = arguments.catalogue.catalogue.clone().unwrap_or_else(nearest_catalogue);
    let directory = nearest.is_file().then(|| nearest.parent().unwrap_or(Path::new("")));
    let bar = Bar::waiting("searching");
    let mut searched = BTreeSet::new();
    for mut part in parts(arguments, paths)? {
        // Paths may overlap.
        part.files.retain(|file| searched.insert(format!("{}{}", part.prefix, file.as_str())));
        // To know what there is around one file takes longer than to look at it.
        let part = match part.is_listing {
            true => Part { tree: arguments.cache.cached(part.tree, directory), ..part },
            false => part,
        };
        let mut found = query.search(part.tree.as_ref(), &part.files);
        for found in &mut found.found {
            found.file.insert_str(0, &part.prefix);
        }
        report.searched.files += found.searched.files;
        report.searched.parsed += found.searched.parsed;
        found.searched.blind.extend(part.unlisted);
        for reason in &mut found.searched.blind {
            if let Some(path) = reason.path_mut() {
                path.insert_str(0, &part.prefix);
            }
        }
        report.searched.blind.append(&mut found.searched.blind);
        report.found.append(&mut found.found);
    }
    drop(bar);
    warn(&report.searched.blind, arguments.verbose);
    if let Some(count) = arguments.count {
        let number = report.found.len();
        if !count.admits(number) {
            output::talk(&format!("{}, which is not {count}", counted(number, "match", "matches")));
            report.found.clear();
        }
    }
    let color = arguments.catalogue.color.for_stream(&std::io::stdout());
    let style = Style { color, width: width(), excerpts: false };
    let text = match arguments.format.as_str() {
        "json" => matches::json(&report),
        "table" => matches::table(&report, style),
        _ => matches::text(&report, style),
    };
    output::data(&text)?;
    if report.searched.files == 0 {
        output::talk("nothing was searched: no Python file is selected");
        return Ok(exit_code::NOTHING_CHECKED);
    }
    Ok(if report.found.is_empty() { exit_code::NOTHING_CONFIRMED } else { exit_code::SOMETHING_CONFIRMED })
}

/// Tells where the search could not look, or not everywhere: each place while they are few.
fn warn(blind: &[Reason], verbose: bool) {
    let is_broken = |reason: &&Reason| matches!(reason, Reason::DoesNotCompile { .. });
    let (broken, unread): (Vec<&Reason>, Vec<&Reason>) = blind.iter().partition(is_broken);
    for (reasons, what, how) in [
        (unread, "places could not be searched", ""),
        (broken, "files do not compile", ": searched as far as it can be read"),
    ] {
        match reasons.as_slice() {
            [first, .., _] if reasons.len() > MOST_WARNINGS && !verbose => output::talk(&format!(
                "warning: {} {what}, and may hold matches that are not shown; the first: {}; --verbose names all",
                reasons.len(),
                visible(&describe(first))
            )),
            reasons => {
                for reason in reasons {
                    output::talk(&format!("warning: {}{how}", visible(&describe(reason))));
                }
            }
        }
    }
}

/// More warnings than this would bury the matches.
const MOST_WARNINGS: usize = 3;

fn query(arguments: &Arguments, pattern: Option<&String>) -> Result<Query, Failure> {
    if let Some(file) = &arguments.rule {
        let yaml = read(file)?;
        let usage =
            |problem: &dyn std::fmt::Display| Failure::Usage(format!("`{}`: {problem}", file.display()));
        let RuleFile { rules, foreign } = RuleFile::read(&yaml).map_err(|error| usage(&error))?;
        if !foreign.is_empty() {
            let told: Vec<String> = foreign.iter().map(ForeignRule::to_string).collect();
            let skipped = counted(foreign.len(), "rule is", "rules are");
            output::talk(&visible(&format!("note: {skipped} left out: {}", told.join("; "))));
        }
        return Query::of_rules(rules).map_err(|error| usage(&error));
    }
    let mut sources: Vec<String> = pattern.into_iter().chain(&arguments.patterns).cloned().collect();
    for file in &arguments.pattern_file {
        sources.push(read(file)?);
    }
    if sources.is_empty() && arguments.all.is_empty() && arguments.any.is_empty() {
        return Err(Failure::Usage(
            "there is no pattern: give one, or `--pattern-file`, or `--rule`".to_owned(),
        ));
    }
    let many = |sources: &[String]| sources.iter().map(|source| parse(source)).collect::<Result<Vec<_>, _>>();
    let inside = |formula: Formula| Formula::Inside(Box::new(formula));
    let mut all = All::default();
    if !sources.is_empty() {
        all.positive.push(Formula::Any(many(&sources)?));
    }
    all.positive.extend(many(&arguments.all)?);
    if !arguments.any.is_empty() {
        all.positive.push(Formula::Any(many(&arguments.any)?));
    }
    all.positive.extend(many(&arguments.inside)?.into_iter().map(inside));
    all.negative.extend(many(&arguments.not)?);
    all.negative.extend(many(&arguments.not_inside)?.into_iter().map(inside));
    for condition in &arguments.conditions {
        let condition = Condition::parse_where(condition)
            .map_err(|error| Failure::Usage(format!("`--where {condition}`: {error}")))?;
        all.conditions.push(condition);
    }
    all.focus.extend(arguments.focus.clone());
    let binding = [&sources, &arguments.all, &arguments.any, &arguments.inside];
    let named: Vec<String> = binding.into_iter().flatten().flat_map(|source| metavariables(source)).collect();
    for name in
        all.conditions.iter().filter_map(Condition::metavariable).chain(all.focus.iter().map(|f| &**f))
    {
        if !named.iter().any(|known| known == name) {
            return Err(Failure::Usage(format!("no pattern names the metavariable `{name}`")));
        }
    }
    Ok(Query::of_formula(Formula::All(all)))
}

/// Whether the first argument is a file or directory rather than a pattern.
fn is_path(arguments: &Arguments, argument: &str) -> bool {
    arguments.root.as_deref().unwrap_or(Path::new("")).join(argument).exists()
}

/// `--count`
#[derive(Clone, Copy, Debug)]
struct Count {
    min: usize,
    max: Option<usize>,
}

impl Count {
    fn admits(self, number: usize) -> bool {
        number >= self.min && self.max.is_none_or(|max| number <= max)
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.min, self.max) {
            (min, Some(max)) if min == max => write!(formatter, "exactly {min}"),
            (0, Some(max)) => write!(formatter, "at most {max}"),
            (min, Some(max)) => write!(formatter, "{min} to {max}"),
            (min, None) => write!(formatter, "at least {min}"),
        }
    }
}

fn count(text: &str) -> Result<Count, String> {
    let number = |text: &str| {
        text.trim().parse::<usize>().map_err(|_| "`N`, `MIN..MAX`, `MIN..` or `..MAX` was expected")
    };
    let count = match text.split_once("..") {
        None => Count { min: number(text)?, max: Some(number(text)?) },
        Some(("", "")) => return Err("a number is missing".to_owned()),
        Some((min, "")) => Count { min: number(min)?, max: None },
        Some(("", max)) => Count { min: 0, max: Some(number(max)?) },
        Some((min, max)) => Count { min: number(min)?, max: Some(number(max)?) },
    };
    match count.max {
        Some(max) if max < count.min => Err(format!("no number is at least {} and at most {max}", count.min)),
        Some(_) | None => Ok(count),
    }
}

fn parse(source: &str) -> Result<Formula, Failure> {
    Pattern::parse(source).map(Formula::Pattern).map_err(|error| Failure::Usage(render(source, &error)))
}

/// The pattern's line with the place marked.
fn render(source: &str, error: &PatternError) -> String {
    let start = error.range.start.min(source.len());
    let line_start = source[..start].rfind('\n').map_or(0, |index| index + 1);
    let line_end = source[start..].find('\n').map_or(source.len(), |index| start + index);
    let before = source[line_start..start].chars().count();
    let marked = source[start..error.range.end.clamp(start, line_end)].chars().count().max(1);
    let mut text = format!("the pattern cannot be understood: {}\n", error.message);
    let _ = writeln!(text, "  | {}", &source[line_start..line_end]);
    let _ = write!(text, "  | {}{}", " ".repeat(before), "^".repeat(marked));
    if let Some(hint) = &error.hint {
        let _ = write!(text, "\n  hint: {hint}");
    }
    text
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("cannot read `{}`: {error}", file.display())))
}

/// A tree, and what of it is searched.
struct Part {
    tree: Box<dyn TargetTree>,
    files: Vec<RelativePath>,
    /// Whether they come from a listing, and were not named one by one.
    is_listing: bool,
    /// What no listing can show.
    unlisted: Vec<Reason>,
    /// What stands before the paths when they are shown.
    prefix: String,
}

impl Part {
    /// Everything of a tree.
    fn whole(tree: Box<dyn TargetTree>, prefix: String) -> Self {
        let files = tree.python_files().to_vec();
        let unlisted = unlisted(tree.as_ref(), |_| true);
        Self { tree, files, is_listing: true, unlisted, prefix }
    }
}

/// Places that a listing cannot show, of those that are searched.
fn unlisted(tree: &dyn TargetTree, is_searched: impl Fn(&str) -> bool) -> Vec<Reason> {
    let spots = tree.blind_spots().iter().filter(|spot| is_searched(&spot.path));
    spots
        .map(|spot| Reason::FileUnreadable { path: spot.path.clone(), problem: spot.problem.clone() })
        .collect()
}

/// The trees that the arguments name.
fn parts(arguments: &Arguments, paths: &[String]) -> Result<Vec<Part>, Failure> {
    let root = match (&arguments.root, paths) {
        (Some(root), _) => Some(root.clone()),
        (None, []) => default_root(&arguments.catalogue)?,
        (None, [_, ..]) => None,
    };
    if let Some(revision) = &arguments.rev {
        let root = root.unwrap_or_else(|| PathBuf::from("."));
        let tree = open_target(&root, Some(revision), &[]).map_err(of_target)?;
        let files = files_at_revision(tree.as_ref(), paths)?;
        let is_searched = |spot: &str| {
            let is_below = |path: &String| spot.starts_with(&format!("{}/", path.trim_end_matches('/')));
            paths.is_empty() || paths.iter().any(|path| path == "." || is_below(path))
        };
        let unlisted = unlisted(tree.as_ref(), is_searched);
        return Ok(vec![Part { tree, files, is_listing: true, unlisted, prefix: String::new() }]);
    }
    if paths.is_empty() {
        let root = root.unwrap_or_else(|| PathBuf::from("."));
        let tree = open_target(&root, None, &[]).map_err(of_target)?;
        // Paths under a root that was named are relative to it, as in findings.
        return Ok(vec![Part::whole(tree, String::new())]);
    }
    paths
        .iter()
        .map(|given| {
            let path = root.as_deref().unwrap_or(Path::new("")).join(given);
            if path.is_dir() {
                let tree = open_target(&path, None, &[]).map_err(of_target)?;
                let given = given.trim_end_matches('/');
                let prefix = if given == "." { String::new() } else { format!("{given}/") };
                return Ok(Part::whole(tree, prefix));
            }
            let name =
                path.file_name().and_then(|name| name.to_str()).and_then(|name| RelativePath::new(name).ok());
            let (Some(name), true) = (name, path.is_file()) else {
                return Err(Failure::Usage(format!("there is no `{}`", path.display())));
            };
            let directory = match path.parent() {
                Some(parent) if parent != Path::new("") => parent.to_owned(),
                _ => PathBuf::from("."),
            };
            // A file that is named is searched, whatever it is called.
            let tree = open_target(&directory, None, &[]).map_err(of_target)?;
            let prefix = given.rfind('/').map_or_else(String::new, |slash| given[..=slash].to_owned());
            Ok(Part { tree, files: vec![name], is_listing: false, unlisted: Vec::new(), prefix })
        })
        .collect()
}

/// What `findings.toml` examines, where there is one.
fn default_root(arguments: &CatalogueArguments) -> Result<Option<PathBuf>, Failure> {
    if arguments.catalogue.is_none() && !nearest_catalogue().is_file() {
        return Ok(None);
    }
    let catalogue = read_catalogue(arguments)?;
    let directory = catalogue.path.parent().unwrap_or(Path::new(""));
    Ok(catalogue.target.root.as_ref().map(|root| directory.join(root)))
}

fn files_at_revision(tree: &dyn TargetTree, paths: &[String]) -> Result<Vec<RelativePath>, Failure> {
    if paths.is_empty() {
        return Ok(tree.python_files().to_vec());
    }
    let mut files = BTreeSet::new();
    for given in paths {
        let path = RelativePath::new(given)
            .map_err(|error| Failure::Usage(format!("`{given}` is no path in a revision: {error}")))?;
        let before = files.len();
        let within = format!("{}/", path.as_str());
        files.extend(
            tree.python_files()
                .iter()
                .filter(|file| {
                    path.as_str() == "." || path.as_str().is_empty() || file.as_str().starts_with(&within)
                })
                .cloned(),
        );
        if tree.exists(&path) {
            files.insert(path);
        } else if files.len() == before {
            return Err(Failure::Usage(format!("there is no `{given}` in the revision")));
        }
    }
    Ok(files.into_iter().collect())
}

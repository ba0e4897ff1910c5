//! From the raw catalogue to the valid one: every rule that a catalogue must keep, and what to
//! do about each that is broken. A part that is broken is reported and left out, and reading
//! goes on: the rest may have problems of its own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::check::StaticCheck;
use super::check_tables::{Reader, is_identifier};
use super::literal::place_in_literal;
use super::problems::{Problem, Sink, closest, quoted};
use super::raw::{Header, RawCatalogue, RawClaim, RawExample, RawFinding, RawReport, RawTarget, Text};
use super::{
    Catalogue, Check, Claim, ClaimExample, ClaimId, Finding, FindingId, LineHint, PythonSettings, Relation,
    Report, ReportId, Role, Scope, Severity, TargetSettings,
};
use crate::fixture;
use crate::target::{FileSelector, PathError, RelativePath};

/// Validates everything; the result means something only when `sink` stayed empty.
pub(super) fn validate(path: &Path, raw: RawCatalogue<'_>, reader: Reader<'_>) -> Catalogue {
    let validator = Validator { reader, lines: LineStarts::new(reader.text) };
    let target = validator.target(&raw.target);
    let reports = validator.reports(&raw.reports);
    let findings = validator.findings(raw.findings, &raw.reports);
    Catalogue { path: path.to_owned(), text: Arc::from(reader.text), target, reports, findings }
}

struct Validator<'r> {
    reader: Reader<'r>,
    lines: LineStarts,
}

impl Validator<'_> {
    fn sink(&self) -> &Sink {
        self.reader.sink
    }

    fn target(&self, raw: &RawTarget) -> TargetSettings {
        for glob in &raw.exclude {
            self.check_glob(glob, FileSelector::excluding(std::slice::from_ref(glob.get_ref())).err());
        }
        for entry in &raw.path {
            match RelativePath::new(entry.get_ref()) {
                Ok(_) => {}
                // The root itself, however it is spelt.
                Err(PathError::Empty) if !entry.get_ref().is_empty() => {}
                Err(error) => self.bad_path(entry, error),
            }
        }
        for stub in &raw.stubs {
            if !stub.get_ref().split('.').all(is_identifier) {
                let title = format!("`{}` is not the name of a package", stub.get_ref());
                self.sink().add(
                    stub.span(),
                    title,
                    "",
                    "give the name that the code imports: `zmq`, not `pyzmq`",
                );
            }
        }
        for requirement in &raw.requirements {
            self.not_empty(requirement, "requirement");
        }
        let texts = |texts: &[Text]| texts.iter().map(|text| text.get_ref().clone()).collect();
        TargetSettings {
            root: raw
                .root
                .as_ref()
                .filter(|root| self.not_empty(root, "root"))
                .map(|root| PathBuf::from(root.get_ref())),
            was: raw
                .was
                .as_ref()
                .filter(|was| self.not_empty(was, "was"))
                .map(|was| PathBuf::from(was.get_ref())),
            exclude: texts(&raw.exclude),
            python: PythonSettings {
                path: texts(&raw.path),
                stubs: texts(&raw.stubs),
                requirements: texts(&raw.requirements),
            },
        }
    }

    fn reports(&self, raw: &[RawReport]) -> Vec<Report> {
        let mut seen = BTreeMap::new();
        let mut reports = Vec::new();
        for report in raw {
            let id = self.id(report.id.as_ref(), &report.header, "report", "R1");
            if let Some(id) = id {
                self.unique(&mut seen, id, "report");
            }
            let title = self.required(report.title.as_ref(), "title", &report.header, "[[report]]");
            if let Some(file) = &report.file
                && let Err(error) = RelativePath::new(file.get_ref())
            {
                let title =
                    format!("cannot use the file `{}`: {}", file.get_ref(), beside_the_catalogue(error));
                self.sink().add(file.span(), title, "", "give a path below the catalogue's directory");
            }
            if let Some(commit) = &report.commit {
                let text = commit.get_ref();
                if text.is_empty()
                    || text.starts_with('-')
                    || text.contains(|c: char| c.is_whitespace() || c.is_control())
                {
                    let title = format!("`{text}` cannot be a revision");
                    self.sink().add(
                        commit.span(),
                        title,
                        "",
                        "give a commit, a tag or a branch of the target's history, or leave it out",
                    );
                }
            }
            if let (Some(id), Some(title)) = (id, title) {
                reports.push(Report {
                    id: ReportId::new(id.get_ref().clone()),
                    title,
                    file: report.file.as_ref().map(|file| PathBuf::from(file.get_ref())),
                    commit: report.commit.as_ref().map(|commit| commit.get_ref().clone()),
                });
            }
        }
        reports
    }

    fn findings(&self, raw: Vec<RawFinding<'_>>, reports: &[RawReport]) -> Vec<Finding> {
        let reports: Vec<&str> =
            reports.iter().filter_map(|report| Some(report.id.as_ref()?.get_ref().as_str())).collect();
        let mut seen = BTreeMap::new();
        for finding in &raw {
            if let Some(id) = self.id(finding.id.as_ref(), &finding.header, "finding", "R1-1") {
                self.unique(&mut seen, id, "finding");
            }
        }
        let relations: Vec<_> = raw.iter().map(|finding| self.relation(finding, &seen)).collect();
        self.circles(&raw, &relations);
        raw.into_iter()
            .zip(relations)
            .filter_map(|(finding, relation)| self.finding(finding, relation, &reports))
            .collect()
    }

    fn finding(&self, raw: RawFinding<'_>, relation: Option<Relation>, reports: &[&str]) -> Option<Finding> {
        let place = &raw.header.place;
        let table = "[[finding]]";
        let report = raw.report.as_ref().map_or_else(
            || {
                let help = match reports {
                    [] => "add a `[[report]]` with an id, and name it here".to_owned(),
                    some => format!("add `report = \"…\"`; the reports are {}", quoted(some.iter().copied())),
                };
                self.missing("report", &raw.header, table, help);
                None
            },
            |report| self.known_report(report, reports),
        );
        let severity = match &raw.severity {
            Some(severity) => self.severity(severity),
            None => {
                let help =
                    format!("add `severity = \"…\"`, one of {}", quoted(Severity::ALL.map(Severity::name)));
                self.missing("severity", &raw.header, table, help);
                None
            }
        };
        let title = self.required(raw.title.as_ref(), "title", &raw.header, table);
        let bug = self.required(raw.bug.as_ref(), "bug", &raw.header, table);
        // An audit may leave these out; `cargo xtask check` says so.
        let root_cause = self.optional(raw.root_cause.as_ref(), "root-cause");
        let impact = self.optional(raw.impact.as_ref(), "impact");
        let fix = self.optional(raw.fix.as_ref(), "fix");
        let line = self.lines.line(place.start);
        let name = raw.id.as_ref().map_or("the finding", |id| id.get_ref().as_str()).to_owned();
        self.has_instance(&raw, &name);
        let mut seen = BTreeMap::new();
        let claims = raw
            .claims
            .into_iter()
            .filter_map(|claim| {
                if let Some(id) = self.id(claim.id.as_ref(), &claim.header, "claim", "what-it-says") {
                    self.unique(&mut seen, id, "claim");
                }
                self.claim(claim, &name)
            })
            .collect();
        Some(Finding {
            id: FindingId::new(raw.id?.into_inner()),
            report: ReportId::new(report?),
            severity: severity?,
            title: title?,
            bug: bug?,
            root_cause,
            impact,
            fix,
            relation,
            claims,
            line,
        })
    }

    fn known_report<'t>(&self, report: &'t Text, reports: &[&str]) -> Option<&'t str> {
        let name = report.get_ref().as_str();
        if reports.contains(&name) {
            return Some(name);
        }
        let help = match (closest(name, reports.iter().copied()), reports) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("add `[[report]]` with `id = \"{name}\"`"),
            (None, some) => format!("the reports are {}", quoted(some.iter().copied())),
        };
        self.sink().add(report.span(), format!("there is no report `{name}`"), "no such report", help);
        None
    }

    fn severity(&self, severity: &Text) -> Option<Severity> {
        let name = severity.get_ref().as_str();
        let known = Severity::ALL.into_iter().find(|known| known.name() == name);
        if known.is_none() {
            let names = Severity::ALL.map(Severity::name);
            let help = match closest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the severities are {}", quoted(names)),
            };
            self.sink().add(severity.span(), format!("there is no severity `{name}`"), "", help);
        }
        known
    }

    fn has_instance(&self, raw: &RawFinding<'_>, name: &str) {
        if raw.claims.is_empty() {
            let help = "add `[[finding.claim]]` below it: what the finding says of the code, in pieces that can be checked";
            self.sink().add(raw.header.place.clone(), format!("`{name}` claims nothing"), "no claim", help);
            return;
        }
        let is_instance =
            |claim: &RawClaim<'_>| claim.role.as_ref().is_none_or(|role| role.get_ref() == "instance");
        let has_other_role =
            |claim: &RawClaim<'_>| claim.role.as_ref().is_some_and(|role| role_of(role.get_ref()).is_none());
        // A role that does not exist is reported itself; it may have been meant as an instance.
        if !raw.claims.iter().any(|claim| is_instance(claim) || has_other_role(claim)) {
            let help =
                "make one claim `role = \"instance\"` (or leave its role out): one place where the bug is";
            self.sink().add(
                raw.header.place.clone(),
                format!("`{name}` has no instance"),
                "premises and details alone confirm nothing",
                help,
            );
        }
    }

    fn relation(&self, raw: &RawFinding<'_>, known: &BTreeMap<String, Range<usize>>) -> Option<Relation> {
        if let (Some(_), Some(part_of)) = (&raw.same_as, &raw.part_of) {
            let help = "keep `same-as` for the same defect, `part-of` for one that the other contains";
            self.sink().add(part_of.span(), "`same-as` and `part-of` exclude each other", "", help);
        }
        let check = |other: &Text, key: &str| {
            let name = other.get_ref().as_str();
            if raw.id.as_ref().is_some_and(|id| id.get_ref() == name) {
                self.sink().add(
                    other.span(),
                    format!("`{name}` is `{key}` itself"),
                    "",
                    "name the other finding, or drop the line",
                );
                return None;
            }
            if known.contains_key(name) {
                return Some(FindingId::new(name));
            }
            let help = match closest(name, known.keys().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name a finding of this catalogue by its `id`".to_owned(),
            };
            self.sink().add(other.span(), format!("there is no finding `{name}`"), "no such finding", help);
            None
        };
        let same_as = raw.same_as.as_ref().and_then(|other| check(other, "same-as"));
        let part_of = raw.part_of.as_ref().and_then(|other| check(other, "part-of"));
        same_as.map(Relation::SameAs).or(part_of.map(Relation::PartOf))
    }

    /// Every finding relates to at most one other, so a circle is a walk that comes back. Each
    /// circle is told once, at the member that the file has first.
    fn circles(&self, raw: &[RawFinding<'_>], relations: &[Option<Relation>]) {
        let ids: Vec<Option<&str>> =
            raw.iter().map(|finding| finding.id.as_ref().map(|id| id.get_ref().as_str())).collect();
        let next = |index: usize| -> Option<usize> {
            let (Relation::SameAs(other) | Relation::PartOf(other)) = relations[index].as_ref()?;
            ids.iter().position(|id| *id == Some(other.as_str()))
        };
        for start in 0..raw.len() {
            let mut walk = vec![start];
            let mut current = start;
            while let Some(following) = next(current).filter(|index| !walk.contains(index)) {
                walk.push(following);
                current = following;
            }
            let comes_back = next(current) == Some(start);
            if !comes_back || walk.iter().any(|index| *index < start) {
                continue;
            }
            let names: Vec<&str> = walk.iter().chain([&start]).filter_map(|index| ids[*index]).collect();
            let place = |index: usize| {
                let finding = &raw[index];
                finding
                    .same_as
                    .as_ref()
                    .or(finding.part_of.as_ref())
                    .map_or(finding.header.place.clone(), Spanned::span)
            };
            self.sink().push(Problem {
                title: format!("findings relate to each other in a circle: {}", names.join(" → ")),
                place: Some(place(start)),
                label: "the circle begins here".to_owned(),
                also: walk[1..].iter().map(|index| (place(*index), "and goes on here".to_owned())).collect(),
                help: Some(
                    "leave one of them without relation: the others are the same as it, or part of it"
                        .to_owned(),
                ),
            });
        }
    }

    fn claim(&self, raw: RawClaim<'_>, finding: &str) -> Option<Claim> {
        let place = raw.header.place.clone();
        let says = self.required(raw.says.as_ref(), "says", &raw.header, "[[finding.claim]]");
        let role = self.role(raw.role.as_ref());
        let scope = self.scope(&raw);
        let symbol = raw.symbol.as_ref().and_then(|symbol| self.symbol(symbol));
        let lines = raw.lines.as_ref().and_then(|lines| self.line_hint(lines));
        let example =
            raw.example.as_ref().and_then(|example| self.example(example, raw.static_check.is_some()));
        self.combinations(&raw);
        let static_place = raw.static_check.as_ref().map(super::raw::Table::place);
        let has_table = raw.static_check.is_some()
            || raw.import_check.is_some()
            || raw.inspect_check.is_some()
            || raw.probe_check.is_some();
        if !has_table && !raw.header.has(&["static", "import", "inspect", "probe"]) {
            let help = "add `static = { … }`, `import = { … }`, `inspect = { … }` or `probe = { … }`";
            self.sink().add(place.clone(), "a claim without a check claims nothing", "no check", help);
        }
        let static_check = raw.static_check.and_then(|table| self.reader.static_check(table));
        if let (Some(check), Some(static_place), None) = (&static_check, static_place, &raw.symbol) {
            self.needs_symbol(check, static_place);
        }
        let checks = [
            static_check.map(Check::Static),
            raw.import_check.and_then(|table| self.reader.import_check(table)).map(Check::Import),
            raw.inspect_check.and_then(|table| self.reader.inspect_check(table)).map(Check::Inspect),
            raw.probe_check.and_then(|table| self.reader.probe_check(table)).map(Check::Probe),
        ];
        Some(Claim {
            id: ClaimId::new(format!("{finding}/{}", raw.id?.get_ref())),
            role: role?,
            says: says?,
            scope: scope?,
            symbol,
            lines,
            checks: checks.into_iter().flatten().collect(),
            example,
            line: self.lines.line(place.start),
        })
    }

    fn role(&self, role: Option<&Text>) -> Option<Role> {
        let Some(role) = role else { return Some(Role::Instance) };
        let known = role_of(role.get_ref());
        if known.is_none() {
            let names = ["premise", "instance", "detail"];
            let help = match closest(role.get_ref(), names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the roles are {}", quoted(names)),
            };
            self.sink().add(role.span(), format!("there is no role `{}`", role.get_ref()), "", help);
        }
        known
    }

    fn scope(&self, raw: &RawClaim<'_>) -> Option<Scope> {
        match (&raw.file, &raw.files) {
            (Some(_), Some(files)) => {
                let help = "`file` names one file, `files` sweeps the tree with globs: keep one";
                self.sink().add(files.span(), "`file` and `files` exclude each other", "", help);
                None
            }
            (None, None) => {
                if !raw.header.has(&["file", "files"]) {
                    let help =
                        "add `file = \"path/below/the/root.py\"`, or `files = \"**/*.py\"` for a sweep";
                    self.sink().add(
                        raw.header.place.clone(),
                        "a claim speaks of no file",
                        "neither `file` nor `files`",
                        help,
                    );
                }
                None
            }
            (Some(file), None) => match RelativePath::new(file.get_ref()) {
                Ok(path) => Some(Scope::File(path)),
                Err(error) => {
                    self.bad_path(file, error);
                    None
                }
            },
            (None, Some(files)) => self.sweep(files),
        }
    }

    fn sweep(&self, files: &Spanned<Vec<Text>>) -> Option<Scope> {
        let mut is_good = true;
        for glob in files.get_ref() {
            is_good &= self.check_glob(glob, FileSelector::new(std::slice::from_ref(glob.get_ref())).err());
        }
        if files.get_ref().iter().all(|glob| glob.get_ref().starts_with('!')) {
            let help = "add a glob that selects files: `\"**/*.py\"`";
            self.sink().add(files.span(), "a sweep selects no file", "globs with `!` only take away", help);
            is_good = false;
        }
        is_good.then(|| Scope::Sweep(files.get_ref().iter().map(|glob| glob.get_ref().clone()).collect()))
    }

    fn check_glob(&self, glob: &Text, error: Option<crate::target::TargetError>) -> bool {
        let text = glob.get_ref().trim_start_matches('!');
        if let Err(error @ (PathError::Absolute | PathError::LeavesRoot | PathError::Empty)) =
            RelativePath::new(text)
            && text != "."
        {
            self.bad_path(glob, error);
            return false;
        }
        let Some(error) = error else { return true };
        let help = "`*` stands for a name, `**` for directories, `[…]` for one character, `{a,b}` for either";
        self.sink().add(glob.span(), error.message, "", error.hint.as_deref().unwrap_or(help));
        false
    }

    fn bad_path(&self, path: &Text, error: PathError) {
        let title = format!("cannot use the path `{}`: {}", path.get_ref(), why(error));
        let help = match error {
            PathError::Empty => "name something below the target's root",
            PathError::Absolute => "give it relative to the target's root",
            PathError::LeavesRoot => "paths are relative to the target's root and stay below it",
            PathError::BadCharacter => "separate directories by `/`",
        };
        self.sink().add(path.span(), title, "", help);
    }

    fn symbol(&self, symbol: &Text) -> Option<String> {
        if symbol.get_ref().split('.').all(is_identifier) {
            return Some(symbol.get_ref().clone());
        }
        let title = format!("`{}` is not a dotted path of classes and functions", symbol.get_ref());
        self.sink().add(symbol.span(), title, "", "write `Class.method`, without parentheses or arguments");
        None
    }

    /// `"228-249"`, `"228"`, or `228`.
    fn line_hint(&self, lines: &Text) -> Option<LineHint> {
        let text = lines.get_ref();
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|line| *line > 0);
        let hint = match text.split_once(['-', '–']) {
            None => number(text).map(|line| LineHint { first: line, last: line }),
            Some((first, last)) => number(first)
                .zip(number(last))
                .filter(|(first, last)| first <= last)
                .map(|(first, last)| LineHint { first, last }),
        };
        if hint.is_none() {
            let title = format!("`{text}` is not a range of lines");
            self.sink().add(
                lines.span(),
                title,
                "",
                "write `\"228\"` or `\"228-249\"`: from 1, the smaller first",
            );
        }
        hint
    }

    fn example(&self, raw: &RawExample, has_static: bool) -> Option<ClaimExample> {
        if !has_static {
            let help = "drop it: examples are for `static`; what runs is its own example";
            self.sink().add(raw.place.clone(), "an example without a static check is never run", "", help);
        }
        let text = |text: Option<&Text>, key: &str, has: &str| {
            let Some(text) = text else {
                let help = format!("add `{key} = '''…'''`: Python of which the claim {has} true");
                self.sink().add(raw.place.clone(), format!("an example needs `{key}`"), "", help);
                return None;
            };
            if !self.not_empty(text, key) {
                return None;
            }
            for (path, _) in fixture::split(text.get_ref()) {
                if let Err(error) = RelativePath::new(path) {
                    let title = format!("cannot use the path `{path}` in an example: {}", why(error));
                    let start = text.get_ref().find(&format!("--- {path}")).map_or(0, |start| start + 4);
                    let place = place_in_literal(self.reader.text, text.span(), start..start + path.len());
                    self.sink().add(
                        place,
                        title,
                        "",
                        "a line `--- path/of/file.py` begins a file of the example",
                    );
                    return None;
                }
            }
            Some(text.get_ref().clone())
        };
        let holds = text(raw.holds.as_ref(), "holds", "is");
        let fails = text(raw.fails.as_ref(), "fails", "is not");
        Some(ClaimExample { holds: holds?, fails: fails? })
    }

    /// What cannot go together, whatever the tables say.
    fn combinations(&self, raw: &RawClaim<'_>) {
        if let (Some(_), Some(inspect)) = (&raw.files, &raw.inspect_check) {
            let help = "name one `file`: a live object lives in one module";
            self.sink().add(inspect.place(), "`inspect` cannot sweep", "asks about one object", help);
        }
        if let (Some(_), Some(import)) = (&raw.files, &raw.import_check) {
            self.sink().add(import.place(), "`import` cannot sweep", "imports one module", "name one `file`");
        }
        if let (Some(_), Some(probe)) = (&raw.files, &raw.probe_check) {
            let help = "name one `file`: the module whose code the proof runs";
            self.sink().add(probe.place(), "`probe` cannot sweep", "runs the code of one module", help);
        }
        if let (None, Some(inspect)) = (&raw.symbol, &raw.inspect_check)
            && inspect.keys().iter().any(|(key, _)| *key != "names")
        {
            let help = "add `symbol = \"Class.method\"`: the object that is inspected; of a module only its \
                        `names` can be asked";
            self.sink().add(
                inspect.place(),
                "`inspect` has no object to look at",
                "the claim has no `symbol`",
                help,
            );
        }
        if let (Some(_), Some(lines)) = (&raw.files, &raw.lines) {
            let help = "drop `lines`, or name one `file`";
            self.sink().add(lines.span(), "a sweep has no lines to hint at", "", help);
        }
    }

    /// Kinds that ask about a definition and have no other way to find it.
    fn needs_symbol(&self, check: &StaticCheck, place: Range<usize>) {
        let what = match check {
            StaticCheck::AsyncFunction(check) if check.call.is_none() => "the function",
            StaticCheck::Thread(_) => "the method or class that knows the thread",
            StaticCheck::AsyncFunction(_)
            | StaticCheck::Syntax(_)
            | StaticCheck::Pattern(_)
            | StaticCheck::Flow(_)
            | StaticCheck::Sequence(_)
            | StaticCheck::Attribute(_)
            | StaticCheck::SharedState(_)
            | StaticCheck::EndlessLoop(_)
            | StaticCheck::Handler(_)
            | StaticCheck::Default(_)
            | StaticCheck::Call(_)
            | StaticCheck::UndefinedName(_)
            | StaticCheck::Unused(_) => return,
        };
        let kind = check.kind().name();
        let help = format!("add `symbol = \"Class.method\"`: {what} that is asked about");
        self.sink().add(
            place,
            format!("`{kind}` does not say what it asks about"),
            "the claim has no `symbol`",
            help,
        );
    }

    /// An id that is there and has the form of one.
    fn id<'t>(&self, id: Option<&'t Text>, header: &Header, what: &str, sample: &str) -> Option<&'t Text> {
        let Some(id) = id else {
            if !header.has(&["id"]) {
                let help = format!("add `id = \"{sample}\"`");
                self.sink().add(header.place.clone(), format!("a {what} has no id"), "no `id`", help);
            }
            return None;
        };
        let text = id.get_ref();
        let is_plain = |character: char| character.is_alphanumeric() || "-_.".contains(character);
        if text.is_empty() || !text.chars().all(is_plain) || text.starts_with(['-', '.']) {
            let title = format!("`{text}` cannot be the id of a {what}");
            let help = format!("letters, digits, `-`, `_` and `.`, as in `{sample}`");
            self.sink().add(id.span(), title, "", help);
            return None;
        }
        Some(id)
    }

    fn unique(&self, seen: &mut BTreeMap<String, Range<usize>>, id: &Text, what: &str) {
        if let Some(first) = seen.get(id.get_ref()) {
            self.sink().push(Problem {
                title: format!("two {what}s have the id `{}`", id.get_ref()),
                place: Some(id.span()),
                label: "used again here".to_owned(),
                also: vec![(first.clone(), "first used here".to_owned())],
                help: Some("give one of them another id".to_owned()),
            });
            return;
        }
        seen.insert(id.get_ref().clone(), id.span());
    }

    fn required(&self, text: Option<&Text>, key: &str, header: &Header, table: &str) -> Option<String> {
        let Some(text) = text else {
            self.missing(key, header, table, format!("add `{key} = \"…\"`"));
            return None;
        };
        self.not_empty(text, key).then(|| text.get_ref().trim().to_owned())
    }

    /// Says that a key is missing, unless it is there with a value that has been refused.
    fn missing(&self, key: &str, header: &Header, table: &str, help: String) {
        if !header.has(&[key]) {
            self.sink().add(header.place.clone(), format!("`{key}` is missing in `{table}`"), "", help);
        }
    }

    fn optional(&self, text: Option<&Text>, key: &str) -> String {
        let text = text.filter(|text| self.not_empty(text, key));
        text.map(|text| text.get_ref().trim().to_owned()).unwrap_or_default()
    }

    fn not_empty(&self, text: &Text, key: &str) -> bool {
        let is_empty = text.get_ref().trim().is_empty();
        if is_empty {
            self.sink().add(text.span(), format!("`{key}` is empty"), "", "say something, or drop the line");
        }
        !is_empty
    }
}

fn role_of(name: &str) -> Option<Role> {
    match name {
        "premise" => Some(Role::Premise),
        "instance" => Some(Role::Instance),
        "detail" => Some(Role::Detail),
        _ => None,
    }
}

fn why(error: PathError) -> &'static str {
    match error {
        PathError::Empty => "it names nothing",
        PathError::Absolute => "it is absolute",
        PathError::LeavesRoot => "it leaves the target's root",
        PathError::BadCharacter => "it contains a NUL or a backslash",
    }
}

/// Why a path cannot name a file beside the catalogue.
pub(super) fn beside_the_catalogue(error: PathError) -> &'static str {
    match error {
        PathError::LeavesRoot => "it leaves the catalogue's directory",
        PathError::Empty | PathError::Absolute | PathError::BadCharacter => why(error),
    }
}

/// One-based lines of byte offsets.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(index, _)| index + 1)).collect())
    }

    fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

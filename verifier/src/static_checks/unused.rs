//! # `unused`: does nothing use it?
//!
//! What it asks: whether any code of the target refers to a function, method or class: by its
//! name, through imports under whatever name, also when modules give it on under another, as an
//! attribute of its module, class or object. What the definition says of itself (a recursive
//! call) does not count, and neither does an import that nothing follows. A method is used where
//! the object can have it: not where it has an override of it.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "loader.py"
//! symbol = "CustomLoader"
//! static = { unused = true }     # or "never-called", "never-instantiated"
//! ```
//!
//! | value | claims that |
//! | --- | --- |
//! | `true`, `"never-referenced"` | nothing refers to it |
//! | `"never-called"` | nothing calls it, though annotations and the like may name it |
//! | `"never-instantiated"` | the same of a class: nothing makes an object of it |
//! | `false` | something refers to it |
//!
//! `expected = false` beside a word claims the opposite. With `files = "glob"`, or without
//! `symbol`, every function and class at the top of the files is asked about, and those that
//! nothing uses are cited.
//!
//! What it cannot see: code outside of the target, and files that are not Python (the project's
//! `pyproject.toml` and `setup.cfg` are looked into). "Unused" is therefore not answered where something
//! may use it unseen: a decorator that may register it, a name that Python or a base from
//! elsewhere calls, a test, a text that names it (`getattr(x, "name")`, entry points; `__all__`, unless
//! it is asked whether it is called), names
//! that are computed (`getattr(module, name)` on modules that are loaded by computed names), an
//! attribute of this name on an object whose class is not known (a container, a queue or a
//! function of a library gave it), a library that objects of its class are given to, code that puts
//! its class in the place of another (`lib.Client = Mine`), a file that names it and does not compile.
//!
//! Holds: `def f(): ...` that no file names. Does not: the same with `f()` in another file.

mod places;
mod references;
mod unseen;

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;

use crate::catalogue::check::{UnusedCheck, Use};
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::parallel;
use crate::python::ParsedFile;
use crate::python::project::{Ancestor, ClassRef, FunctionRef, Project, Scope, Type, facts};
use crate::python::symbols::{Symbol, SymbolKind};
use crate::static_checks::{
    Context, Example, Examples, Sight, describe, is_test_code, site, subjects, sweep,
};
use crate::target::RelativePath;
use places::Known;
use references::{Reference, other_names, references};

const KIND: CheckKind = CheckKind::Unused;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"loader.py\"\nsymbol = \"Custom\"\nstatic = { unused = true }",
        python: "--- loader.py\nclass Custom:  # <-\n    pass\n\nclass Plain:\n    pass\n--- app.py\nfrom loader import Custom, Plain\n\ndef run():\n    return Plain()\n",
    },
    does_not_hold: Example {
        claim: "file = \"loader.py\"\nsymbol = \"Custom\"\nstatic = { unused = true }",
        python: "--- loader.py\nclass Custom:\n    pass\n--- app.py\nimport loader as load\n\ndef run():\n    return load.Custom()\n",
    },
};

/// What is asked about.
#[derive(Clone, Copy)]
enum Definition<'f> {
    Function(FunctionRef<'f>),
    Class(ClassRef<'f>),
}

impl<'f> Definition<'f> {
    fn file(self) -> &'f ParsedFile {
        match self {
            Definition::Function(function) => function.file,
            Definition::Class(class) => class.file,
        }
    }

    fn name(self) -> &'f str {
        match self {
            Definition::Function(function) => function.node.name.as_str(),
            Definition::Class(class) => class.node.name.as_str(),
        }
    }

    fn qualified_name(self) -> String {
        match self {
            Definition::Function(function) => function.qualified_name(),
            Definition::Class(class) => class.qualified_name(),
        }
    }

    fn site(self) -> Site {
        let range = match self {
            Definition::Function(function) => function.node.name.range,
            Definition::Class(class) => class.node.name.range,
        };
        site(self.file(), range, Some("its definition"))
    }
}

/// Asks it.
pub fn observe(check: &UnusedCheck, claim: &Claim, context: &Context) -> Observation {
    let project = context.project;
    let mut sight = Sight::default();
    let (definitions, one) = match (&claim.scope, &claim.symbol) {
        (ClaimScope::File(_), Some(name)) => {
            let subjects = match subjects(claim, context) {
                Ok(subjects) => subjects,
                Err(reason) => return sight.unobserved(KIND, reason),
            };
            let mut definitions = Vec::new();
            for subject in &subjects {
                if let Some(reason) = subject.broken_inside() {
                    return sight.unobserved(KIND, reason);
                }
                definitions
                    .extend(subject.symbol.and_then(|symbol| definition(project, subject.file, symbol)));
            }
            if definitions.is_empty() {
                let what = format!("`{name}` is neither a function nor a class");
                return sight.unobserved(KIND, Reason::Unresolved { what });
            }
            (definitions, true)
        }
        (ClaimScope::File(_), None) | (ClaimScope::Sweep(_), _) => {
            let swept = sweep(
                claim,
                context,
                |_| true,
                |subject| {
                    let symbols = subject.file.symbols().iter();
                    symbols
                        .filter(|symbol| {
                            !symbol.replaced
                                && (!symbol.name.contains('.') || Some(&symbol.name) == claim.symbol.as_ref())
                                && subject.range().contains_range(symbol.range)
                        })
                        .filter_map(|symbol| definition(project, subject.file, symbol))
                        .collect::<Vec<_>>()
                },
            );
            let swept = match swept {
                Ok(swept) => swept,
                Err(reason) => return sight.unobserved(KIND, reason),
            };
            sight.searched.blind = swept.searched.blind;
            (swept.found.into_iter().flatten().collect(), false)
        }
    };
    let mentions = mentions(project, &definitions);
    sight.searched.files = u32::try_from(project.files().paths().len()).unwrap_or(u32::MAX);
    let known = Known::new(definitions.iter().map(|definition| definition.name()));
    let judged: Vec<(Definition, Judgement)> = parallel::map(&definitions, |definition| {
        let files = mentions.get(definition.name()).map_or(&[][..], Vec::as_slice);
        (*definition, judge(check.of, *definition, files, &known, project))
    });
    let mut parsed: Vec<&RelativePath> = mentions.values().flatten().collect();
    parsed.sort();
    parsed.dedup();
    sight.searched.parsed = u32::try_from(parsed.len()).unwrap_or(u32::MAX);
    if one { of_one(check, sight, judged) } else { of_many(check, sight, judged) }
}

fn of_one(check: &UnusedCheck, mut sight: Sight, judged: Vec<(Definition, Judgement)>) -> Observation {
    let mut unused = None;
    for (definition, judgement) in judged {
        match judgement {
            Judgement::Used(how, place) => {
                sight.sites = vec![place];
                // It was seen, and no file that cannot be read makes that unseen.
                sight.searched.blind.clear();
                return sight.answer(
                    KIND,
                    !check.expected,
                    format!("`{}` {how}", definition.qualified_name()),
                );
            }
            Judgement::Unknown(reason, places) => {
                sight.sites = places;
                return sight.unobserved(KIND, reason);
            }
            Judgement::Unused => {
                sight.sites.push(definition.site());
                unused = Some(definition);
            }
        }
    }
    let name = unused.map(|definition| definition.qualified_name()).unwrap_or_default();
    let files = sight.searched.files;
    sight.answer(KIND, check.expected, format!("nothing in {files} files {} `{name}`", verb(check.of)))
}

fn of_many(check: &UnusedCheck, mut sight: Sight, judged: Vec<(Definition, Judgement)>) -> Observation {
    let all = judged.len();
    sight.searched.nodes = all as u64;
    let mut unused = Vec::new();
    let mut unknown: Option<(String, Reason)> = None;
    for (definition, judgement) in judged {
        match judgement {
            Judgement::Used(..) => {}
            Judgement::Unused => unused.push(definition),
            Judgement::Unknown(reason, _) => {
                unknown.get_or_insert((definition.qualified_name(), reason));
            }
        }
    }
    if let Some(first) = unused.first() {
        let because = format!(
            "nothing {} {} of {all} definitions, the first `{}` in {}",
            verb(check.of),
            unused.len(),
            first.qualified_name(),
            first.file().path()
        );
        sight.sites = unused.iter().map(|definition| definition.site()).collect();
        return sight.answer(KIND, check.expected, because);
    }
    match unknown {
        Some((name, reason)) => {
            let what = format!("`{name}`: {}", describe(&reason));
            sight.unobserved(KIND, Reason::Unresolved { what })
        }
        None => match sight.searched.blind.first().cloned() {
            Some(reason) => sight.unobserved(KIND, reason),
            None => sight.answer(KIND, !check.expected, format!("each of the {all} definitions is used")),
        },
    }
}

fn verb(of: Use) -> &'static str {
    match of {
        Use::Reference => "refers to",
        Use::Call => "calls",
        Use::Instance => "makes an object of",
    }
}

fn definition<'f>(project: &Project<'f>, file: &'f ParsedFile, symbol: &Symbol) -> Option<Definition<'f>> {
    match symbol.kind {
        SymbolKind::Function => project.function_at(file, symbol.range).map(Definition::Function),
        SymbolKind::Class => project.class_at(file, symbol.range).map(Definition::Class),
        SymbolKind::Variable => None,
    }
}

/// The files that contain the names of the definitions as words, from one pass over the target.
fn mentions<'f>(
    project: &Project<'f>,
    definitions: &[Definition<'f>],
) -> BTreeMap<&'f str, Vec<RelativePath>> {
    let mut names: Vec<&'f str> = definitions.iter().map(|definition| definition.name()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found: BTreeMap<&'f str, Vec<RelativePath>> = BTreeMap::new();
    let Ok(searcher) = AhoCorasick::new(&names) else { return found };
    let per_file: Vec<(RelativePath, Vec<usize>)> = parallel::map(project.files().paths(), |path| {
        let Ok(bytes) = project.files().bytes(path) else {
            return (path.clone(), (0..names.len()).collect());
        };
        let mut seen: Vec<usize> = searcher
            .find_overlapping_iter(&*bytes)
            .filter(|hit| is_word_at(&bytes, hit.start(), hit.end()))
            .map(|hit| hit.pattern().as_usize())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        (path.clone(), seen)
    });
    for (path, seen) in per_file {
        for index in seen {
            found.entry(names[index]).or_default().push(path.clone());
        }
    }
    found
}

/// Whether what stands there is a word of its own.
fn is_word_at(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_part = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
    };
    !is_part(start.checked_sub(1).and_then(|at| bytes.get(at))) && !is_part(bytes.get(end))
}

enum Judgement {
    Used(String, Site),
    Unused,
    Unknown(Reason, Vec<Site>),
}

fn judge<'f>(
    of: Use,
    definition: Definition<'f>,
    files: &[RelativePath],
    known: &Known<'f>,
    project: &Project<'f>,
) -> Judgement {
    let unknown = |what: String| Judgement::Unknown(Reason::Unresolved { what }, vec![definition.site()]);
    if of == Use::Instance && matches!(definition, Definition::Function(_)) {
        return unknown(format!(
            "`{}` is a function, of which there are no objects",
            definition.qualified_name()
        ));
    }
    let mut doubts: Vec<(Reason, Vec<Site>)> = Vec::new();
    if let Some(used) = look(of, definition, &[definition.name()], files, known, project, &mut doubts) {
        return used;
    }
    // Modules that give it on under other names, and what asks them for it.
    let mut names = vec![definition.name()];
    let mut next = 0;
    let mut given_on = other_names(definition, &names, files, project);
    while !given_on.is_empty() {
        let mut paths: Vec<RelativePath> =
            given_on.iter().flat_map(|name| mentioning_as_word(project, name)).collect();
        paths.sort();
        paths.dedup();
        if let Some(used) = look(of, definition, &given_on, &paths, known, project, &mut doubts) {
            return used;
        }
        names.append(&mut given_on);
        next += 1;
        if next == MOST_STEPS {
            let what = "it is given on under too many other names".to_owned();
            doubts.push((Reason::Unresolved { what }, vec![definition.site()]));
            break;
        }
        given_on = other_names(definition, &names, &paths, project);
    }
    if let Some((reason, places)) = doubts.into_iter().next() {
        return Judgement::Unknown(reason, places);
    }
    match used_unseen(definition, project) {
        Some(what) => unknown(what),
        None => Judgement::Unused,
    }
}

/// Modules that give a definition on under another name, one after the other.
const MOST_STEPS: usize = 8;

/// The listed files that contain a name as a word.
fn mentioning_as_word(project: &Project, name: &str) -> Vec<RelativePath> {
    let has_word = |path: &&RelativePath| {
        project.files().bytes(path).is_ok_and(|bytes| {
            memchr::memmem::find_iter(&bytes, name).any(|start| is_word_at(&bytes, start, start + name.len()))
        })
    };
    project.mentioning(name).iter().filter(has_word).cloned().collect()
}

/// Looks for uses of a definition under certain names: a use that settles it, and what leaves it
/// open.
fn look<'f>(
    of: Use,
    definition: Definition<'f>,
    names: &[&'f str],
    files: &[RelativePath],
    known: &Known<'f>,
    project: &Project<'f>,
    doubts: &mut Vec<(Reason, Vec<Site>)>,
) -> Option<Judgement> {
    for path in files {
        let file = match project.file(path) {
            Ok(file) => file,
            Err(reason) => {
                doubts.push((reason, Vec::new()));
                continue;
            }
        };
        // Code that does not compile uses nothing, but it stands in the way.
        if let Some(reason) = file.broken() {
            doubts.push((reason, Vec::new()));
            continue;
        }
        for reference in references(definition, names, &known.places(file, names), project) {
            match reference {
                Reference::Call(range) => {
                    let place = site(file, range, Some("used"));
                    let how = format!("is used at {}:{}", place.file, place.line);
                    return Some(Judgement::Used(how, place));
                }
                Reference::Mention { range, harmless } => {
                    let place = site(file, range, Some("named"));
                    match (of, harmless) {
                        (Use::Reference, _) => {
                            let how = format!("is used at {}:{}", place.file, place.line);
                            return Some(Judgement::Used(how, place));
                        }
                        (Use::Call | Use::Instance, true) => {}
                        (Use::Call | Use::Instance, false) => {
                            let what =
                                format!("{}:{} hands it on, and may so call it", place.file, place.line);
                            doubts.push((Reason::Unresolved { what }, vec![place]));
                        }
                    }
                }
                // Code of the target that comes by it through `import *` names it as well.
                Reference::Listed(range) if of == Use::Reference => {
                    let place = site(file, range, Some("may use it"));
                    let what = format!("{}:{}: `__all__` gives it to code outside", place.file, place.line);
                    doubts.push((Reason::Unresolved { what }, vec![place]));
                }
                Reference::Listed(_) => {}
                Reference::Doubt(range, why) => {
                    let place = site(file, range, Some("may use it"));
                    let what = format!("{}:{}: {why}", place.file, place.line);
                    doubts.push((Reason::Unresolved { what }, vec![place]));
                }
            }
        }
    }
    None
}

/// Why something may use a definition though no code names it.
fn used_unseen<'f>(definition: Definition<'f>, project: &Project<'f>) -> Option<String> {
    let name = definition.name();
    if let Some(reason) = definition.file().broken() {
        return Some(describe(&reason));
    }
    if is_test_code(definition.file().path()) {
        return Some("it is in a test, and a test runner may use it".to_owned());
    }
    for settings in ["pyproject.toml", "setup.cfg"] {
        if let Ok(path) = RelativePath::new(settings)
            && let Ok(bytes) = project.files().bytes(&path)
            && memchr::memmem::find(&bytes, name.as_bytes()).is_some()
        {
            return Some(format!("`{settings}` names it"));
        }
    }
    let class = match definition {
        Definition::Function(function) => {
            if name.starts_with("__") && name.ends_with("__") {
                return Some(format!("Python itself may call `{name}`"));
            }
            if let Some(why) = project.opaque_decorator(function) {
                return Some(why.replace("may replace the function", "may register it"));
            }
            if function.has_decorator("register") {
                return Some("a decorator registers it".to_owned());
            }
            let class = function.class_ref();
            if let Some(class) = class
                && let Some(why) =
                    project.linearisations(class).iter().find_map(|order| order.may_inherit(name))
            {
                return Some(format!("a base may call it: {why}"));
            }
            let given = class.and_then(|class| unseen::given_to_library(function, class, project));
            if let Some(why) = unseen::put_in_place(function, class, project).or(given) {
                return Some(why);
            }
            class
        }
        Definition::Class(class) => {
            if let Some(why) = registered(class, project) {
                return Some(why);
            }
            Some(class)
        }
    };
    references::computed(definition, class, project)
}

/// Why making a class may already register it.
fn registered<'f>(class: ClassRef<'f>, project: &Project<'f>) -> Option<String> {
    let mut scope = project.class_scope(class);
    scope.frames.pop();
    for decorator in &class.node.decorator_list {
        let expression = match &decorator.expression {
            crate::python::ast::Expr::Call(call) => &*call.func,
            other => other,
        };
        let known =
            |ty: &Type| matches!(ty, Type::External(name) if facts::is_harmless_class_decorator(name));
        if !project.infer(&Scope { receiver: None, ..scope.clone() }, expression).iter().all(known) {
            return Some("a decorator may register it".to_owned());
        }
    }
    for order in project.linearisations(class).iter() {
        for ancestor in &order.ancestors {
            match ancestor {
                Ancestor::Class(owner) => {
                    let has_keywords =
                        owner.node.arguments.as_ref().is_some_and(|arguments| !arguments.keywords.is_empty());
                    if has_keywords {
                        return Some(format!("the metaclass of `{}` may register it", owner.name()));
                    }
                    if *owner != class && !project.own_functions(*owner, "__init_subclass__").is_empty() {
                        return Some(format!("`{}` is told of its subclasses", owner.name()));
                    }
                }
                Ancestor::External(base) if facts::attributes_of(base).is_some() => {}
                Ancestor::External(base) => return Some(format!("the base `{base}` may register it")),
                Ancestor::Unresolved(why) => return Some(why.clone()),
            }
        }
    }
    let has_base = class.node.arguments.as_ref().is_some_and(|arguments| !arguments.args.is_empty());
    if has_base && let Some(path) = project.mentioning("__subclasses__").first() {
        return Some(format!("`{path}` asks a class for its subclasses"));
    }
    None
}

#[cfg(test)]
mod tests;

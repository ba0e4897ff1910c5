//! # `undefined-name`: does code use a name that nothing binds?
//!
//! What it asks: whether a name is used that no scope binds which the use can see, by Python's
//! own rules: functions, classes (whose names their methods do not see), comprehensions, lambdas,
//! `global` and `nonlocal`, type parameters, `match` captures, `:=`, builtins. Within a scope the
//! order counts where it is certain: a use before every binding, after `del`, after the handler
//! whose exception the name was. A name that some way through the code may have bound is bound.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "agent.py"
//! symbol = "Agent.run"                     # the uses inside this function or class
//! static = { undefined-name = "logger" }   # or true: any name; false: none
//! ```
//!
//! `expected = false` beside a name claims that it is not used undefined. With `files = "glob"`
//! every such use is cited.
//!
//! A name that only `if TYPE_CHECKING:` binds is undefined where code that runs uses it, and
//! defined in annotations that nobody evaluates. Undefined names in such annotations count, under
//! a label that says so. A use in a `try` that names `NameError` in a handler does not count, nor
//! does one in a branch that only Python 2 takes (`if sys.version_info[0] < 3`).
//!
//! What it cannot see: names that other code puts into the module. Where the file itself stores to
//! `globals()` or runs `exec`, another file stores to an attribute of the module or of `builtins`, an
//! `import *` comes from outside the target, or a metaclass may supply the names of a class body,
//! the name is not decided. In a file that does not compile nothing is: what binds the name may be
//! in the broken part. Builtins of any version of Python 3 are taken to be there.
//!
//! Nor is a use in a function that runs later, or in an annotation that Python leaves alone, of a name
//! that `del` or the end of a handler takes away in the scope around; nor, in a package's `__init__.py`, a name that one of its modules has.
//! When a function is called is not looked at: what its scope binds later is bound in it.
//!
//! Holds: `def f(): return missing`. Does not: the same below `missing = 1`, or above it.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use serde::{Deserialize, Serialize};

use crate::catalogue::check::{Named, UndefinedNameCheck};
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::parallel;
use crate::python::ParsedFile;
use crate::python::ast::{Expr, Stmt};
use crate::python::project::{Frame, Project, Scope, Type};
use crate::python::unbound::{Unbound, UseKind, Why, names};
use crate::python::visitor::{self, Visitor};
use crate::static_checks::{Context, Example, Examples, Sight, Subject, find_symbol, site, sweep_in_parts};
use crate::target::RelativePath;

const KIND: CheckKind = CheckKind::UndefinedName;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nsymbol = \"collect\"\nstatic = { undefined-name = \"logger\" }",
        python: "import logging\n\ndef collect(source):\n    try:\n        return source.read()\n    except OSError as error:\n        logger.error(\"no data: %s\", error)  # <-\n",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nsymbol = \"collect\"\nstatic = { undefined-name = \"logger\" }",
        python: "import logging\n\ndef collect(source):\n    try:\n        return source.read()\n    except OSError as error:\n        logger.error(\"no data: %s\", error)\n\nlogger = logging.getLogger(__name__)\n",
    },
};

/// Asks it.
pub fn observe(check: &UndefinedNameCheck, claim: &Claim, context: &Context) -> Observation {
    if let (ClaimScope::File(path), Some(name)) = (&claim.scope, &claim.symbol)
        && let Err(reason) = context.project.file(path).and_then(|file| find_symbol(file, name))
    {
        return Sight::default().unobserved(KIND, reason);
    }
    let parses = matches!(claim.scope, ClaimScope::File(_));
    let candidate = |bytes: &[u8]| match &check.name {
        Named::One(name) => parses || memchr::memmem::find(bytes, name.as_bytes()).is_some(),
        Named::Any => true,
    };
    let looked =
        sweep_in_parts(check, claim, context, candidate, |subject, context| look(check, subject, context));
    let swept = match looked {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let mut found: Vec<Use> = Vec::new();
    for seen in swept.found {
        sight.searched.nodes += seen.uses;
        found.extend(seen.found);
    }
    supplied_from_outside(context.project, &mut found);
    let (unknown, certain): (Vec<Use>, Vec<Use>) = found.into_iter().partition(|it| it.doubt.is_some());
    if let Some(first) = certain.first() {
        let names: BTreeSet<&str> = certain.iter().map(|it| it.name.as_str()).collect();
        let place = format!("{}:{}", first.site.file, first.site.line);
        let because = match (names.len(), certain.len()) {
            (_, 1) => format!("`{}` at {place} {}", first.name, first.why),
            (1, many) => format!("`{}` is undefined at {many} places, the first {place}", first.name),
            (several, many) => {
                format!(
                    "{several} names are undefined at {many} places, the first `{}` at {place}",
                    first.name
                )
            }
        };
        sight.sites = certain.into_iter().map(|it| it.site).collect();
        return sight.answer(KIND, check.expected, because);
    }
    if let Some(first) = unknown.first() {
        let why = first.doubt.as_deref().unwrap_or_default();
        let what =
            format!("`{}` at {}:{} may be undefined: {why}", first.name, first.site.file, first.site.line);
        sight.sites = unknown.into_iter().map(|it| it.site).collect();
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    if let Some(reason) = sight.searched.blind.first().cloned() {
        return sight.unobserved(KIND, reason);
    }
    let because = match &check.name {
        Named::Any => format!("each of the {} names that are used is bound", sight.searched.nodes),
        Named::One(name) => format!("`{name}` is bound wherever it is used"),
    };
    sight.answer(KIND, !check.expected, because)
}

/// A use of a name that its file does not bind.
#[derive(Serialize, Deserialize)]
struct Use {
    name: String,
    site: Site,
    /// Why it is not bound, in words.
    why: String,
    /// Why it may be bound all the same.
    doubt: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    found: Vec<Use>,
    uses: u64,
}

fn look<'f>(check: &UndefinedNameCheck, subject: Subject<'f>, context: &Context<'_, 'f>) -> Seen {
    let file = subject.file;
    // What binds a name may have been lost with the broken part.
    if file.broken().is_some() {
        return Seen { found: Vec::new(), uses: 0 };
    }
    let is_package = file.path().file_name() == "__init__.py";
    let names = names(file.source().module(), is_package);
    let range = subject.range();
    let found = names
        .unbound
        .into_iter()
        .filter(|unbound| range.contains_range(unbound.range))
        .filter(|unbound| match &check.name {
            Named::Any => true,
            Named::One(name) => unbound.name == *name,
        })
        .filter_map(|unbound| {
            let star = match unbound.why {
                Why::Nowhere => context.project.is_brought_by_star(file, &unbound.name),
                Why::NotYet | Why::OnlyForTypeCheckers | Why::PerhapsGone => {
                    match context.project.is_brought_by_star(file, &unbound.name) {
                        Ok(true) => Err("an `import *` may bring it".to_owned()),
                        other => other,
                    }
                }
            };
            let doubt = match star {
                Ok(true) => return None,
                Ok(false) if names.probed.contains(&unbound.name) => {
                    Some("the file looks whether it is there".to_owned())
                }
                Ok(false) if unbound.why == Why::PerhapsGone => {
                    Some("whether it is gone when this runs is not known".to_owned())
                }
                Ok(false) if is_package && context.project.has_submodule(file, &unbound.name) => {
                    Some("it is a module of this package, whose import binds it here".to_owned())
                }
                Ok(false) if unbound.in_odd_class => Some("the metaclass may supply it".to_owned()),
                Ok(false) => names.dynamic.clone(),
                Err(why) => Some(why),
            };
            let why = words(&unbound);
            let site = site(file, unbound.range, Some(&format!("`{}` {why}", unbound.name)));
            Some(Use { name: unbound.name, site, why, doubt })
        })
        .collect();
    Seen { found, uses: names.uses }
}

fn words(unbound: &Unbound) -> String {
    let why = match unbound.why {
        Why::Nowhere => "is bound nowhere",
        Why::NotYet => "is not bound when this runs",
        Why::PerhapsGone => "may be gone when this runs",
        Why::OnlyForTypeCheckers => "is bound for type checkers only",
    };
    match unbound.use_kind {
        UseKind::Evaluated => why.to_owned(),
        UseKind::Annotation => format!("{why}, and is used in an annotation"),
        UseKind::UnevaluatedAnnotation => {
            format!("{why}, and is used in an annotation that is not evaluated")
        }
    }
}

/// With more words than this, looking for each of them takes longer than reading every file.
const MOST_WORDS: usize = 20;

/// Other files can store to the attributes of a module, and to the builtins.
fn supplied_from_outside<'f>(project: &Project<'f>, found: &mut [Use]) {
    let words: BTreeSet<&str> =
        found.iter().filter(|it| it.doubt.is_none()).map(|it| it.name.as_str()).collect();
    let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    if words.is_empty() {
        return;
    }
    let mention_gettext = project.mentioning("gettext");
    let translates = mention_gettext.iter().find(|path| {
        // `gettext.install(…)` makes `_` one of the builtins.
        words.iter().any(|word| word == "_") && project.mentioning(".install(").contains(path)
    });
    if let Some(path) = translates {
        for it in found.iter_mut().filter(|it| it.doubt.is_none() && it.name == "_") {
            it.doubt = Some(format!("`{path}` may install it for translations"));
        }
    }
    let Ok(searcher) = AhoCorasick::new(&words) else { return };
    let files_with: BTreeSet<RelativePath> = if words.len() > MOST_WORDS {
        project.files().paths().iter().cloned().collect()
    } else {
        words.iter().flat_map(|word| project.mentioning(word).to_vec()).collect()
    };
    let files_with: Vec<RelativePath> = files_with.into_iter().collect();
    let stores: Vec<Option<(String, Vec<Supplied<'f>>)>> = parallel::map(&files_with, |path| {
        let bytes = project.files().bytes(path).ok()?;
        let is_store = |found: aho_corasick::Match| may_store(&bytes, found.start(), found.end());
        if !searcher.find_overlapping_iter(&*bytes).any(is_store) {
            return None;
        }
        let file = project.file(path).ok()?;
        let mut stores = Stores { project, file, words: &words, frames: Vec::new(), found: Vec::new() };
        stores.visit_body(&file.source().module().body);
        (!stores.found.is_empty()).then(|| (path.as_str().to_owned(), stores.found))
    });
    for it in found.iter_mut().filter(|it| it.doubt.is_none()) {
        let name = &it.name;
        let supplies = |supplied: &&Supplied<'f>| {
            supplied.name == *name && supplied.module.is_none_or(|module| *module.path() == it.site.file)
        };
        if let Some((path, _)) =
            stores.iter().flatten().find(|(_, stores)| stores.iter().find(supplies).is_some())
        {
            it.doubt = Some(format!("`{path}` may supply it"));
        }
    }
}

/// Whether `x.NAME = …` or `setattr(x, "NAME", …)` may stand here.
fn may_store(bytes: &[u8], start: usize, end: usize) -> bool {
    match start.checked_sub(1).map(|before| bytes[before]) {
        Some(b'.') => {
            let rest = bytes[end..].trim_ascii_start();
            matches!(rest, [b'=', next, ..] if *next != b'=') || matches!(rest, [b',' | b')' | b':', ..])
        }
        Some(b'"' | b'\'') => {
            let from = start.saturating_sub(200);
            memchr::memmem::find(&bytes[from..start], b"setattr").is_some()
        }
        _ => false,
    }
}

/// A name that a file stores outside of itself.
struct Supplied<'f> {
    name: String,
    /// The module that gets it; nothing for the builtins, and where it is not known.
    module: Option<&'f ParsedFile>,
}

struct Stores<'s, 'f> {
    project: &'s Project<'f>,
    file: &'f ParsedFile,
    words: &'s [String],
    frames: Vec<Frame<'f>>,
    found: Vec<Supplied<'f>>,
}

impl<'f> Stores<'_, 'f> {
    fn store(&mut self, object: &'f Expr, name: &str) {
        if !self.words.iter().any(|word| word == name) {
            return;
        }
        let scope = Scope { file: self.file, frames: self.frames.clone(), receiver: None };
        for ty in self.project.infer(&scope, object) {
            let module = match ty {
                Type::Module(module) => Some(module.0),
                Type::External(name) if name == "builtins" || name.starts_with("sys.modules") => None,
                // Objects have attributes, and modules are hardly ever handed around.
                _ => continue,
            };
            self.found.push(Supplied { name: name.to_owned(), module });
        }
    }
}

impl<'f> Visitor<'f> for Stores<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        let frame = match stmt {
            Stmt::FunctionDef(function) => Some(Frame::Function(function)),
            Stmt::ClassDef(class) => Some(Frame::Class(class)),
            _ => None,
        };
        let entered = frame.is_some();
        self.frames.extend(frame);
        visitor::walk_stmt(self, stmt);
        if entered {
            self.frames.pop();
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Attribute(attribute) if attribute.ctx.is_store() => {
                self.store(&attribute.value, attribute.attr.as_str());
            }
            Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "setattr") => {
                if let [object, Expr::StringLiteral(name), ..] = &*call.arguments.args {
                    self.store(object, name.value.to_str());
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests;

//! # `handler`: what does an `except` swallow?
//!
//! What it asks: is there a handler that is as the claim says? `with contextlib.suppress(…)` is
//! a handler, too: it does what `except …: pass` does.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "config.py"
//! symbol = "Loader.detect"     # the handlers inside this function or class
//! static = { handler = ["bare", "silent"], around = "subprocess.$RUN(...)" }
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `handler` | one or more of `"bare"`, `"broad"`, `"silent"`; all must be true of the same handler |
//! | `catches` | it is the handler that an exception of this class ends in: `"KeyError"`, `"yaml.YAMLError"` |
//! | `around` | this pattern (or each of these) matches in the body of its `try` |
//! | `does` | this pattern (or each of these) matches in the handler's own body |
//! | `reraises` | `true`: every path through it raises; `false`: none does; where it calls functions of the target that raise in some cases, that is not told |
//! | `expected` | `false` claims that there is no such handler |
//!
//! - *Bare* is `except:` without a class; it also catches `KeyboardInterrupt` and `SystemExit`.
//! - *Broad* catches every error: bare, `Exception` or `BaseException`, alone or in a tuple, also
//!   under another name.
//! - *Silent* tells nobody: it raises nothing, ends no process, logs, prints and warns nothing,
//!   also not in a function of the target that it calls, and hands the exception to nobody; a
//!   function of the target that does nothing with it is nobody.
//!   Returning a default, storing a flag, `continue` and closing something are silent. Looking at
//!   the exception in a condition is not telling of it, nor is a local name for it that nothing uses.
//!
//! `catches` knows the order of the handlers of one `try`, the hierarchy of the builtin
//! exceptions and that of the target's classes. Before Python 3.11 `asyncio.TimeoutError` and that
//! of `concurrent.futures` were classes of their own; whether they are the builtin one is not told. Code in the `try` is not `around`ed when it stands
//! in a function that is only defined there, or in an inner `try` that lets nothing through.
//!
//! With `files = "glob"`, or without `symbol`, every handler is looked at.
//!
//! What it cannot see: classes that are computed while the program runs, or that a subclass has in
//! the place of others (`except self.errors`), whether a call of
//! unknown code tells somebody, whether a text that is returned or stored is a message about the
//! error; such a handler is neither silent nor not silent. A method of a library that gets no
//! text and whose name does not speak of errors is taken to tell nobody. An exception of a library
//! whose name ends in `Error`, `Exception` or `Warning` is taken to be an `Exception`.
//!
//! Holds (`handler = ["bare", "silent"]`): `except: pass`. Does not: `except OSError: pass`, and
//! `except: log.exception("…")`.

mod caught;
mod raising;
mod telling;

use serde::{Deserialize, Serialize};

use crate::catalogue::check::{HandlerCheck, HandlerTrait};
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::callees::{Callees, FileNames};
use crate::python::control_flow::{Endings, Raised, endings};
use crate::python::pattern::{Matcher, Pattern};
use crate::python::project::{Frame, Project, Scope, Type};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, find_symbol, site,
    sweep_in_parts,
};
use caught::Caught;
use raising::may_raise;
use telling::{Telling, telling};

const KIND: CheckKind = CheckKind::Handler;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nsymbol = \"detect\"\nstatic = { handler = [\"bare\", \"silent\"], around = \"subprocess.$RUN(...)\" }",
        python: "\
import subprocess

def detect():
    try:
        return subprocess.check_output([\"nvidia-smi\"])
    except:  # <-
        return None
",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nsymbol = \"detect\"\nstatic = { handler = [\"bare\", \"silent\"], around = \"subprocess.$RUN(...)\" }",
        python: "\
import logging
import subprocess

def detect():
    try:
        return subprocess.check_output([\"nvidia-smi\"])
    except (OSError, subprocess.CalledProcessError) as error:
        logging.warning(\"no GPU: %s\", error)
        return None
",
    },
};

/// Asks it.
pub fn observe(check: &HandlerCheck, claim: &Claim, context: &Context) -> Observation {
    if let (ClaimScope::File(path), Some(name)) = (&claim.scope, &claim.symbol)
        && let Err(reason) = context.project.file(path).and_then(|file| find_symbol(file, name))
    {
        return Sight::default().unobserved(KIND, reason);
    }
    let parses = matches!(claim.scope, ClaimScope::File(_));
    let candidate = |bytes: &[u8]| parses || can_handle(bytes);
    let looked =
        sweep_in_parts(check, claim, context, candidate, |subject, context| look(check, subject, context));
    let swept = match looked {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let mut against: Vec<Site> = Vec::new();
    let mut unknown: Vec<Site> = Vec::new();
    for seen in swept.found {
        sight.searched.nodes += seen.handlers;
        sight.sites.extend(seen.holding);
        sight.notes.extend(seen.note);
        against.extend(seen.against);
        unknown.extend(seen.unknown);
    }
    let wanted = words(check);
    let found = sight.sites.len();
    if found > 0 {
        let first = sight.sites.iter().min();
        let place = first.map(|site| format!("{}:{}", site.file, site.line)).unwrap_or_default();
        let because = match found {
            1 => format!("the handler at {place} is {wanted}"),
            many => format!("{many} handlers are {wanted}, the first at {place}"),
        };
        return sight.answer(KIND, check.expected, because);
    }
    if let Some(first) = unknown.first() {
        let why = first.label.as_deref().unwrap_or_default();
        let what = format!("{}:{}: {why}", first.file, first.line);
        sight.sites = unknown;
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    if !check.expected
        && let Some(reason) = sight.searched.blind.first().cloned()
    {
        return sight.unobserved(KIND, reason);
    }
    let because = match (sight.searched.nodes, against.as_slice()) {
        (0, _) => "there is no handler".to_owned(),
        (1, [only]) => format!("the handler {}", only.label.as_deref().unwrap_or("is another one")),
        (many, _) => format!("none of the {many} handlers is {wanted}"),
    };
    sight.sites = against;
    sight.answer(KIND, !check.expected, because)
}

/// What is asked for, in words.
fn words(check: &HandlerCheck) -> String {
    let mut words: Vec<String> = check.traits.iter().map(|known| known.name().to_owned()).collect();
    if let Some(name) = &check.catches {
        words.push(format!("catching `{name}`"));
    }
    if let Some(pattern) = check.around.first() {
        words.push(format!("around `{}`", pattern.source().trim()));
    }
    if let Some(pattern) = check.does.first() {
        words.push(format!("doing `{}`", pattern.source().trim()));
    }
    match check.reraises {
        Some(true) => words.push("raising again".to_owned()),
        Some(false) => words.push("not raising again".to_owned()),
        None => {}
    }
    words.join(" and ")
}

/// Whether a file can have a handler, seen from its bytes.
fn can_handle(bytes: &[u8]) -> bool {
    [&b"except"[..], b"suppress"].iter().any(|word| memchr::memmem::find(bytes, word).is_some())
}

/// What one file, or one symbol of it, has.
#[derive(Serialize, Deserialize)]
struct Seen {
    holding: Vec<Site>,
    /// Handlers that are not as the claim says, each with what it is instead.
    against: Vec<Site>,
    /// Handlers of which it is not known, each with the reason.
    unknown: Vec<Site>,
    handlers: u64,
    note: Option<String>,
}

fn look<'f>(check: &HandlerCheck, subject: Subject<'f>, context: &Context<'_, 'f>) -> Seen {
    let file = subject.file;
    let project = context.project;
    let mut collector = Collector {
        project,
        file,
        within: subject.range(),
        frames: Vec::new(),
        handlers: Vec::new(),
        tries: Vec::new(),
    };
    collector.visit_body(&file.source().module().body);
    let Collector { handlers, tries, .. } = collector;
    let names = FileNames::new(file.source().module());
    let patterns = Patterns {
        around: find(file, &check.around),
        does: find(file, &check.does),
        guards: guards(project, file, &tries, &names),
    };
    let mut seen =
        Seen { holding: Vec::new(), against: Vec::new(), unknown: Vec::new(), handlers: 0, note: None };
    for handler in &handlers {
        // What the parser made of broken code is a guess.
        if broken_within(file, handler.whole).is_some() {
            continue;
        }
        seen.handlers += 1;
        match judge(check, handler, project, &names, &patterns) {
            Judgement::As => seen.holding.push(site(file, handler.range, None)),
            Judgement::Not(why) => seen.against.push(site(file, handler.range, Some(&why))),
            Judgement::Unknown(why) => seen.unknown.push(site(file, handler.range, Some(&why))),
        }
    }
    if !seen.holding.is_empty() {
        seen.note = broken_elsewhere_note(file);
    }
    seen
}

fn find(file: &ParsedFile, patterns: &[Pattern]) -> Vec<Vec<TextRange>> {
    let matcher = Matcher::new(file.source());
    patterns
        .iter()
        .map(|pattern| matcher.find(pattern).into_iter().map(|found| found.range).collect())
        .collect()
}

/// Where the patterns of the claim match, and what is not reached there.
struct Patterns {
    around: Vec<Vec<TextRange>>,
    does: Vec<Vec<TextRange>>,
    /// Bodies of which no error gets out.
    guards: Vec<TextRange>,
}

enum Judgement {
    As,
    Not(String),
    Unknown(String),
}

/// One `except` clause, or one `with suppress(…)`.
struct Handler<'f> {
    scope: Scope<'f>,
    /// The clause.
    range: TextRange,
    /// The whole statement.
    whole: TextRange,
    guarded: &'f [Stmt],
    /// What it names; nothing when it is bare.
    class: Option<Class<'f>>,
    /// What the handlers before it name.
    earlier: Vec<&'f Expr>,
    name: Option<&'f str>,
    /// `suppress` has no body.
    body: Option<&'f [Stmt]>,
}

#[derive(Clone, Copy)]
enum Class<'f> {
    Of(&'f Expr),
    Suppressed(&'f [Expr]),
}

fn judge<'f>(
    check: &HandlerCheck,
    handler: &Handler<'f>,
    project: &Project<'f>,
    names: &FileNames<'f>,
    patterns: &Patterns,
) -> Judgement {
    let mut unknown: Option<String> = None;
    let in_body = |body: &[Stmt], ranges: &[TextRange], guards: &[TextRange]| {
        let whole = block_range(body);
        ranges.iter().any(|range| {
            whole.is_some_and(|whole| whole.contains_range(*range))
                && !is_deferred(body, *range)
                && !guards.iter().any(|guard| {
                    guard.contains_range(*range)
                        && whole.is_some_and(|whole| whole.contains_range(*guard) && whole != *guard)
                })
        })
    };
    if !patterns.around.iter().all(|ranges| in_body(handler.guarded, ranges, &patterns.guards)) {
        return Judgement::Not("is around other code".to_owned());
    }
    let body = handler.body.unwrap_or_default();
    if !patterns.does.iter().all(|ranges| in_body(body, ranges, &[])) {
        return Judgement::Not("does something else".to_owned());
    }
    for wanted in &check.traits {
        match wanted {
            HandlerTrait::Bare if handler.class.is_some() => {
                return Judgement::Not("names what it catches".to_owned());
            }
            HandlerTrait::Bare => {}
            HandlerTrait::Broad => match caught_by(handler, project).is_broad() {
                Ok(true) => {}
                Ok(false) => return Judgement::Not("catches certain classes only".to_owned()),
                Err(why) => unknown = unknown.or(Some(why)),
            },
            HandlerTrait::Silent => match handler.body {
                None => {}
                Some(body) => match telling(project, &handler.scope, body, handler.name) {
                    Telling::Nobody => {}
                    Telling::Somebody(how) => return Judgement::Not(format!("is not silent: it {how}")),
                    Telling::Unknown(why) => unknown = unknown.or(Some(why)),
                },
            },
        }
    }
    if let Some(wanted) = check.reraises {
        let ends = handler.body.map(|body| endings(body, &Callees::new(names, class_of(&handler.scope))));
        let (raises, comes_back) = match &ends {
            Some(ends) => (raises_itself(ends), comes_back(ends)),
            None => (false, true),
        };
        if wanted && (!raises || comes_back) {
            return Judgement::Not("does not raise again".to_owned());
        }
        if !wanted && raises {
            return Judgement::Not("raises".to_owned());
        }
        if !wanted
            && let Some(body) = handler.body
            && let Some(name) = may_raise(project, &handler.scope, body)
        {
            unknown = unknown.or(Some(format!("it calls `{name}`, which raises in some cases")));
        }
    }
    if let Some(name) = &check.catches {
        let wanted = caught::Exception::named(name, project, &handler.scope);
        for class in &handler.earlier {
            match Caught::of(class, project, &handler.scope).covers(&wanted, project) {
                Ok(true) => return Judgement::Not(format!("is behind one that catches `{name}`")),
                Ok(false) => {}
                Err(why) => unknown = unknown.or(Some(why)),
            }
        }
        match caught_by(handler, project).covers(&wanted, project) {
            Ok(true) => {}
            Ok(false) => return Judgement::Not(format!("does not catch `{name}`")),
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    match unknown {
        Some(why) => Judgement::Unknown(why),
        None => Judgement::As,
    }
}

/// Whether code raises of its own accord; that a task is cancelled where it waits is none.
fn raises_itself(endings: &Endings) -> bool {
    endings.raises.iter().any(|raised| *raised != Raised::Cancelled)
}

fn comes_back(endings: &Endings) -> bool {
    endings.normal || endings.returns || endings.breaks || endings.continues || endings.leaves
}

fn class_of<'f>(scope: &Scope<'f>) -> Option<&'f ast::StmtClassDef> {
    scope.class().map(|class| class.node)
}

fn caught_by<'f>(handler: &Handler<'f>, project: &Project<'f>) -> Caught<'f> {
    match handler.class {
        None => Caught::everything(),
        Some(Class::Of(class)) => Caught::of(class, project, &handler.scope),
        Some(Class::Suppressed(classes)) => Caught::any_of(classes, project, &handler.scope),
    }
}

fn block_range(body: &[Stmt]) -> Option<TextRange> {
    Some(TextRange::new(body.first()?.start(), body.last()?.end()))
}

/// Whether a place stands in a function or lambda that the body defines, and so does not run there.
fn is_deferred(body: &[Stmt], place: TextRange) -> bool {
    struct Deferred {
        place: TextRange,
        found: bool,
    }
    impl<'f> Visitor<'f> for Deferred {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            if !stmt.range().contains_range(self.place) {
                return;
            }
            match stmt {
                Stmt::FunctionDef(function)
                    if block_range(&function.body).is_some_and(|body| body.contains_range(self.place)) =>
                {
                    self.found = true;
                }
                _ => visitor::walk_stmt(self, stmt),
            }
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            if !expr.range().contains_range(self.place) {
                return;
            }
            match expr {
                Expr::Lambda(lambda) if lambda.body.range().contains_range(self.place) => self.found = true,
                _ => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut deferred = Deferred { place, found: false };
    deferred.visit_body(body);
    deferred.found
}

/// The bodies of `try` statements of which every error is kept: one handler takes all, and none
/// of them raises.
fn guards<'f>(
    project: &Project<'f>,
    file: &'f ParsedFile,
    tries: &[(Scope<'f>, &'f ast::StmtTry)],
    names: &FileNames<'f>,
) -> Vec<TextRange> {
    tries
        .iter()
        .filter(|(_, stmt)| broken_within(file, stmt.range()).is_none())
        .filter(|(scope, stmt)| {
            let mut clauses = stmt.handlers.iter().map(|ast::ExceptHandler::ExceptHandler(clause)| clause);
            let keeps = |clause: &ast::ExceptHandlerExceptHandler| {
                !raises_itself(&endings(&clause.body, &Callees::new(names, class_of(scope))))
            };
            let takes_all = |clause: &'f ast::ExceptHandlerExceptHandler| match &clause.type_ {
                None => true,
                Some(class) => Caught::of(class, project, scope).is_broad() == Ok(true),
            };
            clauses.clone().all(keeps) && clauses.any(takes_all)
        })
        .filter_map(|(_, stmt)| block_range(&stmt.body))
        .collect()
}

/// Collects the handlers inside a range, and every `try`.
struct Collector<'c, 'f> {
    project: &'c Project<'f>,
    file: &'f ParsedFile,
    within: TextRange,
    frames: Vec<Frame<'f>>,
    handlers: Vec<Handler<'f>>,
    tries: Vec<(Scope<'f>, &'f ast::StmtTry)>,
}

impl<'f> Collector<'_, 'f> {
    fn scope(&self) -> Scope<'f> {
        Scope { file: self.file, frames: self.frames.clone(), receiver: None }
    }

    fn within(&mut self, frame: Frame<'f>, stmt: &'f Stmt) {
        self.frames.push(frame);
        visitor::walk_stmt(self, stmt);
        self.frames.pop();
    }
}

impl<'f> Visitor<'f> for Collector<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if self.within.intersect(stmt.range()).is_none() {
            return;
        }
        match stmt {
            Stmt::FunctionDef(function) => return self.within(Frame::Function(function), stmt),
            Stmt::ClassDef(class) => return self.within(Frame::Class(class), stmt),
            Stmt::Try(node) if self.within.contains_range(stmt.range()) => {
                let scope = self.scope();
                let mut earlier = Vec::new();
                for ast::ExceptHandler::ExceptHandler(clause) in &node.handlers {
                    self.handlers.push(Handler {
                        scope: scope.clone(),
                        range: clause.range,
                        whole: stmt.range(),
                        guarded: &node.body,
                        class: clause.type_.as_deref().map(Class::Of),
                        earlier: earlier.clone(),
                        name: clause.name.as_ref().map(|name| name.as_str()),
                        body: Some(&clause.body),
                    });
                    earlier.extend(clause.type_.as_deref());
                }
                self.tries.push((scope, node));
            }
            Stmt::With(node) if self.within.contains_range(stmt.range()) => {
                for item in &node.items {
                    let Expr::Call(call) = &item.context_expr else { continue };
                    let is_it =
                        |ty: &Type| matches!(ty, Type::External(name) if name == "contextlib.suppress");
                    let named =
                        last_name(&call.func) == Some("suppress") || matches!(&*call.func, Expr::Name(_));
                    if !named || !self.project.infer(&self.scope(), &call.func).iter().all(is_it) {
                        continue;
                    }
                    self.handlers.push(Handler {
                        scope: self.scope(),
                        range: item.context_expr.range(),
                        whole: stmt.range(),
                        guarded: &node.body,
                        class: Some(Class::Suppressed(&call.arguments.args)),
                        earlier: Vec::new(),
                        name: None,
                        body: None,
                    });
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    // No expression has a statement in it.
    fn visit_expr(&mut self, _: &'f Expr) {}
}

/// `c` of `a.b.c`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

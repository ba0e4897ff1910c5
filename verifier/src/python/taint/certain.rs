//! What a function gives another value on every way to its end, so that what its caller knows of
//! the place counts no more. Told by the text alone: callers rely on it before they know more.

use foldhash::{HashSet, HashSetExt};

use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};

use super::scope::{self, Rounds};
use super::value::Element;
use crate::python::control_flow::{is_generator, truth};

/// A place that gets another value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Replaced {
    /// The variable.
    pub(super) name: Name,
    /// The part of it.
    pub(super) path: Vec<Element>,
    /// Its elements lose theirs, and it is the same object: `entries.clear()`.
    pub(super) emptied: bool,
}

/// The places of parameters, and of variables that it says to be `global` or `nonlocal`.
pub(super) fn replaced(function: &ast::StmtFunctionDef) -> Vec<Replaced> {
    // Their bodies run later than where they are called, and perhaps never.
    if function.is_async || is_generator(&function.body) {
        return Vec::new();
    }
    let (bound, declared) = scope::bound_and_declared(&function.body);
    let is_of_caller = |place: &Replaced| match place.path.is_empty() && !place.emptied {
        true => declared.contains(&place.name),
        false => {
            declared.contains(&place.name)
                || function.parameters.includes(&place.name) && !bound.contains(&place.name)
        }
    };
    let mut ways = Ways::default();
    let end = ways.block(&function.body, HashSet::new(), 0);
    let mut all = ways.ends.into_iter().chain(end);
    let Some(first) = all.next() else { return Vec::new() };
    let common = all.fold(first, |one, two| one.intersection(&two).cloned().collect());
    let mut common: Vec<Replaced> = common.into_iter().filter(is_of_caller).collect();
    common.sort_by(|one, two| (&one.name, &one.path).cmp(&(&two.name, &two.path)));
    common
}

type Places = HashSet<Replaced>;

/// Deeper code than this is not looked into.
const DEEPEST: usize = 40;

#[derive(Default)]
struct Ways {
    /// What was replaced where the function returns.
    ends: Vec<Places>,
}

impl Ways {
    /// What is replaced behind a block; nothing when its end is never reached.
    fn block(&mut self, body: &[Stmt], mut places: Places, depth: usize) -> Option<Places> {
        for statement in body {
            places = self.statement(statement, places, depth)?;
        }
        Some(places)
    }

    fn statement(&mut self, statement: &Stmt, mut places: Places, depth: usize) -> Option<Places> {
        if depth > DEEPEST {
            return Some(places);
        }
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| store(target, &mut places)),
            Stmt::AnnAssign(assign) if assign.value.is_some() => store(&assign.target, &mut places),
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| store(target, &mut places)),
            Stmt::Expr(statement) => emptied(&statement.value, &mut places),
            Stmt::Return(_) => {
                self.ends.push(places);
                return None;
            }
            Stmt::Raise(_) => return None,
            Stmt::If(statement) => return self.branches(statement, places, depth),
            // What is replaced inside is replaced when the body runs; a return inside is another end.
            Stmt::For(statement) => {
                self.block(&statement.body, places.clone(), depth + 1);
                if scope::rounds(&statement.iter) != Rounds::None {
                    self.block(&statement.orelse, places.clone(), depth + 1);
                }
            }
            Stmt::While(statement) => {
                self.block(&statement.body, places.clone(), depth + 1);
                self.block(&statement.orelse, places.clone(), depth + 1);
            }
            Stmt::With(statement) => {
                self.block(&statement.body, places.clone(), depth + 1);
            }
            Stmt::Match(statement) => {
                for case in &statement.cases {
                    self.block(&case.body, places.clone(), depth + 1);
                }
            }
            Stmt::Try(statement) => {
                for body in [&statement.body, &statement.orelse] {
                    self.block(body, places.clone(), depth + 1);
                }
                for handler in &statement.handlers {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.block(&handler.body, places.clone(), depth + 1);
                }
                return self.block(&statement.finalbody, places, depth + 1);
            }
            _ => {}
        }
        Some(places)
    }

    fn branches(&mut self, statement: &ast::StmtIf, places: Places, depth: usize) -> Option<Places> {
        let first = (Some(&statement.test), &statement.body);
        let others = statement.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body));
        let tests = std::iter::once((first.0.map(|test| &**test), first.1)).chain(others);
        let mut behind: Option<Places> = None;
        let mut is_open = true;
        for (test, body) in tests {
            let decided = test.map_or(Some(true), truth);
            if decided == Some(false) {
                continue;
            }
            let end = self.block(body, places.clone(), depth + 1);
            behind = both(behind, end);
            if decided == Some(true) {
                is_open = false;
                break;
            }
        }
        if is_open { both(behind, Some(places)) } else { behind }
    }
}

/// What is replaced on either way.
fn both(one: Option<Places>, two: Option<Places>) -> Option<Places> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.intersection(&two).cloned().collect()),
        (one, two) => one.or(two),
    }
}

fn store(target: &Expr, places: &mut Places) {
    let mut targets = vec![target];
    while let Some(target) = targets.pop() {
        match target {
            Expr::Tuple(tuple) => targets.extend(&tuple.elts),
            Expr::List(list) => targets.extend(&list.elts),
            Expr::Starred(starred) => targets.push(&starred.value),
            other => {
                let place = scope::place_of(other, |index| Some(scope::element(index)));
                if let Some((name, path)) = place.filter(|(_, path)| !path.contains(&Element::Anything)) {
                    places.insert(Replaced { name, path, emptied: false });
                }
            }
        }
    }
}

/// `entries.clear()`
fn emptied(expression: &Expr, places: &mut Places) {
    if let Expr::Call(call) = expression
        && call.arguments.is_empty()
        && let Expr::Attribute(method) = &*call.func
        && method.attr.as_str() == "clear"
        && let Some((name, path)) = scope::place_of(&method.value, |index| Some(scope::element(index)))
        && !path.contains(&Element::Anything)
    {
        places.insert(Replaced { name, path, emptied: true });
    }
}

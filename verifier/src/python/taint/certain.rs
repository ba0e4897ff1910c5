//! What a function gives another value on every way to its end, so that what its caller knows of
//! the place counts no more. Told by the text alone: callers rely on it before they know more.

use foldhash::{HashSet, HashSetExt};

use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};

use super::scope::{self, Rounds};
use super::value::Element;
use crate::python::control_flow::{is_generator, truth};
use crate::python::visitor::{self, Visitor};

/// A place that gets another value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Replaced {
    /// The variable.
    pub(super) name: Name,
    /// The part of it.
    pub(super) path: Vec<Element>,
}

/// The places of parameters, and of variables that it says to be `global` or `nonlocal`, that it gives a
/// value which is written out.
pub(super) fn replaced(function: &ast::StmtFunctionDef) -> Vec<Replaced> {
    // Their bodies run later than where they are called, and perhaps never; what decorators make of them
    // perhaps never, too.
    if function.is_async || is_generator(&function.body) || !function.decorator_list.is_empty() {
        return Vec::new();
    }
    let stores = Stores::of(&function.body);
    let is_of_caller = |place: &Replaced| {
        let declared = stores.declared.contains(&place.name);
        let given = function.parameters.includes(&place.name) && !stores.names.contains(&place.name);
        declared || given && !place.path.is_empty()
    };
    let mut ways = Ways::default();
    let end = ways.block(&function.body, HashSet::new(), 0);
    let mut all = ways.ends.into_iter().chain(end);
    let Some(first) = all.next() else { return Vec::new() };
    let common = all.fold(first, |one, two| one.intersection(&two).cloned().collect());
    let is_certain = |place: &Replaced| is_of_caller(place) && !stores.may_keep(place);
    let mut common: Vec<Replaced> = common.into_iter().filter(is_certain).collect();
    common.sort_by(|one, two| (&one.name, &one.path).cmp(&(&two.name, &two.path)));
    common
}

/// What a body stores, wherever and in whatever object.
#[derive(Default)]
struct Stores {
    /// Variables that are bound.
    names: HashSet<Name>,
    /// Those that are `global` or `nonlocal` in the body itself.
    declared: HashSet<Name>,
    /// Variables and attributes that get something which is not written out: it may be what they had.
    others: HashSet<Name>,
    /// Some element of something gets such a value.
    other_elements: bool,
}

impl Stores {
    fn of(body: &[Stmt]) -> Self {
        let mut stores = Self::default();
        stores.visit_body(body);
        stores
    }

    /// Whether the place may be given what was there before, under whatever name.
    fn may_keep(&self, place: &Replaced) -> bool {
        match place.path.last() {
            None => self.others.contains(&place.name),
            Some(Element::Attribute(name)) => self.others.contains(name),
            Some(_) => self.other_elements,
        }
    }

    /// A name gets something else than by an assignment.
    fn bind(&mut self, name: &ast::Identifier) {
        self.names.insert(name.id.clone());
        self.others.insert(name.id.clone());
    }

    fn other(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => drop(self.others.insert(name.id.clone())),
            Expr::Attribute(attribute) => drop(self.others.insert(attribute.attr.id.clone())),
            Expr::Subscript(_) => self.other_elements = true,
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Stores {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(ast::StmtGlobal { names, .. }) | Stmt::Nonlocal(ast::StmtNonlocal { names, .. }) => {
                self.declared.extend(names.iter().map(|name| name.id.clone()));
            }
            Stmt::Assign(assign) if is_written_out(&assign.value) => {
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => drop(self.names.insert(name.id.clone())),
                        Expr::Attribute(attribute) => self.visit_expr(&attribute.value),
                        Expr::Subscript(subscript) => {
                            self.visit_expr(&subscript.value);
                            self.visit_expr(&subscript.slice);
                        }
                        other => self.visit_expr(other),
                    }
                }
            }
            Stmt::FunctionDef(ast::StmtFunctionDef { name, .. })
            | Stmt::ClassDef(ast::StmtClassDef { name, .. }) => {
                self.bind(name);
                // What is declared inside is so inside.
                let declared = self.declared.clone();
                visitor::walk_stmt(self, statement);
                self.declared = declared;
            }
            Stmt::Import(ast::StmtImport { names, .. })
            | Stmt::ImportFrom(ast::StmtImportFrom { names, .. }) => {
                for alias in names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        let context = match expression {
            Expr::Name(name) => {
                if !name.ctx.is_load() {
                    self.names.insert(name.id.clone());
                }
                name.ctx
            }
            Expr::Attribute(attribute) => attribute.ctx,
            Expr::Subscript(subscript) => subscript.ctx,
            _ => ast::ExprContext::Load,
        };
        if !context.is_load() {
            self.other(expression);
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let bound = match pattern {
            ast::Pattern::MatchAs(node) => node.name.as_ref(),
            ast::Pattern::MatchStar(node) => node.name.as_ref(),
            ast::Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        bound.into_iter().for_each(|name| self.bind(name));
        visitor::walk_pattern(self, pattern);
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(node) = handler;
        node.name.iter().for_each(|name| self.bind(name));
        visitor::walk_except_handler(self, handler);
    }
}

/// Whether a value is all there in the text.
fn is_written_out(value: &Expr) -> bool {
    match value {
        Expr::List(node) => node.elts.is_empty(),
        Expr::Tuple(node) => node.elts.is_empty(),
        Expr::Dict(node) => node.items.is_empty(),
        other => other.is_literal_expr(),
    }
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
            // It may end here.
            self.ends.push(HashSet::new());
            return Some(places);
        }
        match statement {
            Stmt::Assign(assign) if is_written_out(&assign.value) => {
                assign.targets.iter().for_each(|target| store(target, &mut places));
            }
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
        let others = statement.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body));
        let tests = std::iter::once((Some(&*statement.test), &statement.body)).chain(others);
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
    let place = scope::place_of(target, |index| Some(scope::element(index)));
    // Elements with numbers move when others go.
    let is_plain = |element: &Element| match element {
        Element::Attribute(_) => true,
        Element::Key(key) => key.parse::<i64>().is_err(),
        _ => false,
    };
    if let Some((name, path)) = place.filter(|(_, path)| path.iter().all(is_plain)) {
        places.insert(Replaced { name, path });
    }
}

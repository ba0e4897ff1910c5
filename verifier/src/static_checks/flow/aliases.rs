//! Functions that the patterns look for, under other names: `loads = pickle.loads`, and given away:
//! `map(pickle.loads, parts)`. Semgrep's patterns do not see through that.

use std::collections::HashSet;

use super::may_match;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::pattern::{Matcher, Pattern};
use crate::python::project::{BindingKind, Scope, Type};
use crate::python::taint::Mark;
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Project, Ranged, TextRange};

/// Calls by another name of what patterns of the form `function(...)` look for, and such functions
/// where they are given away.
pub(super) fn marks<'f>(
    project: &Project<'f>,
    file: &'f ParsedFile,
    matcher: &Matcher<'f>,
    patterns: &[Pattern],
) -> (Vec<Mark>, Vec<Mark>) {
    let text = file.source().text();
    let (mut called, mut handed) = (Vec::new(), Vec::new());
    for (kind, pattern) in patterns.iter().enumerate() {
        let Some(callee) = pattern.source().trim().strip_suffix("(...)") else { continue };
        if callee.contains('(') || !is_used_as_value(text, callee) {
            continue;
        }
        let Ok(function) = Pattern::parse(callee) else { continue };
        if !may_match(&function, text.as_bytes()) {
            continue;
        }
        let ranges: HashSet<TextRange> =
            matcher.find(&function).into_iter().map(|found| found.range).collect();
        let mut uses =
            Uses { ranges: &ranges, stored: HashSet::new(), handed: Vec::new(), calls: Vec::new() };
        uses.visit_body(&file.source().module().body);
        // Of which object a method is given away is not told by its name.
        if !callee.contains('$') {
            handed.extend(uses.handed.iter().map(|range| Mark { range: *range, kind }));
        }
        if uses.stored.is_empty() {
            continue;
        }
        for call in &uses.calls {
            let scope = Scope::at(file, call.range());
            let is_it = match &*call.func {
                Expr::Name(name) => project
                    .lookup(&scope, name.id.as_str(), Some(name.range.start()))
                    .into_iter()
                    .flat_map(|(_, bindings)| bindings)
                    .any(|binding| match binding.kind {
                        BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => {
                            either(value).into_iter().any(|value| ranges.contains(&value.range()))
                        }
                        _ => false,
                    }),
                Expr::Attribute(attribute) if uses.stored.contains(attribute.attr.as_str()) => {
                    let types = project.infer(&scope, &call.func);
                    types.iter().any(|ty| matches!(ty, Type::External(name) if name == callee))
                }
                _ => false,
            };
            if is_it && !ranges.contains(&call.func.range()) {
                called.push(Mark { range: call.range(), kind });
            }
        }
    }
    (called, handed)
}

/// Whether the last part of a name occurs where it is not called, as far as the text tells.
fn is_used_as_value(text: &str, callee: &str) -> bool {
    let name = callee.rsplit('.').next().unwrap_or(callee);
    if name.starts_with('$') {
        return false;
    }
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        let behind = text[at + name.len()..].chars().next();
        let before = text[..at].chars().next_back();
        behind.is_none_or(|next| !is_part(next) && next != '(') && before.is_none_or(|last| !is_part(last))
    })
}

/// The values that a conditional expression chooses from.
fn either(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::If(conditional) => vec![&*conditional.body, &*conditional.orelse],
        Expr::BoolOp(operation) => operation.values.iter().collect(),
        other => vec![other],
    }
}

/// What becomes of the functions at some places.
struct Uses<'r, 'f> {
    ranges: &'r HashSet<TextRange>,
    /// The names that they are stored under.
    stored: HashSet<&'f str>,
    /// Where they are arguments.
    handed: Vec<TextRange>,
    calls: Vec<&'f ast::ExprCall>,
}

impl<'f> Uses<'_, 'f> {
    fn store(&mut self, target: &'f Expr, value: &'f Expr) {
        if either(value).into_iter().any(|value| self.ranges.contains(&value.range())) {
            self.stored.extend(match target {
                Expr::Name(name) => Some(name.id.as_str()),
                Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
                _ => None,
            });
        }
    }
}

impl<'f> Visitor<'f> for Uses<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::Assign(node) => node.targets.iter().for_each(|target| self.store(target, &node.value)),
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    self.store(&node.target, value);
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        // Down a chain of calls without going deeper for each link.
        let mut expr = expr;
        loop {
            match expr {
                Expr::Call(call) => {
                    self.calls.push(call);
                    for argument in call.arguments.iter_source_order() {
                        if self.ranges.contains(&argument.value().range()) {
                            self.handed.push(argument.value().range());
                        }
                    }
                    self.visit_arguments(&call.arguments);
                    expr = &call.func;
                }
                Expr::Attribute(attribute) => expr = &attribute.value,
                Expr::BinOp(operation) => {
                    self.visit_expr(&operation.right);
                    expr = &operation.left;
                }
                Expr::Named(named) => {
                    self.store(&named.target, &named.value);
                    return visitor::walk_expr(self, expr);
                }
                other => return visitor::walk_expr(self, other),
            }
        }
    }
}

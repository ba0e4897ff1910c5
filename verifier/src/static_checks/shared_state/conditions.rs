//! Tests that answer the same wherever they stand: `if self.reload:` before the start of a thread
//! and before its join.

use std::collections::HashMap;

use super::Known;
use super::walk::{Step, Walker};
use crate::python::Ranged;
use crate::python::ast::{BoolOp, Expr, UnaryOp};
use crate::python::project::{AccessKind, BindingKind, Frame, Stored};

/// A test, named so that the same name is the same answer.
pub(super) type Condition = String;

impl<'f> Walker<'_, '_, 'f> {
    /// The name of a test of flags that are given one value and no other.
    pub(super) fn condition(&self, test: &'f Expr) -> Option<Condition> {
        match test {
            Expr::Name(name) => {
                let bindings = self.project().frame_bindings(Frame::Function(self.function.node));
                let id = name.id.as_str();
                let is_own = !bindings.outer.contains_key(id);
                match bindings.all(id) {
                    [binding] if is_own => match binding.kind {
                        BindingKind::Parameter(..) => {}
                        // In a loop it may be given another one.
                        BindingKind::Value(value) if is_flag(value) && self.loops.is_empty() => {}
                        _ => return None,
                    },
                    _ => return None,
                }
                Some(format!("{id} of {}", self.function.qualified_name()))
            }
            Expr::Attribute(attribute) if self.is_object(&attribute.value) => {
                self.is_constant(attribute.attr.as_str()).then(|| format!("self.{}", attribute.attr))
            }
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                Some(format!("not ({})", self.condition(&unary.operand)?))
            }
            Expr::BoolOp(node) => {
                let parts: Option<Vec<_>> = node.values.iter().map(|value| self.condition(value)).collect();
                Some(parts?.join(if node.op == BoolOp::And { " and " } else { " or " }))
            }
            Expr::Compare(compare) => {
                let literals = compare.comparators.iter().all(Expr::is_literal_expr);
                let rest = &self.text(test)[usize::from(compare.left.end() - compare.start())..];
                let left = self.condition(&compare.left).filter(|_| literals)?;
                Some(format!("({left}){rest}"))
            }
            _ => None,
        }
    }

    /// Whether an attribute is given a flag by the constructor, and nothing by anybody else.
    fn is_constant(&self, name: &str) -> bool {
        let mut is_stored = false;
        for access in self.project().accesses_of(self.known.class, name) {
            let AccessKind::Store(stored) = access.kind else { continue };
            let in_constructor = access.method.is_some_and(|method| method.node.name.as_str() == "__init__");
            match stored {
                Stored::Value(value) | Stored::Annotated(_, Some(value))
                    if in_constructor && is_flag(value) =>
                {
                    is_stored = true;
                }
                Stored::Declared | Stored::Slot | Stored::Annotated(_, None) => {}
                _ => return false,
            }
        }
        let stored_outside = self.project().mentioning(&format!(".{name} ="));
        is_stored && stored_outside.iter().all(|path| path == self.known.class.file.path())
    }
}

/// A value whose truth does not change.
fn is_flag(value: &Expr) -> bool {
    match value {
        Expr::Name(_) | Expr::Attribute(_) | Expr::Compare(_) | Expr::BoolOp(_) => true,
        Expr::UnaryOp(unary) => unary.op == UnaryOp::Not,
        Expr::Call(call) => {
            matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "bool")
        }
        value => value.is_literal_expr(),
    }
}

impl<'f> Known<'_, 'f> {
    /// The tests around every start of a thread, by the number of the thread.
    pub(super) fn find_guards(&self) -> HashMap<usize, Vec<Condition>> {
        let mut guards: HashMap<usize, Vec<Condition>> = HashMap::new();
        for method in self.owners.iter().flat_map(|owner| self.project.own_methods(*owner)) {
            let mut around: Vec<Option<Condition>> = Vec::new();
            for step in self.steps(method).iter() {
                match step {
                    Step::Branch(condition) => around.push(condition.clone()),
                    Step::Merge => drop(around.pop()),
                    Step::Start(number) => {
                        let here: Vec<Condition> = around.iter().flatten().cloned().collect();
                        guards
                            .entry(*number)
                            .and_modify(|known| known.retain(|condition| here.contains(condition)))
                            .or_insert(here);
                    }
                    Step::Touch { .. } | Step::Call { .. } | Step::Join(_) => {}
                }
            }
        }
        guards
    }

    /// Whether a thread is only started where this test is true as well.
    pub(super) fn is_only_under(&self, number: usize, condition: Option<&Condition>) -> bool {
        condition.is_some_and(|condition| {
            self.guards.get(&number).is_some_and(|guards| guards.contains(condition))
        })
    }
}

//! Tests that answer the same wherever they stand: `if self.reload:` before the start of a thread
//! and before its join.

use std::collections::HashMap;

use super::Known;
use super::elsewhere::MOST_FILES;
use super::walk::{Step, Walker};
use crate::python::Ranged;
use crate::python::ast::{BoolOp, Expr, UnaryOp};
use crate::python::project::{AccessKind, BindingKind, ClassRef, Frame, FunctionRef, Stored};

/// A test, named so that the same name is the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    name: String,
    /// Nobody can change the answer; otherwise nobody was seen to do so.
    sure: bool,
}

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
                        BindingKind::Value(value) if self.is_flag(value) && self.loops.is_empty() => {}
                        _ => return None,
                    },
                    _ => return None,
                }
                // Another call of the function may be given another value.
                Some(Condition { name: format!("{id} of {}", self.function.qualified_name()), sure: false })
            }
            Expr::Attribute(attribute) if self.is_object(&attribute.value) => {
                let sure = self.is_constant(attribute.attr.as_str())?;
                Some(Condition { name: format!("self.{}", attribute.attr), sure })
            }
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                let Condition { name, sure } = self.condition(&unary.operand)?;
                Some(Condition { name: format!("not ({name})"), sure })
            }
            Expr::BoolOp(node) => {
                let parts: Option<Vec<_>> = node.values.iter().map(|value| self.condition(value)).collect();
                let parts = parts?;
                let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
                let word = if node.op == BoolOp::And { " and " } else { " or " };
                let sure = parts.iter().all(|part| part.sure);
                Some(Condition { name: format!("({})", names.join(word)), sure })
            }
            Expr::Compare(compare) => {
                let Condition { name, sure } = self.condition(&compare.left)?;
                let mut full = format!("({name})");
                for (op, value) in compare.ops.iter().zip(&compare.comparators) {
                    full.push_str(&format!(" {op:?} {}", self.literal(value)?));
                }
                Some(Condition { name: format!("({full})"), sure })
            }
            _ => None,
        }
    }

    /// What a literal is, however it is written.
    fn literal(&self, value: &'f Expr) -> Option<String> {
        match value {
            Expr::StringLiteral(text) => Some(format!("{:?}", text.value.to_str())),
            value if value.is_literal_expr() => Some(self.text(value)),
            _ => None,
        }
    }

    /// Whether an attribute is given a flag by the constructor, and nothing by anybody else; and
    /// whether that is certain.
    fn is_constant(&self, name: &str) -> Option<bool> {
        let mut stores = 0;
        let mut is_plain = true;
        for access in self.project().accesses_of(self.known.class, name) {
            let AccessKind::Store(stored) = access.kind else { continue };
            match (stored, access.method) {
                (Stored::Value(value) | Stored::Annotated(_, Some(value)), Some(method))
                    if method.node.name.as_str() == "__init__" && self.is_flag(value) =>
                {
                    stores += 1;
                    is_plain &= is_plain_value(value, method);
                }
                (Stored::Declared | Stored::Slot | Stored::Annotated(_, None), _) => {}
                _ => return None,
            }
        }
        let is_set_by_name = self.known.stores_by_name(name);
        let only = stores == 1 && self.known.stores_of(name) == Some(1);
        (stores > 0).then_some(is_plain && only && !is_set_by_name)
    }

    /// A value whose truth does not change, as far as is seen.
    fn is_flag(&self, value: &Expr) -> bool {
        match value {
            Expr::Name(_) | Expr::Attribute(_) | Expr::Compare(_) | Expr::BoolOp(_) => true,
            Expr::UnaryOp(unary) => unary.op == UnaryOp::Not,
            Expr::Call(call) => {
                matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "bool")
            }
            value => value.is_literal_expr(),
        }
    }
}

/// Whether a value is one that nobody can change: a literal, an answer of `not`, `is` or `bool`, or
/// a parameter that is said to be such a value.
fn is_plain_value(value: &Expr, method: FunctionRef) -> bool {
    match value {
        Expr::Compare(compare) => compare.ops.iter().all(|op| op.is_is() || op.is_is_not()),
        Expr::UnaryOp(unary) => unary.op == UnaryOp::Not,
        Expr::Call(_) => true,
        Expr::Name(name) => {
            let is_it = |parameter: &&crate::python::ast::ParameterWithDefault| {
                parameter.parameter.name.as_str() == name.id.as_str()
            };
            let parameter = method.node.parameters.iter_non_variadic_params().find(is_it);
            parameter.is_some_and(|parameter| {
                let is_said = matches!(parameter.parameter.annotation.as_deref(), Some(Expr::Name(kind))
                    if matches!(kind.id.as_str(), "bool" | "int" | "str"));
                is_said || matches!(parameter.default.as_deref(), Some(Expr::BooleanLiteral(_)))
            })
        }
        value => value.is_literal_expr(),
    }
}

impl<'f> Known<'_, 'f> {
    /// Whether code that names the class also stores attributes by computed names, or some code
    /// has the attribute's name as a text.
    pub(super) fn stores_by_name(&self, attribute: &str) -> bool {
        let is_text = [format!("\"{attribute}\""), format!("'{attribute}'")];
        let named = self.project.mentioning(self.class.node.name.as_str());
        let at_home = |path: &crate::target::RelativePath| {
            named.contains(path) || self.owners.iter().any(|owner| owner.file.path() == path)
        };
        is_text.iter().any(|text| !self.project.mentioning(text).is_empty())
            || ["setattr(", "__dict__", "vars("]
                .iter()
                .any(|word| self.project.mentioning(word).iter().any(at_home))
    }

    /// Whether code outside of the class uses the attribute that a thread is kept in, and so may
    /// start it.
    fn is_used_outside(&self, number: usize) -> bool {
        let spawned = &self.spawned[number];
        let attributes = spawned.names.iter().chain(&spawned.collections).filter_map(|name| {
            let (_, last) = name.rsplit_once('.')?;
            Some(format!(".{last}"))
        });
        attributes.into_iter().any(|attribute| {
            let paths = self.project.mentioning(&attribute);
            paths.len() > MOST_FILES || paths.iter().any(|path| self.has_outside(path, &attribute))
        })
    }

    /// Whether a file has such a text outside of the class and its bases.
    fn has_outside(&self, path: &crate::target::RelativePath, attribute: &str) -> bool {
        let Ok(file) = self.project.file(path) else { return true };
        let module = file.source().module().range();
        let text = file.source().slice(module);
        text.match_indices(attribute).any(|(at, found)| {
            let rest = &text[at + found.len()..];
            let goes_on = rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
            let place = module.start().to_usize() + at;
            let is_inside = |owner: &ClassRef<'f>| {
                let range = owner.node.range();
                std::ptr::eq(owner.file, file)
                    && (range.start().to_usize()..range.end().to_usize()).contains(&place)
            };
            !goes_on && !self.owners.iter().any(is_inside)
        })
    }

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
        for (number, conditions) in &mut guards {
            if !conditions.is_empty() && self.is_used_outside(*number) {
                conditions.iter_mut().for_each(|condition| condition.sure = false);
            }
        }
        guards
    }

    /// Whether a thread is only started where this test is true as well.
    pub(super) fn is_only_under(&self, number: usize, condition: Option<&Condition>) -> bool {
        let Some(condition) = condition else { return false };
        let known = self.guards.get(&number);
        let Some(known) = known.and_then(|known| known.iter().find(|known| known.name == condition.name))
        else {
            return false;
        };
        if !known.sure || !condition.sure {
            *self.leans_on.borrow_mut() = Some(condition.name.clone());
        }
        true
    }
}

//! What an object of an annotated type can be.

use super::types::{Trail, dotted_name, unknown};
use super::{Ancestor, ClassRef, Project, Scope, Type, Types, facts};
use crate::python::ast::{self, Expr};

impl<'f> Project<'f> {
    /// What an object of this annotated type can be.
    pub fn infer_annotation(&self, scope: &Scope<'f>, annotation: &'f Expr) -> Types<'f> {
        self.annotation_in(scope, annotation, &mut Trail::default())
    }

    pub(super) fn annotation_in(
        &self,
        scope: &Scope<'f>,
        annotation: &'f Expr,
        trail: &mut Trail,
    ) -> Types<'f> {
        match annotation {
            Expr::NoneLiteral(_) => vec![Type::None],
            // `x: "A.x"` in `A` would be looked up for ever.
            Expr::StringLiteral(text) => self.once(annotation, trail, |project, trail| {
                project.annotation_text(scope, text.value.to_str(), trail)
            }),
            Expr::BinOp(node) if node.op == ast::Operator::BitOr => {
                let mut types = self.annotation_in(scope, &node.left, trail);
                types.extend(self.annotation_in(scope, &node.right, trail));
                types
            }
            Expr::Subscript(node) => {
                let names = self.infer_in(scope, &node.value, trail);
                let name = names.iter().find_map(|ty| match ty {
                    Type::External(name) => Some(name.rsplit('.').next().unwrap_or(name).to_owned()),
                    _ => None,
                });
                let arguments: Vec<&'f Expr> = match node.slice.as_ref() {
                    Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                    slice => vec![slice],
                };
                match name.as_deref() {
                    Some("Optional") => {
                        let mut types = vec![Type::None];
                        for argument in arguments {
                            types.extend(self.annotation_in(scope, argument, trail));
                        }
                        types
                    }
                    Some("Union") => arguments
                        .into_iter()
                        .flat_map(|argument| self.annotation_in(scope, argument, trail))
                        .collect(),
                    Some("Annotated" | "ClassVar" | "Final" | "Required" | "NotRequired") => {
                        arguments.first().map_or_else(
                            || unknown("an empty annotation"),
                            |argument| self.annotation_in(scope, argument, trail),
                        )
                    }
                    Some("type" | "Type") => arguments
                        .first()
                        .map(|argument| self.infer_in(scope, argument, trail))
                        .unwrap_or_default()
                        .into_iter()
                        .map(|ty| match self.unless_protocol(ty) {
                            // `type[T]` of a type variable is no class of the library.
                            Type::ExternalInstance(_) => {
                                Type::Unknown("a class that a variable stands for".to_owned())
                            }
                            ty => ty,
                        })
                        .collect(),
                    _ => names.into_iter().map(|ty| self.annotated_type(ty)).collect(),
                }
            }
            Expr::Name(_) | Expr::Attribute(_) => {
                let named = self.infer_in(scope, annotation, trail);
                named.into_iter().map(|ty| self.annotated_type(ty)).collect()
            }
            _ => unknown("an annotation that is not followed"),
        }
    }

    /// An annotation in quotes: dotted names, `Optional[…]` and `|`.
    fn annotation_text(&self, scope: &Scope<'f>, text: &str, trail: &mut Trail) -> Types<'f> {
        let text = text.trim();
        if let Some(inner) = text
            .strip_prefix("Optional[")
            .or_else(|| text.strip_prefix("typing.Optional["))
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let mut types = self.annotation_text(scope, inner, trail);
            types.push(Type::None);
            return types;
        }
        if text.contains('|') && !text.contains('[') {
            return text.split('|').flat_map(|part| self.annotation_text(scope, part, trail)).collect();
        }
        if text == "None" {
            return vec![Type::None];
        }
        let name = text.split('[').next().unwrap_or(text).trim_matches(['\'', '"']);
        if name.is_empty() || !name.split('.').all(is_identifier) {
            return unknown("an annotation that is not followed");
        }
        self.dotted_in(scope, name, trail).into_iter().map(|ty| self.annotated_type(ty)).collect()
    }

    fn annotated_type(&self, ty: Type<'f>) -> Type<'f> {
        annotated_type(self.unless_protocol(ty))
    }

    /// Any class that has the methods of a protocol will do for it, whatever else they take.
    fn unless_protocol(&self, ty: Type<'f>) -> Type<'f> {
        match ty {
            Type::Class(class) if self.is_protocol(class) => {
                Type::Unknown(format!("any class can stand for the protocol `{}`", class.name()))
            }
            ty => ty,
        }
    }

    /// Whether a class says that it is a protocol; those that inherit from one are none.
    pub fn is_protocol(&self, class: ClassRef<'f>) -> bool {
        let named = |base: &Expr| {
            let base = if let Expr::Subscript(generic) = base { &generic.value } else { base };
            dotted_name(base).is_some_and(|name| name.rsplit('.').next() == Some("Protocol"))
        };
        let is_it = |base: &Ancestor| {
            matches!(base, Ancestor::External(name)
                if matches!(name.as_str(), "typing.Protocol" | "typing_extensions.Protocol"))
        };
        // The name is looked at first: what all bases mean is not asked of every annotation.
        class.node.arguments.iter().flat_map(|arguments| &arguments.args).any(named)
            && self.bases(class).iter().flatten().any(is_it)
    }
}

/// An object of the type that an annotation names.
fn annotated_type(ty: Type<'_>) -> Type<'_> {
    match ty {
        Type::Class(class) => Type::Instance(class),
        Type::External(name) => {
            let last = name.rsplit('.').next().unwrap_or(&name);
            if matches!(last, "Any" | "TypeVar" | "Self") || name == "builtins.object" {
                Type::Unknown(format!("the annotation `{last}` says nothing"))
            } else {
                Type::ExternalInstance(facts::annotated_builtin(&name).unwrap_or(name))
            }
        }
        Type::None => Type::None,
        // A module-level `T = TypeVar("T")` or an alias whose value is computed.
        Type::ExternalInstance(name) => Type::Unknown(format!("the annotation is a value of `{name}`")),
        Type::Unknown(why) => Type::Unknown(why),
        Type::Module(_) | Type::Namespace(_) | Type::Instance(_) | Type::Function(_) | Type::Method(_, _) => {
            Type::Unknown("the annotation is not a type".to_owned())
        }
    }
}

fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '_')
}

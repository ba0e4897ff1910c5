//! What metavariables stand for in a match.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use ruff_python_ast::comparable::{ComparableExpr, ComparableStmt};
use ruff_python_ast::{ElifElseClause, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

/// Metavariables and what they stand for, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub struct Bindings<'f> {
    entries: Vec<(Arc<str>, Bound<'f>)>,
}

/// What one metavariable stands for.
#[derive(Clone, Debug)]
pub struct Bound<'f> {
    range: TextRange,
    text: Cow<'f, str>,
    node: Node<'f>,
}

#[derive(Clone, Debug)]
pub(super) enum Node<'f> {
    Expression(&'f Expr),
    /// An identifier that is no expression: a function's, a parameter's, an attribute's name.
    Name,
    Expressions(&'f [Expr]),
    Statements(&'f [Stmt]),
    /// The `elif` and `else` after a branch.
    Branches(&'f [ElifElseClause]),
    /// The content of a string.
    Text,
    /// Several nodes that are no list of the tree: operands, arguments, flattened statements.
    Range,
}

impl<'f> Bindings<'f> {
    /// What `name` (with its dollar sign) stands for.
    pub fn get(&self, name: &str) -> Option<&Bound<'f>> {
        self.entries.iter().find(|(known, _)| &**known == name).map(|(_, bound)| bound)
    }

    /// Names and values, in the order in which they were met.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bound<'f>)> {
        self.entries.iter().map(|(name, bound)| (&**name, bound))
    }

    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// These bindings with an identifier bound, as when an argument is followed into the
    /// parameter that receives it.
    #[must_use]
    pub fn with_name(&self, name: &str, identifier: &str, range: TextRange) -> Self {
        let mut bindings = self.clone();
        bindings.entries.retain(|(known, _)| &**known != name);
        bindings
            .push(name.into(), Bound { range, text: Cow::Owned(identifier.to_owned()), node: Node::Name });
        bindings
    }

    /// These bindings with a text of the file bound that need be no code.
    #[must_use]
    pub fn with_text(&self, name: &str, text: &'f str, range: TextRange) -> Self {
        let mut bindings = self.without(name);
        bindings.push(name.into(), Bound { range, text: Cow::Borrowed(text), node: Node::Text });
        bindings
    }

    /// These bindings with an expression bound.
    #[must_use]
    pub fn with_expression(&self, name: &str, expression: &'f Expr, source: &'f str) -> Self {
        let mut bindings = self.clone();
        bindings.entries.retain(|(known, _)| &**known != name);
        let text = Cow::Borrowed(&source[expression.range()]);
        bindings
            .push(name.into(), Bound { range: expression.range(), text, node: Node::Expression(expression) });
        bindings
    }

    /// These bindings without one.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut bindings = self.clone();
        bindings.entries.retain(|(known, _)| &**known != name);
        bindings
    }

    /// These bindings as texts alone, to be compared with code of another file.
    pub(crate) fn as_texts(&self) -> Bindings<'static> {
        let as_text = |(name, bound): &(Arc<str>, Bound<'f>)| {
            let node = match bound.node {
                Node::Expression(Expr::Name(_)) | Node::Name => Node::Name,
                _ => Node::Text,
            };
            (name.clone(), Bound { range: bound.range, text: Cow::Owned(bound.text.to_string()), node })
        };
        Bindings { entries: self.entries.iter().map(as_text).collect() }
    }

    /// Both, when they do not contradict each other; `same` says whether two values agree.
    pub(super) fn merge(&self, other: &Self, same: impl Fn(&Bound<'f>, &Bound<'f>) -> bool) -> Option<Self> {
        let mut merged = self.clone();
        for (name, bound) in &other.entries {
            match self.get(name) {
                Some(known) if same(known, bound) => {}
                Some(_) => return None,
                None => merged.entries.push((name.clone(), bound.clone())),
            }
        }
        Some(merged)
    }

    /// Whether both bind the same names to the same places, by the same name where that is imported.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.entries.len() == other.entries.len()
            && self.entries.iter().all(|(name, bound)| {
                other.get(name).is_some_and(|other| {
                    other.range == bound.range && other.identifier() == bound.identifier()
                })
            })
    }

    pub(super) fn push(&mut self, name: Arc<str>, bound: Bound<'f>) {
        self.entries.push((name, bound));
    }

    pub(super) fn pop(&mut self) {
        self.entries.pop();
    }

    /// A key under which equal solutions of one pattern at one place are found again, in
    /// whatever order their metavariables were met.
    pub(crate) fn key(&self) -> u64 {
        self.entries
            .iter()
            .map(|(name, bound)| {
                let mut hasher = DefaultHasher::new();
                // Two imports may give one place two names.
                (name, bound.range, bound.identifier()).hash(&mut hasher);
                hasher.finish()
            })
            .fold(0, u64::wrapping_add)
    }
}

impl<'f> Bound<'f> {
    pub(super) fn new(range: TextRange, text: impl Into<Cow<'f, str>>, node: Node<'f>) -> Self {
        Self { range, text: text.into(), node }
    }

    /// Where it is. For the content of a string, the string.
    pub fn range(&self) -> TextRange {
        self.range
    }

    /// Its text: code as it is written, the content of a string for `"$X"`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The code itself.
    pub(super) fn node(&self) -> &Node<'f> {
        &self.node
    }

    /// Whether it is the content of a string or some text, rather than code.
    pub(crate) fn is_content(&self) -> bool {
        matches!(self.node, Node::Text)
    }

    /// The identifier, if it is one that is no expression.
    pub(crate) fn identifier(&self) -> Option<&str> {
        matches!(self.node, Node::Name).then_some(&*self.text)
    }

    /// The expression, if it is one.
    pub fn expression(&self) -> Option<&'f Expr> {
        match self.node {
            Node::Expression(expression) => Some(expression),
            Node::Name
            | Node::Expressions(_)
            | Node::Statements(_)
            | Node::Branches(_)
            | Node::Text
            | Node::Range => None,
        }
    }

    /// Whether both are the same code. `constant` says whether two expressions are certainly
    /// worth the same.
    pub(super) fn same(&self, other: &Self, constant: impl Fn(&'f Expr, &'f Expr) -> bool) -> bool {
        match (&self.node, &other.node) {
            (Node::Expression(a), Node::Expression(b)) => {
                (self.text == other.text && std::mem::discriminant(*a) == std::mem::discriminant(*b))
                    || same_expression(a, b)
                    || constant(a, b)
            }
            (Node::Expression(expression), Node::Name | Node::Text) => names(expression, &other.text),
            (Node::Name | Node::Text, Node::Expression(expression)) => names(expression, &self.text),
            (Node::Expressions(a), Node::Expressions(b)) => {
                a.len() == b.len() && a.iter().zip(*b).all(|(a, b)| same_expression(a, b))
            }
            (Node::Statements(a), Node::Statements(b)) => same_statements(a, b),
            (Node::Branches(a), Node::Branches(b)) => {
                a.len() == b.len()
                    && a.iter().zip(*b).all(|(a, b)| {
                        same_statements(&a.body, &b.body)
                            && match (&a.test, &b.test) {
                                (Some(a), Some(b)) => same_expression(a, b),
                                (None, None) => true,
                                (Some(_), None) | (None, Some(_)) => false,
                            }
                    })
            }
            _ => self.text == other.text,
        }
    }
}

fn names(expression: &Expr, name: &str) -> bool {
    match expression {
        Expr::Name(node) => node.id.as_str() == name,
        Expr::Attribute(_) => name.contains('.') && dotted(expression).is_some_and(|path| path == name),
        _ => false,
    }
}

/// `a.b.c` of a path without anything else in it.
fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(node) => Some(node.id.to_string()),
        Expr::Attribute(node) => Some(format!("{}.{}", dotted(&node.value)?, node.attr)),
        _ => None,
    }
}

fn same_expression(a: &Expr, b: &Expr) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
        && ComparableExpr::from(a) == ComparableExpr::from(b)
}

fn same_statements(a: &[Stmt], b: &[Stmt]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| ComparableStmt::from(a) == ComparableStmt::from(b))
}

//! Matching expressions.
//!
//! The matcher looks for all ways in which a pattern can match, because a choice made early
//! (what `...` skips, which argument `$X` is) may only fail later. Each function is given
//! what is to be done next, and calls it once for every way that it finds: with the metavariables
//! bound in the state. It answers `true` when that has answered `true`, which ends the search.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::bindings::{Bindings, Bound, Node};
use super::names::{self, Facts};
use super::tree::*;
use super::value::Constant;
use crate::python::SourceFile;

/// The matcher of one file, at work.
#[derive(Clone)]
pub(super) struct Engine<'f> {
    pub(super) file: &'f SourceFile,
    pub(super) facts: &'f Facts,
    pub(super) settings: Settings,
    /// Set when an attempt was given up, so that not all is known.
    pub(super) gave_up: Option<Arc<AtomicBool>>,
}

/// What a matcher takes to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A variable is the constant that it certainly holds.
    pub constants: bool,
    /// A variable is the expression that it certainly holds.
    pub symbols: bool,
    /// A decorator is an expression like any other.
    pub decorators: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { constants: true, symbols: false, decorators: true }
    }
}

/// What has been decided on the way.
#[derive(Clone, Debug, Default)]
pub(super) struct State<'f> {
    pub(super) bindings: Bindings<'f>,
    /// How many steps were taken: a pattern full of holes may have too many ways to match.
    pub(super) steps: u32,
}

impl State<'_> {
    /// Whether the search was given up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps > STEP_LIMIT
    }
}

/// Steps that one attempt at one place may take.
const STEP_LIMIT: u32 = 1_000_000;

/// What is to be done next.
pub(super) type Next<'n, 'f> = &'n mut dyn FnMut(&mut State<'f>) -> bool;

impl<'f> Engine<'f> {
    pub(super) fn slice(&self, range: TextRange) -> &'f str {
        &self.file.text()[range]
    }

    /// Counts a step. When there were too many the search is over, as if all were found; who
    /// takes that for a match has to ask [`State::is_exhausted`].
    pub(super) fn is_exhausted(&self, state: &mut State<'f>) -> bool {
        state.steps += 1;
        if state.is_exhausted() {
            self.give_up();
        }
        state.is_exhausted()
    }

    pub(super) fn give_up(&self) {
        if let Some(gave_up) = &self.gave_up {
            gave_up.store(true, Ordering::Relaxed);
        }
    }

    /// Binds a metavariable, or compares with what it is bound to.
    pub(super) fn bind(
        &self,
        metavariable: &Metavariable,
        bound: Bound<'f>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if metavariable.anonymous {
            return next(state);
        }
        if let Some(known) = state.bindings.get(&metavariable.name) {
            let is_same = known.same(&bound, |a, b| self.same_constant(a, b))
                && self.is_same_variable(known, &bound)
                || self.are_same_symbol(known, &bound);
            return is_same && next(state);
        }
        state.bindings.push(metavariable.name.clone(), bound);
        if next(state) {
            return true;
        }
        state.bindings.pop();
        false
    }

    /// Whether one is a variable that stands for what the other is.
    pub(super) fn are_same_symbol(&self, one: &Bound<'f>, other: &Bound<'f>) -> bool {
        if !self.settings.symbols {
            return false;
        }
        let symbol = |bound: &Bound<'f>| Some(self.bound_expression(self.symbol(bound.expression()?)?));
        let are_same = |one: &Bound<'f>, other: &Bound<'f>| one.same(other, |a, b| self.same_constant(a, b));
        let (first, second) = (symbol(one), symbol(other));
        first.as_ref().is_some_and(|first| {
            are_same(first, other) || second.as_ref().is_some_and(|second| are_same(first, second))
        }) || second.is_some_and(|second| are_same(one, &second))
    }

    /// Whether two names, if they are variables, belong to the same function: `x` is another
    /// variable in another one.
    fn is_same_variable(&self, one: &Bound<'f>, other: &Bound<'f>) -> bool {
        let name = one.text();
        if name != other.text() || matches!(name, "self" | "cls") {
            return true;
        }
        let owner = |bound: &Bound<'f>| {
            let values = self.facts.values(self.file.module());
            match bound.node() {
                Node::Expression(Expr::Name(_)) => Some(values.owner(name, bound.range().start())),
                Node::Name => values.owner_of_parameter(bound.range().start()).map(Some),
                _ => None,
            }
        };
        match (owner(one), owner(other)) {
            (Some(one), Some(other)) => one == other,
            // Not both are variables.
            (None, _) | (_, None) => true,
        }
    }

    pub(super) fn bind_expression(
        &self,
        metavariable: &Metavariable,
        expression: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        self.bind(metavariable, self.bound_expression(expression), state, next)
    }

    pub(super) fn bound_expression(&self, expression: &'f Expr) -> Bound<'f> {
        let range = expression.range();
        Bound::new(range, self.slice(range), Node::Expression(expression))
    }

    fn same_constant(&self, a: &'f Expr, b: &'f Expr) -> bool {
        match (self.constant(a), self.constant(b)) {
            (Some(a), Some(b)) => a.same(&b),
            _ => false,
        }
    }

    /// What an expression is worth, if that is certain.
    pub(super) fn constant(&self, expression: &'f Expr) -> Option<Constant> {
        super::constants::fold(expression, &|name| {
            let values = self.settings.constants.then(|| self.facts.values(self.file.module()))?;
            values.constant(name).cloned()
        })
    }

    /// The expression that a variable certainly stands for.
    pub(super) fn symbol(&self, target: &'f Expr) -> Option<&'f Expr> {
        match target {
            Expr::Name(name) if self.settings.symbols => {
                let module = self.file.module();
                let range = self.facts.values(module).symbol(name)?;
                super::find::expression_at(module, range).filter(|expression| is_symbolic(expression))
            }
            _ => None,
        }
    }

    pub(super) fn optional(
        &self,
        pattern: Option<&Expression>,
        target: Option<&'f Expr>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match (pattern, target) {
            (None, None) => next(state),
            (Some(Expression::Ellipsis), _) => next(state),
            (Some(pattern), Some(target)) => self.expression(pattern, target, state, next),
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// What the pattern leaves out may be there; what it names must be, were it `...`.
    pub(super) fn required(
        &self,
        pattern: Option<&Expression>,
        target: Option<&'f Expr>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match (pattern, target) {
            (None, _) => next(state),
            (Some(pattern), Some(target)) => self.expression(pattern, target, state, next),
            (Some(_), None) => false,
        }
    }

    /// An identifier that is no expression.
    pub(super) fn name(
        &self,
        pattern: &Name,
        target: &'f ast::Identifier,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match pattern {
            Name::Exact(name) => **name == *target.as_str() && next(state),
            Name::Ellipsis => next(state),
            Name::Metavariable(metavariable) => {
                let bound = Bound::new(target.range(), target.as_str(), Node::Name);
                self.bind(metavariable, bound, state, next)
            }
        }
    }

    /// Whether `pattern` can match `target` at all: looks at the two topmost nodes alone.
    pub(super) fn may_match(&self, pattern: &Expression, target: &'f Expr) -> bool {
        self.symbol(target).is_some() || self.may_match_as_written(pattern, target)
    }

    /// The same of code that is no name for something else.
    pub(super) fn may_match_as_written(&self, pattern: &Expression, target: &'f Expr) -> bool {
        match pattern {
            Expression::Call { function, .. } => match target {
                Expr::Call(call) => match (&**function, &*call.func) {
                    (Expression::Attribute { name: Name::Exact(name), .. }, Expr::Attribute(attribute)) => {
                        **name == *attribute.attr.as_str()
                            || names::first_name(&call.func)
                                .is_some_and(|first| !self.imported(first).is_empty())
                    }
                    _ => true,
                },
                _ => false,
            },
            Expression::Subscript { .. } => target.is_subscript_expr(),
            Expression::Binary { .. } => target.is_bin_op_expr(),
            Expression::Compare { .. } => target.is_compare_expr(),
            Expression::Lambda { .. } => target.is_lambda_expr(),
            _ => true,
        }
    }

    pub(super) fn expression(
        &self,
        pattern: &Expression,
        target: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        if let Some(symbol) = self.symbol(target)
            && !matches!(pattern, Expression::Ellipsis | Expression::Metavariable(_) | Expression::Rest(_))
            && self.expression(pattern, symbol, state, next)
        {
            return true;
        }
        match pattern {
            Expression::Ellipsis => next(state),
            Expression::Metavariable(metavariable) | Expression::Rest(metavariable) => {
                self.bind_expression(metavariable, target, state, next)
            }
            Expression::Typed { name, annotation } => {
                self.has_type(target, annotation) && self.bind_expression(name, target, state, next)
            }
            Expression::Deep(inner) => self.deep(inner, target, state, next),
            Expression::Name(name) => match target {
                Expr::Name(node) if *node.id.as_str() == **name => next(state),
                Expr::Name(_) | Expr::Attribute(_) => self.reaches(name, target) && next(state),
                _ => false,
            },
            Expression::Attribute { value, name, path } => {
                self.attribute(value, name, path.as_deref(), target, state, next)
            }
            Expression::Call { function, arguments } => match target {
                Expr::Call(node) => self.expression(function, &node.func, state, &mut |state| {
                    self.arguments(arguments, &node.arguments, state, next)
                }),
                _ => false,
            },
            Expression::Subscript { value, slice } => match target {
                // `x[a:b]` are several elements, not the one of which `x[$I]` speaks.
                Expr::Subscript(node) => {
                    !(node.slice.is_slice_expr() && matches!(**slice, Expression::Metavariable(_)))
                        && self.expression(value, &node.value, state, &mut |state| {
                            self.expression(slice, &node.slice, state, next)
                        })
                }
                _ => false,
            },
            Expression::Slice { lower, upper, step } => match target {
                Expr::Slice(node) => {
                    self.optional(lower.as_deref(), node.lower.as_deref(), state, &mut |state| {
                        self.optional(upper.as_deref(), node.upper.as_deref(), state, &mut |state| {
                            self.optional(step.as_deref(), node.step.as_deref(), state, next)
                        })
                    })
                }
                _ => false,
            },
            Expression::String(pattern) => self.string(pattern, target, state, next),
            Expression::AdjacentStrings(patterns) => {
                self.adjacent_strings(patterns, &adjacent_strings(target), state, next)
            }
            Expression::FString(parts) => match target {
                Expr::FString(node) => self.f_string(parts, &f_string_parts(node), state, next),
                _ => false,
            },
            Expression::Constant(constant) => {
                self.constant(target).is_some_and(|value| value.same(constant)) && next(state)
            }
            Expression::List(elements) => match target {
                Expr::List(node) => self.list(elements, &node.elts, state, next),
                Expr::ListComp(_) => matches!(&elements[..], [Expression::Ellipsis]) && next(state),
                _ => false,
            },
            Expression::Tuple(elements) => match target {
                Expr::Tuple(node) => self.list(elements, &node.elts, state, next),
                _ => false,
            },
            Expression::Set(elements) => match target {
                Expr::Set(node) => self.unordered(elements, &node.elts, state, next),
                _ => false,
            },
            Expression::Dict(items) => match target {
                Expr::Dict(node) => self.dict(items, &node.items, state, next),
                _ => false,
            },
            Expression::Braces => {
                matches!(target, Expr::Set(_) | Expr::Dict(_) | Expr::SetComp(_) | Expr::DictComp(_))
                    && next(state)
            }
            Expression::Unary { operator, operand } => match target {
                Expr::UnaryOp(node) if node.op == *operator => {
                    self.expression(operand, &node.operand, state, next)
                }
                _ => false,
            },
            Expression::Binary { operator, left, right } => match target {
                Expr::BinOp(node) if node.op == *operator => self.binary(left, right, node, state, next),
                _ => false,
            },
            Expression::Chain { operator, operands } => {
                let mut targets = Vec::new();
                flatten(*operator, target, &mut targets);
                match operator {
                    _ if targets.len() < 2 => false,
                    ChainOperator::Bool(_) => self.associative(operands, &targets, state, next),
                    ChainOperator::Bit(_) => {
                        self.commutative(operands, &targets, &mut vec![false; targets.len()], state, next)
                    }
                }
            }
            Expression::Compare { left, operators, comparators } => match target {
                Expr::Compare(node) if *node.ops == operators[..] => {
                    self.expression(left, &node.left, state, &mut |state| {
                        self.list(comparators, &node.comparators, state, next)
                    })
                }
                _ => false,
            },
            Expression::Lambda { parameters, body } => match target {
                Expr::Lambda(node) => {
                    self.parameters(parameters, node.parameters.as_deref(), state, &mut |state| {
                        self.expression(body, &node.body, state, next)
                    })
                }
                _ => false,
            },
            Expression::Conditional { test, body, orelse } => match target {
                Expr::If(node) => self.expression(test, &node.test, state, &mut |state| {
                    self.expression(body, &node.body, state, &mut |state| {
                        self.expression(orelse, &node.orelse, state, next)
                    })
                }),
                _ => false,
            },
            Expression::Comprehension { kind, key, element, generators } => {
                self.comprehension(*kind, key.as_deref(), element, generators, target, state, next)
            }
            Expression::Await(inner) => match target {
                Expr::Await(node) => self.expression(inner, &node.value, state, next),
                _ => false,
            },
            Expression::Yield(value) => match target {
                Expr::Yield(node) => self.optional(value.as_deref(), node.value.as_deref(), state, next),
                _ => false,
            },
            Expression::YieldFrom(inner) => match target {
                Expr::YieldFrom(node) => self.expression(inner, &node.value, state, next),
                _ => false,
            },
            Expression::Named { target: name, value } => match target {
                Expr::Named(node) => self.expression(name, &node.target, state, &mut |state| {
                    self.expression(value, &node.value, state, next)
                }),
                _ => false,
            },
            Expression::Starred(inner) => match target {
                Expr::Starred(node) => self.expression(inner, &node.value, state, next),
                _ => false,
            },
        }
    }

    /// Whether an import makes `target` stand for `path`.
    fn reaches(&self, path: &str, target: &Expr) -> bool {
        let Some(first) = names::first_name(target) else { return false };
        let imported = self.imported(first);
        let wildcards = if imported.is_empty() { self.facts.wildcards() } else { &[] };
        if imported.is_empty() && wildcards.is_empty() {
            return false;
        }
        let Some(parts) = names::parts(target) else { return false };
        let with_prefix = |prefix: &str, parts: &[&str]| {
            let mut rest = path.strip_prefix(prefix);
            for part in parts {
                rest = rest.and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.strip_prefix(part));
            }
            rest == Some("")
        };
        (imported.iter().any(|import| with_prefix(import.path(), &parts[1..]))
            || wildcards.iter().any(|module| with_prefix(module, &parts)))
            && !self.is_own(first)
    }

    /// The imports that may say what a name stands for where it is read.
    fn imported(&self, name: &ast::ExprName) -> Vec<&'f names::Import> {
        self.facts.imported(name, self.file.module())
    }

    /// Whether a name is a function's own, so that imports mean nothing for it.
    fn is_own(&self, name: &ast::ExprName) -> bool {
        self.facts.values(self.file.module()).is_own(name)
    }

    fn attribute(
        &self,
        value: &Expression,
        name: &Name,
        path: Option<&str>,
        target: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if matches!(name, Name::Ellipsis) {
            // `a. ... .b`: any number of attributes, calls and subscripts between.
            let mut target = target;
            loop {
                if self.expression(value, target, state, next) {
                    return true;
                }
                target = match target {
                    Expr::Attribute(node) => &node.value,
                    Expr::Call(node) => &node.func,
                    Expr::Subscript(node) => &node.value,
                    _ => return false,
                };
            }
        }
        if let Expr::Attribute(node) = target
            && self
                .expression(value, &node.value, state, &mut |state| self.name(name, &node.attr, state, next))
        {
            return true;
        }
        if let Some(path) = path {
            // Whatever the import, the last name stays, unless only one is left.
            let may_reach = match target {
                Expr::Attribute(node) => path.ends_with(node.attr.as_str()),
                _ => true,
            };
            return may_reach && self.reaches(path, target) && !written_as(target, path) && next(state);
        }
        // A path with holes in it: what the target's first name is imported from may fill them.
        let Some(first) = names::first_name(target) else { return false };
        let imported = self.imported(first);
        if imported.is_empty() || self.is_own(first) {
            return false;
        }
        let Some(parts) = names::parts(target) else { return false };
        imported.iter().any(|import| {
            let full: Vec<&'f str> = import.path().split('.').chain(parts[1..].iter().copied()).collect();
            self.imported_path(value, name, &full, target.range(), state, next)
        })
    }

    /// `pattern.name` against a path that an import spells out.
    fn imported_path(
        &self,
        value: &Expression,
        name: &Name,
        path: &[&'f str],
        range: TextRange,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((last, rest)) = path.split_last() else { return false };
        if rest.is_empty() {
            return false;
        }
        let mut with_name = |state: &mut State<'f>| match name {
            Name::Exact(name) => **name == **last && next(state),
            Name::Ellipsis => next(state),
            Name::Metavariable(metavariable) => {
                self.bind(metavariable, Bound::new(range, *last, Node::Name), state, next)
            }
        };
        match value {
            Expression::Ellipsis => with_name(state),
            Expression::Metavariable(metavariable) => {
                let bound = Bound::new(range, rest.join("."), Node::Name);
                self.bind(metavariable, bound, state, &mut with_name)
            }
            Expression::Name(first) => rest.len() == 1 && **first == *rest[0] && with_name(state),
            Expression::Attribute { value, name, path: None } => {
                self.imported_path(value, name, rest, range, state, &mut with_name)
            }
            Expression::Attribute { path: Some(path), .. } => {
                rest.iter().copied().eq(path.split('.')) && with_name(state)
            }
            _ => false,
        }
    }

    /// All expressions in `target`, itself first.
    fn deep(
        &self,
        pattern: &Expression,
        target: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let mut found = false;
        super::find::each_expression(target, &mut |inner| {
            found = found || self.expression(pattern, inner, state, next);
            !found
        });
        found
    }

    fn string(
        &self,
        pattern: &StringPattern,
        target: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match target {
            // The common case, without a copy.
            Expr::StringLiteral(node) => {
                self.text(pattern, Some((node.value.to_str(), false)), target.range(), state, next)
            }
            Expr::Dict(_) | Expr::List(_) | Expr::Call(_) | Expr::Tuple(_) | Expr::Lambda(_) => false,
            _ => match self.constant(target) {
                Some(Constant::Text { value, bytes }) => {
                    self.text(pattern, Some((&value, bytes)), target.range(), state, next)
                }
                Some(Constant::SomeText) => self.text(pattern, None, target.range(), state, next),
                _ => false,
            },
        }
    }

    /// Literals one behind the other. `"..."` at the beginning may be several.
    fn adjacent_strings(
        &self,
        pattern: &[StringPattern],
        target: &[(Option<&'f str>, TextRange)],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some(more) = target.len().checked_sub(pattern.len()) else { return false };
        let target = match pattern.first() {
            Some(StringPattern::Any) => &target[more..],
            Some(_) if more > 0 => return false,
            Some(_) | None => target,
        };
        let (Some((first, rest)), Some(((value, range), others))) =
            (pattern.split_first(), target.split_first())
        else {
            return next(state);
        };
        self.text(first, value.map(|value| (value, false)), *range, state, &mut |state| {
            // What is left is as long as what is left of the pattern.
            self.adjacent_strings(rest, others, state, next)
        })
    }

    /// A string constant, perhaps of unknown content.
    pub(super) fn text(
        &self,
        pattern: &StringPattern,
        value: Option<(&str, bool)>,
        range: TextRange,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match (pattern, value) {
            (StringPattern::Any, _) => next(state),
            (StringPattern::Exact { value: wanted, bytes: wanted_bytes }, Some((value, bytes))) => {
                **wanted == *value && *wanted_bytes == bytes && next(state)
            }
            (StringPattern::Regex(regex), Some((value, _))) => {
                matches!(regex.is_match(value), Ok(true)) && next(state)
            }
            (StringPattern::Metavariable(metavariable), Some((value, _))) => {
                self.bind(metavariable, Bound::new(range, value.to_owned(), Node::Text), state, next)
            }
            (StringPattern::Bytes(inner), Some((_, true))) => self.text(inner, value, range, state, next),
            (StringPattern::Bytes(_), _)
            | (
                StringPattern::Exact { .. } | StringPattern::Regex(_) | StringPattern::Metavariable(_),
                None,
            ) => false,
        }
    }

    fn f_string(
        &self,
        pattern: &[FStringPart],
        target: &[FStringElement<'f>],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        self.f_string_from(pattern, target, 0, state, next)
    }

    /// From `offset` of the first piece of `target` on, which is a text if that is not at its beginning.
    fn f_string_from(
        &self,
        pattern: &[FStringPart],
        target: &[FStringElement<'f>],
        offset: usize,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        let Some((first, rest)) = pattern.split_first() else { return target.is_empty() && next(state) };
        match first {
            FStringPart::Ellipsis => {
                if rest.is_empty() {
                    return next(state);
                }
                (0..=target.len()).any(|skipped| {
                    let (from, left) = (if skipped == 0 { offset } else { 0 }, &target[skipped..]);
                    // In a text, only where the text that comes next begins.
                    if let (Some(FStringPart::Text(wanted)), Some(FStringElement::Text(text, _))) =
                        (rest.first(), left.first())
                    {
                        return text[from..]
                            .match_indices(&**wanted)
                            .any(|(at, _)| self.f_string_from(rest, left, from + at, state, next));
                    }
                    from == 0 && self.f_string_from(rest, left, 0, state, next)
                })
            }
            FStringPart::Text(wanted) => {
                let Some((FStringElement::Text(text, _), others)) = target.split_first() else {
                    return false;
                };
                if !text[offset..].starts_with(&**wanted) {
                    return false;
                }
                let end = offset + wanted.len();
                if end == text.len() {
                    self.f_string_from(rest, others, 0, state, next)
                } else {
                    // The rest of the text is something that only `...` stands for.
                    matches!(rest.first(), Some(FStringPart::Ellipsis | FStringPart::Text(_)))
                        && self.f_string_from(rest, target, end, state, next)
                }
            }
            FStringPart::Metavariable(metavariable) => match target.split_first() {
                Some((FStringElement::Text(text, range), others)) => {
                    let bound = Bound::new(*range, text.clone(), Node::Text);
                    self.bind(metavariable, bound, state, &mut |state| {
                        self.f_string_from(rest, others, 0, state, next)
                    })
                }
                _ => false,
            },
            FStringPart::Hole { expression, conversion, format } => match target.split_first() {
                Some((FStringElement::Hole(hole), others)) => {
                    (conversion.is_none() || *conversion == hole.conversion)
                        && self.expression(expression, &hole.expression, state, &mut |state| {
                            let mut after =
                                |state: &mut State<'f>| self.f_string_from(rest, others, 0, state, next);
                            match (format, &hole.format_spec) {
                                (None, _) => after(state),
                                (Some(format), Some(target)) => {
                                    let mut elements = Vec::new();
                                    f_string_elements(&target.elements, &mut elements);
                                    self.f_string(format, &elements, state, &mut after)
                                }
                                (Some(_), None) => false,
                            }
                        })
                }
                _ => false,
            },
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a comprehension, and where they go")]
    fn comprehension(
        &self,
        kind: ComprehensionKind,
        key: Option<&Expression>,
        element: &Expression,
        generators: &[Generator],
        target: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let (target_kind, target_key, target_element, target_generators) = match target {
            Expr::ListComp(node) => (ComprehensionKind::List, None, &*node.elt, &node.generators[..]),
            Expr::SetComp(node) => (ComprehensionKind::Set, None, &*node.elt, &node.generators[..]),
            Expr::DictComp(node) => {
                (ComprehensionKind::Dict, node.key.as_deref(), &*node.value, &node.generators[..])
            }
            Expr::Generator(node) => (ComprehensionKind::Generator, None, &*node.elt, &node.generators[..]),
            _ => return false,
        };
        kind == target_kind
            && generators.len() == target_generators.len()
            && self.optional(key, target_key, state, &mut |state| {
                self.expression(element, target_element, state, &mut |state| {
                    self.generators(generators, target_generators, state, next)
                })
            })
    }

    fn generators(
        &self,
        patterns: &[Generator],
        targets: &'f [ast::Comprehension],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let (Some((first, rest)), Some((target, others))) = (patterns.split_first(), targets.split_first())
        else {
            return next(state);
        };
        self.expression(&first.target, &target.target, state, &mut |state| {
            self.expression(&first.iterable, &target.iter, state, &mut |state| {
                // `if ...` is some condition, not none.
                (first.conditions.is_empty() || !target.ifs.is_empty())
                    && self.list(&first.conditions, &target.ifs, state, &mut |state| {
                        self.generators(rest, others, state, next)
                    })
            })
        })
    }

    /// Whether `target` certainly is of a type, as far as this file tells.
    pub(super) fn has_type(&self, target: &'f Expr, annotation: &Expression) -> bool {
        let is = |expression: &'f Expr| {
            let mut state = State::default();
            match (expression, annotation) {
                // An annotation in quotes says the same.
                (
                    Expr::StringLiteral(quoted),
                    Expression::Name(name) | Expression::Attribute { path: Some(name), .. },
                ) => *quoted.value.to_str() == **name,
                _ => {
                    self.expression(annotation, expression, &mut state, &mut |_| true)
                        && !state.is_exhausted()
                }
            }
        };
        if let Expr::Call(call) = target {
            return is(&call.func);
        }
        if let Expr::Name(name) = target {
            let module = self.file.module();
            let values = self.facts.values(module);
            let at = |range| super::find::expression_at(module, range);
            if let Some(declared) = values.annotation(name).and_then(at) {
                return is(declared);
            }
            if let Some(Expr::Call(call)) = values.assigned(name).and_then(at) {
                return is(&call.func);
            }
        }
        let Expression::Name(name) = annotation else { return false };
        if is_truth_value(target) {
            return &**name == "bool";
        }
        match self.constant(target) {
            Some(Constant::Integer(_) | Constant::LargeInteger(_)) => &**name == "int",
            Some(Constant::Float(_)) => &**name == "float",
            Some(Constant::Bool(_)) => &**name == "bool",
            Some(Constant::Text { bytes: true, .. }) => &**name == "bytes",
            // As other languages have it, and rules for several.
            Some(Constant::Text { bytes: false, .. } | Constant::SomeText) => {
                matches!(&**name, "str" | "string")
            }
            Some(Constant::None | Constant::Complex(..) | Constant::SomeNumber) | None => false,
        }
    }
}

/// Whether an expression is made of names, literals, attributes, elements, operators and calls alone:
/// a variable does not stand for a container that was written elsewhere.
fn is_symbolic(expression: &Expr) -> bool {
    let mut is_symbolic = true;
    super::find::each_expression(expression, &mut |inner| {
        is_symbolic &= matches!(
            inner,
            Expr::Name(_)
                | Expr::Attribute(_)
                | Expr::Subscript(_)
                | Expr::Call(_)
                | Expr::BinOp(_)
                | Expr::UnaryOp(_)
                | Expr::BoolOp(_)
                | Expr::Compare(_)
                | Expr::Await(_)
                | Expr::FString(_)
        ) || inner.is_literal_expr();
        is_symbolic
    });
    is_symbolic
}

/// Whether this is `True` or `False` whatever the operands are. Most comparisons give what a method of
/// theirs returns.
fn is_truth_value(target: &Expr) -> bool {
    match target {
        Expr::UnaryOp(node) => node.op == ast::UnaryOp::Not,
        Expr::Compare(node) => node.ops.iter().all(|operator| match operator {
            ast::CmpOp::Is | ast::CmpOp::IsNot | ast::CmpOp::In | ast::CmpOp::NotIn => true,
            ast::CmpOp::Eq
            | ast::CmpOp::NotEq
            | ast::CmpOp::Lt
            | ast::CmpOp::LtE
            | ast::CmpOp::Gt
            | ast::CmpOp::GtE => false,
        }),
        _ => false,
    }
}

/// Whether `target` is the path as it stands.
fn written_as(target: &Expr, path: &str) -> bool {
    names::parts(target).is_some_and(|parts| parts.into_iter().eq(path.split('.')))
}

fn flatten<'f>(operator: ChainOperator, target: &'f Expr, operands: &mut Vec<&'f Expr>) {
    match (operator, target) {
        (ChainOperator::Bool(operator), Expr::BoolOp(node)) if node.op == operator => {
            for value in &node.values {
                flatten(ChainOperator::Bool(operator), value, operands);
            }
        }
        (ChainOperator::Bit(operator), Expr::BinOp(node)) if node.op == operator => {
            flatten(ChainOperator::Bit(operator), &node.left, operands);
            flatten(ChainOperator::Bit(operator), &node.right, operands);
        }
        _ => operands.push(target),
    }
}

/// The literals that an expression is made of, if they are several; no content where it is computed.
fn adjacent_strings(target: &Expr) -> Vec<(Option<&str>, TextRange)> {
    let literals: Vec<_> = match target {
        Expr::StringLiteral(node) => {
            node.value.iter().map(|part| (Some(part.as_str()), part.range())).collect()
        }
        Expr::FString(node) => {
            let parts = node.value.as_slice().iter().map(|part| match part {
                ast::FStringPart::Literal(literal) => (Some(literal.as_str()), literal.range()),
                ast::FStringPart::FString(string) => (None, string.range()),
            });
            parts.collect()
        }
        _ => Vec::new(),
    };
    if literals.len() < 2 { Vec::new() } else { literals }
}

enum FStringElement<'f> {
    Text(Cow<'f, str>, TextRange),
    Hole(&'f ast::InterpolatedElement),
}

fn f_string_parts(node: &ast::ExprFString) -> Vec<FStringElement<'_>> {
    let mut elements = Vec::new();
    for part in node.value.as_slice() {
        match part {
            ast::FStringPart::Literal(literal) => push_text(literal.as_str(), literal.range(), &mut elements),
            ast::FStringPart::FString(string) => f_string_elements(&string.elements, &mut elements),
        }
    }
    elements
}

fn f_string_elements<'f>(elements: &'f ast::InterpolatedStringElements, into: &mut Vec<FStringElement<'f>>) {
    for element in elements {
        match element {
            ast::InterpolatedStringElement::Literal(literal) => {
                push_text(&literal.value, literal.range(), into);
            }
            ast::InterpolatedStringElement::Interpolation(hole) => into.push(FStringElement::Hole(hole)),
        }
    }
}

/// Texts that follow each other are one: `"a" f"b{c}"` is `f"ab{c}"`.
fn push_text<'f>(text: &'f str, range: TextRange, into: &mut Vec<FStringElement<'f>>) {
    match into.last_mut() {
        _ if text.is_empty() => {}
        Some(FStringElement::Text(before, whole)) => {
            before.to_mut().push_str(text);
            *whole = whole.cover(range);
        }
        Some(FStringElement::Hole(_)) | None => {
            into.push(FStringElement::Text(Cow::Borrowed(text), range));
        }
    }
}

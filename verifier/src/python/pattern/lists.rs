//! Matching what comes in lists: elements, operands, arguments, parameters.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::bindings::{Bound, Node};
use super::expression::{Engine, Next, State};
use super::tree::*;

impl<'f> Engine<'f> {
    /// Elements in order, with `...` among them.
    pub(super) fn list(
        &self,
        pattern: &[Expression],
        target: &'f [Expr],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        let Some((first, rest)) = pattern.split_first() else {
            return target.is_empty() && next(state);
        };
        match first {
            Expression::Ellipsis if rest.is_empty() => next(state),
            Expression::Ellipsis => {
                (0..=target.len()).any(|skipped| self.list(rest, &target[skipped..], state, next))
            }
            Expression::Rest(metavariable) => {
                let longest = if rest.is_empty() { target.len() } else { 0 };
                (longest..=target.len()).any(|taken| {
                    let bound = self.bound_list(&target[..taken], target);
                    self.bind(metavariable, bound, state, &mut |state| {
                        self.list(rest, &target[taken..], state, next)
                    })
                })
            }
            _ => match target.split_first() {
                Some((element, others)) => {
                    self.expression(first, element, state, &mut |state| self.list(rest, others, state, next))
                }
                None => false,
            },
        }
    }

    fn bound_list(&self, taken: &'f [Expr], within: &'f [Expr]) -> Bound<'f> {
        let range = match (taken.first(), taken.last()) {
            (Some(first), Some(last)) => first.range().cover(last.range()),
            _ => TextRange::empty(within.first().map_or_else(Default::default, Ranged::start)),
        };
        Bound::new(range, self.slice(range), Node::Expressions(taken))
    }

    /// Elements in any order: what a set holds.
    pub(super) fn unordered(
        &self,
        pattern: &[Expression],
        target: &'f [Expr],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let open =
            pattern.iter().any(|element| matches!(element, Expression::Ellipsis | Expression::Rest(_)));
        let wanted: Vec<&Expression> = pattern
            .iter()
            .filter(|element| !matches!(element, Expression::Ellipsis | Expression::Rest(_)))
            .collect();
        if wanted.len() > target.len() || (!open && wanted.len() != target.len()) {
            return false;
        }
        let targets: Vec<&'f Expr> = target.iter().collect();
        self.injection(&wanted, &targets, &mut vec![false; targets.len()], state, next)
    }

    /// Each pattern matches a target of its own.
    pub(super) fn injection(
        &self,
        patterns: &[&Expression],
        targets: &[&'f Expr],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = patterns.split_first() else { return next(state) };
        for index in 0..targets.len() {
            if used[index] {
                continue;
            }
            used[index] = true;
            if self.expression(first, targets[index], state, &mut |state| {
                self.injection(rest, targets, used, state, next)
            }) {
                return true;
            }
            used[index] = false;
        }
        false
    }

    pub(super) fn dict(
        &self,
        pattern: &[DictItem],
        target: &'f [ast::DictItem],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let open = pattern.iter().any(|item| matches!(item, DictItem::Ellipsis));
        let wanted: Vec<&DictItem> =
            pattern.iter().filter(|item| !matches!(item, DictItem::Ellipsis)).collect();
        if wanted.len() > target.len() || (!open && wanted.len() != target.len()) {
            return false;
        }
        self.dict_items(&wanted, target, &mut vec![false; target.len()], state, next)
    }

    fn dict_items(
        &self,
        patterns: &[&DictItem],
        targets: &'f [ast::DictItem],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = patterns.split_first() else { return next(state) };
        for index in 0..targets.len() {
            if used[index] {
                continue;
            }
            let item = &targets[index];
            used[index] = true;
            let found = match (first, &item.key) {
                (DictItem::Pair { key, value }, Some(target_key)) => {
                    self.expression(key, target_key, state, &mut |state| {
                        self.expression(value, &item.value, state, &mut |state| {
                            self.dict_items(rest, targets, used, state, next)
                        })
                    })
                }
                (DictItem::Unpacked(value), None) => {
                    self.expression(value, &item.value, state, &mut |state| {
                        self.dict_items(rest, targets, used, state, next)
                    })
                }
                (DictItem::Pair { .. }, None)
                | (DictItem::Unpacked(_), Some(_))
                | (DictItem::Ellipsis, _) => false,
            };
            if found {
                return true;
            }
            used[index] = false;
        }
        false
    }

    pub(super) fn binary(
        &self,
        left: &Expression,
        right: &Expression,
        target: &'f ast::ExprBinOp,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.expression(left, &target.left, state, &mut |state| {
            self.expression(right, &target.right, state, next)
        }) {
            return true;
        }
        // `a + ...` is `a + b + c` too, though that is `(a + b) + c`.
        if matches!(right, Expression::Ellipsis) {
            let mut inner = &*target.left;
            while let Expr::BinOp(node) = inner
                && node.op == target.op
            {
                if self.expression(left, &node.left, state, next) {
                    return true;
                }
                inner = &node.left;
            }
        }
        false
    }

    /// `a and b and c`: in order. A metavariable may take several operands.
    pub(super) fn associative(
        &self,
        pattern: &[Expression],
        target: &[&'f Expr],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        let Some((first, rest)) = pattern.split_first() else {
            return target.is_empty() && next(state);
        };
        match first {
            Expression::Ellipsis => {
                (0..=target.len()).any(|skipped| self.associative(rest, &target[skipped..], state, next))
            }
            Expression::Metavariable(metavariable) if target.len() > 1 => {
                let longest = target.len().saturating_sub(rest.len());
                (1..=longest).any(|taken| {
                    let bound = if taken == 1 {
                        self.bound_expression(target[0])
                    } else {
                        let range = target[0].range().cover(target[taken - 1].range());
                        Bound::new(range, self.slice(range), Node::Range)
                    };
                    self.bind(metavariable, bound, state, &mut |state| {
                        self.associative(rest, &target[taken..], state, next)
                    })
                })
            }
            _ => match target.split_first() {
                Some((operand, others)) => self.expression(first, operand, state, &mut |state| {
                    self.associative(rest, others, state, next)
                }),
                None => false,
            },
        }
    }

    /// `a | b`: in any order, and others may be between.
    pub(super) fn commutative(
        &self,
        pattern: &[Expression],
        target: &[&'f Expr],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let wanted: Vec<&Expression> =
            pattern.iter().filter(|operand| !matches!(operand, Expression::Ellipsis)).collect();
        wanted.len() <= target.len() && self.injection(&wanted, target, used, state, next)
    }

    pub(super) fn arguments(
        &self,
        pattern: &Arguments,
        target: &'f ast::Arguments,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if pattern.keywords.len() > target.keywords.len()
            || (!pattern.open && (pattern.keywords.len() != target.keywords.len()))
        {
            return false;
        }
        let with_keywords = |state: &mut State<'f>, next: Next<'_, 'f>| {
            let mut used = vec![false; target.keywords.len()];
            self.keywords(&pattern.keywords, &target.keywords, &mut used, state, next)
        };
        let Some((Expression::Rest(metavariable), before)) = pattern.positional.split_last() else {
            return self
                .list(&pattern.positional, &target.args, state, &mut |state| with_keywords(state, next));
        };
        // At the end `$...ARGS` takes the keyword arguments, too, that the pattern does not name.
        let keywords = pattern.unnamed(&target.keywords);
        (0..=target.args.len()).any(|taken| {
            let (args, rest) = target.args.split_at(taken);
            let bound = self.bound_arguments(rest, &keywords, target);
            self.list(before, args, state, &mut |state| {
                self.bind(metavariable, bound.clone(), state, &mut |state| with_keywords(state, next))
            })
        })
    }

    fn bound_arguments(
        &self,
        positional: &'f [Expr],
        keywords: &[&'f ast::Keyword],
        within: &'f ast::Arguments,
    ) -> Bound<'f> {
        if keywords.is_empty() {
            return self.bound_list(positional, &within.args);
        }
        let mut ranges: Vec<TextRange> =
            positional.iter().map(Ranged::range).chain(keywords.iter().map(|k| k.range())).collect();
        ranges.sort_by_key(|range| range.start());
        let whole = ranges[0].cover(ranges[ranges.len() - 1]);
        if keywords.len() == within.keywords.len() {
            return Bound::new(whole, self.slice(whole), Node::Range);
        }
        // Those that the pattern names may stand between.
        let texts: Vec<&str> = ranges.into_iter().map(|range| self.slice(range)).collect();
        Bound::new(whole, texts.join(", "), Node::Range)
    }

    pub(super) fn keywords(
        &self,
        patterns: &[Keyword],
        targets: &'f [ast::Keyword],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = patterns.split_first() else { return next(state) };
        for index in 0..targets.len() {
            if used[index] {
                continue;
            }
            let target = &targets[index];
            used[index] = true;
            let found = match (first, &target.arg) {
                (Keyword::Named { name, value }, Some(target_name)) => {
                    self.name(name, target_name, state, &mut |state| {
                        self.expression(value, &target.value, state, &mut |state| {
                            self.keywords(rest, targets, used, state, next)
                        })
                    })
                }
                (Keyword::Unpacked(value), None) => {
                    self.expression(value, &target.value, state, &mut |state| {
                        self.keywords(rest, targets, used, state, next)
                    })
                }
                (Keyword::Named { .. }, None) | (Keyword::Unpacked(_), Some(_)) => false,
            };
            if found {
                return true;
            }
            used[index] = false;
        }
        false
    }

    pub(super) fn parameters(
        &self,
        pattern: &[Parameter],
        target: Option<&'f ast::Parameters>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let target: Vec<TargetParameter<'f>> = target.map(target_parameters).unwrap_or_default();
        self.parameter_list(pattern, &target, state, next)
    }

    pub(super) fn type_parameters(
        &self,
        pattern: &[TypeParameter],
        target: Option<&'f ast::TypeParams>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        // As with annotations: a pattern without them does not ask.
        if pattern.is_empty() {
            return next(state);
        }
        let target = target.map_or(&[][..], |target| &target.type_params[..]);
        self.type_parameter_list(pattern, target, state, next)
    }

    fn type_parameter_list(
        &self,
        pattern: &[TypeParameter],
        target: &'f [ast::TypeParam],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        let Some((first, rest)) = pattern.split_first() else {
            return target.is_empty() && next(state);
        };
        if matches!(first.name, Name::Ellipsis) {
            return (0..=target.len())
                .any(|skipped| self.type_parameter_list(rest, &target[skipped..], state, next));
        }
        let Some((parameter, others)) = target.split_first() else { return false };
        let (kind, bound) = match parameter {
            ast::TypeParam::TypeVar(node) => (TypeParameterKind::One, node.bound.as_deref()),
            ast::TypeParam::TypeVarTuple(_) => (TypeParameterKind::Star, None),
            ast::TypeParam::ParamSpec(_) => (TypeParameterKind::DoubleStar, None),
        };
        kind == first.kind
            && self.name(&first.name, parameter.name(), state, &mut |state| {
                self.required(first.bound.as_ref(), bound, state, &mut |state| {
                    self.required(first.default.as_ref(), parameter.default(), state, &mut |state| {
                        self.type_parameter_list(rest, others, state, next)
                    })
                })
            })
    }

    fn parameter_list(
        &self,
        pattern: &[Parameter],
        target: &[TargetParameter<'f>],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        let Some((first, rest)) = pattern.split_first() else {
            return target.is_empty() && next(state);
        };
        match first {
            Parameter::Ellipsis if rest.is_empty() => next(state),
            Parameter::Ellipsis => {
                (0..=target.len()).any(|skipped| self.parameter_list(rest, &target[skipped..], state, next))
            }
            Parameter::Rest(metavariable) => {
                let longest = if rest.is_empty() { target.len() } else { 0 };
                (longest..=target.len()).any(|taken| {
                    let range = match (target[..taken].first(), target[..taken].last()) {
                        (Some(first), Some(last)) => first.range.cover(last.range),
                        _ => TextRange::default(),
                    };
                    let bound = Bound::new(range, self.slice(range), Node::Range);
                    self.bind(metavariable, bound, state, &mut |state| {
                        self.parameter_list(rest, &target[taken..], state, next)
                    })
                })
            }
            Parameter::Plain { kind, name, annotation, default } => {
                let Some((parameter, others)) = target.split_first() else { return false };
                if !kind.takes(parameter.kind) {
                    return false;
                }
                // What the pattern does not say of a parameter, it does not ask: `def f(x)`
                // finds `def f(x: int = 0)`.
                self.name(name, parameter.name, state, &mut |state| {
                    self.required(annotation.as_ref(), parameter.annotation, state, &mut |state| {
                        self.required(default.as_ref(), parameter.default, state, &mut |state| {
                            self.parameter_list(rest, others, state, next)
                        })
                    })
                })
            }
        }
    }
}

impl Arguments {
    /// The keyword arguments that are not named here, as far as the names are known.
    fn unnamed<'f>(&self, keywords: &'f [ast::Keyword]) -> Vec<&'f ast::Keyword> {
        let mut names = Vec::new();
        for keyword in &self.keywords {
            match keyword {
                Keyword::Named { name: Name::Exact(name), .. } => names.push(&**name),
                Keyword::Named { name: Name::Metavariable(_) | Name::Ellipsis, .. }
                | Keyword::Unpacked(_) => {
                    return Vec::new();
                }
            }
        }
        let is_named =
            |keyword: &ast::Keyword| keyword.arg.as_ref().is_some_and(|name| names.contains(&name.as_str()));
        keywords.iter().filter(|keyword| !is_named(keyword)).collect()
    }
}

struct TargetParameter<'f> {
    kind: ParameterKind,
    name: &'f ast::Identifier,
    annotation: Option<&'f Expr>,
    default: Option<&'f Expr>,
    range: TextRange,
}

impl ParameterKind {
    /// What a parameter of a definition, or of a pattern of one, is.
    pub(super) fn of(parameter: ast::AnyParameterRef<'_>, among: &ast::Parameters) -> Self {
        let start = parameter.start();
        if parameter.is_variadic() {
            let star = among.vararg.as_deref().is_some_and(|star| star.start() == start);
            return if star { Self::Star } else { Self::DoubleStar };
        }
        if among.posonlyargs.last().is_some_and(|last| start < last.end()) {
            Self::PositionalOnly
        } else if among.kwonlyargs.first().is_some_and(|first| start >= first.start()) {
            Self::KeywordOnly
        } else {
            Self::Normal
        }
    }

    /// Whether a pattern's parameter of this kind may stand for one of that kind.
    fn takes(self, target: Self) -> bool {
        match self {
            Self::Normal => matches!(target, Self::Normal | Self::PositionalOnly | Self::KeywordOnly),
            Self::PositionalOnly | Self::KeywordOnly | Self::Star | Self::DoubleStar => self == target,
        }
    }
}

fn target_parameters(parameters: &ast::Parameters) -> Vec<TargetParameter<'_>> {
    parameters
        .iter_source_order()
        .map(|any| {
            let parameter = any.as_parameter();
            TargetParameter {
                kind: ParameterKind::of(any, parameters),
                name: &parameter.name,
                annotation: any.annotation(),
                default: any.default(),
                range: any.range(),
            }
        })
        .collect()
}

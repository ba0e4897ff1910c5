//! Matching the cases of Python's own `match` statement.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::bindings::{Bound, Node};
use super::expression::{Engine, Next, State};
use super::statement::Block;
use super::tree::*;
use super::value::Constant;

impl<'f> Engine<'f> {
    pub(super) fn cases(
        &self,
        pattern: &[Case],
        target: &'f [ast::MatchCase],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        (0..target.len()).any(|index| {
            let case = &target[index];
            self.case_pattern(&first.pattern, &case.pattern, state, &mut |state| {
                self.optional(first.guard.as_ref(), case.guard.as_deref(), state, &mut |state| {
                    self.block(&first.body, Block::Body(&case.body), state, &mut |state| {
                        self.cases(rest, &target[index + 1..], state, next)
                    })
                })
            })
        })
    }

    fn case_pattern(
        &self,
        pattern: &CasePattern,
        target: &'f ast::Pattern,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match (pattern, target) {
            (CasePattern::Ellipsis, _) => next(state),
            (CasePattern::Metavariable(metavariable), _) => {
                let bound = match target {
                    ast::Pattern::MatchValue(node) => self.bound_expression(&node.value),
                    ast::Pattern::MatchAs(ast::PatternMatchAs {
                        pattern: None, name: Some(name), ..
                    }) => Bound::new(name.range(), name.as_str(), Node::Name),
                    _ => Bound::new(target.range(), self.slice(target.range()), Node::Range),
                };
                self.bind(metavariable, bound, state, next)
            }
            (CasePattern::Value(value), ast::Pattern::MatchValue(node)) => {
                self.expression(value, &node.value, state, next)
            }
            (CasePattern::Constant(constant), ast::Pattern::MatchSingleton(node)) => {
                let value = match node.value {
                    ast::Singleton::None => Constant::None,
                    ast::Singleton::True => Constant::Bool(true),
                    ast::Singleton::False => Constant::Bool(false),
                };
                constant.same(&value) && next(state)
            }
            (CasePattern::Sequence(patterns), ast::Pattern::MatchSequence(node)) => {
                self.case_list(patterns, &node.patterns, state, next)
            }
            (CasePattern::Or(patterns), ast::Pattern::MatchOr(node)) => {
                self.case_list(patterns, &node.patterns, state, next)
            }
            (CasePattern::Mapping { items, rest }, ast::Pattern::MatchMapping(node)) => {
                items.len() == node.keys.len()
                    && match (rest, &node.rest) {
                        (None, _) => true,
                        (Some(Name::Exact(wanted)), Some(name)) => **wanted == *name.as_str(),
                        (Some(_), rest) => rest.is_some(),
                    }
                    && self.case_items(items, &node.keys, &node.patterns, state, next)
            }
            (CasePattern::Class { class, positional, keywords }, ast::Pattern::MatchClass(node)) => self
                .expression(class, &node.cls, state, &mut |state| {
                    self.case_list(positional, &node.arguments.patterns, state, &mut |state| {
                        self.case_keywords(keywords, &node.arguments.keywords, state, next)
                    })
                }),
            (CasePattern::Star(name), ast::Pattern::MatchStar(node)) => match (name, &node.name) {
                (None, None) => next(state),
                (Some(name), Some(target)) => self.name(name, target, state, next),
                (Some(_), None) | (None, Some(_)) => false,
            },
            (CasePattern::As { pattern, name }, ast::Pattern::MatchAs(node)) => {
                let mut with_name = |state: &mut State<'f>| match (name, &node.name) {
                    (None, None) => next(state),
                    (Some(name), Some(target)) => self.name(name, target, state, next),
                    (Some(_), None) | (None, Some(_)) => false,
                };
                match (pattern, &node.pattern) {
                    (None, None) => with_name(state),
                    (Some(pattern), Some(target)) => {
                        self.case_pattern(pattern, target, state, &mut with_name)
                    }
                    (Some(_), None) | (None, Some(_)) => false,
                }
            }
            _ => false,
        }
    }

    fn case_list(
        &self,
        pattern: &[CasePattern],
        target: &'f [ast::Pattern],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match pattern.split_first() {
            None => target.is_empty() && next(state),
            Some((CasePattern::Ellipsis, rest)) => {
                (0..=target.len()).any(|skipped| self.case_list(rest, &target[skipped..], state, next))
            }
            Some((first, rest)) => match target.split_first() {
                Some((pattern, others)) => self.case_pattern(first, pattern, state, &mut |state| {
                    self.case_list(rest, others, state, next)
                }),
                None => false,
            },
        }
    }

    fn case_items(
        &self,
        items: &[(Expression, CasePattern)],
        keys: &'f [Expr],
        patterns: &'f [ast::Pattern],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some(((key, pattern), rest)) = items.split_first() else { return next(state) };
        self.expression(key, &keys[0], state, &mut |state| {
            self.case_pattern(pattern, &patterns[0], state, &mut |state| {
                self.case_items(rest, &keys[1..], &patterns[1..], state, next)
            })
        })
    }

    fn case_keywords(
        &self,
        keywords: &[(Name, CasePattern)],
        target: &'f [ast::PatternKeyword],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some(((name, pattern), rest)) = keywords.split_first() else { return next(state) };
        target.iter().any(|keyword| {
            self.name(name, &keyword.attr, state, &mut |state| {
                self.case_pattern(pattern, &keyword.pattern, state, &mut |state| {
                    self.case_keywords(rest, target, state, next)
                })
            })
        })
    }
}

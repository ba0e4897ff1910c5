//! Matching statements: one by one, and as lists with `...` between them.

use ruff_python_ast::{self as ast, ElifElseClause, Expr, Identifier, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::bindings::{Bound, Node};
use super::expression::{Engine, Next, State};
use super::imports::target_imports;
use super::tree::*;

/// A statement of the target. An `elif` is one too, as if it were an `if` in an `else`.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'f> {
    Statement(&'f Stmt),
    /// The first has a test.
    Branch(&'f [ElifElseClause]),
}

impl Ranged for View<'_> {
    fn range(&self) -> TextRange {
        match self {
            View::Statement(statement) => statement.range(),
            View::Branch(clauses) => clauses[0].range().cover(clauses[clauses.len() - 1].range()),
        }
    }
}

/// A block of the target: a body, or the `elif` that stands for one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Block<'f> {
    Body(&'f [Stmt]),
    Branch(&'f [ElifElseClause]),
}

impl<'f> Block<'f> {
    pub(super) fn views(self) -> Vec<View<'f>> {
        match self {
            Block::Body(body) => body.iter().map(View::Statement).collect(),
            Block::Branch(clauses) => vec![View::Branch(clauses)],
        }
    }
}

impl<'f> Engine<'f> {
    /// All of a block.
    pub(super) fn block(
        &self,
        pattern: &[Statement],
        target: Block<'f>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match (pattern, target) {
            ([Statement::Ellipsis], _) => next(state),
            ([Statement::Metavariable(metavariable) | Statement::Rest(metavariable)], target) => {
                self.bind(metavariable, self.bound_block(target), state, next)
            }
            _ => {
                let views = target.views();
                // Who writes `...` anywhere in a body does not mean to say all that is in it.
                let all = !has_ellipsis(pattern);
                if self.statements(pattern, &views, all, state, &mut |state, _| next(state)) {
                    return true;
                }
                // `...` goes into nested blocks, where metavariables may stand for something else.
                !all && flattened(&views).is_some_and(|views| {
                    self.statements(pattern, &views, false, state, &mut |state, _| next(state))
                })
            }
        }
    }

    fn bound_block(&self, block: Block<'f>) -> Bound<'f> {
        match block {
            Block::Body([Stmt::Expr(statement)]) => self.bound_expression(&statement.value),
            Block::Body(body) => {
                let range = match (body.first(), body.last()) {
                    (Some(first), Some(last)) => first.range().cover(last.range()),
                    _ => TextRange::default(),
                };
                Bound::new(range, self.slice(range), Node::Statements(body))
            }
            Block::Branch(clauses) => {
                let range = View::Branch(clauses).range();
                Bound::new(range, self.slice(range), Node::Branches(clauses))
            }
        }
    }

    fn bound_view(&self, view: View<'f>) -> Bound<'f> {
        match view {
            View::Statement(statement) => self.bound_block(Block::Body(std::slice::from_ref(statement))),
            View::Branch(clauses) => self.bound_block(Block::Branch(clauses)),
        }
    }

    /// Statements that follow each other, from the first of `target` on. What is done next is
    /// told where the last one ends. `all`: none may be left over.
    pub(super) fn statements(
        &self,
        pattern: &[Statement],
        target: &[View<'f>],
        all: bool,
        state: &mut State<'f>,
        next: &mut dyn FnMut(&mut State<'f>, Option<TextSize>) -> bool,
    ) -> bool {
        self.statements_from(pattern, target, all, None, state, next)
    }

    fn statements_from(
        &self,
        pattern: &[Statement],
        target: &[View<'f>],
        all: bool,
        end: Option<TextSize>,
        state: &mut State<'f>,
        next: &mut dyn FnMut(&mut State<'f>, Option<TextSize>) -> bool,
    ) -> bool {
        if self.is_exhausted(state) {
            return true;
        }
        let Some((first, rest)) = pattern.split_first() else {
            return (target.is_empty() || !all) && next(state, end);
        };
        let furthest = |taken: usize| {
            let last = target[..taken].last().map(|view| view.end());
            end.max(last)
        };
        match first {
            Statement::Ellipsis if rest.is_empty() => next(state, furthest(target.len())),
            Statement::Ellipsis => (0..=target.len()).any(|skipped| {
                self.statements_from(rest, &target[skipped..], all, furthest(skipped), state, next)
            }),
            Statement::Rest(metavariable) => {
                let fewest = if rest.is_empty() { target.len() } else { 0 };
                (fewest..=target.len()).any(|taken| {
                    let range = match (target[..taken].first(), target[..taken].last()) {
                        (Some(first), Some(last)) => first.range().cover(last.range()),
                        _ => TextRange::default(),
                    };
                    let bound = Bound::new(range, self.slice(range), Node::Range);
                    self.bind(metavariable, bound, state, &mut |state| {
                        self.statements_from(rest, &target[taken..], all, furthest(taken), state, next)
                    })
                })
            }
            _ => {
                let Some((view, others)) = target.split_first() else { return false };
                self.statement(first, *view, state, &mut |state| {
                    self.statements_from(rest, others, all, furthest(1), state, next)
                })
            }
        }
    }

    pub(super) fn statement(
        &self,
        pattern: &Statement,
        view: View<'f>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let target = match (pattern, view) {
            (Statement::Ellipsis, _) => return next(state),
            (Statement::Metavariable(metavariable) | Statement::Rest(metavariable), _) => {
                return self.bind(metavariable, self.bound_view(view), state, next);
            }
            (Statement::Expression(expression), _) => {
                return self.expression_in(expression, view, state, next);
            }
            (Statement::If(branches), View::Branch(clauses)) => {
                let (first, others) = clauses.split_first().expect("a branch has a clause");
                let Some(test) = &first.test else { return false };
                return self.branches(branches, test, &first.body, others, state, next);
            }
            (_, View::Branch(_)) => return false,
            (_, View::Statement(target)) => target,
        };
        match (pattern, target) {
            (Statement::Return(value), Stmt::Return(node)) => {
                self.optional(value.as_ref(), node.value.as_deref(), state, next)
            }
            (Statement::Delete(targets), Stmt::Delete(node)) => {
                self.list(targets, &node.targets, state, next)
            }
            (Statement::Assign { targets, value }, Stmt::Assign(node)) => match &targets[..] {
                [wanted] => node
                    .targets
                    .iter()
                    .any(|target| self.assign(wanted, target, value, &node.value, state, next)),
                _ => self.list(targets, &node.targets, state, &mut |state| {
                    self.expression(value, &node.value, state, next)
                }),
            },
            // An annotation changes nothing about what is stored.
            (Statement::Assign { targets, value }, Stmt::AnnAssign(node)) => {
                match (&targets[..], &node.value) {
                    ([wanted], Some(node_value)) => {
                        self.assign(wanted, &node.target, value, node_value, state, next)
                    }
                    _ => false,
                }
            }
            (Statement::AugAssign { target, operator, value }, Stmt::AugAssign(node)) => {
                *operator == node.op && self.assign(target, &node.target, value, &node.value, state, next)
            }
            (Statement::AnnAssign { target, annotation, value }, Stmt::AnnAssign(node)) => {
                self.expression(target, &node.target, state, &mut |state| {
                    self.expression(annotation, &node.annotation, state, &mut |state| {
                        self.required(value.as_ref(), node.value.as_deref(), state, next)
                    })
                })
            }
            (Statement::For { is_async, target, iterable, body, orelse }, Stmt::For(node)) => {
                (!is_async || node.is_async)
                    && self.expression(target, &node.target, state, &mut |state| {
                        self.expression(iterable, &node.iter, state, &mut |state| {
                            self.block(body, Block::Body(&node.body), state, &mut |state| {
                                self.optional_block(orelse, &node.orelse, state, next)
                            })
                        })
                    })
            }
            (Statement::While { test, body, orelse }, Stmt::While(node)) => {
                self.expression(test, &node.test, state, &mut |state| {
                    self.block(body, Block::Body(&node.body), state, &mut |state| {
                        self.optional_block(orelse, &node.orelse, state, next)
                    })
                })
            }
            (Statement::If(branches), Stmt::If(node)) => {
                self.branches(branches, &node.test, &node.body, &node.elif_else_clauses, state, next)
            }
            (Statement::With { is_async, items, body }, Stmt::With(node)) => {
                (!is_async || node.is_async)
                    && self.with_items(items, &node.items, state, &mut |state| {
                        self.block(body, Block::Body(&node.body), state, next)
                    })
            }
            (Statement::Match { subject, cases }, Stmt::Match(node)) => {
                self.expression(subject, &node.subject, state, &mut |state| {
                    self.cases(cases, &node.cases, state, next)
                })
            }
            (Statement::Raise { exception, cause }, Stmt::Raise(node)) => {
                self.optional(exception.as_ref(), node.exc.as_deref(), state, &mut |state| match cause {
                    None => next(state),
                    Some(_) => self.optional(cause.as_ref(), node.cause.as_deref(), state, next),
                })
            }
            (Statement::Try { is_star, body, handlers, orelse, finalbody }, Stmt::Try(node)) => {
                (!is_star || node.is_star)
                    && self.block(body, Block::Body(&node.body), state, &mut |state| {
                        let mut used = vec![false; node.handlers.len()];
                        self.handlers(handlers, &node.handlers, &mut used, state, &mut |state| {
                            self.optional_block(orelse, &node.orelse, state, &mut |state| {
                                self.optional_block(finalbody, &node.finalbody, state, next)
                            })
                        })
                    })
            }
            (Statement::TypeAlias { name, type_parameters, value }, Stmt::TypeAlias(node)) => self
                .expression(name, &node.name, state, &mut |state| {
                    self.type_parameters(type_parameters, node.type_params.as_deref(), state, &mut |state| {
                        self.expression(value, &node.value, state, next)
                    })
                }),
            (Statement::Assert { test, message }, Stmt::Assert(node)) => {
                self.expression(test, &node.test, state, &mut |state| match message {
                    None => next(state),
                    Some(_) => self.optional(message.as_ref(), node.msg.as_deref(), state, next),
                })
            }
            (Statement::Import(imports), Stmt::Import(_) | Stmt::ImportFrom(_)) => {
                self.imports(imports, &target_imports(target), state, next)
            }
            (Statement::Global(names), Stmt::Global(node)) => self.names(names, &node.names, state, next),
            (Statement::Nonlocal(names), Stmt::Nonlocal(node)) => self.names(names, &node.names, state, next),
            (Statement::Pass, Stmt::Pass(_))
            | (Statement::Break, Stmt::Break(_))
            | (Statement::Continue, Stmt::Continue(_)) => next(state),
            (Statement::Function(function), Stmt::FunctionDef(node)) => {
                self.function(function, node, state, next)
            }
            (Statement::Class(class), Stmt::ClassDef(node)) => self.class(class, node, state, next),
            _ => false,
        }
    }

    /// Whether `pattern` can match at all: looks at the kinds of statement alone.
    pub(super) fn statement_may_match(pattern: &Statement, target: &Stmt) -> bool {
        match pattern {
            Statement::Return(_) => target.is_return_stmt(),
            Statement::Delete(_) => target.is_delete_stmt(),
            Statement::Assign { .. } => matches!(target, Stmt::Assign(_) | Stmt::AnnAssign(_)),
            Statement::AugAssign { .. } => target.is_aug_assign_stmt(),
            Statement::AnnAssign { .. } => target.is_ann_assign_stmt(),
            Statement::For { .. } => target.is_for_stmt(),
            Statement::While { .. } => target.is_while_stmt(),
            Statement::If(_) => target.is_if_stmt(),
            Statement::With { .. } => target.is_with_stmt(),
            Statement::Match { .. } => target.is_match_stmt(),
            Statement::Raise { .. } => target.is_raise_stmt(),
            Statement::Try { .. } => target.is_try_stmt(),
            Statement::Assert { .. } => target.is_assert_stmt(),
            Statement::Import(_) => matches!(target, Stmt::Import(_) | Stmt::ImportFrom(_)),
            Statement::Global(_) => target.is_global_stmt(),
            Statement::Nonlocal(_) => target.is_nonlocal_stmt(),
            Statement::Pass => target.is_pass_stmt(),
            Statement::Break => target.is_break_stmt(),
            Statement::Continue => target.is_continue_stmt(),
            Statement::Function(_) => target.is_function_def_stmt(),
            Statement::Class(_) => target.is_class_def_stmt(),
            Statement::TypeAlias { .. } => target.is_type_alias_stmt(),
            Statement::Ellipsis
            | Statement::Rest(_)
            | Statement::Metavariable(_)
            | Statement::Expression(_) => true,
        }
    }

    fn assign(
        &self,
        target: &Expression,
        node_target: &'f Expr,
        value: &Expression,
        node_value: &'f Expr,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.expression(target, node_target, state, &mut |state| {
            self.expression(value, node_value, state, next)
        }) {
            return true;
        }
        // `a, b = 1, 2` says `a = 1` and `b = 2`. Who asks for any assignment has found it.
        if matches!(target, Expression::Metavariable(_) | Expression::Ellipsis)
            && matches!(value, Expression::Metavariable(_) | Expression::Ellipsis)
        {
            return false;
        }
        let (
            Expr::Tuple(ast::ExprTuple { elts: targets, .. })
            | Expr::List(ast::ExprList { elts: targets, .. }),
            Expr::Tuple(ast::ExprTuple { elts: values, .. }) | Expr::List(ast::ExprList { elts: values, .. }),
        ) = (node_target, node_value)
        else {
            return false;
        };
        targets.len() == values.len()
            && !targets.iter().chain(values).any(Expr::is_starred_expr)
            && targets.iter().zip(values).any(|(node_target, node_value)| {
                self.assign(target, node_target, value, node_value, state, next)
            })
    }

    /// An expression as a statement of a list matches any statement that evaluates it.
    fn expression_in(
        &self,
        pattern: &Expression,
        view: View<'f>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let mut found = false;
        each_expression_of(view, &mut |expression| {
            super::find::each_expression(expression, &mut |inner| {
                found =
                    found || (self.may_match(pattern, inner) && self.expression(pattern, inner, state, next));
                !found
            });
            !found
        });
        found
    }

    fn optional_block(
        &self,
        pattern: &[Statement],
        target: &'f [Stmt],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if pattern.is_empty() {
            return next(state);
        }
        !target.is_empty() && self.block(pattern, Block::Body(target), state, next)
    }

    fn branches(
        &self,
        pattern: &[Branch],
        test: &'f Expr,
        body: &'f [Stmt],
        others: &'f [ElifElseClause],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let (first, rest) = pattern.split_first().expect("an `if` has a branch");
        self.optional(first.test.as_ref(), Some(test), state, &mut |state| {
            self.block(&first.body, Block::Body(body), state, &mut |state| {
                let Some(wanted) = rest.first() else { return next(state) };
                let Some((clause, following)) = others.split_first() else { return false };
                match (&wanted.test, &clause.test) {
                    (Some(_), Some(test)) => self.branches(rest, test, &clause.body, following, state, next),
                    // `else:` with nothing but an `if` in it is an `elif`.
                    (Some(_), None) => match &clause.body[..] {
                        [Stmt::If(node)] => {
                            self.branches(rest, &node.test, &node.body, &node.elif_else_clauses, state, next)
                        }
                        _ => false,
                    },
                    (None, Some(_)) => self.block(&wanted.body, Block::Branch(others), state, next),
                    (None, None) => self.block(&wanted.body, Block::Body(&clause.body), state, next),
                }
            })
        })
    }

    /// `with a, b:` is `with a:` around `with b:`, so others may stand between.
    fn with_items(
        &self,
        pattern: &[WithItem],
        target: &'f [ast::WithItem],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        (0..target.len()).any(|index| {
            let item = &target[index];
            self.expression(&first.context, &item.context_expr, state, &mut |state| {
                let after = &target[index + 1..];
                match &first.target {
                    None => self.with_items(rest, after, state, next),
                    wanted @ Some(_) => {
                        self.optional(wanted.as_ref(), item.optional_vars.as_deref(), state, &mut |state| {
                            self.with_items(rest, after, state, next)
                        })
                    }
                }
            })
        })
    }

    /// Each handler of the pattern is one of the target's; the target may have more.
    fn handlers(
        &self,
        pattern: &[Handler],
        target: &'f [ast::ExceptHandler],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        for index in 0..target.len() {
            if used[index] {
                continue;
            }
            let ast::ExceptHandler::ExceptHandler(handler) = &target[index];
            used[index] = true;
            if self.exception(first.exception.as_ref(), handler.type_.as_deref(), state, &mut |state| {
                let mut with_body = |state: &mut State<'f>| {
                    self.block(&first.body, Block::Body(&handler.body), state, &mut |state| {
                        self.handlers(rest, target, used, state, next)
                    })
                };
                match (&first.name, &handler.name) {
                    (None, _) => with_body(state),
                    (Some(name), Some(target)) => self.name(name, target, state, &mut with_body),
                    (Some(_), None) => false,
                }
            }) {
                return true;
            }
            used[index] = false;
        }
        false
    }

    fn exception(
        &self,
        pattern: Option<&Expression>,
        target: Option<&'f Expr>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if self.optional(pattern, target, state, next) {
            return true;
        }
        match (pattern, target) {
            // `except (A):` and `except A:` are the same.
            (Some(Expression::Tuple(elements)), Some(target)) if !target.is_tuple_expr() => {
                self.list(elements, std::slice::from_ref(target), state, next)
            }
            _ => false,
        }
    }

    fn names(
        &self,
        pattern: &[Name],
        target: &'f [Identifier],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match pattern.split_first() {
            None => next(state),
            Some((Name::Ellipsis, rest)) => self.names(rest, target, state, next),
            Some((first, rest)) => target.iter().any(|name| {
                self.name(first, name, state, &mut |state| self.names(rest, target, state, next))
            }),
        }
    }

    /// Decorators of the pattern are among those of the target, in whatever order.
    fn decorators(
        &self,
        pattern: &[Expression],
        target: &'f [ast::Decorator],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        for index in 0..target.len() {
            if used[index] {
                continue;
            }
            used[index] = true;
            if self.decorator(first, &target[index], state, &mut |state| {
                self.decorators(rest, target, used, state, next)
            }) {
                return true;
            }
            used[index] = false;
        }
        false
    }

    /// `@d` and `@d()` are taken to be the same.
    pub(super) fn decorator(
        &self,
        pattern: &Expression,
        target: &'f ast::Decorator,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        match (pattern, &target.expression) {
            (Expression::Ellipsis, _) => next(state),
            (Expression::Call { function, arguments }, target) if !target.is_call_expr() => {
                let none_needed = arguments.keywords.is_empty()
                    && arguments
                        .positional
                        .iter()
                        .all(|a| matches!(a, Expression::Ellipsis | Expression::Rest(_)));
                none_needed && self.expression(function, target, state, next)
            }
            (Expression::Call { .. }, target) => self.expression(pattern, target, state, next),
            (
                pattern @ (Expression::Metavariable(_) | Expression::Name(_) | Expression::Attribute { .. }),
                target,
            ) => match target {
                Expr::Call(call) => {
                    call.arguments.is_empty() && self.expression(pattern, &call.func, state, next)
                }
                target => self.expression(pattern, target, state, next),
            },
            (pattern, target) => self.expression(pattern, target, state, next),
        }
    }

    fn function(
        &self,
        pattern: &Function,
        target: &'f ast::StmtFunctionDef,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if pattern.is_async && !target.is_async {
            return false;
        }
        let mut used = vec![false; target.decorator_list.len()];
        self.name(&pattern.name, &target.name, state, &mut |state| {
            self.decorators(&pattern.decorators, &target.decorator_list, &mut used, state, &mut |state| {
                let types = target.type_params.as_deref();
                self.type_parameters(&pattern.type_parameters, types, state, &mut |state| {
                    self.parameters(&pattern.parameters, Some(&target.parameters), state, &mut |state| {
                        let returns = target.returns.as_deref();
                        self.required(pattern.returns.as_ref(), returns, state, &mut |state| {
                            self.block(&pattern.body, Block::Body(&target.body), state, next)
                        })
                    })
                })
            })
        })
    }

    fn class(
        &self,
        pattern: &Class,
        target: &'f ast::StmtClassDef,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let mut used = vec![false; target.decorator_list.len()];
        self.name(&pattern.name, &target.name, state, &mut |state| {
            self.decorators(&pattern.decorators, &target.decorator_list, &mut used, state, &mut |state| {
                let types = target.type_params.as_deref();
                self.type_parameters(&pattern.type_parameters, types, state, &mut |state| {
                    self.bases(pattern.arguments.as_ref(), target, state, &mut |state| {
                        let wanted: Vec<&Statement> = pattern
                            .body
                            .iter()
                            .filter(|statement| !matches!(statement, Statement::Ellipsis))
                            .collect();
                        match &wanted[..] {
                            [Statement::Metavariable(metavariable) | Statement::Rest(metavariable)] => {
                                let bound = self.bound_block(Block::Body(&target.body));
                                self.bind(metavariable, bound, state, next)
                            }
                            _ => self.members(
                                &wanted,
                                &target.body,
                                &mut vec![false; target.body.len()],
                                state,
                                next,
                            ),
                        }
                    })
                })
            })
        })
    }

    /// What a class contains has no order, and may be more than is asked for.
    fn members(
        &self,
        pattern: &[&Statement],
        target: &'f [Stmt],
        used: &mut Vec<bool>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        for index in 0..target.len() {
            if used[index] || !Self::statement_may_match(first, &target[index]) {
                continue;
            }
            used[index] = true;
            if self.statement(first, View::Statement(&target[index]), state, &mut |state| {
                self.members(rest, target, used, state, next)
            }) {
                return true;
            }
            used[index] = false;
        }
        false
    }

    /// Bases and keywords that the pattern names are among those of the class.
    fn bases(
        &self,
        pattern: Option<&Arguments>,
        target: &'f ast::StmtClassDef,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some(pattern) = pattern else { return next(state) };
        let wanted: Vec<&Expression> = pattern
            .positional
            .iter()
            .filter(|base| !matches!(base, Expression::Ellipsis | Expression::Rest(_)))
            .collect();
        let bases: Vec<&'f Expr> = target.bases().iter().collect();
        self.injection(&wanted, &bases, &mut vec![false; bases.len()], state, &mut |state| {
            let keywords = target.keywords();
            self.keywords(&pattern.keywords, keywords, &mut vec![false; keywords.len()], state, next)
        })
    }
}

fn has_ellipsis(pattern: &[Statement]) -> bool {
    pattern.iter().any(|statement| matches!(statement, Statement::Ellipsis | Statement::Rest(_)))
}

/// All statements with those in their blocks after them, or `None` when none has a block.
pub(super) fn flattened<'f>(views: &[View<'f>]) -> Option<Vec<View<'f>>> {
    let mut flat = Vec::new();
    for view in views {
        flatten(*view, &mut flat);
    }
    (flat.len() > views.len()).then_some(flat)
}

fn flatten<'f>(view: View<'f>, flat: &mut Vec<View<'f>>) {
    flat.push(view);
    each_block(view, &mut |block| {
        for view in block.views() {
            flatten(view, flat);
        }
    });
}

/// The blocks directly in a statement, those of definitions among them: what stands at the top of a
/// file is mostly used in its functions.
fn each_block<'f>(view: View<'f>, visit: &mut dyn FnMut(Block<'f>)) {
    let branches = |clauses: &'f [ElifElseClause], visit: &mut dyn FnMut(Block<'f>)| match clauses.first() {
        Some(clause) if clause.test.is_some() => visit(Block::Branch(clauses)),
        Some(clause) => visit(Block::Body(&clause.body)),
        None => {}
    };
    match view {
        View::Branch(clauses) => {
            visit(Block::Body(&clauses[0].body));
            branches(&clauses[1..], visit);
        }
        View::Statement(Stmt::If(node)) => {
            visit(Block::Body(&node.body));
            branches(&node.elif_else_clauses, visit);
        }
        View::Statement(Stmt::For(node)) => {
            visit(Block::Body(&node.body));
            visit(Block::Body(&node.orelse));
        }
        View::Statement(Stmt::While(node)) => {
            visit(Block::Body(&node.body));
            visit(Block::Body(&node.orelse));
        }
        View::Statement(Stmt::With(node)) => visit(Block::Body(&node.body)),
        View::Statement(Stmt::FunctionDef(node)) => visit(Block::Body(&node.body)),
        View::Statement(Stmt::ClassDef(node)) => visit(Block::Body(&node.body)),
        View::Statement(Stmt::Match(node)) => {
            for case in &node.cases {
                visit(Block::Body(&case.body));
            }
        }
        View::Statement(Stmt::Try(node)) => {
            visit(Block::Body(&node.body));
            for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                visit(Block::Body(&handler.body));
            }
            visit(Block::Body(&node.orelse));
            visit(Block::Body(&node.finalbody));
        }
        View::Statement(_) => {}
    }
}

/// The expressions directly in a statement, without those of the statements in its blocks,
/// until `visit` has enough.
fn each_expression_of<'f>(view: View<'f>, visit: &mut dyn FnMut(&'f Expr) -> bool) {
    let mut all = |expressions: &mut dyn Iterator<Item = &'f Expr>| {
        for expression in expressions {
            if !visit(expression) {
                return;
            }
        }
    };
    match view {
        View::Branch(clauses) => all(&mut clauses[0].test.iter()),
        View::Statement(statement) => match statement {
            Stmt::Expr(node) => all(&mut std::iter::once(&*node.value)),
            Stmt::Return(node) => all(&mut node.value.as_deref().into_iter()),
            Stmt::Delete(node) => all(&mut node.targets.iter()),
            Stmt::Assign(node) => all(&mut node.targets.iter().chain([&*node.value])),
            Stmt::AugAssign(node) => all(&mut [&*node.target, &node.value].into_iter()),
            Stmt::AnnAssign(node) => all(&mut [&*node.target].into_iter().chain(node.value.as_deref())),
            Stmt::For(node) => all(&mut [&*node.target, &node.iter].into_iter()),
            Stmt::While(node) => all(&mut std::iter::once(&*node.test)),
            Stmt::If(node) => all(&mut std::iter::once(&*node.test)),
            Stmt::With(node) => {
                all(&mut node.items.iter().flat_map(|item| {
                    std::iter::once(&item.context_expr).chain(item.optional_vars.as_deref())
                }));
            }
            Stmt::Match(node) => all(&mut std::iter::once(&*node.subject)),
            Stmt::Raise(node) => all(&mut node.exc.as_deref().into_iter().chain(node.cause.as_deref())),
            Stmt::Assert(node) => all(&mut std::iter::once(&*node.test).chain(node.msg.as_deref())),
            Stmt::TypeAlias(node) => all(&mut std::iter::once(&*node.value)),
            Stmt::Try(_)
            | Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        },
    }
}

//! From the parser's tree of a rewritten pattern to the pattern's own.

use std::cell::RefCell;
use std::sync::Arc;

use fancy_regex::Regex;
use ruff_python_ast::{self as ast, Expr, Operator, Stmt};
use ruff_python_parser::{Mode, ParseErrorType, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::PatternError;
use super::rewrite::{Hole, Rewritten, is_metavariable_name, rewrite};
use super::tree::*;
use super::value::Constant;
use crate::python::depth;

/// Reads a pattern. Positions in errors are those of `source`.
pub(super) fn compile(source: &str) -> Result<Root, PatternError> {
    if source.trim().is_empty() {
        return Err(PatternError::new("the pattern is empty", 0..source.len()));
    }
    let dedented = Dedented::of(source);
    compile_dedented(&dedented.text).map_err(|error| error.map_range(|offset| dedented.offset_before(offset)))
}

fn compile_dedented(source: &str) -> Result<Root, PatternError> {
    let rewritten = rewrite(source)?;
    let parsed = parse_unchecked(&rewritten.text, ParseOptions::from(Mode::Module))
        .try_into_module()
        .expect("module mode gives a module");
    if let Some(error) = parsed.errors().iter().find(|error| !is_about_order(&error.error)) {
        let start = usize::from(error.location.start()).min(source.len());
        let end = usize::from(error.location.end()).clamp(start, source.len());
        let mut message = error.error.to_string();
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let error = PatternError::new(message, start..end);
        return Err(match hint(source) {
            Some(hint) => error.with_hint(hint),
            None => error,
        });
    }
    let unread_deep = RefCell::new(rewritten.deep.clone());
    let module = parsed.into_syntax();
    if let Some(place) = depth::too_deep(&module) {
        depth::drop_deep(module, source.len());
        let place = usize::from(place).min(source.len());
        return Err(PatternError::new("nested too deeply", place..source.len()));
    }
    let compiler = Compiler { source, rewritten: &rewritten, unread_deep };
    if rewritten.lone_decorator {
        if let [Stmt::FunctionDef(function)] = &module.body[..]
            && let [decorator] = &function.decorator_list[..]
        {
            return Ok(Root::Decorator(compiler.expression(&decorator.expression)?));
        }
        return Err(PatternError::new(
            "a decorator stands alone, with more than a decorator",
            0..source.len(),
        ));
    }
    if let [Stmt::Expr(statement)] = &module.body[..] {
        let expression = compiler.expression(&statement.value)?;
        return Ok(match expression {
            Expression::Rest(metavariable) => Root::Statements(vec![Statement::Rest(metavariable)]),
            expression => Root::Expression(expression),
        });
    }
    let statements = compiler.statements(&module.body)?;
    if statements.is_empty() {
        return Err(PatternError::new("the pattern has no code", 0..source.len()));
    }
    Ok(Root::Statements(statements))
}

/// A way out of what is often written and is no Python.
fn hint(source: &str) -> Option<&'static str> {
    let first = source.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    match first {
        Some("except" | "finally") => Some("a clause needs its statement: write `try: ...` above it"),
        Some("else" | "elif") => Some("a clause needs its statement: write `if $X: ...` above it"),
        Some("case") => Some("a clause needs its statement: write `match $X:` above it"),
        _ if source.trim_end().ends_with(':') => {
            Some("a body is missing: write `...` where any body will do")
        }
        _ => None,
    }
}

/// A pattern says less than a program: `f(a=1, ...)` and `def f(a=1, ...)` are fine.
fn is_about_order(error: &ParseErrorType) -> bool {
    matches!(
        error,
        ParseErrorType::NonDefaultParamAfterDefaultParam
            | ParseErrorType::ParamAfterVarKeywordParam
            | ParseErrorType::PositionalAfterKeywordArgument
            | ParseErrorType::PositionalAfterKeywordUnpacking
            | ParseErrorType::InvalidArgumentUnpackingOrder
            | ParseErrorType::VarParameterWithDefault
    )
}

/// A pattern whose lines have lost the indentation that all of them have: patterns stand in
/// TOML and YAML, indented as those like it.
struct Dedented {
    text: String,
    /// For each line, its first offset after and before.
    lines: Vec<(usize, usize)>,
}

impl Dedented {
    fn of(source: &str) -> Self {
        let indentation = source
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
            .min()
            .unwrap_or(0);
        let mut text = String::with_capacity(source.len());
        let mut lines = Vec::new();
        let mut before = 0;
        for line in source.split_inclusive('\n') {
            let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
            let cut = indentation.min(blank);
            lines.push((text.len(), before + cut));
            text.push_str(&line[cut..]);
            before += line.len();
        }
        Self { text, lines }
    }

    fn offset_before(&self, offset: usize) -> usize {
        let line = self.lines.partition_point(|(after, _)| *after <= offset);
        let (after, before) = self.lines[line.saturating_sub(1)];
        before + (offset - after)
    }
}

struct Compiler<'p> {
    source: &'p str,
    rewritten: &'p Rewritten,
    /// Pairs of `<...` and `...>` whose expression has not been met yet.
    unread_deep: RefCell<Vec<(usize, usize)>>,
}

type Compiled<T> = Result<T, PatternError>;

impl Compiler<'_> {
    fn hole(&self, range: TextRange) -> Option<&Hole> {
        self.rewritten.holes.get(&usize::from(range.start()))
    }

    fn refuse<T>(&self, what: &str, node: impl Ranged) -> Compiled<T> {
        Err(PatternError::new(format!("{what} cannot be part of a pattern"), self.range(node)))
    }

    fn range(&self, node: impl Ranged) -> std::ops::Range<usize> {
        let end = usize::from(node.end()).min(self.source.len());
        usize::from(node.start()).min(end)..end
    }

    fn statements(&self, body: &[Stmt]) -> Compiled<Vec<Statement>> {
        body.iter().map(|statement| self.statement(statement)).collect()
    }

    fn statement(&self, statement: &Stmt) -> Compiled<Statement> {
        Ok(match statement {
            Stmt::Expr(node) => match self.expression(&node.value)? {
                Expression::Ellipsis => Statement::Ellipsis,
                Expression::Rest(metavariable) => Statement::Rest(metavariable),
                Expression::Metavariable(metavariable) => Statement::Metavariable(metavariable),
                expression => Statement::Expression(expression),
            },
            Stmt::Return(node) => Statement::Return(self.optional(node.value.as_deref())?),
            Stmt::Delete(node) => Statement::Delete(self.expressions(&node.targets)?),
            Stmt::Assign(node) => Statement::Assign {
                targets: self.expressions(&node.targets)?,
                value: self.expression(&node.value)?,
            },
            Stmt::AugAssign(node) => Statement::AugAssign {
                target: self.expression(&node.target)?,
                operator: node.op,
                value: self.expression(&node.value)?,
            },
            Stmt::AnnAssign(node) => Statement::AnnAssign {
                target: self.expression(&node.target)?,
                annotation: self.expression(&node.annotation)?,
                value: self.optional(node.value.as_deref())?,
            },
            Stmt::For(node) => Statement::For {
                is_async: node.is_async,
                target: self.expression(&node.target)?,
                iterable: self.expression(&node.iter)?,
                body: self.statements(&node.body)?,
                orelse: self.statements(&node.orelse)?,
            },
            Stmt::While(node) => Statement::While {
                test: self.expression(&node.test)?,
                body: self.statements(&node.body)?,
                orelse: self.statements(&node.orelse)?,
            },
            Stmt::If(node) => {
                let mut branches = vec![Branch {
                    test: Some(self.expression(&node.test)?),
                    body: self.statements(&node.body)?,
                }];
                for clause in &node.elif_else_clauses {
                    branches.push(Branch {
                        test: self.optional(clause.test.as_ref())?,
                        body: self.statements(&clause.body)?,
                    });
                }
                Statement::If(branches)
            }
            Stmt::With(node) => Statement::With {
                is_async: node.is_async,
                items: node
                    .items
                    .iter()
                    .map(|item| {
                        Ok(WithItem {
                            context: self.expression(&item.context_expr)?,
                            target: self.optional(item.optional_vars.as_deref())?,
                        })
                    })
                    .collect::<Compiled<_>>()?,
                body: self.statements(&node.body)?,
            },
            Stmt::Match(node) => Statement::Match {
                subject: self.expression(&node.subject)?,
                cases: node
                    .cases
                    .iter()
                    .map(|case| {
                        Ok(Case {
                            pattern: self.case_pattern(&case.pattern)?,
                            guard: self.optional(case.guard.as_deref())?,
                            body: self.statements(&case.body)?,
                        })
                    })
                    .collect::<Compiled<_>>()?,
            },
            Stmt::Raise(node) => Statement::Raise {
                exception: self.optional(node.exc.as_deref())?,
                cause: self.optional(node.cause.as_deref())?,
            },
            Stmt::Try(node) => Statement::Try {
                is_star: node.is_star,
                body: self.statements(&node.body)?,
                handlers: node
                    .handlers
                    .iter()
                    .map(|ast::ExceptHandler::ExceptHandler(handler)| {
                        Ok(Handler {
                            exception: self.optional(handler.type_.as_deref())?,
                            name: handler.name.as_ref().map(|name| self.name(name)).transpose()?,
                            body: self.statements(&handler.body)?,
                        })
                    })
                    .collect::<Compiled<_>>()?,
                orelse: self.statements(&node.orelse)?,
                finalbody: self.statements(&node.finalbody)?,
            },
            Stmt::Assert(node) => Statement::Assert {
                test: self.expression(&node.test)?,
                message: self.optional(node.msg.as_deref())?,
            },
            Stmt::Import(node) => Statement::Import(
                node.names.iter().map(|alias| self.import(None, alias)).collect::<Compiled<_>>()?,
            ),
            Stmt::ImportFrom(node) => Statement::Import(
                node.names.iter().map(|alias| self.import(Some(node), alias)).collect::<Compiled<_>>()?,
            ),
            Stmt::Global(node) => {
                Statement::Global(node.names.iter().map(|name| self.name(name)).collect::<Compiled<_>>()?)
            }
            Stmt::Nonlocal(node) => {
                Statement::Nonlocal(node.names.iter().map(|name| self.name(name)).collect::<Compiled<_>>()?)
            }
            Stmt::Pass(_) => Statement::Pass,
            Stmt::Break(_) => Statement::Break,
            Stmt::Continue(_) => Statement::Continue,
            Stmt::FunctionDef(node) => Statement::Function(Box::new(Function {
                is_async: node.is_async,
                decorators: self.decorators(&node.decorator_list)?,
                name: self.name(&node.name)?,
                type_parameters: self.type_parameters(node.type_params.as_deref())?,
                parameters: self.parameters(&node.parameters)?,
                returns: self.optional(node.returns.as_deref())?,
                body: self.statements(&node.body)?,
            })),
            Stmt::ClassDef(node) => Statement::Class(Box::new(Class {
                decorators: self.decorators(&node.decorator_list)?,
                name: self.name(&node.name)?,
                type_parameters: self.type_parameters(node.type_params.as_deref())?,
                arguments: node
                    .arguments
                    .as_deref()
                    .map(|arguments| self.arguments(arguments))
                    .transpose()?,
                body: self.statements(&node.body)?,
            })),
            Stmt::TypeAlias(node) => Statement::TypeAlias {
                name: self.expression(&node.name)?,
                type_parameters: self.type_parameters(node.type_params.as_deref())?,
                value: self.expression(&node.value)?,
            },
            Stmt::IpyEscapeCommand(node) => return self.refuse("an IPython command", node),
        })
    }

    fn decorators(&self, decorators: &[ast::Decorator]) -> Compiled<Vec<Expression>> {
        decorators.iter().map(|decorator| self.expression(&decorator.expression)).collect()
    }

    fn type_parameters(&self, parameters: Option<&ast::TypeParams>) -> Compiled<Vec<TypeParameter>> {
        let of = |parameter: &ast::TypeParam| {
            let (kind, bound) = match parameter {
                ast::TypeParam::TypeVar(node) => (TypeParameterKind::One, node.bound.as_deref()),
                ast::TypeParam::TypeVarTuple(_) => (TypeParameterKind::Star, None),
                ast::TypeParam::ParamSpec(_) => (TypeParameterKind::DoubleStar, None),
            };
            Ok(TypeParameter {
                kind,
                name: self.name(parameter.name())?,
                bound: self.optional(bound)?,
                default: self.optional(parameter.default())?,
            })
        };
        parameters.into_iter().flat_map(|parameters| parameters.iter()).map(of).collect()
    }

    fn parameters(&self, parameters: &ast::Parameters) -> Compiled<Vec<Parameter>> {
        parameters
            .iter_source_order()
            .map(|any| {
                let parameter = any.as_parameter();
                match self.hole(parameter.name.range()) {
                    Some(Hole::Ellipsis) => return Ok(Parameter::Ellipsis),
                    Some(Hole::Rest { name }) => return Ok(Parameter::Rest(metavariable(name))),
                    Some(Hole::Metavariable { .. }) | None => {}
                }
                Ok(Parameter::Plain {
                    kind: ParameterKind::of(any, parameters),
                    name: self.name(&parameter.name)?,
                    annotation: self.optional(any.annotation())?,
                    default: self.optional(any.default())?,
                })
            })
            .collect()
    }

    fn import(&self, from: Option<&ast::StmtImportFrom>, alias: &ast::Alias) -> Compiled<Import> {
        let mut path = Vec::new();
        if let Some(module) = from.and_then(|from| from.module.as_ref()) {
            self.dotted(module, &mut path);
        }
        let star = from.is_some() && alias.name.as_str() == "*";
        if !star {
            self.dotted(&alias.name, &mut path);
        }
        Ok(Import {
            level: from.map_or(0, |from| from.level),
            path,
            star,
            from: from.is_some(),
            alias: alias.asname.as_ref().map(|name| self.name(name)).transpose()?,
        })
    }

    /// The parts of `a.$B.c`, which the parser keeps as one identifier.
    fn dotted(&self, identifier: &ast::Identifier, path: &mut Vec<Name>) {
        let mut offset = usize::from(identifier.start());
        for part in identifier.as_str().split('.') {
            path.push(match self.rewritten.holes.get(&offset) {
                Some(Hole::Ellipsis) => Name::Ellipsis,
                Some(Hole::Metavariable { name, .. } | Hole::Rest { name }) => {
                    Name::Metavariable(metavariable(name))
                }
                None => Name::Exact(part.into()),
            });
            offset += part.len() + 1;
        }
    }

    fn name(&self, identifier: &ast::Identifier) -> Compiled<Name> {
        Ok(match self.hole(identifier.range()) {
            Some(Hole::Ellipsis) => Name::Ellipsis,
            Some(Hole::Metavariable { name, annotation: None }) => Name::Metavariable(metavariable(name)),
            Some(Hole::Metavariable { annotation: Some(_), .. }) => {
                return self.refuse("a metavariable with a type in place of a name", identifier);
            }
            Some(Hole::Rest { .. }) => {
                return self.refuse("an ellipsis metavariable in place of a name", identifier);
            }
            None => Name::Exact(identifier.as_str().into()),
        })
    }

    fn optional(&self, expression: Option<&Expr>) -> Compiled<Option<Expression>> {
        expression.map(|expression| self.expression(expression)).transpose()
    }

    fn boxed(&self, expression: &Expr) -> Compiled<Box<Expression>> {
        Ok(Box::new(self.expression(expression)?))
    }

    fn optional_boxed(&self, expression: Option<&Expr>) -> Compiled<Option<Box<Expression>>> {
        Ok(self.optional(expression)?.map(Box::new))
    }

    fn expressions(&self, expressions: &[Expr]) -> Compiled<Vec<Expression>> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    /// `<... e ...>` has become parentheses, which the tree does not keep. As an expression is
    /// read before those inside it, the first one found inside a pair is the pair's own.
    fn expression(&self, expression: &Expr) -> Compiled<Expression> {
        let (start, end) = (usize::from(expression.start()), usize::from(expression.end()));
        let own = |(left, right): &(usize, usize)| *left <= start && end <= *right;
        let mut pairs = self.unread_deep.borrow_mut();
        let outermost =
            pairs.iter().enumerate().filter(|(_, pair)| own(pair)).max_by_key(|(_, (l, r))| r - l);
        let Some((index, _)) = outermost else {
            drop(pairs);
            return self.plain_expression(expression);
        };
        pairs.swap_remove(index);
        drop(pairs);
        Ok(Expression::Deep(Box::new(self.expression(expression)?)))
    }

    fn plain_expression(&self, expression: &Expr) -> Compiled<Expression> {
        Ok(match expression {
            Expr::Name(node) => match self.hole(node.range()) {
                Some(Hole::Ellipsis) => Expression::Ellipsis,
                Some(Hole::Rest { name }) => Expression::Rest(metavariable(name)),
                Some(Hole::Metavariable { name, annotation: None }) => {
                    Expression::Metavariable(metavariable(name))
                }
                Some(Hole::Metavariable { name, annotation: Some((offset, text)) }) => {
                    let annotation = match compile_dedented(text.trim()) {
                        Ok(Root::Expression(annotation)) => annotation,
                        Ok(Root::Statements(_) | Root::Decorator(_)) => {
                            return Err(PatternError::new(
                                "a type was expected",
                                *offset..offset + text.len(),
                            ));
                        }
                        Err(error) => {
                            let blank = text.len() - text.trim_start().len();
                            return Err(error.map_range(|at| at + offset + blank));
                        }
                    };
                    Expression::Typed { name: metavariable(name), annotation: Box::new(annotation) }
                }
                None => Expression::Name(node.id.as_str().into()),
            },
            Expr::Attribute(node) => {
                let value = self.boxed(&node.value)?;
                let name = self.name(&node.attr)?;
                let path = match (&*value, &name) {
                    // No module is called so.
                    (Expression::Name(first), _) if matches!(&**first, "self" | "cls") => None,
                    (Expression::Name(first), Name::Exact(last))
                    | (Expression::Attribute { path: Some(first), .. }, Name::Exact(last)) => {
                        Some(format!("{first}.{last}").into())
                    }
                    _ => None,
                };
                Expression::Attribute { value, name, path }
            }
            Expr::Call(node) => Expression::Call {
                function: self.boxed(&node.func)?,
                arguments: self.arguments(&node.arguments)?,
            },
            Expr::Subscript(node) => {
                Expression::Subscript { value: self.boxed(&node.value)?, slice: self.boxed(&node.slice)? }
            }
            Expr::Slice(node) => Expression::Slice {
                lower: self.optional_boxed(node.lower.as_deref())?,
                upper: self.optional_boxed(node.upper.as_deref())?,
                step: self.optional_boxed(node.step.as_deref())?,
            },
            Expr::StringLiteral(node)
                if node.value.is_implicit_concatenated()
                    && node.value.iter().any(|part| part.as_str() == "...") =>
            {
                let part = |part: &ast::StringLiteral| self.string(part.as_str(), false, part.range());
                Expression::AdjacentStrings(node.value.iter().map(part).collect::<Compiled<_>>()?)
            }
            Expr::StringLiteral(node) => {
                Expression::String(self.string(node.value.to_str(), false, node.range())?)
            }
            Expr::BytesLiteral(node) => match Constant::of_literal(expression) {
                Some(Constant::Text { value, .. }) => {
                    Expression::String(match self.string(&value, true, node.range())? {
                        exact @ StringPattern::Exact { .. } => exact,
                        other => StringPattern::Bytes(Box::new(other)),
                    })
                }
                _ => return self.refuse("this literal", node),
            },
            Expr::FString(node) => self.f_string(node)?,
            Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => {
                match Constant::of_literal(expression) {
                    Some(constant) => Expression::Constant(constant),
                    None => return self.refuse("this literal", expression),
                }
            }
            Expr::List(node) => Expression::List(self.expressions(&node.elts)?),
            Expr::Tuple(node) => Expression::Tuple(self.expressions(&node.elts)?),
            Expr::Set(node) => match &self.expressions(&node.elts)?[..] {
                [Expression::Ellipsis] => Expression::Braces,
                elements => Expression::Set(elements.to_vec()),
            },
            Expr::Dict(node) => Expression::Dict(
                node.items
                    .iter()
                    .map(|item| {
                        let value = self.expression(&item.value)?;
                        Ok(match (&item.key, value) {
                            (Some(key), value) => DictItem::Pair { key: self.expression(key)?, value },
                            (None, Expression::Ellipsis) => DictItem::Ellipsis,
                            (None, value) => DictItem::Unpacked(value),
                        })
                    })
                    .collect::<Compiled<_>>()?,
            ),
            Expr::UnaryOp(node) => {
                let operand = self.expression(&node.operand)?;
                match (node.op, operand) {
                    (ast::UnaryOp::USub, Expression::Constant(Constant::Integer(value))) => {
                        Expression::Constant(Constant::Integer(-value))
                    }
                    (ast::UnaryOp::USub, Expression::Constant(Constant::Float(value))) => {
                        Expression::Constant(Constant::Float(-value))
                    }
                    (operator, operand) => Expression::Unary { operator, operand: Box::new(operand) },
                }
            }
            Expr::BinOp(node) => {
                if matches!(node.op, Operator::BitAnd | Operator::BitOr | Operator::BitXor) {
                    let operator = ChainOperator::Bit(node.op);
                    let mut operands = Vec::new();
                    self.operand(operator, &node.left, &mut operands)?;
                    self.operand(operator, &node.right, &mut operands)?;
                    Expression::Chain { operator, operands }
                } else {
                    Expression::Binary {
                        operator: node.op,
                        left: self.boxed(&node.left)?,
                        right: self.boxed(&node.right)?,
                    }
                }
            }
            Expr::BoolOp(node) => {
                let operator = ChainOperator::Bool(node.op);
                let mut operands = Vec::new();
                for value in &node.values {
                    self.operand(operator, value, &mut operands)?;
                }
                Expression::Chain { operator, operands }
            }
            Expr::Compare(node) => Expression::Compare {
                left: self.boxed(&node.left)?,
                operators: node.ops.to_vec(),
                comparators: self.expressions(&node.comparators)?,
            },
            Expr::Lambda(node) => Expression::Lambda {
                parameters: match &node.parameters {
                    Some(parameters) => self.parameters(parameters)?,
                    None => Vec::new(),
                },
                body: self.boxed(&node.body)?,
            },
            Expr::If(node) => Expression::Conditional {
                test: self.boxed(&node.test)?,
                body: self.boxed(&node.body)?,
                orelse: self.boxed(&node.orelse)?,
            },
            Expr::ListComp(node) => {
                self.comprehension(ComprehensionKind::List, None, &node.elt, &node.generators)?
            }
            Expr::SetComp(node) => {
                self.comprehension(ComprehensionKind::Set, None, &node.elt, &node.generators)?
            }
            Expr::DictComp(node) => self.comprehension(
                ComprehensionKind::Dict,
                node.key.as_deref(),
                &node.value,
                &node.generators,
            )?,
            Expr::Generator(node) => {
                self.comprehension(ComprehensionKind::Generator, None, &node.elt, &node.generators)?
            }
            Expr::Await(node) => Expression::Await(self.boxed(&node.value)?),
            Expr::Yield(node) => Expression::Yield(self.optional_boxed(node.value.as_deref())?),
            Expr::YieldFrom(node) => Expression::YieldFrom(self.boxed(&node.value)?),
            Expr::Named(node) => {
                Expression::Named { target: self.boxed(&node.target)?, value: self.boxed(&node.value)? }
            }
            Expr::Starred(node) => Expression::Starred(self.boxed(&node.value)?),
            Expr::TString(node) => return self.refuse("a t-string", node),
            // Every `...` has been rewritten.
            Expr::EllipsisLiteral(_) => Expression::Ellipsis,
            Expr::IpyEscapeCommand(node) => return self.refuse("an IPython command", node),
        })
    }

    /// Adds the operands of nested expressions with the same operator one after another.
    fn operand(
        &self,
        operator: ChainOperator,
        expression: &Expr,
        operands: &mut Vec<Expression>,
    ) -> Compiled<()> {
        match self.expression(expression)? {
            Expression::Chain { operator: inner, operands: nested } if inner == operator => {
                operands.extend(nested)
            }
            operand => operands.push(operand),
        }
        Ok(())
    }

    fn comprehension(
        &self,
        kind: ComprehensionKind,
        key: Option<&Expr>,
        element: &Expr,
        generators: &[ast::Comprehension],
    ) -> Compiled<Expression> {
        Ok(Expression::Comprehension {
            kind,
            key: self.optional_boxed(key)?,
            element: self.boxed(element)?,
            generators: generators
                .iter()
                .map(|generator| {
                    Ok(Generator {
                        target: self.expression(&generator.target)?,
                        iterable: self.expression(&generator.iter)?,
                        conditions: self.expressions(&generator.ifs)?,
                    })
                })
                .collect::<Compiled<_>>()?,
        })
    }

    fn arguments(&self, arguments: &ast::Arguments) -> Compiled<Arguments> {
        let positional = self.expressions(&arguments.args)?;
        let open =
            positional.iter().any(|argument| matches!(argument, Expression::Ellipsis | Expression::Rest(_)));
        let keywords = arguments
            .keywords
            .iter()
            .map(|keyword| {
                let value = self.expression(&keyword.value)?;
                Ok(match &keyword.arg {
                    Some(name) => Keyword::Named { name: self.name(name)?, value },
                    None => Keyword::Unpacked(value),
                })
            })
            .collect::<Compiled<_>>()?;
        Ok(Arguments { positional, keywords, open })
    }

    fn string(&self, value: &str, bytes: bool, range: TextRange) -> Compiled<StringPattern> {
        if value == "..." {
            return Ok(StringPattern::Any);
        }
        if let Some(name) = value.strip_prefix('$')
            && is_metavariable_name(name)
        {
            return Ok(StringPattern::Metavariable(metavariable(value)));
        }
        // The parser has undone backslashes, which regular expressions live on: read the text.
        if let Some(regex) = self.regex(range) {
            return Ok(StringPattern::Regex(Arc::new(regex?)));
        }
        Ok(StringPattern::Exact { value: value.into(), bytes })
    }

    fn regex(&self, range: TextRange) -> Option<Compiled<Regex>> {
        let text = &self.source[self.range(range)];
        let start = text.find("=~/")? + 3;
        let end = text.rfind('/').filter(|end| *end >= start)?;
        let (before, after) = (&text[..start - 3], &text[end + 1..]);
        if !before
            .trim_start_matches(|letter: char| letter.is_ascii_alphabetic())
            .bytes()
            .all(|b| b"'\"".contains(&b))
        {
            return None;
        }
        let flags = after.trim_end_matches(['"', '\'']);
        let mut source = text[start..end].to_owned();
        if flags.contains('i') {
            source.insert_str(0, "(?i)");
        }
        let offset = usize::from(range.start()) + start;
        Some(Regex::new(&source).map_err(|error| {
            let reason = error.to_string();
            let reason =
                reason.lines().last().unwrap_or("it cannot be read").trim_start_matches("error: ").to_owned();
            PatternError::new(format!("not a regular expression: {reason}"), offset..offset + (end - start))
        }))
    }

    fn f_string(&self, node: &ast::ExprFString) -> Compiled<Expression> {
        let mut parts = Vec::new();
        for part in node.value.as_slice() {
            match part {
                ast::FStringPart::Literal(literal) => text_parts(literal.as_str(), &mut parts),
                ast::FStringPart::FString(string) => self.f_string_parts(&string.elements, &mut parts)?,
            }
        }
        Ok(Expression::FString(parts))
    }

    fn f_string_parts(
        &self,
        elements: &ast::InterpolatedStringElements,
        parts: &mut Vec<FStringPart>,
    ) -> Compiled<()> {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => text_parts(&literal.value, parts),
                ast::InterpolatedStringElement::Interpolation(hole) => {
                    let format = match &hole.format_spec {
                        None => None,
                        Some(specification) => {
                            let mut format = Vec::new();
                            self.f_string_parts(&specification.elements, &mut format)?;
                            Some(format)
                        }
                    };
                    parts.push(FStringPart::Hole {
                        expression: self.expression(&hole.expression)?,
                        conversion: hole.conversion,
                        format,
                    });
                }
            }
        }
        Ok(())
    }

    fn case_pattern(&self, pattern: &ast::Pattern) -> Compiled<CasePattern> {
        let many = |patterns: &[ast::Pattern]| -> Compiled<Vec<CasePattern>> {
            patterns.iter().map(|pattern| self.case_pattern(pattern)).collect()
        };
        let optional = |name: Option<&ast::Identifier>| name.map(|name| self.name(name)).transpose();
        Ok(match pattern {
            ast::Pattern::MatchValue(node) => CasePattern::Value(self.expression(&node.value)?),
            ast::Pattern::MatchSingleton(node) => CasePattern::Constant(match node.value {
                ast::Singleton::None => Constant::None,
                ast::Singleton::True => Constant::Bool(true),
                ast::Singleton::False => Constant::Bool(false),
            }),
            ast::Pattern::MatchSequence(node) => CasePattern::Sequence(many(&node.patterns)?),
            ast::Pattern::MatchMapping(node) => CasePattern::Mapping {
                items: node
                    .keys
                    .iter()
                    .zip(&node.patterns)
                    .map(|(key, pattern)| Ok((self.expression(key)?, self.case_pattern(pattern)?)))
                    .collect::<Compiled<_>>()?,
                rest: optional(node.rest.as_ref())?,
            },
            ast::Pattern::MatchClass(node) => CasePattern::Class {
                class: self.expression(&node.cls)?,
                positional: many(&node.arguments.patterns)?,
                keywords: node
                    .arguments
                    .keywords
                    .iter()
                    .map(|keyword| Ok((self.name(&keyword.attr)?, self.case_pattern(&keyword.pattern)?)))
                    .collect::<Compiled<_>>()?,
            },
            ast::Pattern::MatchStar(node) => CasePattern::Star(optional(node.name.as_ref())?),
            ast::Pattern::MatchAs(node) => match (&node.pattern, &node.name) {
                (None, Some(name)) => match self.name(name)? {
                    Name::Ellipsis => CasePattern::Ellipsis,
                    Name::Metavariable(metavariable) => CasePattern::Metavariable(metavariable),
                    name @ Name::Exact(_) => CasePattern::As { pattern: None, name: Some(name) },
                },
                (pattern, name) => CasePattern::As {
                    pattern: pattern
                        .as_ref()
                        .map(|pattern| Ok(Box::new(self.case_pattern(pattern)?)))
                        .transpose()?,
                    name: optional(name.as_ref())?,
                },
            },
            ast::Pattern::MatchOr(node) => CasePattern::Or(many(&node.patterns)?),
        })
    }
}

/// `a...b` is the text `a`, anything, the text `b`.
fn text_parts(text: &str, parts: &mut Vec<FStringPart>) {
    for (index, piece) in text.split("...").enumerate() {
        if index > 0 {
            parts.push(FStringPart::Ellipsis);
        }
        match piece.strip_prefix('$') {
            Some(name) if is_metavariable_name(name) => {
                parts.push(FStringPart::Metavariable(metavariable(piece)));
            }
            _ if piece.is_empty() => {}
            _ => parts.push(FStringPart::Text(piece.into())),
        }
    }
}

fn metavariable(name: &str) -> Metavariable {
    Metavariable { name: name.into(), anonymous: name == "$_" || name == "$..._" }
}

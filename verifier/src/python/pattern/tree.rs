//! The parsed pattern: Python's tree with holes in it.
//!
//! A tree of its own rather than the parser's, because what a hole may stand for depends on
//! where it is, and because deciding that once, when the pattern is read, leaves the matcher
//! with nothing but comparisons.

use std::sync::Arc;

use fancy_regex::Regex;
use ruff_python_ast::{BoolOp, CmpOp, ConversionFlag, Operator, UnaryOp};

use super::value::Constant;

/// What a pattern is made of at its top.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// One expression: found wherever an expression stands.
    Expression(Expression),
    /// Statements: found wherever such statements follow each other.
    Statements(Vec<Statement>),
    /// `@$NAME(...)` with nothing below it: found among decorators.
    Decorator(Expression),
}

/// `$X`. The name includes the dollar sign. Anonymous ones (`$_`) never equal each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Metavariable {
    pub(super) name: Arc<str>,
    pub(super) anonymous: bool,
}

/// A place where Python has an identifier.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Exact(Box<str>),
    Metavariable(Metavariable),
    Ellipsis,
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// `...`
    Ellipsis,
    Metavariable(Metavariable),
    /// `$...ARGS`
    Rest(Metavariable),
    /// `($X: T)`
    Typed {
        name: Metavariable,
        annotation: Box<Expression>,
    },
    /// `<... e ...>`
    Deep(Box<Expression>),
    Name(Box<str>),
    Attribute {
        value: Box<Expression>,
        name: Name,
        /// `a.b.c` when no part of it is a hole: such a path may be reached through imports.
        path: Option<Box<str>>,
    },
    Call {
        function: Box<Expression>,
        arguments: Arguments,
    },
    Subscript {
        value: Box<Expression>,
        slice: Box<Expression>,
    },
    Slice {
        lower: Option<Box<Expression>>,
        upper: Option<Box<Expression>>,
        step: Option<Box<Expression>>,
    },
    /// `"..." "a"`: literals one behind the other, some of any content.
    AdjacentStrings(Vec<StringPattern>),
    String(StringPattern),
    FString(Vec<FStringPart>),
    /// A number, `True`, `False` or `None`.
    Constant(Constant),
    List(Vec<Expression>),
    Tuple(Vec<Expression>),
    Set(Vec<Expression>),
    Dict(Vec<DictItem>),
    /// `{...}`: a dict or a set.
    Braces,
    Unary {
        operator: UnaryOp,
        operand: Box<Expression>,
    },
    Binary {
        operator: Operator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// `a and b and c`, and `a | b | c`: operators that do not care for parentheses.
    Chain {
        operator: ChainOperator,
        operands: Vec<Expression>,
    },
    Compare {
        left: Box<Expression>,
        operators: Vec<CmpOp>,
        comparators: Vec<Expression>,
    },
    Lambda {
        parameters: Vec<Parameter>,
        body: Box<Expression>,
    },
    Conditional {
        test: Box<Expression>,
        body: Box<Expression>,
        orelse: Box<Expression>,
    },
    Comprehension {
        kind: ComprehensionKind,
        key: Option<Box<Expression>>,
        element: Box<Expression>,
        generators: Vec<Generator>,
    },
    Await(Box<Expression>),
    Yield(Option<Box<Expression>>),
    YieldFrom(Box<Expression>),
    Named {
        target: Box<Expression>,
        value: Box<Expression>,
    },
    Starred(Box<Expression>),
}

/// Operators whose operands are matched as one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChainOperator {
    /// `and`, `or`: associative.
    Bool(BoolOp),
    /// `|`, `&`, `^`: associative and commutative.
    Bit(Operator),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Clone, Debug)]
pub(super) struct Generator {
    pub(super) target: Expression,
    pub(super) iterable: Expression,
    pub(super) conditions: Vec<Expression>,
}

/// What a string literal of a pattern stands for.
#[derive(Clone, Debug)]
pub(super) enum StringPattern {
    /// `"..."`
    Any,
    /// `"$X"`
    Metavariable(Metavariable),
    /// `"=~/re/"`
    Regex(Arc<Regex>),
    /// Itself.
    Exact { value: Box<str>, bytes: bool },
    /// One of the others, written `b"..."`: only bytes. Without the `b` they take either.
    Bytes(Box<StringPattern>),
}

/// A piece of an f-string in a pattern.
#[derive(Clone, Debug)]
pub(super) enum FStringPart {
    /// `...` in the text: any pieces.
    Ellipsis,
    Text(Box<str>),
    /// `$X` and nothing else between two holes.
    Metavariable(Metavariable),
    /// `{e}`. A conversion or format that the pattern leaves out may be there.
    Hole {
        expression: Expression,
        conversion: ConversionFlag,
        format: Option<Vec<FStringPart>>,
    },
}

/// A call's arguments: keywords have no order.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    /// Positional arguments, `...` and `$...ARGS` among them.
    pub(super) positional: Vec<Expression>,
    pub(super) keywords: Vec<Keyword>,
    /// There is a `...` or `$...ARGS`, so that unnamed keyword arguments do not disturb.
    pub(super) open: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Keyword {
    Named {
        name: Name,
        value: Expression,
    },
    /// `**e`
    Unpacked(Expression),
}

#[derive(Clone, Debug)]
pub(super) enum DictItem {
    Ellipsis,
    Pair { key: Expression, value: Expression },
    Unpacked(Expression),
}

#[derive(Clone, Debug)]
pub(super) enum Parameter {
    /// `...`
    Ellipsis,
    /// `$...PARAMS`
    Rest(Metavariable),
    Plain {
        kind: ParameterKind,
        name: Name,
        annotation: Option<Expression>,
        default: Option<Expression>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterKind {
    /// In a pattern without `/` and `*`, any that takes one value: `def f(a, b)` is meant to find
    /// them all. In code, by position or by keyword.
    Normal,
    /// Before `/`.
    PositionalOnly,
    /// After `*`.
    KeywordOnly,
    Star,
    DoubleStar,
}

#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// `...`
    Ellipsis,
    /// `$...STATEMENTS`
    Rest(Metavariable),
    /// `$S`
    Metavariable(Metavariable),
    Expression(Expression),
    Return(Option<Expression>),
    Delete(Vec<Expression>),
    Assign {
        targets: Vec<Expression>,
        value: Expression,
    },
    AugAssign {
        target: Expression,
        operator: Operator,
        value: Expression,
    },
    AnnAssign {
        target: Expression,
        annotation: Expression,
        value: Option<Expression>,
    },
    For {
        is_async: bool,
        target: Expression,
        iterable: Expression,
        body: Vec<Statement>,
        orelse: Vec<Statement>,
    },
    While {
        test: Expression,
        body: Vec<Statement>,
        orelse: Vec<Statement>,
    },
    If(Vec<Branch>),
    With {
        is_async: bool,
        items: Vec<WithItem>,
        body: Vec<Statement>,
    },
    Match {
        subject: Expression,
        cases: Vec<Case>,
    },
    Raise {
        exception: Option<Expression>,
        cause: Option<Expression>,
    },
    Try {
        /// `except*`
        is_star: bool,
        body: Vec<Statement>,
        handlers: Vec<Handler>,
        orelse: Vec<Statement>,
        finalbody: Vec<Statement>,
    },
    Assert {
        test: Expression,
        message: Option<Expression>,
    },
    Import(Vec<Import>),
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    Pass,
    Break,
    Continue,
    Function(Box<Function>),
    Class(Box<Class>),
    /// `type X[T] = value`
    TypeAlias {
        name: Expression,
        type_parameters: Vec<TypeParameter>,
        value: Expression,
    },
}

/// `T: bound = default` of `[T: bound = default]`. What the pattern leaves out may be there.
#[derive(Clone, Debug)]
pub(super) struct TypeParameter {
    pub(super) kind: TypeParameterKind,
    pub(super) name: Name,
    pub(super) bound: Option<Expression>,
    pub(super) default: Option<Expression>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeParameterKind {
    One,
    /// `*Ts`
    Star,
    /// `**P`
    DoubleStar,
}

/// `if` and `elif` have a test, `else` has none.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) test: Option<Expression>,
    pub(super) body: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) struct WithItem {
    pub(super) context: Expression,
    pub(super) target: Option<Expression>,
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) pattern: CasePattern,
    pub(super) guard: Option<Expression>,
    pub(super) body: Vec<Statement>,
}

/// A pattern of Python's own `match` statement, as part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum CasePattern {
    Ellipsis,
    Metavariable(Metavariable),
    Value(Expression),
    Constant(Constant),
    Sequence(Vec<CasePattern>),
    Mapping { items: Vec<(Expression, CasePattern)>, rest: Option<Name> },
    Class { class: Expression, positional: Vec<CasePattern>, keywords: Vec<(Name, CasePattern)> },
    Star(Option<Name>),
    As { pattern: Option<Box<CasePattern>>, name: Option<Name> },
    Or(Vec<CasePattern>),
}

#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub(super) exception: Option<Expression>,
    pub(super) name: Option<Name>,
    pub(super) body: Vec<Statement>,
}

/// One imported thing: `import a.b` and `from a import b` both speak of `a.b`.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// Leading dots.
    pub(super) level: u32,
    pub(super) path: Vec<Name>,
    /// `from a import *`
    pub(super) star: bool,
    /// Written with `from`: binds the last part of the path rather than the first.
    pub(super) from: bool,
    pub(super) alias: Option<Name>,
}

#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) is_async: bool,
    pub(super) decorators: Vec<Expression>,
    pub(super) name: Name,
    pub(super) type_parameters: Vec<TypeParameter>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: Option<Expression>,
    pub(super) body: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) decorators: Vec<Expression>,
    pub(super) name: Name,
    pub(super) type_parameters: Vec<TypeParameter>,
    /// `None`: no parentheses, any bases.
    pub(super) arguments: Option<Arguments>,
    pub(super) body: Vec<Statement>,
}

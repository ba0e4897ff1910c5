//! Values that stand in the text: what a literal, or an expression of literals, is worth.

use std::fmt;

use ruff_python_ast::{Expr, Number, Operator, Stmt, UnaryOp};

use crate::python::SourceFile;
use crate::target::RelativePath;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number that is not whole, or is written so.
    Float(f64),
    /// `"…"`.
    Text(String),
    /// `b"…"`.
    Bytes(Vec<u8>),
    /// `...`.
    Ellipsis,
    /// `(a, b)`.
    Tuple(Vec<Value>),
    /// `[a, b]`.
    List(Vec<Value>),
    /// `{a, b}`.
    Set(Vec<Value>),
    /// `{a: b}`.
    Dict(Vec<(Value, Value)>),
}

/// Longer texts and lists are not put together here.
const LONGEST: usize = 64 * 1024;

impl Value {
    /// The value of a text that is a Python literal, or an expression of literals.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        let path = RelativePath::new("value.py").ok()?;
        let source = SourceFile::parse(path, format!("({})", text.trim()));
        match &source.module().body[..] {
            [Stmt::Expr(stmt)] if source.errors().is_empty() => Self::of(&stmt.value, &mut |_| None),
            _ => None,
        }
    }

    /// The value of an expression; `other` is asked of what is no literal.
    pub fn of<'e>(expr: &'e Expr, other: &mut dyn FnMut(&'e Expr) -> Option<Self>) -> Option<Self> {
        Some(match expr {
            Expr::NoneLiteral(_) => Self::None,
            Expr::EllipsisLiteral(_) => Self::Ellipsis,
            Expr::BooleanLiteral(literal) => Self::Bool(literal.value),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => Self::Integer(integer(&int.to_string())?),
                Number::Float(float) => Self::Float(*float),
                Number::Complex { .. } => return None,
            },
            Expr::StringLiteral(literal) => Self::Text(literal.value.to_str().to_owned()),
            Expr::BytesLiteral(literal) => Self::Bytes(literal.value.bytes().collect()),
            Expr::Tuple(tuple) => Self::Tuple(all(&tuple.elts, other)?),
            Expr::List(list) => Self::List(all(&list.elts, other)?),
            Expr::Set(set) => Self::Set(all(&set.elts, other)?),
            Expr::Dict(dict) => {
                let mut items = Vec::new();
                for item in &dict.items {
                    items.push((Self::of(item.key.as_ref()?, other)?, Self::of(&item.value, other)?));
                }
                Self::Dict(items)
            }
            Expr::UnaryOp(node) => {
                let operand = Self::of(&node.operand, other)?;
                match (node.op, operand) {
                    (UnaryOp::USub, Self::Integer(value)) => Self::Integer(value.checked_neg()?),
                    (UnaryOp::USub, Self::Float(value)) => Self::Float(-value),
                    (UnaryOp::UAdd, value @ (Self::Integer(_) | Self::Float(_))) => value,
                    (UnaryOp::Invert, Self::Integer(value)) => Self::Integer(!value),
                    (UnaryOp::Not, value) => Self::Bool(!value.is_true()),
                    _ => return None,
                }
            }
            Expr::BinOp(node) => {
                operate(node.op, Self::of(&node.left, other)?, Self::of(&node.right, other)?)?
            }
            _ => return other(expr),
        })
    }

    /// Whether `if` takes it for true.
    pub fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Integer(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(value) => !value.is_empty(),
            Self::Bytes(value) => !value.is_empty(),
            Self::Ellipsis => true,
            Self::Tuple(values) | Self::List(values) | Self::Set(values) => !values.is_empty(),
            Self::Dict(items) => !items.is_empty(),
        }
    }

    /// The number that it is. `True` is none: whoever speaks of numbers does not mean it.
    pub fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 may be off by one")]
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::None
            | Self::Bool(_)
            | Self::Text(_)
            | Self::Bytes(_)
            | Self::Ellipsis
            | Self::Tuple(_)
            | Self::List(_)
            | Self::Set(_)
            | Self::Dict(_) => None,
        }
    }

    /// Whether they are equal as a reader of a claim would have it: `5` is `5.0`, and `1` is not
    /// `True`.
    pub fn is_same(&self, other: &Self) -> bool {
        let each = |ones: &[Self], others: &[Self]| {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| one.is_same(other))
        };
        match (self, other) {
            (Self::Tuple(ones), Self::Tuple(others)) | (Self::List(ones), Self::List(others)) => {
                each(ones, others)
            }
            // Sets and dictionaries have no order.
            (Self::Set(ones), Self::Set(others)) => {
                let within = |ones: &[Self], others: &[Self]| {
                    ones.iter().all(|one| others.iter().any(|other| one.is_same(other)))
                };
                within(ones, others) && within(others, ones)
            }
            (Self::Dict(ones), Self::Dict(others)) => {
                ones.len() == others.len()
                    && ones.iter().all(|(key, value)| {
                        others.iter().any(|(other, held)| key.is_same(other) && value.is_same(held))
                    })
            }
            (Self::Integer(one), Self::Integer(other)) => one == other,
            _ => match (self.number(), other.number()) {
                #[expect(clippy::float_cmp, reason = "both are written in the text")]
                (Some(one), Some(other)) => one == other,
                _ => self == other,
            },
        }
    }
}

/// Digits as the parser prints them: decimal, or with a base when they are many.
fn integer(digits: &str) -> Option<i128> {
    let digits = digits.replace('_', "").to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return i128::from_str_radix(rest, radix).ok();
        }
    }
    digits.parse().ok()
}

fn all<'e>(elements: &'e [Expr], other: &mut dyn FnMut(&'e Expr) -> Option<Value>) -> Option<Vec<Value>> {
    elements.iter().map(|element| Value::of(element, other)).collect()
}

/// What an operator makes of two values; nothing where Python raises, or the result is too large.
pub fn operate(operator: Operator, left: Value, right: Value) -> Option<Value> {
    use Value::{Float, Integer, List, Text, Tuple};
    Some(match (operator, left, right) {
        (Operator::Add, Text(one), Text(other)) if one.len() + other.len() <= LONGEST => Text(one + &other),
        (Operator::Add, Tuple(one), Tuple(other)) => Tuple([one, other].concat()),
        (Operator::Add, List(one), List(other)) => List([one, other].concat()),
        (operator, Integer(one), Integer(other)) => match operator {
            Operator::Add => Integer(one.checked_add(other)?),
            Operator::Sub => Integer(one.checked_sub(other)?),
            Operator::Mult => Integer(one.checked_mul(other)?),
            Operator::FloorDiv if other != 0 => {
                let rest = one.checked_rem(other)?;
                let down = i128::from(rest != 0 && (rest < 0) != (other < 0));
                Integer(one.checked_div(other)? - down)
            }
            Operator::Mod if other != 0 => {
                let rest = one.checked_rem(other)?;
                Integer(if rest != 0 && (rest < 0) != (other < 0) { rest + other } else { rest })
            }
            Operator::Pow if other >= 0 => Integer(one.checked_pow(u32::try_from(other).ok()?)?),
            Operator::LShift if (0..127).contains(&other) => {
                Integer(one.checked_mul(1i128.checked_shl(u32::try_from(other).ok()?)?)?)
            }
            Operator::RShift if (0..127).contains(&other) => Integer(one >> other),
            Operator::BitOr => Integer(one | other),
            Operator::BitAnd => Integer(one & other),
            Operator::BitXor => Integer(one ^ other),
            Operator::Div | Operator::Pow => floats(operator, Integer(one), Integer(other))?,
            _ => return None,
        },
        (operator, one @ (Integer(_) | Float(_)), other @ (Integer(_) | Float(_))) => {
            floats(operator, one, other)?
        }
        _ => return None,
    })
}

fn floats(operator: Operator, one: Value, other: Value) -> Option<Value> {
    let (one, other) = (one.number()?, other.number()?);
    let result = match operator {
        Operator::Add => one + other,
        Operator::Sub => one - other,
        Operator::Mult => one * other,
        Operator::Div if other != 0.0 => one / other,
        Operator::Pow if one > 0.0 => one.powf(other),
        _ => return None,
    };
    result.is_finite().then_some(Value::Float(result))
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, values: &[Value]| {
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    formatter.write_str(", ")?;
                }
                write!(formatter, "{value}")?;
            }
            Ok(())
        };
        match self {
            Self::None => formatter.write_str("None"),
            Self::Bool(true) => formatter.write_str("True"),
            Self::Bool(false) => formatter.write_str("False"),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Float(value) => write!(formatter, "{value:?}"),
            Self::Text(value) => write!(formatter, "{value:?}"),
            Self::Bytes(value) => write!(formatter, "b{:?}", String::from_utf8_lossy(value)),
            Self::Ellipsis => formatter.write_str("..."),
            Self::Tuple(values) => {
                formatter.write_str("(")?;
                list(formatter, values)?;
                formatter.write_str(if values.len() == 1 { ",)" } else { ")" })
            }
            Self::List(values) => {
                formatter.write_str("[")?;
                list(formatter, values)?;
                formatter.write_str("]")
            }
            Self::Set(values) if values.is_empty() => formatter.write_str("set()"),
            Self::Set(values) => {
                formatter.write_str("{")?;
                list(formatter, values)?;
                formatter.write_str("}")
            }
            Self::Dict(items) => {
                formatter.write_str("{")?;
                for (index, (key, value)) in items.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{key}: {value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

/// What a text begins with that is put together: `"do_" + name`, `f"do_{name}"`.
pub fn literal_start(text: &Expr) -> Option<&str> {
    match text {
        Expr::BinOp(node) => match &*node.left {
            Expr::StringLiteral(start) => Some(start.value.to_str()),
            left => literal_start(left),
        },
        Expr::FString(node) => Some(&node.value.elements().next()?.as_literal()?.value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Value::parse(text).map(|value| value.to_string()).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn expressions_of_literals_have_a_value() {
        for (text, expected) in [
            ("None", "None"),
            ("not 0", "True"),
            ("500 * 1024 * 1024", "524288000"),
            ("-7 // 2", "-4"),
            ("-7 % 3", "2"),
            ("7 % -3", "-2"),
            ("2 ** 10", "1024"),
            ("2 ** -1", "0.5"),
            ("1 << 20", "1048576"),
            ("~5", "-6"),
            ("1 / 4", "0.25"),
            ("5.0", "5.0"),
            ("1e3", "1000.0"),
            ("0x10", "16"),
            ("'a' 'b' + 'c'", "\"abc\""),
            ("b'x'", "b\"x\""),
            ("(1,)", "(1,)"),
            ("[1, 'a']", "[1, \"a\"]"),
            ("{}", "{}"),
            ("{'a': (1, 2)}", "{\"a\": (1, 2)}"),
            ("...", "..."),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn what_is_computed_or_too_large_has_none() {
        for text in [
            "f()",
            "x",
            "1 / 0",
            "1 % 0",
            "'a' * 3",
            "2j",
            "1 +",
            "",
            "2 ** 1000",
            "10 ** 10 ** 10",
            "-(-2 ** 127 - 1)",
        ] {
            assert_eq!(Value::parse(text), None, "{text}");
        }
        assert_eq!(Value::parse(&format!("{}1", "-".repeat(100_000))), None);
    }

    #[test]
    fn values_are_the_same_as_a_reader_means_it() {
        for (one, other, expected) in [
            ("5", "5.0", true),
            ("1", "True", false),
            ("0", "False", false),
            ("0", "None", false),
            ("'5'", "5", false),
            ("{1, 2}", "{2, 1}", true),
            ("{'a': 1, 'b': 2}", "{'b': 2.0, 'a': 1}", true),
            ("[1, 2]", "[2, 1]", false),
            ("[1]", "(1,)", false),
            ("'a'", "b'a'", false),
        ] {
            let value = |text| Value::parse(text).unwrap();
            assert_eq!(value(one).is_same(&value(other)), expected, "{one} {other}");
        }
    }
}

//! Constants: what a literal, or a name that can only stand for one, is worth.

use std::sync::Arc;

use ruff_python_ast::{Expr, Number};

/// A constant of the target or of a pattern.
#[derive(Clone, Debug)]
pub(crate) enum Constant {
    None,
    Bool(bool),
    Integer(i128),
    /// Too large for arithmetic here; compared by its digits.
    LargeInteger(Box<str>),
    Float(f64),
    /// `2j`: real and imaginary part.
    Complex(f64, f64),
    Text {
        value: Arc<str>,
        bytes: bool,
    },
    /// Certainly a string constant, but not known which: `"a"` on one path and `"b"` on another.
    SomeText,
    /// Certainly a number, but not known which.
    SomeNumber,
}

impl Constant {
    /// The value of a literal.
    pub(super) fn of_literal(expression: &Expr) -> Option<Self> {
        Some(match expression {
            Expr::NoneLiteral(_) => Self::None,
            Expr::BooleanLiteral(literal) => Self::Bool(literal.value),
            Expr::NumberLiteral(literal) => Self::of_number(&literal.value),
            Expr::StringLiteral(literal) => Self::text(literal.value.to_str()),
            Expr::BytesLiteral(literal) => {
                // Byte by byte as if Latin-1: equal texts are equal bytes.
                let value: String = literal.value.bytes().map(char::from).collect();
                Self::Text { value: value.into(), bytes: true }
            }
            _ => return None,
        })
    }

    pub(super) fn of_number(number: &Number) -> Self {
        match number {
            Number::Int(int) => match int.as_i64() {
                Some(value) => Self::Integer(i128::from(value)),
                None => {
                    let digits = int.to_string();
                    parse_integer(&digits).map_or_else(|| Self::LargeInteger(digits.into()), Self::Integer)
                }
            },
            Number::Float(value) => Self::Float(*value),
            Number::Complex { real, imag } => Self::Complex(*real, *imag),
        }
    }

    pub(super) fn text(value: &str) -> Self {
        Self::Text { value: value.into(), bytes: false }
    }

    /// Whether it is a string, known or not.
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Text { .. } | Self::SomeText => true,
            Self::None
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::LargeInteger(_)
            | Self::Float(_)
            | Self::Complex(..)
            | Self::SomeNumber => false,
        }
    }

    /// Whether it is a number, known or not.
    pub(super) fn is_number(&self) -> bool {
        match self {
            Self::Integer(_) | Self::LargeInteger(_) | Self::Float(_) | Self::SomeNumber => true,
            Self::None | Self::Bool(_) | Self::Complex(..) | Self::Text { .. } | Self::SomeText => false,
        }
    }

    /// What `str` makes of it, where that is certain.
    pub(super) fn display(&self) -> Option<String> {
        match self {
            Self::None => Some("None".to_owned()),
            Self::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Text { value, bytes: false } => Some(value.to_string()),
            // How Python prints these is its own affair.
            Self::LargeInteger(_)
            | Self::Float(_)
            | Self::Complex(..)
            | Self::Text { bytes: true, .. }
            | Self::SomeText
            | Self::SomeNumber => None,
        }
    }

    /// Whether both are known and the same. What is not known equals nothing, itself neither.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::LargeInteger(a), Self::LargeInteger(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Complex(a, b), Self::Complex(c, d)) => a == c && b == d,
            (Self::Text { value: a, bytes: a_bytes }, Self::Text { value: b, bytes: b_bytes }) => {
                a_bytes == b_bytes && a == b
            }
            _ => false,
        }
    }
}

/// Digits as the parser keeps them for large numbers: decimal, or with a base.
fn parse_integer(digits: &str) -> Option<i128> {
    let digits = digits.replace('_', "").to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return i128::from_str_radix(rest, radix).ok();
        }
    }
    digits.parse().ok()
}

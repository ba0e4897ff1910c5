//! `metavariable-comparison`: a Python expression over metavariables.

use std::cmp::Ordering;

use ruff_python_ast::{BoolOp, CmpOp, Expr, Number, Operator, UnaryOp};
use ruff_python_parser::parse_expression;

use super::Requirement;

/// A comparison that can be evaluated: everything in it is known here.
#[derive(Clone, Debug)]
pub struct Comparison {
    source: String,
    expression: Expr,
    /// The metavariable that `base` and `strip` are about.
    metavariable: Option<String>,
    base: Option<u32>,
    strip: bool,
}

/// What a part of a comparison is worth.
#[derive(Clone, Debug)]
pub(super) enum Worth {
    Integer(i128),
    Float(f64),
    Bool(bool),
    Text(String),
    None,
    List(Vec<Worth>),
    /// Seconds since 1970.
    Moment(i64),
}

/// What is known of the metavariables, which go by their names with the dollar sign.
pub(super) struct Lookup<'l> {
    /// The value of one that has a value.
    pub(super) worth: &'l dyn Fn(&str) -> Option<Worth>,
    /// The code of one.
    pub(super) text: &'l dyn Fn(&str) -> Option<String>,
}

/// `_X` was `$X`.
fn metavariable(expression: &Expr) -> Option<String> {
    Some(format!("${}", expression.as_name_expr()?.id.strip_prefix('_')?))
}

const FUNCTIONS: [&str; 8] = ["int", "str", "float", "len", "abs", "today", "strptime", "re.match"];

impl Comparison {
    /// Reads a comparison. What it cannot evaluate is refused, so that it is not simply false.
    pub(super) fn parse(
        source: &str,
        metavariable: Option<String>,
        base: Option<u32>,
        strip: bool,
    ) -> Result<Self, String> {
        let expression = parse_expression(&source.trim().replace('$', "_"))
            .map_err(|error| format!("not an expression: {}", error.error))?
            .into_expr();
        supported(&expression)?;
        Ok(Self { source: source.trim().to_owned(), expression, metavariable, base, strip })
    }

    /// The text that it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is true. `None`: something in it has no value.
    pub(super) fn is_true(&self, lookup: &Lookup<'_>) -> Option<bool> {
        let worth = |name: &str| {
            let worth = (lookup.worth)(name)?;
            if self.metavariable.as_deref() == Some(name) { self.adapt(worth) } else { Some(worth) }
        };
        let lookup = Lookup { worth: &worth, text: lookup.text };
        evaluate(&self.expression, &lookup).map(|worth| truth(&worth))
    }

    /// `strip` and `base`: the number in a text.
    fn adapt(&self, worth: Worth) -> Option<Worth> {
        match (worth, self.base) {
            (Worth::Text(text), base) if self.strip || base.is_some() => {
                let text = text.trim().trim_matches(['"', '\'']);
                i128::from_str_radix(text, base.unwrap_or(10)).ok().map(Worth::Integer)
            }
            (worth, _) => Some(worth),
        }
    }
}

impl Requirement {
    /// `A and not B`.
    pub(super) fn parse(source: &str) -> Option<Self> {
        fn convert(expression: &Expr) -> Option<Requirement> {
            Some(match expression {
                Expr::Name(name) => Requirement::Label(name.id.to_string()),
                Expr::UnaryOp(node) if node.op == UnaryOp::Not => {
                    Requirement::Not(Box::new(convert(&node.operand)?))
                }
                Expr::BoolOp(node) => {
                    let parts = node.values.iter().map(convert).collect::<Option<Vec<_>>>()?;
                    match node.op {
                        BoolOp::And => Requirement::And(parts),
                        BoolOp::Or => Requirement::Or(parts),
                    }
                }
                _ => return None,
            })
        }
        convert(parse_expression(source.trim()).ok()?.expr())
    }
}

fn supported(expression: &Expr) -> Result<(), String> {
    match expression {
        Expr::Name(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_) => Ok(()),
        Expr::BoolOp(node) => node.values.iter().try_for_each(supported),
        Expr::UnaryOp(node) => supported(&node.operand),
        Expr::BinOp(node) => supported(&node.left).and_then(|()| supported(&node.right)),
        Expr::Compare(node) => std::iter::once(&*node.left).chain(&node.comparators).try_for_each(supported),
        Expr::List(node) => node.elts.iter().try_for_each(supported),
        Expr::Tuple(node) => node.elts.iter().try_for_each(supported),
        Expr::Call(node) => {
            let name = function(&node.func).unwrap_or_default();
            if !FUNCTIONS.contains(&name.as_str()) || !node.arguments.keywords.is_empty() {
                return Err(format!("only the functions {} can be called here", FUNCTIONS.join(", ")));
            }
            node.arguments.args.iter().try_for_each(supported)
        }
        _ => Err("a comparison of numbers, texts and metavariables was expected".to_owned()),
    }
}

fn function(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(node) => Some(format!("{}.{}", function(&node.value)?, node.attr)),
        _ => None,
    }
}

fn evaluate(expression: &Expr, lookup: &Lookup<'_>) -> Option<Worth> {
    Some(match expression {
        Expr::Name(_) => (lookup.worth)(&metavariable(expression)?)?,
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => Worth::Integer(i128::from(value.as_i64()?)),
            Number::Float(value) => Worth::Float(*value),
            Number::Complex { .. } => return None,
        },
        Expr::StringLiteral(literal) => Worth::Text(literal.value.to_str().to_owned()),
        Expr::BooleanLiteral(literal) => Worth::Bool(literal.value),
        Expr::NoneLiteral(_) => Worth::None,
        Expr::List(node) => {
            Worth::List(node.elts.iter().map(|e| evaluate(e, lookup)).collect::<Option<_>>()?)
        }
        Expr::Tuple(node) => {
            Worth::List(node.elts.iter().map(|e| evaluate(e, lookup)).collect::<Option<_>>()?)
        }
        Expr::BoolOp(node) => {
            let mut last = None;
            for value in &node.values {
                let worth = evaluate(value, lookup)?;
                let decided = match node.op {
                    BoolOp::And => !truth(&worth),
                    BoolOp::Or => truth(&worth),
                };
                last = Some(worth);
                if decided {
                    break;
                }
            }
            last?
        }
        Expr::UnaryOp(node) => {
            let worth = evaluate(&node.operand, lookup)?;
            match (node.op, worth) {
                (UnaryOp::Not, worth) => Worth::Bool(!truth(&worth)),
                (UnaryOp::USub, Worth::Integer(value)) => Worth::Integer(value.checked_neg()?),
                (UnaryOp::USub, Worth::Float(value)) => Worth::Float(-value),
                (UnaryOp::UAdd, worth @ (Worth::Integer(_) | Worth::Float(_))) => worth,
                (UnaryOp::Invert, Worth::Integer(value)) => Worth::Integer(!value),
                _ => return None,
            }
        }
        Expr::BinOp(node) => {
            arithmetic(node.op, evaluate(&node.left, lookup)?, evaluate(&node.right, lookup)?)?
        }
        Expr::Compare(node) => {
            let mut left = evaluate(&node.left, lookup)?;
            for (operator, comparator) in node.ops.iter().zip(&node.comparators) {
                let right = evaluate(comparator, lookup)?;
                if !compare(*operator, &left, &right)? {
                    return Some(Worth::Bool(false));
                }
                left = right;
            }
            Worth::Bool(true)
        }
        Expr::Call(node) => {
            let name = function(&node.func)?;
            if let ("str", [argument]) = (name.as_str(), &*node.arguments.args)
                && let Some(metavariable) = metavariable(argument)
                && (lookup.worth)(&metavariable).is_none()
            {
                return (lookup.text)(&metavariable).map(Worth::Text);
            }
            let arguments =
                node.arguments.args.iter().map(|e| evaluate(e, lookup)).collect::<Option<Vec<_>>>()?;
            call(&name, &arguments)?
        }
        _ => return None,
    })
}

fn call(name: &str, arguments: &[Worth]) -> Option<Worth> {
    Some(match (name, arguments) {
        ("int", [Worth::Integer(value)]) => Worth::Integer(*value),
        #[expect(clippy::cast_possible_truncation, reason = "that is what `int` does")]
        ("int", [Worth::Float(value)]) => Worth::Integer(*value as i128),
        ("int", [Worth::Text(text)]) => Worth::Integer(text.trim().parse().ok()?),
        ("float", [worth]) => match worth {
            Worth::Text(text) => Worth::Float(text.trim().parse().ok()?),
            worth => Worth::Float(number(worth)?),
        },
        ("str", [worth]) => Worth::Text(match worth {
            Worth::Text(text) => text.clone(),
            Worth::Integer(value) => value.to_string(),
            Worth::Float(value) => value.to_string(),
            Worth::Bool(true) => "True".to_owned(),
            Worth::Bool(false) => "False".to_owned(),
            Worth::None => "None".to_owned(),
            Worth::List(_) | Worth::Moment(_) => return None,
        }),
        ("len", [Worth::Text(text)]) => Worth::Integer(i128::try_from(text.chars().count()).ok()?),
        ("len", [Worth::List(list)]) => Worth::Integer(i128::try_from(list.len()).ok()?),
        ("abs", [Worth::Integer(value)]) => Worth::Integer(value.checked_abs()?),
        ("abs", [Worth::Float(value)]) => Worth::Float(value.abs()),
        ("today", []) => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
            let day = i64::try_from(now.as_secs()).ok()? / 86_400;
            Worth::Moment(day * 86_400)
        }
        ("strptime", [Worth::Text(text)]) => Worth::Moment(date(text)?),
        ("re.match", [Worth::Text(regex), Worth::Text(text)]) => {
            let regex = fancy_regex::Regex::new(regex).ok()?;
            Worth::Bool(regex.find(text).ok()?.is_some_and(|found| found.start() == 0))
        }
        _ => return None,
    })
}

/// `1999-12-31` in seconds since 1970.
fn date(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, '-');
    let (year, month, day): (i64, i64, i64) =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of the civil calendar, with years that begin in March so that leap days come last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some((era * 146_097 + day_of_era - 719_468) * 86_400)
}

fn truth(worth: &Worth) -> bool {
    match worth {
        Worth::Integer(value) => *value != 0,
        Worth::Float(value) => *value != 0.0,
        Worth::Bool(value) => *value,
        Worth::Text(text) => !text.is_empty(),
        Worth::None => false,
        Worth::List(list) => !list.is_empty(),
        Worth::Moment(_) => true,
    }
}

impl Worth {
    pub(super) fn number(&self) -> Option<f64> {
        number(self)
    }
}

fn number(worth: &Worth) -> Option<f64> {
    match worth {
        #[expect(clippy::cast_precision_loss, reason = "as in Python")]
        Worth::Integer(value) => Some(*value as f64),
        Worth::Float(value) => Some(*value),
        Worth::Bool(value) => Some(f64::from(u8::from(*value))),
        Worth::Text(_) | Worth::None | Worth::List(_) | Worth::Moment(_) => None,
    }
}

fn arithmetic(operator: Operator, left: Worth, right: Worth) -> Option<Worth> {
    if let (Worth::Integer(a), Worth::Integer(b)) = (&left, &right) {
        let (a, b) = (*a, *b);
        let integer = match operator {
            Operator::Add => a.checked_add(b),
            Operator::Sub => a.checked_sub(b),
            Operator::Mult => a.checked_mul(b),
            // Rounded down, not towards zero.
            Operator::FloorDiv => a.checked_rem(b).and_then(|rest| {
                a.checked_div(b)?.checked_sub(i128::from(rest != 0 && (rest < 0) != (b < 0)))
            }),
            Operator::Mod => a.checked_rem(b).and_then(|rest| {
                if rest != 0 && (rest < 0) != (b < 0) { rest.checked_add(b) } else { Some(rest) }
            }),
            Operator::Pow if b >= 0 => a.checked_pow(u32::try_from(b).ok()?),
            Operator::BitAnd => Some(a & b),
            Operator::BitOr => Some(a | b),
            Operator::BitXor => Some(a ^ b),
            Operator::LShift => a.checked_shl(u32::try_from(b).ok()?),
            Operator::RShift => a.checked_shr(u32::try_from(b).ok()?),
            _ => None,
        };
        if let Some(value) = integer {
            return Some(Worth::Integer(value));
        }
    }
    if let (Operator::Add, Worth::Text(a), Worth::Text(b)) = (operator, &left, &right) {
        return Some(Worth::Text(format!("{a}{b}")));
    }
    let (a, b) = (number(&left)?, number(&right)?);
    Some(Worth::Float(match operator {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b != 0.0 => a / b,
        Operator::FloorDiv if b != 0.0 => (a / b).floor(),
        Operator::Mod if b != 0.0 => a - b * (a / b).floor(),
        Operator::Pow => a.powf(b),
        _ => return None,
    }))
}

fn compare(operator: CmpOp, left: &Worth, right: &Worth) -> Option<bool> {
    Some(match operator {
        CmpOp::Eq | CmpOp::Is => equal(left, right),
        CmpOp::NotEq | CmpOp::IsNot => !equal(left, right),
        CmpOp::In => contains(right, left)?,
        CmpOp::NotIn => !contains(right, left)?,
        CmpOp::Lt => order(left, right)? == Ordering::Less,
        CmpOp::LtE => order(left, right)? != Ordering::Greater,
        CmpOp::Gt => order(left, right)? == Ordering::Greater,
        CmpOp::GtE => order(left, right)? != Ordering::Less,
    })
}

fn equal(left: &Worth, right: &Worth) -> bool {
    match (left, right) {
        (Worth::Text(a), Worth::Text(b)) => a == b,
        (Worth::None, Worth::None) => true,
        (Worth::List(a), Worth::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Worth::Moment(a), Worth::Moment(b)) => a == b,
        (Worth::Integer(a), Worth::Integer(b)) => a == b,
        _ => matches!((number(left), number(right)), (Some(a), Some(b)) if a == b),
    }
}

fn order(left: &Worth, right: &Worth) -> Option<Ordering> {
    match (left, right) {
        (Worth::Text(a), Worth::Text(b)) => Some(a.cmp(b)),
        (Worth::Moment(a), Worth::Moment(b)) => Some(a.cmp(b)),
        (Worth::Integer(a), Worth::Integer(b)) => Some(a.cmp(b)),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

fn contains(whole: &Worth, part: &Worth) -> Option<bool> {
    match (whole, part) {
        (Worth::List(list), part) => Some(list.iter().any(|element| equal(element, part))),
        (Worth::Text(whole), Worth::Text(part)) => Some(whole.contains(part.as_str())),
        _ => None,
    }
}

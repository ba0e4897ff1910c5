//! Folding: what a constant expression is worth.

use ruff_python_ast::{
    self as ast, BoolOp, ConversionFlag, Expr, FStringPart, InterpolatedStringElement, Operator, UnaryOp,
};

use super::value::Constant;

/// Texts above this length are known to be texts, and not kept.
const LONGEST_TEXT: usize = 64 * 1024;

/// The value of an expression that is certainly constant. `of_name` knows variables.
pub(super) fn fold(
    expression: &Expr,
    of_name: &dyn Fn(&ast::ExprName) -> Option<Constant>,
) -> Option<Constant> {
    match expression {
        Expr::Name(name) => of_name(name),
        Expr::UnaryOp(node) if node.op == UnaryOp::USub => Some(match fold(&node.operand, of_name)? {
            Constant::Integer(value) => Constant::Integer(value.checked_neg()?),
            Constant::Float(value) => Constant::Float(-value),
            Constant::SomeNumber => Constant::SomeNumber,
            _ => return None,
        }),
        Expr::BinOp(node) => operate(node.op, fold(&node.left, of_name)?, fold(&node.right, of_name)),
        // `c and "a" or "b"`: one of the two, as long as the first is no empty text.
        Expr::BoolOp(node) if node.op == BoolOp::Or => {
            let mut joined: Option<Constant> = None;
            for value in &node.values {
                let constant = match value {
                    Expr::BoolOp(inner) if inner.op == BoolOp::And => fold(inner.values.last()?, of_name)?,
                    value => fold(value, of_name)?,
                };
                joined = Some(match joined {
                    Some(known) => join(&known, &constant)?,
                    None => constant,
                });
            }
            joined
        }
        Expr::If(node) => join(&fold(&node.body, of_name)?, &fold(&node.orelse, of_name)?),
        Expr::FString(node) => f_string(node, of_name),
        _ => Constant::of_literal(expression),
    }
}

/// `left operator right`, where it is certain without knowing `right`, too.
pub(super) fn operate(operator: Operator, left: Constant, right: Option<Constant>) -> Option<Constant> {
    use Constant::{Float, Integer, SomeNumber, SomeText, Text};
    if operator == Operator::Mult && left.is_text() && right.is_none() {
        // How often is not known, but a text it is.
        return Some(SomeText);
    }
    Some(match (operator, left, right?) {
        (Operator::Add, Text { value: a, bytes }, Text { value: b, bytes: other }) if bytes == other => {
            if a.len() + b.len() > LONGEST_TEXT {
                return Some(SomeText);
            }
            Text { value: format!("{a}{b}").into(), bytes }
        }
        (Operator::Add, a, b) if a.is_text() && b.is_text() => SomeText,
        (operator, Integer(a), Integer(b)) => Integer(match operator {
            Operator::Add => a.checked_add(b)?,
            Operator::Sub => a.checked_sub(b)?,
            Operator::Mult => a.checked_mul(b)?,
            Operator::FloorDiv if b > 0 => a.div_euclid(b),
            Operator::Mod if b > 0 => a.rem_euclid(b),
            Operator::Pow if (0..128).contains(&b) => a.checked_pow(u32::try_from(b).ok()?)?,
            Operator::LShift if (0..100).contains(&b) => {
                a.checked_mul(1i128.checked_shl(u32::try_from(b).ok()?)?)?
            }
            Operator::RShift if (0..128).contains(&b) => a >> b,
            Operator::BitOr => a | b,
            Operator::BitAnd => a & b,
            Operator::BitXor => a ^ b,
            _ => return None,
        }),
        (operator @ (Operator::Add | Operator::Sub | Operator::Mult), Float(a), Float(b)) => {
            Float(match operator {
                Operator::Add => a + b,
                Operator::Sub => a - b,
                _ => a * b,
            })
        }
        (
            Operator::Add | Operator::Sub | Operator::Mult,
            Integer(_) | Float(_) | SomeNumber,
            Integer(_) | Float(_) | SomeNumber,
        ) => SomeNumber,
        (Operator::Mult, text, Integer(_)) if text.is_text() => SomeText,
        _ => return None,
    })
}

/// What is known of a value that is one of two.
pub(super) fn join(a: &Constant, b: &Constant) -> Option<Constant> {
    if a.same(b) {
        return Some(a.clone());
    }
    match (a, b) {
        (a, b) if a.is_text() && b.is_text() => Some(Constant::SomeText),
        (a, b) if a.is_number() && b.is_number() => Some(Constant::SomeNumber),
        _ => None,
    }
}

fn f_string(
    node: &ast::ExprFString,
    of_name: &dyn Fn(&ast::ExprName) -> Option<Constant>,
) -> Option<Constant> {
    let mut text = String::new();
    let mut is_known = true;
    for part in node.value.as_slice() {
        match part {
            FStringPart::Literal(literal) => text.push_str(literal.as_str()),
            FStringPart::FString(string) => {
                for element in string.elements.iter() {
                    match element {
                        InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                        InterpolatedStringElement::Interpolation(hole) => {
                            let constant = fold(&hole.expression, of_name)?;
                            let plain = hole.format_spec.is_none()
                                && hole.debug_text.is_none()
                                && matches!(hole.conversion, ConversionFlag::None | ConversionFlag::Str);
                            match constant.display().filter(|_| plain) {
                                Some(value) => text.push_str(&value),
                                None => is_known = false,
                            }
                        }
                    }
                }
            }
        }
    }
    Some(if is_known && text.len() <= LONGEST_TEXT { Constant::text(&text) } else { Constant::SomeText })
}

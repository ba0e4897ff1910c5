//! Folding: what a constant expression is worth.

use ruff_python_ast::{Expr, Operator, UnaryOp};

use super::value::Constant;

/// The value of an expression that is certainly constant. `of_name` knows names.
pub(super) fn fold(expression: &Expr, of_name: &dyn Fn(&Expr) -> Option<Constant>) -> Option<Constant> {
    match expression {
        Expr::UnaryOp(node) if node.op == UnaryOp::USub => Some(match fold(&node.operand, of_name)? {
            Constant::Integer(value) => Constant::Integer(value.checked_neg()?),
            Constant::Float(value) => Constant::Float(-value),
            _ => return None,
        }),
        Expr::BinOp(node) if node.op == Operator::Add => {
            match (fold(&node.left, of_name)?, fold(&node.right, of_name)?) {
                (Constant::Text { value: a, bytes }, Constant::Text { value: b, bytes: other })
                    if bytes == other =>
                {
                    Some(Constant::Text { value: format!("{a}{b}").into(), bytes })
                }
                (Constant::Integer(a), Constant::Integer(b)) => Some(Constant::Integer(a.checked_add(b)?)),
                (a, b) if a.is_text() && b.is_text() => Some(Constant::SomeText),
                _ => None,
            }
        }
        Expr::Name(_) => of_name(expression),
        _ => Constant::of_literal(expression),
    }
}

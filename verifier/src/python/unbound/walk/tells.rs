//! What single expressions tell of names: whether they hold all of a scope's, whether they are true in
//! Python 3, whether a missing name is expected.

use super::*;

/// `globals()`, `vars()`, `locals()`, `dir()`, the builtins.
pub(super) fn is_namespace(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => {
            call.arguments.is_empty()
                && matches!(&*call.func, Expr::Name(name)
                    if matches!(name.id.as_str(), "globals" | "vars" | "locals" | "dir"))
        }
        Expr::Name(name) => name.id.as_str() == "__builtins__",
        Expr::Attribute(attribute) => {
            attribute.attr.as_str() == "__dict__"
                && matches!(&*attribute.value, Expr::Name(name)
                    if matches!(name.id.as_str(), "builtins" | "__builtins__"))
        }
        _ => false,
    }
}

/// What a test of `sys.version_info`, or of a name by which everybody calls one, says in any
/// Python 3. Only comparisons that tell the two apart are known.
pub(super) fn holds_in_python_3(test: &Expr) -> Option<bool> {
    match test {
        Expr::UnaryOp(not) if not.op == ast::UnaryOp::Not => holds_in_python_3(&not.operand).map(|it| !it),
        Expr::BoolOp(node) => {
            let mut known = node.values.iter().map(holds_in_python_3);
            match node.op {
                // One that never holds decides; that some hold says nothing of the rest.
                ast::BoolOp::And => known.any(|it| it == Some(false)).then_some(false),
                ast::BoolOp::Or => known.any(|it| it == Some(true)).then_some(true),
            }
        }
        Expr::Attribute(attribute) if matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "six") => {
            match attribute.attr.as_str() {
                "PY2" => Some(false),
                "PY3" => Some(true),
                _ => None,
            }
        }
        Expr::Compare(node) => {
            let ([op], [right]) = (&*node.ops, &*node.comparators) else { return None };
            let (is_tuple, right) = match right {
                Expr::Tuple(tuple) => (true, tuple.elts.first()?),
                other => (false, other),
            };
            if is_tuple != is_version(&node.left) || (!is_tuple && !is_major_version(&node.left)) {
                return None;
            }
            let Expr::NumberLiteral(number) = right else { return None };
            let ast::Number::Int(number) = &number.value else { return None };
            // The tuple `(3,)` is less than any version of Python 3, `(3, 8)` may be either.
            let (number, is_exact) = (number.as_u64()?, !is_tuple);
            match op {
                CmpOp::Lt if number <= 2 || (number == 3 && (is_exact || is_lone(&node.comparators[0]))) => {
                    Some(false)
                }
                CmpOp::LtE if number <= 2 => Some(false),
                CmpOp::GtE if number <= 2 || (number == 3 && (is_exact || is_lone(&node.comparators[0]))) => {
                    Some(true)
                }
                CmpOp::Gt if number <= 2 => Some(true),
                CmpOp::Eq if is_exact => Some(number == 3),
                CmpOp::NotEq if is_exact => Some(number != 3),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `(3,)` and `(3, 0)`, which no Python 3 is below.
pub(super) fn is_lone(tuple: &Expr) -> bool {
    let Expr::Tuple(tuple) = tuple else { return false };
    tuple.elts[1..].iter().all(|element| {
        matches!(element, Expr::NumberLiteral(number)
            if matches!(&number.value, ast::Number::Int(number) if number.as_u64() == Some(0)))
    })
}

/// `sys.version_info`.
pub(super) fn is_version(expr: &Expr) -> bool {
    match expr {
        Expr::Attribute(attribute) => {
            attribute.attr.as_str() == "version_info"
                && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "sys")
        }
        Expr::Name(name) => name.id.as_str() == "version_info",
        _ => false,
    }
}

/// `sys.version_info[0]`, `sys.version_info.major`.
pub(super) fn is_major_version(expr: &Expr) -> bool {
    match expr {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "major" && is_version(&attribute.value),
        Expr::Subscript(node) => {
            is_version(&node.value)
                && matches!(&*node.slice, Expr::NumberLiteral(number)
                    if matches!(&number.value, ast::Number::Int(number) if number.as_u64() == Some(0)))
        }
        _ => false,
    }
}

pub(super) fn catches_name_errors(class: &Expr) -> bool {
    match class {
        Expr::Name(name) => matches!(name.id.as_str(), "NameError" | "UnboundLocalError"),
        Expr::Tuple(tuple) => tuple.elts.iter().any(catches_name_errors),
        _ => false,
    }
}

/// `contextlib.suppress(NameError)`.
pub(super) fn suppresses_name_errors(context: &Expr) -> bool {
    let Expr::Call(call) = context else { return false };
    let name = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    name == "suppress" && call.arguments.args.iter().any(catches_name_errors)
}

//! What an option of a command line is when it is not given: `add_argument("--port", default=80)`.

use super::evaluate::{convert, keyword};
use crate::python::ast::{self, Expr};
use crate::python::literal::Value;
use crate::python::project::dotted_name;

/// What the declaration of an option says of its default.
#[derive(Clone, Copy)]
pub(super) enum Declared<'f> {
    /// An expression, of which `type` may make something else.
    Default { value: &'f Expr, conversion: Option<Conversion<'f>> },
    /// A value that the text of the declaration does not contain: a flag is `False`.
    Flag(bool),
    /// Nothing says it, and so it is `None`.
    Absent,
    /// It must be given.
    Required,
    /// It is computed; what.
    Computed(&'static str),
}

/// What makes the value of what stands in the declaration.
#[derive(Clone, Copy)]
pub(super) struct Conversion<'f> {
    function: &'f Expr,
    /// `click` converts whatever the default is, the others texts alone.
    converts_all: bool,
}

impl Conversion<'_> {
    /// What it makes of a default; nothing when that is not known.
    pub(super) fn apply(self, value: Value) -> Option<Value> {
        let is_text = matches!(value, Value::Text(_));
        if !is_text && !self.converts_all {
            return Some(value);
        }
        let name = match self.function {
            // `optparse` takes the names of types.
            Expr::StringLiteral(name) => name.value.to_str().to_owned(),
            function => dotted_name(function).unwrap_or_default(),
        };
        match name.as_str() {
            "int" | "float" | "str" | "bool" => convert(&format!("builtins.{name}"), value),
            "string" | "choice" => Some(value),
            // The types of `click` check what they get.
            "click.Path" | "click.Choice" | "click.STRING" => Some(value),
            _ if self.converts_all && !is_text => Some(value),
            _ => None,
        }
    }
}

/// What a call declares of an option of this name, if it does; `method` is what is called.
pub(super) fn declared<'f>(call: &'f ast::ExprCall, method: &str, name: &str) -> Option<Declared<'f>> {
    let arguments = &call.arguments;
    if !declares(call, name) {
        return None;
    }
    let is_decorator = method == "option";
    if let Some(value) = keyword(arguments, "default") {
        let conversion = keyword(arguments, "type")
            .map(|function| Conversion { function: type_of(function), converts_all: is_decorator });
        return Some(Declared::Default { value, conversion });
    }
    let is_required = match keyword(arguments, "required") {
        None => Some(false),
        Some(Expr::BooleanLiteral(literal)) => Some(literal.value),
        Some(_) => None,
    };
    if is_required == Some(true) {
        return Some(Declared::Required);
    }
    let action = match keyword(arguments, "action") {
        None => Some("store"),
        Some(Expr::StringLiteral(action)) => Some(action.value.to_str()),
        Some(action) => {
            dotted_name(action).is_some_and(|name| name.ends_with("BooleanOptionalAction")).then_some("store")
        }
    };
    match action {
        Some("store_true") => return Some(Declared::Flag(false)),
        Some("store_false") => return Some(Declared::Flag(true)),
        _ if is_decorator => return None,
        _ => {}
    }
    if is_required.is_none() || arguments.keywords.iter().any(|keyword| keyword.arg.is_none()) {
        return Some(Declared::Computed("whether it must be given is computed"));
    }
    let is_positional = !arguments.args.iter().any(
        |argument| matches!(argument, Expr::StringLiteral(text) if text.value.to_str().starts_with('-')),
    );
    let number = match keyword(arguments, "nargs") {
        None | Some(Expr::NumberLiteral(_)) => Some("+"),
        Some(Expr::StringLiteral(number)) => Some(number.value.to_str()),
        Some(_) => None,
    };
    Some(match (action, is_positional, number) {
        (Some("store" | "append" | "extend" | "count" | "store_const" | "append_const"), false, _)
        | (Some("store"), true, Some("?")) => Declared::Absent,
        (Some("store"), true, Some("+")) => Declared::Required,
        _ => Declared::Computed("what it is when it is not given is not known"),
    })
}

/// `click.Path` of `click.Path(exists=True)`.
fn type_of(function: &Expr) -> &Expr {
    match function {
        Expr::Call(call) => &call.func,
        _ => function,
    }
}

/// The name by which the code knows an option: `"--max-size"` is `max_size`.
pub(super) fn plain(name: &str) -> String {
    name.trim_start_matches('-').replace('-', "_")
}

/// Whether a call declares an option of this name: `"--max-size"` is `max_size`, and itself.
fn declares(call: &ast::ExprCall, name: &str) -> bool {
    if name.starts_with('-') {
        return call
            .arguments
            .args
            .iter()
            .any(|argument| matches!(argument, Expr::StringLiteral(text) if text.value.to_str() == name));
    }
    if let Some(Expr::StringLiteral(dest)) = keyword(&call.arguments, "dest") {
        return dest.value.to_str() == name;
    }
    call.arguments.args.iter().any(|argument| match argument {
        Expr::StringLiteral(text) => plain(text.value.to_str()) == name,
        _ => false,
    })
}

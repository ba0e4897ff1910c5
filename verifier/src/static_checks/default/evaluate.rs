//! What an expression of the target is worth when nobody says otherwise.

use std::cell::RefCell;

use crate::python::ast::{self, Expr};
use crate::python::literal::Value;
use crate::python::project::{Binding, BindingKind, Frame, Project, Scope, Type, dotted_name};
use crate::python::{Ranged, ast::name::Name};

/// Evaluates expressions, and remembers what the values depend on.
pub(super) struct Evaluator<'e, 'f> {
    pub(super) project: &'e Project<'f>,
    pub(super) notes: RefCell<Vec<String>>,
    why: RefCell<Option<String>>,
    depth: RefCell<usize>,
}

/// Names that stand for names are followed this far.
const DEPTH: usize = 24;

impl<'e, 'f> Evaluator<'e, 'f> {
    pub(super) fn new(project: &'e Project<'f>) -> Self {
        Self { project, notes: RefCell::default(), why: RefCell::default(), depth: RefCell::new(0) }
    }

    /// The value, or why it is not certain.
    pub(super) fn value(&self, scope: &Scope<'f>, expr: &'f Expr) -> Result<Value, String> {
        self.why.replace(None);
        self.of(scope, expr).ok_or_else(|| {
            let why = self.why.take();
            why.unwrap_or_else(|| format!("`{}` is computed", shown(scope, expr)))
        })
    }

    fn of(&self, scope: &Scope<'f>, expr: &'f Expr) -> Option<Value> {
        if *self.depth.borrow() > DEPTH {
            return None;
        }
        *self.depth.borrow_mut() += 1;
        let value = Value::of(expr, &mut |expr| self.other(scope, expr));
        *self.depth.borrow_mut() -= 1;
        if value.is_none() && self.why.borrow().is_none() {
            self.why.replace(Some(format!("`{}` is computed", shown(scope, expr))));
        }
        value
    }

    /// What is no literal.
    fn other(&self, scope: &Scope<'f>, expr: &'f Expr) -> Option<Value> {
        match expr {
            Expr::Name(name) => self.name(scope, &name.id, expr),
            Expr::Attribute(attribute) => self.attribute(scope, attribute),
            Expr::BoolOp(node) => {
                let mut last = None;
                for value in &node.values {
                    let value = self.of(scope, value)?;
                    let decides = value.is_true() == (node.op == ast::BoolOp::Or);
                    last = Some(value);
                    if decides {
                        break;
                    }
                }
                last
            }
            Expr::FString(node) => {
                let mut text = String::new();
                for part in node.value.iter() {
                    match part {
                        ast::FStringPart::Literal(literal) => text.push_str(literal.as_str()),
                        ast::FStringPart::FString(string) => {
                            for element in &string.elements {
                                text.push_str(&element.as_literal()?.value);
                            }
                        }
                    }
                }
                Some(Value::Text(text))
            }
            Expr::Call(call) => self.call(scope, call),
            _ => None,
        }
    }

    fn name(&self, scope: &Scope<'f>, name: &Name, expr: &'f Expr) -> Option<Value> {
        let (level, bindings) = self.project.lookup(scope, name.as_str(), Some(expr.start()))?;
        self.bound(&scope.outer(level), &bindings, name.as_str())
    }

    /// What a name is worth that these bindings of a scope, and no others, give a value.
    pub(super) fn bound(&self, scope: &Scope<'f>, bindings: &[Binding<'f>], name: &str) -> Option<Value> {
        let [binding] = bindings else {
            let several = format!("`{name}` has several values");
            self.why.borrow_mut().get_or_insert(several);
            return None;
        };
        match binding.kind {
            BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => self.of(scope, value),
            BindingKind::ImportFrom { from, name } => {
                let module = from.module.as_ref().map(|module| module.as_str());
                let found = if from.level == 0 {
                    self.project.module(module?, scope.file)
                } else {
                    self.project.relative_module(scope.file, from.level, module)
                };
                match found {
                    crate::python::project::modules::FoundModule::Here(
                        crate::python::project::Module::File(file),
                    ) => self.in_module(file, name),
                    _ => None,
                }
            }
            BindingKind::Parameter(_, Some(default), _) => {
                self.notes.borrow_mut().push(format!("a caller can give `{name}`"));
                self.of(&scope.outer(scope.frames.len().saturating_sub(1)), default)
            }
            BindingKind::Annotated(_, None)
            | BindingKind::Parameter(..)
            | BindingKind::Import { .. }
            | BindingKind::Function(_)
            | BindingKind::Class(_)
            | BindingKind::Augmented(_)
            | BindingKind::Iterated(_)
            | BindingKind::Entered(_)
            | BindingKind::Other => None,
        }
    }

    fn in_module(&self, file: &'f crate::python::ParsedFile, name: &str) -> Option<Value> {
        if file.broken().is_some() || *self.depth.borrow() > DEPTH {
            return None;
        }
        *self.depth.borrow_mut() += 1;
        let bindings = self.project.module_bindings(file).last(name);
        let value = self.bound(&Scope::module(file), &bindings, name);
        *self.depth.borrow_mut() -= 1;
        value
    }

    fn attribute(&self, scope: &Scope<'f>, attribute: &'f ast::ExprAttribute) -> Option<Value> {
        let name = attribute.attr.as_str();
        match self.project.infer(scope, &attribute.value).as_slice() {
            [Type::Module(module)] => self.in_module(module.0, name),
            [Type::Class(class)] => {
                let bindings = self.project.frame_bindings(Frame::Class(class.node)).last(name);
                if bindings.is_empty() {
                    None
                } else {
                    self.bound(&self.project.class_scope(*class), &bindings, name)
                }
            }
            _ => None,
        }
    }

    fn call(&self, scope: &Scope<'f>, call: &'f ast::ExprCall) -> Option<Value> {
        let arguments = &call.arguments;
        let types = self.project.infer(scope, &call.func);
        let name = match types.as_slice() {
            [Type::External(name)] => name.as_str(),
            _ => "",
        };
        if let ("builtins.int" | "builtins.float" | "builtins.str" | "builtins.bool", [argument], []) =
            (name, &*arguments.args, &*arguments.keywords)
        {
            let value = self.of(scope, argument)?;
            return convert(name, value);
        }
        if let ("builtins.dict" | "builtins.list" | "builtins.tuple" | "builtins.set", true) =
            (name, arguments.is_empty())
        {
            return Some(match name {
                "builtins.dict" => Value::Dict(Vec::new()),
                "builtins.list" => Value::List(Vec::new()),
                "builtins.set" => Value::Set(Vec::new()),
                _ => Value::Tuple(Vec::new()),
            });
        }
        let is_environment = matches!(name, "os.getenv" | "os.environ.get");
        let is_lookup = matches!(&*call.func, Expr::Attribute(attribute)
            if matches!(attribute.attr.as_str(), "get" | "pop"));
        if is_environment || is_lookup {
            let key = arguments.args.first()?;
            let note = if is_environment { "the environment" } else { "what is looked into" };
            self.notes.borrow_mut().push(format!("{note} can say otherwise: {}", shown(scope, key)));
            return match arguments.args.get(1).or(keyword(arguments, "default")) {
                Some(default) => self.of(scope, default),
                None if is_environment => Some(Value::None),
                None => None,
            };
        }
        None
    }
}

/// What `int`, `float`, `str`, `bool` make of a value.
pub(super) fn convert(kind: &str, value: Value) -> Option<Value> {
    Some(match (kind, value) {
        ("builtins.bool", value) => Value::Bool(value.is_true()),
        ("builtins.str", Value::Text(text)) => Value::Text(text),
        ("builtins.str", value @ (Value::Integer(_) | Value::Bool(_) | Value::None)) => {
            Value::Text(value.to_string())
        }
        ("builtins.int", value @ Value::Integer(_)) | ("builtins.float", value @ Value::Float(_)) => value,
        ("builtins.int", Value::Bool(value)) => Value::Integer(i128::from(value)),
        ("builtins.int", Value::Text(text)) => Value::Integer(text.trim().replace('_', "").parse().ok()?),
        ("builtins.int", Value::Float(value)) if value.abs() < 1e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "as Python does, and it fits")]
            Value::Integer(value.trunc() as i128)
        }
        ("builtins.float", value @ Value::Integer(_)) => Value::Float(value.number()?),
        ("builtins.float", Value::Text(text)) => {
            Value::Float(text.trim().parse().ok().filter(|value: &f64| value.is_finite())?)
        }
        _ => return None,
    })
}

/// The value of a keyword argument.
pub(super) fn keyword<'f>(arguments: &'f ast::Arguments, name: &str) -> Option<&'f Expr> {
    arguments.find_keyword(name).map(|keyword| &keyword.value)
}

/// The code of an expression, on one line.
pub(super) fn shown(scope: &Scope, expr: &Expr) -> String {
    match dotted_name(expr) {
        Some(name) => name,
        None => {
            let text = scope.file.source().slice(expr);
            let line = text.lines().next().unwrap_or_default();
            if text.len() > line.len() || line.chars().count() > 60 {
                format!("{}…", line.chars().take(59).collect::<String>())
            } else {
                line.to_owned()
            }
        }
    }
}

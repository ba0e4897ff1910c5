//! What is called that the library makes of what the target says: named tuples, members of
//! enumerations, lambdas.

use super::callee::{Callee, Found, Resolver};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::modules::FoundModule;
use crate::python::project::{BindingKind, ClassRef, Module, Scope, Type, facts};
use crate::python::signature::{Arguments, Parameter, ParameterKind, Signature};
use crate::python::{ParsedFile, Ranged};

/// The functions that make a class of a list of names.
const MAKERS: [&str; 2] = ["collections.namedtuple", "typing.NamedTuple"];
const ENUMERATIONS: [&str; 5] = ["enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"];
/// Names that stand for names, and imports of imports, are followed this far.
const DEPTH: usize = 24;

/// Whether a function makes a class of a list of names.
pub(super) fn makes_named_tuples(function: &str) -> bool {
    MAKERS.contains(&function)
}

/// Whether a class makes dictionaries, whatever keys it says they have.
pub(super) fn is_typed_dictionary(class: &str) -> bool {
    matches!(class, "typing.TypedDict" | "typing_extensions.TypedDict")
}

/// What a dictionary is made of.
pub(super) fn dictionary() -> Signature {
    let parameters = vec![Parameter {
        name: "iterable".to_owned(),
        kind: ParameterKind::PositionalOnly,
        has_default: true,
    }];
    Signature { parameters, collects_keywords: true, ..Signature::default() }
}

/// What an enumeration takes that is asked for a member.
fn one_value() -> Signature {
    let value = Parameter { name: "value".to_owned(), kind: ParameterKind::Plain, has_default: false };
    Signature { parameters: vec![value], ..Signature::default() }
}

/// Whether a class is the library's enumeration.
pub(super) fn is_enumeration(class: &str) -> bool {
    ENUMERATIONS.contains(&class)
}

/// Classes whose `__new__` takes anything when a class that inherits from them has an `__init__`, as
/// asked of the interpreter.
const WITH_ANY_NEW: [&str; 64] = [
    "argparse.Action",
    "argparse.ArgumentParser",
    "argparse.HelpFormatter",
    "ast.NodeTransformer",
    "ast.NodeVisitor",
    "asyncio.DatagramProtocol",
    "asyncio.Protocol",
    "asyncio.Queue",
    "builtins.bytearray",
    "builtins.dict",
    "builtins.list",
    "builtins.property",
    "builtins.set",
    "cmd.Cmd",
    "codecs.Codec",
    "collections.ChainMap",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.UserDict",
    "collections.UserList",
    "collections.UserString",
    "collections.defaultdict",
    "collections.deque",
    "concurrent.futures.Executor",
    "concurrent.futures.ThreadPoolExecutor",
    "configparser.ConfigParser",
    "configparser.RawConfigParser",
    "contextlib.AsyncExitStack",
    "contextlib.ExitStack",
    "datetime.tzinfo",
    "email.message.EmailMessage",
    "email.message.Message",
    "html.parser.HTMLParser",
    "http.client.HTTPConnection",
    "http.client.HTTPSConnection",
    "http.cookiejar.CookieJar",
    "http.server.BaseHTTPRequestHandler",
    "http.server.HTTPServer",
    "http.server.SimpleHTTPRequestHandler",
    "http.server.ThreadingHTTPServer",
    "io.BytesIO",
    "io.RawIOBase",
    "io.StringIO",
    "io.TextIOBase",
    "json.JSONDecoder",
    "json.JSONEncoder",
    "logging.FileHandler",
    "logging.Logger",
    "logging.LoggerAdapter",
    "logging.StreamHandler",
    "logging.handlers.QueueHandler",
    "logging.handlers.RotatingFileHandler",
    "multiprocessing.Process",
    "queue.Queue",
    "random.Random",
    "socketserver.BaseRequestHandler",
    "socketserver.TCPServer",
    "string.Formatter",
    "threading.local",
    "tkinter.Frame",
    "tkinter.Tk",
    "tkinter.Toplevel",
    "tkinter.ttk.Frame",
    "unittest.TestCase",
];

/// Whether a class of the library leaves it to the `__init__` of a class what it takes.
pub(super) fn leaves_it_to_init(base: &str) -> bool {
    WITH_ANY_NEW.contains(&base)
}

/// Whether such a class, or an exception, certainly has a `__new__` of its own, which runs no other.
pub(super) fn has_a_new(base: &str) -> bool {
    base.starts_with("builtins.")
        || matches!(
            base,
            "collections.Counter"
                | "collections.OrderedDict"
                | "collections.defaultdict"
                | "collections.deque"
        )
}

/// Bases that say nothing of how objects are made: they have no constructor at all.
pub(super) fn leaves_constructors_alone(base: &str) -> bool {
    let is_abstract = |name: &str| {
        matches!(
            name,
            "AsyncContextManager"
                | "AsyncIterable"
                | "AsyncIterator"
                | "Awaitable"
                | "Collection"
                | "Container"
                | "ContextManager"
                | "Generic"
                | "Hashable"
                | "Iterable"
                | "Iterator"
                | "Mapping"
                | "MutableMapping"
                | "MutableSequence"
                | "MutableSet"
                | "Protocol"
                | "Reversible"
                | "Sequence"
                | "Sized"
        )
    };
    matches!(
        base,
        "builtins.object"
            | "abc.ABC"
            | "contextlib.AbstractContextManager"
            | "contextlib.AbstractAsyncContextManager"
            | "contextlib.ContextDecorator"
            | "typing_extensions.Protocol"
    ) || base.starts_with("collections.abc.")
        || base.strip_prefix("numbers.").is_some_and(|name| !name.contains('.'))
        || base.strip_prefix("typing.").is_some_and(is_abstract)
}

/// Whether an exception takes any positional arguments, and no others: also those that the library
/// has under other names.
pub(super) fn is_plain_exception(class: &str) -> bool {
    facts::is_plain_exception(class)
        || matches!(
            class,
            "builtins.UnicodeError"
                | "socket.timeout"
                | "socket.error"
                | "asyncio.TimeoutError"
                | "queue.Empty"
                | "queue.Full"
        )
}

/// Classes without an `__init__` of their own: where there is a `__new__`, that alone decides.
pub(super) fn leaves_it_to_new(base: &str) -> bool {
    matches!(
        base.strip_prefix("builtins."),
        Some("str" | "bytes" | "int" | "float" | "complex" | "tuple" | "frozenset")
    )
}

impl<'f> Resolver<'_, 'f> {
    /// What is called where that is a lambda, or a named tuple that a call has made.
    pub(super) fn named(&self) -> Option<Found<'f>> {
        let (scope, value) = match self.func {
            Expr::Lambda(_) | Expr::Call(_) => (self.scope.clone(), self.func),
            function => self.value(self.scope, function, 0)?,
        };
        if let Expr::Call(maker) = value
            && let Some(found) = self.partial(&scope, maker)
        {
            return Some(self.stays_as_named(&scope).and(found));
        }
        let (signature, name) = match value {
            Expr::Lambda(lambda) => {
                let none = ast::Parameters::default();
                let parameters = lambda.parameters.as_deref().unwrap_or(&none);
                (Signature::of(parameters, false).ok_or_else(|| "a lambda".to_owned()), "lambda".to_owned())
            }
            Expr::Call(maker) => {
                let made = self.tuple(&scope, maker).or_else(|| self.made_by_name(&scope, maker))?;
                (made, self.scope.file.source().slice(self.func).to_owned())
            }
            _ => return None,
        };
        let stays = self.stays_as_named(&scope);
        let signature =
            signature.and_then(|signature| stays.and(self.keeps_its_defaults()).map(|()| signature));
        let callee =
            |signature| Callee { signature, name, file: scope.file, range: value.range(), then: None };
        Some(signature.map(|signature| vec![callee(signature)]))
    }

    /// Whether nothing replaces what the name that is called stands for.
    fn stays_as_named(&self, scope: &Scope<'f>) -> Result<(), String> {
        match self.func {
            Expr::Name(name) => self.stays(scope.file, name.id.as_str()),
            Expr::Attribute(attribute) => self.stays(scope.file, attribute.attr.as_str()),
            _ => Ok(()),
        }
    }

    /// What a class takes that a call has made: `Enum("P", "A B")`, `TypedDict("T", {"a": int})`.
    fn made_by_name(&self, scope: &Scope<'f>, maker: &'f ast::ExprCall) -> Option<Result<Signature, String>> {
        let functions = self.project.infer(scope, &maker.func);
        let [Type::External(function)] = functions.as_slice() else { return None };
        if is_typed_dictionary(function) {
            return Some(Ok(dictionary()));
        }
        let has_members = maker.arguments.args.len() > 1 || maker.arguments.find_keyword("names").is_some();
        (is_enumeration(function) && has_members).then(|| match self.asks_for_a_member() {
            true => Ok(one_value()),
            false => Err("what calling the enumeration gives is not known".to_owned()),
        })
    }

    /// Whether a call of an enumeration can only be to ask for a member.
    fn asks_for_a_member(&self) -> bool {
        let given = Arguments::of(&self.call.arguments);
        let is_certain = !given.may_have_more && !given.may_have_more_keywords;
        is_certain && given.positional <= 1 && given.keywords.is_empty()
    }

    /// The constructor that a class has from a base that a call has made: `class A(namedtuple(…))`.
    pub(super) fn tuple_base(&self, class: ClassRef<'f>) -> Option<Result<Callee<'f>, String>> {
        let mut scope = self.project.class_scope(class);
        scope.frames.pop();
        let mut bases = class.node.arguments.iter().flat_map(|arguments| &arguments.args);
        let signature = bases.find_map(|base| {
            let (scope, value) = match base {
                Expr::Call(_) => (scope.clone(), base),
                base => self.value(&scope, base, 0)?,
            };
            self.tuple(&scope, value.as_call_expr()?)
        })?;
        let signature = signature.and_then(|signature| self.keeps_its_defaults().map(|()| signature));
        Some(signature.map(|signature| Callee {
            signature,
            name: class.qualified_name(),
            file: class.file,
            range: class.node.name.range,
            then: None,
        }))
    }

    /// The member that a class of constants gives for one value: nothing of the class's own
    /// constructor runs. Without members the call would make a class.
    pub(super) fn member(&self, class: ClassRef<'f>) -> Option<Callee<'f>> {
        let names = |name: &str, stmt: &Stmt| {
            matches!(stmt, Stmt::Assign(node) if node.targets.iter().any(
            |target| matches!(target, Expr::Name(target) if target.id.as_str() == name)))
        };
        let is_member = |stmt: &Stmt| {
            let Stmt::Assign(node) = stmt else { return false };
            let [Expr::Name(name)] = &node.targets[..] else { return false };
            !name.id.starts_with('_')
                && matches!(*node.value, Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Tuple(_))
        };
        let body = &class.node.body;
        if !self.asks_for_a_member()
            || !body.iter().any(is_member)
            || body.iter().any(|stmt| names("_ignore_", stmt))
        {
            return None;
        }
        Some(Callee {
            signature: one_value(),
            name: class.qualified_name(),
            file: class.file,
            range: class.node.name.range,
            then: None,
        })
    }

    /// The value that a name certainly stands for, in other files, too.
    fn value(&self, scope: &Scope<'f>, expr: &'f Expr, depth: usize) -> Option<(Scope<'f>, &'f Expr)> {
        if depth > DEPTH {
            return None;
        }
        let (outer, bindings) = match expr {
            Expr::Name(name) => {
                let (level, bindings) = self.project.lookup(scope, name.id.as_str(), Some(name.start()))?;
                (scope.outer(level), bindings)
            }
            Expr::Attribute(attribute) => {
                let objects = self.project.infer(scope, &attribute.value);
                let [Type::Module(module)] = objects.as_slice() else { return None };
                return self.value_in(module.0, attribute.attr.as_str(), depth + 1);
            }
            _ => return None,
        };
        let [binding] = bindings.as_slice() else { return None };
        match binding.kind {
            BindingKind::Value(value) => self.value(&outer, value, depth + 1).or(Some((outer, value))),
            BindingKind::ImportFrom { from, name } => {
                let module = from.module.as_ref().map(|module| module.as_str());
                let found = match from.level {
                    0 => self.project.module(module?, scope.file),
                    level => self.project.relative_module(scope.file, level, module),
                };
                match found {
                    FoundModule::Here(Module::File(file)) => self.value_in(file, name, depth + 1),
                    FoundModule::Here(Module::Namespace(_))
                    | FoundModule::External
                    | FoundModule::Missing(_) => None,
                }
            }
            _ => None,
        }
    }

    fn value_in(&self, file: &'f ParsedFile, name: &str, depth: usize) -> Option<(Scope<'f>, &'f Expr)> {
        let bindings = self.project.module_bindings(file).last(name);
        let [binding] = bindings.as_slice() else { return None };
        let scope = Scope::module(file);
        match binding.kind {
            BindingKind::Value(value) if file.broken().is_none() => {
                self.value(&scope, value, depth).or(Some((scope, value)))
            }
            _ => None,
        }
    }

    /// The constructor of the class that `namedtuple("A", "x y")` makes; nothing when it is
    /// another function that is called.
    fn tuple(&self, scope: &Scope<'f>, maker: &'f ast::ExprCall) -> Option<Result<Signature, String>> {
        let functions = self.project.infer(scope, &maker.func);
        let [Type::External(function)] = functions.as_slice() else { return None };
        makes_named_tuples(function).then(|| {
            tuple_fields(function, &maker.arguments)
                .map(|parameters| Signature { parameters, ..Signature::default() })
                .ok_or_else(|| "the fields of a named tuple are computed".to_owned())
        })
    }
}

/// The fields of a named tuple, where they are written out and Python would take them.
fn tuple_fields(function: &str, arguments: &ast::Arguments) -> Option<Vec<Parameter>> {
    let is_typed = function == "typing.NamedTuple";
    let known: &[&str] = if is_typed { &[] } else { &["field_names", "defaults", "module", "rename"] };
    let is_known =
        |keyword: &ast::Keyword| keyword.arg.as_ref().is_some_and(|name| known.contains(&name.as_str()));
    if arguments.args.len() > 2
        || arguments.args.iter().any(Expr::is_starred_expr)
        || !arguments.keywords.iter().all(is_known)
        || arguments.find_keyword("rename").is_some_and(|rename| !is_false(&rename.value))
    {
        return None;
    }
    let list = arguments.find_argument_value("field_names", 1)?;
    let names: Vec<String> = match list {
        Expr::StringLiteral(text) if !is_typed => {
            text.value.to_str().replace(',', " ").split_whitespace().map(str::to_owned).collect()
        }
        list => elements(list)?.iter().map(|element| field_name(element, is_typed)).collect::<Option<_>>()?,
    };
    let with_default = match arguments.find_keyword("defaults").map(|keyword| &keyword.value) {
        None | Some(Expr::NoneLiteral(_)) => 0,
        Some(values) => elements(values)?.len(),
    };
    let is_valid = |(index, name): (usize, &String)| !name.starts_with('_') && !names[..index].contains(name);
    if with_default > names.len() || !names.iter().enumerate().all(is_valid) {
        return None;
    }
    let first_default = names.len() - with_default;
    let field =
        |(index, name)| Parameter { name, kind: ParameterKind::Plain, has_default: index >= first_default };
    Some(names.into_iter().enumerate().map(field).collect())
}

/// `"x"`, or where fields have types `("x", int)`.
fn field_name(element: &Expr, is_typed: bool) -> Option<String> {
    let name = match element {
        Expr::Tuple(pair) if is_typed && pair.elts.len() == 2 => &pair.elts[0],
        element if !is_typed => element,
        _ => return None,
    };
    Some(name.as_string_literal_expr()?.value.to_str().to_owned())
}

/// The elements of a list or tuple that is written out.
fn elements(list: &Expr) -> Option<&[Expr]> {
    let (Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) = list else {
        return None;
    };
    (!elts.iter().any(Expr::is_starred_expr)).then_some(&elts[..])
}

fn is_false(expr: &Expr) -> bool {
    matches!(expr, Expr::BooleanLiteral(literal) if !literal.value)
}

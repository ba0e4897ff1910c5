//! Whether an expression is the thread, or a collection that it may be in.

use super::walk::Walker;
use super::{Owner, Place};
use crate::python::Ranged;
use crate::python::ast::{self, Expr};
use crate::python::project::{FunctionRef, Scope, Type, object_parameter};

/// How sure it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sure {
    No,
    /// It may be; why that cannot be told.
    Maybe(String),
    Yes,
}

impl Sure {
    pub(super) fn or(self, other: Sure) -> Sure {
        match (self, other) {
            (Sure::Yes, _) | (_, Sure::Yes) => Sure::Yes,
            (Sure::No, sure) | (sure, Sure::No) => sure,
            (sure, Sure::Maybe(_)) => sure,
        }
    }

    pub(super) fn is_possible(&self) -> bool {
        *self != Sure::No
    }
}

/// What an expression is to the thread.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct What {
    /// It is the thread itself.
    pub(super) thread: Sure,
    /// It is a collection that the thread may be in.
    pub(super) collection: Sure,
}

impl What {
    pub(super) const NOTHING: What = What { thread: Sure::No, collection: Sure::No };

    pub(super) fn certain(is_collection: bool) -> What {
        What::of(Sure::Yes, is_collection)
    }

    fn of(sure: Sure, is_collection: bool) -> What {
        match is_collection {
            true => What { thread: Sure::No, collection: sure },
            false => What { thread: sure, collection: Sure::No },
        }
    }

    pub(super) fn or(self, other: What) -> What {
        What { thread: self.thread.or(other.thread), collection: self.collection.or(other.collection) }
    }

    /// It has to do with the thread at all.
    pub(super) fn any(&self) -> Sure {
        self.thread.clone().or(self.collection.clone())
    }

    /// An element of it: the thread, or what the thread is in.
    pub(super) fn element(&self) -> What {
        What { thread: self.collection.clone(), collection: self.collection.clone() }
    }

    /// A collection with it as an element, or as a part.
    fn wrapped(self) -> What {
        What { thread: Sure::No, collection: self.any() }
    }

    /// It, where something else is not certain either.
    pub(super) fn doubted(self, doubt: &Sure) -> What {
        let also = |sure: Sure| if sure.is_possible() { doubt.clone() } else { sure };
        What { thread: also(self.thread), collection: also(self.collection) }
    }

    fn only_collection(self) -> What {
        What { thread: Sure::No, collection: self.collection }
    }
}

/// Expressions that are nested deeper are written by no one.
const NESTED: u32 = 60;

/// Methods of collections that give an element.
const TAKING: &[&str] =
    &["pop", "popleft", "popitem", "get", "get_nowait", "setdefault", "__getitem__", "peek"];

/// Functions that give a collection of what is in their arguments.
const COLLECTING: &[&str] = &[
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "sorted",
    "reversed",
    "enumerate",
    "zip",
    "filter",
    "iter",
    "chain",
    "from_iterable",
    "copy",
    "deepcopy",
    "deque",
    "islice",
];

impl<'f> Walker<'_, '_, 'f> {
    pub(super) fn what(&self, expr: &'f Expr) -> What {
        self.what_within(expr, 0)
    }

    fn what_within(&self, expr: &'f Expr, depth: u32) -> What {
        if depth > NESTED {
            return What::NOTHING;
        }
        let inner = |expr: &'f Expr| self.what_within(expr, depth + 1);
        let any_of = |parts: &'f [Expr]| parts.iter().map(inner).fold(What::NOTHING, What::or);
        match expr {
            Expr::Name(name) => self.variable(name),
            Expr::Attribute(attribute) => self.attribute(&attribute.value, attribute.attr.as_str()),
            Expr::Named(named) => inner(&named.value),
            Expr::Starred(starred) => inner(&starred.value).only_collection(),
            Expr::BoolOp(node) => any_of(&node.values),
            Expr::If(node) => inner(&node.body).or(inner(&node.orelse)),
            Expr::BinOp(node) => inner(&node.left).or(inner(&node.right)).only_collection(),
            Expr::Tuple(tuple) => any_of(&tuple.elts).wrapped(),
            Expr::List(list) => any_of(&list.elts).wrapped(),
            Expr::Set(set) => any_of(&set.elts).wrapped(),
            Expr::Dict(dict) => {
                dict.items.iter().map(|item| inner(&item.value)).fold(What::NOTHING, What::or).wrapped()
            }
            Expr::Subscript(subscript) => inner(&subscript.value).element(),
            Expr::ListComp(node) => self.comprehended(&node.elt, &node.generators, depth),
            Expr::SetComp(node) => self.comprehended(&node.elt, &node.generators, depth),
            Expr::Generator(node) => self.comprehended(&node.elt, &node.generators, depth),
            Expr::DictComp(node) => self.comprehended(&node.value, &node.generators, depth),
            Expr::Call(call) => self.result(call, depth),
            _ => What::NOTHING,
        }
    }

    /// `[t for t in threads if …]` has the threads, `[t.name for t in threads]` has not.
    fn comprehended(&self, element: &'f Expr, generators: &'f [ast::Comprehension], depth: u32) -> What {
        let keeps = matches!(element, Expr::Name(_) | Expr::Tuple(_) | Expr::List(_) | Expr::If(_));
        let iterated = match keeps {
            true => generators
                .iter()
                .map(|part| self.what_within(&part.iter, depth + 1).only_collection())
                .fold(What::NOTHING, What::or),
            false => What::NOTHING,
        };
        iterated.or(self.what_within(element, depth + 1).wrapped())
    }

    fn result(&self, call: &'f ast::ExprCall, depth: u32) -> What {
        let inner = |expr: &'f Expr| self.what_within(expr, depth + 1);
        let arguments = call.arguments.args.as_ref();
        let any_of = |parts: &'f [Expr]| parts.iter().map(inner).fold(What::NOTHING, What::or);
        let all_arguments = || {
            let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
            arguments.iter().chain(values).map(inner).fold(What::NOTHING, What::or)
        };
        let given = match call.func.as_ref() {
            Expr::Name(function) => match (function.id.as_str(), arguments) {
                ("getattr", [object, Expr::StringLiteral(name), rest @ ..]) => {
                    self.attribute(object, name.value.to_str()).or(any_of(rest))
                }
                ("super", _) => self.own_object(call),
                ("next" | "min" | "max", _) => all_arguments().element(),
                // `dict(main=self.t)`.
                ("dict", copied) => {
                    let keywords = call.arguments.keywords.iter().map(|keyword| inner(&keyword.value));
                    keywords.fold(What::NOTHING, What::or).wrapped().or(any_of(copied).only_collection())
                }
                (name, _) if COLLECTING.contains(&name) => all_arguments().only_collection(),
                _ => What::NOTHING,
            },
            Expr::Attribute(method) => {
                let name = method.attr.as_str();
                let object = inner(&method.value);
                if TAKING.contains(&name) {
                    object.element()
                } else if object.collection.is_possible() {
                    // `x.copy()`, `x.values()`.
                    object.only_collection()
                } else if COLLECTING.contains(&name) {
                    all_arguments().only_collection()
                } else {
                    What::NOTHING
                }
            }
            _ => What::NOTHING,
        };
        given.or(self.returned(call))
    }

    /// `super()` in a method whose object is the thread.
    fn own_object(&self, call: &'f ast::ExprCall) -> What {
        let scope = Scope::at(self.file, call.range());
        let Some(function) = scope.function() else { return What::NOTHING };
        match object_parameter(self.uses.project.function_ref(self.file, function)) {
            Some(object) => self.named(object),
            None => What::NOTHING,
        }
    }

    /// What calls of the functions that return the thread give.
    fn returned(&self, call: &'f ast::ExprCall) -> What {
        let name = match call.func.as_ref() {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => return What::NOTHING,
        };
        let places = self.results(name);
        if places.is_empty() {
            return What::NOTHING;
        }
        let callees = self.uses.project.resolve_call(&self.scope(&call.func), call);
        let mut what = What::NOTHING;
        for (function, is_collection) in places {
            if callees.functions.iter().any(|(callee, _)| *callee == function) {
                what = what.or(What::certain(is_collection));
            } else if !callees.unresolved.is_empty() {
                what = what.or(What::of(Sure::Maybe(self.unknown_object(&call.func)), is_collection));
            }
        }
        what
    }

    fn results(&self, name: &str) -> Vec<(FunctionRef<'f>, bool)> {
        let of_name = |place: &Place<'f>| match place.owner {
            Owner::Result(function) if place.name == name => Some((function, place.is_collection)),
            Owner::Result(_) | Owner::Class(_) | Owner::Module(_) | Owner::Function(_) => None,
        };
        self.uses.places.iter().filter_map(of_name).collect()
    }

    fn unknown_object(&self, object: &Expr) -> String {
        let line = self.file.source().line(object.start());
        format!(
            "`{}` at `{}:{line}` is an object that is not known",
            self.file.source().slice(object.range()),
            self.file.path()
        )
    }

    /// `object.name`, where objects of the class hold the thread by that name.
    fn attribute(&self, object: &'f Expr, name: &str) -> What {
        let project = self.uses.project;
        let places: Vec<&Place<'f>> = self.uses.places.iter().filter(|place| place.name == name).collect();
        if places.is_empty() {
            return What::NOTHING;
        }
        let mut what = What::NOTHING;
        for ty in project.infer(&self.scope(object), object) {
            for place in &places {
                let sure = match (&ty, &place.owner) {
                    (Type::Instance(class) | Type::Class(class), Owner::Class(owner)) => {
                        match project.are_related(*owner, *class) {
                            true => Sure::Yes,
                            false => Sure::No,
                        }
                    }
                    (Type::Instance(class), Owner::Result(function)) => {
                        let is_it = is_property(*function)
                            && project.method(*class, name).is_ok_and(|found| found.contains(function));
                        if is_it { Sure::Yes } else { Sure::No }
                    }
                    (Type::Module(module), Owner::Module(home)) => {
                        if module.0.path().as_str() == *home {
                            Sure::Yes
                        } else {
                            Sure::No
                        }
                    }
                    (Type::Unknown(_), Owner::Class(_)) => Sure::Maybe(self.unknown_object(object)),
                    (Type::Unknown(_), Owner::Result(function)) if is_property(*function) => {
                        Sure::Maybe(self.unknown_object(object))
                    }
                    _ => Sure::No,
                };
                what = what.or(What::of(sure, place.is_collection));
            }
        }
        what
    }
}

pub(super) fn is_property(function: FunctionRef) -> bool {
    function.has_decorator("property") || function.has_decorator("cached_property")
}

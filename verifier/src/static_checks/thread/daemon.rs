//! Whether threads are daemons: what they are made with, what their classes say, and what is
//! stored later.

use super::Known;
use super::uses::{EventKind, Uses};
use crate::python::ast::{self, Expr, ExprCall};
use crate::python::project::{
    AccessKind, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Spawn, Stored, argument_of,
    object_parameter, unpacked_arguments,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::site;

/// Whether all of the threads are daemons.
pub(super) fn daemon<'f>(
    project: &Project<'f>,
    threads: &[&Spawn<'f>],
    uses: &Uses<'_, 'f>,
    unknown: &[String],
) -> Known {
    let later = uses.sites(EventKind::Daemon(true), "made a daemon");
    if !uses.sites(EventKind::Daemon(false), "").is_empty() {
        let is_certain = later.is_empty()
            && threads.iter().all(|spawn| matches!(created_as_daemon(project, spawn), Known::No));
        return match is_certain {
            true => Known::No,
            false => Known::Unknown("it is made a daemon at one place and not at another".to_owned()),
        };
    }
    if !later.is_empty() {
        return Known::Yes(later);
    }
    let mut natures = Vec::new();
    for spawn in threads {
        natures.push(created_as_daemon(project, spawn));
    }
    let mut yes = Vec::new();
    let mut no = false;
    for nature in natures {
        match nature {
            Known::Yes(sites) => yes.extend(sites),
            Known::No => no = true,
            Known::Unknown(why) => return Known::Unknown(why),
        }
    }
    if let Some(why) = unknown.first().or(uses.doubt(EventKind::Daemon(true)).filter(|_| no)) {
        return Known::Unknown(why.clone());
    }
    match (yes.is_empty(), no) {
        (false, false) => Known::Yes(yes),
        (true, _) => Known::No,
        (false, true) => Known::Unknown("some of the threads that it holds are and some are not".to_owned()),
    }
}

fn created_as_daemon<'f>(project: &Project<'f>, spawn: &Spawn<'f>) -> Known {
    let literal = |value: &Expr, file: &'f ParsedFile, range: TextRange| match value {
        Expr::BooleanLiteral(literal) if literal.value => {
            Known::Yes(vec![site(file, range, Some("made a daemon"))])
        }
        Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => Known::No,
        _ => Known::Unknown("`daemon` is given a value that is computed".to_owned()),
    };
    let made = spawn.call.range();
    let given = || match argument_of(&spawn.call.arguments, "daemon", usize::MAX) {
        Some(value) => literal(value, spawn.file, made),
        None if unpacked_arguments(&spawn.call.arguments).is_none() => {
            Known::Unknown("it is made with `**` arguments".to_owned())
        }
        None => Known::No,
    };
    let Some(class) = spawn.class else { return given() };
    // A class of its own: what its code says of `daemon`, nearest first.
    for access in project.accesses_of(class, "daemon") {
        if let AccessKind::Store(Stored::Value(value)) = access.kind {
            return literal(value, access.class.file, access.range);
        }
        // The class's own attribute is what reading `daemon` gives, to the interpreter as well.
        if let AccessKind::Store(Stored::InClassBody) = access.kind {
            let bindings = project.frame_bindings(Frame::Class(access.class.node));
            if let [binding] = bindings.all("daemon")
                && let BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) = binding.kind
            {
                return literal(value, access.class.file, access.range);
            }
        }
        if let AccessKind::Store(_) = access.kind {
            return Known::Unknown("its class says something about `daemon` that is not followed".to_owned());
        }
    }
    let nearest = project.own_or_inherited(class, "__init__");
    match handed_to_bases(project, class) {
        Some(Handed::Daemon(constructor, value, range)) => {
            // `super().__init__(daemon=daemon)` hands on what it is given itself.
            let parameter = match value {
                Expr::Name(name) if nearest == Some(constructor) => parameter(project, constructor, name),
                _ => None,
            };
            match parameter {
                Some((position, default)) => {
                    let Expr::Name(name) = value else { return Known::No };
                    match argument_of(&spawn.call.arguments, name.id.as_str(), position) {
                        Some(value) => literal(value, spawn.file, made),
                        None if spreads(&spawn.call.arguments) => {
                            Known::Unknown("it is made with `*` or `**` arguments".to_owned())
                        }
                        None => default
                            .map_or(Known::No, |default| literal(default, constructor.file, default.range())),
                    }
                }
                None => literal(value, constructor.file, range),
            }
        }
        // What it does not take itself goes on to the base.
        Some(Handed::Everything(constructor, options))
            if nearest == Some(constructor) && takes_only_the_rest(constructor, options) =>
        {
            given()
        }
        Some(Handed::Everything(..)) => Known::Unknown("its constructor hands `**` arguments on".to_owned()),
        None if nearest.is_none() => given(),
        None if spawn.call.arguments.find_keyword("daemon").is_some() => {
            Known::Unknown("its class decides what `daemon` means".to_owned())
        }
        None => Known::No,
    }
}

/// Whether a call is given a list or a dictionary that is not written out.
fn spreads(arguments: &ast::Arguments) -> bool {
    unpacked_arguments(arguments).is_none() || arguments.args.iter().any(Expr::is_starred_expr)
}

/// Which of the arguments of a constructor's call a name is, and its default, where the
/// constructor gives it no other value.
fn parameter<'f>(
    project: &Project<'f>,
    constructor: FunctionRef<'f>,
    name: &ast::ExprName,
) -> Option<(usize, Option<&'f Expr>)> {
    let node: &'f ast::StmtFunctionDef = constructor.node;
    let bindings = project.frame_bindings(Frame::Function(node));
    if bindings.all(name.id.as_str()).len() != 1 {
        return None;
    }
    let is_it = |parameter: &&'f ast::ParameterWithDefault| parameter.name().as_str() == name.id.as_str();
    let parameters = &node.parameters;
    if let Some(only) = parameters.kwonlyargs.iter().find(is_it) {
        return Some((usize::MAX, only.default.as_deref()));
    }
    let mut positional = parameters.posonlyargs.iter().chain(&parameters.args);
    let position = positional.clone().position(|parameter| is_it(&parameter))?;
    // The object is not among the arguments.
    let default = positional.nth(position)?.default.as_deref();
    Some((position.checked_sub(1)?, default))
}

/// Whether a constructor has no `daemon` of its own, and does nothing with its other options but
/// to hand them on.
fn takes_only_the_rest(constructor: FunctionRef, options: &Expr) -> bool {
    struct Uses<'n> {
        name: &'n str,
        found: u32,
    }
    impl<'f> Visitor<'f> for Uses<'_> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            self.found += u32::from(matches!(expr, Expr::Name(name) if name.id.as_str() == self.name));
            visitor::walk_expr(self, expr);
        }
    }
    let parameters = &constructor.node.parameters;
    let (Expr::Name(options), Some(rest)) = (options, &parameters.kwarg) else { return false };
    let mut uses = Uses { name: options.id.as_str(), found: 0 };
    uses.visit_body(&constructor.node.body);
    rest.name.as_str() == options.id.as_str() && uses.found == 1 && !parameters.includes("daemon")
}

/// What a constructor hands to that of a base.
enum Handed<'f> {
    /// A value of `daemon`.
    Daemon(FunctionRef<'f>, &'f Expr, TextRange),
    /// Whatever it was given itself, by this name.
    Everything(FunctionRef<'f>, &'f Expr),
}

/// What the constructors of a thread class hand on about `daemon`, the nearest that does.
fn handed_to_bases<'f>(project: &Project<'f>, class: ClassRef<'f>) -> Option<Handed<'f>> {
    const MOST_CONSTRUCTORS: usize = 20;
    let mut constructors: Vec<FunctionRef<'f>> =
        project.own_or_inherited(class, "__init__").into_iter().collect();
    let mut next = 0;
    while let Some(constructor) = constructors.get(next).copied().filter(|_| next < MOST_CONSTRUCTORS) {
        next += 1;
        let mut calls = BaseCalls { object: object_parameter(constructor), found: Vec::new() };
        calls.visit_body(&constructor.node.body);
        for call in calls.found {
            if let Some(value) = argument_of(&call.arguments, "daemon", usize::MAX) {
                return Some(Handed::Daemon(constructor, value, call.range()));
            }
            let rest = call.arguments.keywords.iter().find(|keyword| keyword.arg.is_none());
            if let (None, Some(rest)) = (unpacked_arguments(&call.arguments), rest) {
                return Some(Handed::Everything(constructor, &rest.value));
            }
            let mut scope = Scope::at(constructor.file, call.func.range());
            scope.receiver = Some(class);
            for (base, _) in project.resolve_call(&scope, call).functions {
                if !constructors.contains(&base) {
                    constructors.push(base);
                }
            }
        }
    }
    None
}

/// Calls `super().__init__(…)` and `Base.__init__(self, …)`.
struct BaseCalls<'f> {
    object: Option<&'f str>,
    found: Vec<&'f ExprCall>,
}

impl<'f> Visitor<'f> for BaseCalls<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Attribute(attribute) = call.func.as_ref()
            && attribute.attr.as_str() == "__init__"
        {
            let is_super = matches!(attribute.value.as_ref(), Expr::Call(inner)
                if matches!(inner.func.as_ref(), Expr::Name(name) if name.id.as_str() == "super"));
            let is_given = matches!(call.arguments.args.first(), Some(Expr::Name(name))
                if Some(name.id.as_str()) == self.object);
            if is_super || is_given {
                self.found.push(call);
            }
        }
        visitor::walk_expr(self, expr);
    }
}

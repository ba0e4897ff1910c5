//! Where code starts other threads of control, and what they run.

use super::{Ancestor, ClassRef, FunctionRef, Project, Scope, Type};
use crate::python::ast::{self, Expr, ExprCall, Stmt};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged};
use crate::target::RelativePath;

/// What kind of thread of control a call makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnKind {
    /// `threading.Thread`, a subclass of it, or a process.
    Thread,
    /// `threading.Timer`.
    Timer,
    /// A task of a pool of threads.
    Executor,
    /// A task of the event loop.
    Task,
    /// A handler of a signal.
    SignalHandler,
}

/// A call that makes a thread of control.
#[derive(Clone, Debug)]
pub struct Spawn<'f> {
    /// What it makes.
    pub kind: SpawnKind,
    /// The call.
    pub call: &'f ExprCall,
    /// The file that the call stands in.
    pub file: &'f ParsedFile,
    /// What runs.
    pub target: Target<'f>,
    /// The class of the thread, when it is one of the target's own.
    pub class: Option<ClassRef<'f>>,
    /// It stands in a loop or comprehension, so that it can run more than once.
    pub repeated: bool,
}

/// What a thread of control runs.
#[derive(Clone, Debug)]
pub enum Target<'f> {
    /// Functions, for methods with the class of the object.
    Functions(Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)>),
    /// A lambda.
    Lambda(&'f ast::ExprLambda),
    /// Code from outside the target.
    Outside(String),
    /// It cannot be told; why.
    Unknown(String),
}

impl<'f> Project<'f> {
    /// The thread of control that a call makes, if it makes one.
    pub fn spawn(&self, scope: &Scope<'f>, call: &'f ExprCall) -> Option<Spawn<'f>> {
        let attribute = match call.func.as_ref() {
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
            _ => None,
        };
        let arguments = &call.arguments;
        let file = scope.file;
        let make = |kind, target: Option<&'f Expr>| {
            let target = match target {
                Some(target) => self.spawn_target(scope, target),
                None => Target::Unknown("no target is given".to_owned()),
            };
            Some(Spawn { kind, call, file, target, class: None, repeated: false })
        };
        for ty in self.infer(scope, &call.func) {
            match self.by_library_name(ty) {
                Type::External(name) => match name.as_str() {
                    "threading.Thread" | "multiprocessing.Process" | "multiprocessing.context.Process" => {
                        return make(SpawnKind::Thread, argument_of(arguments, "target", 1));
                    }
                    "threading.Timer" => {
                        return make(SpawnKind::Timer, argument_of(arguments, "function", 1));
                    }
                    "_thread.start_new_thread" => {
                        return make(SpawnKind::Thread, arguments.find_positional(0));
                    }
                    "asyncio.to_thread" => return make(SpawnKind::Executor, arguments.find_positional(0)),
                    "signal.signal" => return make(SpawnKind::SignalHandler, arguments.find_positional(1)),
                    name if name.ends_with("PoolExecutor().submit")
                        || name.ends_with("PoolExecutor().map") =>
                    {
                        return make(SpawnKind::Executor, arguments.find_positional(0));
                    }
                    "asyncio.create_task" | "asyncio.ensure_future" | "asyncio.run_coroutine_threadsafe" => {
                        return make(SpawnKind::Task, called(arguments.find_positional(0)));
                    }
                    name if name.starts_with("asyncio.") && attribute == Some("create_task") => {
                        return make(SpawnKind::Task, called(arguments.find_positional(0)));
                    }
                    name if name.starts_with("asyncio.") && attribute == Some("run_in_executor") => {
                        return make(SpawnKind::Executor, arguments.find_positional(1));
                    }
                    name if name.starts_with("asyncio.") && attribute == Some("add_signal_handler") => {
                        return make(SpawnKind::SignalHandler, arguments.find_positional(1));
                    }
                    _ => {}
                },
                Type::Class(class) if self.is_thread_class(class) => {
                    let target = self.thread_class_target(scope, class, call);
                    let kind = SpawnKind::Thread;
                    return Some(Spawn { kind, call, file, target, class: Some(class), repeated: false });
                }
                Type::Unknown(_) => match attribute {
                    // Whatever object this is, the name and the argument say what it does.
                    Some("submit") => return make(SpawnKind::Executor, arguments.find_positional(0)),
                    Some("run_in_executor") => {
                        return make(SpawnKind::Executor, arguments.find_positional(1));
                    }
                    Some("create_task") => {
                        return make(SpawnKind::Task, called(arguments.find_positional(0)));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        None
    }

    /// Every call in a body, nested functions included, that makes a thread of control.
    pub fn spawns(
        &self,
        file: &'f ParsedFile,
        body: &'f [Stmt],
        receiver: Option<ClassRef<'f>>,
    ) -> Vec<Spawn<'f>> {
        let mut finder = Finder { calls: Vec::new(), loops: 0 };
        finder.visit_body(body);
        finder
            .calls
            .into_iter()
            .filter(|(call, _)| may_spawn(call))
            .filter_map(|(call, repeated)| {
                let mut scope = Scope::at(file, call.func.range());
                scope.receiver = receiver;
                let spawn = self.spawn(&scope, call)?;
                Some(Spawn { repeated, ..spawn })
            })
            .collect()
    }

    /// Whether objects of the class are threads.
    pub fn is_thread_class(&self, class: ClassRef<'f>) -> bool {
        let is_thread = |ancestor: &Ancestor<'f>| {
            let ty = match ancestor {
                Ancestor::External(name) => Type::External(name.clone()),
                Ancestor::Class(class) => self.by_library_name(Type::Class(*class)),
                Ancestor::Unresolved(_) => return false,
            };
            matches!(ty, Type::External(name) if matches!(
                name.as_str(),
                "threading.Thread" | "threading.Timer" | "multiprocessing.Process"
            ))
        };
        self.linearisations(class).iter().any(|order| order.ancestors.iter().any(is_thread))
    }

    /// What everybody calls a class or function of the standard library's `threading`, when the target is
    /// that library. A module of the target that only has the name is another one.
    pub fn by_library_name(&self, ty: Type<'f>) -> Type<'f> {
        let (file, name, is_instance) = match &ty {
            Type::Class(class) => (class.file, class.name(), false),
            Type::Instance(class) => (class.file, class.name(), true),
            Type::Function(function) => (function.file, function.node.name.as_str(), false),
            _ => return ty,
        };
        let module = match file.path().as_str().rsplit('/').next() {
            Some("threading.py") => "threading",
            Some("queue.py") => "queue",
            _ => return ty,
        };
        if !self.is_library_beside(file) {
            return ty;
        }
        let name = format!("{module}.{name}");
        if is_instance { Type::ExternalInstance(name) } else { Type::External(name) }
    }

    /// Whether modules without which no Python starts are in the same directory.
    fn is_library_beside(&self, file: &ParsedFile) -> bool {
        let directory = file.path().as_str().rsplit_once('/').map_or("", |(directory, _)| directory);
        ["os.py", "site.py", "abc.py", "codecs.py", "io.py", "encodings/__init__.py"].iter().all(|name| {
            let path = match directory {
                "" => (*name).to_owned(),
                directory => format!("{directory}/{name}"),
            };
            RelativePath::new(&path).is_ok_and(|path| self.files().contains(&path))
        })
    }

    /// What an object of a thread class runs: its `run`, or what its constructor hands on.
    fn thread_class_target(&self, scope: &Scope<'f>, class: ClassRef<'f>, call: &'f ExprCall) -> Target<'f> {
        for order in self.linearisations(class).iter() {
            let run: Vec<_> = order
                .classes()
                .flat_map(|owner| self.own_functions(owner, "run"))
                .map(|function| (function, Some(class)))
                .take(1)
                .collect();
            if !run.is_empty() {
                return Target::Functions(run);
            }
        }
        match argument_of(&call.arguments, "target", usize::MAX) {
            Some(target) => self.spawn_target(scope, target),
            None => Target::Unknown(format!("`{}` does not define `run`", class.name())),
        }
    }

    fn spawn_target(&self, scope: &Scope<'f>, target: &'f Expr) -> Target<'f> {
        if let Expr::Lambda(lambda) = target {
            return Target::Lambda(lambda);
        }
        if let Expr::Call(call) = target
            && self
                .infer(scope, &call.func)
                .iter()
                .any(|ty| matches!(ty, Type::External(name) if name == "functools.partial"))
            && let Some(first) = call.arguments.find_positional(0)
        {
            return self.spawn_target(scope, first);
        }
        let callees = self.callees(self.infer(scope, target));
        if let Some(why) = callees.unresolved.into_iter().next() {
            return Target::Unknown(why);
        }
        if !callees.functions.is_empty() {
            return Target::Functions(callees.functions);
        }
        match callees.external.into_iter().next() {
            Some(name) => Target::Outside(name),
            None => Target::Unknown("the target is no function".to_owned()),
        }
    }
}

/// What a parameter is given: by its name, also in a dictionary that is written out
/// (`**{"daemon": True}`), or by its position.
pub fn argument_of<'f>(arguments: &'f ast::Arguments, name: &str, position: usize) -> Option<&'f Expr> {
    arguments.find_argument_value(name, position).or_else(|| {
        let unpacked = unpacked_arguments(arguments)?;
        unpacked.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    })
}

/// What the `**` arguments of a call are, where all of them are written out: `**{"daemon": True}`,
/// `**dict(daemon=True)`. Nothing where one of them cannot be told.
pub fn unpacked_arguments(arguments: &ast::Arguments) -> Option<Vec<(&str, &Expr)>> {
    let mut values = Vec::new();
    for keyword in arguments.keywords.iter().filter(|keyword| keyword.arg.is_none()) {
        match &keyword.value {
            Expr::Dict(dict) => {
                for item in &dict.items {
                    let Some(Expr::StringLiteral(key)) = &item.key else { return None };
                    values.push((key.value.to_str(), &item.value));
                }
            }
            Expr::Call(call)
                if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "dict")
                    && call.arguments.args.is_empty() =>
            {
                for inner in &call.arguments.keywords {
                    values.push((inner.arg.as_ref()?.as_str(), &inner.value));
                }
            }
            _ => return None,
        }
    }
    Some(values)
}

/// `f` of `f(…)`: what a coroutine that is handed over runs.
fn called(coroutine: Option<&Expr>) -> Option<&Expr> {
    match coroutine? {
        Expr::Call(call) => Some(&call.func),
        _ => None,
    }
}

/// A look at the text of a call before its callee is resolved: a class needs a capital letter
/// or a function one of the known names.
fn may_spawn(call: &ExprCall) -> bool {
    let name = match call.func.as_ref() {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    matches!(
        name,
        "submit"
            | "map"
            | "run_in_executor"
            | "create_task"
            | "ensure_future"
            | "run_coroutine_threadsafe"
            | "start_new_thread"
            | "to_thread"
            | "signal"
            | "add_signal_handler"
    ) || name.trim_start_matches('_').starts_with(char::is_uppercase)
        || name.to_ascii_lowercase().contains("thread")
        || name.to_ascii_lowercase().contains("timer")
}

struct Finder<'f> {
    calls: Vec<(&'f ExprCall, bool)>,
    loops: u32,
}

impl<'f> Visitor<'f> for Finder<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        let is_loop = matches!(stmt, Stmt::For(_) | Stmt::While(_));
        self.loops += u32::from(is_loop);
        visitor::walk_stmt(self, stmt);
        self.loops -= u32::from(is_loop);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr {
            self.calls.push((call, self.loops > 0));
        }
        let is_loop =
            matches!(expr, Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_));
        self.loops += u32::from(is_loop);
        visitor::walk_expr(self, expr);
        self.loops -= u32::from(is_loop);
    }
}

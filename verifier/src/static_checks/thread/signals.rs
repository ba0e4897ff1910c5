//! Whether code tells a thread that it shall end: what the thread's own code looks at to learn
//! it, and the places that change that.

mod decorators;
mod looks;
mod silence;

use super::Known;
use super::uses::{EventKind, Uses};
use crate::evidence::Site;
use crate::python::ast::{self, CmpOp, Expr, ExprCall, ExprContext, Stmt, UnaryOp};
use crate::python::calls::{calls_in, calls_within};
use crate::python::control_flow::truth;
use crate::python::project::{
    AccessKind, Ancestor, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Spawn, SpawnKind,
    Stored, Target, Type, argument_of, dotted_name, object_parameter,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::site;

use looks::{Leaving, Tests};

/// Functions, for methods with the class of the object.
type Functions<'f> = Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)>;

/// Whether the symbol's code, or what it calls, signals the threads.
pub(super) fn signalled<'f>(
    project: &Project<'f>,
    threads: &[&Spawn<'f>],
    uses: &Uses<'_, 'f>,
    function: Option<FunctionRef<'f>>,
    class: Option<ClassRef<'f>>,
) -> Known {
    // Where the signal must come from.
    let signallers: Functions<'f> = match (function, class) {
        (Some(function), class) => vec![(function, class)],
        (None, Some(class)) => methods_of(project, class),
        (None, None) => return Known::Unknown("the claim's symbol is no code".to_owned()),
    };
    let mut reached = Reached::new(project);
    reached.follow(signallers);
    let signallers = &reached.functions;
    let inside = |file: &ParsedFile, range: TextRange| {
        signallers.iter().any(|(function, _)| {
            function.file.path() == file.path() && function.node.range().contains_range(range)
        })
    };
    let mut watching = Watching {
        project,
        reached: Reached::new(project),
        watched: Vec::new(),
        targets: Vec::new(),
        looked_into: Vec::new(),
        followed: Vec::new(),
    };
    let mut unknown = None;
    for spawn in threads {
        unknown = unknown.or(watching.thread(spawn));
    }
    watching.everything();
    let cancelled: Vec<Site> = uses
        .events(EventKind::Cancel)
        .filter(|(file, range)| inside(file, *range))
        .map(|(file, range)| site(file, range, Some("signalled")))
        .collect();
    if !cancelled.is_empty() && threads.iter().any(|spawn| heeds_cancel(project, spawn, &watching.watched)) {
        return Known::Yes(cancelled);
    }
    let mut sites = Vec::new();
    let mut doubt = None;
    for (function, receiver) in signallers {
        sites.extend(signals_in(&reached, *function, *receiver, &watching.watched, &mut doubt));
    }
    let doubt = match sites.is_empty() {
        true => unknown.or(doubt).or_else(|| silence::doubt(&reached, &watching)),
        false => None,
    };
    match (sites.is_empty(), doubt) {
        (false, _) => Known::Yes(sites),
        (true, Some(why)) => Known::Unknown(why),
        (true, None) => Known::No,
    }
}

/// The methods that objects of a class have, inherited ones as well. A constructor gives first
/// values, and tells nobody to end.
fn methods_of<'f>(project: &Project<'f>, class: ClassRef<'f>) -> Functions<'f> {
    let mut names: Vec<&str> = vec!["__init__", "__new__", "__post_init__"];
    let mut methods = Vec::new();
    for order in project.linearisations(class).iter() {
        for owner in order.classes() {
            // What a class has in place of an inherited method hides that.
            let own = project.own_methods(owner);
            let fresh = own.into_iter().filter(|method| !names.contains(&method.node.name.as_str()));
            let fresh: Vec<FunctionRef<'f>> = fresh.collect();
            names.extend(fresh.iter().map(|method| method.node.name.as_str()));
            methods.extend(fresh.into_iter().map(|method| (method, Some(class))));
        }
    }
    methods
}

/// Whether `cancel()` ends it: a timer that runs what it was given, or whose own `run` looks at
/// the event that `cancel` sets.
fn heeds_cancel<'f>(project: &Project<'f>, spawn: &Spawn<'f>, watched: &[Watched<'f>]) -> bool {
    let Some(class) = spawn.class else { return spawn.kind == SpawnKind::Timer };
    let is_timer = project.linearisations(class).iter().any(|order| {
        order
            .ancestors
            .iter()
            .any(|ancestor| matches!(ancestor, Ancestor::External(name) if name == "threading.Timer"))
    });
    is_timer
        && (project.own_or_inherited(class, "run").is_none()
            || watched.iter().any(|watched| watched.is_attribute && watched.name == "finished"))
}

/// What the arguments of a call are.
struct Given<'f> {
    callee: FunctionRef<'f>,
    /// The first parameter is the object.
    bound: bool,
    positional: Vec<&'f Expr>,
    keywords: Vec<(&'f str, &'f Expr)>,
    file: &'f ParsedFile,
    receiver: Option<ClassRef<'f>>,
}

impl<'f> Given<'f> {
    fn argument(&self, parameter: &str) -> Option<&'f Expr> {
        if let Some((_, value)) = self.keywords.iter().find(|(name, _)| *name == parameter) {
            return Some(value);
        }
        let skip = usize::from(self.bound && !self.callee.has_decorator("staticmethod"));
        let parameters = &self.callee.node.parameters;
        let mut positional = parameters.posonlyargs.iter().chain(&parameters.args).skip(skip);
        let index = positional.position(|known| known.name().as_str() == parameter)?;
        self.positional.get(index).copied().filter(|value| !matches!(value, Expr::Starred(_)))
    }
}

/// The functions that can run when some others do, over calls that resolve.
struct Reached<'p, 'f> {
    project: &'p Project<'f>,
    functions: Functions<'f>,
    given: Vec<Given<'f>>,
    /// Decorators of the target on these functions, with the functions inside of them.
    decorators: Vec<FunctionRef<'f>>,
}

/// Functions that are followed, at most.
const MOST_REACHED: usize = 2_000;

impl<'p, 'f> Reached<'p, 'f> {
    fn new(project: &'p Project<'f>) -> Self {
        Self { project, functions: Vec::new(), given: Vec::new(), decorators: Vec::new() }
    }

    fn follow(&mut self, from: Functions<'f>) {
        let mut next = self.functions.len();
        for function in from {
            self.add(function);
        }
        while let Some((function, receiver)) = self.functions.get(next).copied() {
            next += 1;
            if self.functions.len() > MOST_REACHED {
                break;
            }
            for call in calls_in(&function.node.body) {
                for callee in self.call(function.file, call, receiver) {
                    self.add(callee);
                }
            }
            for wrapper in self.wrappers(function) {
                self.add(wrapper);
            }
        }
    }

    fn add(&mut self, function: (FunctionRef<'f>, Option<ClassRef<'f>>)) {
        if !self.functions.contains(&function) {
            self.functions.push(function);
        }
    }

    /// The functions that a call runs, with what it gives them.
    fn call(
        &mut self,
        file: &'f ParsedFile,
        call: &'f ExprCall,
        receiver: Option<ClassRef<'f>>,
    ) -> Functions<'f> {
        let mut scope = Scope::at(file, call.func.range());
        scope.receiver = receiver;
        let callees = self.project.resolve_call(&scope, call);
        let constructors = callees.classes.iter().flat_map(|class| constructors(self.project, *class));
        for (callee, object) in callees.functions.iter().copied().chain(constructors) {
            self.given.push(Given {
                callee,
                bound: object.is_some(),
                positional: call.arguments.args.iter().collect(),
                keywords: keywords(&call.arguments),
                file,
                receiver,
            });
        }
        let mut functions = callees.functions;
        // `loop.call_soon_threadsafe(self._shutdown)` runs it, in the thread of the loop.
        if let (Some("call_soon_threadsafe" | "call_soon" | "call_later"), arguments) =
            (last_name(&call.func), &call.arguments.args)
        {
            for argument in arguments.iter().filter(|argument| argument.is_attribute_expr()) {
                functions.extend(self.project.callees(self.project.infer(&scope, argument)).functions);
            }
        }
        functions
    }
}

impl<'f> Reached<'_, 'f> {
    /// What an expression is by another name: `done = self.done`, or what a parameter is given.
    fn origins(&self, asked: Asked<'f>, depth: u32) -> Vec<Asked<'f>> {
        const DEPTH: u32 = 4;
        let mut all = vec![asked];
        let Expr::Name(name) = asked.expr else { return all };
        let mut scope = Scope::at(asked.file, name.range());
        scope.receiver = asked.receiver;
        let found = self.project.lookup(&scope, name.id.as_str(), Some(name.start()));
        let Some((at, bindings)) = found.filter(|_| depth < DEPTH) else { return all };
        for binding in bindings {
            match binding.kind {
                BindingKind::Value(value @ (Expr::Attribute(_) | Expr::Name(_)))
                    if value.range() != name.range() =>
                {
                    all.extend(self.origins(Asked { expr: value, ..asked }, depth + 1));
                }
                BindingKind::Parameter(parameter, ..) => {
                    let frame = at.checked_sub(1).and_then(|index| scope.frames.get(index));
                    let Some(Frame::Function(node)) = frame else { continue };
                    for given in self.given.iter().filter(|given| std::ptr::eq(given.callee.node, *node)) {
                        let Some(expr) = given.argument(parameter.name.as_str()) else { continue };
                        let given = Asked { expr, file: given.file, receiver: given.receiver };
                        all.extend(self.origins(given, depth + 1));
                    }
                }
                _ => {}
            }
        }
        all
    }
}

fn constructors<'f>(project: &Project<'f>, class: ClassRef<'f>) -> Functions<'f> {
    project.own_or_inherited(class, "__init__").into_iter().map(|function| (function, Some(class))).collect()
}

fn keywords(arguments: &ast::Arguments) -> Vec<(&str, &Expr)> {
    arguments
        .keywords
        .iter()
        .filter_map(|keyword| Some((keyword.arg.as_ref()?.as_str(), &keyword.value)))
        .collect()
}

/// Something that decides whether the thread goes on.
#[derive(Clone, Debug, PartialEq)]
struct Watched<'f> {
    name: &'f str,
    is_attribute: bool,
    /// The class whose attribute it is, when that is known.
    owner: Option<ClassRef<'f>>,
    /// `context.stop` of an object of this class, for `self.context.stop`.
    path: Option<(ClassRef<'f>, String)>,
    /// Whose variable it is.
    home: Option<Home>,
    /// The thread was given what was held there: storing something else there is nothing to it.
    is_given: bool,
    ends: Ends,
}

/// What becomes of the thread by a flag or an event that it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// The thread goes on until somebody sets it; clearing it ends nothing.
    WhenSet,
    WhenCleared,
    /// A test looks at it, and which value of it ends the thread is not told.
    Unclear,
    /// It is waited for; a test that looks at it says more.
    Waited,
    /// A method of it is what the thread runs: calling others may end that, replacing it does not.
    ByCall,
}

/// Whose variable a name is: the file, and the address of the function, or zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home(usize, usize);

/// Whose variable it is; nothing when that is not known, or it is another module's.
fn home<'f>(project: &Project<'f>, scope: &Scope<'f>, name: &str) -> Option<Home> {
    let (depth, bindings) = project.lookup(scope, name, None)?;
    if bindings.iter().any(|binding| matches!(binding.kind, BindingKind::ImportFrom { .. })) {
        return None;
    }
    let frame = depth.checked_sub(1).and_then(|index| scope.frames.get(index));
    let inside = match frame {
        Some(Frame::Function(node)) => std::ptr::from_ref(*node).addr(),
        Some(Frame::Class(node)) => std::ptr::from_ref(*node).addr(),
        Some(Frame::Lambda(node)) => std::ptr::from_ref(*node).addr(),
        Some(Frame::Comprehension(_)) | None => 0,
    };
    Some(Home(std::ptr::from_ref(scope.file).addr(), inside))
}

/// The path of an attribute from the object of the method that names it.
fn path_from_object<'f>(
    scope: &Scope<'f>,
    project: &Project<'f>,
    object: &Expr,
    name: &str,
) -> Option<(ClassRef<'f>, String)> {
    let dotted = format!("{}.{name}", dotted_name(object)?);
    let (first, rest) = dotted.split_once('.')?;
    let function = project.function_ref(scope.file, scope.function()?);
    let class = scope.receiver.or(function.class_ref())?;
    (object_parameter(function) == Some(first)).then(|| (class, rest.to_owned()))
}

/// The object and the name of `getattr(object, "name")` and `hasattr(object, "name")`.
fn named_attribute(call: &ExprCall) -> Option<(&Expr, &str)> {
    match (call.func.as_ref(), call.arguments.args.as_ref()) {
        (Expr::Name(function), [object, Expr::StringLiteral(name), ..])
            if matches!(function.id.as_str(), "getattr" | "hasattr") =>
        {
            Some((object, name.value.to_str()))
        }
        _ => None,
    }
}

/// Collects what threads watch.
struct Watching<'p, 'f> {
    project: &'p Project<'f>,
    reached: Reached<'p, 'f>,
    watched: Vec<Watched<'f>>,
    /// The functions whose end is the thread's.
    targets: Vec<FunctionRef<'f>>,
    /// Functions that tests ask, which were looked into.
    looked_into: Vec<FunctionRef<'f>>,
    /// Parameters, by the address of their function, that were followed to who gives them.
    followed: Vec<(usize, String, Ends)>,
}

/// Things that are watched; more of them are code that nobody reads.
const MOST_WATCHED: usize = 1_000;

/// An expression that something is learnt from, and where it stands.
#[derive(Clone, Copy)]
struct Asked<'f> {
    expr: &'f Expr,
    file: &'f ParsedFile,
    receiver: Option<ClassRef<'f>>,
}

impl<'f> Watching<'_, 'f> {
    /// Finds what a thread runs. Why that is not known.
    fn thread(&mut self, spawn: &Spawn<'f>) -> Option<String> {
        let outer = Scope::at(spawn.file, spawn.call.range());
        let receiver = outer.class();
        let arguments = &spawn.call.arguments;
        match &spawn.target {
            Target::Functions(functions) => {
                if let Some(class) = spawn.class {
                    for (callee, _) in constructors(self.project, class) {
                        self.reached.given.push(Given {
                            callee,
                            bound: true,
                            positional: arguments.args.iter().collect(),
                            keywords: keywords(arguments),
                            file: spawn.file,
                            receiver,
                        });
                    }
                } else {
                    let (positional, keywords) = given_to_target(spawn);
                    for (callee, object) in functions {
                        self.reached.given.push(Given {
                            callee: *callee,
                            bound: object.is_some(),
                            positional: positional.clone(),
                            keywords: keywords.clone(),
                            file: spawn.file,
                            receiver,
                        });
                    }
                }
                self.targets.extend(functions.iter().map(|(function, _)| *function));
                self.reached.follow(functions.clone());
                None
            }
            Target::Lambda(lambda) => {
                for call in calls_within(&lambda.body) {
                    let functions = self.reached.call(spawn.file, call, receiver);
                    self.targets.extend(functions.iter().map(|(function, _)| *function));
                    self.reached.follow(functions);
                }
                None
            }
            Target::Outside(name) if name.starts_with("builtins.") => None,
            Target::Outside(_) => {
                // What it runs belongs to an object, and that object can be told to end.
                let target = argument_of(arguments, "target", 1);
                if let Some(Expr::Attribute(method)) = target {
                    self.watch(
                        Asked { expr: &method.value, file: spawn.file, receiver },
                        Ends::ByCall,
                        false,
                    );
                }
                let (positional, keywords) = given_to_target(spawn);
                let is_given = !positional.is_empty() || !keywords.is_empty();
                is_given.then(|| "what code outside the target does with what it is given".to_owned())
            }
            Target::Unknown(why) => Some(format!("what it runs: {why}")),
        }
    }

    /// Everything that the functions look at.
    fn everything(&mut self) {
        for (function, receiver) in self.reached.functions.clone() {
            let is_target = self.targets.contains(&function);
            let tests = Tests::of(&function.node.body, is_target);
            for (expr, goes_on) in tests.tests {
                let asked = Asked { expr, file: function.file, receiver };
                self.test(asked, goes_on, 0);
            }
            for (expr, call) in tests.before_calls {
                if self.may_raise(function.file, call, receiver) {
                    self.test(Asked { expr, file: function.file, receiver }, None, 0);
                }
            }
            for expr in tests.serving {
                self.watch(Asked { expr, file: function.file, receiver }, Ends::ByCall, false);
            }
            for expr in tests.waits {
                self.watch(Asked { expr, file: function.file, receiver }, Ends::Waited, false);
            }
        }
        // A variable of the function itself is nobody else's; what it was given counts.
        let mut next = 0;
        while let Some(watched) = self.watched.get(next).cloned() {
            next += 1;
            if self.watched.len() > MOST_WATCHED {
                break;
            }
            self.sources(&watched);
        }
    }

    /// Whether a function of the target that a call runs can raise, or end the process.
    fn may_raise(&self, file: &'f ParsedFile, call: &'f ExprCall, receiver: Option<ClassRef<'f>>) -> bool {
        let mut scope = Scope::at(file, call.func.range());
        scope.receiver = receiver;
        let callees = self.project.resolve_call(&scope, call).functions;
        callees.iter().any(|(callee, _)| Leaving::of(&callee.node.body, false).found)
    }

    /// A test that decides: what it names, and what the functions and properties that it asks look at.
    fn test(&mut self, asked: Asked<'f>, goes_on_when_true: Option<bool>, depth: u32) {
        const NESTED: u32 = 30;
        if depth > NESTED {
            return;
        }
        let inner = |expr| Asked { expr, ..asked };
        match asked.expr {
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                self.test(inner(&unary.operand), goes_on_when_true.map(|goes_on| !goes_on), depth + 1);
            }
            Expr::BoolOp(node) => {
                for value in &node.values {
                    self.test(inner(value), goes_on_when_true, depth + 1);
                }
            }
            Expr::Call(call) => {
                if let Expr::Attribute(method) = call.func.as_ref() {
                    let ends = match (method.attr.as_str(), goes_on_when_true) {
                        ("is_set" | "wait", Some(true)) => Ends::WhenCleared,
                        ("is_set" | "wait", Some(false)) => Ends::WhenSet,
                        _ => Ends::Unclear,
                    };
                    self.watch(inner(&method.value), ends, false);
                    // How long it waits does not decide.
                    if ends != Ends::Unclear {
                        return;
                    }
                }
                let ends = match last_name(&call.func) {
                    Some("getattr") => Ends::of_flag(goes_on_when_true),
                    _ => Ends::Unclear,
                };
                self.watch(asked, ends, false);
                let mut scope = Scope::at(asked.file, call.func.range());
                scope.receiver = asked.receiver;
                for (function, object) in self.project.resolve_call(&scope, call).functions {
                    self.asked_function(function, object, goes_on_when_true, depth);
                }
                self.asked_variable(&scope, &call.func, asked, depth);
                for argument in &call.arguments.args {
                    self.test(inner(argument), None, depth + 1);
                }
            }
            Expr::Attribute(attribute) => {
                self.watch(asked, Ends::of_flag(goes_on_when_true), false);
                self.watch(inner(&attribute.value), Ends::Unclear, false);
                for ty in self.types(inner(&attribute.value)) {
                    let Type::Instance(class) = ty else { continue };
                    for function in self.project.method(class, attribute.attr.as_str()).unwrap_or_default() {
                        // `iter(self._next, None)` calls what it is given.
                        let goes_on = goes_on_when_true.filter(|_| function.has_decorator("property"));
                        self.asked_function(function, Some(class), goes_on, depth);
                    }
                }
            }
            Expr::Name(_) => {
                self.watch(asked, Ends::of_flag(goes_on_when_true), false);
                let mut scope = Scope::at(asked.file, asked.expr.range());
                scope.receiver = asked.receiver;
                self.asked_variable(&scope, asked.expr, asked, depth);
            }
            Expr::Lambda(lambda) => self.test(inner(&lambda.body), None, depth + 1),
            Expr::Compare(compare) if says_as_much(compare).is_some() => {
                let is_same = says_as_much(compare) == Some(true);
                let goes_on = goes_on_when_true.map(|goes_on| goes_on == is_same);
                self.test(inner(&compare.left), goes_on, depth + 1);
            }
            other => {
                let mut parts = Parts(Vec::new());
                visitor::walk_expr(&mut parts, other);
                for part in parts.0 {
                    self.test(inner(part), None, depth + 1);
                }
            }
        }
    }

    /// What a variable that a test asks was made of: `alive = self.running and …`.
    fn asked_variable(&mut self, scope: &Scope<'f>, variable: &'f Expr, asked: Asked<'f>, depth: u32) {
        let Expr::Name(name) = variable else { return };
        let key = (std::ptr::from_ref(name).addr(), name.id.as_str().to_owned(), Ends::Unclear);
        if self.followed.contains(&key) || self.followed.len() > MOST_WATCHED {
            return;
        }
        self.followed.push(key);
        let found = self.project.lookup(scope, name.id.as_str(), Some(name.start()));
        for binding in found.map(|(_, bindings)| bindings).unwrap_or_default() {
            if let BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) = binding.kind
                && !matches!(value, Expr::Attribute(_) | Expr::Name(_))
            {
                self.test(Asked { expr: value, ..asked }, None, depth + 1);
            }
        }
    }

    /// What a function that a test asks returns, and the tests that lead there.
    fn asked_function(
        &mut self,
        function: FunctionRef<'f>,
        receiver: Option<ClassRef<'f>>,
        goes_on_when_true: Option<bool>,
        depth: u32,
    ) {
        if self.looked_into.contains(&function) || self.looked_into.len() > MOST_WATCHED {
            return;
        }
        self.looked_into.push(function);
        struct Answers<'f>(Vec<(&'f Expr, bool)>);
        impl<'f> Visitor<'f> for Answers<'f> {
            fn visit_stmt(&mut self, stmt: &'f Stmt) {
                match stmt {
                    Stmt::Return(node) => self.0.extend(node.value.as_deref().map(|value| (value, true))),
                    Stmt::If(node) => self.0.push((&node.test, false)),
                    Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
                    _ => {}
                }
                visitor::walk_stmt(self, stmt);
            }
        }
        let mut answers = Answers(Vec::new());
        answers.visit_body(&function.node.body);
        for (expr, is_answer) in answers.0 {
            let asked = Asked { expr, file: function.file, receiver };
            self.test(asked, goes_on_when_true.filter(|_| is_answer), depth + 1);
        }
    }

    fn types(&self, asked: Asked<'f>) -> Vec<Type<'f>> {
        let mut scope = Scope::at(asked.file, asked.expr.range());
        scope.receiver = asked.receiver;
        self.project.infer(&scope, asked.expr)
    }

    /// An attribute or a variable is watched.
    fn watch(&mut self, asked: Asked<'f>, ends: Ends, is_given: bool) {
        let mut scope = Scope::at(asked.file, asked.expr.range());
        scope.receiver = asked.receiver;
        let mut found: Vec<Watched<'f>> = Vec::new();
        match asked.expr {
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                found = self.attribute(Asked { expr: &attribute.value, ..asked }, name, ends, is_given);
            }
            // `getattr(self, "stopping", False)`, `hasattr(self, "alive")`.
            Expr::Call(call) => {
                if let Some((object, name)) = named_attribute(call) {
                    found = self.attribute(Asked { expr: object, ..asked }, name, ends, is_given);
                }
            }
            Expr::Name(name) => {
                let id = name.id.as_str();
                found.push(Watched {
                    name: id,
                    is_attribute: false,
                    owner: None,
                    path: None,
                    home: home(self.project, &scope, id),
                    is_given,
                    ends,
                });
                self.variable(&scope, name, asked.receiver, (ends, is_given));
            }
            // An element of a container: whoever changes the container can mean it.
            Expr::Subscript(subscript) => {
                return self.watch(Asked { expr: &subscript.value, ..asked }, Ends::Unclear, is_given);
            }
            _ => {}
        }
        for watched in found {
            if !self.watched.contains(&watched) && self.watched.len() <= MOST_WATCHED {
                self.watched.push(watched);
            }
        }
    }

    /// An attribute of an object.
    fn attribute(&self, object: Asked<'f>, name: &'f str, ends: Ends, is_given: bool) -> Vec<Watched<'f>> {
        let mut scope = Scope::at(object.file, object.expr.range());
        scope.receiver = object.receiver;
        let path = path_from_object(&scope, self.project, object.expr, name);
        let watched = |owner| {
            let path = path.clone();
            Watched { name, is_attribute: true, owner, path, home: None, is_given, ends }
        };
        let owners = self.types(object).into_iter().filter_map(|ty| match ty {
            Type::Instance(class) | Type::Class(class) => Some(watched(Some(class))),
            _ => None,
        });
        let owners: Vec<Watched<'f>> = owners.collect();
        if owners.is_empty() { vec![watched(None)] } else { owners }
    }

    /// What a variable of the function is: a parameter, or another name of something.
    fn variable(
        &mut self,
        scope: &Scope<'f>,
        name: &'f ast::ExprName,
        receiver: Option<ClassRef<'f>>,
        (ends, is_given): (Ends, bool),
    ) {
        let Some((depth, bindings)) = self.project.lookup(scope, name.id.as_str(), Some(name.start())) else {
            return;
        };
        for binding in bindings {
            match binding.kind {
                BindingKind::Value(value @ (Expr::Attribute(_) | Expr::Name(_)))
                    if !value.range().contains_range(name.range()) && value.end() < name.start() =>
                {
                    self.watch(Asked { expr: value, file: scope.file, receiver }, ends, is_given);
                }
                BindingKind::Parameter(parameter, ..) => {
                    let Some(Frame::Function(node)) =
                        depth.checked_sub(1).and_then(|at| scope.frames.get(at))
                    else {
                        continue;
                    };
                    self.parameter(std::ptr::from_ref(*node).addr(), parameter.name.as_str(), ends);
                }
                _ => {}
            }
        }
    }

    /// What a thread watches by the name of a parameter is what its maker gives it:
    /// `Thread(target=loop, args=(self.stop,))`.
    fn parameter(&mut self, function: usize, name: &str, ends: Ends) {
        // Functions that call each other hand their own parameters on.
        let key = (function, name.to_owned(), ends);
        if self.followed.contains(&key) || self.followed.len() > MOST_WATCHED {
            return;
        }
        self.followed.push(key);
        let arguments: Vec<Asked<'f>> = self
            .reached
            .given
            .iter()
            .filter(|given| std::ptr::from_ref(given.callee.node).addr() == function)
            .filter_map(|given| {
                let expr = given.argument(name)?;
                Some(Asked { expr, file: given.file, receiver: given.receiver })
            })
            .collect();
        for asked in arguments {
            if self.watched.len() <= MOST_WATCHED {
                self.watch(asked, ends, true);
            }
        }
    }

    /// An attribute that was given its value by somebody who can still signal it:
    /// `self.stopper = stop_event`.
    fn sources(&mut self, watched: &Watched<'f>) {
        let Some(owner) = watched.owner else { return };
        for access in self.project.accesses_of(owner, watched.name) {
            let AccessKind::Store(Stored::Value(value) | Stored::Annotated(_, Some(value))) = access.kind
            else {
                continue;
            };
            if matches!(value, Expr::Attribute(_) | Expr::Name(_)) {
                self.watch(
                    Asked { expr: value, file: access.class.file, receiver: Some(owner) },
                    watched.ends,
                    true,
                );
            }
        }
    }
}

impl Ends {
    fn of_flag(goes_on_when_true: Option<bool>) -> Self {
        match goes_on_when_true {
            Some(true) => Ends::WhenCleared,
            Some(false) => Ends::WhenSet,
            None => Ends::Unclear,
        }
    }
}

/// Whether `x is True` and the like is true when `x` is (`true`), or when it is not.
fn says_as_much(compare: &ast::ExprCompare) -> Option<bool> {
    let ([op], [Expr::BooleanLiteral(literal)]) = (&*compare.ops, &*compare.comparators) else {
        return None;
    };
    match op {
        CmpOp::Is | CmpOp::Eq => Some(literal.value),
        CmpOp::IsNot | CmpOp::NotEq => Some(!literal.value),
        _ => None,
    }
}

struct Parts<'f>(Vec<&'f Expr>);

impl<'f> Visitor<'f> for Parts<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        self.0.push(expr);
    }
}

/// The arguments that a thread gives its target.
fn given_to_target<'f>(spawn: &Spawn<'f>) -> (Vec<&'f Expr>, Vec<(&'f str, &'f Expr)>) {
    let arguments = &spawn.call.arguments;
    let (target, first) = match spawn.kind {
        SpawnKind::Timer => (argument_of(arguments, "function", 1), 2),
        _ if is_start_new_thread(spawn.call) => (arguments.find_positional(0), 1),
        _ => (argument_of(arguments, "target", 1), 3),
    };
    let mut positional = Vec::new();
    let mut named = Vec::new();
    // `partial(self.loop, self.stop)`; it was seen that it is one when the target was found.
    if let Some(Expr::Call(partial)) = target {
        positional.extend(partial.arguments.args.iter().skip(1));
        named.extend(keywords(&partial.arguments));
    }
    match argument_of(arguments, "args", first) {
        Some(Expr::Tuple(tuple)) => positional.extend(&tuple.elts),
        Some(Expr::List(list)) => positional.extend(&list.elts),
        _ => {}
    }
    match argument_of(arguments, "kwargs", first + 1) {
        Some(Expr::Dict(dict)) => {
            for item in &dict.items {
                if let Some(Expr::StringLiteral(key)) = &item.key {
                    named.push((key.value.to_str(), &item.value));
                }
            }
        }
        // `kwargs=dict(stop=self.stop)`.
        Some(Expr::Call(call)) => named.extend(keywords(&call.arguments)),
        _ => {}
    }
    (positional, named)
}

fn is_start_new_thread(call: &ExprCall) -> bool {
    last_name(&call.func) == Some("start_new_thread")
}

/// `b` of `b` and of `a.b`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// How something is changed.
#[derive(Clone, Copy, Debug)]
enum Change<'f> {
    /// It is given a value; which, where that is told.
    Stored(Option<&'f Expr>),
    /// Something is stored in it.
    Inside,
    /// An event was set.
    Set,
    /// An event was cleared.
    Cleared,
    /// Another of its methods was called.
    Called,
    /// A method that ends what the object runs: nothing to a thread that only looks at it.
    Stopped,
}

impl Change<'_> {
    /// Whether it may end a thread that looks at what is changed. `value` is what a stored value
    /// says in a test.
    fn ends(self, value: Option<bool>, candidates: &[&Watched]) -> bool {
        let is_any = |ends: Ends| candidates.iter().any(|watched| watched.ends == ends);
        let (set, cleared) = (is_any(Ends::WhenSet), is_any(Ends::WhenCleared));
        let says_more = set || cleared;
        match self {
            Change::Stored(_) => match value {
                _ if !says_more || is_any(Ends::Unclear) => true,
                Some(true) => set,
                Some(false) => cleared,
                None => true,
            },
            Change::Set => set || !says_more,
            Change::Cleared => cleared || !says_more,
            Change::Inside | Change::Called | Change::Stopped => true,
        }
    }
}

/// Finds what a function changes.
struct Changes<'f> {
    found: Vec<(&'f Expr, TextRange, Change<'f>)>,
    /// What `setattr` with a literal name stores.
    by_name: Vec<(&'f str, TextRange, &'f Expr)>,
}

impl<'f> Changes<'f> {
    fn target(&mut self, target: &'f Expr, range: TextRange, value: Option<&'f Expr>) {
        match target {
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let values = match value {
                    Some(Expr::Tuple(values)) if values.elts.len() == elts.len() => Some(&values.elts),
                    _ => None,
                };
                for (index, part) in elts.iter().enumerate() {
                    self.target(part, range, values.and_then(|values| values.get(index)));
                }
            }
            Expr::Starred(starred) => self.target(&starred.value, range, None),
            // `self.state["run"] = False` changes the container.
            Expr::Subscript(subscript) => self.found.push((&subscript.value, range, Change::Inside)),
            target => self.found.push((target, range, Change::Stored(value))),
        }
    }
}

impl<'f> Visitor<'f> for Changes<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.target(target, stmt.range(), Some(&assign.value));
                }
            }
            Stmt::AugAssign(assign) => self.target(&assign.target, stmt.range(), None),
            Stmt::AnnAssign(assign) if assign.value.is_some() => {
                self.target(&assign.target, stmt.range(), assign.value.as_deref());
            }
            Stmt::Delete(node) => {
                node.targets.iter().for_each(|target| self.target(target, stmt.range(), None))
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Named(named) => self.target(&named.target, expr.range(), Some(&named.value)),
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(attribute)
                    if matches!(
                        attribute.attr.as_str(),
                        "set"
                            | "clear"
                            | "put"
                            | "put_nowait"
                            | "notify"
                            | "notify_all"
                            | "shutdown"
                            | "update"
                    ) =>
                {
                    let change = match attribute.attr.as_str() {
                        "set" => Change::Set,
                        "clear" => Change::Cleared,
                        _ => Change::Called,
                    };
                    self.found.push((&attribute.value, call.range(), change));
                }
                Expr::Attribute(attribute) if stops(attribute) => {
                    self.found.push((&attribute.value, call.range(), Change::Stopped));
                }
                Expr::Attribute(attribute) if attribute.attr.as_str() == "call_soon_threadsafe" => {
                    if let Some(Expr::Attribute(method)) = call.arguments.args.first()
                        && stops(method)
                    {
                        self.found.push((&method.value, call.range(), Change::Stopped));
                    }
                }
                Expr::Name(name) if name.id.as_str() == "setattr" => {
                    if let [_, Expr::StringLiteral(name), value] = &*call.arguments.args {
                        self.by_name.push((name.value.to_str(), call.range(), value));
                    }
                }
                _ => {}
            },
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// `server.close` and the like: methods by which what an object runs comes to its end.
fn stops(method: &ast::ExprAttribute) -> bool {
    matches!(method.attr.as_str(), "stop" | "close" | "terminate" | "quit" | "exit" | "server_close")
}

/// Places in a function that change what a thread watches.
fn signals_in<'f>(
    reached: &Reached<'_, 'f>,
    function: FunctionRef<'f>,
    receiver: Option<ClassRef<'f>>,
    watched: &[Watched<'f>],
    doubt: &mut Option<String>,
) -> Vec<Site> {
    let project = reached.project;
    let mut changes = Changes { found: Vec::new(), by_name: Vec::new() };
    changes.visit_body(&function.node.body);
    let mut sites = Vec::new();
    for (name, range, value) in changes.by_name {
        let candidates: Vec<&Watched<'f>> = watched
            .iter()
            .filter(|watched| watched.is_attribute && watched.name == name && !watched.is_given)
            .collect();
        let change = Change::Stored(Some(value));
        if !candidates.is_empty() && change.ends(says(project, function, receiver, value), &candidates) {
            sites.push(site(function.file, range, Some("signalled")));
        }
    }
    let place = |expr| Asked { expr, file: function.file, receiver };
    let found = changes.found.into_iter().flat_map(|(expr, range, change)| {
        let asked = match change {
            Change::Stored(_) => vec![place(expr)],
            _ => reached.origins(place(expr), 0),
        };
        asked.into_iter().map(move |asked| (asked, range, change))
    });
    for (Asked { expr, file, receiver }, range, change) in found {
        let (name, object) = match expr {
            Expr::Attribute(attribute) => (attribute.attr.as_str(), Some(attribute.value.as_ref())),
            Expr::Name(name) => (name.id.as_str(), None),
            _ => continue,
        };
        let candidates: Vec<&Watched<'f>> = watched
            .iter()
            .filter(|watched| watched.name == name && watched.is_attribute == object.is_some())
            .filter(|watched| match change {
                Change::Stored(_) => watched.ends != Ends::ByCall && !watched.is_given,
                Change::Inside => watched.ends != Ends::ByCall,
                Change::Set | Change::Cleared | Change::Called => true,
                Change::Stopped => watched.ends == Ends::ByCall,
            })
            .collect();
        let value = match change {
            Change::Stored(Some(value)) => says(project, function, receiver, value),
            _ => None,
        };
        if candidates.is_empty() || !change.ends(value, &candidates) {
            continue;
        }
        let mut scope = Scope::at(file, expr.range());
        scope.receiver = receiver;
        let Some(object) = object else {
            // A variable that both see: of the module, or of a function around both. A plain
            // store makes a variable of its own, unless the function says otherwise.
            let is_store = matches!(expr, Expr::Name(node) if node.ctx == ExprContext::Store);
            let bindings = project.frame_bindings(Frame::Function(function.node));
            let own = home(project, &scope, name);
            let is_seen = candidates
                .iter()
                .any(|watched| watched.home.is_none() || own.is_none() || watched.home == own);
            if is_seen && (!is_store || bindings.outer.contains_key(name)) {
                sites.push(site(function.file, range, Some("signalled")));
            }
            continue;
        };
        let path = path_from_object(&scope, project, object, name);
        let is_same_path = candidates.iter().any(|watched| match (&watched.path, &path) {
            (Some((one, path)), Some((other, own))) => path == own && project.are_related(*one, *other),
            _ => false,
        });
        if is_same_path {
            sites.push(site(function.file, range, Some("signalled")));
            continue;
        }
        for ty in project.infer(&scope, object) {
            match ty {
                Type::Instance(class) | Type::Class(class) => {
                    if candidates
                        .iter()
                        .any(|watched| watched.owner.is_some_and(|owner| project.are_related(owner, class)))
                    {
                        sites.push(site(function.file, range, Some("signalled")));
                    } else if candidates.iter().any(|watched| watched.owner.is_none()) {
                        doubt
                            .get_or_insert(format!("whether the `{name}` that it looks at is this object's"));
                    }
                }
                Type::Unknown(why) => {
                    doubt.get_or_insert(format!("`{name}` is changed on an object that is not known: {why}"));
                }
                Type::Module(_)
                | Type::Namespace(_)
                | Type::Function(_)
                | Type::Method(_, _)
                | Type::External(_)
                | Type::ExternalInstance(_)
                | Type::None => {}
            }
        }
    }
    sites
}

/// What a value says in a test, where that is certain. An event that was just made is not set.
fn says<'f>(
    project: &Project<'f>,
    function: FunctionRef<'f>,
    receiver: Option<ClassRef<'f>>,
    value: &'f Expr,
) -> Option<bool> {
    let mut scope = Scope::at(function.file, value.range());
    scope.receiver = receiver;
    let is_event = |call: &'f ExprCall| {
        let types = project.infer(&scope, &call.func);
        matches!(types.as_slice(), [Type::External(name)] if name == "threading.Event")
    };
    match value {
        Expr::Call(call) if is_event(call) => Some(false),
        value => truth(value),
    }
}

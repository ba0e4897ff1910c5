//! Runs one function over what may be tainted instead of over values: statement by statement,
//! both sides of every branch, loops until nothing changes, exceptions from every statement
//! that may raise one. Code that cannot be reached is not run, and reports nothing.

mod closures;
mod objects;
mod tries;

pub(super) use objects::Object;

use std::rc::Rc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::engine::{Engine, UnitId};
use super::environment::{Environment, Path, Root, join_into};
use super::scope::{self, Rounds};
use super::specification::MarkIndex;
use super::summary::{Place, Summary, Thrown, throw_into};
use super::value::{Element, Step, StepKind, TaintSet, Value};
use crate::python::control_flow::truth;

/// Code nested deeper than this is not looked into. CPython's own compiler gives up at 100
/// levels of blocks and 200 of parentheses.
const DEEPEST: usize = 220;
/// A loop that has not come to rest after this many rounds is left as it is: each round adds
/// to finite sets, so that this is about time and not about termination.
const MOST_ROUNDS: usize = 12;
/// Elements of a display whose objects are kept in mind.
const MOST_PARTS: usize = 32;

pub(super) struct Interpreter<'e, 'w, 'f> {
    pub(super) engine: &'e mut Engine<'w, 'f>,
    pub(super) unit: UnitId,
    pub(super) file: u32,
    pub(super) marks: Rc<MarkIndex>,
    pub(super) state: Option<Environment>,
    pub(super) summary: Summary,
    /// Names that belong to the function; `None` in the body of a module.
    pub(super) locals: Option<Rc<HashSet<Name>>>,
    /// Names of functions around this one.
    pub(super) outer: Rc<HashSet<Name>>,
    /// Functions defined inside this one, by name.
    pub(super) inner_functions: HashMap<Name, UnitId>,
    /// Lambdas that are variables of this function.
    pub(super) inner_lambdas: HashMap<Name, &'f ast::ExprLambda>,
    /// What `functools.partial` gave that is a variable of this function.
    pub(super) partials: HashMap<Name, &'f ast::ExprCall>,
    /// Variables that hold a method of an object.
    pub(super) bound_methods: HashMap<Name, &'f Expr>,
    /// Names that have stood for more than one function.
    pub(super) ambiguous: HashSet<Name>,
    /// Destinations that were passed before their propagator set out.
    pub(super) waiting: HashMap<usize, Vec<Path>>,
    /// Statements after which the function ends, by range.
    pub(super) last_statements: HashSet<TextRange>,
    pub(super) at_exit: bool,
    /// Lists whose elements have moved.
    pub(super) moved: Vec<Path>,
    /// What was added in place to lists that other names may stand for.
    pub(super) added: Vec<(Path, TaintSet)>,
    pub(super) nodes: u64,
    /// An attribute that gets another value before anybody else can look at it.
    overwritten: Option<TextRange>,
    exit: Option<Environment>,
    tries: Vec<TryFrame>,
    /// What the handlers around have caught.
    caught: Vec<Vec<Thrown>>,
    loops: Vec<LoopFrame>,
    depth: usize,
    fuel: u64,
}

/// A `try` around what is being run.
#[derive(Default)]
struct TryFrame {
    /// Whether exceptions of the running part go to this statement's handlers.
    catching: bool,
    /// State in which an exception may arrive at the handlers.
    raised: Option<Environment>,
    /// State in which an exception, `return`, `break` or `continue` passes `finally`.
    passing: Option<Environment>,
    /// State of exceptions alone, of those that pass.
    escaping: bool,
    /// Exceptions that carry a value and arrive at the handlers.
    thrown: Vec<Thrown>,
    returns: bool,
    breaks: bool,
    continues: bool,
}

struct LoopFrame {
    broken: Option<Environment>,
    continued: Option<Environment>,
    /// How many `try` statements are around the loop.
    tries: usize,
}

impl<'e, 'w, 'f> Interpreter<'e, 'w, 'f> {
    pub(super) fn new(engine: &'e mut Engine<'w, 'f>, unit: UnitId, fuel: u64) -> Self {
        let file = engine.units[unit].file;
        let marks = engine.files[file as usize].marks.clone();
        Self {
            engine,
            unit,
            file,
            marks,
            state: Some(Environment::default()),
            summary: Summary::default(),
            locals: None,
            outer: Rc::default(),
            inner_functions: HashMap::new(),
            inner_lambdas: HashMap::new(),
            partials: HashMap::new(),
            bound_methods: HashMap::new(),
            ambiguous: HashSet::new(),
            waiting: HashMap::new(),
            last_statements: HashSet::new(),
            at_exit: false,
            moved: Vec::new(),
            added: Vec::new(),
            nodes: 0,
            overwritten: None,
            exit: None,
            tries: Vec::new(),
            caught: Vec::new(),
            loops: Vec::new(),
            depth: 0,
            fuel,
        }
    }

    /// Runs a body to its end; the answer is the state in which it is left, if it ever is.
    pub(super) fn run(&mut self, body: &'f [Stmt]) -> Option<Environment> {
        if self.engine.specification.sinks.iter().any(|sink| sink.at_exit) {
            scope::last_statements(body, &mut self.last_statements);
        }
        self.block(body);
        let state = self.state.take();
        join_into(&mut self.exit, state.as_ref());
        // Functions that are defined in here may be called when this one has come to its end.
        if self.engine.specification.options.deep && !self.inner_functions.is_empty() {
            let captured = self.captured(self.exit.as_ref());
            let inner: Vec<UnitId> = self.inner_functions.values().copied().collect();
            inner.into_iter().for_each(|unit| self.engine.recapture(unit, &captured));
            self.run_what_escapes(body);
        }
        self.exit.take()
    }

    /// Goes one level down, unless that is too deep.
    pub(super) fn deeper<T: Default>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEEPEST {
            self.engine.too_deep = true;
            return T::default();
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    pub(super) fn environment(&mut self) -> &mut Environment {
        self.state.get_or_insert_default()
    }

    pub(super) fn step(&self, range: TextRange, kind: StepKind) -> Step {
        Step { file: self.file, range, kind, concerns: self.engine.is_of_concern(self.file, range) }
    }

    pub(super) fn block(&mut self, body: &'f [Stmt]) {
        let receiver = self.engine.receiver(self.unit).map(|(_, name)| name);
        for (index, statement) in body.iter().enumerate() {
            if self.state.is_none() {
                self.unreachable(statement);
                continue;
            }
            if let Some(receiver) = &receiver {
                self.overwritten = scope::overwritten(statement, &body[index + 1..], receiver);
            }
            self.deeper(|this| this.statement(statement));
        }
    }

    /// Definitions in code that cannot be reached are still definitions: of methods above all,
    /// in the body of a class whose module ends in `sys.exit()`.
    fn unreachable(&mut self, statement: &'f Stmt) {
        if matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) && self.locals.is_none() {
            self.state = Some(Environment::default());
            self.deeper(|this| this.statement(statement));
            self.state = None;
        }
    }

    fn statement(&mut self, statement: &'f Stmt) {
        self.nodes += 1;
        self.at_exit = self.last_statements.contains(&statement.range());
        if !self.tries.is_empty() && scope::may_raise(statement) {
            self.raise_here();
        }
        match statement {
            Stmt::Expr(statement) => {
                let value = self.expression(&statement.value);
                self.statement_sinks(statement.range, &value);
                if self.engine.specification.options.deep && scope::ends_process(&statement.value) {
                    self.raise_here();
                    self.state = None;
                }
            }
            Stmt::Assign(statement) => self.assign_statement(statement),
            Stmt::AnnAssign(statement) => {
                if let Some(value) = &statement.value {
                    let value = self.expression(value);
                    self.statement_sinks(statement.range, &value);
                    let of = statement.value.as_deref();
                    self.store_object(&statement.target, of, value, statement.range);
                }
            }
            Stmt::AugAssign(statement) => self.augmented_assignment(statement),
            Stmt::Return(statement) => {
                let value =
                    statement.value.as_deref().map(|value| self.expression(value)).unwrap_or_default();
                self.statement_sinks(statement.range, &value);
                let mut value = value;
                if let (true, Some(function)) = (self.engine.specification.options.deep, &statement.value) {
                    value.own.extend(&self.kept_by(function));
                }
                let value = value.with_first(&self.step(statement.range, StepKind::GivenBack));
                self.summary.returned.join(&value);
                self.leave(|frame| frame.returns = true, 0);
                let state = self.state.take();
                join_into(&mut self.exit, state.as_ref());
            }
            Stmt::Raise(statement) => {
                let exception =
                    statement.exc.as_deref().map(|value| self.expression(value)).unwrap_or_default();
                let cause =
                    statement.cause.as_deref().map(|value| self.expression(value)).unwrap_or_default();
                self.statement_sinks(
                    statement.range,
                    &Value::whole(exception.reachable().union(&cause.reachable())),
                );
                self.raise_here();
                if self.engine.specification.options.deep {
                    self.raise_value(statement.exc.as_deref(), exception);
                }
                self.state = None;
            }
            Stmt::Assert(statement) => {
                let value = self.expression(&statement.test);
                if let Some(message) = &statement.msg {
                    // Behind it nothing goes on.
                    let before = self.state.clone();
                    self.expression(message);
                    self.state = before;
                }
                self.statement_sinks(statement.range, &value);
            }
            Stmt::Delete(statement) => {
                for target in &statement.targets {
                    let value = self.expression(target);
                    self.statement_sinks(statement.range, &value);
                    if let Some(path) = self.path(target) {
                        self.environment().clean(&path);
                    }
                    if let (true, Expr::Subscript(subscript)) =
                        (self.engine.specification.options.deep, target)
                        && let Some(path) = self.path(&subscript.value)
                    {
                        self.move_elements(&path);
                    }
                }
            }
            Stmt::If(statement) => self.if_statement(statement),
            Stmt::For(statement) => self.for_statement(statement),
            Stmt::While(statement) => self.while_statement(statement),
            Stmt::With(statement) => self.with_statement(statement),
            Stmt::Match(statement) => self.match_statement(statement),
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::Break(_) => {
                if let Some(tries) = self.loops.last().map(|frame| frame.tries) {
                    self.leave(|frame| frame.breaks = true, tries);
                    let state = self.state.take();
                    let frame = self.loops.last_mut().expect("looked at above");
                    join_into(&mut frame.broken, state.as_ref());
                }
            }
            Stmt::Continue(_) => {
                if let Some(tries) = self.loops.last().map(|frame| frame.tries) {
                    self.leave(|frame| frame.continues = true, tries);
                    let state = self.state.take();
                    let frame = self.loops.last_mut().expect("looked at above");
                    join_into(&mut frame.continued, state.as_ref());
                }
            }
            Stmt::FunctionDef(statement) => self.function_definition(statement),
            Stmt::ClassDef(statement) => self.class_definition(statement),
            Stmt::ImportFrom(statement) => {
                if self.engine.specification.options.deep {
                    self.import_from(statement);
                }
            }
            Stmt::TypeAlias(_)
            | Stmt::Import(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn assign_statement(&mut self, statement: &'f ast::StmtAssign) {
        let value = self.expression(&statement.value);
        self.statement_sinks(statement.range, &value);
        for target in statement.targets.iter().filter_map(Expr::as_name_expr) {
            self.remember_function(&target.id, &statement.value);
        }
        for target in &statement.targets {
            let value = match target {
                Expr::Tuple(_) | Expr::List(_) => self.spread(&statement.value, value.clone()),
                _ => value.clone(),
            };
            self.store_object(target, Some(&statement.value), value, statement.range);
        }
    }

    /// `b += a` gives `b` another value, or changes the object that other names stand for as well.
    fn augmented_assignment(&mut self, statement: &'f ast::StmtAugAssign) {
        let before = self.expression(&statement.target);
        let value = self.expression(&statement.value);
        let sum = self.operator_result(before.reachable().union(&value.reachable()));
        self.statement_sinks(statement.range, &sum);
        let path = self.path(&statement.target);
        let others = path.as_ref().map(|path| self.environment().others(path)).unwrap_or_default();
        self.store(&statement.target, sum, statement.range);
        let Some(path) = path else { return };
        if self.engine.specification.options.deep {
            self.changed_in_place(statement, &path, &value);
        }
        if others.is_empty() {
            return;
        }
        if matches!(
            &*statement.value,
            Expr::List(_)
                | Expr::ListComp(_)
                | Expr::Set(_)
                | Expr::SetComp(_)
                | Expr::Dict(_)
                | Expr::DictComp(_)
        ) {
            self.environment().alias(&path, &others);
            self.taint_object(&path.join(&[Element::Anything]), &value.reachable());
        } else if !is_text(&statement.value) {
            let what = "adds the value in place to what other names may stand for";
            self.lose(&value.reachable(), statement.range, what);
        }
    }

    /// `several += [value]` and `several *= 2` change the list that a caller has given.
    fn changed_in_place(&mut self, statement: &'f ast::StmtAugAssign, path: &Path, value: &Value) {
        let is_several = |(part, _): &(Vec<Element>, TaintSet)| !matches!(part[0], Element::Attribute(_));
        match statement.op {
            ast::Operator::Mult => self.move_elements(path),
            ast::Operator::Add | ast::Operator::BitOr if value.parts.iter().any(is_several) => {
                self.added.push((path.join(&[Element::Anything]), value.reachable()));
            }
            _ => {}
        }
    }

    /// Values go where they cannot be followed.
    pub(super) fn lose(&mut self, taints: &TaintSet, range: TextRange, what: &str) {
        let file = self.engine.files[self.file as usize].source;
        let line = file.source().line(range.start());
        self.doubt(taints, &format!("`{}:{line}` {what}", file.path()));
    }

    /// Values are stored where they outlive this function.
    pub(super) fn keep(&mut self, place: Place, path: &[Element], taints: &TaintSet) {
        let known = without_parameters(&Value::whole(taints.clone())).own;
        let given = taints.map(|taint| {
            matches!(taint.origin, super::value::Origin::Parameter { .. }).then(|| taint.clone())
        });
        // Who calls this has variables of its own module at hand, and they have these values now.
        let told = if matches!(place, Place::Module(_)) { taints } else { &given };
        if !told.is_empty() {
            self.summary.keeps(place, path, told);
        }
        match (place, path.first()) {
            (Place::Class(class), Some(_)) if !known.is_empty() => {
                self.engine.tell_class(class, path, &Value::whole(known));
            }
            (Place::Default(unit), Some(_)) if !known.is_empty() => {
                self.engine.keep_in_default(unit, path, &known);
            }
            (Place::Module(file), Some(Element::Attribute(name))) => {
                if !known.is_empty() {
                    self.engine.tell_module(self.unit, file, name, &path[1..], &known);
                }
                if file == self.file {
                    let path = Path { root: Root::Global(name.clone()), elements: path[1..].to_vec() };
                    self.environment().taint(&path, taints);
                }
            }
            _ => {}
        }
    }

    /// A function has stored something in a variable of its module, or in a part of one.
    pub(super) fn keep_global(&mut self, path: &Path, value: &Value) {
        let Root::Global(name) = &path.root else { return };
        if self.locals.is_none() || !self.engine.specification.options.deep || value.is_clean() {
            return;
        }
        let element = Element::Attribute(name.clone());
        let path: Vec<Element> = [element].into_iter().chain(path.elements.iter().cloned()).collect();
        let own = [(Vec::new(), value.own.clone())];
        for (rest, taints) in own.iter().chain(value.parts.iter()).filter(|(_, taints)| !taints.is_empty()) {
            let path: Vec<Element> = path.iter().chain(rest).cloned().collect();
            self.summary.keeps(Place::Module(self.file), &path, taints);
        }
    }

    /// `from module import NAME` gives a name the value that the variable has there.
    fn import_from(&mut self, statement: &'f ast::StmtImportFrom) {
        let Some(module) = self.engine.imported(self.file, statement) else { return };
        for alias in &statement.names {
            if alias.name.as_str() == "*" {
                for (name, value) in self.engine.module_variables(self.unit, module) {
                    let path = Path::variable(self.root(&name));
                    self.environment().store(&path, &value);
                }
                continue;
            }
            let value = self.engine.module_variable(self.unit, module, &alias.name.id);
            if self.engine.is_variable_of(module, &alias.name.id) {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name).id.clone();
                let of = self.engine.file(module, false);
                let original = (of, alias.name.id.clone());
                self.engine.files[self.file as usize].borrowed.insert(bound, original);
            }
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            let path = Path::variable(self.root(&name.id));
            let value = value.then(&self.step(alias.range, StepKind::Stored(name.to_string())));
            self.environment().store(&path, &value);
        }
    }

    /// `raise` sends a value to whoever catches it.
    fn raise_value(&mut self, exception: Option<&'f Expr>, mut value: Value) {
        let Some(exception) = exception else {
            for thrown in self.caught.last().cloned().unwrap_or_default() {
                self.throw(thrown);
            }
            return;
        };
        let mut class = None;
        if let Expr::Call(call) = exception {
            class = super::handed::last_name(&call.func).map(Name::new);
            // Whatever `__init__` does: `BaseException` keeps what it is given.
            let mut given = TaintSet::default();
            for argument in call.arguments.iter_source_order() {
                given.extend(&self.expression(argument.value()).reachable());
            }
            if !given.is_empty() {
                value.add(&[Element::Attribute(Name::new_static("args"))], &given);
            }
        }
        self.throw(Thrown { class, value });
    }

    /// An exception goes to the next `try` around that catches any.
    pub(super) fn throw(&mut self, thrown: Thrown) {
        if thrown.value.is_clean() {
            return;
        }
        match self.tries.iter_mut().rev().find(|frame| frame.catching) {
            Some(frame) => throw_into(&mut frame.thrown, thrown),
            None => throw_into(&mut self.summary.raised, thrown),
        }
    }

    /// The exceptions that each handler of a `try` catches; those that none does go on.
    fn catch(&mut self, statement: &'f ast::StmtTry, thrown: Vec<Thrown>) -> Vec<Vec<Thrown>> {
        let mut caught: Vec<Vec<Thrown>> = vec![Vec::new(); statement.handlers.len()];
        'thrown: for thrown in thrown {
            for (index, handler) in statement.handlers.iter().enumerate() {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                match scope::catches(handler.type_.as_deref(), thrown.class.as_deref()) {
                    Some(true) => {
                        throw_into(&mut caught[index], thrown);
                        continue 'thrown;
                    }
                    Some(false) => {}
                    None if handler.name.is_some() => {
                        let what = "may catch an exception with the value, and its class cannot be told";
                        self.lose(&thrown.value.reachable(), handler.range, what);
                    }
                    None => {}
                }
            }
            self.throw(thrown);
        }
        caught
    }

    /// Stores a value in a variable, an attribute, an element, or several of them.
    pub(super) fn store(&mut self, target: &'f Expr, mut value: Value, range: TextRange) {
        if let (true, Expr::Subscript(subscript)) = (self.engine.specification.options.deep, target)
            && subscript.slice.is_slice_expr()
        {
            // The elements of the value come where others were, and those behind them move.
            value = self.element_of(&value);
            if let Some(path) = self.path(&subscript.value) {
                self.move_elements(&path);
            }
        }
        match target {
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for (index, target) in elts.iter().enumerate() {
                    let part = value.project(&Element::Key(Name::new(index.to_string())));
                    let part = if self.engine.specification.options.deep {
                        part
                    } else {
                        Value::whole(value.reachable())
                    };
                    self.deeper(|this| this.store(target, part, range));
                }
            }
            Expr::Starred(starred) => {
                let value = Value::whole(value.reachable());
                self.deeper(|this| this.store(&starred.value, value, range));
            }
            _ => {
                // The object that the attribute or element belongs to is read first.
                let deep = self.engine.specification.options.deep;
                match target {
                    Expr::Attribute(attribute) => drop(self.expression(&attribute.value)),
                    Expr::Subscript(subscript) => {
                        let object = self.expression(&subscript.value);
                        let index = self.expression(&subscript.slice);
                        if deep {
                            if let Some(object) = self.namespace_of(&subscript.value) {
                                let taints = value.reachable();
                                return self.set_attribute(range, object, &subscript.slice, &taints);
                            }
                            self.set_element(subscript, &object, &index, &value);
                        }
                    }
                    _ => {}
                }
                let Some(path) = self.path(target) else {
                    let taints = value.reachable();
                    match target {
                        _ if !deep => {}
                        Expr::Attribute(attribute) => {
                            let element = Element::Attribute(attribute.attr.id.clone());
                            self.taint_part(&attribute.value, &element, &taints, range);
                        }
                        Expr::Subscript(subscript) => {
                            let element = self.element(&subscript.slice);
                            self.taint_part(&subscript.value, &element, &taints, range);
                        }
                        _ => {}
                    }
                    return;
                };
                let before = self.environment().read_own(&path);
                let stored = if value.is_clean() {
                    value
                } else {
                    let place = self.engine.slice(self.file, target.range()).to_owned();
                    value.then(&self.step(range, StepKind::Stored(place)))
                };
                let incoming = before.union(&stored.own);
                let others = self.environment().others(&path);
                self.environment().store(&path, &stored);
                if self.overwritten != Some(target.range()) {
                    self.remember_attribute(&path, &stored);
                }
                if let (true, Expr::Attribute(attribute)) = (deep, target) {
                    self.set_property(attribute, &stored);
                }
                for (other, _) in others.iter().filter(|_| !path.elements.is_empty()) {
                    self.remember_attribute(other, &stored);
                }
                if let (true, Expr::Attribute(attribute)) = (deep, target)
                    && let Some(module) = self.engine.module_of(self.unit, attribute)
                {
                    let file = self.engine.file(module, false);
                    let path = [Element::Attribute(attribute.attr.id.clone())];
                    self.keep(Place::Module(file), &path, &stored.reachable());
                }
                if let (true, Expr::Attribute(attribute), false) = (deep, target, stored.is_clean())
                    && let Some(class) = self.engine.imported_class(self.unit, attribute)
                {
                    let path = [Element::Attribute(attribute.attr.id.clone())];
                    let known = without_parameters(&stored).reachable();
                    self.engine.tell_class_itself(class, &path, &known);
                }
                self.marks_at_target(target.range(), &path, &incoming);
            }
        }
    }

    fn if_statement(&mut self, statement: &'f ast::StmtIf) {
        self.expression(&statement.test);
        let mut decided = self.decided(&statement.test);
        let mut otherwise = self.state.take();
        let mut after = None;
        let mut body = &statement.body;
        let mut clauses = statement.elif_else_clauses.iter();
        loop {
            self.state = if decided == Some(false) { None } else { otherwise.clone() };
            if decided == Some(true) {
                otherwise = None;
            }
            self.block(body);
            let state = self.state.take();
            join_into(&mut after, state.as_ref());
            let Some(clause) = clauses.next() else { break };
            body = &clause.body;
            decided = Some(true);
            if let Some(test) = &clause.test {
                decided = None;
                self.state = otherwise.take();
                if self.state.is_some() {
                    self.expression(test);
                    decided = self.decided(test);
                }
                otherwise = self.state.take();
            }
        }
        join_into(&mut after, otherwise.as_ref());
        self.state = after;
    }

    /// The answer of a condition that never has another.
    pub(super) fn decided(&self, test: &Expr) -> Option<bool> {
        if self.engine.specification.options.deep { truth(test) } else { None }
    }

    fn for_statement(&mut self, statement: &'f ast::StmtFor) {
        let iterable = self.expression(&statement.iter);
        let element = self.iterated(&statement.iter, &iterable, statement.is_async);
        let deep = self.engine.specification.options.deep;
        let rounds = if deep { scope::rounds(&statement.iter) } else { Rounds::Any };
        if rounds == Rounds::None {
            self.block(&statement.orelse);
            return;
        }
        self.repeat(
            |this| {
                this.store(&statement.target, element.clone(), statement.target.range());
                if let (true, Expr::Name(name)) = (deep, &*statement.target) {
                    let path = Path::variable(this.root(&name.id));
                    for (several, _) in this.objects(&statement.iter) {
                        let each = several.join(&[Element::Anything]);
                        this.environment().alias(&path, &[(each, false)]);
                    }
                }
                this.block(&statement.body);
            },
            |_| {},
            rounds,
            &statement.orelse,
        );
    }

    fn while_statement(&mut self, statement: &'f ast::StmtWhile) {
        let decided = self.decided(&statement.test);
        self.repeat(
            |this| {
                this.expression(&statement.test);
                if decided == Some(false) {
                    this.state = None;
                }
                this.block(&statement.body);
            },
            // The last look at the condition, after which the loop is left.
            |this| drop(this.expression(&statement.test)),
            if decided == Some(true) { Rounds::Endless } else { Rounds::Any },
            &statement.orelse,
        );
    }

    /// Runs a loop until another round teaches nothing.
    fn repeat(
        &mut self,
        round: impl Fn(&mut Self),
        finish: impl Fn(&mut Self),
        rounds: Rounds,
        otherwise: &'f [Stmt],
    ) {
        let mut head = self.state.take();
        let mut broken = None;
        // How a round comes to its end, after which the loop may be left.
        let mut behind = None;
        for _ in 0..MOST_ROUNDS {
            self.loops.push(LoopFrame { broken: None, continued: None, tries: self.tries.len() });
            self.state = head.clone();
            let before = self.nodes;
            round(self);
            let frame = self.loops.pop().expect("pushed above");
            join_into(&mut broken, frame.broken.as_ref());
            let mut next = head.clone();
            for end in [&self.state, &frame.continued] {
                join_into(&mut next, end.as_ref());
                join_into(&mut behind, end.as_ref());
            }
            let rests = match (&head, &next) {
                (Some(head), Some(next)) => head.same(next),
                (None, None) => true,
                (None, Some(_)) | (Some(_), None) => false,
            };
            head = next;
            // Loops inside loops multiply. Whoever nests ten of them gets one round each.
            self.fuel = self.fuel.saturating_sub(self.nodes - before);
            if rests || self.fuel == 0 {
                break;
            }
        }
        self.state = match rounds {
            Rounds::Any => head,
            Rounds::Some => behind,
            Rounds::Endless | Rounds::None => None,
        };
        if self.state.is_some() {
            finish(self);
            self.block(otherwise);
        }
        let state = self.state.take();
        join_into(&mut broken, state.as_ref());
        self.state = broken;
    }

    fn with_statement(&mut self, statement: &'f ast::StmtWith) {
        let mut entered = Vec::new();
        for item in &statement.items {
            let value = self.expression(&item.context_expr);
            let (given, is_object) = self.entered(&item.context_expr, &value, statement.is_async);
            if let Some(target) = &item.optional_vars {
                let of = is_object.then_some(&item.context_expr);
                self.store_object(target, of, given, item.range);
            }
            // What the body does to the object it does under this name.
            let name = item.optional_vars.as_deref().filter(|_| is_object);
            entered.push((&item.context_expr, name, value));
        }
        let suppresses = self.engine.specification.options.deep
            && statement.items.iter().any(|item| self.may_suppress(&item.context_expr, statement.is_async));
        if suppresses {
            self.suppressed(&statement.body);
        } else {
            self.block(&statement.body);
        }
        for (object, name, value) in entered.into_iter().rev() {
            self.left(object, name, value, statement.is_async);
        }
    }

    /// The body of `with suppress(…)`: what it raises is caught, and the code behind it runs.
    fn suppressed(&mut self, body: &'f [Stmt]) {
        self.tries.push(TryFrame { catching: true, ..TryFrame::default() });
        self.block(body);
        let frame = self.tries.pop().expect("pushed above");
        let mut after = self.state.take();
        join_into(&mut after, frame.raised.as_ref());
        self.state = after;
        for thrown in frame.thrown {
            self.throw(thrown);
        }
    }

    fn match_statement(&mut self, statement: &'f ast::StmtMatch) {
        let subject = self.expression(&statement.subject);
        let mut after = None;
        let mut otherwise = self.state.take();
        for case in &statement.cases {
            if otherwise.is_none() {
                break;
            }
            self.state = otherwise.clone();
            self.deeper(|this| this.bind_pattern(&case.pattern, &subject));
            let mut decided = Some(true);
            if let Some(guard) = &case.guard {
                self.expression(guard);
                decided = self.decided(guard);
            }
            if decided == Some(false) {
                self.state = None;
            }
            self.block(&case.body);
            let state = self.state.take();
            join_into(&mut after, state.as_ref());
            if decided == Some(true) && case.pattern.is_irrefutable() {
                otherwise = None;
            }
        }
        join_into(&mut after, otherwise.as_ref());
        self.state = after;
    }

    fn bind_pattern(&mut self, pattern: &'f ast::Pattern, subject: &Value) {
        let whole = |value: &Value| Value::whole(value.reachable());
        match pattern {
            ast::Pattern::MatchValue(_) | ast::Pattern::MatchSingleton(_) => {}
            ast::Pattern::MatchSequence(sequence) => {
                for (index, pattern) in sequence.patterns.iter().enumerate() {
                    let part = subject.project(&Element::Key(Name::new(index.to_string())));
                    self.deeper(|this| this.bind_pattern(pattern, &part));
                }
            }
            ast::Pattern::MatchMapping(mapping) => {
                for (key, pattern) in mapping.keys.iter().zip(&mapping.patterns) {
                    let part = subject.project(&self.element(key));
                    self.deeper(|this| this.bind_pattern(pattern, &part));
                }
                if let Some(rest) = &mapping.rest {
                    self.bind_name(rest, whole(subject));
                }
            }
            ast::Pattern::MatchClass(class) => {
                for pattern in &class.arguments.patterns {
                    self.deeper(|this| this.bind_pattern(pattern, &whole(subject)));
                }
                for keyword in &class.arguments.keywords {
                    let part = subject.project(&Element::Attribute(keyword.attr.id.clone()));
                    self.deeper(|this| this.bind_pattern(&keyword.pattern, &part));
                }
            }
            ast::Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.bind_name(name, whole(subject));
                }
            }
            ast::Pattern::MatchAs(binding) => {
                if let Some(pattern) = &binding.pattern {
                    self.deeper(|this| this.bind_pattern(pattern, subject));
                }
                if let Some(name) = &binding.name {
                    self.bind_name(name, subject.clone());
                }
            }
            ast::Pattern::MatchOr(either) => {
                for pattern in &either.patterns {
                    self.deeper(|this| this.bind_pattern(pattern, subject));
                }
            }
        }
    }

    pub(super) fn bind_name(&mut self, name: &ast::Identifier, value: Value) {
        let value = value.then(&self.step(name.range, StepKind::Stored(name.to_string())));
        let path = Path::variable(self.root(&name.id));
        self.environment().store(&path, &value);
        self.keep_global(&path, &value);
    }

    fn function_definition(&mut self, statement: &'f ast::StmtFunctionDef) {
        for decorator in &statement.decorator_list {
            self.expression(&decorator.expression);
        }
        let mut defaults = Vec::new();
        for parameter in statement.parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                let value = self.expression(default);
                if !value.is_clean() {
                    defaults.push((parameter.parameter.name.id.clone(), value));
                }
            }
        }
        let captured = self.captured(self.state.as_ref());
        let id = self.engine.define(self.unit, statement, defaults, captured);
        if self.locals.is_some() {
            let before = self.inner_functions.insert(statement.name.id.clone(), id);
            if before.is_some_and(|before| before != id) {
                self.ambiguous.insert(statement.name.id.clone());
            }
        }
    }

    /// Variables of this function that functions inside it may read.
    pub(super) fn captured(&self, state: Option<&Environment>) -> Environment {
        let mut captured = Environment::default();
        if let Some(state) = state
            && self.locals.is_some()
        {
            for (root, value) in state.variables() {
                if matches!(root, Root::Local(_)) {
                    captured.store(&Path::variable(root.clone()), &without_parameters(value));
                }
            }
        }
        captured
    }

    fn class_definition(&mut self, statement: &'f ast::StmtClassDef) {
        for decorator in &statement.decorator_list {
            self.expression(&decorator.expression);
        }
        if let Some(arguments) = &statement.arguments {
            for base in &arguments.args {
                self.expression(base);
            }
        }
        let class = self.engine.define_class(self.unit, statement);
        let before = self.state.clone();
        let outer = self.engine.enter_class(self.unit, Some(class));
        self.block(&statement.body);
        self.engine.enter_class(self.unit, outer);
        // What the body stores in names is an attribute of the class and no variable here.
        let mut of_class = Value::default();
        if let (Some(state), Some(before)) = (&self.state, &before) {
            for (root, value) in state.variables() {
                let (Root::Local(name) | Root::Global(name)) = root;
                if !before.variable(root).same(value) {
                    let element = [Element::Attribute(name.clone())];
                    self.engine.class_attribute(class, &element, &without_parameters(value));
                    of_class.join(&value.wrapped(&element[0]));
                }
            }
        }
        self.state = before;
        // `Class.NAME` reads it, too.
        if self.engine.specification.options.deep && !of_class.is_clean() && self.state.is_some() {
            let path = Path::variable(self.root(&statement.name.id));
            self.environment().store(&path, &of_class);
        }
    }

    /// The variable of a name that is used in this function.
    pub(super) fn root(&self, name: &Name) -> Root {
        let local =
            self.locals.as_ref().is_some_and(|locals| locals.contains(name)) || self.outer.contains(name);
        if local { Root::Local(name.clone()) } else { Root::Global(name.clone()) }
    }

    /// Whether the file imports something of this name.
    pub(super) fn is_imported(&self, name: &Name) -> bool {
        self.engine.files[self.file as usize].imports.contains(name)
    }

    /// `a.b["c"]` as a path, if it begins with a variable.
    pub(super) fn path(&self, expression: &Expr) -> Option<Path> {
        let deep = self.engine.specification.options.deep;
        let (name, elements) = scope::place_of(expression, |index| deep.then(|| self.element(index)))?;
        Some(Path { root: self.root(&name), elements })
    }

    /// What a loop over this value sees.
    pub(super) fn element_of(&self, value: &Value) -> Value {
        if self.engine.specification.options.deep {
            value.project(&Element::Anything)
        } else {
            Value::whole(value.reachable())
        }
    }

    /// Attributes of `self` outlive the method: other methods see what it stores.
    pub(super) fn remember_attribute(&mut self, path: &Path, value: &Value) {
        self.keep_global(path, value);
        if let (Root::Global(_), [Element::Attribute(_), ..]) = (&path.root, &*path.elements) {
            self.remember_class_attribute(path, value);
        }
        if !self.engine.specification.options.deep || path.elements.is_empty() {
            return;
        }
        if let Root::Global(name) = &path.root
            && let Some((file, original)) = self.engine.files[self.file as usize].borrowed.get(name).cloned()
        {
            let path: Vec<Element> =
                [Element::Attribute(original)].into_iter().chain(path.elements.iter().cloned()).collect();
            self.keep(Place::Module(file), &path, &value.reachable());
        }
        let value = without_parameters(value);
        if value.is_clean() {
            return;
        }
        if let Some((class, receiver)) = self.engine.receiver(self.unit)
            && path.root == Root::Local(receiver)
        {
            self.engine.class_attribute(class, &path.elements, &value);
        }
    }

    pub(super) fn operator_result(&self, taints: TaintSet) -> Value {
        if self.engine.specification.options.only_propagate_through_assignments {
            return Value::default();
        }
        Value::whole(taints.derived())
    }
}

/// The parts of a display or of several targets, unless one of them stands for several.
fn elements_of(expression: &Expr) -> Option<&[Expr]> {
    match expression {
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
            (!elts.iter().any(Expr::is_starred_expr)).then_some(elts.as_slice())
        }
        _ => None,
    }
}

/// Whether adding this is adding to a text or to a number, which makes a new one.
fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::FString(_) | Expr::NumberLiteral(_) => true,
        Expr::BinOp(operation) => {
            let is_literal = |operand: &Expr| operand.is_literal_expr() || operand.is_f_string_expr();
            is_literal(&operation.left) || is_literal(&operation.right)
        }
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "str" | "int" | "float" | "repr"))
        }
        _ => false,
    }
}

/// What is known of a value whoever calls.
pub(super) fn without_parameters(value: &Value) -> Value {
    let known = |taints: &TaintSet| {
        taints.map(|taint| matches!(taint.origin, super::value::Origin::Source { .. }).then(|| taint.clone()))
    };
    let parts = value.parts.iter().map(|(path, taints)| (path.clone(), known(taints))).collect();
    Value { own: known(&value.own), parts: std::sync::Arc::new(parts) }
}

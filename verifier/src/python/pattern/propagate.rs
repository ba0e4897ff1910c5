//! What variables hold, place by place: constants, and expressions that a variable certainly
//! stands for.
//!
//! One pass over each function in the order in which it runs. Where paths meet, what they do
//! not agree on is forgotten; what a loop assigns is forgotten before it begins; a function knows
//! of its surroundings only the names at the top of the file that are assigned once.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, walk_elif_else_clause, walk_except_handler, walk_expr, walk_pattern, walk_stmt,
};
use ruff_python_ast::{
    self as ast, ElifElseClause, ExceptHandler, Expr, ExprContext, ModModule, Parameters, Pattern, Stmt,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::constants::{fold, join};
use super::value::Constant;

/// What the variables of a file hold where they are read.
#[derive(Debug, Default)]
pub(super) struct Values {
    at: HashMap<TextSize, Value>,
    /// Reads of a function's own variables, which hide what the file imports.
    own: HashSet<TextSize>,
    /// The annotations of parameters and variables, where these are read.
    annotations: HashMap<TextSize, TextRange>,
    /// The functions of the file, each before those inside it.
    functions: Vec<Owner>,
    /// What the lambdas of the file give.
    lambdas: Vec<TextRange>,
}

/// A function and the variables that are its own.
#[derive(Debug)]
struct Owner {
    parameters: TextRange,
    body: TextRange,
    names: HashSet<Box<str>>,
}

/// What one variable holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Constant(Constant),
    /// The expression at this place, as it was evaluated there.
    Symbol(TextRange),
    /// What a `with` statement gets of the expression at this place: mostly that, or something like it.
    Entered(TextRange),
}

impl Values {
    /// Follows the values of a whole file.
    pub(super) fn of(module: &ModModule) -> Self {
        let mut flow = Flow {
            values: Self::default(),
            globals: globals(module),
            scope: Scope::default(),
            raised: Vec::new(),
        };
        flow.block(&module.body, Some(Environment::new()));
        flow.values
    }

    /// Whether the name that is read here is a parameter or variable of a function, or of a
    /// comprehension, whatever the file imports under that name.
    pub(super) fn is_own(&self, name: &ast::ExprName) -> bool {
        self.own.contains(&name.start())
    }

    /// The function whose variable a name is that stands here, by its number.
    pub(super) fn owner(&self, name: &str, place: TextSize) -> Option<usize> {
        self.functions
            .iter()
            .rposition(|function| function.body.contains(place) && function.names.contains(name))
    }

    /// The function that has a parameter here, by its number.
    pub(super) fn owner_of_parameter(&self, place: TextSize) -> Option<usize> {
        self.functions.iter().rposition(|function| function.parameters.contains(place))
    }

    /// What the lambdas of the file give.
    pub(super) fn lambdas(&self) -> &[TextRange] {
        &self.lambdas
    }

    /// The annotation of the variable that is read here.
    pub(super) fn annotation(&self, name: &ast::ExprName) -> Option<TextRange> {
        self.annotations.get(&name.start()).copied()
    }

    /// What the variable that is read here is worth.
    pub(super) fn constant(&self, name: &ast::ExprName) -> Option<&Constant> {
        match self.at.get(&name.start())? {
            Value::Constant(constant) => Some(constant),
            Value::Symbol(_) | Value::Entered(_) => None,
        }
    }

    /// The expression that the variable that is read here stands for.
    pub(super) fn symbol(&self, name: &ast::ExprName) -> Option<TextRange> {
        match self.at.get(&name.start())? {
            Value::Symbol(range) | Value::Entered(range) => Some(*range),
            Value::Constant(_) => None,
        }
    }

    /// The expression whose value the variable that is read here is, and nothing else.
    pub(super) fn assigned(&self, name: &ast::ExprName) -> Option<TextRange> {
        match self.at.get(&name.start())? {
            Value::Symbol(range) => Some(*range),
            Value::Entered(_) | Value::Constant(_) => None,
        }
    }
}

/// What is known of variables. Those that are not in it are unknown.
type Environment<'f> = HashMap<&'f str, Value>;

#[derive(Default)]
struct Scope<'f> {
    /// The names of a function; `None` at the top of the file.
    locals: Option<HashSet<&'f str>>,
    /// Those names of this function and the ones around it that no import binds.
    hiding: HashSet<&'f str>,
    /// Annotations of parameters and of variables that were declared by now, also of those around that
    /// this function sees.
    annotations: HashMap<&'f str, TextRange>,
    /// In the body of a class: what is declared there, and what its methods do not see.
    of_class: Option<HashMap<&'f str, TextRange>>,
}

impl Scope<'_> {
    fn annotation(&self, name: &str) -> Option<TextRange> {
        let of_class = self.of_class.as_ref().and_then(|declared| declared.get(name));
        of_class.or_else(|| self.annotations.get(name)).copied()
    }
}

struct Flow<'f> {
    values: Values,
    globals: HashMap<&'f str, Constant>,
    scope: Scope<'f>,
    /// For each `try` around: what is known where something in it may raise.
    raised: Vec<Option<Environment<'f>>>,
}

impl<'f> Flow<'f> {
    fn lookup(&self, name: &str, environment: &Environment<'f>) -> Option<Value> {
        if let Some(value) = environment.get(name) {
            return Some(value.clone());
        }
        match &self.scope.locals {
            Some(locals) if !locals.contains(name) => self.globals.get(name).cloned().map(Value::Constant),
            Some(_) | None => None,
        }
    }

    fn value(&self, expression: &'f Expr, environment: &Environment<'f>) -> Value {
        let of_name = |name: &ast::ExprName| match self.lookup(name.id.as_str(), environment) {
            Some(Value::Constant(constant)) => Some(constant),
            Some(Value::Symbol(_) | Value::Entered(_)) | None => None,
        };
        match fold(expression, &of_name) {
            Some(constant) => Value::Constant(constant),
            None => Value::Symbol(expression.range()),
        }
    }

    /// Runs statements. `None`: this place is not reached.
    fn block(
        &mut self,
        body: &'f [Stmt],
        mut environment: Option<Environment<'f>>,
    ) -> Option<Environment<'f>> {
        for statement in body {
            // What cannot be reached is not worth a word, but functions in it may be looked at.
            environment = self.statement(statement, environment?);
        }
        environment
    }

    fn statement(
        &mut self,
        statement: &'f Stmt,
        mut environment: Environment<'f>,
    ) -> Option<Environment<'f>> {
        if may_raise(statement)
            && let Some(raised) = self.raised.last_mut()
        {
            *raised = Some(match raised.take() {
                Some(known) => meet(known, &environment),
                None => environment.clone(),
            });
        }
        match statement {
            Stmt::Assign(node) => {
                self.read(&node.value, &mut environment);
                for target in &node.targets {
                    self.read(target, &mut environment);
                }
                let value = self.value(&node.value, &environment);
                for target in &node.targets {
                    store(target, Some(&value), &mut environment);
                }
            }
            Stmt::AnnAssign(node) => {
                self.read(&node.annotation, &mut environment);
                self.read(&node.target, &mut environment);
                if let Expr::Name(name) = &*node.target {
                    let Scope { annotations, of_class, .. } = &mut self.scope;
                    let declared = of_class.as_mut().unwrap_or(annotations);
                    declared.insert(name.id.as_str(), node.annotation.range());
                }
                if let Some(assigned) = &node.value {
                    self.read(assigned, &mut environment);
                    let value = self.value(assigned, &environment);
                    store(&node.target, Some(&value), &mut environment);
                }
            }
            Stmt::AugAssign(node) => {
                self.read(&node.value, &mut environment);
                self.read(&node.target, &mut environment);
                let value = match &*node.target {
                    Expr::Name(name) => {
                        let of_name = |name: &ast::ExprName| match self.lookup(name.id.as_str(), &environment)
                        {
                            Some(Value::Constant(constant)) => Some(constant),
                            Some(Value::Symbol(_) | Value::Entered(_)) | None => None,
                        };
                        let (left, right) = (of_name(name), fold(&node.value, &of_name));
                        left.zip(right)
                            .and_then(|(left, right)| super::constants::operate(node.op, left, Some(right)))
                    }
                    _ => None,
                };
                store(&node.target, value.map(Value::Constant).as_ref(), &mut environment);
            }
            Stmt::For(node) => {
                self.read(&node.iter, &mut environment);
                forget_bound(&node.body, &mut environment);
                store(&node.target, None, &mut environment);
                self.block(&node.body, Some(environment.clone()));
                return self.block(&node.orelse, Some(environment));
            }
            Stmt::While(node) => {
                forget_bound(&node.body, &mut environment);
                self.read(&node.test, &mut environment);
                self.block(&node.body, Some(environment.clone()));
                return self.block(&node.orelse, Some(environment));
            }
            Stmt::If(node) => {
                self.read(&node.test, &mut environment);
                let mut after = self.block(&node.body, Some(environment.clone()));
                let mut otherwise = Some(environment);
                for clause in &node.elif_else_clauses {
                    let Some(mut entered) = otherwise.take() else { break };
                    if let Some(test) = &clause.test {
                        self.read(test, &mut entered);
                        otherwise = Some(entered.clone());
                    }
                    let end = self.block(&clause.body, Some(entered));
                    after = either(after, end);
                }
                return either(after, otherwise);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.read(&item.context_expr, &mut environment);
                    if let Some(target) = &item.optional_vars {
                        self.read(target, &mut environment);
                        let value = Value::Entered(item.context_expr.range());
                        store(target, Some(&value), &mut environment);
                    }
                }
                return self.block(&node.body, Some(environment));
            }
            Stmt::Match(node) => {
                self.read(&node.subject, &mut environment);
                let mut after = Some(environment.clone());
                for case in &node.cases {
                    let mut entered = environment.clone();
                    forget_bound_in_pattern(&case.pattern, &mut entered);
                    if let Some(guard) = &case.guard {
                        self.read(guard, &mut entered);
                    }
                    let end = self.block(&case.body, Some(entered));
                    after = either(after, end);
                }
                return after;
            }
            Stmt::Try(node) => return self.try_statement(node, environment),
            Stmt::FunctionDef(node) => {
                for decorator in &node.decorator_list {
                    self.read(&decorator.expression, &mut environment);
                }
                for parameter in &node.parameters {
                    for expression in parameter.default().into_iter().chain(parameter.annotation()) {
                        self.read(expression, &mut environment);
                    }
                }
                environment.remove(node.name.as_str());
                self.function(&node.parameters, &node.body);
            }
            Stmt::ClassDef(node) => {
                for decorator in &node.decorator_list {
                    self.read(&decorator.expression, &mut environment);
                }
                if let Some(arguments) = &node.arguments {
                    for argument in arguments.iter_source_order() {
                        self.read(argument.value(), &mut environment);
                    }
                }
                environment.remove(node.name.as_str());
                let outer = self.scope.of_class.replace(HashMap::new());
                self.block(&node.body, Some(environment.clone()));
                self.scope.of_class = outer;
            }
            Stmt::Return(node) => {
                if let Some(value) = &node.value {
                    self.read(value, &mut environment);
                }
                return None;
            }
            Stmt::Raise(node) => {
                for expression in node.exc.iter().chain(&node.cause) {
                    self.read(expression, &mut environment);
                }
                return None;
            }
            Stmt::Break(_) | Stmt::Continue(_) => return None,
            Stmt::Expr(node) => self.read(&node.value, &mut environment),
            Stmt::Assert(node) => {
                self.read(&node.test, &mut environment);
                if let Some(message) = &node.msg {
                    self.read(message, &mut environment);
                }
            }
            Stmt::Delete(_) | Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::TypeAlias(_) => {
                if let Stmt::Delete(node) = statement {
                    for target in &node.targets {
                        self.read(target, &mut environment);
                    }
                }
                forget_bound(std::slice::from_ref(statement), &mut environment);
            }
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        Some(environment)
    }

    fn try_statement(
        &mut self,
        node: &'f ast::StmtTry,
        environment: Environment<'f>,
    ) -> Option<Environment<'f>> {
        self.raised.push(None);
        let body = self.block(&node.body, Some(environment));
        let raised = self.raised.pop().flatten();
        if let (Some(raised), Some(outer)) = (&raised, self.raised.last_mut()) {
            *outer = Some(match outer.take() {
                Some(known) => meet(known, raised),
                None => raised.clone(),
            });
        }
        let mut after = self.block(&node.orelse, body);
        if let Some(raised) = &raised {
            for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                let mut entered = raised.clone();
                if let Some(exception) = &handler.type_ {
                    self.read(exception, &mut entered);
                }
                if let Some(name) = &handler.name {
                    entered.remove(name.as_str());
                }
                let end = self.block(&handler.body, Some(entered));
                after = either(after, end);
            }
        }
        if node.finalbody.is_empty() {
            return after;
        }
        let reached = after.is_some();
        let entered = either(after, raised);
        let end = self.block(&node.finalbody, entered);
        if reached { end } else { None }
    }

    fn function(&mut self, parameters: &'f Parameters, body: &'f [Stmt]) {
        let mut locals = HashSet::new();
        let mut imported = HashSet::new();
        let mut elsewhere = HashSet::new();
        for parameter in parameters {
            locals.insert(parameter.name().as_str());
        }
        Bound::each(body, &mut |name, kind| {
            match kind {
                Kind::Binding => locals.insert(name),
                Kind::Import => imported.insert(name),
                Kind::Elsewhere => elsewhere.insert(name),
            };
        });
        if let (Some(first), Some(last)) = (body.first(), body.last()) {
            let own = locals.iter().chain(&imported).filter(|name| !elsewhere.contains(*name));
            self.values.functions.push(Owner {
                parameters: parameters.range(),
                body: first.range().cover(last.range()),
                names: own.map(|name| (*name).into()).collect(),
            });
        }
        let mut hiding = self.scope.hiding.clone();
        hiding.extend(&locals);
        hiding.retain(|name| !imported.contains(name) && !elsewhere.contains(name));
        // A `global` name may change at any call: it is unknown here, whatever is assigned.
        locals.extend(imported);
        locals.extend(elsewhere);
        let mut annotations = self.scope.annotations.clone();
        annotations.retain(|name, _| !locals.contains(name));
        // The others are a tuple and a dict of what is annotated.
        let single = parameters.iter_non_variadic_params().map(|parameter| &parameter.parameter);
        annotations.extend(
            single.filter_map(|parameter| Some((parameter.name.as_str(), parameter.annotation()?.range()))),
        );
        let scope = Scope { locals: Some(locals), hiding, annotations, of_class: None };
        let outer = std::mem::replace(&mut self.scope, scope);
        let raised = std::mem::take(&mut self.raised);
        self.block(body, Some(Environment::new()));
        self.scope = outer;
        self.raised = raised;
    }

    /// Remembers what the names that an expression reads are worth at this place.
    fn read(&mut self, expression: &'f Expr, environment: &mut Environment<'f>) {
        let mut reader =
            Reader { flow: self, environment, shadowed: Vec::new(), later: false, stored: Vec::new() };
        reader.visit_expr(expression);
        for name in reader.stored {
            environment.remove(name);
        }
    }
}

struct Reader<'r, 'f> {
    flow: &'r mut Flow<'f>,
    environment: &'r Environment<'f>,
    /// Names of comprehensions and lambdas.
    shadowed: Vec<&'f str>,
    /// In the body of a lambda, which runs when locals may have changed.
    later: bool,
    /// Names that `:=` assigns.
    stored: Vec<&'f str>,
}

impl<'f> SourceOrderVisitor<'f> for Reader<'_, 'f> {
    fn visit_expr(&mut self, expression: &'f Expr) {
        match expression {
            Expr::Name(name) => {
                if name.ctx != ExprContext::Load {
                    return;
                }
                if self.shadowed.contains(&name.id.as_str()) {
                    self.flow.values.own.insert(name.start());
                    return;
                }
                if let Some(annotation) = self.flow.scope.annotation(name.id.as_str()) {
                    self.flow.values.annotations.insert(name.start(), annotation);
                }
                if self.flow.scope.hiding.contains(name.id.as_str()) {
                    self.flow.values.own.insert(name.start());
                }
                let value = if self.later {
                    self.flow.lookup(name.id.as_str(), &Environment::new())
                } else {
                    self.flow.lookup(name.id.as_str(), self.environment)
                };
                if let Some(value) = value {
                    self.flow.values.at.insert(name.start(), value);
                }
            }
            Expr::Lambda(node) => {
                let outer = self.shadowed.len();
                for parameter in node.parameters.iter().flat_map(|parameters| parameters.iter()) {
                    if let Some(default) = parameter.default() {
                        self.visit_expr(default);
                    }
                }
                for parameter in node.parameters.iter().flat_map(|parameters| parameters.iter()) {
                    self.shadowed.push(parameter.name().as_str());
                }
                self.flow.values.lambdas.push(node.body.range());
                let later = std::mem::replace(&mut self.later, true);
                let of_class = self.flow.scope.of_class.take();
                self.visit_expr(&node.body);
                self.flow.scope.of_class = of_class;
                self.later = later;
                self.shadowed.truncate(outer);
            }
            Expr::ListComp(ast::ExprListComp { generators, .. })
            | Expr::SetComp(ast::ExprSetComp { generators, .. })
            | Expr::DictComp(ast::ExprDictComp { generators, .. })
            | Expr::Generator(ast::ExprGenerator { generators, .. }) => {
                let outer = self.shadowed.len();
                for generator in generators {
                    names_in(&generator.target, &mut self.shadowed);
                }
                // Like a function it does not see what the class around it declares.
                let of_class = self.flow.scope.of_class.take();
                walk_expr(self, expression);
                self.flow.scope.of_class = of_class;
                self.shadowed.truncate(outer);
            }
            Expr::Named(node) => {
                names_in(&node.target, &mut self.stored);
                walk_expr(self, expression);
            }
            _ => walk_expr(self, expression),
        }
    }
}

fn names_in<'f>(target: &'f Expr, names: &mut Vec<&'f str>) {
    super::find::each_expression(target, &mut |expression| {
        if let Expr::Name(name) = expression {
            names.push(name.id.as_str());
        }
        true
    });
}

/// Assigns. What is stored into objects changes no variable.
fn store<'f>(target: &'f Expr, value: Option<&Value>, environment: &mut Environment<'f>) {
    match (target, value) {
        (Expr::Name(name), Some(value)) => {
            environment.insert(name.id.as_str(), value.clone());
        }
        (Expr::Name(name), None) => {
            environment.remove(name.id.as_str());
        }
        (Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }), _) => {
            for element in elts {
                store(element, None, environment);
            }
        }
        (Expr::Starred(node), _) => store(&node.value, None, environment),
        _ => {}
    }
}

/// What both know. Two different texts are a text still.
fn meet<'f>(mut left: Environment<'f>, right: &Environment<'f>) -> Environment<'f> {
    left.retain(|name, value| {
        let joined = match (&*value, right.get(name)) {
            (Value::Constant(a), Some(Value::Constant(b))) => join(a, b).map(Value::Constant),
            (Value::Symbol(a), Some(Value::Symbol(b))) if a == b => Some(Value::Symbol(*a)),
            (Value::Entered(a), Some(Value::Entered(b))) if a == b => Some(Value::Entered(*a)),
            _ => None,
        };
        match joined {
            Some(joined) => {
                *value = joined;
                true
            }
            None => false,
        }
    });
    left
}

fn either<'f>(left: Option<Environment<'f>>, right: Option<Environment<'f>>) -> Option<Environment<'f>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(meet(left, &right)),
        (left, right) => left.or(right),
    }
}

fn forget_bound<'f>(body: &'f [Stmt], environment: &mut Environment<'f>) {
    Bound::each(body, &mut |name, _| {
        environment.remove(name);
    });
}

fn forget_bound_in_pattern<'f>(pattern: &'f Pattern, environment: &mut Environment<'f>) {
    let mut bound = Bound {
        found: &mut |name, _| {
            environment.remove(name);
        },
    };
    bound.visit_pattern(pattern);
}

/// Whether something in a statement itself, blocks aside, may raise.
fn may_raise(statement: &Stmt) -> bool {
    let is_harmless = |expression: &Expr| expression.is_literal_expr() || expression.is_name_expr();
    match statement {
        Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::Global(_) | Stmt::Nonlocal(_) => false,
        Stmt::Assign(node) => !(is_harmless(&node.value) && node.targets.iter().all(Expr::is_name_expr)),
        Stmt::Expr(node) => !is_harmless(&node.value),
        Stmt::Return(node) => node.value.as_deref().is_some_and(|value| !is_harmless(value)),
        // What is in its blocks is asked there.
        Stmt::Try(_) => false,
        Stmt::If(node) => !is_harmless(&node.test),
        Stmt::While(node) => !is_harmless(&node.test),
        _ => true,
    }
}

/// The names at the top of a file that are assigned once, to a constant.
fn globals(module: &ModModule) -> HashMap<&str, Constant> {
    let mut times: HashMap<&str, u32> = HashMap::new();
    Bound::each(&module.body, &mut |name, _| *times.entry(name).or_default() += 1);
    let mut changed = HashSet::new();
    let mut nested = GlobalStatements { names: &mut changed };
    nested.visit_body(&module.body);
    let mut globals: HashMap<&str, Constant> = HashMap::new();
    for statement in &module.body {
        let (target, value) = match statement {
            Stmt::Assign(node) => match (&node.targets[..], &node.value) {
                ([Expr::Name(name)], value) => (name, &**value),
                _ => continue,
            },
            Stmt::AnnAssign(node) => match (&*node.target, &node.value) {
                (Expr::Name(name), Some(value)) => (name, &**value),
                _ => continue,
            },
            _ => continue,
        };
        let name = target.id.as_str();
        if times.get(name) != Some(&1) || changed.contains(name) {
            continue;
        }
        if let Some(constant) = fold(value, &|name| globals.get(name.id.as_str()).cloned()) {
            globals.insert(name, constant);
        }
    }
    globals
}

struct GlobalStatements<'s, 'f> {
    names: &'s mut HashSet<&'f str>,
}

impl<'f> SourceOrderVisitor<'f> for GlobalStatements<'_, 'f> {
    fn visit_stmt(&mut self, statement: &'f Stmt) {
        if let Stmt::Global(node) = statement {
            self.names.extend(node.names.iter().map(ast::Identifier::as_str));
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, _: &'f Expr) {}
}

/// How statements speak of a name.
enum Kind {
    /// They bind it.
    Binding,
    /// They import it.
    Import,
    /// They say that it is bound elsewhere: `global`, `nonlocal`.
    Elsewhere,
}

/// The names that statements bind, without those of nested functions and classes.
struct Bound<'b, 'f> {
    found: &'b mut dyn FnMut(&'f str, Kind),
}

impl<'f> Bound<'_, 'f> {
    fn each(body: &'f [Stmt], found: &mut dyn FnMut(&'f str, Kind)) {
        let mut bound = Bound { found };
        bound.visit_body(body);
    }
}

impl<'f> SourceOrderVisitor<'f> for Bound<'_, 'f> {
    fn visit_stmt(&mut self, statement: &'f Stmt) {
        match statement {
            Stmt::FunctionDef(node) => (self.found)(node.name.as_str(), Kind::Binding),
            Stmt::ClassDef(node) => (self.found)(node.name.as_str(), Kind::Binding),
            Stmt::Import(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    (self.found)(name.split('.').next().unwrap_or(name), Kind::Import);
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    (self.found)(alias.asname.as_ref().unwrap_or(&alias.name).as_str(), Kind::Import);
                }
            }
            Stmt::Global(ast::StmtGlobal { names, .. }) | Stmt::Nonlocal(ast::StmtNonlocal { names, .. }) => {
                for name in names {
                    (self.found)(name.as_str(), Kind::Elsewhere);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'f Expr) {
        match expression {
            Expr::Name(name) if name.ctx != ExprContext::Load => {
                (self.found)(name.id.as_str(), Kind::Binding)
            }
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'f ExceptHandler) {
        let ExceptHandler::ExceptHandler(node) = handler;
        if let Some(name) = &node.name {
            (self.found)(name.as_str(), Kind::Binding);
        }
        walk_except_handler(self, handler);
    }

    fn visit_elif_else_clause(&mut self, clause: &'f ElifElseClause) {
        walk_elif_else_clause(self, clause);
    }

    fn visit_pattern(&mut self, pattern: &'f Pattern) {
        match pattern {
            Pattern::MatchAs(node) => {
                if let Some(name) = &node.name {
                    (self.found)(name.as_str(), Kind::Binding);
                }
            }
            Pattern::MatchStar(node) => {
                if let Some(name) = &node.name {
                    (self.found)(name.as_str(), Kind::Binding);
                }
            }
            Pattern::MatchMapping(node) => {
                if let Some(name) = &node.rest {
                    (self.found)(name.as_str(), Kind::Binding);
                }
            }
            Pattern::MatchValue(_)
            | Pattern::MatchSingleton(_)
            | Pattern::MatchSequence(_)
            | Pattern::MatchClass(_)
            | Pattern::MatchOr(_) => {}
        }
        walk_pattern(self, pattern);
    }
}

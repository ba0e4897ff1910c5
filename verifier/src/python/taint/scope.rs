//! Small questions about the syntax that need no state.

use foldhash::{HashSet, HashSetExt};

use crate::python::visitor::{self, Visitor};
use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::value::Element;
use crate::python::control_flow::{builtin_base, is_generator, truth};
use crate::python::project::facts::is_builtin;

/// Names that a function binds: parameters, targets, imports, definitions; without those that
/// it declares `global` or `nonlocal`.
pub(super) fn locals(function: &ast::StmtFunctionDef) -> HashSet<Name> {
    let mut collector = Collector::default();
    for parameter in function.parameters.iter() {
        collector.bound.insert(parameter.name().id.clone());
    }
    collector.visit_body(&function.body);
    for name in &collector.declared {
        collector.bound.remove(name);
    }
    collector.bound
}

/// Names that a function's body gives another value than they have on entry.
pub(super) fn rebound(function: &ast::StmtFunctionDef) -> HashSet<Name> {
    let mut collector = Collector::default();
    collector.visit_body(&function.body);
    collector.bound
}

/// Names that a body itself declares to be the module's.
pub(super) fn global_names(body: &[Stmt]) -> HashSet<Name> {
    struct Globals(HashSet<Name>);
    impl<'a> StatementVisitor<'a> for Globals {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Global(global) => self.0.extend(global.names.iter().map(|name| name.id.clone())),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                other => walk_stmt(self, other),
            }
        }
    }
    let mut globals = Globals(HashSet::new());
    globals.visit_body(body);
    globals.0
}

/// Names that functions in a body declare `global` or `nonlocal`.
pub(super) fn declared(body: &[Stmt]) -> HashSet<Name> {
    struct Declared(HashSet<Name>);
    impl<'a> StatementVisitor<'a> for Declared {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Global(ast::StmtGlobal { names, .. })
                | Stmt::Nonlocal(ast::StmtNonlocal { names, .. }) => {
                    self.0.extend(names.iter().map(|name| name.id.clone()));
                }
                other => walk_stmt(self, other),
            }
        }
    }
    let mut declared = Declared(HashSet::new());
    declared.visit_body(body);
    declared.0
}

/// The names of the properties that the classes in a body define.
pub(super) fn properties(body: &[Stmt], into: &mut HashSet<Name>) {
    struct Properties<'p>(&'p mut HashSet<Name>);
    impl<'a> StatementVisitor<'a> for Properties<'_> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::FunctionDef(function) = statement {
                let is_property = |decorator: &ast::Decorator| match &decorator.expression {
                    Expr::Name(name) => matches!(name.id.as_str(), "property" | "cached_property"),
                    Expr::Attribute(attribute) => attribute.attr.as_str() == "cached_property",
                    _ => false,
                };
                if function.decorator_list.iter().any(is_property) {
                    self.0.insert(function.name.id.clone());
                }
            }
            walk_stmt(self, statement);
        }
    }
    Properties(into).visit_body(body);
}

/// Names of attributes that a function reads or stores.
pub(super) fn attributes(function: &ast::StmtFunctionDef) -> HashSet<Name> {
    struct Attributes(HashSet<Name>);
    impl<'a> Visitor<'a> for Attributes {
        fn visit_expr(&mut self, expression: &'a Expr) {
            // Down a chain of attributes and calls without going deeper for each link.
            let mut expression = expression;
            loop {
                match expression {
                    Expr::Attribute(attribute) => {
                        self.0.insert(attribute.attr.id.clone());
                        expression = &attribute.value;
                    }
                    Expr::Call(call) => {
                        self.visit_arguments(&call.arguments);
                        expression = &call.func;
                    }
                    Expr::BinOp(operation) => {
                        self.visit_expr(&operation.right);
                        expression = &operation.left;
                    }
                    other => return visitor::walk_expr(self, other),
                }
            }
        }
    }
    let mut attributes = Attributes(HashSet::new());
    attributes.visit_body(&function.body);
    attributes.0
}

/// The names that a function mentions, with those of functions inside it.
pub(super) fn names(function: &ast::StmtFunctionDef) -> HashSet<Name> {
    let mut names = HashSet::new();
    reads(function, |name| {
        names.insert(name.clone());
        false
    });
    names
}

/// The functions that a body defines, without those inside them.
pub(super) fn functions_inside(body: &[Stmt]) -> Vec<&ast::StmtFunctionDef> {
    #[derive(Default)]
    struct Inside<'a>(Vec<&'a ast::StmtFunctionDef>);
    impl<'a> StatementVisitor<'a> for Inside<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::FunctionDef(function) => self.0.push(function),
                Stmt::ClassDef(_) => {}
                other => walk_stmt(self, other),
            }
        }
    }
    let mut inside = Inside::default();
    inside.visit_body(body);
    inside.0
}

/// Whether all that a body does with a function of a name is to call it.
pub(super) fn is_only_called(body: &[Stmt], name: &Name) -> bool {
    struct Uses<'n> {
        name: &'n Name,
        found: bool,
    }
    impl<'a> Visitor<'a> for Uses<'_> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            // Down a chain without going deeper for each link.
            let mut expression = expression;
            loop {
                match expression {
                    Expr::Attribute(attribute) => expression = &attribute.value,
                    Expr::Call(call) => {
                        self.visit_arguments(&call.arguments);
                        if call.func.is_name_expr() {
                            return;
                        }
                        expression = &call.func;
                    }
                    Expr::BinOp(operation) => {
                        self.visit_expr(&operation.right);
                        expression = &operation.left;
                    }
                    Expr::Name(name) => {
                        self.found |= name.id == *self.name;
                        return;
                    }
                    other => return visitor::walk_expr(self, other),
                }
            }
        }
    }
    let mut uses = Uses { name, found: false };
    uses.visit_body(body);
    !uses.found
}

/// Whether a function does something with its object but to look at an attribute of it: to hand
/// it on as a whole, or to give it another name. A function inside a method has the method's `self`.
pub(super) fn hands_on_its_object(function: &ast::StmtFunctionDef) -> bool {
    struct Whole<'a> {
        first: Option<&'a Name>,
        found: bool,
    }
    impl<'a> Visitor<'a> for Whole<'_> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            // Down a chain without going deeper for each link.
            let mut expression = expression;
            let mut is_part = false;
            loop {
                match expression {
                    Expr::Attribute(attribute) => {
                        is_part = true;
                        expression = &attribute.value;
                    }
                    Expr::Call(call) => {
                        is_part = false;
                        self.visit_arguments(&call.arguments);
                        expression = &call.func;
                    }
                    Expr::BinOp(operation) => {
                        is_part = false;
                        self.visit_expr(&operation.right);
                        expression = &operation.left;
                    }
                    Expr::Name(name) => {
                        let is_object = Some(&name.id) == self.first || name.id == "self";
                        self.found |= is_object && !is_part;
                        return;
                    }
                    other => return visitor::walk_expr(self, other),
                }
            }
        }
    }
    let first = function.parameters.iter_non_variadic_params().next();
    let mut whole = Whole { first: first.map(|first| &first.parameter.name.id), found: false };
    whole.visit_body(&function.body);
    whole.found
}

#[derive(Default)]
struct Collector {
    bound: HashSet<Name>,
    declared: HashSet<Name>,
}

impl Collector {
    fn target(&mut self, target: &Expr) {
        let mut targets = vec![target];
        while let Some(target) = targets.pop() {
            match target {
                Expr::Name(name) => drop(self.bound.insert(name.id.clone())),
                Expr::Tuple(tuple) => targets.extend(&tuple.elts),
                Expr::List(list) => targets.extend(&list.elts),
                Expr::Starred(starred) => targets.push(&starred.value),
                _ => {}
            }
        }
    }
}

impl<'a> StatementVisitor<'a> for Collector {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bound.insert(function.name.id.clone());
                return;
            }
            Stmt::ClassDef(class) => {
                self.bound.insert(class.name.id.clone());
                return;
            }
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.target(target)),
            Stmt::AnnAssign(assign) => self.target(&assign.target),
            Stmt::AugAssign(assign) => self.target(&assign.target),
            Stmt::For(loop_) => self.target(&loop_.target),
            Stmt::With(with) => {
                for target in with.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    self.target(target);
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    let first = name.as_str().split('.').next().unwrap_or_default();
                    self.bound.insert(Name::new(first));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.bound.insert(alias.asname.as_ref().unwrap_or(&alias.name).id.clone());
                }
            }
            Stmt::Global(global) => self.declared.extend(global.names.iter().map(|name| name.id.clone())),
            Stmt::Nonlocal(nonlocal) => {
                self.declared.extend(nonlocal.names.iter().map(|name| name.id.clone()))
            }
            Stmt::Try(try_) => {
                for handler in &try_.handlers {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.bound.extend(handler.name.as_ref().map(|name| name.id.clone()));
                }
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }
}

/// Whether a statement may raise in its own part, before any statement inside it runs. Names,
/// constants and displays of them do not.
pub(super) fn may_raise(statement: &Stmt) -> bool {
    match statement {
        Stmt::Expr(statement) => expression_may_raise(&statement.value),
        Stmt::Assign(statement) => {
            expression_may_raise(&statement.value) || statement.targets.iter().any(expression_may_raise)
        }
        Stmt::AnnAssign(statement) => statement.value.as_deref().is_some_and(expression_may_raise),
        Stmt::Return(statement) => statement.value.as_deref().is_some_and(expression_may_raise),
        Stmt::If(statement) => expression_may_raise(&statement.test),
        Stmt::While(statement) => expression_may_raise(&statement.test),
        Stmt::AugAssign(_)
        | Stmt::Assert(_)
        | Stmt::Delete(_)
        | Stmt::For(_)
        | Stmt::With(_)
        | Stmt::Match(_)
        | Stmt::Import(_)
        | Stmt::ImportFrom(_)
        | Stmt::ClassDef(_)
        | Stmt::IpyEscapeCommand(_) => true,
        // `raise` says so itself.
        Stmt::Raise(_)
        | Stmt::Try(_)
        | Stmt::FunctionDef(_)
        | Stmt::TypeAlias(_)
        | Stmt::Global(_)
        | Stmt::Nonlocal(_)
        | Stmt::Pass(_)
        | Stmt::Break(_)
        | Stmt::Continue(_) => false,
    }
}

fn expression_may_raise(expression: &Expr) -> bool {
    let mut expressions = vec![expression];
    while let Some(expression) = expressions.pop() {
        match expression {
            Expr::Name(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::Lambda(_) => {}
            Expr::List(list) => expressions.extend(&list.elts),
            Expr::Tuple(tuple) => expressions.extend(&tuple.elts),
            _ => return true,
        }
    }
    false
}

/// A handler that no exception passes.
pub(super) fn catches_everything(handler: &ast::ExceptHandlerExceptHandler) -> bool {
    match handler.type_.as_deref() {
        None => true,
        Some(Expr::Name(name)) => name.id == "BaseException",
        Some(_) => false,
    }
}

/// Whether a handler catches an exception of a class; nothing when that cannot be told by names.
pub(super) fn catches(handler: Option<&Expr>, class: Option<&str>) -> Option<bool> {
    let Some(handler) = handler else { return Some(true) };
    if let Expr::Tuple(tuple) = handler {
        let each = || tuple.elts.iter().map(|one| catches_one(one, class));
        return if each().any(|one| one == Some(true)) {
            Some(true)
        } else if each().all(|one| one == Some(false)) {
            Some(false)
        } else {
            None
        };
    }
    catches_one(handler, class)
}

fn catches_one(handler: &Expr, class: Option<&str>) -> Option<bool> {
    let common = |name| match name {
        "IOError" | "EnvironmentError" => "OSError",
        other => other,
    };
    let caught = common(super::handed::last_name(handler)?);
    let Some(class) = class else {
        return (caught == "BaseException" || caught == "Exception").then_some(true);
    };
    let first = common(class);
    let mut class = Some(first);
    while let Some(this) = class {
        if this == caught {
            return Some(true);
        }
        class = match (this, builtin_base(this)) {
            (_, Some(base)) => Some(base),
            ("BaseException", None) => None,
            (_, None) => Some("Exception"),
        };
    }
    let is_builtin = |name: &str| is_builtin(name) || builtin_base(name).is_some();
    (is_builtin(first) && is_builtin(caught)).then_some(false)
}

/// The variables of a module: what its body binds, without functions and classes.
pub(super) fn module_variables(body: &[Stmt]) -> (HashSet<Name>, HashSet<Name>) {
    struct Imports(HashSet<Name>);
    impl<'a> StatementVisitor<'a> for Imports {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::Import(_) | Stmt::ImportFrom(_) = statement {
                let mut collector = Collector::default();
                collector.visit_stmt(statement);
                self.0.extend(collector.bound);
            }
            walk_stmt(self, statement);
        }
    }
    let mut collector = Collector::default();
    for statement in body {
        if !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            collector.visit_stmt(statement);
        }
    }
    let mut imports = Imports(HashSet::new());
    imports.visit_body(body);
    (collector.bound, imports.0)
}

/// How often the body of a loop runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounds {
    /// Never.
    None,
    /// At least once.
    Some,
    /// Nobody knows.
    Any,
    /// Until something inside leaves the loop.
    Endless,
}

/// How often `for … in several` runs, as far as its text tells.
pub(super) fn rounds(several: &Expr) -> Rounds {
    let holds_some = match several {
        Expr::List(_) | Expr::Tuple(_) | Expr::Set(_) | Expr::StringLiteral(_) => truth(several),
        Expr::Dict(dict) if dict.items.is_empty() => Some(false),
        Expr::Dict(dict) => dict.items.iter().any(|item| item.key.is_some()).then_some(true),
        Expr::Call(call) => match (&*call.func, &*call.arguments.args, &*call.arguments.keywords) {
            (Expr::Name(name), [end @ Expr::NumberLiteral(_)], []) if name.id == "range" => truth(end),
            _ => None,
        },
        _ => None,
    };
    match holds_some {
        Some(true) => Rounds::Some,
        Some(false) => Rounds::None,
        None => Rounds::Any,
    }
}

/// The element that an index selects.
pub(super) fn element(index: &Expr) -> Element {
    match index {
        // Places have their numbers for names: a text that is one could be told from them by nobody.
        Expr::StringLiteral(literal) if literal.value.to_str().parse::<i64>().is_ok() => Element::Anything,
        Expr::StringLiteral(literal) => Element::Key(Name::new(literal.value.to_str())),
        Expr::NumberLiteral(literal) => match &literal.value {
            ast::Number::Int(value) => Element::Key(Name::new(value.to_string())),
            ast::Number::Float(_) | ast::Number::Complex { .. } => Element::Anything,
        },
        _ => Element::Anything,
    }
}

/// Whether a function, or one inside it, reads a variable that is so.
pub(super) fn reads(function: &ast::StmtFunctionDef, is_so: impl FnMut(&Name) -> bool) -> bool {
    struct Reads<P> {
        is_so: P,
        found: bool,
    }
    impl<'a, P: FnMut(&Name) -> bool> Visitor<'a> for Reads<P> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            // Down a chain without going deeper for each link.
            let mut expression = expression;
            loop {
                match expression {
                    Expr::Attribute(attribute) => expression = &attribute.value,
                    Expr::Call(call) => {
                        self.visit_arguments(&call.arguments);
                        expression = &call.func;
                    }
                    Expr::BinOp(operation) => {
                        self.visit_expr(&operation.right);
                        expression = &operation.left;
                    }
                    Expr::Name(name) => {
                        self.found |= (self.is_so)(&name.id);
                        return;
                    }
                    other => return visitor::walk_expr(self, other),
                }
            }
        }
    }
    let mut reads = Reads { is_so, found: false };
    reads.visit_body(&function.body);
    reads.found
}

/// `super()`, or `super(Class, self)`.
pub(super) fn is_super(expression: &Expr) -> bool {
    matches!(expression, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id == "super"))
}

pub(super) fn is_first_parameter(function: &ast::StmtFunctionDef, name: &Name) -> bool {
    function.parameters.iter().next().is_some_and(|first| first.name().id == *name)
}

/// The object that a function always gives, as a variable that it does not give another value
/// and a part of that: `return self.box`.
pub(super) fn accessed(function: &ast::StmtFunctionDef) -> Option<(Name, Vec<Element>)> {
    struct Returns<'a>(Vec<Option<&'a Expr>>);
    impl<'a> StatementVisitor<'a> for Returns<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(statement) => self.0.push(statement.value.as_deref()),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => walk_stmt(self, statement),
            }
        }
    }
    let mut returns = Returns(Vec::new());
    returns.visit_body(&function.body);
    let mut all = returns.0.into_iter().map(|value| place_of(value?, |index| Some(element(index))));
    let first = all.next()??;
    if !all.all(|other| other.as_ref() == Some(&first)) {
        return None;
    }
    // A module's variable may be made first and then given; a local one is made anew.
    let mut collector = Collector::default();
    collector.visit_body(&function.body);
    (!collector.bound.contains(&first.0) || collector.declared.contains(&first.0)).then_some(first)
}

/// `a.b["c"]` as a variable and what is taken from it, if it begins with one. Where an index selects
/// no element, that is its container.
pub(super) fn place_of(
    expression: &Expr,
    element: impl Fn(&Expr) -> Option<Element>,
) -> Option<(Name, Vec<Element>)> {
    let mut elements = Vec::new();
    let mut expression = expression;
    loop {
        match expression {
            Expr::Name(name) => {
                elements.reverse();
                return Some((name.id.clone(), elements));
            }
            Expr::Attribute(attribute) => {
                elements.push(Element::Attribute(attribute.attr.id.clone()));
                expression = &attribute.value;
            }
            Expr::Subscript(subscript) => {
                elements.extend(element(&subscript.slice));
                expression = &subscript.value;
            }
            _ => return None,
        }
    }
}

/// The target of an assignment to an attribute of the receiver that gets another value in the
/// statements behind it before anything else can happen: nothing there calls or raises.
pub(super) fn overwritten(statement: &Stmt, behind: &[Stmt], receiver: &Name) -> Option<TextRange> {
    let attribute_of = |statement: &'_ Stmt| match statement {
        Stmt::Assign(assign) => match &*assign.targets {
            [Expr::Attribute(target)] if matches!(&*target.value, Expr::Name(name) if name.id == *receiver) => {
                Some((target.attr.id.clone(), target.range))
            }
            _ => None,
        },
        _ => None,
    };
    let (name, range) = attribute_of(statement)?;
    for next in behind {
        let Stmt::Assign(assign) = next else { return None };
        if expression_may_raise(&assign.value) || mentions(&assign.value, receiver) {
            return None;
        }
        match attribute_of(next) {
            Some((other, _)) if other == name => return Some(range),
            Some(_) => {}
            None if assign.targets.iter().all(Expr::is_name_expr) => {}
            None => return None,
        }
    }
    None
}

/// Whether an expression that calls nothing has a name in it.
fn mentions(expression: &Expr, name: &Name) -> bool {
    match expression {
        Expr::Name(found) => found.id == *name,
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
            elts.iter().any(|element| mentions(element, name))
        }
        Expr::Lambda(_) => true,
        _ => false,
    }
}

/// Statements after which the body of a function is at its end.
pub(super) fn last_statements(body: &[Stmt], last: &mut HashSet<TextRange>) {
    let mut bodies = vec![body];
    while let Some(body) = bodies.pop() {
        let Some(statement) = body.last() else { continue };
        last.insert(statement.range());
        match statement {
            Stmt::If(statement) => {
                bodies.push(&statement.body);
                bodies.extend(statement.elif_else_clauses.iter().map(|clause| clause.body.as_slice()));
            }
            Stmt::With(statement) => bodies.push(&statement.body),
            Stmt::Match(statement) => bodies.extend(statement.cases.iter().map(|case| case.body.as_slice())),
            _ => {}
        }
    }
    struct Returns<'l>(&'l mut HashSet<TextRange>);
    impl<'a> StatementVisitor<'a> for Returns<'_> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(_) | Stmt::Raise(_) => drop(self.0.insert(statement.range())),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => walk_stmt(self, statement),
            }
        }
    }
    let mut returns = Returns(last);
    for statement in body {
        returns.visit_stmt(statement);
    }
}

/// Whether an operand makes `+` an addition of numbers.
pub(super) fn is_number(expression: &Expr) -> bool {
    match expression {
        Expr::NumberLiteral(_) => true,
        Expr::UnaryOp(operation) => is_number(&operation.operand),
        _ => false,
    }
}

/// Whether an `__exit__` may say that an exception goes no further.
pub(super) fn may_swallow(exit: &ast::StmtFunctionDef) -> bool {
    struct Returns(bool);
    impl<'a> StatementVisitor<'a> for Returns {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(statement) => {
                    self.0 |= statement.value.as_deref().is_some_and(|value| truth(value) != Some(false));
                }
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                other => walk_stmt(self, other),
            }
        }
    }
    let mut returns = Returns(false);
    returns.visit_body(&exit.body);
    returns.0
}

/// Whether a generator that is used as a context manager catches something where it yields.
pub(super) fn catches_where_it_yields(manager: &ast::StmtFunctionDef) -> bool {
    struct Tries(bool);
    impl<'a> StatementVisitor<'a> for Tries {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Try(statement) => {
                    self.0 |= !statement.handlers.is_empty() && is_generator(&statement.body);
                    self.visit_body(&statement.body);
                }
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                other => walk_stmt(self, other),
            }
        }
    }
    let mut tries = Tries(false);
    tries.visit_body(&manager.body);
    tries.0
}

/// `contextlib.suppress(…)`
pub(super) fn suppresses(manager: &Expr) -> bool {
    matches!(manager, Expr::Call(call) if super::handed::last_name(&call.func) == Some("suppress"))
}

/// `sys.exit(…)`, `os._exit(…)`, after which nothing runs.
pub(super) fn ends_process(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    let Expr::Attribute(attribute) = &*call.func else { return false };
    let Expr::Name(module) = &*attribute.value else { return false };
    matches!((module.id.as_str(), attribute.attr.as_str()), ("sys", "exit") | ("os", "_exit" | "abort"))
}

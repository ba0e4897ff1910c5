//! What a parameter of a function can be, by what everybody in the target gives it; and what an
//! object cannot be, by what else is done with it.

use super::Known;
use super::elsewhere::MOST_FILES;
use super::walk::parameter_of;
use crate::python::ast::{self, BoolOp, Expr, ExprCall, Stmt, UnaryOp};
use crate::python::project::{
    Ancestor, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Type, Types,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::is_test_code;

/// Parameters that are handed on as arguments are followed this far.
const DEPTH: u32 = 3;

impl<'f> Known<'_, 'f> {
    /// What a variable that is a parameter can be. Nothing where that cannot be told.
    pub(super) fn given_to(
        &self,
        file: &'f ParsedFile,
        name: &'f ast::ExprName,
        depth: u32,
    ) -> Option<Types<'f>> {
        let scope = Scope::at(file, name.range());
        let (at, bindings) = self.project.lookup(&scope, name.id.as_str(), Some(name.start()))?;
        let [binding] = bindings.as_slice() else { return None };
        let (BindingKind::Parameter(..), Some(Frame::Function(node))) =
            (&binding.kind, at.checked_sub(1).and_then(|index| scope.frames.get(index)))
        else {
            return None;
        };
        let function = self.project.function_ref(file, node);
        if depth >= DEPTH || self.project.opaque_decorator(function).is_some() {
            return None;
        }
        let method = node.name.as_str();
        let is_called_otherwise = method.starts_with("__") && method.ends_with("__");
        if is_called_otherwise || !node.decorator_list.is_empty() {
            return None;
        }
        let calls = self.calls_of(function)?;
        let mut types = Vec::new();
        for (caller, call, is_bound) in &calls {
            let unpacks = call.arguments.args.iter().any(Expr::is_starred_expr)
                || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
            if unpacks {
                return None;
            }
            let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
            let given =
                call.arguments.args.iter().chain(values).find(|argument| {
                    parameter_of(function, *is_bound, call, argument) == Some(name.id.as_str())
                });
            // A default is no object of the class, or the call fails.
            let Some(given) = given else { continue };
            for ty in self.project.infer(&Scope::at(caller, given.range()), given) {
                match (ty, given) {
                    (Type::Unknown(_), Expr::Name(handed_on)) => {
                        types.extend(self.given_to(caller, handed_on, depth + 1)?);
                    }
                    (Type::Unknown(_), _) => return None,
                    (ty, _) => types.push(ty),
                }
            }
        }
        let default = node
            .parameters
            .iter_non_variadic_params()
            .find(|parameter| parameter.parameter.name.as_str() == name.id.as_str());
        if let Some(default) = default.and_then(|parameter| parameter.default.as_deref())
            && !default.is_literal_expr()
        {
            return None;
        }
        (!calls.is_empty()).then_some(types)
    }

    /// Every call of a function. Nothing where somebody may call it who is not seen.
    fn calls_of(&self, function: FunctionRef<'f>) -> Option<Vec<(&'f ParsedFile, &'f ExprCall, bool)>> {
        let name = function.node.name.as_str();
        let mut files = vec![function.file];
        if let Some(class) = function.class_ref() {
            files.extend(self.project.subclasses(class).iter().map(|class| class.file));
            let orders = self.project.linearisations(class);
            files.extend(orders.iter().flat_map(|order| order.classes()).map(|class| class.file));
        }
        let mut computed = Computed { found: false };
        files.iter().for_each(|file| computed.visit_body(&file.source().module().body));
        if computed.found {
            return None;
        }
        let paths = self.project.mentioning(name);
        if paths.len() > MOST_FILES {
            return None;
        }
        let mut calls = Vec::new();
        for path in paths.iter() {
            if is_test_code(path) && !is_test_code(function.file.path()) {
                continue;
            }
            let file = self.project.file(path).ok()?;
            if file.broken().is_some() {
                return None;
            }
            let mut mentions = Mentions { name, calls: Vec::new(), handed_on: Vec::new(), hidden: false };
            mentions.visit_body(&file.source().module().body);
            if mentions.hidden {
                return None;
            }
            for call in mentions.calls {
                let callees = self.project.resolve_call(&Scope::at(file, call.func.range()), call);
                if !callees.unresolved.is_empty() {
                    return None;
                }
                let is_it = |callee: &FunctionRef<'f>, receiver: Option<ClassRef<'f>>| {
                    let overridden = match (receiver, function.class_ref()) {
                        (Some(receiver), Some(own)) => self.project.inherits(own, receiver),
                        _ => false,
                    };
                    *callee == function || overridden
                };
                let found = callees.functions.iter().find(|(callee, receiver)| is_it(callee, *receiver));
                calls.extend(found.map(|(_, receiver)| (file, call, receiver.is_some())));
            }
            for expr in mentions.handed_on {
                let types = self.project.infer(&Scope::at(file, expr.range()), expr);
                let may_be = |ty: &Type<'f>| match ty {
                    Type::Function(other) | Type::Method(other, _) => other.node.name.as_str() == name,
                    Type::Unknown(_) => true,
                    _ => false,
                };
                if types.iter().any(may_be) {
                    return None;
                }
            }
        }
        Some(calls)
    }

    /// Whether a variable cannot be an object of the class where it is used, because a test has
    /// said that it is of another one, or because it has what the class has not.
    pub(super) fn is_ruled_out(&self, file: &'f ParsedFile, name: &'f ast::ExprName) -> bool {
        let scope = Scope::at(file, name.range());
        let Some(function) = scope.function() else { return false };
        let id = name.id.as_str();
        let Some((at, bindings)) = self.project.lookup(&scope, id, Some(name.start())) else { return false };
        // A comprehension, a lambda or a function inside may have a variable of the same name.
        let frame = at.checked_sub(1).and_then(|index| scope.frames.get(index));
        let is_own = matches!(frame, Some(Frame::Function(node)) if std::ptr::eq(*node, function));
        if !is_own
            || bindings.len() != 1
            || self.project.frame_bindings(Frame::Function(function)).all(id).len() != 1
        {
            return false;
        }
        let mut tests = Tests { known: self, file, name: id, place: name.range(), ruled_out: false };
        tests.body(&function.body);
        if tests.ruled_out {
            return true;
        }
        let mut asks = Uses { name: id, attributes: Vec::new(), asks: false };
        asks.visit_body(&function.body);
        let mut uses = Uses { name: id, attributes: Vec::new(), asks: false };
        uses.run_before(&function.body, name.range());
        !asks.asks && uses.attributes.iter().any(|attribute| self.lacks(attribute))
    }

    /// Whether no object of the class, or of one that inherits from it, has such an attribute.
    fn lacks(&self, attribute: &str) -> bool {
        let is_dunder = attribute.starts_with("__");
        if is_dunder || self.stores_of(attribute) != Some(0) {
            return false;
        }
        let mut classes = self.project.subclasses(self.class);
        classes.push(self.class);
        let lacks = |class: &ClassRef<'f>| {
            let text = class.file.source().slice(class.node.range());
            let is_written_out = ["setattr(", "__dict__", "vars("].iter().all(|word| !text.contains(word));
            is_written_out
                && self.is_plain(*class)
                && self.project.accesses_of(*class, attribute).is_empty()
                && self.project.own_or_inherited(*class, attribute).is_none()
                && self.project.own_or_inherited(*class, "__getattr__").is_none()
                && self.project.own_or_inherited(*class, "__getattribute__").is_none()
                && self
                    .project
                    .member(&Type::Instance(*class), attribute)
                    .iter()
                    .all(|ty| matches!(ty, Type::Unknown(_)))
        };
        classes.iter().all(lacks)
    }

    /// How many places may give objects of the class such an attribute, or take it from them.
    /// Nothing where that cannot be told.
    pub(super) fn stores_of(&self, attribute: &str) -> Option<usize> {
        let paths = self.project.mentioning(&format!(".{attribute}"));
        if paths.len() > MOST_FILES {
            return None;
        }
        let mut count = 0;
        for path in paths.iter() {
            let file = self.project.file(path).ok().filter(|file| file.broken().is_none())?;
            let mut stores = Stores { attribute, objects: Vec::new() };
            stores.visit_body(&file.source().module().body);
            let may_be_it = |object: &&'f Expr| {
                let types = self.project.infer(&Scope::at(file, object.range()), object);
                let is_it = |ty: &Type<'f>| match ty {
                    Type::Instance(class) => self.project.are_related(*class, self.class),
                    Type::Unknown(_) => true,
                    _ => false,
                };
                types.is_empty() || types.iter().any(is_it)
            };
            count += stores.objects.iter().filter(|object| may_be_it(object)).count();
        }
        Some(count)
    }

    /// Whether a class is written out with all that it inherits: nothing from outside of the target,
    /// no metaclass and no decorator that may give it more.
    fn is_plain(&self, class: ClassRef<'f>) -> bool {
        let is_written_out = |ancestor: &Ancestor<'f>| match ancestor {
            Ancestor::Class(class) => {
                let arguments = class.node.arguments.as_deref();
                arguments.is_none_or(|arguments| arguments.keywords.is_empty())
                    && class.node.decorator_list.iter().all(|node| is_harmless_decorator(&node.expression))
            }
            Ancestor::External(name) => name == "builtins.object",
            Ancestor::Unresolved(_) => false,
        };
        self.project.linearisations(class).iter().all(|order| order.ancestors.iter().all(is_written_out))
    }

    /// Whether `isinstance(…, classes)` says that an object is not of the class.
    fn excludes(&self, file: &'f ParsedFile, classes: &'f Expr) -> bool {
        let parts = match classes {
            Expr::Tuple(tuple) => &*tuple.elts,
            one => std::slice::from_ref(one),
        };
        let mut own = self.project.subclasses(self.class);
        own.push(self.class);
        let is_told = own.iter().all(|class| self.is_plain(*class));
        parts.iter().all(|part| {
            let types = self.project.infer(&Scope::at(file, part.range()), part);
            let is_other = |ty: &Type<'f>| match ty {
                Type::Class(class) => {
                    !shares_subclass(self.project, *class, self.class) && self.is_plain(*class) && is_told
                }
                Type::External(name) => name.starts_with("builtins.") && name != "builtins.object" && is_told,
                _ => false,
            };
            !types.is_empty() && types.iter().all(is_other)
        })
    }
}

/// Decorators of classes that make the class neither another one nor one of another kind.
fn is_harmless_decorator(decorator: &Expr) -> bool {
    let function = match decorator {
        Expr::Call(call) => &call.func,
        other => other,
    };
    let name = match function {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    matches!(name, "dataclass" | "total_ordering" | "final" | "runtime_checkable")
}

/// Whether an object can be of both classes.
fn shares_subclass<'f>(project: &Project<'f>, one: ClassRef<'f>, other: ClassRef<'f>) -> bool {
    project.are_related(one, other)
        || project.subclasses(one).into_iter().any(|class| project.inherits(class, other))
}

/// Where a function is named.
struct Mentions<'n, 'f> {
    name: &'n str,
    calls: Vec<&'f ExprCall>,
    handed_on: Vec<&'f Expr>,
    /// It is imported under another name, or named by text.
    hidden: bool,
}

impl<'f> Visitor<'f> for Mentions<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::ImportFrom(import) = stmt {
            self.hidden |=
                import.names.iter().any(|alias| alias.name.as_str() == self.name && alias.asname.is_some());
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        let is_name = |expr: &Expr| match expr {
            Expr::Name(name) => name.id.as_str() == self.name && name.ctx.is_load(),
            Expr::Attribute(attribute) => attribute.attr.as_str() == self.name && attribute.ctx.is_load(),
            _ => false,
        };
        match expr {
            Expr::Call(call) if is_name(&call.func) => {
                self.calls.push(call);
                // The callee was seen; what is in front of it and its arguments were not.
                if let Expr::Attribute(attribute) = call.func.as_ref() {
                    self.visit_expr(&attribute.value);
                }
                let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                call.arguments.args.iter().chain(values).for_each(|argument| self.visit_expr(argument));
                return;
            }
            Expr::StringLiteral(text) => self.hidden |= text.value.to_str() == self.name,
            _ if is_name(expr) => self.handed_on.push(expr),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Whether something is found by a name that is not written out: `getattr(self, "do_" + name)`,
/// `globals()[name]`.
struct Computed {
    found: bool,
}

impl<'f> Visitor<'f> for Computed {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Name(function) = call.func.as_ref()
        {
            self.found |= match function.id.as_str() {
                "getattr" => !call.arguments.args.get(1).is_some_and(Expr::is_string_literal_expr),
                "globals" | "locals" | "vars" | "eval" | "exec" => true,
                _ => false,
            };
        }
        visitor::walk_expr(self, expr);
    }
}

/// The objects whose attribute of a name is stored.
struct Stores<'n, 'f> {
    attribute: &'n str,
    objects: Vec<&'f Expr>,
}

impl<'f> Visitor<'f> for Stores<'_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Attribute(attribute) = expr
            && !attribute.ctx.is_load()
            && attribute.attr.as_str() == self.attribute
        {
            self.objects.push(&attribute.value);
        }
        visitor::walk_expr(self, expr);
    }
}

/// What is done with a variable.
struct Uses<'n, 'f> {
    name: &'n str,
    attributes: Vec<&'f str>,
    /// Something asks first what it is or has.
    asks: bool,
}

impl<'f> Uses<'_, 'f> {
    /// What is done whenever a place is reached: before it, in no block that may be left out.
    fn run_before(&mut self, body: &'f [Stmt], place: TextRange) {
        for stmt in body {
            let is_around = stmt.range().contains_range(place);
            match stmt {
                Stmt::Expr(_) | Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::AugAssign(_) => {
                    self.visit_stmt(stmt);
                }
                Stmt::If(node) if is_around => {
                    for block in node.elif_else_clauses.iter().map(|clause| &clause.body).chain([&node.body])
                    {
                        if block.iter().any(|inner| inner.range().contains_range(place)) {
                            self.run_before(block, place);
                        }
                    }
                }
                Stmt::With(node) if is_around => self.run_before(&node.body, place),
                Stmt::For(node) if is_around => self.run_before(&node.body, place),
                Stmt::While(node) if is_around => self.run_before(&node.body, place),
                _ => {}
            }
            if is_around {
                return;
            }
        }
    }
}

impl<'f> Visitor<'f> for Uses<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::Try(_) | Stmt::Match(_) => self.asks = true,
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            // What stands in these may not run, or is about another variable.
            Expr::Lambda(_)
            | Expr::BoolOp(_)
            | Expr::If(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => {
                let before = self.attributes.len();
                visitor::walk_expr(self, expr);
                self.attributes.truncate(before);
                return;
            }
            Expr::Attribute(attribute) => {
                if matches!(attribute.value.as_ref(), Expr::Name(name) if name.id.as_str() == self.name) {
                    if attribute.ctx.is_load() {
                        self.attributes.push(attribute.attr.as_str());
                    } else {
                        self.asks = true;
                    }
                }
            }
            Expr::Call(call) => {
                self.asks |= matches!(call.func.as_ref(), Expr::Name(name) if matches!(
                    name.id.as_str(),
                    "isinstance" | "issubclass" | "hasattr" | "getattr" | "setattr" | "type" | "vars"
                ));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Looks for tests of a variable's class that decide whether a place is reached.
struct Tests<'k, 'p, 'f> {
    known: &'k Known<'p, 'f>,
    file: &'f ParsedFile,
    name: &'k str,
    place: TextRange,
    ruled_out: bool,
}

impl<'f> Tests<'_, '_, 'f> {
    /// Whether a test that is true rules the class out.
    fn says(&self, test: &'f Expr) -> bool {
        match test {
            Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                (Expr::Name(function), [Expr::Name(name), classes]) => {
                    function.id.as_str() == "isinstance"
                        && name.id.as_str() == self.name
                        && self.known.excludes(self.file, classes)
                }
                _ => false,
            },
            Expr::BoolOp(node) if node.op == BoolOp::And => node.values.iter().any(|value| self.says(value)),
            _ => false,
        }
    }

    /// Statements up to the place: `if not isinstance(other, P): return NotImplemented`.
    fn body(&mut self, body: &'f [Stmt]) {
        for stmt in body {
            if stmt.start() > self.place.start() {
                return;
            }
            if let Stmt::If(node) = stmt
                && let Expr::UnaryOp(unary) = node.test.as_ref()
                && unary.op == UnaryOp::Not
                && self.says(&unary.operand)
                && !stmt.range().contains_range(self.place)
            {
                self.ruled_out |= matches!(node.body.last(), Some(Stmt::Return(_) | Stmt::Raise(_)));
            }
            if stmt.range().contains_range(self.place) {
                if let Stmt::If(node) = stmt
                    && node.body.iter().any(|inner| inner.range().contains_range(self.place))
                {
                    self.ruled_out |= self.says(&node.test);
                    self.body(&node.body);
                }
                self.visit_stmt(stmt);
            }
        }
    }
}

impl<'f> Visitor<'f> for Tests<'_, '_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        // `isinstance(other, P) and other.x == self.x`.
        if let Expr::BoolOp(node) = expr
            && node.op == BoolOp::And
            && let Some(index) = node.values.iter().position(|value| value.range().contains_range(self.place))
        {
            self.ruled_out |= node.values[..index].iter().any(|value| self.says(value));
        }
        visitor::walk_expr(self, expr);
    }
}

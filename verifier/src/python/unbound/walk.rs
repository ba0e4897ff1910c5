//! The walk through a file in the order in which its code runs.

mod tells;

use crate::python::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, CmpOp, Expr, ModModule, Stmt};
use ruff_text_size::{Ranged, TextRange};

use tells::{catches_name_errors, holds_in_python_3, is_namespace, suppresses_name_errors};

use super::names::{Globals, ScopeNames, captured, deleted, is_type_checking};
use super::{Names, Unbound, UseKind, Why};
use crate::python::SourceFile;
use crate::python::control_flow::truth;
use crate::python::project::facts;
use crate::target::RelativePath;

/// Names that Python itself puts into every module.
const OF_EVERY_MODULE: [&str; 10] = [
    "__name__",
    "__doc__",
    "__file__",
    "__package__",
    "__loader__",
    "__spec__",
    "__builtins__",
    "__cached__",
    "__annotations__",
    "__debug__",
];

/// Names that Python puts into every class body.
const OF_EVERY_CLASS: [&str; 4] = ["__module__", "__qualname__", "__annotations__", "__firstlineno__"];

pub(super) fn walk(module: &ModModule, is_package: bool) -> Names {
    let mut globals = Globals { found: Default::default() };
    globals.visit_body(&module.body);
    let lazy_annotations = module.body.iter().any(|stmt| {
        matches!(stmt, Stmt::ImportFrom(node)
            if node.module.as_ref().is_some_and(|module| module.as_str() == "__future__")
                && node.names.iter().any(|alias| alias.name.as_str() == "annotations"))
    });
    let mut walk = Walk {
        scopes: Vec::new(),
        late: globals.found,
        is_package,
        lazy_annotations,
        mode: UseKind::Evaluated,
        lazy: false,
        unused_code: false,
        guarded: 0,
        for_python_2: 0,
        names: Names::default(),
    };
    let mut own = ScopeNames::of(&module.body);
    // At the top of the file `global` says what is so anyway.
    own.global.clear();
    own.nonlocal.clear();
    walk.enter(Kind::Module, own);
    walk.visit_body(&module.body);
    let mut names = walk.names;
    names.unbound.sort_by_key(|unbound| (unbound.range.start(), unbound.range.end()));
    names.unbound.dedup();
    names
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Module,
    Class {
        odd: bool,
    },
    Function,
    Comprehension {
        /// A generator expression runs when somebody asks it.
        lazy: bool,
    },
    TypeParameters,
}

/// Which names of a scope may be bound here.
#[derive(Clone, Debug, Default)]
struct Flow {
    bits: Vec<u64>,
    /// Nothing gets here.
    dead: bool,
}

impl Flow {
    fn set(&mut self, number: usize, bound: bool) {
        let (word, bit) = (number / 64, 1 << (number % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if bound {
            self.bits[word] |= bit;
        } else {
            self.bits[word] &= !bit;
        }
    }

    fn has(&self, number: usize) -> bool {
        self.bits.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// What may be bound after one or the other.
    fn join(self, other: Self) -> Self {
        if self.dead {
            return other;
        }
        if other.dead {
            return self;
        }
        let (mut long, short) = if self.bits.len() >= other.bits.len() {
            (self.bits, other.bits)
        } else {
            (other.bits, self.bits)
        };
        for (word, more) in long.iter_mut().zip(short) {
            *word |= more;
        }
        Self { bits: long, dead: false }
    }
}

struct Scope<'a> {
    kind: Kind,
    names: ScopeNames<'a>,
    flow: Flow,
}

struct Walk<'a> {
    scopes: Vec<Scope<'a>>,
    /// Names of the module that functions bind.
    late: std::collections::HashSet<&'a str>,
    is_package: bool,
    /// Annotations are never evaluated.
    lazy_annotations: bool,
    mode: UseKind,
    /// It runs some time later, so that the order of the code says nothing.
    lazy: bool,
    /// Under `if TYPE_CHECKING:`, which does not run.
    unused_code: bool,
    /// Handlers of `NameError` around.
    guarded: u32,
    /// Branches around that no Python 3 takes.
    for_python_2: u32,
    names: Names,
}

/// What was found out about a name.
enum Found {
    Bound,
    Unbound(Why),
}

impl<'a> Walk<'a> {
    fn enter(&mut self, kind: Kind, names: ScopeNames<'a>) {
        self.scopes.push(Scope { kind, names, flow: Flow::default() });
    }

    fn leave(&mut self) {
        self.scopes.pop();
    }

    fn flow(&mut self) -> &mut Flow {
        &mut self.scopes.last_mut().expect("the module is never left").flow
    }

    fn take_flow(&mut self) -> Flow {
        std::mem::take(self.flow())
    }

    fn set_flow(&mut self, flow: Flow) {
        *self.flow() = flow;
    }

    /// From here on nothing runs in this block.
    fn stop(&mut self) {
        self.flow().dead = true;
    }

    fn bind(&mut self, name: &str) {
        self.mark(name, true);
    }

    fn mark(&mut self, name: &str, bound: bool) {
        if self.unused_code {
            return;
        }
        if let Some(scope) = self.scopes.last_mut()
            && let Some(number) = scope.names.own.get(name)
        {
            scope.flow.set(*number, bound);
        }
    }

    /// Whatever a block may bind in this scope may be bound from here on.
    fn may_bind(&mut self, names: &ScopeNames<'a>) {
        let Some(scope) = self.scopes.last_mut() else { return };
        for name in &names.bound {
            if let Some(number) = scope.names.own.get(name) {
                scope.flow.set(*number, true);
            }
        }
    }

    fn may_bind_in(&mut self, body: &'a [Stmt]) {
        self.may_bind(&ScopeNames::of(body));
    }

    fn used(&mut self, name: &str, range: TextRange) {
        self.names.uses += 1;
        if self.for_python_2 > 0 {
            return;
        }
        if self.guarded > 0 && self.mode == UseKind::Evaluated {
            self.names.probed.insert(name.to_owned());
            return;
        }
        let Found::Unbound(why) = self.find(name) else { return };
        let in_odd_class = self.scopes.last().is_some_and(|scope| scope.kind == Kind::Class { odd: true });
        self.names.unbound.push(Unbound {
            name: name.to_owned(),
            range,
            use_kind: if self.unused_code { UseKind::UnevaluatedAnnotation } else { self.mode },
            why,
            in_odd_class,
        });
    }

    fn find(&self, name: &str) -> Found {
        let unevaluated = self.mode == UseKind::UnevaluatedAnnotation || self.unused_code;
        let innermost = self.scopes.len() - 1;
        let mut only_for_checkers = false;
        // Type parameters, and annotations with them, see the class that they stand in.
        let mut only_types_inside = true;
        // A comprehension and the body of a class run where they stand.
        let (mut runs_here, mut runs_lazily) = (true, false);
        let mut only_module = false;
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            let is_class = matches!(scope.kind, Kind::Class { .. });
            let here = depth == innermost;
            let skipped = (is_class && !here && !only_types_inside) || (only_module && depth != 0);
            only_types_inside &= scope.kind == Kind::TypeParameters;
            let (here_now, lazily) = (runs_here, runs_lazily);
            match scope.kind {
                Kind::Comprehension { lazy } => runs_lazily |= lazy,
                // The body of a class runs where it stands, too.
                Kind::Class { .. } => {}
                Kind::Module | Kind::Function | Kind::TypeParameters => runs_here = false,
            }
            if skipped {
                continue;
            }
            if scope.names.global.contains(name) {
                only_module = true;
                continue;
            }
            if scope.names.nonlocal.contains(name) {
                continue;
            }
            if is_class && OF_EVERY_CLASS.contains(&name) && here {
                return Found::Bound;
            }
            if scope.kind == Kind::Function && name == "__class__" && self.in_class(depth) {
                return Found::Bound;
            }
            if !scope.names.owns(name) {
                continue;
            }
            let runs = scope.names.bound.contains(name);
            let for_checkers = scope.names.for_checkers.contains(name);
            if unevaluated && (runs || for_checkers) {
                // Whoever asks for the types of a function evaluates its annotations, later.
                let may_be_gone = !self.unused_code && !for_checkers && scope.names.passing.contains(name);
                return if may_be_gone { Found::Unbound(Why::PerhapsGone) } else { Found::Bound };
            }
            if scope.names.for_checkers.contains(name) && !runs {
                only_for_checkers = true;
            }
            let number = scope.names.own.get(name).copied().unwrap_or_default();
            let is_bound_now = scope.flow.dead || scope.flow.has(number);
            let ordered = here_now && !lazily && !self.lazy && !unevaluated;
            let is_bound = is_bound_now || !ordered;
            let at_once = here_now && is_bound_now;
            if runs && !unevaluated && !at_once && !ordered && scope.names.passing.contains(name) {
                return Found::Unbound(Why::PerhapsGone);
            }
            match scope.kind {
                _ if runs && is_bound => return Found::Bound,
                // These fall back on what is outside.
                Kind::Module | Kind::Class { .. } | Kind::TypeParameters => {
                    if depth == 0 {
                        return self.of_module(
                            name,
                            if only_for_checkers { Why::OnlyForTypeCheckers } else { Why::NotYet },
                        );
                    }
                }
                Kind::Function | Kind::Comprehension { .. } => {
                    // Unreachable code is not asked about the order of bindings.
                    if ordered && scope.flow.dead {
                        return Found::Bound;
                    }
                    let why = if only_for_checkers { Why::OnlyForTypeCheckers } else { Why::NotYet };
                    return Found::Unbound(why);
                }
            }
        }
        self.of_module(name, if only_for_checkers { Why::OnlyForTypeCheckers } else { Why::Nowhere })
    }

    /// A name that no scope has bound so far.
    fn of_module(&self, name: &str, why: Why) -> Found {
        let given = self.late.contains(name)
            || OF_EVERY_MODULE.contains(&name)
            || (name == "__path__" && self.is_package)
            || (facts::is_builtin(name) && !matches!(name, "__path__" | "__dict__"));
        if given { Found::Bound } else { Found::Unbound(why) }
    }

    /// Whether a function stands in a class, however deep.
    fn in_class(&self, depth: usize) -> bool {
        self.scopes[..depth].iter().any(|scope| matches!(scope.kind, Kind::Class { .. }))
    }

    fn in_mode<T>(&mut self, mode: UseKind, walk: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.mode, mode);
        let result = walk(self);
        self.mode = before;
        result
    }

    /// An annotation; `evaluated` when its place lets it run.
    fn annotation(&mut self, annotation: &'a Expr, evaluated: bool) {
        let mode = if evaluated && !self.lazy_annotations && !self.unused_code {
            UseKind::Annotation
        } else {
            UseKind::UnevaluatedAnnotation
        };
        self.in_mode(mode, |walk| walk.type_expression(annotation));
    }

    /// Types: texts in them are types, too.
    fn type_expression(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(text) => {
                let value = text.value.to_str();
                self.in_mode(UseKind::UnevaluatedAnnotation, |walk| walk.quoted(value, expr.range()));
            }
            Expr::Subscript(node) => {
                self.visit_expr(&node.value);
                let name = match &*node.value {
                    Expr::Name(name) => name.id.as_str(),
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    _ => "",
                };
                match (name, &*node.slice) {
                    ("Literal", slice) => self.visit_expr(slice),
                    ("Annotated", Expr::Tuple(tuple)) => {
                        for (index, element) in tuple.elts.iter().enumerate() {
                            if index == 0 {
                                self.type_expression(element);
                            } else {
                                self.visit_expr(element);
                            }
                        }
                    }
                    (_, slice) => self.type_expression(slice),
                }
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for element in elts {
                    self.type_expression(element);
                }
            }
            Expr::BinOp(node) if node.op == ast::Operator::BitOr => {
                self.type_expression(&node.left);
                self.type_expression(&node.right);
            }
            Expr::Starred(node) => self.type_expression(&node.value),
            _ => self.visit_expr(expr),
        }
    }

    /// A type in quotes. One that is no expression names nothing.
    fn quoted(&mut self, text: &str, range: TextRange) {
        let Ok(path) = RelativePath::new("annotation.py") else { return };
        let source = SourceFile::parse(path, format!("({text})"));
        let [Stmt::Expr(stmt)] = &source.module().body[..] else { return };
        if !source.errors().is_empty() {
            return;
        }
        let mut quoted = Quoted { names: Vec::new() };
        quoted.visit_expr(&stmt.value);
        for name in quoted.names {
            self.used(&name, range);
        }
    }

    fn parameters(&mut self, parameters: &'a ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }

    fn type_parameters(&mut self, parameters: Option<&'a ast::TypeParams>) -> bool {
        let Some(parameters) = parameters else { return false };
        let mut names = ScopeNames::default();
        for parameter in &parameters.type_params {
            names.add(parameter.name().as_str());
        }
        self.enter(Kind::TypeParameters, names);
        for parameter in &parameters.type_params {
            self.bind(parameter.name().as_str());
        }
        let lazy = std::mem::replace(&mut self.lazy, true);
        for parameter in &parameters.type_params {
            let (bound, default) = match parameter {
                ast::TypeParam::TypeVar(node) => (node.bound.as_deref(), node.default.as_deref()),
                ast::TypeParam::ParamSpec(node) => (None, node.default.as_deref()),
                ast::TypeParam::TypeVarTuple(node) => (None, node.default.as_deref()),
            };
            for expr in bound.into_iter().chain(default) {
                self.type_expression(expr);
            }
        }
        self.lazy = lazy;
        true
    }

    fn function(&mut self, node: &'a ast::StmtFunctionDef) {
        for decorator in &node.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        self.parameters(&node.parameters);
        let has_types = self.type_parameters(node.type_params.as_deref());
        // With type parameters annotations have a scope of their own, but run at once all the same.
        let annotations = node.parameters.iter().filter_map(|parameter| parameter.annotation());
        for annotation in annotations.chain(node.returns.as_deref()) {
            if has_types {
                let lazy = std::mem::replace(&mut self.lazy, true);
                self.annotation(annotation, true);
                self.lazy = lazy;
            } else {
                self.annotation(annotation, true);
            }
        }
        let mut names = ScopeNames::of(&node.body);
        for parameter in &node.parameters {
            names.add(parameter.name().as_str());
        }
        self.enter(Kind::Function, names);
        for parameter in &node.parameters {
            self.bind(parameter.name().as_str());
        }
        self.later(|walk| walk.visit_body(&node.body));
        self.leave();
        if has_types {
            self.leave();
        }
        self.bind(node.name.as_str());
    }

    /// A body that runs when it is called: what is around it now says nothing of then.
    fn later(&mut self, walk: impl FnOnce(&mut Self)) {
        let guarded = std::mem::take(&mut self.guarded);
        let lazy = std::mem::replace(&mut self.lazy, false);
        let mode = std::mem::replace(&mut self.mode, UseKind::Evaluated);
        walk(self);
        self.mode = mode;
        self.lazy = lazy;
        self.guarded = guarded;
    }

    fn class(&mut self, node: &'a ast::StmtClassDef) {
        for decorator in &node.decorator_list {
            self.visit_expr(&decorator.expression);
        }
        let has_types = self.type_parameters(node.type_params.as_deref());
        let is_lazy = self.lazy || has_types;
        let lazy = std::mem::replace(&mut self.lazy, is_lazy);
        if let Some(arguments) = &node.arguments {
            self.visit_arguments(arguments);
        }
        self.lazy = lazy;
        let keywords = node.arguments.iter().flat_map(|arguments| &arguments.keywords);
        let odd = keywords.into_iter().any(|keyword| {
            let name = match &keyword.value {
                Expr::Name(name) => name.id.as_str(),
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                _ => "",
            };
            keyword.arg.as_ref().is_none_or(|arg| arg.as_str() == "metaclass") && name != "ABCMeta"
        });
        self.enter(Kind::Class { odd }, ScopeNames::of(&node.body));
        self.visit_body(&node.body);
        self.leave();
        if has_types {
            self.leave();
        }
        self.bind(node.name.as_str());
    }

    /// Both ways of a branch, and what may be bound after them.
    fn branch(&mut self, one: impl FnOnce(&mut Self), other: impl FnOnce(&mut Self)) {
        let before = self.flow().clone();
        one(self);
        let after = std::mem::replace(self.flow(), before);
        other(self);
        let joined = self.take_flow().join(after);
        self.set_flow(joined);
    }

    fn for_checkers(&mut self, body: &'a [Stmt]) {
        let before = self.flow().clone();
        let unused = std::mem::replace(&mut self.unused_code, true);
        self.visit_body(body);
        self.unused_code = unused;
        self.set_flow(before);
    }

    fn body_under(&mut self, test: &Expr, body: &'a [Stmt]) {
        self.never_run(holds_in_python_3(test) == Some(false), |walk| walk.visit_body(body));
    }

    /// Code that only Python 2 runs may use names that only Python 2 has. What it binds counts all
    /// the same: it does no harm, and tests of a version are not always what they seem.
    fn never_run(&mut self, never: bool, walk: impl FnOnce(&mut Self)) {
        self.for_python_2 += u32::from(never);
        walk(self);
        self.for_python_2 -= u32::from(never);
    }

    fn if_clauses(&mut self, clauses: &'a [ast::ElifElseClause]) {
        let [clause, rest @ ..] = clauses else { return };
        match &clause.test {
            Some(test) => {
                self.visit_expr(test);
                self.branch(
                    |walk| walk.body_under(test, &clause.body),
                    |walk| {
                        let never = holds_in_python_3(test) == Some(true);
                        walk.never_run(never, |walk| walk.if_clauses(rest));
                    },
                );
            }
            None => self.visit_body(&clause.body),
        }
    }

    fn try_stmt(&mut self, node: &'a ast::StmtTry) {
        let guards = node.handlers.iter().any(|ast::ExceptHandler::ExceptHandler(handler)| {
            handler.type_.as_deref().is_some_and(catches_name_errors)
        });
        let before = self.flow().clone();
        self.guarded += u32::from(guards);
        self.visit_body(&node.body);
        self.guarded -= u32::from(guards);
        let body_end = self.take_flow();
        // Anything in the body may raise, before or after it has bound something.
        self.set_flow(before.clone());
        self.may_bind_in(&node.body);
        let raised = self.take_flow();
        self.set_flow(body_end);
        self.visit_body(&node.orelse);
        let mut after = self.take_flow();
        for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
            self.set_flow(raised.clone());
            if let Some(class) = &handler.type_ {
                self.visit_expr(class);
            }
            if let Some(name) = &handler.name {
                self.bind(name.as_str());
            }
            self.visit_body(&handler.body);
            if let Some(name) = &handler.name {
                // Python deletes it when the handler ends.
                self.mark(name.as_str(), false);
            }
            let end = self.take_flow();
            after = after.join(end);
        }
        if node.finalbody.is_empty() {
            self.set_flow(after);
            return;
        }
        let goes_on = !after.dead;
        self.set_flow(raised.join(after.clone()));
        for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
            self.may_bind_in(&handler.body);
        }
        self.may_bind_in(&node.orelse);
        self.visit_body(&node.finalbody);
        if goes_on && !self.flow().dead {
            self.set_flow(after);
            self.may_bind_in(&node.finalbody);
        } else {
            self.stop();
        }
    }

    /// The names at the head of a loop: what comes before, and what an earlier turn has bound.
    fn loop_body(&mut self, names: &ScopeNames<'a>, body: &'a [Stmt]) -> Flow {
        self.may_bind(names);
        let head = self.flow().clone();
        self.visit_body(body);
        let end = self.take_flow();
        head.join(end)
    }

    fn bind_target(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str()),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for element in elts {
                    self.bind_target(element);
                }
            }
            Expr::Starred(starred) => self.bind_target(&starred.value),
            _ => self.visit_expr(target),
        }
    }

    fn comprehension(
        &mut self,
        generators: &'a [ast::Comprehension],
        elements: &[&'a Expr],
        whole: &'a Expr,
    ) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        // `:=` in it binds outside, in an order that differs from that of the text.
        self.may_bind(&ScopeNames::of_expression(whole));
        let mut names = ScopeNames::default();
        for generator in generators {
            each_target(&generator.target, &mut |name| names.add(name));
        }
        self.enter(Kind::Comprehension { lazy: whole.is_generator_expr() }, names);
        for (index, generator) in generators.iter().enumerate() {
            if index > 0 {
                self.visit_expr(&generator.iter);
            }
            self.bind_target(&generator.target);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for element in elements {
            self.visit_expr(element);
        }
        self.leave();
    }

    /// Calls by which a module's names are looked for or made.
    fn names_at_run_time(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Compare(node) if node.ops.iter().any(|op| matches!(op, CmpOp::In | CmpOp::NotIn)) => {
                if let Expr::StringLiteral(text) = &*node.left
                    && node.comparators.iter().any(is_namespace)
                {
                    self.names.probed.insert(text.value.to_str().to_owned());
                }
            }
            Expr::Call(call) => {
                let Expr::Name(name) = &*call.func else { return };
                match (name.id.as_str(), &*call.arguments.args) {
                    ("exec", [_]) => self.dynamic("`exec` may bind names"),
                    ("exec", [_, namespace, ..]) if is_namespace(namespace) => {
                        self.dynamic("`exec` may bind names");
                    }
                    _ => {}
                }
            }
            Expr::Subscript(node) if !node.ctx.is_load() && is_namespace(&node.value) => {
                self.dynamic("names are stored in `globals()`");
            }
            Expr::Subscript(node) if matches!(&*node.slice, Expr::Name(name) if name.id.as_str() == "__name__") =>
            {
                self.dynamic("the module looks itself up in `sys.modules`");
            }
            Expr::Attribute(ast::ExprAttribute { attr: name, .. })
                if matches!(name.as_str(), "global_enum" | "_convert_") =>
            {
                self.dynamic("the members of an enumeration become names");
            }
            Expr::Name(name) if name.id.as_str() == "global_enum" => {
                self.dynamic("the members of an enumeration become names");
            }
            Expr::Attribute(node) if is_namespace(&node.value) => {
                if matches!(node.attr.as_str(), "update" | "setdefault" | "__setitem__") {
                    self.dynamic("names are stored in `globals()`");
                }
            }
            _ => {}
        }
    }

    fn dynamic(&mut self, what: &str) {
        self.names.dynamic.get_or_insert_with(|| what.to_owned());
    }
}

fn each_target<'a>(target: &'a Expr, each: &mut dyn FnMut(&'a str)) {
    match target {
        Expr::Name(name) => each(name.id.as_str()),
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
            elts.iter().for_each(|element| each_target(element, each));
        }
        Expr::Starred(starred) => each_target(&starred.value, each),
        _ => {}
    }
}

/// Whether a `break` of this very loop stands in its body.
fn has_break(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::Break(_) => true,
        Stmt::For(node) => has_break(&node.orelse),
        Stmt::While(node) => has_break(&node.orelse),
        Stmt::If(node) => {
            has_break(&node.body) || node.elif_else_clauses.iter().any(|clause| has_break(&clause.body))
        }
        Stmt::With(node) => has_break(&node.body),
        Stmt::Try(node) => {
            has_break(&node.body)
                || node
                    .handlers
                    .iter()
                    .any(|ast::ExceptHandler::ExceptHandler(handler)| has_break(&handler.body))
                || has_break(&node.orelse)
                || has_break(&node.finalbody)
        }
        Stmt::Match(node) => node.cases.iter().any(|case| has_break(&case.body)),
        _ => false,
    })
}

/// The names in a quoted type.
struct Quoted {
    names: Vec<String>,
}

impl<'a> Visitor<'a> for Quoted {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => self.names.push(name.id.as_str().to_owned()),
            Expr::Subscript(node)
                if matches!(&*node.value, Expr::Name(name) if name.id.as_str() == "Literal")
                    || matches!(&*node.value, Expr::Attribute(name) if name.attr.as_str() == "Literal") =>
            {
                self.visit_expr(&node.value);
            }
            // These bind names of their own, and are no types.
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::Return(node) => {
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                }
                self.stop();
            }
            Stmt::Raise(_) => {
                visitor::walk_stmt(self, stmt);
                self.stop();
            }
            Stmt::Break(_) | Stmt::Continue(_) => self.stop(),
            Stmt::Delete(node) => {
                for target in &node.targets {
                    self.visit_expr(target);
                    deleted(target, &mut |name| self.mark(name, false));
                }
            }
            Stmt::Assign(node) => {
                self.visit_expr(&node.value);
                for target in &node.targets {
                    self.bind_target(target);
                }
            }
            Stmt::AugAssign(node) => {
                if let Expr::Name(name) = &*node.target {
                    self.used(name.id.as_str(), name.range);
                }
                self.visit_expr(&node.value);
                self.bind_target(&node.target);
            }
            Stmt::AnnAssign(node) => {
                let in_function = self.scopes.last().is_some_and(|scope| scope.kind == Kind::Function);
                self.annotation(&node.annotation, !in_function);
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                    self.bind_target(&node.target);
                } else if !node.target.is_name_expr() {
                    self.visit_expr(&node.target);
                }
            }
            Stmt::TypeAlias(node) => {
                self.bind_target(&node.name);
                let has_types = self.type_parameters(node.type_params.as_deref());
                let lazy = std::mem::replace(&mut self.lazy, true);
                self.type_expression(&node.value);
                self.lazy = lazy;
                if has_types {
                    self.leave();
                }
            }
            Stmt::For(node) => {
                self.visit_expr(&node.iter);
                let mut names = ScopeNames::of(&node.body);
                each_target(&node.target, &mut |name| names.add(name));
                let before = self.flow().clone();
                self.bind_target(&node.target);
                let end = self.loop_body(&names, &node.body);
                self.set_flow(before.join(end));
                self.visit_loop_else(&node.orelse, has_break(&node.body));
            }
            Stmt::While(node) => {
                let names = ScopeNames::of(&node.body);
                self.may_bind(&names);
                self.visit_expr(&node.test);
                let head = self.flow().clone();
                let end = self.loop_body(&names, &node.body);
                let dead_before = head.dead;
                let breaks = has_break(&node.body);
                self.set_flow(head.join(end));
                if truth(&node.test) == Some(true) && !breaks {
                    self.stop();
                }
                self.flow().dead |= dead_before;
                self.visit_loop_else(&node.orelse, breaks);
            }
            Stmt::If(node) => {
                if is_type_checking(&node.test) {
                    self.visit_expr(&node.test);
                    self.for_checkers(&node.body);
                    self.if_clauses(&node.elif_else_clauses);
                    return;
                }
                if let Expr::UnaryOp(not) = &*node.test
                    && not.op == ast::UnaryOp::Not
                    && is_type_checking(&not.operand)
                {
                    self.visit_expr(&node.test);
                    for clause in &node.elif_else_clauses {
                        self.for_checkers(&clause.body);
                    }
                    self.visit_body(&node.body);
                    return;
                }
                self.visit_expr(&node.test);
                self.branch(
                    |walk| walk.body_under(&node.test, &node.body),
                    |walk| {
                        let never = holds_in_python_3(&node.test) == Some(true);
                        walk.never_run(never, |walk| walk.if_clauses(&node.elif_else_clauses));
                    },
                );
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.bind_target(target);
                    }
                }
                // The context may swallow what the body raises.
                let swallowed = self.flow().clone();
                let guards = node.items.iter().any(|item| suppresses_name_errors(&item.context_expr));
                self.guarded += u32::from(guards);
                self.visit_body(&node.body);
                self.guarded -= u32::from(guards);
                let end = self.take_flow();
                self.set_flow(swallowed);
                self.may_bind_in(&node.body);
                let swallowed = self.take_flow();
                self.set_flow(end.join(swallowed));
            }
            Stmt::Match(node) => {
                self.visit_expr(&node.subject);
                let mut after: Option<Flow> = None;
                let mut catches_all = false;
                for case in &node.cases {
                    // A pattern that fails may have bound some of its names.
                    self.visit_pattern(&case.pattern);
                    if let Some(guard) = &case.guard {
                        self.visit_expr(guard);
                    }
                    let failed = self.flow().clone();
                    self.visit_body(&case.body);
                    let end = std::mem::replace(self.flow(), failed);
                    after = Some(match after {
                        Some(flow) => flow.join(end),
                        None => end,
                    });
                    catches_all |= case.guard.is_none() && case.pattern.is_irrefutable();
                }
                let rest = self.take_flow();
                self.set_flow(match after {
                    Some(flow) if catches_all => flow,
                    Some(flow) => flow.join(rest),
                    None => rest,
                });
            }
            Stmt::Try(node) => self.try_stmt(node),
            Stmt::Import(node) => {
                for alias in &node.names {
                    let name = alias.name.as_str();
                    let top = name.split('.').next().unwrap_or(name);
                    self.bind(alias.asname.as_ref().map_or(top, |name| name.as_str()));
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                }
            }
            Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Expr(_)
            | Stmt::Assert(_)
            | Stmt::IpyEscapeCommand(_) => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.names_at_run_time(expr);
        match expr {
            Expr::Name(name) => match name.ctx {
                ast::ExprContext::Store => self.bind(name.id.as_str()),
                ast::ExprContext::Load | ast::ExprContext::Del => self.used(name.id.as_str(), name.range),
                ast::ExprContext::Invalid => {}
            },
            Expr::Named(node) => {
                self.visit_expr(&node.value);
                self.bind_target(&node.target);
            }
            Expr::Lambda(node) => {
                let parameters = node.parameters.as_deref();
                if let Some(parameters) = parameters {
                    self.parameters(parameters);
                }
                let mut names = ScopeNames::of_expression(&node.body);
                for parameter in parameters.into_iter().flatten() {
                    names.add(parameter.name().as_str());
                }
                self.enter(Kind::Function, names);
                for parameter in parameters.into_iter().flatten() {
                    self.bind(parameter.name().as_str());
                }
                self.later(|walk| walk.visit_expr(&node.body));
                self.leave();
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                self.comprehension(generators, &[elt], expr);
            }
            Expr::DictComp(node) => {
                let elements: Vec<&Expr> = node.key.as_deref().into_iter().chain([&*node.value]).collect();
                self.comprehension(&node.generators, &elements, expr);
            }
            Expr::If(node) => {
                self.visit_expr(&node.test);
                let holds = holds_in_python_3(&node.test);
                self.branch(
                    |walk| walk.never_run(holds == Some(false), |walk| walk.visit_expr(&node.body)),
                    |walk| walk.never_run(holds == Some(true), |walk| walk.visit_expr(&node.orelse)),
                );
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        visitor::walk_pattern(self, pattern);
        if let Some(name) = captured(pattern) {
            self.bind(name);
        }
    }
}

impl<'a> Walk<'a> {
    /// The `else` of a loop, which `break` jumps over.
    fn visit_loop_else(&mut self, body: &'a [Stmt], has_break: bool) {
        let before = self.flow().clone();
        self.visit_body(body);
        if has_break {
            let end = self.take_flow();
            self.set_flow(before.join(end));
        }
    }
}

//! What Python's compiler refuses though its grammar does not: `return` outside a function,
//! `await` outside an `async` one, a parameter that is there twice. The parser's crate knows the
//! rules; here is what it has to be told of the place it looks at.

mod blocks;
mod own;

use std::cell::RefCell;

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, walk_annotation, walk_comprehension, walk_except_handler, walk_expr, walk_pattern,
    walk_stmt,
};
use ruff_python_ast::{self as ast, Expr, ModModule, Parameters, PythonVersion, Stmt};
use ruff_python_parser::semantic_errors::{
    InvalidExpressionPosition, LazyImportContext, SemanticSyntaxChecker, SemanticSyntaxContext,
    SemanticSyntaxError, SemanticSyntaxErrorKind,
};
use ruff_text_size::{Ranged, TextRange};

/// The errors of a tree that the parser has no complaint about, in the order of their places.
pub(super) fn errors(module: &ModModule, source: &str) -> Vec<(TextRange, String)> {
    let mut walk = Walk {
        checker: SemanticSyntaxChecker::new(),
        own: Vec::new(),
        says_nonlocal: memchr::memmem::find(source.as_bytes(), b"nonlocal").is_some(),
        place: Place {
            source,
            scopes: vec![Scope::new(Kind::Module, &module.body)],
            generic: Vec::new(),
            has_future_annotations: has_future_annotations(&module.body),
            errors: RefCell::default(),
        },
    };
    walk.visit_body(&module.body);
    let own = walk.own;
    let mut errors: Vec<(TextRange, String)> =
        walk.place.errors.into_inner().into_iter().map(|error| (error.range(), error.to_string())).collect();
    errors.extend(own);
    errors.sort_by_key(|(range, _)| (range.start(), range.end()));
    errors
}

struct Walk<'a> {
    checker: SemanticSyntaxChecker,
    /// What the parser's crate does not look for.
    own: Vec<(TextRange, String)>,
    says_nonlocal: bool,
    place: Place<'a>,
}

/// Where the walk is.
struct Place<'a> {
    source: &'a str,
    scopes: Vec<Scope<'a>>,
    /// The headers of functions with type parameters.
    generic: Vec<TextRange>,
    has_future_annotations: bool,
    errors: RefCell<Vec<SemanticSyntaxError>>,
}

/// `from __future__ import annotations`.
fn has_future_annotations(body: &[Stmt]) -> bool {
    body.iter().any(|statement| {
        matches!(statement, Stmt::ImportFrom(import)
            if import.module.as_ref().is_some_and(|module| module.as_str() == "__future__")
                && import.names.iter().any(|alias| alias.name.as_str() == "annotations"))
    })
}

struct Scope<'a> {
    kind: Kind,
    /// `global` declarations of this scope, wherever in it.
    globals: Vec<(&'a str, TextRange)>,
    parameters: Vec<&'a str>,
    loops: u32,
    /// Loops and the like that are open.
    blocks: u32,
    body: &'a [Stmt],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Class,
    Function { is_async: bool },
    Lambda,
    Comprehension { is_async: bool },
    Generator,
}

impl<'a> Scope<'a> {
    fn new(kind: Kind, body: &'a [Stmt]) -> Self {
        let mut globals = Globals::default();
        globals.visit_body(body);
        Self { kind, globals: globals.found, parameters: Vec::new(), loops: 0, blocks: 0, body }
    }

    fn with_parameters(mut self, parameters: Option<&'a Parameters>) -> Self {
        self.parameters = parameters
            .into_iter()
            .flat_map(|parameters| parameters.iter())
            .map(|any| any.name().as_str())
            .collect();
        self
    }
}

/// Every name that code of one scope may bind, which is not too few.
#[derive(Default)]
struct Bindings<'a> {
    found: Vec<&'a str>,
}

impl<'a> SourceOrderVisitor<'a> for Bindings<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(node) => self.found.push(node.name.as_str()),
            Stmt::ClassDef(node) => self.found.push(node.name.as_str()),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    // What a comprehension iterates with is its own.
    fn visit_comprehension(&mut self, comprehension: &'a ast::Comprehension) {
        self.visit_expr(&comprehension.iter);
        for condition in &comprehension.ifs {
            self.visit_expr(condition);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && !name.ctx.is_load()
        {
            self.found.push(name.id.as_str());
        }
        // What a lambda binds is its own.
        if !expression.is_lambda_expr() {
            walk_expr(self, expression);
        }
    }

    fn visit_alias(&mut self, alias: &'a ast::Alias) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        self.found.push(name.split('.').next().unwrap_or(name));
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(clause) = handler;
        self.found.extend(clause.name.as_ref().map(ast::Identifier::as_str));
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(node) => node.name.as_ref(),
            ast::Pattern::MatchStar(node) => node.name.as_ref(),
            ast::Pattern::MatchMapping(node) => node.rest.as_ref(),
            ast::Pattern::MatchValue(_)
            | ast::Pattern::MatchSingleton(_)
            | ast::Pattern::MatchSequence(_)
            | ast::Pattern::MatchClass(_)
            | ast::Pattern::MatchOr(_) => None,
        };
        self.found.extend(name.map(ast::Identifier::as_str));
        walk_pattern(self, pattern);
    }
}

/// Statements of an `except*` that would leave it, which it does not allow.
#[derive(Default)]
struct Leaving {
    loops: u32,
    found: Vec<TextRange>,
}

impl<'a> SourceOrderVisitor<'a> for Leaving {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Return(node) => self.found.push(node.range),
            Stmt::Break(ast::StmtBreak { range, .. }) | Stmt::Continue(ast::StmtContinue { range, .. }) => {
                if self.loops == 0 {
                    self.found.push(*range);
                }
            }
            Stmt::For(ast::StmtFor { body, orelse, .. })
            | Stmt::While(ast::StmtWhile { body, orelse, .. }) => {
                self.loops += 1;
                self.visit_body(body);
                self.loops -= 1;
                self.visit_body(orelse);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// The `global` statements of one scope.
#[derive(Default)]
struct Globals<'a> {
    found: Vec<(&'a str, TextRange)>,
}

impl<'a> SourceOrderVisitor<'a> for Globals<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(node) => {
                self.found.extend(node.names.iter().map(|name| (name.as_str(), node.range)))
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

impl<'a> Walk<'a> {
    fn within(&mut self, scope: Scope<'a>, walk: impl FnOnce(&mut Self)) {
        self.place.scopes.push(scope);
        walk(self);
        self.place.scopes.pop();
    }

    fn in_loop(&mut self, body: &'a [Stmt]) {
        self.scope().loops += 1;
        self.visit_body(body);
        self.scope().loops -= 1;
    }

    /// What stands in so many more blocks of one scope.
    fn in_blocks(&mut self, more: u32, range: TextRange, walk: impl FnOnce(&mut Self)) {
        let around = self.scope().blocks;
        let within = around.saturating_add(more);
        self.own.extend(blocks::problem(around, within).map(|message| (range, message.to_owned())));
        self.scope().blocks = within;
        walk(self);
        self.scope().blocks = around;
    }

    fn scope(&mut self) -> &mut Scope<'a> {
        self.place.scopes.last_mut().expect("the module is never left")
    }

    /// Defaults and annotations belong to the scope around.
    fn parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.visit_annotation(annotation);
            }
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
    }

    fn comprehension(&mut self, kind: Kind, elements: &[&'a Expr], generators: &'a [ast::Comprehension]) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.within(Scope::new(kind, &[]), |walk| {
            for (index, generator) in generators.iter().enumerate() {
                if index == 0 {
                    walk.visit_expr(&generator.target);
                    for condition in &generator.ifs {
                        walk.visit_expr(condition);
                    }
                } else {
                    walk_comprehension(walk, generator);
                }
            }
            for element in elements {
                walk.visit_expr(element);
            }
        });
    }
}

impl<'a> SourceOrderVisitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::FunctionDef(node) = statement
            && node.type_params.is_some()
        {
            let returns = node.returns.as_deref().map(Ranged::range);
            self.place.generic.extend([node.parameters.range].into_iter().chain(returns));
        }
        self.checker.visit_stmt(statement, &self.place);
        own::statement(statement, self.says_nonlocal, &mut self.own);
        match statement {
            Stmt::FunctionDef(node) => {
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(parameters) = &node.type_params {
                    self.visit_type_params(parameters);
                }
                self.parameters(&node.parameters);
                if let Some(returns) = &node.returns {
                    self.visit_annotation(returns);
                }
                let kind = Kind::Function { is_async: node.is_async };
                let scope = Scope::new(kind, &node.body).with_parameters(Some(&node.parameters));
                self.within(scope, |walk| walk.visit_body(&node.body));
            }
            Stmt::ClassDef(node) => {
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(parameters) = &node.type_params {
                    self.visit_type_params(parameters);
                }
                if let Some(arguments) = &node.arguments {
                    self.visit_arguments(arguments);
                }
                self.within(Scope::new(Kind::Class, &node.body), |walk| walk.visit_body(&node.body));
            }
            Stmt::Try(node) => {
                let before_last = node.handlers.len().saturating_sub(1);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers[..before_last] {
                    if handler.type_.is_none() {
                        self.own.push((handler.range, "default `except:` must be last".to_owned()));
                    }
                }
                if node.is_star {
                    let mut leaving = Leaving::default();
                    for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                        leaving.visit_body(&handler.body);
                    }
                    let message = "'break', 'continue' and 'return' cannot appear in an 'except*' block";
                    self.own.extend(leaving.found.into_iter().map(|range| (range, message.to_owned())));
                }
                let always = u32::from(!node.finalbody.is_empty());
                self.in_blocks(1, node.range, |walk| walk.visit_body(&node.body));
                for handler in &node.handlers {
                    self.in_blocks(2 + always, node.range, |walk| walk_except_handler(walk, handler));
                }
                self.in_blocks(always, node.range, |walk| walk.visit_body(&node.orelse));
                self.in_blocks(1, node.range, |walk| walk.visit_body(&node.finalbody));
            }
            Stmt::For(node) => {
                self.visit_expr(&node.target);
                self.visit_expr(&node.iter);
                self.in_blocks(1, node.range, |walk| walk.in_loop(&node.body));
                self.visit_body(&node.orelse);
            }
            Stmt::While(node) => {
                self.visit_expr(&node.test);
                self.in_blocks(1, node.range, |walk| walk.in_loop(&node.body));
                self.visit_body(&node.orelse);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.visit_with_item(item);
                }
                let items = u32::try_from(node.items.len()).unwrap_or(u32::MAX);
                self.in_blocks(items, node.range, |walk| walk.visit_body(&node.body));
            }
            // As a target of this, Python lets the attribute `__debug__` through.
            Stmt::AugAssign(ast::StmtAugAssign { target, value, .. }) if matches!(&**target, Expr::Attribute(attribute) if attribute.attr.as_str() == "__debug__") =>
            {
                walk_expr(self, target);
                self.visit_expr(value);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, expression: &'a Expr) {
        walk_annotation(self, expression);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        own::pattern(pattern, &mut self.own);
        walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        self.checker.visit_expr(expression, &self.place);
        own::expression(expression, self.place.source, &mut self.own);
        let is_async =
            |generators: &[ast::Comprehension]| generators.iter().any(|generator| generator.is_async);
        match expression {
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.parameters(parameters);
                }
                let scope = Scope::new(Kind::Lambda, &[]).with_parameters(node.parameters.as_deref());
                self.within(scope, |walk| walk.visit_expr(&node.body));
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. }) => {
                let kind = Kind::Comprehension { is_async: is_async(generators) };
                self.comprehension(kind, &[elt], generators);
            }
            Expr::DictComp(node) => {
                let kind = Kind::Comprehension { is_async: is_async(&node.generators) };
                let elements: Vec<&Expr> = node.key.as_deref().into_iter().chain([&*node.value]).collect();
                self.comprehension(kind, &elements, &node.generators);
            }
            Expr::Generator(node) => self.comprehension(Kind::Generator, &[&node.elt], &node.generators),
            _ => walk_expr(self, expression),
        }
    }
}

impl Place<'_> {
    fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.scopes.iter().rev().map(|scope| scope.kind)
    }

    fn innermost(&self) -> Option<&Scope<'_>> {
        self.scopes.last()
    }
}

impl SemanticSyntaxContext for Place<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        false
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        None
    }

    fn python_version(&self) -> PythonVersion {
        // What any version compiles is no error here.
        PythonVersion::latest()
    }

    fn source(&self) -> &str {
        self.source
    }

    fn global(&self, name: &str) -> Option<TextRange> {
        let (_, range) = self.innermost()?.globals.iter().find(|(known, _)| *known == name)?;
        Some(*range)
    }

    fn has_nonlocal_binding(&self, name: &str) -> bool {
        // Methods have a cell of this name, and so have the classes in a class.
        let in_method = self.kinds().skip(1).any(|kind| kind == Kind::Class);
        if name == "__class__" && in_method {
            return true;
        }
        let around = self.scopes.iter().rev().skip(1);
        around.filter(|scope| matches!(scope.kind, Kind::Function { .. } | Kind::Lambda)).any(|scope| {
            let mut bindings = Bindings::default();
            bindings.visit_body(scope.body);
            let is_global = scope.globals.iter().any(|(known, _)| *known == name);
            !is_global && (scope.parameters.contains(&name) || bindings.found.contains(&name))
        })
    }

    fn in_async_context(&self) -> bool {
        // Comprehensions belong to the function that they stand in.
        for kind in self.kinds() {
            match kind {
                Kind::Function { is_async } => return is_async,
                Kind::Comprehension { .. } | Kind::Generator => {}
                Kind::Module | Kind::Class | Kind::Lambda => return false,
            }
        }
        false
    }

    fn in_await_allowed_context(&self) -> bool {
        for kind in self.kinds() {
            match kind {
                Kind::Function { .. } | Kind::Lambda => return true,
                Kind::Comprehension { .. } | Kind::Generator => {}
                Kind::Module | Kind::Class => return false,
            }
        }
        false
    }

    fn in_yield_allowed_context(&self) -> bool {
        match self.kinds().next() {
            Some(Kind::Function { .. } | Kind::Lambda) => true,
            Some(Kind::Comprehension { .. } | Kind::Generator | Kind::Module | Kind::Class) | None => false,
        }
    }

    fn in_sync_comprehension(&self) -> bool {
        self.kinds().any(|kind| kind == Kind::Comprehension { is_async: false })
    }

    fn in_class_body_comprehension(&self) -> bool {
        for kind in self.kinds() {
            match kind {
                Kind::Comprehension { .. } | Kind::Generator => {}
                Kind::Class => return true,
                Kind::Module | Kind::Function { .. } | Kind::Lambda => return false,
            }
        }
        false
    }

    fn in_module_scope(&self) -> bool {
        self.scopes.len() == 1
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.kinds().next(), Some(Kind::Function { .. }))
    }

    fn in_generator_context(&self) -> bool {
        self.kinds().any(|kind| kind == Kind::Generator)
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        // Up to Python 3.13 annotations may name and yield things, when they are evaluated where they stand.
        let is_in_annotation = matches!(
            error.kind,
            SemanticSyntaxErrorKind::InvalidExpression(_, InvalidExpressionPosition::TypeAnnotation)
        );
        let is_generic = self.generic.iter().any(|header| header.contains_range(error.range));
        if !is_in_annotation || self.has_future_annotations || is_generic {
            self.errors.borrow_mut().push(error);
        }
    }

    fn in_loop_context(&self) -> bool {
        self.innermost().is_some_and(|scope| scope.loops > 0)
    }

    fn is_bound_parameter(&self, name: &str) -> bool {
        self.innermost().is_some_and(|scope| scope.parameters.contains(&name))
    }
}

//! Rules of the compiler that the parser's crate does not have, one node at a time.

use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, walk_except_handler, walk_expr, walk_pattern, walk_stmt,
};
use ruff_python_ast::{self as ast, Expr, ExprContext, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::python::source::UNPACKED_IN_COMPREHENSION;

/// Errors with their places.
type Errors = Vec<(TextRange, String)>;

const DEBUG: &str = "__debug__";

fn no_debug(range: TextRange, errors: &mut Errors) {
    errors.push((range, "cannot assign to `__debug__`".to_owned()));
}

/// Those of a statement, without what is in it. Few files say `nonlocal` at all.
pub(super) fn statement(statement: &Stmt, says_nonlocal: bool, errors: &mut Errors) {
    match statement {
        Stmt::Import(import) => {
            for alias in &import.names {
                let first = alias.name.as_str().split('.').next();
                if alias.asname.is_none() && first == Some(DEBUG) && alias.name.as_str() != DEBUG {
                    no_debug(alias.range, errors);
                }
            }
        }
        Stmt::ClassDef(node) => {
            keywords(node.arguments.as_deref(), errors);
            if says_nonlocal {
                declarations(&node.body, errors);
            }
        }
        Stmt::FunctionDef(node) if says_nonlocal => declarations(&node.body, errors),
        Stmt::With(node) => {
            for item in &node.items {
                if let Some(target @ Expr::Starred(_)) = item.optional_vars.as_deref() {
                    let message = "starred assignment target must be in a list or tuple";
                    errors.push((target.range(), message.to_owned()));
                }
            }
        }
        _ => {}
    }
}

/// Those of an expression, without what is in it.
pub(super) fn expression(expression: &Expr, source: &str, errors: &mut Errors) {
    match expression {
        Expr::Attribute(attribute)
            if attribute.ctx == ExprContext::Store && attribute.attr.as_str() == DEBUG =>
        {
            no_debug(attribute.range, errors);
        }
        Expr::Call(call) => {
            keywords(Some(&call.arguments), errors);
            for keyword in &call.arguments.keywords {
                let Some(name) = &keyword.arg else { continue };
                if is_closed_before(source, name.range.end(), keyword.value.start()) {
                    let message = "expression cannot contain assignment, perhaps you meant \"==\"?";
                    errors.push((keyword.range, message.to_owned()));
                }
            }
        }
        Expr::Named(named) if is_closed_before(source, named.target.end(), named.value.start()) => {
            errors.push((named.range, "cannot use assignment expressions with name".to_owned()));
        }
        Expr::ListComp(ast::ExprListComp { elt, .. })
        | Expr::SetComp(ast::ExprSetComp { elt, .. })
        | Expr::Generator(ast::ExprGenerator { elt, .. })
            if elt.is_starred_expr() =>
        {
            errors.push((elt.range(), UNPACKED_IN_COMPREHENSION.to_owned()));
        }
        Expr::DictComp(node) if node.key.is_none() => {
            errors.push((node.range, UNPACKED_IN_COMPREHENSION.to_owned()));
        }
        Expr::FString(node) => {
            for part in node.value.f_strings() {
                formatted(&part.elements, 0, errors);
            }
        }
        _ => {}
    }
}

fn keywords(arguments: Option<&ast::Arguments>, errors: &mut Errors) {
    for keyword in arguments.into_iter().flat_map(|arguments| &arguments.keywords) {
        if keyword.arg.as_ref().is_some_and(|name| name.as_str() == DEBUG) {
            no_debug(keyword.range, errors);
        }
    }
}

/// Whether a parenthesis that was opened before a name is closed right behind it: `f((a)=1)`.
fn is_closed_before(source: &str, from: TextSize, to: TextSize) -> bool {
    let between = source.get(usize::from(from)..usize::from(to)).unwrap_or_default();
    between.trim_start().starts_with(')')
}

/// What a formatted string cannot have in its fields. `depth` is that of format specifications.
fn formatted(elements: &ast::InterpolatedStringElements, depth: u32, errors: &mut Errors) {
    const DEEPEST: u32 = 2;
    for element in elements.interpolations() {
        if element.expression.is_starred_expr() {
            let message = "f-string: cannot use starred expression here";
            errors.push((element.range, message.to_owned()));
        }
        if depth > DEEPEST {
            errors.push((element.range, "f-string: expressions nested too deeply".to_owned()));
            return;
        }
        if let Some(spec) = &element.format_spec {
            formatted(&spec.elements, depth + 1, errors);
        }
    }
}

/// Those of a pattern, without what is in it.
pub(super) fn pattern(pattern: &Pattern, errors: &mut Errors) {
    match pattern {
        Pattern::MatchOr(node) => {
            let but_last = node.patterns.len().saturating_sub(1);
            for part in &node.patterns[..but_last] {
                if part.irrefutable_pattern().is_some() {
                    let message = "a name or wildcard makes remaining patterns unreachable";
                    errors.push((part.range(), message.to_owned()));
                }
            }
        }
        Pattern::MatchValue(node) if matches!(&*node.value, Expr::FString(_) | Expr::TString(_)) => {
            let message = "patterns may only match literals and attribute lookups";
            errors.push((node.range, message.to_owned()));
        }
        Pattern::MatchClass(node) => {
            for keyword in &node.arguments.keywords {
                if keyword.attr.as_str() == DEBUG {
                    no_debug(keyword.range, errors);
                }
            }
        }
        _ => {}
    }
}

/// What `nonlocal` cannot be said of in one scope: names that are `global`, too, and
/// names that were used before.
fn declarations(body: &[Stmt], errors: &mut Errors) {
    let mut names = Declared::default();
    names.visit_body(body);
    for (name, range) in &names.nonlocal {
        if names.global.contains(name) {
            errors.push((*range, format!("name '{name}' is nonlocal and global")));
        } else if names.used.iter().any(|(used, place)| used == name && *place < range.start()) {
            errors.push((*range, format!("name '{name}' is used prior to nonlocal declaration")));
        }
    }
}

/// The names of one scope.
#[derive(Default)]
struct Declared<'a> {
    nonlocal: Vec<(&'a str, TextRange)>,
    global: Vec<&'a str>,
    used: Vec<(&'a str, TextSize)>,
}

impl<'a> SourceOrderVisitor<'a> for Declared<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Nonlocal(node) => {
                self.nonlocal.extend(node.names.iter().map(|name| (name.as_str(), node.range)));
            }
            Stmt::Global(node) => self.global.extend(node.names.iter().map(|name| name.as_str())),
            Stmt::FunctionDef(node) => {
                self.used.push((node.name.as_str(), node.name.start()));
                node.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                // The annotations of a generic function are a scope of their own.
                if node.type_params.is_none() {
                    self.visit_parameters(&node.parameters);
                    node.returns.iter().for_each(|returns| self.visit_expr(returns));
                } else {
                    self.defaults(&node.parameters);
                }
            }
            Stmt::ClassDef(node) => {
                self.used.push((node.name.as_str(), node.name.start()));
                node.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let (Some(arguments), None) = (&node.arguments, &node.type_params) {
                    self.visit_arguments(arguments);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => self.used.push((name.id.as_str(), name.start())),
            Expr::Lambda(node) => node.parameters.iter().for_each(|parameters| self.defaults(parameters)),
            Expr::ListComp(ast::ExprListComp { generators, .. })
            | Expr::SetComp(ast::ExprSetComp { generators, .. })
            | Expr::DictComp(ast::ExprDictComp { generators, .. })
            | Expr::Generator(ast::ExprGenerator { generators, .. }) => {
                // What the first part iterates over belongs to the scope around.
                generators.first().into_iter().for_each(|first| self.visit_expr(&first.iter));
            }
            _ => walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(clause) = handler;
        self.used.extend(clause.name.iter().map(|name| (name.as_str(), name.start())));
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(node) => node.name.as_ref(),
            Pattern::MatchStar(node) => node.name.as_ref(),
            Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        self.used.extend(name.map(|name| (name.as_str(), name.start())));
        walk_pattern(self, pattern);
    }
}

impl<'a> Declared<'a> {
    fn defaults(&mut self, parameters: &'a ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            parameter.default.iter().for_each(|default| self.visit_expr(default));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::python::SourceFile;
    use crate::target::RelativePath;

    fn check(text: &str, expected: Option<&str>) {
        let file = SourceFile::parse(RelativePath::new("a.py").expect("a path"), text);
        let found: Vec<&str> = file.errors().iter().map(|error| error.message.as_str()).collect();
        match expected {
            Some(message) => assert!(found.iter().any(|found| found.contains(message)), "{text}: {found:?}"),
            None => assert!(found.is_empty(), "{text}: {found:?}"),
        }
    }

    #[test]
    fn patterns_are_judged_as_python_does() {
        let case = |pattern: &str| format!("match x:\n case {pattern}: pass\n");
        for (pattern, expected) in [
            ("_ | 1", Some("unreachable")),
            ("[_, (_ as a) | 1]", Some("unreachable")),
            ("1 | _", None),
            ("f\"\"", Some("patterns may only match literals")),
            ("\"a\" f\"b\"", Some("patterns may only match literals")),
            ("\"a\" \"b\"", None),
            ("C(__debug__=1)", Some("__debug__")),
        ] {
            check(&case(pattern), expected);
        }
    }

    #[test]
    fn nobody_assigns_to_debug() {
        for text in ["a.__debug__ = 1", "import __debug__.a", "f(__debug__=1)", "a.__debug__: int"] {
            check(text, Some("__debug__"));
        }
        for text in ["a.__debug__ += 1", "import a.__debug__", "x[__debug__] = 1", "a.__debug__.b = 1"] {
            check(text, None);
        }
    }

    #[test]
    fn nonlocal_is_said_of_names_that_are_bound_around_and_not_used_before() {
        let inner = |body: &str| format!("def f():\n x = 1\n def g():\n  {body}\n");
        for (body, expected) in [
            ("global x\n  nonlocal x", Some("nonlocal and global")),
            ("x\n  nonlocal x", Some("used prior")),
            ("def x(): pass\n  nonlocal x", Some("used prior")),
            ("[x for x in y]\n  nonlocal x", None),
            ("y.x\n  nonlocal x", None),
            ("def h(): x\n  nonlocal x", None),
            ("@x\n  def h(): pass\n  nonlocal x", Some("used prior")),
            ("def h(a=x): pass\n  nonlocal x", Some("used prior")),
            ("def h(a: x) -> x: pass\n  nonlocal x", Some("used prior")),
            ("class H(x): pass\n  nonlocal x", Some("used prior")),
            ("[y for y in x]\n  nonlocal x", Some("used prior")),
            ("lambda a=x: a\n  nonlocal x", Some("used prior")),
            ("lambda x: x\n  nonlocal x", None),
            ("try: pass\n  except E as x: pass\n  nonlocal x", Some("used prior")),
            ("match y:\n   case [x]: pass\n  nonlocal x", Some("used prior")),
            ("match y:\n   case {**x}: pass\n  nonlocal x", Some("used prior")),
            ("import x\n  nonlocal x", None),
        ] {
            check(&inner(body), expected);
        }
        check("def f():\n [x for x in y]\n def g(): nonlocal x\n", Some("nonlocal"));
        check("def f():\n [(x := i) for i in y]\n def g(): nonlocal x\n", None);
        check("def f():\n lambda: (x := 1)\n def g(): nonlocal x\n", Some("nonlocal"));
        check("def f(): nonlocal __class__\n", Some("nonlocal"));
        check("class C:\n def f(self): nonlocal __class__\n", None);
        check("class C:\n def f(self):\n  class D: nonlocal __class__\n", None);
        check("class C:\n class D: nonlocal __class__\n", None);
        check("def f():\n class D: nonlocal __class__\n", Some("nonlocal"));
    }

    #[test]
    fn annotations_may_do_what_they_may_in_some_version() {
        for text in [
            "x: (y := 1) = 2",
            "def f():\n x: (yield) = 1",
            "async def f():\n x: (await y) = 1",
            "def f(a: (b := 1)): pass",
        ] {
            check(text, None);
            check(&format!("from __future__ import annotations\n{text}"), Some("annotation"));
        }
        check("def f[T](a: (b := 1)): pass", Some("annotation"));
        check("x: (yield) = 1", Some("yield"));
    }

    #[test]
    fn names_in_parentheses_and_stars_are_refused_where_python_does() {
        for text in ["f((a)=1)", "((a) := 1)", "with a as *b: pass", "f'{*a}'", "f'{a:{b:{c:{d}}}}'"] {
            assert!(!SourceFile::parse(RelativePath::new("a.py").expect("a path"), text).errors().is_empty());
        }
        for text in ["f(a=(1))", "(a := (1))", "with a as (*b,): pass", "f'{*a, b}'", "f'{a:{b:{c}}}'"] {
            check(text, None);
        }
    }
}

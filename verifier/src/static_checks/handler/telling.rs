//! Whether a handler tells somebody: by raising, logging, printing, ending the process, or by
//! handing the exception on.

use crate::python::ast::{self, Expr, Stmt};
use crate::python::control_flow::known_call;
use crate::python::project::{Frame, FunctionRef, Project, Scope, Type, dotted_name};
use crate::python::visitor::{self, Visitor};

/// Whom a handler tells of the exception.
#[derive(Debug)]
pub(super) enum Telling {
    /// Certainly nobody.
    Nobody,
    /// Somebody; how.
    Somebody(String),
    /// It is not known; why.
    Unknown(String),
}

/// Helpers that call helpers are followed this far.
const DEPTH: usize = 6;

/// Whom the body of a handler tells. `name` is what `as` gives the exception.
pub(super) fn telling<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    body: &'f [Stmt],
    name: Option<&'f str>,
) -> Telling {
    let mut walk = Walk {
        project,
        scope: scope.clone(),
        name,
        in_condition: false,
        told: None,
        unknown: None,
        open: Vec::new(),
        beside: false,
    };
    walk.visit_body(body);
    match (walk.told, walk.unknown) {
        (Some(how), _) => Telling::Somebody(how),
        (None, Some(why)) => Telling::Unknown(why),
        (None, None) => Telling::Nobody,
    }
}

struct Walk<'w, 'f> {
    project: &'w Project<'f>,
    scope: Scope<'f>,
    name: Option<&'f str>,
    /// The value only decides which way to go.
    in_condition: bool,
    told: Option<String>,
    unknown: Option<String>,
    /// The helpers that are being looked at.
    open: Vec<FunctionRef<'f>>,
    /// What is told here may be about something else: another exception, or none.
    beside: bool,
}

impl<'f> Walk<'_, 'f> {
    fn tell(&mut self, how: impl Into<String>) {
        let how = how.into();
        if self.beside {
            self.doubt(format!("it {how}, perhaps about something else"));
        } else {
            self.told.get_or_insert(how);
        }
    }

    /// A text that is returned or stored may be a message about the exception.
    fn text(&mut self, text: &str) {
        let plain = text.to_ascii_lowercase();
        if text.contains(char::is_whitespace) || plain.contains("err") || plain.contains("fail") {
            self.doubt("it hands on a text, which may tell of the exception");
        }
    }

    fn aside(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.beside, true);
        walk(self);
        self.beside = before;
    }

    fn doubt(&mut self, why: impl Into<String>) {
        self.unknown.get_or_insert_with(|| why.into());
    }

    fn condition(&mut self, test: &'f Expr) {
        let before = std::mem::replace(&mut self.in_condition, true);
        self.visit_expr(test);
        self.in_condition = before;
    }

    fn call(&mut self, call: &'f ast::ExprCall) {
        let written = dotted_name(&call.func).unwrap_or_else(|| "…".to_owned());
        let last = written.rsplit('.').next().unwrap_or(&written).to_owned();
        for ty in self.project.infer(&self.scope, &call.func) {
            match ty {
                Type::External(name) => self.external(&name, &last, call),
                Type::Function(function) => {
                    self.helper(function, &last, call, self.parameter(function, call, false))
                }
                Type::Method(function, _) => {
                    let bound = !function.has_decorator("staticmethod");
                    self.helper(function, &last, call, self.parameter(function, call, bound));
                }
                Type::Class(class) => match self.project.method(class, "__init__") {
                    Ok(constructors) => {
                        for function in constructors {
                            self.helper(function, &last, call, None);
                        }
                    }
                    // What a class from outside does when an object is made of it.
                    Err(_) => self.outside(&last, call),
                },
                Type::None => {}
                Type::Instance(_)
                | Type::ExternalInstance(_)
                | Type::Module(_)
                | Type::Namespace(_)
                | Type::Unknown(_) => {
                    if is_logger(&call.func) {
                        self.tell(format!("calls `{written}`"));
                    } else if !(CLOSING.contains(&&*last) && !has_text(call) && call.func.is_attribute_expr())
                    {
                        self.doubt(format!("what `{written}(…)` tells is not known"));
                    }
                }
            }
        }
    }

    fn external(&mut self, name: &str, last: &str, call: &'f ast::ExprCall) {
        let short = name.strip_prefix("builtins.").unwrap_or(name);
        if known_call(name).is_some() {
            return self.tell(format!("ends the process with `{short}`"));
        }
        match name {
            "logging.getLogger" => return,
            "builtins.print" | "sys.exc_info" | "sys.exception" | "sys.excepthook" => {
                return self.tell(format!("calls `{short}`"));
            }
            "builtins.exec" | "builtins.eval" | "builtins.__import__" => {
                return self.doubt(format!("what `{short}` runs is not known"));
            }
            _ => {}
        }
        let tells =
            ["logging.", "warnings.", "traceback.", "syslog.", "faulthandler.", "sys.stderr", "sys.stdout"]
                .iter()
                .any(|module| name.starts_with(module));
        if tells || is_logger(&call.func) {
            self.tell(format!("calls `{short}`"));
        } else if !name.starts_with("builtins.") {
            self.outside(last, call);
        }
    }

    /// Code from elsewhere: with a text, or under a name that speaks of errors, it may report.
    fn outside(&mut self, name: &str, call: &'f ast::ExprCall) {
        let plain = name.to_ascii_lowercase();
        let speaks = SPEAKING.iter().any(|word| plain.contains(word));
        let is_harmless =
            ["getenv", "get", "pop", "sleep", "setdefault", "getattr", "hasattr", "exists", "join"];
        if speaks || (has_text(call) && !is_harmless.contains(&plain.as_str())) {
            self.doubt(format!("what `{name}(…)` tells is not known"));
        }
    }

    /// A function of the target: does it tell? What it tells is about this exception when it got
    /// a text to tell; a helper that only stops something may log that it does.
    ///
    /// `exception` is the parameter that gets the exception, if it is given one.
    fn helper(
        &mut self,
        function: FunctionRef<'f>,
        name: &str,
        call: &'f ast::ExprCall,
        exception: Option<&'f str>,
    ) {
        if self.told.is_some() || self.open.contains(&function) {
            return;
        }
        if self.open.len() >= DEPTH {
            return self.doubt(format!("`{name}` calls too many others to follow"));
        }
        if let Some(why) = self.project.opaque_decorator(function) {
            return self.doubt(why);
        }
        let inner = Scope::inside(function.file, function.node);
        let scope = std::mem::replace(&mut self.scope, inner);
        // In a condition the helper only says which way to go.
        let exception = exception.filter(|_| !self.in_condition);
        let name_outside = std::mem::replace(&mut self.name, exception);
        let in_condition = std::mem::replace(&mut self.in_condition, false);
        let here = self.beside || !(has_text(call) || exception.is_some());
        let beside = std::mem::replace(&mut self.beside, here);
        self.open.push(function);
        self.visit_body(&function.node.body);
        self.open.pop();
        if let Some(how) = self.told.take() {
            self.told = Some(format!("calls `{}`, which {how}", function.qualified_name()));
        }
        self.beside = beside;
        self.in_condition = in_condition;
        self.name = name_outside;
        self.scope = scope;
    }

    fn is_exception(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if Some(name.id.as_str()) == self.name)
    }

    /// Whether a target is a local name of the function around that nothing reads, or `_` in a
    /// module, which nobody else imports.
    fn is_never_used(&self, target: &Expr) -> bool {
        struct Uses<'n>(&'n str, bool);
        impl<'f> Visitor<'f> for Uses<'_> {
            fn visit_expr(&mut self, expr: &'f Expr) {
                if let Expr::Name(name) = expr {
                    let reads_all = matches!(name.id.as_str(), "locals" | "vars" | "exec" | "eval");
                    self.1 |= reads_all || name.ctx.is_load() && name.id.as_str() == self.0;
                }
                // `__all__ = ["_"]`, `globals()["_"]`.
                self.1 |= matches!(expr, Expr::StringLiteral(text) if text.value.to_str() == self.0);
                visitor::walk_expr(self, expr);
            }
        }
        let Expr::Name(name) = target else { return false };
        let name = name.id.as_str();
        match self.scope.frames.last() {
            Some(Frame::Function(function)) => {
                let bindings = self.project.frame_bindings(Frame::Function(function));
                let mut uses = Uses(name, bindings.outer.contains_key(name));
                uses.visit_body(&function.body);
                !uses.1
            }
            None if name == "_" => {
                let mut uses = Uses(name, self.is_imported(name));
                uses.visit_body(&self.scope.file.source().module().body);
                !uses.1
            }
            _ => false,
        }
    }

    /// Whether some file may take a private name out of the module of another.
    fn is_imported(&self, name: &str) -> bool {
        struct Imports<'n>(&'n str, bool);
        impl<'f> Visitor<'f> for Imports<'_> {
            fn visit_stmt(&mut self, stmt: &'f Stmt) {
                if let Stmt::ImportFrom(node) = stmt {
                    self.1 |= node.names.iter().any(|alias| alias.name.as_str() == self.0);
                }
                visitor::walk_stmt(self, stmt);
            }
            fn visit_expr(&mut self, expr: &'f Expr) {
                self.1 |= matches!(expr, Expr::Attribute(attribute) if attribute.attr.as_str() == self.0);
                visitor::walk_expr(self, expr);
            }
        }
        let path = self.scope.file.path().file_name();
        let module = path.strip_suffix(".py").unwrap_or(path);
        let directory = self.scope.file.path().as_str().rsplit('/').nth(1).unwrap_or(module);
        let word = if module == "__init__" { directory } else { module };
        self.project.mentioning(word).iter().any(|path| {
            let Ok(file) = self.project.file(path) else { return true };
            let mut imports = Imports(name, false);
            imports.visit_body(&file.source().module().body);
            imports.1
        })
    }

    /// The one parameter of a function that gets the exception as it is.
    fn parameter(&self, function: FunctionRef<'f>, call: &'f ast::ExprCall, bound: bool) -> Option<&'f str> {
        let arguments = &call.arguments;
        if arguments.args.iter().any(Expr::is_starred_expr)
            || arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
        {
            return None;
        }
        let parameters = &function.node.parameters;
        let by_position = parameters.posonlyargs.iter().chain(&parameters.args).skip(usize::from(bound));
        let by_position: Vec<&'f str> = by_position.map(|parameter| parameter.name().as_str()).collect();
        let mut found = None;
        for (index, argument) in arguments.args.iter().enumerate() {
            if self.is_exception(argument) {
                let parameter = by_position.get(index)?;
                if found.replace(*parameter).is_some() {
                    return None;
                }
            }
        }
        for keyword in &arguments.keywords {
            if self.is_exception(&keyword.value) {
                let wanted = keyword.arg.as_ref()?;
                let parameter = parameters
                    .iter_non_variadic_params()
                    .find(|parameter| parameter.name().as_str() == wanted.as_str())?;
                if found.replace(parameter.name().as_str()).is_some() {
                    return None;
                }
            }
        }
        found
    }

    /// Whether the exception goes to functions of the target alone, in which it is followed.
    fn is_followed(&self, call: &'f ast::ExprCall) -> bool {
        if self.open.len() >= DEPTH {
            return false;
        }
        let types = self.project.infer(&self.scope, &call.func);
        !types.is_empty()
            && types.into_iter().all(|ty| {
                let (function, bound) = match ty {
                    Type::Function(function) => (function, false),
                    Type::Method(function, _) => (function, !function.has_decorator("staticmethod")),
                    _ => return false,
                };
                !self.open.contains(&function)
                    && !crate::python::control_flow::is_generator(&function.node.body)
                    && self.project.opaque_decorator(function).is_none()
                    && self.parameter(function, call, bound).is_some()
            })
    }
}

fn has_text(call: &ast::ExprCall) -> bool {
    let mut arguments = call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|it| &it.value));
    arguments
        .any(|argument| matches!(argument, Expr::StringLiteral(_) | Expr::FString(_) | Expr::BytesLiteral(_)))
}

/// What a library's function is called when it tells people something.
const SPEAKING: &[&str] = &[
    "exc", "err", "log", "report", "capture", "warn", "print", "notify", "alert", "fail", "trace", "emit",
    "send", "publish", "record", "write", "raise", "throw", "abort", "exit", "critical",
];

/// What closing something is called, of whatever object.
const CLOSING: &[&str] =
    &["close", "aclose", "shutdown", "release", "terminate", "kill", "cancel", "disconnect", "rollback"];

/// `self.logger.info`, `log.error`, `LOG.warning`.
fn is_logger(function: &Expr) -> bool {
    let Expr::Attribute(attribute) = function else { return false };
    let known = matches!(
        attribute.attr.as_str(),
        "debug"
            | "info"
            | "warning"
            | "warn"
            | "error"
            | "exception"
            | "critical"
            | "fatal"
            | "log"
            | "trace"
            | "success"
            | "failure"
    );
    known
        && super::last_name(&attribute.value).is_some_and(|owner| owner.to_ascii_lowercase().contains("log"))
}

impl<'f> Visitor<'f> for Walk<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            // What is only defined does not run.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Expr(node) if node.value.is_string_literal_expr() => {}
            Stmt::Assign(assign)
                if self.is_exception(&assign.value)
                    && assign.targets.iter().all(|target| self.is_never_used(target)) => {}
            // A counter has a name, and that is no message: `stats["errors"] += 1`.
            Stmt::AugAssign(node)
                if node.value.is_number_literal_expr()
                    && matches!(&*node.target, Expr::Subscript(target) if target.slice.is_string_literal_expr()) =>
            {
                if let Expr::Subscript(target) = &*node.target {
                    self.visit_expr(&target.value);
                }
            }
            Stmt::Raise(_) => self.tell("raises"),
            Stmt::Assert(_) => self.tell("asserts"),
            Stmt::If(node) => {
                self.condition(&node.test);
                self.visit_body(&node.body);
                for clause in &node.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.condition(test);
                    }
                    self.visit_body(&clause.body);
                }
            }
            Stmt::While(node) => {
                self.condition(&node.test);
                self.visit_body(&node.body);
                self.visit_body(&node.orelse);
            }
            Stmt::Match(node) => {
                self.condition(&node.subject);
                for case in &node.cases {
                    if let Some(guard) = &case.guard {
                        self.condition(guard);
                    }
                    self.visit_body(&case.body);
                }
            }
            Stmt::Try(node) => {
                self.visit_body(&node.body);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    // That one is about another exception.
                    self.aside(|walk| walk.visit_body(&handler.body));
                }
                self.visit_body(&node.orelse);
                self.visit_body(&node.finalbody);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Lambda(_) => {}
            Expr::StringLiteral(text) if !self.in_condition => self.text(text.value.to_str()),
            Expr::FString(_) if !self.in_condition => {
                let source = self.scope.file.source();
                self.text(source.slice(expr));
                visitor::walk_expr(self, expr);
            }
            Expr::Name(name) => {
                if Some(name.id.as_str()) == self.name && !self.in_condition && name.ctx.is_load() {
                    self.tell("hands the exception on");
                }
            }
            Expr::If(node) => {
                self.condition(&node.test);
                self.visit_expr(&node.body);
                self.visit_expr(&node.orelse);
            }
            Expr::Call(call) => {
                self.call(call);
                if self.name.is_some() && self.is_followed(call) {
                    self.visit_expr(&call.func);
                    let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                    for argument in call.arguments.args.iter().chain(keywords) {
                        if !self.is_exception(argument) {
                            self.visit_expr(argument);
                        }
                    }
                } else {
                    visitor::walk_expr(self, expr);
                }
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.doubt("what the consumer makes of what is yielded is not known");
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

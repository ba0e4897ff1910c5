//! How a piece of code can end: by falling through, by `break`, `continue` or `return`, by an
//! exception that it raises on purpose, or with the process.
//!
//! Exceptions that any call might raise are left out, because then every statement could end
//! every way. What counts is what somebody wrote down: `raise`, `sys.exit()`, a helper that does
//! nothing else. An `await` can raise `CancelledError`, since that is how a coroutine is stopped.

use crate::python::ast::{self, Expr, Stmt};
use crate::python::visitor::{self, Visitor};

/// The ways in which a piece of code can end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    /// It can run to its end.
    pub normal: bool,
    /// A `break` for a loop around it.
    pub breaks: bool,
    /// A `continue` for a loop around it.
    pub continues: bool,
    /// A `return`.
    pub returns: bool,
    /// The process ends without unwinding: `os._exit`, `os.execv`.
    pub leaves: bool,
    /// It hands a value to a consumer, who need not ask for another.
    pub yields: bool,
    /// Exceptions that it raises on purpose and does not catch.
    pub raises: Vec<Raised>,
    /// Exceptions that it raises, and of which it is not known whether a context manager or a handler
    /// swallows them.
    pub maybe: Vec<Raised>,
}

/// An exception that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raised {
    /// Of the class with this name, without its module.
    Class(String),
    /// Of a class that the text does not tell, taken for a subclass of `Exception`.
    Unknown,
    /// Thrown into a coroutine at an `await` by whoever cancels its task.
    Cancelled,
    /// Whatever a handler of these classes caught, raised again. None: a handler of everything.
    Again(Vec<String>),
}

/// What the code around knows of names: imports, helpers, exception classes.
pub trait Surroundings {
    /// How a call can end, apart from returning with a value as calls do.
    fn call(&self, call: &ast::ExprCall) -> CallEnding;

    /// The name that an expression has after its imports are resolved: `sys.exit`.
    fn qualified(&self, expr: &Expr) -> Option<String>;

    /// The names of an exception class's bases, when it is one of the project's.
    fn bases(&self, class: &str) -> Vec<String>;

    /// How reading an attribute can end: it may be a property.
    fn attribute(&self, _attribute: &ast::ExprAttribute) -> CallEnding {
        CallEnding::ordinary()
    }

    /// The class of an exception that is raised, where the text of the `raise` does not name it.
    fn class_of(&self, _exception: &Expr) -> Option<String> {
        None
    }

    /// What the context manager of a `with` statement does with an exception from its body.
    /// `contextlib.suppress` is known without it.
    fn swallows(&self, _manager: &Expr, _is_async: bool, _raised: &Raised) -> Swallows {
        Swallows::Nothing
    }
}

/// What a context manager does with an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swallows {
    /// It lets it through.
    Nothing,
    /// The code behind the `with` statement goes on.
    Everything,
    /// One or the other.
    Unknown,
}

/// How a call can end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEnding {
    /// It can come back.
    pub returns: bool,
    /// The process can end in it.
    pub leaves: bool,
    /// What it raises on purpose.
    pub raises: Vec<Raised>,
    /// What it raises, unless a context manager or a handler in it swallows that.
    pub maybe: Vec<Raised>,
}

impl CallEnding {
    /// An ordinary call.
    pub fn ordinary() -> Self {
        Self { returns: true, leaves: false, raises: Vec::new(), maybe: Vec::new() }
    }

    /// Adds the ways in which another call can end that may run instead.
    pub fn or(&mut self, other: Self) {
        self.returns |= other.returns;
        self.leaves |= other.leaves;
        add(&mut self.raises, other.raises);
        add(&mut self.maybe, other.maybe);
    }
}

impl Default for CallEnding {
    fn default() -> Self {
        Self::ordinary()
    }
}

/// How a block can end.
pub fn endings(body: &[Stmt], surroundings: &dyn Surroundings) -> Endings {
    Walker { surroundings, thrown: None, anywhere: None, handlers: Vec::new(), depth: 0 }.block(body)
}

/// Whether an exception that some call or operation in a block raises would get out of it.
pub fn lets_out(body: &[Stmt], raised: &Raised, surroundings: &dyn Surroundings) -> bool {
    let anywhere = Some(raised);
    let endings = Walker { surroundings, thrown: None, anywhere, handlers: Vec::new(), depth: 0 }.block(body);
    endings.raises.contains(raised)
}

/// How the body of a generator can end when an exception is thrown into it where it yields.
pub fn endings_when_thrown(body: &[Stmt], thrown: &Raised, surroundings: &dyn Surroundings) -> Endings {
    Walker { surroundings, thrown: Some(thrown), anywhere: None, handlers: Vec::new(), depth: 0 }.block(body)
}

/// Whether a function with this body is a generator: a `yield` anywhere makes it one, reached or not.
pub fn is_generator(body: &[Stmt]) -> bool {
    let mut search = YieldSearch { found: false, depth: 0 };
    for stmt in body {
        search.visit_stmt(stmt);
    }
    search.found
}

/// The answer of a condition that does not depend on anything.
pub fn truth(expr: &Expr) -> Option<bool> {
    truth_within(expr, MAX_DEPTH)
}

/// Ends of calls that every Python program shares, by qualified name.
pub fn known_call(qualified: &str) -> Option<CallEnding> {
    let raises = |class: &str| CallEnding {
        returns: false,
        leaves: false,
        raises: vec![Raised::Class(class.to_owned())],
        maybe: Vec::new(),
    };
    Some(match qualified {
        "sys.exit"
        | "exit"
        | "quit"
        | "builtins.exit"
        | "builtins.quit"
        | "_thread.exit"
        | "argparse.ArgumentParser().error"
        | "argparse.ArgumentParser().exit" => raises("SystemExit"),
        "os._exit" | "os.abort" | "os.execl" | "os.execle" | "os.execlp" | "os.execlpe" | "os.execv"
        | "os.execve" | "os.execvp" | "os.execvpe" => {
            CallEnding { returns: false, leaves: true, ..CallEnding::ordinary() }
        }
        _ => return None,
    })
}

/// Whether iterating over the expression never ends.
pub fn is_infinite(iterable: &Expr, surroundings: &dyn Surroundings) -> bool {
    let Expr::Call(call) = iterable else { return false };
    let arguments = call.arguments.args.len() + call.arguments.keywords.len();
    match surroundings.qualified(&call.func).as_deref() {
        Some("itertools.count") => true,
        Some("itertools.cycle") => match &*call.arguments.args {
            [Expr::List(list)] => !list.elts.is_empty(),
            [Expr::Tuple(tuple)] => !tuple.elts.is_empty(),
            [Expr::StringLiteral(text)] => !text.value.is_empty(),
            _ => false,
        },
        Some("itertools.repeat") => arguments == 1,
        // The sentinel can only come when the callable can return it.
        Some("iter" | "builtins.iter") => match &*call.arguments.args {
            [callable, sentinel] => never_equal(callable, sentinel, surroundings),
            _ => false,
        },
        Some("enumerate" | "builtins.enumerate") => {
            call.arguments.args.first().is_some_and(|inner| is_infinite(inner, surroundings))
        }
        Some("zip" | "builtins.zip") => {
            !call.arguments.args.is_empty()
                && call.arguments.args.iter().all(|inner| is_infinite(inner, surroundings))
        }
        _ => false,
    }
}

/// `iter(int, 1)`: the constructor without arguments gives an empty value for ever.
fn never_equal(callable: &Expr, sentinel: &Expr, surroundings: &dyn Surroundings) -> bool {
    let empty = matches!(
        surroundings.qualified(callable).as_deref(),
        Some("int" | "float" | "str" | "bytes" | "bool" | "list" | "dict" | "tuple" | "set" | "object")
    );
    empty && (truth(sentinel) == Some(true) || matches!(sentinel, Expr::NoneLiteral(_)))
}

/// Deeper code than this is not looked into, and taken for code that can end in every way.
const MAX_DEPTH: u32 = 300;

fn truth_within(expr: &Expr, depth: u32) -> Option<bool> {
    let depth = depth.checked_sub(1)?;
    match expr {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NoneLiteral(_) => Some(false),
        Expr::EllipsisLiteral(_) | Expr::Lambda(_) => Some(true),
        Expr::NumberLiteral(number) => Some(match &number.value {
            ast::Number::Int(int) => int.as_u64() != Some(0),
            ast::Number::Float(float) => *float != 0.0,
            ast::Number::Complex { real, imag } => *real != 0.0 || *imag != 0.0,
        }),
        Expr::StringLiteral(string) => Some(!string.value.is_empty()),
        Expr::BytesLiteral(bytes) => Some(bytes.value.bytes().next().is_some()),
        Expr::List(ast::ExprList { elts, .. })
        | Expr::Tuple(ast::ExprTuple { elts, .. })
        | Expr::Set(ast::ExprSet { elts, .. }) => {
            if elts.is_empty() {
                Some(false)
            } else {
                elts.iter().any(|element| !element.is_starred_expr()).then_some(true)
            }
        }
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
            truth_within(&unary.operand, depth).map(|value| !value)
        }
        Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::USub => match &*unary.operand {
            Expr::NumberLiteral(_) => truth_within(&unary.operand, depth),
            _ => None,
        },
        Expr::BoolOp(bool_op) => {
            // `True or f()` is true whatever `f` says; `f() or True` as well.
            let deciding = bool_op.op == ast::BoolOp::Or;
            let values: Vec<Option<bool>> =
                bool_op.values.iter().map(|value| truth_within(value, depth)).collect();
            if values.contains(&Some(deciding)) {
                Some(deciding)
            } else if values.iter().all(Option::is_some) {
                Some(!deciding)
            } else {
                None
            }
        }
        Expr::Compare(compare) => match (&*compare.left, &*compare.ops, &*compare.comparators) {
            (Expr::NumberLiteral(left), [op], [Expr::NumberLiteral(right)]) => {
                compare_numbers(&left.value, *op, &right.value)
            }
            (Expr::BooleanLiteral(left), [op], [Expr::BooleanLiteral(right)]) => match op {
                ast::CmpOp::Eq | ast::CmpOp::Is => Some(left.value == right.value),
                ast::CmpOp::NotEq | ast::CmpOp::IsNot => Some(left.value != right.value),
                _ => None,
            },
            _ => None,
        },
        Expr::Named(named) => truth_within(&named.value, depth),
        _ => None,
    }
}

fn compare_numbers(left: &ast::Number, op: ast::CmpOp, right: &ast::Number) -> Option<bool> {
    let (ast::Number::Int(left), ast::Number::Int(right)) = (left, right) else { return None };
    let (left, right) = (left.as_u64()?, right.as_u64()?);
    Some(match op {
        ast::CmpOp::Eq => left == right,
        ast::CmpOp::NotEq => left != right,
        ast::CmpOp::Lt => left < right,
        ast::CmpOp::LtE => left <= right,
        ast::CmpOp::Gt => left > right,
        ast::CmpOp::GtE => left >= right,
        ast::CmpOp::Is | ast::CmpOp::IsNot | ast::CmpOp::In | ast::CmpOp::NotIn => return None,
    })
}

impl Endings {
    fn fall_through() -> Self {
        Self { normal: true, ..Self::default() }
    }

    fn anything() -> Self {
        Self {
            normal: true,
            breaks: true,
            continues: true,
            returns: true,
            leaves: false,
            yields: false,
            raises: vec![Raised::Unknown],
            maybe: Vec::new(),
        }
    }

    /// Adds the ways of other code that may run instead or afterwards, except falling through.
    fn add_abrupt(&mut self, other: Self) {
        self.breaks |= other.breaks;
        self.continues |= other.continues;
        self.returns |= other.returns;
        self.leaves |= other.leaves;
        self.yields |= other.yields;
        add(&mut self.maybe, other.maybe);
        self.add_raised(other.raises);
    }

    fn add_raised(&mut self, raises: Vec<Raised>) {
        add(&mut self.raises, raises);
    }

    /// Adds the ways of code that runs instead.
    fn or(&mut self, other: Self) {
        self.normal |= other.normal;
        self.add_abrupt(other);
    }

    /// Adds the ways of code that runs next.
    fn then(&mut self, next: Self) {
        if self.normal {
            self.normal = next.normal;
            self.add_abrupt(next);
        }
    }
}

fn add(all: &mut Vec<Raised>, more: Vec<Raised>) {
    for raised in more {
        if !all.contains(&raised) {
            all.push(raised);
        }
    }
}

struct Walker<'w> {
    surroundings: &'w dyn Surroundings,
    /// What a `yield` raises.
    thrown: Option<&'w Raised>,
    /// What any call or operation may raise.
    anywhere: Option<&'w Raised>,
    /// The handlers that the code stands in, innermost last: what a bare `raise` raises.
    handlers: Vec<Handler>,
    depth: u32,
}

/// What an `except` clause catches, and under which name.
#[derive(Clone, Debug)]
struct Handler {
    catches: Catches,
    name: Option<String>,
}

#[derive(Clone, Debug)]
enum Catches {
    Everything,
    Classes(Vec<String>),
    /// The clause names a value that the text does not tell.
    Unknown,
}

impl Walker<'_> {
    fn block(&mut self, body: &[Stmt]) -> Endings {
        let mut endings = Endings::fall_through();
        if self.depth >= MAX_DEPTH {
            return Endings::anything();
        }
        self.depth += 1;
        for stmt in body {
            if !endings.normal {
                break;
            }
            let next = self.statement(stmt);
            endings.then(next);
        }
        self.depth -= 1;
        endings
    }

    fn statement(&mut self, stmt: &Stmt) -> Endings {
        match stmt {
            Stmt::Break(_) => Endings { breaks: true, ..Endings::default() },
            Stmt::Continue(_) => Endings { continues: true, ..Endings::default() },
            Stmt::Return(stmt) => {
                let mut endings = self.optional(stmt.value.as_deref());
                endings.then(Endings { returns: true, ..Endings::default() });
                endings
            }
            Stmt::Raise(stmt) => {
                let mut endings = self.optional(stmt.exc.as_deref());
                let raises = vec![self.raised(stmt.exc.as_deref())];
                endings.then(Endings { raises, ..Endings::default() });
                endings
            }
            Stmt::Assert(stmt) => {
                let mut endings = self.expression(&stmt.test);
                let raises = vec![Raised::Class("AssertionError".to_owned())];
                match truth(&stmt.test) {
                    Some(true) => {}
                    Some(false) => endings.then(Endings { raises, ..Endings::default() }),
                    None if endings.normal => endings.add_raised(raises),
                    None => {}
                }
                endings
            }
            Stmt::If(stmt) => self.if_statement(stmt),
            Stmt::While(stmt) => {
                let test = self.expression(&stmt.test);
                let truth = truth(&stmt.test);
                self.loop_statement(test, truth == Some(true), truth != Some(false), &stmt.body, &stmt.orelse)
            }
            Stmt::For(stmt) => {
                let mut iter = self.expression(&stmt.iter);
                if stmt.is_async {
                    iter.add_raised(vec![Raised::Cancelled]);
                }
                let endless = !stmt.is_async && is_infinite(&stmt.iter, self.surroundings);
                self.loop_statement(iter, endless, true, &stmt.body, &stmt.orelse)
            }
            Stmt::With(stmt) => self.with_statement(stmt),
            Stmt::Try(stmt) => self.try_statement(stmt),
            Stmt::Match(stmt) => {
                let mut endings = self.expression(&stmt.subject);
                let mut cases = Endings { normal: true, ..Endings::default() };
                for case in &stmt.cases {
                    if let Some(guard) = &case.guard {
                        cases.add_abrupt(self.expression(guard));
                    }
                    let body = self.block(&case.body);
                    if case.guard.is_none() && case.pattern.is_irrefutable() {
                        // Nothing behind this case, and nothing falls past the statement.
                        let others = std::mem::take(&mut cases);
                        cases = body;
                        cases.add_abrupt(others.clone());
                        cases.normal |= self.any_case_ends(&stmt.cases);
                        break;
                    }
                    cases.or(body);
                }
                endings.then(cases);
                endings
            }
            Stmt::Expr(stmt) => self.expression(&stmt.value),
            Stmt::Assign(stmt) => self.expression(&stmt.value),
            Stmt::AugAssign(stmt) => self.expression(&stmt.value),
            Stmt::AnnAssign(stmt) => self.optional(stmt.value.as_deref()),
            // A definition runs nothing of its body; a class body is taken for harmless.
            Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::Delete(_)
            | Stmt::TypeAlias(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::IpyEscapeCommand(_) => Endings::fall_through(),
        }
    }

    /// Whether some case before the irrefutable one can run to its end.
    fn any_case_ends(&mut self, cases: &[ast::MatchCase]) -> bool {
        cases
            .iter()
            .take_while(|case| case.guard.is_some() || !case.pattern.is_irrefutable())
            .any(|case| self.block(&case.body).normal)
    }

    fn if_statement(&mut self, stmt: &ast::StmtIf) -> Endings {
        let mut endings = self.expression(&stmt.test);
        let mut branches = Endings::default();
        // Set when some condition so far is surely true: nothing behind it can run.
        let mut decided = false;
        let first = (Some(&*stmt.test), &stmt.body);
        let clauses = stmt.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body));
        for (index, (test, body)) in std::iter::once(first).chain(clauses).enumerate() {
            let truth = test.map_or(Some(true), truth);
            if index > 0
                && let Some(test) = test
            {
                branches.add_abrupt(self.expression(test));
            }
            if truth != Some(false) {
                let body = self.block(body);
                branches.or(body);
            }
            if truth == Some(true) {
                decided = true;
                break;
            }
        }
        branches.normal |= !decided;
        endings.then(branches);
        endings
    }

    fn loop_statement(
        &mut self,
        header: Endings,
        endless: bool,
        enters: bool,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Endings {
        let mut endings = header;
        let mut whole = Endings::default();
        let mut breaks = false;
        if enters {
            let mut body = self.block(body);
            breaks = body.breaks;
            body.breaks = false;
            body.continues = false;
            whole.add_abrupt(body);
        }
        if !endless {
            let orelse = self.block(orelse);
            whole.or(orelse);
        }
        whole.normal |= breaks;
        endings.then(whole);
        endings
    }

    fn with_statement(&mut self, stmt: &ast::StmtWith) -> Endings {
        let mut endings = Endings::fall_through();
        let mut suppressed: Option<Vec<String>> = None;
        for item in &stmt.items {
            let context = self.expression(&item.context_expr);
            endings.then(context);
            if let Expr::Call(call) = &item.context_expr
                && matches!(
                    self.surroundings.qualified(&call.func).as_deref(),
                    Some("contextlib.suppress" | "suppress")
                )
            {
                let classes = call.arguments.args.iter().filter_map(|class| self.class_name(class));
                suppressed.get_or_insert_default().extend(classes);
            }
        }
        if stmt.is_async {
            endings.add_raised(vec![Raised::Cancelled]);
        }
        let mut body = self.block(&stmt.body);
        if let Some(classes) = suppressed {
            let catches = Catches::Classes(classes);
            body.raises.retain(|raised| !self.surely_catches(&catches, raised));
            body.maybe.retain(|raised| !self.surely_catches(&catches, raised));
            body.normal = true;
        }
        for item in stmt.items.iter().rev() {
            let mut through = Vec::new();
            for raised in std::mem::take(&mut body.raises) {
                match self.surroundings.swallows(&item.context_expr, stmt.is_async, &raised) {
                    Swallows::Nothing => through.push(raised),
                    Swallows::Everything => body.normal = true,
                    // Who cancels a task is not asked here.
                    Swallows::Unknown if raised == Raised::Cancelled => through.push(raised),
                    Swallows::Unknown => {
                        body.normal = true;
                        add(&mut body.maybe, vec![raised]);
                    }
                }
            }
            body.raises = through;
            body.maybe.retain(|raised| {
                self.surroundings.swallows(&item.context_expr, stmt.is_async, raised) != Swallows::Everything
            });
        }
        endings.then(body);
        endings
    }

    fn try_statement(&mut self, stmt: &ast::StmtTry) -> Endings {
        let mut body = self.block(&stmt.body);
        let can_raise = stmt.body.iter().any(|stmt| !stmt.is_pass_stmt() && !stmt.is_continue_stmt());
        let mut handlers: Vec<(Handler, &[Stmt])> = Vec::new();
        for ast::ExceptHandler::ExceptHandler(clause) in &stmt.handlers {
            let catches = self.catches(clause.type_.as_deref());
            let name = clause.name.as_ref().map(|name| name.as_str().to_owned());
            handlers.push((Handler { catches, name }, &clause.body));
        }
        let gets_out = |raised: &Raised| {
            !handlers.iter().any(|(handler, _)| self.surely_catches(&handler.catches, raised))
        };
        body.raises.retain(gets_out);
        body.maybe.retain(gets_out);
        // Whether a handler of some classes catches what has none is not known.
        if !handlers.is_empty() {
            let unknown = body.raises.iter().position(|raised| *raised == Raised::Unknown);
            add(&mut body.maybe, unknown.map(|at| body.raises.remove(at)).into_iter().collect());
        }
        let mut endings = std::mem::take(&mut body);
        if endings.normal {
            let orelse = self.block(&stmt.orelse);
            endings.then(orelse);
        }
        if can_raise {
            for index in 0..handlers.len() {
                let (handler, clause) = handlers[index].clone();
                if self.is_shadowed(&handlers[..index], &handler.catches) {
                    continue;
                }
                self.handlers.push(handler);
                // What is done about an error is not taken to fail itself.
                let anywhere = self.anywhere.take();
                let clause = self.block(clause);
                self.anywhere = anywhere;
                self.handlers.pop();
                endings.or(clause);
            }
        }
        let finalbody = self.block(&stmt.finalbody);
        if finalbody.normal {
            endings.add_abrupt(finalbody);
            endings
        } else {
            // Whatever was under way, the last word is that of `finally`.
            let (leaves, yields) = (endings.leaves, endings.yields);
            let mut endings = finalbody;
            endings.leaves |= leaves;
            endings.yields |= yields;
            endings
        }
    }

    /// Whether earlier handlers catch all that a later one could.
    fn is_shadowed(&self, earlier: &[(Handler, &[Stmt])], catches: &Catches) -> bool {
        let caught = |raised: &Raised| {
            earlier.iter().any(|(handler, _)| self.surely_catches(&handler.catches, raised))
        };
        match catches {
            Catches::Everything | Catches::Unknown => {
                earlier.iter().any(|(handler, _)| matches!(handler.catches, Catches::Everything))
            }
            Catches::Classes(classes) => {
                !classes.is_empty() && classes.iter().all(|class| caught(&Raised::Class(class.clone())))
            }
        }
    }

    fn raised(&self, exc: Option<&Expr>) -> Raised {
        let Some(exc) = exc else {
            return self.handlers.last().map_or(Raised::Unknown, Handler::again);
        };
        if let Expr::Name(name) = exc
            && let Some(handler) =
                self.handlers.iter().rev().find(|handler| handler.name.as_deref() == Some(name.id.as_str()))
        {
            return handler.again();
        }
        let class = match exc {
            Expr::Call(call) => &call.func,
            other => other,
        };
        match self.class_name(class) {
            Some(name) if name.chars().next().is_some_and(char::is_uppercase) => Raised::Class(name),
            _ => self.surroundings.class_of(exc).map_or(Raised::Unknown, Raised::Class),
        }
    }

    fn catches(&self, class: Option<&Expr>) -> Catches {
        match class {
            None => Catches::Everything,
            Some(Expr::Tuple(tuple)) => {
                let classes: Option<Vec<String>> =
                    tuple.elts.iter().map(|element| self.class_name(element)).collect();
                classes.map_or(Catches::Unknown, Catches::Classes)
            }
            Some(class) => match self.class_name(class) {
                // A lower-case name is a variable that holds classes.
                Some(name) if name.chars().next().is_some_and(char::is_uppercase) => {
                    Catches::Classes(vec![name])
                }
                _ => Catches::Unknown,
            },
        }
    }

    /// The last part of a class's name: what it is called wherever it was imported from.
    fn class_name(&self, expr: &Expr) -> Option<String> {
        let qualified = self.surroundings.qualified(expr)?;
        Some(qualified.rsplit('.').next().unwrap_or(&qualified).to_owned())
    }

    fn surely_catches(&self, catches: &Catches, raised: &Raised) -> bool {
        let classes = match catches {
            Catches::Everything => return true,
            Catches::Unknown => return false,
            Catches::Classes(classes) => classes,
        };
        let one = |class: &str| classes.iter().any(|handler| self.is_a(class, handler, 0));
        match raised {
            Raised::Class(class) => one(class),
            Raised::Unknown => one("Exception"),
            Raised::Cancelled => one("CancelledError"),
            Raised::Again(caught) => {
                if caught.is_empty() {
                    one("BaseException")
                } else {
                    caught.iter().all(|class| one(class))
                }
            }
        }
    }

    fn is_a(&self, class: &str, ancestor: &str, depth: u32) -> bool {
        if class == ancestor || ancestor == "BaseException" {
            return true;
        }
        if depth > 20 {
            return false;
        }
        let own = self.surroundings.bases(class);
        if !own.is_empty() {
            return own.iter().any(|base| self.is_a(base, ancestor, depth + 1));
        }
        match builtin_base(class) {
            Some(base) => self.is_a(base, ancestor, depth + 1),
            // A class from elsewhere: an exception like most.
            None => ancestor == "Exception" && class != "BaseException",
        }
    }

    fn optional(&mut self, expr: Option<&Expr>) -> Endings {
        expr.map_or_else(Endings::fall_through, |expr| self.expression(expr))
    }

    fn expression(&mut self, expr: &Expr) -> Endings {
        let mut calls = Calls {
            surroundings: self.surroundings,
            thrown: self.thrown,
            anywhere: self.anywhere,
            endings: Endings::fall_through(),
            conditional: 0,
            depth: 0,
        };
        calls.visit_expr(expr);
        calls.endings
    }
}

impl Handler {
    fn again(&self) -> Raised {
        match &self.catches {
            Catches::Everything | Catches::Unknown => Raised::Again(Vec::new()),
            Catches::Classes(classes) => Raised::Again(classes.clone()),
        }
    }
}

/// Whether a class of this name is one of the standard library's exceptions that [`builtin_base`]
/// knows, or one whose base is `Exception`.
pub(super) fn is_builtin_exception(class: &str) -> bool {
    builtin_base(class).is_some()
        || matches!(
            class,
            "BaseException"
                | "ArithmeticError"
                | "AssertionError"
                | "AttributeError"
                | "BufferError"
                | "EOFError"
                | "ImportError"
                | "LookupError"
                | "MemoryError"
                | "NameError"
                | "OSError"
                | "ReferenceError"
                | "RuntimeError"
                | "StopAsyncIteration"
                | "StopIteration"
                | "SyntaxError"
                | "SystemError"
                | "TypeError"
                | "ValueError"
                | "Warning"
        )
}

/// The base of an exception class of the standard library, where it is not `Exception`.
pub(crate) fn builtin_base(class: &str) -> Option<&'static str> {
    Some(match class {
        "SystemExit" | "KeyboardInterrupt" | "GeneratorExit" | "CancelledError" | "BaseExceptionGroup"
        | "Exception" => "BaseException",
        "ZeroDivisionError" | "OverflowError" | "FloatingPointError" => "ArithmeticError",
        "IndexError" | "KeyError" => "LookupError",
        "BlockingIOError" | "ChildProcessError" | "ConnectionError" | "FileExistsError"
        | "FileNotFoundError" | "InterruptedError" | "IsADirectoryError" | "NotADirectoryError"
        | "PermissionError" | "ProcessLookupError" | "TimeoutError" | "gaierror" | "herror" => "OSError",
        "IOError" | "EnvironmentError" => "OSError",
        "BrokenPipeError" | "ConnectionAbortedError" | "ConnectionRefusedError" | "ConnectionResetError" => {
            "ConnectionError"
        }
        "NotImplementedError" | "RecursionError" | "BrokenBarrierError" => "RuntimeError",
        "IndentationError" => "SyntaxError",
        "TabError" => "IndentationError",
        "UnicodeError" | "JSONDecodeError" => "ValueError",
        "UnicodeDecodeError" | "UnicodeEncodeError" | "UnicodeTranslateError" => "UnicodeError",
        "ModuleNotFoundError" => "ImportError",
        "UnboundLocalError" => "NameError",
        _ => return None,
    })
}

/// Methods of loggers, which raise nothing.
fn is_logging(method: &str) -> bool {
    matches!(method, "debug" | "info" | "warning" | "error" | "exception" | "critical" | "log")
}

/// Looks for calls that do not come back, `await` and `yield` in one expression.
struct Calls<'w> {
    surroundings: &'w dyn Surroundings,
    thrown: Option<&'w Raised>,
    anywhere: Option<&'w Raised>,
    endings: Endings,
    /// Above zero where the code runs only under a condition.
    conditional: u32,
    depth: u32,
}

impl Calls<'_> {
    fn add(&mut self, ending: CallEnding) {
        self.endings.leaves |= ending.leaves;
        add(&mut self.endings.maybe, ending.maybe);
        self.endings.add_raised(ending.raises);
        if !ending.returns && self.conditional == 0 {
            self.endings.normal = false;
        }
    }

    /// Whether an operation is one that raises this. A call may raise anything.
    fn may_raise(&self, expr: &Expr, raised: &Raised) -> bool {
        let Raised::Class(class) = raised else { return false };
        match expr {
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) if is_logging(method.attr.as_str()) => false,
                func => {
                    let name = self.surroundings.qualified(func);
                    !matches!(name.as_deref(), Some("time.sleep" | "print" | "builtins.print" | "len"))
                }
            },
            Expr::Subscript(_) => matches!(&**class, "IndexError" | "KeyError" | "LookupError" | "TypeError"),
            Expr::Attribute(_) => class == "AttributeError",
            Expr::BinOp(_) => {
                matches!(&**class, "ZeroDivisionError" | "ArithmeticError" | "OverflowError" | "TypeError")
            }
            _ => false,
        }
    }

    fn conditionally<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        self.conditional += 1;
        for expr in exprs {
            self.visit_expr(expr);
        }
        self.conditional -= 1;
    }

    fn comprehension<'a>(
        &mut self,
        results: impl IntoIterator<Item = &'a Expr>,
        generators: &'a [ast::Comprehension],
    ) {
        for (index, generator) in generators.iter().enumerate() {
            if index == 0 {
                self.visit_expr(&generator.iter);
            } else {
                self.conditionally([&generator.iter]);
            }
            if generator.is_async {
                self.endings.add_raised(vec![Raised::Cancelled]);
            }
            self.conditionally(&generator.ifs);
        }
        self.conditionally(results);
    }
}

impl<'a> Visitor<'a> for Calls<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        if let Some(raised) = self.anywhere.filter(|raised| self.may_raise(expr, raised)) {
            self.endings.add_raised(vec![raised.clone()]);
        }
        match expr {
            Expr::Call(call) => {
                visitor::walk_expr(self, expr);
                self.add(self.surroundings.call(call));
            }
            Expr::Attribute(attribute) => {
                visitor::walk_expr(self, expr);
                if attribute.ctx.is_load() {
                    self.add(self.surroundings.attribute(attribute));
                }
            }
            Expr::Await(_) => {
                visitor::walk_expr(self, expr);
                self.endings.add_raised(vec![Raised::Cancelled]);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                visitor::walk_expr(self, expr);
                match self.thrown {
                    Some(thrown) => {
                        self.endings.add_raised(vec![thrown.clone()]);
                        self.endings.normal &= self.conditional > 0;
                    }
                    None => self.endings.yields = true,
                }
            }
            Expr::BoolOp(bool_op) => {
                if let [first, rest @ ..] = &*bool_op.values {
                    self.visit_expr(first);
                    self.conditionally(rest);
                }
            }
            Expr::If(if_expr) => {
                self.visit_expr(&if_expr.test);
                self.conditionally([&*if_expr.body, &*if_expr.orelse]);
            }
            Expr::ListComp(comp) => self.comprehension([&*comp.elt], &comp.generators),
            Expr::SetComp(comp) => self.comprehension([&*comp.elt], &comp.generators),
            Expr::DictComp(comp) => {
                self.comprehension(comp.key.as_deref().into_iter().chain([&*comp.value]), &comp.generators);
            }
            // These run later, if at all.
            Expr::Lambda(_) => {}
            Expr::Generator(generator) => {
                if let Some(first) = generator.generators.first() {
                    self.visit_expr(&first.iter);
                }
            }
            _ => visitor::walk_expr(self, expr),
        }
        self.depth -= 1;
    }
}

struct YieldSearch {
    found: bool,
    depth: u32,
}

impl<'a> Visitor<'a> for YieldSearch {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) && self.depth < MAX_DEPTH {
            self.depth += 1;
            visitor::walk_stmt(self, stmt);
            self.depth -= 1;
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.found = true,
            Expr::Lambda(_) => {}
            _ if self.found || self.depth >= MAX_DEPTH => {}
            _ => {
                self.depth += 1;
                visitor::walk_expr(self, expr);
                self.depth -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Whether code stores something in a variable of a module, as far as its text tells.

use foldhash::{HashSet, HashSetExt};

use crate::python::visitor::{self, Visitor};
use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_python_ast::{Expr, Stmt};

/// Methods that put what they are given, or its elements, into a container. Checks of threads and of
/// shared state have lists of their own because they ask something else: which methods change an
/// object at all (`pop`, `clear`), or which keep an object that others may then have; one more name
/// there makes another answer, and is no truer for being here.
pub(super) const PUTTING: [&str; 11] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "extendleft",
    "insert",
    "push",
    "put",
    "put_nowait",
    "setdefault",
    "update",
];
/// Methods that put it into a file.
const WRITING: [&str; 2] = ["write", "writelines"];

/// The variables of its module that code stores in, or in parts of them.
pub(super) fn stored(body: &[Stmt]) -> HashSet<Name> {
    let mut writers = Writers { imports: None, names: HashSet::new() };
    writers.visit_body(body);
    writers.names
}

/// The variables of other modules that code stores in, or in parts of them: by an imported module,
/// or by the variable that it has imported.
pub fn stored_from_outside(body: &[Stmt]) -> HashSet<Name> {
    #[derive(Default)]
    struct Imports<'a>(HashSet<&'a str>);
    impl<'a> StatementVisitor<'a> for Imports<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            let names = match statement {
                Stmt::Import(import) => &import.names,
                Stmt::ImportFrom(import) => &import.names,
                other => return statement_visitor::walk_stmt(self, other),
            };
            for alias in names {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                self.0.insert(bound.split('.').next().unwrap_or(bound));
            }
        }
    }
    let mut imports = Imports::default();
    imports.visit_body(body);
    if imports.0.is_empty() {
        return HashSet::new();
    }
    let mut writers = Writers { imports: Some(&imports.0), names: HashSet::new() };
    writers.visit_body(body);
    writers.names
}

struct Writers<'n> {
    /// From outside: what the module imports.
    imports: Option<&'n HashSet<&'n str>>,
    names: HashSet<Name>,
}

impl Writers<'_> {
    fn target(&mut self, target: &Expr) {
        let mut targets = vec![target];
        while let Some(target) = targets.pop() {
            match target {
                Expr::Tuple(tuple) => targets.extend(&tuple.elts),
                Expr::List(list) => targets.extend(&list.elts),
                Expr::Starred(starred) => targets.push(&starred.value),
                Expr::Attribute(_) | Expr::Subscript(_) => self.part(target),
                _ => {}
            }
        }
    }

    /// An expression is a variable or a part of it: which variables that may be.
    fn part(&mut self, expression: &Expr) {
        let mut attributes: Vec<&Name> = Vec::new();
        let mut expression = expression;
        loop {
            expression = match expression {
                Expr::Attribute(attribute) => {
                    attributes.push(&attribute.attr.id);
                    &attribute.value
                }
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Name(name) => {
                    match self.imports {
                        Some(imports) if imports.contains(name.id.as_str()) => {
                            self.names.insert(name.id.clone());
                            self.names.extend(attributes.into_iter().cloned());
                        }
                        Some(_) => {}
                        None => drop(self.names.insert(name.id.clone())),
                    }
                    return;
                }
                _ => return,
            };
        }
    }
}

impl<'a> Visitor<'a> for Writers<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.target(target)),
            Stmt::AnnAssign(assign) => self.target(&assign.target),
            Stmt::AugAssign(assign) => self.target(&assign.target),
            Stmt::For(loop_) => self.target(&loop_.target),
            Stmt::With(with) => {
                for target in with.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    self.target(target);
                }
            }
            Stmt::Global(global) if self.imports.is_none() => {
                self.names.extend(global.names.iter().map(|name| name.id.clone()));
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(ast::ExprCall { func, arguments, .. }) = expression {
            match &**func {
                Expr::Attribute(method)
                    if PUTTING.contains(&method.attr.as_str()) || WRITING.contains(&method.attr.as_str()) =>
                {
                    self.part(&method.value);
                }
                // `setattr(module, "name", value)`
                Expr::Name(function) if function.id.as_str() == "setattr" => {
                    if let ([Expr::Name(object), Expr::StringLiteral(name), _], Some(imports)) =
                        (&*arguments.args, self.imports)
                        && imports.contains(object.id.as_str())
                    {
                        self.names.insert(Name::new(name.value.to_str()));
                    }
                }
                _ => {}
            }
        }
        visitor::walk_expr(self, expression);
    }
}

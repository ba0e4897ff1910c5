//! What names of a file mean: imports and their aliases.

use foldhash::HashMap;
use std::sync::OnceLock;

use ruff_python_ast::statement_visitor::{StatementVisitor, walk_body, walk_stmt};
use ruff_python_ast::{Alias, Expr, ExprName, Identifier, ModModule, Stmt, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::propagate::Values;

/// What is known of a file's names, gathered once.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// A name that imports bind, and these imports in the order of the text.
    imported: HashMap<Box<str>, Vec<Import>>,
    /// The functions of the file, each before those inside it.
    functions: Vec<TextRange>,
    /// Modules of which everything is imported at the top of the file.
    wildcards: Vec<Box<str>>,
    /// What variables hold, followed when it is first asked for.
    values: OnceLock<Values>,
}

/// An import that binds a name.
#[derive(Debug)]
struct Import {
    /// What the name stands for.
    path: Box<str>,
    at: TextSize,
    /// The block that it stands in: behind it the name stands for nothing else there.
    block: TextRange,
    /// The function or class that the name is one of, or the file.
    scope: TextRange,
}

impl Facts {
    /// Reads the imports of a file.
    pub(crate) fn of(module: &ModModule) -> Self {
        let whole = TextRange::up_to(module.end());
        let mut imports =
            Imports { facts: Self::default(), file: whole, scopes: vec![Scope::new(whole)], block: whole };
        imports.visit_body(&module.body);
        for statement in &module.body {
            if let Stmt::ImportFrom(from) = statement
                && from.level == 0
                && from.names.iter().any(|alias| alias.name.as_str() == "*")
                && let Some(module) = &from.module
            {
                imports.facts.wildcards.push(module.as_str().into());
            }
        }
        imports.facts
    }

    /// What the variables of the file hold.
    pub(super) fn values(&self, module: &ModModule) -> &Values {
        self.values.get_or_init(|| Values::of(module))
    }

    /// The paths that a name may stand for through an import where it is read; none that is the name.
    pub(super) fn imported(&self, name: &ExprName) -> Vec<&str> {
        let is_other = |import: &Import| *import.path != *name.id.as_str();
        let imports = match self.imported.get(name.id.as_str()) {
            Some(imports) if imports.iter().any(is_other) => imports,
            Some(_) | None => return Vec::new(),
        };
        let at = name.start();
        let mut scopes: Vec<TextRange> =
            imports.iter().map(|import| import.scope).filter(|scope| scope.contains(at)).collect();
        scopes.sort_by_key(|scope| scope.len());
        scopes.dedup();
        for scope in scopes {
            let runs_later = || {
                let inside = |function: &&TextRange| function.contains(at) && **function != scope;
                self.functions.iter().filter(inside).any(|function| scope.contains_range(*function))
            };
            let of_scope = || imports.iter().filter(|import| import.scope == scope);
            let is_in_force = |import: &&Import| {
                let is_replaced =
                    |other: &Import| import.at < other.at && other.at < at && other.block.contains(at);
                (import.at < at || runs_later()) && !of_scope().any(is_replaced)
            };
            let mut in_force = of_scope().filter(is_in_force).peekable();
            if in_force.peek().is_some() {
                let others = in_force.filter(|import| is_other(import));
                let mut paths: Vec<&str> = others.map(|import| &*import.path).collect();
                paths.sort_unstable();
                paths.dedup();
                return paths;
            }
        }
        Vec::new()
    }

    pub(super) fn wildcards(&self) -> &[Box<str>] {
        &self.wildcards
    }
}

/// The first name of `a.b.c`.
pub(super) fn first_name(expression: &Expr) -> Option<&ExprName> {
    let mut expression = expression;
    loop {
        match expression {
            Expr::Name(name) => return Some(name),
            Expr::Attribute(attribute) => expression = &attribute.value,
            _ => return None,
        }
    }
}

/// The parts of `a.b.c`.
pub(super) fn parts(expression: &Expr) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut expression = expression;
    loop {
        match expression {
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                parts.reverse();
                return Some(parts);
            }
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                expression = &attribute.value;
            }
            _ => return None,
        }
    }
}

struct Imports<'a> {
    facts: Facts,
    file: TextRange,
    /// The functions and classes around, outermost first: the file itself.
    scopes: Vec<Scope<'a>>,
    /// The block around.
    block: TextRange,
}

struct Scope<'a> {
    range: TextRange,
    /// Names that are said to be those of the file.
    global: Vec<&'a str>,
}

impl Scope<'_> {
    fn new(range: TextRange) -> Self {
        Self { range, global: Vec::new() }
    }
}

impl<'a> Imports<'a> {
    fn bind(&mut self, name: &str, path: &str, at: TextSize) {
        let scope = self.scopes.last().filter(|scope| !scope.global.contains(&name));
        let scope = scope.map_or(self.file, |scope| scope.range);
        let import = Import { path: path.into(), at, block: self.block, scope };
        self.facts.imported.entry(name.into()).or_default().push(import);
    }

    fn from(&mut self, from: &StmtImportFrom, alias: &Alias) {
        if alias.name.as_str() == "*" {
            return;
        }
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        match &from.module {
            Some(module) if from.level == 0 => {
                self.bind(name, &format!("{module}.{}", alias.name), alias.start());
            }
            // A relative import names a module of the same package, which a pattern cannot name.
            Some(_) | None => self.bind(name, name, alias.start()),
        }
    }

    fn in_scope(&mut self, statement: &'a Stmt) {
        self.scopes.push(Scope::new(statement.range()));
        walk_stmt(self, statement);
        self.scopes.pop();
    }
}

impl<'a> StatementVisitor<'a> for Imports<'a> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        let (Some(first), Some(last)) = (body.first(), body.last()) else { return };
        let outer = std::mem::replace(&mut self.block, first.range().cover(last.range()));
        walk_body(self, body);
        self.block = outer;
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    match &alias.asname {
                        Some(name) => self.bind(name, &alias.name, alias.start()),
                        None => {
                            let first = alias.name.split('.').next().unwrap_or(&alias.name);
                            self.bind(first, first, alias.start());
                        }
                    }
                }
            }
            Stmt::ImportFrom(from) => {
                for alias in &from.names {
                    self.from(from, alias);
                }
            }
            Stmt::Global(node) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.global.extend(node.names.iter().map(Identifier::as_str));
                }
            }
            Stmt::FunctionDef(_) => {
                self.facts.functions.push(statement.range());
                self.in_scope(statement);
            }
            Stmt::ClassDef(_) => self.in_scope(statement),
            _ => walk_stmt(self, statement),
        }
    }
}

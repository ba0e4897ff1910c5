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
    /// The bodies of the functions of the file, each before those inside it.
    functions: Vec<TextRange>,
    /// Modules of which everything is imported outside of functions.
    wildcards: Vec<Box<str>>,
    /// What variables hold, followed when it is first asked for.
    values: OnceLock<Values>,
}

/// An import that binds a name.
#[derive(Debug)]
pub(super) struct Import {
    /// What the name stands for.
    path: Box<str>,
    at: TextSize,
    /// From where on it may have run: from the beginning of the loop around it, if there is one.
    since: TextSize,
    /// The block that it stands in: behind it the name stands for nothing else there.
    block: TextRange,
    /// Where the name belongs.
    scope: Scope,
    /// It runs in a function for a name of what is around, so that it may run at any time.
    runs_any_time: bool,
}

impl Import {
    /// What the name stands for.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

/// The body of a function or class, or the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scope {
    range: TextRange,
    is_class: bool,
}

impl Facts {
    /// Reads the imports of a file.
    pub(crate) fn of(module: &ModModule) -> Self {
        let file = Scope { range: TextRange::up_to(module.end()), is_class: false };
        let surroundings = vec![Surroundings::new(file)];
        let mut imports = Imports { facts: Self::default(), surroundings, block: file.range };
        imports.visit_body(&module.body);
        imports.facts
    }

    /// What the variables of the file hold.
    pub(super) fn values(&self, module: &ModModule) -> &Values {
        self.values.get_or_init(|| Values::of(module))
    }

    /// The imports that may say what a name stands for where it is read; none that say that it is itself.
    pub(super) fn imported(&self, name: &ExprName, module: &ModModule) -> Vec<&Import> {
        let is_other = |import: &Import| *import.path != *name.id.as_str();
        let imports = match self.imported.get(name.id.as_str()) {
            Some(imports) if imports.iter().any(is_other) => imports,
            Some(_) | None => return Vec::new(),
        };
        let at = name.start();
        let mut scopes: Vec<Scope> =
            imports.iter().map(|import| import.scope).filter(|scope| scope.range.contains(at)).collect();
        scopes.sort_by_key(|scope| scope.range.len());
        scopes.dedup();
        let mut found = Vec::new();
        for scope in scopes {
            let may_matter = scope.is_class || imports.iter().any(|import| at < import.at);
            let runs_later = may_matter && self.runs_later(at, scope.range, module);
            // A function does not see the names of the class around it.
            if scope.is_class && runs_later {
                continue;
            }
            let of_scope = || imports.iter().filter(|import| import.scope == scope);
            let certain = of_scope().filter(|import| import.at < at && import.block.contains(at));
            let last = certain.map(|import| import.at).max();
            let is_replaced = |since: TextSize| last.is_some_and(|last| since < last);
            let before = found.len();
            found.extend(of_scope().filter(|import| {
                import.runs_any_time
                    || if import.at < at {
                        !is_replaced(import.at)
                    } else {
                        runs_later || import.since < at && !is_replaced(import.since)
                    }
            }));
            // What a class may not have by now is looked for around it.
            if found.len() > before && (!scope.is_class || last.is_some()) {
                break;
            }
        }
        found.retain(|import| is_other(import));
        found
    }

    /// Whether code runs when all of a scope that is around it may have run: in a function or lambda there.
    fn runs_later(&self, at: TextSize, scope: TextRange, module: &ModModule) -> bool {
        let is_between = |function: &TextRange| {
            function.contains(at) && *function != scope && scope.contains_range(*function)
        };
        self.functions.iter().any(is_between) || self.values(module).lambdas().iter().any(is_between)
    }

    /// Modules of which everything is imported: they may say what a name stands for that is not imported
    /// by itself. Whether they have a name that is, nobody knows.
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
    /// The functions and classes around, outermost first: the file itself.
    surroundings: Vec<Surroundings<'a>>,
    /// The block around.
    block: TextRange,
}

/// What is around an import.
struct Surroundings<'a> {
    scope: Scope,
    /// Names that are said to be those of the file.
    global: Vec<&'a str>,
    /// Names that are said to be those of a function around.
    nonlocal: Vec<&'a str>,
    /// The beginning of the outermost loop around.
    loop_start: Option<TextSize>,
}

impl Surroundings<'_> {
    fn new(scope: Scope) -> Self {
        Self { scope, global: Vec::new(), nonlocal: Vec::new(), loop_start: None }
    }
}

impl<'a> Imports<'a> {
    fn bind(&mut self, name: &str, path: &str, at: TextSize) {
        let Some((here, around)) = self.surroundings.split_last() else { return };
        let other = if here.global.contains(&name) {
            around.first()
        } else if here.nonlocal.contains(&name) {
            around.iter().rev().find(|surroundings| !surroundings.scope.is_class)
        } else {
            None
        };
        let import = Import {
            path: path.into(),
            at,
            since: here.loop_start.unwrap_or(at),
            block: self.block,
            scope: other.unwrap_or(here).scope,
            runs_any_time: other.is_some(),
        };
        self.facts.imported.entry(name.into()).or_default().push(import);
    }

    fn from(&mut self, from: &StmtImportFrom, alias: &Alias) {
        if alias.name.as_str() == "*" {
            // In a function Python does not allow it.
            if let (Some(module), 0, [_]) = (&from.module, from.level, &self.surroundings[..]) {
                self.facts.wildcards.push(module.as_str().into());
            }
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

    fn in_scope(&mut self, body: &'a [Stmt], is_class: bool) {
        let range = range_of(body);
        if !is_class {
            self.facts.functions.push(range);
        }
        self.surroundings.push(Surroundings::new(Scope { range, is_class }));
        self.visit_body(body);
        self.surroundings.pop();
    }

    fn in_loop(&mut self, statement: &'a Stmt) {
        let outer = self.surroundings.last().and_then(|here| here.loop_start);
        if let Some(here) = self.surroundings.last_mut() {
            here.loop_start = outer.or(Some(statement.start()));
        }
        walk_stmt(self, statement);
        if let Some(here) = self.surroundings.last_mut() {
            here.loop_start = outer;
        }
    }
}

fn range_of(body: &[Stmt]) -> TextRange {
    match (body.first(), body.last()) {
        (Some(first), Some(last)) => first.range().cover(last.range()),
        _ => TextRange::default(),
    }
}

impl<'a> StatementVisitor<'a> for Imports<'a> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        let outer = std::mem::replace(&mut self.block, range_of(body));
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
                if let Some(here) = self.surroundings.last_mut() {
                    here.global.extend(node.names.iter().map(Identifier::as_str));
                }
            }
            Stmt::Nonlocal(node) => {
                if let Some(here) = self.surroundings.last_mut() {
                    here.nonlocal.extend(node.names.iter().map(Identifier::as_str));
                }
            }
            Stmt::FunctionDef(node) => self.in_scope(&node.body, false),
            Stmt::ClassDef(node) => self.in_scope(&node.body, true),
            Stmt::For(_) | Stmt::While(_) => self.in_loop(statement),
            _ => walk_stmt(self, statement),
        }
    }
}

//! What names of a file mean: imports and their aliases.

use foldhash::HashMap;
use std::sync::OnceLock;

use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::{Alias, Expr, ExprName, ModModule, Stmt, StmtImportFrom};

use super::propagate::Values;

/// What is known of a file's names, gathered once.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// A name that an import binds, and the paths that it may stand for.
    imported: HashMap<Box<str>, Vec<Box<str>>>,
    /// Modules of which everything is imported at the top of the file.
    wildcards: Vec<Box<str>>,
    /// What variables hold, followed when it is first asked for.
    values: OnceLock<Values>,
}

impl Facts {
    /// Reads the imports of a file.
    pub(crate) fn of(module: &ModModule) -> Self {
        let mut imports = Imports { facts: Self::default() };
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

    /// The paths that a name may stand for through an import.
    pub(super) fn imported(&self, name: &str) -> &[Box<str>] {
        self.imported.get(name).map_or(&[], Vec::as_slice)
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

struct Imports {
    facts: Facts,
}

impl Imports {
    fn bind(&mut self, name: &str, path: String) {
        let paths = self.facts.imported.entry(name.into()).or_default();
        if !paths.iter().any(|known| **known == *path) {
            paths.push(path.into());
        }
    }

    fn from(&mut self, from: &StmtImportFrom, alias: &Alias) {
        // A relative import names a module of the same package, which a pattern cannot name.
        if from.level > 0 || alias.name.as_str() == "*" {
            return;
        }
        let name = alias.asname.as_ref().unwrap_or(&alias.name);
        if let Some(module) = &from.module {
            self.bind(name, format!("{module}.{}", alias.name));
        }
    }
}

impl<'a> StatementVisitor<'a> for Imports {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    if let Some(name) = &alias.asname {
                        self.bind(name, alias.name.to_string());
                    }
                }
            }
            Stmt::ImportFrom(from) => {
                for alias in &from.names {
                    self.from(from, alias);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }
}

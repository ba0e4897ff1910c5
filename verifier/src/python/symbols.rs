//! The classes and functions of one file, by dotted name and by place.
//!
//! A name can be defined more than once. Definitions on different branches (`if`/`else`,
//! `try`/`except`) are all kept, because any of them may be the one that counts; of definitions
//! in the same block the last one wins, as it does when Python runs the block.

use std::collections::HashMap;

use crate::python::ast::{self, Stmt};
use crate::python::{Ranged, TextRange, TextSize};

/// The definitions of a file, in source order.
#[derive(Debug, Default)]
pub struct SymbolTable {
    symbols: Vec<Symbol>,
    /// The classes and functions in source order, each with its place in this list of the one
    /// around it: a file can have a hundred thousand of them, and as many places to name.
    definitions: Vec<(usize, Option<usize>)>,
}

/// One class, function or module-level name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// `GRPCServer.start`, `outer.inner`: without the `<locals>` that Python puts in between.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The whole definition, with its decorators.
    pub range: TextRange,
    /// The definition without its decorators.
    pub body: TextRange,
    /// A later definition in the same block replaces this one.
    pub replaced: bool,
    /// The block that the definition stands in: a number that differs per block of the file.
    block: u32,
}

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// `class`.
    Class,
    /// `def` or `async def`.
    Function,
    /// A module-level or class-level name that is assigned.
    Variable,
}

impl SymbolTable {
    /// Lists the definitions in a tree.
    pub fn new(module: &ast::ModModule) -> Self {
        let mut builder = Builder { symbols: Vec::new(), blocks: 0 };
        builder.block("", &module.body, true);
        let mut symbols = builder.symbols;
        symbols.sort_by_key(|symbol| symbol.range.start());
        let mut last: HashMap<(u32, String), usize> = HashMap::new();
        for (index, symbol) in symbols.iter().enumerate() {
            if symbol.kind != SymbolKind::Variable {
                last.insert((symbol.block, symbol.name.clone()), index);
            }
        }
        for (index, symbol) in symbols.iter_mut().enumerate() {
            symbol.replaced = symbol.kind != SymbolKind::Variable
                && last.get(&(symbol.block, symbol.name.clone())).is_some_and(|last| *last > index);
        }
        let definitions = definitions(&symbols);
        Self { symbols, definitions }
    }

    /// All definitions in source order, replaced ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter()
    }

    /// The definitions that a dotted name can mean: several when they stand on different branches.
    pub fn find(&self, name: &str) -> Vec<&Symbol> {
        self.symbols.iter().filter(|symbol| symbol.name == name && !symbol.replaced).collect()
    }

    /// The innermost class or function around a place.
    pub fn innermost(&self, place: TextRange) -> Option<&Symbol> {
        let after = self
            .definitions
            .partition_point(|(index, _)| self.symbols[*index].range.start() <= place.start());
        let mut candidate = after.checked_sub(1);
        while let Some((index, around)) = candidate.map(|candidate| self.definitions[candidate]) {
            if self.symbols[index].range.contains_range(place) {
                return Some(&self.symbols[index]);
            }
            candidate = around;
        }
        None
    }
}

/// The classes and functions of a file, each with the one around it.
fn definitions(symbols: &[Symbol]) -> Vec<(usize, Option<usize>)> {
    let mut definitions: Vec<(usize, Option<usize>)> = Vec::new();
    let mut around: Vec<usize> = Vec::new();
    for (index, symbol) in symbols.iter().enumerate() {
        if symbol.kind == SymbolKind::Variable {
            continue;
        }
        while around
            .last()
            .is_some_and(|outer| !symbols[definitions[*outer].0].range.contains_range(symbol.range))
        {
            around.pop();
        }
        definitions.push((index, around.last().copied()));
        around.push(definitions.len() - 1);
    }
    definitions
}

struct Builder {
    symbols: Vec<Symbol>,
    blocks: u32,
}

impl Builder {
    /// Lists one block. `names` says whether assigned names count: at module and class level.
    fn block(&mut self, prefix: &str, body: &[Stmt], names: bool) {
        let block = self.blocks;
        self.blocks += 1;
        for stmt in body {
            self.statement(prefix, stmt, block, names);
        }
    }

    fn statement(&mut self, prefix: &str, stmt: &Stmt, block: u32, names: bool) {
        match stmt {
            Stmt::FunctionDef(function) => {
                let start = start(function.start(), &function.decorator_list, &function.name);
                let name = self.define(
                    prefix,
                    function.name.as_str(),
                    SymbolKind::Function,
                    function.range(),
                    TextRange::new(start, function.end()),
                    block,
                );
                self.block(&name, &function.body, false);
            }
            Stmt::ClassDef(class) => {
                let start = start(class.start(), &class.decorator_list, &class.name);
                let name = self.define(
                    prefix,
                    class.name.as_str(),
                    SymbolKind::Class,
                    class.range(),
                    TextRange::new(start, class.end()),
                    block,
                );
                self.block(&name, &class.body, true);
            }
            Stmt::Assign(assign) if names => {
                for target in &assign.targets {
                    self.variable(prefix, target, stmt.range(), block);
                }
            }
            Stmt::AnnAssign(assign) if names => {
                self.variable(prefix, &assign.target, stmt.range(), block);
            }
            Stmt::If(if_stmt) => {
                self.block(prefix, &if_stmt.body, names);
                for clause in &if_stmt.elif_else_clauses {
                    self.block(prefix, &clause.body, names);
                }
            }
            Stmt::Try(try_stmt) => {
                self.block(prefix, &try_stmt.body, names);
                for ast::ExceptHandler::ExceptHandler(handler) in &try_stmt.handlers {
                    self.block(prefix, &handler.body, names);
                }
                self.block(prefix, &try_stmt.orelse, names);
                self.block(prefix, &try_stmt.finalbody, names);
            }
            Stmt::For(for_stmt) => {
                self.block(prefix, &for_stmt.body, names);
                self.block(prefix, &for_stmt.orelse, names);
            }
            Stmt::While(while_stmt) => {
                self.block(prefix, &while_stmt.body, names);
                self.block(prefix, &while_stmt.orelse, names);
            }
            // The body of a `with` runs where it stands: its definitions are those of the block.
            Stmt::With(with_stmt) => {
                for inner in &with_stmt.body {
                    self.statement(prefix, inner, block, names);
                }
            }
            Stmt::Match(match_stmt) => {
                for case in &match_stmt.cases {
                    self.block(prefix, &case.body, names);
                }
            }
            _ => {}
        }
    }

    fn variable(&mut self, prefix: &str, target: &ast::Expr, range: TextRange, block: u32) {
        match target {
            ast::Expr::Name(name) => {
                let name = name.id.as_str();
                self.define(prefix, name, SymbolKind::Variable, range, range, block);
            }
            ast::Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.variable(prefix, element, range, block);
                }
            }
            _ => {}
        }
    }

    fn define(
        &mut self,
        prefix: &str,
        name: &str,
        kind: SymbolKind,
        range: TextRange,
        body: TextRange,
        block: u32,
    ) -> String {
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let replaced = false;
        self.symbols.push(Symbol { name: name.clone(), kind, range, body, replaced, block });
        name
    }
}

/// Where a definition begins without its decorators. The tree has no place for the keyword, so
/// it is the name when there are decorators: that is on the same line.
fn start(whole: TextSize, decorators: &[ast::Decorator], name: &ast::Identifier) -> TextSize {
    if decorators.is_empty() { whole } else { name.start() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::SourceFile;
    use crate::target::RelativePath;

    fn check(text: &str, name: &str, expected_lines: &[u32]) {
        let source = SourceFile::parse(RelativePath::new("a.py").unwrap(), text);
        let table = SymbolTable::new(source.module());
        let lines: Vec<u32> =
            table.find(name).iter().map(|symbol| source.line(symbol.body.start())).collect();
        assert_eq!(lines, expected_lines, "{name} in\n{text}");
    }

    #[test]
    fn dotted_names_are_found() {
        let text = "class A:\n  x = 1\n  def m(self):\n    def inner(): ...\n  class B:\n    async def n(self): ...\nTOP, OTHER = 1, 2\n";
        check(text, "A", &[1]);
        check(text, "A.x", &[2]);
        check(text, "A.m", &[3]);
        check(text, "A.m.inner", &[4]);
        check(text, "A.B.n", &[6]);
        check(text, "OTHER", &[7]);
        check(text, "m", &[]);
    }

    #[test]
    fn last_definition_of_a_block_wins_and_branches_are_all_kept() {
        check("def f(): ...\ndef f(): ...\n", "f", &[2]);
        check("if x:\n  def f(): ...\nelse:\n  def f(): ...\n", "f", &[2, 4]);
        check("try:\n  class A: ...\nexcept E:\n  class A: ...\n", "A", &[2, 4]);
    }

    #[test]
    fn innermost_is_the_deepest_definition_around_a_place() {
        let text = "class A:\n  def m(self):\n    x = 1\n  y = 2\nz = 3\n";
        let source = SourceFile::parse(RelativePath::new("a.py").unwrap(), text);
        let table = SymbolTable::new(source.module());
        let at = |needle: &str| {
            let start = TextSize::try_from(text.find(needle).unwrap()).unwrap();
            table.innermost(TextRange::empty(start)).map(|symbol| symbol.name.as_str())
        };
        assert_eq!(at("x ="), Some("A.m"));
        assert_eq!(at("y ="), Some("A"));
        assert_eq!(at("z ="), None);
    }
}

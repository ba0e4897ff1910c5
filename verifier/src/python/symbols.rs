//! The classes and functions of one file, by dotted name and by place.
//!
//! A name can be defined more than once. Definitions on different branches (`if`/`else`,
//! `try`/`except`) are all kept, because any of them may be the one that counts; of definitions
//! in the same block the last one wins, as it does when Python runs the block, unless somebody has
//! got hold of an earlier one before: `@state.setter` of the getter, `@app.route` of a handler.

use std::collections::{HashMap, HashSet};

use crate::python::ast::{self, Expr, Stmt};
use crate::python::visitor::{self, Visitor};
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
    /// A later definition in the same block replaces this one, and nothing has kept it.
    pub replaced: bool,
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
        let mut builder = Builder { symbols: Vec::new(), replaced: HashSet::new() };
        builder.block("", &module.body, true);
        let Builder { mut symbols, replaced } = builder;
        symbols.sort_by_key(|symbol| symbol.range.start());
        for symbol in &mut symbols {
            symbol.replaced = symbol.kind != SymbolKind::Variable && replaced.contains(&symbol.range.start());
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
    /// Where definitions start that others replace.
    replaced: HashSet<TextSize>,
}

impl Builder {
    /// Lists one block. `names` says whether assigned names count: at module and class level.
    fn block(&mut self, prefix: &str, body: &[Stmt], names: bool) {
        self.replaced.extend(replaced(body));
        for stmt in body {
            self.statement(prefix, stmt, names);
        }
    }

    fn statement(&mut self, prefix: &str, stmt: &Stmt, names: bool) {
        match stmt {
            Stmt::FunctionDef(function) => {
                let start = start(function.start(), &function.decorator_list, &function.name);
                let name = self.define(
                    prefix,
                    function.name.as_str(),
                    SymbolKind::Function,
                    function.range(),
                    TextRange::new(start, function.end()),
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
                );
                self.block(&name, &class.body, true);
            }
            Stmt::Assign(assign) if names => {
                for target in &assign.targets {
                    self.variable(prefix, target, stmt.range());
                }
            }
            Stmt::AnnAssign(assign) if names => {
                self.variable(prefix, &assign.target, stmt.range());
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
                    self.statement(prefix, inner, names);
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

    fn variable(&mut self, prefix: &str, target: &Expr, range: TextRange) {
        match target {
            Expr::Name(name) => {
                let name = name.id.as_str();
                self.define(prefix, name, SymbolKind::Variable, range, range);
            }
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.variable(prefix, element, range);
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
    ) -> String {
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let replaced = false;
        self.symbols.push(Symbol { name: name.clone(), kind, range, body, replaced });
        name
    }
}

/// Where the definitions of a block start that a later one replaces before anybody has got hold of
/// them.
fn replaced(body: &[Stmt]) -> Vec<TextSize> {
    let mut statements = Vec::new();
    flatten(body, &mut statements);
    let mut names = HashSet::new();
    if statements.iter().filter_map(|stmt| defined(stmt)).all(|(name, _)| names.insert(name)) {
        return Vec::new();
    }
    let mut replaced = Vec::new();
    let mut unseen: HashMap<&str, TextSize> = HashMap::new();
    for stmt in statements {
        let definition = defined(stmt);
        let mut readers = Readers { unseen: &mut unseen };
        match stmt {
            // What stands in a body under `with` is read when its own turn comes.
            Stmt::With(with) => with.items.iter().for_each(|item| readers.visit_with_item(item)),
            _ => readers.visit_stmt(stmt),
        }
        let Some((name, decorators)) = definition else { continue };
        replaced.extend(unseen.remove(name));
        if decorators.iter().all(|decorator| keeps_nothing(&decorator.expression)) {
            unseen.insert(name, stmt.range().start());
        }
    }
    replaced
}

/// The statements of a block; the body of a `with` runs where it stands.
fn flatten<'b>(body: &'b [Stmt], into: &mut Vec<&'b Stmt>) {
    for stmt in body {
        into.push(stmt);
        if let Stmt::With(with) = stmt {
            flatten(&with.body, into);
        }
    }
}

fn defined(stmt: &Stmt) -> Option<(&str, &[ast::Decorator])> {
    match stmt {
        Stmt::FunctionDef(function) => Some((function.name.as_str(), &function.decorator_list)),
        Stmt::ClassDef(class) => Some((class.name.as_str(), &class.decorator_list)),
        _ => None,
    }
}

/// Decorators that give what they decorate to nobody else. Any other may have kept it somewhere.
fn keeps_nothing(decorator: &Expr) -> bool {
    const NAMES: [&str; 10] = [
        "abstractmethod",
        "cached_property",
        "classmethod",
        "contextmanager",
        "dataclass",
        "final",
        "overload",
        "override",
        "property",
        "staticmethod",
    ];
    match decorator {
        Expr::Name(name) => NAMES.contains(&name.id.as_str()),
        Expr::Attribute(attribute) => NAMES.contains(&attribute.attr.as_str()),
        Expr::Call(call) => keeps_nothing(&call.func),
        _ => false,
    }
}

/// Takes away the names that code reads when it runs where it stands: the bodies of functions run
/// later, and find the last definition.
struct Readers<'r, 'b> {
    unseen: &'r mut HashMap<&'b str, TextSize>,
}

impl<'a> Visitor<'a> for Readers<'_, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.visit_parameters(&function.parameters);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_load() => drop(self.unseen.remove(name.id.as_str())),
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
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
    fn definition_that_somebody_has_got_hold_of_is_not_replaced() {
        let property = "class A:\n  @property\n  def x(self): ...\n  @x.setter\n  def x(self, v): ...\n";
        check(property, "A.x", &[3, 5]);
        check("@app.route('/')\ndef f(): ...\n@app.route('/b')\ndef f(): ...\n", "f", &[2, 4]);
        check("@show.register\ndef _(x: int): ...\n@show.register\ndef _(x: str): ...\n", "_", &[2, 4]);
        check("def f(): ...\nold = f\ndef f(): ...\n", "f", &[1, 3]);
        check("with x:\n  def f(): ...\nuse(f)\ndef f(): ...\n", "f", &[2, 4]);
        check("def f(): ...\ndef f(): ...\nold = f\ndef f(): ...\n", "f", &[2, 4]);
    }

    #[test]
    fn definition_that_nobody_can_reach_is_replaced() {
        check(
            "@typing.overload\ndef f(x: int): ...\n@overload\ndef f(x: str): ...\ndef f(x): ...\n",
            "f",
            &[5],
        );
        check("class A:\n  @property\n  def x(self): ...\n  @property\n  def x(self): ...\n", "A.x", &[5]);
        // Who calls it later calls the last one.
        check("def f(): ...\ndef g(): return f()\nh = lambda: f()\ndef f(): ...\n", "f", &[4]);
        check("with x:\n  def f(): ...\ndef f(): ...\n", "f", &[3]);
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

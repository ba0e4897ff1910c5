//! Rewritings of Python that change its text and not its meaning. Each takes a file and gives
//! the file rewritten, or nothing where it does not apply. They err on the careful side: a name
//! that might mean something else is left alone.

use std::collections::{BTreeMap, BTreeSet};

use verifier::python::ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use verifier::python::ast::{self, AnyNodeRef, ExprContext, Stmt};
use verifier::python::{Ranged, SourceFile, TextRange, TextSize};
use verifier::target::RelativePath;

/// Ways to write the same program differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rewriting {
    /// A comment and a blank line before every statement.
    Comments,
    /// The arguments of every call on a line of their own.
    BrokenLines,
    /// The methods of every class in reverse order.
    ReversedMethods,
    /// `import zmq` becomes `import zmq as zmq_again`.
    ModuleAliases,
    /// `from x import y` becomes `from x import y as y_again`.
    NameAliases,
    /// `import pickle` with `pickle.loads` becomes `from pickle import loads as pickle_loads`.
    ImportedFunctions,
    /// Local variables get other names.
    RenamedLocals,
    /// `elif` becomes `else:` with an `if` inside.
    NestedElif,
}

impl Rewriting {
    pub(crate) const ALL: [Rewriting; 8] = [
        Rewriting::Comments,
        Rewriting::BrokenLines,
        Rewriting::ReversedMethods,
        Rewriting::ModuleAliases,
        Rewriting::NameAliases,
        Rewriting::ImportedFunctions,
        Rewriting::RenamedLocals,
        Rewriting::NestedElif,
    ];

    /// The rewritten text, if there was anything to rewrite. A file that does not compile is
    /// left alone: what it means is not known.
    pub(crate) fn apply(self, path: &RelativePath, text: &str) -> Option<String> {
        let file = SourceFile::parse(path.clone(), text);
        if !file.errors().is_empty() {
            return None;
        }
        let edits = match self {
            Rewriting::Comments => comments(&file),
            Rewriting::BrokenLines => broken_lines(&file),
            Rewriting::ReversedMethods => reversed_methods(&file),
            Rewriting::ModuleAliases => module_aliases(&file),
            Rewriting::NameAliases => name_aliases(&file),
            Rewriting::ImportedFunctions => imported_functions(&file),
            Rewriting::RenamedLocals => renamed_locals(&file),
            Rewriting::NestedElif => nested_elif(&file),
        };
        (!edits.is_empty()).then(|| replace(text, edits))
    }
}

/// A piece of text to be replaced.
type Edit = (TextRange, String);

fn replace(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start(), range.end()));
    let mut result = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for (range, replacement) in edits {
        let start = usize::from(range.start());
        if start < at {
            continue; // inside a piece that is replaced already
        }
        result.push_str(&text[at..start]);
        result.push_str(&replacement);
        at = usize::from(range.end());
    }
    result.push_str(&text[at..]);
    result
}

fn comments(file: &SourceFile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for_each_node(file.module(), &mut |node| {
        if !node.is_statement() {
            return;
        }
        let start = node.range().start();
        if let Some(indentation) = indentation_before(file.text(), start) {
            let comment = format!("# a remark about what follows\n\n{indentation}");
            edits.push((TextRange::empty(start), comment));
        }
    });
    edits
}

fn broken_lines(file: &SourceFile) -> Vec<Edit> {
    let strings = ranges_of(file, |node| matches!(node, AnyNodeRef::ExprFString(_)));
    let mut edits = Vec::new();
    for_each_node(file.module(), &mut |node| {
        if let AnyNodeRef::ExprCall(call) = node {
            let opening = call.arguments.range().start() + TextSize::from(1);
            let in_string = strings.iter().any(|range| range.contains(opening));
            if !call.arguments.is_empty() && !in_string {
                edits.push((TextRange::empty(opening), "\n                    ".to_owned()));
            }
        }
    });
    edits
}

fn reversed_methods(file: &SourceFile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for_each_node(file.module(), &mut |node| {
        let AnyNodeRef::StmtClassDef(class) = node else { return };
        let methods: Vec<&ast::StmtFunctionDef> =
            class.body.iter().filter_map(Stmt::as_function_def_stmt).collect();
        let names: BTreeSet<&str> = methods.iter().map(|method| method.name.as_str()).collect();
        // A name that is defined twice, as a property and its setter are, depends on the order.
        if names.len() < methods.len() || methods.len() < 2 {
            return;
        }
        for (place, method) in methods.iter().zip(methods.iter().rev()) {
            edits.push((place.range(), file.slice(*method).to_owned()));
        }
    });
    edits
}

fn module_aliases(file: &SourceFile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (name, alias) in imports(file, false) {
        if alias.asname.is_none() && !name.contains('.') && bound_once(file, name) {
            edits.push((alias.range(), format!("{name} as {name}_again")));
            edits.extend(uses(file, name).map(|range| (range, format!("{name}_again"))));
        }
    }
    edits
}

fn name_aliases(file: &SourceFile) -> Vec<Edit> {
    // What a package's `__init__` imports is part of its interface.
    if file.path().file_name() == "__init__.py" {
        return Vec::new();
    }
    let mut edits = Vec::new();
    for (name, alias) in imports(file, true) {
        let future = name == "annotations";
        if alias.asname.is_none() && name != "*" && !future && bound_once(file, name) {
            edits.push((alias.range(), format!("{name} as {name}_again")));
            edits.extend(uses(file, name).map(|range| (range, format!("{name}_again"))));
        }
    }
    edits
}

fn imported_functions(file: &SourceFile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for module in ["asyncio", "pickle", "threading"] {
        let Some(import) = file.module().body.iter().find(|statement| match statement {
            Stmt::Import(import) => import.names.iter().any(|alias| alias.name.as_str() == module),
            _ => false,
        }) else {
            continue;
        };
        if !bound_once(file, module) {
            continue;
        }
        let mut names = BTreeSet::new();
        for_each_node(file.module(), &mut |node| {
            if let AnyNodeRef::ExprAttribute(attribute) = node
                && attribute.value.as_name_expr().is_some_and(|name| name.id.as_str() == module)
                && attribute.ctx == ExprContext::Load
            {
                names.insert(attribute.attr.to_string());
                edits.push((attribute.range(), format!("{module}_{}", attribute.attr)));
            }
        });
        for name in names {
            let line = format!("\nfrom {module} import {name} as {module}_{name}");
            edits.push((TextRange::empty(import.range().end()), line));
        }
    }
    edits
}

fn renamed_locals(file: &SourceFile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for_each_node(file.module(), &mut |node| {
        let AnyNodeRef::StmtFunctionDef(function) = node else { return };
        let mut stored = BTreeSet::new();
        let mut names: BTreeMap<&str, Vec<TextRange>> = BTreeMap::new();
        let mut other_bindings = BTreeSet::new();
        let mut has_scopes = false;
        for statement in &function.body {
            for_each_node_from(statement, &mut |node| match node {
                AnyNodeRef::ExprName(name) => {
                    names.entry(name.id.as_str()).or_default().push(name.range());
                    if name.ctx == ExprContext::Store {
                        stored.insert(name.id.as_str());
                    }
                }
                AnyNodeRef::StmtFunctionDef(_)
                | AnyNodeRef::StmtClassDef(_)
                | AnyNodeRef::ExprLambda(_)
                | AnyNodeRef::StmtGlobal(_)
                | AnyNodeRef::StmtNonlocal(_)
                | AnyNodeRef::StmtMatch(_) => has_scopes = true,
                AnyNodeRef::ExceptHandlerExceptHandler(handler) => {
                    other_bindings.extend(handler.name.as_ref().map(|name| name.as_str()));
                }
                AnyNodeRef::Alias(alias) => {
                    other_bindings.insert(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                }
                _ => {}
            });
        }
        if has_scopes {
            return;
        }
        other_bindings.extend(function.parameters.iter().map(|parameter| parameter.name().as_str()));
        for name in stored.difference(&other_bindings) {
            edits.extend(names[name].iter().map(|range| (*range, format!("{name}_renamed"))));
        }
    });
    edits
}

fn nested_elif(file: &SourceFile) -> Vec<Edit> {
    let text = file.text();
    let strings =
        ranges_of(file, |node| matches!(node, AnyNodeRef::StringLiteral(_) | AnyNodeRef::ExprFString(_)));
    let mut edits: Vec<Edit> = Vec::new();
    for_each_node(file.module(), &mut |node| {
        let AnyNodeRef::StmtIf(statement) = node else { return };
        let Some(clause) = statement.elif_else_clauses.first().filter(|clause| clause.test.is_some()) else {
            return;
        };
        let range = TextRange::new(clause.range().start(), statement.range().end());
        let spans_lines = |string: &TextRange| range.contains_range(*string) && text[*string].contains('\n');
        let Some(indentation) = indentation_before(text, range.start()) else { return };
        // The text of a string must not be indented, and inner statements wait for their turn.
        if strings.iter().any(spans_lines) || edits.iter().any(|(edit, _)| edit.contains_range(range)) {
            return;
        }
        let nested = text[range].strip_prefix("el").expect("an elif").replace('\n', "\n    ");
        edits.push((range, format!("else:\n{indentation}    {nested}")));
    });
    edits
}

/// The white space between the start of the line and `at`, if nothing else is there.
fn indentation_before(text: &str, at: TextSize) -> Option<&str> {
    let before = &text[..usize::from(at)];
    let line = &before[before.rfind('\n').map_or(0, |index| index + 1)..];
    line.trim().is_empty().then_some(line)
}

/// What module-level imports bind: the modules of `import`, or the names of `from … import`.
fn imports(file: &SourceFile, from: bool) -> Vec<(&str, &ast::Alias)> {
    file.module()
        .body
        .iter()
        .flat_map(|statement| match statement {
            Stmt::Import(import) if !from => import.names.as_slice(),
            Stmt::ImportFrom(import) if from => import.names.as_slice(),
            _ => &[],
        })
        .map(|alias| (alias.name.as_str(), alias))
        .collect()
}

/// Whether one import is all that ever binds this name in the file, and no string mentions it.
fn bound_once(file: &SourceFile, name: &str) -> bool {
    let mut bindings = 0;
    for_each_node(file.module(), &mut |node| {
        bindings += match node {
            AnyNodeRef::Alias(alias) => {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                usize::from(bound.split('.').next() == Some(name))
            }
            AnyNodeRef::ExprName(other) => {
                usize::from(other.id.as_str() == name && other.ctx != ExprContext::Load)
            }
            AnyNodeRef::Parameter(parameter) => usize::from(parameter.name.as_str() == name),
            AnyNodeRef::StmtFunctionDef(function) => usize::from(function.name.as_str() == name),
            AnyNodeRef::StmtClassDef(class) => usize::from(class.name.as_str() == name),
            AnyNodeRef::StringLiteral(string) => usize::from(string.as_str() == name),
            _ => 0,
        };
    });
    bindings == 1
}

fn uses(file: &SourceFile, name: &str) -> impl Iterator<Item = TextRange> {
    let is_use = |node: AnyNodeRef| matches!(node, AnyNodeRef::ExprName(other) if other.id.as_str() == name);
    ranges_of(file, is_use).into_iter()
}

fn ranges_of(file: &SourceFile, wanted: impl Fn(AnyNodeRef<'_>) -> bool) -> Vec<TextRange> {
    let mut ranges = Vec::new();
    for_each_node(file.module(), &mut |node| {
        if wanted(node) {
            ranges.push(node.range());
        }
    });
    ranges
}

struct Each<'f, F>(&'f mut F);

impl<'a, F: FnMut(AnyNodeRef<'a>)> SourceOrderVisitor<'a> for Each<'_, F> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        (self.0)(node);
        TraversalSignal::Traverse
    }
}

fn for_each_node<'a>(module: &'a ast::ModModule, look: &mut impl FnMut(AnyNodeRef<'a>)) {
    for statement in &module.body {
        for_each_node_from(statement, look);
    }
}

fn for_each_node_from<'a>(statement: &'a Stmt, look: &mut impl FnMut(AnyNodeRef<'a>)) {
    Each(look).visit_stmt(statement);
}

//! Threads that code outside the class makes, as far as they run its methods or touch its objects.

use super::{Known, Spawned};
use crate::python::ast::Expr;
use crate::python::calls::{calls_in, calls_within};
use crate::python::project::{ClassRef, FunctionRef, Project, Scope, Target};
use crate::python::symbols::SymbolKind;
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::is_test_code;

/// What was found.
pub(super) struct Elsewhere<'f> {
    pub(super) threads: Vec<Spawned<'f>>,
    /// For each thread, the functions that it runs.
    pub(super) reached: Vec<Vec<FunctionRef<'f>>>,
    /// Files that make threads or may, and do not compile.
    pub(super) broken: Vec<&'f ParsedFile>,
    /// Not everything was followed.
    pub(super) cut: bool,
}

/// Functions that one thread runs, at most.
pub(super) const MOST_REACHED: usize = 300;
/// Files that name the class, at most.
pub(super) const MOST_FILES: usize = 100;

impl<'f> Known<'_, 'f> {
    /// Looks through the files that name the class.
    pub(super) fn elsewhere(&self) -> Elsewhere<'f> {
        let mut found =
            Elsewhere { threads: Vec::new(), reached: Vec::new(), broken: Vec::new(), cut: false };
        let paths = self.project.mentioning(self.class.node.name.as_str());
        found.cut = paths.len() > MOST_FILES;
        for path in paths.iter().take(MOST_FILES) {
            if is_test_code(path) && !is_test_code(self.class.file.path()) {
                continue;
            }
            let Ok(file) = self.project.file(path) else { continue };
            let before = found.threads.len();
            for symbol in file.symbols().iter().filter(|symbol| symbol.kind == SymbolKind::Function) {
                let Some(function) = self.project.function_at(file, symbol.range) else { continue };
                // A function inside another is looked at with it.
                let mut around = Scope::at(file, function.node.name.range);
                around.frames.pop();
                if self.is_ours(function, None) || around.function().is_some() {
                    continue;
                }
                let class = function.class_ref();
                for spawn in self.project.spawns(file, &function.node.body, class) {
                    // An object that is a thread itself is known already.
                    if spawn.class.is_some_and(|made| self.project.are_related(made, self.class)) {
                        continue;
                    }
                    let targets = match &spawn.target {
                        Target::Functions(functions) => functions.clone(),
                        Target::Lambda(lambda) => calls_of(self.project, file, &lambda.body, class),
                        Target::Outside(_) | Target::Unknown(_) => continue,
                    };
                    let (reached, cut) = self.reached_from(targets);
                    found.cut |= cut;
                    let ours: Vec<_> = reached
                        .iter()
                        .filter(|(function, receiver)| self.is_ours(*function, *receiver))
                        .copied()
                        .collect();
                    let mut thread = Spawned::new(self.project, spawn, function, class);
                    thread.target = Target::Functions(ours);
                    thread.label = format!("{} of `{path}`", thread.label);
                    found.threads.push(thread);
                    found.reached.push(reached.into_iter().map(|(function, _)| function).collect());
                }
            }
            let may_spawn = found.threads.len() > before || file.source().text().contains("Thread");
            if may_spawn && !std::ptr::eq(file, self.class.file) && !file.source().errors().is_empty() {
                found.broken.push(file);
            }
        }
        self.given_away(&mut found);
        found
    }

    /// The functions that run when these do. Whether there are too many.
    pub(super) fn reached_from(&self, from: Targets<'f>) -> (Targets<'f>, bool) {
        let mut reached = from;
        let mut next = 0;
        while let Some((function, receiver)) = reached.get(next).copied() {
            next += 1;
            if reached.len() > MOST_REACHED {
                return (reached, true);
            }
            // What the class's own code runs is walked with its locks.
            if self.is_ours(function, receiver) {
                continue;
            }
            for call in calls_in(&function.node.body) {
                let mut scope = Scope::at(function.file, call.func.range());
                scope.receiver = receiver;
                for callee in self.project.resolve_call(&scope, call).functions {
                    if !reached.contains(&callee) {
                        reached.push(callee);
                    }
                }
            }
        }
        (reached, false)
    }
}

/// Functions, for methods with the class of the object.
pub(super) type Targets<'f> = Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)>;

/// The functions that an expression calls.
pub(super) fn calls_of<'f>(
    project: &Project<'f>,
    file: &'f ParsedFile,
    expr: &'f Expr,
    receiver: Option<ClassRef<'f>>,
) -> Targets<'f> {
    let mut functions = Vec::new();
    for call in calls_within(expr) {
        let mut scope = Scope::at(file, call.func.range());
        scope.receiver = receiver;
        functions.extend(project.resolve_call(&scope, call).functions);
    }
    functions
}

//! The project model: which module an import means, which class a name means, what a class
//! inherits, what an attribute holds, what a call calls; over all files of the target.
//!
//! Files are looked at when somebody asks and remembered. What cannot be resolved is said to
//! be [`Type::Unknown`], with the reason; nothing is ever guessed.

mod annotations;
pub mod attributes;
pub mod classes;
pub mod facts;
pub mod modules;
pub mod scope;
pub mod threads;
pub mod types;

pub use attributes::{Access, AccessKind, Stored, object_names, object_parameter};
pub use classes::{Ancestor, Linearisation};
pub use modules::Module;
pub use scope::{Binding, BindingKind, Bindings, Frame, Scope};
pub use threads::{Spawn, SpawnKind, Target, argument_of, unpacked_arguments};
pub use types::{Callees, ClassRef, FunctionRef, Type, Types, dotted_name};

use std::sync::{Arc, OnceLock, RwLock};

use foldhash::{HashMap, HashSet};

use crate::catalogue::PythonSettings;
use crate::evidence::Reason;
use crate::python::files::{Files, ParsedFile};
use crate::python::{TextRange, ast};
use crate::target::RelativePath;

/// What is known of a target's Python code. Shared by all checks and threads.
pub struct Project<'f> {
    files: &'f Files<'f>,
    roots: Vec<String>,
    directories: OnceLock<HashSet<String>>,
    /// Modules by name and by the directory of the file that asks.
    modules: RwLock<HashMap<(String, String), modules::FoundModule<'f>>>,
    /// Bindings by the address of the body's node, which never moves while `files` lives.
    bindings: RwLock<HashMap<usize, Arc<Bindings<'f>>>>,
    accesses: RwLock<HashMap<usize, Arc<Vec<Access<'f>>>>>,
    /// The classes of a file, by its address.
    classes: RwLock<HashMap<usize, Arc<Vec<ClassRef<'f>>>>>,
    /// What files call things that have another name elsewhere, by the file's address.
    renames: RwLock<HashMap<usize, Arc<modules::Renames<'f>>>>,
    /// What the `__all__` of files names, by the file's address.
    exported: RwLock<HashMap<usize, Exported<'f>>>,
    /// The method resolution orders of classes, by the address of the class's node.
    orders: RwLock<HashMap<usize, Arc<[Linearisation<'f>]>>>,
}

/// The names in a module's `__all__`, and whether that is all of it.
type Exported<'f> = Arc<(HashSet<&'f str>, bool)>;

impl<'f> Project<'f> {
    /// A model over `files`, in which nothing has been looked at yet.
    pub fn new(files: &'f Files<'f>, settings: &PythonSettings) -> Self {
        let mut roots: Vec<String> =
            settings.path.iter().filter_map(|root| modules::normalise_root(root)).collect();
        if roots.is_empty() {
            roots.push(String::new());
        }
        Self::with_roots(files, roots)
    }

    /// The same model over other files, in which nothing has been looked at yet.
    pub fn over<'o>(&self, files: &'o Files<'o>) -> Project<'o> {
        Project::with_roots(files, self.roots.clone())
    }

    fn with_roots(files: &'f Files<'f>, roots: Vec<String>) -> Self {
        Self {
            files,
            roots,
            directories: OnceLock::new(),
            modules: RwLock::default(),
            bindings: RwLock::default(),
            accesses: RwLock::default(),
            classes: RwLock::default(),
            renames: RwLock::default(),
            exported: RwLock::default(),
            orders: RwLock::default(),
        }
    }

    /// The files that the model is made from.
    pub fn files(&self) -> &'f Files<'f> {
        self.files
    }

    /// One file as text and tree.
    pub fn file(&self, path: &RelativePath) -> Result<&'f ParsedFile, Reason> {
        self.files.file(path)
    }

    /// The `sys.path` entries relative to the root; the root itself is the empty text.
    pub fn roots(&self) -> &[String] {
        &self.roots
    }

    /// The listed files whose bytes contain `word`, in the order of their paths. The search is
    /// over the whole target, made once per word and remembered.
    pub fn mentioning(&self, word: &str) -> Arc<Vec<RelativePath>> {
        self.files.mentioning(word)
    }

    /// The class whose definition has exactly this range.
    pub fn class_at(&self, file: &'f ParsedFile, range: TextRange) -> Option<ClassRef<'f>> {
        match scope::definition_at(file, range)? {
            Frame::Class(node) => Some(ClassRef { file, node }),
            Frame::Function(_) | Frame::Lambda(_) | Frame::Comprehension(_) => None,
        }
    }

    /// The function whose definition has exactly this range.
    pub fn function_at(&self, file: &'f ParsedFile, range: TextRange) -> Option<FunctionRef<'f>> {
        match scope::definition_at(file, range)? {
            Frame::Function(node) => Some(self.function_ref(file, node)),
            Frame::Class(_) | Frame::Lambda(_) | Frame::Comprehension(_) => None,
        }
    }

    /// A function with the class that it is a method of, if it is one.
    pub fn function_ref(&self, file: &'f ParsedFile, node: &'f ast::StmtFunctionDef) -> FunctionRef<'f> {
        let scope = Scope::at(file, node.name.range);
        let class = match scope.frames.iter().rev().nth(1) {
            Some(Frame::Class(class)) => Some(*class),
            _ => None,
        };
        FunctionRef { file, node, class }
    }
}

impl<'f> Project<'f> {
    /// Whether an object of one class can be an object of the other: one inherits from the other.
    pub fn are_related(&self, one: ClassRef<'f>, other: ClassRef<'f>) -> bool {
        self.inherits(one, other) || self.inherits(other, one)
    }

    /// Whether a class is another one or inherits from it.
    pub fn inherits(&self, class: ClassRef<'f>, base: ClassRef<'f>) -> bool {
        self.linearisations(class).iter().any(|order| order.classes().any(|owner| owner == base))
    }
}

/// The address of a node, as its identity.
pub(crate) fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

#[cfg(test)]
mod tests;

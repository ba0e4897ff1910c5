//! Which file an import means.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::attributes::inner_blocks;
use super::facts::is_standard_library;
use super::{Project, address};
use crate::python::ParsedFile;
use crate::python::ast::{Expr, Stmt};
use crate::target::RelativePath;

/// What a dotted module name means.
#[derive(Clone, Debug)]
pub enum Module<'f> {
    /// A file of the target: a module, or a package's `__init__.py`.
    File(&'f ParsedFile),
    /// Directories of the target without `__init__.py`, in the order of `sys.path`.
    Namespace(Vec<String>),
}

/// The outcome of looking for a module.
#[derive(Clone, Debug)]
pub enum FoundModule<'f> {
    /// It is in the target.
    Here(Module<'f>),
    /// Nothing of the target has its first name: it comes from outside.
    External,
    /// Its package is in the target and it is not, or it cannot be read.
    Missing(String),
}

impl<'f> Project<'f> {
    /// Finds an absolute module name in the order of `sys.path`. When no root has it, the
    /// directory of the importing file is asked, as when that file is run as a script.
    pub fn module(&self, name: &str, importer: &ParsedFile) -> FoundModule<'f> {
        let mut script_directory = directory_of(importer.path().as_str());
        // What imports from its own package is no script: its directory is not asked for the library.
        if is_standard_library(name.split('.').next().unwrap_or(name)) && imports_from_its_package(importer) {
            script_directory = self.roots.first().map_or("", String::as_str);
        }
        let key = (name.to_owned(), script_directory.to_owned());
        if let Some(known) = self.modules.read().ok().and_then(|modules| modules.get(&key).cloned()) {
            return known;
        }
        let found = self.find_module(name, script_directory);
        if let Ok(mut modules) = self.modules.write() {
            modules.insert(key, found.clone());
        }
        found
    }

    fn find_module(&self, name: &str, script_directory: &str) -> FoundModule<'f> {
        let mut roots: Vec<&str> = self.roots.iter().map(String::as_str).collect();
        if !roots.contains(&script_directory) {
            roots.push(script_directory);
        }
        let first = name.split('.').next().unwrap_or(name);
        // A module of a package does not hide one of the library, unless it is run as a script:
        // then its directory is asked first.
        if is_standard_library(first)
            && !self.roots.iter().any(|root| root == script_directory)
            && self.is_file(&join(script_directory, "__init__.py"))
        {
            let beside = join(script_directory, first);
            roots.pop();
            if self.is_file(&format!("{beside}.py")) || self.is_file(&format!("{beside}/__init__.py")) {
                let inside = self.find_under(name, &roots);
                if !matches!(inside, FoundModule::Here(_)) {
                    return FoundModule::Missing(format!(
                        "`{name}` is the library's, or `{beside}` where a file beside it is run as a script"
                    ));
                }
                return inside;
            }
        }
        self.find_under(name, &roots)
    }

    fn find_under(&self, name: &str, roots: &[&str]) -> FoundModule<'f> {
        let first = name.split('.').next().unwrap_or(name);
        let mut has_first = false;
        for root in roots {
            let base = join(root, &name.replace('.', "/"));
            for candidate in [format!("{base}/__init__.py"), format!("{base}.py")] {
                match self.module_file(&candidate) {
                    Some(Ok(file)) => return FoundModule::Here(Module::File(file)),
                    Some(Err(problem)) => return FoundModule::Missing(problem),
                    None => {}
                }
            }
            let first = join(root, first);
            has_first |= self.is_file(&format!("{first}.py"))
                || self.is_file(&format!("{first}/__init__.py"))
                || (self.is_directory(&first) && !is_standard_library(name));
        }
        // A directory is a package only when no root has a module of that name.
        if !is_standard_library(first) {
            let directory = name.replace('.', "/");
            let directories: Vec<String> = roots
                .iter()
                .map(|root| join(root, &directory))
                .filter(|directory| self.is_directory(directory))
                .collect();
            if !directories.is_empty() {
                return FoundModule::Here(Module::Namespace(directories));
            }
        }
        if has_first {
            FoundModule::Missing(format!("the module `{name}` is not in the target"))
        } else {
            FoundModule::External
        }
    }

    /// The dotted name that `from ..package import` means in `importer`: an absolute name under
    /// the root that contains the file, or nothing when the dots leave it.
    pub fn relative_module(
        &self,
        importer: &ParsedFile,
        level: u32,
        module: Option<&str>,
    ) -> FoundModule<'f> {
        let mut directory = directory_of(importer.path().as_str());
        for _ in 1..level {
            if directory.is_empty() {
                return FoundModule::Missing("a relative import leaves the target".to_owned());
            }
            directory = directory_of(directory);
        }
        let base = match module {
            Some(module) => join(directory, &module.replace('.', "/")),
            None => directory.to_owned(),
        };
        self.module_in(&[base])
    }

    /// What `name` is inside a namespace package.
    pub(super) fn namespace_member(&self, directories: &[String], name: &str) -> FoundModule<'f> {
        let bases: Vec<String> = directories.iter().map(|directory| join(directory, name)).collect();
        self.module_in(&bases)
    }

    fn module_in(&self, bases: &[String]) -> FoundModule<'f> {
        for base in bases {
            for candidate in [join(base, "__init__.py"), format!("{base}.py")] {
                match self.module_file(&candidate) {
                    Some(Ok(file)) => return FoundModule::Here(Module::File(file)),
                    Some(Err(problem)) => return FoundModule::Missing(problem),
                    None => {}
                }
            }
        }
        let is_package = |base: &&String| base.is_empty() || self.is_directory(base);
        let directories: Vec<String> = bases.iter().filter(is_package).cloned().collect();
        if directories.is_empty() {
            FoundModule::Missing(format!("`{}.py` is not in the target", bases.join("` or `")))
        } else {
            FoundModule::Here(Module::Namespace(directories))
        }
    }

    fn module_file(&self, path: &str) -> Option<Result<&'f ParsedFile, String>> {
        let path = RelativePath::new(path).ok()?;
        if !self.files.contains(&path) {
            return None;
        }
        let unreadable = |_| format!("`{path}` cannot be read");
        Some(self.files.file(&path).map_err(unreadable))
    }

    fn is_file(&self, path: &str) -> bool {
        RelativePath::new(path).is_ok_and(|path| self.files.contains(&path))
    }

    fn is_directory(&self, path: &str) -> bool {
        self.directories
            .get_or_init(|| {
                let mut directories = HashSet::new();
                for path in self.files.paths() {
                    let mut directory = directory_of(path.as_str());
                    while !directory.is_empty() && directories.insert(directory.to_owned()) {
                        directory = directory_of(directory);
                    }
                }
                directories
            })
            .contains(path)
    }
}

/// Whether running the file as a script would fail: it imports from the package that it is in.
fn imports_from_its_package(file: &ParsedFile) -> bool {
    file.source().module().body.iter().any(|stmt| matches!(stmt, Stmt::ImportFrom(node) if node.level > 0))
}

/// `./a/` is `a`, `.` is the empty text; what leaves the target is nothing.
pub(super) fn normalise_root(root: &str) -> Option<String> {
    if root.split('/').all(|part| part.is_empty() || part == ".") {
        return Some(String::new());
    }
    RelativePath::new(root).ok().map(|path| path.as_str().to_owned())
}

fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn join(directory: &str, rest: &str) -> String {
    if directory.is_empty() { rest.to_owned() } else { format!("{directory}/{rest}") }
}

/// What a module calls things that have another name elsewhere, or before: the new names of each.
pub(crate) type Renames<'f> = HashMap<&'f str, Vec<&'f str>>;

impl<'f> Project<'f> {
    /// The names that a file gives to what it imports or has already.
    pub(crate) fn renames(&self, file: &'f ParsedFile) -> Arc<Renames<'f>> {
        let key = address(file);
        if let Some(known) = self.renames.read().ok().and_then(|map| map.get(&key).cloned()) {
            return known;
        }
        let mut found = Renames::new();
        collect_renames(&file.source().module().body, &mut found);
        let found = Arc::new(found);
        if let Ok(mut map) = self.renames.write() {
            map.insert(key, Arc::clone(&found));
        }
        found
    }
}

fn collect_renames<'f>(body: &'f [Stmt], found: &mut Renames<'f>) {
    for stmt in body {
        match stmt {
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    if let Some(asname) = &alias.asname {
                        found.entry(alias.name.as_str()).or_default().push(asname.as_str());
                    }
                }
            }
            Stmt::Assign(node) => {
                let name = match &*node.value {
                    Expr::Name(name) => Some(name.id.as_str()),
                    Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
                    _ => None,
                };
                if let Some(name) = name {
                    let targets = node.targets.iter().filter_map(Expr::as_name_expr);
                    found.entry(name).or_default().extend(targets.map(|target| target.id.as_str()));
                }
            }
            _ => {}
        }
        for inner in inner_blocks(stmt) {
            collect_renames(inner, found);
        }
    }
}

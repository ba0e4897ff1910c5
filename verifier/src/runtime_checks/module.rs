//! Which module a file of the target is.

use std::path::Path;

use super::request::Module;
use crate::target::RelativePath;

/// The module that a file is, seen from the entries of `sys.path` (relative to the root, in their
/// order): the first entry above it from which it has a name that can be imported.
pub(super) fn module_of(file: &RelativePath, path: &[String], root: &Path) -> Module {
    let absolute = root.join(file.as_str());
    for entry in path {
        let entry = entry.trim_start_matches("./").trim_end_matches('/');
        let inside = match entry {
            "" | "." => Some(file.as_str()),
            entry => file.as_str().strip_prefix(entry).and_then(|rest| rest.strip_prefix('/')),
        };
        if let Some(name) = inside.and_then(dotted) {
            return Module { name, file: absolute, importable: true };
        }
    }
    let stem = file.file_name().trim_end_matches(".py");
    let name =
        stem.chars().map(|character| if character.is_alphanumeric() { character } else { '_' }).collect();
    Module { name, file: absolute, importable: false }
}

fn dotted(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".py")?;
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    let parts: Vec<&str> = stem.split('/').collect();
    parts.iter().all(|part| is_identifier(part)).then(|| parts.join("."))
}

fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_is_named_from_the_first_entry_above_it() {
        let check = |file: &str, path: &[&str], name: &str, importable: bool| {
            let path: Vec<String> = path.iter().map(|&entry| entry.to_owned()).collect();
            let module = module_of(&RelativePath::new(file).unwrap(), &path, Path::new("/t"));
            assert_eq!((module.name.as_str(), module.importable), (name, importable), "{file}");
        };
        check("a/b.py", &["."], "a.b", true);
        check("a/__init__.py", &["."], "a", true);
        check("src/a/b.py", &["src", "."], "a.b", true);
        check("src/a/b.py", &[".", "src"], "src.a.b", true);
        check("tool-box/main.py", &["."], "main", false);
        check("tool-box/main.py", &["./tool-box/"], "main", true);
        check("01-first.py", &["."], "01_first", false);
        check("elsewhere/x.py", &["src"], "x", false);
    }
}

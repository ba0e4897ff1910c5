//! Which uses of names meet no binding: the scopes of one file as Python has them, and in each
//! scope the order in which its code runs.
//!
//! A name is taken to be bound wherever some way through the code may bind it. What is left is
//! certain as far as the file tells: no scope that the use can see binds the name, or the use
//! comes before every binding, after `del`, after the handler whose exception it names.

mod names;
mod walk;

use std::collections::HashSet;

use ruff_python_ast::ModModule;
use ruff_text_size::TextRange;

/// A use of a name that nothing in its file has bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    /// The name.
    pub name: String,
    /// Where it is used.
    pub range: TextRange,
    /// What kind of use it is.
    pub use_kind: UseKind,
    /// Why it is not bound.
    pub why: Why,
    /// It stands directly in the body of a class with a metaclass, which may supply names.
    pub in_odd_class: bool,
}

/// What happens with the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UseKind {
    /// The code that runs needs it.
    Evaluated,
    /// An annotation that runs when its definition does.
    Annotation,
    /// An annotation that nobody evaluates: in quotes, of a local variable, or under
    /// `from __future__ import annotations`.
    UnevaluatedAnnotation,
}

/// Why a name is not bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing binds it in any scope that the use can see.
    Nowhere,
    /// Its scope binds it, but no way leads from a binding to the use.
    NotYet,
    /// Only `if TYPE_CHECKING:` binds it, which does not run.
    OnlyForTypeCheckers,
    /// It was bound, and may be gone when this runs: `del`, or the end of the handler whose
    /// exception it names. This alone is not certain.
    PerhapsGone,
}

/// What a file does with names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Uses without a binding, in source order.
    pub unbound: Vec<Unbound>,
    /// Something puts names into the module that the text does not show; what.
    pub dynamic: Option<String>,
    /// Names that the code looks for before it uses them: `"x" in globals()`.
    pub probed: HashSet<String>,
    /// How many uses were looked at.
    pub uses: u64,
}

/// Looks at every use of a name. `is_package` says that the file is an `__init__.py`.
pub fn names(module: &ModModule, is_package: bool) -> Names {
    walk::walk(module, is_package)
}

#[cfg(test)]
mod tests;

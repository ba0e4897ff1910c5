//! Matching import statements, all of whose forms say the same.

use ruff_python_ast::{Identifier, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::bindings::{Bound, Node};
use super::expression::{Engine, Next, State};
use super::tree::*;

impl<'f> Engine<'f> {
    pub(super) fn imports(
        &self,
        pattern: &[Import],
        target: &[TargetImport<'f>],
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        target.iter().any(|import| {
            self.import(first, import, state, &mut |state| self.imports(rest, target, state, next))
        })
    }

    fn import(
        &self,
        pattern: &Import,
        target: &TargetImport<'f>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        if pattern.star && !target.star {
            return false;
        }
        // `from $X import $Y` asks for any module, be it a relative one or one inside another.
        let (module, last) = match &pattern.path[..] {
            [module @ .., last] if !pattern.star => (module, Some(last)),
            path => (path, None),
        };
        let parts = target.path.len() - usize::from(last.is_some() && !target.path.is_empty());
        if let (true, 0, [Name::Metavariable(metavariable)]) = (pattern.from, pattern.level, module)
            && (target.level > 0 || parts > 1)
        {
            return self.import_from_any(metavariable, last, pattern.alias.as_ref(), target, state, next);
        }
        // `import $X` asks for whatever is imported.
        if let ([Name::Metavariable(metavariable)], false, None) =
            (&pattern.path[..], pattern.from, &pattern.alias)
            && target.level > 0
        {
            let dots = ".".repeat(target.level as usize);
            let bound = Bound::new(target.range, format!("{dots}{}", target.path.join(".")), Node::Name);
            return self.bind(metavariable, bound, state, next);
        }
        if pattern.level != target.level {
            return false;
        }
        // `import a as $X` says what `$X` is, which something from `a` is not.
        if !pattern.from && pattern.alias.is_some() && target.from && pattern.path.len() < target.path.len() {
            return false;
        }
        let mut with_alias = |state: &mut State<'f>| match (&pattern.alias, target.alias) {
            (None, _) => next(state),
            (Some(alias), Some(target)) => self.name(alias, target, state, next),
            (Some(_), None) => false,
        };
        match &pattern.path[..] {
            // `import $X`: whatever it is, by its full path.
            [Name::Metavariable(metavariable)] if !pattern.from => {
                let bound = Bound::new(target.range, target.path.join("."), Node::Name);
                self.bind(metavariable, bound, state, &mut with_alias)
            }
            path => {
                let names_what_is_bound = pattern.from && matches!(path.last(), Some(Name::Metavariable(_)));
                if path.len() > target.path.len()
                    || ((pattern.star || names_what_is_bound) && path.len() != target.path.len())
                {
                    return false;
                }
                self.import_path(path, target, 0, state, &mut with_alias)
            }
        }
    }

    /// `from $MODULE import last` on `from .a import b`: the module is `.a`; on `from a.b import c`
    /// it is `a.b`.
    fn import_from_any(
        &self,
        module: &Metavariable,
        last: Option<&Name>,
        alias: Option<&Name>,
        target: &TargetImport<'f>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let (name, path) = match last {
            None => (None, &target.path[..]),
            Some(_) if target.star => return false,
            Some(_) => match target.path.split_last() {
                Some((name, path)) => (Some(*name), path),
                None => return false,
            },
        };
        let dots = ".".repeat(target.level as usize);
        let bound = Bound::new(target.range, format!("{dots}{}", path.join(".")), Node::Name);
        self.bind(module, bound, state, &mut |state| {
            let mut with_alias = |state: &mut State<'f>| match (alias, target.alias) {
                (None, _) => next(state),
                (Some(alias), Some(target)) => self.name(alias, target, state, next),
                (Some(_), None) => false,
            };
            match (last, name) {
                (Some(Name::Exact(wanted)), Some(name)) => **wanted == *name && with_alias(state),
                (Some(Name::Metavariable(metavariable)), Some(name)) => {
                    self.imported_name(metavariable, name, target, target.alias, state, &mut with_alias)
                }
                (Some(Name::Ellipsis) | None, _) | (Some(_), None) => with_alias(state),
            }
        })
    }

    fn import_path(
        &self,
        pattern: &[Name],
        target: &TargetImport<'f>,
        index: usize,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let Some((first, rest)) = pattern.split_first() else { return next(state) };
        let part = target.path[index];
        let mut then = |state: &mut State<'f>| self.import_path(rest, target, index + 1, state, next);
        match first {
            Name::Exact(name) => **name == *part && then(state),
            Name::Ellipsis => then(state),
            Name::Metavariable(metavariable) => {
                let alias = target.alias.filter(|_| index + 1 == target.path.len());
                self.imported_name(metavariable, part, target, alias, state, &mut then)
            }
        }
    }

    /// A metavariable for what is imported: what the rest of the file calls it, or what it is called
    /// where it comes from.
    fn imported_name(
        &self,
        metavariable: &Metavariable,
        name: &'f str,
        target: &TargetImport<'f>,
        alias: Option<&'f Identifier>,
        state: &mut State<'f>,
        next: Next<'_, 'f>,
    ) -> bool {
        let alias = alias.map(|alias| Bound::new(alias.range(), alias.as_str(), Node::Name));
        let name = Bound::new(target.range, name, Node::Name);
        alias.is_some_and(|alias| self.bind(metavariable, alias, state, next))
            || self.bind(metavariable, name, state, next)
    }
}

/// One thing that a statement imports.
pub(super) struct TargetImport<'f> {
    level: u32,
    path: Vec<&'f str>,
    star: bool,
    from: bool,
    alias: Option<&'f Identifier>,
    range: TextRange,
}

pub(super) fn target_imports(statement: &Stmt) -> Vec<TargetImport<'_>> {
    match statement {
        Stmt::Import(node) => node
            .names
            .iter()
            .map(|alias| TargetImport {
                level: 0,
                path: alias.name.as_str().split('.').collect(),
                star: false,
                from: false,
                alias: alias.asname.as_ref(),
                range: alias.name.range(),
            })
            .collect(),
        Stmt::ImportFrom(node) => node
            .names
            .iter()
            .map(|alias| {
                let star = alias.name.as_str() == "*";
                let module =
                    node.module.as_ref().map(Identifier::as_str).into_iter().flat_map(|m| m.split('.'));
                let name = (!star).then_some(alias.name.as_str());
                TargetImport {
                    level: node.level,
                    path: module.chain(name).collect(),
                    star,
                    from: true,
                    alias: alias.asname.as_ref(),
                    range: alias.name.range(),
                }
            })
            .collect(),
        _ => Vec::new(),
    }
}

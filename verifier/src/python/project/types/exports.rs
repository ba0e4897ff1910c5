//! What a module gives to those who import everything from it: its `__all__`, or all its public names.

use std::sync::Arc;

use super::*;
use crate::python::project::Exported;

impl<'f> Project<'f> {
    /// A name that no scope of the file binds: from `import *`, or a builtin.
    pub(super) fn star_or_builtin(&self, file: &'f ParsedFile, name: &str, trail: &mut Trail) -> Types<'f> {
        let bindings = self.module_bindings(file);
        let mut outside = None;
        for from in bindings.stars.iter().rev() {
            let module = from.module.as_ref().map(|module| module.as_str());
            let found = if from.level == 0 {
                self.module(module.unwrap_or_default(), file)
            } else {
                self.relative_module(file, from.level, module)
            };
            match found {
                FoundModule::Here(crate::python::project::Module::File(exporter)) => {
                    if self.may_have(exporter, name, &mut Vec::new())
                        && self.exports(exporter, name) != Some(false)
                    {
                        // Modules may import everything from one another, and from themselves.
                        match trail.enter((address(*from), name.as_ptr().addr())) {
                            Entered::Yes => {}
                            Entered::Again => continue,
                            Entered::TooDeep => return unknown("the chain of definitions is too long"),
                        }
                        let types = self.module_member(exporter, name, trail);
                        trail.leave();
                        if !types.is_empty() {
                            return types;
                        }
                    }
                }
                FoundModule::Here(crate::python::project::Module::Namespace(_)) => {}
                FoundModule::External | FoundModule::Missing(_) => outside = Some(*from),
            }
        }
        if facts::is_builtin(name) {
            return vec![Type::External(format!("builtins.{name}"))];
        }
        match outside {
            Some(from) => {
                let module = from.module.as_ref().map_or("", |module| module.as_str());
                unknown(&format!("`{name}` may come from `from {module} import *`"))
            }
            None => unknown(&format!("the name `{name}` is not defined in `{}`", file.path())),
        }
    }

    /// Whether a module may have a name, so that the builtin of that name is not meant.
    fn may_have(&self, module: &'f ParsedFile, name: &str, seen: &mut Vec<*const ParsedFile>) -> bool {
        if seen.contains(&std::ptr::from_ref(module)) {
            return false;
        }
        seen.push(std::ptr::from_ref(module));
        let bindings = self.module_bindings(module);
        if !facts::is_builtin(name)
            || !bindings.last(name).is_empty()
            || module.broken().is_some()
            || self.submodule(module, name).is_some()
        {
            return true;
        }
        bindings.stars.iter().any(|from| {
            let other = from.module.as_ref().map(|module| module.as_str());
            let found = match from.level {
                0 => self.module(other.unwrap_or_default(), module),
                level => self.relative_module(module, level, other),
            };
            match found {
                FoundModule::Here(crate::python::project::Module::File(exporter)) => {
                    self.exports(exporter, name) != Some(false) && self.may_have(exporter, name, seen)
                }
                FoundModule::Here(crate::python::project::Module::Namespace(_))
                | FoundModule::External
                | FoundModule::Missing(_) => false,
            }
        })
    }

    /// Whether an `import *` of the file brings a name that it does not bind itself; the error
    /// says why that is not known.
    pub fn is_brought_by_star(&self, file: &'f ParsedFile, name: &str) -> Result<bool, String> {
        self.brought_by_star(file, name, &mut Vec::new())
    }

    pub(super) fn brought_by_star(
        &self,
        file: &'f ParsedFile,
        name: &str,
        seen: &mut Vec<*const ParsedFile>,
    ) -> Result<bool, String> {
        if seen.contains(&std::ptr::from_ref(file)) {
            return Ok(false);
        }
        seen.push(std::ptr::from_ref(file));
        let mut unknown = None;
        for from in &self.module_bindings(file).stars {
            let module = from.module.as_ref().map(|module| module.as_str());
            let found = if from.level == 0 {
                self.module(module.unwrap_or_default(), file)
            } else {
                self.relative_module(file, from.level, module)
            };
            let module = module.unwrap_or(".");
            match found {
                FoundModule::Here(crate::python::project::Module::File(exporter)) => {
                    let bindings = self.module_bindings(exporter);
                    let exported = self.exports(exporter, name);
                    if exported == Some(false) {
                        continue;
                    }
                    let is_bound = !bindings.last(name).is_empty();
                    if is_bound && exported == Some(true) {
                        return Ok(true);
                    }
                    if exported.is_none() {
                        unknown = Some(format!("`__all__` of `{}` may name it", exporter.path()));
                        continue;
                    }
                    if self.submodule(exporter, name).is_some() {
                        // `import *` loads those that `__all__` names; others are there once
                        // somebody has imported them.
                        if !bindings.last("__all__").is_empty() {
                            return Ok(true);
                        }
                        unknown = Some(format!("it is a module of the package `{}`", exporter.path()));
                    } else if !bindings.last("__all__").is_empty() {
                        unknown = Some(format!("`__all__` of `{}` names it", exporter.path()));
                    }
                    if let Some(what) = names(exporter.source().module(), false).dynamic {
                        unknown = Some(format!("in `{}` {what}", exporter.path()));
                    }
                    if exporter.broken().is_some() {
                        unknown =
                            Some(format!("`{}`, which does not compile, may bring it", exporter.path()));
                    }
                    match self.brought_by_star(exporter, name, seen) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(why) => unknown = Some(why),
                    }
                }
                FoundModule::Here(crate::python::project::Module::Namespace(_)) => {}
                FoundModule::External | FoundModule::Missing(_) => {
                    unknown = Some(format!("`from {module} import *` may bring it"));
                }
            }
        }
        unknown.map_or(Ok(false), Err)
    }

    /// Whether `from module import *` brings a name of the module; nothing when `__all__` is put
    /// together in a way that is not understood.
    pub(super) fn exports(&self, module: &'f ParsedFile, name: &str) -> Option<bool> {
        if self.module_bindings(module).last("__all__").is_empty() {
            return Some(!name.starts_with('_'));
        }
        let (all, complete) = &*self.exported(module);
        if all.contains(name) {
            return Some(true);
        }
        complete.then_some(false)
    }

    /// The names in a module's `__all__`, and whether that is all of it.
    fn exported(&self, module: &'f ParsedFile) -> Exported<'f> {
        let key = address(module);
        if let Some(known) = self.exported.read().ok().and_then(|map| map.get(&key).cloned()) {
            return known;
        }
        let mut all = HashSet::new();
        let complete = self.add_exported(module, &mut all, &mut Vec::new());
        let found = Arc::new((all, complete));
        if let Ok(mut map) = self.exported.write() {
            map.insert(key, Arc::clone(&found));
        }
        found
    }

    /// Adds the names in a module's `__all__`; whether that is all of it. Names that are only
    /// removed in some cases, or taken from elsewhere, leave it open.
    pub(super) fn add_exported(
        &self,
        module: &'f ParsedFile,
        all: &mut HashSet<&'f str>,
        seen: &mut Vec<*const ParsedFile>,
    ) -> bool {
        if seen.contains(&std::ptr::from_ref(module)) || seen.len() > MOST_EXPORTERS {
            return false;
        }
        seen.push(std::ptr::from_ref(module));
        let body = &module.source().module().body;
        let mut understood = 0;
        let mut complete = true;
        for stmt in body {
            let value = match stmt {
                Stmt::Assign(node) if node.targets.iter().any(is_all) => {
                    all.clear();
                    complete = true;
                    &*node.value
                }
                Stmt::AnnAssign(node) if is_all(&node.target) => match &node.value {
                    Some(value) => {
                        all.clear();
                        complete = true;
                        value
                    }
                    None => continue,
                },
                Stmt::AugAssign(node) if is_all(&node.target) && node.op == ast::Operator::Add => &node.value,
                Stmt::Expr(node) => match &*node.value {
                    Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
                        (Expr::Attribute(method), [value])
                            if is_all(&method.value)
                                && matches!(method.attr.as_str(), "append" | "extend") =>
                        {
                            value
                        }
                        _ => continue,
                    },
                    _ => continue,
                },
                _ => continue,
            };
            understood += 1;
            complete &= self.add_exported_by(module, value, all, seen);
        }
        // `__all__` in an `if`, in a loop, handed to a function.
        let mut mentions = Mentions { number: 0, shrinks: false };
        mentions.visit_body(body);
        if mentions.shrinks {
            all.clear();
        }
        complete && !mentions.shrinks && mentions.number == understood
    }

    pub(super) fn add_exported_by(
        &self,
        module: &'f ParsedFile,
        value: &'f Expr,
        all: &mut HashSet<&'f str>,
        seen: &mut Vec<*const ParsedFile>,
    ) -> bool {
        match value {
            Expr::StringLiteral(text) => {
                all.insert(text.value.to_str());
                true
            }
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                let mut complete = true;
                for element in elts {
                    complete &= match element {
                        Expr::StringLiteral(_) => self.add_exported_by(module, element, all, seen),
                        Expr::Starred(starred) => self.add_exported_by(module, &starred.value, all, seen),
                        _ => false,
                    };
                }
                complete
            }
            Expr::BinOp(node) if node.op == ast::Operator::Add => {
                let left = self.add_exported_by(module, &node.left, all, seen);
                self.add_exported_by(module, &node.right, all, seen) && left
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__all__" => {
                match self.infer(&Scope::module(module), &attribute.value).as_slice() {
                    [Type::Module(other)] => {
                        let mut theirs = HashSet::new();
                        let complete = self.add_exported(other.0, &mut theirs, seen);
                        seen.pop();
                        all.extend(theirs);
                        complete
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

/// Whether this is the module's `__all__`.
fn is_all(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == "__all__")
}

/// Where a module's code does something to its `__all__`.
struct Mentions {
    number: usize,
    /// Something is taken out of it.
    shrinks: bool,
}

impl<'a> Visitor<'a> for Mentions {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Attribute(attribute) if is_all(&attribute.value) => {
                self.shrinks |= matches!(attribute.attr.as_str(), "remove" | "pop" | "clear");
            }
            Expr::Subscript(node) if is_all(&node.value) => self.shrinks |= !node.ctx.is_load(),
            _ => {}
        }
        self.number += usize::from(is_all(expr));
        visitor::walk_expr(self, expr);
    }
}

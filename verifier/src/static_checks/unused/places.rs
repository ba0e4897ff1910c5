//! Where files have names that somebody asks about: one walk over a file for all of the names.

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use foldhash::{HashMap, HashMapExt, HashSet};

use super::references::part_of_property;
use crate::python::ParsedFile;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::{Frame, Scope};
use crate::python::visitor::{self, Visitor};

/// A place that has a name: as a name, an attribute, or a word of a text.
pub(super) struct Place<'f> {
    pub(super) expr: &'f Expr,
    frames: Arc<[Frame<'f>]>,
    pub(super) called: bool,
    /// Naming it there cannot lead to a call.
    pub(super) harmless: bool,
    /// The statement makes `__all__`.
    pub(super) lists: bool,
}

impl<'f> Place<'f> {
    /// The scopes around the place, which is in this file.
    pub(super) fn scope(&self, file: &'f ParsedFile) -> Scope<'f> {
        Scope { file, frames: self.frames.to_vec(), receiver: None }
    }
}

/// The places of a file that have one of some names.
pub(super) struct Places<'f> {
    file: &'f ParsedFile,
    /// In the order of the walk.
    all: Vec<Place<'f>>,
    /// The numbers of the places that have a name.
    by_name: HashMap<&'f str, Vec<u32>>,
    /// `import name as other`, in the order of the walk.
    renames: Vec<(&'f str, &'f str)>,
}

impl<'f> Places<'f> {
    /// Looks for the names in a file.
    pub(super) fn find(file: &'f ParsedFile, names: &HashSet<&'f str>) -> Self {
        let body = &file.source().module().body;
        let mut renames = Renames { names: names.clone(), found: Vec::new() };
        renames.visit_body(body);
        let mut finder = Finder {
            members: names,
            names: &renames.names,
            frames: Vec::new(),
            around: None,
            harmless: false,
            lists: false,
            all: Vec::new(),
            by_name: HashMap::new(),
        };
        finder.visit_body(body);
        let Finder { all, by_name, .. } = finder;
        Self { file, all, by_name, renames: renames.found }
    }

    /// Where the places are.
    pub(super) fn file(&self) -> &'f ParsedFile {
        self.file
    }

    /// The places that have one of these names, or what imports of the file call it. All of the names
    /// are among those that were looked for.
    pub(super) fn of(&self, names: &[&'f str]) -> impl Iterator<Item = &Place<'f>> + use<'_, 'f> {
        let mut with_imports = names.to_vec();
        for (name, other) in &self.renames {
            if with_imports.contains(name) && !with_imports.contains(other) {
                with_imports.push(other);
            }
        }
        let mut numbers = BTreeSet::new();
        for (index, name) in with_imports.iter().enumerate() {
            // An import gives a new name to what stands alone, not to attributes and words of texts.
            let is_member = index < names.len();
            let with_name = self.by_name.get(name).into_iter().flatten().copied();
            numbers.extend(
                with_name
                    .filter(|number| is_member || matches!(self.all[*number as usize].expr, Expr::Name(_))),
            );
        }
        numbers.into_iter().map(|number| &self.all[number as usize])
    }
}

/// The places of the names of all definitions that are asked about, found once for each file.
pub(super) struct Known<'f> {
    names: HashSet<&'f str>,
    files: RwLock<HashMap<usize, Arc<Places<'f>>>>,
}

impl<'f> Known<'f> {
    pub(super) fn new(names: impl Iterator<Item = &'f str>) -> Self {
        Self { names: names.collect(), files: RwLock::default() }
    }

    /// The places of a file with these names.
    pub(super) fn places(&self, file: &'f ParsedFile, names: &[&'f str]) -> Arc<Places<'f>> {
        // Names under which modules give something on are few, and not known before.
        if !names.iter().all(|name| self.names.contains(name)) {
            return Arc::new(Places::find(file, &names.iter().copied().collect()));
        }
        let key = std::ptr::from_ref(file).addr();
        if let Some(known) = self.files.read().ok().and_then(|files| files.get(&key).cloned()) {
            return known;
        }
        let found = Arc::new(Places::find(file, &self.names));
        if let Ok(mut files) = self.files.write() {
            files.insert(key, Arc::clone(&found));
        }
        found
    }
}

/// What imports call the names.
struct Renames<'f> {
    names: HashSet<&'f str>,
    found: Vec<(&'f str, &'f str)>,
}

impl<'f> Visitor<'f> for Renames<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::ImportFrom(node) = stmt {
            for alias in &node.names {
                if self.names.contains(alias.name.as_str())
                    && let Some(asname) = &alias.asname
                {
                    self.names.insert(asname.as_str());
                    self.found.push((alias.name.as_str(), asname.as_str()));
                }
            }
        }
        visitor::walk_stmt(self, stmt);
    }
    fn visit_expr(&mut self, _: &'f Expr) {}
}

struct Finder<'r, 'f> {
    /// What modules and classes call it.
    members: &'r HashSet<&'f str>,
    /// The same, and what imports of this file call it.
    names: &'r HashSet<&'f str>,
    frames: Vec<Frame<'f>>,
    /// The frames, as places share them.
    around: Option<Arc<[Frame<'f>]>>,
    harmless: bool,
    /// The statement makes `__all__`.
    lists: bool,
    all: Vec<Place<'f>>,
    by_name: HashMap<&'f str, Vec<u32>>,
}

impl<'f> Finder<'_, 'f> {
    fn enter(&mut self, frame: Frame<'f>) {
        self.frames.push(frame);
        self.around = None;
    }

    fn leave(&mut self) {
        self.frames.pop();
        self.around = None;
    }

    fn add(&mut self, expr: &'f Expr, name: &'f str, called: bool) {
        let frames = Arc::clone(self.around.get_or_insert_with(|| self.frames.as_slice().into()));
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let (harmless, lists) = (self.harmless, self.lists);
        self.all.push(Place { expr, frames, called, harmless, lists });
        self.by_name.entry(name).or_default().push(number);
    }

    fn reference(&mut self, expr: &'f Expr, called: bool) {
        match expr {
            Expr::Name(name) => {
                if name.ctx.is_load() && self.names.contains(name.id.as_str()) {
                    self.add(expr, name.id.as_str(), called);
                }
            }
            Expr::Attribute(attribute) => {
                if self.members.contains(attribute.attr.as_str()) {
                    self.add(expr, attribute.attr.as_str(), called);
                }
                self.visit_expr(&attribute.value);
            }
            _ => self.visit_expr(expr),
        }
    }

    fn text(&mut self, expr: &'f Expr, text: &'f str) {
        if text.contains(char::is_whitespace) {
            return;
        }
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        for word in text.split(|character| !is_part(character)) {
            if self.members.contains(word) {
                self.add(expr, word, false);
            }
        }
    }

    fn harmlessly(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.harmless, true);
        walk(self);
        self.harmless = before;
    }
}

/// Whether a statement of a module says what is in its `__all__`.
fn makes_all(stmt: &Stmt) -> bool {
    let is_all = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__all__");
    match stmt {
        Stmt::Assign(node) => node.targets.iter().all(is_all),
        Stmt::AugAssign(node) => is_all(&node.target),
        Stmt::AnnAssign(node) => is_all(&node.target),
        Stmt::Expr(node) => matches!(&*node.value, Expr::Call(call)
            if matches!(&*call.func, Expr::Attribute(method) if is_all(&method.value))),
        _ => false,
    }
}

impl<'f> Visitor<'f> for Finder<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => {
                // Decorators, defaults and annotations belong to what is around.
                for decorator in &node.decorator_list {
                    // `@p.setter` makes one property of two functions, and uses neither.
                    if part_of_property(decorator) != Some(node.name.as_str()) {
                        self.visit_expr(&decorator.expression);
                    }
                }
                self.visit_parameters(&node.parameters);
                if let Some(returns) = &node.returns {
                    self.visit_annotation(returns);
                }
                self.enter(Frame::Function(node));
                self.visit_body(&node.body);
                self.leave();
            }
            Stmt::ClassDef(node) => {
                for decorator in &node.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                if let Some(arguments) = &node.arguments {
                    self.visit_arguments(arguments);
                }
                self.enter(Frame::Class(node));
                self.visit_body(&node.body);
                self.leave();
            }
            // Raising a class makes an object of it.
            Stmt::Raise(node) => {
                for raised in [&node.exc, &node.cause].into_iter().flatten() {
                    match &**raised {
                        Expr::Name(_) | Expr::Attribute(_) => self.reference(raised, true),
                        other => self.visit_expr(other),
                    }
                }
            }
            // A text that stands alone is a comment.
            Stmt::Expr(node) if node.value.is_string_literal_expr() => {}
            _ => {
                self.lists = self.frames.is_empty() && makes_all(stmt);
                visitor::walk_stmt(self, stmt);
                self.lists = false;
            }
        }
    }

    fn visit_annotation(&mut self, annotation: &'f Expr) {
        self.harmlessly(|finder| finder.visit_expr(annotation));
    }

    fn visit_except_handler(&mut self, handler: &'f ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(node) = handler;
        if let Some(class) = &node.type_ {
            self.harmlessly(|finder| finder.visit_expr(class));
        }
        self.visit_body(&node.body);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Name(_) | Expr::Attribute(_) => self.reference(expr, false),
            Expr::StringLiteral(text) => self.text(expr, text.value.to_str()),
            Expr::Call(call) => {
                self.reference(&call.func, true);
                let asks = matches!(&*call.func, Expr::Name(name)
                    if matches!(name.id.as_str(), "isinstance" | "issubclass"));
                if asks {
                    self.harmlessly(|finder| finder.visit_arguments(&call.arguments));
                } else {
                    self.visit_arguments(&call.arguments);
                }
            }
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.visit_parameters(parameters);
                }
                self.enter(Frame::Lambda(node));
                self.visit_expr(&node.body);
                self.leave();
            }
            Expr::ListComp(ast::ExprListComp { generators, .. })
            | Expr::SetComp(ast::ExprSetComp { generators, .. })
            | Expr::Generator(ast::ExprGenerator { generators, .. })
            | Expr::DictComp(ast::ExprDictComp { generators, .. }) => {
                self.enter(Frame::Comprehension(generators));
                visitor::walk_expr(self, expr);
                self.leave();
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

//! What the target's code does with a thread that an attribute or variable holds: through
//! aliases, loops, collections, and functions that it is handed to. The places that it is put
//! into are searched like the first one.

mod handed;
mod value;
mod walk;

use foldhash::{HashSet, HashSetExt};

use super::Held;
use crate::evidence::Site;
use crate::python::ast::{self, Expr, ExprCall};
use crate::python::calls::calls_in;
use crate::python::project::modules::FoundModule;
use crate::python::project::{
    BindingKind, ClassRef, Frame, FunctionRef, Module, Project, Scope, dotted_name, object_parameter,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{is_test_code, site};
use value::{Sure, What};
use walk::{Alias, Walker};

/// Something that is done with the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Start,
    Join,
    Cancel,
    /// It is given this value of `daemon`.
    Daemon(bool),
}

/// Where the thread is held, or a collection that it is in.
#[derive(Clone, Debug, PartialEq)]
struct Place<'f> {
    owner: Owner<'f>,
    name: String,
    is_collection: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Owner<'f> {
    /// An attribute of objects of a class.
    Class(ClassRef<'f>),
    /// A variable of a module, by the path of its file.
    Module(&'f str),
    /// A variable of a function.
    Function(FunctionRef<'f>),
    /// What a function or property gives.
    Result(FunctionRef<'f>),
}

/// Looks for uses and collects them.
pub(super) struct Uses<'p, 'f> {
    project: &'p Project<'f>,
    held: Held<'f>,
    name: &'p str,
    /// Where the thread is or may be found; the first is the one that the claim names.
    places: Vec<Place<'f>>,
    /// Functions that make the thread and return it to where it is held: what else they return
    /// it to is another thread.
    factories: Vec<FunctionRef<'f>>,
    events: Vec<(EventKind, &'f ParsedFile, TextRange)>,
    seen: HashSet<(usize, String)>,
    /// Why there may be uses that were not seen.
    pub(super) maybe: Vec<String>,
    /// Why there may be uses of one kind.
    doubts: Vec<(EventKind, String)>,
    pub(super) notes: Vec<String>,
    /// Files that do not compile and that mention the thread, or get it.
    pub(super) broken: Vec<&'f ParsedFile>,
    pub(super) files: u32,
    pub(super) nodes: u64,
    holder: Option<ClassRef<'f>>,
}

/// A function that is handed to is followed this far.
const DEPTH: u32 = 4;

/// Places that are searched; more of them are code that nobody reads.
const MOST_PLACES: usize = 24;

impl<'p, 'f> Uses<'p, 'f> {
    pub(super) fn new(
        project: &'p Project<'f>,
        held: Held<'f>,
        name: &'p str,
        holder: Option<ClassRef<'f>>,
    ) -> Self {
        let owner = match held {
            Held::Attribute(class) => Owner::Class(class),
            Held::Local(function) => Owner::Function(function),
            Held::Module(file) => Owner::Module(file.path().as_str()),
        };
        Self {
            project,
            held,
            name,
            places: vec![Place { owner, name: name.to_owned(), is_collection: false }],
            factories: Vec::new(),
            events: Vec::new(),
            seen: HashSet::new(),
            maybe: Vec::new(),
            doubts: Vec::new(),
            notes: Vec::new(),
            broken: Vec::new(),
            files: 0,
            nodes: 0,
            holder,
        }
    }

    /// The functions that make it hold it in a variable first.
    pub(super) fn made_by(&mut self, factories: &[(FunctionRef<'f>, &str)]) {
        for (function, name) in factories {
            self.factories.push(*function);
            self.put_into(Owner::Function(*function), name, false);
        }
    }

    pub(super) fn events(&self, kind: EventKind) -> impl Iterator<Item = (&'f ParsedFile, TextRange)> + '_ {
        self.events.iter().filter(move |(known, _, _)| *known == kind).map(|(_, file, range)| (*file, *range))
    }

    pub(super) fn sites(&self, kind: EventKind, label: &str) -> Vec<Site> {
        self.events(kind).map(|(file, range)| site(file, range, Some(label))).collect()
    }

    /// Why something of this kind may be done where it is not seen.
    pub(super) fn doubt(&self, kind: EventKind) -> Option<&String> {
        let of_kind = self.doubts.iter().find(|(known, _)| *known == kind).map(|(_, why)| why);
        self.maybe.first().or(of_kind)
    }

    /// Looks wherever the thread may be found.
    pub(super) fn look(&mut self) {
        let mut next = 0;
        while let Some(place) = self.places.get(next).cloned() {
            next += 1;
            if next > MOST_PLACES {
                self.maybe.push("it is put into more places than are followed".to_owned());
                break;
            }
            match place.owner {
                Owner::Function(function) => {
                    self.files += 1;
                    let alias = Alias::whole(&place.name, What::certain(place.is_collection));
                    self.function(function, vec![alias], None, 0);
                }
                Owner::Class(_) | Owner::Module(_) | Owner::Result(_) => self.everywhere(&place.name),
            }
        }
        self.every_thread();
        if let Held::Attribute(owner) = self.held {
            self.reflection(owner);
            if let Some(holder) = self.holder {
                self.reflection(holder);
            }
        }
    }

    /// What the constructor of a thread class does with the thread that it makes.
    pub(super) fn constructor(&mut self, class: ClassRef<'f>) {
        let constructors = self.project.method(class, "__init__").unwrap_or_default();
        let inherited = self.project.own_or_inherited(class, "__init__");
        for constructor in constructors.into_iter().chain(inherited) {
            let Some(object) = object_parameter(constructor) else { continue };
            let alias = Alias::whole(object, What::certain(false));
            self.function(constructor, vec![alias], Some(class), 0);
        }
    }

    fn owner_is_test(&self) -> bool {
        is_test_code(match self.held {
            Held::Attribute(owner) => owner.file.path(),
            Held::Local(function) => function.file.path(),
            Held::Module(file) => file.path(),
        })
    }

    fn everywhere(&mut self, name: &str) {
        let project = self.project;
        let owner_is_test = self.owner_is_test();
        let mentioning = project.mentioning(name);
        let mut broken = 0;
        for path in mentioning.iter() {
            if !owner_is_test && is_test_code(path) {
                let note = format!("what the test `{path}` does with it is not counted");
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                continue;
            }
            let file = match project.file(path) {
                Ok(file) => file,
                Err(reason) => {
                    self.maybe.push(crate::static_checks::describe(&reason));
                    continue;
                }
            };
            self.files += 1;
            broken += u32::from(file.broken().is_some());
            self.walker(file, 0, None, None, Vec::new()).run(&file.source().module().body);
        }
        if broken > 0 {
            self.notes.push(format!(
                "{broken} files that mention `{name}` do not compile, and were searched as far as they go"
            ));
        }
    }

    /// Walks a function in which these names stand for the thread.
    fn function(
        &mut self,
        function: FunctionRef<'f>,
        aliases: Vec<Alias>,
        receiver: Option<ClassRef<'f>>,
        depth: u32,
    ) {
        let node: &'f ast::StmtFunctionDef = function.node;
        let key = (std::ptr::from_ref(node).addr(), format!("{aliases:?}{receiver:?}"));
        if self.seen.insert(key) {
            self.walker(function.file, depth, receiver, Some(node), aliases).run(&node.body);
        }
    }

    fn walker(
        &mut self,
        file: &'f ParsedFile,
        depth: u32,
        receiver: Option<ClassRef<'f>>,
        function: Option<&'f ast::StmtFunctionDef>,
        aliases: Vec<Alias>,
    ) -> Walker<'_, 'p, 'f> {
        if !file.source().errors().is_empty()
            && (!aliases.is_empty() || file.source().text().contains(&format!(".{}", self.name)))
            && !self.broken.iter().any(|known| std::ptr::eq(*known, file))
        {
            self.broken.push(file);
        }
        let mut names = self.module_variables(file);
        if let Some(function) = function {
            // Its own variables hide those of the module.
            let bindings = self.project.frame_bindings(Frame::Function(function));
            names.retain(|alias| {
                bindings.all(alias.name()).is_empty() || bindings.outer.contains_key(alias.name())
            });
        }
        names.extend(aliases);
        Walker::new(self, file, depth, receiver, function, names)
    }

    /// The names that stand for variables of modules that hold the thread, in one file.
    fn module_variables(&self, file: &'f ParsedFile) -> Vec<Alias> {
        let mut variables = Vec::new();
        for place in &self.places {
            let Owner::Module(home) = place.owner else { continue };
            let what = What::certain(place.is_collection);
            if home == file.path().as_str() {
                variables.push(Alias::whole(&place.name, what));
                continue;
            }
            let bindings = self.project.module_bindings(file);
            let mut names: Vec<&str> = bindings.names().collect();
            names.sort_unstable();
            for name in names {
                for binding in bindings.all(name) {
                    let BindingKind::ImportFrom { from, name: imported } = binding.kind else { continue };
                    let module = from.module.as_ref().map(|module| module.as_str());
                    let is_it = imported == place.name
                        && match (from.level, module) {
                            (0, None) => false,
                            (0, Some(module)) => is_file(&self.project.module(module, file), home),
                            (level, module) => {
                                is_file(&self.project.relative_module(file, level, module), home)
                            }
                        };
                    if is_it {
                        variables.push(Alias::whole(name, what.clone()));
                    }
                }
            }
        }
        variables
    }

    /// `for thread in threading.enumerate(): thread.join()` reaches every thread, wherever it stands.
    fn every_thread(&mut self) {
        let owner_is_test = self.owner_is_test();
        let project = self.project;
        for path in project.mentioning("enumerate").iter() {
            let is_counted = owner_is_test || !is_test_code(path);
            // Most files have the builtin, and need not be parsed.
            let may_join =
                is_counted && project.files().test(path, may_join_every_thread).unwrap_or_default();
            if !may_join {
                continue;
            }
            let Ok(file) = project.file(path) else { continue };
            let text = file.source().text();
            let module = &file.source().module().body;
            // Most calls of that name are the builtin's, and need not be resolved.
            let mut names = Vec::new();
            if text.contains("from threading import") {
                names.push("enumerate");
                names.extend(project.renames(file).get("enumerate").into_iter().flatten());
            }
            let is_every = |call: &'f ExprCall| {
                let may_be = match call.func.as_ref() {
                    Expr::Attribute(attribute) => attribute.attr.as_str() == "enumerate",
                    Expr::Name(name) => names.contains(&name.id.as_str()),
                    _ => false,
                };
                if !may_be {
                    return false;
                }
                let scope = Scope::at(file, call.func.range());
                project.resolve_call(&scope, call).external.iter().any(|name| name == "threading.enumerate")
            };
            let calls = calls_in(module);
            if calls.iter().any(|call| joins_something(call)) && calls.into_iter().any(is_every) {
                self.may(format!("`{path}` joins every thread that runs"));
            }
        }
    }

    /// `for name in dir(self): getattr(self, name).join()` reaches every attribute.
    fn reflection(&mut self, class: ClassRef<'f>) {
        let mut owners = Vec::new();
        for order in self.project.linearisations(class).iter() {
            owners.extend(order.classes());
        }
        for owner in owners {
            for method in self.project.own_methods(owner) {
                let Some(object) = object_parameter(method) else { continue };
                let mut search = Reflection { object, computed: false, joins: false };
                search.visit_body(&method.node.body);
                if search.computed && search.joins {
                    self.may(format!(
                        "`{}` joins attributes whose names are computed",
                        method.qualified_name()
                    ));
                }
            }
        }
    }

    fn may(&mut self, why: String) {
        if !self.maybe.contains(&why) {
            self.maybe.push(why);
        }
    }

    fn put_into(&mut self, owner: Owner<'f>, name: &str, is_collection: bool) {
        let place = Place { owner, name: name.to_owned(), is_collection };
        if !self.places.contains(&place) {
            self.places.push(place);
        }
    }

    fn event(&mut self, kind: EventKind, sure: &Sure, file: &'f ParsedFile, range: TextRange) {
        match sure {
            Sure::No => {}
            Sure::Maybe(why) => {
                if !self.doubts.iter().any(|known| known.0 == kind && known.1 == *why) {
                    self.doubts.push((kind, why.clone()));
                }
            }
            Sure::Yes => {
                let is_known = self
                    .events
                    .iter()
                    .any(|known| known.0 == kind && known.1.path() == file.path() && known.2 == range);
                if !is_known {
                    self.events.push((kind, file, range));
                }
            }
        }
    }
}

fn is_file(found: &FoundModule, path: &str) -> bool {
    matches!(found, FoundModule::Here(Module::File(file)) if file.path().as_str() == path)
}

/// Whether a file may call `threading.enumerate` and join what that gives, to judge by its words.
fn may_join_every_thread(bytes: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(bytes, word.as_bytes()).is_some();
    let is_space = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b'\\';
    let is_attribute = |at: usize| bytes[..at].iter().rev().find(|byte| !is_space(byte)) == Some(&b'.');
    let is_of_module = || memchr::memmem::find_iter(bytes, "enumerate").any(is_attribute);
    has("threading") && has("join") && (has("from threading import") || is_of_module())
}

/// `thread.join()`, and not `os.path.join(…)` or `", ".join(…)`.
fn joins_something(call: &ExprCall) -> bool {
    let Expr::Attribute(method) = call.func.as_ref() else { return false };
    let is_path = || dotted_name(&method.value).is_some_and(|name| name.ends_with("path"));
    method.attr.as_str() == "join" && !method.value.is_string_literal_expr() && !is_path()
}

/// Whether a method reaches attributes by computed names, and joins something.
struct Reflection<'n> {
    object: &'n str,
    computed: bool,
    joins: bool,
}

impl<'f> Visitor<'f> for Reflection<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        let is_object = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == self.object);
        match expr {
            Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                (Expr::Name(function), [object, name, ..])
                    if function.id.as_str() == "getattr"
                        && is_object(object)
                        && !name.is_string_literal_expr() =>
                {
                    self.computed = true;
                }
                (Expr::Name(function), [object]) if function.id.as_str() == "vars" && is_object(object) => {
                    self.computed = true;
                }
                (Expr::Attribute(attribute), _) if attribute.attr.as_str() == "join" => {
                    self.joins |= !attribute.value.is_string_literal_expr();
                }
                _ => {}
            },
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => {
                self.computed |= is_object(&attribute.value);
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

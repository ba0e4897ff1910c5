//! Values that are not named: lambdas, displays, what calls give; and what cannot be followed.

use super::evaluate::Arguments;
use super::facts::{calls_method, last_name};
use super::names::Alias;
use super::state::{self, Frame, Loc, Locs, Slot, State};
use super::{Engine, FrameInfo, LocInfo, LocKey, address};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::scope::{Binding, BindingKind};
use crate::python::project::{ClassRef, FunctionRef, Scope, Type};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};

/// Of a display, so many parts are told apart.
const MAX_PARTS: usize = 32;
/// Lambdas inside lambdas are run this deep.
const MAX_LAMBDAS: u32 = 20;

impl<'f> Engine<'_, 'f> {
    /// A new container with these parts.
    pub(super) fn display(
        &mut self,
        frame: Frame,
        state: &mut State,
        range: TextRange,
        parts: Vec<(String, Locs)>,
    ) -> Locs {
        let container = self.fresh(frame, state, range);
        for (key, locs) in parts.into_iter().filter(|(_, locs)| !locs.is_empty()).take(MAX_PARTS) {
            let name = self.name(&key);
            for container in container.iter() {
                state.set(Slot::Field(*container, name), locs.clone());
            }
        }
        container
    }

    /// Whether what an expression gives can be an object that goes through the events.
    pub(super) fn may_be_object(&self, frame: Frame, expr: &'f Expr) -> bool {
        let file = self.frames[frame as usize].file;
        let of_interest = if file == 0 { &self.objects } else { &self.files[file].tracked };
        Alias::of(expr).is_some_and(|alias| of_interest.contains(&alias))
    }

    /// What unpacking gives to the target at this place.
    pub(super) fn part(
        &mut self,
        frame: Frame,
        state: &mut State,
        whole: &[Loc],
        index: usize,
        target: &'f Expr,
    ) -> Locs {
        let name = self.name(&format!("[{index}]"));
        let known: Option<Vec<Locs>> =
            whole.iter().map(|loc| state.get(Slot::Field(*loc, name)).cloned()).collect();
        match known {
            Some(known) if !known.is_empty() => {
                known.iter().fold(state::none(), |all, locs| state::union(&all, locs))
            }
            _ => self.fresh(frame, state, target.range()),
        }
    }

    /// Runs a lambda that a function is given which runs it at once, if at all.
    pub(super) fn run_at_once(&mut self, frame: Frame, state: &mut State, lambda: &'f ast::ExprLambda) {
        let mut path = state.clone();
        self.run_lambda(frame, &mut path, lambda, frame, &[]);
        if !std::mem::take(&mut self.dead) {
            self.join(state, &path);
        }
    }

    /// The objects that an expression gave which is no place where a value is kept: a call, a
    /// property. It has been run just before.
    pub(super) fn given_by(&self, frame: Frame, expr: &Expr) -> Option<Locs> {
        match expr {
            Expr::Call(_) | Expr::Attribute(_) => self.results.get(&(frame, expr.range())).cloned(),
            Expr::Await(awaited) => self.given_by(frame, &awaited.value),
            _ => None,
        }
    }

    pub(super) fn lambda(&mut self, frame: Frame, lambda: &'f ast::ExprLambda) -> Loc {
        let key = LocKey::Function(address(lambda), frame);
        self.loc(key, || LocInfo { lambda: Some((lambda, frame)), ..LocInfo::default() })
    }

    /// Runs a lambda that a name stands for.
    pub(super) fn call_of_lambda(
        &mut self,
        frame: Frame,
        state: &mut State,
        call: &'f ast::ExprCall,
        arguments: &Arguments,
    ) -> Option<Locs> {
        let locs = match &*call.func {
            Expr::Name(name) => {
                let slot = self.variable(frame, name.id.as_str());
                state.get(slot).cloned()?
            }
            Expr::Lambda(lambda) => state::one(self.lambda(frame, lambda)),
            _ => return None,
        };
        let [loc] = *locs else { return None };
        let (lambda, parent) = self.locs[loc as usize].lambda?;
        Some(self.run_lambda(frame, state, lambda, parent, &arguments.positional))
    }

    /// Runs the body of a lambda.
    pub(super) fn run_lambda(
        &mut self,
        caller: Frame,
        state: &mut State,
        lambda: &'f ast::ExprLambda,
        parent: Frame,
        given: &[Option<Locs>],
    ) -> Locs {
        let key = (caller, lambda.range(), address(lambda), 0);
        let inner = match self.frame_keys.get(&key) {
            Some(frame) => *frame,
            None => {
                let depth = self.frames.get(caller as usize).map_or(0, |info| info.depth + 1);
                let around = &self.frames[parent as usize];
                let info = FrameInfo {
                    file: around.file,
                    function: None,
                    lambda: Some(lambda),
                    parent: Some(parent),
                    scope: around.scope.clone(),
                    class: around.class,
                    depth,
                };
                let frame = self.push_frame(info);
                self.frame_keys.insert(key, frame);
                frame
            }
        };
        if self.frames[inner as usize].depth > MAX_LAMBDAS {
            self.gave_up = true;
            return state::none();
        }
        for (index, parameter) in
            lambda.parameters.iter().flat_map(|parameters| parameters.iter()).enumerate()
        {
            let known = given.get(index).cloned().flatten();
            self.bind(inner, state, parameter.name().as_str(), known);
        }
        let locs = self.evaluate(inner, state, &lambda.body);
        state.drop_frame(inner);
        locs
    }

    /// `c = f.close`: a call of `c` is an event that no pattern sees.
    pub(super) fn bound_event(&mut self, frame: Frame, stmt: &'f Stmt) {
        let Stmt::Assign(node) = stmt else { return };
        let (Expr::Attribute(method), [Expr::Name(target)]) = (&*node.value, &*node.targets) else { return };
        let is_event = self.events.all().any(|pattern| calls_method(pattern, method.attr.as_str()));
        let Some(function) = self.frames[frame as usize].function.filter(|_| is_event) else { return };
        if !Alias::of(&method.value).is_some_and(|alias| self.objects.contains(&alias)) {
            return;
        }
        let called = |call: &&ast::ExprCall| matches!(&*call.func, Expr::Name(name) if name.id == target.id);
        if self.function_facts(function).calls.iter().any(called) {
            let line = function.file.source().line(stmt.start());
            let what = format!(
                "`{}:{line}` gives `{}` the name `{}`, and calls of that are not followed",
                function.file.path(),
                self.text(frame, &node.value),
                target.id
            );
            let is_local = matches!(&*method.value, Expr::Name(name)
                if self.function_facts(function).locals.contains(name.id.as_str()));
            self.not_followed(what, is_local, function);
        }
    }

    /// Whether what happens in a generator happens to objects that only it and those who call it
    /// get hold of: it calls nothing that matters, and no name that these objects can have is an
    /// attribute, a variable of the module, or a parameter.
    pub(super) fn is_confined(&mut self, function: FunctionRef<'f>, class: Option<ClassRef<'f>>) -> bool {
        let calls = self.function_facts(function).calls.clone();
        let calls_followed = calls.into_iter().any(|call| {
            self.callees_of(function, class, call)
                .into_iter()
                .any(|(next, class)| self.is_relevant(next, class))
        });
        if calls_followed {
            return false;
        }
        let file = self.file_id(function.file);
        let known = self.search.knowledge(function.file);
        let names = known.names(function.file);
        let of_module = self.project.module_bindings(function.file);
        let is_definition =
            |binding: &Binding| matches!(binding.kind, BindingKind::Function(_) | BindingKind::Class(_));
        let range = function.node.range();
        let places = self.files[file].occurrences.iter().filter(|(place, _)| range.contains_range(**place));
        let objects: Vec<Alias<'f>> =
            places.flat_map(|(_, found)| found).filter_map(|found| Alias::of(found.object)).collect();
        objects.into_iter().all(|alias| {
            let mut members = names.members(&std::iter::once(names.group(alias)).collect());
            members.insert(alias);
            members.into_iter().all(|alias| match alias {
                Alias::Variable(name) => {
                    of_module.last(name).iter().all(is_definition) && !function.node.parameters.includes(name)
                }
                // A decorated function counts as an attribute of its name, for it may be a property.
                Alias::Attribute(name) => names.defined.contains(name),
                Alias::Result(_) => true,
            })
        })
    }

    /// Whether what an event says of the body of a class can be followed by the other events: the
    /// attribute is read from an object that may be of the class, or in the body itself.
    pub(super) fn fields_matter(&self, class: ClassRef<'f>, order: &[ClassRef<'f>]) -> bool {
        let total = self.events.events.len();
        let mut files: Vec<&'f ParsedFile> = Vec::new();
        let mut fields: Vec<&'f str> = Vec::new();
        for class in order {
            if !files.iter().any(|known| std::ptr::eq(*known, class.file)) {
                files.push(class.file);
            }
            let Some(id) = self.file_ids.get(&address(class.file)) else { continue };
            let mut of_body: Vec<(&'f str, usize)> = Vec::new();
            for stmt in class.node.body.iter().filter(|stmt| !stmt.is_function_def_stmt()) {
                for found in self.files[*id].occurrences.get(&stmt.range()).into_iter().flatten() {
                    if let (Expr::Name(name), Some(event)) = (found.object, found.event)
                        && self.objects.contains(&Alias::Attribute(name.id.as_str()))
                    {
                        of_body.push((name.id.as_str(), event));
                    }
                }
            }
            for (name, _) in &of_body {
                let is_event = |event| of_body.contains(&(*name, event));
                if (0..total).all(is_event) {
                    return true;
                }
                fields.push(name);
            }
        }
        if fields.is_empty() {
            return false;
        }
        if !self.followed.is_empty() {
            return true;
        }
        files.into_iter().any(|file| {
            let mut uses = Uses { engine: self, file, class, fields: &fields, found: false };
            uses.visit_body(&file.source().module().body);
            uses.found
        })
    }
}

/// Whether a call runs the functions that it is given before it comes back, and not later.
pub(super) fn runs_at_once(callee: &Expr) -> bool {
    matches!(last_name(callee), Some("sorted" | "sort" | "min" | "max" | "map" | "filter" | "reduce"))
}

/// Looks for uses of attributes of an object that may be of a class.
struct Uses<'e, 'a, 'f> {
    engine: &'a Engine<'e, 'f>,
    file: &'f ParsedFile,
    class: ClassRef<'f>,
    fields: &'a [&'f str],
    found: bool,
}

impl<'f> Visitor<'f> for Uses<'_, '_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if self.found {
            return;
        }
        match expr {
            Expr::Attribute(attribute) if self.fields.contains(&attribute.attr.as_str()) => {
                let project = self.engine.project;
                let objects = project.infer(&Scope::at(self.file, expr.range()), &attribute.value);
                let is_other = |object: &Type<'f>| match object {
                    Type::Instance(other) => !project.are_related(*other, self.class),
                    Type::Module(_) | Type::Namespace(_) | Type::External(_) => true,
                    _ => false,
                };
                self.found = objects.is_empty() || !objects.iter().all(is_other);
            }
            Expr::Call(call)
                if matches!(last_name(&call.func), Some("getattr" | "vars" | "attrgetter" | "asdict")) =>
            {
                self.found = true;
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

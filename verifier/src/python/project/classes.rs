//! What a class inherits: bases, method resolution order, members.

use super::facts;
use super::types::{Trail, unique, unknown};
use super::{Binding, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Type, Types, address};
use crate::python::ParsedFile;
use crate::python::ast::{Expr, Stmt};
use crate::python::visitor::{self, Visitor};
use std::cell::Cell;
use std::sync::Arc;

use foldhash::HashMap;

/// One entry of a method resolution order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ancestor<'f> {
    /// A class of the target.
    Class(ClassRef<'f>),
    /// A class from outside, by full name. `object` is left out.
    External(String),
    /// A base that cannot be told; why.
    Unresolved(String),
}

/// One method resolution order. A class has several when a base is chosen at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linearisation<'f> {
    /// The class itself first.
    pub ancestors: Vec<Ancestor<'f>>,
}

/// Classes have a handful of bases, and all are compared with one another.
const MOST_BASES: usize = 100;
/// More choices of bases than this are not enumerated.
const CHOICES: usize = 16;
/// A hierarchy that is deeper than this is said to be unresolved.
const HEIGHT: usize = 40;
/// So many classes are gone through for the orders of one.
const STEPS: usize = 2_000;

/// The way to the orders of a class.
#[derive(Default)]
struct Pursuit<'f> {
    /// The classes whose orders wait for those of their bases.
    open: Vec<ClassRef<'f>>,
    /// What was found: classes can be reached in very many ways. By class and by how many wait.
    known: HashMap<(usize, usize), Vec<Vec<Ancestor<'f>>>>,
    /// How often a class was met again that waits.
    cycles: usize,
    steps: usize,
}

impl<'f> Linearisation<'f> {
    /// The classes of the target, nearest first.
    pub fn classes(&self) -> impl Iterator<Item = ClassRef<'f>> + '_ {
        self.ancestors.iter().filter_map(|ancestor| match ancestor {
            Ancestor::Class(class) => Some(*class),
            Ancestor::External(_) | Ancestor::Unresolved(_) => None,
        })
    }

    /// Why an attribute of this name may come from a base that is not in the target; nothing
    /// when every such base is known not to define it.
    pub fn may_inherit(&self, name: &str) -> Option<String> {
        self.ancestors.iter().find_map(|ancestor| match ancestor {
            Ancestor::Class(_) => None,
            Ancestor::External(base) => match facts::attributes_of(base) {
                Some([]) => None,
                // The dunder names of a class that has any are not listed.
                Some(attributes) if !attributes.contains(&name) && !facts::is_dunder(name) => None,
                Some(attributes) if !attributes.contains(&name) => {
                    Some(format!("whether the base `{base}` defines `{name}` is not known"))
                }
                Some(_) => Some(format!("the base `{base}` defines `{name}`")),
                None => Some(format!("what the base `{base}` defines is not known")),
            },
            Ancestor::Unresolved(why) => Some(format!("a base cannot be resolved: {why}")),
        })
    }
}

impl<'f> Project<'f> {
    /// The method resolution orders that a class can have; one as a rule.
    pub fn linearisations(&self, class: ClassRef<'f>) -> Arc<[Linearisation<'f>]> {
        let key = address(class.node);
        // What is found while bases wait for bases depends on who waits, and is not for others.
        let is_for_all = !Nesting::is_entered();
        if is_for_all && let Some(known) = self.orders.read().ok().and_then(|map| map.get(&key).cloned()) {
            return known;
        }
        let orders = self.linearise(class, &mut Pursuit::default());
        let found: Arc<[_]> = orders.into_iter().map(|ancestors| Linearisation { ancestors }).collect();
        if is_for_all && let Ok(mut map) = self.orders.write() {
            map.insert(key, Arc::clone(&found));
        }
        found
    }

    /// What a class statement's bases can be, one list of alternatives per base.
    pub fn bases(&self, class: ClassRef<'f>) -> Vec<Vec<Ancestor<'f>>> {
        let mut scope = Scope::at(class.file, class.node.name.range);
        scope.frames.pop();
        let Some(arguments) = &class.node.arguments else { return Vec::new() };
        let Some(_nesting) = Nesting::enter() else {
            let why = format!("what `{}` inherits hangs on too many other classes", class.name());
            return vec![vec![Ancestor::Unresolved(why)]];
        };
        arguments
            .args
            .iter()
            .map(|base| {
                let types = self.infer(&scope, base);
                let mut alternatives: Vec<Ancestor<'f>> = Vec::new();
                for ty in types {
                    let ancestor = match ty {
                        Type::Class(base) => Ancestor::Class(base),
                        Type::External(name) => Ancestor::External(name),
                        // `try: from x import Base / except ImportError: Base = None`: with
                        // `None` there is no class at all.
                        Type::None => continue,
                        Type::Unknown(why) => Ancestor::Unresolved(why),
                        // The class that such a call makes is the library's, whatever its fields are.
                        Type::ExternalInstance(name)
                            if matches!(name.as_str(), "collections.namedtuple" | "typing.NamedTuple") =>
                        {
                            Ancestor::External(format!("{name}()"))
                        }
                        Type::ExternalInstance(name) => {
                            Ancestor::Unresolved(format!("a base is made by calling `{name}`"))
                        }
                        Type::Module(_)
                        | Type::Namespace(_)
                        | Type::Instance(_)
                        | Type::Function(_)
                        | Type::Method(_, _) => Ancestor::Unresolved("a base is not a class".to_owned()),
                    };
                    if !alternatives.contains(&ancestor) {
                        alternatives.push(ancestor);
                    }
                }
                if alternatives.is_empty() {
                    alternatives.push(Ancestor::Unresolved("a base has no value".to_owned()));
                }
                alternatives
            })
            .collect()
    }

    fn linearise(&self, class: ClassRef<'f>, pursuit: &mut Pursuit<'f>) -> Vec<Vec<Ancestor<'f>>> {
        let is_open = pursuit.open.contains(&class);
        if is_open || pursuit.open.len() > HEIGHT {
            pursuit.cycles += usize::from(is_open);
            let why = format!("`{}` inherits from itself", class.name());
            return vec![vec![Ancestor::Unresolved(why)]];
        }
        let key = (address(class.node), pursuit.open.len());
        if let Some(known) = pursuit.known.get(&key) {
            return known.clone();
        }
        pursuit.steps += 1;
        if pursuit.steps > STEPS {
            let why = format!("`{}` inherits in too many ways", class.name());
            return vec![vec![Ancestor::Unresolved(why)]];
        }
        let cycles = pursuit.cycles;
        pursuit.open.push(class);
        let orders = self.linearise_open(class, pursuit);
        pursuit.open.pop();
        // What ends in a class that is being asked about differs for those who come another way.
        if pursuit.cycles == cycles {
            pursuit.known.insert(key, orders.clone());
        }
        orders
    }

    fn linearise_open(&self, class: ClassRef<'f>, pursuit: &mut Pursuit<'f>) -> Vec<Vec<Ancestor<'f>>> {
        let own = Ancestor::Class(class);
        let bases = self.bases(class);
        if bases.len() > MOST_BASES {
            let why = format!("`{}` has more bases than are followed", class.name());
            return vec![vec![own, Ancestor::Unresolved(why)]];
        }
        // Each choice: for every base the order that it brings.
        let mut choices: Vec<Vec<Vec<Ancestor<'f>>>> = vec![Vec::new()];
        let mut too_many = false;
        for alternatives in bases {
            let mut orders: Vec<Vec<Ancestor<'f>>> = Vec::new();
            for alternative in alternatives {
                match alternative {
                    Ancestor::Class(base) => orders.extend(self.linearise(base, pursuit)),
                    Ancestor::External(name) if name == "builtins.object" => orders.push(Vec::new()),
                    other => orders.push(vec![other]),
                }
            }
            too_many |= choices.len() * orders.len() > CHOICES;
            choices = choices
                .iter()
                .flat_map(|choice| {
                    orders.iter().map(|order| {
                        let mut choice = choice.clone();
                        choice.push(order.clone());
                        choice
                    })
                })
                .take(CHOICES)
                .collect();
        }
        let mut orders: Vec<Vec<Ancestor<'f>>> = Vec::new();
        if too_many {
            let why = format!("`{}` may have more different bases than are followed", class.name());
            orders.push(vec![own.clone(), Ancestor::Unresolved(why)]);
        }
        for choice in choices {
            let mut order = vec![own.clone()];
            match merge(choice) {
                Some(merged) => order.extend(merged),
                None => order.push(Ancestor::Unresolved(format!(
                    "the bases of `{}` have no consistent order",
                    class.name()
                ))),
            }
            if !orders.contains(&order) {
                orders.push(order);
            }
        }
        orders
    }

    /// The methods of this name that an object of the class has: the nearest, which is more
    /// than one only when definitions or bases are conditional. The error says why there may
    /// be another one nearer.
    pub fn method(&self, class: ClassRef<'f>, name: &str) -> Result<Vec<FunctionRef<'f>>, String> {
        let mut functions = Vec::new();
        for linearisation in self.linearisations(class).iter() {
            for ancestor in &linearisation.ancestors {
                match ancestor {
                    Ancestor::Class(owner) => {
                        let found = self.own_functions(*owner, name);
                        if !found.is_empty() {
                            for function in found {
                                if !functions.contains(&function) {
                                    functions.push(function);
                                }
                            }
                            break;
                        }
                    }
                    Ancestor::External(base) => {
                        if facts::attributes_of(base).is_none_or(|known| known.contains(&name)) {
                            return Err(format!("`{name}` may come from the base `{base}`"));
                        }
                    }
                    Ancestor::Unresolved(why) => {
                        return Err(format!("`{name}` may come from a base: {why}"));
                    }
                }
            }
        }
        Ok(functions)
    }

    /// The nearest definition of a method in the target, whatever a base from outside defines.
    pub fn own_or_inherited(&self, class: ClassRef<'f>, name: &str) -> Option<FunctionRef<'f>> {
        let orders = self.linearisations(class);
        orders.first()?.classes().find_map(|owner| self.own_functions(owner, name).into_iter().next())
    }

    /// The functions of this name in the class's own body that count.
    pub fn own_functions(&self, class: ClassRef<'f>, name: &str) -> Vec<FunctionRef<'f>> {
        let bindings = self.frame_bindings(Frame::Class(class.node));
        bindings
            .last(name)
            .iter()
            .filter_map(|binding| match binding.kind {
                BindingKind::Function(node) => {
                    Some(FunctionRef { file: class.file, node, class: Some(class.node) })
                }
                _ => None,
            })
            .collect()
    }

    /// The files of a class and its bases that do not compile: what they seem to lack may be there.
    pub fn broken_files(&self, class: ClassRef<'f>) -> Vec<&'f ParsedFile> {
        let mut files: Vec<&'f ParsedFile> = Vec::new();
        for owner in self.linearisations(class).iter().flat_map(Linearisation::classes) {
            if !owner.file.source().errors().is_empty()
                && !files.iter().any(|known| std::ptr::eq(*known, owner.file))
            {
                files.push(owner.file);
            }
        }
        files
    }

    /// All classes that stand in a file, however deep.
    pub fn classes_in(&self, file: &'f ParsedFile) -> Arc<Vec<ClassRef<'f>>> {
        struct Classes<'f>(&'f ParsedFile, Vec<ClassRef<'f>>);
        impl<'f> Visitor<'f> for Classes<'f> {
            fn visit_stmt(&mut self, stmt: &'f Stmt) {
                if let Stmt::ClassDef(node) = stmt {
                    self.1.push(ClassRef { file: self.0, node });
                }
                visitor::walk_stmt(self, stmt);
            }
            fn visit_expr(&mut self, _: &'f Expr) {}
        }
        let key = address(file);
        if let Some(known) = self.classes.read().ok().and_then(|map| map.get(&key).cloned()) {
            return known;
        }
        let mut classes = Classes(file, Vec::new());
        classes.visit_body(&file.source().module().body);
        let found = Arc::new(classes.1);
        if let Ok(mut map) = self.classes.write() {
            map.insert(key, Arc::clone(&found));
        }
        found
    }

    /// The classes of the target that inherit from a class, however far, also from a class that a module
    /// knows under another name.
    pub fn subclasses(&self, class: ClassRef<'f>) -> Vec<ClassRef<'f>> {
        let mut found: Vec<ClassRef<'f>> = Vec::new();
        let mut names: Vec<&'f str> = vec![class.node.name.as_str()];
        let mut next = 0;
        while let Some(name) = names.get(next).copied() {
            next += 1;
            let mut others: Vec<&'f str> = Vec::new();
            for path in self.mentioning(name).iter() {
                let Ok(file) = self.file(path) else { continue };
                others.extend(self.renames(file).get(name).into_iter().flatten());
                for other in self.classes_in(file).iter().copied() {
                    if other != class
                        && other.node.arguments.is_some()
                        && !found.contains(&other)
                        && self.inherits(other, class)
                    {
                        found.push(other);
                        others.push(other.node.name.as_str());
                    }
                }
            }
            for other in others {
                if !names.contains(&other) {
                    names.push(other);
                }
            }
        }
        found
    }

    /// All functions in the class's own body that count, in source order.
    pub fn own_methods(&self, class: ClassRef<'f>) -> Vec<FunctionRef<'f>> {
        let bindings = self.frame_bindings(Frame::Class(class.node));
        let mut functions: Vec<FunctionRef<'f>> = bindings
            .names()
            .flat_map(|name| bindings.all(name))
            .filter_map(|binding| match binding.kind {
                BindingKind::Function(node) => {
                    Some(FunctionRef { file: class.file, node, class: Some(class.node) })
                }
                _ => None,
            })
            .collect();
        functions.sort_by_key(|function| function.node.range.start());
        functions
    }

    /// `Class.name`, or with `receiver` the part of `object.name` that classes give.
    pub(super) fn class_member(
        &self,
        class: ClassRef<'f>,
        receiver: Option<ClassRef<'f>>,
        name: &str,
        trail: &mut Trail,
    ) -> Types<'f> {
        let mut types = Vec::new();
        for linearisation in self.linearisations(class).iter() {
            types.extend(self.member_of(linearisation, receiver, name, trail));
        }
        unique(&mut types);
        if types.is_empty() && receiver.is_none() {
            return unknown(&format!("`{}` has no `{name}`", class.name()));
        }
        types
    }

    fn member_of(
        &self,
        linearisation: &Linearisation<'f>,
        receiver: Option<ClassRef<'f>>,
        name: &str,
        trail: &mut Trail,
    ) -> Types<'f> {
        for ancestor in &linearisation.ancestors {
            match ancestor {
                Ancestor::Class(owner) => {
                    let bindings = self.frame_bindings(Frame::Class(owner.node));
                    let bound = bindings.last(name);
                    if bound.is_empty() {
                        continue;
                    }
                    let scope = self.class_scope(*owner);
                    let mut types = Vec::new();
                    for binding in &bound {
                        match (binding.kind, receiver) {
                            (BindingKind::Function(node), Some(receiver)) => {
                                let function =
                                    FunctionRef { file: owner.file, node, class: Some(owner.node) };
                                types.extend(self.bound(function, receiver, trail));
                            }
                            (BindingKind::Function(node), None) => {
                                let function =
                                    FunctionRef { file: owner.file, node, class: Some(owner.node) };
                                types.push(taken_from_class(function, linearisation));
                            }
                            (_, receiver) => {
                                let values = self.binding_types(&scope, binding, trail);
                                match receiver {
                                    Some(receiver) if !self.is_field(binding, *owner) => {
                                        for value in values {
                                            types.extend(self.bound_value(value, *owner, receiver, trail));
                                        }
                                    }
                                    Some(_) => types.extend(values),
                                    None => types.extend(values.into_iter().map(|value| match value {
                                        Type::Function(function) => taken_from_class(function, linearisation),
                                        other => other,
                                    })),
                                }
                            }
                        }
                    }
                    return types;
                }
                Ancestor::External(base) => match facts::attributes_of(base) {
                    Some(known) if !known.contains(&name) => {}
                    _ => return unknown(&format!("`{name}` may come from the base `{base}`")),
                },
                Ancestor::Unresolved(why) => {
                    return unknown(&format!("`{name}` may come from a base: {why}"));
                }
            }
        }
        Vec::new()
    }

    /// What an object gives for a value that its class's body has stored under a name: a function
    /// is a method there, too, whatever it is called (`stop = close`).
    fn bound_value(
        &self,
        value: Type<'f>,
        owner: ClassRef<'f>,
        receiver: ClassRef<'f>,
        trail: &mut Trail,
    ) -> Types<'f> {
        match value {
            // Taken from its class it is a plain function, which another class makes a method of.
            Type::Function(function)
                if function.has_decorator("staticmethod") && function.class_ref() != Some(owner) =>
            {
                unknown("a static method of another class under another name")
            }
            Type::Function(function) => self.bound(function, receiver, trail),
            other => vec![other],
        }
    }

    /// Whether a class's body declares a field there, whose value a generated constructor stores
    /// on the object itself.
    fn is_field(&self, binding: &Binding<'f>, owner: ClassRef<'f>) -> bool {
        let generates = |ancestor: &Ancestor<'f>| match ancestor {
            Ancestor::Class(class) => !class.node.decorator_list.is_empty(),
            Ancestor::External(base) => facts::attributes_of(base).is_none(),
            Ancestor::Unresolved(_) => true,
        };
        matches!(binding.kind, BindingKind::Annotated(..))
            && self.linearisations(owner).iter().any(|order| order.ancestors.iter().any(generates))
    }

    /// A method taken from an object: a property gives its value, a static method is a function.
    fn bound(&self, function: FunctionRef<'f>, receiver: ClassRef<'f>, trail: &mut Trail) -> Types<'f> {
        if function.has_decorator("property") || function.has_decorator("cached_property") {
            return self.returned(function, Some(receiver), trail);
        }
        if function.node.decorator_list.iter().any(|decorator| {
            super::types::dotted_name(&decorator.expression)
                .is_some_and(|name| name.ends_with(".setter") || name.ends_with(".deleter"))
        }) {
            return unknown("a property with a setter");
        }
        if function.has_decorator("staticmethod") {
            return vec![Type::Function(function)];
        }
        vec![Type::Method(function, receiver)]
    }

    /// `object.name`: what the classes give and what is stored on objects.
    pub(super) fn instance_member(&self, class: ClassRef<'f>, name: &str, trail: &mut Trail) -> Types<'f> {
        if name == "__class__" {
            return vec![Type::Class(class)];
        }
        let mut types = self.class_member(class, Some(class), name, trail);
        let stored = self.stored_types(class, name, trail);
        if types.is_empty() && stored.is_empty() {
            return unknown(&format!("`{}` has no `{name}` that is known", class.name()));
        }
        // What a base from outside may define is hidden by what the class itself stores.
        if !stored.is_empty() && types.iter().all(|ty| matches!(ty, Type::Unknown(_))) {
            types.clear();
        }
        types.extend(stored);
        unique(&mut types);
        types
    }

    /// The scope of a class's own body, for evaluating what stands there.
    pub fn class_scope(&self, class: ClassRef<'f>) -> Scope<'f> {
        Scope::at(class.file, class.node.name.range)
    }
}

thread_local! {
    static NESTING: Cell<usize> = const { Cell::new(0) };
}

/// Bases whose classes have to be known to know other bases: `class A(B.C)` needs those of `B`,
/// and `class A(A.B)` would need its own for ever. Counted, and not recognised by the class: a
/// thread may meanwhile have begun with another question about the same one.
struct Nesting;

impl Nesting {
    const MOST: usize = 10;

    fn is_entered() -> bool {
        NESTING.with(Cell::get) > 0
    }

    fn enter() -> Option<Self> {
        NESTING.with(|nesting| {
            let inner = nesting.get() + 1;
            (inner <= Self::MOST).then(|| {
                nesting.set(inner);
                Nesting
            })
        })
    }
}

impl Drop for Nesting {
    fn drop(&mut self) {
        NESTING.with(|nesting| nesting.set(nesting.get() - 1));
    }
}

/// `Class.name`: a class method knows the class that it was taken from, also under another name.
fn taken_from_class<'f>(function: FunctionRef<'f>, order: &Linearisation<'f>) -> Type<'f> {
    match order.ancestors.first() {
        Some(Ancestor::Class(class)) if function.class.is_some() && function.is_class_method() => {
            Type::Method(function, *class)
        }
        _ => Type::Function(function),
    }
}

/// C3: merges the orders of the bases, and the order of the bases themselves.
fn merge<'f>(mut orders: Vec<Vec<Ancestor<'f>>>) -> Option<Vec<Ancestor<'f>>> {
    // With one base there is nothing to merge, and chains of classes can be long.
    if let [only] = &mut *orders {
        return Some(std::mem::take(only));
    }
    let heads: Vec<Ancestor<'f>> = orders.iter().filter_map(|order| order.first().cloned()).collect();
    let mut rest: Vec<Vec<Ancestor<'f>>> = orders;
    rest.push(heads);
    let mut merged = Vec::new();
    loop {
        rest.retain(|order| !order.is_empty());
        if rest.is_empty() {
            return Some(merged);
        }
        let next = rest
            .iter()
            .map(|order| &order[0])
            .find(|head| rest.iter().all(|order| !order[1..].contains(head)))?
            .clone();
        for order in &mut rest {
            if order[0] == next {
                order.remove(0);
            }
        }
        merged.push(next);
    }
}

//! Which names of a file can stand for the same object, decided without walking paths.
//!
//! Names are put together when one is assigned to the other, anywhere in the file. That is
//! coarse, and it is cheap: most objects that one event happens to have no name in common with
//! the objects of the next, and need no walk at all.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::python::ParsedFile;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::visitor::{self, Visitor};

use super::facts::last_name;
use super::narrow::getattr_of;

/// What stands for a value: a variable or an attribute of this name, or a function's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Alias<'f> {
    Variable(&'f str),
    Attribute(&'f str),
    Result(&'f str),
}

impl<'f> Alias<'f> {
    /// What an expression is called; for an element of a container, what the container is.
    pub(super) fn of(expr: &'f Expr) -> Option<Self> {
        match expr {
            Expr::Name(name) => Some(Alias::Variable(name.id.as_str())),
            Expr::Attribute(attribute) => Some(Alias::Attribute(attribute.attr.as_str())),
            Expr::Subscript(subscript) => match &*subscript.value {
                Expr::Subscript(_) => None,
                value => Self::of(value),
            },
            Expr::Call(call) => last_name(&call.func).map(Alias::Result),
            Expr::Named(named) => Self::of(&named.target),
            Expr::Await(awaited) => Self::of(&awaited.value),
            _ => None,
        }
    }
}

/// The names of one file in groups.
pub(super) struct Names<'f> {
    ids: HashMap<Alias<'f>, usize>,
    aliases: Vec<Alias<'f>>,
    parents: Vec<usize>,
    /// What holds an attribute of this name: `x` for `x.attribute`.
    holders: Vec<(Alias<'f>, &'f str)>,
    /// Names of variables that a constructor call is assigned to.
    constructed: Vec<Alias<'f>>,
    /// Functions, methods and classes of the file.
    pub(super) defined: HashSet<&'f str>,
    /// What methods of the file call their own object: `self`.
    pub(super) receivers: HashSet<&'f str>,
    /// Parameters of the file's functions.
    parameters: Vec<&'f str>,
    /// Calls of functions that are not in this file, with the names that go in or come out.
    pub(super) outside: Vec<(&'f ast::ExprCall, Vec<Alias<'f>>)>,
}

impl<'f> Names<'f> {
    pub(super) fn new(file: &'f ParsedFile) -> Self {
        let body = &file.source().module().body;
        let mut functions = Functions {
            functions: HashMap::new(),
            classes: Vec::new(),
            lambdas: HashMap::new(),
            receivers: HashSet::from_iter(["self"]),
            class: None,
        };
        for stmt in body {
            functions.visit_stmt(stmt);
        }
        let names = Self {
            ids: HashMap::new(),
            aliases: Vec::new(),
            parents: Vec::new(),
            holders: Vec::new(),
            constructed: Vec::new(),
            defined: (functions.functions.keys().copied())
                .chain(functions.classes)
                .chain(functions.lambdas.keys().copied())
                .collect(),
            receivers: functions.receivers,
            parameters: Vec::new(),
            outside: Vec::new(),
        };
        let Functions { functions, lambdas, .. } = functions;
        let mut builder = Builder { names, functions, lambdas, function: None, depth: 0 };
        for stmt in body {
            builder.visit_stmt(stmt);
        }
        let mut names = builder.names;
        for id in 0..names.parents.len() {
            names.root(id);
        }
        names
    }

    fn id(&mut self, alias: Alias<'f>) -> usize {
        if let Some(id) = self.ids.get(&alias) {
            return *id;
        }
        let id = self.parents.len();
        self.ids.insert(alias, id);
        self.aliases.push(alias);
        self.parents.push(id);
        id
    }

    fn root(&mut self, mut id: usize) -> usize {
        while self.parents[id] != id {
            self.parents[id] = self.parents[self.parents[id]];
            id = self.parents[id];
        }
        id
    }

    fn unite(&mut self, left: Alias<'f>, right: Alias<'f>) {
        let (left, right) = (self.id(left), self.id(right));
        let (left, right) = (self.root(left), self.root(right));
        self.parents[left] = right;
    }

    /// The group of a name; equal for names that can stand for one object. A name that is
    /// never assigned to another is alone.
    pub(super) fn group(&self, alias: Alias<'f>) -> Group<'f> {
        match self.ids.get(&alias) {
            Some(id) => {
                let mut id = *id;
                while self.parents[id] != id {
                    id = self.parents[id];
                }
                Group::Several(id)
            }
            None => Group::Alone(alias),
        }
    }

    /// The names in some groups.
    pub(super) fn members(&self, groups: &HashSet<Group<'f>>) -> HashSet<Alias<'f>> {
        let alone = groups.iter().filter_map(|group| match group {
            Group::Alone(alias) => Some(*alias),
            Group::Several(_) => None,
        });
        let several = self.aliases.iter().copied().filter(|alias| groups.contains(&self.group(*alias)));
        alone.chain(several).collect()
    }

    /// The attributes that are in some groups.
    pub(super) fn attributes_of<'g>(&self, groups: impl Iterator<Item = &'g Group<'f>>) -> Vec<&'f str>
    where
        'f: 'g,
    {
        let members = self.members(&groups.copied().collect());
        let mut attributes: Vec<&'f str> = members
            .into_iter()
            .filter_map(|alias| match alias {
                Alias::Attribute(name) => Some(name),
                Alias::Variable(_) | Alias::Result(_) => None,
            })
            .collect();
        attributes.sort_unstable();
        attributes
    }

    /// Which of these groups are attributes that are read from objects of other names.
    pub(super) fn held(&self, of_interest: &HashSet<Group<'f>>) -> HashMap<Group<'f>, Vec<Group<'f>>> {
        let mut held: HashMap<Group<'f>, Vec<Group<'f>>> = HashMap::new();
        for (holder, attribute) in &self.holders {
            let group = self.group(Alias::Attribute(attribute));
            if of_interest.contains(&group) {
                let known = held.entry(self.group(*holder)).or_default();
                if !known.contains(&group) {
                    known.push(group);
                }
            }
        }
        held
    }

    /// The groups that a function of the file can be given an object of, or give one of.
    pub(super) fn given(&self) -> HashSet<Group<'f>> {
        let parameters = self.parameters.iter().map(|name| Alias::Variable(name));
        let results = self.defined.iter().map(|name| Alias::Result(name));
        parameters.chain(results).map(|alias| self.group(alias)).collect()
    }

    /// These names, and those of the objects that they are attributes of.
    pub(super) fn with_holders(&self, names: HashSet<Alias<'f>>) -> HashSet<Alias<'f>> {
        let mut groups: HashSet<Group<'f>> =
            names.iter().chain(&self.constructed).map(|alias| self.group(*alias)).collect();
        let mut all = self.members(&groups);
        all.extend(names);
        for _ in 0..4 {
            let found: Vec<Alias<'f>> = self
                .holders
                .iter()
                .filter(|(holder, attribute)| {
                    all.contains(&Alias::Attribute(attribute)) && !all.contains(holder)
                })
                .map(|(holder, _)| *holder)
                .collect();
            if found.is_empty() {
                break;
            }
            groups.extend(found.iter().map(|alias| self.group(*alias)));
            all.extend(self.members(&groups));
            all.extend(found);
        }
        all
    }
}

/// Names that can stand for one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Group<'f> {
    Alone(Alias<'f>),
    Several(usize),
}

/// The functions of a file by name, with the number of parameters that the object itself takes.
struct Functions<'f> {
    functions: HashMap<&'f str, Vec<(&'f ast::StmtFunctionDef, usize)>>,
    classes: Vec<&'f str>,
    /// Lambdas that are given a name.
    lambdas: HashMap<&'f str, Vec<&'f ast::ExprLambda>>,
    receivers: HashSet<&'f str>,
    class: Option<&'f ast::StmtClassDef>,
}

impl<'f> Visitor<'f> for Functions<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                let skip = usize::from(self.class.is_some());
                if let (Some(_), Some(first)) = (self.class, function.parameters.iter().next()) {
                    self.receivers.insert(first.name().as_str());
                }
                self.functions.entry(function.name.as_str()).or_default().push((function, skip));
                if let (Some(class), "__init__") = (self.class, function.name.as_str()) {
                    self.functions.entry(class.name.as_str()).or_default().push((function, skip));
                }
                let outer = self.class.take();
                visitor::walk_stmt(self, stmt);
                self.class = outer;
            }
            Stmt::ClassDef(class) => {
                self.classes.push(class.name.as_str());
                let outer = self.class.replace(class);
                visitor::walk_stmt(self, stmt);
                self.class = outer;
            }
            Stmt::Assign(node) => {
                if let ([Expr::Name(name)], Expr::Lambda(lambda)) = (&*node.targets, &*node.value) {
                    self.lambdas.entry(name.id.as_str()).or_default().push(lambda);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'f Expr) {}
}

/// The call that gives an object without a name.
fn call_in(expr: &Expr) -> Option<&ast::ExprCall> {
    match expr {
        Expr::Call(call) => Some(call),
        Expr::Await(awaited) => call_in(&awaited.value),
        _ => None,
    }
}

struct Builder<'f> {
    names: Names<'f>,
    functions: HashMap<&'f str, Vec<(&'f ast::StmtFunctionDef, usize)>>,
    lambdas: HashMap<&'f str, Vec<&'f ast::ExprLambda>>,
    function: Option<&'f str>,
    depth: u32,
}

const MAX_DEPTH: u32 = 300;

impl<'f> Builder<'f> {
    /// What a value can come from.
    fn sources(&self, expr: &'f Expr, into: &mut Vec<Alias<'f>>, depth: u32) {
        if depth > 40 {
            return;
        }
        match expr {
            Expr::Name(_) | Expr::Attribute(_) => into.extend(Alias::of(expr)),
            Expr::Call(call) => match getattr_of(call) {
                Some(_) => {
                    if let Some(Expr::StringLiteral(name)) = call.arguments.args.get(1)
                        && let Some(part) = name.value.iter().next()
                    {
                        into.push(Alias::Attribute(&part.value));
                    }
                }
                // What a function from elsewhere gives is new each time.
                None => into.extend(
                    last_name(&call.func)
                        .filter(|name| self.functions.contains_key(name) || self.lambdas.contains_key(name))
                        .map(Alias::Result),
                ),
            },
            Expr::If(node) => {
                self.sources(&node.body, into, depth + 1);
                self.sources(&node.orelse, into, depth + 1);
            }
            Expr::BoolOp(node) => {
                for value in &node.values {
                    self.sources(value, into, depth + 1);
                }
            }
            Expr::Named(node) => {
                self.sources(&node.target, into, depth + 1);
                self.sources(&node.value, into, depth + 1);
            }
            Expr::Await(node) => self.sources(&node.value, into, depth + 1),
            Expr::Starred(node) => self.sources(&node.value, into, depth + 1),
            Expr::Subscript(node) => self.sources(&node.value, into, depth + 1),
            Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::List(ast::ExprList { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                for element in elts {
                    self.sources(element, into, depth + 1);
                }
            }
            Expr::Dict(dict) => {
                for item in &dict.items {
                    self.sources(&item.value, into, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn unite_all(&mut self, aliases: &[Alias<'f>]) {
        for pair in aliases.windows(2) {
            self.names.unite(pair[0], pair[1]);
        }
    }

    fn flow(&mut self, target: &'f Expr, value: &'f Expr) {
        if let (
            Expr::Tuple(ast::ExprTuple { elts: targets, .. }),
            Expr::Tuple(ast::ExprTuple { elts: values, .. }),
        ) = (target, value)
            && targets.len() == values.len()
        {
            for (target, value) in targets.iter().zip(values) {
                self.flow(target, value);
            }
            return;
        }
        let mut aliases = Vec::new();
        self.sources(target, &mut aliases, 0);
        if let (Expr::Lambda(lambda), Expr::Name(name)) = (value, target) {
            self.names.constructed.extend(&aliases);
            let mut gives = vec![Alias::Result(name.id.as_str())];
            self.sources(&lambda.body, &mut gives, 0);
            self.unite_all(&gives);
        }
        if let Expr::Call(call) = value
            && last_name(&call.func).is_some_and(|name| self.functions.contains_key(name))
        {
            self.names.constructed.extend(&aliases);
        }
        if let Expr::Call(call) = value
            && last_name(&call.func).is_some_and(|name| !self.functions.contains_key(name))
        {
            self.names.outside.push((call, aliases.clone()));
        }
        self.sources(value, &mut aliases, 0);
        self.unite_all(&aliases);
    }

    fn call(&mut self, call: &'f ast::ExprCall) {
        let Some(callee) = last_name(&call.func) else { return };
        let functions = self.functions.get(callee).cloned().unwrap_or_default();
        let mut given: Vec<Alias<'f>> = Vec::new();
        for (index, argument) in call.arguments.args.iter().enumerate() {
            let mut aliases = Vec::new();
            self.sources(argument, &mut aliases, 0);
            given.extend(&aliases);
            for lambda in self.lambdas.get(callee).into_iter().flatten() {
                if let Some(parameter) =
                    lambda.parameters.iter().flat_map(|parameters| parameters.iter()).nth(index)
                {
                    let parameter = [Alias::Variable(parameter.name().as_str())];
                    let aliases: Vec<_> = aliases.iter().copied().chain(parameter).collect();
                    for pair in aliases.windows(2) {
                        self.names.unite(pair[0], pair[1]);
                    }
                }
            }
            for (function, skip) in &functions {
                let parameters = &function.parameters;
                let mut positional = parameters.posonlyargs.iter().chain(&parameters.args);
                // Whether the first parameter is given by the call or by the object is not known
                // here, so it may be either.
                let ordinary = positional.clone().nth(index);
                let bound = positional.nth(index + skip);
                for parameter in ordinary.into_iter().chain(bound) {
                    let mut aliases = aliases.clone();
                    if !self.names.receivers.contains(parameter.name().as_str()) {
                        aliases.push(Alias::Variable(parameter.name().as_str()));
                    }
                    self.unite_all(&aliases);
                }
            }
        }
        for keyword in &call.arguments.keywords {
            let mut aliases = Vec::new();
            self.sources(&keyword.value, &mut aliases, 0);
            given.extend(&aliases);
            if let Some(name) = &keyword.arg
                && !functions.is_empty()
            {
                aliases.push(Alias::Variable(name.as_str()));
                self.unite_all(&aliases);
            }
        }
        if functions.is_empty() && !given.is_empty() {
            self.names.outside.push((call, given));
        }
    }
}

impl<'f> Visitor<'f> for Builder<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match stmt {
            Stmt::FunctionDef(function) => {
                let name = function.name.as_str();
                let parameters = function.parameters.iter().map(|parameter| parameter.name().as_str());
                self.names.parameters.extend(parameters.filter(|name| *name != "self"));
                // A property's value is the function's result.
                if !function.decorator_list.is_empty() {
                    self.names.unite(Alias::Attribute(name), Alias::Result(name));
                }
                let outer = self.function.replace(name);
                visitor::walk_stmt(self, stmt);
                self.function = outer;
            }
            Stmt::ClassDef(class) => {
                // What is assigned in the body of a class is an attribute of its objects.
                for stmt in &class.body {
                    let targets = match stmt {
                        Stmt::Assign(node) => &*node.targets,
                        Stmt::AnnAssign(node) => std::slice::from_ref(&*node.target),
                        _ => continue,
                    };
                    for target in targets {
                        if let Expr::Name(name) = target {
                            let name = name.id.as_str();
                            self.names.unite(Alias::Variable(name), Alias::Attribute(name));
                        }
                    }
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Assign(node) => {
                for target in &node.targets {
                    self.flow(target, &node.value);
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    self.flow(&node.target, value);
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::For(node) => {
                self.flow(&node.target, &node.iter);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    if let Some(target) = &item.optional_vars {
                        self.flow(target, &item.context_expr);
                    }
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Return(node) => {
                if let (Some(value), Some(function)) = (&node.value, self.function) {
                    let mut aliases = vec![Alias::Result(function)];
                    self.sources(value, &mut aliases, 0);
                    self.unite_all(&aliases);
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
        self.depth -= 1;
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match expr {
            Expr::Attribute(attribute) => {
                if let Some(holder) = Alias::of(&attribute.value)
                    && !matches!(holder, Alias::Variable(name) if self.names.receivers.contains(name))
                {
                    self.names.holders.push((holder, attribute.attr.as_str()));
                }
                // What a function from elsewhere gives may have been through an event there.
                if let Some(Alias::Result(name)) = Alias::of(&attribute.value)
                    && let Some(call) = call_in(&attribute.value)
                    && !self.functions.contains_key(name)
                {
                    self.names.outside.push((call, vec![Alias::Result(name)]));
                }
            }
            Expr::Call(call) => self.call(call),
            Expr::Named(node) => self.flow(&node.target, &node.value),
            _ => {}
        }
        visitor::walk_expr(self, expr);
        self.depth -= 1;
    }
}

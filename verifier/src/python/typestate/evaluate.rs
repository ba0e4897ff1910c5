//! Expressions: which objects they give, and which functions their calls run.

use std::rc::Rc;

use super::names::Alias;
use super::narrow::{getattr_of, literal_key};
use super::state::{self, Frame, Loc, Locs, Slot, State};
use super::uncertain::runs_at_once;
use super::walk::{Returned, Sink};
use super::{Engine, FrameInfo, LocInfo, LocKey, address};
use crate::python::ast::{self, Expr};
use crate::python::control_flow::{CallEnding, Surroundings, known_call};
use crate::python::project::{ClassRef, FunctionRef, Scope};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};

/// Calls inside calls are followed this far.
const MAX_CALLS: usize = 30;
/// Of a call that can run several functions, this many are followed.
const MAX_CALLEES: usize = 16;
/// A function that calls itself is entered so many times at once.
const MAX_RECURSION: usize = 2;
/// So many functions are looked through for one that matters.
const MAX_REACHED: usize = 2_000;
/// Expressions deeper than this are not looked into.
const MAX_DEPTH: u32 = 200;

/// A function that a call runs.
struct Callee<'f> {
    function: FunctionRef<'f>,
    /// The objects that become the first parameter, and their class.
    receiver: Option<(Locs, Option<ClassRef<'f>>)>,
    parent: Option<Frame>,
    constructs: bool,
}

impl<'f> Engine<'_, 'f> {
    /// Runs an expression and gives the objects that it can be.
    pub(super) fn evaluate(&mut self, frame: Frame, state: &mut State, expr: &'f Expr) -> Locs {
        self.evaluate_within(frame, state, expr, 0)
    }

    fn evaluate_within(&mut self, frame: Frame, state: &mut State, expr: &'f Expr, depth: u32) -> Locs {
        if self.dead {
            return state::none();
        }
        if depth > MAX_DEPTH {
            self.gave_up = true;
            return state::none();
        }
        let depth = depth + 1;
        let locs = match expr {
            Expr::Name(name) => {
                let slot = self.variable(frame, name.id.as_str());
                let locs = self.read(state, slot);
                self.hand_on(state, &locs);
                locs
            }
            Expr::Attribute(attribute) => {
                let base = self.evaluate_within(frame, state, &attribute.value, depth);
                self.attribute(frame, state, &base, attribute)
            }
            Expr::Subscript(subscript) => {
                let base = self.evaluate_within(frame, state, &subscript.value, depth);
                self.evaluate_within(frame, state, &subscript.slice, depth);
                match literal_key(&subscript.slice) {
                    Some(key) => {
                        let name = self.name(&key);
                        let mut all = state::none();
                        for loc in base.iter() {
                            let locs = self.read(state, Slot::Field(*loc, name));
                            all = state::union(&all, &locs);
                        }
                        all
                    }
                    None => self.fresh(frame, state, expr.range()),
                }
            }
            Expr::Call(call) => self.call(frame, state, call, depth),
            Expr::NoneLiteral(_) => {
                let locs = self.fresh(frame, state, expr.range());
                for loc in locs.iter() {
                    self.locs[*loc as usize].none = true;
                }
                locs
            }
            Expr::Await(node) => self.evaluate_within(frame, state, &node.value, depth),
            Expr::Named(node) => {
                let locs = self.evaluate_within(frame, state, &node.value, depth);
                self.store(frame, state, &node.target, &locs, Some(&node.value));
                locs
            }
            Expr::If(node) => {
                self.evaluate_within(frame, state, &node.test, depth);
                let before = state.clone();
                let mut after: Option<State> = None;
                let mut all = state::none();
                for (holds, value) in [(true, &node.body), (false, &node.orelse)] {
                    if let Some(mut branch) = self.assume(frame, before.clone(), &node.test, holds) {
                        let locs = self.evaluate_within(frame, &mut branch, value, depth);
                        all = state::union(&all, &locs);
                        self.join_into(&mut after, Some(branch));
                    }
                }
                *state = after.unwrap_or(before);
                all
            }
            Expr::BoolOp(node) => self.bool_op(frame, state, node, depth),
            Expr::Lambda(lambda) => {
                let locs = state::one(self.lambda(frame, lambda));
                self.hand_on(state, &locs);
                locs
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let mut parts = Vec::new();
                let mut known = true;
                for (index, element) in elts.iter().enumerate() {
                    let locs = self.evaluate_within(frame, state, element, depth);
                    known &= !element.is_starred_expr();
                    if known && self.may_be_object(frame, element) {
                        parts.push((format!("[{index}]"), locs));
                    }
                }
                self.display(frame, state, expr.range(), parts)
            }
            Expr::Dict(dict) => {
                let mut parts = Vec::new();
                for item in &dict.items {
                    if let Some(key) = &item.key {
                        self.evaluate_within(frame, state, key, depth);
                    }
                    let locs = self.evaluate_within(frame, state, &item.value, depth);
                    match item.key.as_ref().map(literal_key) {
                        Some(Some(key)) if self.may_be_object(frame, &item.value) => parts.push((key, locs)),
                        Some(Some(_)) => {}
                        // Any key may be replaced by one that is not known.
                        Some(None) | None => parts.clear(),
                    }
                }
                self.display(frame, state, expr.range(), parts)
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::EllipsisLiteral(_) => state::none(),
            _ => {
                let mut children = Children(Vec::new());
                visitor::walk_expr(&mut children, expr);
                for child in children.0 {
                    self.evaluate_within(frame, state, child, depth);
                }
                self.fresh(frame, state, expr.range())
            }
        };
        if !matches!(expr, Expr::Call(_)) {
            self.occurrences(frame, state, expr.range(), None);
        }
        locs
    }

    /// `a or b` is `a` where that is something, else `b`.
    fn bool_op(&mut self, frame: Frame, state: &mut State, node: &'f ast::ExprBoolOp, depth: u32) -> Locs {
        let goes_on_when = node.op == ast::BoolOp::And;
        let mut all = state::none();
        let mut after: Option<State> = None;
        let mut rest = Some(state.clone());
        let last = node.values.len().saturating_sub(1);
        for (index, value) in node.values.iter().enumerate() {
            let Some(mut path) = rest.take() else { break };
            let locs = self.evaluate_within(frame, &mut path, value, depth);
            if index == last {
                all = state::union(&all, &locs);
                self.join_into(&mut after, Some(path));
                break;
            }
            let stays: Vec<Loc> =
                locs.iter().copied().filter(|loc| goes_on_when || !self.locs[*loc as usize].none).collect();
            all = state::union(&all, &stays);
            let stopped = self.assume(frame, path.clone(), value, !goes_on_when);
            self.join_into(&mut after, stopped);
            rest = self.assume(frame, path, value, goes_on_when);
        }
        if let Some(after) = after {
            *state = after;
        }
        all
    }

    pub(super) fn read(&mut self, state: &State, slot: Slot) -> Locs {
        match state.get(slot) {
            Some(locs) => locs.clone(),
            None => self.initial(slot).map_or_else(state::none, state::one),
        }
    }

    fn attribute(
        &mut self,
        frame: Frame,
        state: &mut State,
        base: &[Loc],
        attribute: &'f ast::ExprAttribute,
    ) -> Locs {
        let name = self.name(attribute.attr.as_str());
        let mut all = state::none();
        let mut is_property = false;
        for loc in base {
            let slot = Slot::Field(*loc, name);
            if state.get(slot).is_none()
                && let Some(class) = self.locs[*loc as usize].class
                && let Some(getter) = self
                    .method(class, None, attribute.attr.as_str())
                    .into_iter()
                    .find(|function| function.has_decorator("property"))
            {
                let receiver = Some((state::one(*loc), Some(class)));
                let callee = Callee { function: getter, receiver, parent: None, constructs: false };
                let arguments = Arguments { receiver: Some(state::one(*loc)), ..Arguments::default() };
                if let Some(locs) = self.enter(frame, state, attribute.range(), &callee, &arguments) {
                    all = state::union(&all, &locs);
                    is_property = true;
                    continue;
                }
            }
            let locs = self.read(state, slot);
            all = state::union(&all, &locs);
        }
        let key = (frame, attribute.range());
        if is_property {
            self.results.insert(key, all.clone());
        } else {
            self.results.remove(&key);
        }
        all
    }

    /// A function inside a function that is used as a value: something runs it later.
    fn hand_on(&mut self, state: &State, locs: &[Loc]) {
        for loc in locs {
            let info = &self.locs[*loc as usize];
            if (info.function.is_some() || info.lambda.is_some())
                && self.deferred.iter().all(|(known, _)| known != loc)
            {
                self.deferred.push((*loc, state.clone()));
            }
        }
    }

    fn argument(
        &mut self,
        frame: Frame,
        state: &mut State,
        call: &'f ast::ExprCall,
        argument: &'f Expr,
        depth: u32,
    ) -> Locs {
        match argument {
            Expr::Lambda(lambda) if runs_at_once(&call.func) => {
                self.run_at_once(frame, state, lambda);
                state::none()
            }
            _ => self.evaluate_within(frame, state, argument, depth),
        }
    }

    fn call(&mut self, frame: Frame, state: &mut State, call: &'f ast::ExprCall, depth: u32) -> Locs {
        let receiver = match &*call.func {
            Expr::Attribute(attribute) => {
                let is_super = is_super(&attribute.value);
                let locs = if is_super {
                    self.own_receiver(frame, state)
                } else {
                    self.evaluate_within(frame, state, &attribute.value, depth)
                };
                Some((locs, is_super))
            }
            Expr::Name(_) | Expr::Lambda(_) => None,
            other => {
                self.evaluate_within(frame, state, other, depth);
                None
            }
        };
        let mut arguments = Arguments::default();
        for argument in &call.arguments.args {
            let locs = self.argument(frame, state, call, argument, depth);
            arguments.positional.push(if argument.is_starred_expr() { None } else { Some(locs) });
        }
        for keyword in &call.arguments.keywords {
            let locs = self.argument(frame, state, call, &keyword.value, depth);
            if let Some(name) = &keyword.arg {
                arguments.keywords.push((name.to_string(), locs));
            }
        }
        if self.dead {
            return state::none();
        }
        if let Some(locs) = self.call_of_lambda(frame, state, call, &arguments) {
            self.results.insert((frame, call.range()), locs.clone());
            self.occurrences(frame, state, call.range(), None);
            return locs;
        }
        if let Some((object, name)) = getattr_of(call)
            && let Some(base) = self.peek(frame, state, object)
        {
            let name = self.name(&name);
            let mut all = arguments.positional.get(2).cloned().flatten().unwrap_or_else(state::none);
            for loc in base.iter() {
                let locs = self.read(state, Slot::Field(*loc, name));
                all = state::union(&all, &locs);
            }
            self.occurrences(frame, state, call.range(), None);
            return all;
        }
        if let Some((object, name)) = setattr_of(call)
            && let Some(base) = self.peek(frame, state, object)
        {
            let name = self.name(name);
            let stored = arguments.positional.get(2).cloned().flatten().unwrap_or_else(state::none);
            for loc in base.iter() {
                state.set(Slot::Field(*loc, name), stored.clone());
            }
            self.occurrences(frame, state, call.range(), None);
            return state::none();
        }
        let callees = self.callees(frame, state, call, receiver.as_ref());
        let before = state.clone();
        let mut after: Option<State> = None;
        let mut all = state::none();
        let mut entered = false;
        let mut constructed = None;
        self.gave_up |= callees.len() > MAX_CALLEES;
        for callee in callees.iter().take(MAX_CALLEES) {
            let mut path = before.clone();
            let mut arguments = arguments.clone();
            let mut callee_receiver = callee.receiver.clone();
            if callee.constructs {
                // The object is there before its constructor runs.
                let object = self.fresh(frame, &mut path, call.range());
                if let Some((_, class)) = &callee.receiver {
                    for loc in object.iter() {
                        self.locs[*loc as usize].class = *class;
                    }
                    callee_receiver = Some((object.clone(), *class));
                }
                constructed = Some(object);
            }
            if callee.function.has_decorator("staticmethod") {
                callee_receiver = None;
            }
            arguments.receiver = callee_receiver.as_ref().map(|(locs, _)| locs.clone());
            let callee = Callee {
                function: callee.function,
                receiver: callee_receiver,
                parent: callee.parent,
                constructs: callee.constructs,
            };
            match self.enter(frame, &mut path, call.range(), &callee, &arguments) {
                Some(locs) => {
                    entered = true;
                    let locs = match (&constructed, callee.constructs) {
                        (Some(object), true) => object.clone(),
                        _ => locs,
                    };
                    all = state::union(&all, &locs);
                    if std::mem::take(&mut self.dead) {
                        continue;
                    }
                    self.join_into(&mut after, Some(path));
                }
                None if callee.constructs => {
                    entered = true;
                    all = state::union(&all, constructed.as_ref().map_or(&[][..], |object| object));
                    self.join_into(&mut after, Some(path));
                }
                None => {}
            }
        }
        if entered {
            match after {
                Some(after) => *state = after,
                None => {
                    self.dead = true;
                    return state::none();
                }
            }
        } else {
            let known = PlainNames.qualified(&call.func).and_then(|name| known_call(&name));
            if known.is_some_and(|known| !known.returns) {
                self.may_raise(state);
                self.dead = true;
                return state::none();
            }
            all = self.fresh(frame, state, call.range());
        }
        self.results.insert((frame, call.range()), all.clone());
        self.occurrences(frame, state, call.range(), None);
        all
    }

    /// The one function that a call can run, and a frame in which its parameters have what the call
    /// gives them, as far as that is a path of names: which argument lies where. Nothing is run.
    pub(super) fn helper(
        &mut self,
        frame: Frame,
        state: &mut State,
        call: &'f ast::ExprCall,
    ) -> Option<(Frame, &'f ast::StmtFunctionDef, Given<'f>)> {
        let receiver = match &*call.func {
            Expr::Attribute(attribute) if is_super(&attribute.value) => return None,
            Expr::Attribute(attribute) => Some((self.peek(frame, state, &attribute.value)?, false)),
            Expr::Name(_) => None,
            _ => return None,
        };
        let callees = self.callees(frame, state, call, receiver.as_ref());
        let [callee] = &*callees else { return None };
        let function = callee.function;
        if callee.constructs
            || self.project.opaque_decorator(function).is_some()
            || self.function_facts(function).is_generator
            || self.active.iter().filter(|active| **active == function).count() >= MAX_RECURSION
            || self.active.len() >= MAX_CALLS
        {
            return None;
        }
        let is_static = function.has_decorator("staticmethod");
        let receiver = callee.receiver.as_ref().filter(|_| !is_static);
        let mut arguments =
            Arguments { receiver: receiver.map(|(locs, _)| locs.clone()), ..Arguments::default() };
        for argument in &call.arguments.args {
            // What cannot be told without running it is an object of which nothing is known.
            let locs = if argument.is_starred_expr() { None } else { self.peek(frame, state, argument) };
            arguments.positional.push(locs);
        }
        for keyword in &call.arguments.keywords {
            if let (Some(name), Some(locs)) = (&keyword.arg, self.peek(frame, state, &keyword.value)) {
                arguments.keywords.push((name.to_string(), locs));
            }
        }
        let class = receiver.and_then(|(_, class)| *class).or_else(|| function.class_ref());
        let inner = self.frame(frame, call.range(), function, class, callee.parent);
        self.bind_parameters(inner, state, function, &arguments);
        let parameters = &function.node.parameters;
        let taken = usize::from(arguments.receiver.is_some());
        let by_position = parameters.posonlyargs.iter().chain(&parameters.args).skip(taken);
        let mut given: Given<'f> = Vec::new();
        for (argument, parameter) in call.arguments.args.iter().zip(by_position) {
            if argument.is_starred_expr() {
                break;
            }
            given.push((argument, Slot::Variable(inner, self.name(parameter.name().as_str()))));
        }
        for keyword in &call.arguments.keywords {
            if let Some(name) = &keyword.arg {
                given.push((&keyword.value, Slot::Variable(inner, self.name(name.as_str()))));
            }
        }
        Some((inner, function.node, given))
    }

    /// Runs a method of objects whose class is known, when the language calls it.
    pub(super) fn run_method(
        &mut self,
        frame: Frame,
        state: &mut State,
        site: TextRange,
        locs: &[Loc],
        name: &str,
    ) -> Option<Locs> {
        let mut all = None;
        for loc in locs {
            let Some(class) = self.locs[*loc as usize].class else { continue };
            for function in self.method(class, None, name) {
                let receiver = Some((state::one(*loc), Some(class)));
                let callee = Callee { function, receiver, parent: None, constructs: false };
                let arguments = Arguments { receiver: Some(state::one(*loc)), ..Arguments::default() };
                if let Some(values) = self.enter(frame, state, site, &callee, &arguments) {
                    all = Some(state::union(all.as_deref().unwrap_or(&[]), &values));
                }
            }
        }
        all
    }

    /// The first parameter of the function that a frame runs.
    fn own_receiver(&mut self, frame: Frame, state: &State) -> Locs {
        let mut at = Some(frame);
        while let Some(frame) = at {
            let info = &self.frames[frame as usize];
            if let Some(function) = info.function
                && function.class.is_some()
                && let Some(first) = function.node.parameters.iter().next()
            {
                let slot = self.variable(frame, first.name().as_str());
                return self.read(state, slot);
            }
            at = info.parent;
        }
        state::none()
    }

    fn callees(
        &mut self,
        frame: Frame,
        state: &State,
        call: &'f ast::ExprCall,
        receiver: Option<&(Locs, bool)>,
    ) -> Vec<Callee<'f>> {
        let mut callees: Vec<Callee<'f>> = Vec::new();
        if let (Expr::Attribute(attribute), Some((locs, is_super))) = (&*call.func, receiver) {
            let name = attribute.attr.as_str();
            let behind = if *is_super { self.defining_class(frame) } else { None };
            if *is_super && behind.is_none() {
                return callees;
            }
            let mut known = false;
            for loc in locs.iter() {
                let Some(class) = self.locs[*loc as usize].class else { continue };
                known = true;
                for function in self.method(class, behind, name) {
                    let receiver = Some((state::one(*loc), Some(class)));
                    callees.push(Callee { function, receiver, parent: None, constructs: false });
                }
            }
            if known || *is_super {
                return callees;
            }
        }
        if let Expr::Name(name) = &*call.func {
            let slot = self.variable(frame, name.id.as_str());
            if let Some(locs) = state.get(slot).cloned() {
                for loc in locs.iter() {
                    if let Some((function, parent)) = self.locs[*loc as usize].function {
                        callees.push(Callee {
                            function,
                            receiver: None,
                            parent: Some(parent),
                            constructs: false,
                        });
                    }
                }
                if !callees.is_empty() {
                    return callees;
                }
            }
        }
        let found = self.resolve(frame, call);
        for (function, class) in found.functions {
            let bound = class.is_some() && !function.has_decorator("staticmethod");
            let receiver = match receiver {
                Some((locs, _)) if bound => Some((locs.clone(), class)),
                _ => None,
            };
            callees.push(Callee { function, receiver, parent: None, constructs: false });
        }
        for class in found.classes {
            for function in self.method(class, None, "__init__") {
                let receiver = Some((state::none(), Some(class)));
                callees.push(Callee { function, receiver, parent: None, constructs: true });
            }
        }
        callees
    }

    /// The class in whose body the running method stands.
    fn defining_class(&self, frame: Frame) -> Option<ClassRef<'f>> {
        let mut at = Some(frame);
        while let Some(frame) = at {
            let info = &self.frames[frame as usize];
            if let Some(class) = info.function.and_then(|function| function.class_ref()) {
                return Some(class);
            }
            at = info.parent;
        }
        None
    }

    /// Runs a function. Nothing when it is not followed: it does not matter, it is active
    /// already, or too many are.
    fn enter(
        &mut self,
        caller: Frame,
        state: &mut State,
        site: TextRange,
        callee: &Callee<'f>,
        arguments: &Arguments,
    ) -> Option<Locs> {
        let function = callee.function;
        let class = callee.receiver.as_ref().and_then(|(_, class)| *class).or_else(|| function.class_ref());
        if self.active.iter().filter(|active| **active == function).count() >= MAX_RECURSION {
            return None;
        }
        if self.function_facts(function).is_placeholder {
            return None;
        }
        // A function that does nothing with its arguments may still give one of them back.
        let gives_back = || arguments.all().any(|loc| !state.chains(loc).is_empty());
        let matters =
            self.is_relevant(function, class) || (gives_back() && self.function_facts(function).returns_name);
        if !matters {
            return None;
        }
        if self.function_facts(function).is_generator {
            let what = format!(
                "`{}` of `{}` is a generator: when its code runs is not followed",
                function.qualified_name(),
                function.file.path()
            );
            let confined = self.is_confined(function, class);
            self.not_followed(what, confined, function);
            return None;
        }
        if self.active.len() >= MAX_CALLS {
            self.gave_up = true;
            return None;
        }
        let frame = self.frame(caller, site, function, class, callee.parent);
        self.bind_parameters(frame, state, function, arguments);
        let known = self.entered.get(&frame).filter(|known| known.before == *state);
        let (after, values) = match known {
            Some(known) => {
                let (after, values) = (known.after.clone(), known.values.clone());
                if let Some(raised) = known.raised.clone() {
                    self.may_raise(&raised);
                }
                (after, values)
            }
            None => {
                let before = state.clone();
                self.raised.push(Sink::default());
                let (mut after, values) = self.run(frame, state.clone(), function);
                if let Some(after) = &mut after {
                    after.drop_frame(frame);
                }
                let raised = self.raised.pop().and_then(|sink| sink.state);
                if let Some(raised) = &raised {
                    self.may_raise(raised);
                }
                let entered = super::Entered { before, after: after.clone(), values: values.clone(), raised };
                if self.budget > 0 {
                    self.entered.insert(frame, entered);
                }
                (after, values)
            }
        };
        match after {
            Some(after) => *state = after,
            None => self.dead = true,
        }
        Some(values)
    }

    /// Runs a function's body in a frame whose parameters are bound.
    pub(super) fn run(
        &mut self,
        frame: Frame,
        state: State,
        function: FunctionRef<'f>,
    ) -> (Option<State>, Locs) {
        self.active.push(function);
        self.visited.insert(address(function.node));
        self.returned.push(Returned::default());
        let flow = self.block(frame, state, &function.node.body);
        let returned = self.returned.pop().unwrap_or_default();
        self.active.pop();
        let mut after = flow.normal;
        self.join_into(&mut after, returned.state);
        let values: Vec<Loc> = returned.values.into_iter().collect();
        (after, values.into())
    }

    pub(super) fn frame(
        &mut self,
        caller: Frame,
        site: TextRange,
        function: FunctionRef<'f>,
        class: Option<ClassRef<'f>>,
        parent: Option<Frame>,
    ) -> Frame {
        let key = (caller, site, address(function.node), class.map_or(0, |class| address(class.node)));
        if let Some(frame) = self.frame_keys.get(&key) {
            return *frame;
        }
        let file = self.file_id(function.file);
        let scope = self.scope_of(function, class);
        let depth = self.frames.get(caller as usize).map_or(0, |info| info.depth + 1);
        let info = FrameInfo { file, function: Some(function), lambda: None, parent, scope, class, depth };
        let frame = self.push_frame(info);
        self.frame_keys.insert(key, frame);
        frame
    }

    pub(super) fn push_frame(&mut self, info: FrameInfo<'f>) -> Frame {
        let frame = Frame::try_from(self.frames.len()).expect("fewer than 2^32 frames");
        self.frames.push(info);
        frame
    }

    /// The frame of code that is in no function.
    pub(super) fn top_frame(&mut self, file: usize, scope: Scope<'f>, class: Option<ClassRef<'f>>) -> Frame {
        let scope = Rc::new(scope);
        self.push_frame(FrameInfo {
            file,
            function: None,
            lambda: None,
            parent: None,
            scope,
            class,
            depth: 0,
        })
    }

    fn bind_parameters(
        &mut self,
        frame: Frame,
        state: &mut State,
        function: FunctionRef<'f>,
        arguments: &Arguments,
    ) {
        let parameters = &function.node.parameters;
        let mut values: Vec<Option<Locs>> = arguments.receiver.iter().cloned().map(Some).collect();
        values.extend(arguments.positional.iter().cloned());
        // Behind `*args` nobody knows which parameter gets what.
        let known = values.iter().position(Option::is_none).unwrap_or(values.len());
        for (index, parameter) in parameters.posonlyargs.iter().chain(&parameters.args).enumerate() {
            let name = parameter.name().as_str();
            let given = if index < known { values.get(index).cloned().flatten() } else { None };
            let given = given.or_else(|| arguments.keyword(name));
            self.bind(frame, state, name, given);
        }
        for parameter in &parameters.kwonlyargs {
            let name = parameter.name().as_str();
            self.bind(frame, state, name, arguments.keyword(name));
        }
    }

    pub(super) fn bind(&mut self, frame: Frame, state: &mut State, name: &str, given: Option<Locs>) {
        let name = self.name(name);
        let slot = Slot::Variable(frame, name);
        let locs = match given {
            Some(locs) => locs,
            None => self.initial(slot).map_or_else(state::none, state::one),
        };
        state.set(slot, locs);
    }

    /// A new object, made by the code of this range.
    pub(super) fn fresh(&mut self, frame: Frame, state: &mut State, range: TextRange) -> Locs {
        let file = self.frames[frame as usize].file;
        let key = LocKey::Value(frame, file, range);
        let info = || LocInfo { is_made: true, ..LocInfo::default() };
        let loc = self.loc(key, info);
        self.renew(state, loc);
        state::one(loc)
    }

    pub(super) fn local_function(&mut self, frame: Frame, node: &'f ast::StmtFunctionDef) -> Loc {
        let file = self.files[self.frames[frame as usize].file].file;
        let function = FunctionRef { file, node, class: None };
        let top = self.frames[frame as usize].function.is_none();
        let key = LocKey::Function(address(node), frame);
        self.loc(key, || LocInfo {
            // What stands at top level is found by the project model.
            function: if top { None } else { Some((function, frame)) },
            ..LocInfo::default()
        })
    }

    pub(super) fn globals(&mut self, file: usize) -> Loc {
        let info = || LocInfo::default();
        self.loc(LocKey::Globals(file), info)
    }

    /// Whether running a function can matter: it, or something that it calls, has a place for
    /// an event or touches an attribute that an event's object is kept in.
    pub(super) fn is_relevant(&mut self, function: FunctionRef<'f>, class: Option<ClassRef<'f>>) -> bool {
        let key = |function: FunctionRef<'f>, class: Option<ClassRef<'f>>| {
            (address(function.node), class.map_or(0, |class| address(class.node)))
        };
        let first = key(function, class);
        if let Some(known) = self.relevant.get(&first) {
            return *known;
        }
        let mut seen = vec![first];
        let mut open = vec![(function, class)];
        let mut relevant = false;
        while let Some((function, class)) = open.pop() {
            relevant = match self.relevant.get(&key(function, class)) {
                Some(known) => *known,
                None => self.matters_itself(function),
            };
            if relevant {
                break;
            }
            if seen.len() > MAX_REACHED {
                self.gave_up = true;
                break;
            }
            if self.relevant.contains_key(&key(function, class)) {
                continue;
            }
            for call in self.function_facts(function).calls.clone() {
                for (next, class) in self.callees_of(function, class, call) {
                    if !seen.contains(&key(next, class)) {
                        seen.push(key(next, class));
                        open.push((next, class));
                    }
                }
            }
        }
        if relevant {
            self.relevant.insert(first, true);
        } else {
            // None of those that it reaches matters either.
            self.relevant.extend(seen.into_iter().map(|key| (key, false)));
        }
        relevant
    }

    fn matters_itself(&mut self, function: FunctionRef<'f>) -> bool {
        let facts = self.function_facts(function);
        if facts.has_occurrence || facts.never_returns {
            return true;
        }
        let attributes = facts.attributes.clone();
        attributes.into_iter().any(|attribute| self.objects.contains(&Alias::Attribute(attribute)))
    }

    /// The functions that a call in a function can run, as far as they are followed.
    pub(super) fn callees_of(
        &mut self,
        function: FunctionRef<'f>,
        class: Option<ClassRef<'f>>,
        call: &'f ast::ExprCall,
    ) -> Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)> {
        if let Expr::Attribute(attribute) = &*call.func
            && let (Expr::Name(receiver), Some(class)) = (&*attribute.value, class)
            && function.node.parameters.iter().next().is_some_and(|first| {
                function.class.is_some() && first.name().as_str() == receiver.id.as_str()
            })
        {
            let functions = self.method(class, None, attribute.attr.as_str());
            return functions.into_iter().map(|next| (next, Some(class))).collect();
        }
        if let Expr::Attribute(attribute) = &*call.func
            && is_super(&attribute.value)
            && let (Some(class), Some(own)) = (class, function.class_ref())
        {
            let functions = self.method(class, Some(own), attribute.attr.as_str());
            return functions.into_iter().map(|next| (next, Some(class))).collect();
        }
        let file = self.file_id(function.file);
        if !self.may_follow(file, call) {
            return Vec::new();
        }
        let key = (address(call), class.map_or(0, |class| address(class.node)));
        let callees = match self.resolved.get(&key) {
            Some(known) => known.clone(),
            None => {
                let scope = self.scope_of(function, class);
                let found = self.project.resolve_call(&scope, call);
                self.resolved.insert(key, found.clone());
                found
            }
        };
        let mut next: Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)> = callees.functions;
        for class in callees.classes {
            next.extend(
                self.method(class, None, "__init__").into_iter().map(|function| (function, Some(class))),
            );
        }
        next.into_iter().map(|(function, class)| (function, class.or_else(|| function.class_ref()))).collect()
    }
}

/// The arguments of a call, and where each lies.
pub(super) type Given<'f> = Vec<(&'f Expr, Slot)>;

/// What a call gives its function.
#[derive(Clone, Default)]
pub(super) struct Arguments {
    receiver: Option<Locs>,
    /// [`None`] from the first starred argument on.
    pub(super) positional: Vec<Option<Locs>>,
    keywords: Vec<(String, Locs)>,
}

impl Arguments {
    fn all(&self) -> impl Iterator<Item = Loc> + '_ {
        let positional = self.positional.iter().flatten();
        positional.chain(self.keywords.iter().map(|(_, locs)| locs)).flat_map(|locs| locs.iter().copied())
    }

    fn keyword(&self, name: &str) -> Option<Locs> {
        self.keywords.iter().find(|(known, _)| known == name).map(|(_, locs)| locs.clone())
    }
}

/// `setattr(object, "name", value)` with a literal name.
fn setattr_of(call: &ast::ExprCall) -> Option<(&Expr, &str)> {
    let Expr::Name(function) = &*call.func else { return None };
    match &*call.arguments.args {
        [object, Expr::StringLiteral(name), _] if function.id.as_str() == "setattr" => {
            Some((object, name.value.to_str()))
        }
        _ => None,
    }
}

fn is_super(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super"))
}

/// The expressions directly inside one expression.
struct Children<'f>(Vec<&'f Expr>);

impl<'f> Visitor<'f> for Children<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        self.0.push(expr);
    }
}

/// Names that mean what they say.
pub(super) struct PlainNames;

impl Surroundings for PlainNames {
    fn call(&self, call: &ast::ExprCall) -> CallEnding {
        self.qualified(&call.func).and_then(|name| known_call(&name)).unwrap_or_default()
    }

    fn qualified(&self, expr: &Expr) -> Option<String> {
        crate::python::project::types::dotted_name(expr)
    }

    fn bases(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

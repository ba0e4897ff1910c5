//! Statements: how states flow through branches, loops, handlers and `finally`.

use std::collections::BTreeSet;

use foldhash::HashSet;

use super::names::Alias;
use super::state::{self, Frame, Loc, Locs, Slot, State};
use super::{Engine, LocKey};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::control_flow::{Surroundings, is_infinite, known_call, truth};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};

/// The states in which a block ends.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) normal: Option<State>,
    breaks: Option<State>,
    continues: Option<State>,
}

/// What an active function has returned so far.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) state: Option<State>,
    pub(super) values: BTreeSet<Loc>,
}

/// What a handler, or whoever called, can see of the exceptions in a piece of code.
#[derive(Default)]
pub(super) struct Sink {
    pub(super) state: Option<State>,
    /// What was added last: often the next statement raises in the same state.
    last: Option<State>,
}

/// What the head of a loop does: the state that enters the body, and the one that leaves.
type Header<'h, E> = dyn Fn(&mut E, State) -> (Option<State>, Option<State>) + 'h;

/// A loop whose state still changes after this many rounds is left as it is.
const MAX_ROUNDS: usize = 8;

/// States are copied and compared: a statement that is walked with more than this counts for several.
const SIZE_OF_A_STEP: u64 = 2_000;

impl<'f> Engine<'_, 'f> {
    pub(super) fn block(&mut self, frame: Frame, state: State, body: &'f [Stmt]) -> Flow {
        let mut flow = Flow { normal: Some(state), ..Flow::default() };
        for stmt in body {
            let Some(state) = flow.normal.take() else { break };
            let next = self.statement(frame, state, stmt);
            flow.normal = next.normal;
            self.join_into(&mut flow.breaks, next.breaks);
            self.join_into(&mut flow.continues, next.continues);
        }
        flow
    }

    fn statement(&mut self, frame: Frame, mut state: State, stmt: &'f Stmt) -> Flow {
        self.walked += 1;
        let cost = 1 + state.size() / SIZE_OF_A_STEP;
        self.spent += cost;
        self.gave_up |= state.is_cut();
        if self.budget == 0 {
            self.gave_up = true;
            return Flow::default();
        }
        self.budget = self.budget.saturating_sub(cost);
        if may_raise(stmt) {
            self.may_raise(&state);
        }
        match stmt {
            Stmt::If(stmt) => self.if_statement(frame, state, stmt),
            Stmt::While(stmt) => {
                let endless = truth(&stmt.test) == Some(true);
                self.loop_statement(frame, state, &stmt.body, &stmt.orelse, endless, &|engine, mut state| {
                    engine.evaluate(frame, &mut state, &stmt.test);
                    if std::mem::take(&mut engine.dead) {
                        return (None, None);
                    }
                    let enters = engine.assume(frame, state.clone(), &stmt.test, true);
                    (enters, engine.assume(frame, state, &stmt.test, false))
                })
            }
            Stmt::For(node) => {
                let elements = self.elements(frame, &mut state, &node.iter);
                if std::mem::take(&mut self.dead) {
                    return Flow::default();
                }
                self.occurrences(frame, &mut state, stmt.range(), None);
                let endless = !node.is_async && is_infinite(&node.iter, &super::evaluate::PlainNames);
                self.loop_statement(frame, state, &node.body, &node.orelse, endless, &|engine, state| {
                    let mut enters = state.clone();
                    let locs = match &elements {
                        Some(elements) => elements.clone(),
                        None => engine.fresh(frame, &mut enters, node.target.range()),
                    };
                    engine.store(frame, &mut enters, &node.target, &locs, None);
                    (Some(enters), Some(state))
                })
            }
            Stmt::With(node) => self.with_statement(frame, state, stmt, node),
            Stmt::Try(stmt) => self.try_statement(frame, state, stmt),
            Stmt::Match(stmt) => {
                self.evaluate(frame, &mut state, &stmt.subject);
                let mut flow = Flow::default();
                let mut rest = Some(state);
                for case in &stmt.cases {
                    let Some(state) = rest.take() else { break };
                    let (matches, others) = self.matches(frame, state, &stmt.subject, &case.pattern);
                    rest = others;
                    let Some(mut state) = matches else { continue };
                    if let Some(guard) = &case.guard {
                        self.evaluate(frame, &mut state, guard);
                        // What matches, but not the guard, goes on to the next case.
                        let refused = self.assume(frame, state.clone(), guard, false);
                        self.join_into(&mut rest, refused);
                    }
                    let entered = match case.guard.as_deref() {
                        Some(guard) => self.assume(frame, state, guard, true),
                        None => Some(state),
                    };
                    if let Some(state) = entered {
                        let body = self.block(frame, state, &case.body);
                        self.add(&mut flow, body);
                    }
                }
                self.join_into(&mut flow.normal, rest);
                flow
            }
            Stmt::Break(_) => Flow { breaks: Some(state), ..Flow::default() },
            Stmt::Continue(_) => Flow { continues: Some(state), ..Flow::default() },
            Stmt::Return(node) => {
                let locs = match &node.value {
                    Some(value) => self.evaluate(frame, &mut state, value),
                    None => state::none(),
                };
                if std::mem::take(&mut self.dead) {
                    return Flow::default();
                }
                self.occurrences(frame, &mut state, stmt.range(), None);
                if let Some(mut returned) = self.returned.pop() {
                    self.join_into(&mut returned.state, Some(state));
                    returned.values.extend(locs.iter());
                    self.returned.push(returned);
                }
                Flow::default()
            }
            Stmt::Raise(node) => {
                for expr in node.exc.iter().chain(&node.cause) {
                    self.evaluate(frame, &mut state, expr);
                }
                self.dead = false;
                self.may_raise(&state);
                Flow::default()
            }
            Stmt::Assert(node) => {
                self.evaluate(frame, &mut state, &node.test);
                self.dead = false;
                Flow { normal: self.assume(frame, state, &node.test, true), ..Flow::default() }
            }
            _ => {
                self.simple(frame, &mut state, stmt);
                let normal = if std::mem::take(&mut self.dead) { None } else { Some(state) };
                Flow { normal, ..Flow::default() }
            }
        }
    }

    fn simple(&mut self, frame: Frame, state: &mut State, stmt: &'f Stmt) {
        self.bound_event(frame, stmt);
        if self.is_inert(frame, stmt) {
            return;
        }
        match stmt {
            Stmt::Expr(node) => {
                self.evaluate(frame, state, &node.value);
            }
            Stmt::Assign(node) => {
                if let [target] = &*node.targets
                    && let (Some(targets), Some(values)) = (elements_of(target), elements_of(&node.value))
                    && targets.len() == values.len()
                    && !targets.iter().chain(values).any(Expr::is_starred_expr)
                {
                    let locs: Vec<Locs> =
                        values.iter().map(|value| self.evaluate(frame, state, value)).collect();
                    for ((target, value), locs) in targets.iter().zip(values).zip(locs) {
                        self.store(frame, state, target, &locs, Some(value));
                    }
                } else {
                    let locs = match &*node.value {
                        // Who calls it by that name runs it, and nobody else does yet.
                        Expr::Lambda(lambda) => state::one(self.lambda(frame, lambda)),
                        value => self.evaluate(frame, state, value),
                    };
                    for target in &node.targets {
                        self.store(frame, state, target, &locs, Some(&node.value));
                    }
                }
                self.occurrences(frame, state, stmt.range(), Some(&node.value));
            }
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    let locs = self.evaluate(frame, state, value);
                    self.store(frame, state, &node.target, &locs, Some(value));
                    self.occurrences(frame, state, stmt.range(), Some(value));
                }
            }
            Stmt::AugAssign(node) => {
                self.evaluate(frame, state, &node.value);
                let locs = self.fresh(frame, state, stmt.range());
                self.store(frame, state, &node.target, &locs, None);
                self.occurrences(frame, state, stmt.range(), None);
            }
            Stmt::Delete(node) => {
                for target in &node.targets {
                    self.occurrences(frame, state, target.range(), None);
                }
                self.occurrences(frame, state, stmt.range(), None);
                for target in &node.targets {
                    self.store(frame, state, target, &state::none(), None);
                }
            }
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.evaluate(frame, state, &decorator.expression);
                }
                let loc = self.local_function(frame, function);
                let slot = self.variable(frame, function.name.as_str());
                state.set(slot, state::one(loc));
            }
            // The names that imports and classes bind are resolved where they are used.
            _ => {}
        }
    }

    fn if_statement(&mut self, frame: Frame, mut state: State, stmt: &'f ast::StmtIf) -> Flow {
        let mut flow = Flow::default();
        self.evaluate(frame, &mut state, &stmt.test);
        if std::mem::take(&mut self.dead) {
            return flow;
        }
        let enters = self.assume(frame, state.clone(), &stmt.test, true);
        let mut rest = self.assume(frame, state, &stmt.test, false);
        if let Some(state) = enters {
            flow = self.block(frame, state, &stmt.body);
        }
        for clause in &stmt.elif_else_clauses {
            let Some(mut state) = rest.take() else { break };
            let enters = match &clause.test {
                None => Some(state),
                Some(test) => {
                    self.evaluate(frame, &mut state, test);
                    if std::mem::take(&mut self.dead) {
                        break;
                    }
                    let enters = self.assume(frame, state.clone(), test, true);
                    rest = self.assume(frame, state, test, false);
                    enters
                }
            };
            if let Some(state) = enters {
                let body = self.block(frame, state, &clause.body);
                self.add(&mut flow, body);
            }
        }
        self.join_into(&mut flow.normal, rest);
        flow
    }

    /// `header` takes the state before a round to the one that enters the body and the one that
    /// leaves the loop.
    fn loop_statement(
        &mut self,
        frame: Frame,
        state: State,
        body: &'f [Stmt],
        orelse: &'f [Stmt],
        endless: bool,
        header: &Header<'_, Self>,
    ) -> Flow {
        let mut before = state;
        let mut breaks: Option<State> = None;
        let mut leaves: Option<State> = None;
        for round in 0..=MAX_ROUNDS {
            if round == MAX_ROUNDS {
                self.gave_up = true;
                break;
            }
            let (enters, leaving) = header(self, before.clone());
            if !endless {
                self.join_into(&mut leaves, leaving);
            }
            let Some(state) = enters else { break };
            let mut walked = self.block(frame, state, body);
            self.join_into(&mut breaks, walked.breaks.take());
            let mut again = walked.normal;
            self.join_into(&mut again, walked.continues);
            let Some(again) = again else { break };
            let mut next = before.clone();
            self.join(&mut next, &again);
            if next == before {
                break;
            }
            before = next;
        }
        let mut flow = match leaves {
            Some(state) => self.block(frame, state, orelse),
            None => Flow::default(),
        };
        self.join_into(&mut flow.normal, breaks);
        flow
    }

    fn with_statement(
        &mut self,
        frame: Frame,
        mut state: State,
        stmt: &'f Stmt,
        node: &'f ast::StmtWith,
    ) -> Flow {
        let mut suppresses = false;
        let mut managers = Vec::new();
        for item in &node.items {
            let mut locs = self.evaluate(frame, &mut state, &item.context_expr);
            if std::mem::take(&mut self.dead) {
                return Flow::default();
            }
            managers.push((item.context_expr.range(), locs.clone()));
            let names = if node.is_async { ["__aenter__", "__aexit__"] } else { ["__enter__", "__exit__"] };
            if let Some(entered) =
                self.run_method(frame, &mut state, item.context_expr.range(), &locs, names[0])
            {
                locs = entered;
            }
            if let Some(target) = &item.optional_vars {
                self.store(frame, &mut state, target, &locs, Some(&item.context_expr));
            }
            if let Expr::Call(call) = &item.context_expr {
                suppresses |= matches!(self.text(frame, &call.func), "suppress" | "contextlib.suppress");
            }
        }
        self.occurrences(frame, &mut state, stmt.range(), None);
        self.raised.push(Sink::default());
        let mut flow = self.block(frame, state, &node.body);
        let raised = self.raised.pop().and_then(|sink| sink.state);
        if suppresses {
            self.join_into(&mut flow.normal, raised);
        } else if let Some(raised) = raised {
            self.may_raise(&raised);
        }
        let name = if node.is_async { "__aexit__" } else { "__exit__" };
        for (range, locs) in managers.into_iter().rev() {
            for state in [&mut flow.normal, &mut flow.breaks, &mut flow.continues].into_iter().flatten() {
                self.run_method(frame, state, range, &locs, name);
                self.dead = false;
            }
        }
        flow
    }

    fn try_statement(&mut self, frame: Frame, state: State, stmt: &'f ast::StmtTry) -> Flow {
        let finally = !stmt.finalbody.is_empty();
        if finally {
            self.raised.push(Sink::default());
            self.returned.push(Returned::default());
        }
        self.raised.push(Sink::default());
        let mut flow = self.block(frame, state, &stmt.body);
        let raised = self.raised.pop().and_then(|sink| sink.state);
        if let Some(state) = flow.normal.take() {
            let orelse = self.block(frame, state, &stmt.orelse);
            self.add(&mut flow, orelse);
        }
        if let Some(raised) = raised {
            let mut everything = false;
            for ast::ExceptHandler::ExceptHandler(clause) in &stmt.handlers {
                everything |= clause
                    .type_
                    .as_deref()
                    .is_none_or(|class| matches!(self.text(frame, class), "Exception" | "BaseException"));
                let mut state = raised.clone();
                if let Some(name) = &clause.name {
                    let slot = self.variable(frame, name.as_str());
                    state.set(slot, state::none());
                }
                let handled = self.block(frame, state, &clause.body);
                self.add(&mut flow, handled);
            }
            if !everything {
                self.may_raise(&raised);
            }
        }
        if !finally {
            return flow;
        }
        let returned = self.returned.pop().unwrap_or_default();
        let raised = self.raised.pop().and_then(|sink| sink.state);
        self.finally(frame, flow, returned, raised, &stmt.finalbody)
    }

    /// Runs a `finally` on every way that leads through it.
    fn finally(
        &mut self,
        frame: Frame,
        flow: Flow,
        returned: Returned,
        raised: Option<State>,
        body: &'f [Stmt],
    ) -> Flow {
        let mut result = Flow::default();
        if let Some(state) = flow.normal {
            let after = self.block(frame, state, body);
            self.add(&mut result, after);
        }
        if let Some(state) = flow.breaks {
            let mut after = self.block(frame, state, body);
            let normal = after.normal.take();
            self.join_into(&mut result.breaks, normal);
            self.add(&mut result, after);
        }
        if let Some(state) = flow.continues {
            let mut after = self.block(frame, state, body);
            let normal = after.normal.take();
            self.join_into(&mut result.continues, normal);
            self.add(&mut result, after);
        }
        if let Some(state) = returned.state {
            let mut after = self.block(frame, state, body);
            if let Some(state) = after.normal.take()
                && let Some(mut outer) = self.returned.pop()
            {
                self.join_into(&mut outer.state, Some(state));
                outer.values.extend(returned.values);
                self.returned.push(outer);
            }
            self.add(&mut result, after);
        }
        if let Some(state) = raised {
            let mut after = self.block(frame, state, body);
            if let Some(state) = after.normal.take() {
                self.may_raise(&state);
            }
            self.add(&mut result, after);
        }
        result
    }

    fn add(&mut self, flow: &mut Flow, other: Flow) {
        self.join_into(&mut flow.normal, other.normal);
        self.join_into(&mut flow.breaks, other.breaks);
        self.join_into(&mut flow.continues, other.continues);
    }

    /// An exception can be on its way from here.
    pub(super) fn may_raise(&mut self, state: &State) {
        let Some(mut sink) = self.raised.pop() else { return };
        if sink.last.as_ref().is_none_or(|last| !last.is(state)) {
            self.join_into(&mut sink.state, Some(state.clone()));
            sink.last = Some(state.clone());
        }
        self.raised.push(sink);
    }

    /// Stores to a target. `value` is the expression that is stored, when there is one.
    pub(super) fn store(
        &mut self,
        frame: Frame,
        state: &mut State,
        target: &'f Expr,
        locs: &Locs,
        value: Option<&'f Expr>,
    ) {
        match target {
            Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) => {
                if !self.is_tracked(frame, target) {
                    return;
                }
                if let Expr::Attribute(ast::ExprAttribute { value: base, .. })
                | Expr::Subscript(ast::ExprSubscript { value: base, .. }) = target
                    && !matches!(**base, Expr::Name(_) | Expr::Attribute(_))
                {
                    self.evaluate(frame, state, base);
                }
                let Some(slots) = self.slots(frame, state, target) else { return };
                for slot in &slots {
                    if slots.len() == 1 {
                        state.set(*slot, locs.clone());
                    } else {
                        // One of several objects gets it; the others keep what they have.
                        let known = match state.get(*slot) {
                            Some(known) => known.clone(),
                            None => self.initial(*slot).map_or_else(state::none, state::one),
                        };
                        state.set(*slot, state::union(&known, locs));
                    }
                }
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let values = value.and_then(elements_of);
                for (index, element) in elts.iter().enumerate() {
                    let locs = match values.and_then(|values| values.get(index)) {
                        Some(value) if values.is_some_and(|values| values.len() == elts.len()) => {
                            self.peek(frame, state, value).unwrap_or_else(state::none)
                        }
                        _ => self.part(frame, state, locs, index, element),
                    };
                    self.store(frame, state, element, &locs, None);
                }
            }
            Expr::Starred(starred) => {
                let locs = self.fresh(frame, state, target.range());
                self.store(frame, state, &starred.value, &locs, None);
            }
            _ => {}
        }
    }

    /// Whether running a simple statement changes nothing that is followed.
    fn is_inert(&mut self, frame: Frame, stmt: &'f Stmt) -> bool {
        if matches!(stmt, Stmt::FunctionDef(_)) {
            return false;
        }
        let key = super::address(stmt);
        if let Some(known) = self.inert.get(&key) {
            return *known;
        }
        let file = &self.files[self.frames[frame as usize].file];
        let mut search = Touches {
            occurrences: &file.occurrences,
            tracked: &file.tracked,
            defined: &file.defined,
            followed: &self.followed,
            receivers: &file.receivers,
            elsewhere: self.frames[frame as usize].file != 0,
            found: file.occurrences.contains_key(&stmt.range()),
            depth: 0,
        };
        search.visit_stmt(stmt);
        let inert = !search.found;
        self.inert.insert(key, inert);
        inert
    }

    /// Whether what is stored under this name can matter.
    fn is_tracked(&self, frame: Frame, target: &'f Expr) -> bool {
        let file = self.frames[frame as usize].file;
        Alias::of(target).is_none_or(|alias| self.files[file].tracked.contains(&alias))
    }

    /// Lets the events happen that matched code of this range. `stored` is what an assignment
    /// stores: when the object is one of its targets, it is that value.
    pub(super) fn occurrences(
        &mut self,
        frame: Frame,
        state: &mut State,
        range: TextRange,
        stored: Option<&'f Expr>,
    ) {
        let file = self.frames[frame as usize].file;
        let Some(found) = self.files[file].occurrences.get(&range) else { return };
        for occurrence in found.clone() {
            let object = occurrence.object;
            let mut locs = self.peek(frame, state, object).unwrap_or_else(state::none);
            if locs.is_empty() {
                // Nothing is known of it yet: from here on it is an object.
                locs = match self.value_at(frame, object.range(), state) {
                    Some(locs) => locs,
                    None => self.fresh(frame, state, object.range()),
                };
                if let Some(slots) = self.slots(frame, state, object) {
                    for slot in slots {
                        state.set(slot, locs.clone());
                    }
                }
            }
            if matches!(stored, Some(Expr::NoneLiteral(_))) {
                // Only the `None` of this very statement counts, not those of other branches.
                let here = locs.iter().copied().filter(|loc| self.locs[*loc as usize].none);
                locs = here.collect();
            }
            self.happen(state, frame, range, &occurrence, &locs);
        }
    }

    /// The objects that an expression which is no path of names has just made.
    fn value_at(&self, frame: Frame, range: TextRange, _: &State) -> Option<Locs> {
        let file = self.frames[frame as usize].file;
        self.loc_keys.get(&LocKey::Value(frame, file, range)).map(|loc| state::one(*loc))
    }

    /// The elements of a literal that is iterated over; [`None`] when they are not known.
    fn elements(&mut self, frame: Frame, state: &mut State, iter: &'f Expr) -> Option<Locs> {
        let Some(elements) = elements_of(iter) else {
            self.evaluate(frame, state, iter);
            return None;
        };
        let mut all = state::none();
        for element in elements {
            let locs = self.evaluate(frame, state, element);
            all = state::union(&all, &locs);
        }
        Some(all)
    }

    /// Where a variable of this name is kept, seen from a frame.
    pub(super) fn variable(&mut self, frame: Frame, text: &str) -> Slot {
        let name = self.name(text);
        let mut at = Some(frame);
        while let Some(frame) = at {
            let info = &self.frames[frame as usize];
            let parent = info.parent;
            if info.lambda.is_some_and(|lambda| has_parameter(lambda, text)) {
                return Slot::Variable(frame, name);
            }
            if let Some(function) = info.function
                && self.function_facts(function).locals.contains(text)
            {
                return Slot::Variable(frame, name);
            }
            at = parent;
        }
        let file = self.frames[frame as usize].file;
        Slot::Field(self.globals(file), name)
    }
}

fn has_parameter(lambda: &ast::ExprLambda, name: &str) -> bool {
    lambda.parameters.as_ref().is_some_and(|parameters| parameters.includes(name))
}

/// Looks for anything in a statement that can matter.
struct Touches<'t, 'f> {
    occurrences: &'t super::Occurrences<'f>,
    tracked: &'t HashSet<Alias<'f>>,
    defined: &'t HashSet<&'f str>,
    followed: &'t HashSet<usize>,
    receivers: &'t HashSet<&'f str>,
    /// The code stands in another file than the one in which paths begin.
    elsewhere: bool,
    found: bool,
    depth: u32,
}

impl<'f> Visitor<'f> for Touches<'_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if self.found {
            return;
        }
        if self.depth > 200 {
            self.found = true;
            return;
        }
        self.found = self.occurrences.contains_key(&expr.range())
            || match expr {
                Expr::Name(name) => {
                    self.tracked.contains(&Alias::Variable(name.id.as_str())) && !name.ctx.is_load()
                        || self.defined.contains(name.id.as_str())
                }
                Expr::Attribute(attribute) => {
                    self.tracked.contains(&Alias::Attribute(attribute.attr.as_str()))
                        && !attribute.ctx.is_load()
                        || self.defined.contains(attribute.attr.as_str())
                }
                Expr::Call(call) => {
                    self.elsewhere
                        || self.followed.contains(&super::address(call))
                        || known_call_of(call)
                        || matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "setattr")
                        // It may be a method that the class inherits.
                        || matches!(&*call.func, Expr::Attribute(attribute)
                            if matches!(&*attribute.value, Expr::Name(name) if self.receivers.contains(name.id.as_str())))
                        || matches!(&*call.func, Expr::Attribute(attribute)
                            if matches!(&*attribute.value, Expr::Call(_)))
                }
                Expr::Subscript(subscript) => !subscript.ctx.is_load(),
                Expr::Named(_) => true,
                _ => false,
            };
        self.depth += 1;
        visitor::walk_expr(self, expr);
        self.depth -= 1;
    }
}

fn known_call_of(call: &ast::ExprCall) -> bool {
    super::evaluate::PlainNames.qualified(&call.func).is_some_and(|name| known_call(&name).is_some())
}

fn elements_of(expr: &Expr) -> Option<&[Expr]> {
    match expr {
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => Some(elts),
        _ => None,
    }
}

/// Whether a handler around the statement can see an exception from it. Storing a plain value
/// raises nothing, and neither, for our purposes, do logging and sleeping: an error handler is
/// not written for them.
fn may_raise(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Pass(_)
        | Stmt::Break(_)
        | Stmt::Continue(_)
        | Stmt::Global(_)
        | Stmt::Nonlocal(_)
        | Stmt::FunctionDef(_)
        | Stmt::ClassDef(_)
        | Stmt::Try(_) => false,
        Stmt::Return(node) => node.value.as_deref().is_some_and(|value| !is_plain(value)),
        Stmt::Assign(node) => !is_plain(&node.value),
        Stmt::AnnAssign(node) => node.value.as_deref().is_some_and(|value| !is_plain(value)),
        Stmt::Expr(node) => match &*node.value {
            Expr::Call(call) => !is_harmless(&call.func),
            other => !is_plain(other),
        },
        _ => true,
    }
}

fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Attribute(attribute) => is_plain(&attribute.value),
        Expr::Name(_)
        | Expr::NoneLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::EllipsisLiteral(_) => true,
        Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
            elts.iter().all(is_plain)
        }
        Expr::Dict(dict) => dict.items.is_empty(),
        _ => false,
    }
}

fn is_harmless(callee: &Expr) -> bool {
    match callee {
        Expr::Name(name) => matches!(name.id.as_str(), "print" | "len" | "str" | "repr"),
        Expr::Attribute(attribute) => {
            let method = attribute.attr.as_str();
            let receiver = super::facts::last_name(&attribute.value).unwrap_or_default();
            (receiver.trim_start_matches('_').to_ascii_lowercase().starts_with("log")
                && matches!(
                    method,
                    "debug" | "info" | "warning" | "warn" | "error" | "critical" | "exception" | "log"
                ))
                || (receiver == "time" && method == "sleep")
        }
        _ => false,
    }
}

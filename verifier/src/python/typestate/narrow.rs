//! What a condition tells of the objects that it asks about: mostly, whether they are `None`.

use super::state::{Frame, Locs, Slot, State};
use super::{Engine, state};
use crate::python::ast::{self, Expr};
use crate::python::control_flow::truth;

/// A condition is followed into so many calls, each of which may make several others; what more of them
/// say is not known.
const MOST_ASKED: u32 = 40;

/// And into functions that ask functions, so deep.
const DEEPEST_HELPER: usize = 6;

/// What is known of a value after a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Something,
    None,
}

impl<'f> Engine<'_, 'f> {
    /// The path on which the condition is true, or false; nothing when there is none.
    pub(super) fn assume(
        &mut self,
        frame: Frame,
        state: State,
        test: &'f Expr,
        holds: bool,
    ) -> Option<State> {
        self.asked = 0;
        self.assume_within(frame, state, test, holds, 0)
    }

    fn assume_within(
        &mut self,
        frame: Frame,
        mut state: State,
        test: &'f Expr,
        holds: bool,
        depth: u32,
    ) -> Option<State> {
        if depth > 50 {
            return Some(state);
        }
        if let Some(constant) = truth(test) {
            return (constant == holds).then_some(state);
        }
        match test {
            Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
                self.assume_within(frame, state, &unary.operand, !holds, depth + 1)
            }
            Expr::BoolOp(bool_op) => {
                let all = (bool_op.op == ast::BoolOp::And) == holds;
                if all {
                    let mut state = Some(state);
                    for value in &bool_op.values {
                        state = self.assume_within(frame, state?, value, holds, depth + 1);
                    }
                    return state;
                }
                // One of them decides; those before it went the other way.
                let mut joined: Option<State> = None;
                let mut before = Some(state);
                for value in &bool_op.values {
                    let Some(state) = before else { break };
                    let decided = self.assume_within(frame, state.clone(), value, holds, depth + 1);
                    self.join_into(&mut joined, decided);
                    before = self.assume_within(frame, state, value, !holds, depth + 1);
                }
                joined
            }
            Expr::Compare(compare) => {
                let [comparator] = &*compare.comparators else { return Some(state) };
                if let (Expr::NoneLiteral(_), [op @ (ast::CmpOp::In | ast::CmpOp::NotIn)]) =
                    (&*compare.left, &*compare.ops)
                {
                    // `None in (a, b)`: when it is not in there, neither of them is `None`.
                    let absent = (*op == ast::CmpOp::NotIn) == holds;
                    let subjects = if absent { listed(comparator) } else { &[] };
                    return self.learn_all(frame, &mut state, subjects).then_some(state);
                }
                let subject = match (&*compare.left, comparator) {
                    (subject, Expr::NoneLiteral(_)) | (Expr::NoneLiteral(_), subject) => subject,
                    _ => return Some(state),
                };
                let is_none = match &*compare.ops {
                    [ast::CmpOp::Is | ast::CmpOp::Eq] => holds,
                    [ast::CmpOp::IsNot | ast::CmpOp::NotEq] => !holds,
                    _ => return Some(state),
                };
                let known = if is_none { Known::None } else { Known::Something };
                self.learn(frame, &mut state, subject, known).then_some(state)
            }
            Expr::Await(node) => match &*node.value {
                Expr::Call(call) => self.assume_helper(frame, state, call, true, holds, depth),
                _ => Some(state),
            },
            Expr::Call(call) => {
                let callee = match &*call.func {
                    Expr::Name(name) => name.id.as_str(),
                    _ => return self.assume_helper(frame, state, call, false, holds, depth),
                };
                match (callee, call.arguments.args.first()) {
                    ("all", Some(subjects)) if holds => {
                        self.learn_all(frame, &mut state, listed(subjects)).then_some(state)
                    }
                    ("hasattr", Some(subject)) if holds && asks_for_own(call) => {
                        self.learn(frame, &mut state, subject, Known::Something).then_some(state)
                    }
                    ("isinstance" | "callable", Some(subject)) if holds => {
                        self.learn(frame, &mut state, subject, Known::Something).then_some(state)
                    }
                    ("bool", Some(subject)) => self.assume_within(frame, state, subject, holds, depth + 1),
                    ("getattr", _) if holds => {
                        self.learn(frame, &mut state, test, Known::Something).then_some(state)
                    }
                    _ => self.assume_helper(frame, state, call, false, holds, depth),
                }
            }
            _ if holds => self.learn(frame, &mut state, test, Known::Something).then_some(state),
            // A false value is `None` or something empty: nothing can be told.
            _ => Some(state),
        }
    }

    /// What the answer of a function tells that does nothing but to answer a condition:
    /// `return self.context is not None`. Others tell nothing.
    fn assume_helper(
        &mut self,
        frame: Frame,
        mut state: State,
        call: &'f ast::ExprCall,
        awaited: bool,
        holds: bool,
        depth: u32,
    ) -> Option<State> {
        let before = state.clone();
        if self.answering.len() == DEEPEST_HELPER || self.asked == MOST_ASKED {
            return Some(before);
        }
        self.asked += 1;
        let Some((inner, function, given)) = self.helper(frame, &mut state, call) else {
            return Some(before);
        };
        let tells = function.is_async == awaited
            && only_answers(&function.body, 0)
            && !self.answering.iter().any(|outer| std::ptr::eq(*outer, function));
        if !tells {
            return Some(before);
        }
        self.answering.push(function);
        let (mut answered, falls) = self.assume_answer(inner, state, &function.body, holds, depth + 1);
        self.answering.pop();
        // Who falls off the end returns `None`.
        self.join_into(&mut answered, falls.filter(|_| !holds));
        if let Some(answered) = &mut answered {
            // What the function has learnt of its parameters is true of what it was given.
            for (argument, parameter) in given {
                let Some(learnt) = answered.get(parameter).filter(|locs| !locs.is_empty()).cloned() else {
                    continue;
                };
                if let Some([slot]) = self.slots(frame, answered, argument).as_deref()
                    && answered.get(*slot).is_some()
                {
                    answered.set(*slot, learnt);
                }
            }
            answered.drop_frame(inner);
        }
        answered
    }

    /// The paths on which these statements return such an answer, and those that go on behind them.
    fn assume_answer(
        &mut self,
        frame: Frame,
        state: State,
        body: &'f [ast::Stmt],
        holds: bool,
        depth: u32,
    ) -> (Option<State>, Option<State>) {
        let mut answered: Option<State> = None;
        let mut on = Some(state);
        for stmt in body {
            let Some(state) = on.take() else { break };
            match stmt {
                ast::Stmt::Return(node) => {
                    let told = match node.value.as_deref() {
                        Some(value) => self.assume_within(frame, state, value, holds, depth + 1),
                        None => (!holds).then_some(state),
                    };
                    self.join_into(&mut answered, told);
                }
                ast::Stmt::If(node) => {
                    let mut rest = Some(state);
                    let first = (Some(&*node.test), &*node.body);
                    let others =
                        node.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &*clause.body));
                    for (test, body) in std::iter::once(first).chain(others) {
                        let Some(state) = rest.take() else { break };
                        let enters = match test {
                            Some(test) => {
                                rest = self.assume_within(frame, state.clone(), test, false, depth + 1);
                                self.assume_within(frame, state, test, true, depth + 1)
                            }
                            None => Some(state),
                        };
                        let Some(state) = enters else { continue };
                        let (told, falls) = self.assume_answer(frame, state, body, holds, depth + 1);
                        self.join_into(&mut answered, told);
                        self.join_into(&mut on, falls);
                    }
                    self.join_into(&mut on, rest);
                }
                // What it does has been done when the call was evaluated.
                _ => on = Some(state),
            }
        }
        (answered, on)
    }

    /// Whether there is a path on which none of these is `None`.
    fn learn_all(&mut self, frame: Frame, state: &mut State, subjects: &'f [Expr]) -> bool {
        subjects.iter().all(|subject| self.learn(frame, state, subject, Known::Something))
    }

    /// The paths on which a value matches a pattern, and on which it does not.
    pub(super) fn matches(
        &mut self,
        frame: Frame,
        mut state: State,
        subject: &'f Expr,
        pattern: &'f ast::Pattern,
    ) -> (Option<State>, Option<State>) {
        let mut others = state.clone();
        match pattern {
            ast::Pattern::MatchSingleton(singleton) if singleton.value == ast::Singleton::None => {
                let matches = self.learn(frame, &mut state, subject, Known::None);
                let differs = self.learn(frame, &mut others, subject, Known::Something);
                (matches.then_some(state), differs.then_some(others))
            }
            ast::Pattern::MatchSingleton(_)
            | ast::Pattern::MatchSequence(_)
            | ast::Pattern::MatchMapping(_)
            | ast::Pattern::MatchClass(_) => {
                let matches = self.learn(frame, &mut state, subject, Known::Something);
                (matches.then_some(state), Some(others))
            }
            ast::Pattern::MatchAs(node) if node.pattern.is_some() => {
                let inner = node.pattern.as_deref().expect("it was looked at");
                self.matches(frame, state, subject, inner)
            }
            ast::Pattern::MatchValue(_)
            | ast::Pattern::MatchStar(_)
            | ast::Pattern::MatchAs(_)
            | ast::Pattern::MatchOr(_) => {
                let others = (!pattern.is_irrefutable()).then_some(others);
                (Some(state), others)
            }
        }
    }

    /// Whether there is a path on which the value is so.
    fn learn(&mut self, frame: Frame, state: &mut State, subject: &'f Expr, known: Known) -> bool {
        if let Expr::Named(named) = subject {
            return self.learn(frame, state, &named.target, known)
                && self.learn(frame, state, &named.value, known);
        }
        let Some(slots) = self.slots(frame, state, subject) else { return true };
        let mut possible = slots.is_empty();
        for slot in &slots {
            let Some(locs) = state.get(*slot).cloned() else {
                possible = true;
                continue;
            };
            if locs.is_empty() {
                possible = true;
                continue;
            }
            let kept: Locs = match known {
                Known::Something => {
                    locs.iter().copied().filter(|loc| !self.locs[*loc as usize].none).collect()
                }
                Known::None => locs
                    .iter()
                    .copied()
                    .filter(|loc| {
                        // Something that an event has happened to is not `None`.
                        self.locs[*loc as usize].none || state.chains(*loc).is_empty()
                    })
                    .collect(),
            };
            // When all that is known contradicts a test for `None`, the value came from where
            // nobody looked; a value that is surely `None` does contradict.
            possible |= known == Known::None || !kept.is_empty();
            if slots.len() == 1 {
                state.set(*slot, kept);
            }
        }
        possible
    }

    /// Where the value of a path of names is kept.
    pub(super) fn slots(&mut self, frame: Frame, state: &State, expr: &'f Expr) -> Option<Vec<Slot>> {
        match expr {
            Expr::Name(name) => Some(vec![self.variable(frame, name.id.as_str())]),
            Expr::Attribute(attribute) => {
                let base = self.peek(frame, state, &attribute.value)?;
                let name = self.name(attribute.attr.as_str());
                Some(base.iter().map(|loc| Slot::Field(*loc, name)).collect())
            }
            Expr::Subscript(subscript) => {
                let key = literal_key(&subscript.slice)?;
                let base = self.peek(frame, state, &subscript.value)?;
                let name = self.name(&key);
                Some(base.iter().map(|loc| Slot::Field(*loc, name)).collect())
            }
            Expr::Call(call) => {
                let (object, name) = getattr_of(call)?;
                let base = self.peek(frame, state, object)?;
                let name = self.name(&name);
                Some(base.iter().map(|loc| Slot::Field(*loc, name)).collect())
            }
            _ => None,
        }
    }

    /// The objects that a path of names can mean, without running anything.
    pub(super) fn peek(&mut self, frame: Frame, state: &State, expr: &'f Expr) -> Option<Locs> {
        if let Expr::Named(named) = expr {
            return self.peek(frame, state, &named.target);
        }
        if let Some(locs) = self.given_by(frame, expr) {
            return Some(locs);
        }
        let slots = self.slots(frame, state, expr)?;
        let mut all = state::none();
        for slot in slots {
            let locs = match state.get(slot) {
                Some(locs) => locs.clone(),
                None => self.initial(slot).map_or_else(state::none, state::one),
            };
            all = state::union(&all, &locs);
        }
        Some(all)
    }
}

/// Whether `hasattr` asks for an attribute that `None` does not have: all of its own have two
/// underscores.
fn asks_for_own(call: &ast::ExprCall) -> bool {
    matches!(call.arguments.args.get(1), Some(Expr::StringLiteral(name)) if !name.value.to_str().starts_with("__"))
}

/// Whether a body only looks and answers: it returns, by conditions, and stores nothing.
fn only_answers(body: &[ast::Stmt], depth: u32) -> bool {
    depth < 20
        && body.iter().all(|stmt| match stmt {
            ast::Stmt::Return(_) | ast::Stmt::Expr(_) | ast::Stmt::Pass(_) => true,
            ast::Stmt::If(node) => {
                only_answers(&node.body, depth + 1)
                    && node.elif_else_clauses.iter().all(|clause| only_answers(&clause.body, depth + 1))
            }
            _ => false,
        })
}

/// What stands in a list or tuple that is written out.
fn listed(expr: &Expr) -> &[Expr] {
    match expr {
        Expr::Tuple(ast::ExprTuple { elts, .. })
        | Expr::List(ast::ExprList { elts, .. })
        | Expr::Set(ast::ExprSet { elts, .. }) => elts,
        _ => &[],
    }
}

/// `["a"]` as an attribute name that no attribute has.
pub(super) fn literal_key(slice: &Expr) -> Option<String> {
    match slice {
        Expr::StringLiteral(string) => Some(format!("[{:?}]", string.value.to_str())),
        Expr::NumberLiteral(ast::ExprNumberLiteral { value: ast::Number::Int(int), .. }) => {
            Some(format!("[{}]", int.as_u64()?))
        }
        _ => None,
    }
}

/// `getattr(object, "name")` with a literal name.
pub(super) fn getattr_of(call: &ast::ExprCall) -> Option<(&Expr, String)> {
    let Expr::Name(name) = &*call.func else { return None };
    if name.id.as_str() != "getattr" {
        return None;
    }
    match &*call.arguments.args {
        [object, Expr::StringLiteral(attribute), ..] => Some((object, attribute.value.to_str().to_owned())),
        _ => None,
    }
}

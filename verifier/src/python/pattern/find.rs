//! Finding a pattern in a file.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::{self as ast, AnyNodeRef, Decorator, ElifElseClause, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::Pattern;
use super::bindings::Bindings;
use super::expression::{Engine, Settings, State};
use super::statement::{View, flattened};
use super::tree::*;
use super::value::Constant;
use crate::python::SourceFile;

/// One way in which a pattern matches.
#[derive(Clone, Debug)]
pub struct Match<'f> {
    /// From the first to the last of what was matched.
    pub range: TextRange,
    /// What the metavariables stand for.
    pub bindings: Bindings<'f>,
}

/// Finds patterns in one file. Making one costs nothing: what has to be known of the file is
/// gathered once, and kept with it.
#[derive(Clone)]
pub struct Matcher<'f> {
    engine: Engine<'f>,
}

/// Solutions that are collected for one place.
const SOLUTION_LIMIT: usize = 5_000;
/// Solutions besides the first of each place, of one pattern in one file. From then on every place is
/// found in one way.
const MOST_OTHER_SOLUTIONS: usize = 100_000;
/// Steps that all attempts at several statements in a row may take in one file. Each statement can be the
/// first and each behind it the next, so that thousands of them take longer than anybody waits.
const MOST_STEPS: u64 = 10_000_000;

impl<'f> Matcher<'f> {
    /// A matcher for `file`.
    pub fn new(file: &'f SourceFile) -> Self {
        Self::with_settings(file, Settings::default())
    }

    /// A matcher that takes other things to be the same.
    pub fn with_settings(file: &'f SourceFile, settings: Settings) -> Self {
        Self { engine: Engine { file, facts: file.facts(), settings, gave_up: None } }
    }

    /// The same, but when a pattern has too many ways to match at some place, and not all of them
    /// were tried, `gave_up` is set: what was not found may be there then.
    #[must_use]
    pub fn watched_by(self, gave_up: &Arc<AtomicBool>) -> Self {
        Self { engine: Engine { gave_up: Some(Arc::clone(gave_up)), ..self.engine } }
    }

    /// Whether not all ways to match were tried, if somebody watches for it.
    pub(crate) fn gave_up(&self) -> bool {
        self.engine.gave_up.as_ref().is_some_and(|gave_up| gave_up.load(Ordering::Relaxed))
    }

    /// The file that is searched.
    pub fn file(&self) -> &'f SourceFile {
        self.engine.file
    }

    /// What the options say.
    pub(crate) fn settings(&self) -> Settings {
        self.engine.settings
    }

    /// Both bindings, when they do not contradict each other.
    pub(crate) fn merge(&self, one: &Bindings<'f>, other: &Bindings<'f>) -> Option<Bindings<'f>> {
        one.merge(other, |known, bound| {
            known.same(bound, |_, _| false) || self.engine.are_same_symbol(known, bound)
        })
    }

    /// How many nodes of the tree lie in a range: how much was searched there.
    pub fn count_nodes(&self, range: TextRange) -> u64 {
        struct Count(TextRange, u64);
        impl<'f> SourceOrderVisitor<'f> for Count {
            fn enter_node(&mut self, node: AnyNodeRef<'f>) -> TraversalSignal {
                if self.0.intersect(node.range()).is_none() {
                    return TraversalSignal::Skip;
                }
                self.1 += u64::from(self.0.contains_range(node.range()));
                TraversalSignal::Traverse
            }
        }
        let mut count = Count(range, 0);
        count.visit_body(&self.engine.file.module().body);
        count.1
    }

    /// What an expression of the file is worth, if that is certain.
    pub(crate) fn constant(&self, expression: &'f Expr) -> Option<Constant> {
        self.engine.constant(expression)
    }

    /// Whether an expression of the file certainly is of a type, as `($X: T)` asks.
    pub(crate) fn has_type(&self, expression: &'f Expr, wanted: &Pattern) -> bool {
        match &wanted.root {
            Root::Expression(wanted) => self.engine.has_type(expression, wanted),
            Root::Statements(_) | Root::Decorator(_) => false,
        }
    }

    /// All matches, in the order of their places. One place may match in several ways, with
    /// different bindings.
    pub fn find(&self, pattern: &Pattern) -> Vec<Match<'f>> {
        self.find_with(pattern, None, &Bindings::default())
    }

    /// All matches that lie within a range.
    pub fn find_within(&self, pattern: &Pattern, range: TextRange) -> Vec<Match<'f>> {
        self.find_with(pattern, Some(range), &Bindings::default())
    }

    /// All matches that lie within a range, if one is given, and agree with what is bound already.
    pub fn find_with(
        &self,
        pattern: &Pattern,
        within: Option<TextRange>,
        bindings: &Bindings<'f>,
    ) -> Vec<Match<'f>> {
        if !self.has_literals_of(pattern) {
            return Vec::new();
        }
        let mut finder = Finder {
            engine: &self.engine,
            root: &pattern.root,
            within,
            bindings,
            matches: Vec::new(),
            other_solutions: 0,
            steps: 0,
        };
        finder.body(&self.engine.file.module().body);
        finder.matches
    }

    /// Whether the file's text has what the pattern cannot do without: most files have not, and
    /// looking at the text is far cheaper than walking the tree.
    fn has_literals_of(&self, pattern: &Pattern) -> bool {
        pattern.literals().all_in(self.engine.file.text().as_bytes())
    }

    /// Whether `pattern`, an expression, matches exactly this one.
    pub fn match_expr(
        &self,
        pattern: &Pattern,
        expression: &'f Expr,
        bindings: &Bindings<'f>,
    ) -> Option<Bindings<'f>> {
        match &pattern.root {
            Root::Expression(root) => {
                let mut state = State { bindings: bindings.clone(), steps: 0 };
                (self.engine.may_match(root, expression)
                    && self.engine.expression(root, expression, &mut state, &mut |_| true)
                    && !state.is_exhausted())
                .then_some(state.bindings)
            }
            Root::Statements(_) | Root::Decorator(_) => None,
        }
    }

    /// Whether `pattern` matches exactly this statement. An expression as a pattern matches a
    /// statement that is that expression, and no other.
    pub fn match_stmt(
        &self,
        pattern: &Pattern,
        statement: &'f Stmt,
        bindings: &Bindings<'f>,
    ) -> Option<Bindings<'f>> {
        match &pattern.root {
            Root::Expression(_) => match statement {
                Stmt::Expr(node) => self.match_expr(pattern, &node.value, bindings),
                _ => None,
            },
            Root::Statements(statements) => match &statements[..] {
                [root] => {
                    let mut state = State { bindings: bindings.clone(), steps: 0 };
                    (Engine::statement_may_match(root, statement)
                        && self.engine.statement(root, View::Statement(statement), &mut state, &mut |_| true)
                        && !state.is_exhausted())
                    .then_some(state.bindings)
                }
                _ => None,
            },
            Root::Decorator(_) => None,
        }
    }
}

/// The expression that has exactly this range: the outermost, if there are several.
pub(super) fn expression_at(module: &ast::ModModule, range: TextRange) -> Option<&Expr> {
    struct At<'f> {
        range: TextRange,
        found: Option<&'f Expr>,
    }
    impl<'f> SourceOrderVisitor<'f> for At<'f> {
        fn enter_node(&mut self, node: AnyNodeRef<'f>) -> TraversalSignal {
            if self.found.is_none() && node.range().contains_range(self.range) {
                TraversalSignal::Traverse
            } else {
                TraversalSignal::Skip
            }
        }

        fn visit_expr(&mut self, expression: &'f Expr) {
            if self.found.is_some() || !expression.range().contains_range(self.range) {
                return;
            }
            if expression.range() == self.range {
                self.found = Some(expression);
                return;
            }
            ast::visitor::source_order::walk_expr(self, expression);
        }
    }
    let mut at = At { range, found: None };
    at.visit_body(&module.body);
    at.found
}

/// Visits an expression and all those in it, outside first, for as long as `visit` wants more.
pub(super) fn each_expression<'f>(expression: &'f Expr, visit: &mut dyn FnMut(&'f Expr) -> bool) {
    struct Each<'v, 'f> {
        visit: &'v mut dyn FnMut(&'f Expr) -> bool,
        done: bool,
    }
    impl<'f> SourceOrderVisitor<'f> for Each<'_, 'f> {
        fn enter_node(&mut self, _: AnyNodeRef<'f>) -> TraversalSignal {
            if self.done { TraversalSignal::Skip } else { TraversalSignal::Traverse }
        }

        fn visit_expr(&mut self, expression: &'f Expr) {
            if self.done {
                return;
            }
            if !(self.visit)(expression) {
                self.done = true;
                return;
            }
            ast::visitor::source_order::walk_expr(self, expression);
        }
    }
    Each { visit, done: false }.visit_expr(expression);
}

struct Finder<'p, 'f> {
    engine: &'p Engine<'f>,
    root: &'p Root,
    within: Option<TextRange>,
    bindings: &'p Bindings<'f>,
    matches: Vec<Match<'f>>,
    /// How many of the matches are not the first of their place.
    other_solutions: usize,
    /// How many steps were taken for several statements in a row.
    steps: u64,
}

impl<'f> Finder<'_, 'f> {
    /// Whether something with this range is, or contains, what is looked for.
    fn is_of_interest(&self, node: &impl Ranged) -> bool {
        self.within.is_none_or(|within| within.intersect(node.range()).is_some())
    }

    fn contains(&self, node: &impl Ranged) -> bool {
        self.within.is_none_or(|within| within.contains_range(node.range()))
    }

    /// Collects the solutions that `attempt` finds, each with the end of its range; gives how many steps
    /// that took.
    fn solve(
        &mut self,
        start: TextRange,
        attempt: impl FnOnce(&mut State<'f>, &mut dyn FnMut(&mut State<'f>, Option<TextRange>) -> bool),
    ) -> u32 {
        let mut state = State { bindings: self.bindings.clone(), steps: 0 };
        let engine = self.engine;
        let within = self.within;
        let most = if self.other_solutions < MOST_OTHER_SOLUTIONS { SOLUTION_LIMIT } else { 1 };
        let mut found: Vec<Match<'f>> = Vec::new();
        let mut seen = HashSet::new();
        attempt(&mut state, &mut |state, end| {
            let range = end.map_or(start, |end| start.cover(end));
            if within.is_some_and(|within| !within.contains_range(range)) {
                return false;
            }
            let key = (range, state.bindings.key());
            if found.is_empty() || !seen.contains(&key) {
                seen.insert(key);
                found.push(Match { range, bindings: state.bindings.clone() });
            }
            if found.len() >= most {
                engine.give_up();
                return true;
            }
            false
        });
        self.other_solutions += found.len().saturating_sub(1);
        self.matches.append(&mut found);
        state.steps
    }

    fn body(&mut self, body: &'f [Stmt]) {
        if let Root::Statements(pattern) = self.root {
            self.statements(pattern, body);
        }
        for statement in body {
            self.visit_stmt(statement);
        }
    }

    fn statements(&mut self, pattern: &[Statement], body: &'f [Stmt]) {
        let views: Vec<View<'f>> = match pattern {
            // One statement needs no list.
            [Statement::Ellipsis | Statement::Rest(_)] | [_, _, ..] => {
                body.iter().map(View::Statement).collect()
            }
            [] | [_] => Vec::new(),
        };
        for (index, statement) in body.iter().enumerate() {
            if !self.is_of_interest(statement) || !Engine::statement_may_match(&pattern[0], statement) {
                continue;
            }
            if views.is_empty() {
                self.single(&pattern[0], View::Statement(statement));
            } else {
                self.sequence(pattern, &views[index..]);
                // What `...` at the beginning skips may be nothing: further starts tell nothing new.
                if pattern.len() > 1 && matches!(pattern[0], Statement::Ellipsis) {
                    break;
                }
            }
        }
    }

    fn single(&mut self, pattern: &Statement, view: View<'f>) {
        if !self.contains(&view) {
            return;
        }
        let engine = self.engine;
        self.solve(view.range(), |state, found| {
            engine.statement(pattern, view, state, &mut |state| found(state, None));
        });
    }

    /// Assignments within an expression.
    fn assigned_within(&mut self, target: &Expression, value: &Expression, expression: &'f Expr) {
        if let Expr::Named(named) = expression
            && self.contains(named)
        {
            let engine = self.engine;
            self.solve(named.range(), |state, found| {
                engine.expression(target, &named.target, state, &mut |state| {
                    engine.expression(value, &named.value, state, &mut |state| found(state, None))
                });
            });
        }
        ast::visitor::source_order::walk_expr(self, expression);
    }

    fn sequence(&mut self, pattern: &[Statement], views: &[View<'f>]) {
        let engine = self.engine;
        if self.steps > MOST_STEPS {
            engine.give_up();
            return;
        }
        // Neither the statements that follow nor those nested in them can help when the first
        // one does not match.
        if !matches!(pattern[0], Statement::Ellipsis | Statement::Rest(_)) {
            let mut state = State { bindings: self.bindings.clone(), steps: 0 };
            if !engine.statement(&pattern[0], views[0], &mut state, &mut |_| true) {
                return;
            }
        }
        let start = TextRange::empty(views[0].start());
        let before = self.matches.len();
        let attempt = |views: &[View<'f>], finder: &mut Self| {
            let steps = finder.solve(start, |state, found| {
                engine.statements(pattern, views, false, state, &mut |state, end| {
                    found(state, end.map(TextRange::empty))
                });
            });
            finder.steps += u64::from(steps);
        };
        attempt(views, self);
        let goes_deeper =
            pattern.iter().any(|statement| matches!(statement, Statement::Ellipsis | Statement::Rest(_)));
        if goes_deeper && let Some(views) = flattened(views) {
            let direct = self.matches.len();
            self.steps += views.len() as u64;
            attempt(&views, self);
            // The same once more with another end tells nothing new.
            let known: HashSet<_> =
                self.matches[before..direct].iter().map(|found| found.bindings.key()).collect();
            let deeper = self.matches.split_off(direct);
            self.matches.extend(deeper.into_iter().filter(|found| !known.contains(&found.bindings.key())));
        }
    }

    /// A text in an f-string, or a literal that one is put together with: a string, too.
    fn text_of_f_string(&mut self, value: &'f str, range: TextRange) {
        if let Root::Expression(Expression::String(pattern)) = self.root
            && self.contains(&range)
        {
            let engine = self.engine;
            self.solve(range, |state, found| {
                engine.text(pattern, Some((value, false)), range, state, &mut |state| found(state, None));
            });
        }
    }
}

/// Whether the pattern asks for an expression, whatever it is.
fn asks_for_any(pattern: &Expression) -> bool {
    matches!(pattern, Expression::Ellipsis | Expression::Metavariable(_) | Expression::Typed { .. })
}

impl<'f> SourceOrderVisitor<'f> for Finder<'_, 'f> {
    fn enter_node(&mut self, node: AnyNodeRef<'f>) -> TraversalSignal {
        if self.is_of_interest(&node) { TraversalSignal::Traverse } else { TraversalSignal::Skip }
    }

    fn visit_body(&mut self, body: &'f [Stmt]) {
        self.body(body);
    }

    fn visit_stmt(&mut self, statement: &'f Stmt) {
        if !self.is_of_interest(statement) {
            return;
        }
        if let (Root::Statements(pattern), Stmt::If(node)) = (self.root, statement)
            && let [single @ (Statement::If(_) | Statement::Metavariable(_))] = &pattern[..]
        {
            for (index, clause) in node.elif_else_clauses.iter().enumerate() {
                if clause.test.is_some() {
                    self.single(single, View::Branch(&node.elif_else_clauses[index..]));
                }
            }
        }
        ast::visitor::source_order::walk_stmt(self, statement);
    }

    fn visit_elif_else_clause(&mut self, clause: &'f ElifElseClause) {
        ast::visitor::source_order::walk_elif_else_clause(self, clause);
    }

    fn visit_decorator(&mut self, decorator: &'f Decorator) {
        if let Root::Decorator(pattern) = self.root {
            let engine = self.engine;
            if self.contains(decorator) {
                self.solve(decorator.range(), |state, found| {
                    engine.decorator(pattern, decorator, state, &mut |state| found(state, None));
                });
            }
        }
        // `@d` calls `d` as much as `@d()` does. Who asks for any call does not think of it.
        if let Root::Expression(pattern @ Expression::Call { function, .. }) = self.root
            && !asks_for_any(function)
            && !decorator.expression.is_call_expr()
            && self.engine.settings.decorators
            && self.contains(&decorator.expression)
        {
            let engine = self.engine;
            self.solve(decorator.expression.range(), |state, found| {
                engine.decorator(pattern, decorator, state, &mut |state| found(state, None));
            });
        }
        match &decorator.expression {
            Expr::Call(call) if !self.engine.settings.decorators => self.visit_arguments(&call.arguments),
            _ => ast::visitor::source_order::walk_decorator(self, decorator),
        }
    }

    fn visit_expr(&mut self, expression: &'f Expr) {
        let pattern = match self.root {
            Root::Expression(pattern) => pattern,
            // `if (match := …):` assigns as well.
            Root::Statements(statements) => {
                if let [Statement::Assign { targets, value }] = &statements[..]
                    && let [target] = &targets[..]
                {
                    self.assigned_within(target, value, expression);
                }
                return;
            }
            // No decorator stands in an expression.
            Root::Decorator(_) => return,
        };
        // What a variable stands for is found where it was written, unless only the variable is
        // asked about.
        let may_match = if self.within.is_some_and(|within| within == expression.range()) {
            self.engine.may_match(pattern, expression)
        } else {
            self.contains(expression)
                && self.engine.may_match_as_written(pattern, expression)
                && (asks_for_any(pattern) || self.engine.symbol(expression).is_none())
        };
        if may_match {
            let engine = self.engine;
            self.solve(expression.range(), |state, found| {
                engine.expression(pattern, expression, state, &mut |state| found(state, None));
            });
        }
        if let Expr::FString(node) = expression {
            for literal in node.value.literals() {
                self.text_of_f_string(literal.as_str(), literal.range());
            }
        }
        ast::visitor::source_order::walk_expr(self, expression);
    }

    fn visit_interpolated_string_element(&mut self, element: &'f ast::InterpolatedStringElement) {
        if let ast::InterpolatedStringElement::Literal(literal) = element {
            self.text_of_f_string(&literal.value, literal.range());
        }
        ast::visitor::source_order::walk_interpolated_string_element(self, element);
    }
}

//! `try`, and what passes through it.

use super::*;

impl<'f> Interpreter<'_, '_, 'f> {
    pub(super) fn try_statement(&mut self, statement: &'f ast::StmtTry) {
        let returned = self.summary.returned.clone();
        self.tries.push(TryFrame { catching: !statement.handlers.is_empty(), ..TryFrame::default() });
        self.block(&statement.body);
        let frame = self.tries.last_mut().expect("pushed above");
        let raised = frame.raised.take();
        let thrown = std::mem::take(&mut frame.thrown);
        frame.catching = false;
        // `else` runs when the body came to its end; what it raises is not caught here.
        if self.state.is_some() {
            self.block(&statement.orelse);
        }
        let mut after = self.state.take();
        let catches_all = statement.handlers.iter().any(|handler| {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            scope::catches_everything(handler)
        });
        if let Some(raised) = &raised {
            let caught = self.catch(statement, thrown);
            for (handler, caught) in statement.handlers.iter().zip(caught) {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                self.state = Some(raised.clone());
                if let Some(type_) = &handler.type_ {
                    self.expression(type_);
                }
                if let Some(name) = &handler.name {
                    let path = Path::variable(self.root(&name.id));
                    let mut value = Value::default();
                    caught.iter().for_each(|thrown| value.join(&thrown.value));
                    let value = value.then(&self.step(name.range, StepKind::Stored(name.to_string())));
                    self.environment().store(&path, &value);
                }
                self.caught.push(caught);
                self.block(&handler.body);
                self.caught.pop();
                let state = self.state.take();
                join_into(&mut after, state.as_ref());
            }
        }
        let mut frame = self.tries.pop().expect("pushed above");
        if let Some(raised) = &raised
            && !catches_all
        {
            frame.escaping = true;
            join_into(&mut frame.passing, Some(raised));
        }
        if statement.finalbody.is_empty() {
            self.state = frame.passing.take().filter(|_| frame.escaping);
            if self.state.is_some() {
                self.raise_here();
            }
            self.state = after;
            return;
        }
        // What `finally` returns is returned instead of anything before.
        if self.engine.specification.options.deep
            && matches!(statement.finalbody.last(), Some(Stmt::Return(_)))
            && !self.yields()
        {
            self.summary.returned = returned;
        }
        self.finally(statement, frame, after);
    }

    /// Runs `finally` once, for those who come to it in order and for those who pass through.
    pub(super) fn finally(
        &mut self,
        statement: &'f ast::StmtTry,
        frame: TryFrame,
        after: Option<Environment>,
    ) {
        let in_order = after.is_some();
        let mut state = after;
        join_into(&mut state, frame.passing.as_ref());
        self.state = state;
        if self.state.is_none() {
            return;
        }
        self.block(&statement.finalbody);
        if self.state.is_none() {
            return;
        }
        if frame.escaping {
            self.raise_here();
        }
        if frame.returns {
            join_into(&mut self.exit, self.state.as_ref());
        }
        if let Some(inner) = self.loops.last_mut() {
            if frame.breaks {
                join_into(&mut inner.broken, self.state.as_ref());
            }
            if frame.continues {
                join_into(&mut inner.continued, self.state.as_ref());
            }
        }
        // Semgrep goes on after a `finally` that an exception passed; Python does not.
        let goes_on = in_order || (frame.escaping && !self.engine.specification.options.deep);
        if !goes_on {
            self.state = None;
        }
    }

    /// An exception may be raised in the present state. The innermost `try` sees it; whether it
    /// goes further is seen once that statement's `finally` has run.
    pub(super) fn raise_here(&mut self) {
        let Some(state) = &self.state else { return };
        let Some(frame) = self.tries.last_mut() else { return };
        if frame.catching {
            join_into(&mut frame.raised, Some(state));
        } else {
            frame.escaping = true;
            join_into(&mut frame.passing, Some(state));
        }
    }

    /// A `return`, `break` or `continue` passes the `finally` of all `try` statements above `from`.
    pub(super) fn leave(&mut self, how: impl Fn(&mut TryFrame), from: usize) {
        let Some(state) = &self.state else { return };
        for frame in self.tries.iter_mut().skip(from) {
            how(frame);
            join_into(&mut frame.passing, Some(state));
        }
    }
}

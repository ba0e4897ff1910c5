//! What a record that is logged sets off.

use std::collections::BTreeSet;

use super::{MOST_FILES, Sides};
use crate::python::calls::calls_in;
use crate::python::project::{Ancestor, ClassRef, FunctionRef};
use crate::python::visitor::Visitor;
use crate::static_checks::is_test_code;
use crate::static_checks::thread::signals::{Change, Changes, Reached, last_name, signals_in};

/// The methods that a logger runs of handlers, filters and formatters.
const RUN_BY_LOGGERS: &[&str] = &["emit", "handle", "filter", "format", "formatMessage", "formatException"];

impl<'f> Sides<'_, '_, 'f> {
    /// `log.info("stopping")` where the target has a handler that sets an event.
    pub(super) fn by_records(&self) -> Option<String> {
        let place = self.signallers.functions.iter().find_map(|(function, receiver)| {
            let calls = calls_in(&function.node.body);
            let call = calls.into_iter().filter(|call| last_name(&call.func).is_some_and(is_logging));
            let mut logs = call.filter(|call| {
                let callees = self.callees(function.file, call, *receiver);
                let is_logger = |name: &String| name.starts_with("logging.");
                !callees.unresolved.is_empty() || callees.external.iter().any(is_logger)
            });
            logs.next().map(|call| self.place(function.file, call))
        })?;
        let mut paths = BTreeSet::new();
        for method in RUN_BY_LOGGERS {
            paths.extend(self.project.mentioning(&format!("def {method}(")).iter().cloned());
        }
        paths.retain(|path| !is_test_code(path));
        let files = paths.iter().take(MOST_FILES).filter_map(|path| self.project.file(path).ok());
        let classes = files.flat_map(|file| self.project.classes_in(file).to_vec());
        let tells = classes.filter(|class| self.is_of_logging(*class)).find_map(|class| {
            let methods = self.project.own_methods(class).into_iter();
            methods
                .filter(|method| RUN_BY_LOGGERS.contains(&method.node.name.as_str()))
                .find(|method| self.tells(*method, class))
        })?;
        Some(format!("whether {place} runs `{}`, which may signal it", tells.qualified_name()))
    }

    fn is_of_logging(&self, class: ClassRef<'f>) -> bool {
        let is_logging = |ancestor: &Ancestor| matches!(ancestor, Ancestor::External(name) if name.starts_with("logging."));
        self.project.linearisations(class).iter().any(|order| order.ancestors.iter().any(is_logging))
    }

    /// Whether a method, or what it calls, may signal: it need not know the event by the thread's name for it.
    fn tells(&self, method: FunctionRef<'f>, class: ClassRef<'f>) -> bool {
        let watched = &self.watching.watched;
        let mut reached = Reached::new(self.project);
        reached.follow(vec![(method, Some(class))]);
        let mut doubt = None;
        reached.functions.iter().any(|(function, receiver)| {
            let mut changes = Changes { found: Vec::new(), by_name: Vec::new() };
            changes.visit_body(&function.node.body);
            changes.found.iter().any(|(object, _, change)| match change {
                Change::Set | Change::Cleared => true,
                _ => last_name(object).is_some_and(|name| watched.iter().any(|known| known.name == name)),
            }) || !signals_in(&reached, *function, *receiver, watched, &mut doubt).is_empty()
        }) || doubt.is_some()
    }
}

/// Methods of loggers that make a record.
fn is_logging(name: &str) -> bool {
    matches!(name, "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log")
}

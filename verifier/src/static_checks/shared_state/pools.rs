//! The pools that run tasks.

use super::Known;
use crate::python::Ranged;
use crate::python::ast::{self, Expr, Number};
use crate::python::project::{
    AccessKind, Ancestor, BindingKind, ClassRef, Frame, Project, Scope, Spawn, SpawnKind, Stored, Type,
};

/// The pool that a task is given to.
pub(super) struct Pool {
    /// The expression in front of `submit`.
    pub(super) name: String,
    /// Its tasks run one after the other.
    pub(super) has_one_thread: bool,
}

/// The pool of a task, where it is named.
pub(super) fn pool_of<'f>(
    project: &Project<'f>,
    spawn: &Spawn<'f>,
    receiver: Option<ClassRef<'f>>,
) -> Option<Pool> {
    if spawn.kind != SpawnKind::Executor {
        return None;
    }
    let (Expr::Attribute(method), call) = (spawn.call.func.as_ref(), spawn.call) else { return None };
    let pool: &Expr = match method.attr.as_str() {
        "submit" | "map" => &method.value,
        "run_in_executor" => call.arguments.find_positional(0)?,
        _ => return None,
    };
    let mut scope = Scope::at(spawn.file, pool.range());
    scope.receiver = receiver;
    let made = makers(project, &scope, pool);
    let has_one_thread = made.is_some_and(|made| {
        !made.is_empty() && made.iter().all(|(scope, call)| makes_one_thread(project, scope, call))
    });
    Some(Pool { name: spawn.file.source().slice(pool.range()).to_owned(), has_one_thread })
}

/// The calls that make a pool; nothing when it may come from elsewhere.
fn makers<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    pool: &'f Expr,
) -> Option<Vec<(Scope<'f>, &'f ast::ExprCall)>> {
    let mut made = Vec::new();
    match pool {
        Expr::Name(name) => {
            let (depth, bindings) = project.lookup(scope, name.id.as_str(), Some(name.start()))?;
            for binding in bindings {
                match binding.kind {
                    BindingKind::Value(Expr::Call(call)) | BindingKind::Entered(Expr::Call(call)) => {
                        made.push((scope.outer(depth), call));
                    }
                    _ => return None,
                }
            }
        }
        Expr::Attribute(attribute) => {
            for ty in project.infer(scope, &attribute.value) {
                let Type::Instance(class) = ty else { return None };
                for access in project.accesses_of(class, attribute.attr.as_str()) {
                    match access.kind {
                        AccessKind::Store(Stored::Value(Expr::Call(call))) => {
                            made.push((Scope::at(access.class.file, call.range()), call));
                        }
                        // It is put away when it has ended.
                        AccessKind::Store(
                            Stored::Value(Expr::NoneLiteral(_)) | Stored::Declared | Stored::Slot,
                        )
                        | AccessKind::Load
                        | AccessKind::Probe
                        | AccessKind::Delete => {}
                        AccessKind::Store(_) | AccessKind::Computed => return None,
                    }
                }
            }
        }
        _ => return None,
    }
    Some(made)
}

fn makes_one_thread<'f>(project: &Project<'f>, scope: &Scope<'f>, call: &'f ast::ExprCall) -> bool {
    let is_pool = project
        .infer(scope, &call.func)
        .iter()
        .all(|ty| matches!(ty, Type::External(name) if name.ends_with("ThreadPoolExecutor")));
    let workers = call.arguments.find_argument_value("max_workers", 0);
    is_pool
        && matches!(workers, Some(Expr::NumberLiteral(number))
            if matches!(&number.value, Number::Int(count) if count.as_u64() == Some(1)))
}

/// Why the requests of a server may be handled in threads of their own: each has an object of its own, and
/// what the class has is everybody's.
pub(super) fn by_requests<'f>(known: &Known<'_, 'f>) -> Option<String> {
    let project = known.project;
    let is_handler = |ancestor: &Ancestor| {
        matches!(ancestor, Ancestor::External(base) if base.ends_with("RequestHandler")
            && (base.starts_with("socketserver.") || base.starts_with("http.server.")))
    };
    let handles =
        project.linearisations(known.class).iter().any(|order| order.ancestors.iter().any(is_handler));
    let is_of_class = |owner: &ClassRef<'f>| {
        !project.frame_bindings(Frame::Class(owner.node)).all(known.attribute).is_empty()
    };
    let has_threads =
        handles && known.owners.iter().any(is_of_class) && !project.mentioning("Threading").is_empty();
    has_threads.then(|| "the requests of a server may be handled in threads of their own".to_owned())
}

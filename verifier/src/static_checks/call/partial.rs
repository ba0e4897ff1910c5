//! Calls of functions of which some arguments are given already: `partial(send, host, port=1)`.

use super::callee::{Callee, Found, Resolver};
use crate::python::ast::{self, Expr};
use crate::python::project::{Scope, Type};
use crate::python::signature::{Arguments, ParameterKind, Signature};

impl<'f> Resolver<'_, 'f> {
    /// What is called where a call of `partial` has made it; nothing when it is another function
    /// that was called.
    pub(super) fn partial(&self, scope: &Scope<'f>, maker: &'f ast::ExprCall) -> Option<Found<'f>> {
        let functions = self.project.infer(scope, &maker.func);
        let is_partial = |ty: &Type| matches!(ty, Type::External(name) if name == "functools.partial");
        let function = maker.arguments.args.first().filter(|_| functions.iter().all(is_partial))?;
        if functions.is_empty() || function.is_starred_expr() {
            return None;
        }
        let mut given = Arguments::of(&maker.arguments);
        given.positional -= 1;
        if given.may_have_more || given.may_have_more_keywords {
            return Some(Err("some arguments of the partial function are computed".to_owned()));
        }
        if maker.arguments.args.iter().skip(1).any(|argument| self.is_placeholder(scope, argument)) {
            return Some(Err("the partial function leaves places for later arguments".to_owned()));
        }
        let inner = Resolver { scope, func: function, call: maker, ..*self };
        Some(inner.callees().and_then(|callees| {
            callees.into_iter().map(|callee| without(callee, &given)).collect::<Result<_, _>>()
        }))
    }

    /// `partial(send, Placeholder, 1)`: since Python 3.14 the first argument comes with the call.
    fn is_placeholder(&self, scope: &Scope<'f>, argument: &'f Expr) -> bool {
        matches!(argument, Expr::Name(_) | Expr::Attribute(_))
            && self
                .project
                .infer(scope, argument)
                .iter()
                .any(|ty| matches!(ty, Type::External(name) if name == "functools.Placeholder"))
    }
}

/// What a function takes when it is given these already.
fn without<'f>(callee: Callee<'f>, given: &Arguments) -> Result<Callee<'f>, String> {
    let signature = what_is_left(callee.signature, given)
        .ok_or_else(|| format!("what the partial `{}` is given does not fit", callee.name))?;
    let then = match callee.then {
        Some(then) => Some(Box::new(without(*then, given)?)),
        None => None,
    };
    Ok(Callee { signature, then, ..callee })
}

fn what_is_left(mut signature: Signature, given: &Arguments) -> Option<Signature> {
    let is_positional = |kind: ParameterKind| kind != ParameterKind::KeywordOnly;
    let positional = signature.parameters.iter().filter(|parameter| is_positional(parameter.kind)).count();
    if given.positional > positional && !signature.collects_positional {
        return None;
    }
    signature.parameters.drain(..given.positional.min(positional));
    for keyword in &given.keywords {
        let at = signature.parameters.iter().position(|parameter| {
            parameter.name == *keyword && parameter.kind != ParameterKind::PositionalOnly
        });
        let Some(at) = at else {
            if signature.collects_keywords {
                continue;
            }
            return None;
        };
        signature.parameters[at].has_default = true;
        if is_positional(signature.parameters[at].kind) {
            // What comes by position would reach it a second time.
            signature.collects_positional = false;
            for parameter in &mut signature.parameters[at..] {
                parameter.kind = ParameterKind::KeywordOnly;
            }
        }
    }
    Some(signature)
}

//! Whether the arguments of a call fit the parameters of a function, as Python binds them.

use ruff_python_ast::{self as ast, Expr};

/// The parameters of a function, as a caller sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Named parameters in their order: positional ones first.
    pub parameters: Vec<Parameter>,
    /// `*args` takes what is left of the positional arguments.
    pub collects_positional: bool,
    /// `**kwargs` takes what is left of the keywords.
    pub collects_keywords: bool,
}

/// One named parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// How it can be given.
    pub kind: ParameterKind,
    /// It need not be given.
    pub has_default: bool,
}

/// How an argument can reach a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Before the `/`.
    PositionalOnly,
    /// By position or by keyword.
    Plain,
    /// Behind the `*`.
    KeywordOnly,
}

/// The arguments of a call, as far as the text tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Positional ones that are certain.
    pub positional: usize,
    /// `*values` may bring more.
    pub may_have_more: bool,
    /// Names of keywords that are certain, one as often as it is given.
    pub keywords: Vec<String>,
    /// `**values` may bring more.
    pub may_have_more_keywords: bool,
}

/// Why a call raises `TypeError` before its function runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    /// Keywords that the function does not take.
    pub unexpected: Vec<String>,
    /// Parameters without default that are not given.
    pub missing: Vec<String>,
    /// Positional arguments beyond what the function takes.
    pub surplus: usize,
    /// Parameters that are given twice.
    pub repeated: Vec<String>,
    /// What `*values` and `**values` leave open: more of these may be wrong.
    pub open: Open,
}

/// What is not known of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// There may be more keywords that are not taken.
    pub unexpected: bool,
    /// These may or may not be given.
    pub missing: Vec<String>,
    /// There may be too many positional arguments.
    pub surplus: bool,
    /// These may be given twice.
    pub repeated: Vec<String>,
}

impl Signature {
    /// The signature of a definition. With `bound` the first parameter is given already; nothing
    /// when there is none that could take it.
    pub fn of(parameters: &ast::Parameters, bound: bool) -> Option<Self> {
        let parameter = |kind| {
            move |parameter: &ast::ParameterWithDefault| Parameter {
                name: parameter.name().as_str().to_owned(),
                kind,
                has_default: parameter.default.is_some(),
            }
        };
        let mut named: Vec<Parameter> = Vec::new();
        named.extend(parameters.posonlyargs.iter().map(parameter(ParameterKind::PositionalOnly)));
        named.extend(parameters.args.iter().map(parameter(ParameterKind::Plain)));
        if bound {
            if named.is_empty() {
                parameters.vararg.as_ref()?;
            } else {
                named.remove(0);
            }
        }
        named.extend(parameters.kwonlyargs.iter().map(parameter(ParameterKind::KeywordOnly)));
        Some(Self {
            parameters: named,
            collects_positional: parameters.vararg.is_some(),
            collects_keywords: parameters.kwarg.is_some(),
        })
    }

    /// Whether a keyword of this name is taken.
    pub fn takes(&self, keyword: &str) -> bool {
        self.collects_keywords
            || self
                .parameters
                .iter()
                .any(|parameter| parameter.name == keyword && parameter.kind != ParameterKind::PositionalOnly)
    }

    /// What does not fit.
    pub fn bind(&self, arguments: &Arguments) -> Misfit {
        let mut misfit = Misfit::default();
        let positional: Vec<&Parameter> =
            self.parameters.iter().filter(|parameter| parameter.kind != ParameterKind::KeywordOnly).collect();
        if !self.collects_positional {
            misfit.surplus = arguments.positional.saturating_sub(positional.len());
            misfit.open.surplus = arguments.may_have_more;
        }
        let mut seen: Vec<&String> = Vec::new();
        for keyword in &arguments.keywords {
            if seen.contains(&keyword) {
                misfit.repeated.push(keyword.clone());
                continue;
            }
            seen.push(keyword);
            if !self.takes(keyword) {
                misfit.unexpected.push(keyword.clone());
            }
        }
        misfit.open.unexpected = arguments.may_have_more_keywords && !self.collects_keywords;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let is_positional = parameter.kind != ParameterKind::KeywordOnly;
            let by_keyword = parameter.kind != ParameterKind::PositionalOnly;
            let by_position = is_positional && index < arguments.positional;
            let named = by_keyword && arguments.keywords.contains(&parameter.name);
            if by_position && named {
                misfit.repeated.push(parameter.name.clone());
            } else if by_keyword
                && is_positional
                && (by_position || arguments.may_have_more)
                && (named || arguments.may_have_more_keywords)
            {
                misfit.open.repeated.push(parameter.name.clone());
            }
            if by_position || named || parameter.has_default {
                continue;
            }
            let may_come = (is_positional && arguments.may_have_more)
                || (by_keyword && arguments.may_have_more_keywords);
            let missing = if may_come { &mut misfit.open.missing } else { &mut misfit.missing };
            missing.push(parameter.name.clone());
        }
        misfit
    }
}

impl Misfit {
    /// Whether the call certainly raises.
    pub fn is_certain(&self) -> bool {
        !self.unexpected.is_empty()
            || !self.missing.is_empty()
            || self.surplus > 0
            || !self.repeated.is_empty()
    }

    /// Whether it may raise for what is not known.
    pub fn is_possible(&self) -> bool {
        self.open != Open::default()
    }
}

impl Arguments {
    /// The arguments of a call.
    pub fn of(arguments: &ast::Arguments) -> Self {
        let mut found = Self::default();
        for argument in &arguments.args {
            match argument {
                Expr::Starred(starred) => match &*starred.value {
                    Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                        for element in elts {
                            if element.is_starred_expr() {
                                found.may_have_more = true;
                            } else {
                                found.positional += 1;
                            }
                        }
                    }
                    _ => found.may_have_more = true,
                },
                _ => found.positional += 1,
            }
        }
        for keyword in &arguments.keywords {
            match (&keyword.arg, &keyword.value) {
                (Some(name), _) => found.keywords.push(name.as_str().to_owned()),
                (None, Expr::Dict(dict)) => {
                    // Of equal keys in one display the last one counts, and there is one keyword.
                    let mut names: Vec<String> = Vec::new();
                    for item in &dict.items {
                        match &item.key {
                            Some(Expr::StringLiteral(text)) => {
                                let name = text.value.to_str().to_owned();
                                if !names.contains(&name) {
                                    names.push(name);
                                }
                            }
                            _ => found.may_have_more_keywords = true,
                        }
                    }
                    found.keywords.append(&mut names);
                }
                (None, _) => found.may_have_more_keywords = true,
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ruff_python_ast::Stmt;

    use super::*;
    use crate::python::SourceFile;
    use crate::target::RelativePath;

    /// Binds the call that follows a definition, and tells what does not fit.
    fn misfit(parameters: &str, arguments: &str) -> Misfit {
        let path = RelativePath::new("a.py").unwrap();
        let source = SourceFile::parse(path, format!("def f({parameters}): pass\nf({arguments})\n"));
        assert_eq!(source.errors(), [], "{parameters} {arguments}");
        let [Stmt::FunctionDef(function), Stmt::Expr(call)] = &source.module().body[..] else {
            panic!("a function and a call")
        };
        let signature = Signature::of(&function.parameters, false).unwrap();
        signature.bind(&Arguments::of(&call.value.as_call_expr().unwrap().arguments))
    }

    #[track_caller]
    fn check(parameters: &str, arguments: &str, expected: &str) {
        let misfit = misfit(parameters, arguments);
        let mut words: Vec<String> = Vec::new();
        words.extend(misfit.unexpected.iter().map(|name| format!("unexpected {name}")));
        words.extend(misfit.missing.iter().map(|name| format!("missing {name}")));
        words.extend((misfit.surplus > 0).then(|| format!("{} too many", misfit.surplus)));
        words.extend(misfit.repeated.iter().map(|name| format!("repeated {name}")));
        words.extend(misfit.open.unexpected.then(|| "perhaps unexpected".to_owned()));
        words.extend(misfit.open.missing.iter().map(|name| format!("perhaps missing {name}")));
        words.extend(misfit.open.surplus.then(|| "perhaps too many".to_owned()));
        words.extend(misfit.open.repeated.iter().map(|name| format!("perhaps repeated {name}")));
        assert_eq!(words.join(", "), expected, "f({parameters}) called with ({arguments})");
    }

    #[test]
    fn arguments_are_bound_as_python_binds_them() {
        check("", "", "");
        check("a, b=1", "1", "");
        check("a, b=1", "b=2", "missing a");
        check("a, b=1", "1, 2, 3", "1 too many");
        check("a", "1, a=2", "repeated a");
        check("a", "1, c=2", "unexpected c");
        check("a, /", "a=1", "unexpected a, missing a");
        check("a, /, **k", "1, a=1", "");
        check("a, /, b, *, c", "1, 2, c=3", "");
        check("a, /, b, *, c", "1, b=2", "missing c");
        check("*, c", "1, c=2", "1 too many");
        check("*a, c", "1, 2, 3", "missing c");
        check("*a, **k", "1, 2, x=3", "");
        check("a, *b", "1, a=2", "repeated a");
    }

    #[test]
    fn what_stars_bring_is_counted_where_it_is_written_out() {
        check("a, b", "*(1, 2)", "");
        check("a, b", "*[1, 2, 3]", "1 too many");
        check("a, b", "**{'a': 1, 'b': 2}", "");
        check("a", "a=1, **{'a': 2}", "repeated a");
        check("a", "**{'a': 1, 'a': 2}", "");
        check("a", "**{'c': 1}", "unexpected c, missing a");
    }

    #[test]
    fn what_stars_may_bring_is_left_open() {
        check("a, b=1", "*x", "perhaps missing a, perhaps too many");
        check("a", "1, 2, *x", "1 too many, perhaps too many");
        check("a, *, c", "*x", "missing c, perhaps missing a, perhaps too many");
        check("a", "**x", "perhaps unexpected, perhaps missing a");
        check("a, /", "**x", "missing a, perhaps unexpected");
        check("a, **k", "1, **x", "perhaps repeated a");
        check("a=1", "*x, a=2", "perhaps too many, perhaps repeated a");
        check("a", "*x, z=1", "unexpected z, perhaps missing a, perhaps too many");
        check("*a, **k", "*x, **y", "");
        check("a", "**{**x}", "perhaps unexpected, perhaps missing a");
    }

    fn arguments() -> impl Strategy<Value = Arguments> {
        let names = prop::sample::subsequence(vec!["a", "b", "c", "d", "z"], 0..=5);
        (0_usize..5, names).prop_map(|(positional, names)| Arguments {
            positional,
            keywords: names.into_iter().map(str::to_owned).collect(),
            ..Arguments::default()
        })
    }

    fn signature() -> impl Strategy<Value = Signature> {
        let kinds = prop::collection::vec((0_u8..3, any::<bool>()), 0..5);
        (kinds, any::<bool>(), any::<bool>()).prop_map(|(mut kinds, args, kwargs)| {
            kinds.sort_by_key(|(kind, _)| *kind);
            let parameters =
                kinds.into_iter().zip(["a", "b", "c", "d"]).map(|((kind, has_default), name)| {
                    let kind = match kind {
                        0 => ParameterKind::PositionalOnly,
                        1 => ParameterKind::Plain,
                        _ => ParameterKind::KeywordOnly,
                    };
                    Parameter { name: name.to_owned(), kind, has_default }
                });
            Signature {
                parameters: parameters.collect(),
                collects_positional: args,
                collects_keywords: kwargs,
            }
        })
    }

    proptest! {
        /// What a star leaves open covers whatever it can bring: when nothing is certain and
        /// nothing is open, no extension of the arguments fails, and what is certain stays.
        #[test]
        fn stars_leave_open_what_they_can_bring(
            signature in signature(), known in arguments(), more in 0_usize..3, extra in arguments(),
        ) {
            let open = Arguments { may_have_more: true, may_have_more_keywords: true, ..known.clone() };
            let misfit = signature.bind(&open);
            let mut brought = known.clone();
            brought.positional += more;
            brought.keywords.extend(extra.keywords.into_iter().filter(|name| !known.keywords.contains(name)));
            let actual = signature.bind(&brought);
            prop_assert!(!misfit.is_certain() || actual.is_certain(), "{misfit:?} {actual:?}");
            prop_assert!(misfit.is_certain() || misfit.is_possible() || !actual.is_certain(), "{actual:?}");
        }

        /// With both collectors only a missing or a repeated parameter can be wrong.
        #[test]
        fn collectors_take_the_rest(signature in signature(), arguments in arguments()) {
            let all = Signature { collects_positional: true, collects_keywords: true, ..signature };
            let misfit = all.bind(&arguments);
            prop_assert!(misfit.unexpected.is_empty() && misfit.surplus == 0);
        }
    }
}

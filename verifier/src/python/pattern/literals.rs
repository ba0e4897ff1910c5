//! What a file must contain for a pattern to match in it, so that most files need no parsing.

use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use memchr::memmem::Finder;

use super::tree::*;

/// Strings all of which occur in every file in which the pattern matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Literals {
    all: Vec<String>,
    /// How each of them stands there.
    forms: Vec<Form>,
}

/// How a word stands in code that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Anyhow.
    Word,
    /// As a name: not behind a dot.
    Name,
    /// As an attribute: behind a dot, or in an import.
    Attribute,
    /// As an attribute that something is stored in.
    Assigned,
}

impl Literals {
    /// The strings. None at all: every file is a candidate.
    pub fn all(&self) -> &[String] {
        &self.all
    }

    /// Whether every file is a candidate.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether all of them occur in a text, as whole words.
    pub(super) fn all_in(&self, text: &[u8]) -> bool {
        self.words().all(|(word, form)| has_word(&Finder::new(word), form, text))
    }

    /// The words, and how they stand.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, Form)> {
        self.all.iter().map(String::as_str).zip(self.forms.iter().copied())
    }

    fn word(&mut self, word: &str, form: Form) {
        // Python identifies identifiers that Unicode holds to be the same; bytes do not.
        if !word.is_ascii() || word.is_empty() {
            return;
        }
        match self.all.iter().position(|known| known == word) {
            // Each of its places is needed: the one that tells most will do.
            Some(known) if self.forms[known] == Form::Word => self.forms[known] = form,
            Some(_) => {}
            None => {
                self.all.push(word.to_owned());
                self.forms.push(form);
            }
        }
    }
}

/// Decides on a file's bytes whether any of several patterns can match in it.
#[derive(Clone, Debug)]
pub struct Prefilter {
    /// The rarest word of each alternative, all in one pass; none when every file is a candidate.
    searcher: Option<Searcher>,
    /// For each word of the searcher, the alternatives of which it is the rarest, and how it
    /// stands there.
    asked_for_by: Vec<Vec<(usize, Form)>>,
    /// For each alternative, its other words.
    others: Vec<Vec<(Finder<'static>, Form)>>,
}

#[derive(Clone, Debug)]
enum Searcher {
    One(Box<Finder<'static>>),
    Many(AhoCorasick),
}

impl Prefilter {
    /// A file is a candidate when it contains all literals of one alternative.
    pub fn new(alternatives: &[Literals]) -> Self {
        let mut words: Vec<&str> = Vec::new();
        let mut asked_for_by: Vec<Vec<(usize, Form)>> = Vec::new();
        let mut others = Vec::new();
        for (index, alternative) in alternatives.iter().enumerate() {
            let Some((rarest, form)) = alternative.words().max_by_key(|(word, form)| rarity(word, *form))
            else {
                return Self { searcher: None, asked_for_by, others };
            };
            let position = words.iter().position(|known| *known == rarest).unwrap_or_else(|| {
                words.push(rarest);
                asked_for_by.push(Vec::new());
                words.len() - 1
            });
            asked_for_by[position].push((index, form));
            let rest = alternative.words().filter(|(word, _)| *word != rarest);
            others.push(rest.map(|(word, form)| (Finder::new(word).into_owned(), form)).collect());
        }
        let searcher = match &words[..] {
            [] => None,
            [word] => Some(Searcher::One(Box::new(Finder::new(word).into_owned()))),
            // An automaton too large to build is no reason to miss anything.
            words => AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(words)
                .ok()
                .map(Searcher::Many),
        };
        Self { searcher, asked_for_by, others }
    }

    /// Whether the patterns can match in a file with these bytes.
    pub fn is_candidate(&self, bytes: &[u8]) -> bool {
        let has_others = |alternative: usize| {
            self.others[alternative].iter().all(|(other, form)| has_word(other, *form, bytes))
        };
        match &self.searcher {
            None => true,
            Some(Searcher::One(finder)) => self.asked_for_by[0]
                .iter()
                .any(|(alternative, form)| has_word(finder, *form, bytes) && has_others(*alternative)),
            Some(Searcher::Many(searcher)) => {
                let mut seen = vec![false; self.others.len()];
                let mut is_candidate = false;
                each_word(searcher, bytes, &mut |word, place| {
                    is_candidate = self.asked_for_by[word].iter().any(|(alternative, form)| {
                        !seen[*alternative] && form.allows(bytes, place.clone()) && {
                            seen[*alternative] = true;
                            has_others(*alternative)
                        }
                    });
                    !is_candidate
                });
                is_candidate
            }
        }
    }
}

impl Form {
    /// Whether code may be meant where this word stands.
    pub(super) fn allows(self, bytes: &[u8], word: Range<usize>) -> bool {
        match self {
            Form::Word => true,
            Form::Name => before(bytes, word.start) != Before::Dot,
            Form::Attribute => before(bytes, word.start) != Before::Other,
            Form::Assigned => match before(bytes, word.start) {
                Before::Import | Before::Unknown => true,
                Before::Other => false,
                Before::Dot => {
                    let rest = bytes[word.end..].trim_ascii_start();
                    match rest {
                        [b'=', b'=', ..] => false,
                        // In a list of targets others may follow.
                        [byte, ..] => b"=:,)]\\#".contains(byte),
                        [] => false,
                    }
                }
            },
        }
    }
}

/// What stands before a word, comments and line breaks aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Dot,
    /// What stands before a name that is imported.
    Import,
    /// There may be a comment before it, which may hold anything.
    Unknown,
    Other,
}

fn before(bytes: &[u8], place: usize) -> Before {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' | b'\\');
    // A list of names may be that of an import.
    let is_in_list = |byte: &u8| is_blank(byte) || is_part_of_name(*byte) || b",(.".contains(byte);
    let length_of =
        |text: &[u8], is_in: &dyn Fn(&u8) -> bool| text.iter().rev().take_while(|byte| is_in(byte)).count();
    let text = &bytes[..place];
    let code = &text[..text.len() - length_of(text, &is_blank)];
    let list = match code.last() {
        Some(b',' | b'(') => length_of(text, &is_in_list),
        _ if code.ends_with(b"import") => return Before::Import,
        _ => text.len() - code.len(),
    };
    let (outside, list) = text.split_at(text.len() - list);
    if memchr::memmem::find(list, b"import").is_some() {
        return Before::Import;
    }
    if list.contains(&b'\n') {
        let line = memchr::memrchr(b'\n', outside).map_or(0, |end| end + 1);
        if text[line..].contains(&b'#') {
            return Before::Unknown;
        }
    }
    if code.ends_with(b".") { Before::Dot } else { Before::Other }
}

fn is_part_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Visits each word that is no part of a longer name, by its number and place, for as long as
/// `visit` wants more.
pub(super) fn each_word(
    searcher: &AhoCorasick,
    bytes: &[u8],
    visit: &mut dyn FnMut(usize, Range<usize>) -> bool,
) {
    let mut start = 0;
    while let Some(found) = searcher.find(Input::new(bytes).range(start..)) {
        // Words may overlap: the next may begin within this one.
        start = found.start() + 1;
        if is_whole(bytes, found.range()) && !visit(found.pattern().as_usize(), found.range()) {
            return;
        }
    }
}

/// Whether a word occurs in this form, and is no part of a longer name.
fn has_word(finder: &Finder, form: Form, bytes: &[u8]) -> bool {
    let length = finder.needle().len();
    let mut start = 0;
    while let Some(place) = finder.find(&bytes[start..]) {
        let place = start + place;
        let word = place..place + length;
        if is_whole(bytes, word.clone()) && form.allows(bytes, word) {
            return true;
        }
        start = place + 1;
    }
    false
}

/// Whether a word is no part of a longer name.
pub(super) fn is_whole(bytes: &[u8], range: Range<usize>) -> bool {
    let is_ascii_part = |byte: &u8| byte.is_ascii() && is_part_of_name(*byte);
    !bytes[..range.start].last().is_some_and(is_ascii_part)
        && !bytes.get(range.end).is_some_and(is_ascii_part)
}

/// Long words are rare, and some are in every other file however long they are.
fn rarity(word: &str, form: Form) -> usize {
    const COMMON: [&str; 14] = [
        "self",
        "class",
        "def",
        "for",
        "with",
        "try",
        "raise",
        "assert",
        "while",
        "logger",
        "config",
        "name",
        "context",
        "Exception",
    ];
    match form {
        Form::Word | Form::Name | Form::Attribute if COMMON.contains(&word) => 0,
        Form::Word | Form::Name | Form::Attribute => word.len(),
        // Most attributes are read, and few are stored in.
        Form::Assigned => 2 * word.len(),
    }
}

/// The literals of a pattern: names, and keywords of statements that nothing else matches.
/// Strings and numbers are not among them: constants may be spelt and put together in many ways.
pub(super) fn of(root: &Root) -> Literals {
    let mut literals = Literals::default();
    match root {
        Root::Expression(expression) | Root::Decorator(expression) => {
            of_expression(expression, &mut literals)
        }
        Root::Statements(statements) => of_statements(statements, &mut literals),
    }
    literals
}

/// What a function must contain for the part of a match to lie in it that begins outside of it: one
/// of these. `...` goes into definitions.
pub(super) fn of_parts(root: &Root) -> Vec<Literals> {
    let mut parts = Vec::new();
    if let Root::Statements(statements) = root
        && let [first, rest @ ..] = &statements[..]
    {
        // Where the first one itself lies in a function, all of them do.
        for body in bodies(first) {
            parts_of(body, &mut parts);
        }
        parts_of(rest, &mut parts);
    }
    parts
}

fn parts_of(statements: &[Statement], parts: &mut Vec<Literals>) {
    for statement in statements {
        if !matches!(statement, Statement::Ellipsis) {
            let mut part = Literals::default();
            of_statement(statement, &mut part);
            parts.push(part);
        }
        for body in bodies(statement) {
            parts_of(body, parts);
        }
    }
}

/// The blocks of a statement.
pub(super) fn bodies(statement: &Statement) -> Vec<&[Statement]> {
    match statement {
        Statement::For { body, orelse, .. } | Statement::While { body, orelse, .. } => vec![body, orelse],
        Statement::If(branches) => branches.iter().map(|branch| &branch.body[..]).collect(),
        Statement::With { body, .. } => vec![body],
        Statement::Match { cases, .. } => cases.iter().map(|case| &case.body[..]).collect(),
        Statement::Try { body, handlers, orelse, finalbody, .. } => {
            let handlers = handlers.iter().map(|handler| &handler.body[..]);
            [&body[..], orelse, finalbody].into_iter().chain(handlers).collect()
        }
        Statement::Function(function) => vec![&function.body],
        Statement::Class(class) => vec![&class.body],
        Statement::Ellipsis
        | Statement::Rest(_)
        | Statement::Metavariable(_)
        | Statement::Expression(_)
        | Statement::Return(_)
        | Statement::Delete(_)
        | Statement::Assign { .. }
        | Statement::AugAssign { .. }
        | Statement::AnnAssign { .. }
        | Statement::Raise { .. }
        | Statement::Assert { .. }
        | Statement::Import(_)
        | Statement::Global(_)
        | Statement::Nonlocal(_)
        | Statement::TypeAlias { .. }
        | Statement::Pass
        | Statement::Break
        | Statement::Continue => Vec::new(),
    }
}

fn of_name(name: &Name, literals: &mut Literals) {
    match name {
        Name::Exact(name) => literals.word(name, Form::Word),
        Name::Metavariable(_) | Name::Ellipsis => {}
    }
}

fn of_expressions<'p>(expressions: impl IntoIterator<Item = &'p Expression>, literals: &mut Literals) {
    for expression in expressions {
        of_expression(expression, literals);
    }
}

fn of_expression(expression: &Expression, literals: &mut Literals) {
    match expression {
        Expression::Ellipsis
        | Expression::Metavariable(_)
        | Expression::Rest(_)
        | Expression::String(_)
        | Expression::AdjacentStrings(_)
        | Expression::Constant(_)
        | Expression::Braces
        // A type may be that of a literal, and is not written then.
        | Expression::Typed { .. } => {}
        Expression::Deep(inner)
        | Expression::Await(inner)
        | Expression::YieldFrom(inner)
        | Expression::Starred(inner)
        | Expression::Unary { operand: inner, .. } => of_expression(inner, literals),
        Expression::Name(name) => literals.word(name, Form::Name),
        Expression::Attribute { value, name, path } => {
            of_expression(value, literals);
            match (name, path) {
                // Any import may spell a path.
                (_, Some(_)) | (Name::Metavariable(_) | Name::Ellipsis, None) => of_name(name, literals),
                (Name::Exact(name), None) => literals.word(name, Form::Attribute),
            }
        }
        Expression::Call { function, arguments } => {
            of_expression(function, literals);
            of_arguments(arguments, literals);
        }
        Expression::Subscript { value, slice } => of_expressions([&**value, slice], literals),
        Expression::Slice { lower, upper, step } => {
            of_expressions([lower, upper, step].into_iter().flatten().map(|part| &**part), literals);
        }
        Expression::FString(parts) => {
            for part in parts {
                match part {
                    FStringPart::Hole { expression, .. } => of_expression(expression, literals),
                    FStringPart::Ellipsis | FStringPart::Text(_) | FStringPart::Metavariable(_) => {}
                }
            }
        }
        Expression::List(elements) | Expression::Tuple(elements) | Expression::Set(elements) => {
            of_expressions(elements, literals);
        }
        Expression::Dict(items) => {
            for item in items {
                match item {
                    DictItem::Ellipsis => {}
                    DictItem::Pair { key, value } => of_expressions([key, value], literals),
                    DictItem::Unpacked(value) => of_expression(value, literals),
                }
            }
        }
        Expression::Binary { left, right, .. } => of_expressions([&**left, right], literals),
        Expression::Chain { operands, .. } => of_expressions(operands, literals),
        Expression::Compare { left, comparators, .. } => {
            of_expression(left, literals);
            of_expressions(comparators, literals);
        }
        Expression::Lambda { parameters, body } => {
            of_parameters(parameters, literals);
            of_expression(body, literals);
        }
        Expression::Conditional { test, body, orelse } => of_expressions([&**test, body, orelse], literals),
        Expression::Comprehension { key, element, generators, .. } => {
            of_expressions(key.as_deref(), literals);
            of_expression(element, literals);
            for generator in generators {
                of_expressions([&generator.target, &generator.iterable], literals);
                of_expressions(&generator.conditions, literals);
            }
        }
        Expression::Yield(value) => of_expressions(value.as_deref(), literals),
        Expression::Named { target, value } => of_expressions([&**target, value], literals),
    }
}

fn of_arguments(arguments: &Arguments, literals: &mut Literals) {
    of_expressions(&arguments.positional, literals);
    for keyword in &arguments.keywords {
        match keyword {
            Keyword::Named { name, value } => {
                of_name(name, literals);
                of_expression(value, literals);
            }
            Keyword::Unpacked(value) => of_expression(value, literals),
        }
    }
}

fn of_parameters(parameters: &[Parameter], literals: &mut Literals) {
    for parameter in parameters {
        match parameter {
            Parameter::Ellipsis | Parameter::Rest(_) => {}
            Parameter::Plain { name, annotation, default, .. } => {
                of_name(name, literals);
                of_expressions(annotation, literals);
                of_expressions(default, literals);
            }
        }
    }
}

fn of_statements(statements: &[Statement], literals: &mut Literals) {
    for statement in statements {
        of_statement(statement, literals);
    }
}

fn of_statement(statement: &Statement, literals: &mut Literals) {
    match statement {
        Statement::Ellipsis
        | Statement::Rest(_)
        | Statement::Metavariable(_)
        | Statement::Pass
        | Statement::Break
        | Statement::Continue => {}
        Statement::Expression(expression) => of_expression(expression, literals),
        Statement::Return(value) => of_expressions(value, literals),
        Statement::Delete(targets) => {
            literals.word("del", Form::Word);
            of_expressions(targets, literals);
        }
        Statement::Assign { targets, value } => {
            if let [Expression::Attribute { name: Name::Exact(name), path: None, .. }] = &targets[..] {
                literals.word(name, Form::Assigned);
            }
            of_expressions(targets, literals);
            of_expression(value, literals);
        }
        Statement::AugAssign { target, value, .. } => of_expressions([target, value], literals),
        Statement::AnnAssign { target, annotation, value } => {
            of_expressions([target, annotation], literals);
            of_expressions(value, literals);
        }
        Statement::For { target, iterable, body, orelse, .. } => {
            literals.word("for", Form::Word);
            of_expressions([target, iterable], literals);
            of_statements(body, literals);
            of_statements(orelse, literals);
        }
        Statement::While { test, body, orelse } => {
            literals.word("while", Form::Word);
            of_expression(test, literals);
            of_statements(body, literals);
            of_statements(orelse, literals);
        }
        Statement::If(branches) => {
            for branch in branches {
                of_expressions(&branch.test, literals);
                of_statements(&branch.body, literals);
            }
        }
        Statement::With { items, body, .. } => {
            literals.word("with", Form::Word);
            for item in items {
                of_expression(&item.context, literals);
                of_expressions(&item.target, literals);
            }
            of_statements(body, literals);
        }
        Statement::Match { subject, cases } => {
            of_expression(subject, literals);
            for case in cases {
                of_expressions(&case.guard, literals);
                of_statements(&case.body, literals);
            }
        }
        Statement::Raise { exception, cause } => {
            literals.word("raise", Form::Word);
            of_expressions(exception, literals);
            of_expressions(cause, literals);
        }
        Statement::Try { body, handlers, orelse, finalbody, .. } => {
            literals.word("try", Form::Word);
            of_statements(body, literals);
            for handler in handlers {
                of_expressions(&handler.exception, literals);
                if let Some(name) = &handler.name {
                    of_name(name, literals);
                }
                of_statements(&handler.body, literals);
            }
            of_statements(orelse, literals);
            of_statements(finalbody, literals);
        }
        Statement::Assert { test, message } => {
            literals.word("assert", Form::Word);
            of_expression(test, literals);
            of_expressions(message, literals);
        }
        Statement::Import(imports) => {
            for import in imports {
                for part in &import.path {
                    of_name(part, literals);
                }
                if let Some(alias) = &import.alias {
                    of_name(alias, literals);
                }
            }
        }
        Statement::Global(names) | Statement::Nonlocal(names) => {
            for name in names {
                of_name(name, literals);
            }
        }
        Statement::Function(function) => {
            literals.word("def", Form::Word);
            of_expressions(&function.decorators, literals);
            of_name(&function.name, literals);
            of_parameters(&function.parameters, literals);
            of_expressions(&function.returns, literals);
            of_statements(&function.body, literals);
        }
        Statement::Class(class) => {
            literals.word("class", Form::Word);
            of_expressions(&class.decorators, literals);
            of_name(&class.name, literals);
            if let Some(arguments) = &class.arguments {
                of_arguments(arguments, literals);
            }
            of_statements(&class.body, literals);
        }
        Statement::TypeAlias { name, value, .. } => {
            literals.word("type", Form::Word);
            of_expressions([name, value], literals);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::pattern::Pattern;

    fn literals(words: &[&str]) -> Literals {
        Literals {
            all: words.iter().map(|word| (*word).to_owned()).collect(),
            forms: vec![Form::Word; words.len()],
        }
    }

    #[test]
    fn candidates_have_all_words_of_one_alternative() {
        let check = |alternatives: &[&[&str]], text: &str, expected: bool| {
            let alternatives: Vec<Literals> = alternatives.iter().map(|words| literals(words)).collect();
            let candidate = Prefilter::new(&alternatives).is_candidate(text.as_bytes());
            assert_eq!(candidate, expected, "{alternatives:?} in {text:?}");
        };
        check(&[&["bind"]], "s.bind(1)", true);
        check(&[&["bind"]], "s.bin(1)", false);
        check(&[&[]], "", true);
        check(&[&["bind"], &[]], "", true);
        check(&[&["pickle", "loads"]], "pickle.loads", true);
        check(&[&["pickle", "loads"]], "pickle.load", false);
        check(&[&["pickle", "loads"], &["eval"]], "eval(x)", true);
        check(&[&["pickle", "loads"], &["json", "loads"]], "loads json", true);
        // A word within another, and words that overlap.
        check(&[&["abcd", "no"], &["bc"]], "abcd bc", true);
        check(&[&["abcd", "no"], &["bc"]], "abcd", false);
        check(&[&["abcd", "no"], &["abc"]], "abcd.abc", true);
        check(&[&["aab"], &["ab", "aab"], &["zz"]], "aaab zz1 (aab)", true);
        // Names that only begin or end so are other names.
        check(&[&["eval"]], "retrieval evaluate eval_ eval2", false);
        check(&[&["eval"]], "retrieval, evaluate and \"eval\"", true);
        check(&[&["try"], &["eval"]], "retry evaluate", false);
    }

    #[test]
    fn words_stand_in_code_as_they_do_in_the_pattern() {
        let check = |pattern: &str, text: &str, expected: bool| {
            let literals = Pattern::parse(pattern).unwrap().literals().clone();
            assert_eq!(literals.all_in(text.as_bytes()), expected, "{pattern} in {text}");
            let candidate = Prefilter::new(&[literals]).is_candidate(text.as_bytes());
            assert_eq!(candidate, expected, "{pattern} in {text}");
        };
        check("eval(...)", "model.eval()", false);
        check("eval(...)", "model.eval(), eval(x)", true);
        check("eval(...)", "model\\\n . eval()", false);
        check("eval(...)", "f(model. # no\neval())", true);
        check("$X.bind(...)", "bind(x)", false);
        check("$X.bind(...)", "f(x, bind)", false);
        check("$X.bind(...)", "f(x, # import\nbind)", true);
        check("$X.bind(...)", "s . bind(x)", true);
        check("$X.bind(...)", "(s\n.bind(x))", true);
        check("$X.bind(...)", "(s # the socket\n.\n# that\nbind(x))", true);
        check("$X.bind(...)", "from m import bind", true);
        check("$X.bind(...)", "from m import (a as b,\n  c,\n  bind)", true);
        check("$X.bind(...)", "from m import (a, # one; two\n  b,\n  bind)", true);
        check("$X.bind(...)", "import m.bind as b", true);
        check("pickle.loads(...)", "from pickle import *\nloads(x)", true);
        check("self.a = $X", "self.a", false);
        check("self.a = $X", "self.a == 1", false);
        check("self.a = $X", "self.a.b = 1", false);
        check("self.a = $X", "f(self.a + 1)", false);
        check("self.a = $X", "self.a, b = 1, 2", true);
        check("self.a = $X", "[b, self.a] = 1, 2", true);
        check("self.a = $X", "b = self . a=1", true);
        check("self.a = $X", "(self.a) \\\n = 1", true);
        check("self.a = $X", "self.a: int = 1", true);
        check("self.a += $X", "self.a += 1", true);
    }

    proptest::proptest! {
        #[test]
        fn one_pass_says_what_looking_for_each_word_says(
            alternatives in proptest::collection::vec(proptest::collection::vec("[abc]{1,3}", 0..3), 0..4),
            text in "[abc .]{0,16}",
        ) {
            let occurs = |word: &String| text.split([' ', '.']).any(|part| part == word);
            let naive = alternatives.iter().any(|words| words.iter().all(occurs));
            let alternatives: Vec<Literals> = alternatives
                .iter()
                .map(|words| literals(&words.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect();
            let naive = naive || alternatives.is_empty();
            proptest::prop_assert_eq!(Prefilter::new(&alternatives).is_candidate(text.as_bytes()), naive);
        }
    }
}

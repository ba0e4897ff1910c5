//! Where the bodies of functions are, told from a text without parsing it.
//!
//! Parsing is what a search spends its time on, and most functions of a file that has the words
//! of a pattern have none of them. This pass tells lines, strings, comments and brackets apart,
//! and nothing else; it costs a small part of what parsing does. Where it is not sure it stops:
//! what it has seen by then stands, as a parser goes from the beginning to the end as well.

use std::ops::Range;

/// What a text is made of, as far as can be told without parsing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The bodies of the functions that are in no other function, from the first to the last of
    /// their code. Bodies that begin on the line of the `def` are not among them.
    pub(crate) bodies: Vec<Range<usize>>,
    /// Where it stops: at the end of the text, or before the first line of which it is not sure.
    pub(crate) end: usize,
}

impl Outline {
    /// The outline of a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
        let mut function = None;
        while let Some(more) = outline.line(&mut scanner, &mut function) {
            outline.end = scanner.at;
            if !more {
                outline.bodies.extend(function.and_then(|open| open.body));
                break;
            }
        }
        outline
    }

    /// Takes in one more statement, and tells whether there was one. `None` where that cannot be told.
    fn line(&mut self, scanner: &mut Scanner, function: &mut Option<Function>) -> Option<bool> {
        let Some(indentation) = scanner.next_line()? else { return Some(false) };
        if let Some(open) = function.take_if(|open| indentation <= open.indentation) {
            self.bodies.push(open.body?);
        }
        let start = scanner.at;
        let rest = &scanner.bytes[start..];
        let is_function = starts_with_word(rest, b"def")
            || rest
                .strip_prefix(b"async ")
                .is_some_and(|rest| starts_with_word(rest.trim_ascii_start(), b"def"));
        let end = scanner.statement()?;
        match function {
            Some(open) => match &mut open.body {
                Some(body) if indentation >= open.body_indentation => body.end = end,
                // Python does not take a line that is indented by less than the first.
                Some(_) => return None,
                None => {
                    open.body = Some(start..end);
                    open.body_indentation = indentation;
                }
            },
            None if is_function && scanner.bytes[end - 1] == b':' => {
                *function = Some(Function { indentation, body: None, body_indentation: 0 });
            }
            None => {}
        }
        Some(true)
    }
}

/// A function whose end has not come yet.
struct Function {
    indentation: usize,
    body: Option<Range<usize>>,
    body_indentation: usize,
}

fn starts_with_word(bytes: &[u8], word: &[u8]) -> bool {
    bytes.strip_prefix(word).is_some_and(|rest| matches!(rest.first(), Some(b' ' | b'\t' | b'\\' | b'.')))
}

/// Reads a text from its beginning to its end.
struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

/// Brackets within brackets of format strings; nobody nests that many.
const MOST_HOLES: u32 = 8;

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Goes to the first character of the next line with code on it, and says how far it is
    /// indented. The outer `None`: it cannot be told; the inner one: there is no such line.
    fn next_line(&mut self) -> Option<Option<usize>> {
        loop {
            let line = self.at;
            while self.peek(0) == Some(b' ') {
                self.at += 1;
            }
            match self.peek(0) {
                None => return Some(None),
                Some(b'\n') => self.at += 1,
                Some(b'\r') if self.peek(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => self.comment(),
                // How far these indent is a question of its own.
                Some(b'\t' | b'\x0c' | b'\r' | b'\\') => return None,
                Some(_) => return Some(Some(self.at - line)),
            }
        }
    }

    /// Goes to the end of the line.
    fn comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// Goes behind the statements on this line, however many lines they take, and says where their
    /// code ends. A statement that has a block ends with its colon.
    fn statement(&mut self) -> Option<usize> {
        let mut depth = 0_u32;
        loop {
            self.at += self.bytes[self.at..]
                .iter()
                .position(|byte| MEANS_SOMETHING[usize::from(*byte)])
                .unwrap_or(self.bytes.len() - self.at);
            let Some(byte) = self.peek(0) else {
                return (depth == 0).then(|| self.end_of_code(self.at));
            };
            match byte {
                b'\n' | b'#' => {
                    let end = self.at;
                    self.comment();
                    self.at = (self.at + 1).min(self.bytes.len());
                    if depth == 0 || self.is_before_statement() {
                        return Some(self.end_of_code(end));
                    }
                }
                b'\\' => self.continuation()?,
                b'\r' if self.peek(1) == Some(b'\n') => self.at += 1,
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b')' | b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b'"' | b'\'' => self.string(0)?,
                _ => return None,
            }
        }
    }

    /// Whether the line that begins here is a statement that no expression can contain: the bracket
    /// that is open is never closed, and the parser goes on from here as well.
    fn is_before_statement(&self) -> bool {
        let rest = &self.bytes[self.at..];
        // Of this line alone: there may be a million empty ones.
        let indentation = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let rest = &rest[indentation..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        STATEMENTS.contains(&&rest[..length])
    }

    fn end_of_code(&self, end: usize) -> usize {
        self.bytes[..end].trim_ascii_end().len()
    }

    /// A backslash outside strings must end its line, and the next must have something on it.
    fn continuation(&mut self) -> Option<()> {
        self.at += match (self.peek(1), self.peek(2)) {
            (Some(b'\n'), _) => 2,
            (Some(b'\r'), Some(b'\n')) => 3,
            _ => return None,
        };
        let rest = self.bytes[self.at..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        (!matches!(rest, None | Some(b'\n' | b'\r' | b'#' | b'\\'))).then_some(())
    }

    /// Goes behind the string that begins here. `holes`: how many format strings are around it.
    fn string(&mut self, holes: u32) -> Option<()> {
        let quote = self.peek(0)?;
        let prefix = self.bytes[..self.at]
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || !byte.is_ascii());
        let prefix: Vec<u8> = prefix.take(3).map(u8::to_ascii_lowercase).collect();
        // A longer word before a quote is no prefix, and this no Python.
        if prefix.len() > 2 {
            return None;
        }
        let is_raw = prefix.contains(&b'r');
        let is_format = prefix.contains(&b'f') || prefix.contains(&b't');
        let is_triple = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        self.at += if is_triple { 3 } else { 1 };
        loop {
            let rest = &self.bytes[self.at..];
            self.at += if is_format {
                rest.iter().position(|byte| [quote, b'\\', b'\n', b'{', b'}'].contains(byte))?
            } else if is_triple {
                memchr::memchr2(quote, b'\\', rest)?
            } else {
                memchr::memchr3(quote, b'\\', b'\n', rest)?
            };
            match self.peek(0)? {
                b'\\' => match self.peek(1)? {
                    b'N' if is_format && !is_raw => return None,
                    // A brace is none the less for a backslash before it.
                    b'{' | b'}' => self.at += 1,
                    b'\r' if self.peek(2) == Some(b'\n') => self.at += 3,
                    _ => self.at += 2,
                },
                b'\n' if !is_triple => return None,
                b'{' if is_format => match self.peek(1)? {
                    b'{' => self.at += 2,
                    _ => self.hole(quote, is_triple, holes + 1)?,
                },
                b'}' if is_format && self.peek(1)? != b'}' => return None,
                b'}' if is_format => self.at += 2,
                byte if byte == quote => {
                    if !is_triple {
                        self.at += 1;
                        return Some(());
                    }
                    if self.peek(1) == Some(quote) && self.peek(2) == Some(quote) {
                        self.at += 3;
                        return Some(());
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Goes behind the hole of a format string that begins here.
    fn hole(&mut self, quote: u8, is_triple: bool, holes: u32) -> Option<()> {
        if holes > MOST_HOLES {
            return None;
        }
        self.at += 1;
        let mut depth = 0_u32;
        loop {
            match self.peek(0)? {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' => depth = depth.checked_sub(1)?,
                b'}' if depth == 0 => {
                    self.at += 1;
                    return Some(());
                }
                b'}' => depth -= 1,
                b':' if depth == 0 => return self.format(quote, holes),
                // Older Pythons end the string here.
                byte if byte == quote => return None,
                b'"' | b'\'' => {
                    self.string(holes)?;
                    continue;
                }
                b'\n' if !is_triple => return None,
                b'#' | b'\\' => return None,
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Goes behind the hole whose format begins here.
    fn format(&mut self, quote: u8, holes: u32) -> Option<()> {
        loop {
            self.at += 1;
            match self.peek(0)? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b'{' => {
                    self.hole(quote, false, holes + 1)?;
                    self.at -= 1;
                }
                b'\\' | b'\n' => return None,
                byte if byte == quote => return None,
                _ => {}
            }
        }
    }
}

/// Keywords that begin statements and stand in no expression.
const STATEMENTS: [&[u8]; 17] = [
    b"assert",
    b"break",
    b"class",
    b"continue",
    b"def",
    b"del",
    b"except",
    b"finally",
    b"global",
    b"import",
    b"nonlocal",
    b"pass",
    b"raise",
    b"return",
    b"try",
    b"while",
    b"with",
];

/// Bytes that are more than a character of their line.
const MEANS_SOMETHING: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"\n\r\\#()[]{}\"'\x0c";
    let mut index = 0;
    while index < bytes.len() {
        table[bytes[index] as usize] = true;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
    use ruff_python_ast::{Stmt, StmtFunctionDef};
    use ruff_text_size::Ranged;

    use super::*;
    use crate::python::SourceFile;
    use crate::target::RelativePath;

    /// Bodies that are blocks of their own, as the parser sees them.
    fn as_parsed(text: &str) -> Option<Vec<Range<usize>>> {
        struct Bodies<'t>(&'t str, Vec<Range<usize>>);
        impl<'a> StatementVisitor<'a> for Bodies<'_> {
            fn visit_stmt(&mut self, statement: &'a Stmt) {
                match statement {
                    Stmt::FunctionDef(StmtFunctionDef { body, .. }) => {
                        let (first, last) = (&body[0], &body[body.len() - 1]);
                        let range = first.range().cover(last.range()).to_std_range();
                        let before = self.0[..range.start].trim_end_matches(' ');
                        if before.ends_with('\n') {
                            self.1.push(range);
                        }
                    }
                    _ => walk_stmt(self, statement),
                }
            }
        }
        let file = SourceFile::parse(RelativePath::new("a.py").unwrap(), text);
        if !file.errors().is_empty() {
            return None;
        }
        let mut bodies = Bodies(text, Vec::new());
        bodies.visit_body(&file.module().body);
        Some(bodies.1)
    }

    /// What the outline says must be what the parser says.
    fn check(text: &str, expected: &[&str]) {
        let outline = Outline::of(text);
        assert_eq!(outline.end, text.len(), "{text}");
        let bodies: Vec<&str> = outline.bodies.iter().map(|body| &text[body.clone()]).collect();
        assert_eq!(bodies, expected, "{text}");
        assert_eq!(as_parsed(text).unwrap_or_else(|| panic!("{text}")).len(), expected.len(), "{text}");
    }

    #[test]
    fn bodies_go_from_the_first_to_the_last_of_their_code() {
        check("x = 1\ndef f():\n    a\n    b  # c\n\n    # d\ny = 2\n", &["a\n    b"]);
        check("class C:\n  def f(self): pass\n  async def g(self):\n    return 1\n", &["return 1"]);
        check("def f(a,\n  b={1: 2}):\n  '''x\ny'''\n  return [\n1,\n]", &["'''x\ny'''\n  return [\n1,\n]"]);
        check(
            "def f():\n  def g():\n    a\n  b\nif x:\n  def h():\n    c;\n",
            &["def g():\n    a\n  b", "c;"],
        );
        check(
            "@d\nasync  def f() -> 'x':\n  return f\"{a['b']:{c}} {{ \" + x\n",
            &["return f\"{a['b']:{c}} {{ \" + x"],
        );
        check("def f():\n  x = 1 + \\\n2\ndef g(): return {}[\n1]\n", &["x = 1 + \\\n2"]);
        check("def f():\r\n  a\r\n\r\nb\r\n", &["a"]);
        check("defx = 1\ndef é():\n  'é'\n", &["'é'"]);
    }

    #[test]
    fn it_stops_before_what_is_not_certain() {
        let certain = "def g():\n    return 1\n";
        for text in [
            "def f():\n\ta\n",
            "def f():\n    a\n  b\n",
            "def f():\nb\n",
            "x = 'a\n",
            "x = '''a\n",
            "x = f'{a\n",
            "x = f'{a['b']}'\n",
            "x = f'{a!r:\\x}'\n",
            "x \\ = 1\n",
            "x\rdef f():\n  a\n",
        ] {
            let whole = Outline::of(&format!("{certain}{text}{certain}"));
            let bodies: Vec<&str> = whole.bodies.iter().map(|body| &certain[body.clone()]).collect();
            assert_eq!(bodies, ["return 1"], "{text:?}");
            assert!(whole.end < certain.len() + text.len(), "{text:?}");
        }
    }

    #[test]
    fn it_goes_on_behind_brackets_that_do_not_match() {
        let text =
            "f(a, (b)\nx = 1\ndef g():\n    return (1]\n    y)\ndef h(a=[1:\n    z\n    return 2\nclass C: x";
        let outline = Outline::of(text);
        assert_eq!(outline.end, text.len());
        let bodies: Vec<&str> = outline.bodies.iter().map(|body| &text[body.clone()]).collect();
        assert_eq!(bodies, ["return (1]\n    y)"]);
    }

    const PIECES: &[&str] = &[
        "def f():\n",
        "def f(a=[1,\n2]): # :\n",
        "class C:\n",
        "if x:\n",
        "else:\n",
        "try:\n",
        "finally:\n",
        "    ",
        "  ",
        "\n",
        "pass\n",
        "x\n",
        "x = 1\n",
        "'''",
        "\"",
        "'",
        "\"\"\"",
        "f'",
        "rf\"",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\\\n",
        "\\",
        "# c\n",
        ":",
        "async def g(): x\n",
        "@d\n",
        "import a\n",
        "return x;",
        "\r\n",
        "\t",
        "é",
        "{{",
        "!r",
        "x['k']",
        "lambda: 0",
        "\x0c",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 4000, ..Default::default() })]
        #[test]
        fn outline_and_parser_agree(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..14)) {
            let text = pieces.concat();
            let outline = Outline::of(&text);
            if let Some(bodies) = as_parsed(&text) {
                let ends: Vec<usize> = bodies.iter().map(|body| body.end).collect();
                for (body, (parsed, end)) in outline.bodies.iter().zip(bodies.iter().zip(ends)) {
                    proptest::prop_assert_eq!(body.start, parsed.start, "{:?}", &text);
                    // A last `;` belongs to the line and to no statement.
                    let rest = text[end..body.end].trim_start_matches([' ', '\t', ';', '\\', '\n', '\r']);
                    proptest::prop_assert_eq!(rest, "", "{:?}", &text);
                }
                if outline.end == text.len() {
                    proptest::prop_assert_eq!(outline.bodies.len(), bodies.len(), "{:?}", &text);
                }
            }
        }
    }
}

//! Makes Python of a pattern's text, so that Python's own parser can read it.
//!
//! Every hole is replaced by an identifier of the same length: what the parser says of the
//! rewritten text is true of the pattern, position by position, and where the holes were is
//! remembered by offset. Nothing else distinguishes a hole, so a pattern may use any name.

use std::collections::HashMap;

use super::PatternError;

/// A pattern as Python.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// As long as the pattern, except for a definition added below a lone decorator.
    pub(super) text: String,
    /// What stood at an offset before.
    pub(super) holes: HashMap<usize, Hole>,
    /// `<... e ...>`, from bracket to bracket.
    pub(super) deep: Vec<(usize, usize)>,
    /// The pattern is a decorator and nothing else.
    pub(super) lone_decorator: bool,
}

/// What stood at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    /// `...`
    Ellipsis,
    /// `$X`, with the type after its colon if it has one.
    Metavariable { name: String, annotation: Option<(usize, String)> },
    /// `$...X`, by the name `$...X`.
    Rest { name: String },
}

struct Bracket {
    opened_by: u8,
    at: usize,
    /// The parentheses after `def name`, in which `:` begins an annotation.
    parameters: bool,
    /// Ellipses directly inside braces: what they become depends on whether a colon follows.
    ellipses: Vec<usize>,
    is_dict: bool,
    /// `lambda` seen whose colon has not come yet.
    lambdas: u32,
}

/// Rewrites `pattern`.
pub(super) fn rewrite(pattern: &str) -> Result<Rewritten, PatternError> {
    let mut rewriter = Rewriter {
        source: pattern,
        bytes: pattern.as_bytes(),
        out: pattern.as_bytes().to_vec(),
        at: 0,
        brackets: vec![Bracket::new(0, 0)],
        holes: HashMap::new(),
        deep: Vec::new(),
        previous: [Token::Start; 3],
        line_has_code: false,
        decorator_lines: 0,
        other_lines: 0,
    };
    rewriter.run()?;
    let lone_decorator = rewriter.decorator_lines == 1 && rewriter.other_lines == 0;
    let mut out = rewriter.out;
    if lone_decorator {
        out.extend_from_slice(b"\ndef _(): pass\n");
    }
    let text = String::from_utf8(out).expect("holes are ASCII and replaced by ASCII");
    Ok(Rewritten { text, holes: rewriter.holes, deep: rewriter.deep, lone_decorator })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Start,
    Def,
    Word,
    Metavariable(usize),
    Open,
    Comma,
    Dot,
    Other,
}

struct Rewriter<'p> {
    source: &'p str,
    bytes: &'p [u8],
    out: Vec<u8>,
    at: usize,
    brackets: Vec<Bracket>,
    holes: HashMap<usize, Hole>,
    deep: Vec<(usize, usize)>,
    /// The last three tokens, the newest first.
    previous: [Token; 3],
    line_has_code: bool,
    decorator_lines: u32,
    other_lines: u32,
}

impl Bracket {
    fn new(opened_by: u8, at: usize) -> Self {
        Self { opened_by, at, parameters: false, ellipses: Vec::new(), is_dict: false, lambdas: 0 }
    }
}

impl Rewriter<'_> {
    fn run(&mut self) -> Result<(), PatternError> {
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            if byte == b'\n' {
                if self.brackets.len() == 1 {
                    self.line_has_code = false;
                }
                self.at += 1;
                continue;
            }
            if byte.is_ascii_whitespace() {
                self.at += 1;
                continue;
            }
            if byte == b'#' {
                self.skip_line();
                continue;
            }
            if self.brackets.len() == 1 && !self.line_has_code {
                self.line_has_code = true;
                if byte == b'@' {
                    self.decorator_lines += 1;
                } else {
                    self.other_lines += 1;
                }
            }
            self.token(byte)?;
        }
        if self.brackets.len() > 1 {
            let open = self.brackets.last().expect("more than one");
            let (range, what) = match open.opened_by {
                b'<' => (open.at..open.at + 4, "`<...` is not closed by `...>`".to_owned()),
                bracket => (open.at..open.at + 1, format!("`{}` is not closed", char::from(bracket))),
            };
            return Err(PatternError::new(what, range));
        }
        Ok(())
    }

    fn token(&mut self, byte: u8) -> Result<(), PatternError> {
        match byte {
            b'"' | b'\'' => self.string(self.at)?,
            b'$' => self.metavariable()?,
            b'.' if self.looking_at("...>") && self.innermost().opened_by == b'<' => self.close_deep()?,
            b'.' if self.looking_at("...") => self.ellipsis(),
            b'<' if self.looking_at("<...") => {
                self.out[self.at..self.at + 4].copy_from_slice(b"(   ");
                self.brackets.push(Bracket::new(b'<', self.at));
                self.at += 4;
                self.push(Token::Open);
            }
            b'(' | b'[' | b'{' => {
                let mut bracket = Bracket::new(byte, self.at);
                bracket.parameters = byte == b'(' && self.previous[1] == Token::Def;
                self.brackets.push(bracket);
                self.at += 1;
                self.push(Token::Open);
            }
            b')' | b']' | b'}' => self.close(byte)?,
            b':' => self.colon()?,
            b',' => {
                self.at += 1;
                self.push(Token::Comma);
            }
            b'.' => {
                self.at += 1;
                self.push(Token::Dot);
            }
            _ if byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80 => self.word()?,
            b'*' if self.looking_at("**") => {
                // `{**x, ...}` is a dict, though no colon says so.
                if matches!(self.previous[0], Token::Open | Token::Comma)
                    && self.innermost().opened_by == b'{'
                {
                    self.innermost().is_dict = true;
                }
                self.at += 2;
                self.push(Token::Other);
            }
            _ => {
                self.at += 1;
                self.push(Token::Other);
            }
        }
        Ok(())
    }

    fn push(&mut self, token: Token) {
        self.previous = [token, self.previous[0], self.previous[1]];
    }

    fn innermost(&mut self) -> &mut Bracket {
        self.brackets.last_mut().expect("the outermost is never closed")
    }

    fn looking_at(&self, text: &str) -> bool {
        self.bytes[self.at..].starts_with(text.as_bytes())
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<(), PatternError> {
        let start = self.at;
        while self.at < self.bytes.len() && is_word(self.bytes[self.at]) {
            self.at += 1;
        }
        let word = &self.source[start..self.at];
        if self.at < self.bytes.len() && matches!(self.bytes[self.at], b'"' | b'\'') && is_string_prefix(word)
        {
            return self.string(start);
        }
        if word == "lambda" {
            self.innermost().lambdas += 1;
        }
        self.push(if word == "def" { Token::Def } else { Token::Word });
        Ok(())
    }

    fn ellipsis(&mut self) {
        let start = self.at;
        self.out[start..start + 3].copy_from_slice(b"___");
        if self.innermost().opened_by == b'{' && matches!(self.previous[0], Token::Open | Token::Comma) {
            self.innermost().ellipses.push(start);
        }
        self.holes.insert(start, Hole::Ellipsis);
        self.at += 3;
        self.push(Token::Word);
    }

    fn close_deep(&mut self) -> Result<(), PatternError> {
        let open = self.brackets.pop().expect("the caller has looked");
        if self.out[open.at + 1..self.at].iter().all(u8::is_ascii_whitespace) {
            return Err(PatternError::new("an expression is missing in `<... ...>`", open.at..self.at + 4));
        }
        self.out[self.at..self.at + 4].copy_from_slice(b"   )");
        self.at += 4;
        self.deep.push((open.at, self.at));
        self.push(Token::Word);
        Ok(())
    }

    fn metavariable(&mut self) -> Result<(), PatternError> {
        let start = self.at;
        let rest = self.source[start + 1..].starts_with("...");
        let name_start = if rest { start + 4 } else { start + 1 };
        let mut end = name_start;
        while end < self.bytes.len() && is_word(self.bytes[end]) {
            end += 1;
        }
        let name = &self.source[name_start..end];
        if !is_metavariable_name(name) {
            return Err(PatternError::new(
                format!("`{}` is not a metavariable", &self.source[start..end.max(start + 1)]),
                start..end.max(start + 1),
            )
            .with_hint("metavariables are written in capitals: `$X`, `$NAME`, `$_`, `$...ARGS`"));
        }
        self.out[start..name_start].fill(b'_');
        let name = self.source[start..end].to_owned();
        let hole = if rest { Hole::Rest { name } } else { Hole::Metavariable { name, annotation: None } };
        self.holes.insert(start, hole);
        self.at = end;
        self.push(Token::Metavariable(start));
        Ok(())
    }

    fn colon(&mut self) -> Result<(), PatternError> {
        let previous = self.previous;
        let innermost = self.innermost();
        if innermost.lambdas > 0 {
            innermost.lambdas -= 1;
        } else if innermost.opened_by == b'{' {
            innermost.is_dict = true;
        } else if innermost.opened_by == b'('
            && !innermost.parameters
            && let [Token::Metavariable(metavariable), Token::Open | Token::Comma, _] = previous
            && self.bytes.get(self.at + 1) != Some(&b'=')
        {
            return self.annotation(metavariable);
        }
        self.at += 1;
        self.push(Token::Other);
        Ok(())
    }

    /// `: T` of `($X: T)`, which is no Python: it is blanked, and read on its own.
    fn annotation(&mut self, metavariable: usize) -> Result<(), PatternError> {
        let colon = self.at;
        let mut depth = 0u32;
        let mut end = colon + 1;
        while end < self.bytes.len() {
            match self.bytes[end] {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b',' if depth == 0 => break,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            end += 1;
        }
        let text = self.source[colon + 1..end].to_owned();
        if text.trim().is_empty() {
            return Err(PatternError::new("a type is missing after `:`", colon..colon + 1));
        }
        for byte in &mut self.out[colon..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        match self.holes.get_mut(&metavariable) {
            Some(Hole::Metavariable { annotation, .. }) => *annotation = Some((colon + 1, text)),
            Some(Hole::Rest { .. } | Hole::Ellipsis) | None => {
                return Err(PatternError::new(
                    "only a single metavariable can have a type",
                    metavariable..end,
                ));
            }
        }
        self.at = end;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), PatternError> {
        let expected = match byte {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        if self.brackets.len() == 1 || self.innermost().opened_by != expected {
            let message = format!("`{}` closes nothing", char::from(byte));
            return Err(PatternError::new(message, self.at..self.at + 1));
        }
        let bracket = self.brackets.pop().expect("checked above");
        if bracket.is_dict {
            // `{..., a: b}` is no Python, `{**_, a: b}` is, and is as long.
            for ellipsis in bracket.ellipses {
                self.out[ellipsis..ellipsis + 3].copy_from_slice(b"**_");
                self.holes.remove(&ellipsis);
                self.holes.insert(ellipsis + 2, Hole::Ellipsis);
            }
        }
        self.at += 1;
        self.push(Token::Other);
        Ok(())
    }

    /// A string literal whose prefix begins at `start`; `self.at` is at its quote.
    fn string(&mut self, start: usize) -> Result<(), PatternError> {
        let prefix = self.source[start..self.at].to_ascii_lowercase();
        let quote = self.bytes[self.at];
        let triple = self.bytes[self.at..].starts_with(&[quote; 3]);
        let closing = if triple { vec![quote; 3] } else { vec![quote] };
        let interpolated = prefix.contains(['f', 't']);
        self.at += closing.len();
        loop {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                return Err(PatternError::new("the string is not closed", start..self.bytes.len()));
            };
            if self.bytes[self.at..].starts_with(&closing) {
                self.at += closing.len();
                break;
            }
            match byte {
                b'\\' => self.at += 2,
                b'\n' if !triple => {
                    return Err(PatternError::new("the string is not closed", start..self.at));
                }
                b'{' if interpolated && self.bytes.get(self.at + 1) == Some(&b'{') => self.at += 2,
                b'{' if interpolated => self.replacement_field()?,
                _ => self.at += 1,
            }
        }
        self.push(Token::Other);
        Ok(())
    }

    /// `{e}` of an f-string: its expression has holes like any other.
    fn replacement_field(&mut self) -> Result<(), PatternError> {
        let depth = self.brackets.len();
        let start = self.at;
        self.brackets.push(Bracket::new(b'{', start));
        self.at += 1;
        self.push(Token::Other);
        while self.brackets.len() > depth {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                return Err(PatternError::new("`{` is not closed", start..start + 1));
            };
            let at_its_level = self.brackets.len() == depth + 1;
            match byte {
                _ if byte.is_ascii_whitespace() => self.at += 1,
                b'}' if at_its_level => {
                    self.brackets.pop();
                    self.at += 1;
                }
                b':' if at_its_level && self.innermost().lambdas == 0 => {
                    // A format specification: text, except for fields of its own.
                    while let Some(byte) = self.bytes.get(self.at).copied() {
                        match byte {
                            b'{' => self.replacement_field()?,
                            b'}' => break,
                            _ => self.at += 1,
                        }
                    }
                }
                _ => self.token(byte)?,
            }
        }
        Ok(())
    }
}

/// `X`, `NAME_2`, `_`: what may follow the dollar sign.
pub(super) fn is_metavariable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_uppercase())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn is_string_prefix(word: &str) -> bool {
    word.len() <= 2 && word.bytes().all(|byte| b"rRbBuUfFtT".contains(&byte))
}

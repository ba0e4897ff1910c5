//! One parsed Python file.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ruff_python_ast::ModModule;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::python::decode::{Decoded, decode};
use crate::python::depth;
use crate::python::limits;
use crate::python::pattern::{Facts, Regions, Relevant};
use crate::python::semantics;
use crate::target::RelativePath;

/// A Python file as text and tree. The parser recovers: a file that does not compile has a
/// tree too, and its [`errors`](Self::errors) say where it is broken.
#[derive(Debug)]
pub struct SourceFile {
    path: RelativePath,
    text: Arc<str>,
    module: ModModule,
    errors: Vec<SyntaxError>,
    line_starts: OnceLock<Vec<TextSize>>,
    facts: OnceLock<Facts>,
    is_ascii: OnceLock<bool>,
}

/// Bytes of a line that are shown before and after what is shown of it.
const LONGEST_MARGIN: usize = 400;

/// Bytes of one place that are shown.
const LONGEST_EXCERPT: usize = 64 * 1024;

/// One place at which a file does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// One-based.
    pub line: u32,
    /// The parser's message.
    pub message: String,
    /// Where in the text.
    pub range: TextRange,
}

impl SyntaxError {
    /// Whether this tool gave up, and not Python, or versions of Python differ: what it says of the
    /// file is not known.
    pub fn is_own_limit(&self) -> bool {
        [NESTED_TOO_DEEPLY, UNKNOWN_CHARACTER, TOO_MANY_BLOCKS_FOR_SOME, UNPACKED_IN_COMPREHENSION]
            .contains(&&*self.message)
    }
}

const NESTED_TOO_DEEPLY: &str = "nested too deeply to be read";
pub(super) const TOO_MANY_BLOCKS_FOR_SOME: &str =
    "more blocks in one another than every version of Python takes";
pub(super) const UNPACKED_IN_COMPREHENSION: &str =
    "unpacking in a comprehension, which versions of Python before 3.15 do not take";
const UNKNOWN_CHARACTER: &str = "a character of an encoding that is not read here, outside of strings";

impl SourceFile {
    /// Parses `text`, whatever it is.
    pub fn parse(path: RelativePath, text: impl Into<Arc<str>>) -> Self {
        Self::parse_instead(path, text.into(), None)
    }

    /// Parses a text as long as `text` instead of it.
    fn parse_instead(path: RelativePath, text: Arc<str>, instead: Option<&str>) -> Self {
        let unparsable = depth::braces_too_deep(&text);
        let parsed_text = if unparsable.is_some() { "" } else { instead.unwrap_or(&text) };
        let parsed = parse_unchecked(parsed_text, ParseOptions::from(Mode::Module))
            .try_into_module()
            .expect("module mode gives a module");
        let mut problems: Vec<(TextSize, TextRange, String)> = parsed
            .errors()
            .iter()
            .map(|error| (error.location.start(), error.location, error.error.to_string()))
            .collect();
        problems.extend(
            limits::beyond(parsed.tokens())
                .map(|(range, message)| (range.start(), range, message.to_owned())),
        );
        let mut module = parsed.into_syntax();
        if let Some(place) = unparsable.or_else(|| depth::too_deep(&module)) {
            let length = text.len();
            let range = TextRange::up_to(TextSize::try_from(length).unwrap_or_default());
            let empty = ModModule { node_index: Default::default(), range, body: Default::default() };
            depth::drop_deep(std::mem::replace(&mut module, empty), length);
            // Where Python refuses it, too, that is the error.
            problems.push((place, range, NESTED_TOO_DEEPLY.to_owned()));
        }
        if problems.is_empty() {
            // Of a recovered tree the compiler's rules would say what nobody has written.
            let found = semantics::errors(&module, &text).into_iter();
            problems.extend(found.map(|(range, message)| (range.start(), range, message)));
        }
        let mut file = Self {
            path,
            module,
            text,
            errors: Vec::new(),
            line_starts: OnceLock::new(),
            facts: OnceLock::new(),
            is_ascii: OnceLock::new(),
        };
        file.errors = problems
            .into_iter()
            .map(|(place, range, message)| SyntaxError { line: file.line(place), message, range })
            .collect();
        file
    }

    /// Parses what a file contains. Bytes that are no Python text (the encoding is unknown or
    /// violated, a NUL) make errors like any other; the rest of the text is still read.
    pub fn from_bytes(path: RelativePath, bytes: &[u8]) -> Self {
        Self::decoded(path, decode(bytes))
    }

    /// Parses what matters of a file, if anything does. The bodies of functions that do not matter
    /// are in the [`text`](Self::text), and not in the tree, nor are errors in them among the
    /// [`errors`](Self::errors).
    pub fn relevant(path: RelativePath, bytes: &[u8], regions: &Regions) -> Option<Self> {
        let decoded = decode(bytes);
        if decoded.problem.is_some() || !decoded.suspects.is_empty() {
            return Some(Self::decoded(path, decoded));
        }
        match regions.relevant(&decoded.text) {
            Relevant::Nothing => None,
            Relevant::Everything => Some(Self::decoded(path, decoded)),
            Relevant::AllBut(bodies) => {
                let text: Arc<str> = decoded.text.into();
                let instead = without(&text, &bodies);
                Some(Self::parse_instead(path, text, Some(&instead)))
            }
        }
    }

    fn decoded(path: RelativePath, decoded: Decoded) -> Self {
        let mut file = Self::parse(path, decoded.text);
        if decoded.has_unknown_characters {
            file.doubt_unknown_characters();
        }
        let problem = decoded.problem.or_else(|| {
            let (offset, byte) = outside_comments(&file.text, &decoded.suspects)?;
            Some((offset, format!("(unicode error) 'utf-8' codec can't decode byte 0x{byte:02x}")))
        });
        if let Some((offset, message)) = problem {
            let offset = TextSize::try_from(offset).unwrap_or_default();
            let line = file.line(offset);
            // Python stops here before it has seen any of the others.
            file.errors.insert(0, SyntaxError { line, message, range: TextRange::empty(offset) });
        }
        file
    }

    /// What is taken for an error may be a letter of a name.
    fn doubt_unknown_characters(&mut self) {
        let line_of = |error: &SyntaxError| self.text.lines().nth(error.line as usize - 1);
        let is_about_one = |error: &SyntaxError| {
            line_of(error).is_some_and(|line| line.contains(char::REPLACEMENT_CHARACTER))
        };
        if self.errors.first().is_some_and(is_about_one) {
            self.errors.truncate(1);
            UNKNOWN_CHARACTER.clone_into(&mut self.errors[0].message);
        }
    }

    /// Where the file is in its target.
    pub fn path(&self) -> &RelativePath {
        &self.path
    }

    /// The decoded text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree.
    pub fn module(&self) -> &ModModule {
        &self.module
    }

    /// Why the file does not compile; empty when it does.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// What the pattern language knows of the file's names, gathered when it is first asked for.
    pub(crate) fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| Facts::of(&self.module))
    }

    /// Looked for when somebody asks for a place: in most files that are searched nobody does.
    fn line_starts(&self) -> &[TextSize] {
        self.line_starts.get_or_init(|| line_starts(&self.text))
    }

    /// The one-based line of an offset.
    pub fn line(&self, offset: TextSize) -> u32 {
        let index = self.line_starts().partition_point(|start| *start <= offset);
        u32::try_from(index).expect("fewer than 2^32 lines")
    }

    /// First and last line of a node, one-based, inclusive.
    pub fn lines(&self, node: impl Ranged) -> (u32, u32) {
        let range = node.range();
        let last = if range.is_empty() { range.start() } else { range.end() - TextSize::from(1) };
        (self.line(range.start()), self.line(last))
    }

    /// The one-based column of an offset, in characters.
    pub fn column(&self, offset: TextSize) -> u32 {
        let line_starts = self.line_starts();
        let index = line_starts.partition_point(|start| *start <= offset);
        let start = line_starts[index.saturating_sub(1)];
        // Counting is linear, and a minified line has a match at every other character.
        let is_ascii = *self.is_ascii.get_or_init(|| self.text.is_ascii());
        let before = TextRange::new(start, offset);
        let count = if is_ascii { usize::from(before.len()) } else { self.text[before].chars().count() };
        u32::try_from(count + 1).unwrap_or(u32::MAX)
    }

    /// The lines that a range touches, whole unless they are so long that nobody reads them.
    pub fn whole_lines(&self, range: TextRange) -> &str {
        let text = &*self.text;
        let (first, last) = (usize::from(range.start()), usize::from(range.end()));
        let earliest = boundary(text, first.saturating_sub(LONGEST_MARGIN));
        let start = text[earliest..first].rfind('\n').map_or(earliest, |index| earliest + index + 1);
        // A node that ends with a line break must not bring the next line along.
        let last = if last > start && text[..last].ends_with('\n') { last - 1 } else { last };
        let last = boundary(text, last.min(first + LONGEST_EXCERPT));
        let latest = boundary(text, last + LONGEST_MARGIN);
        let end = text[last..latest].find('\n').map_or(latest, |index| last + index);
        text[start..end].trim_end_matches(['\r', '\n'])
    }

    /// The text of a node.
    pub fn slice(&self, node: impl Ranged) -> &str {
        &self.text[node.range()]
    }
}

/// What is written instead of what does not matter.
const BLANKS: &str = concat!("                ", "                ", "                ", "                ");

/// The text with an expression of the same length, which says nothing, for each of these blocks.
fn without(text: &str, blocks: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    for block in blocks {
        kept.push_str(&text[end..block.start]);
        kept.push_str("(0");
        for start in (3..block.len()).step_by(BLANKS.len()) {
            kept.push_str(&BLANKS[..BLANKS.len().min(block.len() - start)]);
        }
        kept.push(')');
        end = block.end;
    }
    kept.push_str(&text[end..]);
    kept
}

/// The first of these places that is not in a comment.
fn outside_comments(text: &str, places: &[(usize, u8)]) -> Option<(usize, u8)> {
    if places.is_empty() {
        return None;
    }
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let comments: Vec<TextRange> = parsed
        .tokens()
        .iter()
        .filter(|token| token.kind() == TokenKind::Comment)
        .map(Ranged::range)
        .collect();
    let is_in_comment = |offset: usize| {
        let offset = TextSize::try_from(offset).unwrap_or_default();
        let before = comments.partition_point(|range| range.start() <= offset);
        before > 0 && comments[before - 1].contains(offset)
    };
    places.iter().copied().find(|(offset, _)| !is_in_comment(*offset))
}

/// The last place at or before `index` at which a text can be cut.
pub(crate) fn boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default()
}

fn line_starts(text: &str) -> Vec<TextSize> {
    let bytes = text.as_bytes();
    let start = |index: usize| TextSize::try_from(index).expect("sources are below 4 GiB");
    // A lone carriage return ends a line in Python, as it does in the parser.
    let ends_line =
        |index: &usize| bytes[*index] == b'\n' || bytes.get(*index + 1).is_none_or(|next| *next != b'\n');
    let ends = memchr::memchr2_iter(b'\n', b'\r', bytes).filter(ends_line);
    std::iter::once(start(0)).chain(ends.map(|index| start(index + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: String) -> SourceFile {
        SourceFile::parse(RelativePath::new("deep.py").unwrap(), text)
    }

    #[test]
    fn any_depth_of_nesting_is_a_value() {
        let deep = 100_000;
        // Parentheses are no nodes: these are broken, but not deep.
        assert!(!parse("(".repeat(deep)).errors().is_empty());
        for text in [
            "[".repeat(deep),
            format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
            format!("{}{}", "{0:".repeat(deep), "}".repeat(deep)),
            format!("x = {}1", "1 + ".repeat(deep)),
            format!("x = {}1", "-".repeat(deep)),
            format!("x = {}1", "not ".repeat(deep)),
            format!("x = {}1", "lambda: ".repeat(deep)),
            format!("x = {}1", "2 ** ".repeat(deep)),
            format!("x = {}1", "1 if a else ".repeat(deep)),
            format!("x{}", ".a".repeat(deep)),
            format!("x{}", "()".repeat(deep)),
            format!("match x:\n  case {}{}: pass", "[".repeat(deep), "]".repeat(deep)),
            (0..2000).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect(),
        ] {
            let file = parse(text);
            let start = &file.text()[..20];
            assert!(file.errors().iter().any(SyntaxError::is_own_limit), "{start}");
            assert!(file.module().body.is_empty());
        }
    }

    #[test]
    fn letter_of_an_unknown_encoding_is_no_error() {
        let parsed = |bytes: &[u8]| SourceFile::from_bytes(RelativePath::new("a.py").expect("a path"), bytes);
        let only_limits = |bytes: &[u8]| parsed(bytes).errors().iter().all(SyntaxError::is_own_limit);
        assert!(only_limits(b"# coding: cp1252\n\xe9 = 1\n"));
        assert!(!parsed(b"# coding: cp1252\n\xe9 = 1\n").errors().is_empty());
        assert!(parsed(b"# coding: cp1252\nx = '\xe9'\n").errors().is_empty());
        assert!(!only_limits(b"# coding: cp1252\nx = = '\n"));
        assert!(!only_limits(b"# coding: cp1252\nx = = 1\ny = '\xe9'\n"));
    }

    #[test]
    fn what_is_nested_too_deeply_for_python_is_an_error() {
        let blocks = |count: usize| -> String {
            let heads = (0..count).map(|depth| format!("{}if x:\n", " ".repeat(depth)));
            heads.chain([format!("{}pass\n", " ".repeat(count))]).collect()
        };
        let brackets = |count: usize| format!("x = {}1{}\n", "(".repeat(count), ")".repeat(count));
        let formatted = |count: usize| format!("x = {}f'{{(1)}}'{}\n", "(".repeat(count), ")".repeat(count));
        for (text, line) in [
            (blocks(99), None),
            (blocks(100), Some(101)),
            (brackets(200), None),
            (brackets(201), Some(1)),
            // Up to Python 3.11 what stands in a format string is counted for itself.
            (formatted(200), None),
        ] {
            assert_eq!(parse(text.clone()).errors().first().map(|error| error.line), line, "{text}");
        }
    }

    #[test]
    fn what_the_compiler_refuses_is_an_error() {
        for (text, line) in [
            ("x = 1\nreturn x\n", 2),
            ("def f():\n    await g()\n", 2),
            ("def f():\n    async with g: pass\n", 2),
            ("async def f():\n    def g():\n        await h()\n", 3),
            ("def f(a, a): pass\n", 1),
            ("if x:\n    break\n", 2),
            ("for x in y:\n    def f():\n        continue\n", 3),
            ("def f():\n    x = 1\n    global x\n", 2),
            ("class C:\n    yield 1\n", 2),
            ("nonlocal x\n", 1),
            ("x = 1\ndef f():\n    def g():\n        nonlocal x\n", 4),
            ("class C:\n    x = 1\n    def f(self):\n        nonlocal x\n", 4),
            ("for x in y:\n    try: pass\n    except* A:\n        break\n", 4),
            ("def f():\n    try: pass\n    except* A:\n        if x: return\n", 4),
            ("try: pass\nexcept: pass\nexcept A: pass\n", 2),
            ("x = 1\nfrom __future__ import annotations\n", 2),
        ] {
            let file = parse(text.to_owned());
            assert_eq!(file.errors().first().map(|error| error.line), Some(line), "{text}");
        }
    }

    #[test]
    fn what_the_compiler_accepts_is_none() {
        for text in [
            "async def f():\n    return [await g(x) for x in y if await h(x)]\n",
            "async def f():\n    return [x async for x in y]\n",
            "def f():\n    return (await x for x in y)\n",
            "def f():\n    return lambda: (yield)\n",
            "for x in y:\n    if x:\n        continue\n    else:\n        break\n",
            "while x:\n    for y in z:\n        pass\n    else:\n        break\n",
            "def f():\n    global x\n    x = 1\n",
            "x = 1\ndef f():\n    global x\n    x = 2\n",
            "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n",
            "def f(x):\n    def g():\n        def h():\n            nonlocal x\n            x = 2\n",
            "def f():\n    match y:\n        case {'a': x}: pass\n    def g():\n        nonlocal x\n",
            "def f():\n    try: pass\n    except* A:\n        for x in y: break\n",
            "'doc'\nfrom __future__ import annotations\nx: int = 1\n",
            "class C:\n    x = [y for y in range(3)]\n    def f(self): return self.x\n",
            "async def f():\n    async with g as h:\n        pass\n    async for i in j:\n        yield i\n",
            "print(*a, **b)\nx = *a, b\nfor x in *a, b: pass\n",
        ] {
            let file = parse(text.to_owned());
            assert_eq!(file.errors(), [], "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_matter_where_python_looks_at_them() {
        let check = |bytes: &[u8], line: Option<u32>| {
            let file = SourceFile::from_bytes(RelativePath::new("bytes.py").unwrap(), bytes);
            assert_eq!(file.errors().first().map(|error| error.line), line, "{:?}", file.errors());
        };
        check(b"x = 1\ny = '\xe9'\n", Some(2));
        check(b"# \xe9\nx = 1  # \xe9 \xe8\n", None);
        check(b"# \xe9\ny = b'\xe9'\n", Some(2));
        check(b"\xe9 = 1\n", Some(1));
        check(b"# coding: ascii\n# \xe9\n", Some(2));
        check(b"# coding: nothing\nx = 1\n", Some(1));
        check(b"# coding: koi8-r\n# \xc4\nx = '\xc1'\n", None);
        check(b"# coding: shift_jis\nx = '\x83\x5c' # \xb1\ny = '\xb1'\n", None);
    }

    #[test]
    fn honest_depth_is_read() {
        let text = format!("x = {}1\ny = {}{}\n", "1 + ".repeat(150), "(".repeat(150), ")".repeat(150));
        assert!(parse(text).errors().is_empty());
    }
}

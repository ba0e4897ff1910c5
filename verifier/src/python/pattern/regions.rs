//! Which functions of a file a search has to parse.
//!
//! A file that has the words of a pattern has most of its functions without them. When all that
//! is asked stays within one function, or outside of all, a function without the words can be left
//! out: nothing is found in it, and what is found elsewhere does not depend on it.
//!
//! - A match of a pattern that does not describe the inside of a definition lies in one function,
//!   or begins outside of all. From there `...` goes into functions, in which then a whole statement
//!   of the pattern lies.
//! - Its words stand there, or in an import, whose names may count elsewhere. A name
//!   that is not changed by `as` stands where it is used as well, if not always behind a dot.
//! - What a variable holds depends on its own function, and on names at the top of the file that
//!   are assigned there alone, which `global` in any function undoes.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

use super::literals::{self, Form, Literals, each_word, is_whole};
use super::tree::*;
use crate::python::outline::Outline;
use crate::python::rule::Formula;

/// Decides what of a text may matter to a search.
#[derive(Clone, Debug)]
pub struct Regions {
    searcher: AhoCorasick,
    /// For each word of the searcher, how it may stand, and the number of the word in that form.
    forms: Vec<Vec<(Form, u32)>>,
    /// For each alternative, its words.
    alternatives: Vec<Words>,
}

/// What of a text may matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relevant {
    /// Nothing: there is no match.
    Nothing,
    /// Everything, or it cannot be told.
    Everything,
    /// All but these bodies of functions, in their order.
    AllBut(Vec<Range<usize>>),
}

/// A set of words in some form, by their numbers.
type Words = u128;

const GLOBAL: u32 = 0;

/// A body that is shorter is parsed in no time.
const SHORTEST: usize = 40;

impl Regions {
    /// For a search for any of several formulas. `None` when a match of one of them may reach into
    /// several functions, or has no words of its own.
    pub fn new<'f>(formulas: impl IntoIterator<Item = &'f Formula>) -> Option<Self> {
        let mut words = vec!["global".to_owned()];
        let mut forms = vec![vec![(Form::Word, GLOBAL)]];
        let mut alternatives = Vec::new();
        for formula in formulas {
            for literals in formula.local_literals()? {
                alternatives.push(Self::number(&literals, &mut words, &mut forms)?);
            }
        }
        let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&words).ok()?;
        Some(Self { searcher, forms, alternatives })
    }

    fn number(
        literals: &Literals,
        words: &mut Vec<String>,
        forms: &mut Vec<Vec<(Form, u32)>>,
    ) -> Option<Words> {
        let mut numbers = 0;
        // A word that is everywhere tells nothing.
        for (word, form) in literals.words().filter(|(word, _)| *word != "self") {
            let index = words.iter().position(|known| known == word).unwrap_or_else(|| {
                words.push(word.to_owned());
                forms.push(Vec::new());
                words.len() - 1
            });
            let next = u32::try_from(forms.iter().map(Vec::len).sum::<usize>()).ok()?;
            let number = match forms[index].iter().find(|(known, _)| *known == form) {
                Some((_, number)) => *number,
                None => {
                    forms[index].push((form, next));
                    next
                }
            };
            numbers |= (1 as Words).checked_shl(number)?;
        }
        (numbers != 0).then_some(numbers)
    }

    /// What of this text may matter.
    pub fn relevant(&self, text: &str) -> Relevant {
        let outline = Outline::of(text);
        let imports = imports(text);
        let mut outside = Seen::default();
        let mut inside = vec![Seen::default(); outline.bodies.len()];
        // Words that an import gives another name, or names without writing them; and words that it
        // binds as they are.
        let mut shared: Words = 0;
        let mut imported: Words = 0;
        let (mut body, mut import) = (0, 0);
        each_word(&self.searcher, text.as_bytes(), &mut |word, place| {
            let forms = &self.forms[word];
            let start = place.start;
            while outline.bodies.get(body).is_some_and(|range| range.end <= start) {
                body += 1;
            }
            while imports.get(import).is_some_and(|import| import.range.end <= start) {
                import += 1;
            }
            let seen = match outline.bodies.get(body) {
                Some(range) if range.start <= start => &mut inside[body],
                Some(_) | None => &mut outside,
            };
            let all = numbers(forms.iter());
            seen.any |= all;
            if let Some(import) = imports.get(import).filter(|import| import.range.start <= start) {
                let binds_it = import.binds.is_some_and(|binds| binds <= start);
                *(if binds_it { &mut imported } else { &mut shared }) |= all;
                seen.here |= all;
                seen.speaks_for_all = true;
            } else {
                let allowed = forms.iter().filter(|(form, _)| form.allows(text.as_bytes(), place.clone()));
                seen.here |= numbers(allowed);
                seen.speaks_for_all |= all & 1 << GLOBAL != 0;
            }
            true
        });
        let is_wanted = |seen: &Seen| {
            let words = seen.here | shared | seen.any & imported;
            self.alternatives.iter().any(|alternative| words & alternative == *alternative)
        };
        if !is_wanted(&outside) && !inside.iter().any(is_wanted) {
            return Relevant::Nothing;
        }
        let left_out = outline
            .bodies
            .into_iter()
            .zip(&inside)
            .filter(|(body, seen)| body.len() >= SHORTEST && !seen.speaks_for_all && !is_wanted(seen));
        let left_out: Vec<Range<usize>> = left_out.map(|(body, _)| body).collect();
        if left_out.is_empty() { Relevant::Everything } else { Relevant::AllBut(left_out) }
    }
}

/// The words of one function, or of what is outside of all.
#[derive(Clone, Default)]
struct Seen {
    /// As they are asked for.
    here: Words,
    /// In any form.
    any: Words,
    /// Whether it has to be parsed because of what it means elsewhere.
    speaks_for_all: bool,
}

/// Lines that may have an import.
struct Import {
    range: Range<usize>,
    /// From where on its words are names that it binds as they stand, so that they are not used
    /// without being written again. `None` where it may give other names.
    binds: Option<usize>,
}

/// Where a text may have imports, wherever they stand, and at times where it only speaks of them.
fn imports(text: &str) -> Vec<Import> {
    let bytes = text.as_bytes();
    let mut imports: Vec<Import> = Vec::new();
    for keyword in memmem::find_iter(bytes, "import") {
        let behind = keyword + "import".len();
        if imports.last().is_some_and(|last| keyword < last.range.end) || !is_whole(bytes, keyword..behind) {
            continue;
        }
        let mut start = beginning_of_line(bytes, keyword);
        while is_continued(&bytes[..start.saturating_sub(1)]) {
            start = beginning_of_line(bytes, start - 1);
        }
        let mut is_open = false;
        let mut end = behind;
        loop {
            let length = memchr::memchr(b'\n', &bytes[end..]).unwrap_or(bytes.len() - end);
            let line = &bytes[end..end + length];
            let code = &line[..memchr::memchr(b'#', line).unwrap_or(line.len())];
            is_open = (is_open || code.contains(&b'(')) && !code.contains(&b')');
            end += length;
            if end == bytes.len() || !is_open && !is_continued(line) {
                break;
            }
            end += 1;
        }
        let statement = &text[start..end];
        // Two of them, because the first was none, are not told apart.
        let words = statement.split(|character| !is_part_of_name(character));
        let telling: Vec<&str> = words.filter(|word| matches!(*word, "as" | "import")).collect();
        let may_rename = statement.contains([';', '*']) || telling != ["import"];
        // `from a.b import c` binds `c`.
        imports.push(Import { range: start..end, binds: (!may_rename).then_some(behind) });
    }
    imports
}

/// Whether a line goes on in the next.
fn is_continued(line: &[u8]) -> bool {
    line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\")
}

fn beginning_of_line(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1)
}

fn is_part_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn numbers<'f>(forms: impl Iterator<Item = &'f (Form, u32)>) -> Words {
    forms.fold(0, |all, (_, number)| all | 1 << number)
}

/// Whether no match of this pattern depends on what is within a definition that it does not lie in.
pub(super) fn is_local(root: &Root) -> bool {
    match root {
        Root::Expression(_) | Root::Decorator(_) => true,
        Root::Statements(statements) => are_local(statements),
    }
}

fn are_local(statements: &[Statement]) -> bool {
    statements.iter().all(|statement| match statement {
        // They may stand for definitions, which are then compared.
        Statement::Rest(_) | Statement::Metavariable(_) => false,
        Statement::Function(_) | Statement::Class(_) => {
            literals::bodies(statement).into_iter().all(|body| matches!(body, [Statement::Ellipsis]))
        }
        _ => literals::bodies(statement).into_iter().all(are_local),
    })
}

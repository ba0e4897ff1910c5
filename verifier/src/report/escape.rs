//! Text from elsewhere as Markdown and for terminals: it is shown and never interpreted.

use crate::static_checks::in_ticks;

/// A paragraph of prose. Code spans that are closed stay code; everything else that Markdown
/// would interpret is escaped. Line breaks become spaces.
pub(super) fn prose(text: &str) -> String {
    let text = one_line(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut rest = text.as_str();
    while let Some(start) = rest.find('`') {
        escaped.push_str(&plain(&rest[..start]));
        let ticks = rest[start..].chars().take_while(|character| *character == '`').count();
        let fence = &rest[start..start + ticks];
        let after = &rest[start + ticks..];
        match closing(after, ticks) {
            Some(end) => {
                escaped.push_str(fence);
                escaped.push_str(&after[..end]);
                escaped.push_str(fence);
                rest = &after[end + ticks..];
            }
            None => {
                escaped.push_str(&"\\`".repeat(ticks));
                rest = after;
            }
        }
    }
    escaped.push_str(&plain(rest));
    block_start(&escaped)
}

/// Text as code, whatever it contains. Every space counts: a path is one as it is written.
pub(super) fn code(text: &str) -> String {
    in_ticks(&visible(text))
}

/// Lines of source code as a block that nothing in them can close.
pub(super) fn code_block(text: &str, indent: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let mut block = format!("{indent}{fence}python\n");
    for line in dedent(text) {
        let line = visible(&line);
        if !line.is_empty() {
            block.push_str(indent);
            block.push_str(&line);
        }
        block.push('\n');
    }
    block.push_str(&format!("{indent}{fence}\n"));
    block
}

/// One line without control characters, so that text of the target can neither move the
/// cursor nor break out of the line that it stands on.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" "))
}

/// Control characters and those that turn the direction of writing, made visible.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .collect()
}

/// The lines without the indentation that they share, and without empty lines around them.
pub(crate) fn dedent(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let indentation = |line: &&str| line.len() - line.trim_start().len();
    let shared = lines.iter().filter(|line| !line.is_empty()).map(indentation).min().unwrap_or(0);
    lines.iter().map(|line| line.get(shared..).unwrap_or("").to_owned()).collect()
}

/// Where a code span that was opened with `ticks` backticks ends.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(offset) = text[from..].find('`') {
        let start = from + offset;
        let run = text[start..].chars().take_while(|character| *character == '`').count();
        if run == ticks {
            return Some(start);
        }
        from = start + run;
    }
    None
}

fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        // What stands around all the underscores here: those of a run are one delimiter.
        let within_word = || {
            let is_word = |near: Option<&char>| near.is_some_and(|near| near.is_alphanumeric());
            let is_other = |near: &&char| **near != '_';
            is_word(characters[..index].iter().rev().find(is_other))
                && is_word(characters[index + 1..].iter().find(is_other))
        };
        let special = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' => true,
            // `snake_case` is no emphasis, and stays readable in the source of the report.
            '_' => !within_word(),
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(*character);
    }
    escaped
}

/// What would begin a heading, a list, a quotation or a rule at the start of a line.
fn block_start(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let numbered = digits > 0 && text[digits..].starts_with(['.', ')']);
    if numbered {
        format!("{}\\{}", &text[..digits], &text[digits..])
    } else if text.starts_with(['#', '-', '+', '=']) {
        format!("\\{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_shown_as_it_is_written() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(prose(text), expected);
        }
        check("plain words", "plain words");
        check("two\nlines\tand a tab", "two lines and a tab");
        check("*bold* [link](x) <b>", "\\*bold\\* \\[link\\](x) \\<b\\>");
        check("snake_case and __init__ and _x", "snake_case and \\_\\_init\\_\\_ and \\_x");
        check("a__b and A.__len__()", "a__b and A.\\_\\_len\\_\\_()");
        check("`code *stays*` here", "`code *stays*` here");
        check("``a ` b`` c", "``a ` b`` c");
        check("one ` alone", "one \\` alone");
        check("# no heading", "\\# no heading");
        check("1. no list", "1\\. no list");
        check("- no list", "\\- no list");
        check("a | b", "a \\| b");
        check("&lt; &", "\\&lt; \\&");
        check("", "");
        check("red \u{1b}[31m text", "red \u{fffd}\\[31m text");
        check("\u{202e}drawkcab", "\u{fffd}drawkcab");
    }

    #[test]
    fn code_cannot_be_broken_out_of() {
        assert_eq!(code("a.b"), "`a.b`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(code("a  b/c  d.py:1"), "`a  b/c  d.py:1`");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(code("a\nb"), "`a\u{fffd}b`");
        assert_eq!(code_block("  x = '''```'''\n\n    y\n", ""), "````python\nx = '''```'''\n\n  y\n````\n");
    }
}

//! Where a place inside a string's value stands in the TOML text that wrote it.

use std::ops::Range;

/// The bytes of `text` that wrote `inside` (a byte range of the string's value), when the
/// string literal stands at `literal`. Always within the literal and on character boundaries.
pub(super) fn place_in_literal(text: &str, literal: Range<usize>, inside: Range<usize>) -> Range<usize> {
    let Some(raw) = text.get(literal.clone()) else { return literal };
    let quote = match raw.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => *quote,
        _ => return literal,
    };
    let delimiter = if raw.len() >= 6 && raw.as_bytes()[..3] == [quote; 3] { 3 } else { 1 };
    let mut rest = &raw[delimiter..raw.len().saturating_sub(delimiter).max(delimiter)];
    if delimiter == 3 {
        rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
    }
    let content_start = literal.start + (rest.as_ptr() as usize - raw.as_ptr() as usize);
    let content_end = content_start + rest.len();
    let mut value_offset = 0;
    let mut start = None;
    let mut offset = 0;
    while offset < rest.len() {
        let (raw_length, value_length) = one_unit(&rest[offset..], quote, delimiter == 3);
        if value_length > 0 {
            if start.is_none() && value_offset + value_length > inside.start {
                start = Some(offset);
            }
            if value_offset >= inside.end {
                break;
            }
        }
        value_offset += value_length;
        offset += raw_length;
    }
    let start = content_start + start.unwrap_or(rest.len());
    let end = (content_start + offset).clamp(start, content_end.max(start));
    start..end
}

/// Length in the text and length in the value of the next character or escape.
fn one_unit(rest: &str, quote: u8, multi_line: bool) -> (usize, usize) {
    let mut characters = rest.chars();
    let first = characters.next().map_or(1, char::len_utf8);
    if quote != b'"' || !rest.starts_with('\\') {
        return (first, first);
    }
    let digits = match characters.next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(' ' | '\t' | '\r' | '\n') if multi_line => {
            let gone = rest[1..].len() - rest[1..].trim_start_matches([' ', '\t', '\r', '\n']).len();
            return (1 + gone, 0);
        }
        Some(escaped) => return (1 + escaped.len_utf8(), 1),
        None => return (1, 1),
    };
    let Some(hexadecimal) = rest.get(2..2 + digits) else { return (rest.len(), 1) };
    let length = u32::from_str_radix(hexadecimal, 16).ok().and_then(char::from_u32).map_or(1, char::len_utf8);
    (2 + digits, length)
}

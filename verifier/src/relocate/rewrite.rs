//! Bringing the catalogue up to date: only the values that changed are replaced, and every
//! comment, space and line stays as it was written.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::Relocation;
use crate::anchors::Candidate;
use crate::catalogue::{Catalogue, LineHint};

/// The catalogue's text with the anchors of moved claims brought up to date. What is only likely is
/// left alone, as what is open or lost: a guess would tie the claim to other code for good.
pub fn rewritten(catalogue: &Catalogue, relocations: &[Relocation]) -> String {
    let mut text = catalogue.text.to_string();
    let Ok(document) = DeTable::parse(&catalogue.text) else { return text };
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for relocation in relocations {
        let Some(candidate) = relocation.now.moved() else { continue };
        let Some(claim) = table_of(document.get_ref(), relocation.claim.id.as_str()) else { continue };
        for (key, value) in values(candidate) {
            let Some(old) = claim.get(key) else { continue };
            let written = literal(&catalogue.text[old.span()], old.get_ref(), &value);
            edits.extend(written.map(|written| (old.span(), written)));
        }
    }
    // From the end, so that the places before an edit stay good.
    edits.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    for (place, value) in edits {
        text.replace_range(place, &value);
    }
    text
}

/// A value in the style of the one that it replaces, which is written as `old`: in quotes of the
/// same kind, or as a number where it still is one. None when nothing changes.
fn literal(old: &str, was: &DeValue, value: &str) -> Option<String> {
    let is_same = match was {
        DeValue::Integer(number) => number.to_string() == value,
        was => was.as_str() == Some(value),
    };
    if is_same {
        return None;
    }
    let is_number = was.is_integer() && value.bytes().all(|byte| byte.is_ascii_digit());
    // Between single quotes nothing can be escaped.
    let is_literal = old.starts_with('\'')
        && !old.starts_with("'''")
        && !value.contains(|character: char| character == '\'' || character.is_control());
    Some(if is_number {
        value.to_owned()
    } else if is_literal {
        format!("'{value}'")
    } else {
        toml::Value::String(value.to_owned()).to_string()
    })
}

/// A line range as the catalogue writes it.
pub(super) fn written(lines: LineHint) -> String {
    if lines.first == lines.last {
        lines.first.to_string()
    } else {
        format!("{}-{}", lines.first, lines.last)
    }
}

fn values(candidate: &Candidate) -> Vec<(&'static str, String)> {
    let mut values = vec![("file", candidate.file.to_string())];
    values.extend(candidate.symbol.clone().map(|symbol| ("symbol", symbol)));
    values.extend(candidate.lines.map(|lines| ("lines", written(lines))));
    values
}

/// The table of a claim, by its full id.
fn table_of<'t>(document: &'t DeTable<'t>, id: &str) -> Option<&'t DeTable<'t>> {
    let (finding, claim) = id.split_once('/')?;
    let finding = with_id(document, "finding", finding)?;
    with_id(finding, "claim", claim)
}

fn with_id<'t>(table: &'t DeTable<'t>, key: &str, id: &str) -> Option<&'t DeTable<'t>> {
    let items = table.get(key)?.get_ref().as_array()?;
    items
        .iter()
        .filter_map(|item| item.get_ref().as_table())
        .find(|table| table.get("id").map(|id| id.get_ref()).and_then(DeValue::as_str) == Some(id))
}

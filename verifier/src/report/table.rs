//! Tables for people: one per severity, then what does not compile, what looks alike, and the
//! counts. Colour repeats what the words say.

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use owo_colors::{OwoColorize, Style as Ink};

use crate::anchors::{self, Anchor, Whereabouts};
use crate::catalogue::Severity;
use crate::evidence::Site;
use crate::examined::ExaminedFinding;
use crate::report::escape::{one_line, visible};
use crate::report::{Style, counted};
use crate::verdict::FindingVerdict;
use crate::verification::Verification;

/// Renders the tables.
pub fn render(verification: &Verification, style: Style) -> String {
    let mut text = String::new();
    let columns = Columns::new(verification, style.width);
    for severity in Severity::ALL {
        let findings: Vec<&ExaminedFinding> =
            verification.findings.iter().filter(|examined| examined.finding.severity == severity).collect();
        if findings.is_empty() {
            continue;
        }
        let heading = format!("{} ({})", severity.name(), findings.len());
        push(&mut text, &ink(&heading.to_uppercase(), Ink::new().bold(), style));
        push(&mut text, &table(&findings, columns, style));
        push(&mut text, "");
    }
    broken_files(verification, style, &mut text);
    moved(verification, style, &mut text);
    suggestions(verification, style, &mut text);
    summary(verification, style, &mut text);
    text
}

fn table(findings: &[&ExaminedFinding], columns: Columns, style: Style) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_width(u16::try_from(style.width).unwrap_or(u16::MAX))
        .set_content_arrangement(ContentArrangement::Dynamic);
    let mut header = vec!["Id", "Severity", "Verdict", "How"];
    let mut widths = vec![columns.id, SEVERITY, VERDICT, HOW];
    match columns.place {
        // Side by side, place and reason need more columns than a narrow terminal has.
        None => {
            header.push("Where now, and why");
            widths.push(columns.because);
        }
        Some(place) => {
            header.extend(["Where now", "Why"]);
            widths.extend([place, columns.because]);
        }
    }
    table.set_header(header);
    for examined in findings {
        let verdict = examined.verdict();
        let words = verdict.words();
        // Too wide for its column, and colours must not run across the line break.
        let lines = if words.len() > VERDICT { words.split(' ').collect() } else { vec![words] };
        let lines: Vec<String> =
            lines.into_iter().map(|line| ink(line, verdict_ink(verdict), style)).collect();
        let mut cells = vec![
            Cell::new(&examined.finding.id),
            Cell::new(examined.finding.severity.name()),
            Cell::new(lines.join("\n")),
            Cell::new(examined.strength().map_or_else(|| "-".to_owned(), |strength| strength.to_string())),
        ];
        let because = one_line(&examined.because());
        match columns.place {
            None => cells.push(Cell::new(format!("{}\n{because}", place(examined, columns.because)))),
            Some(width) => cells.extend([Cell::new(place(examined, width)), Cell::new(because)]),
        }
        table.add_row(cells);
    }
    table.set_constraints(widths.into_iter().map(|width| {
        let width = u16::try_from(width + PADDING).unwrap_or(u16::MAX);
        ColumnConstraint::Absolute(Width::Fixed(width))
    }));
    table.trim_fmt()
}

/// The widths of what differs between terminals and catalogues, without padding. All tables of
/// one rendering share them, so that their columns stand under each other.
#[derive(Clone, Copy)]
struct Columns {
    id: usize,
    /// None when place and reason share the last column.
    place: Option<usize>,
    because: usize,
}

const SEVERITY: usize = "critical".len();
const VERDICT: usize = "undetermined".len();
const HOW: usize = "inspected".len();
/// One blank on each side.
const PADDING: usize = 2;
/// The blank line between two columns.
const GAP: usize = 1;

impl Columns {
    fn new(verification: &Verification, width: usize) -> Self {
        let ids = verification.findings.iter().map(|examined| examined.finding.id.as_str().chars().count());
        let id = ids.max().unwrap_or(2).max(2);
        let fixed = id + SEVERITY + VERDICT + HOW + 4 * (PADDING + GAP);
        let rest = width.saturating_sub(fixed);
        if rest >= 72 {
            let place = (rest - 2 * PADDING - GAP) / 2;
            Self { id, place: Some(place), because: rest - 2 * PADDING - GAP - place }
        } else {
            Self { id, place: None, because: rest.saturating_sub(PADDING).max(20) }
        }
    }
}

/// Where it is now: the first place of the claim that the last column speaks of, broken at
/// slashes so that a path is never cut inside a name, and how many more there are.
fn place(examined: &ExaminedFinding, width: usize) -> String {
    let decisive = examined.decisive().map_or_else(Vec::new, |claim| claim.sites());
    let locations = examined.locations();
    let sites = if locations.is_empty() { &decisive } else { &locations };
    let Some(first) = decisive.first().or(sites.first()) else {
        let file = examined.decisive().and_then(|claim| claim.file());
        return file.map_or_else(|| "-".to_owned(), |file| at_slashes(&visible(file.as_str()), width));
    };
    let mut text = at_slashes(&visible(&short(first)), width);
    if sites.len() > 1 {
        text.push_str(&format!("\n+ {}", counted(sites.len() - 1, "more place", "more places")));
    }
    text
}

fn short(site: &Site) -> String {
    if site.end_line > site.line {
        format!("{}:{}-{}", site.file, site.line, site.end_line)
    } else {
        format!("{}:{}", site.file, site.line)
    }
}

fn at_slashes(path: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for part in path.split_inclusive('/') {
        let part_length = part.chars().count();
        if length > 0 && length + part_length > width {
            lines.push('\n');
            length = 0;
        }
        lines.push_str(part);
        length += part_length;
    }
    lines
}

fn broken_files(verification: &Verification, style: Style, text: &mut String) {
    if verification.broken_files.is_empty() {
        return;
    }
    push(text, &ink("CITED FILES THAT DO NOT COMPILE", Ink::new().bold(), style));
    for broken in &verification.broken_files {
        let findings: Vec<&str> = broken.findings.iter().map(|id| id.as_str()).collect();
        let file = ink(&visible(broken.file.as_str()), Ink::new().red(), style);
        push(text, &format!(" {file}:{}", broken.line));
        wrapped(text, 3, &format!("{} (cited by {})", broken.message, findings.join(", ")), style);
    }
    push(text, "");
}

/// Claims whose code is not where the catalogue says and may be elsewhere; those that are about
/// the same code share an entry.
fn moved(verification: &Verification, style: Style, text: &mut String) {
    let mut moves: Vec<(String, &Whereabouts, Vec<&str>)> = Vec::new();
    for claim in verification.findings.iter().flat_map(|examined| &examined.claims) {
        let (Some(whereabouts), Some(was)) = (&claim.whereabouts, Anchor::of(claim.claim)) else { continue };
        if whereabouts.candidates().is_empty() {
            continue;
        }
        let was = anchors::place(&was.file, was.symbol.as_deref());
        match moves.iter_mut().find(|(other, now, _)| *other == was && *now == whereabouts) {
            Some((_, _, claims)) => claims.push(claim.claim.id.as_str()),
            None => moves.push((was, whereabouts, vec![claim.claim.id.as_str()])),
        }
    }
    if moves.is_empty() {
        return;
    }
    push(text, &ink("CODE THAT HAS MOVED", Ink::new().bold(), style));
    for (was, whereabouts, claims) in moves {
        wrapped(text, 1, &format!("was at {was} ({})", claims.join(", ")), style);
        let word = if whereabouts.moved().is_some() { "is at" } else { "may be at" };
        for candidate in whereabouts.candidates() {
            wrapped(text, 3, &format!("{word} {}: {}", candidate.place(), candidate.because), style);
        }
    }
    push(text, "");
}

fn suggestions(verification: &Verification, style: Style, text: &mut String) {
    for suggestion in &verification.suggestions {
        let (first, second) = (&suggestion.first, &suggestion.second);
        wrapped(text, 0, &format!("{first} and {second} may be the same bug: {}", suggestion.because), style);
    }
    if !verification.suggestions.is_empty() {
        push(text, "");
    }
}

fn summary(verification: &Verification, style: Style, text: &mut String) {
    let mut counts = Vec::new();
    for verdict in FindingVerdict::ALL {
        let count = verification.count(verdict);
        if count > 0 {
            counts.push((format!("{count} {}", verdict.words()), verdict_ink(verdict)));
        }
    }
    let findings = counted(verification.findings.len(), "finding", "findings");
    let bugs = counted(verification.bugs.len(), "bug", "bugs");
    if counts.is_empty() {
        push(text, &format!("{findings}: nothing was selected"));
        return;
    }
    // Broken between counts, and measured without their colours.
    let mut line = format!("{findings}: ");
    let mut length = line.len();
    let last = counts.len() - 1;
    for (index, (count, colors)) in counts.into_iter().enumerate() {
        let comma = if index == last { "" } else { ", " };
        if index > 0 && length + count.len() + comma.trim_end().len() > style.width.max(40) {
            push(text, &line);
            line = "  ".to_owned();
            length = line.len();
        }
        length += count.len() + comma.len();
        line.push_str(&ink(&count, colors, style));
        line.push_str(comma);
    }
    push(text, &line);
    let target = match &verification.target.revision {
        Some(revision) => format!("{} at {}", verification.target.root, short_revision(revision)),
        None => verification.target.root.clone(),
    };
    push(text, &format!("{bugs} in {target}, examined in {:.2} s", verification.elapsed.as_secs_f64()));
}

fn short_revision(revision: &str) -> &str {
    revision.get(..12).unwrap_or(revision)
}

pub(super) fn verdict_ink(verdict: FindingVerdict) -> Ink {
    match verdict {
        FindingVerdict::Confirmed | FindingVerdict::PartlyConfirmed => Ink::new().red().bold(),
        FindingVerdict::Fixed | FindingVerdict::NotReal | FindingVerdict::Refuted => Ink::new().green(),
        FindingVerdict::Disputed | FindingVerdict::Undetermined => Ink::new().yellow(),
    }
}

fn ink(text: &str, ink: Ink, style: Style) -> String {
    if style.color { text.style(ink).to_string() } else { text.to_owned() }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A sentence over as many lines as it needs: what follows the first is indented further.
fn wrapped(text: &mut String, indent: usize, sentence: &str, style: Style) {
    let sentence = one_line(sentence);
    let mut line = " ".repeat(indent);
    let mut is_empty = true;
    for word in sentence.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > style.width.max(40) {
            push(text, &line);
            line = " ".repeat(indent + 2);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    push(text, &line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{PLAIN, with_catalogue, with_sample};

    #[test]
    fn sample_as_table() {
        insta::assert_snapshot!(with_sample(|verification| render(verification, PLAIN)));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 100] {
            let text = with_sample(|verification| render(verification, Style { width, ..PLAIN }));
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width), "{text}");
        }
    }

    #[test]
    fn a_file_name_cannot_speak_to_the_terminal() {
        const CATALOGUE: &str = r#"
[[report]]
id = "R1"
title = "An audit"

[[finding]]
id = "R1-1"
report = "R1"
severity = "low"
title = "A loop"
bug = "It does not end."

[[finding.claim]]
id = "endless"
says = "nothing leaves the loop"
file = "a\u001b[31m.py"
static = { endless-loop = true }

[[finding.claim]]
id = "broken"
says = "the file does not compile"
file = "b\u001b[31m.py"
static = { syntax = "error" }
"#;
        let target = "--- a\u{1b}[31m.py\nwhile True:\n    pass\n--- b\u{1b}[31m.py\ndef f(:\n";
        with_catalogue(CATALOGUE, target, |verification| {
            let pages = verification.findings.iter();
            let pages =
                pages.map(|examined| crate::report::explanation::render(verification, examined, None, PLAIN));
            for text in pages.chain([render(verification, PLAIN)]) {
                assert!(text.contains("a\u{fffd}[31m.py:1"), "{text}");
                assert!(!text.contains('\u{1b}'), "{text}");
            }
        });
    }
}

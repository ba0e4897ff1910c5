//! Tables for people: one per severity, then what does not compile, what looks alike, and the
//! counts. Colour repeats what the words say.

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use owo_colors::{OwoColorize, Style as Ink};

use crate::anchors::{self, Anchor, Whereabouts};
use crate::catalogue::Severity;
use crate::evidence::Site;
use crate::examined::ExaminedFinding;
use crate::report::escape::one_line;
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
    suggestions(verification, &mut text);
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
        return file.map_or_else(|| "-".to_owned(), |file| at_slashes(file.as_str(), width));
    };
    let mut text = at_slashes(&short(first), width);
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
        push(text, &format!(" {}:{}", ink(broken.file.as_str(), Ink::new().red(), style), broken.line));
        push(text, &format!("   {} (cited by {})", one_line(&broken.message), findings.join(", ")));
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
        push(text, &format!(" was at {was} ({})", claims.join(", ")));
        let word = if whereabouts.moved().is_some() { "is at" } else { "may be at" };
        for candidate in whereabouts.candidates() {
            push(text, &format!("   {word} {}: {}", candidate.place(), candidate.because));
        }
    }
    push(text, "");
}

fn suggestions(verification: &Verification, text: &mut String) {
    for suggestion in &verification.suggestions {
        push(
            text,
            &format!(
                "{} and {} may be the same bug: {}",
                suggestion.first,
                suggestion.second,
                one_line(&suggestion.because)
            ),
        );
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
            counts.push(ink(&format!("{count} {}", verdict.words()), verdict_ink(verdict), style));
        }
    }
    let findings = counted(verification.findings.len(), "finding", "findings");
    let bugs = counted(verification.bugs.len(), "bug", "bugs");
    if counts.is_empty() {
        push(text, &format!("{findings}: nothing was selected"));
        return;
    }
    push(text, &format!("{findings}: {}", counts.join(", ")));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{PLAIN, with_sample};

    #[test]
    fn sample_as_table() {
        insta::assert_snapshot!(with_sample(|verification| render(verification, PLAIN)));
    }
}

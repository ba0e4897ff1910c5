//! What a search found: as text like ripgrep's, as a table, as JSON.

use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::{OwoColorize, Style as Ink};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::grep::{Found, Report};
use crate::report::escape::{one_line, visible};
use crate::report::{Style, counted};

/// Files as headings, the lines of each match below them, and what metavariables stand for.
pub fn text(report: &Report, style: Style) -> String {
    let paint =
        |text: &str, ink: Ink| if style.color { text.style(ink).to_string() } else { text.to_owned() };
    let mut text = String::new();
    let mut file = None;
    for found in &report.found {
        if file != Some(&found.file) {
            if file.is_some() {
                text.push('\n');
            }
            text.push_str(&paint(&visible(&found.file), Ink::new().magenta()));
            text.push('\n');
            file = Some(&found.file);
        }
        for (number, line) in (found.line..).zip(found.excerpt.lines()) {
            // A match of a whole class is not read line by line here.
            if number == found.line + MOST_LINES {
                text.push_str(&format!("{}-{}\n", paint("…", Ink::new().green()), found.end_line));
                break;
            }
            let mark = if number == found.line { ':' } else { '-' };
            text.push_str(&format!(
                "{}{mark}{}\n",
                paint(&number.to_string(), Ink::new().green()),
                visible(line).trim_end()
            ));
        }
        if let Some(rule) = &found.rule {
            text.push_str(&format!("    {}\n", paint(&visible(rule), Ink::new().bold())));
        }
        for (name, value) in &found.metavariables {
            text.push_str(&format!("    {} = {}\n", paint(name, Ink::new().cyan()), shortened(value)));
        }
    }
    text
}

/// Lines of one match that are shown.
const MOST_LINES: u32 = 10;

/// One row per match.
pub fn table(report: &Report, style: Style) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_width(u16::try_from(style.width).unwrap_or(u16::MAX))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["Place", "Code", "Metavariables"]);
    for found in &report.found {
        let values: Vec<String> = found
            .metavariables
            .iter()
            .map(|(name, value)| format!("{name} = {}", shortened(value)))
            .collect();
        table.add_row([
            format!("{}:{}", visible(&found.file), found.line),
            shortened(found.excerpt.lines().next().unwrap_or_default()),
            values.join("\n"),
        ]);
    }
    format!(
        "{}\n{} in {}\n",
        table.trim_fmt(),
        counted(report.found.len(), "match", "matches"),
        counted(usize::try_from(report.searched.files).unwrap_or(usize::MAX), "file", "files"),
    )
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    let line = one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// `{"matches": [{"file", "line", "column", "end_line", "metavariables"}]}`.
pub fn json(report: &Report) -> String {
    let document = Document {
        version: super::json::VERSION,
        matches: report.found.iter().map(row).collect(),
        searched: Searched { files: report.searched.files, parsed: report.searched.parsed },
        blind: report.searched.blind.iter().map(crate::static_checks::describe).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("these types always serialise");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    matches: Vec<Row<'r>>,
    searched: Searched,
    blind: Vec<String>,
}

#[derive(Serialize)]
struct Searched {
    files: u32,
    parsed: u32,
}

#[derive(Serialize)]
struct Row<'r> {
    file: &'r str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    metavariables: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'r str>,
}

fn row(found: &Found) -> Row<'_> {
    Row {
        file: &found.file,
        line: found.line,
        column: found.column,
        end_line: found.end_line,
        end_column: found.end_column,
        metavariables: found
            .metavariables
            .iter()
            .map(|(name, value)| (name.clone(), Value::String(value.clone())))
            .collect(),
        rule: found.rule.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence;

    fn sample() -> Report {
        let found = |line, excerpt: &str, metavariables: &[(&str, &str)]| Found {
            file: "app/server.py".to_owned(),
            line,
            column: 5,
            end_line: line,
            end_column: 9,
            excerpt: excerpt.to_owned(),
            metavariables: metavariables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            rule: None,
        };
        Report {
            found: vec![
                found(3, "    s.bind(\u{1b}80)", &[("$PORT", "80"), ("$S", "s")]),
                found(9, "    t.bind()", &[]),
            ],
            searched: evidence::Searched { files: 2, parsed: 1, ..Default::default() },
        }
    }

    const PLAIN: Style = Style { color: false, width: 80, excerpts: false };

    #[test]
    fn sample_as_text() {
        assert_eq!(
            text(&sample(), PLAIN),
            "app/server.py\n3:    s.bind(\u{fffd}80)\n    $PORT = 80\n    $S = s\n9:    t.bind()\n"
        );
    }

    #[test]
    fn sample_as_table() {
        let table = table(&sample(), PLAIN);
        assert!(table.contains("app/server.py:3") && table.ends_with("2 matches in 2 files\n"), "{table}");
    }

    #[test]
    fn json_is_read_back() {
        let document: Value = serde_json::from_str(&json(&sample())).unwrap();
        assert_eq!(document["matches"][0]["line"], 3);
        assert_eq!(document["matches"][0]["metavariables"]["$PORT"], "80");
        assert_eq!(document["matches"][1]["file"], "app/server.py");
    }
}

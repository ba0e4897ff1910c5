//! The catalogue as it stands in the file: every key, with the place where it was written.
//! Here a value has the right type of TOML and nothing more; what it means is `validate`'s work.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problems::{Sink, closest, quoted};

/// A text and where it stands.
pub(super) type Text = Spanned<String>;

/// Where a table stands, and which keys it has, also those whose values have the wrong type: a
/// value that has been refused is not missing.
pub(super) struct Header {
    pub(super) place: Range<usize>,
    keys: Vec<String>,
}

impl Header {
    fn of(table: &Table<'_>) -> Self {
        Self { place: table.place(), keys: table.keys().into_iter().map(|(key, _)| key.to_owned()).collect() }
    }

    /// Whether one of these keys is there.
    pub(super) fn has(&self, keys: &[&str]) -> bool {
        self.keys.iter().any(|key| keys.contains(&key.as_str()))
    }
}

/// The whole file.
#[derive(Default)]
pub(super) struct RawCatalogue<'t> {
    pub(super) target: RawTarget,
    pub(super) reports: Vec<RawReport>,
    pub(super) findings: Vec<RawFinding<'t>>,
}

/// `[target]` and `[target.python]`.
#[derive(Default)]
pub(super) struct RawTarget {
    pub(super) root: Option<Text>,
    pub(super) was: Option<Text>,
    pub(super) exclude: Vec<Text>,
    pub(super) path: Vec<Text>,
    pub(super) stubs: Vec<Text>,
    pub(super) requirements: Vec<Text>,
}

/// `[[report]]`.
pub(super) struct RawReport {
    pub(super) header: Header,
    pub(super) id: Option<Text>,
    pub(super) title: Option<Text>,
    pub(super) file: Option<Text>,
    pub(super) commit: Option<Text>,
}

/// `[[finding]]`.
pub(super) struct RawFinding<'t> {
    pub(super) header: Header,
    pub(super) id: Option<Text>,
    pub(super) report: Option<Text>,
    pub(super) severity: Option<Text>,
    pub(super) title: Option<Text>,
    pub(super) bug: Option<Text>,
    pub(super) root_cause: Option<Text>,
    pub(super) impact: Option<Text>,
    pub(super) fix: Option<Text>,
    pub(super) same_as: Option<Text>,
    pub(super) part_of: Option<Text>,
    pub(super) claims: Vec<RawClaim<'t>>,
}

/// `[[finding.claim]]`.
pub(super) struct RawClaim<'t> {
    pub(super) header: Header,
    pub(super) id: Option<Text>,
    pub(super) role: Option<Text>,
    pub(super) says: Option<Text>,
    pub(super) file: Option<Text>,
    pub(super) files: Option<Spanned<Vec<Text>>>,
    pub(super) symbol: Option<Text>,
    pub(super) lines: Option<Text>,
    /// The tables of the checks are read by what knows the kinds.
    pub(super) static_check: Option<Table<'t>>,
    pub(super) import_check: Option<Table<'t>>,
    pub(super) inspect_check: Option<Table<'t>>,
    pub(super) probe_check: Option<Table<'t>>,
    pub(super) example: Option<RawExample>,
}

/// `example = { holds = '''…''', fails = '''…''' }`.
pub(super) struct RawExample {
    pub(super) place: Range<usize>,
    pub(super) holds: Option<Text>,
    pub(super) fails: Option<Text>,
}

impl<'t> RawCatalogue<'t> {
    pub(super) fn read(document: &'t Spanned<DeTable<'t>>, sink: &Sink) -> Self {
        let mut table = Table::new(document.get_ref(), document.span(), "the catalogue");
        let catalogue = Self {
            target: table
                .table("target", "`[target]`", sink)
                .map(|table| RawTarget::read(table, sink))
                .unwrap_or_default(),
            reports: table
                .tables("report", "`[[report]]`", sink)
                .into_iter()
                .map(|table| RawReport::read(table, sink))
                .collect(),
            findings: table
                .tables("finding", "`[[finding]]`", sink)
                .into_iter()
                .map(|table| RawFinding::read(table, sink))
                .collect(),
        };
        table.finish(sink);
        catalogue
    }
}

impl RawTarget {
    fn read(mut table: Table<'_>, sink: &Sink) -> Self {
        let mut target = Self {
            root: table.text("root", sink),
            was: table.text("was", sink),
            exclude: table.texts("exclude", sink).map(Spanned::into_inner).unwrap_or_default(),
            ..Self::default()
        };
        if let Some(mut python) = table.table("python", "`[target.python]`", sink) {
            target.path = python.texts("path", sink).map(Spanned::into_inner).unwrap_or_default();
            target.stubs = python.texts("stubs", sink).map(Spanned::into_inner).unwrap_or_default();
            target.requirements =
                python.texts("requirements", sink).map(Spanned::into_inner).unwrap_or_default();
            python.finish(sink);
        }
        table.finish(sink);
        target
    }
}

impl RawReport {
    fn read(mut table: Table<'_>, sink: &Sink) -> Self {
        let report = Self {
            header: Header::of(&table),
            id: table.text("id", sink),
            title: table.text("title", sink),
            file: table.text("file", sink),
            commit: table.text("commit", sink),
        };
        table.finish(sink);
        report
    }
}

impl<'t> RawFinding<'t> {
    fn read(mut table: Table<'t>, sink: &Sink) -> Self {
        let finding = Self {
            header: Header::of(&table),
            id: table.text("id", sink),
            report: table.text("report", sink),
            severity: table.text("severity", sink),
            title: table.text("title", sink),
            bug: table.text("bug", sink),
            root_cause: table.text("root-cause", sink),
            impact: table.text("impact", sink),
            fix: table.text("fix", sink),
            same_as: table.text("same-as", sink),
            part_of: table.text("part-of", sink),
            claims: table
                .tables("claim", "`[[finding.claim]]`", sink)
                .into_iter()
                .map(|table| RawClaim::read(table, sink))
                .collect(),
        };
        table.finish(sink);
        finding
    }
}

impl<'t> RawClaim<'t> {
    fn read(mut table: Table<'t>, sink: &Sink) -> Self {
        let claim = Self {
            header: Header::of(&table),
            id: table.text("id", sink),
            role: table.text("role", sink),
            says: table.text("says", sink),
            file: table.text("file", sink),
            files: table.texts("files", sink),
            symbol: table.text("symbol", sink),
            lines: table.text_or_number("lines", sink),
            static_check: table.table("static", "`static`", sink),
            import_check: table.table("import", "`import`", sink),
            inspect_check: table.table("inspect", "`inspect`", sink),
            probe_check: table.table("probe", "`probe`", sink),
            example: table.table("example", "`example`", sink).map(|table| RawExample::read(table, sink)),
        };
        table.finish(sink);
        claim
    }
}

impl RawExample {
    fn read(mut table: Table<'_>, sink: &Sink) -> Self {
        let example =
            Self { place: table.place(), holds: table.text("holds", sink), fails: table.text("fails", sink) };
        table.finish(sink);
        example
    }
}

/// A TOML table being read. Keys that nothing asked for are unknown, and [`finish`](Self::finish)
/// says so.
#[derive(Clone)]
pub(super) struct Table<'t> {
    entries: &'t DeTable<'t>,
    place: Range<usize>,
    name: &'static str,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    fn new(entries: &'t DeTable<'t>, place: Range<usize>, name: &'static str) -> Self {
        Self { entries, place, name, asked: Vec::new() }
    }

    /// Where the table stands: its header, or all of it when it is inline.
    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// The keys, each with its place, in the order of the file.
    pub(super) fn keys(&self) -> Vec<(&'t str, Range<usize>)> {
        let mut keys: Vec<_> =
            self.entries.iter().map(|(key, _)| (key.get_ref().as_ref(), key.span())).collect();
        keys.sort_by_key(|(_, place)| place.start);
        keys
    }

    /// The place of a key, without asking for its value.
    pub(super) fn key_place(&self, wanted: &str) -> Option<Range<usize>> {
        self.keys().into_iter().find(|(key, _)| *key == wanted).map(|(_, place)| place)
    }

    /// The value of a key, whatever it is.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.iter().find(|(candidate, _)| candidate.get_ref() == key).map(|(_, value)| value)
    }

    pub(super) fn text(&mut self, key: &'static str, sink: &Sink) -> Option<Text> {
        text_of(self.value(key)?, key, sink)
    }

    /// One text, or a list of texts.
    pub(super) fn texts(&mut self, key: &'static str, sink: &Sink) -> Option<Spanned<Vec<Text>>> {
        let value = self.value(key)?;
        let texts = match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|item| text_of(item, key, sink)).collect(),
            DeValue::String(_) => vec![text_of(value, key, sink)?],
            other => {
                wrong_type(value.span(), key, other, "a text or a list of texts", sink);
                return None;
            }
        };
        Some(Spanned::new(value.span(), texts))
    }

    /// A text; a whole number stands for its digits.
    pub(super) fn text_or_number(&mut self, key: &'static str, sink: &Sink) -> Option<Text> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Integer(number) => Some(Spanned::new(value.span(), number.to_string())),
            _ => text_of(value, key, sink),
        }
    }

    /// A text that is the `repr` of a Python value; numbers and truths may be written as such.
    pub(super) fn python_value(&mut self, key: &'static str, sink: &Sink) -> Option<Text> {
        python_value_of(self.value(key)?, key, sink)
    }

    pub(super) fn boolean(&mut self, key: &'static str, sink: &Sink) -> Option<Spanned<bool>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Boolean(answer) => Some(Spanned::new(value.span(), *answer)),
            other => {
                wrong_type(value.span(), key, other, "`true` or `false`", sink);
                None
            }
        }
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&mut self, key: &'static str, sink: &Sink) -> Option<Spanned<u32>> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            wrong_type(value.span(), key, value.get_ref(), "a whole number from 0 to 4294967295", sink);
        }
        number.map(|number| Spanned::new(value.span(), number))
    }

    /// A number, whole or not.
    pub(super) fn number(&mut self, key: &'static str, sink: &Sink) -> Option<Spanned<f64>> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) =>
            {
                #[expect(clippy::cast_precision_loss, reason = "bounds beyond 2^53 may be off by one")]
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number as f64)
            }
            DeValue::Float(number) => number.as_str().parse().ok().filter(|number: &f64| !number.is_nan()),
            _ => None,
        };
        if number.is_none() {
            wrong_type(value.span(), key, value.get_ref(), "a number", sink);
        }
        number.map(|number| Spanned::new(value.span(), number))
    }

    pub(super) fn table(&mut self, key: &'static str, name: &'static str, sink: &Sink) -> Option<Table<'t>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(entries) => Some(Table::new(entries, value.span(), name)),
            other => {
                wrong_type(value.span(), key, other, "a table", sink);
                None
            }
        }
    }

    /// A list of tables: `[[key]]`, or an array of inline tables.
    pub(super) fn tables(&mut self, key: &'static str, name: &'static str, sink: &Sink) -> Vec<Table<'t>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let help = format!("write {name} with two brackets: there can be several");
            sink.add(
                value.span(),
                format!("`{key}` is {}, not a list of tables", type_name(value.get_ref())),
                "",
                help,
            );
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| match item.get_ref() {
                DeValue::Table(entries) => Some(Table::new(entries, item.span(), name)),
                other => {
                    wrong_type(item.span(), key, other, "a table", sink);
                    None
                }
            })
            .collect()
    }

    /// Every entry of a table whose keys are free.
    pub(super) fn every_entry(&self) -> Vec<(Text, &'t Spanned<DeValue<'t>>)> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| (Spanned::new(key.span(), key.get_ref().clone().into_owned()), value))
            .collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    /// Reports every key that nothing asked for.
    pub(super) fn finish(self, sink: &Sink) {
        for (key, place) in self.keys() {
            if self.asked.contains(&key) {
                continue;
            }
            let help = match closest(key, self.asked.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{} knows {}", self.name, quoted(self.asked.iter().copied())),
            };
            sink.add(place, format!("unknown key `{key}` in {}", self.name), "not known", help);
        }
    }
}

/// Reads a value as an inline table, for keys whose values may also be something shorter.
pub(super) fn as_table<'t>(value: &'t Spanned<DeValue<'t>>, name: &'static str) -> Option<Table<'t>> {
    match value.get_ref() {
        DeValue::Table(entries) => Some(Table::new(entries, value.span(), name)),
        _ => None,
    }
}

pub(super) fn text_of(value: &Spanned<DeValue<'_>>, key: &str, sink: &Sink) -> Option<Text> {
    match value.get_ref() {
        DeValue::String(text) => Some(Spanned::new(value.span(), text.clone().into_owned())),
        other => {
            wrong_type(value.span(), key, other, "a text", sink);
            None
        }
    }
}

/// The `repr` that Python has for a number or a truth; a text is one already.
pub(super) fn python_value_of(value: &Spanned<DeValue<'_>>, key: &str, sink: &Sink) -> Option<Text> {
    let text = match value.get_ref() {
        DeValue::Boolean(true) => "True".to_owned(),
        DeValue::Boolean(false) => "False".to_owned(),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => number.to_string(),
            Err(_) => number.as_str().to_owned(),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            // Both write the shortest text that reads back as the same number.
            Ok(number) if (1e-4..1e16).contains(&number.abs()) || number == 0.0 => format!("{number:?}"),
            Ok(_) | Err(_) => {
                let help = "write it as Python shows it, as a text";
                sink.add(value.span(), format!("`{key}` is written differently by Python"), "", help);
                return None;
            }
        },
        DeValue::String(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            return text_of(value, key, sink);
        }
    };
    Some(Spanned::new(value.span(), text))
}

/// Says that a value has the wrong type.
pub(super) fn wrong_type(place: Range<usize>, key: &str, value: &DeValue<'_>, wanted: &str, sink: &Sink) {
    let title = format!("`{key}` is {}, not {wanted}", type_name(value));
    let help = match wanted {
        "a text" => format!("write it in quotes: `{key} = \"…\"`"),
        "a text or a list of texts" => {
            format!("write `{key} = \"…\"`, or `{key} = [\"…\", \"…\"]` for several")
        }
        "a table" => format!("write `{key} = {{ … }}`"),
        "`true` or `false`" => format!("write `{key} = true` or `{key} = false`, without quotes"),
        _ => format!("write `{key} = …` with {wanted}"),
    };
    sink.add(place, title, format!("expected {wanted}"), help);
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

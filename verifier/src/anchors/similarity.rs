//! How much two pieces of code have in common: their lines, whatever their order.

use std::collections::HashMap;

/// The lines of a piece of code without indentation, blank lines and comments, and with its own
/// name taken out: a renamed function is the same function.
#[derive(Debug)]
pub(super) struct Fingerprint {
    lines: HashMap<String, usize>,
    count: usize,
}

impl Fingerprint {
    pub(super) fn of(code: &str, name: &str) -> Self {
        let mut lines = HashMap::new();
        let mut count = 0;
        for line in code.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            *lines.entry(without_name(line, name)).or_insert(0) += 1;
            count += 1;
        }
        Self { lines, count }
    }

    /// How many lines it has, counted as often as they occur.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The lines that the other does not have.
    pub(super) fn without(&self, other: &Self) -> Self {
        let left = |line: &String, count: usize| {
            count.saturating_sub(other.lines.get(line).copied().unwrap_or_default())
        };
        let lines: HashMap<String, usize> = self
            .lines
            .iter()
            .map(|(line, count)| (line.clone(), left(line, *count)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let count = lines.values().sum();
        Self { lines, count }
    }

    /// The longest lines: a file without any of them does not have the code.
    pub(super) fn telling_lines(&self) -> Vec<&str> {
        let mut lines: Vec<&str> =
            self.lines.keys().filter(|line| !line.contains(NAME)).map(String::as_str).collect();
        lines.sort_by_key(|line| (std::cmp::Reverse(line.len()), *line));
        lines.truncate(8);
        lines
    }
}

/// What stands for the name of the code itself; no source has it.
const NAME: char = '\u{1}';

fn without_name(line: &str, name: &str) -> String {
    if name.is_empty() || !line.contains(name) {
        return line.to_owned();
    }
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let mut result = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(name) {
        let end = start + name.len();
        let is_whole =
            !rest[..start].chars().next_back().is_some_and(is_part) && !rest[end..].starts_with(is_part);
        result.push_str(&rest[..start]);
        if is_whole {
            result.push(NAME);
        } else {
            result.push_str(name);
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    result
}

/// From 0, nothing in common, to 1, the same lines.
pub(super) fn similarity(one: &Fingerprint, other: &Fingerprint) -> f64 {
    let shared: usize = one
        .lines
        .iter()
        .map(|(line, count)| other.lines.get(line).map_or(0, |others| *count.min(others)))
        .sum();
    let all = one.count + other.count;
    #[expect(clippy::cast_precision_loss, reason = "no code has 2^53 lines")]
    if all == 0 { 0.0 } else { 2.0 * shared as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_reformatting_and_comments_do_not_matter() {
        let check = |one: (&str, &str), other: (&str, &str), expected: f64| {
            let alike = similarity(&Fingerprint::of(one.0, one.1), &Fingerprint::of(other.0, other.1));
            assert!((alike - expected).abs() < 0.01, "{alike}");
        };
        check(
            ("def f(x):\n    return f(x)\n", "f"),
            ("  def g(x):\n      # new\n\n      return g(x)\n", "g"),
            1.0,
        );
        check(("def f():\n    a()\n", "f"), ("def f():\n    b()\n", "f"), 0.5);
        check(("def f():\n    ff()\n", "f"), ("def g():\n    fg()\n", "g"), 0.5);
        check(("", ""), ("", ""), 0.0);
    }
}

//! The manual of each check kind: the doc comment of the module that answers it, and its
//! examples. `docs/checks.md` is all of them together; it is generated, and a test compares.

use crate::catalogue::CheckKind;
use crate::static_checks::{self, Example};

/// The manual page of a kind, as Markdown with a heading of the first level.
pub fn page(kind: CheckKind) -> String {
    let mut page = doc_comment(source(kind));
    if let Some(examples) = static_checks::examples(kind) {
        page.push_str("\nAn example that holds:\n\n");
        push_example(&mut page, &examples.holds);
        page.push_str("\nAnd one that does not:\n\n");
        push_example(&mut page, &examples.does_not_hold);
    }
    page
}

/// All pages as one document.
pub fn document() -> String {
    let mut text = String::from(
        "# Check kinds\n\n\
         <!-- Generated from the doc comments of the modules: `cargo xtask ci --update-docs`. -->\n\n\
         What a claim in `findings.toml` can ask. `cargo xtask explain KIND` shows one of these pages.\n\n",
    );
    for kind in CheckKind::ALL {
        text.push_str(&format!("- [`{0}`](#{0})\n", kind.name()));
    }
    for kind in CheckKind::ALL {
        text.push('\n');
        let mut in_code = false;
        for (index, line) in page(kind).lines().enumerate() {
            in_code ^= line.starts_with("```");
            match index {
                // The anchor of the list above, which no wording of the heading changes.
                0 => {
                    let title = line.trim_start_matches("# ");
                    text.push_str(&format!("<a id=\"{}\"></a>\n\n## {title}\n", kind.name()));
                }
                _ if line.starts_with('#') && !in_code => text.push_str(&format!("#{line}\n")),
                _ => text.push_str(&format!("{line}\n")),
            }
        }
    }
    text
}

/// The module that answers a kind.
fn source(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Syntax => include_str!("static_checks/syntax.rs"),
        CheckKind::Pattern => include_str!("static_checks/pattern.rs"),
        CheckKind::Flow => include_str!("static_checks/flow.rs"),
        CheckKind::Sequence => include_str!("static_checks/sequence.rs"),
        CheckKind::Attribute => include_str!("static_checks/attribute.rs"),
        CheckKind::AsyncFunction => include_str!("static_checks/async_function.rs"),
        CheckKind::Thread => include_str!("static_checks/thread.rs"),
        CheckKind::SharedState => include_str!("static_checks/shared_state.rs"),
        CheckKind::EndlessLoop => include_str!("static_checks/endless_loop.rs"),
        CheckKind::Handler => include_str!("static_checks/handler.rs"),
        CheckKind::Default => include_str!("static_checks/default.rs"),
        CheckKind::Call => include_str!("static_checks/call.rs"),
        CheckKind::UndefinedName => include_str!("static_checks/undefined_name.rs"),
        CheckKind::Unused => include_str!("static_checks/unused.rs"),
        CheckKind::Import => include_str!("runtime_checks/import.rs"),
        CheckKind::Inspect => include_str!("runtime_checks/inspect.rs"),
        CheckKind::Probe => include_str!("runtime_checks/probe.rs"),
    }
}

/// The `//!` lines at the top of a module.
fn doc_comment(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
}

fn push_example(page: &mut String, example: &Example) {
    page.push_str(&format!("```toml\n{}\n```\n\n", example.claim.trim()));
    page.push_str(&format!("```python\n{}\n```\n", example.python.trim_end()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kinds whose manual is still to be written. This list only shrinks.
    const UNWRITTEN: [CheckKind; 0] = [];

    #[test]
    fn every_kind_has_a_manual_with_its_name_in_the_heading() {
        for kind in CheckKind::ALL {
            if UNWRITTEN.contains(&kind) {
                continue;
            }
            let page = page(kind);
            let heading = page.lines().next().unwrap_or_default();
            assert!(heading.starts_with(&format!("# `{}`", kind.name())), "{}: {heading}", kind.name());
            for part in ["findings.toml", "cannot see"] {
                assert!(page.contains(part), "{} does not say `{part}`", kind.name());
            }
        }
    }

    #[test]
    fn headings_of_pages_are_below_that_of_the_document() {
        let document = document();
        let mut in_code = false;
        let mut headings = document.lines().filter(|line| {
            in_code ^= line.starts_with("```");
            line.starts_with("# ") && !in_code
        });
        assert_eq!(headings.next(), Some("# Check kinds"));
        assert_eq!(headings.next(), None);
    }
}

//! Patterns for text that is no Python, as `language: generic` has them: words, metavariables that stand
//! for a word, `...`, and everything else as it is written. They become regular expressions.

/// How far `...` reaches at most.
const MOST_LINES: u32 = 10;

/// The regular expression that finds what the pattern describes. Its named groups are the metavariables.
pub(super) fn regular_expression(pattern: &str) -> Result<String, String> {
    let mut regex = String::new();
    let mut names: Vec<&str> = Vec::new();
    let mut rest = pattern.trim();
    if rest.is_empty() {
        return Err("there is no pattern".to_owned());
    }
    while let Some(next) = rest.chars().next() {
        if !regex.is_empty() {
            regex.push_str(r"\s*");
        }
        let (name, behind) = split_word(rest.strip_prefix('$').unwrap_or_default());
        if let Some(behind) = rest.strip_prefix("...") {
            regex.push_str(&ellipsis());
            rest = behind;
        } else if let Some((name, behind)) = rest.strip_prefix("$...").map(split_word) {
            if name.is_empty() {
                return Err("a name was expected behind `$...`".to_owned());
            }
            regex.push_str(&group(name, &ellipsis(), &mut names));
            rest = behind;
        } else if is_metavariable(name) {
            regex.push_str(&group(name, r"\b\w+\b", &mut names));
            rest = behind;
        } else if is_of_word(next) {
            let (word, behind) = split_word(rest);
            regex.push_str(&format!(r"\b{word}\b"));
            rest = behind;
        } else {
            regex.push_str(&regex::escape(&rest[..next.len_utf8()]));
            rest = &rest[next.len_utf8()..];
        }
        rest = rest.trim_start();
    }
    Ok(regex)
}

fn ellipsis() -> String {
    format!(r"(?:[^\n]*\n){{0,{MOST_LINES}}}?[^\n]*?")
}

/// What stands for the name: the same as before, where it was there before.
fn group<'p>(name: &'p str, regex: &str, names: &mut Vec<&'p str>) -> String {
    if name == "_" {
        return regex.to_owned();
    }
    if names.contains(&name) {
        return format!(r"\k<{name}>");
    }
    names.push(name);
    format!("(?<{name}>{regex})")
}

fn is_metavariable(name: &str) -> bool {
    name == "_"
        || name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|each| each.is_ascii_uppercase() || each.is_ascii_digit() || each == '_')
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The word at the beginning, and what is behind it.
fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character| !is_of_word(character)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: &[&str]) {
        let regex = fancy_regex::Regex::new(&regular_expression(pattern).unwrap()).unwrap();
        let found: Vec<&str> = regex.find_iter(text).map(|found| found.unwrap().as_str()).collect();
        assert_eq!(found, expected, "{pattern} in {text}");
    }

    #[test]
    fn patterns_find_words_in_any_layout() {
        check("<$TAG ...", "<b>bold</b> 1 < 2", &["<b", "< 2"]);
        check("$SCHEME://%s", "http://%s/ ftp://%d", &["http://%s"]);
        check("$SCHEME://%s", "http://%salt", &[]);
        check("$SCHEME:// { ... }", "see https://{host}/", &["https://{host}"]);
        check("$A = $A", "x = x; y = z", &["x = x"]);
        check("begin ... end", "begin\n1\n2\nend", &["begin\n1\n2\nend"]);
        check("begin ... end", &format!("begin\n{}end", "1\n".repeat(20)), &[]);
        check("a.b", "a . b axb", &["a . b"]);
        check("$ 5", "$5", &["$5"]);
        check("é", "é éa", &["é"]);
        assert!(regular_expression(" ").is_err());
        assert!(regular_expression("$...").is_err());
    }
}

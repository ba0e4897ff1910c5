//! From the bytes of a Python file to its text: byte order mark, coding cookie (PEP 263), and
//! what Python itself refuses.

/// A file's text, and why Python would not have read it.
pub(super) struct Decoded {
    /// The text, with replacement characters where the bytes were wrong.
    pub(super) text: String,
    /// Offset into the text and Python's complaint.
    pub(super) problem: Option<(usize, String)>,
}

/// Decodes a file as Python does.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (bytes, has_mark) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let mut decoded = match coding_cookie(bytes).map(|name| (normalise(name), name)) {
        None => utf8(bytes),
        Some((Encoding::Utf8, _)) => utf8(bytes),
        Some((_, name)) if has_mark => {
            let message = format!("encoding problem: {name} with BOM");
            Decoded { problem: Some((0, message)), ..utf8(bytes) }
        }
        Some((Encoding::Ascii, _)) => ascii(bytes),
        Some((Encoding::Latin1, _)) => {
            Decoded { text: bytes.iter().copied().map(char::from).collect(), problem: None }
        }
        // Python has codecs for these and we have not: the text is read as far as it goes, and
        // ASCII, which is all of it as a rule, is the same in every one of them.
        Some((Encoding::Other, name)) => match std::str::from_utf8(bytes) {
            Ok(text) if text.is_ascii() => Decoded { text: text.to_owned(), problem: None },
            _ => {
                let message = format!("the encoding `{name}` is not one that this tool can read");
                Decoded { problem: Some((0, message)), ..utf8(bytes) }
            }
        },
    };
    if decoded.problem.is_none()
        && let Some(offset) = decoded.text.find('\0')
    {
        decoded.problem = Some((offset, "source code cannot contain null bytes".to_owned()));
    }
    decoded
}

enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Other,
}

fn normalise(name: &str) -> Encoding {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match name.as_str() {
        "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" | "utf8-ucs2" | "utf8-ucs4" | "cp65001" => {
            Encoding::Utf8
        }
        "ascii" | "us-ascii" | "646" | "ansi-x3.4-1968" => Encoding::Ascii,
        "latin-1" | "latin1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" | "l1" => {
            Encoding::Latin1
        }
        name if name.starts_with("utf-8-") => Encoding::Utf8,
        name if name.starts_with("latin-1-") || name.starts_with("iso-8859-1-") => Encoding::Latin1,
        _ => Encoding::Other,
    }
}

/// The encoding that a comment in the first two lines declares.
fn coding_cookie(bytes: &[u8]) -> Option<&str> {
    for line in bytes.splitn(3, |byte| *byte == b'\n').take(2) {
        let line = line.trim_ascii_start();
        if line.is_empty() {
            continue;
        }
        // A second line counts only when the first is a comment or blank.
        let comment = line.strip_prefix(b"#")?;
        let place = comment
            .windows(7)
            .position(|window| window.starts_with(b"coding") && matches!(window[6], b':' | b'='));
        if let Some(place) = place {
            let name = comment[place + 7..].trim_ascii_start();
            let end = name
                .iter()
                .position(|byte| !(byte.is_ascii_alphanumeric() || b"-_.".contains(byte)))
                .unwrap_or(name.len());
            if end > 0 {
                return std::str::from_utf8(&name[..end]).ok();
            }
        }
    }
    None
}

fn utf8(bytes: &[u8]) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: text.to_owned(), problem: None },
        Err(error) => {
            // Everything before the first bad byte is valid, so the offset is that of the text.
            let offset = error.valid_up_to();
            let byte = bytes.get(offset).copied().unwrap_or_default();
            let message = format!("(unicode error) 'utf-8' codec can't decode byte 0x{byte:02x}");
            let text = String::from_utf8_lossy(bytes).into_owned();
            Decoded { text, problem: Some((offset, message)) }
        }
    }
}

fn ascii(bytes: &[u8]) -> Decoded {
    let decoded = utf8(bytes);
    match bytes.iter().position(|byte| !byte.is_ascii()) {
        None => decoded,
        Some(offset) => {
            let message = format!("(unicode error) 'ascii' codec can't decode byte 0x{:02x}", bytes[offset]);
            Decoded { problem: Some((offset, message)), ..decoded }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_decoded_as_python_decodes_them() {
        let check = |bytes: &[u8], text: &str, problem: Option<&str>| {
            let decoded = decode(bytes);
            assert_eq!(decoded.text, text);
            let message = decoded.problem.map(|(_, message)| message);
            assert_eq!(message.is_some(), problem.is_some(), "{message:?}");
            if let (Some(message), Some(problem)) = (message, problem) {
                assert!(message.contains(problem), "{message}");
            }
        };
        check(b"x = 1\n", "x = 1\n", None);
        check(b"\xef\xbb\xbfx = 1\n", "x = 1\n", None);
        check(b"# -*- coding: latin-1 -*-\ns = '\xe4'\n", "# -*- coding: latin-1 -*-\ns = 'ä'\n", None);
        check(
            b"#!/bin/x\n# vim: fileencoding=latin1\n'\xe4'",
            "#!/bin/x\n# vim: fileencoding=latin1\n'ä'",
            None,
        );
        check(b"x = 1\n# coding: latin-1\n'\xe4'", "x = 1\n# coding: latin-1\n'\u{fffd}'", Some("0xe4"));
        check(b"s = '\xff'\n", "s = '\u{fffd}'\n", Some("utf-8"));
        check(b"# coding: ascii\n'\xc3\xa4'", "# coding: ascii\n'ä'", Some("ascii"));
        check(b"# coding: koi8-r\nx = 1", "# coding: koi8-r\nx = 1", None);
        check(b"# coding: koi8-r\n'\xc3\xa4'", "# coding: koi8-r\n'ä'", Some("koi8-r"));
        check(b"\xef\xbb\xbf# coding: latin-1\n", "# coding: latin-1\n", Some("BOM"));
        check(b"x\0y", "x\0y", Some("null"));
    }
}

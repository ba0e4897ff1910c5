//! From the bytes of a Python file to its text: byte order mark, coding cookie (PEP 263), and
//! what Python itself refuses.

mod codecs;

/// A file's text, and why Python would not have read it.
pub(super) struct Decoded {
    /// The text, with replacement characters where the bytes were wrong or are not known here.
    pub(super) text: String,
    /// Offset into the text and Python's complaint.
    pub(super) problem: Option<(usize, String)>,
    /// Offsets into the text and bytes that are no UTF-8. Python looks at them where they belong to code or to a
    /// string, and skips them in comments.
    pub(super) suspects: Vec<(usize, u8)>,
    /// Characters are in it that are known to be some, and not which.
    pub(super) has_unknown_characters: bool,
}

impl Decoded {
    fn fine(text: String) -> Self {
        Self { text, problem: None, suspects: Vec::new(), has_unknown_characters: false }
    }

    /// A file of which Python does not read the first character.
    fn refused(bytes: &[u8], message: String) -> Self {
        Self { problem: Some((0, message)), ..Self::fine(String::from_utf8_lossy(bytes).into_owned()) }
    }
}

/// What an encoding does to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    SingleByte,
    DoubleByte,
    Strange,
    NotText,
}

/// Decodes a file as Python does.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (bytes, has_mark) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    // A second mark is a character, and none that Python takes between tokens.
    let second_mark = has_mark && bytes.starts_with(b"\xef\xbb\xbf");
    let mut decoded = match coding_cookie(bytes).map(|name| (codecs::encoding(name), name)) {
        Some((encoding, name)) if has_mark && !(encoding == Some(Encoding::Utf8) && goes_with_mark(name)) => {
            Decoded::refused(bytes, format!("encoding problem: {name} with BOM"))
        }
        None | Some((Some(Encoding::Utf8), _)) => utf8(bytes),
        Some((None, name)) => Decoded::refused(bytes, format!("unknown encoding: {name}")),
        Some((Some(Encoding::NotText), name)) => {
            Decoded::refused(bytes, format!("'{name}' is not a text encoding"))
        }
        Some((Some(Encoding::Ascii), _)) => ascii(bytes),
        Some((Some(Encoding::Latin1), _)) => Decoded::fine(bytes.iter().copied().map(char::from).collect()),
        // Which characters these are matters to nobody who looks for code, as long as no name has one.
        Some((Some(Encoding::SingleByte), _)) => foreign(bytes, 1),
        Some((Some(Encoding::DoubleByte), _)) => foreign(bytes, 2),
        Some((Some(Encoding::Strange), name)) => match std::str::from_utf8(bytes) {
            Ok(text) if is_plain(text, name) => Decoded::fine(text.to_owned()),
            Ok(_) | Err(_) => {
                let message = format!("the encoding `{name}` is not one that this tool can read");
                Decoded::refused(bytes, message)
            }
        },
    };
    if decoded.problem.is_none() && second_mark {
        decoded.problem = Some((0, "invalid non-printable character U+FEFF".to_owned()));
    }
    if decoded.problem.is_none()
        && let Some(offset) = decoded.text.find('\0')
    {
        decoded.problem = Some((offset, "source code cannot contain null bytes".to_owned()));
    }
    decoded
}

/// Whether Python takes this name of UTF-8 for that of the byte order mark, which is spelled
/// `utf-8`: `utf8` is another one to it.
fn goes_with_mark(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    name == "utf-8" || name.starts_with("utf-8-")
}

/// ASCII as it is, and one mark for each further character of up to so many bytes.
fn foreign(bytes: &[u8], size: usize) -> Decoded {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        text.push(if first.is_ascii() { char::from(*first) } else { char::REPLACEMENT_CHARACTER });
        // No second half is a quote, a blank or the end of a line.
        let has_half = !first.is_ascii() && size > 1 && behind.first().is_some_and(|half| *half >= 0x30);
        rest = &behind[usize::from(has_half)..];
    }
    Decoded { has_unknown_characters: !bytes.is_ascii(), ..Decoded::fine(text) }
}

/// Whether this text means what it says in an encoding that switches by certain characters.
fn is_plain(text: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    let switches = ["utf7", "u7", "hz", "iso2022", "csiso2022", "unicodeescape", "rawunicodeescape", "idna"];
    switches.iter().any(|start| name.starts_with(start))
        && text.is_ascii()
        && !text.contains(['\\', '+', '~', '\u{1b}'])
}

/// The encoding that a comment in the first two lines declares.
fn coding_cookie(bytes: &[u8]) -> Option<&str> {
    for line in bytes.splitn(3, |byte| matches!(byte, b'\n' | b'\r')).take(2) {
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
    // Several times as fast as to look at each piece.
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded::fine(text.to_owned());
    }
    let mut text = String::with_capacity(bytes.len());
    let mut suspects = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            suspects.push((text.len(), chunk.invalid()[0]));
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Decoded { suspects, ..Decoded::fine(text) }
}

fn ascii(bytes: &[u8]) -> Decoded {
    let decoded = utf8(bytes);
    match bytes.iter().position(|byte| !byte.is_ascii()) {
        None => decoded,
        Some(offset) => {
            let message = format!("'ascii' codec can't decode byte 0x{:02x}", bytes[offset]);
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
        check(b"x = 1\n# coding: latin-1\n'\xe4'", "x = 1\n# coding: latin-1\n'\u{fffd}'", None);
        check(b"# coding: ascii\n'\xc3\xa4'", "# coding: ascii\n'ä'", Some("ascii"));
        check(b"# coding: koi8-r\nx = 1", "# coding: koi8-r\nx = 1", None);
        check(b"# coding: koi8-r\n'\xc4\xc1'", "# coding: koi8-r\n'\u{fffd}\u{fffd}'", None);
        check(b"# coding: cp1252\n'\x80'", "# coding: cp1252\n'\u{fffd}'", None);
        check(b"# coding: Shift_JIS\n'\x83\x5c'", "# coding: Shift_JIS\n'\u{fffd}'", None);
        check(b"# coding: big5\n# \xa4\nx = 1", "# coding: big5\n# \u{fffd}\nx = 1", None);
        check(b"# coding: iso-8859-15\nx = 1", "# coding: iso-8859-15\nx = 1", None);
        check(b"# coding: utf-7\nx = 1", "# coding: utf-7\nx = 1", None);
        check(b"# coding: utf-7\nx = 1 + 1", "# coding: utf-7\nx = 1 + 1", Some("utf-7"));
        check(b"# coding: utf-16\nx = 1", "# coding: utf-16\nx = 1", Some("utf-16"));
        check(b"# coding: rot13\nx = 1", "# coding: rot13\nx = 1", Some("not a text encoding"));
        check(b"# coding: nothing\nx = 1", "# coding: nothing\nx = 1", Some("unknown encoding: nothing"));
        check(b"# coding: utf8-unix\nx = 1", "# coding: utf8-unix\nx = 1", Some("unknown encoding"));
        check(b"# coding: utf-8-unix\nx = 1", "# coding: utf-8-unix\nx = 1", None);
        check(b"# coding: latin-1-unix\n'\xe4'", "# coding: latin-1-unix\n'ä'", None);
        check(b"# coding: mbcs\nx = 1", "# coding: mbcs\nx = 1", Some("unknown encoding"));
        check(b"# coding: nothing\rx = 1", "# coding: nothing\rx = 1", Some("unknown encoding"));
        check(b"\xef\xbb\xbf# coding: latin-1\n", "# coding: latin-1\n", Some("BOM"));
        check(b"\xef\xbb\xbf# coding: utf-8-sig\n", "# coding: utf-8-sig\n", None);
        check(b"\xef\xbb\xbf# coding: UTF_8\n", "# coding: UTF_8\n", None);
        check(b"\xef\xbb\xbf# coding: utf8\n", "# coding: utf8\n", Some("BOM"));
        check(b"# coding: utf8\n", "# coding: utf8\n", None);
        check(b"\xef\xbb\xbf\xef\xbb\xbfx", "\u{feff}x", Some("U+FEFF"));
        check(b"x\0y", "x\0y", Some("null"));
    }
}

//! Paths inside a target: relative, normalised, `/` as separator.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A path relative to the target's root: UTF-8, `/` as separator, no `.`, no `..`, not empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RelativePath(String);

/// Why a text is not a [`RelativePath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// It is empty, or `.`.
    Empty,
    /// It begins with `/`.
    Absolute,
    /// A `..` in it leaves the root.
    LeavesRoot,
    /// It contains a NUL or a backslash.
    BadCharacter,
}

impl<'d> Deserialize<'d> for RelativePath {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

impl RelativePath {
    /// Normalises `text`: `./a//b/../c.py` is `a/c.py`.
    pub fn new(text: &str) -> Result<Self, PathError> {
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        if text.contains(['\0', '\\']) {
            return Err(PathError::BadCharacter);
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(PathError::LeavesRoot)?;
                }
                part => parts.push(part),
            }
        }
        if parts.is_empty() {
            return Err(PathError::Empty);
        }
        Ok(Self(parts.join("/")))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// Ordered and hashed as its text.
impl Borrow<str> for RelativePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            PathError::Empty => "the path is empty",
            PathError::Absolute => "the path is absolute; give it relative to the target's root",
            PathError::LeavesRoot => "the path leaves the target's root",
            PathError::BadCharacter => "the path contains a NUL or a backslash",
        })
    }
}

impl std::error::Error for PathError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised() {
        let check = |input: &str, expected: Result<&str, PathError>| {
            assert_eq!(
                RelativePath::new(input).as_ref().map(RelativePath::as_str),
                expected.as_ref().copied()
            );
        };
        check("a/b.py", Ok("a/b.py"));
        check("./a//b/../c.py", Ok("a/c.py"));
        check("", Err(PathError::Empty));
        check(".", Err(PathError::Empty));
        check("/etc/passwd", Err(PathError::Absolute));
        check("a/../../b.py", Err(PathError::LeavesRoot));
        check("a\\b.py", Err(PathError::BadCharacter));
    }

    proptest::proptest! {
        #[test]
        fn a_path_is_below_the_root_and_normal(text in "[ab./\\\\\0é-]{0,16}") {
            let Ok(path) = RelativePath::new(&text) else { return Ok(()) };
            proptest::prop_assert!(path.as_str().split('/').all(|part| !["", ".", ".."].contains(&part)));
            let again = RelativePath::new(path.as_str());
            proptest::prop_assert_eq!(again.as_ref(), Ok(&path));
            proptest::prop_assert!(path.as_str().ends_with(path.file_name()));
        }

        #[test]
        fn detours_change_nothing(parts in proptest::collection::vec("[a-c]{1,2}", 1..5), at in 0usize..5) {
            let plain = RelativePath::new(&parts.join("/"));
            let mut detour = parts.clone();
            detour.insert(at.min(parts.len()), "./x/..".to_owned());
            proptest::prop_assert_eq!(RelativePath::new(&detour.join("//")), plain);
        }
    }
}

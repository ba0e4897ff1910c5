//! The globs of `exclude`: which files a listing leaves out.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{RelativePath, TargetError};

/// A set of globs over paths relative to the root. `*` stops at `/`; a glob without wildcards
/// that names a directory covers what is in it.
#[derive(Debug, Clone)]
pub struct Exclude {
    set: GlobSet,
}

impl Exclude {
    /// Compiles the globs. The catalogue has parsed its own; others may come from elsewhere.
    pub fn new(globs: &[String]) -> Result<Self, TargetError> {
        let bad = |glob: &str, error: &globset::Error| {
            TargetError::new(format!("cannot understand the glob `{glob}` in `exclude`: {}", error.kind()))
        };
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            let trimmed = glob.trim_start_matches("./").trim_end_matches('/');
            for text in [trimmed.to_owned(), format!("{trimmed}/**")] {
                let compiled = GlobBuilder::new(&text)
                    .literal_separator(true)
                    .build()
                    .map_err(|error| bad(glob, &error))?;
                builder.add(compiled);
            }
        }
        let set = builder.build().map_err(|error| bad("", &error))?;
        Ok(Self { set })
    }

    /// Whether the file is left out.
    pub fn matches(&self, path: &RelativePath) -> bool {
        self.matches_text(path.as_str())
    }

    pub(super) fn matches_text(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

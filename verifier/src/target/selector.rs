//! Globs over the files of a target: what `exclude` leaves out and what `files` sweeps.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{RelativePath, TargetError};

/// Globs over paths relative to the root: `*` stops at `/`, `**` does not, and a glob that
/// names a directory covers what is in it.
#[derive(Debug, Clone)]
pub struct FileSelector {
    with: GlobSet,
    without: GlobSet,
}

impl FileSelector {
    /// Globs that select; those that begin with `!` take away.
    pub fn new(globs: &[String]) -> Result<Self, TargetError> {
        let (mut with, mut without) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for glob in globs {
            match glob.strip_prefix('!') {
                Some(negative) => add(&mut without, negative)?,
                None => add(&mut with, glob)?,
            }
        }
        Ok(Self { with: build(&with)?, without: build(&without)? })
    }

    /// Globs of files to leave out. A glob that begins with `!` is taken at its word.
    pub fn excluding(globs: &[String]) -> Result<Self, TargetError> {
        let mut with = GlobSetBuilder::new();
        for glob in globs {
            add(&mut with, glob)?;
        }
        Ok(Self { with: build(&with)?, without: GlobSet::empty() })
    }

    /// Whether the globs select the file.
    pub fn matches(&self, path: &RelativePath) -> bool {
        self.matches_text(path.as_str())
    }

    /// The same for a path that may be none of a [`RelativePath`].
    pub fn matches_text(&self, path: &str) -> bool {
        self.with.is_match(path) && !self.without.is_match(path)
    }
}

fn add(builder: &mut GlobSetBuilder, glob: &str) -> Result<(), TargetError> {
    let trimmed = glob.trim_start_matches("./").trim_end_matches('/');
    for text in [trimmed.to_owned(), format!("{trimmed}/**")] {
        let glob = GlobBuilder::new(&text).literal_separator(true).build();
        builder.add(glob.map_err(|error| not_a_glob(trimmed, &error))?);
    }
    Ok(())
}

fn build(builder: &GlobSetBuilder) -> Result<GlobSet, TargetError> {
    builder.build().map_err(|error| not_a_glob(error.glob().unwrap_or_default(), &error))
}

fn not_a_glob(glob: &str, error: &globset::Error) -> TargetError {
    TargetError::new(format!("cannot understand the glob `{glob}`: {}", error.kind()))
}

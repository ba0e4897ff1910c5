//! Globs over the files of a target: what `exclude` leaves out and what `files` sweeps.

use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

use super::{RelativePath, TargetError};

/// Globs over paths relative to the root: `*` stops at `/`, `**` does not, and a glob that
/// names a directory covers what is in it.
#[derive(Debug, Clone)]
pub struct FileSelector {
    with: GlobSet,
    without: GlobSet,
    /// The globs that select, name by name; none where a name of any length may stand (`**`).
    ways: Vec<Vec<Option<GlobMatcher>>>,
}

impl FileSelector {
    /// Globs that select; those that begin with `!` take away.
    pub fn new(globs: &[String]) -> Result<Self, TargetError> {
        let (mut with, mut without) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut ways = Vec::new();
        for glob in globs {
            match glob.strip_prefix('!') {
                Some(negative) => add(&mut without, negative)?,
                None => {
                    add(&mut with, glob)?;
                    ways.push(way(glob));
                }
            }
        }
        Ok(Self { with: build(&with)?, without: build(&without)?, ways })
    }

    /// Globs of files to leave out. A glob that begins with `!` is taken at its word.
    pub fn excluding(globs: &[String]) -> Result<Self, TargetError> {
        let mut with = GlobSetBuilder::new();
        for glob in globs {
            add(&mut with, glob)?;
        }
        Ok(Self { with: build(&with)?, without: GlobSet::empty(), ways: Vec::new() })
    }

    /// Whether the globs select the file.
    pub fn matches(&self, path: &RelativePath) -> bool {
        self.matches_text(path.as_str())
    }

    /// The same for a path that may be none of a [`RelativePath`].
    pub fn matches_text(&self, path: &str) -> bool {
        self.with.is_match(path) && !self.without.is_match(path)
    }

    /// Whether the globs may select something at this path or below it: a directory that cannot
    /// be listed.
    pub fn may_select_below(&self, path: &str) -> bool {
        let leads_there = |way: &Vec<Option<GlobMatcher>>| {
            let mut names = way.iter();
            path.split('/').all(|part| match names.as_slice().first() {
                Some(None) => true,
                Some(Some(name)) => names.next().is_some() && name.is_match(part),
                // A glob that names a directory covers what is in it.
                None => true,
            })
        };
        !self.without.is_match(path) && self.ways.iter().any(leads_there)
    }
}

fn way(glob: &str) -> Vec<Option<GlobMatcher>> {
    let trimmed = glob.trim_start_matches("./").trim_end_matches('/');
    // Where a name is no glob by itself (`{a/b,c}`), all may be below.
    let name = |name: &str| match name {
        "**" => None,
        _ => GlobBuilder::new(name).literal_separator(true).build().ok().map(|glob| glob.compile_matcher()),
    };
    trimmed.split('/').map(name).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(globs: &[&str], path: &str, expected: bool) {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let selector = FileSelector::new(&globs).unwrap();
        assert_eq!(selector.may_select_below(path), expected, "{globs:?} {path}");
    }

    #[test]
    fn directory_that_cannot_be_listed_may_hold_what_is_selected() {
        check(&["**/*.py"], "closed", true);
        check(&["**/test_*.py"], "a/closed", true);
        check(&["agents/*.py"], "agents", true);
        check(&["agents/*/x.py"], "agents/closed", true);
        check(&["agents"], "agents/deep/closed", true);
        check(&["{agents/a,b}/*.py"], "b", true);
        check(&["agents/*.py"], "common", false);
        check(&["agents/*.py"], "agent", false);
        check(&["**/*.py", "!closed/**"], "closed/in", false);
        check(&["**/*.py", "!closed"], "closed", false);
    }
}

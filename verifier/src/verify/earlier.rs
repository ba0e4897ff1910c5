//! The earlier state of the target, which tells what was fixed from what was never real.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::anchors::Anchor;
use crate::catalogue::{Catalogue, ReportId};
use crate::target::{
    RelativePath, TargetDescription, TargetError, TargetTree, last_revisions_with, open_target,
};

/// The earlier states that can be asked, and which report's findings each is asked about.
#[derive(Default)]
pub struct EarlierStates {
    states: Vec<EarlierState>,
    of_report: BTreeMap<ReportId, usize>,
    history: Option<History>,
}

/// The history of the target, for the code of claims that no earlier state has.
pub(super) struct History {
    root: PathBuf,
    revision: Option<String>,
    exclude: Vec<String>,
}

/// One earlier state.
pub struct EarlierState {
    /// What it is.
    pub description: TargetDescription,
    /// Its files; none when it is the examined state itself, which need not be asked twice.
    pub tree: Option<Box<dyn TargetTree>>,
}

impl EarlierStates {
    /// One state for all reports.
    pub fn for_all(catalogue: &Catalogue, state: EarlierState) -> Self {
        let of_report = catalogue.reports.iter().map(|report| (report.id.clone(), 0)).collect();
        Self { states: vec![state], of_report, history: None }
    }

    /// Opens what can be asked about `target`, which was opened from `root`.
    ///
    /// `was` is what the user named: a directory, or else a revision of the root; that it cannot
    /// be opened is an error. Without it the state counts that the catalogue declares for its
    /// own root, and else each report's own commit where the root's history has it.
    pub fn open(
        catalogue: &Catalogue,
        root: &Path,
        target: &TargetDescription,
        was: Option<&str>,
    ) -> Result<Self, TargetError> {
        let states = Self::open_states(catalogue, root, target, was)?;
        let history = History {
            root: root.to_owned(),
            revision: target.revision.clone(),
            exclude: catalogue.target.exclude.clone(),
        };
        Ok(Self { history: Some(history), ..states })
    }

    fn open_states(
        catalogue: &Catalogue,
        root: &Path,
        target: &TargetDescription,
        was: Option<&str>,
    ) -> Result<Self, TargetError> {
        if let Some(was) = was {
            let state = open_named(catalogue, root, target, was)?;
            return Ok(Self::for_all(catalogue, state));
        }
        let directory = catalogue.path.parent().unwrap_or(Path::new(""));
        if let (Some(was), Some(own_root)) = (&catalogue.target.was, &catalogue.target.root)
            && target.revision.is_none()
            && same_directory(root, &directory.join(own_root))
        {
            let state = open_directory(catalogue, root, target, &directory.join(was))?;
            return Ok(Self::for_all(catalogue, state));
        }
        let mut states = Self::default();
        let mut opened: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        for report in &catalogue.reports {
            let Some(commit) = &report.commit else { continue };
            // A history that does not have the commit is no error: most targets are not the
            // repository that the report speaks of.
            let index = *opened.entry(commit).or_insert_with(|| {
                let state = open_revision(catalogue, root, target, commit).ok()?;
                states.states.push(state);
                Some(states.states.len() - 1)
            });
            if let Some(index) = index {
                states.of_report.insert(report.id.clone(), index);
            }
        }
        Ok(states)
    }

    /// The same states, with another tree in place of each.
    #[must_use]
    pub fn map_trees(mut self, map: impl Fn(Box<dyn TargetTree>) -> Box<dyn TargetTree>) -> Self {
        for state in &mut self.states {
            state.tree = state.tree.take().map(&map);
        }
        self
    }

    /// The state that findings of this report are compared with.
    pub fn of(&self, report: &ReportId) -> Option<&EarlierState> {
        self.of_report.get(report).map(|index| &self.states[*index])
    }

    /// The history of the target.
    pub(super) fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// All states, each once.
    pub fn states(&self) -> &[EarlierState] {
        &self.states
    }
}

impl History {
    /// The newest states that had the files of these anchors, the newest first. None when there
    /// is no history: not every directory has one.
    pub(super) fn trees_with(&self, anchors: &[&Anchor]) -> Vec<Box<dyn TargetTree>> {
        let mut paths: Vec<&RelativePath> = anchors.iter().map(|anchor| &anchor.file).collect();
        paths.sort();
        paths.dedup();
        let revisions = last_revisions_with(&self.root, self.revision.as_deref(), &paths);
        let trees = revisions.iter().take(MOST_REVISIONS);
        trees.filter_map(|revision| open_target(&self.root, Some(revision), &self.exclude).ok()).collect()
    }
}

/// Files that vanish together were there together; more revisions than this are not worth opening.
const MOST_REVISIONS: usize = 8;

fn open_named(
    catalogue: &Catalogue,
    root: &Path,
    target: &TargetDescription,
    was: &str,
) -> Result<EarlierState, TargetError> {
    if Path::new(was).is_dir() {
        open_directory(catalogue, root, target, Path::new(was))
    } else {
        open_revision(catalogue, root, target, was)
    }
}

fn open_directory(
    catalogue: &Catalogue,
    root: &Path,
    target: &TargetDescription,
    directory: &Path,
) -> Result<EarlierState, TargetError> {
    if target.revision.is_none() && same_directory(root, directory) {
        return Ok(EarlierState { description: target.clone(), tree: None });
    }
    let tree = open_target(directory, None, &catalogue.target.exclude)?;
    Ok(EarlierState { description: tree.describe(), tree: Some(tree) })
}

fn open_revision(
    catalogue: &Catalogue,
    root: &Path,
    target: &TargetDescription,
    revision: &str,
) -> Result<EarlierState, TargetError> {
    let tree = open_target(root, Some(revision), &catalogue.target.exclude)?;
    let description = tree.describe();
    let is_target = description.revision.is_some() && description.revision == target.revision;
    Ok(EarlierState { description, tree: (!is_target).then_some(tree) })
}

fn same_directory(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

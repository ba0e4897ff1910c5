//! A target that is a git revision, read through git's own processes: no work tree is touched,
//! nothing is fetched, no hook runs. A bare repository will do, and so will a directory inside
//! one: paths are then relative to that directory.
//!
//! Git's own program and not a library of it: measured on a repository of 2,074 Python files
//! both are bound by inflating the blobs, and the program costs nothing to build.

mod command;
mod objects;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::OnceLock;

use super::{
    BlindSpot, ENVIRONMENT_MARK, FileSelector, LEAVES_ROOT, RelativePath, TargetDescription, TargetError,
    TargetTree, Unreadable, is_python_file, is_version_control,
};
use command::{Failure, run};
use objects::{ObjectId, Objects};

pub(super) use command::{finish, git as git_command};

/// Links that point to links are followed this often, as by Linux.
const MAX_LINKS: usize = 40;

/// A revision of a repository.
#[derive(Debug)]
pub struct GitTree {
    given: PathBuf,
    commit: String,
    entries: BTreeMap<RelativePath, Entry>,
    /// Entries whose names are no text, as far as they can be shown.
    unnamed: Vec<String>,
    exclude: FileSelector,
    objects: Objects,
    listing: OnceLock<Listing>,
}

#[derive(Debug, Default)]
struct Listing {
    python_files: Vec<RelativePath>,
    blind_spots: Vec<BlindSpot>,
}

#[derive(Clone, Debug)]
enum Entry {
    File(ObjectId),
    Link(ObjectId),
    Submodule,
}

impl GitTree {
    /// Opens `revision` of the repository that `root` is or is in; `exclude` are globs of files
    /// that a listing leaves out.
    pub fn open(root: &Path, revision: &str, exclude: &[String]) -> Result<Self, TargetError> {
        let exclude = FileSelector::excluding(exclude)?;
        if !root.is_dir() {
            return Err(if root.exists() {
                TargetError::not_a_directory(root)
            } else {
                TargetError::cannot_open(root, "no such directory")
            });
        }
        let attempt = format!("cannot read revision `{revision}` of `{}`", root.display());
        let (commit, prefix) = resolve_revision(root, revision, &attempt)?;
        let tree = format!("{commit}:{prefix}");
        let listing = run(root, &["ls-tree", "-r", "-z", "--full-tree", &tree])
            .map_err(|failure| no_tree(failure, root, &attempt, &prefix))?;
        let (entries, unnamed) = parse_listing(&listing);
        let objects = Objects::new(root);
        Ok(Self {
            given: root.to_owned(),
            commit,
            entries,
            unnamed,
            exclude,
            objects,
            listing: OnceLock::new(),
        })
    }

    /// The full id of the commit.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| {
            let mut listing = Listing::default();
            let environments = self.virtual_environments();
            let is_foreign = |path: &str| {
                path.split('/').rev().skip(1).any(is_version_control)
                    || environments.iter().any(|environment| path.starts_with(environment.as_str()))
            };
            for (path, entry) in &self.entries {
                let text = path.as_str();
                if is_foreign(text) || self.exclude.matches(path) {
                    continue;
                }
                let blind = |problem: String| BlindSpot { path: text.to_owned(), problem };
                match entry {
                    Entry::File(_) if is_python_file(text) => listing.python_files.push(path.clone()),
                    Entry::Link(_) if is_python_file(text) => match self.locate(path) {
                        Ok(_) => listing.python_files.push(path.clone()),
                        Err(Located::Outside) => listing.blind_spots.push(blind(LEAVES_ROOT.to_owned())),
                        Err(Located::Unreadable(Unreadable::Failed(problem))) => {
                            listing.blind_spots.push(blind(problem))
                        }
                        Err(Located::Unreadable(Unreadable::Missing | Unreadable::NotAFile(_))) => {}
                    },
                    // A checkout without it is complete, but nothing is known of what is in it.
                    Entry::Submodule => listing.blind_spots.push(blind("is a submodule".to_owned())),
                    Entry::File(_) | Entry::Link(_) => {}
                }
            }
            for name in &self.unnamed {
                if is_python_file(name) && !is_foreign(name) && !self.exclude.matches_text(name) {
                    let problem = "has a name that is not valid UTF-8".to_owned();
                    listing.blind_spots.push(BlindSpot { path: name.clone(), problem });
                }
            }
            listing.blind_spots.sort();
            listing
        })
    }

    /// Directories, with a `/` at the end, that say by a `pyvenv.cfg` that they are virtual
    /// environments. The root itself is what was asked for, whatever it says.
    fn virtual_environments(&self) -> Vec<String> {
        let marks = self.entries.keys().filter(|path| path.file_name() == ENVIRONMENT_MARK);
        marks
            .filter_map(|path| path.as_str().strip_suffix(ENVIRONMENT_MARK).map(str::to_owned))
            .filter(|path| !path.is_empty())
            .collect()
    }

    /// The blob that `path` names, symbolic links resolved within the root, name by name as a
    /// file system does it: `link/..` is the directory above what the link leads to.
    fn locate(&self, path: &RelativePath) -> Result<&ObjectId, Located> {
        let mut ahead: Vec<String> = path.as_str().rsplit('/').map(str::to_owned).collect();
        let mut reached = String::new();
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." if reached.is_empty() => return Err(Located::Outside),
                ".." => {
                    reached.truncate(reached.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let here = if reached.is_empty() { name } else { format!("{reached}/{name}") };
            let missing = Located::Unreadable(Unreadable::Missing);
            let Ok(here) = RelativePath::new(&here) else { return Err(missing) };
            match self.entries.get(&here) {
                Some(Entry::File(blob)) if ahead.is_empty() => return Ok(blob),
                Some(Entry::File(_)) => return Err(missing),
                Some(Entry::Submodule) => return Err(Located::not_a_file("is a submodule")),
                Some(Entry::Link(_)) if links == MAX_LINKS => {
                    return Err(Located::not_a_file("is a symbolic link that leads in a circle"));
                }
                Some(Entry::Link(blob)) => {
                    links += 1;
                    let target = self.objects.blob(blob).map_err(Located::Unreadable)?;
                    let target = std::str::from_utf8(&target)
                        .map_err(|_| Located::not_a_file("is a symbolic link to no valid UTF-8"))?;
                    if target.starts_with('/') {
                        return Err(Located::Outside);
                    }
                    ahead.extend(target.rsplit('/').map(str::to_owned));
                }
                None if self.is_directory(&here) => reached = here.as_str().to_owned(),
                None => return Err(missing),
            }
        }
        Err(Located::not_a_file("is a directory"))
    }

    fn is_directory(&self, path: &RelativePath) -> bool {
        let below = format!("{path}/");
        self.entries
            .range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded))
            .next()
            .is_some_and(|(path, _)| path.as_str().starts_with(&below))
    }
}

/// Why a path leads to no blob.
enum Located {
    Outside,
    Unreadable(Unreadable),
}

impl Located {
    fn not_a_file(what: &str) -> Self {
        Located::Unreadable(Unreadable::NotAFile(what.to_owned()))
    }
}

impl From<Located> for Unreadable {
    fn from(located: Located) -> Self {
        match located {
            Located::Outside => Unreadable::NotAFile(LEAVES_ROOT.to_owned()),
            Located::Unreadable(unreadable) => unreadable,
        }
    }
}

impl TargetTree for GitTree {
    fn python_files(&self) -> &[RelativePath] {
        &self.listing().python_files
    }

    fn blind_spots(&self) -> &[BlindSpot] {
        &self.listing().blind_spots
    }

    fn read(&self, path: &RelativePath) -> Result<Arc<[u8]>, Unreadable> {
        self.objects.blob(self.locate(path)?)
    }

    fn exists(&self, path: &RelativePath) -> bool {
        self.locate(path).is_ok()
    }

    fn content_id(&self, path: &RelativePath) -> Option<Vec<u8>> {
        Some(self.locate(path).ok()?.to_string().into_bytes())
    }

    fn prefetch(&self, paths: &[RelativePath]) {
        let ids: Vec<ObjectId> = paths.iter().filter_map(|path| self.locate(path).ok().cloned()).collect();
        self.objects.prefetch(&ids);
    }

    fn other_files(&self) -> Vec<(RelativePath, u64)> {
        let listed = self.python_files();
        let is_other = |path: &RelativePath| {
            listed.binary_search(path).is_err() && !path.as_str().split('/').any(is_version_control)
        };
        let files: Vec<(&RelativePath, &ObjectId)> = self
            .entries
            .iter()
            .filter(|(path, _)| is_other(path))
            .filter_map(|(path, entry)| match entry {
                Entry::File(blob) => Some((path, blob)),
                // Links to directories lead nowhere here.
                Entry::Link(_) => Some((path, self.locate(path).ok()?)),
                Entry::Submodule => None,
            })
            .collect();
        let sizes = self.objects.sizes(&files.iter().map(|(_, blob)| *blob).collect::<Vec<_>>());
        // A blob that is missing takes no room; reading it says what is the matter.
        files.iter().zip(sizes).map(|((path, _), size)| ((*path).clone(), size.unwrap_or(0))).collect()
    }

    fn describe(&self) -> TargetDescription {
        TargetDescription { root: self.given.display().to_string(), revision: Some(self.commit.clone()) }
    }
}

/// The newest revisions at or before `revision` (`HEAD` when none is given) that have files which
/// a later state lost: the revision itself, for what was never committed as gone, then the parents
/// of the commits that deleted some of `paths`, the newest first. None outside of a repository.
pub fn last_revisions_with(root: &Path, revision: Option<&str>, paths: &[&RelativePath]) -> Vec<String> {
    if paths.is_empty() {
        return Vec::new();
    }
    let Ok((commit, _)) = resolve_revision(root, revision.unwrap_or("HEAD"), "") else { return Vec::new() };
    let mut arguments: Vec<&str> =
        vec!["--literal-pathspecs", "log", "--no-renames", "--diff-filter=D", "--format=%P", &commit, "--"];
    arguments.extend(paths.iter().map(|path| path.as_str()));
    let deleted = run(root, &arguments).unwrap_or_default();
    let deleted = String::from_utf8_lossy(&deleted);
    let mut revisions = vec![commit.clone()];
    for line in deleted.lines() {
        if let Some(parent) = line.split(' ').next().filter(|parent| !parent.is_empty())
            && !revisions.iter().any(|revision| revision == parent)
        {
            revisions.push(parent.to_owned());
        }
    }
    revisions
}

/// The full id of the commit that `revision` names, and where `root` is in the repository.
fn resolve_revision(root: &Path, revision: &str, attempt: &str) -> Result<(String, String), TargetError> {
    if revision.is_empty() || revision.starts_with('-') || revision.contains(['\0', '\n']) {
        return Err(no_such_commit(root, attempt));
    }
    let name = format!("{revision}^{{commit}}");
    let output = match run(root, &["rev-parse", "--show-prefix", &name]) {
        Ok(output) => output,
        Err(Failure::Refused(complaint))
            if ["ambiguous argument", "does not exist", "exists on disk"]
                .iter()
                .any(|words| complaint.contains(words)) =>
        {
            return Err(unknown_revision(root, revision, &complaint, attempt));
        }
        Err(failure) => return Err(failure.into_error(root, attempt)),
    };
    let output = String::from_utf8(output)
        .map_err(|_| TargetError::new(format!("{attempt}: the directory's name is not valid UTF-8")))?;
    let mut lines = output.lines();
    let prefix = lines.next().unwrap_or_default().trim_end_matches('/').to_owned();
    match (lines.next(), lines.next()) {
        // Something else that happens to have a name like that is a file, or a range.
        (Some(id), None) if id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok((id.to_owned(), prefix))
        }
        _ => Err(no_such_commit(root, attempt)),
    }
}

fn unknown_revision(root: &Path, revision: &str, complaint: &str, attempt: &str) -> TargetError {
    if complaint.contains("is ambiguous") {
        return TargetError::new(format!("{attempt}: several objects begin like that"))
            .with_hint("give more of the commit's id");
    }
    let branch = run(root, &["symbolic-ref", "--quiet", "--short", "HEAD"]).unwrap_or_default();
    let branch = String::from_utf8_lossy(&branch).trim().to_owned();
    let is_unborn = ["HEAD", "@", &branch].contains(&revision)
        && run(root, &["rev-parse", "--verify", "--quiet", "HEAD"]).is_err();
    if is_unborn {
        return TargetError::new(format!("{attempt}: the branch `{branch}` has no commit yet"))
            .with_hint("commit something first, or examine the directory, without a revision");
    }
    no_such_commit(root, attempt)
}

fn no_such_commit(root: &Path, attempt: &str) -> TargetError {
    TargetError::new(format!("{attempt}: there is no such commit"))
        .with_hint(format!("`git -C {} log --oneline --all` lists those that there are", root.display()))
}

/// Why the tree of a commit that is there cannot be listed.
fn no_tree(failure: Failure, root: &Path, attempt: &str, prefix: &str) -> TargetError {
    match &failure {
        Failure::Refused(complaint)
            if complaint.contains("Not a valid object name") && !prefix.is_empty() =>
        {
            TargetError::new(format!("{attempt}: it has no directory `{prefix}`")).with_hint(
                "give the repository's own root with `--root`, or a revision that has the directory",
            )
        }
        Failure::Refused(_) | Failure::NotStarted(_) => failure.into_error(root, attempt),
    }
}

/// `<mode> <type> <id>\t<path>\0`, over and over.
fn parse_listing(listing: &[u8]) -> (BTreeMap<RelativePath, Entry>, Vec<String>) {
    let mut entries = BTreeMap::new();
    let mut unnamed = Vec::new();
    for record in listing.split(|byte| *byte == 0) {
        let Some(tab) = record.iter().position(|byte| *byte == b'\t') else { continue };
        let (Ok(head), name) = (std::str::from_utf8(&record[..tab]), &record[tab + 1..]) else { continue };
        let mut words = head.split(' ');
        let (Some(mode), Some(_), Some(id)) = (words.next(), words.next(), words.next()) else { continue };
        let path = std::str::from_utf8(name).ok().and_then(|name| RelativePath::new(name).ok());
        let Some(path) = path.filter(|path| path.as_str().as_bytes() == name) else {
            unnamed.push(String::from_utf8_lossy(name).into_owned());
            continue;
        };
        let entry = match mode {
            "120000" => Entry::Link(id.into()),
            "160000" => Entry::Submodule,
            _ => Entry::File(id.into()),
        };
        entries.insert(path, entry);
    }
    (entries, unnamed)
}

#[cfg(test)]
mod tests;

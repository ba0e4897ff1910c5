//! Static checks that are not asked again when the answer is known: what an answer was drawn
//! from is kept with it, and it counts for as long as all of that is as it was.
//!
//! A question looks at the target through [`Files`] alone, which write down what it has seen:
//! files it has parsed, files whose bytes were not worth parsing, words it has looked for
//! everywhere, files outside the listing. After an edit of one file only the questions are asked
//! again for which one of these is different now.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cache::Key;
use crate::catalogue::{Claim, Scope, StaticCheck};
use crate::evidence::{Observation, Searched, Site};
use crate::python::{Files, Trace};
use crate::static_checks::{self, Context};
use crate::target::{CachedTree, RelativePath};

/// After more changes than this everything is asked anew.
const MOST_CHANGES: usize = 100;

/// Asks one question, unless the answer is known.
pub fn observe(check: &StaticCheck, claim: &Claim, context: &Context) -> Observation {
    let question = format!("observation {check:?} {:?} {:?} {:?}", claim.scope, claim.symbol, claim.lines);
    let parses = |path: &RelativePath| {
        // A sweep over this file alone tells whether a sweep that comes to it parses it.
        let alone = Claim { scope: Scope::Sweep(vec![globset::escape(path.as_str())]), ..claim.clone() };
        was_parsed(&static_checks::observe(check, &alone, context).searched)
    };
    let ask = |context: &Context| Stored(static_checks::observe(check, claim, context));
    recall(&question, context, &parses, ask).0
}

/// Whether a sweep over one file has parsed it, or could not have told.
pub fn was_parsed(searched: &Searched) -> bool {
    let was_looked_at_and_left = searched.files == 1 && searched.parsed == 0 && searched.blind.is_empty();
    !was_looked_at_and_left
}

/// What `ask` answers, or has answered. `question` is all that it asks, in words: answers to the
/// same words about the same code are the same. `parses` tells whether asking would parse a file
/// whose bytes it looks at. All that is looked at must be looked at through the given context.
pub fn recall<T: Serialize + DeserializeOwned>(
    question: &str,
    context: &Context,
    parses: &dyn Fn(&RelativePath) -> bool,
    ask: impl FnOnce(&Context) -> T,
) -> T {
    let files = context.project.files();
    let Some(cache) = files.tree().cache() else { return ask(context) };
    // Which files there are, and where imports look for them, is part of every question.
    let roots = context.project.roots().join("\0");
    let key = Key::of(&[cache.snapshot().listing(), roots.as_bytes(), question.as_bytes()]);
    if let Some(bytes) = cache.get(key)
        && let Ok((drawn_from, answer)) = serde_json::from_slice::<(DrawnFrom, T)>(&bytes)
        && drawn_from.is_as_it_was(files, cache, parses)
    {
        return answer;
    }
    let view = Files::traced(files);
    let project = context.project.over(&view);
    let answer = ask(&Context { project: &project });
    let drawn_from = DrawnFrom::of(view.into_trace(), files, cache);
    if let Ok(bytes) = serde_json::to_vec(&(drawn_from, &answer)) {
        cache.learn(key, bytes);
    }
    answer
}

/// Everything that the answer depends on, besides its key.
#[derive(Serialize, Deserialize)]
struct DrawnFrom {
    /// The state of the tree in which it was given.
    state: [u8; 32],
    /// Numbers of the files that were parsed.
    parsed: Vec<usize>,
    /// Numbers of the files whose bytes were looked at and that were not parsed.
    tested: Vec<usize>,
    /// Words that were looked for in all files, with the files that had them.
    words: Vec<(String, Vec<usize>)>,
    /// Files that are not listed, with their contents, or why they had none.
    unlisted: Vec<(String, [u8; 16])>,
}

impl DrawnFrom {
    fn of(trace: Trace, files: &Files, cache: &CachedTree) -> Self {
        let number = |path: &RelativePath| files.number(path);
        Self {
            state: *cache.snapshot().state(),
            tested: trace.tested.difference(&trace.parsed).copied().collect(),
            parsed: trace.parsed.into_iter().collect(),
            words: trace
                .words
                .into_iter()
                .map(|(word, found)| (word, found.iter().filter_map(number).collect()))
                .collect(),
            unlisted: trace
                .unlisted
                .into_iter()
                .map(|path| (path.as_str().to_owned(), cache.content_of(&path)))
                .collect(),
        }
    }

    fn is_as_it_was(
        &self,
        files: &Files,
        cache: &CachedTree,
        parses: &dyn Fn(&RelativePath) -> bool,
    ) -> bool {
        let is_same = |(path, content): &(String, [u8; 16])| {
            RelativePath::new(path).is_ok_and(|path| cache.content_of(&path) == *content)
        };
        let Some(changed) = cache.changed_since(&self.state) else { return false };
        changed.len() <= MOST_CHANGES
            && self.unlisted.iter().all(is_same)
            && changed.iter().all(|file| self.is_indifferent_to(*file, files, parses))
    }

    /// Whether the answer is the same although this file has changed.
    fn is_indifferent_to(&self, file: usize, files: &Files, parses: &dyn Fn(&RelativePath) -> bool) -> bool {
        if self.parsed.binary_search(&file).is_ok() {
            return false;
        }
        let Some(path) = files.paths().get(file) else { return false };
        let has_same_words = |(word, found): &(String, Vec<usize>)| {
            let has = files.test(path, |bytes| memchr::memmem::find(bytes, word.as_bytes()).is_some());
            has.is_ok_and(|has| has == found.binary_search(&file).is_ok())
        };
        self.words.iter().all(has_same_words) && (self.tested.binary_search(&file).is_err() || !parses(path))
    }
}

/// An observation as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Stored(#[serde(with = "observation")] Observation);

mod observation {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::StoredSite;
    use crate::catalogue::CheckKind;
    use crate::evidence::{Observation, Outcome, Searched, Strength};

    #[derive(Serialize, Deserialize)]
    struct Fields {
        check: CheckKind,
        strength: Strength,
        outcome: Outcome,
        because: String,
        sites: Vec<StoredSite>,
        searched: Searched,
        notes: Vec<String>,
    }

    pub(super) fn serialize<S: Serializer>(observation: &Observation, to: S) -> Result<S::Ok, S::Error> {
        let Observation { check, strength, outcome, because, sites, searched, notes } = observation.clone();
        let sites = sites.into_iter().map(StoredSite::from).collect();
        Fields { check, strength, outcome, because, sites, searched, notes }.serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Observation, D::Error> {
        let Fields { check, strength, outcome, because, sites, searched, notes } = Fields::deserialize(from)?;
        let sites = sites.into_iter().map(Into::into).collect();
        Ok(Observation { check, strength, outcome, because, sites, searched, notes })
    }
}

/// How sites are stored: with their excerpts, which reports do not have.
pub mod sites {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::StoredSite;
    use crate::evidence::Site;

    /// Writes them.
    pub fn serialize<S: Serializer>(sites: &[Site], to: S) -> Result<S::Ok, S::Error> {
        let sites: Vec<StoredSite> = sites.iter().cloned().map(StoredSite::from).collect();
        sites.serialize(to)
    }

    /// Reads them.
    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<Site>, D::Error> {
        Ok(Vec::<StoredSite>::deserialize(from)?.into_iter().map(Into::into).collect())
    }
}

#[derive(Serialize, Deserialize)]
struct StoredSite {
    file: RelativePath,
    lines: (u32, u32),
    symbol: Option<String>,
    excerpt: String,
    label: Option<String>,
}

impl From<Site> for StoredSite {
    fn from(site: Site) -> Self {
        let Site { file, line, end_line, symbol, excerpt, label } = site;
        Self { file, lines: (line, end_line), symbol, excerpt, label }
    }
}

impl From<StoredSite> for Site {
    fn from(stored: StoredSite) -> Self {
        let StoredSite { file, lines: (line, end_line), symbol, excerpt, label } = stored;
        Self { file, line, end_line, symbol, excerpt, label }
    }
}

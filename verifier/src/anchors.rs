//! Anchors that survive: where the code of a claim is, after it was renamed or moved.
//!
//! A claim is tied to a file and a symbol. When one of them is gone, the code is looked for by
//! its body and its neighbours as they were in another state of the target, the reference. Code
//! that the reference has already under the same name is itself, and not what is looked for.
//! Two equally good candidates stay open: a guess would tie the claim to other code. What only
//! bears the same name, or resembles a little, is told and decides nothing.

mod similarity;

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;

use crate::catalogue::{Claim, LineHint, Scope};
use crate::parallel;
use crate::python::symbols::{Symbol, SymbolKind};
use crate::python::{Files, ParsedFile};
use crate::target::RelativePath;
use similarity::{Fingerprint, similarity};

/// What ties something to code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// The file.
    pub file: RelativePath,
    /// The class, function or method, or the whole file when there is none.
    pub symbol: Option<String>,
}

/// What became of an anchor that is not where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It is here now, beyond doubt: claims are judged here.
    Moved(Candidate),
    /// It is probably here, and nothing else could be it; too little speaks for it to judge by.
    Likely(Candidate),
    /// It may be at any of these; none is better than the others.
    Open(Vec<Candidate>),
    /// Nothing resembles it enough.
    Lost,
}

/// A place that the code of an anchor may have moved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub file: RelativePath,
    /// The symbol, for anchors that name one.
    pub symbol: Option<String>,
    /// The lines of the symbol.
    pub lines: Option<LineHint>,
    /// Why it is taken for the same code.
    pub because: String,
    /// New files that hold what is missing here of the code: it was split.
    pub rest: Vec<RelativePath>,
}

impl Anchor {
    /// The anchor of a claim; a sweep has none.
    pub fn of(claim: &Claim) -> Option<Self> {
        match &claim.scope {
            Scope::File(file) => Some(Self { file: file.clone(), symbol: claim.symbol.clone() }),
            Scope::Sweep(_) => None,
        }
    }

    /// Whether it is where it was. What a file that does not compile has lost has not moved.
    pub fn is_in(&self, files: &Files) -> bool {
        if !files.contains(&self.file) {
            return false;
        }
        match (&self.symbol, files.file(&self.file)) {
            (None, _) | (_, Err(_)) => true,
            (Some(symbol), Ok(file)) => !file.symbols().find(symbol).is_empty() || file.broken().is_some(),
        }
    }
}

impl Candidate {
    /// `a.py Class.method`.
    pub fn place(&self) -> String {
        place(&self.file, self.symbol.as_deref())
    }
}

impl Whereabouts {
    /// The place that claims are judged at, if there is one.
    pub fn moved(&self) -> Option<&Candidate> {
        match self {
            Whereabouts::Moved(candidate) => Some(candidate),
            Whereabouts::Likely(_) | Whereabouts::Open(_) | Whereabouts::Lost => None,
        }
    }

    /// The places that it is or may be at.
    pub fn candidates(&self) -> &[Candidate] {
        match self {
            Whereabouts::Moved(candidate) | Whereabouts::Likely(candidate) => std::slice::from_ref(candidate),
            Whereabouts::Open(candidates) => candidates,
            Whereabouts::Lost => &[],
        }
    }

    /// The name of the outcome, for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Whereabouts::Moved(_) => "moved",
            Whereabouts::Likely(_) => "likely",
            Whereabouts::Open(_) => "open",
            Whereabouts::Lost => "lost",
        }
    }

    /// Where it is or may be, in words: `is at a.py f: …`. Nothing when it is lost.
    pub fn describe(&self) -> Option<String> {
        let told = |candidate: &Candidate| format!("{} ({})", candidate.place(), candidate.because);
        match self {
            Whereabouts::Moved(candidate) => Some(format!("is at {}", told(candidate))),
            Whereabouts::Likely(candidate) => Some(format!("may be at {}", told(candidate))),
            Whereabouts::Open(candidates) => {
                let all: Vec<String> = candidates.iter().map(told).collect();
                Some(format!("may be at {}", all.join(", or at ")))
            }
            Whereabouts::Lost => None,
        }
    }
}

/// `a.py Class.method`.
pub fn place(file: &RelativePath, symbol: Option<&str>) -> String {
    let symbol = symbol.map(|symbol| format!(" {symbol}")).unwrap_or_default();
    format!("{file}{symbol}")
}

/// Less alike than this, two pieces of code are two pieces of code. Git calls files renamed
/// from half on.
const ALIKE: f64 = 0.5;

/// From here on it is the same code, if nothing else comes as close.
const STRONG: f64 = 0.7;

/// Code of fewer lines is like much other code: it is recognised by its name too, or not at all.
const TELLING_LINES: usize = 4;

/// Candidates that are this close to each other are equally good.
const EQUAL: f64 = 0.03;

/// Looks for anchors that are not in `here`, each with the state of the target that has them,
/// if there is one. All together read each file of `here` once.
pub fn search(missing: &[(Anchor, Option<&Files>)], here: &Files) -> Vec<Whereabouts> {
    if missing.is_empty() {
        return Vec::new();
    }
    let wanted: Vec<Wanted> = missing.iter().map(|(anchor, there)| Wanted::new(anchor, *there)).collect();
    let candidates = files_with(&wanted, here);
    let searches: Vec<(&Wanted, Vec<RelativePath>)> = wanted.iter().zip(candidates).collect();
    parallel::map(&searches, |(wanted, files)| {
        let mut scored: Vec<Scored> = files.iter().flat_map(|path| wanted.in_file(path, here)).collect();
        scored.sort_by(|left, right| {
            let by_place = || left.candidate.file.cmp(&right.candidate.file);
            right.score.total_cmp(&left.score).then_with(by_place)
        });
        wanted.decide(scored, here)
    })
}

/// Where the code went that an anchor had `there` and has `here` no more, although it is in both: into
/// a new definition that it uses, and that holds at least half of what was taken out.
pub fn taken_out(anchor: &Anchor, there: &Files, here: &Files) -> Option<Candidate> {
    let text = |files: &Files| {
        let file = files.file(&anchor.file).ok()?;
        match &anchor.symbol {
            Some(name) => {
                let symbol = *file.symbols().find(name).first()?;
                Some(file.source().slice(symbol.range).to_owned())
            }
            None => Some(file.source().text().to_owned()),
        }
    };
    let (old, new) = (text(there)?, text(here)?);
    let missing = Fingerprint::of(&old, "").without(&Fingerprint::of(&new, ""));
    if missing.count() == 0 {
        return None;
    }
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let used: BTreeSet<&str> = new.split(|character| !is_part(character)).collect();
    let in_file = |path: &RelativePath| {
        let file = here.file(path).ok()?;
        let before = there.file(path).ok();
        let holds_it = |symbol: &&Symbol| {
            symbol.kind != SymbolKind::Variable
                && used.contains(last_name(&symbol.name))
                && before.is_none_or(|before| before.symbols().find(&symbol.name).is_empty())
                && {
                    let left = missing.without(&Fingerprint::of(file.source().slice(symbol.range), ""));
                    left.count() * 2 <= missing.count()
                }
        };
        let symbol = file.symbols().iter().find(holds_it)?;
        Some(candidate_of(file, Some(symbol), "it holds what was taken out of it".to_owned()))
    };
    let new_files = here.paths().iter().filter(|path| !there.contains(path));
    std::iter::once(&anchor.file).chain(new_files).find_map(in_file)
}

/// What an anchor is recognised by.
struct Wanted<'r, 'f> {
    anchor: &'r Anchor,
    there: Option<&'r Files<'f>>,
    by: By<'r>,
}

enum By<'r> {
    /// The body of a definition.
    Symbol { old: &'r ParsedFile, symbol: &'r Symbol, print: Fingerprint, neighbours: Vec<String> },
    /// The lines of a file.
    File { old: &'r ParsedFile, print: Fingerprint },
    /// Nobody knows what it was like.
    Name,
}

struct Scored {
    /// How alike, and a little for each thing around it that is the same too.
    score: f64,
    /// Whether it is enough to judge by, when nothing comes close.
    is_strong: bool,
    candidate: Candidate,
}

impl<'r, 'f> Wanted<'r, 'f> {
    fn new(anchor: &'r Anchor, there: Option<&'r Files<'f>>) -> Self {
        let old = there.and_then(|there| there.file(&anchor.file).ok());
        let by = match (&anchor.symbol, old) {
            (Some(name), Some(old)) => match old.symbols().find(name).first() {
                Some(symbol) => By::Symbol {
                    old,
                    symbol,
                    print: Fingerprint::of(old.source().slice(symbol.range), last_name(name)),
                    neighbours: neighbours(old, symbol),
                },
                None => By::Name,
            },
            (None, Some(old)) => By::File { old, print: Fingerprint::of(old.source().text(), "") },
            (Some(_) | None, None) => By::Name,
        };
        Self { anchor, there, by }
    }

    /// Texts of which a file that has the code has at least one.
    fn needles(&self) -> Vec<&str> {
        match (&self.by, &self.anchor.symbol) {
            (By::Symbol { print, .. } | By::File { print, .. }, _) => print.telling_lines(),
            (By::Name, Some(symbol)) => vec![last_name(symbol)],
            (By::Name, None) => Vec::new(),
        }
    }

    fn in_file(&self, path: &RelativePath, here: &Files) -> Vec<Scored> {
        let Ok(file) = here.file(path) else { return Vec::new() };
        match &self.by {
            By::Symbol { old, symbol, print, neighbours } => {
                let before = self.there.and_then(|there| there.file(path).ok());
                let candidates = file.symbols().iter().filter(|candidate| {
                    candidate.kind == symbol.kind
                        && candidate.kind != SymbolKind::Variable
                        && !candidate.replaced
                        && before.is_none_or(|before| before.symbols().find(&candidate.name).is_empty())
                });
                candidates
                    .filter_map(|candidate| {
                        scored_symbol(Old { file: old, symbol, print, neighbours }, file, candidate)
                    })
                    .collect()
            }
            By::File { old, print } => {
                let is_new = self.there.is_none_or(|there| !there.contains(path));
                let alike = similarity(print, &Fingerprint::of(file.source().text(), ""));
                if !is_new || alike < ALIKE {
                    return Vec::new();
                }
                let same_name = if path.file_name() == old.path().file_name() { 0.05 } else { 0.0 };
                let is_same = file.source().text() == old.source().text();
                let because = if is_same {
                    "the file is the same, byte for byte".to_owned()
                } else {
                    format!("{:.0}% of the file's lines are the same", alike * 100.0)
                };
                // As for git, a file that is the same was renamed, however short it is.
                let is_told = print.count() >= TELLING_LINES || is_same && print.count() > 0;
                let is_strong = alike >= STRONG && is_told;
                vec![Scored {
                    score: alike + same_name,
                    is_strong,
                    candidate: candidate_of(file, None, because),
                }]
            }
            By::Name => self.namesakes(file),
        }
    }

    fn namesakes(&self, file: &ParsedFile) -> Vec<Scored> {
        let is_namesake = file.path().file_name() == self.anchor.file.file_name();
        let score = if is_namesake { 1.0 } else { 0.9 };
        let scored = |candidate| Scored { score, is_strong: false, candidate };
        match &self.anchor.symbol {
            None if is_namesake => {
                vec![scored(candidate_of(file, None, "the file has the same name".to_owned()))]
            }
            None => Vec::new(),
            Some(name) => {
                let symbols = file.symbols().find(name).into_iter();
                symbols
                    .map(|symbol| scored(candidate_of(file, Some(symbol), format!("it defines `{name}`"))))
                    .collect()
            }
        }
    }

    /// What follows from the candidates, the best first.
    fn decide(&self, scored: Vec<Scored>, here: &Files) -> Whereabouts {
        let Some(best) = scored.first().map(|scored| scored.score) else { return Whereabouts::Lost };
        let is_strong = scored.first().is_some_and(|scored| scored.is_strong);
        let mut candidates: Vec<Candidate> = scored
            .into_iter()
            .take_while(|scored| best - scored.score < EQUAL)
            .map(|scored| scored.candidate)
            .collect();
        if candidates.len() > 1 {
            return Whereabouts::Open(candidates);
        }
        let mut candidate = candidates.remove(0);
        if is_strong {
            candidate.rest = self.rest(&candidate, here);
            Whereabouts::Moved(candidate)
        } else {
            Whereabouts::Likely(candidate)
        }
    }

    /// New files that hold what the candidate lacks of the code.
    fn rest(&self, candidate: &Candidate, here: &Files) -> Vec<RelativePath> {
        let (By::Symbol { print, .. } | By::File { print, .. }) = &self.by else { return Vec::new() };
        let Ok(file) = here.file(&candidate.file) else { return Vec::new() };
        let missing = print.without(&Fingerprint::of(file.source().text(), &self.new_name(candidate)));
        if missing.count() < TELLING_LINES {
            return Vec::new();
        }
        let is_new = |path: &&RelativePath| {
            **path != candidate.file && self.there.is_none_or(|there| !there.contains(path))
        };
        let new: Vec<&RelativePath> = here.paths().iter().filter(is_new).collect();
        let holds = parallel::map(&new, |path| {
            here.file(path).is_ok_and(|file| {
                let left = missing.without(&Fingerprint::of(file.source().text(), ""));
                left.count() * 2 <= missing.count()
            })
        });
        new.into_iter().zip(holds).filter(|(_, holds)| *holds).map(|(path, _)| path.clone()).collect()
    }

    fn new_name(&self, candidate: &Candidate) -> String {
        candidate.symbol.as_deref().map(last_name).unwrap_or_default().to_owned()
    }
}

/// For each anchor the files that may have its code, sorted.
fn files_with(wanted: &[Wanted], here: &Files) -> Vec<Vec<RelativePath>> {
    let mut owners: Vec<usize> = Vec::new();
    let mut needles: Vec<&str> = Vec::new();
    for (index, wanted) in wanted.iter().enumerate() {
        for needle in wanted.needles() {
            owners.push(index);
            needles.push(needle);
        }
    }
    let found: Vec<BTreeSet<usize>> = match AhoCorasick::new(&needles) {
        Ok(automaton) if !needles.is_empty() => {
            here.tree().prefetch(here.paths());
            parallel::map(here.paths(), |path| {
                let mut found = BTreeSet::new();
                if let Ok(bytes) = here.bytes(path) {
                    let matches = automaton.find_overlapping_iter(&*bytes);
                    found.extend(matches.map(|found| owners[found.pattern().as_usize()]));
                }
                found
            })
        }
        Ok(_) | Err(_) => Vec::new(),
    };
    let mut files: BTreeMap<usize, BTreeSet<RelativePath>> = BTreeMap::new();
    for (path, owners) in here.paths().iter().zip(found) {
        for owner in owners {
            files.entry(owner).or_default().insert(path.clone());
        }
    }
    for (index, wanted) in wanted.iter().enumerate() {
        let namesakes = here.paths().iter().filter(|path| match wanted.by {
            // What is renamed in place has few lines to be told by when it is short.
            By::Symbol { .. } => **path == wanted.anchor.file,
            By::File { .. } | By::Name => path.file_name() == wanted.anchor.file.file_name(),
        });
        files.entry(index).or_default().extend(namesakes.cloned());
    }
    (0..wanted.len()).map(|index| files.remove(&index).unwrap_or_default().into_iter().collect()).collect()
}

/// A definition of the reference.
#[derive(Clone, Copy)]
struct Old<'r> {
    file: &'r ParsedFile,
    symbol: &'r Symbol,
    print: &'r Fingerprint,
    neighbours: &'r [String],
}

fn scored_symbol(old: Old, file: &ParsedFile, candidate: &Symbol) -> Option<Scored> {
    let print = Fingerprint::of(file.source().slice(candidate.range), last_name(&candidate.name));
    let alike = similarity(old.print, &print);
    if alike < ALIKE {
        return None;
    }
    let mine = neighbours(file, candidate);
    let shared = old.neighbours.iter().filter(|name| mine.contains(name)).count();
    let has_name = last_name(&candidate.name) == last_name(&old.symbol.name);
    let bonus = |is_so: bool| if is_so { 0.05 } else { 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "a definition has at most two neighbours")]
    let context = shared as f64 * 0.05
        + bonus(has_name)
        + bonus(parent(&candidate.name) == parent(&old.symbol.name))
        + bonus(file.path() == old.file.path());
    let mut because = if alike >= 1.0 {
        "all its lines are the same".to_owned()
    } else {
        format!("{:.0}% of its lines are the same", alike * 100.0)
    };
    if shared > 0 {
        because.push_str(", and so are its neighbours");
    }
    let is_between_the_same = alike >= 1.0 && shared > 0 && shared == old.neighbours.len();
    let is_told = has_name || is_between_the_same || old.print.count() >= TELLING_LINES;
    Some(Scored {
        score: alike + context,
        is_strong: alike >= STRONG && is_told,
        candidate: candidate_of(file, Some(candidate), because),
    })
}

fn candidate_of(file: &ParsedFile, symbol: Option<&Symbol>, because: String) -> Candidate {
    let lines = symbol.map(|symbol| {
        let (first, last) = file.source().lines(symbol.range);
        LineHint { first, last }
    });
    let symbol = symbol.map(|symbol| symbol.name.clone());
    Candidate { file: file.path().clone(), symbol, lines, because, rest: Vec::new() }
}

/// The names of the definitions before and after a definition, in the same class or module.
fn neighbours(file: &ParsedFile, symbol: &Symbol) -> Vec<String> {
    let siblings: Vec<&Symbol> = file
        .symbols()
        .iter()
        .filter(|other| other.kind != SymbolKind::Variable && parent(&other.name) == parent(&symbol.name))
        .collect();
    let Some(index) = siblings.iter().position(|other| other.range == symbol.range) else {
        return Vec::new();
    };
    let before = index.checked_sub(1).and_then(|index| siblings.get(index));
    before
        .into_iter()
        .chain(siblings.get(index + 1))
        .map(|sibling| last_name(&sibling.name).to_owned())
        .collect()
}

/// The last part of a dotted name.
pub fn last_name(symbol: &str) -> &str {
    symbol.rsplit('.').next().unwrap_or(symbol)
}

fn parent(symbol: &str) -> &str {
    symbol.rsplit_once('.').map_or("", |(parent, _)| parent)
}

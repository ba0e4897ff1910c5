//! The Python files of a target, each read and parsed at most once and then kept.
//!
//! Everything that is built over trees borrows from here, so that many checks on many threads
//! share one tree per file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::evidence::Reason;
use crate::parallel;
use crate::python::SourceFile;
use crate::python::symbols::SymbolTable;
use crate::python::words::{self, WordIndex};
use crate::target::{RelativePath, TargetTree, Unreadable};

/// The files of one target.
pub struct Files<'t> {
    tree: &'t dyn TargetTree,
    listed: Arc<HashMap<RelativePath, usize>>,
    slots: Vec<Slot>,
    /// Bytes of listed files that were looked at and are likely to be looked at again; nothing where
    /// there was no room for them, or no such bytes.
    contents: Vec<OnceLock<Option<Box<[u8]>>>>,
    /// How many more bytes may be kept.
    room: AtomicUsize,
    others: OnceLock<Box<Other>>,
    /// For each word that was looked for in all files, the files that have it.
    mentions: RwLock<HashMap<String, Arc<Vec<RelativePath>>>>,
    /// All words of all files, when very many were looked for.
    words: OnceLock<WordIndex>,
    /// Whether somebody gathers the words, or has.
    gathers: AtomicBool,
    /// How many more bytes may be parsed and kept by those who need them for a while.
    room_for_trees: AtomicUsize,
    /// Where the files really are, for those who look at them through these.
    behind: Option<Behind<'t>>,
}

/// A file that somebody has asked for.
type Slot = OnceLock<Result<ParsedFile, Reason>>;

/// Other files, and what is different for those who do not look at them directly.
struct Behind<'t> {
    files: &'t Files<'t>,
    view: View,
}

enum View {
    /// What was seen is written down.
    Traced(Mutex<Trace>),
    /// The listed files with these numbers, one after another, have slots of their own: they are
    /// parsed for a while only.
    Lent(Range<usize>),
}

/// How many bytes of contents are kept, so that a search for the next word reads no file again. A
/// larger target is read again in part.
const ROOM: usize = 32 * 1024 * 1024;

/// How many bytes of files stay parsed after somebody needed them for a while. A tree takes some eight
/// times as much as its text.
const ROOM_FOR_TREES: usize = 6 * 1024 * 1024;

/// For so many words each file is searched. From then on all words of all files are known, which costs
/// as much as to search for about this many.
const MOST_SEARCHES: usize = 100;

/// What somebody has seen of the files. Numbers are those of the listing.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Files that were parsed, or could not be.
    pub parsed: BTreeSet<usize>,
    /// Files whose bytes were tested.
    pub tested: BTreeSet<usize>,
    /// Words that were looked for in all files, and the files that have them.
    pub words: BTreeMap<String, Arc<Vec<RelativePath>>>,
    /// Paths outside the listing that were asked for.
    pub unlisted: BTreeSet<RelativePath>,
}

/// A file that the tree does not list (excluded, or without the usual suffix) and that was
/// asked for by name. A list that only grows, so that references to its files stay good.
struct Other {
    path: RelativePath,
    parsed: Result<ParsedFile, Reason>,
    next: OnceLock<Box<Other>>,
}

/// One file as text, tree and table of symbols.
#[derive(Debug)]
pub struct ParsedFile {
    source: SourceFile,
    symbols: OnceLock<SymbolTable>,
}

impl<'t> Files<'t> {
    /// Lists the files; reads none.
    pub fn new(tree: &'t dyn TargetTree) -> Self {
        let paths = tree.python_files();
        let listed = paths.iter().enumerate().map(|(index, path)| (path.clone(), index)).collect();
        Self {
            slots: paths.iter().map(|_| OnceLock::new()).collect(),
            contents: paths.iter().map(|_| OnceLock::new()).collect(),
            room: AtomicUsize::new(ROOM),
            room_for_trees: AtomicUsize::new(ROOM_FOR_TREES),
            ..Self::empty(tree, Arc::new(listed))
        }
    }

    /// The same files, and a record of what is seen of them from here.
    pub fn traced(files: &'t Files<'t>) -> Self {
        let behind = Behind { files, view: View::Traced(Mutex::default()) };
        Self { behind: Some(behind), ..Self::empty(files.tree, Arc::clone(&files.listed)) }
    }

    /// The same files, of which some are needed for a while only: of the listed files with these numbers
    /// what is parsed goes with what is returned here, unless it is little.
    pub fn lent(files: &'t Files<'t>, some: Range<usize>) -> Self {
        Self {
            slots: some.clone().map(|_| OnceLock::new()).collect(),
            behind: Some(Behind { files, view: View::Lent(some) }),
            ..Self::empty(files.tree, Arc::clone(&files.listed))
        }
    }

    fn empty(tree: &'t dyn TargetTree, listed: Arc<HashMap<RelativePath, usize>>) -> Self {
        Self {
            tree,
            listed,
            slots: Vec::new(),
            contents: Vec::new(),
            room: AtomicUsize::new(0),
            others: OnceLock::new(),
            mentions: RwLock::default(),
            words: OnceLock::new(),
            gathers: AtomicBool::new(false),
            room_for_trees: AtomicUsize::new(0),
            behind: None,
        }
    }

    /// What was seen.
    pub fn into_trace(self) -> Trace {
        match self.behind {
            Some(Behind { view: View::Traced(trace), .. }) => {
                trace.into_inner().unwrap_or_else(PoisonError::into_inner)
            }
            Some(Behind { view: View::Lent(_), .. }) | None => Trace::default(),
        }
    }

    /// Whether what is seen of these files is written down.
    pub fn is_traced(&self) -> bool {
        self.behind.as_ref().is_some_and(|Behind { files, view }| match view {
            View::Traced(_) => true,
            View::Lent(_) => files.is_traced(),
        })
    }

    /// Writes down what somebody else has seen, as if it had been seen through these files.
    pub fn adopt(&self, seen: Trace) {
        let Some(Behind { files, view }) = &self.behind else { return };
        let View::Traced(trace) = view else { return files.adopt(seen) };
        if files.is_traced() {
            files.adopt(seen.clone());
        }
        let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
        trace.parsed.extend(seen.parsed);
        trace.tested.extend(seen.tested);
        trace.words.extend(seen.words);
        trace.unlisted.extend(seen.unlisted);
    }

    /// The number of a listed file.
    pub fn number(&self, path: &RelativePath) -> Option<usize> {
        self.listed.get(path).copied()
    }

    /// The tree that is read from.
    pub fn tree(&self) -> &'t dyn TargetTree {
        self.tree
    }

    /// All Python files of the target, sorted by path.
    pub fn paths(&self) -> &'t [RelativePath] {
        self.tree.python_files()
    }

    /// The file, parsed when this is the first time that somebody asks.
    pub fn file(&self, path: &RelativePath) -> Result<&ParsedFile, Reason> {
        let number = self.number(path);
        if let Some(files) = self.note(path, |trace| &mut trace.parsed) {
            return match (self.lent_slot(number), number) {
                (Some(slot), Some(number)) => files.file_for_a_while(path, number, slot),
                (Some(_) | None, _) => files.file(path),
            };
        }
        let parsed = match number {
            Some(number) => self.slots[number].get_or_init(|| self.parse(path)),
            None => self.other(path),
        };
        parsed.as_ref().map_err(Reason::clone)
    }

    /// Where a file is that is parsed for a while only.
    fn lent_slot(&self, number: Option<usize>) -> Option<&Slot> {
        match &self.behind {
            Some(Behind { view: View::Lent(some), .. }) => self.slots.get(number?.checked_sub(some.start)?),
            Some(Behind { view: View::Traced(_), .. }) | None => None,
        }
    }

    /// A listed file; in this slot, when nobody has parsed it before and there is no room for it.
    fn file_for_a_while<'a>(
        &'a self,
        path: &RelativePath,
        number: usize,
        slot: &'a Slot,
    ) -> Result<&'a ParsedFile, Reason> {
        if let Some(files) = self.note(path, |trace| &mut trace.parsed) {
            return files.file_for_a_while(path, number, slot);
        }
        if let Some(parsed) = self.slots[number].get() {
            return parsed.as_ref().map_err(Reason::clone);
        }
        let slot = match slot.get() {
            Some(_) => slot,
            None => {
                let parsed = self.parse(path);
                let size = parsed.as_ref().map_or(0, |file| file.source().text().len());
                let slot = if take(&self.room_for_trees, size) { &self.slots[number] } else { slot };
                // Where somebody was faster, his is as good.
                let _ = slot.set(parsed);
                slot
            }
        };
        slot.get_or_init(|| self.parse(path)).as_ref().map_err(Reason::clone)
    }

    /// Whether there is such a file, without reading it.
    pub fn contains(&self, path: &RelativePath) -> bool {
        if self.listed.contains_key(path) {
            return true;
        }
        match self.note(path, |trace| &mut trace.parsed) {
            Some(files) => files.contains(path),
            None => self.tree.exists(path),
        }
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &RelativePath) -> Result<Arc<[u8]>, Reason> {
        match self.note(path, |trace| &mut trace.parsed) {
            Some(files) => files.bytes(path),
            None => self.tree.read(path).map_err(|unreadable| unreadable_reason(path, unreadable)),
        }
    }

    /// What `test` says of a file's bytes: a look before it is worth parsing.
    pub fn test(&self, path: &RelativePath, test: impl Fn(&[u8]) -> bool) -> Result<bool, Reason> {
        if let Some(files) = self.note(path, |trace| &mut trace.tested) {
            let tested = files.test(path, test);
            if tested.is_err() {
                // What could not be read is told of, and so it matters whatever it is now.
                self.note(path, |trace| &mut trace.parsed);
            }
            return tested;
        }
        if let Some(bytes) = self.kept(path) {
            return Ok(test(bytes));
        }
        let mut answer = false;
        self.look(path, &mut |bytes| answer = test(bytes))?;
        Ok(answer)
    }

    /// The bytes of a listed file, read now if nobody has looked at them yet.
    fn kept(&self, path: &RelativePath) -> Option<&[u8]> {
        let index = self.listed.get(path)?;
        let keep = || {
            let mut kept = None;
            self.look(path, &mut |bytes| {
                if take(&self.room, bytes.len()) {
                    kept = Some(bytes.into());
                }
            })
            .ok()?;
            kept
        };
        self.contents[*index].get_or_init(keep).as_deref()
    }

    fn look(&self, path: &RelativePath, look: &mut dyn FnMut(&[u8])) -> Result<(), Reason> {
        self.tree.look(path, look).map_err(|unreadable| unreadable_reason(path, unreadable))
    }

    /// The listed files whose bytes contain `word`, in the order of their paths. The search is
    /// over the whole target, made once per word and remembered.
    pub fn mentioning(&self, word: &str) -> Arc<Vec<RelativePath>> {
        if let Some(Behind { files, view }) = &self.behind {
            let found = files.mentioning(word);
            let View::Traced(trace) = view else { return found };
            let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
            trace.words.entry(word.to_owned()).or_insert_with(|| Arc::clone(&found));
            return found;
        }
        let mut searches = 0;
        if let Ok(map) = self.mentions.read() {
            if let Some(known) = map.get(word) {
                return Arc::clone(known);
            }
            searches = map.len();
        }
        let indexed = if searches < MOST_SEARCHES { None } else { self.words() };
        let candidates = indexed.and_then(|words| words.files_with(word));
        let found = match candidates {
            Some(found) if words::is_word(word) => found,
            candidates => {
                let candidates = candidates.unwrap_or_else(|| (0..self.paths().len()).collect());
                let finder = memchr::memmem::Finder::new(word);
                let has_it = parallel::map(&candidates, |number| {
                    let tested = self.test(&self.paths()[*number], |bytes| finder.find(bytes).is_some());
                    tested.unwrap_or_default()
                });
                candidates
                    .into_iter()
                    .zip(has_it)
                    .filter(|(_, has_it)| *has_it)
                    .map(|(number, _)| number)
                    .collect()
            }
        };
        let found = Arc::new(found.into_iter().map(|number| self.paths()[number].clone()).collect());
        if let Ok(mut map) = self.mentions.write() {
            map.insert(word.to_owned(), Arc::clone(&found));
        }
        found
    }

    /// The words of all files that can be read, if nobody is about to gather them. Nobody waits for
    /// that: whoever gathers may be given a search by its own helpers meanwhile.
    fn words(&self) -> Option<&WordIndex> {
        if self.words.get().is_none() && !self.gathers.swap(true, Ordering::Relaxed) {
            let vocabularies = parallel::map(self.paths(), |path| {
                if let Some(bytes) = self.kept(path) {
                    return words::vocabulary(bytes);
                }
                let mut vocabulary = Vec::new();
                // What cannot be read has no words, as in a search.
                let _ = self.look(path, &mut |bytes| vocabulary = words::vocabulary(bytes));
                vocabulary
            });
            let _ = self.words.set(WordIndex::of(vocabularies));
        }
        self.words.get()
    }

    /// Writes down what is seen, when these files are traced; then gives those behind these.
    fn note(
        &self,
        path: &RelativePath,
        seen: impl FnOnce(&mut Trace) -> &mut BTreeSet<usize>,
    ) -> Option<&'t Files<'t>> {
        let Behind { files, view } = self.behind.as_ref()?;
        let View::Traced(trace) = view else { return Some(files) };
        let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
        match self.listed.get(path) {
            Some(number) => drop(seen(&mut trace).insert(*number)),
            None => {
                if trace.unlisted.insert(path.clone())
                    && let Some(cache) = self.tree.cache()
                {
                    // No snapshot has it: what it is must be known before it is looked at.
                    cache.content_of(path);
                }
            }
        }
        Some(files)
    }

    fn parse(&self, path: &RelativePath) -> Result<ParsedFile, Reason> {
        let mut source = None;
        let mut parse = |bytes: &[u8]| source = Some(SourceFile::from_bytes(path.clone(), bytes));
        match self.listed.get(path).and_then(|index| self.contents[*index].get()) {
            Some(Some(bytes)) => parse(bytes),
            Some(None) | None => self.look(path, &mut parse)?,
        }
        let source = source.unwrap_or_else(|| SourceFile::from_bytes(path.clone(), b""));
        Ok(ParsedFile::new(source))
    }

    fn other(&self, path: &RelativePath) -> &Result<ParsedFile, Reason> {
        let mut link = &self.others;
        loop {
            // Two threads may race for the end of the list; the loser walks on from the winner.
            let other = link.get_or_init(|| {
                Box::new(Other { path: path.clone(), parsed: self.parse(path), next: OnceLock::new() })
            });
            if other.path == *path {
                return &other.parsed;
            }
            link = &other.next;
        }
    }
}

/// Takes so many bytes of what is left, if there are as many.
fn take(room: &AtomicUsize, bytes: usize) -> bool {
    let less = |room: usize| room.checked_sub(bytes);
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}

impl ParsedFile {
    /// A file that no [`Files`] keeps.
    pub fn new(source: SourceFile) -> Self {
        Self { source, symbols: OnceLock::new() }
    }

    /// Text and tree.
    pub fn source(&self) -> &SourceFile {
        &self.source
    }

    /// Where the file is in its target.
    pub fn path(&self) -> &RelativePath {
        self.source.path()
    }

    /// Its classes and functions.
    pub fn symbols(&self) -> &SymbolTable {
        self.symbols.get_or_init(|| SymbolTable::new(self.source.module()))
    }

    /// Why an absence in this file proves nothing, when it does not compile.
    pub fn broken(&self) -> Option<Reason> {
        let path = self.path().as_str().to_owned();
        self.source.errors().first().map(|error| {
            let problem = error.message.clone();
            if error.is_own_limit() {
                Reason::FileUnreadable { path, problem }
            } else {
                Reason::DoesNotCompile { path, line: error.line, message: problem }
            }
        })
    }
}

/// Why a file could not be read, as a reason of an observation.
pub fn unreadable_reason(path: &RelativePath, unreadable: Unreadable) -> Reason {
    let path = path.as_str().to_owned();
    match unreadable {
        Unreadable::Missing => Reason::FileMissing { path },
        Unreadable::NotAFile(problem) | Unreadable::Failed(problem) => {
            Reason::FileUnreadable { path, problem }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MemoryTree;

    #[test]
    fn file_is_parsed_once_and_unlisted_files_can_be_named() {
        let tree = MemoryTree::parse("--- a.py\nx = 1\n--- b.txt\ny = 2\n--- c.txt\nz = 3\n");
        let files = Files::new(&tree);
        for name in ["a.py", "b.txt", "c.txt", "b.txt"] {
            let path = RelativePath::new(name).unwrap();
            let first = files.file(&path).unwrap();
            assert_eq!(first.path().as_str(), name);
            assert!(std::ptr::eq(first, files.file(&path).unwrap()));
        }
        let missing = RelativePath::new("d.py").unwrap();
        assert_eq!(files.file(&missing).unwrap_err(), Reason::FileMissing { path: "d.py".to_owned() });
    }

    #[test]
    fn what_is_lent_stays_where_there_is_room() {
        let tree = MemoryTree::parse("--- a.py\nx = 1\n--- b.py\ny = 2\n--- c.py\nz = 3\n");
        let path = |name| RelativePath::new(name).unwrap();
        for room in [0, 6, 12] {
            let files = Files { room_for_trees: AtomicUsize::new(room), ..Files::new(&tree) };
            let view = Files::traced(&files);
            let lent = Files::lent(&view, 1..3);
            for name in ["c.py", "b.py", "a.py"] {
                let file = lent.file(&path(name)).unwrap();
                assert_eq!(file.path().as_str(), name);
                assert!(std::ptr::eq(file, lent.file(&path(name)).unwrap()));
            }
            drop(lent);
            let stays: Vec<bool> = files.slots.iter().map(|slot| slot.get().is_some()).collect();
            assert_eq!(stays, [true, room >= 12, room >= 6], "{room}");
            assert_eq!(view.into_trace().parsed, BTreeSet::from([0, 1, 2]));
        }
    }

    #[test]
    fn whatever_is_asked_through_several_views_is_noted_in_all() {
        let tree = MemoryTree::parse("--- a.py\nx = 1\n--- b.txt\ny = 2\n");
        let asks: [fn(&Files, &RelativePath); 4] = [
            |files, path| assert!(!files.contains(path) || path.as_str() == "b.txt"),
            |files, path| drop(files.bytes(path)),
            |files, path| drop(files.file(path)),
            |files, path| drop(files.test(path, |_| true)),
        ];
        for (number, ask) in asks.iter().enumerate() {
            for name in ["gone.py", "b.txt"] {
                let path = RelativePath::new(name).unwrap();
                let files = Files::new(&tree);
                let outer = Files::traced(&files);
                let inner = Files::traced(&outer);
                ask(&Files::lent(&inner, 0..1), &path);
                for view in [inner.into_trace(), outer.into_trace()] {
                    assert_eq!(view.unlisted, BTreeSet::from([path.clone()]), "{number} {name}");
                }
            }
        }
    }

    #[test]
    fn words_are_found_by_the_thousand_as_they_are_one_by_one() {
        let tree = MemoryTree::parse("--- a.py\nx1.y = 12\n--- b.py\nx1(é)\n--- c.py\nx.y1\n");
        let mut words: Vec<String> =
            ["x", "x1", "y", "x1.y", ".y", "(", "1(é", "é", "", "x.", ".y1"].map(Into::into).into();
        words.extend((0..MOST_SEARCHES).map(|number| number.to_string()));
        let many = Files::new(&tree);
        words.iter().for_each(|word| drop(many.mentioning(word)));
        many.mentions
            .write()
            .unwrap()
            .retain(|word, _| word.parse::<usize>().is_ok_and(|number| number > 20));
        (0..MOST_SEARCHES).for_each(|number| drop(many.mentioning(&format!("no{number}"))));
        for word in &words {
            assert_eq!(many.mentioning(word), Files::new(&tree).mentioning(word), "{word:?}");
        }
        assert!(many.words.get().is_some());
    }
}

//! Questions about the target that are not asked again when the answer is known: what an answer
//! was drawn from is kept with it, and it counts for as long as all of that is as it was.
//!
//! A question looks at the target through [`Files`] alone, which write down what it has seen:
//! files it has parsed, files whose bytes were not worth parsing, words it has looked for
//! everywhere, files outside the listing. After an edit of one file only the questions are asked
//! again for which one of these is different now.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cache::Key;
use crate::python::{Files, Project, Trace};
use crate::target::{CachedTree, RelativePath};

/// After more changes than this everything is asked anew.
const MOST_CHANGES: usize = 100;

/// What `ask` answers, or has answered. `question` is all that it asks, in words: answers to the
/// same words about the same code are the same. `parses` tells whether asking would parse a file
/// whose bytes it looks at. All that is looked at must be looked at through the model that `ask`
/// is given.
///
/// Such questions may be asked within one another: what the inner answer was drawn from, the
/// outer one was as well.
pub fn recall<T: Serialize + DeserializeOwned>(
    question: &str,
    project: &Project,
    parses: &dyn Fn(&RelativePath) -> bool,
    ask: impl FnOnce(&Project) -> T,
) -> T {
    let files = project.files();
    let Some(cache) = files.tree().cache() else { return ask(project) };
    // Which files there are, and where imports look for them, is part of every question.
    let roots = project.roots().join("\0");
    let day = day_asked(question).to_le_bytes();
    let key = Key::of(&[cache.snapshot().listing(), roots.as_bytes(), question.as_bytes(), &day]);
    if let Some(bytes) = cache.get(key)
        && let Ok((drawn_from, answer)) = serde_json::from_slice::<(DrawnFrom, T)>(&bytes)
        && drawn_from.is_as_it_was(files, cache, parses)
    {
        if files.is_traced() {
            files.adopt(drawn_from.trace(files));
        }
        return answer;
    }
    let view = Files::traced(files);
    let answer = ask(&project.over(&view));
    let drawn_from = DrawnFrom::of(view.into_trace(), files, cache);
    if let Ok(bytes) = serde_json::to_vec(&(drawn_from, &answer)) {
        cache.learn(key, bytes);
    }
    answer
}

/// The day on which a question that speaks of the day is asked; it is another question tomorrow.
pub fn day_asked(question: &str) -> u64 {
    if !question.contains("today(") {
        return 0;
    }
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400)
}

/// Everything that the answer depends on, besides its key.
#[derive(Serialize, Deserialize)]
struct DrawnFrom {
    /// The state of the tree in which it was given.
    state: [u8; 32],
    /// Numbers of the files that were parsed.
    parsed: Vec<usize>,
    /// Numbers of the files whose bytes were looked at and that were not parsed: mostly all of a
    /// folder, one after another.
    tested: Runs,
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
            tested: Runs::of(trace.tested.difference(&trace.parsed).copied()),
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

    /// What was seen.
    fn trace(self, files: &Files) -> Trace {
        let path = |number: usize| files.paths().get(number).cloned();
        let words = self.words.into_iter().map(|(word, found)| {
            let found: Vec<RelativePath> = found.into_iter().filter_map(path).collect();
            (word, Arc::new(found))
        });
        Trace {
            parsed: self.parsed.into_iter().collect(),
            tested: self.tested.below(files.paths().len()).collect(),
            words: words.collect(),
            unlisted: self.unlisted.iter().filter_map(|(path, _)| RelativePath::new(path).ok()).collect(),
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
        self.words.iter().all(has_same_words) && (!self.tested.contains(file) || !parses(path))
    }
}

/// Ascending numbers, as the first of neighbours and how many they are.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Runs(Vec<(usize, usize)>);

impl Runs {
    fn of(numbers: impl IntoIterator<Item = usize>) -> Self {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((first, length)) if *first + *length == number => *length += 1,
                Some(_) | None => runs.push((number, 1)),
            }
        }
        Self(runs)
    }

    fn contains(&self, number: usize) -> bool {
        let before = self.0.partition_point(|(first, _)| *first <= number);
        before.checked_sub(1).is_some_and(|run| number - self.0[run].0 < self.0[run].1)
    }

    /// Those that are below `end`.
    fn below(&self, end: usize) -> impl Iterator<Item = usize> {
        self.0.iter().flat_map(move |(first, length)| *first..first.saturating_add(*length).min(end))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::cache::Store;
    use crate::catalogue::PythonSettings;
    use crate::target::DirectoryTree;

    /// Asks in a run of its own, which has `gen` excluded.
    fn run(scratch: &Path, parses: bool, ask: impl FnOnce(&Files) -> String) -> String {
        let tree = DirectoryTree::open(&scratch.join("target"), &["gen".to_owned()]).unwrap();
        let tree = CachedTree::new(Box::new(tree), Store::new(scratch.join("cache")));
        let files = Files::new(&tree);
        let project = Project::new(&files, &PythonSettings::default());
        recall("a question", &project, &|_| parses, |project| ask(project.files()))
    }

    fn scratch(files: &[(&str, &str)]) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = scratch.path().join("target").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        // What was written a moment ago is not trusted.
        std::thread::sleep(Duration::from_millis(100));
        scratch
    }

    fn text(files: &Files, path: &str) -> String {
        let bytes = files.bytes(&RelativePath::new(path).unwrap());
        bytes.map_or_else(|_| "unread".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn answer_is_remembered_until_what_it_was_drawn_from_changes() {
        let scratch = scratch(&[("a.py", "1"), ("b.py", "1"), ("gen/c.py", "1")]);
        let ask = |files: &Files| text(files, "a.py") + &text(files, "gen/c.py");
        assert_eq!(run(scratch.path(), true, ask), "11");
        assert_eq!(run(scratch.path(), true, |_| "asked again".to_owned()), "11");
        fs::write(scratch.path().join("target/b.py"), "2").unwrap();
        assert_eq!(run(scratch.path(), true, |_| "asked again".to_owned()), "11");
        fs::write(scratch.path().join("target/gen/c.py"), "2").unwrap();
        assert_eq!(run(scratch.path(), true, ask), "12");
        fs::write(scratch.path().join("target/a.py"), "2").unwrap();
        assert_eq!(run(scratch.path(), true, ask), "22");
    }

    #[test]
    fn file_that_changes_while_it_is_looked_at_leaves_nothing_behind() {
        for path in ["a.py", "gen/c.py"] {
            let scratch = scratch(&[("a.py", "old"), ("gen/c.py", "old")]);
            let seen = run(scratch.path(), true, |files| {
                let seen = text(files, path);
                fs::write(scratch.path().join("target").join(path), "new").unwrap();
                seen
            });
            assert_eq!(seen, "old");
            assert_eq!(run(scratch.path(), true, |files| text(files, path)), "new", "{path}");
        }
    }

    #[test]
    fn inner_answer_that_is_remembered_counts_for_the_outer_one() {
        let scratch = scratch(&[("a.py", "1"), ("b.py", "1")]);
        let nested = |outer: &str| {
            let tree = DirectoryTree::open(&scratch.path().join("target"), &[]).unwrap();
            let tree = CachedTree::new(Box::new(tree), Store::new(scratch.path().join("cache")));
            let files = Files::new(&tree);
            let project = Project::new(&files, &PythonSettings::default());
            recall(outer, &project, &|_| true, |project| {
                recall("inner", project, &|_| true, |project| text(project.files(), "a.py"))
            })
        };
        assert_eq!(nested("one"), "1");
        // This outer question has not read the file: the inner one had.
        assert_eq!(nested("two"), "1");
        fs::write(scratch.path().join("target/a.py"), "2").unwrap();
        assert_eq!(nested("two"), "2");
    }

    #[test]
    fn what_could_not_be_read_is_looked_at_again() {
        let scratch = scratch(&[("a.py", "1")]);
        let path = RelativePath::new("a.py").unwrap();
        let large = fs::File::create(scratch.path().join("target/a.py")).unwrap();
        large.set_len(40 * 1024 * 1024).unwrap();
        let ask = |files: &Files| format!("{:?}", files.test(&path, |bytes| bytes.is_empty()).is_err());
        assert_eq!(run(scratch.path(), false, ask), "true");
        fs::write(scratch.path().join("target/a.py"), "2").unwrap();
        assert_eq!(run(scratch.path(), false, ask), "false");
    }

    #[test]
    fn question_about_the_day_is_another_one_tomorrow() {
        assert_eq!(day_asked("strptime($D) < now()"), 0);
        assert!(day_asked("strptime($D) < today()") > 20_000);
    }

    #[test]
    fn runs_are_the_numbers_that_they_were_made_of() {
        proptest::proptest!(|(numbers in proptest::collection::btree_set(0_usize..60, 0..40))| {
            let runs = Runs::of(numbers.iter().copied());
            let contained: Vec<usize> = (0..60).filter(|number| runs.contains(*number)).collect();
            proptest::prop_assert_eq!(&contained, &numbers.iter().copied().collect::<Vec<_>>());
            proptest::prop_assert_eq!(&contained, &runs.below(60).collect::<Vec<_>>());
            proptest::prop_assert!(runs.below(30).all(|number| number < 30));
        });
    }
}

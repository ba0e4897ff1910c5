//! Which files have a word, told without looking into the files once more. A search of all files takes
//! milliseconds; some questions ask for thousands of words.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// All words of some files. A word is a run of letters, digits, underscores and of whatever is not
/// ASCII, so that every name is within one.
#[derive(Debug, Default)]
pub(super) struct WordIndex {
    /// The words, each with a newline behind it.
    text: Vec<u8>,
    /// Where each word begins in the text, ascending.
    starts: Vec<u32>,
    /// The numbers of the files that have the first word, ascending, then those of the second, …
    files: Vec<u32>,
    /// Where the files of each word end.
    ends: Vec<u32>,
}

impl WordIndex {
    /// The index of files with these vocabularies, in the order of their numbers.
    pub(super) fn of(vocabularies: Vec<Vec<u8>>) -> Self {
        let mut numbers: HashMap<&[u8], u32, RandomState> = HashMap::default();
        let mut index = Self::default();
        // Which word occurs where, file by file; and how often each does.
        let mut occurrences: Vec<(u32, u32)> = Vec::new();
        for (file, vocabulary) in (0..).zip(&vocabularies) {
            for word in vocabulary.split(|byte| *byte == b'\n').filter(|word| !word.is_empty()) {
                let number = *numbers.entry(word).or_insert_with(|| {
                    index.starts.push(small(index.text.len()));
                    index.text.extend_from_slice(word);
                    index.text.push(b'\n');
                    index.ends.push(0);
                    small(index.ends.len() - 1)
                });
                index.ends[number as usize] += 1;
                occurrences.push((number, file));
            }
        }
        drop(numbers);
        drop(vocabularies);
        // Each word's files begin where those of the one before end, and are filled in from there.
        let mut begin = 0;
        for end in &mut index.ends {
            begin += std::mem::replace(end, begin);
        }
        index.files = vec![0; occurrences.len()];
        for (number, file) in occurrences {
            let next = &mut index.ends[number as usize];
            index.files[*next as usize] = file;
            *next += 1;
        }
        index
    }

    /// The files that have a word, by its number.
    fn files_of(&self, word: usize) -> &[u32] {
        let begin = word.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.files[begin as usize..self.ends[word] as usize]
    }

    /// The numbers of the files that may have this text, ascending: those with the longest part of it
    /// that is within one word. Of a text that [is a word](is_word) that are exactly those that have it;
    /// nothing is known of one without letters and the like.
    pub(super) fn files_with(&self, text: &str) -> Option<Vec<usize>> {
        let parts = text.as_bytes().split(|byte| !is_of_word(*byte));
        let part = parts.max_by_key(|part| part.len()).filter(|part| !part.is_empty())?;
        let finder = memchr::memmem::Finder::new(part);
        let mut found: Vec<u32> = Vec::new();
        let mut from = 0;
        while let Some(place) = finder.find(&self.text[from..]) {
            let word = self.starts.partition_point(|start| *start as usize <= from + place) - 1;
            found.extend(self.files_of(word));
            from = self.starts.get(word + 1).map_or(self.text.len(), |start| *start as usize);
        }
        found.sort_unstable();
        found.dedup();
        Some(found.into_iter().map(|number| number as usize).collect())
    }
}

/// All words of a target are less than 4 GB, and so are the places where they occur.
fn small(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2³² bytes of words")
}

/// Whether a text is one word, or within one.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_of_word)
}

/// The words of a file, each once, each with a newline behind it.
pub(super) fn vocabulary(bytes: &[u8]) -> Vec<u8> {
    let mut words: Vec<&[u8]> =
        bytes.split(|byte| !is_of_word(*byte)).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter().flat_map(|word| word.iter().copied().chain([b'\n'])).collect()
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_finds_what_a_search_of_the_files_finds() {
        proptest::proptest!(|(files in proptest::collection::vec("[ab_0é(.\\n]{0,12}", 0..6), part in "[ab_0é]{1,3}")| {
            let index = WordIndex::of(files.iter().map(|file| vocabulary(file.as_bytes())).collect());
            let searched: Vec<usize> =
                (0..files.len()).filter(|number| files[*number].contains(&part)).collect();
            proptest::prop_assert!(is_word(&part));
            proptest::prop_assert_eq!(index.files_with(&part), Some(searched));
        });
    }

    #[test]
    fn of_several_words_the_longest_tells_where_they_may_be() {
        let index = WordIndex::of([&b"a.bc"[..], b"bcd", b"a"].map(vocabulary).into());
        assert_eq!(index.files_with("a.bc"), Some(vec![0, 1]));
        assert!(!is_word("a.bc"));
        assert_eq!(index.files_with("("), None);
        assert_eq!(index.files_with(""), None);
    }
}

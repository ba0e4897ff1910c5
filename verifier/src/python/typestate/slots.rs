//! What each slot holds, sorted by slot. Every statement makes another table, and most of it is as it was: a
//! table is made of chunks, and what was not changed is shared.

use std::rc::Rc;

use super::state::{Locs, Slot};

type Entry = (Slot, Locs);
type Chunk = Rc<Vec<Entry>>;

/// A chunk that has become twice as large is made two.
const CHUNK: usize = 32;

/// A sorted table. No chunk of it is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    chunks: Rc<Vec<Chunk>>,
}

/// How a slot's content is made from two tables.
pub(super) trait Join {
    /// Of a slot that both have, with different contents.
    fn both(&mut self, left: &Locs, right: &Locs) -> Locs;
    /// Of a slot that one of them has.
    fn alone(&mut self, slot: Slot, locs: &Locs) -> Locs;
}

impl Slots {
    /// Whether this is the very same table.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.chunks, &other.chunks)
    }

    /// About how many slots there are.
    pub(super) fn size(&self) -> usize {
        self.chunks.len() * CHUNK
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Locs> {
        let chunk = self.chunks.get(self.chunk_of(slot))?;
        let at = find(chunk, slot).ok()?;
        Some(&chunk[at].1)
    }

    pub(super) fn set(&mut self, slot: Slot, locs: Locs) {
        if self.chunks.is_empty() {
            self.chunks = Rc::new(vec![Rc::new(vec![(slot, locs)])]);
            return;
        }
        // What is larger than everything goes to the end of the last one.
        let number = self.chunk_of(slot).min(self.chunks.len() - 1);
        let place = find(&self.chunks[number], slot);
        if place.is_ok_and(|at| self.chunks[number][at].1 == locs) {
            return;
        }
        let chunks = Rc::make_mut(&mut self.chunks);
        let chunk = Rc::make_mut(&mut chunks[number]);
        match place {
            Ok(at) => chunk[at].1 = locs,
            Err(at) => chunk.insert(at, (slot, locs)),
        }
        if chunk.len() > 2 * CHUNK {
            let second = chunk.split_off(CHUNK);
            chunks.insert(number + 1, Rc::new(second));
        }
    }

    /// The slots from the first to the last one, both included.
    pub(super) fn range(&self, first: Slot, last: Slot) -> impl Iterator<Item = &Entry> {
        let chunks = self.chunks[self.chunk_of(first)..].iter();
        let reached = chunks.take_while(move |chunk| chunk[0].0 <= last).flat_map(|chunk| chunk.iter());
        reached.skip_while(move |(slot, _)| *slot < first).take_while(move |(slot, _)| *slot <= last)
    }

    pub(super) fn remove(&mut self, first: Slot, last: Slot) {
        if self.range(first, last).next().is_none() {
            return;
        }
        let chunks = Rc::make_mut(&mut self.chunks);
        for chunk in chunks.iter_mut() {
            if chunk[0].0 <= last && chunk[chunk.len() - 1].0 >= first {
                Rc::make_mut(chunk).retain(|(slot, _)| *slot < first || *slot > last);
            }
        }
        chunks.retain(|chunk| !chunk.is_empty());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Makes this table what it and the other one give together. What comes out as it is here stays shared.
    pub(super) fn join(&mut self, other: &Self, join: &mut impl Join) {
        let mut right = Cursor { chunks: &other.chunks, chunk: 0, entry: 0 };
        let mut joined: Vec<Chunk> = Vec::with_capacity(self.chunks.len() + 1);
        let mut changed = false;
        for (number, chunk) in self.chunks.iter().enumerate() {
            if right.is_at(chunk) {
                joined.push(Rc::clone(chunk));
                right.chunk += 1;
                continue;
            }
            let end = self.chunks.get(number + 1).map(|next| next[0].0);
            let mut entries: Vec<Entry> = Vec::with_capacity(chunk.len() + 4);
            let mut differs = false;
            for (slot, locs) in chunk.iter() {
                while let Some((other, theirs)) = right.next_before(Some(*slot)) {
                    entries.push((*other, join.alone(*other, theirs)));
                    differs = true;
                }
                let either = match right.next_at(*slot) {
                    Some(theirs) if same(locs, theirs) => Rc::clone(locs),
                    Some(theirs) => join.both(locs, theirs),
                    None => join.alone(*slot, locs),
                };
                differs |= !same(&either, locs);
                entries.push((*slot, either));
            }
            while let Some((other, theirs)) = right.next_before(end) {
                entries.push((*other, join.alone(*other, theirs)));
                differs = true;
            }
            if differs {
                push(entries, &mut joined);
                changed = true;
            } else {
                joined.push(Rc::clone(chunk));
            }
        }
        let mut rest: Vec<Entry> = Vec::new();
        while let Some((other, theirs)) = right.next_before(None) {
            rest.push((*other, join.alone(*other, theirs)));
        }
        changed |= !rest.is_empty();
        push(rest, &mut joined);
        if changed {
            self.chunks = Rc::new(joined);
        }
    }

    /// The chunk that has the slot or in front of whose entries it belongs.
    fn chunk_of(&self, slot: Slot) -> usize {
        self.chunks.partition_point(|chunk| chunk[chunk.len() - 1].0 < slot)
    }
}

impl PartialEq for Slots {
    fn eq(&self, other: &Self) -> bool {
        if self.is(other) {
            return true;
        }
        let mut right = Cursor { chunks: &other.chunks, chunk: 0, entry: 0 };
        for chunk in self.chunks.iter() {
            if right.is_at(chunk) {
                right.chunk += 1;
                continue;
            }
            for (slot, locs) in chunk.iter() {
                if !right.next().is_some_and(|(other, theirs)| other == slot && same(theirs, locs)) {
                    return false;
                }
            }
        }
        right.peek().is_none()
    }
}

/// A place between the entries of a table.
struct Cursor<'s> {
    chunks: &'s [Chunk],
    chunk: usize,
    entry: usize,
}

impl<'s> Cursor<'s> {
    /// Whether this very chunk is what comes next.
    fn is_at(&self, chunk: &Chunk) -> bool {
        self.entry == 0 && self.chunks.get(self.chunk).is_some_and(|next| Rc::ptr_eq(next, chunk))
    }

    fn peek(&self) -> Option<&'s Entry> {
        self.chunks.get(self.chunk).map(|chunk| &chunk[self.entry])
    }

    fn next(&mut self) -> Option<&'s Entry> {
        let entry = self.peek()?;
        self.entry += 1;
        if self.entry == self.chunks[self.chunk].len() {
            (self.chunk, self.entry) = (self.chunk + 1, 0);
        }
        Some(entry)
    }

    /// The next entry, when its slot is a smaller one than this.
    fn next_before(&mut self, end: Option<Slot>) -> Option<&'s Entry> {
        let (slot, _) = self.peek()?;
        if end.is_none_or(|end| *slot < end) { self.next() } else { None }
    }

    /// What the next entry holds, when it is of this slot.
    fn next_at(&mut self, slot: Slot) -> Option<&'s Locs> {
        if self.peek()?.0 == slot { self.next().map(|(_, locs)| locs) } else { None }
    }
}

fn find(chunk: &Chunk, slot: Slot) -> Result<usize, usize> {
    chunk.binary_search_by_key(&slot, |(slot, _)| *slot)
}

fn same(left: &Locs, right: &Locs) -> bool {
    Rc::ptr_eq(left, right) || left == right
}

fn push(mut entries: Vec<Entry>, chunks: &mut Vec<Chunk>) {
    while entries.len() > 2 * CHUNK {
        let rest = entries.split_off(CHUNK);
        chunks.push(Rc::new(entries));
        entries = rest;
    }
    if !entries.is_empty() {
        chunks.push(Rc::new(entries));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::state::{one, union};
    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u32, u32),
        Remove(u32, u32),
        /// What was there so many steps ago is joined.
        Join(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0..300u32, 0..5u32).prop_map(|(slot, loc)| Step::Set(slot, loc)),
            1 => (0..300u32, 0..40u32).prop_map(|(first, many)| Step::Remove(first, first + many)),
            2 => (0..20usize).prop_map(Step::Join),
        ];
        prop::collection::vec(step, 0..400)
    }

    fn slot(number: u32) -> Slot {
        if number < 150 {
            Slot::Variable(number / 10, number % 10)
        } else {
            Slot::Field(number / 10, number % 10)
        }
    }

    /// Slots that one path alone has get 7 besides.
    struct Both;

    impl Join for Both {
        fn both(&mut self, left: &Locs, right: &Locs) -> Locs {
            union(left, right)
        }

        fn alone(&mut self, _: Slot, locs: &Locs) -> Locs {
            union(locs, &[7])
        }
    }

    type Model = BTreeMap<Slot, Locs>;

    fn joined(left: &Model, right: &Model) -> Model {
        let slots: std::collections::BTreeSet<Slot> = left.keys().chain(right.keys()).copied().collect();
        let of = |slot| match (left.get(&slot), right.get(&slot)) {
            (Some(left), Some(right)) => union(left, right),
            (Some(alone), None) | (None, Some(alone)) => union(alone, &[7]),
            (None, None) => unreachable!("one of them has it"),
        };
        slots.into_iter().map(|slot| (slot, of(slot))).collect()
    }

    fn entries(slots: &Slots) -> Vec<Entry> {
        slots.iter().cloned().collect()
    }

    proptest! {
        #[test]
        fn table_is_what_a_plain_one_would_be(steps in steps()) {
            let mut states: Vec<(Slots, Model)> = vec![Default::default()];
            for step in steps {
                let (mut slots, mut model) = states.last().unwrap().clone();
                match step {
                    Step::Set(number, loc) => {
                        slots.set(slot(number), one(loc));
                        model.insert(slot(number), one(loc));
                    }
                    Step::Remove(first, last) => {
                        let (first, last) = (slot(first), slot(last));
                        let kept: Vec<Entry> = slots.range(first, last).cloned().collect();
                        let expected: Vec<Entry> =
                            model.range(first..=last).map(|(slot, locs)| (*slot, locs.clone())).collect();
                        prop_assert_eq!(kept, expected);
                        slots.remove(first, last);
                        model.retain(|slot, _| *slot < first || *slot > last);
                    }
                    Step::Join(ago) => {
                        let (other, of_other) = &states[states.len().saturating_sub(ago + 1)];
                        slots.join(other, &mut Both);
                        model = joined(&model, of_other);
                    }
                }
                let expected: Vec<Entry> = model.iter().map(|(slot, locs)| (*slot, locs.clone())).collect();
                prop_assert_eq!(entries(&slots), expected);
                prop_assert!(slots.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= 2 * CHUNK));
                for number in 0..340 {
                    prop_assert_eq!(slots.get(slot(number)), model.get(&slot(number)));
                }
                for (other, of_other) in states.iter().rev().take(8) {
                    prop_assert_eq!(slots == *other, model == *of_other);
                }
                states.push((slots, model));
            }
        }

        #[test]
        fn what_a_join_does_not_change_stays_shared(steps in steps()) {
            let mut slots = Slots::default();
            for step in steps {
                if let Step::Set(number, loc) = step {
                    slots.set(slot(number), one(loc));
                }
            }
            let before = slots.clone();
            let mut copy = Slots::default();
            for (slot, locs) in before.iter() {
                copy.set(*slot, locs.clone());
            }
            slots.join(&copy, &mut Both);
            prop_assert!(slots.is(&before));
        }
    }
}

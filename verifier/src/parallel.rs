//! Asking many things at once. Rayon is generic in what it is asked and what comes out, and each use would
//! have a copy of how it divides work, a tenth of all machine code; these go through one.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

/// What `answer` says of each item, in the order of the items.
pub fn map<T: Sync, R: Send>(items: &[T], answer: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let answers: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    for_each(items.len(), &|index| {
        let found = answer(&items[index]);
        *answers[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    });
    answers.into_iter().filter_map(taken).collect()
}

/// [`map`] for items that the answers consume.
pub fn map_into<T: Send, R: Send>(items: Vec<T>, answer: impl Fn(T) -> R + Sync) -> Vec<R> {
    let items: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    let answers = map(&items, |item| {
        let item = item.lock().unwrap_or_else(PoisonError::into_inner).take();
        item.map(&answer)
    });
    answers.into_iter().flatten().collect()
}

/// Acts on each number below `count`, on all threads.
fn for_each(count: usize, act: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().for_each(act);
}

/// What is in a slot when all is done.
fn taken<R>(slot: Mutex<Option<R>>) -> Option<R> {
    slot.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..10_000).collect();
        let doubled: Vec<u64> = items.iter().map(|item| item * 2).collect();
        assert_eq!(map(&items, |item| item * 2), doubled);
        assert_eq!(map_into(items, |item| item * 2), doubled);
    }
}

//! What is known at one point of a path: which object each variable and attribute can hold, and
//! which events each object can have been through.

use std::collections::BTreeMap;
use std::rc::Rc;

/// An abstract object: what one expression makes in one calling context.
pub(super) type Loc = u32;
/// An interned name.
pub(super) type Name = u32;
/// An activation of a function, told apart by where it was called from.
pub(super) type Frame = u32;
/// An interned chain of events.
pub(super) type ChainId = u32;

/// Where a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    /// A local variable.
    Variable(Frame, Name),
    /// An attribute of an object; a module's globals are attributes of the module.
    Field(Loc, Name),
}

/// A sorted set of objects. Empty: something that is not followed.
pub(super) type Locs = Rc<[Loc]>;

/// One or several paths, joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    slots: Rc<BTreeMap<Slot, Locs>>,
    chains: Rc<BTreeMap<Loc, Rc<[ChainId]>>>,
}

/// More ways than this to reach one object's state are not told apart.
const MAX_CHAINS: usize = 24;
/// More objects than this in one slot are not followed.
const MAX_LOCS: usize = 12;

impl State {
    pub(super) fn get(&self, slot: Slot) -> Option<&Locs> {
        self.slots.get(&slot)
    }

    pub(super) fn set(&mut self, slot: Slot, locs: Locs) {
        if self.slots.get(&slot) != Some(&locs) {
            Rc::make_mut(&mut self.slots).insert(slot, locs);
        }
    }

    /// The attributes of an object that are known here.
    pub(super) fn fields(&self, loc: Loc) -> impl Iterator<Item = (Name, &Locs)> {
        self.slots.range(Slot::Field(loc, 0)..=Slot::Field(loc, Name::MAX)).filter_map(|(slot, locs)| {
            match slot {
                Slot::Field(_, name) => Some((*name, locs)),
                Slot::Variable(_, _) => None,
            }
        })
    }

    pub(super) fn chains(&self, loc: Loc) -> Rc<[ChainId]> {
        self.chains.get(&loc).cloned().unwrap_or_else(|| Rc::from([]))
    }

    pub(super) fn set_chains(&mut self, loc: Loc, mut chains: Vec<ChainId>) {
        chains.sort_unstable();
        chains.dedup();
        chains.truncate(MAX_CHAINS);
        if chains.is_empty() {
            if self.chains.contains_key(&loc) {
                Rc::make_mut(&mut self.chains).remove(&loc);
            }
        } else if self.chains.get(&loc).is_none_or(|known| **known != *chains) {
            Rc::make_mut(&mut self.chains).insert(loc, chains.into());
        }
    }

    /// Forgets an object: the expression that makes it is about to make another one.
    pub(super) fn renew(&mut self, loc: Loc) {
        self.set_chains(loc, Vec::new());
        let known: Vec<Slot> = self.fields(loc).map(|(name, _)| Slot::Field(loc, name)).collect();
        if !known.is_empty() {
            let slots = Rc::make_mut(&mut self.slots);
            for slot in known {
                slots.remove(&slot);
            }
        }
    }

    /// Forgets the variables of a function that has returned.
    pub(super) fn drop_frame(&mut self, frame: Frame) {
        let range = Slot::Variable(frame, 0)..=Slot::Variable(frame, Name::MAX);
        let known: Vec<Slot> = self.slots.range(range).map(|(slot, _)| *slot).collect();
        if !known.is_empty() {
            let slots = Rc::make_mut(&mut self.slots);
            for slot in known {
                slots.remove(&slot);
            }
        }
    }

    /// Either of two paths. `initial` gives what an attribute holds where nothing was stored.
    pub(super) fn join(&mut self, other: &Self, mut initial: impl FnMut(Slot) -> Option<Loc>) {
        if !Rc::ptr_eq(&self.slots, &other.slots) && self.slots != other.slots {
            let slots = Rc::make_mut(&mut self.slots);
            for (slot, locs) in other.slots.iter() {
                match slots.get_mut(slot) {
                    Some(known) if known == locs => {}
                    Some(known) => *known = union(known, locs),
                    None => {
                        let locs = match initial(*slot) {
                            Some(loc) => union(locs, &[loc]),
                            None => locs.clone(),
                        };
                        slots.insert(*slot, locs);
                    }
                }
            }
            for (slot, locs) in slots.iter_mut() {
                if !other.slots.contains_key(slot)
                    && let Some(loc) = initial(*slot)
                {
                    *locs = union(locs, &[loc]);
                }
            }
        }
        if !Rc::ptr_eq(&self.chains, &other.chains) && self.chains != other.chains {
            let mut joined: Vec<(Loc, Vec<ChainId>)> = Vec::new();
            for (loc, chains) in other.chains.iter() {
                let mut all = chains.to_vec();
                all.extend(self.chains(*loc).iter());
                joined.push((*loc, all));
            }
            for (loc, chains) in joined {
                self.set_chains(loc, chains);
            }
        }
    }
}

/// The union of two sets. A set that grows too large is followed no further.
pub(super) fn union(left: &[Loc], right: &[Loc]) -> Locs {
    let mut all: Vec<Loc> = left.iter().chain(right).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.truncate(MAX_LOCS);
    all.into()
}

pub(super) fn none() -> Locs {
    Rc::from([])
}

pub(super) fn one(loc: Loc) -> Locs {
    Rc::from([loc])
}

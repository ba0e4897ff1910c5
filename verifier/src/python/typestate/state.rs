//! What is known at one point of a path: which object each variable and attribute can hold, and
//! which events each object can have been through.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::slots::{Join, Slots};

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
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    slots: Slots,
    chains: Rc<BTreeMap<Loc, Rc<[ChainId]>>>,
    /// Something was left out on the way here, because there was too much of it.
    cut: bool,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.slots == other.slots && (Rc::ptr_eq(&self.chains, &other.chains) || self.chains == other.chains)
    }
}

/// More ways than this to reach one object's state are not told apart.
const MAX_CHAINS: usize = 32;
/// More objects than this in one slot are not followed.
const MAX_LOCS: usize = 32;

impl State {
    /// Whether this is the very same state, not only an equal one.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.slots.is(&other.slots) && Rc::ptr_eq(&self.chains, &other.chains)
    }

    /// About how much there is in it.
    pub(super) fn size(&self) -> u64 {
        (self.slots.size() + self.chains.len()) as u64
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Locs> {
        self.slots.get(slot)
    }

    /// Whether something was left out on the way here.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    pub(super) fn set(&mut self, slot: Slot, locs: Locs) {
        let locs = cut_to_size(locs, &mut self.cut);
        self.slots.set(slot, locs);
    }

    /// The attributes of an object that are known here.
    pub(super) fn fields(&self, loc: Loc) -> impl Iterator<Item = (Name, &Locs)> {
        let fields = self.slots.range(Slot::Field(loc, 0), Slot::Field(loc, Name::MAX));
        fields.filter_map(|(slot, locs)| match slot {
            Slot::Field(_, name) => Some((*name, locs)),
            Slot::Variable(_, _) => None,
        })
    }

    pub(super) fn chains(&self, loc: Loc) -> Rc<[ChainId]> {
        self.chains.get(&loc).cloned().unwrap_or_else(|| Rc::from([]))
    }

    pub(super) fn set_chains(&mut self, loc: Loc, mut chains: Vec<ChainId>) {
        chains.sort_unstable();
        chains.dedup();
        if chains.len() > MAX_CHAINS {
            chains.truncate(MAX_CHAINS);
            self.cut = true;
        }
        if chains.is_empty() {
            if self.chains.contains_key(&loc) {
                Rc::make_mut(&mut self.chains).remove(&loc);
            }
        } else if self.chains.get(&loc).is_none_or(|known| **known != *chains) {
            Rc::make_mut(&mut self.chains).insert(loc, chains.into());
        }
    }

    /// Forgets an object.
    pub(super) fn renew(&mut self, loc: Loc) {
        self.set_chains(loc, Vec::new());
        self.slots.remove(Slot::Field(loc, 0), Slot::Field(loc, Name::MAX));
    }

    /// Forgets the variables of a function that has returned.
    pub(super) fn drop_frame(&mut self, frame: Frame) {
        self.slots.remove(Slot::Variable(frame, 0), Slot::Variable(frame, Name::MAX));
    }

    /// Either of two paths. `initial` gives what an attribute holds where nothing was stored.
    pub(super) fn join(&mut self, other: &Self, lost: &Lost, initial: impl FnMut(Slot) -> Option<Loc>) {
        self.cut |= other.cut;
        if !self.slots.is(&other.slots) {
            self.slots.join(&other.slots, &mut Paths { initial, cut: &mut self.cut });
        }
        if !Rc::ptr_eq(&self.chains, &other.chains) && self.chains != other.chains {
            let mut joined: Vec<(Loc, Vec<ChainId>)> = Vec::new();
            for loc in &lost.here {
                self.set_chains(*loc, Vec::new());
            }
            for (loc, chains) in other.chains.iter().filter(|(loc, _)| !lost.there.contains(loc)) {
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

/// How two paths go on as one.
struct Paths<'c, I> {
    initial: I,
    cut: &'c mut bool,
}

impl<I: FnMut(Slot) -> Option<Loc>> Join for Paths<'_, I> {
    fn both(&mut self, left: &Locs, right: &Locs) -> Locs {
        cut_to_size(union(left, right), self.cut)
    }

    fn alone(&mut self, slot: Slot, locs: &Locs) -> Locs {
        match (self.initial)(slot) {
            Some(loc) => cut_to_size(union(locs, &[loc]), self.cut),
            None => Rc::clone(locs),
        }
    }
}

/// Leaves out what is too much, and says so.
fn cut_to_size(locs: Locs, cut: &mut bool) -> Locs {
    if locs.len() <= MAX_LOCS {
        return locs;
    }
    *cut = true;
    Rc::from(&locs[..MAX_LOCS])
}

/// The objects that nothing holds any more on one of two paths while something does on the other:
/// what happened to them on the first is nothing to what the second goes on with. In a loop with two
/// branches, each of which makes an object of its own, that is the other branch's last one.
#[derive(Default)]
pub(super) struct Lost {
    here: Vec<Loc>,
    there: Vec<Loc>,
}

impl State {
    /// Finds them; `made` tells of an object which one, made by some expression, it is or belongs to.
    pub(super) fn lost(&self, other: &Self, made: impl Fn(Loc) -> Option<Loc>) -> Lost {
        if self.slots.is(&other.slots) || Rc::ptr_eq(&self.chains, &other.chains) {
            return Lost::default();
        }
        let mut differ: Vec<Loc> = Vec::new();
        for (loc, chains) in self.chains.iter() {
            if other.chains.get(loc) != Some(chains) {
                differ.push(*loc);
            }
        }
        differ.extend(other.chains.keys().filter(|loc| !self.chains.contains_key(loc)));
        differ.sort_unstable();
        let whole: Vec<Option<Loc>> = differ.iter().map(|loc| made(*loc)).collect();
        let holds = |slots: &Slots| {
            let mut held = vec![false; differ.len()];
            for loc in slots.iter().filter(|_| !differ.is_empty()).flat_map(|(_, locs)| locs.iter()) {
                for (at, one) in differ.iter().enumerate() {
                    held[at] |= one == loc || whole[at] == Some(*loc);
                }
            }
            held
        };
        let (ours, theirs) = (holds(&self.slots), holds(&other.slots));
        let only = |one: &[bool], without: &[bool]| -> Vec<Loc> {
            (0..differ.len())
                .filter(|at| whole[*at].is_some() && one[*at] && !without[*at])
                .map(|at| differ[at])
                .collect()
        };
        Lost { here: only(&theirs, &ours), there: only(&ours, &theirs) }
    }
}

/// The union of two sets.
pub(super) fn union(left: &[Loc], right: &[Loc]) -> Locs {
    let mut all: Vec<Loc> = left.iter().chain(right).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

pub(super) fn none() -> Locs {
    Rc::from([])
}

pub(super) fn one(loc: Loc) -> Locs {
    Rc::from([loc])
}

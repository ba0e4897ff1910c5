//! How many blocks may stand in one another within one function. Python counts loops, `with`, `try`
//! and handlers, and its versions count differently: up to 3.12 there may be twenty, in 3.13 one more,
//! from then on forty. A handler is two of them since 3.11.

use crate::python::source::TOO_MANY_BLOCKS_FOR_SOME;

/// So many every version takes.
const ALWAYS: u32 = 20;

/// More than this none does, however it counts.
const NEVER: u32 = 42;

/// What is wrong where one more statement makes so many blocks of those around it.
pub(super) fn problem(around: u32, within: u32) -> Option<&'static str> {
    let crosses = |limit: u32| around <= limit && within > limit;
    if crosses(NEVER) {
        Some("too many statically nested blocks")
    } else if crosses(ALWAYS) {
        Some(TOO_MANY_BLOCKS_FOR_SOME)
    } else {
        None
    }
}

//! Exit codes, the same for every command and in every format. Tests and scripts refer to
//! them by these names and numbers; they do not change.

/// The question was answered, and nothing is confirmed.
pub const NOTHING_CONFIRMED: u8 = 0;
/// At least one finding is confirmed, wholly or partly, or a cited file does not compile.
pub const SOMETHING_CONFIRMED: u8 = 1;
/// The command line, the catalogue or the program itself is at fault; no verdict was given.
pub const ERROR: u8 = 2;
/// Nothing is confirmed, but at least one finding is undetermined or disputed.
pub const UNDECIDED: u8 = 3;
/// No finding was selected, or nothing at all could be searched.
pub const NOTHING_CHECKED: u8 = 4;

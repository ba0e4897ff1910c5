//! A target that is a git revision, read through git's own processes.

use std::process::Command;

/// Makes a git process independent of the caller's repository variables and private settings,
/// and keeps it from asking questions or fetching anything.
pub(super) fn scrub_environment(git: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            git.env_remove(&name);
        }
    }
    git.env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_PAGER", "cat")
        .env("LC_ALL", "C");
}

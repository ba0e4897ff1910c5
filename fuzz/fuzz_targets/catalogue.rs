//! Any text is a catalogue or a list of problems that can be shown.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use verifier::catalogue::Catalogue;

fuzz_target!(|text: &str| {
    if let Err(problems) = Catalogue::parse(Path::new("findings.toml"), text, &|_| true) {
        assert!(!problems.render(false).is_empty());
    }
});

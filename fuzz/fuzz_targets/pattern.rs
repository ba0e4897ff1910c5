//! Any text is a pattern or is refused with a place inside the text, and any pattern can be
//! looked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier::python::SourceFile;
use verifier::python::pattern::{Matcher, Pattern};
use verifier::target::RelativePath;

const TARGET: &str = include_str!("../../examples/voice-assistant/audited/common/core/base_agent.py");

fuzz_target!(|text: &str| {
    let path = RelativePath::new("example.py").expect("a path");
    match Pattern::parse(text) {
        Ok(pattern) => {
            let file = SourceFile::parse(path, TARGET);
            let _ = Matcher::new(&file).find(&pattern);
        }
        Err(error) => assert!(error.range.end <= text.len(), "the place is in the pattern"),
    }
});

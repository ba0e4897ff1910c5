//! One sample for all formats: every verdict, every kind of remark.

use std::path::Path;

use crate::catalogue::Catalogue;
use crate::evidence::{Observation, Outcome, Searched, Strength};
use crate::fixture::MemoryTree;
use crate::report::Style;
use crate::target::TargetTree;
use crate::verification::Verification;
use crate::verify::{
    EarlierState, EarlierStates, LiveObserver, LiveQuestion, Quiet, Selection, unanswered, verify,
};

/// How the formats are shown in tests.
pub(super) const PLAIN: Style = Style { color: false, width: 80, excerpts: false };

/// Renders the sample.
pub(super) fn with_sample(render: impl FnOnce(&Verification) -> String) -> String {
    with_catalogue(CATALOGUE, TARGET, render)
}

/// Renders what is true of a catalogue's findings in a target.
pub(super) fn with_catalogue<T>(catalogue: &str, target: &str, render: impl FnOnce(&Verification) -> T) -> T {
    let catalogue = Catalogue::parse(Path::new("findings.toml"), catalogue, &|_| true)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let target = MemoryTree::parse(target);
    let was = Box::new(MemoryTree::parse(WAS)) as Box<dyn TargetTree>;
    let earlier = EarlierState { description: was.describe(), tree: Some(was) };
    let earlier = EarlierStates::for_all(&catalogue, earlier);
    let verification =
        verify(&catalogue, &Selection::default(), &target, &earlier, &Told, &Quiet).expect("selects all");
    render(&Verification { elapsed: std::time::Duration::from_millis(120), ..verification })
}

/// Answers every live question by what the claim's id ends with.
struct Told;

impl LiveObserver for Told {
    fn observe(&self, _tree: &dyn TargetTree, questions: &[LiveQuestion]) -> Vec<Observation> {
        questions
            .iter()
            .map(|question| {
                let unanswered = unanswered(
                    question.check,
                    "import-failed",
                    "ImportError: no module named 'zmq' *at all*".to_owned(),
                );
                let answer = |outcome, because: &str| Observation {
                    outcome,
                    because: because.to_owned(),
                    strength: Strength::Inspected,
                    searched: Searched::default(),
                    notes: ["with stubs: zmq", "stderr: 12:30:01 started"].map(str::to_owned).to_vec(),
                    ..unanswered.clone()
                };
                match question.claim.id.own() {
                    "is-plain" => answer(Outcome::Holds, "`start` is a plain function"),
                    "is-async" => answer(Outcome::DoesNotHold, "`stop` is a plain function"),
                    _ => unanswered,
                }
            })
            .collect()
    }
}

const CATALOGUE: &str = r#"
[[report]]
id = "R1"
title = "First [audit]"
file = "reports/first.md"
commit = "f37ced44"

[[report]]
id = "R2"
title = "Second audit"

[[finding]]
id = "R1-1"
report = "R1"
severity = "critical"
title = "A <broken> file"
bug = "Two files do *not* compile."
root-cause = "Left-over arguments."
impact = "Nothing can import `a.py`."
fix = "Remove them."

[[finding.claim]]
id = "first-broken"
says = "a.py does not compile"
file = "a.py"
lines = "7-9"
static = { syntax = "error" }

[[finding.claim]]
id = "second-broken"
says = "b.py does not compile"
file = "b.py"
static = { syntax = "error" }

[[finding.claim]]
id = "explained"
role = "detail"
says = "c.py does not compile either"
file = "c.py"
static = { syntax = "error" }

[[finding]]
id = "R2-1"
report = "R2"
severity = "high"
title = "The same file, seen again"
bug = "One file does not compile."
root-cause = "Left-over arguments."
impact = "Nothing can import it."
fix = "Remove them."
same-as = "R1-1"

[[finding.claim]]
id = "broken"
says = "the first file does not compile"
file = "a.py"
static = { syntax = "error" }

[[finding]]
id = "R2-2"
report = "R2"
severity = "high"
title = "Plain function"
bug = "start is no coroutine function."
root-cause = "It was written so."
impact = "The loop refuses it."
fix = "Make it one."

[[finding.claim]]
id = "is-plain"
says = "start is a plain function"
file = "c.py"
symbol = "Server.start"
inspect = { is-coroutine-function = false }

[[finding]]
id = "R2-3"
report = "R2"
severity = "medium"
title = "Two checks, two answers"
bug = "stop is a coroutine function."
root-cause = "It was written so."
impact = "None."
fix = "None."

[[finding.claim]]
id = "is-async"
says = "c.py compiles, and stop is a coroutine function"
file = "c.py"
symbol = "Server.stop"
static = { syntax = "valid" }
inspect = { is-coroutine-function = true }

[[finding]]
id = "R2-4"
report = "R2"
severity = "medium"
title = "Nobody could look"
bug = "A module that cannot be imported."
root-cause = "Unknown."
impact = "Unknown."
fix = "Unknown."

[[finding.claim]]
id = "imports"
says = "c.py can be imported"
file = "c.py"
import = { succeeds = true }

[[finding]]
id = "R2-5"
report = "R2"
severity = "low"
title = "Mended since"
bug = "d.py does not compile."
root-cause = "A slip."
impact = "None any more."
fix = "Done."

[[finding.claim]]
id = "broken"
says = "d.py does not compile"
file = "d.py"
static = { syntax = "error" }

[[finding]]
id = "R2-6"
report = "R2"
severity = "low"
title = "Never was"
bug = "c.py does not compile."
root-cause = "A guess."
impact = "None."
fix = "None."

[[finding.claim]]
id = "broken"
says = "c.py does not compile"
file = "c.py"
static = { syntax = "error" }

[[finding]]
id = "R2-7"
report = "R2"
severity = "low"
title = "Moved since"
bug = "A loop that nothing leaves."
root-cause = "A slip."
impact = "It runs for ever."
fix = "Leave it."

[[finding.claim]]
id = "endless"
says = "wait never ends"
file = "e.py"
symbol = "wait"
lines = "1-4"
static = { pattern = "while True: ..." }
"#;

const TARGET: &str = "\
--- a.py
x = 1
def broken(:
    pass
--- b.py
x = 1
--- c.py
class Server:
    def start(self):
        return None

    def stop(self):
        return None
--- d.py
x = 1
--- late/f.py
import time

def wait(once):
    once()
    while True:
        time.sleep(1)
";

const WAS: &str = "\
--- a.py
x = 1
--- b.py
x = 1
--- c.py
x = 1
--- d.py
def d(:
--- e.py
def wait(once):
    once()
    while True:
        time.sleep(1)
";

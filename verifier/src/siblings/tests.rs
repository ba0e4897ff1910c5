//! The same defect elsewhere, and what only looks like it.

use std::path::Path;

use super::*;
use crate::catalogue::Catalogue;
use crate::fixture::MemoryTree;
use crate::python::Files;
use crate::verify::{EarlierStates, NotRun, Quiet, Selection, verify};

/// What the sweeps of a catalogue of one claim find: a line per sibling.
#[track_caller]
fn check(claim: &str, tree: &str, expected: &[&str]) {
    let text = format!(
        "[[report]]\nid = \"R1\"\ntitle = \"t\"\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\nseverity = \"low\"\n\
         title = \"t\"\nbug = \"b\"\n\n[[finding.claim]]\nid = \"c\"\nsays = \"s\"\n{claim}\n"
    );
    let catalogue = Catalogue::parse(Path::new("findings.toml"), &text, &|_| true)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let tree = MemoryTree::parse(tree);
    let earlier = EarlierStates::default();
    let verification = verify(&catalogue, &Selection::default(), &tree, &earlier, &NotRun, &Quiet).unwrap();
    assert_eq!(verification.findings[0].claims[0].verdict(), ClaimVerdict::Confirmed, "the parent");
    let files = Files::new(&tree);
    let project = Project::new(&files, &catalogue.target.python);
    let sweeps = sweep(&verification, &project, &["**/*.py".to_owned()], |_| true);
    let found: Vec<String> = sweeps
        .iter()
        .flat_map(|sweep| match &sweep.found {
            Found::Siblings(siblings) => siblings
                .iter()
                .map(|sibling| {
                    let lines: Vec<_> = sibling.sites.iter().map(|site| site.line.to_string()).collect();
                    let symbol = sibling.symbol.as_deref().unwrap_or("-");
                    format!("{}:{} {symbol} {}", sibling.file, lines.join(","), sibling.verdict.name())
                })
                .collect(),
            Found::TooMany { siblings, files } => vec![format!("{siblings} in {files}")],
            Found::NotAsked { because } => vec![because.clone()],
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn siblings_are_other_places_that_answer_alike() {
    let tree = "--- a.py\ndef f():\n    while True:\n        g()\n--- b.py\ndef f():\n    while True:\n        \
                g()\n\ndef h():\n    while True:\n        break\n--- c.py\nx = 1\n";
    let claim = "file = \"a.py\"\nsymbol = \"f\"\nstatic = { endless-loop = true }";
    check(claim, tree, &["b.py:2 f confirmed"]);
}

#[test]
fn places_of_the_parents_are_no_siblings() {
    let tree = "--- a.py\nclass B:\n    def z(self):\n        eval(4)\n\nclass A:\n    def f(self):\n        \
                eval(1)\n\n    def g(self):\n        eval(2)\n        eval(3)\n\neval(5)\n";
    let claim = "file = \"a.py\"\nsymbol = \"A.f\"\nstatic = { pattern = \"eval(...)\" }";
    check(claim, tree, &["a.py:3 B confirmed", "a.py:10,11 A confirmed", "a.py:13 - confirmed"]);
}

#[test]
fn so_many_that_it_tells_nothing_is_an_alarm() {
    let mut tree = "--- a.py\ndef f():\n    return 1\n".to_owned();
    for number in 0..MOST_SIBLINGS + 2 {
        tree.push_str(&format!("--- b{number}.py\ndef f():\n    return 1\n"));
    }
    let claim = "file = \"a.py\"\nstatic = { pattern = \"return $X\" }";
    check(claim, &tree, &["152 in 152"]);
}

#[test]
fn absences_are_not_asked_of_a_tree() {
    let claim = "file = \"a.py\"\nstatic = { pattern = \"lock()\", count = 0 }";
    check(claim, "--- a.py\nx = 1\n", &["it asks for an absence, which is everywhere"]);
}

#[test]
fn plain_functions_are_looked_for_on_any_object() {
    let app = |class: &str, module: &str| {
        format!(
            "import asyncio\nfrom {module} import {class}\n\nclass App:\n    def __init__(self):\n        \
             self.it = {class}()\n\n    async def run(self):\n        asyncio.create_task(self.it.start())\n"
        )
    };
    let tree = format!(
        "--- plain.py\nclass Plain:\n    def start(self):\n        return None\n--- right.py\nclass Right:\n    \
         async def start(self):\n        return None\n--- a.py\n{0}--- b.py\n{0}--- c.py\n{1}",
        app("Plain", "plain"),
        app("Right", "right")
    );
    let claim = "file = \"a.py\"\nsymbol = \"App.run\"\n\
                 static = { async-function = false, call = \"self.it.start()\", inside = \"asyncio.create_task(...)\" }";
    check(claim, &tree, &["b.py:9 App confirmed"]);
}

#[test]
fn threads_are_looked_for_in_every_class() {
    let worker = |name: &str, last: &str| {
        format!(
            "import threading\n\nclass {name}:\n    def __init__(self):\n        self.done = threading.Event()\n        \
             self.t = threading.Thread(target=self.run)\n        self.t.start()\n\n    def run(self):\n        \
             while not self.done.wait(1):\n            work()\n\n    def stop(self):\n        self.done.set()\n{last}"
        )
    };
    let tree = format!(
        "--- a.py\n{}--- b.py\n{}--- c.py\n{}",
        worker("A", ""),
        worker("B", ""),
        worker("C", "        self.t.join()\n")
    );
    let claim = "file = \"a.py\"\nsymbol = \"A.stop\"\n\
                 static = { thread = \"self.t\", signalled = true, joined = false }";
    check(claim, &tree, &["b.py:6,14 B confirmed"]);
}

//! Verdicts about code that has moved, each against the state in which it had not.

use std::path::Path;

use crate::anchors::Whereabouts;
use crate::catalogue::Catalogue;
use crate::fixture::MemoryTree;
use crate::target::TargetDescription;
use crate::verify::{EarlierState, EarlierStates, NotRun, Quiet, Selection, verify};

const POOL: &str = "
def get_socket(endpoint):
    config = SocketConfig(endpoint, bind=True)
    pool = the_pool()
    socket = pool.take(config)
    return socket
";

const AGENT: &str = "
from common.pool import get_socket

class Agent:
    def start(self):
        self.address = make_address()
        self.poller = make_poller()
        self.tries = 0
        self.backlog = []
        self.socket = get_socket(self.address)
        self.socket.bind(self.address)
        self.running = True
";

fn tree(files: &[(&str, &str)]) -> String {
    files.iter().map(|(path, text)| format!("--- {path}\n{text}")).collect()
}

fn before() -> String {
    tree(&[("common/pool.py", POOL), ("agents/agent.py", AGENT)])
}

fn catalogue(claim: &str) -> Catalogue {
    let text = format!(
        "[[report]]\nid = \"R1\"\ntitle = \"t\"\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\nseverity = \"low\"\n\
         title = \"t\"\nbug = \"b\"\n\n[[finding.claim]]\nid = \"c\"\nsays = \"s\"\n{claim}\n"
    );
    Catalogue::parse(Path::new("findings.toml"), &text, &|_| true)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// Verdict of the finding, verdict of the claim, and what became of its code.
#[track_caller]
fn check(claim: &str, before: &str, now: &str, expected: &str) {
    let catalogue = catalogue(claim);
    let description = TargetDescription { root: "before".to_owned(), revision: None };
    let earlier = EarlierState { description, tree: Some(Box::new(MemoryTree::parse(before))) };
    let earlier = EarlierStates::for_all(&catalogue, earlier);
    let now = MemoryTree::parse(now);
    let verification = verify(&catalogue, &Selection::default(), &now, &earlier, &NotRun, &Quiet).unwrap();
    let finding = &verification.findings[0];
    let claim = &finding.claims[0];
    let places: Vec<String> = match &claim.whereabouts {
        None => Vec::new(),
        Some(whereabouts) => whereabouts.candidates().iter().map(|candidate| candidate.place()).collect(),
    };
    let what = claim.whereabouts.as_ref().map_or("there", Whereabouts::name);
    let told =
        format!("{}, {}, {what} {}", finding.verdict().words(), claim.verdict().name(), places.join(" | "));
    assert_eq!(told.trim(), expected, "{}", claim.because());
}

const BINDS: &str = "file = \"agents/agent.py\"\nsymbol = \"Agent.start\"\n\
                     static = { pattern = \"$X.bind(...)\" }";

#[test]
fn moved_code_is_judged_where_it_is() {
    for (now, expected) in [
        (tree(&[("agents/agent.py", AGENT)]), "confirmed, confirmed, there"),
        (tree(&[("new/worker.py", AGENT)]), "confirmed, confirmed, moved new/worker.py Agent.start"),
        (
            tree(&[("agents/agent.py", &AGENT.replace("start", "begin"))]),
            "confirmed, confirmed, moved agents/agent.py Agent.begin",
        ),
        (
            tree(&[("agents/agent.py", &AGENT.replace("class Agent", "class Worker"))]),
            "confirmed, confirmed, moved agents/agent.py Worker.start",
        ),
        (
            tree(&[("new/worker.py", &AGENT.replace("        self.socket.bind(self.address)\n", ""))]),
            "fixed, refuted, moved new/worker.py Agent.start",
        ),
    ] {
        check(BINDS, &before(), &now, expected);
    }
}

#[test]
fn what_may_be_it_decides_nothing() {
    let both = tree(&[("new/a.py", AGENT), ("new/b.py", AGENT)]);
    check(
        BINDS,
        &before(),
        &both,
        "undetermined, undetermined, open new/a.py Agent.start | new/b.py Agent.start",
    );
    check(BINDS, &before(), "--- other.py\nx = 1\n", "undetermined, undetermined, lost");
    // Half of it is the same: too much for a coincidence, and too little for a verdict.
    let changed = AGENT
        .replace("make_address()", "fixed_address")
        .replace("self.running = True", "run()")
        .replace("tries = 0", "tries = 9");
    let changed = tree(&[("new/a.py", &changed)]);
    check(BINDS, &before(), &changed, "undetermined, undetermined, likely new/a.py Agent.start");
    // By name alone.
    check(
        BINDS,
        "--- other.py\n",
        &tree(&[("new/agent.py", AGENT)]),
        "undetermined, undetermined, likely new/agent.py Agent.start",
    );
}

#[test]
fn code_that_was_there_before_is_not_the_code_that_moved() {
    let copies = tree(&[("agents/agent.py", AGENT), ("backup/agent.py", AGENT)]);
    check(BINDS, &copies, &tree(&[("backup/agent.py", AGENT)]), "undetermined, undetermined, lost");
}

#[test]
fn what_does_not_compile_has_not_moved() {
    let broken = AGENT.replace("def start(self):", "def start(self:");
    let now = tree(&[("agents/agent.py", &broken), ("new/a.py", AGENT)]);
    check(
        &BINDS.replace("Agent.start", "Agent.stop"),
        &before().replace("start", "stop"),
        &now,
        "undetermined, undetermined, there",
    );
    // A fix that breaks the module is no fix, wherever the module is.
    let broken = AGENT
        .replace("self.running = True", "self.running = (")
        .replace("        self.socket.bind(self.address)\n", "");
    let now = tree(&[("new/a.py", &broken)]);
    check(BINDS, &before(), &now, "undetermined, undetermined, moved new/a.py Agent.start");
}

#[test]
fn split_code_is_not_refuted_by_one_of_its_parts() {
    let body: Vec<String> = (0..12).map(|number| format!("first({number})\n")).collect();
    let rest = "second(1)\nthird(2)\nfourth(3)\nsink(4)\n";
    let old = tree(&[("a.py", &(body.concat() + rest))]);
    let claim = |pattern: &str| format!("file = \"a.py\"\nstatic = {{ pattern = \"{pattern}\" }}");
    let now = tree(&[("b.py", &body.concat()), ("c.py", rest)]);
    check(&claim("first(3)"), &old, &now, "confirmed, confirmed, moved b.py");
    check(&claim("sink(...)"), &old, &now, "undetermined, undetermined, moved b.py");
    let gone = tree(&[("b.py", &body.concat())]);
    check(&claim("sink(...)"), &old, &gone, "fixed, refuted, moved b.py");
}

#[test]
fn questions_that_name_what_has_moved_do_not_refute() {
    let claim = "file = \"agents/agent.py\"\nsymbol = \"Agent\"\n\
                 static = { sequence = [\"$S = common.pool.get_socket(...)\", \"$S.bind(...)\"] }";
    check(claim, &before(), &before(), "confirmed, confirmed, there");
    let agent = AGENT.replace("common.pool", "shared.pool");
    let now = tree(&[("shared/pool.py", POOL), ("agents/agent.py", &agent)]);
    check(claim, &before(), &now, "undetermined, undetermined, there");
    // The function is gone, and nothing can call it.
    let now = tree(&[("agents/agent.py", &agent)]);
    check(claim, &before(), &now, "fixed, refuted, there");
    let named = "file = \"common/pool.py\"\nsymbol = \"get_socket\"\n\
                 static = { pattern = \"def get_socket($E): ...\" }";
    let now = tree(&[("common/pool.py", &POOL.replace("get_socket", "take_socket"))]);
    check(named, &before(), &now, "undetermined, undetermined, moved common/pool.py take_socket");
}

#[test]
fn earlier_state_is_asked_where_the_code_was() {
    let moved = tree(&[("common/pool.py", POOL), ("new/worker.py", AGENT)]);
    let fixed = moved.replace("        self.socket.bind(self.address)\n", "");
    let claim = BINDS.replace("agents/agent.py", "new/worker.py");
    check(&claim, &before(), &moved, "confirmed, confirmed, there");
    check(&claim, &before(), &fixed, "fixed, refuted, there");
}

#[test]
fn code_that_was_taken_out_is_not_gone() {
    let bind = "        self.socket.bind(self.address)\n";
    let taken_out = AGENT.replace(bind, "        self._bind()\n") + "\n    def _bind(self):\n" + bind;
    let elsewhere = tree(&[
        ("agents/agent.py", &AGENT.replace(bind, "        bind_again(self)\n")),
        ("agents/binding.py", "def bind_again(self):\n    self.socket.bind(self.address)\n"),
    ]);
    check(BINDS, &before(), &tree(&[("agents/agent.py", &taken_out)]), "undetermined, undetermined, there");
    check(BINDS, &before(), &elsewhere, "undetermined, undetermined, there");
    // A new method that `start` does not use is another affair, and so is one that was there before.
    let unused = AGENT.replace(bind, "") + "\n    def _bind(self):\n" + bind;
    check(BINDS, &before(), &tree(&[("agents/agent.py", &unused)]), "fixed, refuted, there");
    let old = tree(&[("agents/agent.py", &(AGENT.to_owned() + "\n    def _bind(self):\n" + bind))]);
    check(BINDS, &old, &tree(&[("agents/agent.py", &taken_out)]), "fixed, refuted, there");
    check(BINDS, &before(), &tree(&[("agents/agent.py", &AGENT.replace(bind, ""))]), "fixed, refuted, there");
}

#[test]
fn short_file_that_is_the_same_was_renamed() {
    let debug = "file = \"pkg/conf.py\"\nstatic = { pattern = \"DEBUG = True\" }";
    let conf = "import os\nDEBUG = True\n";
    check(
        debug,
        &tree(&[("pkg/conf.py", conf)]),
        &tree(&[("lib/conf.py", conf)]),
        "confirmed, confirmed, moved lib/conf.py",
    );
    check(
        debug,
        &tree(&[("pkg/conf.py", conf)]),
        &tree(&[("lib/conf.py", conf), ("other/conf.py", conf)]),
        "undetermined, undetermined, open lib/conf.py | other/conf.py",
    );
}

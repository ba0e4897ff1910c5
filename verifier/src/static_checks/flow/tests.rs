//! What flows, and what does not.

use super::*;
use crate::catalogue::StaticCheck;
use crate::catalogue::check::Propagator;
use crate::fixture::{MARK, split};
use crate::static_checks::testing::{claim, lines, observe_fixture, word};

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

fn flow(from: &str, to: &str) -> FlowCheck {
    FlowCheck {
        from: vec![pattern(from)],
        to: vec![pattern(to)],
        sanitizers: Vec::new(),
        propagators: Vec::new(),
    }
}

fn ask(fixture: &str, file: &str, symbol: Option<&str>, check: FlowCheck) -> Observation {
    observe_fixture(fixture, &claim(file, symbol, StaticCheck::Flow(check)))
}

/// Asks about values of `source()` at `sink(...)` in the first file: those on the marked lines
/// make the way, and without a mark there is none.
#[track_caller]
fn check(fixture: &str) {
    let files = split(fixture);
    let expected: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| {
            let marked = text.lines().enumerate().filter(|(_, line)| line.contains(MARK));
            marked.map(|(index, _)| format!("{path}:{}", index + 1)).collect::<Vec<_>>()
        })
        .collect();
    let observation = ask(fixture, files[0].0, None, flow("source()", "sink(...)"));
    if expected.is_empty() {
        assert_eq!(word(&observation), "does not hold", "{}\n{:?}", observation.because, observation.notes);
    } else {
        assert_eq!(word(&observation), "holds", "{}", observation.because);
        let mut sites = lines(&observation);
        sites.sort();
        let mut expected = expected;
        expected.sort();
        assert_eq!(sites, expected, "{:#?}", observation.notes);
    }
}

#[test]
fn examples_answer_as_they_say() {
    let question = || flow("$S.recv(...)", "pickle.loads(...)");
    let holds = ask(EXAMPLES.holds.python, "example.py", None, question());
    assert_eq!((word(&holds), lines(&holds).len()), ("holds", 3), "{}", holds.because);
    let fails = ask(EXAMPLES.does_not_hold.python, "example.py", None, question());
    assert_eq!(word(&fails), "does not hold", "{}", fails.because);
}

#[test]
fn imports_are_resolved_in_sources_and_sinks() {
    let fixture = "from pickle import loads as read\nread(socket.recv(1))\n";
    assert_eq!(word(&ask(fixture, "example.py", None, flow("$S.recv(...)", "pickle.loads(...)"))), "holds");
}

#[test]
fn value_is_followed_into_a_function_and_out_of_it() {
    check("def f(a, b):\n    sink(b)  # <-\n\ndef g():\n    f(1, source())  # <-\n");
    check("def f(a, b):\n    sink(b)\n\ndef g():\n    f(source(), 1)\n");
    check("def f():\n    return source()  # <-\n\nsink(f())  # <-\n");
    check("def f(a, b):\n    return b  # <-\n\nsink(f(1, source()))  # <-\n");
    check("def f(a, b):\n    return b\n\nsink(f(source(), 1))\n");
    check("def f(*args, **rest):\n    sink(rest['k'])  # <-\n\nf(1, k=source())  # <-\n");
    check("def f(*args, **rest):\n    sink(rest['k'])\n\nf(source(), l=source())\n");
    check("def f():\n    yield source()  # <-\n\nfor x in f():  # <-\n    sink(x)  # <-\n");
    check("async def f():\n    return source()  # <-\n\nasync def g():\n    sink(await f())  # <-\n");
}

#[test]
fn recursion_comes_to_an_end() {
    check(
        "def f(n, x):\n    if n:\n        return f(n - 1, x)\n    return x  # <-\n\nsink(f(3, source()))  # <-\n",
    );
    check("def f(x):\n    g(x)  # <-\n\ndef g(x):\n    f(x)\n    sink(x)  # <-\n\nf(source())  # <-\n");
}

#[test]
fn value_is_followed_across_files() {
    check(
        "--- app.py
from lib.net import receive
from lib import codec

def run():
    message = receive()  # <-
    codec.decode(message)  # <-
--- lib/__init__.py
--- lib/net.py
def receive():
    return source()  # <-
--- lib/codec.py
def decode(data):
    sink(data)  # <-
",
    );
}

#[test]
fn callers_in_other_files_are_found() {
    check(
        "--- codec.py
def decode(data):
    sink(data)  # <-
--- app.py
from codec import decode

def run():
    decode(source())  # <-
--- other.py
from codec import decode
decode(1)
",
    );
}

#[test]
fn objects_carry_values_from_constructor_to_method() {
    check(
        "
class Message:
    def __init__(self, data):
        self.data = data  # <-

    def decode(self):
        sink(self.data)  # <-

m = Message(source())  # <-
m.decode()  # <-
",
    );
    check(
        "
class Message:
    def __init__(self, data, name):
        self.data = data
        self.name = name

    def decode(self):
        sink(self.name)

m = Message(source(), 'x')
m.decode()
",
    );
}

#[test]
fn attributes_go_to_methods_of_bases_and_subclasses_in_other_files() {
    check(
        "--- agent.py
from base import Base

class Agent(Base):
    def decode(self):
        sink(self.message)  # <-
--- base.py
class Base:
    def receive(self):
        self.message = source()  # <-
",
    );
}

#[test]
fn queue_of_the_object_carries_values_between_its_methods() {
    check(
        "
class Worker:
    def receive(self):
        self.queue.put(source())  # <-

    def work(self):
        sink(self.queue.get())  # <-
",
    );
}

#[test]
fn method_of_the_object_does_not_mix_its_attributes() {
    check(
        "
class Worker:
    def receive(self):
        self.message = source()

    def work(self):
        sink(self.unknown())
        sink(self.name)
",
    );
}

#[test]
fn symbol_and_file_bound_the_question() {
    let fixture = "def f():\n    sink(source())\n\ndef g():\n    sink(1)\n";
    let asked = |symbol| ask(fixture, "example.py", Some(symbol), flow("source()", "sink(...)"));
    assert_eq!(word(&asked("f")), "holds");
    assert_eq!(word(&asked("g")), "does not hold");
    assert_eq!(word(&asked("h")), "symbol missing");
}

#[test]
fn sanitizers_end_the_way_and_propagators_make_one() {
    let fixture = "a = source()\nb.feed(a)\nsink(b)\nsink(check(a))\n";
    let plain = flow("source()", "sink(...)");
    let checked = FlowCheck { sanitizers: vec![pattern("check(...)")], ..plain.clone() };
    assert_eq!(lines(&ask(fixture, "example.py", None, plain.clone())), ["example.py:1", "example.py:4"]);
    assert_eq!(word(&ask(fixture, "example.py", None, checked.clone())), "does not hold");
    let propagator =
        Propagator { pattern: pattern("$B.feed($A)"), from: "$A".to_owned(), to: "$B".to_owned() };
    let fed = FlowCheck { propagators: vec![propagator], ..checked };
    assert_eq!(
        lines(&ask(fixture, "example.py", None, fed)),
        ["example.py:1", "example.py:2", "example.py:3"]
    );
}

#[test]
fn way_is_told_in_order_with_what_was_assumed() {
    let observation = ask(
        "def f(a):\n    sink(a)\n\nx = unknown(source())\nf(x)\n",
        "example.py",
        None,
        flow("source()", "sink(...)"),
    );
    insta::assert_snapshot!(format!("{}\n{}", observation.because, observation.notes.join("\n")), @r"
    `source()` (example.py:4) reaches `sink(...)` (example.py:2)
    path: example.py:4 the value comes from here, then example.py:4 goes through `unknown`, then example.py:4 stored in `x`, then example.py:5 passed to `f` as `a`, then example.py:2 arrives here
    `unknown` at example.py:4 cannot be followed: its result is taken to hold what it is given
    ");
}

#[test]
fn absence_cites_what_was_looked_at() {
    let observation = ask("x = source()\nsink(1)\n", "example.py", None, flow("source()", "sink(...)"));
    assert_eq!(word(&observation), "does not hold");
    assert_eq!(lines(&observation), ["example.py:1", "example.py:2"]);
    insta::assert_snapshot!(observation.because, @"1 place from `source()` and 1 place to `sink(...)` were looked at in 1 function, and none of the values arrives");
}

#[test]
fn broken_file_confirms_outside_the_broken_part_and_never_refutes() {
    let asked = |fixture: &str| word(&ask(fixture, "example.py", None, flow("source()", "sink(...)")));
    assert_eq!(asked("def f():\n    sink(source())\n\ndef g(:\n    pass\n"), "holds");
    assert_eq!(asked("def f():\n    sink(1)\n\ndef g(:\n    pass\n"), "does not compile");
    assert_eq!(asked("def f():\n    sink(source())\n    x = = 1\n"), "does not compile");
}

#[test]
fn sweep_finds_each_sink_and_counts_what_it_passed_over() {
    let mut claim = claim("example.py", None, StaticCheck::Flow(flow("source()", "sink(...)")));
    claim.scope = ClaimScope::Sweep(vec!["agents/*.py".to_owned()]);
    let observation = observe_fixture(
        "--- agents/a.py\nsink(source())\n--- agents/b.py\nprint(source())\n--- agents/c.py\nx = source()\nsink(x)\n--- other.py\nsink(source())\n",
        &claim,
    );
    assert_eq!(lines(&observation), ["agents/a.py:1", "agents/c.py:1", "agents/c.py:2"]);
    assert_eq!((observation.searched.files, observation.searched.parsed), (3, 2));
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
    crate::static_checks::testing::check_cases(include_str!("protocol_cases.txt"));
    crate::static_checks::testing::check_cases(include_str!("run_cases.txt"));
    crate::static_checks::testing::check_cases(include_str!("moved_cases.txt"));
}

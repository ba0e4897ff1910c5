//! A line with the mark is a loop that must be found; no mark: none may be.

use super::*;
use crate::catalogue::StaticCheck;
use crate::fixture::{MARK, split};
use crate::static_checks::testing::{claim, lines, observe_fixture, word};

fn ask(fixture: &str, symbol: Option<&str>, expected: bool) -> Observation {
    let check = StaticCheck::EndlessLoop(EndlessLoopCheck { expected });
    observe_fixture(fixture, &claim("example.py", symbol, check))
}

fn check(fixture: &str) {
    let marked: Vec<String> = split(fixture)[0]
        .1
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(MARK))
        .map(|(index, _)| format!("example.py:{}", index + 1))
        .collect();
    let observation = ask(fixture, None, true);
    if marked.is_empty() {
        assert_eq!(word(&observation), "does not hold", "{}\n{fixture}", observation.because);
    } else {
        assert_eq!(word(&observation), "holds", "{}\n{fixture}", observation.because);
        assert_eq!(lines(&observation), marked, "{fixture}");
    }
    let opposite = ask(fixture, None, false);
    assert_eq!(word(&opposite), if marked.is_empty() { "holds" } else { "does not hold" }, "{fixture}");
}

#[test]
fn examples_answer_as_they_say() {
    check(EXAMPLES.holds.python);
    check(EXAMPLES.does_not_hold.python);
}

#[test]
fn constant_conditions_are_seen_through() {
    for condition in ["True", "1", "not False", "not 0", "(True)", "'forever'", "1 == 1", "True or x"] {
        check(&format!("while {condition}:  # <-\n    x()\n"));
    }
    for condition in ["x", "not x", "self.running", "False", "0", "x or False", "True and x", "None"] {
        check(&format!("while {condition}:\n    x()\n"));
    }
    check("from itertools import count as numbers\nfor i in numbers(1):  # <-\n    x()\n");
    check("for i in iter(int, 1):  # <-\n    x()\n");
    check("for i in iter(read, b''):\n    x()\n");
    check("while (\n    True\n):  # the loop begins a line further up\n    break\n");
}

#[test]
fn break_of_an_inner_loop_leaves_nothing() {
    check("while True:  # <-\n    for x in y:\n        if x:\n            break\n");
    check("while True:\n    for x in y:\n        pass\n    else:\n        break\n");
    check("while True:\n    while True:\n        return_()\n        break\n    break\n");
    check("while True:  # <-\n    while True:  # <-\n        x()\n");
    check("def f():\n    while True:\n        while True:\n            return\n");
}

#[test]
fn code_of_a_nested_function_leaves_nothing() {
    check("while True:  # <-\n    def stop():\n        return 1\n    stop()\n");
    check("while True:  # <-\n    stop = lambda: sys.exit()\n");
}

#[test]
fn exit_behind_a_constant_is_no_exit() {
    check("while True:  # <-\n    if False:\n        break\n");
    check("while True:  # <-\n    continue\n    break\n");
    check("while True:\n    if True:\n        break\n");
}

#[test]
fn raise_counts_only_when_it_escapes() {
    check("while True:\n    raise ValueError()\n");
    check(
        "while True:  # <-\n    try:\n        if bad():\n            raise ValueError()\n    except Exception:\n        log()\n",
    );
    check(
        "while True:\n    try:\n        if bad():\n            raise ValueError()\n    except KeyError:\n        log()\n",
    );
    check(
        "while True:\n    try:\n        work()\n    except OSError:\n        if tries > 3:\n            raise\n",
    );
    check(
        "while True:  # <-\n    try:\n        try:\n            work()\n        except OSError:\n            raise\n    except Exception:\n        log()\n",
    );
    check(
        "class Stop(Exception): ...\nwhile True:  # <-\n    try:\n        raise Stop()\n    except Exception:\n        log()\n",
    );
    check(
        "class Stop(BaseException): ...\nwhile True:\n    try:\n        raise Stop()\n    except Exception:\n        log()\n",
    );
}

#[test]
fn process_exits_leave_unless_they_are_caught() {
    check("import sys\nwhile True:\n    if x:\n        sys.exit(0)\n");
    check("from sys import exit as leave\nwhile True:\n    x and leave()\n");
    check("import os\nwhile True:\n    try:\n        os._exit(1)\n    except:\n        pass\n");
    check("import sys\nwhile True:\n    try:\n        sys.exit(1)\n    except Exception:\n        pass\n");
    check(
        "import sys\nwhile True:  # <-\n    try:\n        sys.exit(1)\n    except BaseException:\n        pass\n",
    );
}

#[test]
fn finally_that_goes_on_takes_every_exit_back() {
    check("while True:  # <-\n    try:\n        break\n    finally:\n        continue\n");
    check("while True:\n    try:\n        x()\n    finally:\n        break\n");
}

#[test]
fn helpers_that_raise_or_exit_leave() {
    check("def die():\n    raise RuntimeError()\nwhile True:\n    die()\n");
    check("def maybe():\n    if x:\n        raise RuntimeError()\nwhile True:\n    maybe()\n");
    check("import sys\ndef maybe():\n    if x:\n        sys.exit()\nwhile True:\n    maybe()\n");
    check("def die():\n    die2()\ndef die2():\n    raise E()\nwhile True:\n    die()\n");
    check("def a():\n    b()\ndef b():\n    a()\nwhile True:  # <-\n    a()\n");
    check(
        "class A:\n    def fail(self):\n        raise E()\n    def run(self):\n        while True:\n            self.fail()\n",
    );
    check(
        "class Base:\n    def fail(self):\n        raise E()\nclass A(Base):\n    def run(self):\n        while True:\n            self.fail()\n",
    );
    check(
        "class A:\n    def step(self):\n        raise NotImplementedError()\n    def run(self):\n        while True:  # <-\n            self.step()\n",
    );
    check("def numbers():\n    raise E()\n    yield 1\nwhile True:  # <-\n    numbers()\n");
}

#[test]
fn generators_are_left_by_their_consumer() {
    check("def f():\n    while True:\n        yield 1\n");
    check("def f():\n    while True:\n        yield from g()\n");
}

#[test]
fn coroutine_counts_under_its_own_label() {
    let fixture = "async def f():\n    while True:  # <-\n        await x()\n";
    check(fixture);
    let label = |fixture: &str| ask(fixture, None, true).sites[0].label.clone().unwrap();
    assert!(label(fixture).contains("coroutine"));
    let caught = "async def f():\n    while True:  # <-\n        try:\n            await x()\n        except Exception:\n            log()\n";
    assert!(label(caught).contains("coroutine"), "Exception does not catch CancelledError");
    let swallowed = "async def f():\n    while True:  # <-\n        try:\n            await x()\n        except:\n            log()\n";
    assert!(!label(swallowed).contains("coroutine"));
    let busy = "async def f():\n    while True:  # <-\n        x()\n";
    assert!(!label(busy).contains("coroutine"));
    check(
        "async def f():\n    while True:\n        try:\n            await x()\n        except asyncio.CancelledError:\n            break\n",
    );
}

#[test]
fn stop_event_that_is_asked_inside_is_an_exit() {
    check(
        "def run(self):\n    while True:\n        if self._stop.is_set():\n            break\n        work()\n",
    );
    check("def run(self):\n    while True:\n        if self._stop.wait(1):\n            return\n");
    check("def run(self):\n    while not self._stop.is_set():\n        work()\n");
}

#[test]
fn symbol_narrows_the_question() {
    let fixture =
        "def serve():\n    while True:\n        x()\ndef probe():\n    while True:\n        break\n";
    assert_eq!(word(&ask(fixture, Some("serve"), true)), "holds");
    let probe = ask(fixture, Some("probe"), true);
    assert_eq!(word(&probe), "does not hold");
    assert_eq!(probe.because, "the loop is left by `break`");
    assert_eq!(lines(&probe), ["example.py:5"]);
    assert_eq!(word(&ask(fixture, Some("gone"), true)), "symbol missing");
}

#[test]
fn broken_file_can_hold_elsewhere_and_is_never_refuted() {
    let broken = "def serve():\n    while True:\n        x()\n\ndef other(:\n    pass\n";
    let holds = ask(broken, Some("serve"), true);
    assert_eq!(word(&holds), "holds");
    assert!(holds.notes[0].contains("does not compile"), "{:?}", holds.notes);
    assert_eq!(
        word(&ask("x = 1\ndef other(:\n    pass\nwhile True: break\n", None, true)),
        "does not compile"
    );
    assert_eq!(
        word(&ask("x = 1\ndef other(:\n    pass\nwhile True: break\n", None, false)),
        "does not compile"
    );
}

#[test]
fn files_without_such_loops_are_not_parsed() {
    for (text, expected) in [
        ("while x:\n    y()\n", false),
        ("meanwhile = True\n", true), // the word inside a name is not worth a closer look
        ("while_true = True\n", false),
        ("while True: pass", true),
        ("while(1): pass", true),
        ("for i in itertools.count(): pass", true),
        ("while (\n  True):\n  pass\n", true),
    ] {
        assert_eq!(may_loop_for_ever(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
}

#[test]
fn a_signal_or_an_exit_ends_what_it_surely_ends() {
    crate::static_checks::testing::check_cases(include_str!("ended.txt"));
}

#[test]
fn what_is_called_by_no_name_may_end_the_loop() {
    crate::static_checks::testing::check_cases(include_str!("values.txt"));
}

//! A line with the mark is an event of a chain that must be found; no mark: none may be.

use super::*;
use crate::catalogue::StaticCheck;
use crate::fixture::{MARK, split};
use crate::static_checks::testing::{claim, lines, observe_fixture, word};

const REBOUND: [&str; 2] = ["$S = pooled(...)", "$S.bind(...)"];
const NULLED: [&str; 2] = ["$C = None", "$C.socket(...)"];
const BIND_CONNECT: [&str; 2] = ["$S.bind(...)", "$S.connect(...)"];

fn sequence(events: &[&str], object: &str, unless: &[&str]) -> StaticCheck {
    let parse = |text: &&str| Pattern::parse(text).unwrap();
    StaticCheck::Sequence(SequenceCheck {
        events: events.iter().map(parse).collect(),
        object: object.to_owned(),
        unless: unless.iter().map(parse).collect(),
    })
}

fn ask(fixture: &str, symbol: Option<&str>, events: &[&str]) -> Observation {
    let start = events[0].find('$').unwrap();
    let object: String =
        events[0][start + 1..].chars().take_while(|character| character.is_alphanumeric()).collect();
    observe_fixture(fixture, &claim("example.py", symbol, sequence(events, &format!("${object}"), &[])))
}

fn marked(fixture: &str) -> Vec<String> {
    let mut marked: Vec<String> = split(fixture)
        .iter()
        .flat_map(|(path, text)| {
            text.lines()
                .enumerate()
                .filter(|(_, line)| line.contains(MARK))
                .map(|(index, _)| format!("{path}:{}", index + 1))
                .collect::<Vec<_>>()
        })
        .collect();
    marked.sort();
    marked
}

fn check(events: &[&str], fixture: &str) {
    let observation = ask(fixture, None, events);
    let expected = marked(fixture);
    let word = word(&observation);
    assert_eq!(
        word,
        if expected.is_empty() { "does not hold" } else { "holds" },
        "{}\n{fixture}",
        observation.because
    );
    if !expected.is_empty() {
        let mut found = lines(&observation);
        found.sort();
        found.dedup();
        assert_eq!(found, expected, "{fixture}");
    }
}

/// The body of a function, with or without marks.
fn check_body(events: &[&str], body: &str) {
    let indented: String = body.lines().map(|line| format!("    {line}\n")).collect();
    check(events, &format!("def f(x, y):\n{indented}"));
}

#[test]
fn examples_answer_as_they_say() {
    let events = ["$S = get_rep_socket(...).socket", "$S.bind(...)"];
    check(&events, EXAMPLES.holds.python);
    check(&events, EXAMPLES.does_not_hold.python);
}

#[test]
fn straight_line_has_one_order() {
    check_body(&REBOUND, "s = pooled()  # <-\ns.bind()  # <-");
    check_body(&REBOUND, "s.bind()\ns = pooled()");
    check_body(&REBOUND, "s = pooled()\ns = other()\ns.bind()");
    check_body(&REBOUND, "s = pooled()\nt.bind()");
    check_body(&REBOUND, "s = pooled()  # <-\nt = s\ns = other()\nt.bind()  # <-");
    check_body(&REBOUND, "s = pooled()\nt = s\ns.close()\ndel t\nt.bind()");
    check_body(&REBOUND, "s, t = pooled(), 1\nt.bind()");
    check_body(&REBOUND, "x.s = pooled()  # <-\nx.s.bind()  # <-");
    check_body(&REBOUND, "x.s = pooled()\ny.s.bind()");
    check_body(&REBOUND, "x.s = pooled()  # <-\nz = x\nz.s.bind()  # <-");
    check_body(&REBOUND, "x['a'] = pooled()  # <-\nx['a'].bind()  # <-");
    check_body(&REBOUND, "x['a'] = pooled()\nx['b'].bind()");
    check_body(&BIND_CONNECT, "x.bind()  # <-\nx.connect()  # <-");
    check_body(&BIND_CONNECT, "x.connect()\nx.bind()");
    check_body(&BIND_CONNECT, "x.bind()\ny.connect()");
}

#[test]
fn branches_are_taken_unless_they_exclude_each_other() {
    check_body(&REBOUND, "s = pooled()  # <-\nif x:\n    s = other()\ns.bind()  # <-");
    check_body(&REBOUND, "s = pooled()\nif x:\n    s = other()\nelse:\n    s = another()\ns.bind()");
    check_body(&REBOUND, "if x:\n    s = pooled()\nelse:\n    s = other()\n    s.bind()");
    check_body(&REBOUND, "s = pooled()\nif x:\n    return\n    s.bind()");
    check_body(&REBOUND, "s = pooled()\nif x:\n    return\nelse:\n    raise E()\ns.bind()");
    check_body(&REBOUND, "s = pooled()\nif False:\n    s.bind()");
    check_body(&REBOUND, "s = pooled()  # <-\nif x:\n    pass\nelif y:\n    s.bind()  # <-");
    check_body(&REBOUND, "s = pooled() \nimport sys\nsys.exit()\ns.bind()");
    check_body(&REBOUND, "match x:\n    case 1:\n        s = pooled()\n    case _:\n        s.bind()");
    check_body(&REBOUND, "s = pooled()  # <-\nmatch x:\n    case 1:\n        s = other()\ns.bind()  # <-");
    check_body(&BIND_CONNECT, "if x:\n    y.bind()\nelse:\n    y.connect()");
    check_body(&BIND_CONNECT, "y.connect() if x else y.bind()");
    check_body(&BIND_CONNECT, "x and y.bind()  # <-\ny.connect()  # <-");
}

#[test]
fn loops_come_around() {
    check_body(&BIND_CONNECT, "while x:\n    y.connect()  # <-\n    y.bind()  # <-");
    check_body(&BIND_CONNECT, "while x:\n    y.connect()\n    y.bind()\n    break");
    check_body(&BIND_CONNECT, "for i in x:\n    y.connect()  # <-\n    y.bind()  # <-");
    check_body(&BIND_CONNECT, "for i in x:\n    s = make()\n    s.connect()\n    s.bind()");
    check_body(&REBOUND, "while True:\n    s = pooled()\n    continue\n    s.bind()");
    check_body(&REBOUND, "s = pooled()\nwhile True:\n    x()\ns.bind()");
    check_body(
        &REBOUND,
        "s = pooled()  # <-\nwhile True:\n    try:\n        s.bind()  # <-\n        break\n    except OSError:\n        x += 1",
    );
    check_body(&REBOUND, "for s in (pooled(), x):\n    s.bind()");
    check_body(&REBOUND, "s = pooled()  # <-\nfor t in (s, x):\n    t.bind()  # <-");
}

#[test]
fn handlers_see_what_happened_before_the_exception() {
    check_body(&REBOUND, "try:\n    s = pooled()  # <-\n    x()\nexcept E:\n    s.bind()  # <-");
    check_body(&REBOUND, "try:\n    s = pooled()\nexcept E:\n    s.bind()");
    check_body(&BIND_CONNECT, "try:\n    x.bind()\nexcept E:\n    x.connect()");
    check_body(&BIND_CONNECT, "try:\n    x.bind()\n    logger.info('bound')\nexcept E:\n    x.connect()");
    check_body(&BIND_CONNECT, "try:\n    x.bind()  # <-\nfinally:\n    x.connect()  # <-");
    check_body(&BIND_CONNECT, "try:\n    x.bind()  # <-\n    return\nfinally:\n    x.connect()  # <-");
    check_body(&BIND_CONNECT, "try:\n    y()\nexcept E:\n    x.bind()\n    return\nx.connect()");
    check_body(&BIND_CONNECT, "try:\n    y()\nexcept E:\n    x.bind()  # <-\nx.connect()  # <-");
    check_body(&BIND_CONNECT, "try:\n    y()\nexcept E:\n    x.connect()\nelse:\n    x.bind()");
    check_body(&BIND_CONNECT, "with suppress(E):\n    x.bind()  # <-\n    y()\nx.connect()  # <-");
    check_body(&BIND_CONNECT, "with x:\n    x.bind()  # <-\nx.connect()  # <-");
}

#[test]
fn tests_for_none_keep_none_out() {
    for guard in ["c is not None", "c", "not c is None", "c != None", "isinstance(c, Context)", "x and c"] {
        check_body(&NULLED, &format!("c = None\nif {guard}:\n    c.socket()"));
    }
    for guard in ["c is None", "not c", "c is None or x"] {
        check_body(&NULLED, &format!("c = None\nif {guard}:\n    return\nc.socket()"));
        check_body(&NULLED, &format!("c = None\nif {guard}:\n    c = make()\nc.socket()"));
    }
    check_body(&NULLED, "c = None  # <-\nif c is not None or x:\n    c.socket()  # <-");
    check_body(&NULLED, "c = None\nassert c\nc.socket()");
    check_body(&NULLED, "c = None\nc = c or make()\nc.socket()");
    check_body(&NULLED, "c = None\nc and c.socket()");
    check_body(&NULLED, "c = None\nc.socket() if c else None");
    check_body(&NULLED, "c = None\nwhile c is None:\n    c = make()\nc.socket()");
    check_body(&NULLED, "c = None  # <-\nwhile x:\n    c = make()\nc.socket()  # <-");
    check_body(&NULLED, "c = None  # <-\nif x:\n    c = make()\nc.socket()  # <-");
    check_body(&NULLED, "c = None  # <-\nif c is None:\n    c.socket()  # <-");
    check_body(&NULLED, "x.c = None\nif getattr(x, 'c', None):\n    x.c.socket()");
    check_body(&NULLED, "x.c = None\nif hasattr(x, 'c') and x.c:\n    x.c.socket()");
    check_body(&NULLED, "x.c: T = None  # <-\nx.c.socket()  # <-");
}

#[test]
fn helpers_receive_the_object() {
    let helper = "def helper(port, sock):\n    sock.bind()  # <-\n";
    check(&REBOUND, &format!("{helper}def f():\n    s = pooled()  # <-\n    helper(1, s)\n"));
    check(&REBOUND, &format!("{helper}def f():\n    s = pooled()  # <-\n    helper(sock=s, port=1)\n"));
    let helper = helper.replace("  # <-", "");
    check(&REBOUND, &format!("{helper}def f():\n    s = pooled()\n    helper(s, t)\n"));
    check(&REBOUND, &format!("{helper}def f():\n    s = pooled()\n    helper(*s)\n"));
    check(&REBOUND, &format!("{helper}def f():\n    helper(1, s)\n    s = pooled()\n"));
    check(
        &REBOUND,
        "def wrap(s):\n    return s\ndef f():\n    s = pooled()  # <-\n    t = wrap(s)\n    t.bind()  # <-\n",
    );
    check(
        &REBOUND,
        "def make():\n    s = pooled()  # <-\n    return s\ndef f():\n    t = make()\n    t.bind()  # <-\n",
    );
    check(
        &BIND_CONNECT,
        "def make():\n    return socket()\ndef f():\n    a = make()\n    b = make()\n    a.bind()\n    b.connect()\n",
    );
    check(&REBOUND, "def die():\n    raise E()\ndef f():\n    s = pooled()\n    die()\n    s.bind()\n");
    check(
        &REBOUND,
        "def f():\n    s = pooled()  # <-\n    def later():\n        s.bind()  # <-\n    Thread(target=later).start()\n",
    );
    check(
        &REBOUND,
        "--- example.py\nfrom lib.tools import attach\ndef f():\n    s = pooled()  # <-\n    attach(s)\n--- lib/tools.py\ndef attach(sock):\n    sock.bind()  # <-\n",
    );
    check(
        &BIND_CONNECT,
        "class Wrapper:\n    def __init__(self, s):\n        self.s = s\n    def go(self):\n        self.s.connect()  # <-\ndef f(sock):\n    sock.bind()  # <-\n    w = Wrapper(sock)\n    w.go()\n",
    );
}

#[test]
fn methods_run_after_the_constructor() {
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None  # <-\n    def run(self):\n        self.c.socket()  # <-\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None  # <-\n        self._open()\n    def _open(self):\n        self.c.socket()  # <-\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None\n        self._make()\n        self._open()\n    def _make(self):\n        self.c = make()\n    def _open(self):\n        self.c.socket()\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self._open()\n        self.c = None\n    def _open(self):\n        self.c.socket()\n",
    );
    // A private method that nobody calls does not run.
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None\n    def _open(self):\n        self.c.socket()\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None  # <-\n        Thread(target=self._open).start()\n    def _open(self):\n        self.c.socket()  # <-\n",
    );
    check(
        &REBOUND,
        "class A:\n    def open(self):\n        self.s = pooled()  # <-\n    def start(self):\n        self.s.bind()  # <-\n",
    );
    check(&NULLED, "class A:\n    c = None  # <-\n    def run(self):\n        self.c.socket()  # <-\n");
    // Whether the caller gives it, nobody has looked.
    let field = "@dataclass\nclass A:\n    c: T = None\n    def run(self):\n        self.c.socket()\n";
    assert_eq!(word(&ask(field, None, &NULLED)), "unresolved");
}

#[test]
fn none_between_methods_counts_only_when_nothing_shows_otherwise() {
    // connect() stores something real: that send() runs before it is the caller's doing.
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None\n    def connect(self):\n        self.c = make()\n    def send(self):\n        self.c.socket()\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = make()\n    def stop(self):\n        self.c.term()\n        self.c = None\n    def send(self):\n        self.c.socket()\n",
    );
    // Within one method the order is the method's own.
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = make()\n    def stop(self):\n        self.c.term()\n        self.c = None  # <-\n        self.send()\n    def send(self):\n        self.c.socket()  # <-\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = None\n    def send(self):\n        if not self.c:\n            raise E()\n        self.c.socket()\n",
    );
    check(
        &NULLED,
        "class A:\n    def __init__(self):\n        self.c = make()\n        self.setup()\n    def setup(self):\n        self.c = None  # <-\n    def run(self):\n        self.c.socket()  # <-\n",
    );
}

#[test]
fn bases_call_the_methods_of_the_subclass() {
    check(
        &NULLED,
        "class Base:\n    def __init__(self):\n        self.c = None  # <-\n        self.setup()\n    def setup(self):\n        pass\nclass A(Base):\n    def setup(self):\n        self.c.socket()  # <-\n",
    );
    check(
        &NULLED,
        "class Base:\n    def __init__(self):\n        self.setup()\nclass A(Base):\n    def __init__(self):\n        super().__init__()\n        self.c = None\n    def setup(self):\n        self.c.socket()\n    def close(self):\n        pass\n".replace("def setup", "def _setup").replace("self.setup()", "self._setup()").as_str(),
    );
    check(
        &NULLED,
        "--- base.py\nclass Base:\n    def __init__(self):\n        self.c = make()\n--- example.py\nfrom base import Base\nclass A(Base):\n    def __init__(self):\n        super().__init__()\n        self.c = None  # <-\n        self.c.socket()  # <-\n",
    );
    check(
        &NULLED,
        "--- base.py\nclass Base:\n    def __init__(self):\n        self.c = make()\n--- example.py\nfrom base import Base\nclass A(Base):\n    def __init__(self):\n        self.c = None\n        super().__init__()\n        self.c.socket()\n",
    );
    check(
        &NULLED,
        "--- base.py\nclass Base:\n    def open(self):\n        self.c.socket()  # <-\n--- example.py\nfrom base import Base\nclass A(Base):\n    def __init__(self):\n        self.c = None  # <-\n        self.open()\n",
    );
}

#[test]
fn inherited_methods_count_for_one_file_and_not_in_a_sweep() {
    let fixture = "--- base.py\nclass Base:\n    def send(self):\n        self.c.socket()\n--- example.py\nfrom base import Base\nclass A(Base):\n    def __init__(self):\n        self.c = None\n    def describe(self):\n        return 'a socket'\n";
    let one = ask(fixture, Some("A"), &NULLED);
    assert_eq!(word(&one), "holds", "{}", one.because);
    assert_eq!(lines(&one), ["base.py:3", "example.py:4"]);
    assert!(one.sites[0].label.as_deref().unwrap().contains("inherits"), "{:?}", one.sites);
    let mut claim = claim("example.py", None, sequence(&NULLED, "$C", &[]));
    claim.scope = Scope::Sweep(vec!["*.py".to_owned()]);
    let all = observe_fixture(fixture, &claim);
    assert_eq!(word(&all), "does not hold", "{}", all.because);
}

#[test]
fn globals_are_kept_between_functions() {
    check(&NULLED, "c = None  # <-\ndef f():\n    c.socket()  # <-\n");
    check(&NULLED, "c = None\ndef start():\n    global c\n    c = make()\ndef f():\n    c.socket()\n");
    check(&NULLED, "c = None\ndef f():\n    c = make()\n    c.socket()\n");
    check(&REBOUND, "s = pooled()  # <-\ns.bind()  # <-\n");
    check(&REBOUND, "def f():\n    s = pooled()\ndef g():\n    s.bind()\n");
}

#[test]
fn predicates_that_ask_one_another_come_to_an_end() {
    let asks = |number: usize| {
        let others: Vec<String> =
            (0..12).filter(|other| *other != number).map(|other| format!("is{other}(c)")).collect();
        format!("def is{number}(c):\n    return c is not None and ({})\n", others.join(" or "))
    };
    let predicates: String = (0..12).map(asks).collect();
    let body = "def f():\n    c = None  # <-\n    if is0(d):\n        pass\n    c.socket()  # <-\n";
    check(&NULLED, &format!("{predicates}{body}"));
    check(
        &NULLED,
        "def is_open(c):\n    return is_open(c)\ndef f(c):\n    c = None  # <-\n    if is_open(c):\n        c.socket()  # <-\n",
    );
}

#[test]
fn unless_ends_a_sequence() {
    let run = |body: &str| {
        let fixture =
            format!("def f(x):\n{}", body.lines().map(|l| format!("    {l}\n")).collect::<String>());
        let check = sequence(&BIND_CONNECT, "$S", &["$S.unbind(...)"]);
        word(&observe_fixture(&fixture, &claim("example.py", None, check))).to_owned()
    };
    assert_eq!(run("x.bind()\nx.unbind()\nx.connect()"), "does not hold");
    assert_eq!(run("x.bind()\nif y:\n    x.unbind()\nx.connect()"), "holds");
    assert_eq!(run("x.bind()\ny.unbind()\nx.connect()"), "holds");
}

#[test]
fn three_events_and_shared_metavariables() {
    let three = ["$S.open(...)", "$S.close()", "$S.read(...)"];
    check_body(&three, "x.open()  # <-\nx.close()  # <-\nx.read()  # <-");
    check_body(&three, "x.open()\nx.read()\nx.close()");
    check_body(&three, "x.close()\nx.read()");
    let same = ["$S.bind($E)", "$S.connect($E)"];
    check_body(&same, "x.bind(a)  # <-\nx.connect(a)  # <-");
    check_body(&same, "x.bind(a)\nx.connect(b)");
}

#[test]
fn one_chain_per_object_and_first_event() {
    let fixture = "class A:\n    def __init__(self):\n        self.c = None\n        self.a = self.c.socket()\n        self.b = self.c.socket()\n    def go(self):\n        self.c.socket()\n";
    let observation = ask(fixture, None, &NULLED);
    assert_eq!(lines(&observation), ["example.py:3", "example.py:4"]);
    assert!(observation.because.contains("line 3 and then line 4"), "{}", observation.because);
}

#[test]
fn sweep_cites_the_last_event_once_per_object() {
    let mut claim = claim("example.py", None, sequence(&NULLED, "$C", &[]));
    claim.scope = Scope::Sweep(vec!["**/*.py".to_owned()]);
    let fixture = "--- a.py\nclass A:\n    def __init__(self):\n        self.c = None\n        self.c.socket()\n        self.c.socket()\n--- b.py\nclass B:\n    def __init__(self):\n        self.c = None\n        self.c = make()\n        self.c.socket()\n--- d/c.py\nc = None\nc.socket()\n";
    let observation = observe_fixture(fixture, &claim);
    assert_eq!(lines(&observation), ["a.py:4", "d/c.py:2"]);
    assert_eq!(observation.sites[0].label.as_deref(), Some("`self.c` after line 3"));
}

#[test]
fn broken_file_can_hold_elsewhere_and_is_never_refuted() {
    let broken = "def f():\n    s = pooled()\n    s.bind()\n\ndef g(:\n    pass\n";
    let holds = ask(broken, Some("f"), &REBOUND);
    assert_eq!(word(&holds), "holds");
    assert!(holds.notes.iter().any(|note| note.contains("does not compile")), "{:?}", holds.notes);
    assert_eq!(
        word(&ask("def f():\n    s = pooled()\n\ndef g(:\n    pass\n", Some("f"), &REBOUND)),
        "does not compile"
    );
    assert_eq!(word(&ask("x = 1\n", Some("f"), &REBOUND)), "symbol missing");
}

#[test]
fn recursion_and_deep_calls_end() {
    check(&REBOUND, "def f(s):\n    g(s)\ndef g(s):\n    f(s)\n    s.bind()\n    s = pooled()\n");
    let mut deep = String::from("def f0(s):\n    s.bind()\n");
    for index in 1..40 {
        deep.push_str(&format!("def f{index}(s):\n    f{}(s)\n    f{}(s)\n", index - 1, index - 1));
    }
    deep.push_str("def main():\n    f39(pooled())\n");
    check(&REBOUND, &deep);
}

/// Rewritings that leave the meaning alone; the fixtures use these names and no others.
fn variants(text: &str) -> Vec<String> {
    let mut variants = vec![
        text.replace('\n', "\n\n"),
        text.replace('\n', "  # note\n"),
        text.replace("held", "other_name"),
        text.replace("    ", "\t"),
        text.replace("self", "this"),
    ];
    // Methods in the opposite order.
    let mut parts: Vec<&str> = text.split("    def ").collect();
    parts[1..].reverse();
    variants.push(parts.join("    def "));
    variants
}

#[test]
fn verdict_does_not_change_when_code_is_rewritten() {
    let holds = "class A:\n    def __init__(self):\n        self.c = None\n        self._open()\n    def _open(self):\n        held = self.c\n        held.socket()\n    def close(self):\n        pass\n";
    let fixed = holds.replace("self.c = None", "self.c = make()");
    let guarded = holds.replace("        held.socket()", "        if held:\n            held.socket()");
    for (text, expected) in [(holds, "holds"), (&fixed, "does not hold"), (&guarded, "does not hold")] {
        for variant in variants(text) {
            let observation = ask(&variant, None, &NULLED);
            assert_eq!(word(&observation), expected, "{variant}");
        }
    }
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
}

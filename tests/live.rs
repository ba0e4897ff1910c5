//! Live objects, from the question to the observation, through the real worker.

use std::path::Path;
use std::time::{Duration, Instant};

use verifier::catalogue::check::{ImportCheck, InspectCheck, ProbeCheck};
use verifier::catalogue::{Check, LineHint, PythonSettings};
use verifier::evidence::{Observation, Outcome, Reason};
use verifier::fixture::MemoryTree;
use verifier::runtime_checks::Session;
use verifier::target::DirectoryTree;

use crate::support::{self, interpreter};

/// Settings with these stubs.
fn python(stubs: &[&str]) -> PythonSettings {
    PythonSettings {
        path: vec![".".to_owned(), "model_ops_coordinator".to_owned()],
        stubs: stubs.iter().map(|&stub| stub.to_owned()).collect(),
        requirements: Vec::new(),
    }
}

/// One word for an outcome.
pub(crate) fn word(observation: &Observation) -> &str {
    match &observation.outcome {
        Outcome::Holds => "holds",
        Outcome::DoesNotHold => "does-not-hold",
        Outcome::CouldNotBeObserved { reason: Reason::NoAnswer { how, .. } } => how,
        Outcome::CouldNotBeObserved { reason: Reason::SymbolMissing { .. } } => "symbol-missing",
        Outcome::CouldNotBeObserved { .. } => "unseen",
    }
}

/// Asks an `inspect` question about `symbol` of `m.py` in a fixture.
fn inspect(fixture: &str, stubs: &[&str], symbol: &str, question: &str) -> Observation {
    let target = tempfile::tempdir().expect("a directory");
    support::write_files(target.path(), fixture);
    let check: InspectCheck = serde_json::from_str(question).expect("a question");
    let claim = support::claim("m.py", (!symbol.is_empty()).then_some(symbol));
    live(target.path(), stubs, &claim, &Check::Inspect(check))
}

fn live(root: &Path, stubs: &[&str], claim: &verifier::catalogue::Claim, check: &Check) -> Observation {
    support::ask(root, &python(stubs), support::settings(Duration::from_secs(10)), claim, check)
}

#[test]
fn live_objects_answer_for_themselves() {
    let fixture = "\
--- m.py
import zmq
class Base: pass
class A(Base):
    limit = 3
    async def go(self, x: int = 3, *, y='k') -> 'str':
        pass
    def stop(self): pass
    @staticmethod
    def make(a, /, b=None, *c, **d): pass
class Served(zmq.Base): pass
";
    let check = |symbol: &str, question: &str, expected: &str| {
        let seen = inspect(fixture, &["zmq"], symbol, question);
        assert_eq!(word(&seen), expected, "{symbol} {question}: {seen:?}");
    };
    check("A.go", r#"{"is-coroutine-function": true, "defaults": {"x": "3", "y": "'k'"}}"#, "holds");
    check("A.go", r#"{"signature": "(self, x: int = 3, *, y='k') -> str"}"#, "holds");
    check("A.stop", r#"{"is-coroutine-function": true}"#, "does-not-hold");
    check("A.make", r#"{"signature": "(a, /, b=None, *c, **d)"}"#, "holds");
    check("A.limit", r#"{"value": "3", "type": "int"}"#, "holds");
    check("A", r#"{"bases": ["m.Base"], "mro": ["A", "Base", "object"]}"#, "holds");
    check("A.gone", r#"{"callable": true}"#, "symbol-missing");
    check("A.gone", r#"{"exists": true}"#, "does-not-hold");
    check("Served.send", r#"{"exists": false}"#, "stubbed");
    check("Served", r#"{"subclass-of": "object"}"#, "stubbed");
}

#[test]
fn live_objects_are_what_asking_for_them_gives() {
    let fixture = "\
--- m.py
import enum, functools
from other import Elsewhere, Renamed, borrowed
class Meta(type):
    def made_by(cls, x): pass
    @property
    def over(cls): return 3
class A(metaclass=Meta):
    __slots__ = ('size',)
    over = 'hidden'
    @classmethod
    async def open(cls, path, mode='r'): pass
    @staticmethod
    def make(a): pass
    def plain(self, a): pass
    @property
    def state(self): return 3
    @functools.lru_cache
    def cached(self): pass
    later = functools.partialmethod(plain, 1)
    def __init__(self): self.size = 4
one = A()
bound = one.plain
async def call(host, port=80, *rest, retry=3, **more): pass
to_host = functools.partial(call, 'h', retry=5)
with_port = functools.partial(call, port=1)
class Kind(enum.Enum):
    FIRST = 1
def pick(kind=Kind.FIRST): pass
def twice(): return 1
def twice(): return 2
def given(): return 3
given = borrowed
--- other.py
class Elsewhere:
    def run(self): pass
class Renamed: pass
def borrowed(): return 4
";
    let check = |symbol: &str, question: &str, expected: &str| {
        let seen = inspect(fixture, &[], symbol, question);
        assert_eq!(word(&seen), expected, "{symbol} {question}: {seen:?}");
    };
    check(
        "A.open",
        r#"{"callable": true, "type": "method", "is-coroutine-function": true, "signature": "(path, mode='r')"}"#,
        "holds",
    );
    check("A.make", r#"{"callable": true, "type": "function", "parameters": ["a"]}"#, "holds");
    check("A.plain", r#"{"signature": "(self, a)", "type": "function"}"#, "holds");
    check("one.plain", r#"{"signature": "(a)", "type": "method"}"#, "holds");
    check("bound", r#"{"signature": "(a)"}"#, "holds");
    check("one.size", r#"{"value": "4"}"#, "holds");
    check("A.made_by", r#"{"signature": "(x)"}"#, "holds");
    check("A.__name__", r#"{"exists": true}"#, "holds");
    check("A.nothing", r#"{"exists": true}"#, "does-not-hold");
    check("A.cached", r#"{"callable": true}"#, "holds");
    check("A.state", r#"{"type": "property"}"#, "holds");
    // What only code of others could tell is not guessed.
    for computed in ["one.state", "A.over", "A.later"] {
        check(computed, r#"{"exists": true}"#, "holds");
        check(computed, r#"{"type": "int"}"#, "dynamic");
    }
    check("one.state.deeper", r#"{"exists": false}"#, "dynamic");
    check("to_host", r#"{"signature": "(port=80, *rest, retry=5, **more)"}"#, "holds");
    check("with_port", r#"{"signature": "(host, *, port=1, retry=3, **more)"}"#, "holds");
    check("pick", r#"{"defaults": {"kind": "Kind.FIRST"}}"#, "holds");
    check("pick", r#"{"defaults": {"kind": "<Kind.FIRST: 1>"}}"#, "holds");
    check("twice", r#"{"source-contains": "return 1"}"#, "does-not-hold");
    check("given", r#"{"source-contains": "return 3"}"#, "other-source");
    check("Elsewhere", r#"{"origin": "other"}"#, "holds");
    check("Renamed", r#"{"origin": "other"}"#, "holds");
    check("A", r#"{"origin": "m"}"#, "holds");
    check("", r#"{"names": ["one", "Elsewhere"]}"#, "holds");
    check("", r#"{"names": ["absent"]}"#, "does-not-hold");
}

#[test]
fn values_of_stubs_are_not_compared() {
    let fixture = "--- m.py\nimport zmq\nKINDS = [zmq.REP]\ndef f(kind=zmq.REP) -> zmq.Socket: pass\n";
    let check = |symbol: &str, question: &str, expected: &str| {
        let seen = inspect(fixture, &["zmq"], symbol, question);
        assert_eq!(word(&seen), expected, "{symbol} {question}: {seen:?}");
    };
    check("f", r#"{"defaults": {"kind": "4"}}"#, "stubbed");
    check("f", r#"{"signature": "(kind=4) -> zmq.Socket"}"#, "stubbed");
    check("f", r#"{"return-annotation": "zmq.Socket"}"#, "holds");
    check("f", r#"{"return-annotation": "zmq.sugar.socket.Socket"}"#, "stubbed");
    check("KINDS", r#"{"value": "[4]"}"#, "stubbed");
    check("f", r#"{"parameters": ["kind"]}"#, "holds");
}

#[test]
fn stubs_are_whatever_the_code_takes_them_for() {
    let fixture = "\
--- m.py
import asyncio, abc, typing, dataclasses, enum
import zmq, pkg.deep.er as deep
from zmq import Again, NOBLOCK, decorate, Model
from generated import Message
class Served(zmq.Servicer, abc.ABC, typing.Generic[typing.TypeVar('T')]): pass
class Record(Model):
    size: int = 3
class Both(Served, threading_like := deep.Mixin): pass
@decorate
def plain(a): return a
@deep.app.route('/x', methods=['GET'])
def routed(a): return a
@dataclasses.dataclass
class Data:
    socket: zmq.Socket
    many: typing.Optional[zmq.Socket] = None
async def use():
    async with deep.session() as s:
        await s.get()
        async for x in s: pass
def run():
    asyncio.run(use())
    with zmq.Context() as context:
        socket = context.socket(zmq.REP | zmq.PUB)
        socket[1:2] = [x for x in socket]
    try:
        raise Again('later')
    except zmq.Again as problem:
        assert str(problem) == 'later'
    try:
        raise KeyError
    except (zmq.ZMQError, deep.Failed):
        raise
    except KeyError:
        pass
    assert not isinstance(3, zmq.Socket) and isinstance(Record(size=4), Model)
    assert Record(size=4).size == 4 and 1 & NOBLOCK is not None and range(int(NOBLOCK)) is not None
    assert not deep.is_available()
    return len(socket) + Message(1) + (2 ** NOBLOCK)
run()
--- generated.py
from zmq import builder
builder.build(globals())
";
    let check = |symbol: &str, question: &str, expected: &str| {
        let seen = inspect(fixture, &["zmq", "pkg"], symbol, question);
        assert_eq!(word(&seen), expected, "{symbol} {question}: {seen:?}");
        assert!(seen.notes.iter().any(|note| note.starts_with("with stubs: ")), "{:?}", seen.notes);
    };
    check("plain", r#"{"signature": "(a)"}"#, "holds");
    check("routed", r#"{"signature": "(a)"}"#, "holds");
    check("Data", r#"{"parameters": ["socket", "many"]}"#, "holds");
    check("Again", r#"{"exists": true}"#, "stubbed");
    check("Both", r#"{"callable": true}"#, "holds");
}

#[test]
fn thread_of_a_constructed_instance_is_seen() {
    let fixture = "\
--- m.py
import threading
class Server:
    def __init__(self, kernel, *, name, limit=3):
        self.size = int(kernel.settings.size * 2) + limit
        self._stop = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name=str(name), daemon=True)
        self._sweeper.start()
    def _sweep(self):
        while not self._stop.wait(1):
            pass
class Picky:
    def __init__(self, kernel):
        raise ValueError('not that one')
class Optional:
    def __init__(self, settings):
        if settings.mode == 'sweep':
            self._sweeper = threading.Thread(target=print)
class Slotted:
    __slots__ = ('__sweeper',)
    def __init__(self):
        self.__sweeper = threading.Thread(target=self._sweep)
    def _sweep(self): pass
class Quick:
    def __init__(self):
        self._sweeper = threading.Thread(target=self._sweep)
        self._sweeper.start()
        self._sweeper.join()
    def _sweep(self): pass
";
    let check = |symbol: &str, question: &str, expected: &str| {
        let seen = inspect(fixture, &[], symbol, &format!(r#"{{"thread": {question}}}"#));
        assert_eq!(word(&seen), expected, "{symbol} {question}: {seen:?}");
    };
    let whole =
        r#"{"attribute": "_sweeper", "target": "_sweep", "daemon": true, "started": true, "event": "_stop"}"#;
    check("Server", whole, "holds");
    check("Server", r#"{"attribute": "_sweeper", "daemon": false}"#, "does-not-hold");
    check("Server", r#"{"attribute": "_other"}"#, "does-not-hold");
    check("Picky", r#"{"attribute": "_sweeper"}"#, "not-constructed");
    // Stand-ins decide which way a constructor goes, and a thread that has ended tells nothing more.
    check("Optional", r#"{"attribute": "_sweeper"}"#, "not-constructed");
    check("Slotted", r#"{"attribute": "__sweeper", "target": "_sweep"}"#, "holds");
    check("Quick", r#"{"attribute": "_sweeper", "started": true}"#, "holds");
    check("Quick", r#"{"attribute": "_sweeper", "target": "_sweep"}"#, "no-target");
}

#[test]
fn undeclared_package_is_named_with_the_way_out() {
    let seen = inspect(
        "--- m.py\nimport nowhere_to_be_found.deep\nclass A: pass\n",
        &[],
        "A",
        r#"{"exists": true}"#,
    );
    assert_eq!(word(&seen), "import-failed");
    assert!(seen.because.contains("add \"nowhere_to_be_found\" to `stubs`"), "{}", seen.because);
}

/// Asks an `import` question about `m.py` with this text.
fn import(code: &str, question: &str) -> Observation {
    let target = tempfile::tempdir().expect("a directory");
    support::write_files(target.path(), &format!("--- m.py\n{code}\n"));
    let check: ImportCheck = serde_json::from_str(question).expect("a question");
    live(target.path(), &[], &support::claim("m.py", None), &Check::Import(check))
}

#[test]
fn import_tells_what_it_did() {
    let check = |code: &str, question: &str, told: &str| {
        let seen = import(code, question);
        assert_eq!(word(&seen), "holds", "{code}: {seen:?}");
        let notes = seen.notes.join("\n");
        assert!(notes.contains(told), "{code}: {notes}");
        let opposite = question.replace("true", "false");
        assert_eq!(word(&import(code, &opposite)), "does-not-hold", "{code}: {opposite}");
    };
    let wrote = r#"{"writes-files": true}"#;
    check("open('here.txt', 'w').write('x')", wrote, "importing wrote files: here.txt");
    check("import os; os.close(os.open('low.txt', os.O_CREAT | os.O_WRONLY))", wrote, "low.txt");
    check("import pathlib; pathlib.Path('made').mkdir()", wrote, "os.mkdir made");
    check("try: open('/etc/passwd', 'a')\nexcept OSError: pass", wrote, "/etc/passwd");
    check("import tempfile; tempfile.mkstemp()", wrote, "tempfile.mkstemp");
    let connected = r#"{"uses-network": true}"#;
    check("import socket\nsocket.socket().bind(('127.0.0.1', 0))", connected, "socket.bind 127.0.0.1 0");
    check(
        "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: pass",
        connected,
        "socket.connect 127.0.0.1 9",
    );
    let started = r#"{"starts-processes": true}"#;
    check("import subprocess; subprocess.run(['true'])", started, "subprocess.Popen true");
    check("import os\nif os.fork() == 0: os._exit(0)", started, "os.fork");
    check("import os; os.system('true')", started, "os.system true");
    let left = r#"{"leaves-threads": true}"#;
    let thread = "import threading\nt = threading.Thread(target=threading.Event().wait, name='worker', daemon=True)\nt.start()";
    check(thread, left, "left threads running: worker (daemon)");
    // What a module hides from `threading` is there all the same.
    check(&format!("{thread}\nthreading._active.clear()"), left, "1 that `threading` does not know");
    check(
        "import _thread, threading; _thread.start_new_thread(threading.Event().wait, ())",
        left,
        "does not know",
    );
    check(&format!("{thread}\nt._name = None"), left, "a thread without a name (daemon)");
    let changed = r#"{"changes-environment": true}"#;
    check("import os; os.environ['X'] = '1'; del os.environ['LANG']", changed, "the environment: LANG, X");
    check("import os; os.putenv('Y', '1')", changed, "the environment: Y");
    check("import os; os.environ['X'] = '1'; os.environ = {}", changed, "the environment: X");
    // What the interpreter is not told of, or what keeps it from being told, leaves traces.
    let silent = "import sys\nsys.audit = lambda *a: None\nimport subprocess\n";
    check(&format!("{silent}subprocess.run(['true'])"), started, "that the interpreter was not told of");
    check(&format!("{silent}subprocess.Popen(['sleep', '9'])"), started, "not told of");
    let c = "import ctypes, os, struct\nc = ctypes.CDLL(None)\n";
    check(&format!("{c}c.open(b'made', 0o102, 0o600)"), wrote, "work/made");
    check("import os; os.mkfifo('made')", wrote, "work/made");
    check(
        &format!(
            "{c}s = c.socket(2, 1, 0)\nassert c.bind(s, struct.pack('<HHI8x', 2, 80, 0), 16) == 0\nc.listen(s, 1)"
        ),
        connected,
        "a socket that the interpreter was not told of",
    );
    // Its own hooks, its own events, its own helpers change nothing.
    check("import sys\nsys.addaudithook(print)\nopen('x', 'w')", wrote, "importing wrote files: x");
}

#[test]
fn import_that_does_nothing_is_told_so() {
    let quiet = r#"{"succeeds": true, "writes-files": false, "uses-network": false,
        "starts-processes": false, "leaves-threads": false, "changes-environment": false}"#;
    for code in [
        "import json, logging, asyncio",
        "open(__file__).read()",
        "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
        "import socket; socket.socket().close()",
        "import sqlite3; sqlite3.connect(':memory:')",
        "open('/dev/null', 'w').write('x')",
    ] {
        let seen = import(code, quiet);
        assert_eq!(word(&seen), "holds", "{code}: {seen:?}");
    }
    // A file that only the sandbox hides, and one that is not there for anybody.
    assert_eq!(word(&import("open('m.py')", r#"{"succeeds": true}"#)), "import-failed");
    let hidden = format!("open('{}')", support::workspace().join("Cargo.toml").display());
    assert_eq!(word(&import(&hidden, r#"{"succeeds": true}"#)), "import-failed");
    assert_eq!(word(&import("open('absent')", r#"{"raises": "FileNotFoundError"}"#)), "holds");
    let seen = import("import time; time.sleep(1.1)", r#"{"takes-seconds": 1}"#);
    assert!(word(&seen) == "holds" && seen.because.contains("importing took 1."), "{seen:?}");
    assert_eq!(word(&import("x = 1", r#"{"takes-seconds": 9}"#)), "does-not-hold");
}

/// Runs a probe against `m.py` of a fixture.
fn probe(fixture: &str, symbol: &str, probe: &str) -> Observation {
    let target = tempfile::tempdir().expect("a directory");
    support::write_files(target.path(), fixture);
    let beside = tempfile::tempdir().expect("a directory");
    std::fs::write(beside.path().join("probe.py"), probe).expect("can be written");
    let mut settings = support::settings(Duration::from_secs(10));
    settings.catalogue_directory = beside.path().to_owned();
    let check = Check::Probe(ProbeCheck { file: "probe.py".to_owned(), runs: Some(3) });
    let mut claim = support::claim("m.py", (!symbol.is_empty()).then_some(symbol));
    claim.lines = symbol.is_empty().then_some(LineHint { first: 3, last: 3 });
    support::ask(target.path(), &python(&["zmq"]), settings, &claim, &check)
}

#[test]
fn probes_prove_and_refute() {
    let fixture = "\
--- m.py
import zmq
def double(x):
    return x + x
def other():
    return 1
";
    let check = |symbol: &str, body: &str, expected: &str| {
        let text = format!(
            "\"\"\"Proves something.\"\"\"\n\ndef probe(context):\n    m = context.load('m')\n{body}\n"
        );
        let seen = probe(fixture, symbol, &text);
        assert_eq!(word(&seen), expected, "{body}: {seen:?}");
    };
    check("double", "    return context.holds('it doubles', of=m.double(2))", "holds");
    check("double", "    return context.does_not_hold(str(m.double(2)))", "does-not-hold");
    check("double", "    return context.does_not_hold(str(m.other()))", "not-reached");
    check("double", "    return context.could_not('no')", "could-not");
    check(
        "double",
        "    import os\n    m.double(1)\n    first = hash('a') if os.environ['PYTHONHASHSEED'] == '0' else None\n    return context.holds('x') if hash('a') == first else context.does_not_hold('y')",
        "flaky",
    );
    check(
        "double",
        "    import os\n    m.double(1)\n    if os.environ['PYTHONHASHSEED'] == '0': raise KeyError('x')\n    return context.holds('x')",
        "flaky",
    );
    check("double", "    return context.load('zmq.deep')", "stubbed");
    check("double", "    return context.holds(context.is_stub(m.zmq))", "holds");
    check("double", "    return 3", "no-probe");
    check("double", "    raise KeyError('x')", "import-failed");
    check("gone", "    return context.holds('x')", "symbol-missing");
    // Without a symbol the claim's lines are what is cited, here `return x + x`.
    check("", "    return context.does_not_hold('x')", "not-reached");
    check("", "    return context.does_not_hold(str(m.double(2)))", "does-not-hold");
    check(
        "other",
        "    m.double(1)\n    assert context.reached('m.py', 3) and not context.reached('m.py', 5)\n    return context.does_not_hold('x')",
        "does-not-hold",
    );
    check(
        "other",
        "    import socket\n    s = socket.create_server(('127.0.0.1', context.free_port()))\n    \
         c = socket.create_connection(s.getsockname())\n    return context.holds('connected')",
        "holds",
    );
}

#[test]
fn target_without_a_directory_is_written_out_for_the_question() {
    let tree = MemoryTree::parse(
        "--- pkg/__init__.py\n--- pkg/m.py\nfrom . import other\nimport pathlib\n\
         assert pathlib.Path(__file__).with_name('settings.yaml').read_text() == 'a: 1\\n'\n\
         def f(): pass\n--- pkg/other.py\n--- pkg/settings.yaml\na: 1\n",
    );
    let session = Session::new(&tree, None, &python(&[]), support::settings(Duration::from_secs(10)));
    let check =
        Check::Inspect(serde_json::from_str(r#"{"is-coroutine-function": false}"#).expect("a question"));
    let seen = support::observe(&session, &support::claim("pkg/m.py", Some("f")), &check);
    assert_eq!(word(&seen), "holds", "{seen:?}");
    assert!(seen.notes.iter().any(|note| note.contains("3 Python files, 1 others")), "{:?}", seen.notes);
}

#[test]
fn missing_python_is_said_with_the_way_to_mend_it() {
    let mut settings = support::settings(Duration::from_secs(10));
    settings.interpreter.executable = "/nowhere/python3.99".into();
    settings.interpreter.version = "3.99.0".to_owned();
    settings.interpreter.library_name = "libpython3.99.so.1.0".to_owned();
    let target = tempfile::tempdir().expect("a directory");
    support::write_files(target.path(), "--- m.py\ndef f(): pass\n");
    let check = Check::Inspect(serde_json::from_str(r#"{"exists": true}"#).expect("a question"));
    let seen =
        support::ask(target.path(), &python(&[]), settings, &support::claim("m.py", Some("f")), &check);
    assert_eq!(word(&seen), "no-python", "{seen:?}");
    assert!(seen.because.contains("install Python 3.99"), "{}", seen.because);
}

/// What the loader finds when nothing is preloaded is the stand-in, so that Python may be gone.
#[test]
#[cfg(target_os = "linux")]
fn binary_starts_without_the_real_libpython() {
    let mut loader = std::process::Command::new(support::xtask());
    let told = loader.env("LD_TRACE_LOADED_OBJECTS", "1").output().expect("the loader answers").stdout;
    let told = String::from_utf8_lossy(&told).into_owned();
    let line = told.lines().find(|line| line.contains("libpython")).expect("a line about libpython");
    assert!(line.contains("verifier-worker-"), "{line}");
}

/// Figures for `docs/isolation.md`: `ASSAY_FIGURES=1 cargo test … figures -- --nocapture`.
#[test]
fn figures() {
    if std::env::var_os("ASSAY_FIGURES").is_none() {
        return;
    }
    let target = tempfile::tempdir().expect("a directory");
    support::write_files(
        target.path(),
        "--- m.py\ndef f(): pass\n--- n.py\nimport asyncio, logging, json\ndef f(): pass\n",
    );
    let tree = DirectoryTree::open(target.path(), &[]).expect("a directory");
    let session =
        Session::new(&tree, Some(target.path()), &python(&[]), support::settings(Duration::from_secs(10)));
    let check = Check::Inspect(serde_json::from_str(r#"{"callable": true}"#).expect("a question"));
    let ask = |file: &str| {
        let began = Instant::now();
        assert_eq!(word(&support::observe(&session, &support::claim(file, Some("f")), &check)), "holds");
        began.elapsed()
    };
    let first = ask("m.py");
    let mut told = format!("worker start and first question: {first:?}\n");
    for file in ["m.py", "n.py"] {
        let mut times: Vec<Duration> = (0..50).map(|_| ask(file)).collect();
        times.sort();
        told.push_str(&format!(
            "one more question about {file}: best of 50 {:?}, median {:?}, worst {:?}\n",
            times[0], times[25], times[49]
        ));
        let program = interpreter().executable.clone();
        let run = |code: &str, flags: &[&str]| {
            let mut times: Vec<Duration> = (0..20)
                .map(|_| {
                    let began = Instant::now();
                    let mut command = std::process::Command::new(&program);
                    command.args(flags).args(["-c", code]).current_dir(target.path());
                    assert!(command.status().expect("Python runs").success());
                    began.elapsed()
                })
                .collect();
            times.sort();
            format!("best of 20 {:?}, median {:?}", times[0], times[10])
        };
        let module = file.trim_end_matches(".py");
        let import = format!("import sys; sys.path.insert(0, '.'); import {module}");
        let ask = format!("{import}, inspect, json; inspect.signature({module}.f)");
        told.push_str(&format!("  an interpreter per question: {}\n", run(&ask, &["-I"])));
        told.push_str(&format!("  an interpreter that imports it and no more: {}\n", run(&import, &["-I"])));
        told.push_str(&format!("  the bare interpreter: {}\n", run("pass", &["-I", "-S"])));
    }
    support::show(&told);
}

/// For trying things by hand: `ASSAY_TRY_ROOT=… ASSAY_TRY=file.py:Symbol cargo test … -- --nocapture`.
#[test]
fn question_from_the_environment() {
    let (Ok(root), Ok(entries)) = (std::env::var("ASSAY_TRY_ROOT"), std::env::var("ASSAY_TRY")) else {
        return;
    };
    let stubs = std::env::var("ASSAY_TRY_STUBS").unwrap_or_default();
    let stubs: Vec<&str> = stubs.split(',').filter(|stub| !stub.is_empty()).collect();
    let question = std::env::var("ASSAY_TRY_CHECK").unwrap_or_else(|_| r#"{"exists": true}"#.to_owned());
    let check = match question.strip_suffix(".py") {
        Some(_) => Check::Probe(ProbeCheck { file: question, runs: None }),
        None => Check::Inspect(serde_json::from_str(&question).expect("a question")),
    };
    for entry in entries.split(',') {
        let (file, symbol) = entry.split_once(':').unwrap_or((entry, ""));
        let claim = support::claim(file, (!symbol.is_empty()).then_some(symbol));
        let seen = live(root.as_ref(), &stubs, &claim, &check);
        support::show(&format!("{seen:#?}"));
    }
}

//! Two threads at one attribute, and what keeps them apart.

use crate::static_checks::testing::check as ask;

fn claim(expected: &str) -> String {
    format!("file = \"example.py\"\nsymbol = \"A\"\nstatic = {{ shared-state = \"x\"{expected} }}")
}

fn check(fixture: &str, shared: Option<bool>) {
    let words = match shared {
        Some(true) => ["holds", "does not hold"],
        Some(false) => ["does not hold", "holds"],
        None => ["unresolved", "unresolved"],
    };
    ask(&claim(""), fixture, words[0]);
    ask(&claim(", expected = false"), &fixture.replace("  # <-", ""), words[1]);
}

/// A class whose thread runs `run` and whose callers call `put`.
fn two(run: &str, put: &str) -> String {
    format!(
        "import threading, queue, collections
class A:
    def __init__(self):
        self.lock = threading.Lock()
        self.other = threading.RLock()
        self.ready = threading.Condition(self.lock)
        self.x = []
        self.t = threading.Thread(target=self.run)
        self.t.start()
    def run(self):
        {run}
    def put(self, v):
        {put}
"
    )
}

#[test]
fn change_and_look_without_lock_race() {
    check(&two("use(self.x)", "self.x.append(v)"), Some(true));
    check(&two("self.x.pop(0)", "self.x.append(v)"), Some(true));
    check(&two("self.x.pop(0)", "return len(self.x)"), Some(true));
    check(&two("self.x = []", "return self.x"), Some(true));
    check(&two("self.x += [1]", "self.x += [2]"), Some(true));
    check(&two("use(self.x)", "self.x[0] = v"), Some(true));
    check(&two("use(self.x)", "del self.x[0]"), Some(true));
    check(&two("for i in self.x: use(i)", "self.x.clear()"), Some(true));
}

#[test]
fn places_that_race_are_named() {
    let text = two("use(self.x)  # <-", "self.x.append(v)  # <-");
    check(&text, Some(true));
}

#[test]
fn looks_alone_do_not_race() {
    check(&two("use(self.x)", "return self.x"), Some(false));
    check(&two("use(self.x.get(1))", "return self.x.copy()"), Some(false));
}

#[test]
fn one_thread_alone_does_not_race() {
    check(&two("self.x.pop(0)", "pass"), Some(false));
    check(&two("pass", "self.x.append(v)"), Some(false));
    check(&two("pass", "self.x.append(v)\n    def get(self):\n        return self.x.pop()"), Some(false));
    check(&two("self.step()\n    def step(self):\n        self.x.append(1)", "pass"), Some(false));
    check(&two("self._step()\n    def _step(self):\n        self.x.append(1)", "pass"), Some(false));
}

#[test]
fn common_lock_keeps_them_apart() {
    let run = "with self.lock:\n            self.x.pop()";
    for put in [
        "with self.lock:\n            self.x.append(v)",
        "with self.other, self.lock:\n            self.x.append(v)",
        "self.lock.acquire()\n        self.x.append(v)\n        self.lock.release()",
        "self.lock.acquire()\n        try:\n            self.x.append(v)\n        finally:\n            self.lock.release()",
        "if self.lock.acquire(timeout=1):\n            self.x.append(v)",
        "with self.lock:\n            self._put(v)\n    def _put(self, v):\n        self.x.append(v)",
        "with self.ready:\n            self.x.append(v)",
        "self._take()\n        self.x.append(v)\n        self._give()\n    def _take(self):\n        self.lock.acquire()\n    def _give(self):\n        self.lock.release()",
    ] {
        check(&two(run, put), Some(false));
    }
    for put in [
        "self.x.append(v)",
        "with self.other:\n            self.x.append(v)",
        "with self.lock:\n            pass\n        self.x.append(v)",
        "self.lock.acquire()\n        self.lock.release()\n        self.x.append(v)",
        "self.x.append(v)\n        self.lock.acquire()",
        "with self.lock:\n            self._put(v)\n    def _put(self, v):\n        self.x.append(v)\n    def bad(self):\n        self._put(1)",
        "with open(v):\n            self.x.append(v)",
    ] {
        check(&two(run, put), Some(true));
    }
}

#[test]
fn context_manager_that_holds_the_lock_is_one() {
    let text = two(
        "with self._held():\n            self.x.pop()",
        "with self._held():\n            self.x.append(v)",
    );
    let held = "    @contextmanager\n    def _held(self):\n        with self.lock:\n            yield\n";
    let text = format!("from contextlib import contextmanager\n{text}{held}");
    check(&text, Some(false));
    check(&text.replace("with self.lock:\n            yield", "yield"), Some(true));
}

#[test]
fn thing_that_may_be_a_lock_leaves_it_open() {
    check(
        &two("with self.guard:\n            self.x.pop()", "with self.guard:\n            self.x.append(v)"),
        None,
    );
    check(&two("with self.guard:\n            self.x.pop()", "self.x.append(v)"), Some(true));
}

#[test]
fn constructor_comes_before_the_thread() {
    check(&two("self.x.pop()", "pass"), Some(false));
    let text = two("self.x.pop()", "pass");
    check(&text.replace("self.t.start()\n", "self.t.start()\n        self.x.append(1)\n"), Some(true));
    check(&text.replace("self.t.start()\n", "self.x.append(1)\n        self.t.start()\n"), Some(false));
    check(
        &text.replace("self.t.start()\n", "self._go()\n    def _go(self):\n        self.t.start()\n"),
        Some(false),
    );
    // A thread that was started for something else first.
    let other = text.replace(
        "        self.x = []\n",
        "        threading.Thread(target=self.beat).start()\n        self.x = []\n",
    ) + "    def beat(self):\n        pass\n";
    check(&other, Some(false));
    check(
        &other.replace(
            "        pass\n    def beat(self):\n        pass",
            "        pass\n    def beat(self):\n        use(self.x)",
        ),
        Some(true),
    );
}

#[test]
fn method_that_stores_and_then_starts_is_before_the_thread() {
    let text = "import threading
class A:
    def __init__(self):
        self.t = None
    def start(self):
        self.x = []
        self.t = threading.Thread(target=self.run)
        self.t.start()
    def run(self):
        self.x.append(1)
    def stop(self):
        self.t.join()
        return self.x
";
    check(text, Some(false));
    check(&text.replace("        self.t.join()\n", ""), Some(true));
    check(
        &text.replace("        self.t.start()\n", "").replace("        self.x = []\n", "").replace(
            "Thread(target=self.run)\n",
            "Thread(target=self.run)\n        self.t.start()\n        self.x = []\n",
        ),
        Some(true),
    );
}

#[test]
fn every_kind_of_thread_counts() {
    let text = |made: &str| {
        format!(
            "import threading, signal, asyncio
from concurrent.futures import ThreadPoolExecutor
class T(threading.Thread):
    def __init__(self, a: 'A'):
        super().__init__()
        self.a = a
    def run(self):
        self.a.take()
class A:
    def __init__(self):
        self.x = []
        self.pool = ThreadPoolExecutor()
        {made}
    def _run(self, *a):
        self.x.pop()
    def put(self, v):
        self.x.append(v)
"
        )
    };
    for made in [
        "threading.Thread(target=self._run).start()",
        "threading.Timer(1, self._run).start()",
        "self.pool.submit(self._run)",
        "signal.signal(signal.SIGTERM, self._run)",
        "t = threading.Thread(target=self._run); t.start()",
        "def inner():\n            self.x.pop()\n        threading.Thread(target=inner).start()",
    ] {
        check(&text(made), Some(true));
    }
    check(&text("pass"), Some(false));
    check(&text("threading.Thread(target=print).start()"), Some(false));
    check(&text("threading.Thread(target=self.unknown).start()"), None);
    // Tasks of the event loop take turns with the callers.
    let task = text("asyncio.create_task(self._run())").replace("def _run", "async def _run");
    check(&task, Some(false));
}

#[test]
fn thread_can_race_with_itself() {
    let text = |made: &str| {
        format!(
            "import threading\nclass A:\n    def __init__(self):\n        self.x = 0\n        {made}\n    def run(self):\n        self.x += 1\n"
        )
    };
    check(&text("threading.Thread(target=self.run).start()"), Some(false));
    check(&text("for i in range(4): threading.Thread(target=self.run).start()"), Some(true));
    check(&text("pass\n    def go(self):\n        threading.Thread(target=self.run).start()"), Some(true));
    check(
        &text(
            "pass\n    def go(self):\n        self.t = threading.Thread(target=self.run)\n        self.t.start()",
        ),
        Some(false),
    );
}

#[test]
fn thread_class_of_its_own_is_followed() {
    let text = "import threading
class A(threading.Thread):
    def __init__(self):
        super().__init__()
        self.x = []
    def run(self):
        self.x.pop()
    def put(self, v):
        self.x.append(v)
def main():
    a = A()
    a.start()
";
    check(text, Some(true));
    check(&text.replace("self.x.append(v)", "pass"), Some(false));
}

#[test]
fn safe_objects_are_safe_but_for_being_replaced() {
    for safe in ["queue.Queue()", "collections.deque()", "threading.Event()", "queue.SimpleQueue()"] {
        let text = two("self.x.get()", "self.x.put(v)").replace("self.x = []", &format!("self.x = {safe}"));
        check(&text, Some(false));
    }
    let replaced =
        two("self.x.get()", "self.x = queue.Queue()").replace("self.x = []", "self.x = queue.Queue()");
    check(&replaced, Some(true));
}

#[test]
fn method_that_may_change_the_object_leaves_it_open() {
    check(&two("self.x.work()", "self.x.work()").replace("self.x = []", "self.x = make()"), None);
    check(&two("self.x.work()", "self.x = v").replace("self.x = []", "self.x = make()"), Some(true));
}

#[test]
fn code_outside_the_class_is_a_caller() {
    let text = two("self.x.pop()", "pass");
    check(&format!("{text}def fill(a: A):\n    a.x.append(1)\n"), Some(true));
    check(&format!("{text}def fill(a):\n    a.x.append(1)\n"), None);
    let test = "--- tests/test_a.py\nfrom example import A\ndef test_fill(a: A):\n    a.x.append(1)\n";
    check(&format!("--- example.py\n{text}{test}"), Some(false));
    check(&format!("{text}class B:\n    def fill(self):\n        self.x.append(1)\n"), Some(false));
    check(&format!("{text}class B(A):\n    def fill(self):\n        self.x.append(1)\n"), Some(true));
}

#[test]
fn bases_are_part_of_the_object() {
    let text = "--- base.py
import threading
class Base:
    def __init__(self):
        self.x = []
        threading.Thread(target=self.loop).start()
    def loop(self):
        self.step()
    def step(self): ...
--- example.py
from base import Base
class A(Base):
    def step(self):
        self.x.pop()
    def put(self, v):
        self.x.append(v)
";
    check(text, Some(true));
    check(&text.replace("        self.x.append(v)", "        pass"), Some(false));
}

#[test]
fn consumer_without_producer_says_so() {
    use crate::static_checks::testing::{claim_of, observe_fixture};
    let text = "import threading, time
class A:
    def __init__(self, on):
        threading.Thread(target=self.prepare).start()
        self.x = []
        if on:
            self._begin()
    def prepare(self): ...
    def _begin(self):
        def consume():
            while True:
                if len(self.x) > 0:
                    self.x.pop(0)
                time.sleep(1)
        self.t = threading.Thread(target=consume, daemon=True)
        self.t.start()
";
    check(text, Some(false));
    let observation = observe_fixture(text, &claim_of(&claim("")));
    assert!(observation.notes.iter().any(|note| note.contains("nothing ever puts")), "{observation:#?}");
    assert!(observation.because.contains("consume"), "{}", observation.because);
    check(&format!("{text}    def hear(self, v):\n        self.x.append(v)\n"), Some(true));
}

#[test]
fn what_is_not_there_or_broken_proves_nothing() {
    ask(&claim(""), "class A:\n    def f(self): ...\n", "symbol missing");
    ask(&claim(""), "class B: ...\n", "symbol missing");
    ask(&claim(""), &format!("y = = 1\n{}", two("self.x.pop()", "pass")), "does not compile");
    ask(&claim(""), &format!("y = = 1\n{}", two("self.x.pop()", "self.x.append(v)")), "holds");
    ask(&claim(""), &two("self.x.pop()", "y = = 1"), "does not compile");
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
}

#[test]
fn same_lock_by_any_name_is_the_same() {
    crate::static_checks::testing::check_cases(include_str!("locks.txt"));
}

#[test]
fn threads_that_have_ended_are_met_by_nobody() {
    crate::static_checks::testing::check_cases(include_str!("meetings.txt"));
}

#[test]
fn attribute_is_found_by_other_names() {
    crate::static_checks::testing::check_cases(include_str!("other_names.txt"));
}

#[test]
fn what_lambdas_and_decorators_hold_is_what_is_held_where_they_run() {
    crate::static_checks::testing::check_cases(include_str!("held.txt"));
}

#[test]
fn ordinary_code_is_followed() {
    crate::static_checks::testing::check_cases(include_str!("ordinary.txt"));
}

#[test]
fn parameters_flags_and_kept_locks_are_followed() {
    crate::static_checks::testing::check_cases(include_str!("parameters.txt"));
}

#[test]
fn tests_answer_the_same_only_where_nobody_can_change_the_answer() {
    crate::static_checks::testing::check_cases(include_str!("conditions.txt"));
}

#[test]
fn worker_classes_are_judged_as_they_run() {
    crate::static_checks::testing::check_cases(include_str!("workers.txt"));
}

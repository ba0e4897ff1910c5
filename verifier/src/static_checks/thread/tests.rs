//! What is done with a thread, in all the ways that code does it.

use crate::static_checks::testing::check as ask;

fn claim(symbol: &str, thread: &str, asked: &str) -> String {
    format!("file = \"example.py\"\nsymbol = \"{symbol}\"\nstatic = {{ thread = \"{thread}\", {asked} }}")
}

/// A worker whose constructor ends with `made` and whose `stop` is `stop`.
fn worker(made: &str, stop: &str) -> String {
    format!(
        "import threading
def finish(thread, timeout=None):
    thread.join(timeout)
def show(thread):
    print(thread)
class W:
    def __init__(self):
        self.done = threading.Event()
        self.running = True
        self.other = threading.Thread(target=print)
        self.threads = []
        self.t = threading.Thread(target=self.run)
        {made}
    def run(self):
        while self.running and not self.done.is_set():
            step()
    def stop(self):
        {stop}
"
    )
}

fn joined(made: &str, stop: &str, expected: Option<bool>) {
    let words = match expected {
        Some(true) => ["holds", "does not hold"],
        Some(false) => ["does not hold", "holds"],
        None => ["unresolved", "unresolved"],
    };
    let text = worker(made, stop);
    ask(&claim("W.stop", "self.t", "joined = true"), &text, words[0]);
    ask(&claim("W.stop", "self.t", "joined = false"), &text, words[1]);
}

#[test]
fn joins_are_found_on_every_way() {
    for stop in [
        "self.t.join()",
        "self.t.join(timeout=5)",
        "if self.t: self.t.join()",
        "if self.t is not None and self.t.is_alive(): self.t.join()",
        "t = self.t; t.join()",
        "(t := self.t).join()",
        "finish(self.t)",
        "finish(thread=self.t, timeout=1)",
        "for t in (self.t, self.other): t.join()",
        "for t in [self.other, self.t]:\n            if t.is_alive():\n                t.join()",
        "[t.join() for t in (self.t,)]",
        "getattr(self, 't').join()",
        "import atexit; atexit.register(self.t.join)",
        "def later():\n            self.t.join()\n        later()",
        "W.finish(self)\n    def finish(self):\n        self.t.join()",
        "try:\n            pass\n        finally:\n            self.t.join()",
    ] {
        joined("", stop, Some(true));
    }
}

#[test]
fn joins_through_collections_are_found() {
    for stop in [
        "for t in self.threads: t.join()",
        "for t in list(self.threads): t.join()",
        "for i, t in enumerate(self.threads): t.join()",
        "while self.threads: self.threads.pop().join()",
        "self.threads[0].join()",
        "for t in getattr(self, 'threads', []): t.join()",
    ] {
        joined("self.threads.append(self.t)", stop, Some(true));
        joined("self.threads.append(self.other)", stop, Some(false));
    }
    joined("t = self.t; self.threads.append(t)", "for t in self.threads: t.join()", Some(true));
    joined("self.threads = [self.t, self.other]", "for t in self.threads: t.join()", Some(true));
}

#[test]
fn what_only_looks_like_a_join_is_none() {
    for stop in [
        "pass",
        "self.other.join()",
        "','.join(self.t)",
        "','.join(names)",
        "os.path.join(self.t.name)",
        "self.t.start()",
        "self.t.is_alive()",
        "show(self.t)",
        "t = self.t; t = self.other; other().join()",
        "for t in (self.other,): t.join()",
        "finish(self.other)",
        "self.t = None",
        "self.done.set()",
    ] {
        joined("", stop, Some(false));
    }
}

#[test]
fn thread_that_goes_where_nobody_looks_is_unresolved() {
    joined("", "return self.t", None);
    joined("", "nobody.knows(self.t)", None);
    joined("", "nobody.knows(self.t.join)", None);
    joined("", "for n in dir(self): getattr(self, n).join()", None);
    joined("", "for t in vars(self).values(): t.join()", None);
    joined("", "for t in threading.enumerate(): t.join()", None);
}

#[test]
fn joins_in_other_files_and_objects_are_found() {
    let owner = "--- worker.py\nimport threading\nclass W:\n    def __init__(self):\n        self._t = threading.Thread(target=print)\n        self._t.start()\n";
    let holder = "--- example.py\nfrom worker import W\nclass H:\n    def __init__(self):\n        self.w = W()\n    def stop(self):\n        pass\n";
    let asked = claim("H.stop", "self.w._t", "joined = false");
    ask(&asked, &format!("{owner}{holder}"), "holds");
    ask(&asked, &format!("{owner}{holder}").replace("pass", "self.w._t.join()"), "does not hold");
    // A third file, and a subclass there.
    let third = "--- third.py\nfrom worker import W\ndef close(w: W):\n    w._t.join()\n";
    ask(&asked, &format!("{owner}{holder}{third}"), "does not hold");
    ask(&asked, &format!("{owner}{holder}{}", third.replace(": W", "")), "unresolved");
    let subclass =
        "--- third.py\nfrom worker import W\nclass V(W):\n    def close(self):\n        self._t.join()\n";
    ask(&asked, &format!("{owner}{holder}{subclass}"), "does not hold");
    // What a test does is not what the program does.
    ask(&asked, &format!("{owner}{holder}{}", third.replace("third.py", "tests/test_worker.py")), "holds");
    let stranger = "--- third.py\nclass V:\n    def close(self):\n        self._t.join()\n";
    ask(&asked, &format!("{owner}{holder}{stranger}"), "holds");
}

#[test]
fn joins_of_tests_are_not_counted() {
    let owner = "--- worker.py\nimport threading\nclass W:\n    def __init__(self):\n        self._t = threading.Thread(target=print)\n        self._t.start()\n";
    let asked = "file = \"worker.py\"\nsymbol = \"W\"\nstatic = { thread = \"self._t\", joined = false }";
    let join = "from worker import W\ndef close(w: W):\n    w._t.join()\n";
    for test in ["tests/close.py", "pkg/tests/helpers.py", "test_worker.py", "worker_test.py", "conftest.py"]
    {
        ask(asked, &format!("{owner}--- {test}\n{join}"), "holds");
    }
    for other in ["close.py", "testing.py", "latest/close.py", "contest.py"] {
        ask(asked, &format!("{owner}--- {other}\n{join}"), "does not hold");
    }
    // In a test's own class it is the test's thread.
    let own = owner.replace("worker.py", "tests/w.py");
    let asked = asked.replace("worker.py", "tests/w.py");
    ask(&asked, &format!("{own}    def stop(self):\n        self._t.join()\n"), "does not hold");
}

#[test]
fn signals_are_what_the_loop_looks_at() {
    let asked = claim("W.stop", "self.t", "signalled = true");
    for stop in [
        "self.done.set()",
        "self.running = False",
        "self.halt()\n    def halt(self):\n        self.done.set()",
        "try:\n            self.done.set()\n        except Exception:\n            pass",
    ] {
        ask(&asked, &worker("", stop), "holds");
    }
    for stop in ["pass", "self.ready = False", "self.t.join()", "done.set()", "self.done.clear"] {
        ask(&asked, &worker("", stop), "does not hold");
    }
    // Set elsewhere, not in the symbol.
    ask(&asked, &worker("", "pass\n    def close(self):\n        self.done.set()"), "does not hold");
    // The class as symbol: anywhere in it.
    let whole = claim("W", "self.t", "signalled = true");
    ask(&whole, &worker("", "pass\n    def close(self):\n        self.done.set()"), "holds");
    // An event of another object with the same name.
    let stranger =
        worker("", "Other().done.set()").replace("class W:", "class Other:\n    done = 1\nclass W:");
    ask(&asked, &stranger, "does not hold");
}

#[test]
fn signal_across_objects_and_marked_places() {
    let text = "import threading
class Servicer:
    def __init__(self):
        self._stop = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, daemon=True)  # <-
        self._sweeper.start()
    def _sweep(self):
        while not self._stop.wait(1.0):
            step()
class Server:
    def start(self):
        self.servicer = Servicer()
    def stop(self):
        if self.servicer:
            try:
                self.servicer._stop.set()  # <-
            except Exception:
                pass
            self.servicer = None
";
    let asked = claim("Server.stop", "self.servicer._sweeper", "signalled = true, joined = false");
    ask(&asked, text, "holds");
    let plain = text.replace("  # <-", "");
    ask(&asked, &plain.replace("self.servicer = None", "self.servicer._sweeper.join(2)"), "does not hold");
    ask(&asked, &plain.replace("self.servicer._stop.set()", "pass"), "does not hold");
    let moved = plain.replace("self.servicer._stop.set()", "self.servicer.close()").replace(
        "    def _sweep(self)",
        "    def close(self):\n        self._stop.set()\n    def _sweep(self)",
    );
    ask(&asked, &moved, "holds");
    ask(
        &asked,
        &moved.replace("self._stop.set()", "self._stop.set(); self._sweeper.join()"),
        "does not hold",
    );
    let property = claim("Servicer", "self._sweeper", "started = true, daemon = true");
    ask(&property, &plain, "holds");
    ask(&property, &plain.replace(", daemon=True", ""), "does not hold");
    ask(&property, &plain.replace("        self._sweeper.start()\n", ""), "does not hold");
}

fn daemon(made: &str, expected: &str) {
    let text = format!(
        "import threading\nclass T(threading.Thread):\n    def __init__(self):\n        super().__init__(daemon=True)\n    def run(self): ...\nclass U(threading.Thread):\n    daemon = True\nclass W:\n    def f(self, flag, **options):\n        {made}\n"
    );
    ask(&claim("W.f", "self.t", "daemon = true"), &text, expected);
}

#[test]
fn daemons_are_told_in_several_ways() {
    daemon("self.t = threading.Thread(target=print, daemon=True)", "holds");
    daemon("self.t = threading.Thread(target=print); self.t.daemon = True", "holds");
    daemon("self.t = threading.Thread(target=print); self.t.setDaemon(True)", "holds");
    daemon("t = threading.Thread(target=print); t.daemon = True; self.t = t", "holds");
    daemon("self.t = T()", "holds");
    daemon("self.t = threading.Timer(1, print); self.t.daemon = True", "holds");
    daemon("self.t = threading.Thread(target=print)", "does not hold");
    daemon("self.t = threading.Thread(target=print, daemon=False)", "does not hold");
    daemon("self.t = threading.Thread(target=print); self.u.daemon = True", "does not hold");
    daemon("self.t = threading.Thread(target=print, daemon=flag)", "unresolved");
    daemon("self.t = threading.Thread(target=print, **options)", "unresolved");
    daemon("self.t = make()", "unresolved");
    // It hides the property of the base, from the interpreter as well.
    daemon("self.t = U()", "holds");
    daemon("self.u = None", "symbol missing");
}

#[test]
fn local_and_module_threads_are_seen() {
    let asked = |answer| claim("f", "t", answer);
    let text =
        "import threading\ndef f():\n    t = threading.Thread(target=print)\n    t.start()\n    t.join()\n";
    ask(&asked("started = true, joined = true"), text, "holds");
    ask(&asked("joined = false"), &text.replace("    t.join()\n", ""), "holds");
    ask(&asked("joined = false"), &text.replace("t.join()", "return t"), "unresolved");
    let module = "import threading\nT = threading.Thread(target=print)\ndef f():\n    T.join()\n";
    ask(&claim("f", "T", "joined = true"), module, "holds");
    let other =
        format!("--- example.py\n{module}--- other.py\nfrom example import T\n").replace("T.join()", "pass");
    ask(&claim("f", "T", "joined = false"), &other, "holds");
    ask(&claim("f", "T", "joined = true"), &format!("{other}def g():\n    T.join()\n"), "holds");
}

#[test]
fn timers_are_cancelled() {
    let text = "import threading\nclass W:\n    def start(self):\n        self.t = threading.Timer(5, self.tick)\n        self.t.start()\n    def tick(self): ...\n    def stop(self):\n        self.t.cancel()\n";
    ask(&claim("W.stop", "self.t", "signalled = true, started = true"), text, "holds");
    ask(
        &claim("W.stop", "self.t", "signalled = true"),
        &text.replace("self.t.cancel()", "pass"),
        "does not hold",
    );
}

#[test]
fn broken_files_prove_nothing() {
    let text = worker("", "pass");
    let asked = claim("W.stop", "self.t", "joined = true");
    ask(&asked, &format!("x = = 1\n{text}"), "does not compile");
    ask(&asked.replace("true", "false"), &format!("x = = 1\n{text}"), "holds");
    ask(&asked.replace("true", "false"), &text.replace("step()", "x = = 1"), "does not compile");
    // The class seems to end where it is broken, and may go on behind that.
    let behind = "import os\n";
    ask(
        &asked.replace("true", "false"),
        &format!("{text}    def close(self):\n        try:\n            x()\n{behind}"),
        "unresolved",
    );
    ask(&claim("W.stop", "self.nothing", "joined = true"), &text, "symbol missing");
    ask(&claim("W.stop", "self.nothing.t", "joined = true"), &text, "unresolved");
}

#[test]
fn what_ends_no_thread_is_no_signal() {
    let signalled = "symbol = \"W\"\nstatic = { thread = \"self.t\", signalled = true }";
    let text = |body: &str, other: &str| {
        format!(
            "import threading\n\nclass W:\n    def __init__(self):\n        self.on = True\n        \
             self.known = {{}}\n        self.config = {{}}\n        self.t = threading.Thread(target=self.run)\n\
             \n    def run(self):\n        while True:\n            {body}\n\n    def look(self, key):\n        \
             if key in self.known:\n            return self.known[key]\n        self.known[key] = 1\n\n    \
             def other(self):\n        {other}\n"
        )
    };
    for (body, other, expected) in [
        ("work(self.config.get('pause', 1))", "self.config = load()", "does not hold"),
        ("work(self.look(1))", "self.known = {}", "does not hold"),
        ("if not self.on: break", "pass", "does not hold"),
        ("if not self.on: break", "self.on = False", "holds"),
        ("if not self.on: return", "self.on = False", "holds"),
        ("work(self.queue.get())", "self.queue.put(None)", "holds"),
        ("work(self.queue.get(True, 1))", "self.queue.put(None)", "holds"),
    ] {
        let toml = format!("file = \"example.py\"\n{signalled}");
        crate::static_checks::testing::check(&toml, &text(body, other), expected);
    }
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
}

#[test]
fn thread_is_found_where_it_was_put() {
    crate::static_checks::testing::check_cases(include_str!("kept_elsewhere.txt"));
}

#[test]
fn what_the_thread_looks_at_is_found_behind_other_code() {
    crate::static_checks::testing::check_cases(include_str!("signals.txt"));
}

#[test]
fn ordinary_code_is_followed() {
    crate::static_checks::testing::check_cases(include_str!("ordinary.txt"));
}

#[test]
fn silence_is_not_told_where_somebody_else_may_speak() {
    crate::static_checks::testing::check_cases(include_str!("silence.txt"));
}

#[test]
fn silence_is_not_told_where_signals_go_by_other_ways() {
    crate::static_checks::testing::check_cases(include_str!("ways.txt"));
}

#[test]
fn code_is_seen_that_others_run_around_it() {
    crate::static_checks::testing::check_cases(include_str!("around.txt"));
}

#[test]
fn worker_classes_are_judged_as_they_run() {
    crate::static_checks::testing::check_cases(include_str!("workers.txt"));
}

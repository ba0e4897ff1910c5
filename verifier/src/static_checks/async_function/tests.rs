//! Functions that are coroutine functions and functions that only look like it.

use crate::static_checks::testing::check as ask;

/// Asks both ways about `f` or `A.f`.
fn check(symbol: &str, fixture: &str, coroutine: Option<bool>) {
    let claim = |expected: bool| {
        format!("file = \"example.py\"\nsymbol = \"{symbol}\"\nstatic = {{ async-function = {expected} }}")
    };
    let words = match coroutine {
        Some(true) => ["holds", "does not hold"],
        Some(false) => ["does not hold", "holds"],
        None => ["unresolved", "unresolved"],
    };
    ask(&claim(true), fixture, words[0]);
    ask(&claim(false), fixture, words[1]);
}

#[test]
fn definition_decides() {
    check("f", "async def f(): ...\n", Some(true));
    check("f", "def f(): ...\n", Some(false));
    check("f", "async def f():\n    yield 1\n", Some(false));
    check("f", "async def f():\n    def g():\n        yield 1\n", Some(true));
    check("f", "def f():\n    async def g(): ...\n    return g()\n", Some(false));
    check("A.f", "class A:\n    async def f(self): ...\n", Some(true));
    check("f", "def f(): ...\nasync def f(): ...  # <-\n", Some(true));
    check("f", "if x:\n    def f(): ...\nelse:\n    async def f(): ...\n", None);
    check("f", "if x:\n    def f(): ...\nelse:\n    def f(): ...\n", Some(false));
    check("A", "class A: ...\n", None);
}

#[test]
fn name_that_stands_for_a_function_is_followed() {
    check("f", "async def g(): ...\nf = g\n", Some(true));
    check("A.f", "class A:\n    def g(self): ...\n    f = g\n", Some(false));
    check("f", "f = make()\n", None);
}

#[test]
fn decorators_are_known_or_leave_it_open() {
    for decorator in
        ["staticmethod", "classmethod", "abc.abstractmethod", "functools.wraps(g)", "typing.override"]
    {
        check(
            "A.f",
            &format!(
                "import abc, functools, typing\nclass A:\n    @{decorator}\n    async def f(self): ...\n"
            ),
            Some(true),
        );
    }
    check(
        "f",
        "from contextlib import asynccontextmanager\n@asynccontextmanager\nasync def f():\n    yield\n",
        Some(false),
    );
    check("f", "@retry\nasync def f(): ...\n", None);
    check("f", "import functools\n@functools.lru_cache\ndef f(): ...\n", Some(false));
    check("f", "import functools\n@functools.lru_cache(maxsize=1)\nasync def f(): ...\n", None);
    check("f", "@retry\ndef f(): ...\n", None);
    check("f", "import asyncio\n@asyncio.coroutine\ndef f(): ...\n", None);
    // A function of the target that happens to have a harmless name is not harmless.
    check("f", "def staticmethod(f): ...\n@staticmethod\ndef f(): ...\n", None);
}

fn call(fixture: &str, expected: &str) {
    ask(
        "file = \"example.py\"\nsymbol = \"App.go\"\nstatic = { async-function = false, call = \"self.server.start()\" }",
        fixture,
        expected,
    );
}

const SERVER: &str = "--- transport/server.py\nclass Base:\n    def start(self): ...  # <-\nclass Server(Base): ...\nclass Later:\n    async def start(self): ...\n";

#[test]
fn call_is_followed_through_constructor_and_import() {
    let app = |body: &str| {
        format!(
            "{SERVER}--- example.py\nfrom typing import Optional\nfrom transport.server import Server, Later\n{body}"
        )
    };
    call(
        &app(
            "class App:\n    def __init__(self):\n        self.server: Optional[Server] = None\n    def open(self):\n        self.server = Server(1)\n    def go(self):\n        run(self.server.start())  # <-\n",
        ),
        "holds",
    );
    call(
        &app(
            "class App:\n    def __init__(self, server: 'Server'):\n        self.server = server\n    def go(self):\n        run(self.server.start())  # <-\n",
        ),
        "holds",
    );
    call(
        &app(
            "def make() -> Server: return build()\nclass Root:\n    def __init__(self):\n        self.server = make()\nclass App(Root):\n    def go(self):\n        run(self.server.start())  # <-\n",
        ),
        "holds",
    );
    let plain = app("class App:\n    def __init__(self, given):\n        self.server = Later()\n    def go(self):\n        run(self.server.start())\n").replace("  # <-", "");
    call(&plain, "does not hold");
    call(&plain.replace("Later()", "given"), "unresolved");
    call(&plain.replace("Later()", "Server() if given else Later()"), "unresolved");
    call(&plain.replace("Later()", "imported.Server()"), "unresolved");
    call(&plain.replace("self.server.start()", "self.other.start()"), "does not hold");
}

#[test]
fn guarded_call_is_mended() {
    let claim = "file = \"example.py\"\nsymbol = \"go\"\nstatic = { async-function = false, call = \"s.start()\", inside = \"asyncio.create_task(...)\", not-inside = \"if asyncio.iscoroutinefunction(...): ...\" }";
    let text = "import asyncio\nclass S:\n    def start(self): ...\ndef go():\n    s = S()\n    asyncio.create_task(s.start(), name='x')\n";
    ask(claim, text, "holds");
    ask(
        claim,
        &text.replace("    asyncio.create_task(s.start(), name='x')", "    s.start()"),
        "does not hold",
    );
    ask(
        claim,
        &text.replace(
            "    asyncio.create_task(s.start(), name='x')",
            "    if asyncio.iscoroutinefunction(s.start):\n        asyncio.create_task(s.start())\n    else:\n        s.start()",
        ),
        "does not hold",
    );
}

#[test]
fn broken_file_is_not_mended() {
    let claim = "file = \"example.py\"\nsymbol = \"f\"\nstatic = { async-function = false }";
    ask(claim, "x = = 1\ndef f(): ...\n", "holds");
    ask(claim, "x = = 1\nasync def f(): ...\n", "does not compile");
    ask(claim, "def f():\n    x = = 1\n", "does not compile");
    ask(claim, "def g(): ...\n", "symbol missing");
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
}

//! Calls that fit and calls that do not; marked lines are the sites.

use crate::static_checks::testing::check as ask;

#[track_caller]
fn check(table: &str, fixture: &str, expected: &str) {
    ask(&format!("file = \"example.py\"\nstatic = {{ {table} }}"), fixture, expected);
}

/// Whether the call of a fixture fits: both ways of claiming must agree.
#[track_caller]
fn fits(call: &str, fixture: &str, expected: Option<bool>) {
    let words = match expected {
        Some(true) => ["holds", "does not hold"],
        Some(false) => ["does not hold", "holds"],
        None => ["unresolved", "unresolved"],
    };
    check(&format!("call = '{call}', fits = true"), fixture, words[0]);
    check(&format!("call = '{call}', fits = false"), fixture, words[1]);
}

#[test]
fn functions_are_resolved() {
    fits("f(...)", "def f(a): pass\nf(1)\n", Some(true));
    fits("f(...)", "def f(a): pass\nf(1, b=2)\n", Some(false));
    fits("f(...)", "f(1)\ndef f(a): pass\ndef f(a, b): pass\nf(1)\n", Some(false));
    fits("f(...)", "if x:\n    def f(a): pass\nelse:\n    def f(a, b): pass\nf(1)\n", None);
    fits("f(...)", "if x:\n    def f(a): pass\nelse:\n    def f(a, b): pass\nf(1, 2, 3)\n", Some(false));
    fits("f(...)", "from lib import f\nf(1)\n", None);
    fits("f(...)", "from lib import wrap\n@wrap\ndef f(a): pass\nf()\n", None);
    fits("f(...)", "def f(a): pass\nf(*x)\n", None);
    fits("f(...)", "import functools\ndef g(a): pass\nf = functools.partial(g, 1)\nf()\n", Some(true));
    fits("f(...)", "async def f(a): pass\nasync def g():\n    await f()\n", Some(false));
    let files = "--- lib/__init__.py\nfrom .m import f as g\n--- lib/m.py\ndef f(a, *, b=1): pass\n--- example.py\nfrom lib import g\ng(1, 2)\n";
    fits("g(...)", files, Some(false));
}

#[test]
fn methods_that_are_replaced_from_outside_are_not_known() {
    let class = "class A:\n    def m(self, a): pass\nclass B(A): pass\nclass C:\n    def m(self, a): pass\n";
    let fits = |code: &str, expected| fits("$X.m(...)", &format!("{class}{code}\n"), expected);
    fits("A.m = lambda self, a, b: 1\nA().m(1, 2)", None);
    fits("A.m = lambda self, a, b: 1\nB().m(1, 2)", None);
    fits("def f(self, a, b): pass\nsetattr(A, 'm', f)\nA().m(1, 2)", None);
    fits("C.m = lambda self, a, b: 1\nA().m(1, 2)", Some(false));
    fits("A.other = lambda self, a, b: 1\nA().m(1, 2)", Some(false));
}

#[test]
fn methods_have_their_first_argument() {
    let class = "class A:\n    def m(self, a): pass\n    @classmethod\n    def c(cls, a): pass\n    @staticmethod\n    def s(a): pass\n    @property\n    def p(self): return f\n    def __call__(self, a): pass\n    def n(): pass\n";
    for (call, expected) in [
        ("A().m|(1)", Some(true)),
        ("A().m|()", Some(false)),
        ("A().m|(1, 2)", Some(false)),
        ("A.m|(A(), 1)", Some(true)),
        ("A.m|(1)", Some(false)),
        ("A.c|(1)", Some(true)),
        ("A.c|(1, 2)", Some(false)),
        ("A().c|(1)", Some(true)),
        ("A.s|(1)", Some(true)),
        ("A().s|(1)", Some(true)),
        ("A().s|(1, 2)", Some(false)),
        ("A()|(1)", Some(true)),
        ("A()|()", Some(false)),
        ("A().n|()", None),
        ("A().unknown|(1)", None),
    ] {
        let (function, arguments) = call.split_once('|').unwrap();
        fits(&format!("{function}(...)"), &format!("{class}{function}{arguments}\n"), expected);
    }
    fits("self.m(...)", &format!("{class}    def x(self): self.m()\n"), Some(false));
    fits("b.m(...)", &format!("{class}class B(A): pass\nb = B()\nb.m(1)\n"), Some(true));
    fits("a.m(...)", &format!("{class}def f(a: A): a.m()\n"), Some(false));
    fits("cls.c(...)", &format!("{class}    @classmethod\n    def d(cls): cls.c()\n"), Some(false));
}

#[test]
fn a_module_of_a_package_does_not_hide_one_of_the_library() {
    let files = "--- pkg/__init__.py\n--- pkg/queue.py\ndef put(a): pass\n--- pkg/example.py\nimport queue\nqueue.put()\n";
    let ask = |files: &str, expected| {
        ask("file = 'pkg/example.py'\nstatic = { call = 'queue.put(...)', fits = false }", files, expected)
    };
    ask(files, "unresolved");
    // A file that imports from its package is no script.
    let inside = files.replace("import queue\n", "from . import other\nimport queue\n");
    ask(&inside.replace("queue.put()", "queue.Queue()\nqueue.put()"), "unresolved");
    let class = "--- pkg/__init__.py\n--- pkg/abc.py\n--- pkg/example.py\nfrom . import other\nimport abc\nclass A(abc.ABC): pass\nA(1)\n";
    let claim = "file = 'pkg/example.py'\nstatic = { call = 'A(...)', fits = false }";
    crate::static_checks::testing::check(claim, class, "holds");
    crate::static_checks::testing::check(claim, &class.replace("from . import other\n", ""), "unresolved");
    // Where no package is, the file is run as a script, and its directory is asked first.
    ask(&files.replace("--- pkg/__init__.py\n", ""), "holds");
    let own = files.replace("queue", "puts").replace("'queue", "'puts");
    crate::static_checks::testing::check(
        "file = 'pkg/example.py'\nstatic = { call = 'puts.put(...)', fits = false }",
        &own,
        "holds",
    );
}

#[test]
fn any_class_can_stand_for_a_protocol() {
    let classes = "from typing import Protocol\nclass P(Protocol):\n    def m(self): ...\nclass A(P):\n    def m(self, a): pass\n";
    for code in [
        "def f(p: P): p.m(1)",
        "def f(p: 'P'): p.m()",
        "def make() -> P: return unknown()\nmake().m(1)",
        "class B:\n    p: P\n    def f(self): self.p.m(1)",
        "def f(k: type[P]): k().m(1)",
    ] {
        fits("$X.m(...)", &format!("{classes}{code}\n"), None);
    }
    fits("$X.m(...)", &format!("{classes}def f(a: A): a.m(1)\n"), Some(true));
    let other = classes.replace("from typing import Protocol\n", "class Protocol: pass\n");
    let other = other.replace("    def m(self, a): pass\n", "    pass\n");
    fits("$X.m(...)", &format!("{other}def f(p: P): p.m(1)\n"), Some(false));
}

#[test]
fn python_makes_class_methods_of_some_names() {
    let class = "class A:\n    def __init_subclass__(cls): pass\n    def __class_getitem__(cls, key): pass\n    def __new__(cls, a): return object.__new__(cls)\nclass B(A):\n    def __init_subclass__(cls, **more):\n        super().__init_subclass__(**{})\n";
    for (call, expected) in [
        ("A.__init_subclass__|()", Some(true)),
        ("A.__init_subclass__|(A)", Some(false)),
        ("A.__class_getitem__|(1)", Some(true)),
        ("A.__new__|(A, 1)", Some(true)),
        ("A.__new__|(1)", Some(false)),
    ] {
        let (function, arguments) = call.split_once('|').unwrap();
        fits(&format!("{function}(...)"), &format!("{class}{function}{arguments}\n"), expected);
    }
    fits("super().__init_subclass__(...)", class, Some(true));
}

#[test]
fn a_cache_takes_what_its_function_takes() {
    fits(
        "f(...)",
        "import functools\n@functools.lru_cache(maxsize=None)\ndef f(a): pass\nf()\n",
        Some(false),
    );
    fits("f(...)", "from functools import cache\n@cache\ndef f(a): pass\nf(1)\n", Some(true));
    fits("f(...)", "from lib import cache\n@cache\ndef f(a): pass\nf(1)\n", None);
}

#[test]
fn methods_can_have_other_names_in_the_body_of_a_class() {
    let class = "--- lib.py\ndef of_module(self, a): pass\nclass Other:\n    def o(self): pass\n    @staticmethod\n    def s(a): pass\n--- example.py\nfrom dataclasses import dataclass\nfrom typing import Callable\nimport lib\nclass A:\n    def f(self): pass\n    @staticmethod\n    def s(a): pass\n    @classmethod\n    def c(cls, a): pass\n    f2 = f\n    f3 = f2\n    s2 = s\n    c2 = c\n    m2 = lib.of_module\n    o2 = lib.Other.o\n    u2 = lib.Other.s\n";
    for (call, expected) in [
        ("A().f2|()", Some(true)),
        ("A().f2|(1)", Some(false)),
        ("A().f3|()", Some(true)),
        ("A.f2|()", Some(false)),
        ("A().s2|(1)", Some(true)),
        ("A().s2|()", Some(false)),
        ("A().c2|(1)", Some(true)),
        ("A().m2|(1)", Some(true)),
        ("A().m2|()", Some(false)),
        ("A().o2|()", Some(true)),
        ("A().u2|()", None),
        ("A.c2|(1)", Some(true)),
        ("A.c2|()", Some(false)),
        ("A.s2|(1)", Some(true)),
        ("A.m2|(1, 2)", Some(true)),
    ] {
        let (function, arguments) = call.split_once('|').unwrap();
        fits(&format!("{function}(...)"), &format!("{class}{function}{arguments}\n"), expected);
    }
    let inherited = format!("{class}class B(A):\n    def go(self): self.f2()\n");
    fits("self.f2(...)", &inherited, Some(true));
    // What overrides it has its other name, and not that of the definition.
    fits("self.f2(...)", &format!("{inherited}class C(B):\n    def f(self, a): pass\n"), Some(true));
    fits("self.f2(...)", &format!("{inherited}class C(B):\n    def f2(self, a): pass\n"), None);
    fits("self.f2(...)", &format!("{inherited}class C(B):\n    f2 = lib.of_module\n"), None);
    fits("self.f2(...)", &format!("{inherited}class C(B):\n    f2 = lib.make()\n"), None);
    // What is stored on the object itself is no method.
    let field = "from dataclasses import dataclass\nfrom typing import Callable\ndef g(a): pass\n@dataclass\nclass A:\n    f: Callable = g\n    def go(self): self.f(1)\n";
    fits("self.f(...)", field, Some(true));
    fits("self.f(...)", &field.replace("@dataclass\n", ""), Some(false));
}

#[test]
fn the_class_of_an_object_may_be_a_subclass() {
    let class = "class A:\n    def __init__(self, a, b): pass\n    @classmethod\n    def make(cls): return cls(1)\n    def again(self): return self.__class__(1)\n    def more(self):\n        kind = type(self)\n        return kind(1)\n";
    for call in ["cls(...)", "self.__class__(...)", "kind(...)"] {
        fits(call, class, Some(false));
        fits(call, &format!("{class}class B(A): pass\n"), Some(false));
        fits(call, &format!("{class}class B(A):\n    def __init__(self, a): pass\n"), None);
    }
    fits("A(...)", &format!("{class}class B(A):\n    def __init__(self, a): pass\nA(1)\n"), Some(false));
}

#[test]
fn overrides_in_subclasses_count_where_the_object_may_be_of_one() {
    let classes = "--- a.py\nclass A:\n    def m(self, a): pass\n    def go(self):\n        self.m(1, b=2)\n--- b.py\nfrom a import A\nclass B(A):\n    def m(self, a, b=1): pass\n--- example.py\nfrom a import A\n";
    ask("file = 'a.py'\nstatic = { call = 'self.m(...)', fits = false }", classes, "unresolved");
    fits("a.m(...)", &format!("{classes}a = A()\na.m(1, b=2)\n"), Some(false));
    fits("a.m(...)", &format!("{classes}def f(a: A): a.m(1, b=2)\n"), None);
    fits("a.m(...)", &format!("{classes}def f(a: A): a.m(1, c=2)\n"), Some(false));
    let far = format!(
        "{classes}--- c.py\nfrom b import B\nclass C(B):\n    def m(self): pass\n--- d.py\nfrom a import A\ndef f(a: A): a.m(1)\n"
    );
    ask("file = 'd.py'\nstatic = { call = 'a.m(...)', fits = true }", &far, "unresolved");
    for renamed in ["from a import A as R", "import a\nR = a.A", "from a import A\nclass X: pass\nR = A"] {
        let mid = format!(
            "--- a.py\nclass A:\n    def m(self): pass\n    def go(self):\n        self.m(1)\n--- mid.py\n{renamed}\n"
        );
        let ask_about = |bases: &str| {
            let fixture =
                format!("{mid}--- c.py\nfrom mid import R\nclass C({bases}):\n    def m(self, a): pass\n");
            let claim = "file = 'a.py'\nstatic = { call = 'self.m(...)', fits = false }";
            ask(claim, &fixture, if bases == "R" { "unresolved" } else { "holds" });
        };
        ask_about("R");
        ask_about("");
    }
    let abstract_class = "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def m(self): ...\n    def go(self): self.m(1)\n";
    fits("self.m(...)", abstract_class, None);
    fits("self.m(...)", &format!("{abstract_class}class B(A):\n    def m(self, a): pass\n"), Some(true));
    let unfinished = "class A:\n    def m(self): raise NotImplementedError\n    def go(self): self.m(1)\nclass B(A):\n    def m(self, a): pass\n";
    fits("self.m(...)", unfinished, Some(true));
}

#[test]
fn super_is_the_next_base() {
    let classes = "class A:\n    def __init__(self, a): pass\nclass B(A):\n    def __init__(self):\n        super().__init__()\n";
    fits("super().__init__(...)", classes, Some(false));
    fits("super().__init__(...)", &classes.replace("super().__init__()", "super().__init__(1)"), Some(true));
    fits("super(B, self).__init__(...)", &classes.replace("super()", "super(B, self)"), Some(false));
    let behind = "class C(B):\n    def __init__(self):\n        super(B, self).__init__(1)\n";
    fits("super(B, self).__init__(...)", &format!("{classes}{behind}"), Some(true));
    let other = format!("{classes}class M:\n    def __init__(self): pass\nclass C(B, M): pass\n");
    fits("super().__init__(...)", &other, Some(false));
    let diamond = format!("{classes}class M(A):\n    def __init__(self): pass\nclass C(B, M): pass\n");
    fits("super().__init__(...)", &diamond, None);
    fits(
        "super().__init__(...)",
        "from lib import A\nclass B(A):\n    def __init__(self):\n        super().__init__(1)\n",
        None,
    );
}

#[test]
fn constructors_are_found_through_the_hierarchy() {
    for (class, call, expected) in [
        ("class A:\n    def __init__(self, a): pass", "A(1)", Some(true)),
        ("class A:\n    def __init__(self, a): pass", "A()", Some(false)),
        ("class A: pass", "A()", Some(true)),
        ("class A: pass", "A(1)", Some(false)),
        ("class B:\n    def __init__(self, a): pass\nclass A(B): pass", "A(b=1)", Some(false)),
        ("class A:\n    def __new__(cls, a): return object.__new__(cls)", "A(1)", Some(true)),
        ("class A:\n    def __new__(cls, a): return object.__new__(cls)", "A()", Some(false)),
        (
            "class A:\n    def __new__(cls): return object.__new__(cls)\n    def __init__(self, a): pass",
            "A(1)",
            Some(false),
        ),
        (
            "class A:\n    def __new__(cls, *a): return object.__new__(cls)\n    def __init__(self, a): pass",
            "A()",
            Some(false),
        ),
        (
            "class A:\n    _one = None\n    def __new__(cls, *a, **k):\n        if cls._one is None:\n            cls._one = super().__new__(cls)\n        return cls._one\n    def __init__(self, a): pass",
            "A(b=1)",
            Some(false),
        ),
        // What it gives need not be an `A`, and then nothing else runs.
        ("class A:\n    def __new__(cls, *a): return make(a)\n    def __init__(self, a): pass", "A()", None),
        (
            "class B: pass\nclass A:\n    def __new__(cls, *a): return B()\n    def __init__(self, a): pass",
            "A()",
            None,
        ),
        (
            "class A:\n    def __new__(cls, *a): return object.__new__(cls)\n    def __init__(self, a): pass",
            "A(1)",
            Some(true),
        ),
        ("import abc\nclass A(abc.ABC):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("import threading\nclass A(threading.Thread):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("import threading\nclass A(threading.Thread): pass", "A(1, 2, 3, 4, 5, 6, 7)", None),
        ("class A(Exception): pass", "A('x', 1)", Some(true)),
        ("class A(Exception): pass", "A(code=1)", Some(false)),
        ("class B(ValueError): pass\nclass A(B): pass", "A()", Some(true)),
        ("class A(UnicodeDecodeError): pass", "A('x')", None),
        ("class A(ImportError): pass", "A(name='x')", None),
        (
            "from typing import NamedTuple\nclass A(NamedTuple):\n    a: int\n    b: int = 1",
            "A(1)",
            Some(true),
        ),
        (
            "from typing import NamedTuple\nclass A(NamedTuple):\n    a: int\n    b: int = 1",
            "A(b=1)",
            Some(false),
        ),
        ("import typing\nclass B(typing.NamedTuple):\n    a: int\nclass A(B): pass", "A(1, 2)", Some(false)),
        ("class A(Exception):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("from lib import B\nclass A(B): pass", "A()", None),
        ("from lib import B\nclass A(B):\n    def __init__(self, a): pass", "A()", None),
        (
            "class M(type):\n    def __call__(cls, *a): pass\nclass A(metaclass=M):\n    def __init__(self, a): pass",
            "A()",
            None,
        ),
        ("import abc\nclass A(metaclass=abc.ABCMeta):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("from lib import define\n@define\nclass A:\n    a: int", "A()", None),
        ("class A:\n    __init__ = make()", "A()", None),
        (
            "class A:\n    if x:\n        def __init__(self): pass\n    else:\n        def __init__(self, a): pass",
            "A()",
            None,
        ),
        ("class A:\n    def __init__(self, __a): pass", "A(1)", None),
    ] {
        fits("A(...)", &format!("{class}\n{call}\n"), expected);
    }
}

#[test]
fn dataclasses_have_the_constructor_that_their_fields_give() {
    let check = |body: &str, call: &str, expected| {
        let text = format!(
            "from dataclasses import dataclass, field, KW_ONLY\nfrom typing import ClassVar\n{body}\n{call}\n"
        );
        fits("A(...)", &text, expected);
    };
    let plain = "@dataclass\nclass A:\n    a: int\n    b: int = 0\n    c: ClassVar[int] = 1\n    d = 5";
    check(plain, "A(1)", Some(true));
    check(plain, "A(1, b=2)", Some(true));
    check(plain, "A()", Some(false));
    check(plain, "A(1, c=2)", Some(false));
    check(plain, "A(1, d=2)", Some(false));
    check(plain, "A(1, 2, 3)", Some(false));
    let fields = "@dataclass\nclass A:\n    a: int = field(init=False)\n    b: list = field(default_factory=list)\n    _: KW_ONLY\n    c: int";
    check(fields, "A(c=1)", Some(true));
    check(fields, "A([], c=1)", Some(true));
    check(fields, "A([], 1)", Some(false));
    check(fields, "A(a=1, c=1)", Some(false));
    check("@dataclass(kw_only=True)\nclass A:\n    a: int", "A(1)", Some(false));
    check("@dataclass(init=False)\nclass A:\n    a: int", "A(1)", Some(false));
    check("@dataclass(init=x)\nclass A:\n    a: int", "A(1)", None);
    check("@dataclass\nclass A:\n    a: int\n    def __init__(self): pass", "A(1)", Some(false));
    let inherited = "@dataclass\nclass B:\n    a: int\n    b: int = 0\n@dataclass\nclass A(B):\n    c: int = 0\n    b: int = 1";
    check(inherited, "A(1, 2, 3)", Some(true));
    check(inherited, "A(1, 2, 3, 4)", Some(false));
    check(inherited, "A(c=1)", Some(false));
    check("@dataclass\nclass B:\n    a: int\nclass A(B):\n    x: int", "A(1)", Some(true));
    check("@dataclass\nclass B:\n    a: int\nclass A(B):\n    x: int", "A(1, 2)", Some(false));
    check("@dataclass\nclass A:\n    if x:\n        a: int", "A(1)", None);
}

#[test]
fn what_is_wrong_can_be_named() {
    let fixture = |call: &str| format!("def f(a, b=1, /, c=2, *, d): pass\n{call}\n");
    for (table, call, expected) in [
        ("unexpected = true", "f(1, e=1, d=1)", "holds"),
        ("unexpected = 'e'", "f(1, e=1, d=1)", "holds"),
        ("unexpected = 'x'", "f(1, e=1, d=1)", "does not hold"),
        ("unexpected = 'a'", "f(1, a=1, d=1)", "holds"),
        ("unexpected = 'd'", "f(1, **x)", "does not hold"),
        ("unexpected = 'e'", "f(1, **x)", "unresolved"),
        ("unexpected = true", "f(1, d=1, *x)", "does not hold"),
        ("missing = true", "f(1)", "holds"),
        ("missing = 'd'", "f(1)", "holds"),
        ("missing = 'a'", "f(1)", "does not hold"),
        ("missing = 'd'", "f(1, **x)", "unresolved"),
        ("missing = 'd'", "f(1, *x)", "holds"),
        ("too-many = true", "f(1, 2, 3, 4, d=1)", "holds"),
        ("too-many = true", "f(1, 2, 3, d=1)", "does not hold"),
        ("too-many = true", "f(1, *x, d=1)", "unresolved"),
        ("repeated = 'c'", "f(1, 2, 3, c=3, d=1)", "holds"),
        ("repeated = true", "f(1, 2, c=3, d=1)", "does not hold"),
        ("missing = 'd', too-many = true", "f(1, 2, 3, 4)", "holds"),
        ("missing = 'd', too-many = true", "f(1, 2, 3)", "does not hold"),
    ] {
        check(&format!("call = 'f(...)', {table}"), &fixture(call), expected);
    }
}

#[test]
fn one_call_is_enough_and_no_call_is_none() {
    let two = "def f(a): pass\nf(1)\nf(1, 2)\n";
    check("call = 'f(...)', too-many = true", two, "holds");
    check("call = 'f(...)', fits = true", two, "does not hold");
    check("call = 'f(...)', fits = false", "def f(a): pass\n", "does not hold");
    check("call = 'f(...)', fits = true", "def f(a): pass\n", "does not hold");
    check(
        "call = 'f(..., timeout=$T, ...)', unexpected = 'timeout'",
        "def f(a): pass\nf(1)\nf(2, timeout=3)\n",
        "holds",
    );
    ask(
        "file = 'example.py'\nsymbol = 'g'\nstatic = { call = 'f(...)', fits = false }",
        "def f(a): pass\ndef g(): f(1)\ndef h(): f()\n",
        "does not hold",
    );
    ask(
        "files = '*.py'\nstatic = { call = 'f(...)', fits = false }",
        "--- a.py\ndef f(a): pass  # <-\n--- b.py\nfrom a import f\nf()  # <-\n--- c.py\nx = 1\n",
        "holds",
    );
}

#[test]
fn a_file_that_does_not_compile_never_refutes() {
    let broken = "def f(a): pass\nf(1)\ndef g(:\n    pass\n";
    check("call = 'f(...)', fits = false", broken, "does not compile");
    check("call = 'f(...)', fits = true", broken, "does not compile");
    check("call = 'f(...)', fits = false", &broken.replace("f(1)", "f()"), "holds");
}

#[test]
fn named_tuples_take_their_fields() {
    let imports = "import collections, typing\nfrom collections import namedtuple\n";
    for (maker, call, expected) in [
        ("namedtuple('P', 'x y')", "P(1, 2)", Some(true)),
        ("namedtuple('P', 'x, y')", "P(1)", Some(false)),
        ("namedtuple('P', ['x', 'y'])", "P(1, y=2)", Some(true)),
        ("namedtuple('P', ('x', 'y'))", "P(1, z=2)", Some(false)),
        ("collections.namedtuple('P', 'x y', defaults=(1,))", "P(1)", Some(true)),
        ("collections.namedtuple('P', 'x y', defaults=[1])", "P()", Some(false)),
        ("collections.namedtuple(typename='P', field_names='x')", "P(1)", None),
        ("namedtuple('P', 'x y', defaults=several)", "P(1)", None),
        ("namedtuple('P', 'x class', rename=True)", "P(1)", None),
        ("namedtuple('P', fields)", "P(1)", None),
        ("namedtuple('P', 'x _y')", "P(1)", None),
        ("namedtuple('P', 'x x')", "P(1)", None),
        ("typing.NamedTuple('P', [('x', int), ('y', int)])", "P(1)", Some(false)),
        ("typing.NamedTuple('P', [('x', int), ('y', int)])", "P(1, 2)", Some(true)),
        ("typing.NamedTuple('P', fields=[('x', int)])", "P(1)", None),
    ] {
        fits("P(...)", &format!("{imports}P = {maker}\n{call}\n"), expected);
        let base =
            format!("{imports}class B({maker}): pass\nclass P(B):\n    def area(self): pass\n{call}\n");
        fits("P(...)", &base, expected.filter(|_| !maker.contains("typename")));
    }
    let other = format!("--- lib.py\n{imports}P = namedtuple('P', 'x y')\n--- example.py\n");
    fits("P(...)", &format!("{other}from lib import P\nP(1)\n"), Some(false));
    fits("lib.P(...)", &format!("{other}import lib\nlib.P(1)\n"), Some(false));
    fits(
        "P(...)",
        &format!("{imports}if x:\n    P = namedtuple('P', 'x')\nelse:\n    P = make()\nP(1)\n"),
        None,
    );
    let own = format!(
        "{imports}class P(namedtuple('P', 'x y')):\n    def __new__(cls, x):\n        return super().__new__(cls, x, 1)\nP(1)\n"
    );
    fits("P(...)", &own, Some(true));
}

#[test]
fn an_enumeration_gives_the_member_of_a_value() {
    let class = "import enum\nclass A(enum.Enum):\n    X = (1, 2)\n    def __init__(self, a, b): pass\n";
    fits("A(...)", &format!("{class}A((1, 2))\n"), Some(true));
    // How much else is taken differs between the versions of Python.
    for call in ["A(1, 2)", "A('B', names='x y')", "A(*x)"] {
        fits("A(...)", &format!("{class}{call}\n"), None);
    }
    fits("A(...)", &format!("{class}A()\n"), Some(false));
    fits("A(...)", "import enum\nclass A(enum.Enum): pass\nA(1)\n", None);
    fits("A(...)", "import enum\nclass A(enum.Enum):\n    _ignore_ = 'X'\n    X = 1\nA(1)\n", None);
    fits("A(...)", "import enum\nclass A(str, enum.Enum):\n    X = 'x'\nA('x')\n", Some(true));
    fits("A(...)", "import enum, lib\nclass A(enum.Enum, metaclass=lib.Meta):\n    X = 'x'\nA('x')\n", None);
}

#[test]
fn builtin_bases_leave_it_to_the_constructor_of_the_class() {
    for (class, call, expected) in [
        ("class A(dict):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("class A(list):\n    def __init__(self, a, b): pass", "A(1, 2)", Some(true)),
        ("class A(dict): pass", "A(1, 2)", None),
        ("class A(str):\n    def __new__(cls, a, b): return str.__new__(cls, a)", "A(1, 2)", Some(true)),
        ("class A(str):\n    def __new__(cls, a, b): return str.__new__(cls, a)", "A(1)", Some(false)),
        ("import json\nclass A(json.JSONEncoder):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("import json\nclass A(json.JSONEncoder): pass", "A(1)", None),
        ("import decimal\nclass A(decimal.Decimal):\n    def __init__(self, a): pass", "A()", None),
        (
            "import typing\nclass A(typing.MutableMapping[str, int]):\n    def __init__(self, a): pass",
            "A(1)",
            Some(true),
        ),
        ("import typing\nclass P(typing.Protocol): pass\nclass A(P): pass", "A(1)", Some(false)),
        ("import typing\nclass A(typing.Protocol): pass", "A()", None),
        ("class A(UnicodeError): pass", "A('x')", Some(true)),
        ("import socket\nclass A(socket.timeout):\n    def __init__(self, a): pass", "A()", Some(false)),
        ("import socket\nclass A(socket.timeout): pass", "A('x')", Some(true)),
        // `str` takes its arguments before `__init__` has a look at them.
        ("class A(str):\n    def __init__(self, a, b, c, d): pass", "A(1, 2, 3, 4)", None),
    ] {
        fits("A(...)", &format!("{class}\n{call}\n"), expected);
    }
}

#[test]
fn lambdas_take_their_parameters() {
    fits("f(...)", "f = lambda a: a\nf()\n", Some(false));
    fits("f(...)", "f = lambda a, b=1: a\nf(1)\n", Some(true));
    fits("f(...)", "f = lambda: 1\nf(1)\n", Some(false));
    fits("f(...)", "f = lambda a: a\nif x:\n    f = lambda: 1\nf()\n", None);
    fits("f(...)", "def g():\n    global f\n    f = print\nf = lambda a: a\ndef h(): f()\n", None);
}

#[test]
fn functions_can_get_other_defaults() {
    let tuple = "from collections import namedtuple\nA = namedtuple('A', 'x y')\n";
    for (code, call, expected) in [
        (format!("{tuple}A.__new__.__defaults__ = (None,) * 2"), "A(1)", None),
        (format!("{tuple}class B(A): pass\nA.__new__.__defaults__ = (None,) * 2"), "B(1)", None),
        (format!("{tuple}class B(A): pass\nB.__new__.__defaults__ = (None,) * 2"), "A(1)", None),
        ("def g(a, b): pass\ng.__defaults__ = (1,)".to_owned(), "g(1)", None),
        ("def g(*, b): pass\ng.__kwdefaults__ = {'b': 1}".to_owned(), "g()", None),
        ("def g(a, b): pass\nsetattr(g, '__defaults__', (1,))".to_owned(), "g(1)", None),
        ("g = lambda a, b: 1\ng.__defaults__ = (1,)".to_owned(), "g(1)", None),
        ("class A:\n    def __init__(self, a): pass\nA.__init__.__defaults__ = (1,)".to_owned(), "A()", None),
        ("def g(a, b): pass\ndef h(a): pass\nh.__defaults__ = (1,)".to_owned(), "g(1)", Some(false)),
        (format!("{tuple}def h(a): pass\nh.__defaults__ = (1,)"), "A(1)", Some(false)),
        ("def g(a, b): pass\nprint(g.__defaults__)".to_owned(), "g(1)", Some(false)),
    ] {
        let function = call.split('(').next().unwrap();
        fits(&format!("{function}(...)"), &format!("{code}\n{call}\n"), expected);
    }
}

#[test]
fn the_order_of_the_bases_says_which_new_runs() {
    let new = "from collections import namedtuple\nimport cmd\nclass M:\n    def __new__(cls, a): return super().__new__(cls)\n";
    let init = "    def __init__(self, a, b): pass";
    for (class, call, expected) in [
        ("class A(M, namedtuple('B', 'x y')): pass".to_owned(), "A(1)", Some(true)),
        ("class A(M, namedtuple('B', 'x y')): pass".to_owned(), "A(1, 2)", Some(false)),
        ("B = namedtuple('B', 'x y')\nclass A(M, B): pass".to_owned(), "A(1)", Some(true)),
        ("class A(namedtuple('B', 'x y'), M): pass".to_owned(), "A(1, 2)", Some(true)),
        ("class A(namedtuple('B', 'x y'), M): pass".to_owned(), "A(1)", Some(false)),
        (format!("class A(dict, M):\n{init}"), "A(1, 2)", Some(true)),
        (format!("class A(dict, M):\n{init}"), "A(1)", Some(false)),
        (format!("class A(M, dict):\n{init}"), "A(1, 2)", Some(false)),
        (format!("class A(Exception, M):\n{init}"), "A(1, 2)", Some(true)),
        (format!("class A(cmd.Cmd, M):\n{init}"), "A(1, 2)", None),
    ] {
        fits("A(...)", &format!("{new}{class}\n{call}\n"), expected);
    }
}

#[test]
fn what_a_module_defines_can_be_replaced() {
    let tuple = "from collections import namedtuple\ng = namedtuple('g', 'a b')";
    for definition in
        ["def g(a, b): pass", "g = lambda a, b: 1", tuple, "class g:\n    def __init__(self, a, b): pass"]
    {
        for (here, other, expected) in [
            ("", "import m\nm.g = lambda a: 1", None),
            ("", "import m\nsetattr(m, 'g', print)", None),
            ("globals()['g'] = print", "", None),
            ("globals()[name] = print", "", None),
            ("globals().update(values)", "", None),
            ("import sys\nsys.modules[__name__].g = print", "", None),
            ("globals()['h'] = print", "import m\nm.h = print\nx.g = 1", Some(false)),
            ("print(globals()['g'])", "import m\nprint(m.g)", Some(false)),
        ] {
            let files = format!(
                "--- m.py\n{definition}\n{here}\n--- other.py\n{other}\n--- example.py\nimport m\nm.g(1)\n"
            );
            fits("m.g(...)", &files, expected);
        }
    }
}

#[test]
fn what_the_library_makes_is_called_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("made.txt"));
}

//! Definitions that nothing uses and definitions that something may use.

use crate::static_checks::testing::check as ask;

#[track_caller]
fn check(symbol: &str, word: &str, fixture: &str, expected: &str) {
    let opposite = match expected {
        "holds" => "does not hold",
        "does not hold" => "holds",
        other => other,
    };
    let claim =
        |table: &str| format!("file = \"lib.py\"\nsymbol = \"{symbol}\"\nstatic = {{ unused = {table} }}");
    ask(&claim(&format!("'{word}'")), fixture, expected);
    ask(&claim(&format!("'{word}', expected = false")), fixture, opposite);
}

#[track_caller]
fn unused(symbol: &str, lib: &str, other: &str, expected: &str) {
    check(symbol, "never-referenced", &format!("--- lib.py\n{lib}--- app.py\n{other}"), expected);
}

const CLASS: &str = "class A:\n    def m(self): pass\n    def n(self): return 1\n";

#[test]
fn what_nobody_names_is_unused() {
    unused("f", "def f(): pass\n", "x = 1\n", "holds");
    unused("A", CLASS, "x = 1\n", "holds");
    unused("A.m", CLASS, "from lib import A\nA().n()\n", "holds");
    // What the definition says of itself, comments, and imports that nothing follows.
    unused("f", "def f(): return f()\n", "from lib import f\n", "holds");
    unused("f", "'''Call f to do it.'''\ndef f(): pass  # f\n", "x = 1\n", "holds");
    unused("f", "def f(): pass\n", "import lib\nlib.g()\n", "holds");
}

#[test]
fn every_reference_is_a_use() {
    let f = "def f(): pass\n";
    for other in [
        "from lib import f\nf()\n",
        "from lib import f as g\ng()\n",
        "import lib\nlib.f()\n",
        "import lib as l\nx = l.f\n",
        "from lib import *\nf()\n",
        "from lib import f\nx = [f]\n",
        "from lib import f\n@f\ndef g(): pass\n",
        "import lib\nprint(getattr(lib, 'f'))\n",
    ] {
        let expected = if other.contains("getattr") { "unresolved" } else { "does not hold" };
        unused("f", f, other, expected);
    }
    unused("f", "def f(): pass\nf()\n", "x = 1\n", "does not hold");
    unused("f", "def f(): pass\nif __name__ == '__main__':\n    f()\n", "x = 1\n", "does not hold");
    unused("A", CLASS, "from lib import A\nclass B(A): pass\n", "does not hold");
    unused("A", CLASS, "from lib import A\ndef g(a: A): pass\n", "does not hold");
    unused("A.m", CLASS, "from lib import A\nA().m()\n", "does not hold");
    unused("A.m", CLASS, "from lib import A\nclass B(A):\n    def x(self): self.m()\n", "does not hold");
    unused("A.m", "class A:\n    def m(self): pass\n    def n(self): self.m()\n", "x = 1\n", "does not hold");
}

#[test]
fn modules_give_it_on_under_other_names() {
    let files = "--- pkg/__init__.py\nfrom .core import A as B, f as g\n--- lib.py\nfrom pkg import *\nfrom pkg import B as C\n--- pkg/core.py\nclass A: pass\ndef f(): pass\n--- app.py\n";
    let of = |symbol: &str, word: &str, app: &str, expected: &str| {
        ask(
            &format!("file = \"pkg/core.py\"\nsymbol = \"{symbol}\"\nstatic = {{ unused = '{word}' }}"),
            &format!("{files}{app}"),
            expected,
        );
    };
    for app in [
        "from pkg import B\nB()\n",
        "from pkg import B as D\nD()\n",
        "import pkg\npkg.B()\n",
        "from lib import B\nB()\n",
        "from lib import C\nC()\n",
        "import lib\nlib.C()\n",
    ] {
        for word in ["never-referenced", "never-called", "never-instantiated"] {
            of("A", word, app, "does not hold");
        }
    }
    of("A", "never-referenced", "import pkg\nclass D(pkg.B): pass\n", "does not hold");
    of("A", "never-called", "import pkg\nclass D(pkg.B): pass\n", "unresolved");
    of("f", "never-called", "import pkg\npkg.g()\n", "does not hold");
    // Others of that name, and imports that nothing follows.
    of("A", "never-referenced", "class B: pass\nB()\n", "holds");
    of("A", "never-referenced", "from pkg import B\n", "holds");
    of("A", "never-referenced", "x = 'pkg.B'\n", "unresolved");
}

#[test]
fn modules_can_be_loaded_by_a_name() {
    let lib = "def f(): pass\nclass A:\n    def m(self): pass\n";
    let load = "import importlib\nm = importlib.import_module('lib')\n";
    unused("f", lib, &format!("{load}m.f()\n"), "does not hold");
    unused("A.m", lib, &format!("{load}m.A().m()\n"), "does not hold");
    unused("f", lib, "__import__('lib').f()\n", "does not hold");
    unused("f", lib, &format!("{load}m.g()\n"), "holds");
    unused(
        "f",
        lib,
        &load.replace("'lib'", "'json'").replace("m = ", "importlib.import_module('json').f()\nm = "),
        "holds",
    );
    unused("f", lib, "import importlib\nimportlib.import_module(n).f()\n", "unresolved");
}

#[test]
fn what_containers_and_libraries_give_may_be_of_the_target() {
    for (code, expected) in [
        ("d = {}\nd.get(1).m()\n", "unresolved"),
        ("import queue\nq = queue.Queue()\nq.get().m()\n", "unresolved"),
        ("import copy\ncopy.copy(x).m()\n", "unresolved"),
        ("next(x).m()\n", "unresolved"),
        ("import vendor\nvendor.make(1).m()\n", "unresolved"),
        ("import vendor\nvendor.Thing(1).m()\n", "holds"),
        ("open('x').read().m()\n", "holds"),
        ("import pathlib\npathlib.Path('x').read_text().m()\n", "holds"),
        ("d = {}\nd.m()\n", "holds"),
    ] {
        unused("A.m", CLASS, code, expected);
    }
}

#[test]
fn an_override_is_used_in_place_of_what_it_overrides() {
    let classes = "class A:\n    def m(self): pass\nclass B(A):\n    def m(self): pass\nclass C(A): pass\n";
    unused("A.m", classes, "from lib import B\nB().m()\n", "holds");
    unused("A.m", classes, "from lib import C\nC().m()\n", "does not hold");
    unused("A.m", classes, "from lib import A\ndef g(a: A): a.m()\n", "does not hold");
    unused("B.m", classes, "from lib import A\ndef g(a: A): a.m()\n", "does not hold");
    unused("B.m", classes, "from lib import C\ndef g(c: C): c.m()\n", "holds");
    let calls_super = classes.replace("(A):\n    def m(self): pass", "(A):\n    def m(self): super().m()");
    unused("A.m", &calls_super, "x = 1\n", "does not hold");
    let interface = classes.replacen("    def", "    @abc.abstractmethod\n    def", 1);
    unused("A.m", &format!("import abc\n{interface}"), "from lib import B\nB().m()\n", "unresolved");
}

#[test]
fn other_things_of_the_same_name_are_no_use() {
    let f = "def f(): pass\n";
    for other in [
        "def f(): pass\nf()\n",
        "def g(f): f()\n",
        "f = 1\nprint(f)\n",
        "from other import f\nf()\n--- other.py\ndef f(): pass\n",
        "x(f=1)\n",
        "import os\nos.f()\n",
        "class C:\n    def f(self): pass\nC().f()\n",
        "print('it calls f twice')\n",
    ] {
        unused("f", f, other, "holds");
    }
    unused("A.m", CLASS, "class C:\n    def m(self): pass\nC().m()\n", "holds");
}

#[test]
fn what_may_use_it_unseen_is_not_decided() {
    let f = "def f(): pass\n";
    for other in [
        "x = {'name': 'f'}\n",
        "x = 'lib.f'\n",
        "x = 'lib:f'\n",
        "def g(x): x.f()\n",
        "from nowhere.at import *\nf()\n",
        "import importlib\nm = importlib.import_module(n)\ngetattr(m, k)()\n",
    ] {
        unused("f", f, other, "unresolved");
    }
    unused("f", f, "def g(:\n    f()\n", "does not compile");
    unused("f", f, "import lib\nlib.f()\ndef g(:\n", "does not compile");
    unused("f", "__all__ = ['f']\ndef f(): pass\n", "x = 1\n", "unresolved");
    for all in ["__all__ = ['f']", "__all__ = []\n__all__ += ['f']", "__all__ = []\n__all__.extend(['f'])"] {
        let listed = |other: &str| format!("--- lib.py\n{all}\ndef f(): pass\n--- app.py\n{other}");
        check("f", "never-called", &listed("from lib import f\n"), "holds");
        check("f", "never-called", &listed("from lib import *\n"), "holds");
        check("f", "never-called", &listed("from lib import *\nf()\n"), "does not hold");
        check("f", "never-called", &listed("from lib import *\ng(f)\n"), "unresolved");
        check(
            "f",
            "never-called",
            &listed("import lib\nfor n in lib.__all__: getattr(lib, n)()\n"),
            "unresolved",
        );
    }
    check("f", "never-called", "--- lib.py\ndef f(): pass\nx = ['f']\n", "unresolved");
    let loads = "import importlib\nm = importlib.import_module(n)\n";
    unused("f", f, &format!("{loads}class C:\n    def g(self, k): return getattr(self, k)\n"), "holds");
    unused(
        "f",
        f,
        &format!("{loads}class P:\n    def __getattr__(self, k): return getattr(m, k)\n"),
        "holds",
    );
    unused("f", f, &format!("{loads}def g(x, k): return getattr(x, k)\n"), "unresolved");
    unused("f", f, "import lib\ndef g(k): return getattr(lib, k)\n", "unresolved");
    unused("f", "def f(): pass\ndef g(n): return globals()[n]\n", "x = 1\n", "unresolved");
    unused("f", "from web import app\n@app.get('/')\ndef f(): pass\n", "x = 1\n", "unresolved");
    unused("f", "import functools\n@functools.lru_cache\ndef f(): pass\n", "x = 1\n", "unresolved");
    unused("A.m", CLASS, "def g(x): x.m()\n", "unresolved");
    unused("A.__len__", "class A:\n    def __len__(self): return 1\n", "x = 1\n", "unresolved");
    unused(
        "A.run",
        "import threading\nclass A(threading.Thread):\n    def run(self): pass\n",
        "x = 1\n",
        "unresolved",
    );
    unused("A.m", "from web import View\nclass A(View):\n    def m(self): pass\n", "x = 1\n", "unresolved");
    unused(
        "A.do_x",
        "class A:\n    def do_x(self): pass\n    def go(self, n): getattr(self, 'do_' + n)()\n",
        "x = 1\n",
        "unresolved",
    );
    unused(
        "A.do_x",
        "class A:\n    def do_x(self): pass\n    def go(self, n): getattr(self, f'on_{n}')()\n",
        "x = 1\n",
        "holds",
    );
    unused("A", "from web import Model\nclass A(Model): pass\n", "x = 1\n", "unresolved");
    unused("A", "class A(B, metaclass=M): pass\n", "x = 1\n", "unresolved");
    unused(
        "A",
        "class B:\n    def __init_subclass__(cls): pass\nclass A(B): pass\n",
        "x = 1\n",
        "unresolved",
    );
    unused("A", "class B: pass\nclass A(B): pass\n", "import lib\nlib.B.__subclasses__()\n", "unresolved");
    unused("A", "from web import register\n@register\nclass A: pass\n", "x = 1\n", "unresolved");
    unused("A", "class A(Exception): pass\n", "x = 1\n", "holds");
    unused("f", f, "x = 1\n--- pyproject.toml\n[project.scripts]\nx = \"lib:f\"\n", "unresolved");
    ask(
        "file = 'test_lib.py'\nsymbol = 'test_it'\nstatic = { unused = true }",
        "--- test_lib.py\ndef test_it(): pass\n",
        "unresolved",
    );
}

#[test]
fn naming_is_not_calling() {
    let check_class = |other: &str, expected: &str| {
        let fixture = format!("--- lib.py\nclass A: pass\n--- app.py\nfrom lib import A\n{other}");
        check("A", "never-instantiated", &fixture, expected);
        check("A", "never-called", &fixture, expected);
    };
    check_class("def g(a: A) -> 'int': return isinstance(a, A)\n", "holds");
    check_class("try: pass\nexcept A: pass\n", "holds");
    check_class("A()\n", "does not hold");
    check_class("def g(): raise A\n", "does not hold");
    check_class("def g(e): raise A from None\n", "does not hold");
    check_class("def g(e): raise e from A\n", "does not hold");
    check_class("x = A\n", "unresolved");
    check_class("class B(A): pass\n", "unresolved");
    check(
        "f",
        "never-called",
        "--- lib.py\ndef f(): pass\n--- app.py\nfrom lib import f\nstart(target=f)\n",
        "unresolved",
    );
    check("f", "never-instantiated", "--- lib.py\ndef f(): pass\n", "unresolved");
}

#[test]
fn sweeps_list_what_is_unused() {
    let tree = "--- lib.py\ndef f(): pass  # <-\ndef g(): pass\nclass A: pass  # <-\n--- app.py\nfrom lib import g\ng()\n";
    ask("files = '*.py'\nstatic = { unused = true }", tree, "holds");
    ask("files = '*.py'\nstatic = { unused = false }", tree, "does not hold");
    ask("files = 'app.py'\nstatic = { unused = true }", &tree.replace("  # <-", ""), "does not hold");
    ask(
        "file = 'lib.py'\nsymbol = 'h'\nstatic = { unused = true }",
        tree.replace("  # <-", "").as_str(),
        "symbol missing",
    );
    ask("file = 'lib.py'\nsymbol = 'X'\nstatic = { unused = true }", "--- lib.py\nX = 1\n", "unresolved");
    ask(
        "file = 'lib.py'\nsymbol = 'f'\nstatic = { unused = true }",
        "--- lib.py\ndef f(): pass\ndef g(:\n    pass\n",
        "does not compile",
    );
}

#[test]
fn reading_a_property_is_a_use_whatever_it_gives() {
    for gives in ["int", "unknown()", "None", "A", "lib_f"] {
        let class = format!("def lib_f(): pass\nclass A:\n    @property\n    def p(self): return {gives}\n");
        for other in [
            "from lib import A\nA().p\n",
            "from lib import A\nA.p\n",
            "from lib import A\nclass B(A):\n    def x(self): return self.p\n",
            "from lib import A\nclass B(A): pass\nB().p\n",
        ] {
            unused("A.p", &class, other, "does not hold");
        }
        unused("A.p", &class, "def f(x): return x.p\n", "unresolved");
        unused("A.p", &class, "class C:\n    p = 1\nC().p\n", "holds");
        unused("A.p", &class, "from lib import A\nclass B(A):\n    p = 1\n", "holds");
        unused("A.p", &class, "import queue\nqueue.Queue().get().p\n", "unresolved");
    }
    let settable =
        "class A:\n    @property\n    def p(self): return 1\n    @p.setter\n    def p(self, value): pass\n";
    unused("A.p", settable, "from lib import A\nA().p = 1\n", "does not hold");
    unused("A.p", settable, "from lib import A\nA().p += 1\n", "does not hold");
    unused("A.p", settable, "x = 1\n", "holds");
}

#[test]
fn what_a_declaration_leaves_open_may_be_of_the_target() {
    let class = "class A:\n    def m(self): pass\n    @classmethod\n    def c(cls): pass\n";
    for other in [
        "from typing import TypeVar\nT = TypeVar('T')\ndef f(k: type[T]) -> T: return k.c()\n",
        "from typing import Protocol\nclass P(Protocol):\n    @classmethod\n    def c(cls): ...\ndef f(p: P): p.c()\n",
    ] {
        unused("A.c", class, other, "unresolved");
    }
    unused("A.m", class, "import typing\ndef f(x: typing.IO[str]): x.m()\n", "unresolved");
    unused("A.m", class, "import threading\ndef f(x: threading.Thread): x.m()\n", "holds");
    // What is there to be overridden gives what its overrides give.
    let make = "class B:\n    def make(self):\n        'Doc.'\n        raise NotImplementedError()\n    def f(self): self.make().m()\n";
    unused("A.m", class, make, "unresolved");
    for nothing in ["pass", "...", "'Doc.'"] {
        let make = format!(
            "class D:\n    def m(self): pass\nclass B:\n    def make(self): {nothing}\n    def f(self): (self.make() or D()).m()\n"
        );
        let other = format!("from lib import A\n{make}class C(B):\n    def make(self): return A()\n");
        unused("A.m", class, &other, "unresolved");
    }
    let declared = make.replace("make(self):", "make(self) -> A:");
    unused("A.m", class, &format!("from lib import A\n{declared}"), "does not hold");
}

#[test]
fn what_a_class_does_not_have_may_come_of_another_base() {
    let class = "class A:\n    @property\n    def p(self): return 1\n    def m(self): pass\n";
    let mixed =
        "from lib import A\nclass M:\n    def go(self): return self.p, self.m()\nclass B(M, A): pass\n";
    unused("A.p", class, mixed, "unresolved");
    unused("A.m", class, mixed, "unresolved");
    unused("A.p", class, &mixed.replace("def go", "p = 1\n    def go"), "holds");
    // Somebody else stores something in what is `None` at first.
    let none = "class C:\n    def __init__(self):\n        self.x = None\n    def go(self): return self.x.p, self.x.m()\n";
    unused("A.p", class, none, "unresolved");
    unused("A.m", class, none, "unresolved");
    let set = none.replace("self.x = None", "self.x = None\n        self.x = C()");
    unused("A.p", class, &set.replace("def go", "p = 1\n    def m(self): pass\n    def go"), "holds");
    // An object of a library's class may be of one that inherits from it.
    let inherits = format!("import threading, typing\n{}", class.replace("A:", "A(threading.Thread):"));
    for (declared, expected) in [
        ("threading.Thread", "unresolved"),
        ("typing.Iterable", "unresolved"),
        ("typing.Hashable", "unresolved"),
        ("threading.Lock", "holds"),
    ] {
        let other = format!("import threading, typing\ndef f(x: {declared}): x.m(), x.p\n");
        unused("A.p", &inherits, &other, expected);
        unused("A.m", &inherits, &other, expected);
    }
}

#[test]
fn what_others_may_call_unseen_is_not_unused() {
    crate::static_checks::testing::check_cases(include_str!("unseen.txt"));
}

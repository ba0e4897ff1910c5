//! Classes that assign and classes that do not; marked lines are the sites.

use crate::static_checks::testing::check as ask;

fn claim(assigned: bool, more: &str) -> String {
    format!(
        "file = \"example.py\"\nsymbol = \"A\"\nstatic = {{ attribute = \"x\", assigned = {assigned}{more} }}"
    )
}

/// Both ways of claiming must fit together.
fn check(fixture: &str, assigned: Option<bool>) {
    let words = match assigned {
        Some(true) => ["does not hold", "holds"],
        Some(false) => ["holds", "does not hold"],
        None => ["unresolved", "unresolved"],
    };
    ask(&claim(false, ""), fixture, words[0]);
    ask(&claim(true, ""), fixture, words[1]);
}

#[test]
fn every_way_to_store_counts() {
    for statement in [
        "self.x = 1",
        "self.x: int = 1",
        "self.x += 1",
        "self.x, y = 1, 2",
        "(y, [self.x, *z]) = f()",
        "for self.x in y: pass",
        "with f() as self.x: pass",
        "with f() as (self.x, y): pass",
        "if y := (self.__dict__.update(x=1)): pass",
        "setattr(self, 'x', 1)",
        "object.__setattr__(self, 'x', 1)",
        "super().__setattr__('x', 1)",
        "self.__dict__['x'] = 1",
        "vars(self)['x'] = 1",
        "self.__dict__.update({'x': 1})",
        "me = self; me.x = 1",
        "me = self; you = me; you.x = 1",
        "me: object = self; me.x = 1",
        "d = self.__dict__; d['x'] = 1",
        "d = vars(self); d.update(x=1)",
        "d = self.__dict__; e = d; e.setdefault('x', 1)",
        "type(self).x = 1",
        "self.__class__.x = 1",
        "A.x = 1",
        "for n in ('x', 'y'): setattr(self, n, None)",
    ] {
        check(&format!("class A:\n    def f(self):\n        {statement}  # <-\n"), Some(true));
    }
}

#[test]
fn stores_on_objects_that_the_class_makes_count() {
    for code in [
        "@classmethod\n    def make(cls):\n        obj = cls()\n        obj.x = 1  # <-",
        "@staticmethod\n    def make():\n        obj = A()\n        obj.x = 1  # <-",
        "def __new__(cls):\n        obj = super().__new__(cls)\n        obj.x = 1  # <-\n        return obj",
        "def __new__(cls):\n        obj = object.__new__(cls)\n        setattr(obj, 'x', 1)  # <-\n        return obj",
        "_one = None\n    @classmethod\n    def one(cls):\n        cls._one = cls()\n        cls._one.x = 1  # <-",
        "def other(self):\n        obj = type(self)()\n        obj.x = 1  # <-",
        "def other(self):\n        kind = self.__class__\n        obj = kind.__new__(kind)\n        obj.x = 1  # <-",
        "def other(self):\n        obj = copy.copy(self)\n        obj.x = 1  # <-",
        "def other(self):\n        self.child = A()\n        self.child.x = 1  # <-",
        "def other(self, that: 'A'):\n        that.x = 1  # <-",
    ] {
        let class = format!("import copy\nclass A:\n    {code}\n    def f(self): return self.x\n");
        check(&class, Some(true));
        // A subclass's own code has made them, too, and a base's may have.
        let plain = class.replace("  # <-", "");
        let heir = plain.replace("class A:", "class B:").replace("A()", "B()").replace("'A'", "'B'");
        let expected = if code.contains("A()") || code.contains("'A'") { None } else { Some(true) };
        let heir = if expected.is_some() { class.replace("class A:", "class B:") } else { heir };
        check(&format!("{heir}class A(B): pass\n"), expected);
    }
    for code in [
        "obj = B(); obj.x = 1",
        "obj = cls; obj.y = 1",
        "obj = cls(); obj.y.x = 1",
        "obj = cls(); obj.x: int",
        "obj = make(); obj.x = 1",
    ] {
        check(&format!("class B: pass\nclass A:\n    @classmethod\n    def f(cls): {code}\n"), Some(false));
    }
}

#[test]
fn computed_names_on_objects_that_the_class_makes_leave_it_open() {
    for (code, expected) in [
        ("setattr(obj, n, 1)", None),
        ("obj.__dict__[n] = 1", None),
        ("obj.__dict__.update(n)", None),
        ("obj.__dict__.update(**n)", None),
        ("obj.__dict__ = n", None),
        ("vars(obj)['x'] = 1  # <-", Some(true)),
        ("obj.__dict__.update({'x': 1})  # <-", Some(true)),
        ("obj.__dict__.update(x=1)  # <-", Some(true)),
        ("for k in ('x', 'y'): setattr(obj, k, 1)  # <-", Some(true)),
        ("for k in ('z', 'y'): setattr(obj, k, 1)", Some(false)),
        ("obj.__dict__.update(y=1)", Some(false)),
        ("vars(obj)['y'] = 1", Some(false)),
        // A copy has what the other has.
        ("obj.__dict__.update(self.__dict__)", Some(false)),
        ("for k, v in self.__dict__.items(): setattr(obj, k, v)", Some(false)),
        ("for k in vars(self): setattr(obj, k, 1)", Some(false)),
    ] {
        check(&format!("class A:\n    def f(self, n):\n        obj = A()\n        {code}\n"), expected);
    }
}

#[test]
fn functions_that_others_call_with_the_object_may_store_on_it() {
    let worker = "import threading, functools\ndef worker(a, b=None): a.x = 1  # <-\nclass A:\n    def f(self, pool): ";
    for call in [
        "threading.Thread(target=worker, args=(self,)).start()",
        "threading.Thread(target=worker, kwargs={'a': self}).start()",
        "threading.Timer(5, worker, [self]).start()",
        "pool.submit(worker, self)",
        "functools.partial(worker, a=self)()",
        "functools.partial(worker, self)()",
    ] {
        check(&format!("{worker}{call}\n"), Some(true));
    }
    let other = "threading.Thread(target=worker, args=(1, self)).start()";
    check(&format!("{worker}{other}\n").replace("  # <-", ""), Some(false));
    let keeper = "class Keeper:\n    def __init__(self, owner): self.owner = owner\n    def go(self): self.owner.x = 1  # <-\nclass A:\n    def __init__(self): self.keeper = Keeper(self)\n";
    check(keeper, Some(true));
    check(&keeper.replace("  # <-", "").replace("self.owner.x", "self.other.x"), Some(false));
    let own = "def worker(a): a.x = 1\ndef keep(f, a): pass\nclass A:\n    def f(self): keep(worker, self)\n";
    check(own, Some(false));
    let made = "def prepare(a): a.x = 1  # <-\nclass A:\n    @classmethod\n    def f(cls):\n        obj = cls()\n        prepare(obj)\n";
    check(made, Some(true));
    check(&made.replace("obj = cls()\n        prepare(obj)", "return prepare(cls())"), Some(true));
    check(&made.replace("  # <-", "").replace("prepare(obj)", "cls.all.append(obj)"), Some(false));
}

#[test]
fn what_python_gives_every_object_is_not_said_to_be_missing() {
    let asked = |name: &str, code: &str, expected: &str| {
        ask(
            &format!(
                "file = \"example.py\"\nsymbol = \"A\"\nstatic = {{ attribute = \"{name}\", read = true, assigned = false }}"
            ),
            code,
            expected,
        );
    };
    let class = |name: &str| format!("class A:\n    def f(self): return self.{name}\n");
    asked("__class__", &class("__class__"), "unresolved");
    asked("__doc__", &class("__doc__"), "unresolved");
    asked("__name__", &class("__name__"), "holds");
    asked("__name__", &class("__name__").replace("    def", "    @classmethod\n    def"), "unresolved");
    asked("__other__", &class("__other__"), "holds");
    asked("__traceback__", &class("__traceback__").replace("A:", "A(Exception):"), "unresolved");
    asked("__traceback__", &class("__traceback__"), "holds");
}

#[test]
fn what_only_looks_like_a_store_does_not_count() {
    for statement in [
        "self.x",
        "self.x.y = 1",
        "self.x[0] = 1",
        "self.x: int",
        "x = 1",
        "other.x = 1",
        "self.y.x = 1",
        "del self.x",
        "self.xx = self.x",
        "setattr(other, 'x', 1)",
        "setattr(self, 'y', 'x')",
        "f(x=self.x)",
        "lambda self: setattr(self, 'x', 1)",
        "self.x == 1",
    ] {
        check(&format!("class A:\n    def f(self):\n        {statement}\n"), Some(false));
    }
    check("class A:\n    @staticmethod\n    def f(self):\n        self.x = 1\n", Some(false));
    check("class A:\n    def f(self):\n        def g(self):\n            self.x = 1\n", Some(false));
    check("class A:\n    class B:\n        x = 1\n", Some(false));
    check("class A:\n    pass\ndef f(self):\n    self.x = 1\n", Some(false));
    check("class B:\n    def f(self):\n        self.x = 1\nclass A: ...\n", Some(false));
}

#[test]
fn class_bodies_closures_and_other_names_of_self_count() {
    check("class A:\n    x = 1  # <-\n", Some(true));
    check("class A:\n    if y:\n        x = 1  # <-\n", Some(true));
    check("class A:\n    def x(self): ...  # <-\n", Some(true));
    check("class A:\n    @property\n    def x(self): ...  # <-\n", Some(true));
    check("class A:\n    import x  # <-\n", Some(true));
    check("class A:\n    def f(this):\n        this.x = 1  # <-\n", Some(true));
    check("class A:\n    @classmethod\n    def f(cls):\n        cls.x = 1  # <-\n", Some(true));
    check("class A:\n    def f(self):\n        def g():\n            self.x = 1  # <-\n", Some(true));
    check("class A:\n    if y:\n        def f(self):\n            self.x = 1  # <-\n", Some(true));
}

#[test]
fn fields_are_assigned_only_where_something_makes_a_constructor() {
    check("class A:\n    x: int\n", Some(false));
    check("class A:\n    __slots__ = ('x',)\n", Some(false));
    check("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int  # <-\n", Some(true));
    check(
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass A:\n    x: int  # <-\n",
        Some(true),
    );
    check("from pydantic import BaseModel\nclass A(BaseModel):\n    x: int\n", None);
}

#[test]
fn bases_are_followed_over_files() {
    let base = "--- pkg/base.py\nclass Root:\n    def __init__(self):\n        self.x = 1  # <-\n--- pkg/__init__.py\nfrom .base import Root as Base\n";
    let agent = "--- example.py\nfrom pkg import Base\nclass Middle(Base): ...\nclass A(Middle):\n    def f(self):\n        return self.x\n";
    check(&format!("{base}{agent}"), Some(true));
    check(&format!("{base}{agent}").replace("self.x = 1  # <-", "self.y = 1"), Some(false));
    // A subclass's store is not the class's.
    check("class A: ...\nclass B(A):\n    def f(self):\n        self.x = 1\n", Some(false));
}

#[test]
fn bases_that_cannot_be_read_are_not_guessed() {
    check("from nowhere import Base\nclass A(Base): ...\n", None);
    check("class A(make()): ...\n", None);
    check("class A(Undefined): ...\n", None);
    check("from nowhere import Base\nclass A(Base):\n    x = 1\n", Some(true));
    for base in [
        "from abc import ABC as B",
        "from typing import Protocol as B",
        "from threading import Thread as B",
        "B = object",
        "B = Exception",
    ] {
        check(&format!("{base}\nclass A(B): ...\n"), Some(false));
    }
    // A thread has a name; nobody here knows what a handler of the web framework has.
    let named =
        "file = \"example.py\"\nsymbol = \"A\"\nstatic = { attribute = \"daemon\", assigned = false }";
    ask(named, "import threading\nclass A(threading.Thread): ...\n", "unresolved");
    check("import http.server\nclass A(http.server.BaseHTTPRequestHandler): ...\n", None);
}

#[test]
fn base_chosen_at_run_time_must_agree() {
    let text =
        "class P:\n    x = 1\nclass Q:\n    {}\nimport os\nBase = P if os.name else Q\nclass A(Base): ...\n";
    check(&text.replace("{}", "x = 2"), Some(true));
    check(&text.replace("{}", "y = 2"), None);
}

#[test]
fn computed_names_leave_it_open() {
    check("class A:\n    def f(self, n):\n        setattr(self, n, 1)\n", None);
    check("class A:\n    def f(self, **k):\n        self.__dict__.update(k)\n", None);
    check("class A:\n    def f(self, **k):\n        self.__dict__.update(**k)\n", None);
    check("class A:\n    def __getattr__(self, n): ...\n", None);
    check("@decorated\nclass A: ...\n", None);
    check("class A(metaclass=M): ...\n", None);
    check("from abc import ABCMeta\nclass A(metaclass=ABCMeta): ...\n", Some(false));
}

#[test]
fn function_that_gets_the_object_may_store_on_it() {
    let helper = "--- helper.py\ndef prepare(agent, port):\n    agent.x = port  # <-\n--- example.py\nfrom helper import prepare\nclass A:\n    def f(self):\n        prepare(self, 1)\n";
    check(helper, Some(true));
    check(&helper.replace("prepare(self, 1)", "prepare(agent=self, port=1)"), Some(true));
    check(&helper.replace("  # <-", "").replace("prepare(self, 1)", "prepare(other, self)"), Some(false));
    check(
        &helper.replace("  # <-", "").replace("agent.x = port", "agent = other(); agent.x = port"),
        Some(false),
    );
}

#[test]
fn private_names_belong_to_their_class() {
    let claim = "file = \"example.py\"\nsymbol = \"A\"\nstatic = { attribute = \"__x\", assigned = false }";
    ask(claim, "class B:\n    def f(self):\n        self.__x = 1\nclass A(B): ...\n", "holds");
    ask(claim, "class A:\n    def f(self):\n        self.__x = 1  # <-\n", "does not hold");
}

#[test]
fn private_names_can_be_written_out() {
    let claim = |name: &str| {
        format!(
            "file = \"example.py\"\nsymbol = \"A\"\nstatic = {{ attribute = \"{name}\", assigned = true }}"
        )
    };
    ask(&claim("__x"), "class A:\n    def f(self):\n        self._A__x = 1  # <-\n", "holds");
    ask(&claim("_A__x"), "class A:\n    def f(self):\n        self.__x = 1  # <-\n", "holds");
    ask(&claim("__x"), "class A:\n    def f(self):\n        self._B__x = 1\n", "does not hold");
    ask(&claim("__x"), "class A:\n    def f(self):\n        self._x = 1\n", "does not hold");
}

#[test]
fn a_context_in_the_body_of_a_class_gives_names_values() {
    check("class A:\n    with open('f') as x: pass  # <-\n", Some(true));
    check("class A:\n    with open('f') as (x, y): pass  # <-\n", Some(true));
}

#[test]
fn class_that_does_not_read_it_any_more_is_mended() {
    let text = "class A:\n    def f(self):\n        return self.x  # <-\n";
    ask(&claim(false, ", read = true"), text, "holds");
    ask(
        &claim(false, ", read = true"),
        "class A:\n    def f(self):\n        return self.y\n",
        "does not hold",
    );
    ask(&claim(false, ", read = true"), "class A:\n    def f(self):\n        self.x = 1\n", "does not hold");
    ask(&claim(false, ", read = false"), text.replace("  # <-", "").as_str(), "does not hold");
    ask(&claim(true, ", read = true"), "class A:\n    def f(self):\n        self.x += 1  # <-\n", "holds");
}

#[test]
fn store_after_the_base_constructor_has_needed_it_is_late() {
    let text = "from threading import Thread
class Base:
    def __init__(self):
        self.prepare()
    def prepare(self):
        Thread(target=self.setup).start()
    def setup(self): ...
class A(Base):
    def __init__(self):
        super().__init__()
        self.x = 1  # <-
    def setup(self):
        return self.x  # <-
";
    let late = claim(true, ", late = true");
    ask(&late, text, "holds");
    let plain = text.replace("  # <-", "");
    ask(
        &late,
        &plain.replace("super().__init__()\n        self.x = 1", "self.x = 1\n        super().__init__()"),
        "does not hold",
    );
    ask(&late, &plain.replace("self.prepare()", "pass"), "does not hold");
    ask(&late, &plain.replace("return self.x", "return self.y"), "does not hold");
    ask(&claim(true, ", late = false"), &plain, "does not hold");
}

#[test]
fn what_is_only_defined_reads_nothing() {
    let late = |setup: &str, expected: &str| {
        let mark = if expected == "holds" { ("  # <-", "  # <-") } else { ("", "") };
        let text = format!(
            "class Base:\n    def __init__(self):\n        self.setup()\nclass A(Base):\n    def __init__(self):\n        super().__init__()\n        self.x = 1{}\n    def get(self): return 1\n    def setup(self):\n        {setup}{}\n",
            mark.0, mark.1
        );
        ask(&claim(true, ", late = true"), &text, expected);
    };
    late("f = lambda: self.x", "does not hold");
    late("f = lambda: self.x; f()", "holds");
    late("print(sorted([], key=lambda a: self.x))", "holds");
    late("self.f = lambda: self.x", "unresolved");
    late("return lambda: self.x", "unresolved");
    late("def f(): return self.x", "does not hold");
    late("def f(): return self.x\n        self.f = f", "unresolved");
    late("def f(): pass\n        f(); print(self.x)", "holds");
    late("if False: print(self.x)", "does not hold");
    late("if True: print(self.x)", "holds");
    late("return [self.x for _ in '']", "holds");
}

#[test]
fn broken_code_is_believed_only_where_it_is_whole() {
    ask(&claim(false, ""), "x = = 1\nclass A:\n    def f(self):\n        return self.x\n", "holds");
    ask(&claim(true, ""), "x = = 1\nclass A:\n    def f(self):\n        return self.x\n", "does not compile");
    ask(&claim(false, ""), "class A:\n    def f(self):\n        y = = 1\n", "does not compile");
    ask(&claim(false, ""), "y = = 1\n", "does not compile");
    ask(&claim(false, ""), "class B: ...\n", "symbol missing");
    ask(&claim(false, ""), "--- other.py\nclass A: ...\n", "file missing");
    ask(&claim(false, ""), "A = 1\n", "unresolved");
    let broken_base =
        "--- base.py\nclass B:\n    y = = 1\n--- example.py\nfrom base import B\nclass A(B): ...\n";
    ask(&claim(false, ""), broken_base, "does not compile");
}

#[test]
fn sweep_asks_every_class() {
    let claim = "files = [\"agents/*.py\"]\nstatic = { attribute = \"x\", read = true, assigned = false }";
    let fixture = "--- agents/a.py
class A:
    def f(self):
        return self.x  # <-
class B:
    x = 1
    def f(self):
        return self.x
--- agents/b.py
y = = 1
class C:
    def f(self):
        return self.x  # <-
--- agents/c.py
class D(Unknown):
    def f(self):
        return self.x
--- other/a.py
class E:
    def f(self):
        return self.x
";
    ask(claim, fixture, "holds");
    let plain = fixture.replace("  # <-", "");
    ask(claim, &plain.replace("return self.x", "return self.y"), "does not hold");
    ask(
        claim,
        &plain.replace("class A:", "class A(Unknown):").replace("class C:", "class C(Unknown):"),
        "unresolved",
    );
    ask(claim, "--- x.py\n", "file missing");
}

#[test]
fn every_listed_case_is_answered_as_it_says() {
    crate::static_checks::testing::check_cases(include_str!("cases.txt"));
}

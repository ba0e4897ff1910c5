//! What the model makes of small projects. In a fixture `reveal(expression)  #: types` asks
//! what the expression can be and says what it must be.

use super::*;
use crate::fixture;
use crate::python::Ranged;
use crate::python::ast::{Expr, ExprCall};
use crate::python::visitor::{self, Visitor};

#[derive(Default)]
struct Reveals<'f>(Vec<&'f ExprCall>);

impl<'f> Visitor<'f> for Reveals<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr
            && matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "reveal")
        {
            self.0.push(call);
        }
        visitor::walk_expr(self, expr);
    }
}

fn show(ty: &Type) -> String {
    match ty {
        Type::Module(module) => format!("module {}", module.0.path()),
        Type::Namespace(directories) => format!("namespace {}", directories.join(" ")),
        Type::Class(class) => format!("class {}", class.qualified_name()),
        Type::Instance(class) => class.qualified_name(),
        Type::Function(function) => format!("def {}", function.qualified_name()),
        Type::Method(function, class) => {
            format!("{}.{}", class.name(), function.qualified_name())
        }
        Type::External(name) => format!("external {name}"),
        Type::ExternalInstance(name) => format!("{name}()"),
        Type::None => "None".to_owned(),
        Type::Unknown(_) => "?".to_owned(),
    }
}

fn with_project(fixture: &str, roots: &[&str], run: impl FnOnce(&Project)) {
    let tree = fixture::MemoryTree::parse(fixture);
    let files = Files::new(&tree);
    let path = roots.iter().map(|root| (*root).to_owned()).collect();
    run(&Project::new(&files, &PythonSettings { path, ..Default::default() }));
}

fn check_in(roots: &[&str], fixture: &str) {
    with_project(fixture, roots, |project| {
        let mut asked = 0;
        for path in project.files().paths() {
            let file = project.file(path).unwrap();
            let source = file.source();
            assert_eq!(source.errors(), &[], "{path}");
            let mut reveals = Reveals::default();
            reveals.visit_body(&source.module().body);
            for call in reveals.0 {
                let line = source.line(call.start());
                let text = source.text().lines().nth(line as usize - 1).unwrap();
                let expected = text.split("#:").nth(1).map(str::trim).unwrap();
                let scope = Scope::at(file, call.arguments.args[0].range());
                let types = project.infer(&scope, &call.arguments.args[0]);
                let mut shown: Vec<String> = types.iter().map(show).collect();
                shown.sort();
                assert_eq!(shown.join(" | "), expected, "{path}:{line}: {text}\n{types:?}");
                asked += 1;
            }
        }
        assert!(asked > 0, "the fixture asks nothing");
    });
}

fn check(fixture: &str) {
    check_in(&["."], fixture);
}

#[test]
fn imports_are_followed_to_the_file_that_defines() {
    check(
        "--- pkg/__init__.py
from .core import Engine as Motor
from . import util
--- pkg/core.py
class Engine: ...
--- pkg/util.py
from .core import *
def make(): return Engine()
--- space/deep/mod.py
class Far: ...
--- main.py
import pkg
import pkg.core as c
import space.deep.mod
from pkg import Motor, util, missing
from pkg.core import Engine as E
from space.deep import mod
import threading as t
from concurrent import futures
import logging.handlers
from pkg.nowhere import X
reveal(Motor)  #: class Engine
reveal(pkg.Motor())  #: Engine
reveal(c.Engine)  #: class Engine
reveal(E())  #: Engine
reveal(util.make())  #: Engine
reveal(util)  #: module pkg/util.py
reveal(mod.Far())  #: Far
reveal(space.deep.mod.Far)  #: class Far
reveal(t.Thread())  #: threading.Thread()
reveal(futures.ThreadPoolExecutor)  #: external concurrent.futures.ThreadPoolExecutor
reveal(missing)  #: ?
reveal(X)  #: ?
reveal(len)  #: external builtins.len
reveal(not_defined)  #: ?
",
    );
}

#[test]
fn several_roots_and_the_script_directory_are_searched_in_order() {
    let fixture = "--- lib/helper.py
class A: ...
--- src/helper.py
class B: ...
--- app/main.py
from helper import *
from neighbour import N
reveal(N())  #: N
reveal(A)  #: class A
--- app/neighbour.py
class N: ...
";
    check_in(&["lib", "src"], fixture);
    check_in(&["src", "lib"], &fixture.replace("(A)  #: class A", "(B)  #: class B"));
}

#[test]
fn circular_imports_end() {
    check(
        "--- a.py
from b import X
from b import *
reveal(X)  #: 
--- b.py
from a import X
from a import *
",
    );
}

#[test]
fn attributes_have_the_types_of_what_is_stored() {
    check(
        "--- server.py
class Server:
    def start(self): ...
class Client: ...
--- app.py
from typing import Optional
from server import Server, Client
class Base:
    def __init__(self):
        self.client = Client()
class App(Base):
    limit: int = 3
    def __init__(self, given, typed: Server, maybe: 'Optional[Server]' = None):
        super().__init__()
        self.server: Optional[Server] = None
        self.given = given
        self.typed = typed
        self.maybe = maybe
        self.both = None
        self.a, self.b = Server(), Client()
        self.local = local = Server()
    def open(self):
        self.server = Server()
        self.both = Server() if self.limit else Client()
    @property
    def main(self) -> Server:
        return self.server
    def use(self):
        reveal(self.server)  #: None | Server
        reveal(self.server.start)  #: Server.Server.start
        reveal(self.client)  #: Client
        reveal(self.given)  #: ?
        reveal(self.typed)  #: Server
        reveal(self.maybe)  #: None | Server
        reveal(self.both)  #: Client | None | Server
        reveal(self.a)  #: Server
        reveal(self.b)  #: Client
        reveal(self.local)  #: Server
        reveal(self.main)  #: None | Server
        reveal(self.nothing)  #: ?
        reveal(self.limit)  #: builtins.int()
        alias = self
        alias.late = Client()
        reveal(self.late)  #: Client
        reveal(getattr(self, 'a'))  #: Server
",
    );
}

#[test]
fn calls_give_what_functions_return() {
    check(
        "class T:
    @classmethod
    def make(cls): return cls()
    @staticmethod
    def other(): return U()
    def me(self): return self
    async def later(self): return U()
    @unknown
    def odd(self): return U()
class Sub(T): ...
class U: ...
def plain(flag):
    if flag:
        return T()
    return None
def declared() -> T:
    return lookup()
def nothing(): ...
def generator():
    yield T()
def again(n):
    return again(n - 1) if n else T()
async def main():
    reveal(plain(1))  #: None | T
    reveal(declared())  #: T
    reveal(nothing())  #: None
    reveal(generator())  #: ?
    reveal(again(3))  #: T
    reveal(T.make())  #: T
    reveal(Sub.make())  #: Sub
    reveal(T.other())  #: U
    reveal(Sub().me())  #: Sub
    reveal(T().later())  #: types.CoroutineType()
    reveal(await T().later())  #: U
    reveal(T().odd())  #: ?
",
    );
}

#[test]
fn names_mean_what_the_code_before_them_left() {
    check(
        "class A: ...
class B: ...
def f():
    x = A()
    reveal(x)  #: A
    x = B()
    reveal(x)  #: B
    if x:
        x = A()
    reveal(x)  #: A | B
def g():
    x = A()
    while True:
        reveal(x)  #: A | B
        x = B()
def outer():
    def inner():
        nonlocal x
        x = B()
        reveal(x)  #: A | B
    x = A()
    reveal(x)  #: A | B
try:
    from fast import A as C
except ImportError:
    C = B
def h():
    reveal(C)  #: class B | external fast.A
def setter():
    global state
    state = B()
state = A()
def reader():
    reveal(state)  #: A | B
reveal([state for state in (1, 2)][0])  #: ?
reveal((lambda x: x))  #: ?
",
    );
}

#[test]
fn super_and_overrides_follow_the_resolution_order() {
    check(
        "class A:
    def who(self): return A()
class B(A):
    def who(self):
        reveal(super().who())  #: A
        return B()
class C(A):
    def who(self): return C()
class D(B, C):
    def ask(self):
        reveal(self.who())  #: B
        reveal(super().who())  #: B
",
    );
}

fn check_order(fixture: &str, class: &str, expected: &[&str]) {
    with_project(fixture, &["."], |project| {
        let path = RelativePath::new(fixture::DEFAULT_FILE).unwrap();
        let file = project.file(&path).unwrap();
        let symbol = file.symbols().find(class)[0];
        let class = project.class_at(file, symbol.range).unwrap();
        let orders: Vec<String> = project
            .linearisations(class)
            .iter()
            .map(|order| {
                let names: Vec<String> = order
                    .ancestors
                    .iter()
                    .map(|ancestor| match ancestor {
                        Ancestor::Class(class) => class.name().to_owned(),
                        Ancestor::External(name) => name.clone(),
                        Ancestor::Unresolved(_) => "?".to_owned(),
                    })
                    .collect();
                names.join(" ")
            })
            .collect();
        assert_eq!(orders, expected);
    });
}

#[test]
fn resolution_orders_are_those_of_python() {
    let diamond = "class A: ...\nclass B(A): ...\nclass C(A): ...\nclass D(B, C): ...\n";
    check_order(diamond, "D", &["D B C A"]);
    check_order("class A: ...\nclass B(A): ...\nclass C(A, B): ...\n", "C", &["C ?"]);
    check_order("class A(A): ...\n", "A", &["A ?"]);
    check_order("class A(object): ...\n", "A", &["A"]);
    check_order("from abc import ABC\nclass A(ABC): ...\n", "A", &["A abc.ABC"]);
    check_order("class A(make()): ...\n", "A", &["A ?"]);
    check_order(
        "try:\n  from x import Fast\nexcept ImportError:\n  Fast = None\nclass Slow: ...\nBase = Fast if Fast else Slow\nclass A(Base): ...\n",
        "A",
        &["A x.Fast", "A Slow"],
    );
    check_order(
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A(Generic[T]): ...\nclass B(A[int]): ...\n",
        "B",
        &["B A typing.Generic"],
    );
}

#[test]
fn resolution_orders_of_diamonds_and_circles_end() {
    let levels = |count: usize, level: &dyn Fn(usize) -> String| (1..=count).map(level).collect::<String>();
    let diamonds = levels(30, &|level| {
        let below = level - 1;
        format!("class A{level}(A{below}, B{below}): ...\nclass B{level}(A{below}, B{below}): ...\n")
    });
    let order: Vec<String> =
        (0..30).rev().flat_map(|level| [format!("A{level}"), format!("B{level}")]).collect();
    let text = format!("class A0: ...\nclass B0: ...\n{diamonds}");
    check_order(&text, "A30", &[&format!("A30 {}", order.join(" "))]);
    let circles = levels(60, &|level| {
        format!("class A{level}(A{}, A{}): ...\n", level * 7 % 60 + 1, level * 11 % 60 + 1)
    });
    with_project(&circles, &["."], |project| {
        let file = project.file(&RelativePath::new(fixture::DEFAULT_FILE).unwrap()).unwrap();
        for class in project.classes_in(file).iter() {
            assert!(!project.linearisations(*class).is_empty());
        }
    });
    let many = format!("class A({}): ...\n", "B, ".repeat(3_000));
    check_order(&many, "A", &["A ?"]);
}

#[test]
fn modules_that_import_everything_from_one_another_end() {
    check(
        "--- one.py
from two import *
from one import *
reveal(x)  #: ?
reveal(g)  #: def g
--- two.py
from one import *
from three import *
reveal(g)  #: def g
--- three.py
def g(): pass
",
    );
}

#[test]
fn words_are_found_in_all_files() {
    with_project("--- a.py\nx = needle\n--- b/c.py\n# needle\n--- d.py\n", &["."], |project| {
        let found: Vec<String> = project.mentioning("needle").iter().map(ToString::to_string).collect();
        assert_eq!(found, ["a.py", "b/c.py"]);
    });
}

#[test]
fn names_that_are_made_of_one_another_in_a_loop_end() {
    let steps: String = (0..30).map(|_| "        if x: x = x.step(x)\n").collect();
    check(&format!(
        "--- main.py
def go(x):
    x = make_up()
    while x:
{steps}        reveal(x)  #: ? | ? | ?
"
    ));
}

#[test]
fn names_that_mean_themselves_end() {
    let text = "class A(A.B): pass\nclass B(C): pass\nclass C(B): pass\nclass D:\n    x = x\n    y: 'D.y' = D.y\nb = B().a\nd = D().y\na = A().b\n";
    let tree = fixture::MemoryTree::parse(text);
    let files = Files::new(&tree);
    let project = Project::new(&files, &PythonSettings::default());
    let file = files.file(&RelativePath::new("example.py").unwrap()).unwrap();
    for name in ["a", "b", "d"] {
        let _ = project.resolve_dotted(&Scope::module(file), name);
    }
}

//! Names that are undefined in a target of several files; marked lines are the sites.

use crate::static_checks::testing::check as ask;

#[track_caller]
fn check(fixture: &str, name: &str, expected: &str) {
    let opposite = match expected {
        "holds" => "does not hold",
        "does not hold" => "holds",
        other => other,
    };
    let claim = |table: &str| format!("file = \"example.py\"\nstatic = {{ undefined-name = {table} }}");
    ask(&claim(&format!("'{name}'")), fixture, expected);
    ask(&claim(&format!("'{name}', expected = false")), fixture, opposite);
    if expected != "does not hold" {
        ask(&claim("true"), fixture, expected);
        ask(&claim("false"), fixture, opposite);
    }
}

#[test]
fn undefined_names_are_found() {
    check("def f(): return x  # <-\n", "x", "holds");
    check("def f(): return x\nx = 1\n", "x", "does not hold");
    check("def f(): return y\ny = 1\n", "x", "does not hold");
    ask(
        "file = 'example.py'\nsymbol = 'f'\nstatic = { undefined-name = true }",
        "def f(): return 1\ndef g(): return x\n",
        "does not hold",
    );
    ask(
        "file = 'example.py'\nsymbol = 'h'\nstatic = { undefined-name = true }",
        "def g(): return x\n",
        "symbol missing",
    );
    ask("file = 'other.py'\nstatic = { undefined-name = true }", "x = 1\n", "file missing");
}

#[test]
fn stars_bring_what_their_module_exports() {
    let star = |lib: &str| format!("--- example.py\nfrom lib import *\nprint(x)\n--- lib.py\n{lib}");
    check(&star("x = 1\n"), "x", "does not hold");
    check(&star("y = 1\n"), "x", "holds");
    check(&star("x = 1\n__all__ = ['y']\n"), "x", "holds");
    check(&star("__all__ = ['x']\n"), "x", "unresolved");
    check(&star("__all__ = []\nx = 1\n__all__.extend(n for n in dir())\n"), "x", "unresolved");
    check(&star("__all__ = ['y']\n__all__ += ['x']\nx = 1\n"), "x", "does not hold");
    check(&star("__all__ = ['y']\n__all__.append('z')\nx = 1\n"), "x", "holds");
    check(&star("__all__ = ['x', 'y']\n__all__.remove('x')\nx = 1\n"), "x", "unresolved");
    check(&star("import b\n__all__ = ['y', *b.__all__]\nx = 1\n--- b.py\n__all__ = ['z']\n"), "x", "holds");
    check(
        &star("import b\nfrom b import *\n__all__ = b.__all__ + ['y']\n--- b.py\n__all__ = ['x']\nx = 1\n"),
        "x",
        "does not hold",
    );
    check(&star("globals().update(f())\ndef f(): return {}\n"), "x", "unresolved");
    check(&star("from other import *\n--- other.py\nx = 1\n"), "x", "does not hold");
    check(&star("from lib import *\n"), "x", "holds");
    check(&star("from tkinter import *\n"), "x", "unresolved");
    check(&star("def f(:\n"), "x", "unresolved");
    check("from numpy import *\nprint(x)\n", "x", "unresolved");
    check("from nowhere.at.all import *\nprint(x)\n", "x", "unresolved");
    check(&star("def f():\n    global x\n    x = 1\n"), "x", "does not hold");
}

#[test]
fn modules_of_a_package_may_be_names_of_it() {
    let package = |text: &str| {
        format!(
            "--- example.py\nfrom lib import *\nprint(x)\n--- lib/__init__.py\n{text}--- lib/x.py\ny = 1\n"
        )
    };
    check(&package("from .x import y\n"), "x", "unresolved");
    check(&package("__all__ = ['x']\n"), "x", "does not hold");
    check(&package("__all__ = ['y']\ny = 1\n"), "x", "holds");
    ask(
        "file = 'lib/__init__.py'\nstatic = { undefined-name = 'x' }",
        "--- lib/__init__.py\nfrom .x import y\ndef f(): return x\n--- lib/x.py\ny = 1\n",
        "unresolved",
    );
    ask(
        "file = 'lib/__init__.py'\nstatic = { undefined-name = 'z' }",
        "--- lib/__init__.py\nfrom .x import y\ndef f(): return z  # <-\n--- lib/x.py\ny = 1\n",
        "holds",
    );
}

#[test]
fn a_translation_may_be_installed() {
    let other = |text: &str| format!("--- example.py\ndef f(): return _('x')\n--- start.py\n{text}");
    check(&other("import gettext\ngettext.install('domain')\n"), "_", "unresolved");
    check(&other("import gettext\n").replace("('x')", "('x')  # <-"), "_", "holds");
}

#[test]
fn names_that_are_put_there_at_run_time_are_not_decided() {
    check("exec(open('a').read())\nprint(x)\n", "x", "unresolved");
    check("globals()['x'] = 1\nprint(x)\n", "x", "unresolved");
    check("if 'x' in globals(): print(x)\n", "x", "unresolved");
    check("import a as x\ndef f(): return x\ndel x\n", "x", "unresolved");
    check("M = type\nclass A(metaclass=M): y = x\n", "x", "unresolved");
    let other = |text: &str| format!("--- example.py\ndef f(): return x\n--- other.py\n{text}");
    check(&other("import example\nexample.x = 1\n"), "x", "unresolved");
    check(&other("import example as e\ndef g():\n    e.x = 1\n"), "x", "unresolved");
    check(&other("import example\nsetattr(example, 'x', 1)\n"), "x", "unresolved");
    check(&other("import builtins\nbuiltins.x = 1\n"), "x", "unresolved");
    check(&other("class A: pass\nA.x = 1\n"), "x", "holds");
    check(&other("import example\nprint(example.x == 1)\n"), "x", "holds");
    check(&other("import lib\nlib.x = 1\n"), "x", "holds");
}

#[test]
fn files_that_do_not_compile_are_not_judged() {
    check("def f(): return x\ndef g(:\n", "x", "does not compile");
    let tree = "--- a.py\nprint(x)  # <-\n--- b.py\nprint(y\n--- c.py\nz = 1\n";
    ask("files = '*.py'\nstatic = { undefined-name = true }", tree, "holds");
    ask(
        "files = ['b.py', 'c.py']\nstatic = { undefined-name = true }",
        &tree.replace("  # <-", ""),
        "does not compile",
    );
    ask("files = 'c.py'\nstatic = { undefined-name = true }", &tree.replace("  # <-", ""), "does not hold");
}

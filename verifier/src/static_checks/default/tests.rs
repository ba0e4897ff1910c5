//! Defaults as people write them; marked lines are the sites.

use proptest::prelude::*;

use crate::python::literal::Value;
use crate::static_checks::testing::check as ask;

#[track_caller]
fn check(symbol: &str, table: &str, fixture: &str, expected: &str) {
    let symbol = if symbol.is_empty() { String::new() } else { format!("symbol = \"{symbol}\"\n") };
    ask(&format!("file = \"example.py\"\n{symbol}static = {{ {table} }}"), fixture, expected);
}

/// What `t` of `symbol` is: a literal, or the word for an answer that is none.
#[track_caller]
fn is(symbol: &str, fixture: &str, expected: &str) {
    match expected {
        "unresolved" => {
            check(symbol, "default = 't', value = 5", fixture, "unresolved");
            check(symbol, "default = 't', value = 5, expected = false", fixture, "unresolved");
        }
        "required" => {
            check(symbol, "default = 't', required = true", fixture, "holds");
            check(symbol, "default = 't', value = 5", fixture, "does not hold");
        }
        value => {
            check(symbol, &format!("default = 't', value = \"\"\"{value}\"\"\""), fixture, "holds");
            check(symbol, "default = 't', value = '\"another\"'", fixture, "does not hold");
            check(symbol, "default = 't', required = true", fixture, "does not hold");
            check(symbol, "default = 't', required = false", fixture, "holds");
        }
    }
}

#[test]
fn parameters_of_every_kind() {
    for (parameters, expected) in [
        ("t=5", "5"),
        ("a, t=5, *, b", "5"),
        ("a, t=5, /, b=1", "5"),
        ("*, t: int = 5", "5"),
        ("t", "required"),
        ("*, t", "required"),
        ("t=None", "None"),
        ("t='x'", "'x'"),
        ("t=500 * 1024 * 1024", "524288000"),
        ("t=-1", "-1"),
        ("t=(1, 'a')", "(1, 'a')"),
        ("t=g()", "unresolved"),
        ("*t", "unresolved"),
        ("**t", "unresolved"),
        ("**options", "unresolved"),
    ] {
        is(
            "f",
            &format!("def f({parameters}): pass  # <-\n").replace(
                if expected == "unresolved" && parameters == "**options" { "  # <-" } else { "none" },
                "",
            ),
            expected,
        );
        is("A.f", &format!("class A:\n    async def f(self, {parameters}): pass\n"), expected);
    }
    check("f", "default = 't', value = 5", "def f(a): pass\n", "does not hold");
    check("f", "default = 't', value = 5, expected = false", "def f(a): pass\n", "holds");
}

#[test]
fn what_has_a_default_may_be_left_out_whatever_that_is() {
    for (parameters, body) in [
        ("t=sys.maxsize", "pass"),
        ("t=N", "pass"),
        ("t=None", "t = g() if t is None else t"),
        ("t=None", "if t is None: t = g()"),
        ("t=None", "if t is None: t = 1 if x else 2"),
    ] {
        let fixture = format!("import sys\nif x: N = 1\nelse: N = 2\ndef f({parameters}):\n    {body}\n");
        check("f", "default = 't', required = true", &fixture, "does not hold");
        check("f", "default = 't', required = false", &fixture, "holds");
        check("f", "default = 't', required = true, expected = false", &fixture, "holds");
        check("f", "default = 't', value = 7", &fixture, "unresolved");
        check("f", "default = 't', value = 7, required = false", &fixture, "unresolved");
        let none = if parameters == "t=None" { "holds" } else { "unresolved" };
        check("f", "default = 't', value = 'None'", &fixture, none);
    }
    // Of what a call makes, a framework may read that the parameter must be given.
    let fixture = "def f(t=Option(...)): pass\n";
    check("f", "default = 't', required = false", fixture, "unresolved");
}

#[test]
fn bounds_are_about_numbers() {
    let fixture = "def f(t=5, n=None, s='5 MB', b=True): pass\n";
    for (bounds, expected) in [
        ("min = 5", true),
        ("min = 5.1", false),
        ("max = 5", true),
        ("max = 4", false),
        ("above = 5", false),
        ("above = 4.9", true),
        ("below = 5", false),
        ("below = 6", true),
        ("min = 1, max = 9", true),
        ("above = 5, max = 9", false),
    ] {
        let word = |holds: bool| if holds { "holds" } else { "does not hold" };
        check("f", &format!("default = 't', {bounds}"), fixture, word(expected));
        check("f", &format!("default = 't', {bounds}, expected = false"), fixture, word(!expected));
    }
    check("f", "default = 'n', above = 0", fixture, "does not hold");
    check("f", "default = 'b', above = 0", fixture, "does not hold");
    check("f", "default = 's', above = 0", fixture, "unresolved");
}

#[test]
fn values_are_computed_where_that_is_certain() {
    for (before, value, expected) in [
        ("N = 5", "N", "5"),
        ("N = 2\nM = N * 3", "M + 1", "7"),
        ("if x:\n    N = 1\nelse:\n    N = 2", "N", "unresolved"),
        ("N = 1\ndef g():\n    global N\n    N = 2", "N", "unresolved"),
        ("class S:\n    N = 5", "S.N", "5"),
        ("", "int('5')", "5"),
        ("", "float('0.5')", "0.5"),
        ("", "int('five')", "unresolved"),
        ("", "str(5)", "'5'"),
        ("", "bool('')", "False"),
        ("", "0 or 5", "5"),
        ("", "1 and 5", "5"),
        ("", "f'abc'", "'abc'"),
        ("", "f'{x}'", "unresolved"),
        ("", "dict()", "{}"),
        ("import os", "int(os.getenv('T', '5'))", "5"),
        ("import os", "os.environ.get('T', 5)", "5"),
        ("import os", "os.environ.get('T') or 5", "5"),
        ("import os", "os.environ['T']", "unresolved"),
        ("from lib import conf", "conf.get('t', 5)", "5"),
        ("from lib import conf", "conf.get('t')", "unresolved"),
        ("def int(x): return 7", "int('5')", "unresolved"),
        ("N = M\nM = N", "N", "unresolved"),
        ("from lib import N", "N", "unresolved"),
    ] {
        is("f", &format!("{before}\ndef f(t={value}): pass\n"), expected);
    }
    let files = "--- pkg/__init__.py\nfrom .limits import *\n--- pkg/limits.py\nN = 5\n--- example.py\nfrom pkg.limits import N as M\nimport pkg.limits\nclass A:\n    t = M\n    u = pkg.limits.N + 1\n";
    check("A", "default = 't', value = 5", files, "holds");
    check("A", "default = 'u', value = 6", files, "holds");
}

#[test]
fn none_may_stand_for_another_value() {
    for (body, value) in [
        ("if t is None: t = 5", "5"),
        ("if not t: t = 5", "5"),
        ("if t == None:\n        t = 5", "5"),
        ("t = t or 5", "5"),
        ("t = 5 if t is None else t", "5"),
        ("t = t if t is not None else 5", "5"),
        ("self.t = t or 5", "5"),
        ("self.t = t if t else 5", "5"),
        ("g(t or 5)", "5"),
    ] {
        let fixture = format!("def f(self, t=None):\n    {body}\n");
        check("f", &format!("default = 't', value = {value}"), &fixture, "holds");
        check("f", "default = 't', above = 10", &fixture, "does not hold");
        check("f", "default = 't', value = 'None'", &fixture, "holds");
    }
    for body in [
        "t = g()",
        "t = t or g()",
        "if t is None: t = 1\n    g(t or 2)",
        "for t in x: pass",
        "t = t or 1 or 2",
    ] {
        let fixture = format!("def f(self, t=None):\n    {body}\n");
        check("f", "default = 't', value = 5", &fixture, "unresolved");
    }
    // A value of its own is not replaced by what stands behind `or`.
    is("f", "def f(t=3):\n    t = t or 5\n", "3");
    is("f", "def f(t=None):\n    if t is None: return\n", "None");
}

#[test]
fn settings_of_classes() {
    for (class, expected) in [
        ("class A:\n    t = 5  # <-\n", "5"),
        ("class A:\n    t: int = 5\n", "5"),
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    t: int = field(default=5)\n",
            "5",
        ),
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    t: list = field(default_factory=list)\n",
            "[]",
        ),
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    t: list = field(repr=False)\n",
            "required",
        ),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    t: int\n", "required"),
        ("from pydantic import BaseModel, Field\nclass A(BaseModel):\n    t: int = Field(5, gt=0)\n", "5"),
        ("from pydantic import BaseModel, Field\nclass A(BaseModel):\n    t: int = Field(...)\n", "required"),
        ("class B:\n    t = 5\nclass A(B):\n    pass\n", "5"),
        ("class B:\n    t = 4\nclass A(B):\n    t = 5\n", "5"),
        ("class A:\n    def __init__(self, t=5): self.t = t\n", "5"),
        ("class B:\n    def __init__(self, t=5): self.t = t\nclass A(B): pass\n", "5"),
        ("class A:\n    def __init__(self): self.t = 5\n", "5"),
        ("class A:\n    def __init__(self, c): self.t = c.get('t', 5)\n", "5"),
        ("class A:\n    t = 4\n    def __init__(self, t=5): self.t = t\n", "unresolved"),
        ("from lib import B\nclass A(B): pass\n", "unresolved"),
        ("class A:\n    def __init__(self, c): self.t = c\n", "unresolved"),
    ] {
        is("A", class, expected);
    }
    check("A", "default = 't', value = 5", "class A:\n    def f(self): self.t = 5\n", "does not hold");
}

#[test]
fn settings_in_code() {
    for statement in [
        "t = 5",
        "t: int = 5",
        "app.config['t'] = 5",
        "settings.t = 5",
        "config = {'a': 1, 't': 5}",
        "config.update(t=5)",
        "config = dict(t=5)",
        "config.setdefault('t', 5)",
        "x = config.get('t', 5)",
        "x = getattr(config, 't', 5)",
        "import os; x = os.getenv('t', 5)",
        "parser.add_argument('-x', '--t', type=int, default=5)",
        "parser.add_argument('--other', dest='t', default=5)",
        "import click\n@click.option('--t', default=5)\ndef f(t): pass",
        "def f(t=5): pass",
        "class A:\n    t = 5",
    ] {
        check("", "default = 't', value = 5", &format!("{statement}\n"), "holds");
        check("", "default = 't', value = 6", &format!("{statement}\n"), "does not hold");
        check("", "default = 't', value = 6, expected = false", &format!("{statement}\n"), "holds");
    }
    let port = "p.add_argument('-p', '--the-port', dest='x', default=5)\n";
    check("", "default = '--the-port', value = 5", port, "holds");
    check("", "default = '-p', value = 5", port, "holds");
    check("", "default = '--the-port', value = 6", port, "does not hold");
    check("", "default = '--port', value = 5", port, "does not hold");
    check(
        "",
        "default = 'dry_run', value = false",
        "p.add_argument('--dry-run', action='store_true')\n",
        "holds",
    );
    for other in ["config['u'] = 5", "u = {'tt': 5}", "t()", "def t(): pass", "x = config.get('u', 5)"] {
        check("", "default = 't', value = 5", &format!("{other}\n"), "does not hold");
    }
    check("", "default = 't', value = 5", "from lib import *\n", "unresolved");
    // One place is enough where no symbol says which is meant; with one, all must agree.
    let two = "def f():\n    a['t'] = 5\n    b['t'] = 6\n";
    check("", "default = 't', value = 5", two, "holds");
    check("f", "default = 't', value = 5", two, "unresolved");
    check("f", "default = 't', value = 7", two, "does not hold");
}

#[test]
fn options_are_what_their_parser_makes_of_them() {
    let option = |arguments: &str| {
        format!(
            "import argparse\ndef f():\n    p = argparse.ArgumentParser()\n    p.add_argument({arguments})\n"
        )
    };
    for (arguments, expected) in [
        ("'--t', default='5', type=int", "5"),
        ("'--t', default='5', type=str", "'5'"),
        ("'--t', default='', type=bool", "False"),
        ("'--t', default=5, type=str", "5"),
        ("'--t', default='five', type=int", "unresolved"),
        ("'--t', default='5', type=make", "unresolved"),
        ("'--t', default=5, type=make", "5"),
        ("'--t', default='5'", "'5'"),
        ("'--t', required=True", "required"),
        ("'t'", "required"),
        ("'t', nargs='+'", "required"),
        ("'t', nargs='?'", "None"),
        ("'t', nargs='*'", "unresolved"),
        ("'--t'", "None"),
        ("'--t', type=int", "None"),
        ("'--t', action='count'", "None"),
        ("'--t', action=argparse.BooleanOptionalAction", "None"),
        ("'--t', action='store_true'", "False"),
        ("'--t', action='store_true', default=None", "None"),
        ("'--t', action=make", "unresolved"),
        ("'--t', required=x", "unresolved"),
        ("'--t', **more", "unresolved"),
    ] {
        is("f", &option(arguments), expected);
    }
    check("f", "default = '--t', value = 5", &option("'--t', default='5', type=int"), "holds");
    check("f", "default = '--t', value = \"'5'\"", &option("'--t', default='5', type=int"), "does not hold");
    // The parser's own defaults come first.
    let set = format!("{}    p.set_defaults(t=5)\n", option("'--t', default=4"));
    check("", "default = 't', value = 5", &set, "holds");
    check("", "default = 't', value = 4", &set, "unresolved");
    check("", "default = 't', value = 4", &set.replace("t=5", "u=5"), "holds");
    // Other things have arguments, too.
    let browser =
        "from selenium.webdriver import ChromeOptions\no = ChromeOptions()\no.add_argument('--t')\n";
    check("", "default = 't', value = 'None'", browser, "does not hold");
}

#[test]
fn what_configuration_falls_back_to() {
    for (call, expected) in [
        ("c.getint('s', 't', fallback=5)", "5"),
        ("c.get('s', 't', fallback='5')", "'5'"),
        ("c['s'].getint('t', 5)", "5"),
        ("c['s'].getboolean('t', fallback=True)", "True"),
        ("c['s'].get('t', fallback=5)", "5"),
    ] {
        is(
            "f",
            &format!(
                "import configparser\ndef f():\n    c = configparser.ConfigParser()\n    return {call}\n"
            ),
            expected,
        );
    }
    check("f", "default = 't', value = 5", "def f(c): c.getint('t', 'u', fallback=5)\n", "does not hold");
}

#[test]
fn what_is_changed_in_its_place_is_not_what_it_was() {
    for (code, value, expected) in [
        ("t = 80\nt += 1", "81", "holds"),
        ("t = 80\nt += 1", "80", "does not hold"),
        ("t = 80\nt += 1\nt *= 2", "162", "holds"),
        ("t = 80\nt += x()", "80", "unresolved"),
        ("t = 80\nif x: t += 1", "80", "unresolved"),
        ("t = 80\nt += 1\nt = 5", "5", "holds"),
        ("t = 80\nt += 1\nt = 5", "81", "does not hold"),
        ("class A:\n    t = 80\n    t += 1", "81", "holds"),
        ("class A:\n    t = 80\n    t += 1", "80", "does not hold"),
    ] {
        check("", &format!("default = 't', value = {value}"), &format!("{code}\n"), expected);
    }
    check("A", "default = 't', value = 81", "class A:\n    t = 80\n    t += 1\n", "holds");
}

#[test]
fn what_a_decorator_puts_in_its_place_may_have_another_parameter() {
    let wrapped = "import functools\ndef wrap(function):\n    @functools.wraps(function)\n    def inner(self, t): return function(self, t)\n    return inner\nclass A:\n    @wrap\n    def f(self, x): pass\n    @functools.cache\n    def g(self, x): pass\n    @functools.cache\n    def h(self, t): pass\n";
    is("A.f", wrapped, "unresolved");
    check("A.g", "default = 't', required = true", wrapped, "does not hold");
    is("A.h", wrapped, "required");
}

#[test]
fn decorators_may_say_what_a_parameter_is() {
    let option =
        |decorator: &str| format!("import click\nfrom lib import wrap\n{decorator}\ndef f(t): pass\n");
    is("f", &option("@click.option('--t', default=5)"), "5");
    is("f", &option("@click.option('--t', default='5', type=int)"), "5");
    is("f", &option("@click.option('--t', default='5', type=click.Path(exists=True))"), "'5'");
    check("f", "default = 't', value = 5", &option("@wrap"), "unresolved");
    is("f", &option("@staticmethod"), "required");
}

#[test]
fn sweeps_and_broken_files() {
    let fixture = "--- a.py\nt = 5  # <-\n--- b.py\ndef f(t=6): pass\n--- c.py\nx = 1\n";
    ask("files = '*.py'\nstatic = { default = 't', value = 5 }", fixture, "holds");
    ask(
        "files = ['b.py', 'c.py']\nstatic = { default = 't', value = 5 }",
        &fixture.replace("  # <-", ""),
        "does not hold",
    );
    let broken = "--- example.py\nt = 5\ndef f(:\n";
    check("", "default = 't', value = 5", broken, "holds");
    check("", "default = 't', value = 6", broken, "does not compile");
    check("", "default = 't', value = 6, expected = false", broken, "does not compile");
    check("g", "default = 't', value = 6", "def f(:\n    pass\n\ndef g(t=5): pass\n", "does not compile");
    check("g", "default = 't', value = 5", "def f(:\n    pass\n\ndef g(t=5): pass\n", "holds");
    check("h", "default = 't', value = 5", "def g(t=5): pass\n", "symbol missing");
}

proptest! {
    /// What is written as a default is what is found, and nothing else is.
    #[test]
    fn a_literal_is_its_own_default(number in -1_000_000_i64..1_000_000, other in -1_000_000_i64..1_000_000) {
        let fixture = format!("def f(a, t={number}, *, b=2): pass\n");
        let word = if number == other { "holds" } else { "does not hold" };
        check("f", &format!("default = 't', value = {number}"), &fixture, "holds");
        check("f", &format!("default = 't', value = {other}"), &fixture, word);
    }

    #[test]
    fn values_print_as_what_they_are_read_from(text in "[ -~]{0,12}", number in any::<i64>(), float in -1e9_f64..1e9) {
        for value in [Value::Text(text.clone()), Value::Integer(number.into()), Value::Float(float)] {
            let read = Value::parse(&value.to_string());
            prop_assert!(read.as_ref().is_some_and(|read| read.is_same(&value)), "{value} {read:?}");
        }
    }
}

//! Handlers that are as a claim says and handlers that only look like it; marked lines are sites.

use crate::static_checks::testing::check as ask;

#[track_caller]
fn check(table: &str, fixture: &str, expected: &str) {
    ask(&format!("file = \"example.py\"\nstatic = {{ {table} }}"), fixture, expected);
}

/// A handler of this head and body, in a function that has `log` at hand.
fn handler(head: &str, body: &str) -> String {
    let mark = if head.contains("# <-") { "" } else { "  # <-" };
    format!(
        "import logging\nlog = logging.getLogger()\ndef f(x):\n    try:\n        g()\n    {head}:{mark}\n        {body}\n"
    )
}

#[test]
fn bare_means_without_a_class() {
    check("handler = 'bare'", &handler("except", "pass"), "holds");
    check("handler = 'bare'", &handler("except", "raise"), "holds");
    for head in ["except Exception", "except BaseException as e", "except (A, B)"] {
        check("handler = 'bare'", &handler(head, "pass"), "does not hold");
    }
    check("handler = 'bare'", "x = 1\n", "does not hold");
    check("handler = 'bare', expected = false", "x = 1\n", "holds");
    check("handler = 'bare', expected = false", &handler("except", "pass"), "does not hold");
}

#[test]
fn broad_means_every_error() {
    for head in [
        "except",
        "except Exception",
        "except BaseException as e",
        "except (ValueError, Exception)",
        "except ((ValueError, Exception), OSError)",
        "except* Exception",
    ] {
        check("handler = 'broad'", &handler(head, "pass"), "holds");
    }
    for head in ["except OSError", "except (ValueError, OSError) as e", "except logging.Error"] {
        check("handler = 'broad'", &handler(head, "pass"), "does not hold");
    }
    let named = |binding: &str, class: &str| format!("{binding}\ntry:\n    g()\nexcept {class}:\n    pass\n");
    check("handler = 'broad'", &named("ALL = (OSError, Exception)", "ALL"), "holds");
    check("handler = 'broad'", &named("SOME = (OSError, KeyError)", "SOME"), "does not hold");
    check("handler = 'broad'", &named("import builtins", "builtins.Exception"), "holds");
    check("handler = 'broad'", &named("E = Exception", "E"), "holds");
    let either = "if x:\n    E = Exception\nelse:\n    E = OSError\n";
    check("handler = 'broad'", &named(either, "E"), "unresolved");
    check("handler = 'broad'", &named(&either.replace("Exception", "KeyError"), "E"), "does not hold");
    check("handler = 'broad'", &named(&either.replace("OSError", "BaseException"), "E"), "holds");
    // What is declared to be a class of errors may be one of its subclasses.
    let given = "def f(kind: type[Exception]):\n    try: g()\n    except kind: pass\n";
    check("handler = 'broad'", given, "unresolved");
    check(
        "handler = 'broad'",
        "def kind() -> type[Exception]: return x\ntry: g()\nexcept kind(): pass\n",
        "unresolved",
    );
    for (errors, expected) in [
        ("def __init__(self, errors: type[Exception]): self.errors = errors", "unresolved"),
        ("def __init__(self, errors: type[Exception]): self.errors: type[Exception] = errors", "unresolved"),
        ("def __init__(self, errors=Exception): self.errors, self.x = errors, 1", "unresolved"),
        ("errors: type[Exception]", "unresolved"),
        ("errors = Exception", "holds"),
        ("def __init__(self): self.errors = Exception", "holds"),
        ("errors = OSError", "does not hold"),
    ] {
        let class = format!(
            "class A:\n    {errors}\n    def f(self):\n        try: g()\n        except self.errors: pass\n"
        );
        check("handler = 'broad'", &class, expected);
    }
    let module = |errors: &str| {
        format!("--- m.py\n{errors}\n--- example.py\nimport m\ntry:\n    g()\nexcept m.E:\n    pass\n")
    };
    check("handler = 'broad'", &module("E: type[Exception]"), "unresolved");
    check("handler = 'broad'", &module("E = Exception"), "holds");
    // A module that everything is imported from has no name of its own for a builtin.
    let star = |module: &str| {
        format!(
            "--- other.py\nfrom re import *\nx = 1\n--- lib.py\n{module}\n--- example.py\nfrom lib import *\ntry:\n    g()\nexcept Exception:\n    pass\n"
        )
    };
    check("handler = 'broad'", &star("from other import *"), "holds");
    check("handler = 'broad'", &star("class Exception(ValueError): pass"), "does not hold");
    check("handler = 'broad'", &star("from elsewhere import make\nException = make()"), "unresolved");
    // The builtin is hidden by another class.
    check("handler = 'broad'", &named("class Exception(ValueError): pass", "Exception"), "does not hold");
    check("handler = 'broad'", &named("from lib import errors", "errors()"), "unresolved");
    check("handler = 'broad'", "def f(classes):\n    try: g()\n    except classes: pass\n", "unresolved");
}

#[test]
fn silent_means_that_nobody_is_told() {
    for body in [
        "pass",
        "...",
        "'nothing to do'",
        "return None",
        "return {'ok': False}",
        "x = None",
        "x.flag = False",
        "x += 1",
        "x.stats['errors'] += 1",
        "del x",
        "x = len(str(x))",
        "import time; time.sleep(1)",
        "x = [1].append(2)",
        "def inner(): raise ValueError",
        "x = lambda: log.error('later')",
        "x.close()",
        "x.shutdown(wait=False)",
    ] {
        check("handler = 'silent'", &handler("except OSError", body), "holds");
        check("handler = 'silent', expected = false", &handler("except OSError", body), "does not hold");
    }
    check("handler = 'silent'", &handler("except OSError as e", "if e.errno == 4: return"), "holds");
    check("handler = 'silent'", &handler("except OSError as e", "error = e"), "holds");
    check("handler = 'silent'", &handler("except OSError as e", "_ = error = e"), "holds");
    check("handler = 'silent'", "for x in y:\n    try: g()\n    except E: continue  # <-\n", "holds");
}

#[test]
fn telling_anybody_is_not_silent() {
    for body in [
        "raise",
        "raise ValueError from e",
        "log.error('no')",
        "logging.exception('no')",
        "print('no')",
        "import warnings; warnings.warn('no')",
        "import traceback; traceback.print_exc()",
        "import sys; sys.stderr.write('no')",
        "import sys; sys.exit(1)",
        "import os; os._exit(1)",
        "x.logger.warning('no')",
        "return str(e)",
        "x.error = e",
        "h(e)",
        "if x: raise",
        "if x: log.debug('no')",
        "x = [e]",
        "yield e",
        "error = e\n    return error",
        "error = e\n    return lambda: error",
        "global error; error = e",
        "error = self.error = e",
        "error = e\n    return locals()",
    ] {
        check("handler = 'silent'", &handler("except OSError as e", body), "does not hold");
        check("handler = 'silent', expected = false", &handler("except OSError as e", body), "holds");
    }
}

#[test]
fn what_unknown_code_tells_is_not_known() {
    for body in [
        "return {'ok': False, 'message': 'it did not work'}",
        "x.append(f'{x}: failed')",
        "return 'error'",
        "x.finish()",
        "x.close('no')",
        "close(x)",
        "from lib import report; report('no')",
        "x.emit('no')",
        "yield 1",
        "exec(x)",
    ] {
        check("handler = 'silent'", &handler("except OSError", body), "unresolved");
        check("handler = 'silent', expected = false", &handler("except OSError", body), "unresolved");
    }
    // A library's function without a text tells nobody.
    check("handler = 'silent'", &handler("except OSError", "import lib; lib.Socket().close()"), "holds");
}

#[test]
fn helpers_are_followed() {
    let helper = |helper: &str, call: &str| {
        format!("import logging\n{helper}\ndef f():\n    try:\n        g()\n    except E:\n        {call}\n")
    };
    check("handler = 'silent'", &helper("def h(): return 1", "return h()"), "holds");
    check("handler = 'silent'", &helper("def h(t): logging.error(t)", "h('no')"), "does not hold");
    check(
        "handler = 'silent'",
        &helper("def h(t): i(t + '!')\ndef i(t): logging.error(t)", "h('no')"),
        "unresolved",
    );
    // It may log that it stops, and not why.
    check("handler = 'silent'", &helper("def h(): logging.info('stopping')", "h()"), "unresolved");
    check(
        "handler = 'silent'",
        &helper("def h(t):\n    try: i()\n    except E: logging.error(t)", "h('no')"),
        "unresolved",
    );
    check("handler = 'silent'", &helper("def h(): return h()", "h()"), "holds");
    check("handler = 'silent'", &helper("@wrapped\ndef h(): pass", "h()"), "unresolved");
}

#[test]
fn all_that_is_asked_is_true_of_one_handler() {
    let both = "try: g()\nexcept OSError: pass\ntry: g()\nexcept Exception: print('no')\n";
    check("handler = ['broad', 'silent']", both, "does not hold");
    check("handler = 'silent'", both, "holds");
    check("handler = 'broad'", both, "holds");
}

#[test]
fn suppressing_is_a_handler() {
    let with =
        |import: &str, with: &str| format!("{import}\ndef f(x):\n    with {with}:  # <-\n        g()\n");
    check(
        "handler = ['broad', 'silent']",
        &with("import contextlib", "contextlib.suppress(Exception)"),
        "holds",
    );
    check(
        "handler = ['broad', 'silent']",
        &with("from contextlib import suppress as s", "s(Exception)"),
        "holds",
    );
    check("handler = 'silent'", &with("from contextlib import suppress", "x, suppress(KeyError)"), "holds");
    let narrow = "from contextlib import suppress\nwith suppress(KeyError): g()\n";
    check("handler = 'broad'", narrow, "does not hold");
    check("handler = 'bare'", narrow, "does not hold");
    check("handler = 'silent', around = 'g()', catches = 'KeyError', reraises = false", narrow, "holds");
    check("handler = 'silent'", "def suppress(x): ...\nwith suppress(E): g()\n", "does not hold");
}

#[test]
fn around_is_what_can_raise_into_the_handler() {
    let table = "handler = 'silent', around = 'risky(...)'";
    let check = |body: &str, expected: &str| {
        check(
            table,
            &format!("def f():\n    try:\n        {body}\n    except KeyError:\n        pass\n"),
            expected,
        );
    };
    check("x = [risky(1)]", "holds");
    check("safe()", "does not hold");
    check("def g(): risky()", "does not hold");
    check("g(lambda: risky())", "does not hold");
    check("def g(x=risky()): pass", "holds");
    check(
        "\n        try:\n            risky()\n        except:\n            log.error('no')",
        "does not hold",
    );
    check("\n        try:\n            risky()\n        except:\n            raise", "holds");
    check("\n        try:\n            risky()\n        except OSError:\n            print('no')", "holds");
    // Not in the body, but behind it: the handler does not see it.
    ask(
        "file = \"example.py\"\nstatic = { handler = 'silent', around = 'risky(...)' }",
        "try:\n    safe()\nexcept E:\n    pass\nelse:\n    risky()\nfinally:\n    risky()\n",
        "does not hold",
    );
}

#[test]
fn the_handlers_own_body_can_be_asked_about() {
    let table = "handler = 'broad', does = 'raise HTTPError(500, ...)'";
    check(table, &handler("except Exception as e", "raise HTTPError(500, str(e))"), "holds");
    check(table, &handler("except Exception as e", "raise HTTPError(400)"), "does not hold");
    check(table, &handler("except ValueError as e", "raise HTTPError(500)"), "does not hold");
    check(table, "try: raise HTTPError(500)\nexcept Exception: pass\n", "does not hold");
}

#[test]
fn reraising_means_every_path_or_none() {
    for (body, every, none) in [
        ("raise", true, false),
        ("raise X from e", true, false),
        ("log.error('no'); raise", true, false),
        ("pass", false, true),
        ("return", false, true),
        ("if x: raise", false, false),
        ("import sys; sys.exit(1)", true, false),
        ("await g()", false, true),
        ("\n        try: raise\n        except: pass", false, true),
    ] {
        let word = |holds: bool| if holds { "holds" } else { "does not hold" };
        let fixture = handler("except Exception as e", body).replace("  # <-", "");
        let fixture =
            if body.contains("await") { fixture.replace("def f(", "async def f(") } else { fixture };
        check("handler = 'broad', reraises = true", &fixture, word(every));
        check("handler = 'broad', reraises = false", &fixture, word(none));
    }
}

#[test]
fn helpers_may_raise_on_some_paths() {
    for (helpers, body, none) in [
        ("def h(x):\n    if x: raise ValueError", "h(x)", "unresolved"),
        ("def h(x):\n    try: raise ValueError\n    except ValueError: pass", "h(x)", "holds"),
        ("def h(x):\n    def i(): raise ValueError\n    return i", "h(x)", "holds"),
        ("def h(x): i(x)\ndef i(x):\n    if x: raise ValueError", "h(x)", "unresolved"),
        ("def h(x): h(x)", "h(x)", "holds"),
        ("def h(x): raise ValueError", "h(x)", "does not hold"),
        ("class H:\n    def h(self):\n        if x: raise ValueError", "H().h()", "unresolved"),
        ("async def h(x):\n    if x: raise ValueError", "h(x)", "holds"),
        ("async def h(x):\n    if x: raise ValueError", "await h(x)", "unresolved"),
        ("def h(x):\n    if x: raise ValueError", "y = lambda: h(x)", "holds"),
        ("def h(x):\n    if x: raise ValueError\n    return x", "await h(x)", "unresolved"),
        (
            "def h(x):\n    if x: raise ValueError",
            "\n        try: h(x)\n        except ValueError: pass",
            "holds",
        ),
    ] {
        let fixture = format!("{helpers}\n{}", handler("except Exception", body).replace("  # <-", ""));
        let fixture =
            if body.contains("await") { fixture.replace("def f(", "async def f(") } else { fixture };
        check("handler = 'broad', reraises = false", &fixture, none);
    }
}

#[test]
fn the_handler_that_an_exception_ends_in() {
    for (heads, wanted, expected) in [
        ("except KeyError", "KeyError", "holds"),
        ("except LookupError", "KeyError", "holds"),
        ("except KeyError", "LookupError", "does not hold"),
        ("except Exception", "KeyboardInterrupt", "does not hold"),
        ("except BaseException", "KeyboardInterrupt", "holds"),
        ("except", "SystemExit", "holds"),
        ("except Exception", "asyncio.CancelledError", "does not hold"),
        ("except Exception", "subprocess.CalledProcessError", "holds"),
        ("except OSError", "subprocess.CalledProcessError", "does not hold"),
        ("except IOError", "FileNotFoundError", "holds"),
        ("except socket.error", "ConnectionResetError", "holds"),
        ("except socket.timeout", "OSError", "does not hold"),
        ("except ValueError", "json.JSONDecodeError", "holds"),
        ("except json.decoder.JSONDecodeError", "json.JSONDecodeError", "holds"),
        ("except Exception", "yaml.YAMLError", "holds"),
        ("except Exception", "trio.Cancelled", "unresolved"),
        ("except asyncio.TimeoutError", "TimeoutError", "unresolved"),
        ("except asyncio.TimeoutError", "asyncio.TimeoutError", "holds"),
        ("except asyncio.TimeoutError", "asyncio.exceptions.TimeoutError", "holds"),
        ("except asyncio.TimeoutError", "OSError", "does not hold"),
        ("except asyncio.TimeoutError", "ConnectionError", "does not hold"),
        ("except concurrent.futures.TimeoutError", "TimeoutError", "unresolved"),
        ("except concurrent.futures.TimeoutError", "asyncio.TimeoutError", "unresolved"),
        ("except TimeoutError", "asyncio.TimeoutError", "unresolved"),
        ("except (asyncio.TimeoutError, TimeoutError)", "TimeoutError", "holds"),
        ("except OSError", "asyncio.TimeoutError", "unresolved"),
        ("except ValueError", "asyncio.TimeoutError", "does not hold"),
        ("except Exception", "asyncio.TimeoutError", "holds"),
        ("except socket.timeout", "TimeoutError", "holds"),
        ("except ValueError", "yaml.YAMLError", "unresolved"),
        ("except zmq.ZMQError", "yaml.YAMLError", "does not hold"),
        ("except yaml.MarkedYAMLError", "yaml.YAMLError", "unresolved"),
        ("except Own", "Own", "holds"),
        ("except Base", "Own", "holds"),
        ("except Own", "Base", "does not hold"),
        ("except ValueError", "Own", "holds"),
        ("except OSError", "Own", "does not hold"),
        ("except Exception", "Own", "holds"),
        ("except Own", "ValueError", "does not hold"),
        ("except computed()", "ValueError", "unresolved"),
        ("except (computed(), ValueError)", "ValueError", "holds"),
    ] {
        let fixture = format!(
            "import asyncio, concurrent.futures, json, socket, subprocess, trio, yaml, zmq\nfrom lib import computed\n\
             class Base(ValueError): pass\nclass Own(Base): pass\n\
             try:\n    g()\n{heads}:\n    pass\n"
        );
        check(&format!("handler = 'silent', catches = '{wanted}'"), &fixture, expected);
    }
}

#[test]
fn an_earlier_handler_takes_the_exception() {
    let behind = "try: g()\nexcept ValueError: raise\nexcept Exception: pass\n";
    check("handler = 'silent', catches = 'ValueError'", behind, "does not hold");
    check("handler = 'silent', catches = 'KeyError'", behind, "holds");
    let unknown = "from lib import computed\ntry: g()\nexcept computed(): raise\nexcept Exception: pass\n";
    check("handler = 'silent', catches = 'KeyError'", unknown, "unresolved");
}

#[test]
fn symbols_narrow_and_sweeps_collect() {
    let fixture = "\
--- example.py
class A:
    def f(self):
        try: g()
        except: pass
    def h(self):
        pass
--- b.py
try:
    g()
except:  # <-
    pass
--- c.py
x = 1
";
    let ask = |scope: &str, expected: &str, fixture: &str| {
        ask(&format!("{scope}\nstatic = {{ handler = 'bare' }}"), fixture, expected);
    };
    let plain = fixture.replace("  # <-", "");
    ask("file = 'example.py'\nsymbol = 'A.f'", "holds", &plain);
    ask("file = 'example.py'\nsymbol = 'A'", "holds", &plain);
    ask("file = 'example.py'\nsymbol = 'A.h'", "does not hold", &plain);
    ask("file = 'example.py'\nsymbol = 'A.i'", "symbol missing", &plain);
    ask("file = 'd.py'", "file missing", &plain);
    ask("files = ['b.py', 'c.py']", "holds", fixture);
    ask("files = 'c.py'", "does not hold", &plain);
    ask("files = 'd*.py'", "file missing", &plain);
}

#[test]
fn a_file_that_does_not_compile_never_refutes() {
    let broken = "def f(:\n    pass\n\ndef g():\n    try:\n        h()\n    except OSError:\n        pass\n";
    check("handler = 'bare'", broken, "does not compile");
    check("handler = 'bare', expected = false", broken, "does not compile");
    check("handler = 'silent'", broken, "holds");
    let inside = "try:\n    x = (\nexcept:\n    pass\n";
    check("handler = 'bare'", inside, "does not compile");
}

#[test]
fn helper_that_does_nothing_with_the_exception_is_nobody() {
    let ask = |call: &str, helper: &str, expected: &str| {
        let code =
            format!("{helper}\ndef f():\n    try:\n        g()\n    except OSError as e:\n        {call}\n");
        let expected_sites = if expected == "holds" { code.replace("as e:", "as e:  # <-") } else { code };
        check("handler = 'silent'", &expected_sites, expected);
    };
    ask("quiet(e)", "def quiet(e): pass", "holds");
    ask("quiet(e=e)", "def quiet(*, e): return None", "holds");
    ask("quiet(1, e)", "def inner(e): ...\ndef quiet(a, e): inner(e)", "holds");
    ask("quiet(e)", "class Sink:\n    @staticmethod\n    def quiet(e): pass\nquiet = Sink.quiet", "holds");
    ask("keep(e)", "seen = []\ndef keep(e): seen.append(e)", "does not hold");
    ask("tell(e)", "import logging\ndef tell(e): logging.error(e)", "does not hold");
    ask("tell(e)", "import logging\ndef tell(e): logging.error('it failed')", "does not hold");
    ask("quiet(*e)", "def quiet(*e): pass", "does not hold");
    ask("quiet(e)", "from lib import wrap\n@wrap\ndef quiet(e): pass", "does not hold");
    ask("quiet(e)", "from lib import quiet", "does not hold");
}

#[test]
fn a_name_for_what_nobody_wants_is_nobody() {
    let module = "try:\n    g()\nexcept OSError as e:\n    _ = e\n";
    check("handler = 'silent'", module, "holds");
    check("handler = 'silent'", &format!("{module}print(_)\n"), "does not hold");
    check("handler = 'silent'", &format!("{module}def f(): return _\n"), "does not hold");
    check("handler = 'silent'", &module.replace("_ =", "problem ="), "does not hold");
    for text in ["__all__ = ['_']", "def f(): return globals()['_']"] {
        check("handler = 'silent'", &format!("{module}{text}\n"), "does not hold");
    }
    for other in ["from example import _", "import example\nprint(example._)"] {
        check(
            "handler = 'silent'",
            &format!("--- other.py\n{other}\n--- example.py\n{module}"),
            "does not hold",
        );
    }
}

#[test]
fn what_a_name_stands_for_may_be_replaced() {
    crate::static_checks::testing::check_cases(include_str!("replaced.txt"));
}

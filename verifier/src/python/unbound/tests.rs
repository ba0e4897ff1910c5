//! Code with uses that meet no binding: `# <- name` marks the line of each.

use super::*;
use crate::python::SourceFile;
use crate::target::RelativePath;

fn found(text: &str) -> Names {
    let path = RelativePath::new("a.py").unwrap();
    let source = SourceFile::parse(path, text);
    assert_eq!(source.errors(), [], "{text}");
    names(source.module(), false)
}

/// The marked uses are those that are found, with their lines.
#[track_caller]
fn check(text: &str) {
    let source = SourceFile::parse(RelativePath::new("a.py").unwrap(), text);
    let mut actual: Vec<(u32, String)> = found(text)
        .unbound
        .into_iter()
        .map(|unbound| (source.line(unbound.range.start()), unbound.name))
        .collect();
    let mut expected: Vec<(u32, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some((_, names)) = line.split_once("# <- ") {
            let line = u32::try_from(index + 1).unwrap();
            expected.extend(names.split_whitespace().map(|name| (line, name.to_owned())));
        }
    }
    actual.sort();
    expected.sort();
    assert_eq!(actual, expected, "{text}");
}

#[test]
fn a_name_that_nothing_binds_is_unbound() {
    check("print(x)  # <- x");
    check("x.y.z = 1  # <- x");
    check("x[0] += 1  # <- x");
    check("x += 1  # <- x");
    check("del x  # <- x");
    check("@d  # <- d\ndef f(a=b): return c  # <- b c\n");
    check("class A(B, metaclass=M): x = y  # <- B M y\n");
    check("f'{x!r:{y}}'  # <- x y\n");
    check("print(__name__, __file__, __doc__, __spec__, __builtins__, WindowsError, aiter, exit)\n");
    check(
        "print(__path__, __dict__, unicode, xrange, reveal_type)  # <- __path__ __dict__ unicode xrange reveal_type\n",
    );
}

#[test]
fn everything_that_binds_is_known() {
    check("import a, b.c, d as e\nfrom f import g, h as i\nprint(a, b, e, g, i)\n");
    check("print(c, d, h)  # <- c d h\nimport a.c as x\nfrom d import h as y\n");
    check("a = b, *c = 1\n(d, [e, *f]) = 1\ng: int = 1\nprint(a, b, c, d, e, f, g)\n");
    check("for a, b in x: pass  # <- x\nprint(a, b)\n");
    check("with f() as (a, b), g(a): print(a, b)  # <- f g\n");
    check("if (a := 1): print(a)\nprint(a)\n");
    check("def f(a, /, b, *c, d=1, **e): return a, b, c, d, e, f\n");
    check("print((lambda a, *b, c=1, **d: (a, b, c, d, e))())  # <- e\n");
    check("try: pass\nexcept E as e: print(e)  # <- E\n");
    check(
        "match [1]:\n    case [a, *b]: print(a, b)\n    case {'x': c, **d}: print(c, d)\n    case P(x=e) as f: print(e, f)  # <- P\n    case _: print(_)  # <- _\n",
    );
    check("type A[T] = list[T] | B\nB = 1\nprint(A)\n");
    check("def f[T: U, *Ts, **P](a: T) -> T: return T, Ts, P\nU = int\nT  # <- T\n");
    check("class A[T](list[T]):\n    x: T\n    def f(self, y: T) -> T: return T\n");
}

#[test]
fn scopes_are_those_of_python() {
    check("class A:\n    x = 1\n    y = x\n    def f(self): return x  # <- x\n");
    check("class A:\n    x = 1\n    y = [x for _ in range(3)]  # <- x\n");
    check("class A:\n    x = [1]\n    y = [i for i in x]\n");
    check("class A:\n    x = 1\n    y = lambda: x  # <- x\n");
    check(
        "class A:\n    def f(self): return __class__, super()\n    print(__qualname__, __module__)\n__class__  # <- __class__\n",
    );
    check("class A:\n    def f(self): return A, B\nclass B: pass\n");
    check("class A(A): pass  # <- A\n");
    check("def f():\n    x = 1\n    def g(): return x\n    return g\n");
    check("def f():\n    def g(): return x\n    x = 1\n    return g\n");
    check("def f(): return x\nx = 1\n");
    check("def f():\n    x = 1\ndef g(): return x  # <- x\n");
    check("print([x for x in y], x)  # <- y x\n");
    check("print([y for x in [1] if (y := x)], y)\n");
    check("print({k: v for k, v in z for z in [1]})  # <- z\n");
    check("def f():\n    global x\n    x = 1\ndef g(): return x\n");
    check("def f():\n    global x\n    return x  # <- x\n");
    check(
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n        return x\n    return g, x\n",
    );
    check("x = 1\ndef f():\n    class A:\n        x = x\n        def g(self): return x\n");
}

#[test]
fn the_order_counts_where_it_is_certain() {
    check("print(x)  # <- x\nx = 1\n");
    check("x = x  # <- x\n");
    check("def f():\n    print(x)  # <- x\n    x = 1\n");
    check("x = 1\ndef f():\n    print(x)  # <- x\n    x = 2\n");
    check("x = 1\nclass A:\n    x = x\n");
    check("x = 1\ndel x\nprint(x)  # <- x\n");
    check("x = 1\nif y():  # <- y\n    del x\nprint(x)\n");
    check("def f():\n    try: pass\n    except E as e: pass  # <- E\n    return e  # <- e\n");
    check("e = 1\ntry: pass\nexcept KeyError as e: pass\nprint(e)\n");
    check("def f():\n    try: pass\n    except KeyError as e: x = e\n    return x\n");
    check("def f(a=g()): pass  # <- g\ndef g(): pass\n");
    check("x: int\nprint(x)  # <- x\n");
    check("print(len)\nlen = 1\n");
    check("def f():\n    print(len)  # <- len\n    len = 1\n");
}

#[test]
fn what_some_way_may_bind_is_bound() {
    check("if a(): x = 1  # <- a\nprint(x)\n");
    check("for i in []: x = 1\nprint(x, i)\n");
    check("for i in []:\n    if i: print(x)\n    x = 1\n");
    check("while f(): x = 1  # <- f\nelse: y = 1\nprint(x, y)\n");
    check("while True:\n    if f(): break  # <- f\n    x = 1\nprint(x)\n");
    check("try: x = 1\nexcept KeyError: print(x)\nfinally: print(x)\n");
    check("try: pass\nexcept KeyError: x = 1\nelse: y = 1\nprint(x, y)\n");
    check("try: import a\nexcept ImportError: a = None\nprint(a)\n");
    check("with f(): x = g()  # <- f g\nprint(x)\n");
    check("y = x if (x := 1) else x\n");
    check("match 1:\n    case 1: x = 1\n    case y if y: pass\nprint(x, y)\n");
    check("def f():\n    if g():  # <- g\n        return\n        print(x)\n    x = 1\n");
    check(
        "def f():\n    while True:\n        try:\n            x = 1\n            break\n        except KeyError: continue\n    return x\n",
    );
    check("def f():\n    try:\n        x = 1\n    finally:\n        pass\n    return x\n");
    check("def f():\n    for x in []: break\n    else: return\n    return x\n");
}

#[test]
fn annotations_are_uses_of_their_own_kind() {
    check("def f(a: A) -> B: c: C  # <- A B C\n");
    check("x: 'A[B]' = 1  # <- A B\n");
    check("x: Literal['A'] = 1  # <- Literal\n");
    check("from typing import Annotated, Literal\nx: Annotated[int, 'no name', Literal['a']] = 1\n");
    check("x: 'not a type' = 1\n");
    check("def f(a: Later, b: 'Later'): pass  # <- Later\nclass Later: pass\n");
    check(
        "from __future__ import annotations\ndef f(a: Later, b: Never): pass  # <- Never\nclass Later: pass\n",
    );
    let kinds = |text: &str| found(text).unbound.iter().map(|it| it.use_kind).collect::<Vec<_>>();
    assert_eq!(kinds("x: A = 1\n"), [UseKind::Annotation]);
    assert_eq!(kinds("x: 'A' = 1\n"), [UseKind::UnevaluatedAnnotation]);
    assert_eq!(kinds("def f():\n    x: A = 1\n"), [UseKind::UnevaluatedAnnotation]);
    assert_eq!(kinds("from __future__ import annotations\nx: A = 1\n"), [UseKind::UnevaluatedAnnotation]);
    assert_eq!(kinds("x = A\n"), [UseKind::Evaluated]);
}

#[test]
fn type_checking_never_runs() {
    let under = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import A\n";
    check(&format!("{under}def f(a: 'A'): pass\n"));
    check(&format!("{under}def f(): return A  # <- A\n"));
    check(&format!("{under}else:\n    A = None\ndef f(): return A\n"));
    check(&format!("{under}def f(a: A): pass  # <- A\n"));
    check(&format!("{under}def f():\n    a: A = g()  # <- g\n"));
    check("import typing\nif not typing.TYPE_CHECKING:\n    A = 1\nelse:\n    B = 1\nprint(A, B)  # <- B\n");
    assert_eq!(found(&format!("{under}print(A)\n")).unbound[0].why, Why::OnlyForTypeCheckers);
}

#[test]
fn guards_and_names_made_at_run_time_are_told() {
    check("try: unicode\nexcept NameError: unicode = str\n");
    check("try: unicode\nexcept (NameError, KeyError): pass\n");
    check("try: unicode  # <- unicode\nexcept KeyError: pass\n");
    check("try:\n    def f(): return unicode  # <- unicode\nexcept NameError: pass\n");
    for text in [
        "exec(code)",
        "exec(code, globals())",
        "globals()['x'] = 1",
        "globals().update(x=1)",
        "import sys\nsetattr(sys.modules[__name__], 'x', 1)",
        "vars()['x'] = 1",
        "import enum\n@enum.global_enum\nclass E(enum.Enum): x = 1",
    ] {
        assert!(found(&format!("code = 1\n{text}\n")).dynamic.is_some(), "{text}");
    }
    for text in ["exec(code, {})", "globals()['x']", "globals().get('x')", "x = code['y']"] {
        assert_eq!(found(&format!("code = 1\n{text}\n")).dynamic, None, "{text}");
    }
    assert!(found("if 'x' in globals(): print(x)\n").probed.contains("x"));
}

#[test]
fn what_may_be_gone_when_a_function_runs_is_told() {
    let why = |text: &str| found(text).unbound.iter().map(|it| it.why).collect::<Vec<_>>();
    let handler =
        |body: &str| format!("def f(g):\n    try: g()\n    except KeyError as e:\n        {body}\n");
    assert_eq!(why(&handler("g(lambda: e)")), [Why::PerhapsGone]);
    assert_eq!(why(&handler("def h(): return e")), [Why::PerhapsGone]);
    assert_eq!(why(&handler("g([str(e) for _ in g])")), []);
    assert_eq!(why(&handler("g(any(str(e) == x for x in g))")), []);
    assert_eq!(why("import a\ndef f(): return a\ndel a\n"), [Why::PerhapsGone]);
    // `typing.get_type_hints` evaluates what Python itself leaves alone.
    let lazy = "from __future__ import annotations\nimport a\ndef f(x: a): pass\n";
    assert_eq!(why(&format!("{lazy}del a\n")), [Why::PerhapsGone]);
    assert_eq!(why(lazy), []);
    assert_eq!(why("import a\ndef f(x: 'a'): pass\ndel a\n"), [Why::PerhapsGone]);
    assert_eq!(why("import a\ndef f(x: a): pass\ndel a\n"), []);
    assert_eq!(why("import a\nb = [a for _ in 'x']\ndel a\n"), []);
    assert_eq!(why("def f():\n    return [x for _ in 'x']\n    x = 1\n"), [Why::NotYet]);
    assert_eq!(why("e = 1\ntry: pass\nexcept KeyError as e: pass\ndef f(): return e\n"), []);
}

#[test]
fn a_metaclass_may_supply_names() {
    assert!(
        found("class A(metaclass=M): x = y\n").unbound.iter().any(|it| it.name == "y" && it.in_odd_class)
    );
    assert!(!found("class A(metaclass=ABCMeta): x = y\n").unbound.iter().any(|it| it.in_odd_class));
    assert!(!found("class A(metaclass=M):\n    def f(self): y\n").unbound.iter().any(|it| it.in_odd_class));
}

#[test]
fn the_body_of_a_class_runs_where_it_stands() {
    check("class A:\n    x = A  # <- A\n");
    check("def f():\n    class A:\n        x = A  # <- A\n        y = later  # <- later\n    later = 1\n");
    check("def f():\n    class A:\n        def g(self): return A, later\n    later = 1\n");
    check("for i in []:\n    class A:\n        x = A\n");
}

#[test]
fn what_only_python_2_runs_does_not_count() {
    check("import sys\nif sys.version_info[0] < 3: text = unicode\nelse: text = str\n");
    check("import sys\nif sys.version_info >= (3,): text = str\nelse: text = unicode\n");
    check("import sys\nif sys.version_info >= (3, 8): text = str\nelse: text = unicode  # <- unicode\n");
    check("import sys\nif sys.version_info.major == 2: text = unicode\nelif 1: text = long  # <- long\n");
    check("import sys\ntext = unicode if sys.version_info < (3, 0) else str\n");
    check("import sys\nif sys.version_info < (4,): text = unicode  # <- unicode\n");
    check("import six\nif not six.PY3 and x: text = unicode  # <- x\n");
}

#[test]
fn a_name_that_is_tried_is_known_to_be_tried() {
    check("import contextlib\nwith contextlib.suppress(NameError): print(x)\n");
    let names = found("try:\n    x\nexcept NameError:\n    raise SystemExit\nprint(x)\n");
    assert!(names.probed.contains("x"));
}

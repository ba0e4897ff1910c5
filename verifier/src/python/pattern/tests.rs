use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Literals, Matcher, Pattern, Prefilter};
use crate::python::SourceFile;
use crate::target::RelativePath;

fn parse(target: &str) -> SourceFile {
    SourceFile::parse(RelativePath::new("target.py").expect("relative"), target)
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error} at {:?}", error.range))
}

/// Finds `pattern` in `target` and compares with the lines that end in `#!`.
fn check(text: &str, target: &str) {
    let file = parse(target);
    let found: std::collections::BTreeSet<u32> =
        Matcher::new(&file).find(&pattern(text)).iter().map(|found| file.line(found.range.start())).collect();
    let wanted: std::collections::BTreeSet<u32> = (1..)
        .zip(target.lines())
        .filter(|(_, line)| line.trim_end().ends_with("#!"))
        .map(|(line, _)| line)
        .collect();
    assert_eq!(found, wanted, "pattern: {text}\ntarget:\n{target}");
    // What matches must have passed the prefilter.
    let prefilter = Prefilter::new(&[pattern(text).literals().clone()]);
    assert!(wanted.is_empty() || prefilter.is_candidate(target.as_bytes()), "prefilter of {text}");
}

/// The value of `name` in each match, in order.
fn check_bindings(text: &str, target: &str, name: &str, expected: &[&str]) {
    let file = parse(target);
    let found = Matcher::new(&file).find(&pattern(text));
    let values: Vec<&str> =
        found.iter().map(|found| found.bindings.get(name).map_or("", |b| b.text())).collect();
    assert_eq!(values, expected, "pattern: {text}");
}

fn check_refused(text: &str, at: &str, message: &str) {
    let error = Pattern::parse(text).expect_err(text);
    assert_eq!(&text[error.range.clone()], at, "{text}: {error}");
    assert!(error.message.contains(message), "{text}: {error}");
}

#[test]
fn metavariables_and_ellipses_stand_for_arguments() {
    check("open($PATH, ...)", "open(a)  #!\nopen()\nopen(a, 'w')  #!\nx.open(a)\n");
    check("f(..., 5)", "f(5)  #!\nf(1, 2, 5)  #!\nf(5, 1)\nf(1, 5, k=2)  #!\n");
    check("f()", "f()  #!\nf(1)\nf(k=1)\n");
    check("f($...A, 3, $...A)", "f(1, 3, 1)  #!\nf(3)  #!\nf(1, 3, 2)\n");
    check_bindings("f($...ARGS)", "f(1, g(2))\n", "$...ARGS", &["1, g(2)"]);
    check_bindings("f($...ARGS)", "f(1, a=2, **b)\nf(a=1)\nf()\n", "$...ARGS", &["1, a=2, **b", "a=1", ""]);
    check_bindings("f(1, $...ARGS, b=2)", "f(1, a=2, b=2, c=3)\nf(1, b=2)\n", "$...ARGS", &["a=2, c=3", ""]);
}

#[test]
fn modules_are_named_in_full() {
    let imports = "from a import x  #!\nfrom a.b import x  #!\nfrom .a import x  #!\nimport a\n";
    check("from $M import $X", imports);
    check_bindings("from $M import $X", imports, "$M", &["a", "a.b", ".a"]);
    check("from $M import *", "from a.b import *  #!\nfrom a import *  #!\nfrom a import b\n");
    check_bindings("from $M import x", "from a.b.c import x\nfrom a.x import y\n", "$M", &["a.b.c"]);
    check_bindings(
        "import $X",
        "import a\nfrom .a import b\nfrom .. import c\n",
        "$X",
        &["a", ".a.b", "..c"],
    );
}

#[test]
fn metavariable_is_one_variable() {
    check("$X = a()\n...\nf($X)", "x = a()  #!\nf(x)\n");
    let defined = "$X = a()\ndef $G(...): f($X)";
    check(defined, "x = a()  #!\ndef g(y): f(x)\n");
    check(defined, "x = a()\ndef g(x): f(x)\n");
    check("def $F($X): ...\ndef $G($Y): f($X)", "def g(x): pass\ndef h(x): f(x)\n");
    let members = "class $C:\n    ...\n    def $F(self, $X): ...\n    ...\n    def $G(self): self.$X";
    check(members, "class A:  #!\n    def f(self, x): pass\n    def g(self): self.x\n");
}

#[test]
fn ellipsis_goes_into_nested_blocks_for_other_bindings() {
    let target = "def g(c):\n    a = f()\n    if c:\n        b = f()\n    return a\n";
    check_bindings("def $F(...):\n    ...\n    $X = f()\n    ...", target, "$X", &["a", "b"]);
    check_bindings(
        "$X = f()\n...\nreturn $Y",
        "def g(c):\n    x = f()\n    if c:\n        return 1\n    return 2\n",
        "$Y",
        &["2", "1"],
    );
}

#[test]
fn ellipsis_goes_into_definitions_where_a_variable_of_the_file_is_used() {
    check("$X = a()\n...\nf($X)", "x = a()  #!\ndef g():\n    if y:\n        f(x)\n");
    check("$X = a()\n...\nf($X)", "x = a()  #!\nclass C:\n    def g(self):\n        return f(x)\n");
    // A parameter is another variable.
    check("$X = a()\n...\nf($X)", "x = a()\ndef g(x):\n    f(x)\n");
    check(
        "def $F(...):\n    ...\n    def $G(...): ...",
        "def f():  #!\n    class C:\n        def g(self): pass\n",
    );
}

#[test]
fn assignments_within_expressions_are_assignments() {
    check("$X = f(...)", "x = f(1)  #!\nif (y := f(2)):  #!\n    pass\nz = g(f(3))\n");
    check_bindings("$X = $Y", "while chunk := read(1): pass\n", "$X", &["chunk"]);
    check("x = 1", "y = (x := 1)  #!\n(z := 1)\n");
    check("($X := $Y)", "x = 1\nf(x := 1)  #!\n");
}

#[test]
fn keyword_arguments_have_no_order() {
    check("f(a=1, b=$X)", "f(b=2, a=1)  #!\nf(a=1)\nf(a=1, b=2, c=3)\n");
    check("f(a=1, ...)", "f(b=2, a=1)  #!\nf(0, a=1)  #!\nf(a=2)\n");
    check("f($K=1)", "f(z=1)  #!\nf(1)\n");
    check("f(**$X)", "f(**options)  #!\nf(options)\n");
}

#[test]
fn equal_metavariables_stand_for_equal_code() {
    check("$X.bind($Y, $Y)", "s.bind(a.b, a . b)  #!\ns.bind(a, b)\n");
    check("$X == $X", "a[1] == a[ 1 ]  #!\na == b\nb'x' == 'x'\n");
    check("f($_, $_)", "f(1, 2)  #!\n");
    check("def $F($P): ...\n", "def f(x): pass  #!\ndef g(x, y): pass\n");
    check("self.$F = $F", "self.a = a  #!\nself.a = b\n");
    check("x = 1\nx = 1", "x = 1  #!\nx = 1\nx = 2\n");
    check("x = 1\nx = $Y", "x = 1  #!\nx = 1  #!\nx = 2\n");
}

#[test]
fn ellipsis_stands_for_statements_also_nested_ones() {
    let target = "def f():\n    s = make()  #!\n    if s:\n        log()\n        s.bind(1)\n\n\
                  def g():\n    s = make()\n    t.bind(1)\n";
    check("$S = make()\n...\n$S.bind(...)", target);
    check("a()\nb()", "a()  #!\nb()\na()\nc()\nb()\n");
    check("a()\n...\nb()", "a()  #!\nc()\nb()\n");
    check("def f(): ...", "def f():  #!\n    pass\n");
    check("if $X:\n    return", "if a:  #!\n    return\nif b:\n    return 1\nif c:\n    x()\n    return\n");
    check("if $X:\n    ...\n    return", "if c:  #!\n    x()\n    return\nif d:\n    x()\n");
}

#[test]
fn ellipsis_stands_for_elements_operands_and_chains() {
    check("[..., $X, $X, ...]", "[1, 2, 2]  #!\n[1, 2]\n");
    check("(1, ...)", "x = (1, 2)  #!\nx = (2, 1)\nx = [1]\n");
    check("{..., 'k': $V, ...}", "x = {'a': 1, 'k': 2}  #!\nx = {'a': 1}\nx = {'k'}\n");
    check("{**$X, ...}", "x = {**a, 'b': 1}  #!\nx = {'b': 1, **a}  #!\nx = {'b': 1}\n");
    check("{..., **$X}", "x = {'b': 1, **a}  #!\nx = {'b': 1}\nx = {'b', 1}\n");
    check("{...}", "x = {1}  #!\nx = {}  #!\nx = {k: v for k in y}  #!\nx = [1]\n");
    check("a and ... and b", "a and b  #!\na and c and b  #!\nb and a\n");
    check("$X.a(). ... .b()", "x.a().c().d[1].b()  #!\nx.a().b()  #!\nx.b().a()\n");
    check("1 + ...", "1 + 2  #!\n1 + 2 + 3  #!\n2 + 1\n");
}

#[test]
fn deep_expressions_are_found_at_any_depth() {
    check("if <... $X is None ...>: ...", "if a and (b or c is None):  #!\n    pass\nif a:\n    pass\n");
    check("f(<... x ...>)", "f(g(h[x]))  #!\nf(x)  #!\nf(y)\n");
    check("f(<... g() ...>, <... h() ...>)", "f(-g(), 1 + h())  #!\nf(h(), g())\n");
    check("<... f() ...>.x", "a(f()).x  #!\na(g()).x\n");
}

#[test]
fn strings_are_any_a_value_or_a_regular_expression() {
    check("f(\"...\")", "f('a')  #!\nf(b'a')  #!\nf(f'a')  #!\nf(f'{a}')\nf(1)\n");
    check("f('ab')", "f(\"a\" 'b')  #!\nf('''ab''')  #!\nf(b'ab')\n");
    check("f(\"=~/^a.$/\")", "f('ab')  #!\nf('abc')\n");
    check("f(\"=~/^A$/i\")", "f('a')  #!\nf('b')\n");
    check_bindings("f(\"$TEXT\")", "f('one')\nf(\"t\" \"wo\")\n", "$TEXT", &["one", "two"]);
    check("f\"...{$X}...\"", "x = f'a{b}c'  #!\nx = f'abc'\nx = 'abc'\n");
    check("f\"{$X}{$X}\"", "f'{a}{a}'  #!\nf'{a}{b}'\n");
    check(
        "f\"a...{$X}...c\"",
        "f'ab{d}bc'  #!\nf'a{d}c'  #!\nf'a{d}{e}c'  #!\nf'b{d}c'\nf'a{d}cb'\nf'abc'\n",
    );
    check("f\"...b...{$X}\"", "f'abc{d}'  #!\nf'{b}b{d}'  #!\nf'ac{d}'\nf'abc{d}e'\n");
    check("f\"a{$X}\"", "f'a{b}'  #!\n'a' f'{b}'  #!\nf'ab{c}'\nf'a{b}c'\n");
    check("f\"ab{$X}\"", "'a' f'b{c}'  #!\n");
    check("f\"{a!r}\"", "f'{a!r}'  #!\nf'{a}'\nf'{a!s}'\n");
    check("f\"{a:>{$W}}\"", "f'{a:>{b}}'  #!\nf'{a:>5}'\nf'{a}'\n");
    check("f\"{a:...}\"", "f'{a:>5}'  #!\nf'{a}'\n");
    check("f\"{a}\"", "f'{a!r:>5}'  #!\n");
    check_bindings("f\"$TEXT{$X}\"", "f'one {a}'\nf'{a}'\n", "$TEXT", &["one "]);
    check("g(f\"$TEXT\")", "g(f'one')  #!\ng(f'{a}')\n");
    check("f(b\"...\")", "f(b'a')  #!\nf('a')\n");
    check("f(b\"$X\", b\"=~/^a/\")", "f(b'a', b'ab')  #!\nf('a', b'ab')\nf(b'a', 'ab')\n");
}

#[test]
fn imports_and_aliases_are_what_they_stand_for() {
    let imports = [
        ("import pickle", "pickle.loads"),
        ("import pickle as p", "p.loads"),
        ("from pickle import loads", "loads"),
        ("from pickle import loads as l", "l"),
        ("from pickle import *", "loads"),
    ];
    for (import, name) in imports {
        check("pickle.loads(...)", &format!("{import}\n{name}(data)  #!\nother.{name}(data)\n"));
    }
    check("a.b.$F(...)", "from a import b as c\nc.d()  #!\nb.d()\n");
    check("loads(...)", "from json import loads\nloads(1)  #!\n");
}

#[test]
fn names_of_a_function_hide_imports() {
    check(
        "pickle.loads(...)",
        "from pickle import loads\n\ndef f(loads):\n    return loads(1)\n\ndef g():\n    return loads(1)  #!\n\n\
         def h():\n    from json import loads\n    return [loads(1) for loads in g]\n",
    );
}

#[test]
fn import_counts_where_it_is_made_until_it_is_replaced() {
    check(
        "pickle.loads(...)",
        "from json import loads\nloads(1)\nfrom pickle import loads\nloads(1)  #!\nfrom json import loads\nloads(1)\n",
    );
    // Another function's, a class's, and one that is said to be the file's.
    check("a.f()", "def g():\n    import a as b\n    b.f()  #!\ndef h():\n    b.f()\nb.f()\n");
    check("a.f()", "class C:\n    import a as b\n    x = b.f()  #!\nb.f()\n");
    check("a.f()", "def g():\n    global b\n    import a as b\ndef h():\n    b.f()  #!\n");
    check("a.f()", "def g():\n    import a as b\n    def h():\n        b.f()  #!\n");
    check("a.f()", "import a as b\ndef g():\n    import c as b\n    b.f()\nb.f()  #!\n");
    // What runs later may see what is imported later; what runs at once does not.
    check("a.f()", "def g():\n    b.f()  #!\nb.f()\nimport a as b\n");
    // One of two, and one that both replace.
    check("a.f()", "try:\n    import a as b\nexcept ImportError:\n    import c as b\nb.f()  #!\n");
    check("a.f()", "import a as b\nif x:\n    import c as b\n    b.f()\nb.f()  #!\n");
    check("a.f()", "import a as b\nimport b\nb.f()\n");
    check("a.f()", "import a as b\nfrom . import b\nb.f()\n");
}

#[test]
fn import_counts_where_its_name_is_seen() {
    // A method does not see what its class imports; a default value and a class itself do.
    check("a.f()", "import a as b\nclass C:\n    import c as b\n    def g(self):\n        b.f()  #!\n");
    check("a.f()", "class C:\n    import a as b\n    b.f()  #!\n    def g(self, x=b.f()): pass  #!\n");
    check("a.f()", "import a as b\nclass C:\n    import c as b\n    b.f()\n");
    check("a.f()", "import a as b\nclass C:\n    if x:\n        import c as b\n    b.f()  #!\n");
    // The next time round.
    check("a.f()", "for x in y:\n    b.f()  #!\n    import a as b\n");
    check("a.f()", "while x:\n    for x in y:\n        b.f()  #!\n    import a as b\n");
    check("a.f()", "while x:\n    import c as b\n    b.f()\n    import a as b\n");
    check("a.f()", "for x in b.g():\n    def g():\n        import a as b\n    b.f()\n");
    // When it is called.
    check("a.f()", "g = lambda x=b.f: x(b.f())  #!\nb.f()\nimport a as b\n");
    check("a.f()", "def g():\n    global b\n    import a as b\nimport c as b\ndef h():\n    b.f()  #!\n");
    check(
        "a.f()",
        "def g():\n    import c as b\n    def h():\n        nonlocal b\n        import a as b\n    h()\n    b.f()  #!\n",
    );
}

#[test]
fn star_may_replace_what_was_imported_by_name() {
    check("a.f()", "try:\n    from a import *\nexcept ImportError:\n    pass\nf()  #!\n");
    check("a.f()", "from c import f\nfrom a import *\nf()\n");
    check("a.f()", "def g():\n    from a import *\n    f()\n");
    check("a.f()", "from a import *\nfrom c import f\nf()\n");
    check("a.f()", "def g():\n    from c import f\n    f()\nfrom a import *\n");
}

#[test]
fn decorator_is_a_call_without_arguments() {
    check("cache(...)", "@cache  #!\ndef f(): pass\n@cache(1)  #!\ndef g(): pass\n@other\ndef h(): pass\n");
    check("cache(size=1)", "@cache\ndef f(): pass\n@cache(size=1)  #!\ndef g(): pass\n");
    check("m.cache(...)", "from m import cache as c\n@c  #!\ndef f(): pass\nc\n");
    check("$F(...)", "@cache\ndef f(): pass\n");
}

#[test]
fn adjacent_literals_are_found_by_adjacent_ellipses() {
    check("\"...\" \"...\"", "['a' 'b', 'c']  #!\n('a' 'b' f'{c}')  #!\n'ab'\nf'{a}' + 'b'\n");
    check("\"a\" \"...\"", "'a' 'b'  #!\n'a' f'{b}'  #!\n'b' 'a'\n'a' 'b' 'c'\n");
    check("\"...\" \"c\"", "'a' 'b' 'c'  #!\n'b' 'a'\nf'{c}'\n");
}

#[test]
fn literal_beside_an_f_string_is_a_string() {
    check("'a'", "'a' f'{b}'  #!\nf'{b}' 'a'  #!\nf'a{b}'  #!\n'a' 'b'\n");
    check("\"$X\"", "f'{b}' f'{c}'\nf'{b}' 'a'  #!\n");
}

#[test]
fn import_statements_are_found_in_all_their_forms() {
    check(
        "import a.b",
        "import a.b  #!\nimport a.b.c  #!\nfrom a import b  #!\nfrom a.b import c  #!\nimport a\nfrom .a import b\n",
    );
    check("from a import b, c", "from a import c, x, b  #!\nfrom a import b\n");
    check("import a as $X\n...\n$X.f()", "import a as z  #!\nz.f()\n");
    check("from a import *", "from a import *  #!\nfrom a import b\n");
    check(
        "from $M import b",
        "from a import b  #!\nfrom .a import b  #!\nfrom . import b  #!\nfrom .b import a\n",
    );
    check(
        "from $M import *",
        "from a import *  #!\nfrom .a import *  #!\nfrom . import *  #!\nfrom .a import b\n",
    );
    check("from . import *", "from . import *  #!\nfrom a import *\n");
    check("from . import $X", "from . import b  #!\nfrom .a import b\n");
    check_bindings("from $M import b as $X", "from ..a.b import b as d\n", "$M", &["..a.b"]);
    check_bindings("from $M import $X", "from ..a.b import c as d\n", "$X", &["d", "c"]);
    check_bindings("from a import $X", "from a import b, c as d\n", "$X", &["b", "d", "c"]);
    check("import a as $X", "import a as b  #!\nfrom a import b as c\n");
}

#[test]
fn variables_are_the_constants_that_they_certainly_hold() {
    check("f(\"...\")", "x = 'a'\nf(x)  #!\nx = g()\nf(x)\n");
    check("f('ab')", "x = 'a'\ny = x + 'b'\nf(y)  #!\n");
    check("f(1)", "def g(c):\n    if c:\n        x = 1\n    f(x)\n");
    check("f(1)", "def g(c):\n    if c:\n        x = 1\n    else:\n        x = 1\n    f(x)  #!\n");
    check("f(\"...\")", "def g(c):\n    x = 'a' if c else 'b'\n    f(x)  #!\n    f(c or 'b')\n");
    check("f(0)", "def g(c):\n    x = 0\n    while c:\n        f(x)\n        x = c()\n    f(x)\n");
    check("f(0)", "def g(x=0):\n    f(x)\n");
    check("f(0)", "def g():\n    x = 0\n    def h():\n        f(x)\n    x = 1\n");
    check("f(0)", "x = 0\ny = 0\ny = 1\n\ndef g():\n    f(x)  #!\n    f(y)\n");
    check("f(0)", "x = 0\n\ndef g():\n    global x\n    x = 1\n\ndef h():\n    f(x)\n");
    check("f(3)", "x = 1\nx += 2\nf(x)  #!\nx += g()\nf(x)\n");
    check("f('n=5')", "n = 5\nf(f'n={n}')  #!\nf(f'n={n!r}')\nf(f'n={n:03}')\n");
    check("f(1)", "x = 1\nf([x for x in y])\nlambda x: f(x)\nf(x)  #!\n");
    check("f(1)", "try:\n    x = 1\n    g()\nexcept E:\n    x = 2\nf(x)\n");
    check("f(1)", "x = 1\ntry:\n    g()\nfinally:\n    f(x)  #!\n");
    check("f(1)", "x = 1\ndel x\nf(x)\nx = 1\nimport x\nf(x)\n");
    check("f(1)", "x = 1\nif (x := g()):\n    f(x)\n");
    check("f(1)", "x = 1\nmatch y:\n    case [x]:\n        f(x)\n    case _:\n        f(x)  #!\nf(x)\n");
    check("f(1)", "with a as x:\n    f(x)\nx, y = 1, 1\nf(x)\n");
}

#[test]
fn numbers_are_values() {
    check("f(255)", "f(0xff)  #!\nf(2 ** 8 - 1)  #!\nf(255.0)\nf(-255)\n");
    check("f(-1)", "f(-1)  #!\nf(1)\n");
    check(
        "f(100000000000000000000000000000000000000000)",
        "f(100000000000000000000000000000000000000000)  #!\nf(1)\n",
    );
    check("f(True)", "f(True)  #!\nf(1)\n");
    check("f(None)", "f(None)  #!\nf(0)\n");
}

#[test]
fn types_are_those_of_literals_annotations_and_constructors() {
    check("f($X: int)", "f(1)  #!\nf('1')\nf(x)\n");
    check("f($X: Socket)", "def g(a: Socket, b):\n    f(a)  #!\n    f(b)\n    c = Socket()\n    f(c)  #!\n");
    check("$X: int", "x: int  #!\n");
    check("f($X: int)", "def g(*a: int, **b: int):\n    f(a)\n    f(b)\n");
    check("f($X: int)", "class C:\n    a: int\n    f(a)  #!\n    def g(self):\n        f(a)\nf(a)\n");
    check(
        "f($X: int)",
        "def g(a: int, b: int, c: int):\n    def h(b):\n        nonlocal c\n        f(a)  #!\n        f(b)\n        f(c)\n",
    );
    check("f($X: int)", "a: int = 1\ndef g(a: str):\n    def h():\n        global a\n        f(a)\n");
    check(
        "f($X: int)",
        "class C:\n    a: int\n    b = lambda: f(a)\n    c = [f(a) for _ in d]\n    f(a)  #!\n",
    );
    check("f($X: int)", "a: int = g()\ndef h():\n    f(a)  #!\n    global b\n    f(b)\n");
    check("f($X: A)", "with A() as a:\n    f(a)\n");
    check("f($X: bool)", "f(not a)  #!\nf(a is b)  #!\nf(a not in b)  #!\nf(a == b)\nf(a is b == c)\n");
    check("f($X: a.Socket)", "b: 'a.Socket' = g()\nf(b)  #!\nc: 'Socket' = g()\nf(c)\n");
}

#[test]
fn operators_are_associative_and_bits_commutative() {
    check("a and b and c", "a and (b and c)  #!\na and b\nb and a and c\n");
    check("a | b", "b | a  #!\na | c | b  #!\na & b\n");
    check("a + b", "a + b  #!\nb + a\n");
    check("not $X", "not a  #!\n-a\n");
    check("$X < $Y < $Z", "a < b < c  #!\na < b\n");
    check("$X not in $Y", "a not in b  #!\nnot a in b\n");
}

#[test]
fn functions_are_found_whatever_they_have_besides() {
    check("def f(x): ...", "def f(x: int) -> str: pass  #!\ndef g(x): pass\n");
    check("def f(...): ...", "@d\ndef f(a, *b, c=1, **e): pass\n".replace("@d", "@d  #!").as_str());
    check("def $F(..., timeout=0, ...): ...", "def f(a, timeout=0): pass  #!\ndef g(timeout=1): pass\n");
    check("def f(*$A): ...", "def f(*args): pass  #!\ndef f(args): pass\n");
    check("def f(x): ...", "async def f(x): pass  #!\n");
    check("async def f(x): ...", "async def f(x): pass  #!\ndef f(x): pass\n");
    check("def f() -> int: ...", "def f() -> int: pass  #!\ndef f(): pass\n");
    check(
        "def f(..., x, ...): ...",
        "def f(x=1): pass  #!\ndef f(a, *, x: int = 1): pass  #!\ndef f(y=1): pass\n",
    );
    check("def f(x=...): ...", "def f(x=1): pass  #!\ndef f(x): pass\n");
    check("def f(a, /, ...): ...", "def f(a, /, b): pass  #!\ndef f(a, b): pass\n");
    check(
        "def f(..., *, $X, ...): ...",
        "def f(a, *, b): pass  #!\ndef f(a, *b, c): pass  #!\ndef f(a, b): pass\n",
    );
    check("def f[$T](x: $T): ...", "def f[A](x: A): pass  #!\ndef f[A](x: B): pass\ndef f(x: A): pass\n");
    check("def f[..., **P](): ...", "def f[A, **P](): pass  #!\ndef f[A, *P](): pass\n");
    check("def f(x): ...", "def f[A](x: A): pass  #!\n");
    check("lambda $X: ...", "lambda a=1: a  #!\nlambda: 1\n");
    check("lambda $X: $X", "lambda a: a  #!\nlambda a: b\n");
}

#[test]
fn decorators_have_no_order_and_stand_alone() {
    check("@d\ndef $F(...): ...", "@c  #!\n@d\ndef f(): pass\n@c\ndef g(): pass\n");
    check("@d\ndef $F(...): ...", "@d()  #!\ndef f(): pass\n@d(1)\ndef g(): pass\n");
    check("@d(...)\ndef $F(...): ...", "@d  #!\ndef f(): pass\n");
    check("@$D($X)", "@a(1)  #!\n@b\n@c(1, 2)\ndef f(): pass\n");
}

#[test]
fn classes_have_members_in_any_order() {
    check("class C: ...", "class C(B):  #!\n    x = 1\n");
    check("class $C(B): ...", "class C(A, B): pass  #!\nclass D(A): pass\n");
    check(
        "class $C:\n    $X = 1\n    def f(self): ...\n",
        "class C:  #!\n    def f(self): pass\n    def g(self): pass\n    y = 1\nclass D:\n    y = 1\n",
    );
    check("class $C[T: int]: ...", "class C[T: int]: pass  #!\nclass D[T]: pass\nclass E: pass\n");
    check("class $C(metaclass=M): ...", "class C(metaclass=M): pass  #!\nclass D(M): pass\n");
}

#[test]
fn branches_loops_and_handlers_are_statements() {
    check("if $X: ...", "if a:  #!\n    pass\nelif b:  #!\n    pass\nelse:\n    pass\n");
    let one_or_other = "if $X:\n    ...\nelif $Y:\n    ...";
    check(one_or_other, "if a:  #!\n    pass\nelse:\n    if b:\n        pass\n");
    check(one_or_other, "if a:\n    pass\nelse:\n    if b:\n        pass\n    c()\n");
    check("if $X: ...\nelse: ...", "if a:  #!\n    pass\nelse:\n    pass\nif b:\n    pass\n");
    check(
        "if $X:\n  $A\nelse:\n  $A",
        "if a:  #!\n    x()\nelse:\n    x()\nif a:\n    x()\nelse:\n    y()\n",
    );
    check("while True: ...", "while True:  #!\n    pass\nwhile x:\n    pass\n");
    check(
        "for $X in $Y: ...",
        "for a in b:  #!\n    pass\nasync def f():\n    async for a in b:  #!\n        pass\n",
    );
    check("try: ...\nexcept A: ...", "try:  #!\n    pass\nexcept B:\n    pass\nexcept A as e:\n    pass\n");
    check(
        "try: ...\nexcept: ...",
        "try:  #!\n    pass\nexcept:\n    pass\ntry:\n    pass\nexcept A:\n    pass\n",
    );
    check(
        "try: ...\nexcept* $E: ...",
        "try:  #!\n    pass\nexcept* A:\n    pass\ntry:\n    pass\nexcept A:\n    pass\n",
    );
    check("try: ...\nexcept (..., A, ...): ...", "try:  #!\n    pass\nexcept (B, A):\n    pass\n");
    check(
        "try: ...\nfinally: f()",
        "try:  #!\n    pass\nfinally:\n    f()\ntry:\n    pass\nfinally:\n    g()\n",
    );
    check("with open($P) as $F: ...", "with a as b, open(c) as d:  #!\n    pass\nwith open(c):\n    pass\n");
    check(
        "match $X:\n  case [1, ...]: ...",
        "match a:  #!\n    case [1, 2]: pass\nmatch a:\n    case [2]: pass\n",
    );
    check(
        "match $X:\n  case C(a=$Y): ...",
        "match a:  #!\n    case C(a=1): pass\nmatch a:\n    case D(a=1): pass\n",
    );
}

#[test]
fn assignments_may_be_annotated_or_chained() {
    check("$X = 1", "x = 1  #!\nx: int = 1  #!\na = b = 1  #!\nx += 1\n");
    check("b = 1", "a = b = 1  #!\n");
    check("$X, $Y = f()", "a, b = f()  #!\n(a, b) = f()  #!\na = f()\n");
    check("$X += 1", "x += 1  #!\nx -= 1\n");
    check("$X: int = $Y", "x: int = 1  #!\nx = 1\n");
    check("$X: int = ...", "x: int = 1  #!\nx: int\n");
    check("b = None", "a, b = 1, None  #!\n[a, (c, b)] = 1, (2, None)  #!\na, b = None\n*a, b = 1, None\n");
    check("$X.a = None\n...\n$X.a.f()", "s.a, s.b = None, None  #!\ns.a.f()\n");
    check_bindings("$X = $Y", "a, b = 1, 2\n", "$X", &["a, b"]);
    check("type $X = $T", "type A = int  #!\nA = int\n");
    check("type $X[..., T] = list[T]", "type A[S, T] = list[T]  #!\ntype B = list[T]\n");
}

#[test]
fn small_statements_are_found() {
    check("return", "def f():\n    return  #!\ndef g():\n    return 1\n");
    check("return ...", "def f():\n    return  #!\ndef g():\n    return 1  #!\n");
    check("raise $E", "raise A  #!\nraise A from b  #!\nraise\n");
    check("assert $X", "assert a  #!\nassert a, 'b'  #!\n");
    check("del $X[...]", "del a[1]  #!\ndel a\n");
    check("global $X", "global a, b  #!\nnonlocal a\n");
    check("yield $X", "def f():\n    yield 1  #!\n    yield\n");
    check("await $X", "async def f():\n    await g()  #!\n    g()\n");
    check("x[1:$Y]", "x[1:2]  #!\nx[1]\n");
    check("x[$Y]", "x[1]  #!\nx[1, 2]  #!\nx[1:2]\n");
    check("[$X for $Y in $Z if ...]", "[a for b in c if d]  #!\n[a for b in c]\n");
    check("$X if $Y else $Z", "a if b else c  #!\n");
    check("[$X for $X in $Y]", "[a for a in b]  #!\n[f(a) for a in b]\n(a for a in b)\n");
    check("($X := 1)", "(a := 1)  #!\n");
    check("f(*$X)", "f(*a)  #!\nf(a)\n");
}

#[test]
fn one_place_may_match_in_several_ways() {
    check_bindings("def f(..., $X, ...): ...", "def f(a, b): pass\n", "$X", &["a", "b"]);
    check_bindings("f(..., $X, ...)", "f(1, 2, 3)\n", "$X", &["1", "2", "3"]);
}

#[test]
fn search_can_be_confined_to_a_range() {
    let file = parse("f(1)\nf(2)\nf(3)\n");
    let range = file.module().body[1].clone();
    let found = Matcher::new(&file).find_within(&pattern("f($X)"), ruff_text_size::Ranged::range(&range));
    assert_eq!(found.iter().map(|found| file.line(found.range.start())).collect::<Vec<_>>(), [2]);
}

#[test]
fn patterns_that_cannot_be_understood_are_refused_with_their_place() {
    check_refused("f($x)", "$x", "not a metavariable");
    check_refused("f(", "(", "not closed");
    check_refused("f(<... x)", ")", "closes nothing");
    check_refused("f(<... ...>)", "<... ...>", "an expression is missing");
    check_refused("f)", ")", "closes nothing");
    check_refused("f('a", "'a", "not closed");
    check_refused("\"=~/(/\"", "(", "not a regular expression");
    check_refused("", "", "empty");
    check_refused("f($X: )", ":", "a type is missing");
    check_refused("t'{x}'", "t'{x}'", "cannot be part of a pattern");
    for (text, expected) in
        [("if $X:", "`...`"), ("except $E: ...", "`try: ...`"), ("else: ...", "`if $X: ...`")]
    {
        let error = Pattern::parse(text).expect_err(text);
        assert!(error.hint.is_some_and(|hint| hint.contains(expected)), "{text}");
    }
    let indented = "\n      f(1)\n      g($x)\n";
    let error = Pattern::parse(indented).expect_err("a small letter");
    assert_eq!(&indented[error.range], "$x");
}

#[test]
fn indentation_that_all_lines_share_means_nothing() {
    check("    if $X:\n        ...\n", "if a:  #!\n    pass\n");
}

#[test]
fn literals_are_what_a_match_cannot_do_without() {
    let literals = |text: &str| pattern(text).literals().all().join(" ");
    assert_eq!(literals("pickle.loads(...)"), "pickle loads");
    assert_eq!(literals("$X = 1"), "");
    assert_eq!(literals("f(\"secret\", key=$V)"), "f key");
    assert_eq!(literals("class $C(Base): ..."), "class Base");
    let any = Prefilter::new(&[pattern("a.b()").literals().clone(), pattern("c()").literals().clone()]);
    for (text, expected) in [("a b", true), ("c", true), ("a", false), ("", false)] {
        assert_eq!(any.is_candidate(text.as_bytes()), expected, "{text}");
    }
    assert!(Prefilter::new(&[Literals::default()]).is_candidate(b""));
}

#[test]
fn too_many_ways_to_match_are_told() {
    let arguments: Vec<String> = (0..400).map(|number| number.to_string()).collect();
    let file = parse(&format!("f({})\n", arguments.join(", ")));
    let gave_up = Arc::new(AtomicBool::new(false));
    let matcher = Matcher::new(&file).watched_by(&gave_up);
    assert_eq!(matcher.find(&pattern("f(..., $X, ...)")).len(), 400);
    assert!(!gave_up.load(Ordering::Relaxed));
    assert!(matcher.find(&pattern("f(..., $X, ..., $Y, ..., $Z, ..., $X)")).is_empty());
    assert!(gave_up.load(Ordering::Relaxed));
}

#[test]
fn thousands_of_statements_that_all_match_are_given_up() {
    let gave_up = Arc::new(AtomicBool::new(false));
    let other = parse(&(0..6_000).map(|number| format!("a{number} = {number}\n")).collect::<String>());
    let follows = pattern("$A = $B\n...\n$C = $A");
    assert!(Matcher::new(&other).watched_by(&gave_up).find(&follows).is_empty());
    assert!(gave_up.load(Ordering::Relaxed));
    let same = parse(&"a = a\n".repeat(3_000));
    let found = Matcher::new(&same).find(&follows);
    assert!(found.len() < 200_000, "{}", found.len());
}

#[test]
fn broken_code_and_odd_text_are_searched_without_harm() {
    for text in
        ["def f(:\n    g(1)\n", "f(", "\u{feff}f(1)\n", "f('\\\n", "é = f(1)\r\n", "x = (((\n", "match"]
    {
        let file = parse(text);
        for wanted in ["$X", "...", "f(...)", "def $F(...): ...", "$X = $Y", "if $X: ...", "@$D", "\"...\""] {
            let _ = Matcher::new(&file).find(&pattern(wanted));
        }
    }
}

proptest::proptest! {
    /// Whatever is written as a pattern, and whatever it is looked for in, is a value.
    #[test]
    fn any_text_is_a_pattern_or_refused(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..12),
        target in proptest::collection::vec(proptest::sample::select(PIECES), 0..12),
        noise in ".{0,8}",
    ) {
        let file = parse(&target.concat());
        for text in [pieces.concat(), format!("{}{noise}", pieces.concat())] {
            match Pattern::parse(&text) {
                Ok(pattern) => {
                    let _ = Matcher::new(&file).find(&pattern);
                }
                Err(error) => {
                    proptest::prop_assert!(text.get(error.range.clone()).is_some(), "{text:?}: {error:?}");
                }
            }
        }
    }

    /// Code without holes finds itself.
    #[test]
    fn code_finds_itself(index in 0..STATEMENTS.len()) {
        let code = STATEMENTS[index];
        let file = parse(code);
        proptest::prop_assert!(!file.module().body.is_empty());
        let found = Matcher::new(&file).find(&pattern(code));
        proptest::prop_assert!(found.iter().any(|found| file.line(found.range.start()) == 1), "{code}");
    }
}

const PIECES: &[&str] = &[
    "$X",
    "$...A",
    "...",
    "<... ",
    " ...>",
    "f(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    " = ",
    "\n",
    "\n    ",
    "if ",
    "def g(",
    "class C",
    "@d",
    "'a'",
    "f'{x}'",
    "\"=~/a/\"",
    ".",
    " and ",
    " | ",
    "+",
    "lambda ",
    "x",
    "1",
    "import a.b",
    "return ",
    "for x in y:",
    "try:",
    "except ",
    "#",
    "$",
    "é",
    "(",
    "*",
    "**",
];

const STATEMENTS: &[&str] = &[
    "f(a, *b, c=1, **d)",
    "x = {1: 2, **y}",
    "x = {1, 2}",
    "x = [i for i in y if i]",
    "x = {k: v for k, v in y}",
    "x = a if b else c",
    "x = lambda a, *b, c=1, **d: a",
    "x = a < b <= c",
    "x = not -a",
    "x = a[1:2, ::3]",
    "x = f'{a}b{c!r:>{w}}'",
    "x = (yield)",
    "x: int",
    "x @= y",
    "async def f(a, /, b: int = 1, *, c) -> d:\n    await e\n    async with g as h:\n        pass",
    "@a.b(c)\nclass D(E, metaclass=F):\n    x = 1\n    def g(self): return",
    "for a, b in c:\n    break\nelse:\n    continue",
    "while a:\n    pass\nelse:\n    pass",
    "if a:\n    pass\nelif b:\n    pass\nelse:\n    pass",
    "try:\n    pass\nexcept (A, B) as e:\n    raise C from e\nelse:\n    pass\nfinally:\n    pass",
    "with a as b, c:\n    pass",
    "match a:\n    case [1, *b] | {'k': c, **d}:\n        pass\n    case E(f, g=h) as i if i:\n        pass\n    case None:\n        pass\n    case _:\n        pass",
    "from .a import b as c",
    "from a import *",
    "import a.b as c, d",
    "global a",
    "nonlocal a",
    "assert a, b",
    "del a, b[0]",
    "b'a' b'b'",
    "1j",
    "type A[T: int = str, *U, **P] = B[T]",
    "def f[T](a: T) -> T:\n    return a",
    "class C[T](D):\n    pass",
    "try:\n    pass\nexcept* A:\n    pass",
];

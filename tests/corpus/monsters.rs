//! Files that nobody writes: as deep, as long and as broken as bytes can be.

use std::collections::BTreeMap;

/// How deep expressions go.
const MANY: usize = 100_000;

/// How many things stand side by side. More of them takes longer and shows nothing new, until
/// somebody looks at each pair: then these are enough to take too long.
const SOME: usize = 3_000;

/// Everything, by name.
pub(crate) fn all() -> BTreeMap<String, Vec<u8>> {
    let mut corpus: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let texts = nested().into_iter().chain(long()).chain(blocks()).chain(doubling());
    corpus.extend(texts.map(|(name, text)| (name.to_owned(), text.into_bytes())));
    corpus.extend(encodings().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)));
    corpus
}

/// Expressions in expressions.
fn nested() -> Vec<(&'static str, String)> {
    let around = |start: &str, middle: &str, end: &str| {
        format!("x = {}{middle}{}\n", start.repeat(MANY), end.repeat(MANY))
    };
    let chain = |link: &str, last: &str| format!("x = {}{last}\n", link.repeat(MANY));
    vec![
        ("open round brackets", "(".repeat(MANY)),
        ("open square brackets", "[".repeat(MANY)),
        ("open curly brackets", "{".repeat(MANY)),
        ("open brackets of all kinds", "([{".repeat(MANY)),
        ("round brackets", around("(", "", ")")),
        ("lists", around("[", "", "]")),
        ("dictionaries", around("{1: ", "1", "}")),
        ("calls in calls", around("f(", "", ")")),
        ("assignment expressions", around("(a := ", "1", ")")),
        ("comprehensions", around("[a for a in ", "b", "]")),
        ("subscripts in annotations", format!("x: {}B{}\n", "A[".repeat(MANY), "]".repeat(MANY))),
        ("annotations in strings", format!("x: \"{}B{}\"\n", "A[".repeat(MANY), "]".repeat(MANY))),
        ("format strings", format!("x = {}", "f\"{".repeat(MANY))),
        ("format specifications", format!("x = f\"{}{}\"\n", "{a:".repeat(MANY), "}".repeat(MANY))),
        ("patterns", format!("match x:\n    case {}{}: pass\n", "[".repeat(MANY), "]".repeat(MANY))),
        ("attributes", format!("x = a{}\n", ".b".repeat(MANY))),
        ("attributes of calls", format!("x = a{}\n", ".b()".repeat(MANY))),
        ("calls of calls", format!("x = a{}\n", "()".repeat(MANY))),
        ("subscripts of subscripts", format!("x = a{}\n", "[0]".repeat(MANY))),
        ("sum", chain("1 + ", "1")),
        ("powers", chain("2 ** ", "2")),
        ("minus signs", chain("-", "1")),
        ("negations", chain("not ", "a")),
        ("lambdas", chain("lambda: ", "1")),
        ("conditional expressions", chain("1 if a else ", "2")),
        ("awaits", format!("async def f():\n    x = {}a\n", "await ".repeat(MANY))),
        ("yields", format!("def f():\n    x = {}1\n", "yield ".repeat(MANY))),
        ("stars", format!("f({}a)\n", "*".repeat(MANY))),
    ]
}

/// Many things side by side.
fn long() -> Vec<(&'static str, String)> {
    let numbered =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (1..=count).map(line).collect() };
    vec![
        ("conjunction", format!("x = {}a\n", "a and ".repeat(SOME))),
        ("conjunctions in a disjunction", format!("x = {}a\n", "a and b or ".repeat(SOME))),
        ("comparison", format!("x = {}a\n", "a < ".repeat(SOME))),
        ("strings", format!("x = {}\n", "'a' ".repeat(SOME))),
        ("format strings side by side", format!("x = {}\n", "f'{a}' ".repeat(SOME))),
        ("quotes", "\"".repeat(SOME)),
        ("assignment", format!("{}1\n", "x = ".repeat(SOME))),
        ("arguments", format!("f({})\n", "a, ".repeat(SOME))),
        ("starred arguments", format!("f({})\n", "*a, ".repeat(SOME))),
        ("parameters", format!("def f({}): pass\n", numbered(SOME, &|number| format!("a{number}, ")))),
        ("type parameters", format!("class A[{}]: pass\n", numbered(SOME, &|number| format!("T{number}, ")))),
        ("dictionary", format!("x = {{{}}}\n", "1: 2, ".repeat(SOME))),
        ("dotted import", format!("import {}a\n", "a.".repeat(SOME))),
        ("dots of an import", format!("from {} import a\n", ".".repeat(SOME))),
        ("imported names", format!("from a import {}b\n", numbered(SOME, &|number| format!("a{number}, ")))),
        ("imports", "import a\n".repeat(SOME)),
        ("deleted names", format!("del {}b\n", "a, ".repeat(SOME))),
        ("context managers", format!("with {}a: pass\n", "a, ".repeat(SOME))),
        ("conditions of a comprehension", format!("x = [a for a in b {}]\n", "if c ".repeat(SOME))),
        ("loops of a comprehension", format!("x = [a {}]\n", "for a in b ".repeat(SOME))),
        ("alternatives of a pattern", format!("match x:\n    case {}1: pass\n", "1 | ".repeat(SOME))),
        ("union in an annotation", format!("def f(a: {}B): pass\n", "A | ".repeat(SOME))),
        ("items on one line", format!("x = [{}]\n", "1, ".repeat(SOME / 3))),
        ("one comment", format!("#{}", "a".repeat(10_000_000))),
        ("one string", format!("x = \"{}\"\n", "a".repeat(10_000_000))),
        ("one name", format!("{} = 1\n", "a".repeat(1_000_000))),
        ("one number", format!("x = {}\n", "1".repeat(100_000))),
        ("blank lines", "\n".repeat(1_000_000)),
        ("bases", format!("class A({}): pass\nA().f()\n", numbered(SOME, &|number| format!("B{number}, ")))),
        ("union in a text", format!("def f(a: '{}B'): pass\n", "A | ".repeat(SOME))),
        (
            "names in `__all__`",
            format!("__all__ = [{}]\n", numbered(SOME, &|number| format!("'a{number}', "))),
        ),
        ("calls in a list", format!("x = [{}]\n", "f(a), ".repeat(SOME / 3))),
        ("statements on one line", "x = s.bind(); ".repeat(SOME / 3)),
        ("continued lines", "x = \\\n".repeat(SOME)),
    ]
}

/// Statements in statements, and many of them.
fn blocks() -> Vec<(&'static str, String)> {
    let numbered =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (1..=count).map(line).collect() };
    let nest = |depth: usize, head: &str, last: &str| {
        let heads: String = (0..depth).map(|depth| format!("{}{head}\n", " ".repeat(depth))).collect();
        format!("{heads}{}{last}\n", " ".repeat(depth))
    };
    vec![
        ("else ifs", format!("if a:\n    pass\n{}", "elif a:\n    pass\n".repeat(SOME))),
        ("decorators", format!("{}def f(): pass\n", "@d\n".repeat(SOME))),
        ("handlers", format!("try: pass\n{}", "except A: pass\n".repeat(SOME))),
        ("cases", format!("match x:\n{}", "    case 1: pass\n".repeat(SOME))),
        ("statements", "x = 1\n".repeat(SOME)),
        ("functions", numbered(SOME / 10, &|number| format!("def f{number}(): return f{}()\n", number + 1))),
        ("classes", numbered(SOME / 10, &|number| format!("class A{number}(A{}): pass\n", number - 1))),
        ("same classes", "class A(A): pass\n".repeat(SOME / 60)),
        ("same methods", format!("class A:\n{}", "    def f(self): self.f()\n".repeat(SOME / 10))),
        ("same functions", "def f(s): return s.bind()\n".repeat(SOME / 10)),
        ("same functions in turn", "if a:\n    def f(s): return s.bind()\n".repeat(SOME / 10)),
        (
            "else ifs with values",
            format!(
                "def f(s):\n    if s: pass\n{}",
                numbered(SOME / 3, &|number| format!("    elif s == {number}: t = s.a{number}\n"))
            ),
        ),
        (
            "cases with values",
            format!(
                "def f(s):\n    match s:\n{}",
                numbered(SOME / 3, &|number| format!(
                    "        case A(x={number}, y=[a, *b]) if s.x: s = b\n"
                ))
            ),
        ),
        ("names that fold", "\u{fb01} = 1\nfi.bind()\n\u{fb01}.bind()\n".repeat(SOME / 10)),
        ("functions in functions", nest(1000, "def f():", "pass")),
        ("classes in classes", nest(1000, "class A:", "pass")),
        ("honest functions in functions", nest(90, "def f():", "pass")),
        ("honest classes in classes", nest(90, "class A:", "a = 1")),
        ("honest loops in loops", nest(90, "while True:", "s.bind()")),
        ("honest tries in tries", nest(40, "try:", "s.bind()")),
        ("honest contexts in contexts", nest(90, "with a as b:", "b.bind()")),
        (
            "values passed on",
            format!(
                "import pickle\ndef f(s):\n    a0 = s.recv()\n{}    pickle.loads(a{SOME})\n",
                numbered(SOME, &|number| format!("    a{number} = a{}\n", number - 1))
            ),
        ),
        (
            "attributes passed on",
            format!(
                "class A:\n    def f(self):\n{}",
                numbered(SOME / 3, &|number| format!("        self.a{number} = self.a{}\n", number - 1))
            ),
        ),
        (
            "branches",
            format!("def f(s):\n    s = g()\n{}", "    if s: s.bind()\n    else: s.close()\n".repeat(300)),
        ),
        ("loops", format!("def f(s):\n    s = g()\n{}", "    while s: s.bind()\n".repeat(300))),
        ("endless loops", format!("def f(s):\n{}", "    while True: s.bind()\n".repeat(300))),
        (
            "tries",
            format!("def f(s):\n    s = g()\n{}", "    try: s.bind()\n    except: s = None\n".repeat(300)),
        ),
        (
            "threads",
            format!(
                "import threading\nclass A:\n    def f(self):\n{}",
                numbered(100, &|number| format!(
                    "        self.t{number} = threading.Thread(target=self.f)\n        self.t{number}.start()\n"
                ))
            ),
        ),
        ("mutual recursion", "def f(a): return g(a)\ndef g(a): return f(a)\nf(s.recv())\n".to_owned()),
        (
            "self as base",
            "class A(A.B): pass\nclass B(C): pass\nclass C(B): pass\nself.a = B().a\n".to_owned(),
        ),
        ("self as value", "a = a\nb = c\nc = b\nclass A:\n    x = x\n    y: 'A.y' = A.y\n".to_owned()),
        ("indentation", "if a:\n\tx = 1\n        y = 2\n    z\n  u\n".to_owned()),
    ]
}

/// A few lines that mean more the longer somebody thinks about them: each line twice the one before, or
/// in terms of itself.
fn doubling() -> Vec<(&'static str, String)> {
    let numbered =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (1..=count).map(line).collect() };
    let last = 40;
    vec![
        (
            "diamonds of bases",
            format!(
                "class A0: pass\nclass B0: pass\n{}A{last}().f()\n",
                numbered(last, &|number| {
                    let (a, b) = (format!("A{}", number - 1), format!("B{}", number - 1));
                    format!("class A{number}({a}, {b}): pass\nclass B{number}({a}, {b}): pass\n")
                })
            ),
        ),
        (
            "bases that go round in many ways",
            numbered(60, &|number| {
                let other = |step: usize| (number * step) % 60 + 1;
                format!("class A{number}(A{}, A{}): x = y = self.x\n", other(7), other(11))
            }),
        ),
        ("bases that go round", numbered(300, &|number| format!("class A{number}(A{}): x = 1\n", number % 300 + 1))),
        (
            "objects of two objects",
            format!(
                "{}a = A1()\na{}.bind()\n",
                numbered(8, &|number| {
                    let next = number + 1;
                    format!(
                        "class A{number}:\n    def __init__(self): self.l = A{next}(); self.r = A{next}()\n"
                    )
                }),
                ".l".repeat(6)
            ),
        ),
        (
            "texts of two texts",
            format!("x0 = 'a' * 1000\n{}f(x60)\n", numbered(60, &|number| format!("x{number} = x{0} + x{0}\n", number - 1))),
        ),
        (
            "numbers of two numbers",
            format!("x0 = 9\n{}f(x60)\n", numbered(60, &|number| format!("x{number} = x{0} * x{0}\n", number - 1))),
        ),
        ("numbers that nobody can write down", "x = 9 ** 9 ** 9 ** 9\ny = 'a' * 10 ** 10\nz = 1 << 10 ** 9\nf(x, y, z, f'{x:1000000000}')\n".to_owned()),
        (
            "values of two values",
            format!(
                "import pickle\ndef f(s):\n    x0 = s.recv()\n{}    pickle.loads(x60)\n",
                numbered(60, &|number| format!("    x{number} = {{'l': x{0}, 'r': x{0}}}\n", number - 1))
            ),
        ),
        (
            "functions of two functions",
            numbered(60, &|number| format!("def f{number}(s): return f{0}(s) + f{0}(s)\n", number + 1)),
        ),
        ("mutual recursion of many", numbered(300, &|number| format!("def f{number}(s): return f{}(s)\n", number % 300 + 1))),
        (
            "properties that go round",
            format!(
                "class A:\n{}A().p1.bind()\n",
                numbered(300, &|number| format!("    @property\n    def p{number}(self): return self.p{}\n", number % 300 + 1))
            ),
        ),
        ("everything from itself", "from corpus.file import *\nfrom . import file\nfrom .file import *\nx.bind()\nfile.x.bind()\nfile.file.file.x()\nclass A(x, file.x): pass\n".to_owned()),
        ("names from itself", numbered(300, &|number| format!("from corpus.file import a{number} as a{}\n", number % 300 + 1))),
    ]
}

/// Several files that need one another: the first is the one that is asked about.
pub(crate) fn trees() -> Vec<(String, Vec<(String, String)>)> {
    // More than are followed one behind the other; each question looks at all of them.
    const MODULES: usize = 60;
    let around_of = |modules: usize, name: &str, text: &dyn Fn(usize) -> String| {
        let files = (0..modules).map(|number| {
            let path = if number == 0 { "corpus/file.py".to_owned() } else { format!("corpus/m{number}.py") };
            (path, text((number + 1) % modules))
        });
        (format!("{modules} modules, {name}"), files.collect())
    };
    let around = |name: &str, text: &dyn Fn(usize) -> String| around_of(MODULES, name, text);
    let module = |number: usize| if number == 0 { "file".to_owned() } else { format!("m{number}") };
    vec![
        around("each imports the next", &|next| {
            format!("import corpus.{0}\ncorpus.{0}.x.bind()\n", module(next))
        }),
        around("each imports everything from the next", &|next| {
            format!("from corpus.{} import *\nx.bind()\nclass A(B): pass\n", module(next))
        }),
        around("each lists what the next lists", &|next| {
            format!(
                "from . import {0}\nfrom .{0} import *\n__all__ = ['a'] + {0}.__all__\na.bind()\n",
                module(next)
            )
        }),
        around("each imports a name from the next", &|next| {
            format!("from corpus.{} import x as y, y as x\nx.bind(y)\n", module(next))
        }),
        around("each class inherits from the next", &|next| {
            format!(
                "from corpus.{} import A as B\nclass A(B):\n    def f(self): return self.a\n",
                module(next)
            )
        }),
        around_of(MODULES / 4, "each function calls the next", &|next| {
            format!(
                "from corpus.{} import f as g\nimport pickle\ndef f(s): return pickle.loads(g(s.recv()))\n",
                module(next)
            )
        }),
        around("two everythings from each", &|next| {
            format!(
                "from corpus.{} import *\nfrom corpus.{} import *\nx.bind()\n",
                module(next),
                module((next * 7) % MODULES)
            )
        }),
    ]
}

/// Bytes that are no text, or another than they seem.
fn encodings() -> Vec<(&'static str, Vec<u8>)> {
    let utf_16: Vec<u8> =
        "\u{feff}x = 1\nclass A: pass\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("nothing", Vec::new()),
        ("one null", vec![0]),
        ("nulls", vec![0; 1_000_000]),
        ("null in between", b"x = 1\n\0def f(): pass\n".to_vec()),
        ("UTF-16", utf_16.clone()),
        ("UTF-16 without a mark", utf_16[2..].to_vec()),
        ("half a UTF-16 character", utf_16[..utf_16.len() - 1].to_vec()),
        ("two marks", b"\xef\xbb\xbf\xef\xbb\xbfx = 1\n".to_vec()),
        ("half a mark", b"\xef\xbbx = 1\n".to_vec()),
        ("no UTF-8", b"x = '\xff\xfe'\ndef f(): pass\n".to_vec()),
        ("surrogate", b"x = '\xed\xa0\x80'\n".to_vec()),
        ("declared Latin-1", b"# coding: latin-1\nx = '\xe9'\n".to_vec()),
        ("declared nonsense", b"# coding: nonsense\nx = 1\n".to_vec()),
        ("declared Shift JIS", b"# coding: shift_jis\nx = '\x83\x5c'\n".to_vec()),
        ("declared UTF-7", b"# coding: utf-7\nx = '+AGE-'\n".to_vec()),
        ("declared a cipher", b"# coding: rot13\nk = 1\n".to_vec()),
        ("declared UTF-16", b"# coding: utf-16\nx = 1\n".to_vec()),
        ("marked and declared Latin-1", b"\xef\xbb\xbf# coding: latin-1\nx = '\xe9'\n".to_vec()),
        ("marks inside", "x = 1\n\u{feff}y = 2\n".repeat(100).into_bytes()),
        ("UTF-32", "x = 1\n".chars().flat_map(|character| (character as u32).to_le_bytes()).collect()),
        ("overlong characters", b"x = '\xc0\x80'\n".to_vec()),
        ("characters that end lines elsewhere", "x = '\u{2028}'\ny = 1\u{2029}z = 2\u{85}w = 3\n".into()),
        ("nulls between lines", b"x = 1\n\0\n".repeat(300)),
        ("many surrogates", b"x = '\xed\xa0\x80'\n".repeat(300)),
        ("lines that end in all ways", b"def f(s):\r\n    s.bind()\r    s.x\n".repeat(300)),
        ("carriage returns", b"def f():\r    return 1\rf()\r".to_vec()),
        ("form feeds", b"\x0cdef f():\x0c\n\x0c    return 1\n".to_vec()),
        ("end of file mark", b"x = 1\n\x1ay = 2\n".to_vec()),
        ("combining characters", format!("a{} = 1\n", "\u{301}".repeat(10_000)).into_bytes()),
        ("letters that Python folds", "class \u{fb01}: pass\n\u{fb01}.\u{fb01}()\nfi = 1\n".into()),
        ("every byte", (0..=255).collect()),
        ("every byte in a string", [b"x = b'".as_slice(), &(1..=255).collect::<Vec<u8>>(), b"'"].concat()),
    ]
}

/// A program that has everything, cut off at every line and character in turn, and with pieces
/// taken out and swapped: how files look while somebody types.
pub(crate) fn damaged() -> Vec<(String, Vec<u8>)> {
    let mut corpus = Vec::new();
    let ends = (0..PROGRAM.len()).filter(|end| PROGRAM.is_char_boundary(*end)).step_by(23);
    corpus.extend(ends.map(|end| (format!("cut off at {end}"), PROGRAM[..end].into())));
    let lines: Vec<&str> = PROGRAM.split_inclusive('\n').collect();
    for index in 0..lines.len() {
        let without = [&lines[..index], &lines[index + 1..]].concat().concat();
        corpus.push((format!("without line {}", index + 1), without.into_bytes()));
        let mut swapped = lines.clone();
        swapped.swap(index, (index * 7 + 3) % lines.len());
        corpus.push((format!("with line {} elsewhere", index + 1), swapped.concat().into_bytes()));
    }
    let is_mark = |(_, character): &(usize, char)| "()[]{}:\"'=.,@*".contains(*character);
    for (index, character) in PROGRAM.char_indices().filter(is_mark).step_by(3) {
        let without = format!("{}{}", &PROGRAM[..index], &PROGRAM[index + character.len_utf8()..]);
        corpus.push((format!("without the {character} at {index}"), without.into_bytes()));
    }
    corpus
}

const PROGRAM: &str = r#"
import asyncio, pickle, threading as t
from a.b import (c as d, e)

class A(Base[int], metaclass=M):
    x: int = 1
    lock = t.Lock()

    def __init__(self, s, *args, k=None, **rest):
        super().__init__()
        self.a, (self.b, *self.c) = s, args
        self.t = t.Thread(target=self.run, daemon=True)
        self.t.start()

    def run(self):
        while True:
            try:
                with self.lock, open("f") as f:
                    self.a = pickle.loads(self.s.recv()) if f else None
            except (OSError, ValueError) as error:
                continue
            except Exception:
                raise Error("x") from None
            else:
                self.a.bind(f"{self.x!r:>{10}} {d}")
            finally:
                del self.b[0]

    @property
    async def start(self):
        await asyncio.gather(*[g(i) async for i in h() if i], return_exceptions=True)
        return lambda z, /, w=1: (yield)

def match_it(p):
    global G
    match p:
        case {"k": [A(x=1), *_], **rest} | None if (n := rest):
            return n[1:2, ::3]
        case _:
            assert not p, "no"
    for i, j in enumerate(p):
        if i < j <= 3 and i is not j: break
        elif i: pass
        else: continue
    else:
        p += b"x" "y"
"#;

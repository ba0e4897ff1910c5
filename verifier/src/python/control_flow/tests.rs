//! The comment on a loop's or function's line tells how it can end.

use super::*;
use crate::python::SourceFile;
use crate::target::RelativePath;

/// Names mean what they say, nothing is a helper.
struct Plain;

impl Surroundings for Plain {
    fn call(&self, call: &ast::ExprCall) -> CallEnding {
        self.qualified(&call.func).and_then(|name| known_call(&name)).unwrap_or_default()
    }

    fn qualified(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Name(name) => Some(name.id.to_string()),
            Expr::Attribute(attribute) => {
                Some(format!("{}.{}", self.qualified(&attribute.value)?, attribute.attr))
            }
            _ => None,
        }
    }

    fn bases(&self, class: &str) -> Vec<String> {
        if class == "Stop" { vec!["Signal".to_owned()] } else { Vec::new() }
    }
}

fn describe(endings: &Endings) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut word = |yes: bool, word: &str| {
        if yes {
            words.push(word.to_owned());
        }
    };
    word(endings.normal, "normal");
    word(endings.breaks, "break");
    word(endings.continues, "continue");
    word(endings.returns, "return");
    word(endings.leaves, "leaves");
    word(endings.yields, "yield");
    for raised in &endings.raises {
        words.push(match raised {
            Raised::Class(name) => name.clone(),
            Raised::Unknown => "unknown".to_owned(),
            Raised::Cancelled => "cancelled".to_owned(),
            Raised::Again(classes) => format!("again({})", classes.join("|")),
        });
    }
    words.join(" ")
}

/// The ways in which a block can end.
fn check(block: &str, expected: &str) {
    let text = format!("async def f():\n{}", indent(block));
    let source = SourceFile::parse(RelativePath::new("a.py").unwrap(), text.as_str());
    assert_eq!(source.errors(), &[], "{text}");
    let Some(Stmt::FunctionDef(function)) = source.module().body.first() else { panic!("{text}") };
    assert_eq!(describe(&endings(&function.body, &Plain)), expected, "{block}");
}

fn indent(block: &str) -> String {
    block.lines().map(|line| format!("    {line}\n")).collect()
}

#[test]
fn straight_lines_end_where_they_say() {
    check("x = 1", "normal");
    check("return 1\nbreak_()", "return");
    check("raise ValueError('no')\nreturn", "ValueError");
    check("raise", "unknown");
    check("raise make_error()", "unknown");
    check("sys.exit(1)\nreturn", "SystemExit");
    check("x = os._exit(1)", "leaves");
    check("await g()", "normal cancelled");
    check("yield 1", "normal yield");
    check("assert False, 'never'", "AssertionError");
    check("assert x", "normal AssertionError");
}

#[test]
fn conditions_that_are_constant_decide() {
    check("if x:\n  return\n", "normal return");
    check("if x:\n  return\nelse:\n  raise E()", "return E");
    check("if True:\n  return\nelse:\n  raise E()", "return");
    check("if 0:\n  return\n", "normal");
    check("if x:\n  return\nelif not False:\n  raise E()\nelse:\n  y()", "return E");
    check("x and sys.exit()", "normal SystemExit");
    check("sys.exit() if x else None", "normal SystemExit");
    check("g = lambda: sys.exit()", "normal");
}

#[test]
fn loops_take_their_own_breaks() {
    check("while True:\n  pass", "");
    check("while True:\n  break", "normal");
    check("while True:\n  for x in y:\n    break", "");
    check("while True:\n  for x in y:\n    pass\n  else:\n    break", "normal");
    check("while x:\n  pass", "normal");
    check("while x:\n  return", "normal return");
    check("while x:\n  break\nelse:\n  raise E()", "normal E");
    check("for x in y:\n  continue\nelse:\n  return", "return");
    check("for i in itertools.count():\n  x()", "");
    check("for i in itertools.count(1, 2):\n  return", "return");
    check("for i in iter(int, 1):\n  x()", "");
    check("for i in iter(int, 0):\n  x()", "normal");
    check("for i in itertools.repeat(0, 3):\n  x()", "normal");
    check("for n, i in enumerate(itertools.count()):\n  x()", "");
    check("while False:\n  return", "normal");
    check("while 1 < 2:\n  x()", "");
}

#[test]
fn handlers_catch_what_they_name() {
    check("try:\n  raise ValueError()\nexcept ValueError:\n  pass", "normal");
    check("try:\n  raise ValueError()\nexcept KeyError:\n  pass", "normal ValueError");
    check("try:\n  raise KeyError()\nexcept LookupError:\n  pass", "normal");
    check("try:\n  raise LookupError()\nexcept KeyError:\n  pass", "normal LookupError");
    check("try:\n  raise Stop()\nexcept Signal:\n  pass", "normal");
    check("try:\n  sys.exit()\nexcept Exception:\n  pass", "normal SystemExit");
    check("try:\n  sys.exit()\nexcept:\n  pass", "normal");
    check("try:\n  await g()\nexcept Exception:\n  pass", "normal cancelled");
    check("try:\n  await g()\nexcept BaseException:\n  pass", "normal");
    check("try:\n  await g()\nexcept (OSError, asyncio.CancelledError):\n  pass", "normal");
    check("try:\n  raise E()\nexcept errors:\n  pass", "normal E");
    check("try:\n  g()\nexcept OSError:\n  raise", "normal again(OSError)");
    check("try:\n  g()\nexcept OSError as e:\n  raise e", "normal again(OSError)");
    check("try:\n  g()\nexcept OSError as e:\n  raise Other() from e", "normal Other");
    check("try:\n  try:\n    g()\n  except OSError:\n    raise\nexcept Exception:\n  pass", "normal");
    check("try:\n  try:\n    g()\n  except:\n    raise\nexcept Exception:\n  pass", "normal again()");
    check("try:\n  pass\nexcept E:\n  return", "normal");
    check("try:\n  g()\nexcept Exception:\n  pass\nexcept OSError:\n  return", "normal");
}

#[test]
fn finally_has_the_last_word() {
    check("try:\n  return\nfinally:\n  g()", "return");
    check("while x:\n  try:\n    return\n  finally:\n    continue", "normal");
    check("try:\n  raise E()\nfinally:\n  return", "return");
    check("try:\n  g()\nfinally:\n  raise E()", "E");
    check("try:\n  g()\nexcept E:\n  return 1\nelse:\n  return 2\nfinally:\n  h()", "return");
}

#[test]
fn with_and_match_are_walked() {
    check("with a as b:\n  return", "return");
    check("with suppress(E):\n  raise E()", "normal");
    check("with contextlib.suppress(E):\n  return", "normal return");
    check("async with a:\n  pass", "normal cancelled");
    check("match x:\n  case 1:\n    return\n", "normal return");
    check("match x:\n  case 1:\n    return\n  case _:\n    raise E()", "return E");
    check("match x:\n  case 1:\n    y()\n  case _:\n    raise E()", "normal E");
    check("match x:\n  case _ if y:\n    return\n", "normal return");
}

#[test]
fn constants_have_a_truth() {
    let check = |text: &str, expected: Option<bool>| {
        let source = SourceFile::parse(RelativePath::new("a.py").unwrap(), text);
        let Some(Stmt::Expr(stmt)) = source.module().body.first() else { panic!("{text}") };
        assert_eq!(truth(&stmt.value), expected, "{text}");
    };
    for text in ["True", "1", "not False", "not 0", "'x'", "-1", "x or True", "1 == 1", "(1,)", "..."] {
        check(text, Some(true));
    }
    for text in ["False", "0", "not True", "''", "None", "x and False", "1 > 2", "[]", "0.0"] {
        check(text, Some(false));
    }
    for text in ["x", "not x", "x or False", "True and x", "1 == x", "[*x]", "f()", "x is True"] {
        check(text, None);
    }
}

#[test]
fn deep_code_can_end_in_every_way_and_does_not_overflow() {
    let mut text = String::new();
    for depth in 0..90 {
        text.push_str(&" ".repeat(depth));
        text.push_str("if x:\n");
    }
    text.push_str(&" ".repeat(90));
    text.push_str("return\n");
    check(&text, "normal return");
    // What is nested more deeply is not read at all.
    let sum = vec!["x"; 300].join(" + ");
    check(&sum, "normal");
}

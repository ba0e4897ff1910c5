//! What taint reaches, and what it does not.

use super::*;
use crate::fixture::{MARK, MemoryTree, split};
use crate::python::visitor::{self, Visitor};
use crate::python::{Files, Project, Ranged};

/// Calls of `source`, `sink` and `clean` are what their names say.
struct ByName;

impl<'f> World<'f> for ByName {
    fn marks(&self, file: &'f ParsedFile) -> Marks {
        struct Calls(Marks);
        impl<'a> Visitor<'a> for Calls {
            fn visit_expr(&mut self, expression: &'a ast::Expr) {
                if let ast::Expr::Call(call) = expression
                    && let ast::Expr::Name(name) = &*call.func
                {
                    let mark = Mark { range: call.range(), kind: 0 };
                    match name.id.as_str() {
                        "source" => self.0.sources.push(mark),
                        "sink" => self.0.sinks.push(mark),
                        "clean" => self.0.sanitizers.push(mark),
                        _ => {}
                    }
                }
                visitor::walk_expr(self, expression);
            }
        }
        // The visitor goes down into deep nesting; the engine is what is tested there.
        std::thread::scope(|scope| {
            let visit = || {
                let mut calls = Calls(Marks::default());
                calls.visit_body(&file.source().module().body);
                calls.0
            };
            std::thread::Builder::new()
                .stack_size(64 << 20)
                .spawn_scoped(scope, visit)
                .unwrap()
                .join()
                .unwrap()
        })
    }

    fn callees(&self, _: CallSite<'f>) -> Vec<Callee<'f>> {
        Vec::new()
    }

    fn bases(&self, _: ClassAt<'f>) -> Vec<ClassAt<'f>> {
        Vec::new()
    }
}

fn specification(options: Options) -> Specification {
    Specification {
        sources: vec![SourceKind { exact: true, ..SourceKind::default() }],
        sinks: vec![SinkKind::default()],
        sanitizers: vec![SanitizerKind::default()],
        propagators: Vec::new(),
        options,
    }
}

fn analyse_text(fixture: &str, options: Options) -> Findings {
    let tree = MemoryTree::parse(fixture);
    let files = Files::new(&tree);
    let project = Project::new(&files, &crate::catalogue::PythonSettings::default());
    let roots: Vec<_> = files.paths().iter().map(|path| project.file(path).unwrap()).collect();
    analyse(&specification(options), &ByName, &roots, None)
}

/// The lines with the mark are exactly those whose sink a source reaches.
#[track_caller]
fn check_with(fixture: &str, options: Options) {
    let mut expected = Vec::new();
    let mut texts = std::collections::BTreeMap::new();
    for (path, text) in split(fixture) {
        for (index, line) in text.lines().enumerate() {
            if line.contains(MARK) {
                expected.push((path.to_owned(), index + 1));
            }
        }
        texts.insert(path.to_owned(), text);
    }
    let mut found: Vec<(String, usize)> = analyse_text(fixture, options)
        .flows
        .iter()
        .map(|flow| {
            let path = flow.sink_file.as_str().to_owned();
            let before = &texts[&path][..usize::from(flow.sink.range.start())];
            (path, before.matches('\n').count() + 1)
        })
        .collect();
    found.sort();
    found.dedup();
    expected.sort();
    assert_eq!(found, expected, "{fixture}");
}

#[track_caller]
fn check(fixture: &str) {
    check_with(fixture, Options::default());
    check_with(fixture, DEEP);
}

#[track_caller]
fn check_deep(fixture: &str) {
    check_with(fixture, DEEP);
}

const DEEP: Options = Options {
    deep: true,
    assume_safe_functions: false,
    assume_safe_indexes: false,
    assume_safe_comparisons: false,
    assume_safe_booleans: false,
    assume_safe_numbers: false,
    only_propagate_through_assignments: false,
};

#[test]
fn value_goes_through_assignments_operators_and_strings() {
    check(
        "
a = source()
b = a
sink(b)  # <-
c = 'x' + b
sink(c)  # <-
sink(f'{c!r:>{1}}')  # <-
sink('%s' % c)  # <-
d = 1
sink(d)
d += len_of(b)
sink(d)  # <-
b = 2
sink(b)
e: str = c
sink(e)  # <-
if (f := source()):
    sink(f)  # <-
x = y = source()
sink(x, y)  # <-
del x
sink(x)
",
    );
}

#[test]
fn sanitizer_cleans_what_it_returns_and_not_what_it_reads() {
    check("a = source()\nb = clean(a)\nsink(b)\nsink(a)  # <-\nsink(clean(a) + 'x')\n");
}

#[test]
fn branches_join() {
    check(
        "
def f(c):
    if c:
        x = source()
    elif c > 1:
        x = 1
    else:
        x = 2
    sink(x)  # <-
    x = clean(x) if c else 3
    sink(x)
    x = source() if c else 3
    sink(x)  # <-
    sink(4 if x else 5)
    match c:
        case 1:
            y = source()
        case _:
            return
    sink(y)  # <-
",
    );
}

#[test]
fn loops_carry_values_round() {
    check(
        "
def f(n):
    a = b = c = 0
    while n:
        sink(c)  # <-
        c = b
        b = a
        a = source()
    sink(c)  # <-

def g(n):
    for i in source():
        sink(i)  # <-
        break
        sink(i)
    else:
        n = source()
    sink(n)  # <-

def h(n):
    x = source()
    while n:
        x = 1
        continue
        sink(source())
    sink(x)  # <-
",
    );
}

#[test]
fn exceptions_carry_the_state_before_the_call_that_raised() {
    check(
        "
def f():
    x = source()
    try:
        x = clean(x)
        g()
    except ValueError:
        sink(x)  # <-
    sink(x)  # <-

def h():
    x = source()
    try:
        pass
    except ValueError:
        sink(x)
    else:
        sink(x)  # <-
        raise
    sink(x)

def i():
    x = 1
    try:
        x = source()
        return g()
    finally:
        sink(x)  # <-

def j():
    for i in range(3):
        x = 1
        try:
            x = source()
            break
        finally:
            x = clean(x)
    sink(x)  # <-
",
    );
}

#[test]
fn what_follows_a_finally_that_is_only_passed_is_not_reached() {
    let fixture = |mark: &str| {
        format!(
            "def f():\n    try:\n        return g()\n    finally:\n        x = source()\n    sink(x){mark}\n"
        )
    };
    check_with(&fixture(""), DEEP);
    // Semgrep takes an exception to go on there.
    check_with(&fixture("  # <-"), Options::default());
}

#[test]
fn code_after_the_end_is_not_reached() {
    check("def f():\n    return 1\n    sink(source())\ndef g():\n    raise E\n    sink(source())\n");
}

#[test]
fn functions_read_variables_of_the_module_and_of_functions_around() {
    check(
        "
config = source()
def f():
    sink(config)  # <-
def g():
    config = 1
    sink(config)
def h():
    x = source()
    def inner():
        sink(x)  # <-
    return inner
def i(config):
    sink(config)
",
    );
}

#[test]
fn comprehensions_lambdas_and_unpacking() {
    check(
        "
def f():
    xs = source()
    sink([x for x in xs])  # <-
    sink({k: v for k, v in xs.items()})  # <-
    sink([1 for x in xs if x])
    sink(any(x for x in xs))  # <-
    x = 1
    [x for x in xs]
    sink(x)
    a, *b = xs
    sink(b)  # <-
    sink(*a)  # <-
    sink(**a)  # <-
    with open(a) as g:
        sink(g)  # <-
    h = lambda y: sink(xs)  # <-
",
    );
}

#[test]
fn attributes_of_a_tainted_object_are_tainted_until_they_are_replaced() {
    check("def f():\n    x = source()\n    sink(x.a)  # <-\n    x.a = 1\n    sink(x.a)\n    sink(x)  # <-\n");
}

#[test]
fn elements_are_told_apart_by_their_keys() {
    check_deep(
        "
def f(i, j):
    d = {'a': source(), 'b': 1}
    sink(d['a'])  # <-
    sink(d['b'])
    sink(d.get('b', 2))
    sink(d.get(i))  # <-
    sink(d)  # <-
    a, b = 1, source()
    sink(a)
    sink(b)  # <-
    x[i] = source()
    sink(x[j])  # <-
    x[j] = 1
    sink(x[i])  # <-
    y = []
    y.append(source())
    sink(y[0])  # <-
    sink(len(y))
    sink(a == b)
",
    );
}

#[test]
fn element_is_its_container_where_keys_are_not_told_apart() {
    check_with("x[i] = source()\nsink(x[j])  # <-\nx[k] = 1\nsink(x[j])\n", Options::default());
}

#[test]
fn attributes_outlive_the_method_that_stores_them() {
    check_deep(
        "
class A:
    shared = source()
    def receive(self):
        self.message = source()
    def decode(self):
        sink(self.message)  # <-
        sink(self.other)
        sink(self.shared)  # <-
        self.message = 1
        sink(self.message)
class B:
    def decode(self):
        sink(self.message)
",
    );
}

#[test]
fn assumptions_about_calls_are_settings() {
    let fixture = |mark: &str| format!("a = source()\nsink(f(a))  {mark}\nsink(a)  # <-\n");
    check_with(&fixture("# <-"), Options::default());
    check_with(&fixture(""), Options { assume_safe_functions: true, ..Options::default() });
    check_with(&fixture(""), Options { only_propagate_through_assignments: true, ..Options::default() });
}

#[test]
fn path_is_told_step_by_step() {
    let findings = analyse_text("a = source()\nb = f(a)\nsink(b)\n", DEEP);
    let steps: Vec<_> = findings.flows[0].steps.iter().map(|step| step.kind.clone()).collect();
    let stored = |name: &str| StepKind::Stored(name.to_owned());
    let unresolved = StepKind::Unresolved("f".to_owned());
    assert_eq!(steps, [StepKind::Source, stored("a"), unresolved, stored("b"), StepKind::Sink]);
}

#[test]
fn deep_nesting_ends_in_an_answer() {
    let run = || {
        let depth = 3_000;
        for text in [
            format!("x = {}source(){}\nsink(x)\n", "(1, ".repeat(90), ")".repeat(90)),
            format!("x = source(){}\nsink(x)\n", " + 1".repeat(depth)),
            format!("x = source(){}\nsink(x)\n", ".f()".repeat(depth)),
            format!("x = {}source(){}\nsink(x)\n", "f(".repeat(depth), ")".repeat(depth)),
            (0..90).map(|level| format!("{}while c:\n", " ".repeat(level))).collect::<String>()
                + &" ".repeat(90)
                + "x = source()\n",
        ] {
            for options in [Options::default(), DEEP] {
                analyse_text(&text, options);
            }
        }
    };
    // What a thread of a pool has.
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

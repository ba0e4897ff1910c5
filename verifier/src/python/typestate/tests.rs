//! What the engine sees is tested through the `sequence` check; here is the part that decides
//! what need not be looked at.

use foldhash::HashSet;

use super::names::{Alias, Names};
use crate::fixture::MemoryTree;
use crate::python::Files;
use crate::target::RelativePath;

/// Whether two names can stand for one object.
fn check(text: &str, left: Alias, right: Alias, expected: bool) {
    let tree = MemoryTree::parse(text);
    let files = Files::new(&tree);
    let file = files.file(&RelativePath::new("example.py").unwrap()).unwrap();
    let names = Names::new(file);
    assert_eq!(names.group(left) == names.group(right), expected, "{left:?} and {right:?} in\n{text}");
}

#[test]
fn assigned_names_are_one_group() {
    let (s, t) = (Alias::Variable("s"), Alias::Variable("t"));
    let attribute = Alias::Attribute("s");
    check("s = t\n", s, t, true);
    check("s = a or t\n", s, t, true);
    check("s, a = t, b\n", s, t, true);
    check("s, a = b, t\n", s, t, false);
    check("for s in (a, t): pass\n", s, t, true);
    check("with t as s: pass\n", s, t, true);
    check("x = self.s\nx = t\n", attribute, t, true);
    check("s = None\nt = None\n", s, t, false);
    check("import s\nx.s = s.make()\n", s, attribute, false);
    check("s = get()\nt = get()\n", s, t, false);
    check("class A:\n    s = 1\n", s, attribute, true);
    check("x = getattr(y, 's')\n", attribute, Alias::Variable("x"), true);
}

#[test]
fn arguments_and_parameters_are_one_group() {
    let (s, p) = (Alias::Variable("s"), Alias::Variable("p"));
    check("def f(a, p): pass\nf(1, s)\n", s, p, true);
    check("def f(a, p): pass\nf(s, 1)\n", s, p, false);
    check("def f(a, p): pass\nf(p=s)\n", s, p, true);
    check("class A:\n    def f(self, p): pass\nx.f(s)\n", s, p, true);
    check("def f(p):\n    return p\ns = f(x)\n", s, p, true);
    check("s = f(p)\n", s, p, false);
}

#[test]
fn holders_of_followed_attributes_are_followed() {
    let tree = MemoryTree::parse("z = x\nz.s.bind()\nw.t = 1\n");
    let files = Files::new(&tree);
    let file = files.file(&RelativePath::new("example.py").unwrap()).unwrap();
    let all = Names::new(file).with_holders(HashSet::from_iter([Alias::Attribute("s")]));
    assert!(all.contains(&Alias::Variable("x")), "{all:?}");
    assert!(!all.contains(&Alias::Variable("w")), "{all:?}");
}

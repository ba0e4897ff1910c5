//! What patterns match, line by line.

use super::{Matcher, Pattern};
use crate::python::SourceFile;
use crate::target::RelativePath;

/// Finds `pattern` in `target` and compares with the lines that end in `#!`.
fn check(pattern: &str, target: &str) {
    let file = SourceFile::parse(RelativePath::new("target.py").expect("relative"), target);
    let parsed =
        Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error} at {:?}", error.range));
    let found: std::collections::BTreeSet<u32> =
        Matcher::new(&file).find(&parsed).iter().map(|found| file.line(found.range.start())).collect();
    let wanted: std::collections::BTreeSet<u32> = (1..)
        .zip(target.lines())
        .filter(|(_, line)| line.trim_end().ends_with("#!"))
        .map(|(line, _)| line)
        .collect();
    assert_eq!(found, wanted, "pattern: {pattern}\ntarget:\n{target}");
}

#[test]
fn metavariables_and_ellipses_stand_for_arguments() {
    check("open($PATH, ...)", "open(a)  #!\nopen()\nopen(a, 'w')  #!\nx.open(a)\n");
}

#[test]
fn equal_metavariables_stand_for_equal_code() {
    check("$X.bind($Y, $Y)", "s.bind(a.b, a . b)  #!\ns.bind(a, b)\n");
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
}

#[test]
fn names_of_a_function_hide_imports() {
    check(
        "pickle.loads(...)",
        "from pickle import loads\n\ndef f(loads):\n    return loads(1)\n\ndef g():\n    return loads(1)  #!\n\n\
         def h():\n    from json import loads\n    return [loads(1) for loads in g]\n",
    );
}

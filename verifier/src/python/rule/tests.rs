use super::{Mode, Rule, RuleFile};
use crate::fixture::MARK;
use crate::python::SourceFile;
use crate::target::RelativePath;

fn read(body: &str) -> Result<Vec<Rule>, super::RuleError> {
    let body: String = body.trim().lines().map(|line| format!("  {line}\n")).collect();
    Rule::read(&format!("rules:\n- id: rule\n  languages: [python]\n{body}"))
}

/// `body` is what a rule says besides its head; the marked lines are found.
#[track_caller]
fn check(body: &str, python: &str) {
    let rules = read(body).unwrap_or_else(|error| panic!("{error}\n{body}"));
    let file = SourceFile::parse(RelativePath::new("example.py").unwrap(), python);
    let Mode::Search(formula) = &rules[0].mode else { panic!("{body}") };
    let mut found: Vec<u32> = rules[0]
        .matcher(&file)
        .find_formula(formula)
        .iter()
        .map(|found| file.line(found.range.start()))
        .collect();
    found.sort_unstable();
    found.dedup();
    let marked = python.lines().enumerate().filter(|(_, line)| line.contains(MARK));
    let expected: Vec<u32> = marked.map(|(index, _)| u32::try_from(index).unwrap() + 1).collect();
    assert_eq!(found, expected, "{body}\n{python}");
}

#[track_caller]
fn check_refused(body: &str, place: &str, message: &str) {
    let error = read(body).expect_err(body);
    assert_eq!(error.place, place, "{error}");
    assert!(error.message.contains(message), "{error}");
}

/// `more`: conditions beside `pattern: f($X)`.
fn f_with(more: &str) -> String {
    format!("patterns:\n- pattern: f($X)\n{more}")
}

#[test]
fn patterns_are_combined() {
    check("pattern: f(1)", "f(1)  # <-\nf(2)\n");
    check("pattern-either: [{pattern: f(1)}, {pattern: g()}]", "f(1)  # <-\ng()  # <-\nf(2)\n");
    check(&f_with("- pattern-not: f(1)"), "f(1)\nf(2)  # <-\n");
    check(&f_with("- pattern-inside: 'g(...)'"), "g(f(1))  # <-\nf(1)\n");
    check(&f_with("- pattern-not-inside: 'g(...)'"), "g(f(1))\nf(1)  # <-\n");
    check(&f_with("- pattern: f(1)"), "f(1)  # <-\nf(2)\n");
    check(&f_with("- pattern-inside: |\n    $X = 1\n    ...\n"), "a = 1\nf(a)  # <-\nf(b)\n");
    check(
        "pattern-either:\n- patterns: [{pattern: f($X)}, {pattern-not: f(1)}]\n- pattern: g()",
        "f(1)\nf(2)  # <-\ng()  # <-\n",
    );
}

#[test]
fn newer_syntax_says_the_same() {
    check("match: f(1)", "f(1)  # <-\nf(2)\n");
    check("match: {all: [f($X), {not: f(1)}]}", "f(1)\nf(2)  # <-\n");
    check("match: {any: [f(1), g()]}", "f(1)  # <-\ng()  # <-\nf(2)\n");
    check("match: {all: [f($X), {inside: g(...)}]}", "g(f(1))  # <-\nf(1)\n");
    check("match: {all: [f($X), {not: {inside: g(...)}}]}", "g(f(1))\nf(1)  # <-\n");
    check("match: {pattern: f($X), where: [{metavariable: $X, regex: ^b}]}", "f(a)\nf(b)  # <-\n");
    check(
        "match: {pattern: f($X), where: [{metavariable: $X, regex: ^b}]}",
        "x = 'b'\nf(x)  # <-\nf('b')  # <-\nf(\"ab\")\n",
    );
    check("match: {pattern: f($X), where: [{comparison: $X > 1}]}", "f(1)\nf(2)  # <-\n");
    check("match: {pattern: f($X), where: [{metavariable: $X, pattern: g()}]}", "f(g())  # <-\nf(1)\n");
    check("match: {pattern: f($X), where: [{metavariable: $X, type: int}]}", "f(1)  # <-\nf('a')\n");
    check("match: {pattern: f($X), where: [{focus: $X}]}", "f(\n  1)  # <-\n");
}

#[test]
fn regular_expressions_search_the_text_and_their_groups_are_metavariables() {
    check("pattern-regex: f\\(\\d", "# f(1)  # <-\n'f(2)'  # <-\nf(x)\n");
    check(&f_with("- pattern-not-regex: f\\(1"), "f(1)\nf(2)  # <-\n");
    check(
        "patterns:\n- pattern-regex: f\\((\\d)\\)\n- metavariable-regex: {metavariable: $1, regex: '[2-9]'}",
        "f(1)\nf(2)  # <-\n",
    );
    check(
        "patterns:\n- pattern-regex: f\\((?<N>\\d)\\)\n- metavariable-regex: {metavariable: $N, regex: '2'}",
        "f(1)\nf(2)  # <-\n",
    );
    check("patterns:\n- pattern-regex: (?<A>\\w)=\n- pattern-regex: =(?<A>\\w)\n", "a=b\na=a\n");
}

#[test]
fn metavariable_regexes_begin_where_the_code_does() {
    let regex =
        |regex: &str| f_with(&format!("- metavariable-regex: {{metavariable: $X, regex: '{regex}'}}"));
    check(&regex("b"), "f(b)  # <-\nf(bc)  # <-\nf(ab)\nf(\"b\")\n");
    check(&regex("\"b\""), "f(\"b\")  # <-\nf(b)\n");
    check(&regex("^b$"), "f(b)  # <-\nf(bc)\nf(\"b\")\n");
    let content = "patterns:\n- pattern: f(\"$X\")\n- metavariable-regex: {metavariable: $X, regex: ^b}";
    check(content, "f('b')  # <-\nf('ab')\nf(b)\n");
    let known = "- metavariable-regex: {metavariable: $X, regex: ^b, constant-propagation: true}";
    check(&f_with(known), "x = 'b'\nf(x)  # <-\nf('b')  # <-\nf(y)\n");
}

#[test]
fn comparisons_are_about_values() {
    let comparison = |text: &str| f_with(&format!("- metavariable-comparison: {{comparison: '{text}'}}"));
    check(&comparison("$X > 1"), "f(1)\nf(2)  # <-\nx = 3\nf(x)  # <-\nf(\"a\")\nf(y)\n");
    check(&comparison("$X == \"a\""), "f(\"a\")  # <-\nf(a)\n");
    check(&comparison("$X != 1"), "f(1)\nf(2)  # <-\nf(y)\nf(y.z)\n");
    check(&comparison("not ($X == 1)"), "f(1)\nf(2)  # <-\nf(y)\n");
    check(&comparison("str($X) == \"a.b\""), "f(a.b)  # <-\nf(a)\n");
    check(&comparison("re.match(\".*b\", str($X))"), "f(a.b)  # <-\nf(\"ab\")  # <-\nf(a)\n");
    check(&comparison("re.match(\".*b\", $X)"), "f(a.b)\nf(\"ab\")  # <-\n");
    check(&comparison("$X in [1, \"a\"]"), "f(1)  # <-\nf(\"a\")  # <-\nf(2)\nf(y)\n");
    check(&comparison("len($X) > 2"), "f(\"abc\")  # <-\nf([1, 2, 3])  # <-\nf(\"a\")\n");
    check(&comparison("$X // -2 == -4"), "f(7)  # <-\nf(8)  # <-\nf(6)\n");
    check(&comparison("$X % -3 == -2"), "f(7)  # <-\nf(6)\n");
    check(&comparison("$X // 0 == 0"), "f(0)\n");
    let base = "- metavariable-comparison: {metavariable: $X, comparison: $X == 8, base: 8, strip: true}";
    check(&f_with(base), "f('10')  # <-\nf('8')\n");
    check_refused(
        &comparison("$X.lower() == 1"),
        "rules[0].patterns[1].metavariable-comparison.comparison",
        "functions",
    );
}

#[test]
fn metavariables_have_patterns_types_and_focus() {
    check(
        &f_with(
            "- metavariable-pattern: {metavariable: $X, pattern-either: [{pattern: g()}, {pattern: h()}]}",
        ),
        "f(g())  # <-\nf(h())  # <-\nf(1)\n",
    );
    check(
        &f_with("- metavariable-type: {metavariable: $X, types: [int, Socket]}"),
        "f(1)  # <-\nf('a')\ndef g(x: Socket, y):\n    f(x)  # <-\n    f(y)\n",
    );
    check(
        &f_with("- metavariable-type: {metavariable: $X, type: string}"),
        "f('a' + b)\nf('a')  # <-\nf(1)\nf(b'a')\n",
    );
    check(&f_with("- focus-metavariable: $X"), "f(\n  1)  # <-\n");
    // The focus lies in the match, or the match in it.
    check(
        "patterns:\n- pattern: f($X, $Y)\n- pattern: '\"...\"'\n- focus-metavariable: $Y",
        "f('a',\n  'b')  # <-\nf('a',\n  g(1,\n    'b'))  # <-\n",
    );
    check(
        "patterns:\n- pattern-inside: 'def $F(...): ...'\n- pattern: g()\n- focus-metavariable: $F",
        "def f():\n    g()\n",
    );
    check_refused(
        &f_with("- metavariable-type: {metavariable: $X, type: 'a b'}"),
        "rules[0].patterns[1].metavariable-type",
        "not a type",
    );
}

#[test]
fn names_and_the_content_of_strings_have_patterns() {
    let of_name = |pattern: &str| {
        format!(
            "patterns:\n- pattern: hashes.$H(...)\n- metavariable-pattern: {{metavariable: $H, {pattern}}}\n\
             - focus-metavariable: $H"
        )
    };
    check(&of_name("pattern: SHA1"), "hashes.SHA1()  # <-\nhashes.SHA256()\nSHA1()\n");
    check(
        &of_name("pattern-either: [{pattern: MD5}, {pattern: SHA1}]"),
        "import hashes as h\nh.MD5()  # <-\nh.SHA1()  # <-\nh.SHA256()\n",
    );
    check(&of_name("patterns: [{pattern-not: SHA1}]"), "hashes.SHA1()\nhashes.SHA256()  # <-\n");
    check(
        "patterns:\n- pattern: 'def $F($X): ...'\n- metavariable-pattern: {metavariable: $X, pattern: $F}",
        "def f(f): pass  # <-\ndef g(x): pass\n",
    );
    let text = |language: &str| {
        f_with(&format!("- metavariable-pattern: {{metavariable: $X, language: {language}}}"))
    };
    check(
        &text("regex, patterns: [{pattern-regex: '^http:'}, {pattern-not-regex: '.*localhost'}]"),
        "f('http://a')  # <-\nf('http://localhost')\nf('https://http:')\nx = 'http:'\nf(x)  # <-\n",
    );
    check(
        &text("generic, pattern-either: [{pattern: '$S://%s'}, {pattern: '<$TAG ...'}]"),
        "f('http://%s')  # <-\nf('http://a')\nf('<b>')  # <-\nf(a < b)  # <-\n",
    );
    check(&text("python, pattern: g()"), "f(g())  # <-\nf('g()')\n");
    check(
        &f_with(
            "- metavariable-pattern: {metavariable: $X, patterns: [{pattern: '...'}, {pattern-not: '\"a\"'}]}",
        ),
        "f(g(1))  # <-\nf('a')\nf('b')  # <-\n",
    );
    let place = "rules[0].patterns[1].metavariable-pattern.";
    check_refused(&text("json, pattern: a"), &format!("{place}pattern"), "patterns of `json`");
    check_refused(
        &text("regex, pattern-inside: a"),
        &format!("{place}pattern-inside"),
        "not supported for `regex`",
    );
}

#[test]
fn one_of_several_imports_may_be_meant() {
    check(
        "patterns:\n- pattern-inside: 'if $C: ...'\n- pattern: $M.loads(...)\n\
         - metavariable-regex: {metavariable: $M, regex: b}",
        "try:\n    import a as j\nexcept ImportError:\n    import b as j\nif c:\n    j.loads(1)  # <-\n",
    );
}

#[test]
fn variable_stands_for_the_expression_that_it_holds() {
    let symbols = |body: &str| format!("{body}\noptions: {{symbolic_propagation: true}}");
    check(&symbols("pattern: f(a.b())"), "x = a.b()\nf(x)  # <-\nf(y)\n");
    // It is found as itself where any expression is.
    check(&symbols("patterns:\n- pattern-inside: f(..., $X)\n- pattern: $X"), "x = a.b()\nf(1, x)  # <-\n");
    check(
        &symbols("patterns:\n- pattern-inside: |\n    def $F($D={}): ...\n- pattern: $D.update(...)"),
        "def f(d={}):\n    x = d\n    x.update(1)  # <-\n    y.update(1)\n",
    );
    // What makes a container makes a new one each time that it is written.
    check(&symbols("patterns:\n- pattern: f($X)\n- pattern-not: f([...])"), "x = [a]\nf(x)  # <-\nf([a])\n");
}

#[test]
fn innermost_of_several_bounds_is_meant() {
    let around = "patterns: [{pattern-either: [{pattern-inside: 'class C: ...'}]}, {pattern-inside: 'def $F(...): ...'}]";
    check(around, "class C:\n    def f(self):  # <-\n        g()\ndef h(): pass\n");
}

#[test]
fn options_that_are_not_followed_are_refused() {
    check("pattern: f('a')\noptions: {constant_propagation: false}", "x = 'a'\nf(x)\nf('a')  # <-\n");
    check("pattern: a | b\noptions: {ac_matching: true, interfile: true}", "b | a  # <-\n");
    for option in ["ac_matching: false", "symmetric_eq: true", "taint_assume_save_functions: true"] {
        let name = option.split(':').next().unwrap();
        let place = format!("rules[0].options.{name}");
        check_refused(&format!("pattern: a\noptions: {{{option}}}"), &place, "not supported");
    }
}

#[test]
fn bounds_on_what_no_pattern_names_are_refused() {
    let unknown = "no pattern names the metavariable `$Y`";
    check_refused(
        &f_with("- metavariable-regex: {metavariable: $Y, regex: a}"),
        "rules[0].patterns[1].metavariable-regex.metavariable",
        unknown,
    );
    check_refused(&f_with("- focus-metavariable: $Y"), "rules[0].patterns[1].focus-metavariable", unknown);
    check_refused(
        &f_with("- metavariable-comparison: {comparison: $X < $Y}"),
        "rules[0].patterns[1].metavariable-comparison.comparison",
        unknown,
    );
    check_refused(
        &f_with("- metavariable-regex: {metavariable: X, regex: a}"),
        "rules[0].patterns[1].metavariable-regex.metavariable",
        "`X` is not a metavariable",
    );
    let taint = "mode: taint\npattern-sources: [{pattern: a()}]\npattern-sinks: [{pattern: b()}]\n\
                 pattern-propagators: [{pattern: c($X), from: $X, to: $Y}]";
    check_refused(taint, "rules[0].pattern-propagators[0].to", unknown);
    // One that a pattern around or inside names is known.
    check(
        "patterns:\n- pattern: f($X)\n- metavariable-pattern:\n    metavariable: $X\n    patterns:\n    - pattern: g($Y)\n    \
         - metavariable-regex: {metavariable: $Y, regex: a}",
        "f(g(a))  # <-\nf(g(b))\n",
    );
}

#[test]
fn patterns_that_cannot_be_understood_are_refused_where_they_stand() {
    check_refused(
        "patterns:\n- pattern-either:\n  - pattern: f(",
        "rules[0].patterns[0].pattern-either[0].pattern",
        "not closed",
    );
    check_refused("pattern-regex: (", "rules[0].pattern-regex", "not a regular expression");
    check_refused(
        "patterns:\n- pattern: f($X)\n- metavariable-analysis: {metavariable: $X, analyzer: redos}",
        "rules[0].patterns[1].metavariable-analysis",
        "not supported",
    );
    check_refused("mode: join\npattern: a", "rules[0].mode", "not supported");
}

#[test]
fn rules_for_other_languages_are_left_out() {
    let python = "- {id: one, languages: [python, js], pattern: f()}";
    let other = "- {id: two, languages: [js, ts], pattern-not-for-python: '=>'}";
    let file = RuleFile::read(&format!("rules:\n{other}\n{python}\n")).unwrap();
    let ids: Vec<&str> = file.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["one"]);
    let told: Vec<String> = file.foreign.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["`two` is for js, ts, not for Python"]);
    let error = RuleFile::read(&format!("rules:\n{other}\n")).unwrap_err();
    assert_eq!(error.to_string(), "rules: the rule `two` is for js, ts, not for Python");
}

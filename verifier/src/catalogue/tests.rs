//! The catalogue as people write it, well and badly.

use std::path::Path;

use super::*;

/// A catalogue that is good but for what `claim` and `finding` add.
fn catalogue(finding: &str, claim: &str) -> String {
    format!(
        r#"[target]
root = "target"

[[report]]
id = "R1"
title = "An audit"

[[finding]]
id = "R1-1"
report = "R1"
severity = "high"
title = "A title"
bug = "A sentence."
{finding}

[[finding.claim]]
id = "it-is-so"
says = "it is so"
{claim}
"#
    )
}

fn parse(text: &str) -> Result<Catalogue, Problems> {
    Catalogue::parse(Path::new("findings.toml"), text, &|file| file == Path::new("probes/there.py"))
}

#[test]
fn the_example_of_the_design_is_read() {
    let text = r#"
[target]
root = "examples/voice-assistant/audited"
exclude = ["backups/**"]
[target.python]
path = ["."]
stubs = ["zmq", "grpc"]

[[report]]
id = "R2"
title = "Hidden Bug Report"
file = "reports/hidden-bugs-1.md"
commit = "f37ced44"

[[finding]]
id = "R2-1"
report = "R2"
severity = "critical"
title = "A plain function is scheduled as a coroutine"
bug = "One sentence."
root-cause = "Why it happens."
impact = "What damage it does."
fix = "What the report recommends."

[[finding.claim]]
id = "start-is-sync"
role = "premise"
says = "Server.start is a plain function"
file = "transport/server.py"
symbol = "Server.start"
lines = "228-249"
static  = { async-function = false }
inspect = {
    is-coroutine-function = false, # over several lines, as TOML 1.1 has it
}

[[finding.claim]]
id = "created-as-task"
says = "app.py passes its result to asyncio.create_task without a check"
file = "app.py"
symbol = "App._start_servers"
static = { pattern = "asyncio.create_task(self.server.start(), ...)", not-inside = "if asyncio.iscoroutinefunction(...): ..." }
probe  = { file = "probes/there.py" }
"#;
    let catalogue = parse(text).unwrap();
    assert_eq!(catalogue.target.exclude, ["backups/**"]);
    assert_eq!(catalogue.reports[0].commit.as_deref(), Some("f37ced44"));
    let finding = &catalogue.findings[0];
    assert_eq!((finding.id.as_str(), finding.severity, finding.line), ("R2-1", Severity::Critical, 15));
    let [first, second] = finding.claims.as_slice() else { panic!("two claims") };
    assert_eq!((first.id.as_str(), first.role, first.line), ("R2-1/start-is-sync", Role::Premise, 25));
    assert_eq!(first.lines, Some(LineHint { first: 228, last: 249 }));
    assert!(matches!(
        first.checks.as_slice(),
        [Check::Static(StaticCheck::AsyncFunction(_)), Check::Inspect(_)]
    ));
    assert_eq!(second.role, Role::Instance);
    assert!(matches!(second.checks.as_slice(), [Check::Static(StaticCheck::Pattern(_)), Check::Probe(_)]));
}

#[test]
fn all_problems_are_shown_at_once_with_their_lines() {
    let text = catalogue("severty = \"low\"", "file = \"../out.py\"\nstatic = { patern = \"f()\" }");
    let rendered = parse(&text).unwrap_err().to_string();
    insta::assert_snapshot!(rendered, @r#"
    error: unknown key `severty` in `[[finding]]`
      --> findings.toml:14:1
       |
    14 | severty = "low"
       | ^^^^^^^ not known
       |
       = help: did you mean `severity`?

    error: cannot use the path `../out.py`: it leaves the target's root
      --> findings.toml:19:8
       |
    19 | file = "../out.py"
       |        ^^^^^^^^^^^
       |
       = help: paths are relative to the target's root and stay below it

    error: unknown kind of check `patern`
      --> findings.toml:20:12
       |
    20 | static = { patern = "f()" }
       |            ^^^^^^ no such kind
       |
       = help: did you mean `pattern`? the kinds are `syntax`, `pattern`, `all`, `any`, `rule`, `flow`, `sequence`, `attribute`, `async-function`, `thread`, `shared-state`, `endless-loop`, `handler`, `default`, `call`, `undefined-name`, `unused`
    "#);
}

/// What a good static check looks like, for claims whose problem is elsewhere.
const GOOD: &str = "static = { endless-loop = true }";

fn titles(text: &str) -> Vec<String> {
    parse(text).err().iter().flat_map(Problems::iter).map(|problem| problem.title.clone()).collect()
}

#[track_caller]
fn check_finding(finding: &str, expected: &[&str]) {
    let text = catalogue(finding, &format!("file = \"a.py\"\n{GOOD}"));
    assert_eq!(titles(&text), expected, "{finding}");
}

#[track_caller]
fn check_claim(claim: &str, expected: &[&str]) {
    assert_eq!(titles(&catalogue("", claim)), expected, "{claim}");
}

/// A claim about `f` in `a.py` with this in its `static` table.
#[track_caller]
fn check_static(table: &str, expected: &[&str]) {
    check_claim(&format!("file = \"a.py\"\nsymbol = \"f\"\nstatic = {{ {table} }}"), expected);
}

#[track_caller]
fn check_whole(text: &str, expected: &[&str]) {
    assert_eq!(titles(text), expected, "{text}");
}

#[test]
fn an_empty_catalogue_is_good_and_broken_toml_is_not() {
    check_whole("", &[]);
    check_whole(
        "x = = 1\n[y",
        &[
            "not TOML: extra `=`, expected nothing",
            "not TOML: unexpected key or value, expected newline, `#`",
            "not TOML: unclosed table, expected `]`",
        ],
    );
    check_whole("[target]\nroot = \"a\"\nroot = \"b\"\n", &["not TOML: duplicate key"]);
    check_whole(
        "\u{0}",
        &[
            "not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`",
            "not TOML: key with no value, expected `=`",
        ],
    );
}

#[test]
fn a_catalogue_that_cannot_be_read_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let check = |path: &Path, expected: &str| {
        let rendered = Catalogue::read(path).map(|_| ()).unwrap_err().to_string();
        assert!(rendered.contains(expected), "{rendered}");
        assert!(rendered.contains("help: "), "{rendered}");
    };
    check(&directory.path().join("findings.toml"), "cannot read the catalogue");
    check(directory.path(), "cannot read the catalogue");
    let latin = directory.path().join("latin.toml");
    std::fs::write(&latin, b"# caf\xe9\n").unwrap();
    check(&latin, "invalid utf-8");
}

#[test]
fn ids_are_unique_and_have_a_form() {
    check_whole("[[report]]\ntitle = \"t\"\n", &["a report has no id"]);
    check_whole("[[report]]\nid = \"R 1\"\ntitle = \"t\"\n", &["`R 1` cannot be the id of a report"]);
    let report = "[[report]]\nid = \"R1\"\ntitle = \"t\"\n";
    check_whole(&report.repeat(2), &["two reports have the id `R1`"]);
    let good = catalogue("", &format!("file = \"a.py\"\n{GOOD}"));
    let again = &good[good.find("[[finding]]").unwrap()..];
    check_whole(&format!("{good}\n{again}"), &["two findings have the id `R1-1`"]);
    let claim = &good[good.find("[[finding.claim]]").unwrap()..];
    check_whole(&format!("{good}\n{claim}"), &["two claims have the id `it-is-so`"]);
}

#[test]
fn two_equal_ids_show_both_places() {
    let report = "[[report]]\nid = \"R1\"\ntitle = \"t\"\n";
    insta::assert_snapshot!(parse(&report.repeat(2)).unwrap_err().to_string(), @r#"
    error: two reports have the id `R1`
     --> findings.toml:5:6
      |
    2 | id = "R1"
      |      ---- first used here
    ...
    5 | id = "R1"
      |      ^^^^ used again here
      |
      = help: give one of them another id
    "#);
}

#[test]
fn findings_relate_to_other_findings_and_not_in_a_circle() {
    check_finding("same-as = \"R9-9\"", &["there is no finding `R9-9`"]);
    check_finding("same-as = \"R1-1\"", &["`R1-1` is `same-as` itself"]);
    check_finding("part-of = \"R1-1\"", &["`R1-1` is `part-of` itself"]);
    let finding = |id: &str, relation: &str| {
        let text = catalogue(relation, &format!("file = \"a.py\"\n{GOOD}"))
            .replace("\"R1-1\"", &format!("\"{id}\""));
        text[text.find("[[finding]]").unwrap()..].to_owned()
    };
    let report = "[[report]]\nid = \"R1\"\ntitle = \"t\"\n";
    let chain = [finding("A", ""), finding("B", "same-as = \"A\""), finding("C", "part-of = \"B\"")].concat();
    check_whole(&format!("{report}{chain}"), &[]);
    let circle = [
        finding("A", "same-as = \"C\""),
        finding("B", "same-as = \"A\""),
        finding("C", "part-of = \"B\""),
        finding("D", "part-of = \"A\""),
    ]
    .concat();
    check_whole(&format!("{report}{circle}"), &["findings relate to each other in a circle: A → C → B → A"]);
    let both = [finding("A", ""), finding("B", "same-as = \"A\"\npart-of = \"A\"")].concat();
    check_whole(&format!("{report}{both}"), &["`same-as` and `part-of` exclude each other"]);
}

#[test]
fn findings_have_what_a_report_needs() {
    let text = "[[finding]]\nid = \"R1-1\"\n";
    check_whole(
        text,
        &[
            "`report` is missing in `[[finding]]`",
            "`severity` is missing in `[[finding]]`",
            "`title` is missing in `[[finding]]`",
            "`bug` is missing in `[[finding]]`",
            "`R1-1` claims nothing",
        ],
    );
    let good = catalogue("", &format!("file = \"a.py\"\n{GOOD}"));
    let check = |from: &str, to: &str, expected: &str| check_whole(&good.replace(from, to), &[expected]);
    check("report = \"R1\"", "report = \"R3\"", "there is no report `R3`");
    check("severity = \"high\"", "severity = \"urgent\"", "there is no severity `urgent`");
    check("severity = \"high\"", "severity = 1", "`severity` is a whole number, not a text");
    check("title = \"A title\"", "title = \" \"", "`title` is empty");
    check("[[finding]]", "[finding]", "`finding` is a table, not a list of tables");
    check("says = \"it is so\"", "says = \"it is so\"\nrole = \"premise\"", "`R1-1` has no instance");
    check("says = \"it is so\"", "says = \"it is so\"\nrole = \"symptom\"", "there is no role `symptom`");
    check("says = \"it is so\"", "says = \"\"", "`says` is empty");
    check("says = \"it is so\"", "", "`says` is missing in `[[finding.claim]]`");
}

#[test]
fn claims_speak_of_files_inside_the_root() {
    check_claim(&format!("file = \"a/../b.py\"\nlines = \"1-2\"\n{GOOD}"), &[]);
    check_claim(&format!("file = \"a.py\"\nlines = 7\n{GOOD}"), &[]);
    check_claim(&format!("files = [\"src/**/*.py\", \"!**/tests/**\"]\n{GOOD}"), &[]);
    check_claim(GOOD, &["a claim speaks of no file"]);
    check_claim(
        &format!("file = \"a.py\"\nfiles = \"b.py\"\n{GOOD}"),
        &["`file` and `files` exclude each other"],
    );
    check_claim(&format!("file = 3\n{GOOD}"), &["`file` is a whole number, not a text"]);
    let check_path = |path: &str, why: &str| {
        check_claim(&format!("file = '{path}'\n{GOOD}"), &[&format!("cannot use the path `{path}`: {why}")]);
        check_claim(&format!("files = '{path}'\n{GOOD}"), &[&format!("cannot use the path `{path}`: {why}")]);
    };
    check_path("../a.py", "it leaves the target's root");
    check_path("a/../../b.py", "it leaves the target's root");
    check_path("/etc/passwd", "it is absolute");
    check_path("", "it names nothing");
    check_claim(
        &format!("file = 'a\\b.py'\n{GOOD}"),
        &["cannot use the path `a\\b.py`: it contains a NUL or a backslash"],
    );
    check_claim(
        &format!("files = \"a[.py\"\n{GOOD}"),
        &["cannot understand the glob `a[.py`: unclosed character class; missing ']'"],
    );
    check_claim(&format!("files = [\"!a.py\"]\n{GOOD}"), &["a sweep selects no file"]);
    check_claim(&format!("files = []\n{GOOD}"), &["a sweep selects no file"]);
}

#[test]
fn hints_and_symbols_have_a_form() {
    for lines in ["0", "3-2", "a-b", "1-", "-1", "1-2-3", "", "99999999999"] {
        let expected = format!("`{lines}` is not a range of lines");
        check_claim(&format!("file = \"a.py\"\nlines = \"{lines}\"\n{GOOD}"), &[&expected]);
    }
    for symbol in ["A.f()", "A..f", "", "a b", "1a"] {
        let expected = format!("`{symbol}` is not a dotted path of classes and functions");
        check_claim(&format!("file = \"a.py\"\nsymbol = \"{symbol}\"\n{GOOD}"), &[&expected]);
    }
}

#[test]
fn a_claim_asks_one_static_question() {
    check_claim("file = \"a.py\"", &["a claim without a check claims nothing"]);
    check_claim("file = \"a.py\"\nstatic = 1", &["`static` is a whole number, not a table"]);
    check_static("", &["a static check asks nothing"]);
    check_static("patern = 'f()'", &["unknown kind of check `patern`"]);
    check_static(
        "pattern = 'f()', endless-loop = true",
        &["`pattern` and `endless-loop` are two kinds of check in one table"],
    );
    check_static(
        "patttern = 1, endless-loop = 3, shared-state = 'a b', thread = ''",
        &[
            "unknown key `patttern` in `static`",
            "`endless-loop` is a whole number, not `true` or `false`",
            "`endless-loop` and `shared-state` are two kinds of check in one table",
            "`a b` is not the name of an attribute",
            "`endless-loop` and `thread` are two kinds of check in one table",
            "`` is not the name of an object",
        ],
    );
    check_static("endless-loop = true, joined = true", &["unknown key `joined` in `static`"]);
    check_static("endless-loop = 'yes'", &["`endless-loop` is a text, not `true` or `false`"]);
    check_static("syntax = 'broken'", &["`syntax` cannot be `broken`"]);
}

#[test]
fn handlers_are_described_by_known_words() {
    check_static("handler = 'bare'", &[]);
    check_static(
        "handler = ['broad', 'silent'], catches = 'yaml.YAMLError', around = 'f()', does = ['g()'], reraises = false, expected = false",
        &[],
    );
    check_static("handler = 'silnt'", &["a handler cannot be `silnt`"]);
    check_static("handler = []", &["`handler` does not say how the handler is"]);
    check_static("handler = true", &["`handler` is `true` or `false`, not a text or a list of texts"]);
    check_static("handler = ['bare', 'broad']", &["a bare handler is a broad one, too"]);
    check_static("handler = 'silent', reraises = true", &["a handler that raises again is not silent"]);
    check_static("handler = 'bare', catches = 'a b'", &["`a b` is not the name of an exception"]);
    check_static("handler = 'bare', count = 2", &["unknown key `count` in `static`"]);
    check_static("handler = 'bare', around = 'f('", &["cannot understand the pattern: `(` is not closed"]);
}

#[test]
fn defaults_are_claimed_by_value_or_bounds() {
    for good in [
        "value = 5",
        "value = 0.5",
        "value = true",
        "value = 'None'",
        "value = \"'x'\"",
        "value = '[1, 2]'",
        "min = 1, below = 5",
        "required = true",
    ] {
        check_static(&format!("default = 't', {good}"), &[]);
    }
    check_static("default = 't'", &["`default` does not say what is claimed"]);
    check_static("default = 'a.b', value = 5", &["`a.b` is not the name of a parameter or setting"]);
    check_static("default = 't', value = 'localhost'", &["`localhost` is not a Python literal"]);
    check_static(
        "default = 't', value = [1]",
        &["`value` is a list, not a number, `true`, `false` or a text"],
    );
    check_static("default = 't', value = 5, min = 1", &["a value and bounds at once"]);
    check_static("default = 't', value = 5, required = true", &["what must be given has no default"]);
    check_static("default = 't', min = 5, max = 4", &["no number lies between the bounds"]);
    check_static("default = 't', above = 5, max = 5", &["no number lies between the bounds"]);
    check_static("default = 't', min = 5, above = 4", &["two bounds on the same side"]);
    check_static("default = 't', min = 'a'", &["`min` is a text, not a number"]);
}

#[test]
fn calls_are_claimed_to_fit_or_not() {
    for good in [
        "fits = true",
        "fits = false",
        "unexpected = 'x'",
        "missing = true, too-many = true",
        "repeated = 'x'",
    ] {
        check_static(&format!("call = 'f(...)', {good}"), &[]);
    }
    check_static("call = 'f(...)'", &["`call` does not say what is claimed of the call"]);
    check_static("call = 'f', fits = false", &["`f` is not a call"]);
    check_static("call = 'f(', fits = false", &["cannot understand the pattern: `(` is not closed"]);
    check_static("call = 'f(...)', unexpected = false", &["`unexpected = false` claims nothing"]);
    check_static("call = 'f(...)', unexpected = 'a b'", &["`a b` is not the name of an argument"]);
    check_static(
        "call = 'f(...)', missing = 1",
        &["`missing` is a whole number, not `true` or the name of an argument"],
    );
    check_static(
        "call = 'f(...)', fits = true, missing = true",
        &["a call that fits has nothing wrong with it"],
    );
    check_static("async-function = true, call = 'f(...)'", &[]);
    check_static(
        "thread = 'a', call = 'f(...)'",
        &["`thread` and `call` are two kinds of check in one table"],
    );
}

#[test]
fn definitions_are_unused_in_a_way() {
    for good in ["true", "false", "'never-called'", "'never-instantiated', expected = false"] {
        check_static(&format!("unused = {good}"), &[]);
    }
    check_static("unused = 'never-caled'", &["`unused` cannot be `never-caled`"]);
    check_static("unused = 1", &["`unused` is a whole number, not `true`, `false` or a word"]);
    check_static("unused = true, expected = false", &["`unused` and `expected` say the same thing twice"]);
}

#[test]
fn names_are_undefined_or_not() {
    for good in ["true", "false", "'logger'", "'logger', expected = false"] {
        check_static(&format!("undefined-name = {good}"), &[]);
    }
    check_static("undefined-name = 'a.b'", &["`a.b` is not a name"]);
    check_static(
        "undefined-name = 1",
        &["`undefined-name` is a whole number, not `true`, `false` or a name"],
    );
    check_static(
        "undefined-name = true, expected = false",
        &["`undefined-name` and `expected` say the same thing twice"],
    );
}

#[test]
fn patterns_are_read_where_they_stand() {
    check_static(
        "pattern = 'f($X, ...)', not = ['f(1)'], where = { '$X' = '^a' }, focus = '$X', count = { min = 2 }",
        &[],
    );
    check_static("all = ['f(...)', '$F(1)'], any = 'g()', count = 0", &[]);
    check_static("pattern = '$X'", &["a pattern that matches any code cannot fail"]);
    check_static(
        "pattern = 'f()', count = { min = 0 }",
        &["a check that accepts any number of sites cannot fail"],
    );
    check_static("pattern = 'f()', count = { min = 3, max = 2 }", &["no number is at least 3 and at most 2"]);
    check_static(
        "pattern = 'f()', count = -1",
        &["`count` is a whole number, not a whole number from 0 to 4294967295"],
    );
    check_static("pattern = 'f($X)', focus = '$Y'", &["no pattern names the metavariable `$Y`"]);
    check_static(
        "pattern = 'f($X)', not = 'g($Y)', where = { '$Y' = 'a' }",
        &["no pattern names the metavariable `$Y`"],
    );
    check_static(
        "pattern = 'f($X)', inside = 'g($Y)', where = { '$Y' = 'a', '$X' = { pattern = 'h($Z)' }, '$Z' = 'b' }",
        &[],
    );
    check_static("all = []", &["`all` lists no pattern"]);
    check_static("any = [], not = 'f()'", &["`any` lists no pattern"]);
    check_static("pattern = 'f()', inside = []", &["`inside` lists no pattern"]);
    check_static("pattern = 'f()', not = []", &[]);
    check_static("any = ['f()', '...']", &["a pattern that matches any code cannot fail"]);
    check_static("all = ['$X', '$Y']", &["a pattern that matches any code cannot fail"]);
    for anything in ["<... $X ...>", "<... <... $_ ...> ...>", "$X\\n...\\n", "...\\n$X", "...\\n..."] {
        let title = "a pattern that matches any code cannot fail";
        check_static(&format!("pattern = \"{anything}\""), &[title]);
    }
    for something in ["<... $X() ...>", "$X\\n$Y", "$X\\n...\\nf()", "return $X"] {
        check_static(&format!("pattern = \"{something}\""), &[]);
    }
    check_static("pattern = 'f($X)', where = { X = 'a' }", &["`X` is not a metavariable"]);
    check_static(
        "pattern = 'f($X)', where = { '$X' = '(' }",
        &["cannot understand the regular expression: unclosed group"],
    );
    check_static("pattern = 'f($X)', where = { '$X' = {} }", &["the bound on `$X` says nothing"]);
    check_static(
        "pattern = 'f($X)', where = { '$X' = { min = 2, max = 1 } }",
        &["no number is at least 2 and at most 1"],
    );
}

#[test]
fn a_pattern_that_does_not_parse_shows_its_place_in_the_toml() {
    let claim = "file = \"a.py\"\nstatic = { pattern = \"\"\"\nf(\"a\\tb\",\n  g(]))\"\"\" }";
    let problems = parse(&catalogue("", claim)).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert!(problem.title.starts_with("cannot understand the pattern: "), "{problems}");
    let text = catalogue("", claim);
    let place = problem.place.clone().unwrap();
    let line = text[..place.start].lines().count();
    let second_line_of_pattern = text.lines().position(|line| line.contains("g(]")).unwrap() + 1;
    assert_eq!(line, second_line_of_pattern, "{problems}");
}

#[test]
fn the_other_kinds_say_what_they_lack() {
    check_static("flow = { from = 'a()', to = ['b(...)'] }", &[]);
    check_static("flow = { from = [] }", &["`from` is missing", "`to` is missing"]);
    check_static("sequence = ['$S = f()', '$S.g()'], unless = '$S.h()'", &[]);
    check_static("sequence = ['$S = f()']", &["a sequence of fewer than two events is no sequence"]);
    check_static("sequence = ['$S = f(', '$S.g()']", &["cannot understand the pattern: `(` is not closed"]);
    check_static("async-function = false, call = 'f'", &["`f` is not a call"]);
    check_static("sequence = ['$A.f()', '$B.g()']", &["the events of a sequence name no common object"]);
    check_static(
        "sequence = ['$A.f($B)', '$A.g($B)'], object = '$C'",
        &["no pattern names the metavariable `$C`"],
    );
    check_static("attribute = 'self.x', assigned = true", &["`self.x` is not the name of an attribute"]);
    check_static("attribute = 'x'", &["`attribute` does not say what is claimed"]);
    check_static("thread = 'self._t'", &["`thread` does not say what is claimed of it"]);
    check_static("thread = 'self.t()', joined = false", &["`self.t()` is not the name of an object"]);
    check_static(
        "async-function = true, inside = 'f(...)'",
        &["`inside` and `not-inside` speak of a call, and there is none"],
    );
    check_static("shared-state = 'buffer', expected = false", &[]);
}

#[test]
fn numbers_and_truths_stand_for_what_python_shows() {
    let value = |written: &str| -> Option<String> {
        let claim =
            format!("file = \"a.py\"\nsymbol = \"f\"\ninspect = {{ defaults = {{ a = {written} }} }}");
        let catalogue = parse(&catalogue("", &claim)).ok()?;
        match catalogue.findings[0].claims[0].checks.as_slice() {
            [Check::Inspect(check)] => check.defaults.get("a").cloned(),
            _ => None,
        }
    };
    for (written, expected) in [
        ("3", Some("3")),
        ("1_000", Some("1000")),
        ("0x10", Some("16")),
        ("-1", Some("-1")),
        ("30.0", Some("30.0")),
        ("true", Some("True")),
        ("\"'x'\"", Some("'x'")),
        ("1e30", None),
        ("[]", None),
    ] {
        assert_eq!(value(written).as_deref(), expected, "{written}");
    }
}

#[test]
fn impossible_combinations_are_refused() {
    let check = |claim: &str, expected: &str| check_claim(claim, &[expected]);
    check(
        "file = \"a.py\"\nstatic = { async-function = true }",
        "`async-function` does not say what it asks about",
    );
    check(
        "file = \"a.py\"\nstatic = { thread = \"self.t\", joined = true }",
        "`thread` does not say what it asks about",
    );
    check(
        "file = \"a.py\"\nstatic = { rule = \"r.yaml\" }",
        "cannot read the rule `r.yaml`: files are not read here",
    );
    check("file = \"a.py\"\ninspect = { exists = true }", "`inspect` has no object to look at");
    check(
        "file = \"a.py\"\ninspect = { names = [\"a\"], type = \"b\" }",
        "`inspect` has no object to look at",
    );
    check("files = \"*.py\"\nsymbol = \"f\"\ninspect = { exists = true }", "`inspect` cannot sweep");
    check("files = \"*.py\"\nimport = { succeeds = true }", "`import` cannot sweep");
    check("files = \"*.py\"\nprobe = { file = \"probes/there.py\" }", "`probe` cannot sweep");
    check(&format!("files = \"*.py\"\nlines = 3\n{GOOD}"), "a sweep has no lines to hint at");
    check("file = \"a.py\"\nsymbol = \"f\"\ninspect = {}", "an inspect check asks nothing");
    check("file = \"a.py\"\nimport = {}", "an import check asks nothing");
    check(
        "file = \"a.py\"\nimport = { succeeds = true, raises = \"E\" }",
        "an import cannot both succeed and raise",
    );
    check("file = \"a.py\"\nprobe = {}", "a probe has no file");
    check("file = \"a.py\"\nprobe = { file = \"probes/gone.py\" }", "there is no probe `probes/gone.py`");
    check(
        "file = \"a.py\"\nprobe = { file = \"../p.py\" }",
        "cannot use the probe `../p.py`: it leaves the catalogue's directory",
    );
    check(
        "file = \"a.py\"\nprobe = { file = \"probes/there.py\", runs = 0 }",
        "a probe runs between 1 and 100 times",
    );
    check(
        "file = \"a.py\"\nimport = { succeeds = true }\nexample = { holds = 'x', fails = 'y' }",
        "an example without a static check is never run",
    );
    check(&format!("file = \"a.py\"\n{GOOD}\nexample = {{ holds = 'x' }}"), "an example needs `fails`");
    check(
        &format!("file = \"a.py\"\n{GOOD}\nexample = {{ holds = '''\n--- ../x.py\n''', fails = 'x' }}"),
        "cannot use the path `../x.py` in an example: it leaves the target's root",
    );
}

#[test]
fn settings_are_checked() {
    check_whole(
        "[target]\nexclude = [\"a[\"]\n",
        &["cannot understand the glob `a[`: unclosed character class; missing ']'"],
    );
    check_whole(
        "[target.python]\npath = [\".\", \"src\", \"../lib\"]\n",
        &["cannot use the path `../lib`: it leaves the target's root"],
    );
    check_whole("[target.python]\nstubs = [\"py zmq\"]\n", &["`py zmq` is not the name of a package"]);
    check_whole("[target]\nroots = \"a\"\n", &["unknown key `roots` in `[target]`"]);
    check_whole("finding = 3\n", &["`finding` is a whole number, not a list of tables"]);
    check_whole("[report]\nid = \"R1\"\n", &["`report` is a table, not a list of tables"]);
}

#[test]
fn colour_comes_only_when_asked() {
    let problems = parse("x = 1\n").unwrap_err();
    assert!(!problems.render(false).contains('\u{1b}'));
    assert!(problems.render(true).contains('\u{1b}'));
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::literal::place_in_literal;

    /// Rendering reaches every place, which must lie in the text.
    fn read(text: &str) {
        if let Err(problems) = parse(text) {
            for problem in problems.iter() {
                let place = problem.place.clone().unwrap_or(0..0);
                assert!(text.get(place.clone()).is_some(), "{place:?} is no place in the text");
            }
            assert!(!problems.render(true).is_empty());
        }
    }

    fn good() -> String {
        let claims = [
            "static = { pattern = \"f($X, ...)\", not = ['g()'], where = { '$X' = { regex = 'a', min = 1.5 } }, count = { max = 3 } }",
            "symbol = \"A.f\"\nlines = \"3-7\"\nstatic = { sequence = [\"$S = f()\", \"$S.g()\"] }\ninspect = { exists = true }",
            "static = { flow = { from = \"a()\", to = '''b(...)''' } }\nexample = { holds = \"\"\"\nx\n\"\"\", fails = 'y' }",
        ];
        claims.map(|claim| catalogue("same-as = \"R1-2\"", &format!("file = \"a.py\"\n{claim}"))).concat()
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            read(&text);
        }

        #[test]
        fn text_that_looks_like_toml_is_read_or_refused(
            words in prop::collection::vec(prop::sample::select(vec![
                "[[finding]]", "[[finding.claim]]", "[target]", "[[report]]", "\n", " ", "=", "\"", "'''", "{", "}", "[", "]", ",",
                "id", "static", "pattern", "where", "count", "file", "lines", "role", "same-as", "1", "-1", "true", "1.5e3",
                "\\u00e9", "é", "$X", "...", "\t", "\r\n", "#", "1979-05-27", "inf",
            ]), 0..60)
        ) {
            read(&words.concat());
        }

        #[test]
        fn a_damaged_catalogue_is_read_or_refused(cut in any::<prop::sample::Index>(), length in 0..40usize, inserted in "[^a]{0,4}") {
            let good = good();
            let floor = |mut offset: usize| { while !good.is_char_boundary(offset) { offset -= 1 } offset };
            let start = floor(cut.index(good.len()));
            let end = floor((start + length).min(good.len()));
            read(&format!("{}{inserted}{}", &good[..start], &good[end..]));
        }

        #[test]
        fn places_in_basic_strings_are_those_of_the_characters(before in "[a-zé\n\t\"\\\\]{0,12}", after in "[a-zé\"]{0,12}") {
            let value = format!("{before}X{after}");
            let written = toml::Value::String(value.clone()).to_string();
            let text = format!("key = {written}\n");
            let literal = 6..6 + written.len();
            let place = place_in_literal(&text, literal, before.len()..before.len() + 1);
            prop_assert_eq!(&text[place], "X");
        }
    }

    #[test]
    fn places_follow_escapes_and_line_ends() {
        let check = |literal: &str, inside: std::ops::Range<usize>, expected: &str| {
            let text = format!("k = {literal}");
            assert_eq!(&text[place_in_literal(&text, 4..text.len(), inside)], expected, "{literal}");
        };
        check(r#""abc""#, 1..2, "b");
        check(r#""\u00e9X""#, 2..3, "X");
        check(r#""\x41X""#, 1..2, "X");
        check(r#""\U0001F600X""#, 4..5, "X");
        check("\"\"\"\nab\\\n   X\"\"\"", 2..3, "X");
        check("'''\na\\nX'''", 3..4, "X");
        check("'ab'", 2..2, "");
        check("'ab'", 5..9, "");
        check("''", 0..3, "");
    }
}

#[test]
fn every_problem_of_form_offers_a_way_out() {
    for (finding, claim) in [
        ("fix = 3", "file = \"a.py\"\nstatic = { pattern = 'f(' }"),
        ("impact = [1]", "file = \"a.py\"\nstatic = { pattern = 3, count = \"x\" }"),
        ("", "file = \"a.py\"\nstatic = \"f()\""),
        ("", "file = \"a.py\"\nstatic = { endless-loop = \"yes\" }"),
        ("fix = \"open", ""),
        ("fix = \"a\"\nfix = \"b\"", ""),
        ("fix", ""),
    ] {
        let problems = parse(&catalogue(finding, claim)).unwrap_err();
        for problem in problems.iter() {
            assert!(problem.help.is_some(), "{problems}");
        }
    }
}

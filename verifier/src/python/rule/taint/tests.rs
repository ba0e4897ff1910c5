use crate::fixture::{MARK, MemoryTree};
use crate::python::Files;
use crate::python::rule::Rule;
use crate::target::RelativePath;

/// `body` is what a rule in taint mode says besides its head; the marked lines are found.
#[track_caller]
fn check(body: &str, python: &str) {
    let head =
        "rules:\n- id: rule\n  languages: [python]\n  severity: ERROR\n  message: found\n  mode: taint\n";
    let body: String = body.trim().lines().map(|line| format!("  {line}\n")).collect();
    let rules = Rule::read(&format!("{head}{body}")).unwrap_or_else(|error| panic!("{error}\n{head}{body}"));
    let tree = MemoryTree::parse(python);
    let files = Files::new(&tree);
    let file = files.file(&RelativePath::new("example.py").unwrap()).unwrap();
    let mut found: Vec<u32> =
        rules[0].flows(file).iter().map(|(range, _)| file.source().line(range.start())).collect();
    found.dedup();
    let marked = file.source().text().lines().enumerate().filter(|(_, line)| line.contains(MARK));
    let expected: Vec<u32> = marked.map(|(index, _)| u32::try_from(index).unwrap() + 1).collect();
    assert_eq!(found, expected, "{python}");
}

const PLAIN: &str = "pattern-sources: [{pattern: read(...)}]\npattern-sinks: [{pattern: run(...)}]";

#[test]
fn value_of_a_source_arrives_at_a_sink_in_the_same_function_only() {
    check(PLAIN, "def f():\n    a = read()\n    run(a)  # <-\n    g(a)\n\ndef g(a):\n    run(a)\n");
}

#[test]
fn source_taints_what_is_inside_it_unless_it_is_exact() {
    check(PLAIN, "read(run(x))  # <-\nrun(x)\n");
    let exact = PLAIN.replace("read(...)", "read(...), exact: true");
    check(&exact, "read(run(x))\nrun(read(x))  # <-\n");
}

#[test]
fn sanitizer_cleans_what_is_inside_it_unless_it_is_exact() {
    let sanitizers = |more: &str| format!("{PLAIN}\npattern-sanitizers: [{{pattern: check(...){more}}}]");
    check(&sanitizers(""), "a = read()\ncheck(run(a))\nrun(check(a))\nrun(a)  # <-\n");
    check(&sanitizers(", exact: true"), "a = read()\ncheck(run(a))  # <-\nrun(check(a))\nrun(a)  # <-\n");
}

#[test]
fn sanitizer_may_yield_to_sources_and_sinks() {
    let yields = format!("{PLAIN}\npattern-sanitizers: [{{pattern: $F(...), not_conflicting: true}}]");
    check(&yields, "a = read()\nrun(a)  # <-\nrun(check(a))\n");
}

#[test]
fn sources_are_also_what_is_assigned_to_and_parts_of_strings() {
    let target = PLAIN.replace(
        "{pattern: read(...)}",
        "{patterns: [{pattern-inside: '$A = read()'}, {pattern: '<... $A ...>'}]}",
    );
    check(&target, "a = read()\nrun(a.x)  # <-\nb = a\n");
    check(&target, "a, b = read()\nrun(b)  # <-\n");
    let text = PLAIN.replace("read(...)", "'\"...\"'");
    check(&text, "run(f'a{b}')  # <-\nrun(f'{b}')\n");
}

#[test]
fn sink_takes_arguments_unless_it_means_any_expression() {
    let focused = "pattern-sources: [{pattern: read(...)}]
options: {taint_assume_safe_functions: true}
pattern-sinks:
- patterns: [{pattern: 'run($X, ...)'}, {focus-metavariable: $X}]";
    check(focused, "run(read())  # <-\nrun(1, read())\nrun(wrap(read()))\n");
    let loose = PLAIN.replace("run(...)", "run(...), exact: false");
    check(&loose, "run(1 if read() else 2)  # <-\nrun(1)\n");
    check(PLAIN, "run(1 if read() else 2)\n");
}

#[test]
fn side_effects_change_the_variable_itself() {
    let body = "
pattern-sources:
- by-side-effect: only
  patterns: [{pattern: $F.close()}, {focus-metavariable: $F}]
pattern-sanitizers:
- by-side-effect: true
  patterns: [{pattern: $F.open()}, {focus-metavariable: $F}]
pattern-sinks:
- patterns: [{pattern: $F.close()}, {focus-metavariable: $F}]";
    check(body, "def f(a):\n    a.close()\n    a.close()  # <-\n    a.open()\n    a.close()\n");
    check(body, "def f(a):\n    a.b.close()\n    a.c.close()\n    a.b.close()  # <-\n");
}

#[test]
fn parameters_can_be_sources() {
    let body = "
pattern-sources:
- patterns: [{pattern: 'def $F(..., $P, ...): ...'}, {focus-metavariable: $P}]
pattern-sinks: [{pattern: run(...)}]";
    check(body, "def f(a, b):\n    run(b)  # <-\n    b = 1\n    run(b)\n    run(c)\n");
}

#[test]
fn propagators_carry_in_either_direction_of_a_call() {
    let body = |from: &str, to: &str| {
        format!("{PLAIN}\npattern-propagators:\n- {{pattern: $A.join($B), from: {from}, to: {to}}}")
    };
    check(&body("$B", "$A"), "a = read()\nb.join(a)\nrun(b)  # <-\n");
    check(&body("$A", "$B"), "a = read()\na.join(b)\nrun(b)  # <-\n");
    check(&body("$A", "$B"), "a = read()\nb.join(a)\nrun(b)\n");
}

#[test]
fn labels_are_required_replaced_and_excluded() {
    let body = "
pattern-sources:
- {pattern: read(...), label: RAW}
- {pattern: sign(...), label: SIGNED, requires: RAW}
pattern-propagators:
- {pattern: $A.pack($B), from: $B, to: $A, label: PACKED, replace-labels: [RAW]}
pattern-sinks:
- {pattern: run(...), requires: RAW and not SIGNED}
- {pattern: send(...), requires: PACKED or SIGNED}";
    check(
        body,
        "a = read()
run(a)  # <-
send(a)
send(sign(a))  # <-
run(sign(a))
send(sign(1))
b.pack(a)
send(b)  # <-
run(b)
",
    );
}

#[test]
fn control_source_taints_all_that_runs_after_it() {
    let body = "pattern-sources: [{pattern: begin(), control: true}]\npattern-sinks: [{pattern: run()}]";
    check(body, "def f(a):\n    run()\n    if a:\n        begin()\n    run()  # <-\n\ndef g():\n    run()\n");
    check(body, "def f():\n    run()\n\nrun()\nbegin()\nrun()  # <-\n");
}

#[test]
fn sink_at_exit_counts_where_the_function_ends() {
    let body = "
pattern-sources:
- by-side-effect: true
  patterns: [{pattern: 'lock($L)'}, {focus-metavariable: $L}]
pattern-sinks: [{pattern: use($L), at-exit: true}]";
    check(
        body,
        "def f(l):\n    lock(l)\n    use(l)\n    if l:\n        use(l)  # <-\n    else:\n        return use(l)  # <-\n",
    );
}

#[test]
fn options_say_what_is_taken_to_be_safe() {
    let with = |option: &str| format!("{PLAIN}\noptions: {{{option}: true}}");
    check(&with("taint_assume_safe_functions"), "a = read()\nrun(f(a), a.f())\nrun(a)  # <-\n");
    check(&with("taint_assume_safe_indexes"), "a = read()\nrun(x[a])\nrun(a[x])  # <-\n");
    check(&with("taint_assume_safe_comparisons"), "a = read()\nrun(a == 1)\nrun(not a)  # <-\n");
    check(&with("taint_assume_safe_booleans"), "a = read()\nrun(a == 1)\nrun(not a)\nrun(a or 1)  # <-\n");
    check(&with("taint_assume_safe_numbers"), "a = read()\nrun(a + 1)\nrun(a + 'x')  # <-\n");
    check(
        &with("taint_only_propagate_through_assignments"),
        "a = b = read()\nrun(b)  # <-\nrun(a + 'x', a.x, a[0], f(a), f'{a}', [a])\n",
    );
    check(&format!("{PLAIN}\noptions: {{taint_focus_on: source}}"), "a = read()  # <-\nrun(a)\n");
}

#[test]
fn call_is_reported_once_for_each_source_and_sink() {
    let rule = PLAIN.replace("run(...)", "$F(...)");
    check(&rule, "a = read()\nb = a\nprint(b)  # <-\n");
}

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
       = help: did you mean `pattern`? the kinds are `syntax`, `pattern`, `all`, `any`, `flow`, `sequence`, `attribute`, `async-function`, `thread`, `shared-state`, `endless-loop`
    "#);
}

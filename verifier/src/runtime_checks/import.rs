//! # `import`
//!
//! ## What it asks
//!
//! Does the module import, with which declared stubs, and what did importing it do: files written,
//! network used, programs started, threads left running, environment changed? What it did is seen
//! by the interpreter's audit hooks, installed before the import, and by what it has left: files,
//! sockets and processes that the interpreter was not told of. It stands in the evidence whether it
//! was asked about or not.
//!
//! ## In findings.toml
//!
//! ```toml
//! file = "agents/broken.py"
//! import = { succeeds = false, raises = "SyntaxError" }
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `succeeds` | the module imports, or does not |
//! | `raises` | the name of the exception that importing ends with; `"SystemExit"` for `sys.exit()` |
//! | `writes-files`, `uses-network`, `starts-processes`, `leaves-threads`, `changes-environment` | what importing does, or tries to do |
//! | `takes-seconds` | importing takes at least so many seconds |
//!
//! ## What it cannot see
//!
//! What extension modules do without telling the interpreter and without leaving a trace. How long it takes depends on the
//! machine, and is told only when it was asked about. An import that fails because of the
//! sandbox, a missing package or a limit is no answer. A module that ends the program by `sys.exit()`
//! answers `raises = "SystemExit"` alone, and not when it does so because an import failed.

use serde_json::Value;

use super::request::{Ending, Question};
use super::session::{Session, Told, ending_reason, error_reason, file_of, list, no_answer, texts, unseen};
use crate::catalogue::{CheckKind, Claim, ImportCheck};
use crate::evidence::{Observation, Outcome, Reason, Searched, Site, Strength};

/// What importing can do: the key of the answer, and how it is told that it did, and that it did not.
const DEEDS: [(&str, &str, &str); 5] = [
    ("wrote", "wrote files", "wrote no file"),
    ("connected", "used the network", "used no network"),
    ("started", "started programs", "started no program"),
    ("threads", "left threads running", "left no thread running"),
    ("environment", "changed the environment", "changed nothing of the environment"),
];

/// Answers the check.
pub(super) fn observe(session: &Session<'_>, claim: &Claim, check: &ImportCheck) -> Observation {
    let Told { reply, mut notes, root } = match session.ask(claim, Question::Import, 0) {
        Ok(told) => told,
        Err(reason) => return unseen(CheckKind::Import, Strength::Inspected, reason, Vec::new()),
    };
    if let Ending::Answered(answer) = &reply.ending {
        for (key, told, _) in DEEDS {
            let did = answer.get("did").map(|did| texts(did, key)).unwrap_or_default();
            if !did.is_empty() {
                notes.push(format!("importing {told}: {}", list(&did, 6)));
            }
        }
    }
    let (holds, because) = match judge(check, &reply.ending, &root) {
        Ok(judged) => judged,
        Err(reason) => return unseen(CheckKind::Import, Strength::Inspected, reason, notes),
    };
    let site = file_of(claim).ok().map(|file| Site {
        file: file.clone(),
        line: 1,
        end_line: 1,
        symbol: None,
        excerpt: String::new(),
        label: None,
    });
    Observation {
        check: CheckKind::Import,
        strength: Strength::Inspected,
        outcome: if holds { Outcome::Holds } else { Outcome::DoesNotHold },
        because,
        sites: site.into_iter().collect(),
        searched: Searched { files: 1, parsed: 1, nodes: 1, blind: Vec::new() },
        notes,
    }
}

fn judge(check: &ImportCheck, ending: &Ending, root: &str) -> Result<(bool, String), Reason> {
    if let Some(reason) = ending_reason(ending) {
        return Err(reason);
    }
    let Ending::Answered(answer) = ending else { unreachable!("every other ending has a reason") };
    let error = answer.get("error");
    let mut good = Vec::new();
    let mut bad = Vec::new();
    if check.succeeds.is_some() || check.raises.is_some() {
        let asks_for_exit = check
            .raises
            .as_deref()
            .is_some_and(|name| matches!(name.rsplit('.').next(), Some("SystemExit" | "BaseException")));
        let raised = error.map(|error| raised(error, root, asks_for_exit)).transpose()?;
        let told =
            raised.as_ref().map_or("it imports".to_owned(), |(_, told)| format!("importing raises {told}"));
        let succeeds = check.succeeds.is_none_or(|expected| expected == raised.is_none());
        let as_said = check.raises.as_ref().is_none_or(|expected| {
            raised.as_ref().is_some_and(|(names, _)| {
                names.iter().any(|name| name == expected || name.ends_with(&format!(".{expected}")))
            })
        });
        if succeeds && as_said { good.push(told) } else { bad.push(told) }
    }
    for ((key, told, not_told), expected) in DEEDS.into_iter().zip([
        check.writes_files,
        check.uses_network,
        check.starts_processes,
        check.leaves_threads,
        check.changes_environment,
    ]) {
        let Some(expected) = expected else { continue };
        let did = answer.get("did").map(|did| texts(did, key)).unwrap_or_default();
        // An import that broke off has not done all that it would have.
        if did.is_empty()
            && let Some(error) = error
        {
            return Err(error_reason(error, root));
        }
        let told = match did.is_empty() {
            true => format!("importing {not_told}"),
            false => format!("importing {told}: {}", list(&did, 3)),
        };
        if expected != did.is_empty() { good.push(told) } else { bad.push(told) }
    }
    if let Some(expected) = check.takes_seconds {
        let did = answer.get("did").unwrap_or(&Value::Null);
        let Some(milliseconds) = did.get("milliseconds").and_then(Value::as_u64) else {
            return Err(no_answer("nonsense", "the answer does not say how long importing took"));
        };
        let reached = milliseconds / 1000 >= u64::from(expected);
        // An import that broke off might have taken longer.
        if !reached && let Some(error) = error {
            return Err(error_reason(error, root));
        }
        let told = format!("importing took {}.{} s", milliseconds / 1000, milliseconds % 1000 / 100);
        if reached { good.push(told) } else { bad.push(told) }
    }
    if bad.is_empty() { Ok((true, good.join("; "))) } else { Ok((false, bad.join("; "))) }
}

/// The names of the exception and its bases, and how it is told; or why it says nothing about the
/// module: it comes from what is absent here, or from the sandbox. `sys.exit()` is an answer when it
/// was asked for, and no failed import or system call was under way.
fn raised(error: &Value, root: &str, asks_for_exit: bool) -> Result<(Vec<String>, String), Reason> {
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or_default().to_owned();
    let for_want = texts(error, "after").iter().any(|base| matches!(&**base, "ImportError" | "OSError"));
    let exits = error.get("exit").is_some() && (!asks_for_exit || for_want);
    let from_here = error.get("memory").is_some() || exits || error.get("refused").is_some();
    if from_here || (text("missing").is_some() && error.get("own").is_none()) {
        return Err(error_reason(error, root));
    }
    let mut names = texts(error, "bases");
    names.push(kind.clone());
    let message = text("message").unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    let line =
        error.get("line").and_then(Value::as_i64).map(|line| format!(" (line {line})")).unwrap_or_default();
    if kind.is_empty() {
        return Err(no_answer("nonsense", "an exception without a type"));
    }
    Ok((names, format!("{kind}: {message}{line}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn import_is_judged_by_what_was_asked() {
        let check = |question: &str, answer: Value, expected: &str| {
            let check: ImportCheck = toml::from_str(question).unwrap();
            let seen = judge(&check, &Ending::Answered(answer), "/t");
            assert!(format!("{seen:?}").contains(expected), "{question}: {seen:?}");
        };
        let fine = || json!({"did": {}});
        let broken =
            || json!({"error": {"type": "SyntaxError", "message": "bad", "line": 3, "bases": ["Exception"]}});
        check("succeeds = true", fine(), "Ok((true");
        check("succeeds = false", fine(), "Ok((false");
        check("succeeds = false", broken(), "Ok((true");
        check("raises = 'SyntaxError'", broken(), "Ok((true");
        check("raises = 'Exception'", broken(), "Ok((true");
        check("raises = 'KeyError'", broken(), "Ok((false");
        check("raises = 'KeyError'", fine(), "Ok((false");
        let exited = |after: &[&str]| json!({"error": {"type": "SystemExit", "exit": 3, "message": "3", "bases": ["BaseException"], "after": after}});
        check("raises = 'SystemExit'", exited(&[]), "Ok((true");
        check("raises = 'BaseException'", exited(&["KeyError"]), "Ok((true");
        check("raises = 'SystemExit'", exited(&["ModuleNotFoundError", "ImportError"]), "exited");
        check("raises = 'KeyError'", exited(&[]), "exited");
        check("succeeds = false", exited(&[]), "exited");
        let wrote = || json!({"did": {"wrote": ["/x"]}});
        check("writes-files = true", wrote(), "Ok((true");
        check("writes-files = false", wrote(), "Ok((false");
        check("writes-files = false", fine(), "Ok((true");
        check("writes-files = false", broken(), "import-failed");
        let took = |milliseconds: u64| json!({"did": {"milliseconds": milliseconds}});
        check("takes-seconds = 2", took(2345), "importing took 2.3 s");
        check("takes-seconds = 2", took(2345), "Ok((true");
        check("takes-seconds = 3", took(2345), "Ok((false");
        check("takes-seconds = 3", broken(), "nonsense");
    }

    #[test]
    fn what_only_this_machine_lacks_refutes_nothing() {
        let check = |error: Value, expected: &str| {
            let question = ImportCheck { succeeds: Some(true), ..ImportCheck::default() };
            let seen = judge(&question, &Ending::Answered(json!({"error": error})), "/t");
            assert!(format!("{seen:?}").contains(expected), "{seen:?}");
        };
        check(json!({"type": "ModuleNotFoundError", "missing": "torch"}), "to `stubs`");
        check(json!({"type": "MemoryError", "memory": true}), "memory-limit");
        check(json!({"type": "SystemExit", "exit": 3}), "exited");
        check(json!({"type": "PermissionError", "refused": true, "message": "no"}), "import-failed");
    }
}

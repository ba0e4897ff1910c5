//! Where Python is gone: the commands that read work as ever, the others say what is missing.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{self, interpreter};

/// Runs `xtask` where the interpreter and its library cannot be loaded; `None` where this machine
/// cannot make such a place.
fn without_python(arguments: &[&str]) -> Option<Output> {
    let python = interpreter();
    let usual =
        ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/lib", "/lib64"].map(Path::new);
    let directories = python.library_directories.iter().map(AsRef::as_ref).chain(usual);
    let libraries = directories.map(|directory| directory.join(&python.library_name));
    let mut hidden: Vec<_> =
        libraries.chain([python.executable.clone()]).filter_map(|path| path.canonicalize().ok()).collect();
    hidden.sort();
    hidden.dedup();
    // What is no file any more can neither be loaded nor started.
    let mut script = String::from("set -e\n");
    for path in &hidden {
        script.push_str(&format!("mount --bind /dev/null '{}'\n", path.display()));
    }
    script.push_str("export PATH=/usr/bin:/bin\nexec \"$@\"\n");
    let place = |program: &mut Command| {
        program.args(["--mount", "sh", "-c", &script, "sh"]).arg(support::xtask()).args(arguments);
        program.current_dir(support::workspace()).output().ok()
    };
    let privileged = place(&mut Command::new("unshare"));
    let refused = |output: &Output| {
        let told = String::from_utf8_lossy(&output.stderr);
        told.starts_with("unshare: ") || told.starts_with("mount: ")
    };
    let output = privileged
        .filter(|output| !refused(output))
        .or_else(|| place(Command::new("unshare").arg("--map-root-user")).filter(|output| !refused(output)));
    if output.is_none() {
        support::show("NOT TESTED: without Python, because this machine cannot hide it from a program");
    }
    output
}

#[test]
fn commands_that_read_need_no_python() {
    let check = |arguments: &[&str], code: i32, said: &str| {
        let Some(output) = without_python(arguments) else { return };
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert!(told.contains(said), "{arguments:?}: {told}");
    };
    check(&["list"], 0, "R1-1");
    check(&["explain", "R1-4", "--static-only"], 1, "confirmed");
    check(&["verify", "--static-only"], 1, "confirmed");
    check(&["report", "--static-only"], 1, "# ");
    check(&["grep", "pickle.loads($X)", "--root", "examples/voice-assistant/audited"], 1, "pickle.loads");
}

#[test]
fn questions_about_live_objects_say_what_is_missing() {
    let check = |arguments: &[&str], code: i32| {
        let Some(output) = without_python(arguments) else { return };
        let told = String::from_utf8_lossy(&output.stdout);
        let version = &interpreter().version;
        let short = version.rsplit_once('.').map_or(version.as_str(), |(short, _)| short);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert!(
            told.contains("has no shared library") && told.contains(&format!("libpython{short}")),
            "{arguments:?}: {told}"
        );
    };
    check(&["doctor"], 0);
    // The static check confirms; what the proof could not do is in the evidence.
    check(&["verify", "--finding", "R1-4", "--format", "json"], 1);
}

//! Ctrl-C: at whatever moment it comes, the command ends at once and leaves nothing behind.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{interpreter, processes_of, workspace, xtask};

/// What each may take whose machine has other things to do as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// What it takes when nothing else is in the way.
const USUAL: Duration = Duration::from_millis(100);

/// Runs a program without what whoever started the tests in the background may want ignored.
const WITH_USUAL_SIGNALS: &str = "import os, signal, sys
for number in signal.SIGINT, signal.SIGTERM:
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])";

#[test]
fn interrupted_command_ends_at_once_and_leaves_nothing() {
    let scratch = tempfile::tempdir().expect("a directory");
    let (mut times, mut interrupted) = (Vec::new(), 0);
    for round in 0..25_u64 {
        let report = scratch.path().join(format!("report-{round}.md"));
        let mut run = Command::new(&interpreter().executable)
            .args(["-I", "-S", "-c", WITH_USUAL_SIGNALS])
            .arg(xtask())
            .args(["report", "--output"])
            .arg(&report)
            .current_dir(workspace())
            .env("TMPDIR", scratch.path())
            .env("ASSAY_CACHE_DIR", scratch.path().join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("runs");
        std::thread::sleep(Duration::from_millis(round * 37 % 900));
        let (signal, code) = if round % 2 == 0 { ("-INT", 130) } else { ("-TERM", 143) };
        let sent = Instant::now();
        let kill = Command::new("kill").args([signal, &run.id().to_string()]).stderr(Stdio::null()).status();
        assert!(kill.is_ok(), "there is no `kill`");
        let status = run.wait().expect("ends");
        let took = sent.elapsed();
        match status.code() {
            Some(ended) if ended == code => {
                interrupted += 1;
                times.push(took);
                assert!(took < PATIENCE, "took {took:?}");
                assert!(!report.exists() || std::fs::read(&report).expect("a report").ends_with(b"\n"));
            }
            // It was through already, or had not begun.
            Some(0 | 1 | 3) | None => {}
            other => panic!("ended with {other:?}"),
        }
        assert_eq!(left_in(scratch.path()), Vec::<String>::new(), "in round {round}");
    }
    assert!(interrupted > 3, "hardly any run was interrupted");
    times.sort();
    // On a machine that is busy otherwise most may wait for their turn; it need not take longer.
    assert!(times[times.len() / 10] < USUAL, "{times:?}");
    assert_eq!(processes_of(scratch.path()), Vec::<String>::new(), "processes are left");
}

/// Private directories, and files that are not whole.
fn left_in(directory: &Path) -> Vec<String> {
    let mut left = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("can be listed").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_ours = name.starts_with("assay-scratch-") || name.starts_with(".new-");
            if is_ours || (name.starts_with('.') && name.contains(".assay-")) {
                left.push(name);
            } else if entry.path().is_dir() {
                directories.push(entry.path());
            }
        }
    }
    left
}

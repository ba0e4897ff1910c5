//! Code that does its worst. Each case is a module that ends, hangs, floods, forges, escapes or
//! lies, and the answer that the question about it must get. After each, an innocent question
//! gets its answer, and at the end nothing has changed outside and no process is left.

mod cases;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use verifier::catalogue::check::InspectCheck;
use verifier::catalogue::{Check, PythonSettings};
use verifier::runtime_checks::{Session, content_hash, sandbox};
use verifier::target::DirectoryTree;

use self::cases::{CONTAINED, Case, HARMFUL, PLAIN};
use crate::live::word;
use crate::support;
#[test]
fn hostile_code_gets_the_right_answer_and_harms_nobody() {
    let missing = sandbox::survey().missing;
    let cases: Vec<&Case> = match missing.is_empty() {
        true => CONTAINED.iter().chain(HARMFUL).collect(),
        false => {
            support::show(&format!(
                "NOT TESTED: {} modules that only isolation keeps from doing harm were not run, because this \
                 machine lacks {missing:?}",
                HARMFUL.len()
            ));
            CONTAINED.iter().collect()
        }
    };
    let outside = tempfile::tempdir().expect("a directory");
    let target = tempfile::tempdir().expect("a directory");
    let root = target.path();
    let host = TcpListener::bind("127.0.0.1:0").expect("a port");
    host.set_nonblocking(true).expect("can be set");
    let host_port = host.local_addr().expect("an address").port().to_string();
    let host_socket = outside.path().join("socket");
    let unix = UnixListener::bind(&host_socket).expect("a socket");
    unix.set_nonblocking(true).expect("can be set");
    for case in &cases {
        let code = case
            .code
            .replace("HOST_PORT", &host_port)
            .replace("HOST_SOCKET", &host_socket.display().to_string());
        std::fs::write(
            root.join(format!("{}.py", case.name)),
            format!("{code}\ndef f(): pass\n").replace("#\ndef f(): pass", ""),
        )
        .expect("can be written");
    }
    std::fs::write(root.join("innocent.py"), "def f(): return 1\n").expect("can be written");
    std::fs::write(root.join("cycle_other.py"), "import cycle\n").expect("can be written");
    std::fs::create_dir(root.join("directory_module.py")).expect("can be made");
    std::os::unix::fs::symlink("innocent.py", root.join("link_out.py")).expect("can be made");
    let status = std::process::Command::new("mkfifo").arg(root.join("fifo_module.py")).status();
    assert!(status.is_ok_and(|status| status.success()));
    let before = fingerprint(root);
    let here_before = fingerprint(outside.path());

    let tree = DirectoryTree::open(root, &[]).expect("a directory");
    let python = PythonSettings { path: vec![".".to_owned()], ..PythonSettings::default() };
    let session = |timeout| Session::new(&tree, Some(root), &python, support::settings(timeout));
    let sessions =
        Sessions { brief: session(Duration::from_millis(2500)), patient: session(Duration::from_secs(60)) };
    let wrong = Mutex::new(String::new());
    let next = AtomicUsize::new(0);
    let only = std::env::var("ASSAY_HOSTILE").ok();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if only.as_ref().is_some_and(|only| only != case.name) {
                        continue;
                    }
                    let complaints = judge(&sessions, case);
                    if !complaints.is_empty() {
                        let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                        let _ = writeln!(wrong, "{}: {complaints}", case.name);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(wrong.is_empty(), "{wrong}");
    drop(sessions);

    assert_eq!(fingerprint(root), before, "the target was changed");
    assert_eq!(fingerprint(outside.path()), here_before, "something outside was changed");
    let python = support::interpreter().executable.canonicalize().unwrap_or_default();
    let prefix = python.ancestors().nth(2).unwrap_or(Path::new("/"));
    let written: Vec<PathBuf> = ["/", "/bin", "/dev", "/dev/shm", "/etc", "/home", "/lib", "/mnt", "/opt"]
        .into_iter()
        .chain(["/root", "/run", "/srv", "/tmp", "/usr/lib", "/var", "/var/log", "/var/tmp"])
        .map(Path::new)
        .chain([prefix])
        .map(|directory| directory.join("assay-hostile"))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    assert!(written.is_empty(), "{written:?} was written");
    for problem in [host.accept().err(), unix.accept().err()] {
        assert_eq!(
            problem.map(|problem| problem.kind()),
            Some(ErrorKind::WouldBlock),
            "the host was reached"
        );
    }
    assert_eq!(support::processes_of(root), Vec::<String>::new(), "processes are left");
    assert!(CONTAINED.len() + HARMFUL.len() >= 40);
}

#[test]
fn what_a_signal_does_is_not_inherited() {
    // As `nohup` and some runners of jobs do.
    let status = std::process::Command::new("sh")
        .args(["-c", r#"trap "" HUP TERM; exec "$@""#, "sh"])
        .arg(std::env::current_exe().expect("a test is a program"))
        .args(["--exact", "hostile::hostile_code_gets_the_right_answer_and_harms_nobody"])
        .env("ASSAY_HOSTILE", "terminates_itself")
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[test]
fn killed_verifier_leaves_nothing_that_the_next_run_does_not_clean_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |number: u64| {
        let mut command = std::process::Command::new(support::xtask());
        command
            .args(["report", "--finding", "R2-1,R2-4", "--output"])
            .arg(directory.path().join(format!("report-{number}.md")))
            .current_dir(support::workspace())
            .env("TMPDIR", directory.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed) as u64;
                    if number >= 200 {
                        return;
                    }
                    let mut verifier = run(number).spawn().expect("xtask runs");
                    // Spread over everything that a run does, and no two alike.
                    std::thread::sleep(Duration::from_micros(number * 7919 % 400_000));
                    verifier.kill().expect("can be killed");
                    verifier.wait().expect("ends");
                }
            });
        }
    });
    let whole = directory.path().join("report-1000.md");
    run(1000).status().expect("xtask runs");
    let whole = std::fs::read(whole).expect("a report");
    assert_eq!(support::processes_of(directory.path()), Vec::<String>::new(), "processes are left");
    for entry in std::fs::read_dir(directory.path()).expect("can be listed").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.starts_with("assay-scratch-"), "{name} is left");
        if name.ends_with(".md") {
            assert!(std::fs::read(entry.path()).expect("can be read") == whole, "{name} is not whole");
        }
    }
}

/// Asks the case's question, and an innocent one after it; tells what is wrong.
/// Most hostile code never answers. What should answer and does not in time is asked once more: the
/// machine may be busy.
struct Sessions<'t> {
    brief: Session<'t>,
    patient: Session<'t>,
}

fn judge(sessions: &Sessions<'_>, case: &Case) -> String {
    let ask = |file: &str, question: &str, expected: &str| {
        let check = Check::Inspect(serde_json::from_str::<InspectCheck>(question).expect("a question"));
        let claim = support::claim(file, Some("f"));
        let seen = support::observe(&sessions.brief, &claim, &check);
        match word(&seen) == "timed-out" && !["timed-out", "recursed", "holds-or-fails"].contains(&expected) {
            true => support::observe(&sessions.patient, &claim, &check),
            false => seen,
        }
    };
    let seen = ask(&format!("{}.py", case.name), case.question, case.expected);
    let mut complaints = String::new();
    let fits = match case.expected {
        // How deep a recursion can go, and how it ends, differs between versions of Python.
        "recursed" => {
            ["signalled", "exited", "memory-limit", "import-failed", "timed-out"].contains(&word(&seen))
        }
        // The loader may be broken by it; a wrong answer may not come of it.
        // It works on a copy of its own, or is refused: the tree is compared at the end.
        "harmless" => ["holds", "import-failed"].contains(&word(&seen)),
        "import-failed-or-holds" => ["holds", "import-failed", "foreign-file"].contains(&word(&seen)),
        "holds-or-fails" => word(&seen) != "does-not-hold",
        expected => word(&seen) == expected,
    };
    if !fits || !seen.because.contains(case.wording) {
        let _ = write!(complaints, "expected {} {}, seen {seen:?}", case.expected, case.wording);
    }
    let told = format!("{} {}", seen.because, seen.notes.join(" "));
    if told.len() > 8000 || told.contains(['\x1b', '\x07', '\u{202e}']) {
        complaints.push_str("; its output was passed on");
    }
    let innocent = ask("innocent.py", PLAIN, "holds");
    if word(&innocent) != "holds" {
        let _ = write!(complaints, "; afterwards {innocent:?}");
    }
    complaints
}

/// Every path below, with what can change about it.
fn fingerprint(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut seen = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("can be listed").flatten() {
            let path = entry.path();
            let metadata = std::fs::symlink_metadata(&path).expect("is there");
            let content = match metadata.is_file() {
                true => content_hash(&std::fs::read(&path).expect("can be read")),
                false => String::new(),
            };
            let mode = metadata.permissions().mode();
            seen.insert(path.clone(), format!("{mode:o} {:?} {content}", metadata.modified().ok()));
            if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    seen
}

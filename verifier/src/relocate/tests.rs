//! Code that was renamed and moved, and where it is found again.

use std::path::Path;

use super::*;
use crate::catalogue::Catalogue;
use crate::fixture::MemoryTree;
use crate::target::TargetDescription;
use crate::verify::{EarlierState, NotRun, Quiet, Selection, verify};

const START: &str = "
    def start(self):
        self.server = make_server(self.address)
        self.server.add_insecure_port(self.address)
        self.server.start()
";

fn catalogue(anchor: &str) -> Catalogue {
    let text = format!(
        "[[report]]\nid = \"R1\"\ntitle = \"t\"\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\nseverity = \"low\"\n\
         title = \"t\"\nbug = \"b\"\n\n[[finding.claim]]  # kept\nid = \"c\"\nsays = \"s\"\n{anchor}\nstatic = {{ endless-loop = true }}\n"
    );
    Catalogue::parse(Path::new("findings.toml"), &text, &|_| true).unwrap()
}

/// The whereabouts in short, and the catalogue after `--write`.
fn relocated(anchor: &str, before: Option<&str>, now: &str) -> (String, String) {
    let catalogue = catalogue(anchor);
    let target = MemoryTree::parse(now);
    let earlier = match before {
        None => EarlierStates::default(),
        Some(before) => EarlierStates::for_all(
            &catalogue,
            EarlierState {
                description: TargetDescription { root: "before".to_owned(), revision: None },
                tree: Some(Box::new(MemoryTree::parse(before))),
            },
        ),
    };
    let verification = verify(&catalogue, &Selection::default(), &target, &earlier, &NotRun, &Quiet).unwrap();
    let relocations = relocate(&verification, &target, &earlier);
    let place = |candidate: &Candidate| {
        describe(candidate.file.as_str(), candidate.symbol.as_deref(), candidate.lines)
    };
    let told = match relocations.first().map(|relocation| &relocation.now) {
        None => "there".to_owned(),
        Some(Whereabouts::Moved(candidate)) => place(candidate),
        Some(Whereabouts::Likely(candidate)) => format!("likely: {}", place(candidate)),
        Some(Whereabouts::Open(candidates)) => {
            format!("open: {}", candidates.iter().map(place).collect::<Vec<_>>().join(" | "))
        }
        Some(Whereabouts::Lost) => "lost".to_owned(),
    };
    let text = rewritten(&catalogue, &relocations);
    (told, text)
}

#[track_caller]
fn check(anchor: &str, before: Option<&str>, now: &str, expected: &str) {
    assert_eq!(relocated(anchor, before, now).0, expected);
}

const ANCHOR: &str = "file = \"a.py\"\nsymbol = \"Server.start\"";

fn server(class: &str, method: &str) -> String {
    format!("class {class}:{}", START.replace("start(self)", &format!("{method}(self)")))
}

#[test]
fn what_is_there_stays() {
    let tree = format!("--- a.py\n{}", server("Server", "start"));
    check(ANCHOR, Some(&tree), &tree, "there");
    check(ANCHOR, None, &tree, "there");
}

#[test]
fn renamed_and_moved_symbols_are_found_by_their_body() {
    let before = format!("--- a.py\n{}", server("Server", "start"));
    let check = |now: &str, expected: &str| check(ANCHOR, Some(&before), now, expected);
    check(&format!("--- a.py\n{}", server("Server", "begin")), "a.py Server.begin");
    check(&format!("--- a.py\n{}", server("GRPCServer", "start")), "a.py GRPCServer.start");
    check(&format!("--- a.py\nx = 1\n--- p/b.py\n{}", server("Server", "start")), "p/b.py Server.start");
    check(&format!("--- p/b.py\n{}", server("Server", "start")), "p/b.py Server.start");
    check("--- a.py\nclass Server:\n    def stop(self):\n        pass\n", "lost");
}

#[test]
fn a_look_alike_that_was_there_before_is_not_taken_for_it() {
    let stop = START.replace("start(self)", "restart(self)");
    let before = format!("--- a.py\n{}{stop}", server("Server", "start"));
    let now = format!("--- a.py\nclass Server:{stop}");
    check(ANCHOR, Some(&before), &now, "lost");
}

#[test]
fn two_equally_good_candidates_stay_open() {
    let before = format!("--- a.py\n{}", server("Server", "start"));
    let now = format!("--- b.py\n{0}--- c.py\n{0}", server("Server", "start"));
    check(ANCHOR, Some(&before), &now, "open: b.py Server.start | c.py Server.start");
    let (_, text) = relocated(ANCHOR, Some(&before), &now);
    assert_eq!(text, *catalogue(ANCHOR).text);
}

#[test]
fn neighbours_decide_between_equal_bodies() {
    let before = format!("--- a.py\n{}    def stop(self):\n        pass\n", server("Server", "start"));
    let now = format!(
        "--- b.py\n{}    def stop(self):\n        pass\n--- c.py\n{0}    def other(self):\n        pass\n",
        server("Server", "start")
    );
    check(ANCHOR, Some(&before), &now, "b.py Server.start");
}

#[test]
fn renamed_files_are_found_by_their_lines() {
    let file = "import os\n\ndef f():\n    return os.getcwd()\n\ndef g():\n    return f()\n";
    let before = format!("--- a.py\n{file}--- z.py\n{file}");
    let now = format!("--- new.py\n{file}y = 1\n--- z.py\n{file}");
    check("file = \"a.py\"", Some(&before), &now, "new.py");
}

#[test]
fn without_an_earlier_state_names_are_all_there_is() {
    let elsewhere = format!("--- p/b.py\n{}", server("Server", "start"));
    check(ANCHOR, None, &elsewhere, "likely: p/b.py Server.start");
    check("file = \"a.py\"", None, "--- p/a.py\nx = 1\n", "likely: p/a.py");
    check("file = \"a.py\"", None, "--- p/a.py\nx = 1\n--- q/a.py\n", "open: p/a.py | q/a.py");
    check("file = \"a.py\"", None, "--- p/b.py\n", "lost");
}

#[test]
fn hints_that_touch_nothing_are_brought_up_to_date() {
    let tree = format!("--- a.py\n\n\n\n{}", server("Server", "start"));
    check(&format!("{ANCHOR}\nlines = \"90-95\""), None, &tree, "a.py:5-8 Server.start");
    check(&format!("{ANCHOR}\nlines = \"2-5\""), None, &tree, "there");
}

#[test]
fn lines_are_carried_with_the_code_that_stands_on_them() {
    let before = format!("--- a.py\n{}", server("Server", "start"));
    let now = format!("--- a.py\nimport os\n\n{}", server("Server", "start"));
    let moved = |lines: &str, expected: &str| {
        check(&format!("{ANCHOR}\nlines = \"{lines}\""), Some(&before), &now, expected);
    };
    moved("2-5", "a.py:4-7 Server.start");
    moved("3-4", "a.py:5-6 Server.start");
    // A hint that was wrong already says nothing of what it meant.
    moved("1-4", "there");
    check(&format!("{ANCHOR}\nlines = \"2-5\""), Some(&before), &before, "there");
}

#[test]
fn rewriting_keeps_comments_and_layout() {
    let before = format!("--- a.py\n{}", server("Server", "start"));
    let now = format!("--- p/b.py\n{}", server("Server", "begin"));
    let check = |anchor: &str, expected: &str| {
        let (_, text) = relocated(anchor, Some(&before), &now);
        assert_eq!(text, catalogue(anchor).text.replace(anchor, expected));
    };
    check(
        "file   = 'a.py'  # where it was\nlines = 7 # a hint\nsymbol = \"Server.start\"",
        "file   = 'p/b.py'  # where it was\nlines = \"2-5\" # a hint\nsymbol = \"Server.begin\"",
    );
    check(
        "file = \"a.py\"\nlines = 3\nsymbol = 'Server.start'",
        "file = \"p/b.py\"\nlines = 3\nsymbol = 'Server.begin'",
    );
}

#[test]
fn numbers_stay_numbers() {
    let before = format!("--- a.py\n{}", server("Server", "start"));
    let now = format!("--- a.py\nimport os\n\n{}", server("Server", "start"));
    let anchor = format!("{ANCHOR}\nlines = 4");
    let (_, text) = relocated(&anchor, Some(&before), &now);
    assert_eq!(text, catalogue(&anchor).text.replace("lines = 4", "lines = 6"));
}

#[test]
fn what_only_bears_the_name_is_not_written() {
    let now = "--- p/b.py\nclass Server:\n    def start(self):\n        pass\n";
    let (told, text) = relocated(ANCHOR, None, now);
    assert_eq!(told, "likely: p/b.py Server.start");
    assert_eq!(text, *catalogue(ANCHOR).text);
}

#[test]
fn a_catalogue_that_was_brought_up_to_date_stays_as_it_is() {
    let code =
        "def f(x):\n    a = 1\n    b = 2\n    c = 3\n    log(a, b, c)\n    while True:\n        g(x)\n";
    #[track_caller]
    fn check(anchor: &str, before: &str, now: &str, lines: &str) {
        let (_, text) = relocated(anchor, Some(before), now);
        let start = text.find("file = ").unwrap();
        let anchor = &text[start..text.find("\nstatic").unwrap()];
        assert!(anchor.contains(lines), "{anchor}");
        assert_eq!(relocated(anchor, Some(before), now), ("there".to_owned(), text.clone()));
    }
    let before = format!("--- a.py\n{code}");
    // To another file, with lines that are not those that confirm it.
    let elsewhere = format!("--- b.py\nimport os\n\n{code}");
    check("file = \"a.py\"\nsymbol = \"f\"\nlines = \"2-3\"", &before, &elsewhere, "lines = \"4-5\"");
    // Within the file, by less than the symbol is long.
    let lower = format!("--- a.py\nimport os\n{code}");
    check("file = \"a.py\"\nsymbol = \"f\"\nlines = \"5-6\"", &before, &lower, "lines = \"6-7\"");
}

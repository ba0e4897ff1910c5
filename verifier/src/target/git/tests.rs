//! Revisions of repositories that are made for the purpose.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::target::DirectoryTree;

struct Repository {
    scratch: tempfile::TempDir,
}

impl Repository {
    /// A repository with these files in one commit; the text of a file is its name.
    fn new(files: &[&str]) -> Self {
        let repository = Self::empty();
        for file in files {
            repository.write(file, &format!("# {file}\n"));
        }
        repository.commit();
        repository
    }

    fn empty() -> Self {
        let repository = Self { scratch: tempfile::tempdir().unwrap() };
        fs::create_dir(repository.root()).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=trunk"]);
        repository
    }

    fn root(&self) -> PathBuf {
        self.scratch.path().join("work")
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=Change"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = git_command(&self.root())
            .args(["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"])
            .args(["-c", "commit.gpgSign=false", "-c", "core.autocrlf=false"])
            .args(arguments)
            .env("GIT_ALLOW_PROTOCOL", "file")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn tree(&self, revision: &str) -> GitTree {
        GitTree::open(&self.root(), revision, &["backups".to_owned()]).unwrap()
    }
}

fn path(text: &str) -> RelativePath {
    RelativePath::new(text).unwrap()
}

fn listed(tree: &dyn TargetTree) -> Vec<String> {
    tree.python_files().iter().map(RelativePath::to_string).collect()
}

fn read(tree: &dyn TargetTree, file: &str) -> Result<String, Unreadable> {
    tree.read(&path(file)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn refused(root: &Path, revision: &str) -> TargetError {
    GitTree::open(root, revision, &[]).map(|_| ()).unwrap_err()
}

#[test]
fn a_revision_reads_as_its_checkout_does() {
    let repository = Repository::new(&[
        "a.py",
        "p/b.py",
        "p/.c/d.py",
        "env/pyvenv.cfg",
        "env/e.py",
        "backups/f.py",
        "g.txt",
    ]);
    repository.write("p/odd.py", "\u{feff}x = 1\r\n\0");
    repository.commit();
    let directory = DirectoryTree::open(&repository.root(), &["backups".to_owned()]).unwrap();
    let tree = repository.tree("HEAD");
    assert_eq!(listed(&tree), ["a.py", "p/.c/d.py", "p/b.py", "p/odd.py"]);
    assert_eq!(tree.python_files(), directory.python_files());
    tree.prefetch(tree.python_files());
    for file in ["a.py", "p/b.py", "p/odd.py", "backups/f.py", "g.txt", "p", "nothing.py"] {
        assert_eq!(tree.read(&path(file)), directory.read(&path(file)), "{file}");
        assert_eq!(tree.exists(&path(file)), directory.exists(&path(file)), "{file}");
    }
}

#[test]
fn an_earlier_revision_is_read_without_touching_the_work_tree() {
    let repository = Repository::new(&["a.py"]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.write("a.py", "changed\n");
    repository.commit();
    repository.write("a.py", "not committed\n");
    for revision in [first.as_str(), &first[..8], "HEAD~1", "trunk^"] {
        let tree = repository.tree(revision);
        assert_eq!(read(&tree, "a.py").as_deref(), Ok("# a.py\n"));
        assert_eq!(tree.describe().revision.as_deref(), Some(first.as_str()));
    }
    assert_eq!(read(&repository.tree("HEAD"), "a.py").as_deref(), Ok("changed\n"));
    assert_eq!(repository.git(&["status", "--porcelain"]), "M a.py");
}

#[test]
fn bare_repositories_and_directories_of_repositories_will_do() {
    let repository = Repository::new(&["a.py", "inner/b.py", "inner/deep/c.py"]);
    let bare = repository.scratch.path().join("bare.git");
    repository.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let tree = GitTree::open(&bare, "trunk", &[]).unwrap();
    assert_eq!(listed(&tree), ["a.py", "inner/b.py", "inner/deep/c.py"]);
    let tree = GitTree::open(&repository.root().join("inner"), "trunk", &[]).unwrap();
    assert_eq!(listed(&tree), ["b.py", "deep/c.py"]);
    assert_eq!(read(&tree, "deep/c.py").as_deref(), Ok("# inner/deep/c.py\n"));
    assert_eq!(read(&tree, "a.py"), Err(Unreadable::Missing));
}

#[test]
fn links_are_followed_inside_only() {
    let repository = Repository::new(&["real/a.py"]);
    let link =
        |target: &str, name: &str| std::os::unix::fs::symlink(target, repository.root().join(name)).unwrap();
    link("real/a.py", "inside.py");
    link("real", "directory");
    link("../a.py", "real/outside_inner.py");
    link("../../secret.py", "real/outside.py");
    link("/etc/passwd", "absolute.py");
    link("nothing", "dangling.py");
    link("circle.py", "circle.py");
    link(".", "itself.py");
    repository.commit();
    let tree = repository.tree("HEAD");
    let not_a_file = |what: &str| Err(Unreadable::NotAFile(what.to_owned()));
    assert_eq!(listed(&tree), ["inside.py", "real/a.py"]);
    assert_eq!(read(&tree, "inside.py").as_deref(), Ok("# real/a.py\n"));
    assert_eq!(read(&tree, "directory/a.py").as_deref(), Ok("# real/a.py\n"));
    assert_eq!(read(&tree, "real/outside_inner.py"), Err(Unreadable::Missing));
    assert_eq!(read(&tree, "real/outside.py"), not_a_file(LEAVES_ROOT));
    assert_eq!(read(&tree, "absolute.py"), not_a_file(LEAVES_ROOT));
    assert_eq!(read(&tree, "circle.py"), not_a_file("is a symbolic link that leads in a circle"));
    let blind: Vec<_> = tree.blind_spots().iter().map(|spot| spot.path.as_str()).collect();
    assert_eq!(blind, ["absolute.py", "real/outside.py"]);
    assert_eq!(
        read(&GitTree::open(&repository.root().join("real"), "HEAD", &[]).unwrap(), "outside_inner.py"),
        not_a_file(LEAVES_ROOT)
    );
}

#[test]
fn links_lead_where_a_file_system_has_them_lead() {
    let repository = Repository::new(&["x/z.txt", "x/y/deep.py", "d1/z.txt"]);
    let link =
        |target: &str, name: &str| std::os::unix::fs::symlink(target, repository.root().join(name)).unwrap();
    link("../x/y", "d1/link");
    link("d1/link/../z.txt", "a.py");
    link("d1/link/../../x/./z.txt", "b.py");
    link("nothing/../x/z.txt", "c.py");
    link("x/z.txt/", "d.py");
    link("x/z.txt/.", "e.py");
    link("d1/link/deep.py", "f.py");
    link("d1/link", "g.py");
    repository.commit();
    let tree = repository.tree("HEAD");
    let directory = super::super::DirectoryTree::open(&repository.root(), &[]).unwrap();
    assert_eq!(read(&tree, "a.py").as_deref(), Ok("# x/z.txt\n"));
    assert_eq!(listed(&tree), ["a.py", "b.py", "f.py", "x/y/deep.py"]);
    assert_eq!(tree.python_files(), directory.python_files());
    for path in tree.python_files() {
        assert_eq!(tree.read(path).unwrap(), directory.read(path).unwrap(), "{path}");
    }
}

#[test]
fn submodules_are_another_target_of_which_nothing_is_known() {
    let repository = Repository::new(&["a.py"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},vendored")]);
    repository.git(&["commit", "--quiet", "--message=Add a submodule"]);
    let tree = repository.tree("HEAD");
    assert_eq!(read(&tree, "vendored"), Err(Unreadable::NotAFile("is a submodule".to_owned())));
    let blind: Vec<_> = tree.blind_spots().iter().map(|spot| spot.path.as_str()).collect();
    assert_eq!(blind, ["vendored"]);
}

#[test]
fn a_missing_blob_is_a_value_and_the_others_are_read() {
    let repository = Repository::new(&["a.py", "b.py", "c.py"]);
    let blob = repository.git(&["rev-parse", "HEAD:b.py"]);
    let object = repository.root().join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(object).unwrap();
    let tree = repository.tree("HEAD");
    tree.prefetch(tree.python_files());
    assert_eq!(listed(&tree), ["a.py", "b.py", "c.py"]);
    assert!(matches!(read(&tree, "b.py"), Err(Unreadable::Failed(problem)) if problem.contains("missing")));
    assert_eq!(read(&tree, "a.py").as_deref(), Ok("# a.py\n"));
    assert_eq!(read(&tree, "c.py").as_deref(), Ok("# c.py\n"));
}

#[test]
fn a_promised_blob_is_not_fetched() {
    let repository = Repository::new(&["a.py"]);
    let blob = repository.git(&["rev-parse", "HEAD:a.py"]);
    let other = repository.scratch.path().join("other");
    fs::create_dir(&other).unwrap();
    // A remote that has the object, promised to be there: git would fetch it if it were let.
    repository.git(&["init", "--quiet", "--bare", other.to_str().unwrap()]);
    repository.git(&["config", "remote.origin.url", other.to_str().unwrap()]);
    repository.git(&["config", "remote.origin.promisor", "true"]);
    repository.git(&["config", "core.repositoryFormatVersion", "1"]);
    repository.git(&["config", "extensions.partialClone", "origin"]);
    let object = Path::new("objects").join(&blob[..2]).join(&blob[2..]);
    fs::create_dir_all(other.join(&object).parent().unwrap()).unwrap();
    fs::rename(repository.root().join(".git").join(&object), other.join(&object)).unwrap();
    let tree = repository.tree("HEAD");
    assert!(matches!(read(&tree, "a.py"), Err(Unreadable::Failed(_))));
    assert!(!repository.root().join(".git").join(&object).exists());
}

#[test]
fn other_files_are_told_with_their_sizes() {
    let repository = Repository::new(&["a.py", "kept/b.py", "settings.yaml", "deep/er/VERSION"]);
    std::os::unix::fs::symlink("settings.yaml", repository.root().join("link.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repository.root().join("out.yaml")).unwrap();
    std::os::unix::fs::symlink("deep", repository.root().join("directory")).unwrap();
    repository.commit();
    let told = |exclude: &[String]| -> Vec<String> {
        let tree = GitTree::open(&repository.root(), "HEAD", exclude).unwrap();
        tree.other_files().iter().map(|(path, size)| format!("{path} {size}")).collect()
    };
    let others = ["deep/er/VERSION 18", "link.yaml 16", "settings.yaml 16"];
    assert_eq!(told(&[]), others);
    // What a listing leaves out can be imported all the same.
    assert_eq!(told(&["kept/**".to_owned()]), [others[0], "kept/b.py 12", others[1], others[2]]);
    let blob = repository.git(&["rev-parse", "HEAD:settings.yaml"]);
    fs::remove_file(repository.root().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    assert_eq!(told(&[]), ["deep/er/VERSION 18", "link.yaml 0", "settings.yaml 0"]);
}

#[test]
fn a_process_that_dies_is_replaced() {
    let repository = Repository::new(&["a.py", "b.py"]);
    let tree = repository.tree("HEAD");
    assert!(read(&tree, "a.py").is_ok());
    tree.objects.kill_idle();
    assert_eq!(read(&tree, "b.py").as_deref(), Ok("# b.py\n"));
}

#[test]
fn huge_files_are_refused_and_the_next_one_is_read() {
    let repository = Repository::new(&["a.py"]);
    fs::File::create(repository.root().join("huge.py")).unwrap().set_len(33 << 20).unwrap();
    repository.commit();
    let tree = repository.tree("HEAD");
    assert!(
        matches!(read(&tree, "huge.py"), Err(Unreadable::Failed(problem)) if problem.contains("34603008 bytes"))
    );
    assert_eq!(read(&tree, "a.py").as_deref(), Ok("# a.py\n"));
}

#[test]
fn names_that_are_not_text_are_blind_spots() {
    let repository = Repository::new(&["a.py"]);
    let blob = repository.git(&["rev-parse", "HEAD:a.py"]);
    let mut mktree = git_command(&repository.root());
    mktree.args(["mktree", "-z"]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = mktree.spawn().unwrap();
    let record = [format!("100644 blob {blob}\tcaf").as_bytes(), b"\xe9.py\0"].concat();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &record).unwrap();
    let tree = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let commit = repository.git(&["commit-tree", tree.trim(), "-m", "An odd name"]);
    let tree = repository.tree(&commit);
    assert_eq!(listed(&tree), [""; 0]);
    assert_eq!(tree.blind_spots()[0].path, "caf\u{fffd}.py");
}

#[test]
fn what_is_no_revision_is_told_with_a_way_out() {
    let repository = Repository::new(&["a.py"]);
    repository.git(&["tag", "of-a-tree", "HEAD^{tree}"]);
    let root = repository.root();
    let check = |root: &Path, revision: &str, expected: &str| {
        let error = refused(root, revision);
        assert!(error.message.contains(expected), "{revision}: {error}");
        assert!(error.hint.is_some(), "{revision}: {error}");
    };
    for revision in [
        "",
        "nothing",
        "-x",
        "--all",
        "HEAD..HEAD",
        "HEAD HEAD",
        "a.py",
        "0123456789012345678901234567890123456789",
        "of-a-tree",
        "HEAD:a.py",
        "a\0b",
    ] {
        check(&root, revision, "there is no such commit");
    }
    fs::create_dir(root.join("new")).unwrap();
    check(&root.join("new"), "HEAD", "it has no directory `new`");
    check(&root.join("a.py"), "HEAD", "is not a directory");
    check(&root.join("nothing"), "HEAD", "no such directory");
    check(repository.scratch.path(), "HEAD", "is not in a git repository");
    check(&Repository::empty().root(), "HEAD", "the branch `trunk` has no commit yet");
    check(&Repository::empty().root(), "trunk", "the branch `trunk` has no commit yet");
}

#[test]
fn an_empty_revision_has_no_files() {
    let repository = Repository::empty();
    repository.commit();
    assert_eq!(listed(&repository.tree("HEAD")), [""; 0]);
}

/// Hooks run with the repository variables of the repository that they belong to. A test
/// cannot set variables of its own process, so it runs itself in another one.
#[test]
fn repository_variables_of_the_caller_do_not_confuse() {
    const MARK: &str = "ASSAY_TEST_REPOSITORY_VARIABLES";
    let repository = Repository::new(&["a.py"]);
    if std::env::var_os(MARK).is_some() {
        assert_eq!(read(&repository.tree("HEAD"), "a.py").as_deref(), Ok("# a.py\n"));
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "target::git::tests::repository_variables_of_the_caller_do_not_confuse"])
        .env(MARK, "1")
        .env("GIT_DIR", "/nowhere")
        .env("GIT_INDEX_FILE", "/nowhere/index")
        .env("GIT_OBJECT_DIRECTORY", "/nowhere/objects")
        .env("GIT_NAMESPACE", "nothing")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn history_knows_which_revisions_had_a_file() {
    let repository = Repository::new(&["a.py", "p/b.py", "kept.py"]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    fs::remove_file(repository.root().join("a.py")).unwrap();
    repository.commit();
    let second = repository.git(&["rev-parse", "HEAD"]);
    fs::remove_file(repository.root().join("p/b.py")).unwrap();
    repository.commit();
    let third = repository.git(&["rev-parse", "HEAD"]);
    let check = |root: PathBuf, revision: Option<&str>, file: &str, expected: &[&String]| {
        let revisions = last_revisions_with(&root, revision, &[&path(file)]);
        assert_eq!(revisions.iter().collect::<Vec<_>>(), expected, "{file}");
    };
    check(repository.root(), None, "a.py", &[&third, &first]);
    check(repository.root(), None, "p/b.py", &[&third, &second]);
    // Paths are relative to the root, which may be a directory of the repository.
    fs::create_dir_all(repository.root().join("p")).unwrap();
    check(repository.root().join("p"), None, "b.py", &[&third, &second]);
    check(repository.root(), Some(&second), "a.py", &[&second, &first]);
    check(repository.root(), None, "never.py", &[&third]);
    check(repository.scratch.path().to_owned(), None, "a.py", &[]);
}

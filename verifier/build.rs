//! Gives the engine a name that changes with its code, so that nothing that another engine has
//! remembered is ever taken for an answer of this one (see `src/cache.rs`).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says it"));
    let lock = here.join("../Cargo.lock");
    let sources = here.join("src");
    let mut files = vec![here.join("build.rs"), here.join("Cargo.toml")];
    collect(&sources, &mut files);
    files.sort();
    // Which versions of the parser and of everything else it is built with.
    if lock.is_file() {
        files.push(lock);
    }
    // Two halves that begin differently make one collision in 2¹²⁸.
    let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
    1_u8.hash(&mut halves[1]);
    for file in &files {
        let content =
            fs::read(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()));
        for half in &mut halves {
            (file.strip_prefix(&here).unwrap_or(file), &content).hash(half);
        }
        println!("cargo::rerun-if-changed={}", file.display());
    }
    // Files may be added, too.
    println!("cargo::rerun-if-changed={}", sources.display());
    println!("cargo::rustc-env=ASSAY_ENGINE={:016x}{:016x}", halves[0].finish(), halves[1].finish());
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).expect("the sources can be listed");
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            files.push(path);
        }
    }
}

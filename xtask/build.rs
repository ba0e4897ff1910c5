//! Links the binary with the stand-in for libpython (see `verifier/worker/build.rs`), and names
//! the places where the loader finds it: where it was built, then the real library, so that a
//! binary that was taken elsewhere still starts where Python is.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let directory = env::var("DEP_ASSAY_PYTHON_DIRECTORY").expect("the worker's build script says it");
    if let Ok(stand_in) = env::var("DEP_ASSAY_PYTHON_STAND_IN") {
        let built_in = stand_in.rsplit_once('/').map_or(".", |(directory, _)| directory);
        println!("cargo::rustc-link-arg-bins={stand_in}");
        println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{built_in}");
    } else {
        let library = env::var("DEP_ASSAY_PYTHON_LIBRARY").expect("the worker's build script says it");
        println!("cargo::rustc-link-arg-bins=-L{directory}");
        println!("cargo::rustc-link-arg-bins=-l{library}");
    }
    println!("cargo::rustc-link-arg-bins=-Wl,-rpath,{directory}");
}

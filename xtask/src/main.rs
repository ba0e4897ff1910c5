//! Assay command line.
fn main() {}

//! Integration tests: one binary, a line per module.

// Writing a program differently changes no verdict.
mod metamorphic;

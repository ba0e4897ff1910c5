//! Integration tests: one binary, a line per module.

// Writing a program differently changes no verdict.
mod metamorphic;

// What live objects answer.
mod live;

// What the others share.
mod support;

// Code that does its worst.
mod hostile;

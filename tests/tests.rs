//! Integration tests.

// The verdicts on the bundled targets, in every output.
mod verdicts;

// Writing a program differently changes no verdict.
mod metamorphic;

// What live objects answer.
mod live;

// The commands, from outside: what is printed where, and exit codes.
mod command_line;

// Patterns from the command line.
mod grep;

// The rules of the tree.
mod tidy;

// What the others share.
mod support;

// What is remembered changes no answer.
mod cache;

// Where Python is gone.
mod without_python;
// Ctrl-C.
mod interrupt;

// Code that does its worst.
mod hostile;

// Files that are no Python, and Python that nobody writes.
mod corpus;

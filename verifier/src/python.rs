//! Python text: parsing with error recovery, positions, the pattern language and the project
//! model. The parser's crates are named in this folder and nowhere else.

pub mod callees;
pub mod calls;
pub mod control_flow;
mod decode;
mod depth;
mod limits;
mod semantics;
pub mod files;
pub mod literal;
mod outline;
pub mod pattern;
pub mod project;
pub mod rule;
pub mod signature;
pub mod source;
pub mod symbols;
pub mod taint;
pub mod typestate;
pub mod unbound;
pub mod visitor;
mod words;

pub use files::{Files, ParsedFile, Trace};
pub use project::Project;
/// The syntax tree's types.
pub use ruff_python_ast as ast;
/// Byte ranges in a source text.
pub use ruff_text_size::{Ranged, TextRange, TextSize};
pub use source::{SourceFile, SyntaxError};

//! How deeply code is nested. The parser copes with any depth, but what walks its trees is
//! recursive, the trees' own destructor included: a tree that is too deep is given up.

use std::mem::ManuallyDrop;

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_expr, walk_stmt};
use ruff_python_ast::{AnyNodeRef, Expr, ModModule, Stmt};
use ruff_text_size::{Ranged, TextSize};

/// Nodes around a node. Python itself refuses 200 nested brackets and 100 nested blocks; long
/// sums, which nest to the left, are the only honest code that comes near.
const LIMIT: usize = 400;

/// A node that is nested more deeply than trees are walked, if there is one.
pub(super) fn too_deep(module: &ModModule) -> Option<TextSize> {
    let mut walk = Walk { depth: 0, place: None };
    walk.visit_body(&module.body);
    walk.place
}

/// A place at which more braces are open than anybody writes, if there is one. What stands in
/// strings and comments is counted too: this is a guard, and needs no more than that.
pub(super) fn braces_too_deep(text: &str) -> Option<TextSize> {
    let mut open = 0_usize;
    for place in memchr::memchr2_iter(b'{', b'}', text.as_bytes()) {
        if text.as_bytes()[place] == b'}' {
            open = open.saturating_sub(1);
            continue;
        }
        open += 1;
        if open > MOST_BRACES {
            return TextSize::try_from(place).ok();
        }
    }
    None
}

/// The parser needs time that grows with the square of how deep format strings are nested.
const MOST_BRACES: usize = 10_000;

/// Drops a tree that may be deep.
pub(super) fn drop_deep<T: Send + 'static>(tree: T, text_length: usize) {
    // Each level takes at least a byte of text to write down, and some hundred bytes of stack to
    // drop; a stack takes memory only where it is used. When there is none to be had the tree is
    // leaked, which beats a crash.
    let tree = ManuallyDrop::new(tree);
    let stack = text_length.saturating_mul(2048).clamp(1 << 20, 1 << 30);
    let thread = std::thread::Builder::new().stack_size(stack).spawn(move || {
        drop(ManuallyDrop::into_inner(tree));
    });
    if let Ok(thread) = thread {
        // A destructor does not panic.
        let _ = thread.join();
    }
}

struct Walk {
    depth: usize,
    place: Option<TextSize>,
}

impl<'a> SourceOrderVisitor<'a> for Walk {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if self.place.is_some() {
            return TraversalSignal::Skip;
        }
        // What is not longer than the limit cannot be deeper: most expressions need no look.
        if self.depth < LIMIT / 2 && usize::from(node.range().len()) < LIMIT / 2 {
            return TraversalSignal::Skip;
        }
        if self.depth >= LIMIT {
            self.place = Some(node.range().start());
            return TraversalSignal::Skip;
        }
        TraversalSignal::Traverse
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.depth += 1;
        walk_stmt(self, statement);
        self.depth -= 1;
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        self.depth += 1;
        walk_expr(self, expression);
        self.depth -= 1;
    }

    fn visit_pattern(&mut self, pattern: &'a ruff_python_ast::Pattern) {
        self.depth += 1;
        ruff_python_ast::visitor::source_order::walk_pattern(self, pattern);
        self.depth -= 1;
    }
}

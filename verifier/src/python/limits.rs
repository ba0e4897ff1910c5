//! How deeply Python's tokenizer lets code be nested, which is no matter of grammar.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged, TextRange};

/// Levels of indentation, the one of the module included.
const MOST_LEVELS: usize = 100;

/// Brackets that are open at one time.
const MOST_BRACKETS: usize = 200;

/// The first place beyond a limit, and Python's message.
pub(super) fn beyond(tokens: &Tokens) -> Option<(TextRange, &'static str)> {
    let mut levels = 1_usize;
    // Those of each format string around are counted for themselves, as Python did up to 3.11: what
    // only later versions refuse is no error.
    let mut open = vec![0_usize];
    for token in tokens {
        match token.kind() {
            TokenKind::Indent => levels += 1,
            TokenKind::Dedent => levels = levels.saturating_sub(1),
            TokenKind::FStringStart | TokenKind::TStringStart => open.push(0),
            TokenKind::FStringEnd | TokenKind::TStringEnd if open.len() > 1 => {
                open.pop();
            }
            kind => count(kind, &mut open),
        }
        if levels > MOST_LEVELS {
            return Some((token.range(), "too many levels of indentation"));
        }
        if open.last().is_some_and(|count| *count > MOST_BRACKETS) {
            return Some((token.range(), "too many nested parentheses"));
        }
    }
    None
}

fn count(kind: TokenKind, open: &mut [usize]) {
    let Some(count) = open.last_mut() else { return };
    match kind {
        TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => *count += 1,
        TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => *count = count.saturating_sub(1),
        _ => {}
    }
}

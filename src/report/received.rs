//! What a server tells who pushed to it.

use super::{Style, card};
use crate::coach::Card;
use crate::source::Coverage;
use crate::text::{Count, Escaped};

/// More cards than this are not read; the others are named by their place.
const CARDS: usize = 8;

/// As many lines of anything else.
const LINES: usize = 20;

/// Shows why a push is refused, on standard error: the cards of `refused`, what could not
/// be read, and a line that sums up what `commits` held.
pub fn received(refused: &[Card], coverage: &Coverage, commits: usize, style: Style) {
    for shown in refused.iter().take(CARDS) {
        say!("{}", card(shown, style));
    }
    let others = refused.iter().skip(CARDS);
    lines(others.map(|card| format!("refused too: {}:{} [{}]", card.path, card.line, card.rule)));
    let unread = coverage.unread.iter();
    lines(unread.map(|it| format!("could not check {}: {}", Escaped(&it.path), it.why)));
    say!(
        "leakcoach: {} refused; {} in {} checked",
        Count(refused.len(), "finding"),
        Count(coverage.read, "file"),
        Count(commits, "commit"),
    );
}

/// Names what was scanned from outside only, whether the push is taken or not.
pub fn unopened(coverage: &Coverage) {
    let unopened = coverage.unopened.iter();
    lines(unopened.map(|it| format!("could not look into {}: {}", Escaped(&it.path), it.why)));
}

fn lines(mut all: impl ExactSizeIterator<Item = String>) {
    for line in all.by_ref().take(LINES) {
        say!("leakcoach: {line}");
    }
    if all.len() > 0 {
        say!("leakcoach: and {} more", all.len());
    }
}

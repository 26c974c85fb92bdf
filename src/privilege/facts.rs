//! What a file says, as facts that signals are about.

use std::borrow::Cow;
use std::ops::Range;

/// As many are kept of one file.
const FACTS_AT_MOST: usize = 5_000;

/// As long is what is told of one.
const CHARS_AT_MOST: usize = 80;

/// One thing that a file grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// What kind: `workflow-permission`.
    pub(super) of: &'static str,
    /// What: `contents: write`.
    pub(super) value: String,
    /// In which part of the file, from the outermost: `job build/step 2`.
    pub(super) scope: String,
    /// Where.
    pub(super) at: Range<usize>,
}

/// The facts of one file.
#[derive(Debug, Default)]
pub(super) struct Facts {
    list: Vec<Fact>,
}

impl Facts {
    /// Adds one. What a value says beyond a name's length is left out: it is none.
    pub(super) fn add(&mut self, of: &'static str, value: &str, scope: &str, at: Range<usize>) {
        if self.list.len() < FACTS_AT_MOST {
            let scope = short(&without_blanks(scope));
            self.list.push(Fact { of, value: short(value), scope, at });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Fact> {
        self.list
    }

    pub(super) fn list(&self) -> &[Fact] {
        &self.list
    }
}

/// `text` with what stands for templates as dots.
fn without_blanks(text: &str) -> Cow<'_, str> {
    let Some((before, rest)) = text.split_once("____") else { return Cow::Borrowed(text) };
    let rest = rest.trim_start_matches('_');
    Cow::Owned([before, "...", &without_blanks(rest)].concat())
}

fn short(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= CHARS_AT_MOST {
        return text.to_owned();
    }
    text.chars().take(CHARS_AT_MOST).chain("...".chars()).collect()
}

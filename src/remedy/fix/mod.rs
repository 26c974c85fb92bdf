//! `fix`: the literal becomes the idiom by which that language or format reads the value
//! at run time.
//!
//! Pure: takes a text, the places of one credential in it and a name, gives edits or the
//! reason why there are none. Knows nothing of git, files or consent. Where the syntax is
//! not certain there are no edits.

mod csharp;
mod dockerfile;
mod edit;
mod expands;
mod go;
mod hcl;
mod javascript;
mod json;
mod jvm;
mod kind;
mod lines;
mod name;
mod notebook;
mod php;
mod pipeline;
mod python;
mod ruby;
mod rust;
mod shell;
mod swift;
mod tongue;
mod yaml;

#[cfg(test)]
mod tests;

pub use edit::{Edit, applied};
pub use kind::{Kind, Surroundings};
pub use name::{is_name, name_for, places};

use std::ops::Range;

/// One credential in one text, and what is to stand in its place.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The whole file, as UTF-8 or any other superset of ASCII.
    pub text: &'a [u8],
    /// Where the credential stands; in order, apart from each other.
    pub values: &'a [Range<usize>],
    /// The file's path from the top of the repository.
    pub path: &'a [u8],
    /// The variable that is to hold the value.
    pub name: &'a str,
    /// What else is in the repository.
    pub around: Surroundings,
}

/// What becomes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// In order, apart from each other.
    pub edits: Vec<Edit>,
    /// What a person should know of it, each a sentence. Holds nothing of the text.
    pub notes: Vec<String>,
    /// How the value reaches the program.
    pub source: Source,
}

/// Where a mended text takes the value from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The environment of the process, which a `.env` file may fill.
    Environment,
    /// What the platform keeps: its own store of secrets or variables.
    Platform,
    /// Nothing: only a name or an empty value is left.
    Nowhere,
}

/// Why there are no edits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// What is not certain. Holds nothing of the text.
    pub why: String,
    /// What a person can do by hand.
    pub by_hand: String,
}

impl Refusal {
    fn new(why: impl Into<String>, by_hand: impl Into<String>) -> Self {
        Self { why: why.into(), by_hand: by_hand.into() }
    }
}

/// The edits that take the credential out of the text.
///
/// # Errors
/// The format has no way to refer to a value elsewhere, or the place is not one where
/// leakcoach is certain of the syntax.
pub fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let fits = |value: &Range<usize>| value.start < value.end && value.end <= ask.text.len();
    let apart = ask.values.windows(2).all(|pair| pair[0].end <= pair[1].start);
    if ask.values.is_empty() || !ask.values.iter().all(fits) || !apart || !is_name(ask.name) {
        return Err(Refusal::new("its place in the file is not known", "take it out by hand"));
    }
    let mut mended = Kind::of(ask.path, ask.text).mend(ask)?;
    mended.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let sound = mended.edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start)
        && ask.values.iter().all(|value| mended.takes_out(value));
    if sound {
        mended.notes.dedup();
        Ok(mended)
    } else {
        Err(Refusal::new("two changes to the file would touch each other", "take it out by hand"))
    }
}

impl Mended {
    /// Whether an edit removes all of `value`.
    fn takes_out(&self, value: &Range<usize>) -> bool {
        self.edits.iter().any(|edit| edit.span.start <= value.start && value.end <= edit.span.end)
    }
}

//! What is handed out of a record: sealed for one person, with a class, an end and that person's
//! name on each page.
//!
//! An export says in plain for whom it is, its class and when it ends; the same stands inside,
//! sealed, and where the two differ it does not open. Who is to open it has the key; that
//! nobody opens it after its end, or unseen, is for the reader to hold to: a program that
//! reads age opens it with the same key and asks nothing.

mod age;
mod keys;
mod label;

pub use age::Closed;
pub use keys::{Identity, Recipient};
pub use label::{Class, Content, Label, Role, Terms};

use super::Event;
use serde::{Deserialize, Serialize};

/// How far clocks of two machines may be apart.
const APART: i64 = 24 * 3600;

/// One entry of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Whom it was made for.
    pub r#for: String,
    /// The record it comes from, and its number there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<(String, i64)>,
    /// What happened, where cases are handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// A card's text, where narratives are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
}

/// What was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// What it says of itself.
    pub label: Label,
    /// What is in it.
    pub pages: Vec<Page>,
    /// How many pages a later leakcoach wrote, which this one cannot read.
    pub unread: usize,
}

/// Why an export does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is none.
    #[error("it is no export of leakcoach")]
    None,
    /// Its seal.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// What it says in plain is not what was sealed.
    #[error("its label was changed: it is not what was sealed")]
    Relabelled,
    /// Its time is over.
    #[error("it expired on {0}")]
    Expired(String),
    /// The clock is before its beginning.
    #[error("it was made on {0}, which by this clock has not come yet: was the clock set back?")]
    NotYet(String),
    /// Pages are missing.
    #[error("it has {there} of {said} pages")]
    Short {
        /// That it should have.
        said: u64,
        /// That are in it.
        there: u64,
    },
    /// A later leakcoach made it.
    #[error("it was made by a newer leakcoach")]
    Newer,
}

/// Makes the file of an export. Nothing without random bytes.
pub fn seal(label: &Label, to: &Recipient, pages: &[Page]) -> Option<String> {
    let mut text = serde_json::to_vec(label).ok()?;
    for page in pages {
        text.push(b'\n');
        text.extend(serde_json::to_vec(page).ok()?);
    }
    Some([label.in_plain(), age::seal(&[to], &text)?].concat())
}

/// Opens the file of an export at the time `now`, for whoever has one of `identities`.
///
/// # Errors
/// It is not for them, not whole, or not at that time.
pub fn open(identities: &[Identity], file: &str, now: i64) -> Result<Export, Refusal> {
    let at = file.find(age::BEGIN).ok_or(Refusal::None)?;
    let (plain, armour) = file.split_at_checked(at).ok_or(Refusal::None)?;
    let text = age::open(identities, armour)?;
    let mut lines = text.split(|byte| *byte == b'\n');
    let label = lines.next().unwrap_or_default();
    let version: label::Version = serde_json::from_slice(label).map_err(|_| Refusal::None)?;
    if version.leakcoach_export != label::VERSION {
        return Err(Refusal::Newer);
    }
    let label: Label = serde_json::from_slice(label).map_err(|_| Refusal::None)?;
    if label.in_plain() != plain {
        return Err(Refusal::Relabelled);
    }
    if now >= label.until {
        return Err(Refusal::Expired(label::time(label.until)));
    }
    if now < label.made.saturating_sub(APART) {
        return Err(Refusal::NotYet(label::time(label.made)));
    }
    let (mut pages, mut unread, mut there) = (Vec::new(), 0, 0);
    for line in lines {
        there += 1;
        match serde_json::from_slice(line) {
            Ok(page) => pages.push(page),
            Err(_) => unread += 1,
        }
    }
    if there != label.pages {
        return Err(Refusal::Short { said: label.pages, there });
    }
    Ok(Export { label, pages, unread })
}

#[cfg(test)]
mod tests;

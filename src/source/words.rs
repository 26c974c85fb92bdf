//! Words that leave with commits and are in no file: messages, and the names of refs.

use super::Medium;
use super::object::Kind;
use super::range::Outgoing;
use super::repo::Repo;
use crate::error::Error;
use bstr::{BStr, BString, ByteSlice};
use gix_hash::ObjectId;

mod past;
#[cfg(test)]
mod tests;

pub use past::{WordsOfHistory, words_of_history};

/// A text that is in no file; all of it is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What it is called: `commit 1a2b3c4 (message)`; any bytes.
    pub name: BString,
    /// What holds it.
    pub medium: Medium,
    /// The short id of its commit, or the name of its tag.
    pub of: Option<BString>,
    /// The text, in the encoding it was written in.
    pub text: Vec<u8>,
}

impl Outgoing {
    /// The messages of commits and tags, and the names of new refs; read one by one.
    pub fn words<'a>(&'a self, repo: &'a Repo) -> impl Iterator<Item = Result<Words, Error>> + 'a {
        let commits = self.commits.iter().map(|commit| message_of_commit(repo, *commit));
        let tags = self.tags.iter().map(|tag| message_of_tag(repo, *tag));
        let refs = self.new_refs.iter().map(|name| Ok(name_of_ref(name)));
        commits.chain(tags).chain(refs)
    }
}

/// The message of a commit.
pub fn message_of_commit(repo: &Repo, id: ObjectId) -> Result<Words, Error> {
    Ok(message_of_commit_in(id, &repo.object(id, Kind::Commit)?))
}

/// The message in the `bytes` of a commit.
fn message_of_commit_in(id: ObjectId, bytes: &[u8]) -> Words {
    let short = id.to_hex_with_len(12).to_string();
    let text = message(bytes).to_vec();
    let name = format!("commit {short} (message)").into();
    Words { name, medium: Medium::Message, of: Some(short.into()), text }
}

/// The message of an annotated tag.
fn message_of_tag(repo: &Repo, id: ObjectId) -> Result<Words, Error> {
    let bytes = repo.object(id, Kind::Tag)?;
    let mut headers = bytes.lines().take_while(|line| !line.is_empty());
    let tag = headers.find_map(|line| line.strip_prefix(b"tag ")).unwrap_or_default();
    let name = bstr::concat([&b"tag "[..], tag, b" (message)"]).into();
    let text = message(&bytes).to_vec();
    Ok(Words { name, medium: Medium::TagMessage, of: Some(tag.into()), text })
}

/// The name of a ref, in full.
fn name_of_ref(name: &BString) -> Words {
    let called = bstr::concat([&b"ref "[..], name]).into();
    Words { name: called, medium: Medium::Ref, of: None, text: name.to_vec() }
}

/// What follows the headers of a commit or tag, which end at an empty line.
fn message(bytes: &[u8]) -> &[u8] {
    bytes.find(b"\n\n").map_or(&[], |end| bytes.split_at(end + 2).1)
}

/// A message as git will keep it, with an empty line for each that git drops: comments,
/// which begin with `comment`, and all from the scissors line on (git-commit(1),
/// `--cleanup`). Line numbers stay.
pub fn kept_of_message(text: &[u8], comment: Option<&BStr>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for line in text.lines_with_terminator() {
        if is_scissors(line) {
            break;
        }
        match comment {
            Some(comment) if !comment.is_empty() && line.starts_with(comment) => kept.push(b'\n'),
            Some(_) | None => kept.extend_from_slice(line),
        }
    }
    kept
}

/// Whether git has put a diff under the message (`commit -v`).
pub fn has_scissors(text: &[u8]) -> bool {
    text.lines().any(is_scissors)
}

fn is_scissors(line: &[u8]) -> bool {
    // The comment's mark before it is the person's choice.
    line.trim_ascii_end()
        .strip_suffix(b" ------------------------ >8 ------------------------")
        .is_some_and(|mark| !mark.is_empty() && mark.len() <= 8)
}

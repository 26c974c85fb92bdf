//! What stands around a commit: its message before it is made, and a look at it after.

use crate::cli::check::checked::Checked;
use crate::cli::check::going::Going;
use crate::cli::check::run::Check;
use crate::cli::env;
use crate::error::Error;
use crate::judge::{Exposure, Verdict};
use crate::record::Deed;
use crate::report;
use crate::source::words::{Words, has_scissors, kept_of_message, message_of_commit};
use crate::source::{self, Medium, Repo};
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The tree that the guard has let through last, in the work tree's own git folder.
const STAMP: &str = "leakcoach-passed";

/// Checks the message that git has written into a file, before the commit is made.
pub(in crate::cli) fn message(repo: &Repo, args: &[OsString]) -> Result<Checked, Error> {
    let Some(file) = args.first() else {
        return Err(Error::Usage("git names the message's file to this hook".to_owned()));
    };
    let path = Path::new(file);
    let failed = |source| Error::File { deed: "read", path: path.to_owned(), source };
    let text = std::fs::read(path).map_err(failed)?;
    let check = Check::new(Some(repo), &[])?.going(Going::to_commit());
    let name = BString::from(file.as_encoded_bytes());
    let mut words = Words { name, medium: Medium::Message, of: None, text };
    let checked = check.message(&words);
    if checked.cards.is_empty() {
        return Ok(checked);
    }
    // Only now is it worth knowing what git will drop. Without an editor, it is nothing.
    let comment = if env::edits() { repo.comment_mark() } else { None };
    let comment = comment.as_ref().map(|mark| mark.as_bstr());
    let with_diff = has_scissors(&words.text);
    words.text = kept_of_message(&words.text, comment);
    let mut checked = check.message(&words);
    if with_diff {
        // Else the diff under the message would become a part of it.
        let steps = checked.cards.iter_mut().flat_map(|card| &mut card.steps);
        for command in steps.filter_map(|step| step.command.as_mut()) {
            *command = command.replace("git commit -eF", "git commit -v -eF");
        }
    }
    Ok(checked)
}

impl Check {
    fn message(&self, words: &Words) -> Checked {
        let mut checked = Checked::default();
        self.words(words, Exposure::Staged, &mut checked);
        checked
    }
}

/// Remembers that the guard has let the next commit's tree through.
pub(in crate::cli) fn stamp(repo: &Repo, tree: Option<ObjectId>) {
    if let Some(tree) = tree {
        // Where none can be kept, the commit is checked once more.
        let _kept = std::fs::write(stamp_of(repo), tree.to_hex().to_string());
    }
}

fn stamp_of(repo: &Repo) -> PathBuf {
    repo.git_dir().join(STAMP)
}

/// Looks at the commit that was just made, and coaches when the guard has not seen it:
/// `--no-verify`, a rebase, a cherry-pick, or a hook that has changed it afterwards.
///
/// Nothing can be refused any more, and nothing is.
pub(in crate::cli) fn afterwards(repo: &Repo) {
    let told = after(repo);
    if let Err(error) = told {
        report::error(&error);
    }
}

fn after(repo: &Repo) -> Result<(), Error> {
    let Some(head) = repo.head()?.commit else { return Ok(()) };
    let stamp = stamp_of(repo);
    let passed = std::fs::read(&stamp).ok();
    if let Some(passed) = passed {
        // It is about one commit.
        let _gone = std::fs::remove_file(&stamp);
        if ObjectId::from_hex(&passed).ok() == Some(source::range::tree_of(repo, head)?) {
            return Ok(());
        }
    }
    let mut check = Check::new(Some(repo), &[])?;
    check.head = Some(head);
    check.going = Going::to_commit();
    let mut checked = Checked::default();
    check.changes(repo, &source::range::changes_of_commit(repo, head)?, &mut checked)?;
    let mut words = message_of_commit(repo, head)?;
    words.of = Some(crate::coach::HEAD.into());
    check.words(&words, check.committed, &mut checked);
    checked.cards.retain(|card| card.judgement.verdict != Verdict::Permit);
    if checked.cards.is_empty() {
        return Ok(());
    }
    for card in &mut checked.cards {
        card.judgement.verdict = Verdict::Permit;
        card.go_on = String::from("nothing was refused; a push will be, until this is mended");
    }
    report::notice(&format!(
        "commit {} skipped the guard: here is what it would have said",
        head.to_hex_with_len(12)
    ));
    let _told = checked.at(repo, Deed::Afterwards).conclude();
    Ok(())
}

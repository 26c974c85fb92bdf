//! Changes that widen what somebody may do: looked for beside credentials.
//!
//! Which files are looked at is told by their path; the earlier version is read only of
//! those.

use crate::cli::check::changes::unread_before;
use crate::cli::check::checked::Checked;
use crate::cli::check::run::{Check, ignored};
use crate::cli::check::stand::Stand;
use crate::error::Error;
use crate::privilege::{Format, Looked, Widening, widened};
use crate::source::decode::to_utf8;
use crate::source::lines::LineStarts;
use crate::source::{Change, ChangeSet, Remote, Repo, Unread};
use bstr::BString;

impl Check {
    /// What `change`, which `stand` is of, permits that was not permitted before.
    pub(in crate::cli) fn privileges(
        &self,
        repo: &Repo,
        set: &ChangeSet,
        change: &Change,
        stand: &Stand<'_>,
        checked: &mut Checked,
    ) -> Result<(), Error> {
        if Format::of(&change.path).is_none() {
            return Ok(());
        }
        let after = to_utf8(stand.raw);
        // Most such files hold nothing of the kind: then what they were does not matter.
        let alone = widened(&change.path, &[], &after, self.heeds_markers(), &[]);
        if alone.found.is_empty() && alone.why.is_none() && change.before.is_empty() {
            return Ok(());
        }
        let mut owners: Vec<BString> = Vec::new();
        if alone.found.iter().any(Widening::is_about_an_action) {
            let remotes = repo.remotes()?;
            owners.extend(remotes.iter().flat_map(Remote::owners));
        }
        let mut ids: Vec<_> = change.before.iter().flatten().copied().collect();
        let carried = set.origins_of(repo, change).into_iter();
        ids.extend(carried.filter(|from| !ignored(&self.config, &from.path)).map(|from| from.id));
        let mut before = Vec::new();
        for id in ids {
            match repo.read(id) {
                Ok(bytes) => before.push(to_utf8(&bytes).into_owned()),
                // So that all of it counts as new, as with credentials.
                Err(_) if repo.lacks_promised(id) => {}
                Err(why) => return Err(unread_before(why)),
            }
        }
        let before: Vec<&[u8]> = before.iter().map(Vec::as_slice).collect();
        let looked = widened(&change.path, &before, &after, self.heeds_markers(), &owners);
        self.tell_widened(looked, &after, stand, checked);
        Ok(())
    }

    /// The same of a file without a before: all of it counts as new.
    pub(in crate::cli) fn privileges_of_whole(&self, stand: &Stand<'_>, checked: &mut Checked) {
        let text = to_utf8(stand.raw);
        let looked = widened(stand.path, &[], &text, self.heeds_markers(), &[]);
        self.tell_widened(looked, &text, stand, checked);
    }

    fn tell_widened(&self, looked: Looked, text: &[u8], stand: &Stand<'_>, checked: &mut Checked) {
        if let Some(why) = looked.why {
            checked.coverage.unopened.push(Unread { path: self.shown(stand.path), why });
        }
        if looked.found.is_empty() {
            return;
        }
        let lines = LineStarts::of(text);
        let stand = Stand { text, ..*stand };
        for widening in &looked.found {
            if self.config.keeps(widening.signal.rule.id) {
                let mut finding = widening.finding(stand.path);
                for note in &mut finding.notes {
                    self.mask_note(note);
                }
                checked.cards.push(self.card(&finding, stand.path, &stand, &lines));
            }
        }
        checked.told.extend(self.told());
    }
}

//! What archives hold, checked: each member as a text of its own.

use crate::cli::check::run::{Check, ignored};
use crate::cli::check::stand::Stand;
use crate::coach::Card;
use crate::judge::Exposure;
use crate::scan::{Finding, Note};
use crate::source::Coverage;
use crate::source::archive::{Limits, for_each};
use crate::source::decode::to_utf8;
use crate::source::lines::LineStarts;
use bstr::{BString, ByteSlice};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;

/// The hash of a member's content.
pub(in crate::cli) type Digest = [u8; 32];

/// What was found in an archive, and in those in it.
#[derive(Default)]
pub(in crate::cli) struct Inside {
    /// Each card, with the content that it is about.
    cards: Vec<(Digest, Card)>,
    /// Each credential, hashed with its rule, and the member that holds it.
    seen: Vec<(Digest, BString)>,
}

impl Inside {
    /// Whether nothing was found.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// Whether a member of the archive at `path` holds what `finding` found in the archive
    /// itself: what is not compressed is seen from outside too.
    pub(in crate::cli) fn holds(&self, path: &[u8], finding: &Finding) -> bool {
        if self.seen.is_empty() {
            return false;
        }
        let wanted = fingerprint(finding);
        let within =
            |member: &[u8]| member.strip_prefix(path).is_some_and(|rest| rest.starts_with(b"!"));
        self.seen.iter().any(|(one, member)| *one == wanted && within(member))
    }

    /// The cards about content that is not among `known`.
    pub(in crate::cli) fn cards_beside(
        self,
        known: &HashSet<Digest>,
    ) -> impl Iterator<Item = Card> {
        let new = self.cards.into_iter().filter(|(content, _)| !known.contains(content));
        new.map(|(_, card)| card)
    }
}

/// A hash of a credential with its rule, for this run alone.
pub(in crate::cli) fn fingerprint(finding: &Finding) -> Digest {
    let mut hash = Sha256::new();
    hash.update(finding.rule.id);
    hash.update([0]);
    hash.update(finding.secret.expose());
    hash.finalize().into()
}

/// The content of every member of the archive that `bytes` are.
pub(in crate::cli) fn contents(path: &[u8], bytes: &[u8], known: &mut HashSet<Digest>) {
    // What cannot be opened of an earlier version counts as not there, so that it is new.
    let _account = for_each(path.as_bstr(), bytes, &Limits::default(), &mut |member| {
        known.insert(Sha256::digest(member.bytes).into());
    });
}

impl Check {
    /// Checks what is in the archive that `bytes` are; nothing when they are none.
    pub(in crate::cli) fn inside(&self, outer: &Stand<'_>, coverage: &mut Coverage) -> Inside {
        let mut inside = Inside::default();
        let mut left_out = 0;
        let limits = Limits::default();
        let account = for_each(outer.path.as_bstr(), outer.text, &limits, &mut |member| {
            if ignored(&self.config, member.path) {
                left_out += 1;
                return;
            }
            let text = to_utf8(member.bytes);
            let mut found = self.scan(member.name, &text, coverage);
            if outer.exposure != Exposure::File {
                found.findings.append(&mut found.marked);
            }
            if member.is_archive {
                found.findings.retain(|finding| !inside.holds(member.path, finding));
            }
            if found.findings.is_empty() {
                return;
            }
            let lines = LineStarts::of(&text);
            let content: Digest = Sha256::digest(member.bytes).into();
            let stand =
                Stand { path: member.path, text: &text, archive: Some(outer.path), ..*outer };
            for mut finding in found.findings {
                finding.notes.push(Note::Unpacked(member.from.clone()));
                inside.cards.push((content, self.card(&finding, member.name, &stand, &lines)));
                inside.seen.push((fingerprint(&finding), member.path.to_owned()));
            }
        });
        coverage.members += account.members - left_out;
        coverage.ignored += left_out;
        let unread = account.unread.into_iter();
        coverage.unopened.extend(unread.map(|one| self.shown_of(one)));
        inside
    }
}

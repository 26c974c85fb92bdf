//! What a pointer of git LFS stands for, checked where it is here.

use crate::cli::check::checked::Checked;
use crate::cli::check::inside::{Digest, contents, fingerprint};
use crate::cli::check::run::{Check, ignored};
use crate::cli::check::stand::Stand;
use crate::config::Config;
use crate::source::lfs::{Pointer, Store};
use crate::source::pieces::{self, Cut, Piece};
use crate::source::{Change, ChangeSet, Coverage, Repo, Unread};
use bstr::ByteSlice;
use gix_hash::ObjectId;
use std::cell::OnceCell;
use std::collections::HashSet;

/// What stood in a file before; read only when something is found in it.
#[derive(Default)]
pub(in crate::cli) struct Earlier<'a> {
    from: Option<(&'a Repo, &'a ChangeSet, &'a Change, &'a Config)>,
    values: OnceCell<Before>,
}

/// The earlier content of `change`.
pub(in crate::cli) fn earlier<'a>(
    repo: &'a Repo,
    set: &'a ChangeSet,
    change: &'a Change,
    config: &'a Config,
) -> Earlier<'a> {
    Earlier { from: Some((repo, set, change, config)), values: OnceCell::new() }
}

/// The credentials and members that earlier content had.
#[derive(Default)]
pub(in crate::cli) struct Before {
    pub(in crate::cli) values: HashSet<Digest>,
    pub(in crate::cli) members: HashSet<Digest>,
}

impl Check {
    /// Checks the content that the pointer in `outer` stands for; nothing when it is none.
    pub(in crate::cli) fn stored(
        &self,
        outer: &Stand<'_>,
        earlier: &Earlier<'_>,
        checked: &mut Checked,
    ) {
        let Some(pointer) = Pointer::of(outer.raw) else { return };
        let mut part = Checked::default();
        let read = self.content(&pointer, &mut |piece| self.part(outer, piece, earlier, &mut part));
        // It is the pointer's file that is counted.
        checked.add(part);
        if let Err(why) = read {
            let path = self.shown(outer.path);
            checked.coverage.unopened.push(Unread { path, why });
        }
    }

    /// Gives the pieces of what `pointer` stands for. The error says why not all of it was
    /// looked into.
    fn content(&self, pointer: &Pointer, each: &mut dyn FnMut(&Piece<'_>)) -> Result<(), String> {
        let store = self.store().map(Store::at);
        let store = store.ok_or("its content is in git LFS, and no repository is here")?;
        let (file, len) = store.open(pointer)?;
        let extent = pieces::read(file, len, &Cut::default(), &mut Vec::new(), each);
        match extent {
            Ok(extent) if extent.sealed => Err(pieces::TOO_LARGE.to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(format!("its git LFS object cannot be read: {error}")),
        }
    }

    /// What the file had in each parent, or where it was moved from. What is not here
    /// counts as not there, so that it is new.
    pub(in crate::cli) fn values_before<'a>(&self, earlier: &'a Earlier<'_>) -> &'a Before {
        earlier.values.get_or_init(|| {
            let mut before = Before::default();
            let Some((repo, set, change, config)) = earlier.from else { return before };
            let mut ids: Vec<ObjectId> = change.before.iter().flatten().copied().collect();
            let carried = set.origins_of(repo, change).into_iter();
            ids.extend(carried.filter(|from| !ignored(config, &from.path)).map(|from| from.id));
            for id in ids {
                let Ok(old) = repo.read(id) else { continue };
                let mut add = |piece: &Piece<'_>| self.remember(&change.path, piece, &mut before);
                match Pointer::of(&old) {
                    // What of it cannot be read is not remembered.
                    Some(pointer) => drop(self.content(&pointer, &mut add)),
                    None => add(&Piece::whole(&old)),
                }
            }
            before
        })
    }

    fn remember(&self, path: &[u8], piece: &Piece<'_>, before: &mut Before) {
        let found = self.scan(path, &piece.text, &mut Coverage::default());
        before.values.extend(found.findings.iter().chain(&found.marked).map(fingerprint));
        if piece.whole {
            contents(path.as_bstr(), piece.raw, &mut before.members);
        }
    }
}

//! Bytes in, findings out. Pure: no git, files, clock or network.
//!
//! One pass over the bytes finds anchors; only around an anchor is a rule's shape
//! tried, and its checks after it. Users' rules, where there are any, take a second
//! pass. What matched and is no credential after all is kept as [`Dismissed`], with the
//! reason.

mod anchors;
mod assignment;
mod checks;
mod encoded;
mod entropy;
mod finding;
mod glued;
mod letters;
mod login;
mod marker;
mod members;
mod merge;
mod names;
mod placeholder;
mod places;
mod reason;
mod shape;
mod spelled;
mod user;
mod value;
mod within;

pub use finding::{Confidence, Dismissed, Finding, Note};
pub(crate) use marker::is_allowed;
pub use reason::Reason;

use crate::catalogue::{Catalogue, Engine, Rule, UserRules};
use crate::source::role::FileRole;
use shape::{Candidate, Shapes};
use std::ops::Range;
use std::sync::Arc;
use user::UserPass;

/// Bytes to scan, and what their place says of them.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The bytes, decoded to UTF-8 where they were another encoding.
    pub bytes: &'a [u8],
    /// The file's path, for its format; empty when there is none.
    pub path: &'a [u8],
    /// What the path says of its role.
    pub role: FileRole,
}

/// What a scan gives.
#[derive(Debug, Default)]
pub struct Found {
    /// Credentials, in order of position.
    pub findings: Vec<Finding>,
    /// Credentials that another tool's marker hides, in order of position.
    pub marked: Vec<Finding>,
    /// What looked like one and is none, in order of position.
    pub dismissed: Vec<Dismissed>,
    /// Users' rules that were stopped before the text's end: they matched, or would have
    /// been tried, too often.
    pub stopped: Vec<&'static Rule>,
}

/// Rules made ready to run. Make one, use it on every thread.
#[derive(Debug)]
pub struct Scanner {
    catalogue: &'static Catalogue,
    shapes: Shapes,
    /// Whether the rule at the same index takes part; empty when all do.
    active: Vec<bool>,
    checksums_count: bool,
    markers_count: bool,
    user: Option<Box<UserPass>>,
}

impl Scanner {
    /// A scanner with every rule of `catalogue`. Costs next to nothing: shapes are
    /// compiled when their anchor is first seen.
    pub fn new(catalogue: &'static Catalogue) -> Self {
        Self {
            catalogue,
            shapes: Shapes::new(catalogue.len(), None),
            active: Vec::new(),
            checksums_count: true,
            markers_count: true,
            user: None,
        }
    }

    /// Takes a failed checksum for a weakness and no proof, for text whose values were
    /// made up.
    #[must_use]
    pub fn ignoring_checksums(mut self) -> Self {
        self.checksums_count = false;
        self
    }

    /// Takes no marker beside a credential for an answer.
    #[must_use]
    pub fn ignoring_markers(mut self) -> Self {
        self.markers_count = false;
        self
    }

    /// Whether markers count.
    pub(crate) fn heeds_markers(&self) -> bool {
        self.markers_count
    }

    /// Leaves out the rules for which `keep` says no.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&Rule) -> bool) -> Self {
        self.active = self.catalogue.rules().map(keep).collect();
        self
    }

    /// Adds the rules of users for which `keep` says yes.
    #[must_use]
    pub fn with(mut self, rules: &Arc<UserRules>, keep: impl Fn(&Rule) -> bool) -> Self {
        self.user = (!rules.is_empty()).then(|| Box::new(UserPass::new(Arc::clone(rules), keep)));
        self
    }

    /// How many rules take part.
    pub fn active_rules(&self) -> usize {
        let users = self.user.as_ref().map_or(0, |user| user.active_rules());
        users
            + if self.active.is_empty() {
                self.catalogue.len()
            } else {
                self.active.iter().filter(|active| **active).count()
            }
    }

    /// Every credential in `text`, and every look-alike with the reason why not.
    ///
    /// Pure: the same text gives the same findings.
    pub fn scan(&self, text: &Text<'_>) -> Found {
        let (mut found, runs) = self.scan_plain(text);
        self.scan_spelled(text, &mut found);
        self.scan_encoded(text, &runs, encoded::DEPTH, &mut found);
        if let Some(user) = &self.user {
            user.files(text, &mut found);
        }
        if self.markers_count {
            marker::apply(&mut found, text.bytes);
        }
        found
    }

    /// Whether [`Self::scan`] could find anything in these parts of `text`, each of whole
    /// lines, or anything that a marker hides.
    pub fn tells(&self, text: &Text<'_>, parts: &[Range<usize>]) -> bool {
        let tells = |found: &Found| !found.findings.is_empty() || !found.stopped.is_empty();
        if self.user.is_some() {
            // Users' rules are searched for in whole texts.
            let found = self.scan(text);
            return tells(&found) || !found.marked.is_empty();
        }
        parts.iter().any(|part| {
            let (mut found, mut runs) = self.scan_part(text, part.clone());
            for run in &mut runs {
                *run -= part.start;
            }
            let alone = Text { bytes: &text.bytes[part.clone()], ..*text };
            if !tells(&found) {
                self.scan_spelled(&alone, &mut found);
            }
            if !tells(&found) {
                self.scan_encoded(&alone, &runs, encoded::DEPTH, &mut found);
            }
            tells(&found)
        })
    }

    /// What the anchors of a text tell, and places in its long runs.
    fn scan_plain(&self, text: &Text<'_>) -> (Found, Vec<usize>) {
        self.scan_part(text, 0..text.bytes.len())
    }

    /// What the anchors in a part of a text tell, which may be longer, and places in its
    /// long runs.
    fn scan_part(&self, text: &Text<'_>, part: Range<usize>) -> (Found, Vec<usize>) {
        let mut candidates: Vec<Candidate> = Vec::new();
        // Where the last value of an assignment ends: a name within it is a part of it.
        let mut assigned_until = 0;
        let runs = anchors::for_each(self.catalogue, text.bytes, part, |anchor, start| {
            let index = usize::from(anchor.rule);
            let rule = self.catalogue.get(index);
            if !self.active.get(index).is_none_or(|active| *active) {
                return;
            }
            let hit = start..start + self.catalogue.text_of(anchor).len();
            let found = match rule.engine {
                Engine::Shape => self.shapes.around(rule, index, text.bytes, hit),
                Engine::Named => self.shapes.named(rule, index, text.bytes, hit),
                Engine::Assignment if hit.start < assigned_until => None,
                Engine::Assignment => assignment::around(rule, text, hit),
            };
            if let (Engine::Assignment, Some(found)) = (rule.engine, &found) {
                assigned_until = found.secret.end;
            }
            // Anchors overlap (`secret`, `client_secret`): each place once.
            if let Some(found) = found
                && !candidates.iter().rev().take(64).any(|known| known.same_place(&found))
            {
                candidates.push(found);
            }
        });
        let mut found = Found::default();
        if let Some(user) = &self.user {
            user.candidates(text, &mut candidates, &mut found);
        }
        if candidates.is_empty() {
            return (found, runs);
        }
        let active = |index: &usize| self.active.get(*index).is_none_or(|active| *active);
        let companions = self.catalogue.companions.iter().map(|index| usize::from(*index));
        let companions = companions.filter(active).map(|index| (index, self.catalogue.get(index)));
        self.shapes.companions(companions, text.bytes, &mut candidates);
        if let Some(user) = &self.user {
            user.companions(text.bytes, &mut candidates);
        }
        for candidate in candidates {
            match finding::weigh(candidate, text, self.checksums_count) {
                Ok(finding) => found.findings.push(finding),
                Err(dismissed) => found.dismissed.push(dismissed),
            }
        }
        merge::merge(&mut found, text.bytes);
        (found, runs)
    }
}

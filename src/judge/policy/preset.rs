//! The policies to start from.

use super::{Answer, Conditions, Line};
use crate::catalogue::Severity;
use crate::catalogue::schema::words;
use crate::scan::Confidence::{self, Likely, Possible, Proven};
use serde::Deserialize;
use std::sync::Arc;

words! {
    /// A policy to start from, from the loosest to the strictest.
    #[derive(Default)]
    Preset {
        /// Nothing is refused: what would be is told.
        Observe = "observe",
        /// What is surely a credential is refused; what may be one is asked about.
        #[default]
        Balanced = "balanced",
        /// What may be one is refused too.
        Strict = "strict",
    }
}

impl Preset {
    /// Its answer about this confidence, where nothing more is asked.
    pub const fn answer(self, confidence: Confidence) -> Answer {
        match (self, confidence) {
            (Self::Observe, Proven | Likely) => Answer::Permit,
            (Self::Observe, Possible) => Answer::Digest,
            (Self::Balanced, Possible) => Answer::Guide,
            (Self::Balanced, Proven | Likely) | (Self::Strict, _) => Answer::Block,
        }
    }

    /// Its lines, which say that they stand `at` a place.
    pub fn lines(self, at: &Arc<str>, builtin: bool) -> Vec<Line> {
        let line = |asks, answer| Line {
            asks,
            answer,
            at: at.clone(),
            starter: true,
            builtin,
            locked: false,
        };
        let mut lines = Vec::new();
        if self == Self::Strict {
            let low = Some(vec![Severity::Info, Severity::Low]);
            let asks = Conditions { severity: low, ..Conditions::of_confidence(Possible) };
            lines.push(line(asks, Answer::Guide));
        }
        for confidence in [Proven, Likely, Possible] {
            lines.push(line(Conditions::of_confidence(confidence), self.answer(confidence)));
        }
        lines
    }
}

//! What is said of a plan and of what became of it.

use super::{Format, is_out, kept};
use crate::cli::named::Named;
use crate::judge::Exposure;
use crate::remedy::vault::check::Usable;
use crate::remedy::vault::keep::{Found, Keeper};
use crate::remedy::vault::{Outcome, Place};
use crate::report;
use crate::text::Escaped;
use serde_json::json;
use std::fmt::Write as _;

/// A plan in words.
pub(super) struct Told<'a> {
    pub(super) keeper: &'a dyn Keeper,
    pub(super) place: &'a Place,
    pub(super) named: Option<&'a Named>,
    /// Whether a new value is stored, not the one that was found.
    pub(super) fresh: bool,
    pub(super) format: Format,
}

impl Told<'_> {
    /// What is going to be done, for people.
    pub(super) fn plan(&self) {
        if matches!(self.format, Format::Json) {
            return;
        }
        let what = match (self.fresh, self.named) {
            (true, _) => "a new value".to_owned(),
            (false, Some(named)) => named.shown(),
            (false, None) => "a value".to_owned(),
        };
        report::notice(&format!("{what}\n  goes into {}", self.keeper.place()));
        if let Some(warning) = self.warning() {
            report::notice(&warning);
        }
    }

    /// Why the value that was found should not be stored as it is.
    fn warning(&self) -> Option<String> {
        let named = self.named.filter(|named| !self.fresh && is_out(named.exposure))?;
        Some(format!(
            "it is {}: whoever has seen it can use it, wherever it is stored. Make a new one first \
             ({}), and store that: leakcoach vault {} --new",
            named.exposure,
            Some(named.rule.coaching().rotate)
                .filter(|words| !words.is_empty())
                .unwrap_or("at its service"),
            named.id,
        ))
    }

    /// The plan, where it stays one.
    pub(super) fn planned(&self) {
        match self.format {
            Format::Text => {
                let steps = self.keeper.steps();
                for step in steps {
                    report::data(&format!("  {step}"));
                }
                report::data("nothing was done (--dry-run)");
            }
            Format::Json => self.json("planned", None, None),
        }
    }

    /// What has become of the value.
    pub(super) fn outcome(&self, outcome: &Outcome) {
        let word = match outcome {
            Outcome::Already => "already",
            Outcome::Stored { .. } => "stored",
            Outcome::Occupied(_) => "occupied",
            Outcome::Untouched(_) => "untouched",
            Outcome::Mangled(_) => "mangled",
            Outcome::Unknown(_) => "unknown",
        };
        let verified = match outcome {
            Outcome::Stored { verified, .. } => Some(*verified),
            Outcome::Already => Some(true),
            Outcome::Occupied(_)
            | Outcome::Untouched(_)
            | Outcome::Mangled(_)
            | Outcome::Unknown(_) => None,
        };
        let words = self.words(outcome);
        match self.format {
            Format::Text => {
                report::notice(&words);
                if verified.is_some() {
                    report::data(&self.next());
                }
            }
            Format::Json => self.json(word, verified, Some(&words)),
        }
    }

    fn words(&self, outcome: &Outcome) -> String {
        let place = self.keeper.place();
        let look = format!("look by: {}", self.keeper.read_back());
        match outcome {
            Outcome::Already => format!("this value is there already: nothing was done ({place})"),
            Outcome::Stored { verified: true, remark: None } => {
                format!("stored, read back and compared: {place}")
            }
            Outcome::Stored { verified: true, remark: Some(remark) } => {
                format!("stored, read back and compared: {place}; yet {remark}")
            }
            Outcome::Stored { verified: false, remark: None } => format!(
                "stored: {place}. The store shows no values, so it was not read back and compared"
            ),
            Outcome::Stored { verified: false, remark: Some(remark) } => {
                format!("stored: {place}. It was not read back and compared: {remark}")
            }
            Outcome::Occupied(Found::Hidden) => format!(
                "something is there already that cannot be read: nothing was done ({place}). \
                 Replace it with --replace, or choose another --name"
            ),
            Outcome::Occupied(_) => format!(
                "another value is there already: nothing was done ({place}). Replace it with \
                 --replace, or choose another --name"
            ),
            Outcome::Untouched(trouble) => format!("{trouble}\n  {}", self.kept()),
            Outcome::Mangled(Found::Absent) => {
                format!("the store says that it took the value, and has none now. {}", self.kept())
            }
            Outcome::Mangled(_) => format!(
                "the store has something now that is not the value: {place}. Do not rely on it; \
                 {look}"
            ),
            Outcome::Unknown(trouble) => {
                format!("{trouble}\n  nobody can tell whether the value is in {place} now: {look}")
            }
        }
    }

    fn kept(&self) -> String {
        if self.fresh {
            "nothing was stored: the new value is only where you have it from".to_owned()
        } else {
            kept(self.named)
        }
    }

    /// How it is read, and what is to be done now.
    fn next(&self) -> String {
        let mut text = format!("read it:  {}\n", self.keeper.read_back());
        let _ = writeln!(text, "run with: {}", self.keeper.fill());
        if let Some(remark) = self.keeper.remark() {
            let _ = writeln!(text, "note:     {remark}");
        }
        let Some(named) = self.named else { return text.trim_end().to_owned() };
        let (id, place) = (named.id, format!("{}:{}", Escaped(&named.path), named.line));
        let name = &self.place.name;
        let _ = write!(text, "next:     take it out of {place}, which reads {name} from then on");
        if self.fresh || is_out(named.exposure) {
            let _ = write!(text, "\n          revoke the one that leaked: leakcoach explain {id}");
        } else if named.exposure == Exposure::Committed {
            let _ = write!(
                text,
                "\n          it is in a commit that no remote has: take it out of there before you \
                 push (leakcoach explain {id}); no rotation is needed until then"
            );
        }
        text
    }

    fn json(&self, outcome: &str, verified: Option<bool>, words: Option<&str>) {
        let report = json!({
            "outcome": outcome,
            "verified": verified,
            "store": self.place.store.word(),
            "place": self.keeper.place(),
            "name": self.place.name,
            "steps": self.keeper.steps(),
            "read": self.keeper.read_back(),
            "run": self.keeper.fill(),
            "note": self.keeper.remark(),
            "warning": self.warning(),
            "words": words,
            "finding": self.named.map(|named| json!({
                "id": named.id.to_string(),
                "rule": named.rule.id,
                "path": Escaped(&named.path).to_string(),
                "line": named.line,
                "exposure": named.exposure.word(),
            })),
        });
        report::data(&report.to_string());
    }
}

/// What is usable on this machine.
pub(super) fn usable(all: &[Usable], format: Format) {
    match format {
        Format::Json => {
            let all: Vec<_> = all
                .iter()
                .map(|one| {
                    json!({
                        "store": one.store.word(),
                        "title": one.store.title(),
                        "usable": one.lacks.is_none(),
                        "lacks": one.lacks,
                        "program": one.program,
                        "version": one.version,
                        "file": one.file,
                    })
                })
                .collect();
            report::data(&json!({ "stores": all }).to_string());
        }
        Format::Text => {
            let mut text = String::new();
            for one in all {
                let usable = if one.lacks.is_none() { "usable" } else { "no" };
                let version = one.version.as_deref().unwrap_or("");
                let why = one.lacks.as_deref().unwrap_or("");
                let file = one.file.map_or_else(String::new, |file| format!(" [{file} is here]"));
                let line = format!("{:<20} {usable:<7} {version:<10} {why}{file}", one.store);
                let _ = writeln!(text, "{}", line.trim_end());
            }
            report::data(text.trim_end());
        }
    }
}

//! What is seen in messages: credentials that are masked, and what there is to say against a
//! call.

use crate::cli::agent::guard::look::Eyes;
use crate::cli::agent::guard::{self, Place};
use crate::cli::check::users::scanner;
use crate::cli::pipelines::wrap;
use crate::error::Error;
use crate::guard::agent::Agent;
use crate::guard::answer;
use crate::guard::event::{Event, Moment};
use crate::guard::mcp::json::Tape;
use crate::guard::mcp::text::{Edit, Joined, edited, texts};
use crate::guard::{Reason, Ruling};
use crate::mask::Known;
use crate::record::What;
use crate::scan::{self, Finding};
use crate::text::Count;
use data_encoding::BASE64;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// What a text is called that shows settings with their names.
const SETTINGS: &[u8] = b"call.json";

/// A shorter value is looked for where a rule found it alone.
const AGAIN: usize = 8;

/// Looks at messages of one server. Both directions share its eyes.
pub(super) struct Judge {
    pub(super) agent: Agent,
    pub(super) server: String,
    place: Place,
    eyes: Arc<Eyes>,
    known: Arc<Mutex<Known>>,
}

/// What is to be hidden.
#[derive(Default)]
pub(super) struct Masked {
    pub(super) edits: Vec<Edit>,
    /// What each is, once.
    pub(super) reasons: Vec<Reason>,
}

/// What is said to a call.
pub(super) struct Judged {
    pub(super) ruling: Ruling,
    pub(super) reasons: Vec<Reason>,
    /// For the model.
    pub(super) words: String,
}

impl Masked {
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The line without them.
    pub(super) fn of(self, line: &[u8]) -> Vec<u8> {
        edited(line, self.edits)
    }

    /// The same as a sentence.
    pub(super) fn words(&self) -> String {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in &self.reasons {
            *rules.entry(&reason.rule).or_default() += 1;
        }
        let rules: Vec<&str> = rules.into_keys().collect();
        format!("{} ({})", Count(self.places(), "credential"), rules.join(", "))
    }

    /// How many places there are: what two looks find in one is one.
    fn places(&self) -> usize {
        let mut spans: Vec<&Range<usize>> = self.edits.iter().map(|edit| &edit.at).collect();
        spans.sort_by_key(|span| (span.start, span.end));
        let (mut count, mut end) = (0, 0);
        for span in spans {
            if count == 0 || span.start >= end {
                count += 1;
            }
            end = end.max(span.end);
        }
        count
    }

    fn hide(&mut self, at: Range<usize>, label: &str) {
        self.edits.push(Edit { at, new: format!("[{label} hidden by leakcoach]") });
    }

    fn say(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn join(&mut self, other: Self) {
        self.edits.extend(other.edits);
        other.reasons.into_iter().for_each(|reason| self.say(reason));
    }
}

/// Where something stands in a text, and what it is called.
type Hit = (Range<usize>, String);

impl Judge {
    pub(super) fn new(agent: Agent, server: &str) -> Result<Self, Error> {
        let place = Place::at(".".into());
        let eyes = Eyes::new(agent, place.whole()?)?;
        let known = wrap::known(&scanner(eyes.config()).ignoring_markers());
        Ok(Self {
            agent,
            server: server.to_owned(),
            place,
            eyes: Arc::new(eyes),
            known: Arc::new(Mutex::new(known)),
        })
    }

    /// One more, for another thread.
    pub(super) fn other(&self) -> Self {
        Self {
            agent: self.agent,
            server: self.server.clone(),
            place: Place::at(self.place.cwd.clone()),
            eyes: Arc::clone(&self.eyes),
            known: Arc::clone(&self.known),
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn known(&self) -> &Mutex<Known> {
        &self.known
    }

    pub(super) fn eyes(&self) -> &Eyes {
        &self.eyes
    }

    /// Whether what cannot be judged is let through.
    pub(super) fn fails_open(&self) -> bool {
        self.eyes.trusted().fails_open
    }

    /// What is to be hidden of the items from `from` to `to`.
    pub(super) fn masks(&self, tape: &Tape<'_>, from: usize, to: usize) -> Result<Masked, Error> {
        let all = texts(tape, from, to);
        let mut masked = Masked::default();
        for (name, joined) in [(&b""[..], &all.strings), (SETTINGS, &all.members)] {
            let hits = self.hits(name, &joined.bytes, &mut masked)?;
            place(tape, joined, hits, &mut masked);
        }
        for file in &all.files {
            let mut within = Masked::default();
            for (at, label) in self.hits(b"", &file.text, &mut within)? {
                within.hide(at, &label);
            }
            if !within.is_empty() {
                // The text is a file in base64 again.
                masked.reasons.append(&mut within.reasons);
                let new = BASE64.encode(&within.of(&file.text));
                let span = tape.span(file.item);
                masked.edits.push(Edit { at: span.start + 1..span.end - 1, new });
            }
        }
        Ok(masked)
    }

    /// The same of a line that is no JSON.
    pub(super) fn masks_text(&self, line: &[u8]) -> Result<Masked, Error> {
        let mut masked = Masked::default();
        for (at, label) in self.hits(b"", line, &mut masked)? {
            masked.hide(at, &label);
        }
        Ok(masked)
    }

    /// The same where the values of the environment alone count.
    fn knowns(&self, tape: &Tape<'_>, from: usize, to: usize) -> Masked {
        let joined = texts(tape, from, to).strings;
        let mut masked = Masked::default();
        let hits = self.known_in(&joined.bytes, &mut masked);
        place(tape, &joined, hits, &mut masked);
        masked
    }

    fn known_in(&self, bytes: &[u8], masked: &mut Masked) -> Vec<Hit> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let places = known.places(bytes);
        drop(known);
        let named = places.into_iter().map(|(at, name)| {
            let name = name.filter(|name| {
                name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
            });
            let label = name.map_or_else(|| "a known value".to_owned(), |name| format!("${name}"));
            masked.say(reason(
                "environment-value",
                "a value of the environment",
                "let the server read it itself",
            ));
            (at, label)
        });
        named.collect()
    }

    /// What of `bytes` is to be hidden.
    fn hits(&self, name: &[u8], bytes: &[u8], masked: &mut Masked) -> Result<Vec<Hit>, Error> {
        let mut hits = self.known_in(bytes, masked);
        let found = self.eyes.scan(name, bytes, "text")?;
        // A marker is for who checks a file, not for who is shown it.
        let all = found.findings.iter().chain(&found.marked);
        for (finding, card) in self.eyes.refused(all, name, bytes, true) {
            let Finding { rule, secret, secret_span, .. } = finding;
            hits.push((secret_span.clone(), rule.id.to_owned()));
            if secret.len() >= AGAIN {
                let again = memchr::memmem::find_iter(bytes, secret.expose());
                hits.extend(again.map(|at| (at..at + secret.len(), rule.id.to_owned())));
            }
            let instead = card.next_time.trim_end_matches('.');
            masked.say(reason(rule.id, rule.what, instead));
        }
        for (span, rule, card) in self.eyes.beneath(name, bytes, "text", true)? {
            hits.push((span, rule.id.to_owned()));
            masked.say(reason(rule.id, rule.what, card.next_time.trim_end_matches('.')));
        }
        let let_through = |one: &&scan::Dismissed| matches!(one.reason, scan::Reason::Marked);
        for one in found.dismissed.iter().filter(let_through) {
            hits.push((one.span.clone(), one.rule.id.to_owned()));
            masked.say(reason(one.rule.id, one.rule.what, "keep it where a program reads it"));
        }
        Ok(hits)
    }

    /// What is said to the call of `tool` with `input`, which stands at `tape`'s items from
    /// `from` to `to`.
    pub(super) fn call(
        &self,
        tool: &str,
        input: Value,
        (tape, from, to): (&Tape<'_>, usize, usize),
    ) -> Result<Judged, Error> {
        let event = Event {
            agent: self.agent,
            name: "tools/call".to_owned(),
            moment: Moment::Before,
            tool: self.tool(tool),
            input,
            output: None,
            more: None,
            prompt: None,
            cwd: Some(self.place.cwd.clone()),
        };
        let mut reasons = guard::sight(&event, &self.place, &self.eyes)?.reasons;
        reasons.append(&mut self.knowns(tape, from, to).reasons);
        let ruling = reasons.iter().map(|reason| reason.ruling).max().unwrap_or(Ruling::Allow);
        let words = answer::message(&event, Ruling::Deny, &reasons);
        Ok(Judged { ruling, reasons, words })
    }

    /// The name of a tool in policies.
    pub(super) fn tool(&self, name: &str) -> String {
        format!("mcp__{}__{name}", self.server)
    }

    /// What happened to a call, or was hidden of an answer, for the record.
    pub(super) fn told(
        &self,
        tool: &str,
        decision: &str,
        moment: Moment,
        reasons: &[Reason],
    ) -> Vec<What> {
        guard::told(&self.tool(tool), decision, moment, reasons)
    }

    /// What `tool` is called with, as a person is shown it.
    pub(super) fn shown(&self, raw: &[u8]) -> String {
        const SHOWN: usize = 400;
        let mut masked = self.masks_text(raw).unwrap_or_default();
        if let Ok(tape) = Tape::of(raw)
            && let Ok(more) = self.masks(&tape, 0, tape.len())
        {
            masked.join(more);
        }
        let text = String::from_utf8_lossy(&masked.of(raw)).into_owned();
        let short: String = text.chars().take(SHOWN).collect();
        if short.len() < text.len() { format!("{short}…") } else { short }
    }
}

/// The refusal of something that holds credentials and is no call.
pub(super) fn refusal(masked: &Masked) -> String {
    format!(
        "leakcoach refused this: it holds {}. Name it by its rule alone; do not print, encode \
         or split the value.",
        masked.words()
    )
}

fn place(tape: &Tape<'_>, joined: &Joined, hits: Vec<Hit>, masked: &mut Masked) {
    for (at, label) in hits {
        for (item, part) in joined.strings(&at).filter(|(_, part)| !part.is_empty()) {
            masked.hide(tape.place(item, part), &label);
        }
    }
}

fn reason(rule: &str, what: &str, instead: &str) -> Reason {
    Reason {
        rule: rule.to_owned(),
        what: what.to_owned(),
        place: "a message".to_owned(),
        instead: instead.to_owned(),
        reference: String::new(),
        ruling: Ruling::Deny,
        credential: true,
    }
}

//! What becomes of a line, and lines to which nobody has to say no.

use super::judge::{Judge, Masked};
use crate::error::Error;
use crate::guard::event::Moment;
use crate::guard::mcp::json::{Tape, Unread};
use crate::guard::mcp::lines::AT_MOST;
use crate::guard::mcp::message::{self as rpc, Message};
use crate::guard::mcp::skim::{Skim, Skimmed, Told};
use crate::record::What;
use zeroize::Zeroizing;

/// What becomes of a line.
#[derive(Default)]
pub(super) enum Pass {
    /// It goes on as it is.
    Same,
    /// It goes on without what was hidden.
    Changed(Vec<u8>),
    #[default]
    Stopped,
}

/// What is to be done about a line.
#[derive(Default)]
pub(super) struct Step {
    pub(super) pass: Pass,
    /// Messages of the guard's own, or that it held, to the server.
    pub(super) server: Vec<Zeroizing<Vec<u8>>>,
    /// The same to the client.
    pub(super) client: Vec<Vec<u8>>,
    /// For the record.
    pub(super) what: Vec<What>,
    /// For who reads standard error.
    pub(super) said: Vec<String>,
}

impl Step {
    pub(super) fn same() -> Self {
        Self { pass: Pass::Same, ..Self::default() }
    }

    /// Says why, and nothing else.
    pub(super) fn stopped(why: &str) -> Self {
        Self { said: vec![format!("not passed on: {why}")], ..Self::default() }
    }
}

/// Which way a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToServer,
    ToClient,
}

/// A line of either side with its messages told apart, to which nobody has to say no.
pub(super) fn masked(judge: &Judge, line: &[u8], masked: Result<Masked, Error>, way: Way) -> Step {
    match masked {
        Ok(masked) if masked.is_empty() => Step::same(),
        Ok(masked) => {
            let whose = if way == Way::ToClient { "of" } else { "to" };
            let said = format!("{} hidden in a message {whose} {}", masked.words(), judge.server);
            let what = judge.told("*", "deny", Moment::After, &masked.reasons);
            Step { pass: Pass::Changed(masked.of(line)), what, said: vec![said], ..Step::default() }
        }
        Err(error) if judge.fails_open() => {
            Step { said: vec![format!("not checked: {error}")], ..Step::same() }
        }
        Err(error) => over(&skimmed(line), way, &error.to_string()),
    }
}

/// A line of the server.
pub(super) fn down(judge: &Judge, line: &[u8]) -> Step {
    let masks = match Tape::of(line) {
        Ok(tape) => judge.masks(&tape, 0, tape.len()),
        Err(Unread::NotJson) => judge.masks_text(line),
        Err(Unread::TooMany) => return over(&skimmed(line), Way::ToClient, MANY),
    };
    masked(judge, line, masks, Way::ToClient)
}

pub(super) const MANY: &str = "it has more parts than leakcoach looks at";

pub(super) fn skimmed(line: &[u8]) -> Skimmed {
    let mut skim = Skim::default();
    skim.feed(line);
    skim.done()
}

/// Why a line is refused that was too long to be kept.
pub(super) fn too_long(skimmed: &Skimmed) -> String {
    format!(
        "it is {} MiB long, and leakcoach looks at no more than {} MiB",
        skimmed.length >> 20,
        AT_MOST >> 20
    )
}

/// A line that is not passed on: whoever waits for an answer to it, or for it as an answer, is
/// told why.
pub(super) fn over(skimmed: &Skimmed, way: Way, why: &str) -> Step {
    let mut step = Step::stopped(why);
    let words = format!("leakcoach did not pass this message on: {why}");
    for Told { id, method } in &skimmed.messages {
        let Some(id) = id else { continue };
        // Who sent a request is told; of an answer it is who asked.
        let back = method.is_some();
        let to_client = (way == Way::ToServer) == back;
        if to_client {
            step.client.push(if method.as_deref() == Some("tools/call") {
                rpc::refusal(id, &words, false)
            } else {
                rpc::error(id, rpc::REFUSED, &words)
            });
        } else {
            step.server.push(Zeroizing::new(rpc::error(id, rpc::REFUSED, &words)));
        }
    }
    if skimmed.messages.is_empty() && way == Way::ToServer {
        step.client.push(rpc::error(b"null", rpc::REFUSED, &words));
    }
    step
}

/// The answer that says no to `message`; none where none is waited for.
pub(super) fn reply(tape: &Tape<'_>, message: &Message, words: &str) -> Option<Vec<u8>> {
    let id = tape.raw(message.id.filter(|_| message.method.is_some())?);
    let own =
        tape.below(message.at, &["params", "_meta", "io.modelcontextprotocol/protocolVersion"]);
    Some(if message.is("tools/call") {
        rpc::refusal(id, words, own.is_some())
    } else {
        rpc::error(id, rpc::REFUSED, words)
    })
}

pub(super) fn refused(tape: &Tape<'_>, all: &[Message], why: &str) -> Step {
    let words = format!("leakcoach refused this: {why}.");
    let mut step = Step::stopped(why);
    step.client = all.iter().filter_map(|message| reply(tape, message, &words)).collect();
    if step.client.is_empty() {
        step.client.push(rpc::error(b"null", rpc::REFUSED, &words));
    }
    step
}

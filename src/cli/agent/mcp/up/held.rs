//! Calls that wait for a person.

use super::{PATIENCE, Step, Up, id_of, name_of, value};
use crate::cli::agent::mcp::judge::Judged;
use crate::guard::Reason;
use crate::guard::event::Moment;
use crate::guard::mcp::json::Tape;
use crate::guard::mcp::message::{self as rpc, Asks, Message};
use crate::text::Escaped;
use serde_json::Value;
use std::time::Instant;
use zeroize::Zeroizing;

/// As many calls wait at once.
const HELD: usize = 32;

/// A call that waits for a person.
pub(super) struct Held {
    /// The id of the question, or what comes back with the call.
    key: String,
    /// Whether the call comes again with the answer.
    comes_again: bool,
    line: Zeroizing<Vec<u8>>,
    id: Vec<u8>,
    call: Call,
    judged: Judged,
    until: Instant,
}

/// What a call is, for seeing that another is the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    name: String,
    input: Value,
}

impl Up {
    /// When the first of the held calls has waited long enough.
    pub(in crate::cli::agent::mcp) fn due(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.until).min()
    }

    /// Refuses what nobody has answered by `now`.
    pub(in crate::cli::agent::mcp) fn expire(&mut self, now: Instant) -> Step {
        let mut step = Step::default();
        for held in self.held.extract_if(.., |held| held.until <= now) {
            if !held.comes_again {
                step.client.push(rpc::cancelled(&held.key));
                let words = format!("{} No person answered in time.", held.judged.words);
                step.client.push(rpc::refusal(&held.id, &words, false));
            }
        }
        self.confirmed.retain(|(_, until)| *until > now);
        step
    }

    /// A call that a person has to say yes to.
    pub(super) fn ask(
        &mut self,
        line: &[u8],
        tape: &Tape<'_>,
        message: &Message,
        judged: Judged,
        now: Instant,
    ) -> Step {
        let name = name_of(tape, message);
        let arguments = tape.below(message.at, &["params", "arguments"]);
        let raw = arguments.map_or(&b"{}"[..], |at| tape.raw(at));
        let call = Call { name: name.clone(), input: value(raw).unwrap_or_default() };
        let state =
            tape.below(message.at, &["params", "requestState"]).and_then(|at| tape.says(at));
        if let Some(state) = state.as_ref().filter(|state| state.starts_with(&self.prefix)) {
            let held = self.held.iter().position(|held| held.key == *state && held.call == call);
            return match held.map(|at| self.held.swap_remove(at)) {
                Some(held) if rpc::is_yes_again(tape, message) => {
                    match rpc::again(&held.line, tape, message) {
                        Some(line) => self.released(held, line, now),
                        None => self.refuse(tape, message, "leakcoach lost the call"),
                    }
                }
                Some(held) => self.declined(&id_of(tape, message), &held),
                None => self.refuse(
                    tape,
                    message,
                    "leakcoach did not ask about this call, or too long ago",
                ),
            };
        }
        let goes_on =
            state.is_some() || tape.below(message.at, &["params", "inputResponses"]).is_some();
        if goes_on && self.confirmed.iter().any(|(one, until)| *one == call && *until > now) {
            return Step::same();
        }
        let asks = rpc::of_request(tape, message).unwrap_or(self.asks);
        if asks == Asks::Never || self.held.len() >= HELD {
            let why = if asks == Asks::Never {
                "This client has no way to ask a person (no `elicitation` among its capabilities)."
            } else {
                "Too many calls wait for a person."
            };
            let mut step = self.refuse(tape, message, &format!("{} {why}", judged.words));
            step.what = self.judge.told(&name, "deny", Moment::Before, &judged.reasons);
            return step;
        }
        self.count += 1;
        let key = format!("{}{}", self.prefix, self.count);
        let words = self.question(&name, raw, &judged.reasons);
        let id = id_of(tape, message);
        let comes_again = asks == Asks::Result;
        let what = self.judge.told(&name, "ask", Moment::Before, &judged.reasons);
        let mut step = Step { what, ..Step::default() };
        step.client.push(if comes_again {
            rpc::input_required(&id, &key, &words)
        } else {
            rpc::ask(&key, &words)
        });
        let line = Zeroizing::new(line.trim_ascii_end().to_vec());
        self.held.push(Held { key, comes_again, line, id, call, judged, until: now + PATIENCE });
        step
    }

    fn question(&self, name: &str, arguments: &[u8], reasons: &[Reason]) -> String {
        let reasons: Vec<String> =
            reasons.iter().take(3).map(|one| format!("{} [{}]", one.what, one.rule)).collect();
        let name: String = name.chars().take(64).collect();
        format!(
            "leakcoach: an agent calls `{}` of {}, {}. Arguments: {}",
            Escaped(name.as_bytes()),
            self.judge.server,
            reasons.join("; "),
            Escaped(self.judge.shown(arguments).as_bytes()),
        )
    }

    /// The person's answer to a question of [`Self::ask`].
    pub(super) fn answered(
        &mut self,
        tape: &Tape<'_>,
        message: &Message,
        id: usize,
        now: Instant,
    ) -> Step {
        let id = tape.says(id).unwrap_or_default();
        let held = self.held.iter().position(|held| !held.comes_again && held.key == id);
        // What was answered too late was refused already.
        let Some(held) = held.map(|at| self.held.swap_remove(at)) else { return Step::default() };
        if rpc::is_yes(tape, message) {
            let line = held.line.to_vec();
            self.released(held, line, now)
        } else {
            let id = held.id.clone();
            self.declined(&id, &held)
        }
    }

    fn released(&mut self, held: Held, line: Vec<u8>, now: Instant) -> Step {
        let what =
            self.judge.told(&held.call.name, "confirmed", Moment::Before, &held.judged.reasons);
        let server = vec![Zeroizing::new(line)];
        let step = Step { server, what, ..Step::default() };
        self.confirmed.push((held.call, now + 2 * PATIENCE));
        if self.confirmed.len() > HELD {
            self.confirmed.remove(0);
        }
        step
    }

    fn declined(&self, id: &[u8], held: &Held) -> Step {
        let words = format!("{} The person said no.", held.judged.words);
        let client = vec![rpc::refusal(id, &words, held.comes_again)];
        let what = self.judge.told(&held.call.name, "deny", Moment::Before, &held.judged.reasons);
        Step { client, what, ..Step::default() }
    }

    /// Takes a question back whose call is cancelled; nothing where none is held.
    pub(super) fn cancelled(&mut self, tape: &Tape<'_>, message: &Message) -> Option<Step> {
        let id = tape.raw(tape.below(message.at, &["params", "requestId"])?);
        let at = self.held.iter().position(|held| !held.comes_again && held.id == id)?;
        let held = self.held.swap_remove(at);
        Some(Step { client: vec![rpc::cancelled(&held.key)], ..Step::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, Up};
    use crate::cli::agent::mcp::judge::Judge;
    use crate::guard::agent::Agent;
    use std::time::{Duration, Instant};

    #[test]
    fn a_question_that_nobody_answers_is_a_no_in_the_end() {
        let mut up = Up::new(Judge::new(Agent::Generic, "fake").unwrap()).unwrap();
        let now = Instant::now();
        up.line(
            br#"{"id":0,"method":"initialize","params":{"capabilities":{"elicitation":{}}}}"#,
            now,
        );
        let call = br#"{"id":7,"method":"tools/call","params":{"name":"delete_x"}}"#;
        assert_eq!(up.line(call, now).client.len(), 1);
        assert_eq!(up.due(), Some(now + PATIENCE));
        assert!(up.expire(now + PATIENCE / 2).client.is_empty());

        let step = up.expire(now + PATIENCE + Duration::from_secs(1));

        let said = String::from_utf8(step.client.concat()).unwrap();
        assert!(said.contains("notifications/cancelled") && said.contains("No person answered"));
        assert!(said.contains(r#""id":7"#) && step.server.is_empty());
        assert_eq!(up.due(), None);
    }
}

//! The client's side: what is passed on, refused, or held until a person has said yes.

mod held;

use super::judge::{Judge, Judged, Masked, refusal};
use super::step::{MANY, Step, Way, masked, over, refused, reply, skimmed};
use crate::error::Error;
use crate::guard::Ruling;
use crate::guard::event::Moment;
use crate::guard::mcp::json::{Kind, Tape, Unread};
use crate::guard::mcp::message::{self as rpc, Asks, Message, messages};
use crate::record::What;
use held::{Call, Held};
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a person is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// Requests that name a file or hand texts over, judged as calls are.
const JUDGED: [&str; 4] =
    ["resources/read", "resources/subscribe", "prompts/get", "completion/complete"];

/// The client's side of a session.
pub(super) struct Up {
    judge: Judge,
    asks: Asks,
    prefix: String,
    count: u64,
    held: Vec<Held>,
    /// Calls that a person has said yes to, whose server asked something itself.
    confirmed: Vec<(Call, Instant)>,
}

impl Up {
    pub(super) fn new(judge: Judge) -> Result<Self, Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|_| Error::Usage("the system gives no random numbers".to_owned()))?;
        // Nobody can have said it before.
        let prefix = format!("leakcoach-{}-", data_encoding::HEXLOWER.encode(&random));
        let (held, confirmed) = (Vec::new(), Vec::new());
        Ok(Self { judge, asks: Asks::Never, prefix, count: 0, held, confirmed })
    }

    /// A line of the client.
    pub(super) fn line(&mut self, line: &[u8], now: Instant) -> Step {
        let tape = match Tape::of(line) {
            Ok(tape) => tape,
            Err(Unread::TooMany) => return over(&skimmed(line), Way::ToServer, MANY),
            Err(Unread::NotJson) => return self.no_json(line),
        };
        let (all, several) = messages(&tape);
        if let Some(twice) = all.iter().find(|one| tape.repeats_itself(one.at)) {
            return refused(&tape, std::slice::from_ref(twice), "it names a member twice");
        }
        match all.as_slice() {
            [one] if !several => self.one(line, &tape, one, now),
            _ => self.several(line, &tape, &all),
        }
    }

    /// It passes, unless it could be a call to a reader that is more lenient still.
    fn no_json(&self, line: &[u8]) -> Step {
        let has = |word: &[u8]| memchr::memmem::find(line, word).is_some();
        if has(b"tools") || has(b"\\u00") {
            let why = "it is no JSON on one line, and could be a call";
            let mut step = Step::stopped(why);
            let words = format!("leakcoach did not pass this message on: {why}");
            step.client.push(rpc::error(b"null", rpc::NOT_JSON, &words));
            return step;
        }
        masked(&self.judge, line, self.judge.masks_text(line), Way::ToServer)
    }

    fn one(&mut self, line: &[u8], tape: &Tape<'_>, message: &Message, now: Instant) -> Step {
        if message.method.is_none() {
            let own = message.id.filter(|id| self.is_own(tape, *id));
            if let Some(id) = own {
                return self.answered(tape, message, id, now);
            }
        }
        if message.is("initialize") {
            self.asks = rpc::of_initialize(tape, message);
        }
        if message.is("notifications/cancelled")
            && let Some(step) = self.cancelled(tape, message)
        {
            return step;
        }
        if message.is("tools/call") {
            return self.call(line, tape, message, now);
        }
        if message.is_request() {
            return match self.against(tape, message) {
                Ok(None) => Step::same(),
                Ok(Some((words, what))) => {
                    let mut step = self.refuse(tape, message, &words);
                    step.what = what;
                    step
                }
                Err(error) => self.unjudged(tape, message, &error),
            };
        }
        masked(&self.judge, line, self.judge.masks(tape, 0, tape.len()), Way::ToServer)
    }

    fn is_own(&self, tape: &Tape<'_>, id: usize) -> bool {
        tape.says(id).is_some_and(|id| id.starts_with(&self.prefix))
    }

    /// What there is to say against a message that is not the only one, or no call.
    fn against(
        &self,
        tape: &Tape<'_>,
        message: &Message,
    ) -> Result<Option<(String, Vec<What>)>, Error> {
        let method = message.method.as_deref().unwrap_or_default();
        let after = tape.after(message.at);
        let params = tape.get(message.at, "params");
        if message.is("tools/call") {
            let name = name_of(tape, message);
            let (judged, masked) = self.judged(tape, message, &name)?;
            if judged.ruling == Ruling::Allow && masked.is_empty() {
                return Ok(None);
            }
            if !masked.is_empty() {
                let what = self.judge.told("*", "deny", Moment::Before, &masked.reasons);
                return Ok(Some((refusal(&masked), what)));
            }
            let what = self.judge.told(&name, "deny", Moment::Before, &judged.reasons);
            return Ok(Some((
                format!("{} A person can be asked about a call that comes alone.", judged.words),
                what,
            )));
        }
        if let Some(params) = params.filter(|_| JUDGED.contains(&method)) {
            let judged =
                self.judge.call(method, value(tape.raw(params))?, (tape, params, after))?;
            if judged.ruling != Ruling::Allow {
                let what = self.judge.told(method, "deny", Moment::Before, &judged.reasons);
                return Ok(Some((judged.words, what)));
            }
        }
        let masked = self.judge.masks(tape, message.at, after)?;
        if masked.is_empty() || !message.is_request() {
            return Ok(None);
        }
        let what = self.judge.told("*", "deny", Moment::Before, &masked.reasons);
        Ok(Some((refusal(&masked), what)))
    }

    /// All of them or none: who is refused one must not think that the others ran.
    fn several(&mut self, line: &[u8], tape: &Tape<'_>, all: &[Message]) -> Step {
        if all.iter().filter_map(|one| one.id).any(|id| self.is_own(tape, id)) {
            return refused(tape, all, "an answer to leakcoach comes alone");
        }
        let mut verdicts = Vec::new();
        for message in all {
            match self.against(tape, message) {
                Ok(verdict) => verdicts.push(verdict),
                Err(error) if self.judge.fails_open() => {
                    crate::report::notice(&format!("not checked: {error}"));
                    verdicts.push(None);
                }
                Err(error) => return refused(tape, all, &error.to_string()),
            }
        }
        if verdicts.iter().all(Option::is_none) {
            return masked(&self.judge, line, self.judge.masks(tape, 0, tape.len()), Way::ToServer);
        }
        let mut step = Step::stopped("a batch in which something is refused");
        let mut replies = Vec::new();
        for (message, verdict) in all.iter().zip(verdicts) {
            let (words, what) = verdict.unwrap_or_else(|| {
                let words = "not run: it came in one batch with something that leakcoach refused";
                (words.to_owned(), Vec::new())
            });
            step.what.extend(what);
            replies.extend(reply(tape, message, &words));
        }
        step.client.push([&b"["[..], &replies.join(&b","[..]), b"]"].concat());
        step
    }

    fn refuse(&self, tape: &Tape<'_>, message: &Message, words: &str) -> Step {
        let method = message.method.as_deref().unwrap_or_default();
        // A method that is none may hold anything.
        let plain = |char: char| char.is_ascii_lowercase() || char == '/';
        let shown = method.len() <= 40 && method.chars().all(plain);
        let shown = if shown { method } else { "a request" };
        let mut step = Step::stopped(&format!("{shown} to {}", self.judge.server));
        step.client.extend(reply(tape, message, words));
        step
    }

    /// Something that could not be looked at.
    fn unjudged(&self, tape: &Tape<'_>, message: &Message, error: &Error) -> Step {
        if self.judge.fails_open() {
            return Step { said: vec![format!("not checked: {error}")], ..Step::same() };
        }
        let words = format!(
            "leakcoach could not check this and refuses it: {error}. Tell the person; \
             `agents.fail` in the configuration decides about such calls."
        );
        self.refuse(tape, message, &words)
    }

    /// What is said to a call, and what credentials stand beside its arguments.
    fn judged(
        &self,
        tape: &Tape<'_>,
        message: &Message,
        name: &str,
    ) -> Result<(Judged, Masked), Error> {
        if tape.repeats(message.at) {
            let (what, why) = ("the call".to_owned(), "it names a member twice".to_owned());
            return Err(Error::Repository { what, why });
        }
        let after = tape.after(message.at);
        // What a reader could take for arguments that stand elsewhere is judged as such.
        let arguments = tape.below(message.at, &["params", "arguments"]);
        let arguments = arguments.or_else(|| tape.get(message.at, "params"));
        let (from, to) = arguments.map_or((after, after), |at| (at, tape.after(at)));
        let input = arguments.map_or(Ok(Value::Null), |at| value(tape.raw(at)))?;
        let judged = self.judge.call(name, input, (tape, from, to))?;
        let mut masked = self.judge.masks(tape, message.at, from)?;
        if masked.is_empty() {
            masked = self.judge.masks(tape, to, after)?;
        }
        Ok((judged, masked))
    }

    fn call(&mut self, line: &[u8], tape: &Tape<'_>, message: &Message, now: Instant) -> Step {
        let name = name_of(tape, message);
        let (judged, masked) = match self.judged(tape, message, &name) {
            Ok(judged) => judged,
            Err(error) => return self.unjudged(tape, message, &error),
        };
        if !masked.is_empty() {
            let mut step = self.refuse(tape, message, &refusal(&masked));
            // The name may be what holds it.
            step.what = self.judge.told("*", "deny", Moment::Before, &masked.reasons);
            return step;
        }
        match judged.ruling {
            Ruling::Allow => Step::same(),
            Ruling::Ask if message.id.is_some() => self.ask(line, tape, message, judged, now),
            Ruling::Ask | Ruling::Deny => {
                let mut step = self.refuse(tape, message, &judged.words);
                step.what = self.judge.told(&name, "deny", Moment::Before, &judged.reasons);
                step
            }
        }
    }
}

fn name_of(tape: &Tape<'_>, message: &Message) -> String {
    let name = tape.below(message.at, &["params", "name"]);
    name.filter(|at| tape.kind(*at) == Some(Kind::Text))
        .and_then(|at| tape.says(at))
        .unwrap_or_default()
}

fn id_of(tape: &Tape<'_>, message: &Message) -> Vec<u8> {
    message.id.map_or_else(|| b"null".to_vec(), |id| tape.raw(id).to_vec())
}

/// Arguments as what judges them takes them.
fn value(raw: &[u8]) -> Result<Value, Error> {
    serde_json::from_str(&String::from_utf8_lossy(raw)).map_err(|_| {
        let (what, why) = ("its arguments".to_owned(), "they are no JSON".to_owned());
        Error::Repository { what, why }
    })
}

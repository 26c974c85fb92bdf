//! Lines on their way: what is passed on, changed, refused, or held until a person has said
//! yes.

use super::judge::{Judge, Judged, Masked};
use crate::error::Error;
use crate::guard::event::Moment;
use crate::guard::mcp::json::{Kind, Tape, Unread};
use crate::guard::mcp::lines::AT_MOST;
use crate::guard::mcp::message::{self as rpc, Asks, Message, messages};
use crate::guard::mcp::skim::{Skim, Skimmed, Told};
use crate::guard::{Reason, Ruling};
use crate::record::What;
use crate::text::Escaped;
use serde_json::Value;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a person is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// As many calls wait at once.
const HELD: usize = 32;

/// Requests that name a file or hand texts over, judged as calls are.
const JUDGED: [&str; 4] =
    ["resources/read", "resources/subscribe", "prompts/get", "completion/complete"];

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
    fn same() -> Self {
        Self { pass: Pass::Same, ..Self::default() }
    }

    /// Says why, and nothing else.
    fn stopped(why: &str) -> Self {
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

const MANY: &str = "it has more parts than leakcoach looks at";

fn skimmed(line: &[u8]) -> Skimmed {
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

/// A call that waits for a person.
struct Held {
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
struct Call {
    name: String,
    input: Value,
}

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

    /// When the first of the held calls has waited long enough.
    pub(super) fn due(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.until).min()
    }

    /// Refuses what nobody has answered by `now`.
    pub(super) fn expire(&mut self, now: Instant) -> Step {
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

    /// A line of the client.
    pub(super) fn line(&mut self, line: &[u8], now: Instant) -> Step {
        let tape = match Tape::of(line) {
            Ok(tape) => tape,
            Err(Unread::TooMany) => return over(&skimmed(line), Way::ToServer, MANY),
            Err(Unread::NotJson) => return self.no_json(line),
        };
        let (all, several) = messages(&tape);
        if let Some(twice) = all.iter().find(|one| tape.repeats_itself(one.at)) {
            return refused(&tape, &[twice.clone()], "it names a member twice");
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
        let what = self.judge.told(method, "deny", Moment::Before, &masked.reasons);
        Ok(Some((self.judge.refusal(&masked), what)))
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
        let shown: String = method.chars().take(64).collect();
        let mut step =
            Step::stopped(&format!("{} to {}", Escaped(shown.as_bytes()), self.judge.server));
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
        let arguments = tape.below(message.at, &["params", "arguments"]);
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
            let mut step = self.refuse(tape, message, &self.judge.refusal(&masked));
            step.what = self.judge.told(&name, "deny", Moment::Before, &masked.reasons);
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

    /// A call that a person has to say yes to.
    fn ask(
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
        let mut step = Step::default();
        step.what = self.judge.told(&name, "ask", Moment::Before, &judged.reasons);
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
    fn answered(&mut self, tape: &Tape<'_>, message: &Message, id: usize, now: Instant) -> Step {
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
        let mut step = Step::default();
        step.what =
            self.judge.told(&held.call.name, "confirmed", Moment::Before, &held.judged.reasons);
        step.server.push(Zeroizing::new(line));
        self.confirmed.push((held.call, now + 2 * PATIENCE));
        if self.confirmed.len() > HELD {
            self.confirmed.remove(0);
        }
        step
    }

    fn declined(&self, id: &[u8], held: &Held) -> Step {
        let words = format!("{} The person said no.", held.judged.words);
        let mut step = Step::default();
        step.client.push(rpc::refusal(id, &words, held.comes_again));
        step.what = self.judge.told(&held.call.name, "deny", Moment::Before, &held.judged.reasons);
        step
    }

    /// Takes a question back whose call is cancelled; nothing where none is held.
    fn cancelled(&mut self, tape: &Tape<'_>, message: &Message) -> Option<Step> {
        let id = tape.raw(tape.below(message.at, &["params", "requestId"])?);
        let at = self.held.iter().position(|held| !held.comes_again && held.id == id)?;
        let held = self.held.swap_remove(at);
        Some(Step { client: vec![rpc::cancelled(&held.key)], ..Step::default() })
    }
}

/// The answer that says no to `message`; none where none is waited for.
fn reply(tape: &Tape<'_>, message: &Message, words: &str) -> Option<Vec<u8>> {
    let id = tape.raw(message.id.filter(|_| message.method.is_some())?);
    let own =
        tape.below(message.at, &["params", "_meta", "io.modelcontextprotocol/protocolVersion"]);
    Some(if message.is("tools/call") {
        rpc::refusal(id, words, own.is_some())
    } else {
        rpc::error(id, rpc::REFUSED, words)
    })
}

fn refused(tape: &Tape<'_>, all: &[Message], why: &str) -> Step {
    let words = format!("leakcoach refused this: {why}.");
    let mut step = Step::stopped(why);
    step.client = all.iter().filter_map(|message| reply(tape, message, &words)).collect();
    if step.client.is_empty() {
        step.client.push(rpc::error(b"null", rpc::REFUSED, &words));
    }
    step
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

//! What a service's answer means. Whatever is not certainly dead or alive is unclear:
//! a false "dead" would leave a working credential where it is.

use super::service::{Check, Revoke, Shown, Sign};
use crate::remedy::http::{Answer, Failure};
use crate::secret::Secret;
use crate::text::Escaped;
use serde_json::Value;

/// The longest value that is shown.
const LONGEST: usize = 120;

/// As much of a credential in a value hides that value.
const PIECE: usize = 12;

/// Whether a credential opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It opens nothing.
    Dead,
    /// It opens something.
    Alive,
    /// It could not be told.
    Unclear,
}

impl State {
    /// The word in output and in files.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Alive => "alive",
            Self::Unclear => "unclear",
        }
    }
}

/// What was learned.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    /// From what it is told.
    pub(crate) why: String,
    /// Whose it is and what it may do, safe to show.
    pub(crate) shows: Vec<(&'static str, String)>,
}

impl Outcome {
    pub(crate) fn new(state: State, why: impl Into<String>) -> Self {
        Self { state, why: why.into(), shows: Vec::new() }
    }

    pub(crate) fn unclear(why: impl Into<String>) -> Self {
        Self::new(State::Unclear, why)
    }
}

/// When a check is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Out of the blue.
    Any,
    /// After the service said that it revoked the credential: then an answer that may
    /// mean "revoked" does.
    Revoked,
}

/// What `sent` says by `check`. Nothing shown holds `secret`.
pub(crate) fn read(
    check: &Check,
    sent: &Result<Answer, Failure>,
    secret: &Secret,
    moment: Moment,
) -> Outcome {
    let answer = match sent {
        Ok(answer) => Parsed::of(answer),
        Err(failure) => return Outcome::unclear(failure.to_string()),
    };
    if let Some(why) = disturbed(answer.status) {
        return Outcome::unclear(why);
    }
    let said = format!("it answered {}", answer.status);
    if let Some((_, why)) = check.unclear.iter().find(|(sign, _)| answer.shows(*sign)) {
        return match moment {
            Moment::Any => Outcome::unclear(format!("{said}: {why}")),
            Moment::Revoked => Outcome::new(State::Dead, said),
        };
    }
    if check.dead.iter().any(|sign| answer.shows(*sign)) {
        return Outcome::new(State::Dead, said);
    }
    if check.alive.iter().any(|sign| answer.shows(*sign)) {
        let mut outcome = Outcome::new(State::Alive, said);
        outcome.shows = check.shows.iter().filter_map(|shown| answer.part(shown, secret)).collect();
        return outcome;
    }
    Outcome::unclear(match answer.status {
        403 => format!("{said}: it may be alive with few rights, or this address is not let in"),
        _ => format!("{said}, of which its documentation says nothing certain"),
    })
}

/// Whether the service says that it took the credential's power.
pub(crate) fn after_revoke(revoke: &Revoke, sent: &Result<Answer, Failure>) -> Result<(), String> {
    let answer = match sent {
        Ok(answer) => Parsed::of(answer),
        Err(failure) => return Err(failure.to_string()),
    };
    if revoke.done.iter().any(|sign| answer.shows(*sign)) {
        return Ok(());
    }
    Err(match disturbed(answer.status) {
        Some(why) => why.to_owned(),
        None => format!("it answered {}", answer.status),
    })
}

/// The identifier at `pointer` of a check's answer, fit for an address.
pub(crate) fn identifier(pointer: &str, sent: &Result<Answer, Failure>) -> Option<String> {
    let answer = Parsed::of(sent.as_ref().ok()?);
    let id = word(answer.json.pointer(pointer)?)?;
    let fits = !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then_some(id)
}

/// Why an answer of this status says nothing of the credential.
const fn disturbed(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some("it sends on to another place, where the credential does not go"),
        429 => Some("it was asked too often (429)"),
        500..=599 => Some("it failed itself (5xx)"),
        _ => None,
    }
}

/// An answer with its body read.
struct Parsed<'a> {
    status: u16,
    answer: &'a Answer,
    json: Value,
    text: &'a str,
}

impl<'a> Parsed<'a> {
    fn of(answer: &'a Answer) -> Self {
        Self {
            status: answer.status,
            answer,
            json: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
            text: std::str::from_utf8(&answer.body).unwrap_or_default(),
        }
    }

    fn shows(&self, sign: Sign) -> bool {
        match sign {
            Sign::Status(status) => self.status == status,
            Sign::Field(pointer, words) => self
                .json
                .pointer(pointer)
                .and_then(word)
                .is_some_and(|word| words.contains(&word.as_str())),
            Sign::Present(pointer) => self.json.pointer(pointer).is_some_and(|at| !at.is_null()),
            Sign::Code(code) => self.element("Code") == Some(code),
            Sign::Says(status, word) => self.status == status && self.text.contains(word),
        }
    }

    /// The text of the first XML element called `name` that has nothing but text in it.
    fn element(&self, name: &str) -> Option<&'a str> {
        let (_, rest) = self.text.split_once(&format!("<{name}>"))?;
        let (inside, _) = rest.split_once('<')?;
        Some(inside)
    }

    fn part(&self, shown: &Shown, secret: &Secret) -> Option<(&'static str, String)> {
        let (label, value) = match shown {
            Shown::Field(label, pointer) => (label, list(self.json.pointer(pointer)?)?),
            Shown::Header(label, name) => (label, self.answer.header(name)?.to_owned()),
            Shown::Element(label, name) => (label, self.element(name)?.to_owned()),
        };
        if value.is_empty() || holds(value.as_bytes(), secret.expose()) {
            return None;
        }
        let mut value: String = Escaped(value.as_bytes()).to_string();
        if value.chars().count() > LONGEST {
            value = value.chars().take(LONGEST).chain(['…']).collect();
        }
        Some((label, value))
    }
}

/// A scalar as a word.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A scalar, or the scalars of a list.
fn list(value: &Value) -> Option<String> {
    match value {
        Value::Array(all) => Some(all.iter().filter_map(word).collect::<Vec<String>>().join(", ")),
        Value::String(_) | Value::Bool(_) | Value::Number(_) => word(value),
        Value::Null | Value::Object(_) => None,
    }
}

/// Whether `value` has the credential in it, or a piece of it that would matter.
fn holds(value: &[u8], secret: &[u8]) -> bool {
    let size = PIECE.min(secret.len()).max(1);
    secret.windows(size).any(|piece| value.windows(size).any(|window| window == piece))
}

#[cfg(test)]
mod tests {
    use super::{Moment, State, after_revoke, holds, identifier, read};
    use crate::remedy::http::{Answer, Failure};
    use crate::remedy::verify::service::{BEARER, Call, Check, Payload, Revoke, Shown, Sign};
    use crate::secret::Secret;
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    const CHECK: Check = Check {
        call: Call::get("/me"),
        unclear: &[(Sign::Field("/error", &["blocked"]), "this address may be blocked")],
        dead: &[Sign::Status(401), Sign::Field("/ok", &["false"])],
        alive: &[Sign::Status(200)],
        shows: &[
            Shown::Field("user", "/user/login"),
            Shown::Field("scopes", "/scopes"),
            Shown::Header("rights", "x-rights"),
            Shown::Element("account", "Account"),
        ],
    };

    type Sent = Result<Answer, Failure>;

    #[expect(clippy::unnecessary_wraps, reason = "as it is sent")]
    fn answer(status: u16, body: &str) -> Sent {
        let headers = vec![("x-rights".to_owned(), "all".to_owned())];
        Ok(Answer { status, headers, body: Zeroizing::new(body.as_bytes().to_vec()) })
    }

    fn state(status: u16, body: &str, moment: Moment) -> State {
        read(&CHECK, &answer(status, body), &Secret::new(b"value"), moment).state
    }

    #[test]
    fn only_what_the_documentation_calls_dead_is_dead() {
        for (status, body, expected) in [
            (200, "{}", State::Alive),
            (401, "", State::Dead),
            (200, r#"{"ok":false}"#, State::Dead),
            (200, r#"{"ok":false,"error":"blocked"}"#, State::Unclear),
            (403, "", State::Unclear),
            (404, "", State::Unclear),
            (418, "", State::Unclear),
            (302, "", State::Unclear),
            (429, r#"{"ok":false}"#, State::Unclear),
            (500, r#"{"ok":false}"#, State::Unclear),
            (503, "", State::Unclear),
        ] {
            assert_eq!(state(status, body, Moment::Any), expected, "{status} {body}");
        }
    }

    #[test]
    fn after_a_revocation_what_may_mean_revoked_does() {
        let body = r#"{"ok":false,"error":"blocked"}"#;

        assert_eq!(state(200, body, Moment::Revoked), State::Dead);
        assert_eq!(state(429, body, Moment::Revoked), State::Unclear);
        assert_eq!(state(200, "{}", Moment::Revoked), State::Alive);
    }

    #[test]
    fn no_failure_of_the_network_says_that_it_is_dead() {
        for failure in [
            Failure::NoHost,
            Failure::NoConnection,
            Failure::Late,
            Failure::Tls,
            Failure::Broken,
            Failure::Large,
            Failure::NoHttp,
            Failure::Unsendable,
        ] {
            let outcome = read(&CHECK, &Err(failure), &Secret::new(b"value"), Moment::Any);
            assert_eq!(outcome.state, State::Unclear);
            assert_eq!(outcome.why, failure.to_string());
        }
    }

    #[test]
    fn what_is_shown_is_escaped_and_never_the_credential() {
        let secret = Secret::new(b"abcdefghijklmnopqrstuvwxyz");
        let shows = |body: &str| read(&CHECK, &answer(200, body), &secret, Moment::Any).shows;

        let told = shows(r#"{"user":{"login":"a\u001b[31mb"},"scopes":["read","write"]}"#);
        assert_eq!(
            told,
            [
                ("user", "a\\x1b[31mb".to_owned()),
                ("scopes", "read, write".to_owned()),
                ("rights", "all".to_owned())
            ]
        );
        let echoed = shows(r#"{"user":{"login":"xx efghijklmnopqrst xx"}}"#);
        assert_eq!(echoed, [("rights", "all".to_owned())]);
        assert_eq!(shows("<Account>123</Account>")[1], ("account", "123".to_owned()));
    }

    #[test]
    fn an_identifier_is_taken_only_if_it_fits_an_address() {
        let id = |body: &str| identifier("/result/id", &answer(200, body));

        assert_eq!(id(r#"{"result":{"id":"ed17-5"}}"#).unwrap(), "ed17-5");
        assert_eq!(id(r#"{"result":{"id":"../x"}}"#), None);
        assert_eq!(id("{}"), None);
    }

    #[test]
    fn a_revocation_is_done_when_the_service_says_so() {
        const REVOKE: Revoke = Revoke {
            at: None,
            except: &[],
            call: Call::post("/revoke", BEARER, Payload::Empty),
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "",
            blind: false,
            page: "",
        };

        assert_eq!(after_revoke(&REVOKE, &answer(204, "")), Ok(()));
        for (status, why) in [(403, "it answered 403"), (500, "it failed itself (5xx)")] {
            assert_eq!(after_revoke(&REVOKE, &answer(status, "")), Err(why.to_owned()));
        }
        assert!(after_revoke(&REVOKE, &Err(Failure::Late)).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_shows_the_credential(
            status in 100_u16..600,
            secret in "[!-~]{12,60}",
            before in ".{0,20}",
            after in ".{0,20}",
        ) {
            let echo = format!("{before}{secret}{after}");
            let body = serde_json::json!({ "user": { "login": echo }, "scopes": [secret] });
            let sent = answer(status, &body.to_string());
            let outcome = read(&CHECK, &sent, &Secret::new(secret.as_bytes()), Moment::Any);

            prop_assert!(!outcome.why.contains(&secret));
            prop_assert!(outcome.shows.iter().all(|(_, value)| !value.contains(&secret)));
        }

        #[test]
        fn any_body_is_read(status in 100_u16..600, body: Vec<u8>) {
            let sent = Ok(Answer { status, headers: Vec::new(), body: Zeroizing::new(body) });
            let secret = Secret::new(b"abcdefghijkl");

            let state = read(&CHECK, &sent, &secret, Moment::Any).state;
            prop_assert!(state != State::Dead || status == 401 || status < 429);
            prop_assert!(!holds(b"", secret.expose()));
        }
    }
}

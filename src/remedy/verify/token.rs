//! What a token tells by itself: the end that a JSON Web Token names (RFC 7519).

use super::answer::{Outcome, State};
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;

/// What the token in `secret` tells at `now`, in seconds since 1970; nothing when it is
/// no such token or names no end.
pub(crate) fn by_itself(secret: &[u8], now: i64) -> Option<Outcome> {
    let payload = secret.split(|byte| *byte == b'.').nth(1)?;
    let payload = BASE64URL_NOPAD.decode(payload).ok()?;
    let payload: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let end = payload.get("exp")?.as_f64()?;
    // What is beyond any calendar has no date to show.
    #[expect(clippy::cast_possible_truncation, reason = "a calendar's seconds fit")]
    let end = Timestamp::from_second(end as i64).ok()?;
    let day = end.strftime("%Y-%m-%d %H:%M UTC");
    Some(if end.as_second() < now {
        Outcome::new(State::Dead, format!("it ended at {day}, as it says itself"))
    } else {
        Outcome::unclear(format!("it ends at {day}, unless its issuer has revoked it"))
    })
}

#[cfg(test)]
mod tests {
    use super::{State, by_itself};
    use data_encoding::BASE64URL_NOPAD;
    use proptest::prelude::*;

    fn token(payload: &str) -> Vec<u8> {
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        [part("{}"), part(payload), part("x")].join(".").into_bytes()
    }

    #[test]
    fn a_token_past_its_end_opens_nothing() {
        let at = |payload: &str| by_itself(&token(payload), 1_000);

        let ended = at(r#"{"exp":999}"#).unwrap();
        assert_eq!(ended.state, State::Dead);
        assert_eq!(ended.why, "it ended at 1970-01-01 00:16 UTC, as it says itself");
        assert_eq!(at(r#"{"exp":1001}"#).unwrap().state, State::Unclear);
        assert!(at(r#"{"exp":"soon"}"#).is_none());
        assert!(at("{}").is_none());
        assert!(by_itself(b"a.b", 0).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes: Vec<u8>, exp: f64) {
            let _none = by_itself(&bytes, 0);
            let _some = by_itself(&token(&format!("{{\"exp\":{exp}}}")), 0);
        }
    }
}

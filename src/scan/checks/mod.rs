//! Offline checks: what a match proves, says, or cannot be.

mod azure;
mod structure;
mod tokens;
mod url;

use super::entropy::entropy;
use super::finding::Note;
use super::names::Names;
use super::reason::Reason;
use super::value::{self, Setting};
use crate::catalogue::Check;
use std::ops::Range;

/// What a check makes of a match.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Only the issuer's generator makes such a value.
    Proves(Note),
    /// Nothing against it, and something learnt.
    Notes(Note),
    /// Nothing against it.
    Holds,
    /// Less sure than the shape alone.
    Weakens,
    /// Real perhaps, but of little worth: less sure, and the reason goes on the card.
    Lowers(Note),
    /// No credential.
    Fails(Reason),
}

/// Runs `check` on the match at `span` of `bytes`, whose credential is at `secret`.
pub(super) fn run(
    check: Check,
    bytes: &[u8],
    span: &Range<usize>,
    secret: &Range<usize>,
) -> Outcome {
    let value = &bytes[secret.clone()];
    match check {
        Check::Crc32Base62 => tokens::crc32_base62(value),
        Check::GitlabRoutable => tokens::gitlab_routable(bytes, secret),
        Check::GrafanaCrc32 => tokens::grafana(value),
        Check::Macaroon => structure::macaroon(value),
        Check::AwsKeyId => tokens::aws_key_id(value),
        Check::AzureMarvin => azure::marvin(value),
        Check::AzureCask => azure::cask(value),
        Check::EntraSecret => azure::entra(value),
        Check::AzureDevopsPat => azure::devops_pat(value),
        Check::Jwt => structure::jwt(value),
        Check::Base64Json => structure::base64_json(value),
        Check::ServiceAccount => structure::service_account(bytes, span),
        Check::Pem => structure::pem(value),
        Check::UrlPassword => url::password(bytes, span, secret),
        Check::BasicAuth => url::basic_auth(value),
        Check::Entropy(least) => holds_if(entropy(value) >= f64::from(least) / 1000.0),
        Check::Mixed => holds_if(
            value.iter().any(u8::is_ascii_uppercase)
                && value.iter().any(u8::is_ascii_lowercase)
                && value.iter().any(u8::is_ascii_digit),
        ),
        Check::LettersAndDigits => holds_if(
            value.iter().any(u8::is_ascii_alphabetic) && value.iter().any(u8::is_ascii_digit),
        ),
        Check::Password => assigned(Names::Password, value),
        Check::Token => assigned(Names::Token, value),
        Check::NotHex => {
            if value.iter().all(u8::is_ascii_hexdigit) {
                Outcome::Fails(Reason::Digest)
            } else {
                Outcome::Holds
            }
        }
    }
}

/// What a value would be under a telling name.
fn assigned(means: Names, value: &[u8]) -> Outcome {
    let setting = Setting { quoted: true, login: true };
    value::reason(b"", means, value, setting).map_or(Outcome::Holds, Outcome::Fails)
}

fn holds_if(holds: bool) -> Outcome {
    if holds { Outcome::Holds } else { Outcome::Fails(Reason::TooPlain) }
}

//! Values that stand for a credential and are none, told by the value alone.
//!
//! A word only counts where it is a whole part of the value and what remains is not
//! random: dropping by substring has eaten real credentials in other scanners
//! (trufflesecurity/trufflehog#1953, betterleaks/betterleaks#261).

use super::names::words_of;
use super::reason::Reason;
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::OnceLock;

/// Why `value`, assigned to `name`, is a placeholder, a reference or an example.
pub(super) fn reason(value: &[u8], name: Option<&[u8]>) -> Option<Reason> {
    if elided(value) {
        return Some(Reason::Elided);
    }
    if published(value) {
        return Some(Reason::PublishedExample);
    }
    if reference(value) {
        return Some(Reason::Reference);
    }
    if bracketed(value) {
        return Some(Reason::Bracketed);
    }
    if number(value) {
        return Some(Reason::Constant);
    }
    if name.is_some_and(|name| same_word(name, value)) {
        return Some(Reason::OwnName);
    }
    let body = body_of(value);
    if repeated(body) {
        return Some(Reason::Repeated);
    }
    if sequence(body) {
        return Some(Reason::Sequence);
    }
    placeholder_word(value).then_some(Reason::PlaceholderWord)
}

/// A number of a programming language: `-42i64`, `0xC0000517_u32`, or a version.
fn number(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let (digits, hex) = match value.strip_prefix(b"0x") {
        Some(rest) => (rest, true),
        None => (value, false),
    };
    let of_number = |byte: &u8| {
        byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit() || matches!(byte, b'_' | b'.')
    };
    let length = digits.iter().take_while(|byte| of_number(byte)).count();
    let (number, suffix) = digits.split_at(length);
    let typed = [&b"u8"[..], b"u16", b"u32", b"u64", b"usize", b"i32", b"i64", b"ul", b"UL", b"L"]
        .contains(&suffix);
    !number.is_empty() && (typed || suffix.is_empty() && number.contains(&b'.'))
}

/// What follows a vendor's prefix: the text after the last `_` or `-` of its first
/// twelve bytes, where enough is left to judge.
fn body_of(value: &[u8]) -> &[u8] {
    let head = &value[..value.len().min(12)];
    let cut =
        head.iter().rposition(|byte| matches!(byte, b'_' | b'-' | b'.')).map_or(0, |at| at + 1);
    let body = &value[cut..];
    if body.len() >= 6 { body } else { value }
}

fn elided(value: &[u8]) -> bool {
    value.ends_with(b"...")
        || memchr::memmem::find(value, b"....").is_some()
        || memchr::memmem::find(value, "…".as_bytes()).is_some()
        || memchr::memmem::find(value, b"***").is_some()
        || memchr::memmem::find(value, b"####").is_some()
}

/// Openings and endings that only published examples have. Bodies are cut short so
/// that none of them is a credential.
fn published(value: &[u8]) -> bool {
    static HEADS: OnceLock<AhoCorasick> = OnceLock::new();
    let heads = HEADS.get_or_init(|| {
        literals(&[
            "4eC39HqLyjW",       // Stripe documentation
            "BQokikJOvBi",       // Stripe documentation
            "DaGmWKa4JsXZ",      // Google documentation
            "DOCAbC123dEf",      // Google documentation
            "Eby8vdM02xNO",      // Azure storage emulator
            "C2y6yDjf5/R+",      // Azure Cosmos emulator
            "SflKxwRJSMeK",      // jwt.io
            "T00000000/B0000",   // Slack documentation
            "110201543:AAH",     // Telegram documentation
            "6LeIxAcT",          // reCAPTCHA test keys
            "ac0974bec39a17e3",  // Hardhat and Anvil, account 0
            "59c6995e998f97a5",  // Hardhat and Anvil, account 1
            "abcdef.0123456789", // Kubernetes documentation
            "QWxhZGRpbjp",       // RFC 7617
            "IXyR0OJnSFob",      // Vault documentation
            "czZCaGRSa3F0",      // RFC 6749
            "2YotnFZFEjr1",      // RFC 6749
            "tGzv3JOkF0XG",      // RFC 6749
            "mF_9.B5f-4.1",      // RFC 6750
            "dpf43f3p2l4k",      // RFC 5849
            "kd94hf93k423",      // RFC 5849
            "hh5s93j4hdid",      // RFC 5849
            "pfkkdhi9sl3r",      // RFC 5849
            "9djdj82h48dj",      // RFC 5849
            "kkk9d7dh3k39",      // RFC 5849
            "j49sn491fdh3",      // RFC 5849
            "dBjftJeZ4CVP",      // RFC 7515
            "AyM1SysPpbyD",      // RFC 7515
            "hJtXIZ2uSN5k",      // RFC 7520
            "GawgguFyGrWK",      // RFC 7517
            "nWGxne_9WmC6",      // RFC 8037
            "VEmDZpDXXK8p",      // RFC 7518
            "JBSWY3DPEHPK",      // Google Authenticator's key URI format
            "django-insecure-",
        ])
    });
    value.ends_with(b"EXAMPLE") || value.ends_with(b"EXAMPLEKEY") || heads.is_match(value)
}

fn literals(words: &[&str]) -> AhoCorasick {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(words)
        .expect("a few short literals")
}

fn bracketed(value: &[u8]) -> bool {
    let pairs: [(&[u8], &[u8]); 8] = [
        (b"<", b">"),
        (b"[", b"]"),
        (b"{", b"}"),
        (b"(", b")"),
        (b"%", b"%"),
        (b"__", b"__"),
        (b"@@", b"@@"),
        (b"##", b"##"),
    ];
    let value = value.trim_ascii();
    pairs.iter().any(|(open, close)| {
        value.len() > open.len() + close.len() && value.starts_with(open) && value.ends_with(close)
    }) || matches!(value, b"%s" | b"%v" | b"{}" | b"?" | b"%d")
}

/// Whether the value says where a credential is: a variable, a template, a vault.
pub(super) fn reference(value: &[u8]) -> bool {
    const OPENINGS: [&[u8]; 44] = [
        b"$",
        b"${",
        b"{{",
        b"{%",
        b"<%",
        b"#{",
        b"%{",
        b"@{",
        b"[[",
        b"%(",
        b"=(",
        b"&",
        b"!Ref",
        b"!Sub",
        b"!env",
        b"!vault",
        b"!secret",
        b"!ImportValue",
        b"!GetAtt",
        b"op://",
        b"vault:",
        b"ref+",
        b"arn:",
        b"ssm:",
        b"sm://",
        b"awssm://",
        b"gsm:",
        b"secret:",
        b"secret://",
        b"env:",
        b"env(",
        b"file:",
        b"akv://",
        b"keyvault:",
        b"keyring:",
        b"projects/",
        b"@Microsoft.KeyVault",
        b"{{resolve:",
        b"%env(",
        b"process.env",
        b"os.environ",
        b"os.getenv",
        b"secrets.",
        b"var.",
    ];
    // A pointer's type, an alias of YAML.
    if let [b'*', next, ..] = value
        && next.is_ascii_alphabetic()
        && value.iter().skip(1).all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    {
        return true;
    }
    // A shell's quotes may close before a variable: `"'$PASSWORD'"`.
    let value = value.trim_ascii_start();
    let value = match value {
        [b'"' | b'\'', rest @ ..] => rest,
        _ => value,
    };
    OPENINGS.iter().any(|opening| value.starts_with(opening) && value.len() > opening.len())
        || memchr::memmem::find(value, b"${").is_some()
        || memchr::memmem::find(value, b"{{").is_some()
        || memchr::memmem::find(value, b"#{").is_some()
        || memchr::memmem::find(value, b"$(").is_some()
        || slot(value)
}

/// A named slot of a format string or template: `{name}`, `{base62:30}`.
fn slot(value: &[u8]) -> bool {
    let inner =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-');
    value.split(|byte| *byte == b'{').skip(1).any(|rest| {
        let length = rest.iter().take_while(|byte| inner(byte)).count();
        rest.first().is_some_and(u8::is_ascii_alphabetic) && rest.get(length) == Some(&b'}')
    })
}

fn same_word(name: &[u8], value: &[u8]) -> bool {
    let plain = |text: &[u8]| -> Vec<u8> {
        text.iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect()
    };
    let (name, value) = (plain(name), plain(value));
    // `ec2:GetPasswordData` repeats a name of several words.
    let within = name.len() >= 10 && memchr::memmem::find(&value, &name).is_some();
    !value.is_empty()
        && (name == value
            || value.len() >= 4 && name.ends_with(&value)
            || within && value.len() < name.len() + 8)
}

fn repeated(body: &[u8]) -> bool {
    if body.len() < 4 {
        return false;
    }
    let mut counts = [0_usize; 256];
    for byte in body {
        counts[usize::from(*byte)] += 1;
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let distinct = counts.iter().filter(|count| **count > 0).count();
    most * 5 >= body.len() * 3 || body.len() >= 8 && distinct <= 3
}

/// Counting up or down, along a keyboard's row, or a short block again and again.
fn sequence(body: &[u8]) -> bool {
    const ROWS: [&[u8]; 4] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm", b"1234567890"];
    if body.len() < 6 {
        return false;
    }
    let lower = body.to_ascii_lowercase();
    let follows = |pair: &[u8]| match pair {
        [first, second] => {
            let step = i16::from(*second) - i16::from(*first);
            let kin = first.is_ascii_alphanumeric() && second.is_ascii_alphanumeric();
            kin && (step.abs() == 1
                || matches!((first, second), (b'9', b'0' | b'a') | (b'f', b'0')))
        }
        _ => false,
    };
    let steps = lower.windows(2).filter(|pair| follows(pair)).count();
    if steps * 2 > lower.len() {
        return true;
    }
    let on_row =
        ROWS.iter().any(|row| row.windows(6).any(|run| lower.windows(6).any(|w| w == run)));
    if on_row && lower.len() <= 16 {
        return true;
    }
    if (2..=8).any(|block| {
        // Twice says little of a long value: chance, or a design.
        let times = if lower.len() <= 8 { 2 } else { 3 };
        lower.len() >= block * times && lower.chunks(block).all(|chunk| lower.starts_with(chunk))
    }) {
        return true;
    }
    // a1b2c3d4: letters and digits both count up in turn.
    let every_other = |offset: usize| {
        let kept: Vec<u8> = lower.iter().skip(offset).step_by(2).copied().collect();
        kept.len() >= 4 && kept.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1))
    };
    every_other(0) && every_other(1)
}

/// Words that say "not the real value", where they are whole parts of it.
fn placeholder_word(value: &[u8]) -> bool {
    const WORDS: &[&str] = &[
        "your",
        "example",
        "sample",
        "dummy",
        "fake",
        "placeholder",
        "with",
        "at",
        "least",
        "characters",
        "chars",
        "long",
        "must",
        "be",
        "of",
        "for",
        "in",
        "use",
        "an",
        "and",
        "or",
        "to",
        "it",
        "passw",
        "passwort",
        "heslo",
        "senha",
        "parola",
        "geslo",
        "lozinka",
        "cyfrinair",
        "wachtwoord",
        "mypasswd",
        "myuser",
        "changeme",
        "changeit",
        "change",
        "replace",
        "replaceme",
        "insert",
        "redacted",
        "hidden",
        "masked",
        "removed",
        "todo",
        "fixme",
        "tbd",
        "xxx",
        "xxxx",
        "foo",
        "bar",
        "foobar",
        "baz",
        "mock",
        "notreal",
        "invalid",
        "undefined",
        "null",
        "none",
        "empty",
        "unset",
        "default",
        "test",
        "testing",
        "tests",
        "secret",
        "password",
        "passwd",
        "mysecret",
        "mypassword",
        "mytoken",
        "token",
        "here",
        "somesecret",
        "somepassword",
        "supersecret",
        "topsecret",
        "hunter2",
        "enter",
        "put",
        "fill",
        "update",
        "key",
        "apikey",
        "pass",
        "pwd",
        "my",
        "some",
        "the",
        "secure",
        "not",
        "a",
        "is",
        "this",
        "me",
        "user",
        "username",
        "admin",
        "value",
        "string",
        "demo",
        "temp",
        "tmp",
        "unknown",
        "blah",
        "whatever",
        "something",
        "abc",
        "abcd",
        "asdf",
        "qwerty",
        "letmein",
        "asdfg",
        "set",
        "api",
        "access",
        "auth",
        "client",
        "private",
        "db",
        "root",
    ];
    // These alone, or among others of the list, mark a placeholder; "key" alone does not.
    const STRONG: &[&str] = &[
        "your",
        "example",
        "sample",
        "dummy",
        "fake",
        "placeholder",
        "changeme",
        "changeit",
        "replace",
        "replaceme",
        "insert",
        "redacted",
        "masked",
        "todo",
        "fixme",
        "tbd",
        "xxx",
        "xxxx",
        "foobar",
        "mock",
        "notreal",
        "undefined",
    ];
    if value.len() > 64 {
        return false;
    }
    let parts = words_of(value);
    if parts.is_empty() {
        return false;
    }
    let listed = |part: &String| {
        WORDS.contains(&part.as_str()) || part.len() > 2 && part.bytes().all(|byte| byte == b'x')
    };
    let strong = parts.iter().any(|part| STRONG.contains(&part.as_str()));
    let left: usize = parts.iter().filter(|part| !listed(part)).map(String::len).sum();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    if parts.iter().all(listed) {
        // "secret123" is a placeholder; "Secret!84x" has something of its own.
        return digits <= 4 || strong;
    }
    strong && left < 12 && digits <= 6
}

#[cfg(test)]
mod tests {
    use super::reason;
    use crate::catalogue::sample::expand;
    use crate::scan::Reason;

    fn why(value: &str) -> Option<Reason> {
        reason(value.as_bytes(), Some(b"api_key"))
    }

    #[test]
    fn what_stands_for_a_value_is_told_by_its_looks() {
        for (value, expected) in [
            ("xxxxxxxxxxxxxxxx", Reason::Repeated),
            ("sk_live_0000000000000000", Reason::Repeated),
            ("1234567890", Reason::Sequence),
            ("w7kpw7kpw7kp", Reason::Sequence),
            ("a1b2c3d4e5f6", Reason::Sequence),
            ("0123456789abcdef0123456789abcdef", Reason::Sequence),
            ("your-api-key-here", Reason::PlaceholderWord),
            ("CHANGE_ME", Reason::PlaceholderWord),
            ("secret123", Reason::PlaceholderWord),
            ("<your token>", Reason::Bracketed),
            ("__API_KEY__", Reason::Bracketed),
            ("sk-proj-...", Reason::Elided),
            ("${API_KEY}", Reason::Reference),
            ("{{ api_key }}", Reason::Reference),
            ("op://team/app/key", Reason::Reference),
            ("apiKey", Reason::OwnName),
        ] {
            assert_eq!(why(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn random_values_are_not_dropped_for_the_words_they_happen_to_hold() {
        for seed in 0..2000 {
            let value = expand("{base62:40}", seed).unwrap();
            assert_eq!(why(&value), None, "{value}");
        }
        let long = expand("{base62:14}www{base62:10}hook{base62:12}test{base62:17}", 4).unwrap();
        assert_eq!(why(&long), None);
    }
}

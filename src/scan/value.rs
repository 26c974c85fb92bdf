//! Whether a value, assigned to a telling name, is a credential.

use super::entropy::entropy;
use super::letters;
use super::names::{Names, words_of};
use super::placeholder;
use super::reason::Reason;

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    /// Between quotes.
    pub(super) quoted: bool,
    /// Beside the name of a user who logs in with it.
    pub(super) login: bool,
}

/// Why `value`, assigned to `name`, is none; `None` when it looks like one.
pub(super) fn reason(name: &[u8], means: Names, value: &[u8], setting: Setting) -> Option<Reason> {
    let quoted = setting.quoted;
    let least = match means {
        Names::Password => 4,
        Names::Token => 6,
        Names::Key => 16,
    };
    let value = value.trim_ascii();
    if value.len() < least || value.len() > 4096 {
        return Some(if constant(value) { Reason::Constant } else { Reason::TooPlain });
    }
    if constant(value) || algorithm(value) || timestamp(value) || requirement(value) {
        return Some(Reason::Constant);
    }
    if let Some(reason) = placeholder::reason(value, Some(name)) {
        return Some(reason);
    }
    if encrypted(value) {
        return Some(Reason::EncryptedEnvelope);
    }
    if value
        .iter()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control() || !byte.is_ascii())
    {
        return Some(Reason::Words);
    }
    if path(value) || file(value) {
        return Some(Reason::Path);
    }
    if directive(value) {
        return Some(Reason::Bracketed);
    }
    if !quoted && expression(value) {
        return Some(Reason::Identifier);
    }
    // MY_API_KEY: the name of a constant or variable.
    let shouted = |byte: &u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    if value.iter().any(|byte| matches!(byte, b'_' | b'-'))
        && value.iter().all(shouted)
        && !grouped(value)
    {
        return Some(Reason::Identifier);
    }
    if named_alike(name, value) {
        return Some(Reason::OwnName);
    }
    if digest(name, value) {
        return Some(Reason::Digest);
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let marks = value.iter().filter(|byte| byte.is_ascii_punctuation()).count();
    match means {
        Names::Password => {
            // Words alone are labels; a digit or a mark within makes a password.
            let odd = value.iter().any(|byte| b"!#$%^&*?@+=~|".contains(byte));
            let letters = digits == 0 && marks == 0;
            if letters || digits == 0 && !odd {
                return (!drawn(value, setting)).then(|| identifier_like(value));
            }
            (value.len() < 5).then_some(Reason::TooPlain)
        }
        Names::Token => {
            if digits == 0
                && marks == value.iter().filter(|byte| matches!(byte, b'_' | b'-' | b'.')).count()
            {
                return (!drawn(value, setting)).then(|| identifier_like(value));
            }
            let of_code = |byte: &u8| b"()[]{}<>\"'`,;".contains(byte);
            // Drawn from all signs of the keyboard, as a generator of passwords does.
            let any_sign = quoted && marks >= 6 && value.len() >= 24 && entropy(value) > 4.2;
            if wordy(value) || !any_sign && value.iter().any(of_code) {
                return Some(Reason::Identifier);
            }
            // Ten digits have less to say than sixty-four signs.
            let least = if digits == value.len() && digits >= 12 {
                2.4
            } else if value.len() < 10 {
                3.0
            } else {
                2.8
            };
            (value.len() < 8 || entropy(value) < least).then_some(Reason::TooPlain)
        }
        Names::Key => {
            let told = key_material(value)
                // `acme_key`, not the `key` of a table's row.
                || words_of(name).len() > 1 && drawn_key(value);
            (!told).then_some(Reason::TooPlain)
        }
    }
}

/// Groups of signs as generators write them, and no name: every fourth is a digit, or all
/// groups are as long and some have digits.
fn grouped(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let mut groups = value.split(|byte| *byte == b'-');
    let length = groups.clone().next().map_or(0, <[u8]>::len);
    let alike = length >= 5
        && groups.clone().count() >= 3
        && groups.all(|group| group.len() == length && !group.contains(&b'_'));
    value.len() >= 20 && digits >= 2 && (alike || digits * 4 >= value.len())
}

/// What a service drew for its own key: letters of one case and digits, and neither
/// hexadecimal nor words.
fn drawn_key(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let lower = value.iter().any(u8::is_ascii_lowercase);
    (28..=128).contains(&value.len())
        && value.iter().all(u8::is_ascii_alphanumeric)
        && !value.iter().all(u8::is_ascii_hexdigit)
        && digits >= 4
        && upper != lower
        && entropy(value) > 3.7
        && !wordy(value)
}

/// Bytes of a key as they are written down: so many that a cipher could take them, in
/// base64 or hexadecimal, and nothing that a person would have chosen.
fn key_material(value: &[u8]) -> bool {
    let cipher = |length: usize| matches!(length, 16 | 24 | 32 | 48 | 64 | 128);
    if value.iter().all(u8::is_ascii_hexdigit) {
        return value.len().is_multiple_of(2) && cipher(value.len() / 2) && entropy(value) > 3.0;
    }
    let body = value.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let padding = value.len() - body;
    let of_base64 =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    let mixed = value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_digit);
    mixed
        && value[..body].iter().all(of_base64)
        && entropy(value) > 3.5
        && !wordy(value)
        && (padding > 0 && value.len().is_multiple_of(4) && cipher(body * 3 / 4)
            || padding == 0 && body >= 32)
}

/// Letters that nobody would choose for a name: more surprising than any language's.
/// Without quotes, and when there are few, it takes more to say so; beside a user's
/// name less.
fn drawn(value: &[u8], setting: Setting) -> bool {
    let least = match (value.len(), setting) {
        (_, Setting { login: true, .. }) => 4.65,
        (..6, Setting { quoted: true, .. }) => 5.1,
        (_, Setting { quoted: true, .. }) => 4.8,
        (..6, _) => 5.6,
        _ => 5.2,
    };
    letters::strangeness(value).is_some_and(|bits| bits > least)
}

fn constant(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    matches!(
        lower.as_slice(),
        b"true"
            | b"false"
            | b"yes"
            | b"no"
            | b"on"
            | b"off"
            | b"null"
            | b"none"
            | b"nil"
            | b"undefined"
            | b"string"
            | b"str"
            | b"text"
            | b"number"
            | b"integer"
            | b"boolean"
            | b"bytes"
            | b"utf8"
            | b"utf-8"
            | b"nfkc"
            | b"ascii"
            | b"base64"
            | b"hex"
            | b"any"
            | b"object"
            | b"optional"
            | b"required"
            | b"inherit"
            | b"include"
            | b"disabled"
            | b"enabled"
    ) || value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && value.len() < 6
        || requires_version(value)
}

/// A package's version as a manifest asks for it: `^4.0.2`, `>=1.2`.
fn requires_version(value: &[u8]) -> bool {
    let signs = value.iter().take_while(|byte| b"^~<>=".contains(byte)).count();
    let version = value.get(signs..).unwrap_or_default().trim_ascii_start();
    let mut parts = version.split(|byte| *byte == b'.');
    signs > 0
        && parts.clone().count() >= 2
        && parts.all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
}

fn encrypted(value: &[u8]) -> bool {
    const OPENINGS: [&[u8]; 20] = [
        b"ENC[",
        b"ENC(",
        b"$ANSIBLE_VAULT",
        b"$2a$",
        b"$2b$",
        b"$2y$",
        b"$argon2",
        b"$6$",
        b"$5$",
        b"$1$",
        b"$y$",
        b"$8$",
        b"$apr1$",
        b"{CRYPT}",
        b"{SHA",
        b"sha1$",
        b"scrypt:",
        b"{SSHA}",
        b"{AQA",
        b"AQICAH",
    ];
    // A line of an htpasswd file names the user first.
    let behind_user = value.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default();
    [value, behind_user].iter().any(|value| OPENINGS.iter().any(|o| value.starts_with(o)))
        || value.starts_with(b"pbkdf2")
}

/// The name of an algorithm, as cipher and key factories take it.
fn algorithm(value: &[u8]) -> bool {
    const OPENINGS: [&[u8]; 9] = [
        b"PBKDF2With",
        b"PBEWith",
        b"AES/",
        b"AES_",
        b"DES/",
        b"DESede",
        b"RSA/",
        b"HmacSHA",
        b"SHA-",
    ];
    value.len() <= 40
        && OPENINGS.iter().any(|opening| value.starts_with(opening))
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/_-".contains(byte))
}

/// A day in RFC 3339's form, with or without a time.
fn timestamp(value: &[u8]) -> bool {
    let form = |byte: &u8| if byte.is_ascii_digit() { b'0' } else { *byte };
    let head: Vec<u8> = value.iter().take(10).map(form).collect();
    head == b"0000-00-00"
        && value.len() <= 35
        && value.get(10).is_none_or(|byte| matches!(byte, b'T' | b't'))
}

/// What a form asks of a value: `required|min:16|confirmed`.
fn requirement(value: &[u8]) -> bool {
    let mut rules = value.split(|byte| *byte == b'|');
    value.contains(&b'|')
        && rules.clone().any(|rule| {
            matches!(rule, b"required" | b"nullable" | b"sometimes" | b"string" | b"confirmed")
        })
        && rules.all(|rule| {
            rule.first().is_some_and(u8::is_ascii_lowercase)
                && rule.iter().all(|b| b.is_ascii_alphanumeric() || b"_:,.".contains(b))
        })
}

/// The name of a file, by its ending.
fn file(value: &[u8]) -> bool {
    const ENDINGS: [&[u8]; 22] = [
        b"ps1", b"sh", b"py", b"js", b"ts", b"rb", b"php", b"json", b"yml", b"yaml", b"xml",
        b"toml", b"ini", b"cfg", b"conf", b"env", b"txt", b"pem", b"crt", b"jks", b"p12", b"html",
    ];
    let Some(dot) = memchr::memrchr(b'.', value) else { return false };
    let (stem, ending) = (&value[..dot], &value[dot + 1..]);
    ENDINGS.contains(&ending)
        && wordy(stem)
        && stem.iter().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(b))
}

/// A value made of its name's words: `PasswordReset = "pm-4711-password-reset"`, or the
/// name of another credential: `secret_access_key = ec2_secret_key`.
fn named_alike(name: &[u8], value: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let joined = value.iter().filter(|byte| matches!(byte, b'_' | b'-' | b'.')).count();
    if joined == 0 || value.len() > 80 || !value.iter().all(plain) {
        return false;
    }
    let (names, words) = (words_of(name), words_of(value));
    let long = || words.iter().filter(|word| word.len() >= 3);
    let lettered: usize = long().map(String::len).sum();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let shared = |word: &String| {
        names
            .iter()
            .any(|n| n.len() >= 3 && (n.starts_with(word.as_str()) || word.starts_with(n.as_str())))
    };
    let all_shared = long().count() >= 2 && long().all(shared) && lettered * 2 >= value.len();
    let another = joined >= 2
        && digits <= 2
        && lettered * 10 >= (value.len() - joined) * 7
        && names.last().is_some_and(|last| words.last() == Some(last))
        && value.iter().all(|byte| !byte.is_ascii_uppercase());
    all_shared || another
}

fn path(value: &[u8]) -> bool {
    let opens = value.starts_with(b"/")
        || value.starts_with(b"@/")
        || value.starts_with(b"./")
        || value.starts_with(b"../")
        || value.starts_with(b"~/")
        || value.get(1..3) == Some(b":\\")
        || value.get(1..3) == Some(b":/");
    let scheme = memchr::memmem::find(value, b"://").is_some();
    let segments = value.split(|byte| *byte == b'/').count();
    let of_path =
        |marks: &[u8]| value.iter().all(|b| b.is_ascii_alphanumeric() || marks.contains(b));
    let plain = of_path(b"/._-:");
    // `/docs@1.2/x`, `~/.config/x`; `sites/pages#edit` is a Rails route.
    let marked = of_path(b"/._-:@~#");
    let route = plain || of_path(b"/._-:#") && !value.iter().any(u8::is_ascii_uppercase);
    scheme || opens && marked || segments > 1 && route && !value.iter().any(u8::is_ascii_digit)
}

/// A format's directive: `%-12s`, `[OK]\t%s\n`; a pattern's class; a terminal's colour.
fn directive(value: &[u8]) -> bool {
    let marks = [&b"A-Z"[..], b"a-z", b"\\x1b", b"\\033", b"\\e["];
    if marks.iter().any(|mark| memchr::memmem::find(value, mark).is_some()) {
        return true;
    }
    memchr::memchr_iter(b'%', value).any(|at| {
        let rest = &value[at + 1..];
        let flags = rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || b"-+#.*lhzj".contains(byte))
            .count();
        let kind = rest.get(flags).copied().unwrap_or(b' ');
        let alone = at == 0 || value.contains(&b'\\');
        alone && b"sdiuxXpfgcq".contains(&kind)
    })
}

/// Code rather than a value: a call, an attribute, an index, a generic type.
fn expression(value: &[u8]) -> bool {
    let first = value.first().copied().unwrap_or(b' ');
    // `key=word`: an argument, not a value with a sign in it.
    let trimmed = value.trim_ascii_end();
    let trimmed = trimmed.strip_suffix(b"=").map_or(trimmed, |v| v.strip_suffix(b"=").unwrap_or(v));
    if let Some(at) = memchr::memchr(b'=', trimmed)
        && at > 0
        && trimmed[..at].iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.'))
        && trimmed[at + 1..].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
    {
        return true;
    }
    let opens = value
        .iter()
        .any(|byte| matches!(byte, b'(' | b')' | b'[' | b']' | b'<' | b'>' | b'{' | b'}'));
    opens
        || memchr::memmem::find(value, b"::").is_some()
        || memchr::memmem::find(value, b"->").is_some()
        || first.is_ascii_alphabetic()
            && value.contains(&b'.')
            && value.split(|byte| *byte == b'.').all(|part| {
                !part.is_empty() && part.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
            })
}

fn digest(name: &[u8], value: &[u8]) -> bool {
    let uuid = value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let about = words_of(name).iter().any(|word| {
        matches!(
            word.as_str(),
            "sha"
                | "rev"
                | "commit"
                | "digest"
                | "checksum"
                | "hash"
                | "hashed"
                | "md"
                | "etag"
                | "fingerprint"
                | "thumbprint"
                | "integrity"
                | "oid"
        )
    });
    let prefixed = [&b"sha256-"[..], b"sha512-", b"sha384-", b"sha1-", b"sha256:", b"h1:", b"md5:"]
        .iter()
        .any(|opening| value.starts_with(opening));
    // An account of Ethereum: the hash of its public half.
    let account = value.len() == 42 && value.starts_with(b"0x");
    let account = account && value.iter().skip(2).all(u8::is_ascii_hexdigit);
    prefixed || account || uuid && !issued(name) || about && value.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a name says that its value was issued as a credential, whatever it looks like.
fn issued(name: &[u8]) -> bool {
    let words = words_of(name);
    let last = words.last().map_or("", String::as_str);
    ["token", "secret", "apikey", "password", "accesskey", "secretkey"]
        .iter()
        .any(|end| last.ends_with(end))
        || last == "key" && words.iter().any(|word| matches!(word.as_str(), "api" | "secret"))
}

/// Words joined by marks or case: the name of something.
fn wordy(value: &[u8]) -> bool {
    let words = words_of(value);
    let lettered: usize = words.iter().filter(|word| word.len() >= 3).map(String::len).sum();
    let joined = value.iter().filter(|byte| matches!(byte, b'_' | b'-')).count();
    let parted = joined >= 2 && lettered * 4 > (value.len() - joined) * 3;
    (lettered * 10 > value.len() * 8 || parted)
        && letters::strangeness(value).is_some_and(|bits| bits < 4.9)
}

fn identifier_like(value: &[u8]) -> Reason {
    if value.iter().any(|byte| matches!(byte, b'_' | b'.')) {
        Reason::Identifier
    } else {
        Reason::Words
    }
}

//! Names: which ones carry a credential, and what their words are.

/// The words of an identifier or value, lower case: split at other than letters and
/// digits, where case changes, and between letters and digits. Digits are dropped.
pub(super) fn words_of(text: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut last = b' ';
    for (at, byte) in text.iter().copied().enumerate() {
        let next = text.get(at + 1).copied().unwrap_or(b' ');
        // "userPassword" and "APIKey" both hold two words.
        let starts = byte.is_ascii_uppercase()
            && (last.is_ascii_lowercase()
                || last.is_ascii_uppercase() && next.is_ascii_lowercase());
        if (!byte.is_ascii_alphabetic() || starts) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if byte.is_ascii_alphabetic() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        last = byte;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether `value` is a digest by its form and by the name right before it, as
/// detect-secrets' `"hashed_secret": "…"` is.
pub(super) fn is_digest(before: &[u8], value: &[u8]) -> bool {
    if !matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128)
        || !value.iter().all(u8::is_ascii_hexdigit)
    {
        return false;
    }
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = before.iter().rposition(part).map_or(0, |at| at + 1);
    let name = &before[..end];
    let start = name.iter().rposition(|byte| !part(byte)).map_or(0, |at| at + 1);
    let words = words_of(&name[start..]);
    words.iter().any(|word| word == "hashed")
        || words
            .last()
            .is_some_and(|word| matches!(word.as_str(), "hash" | "digest" | "checksum" | "sha"))
}

/// What a name says of the value assigned to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// A password or passphrase.
    Password,
    /// A secret, key or token.
    Token,
    /// A word that more often means something else: only the bytes of a key tell.
    Key,
}

/// Words that mean "password".
const PASSWORDS: &[&str] =
    &["password", "passwd", "passwort", "passphrase", "pwd", "passcode", "pass", "pw", "pswd"];

/// Words before `pass` that make it one of several runs.
const PASSES: &[&str] = &[
    "first", "second", "third", "last", "one", "two", "single", "multi", "next", "prev", "final",
    "full", "render", "depth", "shadow", "high", "low", "band",
];

/// Words that mean a secret or token.
const TOKENS: &[&str] = &[
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
    "creds",
    "apitoken",
    "authtoken",
    "accesskey",
    "secretkey",
    "privatekey",
    "apisecret",
    "clientsecret",
    "jwt",
    "bearer",
];

/// Words that mean key material where the value looks like it, alone or at the end.
const WEAK: &[&str] = &[
    "key",
    "keys",
    "auth",
    "authorization",
    "seed",
    "signature",
    "hmac",
    "sid",
    "cookie",
    "verifier",
];

/// Words beside `key` that make it one of a table, a cache or the public half.
const KEYS_OF_OTHERS: &[&str] = &[
    "public",
    "pub",
    "primary",
    "foreign",
    "cache",
    "sort",
    "partition",
    "site",
    "host",
    "map",
    "index",
    "unique",
    "row",
    "object",
    "event",
    "etag",
    "routing",
    "hot",
    "registry",
    "storage",
    "peer",
    "verify",
    "verification",
    "idempotency",
    "translation",
    "group",
    "sha",
    "fingerprint",
];

/// Ends of longer words that mean "password".
const PASSWORD_ENDS: &[&str] = &["password", "passwd", "rootpwd", "userpwd", "dbpwd", "passphrase"];

/// Ends of longer words that mean a secret or token.
const TOKEN_ENDS: &[&str] = &["secret", "apikey", "accesstoken", "authtoken", "secretkey"];

/// Words before `key` that make it a secret one.
const KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "encryption",
    "signing",
    "master",
    "account",
    "auth",
    "service",
    "license",
    "app",
    "shared",
    "crypto",
    "hmac",
    "session",
    "aes",
    "des",
    "cipher",
    "consumer",
    "webhook",
    "cookie",
];

/// Last words that say the value is about a credential, not one.
const ABOUT: &[&str] = &[
    "file",
    "path",
    "name",
    "env",
    "id",
    "ids",
    "url",
    "uri",
    "type",
    "ttl",
    "length",
    "len",
    "count",
    "size",
    "field",
    "label",
    "hint",
    "placeholder",
    "regex",
    "regexp",
    "pattern",
    "format",
    "policy",
    "expiry",
    "expires",
    "expiration",
    "expired",
    "timeout",
    "ref",
    "reference",
    "arn",
    "hash",
    "hashed",
    "hasher",
    "digest",
    "prefix",
    "suffix",
    "header",
    "headers",
    "param",
    "parameter",
    "input",
    "error",
    "err",
    "errors",
    "msg",
    "message",
    "text",
    "title",
    "help",
    "description",
    "desc",
    "reset",
    "forgot",
    "change",
    "changed",
    "required",
    "enabled",
    "disabled",
    "valid",
    "validator",
    "validation",
    "strength",
    "min",
    "max",
    "limit",
    "index",
    "column",
    "usage",
    "manager",
    "provider",
    "store",
    "storage",
    "service",
    "class",
    "mode",
    "method",
    "endpoint",
    "callback",
    "version",
    "public",
    "list",
    "map",
    "num",
    "total",
    "budget",
    "salt",
    "algorithm",
    "alg",
    "encoder",
    "encoding",
    "rotation",
    "location",
    "dir",
    "directory",
    "domain",
    "scope",
    "scopes",
    "kind",
    "status",
    "state",
    "prompt",
    "page",
    "view",
    "form",
    "screen",
    "button",
    "icon",
    "helper",
    "generator",
    "parser",
    "handler",
    "listener",
    "event",
    "date",
    "time",
    "at",
    "age",
    "source",
    "lifetime",
    "validity",
    "issuer",
    "audience",
    "repository",
    "key_id",
    "keyid",
    "arg",
    "args",
    "argument",
    "option",
    "var",
    "variable",
    "property",
    "attribute",
    "selector",
    "match",
    "matches",
    "encode",
    "decode",
    "encryption",
    "strip",
    "split",
    "replace",
    "equals",
    "weight",
    "weights",
    "limits",
    "tokens",
    "counts",
    "bytes",
    "char",
    "chars",
    "characters",
    "separator",
    "delimiter",
    "position",
    "offset",
    "start",
    "end",
    "mtime",
    "ctime",
    "timestamp",
    "controller",
    "address",
    "addr",
    "management",
    "factory",
];

/// Whether the rest of an identifier says that its value is about a credential, not one.
pub(super) fn about(rest: &[u8]) -> bool {
    words_of(rest).last().is_some_and(|last| ABOUT.contains(&last.as_str()))
}

/// What `name` says, or `None` when it carries no credential.
pub(super) fn meaning(name: &[u8]) -> Option<Names> {
    let words = words_of(name);
    let last = words.last()?;
    if ABOUT.contains(&last.as_str()) {
        return None;
    }
    // Counting words first: `max_tokens`, `token_count`, `next_page_token`.
    let has = |word: &str| words.iter().any(|known| known == word);
    if has("max") || has("min") || has("num") || has("count") || has("public") || has("page") {
        return None;
    }
    if has("csrf")
        || has("xsrf")
        || has("authenticity")
        || has("antiforgery")
        || has("cancellation")
        || has("no")
        || has("show")
        || has("hide")
    {
        return None;
    }
    // The last word that means something decides: `secret_password`, `password_token`.
    for at in (0..words.len()).rev() {
        let word = words[at].as_str();
        // Of a compiler, an encoder, a shader: `firstPass`.
        if word == "pass" && at > 0 && PASSES.contains(&words[at - 1].as_str()) {
            return None;
        }
        if PASSWORDS.contains(&word) {
            return Some(Names::Password);
        }
        if TOKENS.contains(&word) {
            return Some(Names::Token);
        }
        // Written as one word: `PGPASSWORD`, `sharedsecret`.
        if PASSWORD_ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end)) {
            return Some(Names::Password);
        }
        if TOKEN_ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end)) {
            return Some(Names::Token);
        }
        if word == "key" && at > 0 && KEYS.contains(&words[at - 1].as_str()) {
            return Some(Names::Token);
        }
    }
    let other = words.iter().any(|word| KEYS_OF_OTHERS.contains(&word.as_str()));
    (WEAK.contains(&last.as_str()) && !other).then_some(Names::Key)
}

/// What the name of a list says of its members: `tokens = ["…"]`.
pub(super) fn plural(name: &[u8]) -> Option<Names> {
    match words_of(name).last().map(String::as_str) {
        Some("tokens") => Some(Names::Token),
        Some("keys") => Some(Names::Key),
        Some("passwords") => Some(Names::Password),
        _ => None,
    }
}

/// Whether `name` is that of someone who logs in.
pub(super) fn of_user(name: &[u8]) -> bool {
    const USERS: &[&str] = &[
        "user",
        "username",
        "login",
        "uname",
        "usr",
        "uid",
        "userid",
        "email",
        "account",
        "dbuser",
        "loginid",
        "principal",
    ];
    let words = words_of(name);
    match words.as_slice() {
        [.., last] if USERS.contains(&last.as_str()) => true,
        [.., user, name] => {
            matches!(user.as_str(), "user" | "login" | "account")
                && matches!(name.as_str(), "name" | "id" | "email")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, is_digest, meaning, words_of};

    #[test]
    fn a_digest_is_told_by_its_form_and_its_name() {
        let value = "0123456789abcdef".repeat(4);
        let digest =
            |before: &str, length: usize| is_digest(before.as_bytes(), &value.as_bytes()[..length]);

        assert!(digest("\"hashed_secret\": \"", 40) && digest("github checksum: ", 64));
        assert!(!digest("\"secret\": \"", 40) && !digest("hashed_secret = ", 41));
        assert!(!digest("HASH_SECRET=", 32) && !digest("", 40));
    }

    #[test]
    fn names_split_where_a_reader_would_split_them() {
        assert_eq!(words_of(b"userAPIKey_v2-old"), ["user", "api", "key", "v", "old"]);
        assert_eq!(words_of(b"DB_PASSWORD"), ["db", "password"]);
        assert_eq!(words_of(b"\xff"), Vec::<String>::new());
    }

    #[test]
    fn the_words_of_a_name_tell_whether_it_carries_a_credential() {
        for (name, expected) in [
            ("password", Some(Names::Password)),
            ("DB_PASSWORD", Some(Names::Password)),
            ("spring.datasource.password", Some(Names::Password)),
            ("clientSecret", Some(Names::Token)),
            ("api-key", Some(Names::Token)),
            ("github_token", Some(Names::Token)),
            ("monkey", None),
            ("keyboard", None),
            ("tokenizer", None),
            ("max_tokens", None),
            ("token_count", None),
            ("next_page_token", None),
            ("api_key_env", None),
            ("password_hash", None),
            ("secret_name", None),
            ("passwordField", None),
            ("public_key", None),
            ("primary_key", None),
            ("compass", None),
        ] {
            assert_eq!(meaning(name.as_bytes()), expected, "{name}");
        }
    }
}

//! The offline checks that a rule may name, and what is wrong in a rule file.
//!
//! Shared with `build.rs`: names nothing of the rest of the crate but its siblings
//! that are shared too.

/// An offline check of a match. What it does is in `scan::checks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Last six characters are the base62 CRC-32 of the thirty before (GitHub, npm).
    Crc32Base62,
    /// GitLab's routable form: length and base36 CRC-32 at the end.
    GitlabRoutable,
    /// Eight hex digits at the end: CRC-32 of all before, little-endian (Grafana).
    GrafanaCrc32,
    /// A version-2 macaroon that parses to its last byte (`PyPI`).
    Macaroon,
    /// AWS access key id: base32, account number, documentation samples.
    AwsKeyId,
    /// Azure's identifiable keys: base64 whose tail is Marvin32 of the rest.
    AzureMarvin,
    /// Azure's `JQQJ9` keys.
    AzureCask,
    /// Microsoft Entra client secret of the `8Q~` form.
    EntraSecret,
    /// Azure DevOps PAT of 52 characters.
    AzureDevopsPat,
    /// Three base64url parts, header and payload are JSON; expiry is read.
    Jwt,
    /// Base64 of a JSON object.
    Base64Json,
    /// A JSON object with `private_key` and `client_email` around the match.
    ServiceAccount,
    /// A key block whose body decodes, encrypted or not.
    Pem,
    /// A password inside a URL: placeholders, defaults and local hosts.
    UrlPassword,
    /// `user:password` in base64.
    BasicAuth,
    /// Shannon entropy of the secret in millibits per byte is at least this.
    Entropy(u32),
    /// At least one letter of each case and one digit.
    Mixed,
    /// At least one letter and one digit.
    LettersAndDigits,
    /// Reads like a password that someone uses: no placeholder, no plain words.
    Password,
    /// Reads like a token: drawn by a machine, no name, no placeholder.
    Token,
    /// Not hexadecimal only: such a value is a digest, not this credential.
    NotHex,
}

impl Check {
    /// Names without parameters, as rule files spell them.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("crc32-base62", Self::Crc32Base62),
        ("gitlab-routable", Self::GitlabRoutable),
        ("grafana-crc32", Self::GrafanaCrc32),
        ("macaroon", Self::Macaroon),
        ("aws-key-id", Self::AwsKeyId),
        ("azure-marvin", Self::AzureMarvin),
        ("azure-cask", Self::AzureCask),
        ("entra-secret", Self::EntraSecret),
        ("azure-devops-pat", Self::AzureDevopsPat),
        ("jwt", Self::Jwt),
        ("base64-json", Self::Base64Json),
        ("service-account", Self::ServiceAccount),
        ("pem", Self::Pem),
        ("url-password", Self::UrlPassword),
        ("basic-auth", Self::BasicAuth),
        ("mixed", Self::Mixed),
        ("letters-and-digits", Self::LettersAndDigits),
        ("password", Self::Password),
        ("token", Self::Token),
        ("not-hex", Self::NotHex),
    ];

    /// Reads a check's name: `jwt`, `entropy>=3.5`. Entropy is in bits per byte.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(bits) = name.strip_prefix("entropy>=") {
            let (whole, tenths) = bits.split_once('.').unwrap_or((bits, "0"));
            let whole: u32 = whole.parse().ok().filter(|bits| *bits <= 8)?;
            let tenths: u32 = tenths.parse().ok().filter(|tenths| *tenths <= 9)?;
            return Some(Self::Entropy(whole * 1000 + tenths * 100));
        }
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
    }
}

/// Reads the body of a byte class, `0-9A-Za-z_`: the set as a bit per byte.
/// A `-` at the end stands for itself. `None` when a range runs backwards or a byte
/// is not ASCII.
pub fn byte_set(class: &str) -> Option<[u64; 4]> {
    let mut set = [0_u64; 4];
    let mut bytes = class.bytes().peekable();
    while let Some(low) = bytes.next() {
        let mut high = low;
        if bytes.peek() == Some(&b'-') {
            let mut ahead = bytes.clone();
            ahead.next();
            if let Some(end) = ahead.next() {
                high = end;
                bytes = ahead;
            }
        }
        if low > high || !high.is_ascii() {
            return None;
        }
        for byte in low..=high {
            set[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }
    Some(set)
}

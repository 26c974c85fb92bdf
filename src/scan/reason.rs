//! Why a match is no credential.

use std::fmt;

/// Why a match is no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A checksum that every real one carries does not hold.
    ChecksumFails,
    /// The structure that every real one has is not there.
    NoStructure(&'static str),
    /// A value that its vendor publishes as an example.
    PublishedExample,
    /// One character again and again, or a few.
    Repeated,
    /// `12345678`, `abcdefgh`, or a block repeated.
    Sequence,
    /// A word that stands for "put yours here".
    PlaceholderWord,
    /// `<token>`, `[key]`, `%s`, `__KEY__`.
    Bracketed,
    /// An ellipsis stands for the rest.
    Elided,
    /// It says where the value is, not what it is.
    Reference,
    /// The value repeats its own name.
    OwnName,
    /// A file's or a secret's path.
    Path,
    /// A constant, a type or a number of the language.
    Constant,
    /// Plain words or a label.
    Words,
    /// The name of a variable, constant or function.
    Identifier,
    /// A digest, a UUID or another public id.
    Digest,
    /// Too short or too plain for what it would be.
    TooPlain,
    /// It is encrypted; the key is elsewhere.
    EncryptedEnvelope,
    /// The URL has no password, or an empty one.
    NoPassword,
    /// Made to be public.
    PublicByDesign,
    /// A more specific finding covers it.
    Covered,
    /// A comment on the line lets it through, with a reason.
    Marked,
    /// An allowlist of a user's rule file lets it through.
    Allowlisted,
    /// What its rule requires nearby is not there.
    Alone,
}

impl Reason {
    /// A word for machines, stable.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ChecksumFails => "checksum-fails",
            Self::NoStructure(_) => "no-structure",
            Self::PublishedExample => "published-example",
            Self::Repeated => "repeated",
            Self::Sequence => "sequence",
            Self::PlaceholderWord => "placeholder-word",
            Self::Bracketed => "bracketed",
            Self::Elided => "elided",
            Self::Reference => "reference",
            Self::OwnName => "own-name",
            Self::Path => "path",
            Self::Constant => "constant",
            Self::Words => "words",
            Self::Identifier => "identifier",
            Self::Digest => "digest",
            Self::TooPlain => "too-plain",
            Self::EncryptedEnvelope => "encrypted-envelope",
            Self::NoPassword => "no-password",
            Self::PublicByDesign => "public-by-design",
            Self::Covered => "covered",
            Self::Marked => "marked",
            Self::Allowlisted => "allowlisted",
            Self::Alone => "alone",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChecksumFails => "its checksum does not hold, so the issuer did not make it",
            Self::NoStructure(what) => return write!(f, "it does not decode to {what}"),
            Self::PublishedExample => "its vendor publishes it as an example",
            Self::Repeated => "it repeats a few characters",
            Self::Sequence => "it counts up, or repeats a block",
            Self::PlaceholderWord => "a word in it says that it stands for another value",
            Self::Bracketed => "its brackets or marks say that it stands for another value",
            Self::Elided => "dots stand for the rest of it",
            Self::Reference => "it says where the value is, not what it is",
            Self::OwnName => "it repeats its own name",
            Self::Path => "it is a path",
            Self::Constant => "it is a constant, a type or a number",
            Self::Words => "it is plain words",
            Self::Identifier => "it is the name of something in the code",
            Self::Digest => "it is a digest or an id",
            Self::TooPlain => "it is too short or too plain for this credential",
            Self::EncryptedEnvelope => "it is encrypted, and its key is elsewhere",
            Self::NoPassword => "it holds no password",
            Self::PublicByDesign => "it is made to be public",
            Self::Covered => "a more specific finding covers it",
            Self::Marked => "a comment on its line lets it through",
            Self::Allowlisted => "an allowlist of its rule's file lets it through",
            Self::Alone => "what its rule requires nearby is not there",
        })
    }
}

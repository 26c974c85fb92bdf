//! The TOML shape of a rule file in `patterns/`.
//!
//! Takes TOML text, gives typed rules with the line each stands on. Shared with
//! `build.rs`, so it names nothing of the rest of the crate.

use serde::Deserialize;
use toml::Spanned;

/// One file: the rules of one service family, with the coaching they share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleFile {
    /// The service as its vendor writes it, for example `GitHub`.
    pub service: String,
    /// Coaching for every rule of the file; a rule's own words win over it.
    #[serde(default)]
    pub coaching: CoachingText,
    /// The rules.
    #[serde(rename = "rule")]
    pub rules: Vec<Spanned<RuleText>>,
}

/// One rule as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleText {
    /// `service-thing`, never renumbered.
    pub id: String,
    /// What it is, as a noun phrase: `GitHub personal access token (classic)`.
    pub what: String,
    /// What kind of credential it is.
    pub kind: Kind,
    /// How bad a leak is.
    pub severity: Severity,
    /// How long it works when nobody acts.
    pub lifetime: Lifetime,
    /// What the shape alone is worth, before any check.
    #[serde(default)]
    pub confidence: Grade,
    /// Made to be public (a publishable key): recognised, and let through.
    #[serde(default)]
    pub public: bool,
    /// How a match is found.
    #[serde(default)]
    pub engine: Engine,
    /// Literals, one of which stands in or beside every match; 3 bytes or more.
    pub anchors: Vec<String>,
    /// Whether the case of the anchors' letters is ignored.
    #[serde(default)]
    pub ignore_case: bool,
    /// A regular expression without look-around; a group named `secret` marks
    /// the credential, else the whole match is it.
    #[serde(default)]
    pub shape: String,
    /// Bytes that may not stand right before a match, as a class body.
    #[serde(default = "word_head")]
    pub head: String,
    /// Bytes that may not stand right after a match, as a class body.
    #[serde(default = "word_tail")]
    pub tail: String,
    /// How far a match may reach from its anchor, in bytes, where the shape has no
    /// upper bound of its own.
    #[serde(default = "reach")]
    pub reach: u32,
    /// The names that a named rule's value is given to: words in lower case, parted by
    /// blanks.
    #[serde(default)]
    pub names: Vec<String>,
    /// Offline checks by name, see [`super::check::Check`].
    #[serde(default)]
    pub checks: Vec<String>,
    /// The rule beside whose findings this one is looked for too.
    pub companion: Option<CompanionText>,
    /// CWE numbers.
    #[serde(default)]
    pub cwe: Vec<u16>,
    /// OWASP Non-Human Identities Top 10 ids, for example `NHI2:2025`.
    #[serde(default)]
    pub nhi: Vec<String>,
    /// Templates that must match.
    #[serde(default)]
    pub samples: Vec<String>,
    /// Templates that must not.
    #[serde(default)]
    pub near_misses: Vec<String>,
    /// The words.
    #[serde(default)]
    pub coaching: CoachingText,
}

fn word_head() -> String {
    "0-9A-Za-z".to_owned()
}

fn word_tail() -> String {
    "0-9A-Za-z_".to_owned()
}

fn reach() -> u32 {
    4096
}

/// Where else a rule is looked for: around the findings of another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CompanionText {
    /// The other rule's id.
    pub of: String,
    /// How many lines up and down.
    pub lines: u32,
    /// The shape that counts there; it may be plainer than the rule's own.
    pub shape: String,
}

/// What a person is told about one rule. Of leakcoach's own rules every field must be
/// filled, by the rule or by its file.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CoachingText {
    /// What the credential opens: the damage, concretely.
    pub opens: Option<String>,
    /// The signal that was there to be seen.
    pub missed: Option<String>,
    /// What to do next time.
    pub next_time: Option<String>,
    /// How to make it useless.
    pub revoke: Option<RevokeText>,
    /// How to replace it without an outage.
    pub rotate: Option<String>,
    /// How to keep it in a vault and read it at run time.
    pub vault: Option<String>,
    /// The short-lived alternative.
    pub instead: Option<String>,
    /// Where to look for use by others.
    pub abuse: Option<String>,
    /// The name of the environment variable that usually carries it.
    pub variable: Option<String>,
    /// Pages that the words above were checked against.
    pub sources: Option<Vec<String>>,
}

/// How to revoke: at least a console page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RevokeText {
    /// The page on which it is revoked: an `https://` address, or words where the
    /// place differs from one installation to the next.
    pub console: String,
    /// A command that can be pasted; upper-case words are placeholders. Empty where
    /// the vendor offers none.
    #[serde(default)]
    pub cli: String,
    /// What to know before pressing the button. May be empty.
    #[serde(default)]
    pub note: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every case, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in rule files, configuration and output.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What kind of credential a rule recognises.
    Kind {
        /// A key to a cloud account.
        CloudKey = "cloud-key",
        /// A token or key to a vendor's API.
        ApiToken = "api-token",
        /// An OAuth client's secret.
        ClientSecret = "client-secret",
        /// A credential that ends by itself.
        SessionToken = "session-token",
        /// A password a person or service logs in with.
        Password = "password",
        /// A connection string with a password inside.
        ConnectionUrl = "connection-url",
        /// A private key.
        PrivateKey = "private-key",
        /// A key that signs or verifies.
        SigningKey = "signing-key",
        /// An address that anyone who knows it may post to.
        Webhook = "webhook",
        /// An identifier, public by design or useless alone.
        Identifier = "identifier",
        /// No credential: a change that widens what one may do, or who gets one.
        Privilege = "privilege",
    }
}

words! {
    /// How bad a leak is when nobody acts.
    Severity {
        /// Recognised for completeness.
        Info = "info",
        /// Little to gain.
        Low = "low",
        /// Some data or some money.
        Medium = "medium",
        /// A service, its data, its money.
        High = "high",
        /// An account, many services, or other people's data.
        Critical = "critical",
    }
}

words! {
    /// How long a credential works when nobody acts.
    Lifetime {
        /// Until it is revoked.
        Long = "long",
        /// Hours or days.
        Short = "short",
        /// Chosen when it was made; may be for ever.
        Chosen = "chosen",
    }
}

words! {
    /// What a shape alone says, before checks.
    #[derive(Default)]
    Grade {
        /// A generic shape in a telling context.
        Possible = "possible",
        /// A distinctive shape.
        #[default]
        Likely = "likely",
    }
}

words! {
    /// How a rule's match is found.
    #[derive(Default)]
    Engine {
        /// The shape, in a window around the anchor.
        #[default]
        Shape = "shape",
        /// One of the rule's names, and a value assigned to it that the shape fits whole.
        Named = "named",
        /// A name like `password` and the value assigned to it.
        Assignment = "assignment",
    }
}

//! What a rule file of a user gives, in whichever format it is.

use super::foreign::Whole;
use super::{Coaching, Lines, Rule};
use crate::text::Escaped;
use std::fmt;

/// Something wrong in a rule file. Quotes nothing but keys and ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named.
    pub path: String,
    /// One-based.
    pub line: usize,
    /// What is wrong and what is wanted.
    pub what: String,
}

impl Fault {
    pub(super) fn new(path: &str, line: usize, what: String) -> Self {
        Self { path: path.to_owned(), line, what }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, what) = (Escaped(self.path.as_bytes()), Escaped(self.what.as_bytes()));
        write!(f, "{path}:{}: {what}", self.line)
    }
}

/// What a remark means for what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing.
    Tells,
    /// More is found than the file's author meant.
    Widens,
    /// Less is found than the file's author meant.
    Loses,
    /// A rule of leakcoach's own does not run.
    Replaces,
}

/// Something of a rule file that leakcoach does not do as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The file, as it was named.
    pub path: String,
    /// One-based.
    pub line: usize,
    /// The rule that it is about; the whole file without.
    pub rule: Option<String>,
    /// What it means.
    pub weight: Weight,
    /// What is not done.
    pub what: String,
}

impl Remark {
    pub(super) fn new(
        path: &str,
        line: usize,
        rule: Option<&str>,
        weight: Weight,
        what: String,
    ) -> Self {
        Self { path: path.to_owned(), line, rule: rule.map(str::to_owned), weight, what }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", Escaped(self.path.as_bytes()), self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, "`{}`: ", Escaped(rule.as_bytes()))?;
        }
        write!(f, "{}", Escaped(self.what.as_bytes()))
    }
}

/// Gives the name and text of the file that a gitleaks file extends, or why it cannot.
pub type Extends<'a> = dyn FnMut(&str) -> Result<(String, String), String> + 'a;

/// How a user's rule is searched for.
#[derive(Debug)]
pub enum Search {
    /// Around its anchors, as leakcoach's own are.
    Anchors {
        /// The literals.
        texts: Vec<Vec<u8>>,
        /// Letters match in either case.
        ignore_case: bool,
    },
    /// In the whole text that holds a keyword, as gitleaks does.
    Whole(Box<Whole>),
}

/// A rule that a user wrote.
#[derive(Debug)]
pub struct UserRule {
    /// The rule.
    pub rule: &'static Rule,
    /// How it is searched for.
    pub search: Search,
}

/// Words that hold for any credential, so that no step of a card is empty, and then the
/// rule's own.
pub(super) fn filled(path: &str, id: &str, own: impl FnOnce(&mut Coaching)) -> Coaching {
    let variable = id.replace(|char: char| !char.is_ascii_alphanumeric(), "_").to_uppercase();
    let mut words = Coaching {
        opens: "whatever accepts it, until it is revoked",
        missed: kept(&format!("its form: it fits the rule {id} of {path}")),
        next_time: "read it from the environment or a vault, so that it never stands in a file",
        revoke_console: "the place where it was issued",
        revoke_cli: "",
        revoke_note: "",
        rotate: "make a second one, switch its users over, then revoke this one",
        vault: "keep it in your vault and let it be read at run time",
        instead: "a credential that ends by itself, where its issuer offers one",
        abuse: "its issuer's log of uses, for addresses and times that are not yours",
        variable: variable.leak(),
        sources: Lines::kept::<&str>([]),
    };
    own(&mut words);
    words
}

/// `text`, made fit for a terminal and kept for good.
pub(super) fn kept(text: &str) -> &'static str {
    Escaped(text.trim().as_bytes()).to_string().leak()
}

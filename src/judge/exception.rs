//! Exceptions: recorded, reasoned, ending decisions to let a value through.
//!
//! One file of a repository, one exception a line, sorted, so that git merges it:
//!
//! ```text
//! salt 3f9a0c…
//! 3f9a.h.5b1e… github-pat until 2027-02-19 since 2026-11-21 by ann@example.org because WORDS
//! ```
//!
//! The hash stands first: after a name like `db-password` it would look like a value.
//! An exception is for a rule and a value, not for a place: it survives moves and stops
//! when the value changes. The value itself is not in the file: see [`super::salt`].
//! `since`, `by` and `asks` (whose approval was asked for) may be missing; without `until` it
//! counts nowhere. Takes text and gives text; where the file
//! lies and what day it is, others know.

pub use super::keyed::Fault;
use super::keyed::{self, Keyed};
use super::salt::{Salt, ValueHash};
use super::stretch::Stretcher;
use crate::scan::Finding;
use crate::text::Escaped;
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// Where the file lies, from the top of the repository.
pub const FILE: &str = ".leakcoach/exceptions";

/// The lines that the file begins with.
const HEADER: &str = "\
# Exceptions of leakcoach: HASH RULE until DATE since DATE by WHO because REASON
# One a line, sorted. The hash is salted, and stretched where a value might be guessed.
";

/// As many days before its end an exception is spoken of.
const WARN_DAYS: i32 = 14;

/// A larger file is not looked into: it would hold tens of thousands of them.
pub const BYTES_AT_MOST: usize = 4 << 20;

/// As long a line may be.
const BYTES_OF_LINE: usize = 2048;

/// A decision to let one value through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// The day it was made.
    pub since: Option<Date>,
    /// Who made it, one word.
    pub by: Option<String>,
    /// Whose approval was asked for, one word.
    pub asks: Option<String>,
    /// Why.
    pub reason: String,
}

impl Exception {
    /// What of its days does not count on the day `today`, where none may be longer than
    /// `max` days.
    pub fn fault(&self, today: Date, max: i32) -> Option<String> {
        let Some(until) = self.until else {
            return Some("it has no end".to_owned());
        };
        let beyond = |from: Date| from.until(until).map_or(true, |span| span.get_days() > max);
        if beyond(today) || self.since.is_some_and(beyond) {
            return Some(format!("it ends on {until}, beyond `exceptions.max` of {max}d"));
        }
        let ahead = |since: &Date| today.until(*since).map_or(true, |span| span.get_days() > 1);
        self.since.filter(ahead).map(|since| format!("it begins on {since}, which is to come"))
    }

    /// Whether it still counts on the day `today`.
    pub fn is_live(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    /// Whether it counts, but not for long.
    pub fn ends_soon(&self, today: Date) -> bool {
        let days = self.until.and_then(|until| today.until(until).ok());
        self.is_live(today) && days.is_some_and(|days| days.get_days() <= WARN_DAYS)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exception")?;
        if let Some(since) = self.since {
            write!(f, " of {since}")?;
        }
        if let Some(until) = self.until {
            write!(f, ", ends {until}")?;
        }
        write!(f, ": {}", Escaped(self.reason.as_bytes()))
    }
}

/// All exceptions of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions {
    values: Keyed<Exception>,
    /// Lines of people's own.
    comments: Vec<String>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

impl Exceptions {
    /// Reads the file's text. A line that cannot be read is a fault, and lets nothing
    /// through.
    pub fn parse(text: &[u8]) -> Self {
        let mut values = Keyed::default();
        let disputed = RefCell::new(BTreeSet::new());
        let (comments, faults) = keyed::parse(text, HEADER, &mut values, |values, hash, rest| {
            let (hash, rule, exception) = read(hash, rest)?;
            let mut other = false;
            values.insert(rule, hash, exception, |known, new| {
                other = known != new;
                true
            });
            if other {
                disputed.borrow_mut().insert(hash);
                return Err("an earlier line says otherwise of the same value: keep one");
            }
            Ok(())
        });
        let disputed = disputed.into_inner();
        values.retain(|hash| !disputed.contains(&hash));
        Self { values, comments, faults }
    }

    /// The exception for a finding's value, whether it still counts or not, and under which
    /// hash it stands.
    pub fn find(&self, finding: &Finding, by: &Stretcher) -> Option<(ValueHash, &Exception)> {
        self.values.get(finding, by)
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> Vec<(ValueHash, &str, &Exception)> {
        self.values.sorted()
    }

    /// Puts an exception for a finding's value in the place of any other. `fresh` is the
    /// salt of a file that has none yet.
    pub fn put(
        &mut self,
        finding: &Finding,
        exception: Exception,
        fresh: Salt,
        by: &Stretcher,
    ) -> Option<ValueHash> {
        let known = self.values.get(finding, by).map(|(hash, _)| hash);
        let hash = known.or_else(|| self.values.hash(finding, fresh, by))?;
        self.values.insert(finding.rule.id, hash, exception, |_, _| false);
        Some(hash)
    }

    /// Takes those out whose hashes are `gone`.
    pub fn remove(&mut self, gone: &BTreeSet<ValueHash>) {
        self.values.retain(|hash| !gone.contains(&hash));
    }

    /// The exception for a finding's value, whether it still counts or not.
    ///
    /// Costs a stretched hash where the file has any for the finding's rule.
    pub fn of(&self, finding: &Finding, by: &Stretcher) -> Option<&Exception> {
        self.values.get(finding, by).map(|(_, exception)| exception)
    }

    /// Adds an exception for a finding's value. `fresh` is the salt of a file that has
    /// none yet. Gives whether it was added: one that is there already stays.
    pub fn add(
        &mut self,
        finding: &Finding,
        exception: Exception,
        fresh: Salt,
        by: &Stretcher,
    ) -> bool {
        if self.of(finding, by).is_some() {
            return false;
        }
        let Some(hash) = self.values.hash(finding, fresh, by) else { return false };
        self.values.insert(finding.rule.id, hash, exception, |_, _| true);
        true
    }

    /// The salt that new hashes are made with, if there is one.
    pub fn salt(&self) -> Option<Salt> {
        self.values.salts().next().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Reads what stands in a line: its hash, and what comes after it.
fn read<'l>(hash: &str, rest: &'l str) -> Result<(ValueHash, &'l str, Exception), &'static str> {
    if hash.len() + rest.len() > BYTES_OF_LINE {
        return Err("it is too long");
    }
    if rest.contains(char::is_control) {
        return Err("it holds a control character");
    }
    let (fields, reason) = rest.split_once(" because ").ok_or("it gives no reason")?;
    let hash = ValueHash::parse(hash).ok_or("its hash cannot be read")?;
    let mut words = fields.split(' ');
    let rule = words.next().filter(|rule| !rule.is_empty()).ok_or("it names no rule")?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err("it gives no reason");
    }
    let mut exception = Exception { until: None, since: None, by: None, asks: None, reason };
    let date = |word: &str| word.parse().map_err(|_| "a date of it cannot be read");
    while let Some(name) = words.next() {
        let word =
            words.next().filter(|word| !word.is_empty()).ok_or("a word of it stands alone")?;
        let text = || Some(word.to_owned());
        let before = match name {
            "until" => exception.until.replace(date(word)?).is_some(),
            "since" => exception.since.replace(date(word)?).is_some(),
            "by" => std::mem::replace(&mut exception.by, text()).is_some(),
            "asks" => std::mem::replace(&mut exception.asks, text()).is_some(),
            _ => return Err("it has a word that is not known"),
        };
        if before {
            return Err("it says the same thing twice");
        }
    }
    Ok((hash, rule, exception))
}

/// An exception as its line has it, which is also what an approver signs.
pub fn line(hash: ValueHash, rule: &str, exception: &Exception) -> String {
    let mut line = format!("{hash} {rule}");
    let date = |date: Option<Date>| date.map(|date| date.to_string());
    for (name, word) in [
        ("until", date(exception.until)),
        ("since", date(exception.since)),
        ("by", exception.by.clone()),
        ("asks", exception.asks.clone()),
    ] {
        if let Some(word) = word {
            let _ = write!(line, " {name} {word}");
        }
    }
    let _ = write!(line, " because {}", exception.reason);
    line
}

impl fmt::Display for Exceptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        keyed::write_head(f, HEADER, &self.comments, &self.values)?;
        for (hash, rule, exception) in self.values.sorted() {
            writeln!(f, "{}", line(hash, rule, exception))?;
        }
        Ok(())
    }
}

/// One line of words, as a reason or a name has it: nothing that would end the line.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|char: char| char.is_whitespace() || char.is_control()) {
        if !word.is_empty() {
            let _ = write!(line, "{}{word}", if line.is_empty() { "" } else { " " });
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, sample::expand};
    use crate::judge::fingerprint::{KEY_BYTES, Key};
    use crate::judge::salt::Hashing;
    use crate::scan::{Scanner, Text};
    use crate::source::role::FileRole;
    use proptest::prelude::*;

    const SALT: Salt = Salt::new([0x3f; 16]);

    fn by() -> Stretcher {
        Stretcher::new(Key::new([1; KEY_BYTES]), b"")
    }

    fn found(template: &str, seed: u64) -> Finding {
        let text = expand(template, seed).unwrap();
        let text = Text { bytes: text.as_bytes(), path: b"a.py", role: FileRole::Source };
        Scanner::new(Catalogue::builtin()).scan(&text).findings.remove(0)
    }

    fn token(seed: u64) -> Finding {
        found("t = 'ghp_{base62:30}{crc32-base62}'", seed)
    }

    fn password(seed: u64) -> Finding {
        found("password = \"{password}\"", seed)
    }

    fn until(date: &str) -> Exception {
        Exception {
            until: Some(date.parse().unwrap()),
            since: Some("2026-01-01".parse().unwrap()),
            by: Some("ann@example.org".to_owned()),
            asks: None,
            reason: "a fixture, revoked".to_owned(),
        }
    }

    #[test]
    fn an_exception_is_for_a_value_and_not_for_another() {
        let mut all = Exceptions::default();

        assert!(all.add(&token(1), until("2027-01-01"), SALT, &by()));
        assert!(all.add(&password(8), until("2027-01-01"), SALT, &by()));
        assert!(!all.add(&token(1), until("2028-01-01"), SALT, &by()));

        let all = Exceptions::parse(all.to_string().as_bytes());
        assert_eq!(all.of(&token(1), &by()), Some(&until("2027-01-01")));
        assert_eq!(all.of(&password(8), &by()), Some(&until("2027-01-01")));
        assert_eq!((all.of(&token(2), &by()), all.of(&password(9), &by())), (None, None));
        assert_eq!((all.len(), all.faults.len()), (2, 0));
    }

    #[test]
    fn a_password_is_stretched_and_a_drawn_token_is_not() {
        let mut all = Exceptions::default();
        all.add(&token(1), until("2027-01-01"), SALT, &by());
        all.add(&password(8), until("2027-01-01"), SALT, &by());
        let text = all.to_string();

        let line = |rule: &str| text.lines().find(|line| line.contains(rule)).unwrap();
        assert!(line(" github-pat ").starts_with("3f3f.h."), "{text}");
        assert!(line(" generic-password ").starts_with("3f3f.s."), "{text}");
    }

    #[test]
    fn the_last_day_counts_and_the_next_does_not() {
        let exception = until("2027-01-01");
        let on = |day: &str| exception.is_live(day.parse().unwrap());

        assert!(on("2026-12-31") && on("2027-01-01") && !on("2027-01-02"));
        let soon = |day: &str| exception.ends_soon(day.parse().unwrap());
        assert!(!soon("2026-12-17") && soon("2026-12-18") && !soon("2027-01-02"));
    }

    #[test]
    fn files_that_two_people_began_are_merged_by_putting_their_lines_together() {
        let (mut ours, mut theirs) = (Exceptions::default(), Exceptions::default());
        ours.add(&token(1), until("2027-01-01"), SALT, &by());
        theirs.add(&token(2), until("2027-01-01"), Salt::new([7; 16]), &by());
        theirs.add(&token(1), until("2028-01-01"), Salt::new([7; 16]), &by());

        let merged = Exceptions::parse(format!("{theirs}{ours}").as_bytes());

        assert!(merged.of(&token(1), &by()).is_some() && merged.of(&token(2), &by()).is_some());
        assert_eq!(merged, Exceptions::parse(merged.to_string().as_bytes()));
    }

    #[test]
    fn what_cannot_be_read_is_named_and_lets_nothing_through() {
        let mut all = Exceptions::default();
        all.add(&token(1), until("2027-01-01"), SALT, &by());
        let text = all.to_string();
        for (from, to, what) in [
            ("until 2027-01-01", "until never", "a date of it cannot be read"),
            (" because a fixture, revoked", "", "it gives no reason"),
            ("by ann", "of ann", "it has a word that is not known"),
            (".h.", ".x.", "its hash cannot be read"),
            (" because ", " until 2027-01-02 because ", "it says the same thing twice"),
            ("by ann", "approved ann", "it has a word that is not known"),
            ("a fixture", "a \u{1b}[2Jfixture", "it holds a control character"),
            ("revoked", &"revoked ".repeat(300), "it is too long"),
        ] {
            let broken = Exceptions::parse(text.replace(from, to).as_bytes());
            assert_eq!(broken.faults, [Fault { line: 4, what }]);
            assert_eq!(broken.of(&token(1), &by()), None);
        }
        let conflict = format!("<<<<<<< HEAD\n{text}=======\n>>>>>>> other\n");
        assert_eq!(Exceptions::parse(conflict.as_bytes()).faults.len(), 3);
    }

    #[test]
    fn two_lines_that_differ_about_a_value_let_nothing_through() {
        let mut all = Exceptions::default();
        all.add(&token(1), until("2027-01-01"), SALT, &by());
        all.add(&token(2), until("2027-01-01"), SALT, &by());
        let text = all.to_string();
        let mine = text.lines().find(|line| line.contains(" github-pat ")).unwrap();

        let twice = Exceptions::parse(format!("{text}{mine}\n").as_bytes());
        assert_eq!((twice.faults.len(), twice.len()), (0, 2));
        let other = mine.replace("2027-01-01", "2029-01-01");
        let disputed = Exceptions::parse(format!("{text}{other}\n").as_bytes());
        assert_eq!(disputed.faults.len(), 1);
        assert_eq!(disputed.len(), 1);
    }

    #[test]
    fn days_without_end_or_too_many_of_them_do_not_count() {
        let day = |day: &str| day.parse().unwrap();
        let fault = |exception: Exception| exception.fault(day("2026-11-21"), 365);

        assert_eq!(fault(until("2026-12-21")), None);
        assert!(fault(until("9999-12-31")).unwrap().contains("beyond `exceptions.max`"));
        assert!(
            fault(Exception { until: None, ..until("2027-01-01") }).unwrap().contains("no end")
        );
        // It was made for longer than is allowed, and waiting does not mend that.
        let since = Some(day("2025-01-01"));
        assert!(fault(Exception { since, ..until("2026-12-01") }).is_some());
        let since = Some(day("2026-11-29"));
        assert!(fault(Exception { since, ..until("2026-12-01") }).unwrap().contains("to come"));
    }

    #[test]
    fn the_file_does_not_look_like_a_credential_for_any_rule() {
        let mut all = Exceptions::default();
        let sample = token(1);
        let hashes =
            [Hashing::Keyed, Hashing::Stretched].map(|how| SALT.hash(how, &sample, &by()).unwrap());
        for rule in Catalogue::builtin().rules() {
            for hash in hashes {
                all.values.insert(rule.id, hash, until("2027-01-01"), |_, _| true);
            }
        }
        all.values.read_salt(&SALT.to_string()).unwrap();
        let text = all.to_string();
        let text = Text { bytes: text.as_bytes(), path: FILE.as_bytes(), role: FileRole::Config };

        let found = Scanner::new(Catalogue::builtin()).scan(&text).findings;
        let ids: Vec<&str> = found.iter().map(|finding| finding.rule.id).collect();
        assert!(ids.is_empty(), "{ids:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_what_is_written_is_read_back(text in "(salt |[a-z-]{1,9} |[0-9a-f]{4}\\.h\\.[0-9a-f]{32} |until 2027-0[0-9]-01|asks b| because |x|#|\\PC|\n){0,60}") {
            let all = Exceptions::parse(text.as_bytes());
            let again = Exceptions::parse(all.to_string().as_bytes());

            prop_assert_eq!(again.values.sorted(), all.values.sorted());
            prop_assert!(again.faults.is_empty());
        }

        #[test]
        fn hostile_bytes_are_refused_not_obeyed(bytes: Vec<u8>) {
            let _read = Exceptions::parse(&bytes);
        }

        #[test]
        fn a_reason_is_one_line(text in "\\PC*[\n\r\u{85}\u{2028}\t]\\PC*") {
            prop_assert_eq!(one_line(&text).lines().count() <= 1, true);
        }
    }
}

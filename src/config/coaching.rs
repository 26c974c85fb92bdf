//! An organisation's own words: the tables `coaching`, by rule, service, path or severity.
//!
//! ```toml
//! [[coaching]]
//! service = "AWS"
//! say = "we have no IAM users: ask for a role"
//! contact = "#cloud-security"
//! link = "https://wiki.acme.example/aws"
//! vault = "put it into Vault under secret/TEAM, see the page above"
//! ```

use super::layers::Layer;
use crate::catalogue::{Coaching, Rule, Severity};
use crate::error::Error;
use crate::text::Escaped;
use globset::{Glob, GlobMatcher};
use serde::Deserialize;
use std::path::Path;

/// All tables, in their order.
#[derive(Debug, Default)]
pub struct Coachings(Vec<Table>);

#[derive(Debug)]
struct Table {
    rule: Option<GlobMatcher>,
    service: Option<String>,
    path: Option<GlobMatcher>,
    severity: Option<Severity>,
    words: Words,
}

#[derive(Debug, Default, Clone, Copy)]
struct Words {
    say: Option<&'static str>,
    contact: Option<&'static str>,
    link: Option<&'static str>,
    vault: Option<&'static str>,
    revoke: Option<&'static str>,
    rotate: Option<&'static str>,
    abuse: Option<&'static str>,
    variable: Option<&'static str>,
    next_time: Option<&'static str>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Written {
    rule: Option<String>,
    service: Option<String>,
    path: Option<String>,
    severity: Option<Severity>,
    say: Option<String>,
    contact: Option<String>,
    link: Option<String>,
    vault: Option<String>,
    revoke: Option<String>,
    rotate: Option<String>,
    abuse: Option<String>,
    variable: Option<String>,
    next_time: Option<String>,
}

fn table(written: Written) -> Result<Table, String> {
    let glob = |key: &str, pattern: Option<String>| {
        let matcher = |pattern: String| Glob::new(&pattern).map(|glob| glob.compile_matcher());
        let wrong = |error: globset::Error| format!("the pattern at `{key}`: {}", error.kind());
        pattern.map(matcher).transpose().map_err(wrong)
    };
    let words = Words {
        say: kept(written.say),
        contact: kept(written.contact),
        link: kept(written.link),
        vault: kept(written.vault),
        revoke: kept(written.revoke),
        rotate: kept(written.rotate),
        abuse: kept(written.abuse),
        variable: kept(written.variable),
        next_time: kept(written.next_time),
    };
    if words.count() == 0 {
        return Err("a table `coaching` says nothing: give it `say`, `contact` or another".into());
    }
    if words.link.is_some_and(|link| !link.starts_with("https://") && !link.starts_with("http://"))
    {
        return Err("`link` is an address that begins with https://".to_owned());
    }
    let variable =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if words.variable.is_some_and(|name| !variable(name)) {
        return Err("`variable` is a name of letters, digits and underscores".to_owned());
    }
    Ok(Table {
        rule: glob("rule", written.rule)?,
        service: written.service.map(|service| service.to_lowercase()),
        path: glob("path", written.path)?,
        severity: written.severity,
        words,
    })
}

/// Words fit for a terminal, kept for the life of the process, as rules are.
fn kept(words: Option<String>) -> Option<&'static str> {
    let words = words.map(|words| Escaped(words.trim().as_bytes()).to_string());
    words.filter(|words| !words.is_empty()).map(|words| &*words.leak())
}

impl Words {
    fn count(&self) -> usize {
        let Self { say, contact, link, vault, revoke, rotate, abuse, variable, next_time } = *self;
        let all = [say, contact, link, vault, revoke, rotate, abuse, variable, next_time];
        all.iter().flatten().count()
    }

    /// These, and where they say nothing `before`.
    fn over(self, before: Self) -> Self {
        Self {
            say: self.say.or(before.say),
            contact: self.contact.or(before.contact),
            link: self.link.or(before.link),
            vault: self.vault.or(before.vault),
            revoke: self.revoke.or(before.revoke),
            rotate: self.rotate.or(before.rotate),
            abuse: self.abuse.or(before.abuse),
            variable: self.variable.or(before.variable),
            next_time: self.next_time.or(before.next_time),
        }
    }
}

impl Table {
    fn fits(&self, rule: &Rule, path: &Path) -> bool {
        self.rule.as_ref().is_none_or(|glob| glob.is_match(rule.id))
            && self.service.as_ref().is_none_or(|name| *name == rule.service.to_lowercase())
            && self.path.as_ref().is_none_or(|glob| glob.is_match(path))
            && self.severity.is_none_or(|least| rule.severity >= least)
    }
}

impl Coachings {
    /// Whom the organisation names for `rule` in `path`.
    pub fn contact(&self, rule: &Rule, path: &Path) -> Option<&'static str> {
        self.0
            .iter()
            .rev()
            .filter(|table| table.fits(rule, path))
            .find_map(|table| table.words.contact)
    }

    /// Adds the tables of a layer that is nearer than those before.
    pub(super) fn add(&mut self, layer: &Layer) -> Result<(), Error> {
        for written in &layer.written.coaching {
            let table = table(written.get_ref().clone());
            self.0.push(table.map_err(|what| layer.wrong(written.span().start, &what))?);
        }
        Ok(())
    }

    /// What is told of `rule` in the file at `path`: the rule's words with the organisation's
    /// in their place, and what the organisation adds. Later tables win.
    pub fn of(&self, rule: &Rule, path: &Path) -> (Coaching, Option<String>) {
        let coaching = rule.coaching();
        let fitting = self.0.iter().filter(|table| table.fits(rule, path));
        let words = fitting.fold(Words::default(), |before, table| table.words.over(before));
        let revoke_cli = if words.revoke.is_some() { "" } else { coaching.revoke_cli };
        let coaching = Coaching {
            vault: words.vault.unwrap_or(coaching.vault),
            revoke_console: words.revoke.unwrap_or(coaching.revoke_console),
            revoke_cli,
            rotate: words.rotate.unwrap_or(coaching.rotate),
            abuse: words.abuse.unwrap_or(coaching.abuse),
            variable: words.variable.unwrap_or(coaching.variable),
            next_time: words.next_time.unwrap_or(coaching.next_time),
            ..coaching
        };
        let contact = words.contact.map(|contact| format!("ask {contact}"));
        let link = words.link.map(|link| format!("see {link}"));
        let own: Vec<String> =
            words.say.map(str::to_owned).into_iter().chain(contact).chain(link).collect();
        (coaching, (!own.is_empty()).then(|| own.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;
    use crate::config::Config;
    use std::path::Path;

    fn read(text: &str) -> Result<Config, String> {
        Config::read(text, Path::new(".leakcoach.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn later_words_win_and_what_nobody_says_is_the_rules_own() {
        let config = read(
            "[[coaching]]\nseverity = \"high\"\ncontact = \"#security\"\nvault = \"general\"\n\
             [[coaching]]\nservice = \"github\"\npath = \"infra/**\"\nvault = \"Vault\"\n\
             [[coaching]]\nrule = \"aws-*\"\nsay = \"no\"\n",
        )
        .unwrap();
        let rule = Catalogue::builtin().rule("github-pat").unwrap();
        let at = |path: &str| config.coaching.of(rule, Path::new(path));

        assert_eq!(at("infra/a.tf").0.vault, "Vault");
        assert_eq!(at("a.py").0.vault, "general");
        assert_eq!(at("a.py").0.rotate, rule.coaching().rotate);
        assert_eq!(at("a.py").1.as_deref(), Some("ask #security"));
    }

    #[test]
    fn what_revokes_by_the_organisations_way_has_no_command_of_another() {
        let config = read("[[coaching]]\nrevoke = \"by a ticket\"\n").unwrap();
        let rule = Catalogue::builtin().rule("github-pat").unwrap();
        let (words, own) = config.coaching.of(rule, Path::new("a"));

        assert_eq!((words.revoke_console, words.revoke_cli, own), ("by a ticket", "", None));
    }

    #[test]
    fn a_table_that_is_wrong_is_named_with_its_line() {
        for (text, says) in [
            ("\n[[coaching]]\nrule = \"a\"\n", ":2: a table `coaching` says nothing"),
            ("[[coaching]]\nsay = \"a\"\npath = \"[\"\n", ":1: the pattern at `path`"),
            ("[[coaching]]\nlink = \"wiki\"\n", ":1: `link` is an address"),
            ("[[coaching]]\nvariable = \"A B\"\n", ":1: `variable` is a name"),
            ("[[coaching]]\nsya = \"a\"\n", ":2: unknown key `sya`"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn words_cannot_steer_a_terminal() {
        let config = read("[[coaching]]\nsay = \"a\\u001b[31mb\"\n").unwrap();
        let rule = Catalogue::builtin().rule("github-pat").unwrap();

        assert_eq!(config.coaching.of(rule, Path::new("a")).1.as_deref(), Some("a\\x1b[31mb"));
    }
}

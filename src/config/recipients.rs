//! Who may be given what of records: the tables `recipients` of the organisation's file and of the
//! user's own.

use super::Outside;
use super::layers::{Layer, Layers, Whose};
use crate::error::Error;
use crate::record::share::{self, Role};
use crate::text::Escaped;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::path::Path;

/// Somebody to whom a part of a record may be handed out.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// How they are called.
    pub name: String,
    /// What it is sealed for.
    pub key: share::Recipient,
    /// Whose events they are given.
    pub role: Role,
    /// The mail addresses of those whose events they are: their own, or their team's.
    pub of: Vec<String>,
    /// Until when they may be given any, in seconds since 1970: for outsiders.
    pub until: Option<i64>,
    /// Who approved that.
    pub approved_by: Option<String>,
}

/// Everybody who is configured.
#[derive(Debug, Clone, Default)]
pub struct Recipients {
    /// In the order of the files.
    pub all: Vec<Recipient>,
    /// Whether the organisation lets nobody else be given anything.
    pub only: bool,
}

#[derive(Debug, Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Written {
    name: String,
    key: String,
    role: Role,
    #[serde(default)]
    of: Vec<String>,
    until: Option<String>,
    approved_by: Option<String>,
}

fn recipient(written: Written) -> Result<Recipient, &'static str> {
    let Written { name, key, role, of, until, approved_by } = written;
    let key = share::Recipient::parse(key.trim()).ok_or("`key` is a key of age: age1…")?;
    let until = until.map(|until| {
        let day = until.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
        day.map(|day| day.timestamp().as_second())
    });
    let until = match until {
        Some(None) => return Err("`until` is a day such as \"2026-12-31\""),
        Some(until) => until,
        None => None,
    };
    match (role, of.len()) {
        (Role::Developer, 1) | (Role::Reviewer, 1..) | (Role::Auditor, 0) => {}
        (Role::Developer, _) => return Err("a developer is given events `of` one address"),
        (Role::Reviewer, _) => return Err("a reviewer needs `of`: the addresses of the team"),
        (Role::Auditor, _) => return Err("an auditor is given all: there is no `of`"),
    }
    if until.is_some() != approved_by.is_some() {
        return Err("an outsider has `until` and `approved-by`, everybody else neither");
    }
    if name.trim().is_empty() {
        return Err("`name` is empty");
    }
    Ok(Recipient { name, key, role, of, until, approved_by })
}

fn add(recipients: &mut Recipients, layer: &Layer) -> Result<(), Error> {
    for written in &layer.written.recipients {
        let at = written.span().start;
        if layer.whose() > Whose::User {
            // Else whoever sends a repository names themselves after somebody trusted.
            let what = "`recipients` counts only in the organisation's file and in your own";
            return Err(layer.wrong(at, what));
        }
        let new = recipient(written.get_ref().clone()).map_err(|what| layer.wrong(at, what))?;
        let same = |known: &Recipient| known.name == new.name || known.key == new.key;
        if recipients.all.iter().any(same) {
            let name = Escaped(new.name.as_bytes()).to_string();
            return Err(layer.wrong(at, &format!("`{name}` or that key is there already")));
        }
        recipients.all.push(new);
    }
    Ok(())
}

pub(super) fn of(layers: &mut Layers) -> Result<Recipients, Error> {
    let lock = layers.lock_of("recipients");
    let mut recipients = Recipients { all: Vec::new(), only: lock.is_some() };
    for layer in &layers.all {
        if lock.is_some() && layer.whose() != Whose::Organisation {
            continue;
        }
        add(&mut recipients, layer)?;
    }
    Ok(recipients)
}

/// What the layers say of recipients, and nothing else of them.
///
/// # Errors
/// A file cannot be read or is wrong.
pub fn read(outside: &Outside, top: Option<&Path>) -> Result<Recipients, Error> {
    of(&mut Layers::read(outside, top)?)
}

#[cfg(test)]
mod tests {
    use super::{Layer, Layers, Recipients, Whose, of};
    use crate::error::Error;
    use crate::record::share::{Identity, Role};
    use std::path::Path;

    fn read(whose: Whose, text: &str) -> Result<Recipients, Error> {
        let layer = Layer::read(whose, Path::new("config.toml"), text.to_owned())?;
        of(&mut Layers::only(layer))
    }

    fn table(rest: &str) -> String {
        let key = Identity::draw().unwrap().recipient();
        format!("[[recipients]]\nname = 'Ana'\nkey = '{key}'\n{rest}\n")
    }

    #[test]
    fn a_recipient_has_a_key_a_role_and_those_whose_events_they_see() {
        let text = table("role = 'reviewer'\nof = ['a@localhost', 'b@localhost']");
        let read = read(Whose::User, &text).unwrap();

        assert_eq!((read.all[0].role, read.all[0].of.len()), (Role::Reviewer, 2));
        assert!(!read.only);
    }

    #[test]
    fn what_makes_no_sense_is_an_error_with_its_line() {
        let wrong = |text: &str| read(Whose::User, text).unwrap_err().to_string();
        for (rest, words) in [
            ("role = 'reviewer'", "needs `of`"),
            ("role = 'developer'", "`of` one address"),
            ("role = 'auditor'\nof = ['a']", "there is no `of`"),
            ("role = 'auditor'\nuntil = '2026-12-31'", "an outsider has"),
            ("role = 'auditor'\nuntil = 'soon'\napproved-by = 'x'", "is a day"),
        ] {
            let told = wrong(&table(rest));
            assert!(told.starts_with("config.toml:1: ") && told.contains(words), "{told}");
        }
        let bad = "[[recipients]]\nname = 'Ana'\nkey = 'age1qqqq'\nrole = 'auditor'\n";
        assert!(wrong(bad).contains("a key of age"));
        let twice = [table("role = 'auditor'"), table("role = 'auditor'")].concat();
        assert!(wrong(&twice).contains("there already"));
    }

    #[test]
    fn a_repository_names_nobody() {
        let told = read(Whose::Repository, &table("role = 'auditor'")).unwrap_err().to_string();
        assert!(told.contains("counts only in the organisation's file"), "{told}");
    }

    #[test]
    fn a_lock_leaves_the_organisations_alone() {
        let organisation = format!("lock = ['recipients']\n{}", table("role = 'auditor'"));
        let all = [(Whose::Organisation, organisation), (Whose::User, table("role = 'auditor'"))];
        let mut layers = Layers::default();
        for (whose, text) in all {
            layers.all.push(Layer::read(whose, Path::new("config.toml"), text).unwrap());
        }

        let read = of(&mut layers).unwrap();

        assert!(read.only && read.all.len() == 1);
    }
}

//! Every key, once: for "did you mean", for the environment, for `leakcoach config` and
//! for the test that holds `docs/configuration.md` to it.

/// How what several layers say of one key comes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joins {
    /// The nearest layer's word counts.
    Nearest,
    /// All layers' entries count.
    All,
    /// It counts in one file only, and is no part of the layers.
    Alone,
    /// No repository may say it.
    Outside,
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// `rules.disable`; of a table that may be there several times, with `[]`.
    pub name: &'static str,
    /// How layers come together.
    pub joins: Joins,
    /// What holds where nothing is said; empty for nothing at all.
    pub default: &'static str,
    /// The variable of the environment that says it.
    pub variable: Option<&'static str>,
}

const fn nearest(name: &'static str, default: &'static str, variable: Option<&'static str>) -> Key {
    Key { name, joins: Joins::Nearest, default, variable }
}

const fn all(name: &'static str) -> Key {
    Key { name, joins: Joins::All, default: "", variable: None }
}

const fn alone(name: &'static str, default: &'static str) -> Key {
    Key { name, joins: Joins::Alone, default, variable: None }
}

const fn outside(name: &'static str, default: &'static str) -> Key {
    Key { name, joins: Joins::Outside, default, variable: None }
}

/// Every key, in the order in which they are shown.
pub const KEYS: &[Key] = &[
    alone("lock", ""),
    nearest("preset", "balanced", Some("LEAKCOACH_PRESET")),
    all("policy[].rule"),
    all("policy[].service"),
    all("policy[].kind"),
    all("policy[].severity"),
    all("policy[].confidence"),
    all("policy[].exposure"),
    all("policy[].path"),
    all("policy[].file-role"),
    all("policy[].actor"),
    all("policy[].branch"),
    all("policy[].remote"),
    all("policy[].transaction"),
    all("policy[].role"),
    all("policy[].device"),
    all("policy[].data"),
    all("policy[].verdict"),
    nearest("verdicts.proven", "block", Some("LEAKCOACH_VERDICTS_PROVEN")),
    nearest("verdicts.likely", "block", Some("LEAKCOACH_VERDICTS_LIKELY")),
    nearest("verdicts.possible", "guide", Some("LEAKCOACH_VERDICTS_POSSIBLE")),
    nearest("slow.seconds", "5", Some("LEAKCOACH_SLOW_SECONDS")),
    nearest("slow.fallback", "block", Some("LEAKCOACH_SLOW_FALLBACK")),
    nearest("profile.role", "", Some("LEAKCOACH_ROLE")),
    nearest("profile.device", "", Some("LEAKCOACH_DEVICE")),
    nearest("profile.data", "", Some("LEAKCOACH_DATA")),
    nearest("profile.transaction", "", Some("LEAKCOACH_TRANSACTION")),
    all("rules.disable"),
    nearest("rules.only", "", None),
    all("rules.files"),
    all("paths.ignore"),
    all("remotes.public"),
    all("remotes.private"),
    nearest("vault.store", "", None),
    nearest("vault.path", "", None),
    nearest("vault.mount", "", None),
    nearest("vault.project", "", None),
    nearest("vault.config", "", None),
    nearest("vault.environment", "", None),
    nearest("vault.vault", "", None),
    nearest("vault.namespace", "", None),
    nearest("vault.file", "", None),
    nearest("vault.group", "", None),
    nearest("vault.organization", "", None),
    nearest("verify.base", "", None),
    nearest("verify.ca", "", None),
    nearest("agents.fail", "closed", None),
    all("agents.confirm"),
    all("agents.allow[].agent"),
    all("agents.allow[].scope"),
    all("agents.allow[].path"),
    all("agents.allow[].task"),
    all("agents.allow[].until"),
    all("coaching[].rule"),
    all("coaching[].service"),
    all("coaching[].path"),
    all("coaching[].severity"),
    all("coaching[].say"),
    all("coaching[].contact"),
    all("coaching[].link"),
    all("coaching[].vault"),
    all("coaching[].revoke"),
    all("coaching[].rotate"),
    all("coaching[].abuse"),
    all("coaching[].variable"),
    all("coaching[].next-time"),
    nearest("record.enabled", "true", Some("LEAKCOACH_RECORD")),
    nearest("record.keep", "365d", None),
    nearest("exceptions.default", "30d", None),
    nearest("exceptions.max", "365d", None),
    nearest("exceptions.who", "person", None),
    nearest("exceptions.override", "true", None),
    nearest("exceptions.approvers", "", None),
    nearest("exceptions.approve-from", "info", None),
    nearest("exceptions.signers", ".leakcoach/signers", None),
    nearest("gate.targets", "", None),
    nearest("gate.signers", "", None),
    nearest("gate.approvers", "", None),
    nearest("gate.four-eyes", "true", None),
    nearest("gate.at-most", "8h", None),
    all("recipients[].name"),
    all("recipients[].key"),
    all("recipients[].role"),
    all("recipients[].of"),
    all("recipients[].until"),
    all("recipients[].approved-by"),
    outside("sinks[].name", ""),
    outside("sinks[].to", ""),
    outside("sinks[].address", ""),
    outside("sinks[].variable", ""),
    outside("sinks[].command", ""),
    outside("sinks[].header", "Authorization"),
    outside("sinks[].format", "plain"),
    outside("sinks[].events", ""),
    outside("sinks[].severity", "info"),
    outside("sinks[].class", "confidential"),
    outside("sinks[].names", "false"),
    outside("sinks[].since", ""),
    outside("sinks[].ca", ""),
    outside("sinks[].facility", "authpriv"),
    outside("sinks[].element", ""),
    outside("send.after-hooks", "false"),
    outside("ai.command", ""),
    outside("ai.time-limit", "30s"),
    alone("server.time-limit", "30s"),
    alone("server.at-time-limit", "closed"),
    alone("server.override", "false"),
    alone("server.markers", "false"),
];

impl Key {
    /// The tables and keys of its name, the last of which is its own.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        self.name.split('.').map(|part| part.trim_end_matches("[]"))
    }
}

/// The known name that is nearest to `wanted`, of a key or of a table of keys.
pub(super) fn nearest_name(wanted: &str) -> Option<&'static str> {
    KEYS.iter()
        .flat_map(Key::parts)
        .map(|known| (strsim::damerau_levenshtein(known, wanted), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| known)
}

/// Whether `name` is a key, or a table of keys, that layers have.
pub(super) fn can_be_locked(name: &str) -> bool {
    KEYS.iter().any(|key| key.joins != Joins::Alone && is_under(key.name, name))
}

/// Whether `key` is `name`, or in the table `name`.
pub(super) fn is_under(key: &str, name: &str) -> bool {
    key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The key or table nearest to `wanted` that can be locked.
pub(super) fn nearest_lock(wanted: &str) -> Option<&'static str> {
    let tables = KEYS.iter().filter_map(|key| key.name.split(['.', '[']).next());
    KEYS.iter()
        .map(|key| key.name)
        .chain(tables)
        .filter(|name| can_be_locked(name) && !name.contains('['))
        .map(|known| (strsim::damerau_levenshtein(known, wanted), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::{Joins, KEYS};
    use crate::config::Config;
    use std::collections::BTreeSet;
    use std::path::Path;

    const DOCUMENT: &str = include_str!("../../docs/configuration.md");

    /// What the parser expects beside an unknown key in `text`.
    fn expected(text: &str) -> BTreeSet<String> {
        let error = toml::from_str::<crate::config::written::Written>(text).unwrap_err();
        let (_, expected) = error.message().split_once("expected ").unwrap();
        expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_key_that_is_read_is_listed_and_the_reverse() {
        let under = |table: &str| -> BTreeSet<String> {
            let names = KEYS.iter().filter_map(|key| key.name.strip_prefix(table));
            names.map(|rest| rest.split(['.', '[']).next().unwrap().to_owned()).collect()
        };
        assert_eq!(expected("zzz = 1"), under(""));
        let tables = KEYS.iter().filter_map(|key| key.name.split_once('.')).map(|(table, _)| table);
        for table in tables.collect::<BTreeSet<_>>() {
            let header = match table.strip_suffix("[]") {
                Some(name) => format!("[[{name}]]"),
                None => format!("[{table}]"),
            };
            let text = format!("{header}\nzzz = 1");
            assert_eq!(expected(&text), under(&format!("{table}.")), "{table}");
        }
    }

    #[test]
    fn every_key_stands_in_the_document_with_its_default_and_the_reverse() {
        let rows: Vec<Vec<&str>> = DOCUMENT
            .lines()
            .filter(|line| line.starts_with("| `") && line.matches('|').count() >= 6)
            .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
            .collect();
        let documented: Vec<&str> = rows.iter().map(|row| row[1]).collect();
        let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        assert_eq!(documented, known);
        for (row, key) in rows.iter().zip(KEYS) {
            assert_eq!(row[2], key.default, "{}", key.name);
            assert_eq!(row[5], key.variable.unwrap_or_default(), "{}", key.name);
            assert!(!row[3].is_empty() && !row[4].is_empty(), "{}", key.name);
        }
    }

    #[test]
    fn every_example_of_the_document_is_right() {
        for key in KEYS {
            let row = DOCUMENT.lines().find(|line| line.starts_with(&format!("| `{}`", key.name)));
            let value = row.unwrap().split('|').nth(4).unwrap().trim().trim_matches('`');
            let text = match key.name.split_once("[].") {
                Some((table, "verdict" | "say")) => format!(
                    "[[{table}]]\n{key} = {value}",
                    key = key.name.rsplit('.').next().unwrap()
                ),
                Some(("agents.allow", "scope")) => format!("[[agents.allow]]\nscope = {value}"),
                Some(("agents.allow", name)) => {
                    format!("[[agents.allow]]\nscope = 'a'\n{name} = {value}")
                }
                Some(("recipients", name)) => {
                    // The others have to be there, with it and with each other.
                    let until = "until = '2026-12-31'\napproved-by = 'Eva'\n";
                    let all = [
                        ("name", "name = 'Ana'\n"),
                        ("key", "key = 'age1'\n"),
                        ("role", "role = 'reviewer'\n"),
                        ("of", "of = ['a@localhost']\n"),
                    ];
                    let rest: String = all
                        .iter()
                        .filter(|(known, _)| *known != name)
                        .map(|(_, row)| *row)
                        .collect();
                    let rest = if matches!(name, "until" | "approved-by") {
                        let other = if name == "until" { "approved-by" } else { "until" };
                        let row = until.lines().find(|row| row.starts_with(other)).unwrap();
                        format!("{rest}{row}\n")
                    } else {
                        rest
                    };
                    format!("[[recipients]]\n{rest}{name} = {value}")
                }
                Some(("sinks", name)) => format!("[[sinks]]\n{name} = {value}"),
                Some(("coaching", name)) => format!("[[coaching]]\nsay = 'a'\n{name} = {value}"),
                Some((table, name)) => format!("[[{table}]]\nverdict = 'block'\n{name} = {value}"),
                None => format!("{} = {value}", key.name),
            };
            // These are for other files than the repository's, and name files.
            let elsewhere = matches!(key.joins, Joins::Alone | Joins::Outside)
                || key.name == "rules.files"
                || key.name.starts_with("recipients");
            if elsewhere {
                toml::from_str::<crate::config::written::Written>(&text).unwrap();
            } else if let Err(error) = Config::read(&text, Path::new("a.toml")) {
                panic!("{}: {error}", key.name);
            }
        }
        for block in DOCUMENT.split("```toml").skip(1) {
            let text = block.split("```").next().unwrap();
            toml::from_str::<crate::config::written::Written>(text).unwrap();
        }
    }
}

//! Configuration: `.leakcoach.toml` at the top of the repository.

mod rule_files;
pub mod server;

use crate::catalogue::lint::unquoted;
use crate::catalogue::{Catalogue, UserRules};
use crate::error::Error;
use crate::judge::{Policy, Verdict};
use crate::source::host_and_path;
use globset::{Glob, GlobSet, GlobSetBuilder};
use rule_files::RuleFiles;
use serde::Deserialize;
use server::Server;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// The name of the repository's file.
pub const FILE: &str = ".leakcoach.toml";

/// Every key, for "did you mean".
const KEYS: &[&str] = &[
    "rules",
    "disable",
    "only",
    "files",
    "paths",
    "ignore",
    "verdicts",
    "proven",
    "likely",
    "possible",
    "remotes",
    "public",
    "private",
    "server",
    "time-limit",
    "at-time-limit",
    "override",
    "markers",
];

/// What the configuration says.
#[derive(Debug, Default)]
pub struct Config {
    /// Rule ids that take no part.
    pub disable: Vec<String>,
    /// The only rule ids that take part; all when empty.
    pub only: Vec<String>,
    /// Rules of users, from `rules.files` and the command line.
    pub users: Arc<UserRules>,
    /// Paths that are not checked.
    pub ignore: GlobSet,
    /// Verdicts by confidence.
    pub policy: Policy,
    /// How pushes are answered, on a server.
    pub server: Server,
    remotes: Remotes,
}

/// Patterns for the addresses of remotes.
#[derive(Debug, Default)]
struct Remotes {
    public: GlobSet,
    private: GlobSet,
}

/// Who can read a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those who are let in.
    Private,
    /// The configuration does not say.
    Unknown,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Written {
    rules: Rules,
    paths: Paths,
    verdicts: Verdicts,
    remotes: WrittenRemotes,
    server: Option<Spanned<server::Written>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenRemotes {
    public: Vec<String>,
    private: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Rules {
    disable: Vec<String>,
    only: Vec<String>,
    files: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Paths {
    ignore: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Verdicts {
    proven: Option<Verdict>,
    likely: Option<Verdict>,
    possible: Option<Verdict>,
}

impl Config {
    /// Reads `.leakcoach.toml` in `top`; the defaults when there is none.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, has an unknown key or a bad pattern, names a
    /// rule file that is wrong, or leaves no rule active.
    pub fn load(top: &Path) -> Result<Self, Error> {
        Self::load_with(Some(top), &[])
    }

    /// Reads `.leakcoach.toml` in `top`, if there is either, and the rule files `given`.
    ///
    /// # Errors
    /// As [`Self::load`], and when one of these rule files is wrong.
    pub fn load_with(top: Option<&Path>, given: &[PathBuf]) -> Result<Self, Error> {
        let path = top.unwrap_or(Path::new("")).join(FILE);
        let text = match top.map(|_| std::fs::read_to_string(&path)) {
            Some(Ok(text)) => text,
            None => String::new(),
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Some(Err(source)) => return Err(Error::File { deed: "read", path, source }),
        };
        if text.is_empty() && given.is_empty() {
            return Ok(Self::default());
        }
        Self::read_with(&text, &path, top, given)
    }

    /// Reads the text of a configuration file called `path`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read(text: &str, path: &Path) -> Result<Self, Error> {
        Self::read_with(text, path, path.parent(), &[])
    }

    fn read_with(
        text: &str,
        path: &Path,
        top: Option<&Path>,
        given: &[PathBuf],
    ) -> Result<Self, Error> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            let message = error.message();
            let unknown = message.strip_prefix("unknown field `").and_then(|m| m.split('`').next());
            match unknown {
                Some(key) => Error::UnknownKey {
                    path: path.to_owned(),
                    line,
                    key: shown(key, nearest(key).is_some()),
                    nearest: nearest(key),
                },
                None => Error::Config { path: path.to_owned(), line, what: unquoted(message) },
            }
        })?;
        let mut files = RuleFiles::new(top);
        for name in &written.rules.files {
            files.named(path, line_at(text, name.span().start), name.get_ref())?;
        }
        for file in given {
            files.given(file)?;
        }
        let users = files.finish()?;
        let known = Catalogue::builtin();
        for id in written.rules.disable.iter().chain(&written.rules.only) {
            if known.rule(id).is_none() && users.rule(id).is_none() {
                let nearest = known.nearest(id).map(str::to_owned);
                return Err(Error::UnknownId { id: shown(id, nearest.is_some()), nearest });
            }
        }
        let ignore = globs(&written.paths.ignore, "paths.ignore", path)?;
        let remotes = Remotes {
            public: globs(&written.remotes.public, "remotes.public", path)?,
            private: globs(&written.remotes.private, "remotes.private", path)?,
        };
        let policy = Policy::default();
        let config = Self {
            disable: written.rules.disable,
            only: written.rules.only,
            users: Arc::new(users),
            ignore,
            remotes,
            server: server::read(written.server, path, text)?,
            policy: Policy {
                proven: written.verdicts.proven.unwrap_or(policy.proven),
                likely: written.verdicts.likely.unwrap_or(policy.likely),
                possible: written.verdicts.possible.unwrap_or(policy.possible),
            },
        };
        if !known.rules().any(|rule| config.keeps(rule.id))
            && !config.users.iter().any(|user| config.keeps(user.rule.id))
        {
            return Err(Error::NoRules { path: path.to_owned() });
        }
        Ok(config)
    }

    /// Who can read the remote at `url`. What is listed as private is so whatever public
    /// patterns cover it too.
    pub fn visibility(&self, url: &[u8]) -> Visibility {
        let place = host_and_path(url).to_string();
        if self.remotes.private.is_match(&place) {
            Visibility::Private
        } else if self.remotes.public.is_match(&place) {
            Visibility::Public
        } else {
            Visibility::Unknown
        }
    }

    /// Whether the rule called `id` takes part.
    pub fn keeps(&self, id: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|only| only == id))
            && !self.disable.iter().any(|disabled| disabled == id)
    }

    /// Whether every rule takes part.
    pub fn keeps_all(&self) -> bool {
        self.only.is_empty() && self.disable.is_empty()
    }
}

/// The patterns that stand at `key` of the file at `path`.
fn globs(patterns: &[String], key: &str, path: &Path) -> Result<GlobSet, Error> {
    let wrong = |what| Error::Config { path: path.to_owned(), line: 1, what };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern);
        set.add(glob.map_err(|error| wrong(format!("a pattern in `{key}`: {}", error.kind())))?);
    }
    set.build().map_err(|error| wrong(error.to_string()))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// A name that nothing known is like: shown while it is short, for the same reason.
fn shown(name: &str, known: bool) -> String {
    if known || name.len() <= 24 { name.to_owned() } else { "…".to_owned() }
}

fn nearest(key: &str) -> Option<&'static str> {
    KEYS.iter()
        .map(|known| (strsim::damerau_levenshtein(known, key), *known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::{Config, Visibility};
    use crate::catalogue::Catalogue;
    use std::path::Path;

    fn refused(text: &str) -> String {
        let error = Config::read(text, Path::new(".leakcoach.toml")).unwrap_err();
        format!("{error} / {}", error.hint().unwrap_or_default())
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
        assert_eq!(
            refused("[rules]\ndisabel = []\n"),
            ".leakcoach.toml:2: unknown key `disabel` / did you mean `disable`?"
        );
    }

    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        let token = crate::catalogue::sample::expand("ghp_{base62:36}", 1).unwrap();
        for (text, says) in [
            (
                format!("[verdicts]\nproven = \"{token}\""),
                ":2: unknown variant, expected one of `permit`",
            ),
            (
                format!("[rules]\ndisable = \"{token}\""),
                ":2: invalid type: string, expected a sequence",
            ),
            (format!("[rules]\n{token} = 1"), ":2: unknown key `…`"),
            (format!("[rules]\nonly = ['{token}']"), "no rule or finding is called `…`"),
            (format!("[rules]\n{token}"), ":2: key with no value, expected `=`"),
        ] {
            let said = refused(&text);
            assert!(said.contains(says) && !said.contains(&token), "{}", said.replace(&token, ""));
        }
    }

    #[test]
    fn a_configuration_that_leaves_no_rule_is_an_error() {
        let all: Vec<&str> = Catalogue::builtin().rules().map(|rule| rule.id).collect();

        assert!(refused(&format!("[rules]\ndisable = {all:?}")).contains("no rule active"));
    }

    #[test]
    fn a_remote_is_as_public_as_its_patterns_say() {
        let text =
            "[remotes]\npublic = [\"host.example/*\"]\nprivate = [\"host.example/acme/*\"]\n";
        let config = Config::read(text, Path::new(".leakcoach.toml")).unwrap();

        for (url, visibility) in [
            ("https://host.example/any/app.git", Visibility::Public),
            ("git@host.example:any/app.git", Visibility::Public),
            ("git@host.example:acme/app.git", Visibility::Private),
            ("https://other.example/any/app.git", Visibility::Unknown),
            ("../somewhere", Visibility::Unknown),
        ] {
            assert_eq!(config.visibility(url.as_bytes()), visibility, "{url}");
        }
    }

    #[test]
    fn what_is_no_toml_is_an_error_with_its_line() {
        assert!(refused("[rules]\n\nx x").starts_with(".leakcoach.toml:3: "));
    }
}

//! Configuration: the organisation's file, the user's, the repository's `.leakcoach.toml`,
//! the environment and the command line, joined key by key.

pub(crate) mod agents;
pub(crate) mod ai;
pub mod cases;
pub mod coaching;
pub mod exceptions;
pub mod gate;
pub mod keys;
mod layers;
mod lines;
mod locks;
mod policy;
pub mod propose;
pub mod recipients;
pub mod record;
mod rule_files;
pub(crate) mod send;
pub mod server;
pub(crate) mod vault;
pub mod verify;
mod view;
mod written;

pub use crate::judge::policy::Visibility;
pub use layers::{Layers, Origin, Outside, Refused, Whose};
pub use view::{Said, view};

use crate::catalogue::{Catalogue, UserRules};
use crate::error::Error;
use crate::judge::Policy;
use crate::judge::policy::{Profile, Transaction};
use crate::source::host_and_path;
use coaching::Coachings;
use globset::{Glob, GlobSet, GlobSetBuilder};
use layers::{Layer, More};
use rule_files::RuleFiles;
use server::Server;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use verify::Verify;

/// The name of the repository's file.
pub const FILE: &str = ".leakcoach.toml";

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
    /// What is done about a finding.
    pub policy: Policy,
    /// Who works where.
    pub profile: Profile,
    /// What is about to happen, where somebody says so.
    pub transaction: Option<Transaction>,
    /// How pushes are answered, on a server.
    pub server: Server,
    /// What locks did not let count.
    pub refused: Vec<Refused>,
    /// The organisation's own words.
    pub coaching: Coachings,
    /// Who may let findings through, and for how long.
    pub exceptions: exceptions::Settings,
    /// Where values go.
    pub(crate) vault: vault::Vault,
    /// What agents may use.
    pub(crate) agents: agents::Agents,
    /// Where services are asked about credentials.
    pub verify: Verify,
    remotes: Remotes,
}

/// Patterns for the addresses of remotes.
#[derive(Debug, Default)]
struct Remotes {
    public: GlobSet,
    private: GlobSet,
}

impl Config {
    /// Reads `.leakcoach.toml` in `top` and nothing else; the defaults when there is none.
    ///
    /// # Errors
    /// The file cannot be read, is no TOML, has an unknown key or a bad pattern, names a
    /// rule file that is wrong, or leaves no rule active.
    pub fn load(top: &Path) -> Result<Self, Error> {
        Self::load_with(&Outside::default(), Some(top), &[])
    }

    /// Reads what is configured `outside`, `.leakcoach.toml` in `top`, if there is either,
    /// and the rule files `given`.
    ///
    /// # Errors
    /// As [`Self::load`], for each of the files.
    pub fn load_with(
        outside: &Outside,
        top: Option<&Path>,
        given: &[PathBuf],
    ) -> Result<Self, Error> {
        Self::of(Layers::read(outside, top)?, top, given)
    }

    /// Reads the text of a configuration file called `path`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read(text: &str, path: &Path) -> Result<Self, Error> {
        let layer = Layer::read(Whose::Repository, path, text.to_owned())?;
        Self::of(Layers::only(layer), path.parent(), &[])
    }

    /// Joins the layers. Rule files that they name stand under `top`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn of(mut layers: Layers, top: Option<&Path>, given: &[PathBuf]) -> Result<Self, Error> {
        if layers.is_empty() && given.is_empty() {
            return Ok(Self::default());
        }
        let users = rule_files(&mut layers, top, given)?;
        let disable = joined(&mut layers, "rules.disable", More::Loosens, |w| &w.rules.disable);
        let only = layers.one(
            "rules.only",
            None,
            |written| &written.rules.only,
            |new, floor| match floor {
                None => true,
                Some(floor) => {
                    let has = |id: &str| new.iter().any(|other| other.get_ref() == id);
                    !floor.iter().all(|id| has(id.get_ref()))
                }
            },
        );
        let only: Vec<(String, Origin)> = only.map_or_else(Vec::new, |(ids, at)| {
            ids.into_iter().map(|id| (id.into_inner(), at.clone())).collect()
        });
        let known = Catalogue::builtin();
        for (id, _) in disable.iter().chain(&only) {
            if known.rule(id).is_none() && users.rule(id).is_none() {
                let nearest = known.nearest(id).map(str::to_owned);
                return Err(Error::UnknownId { id: shown(id, nearest.is_some()), nearest });
            }
        }
        let ignore = joined(&mut layers, "paths.ignore", More::Loosens, |w| &w.paths.ignore);
        let public = joined(&mut layers, "remotes.public", More::Tightens, |w| &w.remotes.public);
        let private = joined(&mut layers, "remotes.private", More::Loosens, |w| &w.remotes.private);
        let remotes = Remotes {
            public: globs(&public, "remotes.public")?,
            private: globs(&private, "remotes.private")?,
        };
        let policy = policy::policy(&mut layers, &users)?;
        locks::check(&layers, &policy)?;
        let (profile, transaction) = policy::profile(&mut layers);
        let mut answers = Server::default();
        for layer in &layers.all {
            if let Some(answered) = server::read(layer)? {
                answers = answered;
            }
        }
        let vault = vault::read(&mut layers)?;
        let agents = agents::read(&mut layers)?;
        let verify = verify::read(&mut layers);
        let exceptions = exceptions::of(&mut layers)?;
        // It is read where it is needed; what is wrong in it is told like all else.
        record::of(&mut layers)?;
        gate::of(&mut layers)?;
        recipients::of(&mut layers)?;
        send::of(&mut layers)?;
        ai::of(&mut layers)?;
        let mut coachings = Coachings::default();
        for layer in &layers.all {
            coachings.add(layer)?;
        }
        let config = Self {
            ignore: globs(&ignore, "paths.ignore")?,
            users: Arc::new(users),
            remotes,
            server: answers,
            policy,
            profile,
            transaction,
            refused: std::mem::take(&mut layers.refused),
            disable: disable.into_iter().map(|(id, _)| id).collect(),
            only: only.into_iter().map(|(id, _)| id).collect(),
            coaching: coachings,
            exceptions,
            vault,
            agents,
            verify,
        };
        if !known.rules().any(|rule| config.keeps(rule.id))
            && !config.users.iter().any(|user| config.keeps(user.rule.id))
        {
            let last = layers.all.last().map(|layer| layer.path().to_owned());
            return Err(Error::NoRules { path: last.unwrap_or_default() });
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

/// The rule files that the layers name, and those `given` on the command line. Where they
/// are locked no more are read: a rule of a file may take the place of one of leakcoach's.
fn rule_files(
    layers: &mut Layers,
    top: Option<&Path>,
    given: &[PathBuf],
) -> Result<UserRules, Error> {
    const KEY: &str = "rules.files";
    let (names, mut refused) = layers.all(KEY, More::Loosens, |written| &written.rules.files);
    let mut files = RuleFiles::new(top);
    for (name, at) in names {
        // A repository's are kept inside of it, all others beside the file that names them.
        let beside = at.path.parent().unwrap_or(Path::new(""));
        let own = at.whose >= Whose::Repository;
        let folder = top.filter(|_| own).unwrap_or(if own { Path::new(".") } else { beside });
        files.named(&at.path, at.line.unwrap_or(1), folder, name)?;
    }
    let lock = layers.lock_of(KEY);
    for file in given {
        match &lock {
            None => files.given(file)?,
            Some(by) => {
                let path = PathBuf::from(format!("--rules {}", file.display()));
                let at = Origin { whose: Whose::Flags, path, line: None };
                refused.push(Refused { key: KEY, at, by: by.clone() });
            }
        }
    }
    layers.refused.extend(refused);
    files.finish()
}

/// The entries of all layers' lists at `key` that count.
fn joined(
    layers: &mut Layers,
    key: &'static str,
    more: More,
    get: fn(&written::Written) -> &[toml::Spanned<String>],
) -> Vec<(String, Origin)> {
    let (kept, refused) = layers.all(key, more, get);
    let kept = kept.into_iter().map(|(entry, at)| (entry.clone(), at)).collect();
    layers.refused.extend(refused);
    kept
}

/// The patterns of `key`, each from its place.
fn globs(patterns: &[(String, Origin)], key: &str) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for (pattern, at) in patterns {
        set.add(Glob::new(pattern).map_err(|error| {
            let what = format!("a pattern in `{key}`: {}", error.kind());
            match at.line {
                Some(line) => Error::Config { path: at.path.clone(), line, what },
                None => Error::Usage(format!("{at}: {what}")),
            }
        })?);
    }
    set.build().map_err(|error| Error::Usage(format!("the patterns of `{key}`: {}", error.kind())))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// A name that nothing known is like: shown while it is short, since it can be a
/// credential that stands in the wrong place.
fn shown(name: &str, known: bool) -> String {
    if known || name.len() <= 24 { name.to_owned() } else { "…".to_owned() }
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

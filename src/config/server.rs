//! How a server answers pushes: the table `server` of the file that its administrator keeps.

use super::Config;
use super::layers::{Layer, Whose};
use crate::error::Error;
use jiff::SignedDuration;
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

/// The name of that file, in the repository's git folder. No push can change it.
pub const FILE: &str = "leakcoach.toml";

/// How pushes are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// How long a check may take; the default of the place where nothing is said.
    pub time_limit: Option<Duration>,
    /// What is answered when the time is up and nothing was found so far.
    pub at_time_limit: Answer,
    /// Whether `git push -o leakcoach.reason=…` lets through what would be refused.
    pub override_by_reason: bool,
    /// Whether markers in what is pushed count.
    pub markers: bool,
}

impl Default for Server {
    fn default() -> Self {
        let (at_time_limit, time_limit) = (Answer::Closed, None);
        Self { time_limit, at_time_limit, override_by_reason: false, markers: false }
    }
}

/// What is answered when nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The push goes through.
    Open,
    /// It does not.
    Closed,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Written {
    time_limit: Option<Spanned<String>>,
    at_time_limit: Option<Answer>,
    r#override: bool,
    markers: bool,
}

/// A length of time such as `5s`, `500ms` or `1m 30s`, longer than none.
pub fn time_limit(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.parse().ok()?;
    Duration::try_from(duration).ok().filter(|duration| !duration.is_zero())
}

/// What a layer says of it.
pub(super) fn read(layer: &Layer) -> Result<Option<Server>, Error> {
    let Some(table) = &layer.written.server else { return Ok(None) };
    let pushed = layer.path().file_name().is_some_and(|name| name == super::FILE);
    if pushed || layer.whose() != Whose::Repository {
        let what = "the table `server` counts only in a server's own leakcoach.toml";
        return Err(layer.wrong(table.span().start, what));
    }
    let written = table.get_ref();
    let limit = written.time_limit.as_ref().map(|limit| {
        let what = "`time-limit` is a length of time such as \"5s\" or \"500ms\"";
        time_limit(limit.get_ref()).ok_or_else(|| layer.wrong(limit.span().start, what))
    });
    Ok(Some(Server {
        time_limit: limit.transpose()?,
        at_time_limit: written.at_time_limit.unwrap_or(Answer::Closed),
        override_by_reason: written.r#override,
        markers: written.markers,
    }))
}

impl Config {
    /// Reads the administrator's file in a repository's git folder; the defaults when there
    /// is none. Rule files that it names stand beside it.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_for_server(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        match Self::load_for_servers(&path) {
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            config => config,
        }
    }

    /// Reads an administrator's file for many repositories, which must be there.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_for_servers(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::File {
            deed: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::read(&text, path)
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, time_limit};
    use crate::config::Config;
    use proptest::prelude::*;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn a_server_is_strict_unless_its_file_says_otherwise() {
        let plain = Config::read("", Path::new("leakcoach.toml")).unwrap().server;
        assert_eq!((plain.at_time_limit, plain.time_limit), (Answer::Closed, None));
        assert!(!plain.override_by_reason && !plain.markers);

        let text = "[server]\ntime-limit = '1m 30s'\nat-time-limit = 'open'\noverride = true\n";
        let server = Config::read(text, Path::new("leakcoach.toml")).unwrap().server;
        assert_eq!(server.time_limit, Some(Duration::from_secs(90)));
        assert!(server.override_by_reason && server.at_time_limit == Answer::Open);
    }

    #[test]
    fn what_is_pushed_cannot_speak_for_the_server() {
        let text = "[rules]\n[server]\noverride = true\n";
        let error = Config::read(text, Path::new(".leakcoach.toml")).unwrap_err().to_string();
        assert!(error.starts_with(".leakcoach.toml:2: the table `server`"), "{error}");
    }

    #[test]
    fn a_time_limit_that_is_none_is_an_error_with_its_line() {
        for limit in ["5", "0s", "-1s", "soon", ""] {
            let text = format!("[server]\ntime-limit = '{limit}'\n");
            let error = Config::read(&text, Path::new("leakcoach.toml")).unwrap_err();
            assert!(error.to_string().starts_with("leakcoach.toml:2: `time-limit`"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_time_limit_panic(text: String) {
            let _limit = time_limit(&text);
        }
    }
}

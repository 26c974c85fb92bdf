//! `doctor --remotes`: who can read the remotes, asked of their hosts.

use crate::cli::teach::rules::Format;
use crate::cli::way_out::live;
use crate::cli::{env, open};
use crate::config::{self, Config, Visibility};
use crate::error::Error;
use crate::remedy::http;
use crate::remedy::verify::visibility::{self, Host};
use crate::source::host_and_path;
use crate::text::Escaped;
use crate::{exit, report};
use bstr::ByteSlice;
use std::io::Write;

/// What was learned of one remote.
struct Told {
    name: String,
    place: String,
    visibility: Visibility,
    why: String,
}

/// Asks the host of each remote, without a credential, and shows the answers; with
/// `write`, they go into the configuration. Gives 3 when one could not be told.
pub(in crate::cli) fn ask(format: Format, write: bool) -> Result<u8, Error> {
    let repo = open()?;
    let config = repo.top().map(Config::load).transpose()?.unwrap_or_default();
    let (client, _) = live::client(&config, repo.top())?;
    let mut told = Vec::new();
    for remote in repo.remotes()? {
        for url in &remote.urls {
            let place = host_and_path(url);
            let name = Escaped(&remote.name).to_string();
            let (visibility, why) = one(&client, &place);
            told.push(Told { name, place: Escaped(&place).to_string(), visibility, why });
        }
    }
    match format {
        Format::Json => {
            let all: Vec<serde_json::Value> = told.iter().map(as_json).collect();
            report::data(&serde_json::Value::from(all).to_string());
        }
        Format::Text => {
            for told in &told {
                let word = word(told.visibility);
                report::data(&format!("{word:<8}{} {}: {}", told.name, told.place, told.why));
            }
        }
    }
    if let Some(top) = repo.top().filter(|_| write) {
        keep(top, &told)?;
    }
    let unknown = told.iter().any(|told| told.visibility == Visibility::Unknown);
    Ok(if unknown { exit::INCOMPLETE } else { exit::PASSED })
}

fn one(client: &http::Client, place: &[u8]) -> (Visibility, String) {
    let unknown = |why: &str| (Visibility::Unknown, why.to_owned());
    let Some((name, path)) = place.to_str().ok().and_then(|place| place.split_once('/')) else {
        return unknown("it is at no host");
    };
    let Some(host) = visibility::host_of(name) else {
        return unknown("how to ask this host is not known");
    };
    let base = env::service_base(match host {
        Host::GitHub => "remotes-github",
        Host::GitLab => "remotes-gitlab",
        Host::Gitea => "remotes-gitea",
        Host::Bitbucket => "remotes-bitbucket",
    });
    let server = match base.as_deref().map(http::server).transpose() {
        Ok(server) => server,
        Err(why) => return unknown(why),
    };
    let request = visibility::question(host, name, path, server.as_deref());
    report::notice(&format!("asking without a credential: GET {}", *request.url));
    visibility::read(host, &client.send(&request))
}

const fn word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
        Visibility::Unknown => "unknown",
    }
}

fn as_json(told: &Told) -> serde_json::Value {
    serde_json::json!({
        "remote": told.name, "place": told.place, "visibility": word(told.visibility),
        "why": told.why,
    })
}

/// Writes the answers into the configuration in `top`, as a table of its own; says the
/// lines where such a table is there already.
fn keep(top: &std::path::Path, told: &[Told]) -> Result<(), Error> {
    let of = |visibility| -> Vec<&str> {
        let all = told.iter().filter(|told| told.visibility == visibility);
        let mut places: Vec<&str> = all.map(|told| told.place.as_str()).collect();
        places.sort_unstable();
        places.dedup();
        places
    };
    let lines = format!(
        "[remotes]\npublic = {}\nprivate = {}\n",
        serde_json::json!(of(Visibility::Public)),
        serde_json::json!(of(Visibility::Private))
    );
    let path = top.join(config::FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(Error::File { deed: "read", path, source }),
    };
    if text.lines().any(|line| line.trim_start().starts_with("[remotes]")) {
        report::notice("`[remotes]` is there already; it would say:");
        report::data(lines.trim_end());
        return Ok(());
    }
    let gap = if text.is_empty() || text.ends_with("\n\n") {
        ""
    } else if text.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let add = || {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all([gap, &lines].concat().as_bytes())
    };
    add().map_err(|source| Error::File { deed: "write", path: path.clone(), source })?;
    report::notice(&format!("written to {}", config::FILE));
    Ok(())
}

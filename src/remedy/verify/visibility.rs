//! Whether everybody can read a repository, asked of its host without any credential.
//!
//! - <https://docs.github.com/en/rest/repos/repos#get-a-repository>
//! - <https://docs.gitlab.com/api/projects/#get-a-single-project>
//! - <https://docs.gitea.com/api/> (`repoGet`), also Forgejo's
//! - <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/>

use crate::config::Visibility;
use crate::remedy::http::{Answer, Failure, Method, Request};
use serde_json::Value;
use zeroize::Zeroizing;

/// Whose API a host speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    GitHub,
    GitLab,
    Gitea,
    Bitbucket,
}

/// The one that `host` speaks, told by its name; nothing when the name does not say.
pub(crate) fn host_of(host: &str) -> Option<Host> {
    match host {
        "github.com" => Some(Host::GitHub),
        "bitbucket.org" => Some(Host::Bitbucket),
        "codeberg.org" | "gitea.com" => Some(Host::Gitea),
        _ => host.split('.').find_map(|part| match part {
            "gitlab" => Some(Host::GitLab),
            "gitea" | "forgejo" => Some(Host::Gitea),
            _ => None,
        }),
    }
}

/// The question about the repository at `path` of `name`; `server` is asked in its place
/// if there is one.
pub(crate) fn question(host: Host, name: &str, path: &str, server: Option<&str>) -> Request {
    let encoded = |slash: &str| {
        let parts: Vec<String> = path.split('/').map(percent).collect();
        parts.join(slash)
    };
    let own = format!("https://{name}");
    let server = |vendor: &str| server.unwrap_or(vendor).to_owned();
    let url = match host {
        Host::GitHub => format!("{}/repos/{}", server("https://api.github.com"), encoded("/")),
        Host::GitLab => format!("{}/api/v4/projects/{}", server(&own), encoded("%2F")),
        Host::Gitea => format!("{}/api/v1/repos/{}", server(&own), encoded("/")),
        Host::Bitbucket => {
            format!("{}/2.0/repositories/{}", server("https://api.bitbucket.org"), encoded("/"))
        }
    };
    let accept = Zeroizing::new("application/json".to_owned());
    Request {
        method: Method::Get,
        url: Zeroizing::new(url),
        headers: vec![("accept".to_owned(), accept)],
        body: None,
    }
}

/// What the host's answer says, and from what it is told.
pub(crate) fn read(host: Host, sent: &Result<Answer, Failure>) -> (Visibility, String) {
    let answer = match sent {
        Ok(answer) => answer,
        Err(failure) => return (Visibility::Unknown, failure.to_string()),
    };
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let public = match host {
        Host::GitHub | Host::Gitea => json.get("private").and_then(Value::as_bool).map(|is| !is),
        Host::Bitbucket => json.get("is_private").and_then(Value::as_bool).map(|is| !is),
        // Whoever asks without a login is only shown what is public; a server's own
        // setting may leave the word out.
        Host::GitLab => Some(
            json.get("visibility").and_then(Value::as_str).is_none_or(|word| word == "public")
                && json.get("id").is_some(),
        ),
    };
    match (answer.status, public) {
        (200, Some(true)) => (Visibility::Public, "everybody can read it".to_owned()),
        (200, Some(false)) => (Visibility::Private, "its host says so".to_owned()),
        (401 | 404, _) => {
            let why = "its host shows it to nobody without a login: private, or not there";
            (Visibility::Private, why.to_owned())
        }
        (status, _) => (Visibility::Unknown, format!("its host answered {status}")),
    }
}

fn percent(text: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if fits(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Host, host_of, question, read};
    use crate::config::Visibility;
    use crate::remedy::http::{Answer, Failure};
    use zeroize::Zeroizing;

    #[test]
    fn each_host_is_asked_in_its_own_way() {
        for (name, path, url) in [
            ("github.com", "acme/app", "https://api.github.com/repos/acme/app"),
            ("gitlab.com", "acme/sub/app", "https://gitlab.com/api/v4/projects/acme%2Fsub%2Fapp"),
            ("gitlab.acme.example", "a/b", "https://gitlab.acme.example/api/v4/projects/a%2Fb"),
            ("codeberg.org", "a/b c", "https://codeberg.org/api/v1/repos/a/b%20c"),
            ("bitbucket.org", "a/b", "https://api.bitbucket.org/2.0/repositories/a/b"),
        ] {
            let host = host_of(name).unwrap();
            assert_eq!(*question(host, name, path, None).url, url);
        }
        assert_eq!(host_of("git.acme.example"), None);
        let request = question(Host::GitHub, "github.com", "a/b", Some("http://127.0.0.1:1"));
        assert_eq!(*request.url, "http://127.0.0.1:1/repos/a/b");
    }

    #[test]
    fn an_answer_is_public_only_where_it_says_so() {
        for (host, status, body, expected) in [
            (Host::GitHub, 200, r#"{"private":false}"#, Visibility::Public),
            (Host::GitHub, 200, r#"{"private":true}"#, Visibility::Private),
            (Host::GitHub, 200, "<html>", Visibility::Unknown),
            (Host::GitHub, 404, "", Visibility::Private),
            (Host::GitHub, 429, "", Visibility::Unknown),
            (Host::GitHub, 301, r#"{"private":false}"#, Visibility::Unknown),
            (Host::GitLab, 200, r#"{"id":1,"visibility":"public"}"#, Visibility::Public),
            (Host::GitLab, 200, r#"{"id":1}"#, Visibility::Public),
            (Host::GitLab, 200, r#"{"id":1,"visibility":"internal"}"#, Visibility::Private),
            (Host::GitLab, 404, "", Visibility::Private),
            (Host::Gitea, 200, r#"{"private":false}"#, Visibility::Public),
            (Host::Bitbucket, 200, r#"{"is_private":true}"#, Visibility::Private),
        ] {
            let body = Zeroizing::new(body.as_bytes().to_vec());
            let sent = Ok(Answer { status, headers: Vec::new(), body });
            assert_eq!(read(host, &sent).0, expected, "{host:?} {status}");
        }
        assert_eq!(read(Host::GitHub, &Err(Failure::Late)).0, Visibility::Unknown);
    }
}

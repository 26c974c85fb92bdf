//! What a person approved for an agent: for a time, in one folder, sealed by a key beside it.
//!
//! The seal tells a line that `leakcoach approve` wrote from one that something else wrote. It
//! holds off nobody who runs as the same user and reads the key: the guard refuses that to
//! agents, and an operating system's sandbox is what makes it certain.

use super::Reason;
use super::agent::Agent;
use super::wild::{covers, ends};
use crate::error::Error;
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

const FILE: &str = "approvals";
const KEY: &str = "approvals.key";

/// The agent of an approval for all of them.
pub(crate) const ANY: &str = "any";

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// An agent's word, or [`ANY`].
    pub(crate) agent: String,
    /// `RULE`, or `RULE:PATTERN` for some files or commands alone.
    pub(crate) scope: String,
    /// The top of the repository, or the folder.
    pub(crate) folder: String,
    /// Seconds since 1970.
    pub(crate) until: i64,
    pub(crate) reason: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(flatten)]
    approval: Approval,
    seal: String,
}

impl Approval {
    fn seal(&self, key: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(b"leakcoach approval 1\0");
        mac.update(&serde_json::to_vec(self).ok()?);
        Some(mac)
    }

    /// Whether it lets `agent` do what `reason` is about.
    pub(crate) fn lets(&self, agent: Agent, folder: &str, now: i64, reason: &Reason) -> bool {
        (self.agent == ANY || self.agent == agent.word())
            && now < self.until
            && self.folder == folder
            && in_scope(&self.scope, reason)
    }
}

/// Whether `scope` covers what `reason` is about.
pub(crate) fn in_scope(scope: &str, reason: &Reason) -> bool {
    match scope.split_once(':') {
        None => scope == reason.rule,
        Some((rule, pattern)) => {
            rule == reason.rule
                && (ends(pattern, &reason.reference) || covers(pattern, &reason.reference))
        }
    }
}

/// The approvals kept in `folder` that carry their seal; none where there is no file.
pub(crate) fn read(folder: &Path) -> Vec<Approval> {
    let (Ok(text), Ok(key)) = (fs::read_to_string(folder.join(FILE)), fs::read(folder.join(KEY)))
    else {
        return Vec::new();
    };
    let sealed = text.lines().filter_map(|line| serde_json::from_str::<Sealed>(line).ok());
    sealed
        .filter(|one| {
            let seal = HEXLOWER.decode(one.seal.as_bytes()).unwrap_or_default();
            one.approval.seal(&key).is_some_and(|mac| mac.verify_slice(&seal).is_ok())
        })
        .map(|one| one.approval)
        .collect()
}

/// Adds an approval to those in `folder`; those that ended before `now` are left out.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn add(folder: &Path, approval: &Approval, now: i64) -> Result<(), Error> {
    let failed = |deed, path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { deed, path, source }
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed("create", folder))?;
    let path = folder.join(KEY);
    let key = match fs::read(&path) {
        Ok(key) => key,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut key = [0; 32];
            getrandom::fill(&mut key)
                .map_err(|_| failed("create", &path)(ErrorKind::Other.into()))?;
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .map_err(failed("create", &path))?;
            file.write_all(&key).map_err(failed("write", &path))?;
            key.to_vec()
        }
        Err(source) => return Err(failed("read", &path)(source)),
    };
    let kept = read(folder).into_iter().filter(|one| one.until > now);
    let path = folder.join(FILE);
    let mut text = String::new();
    for one in kept.chain([approval.clone()]) {
        let seal = one.seal(&key).map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes()));
        let sealed = Sealed { approval: one, seal: seal.unwrap_or_default() };
        text.push_str(&serde_json::to_string(&sealed).unwrap_or_default());
        text.push('\n');
    }
    // Made with mode 0600, and never seen half written.
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&path).map(|_| ()).map_err(|error| error.error)
    };
    write().map_err(failed("write", &path))
}

#[cfg(test)]
mod tests {
    use super::{Approval, FILE, add, read};
    use crate::guard::agent::Agent;
    use crate::guard::{Reason, Ruling};
    use std::fs;

    fn approval(scope: &str, until: i64) -> Approval {
        Approval {
            agent: "codex".to_owned(),
            scope: scope.to_owned(),
            folder: "/a".to_owned(),
            until,
            reason: "because".to_owned(),
        }
    }

    fn reason(reference: &str) -> Reason {
        Reason {
            rule: "env-file".to_owned(),
            what: String::new(),
            place: String::new(),
            instead: String::new(),
            reference: reference.to_owned(),
            ruling: Ruling::Deny,
            credential: false,
        }
    }

    #[test]
    fn an_approval_is_for_an_agent_a_scope_a_folder_and_a_time() {
        let one = approval("env-file:.env.test", 100);
        let it = reason("app/.env.test");
        assert!(one.lets(Agent::Codex, "/a", 99, &it));
        assert!(!one.lets(Agent::Codex, "/a", 100, &it));
        assert!(!one.lets(Agent::Cursor, "/a", 99, &it));
        assert!(!one.lets(Agent::Codex, "/b", 99, &it));
        assert!(!one.lets(Agent::Codex, "/a", 99, &reason(".env")));
        assert!(approval("env-file", 100).lets(Agent::Codex, "/a", 99, &reason(".env")));
    }

    #[test]
    fn what_did_not_write_an_approval_cannot_make_one() {
        let folder = tempfile::tempdir().unwrap();
        add(folder.path(), &approval("env-file", 100), 0).unwrap();
        assert_eq!(read(folder.path()).len(), 1);
        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"until\":100", "\"until\":900")).unwrap();
        assert!(read(folder.path()).is_empty());
        fs::write(&path, "{\"agent\":\"any\"}\nnonsense\n").unwrap();
        assert!(read(folder.path()).is_empty());
    }

    #[test]
    fn what_has_ended_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        add(folder.path(), &approval("a", 100), 0).unwrap();
        add(folder.path(), &approval("b", 300), 200).unwrap();
        let scopes: Vec<String> = read(folder.path()).into_iter().map(|one| one.scope).collect();
        assert_eq!(scopes, ["b"]);
    }
}

//! What a gate asks of git: by its plumbing, which knows every kind of repository.

use crate::error::Error;
use crate::text::Escaped;
use crate::tool;
use std::io::Write as _;
use std::process::Stdio;

/// What git says; nothing where it fails.
fn git(args: &[&str], input: &[u8]) -> Result<Result<Vec<u8>, String>, Error> {
    let failed = |error: std::io::Error| Error::NoGit { why: format!("a gate: {error}") };
    let mut command = tool::git();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // Where git needs no more of it, its exit code says what came of that.
        let _closed = pipe.write_all(input);
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(Ok(output.stdout));
    }
    let lines = output.stderr.split(|byte| *byte == b'\n').rev();
    let last = lines.into_iter().find(|line| !line.is_empty()).unwrap_or(b"no reason given");
    Ok(Err(Escaped(last).to_string()))
}

fn must(what: &str, args: &[&str], input: &[u8]) -> Result<String, Error> {
    let unread = |why| Error::Repository { what: what.to_owned(), why };
    let out = git(args, input)?.map_err(unread)?;
    Ok(String::from_utf8_lossy(&out).trim().to_owned())
}

/// The whole id of a commit.
pub(super) fn commit(revision: &str) -> Result<String, Error> {
    let of = format!("{revision}^{{commit}}");
    let id = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &of], b"")?;
    let id = id.map_err(|_| Error::Revision { revision: revision.to_owned() })?;
    Ok(String::from_utf8_lossy(&id).trim().to_owned())
}

/// The addresses of who wrote a commit, put it in, or is named as a co-author.
pub(super) fn authors(commit: &str) -> Result<Vec<String>, Error> {
    let format = "--format=%ae%n%aE%n%ce%n%cE%n%(trailers:key=Co-authored-by,valueonly)";
    let told = must("the commit", &["show", "-s", format, commit, "--"], b"")?;
    let address = |line: &str| {
        let inner = line.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
        inner.map_or(line, |(address, _)| address).trim().to_owned()
    };
    Ok(told.lines().map(address).filter(|address| !address.is_empty()).collect())
}

/// The approvals below a ref, each with its name.
pub(super) fn approvals(below: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let format = "--format=%(objectname) %(objecttype) %(refname)";
    let listed =
        must("the refs of approvals", &["for-each-ref", "--count=200", format, below], b"")?;
    let mut found = Vec::new();
    for line in listed.lines() {
        let mut words = line.splitn(3, ' ');
        let (Some(id), Some("blob"), Some(name)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let bytes = git(&["cat-file", "blob", id], b"")?;
        found.push((
            Escaped(name.as_bytes()).to_string(),
            bytes.map_err(|why| Error::Repository { what: format!("the approval {id}"), why })?,
        ));
    }
    Ok(found)
}

/// Keeps an approval below a ref, and gives the ref.
pub(super) fn keep(below: &str, approval: &str) -> Result<String, Error> {
    let id = must("an approval", &["hash-object", "-w", "--stdin"], approval.as_bytes())?;
    let short: String = id.chars().take(12).collect();
    let name = format!("{below}/{short}");
    must("a ref", &["update-ref", &name, &id], b"")?;
    Ok(name)
}

/// Sends a ref to where others see it.
pub(super) fn push(remote: &str, name: &str) -> Result<Result<(), String>, Error> {
    let spec = format!("{name}:{name}");
    // It is no commit that a hook could check.
    let args = ["push", "--quiet", "--no-verify", "--end-of-options", remote, &spec];
    Ok(git(&args, b"")?.map(drop))
}

/// A setting, where it is there.
pub(super) fn setting(name: &str) -> Result<Option<String>, Error> {
    let value = git(&["config", "--get", name], b"")?;
    Ok(value.ok().map(|value| String::from_utf8_lossy(&value).trim().to_owned()))
}

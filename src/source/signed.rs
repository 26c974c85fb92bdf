//! Who signed the commit that brought a line into a file.

use super::repo::Repo;
use bstr::ByteSlice;
use std::path::Path;

/// Who signed the newest commits that brought `line` into `file`: the one that a person made,
/// and the merge that brought it to this branch. Names are those of `signers`, a file of
/// allowed signers (ssh-keygen(1)), or the mail addresses of keys that gpg trusts fully.
///
/// Only what git calls a good signature counts, of a commit that has that very line, as `HEAD`
/// still has it.
pub fn signers_of_line(repo: &Repo, file: &str, line: &str, signers: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(Some(head)) = repo.head().map(|head| head.commit) else { return found };
    if !has_line(repo, &head.to_hex().to_string(), file, line) {
        return found;
    }
    let allowed = format!("gpg.ssh.allowedSignersFile={}", signers.display());
    let pickaxe = format!("-S{line}");
    for by_merges in [false, true] {
        let mut args = vec!["-c", &allowed, "log", "-n1", "--no-ext-diff", "--no-textconv"];
        if by_merges {
            args.extend(["--first-parent", "-m"]);
        }
        // The key's trust is `G` for a good one; `U` is good and not trusted, others worse.
        args.extend(["--format=%H%x00%G?%x00%GS", &pickaxe, "HEAD", "--", file]);
        let Ok(told) = repo.git().ask("log", &args) else { continue };
        let told = told.to_str_lossy();
        let mut fields = told.lines().next().unwrap_or_default().split('\0');
        let (Some(commit), Some("G"), Some(signer)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if has_line(repo, commit, file, line) {
            let mail = signer.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
            found.push(mail.unwrap_or(signer).to_owned());
        }
    }
    found
}

fn has_line(repo: &Repo, commit: &str, file: &str, line: &str) -> bool {
    let bytes = || {
        let commit = repo.commit_id(commit).ok()?;
        let blob = repo.file_at(commit, file.as_bytes()).ok()??;
        Some(repo.read(blob).ok()?.to_vec())
    };
    bytes().is_some_and(|bytes| bytes.lines().any(|one| one.trim_end() == line.as_bytes()))
}

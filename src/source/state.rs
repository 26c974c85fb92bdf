//! A hash of all that a look at a repository's history depends on.

use super::repo::{Repo, broken};
use crate::error::Error;
use sha2::{Digest as _, Sha256};

/// Small files beside the refs that decide what is reached.
const FILES: [&str; 2] = ["shallow", "logs/refs/stash"];

/// Sixteen hexadecimal digits that change with the refs, `HEAD`, the stashes and how deep
/// the clone is, and with `more`.
///
/// # Errors
/// The refs cannot be read.
pub fn state(repo: &Repo, more: &[&[u8]]) -> Result<String, Error> {
    let mut hash = Sha256::new();
    let mut put = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    let head = repo.head()?;
    put(head.branch.as_ref().map(|name| &***name).unwrap_or_default());
    put(head.commit.as_ref().map(gix_hash::ObjectId::as_slice).unwrap_or_default());
    for file in FILES {
        put(&std::fs::read(repo.common_dir().join(file)).unwrap_or_default());
    }
    for bytes in more {
        put(bytes);
    }
    for reference in refs(repo)? {
        put(&reference);
    }
    Ok(data_encoding::HEXLOWER.encode(&hash.finalize()[..8]))
}

/// The refs, each with where it points, sorted.
fn refs(repo: &Repo) -> Result<Vec<Vec<u8>>, Error> {
    let what = "the refs";
    let Some(native) = repo.native() else {
        let lines = repo.git().ask(what, &["for-each-ref", "--format=%(refname) %(objectname)"])?;
        return Ok(lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect());
    };
    let failed = |error: git2::Error| broken(what, &error);
    let mut refs = Vec::new();
    for reference in native.references().map_err(failed)? {
        let reference = reference.map_err(failed)?;
        let mut line = reference.name_bytes().to_vec();
        line.push(b' ');
        match (reference.target(), reference.symbolic_target_bytes()) {
            (Some(id), _) => line.extend_from_slice(id.as_bytes()),
            (None, Some(name)) => line.extend_from_slice(name),
            (None, None) => {}
        }
        refs.push(line);
    }
    refs.sort_unstable();
    Ok(refs)
}

#[cfg(test)]
mod tests {
    use super::state;
    use crate::source::testing::Sandbox;

    #[test]
    fn it_changes_with_what_history_there_is_and_with_nothing_else() {
        let sandbox = Sandbox::holding(&[("a", "1\n")]);
        let now = |more: &str| state(&sandbox.repo(), &[more.as_bytes()]).unwrap();
        let first = now("");

        sandbox.write("a", "2\n");
        assert_eq!(now(""), first);
        assert_ne!(now("x"), first);
        sandbox.git(&["tag", "v1"]);
        let tagged = now("");
        assert_ne!(tagged, first);
        sandbox.commit("second");
        assert_ne!(now(""), tagged);
    }
}

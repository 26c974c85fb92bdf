//! Where what is checked is going, as far as policy asks: branches, remote, transaction.

use crate::judge::policy::{Transaction, Visibility};
use bstr::ByteSlice;

/// Where it goes.
#[derive(Debug, Default)]
pub(in crate::cli) struct Going {
    /// The branches that are pushed to; the work tree's own when there is none.
    pub(in crate::cli) branches: Vec<String>,
    /// Who reads the remote, where there is one.
    pub(in crate::cli) remote: Option<Visibility>,
    /// What is about to happen, where it is known.
    pub(in crate::cli) transaction: Option<Transaction>,
}

impl Going {
    /// What is to become a commit.
    pub(in crate::cli) fn to_commit() -> Self {
        Self { transaction: Some(Transaction::Commit), ..Self::default() }
    }

    /// What is pushed, by git's lines to `pre-push`
    /// (`<local-ref> SP <local-oid> SP <remote-ref> SP <remote-oid>`) or to `pre-receive`
    /// (`<old-oid> SP <new-oid> SP <ref>`): both have the new id second and the ref third
    /// (githooks(5)).
    pub(in crate::cli) fn to_remote(lines: &[u8], remote: Option<Visibility>) -> Self {
        let (mut branches, mut tags, mut others) = (Vec::new(), 0, 0);
        for line in lines.lines() {
            let mut fields = line.split(|byte| *byte == b' ').skip(1);
            let (Some(new), Some(name)) = (fields.next(), fields.next()) else { continue };
            if new.iter().all(|byte| *byte == b'0') {
                continue;
            }
            match name.strip_prefix(b"refs/heads/") {
                Some(branch) => branches.push(branch.to_str_lossy().into_owned()),
                None if name.starts_with(b"refs/tags/") => tags += 1,
                None => others += 1,
            }
        }
        let only_tags = tags > 0 && others == 0 && branches.is_empty();
        let transaction = if only_tags { Transaction::Tag } else { Transaction::Push };
        Self { branches, remote, transaction: Some(transaction) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Going, Transaction};

    #[test]
    fn a_push_goes_to_the_branches_that_it_names_and_deletes_count_for_nothing() {
        let (one, zero) = ("1".repeat(40), "0".repeat(40));
        let push = format!(
            "refs/heads/a {one} refs/heads/main {zero}\n(delete) {zero} refs/heads/old {one}\n"
        );
        let going = Going::to_remote(push.as_bytes(), None);
        assert_eq!(going.branches, ["main"]);
        assert_eq!(going.transaction, Some(Transaction::Push));

        let tag = format!("refs/tags/v1 {one} refs/tags/v1 {zero}\n");
        assert_eq!(Going::to_remote(tag.as_bytes(), None).transaction, Some(Transaction::Tag));
        let both = format!("{push}{tag}");
        assert_eq!(Going::to_remote(both.as_bytes(), None).transaction, Some(Transaction::Push));
        let received = format!("{zero} {one} refs/heads/topic/a\n");
        assert_eq!(Going::to_remote(received.as_bytes(), None).branches, ["topic/a"]);
    }
}

//! Since when a line is in history.

use super::repo::Repo;
use bstr::ByteSlice;

/// When the commit was made that brought line `line` of `path`, as `commit` has it: seconds
/// since 1970. Nothing where git cannot tell; a shallow clone tells of its edge at most.
///
/// The line is named by its number: its text is no other program's business.
pub fn line_since(repo: &Repo, commit: &str, path: &[u8], line: usize) -> Option<i64> {
    let path = path.to_os_str().ok()?;
    let range = format!("-L{line},{line}");
    let args = ["blame", "--porcelain", "--no-textconv", &range, commit, "--"];
    let args = args.map(std::ffi::OsStr::new).into_iter().chain([path]);
    let told = repo.git().ask("blame", &args.collect::<Vec<_>>()).ok()?;
    let time = told.lines().find_map(|line| line.strip_prefix(b"committer-time "))?;
    time.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::line_since;
    use crate::source::testing::Sandbox;

    #[test]
    fn a_line_is_as_old_as_the_commit_that_brought_it() {
        let sandbox = Sandbox::holding(&[("a b.txt", "1\n2\n")]);
        let repo = sandbox.repo();
        assert!(line_since(&repo, "HEAD", b"a b.txt", 2).is_some());
        assert_eq!(line_since(&repo, "HEAD", b"a b.txt", 7), None);
        assert_eq!(line_since(&repo, "HEAD", b"nowhere", 1), None);
    }
}

//! The one place that starts programs.

use std::process::Command;

/// A hook that stood where leakcoach's stands now.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn hook(path: &std::path::Path) -> Command {
    Command::new(path)
}

/// The leakcoach that hooks find on `PATH`.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn leakcoach() -> Command {
    Command::new("leakcoach")
}

/// The git binary on `PATH`. No shell is involved.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn git() -> Command {
    Command::new("git")
}

/// git in a scratch repository. What is played there is nobody's mistake: it is not recorded,
/// and where an organisation keeps the record on, that goes with the repository.
pub(crate) fn git_in(scratch: &std::path::Path) -> Command {
    let state = scratch.join(".git/state");
    let mut git = git();
    git.current_dir(scratch).env("LEAKCOACH_RECORD", "off");
    git.env("XDG_STATE_HOME", &state).env("XDG_DATA_HOME", &state);
    git
}

/// This very program at `path`, for one repository of several.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn again(path: &std::path::Path) -> Command {
    Command::new(path)
}

/// A vendor's program, by its whole path.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn vendor(path: &std::path::Path) -> Command {
    Command::new(path)
}

/// OpenSSH's program for keys and signatures, on `PATH`.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn ssh_keygen() -> Command {
    Command::new("ssh-keygen")
}

/// A command whose output is masked.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn wrapped(program: &std::ffi::OsStr) -> Command {
    Command::new(program)
}

/// The program through which a keyring is asked.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn keyring(name: &str) -> Command {
    Command::new(name)
}

/// A command line of an agent's settings, as the agent would run it.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn agent_hook(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

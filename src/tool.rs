//! The one place that starts programs.

use std::process::Command;

/// The git binary on `PATH`. No shell is involved.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn git() -> Command {
    Command::new("git")
}

//! In a log: others have it, so that revoking comes first.

use super::{Job, Step};

pub(super) fn steps(job: &Job<'_>) -> Vec<Step> {
    vec![
        Step::words(format!("revoke it first, {}", job.console())),
        Step::words("make a new one and store it as a masked secret of the pipeline"),
        Step::words("delete the log, and take out what prints it (set -x, env, --verbose)"),
    ]
}

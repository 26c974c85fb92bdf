//! Why a store did not do what it was asked.

use std::time::Duration;

/// Why a store did not do what it was asked. Never holds a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Its program is not on `PATH`.
    #[error("`{0}` is not on PATH")]
    Missing(String),
    /// Its program cannot be started.
    #[error("`{program}` cannot be started: {why}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        why: String,
    },
    /// It did not answer in time.
    #[error("`{what}` did not answer in {} s and was ended", limit.as_secs())]
    Slow {
        /// What was asked.
        what: String,
        /// For how long.
        limit: Duration,
    },
    /// The person ended it.
    #[error("`{0}` was interrupted and ended")]
    Stopped(String),
    /// It says no.
    #[error("`{what}` failed: {words}")]
    Failed {
        /// What was asked.
        what: String,
        /// Its own words, without the value.
        words: String,
    },
    /// The value or the place is not one that it takes.
    #[error("{0}")]
    Unfit(String),
}

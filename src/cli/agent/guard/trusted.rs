//! What a repository approves for agents. A branch that an agent checked out, or a file that it
//! was led to write, could bring approvals of its own: those count that the default branch has.

use crate::cli::base::Base;
use crate::cli::env;
use crate::config::Config;
use crate::config::agents::{self, Allowed};
use crate::error::Error;
use crate::source::Repo;

/// What counts of `[agents]`.
#[derive(Debug, Default)]
pub(in crate::cli) struct Trusted {
    /// Whether a call that cannot be checked goes through.
    pub(in crate::cli) fails_open: bool,
    /// What is approved in advance.
    pub(in crate::cli) allow: Vec<Allowed>,
    /// What would be, were it on the default branch.
    pub(in crate::cli) waiting: Vec<Allowed>,
}

impl Trusted {
    /// What counts of `config`, which was read in `repo`.
    ///
    /// # Errors
    /// What is configured outside of the repository cannot be read.
    pub(in crate::cli) fn of(config: &Config, repo: Option<&Repo>) -> Result<Self, Error> {
        let agents = &config.agents;
        if agents.allow.is_empty() && !agents.fails_open {
            return Ok(Self::default());
        }
        let text = repo.and_then(|repo| Base::of(repo, false).ok()?.config(repo).ok()?);
        let outside = env::outside()?;
        // A default branch whose file cannot be read approves nothing.
        let of_base = match agents::with(&outside, text) {
            Ok(agents) => agents,
            Err(_) => agents::with(&outside, None)?,
        };
        let (allow, waiting) =
            agents.allow.iter().cloned().partition(|one| of_base.allow.contains(one));
        Ok(Self { fails_open: agents.fails_open && of_base.fails_open, allow, waiting })
    }
}

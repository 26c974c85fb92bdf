//! In pipelines: whose it is, what it prints, what it deploys.

pub(in crate::cli) mod gate;
pub(in crate::cli) mod pipeline;
pub(in crate::cli) mod wrap;

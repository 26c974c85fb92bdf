//! Between AI agents and what they would do.

pub(in crate::cli) mod approve;
pub(in crate::cli) mod guard;
pub(in crate::cli) mod install;
pub(in crate::cli) mod mcp;

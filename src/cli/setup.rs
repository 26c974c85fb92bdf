//! Set up and configured.

pub(in crate::cli) mod complete;
pub(in crate::cli) mod config;
pub(in crate::cli) mod hooks;
pub(in crate::cli) mod init;
pub(in crate::cli) mod policy;
pub(in crate::cli) mod remotes;

//! The way out of a finding: mended, vaulted, asked about, revoked, taken out of history.

#[cfg(feature = "fix")]
pub(in crate::cli) mod fix;
pub(in crate::cli) mod live;
pub(in crate::cli) mod remediate;
pub(in crate::cli) mod revoke;
pub(in crate::cli) mod rewrite;
pub(in crate::cli) mod vault;
pub(in crate::cli) mod verify;

//! The way out, beside the flow: what is done about a credential once it is found.

pub(crate) mod http;
pub(crate) mod vault;
pub(crate) mod verify;
//! The way out of a finding, once a person asks for it.

#[cfg(feature = "fix")]
pub mod fix;

//! The way out, beside the flow: what is done about a credential once it is found.

pub mod case;
#[cfg(feature = "fix")]
pub mod fix;
pub(crate) mod http;
pub(crate) mod vault;
pub(crate) mod verify;

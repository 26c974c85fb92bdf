//! Whether a credential still opens something, and how it is revoked: asked of the
//! service itself, and only when somebody wants it.
//!
//! Services are data (`services/`); one reader and one writer serve them all.

mod answer;
mod ask;
pub(crate) mod memory;
pub(crate) mod service;
mod services;
mod sigv4;
pub(crate) mod token;
pub(crate) mod visibility;

pub(crate) use answer::{Moment, Outcome, State, after_revoke, identifier, read};
pub(crate) use ask::{Case, Plan, plan};
pub(crate) use services::{all, of, table};

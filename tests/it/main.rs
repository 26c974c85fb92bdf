//! leakcoach against real git, as its users meet it.
#![expect(clippy::disallowed_methods, reason = "tests start git and leakcoach")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

mod access;
mod approvals;
mod archive;
mod baseline;
mod beside;
mod card;
mod ci;
mod config;
mod coverage;
mod damage;
mod drill;
mod exceptions;
mod feedback;
#[cfg(feature = "fix")]
mod fix;
#[cfg(feature = "fix")]
mod fix_corpus;
mod foreign_rules;
mod gate;
mod generated;
mod guard;
mod harness;
mod history;
mod hook;
mod hostile;
mod import;
mod install;
mod interrupted;
mod kinds;
mod layers;
mod learn;
mod loopback;
mod mcp;
mod messages;
mod modes;
mod odd;
mod overridden;
mod policy;
mod privileges;
mod record;
mod recorded;
mod remediate;
mod reports;
mod rules;
mod scale;
mod schemas;
mod sending;
mod server;
mod trust;
mod user_rules;
mod vault;
mod verify;
mod ways_out;
mod wrap;

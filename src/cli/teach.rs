//! What there is to know: rules, findings, lessons, drills.

pub(in crate::cli) mod ai;
pub(in crate::cli) mod drill;
pub(in crate::cli) mod eval;
pub(in crate::cli) mod explain;
pub(in crate::cli) mod learn;
pub(in crate::cli) mod rules;

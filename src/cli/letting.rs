//! What lets a finding through: a reasoned exception, the baseline, one override; and whose
//! approval that takes.

pub(in crate::cli) mod allow;
pub(in crate::cli) mod approval;
pub(in crate::cli) mod baseline;
pub(in crate::cli) mod because;
pub(in crate::cli) mod exceptions;
pub(in crate::cli) mod file;
pub(in crate::cli) mod import;
pub(in crate::cli) mod overriding;

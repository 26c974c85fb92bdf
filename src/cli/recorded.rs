//! The private record: told to, read, handed out, reported on, sent on.

pub(in crate::cli) mod audit;
pub(in crate::cli) mod feedback;
pub(in crate::cli) mod recall;
pub(in crate::cli) mod remember;
pub(in crate::cli) mod review;
pub(in crate::cli) mod send;
pub(in crate::cli) mod tally;
pub(in crate::cli) mod wrong;

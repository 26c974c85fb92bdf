//! One check on many machines, and by many processes: split, and put together again.

pub(in crate::cli) mod journal;
pub(in crate::cli) mod merge;
pub(in crate::cli) mod repos;
pub(in crate::cli) mod scale;
pub(in crate::cli) mod shard;

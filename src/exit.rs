//! The exit codes. Scripts, hook managers and CI rely on them.

/// Nothing was refused.
pub const PASSED: u8 = 0;
/// Something was refused.
pub const REFUSED: u8 = 1;
/// Wrong usage or configuration.
pub const USAGE: u8 = 2;
/// Something that was to be checked could not be.
pub const INCOMPLETE: u8 = 3;
/// leakcoach itself failed.
pub const INTERNAL: u8 = 4;

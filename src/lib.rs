//! leakcoach catches credentials on their way out of git and coaches the way back:
//! revoke, rotate, vault.
//!
//! Data flows one way, and each stage is a module that knows nothing of those after it:
//!
//! ```text
//! source  ->  scan  ->  judge  ->  coach  ->  report
//! bytes       finding   verdict    card       words
//! ```

pub mod catalogue;
pub mod error;
pub mod exit;
pub mod secret;
pub mod source;
pub mod text;
mod tool;

pub use error::Error;
pub use secret::Secret;

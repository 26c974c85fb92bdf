//! leakcoach catches credentials on their way out of git and coaches the way back:
//! revoke, rotate, vault.
//!
//! Data flows one way, and each stage is a module that knows nothing of those after it:
//!
//! ```text
//! source  ->  scan  ->  judge  ->  coach  ->  record, report
//! bytes       finding   verdict    card       memory, words
//! ```
//!
//! ```
//! use leakcoach::catalogue::{Catalogue, sample::expand};
//! use leakcoach::scan::{Scanner, Text};
//! use leakcoach::source::role::role_of;
//!
//! let text = expand("ghp_{base62:30}{crc32-base62}", 1)?;
//! let scanner = Scanner::new(Catalogue::builtin());
//! let text = Text { bytes: text.as_bytes(), path: b"app.py", role: role_of(b"app.py") };
//! assert_eq!(scanner.scan(&text).findings[0].rule.id, "github-pat");
//! # Ok::<(), String>(())
//! ```

pub mod approval;
pub mod catalogue;
mod cli;
pub mod coach;
pub mod config;
pub mod error;
pub mod eval;
pub mod exit;
pub mod feedback;
mod guard;
pub mod hook;
pub mod judge;
pub mod lists;
pub mod mask;
pub mod privilege;
pub mod record;
pub mod remedy;
pub mod report;
pub mod scan;
pub mod secret;
mod send;
pub mod source;
pub mod text;
mod tool;

pub use cli::run;
pub use error::Error;
pub use secret::Secret;

/// Makes a panic say where it happened and nothing else: its message may quote the text
/// that it choked on.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        report::notice(&format!("internal error at {place}; nothing was let through"));
    }));
}

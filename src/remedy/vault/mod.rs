//! Puts a value into the store that the team has chosen.
//!
//! Takes a value, a place and the means (programs on `PATH`, an address), and tells what has
//! become of the value. A vendor's program is given the value on its standard input, a server
//! in the body of a request: it stands in no argument, no variable, no temporary file.
//! Knows nothing of findings, configuration files and words to people.

pub(crate) mod check;
mod http;
pub(crate) mod keep;
mod mask;
pub(crate) mod place;
mod recipe;
pub(crate) mod run;
#[expect(unreachable_pub, reason = "the macro that makes the words is shared with the catalogue")]
pub(crate) mod store;
mod stores;
mod trouble;

pub(crate) use keep::{Outcome, keep};
pub(crate) use place::Place;
pub(crate) use store::Store;

use crate::secret::Secret;
use run::Programs;
use std::ffi::OsString;
use std::path::PathBuf;

/// What is around.
pub(crate) struct World {
    pub(crate) programs: Programs,
    /// The environment.
    pub(crate) variable: fn(&str) -> Option<OsString>,
    /// The top of the repository; where one stands when there is none.
    pub(crate) top: PathBuf,
}

impl World {
    /// A variable of the environment that is text.
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name)?.into_string().ok()
    }
}

/// Whether `text` has the value in it, in one of its forms.
pub(crate) fn keeps_in(text: &[u8], value: &Secret) -> bool {
    mask::Mask::new(value).is_in(text)
}

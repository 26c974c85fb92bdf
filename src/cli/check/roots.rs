//! What the configuration leaves out of the paths that a person names.

use super::run::{Check, ignored};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Where the paths that a person named are in the repository: what it leaves out is named
/// from its top.
pub(super) struct Roots(Vec<(PathBuf, PathBuf)>);

impl Roots {
    pub(super) fn of(check: &Check, paths: &[PathBuf]) -> Self {
        // Each costs the system some calls, and most repositories leave nothing out.
        let paths = if check.config.ignore.is_empty() { &[] } else { paths };
        let place = |path: &PathBuf| {
            let inside = check.decided.path_in_repository(path)?;
            Some((path.clone(), PathBuf::from(OsString::from_vec(inside))))
        };
        Self(paths.iter().filter_map(place).collect())
    }

    /// Whether the configuration leaves the file at `path` out.
    pub(super) fn leave_out(&self, check: &Check, path: &Path) -> bool {
        let inside = self.0.iter().find_map(|(root, inside)| {
            let below = path.strip_prefix(root).ok()?;
            // Joined to nothing, a path would end with a slash.
            Some(if below.as_os_str().is_empty() { inside.clone() } else { inside.join(below) })
        });
        let path = inside.as_deref().unwrap_or(path.strip_prefix(".").unwrap_or(path));
        ignored(&check.config, path.as_os_str().as_encoded_bytes())
    }
}

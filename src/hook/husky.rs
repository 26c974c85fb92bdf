//! husky's scripts: one marked line in each, and nothing else touched.

use super::shim::SHIMS;
use super::{exists, file};
use crate::error::Error;
use std::fs;
use std::path::Path;

/// Marks the line as leakcoach's.
const MARK: &str = "# leakcoach hook";

/// Adds the line to each script and says what was done.
pub(super) fn install(scripts: &Path) -> Result<Vec<String>, Error> {
    let mut done = Vec::new();
    for (name, _) in SHIMS {
        let path = scripts.join(name);
        let text = if exists(&path) {
            fs::read_to_string(&path).map_err(|source| file("read", &path, source))?
        } else {
            String::new()
        };
        if text.contains(MARK) {
            done.push(format!("{name} is in .husky already"));
            continue;
        }
        // First, for what stands before it could read what git hands to the hook.
        let line = format!("leakcoach hook {name} \"$@\" {MARK}\n");
        let (head, rest) = match text.find('\n') {
            Some(end) if text.starts_with("#!") => text.split_at(end + 1),
            Some(_) | None => ("", text.as_str()),
        };
        let text = [head, &line, rest].concat();
        fs::write(&path, text).map_err(|source| file("write", &path, source))?;
        done.push(format!("{name} is in .husky: commit it, so that everybody has it"));
    }
    Ok(done)
}

/// Takes the lines out again; a script that held nothing else is removed.
pub(super) fn uninstall(scripts: &Path) -> Result<Vec<String>, Error> {
    let mut done = Vec::new();
    for (name, _) in SHIMS {
        let path = scripts.join(name);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if !text.contains(MARK) {
            continue;
        }
        let kept: String = text.split_inclusive('\n').filter(|line| !line.contains(MARK)).collect();
        if kept.is_empty() {
            fs::remove_file(&path).map_err(|source| file("remove", &path, source))?;
        } else {
            fs::write(&path, kept).map_err(|source| file("write", &path, source))?;
        }
        done.push(format!("{name} is out of .husky"));
    }
    Ok(done)
}

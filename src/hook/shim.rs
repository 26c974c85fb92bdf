//! The files that git runs: their text, and how leakcoach knows its own.

use super::file;
use crate::error::Error;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The hooks in which leakcoach checks, with their shims.
pub(super) const SHIMS: [(&str, &str); 5] = [
    ("pre-commit", include_str!("../../hooks/pre-commit")),
    ("pre-merge-commit", include_str!("../../hooks/pre-merge-commit")),
    ("commit-msg", include_str!("../../hooks/commit-msg")),
    ("post-commit", include_str!("../../hooks/post-commit")),
    ("pre-push", include_str!("../../hooks/pre-push")),
];

/// Hooks that a global folder only passes on to the repository's own.
///
/// Left out are `proc-receive` and `push-to-checkout`, whose mere presence changes what
/// git does, and `reference-transaction`, which runs several times in every command.
pub const PASSED_ON: [&str; 15] = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "prepare-commit-msg",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "sendemail-validate",
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "post-index-change",
];

/// The hook of a server.
const SERVER: &str = include_str!("../../hooks/pre-receive");

const PASS_ON: &str = include_str!("../../hooks/pass-through");

/// The line by which leakcoach knows its own.
const MARK: &str = "# leakcoach hook";

/// The shim for the hook called `name`, which looks for the program in `program`'s
/// folder where it is not on `PATH`.
pub(super) fn text(name: &str, program: &Path) -> Vec<u8> {
    let template = SHIMS.iter().find(|(known, _)| *known == name).map_or(PASS_ON, |(_, text)| text);
    filled(&template.replace("@HOOK@", name), program)
}

/// The shim of a server's hook.
pub(super) fn server_text(program: &Path) -> Vec<u8> {
    filled(SERVER, program)
}

fn filled(template: &str, program: &Path) -> Vec<u8> {
    let folder = program.parent().unwrap_or(Path::new("/")).as_os_str().as_bytes();
    let folder = bstr::ByteSlice::replace(folder, "'", r"'\''");
    bstr::ByteSlice::replace(template.as_bytes(), "@FOLDER@", folder)
}

/// Writes a shim that git can run.
pub(super) fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |source| file("write", path, source);
    fs::write(path, text).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(failed)
}

/// Whether the file at `path` is one of leakcoach's.
pub(super) fn ours(path: &Path) -> bool {
    fs::read(path).is_ok_and(|text| memchr::memmem::find(&text, MARK.as_bytes()).is_some())
}

/// Whether the file at `path` is one that only passes a hook on.
pub(super) fn passes_on(path: &Path) -> bool {
    const HEAD: &str = "put in by `leakcoach install --global`";
    fs::read(path).is_ok_and(|text| memchr::memmem::find(&text, HEAD.as_bytes()).is_some())
}

/// Whether git would run the file at `path`.
pub(super) fn runs(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

//! Signatures by SSH keys, as git makes them: `ssh-keygen -Y` (ssh-keygen(1)), with a
//! namespace of one's own and a list of allowed signers.

use crate::text::Escaped;
use crate::tool;
use jiff::Timestamp;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::NamedTempFile;

/// How a signature begins.
pub const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";

/// Why something was not signed or verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is no `ssh-keygen`, or it could not be talked to.
    NoTool(String),
    /// The key could not sign.
    NotSigned(String),
    /// The list of allowed signers has no such key for this purpose and time.
    NoSigner,
    /// The signature does not fit the text.
    Wrong,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTool(why) => write!(f, "cannot run ssh-keygen: {why}"),
            Self::NotSigned(why) => write!(f, "ssh-keygen did not sign: {why}"),
            Self::NoSigner => {
                f.write_str("no allowed signer has its key, or not for this purpose and time")
            }
            Self::Wrong => f.write_str("its signature does not fit it"),
        }
    }
}

/// Signs `payload` for the purpose `namespace` with the private key at `key`, or with the agent
/// where that is a public key.
///
/// # Errors
/// There is no `ssh-keygen`, or the key does not sign.
pub fn sign(payload: &[u8], namespace: &str, key: &Path) -> Result<String, Trouble> {
    let mut command = tool::ssh_keygen();
    command.args(["-Y", "sign", "-q", "-n", namespace, "-f"]).arg(key);
    // What asks for a touch of a key is written there, and has to be seen at once.
    let seen = std::io::stderr().is_terminal();
    let (done, out, err) =
        run(command, payload, if seen { Stdio::inherit() } else { Stdio::piped() })?;
    let signature = String::from_utf8_lossy(&out).into_owned();
    if done && signature.starts_with(BEGIN) {
        return Ok(signature);
    }
    let last = err.split(|byte| *byte == b'\n').rev().find(|line| !line.is_empty());
    let unsaid: &[u8] = if seen { b"its own words are above" } else { b"no reason given" };
    Err(Trouble::NotSigned(Escaped(last.unwrap_or(unsaid)).to_string()))
}

/// Who of the `allowed` signers signed `payload` for the purpose `namespace`, as of `now`.
///
/// # Errors
/// Nobody did, or it cannot be told.
pub fn verify(
    payload: &[u8],
    signature: &str,
    namespace: &str,
    allowed: &Path,
    now: i64,
) -> Result<String, Trouble> {
    let failed = |error: std::io::Error| Trouble::NoTool(error.to_string());
    let mut file = NamedTempFile::new().map_err(failed)?;
    file.write_all(signature.as_bytes()).map_err(failed)?;
    let at = Timestamp::from_second(now)
        .map(|now| format!("-Overify-time={}Z", now.strftime("%Y%m%d%H%M%S")))
        .map_err(|error| Trouble::NoTool(error.to_string()))?;
    let mut find = tool::ssh_keygen();
    find.args(["-Y", "find-principals", &at, "-f"]).arg(allowed).arg("-s").arg(file.path());
    let (done, out, _) = run(find, b"", Stdio::piped())?;
    let names = String::from_utf8_lossy(&out).into_owned();
    if !done {
        return Err(Trouble::NoSigner);
    }
    let mut trouble = Trouble::NoSigner;
    for name in names.lines().map(str::trim).filter(|name| is_principal(name)) {
        if is_by(name, payload, (file.path(), namespace), allowed, Some(&at))? {
            return Ok(name.to_owned());
        }
        trouble = Trouble::Wrong;
    }
    Err(trouble)
}

/// Whether the `signature` in a file, for the purpose beside it, is that of `who` among the
/// `allowed` signers under `payload`: now, or as of the time that the option `at` tells.
///
/// # Errors
/// There is no `ssh-keygen`.
pub fn is_by(
    who: &str,
    payload: &[u8],
    (signature, namespace): (&Path, &str),
    allowed: &Path,
    at: Option<&str>,
) -> Result<bool, Trouble> {
    let mut verify = tool::ssh_keygen();
    verify.args(["-Y", "verify"]).args(at).args(["-n", namespace, "-I", who, "-f"]).arg(allowed);
    verify.arg("-s").arg(signature);
    Ok(run(verify, payload, Stdio::piped())?.0)
}

/// Whether a name is one person's: a pattern of several would leave open whose.
fn is_principal(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && !name.contains(['*', '?', '!', ',', ' '])
}

/// Runs a program with `input`; whether it went well, and what it said. Where it needs a
/// passphrase it asks on the terminal, if there is one.
fn run(
    mut command: Command,
    input: &[u8],
    err: Stdio,
) -> Result<(bool, Vec<u8>, Vec<u8>), Trouble> {
    let failed = |error: std::io::Error| Trouble::NoTool(error.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(err);
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that needs no more of it says so by its exit code.
        let _closed = pipe.write_all(input);
    }
    let output = child.wait_with_output().map_err(failed)?;
    Ok((output.status.success(), output.stdout, output.stderr))
}

//! The system's keyring, asked through its own program, which may not keep us waiting.
//!
//! `secret-tool` of libsecret (secret-tool(1)) takes a value on standard input, to its end; so
//! does `security -i` of macOS (security(1)), whose option for it would show it in `ps`. The
//! latter succeeds whatever becomes of the commands it reads, so a key is looked up again
//! once it is stored.
//!
//! A key that is not there: `security` ends with 44
//! (<https://docs.ruby-lang.org/en/master/Gem/CredentialStore/MacOSBackend.html>). `secret-tool`
//! ends with 1 and says nothing, as for a keyring that stays locked; it says something when
//! nobody answers (0.20.5 with gnome-keyring 42, tests/keyring.sh).

use super::Fault;
use super::seal::KEY;
use crate::tool;
use data_encoding::HEXLOWER;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A keyring that may ask its owner to be unlocked does not answer sooner, if ever.
const PATIENCE: Duration = Duration::from_secs(1);

/// How `security` ends when there is no such item.
const NOT_FOUND: i32 = 44;

/// A keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// The Secret Service of Linux desktops.
    SecretService,
    /// The login keychain of macOS.
    Keychain,
}

impl Keyring {
    /// Its name in sentences.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SecretService => "the Secret Service's keyring",
            Self::Keychain => "the login keychain",
        }
    }

    /// Puts a key in under `name`.
    pub(super) fn store(self, name: &str, key: &[u8; KEY]) -> Result<(), Fault> {
        let hex = Zeroizing::new(HEXLOWER.encode(key));
        let (mut command, input) = match self {
            Self::SecretService => {
                let mut command = tool::keyring("secret-tool");
                command.args(["store", "--label=leakcoach record", "application", "leakcoach"]);
                command.args(["record", name]);
                (command, hex)
            }
            Self::Keychain => {
                let mut command = tool::keyring("security");
                command.arg("-i");
                let line = format!("add-generic-password -U -s leakcoach -a {name} -w {}\n", *hex);
                (command, Zeroizing::new(line))
            }
        };
        ask(&mut command, input.as_bytes()).map(|_| ())
    }

    /// The key under `name`; nothing where there is none.
    pub(super) fn look_up(self, name: &str) -> Result<Option<Zeroizing<[u8; KEY]>>, Fault> {
        let mut command = match self {
            Self::SecretService => {
                let mut command = tool::keyring("secret-tool");
                command.args(["lookup", "application", "leakcoach", "record", name]);
                command
            }
            Self::Keychain => {
                let mut command = tool::keyring("security");
                command.args(["find-generic-password", "-s", "leakcoach", "-a", name, "-w"]);
                command
            }
        };
        let said = ask(&mut command, b"")?;
        let bytes = HEXLOWER.decode(said.trim_ascii()).map(Zeroizing::new).unwrap_or_default();
        Ok(<[u8; KEY]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new))
    }
}

/// What the program answers in time; nothing when it says that it has nothing.
fn ask(command: &mut Command, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let failed = |why: String| Fault::Keyring { why };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that has gone says so by its exit code.
        let _gone = stdin.write_all(input);
    }
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) => break status,
            None if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            None => {
                let _killed = child.kill().and_then(|()| child.wait().map(|_| ()));
                return Err(failed(format!("nothing for {} ms", PATIENCE.as_millis())));
            }
        }
    };
    let mut said = Zeroizing::new(Vec::new());
    if status.success()
        && let Some(stdout) = child.stdout.take()
    {
        let read = stdout.take(1024).read_to_end(&mut said);
        read.map_err(|error| failed(error.to_string()))?;
    } else if !input.is_empty() {
        return Err(failed("it does not take the key".to_owned()));
    } else if status.code() != Some(NOT_FOUND)
        && child.stderr.take().is_some_and(|mut stderr| matches!(stderr.read(&mut [0]), Ok(1)))
    {
        return Err(failed("it cannot be reached".to_owned()));
    }
    Ok(said)
}

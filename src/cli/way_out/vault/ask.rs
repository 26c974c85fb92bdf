//! Asks the person at the terminal.

use crate::cli::env::tty;
use crate::error::Error;
use crate::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// As long as a value may be.
const AT_MOST: u64 = 1 << 20;

/// The new value: from standard input where that is no terminal, else typed unseen.
pub(super) fn new_value(name: &str, can_ask: bool) -> Result<Secret, Error> {
    let mut stdin = std::io::stdin();
    let value = if !stdin.is_terminal() {
        let mut text = Zeroizing::new(Vec::new());
        let failed = |error| Error::Usage(format!("cannot read standard input: {error}"));
        stdin.by_ref().take(AT_MOST).read_to_end(&mut text).map_err(failed)?;
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        Secret::new(text.strip_suffix(b"\r").unwrap_or(text))
    } else if can_ask {
        let what = "cannot ask on this terminal: give the value on standard input";
        typed_unseen(name).ok_or_else(|| Error::Usage(what.to_owned()))?
    } else {
        let what = "there is nobody to ask: give the new value on standard input";
        return Err(Error::Usage(what.to_owned()));
    };
    if value.is_empty() {
        return Err(Error::Usage("no value was given: nothing was done".to_owned()));
    }
    Ok(value)
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Unseen {
    tty: File,
    before: Termios,
}

impl Unseen {
    fn new(tty: File) -> Option<Self> {
        let before = tcgetattr(&tty).ok()?;
        let mut quiet = before.clone();
        // Ctrl-C comes as a byte, so that the terminal is never left as it is now.
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&tty, OptionalActions::Flush, &quiet).ok()?;
        Some(Self { tty, before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _as_well_as_can_be = tcsetattr(&self.tty, OptionalActions::Flush, &self.before);
        let _as_well_as_can_be = self.tty.write_all(b"\n");
    }
}

/// One line, typed unseen; empty when the person ends it with Ctrl-C.
fn typed_unseen(name: &str) -> Option<Secret> {
    const BACKSPACE: [u8; 2] = [0x08, 0x7f];
    const STOP: u8 = 0x03;
    const END: [u8; 3] = [b'\r', b'\n', 0x04];
    let mut unseen = Unseen::new(tty()?)?;
    write!(unseen.tty, "new value of {name} (not shown): ").ok()?;
    let mut value = Zeroizing::new(Vec::with_capacity(4096));
    let mut byte = [0];
    while value.len() < 4096 && unseen.tty.read_exact(&mut byte).is_ok() {
        match byte[0] {
            STOP => {
                value.clear();
                break;
            }
            end if END.contains(&end) => break,
            back if BACKSPACE.contains(&back) => {
                value.pop();
            }
            other => value.push(other),
        }
    }
    Some(Secret::new(&value))
}

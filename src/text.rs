//! Text that is safe to show, and counts in words.

use std::fmt;
use std::path::Path;

/// Bytes from outside, fit for a terminal.
///
/// Control characters, escapes, bidirectional marks and bytes that are no UTF-8 are
/// shown as `\x1b`, `\u{202e}` or `\xff`, so that a path can neither colour, move nor
/// reorder what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl<'a> Escaped<'a> {
    /// A path as the system has it.
    pub fn path(path: &'a Path) -> Self {
        Self(path.as_os_str().as_encoded_bytes())
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    '\t' => f.write_str(" ")?,
                    char if char.is_control() && char.is_ascii() => {
                        write!(f, "\\x{:02x}", u32::from(char))?;
                    }
                    char if char.is_control() || reorders(char) => {
                        write!(f, "{}", char.escape_unicode())?;
                    }
                    char => fmt::Write::write_char(f, char)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Characters that change the order or hide the presence of others.
fn reorders(char: char) -> bool {
    matches!(
        char,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// `1 file`, `2 files`.
#[derive(Debug, Clone, Copy)]
pub struct Count<'a>(pub usize, pub &'a str);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = match self {
            Count(1, _) => "",
            Count(_, noun) if noun.ends_with("ch") => "es",
            Count(..) => "s",
        };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Escaped};
    use proptest::prelude::*;

    #[test]
    fn escapes_and_direction_marks_are_shown_not_obeyed() {
        let shown = Escaped(b"a\x1b[31m\xffb\n\xe2\x80\xaec").to_string();

        assert_eq!(shown, "a\\x1b[31m\\xffb\\x0a\\u{202e}c");
    }

    #[test]
    fn counts_read_as_words() {
        assert_eq!(Count(1, "file").to_string(), "1 file");
        assert_eq!(Count(0, "file").to_string(), "0 files");
        assert_eq!(Count(2, "branch").to_string(), "2 branches");
    }

    proptest! {
        #[test]
        fn no_bytes_reach_a_terminal_as_controls(bytes: Vec<u8>) {
            prop_assert!(!Escaped(&bytes).to_string().chars().any(char::is_control));
        }
    }
}

//! Expressions of Go's `regexp` (RE2's syntax) for the regex crate, which reads most of
//! them alike.
//!
//! The result is over bytes: a character beyond ASCII becomes its bytes. Sources:
//! pkg.go.dev/regexp/syntax and docs.rs/regex, both under "syntax".

use regex_syntax::utf8::{Utf8Sequence, Utf8Sequences};
use std::fmt::Write as _;

/// `pattern` as the regex crate takes it.
///
/// # Errors
/// What it asks for that the crate, as it is built here, has not: a lower-case fragment
/// that does not quote the pattern.
pub(super) fn translate(pattern: &str) -> Result<String, &'static str> {
    let mut go = Go { rest: pattern, out: String::with_capacity(pattern.len() + 16) };
    go.all()?;
    Ok(go.out)
}

struct Go<'a> {
    rest: &'a str,
    out: String,
}

/// One member of a class.
enum Item {
    /// A character, which may open a range.
    Char(char),
    /// `\w`, `[:alpha:]`: the same in both.
    Set(String),
}

impl<'a> Go<'a> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let char = chars.next()?;
        self.rest = chars.as_str();
        Some(char)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes `text` when it stands here.
    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes what stands before `end`, and `end`; all that is left where there is none.
    fn until(&mut self, end: &str) -> &'a str {
        let (text, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        text
    }

    fn all(&mut self) -> Result<(), &'static str> {
        while let Some(char) = self.next() {
            match char {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '{' if self.repeats() => {
                    let times = self.until("}");
                    let _ = write!(self.out, "{{{times}}}");
                }
                '(' => self.group(),
                ')' | '|' | '*' | '+' | '?' | '.' | '^' | '$' => self.out.push(char),
                _ => self.literal(char),
            }
        }
        Ok(())
    }

    /// Whether `{` was the beginning of `{2}`, `{2,}` or `{2,5}`; anything else is text.
    fn repeats(&self) -> bool {
        let Some((inside, _)) = self.rest.split_once('}') else { return false };
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        number(least) && (most.is_empty() || number(most))
    }

    /// A group after its bracket, with its name or flags.
    fn group(&mut self) {
        self.out.push('(');
        if !self.rest.starts_with('?') {
            return;
        }
        let named = self.rest.starts_with("?P<") || self.rest.starts_with("?<");
        let ends = if named { &['>'][..] } else { &[':', ')'] };
        let length = self.rest.find(ends).map_or(self.rest.len(), |at| at + 1);
        let (head, rest) = self.rest.split_at(length);
        self.out.push_str(head);
        self.rest = rest;
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        if self.take("Q") {
            for char in self.until("\\E").chars() {
                self.literal(char);
            }
            return Ok(());
        }
        if let Some(char) = self.coded()? {
            self.literal(char);
            return Ok(());
        }
        match self.next() {
            Some('p' | 'P') => return Err("a class of Unicode characters"),
            Some('C') => return Err("`\\C`"),
            Some(char) if char.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(char);
            }
            Some(char) => self.literal(char),
            None => self.out.push('\\'),
        }
        Ok(())
    }

    /// The character that `\x41`, `\x{41}` or `\101` stands for, after its backslash.
    fn coded(&mut self) -> Result<Option<char>, &'static str> {
        let (digits, radix) = if self.take("x{") {
            (self.until("}"), 16)
        } else if self.peek() == Some('x') {
            self.next();
            (self.digits(2, 16), 16)
        } else if self.peek() == Some('0')
            || self.rest.bytes().take(2).all(|b| (b'0'..b'8').contains(&b)) && self.rest.len() > 1
        {
            (self.digits(3, 8), 8)
        } else {
            return Ok(None);
        };
        let code = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        code.map(Some).ok_or("a code that is no character")
    }

    fn digits(&mut self, most: usize, radix: u32) -> &'a str {
        let length = self.rest.chars().take(most).take_while(|char| char.is_digit(radix)).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits
    }

    fn literal(&mut self, char: char) {
        if char.is_ascii_alphanumeric() || char == '_' {
            self.out.push(char);
        } else if char.is_ascii() {
            let _ = write!(self.out, "\\x{:02x}", u32::from(char));
        } else {
            self.out.push_str("(?:");
            let mut bytes = [0; 4];
            for byte in char.encode_utf8(&mut bytes).bytes() {
                let _ = write!(self.out, "\\x{byte:02x}");
            }
            self.out.push(')');
        }
    }

    /// A class after its `[`. The crate reads `[`, `&&`, `--` and `~~` in one as more
    /// than characters; Go does not.
    fn class(&mut self) -> Result<(), &'static str> {
        let negated = self.take("^");
        let (mut ascii, mut beyond) = (String::new(), Vec::new());
        let mut first = true;
        loop {
            if !first && self.take("]") {
                break;
            }
            first = false;
            let low = match self.item()? {
                Item::Set(set) => {
                    ascii.push_str(&set);
                    continue;
                }
                Item::Char(low) => low,
            };
            let ranges = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            let high = if ranges {
                self.next();
                match self.item()? {
                    Item::Char(high) if low <= high => high,
                    Item::Char(_) | Item::Set(_) => return Err("a range that runs backwards"),
                }
            } else {
                low
            };
            if low.is_ascii() {
                let end = if high.is_ascii() { high } else { '\x7f' };
                let _ = write!(ascii, "\\x{:02x}-\\x{:02x}", u32::from(low), u32::from(end));
            }
            if !high.is_ascii() {
                beyond.push(if low.is_ascii() { '\u{80}' } else { low }..=high);
            }
        }
        self.write_class(negated, &ascii, &beyond);
        Ok(())
    }

    fn write_class(
        &mut self,
        negated: bool,
        ascii: &str,
        beyond: &[std::ops::RangeInclusive<char>],
    ) {
        if negated {
            // Over bytes: those of a character beyond ASCII are never excluded.
            let body = if ascii.is_empty() { r"\x00-\xff" } else { ascii };
            let sign = if ascii.is_empty() { "" } else { "^" };
            let _ = write!(self.out, "[{sign}{body}]");
            return;
        }
        if beyond.is_empty() {
            let _ = write!(self.out, "[{ascii}]");
            return;
        }
        self.out.push_str("(?:");
        if !ascii.is_empty() {
            let _ = write!(self.out, "[{ascii}]|");
        }
        let mut parts = Vec::new();
        for range in beyond {
            for sequence in Utf8Sequences::new(*range.start(), *range.end()) {
                parts.push(sequence_of(&sequence));
            }
        }
        self.out.push_str(&parts.join("|"));
        self.out.push(')');
    }

    fn item(&mut self) -> Result<Item, &'static str> {
        if self.rest.starts_with("[:")
            && let Some((name, rest)) = self.rest.split_once(":]")
            && name.bytes().skip(2).all(|byte| byte.is_ascii_lowercase() || byte == b'^')
        {
            self.rest = rest;
            return Ok(Item::Set(format!("{name}:]")));
        }
        match self.next().ok_or("a class that is not closed")? {
            '\\' => {
                if let Some(char) = self.coded()? {
                    return Ok(Item::Char(char));
                }
                match self.next().ok_or("a class that is not closed")? {
                    'p' | 'P' => Err("a class of Unicode characters"),
                    'a' => Ok(Item::Char('\x07')),
                    'f' => Ok(Item::Char('\x0c')),
                    't' => Ok(Item::Char('\t')),
                    'n' => Ok(Item::Char('\n')),
                    'r' => Ok(Item::Char('\r')),
                    'v' => Ok(Item::Char('\x0b')),
                    char if char.is_ascii_alphanumeric() => Ok(Item::Set(format!("\\{char}"))),
                    char => Ok(Item::Char(char)),
                }
            }
            char => Ok(Item::Char(char)),
        }
    }
}

fn sequence_of(sequence: &Utf8Sequence) -> String {
    sequence.as_slice().iter().fold(String::new(), |mut out, range| {
        let _ = write!(out, "[\\x{:02x}-\\x{:02x}]", range.start, range.end);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::translate;
    use proptest::prelude::*;
    use regex::bytes::{Regex, RegexBuilder};

    fn regex(pattern: &str) -> Regex {
        let translated = translate(pattern).unwrap();
        RegexBuilder::new(&translated)
            .unicode(false)
            .build()
            .unwrap_or_else(|error| panic!("{pattern} as {translated}: {error}"))
    }

    #[test]
    fn what_go_reads_otherwise_than_the_crate_is_read_as_go_does() {
        for (pattern, text, matches) in [
            (r"^a\z", "a", true),
            (r"^\Qa.b*\E+$", "a.b**", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^(?P<secret>\x{41}\x42\103)$", "ABC", true),
            (r"^\<b\>\/\-\@$", "<b>/-@", true),
            (r"^[[a]$", "[", true),
            (r"^[a&&b]{2}$", "a&", true),
            (r"^[!--]$", "'", true),
            (r"^[\w-.]+$", "a-.", true),
            (r"^[]a]+$", "]a", true),
            (r"^[^]a]$", "]", false),
            (r"^[[:alpha:]~~]+$", "b~", true),
            (r"^a{,5}$", "a{,5}", true),
            (r"^\{x}{2,}$", "{x}}", true),
            (r"^(?i)key$", "KEY", true),
            (r"^(?i:k)ey$", "KEY", false),
            ("^é+$", "éé", true),
            ("^[a-zé“”]+$", "é”a", true),
            ("^[à-ÿ]$", "é", true),
            ("^[à-ÿ]$", "ā", false),
            (r"^[^\s]+$", "é", true),
            (r#"^['|\"|\n|\x60]$"#, "`", true),
            (r"^.{3}$", "abc", true),
        ] {
            assert_eq!(regex(pattern).is_match(text.as_bytes()), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_cannot_be_translated_is_named() {
        assert_eq!(translate(r"\p{Greek}"), Err("a class of Unicode characters"));
        assert_eq!(translate(r"[\pL]"), Err("a class of Unicode characters"));
        assert_eq!(translate("[a"), Err("a class that is not closed"));
        assert_eq!(translate(r"\x{110000}"), Err("a code that is no character"));
    }

    proptest! {
        #[test]
        fn any_text_is_translated_without_panic(pattern in "\\PC*") {
            drop(translate(&pattern));
        }

        #[test]
        fn quoted_text_matches_itself(text in "[ -~é“]{1,20}") {
            let text = text.replace("\\E", "");
            prop_assume!(!text.is_empty() && !text.ends_with('\\'));
            let quoted = format!("^\\Q{text}\\E$");
            prop_assert!(regex(&quoted).is_match(text.as_bytes()));
        }
    }
}

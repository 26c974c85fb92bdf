//! Whether a password stands beside the name of the user who logs in with it.

use super::names;
use crate::catalogue::assigned::{self, Standing};
use std::ops::Range;

/// How many lines before and after may hold the user.
const LINES: usize = 3;

/// How far those lines may reach, in bytes.
const REACH: usize = 400;

/// Whether a user's name with a plain value stands near the assignment at `pair`. Where
/// values are `bare`, they need no quotes.
pub(super) fn beside(bytes: &[u8], pair: &Range<usize>, bare: bool) -> bool {
    let from = pair.start.saturating_sub(REACH);
    let from = memchr::memrchr_iter(b'\n', &bytes[from..pair.start])
        .nth(LINES)
        .map_or(from, |newline| from + newline);
    let until = bytes.len().min(pair.end + REACH);
    let until = memchr::memchr_iter(b'\n', &bytes[pair.end..until])
        .nth(LINES)
        .map_or(until, |newline| pair.end + newline);
    let mut at = from;
    while at < until {
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let name = assigned::name_around(bytes, at, at + 1);
        let end = name.end.max(at + 1);
        at = end;
        if name.start >= pair.start && name.end <= pair.end || !names::of_user(&bytes[name.clone()])
        {
            continue;
        }
        let Some((value, standing)) = assigned::value_of(bytes, &name) else { continue };
        let stands = match standing {
            Standing::Quoted | Standing::Argument => true,
            Standing::Bare => bare,
            Standing::Apart => bytes[name].starts_with(b"-"),
        };
        if stands && plain(&bytes[value]) {
            return true;
        }
    }
    false
}

/// Whether a value reads like a user's name: short, no blanks, nothing of code.
fn plain(value: &[u8]) -> bool {
    (2..=64).contains(&value.len())
        && value.iter().any(u8::is_ascii_alphabetic)
        && value.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@' | b'+')
        })
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn a_user_near_a_password_makes_a_login() {
        for (text, bare, expected) in [
            ("user: mysql\npassword: P", true, true),
            ("{\"username\": \"ann\", \"password\": \"P\"}", false, true),
            ("connect(user=\"ann\", password=\"P\")", false, true),
            ("export DB_USER=ann\nexport DB_PASSWORD=P", true, true),
            ("tool --username ann --password P", false, true),
            ("password: P\nhost: db\nuser: ann", true, true),
            ("user = request.user\npassword = P", false, false),
            ("user: $USER\npassword: P", true, false),
            ("user_count: 12\npassword: P", true, false),
            ("password: P", true, false),
            ("user: ann\n\n\n\n\n\npassword: P", true, false),
        ] {
            let start = text.to_ascii_lowercase().find("password").unwrap();
            let end = text.find('P').unwrap().max(start) + 1;
            assert_eq!(beside(text.as_bytes(), &(start..end), bare), expected, "{text}");
        }
    }
}

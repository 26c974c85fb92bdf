//! JSON as it stands in bytes: where each part begins and ends.
//!
//! Commas are not asked for, numbers are not checked, bytes need not be UTF-8, keys are
//! compared without case: some reader takes each of these.

use std::ops::Range;

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    /// A string that names a member.
    Key,
    /// Any other string.
    Text,
    /// A number, or a word.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Item {
    kind: Kind,
    start: u32,
    end: u32,
    /// The item after all that is in this one.
    next: u32,
}

/// The parts of one line, in their order.
#[derive(Debug)]
pub(crate) struct Tape<'a> {
    bytes: &'a [u8],
    items: Vec<Item>,
}

/// Why a line cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is no JSON.
    NotJson,
    /// It has more parts than are looked at.
    TooMany,
}

/// As many parts of one line are looked at.
const PARTS: usize = 2_000_000;

/// A longer number or word is none.
const WORD: usize = 400;

const MARK: &[u8] = b"\xef\xbb\xbf";

impl<'a> Tape<'a> {
    /// Reads one line, which may hold several values.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Unread> {
        let mut reader = Reader { bytes, at: 0, items: Vec::new(), open: Vec::new(), due: false };
        if bytes.starts_with(MARK) {
            reader.at = MARK.len();
        }
        if u32::try_from(bytes.len()).is_err() {
            return Err(Unread::TooMany);
        }
        reader.all()?;
        Ok(Self { bytes, items: reader.items })
    }

    /// How many parts there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn kind(&self, at: usize) -> Option<Kind> {
        self.items.get(at).map(|item| item.kind)
    }

    /// The item after all that is in `at`.
    pub(crate) fn after(&self, at: usize) -> usize {
        self.items.get(at).map_or(at, |item| item.next as usize)
    }

    /// The values that are in no other.
    pub(crate) fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        self.beside(0, self.items.len())
    }

    fn beside(&self, from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
        let after = move |at: &usize| self.items.get(*at).map(|item| item.next as usize);
        std::iter::successors(Some(from), after).take_while(move |at| *at < to)
    }

    fn inner(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        self.beside(at + 1, self.after(at))
    }

    /// The elements of an array.
    pub(crate) fn elements(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let array = self.kind(at) == Some(Kind::Array);
        self.inner(at).filter(move |_| array)
    }

    /// The members of an object: key and value.
    pub(crate) fn members(&self, at: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let object = self.kind(at) == Some(Kind::Object);
        self.inner(at)
            .filter(move |at| object && self.kind(*at) == Some(Kind::Key))
            .map(|key| (key, key + 1))
    }

    /// The value of the member `name`.
    pub(crate) fn get(&self, at: usize, name: &str) -> Option<usize> {
        self.members(at).find(|(key, _)| self.is(*key, name)).map(|(_, value)| value)
    }

    /// The value below `names`, one in the other.
    pub(crate) fn below(&self, at: usize, names: &[&str]) -> Option<usize> {
        names.iter().try_fold(at, |at, name| self.get(at, name))
    }

    /// Whether the string at `at` says `word`, in whichever case.
    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        let inner = self.inside(at);
        if inner.contains(&b'\\') {
            decoded(inner).eq_ignore_ascii_case(word.as_bytes())
        } else {
            inner.eq_ignore_ascii_case(word.as_bytes())
        }
    }

    /// Where it stands, a string with its quotes.
    pub(crate) fn span(&self, at: usize) -> Range<usize> {
        self.items.get(at).map_or(0..0, |item| item.start as usize..item.end as usize)
    }

    /// Its bytes as they stand.
    pub(crate) fn raw(&self, at: usize) -> &'a [u8] {
        self.bytes.get(self.span(at)).unwrap_or_default()
    }

    /// What stands between a string's quotes.
    pub(crate) fn inside(&self, at: usize) -> &'a [u8] {
        match self.kind(at) {
            Some(Kind::Key | Kind::Text) => {
                let span = self.span(at);
                self.bytes.get(span.start + 1..span.end - 1).unwrap_or_default()
            }
            Some(Kind::Object | Kind::Array | Kind::Other) | None => &[],
        }
    }

    /// What the string at `at` says; nothing where it is none.
    pub(crate) fn says(&self, at: usize) -> Option<String> {
        (self.kind(at) == Some(Kind::Text))
            .then(|| String::from_utf8_lossy(&decoded(self.inside(at))).into_owned())
    }

    /// Where in the line the bytes `part` of what a string says stand.
    pub(crate) fn place(&self, at: usize, part: Range<usize>) -> Range<usize> {
        let from = self.span(at).start + 1;
        let raw = raw_range(self.inside(at), part);
        from + raw.start..from + raw.end
    }

    /// Whether an object in `at` names a member twice, so that two readers may read two things.
    pub(crate) fn repeats(&self, at: usize) -> bool {
        (at..self.after(at)).any(|one| self.repeats_itself(one))
    }

    /// The same of the members of `at` alone.
    pub(crate) fn repeats_itself(&self, at: usize) -> bool {
        let mut seen = std::collections::HashSet::new();
        self.members(at)
            .any(|(key, _)| !seen.insert(decoded(self.inside(key)).to_ascii_lowercase()))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    items: Vec<Item>,
    open: Vec<u32>,
    /// Whether a member's value comes next.
    due: bool,
}

#[expect(clippy::cast_possible_truncation, reason = "a line's length was seen to fit")]
impl Reader<'_> {
    fn all(&mut self) -> Result<(), Unread> {
        while let Some(byte) = self.bytes.get(self.at) {
            let in_object = self.open.last().is_some_and(|at| self.is_object(*at));
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b',' if !self.open.is_empty() && !self.due => self.at += 1,
                b'"' if in_object && !self.due => self.key()?,
                b'}' | b']' => self.close(*byte)?,
                _ if in_object && !self.due => return Err(Unread::NotJson),
                b'"' => {
                    let end = self.string_end()?;
                    self.add(Kind::Text, end)?;
                }
                b'{' | b'[' => {
                    let kind = if *byte == b'{' { Kind::Object } else { Kind::Array };
                    self.open.push(self.items.len() as u32);
                    self.add(kind, self.at + 1)?;
                }
                _ => self.word()?,
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err(Unread::NotJson) }
    }

    fn is_object(&self, at: u32) -> bool {
        self.items.get(at as usize).is_some_and(|item| item.kind == Kind::Object)
    }

    fn add(&mut self, kind: Kind, end: usize) -> Result<(), Unread> {
        if self.items.len() == PARTS {
            return Err(Unread::TooMany);
        }
        let next = self.items.len() as u32 + 1;
        self.items.push(Item { kind, start: self.at as u32, end: end as u32, next });
        self.at = end;
        self.due = false;
        Ok(())
    }

    fn string_end(&self) -> Result<usize, Unread> {
        let mut at = self.at + 1;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let mark = memchr::memchr2(b'"', b'\\', rest).ok_or(Unread::NotJson)?;
            if rest.get(mark) == Some(&b'"') {
                return Ok(at + mark + 1);
            }
            at += mark + 2;
        }
    }

    fn key(&mut self) -> Result<(), Unread> {
        let end = self.string_end()?;
        self.add(Kind::Key, end)?;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(Unread::NotJson);
        }
        self.at += 1;
        self.due = true;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), Unread> {
        let at = self.open.pop().ok_or(Unread::NotJson)?;
        if self.due || self.is_object(at) != (byte == b'}') {
            return Err(Unread::NotJson);
        }
        self.at += 1;
        let (next, end) = (self.items.len() as u32, self.at as u32);
        if let Some(item) = self.items.get_mut(at as usize) {
            (item.next, item.end) = (next, end);
        }
        Ok(())
    }

    fn word(&mut self) -> Result<(), Unread> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let of_word =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.iter().take(WORD + 1).take_while(of_word).count();
        let word = rest.get(..length).unwrap_or_default();
        let number = word.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
        let known: [&[u8]; 6] = [b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity"];
        // Outside of all else, a word is no message.
        if word.is_empty()
            || length > WORD
            || self.open.is_empty()
            || !(number || known.contains(&word))
        {
            return Err(Unread::NotJson);
        }
        self.add(Kind::Other, self.at + length)
    }
}

/// What stands between two quotes, in pieces: as it is, or an escape and what it says.
struct Pieces<'a> {
    inner: &'a [u8],
    at: usize,
}

/// Where a piece stands, and what it says where that is not what stands there.
type Piece = (Range<usize>, Option<([u8; 4], usize)>);

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.at;
        let rest = self.inner.get(start..).filter(|rest| !rest.is_empty())?;
        match memchr::memchr(b'\\', rest) {
            Some(0) => {}
            Some(length) => {
                self.at = start + length;
                return Some((start..self.at, None));
            }
            None => {
                self.at = self.inner.len();
                return Some((start..self.at, None));
            }
        }
        let one = |byte: u8| Some(([byte, 0, 0, 0], 1));
        let said = match rest.get(1) {
            Some(b'n') => one(b'\n'),
            Some(b't') => one(b'\t'),
            Some(b'r') => one(b'\r'),
            Some(b'b') => one(8),
            Some(b'f') => one(12),
            Some(mark @ (b'"' | b'\\' | b'/')) => one(*mark),
            Some(b'u') => {
                if let Some((char, length)) = unicode(rest) {
                    self.at = start + length;
                    let mut bytes = [0; 4];
                    let length = char.encode_utf8(&mut bytes).len();
                    return Some((start..self.at, Some((bytes, length))));
                }
                None
            }
            Some(_) | None => None,
        };
        self.at = start + if said.is_some() { 2 } else { 1 };
        Some((start..self.at, said))
    }
}

/// The character of a `\u` escape, or of two that are one, and how many bytes they take.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = rest.get(at + 2..at + 6)?;
        let escape = rest.get(at..at + 2)? == b"\\u" && digits.iter().all(u8::is_ascii_hexdigit);
        let digits = std::str::from_utf8(digits).ok()?;
        escape.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = unit(6).filter(|second| (0xdc00..0xe000).contains(second))
    {
        let whole = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(whole)?, 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

/// What a string says; `inner` is what stands between its quotes.
pub(crate) fn decoded(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    for (range, said) in (Pieces { inner, at: 0 }) {
        match said {
            Some((bytes, length)) => out.extend(bytes.iter().take(length)),
            None => out.extend_from_slice(inner.get(range).unwrap_or_default()),
        }
    }
    out
}

/// Where in `inner` the bytes `part` of what it says stand.
fn raw_range(inner: &[u8], part: Range<usize>) -> Range<usize> {
    let (mut said, mut start, mut end) = (0, None, inner.len());
    for (range, escape) in (Pieces { inner, at: 0 }) {
        let length = escape.map_or(range.len(), |(_, length)| length);
        let after = said + length;
        if start.is_none() && part.start < after {
            let within = if escape.is_some() { 0 } else { part.start - said };
            start = Some(range.start + within);
        }
        if part.end <= after {
            end = if escape.is_some() { range.end } else { range.start + part.end - said };
            break;
        }
        said = after;
    }
    let start = start.unwrap_or(inner.len());
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Tape, Unread, decoded};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn strings(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(text.clone()),
            Value::Array(some) => some.iter().for_each(|one| strings(one, all)),
            Value::Object(some) => {
                for (key, one) in some {
                    all.push(key.clone());
                    strings(one, all);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|some| Value::Object(some.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_reads_is_read_alike(value in value()) {
            let text = json!([value]).to_string();
            let tape = Tape::of(text.as_bytes()).unwrap();
            let mut wanted = Vec::new();
            strings(&value, &mut wanted);
            let found: Vec<String> = (0..tape.len())
                .filter(|at| matches!(tape.kind(*at), Some(Kind::Key | Kind::Text)))
                .map(|at| String::from_utf8(decoded(tape.inside(at))).unwrap())
                .collect();
            prop_assert_eq!(found, wanted);
            let root = tape.roots().next().unwrap();
            prop_assert_eq!(tape.raw(root), text.as_bytes());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, part in 0_usize..40) {
            if let Ok(tape) = Tape::of(&bytes) {
                for at in 0..tape.len() {
                    let _place = tape.place(at, part..part + 9);
                    let _repeats = tape.repeats(at);
                }
            }
        }

        #[test]
        fn a_part_of_a_string_is_found_where_it_stands(before: String, part in "[a-z]{4,9}", after: String) {
            let text = json!([format!("{before}{part}{after}")]).to_string();
            let tape = Tape::of(text.as_bytes()).unwrap();
            let place = tape.place(1, before.len()..before.len() + part.len());
            prop_assert_eq!(&text.as_bytes()[place], part.as_bytes());
        }
    }

    #[test]
    fn members_are_found_however_they_are_written() {
        let text =
            br#"{"m\u0065thod":"tools\/call","PARAMS":{"name":"x","a":[1,{"b":"c"}]},"id":7}"#;
        let tape = Tape::of(text).unwrap();
        assert_eq!(tape.says(tape.get(0, "method").unwrap()).unwrap(), "tools/call");
        assert_eq!(tape.says(tape.below(0, &["params", "name"]).unwrap()).unwrap(), "x");
        assert_eq!(tape.raw(tape.get(0, "id").unwrap()), b"7");
        let list = tape.below(0, &["params", "a"]).unwrap();
        assert_eq!(tape.elements(list).count(), 2);
        assert_eq!(tape.members(0).count(), 3);
    }

    #[test]
    fn a_member_named_twice_is_seen() {
        let twice = Tape::of(br#"{"a":1,"b":{"c":1,"\u0043":2}}"#).unwrap();
        assert!(twice.repeats(0) && !twice.repeats_itself(0));
        assert!(!Tape::of(br#"{"a":1,"b":{"a":1}}"#).unwrap().repeats(0));
    }

    #[test]
    fn what_is_no_json_is_told() {
        for text in
            ["{", "[1", "\"a", "{\"a\"}", "{\"a\":}", "]", "{1:2}", "server started", "[}", "7"]
        {
            assert_eq!(Tape::of(text.as_bytes()).err(), Some(Unread::NotJson), "{text}");
        }
        assert_eq!(Tape::of(b" {} [] \r").unwrap().roots().count(), 2);
        assert_eq!(Tape::of("[".repeat(2_000_001).as_bytes()).err(), Some(Unread::TooMany));
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(
            decoded(br#"a\n\"\\\/\u00e9\ud83d\ude00\ud83d!\q"#),
            "a\n\"\\/é😀\u{fffd}!\\q".as_bytes()
        );
    }
}

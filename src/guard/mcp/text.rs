//! What the strings of a message say, as texts to be scanned, and the way back to where they
//! stand.

use super::json::{Kind, Tape, decoded};
use data_encoding::BASE64;
use std::ops::Range;
use zeroize::Zeroizing;

/// Longer values are no settings, whose names tell what they are.
const VALUE: usize = 4 << 10;

/// A shorter key is no credential.
const KEY: usize = 16;

/// What only the two ends read and no model sees: to change it would break it. These are the
/// members of results and parameters themselves, not of what is in them.
const OPAQUE: [&str; 3] = ["requestState", "cursor", "nextCursor"];

/// Members that hold a file in base64.
const FILES: [&str; 2] = ["blob", "data"];

/// A text made of strings.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    parts: Vec<Part>,
}

struct Part {
    /// Where in the joined text.
    at: usize,
    length: usize,
    item: usize,
}

impl Joined {
    fn add(&mut self, item: usize, said: &[u8]) {
        let (at, length) = (self.bytes.len(), said.len());
        self.bytes.extend_from_slice(said);
        self.parts.push(Part { at, length, item });
    }

    /// The strings that `range` of the text is of, and which bytes of what each says.
    pub(crate) fn strings(
        &self,
        range: &Range<usize>,
    ) -> impl Iterator<Item = (usize, Range<usize>)> {
        let first = self.parts.partition_point(|part| part.at + part.length <= range.start);
        let parts = self.parts.get(first..).unwrap_or_default().iter();
        let range = range.clone();
        parts.take_while(move |part| part.at < range.end).map(move |part| {
            let start = range.start.max(part.at) - part.at;
            (part.item, start..range.end.min(part.at + part.length) - part.at)
        })
    }
}

/// A file within a message.
pub(crate) struct File {
    pub(crate) item: usize,
    pub(crate) text: Zeroizing<Vec<u8>>,
}

/// What a line says.
#[derive(Default)]
pub(crate) struct Texts {
    /// Each string on lines of its own.
    pub(crate) strings: Joined,
    /// Members of objects as settings: a name and its value on a line.
    pub(crate) members: Joined,
    /// Files of text.
    pub(crate) files: Vec<File>,
}

/// An object or array that a walk is in.
struct Open {
    ends: usize,
    /// Where the name stands that its values go by.
    key: Option<usize>,
}

/// All that the items from `from` to `to` say.
pub(crate) fn texts(tape: &Tape<'_>, from: usize, to: usize) -> Texts {
    let mut texts = Texts::default();
    let mut open: Vec<Open> = Vec::new();
    let mut key = None;
    for at in from..to {
        while open.last().is_some_and(|open| open.ends <= at) {
            open.pop();
            key = None;
        }
        match tape.kind(at) {
            Some(Kind::Object | Kind::Array) => {
                let ends = tape.after(at);
                let name = key.take().or_else(|| open.last().and_then(|open| open.key));
                open.push(Open { ends, key: name });
            }
            Some(Kind::Key) => {
                key = Some(at);
                if tape.inside(at).len() > KEY {
                    texts.strings.add(at, &Zeroizing::new(decoded(tape.inside(at))));
                    texts.strings.bytes.push(b'\n');
                }
            }
            Some(Kind::Text) => {
                let name = key.take().or_else(|| open.last().and_then(|open| open.key));
                let named = |words: &[&str]| {
                    name.is_some_and(|name| words.iter().any(|word| tape.is(name, word)))
                };
                if open.len() == 2 && named(&OPAQUE) {
                    continue;
                }
                let said = Zeroizing::new(decoded(tape.inside(at)));
                if let Some(text) = named(&FILES).then(|| file(&said)).flatten() {
                    texts.files.push(File { item: at, text });
                    continue;
                }
                string(&mut texts, tape, name, at, &said);
            }
            Some(Kind::Other) => key = None,
            None => {}
        }
    }
    texts
}

fn string(texts: &mut Texts, tape: &Tape<'_>, name: Option<usize>, at: usize, said: &[u8]) {
    texts.strings.add(at, said);
    texts.strings.bytes.push(b'\n');
    let Some(name) = name.filter(|_| said.len() <= VALUE && !said.contains(&b'\n')) else { return };
    let bytes = &mut texts.members.bytes;
    bytes.push(b'"');
    bytes.extend_from_slice(tape.inside(name));
    bytes.extend_from_slice(b"\": \"");
    texts.members.add(at, said);
    texts.members.bytes.extend_from_slice(b"\",\n");
}

/// The text that a file in base64 holds; nothing where it is none.
fn file(said: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(BASE64.decode(said).ok().filter(|bytes| bytes.len() > KEY)?);
    std::str::from_utf8(&bytes).is_ok().then_some(bytes)
}

/// Something to be put in the place of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) at: Range<usize>,
    pub(crate) new: String,
}

/// `line` with `edits`; of those that overlap the first counts, over all of their places.
pub(crate) fn edited(line: &[u8], mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|edit| (edit.at.start, std::cmp::Reverse(edit.at.end)));
    let mut merged: Vec<Edit> = Vec::new();
    for edit in edits {
        match merged.last_mut() {
            Some(last) if edit.at.start < last.at.end => last.at.end = last.at.end.max(edit.at.end),
            Some(_) | None => merged.push(edit),
        }
    }
    let (mut out, mut at) = (Vec::with_capacity(line.len()), 0);
    for edit in merged {
        out.extend_from_slice(line.get(at..edit.at.start).unwrap_or_default());
        out.extend_from_slice(edit.new.as_bytes());
        at = edit.at.end;
    }
    out.extend_from_slice(line.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::{Edit, edited, texts};
    use crate::guard::mcp::json::Tape;
    use data_encoding::BASE64;

    #[test]
    fn strings_are_joined_and_found_again() {
        let line = br#"{"result":{"a":"x\ty","list":["p","q"],"requestState":"s","n":1}}"#;
        let tape = Tape::of(line).unwrap();
        let all = texts(&tape, 0, tape.len());
        assert_eq!(all.strings.bytes.as_slice(), b"x\ty\np\nq\n");
        assert_eq!(
            all.members.bytes.as_slice(),
            b"\"a\": \"x\ty\",\n\"list\": \"p\",\n\"list\": \"q\",\n"
        );
        let found: Vec<_> = all.strings.strings(&(2..5)).collect();
        assert_eq!(found.len(), 2);
        let places: Vec<&[u8]> =
            found.into_iter().map(|(item, part)| &line[tape.place(item, part)]).collect();
        assert_eq!(places, [&b"y"[..], b"p"]);
    }

    #[test]
    fn a_file_is_looked_into_where_it_is_text() {
        let text = BASE64.encode(b"some text that is a file");
        let line = format!(r#"{{"contents":[{{"blob":"{text}"}},{{"blob":"not base64"}}]}}"#);
        let tape = Tape::of(line.as_bytes()).unwrap();
        let all = texts(&tape, 0, tape.len());
        assert_eq!(all.files.len(), 1);
        assert_eq!(all.strings.bytes.as_slice(), b"not base64\n");
    }

    #[test]
    fn edits_that_overlap_are_one() {
        let edit = |at, new: &str| Edit { at, new: new.to_owned() };
        let out = edited(b"0123456789", vec![edit(6..8, "b"), edit(2..4, "a"), edit(3..5, "c")]);
        assert_eq!(out, b"01a5b89");
    }
}

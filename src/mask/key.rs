//! Private keys over several lines (RFC 7468, RFC 9580's armour): once one
//! has begun, its lines are masked as they come, for its end may never.

use super::view::is_base64;
use bstr::ByteSlice;
use std::ops::Range;

/// A key has no more bytes.
const BYTES_AT_MOST: usize = 64 << 10;

/// Whether a key goes on.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Block {
    /// Bytes of the open key so far.
    inside: Option<usize>,
}

impl Block {
    pub(super) fn is_open(self) -> bool {
        self.inside.is_some()
    }

    /// The parts of `text` that are of a key, from `from` on, where a line begins.
    pub(super) fn parts(&mut self, text: &[u8], from: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        if self.inside.is_none() && text[from..].find(b"PRIVATE KEY").is_none() {
            return parts;
        }
        let mut at = from;
        while at < text.len() {
            let line_end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
            self.line(text, at..line_end, &mut parts);
            at = line_end + 1;
        }
        parts
    }

    fn line(&mut self, text: &[u8], line: Range<usize>, parts: &mut Vec<Range<usize>>) {
        let mut at = line.start;
        loop {
            let rest = &text[at..line.end];
            if let Some(size) = self.inside {
                let size = size + rest.len() + 1;
                if let Some(end) = rest.find(b"-----END") {
                    put(parts, text, at..at + end);
                    self.inside = None;
                    at += end + b"-----END".len();
                } else if size < BYTES_AT_MOST && is_body(rest) {
                    put(parts, text, at..line.end);
                    self.inside = Some(size);
                    return;
                } else {
                    self.inside = None;
                }
            }
            let rest = &text[at..line.end];
            let Some(begin) = begin(rest) else { return };
            at += begin;
            let rest = &text[at..line.end];
            if rest.find(b"-----END").is_none() {
                put(parts, text, at..line.end);
                self.inside = Some(0);
                return;
            }
            self.inside = Some(0);
        }
    }
}

fn put(parts: &mut Vec<Range<usize>>, text: &[u8], part: Range<usize>) {
    if !text[part.clone()].trim_ascii().is_empty() {
        parts.push(part);
    }
}

/// Where the first line of a key in `text` ends.
fn begin(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(b"-----BEGIN ")? + b"-----BEGIN ".len();
        from = at;
        let label = text.get(at..)?;
        let end = label.find(b"-----")?;
        if end <= 60 && label[..end].find(b"PRIVATE KEY").is_some() {
            return Some(at + end + b"-----".len());
        }
    }
}

/// Whether a line can be of a key: base64, a header, or nothing; whatever stands before it.
fn is_body(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let coded = |word: &[u8]| !word.is_empty() && word.iter().all(|byte| is_base64(*byte));
    let last = line.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    let last = last.trim_end_with(|char| matches!(char, '"' | '\'' | '\\' | ',' | ';'));
    let last = last.trim_start_with(|char| matches!(char, '"' | '\'' | '>' | '|' | '+'));
    let alone = last.len() + 4 >= line.len();
    let header = line.find(b": ").is_some_and(|end| {
        let name = &line[..end];
        end < 40 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    });
    line.is_empty()
        || (coded(last) && (alone || last.len() >= 40))
        || (header
            && [&b"Proc-Type"[..], b"DEK-Info", b"Version", b"Comment", b"Hash", b"Charset"]
                .iter()
                .any(|name| line.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::Block;

    fn masked(text: &str) -> (Vec<String>, bool) {
        let mut block = Block::default();
        let parts = block.parts(text.as_bytes(), 0);
        let text_of = |part| String::from_utf8_lossy(&text.as_bytes()[part]).into_owned();
        (parts.into_iter().map(text_of).collect(), block.is_open())
    }

    fn fence(word: &str) -> String {
        format!("-----{word} EC PRIVATE KEY-----")
    }

    #[test]
    fn a_key_is_masked_to_its_end_and_no_further() {
        let (begin, end) = (fence("BEGIN"), fence("END"));
        let key = format!("a\n{begin}\nMIIB\nAAAA==\n{end}\nplain\n");
        assert_eq!(masked(&key), (vec!["MIIB".to_owned(), "AAAA==".to_owned()], false));

        let one_line = format!("k = \"{begin}\\nMIIB\\n{end}\\n\" more\n");
        assert_eq!(masked(&one_line), (vec!["\\nMIIB\\n".to_owned()], false));
    }

    #[test]
    fn a_key_without_an_end_ends_with_what_is_none() {
        let key = format!("{}\nMIIB\nthis is a sentence again\nMIIB\n", fence("BEGIN"));
        assert_eq!(masked(&key), (vec!["MIIB".to_owned()], false));

        let open = format!("{}\nProc-Type: 4,ENCRYPTED\n\nMIIB\n", fence("BEGIN"));
        assert!(masked(&open).1);
    }

    #[test]
    fn what_runners_put_before_each_line_hides_no_key() {
        let body = "QUJD".repeat(16);
        let key = format!("web  | {}\nweb  | {body}\nweb  | {}\n", fence("BEGIN"), fence("END"));

        assert_eq!(masked(&key).0[0], format!("web  | {body}"));
    }
}

//! What a message is about, told from its bytes as they pass, where it is too long to be kept.

/// A longer id or method is none.
const TOKEN: usize = 300;

/// As many messages of a batch are told apart.
const MOST: usize = 1000;

/// What is known of a line that was not kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Skimmed {
    pub(crate) messages: Vec<Told>,
    /// Its length, in bytes.
    pub(crate) length: u64,
}

/// One message of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// As it stands there.
    pub(crate) id: Option<Vec<u8>>,
    /// Whether it asks for something, and does not answer.
    pub(crate) method: Option<String>,
}

/// Reads on.
#[derive(Debug, Default)]
pub(crate) struct Skim {
    depth: u32,
    /// The depth at which a message's members stand.
    base: u32,
    in_string: bool,
    escaped: bool,
    /// Whether a member's value comes, and not its name.
    value: bool,
    token: Vec<u8>,
    key: Vec<u8>,
    told: Told,
    done: Skimmed,
}

impl Skim {
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.done.length += bytes.len() as u64;
        for byte in bytes {
            self.step(*byte);
        }
    }

    pub(crate) fn done(mut self) -> Skimmed {
        if self.depth > 0 {
            self.message();
        }
        self.done
    }

    fn step(&mut self, byte: u8) {
        let here = self.depth == self.base && self.base > 0;
        if self.in_string {
            self.keep(byte, here);
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
                if here && !self.value {
                    self.key = std::mem::take(&mut self.token);
                }
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.token.clear();
                self.keep(byte, here);
            }
            b'{' | b'[' => {
                self.depth += 1;
                if self.base == 0 {
                    self.base = if byte == b'{' { 1 } else { 2 };
                }
                if self.depth == self.base {
                    self.value = false;
                }
                self.token.clear();
            }
            b'}' | b']' => {
                if here {
                    self.member();
                    self.message();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if here => {
                self.value = true;
                self.token.clear();
            }
            b',' if here => self.member(),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => self.keep(byte, here && self.value),
        }
    }

    fn keep(&mut self, byte: u8, here: bool) {
        if here && self.token.len() <= TOKEN {
            self.token.push(byte);
        }
    }

    fn member(&mut self) {
        let token = std::mem::take(&mut self.token);
        let key = super::json::decoded(
            self.key.get(1..self.key.len().saturating_sub(1)).unwrap_or_default(),
        );
        if self.value && token.len() <= TOKEN && !token.is_empty() {
            if key.eq_ignore_ascii_case(b"id") {
                self.told.id = Some(token);
            } else if key.eq_ignore_ascii_case(b"method") {
                let inner = token.get(1..token.len() - 1).unwrap_or_default();
                self.told.method = Some(String::from_utf8_lossy(inner).into_owned());
            }
        }
        self.value = false;
        self.key.clear();
    }

    fn message(&mut self) {
        let told = std::mem::take(&mut self.told);
        if self.done.messages.len() < MOST && told != Told::default() {
            self.done.messages.push(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Skim, Told};
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<Told> {
        let mut skim = Skim::default();
        for byte in text.as_bytes() {
            skim.feed(&[*byte]);
        }
        skim.done().messages
    }

    fn one(id: &str, method: Option<&str>) -> Told {
        Told { id: Some(id.as_bytes().to_vec()), method: method.map(str::to_owned) }
    }

    #[test]
    fn an_id_is_found_before_and_after_what_is_long() {
        let long = "x\\\"".repeat(50);
        let text =
            format!(r#"{{"id": 7, "method":"tools/call","params":{{"id":1,"a":["{long}"]}}}}"#);
        assert_eq!(told(&text), [one("7", Some("tools/call"))]);
        let text = format!(r#"{{"result":{{"id":"no","t":"{long}"}},"jsonrpc":"2.0","id":"a-1"}}"#);
        assert_eq!(told(&text), [one("\"a-1\"", None)]);
    }

    #[test]
    fn each_message_of_a_batch_is_told() {
        let text = r#"[{"id":1,"method":"a"},{"method":"b"},{"id":"x","result":[{"id":9}]}]"#;
        let all = told(text);
        assert_eq!((all.len(), &all[0], &all[2]), (3, &one("1", Some("a")), &one("\"x\"", None)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let mut skim = Skim::default();
            skim.feed(&bytes);
            let _told = skim.done();
        }
    }
}

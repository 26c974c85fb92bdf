//! Messages as RFC 5424 has them, and the frames of RFC 6587 and RFC 5425.

use super::event::Outgoing;
use super::{Format, Sink, fields};
use crate::catalogue::Severity;
use std::fmt::Write as _;

/// Facilities, by their names and numbers (RFC 5424, table 1).
pub(crate) const FACILITIES: [(&str, u8); 12] = [
    ("user", 1),
    ("auth", 4),
    ("authpriv", 10),
    ("audit", 13),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

/// Of the highest number that a `sequenceId` may have (section 7.3.1).
const SEQUENCE: i64 = 2_147_483_647;

/// An event as one message. Its text is JSON in ASCII alone, so that it needs no mark of
/// its encoding.
pub(super) fn message(event: &Outgoing, sink: &Sink) -> Vec<u8> {
    let priority = u32::from(sink.facility) * 8 + u32::from(severity(event.severity()));
    // A host's name often is a person's: the record's keyed name tells as much.
    let host = field(&event.machine, 255);
    let kind = field(&event.kind, 32);
    let mut text = format!("<{priority}>1 {} {host} leakcoach - {kind} ", event.time());
    let sequence = (event.sequence - 1).rem_euclid(SEQUENCE) + 1;
    element(&mut text, "meta", &[("sequenceId", &sequence.to_string())]);
    let version = env!("CARGO_PKG_VERSION");
    element(&mut text, "origin", &[("software", "leakcoach"), ("swVersion", version)]);
    if let Some(name) = &sink.element {
        let of = |name: &str, value: &serde_json::Value| {
            (name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let mut params = vec![("id".to_owned(), event.id.clone())];
        params.push(("class".to_owned(), event.class.word().to_owned()));
        params.extend(event.fields.iter().map(|(name, value)| of(name, value)));
        let params: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        element(&mut text, name, &params);
    }
    text.push(' ');
    let format = if sink.format == Format::Slack { Format::Plain } else { sink.format };
    text.push_str(&ascii(&fields::of(event, format).to_string()));
    text.into_bytes()
}

/// A message in a stream: its length before it (RFC 6587, section 3.4.1; RFC 5425,
/// section 4.3).
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    [format!("{} ", message.len()).as_bytes(), message].concat()
}

const fn severity(of: Option<Severity>) -> u8 {
    match of {
        Some(Severity::Critical) => 2,
        Some(Severity::High) => 3,
        Some(Severity::Medium) => 4,
        Some(Severity::Low) => 5,
        Some(Severity::Info) | None => 6,
    }
}

/// A field of the header: printable ASCII without blanks, at most so long; `-` for nothing.
fn field(text: &str, longest: usize) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

/// Whether `name` may be an element's under somebody's own number: `name@number`.
pub(crate) fn is_element(name: &str) -> bool {
    let Some((own, number)) = name.split_once('@') else { return false };
    let number_fits = !number.is_empty()
        && number.chars().all(|char| char.is_ascii_digit() || char == '.')
        && number.starts_with(|char: char| char.is_ascii_digit());
    !own.is_empty() && name.len() <= 32 && own.chars().all(is_of_name) && number_fits
}

/// A character of an SD-NAME (section 6).
fn is_of_name(char: char) -> bool {
    char.is_ascii_graphic() && !matches!(char, '=' | ']' | '"' | '@')
}

fn element(text: &mut String, name: &str, params: &[(&str, &str)]) {
    text.push('[');
    text.push_str(name);
    for (name, value) in params {
        let name: String = name.chars().filter(|char| is_of_name(*char)).take(32).collect();
        let _infallible = write!(text, " {name}=\"{}\"", escaped(value));
    }
    text.push(']');
}

/// A parameter's value: `"`, `\` and `]` after a backslash (section 6.3.3). Controls, which
/// receivers read differently, are blanks.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for char in value.chars() {
        match char {
            '"' | '\\' | ']' => out.extend(['\\', char]),
            char if char.is_control() => out.push(' '),
            char => out.push(char),
        }
    }
    out
}

/// JSON with every other character as JSON escapes it.
pub(super) fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_ascii() && char != '\u{7f}' {
            out.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{ascii, escaped, field, framed, is_element, message};
    use crate::record::{Deed, What};
    use crate::send::event::tests::{outgoing, shown, sink};
    use crate::send::{Class, Sink};
    use proptest::prelude::*;

    /// What a reader of RFC 5424 makes of a message: its header's fields, its elements with
    /// their parameters, and its text.
    type Read = (Vec<String>, Vec<(String, Vec<(String, String)>)>, String);

    fn read(message: &str) -> Option<Read> {
        let mut header = Vec::new();
        let mut rest = message;
        for _ in 0..6 {
            let (field, after) = rest.split_once(' ')?;
            header.push(field.to_owned());
            rest = after;
        }
        let mut chars = rest.chars().peekable();
        let mut elements = Vec::new();
        while chars.next_if_eq(&'[').is_some() {
            let mut name = String::new();
            while let Some(char) = chars.next_if(|char| !" ]".contains(*char)) {
                name.push(char);
            }
            let mut params = Vec::new();
            while chars.next_if_eq(&' ').is_some() {
                let mut param = String::new();
                while let Some(char) = chars.next_if(|char| *char != '=') {
                    param.push(char);
                }
                (chars.next()? == '=' && chars.next()? == '"').then_some(())?;
                let mut value = String::new();
                loop {
                    match chars.next()? {
                        '"' => break,
                        ']' => return None,
                        '\\' => value.push(chars.next()?),
                        char => value.push(char),
                    }
                }
                params.push((param, value));
            }
            (chars.next()? == ']').then_some(())?;
            elements.push((name, params));
        }
        (chars.next()? == ' ').then_some(())?;
        Some((header, elements, chars.collect()))
    }

    fn sent(reason: &str) -> String {
        let plain = sink(Class::Restricted);
        let sink = Sink { element: Some("acme@99999".to_owned()), ..plain };
        let what = What::Overridden {
            deed: Deed::Commit,
            rule: "github-pat".to_owned(),
            finding: None,
            reason: reason.to_owned(),
        };
        String::from_utf8(message(&outgoing(what, &sink).unwrap(), &sink)).unwrap()
    }

    #[test]
    fn a_message_reads_as_the_rfc_says() {
        let plain = sink(Class::Confidential);
        let text = message(&outgoing(shown(), &plain).unwrap(), &plain);
        let text = String::from_utf8(text).unwrap();
        let (header, elements, body) = read(&text).unwrap();
        // authpriv is 10, critical is 2: 10 * 8 + 2.
        assert_eq!(
            header,
            ["<82>1", "2025-11-21T19:00:00Z", "00c0ffee00c0ffee", "leakcoach", "-", "shown"]
        );
        assert_eq!(elements[0].0, "meta");
        assert_eq!(elements[0].1, [("sequenceId".to_owned(), "12".to_owned())]);
        assert_eq!(elements.len(), 2, "no element under a number that is nobody's");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["id"], "00c0ffee00c0ffee-12-1a2b3c4d");
    }

    #[test]
    fn an_element_needs_somebodys_number() {
        for right in ["acme@99999", "leakcoach@1.2"] {
            assert!(is_element(right), "{right}");
        }
        for wrong in ["acme", "@1", "a b@1", "a@", "a@x", "a]@1", "a=b@1", "a@b@1"] {
            assert!(!is_element(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_header_has_no_blank() {
        assert_eq!(field("a b\nc\u{e9}", 9), "abc");
        assert_eq!((field("", 9), field("abcdef", 3)), ("-".to_owned(), "abc".to_owned()));
    }

    proptest! {
        #[test]
        fn whatever_somebody_writes_reads_back_as_one_message(reason: String) {
            let text = sent(&reason);
            prop_assert!(!text.contains('\n') && !text.contains('\0'));
            let (header, elements, body) = read(&text).unwrap();
            prop_assert_eq!(header.len(), 6);
            let (_, params) = elements.iter().find(|(name, _)| name == "acme@99999").unwrap();
            let (_, value) = params.iter().find(|(name, _)| name == "reason").unwrap();
            // As the test's own mask has it, cut, with blanks for controls.
            let masked: String = reason.replace("fixture", "[hidden]").chars().take(500).collect();
            let blanks: String =
                masked.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            prop_assert_eq!(value, &blanks);
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(body["reason"].as_str(), Some(&*masked));
        }

        #[test]
        fn a_frame_says_how_long_its_message_is(bytes: Vec<u8>) {
            let frame = framed(&bytes);
            let blank = frame.iter().position(|byte| *byte == b' ').unwrap();
            let length: usize = std::str::from_utf8(&frame[..blank]).unwrap().parse().unwrap();
            prop_assert_eq!(length, bytes.len());
            prop_assert_eq!(&frame[blank + 1..], &bytes[..]);
        }

        #[test]
        fn a_value_ends_where_its_quote_does(value: String) {
            let out = escaped(&value);
            let mut chars = out.chars();
            while let Some(char) = chars.next() {
                prop_assert!(char != '"' && char != ']' && !char.is_control());
                if char == '\\' {
                    prop_assert!(chars.next().is_some_and(|next| "\"\\]".contains(next)));
                }
            }
        }

        #[test]
        fn json_in_ascii_says_the_same(text: String) {
            let json = serde_json::Value::from(text.clone()).to_string();
            let out = ascii(&json);
            prop_assert!(out.is_ascii());
            let back: String = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(back, text);
        }
    }
}

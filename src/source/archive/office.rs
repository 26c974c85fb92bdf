//! The text of office documents, a line for each paragraph.
//!
//! Office Open XML (ECMA-376: docx, xlsx, pptx) and Open Document (ISO 26300: odt, ods,
//! odp) keep text in runs, and a run ends wherever spelling, style or revision does: what
//! was pasted as one word may stand there as several.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// The namespace of a document that holds text stands in its first element.
const HEAD: usize = 4096;

/// Parts of the names of namespaces whose elements hold text.
const NAMESPACES: [&[u8]; 5] = [
    b"wordprocessingml",
    b"spreadsheetml",
    b"presentationml",
    b"drawingml",
    b"opendocument:xmlns:office",
];

/// What `bytes` say, if they are a part of an office document: its paragraphs line by
/// line, and each paragraph's attributes after it. Nothing for all else, and for what is
/// no XML.
pub(super) fn text_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if start.first() != Some(&b'<') {
        return None;
    }
    let head = &start[..start.len().min(HEAD)];
    if !NAMESPACES.iter().any(|name| memchr::memmem::find(head, name).is_some()) {
        return None;
    }
    let xml = String::from_utf8_lossy(start);
    let mut reader = Reader::from_str(&xml);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut text = Text { out: String::with_capacity(xml.len() / 2), attributes: String::new() };
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => text.attributes(&tag),
            Event::Empty(tag) => {
                text.attributes(&tag);
                text.ends(tag.local_name().as_ref());
            }
            Event::End(tag) => text.ends(tag.local_name().as_ref()),
            Event::Text(words) => text.out.push_str(&words.into_inner()),
            Event::CData(words) => text.out.push_str(&words.into_inner()),
            Event::GeneralRef(name) => text.reference(&name),
            Event::Comment(words) => {
                text.attributes.push_str(&words.into_inner());
                text.attributes.push('\n');
            }
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    text.line();
    Some(text.out.into_bytes())
}

struct Text {
    out: String,
    /// Those since the last line, which would stand between the runs of a word.
    attributes: String,
}

impl Text {
    fn ends(&mut self, element: &str) {
        match element {
            // Paragraphs, headings, shared strings, cells and rows; and breaks in them.
            "p" | "h" | "si" | "is" | "c" | "v" | "f" | "tr" | "row" | "br" | "cr"
            | "line-break" | "text" => self.line(),
            "tab" | "s" => self.out.push(' '),
            _ => {}
        }
    }

    fn line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.push_str(&self.attributes);
        self.attributes.clear();
    }

    fn attributes(&mut self, tag: &BytesStart<'_>) {
        for attribute in tag.attributes().with_checks(false).flatten() {
            let name = attribute.key.as_ref();
            if name.starts_with("xmlns") {
                continue;
            }
            let value = unescape(&attribute.value).unwrap_or_else(|_| attribute.value.clone());
            for part in [name, "=\"", &value, "\"\n"] {
                self.attributes.push_str(part);
            }
        }
    }

    fn reference(&mut self, name: &BytesRef<'_>) {
        if let Ok(Some(char)) = name.resolve_char_ref() {
            self.out.push(char);
            return;
        }
        let char = match &**name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            // Of an entity that nobody declared, its name is what there is.
            other => other,
        };
        self.out.push_str(char);
    }
}

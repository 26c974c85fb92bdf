//! YAML: what stands there depends on who reads the file.

use super::edit::{Edit, has, indent, line_around, line_end, part};
use super::pipeline::{Reader, reader, reference};
use super::tongue::{node_at, parse, still_parses, upwards};
use super::{Ask, Mended, Refusal, Source};
use std::ops::Range;
use tree_sitter::Node;

const SCALARS: &[&str] =
    &["plain_scalar", "double_quote_scalar", "single_quote_scalar", "block_scalar"];

pub(super) fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let Some(reader) = reader(ask.path, ask.text) else {
        return Err(Refusal::new(
            "nothing says which program reads this YAML, or that it expands variables",
            "take the value out, and read it from the environment where the file is read",
        ));
    };
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Platform };
    if reader == Reader::HelmTemplate {
        return template(ask);
    }
    let grammar = tree_sitter_yaml::LANGUAGE.into();
    let (tree, faults) = parse(&grammar, ask.text)?;
    for value in ask.values {
        let node = node_at(tree.root_node(), value).ok_or_else(refuse)?;
        if upwards(node).any(|node| node.kind() == "comment") {
            mended.edits.push(Edit::new(value.clone(), ask.name));
            mended.notes.push("in a comment, only its name is left".to_owned());
            continue;
        }
        if upwards(node).any(|node| node.is_error()) {
            return Err(Refusal::new(
                "the file does not parse around the value",
                "mend the syntax first, or replace the value by hand",
            ));
        }
        let scalar =
            upwards(node).find(|node| SCALARS.contains(&node.kind())).ok_or_else(refuse)?;
        let place = Place { ask, value: value.clone(), scalar };
        if place.is_key() {
            return Err(Refusal::new("the value is a key", "name the key otherwise by hand"));
        }
        match reader {
            Reader::Kubernetes => place.in_kubernetes(&mut mended)?,
            Reader::HelmValues => place.in_values(&mut mended)?,
            Reader::Actions
            | Reader::GitLab
            | Reader::Azure
            | Reader::Compose
            | Reader::HelmTemplate
            | Reader::Ansible
            | Reader::Spring
            | Reader::Rails
            | Reader::Serverless
            | Reader::CloudFormation
            | Reader::Grafana
            | Reader::Yarn
            | Reader::Script => place.referring(reader, &mut mended)?,
        }
    }
    still_parses(&grammar, ask.text, faults, &mended.edits)?;
    Ok(mended)
}

fn refuse() -> Refusal {
    Refusal::new("the value is not within one scalar", "replace it by hand")
}

/// A credential in a scalar.
struct Place<'a> {
    ask: &'a Ask<'a>,
    value: Range<usize>,
    scalar: Node<'a>,
}

impl<'a> Place<'a> {
    fn words(&self, node: Node<'_>) -> &'a [u8] {
        part(self.ask.text, node.byte_range())
    }

    /// The pair that the scalar is the value of, or in whose list it stands.
    fn pairs(&self) -> impl Iterator<Item = Node<'a>> {
        upwards(self.scalar)
            .filter(|node| matches!(node.kind(), "block_mapping_pair" | "flow_pair"))
    }

    fn is_key(&self) -> bool {
        self.pairs().next().and_then(|pair| pair.child_by_field_name("key")).is_some_and(|key| {
            key.start_byte() <= self.scalar.start_byte() && self.scalar.end_byte() <= key.end_byte()
        })
    }

    fn key(&self, pair: Node<'_>) -> &'a [u8] {
        let key = pair.child_by_field_name("key").map(|key| self.words(key)).unwrap_or_default();
        key.trim_ascii()
    }

    /// The scalar's content, without quotes.
    fn is_whole(&self) -> bool {
        let words = self.words(self.scalar);
        let inner = match self.scalar.kind() {
            "double_quote_scalar" | "single_quote_scalar" => part(words, 1..words.len() - 1),
            "block_scalar" => {
                let first = memchr::memchr(b'\n', words).map_or(words.len(), |at| at + 1);
                part(words, first..words.len()).trim_ascii()
            }
            _ => words,
        };
        inner == part(self.ask.text, self.value.clone()).trim_ascii()
    }

    /// The scalar or the value in it, replaced by words for its kind of quotes.
    fn replaced(&self, words: &str, quoted: bool) -> Result<Edit, Refusal> {
        let in_flow = upwards(self.scalar)
            .any(|node| matches!(node.kind(), "flow_mapping" | "flow_sequence"));
        Ok(match self.scalar.kind() {
            "double_quote_scalar" => {
                Edit::new(self.value.clone(), words.replace('\\', "\\\\").replace('"', "\\\""))
            }
            "single_quote_scalar" => Edit::new(self.value.clone(), words.replace('\'', "''")),
            "block_scalar" if self.is_whole() => {
                let end = self.words(self.scalar).trim_ascii_end().len();
                let start = self.scalar.start_byte();
                Edit::new(start..start + end, doubled(words))
            }
            "block_scalar" => Edit::new(self.value.clone(), words),
            _ if self.is_whole() => {
                let plain = !(quoted || in_flow);
                let words = if plain { words.to_owned() } else { doubled(words) };
                Edit::new(self.scalar.byte_range(), words)
            }
            // In the middle of plain text nothing but `: `, ` #` and a first sign matter.
            _ => {
                let first = self.value.start == self.scalar.start_byte()
                    && (quoted || words.starts_with('<'));
                let breaks = words.contains(": ") || words.contains(" #");
                if first || breaks || in_flow {
                    return Err(Refusal::new(
                        "the reference would need quotes around the whole text",
                        "quote the text, then run it again",
                    ));
                }
                Edit::new(self.value.clone(), words)
            }
        })
    }

    fn referring(&self, reader: Reader, mended: &mut Mended) -> Result<(), Refusal> {
        let script = self.pairs().any(|pair| {
            matches!(
                self.key(pair),
                b"script" | b"run" | b"command" | b"before_script" | b"after_script"
            )
        });
        // A variable of the same name would refer to itself: the platform sets it.
        if matches!(reader, Reader::GitLab | Reader::Azure)
            && let Some(pair) = self.pairs().next()
            && self.key(pair) == self.ask.name.as_bytes()
        {
            mended.edits.push(self.without(pair)?);
            mended.notes.push(format!(
                "the line is gone: store the new value as a masked variable {} of the project",
                self.ask.name
            ));
            return Ok(());
        }
        let mut reference = reference(reader, self.ask, script)?;
        // Ruby is run before YAML is read: an escape would be its own.
        if reader == Reader::Rails && self.scalar.kind() == "double_quote_scalar" {
            reference.words = reference.words.replace('"', "'");
        }
        // The shell of a step reads what the step is given, quotes and all.
        if reader == Reader::Actions && script {
            reference.note = reference.note.map(|note| {
                note + "; better still, hand it to the step by `env:` and read $NAME in the script"
            });
        }
        mended.edits.push(self.replaced(&reference.words, reference.quoted)?);
        mended.notes.extend(reference.note);
        mended.source = reference.source;
        Ok(())
    }

    /// The line of a pair, gone; where others stand beside it.
    fn without(&self, pair: Node<'_>) -> Result<Edit, Refusal> {
        let line = line_around(self.ask.text, pair.start_byte());
        let alone = part(self.ask.text, line.clone()).trim_ascii() == self.words(pair).trim_ascii();
        let others = pair.parent().is_some_and(|mapping| mapping.named_child_count() > 1);
        if !alone || !others || pair.kind() != "block_mapping_pair" {
            return Err(Refusal::new(
                "a variable cannot be set to itself",
                "take the line out: the platform sets the variable; or give --name NAME",
            ));
        }
        Ok(Edit::new(line, ""))
    }

    /// `value:` of a container's variable becomes `valueFrom:` a Secret.
    fn in_kubernetes(&self, mended: &mut Mended) -> Result<(), Refusal> {
        let by_hand = "keep it in a Secret that is made outside git, and refer to it by \
                       valueFrom.secretKeyRef, or seal it (Sealed Secrets, SOPS, External Secrets)";
        let document = upwards(self.scalar).find(|node| node.kind() == "document");
        let text = document.map_or(self.ask.text, |document| self.words(document));
        if has(text, "kind: Secret") {
            return Err(Refusal::new("the file is the Secret itself", by_hand));
        }
        let pair = self.pairs().next().ok_or_else(refuse)?;
        let mapping = pair.parent().ok_or_else(refuse)?;
        let mut cursor = mapping.walk();
        let named = mapping.named_children(&mut cursor).any(|pair| self.key(pair) == b"name");
        let in_env = self.pairs().any(|pair| self.key(pair) == b"env");
        let single_line = !self.words(pair).contains(&b'\n');
        let is_value = self.key(pair) == b"value" && pair.kind() == "block_mapping_pair";
        if !(is_value && named && in_env && single_line && self.is_whole()) {
            return Err(Refusal::new("it is not the value of a container's variable", by_hand));
        }
        let owner = owner(text);
        let (end, before) = (line_end(self.ask.text), pair.start_position().column);
        let lead = indent(self.ask.text, pair.start_byte());
        let lead = format!("{lead:<before$}");
        let words = format!(
            "valueFrom:{end}{lead}  secretKeyRef:{end}{lead}    name: {owner}{end}\
             {lead}    key: {}",
            self.ask.name
        );
        mended.edits.push(Edit::new(pair.byte_range(), words));
        mended.notes.push(format!(
            "make the Secret outside git: kubectl create secret generic {owner} \
             --from-file={}=/dev/stdin",
            self.ask.name
        ));
        Ok(())
    }

    /// A chart's value, empty, to be given when the chart is installed.
    fn in_values(&self, mended: &mut Mended) -> Result<(), Refusal> {
        if !self.is_whole() {
            return Err(Refusal::new(
                "the value is a part of a longer text",
                "split the text, and keep this part in a Secret that the chart refers to",
            ));
        }
        let mut keys: Vec<String> = self
            .pairs()
            .map(|pair| String::from_utf8_lossy(self.key(pair)).into_owned())
            .filter(|key| key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)))
            .collect();
        keys.reverse();
        let words = self.words(self.scalar).trim_ascii_end().len();
        let start = self.scalar.start_byte();
        mended.edits.push(Edit::new(start..start + words, "\"\""));
        mended.notes.push(format!(
            "give it when the chart is installed, from a file outside git: \
             --set-file {}=FILE; better, let the chart refer to an existing Secret",
            keys.join(".")
        ));
        Ok(())
    }
}

/// Words in double quotes.
fn doubled(words: &str) -> String {
    format!("\"{}\"", words.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The name of the document's object, for the Secret beside it.
fn owner(text: &[u8]) -> String {
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .skip_while(|line| *line != b"metadata:" && *line != b"metadata:\r");
    let name =
        lines.find_map(|line| line.trim_ascii().strip_prefix(b"name:").map(<[u8]>::trim_ascii));
    let name = name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("app");
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.is_empty() && name.bytes().all(plain) {
        format!("{name}-secrets")
    } else {
        "app-secrets".to_owned()
    }
}

/// A chart's template is no YAML yet: only a scalar that is a line of its own is replaced.
fn template(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let key = ask.name.split('_').enumerate().fold(String::new(), |mut key, (at, word)| {
        let word = word.to_lowercase();
        let mut chars = word.chars();
        match chars.next().filter(|_| at > 0) {
            Some(first) => {
                key.push(first.to_ascii_uppercase());
                key.push_str(chars.as_str());
            }
            None => key.push_str(&word),
        }
        key
    });
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Platform };
    for value in ask.values {
        let line = line_around(ask.text, value.start);
        let before = part(ask.text, line.start..value.start);
        let after = part(ask.text, value.end..line.end).trim_ascii();
        let (lead, quoted) = match before {
            [lead @ .., b'"'] if after == b"\"" => (lead, 1),
            [lead @ .., b'\''] if after == b"'" => (lead, 1),
            lead if after.is_empty() => (lead, 0),
            _ => (&b""[..], 0),
        };
        if !lead.ends_with(b": ") || lead.contains(&b'#') || value.end + quoted > line.end {
            return Err(Refusal::new(
                "the value is not a whole scalar of the template",
                "refer to a Secret, or to .Values with `required`, by hand",
            ));
        }
        mended.edits.push(Edit::new(
            value.start - quoted..value.end + quoted,
            format!("{{{{ required \"{key} is not set\" .Values.{key} | quote }}}}"),
        ));
    }
    mended.notes.push(format!(
        "give it when the chart is installed, from a file outside git: --set-file {key}=FILE"
    ));
    Ok(mended)
}

//! Terraform: a variable marked `sensitive`, set by `TF_VAR_name`
//! (<https://developer.hashicorp.com/terraform/language/values/variables>).

use super::edit::{Edit, has, line_around, line_end, part};
use super::tongue::{node_at, parse, still_parses, upwards};
use super::{Ask, Mended, Refusal, Source};
use tree_sitter::Node;

pub(super) fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    if !ask.path.ends_with(b".tf") {
        return values(ask);
    }
    let grammar = tree_sitter_hcl::LANGUAGE.into();
    let (tree, faults) = parse(&grammar, ask.text)?;
    let name = ask.name.to_lowercase();
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Platform };
    let mut declare = false;
    for value in ask.values {
        let refuse = |why: &str| {
            Refusal::new(why, "use a variable that is marked `sensitive = true` by hand")
        };
        let node = node_at(tree.root_node(), value).ok_or_else(|| refuse("it is no literal"))?;
        if upwards(node).any(|node| node.kind() == "comment") {
            mended.edits.push(Edit::new(value.clone(), &*name));
            continue;
        }
        if upwards(node).any(|node| node.is_error()) {
            return Err(refuse("the file does not parse around the value"));
        }
        let blocks: Vec<Vec<&[u8]>> = upwards(node)
            .filter(|node| node.kind() == "block")
            .map(|block| labels(block, ask.text))
            .collect();
        let outermost = blocks.last();
        if blocks.iter().any(|labels| labels.first() == Some(&&b"backend"[..])) {
            return Err(Refusal::new(
                "a backend takes no variables",
                "take it out, and give it by `terraform init -backend-config` or the backend's \
                 own variable of the environment",
            ));
        }
        if let Some([b"variable", label]) = outermost.map(Vec::as_slice) {
            mended.edits.extend(without_default(ask, node)?);
            let label = String::from_utf8_lossy(label).into_owned();
            mended.notes.push(format!("set TF_VAR_{label} where terraform runs"));
            continue;
        }
        let template = upwards(node)
            .find(|node| {
                matches!(node.kind(), "string_lit" | "quoted_template" | "heredoc_template")
            })
            .ok_or_else(|| refuse("it is no literal"))?;
        let whole =
            part(ask.text, template.start_byte() + 1..template.end_byte().saturating_sub(1));
        let key = template.parent().is_some_and(|_| {
            upwards(template).any(|node| {
                node.parent().is_some_and(|parent| {
                    parent.kind() == "object_elem"
                        && parent.child_by_field_name("key").is_some_and(|key| key == node)
                })
            })
        });
        if key || template.parent().is_some_and(|parent| parent.kind() == "block") {
            return Err(refuse("the literal is a name"));
        }
        let is_whole =
            template.kind() != "heredoc_template" && whole == part(ask.text, value.clone());
        mended.edits.push(if is_whole {
            Edit::new(template.byte_range(), format!("var.{name}"))
        } else {
            Edit::new(value.clone(), format!("${{var.{name}}}"))
        });
        declare = true;
    }
    if declare {
        let known = has(ask.text, &format!("variable \"{name}\""));
        if !known {
            let end = line_end(ask.text);
            let gap = if ask.text.ends_with(b"\n") { "" } else { end };
            let block = format!(
                "{gap}{end}variable \"{name}\" {{{end}  type      = string{end}  \
                 sensitive = true{end}}}{end}"
            );
            mended.edits.push(Edit::insert(ask.text.len(), block));
        }
        mended.notes.push(format!(
            "set TF_VAR_{name} where terraform runs; the state file holds the value still: keep \
             it encrypted and away from git"
        ));
    }
    still_parses(&grammar, ask.text, faults, &mended.edits)?;
    Ok(mended)
}

/// The type and labels of a block.
fn labels<'a>(block: Node<'_>, text: &'a [u8]) -> Vec<&'a [u8]> {
    let mut cursor = block.walk();
    block
        .children(&mut cursor)
        .take_while(|node| !matches!(node.kind(), "block_start" | "body"))
        .map(|node| part(text, node.byte_range()))
        .map(|label| label.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(label))
        .collect()
}

/// A variable without its default, and sensitive.
fn without_default(ask: &Ask<'_>, node: Node<'_>) -> Result<Vec<Edit>, Refusal> {
    let refuse =
        || Refusal::new("the variable's default is more than this value", "edit it by hand");
    let attribute = upwards(node).find(|node| node.kind() == "attribute").ok_or_else(refuse)?;
    let words = part(ask.text, attribute.byte_range());
    let line = line_around(ask.text, attribute.start_byte());
    let alone =
        part(ask.text, line.clone()).trim_ascii() == words && attribute.end_byte() <= line.end;
    if !words.starts_with(b"default") || !alone {
        return Err(refuse());
    }
    let body = attribute.parent().map(|body| part(ask.text, body.byte_range())).unwrap_or_default();
    let end = line_end(ask.text);
    let indent = super::edit::indent(ask.text, attribute.start_byte());
    let with = if has(body, "sensitive") {
        String::new()
    } else {
        format!("{indent}sensitive = true{end}")
    };
    Ok(vec![Edit::new(line, with)])
}

/// A file of values: its line goes.
fn values(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let by_hand = "take the line out, and set TF_VAR_ and the variable's name";
    if !ask.path.ends_with(b".tfvars") {
        return Err(Refusal::new("this HCL has no variables that leakcoach knows", by_hand));
    }
    let mut mended = Mended { edits: vec![], notes: vec![], source: Source::Platform };
    for value in ask.values {
        let line = line_around(ask.text, value.start);
        let text = part(ask.text, line.clone()).trim_ascii();
        let sign = memchr::memchr(b'=', text)
            .ok_or_else(|| Refusal::new("it is no line of its own", by_hand))?;
        let (key, rest) =
            (part(text, 0..sign).trim_ascii(), part(text, sign + 1..text.len()).trim_ascii());
        let inner = rest.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        if inner != Some(part(ask.text, value.clone()))
            || !key.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
        {
            return Err(Refusal::new("it is no line of its own", by_hand));
        }
        let key = String::from_utf8_lossy(key).into_owned();
        mended.edits.push(Edit::new(line, ""));
        mended.notes.push(format!("set TF_VAR_{key} where terraform runs"));
    }
    Ok(mended)
}

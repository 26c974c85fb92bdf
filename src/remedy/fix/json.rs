//! JSON refers to nothing by itself; some of its readers do.

use super::edit::{Edit, has, part};
use super::tongue::{node_at, parse, still_parses, upwards};
use super::{Ask, Mended, Refusal, Source};
use tree_sitter::Node;

/// Who reads the file.
enum Reader {
    /// .NET: a variable named after the path of keys wins over the file
    /// (<https://learn.microsoft.com/aspnet/core/fundamentals/configuration/>).
    AppSettings,
    /// AWS `CloudFormation`
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>).
    CloudFormation,
    /// Servers of the model context protocol, as Claude Code has them.
    Mcp,
}

pub(super) fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let grammar = tree_sitter_json::LANGUAGE.into();
    let (tree, faults) = parse(&grammar, ask.text)?;
    let reader = reader(ask)?;
    let source = match reader {
        Reader::CloudFormation => Source::Platform,
        Reader::AppSettings | Reader::Mcp => Source::Environment,
    };
    let mut mended = Mended { edits: vec![], notes: vec![], source };
    for value in ask.values {
        let refuse = || Refusal::new("the value is not within one string", "take it out by hand");
        let node = node_at(tree.root_node(), value).ok_or_else(refuse)?;
        let string = upwards(node).find(|node| node.kind() == "string").ok_or_else(refuse)?;
        let pair = string.parent().filter(|parent| parent.kind() == "pair");
        if pair.is_some_and(|pair| pair.child_by_field_name("key") == Some(string)) {
            return Err(Refusal::new("the value is a key", "name the key otherwise by hand"));
        }
        match reader {
            Reader::AppSettings => {
                let key = keys(string, ask.text).join("__");
                mended.edits.push(Edit::new(string.start_byte() + 1..string.end_byte() - 1, ""));
                mended.notes.push(format!(
                    "the variable {key} wins over this file: set it to the whole text that \
                     stood there (`dotnet user-secrets set` on your own machine)"
                ));
            }
            Reader::CloudFormation => mended.edits.push(Edit::new(
                value.clone(),
                format!("{{{{resolve:secretsmanager:{}}}}}", ask.name),
            )),
            Reader::Mcp => {
                mended.edits.push(Edit::new(value.clone(), format!("${{{}}}", ask.name)));
            }
        }
    }
    still_parses(&grammar, ask.text, faults, &mended.edits)?;
    Ok(mended)
}

fn reader(ask: &Ask<'_>) -> Result<Reader, Refusal> {
    let path = String::from_utf8_lossy(ask.path).to_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let refuse = |why: &str, by_hand: &str| Err(Refusal::new(why, by_hand));
    if name.starts_with("appsettings") {
        return Ok(Reader::AppSettings);
    }
    if name == ".mcp.json" {
        return Ok(Reader::Mcp);
    }
    if has(ask.text, "AWSTemplateFormatVersion") || has(ask.text, "\"AWS::") {
        return Ok(Reader::CloudFormation);
    }
    if name.ends_with(".tfvars.json") {
        return refuse(
            "a file of Terraform's variables holds values only",
            "take the line out, and set TF_VAR_ and the variable's name",
        );
    }
    if has(ask.text, "\"private_key\"") && has(ask.text, "\"client_email\"") {
        return refuse(
            "the whole file is a service account's key",
            "keep it outside the repository, and name its path in GOOGLE_APPLICATION_CREDENTIALS",
        );
    }
    if name == "package.json" || name == "composer.json" {
        return refuse(
            "the package's description is published as it is",
            "keep the value in the environment of the script that needs it",
        );
    }
    refuse(
        "JSON cannot refer to a value elsewhere",
        "take it out, and read it from the environment where the file is read",
    )
}

/// The keys that lead to a node, and the places in arrays, from the outside.
fn keys(node: Node<'_>, text: &[u8]) -> Vec<String> {
    let mut keys = Vec::new();
    for node in upwards(node) {
        let Some(parent) = node.parent() else { break };
        if node.kind() == "pair"
            && let Some(key) = node.child_by_field_name("key")
        {
            let key = part(text, key.byte_range());
            keys.push(String::from_utf8_lossy(key).trim_matches('"').to_owned());
        } else if parent.kind() == "array" {
            let mut cursor = parent.walk();
            let at = parent.named_children(&mut cursor).position(|child| child == node);
            keys.extend(at.map(|at| at.to_string()));
        }
    }
    keys.reverse();
    // Only names that a variable can have.
    for key in &mut keys {
        key.retain(|char| char.is_ascii_alphanumeric() || char == '_' || char == '.');
    }
    keys
}

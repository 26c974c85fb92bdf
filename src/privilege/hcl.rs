//! HCL: bodies as maps, blocks as entries with labels, in the values of [`super::node`].

use super::node::{Entry, It, Node};
use super::yaml::{self, Why};
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use std::ops::Range;

/// The body of `text`. Its parser goes no deeper than 64 levels.
///
/// # Errors
/// It is no HCL.
pub(super) fn body(text: &str) -> Result<Node, Why> {
    let body = hcl_edit::parser::parse_body(text)
        .map_err(|error| format!("it is no valid HCL at line {}", error.location().line()))?;
    Ok(node_of(&body, 0..text.len(), text))
}

fn node_of(body: &Body, at: Range<usize>, text: &str) -> Node {
    let entries = body.iter().map(|structure| match structure {
        Structure::Attribute(attribute) => Entry {
            key: attribute.key.to_string().trim().to_owned(),
            at: attribute.key.span().unwrap_or_default(),
            node: value(&attribute.value, text),
        },
        Structure::Block(block) => {
            let at = block.span().unwrap_or_default();
            let start = block.ident.span().unwrap_or_default();
            let labels: Vec<String> =
                block.labels.iter().map(|label| label.as_str().to_owned()).collect();
            let end = block.labels.iter().filter_map(hcl_edit::Span::span).next_back();
            let mut node = node_of(&block.body, at, text);
            node.labels = labels;
            let at = start.start..end.map_or(start.end, |label| label.end);
            Entry { key: block.ident.to_string().trim().to_owned(), at, node }
        }
    });
    Node::new(at, It::Map(entries.collect()))
}

fn value(expression: &Expression, text: &str) -> Node {
    let at = expression.span().unwrap_or_default();
    let written = || text.get(at.clone()).unwrap_or_default().trim().to_owned();
    let it = match expression {
        Expression::Null(_) => It::None,
        Expression::String(string) => It::Text(string.to_string()),
        Expression::Bool(is) => It::Text(is.to_string()),
        Expression::Number(number) => It::Text(number.to_string().trim().to_owned()),
        Expression::Array(items) => It::List(items.iter().map(|item| value(item, text)).collect()),
        Expression::Object(object) => It::Map(
            object
                .iter()
                .map(|(key, of)| Entry {
                    key: key_of(key, text),
                    at: key.span().unwrap_or_default(),
                    node: value(of.expr(), text),
                })
                .collect(),
        ),
        Expression::Parenthesis(inner) => return value(inner.inner(), text),
        // What these give is what they are given.
        Expression::FuncCall(call)
            if matches!(
                call.name.name.as_str(),
                "jsonencode" | "yamlencode" | "toset" | "tolist"
            ) && call.args.len() == 1 =>
        {
            return call.args.iter().next().map_or_else(Node::default, |of| value(of, text));
        }
        Expression::FuncCall(call)
            if matches!(call.name.name.as_str(), "concat" | "merge" | "setunion") =>
        {
            It::List(call.args.iter().flat_map(|of| value(of, text).items().to_vec()).collect())
        }
        Expression::HeredocTemplate(heredoc) => {
            let inner: Vec<_> = heredoc.template.iter().collect();
            let span = inner
                .first()
                .and_then(|first| first.span())
                .zip(inner.last().and_then(|last| last.span()));
            match span {
                Some((first, last)) => return within(first.start..last.end, text),
                None => It::Written(written()),
            }
        }
        Expression::StringTemplate(_) => It::Text(written().trim_matches('"').to_owned()),
        Expression::Variable(_)
        | Expression::Conditional(_)
        | Expression::FuncCall(_)
        | Expression::Traversal(_)
        | Expression::UnaryOp(_)
        | Expression::BinaryOp(_)
        | Expression::ForExpr(_) => It::Written(written()),
    };
    Node::new(at, it)
}

fn key_of(key: &ObjectKey, text: &str) -> String {
    match key {
        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
        ObjectKey::Expression(expression) => {
            value(expression, text).text().unwrap_or_default().to_owned()
        }
    }
}

/// A heredoc: a policy in JSON, where it is one.
fn within(at: Range<usize>, text: &str) -> Node {
    let inner = text.get(at.clone()).unwrap_or_default();
    if inner.trim_start().starts_with('{') {
        let plain = inner.replace("${", "__");
        if let Ok(mut documents) = yaml::documents(&plain)
            && documents.len() == 1
            && let Some(mut node) = documents.pop()
        {
            shift(&mut node, at.start);
            return node;
        }
    }
    Node::new(at, It::Text(inner.to_owned()))
}

fn shift(node: &mut Node, by: usize) {
    node.at = node.at.start + by..node.at.end + by;
    match &mut node.it {
        It::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        It::Map(entries) => {
            for entry in entries {
                entry.at = entry.at.start + by..entry.at.end + by;
                shift(&mut entry.node, by);
            }
        }
        It::None | It::Text(_) | It::Written(_) => {}
    }
}

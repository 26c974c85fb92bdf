//! What the layers say of each key, for people to look at.

use super::Config;
use super::keys::{Joins, KEYS, Key};
use super::layers::{Layer, Layers, Origin};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What one place says of a key; or nobody, and then it is the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The key.
    pub key: &'static str,
    /// The value as TOML; empty for nothing.
    pub value: String,
    /// Where it stands; nothing for the default.
    pub at: Option<Origin>,
    /// Whether it counts: a nearer layer may say otherwise, or a lock not let it.
    pub counts: bool,
}

/// What is said of every key, by `layers`, which were joined to `config`.
pub fn view(layers: &Layers, config: &Config) -> Vec<Said> {
    let tables: Vec<(&Layer, Option<DeTable<'_>>)> = layers
        .all
        .iter()
        .map(|layer| (layer, DeTable::parse(&layer.text).ok().map(Spanned::into_inner)))
        .collect();
    let mut all = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for key in KEYS {
        // A line of policy is shown as a whole.
        let name = key.name.split("[]").next().unwrap_or(key.name);
        if told.contains(&name) {
            continue;
        }
        told.push(name);
        let mut said = Vec::new();
        for (layer, table) in &tables {
            let Some(value) = table.as_ref().and_then(|table| find(table, name)) else { continue };
            said.extend(each(key, value).into_iter().map(|span| Said {
                key: name,
                value: written(layer, span.clone()),
                at: Some(layer.origin(span.start)),
                counts: true,
            }));
        }
        for one in &mut said {
            let refused = |at: &Origin| {
                config.refused.iter().any(|refused| refused.key == name && refused.at == *at)
            };
            one.counts = !one.at.as_ref().is_some_and(refused);
        }
        if key.joins == Joins::Nearest || key.joins == Joins::Outside && !key.name.contains("[]") {
            let last = said.iter().rposition(|one| one.counts);
            for (index, one) in said.iter_mut().enumerate() {
                one.counts = Some(index) == last;
            }
        }
        // The nearest layer's lines of policy are asked first.
        if name == "policy" {
            said.sort_by_key(|one| std::cmp::Reverse(one.at.as_ref().map(|at| at.whose)));
        }
        if !said.iter().any(|one| one.counts) {
            let value = key.default.to_owned();
            said.push(Said { key: name, value, at: None, counts: true });
        }
        all.append(&mut said);
    }
    all
}

fn find<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    let (first, rest) = match name.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    let value = table.iter().find(|(key, _)| key.get_ref() == first).map(|(_, value)| value)?;
    match (rest, value.get_ref()) {
        (None, _) => Some(value),
        (Some(rest), DeValue::Table(table)) => find(table, rest),
        (Some(_), _) => None,
    }
}

/// The places of the entries of a list that layers add to; else of the whole value.
fn each(key: &Key, value: &Spanned<DeValue<'_>>) -> Vec<Range<usize>> {
    let adds = key.joins == Joins::All || key.joins == Joins::Outside && key.name.contains("[]");
    if let (DeValue::Array(entries), true) = (value.get_ref(), adds) {
        return entries.iter().map(whole).collect();
    }
    vec![value.span()]
}

/// The place of a value; of a table with a header, from there to its last value.
fn whole(value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let mut span = value.span();
    if let DeValue::Table(table) = value.get_ref() {
        let ends = table.iter().map(|(_, value)| whole(value).end);
        span.end = ends.max().unwrap_or(span.end).max(span.end);
    }
    span
}

/// A value as it is written, on one line.
fn written(layer: &Layer, span: Range<usize>) -> String {
    let text = layer.text.get(span).unwrap_or_default();
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("[["));
    let lines: Vec<&str> = lines.collect();
    if text.starts_with("[[") { lines.join(", ") } else { lines.join(" ") }
}

//! An event as a line, for people and for machines.

use crate::record::Event;
use crate::text::Escaped;
use jiff::Timestamp;

/// A time.
pub(super) fn time(at: i64) -> String {
    Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()
}

/// `12  2026-11-21T19:00:00Z  shown  person  rule github-pat, finding 7h2kq9xw, …`
pub(super) fn text(sequence: i64, event: &Event) -> String {
    let at = time(event.at);
    let facts = match serde_json::to_value(&event.what) {
        Ok(serde_json::Value::Object(facts)) => facts,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let told = facts.iter().filter(|(name, value)| *name != "kind" && !value.is_null());
    let told: Vec<String> = told
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name} {text}"),
            None => format!("{name} {value}"),
        })
        .chain(event.by.as_ref().map(|by| format!("by {by}")))
        .collect();
    let told = Escaped(told.join(", ").as_bytes()).to_string();
    let actor = Escaped(event.actor.as_bytes()).to_string();
    format!("{sequence:>5}  {at}  {:<10}  {actor}  {told}", event.what.word())
}

/// The same as a line of JSON, with more about it.
pub(super) fn json(sequence: i64, event: &Event, more: &[(&str, serde_json::Value)]) -> String {
    let mut all = serde_json::to_value(event).unwrap_or_default();
    if let Some(object) = all.as_object_mut() {
        object.insert("sequence".to_owned(), sequence.into());
        for (name, value) in more {
            object.insert((*name).to_owned(), value.clone());
        }
    }
    all.to_string()
}

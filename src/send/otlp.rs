//! Logs as OpenTelemetry's protocol has them over HTTP, in its JSON encoding: names in
//! lowerCamelCase, 64-bit numbers as texts, enumerations as numbers
//! (<https://opentelemetry.io/docs/specs/otlp/>, `opentelemetry/proto/logs/v1/logs.proto`).
//!
//! `log.record.uid` is the attribute by which a receiver knows a record that it has already
//! (<https://opentelemetry.io/docs/specs/semconv/general/logs/>).

use super::Trouble;
use super::event::Outgoing;
use super::post::Post;
use super::receiver::Receiver;
use crate::catalogue::Severity;
use serde_json::{Value, json};

/// A Collector, or whoever speaks as it does.
pub(super) struct Otlp(pub(super) Post);

impl Receiver for Otlp {
    fn at_once(&self) -> usize {
        500
    }

    fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble> {
        let answer = self.0.send(body(events).to_string().into_bytes(), &[])?;
        Ok(rejected(&answer.body).min(events.len() as u64))
    }
}

/// How many records the receiver says it did not keep. It must not be sent them again.
fn rejected(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let count = answer.pointer("/partialSuccess/rejectedLogRecords");
    let number = |count: &Value| count.as_u64().or_else(|| count.as_str()?.parse().ok());
    count.and_then(number).unwrap_or_default()
}

/// `SeverityNumber`: from 9 it informs, from 13 it warns, from 17 something is wrong.
const fn number(severity: Option<Severity>) -> u8 {
    match severity {
        None | Some(Severity::Info) => 9,
        Some(Severity::Low) => 10,
        Some(Severity::Medium) => 13,
        Some(Severity::High) => 17,
        Some(Severity::Critical) => 18,
    }
}

fn value(of: &Value) -> Value {
    match of {
        Value::Bool(is) => json!({ "boolValue": is }),
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            json!({ "intValue": number.to_string() })
        }
        Value::Number(number) => json!({ "doubleValue": number }),
        Value::String(text) => json!({ "stringValue": text }),
        Value::Array(values) => {
            json!({ "arrayValue": { "values": values.iter().map(value).collect::<Vec<_>>() } })
        }
        Value::Object(_) | Value::Null => json!({ "stringValue": of.to_string() }),
    }
}

fn attribute(key: &str, of: &Value) -> Value {
    json!({ "key": key, "value": value(of) })
}

/// An `ExportLogsServiceRequest`. All events are of one record.
pub(super) fn body(events: &[Outgoing]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let machine = events.first().map_or("", |event| event.machine.as_str());
    let records: Vec<Value> = events.iter().map(record).collect();
    json!({ "resourceLogs": [{
        "resource": { "attributes": [
            attribute("service.name", &"leakcoach".into()),
            attribute("service.version", &version.into()),
            attribute("service.instance.id", &machine.into()),
        ] },
        "scopeLogs": [{
            "scope": { "name": "leakcoach", "version": version },
            "logRecords": records,
        }],
    }] })
}

fn record(event: &Outgoing) -> Value {
    let nanos = (i128::from(event.at) * 1_000_000_000).max(0).to_string();
    let mut attributes = vec![
        attribute("log.record.uid", &event.id.clone().into()),
        attribute("event.name", &format!("leakcoach.{}", event.kind).into()),
        attribute("leakcoach.sequence", &event.sequence.into()),
        attribute("leakcoach.class", &event.class.word().into()),
    ];
    let rest = event.fields.iter();
    attributes.extend(rest.map(|(name, value)| attribute(&format!("leakcoach.{name}"), value)));
    let severity = event.severity();
    json!({
        "timeUnixNano": nanos,
        "observedTimeUnixNano": nanos,
        "severityNumber": number(severity),
        "severityText": severity.map_or("info", Severity::word),
        "body": { "stringValue": event.sentence() },
        "attributes": attributes,
    })
}

#[cfg(test)]
mod tests {
    use super::{body, rejected};
    use crate::send::Class;
    use crate::send::event::tests::{outgoing, shown, sink};
    use proptest::prelude::*;

    #[test]
    fn a_record_is_in_the_json_of_the_protocol() {
        let event = outgoing(shown(), &sink(Class::Confidential)).unwrap();
        let body = body(&[event]);
        let record = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
        assert_eq!(record["timeUnixNano"], "1763751600000000000");
        assert_eq!(record["severityNumber"], 18);
        let attributes = record["attributes"].as_array().unwrap();
        let of = |key: &str| {
            let found = attributes.iter().find(|one| one["key"] == key);
            found.map(|one| one["value"].clone()).unwrap()
        };
        assert_eq!(of("log.record.uid")["stringValue"], "00c0ffee00c0ffee-12-1a2b3c4d");
        assert_eq!(of("leakcoach.sequence")["intValue"], "12");
        assert_eq!(of("leakcoach.brief")["boolValue"], false);
    }

    #[test]
    fn what_a_receiver_says_it_dropped_is_counted() {
        for (answer, count) in [
            ("{}", 0),
            ("", 0),
            ("{\"partialSuccess\":{\"rejectedLogRecords\":\"3\",\"errorMessage\":\"x\"}}", 3),
            ("{\"partialSuccess\":{\"rejectedLogRecords\":2}}", 2),
            ("{\"partialSuccess\":{\"rejectedLogRecords\":-1}}", 0),
        ] {
            assert_eq!(rejected(answer.as_bytes()), count, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes: Vec<u8>) {
            let _count = rejected(&bytes);
        }
    }
}

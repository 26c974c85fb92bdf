//! What of an event leaves: each field by name, and how much it tells.

use super::{Class, Sink};
use crate::catalogue::{Catalogue, Rule, Severity};
use crate::record::Event;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Kinds that are about a person's learning, or about the record itself: they leave only
/// where a sink names them.
const PRIVATE: [&str; 5] = ["drill", "lesson", "read", "forgot", "review"];

/// More characters of a text do not leave.
const TEXT: usize = 500;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A word of the vocabulary, a number, a keyed id.
    Fact(Class),
    /// What somebody wrote.
    Text,
    /// Who somebody is.
    Name,
}

/// Every field that may leave. What is not listed stays.
const FIELDS: [(&str, Holds); 43] = [
    ("actor", Holds::Fact(Class::Internal)),
    ("deed", Holds::Fact(Class::Internal)),
    ("rule", Holds::Fact(Class::Internal)),
    ("role", Holds::Fact(Class::Internal)),
    ("exposure", Holds::Fact(Class::Internal)),
    ("severity", Holds::Fact(Class::Internal)),
    ("confidence", Holds::Fact(Class::Internal)),
    ("verdict", Holds::Fact(Class::Internal)),
    ("brief", Holds::Fact(Class::Internal)),
    ("after", Holds::Fact(Class::Internal)),
    ("count", Holds::Fact(Class::Internal)),
    ("found", Holds::Fact(Class::Internal)),
    ("missed", Holds::Fact(Class::Internal)),
    ("false_alarms", Holds::Fact(Class::Internal)),
    ("lesson", Holds::Fact(Class::Internal)),
    ("answer", Holds::Fact(Class::Internal)),
    ("masked", Holds::Fact(Class::Internal)),
    ("decision", Holds::Fact(Class::Internal)),
    ("tool", Holds::Fact(Class::Internal)),
    ("agent", Holds::Fact(Class::Internal)),
    ("how", Holds::Fact(Class::Internal)),
    ("of", Holds::Fact(Class::Internal)),
    ("did", Holds::Fact(Class::Internal)),
    ("by_program", Holds::Fact(Class::Internal)),
    ("outcome", Holds::Fact(Class::Internal)),
    ("repository", Holds::Fact(Class::Confidential)),
    ("finding", Holds::Fact(Class::Confidential)),
    ("case", Holds::Fact(Class::Confidential)),
    ("since", Holds::Fact(Class::Confidential)),
    ("until", Holds::Fact(Class::Confidential)),
    ("what", Holds::Fact(Class::Confidential)),
    ("step", Holds::Fact(Class::Confidential)),
    ("proof", Holds::Fact(Class::Confidential)),
    ("job", Holds::Fact(Class::Confidential)),
    ("reason", Holds::Text),
    ("because", Holds::Text),
    ("why", Holds::Text),
    ("note", Holds::Text),
    ("evidence", Holds::Text),
    ("who", Holds::Name),
    ("by", Holds::Name),
    ("to", Holds::Name),
    ("asks", Holds::Name),
];

/// An event as it leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outgoing {
    /// The same each time that it is sent, and no other event's.
    pub(crate) id: String,
    /// A keyed name of the record that it is from.
    pub(crate) machine: String,
    pub(crate) sequence: i64,
    /// Seconds since 1970.
    pub(crate) at: i64,
    pub(crate) kind: String,
    /// How much it tells.
    pub(crate) class: Class,
    /// The rest, under the record's names.
    pub(crate) fields: Map<String, Value>,
}

/// Where an event is in the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) machine: &'a str,
    pub(crate) sequence: i64,
    /// The first letters of its link in the chain.
    pub(crate) link: &'a str,
}

impl Outgoing {
    /// What of `event` leaves to `sink`; nothing where it takes none like it. `mask` takes
    /// credentials out of what people wrote.
    pub(crate) fn of(
        event: &Event,
        place: Place<'_>,
        sink: &Sink,
        mask: &dyn Fn(&str) -> String,
    ) -> Option<Self> {
        let Ok(Value::Object(mut all)) = serde_json::to_value(event) else { return None };
        let kind = all.remove("kind")?.as_str()?.to_owned();
        if event.at < sink.since || !wanted(&kind, &sink.events) {
            return None;
        }
        // What is told of a case stands in an object of its own.
        if let Some(Value::Object(change)) = all.remove("change") {
            all.extend(change);
        }
        let mut class = Class::Internal;
        let mut fields = Map::new();
        for (name, value) in all {
            let Some((_, holds)) = FIELDS.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            let (of, passes) = match holds {
                Holds::Fact(of) => (*of, *of <= sink.class),
                Holds::Text => (Class::Restricted, sink.class == Class::Restricted),
                Holds::Name => (Class::Restricted, sink.names),
            };
            if !passes || value.is_null() {
                continue;
            }
            class = class.max(of);
            let value = match (holds, value) {
                (Holds::Text | Holds::Name, Value::String(text)) => {
                    mask(&text).chars().take(TEXT).collect::<String>().into()
                }
                (_, value) => value,
            };
            fields.insert(name, value);
        }
        let rule = fields.get("rule").and_then(Value::as_str);
        if let Some(rule) = rule.and_then(|id| Catalogue::builtin().rule(id)) {
            fields.entry("severity").or_insert_with(|| rule.severity.word().into());
            fields.insert("service".to_owned(), rule.service.into());
        }
        let Place { machine, sequence, link } = place;
        let outgoing = Self {
            id: format!("{machine}-{sequence}-{link}"),
            machine: machine.to_owned(),
            sequence,
            at: event.at,
            kind,
            class,
            fields,
        };
        let severe = outgoing.severity().is_some_and(|severity| severity >= sink.severity);
        (severe || sink.severity == Severity::Info).then_some(outgoing)
    }

    /// A field that is a word.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// How bad a leak of that kind is; nothing where it is about no credential.
    pub(crate) fn severity(&self) -> Option<Severity> {
        let word = self.word("severity")?;
        Severity::ALL.iter().copied().find(|severity| severity.word() == word)
    }

    /// The rule, where it is one of leakcoach's.
    pub(crate) fn rule(&self) -> Option<&'static Rule> {
        Catalogue::builtin().rule(self.word("rule")?)
    }

    /// The finding that it is about, if the sink may know.
    pub(crate) fn finding(&self) -> Option<&str> {
        self.word("finding").or_else(|| self.word("case"))
    }

    /// `2026-11-21T19:00:00Z`.
    pub(crate) fn time(&self) -> String {
        Timestamp::from_second(self.at).map(|at| at.to_string()).unwrap_or_default()
    }

    /// One line for people: `shown: github-pat, critical, block at commit`.
    pub(crate) fn sentence(&self) -> String {
        let mut line = format!("{}:", self.kind);
        let told = ["rule", "severity", "confidence", "verdict", "deed", "exposure", "role"];
        let more = ["answer", "step", "what", "decision", "count", "after", "finding", "case"];
        for (at, name) in told.into_iter().chain(more).enumerate() {
            let Some(value) = self.fields.get(name) else { continue };
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let comma = if at == 0 || line.ends_with(':') { " " } else { ", " };
            line.push_str(comma);
            if at >= told.len() {
                line.push_str(name);
                line.push(' ');
            }
            line.push_str(&value);
        }
        line.trim_end_matches(':').to_owned()
    }
}

/// Whether a sink that names these kinds takes `kind`.
fn wanted(kind: &str, named: &[String]) -> bool {
    if named.is_empty() {
        return !PRIVATE.contains(&kind);
    }
    named.iter().any(|name| name == kind || name == "all")
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Class, Outgoing, Place, Sink};
    use crate::catalogue::Severity;
    use crate::record::{Deed, Event, What};
    use crate::send::{Format, To};

    pub(in crate::send) fn sink(class: Class) -> Sink {
        Sink {
            name: "siem".to_owned(),
            to: To::File,
            address: None,
            secret: None,
            header: "Authorization".to_owned(),
            format: Format::Plain,
            events: Vec::new(),
            severity: Severity::Info,
            class,
            names: false,
            since: 0,
            ca: None,
            facility: 10,
            element: None,
        }
    }

    pub(in crate::send) fn event(what: What) -> Event {
        let text =
            serde_json::json!({ "at": 1_763_751_600, "actor": "person", "repository": "ab12" });
        let mut all = serde_json::to_value(what).unwrap();
        all.as_object_mut().unwrap().extend(text.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    pub(in crate::send) fn shown() -> What {
        What::Shown {
            deed: Deed::Commit,
            rule: "github-pat".to_owned(),
            finding: Some("7h2kq9xw".to_owned()),
            role: "source".to_owned(),
            exposure: "staged".to_owned(),
            severity: "critical".to_owned(),
            confidence: "proven".to_owned(),
            verdict: "block".to_owned(),
            brief: false,
        }
    }

    fn overridden() -> What {
        What::Overridden {
            deed: Deed::Commit,
            rule: "github-pat".to_owned(),
            finding: Some("7h2kq9xw".to_owned()),
            reason: "a fixture".to_owned(),
        }
    }

    pub(in crate::send) fn outgoing(what: What, sink: &Sink) -> Option<Outgoing> {
        let place = Place { machine: "00c0ffee00c0ffee", sequence: 12, link: "1a2b3c4d" };
        Outgoing::of(&event(what), place, sink, &|text| text.replace("fixture", "[hidden]"))
    }

    #[test]
    fn an_event_tells_no_more_than_its_sink_may_know() {
        let of = |class| outgoing(overridden(), &sink(class)).unwrap();

        let internal = of(Class::Internal);
        assert_eq!((internal.finding(), internal.word("repository")), (None, None));
        assert_eq!(internal.class, Class::Internal);
        let confidential = of(Class::Confidential);
        assert_eq!(confidential.finding(), Some("7h2kq9xw"));
        assert_eq!(confidential.word("reason"), None);
        assert_eq!(of(Class::Restricted).word("reason"), Some("a [hidden]"));
        assert_eq!(of(Class::Restricted).class, Class::Restricted);
    }

    #[test]
    fn a_name_leaves_only_where_that_is_configured() {
        let allowed = || What::Approved {
            rule: "github-pat".to_owned(),
            finding: None,
            who: "ana@localhost".to_owned(),
            until: "2026-12-01".to_owned(),
        };
        let plain = sink(Class::Restricted);
        assert_eq!(outgoing(allowed(), &plain).unwrap().word("who"), None);
        let named = Sink { names: true, ..plain };
        assert_eq!(outgoing(allowed(), &named).unwrap().word("who"), Some("ana@localhost"));
    }

    #[test]
    fn what_a_person_learns_stays_unless_it_is_named() {
        let lesson = || What::Lesson { lesson: "exposure".to_owned() };
        let plain = sink(Class::Restricted);
        assert!(outgoing(lesson(), &plain).is_none());
        let named = Sink { events: vec!["lesson".to_owned()], ..plain };
        assert!(outgoing(lesson(), &named).is_some());
        assert!(outgoing(shown(), &named).is_none());
    }

    #[test]
    fn a_field_that_nobody_listed_stays() {
        let mut later = serde_json::to_value(event(shown())).unwrap();
        later["path"] = "src/app.py".into();
        let later = serde_json::from_value(later).unwrap();
        let place = Place { machine: "m", sequence: 1, link: "l" };
        let sent = Outgoing::of(&later, place, &sink(Class::Restricted), &|text| text.to_owned());
        assert!(!format!("{sent:?}").contains("app.py"));
    }

    #[test]
    fn severity_is_that_of_the_event_or_of_its_rule() {
        let high = Sink { severity: Severity::High, ..sink(Class::Internal) };
        assert!(outgoing(shown(), &high).is_some());
        assert!(outgoing(overridden(), &high).is_some(), "the rule is a critical one");
        let answered = What::Digest { deed: Deed::Commit, rule: "no-such".to_owned(), count: 2 };
        assert!(outgoing(answered, &high).is_none());
    }

    #[test]
    fn a_sentence_names_what_happened() {
        let sent = outgoing(shown(), &sink(Class::Confidential)).unwrap();
        assert_eq!(
            sent.sentence(),
            "shown: github-pat, critical, proven, block, commit, staged, source, finding 7h2kq9xw"
        );
        assert_eq!(sent.id, "00c0ffee00c0ffee-12-1a2b3c4d");
    }
}

//! An event under the names of others.
//!
//! - ECS: <https://www.elastic.co/docs/reference/ecs/ecs-field-reference>; `event.kind`,
//!   `event.category` and `event.type` take the values of
//!   `ecs-allowed-values-event-kind`, `-category` and `-type` there.
//! - OCSF: <https://schema.ocsf.io/1.7.0/classes/detection_finding> (2004) for what is about a
//!   finding, <https://schema.ocsf.io/1.7.0/base_event> (0) for all else.

use super::Format;
use super::event::Outgoing;
use crate::catalogue::Severity;
use serde_json::{Map, Value, json};

const ECS: &str = "8.17.0";
const OCSF: &str = "1.7.0";

/// An event as `format` has it. Messages of chats are no such thing, and are plain.
pub(super) fn of(event: &Outgoing, format: Format) -> Value {
    match format {
        Format::Plain | Format::Slack | Format::Teams => plain(event),
        Format::Ecs => ecs(event),
        Format::Ocsf => ocsf(event),
    }
}

fn plain(event: &Outgoing) -> Value {
    let Outgoing { id, machine, sequence, kind, class, fields, .. } = event;
    let mut all = json!({
        "id": id, "machine": machine, "sequence": sequence, "time": event.time(),
        "kind": kind, "class": class.word(),
    });
    if let Some(all) = all.as_object_mut() {
        all.extend(fields.clone());
    }
    all
}

/// The rest of the fields as texts, which is what ECS' labels are.
fn labels(event: &Outgoing) -> Map<String, Value> {
    const ELSEWHERE: [&str; 3] = ["rule", "who", "reason"];
    let rest = event.fields.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut labels: Map<String, Value> =
        rest.map(|(name, value)| (name.clone(), text(value).into())).collect();
    labels.insert("class".to_owned(), event.class.word().into());
    labels.insert("machine".to_owned(), event.machine.clone().into());
    labels
}

fn ecs(event: &Outgoing) -> Value {
    let refused = event.word("verdict") == Some("block");
    let (kind, types) = match event.kind.as_str() {
        "shown" if refused => ("alert", "denied"),
        "shown" => ("alert", "info"),
        "overridden" | "excepted" | "digest" => ("event", "allowed"),
        _ => ("event", "info"),
    };
    let mut all = json!({
        "@timestamp": event.time(),
        "ecs": { "version": ECS },
        "message": event.sentence(),
        "event": {
            "id": event.id,
            "kind": kind,
            "category": ["intrusion_detection"],
            "type": [types],
            "action": event.kind,
            "module": "leakcoach",
            "dataset": "leakcoach.record",
            "sequence": event.sequence,
            "severity": number(event.severity()),
        },
        "observer": {
            "product": "leakcoach", "vendor": "leakcoach", "version": env!("CARGO_PKG_VERSION"),
        },
        "labels": labels(event),
    });
    if let Some(id) = event.word("rule") {
        let rule = event.rule();
        all["rule"] = json!({
            "id": id, "name": rule.map_or(id, |rule| rule.what), "ruleset": "leakcoach",
        });
        if let Some(rule) = rule {
            all["rule"]["category"] = rule.kind.word().into();
        }
    }
    if let Some(reason) = event.word("reason") {
        all["event"]["reason"] = reason.into();
    }
    if let Some(name) = event.word("who") {
        all["user"] = json!({ "name": name });
    }
    all
}

/// Both schemas leave the numbers of a severity to the sender, or have these.
fn number(severity: Option<Severity>) -> u8 {
    match severity {
        None => 0,
        Some(Severity::Info) => 1,
        Some(Severity::Low) => 2,
        Some(Severity::Medium) => 3,
        Some(Severity::High) => 4,
        Some(Severity::Critical) => 5,
    }
}

fn ocsf(event: &Outgoing) -> Value {
    const CREATE: u32 = 1;
    const UPDATE: u32 = 2;
    const CLOSE: u32 = 3;
    const OTHER: u32 = 99;
    let mut all = json!({
        "time": event.at.saturating_mul(1000),
        "message": event.sentence(),
        "severity_id": number(event.severity()),
        "metadata": {
            "version": OCSF,
            "uid": event.id,
            "sequence": event.sequence,
            "product": {
                "name": "leakcoach", "vendor_name": "leakcoach",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "log_name": "leakcoach.record",
            "labels": [format!("class:{}", event.class.word()), format!("machine:{}", event.machine)],
        },
        "unmapped": Value::Object(event.fields.clone()),
    });
    let closed = event.word("what") == Some("closed") || event.word("answer") == Some("dead");
    let (class, category, activity) = match (event.finding(), event.kind.as_str()) {
        (None, _) => (0, 0, OTHER),
        (Some(_), "shown") => (2004, 2, CREATE),
        (Some(_), "fixed") => (2004, 2, CLOSE),
        (Some(_), _) if closed => (2004, 2, CLOSE),
        (Some(_), _) => (2004, 2, UPDATE),
    };
    all["class_uid"] = class.into();
    all["category_uid"] = category.into();
    all["activity_id"] = activity.into();
    all["type_uid"] = (class * 100 + activity).into();
    if activity == OTHER {
        all["activity_name"] = event.kind.clone().into();
    }
    if let Some(finding) = event.finding() {
        let rule = event.rule();
        let title = rule.map_or(event.word("rule").unwrap_or("a credential"), |rule| rule.what);
        all["finding_info"] = json!({ "uid": finding, "title": title });
        if let Some(id) = event.word("rule") {
            all["finding_info"]["analytic"] = json!({ "type_id": 1, "type": "Rule", "uid": id });
        }
        all["status_id"] = match event.kind.as_str() {
            "shown" => 1,
            "overridden" | "excepted" | "allowed" | "wrong" => 3,
            _ if activity == CLOSE => 4,
            _ => 2,
        }
        .into();
        all["is_alert"] = (activity == CREATE).into();
        let sure = ["possible", "likely", "proven"];
        let confidence =
            event.word("confidence").and_then(|word| sure.iter().position(|known| *known == word));
        if let Some(at) = confidence {
            all["confidence_id"] = (at + 1).into();
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::record::{Deed, What};
    use crate::send::event::tests::{outgoing, shown, sink};
    use crate::send::{Class, Format};

    #[test]
    fn a_refusal_is_an_alert_of_ecs() {
        let event = outgoing(shown(), &sink(Class::Confidential)).unwrap();
        let ecs = of(&event, Format::Ecs);
        assert_eq!(ecs["event"]["kind"], "alert");
        assert_eq!(ecs["event"]["category"][0], "intrusion_detection");
        assert_eq!(ecs["event"]["type"][0], "denied");
        assert_eq!(ecs["event"]["id"], event.id);
        assert_eq!(ecs["rule"]["id"], "github-pat");
        assert!(ecs["labels"].as_object().unwrap().values().all(serde_json::Value::is_string));
        assert_eq!(ecs["@timestamp"], "2025-11-21T19:00:00Z");
    }

    #[test]
    fn a_finding_of_ocsf_has_what_its_class_requires() {
        let event = outgoing(shown(), &sink(Class::Confidential)).unwrap();
        let ocsf = of(&event, Format::Ocsf);
        for (name, value) in [
            ("class_uid", 2004),
            ("category_uid", 2),
            ("activity_id", 1),
            ("type_uid", 200_401),
            ("severity_id", 5),
            ("confidence_id", 3),
            ("status_id", 1),
        ] {
            assert_eq!(ocsf[name], value, "{name}");
        }
        assert_eq!(ocsf["time"], 1_763_751_600_000_i64);
        assert_eq!(ocsf["metadata"]["version"], "1.7.0");
        assert_eq!(ocsf["finding_info"]["uid"], "7h2kq9xw");
    }

    #[test]
    fn what_is_about_no_finding_or_may_not_say_which_is_a_base_event() {
        let digest = What::Digest { deed: Deed::Push, rule: "github-pat".to_owned(), count: 3 };
        let fixed = What::Fixed {
            deed: Deed::Commit,
            rule: "github-pat".to_owned(),
            finding: Some("7h2kq9xw".to_owned()),
            after: 60,
        };
        for (what, class) in [(digest, Class::Confidential), (fixed.clone(), Class::Internal)] {
            let ocsf = of(&outgoing(what, &sink(class)).unwrap(), Format::Ocsf);
            assert_eq!((&ocsf["class_uid"], &ocsf["type_uid"]), (&0.into(), &99.into()));
            assert!(ocsf.get("finding_info").is_none());
        }
        let closed = of(&outgoing(fixed, &sink(Class::Confidential)).unwrap(), Format::Ocsf);
        assert_eq!((&closed["type_uid"], &closed["status_id"]), (&200_403.into(), &4.into()));
    }
}

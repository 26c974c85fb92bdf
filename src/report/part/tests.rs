use super::{CardText, End, Head, NOT_ONE, Part, PartFile, PartOutcome, Rules, Run};
use crate::catalogue::Catalogue;
use crate::judge::{Exposure, Verdict};
use crate::report::Whereabouts;
use crate::scan::Confidence;
use crate::source::role::FileRole;
use proptest::prelude::*;
use serde_json::{Value, json};

fn card() -> Value {
    json!({
        "order": 3, "rule": { "own": "github-pat" }, "id": "7h2kq9xw", "path": "app.py",
        "line": 4, "masked": "token = ghp_[36 bytes hidden]", "seen": "proven: so it is",
        "here": "it is in a source file", "steps": [["take it out", null], ["mend", "git x"]],
        "next_time": "use a vault", "own": "ask #security", "go_on": "not one?", "verdict": "block", "because": "it is proven to be one",
        "standing": "open", "confidence": "proven", "exposure": "committed", "role": "source",
        "file": { "base64": "YS9icv8=" }, "packed": false, "region": [4, 9, 9, 4, 49, 49],
        "commit": "0123", "id_lasts": true, "policy": ".leakcoach.toml:7", "by_default": false,
        "digest": true, "pause": 3, "remote_refs": ["origin/main"], "branches": ["main"],
        "commits": 2, "at": "app.py", "owners": ["@a"],
    })
}

/// The card that `value` says, and that again as a value.
fn there_and_back(value: &Value) -> Result<Value, String> {
    let text: CardText = serde_json::from_value(value.clone()).map_err(|why| why.to_string())?;
    let order = text.order;
    let card = text.card(None, &[]).map_err(|why| why.to_string())?;
    let from = card.facts.from.clone().unwrap();
    let at = Whereabouts { repository: None, file: from.file, owners: from.owners };
    let again = CardText::of(order, &card, at, &mut Rules::default());
    Ok(serde_json::to_value(again).unwrap())
}

/// Every word of an enumeration, for a field.
fn words(field: &str) -> Vec<&'static str> {
    match field {
        "verdict" => Verdict::ALL.iter().map(|it| it.word()).collect(),
        "confidence" => Confidence::ALL.iter().map(|it| it.word()).collect(),
        "exposure" => Exposure::ALL.iter().map(|it| it.word()).collect(),
        _ => FileRole::ALL.iter().map(|it| it.word()).collect(),
    }
}

#[test]
fn a_card_comes_back_as_it_went() {
    let mut given = card();
    assert_eq!(there_and_back(&given), Ok(given.clone()));

    for field in ["verdict", "confidence", "exposure", "role"] {
        for word in words(field) {
            given[field] = json!(word);
            assert_eq!(there_and_back(&given), Ok(given.clone()), "{field} {word}");
        }
    }
    let exception = json!({ "until": "2027-01-31", "since": null, "by": "ann", "reason": "r" });
    for standing in [
        json!("baselined"),
        json!({ "excepted": exception }),
        json!({ "expired": exception }),
        json!({ "void": [exception, "it has no end"] }),
        json!({ "listed": ".gitleaksignore" }),
        json!({ "listed-anew": ".secrets.baseline" }),
    ] {
        given["standing"] = standing;
        assert_eq!(there_and_back(&given), Ok(given.clone()));
    }
}

#[test]
fn what_no_leakcoach_writes_is_refused() {
    for (field, value) in [
        ("rule", json!({ "own": "no-such-rule" })),
        ("rule", json!({ "user": 0 })),
        ("id", json!("not an id")),
        ("line", json!(0)),
        ("line", json!(u64::MAX)),
        ("region", json!([0, 1, 1, 1, 1, 1])),
        ("region", json!([4, 9, 9, 4, 8, 8])),
        ("region", json!([1, 1, 1, 1, 1])),
        ("standing", json!({ "listed": "no such list" })),
        (
            "standing",
            json!({ "expired": { "until": "soon", "since": null, "by": null, "reason": "" } }),
        ),
        ("file", json!({ "base64": "?" })),
        ("verdict", json!("let it through")),
        ("surprise", json!(1)),
    ] {
        let mut given = card();
        given[field] = value;
        assert!(there_and_back(&given).is_err(), "{field}: {}", given[field]);
    }
}

#[test]
fn words_of_another_machine_cannot_move_the_cursor() {
    let mut given = card();
    for field in ["path", "masked", "seen", "here", "go_on", "because", "commit"] {
        given[field] = json!("a\u{1b}[2J\u{202e}b\nc");
    }
    given["owners"] = json!(["\u{1b}]0;x"]);
    given["steps"] = json!([["\u{7}", "\u{1b}c"]]);
    let back = there_and_back(&given).unwrap().to_string();
    assert!(!back.contains("\\u001b") && !back.contains("\\n") && !back.contains('\u{202e}'));
    assert!(!back.contains("\\u0007"));
}

fn run() -> Run {
    let text = |text: &str| text.to_owned();
    Run { what: text("history"), options: text("0"), strict: false, key: None, list: None }
}

/// A file of so many parts, complete.
fn file(parts: usize) -> String {
    let mut text = Head::new(run(), (2, 3), 5, Catalogue::builtin().edition()).line().unwrap();
    for index in 0..parts {
        let outcome = PartOutcome::Unread("it is no git repository".to_owned());
        let name = super::Bytes(format!("repos/{index}").into_bytes());
        let part = Part { index, name, state: None, outcome };
        text.push_str(&part.line().unwrap());
    }
    text + &End { parts, ended: 9 }.line().unwrap()
}

#[test]
fn some_other_file_and_one_of_another_version_are_told_apart() {
    for other in ["", "\n", "{}", "# Readme\n", "{\"schema\":\"leakcoach-report\"}"] {
        assert_eq!(PartFile::parse(other.as_bytes()), Err(NOT_ONE));
    }
    for (now, then) in
        [("\"schema_version\":\"1\"", "\"schema_version\":\"2\""), ("\"shard\"", "\"share\"")]
    {
        let text = file(1).replacen(now, then, 1);
        let why = PartFile::parse(text.as_bytes()).unwrap_err();
        assert!(why.to_string().contains("another version"), "{why}");
    }
    for shard in ["[0,3]", "[4,3]"] {
        let text = file(1).replacen("\"shard\":[2,3]", &format!("\"shard\":{shard}"), 1);
        assert!(PartFile::parse(text.as_bytes()).is_err());
    }
}

#[test]
fn an_end_that_counts_otherwise_or_is_not_the_last_line_is_none() {
    let whole = file(2);
    let less = whole.replacen("\"parts\":2", "\"parts\":1", 1);
    let more = format!("{whole}{whole}");
    for text in [less, more] {
        let read = PartFile::parse(text.as_bytes()).unwrap();
        assert!(read.end.is_none() && read.broken.is_some());
    }
}

proptest! {
    #[test]
    fn a_file_that_was_cut_off_gives_the_parts_before_and_is_not_complete(at in 0..100_usize) {
        let whole = file(4);
        let head = whole.find('\n').unwrap() + 1;
        let cut = head + (whole.len() - head) * at / 100;
        let read = PartFile::parse(&whole.as_bytes()[..cut]).unwrap();
        let lines = whole.as_bytes()[head..cut].split(|byte| *byte == b'\n').count() - 1;
        prop_assert_eq!(read.parts.len(), lines);
        prop_assert!(read.end.is_none());
        prop_assert_eq!(read.broken.is_none(), whole.as_bytes()[..cut].ends_with(b"\n"));
    }

    #[test]
    fn no_bytes_make_it_panic(text: Vec<u8>, at in 0..2_000_usize, byte: u8) {
        let _fault = PartFile::parse(&text);
        let mut damaged = file(3).into_bytes();
        let at = at % damaged.len();
        damaged[at] = byte;
        let _fault = PartFile::parse(&damaged);
        damaged.splice(at..at, text);
        let _fault = PartFile::parse(&damaged);
    }
}

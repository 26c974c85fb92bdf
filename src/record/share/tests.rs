use super::{Class, Content, Identity, Label, Page, Refusal, Role, Terms, open, seal};
use crate::record::{Event, What};

const DAY: i64 = 24 * 3600;
const MADE: i64 = 1_700_000_000;

fn label(identity: &Identity, pages: u64) -> Label {
    let terms = Terms {
        class: Class::Restricted,
        content: Content::Case,
        role: Role::Reviewer,
        to: "Ana\nexpires: never".to_owned(),
        key: identity.recipient().to_string(),
        by: "ben".to_owned(),
        record: "0011223344556677".to_owned(),
        made: MADE,
        until: MADE + 30 * DAY,
        why: "the weekly look".to_owned(),
        approved: None,
    };
    Label::of(terms, pages)
}

fn page(number: i64) -> Page {
    let what = What::Lesson { lesson: "exposure".to_owned() };
    let (actor, by) = ("person".to_owned(), Some("ben@localhost".to_owned()));
    let event = Event { at: MADE, actor, by, repository: None, what };
    let from = Some(("0011223344556677".to_owned(), number));
    Page { r#for: "Ana".to_owned(), from, event: Some(event), card: None }
}

#[test]
fn an_export_opens_for_its_recipient_until_its_end() {
    let ana = Identity::draw().unwrap();
    let file = seal(&label(&ana, 2), &ana.recipient(), &[page(1), page(2)]).unwrap();
    let ana = [ana];

    let opened = open(&ana, &file, MADE + DAY).unwrap();

    assert_eq!(opened.pages, [page(1), page(2)]);
    assert_eq!((opened.label.class, opened.unread), (Class::Restricted, 0));
    let expired = open(&ana, &file, MADE + 30 * DAY).unwrap_err();
    assert_eq!(expired.to_string(), "it expired on 2023-12-14T22:13:20Z");
    assert!(matches!(open(&ana, &file, MADE - 2 * DAY), Err(Refusal::NotYet(_))));
    let other = open(&[Identity::draw().unwrap()], &file, MADE).unwrap_err();
    assert_eq!(other.to_string(), "it is not for this key");
}

#[test]
fn its_label_stands_in_plain_and_cannot_be_changed() {
    let ana = Identity::draw().unwrap();
    let file = seal(&label(&ana, 1), &ana.recipient(), &[page(1)]).unwrap();

    assert!(file.contains("\nclass:   restricted\n"), "{file}");
    assert!(file.contains("\nexpires: 2023-12-14T22:13:20Z\n"), "{file}");
    assert!(!file.contains("weekly") && !file.contains("localhost"), "{file}");
    // A name cannot add a line to it.
    assert!(file.contains("for:     Ana\\x0aexpires: never (age1"), "{file}");
    let later = file.replace("expires: 2023", "expires: 2099");
    let ana = [ana];
    assert_eq!(open(&ana, &later, MADE), Err(Refusal::Relabelled));
    assert_eq!(open(&ana, &file.replace("restricted", "internal"), MADE), Err(Refusal::Relabelled));
    let (_, bare) = file.split_once("\n\n-----").unwrap();
    assert_eq!(open(&ana, &format!("-----{bare}"), MADE), Err(Refusal::Relabelled));
    assert_eq!(open(&ana, "", MADE), Err(Refusal::None));
}

#[test]
fn what_a_later_leakcoach_wrote_is_counted_and_missing_pages_are_said() {
    let ana = Identity::draw().unwrap();
    let short = seal(&label(&ana, 3), &ana.recipient(), &[page(1)]).unwrap();
    let to = ana.recipient();
    let whole = label(&ana, 1);
    let text = [serde_json::to_string(&whole).unwrap(), "{\"for\":7}".to_owned()].join("\n");
    let strange = [whole.in_plain(), super::age::seal(&[&to], text.as_bytes()).unwrap()].concat();
    let newer = text.replace("\"leakcoach_export\":1", "\"leakcoach_export\":2");
    let newer = [whole.in_plain(), super::age::seal(&[&to], newer.as_bytes()).unwrap()].concat();
    let ana = [ana];

    assert_eq!(open(&ana, &short, MADE), Err(Refusal::Short { said: 3, there: 1 }));
    assert_eq!(open(&ana, &strange, MADE).unwrap().unread, 1);
    assert_eq!(open(&ana, &newer, MADE), Err(Refusal::Newer));
}

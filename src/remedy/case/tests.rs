use super::{Case, Check, Event, Proof, Standing, Step, What, cases, span};
use crate::judge::Exposure;
use proptest::prelude::*;

fn event(at: i64, what: What) -> Event {
    Event { case: "7h2kq9xw".to_owned(), at, what }
}

fn found(at: i64, exposure: Exposure) -> Event {
    event(at, What::Found { rule: "github-pat".to_owned(), exposure })
}

fn done(at: i64, step: Step, proof: Proof) -> Event {
    event(at, What::Done { step, evidence: format!("at {at}"), proof })
}

fn left(events: &[Event], check: Check) -> Vec<Step> {
    Case::fold(events).unwrap().lacks(check).into_iter().map(|lack| lack.step).collect()
}

#[test]
fn what_is_only_staged_is_mended_and_nothing_else() {
    assert_eq!(left(&[found(0, Exposure::Staged)], Check::Possible), [Step::Mended]);
    let local = [found(0, Exposure::Committed)];
    assert_eq!(left(&local, Check::Possible), [Step::Mended, Step::History]);
    assert_eq!(left(&[found(0, Exposure::Public)], Check::Possible), Step::ALL);
}

#[test]
fn a_case_goes_further_and_never_back() {
    let events = [found(0, Exposure::Pushed), found(1, Exposure::Staged)];
    assert_eq!(Case::fold(&events).unwrap().exposure, Exposure::Pushed);
}

#[test]
fn a_revocation_that_is_only_said_counts_where_nobody_can_be_asked() {
    let mut events = vec![found(0, Exposure::Pushed), done(60, Step::Revoked, Proof::Said)];
    assert!(left(&events, Check::Possible).contains(&Step::Revoked));
    assert!(!left(&events, Check::None).contains(&Step::Revoked));

    events.push(done(3600, Step::Revoked, Proof::Proven));
    assert!(!left(&events, Check::Possible).contains(&Step::Revoked));
    // It has been revoked since it was said, as the proof shows.
    assert_eq!(Case::fold(&events).unwrap().to_revoke(), Some(60));
}

#[test]
fn what_turns_out_to_be_alive_is_to_be_revoked_anew() {
    let why = "it answered".to_owned();
    let events = [
        found(0, Exposure::Pushed),
        done(10, Step::Revoked, Proof::Said),
        event(20, What::Undone { step: Step::Revoked, why }),
        done(90, Step::Revoked, Proof::Proven),
    ];
    assert!(Case::fold(&events[..3]).unwrap().is_alive());
    assert_eq!(Case::fold(&events).unwrap().to_revoke(), Some(90));
}

#[test]
fn no_reason_stands_in_for_revoking_or_mending() {
    for step in [Step::Revoked, Step::Mended] {
        let reason = "no time".to_owned();
        let events = [found(0, Exposure::Pushed), event(1, What::Skipped { step, reason })];
        assert!(left(&events, Check::None).contains(&step));
    }
}

#[test]
fn what_can_be_used_still_comes_first_and_the_oldest_of_it() {
    let named = |case: &str, mut event: Event| {
        event.case = case.to_owned();
        event
    };
    let events = [
        named("closed", found(0, Exposure::Pushed)),
        named("closed", event(9, What::Closed)),
        named("staged", found(1, Exposure::Staged)),
        named("young", found(5, Exposure::Pushed)),
        named("old", found(2, Exposure::Public)),
    ];
    let order: Vec<String> = cases(&events).into_iter().map(|case| case.id).collect();
    assert_eq!(order, ["old", "young", "staged", "closed"]);
}

#[test]
fn spans_are_told_as_people_do() {
    let told: Vec<String> =
        [-5, 59, 600, 7800, 7200, 86_400, 300_000].into_iter().map(span).collect();
    assert_eq!(told, ["0 s", "59 s", "10 min", "2 h 10 min", "2 h", "1 day", "3 days"]);
}

fn any_step() -> impl Strategy<Value = Step> {
    prop::sample::select(Step::ALL)
}

fn any_event() -> impl Strategy<Value = Event> {
    let what = prop_oneof![
        prop::sample::select(Exposure::ALL)
            .prop_map(|exposure| What::Found { rule: "github-pat".to_owned(), exposure }),
        (any_step(), prop::sample::select(vec![Proof::Said, Proof::Proven]), "[a-c]")
            .prop_map(|(step, proof, evidence)| What::Done { step, evidence, proof }),
        (any_step(), "[a-c]").prop_map(|(step, why)| What::Undone { step, why }),
        (any_step(), "[a-c]").prop_map(|(step, reason)| What::Skipped { step, reason }),
        Just(What::Closed),
        Just(What::Reopened),
    ];
    (any::<i64>(), what).prop_map(|(at, what)| event(at, what))
}

proptest! {
    #[test]
    fn any_events_lead_somewhere_and_told_twice_to_the_same(
        events in prop::collection::vec(any_event(), 1..20),
    ) {
        let once = Case::fold(&events).unwrap();
        let twice = Case::fold(events.iter().chain(&events)).unwrap();
        prop_assert_eq!(&once, &twice);
        let _told = (once.lacks(Check::Possible), once.to_revoke(), once.is_alive());
    }

    #[test]
    fn any_order_has_the_same_steps_to_take(
        events in prop::collection::vec(any_event(), 1..20).prop_shuffle(),
    ) {
        let mut other = events.clone();
        other.reverse();
        let (one, other) = (Case::fold(&events).unwrap(), Case::fold(&other).unwrap());
        prop_assert_eq!(one.steps(), other.steps());
        prop_assert_eq!(one.found, other.found);
    }

    #[test]
    fn an_event_is_read_as_it_was_written(event in any_event()) {
        let line = serde_json::to_string(&event).unwrap();
        prop_assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }

    #[test]
    fn any_span_is_told(seconds: i64) {
        prop_assert!(!span(seconds).is_empty());
    }
}

#[test]
fn a_standing_is_open_until_something_happens() {
    let case = Case::fold(&[found(0, Exposure::Pushed)]).unwrap();
    assert_eq!(case.standing(Step::Abuse), Standing::Open);
}

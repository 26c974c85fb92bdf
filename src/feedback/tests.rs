//! Known stories, and the figures that have to come of them.

use super::{Asked, DAY, Feedback, Queue, Risk, Subject, Tally};
use crate::catalogue::{Catalogue, Kind};
use crate::record::{Deed, Event, Reviewed, What};
use crate::remedy::case::{Proof, Step, What as Change};

/// A Monday.
const START: i64 = 20_003 * DAY;

#[derive(Default)]
struct Story(Vec<Event>);

impl Story {
    fn at(&mut self, day: i64, second: i64, what: What) -> &mut Self {
        self.0.push(Event {
            at: START + day * DAY + second,
            actor: "person".to_owned(),
            by: None,
            repository: Some("here".to_owned()),
            what,
        });
        self
    }

    fn shown(&mut self, day: i64, second: i64, rule: &str, finding: &str) -> &mut Self {
        self.card(day, second, [rule, finding, "source", "staged", "high", "likely", "block"])
    }

    fn card(&mut self, day: i64, second: i64, card: [&str; 7]) -> &mut Self {
        let [id, finding, place, exposure, severity, confidence, verdict] = card.map(str::to_owned);
        let (rule, finding) = (id, Some(finding));
        let (deed, brief) = (Deed::Commit, false);
        let what = What::Shown {
            deed,
            rule,
            finding,
            role: place,
            exposure,
            severity,
            confidence,
            verdict,
            brief,
        };
        self.at(day, second, what)
    }

    fn fixed(&mut self, day: i64, second: i64, rule: &str, finding: &str, after: i64) -> &mut Self {
        let (rule, finding) = (rule.to_owned(), Some(finding.to_owned()));
        self.at(day, second, What::Fixed { deed: Deed::Commit, rule, finding, after })
    }

    fn overridden(&mut self, day: i64, second: i64, rule: &str, finding: &str) -> &mut Self {
        let (rule, finding) = (rule.to_owned(), Some(finding.to_owned()));
        let reason = "release tonight".to_owned();
        self.at(day, second, What::Overridden { deed: Deed::Commit, rule, finding, reason })
    }

    fn wrong(&mut self, day: i64, second: i64, rule: &str, finding: &str) -> &mut Self {
        let (rule, finding) = (rule.to_owned(), Some(finding.to_owned()));
        let because = "hash of a fixture".to_owned();
        self.at(day, second, What::Wrong { rule, finding, because })
    }

    fn tally(&self, since: i64) -> Tally {
        let now = START + 100 * DAY;
        let mut tally = Tally::new(Asked { since, now, risk: Risk::Usual });
        self.0.iter().for_each(|event| tally.add(event));
        tally
    }

    fn told(&self) -> Feedback {
        self.tally(i64::MIN).told()
    }

    fn queue(&self) -> Queue {
        self.tally(i64::MIN).into_queue()
    }
}

#[test]
fn a_known_story_gives_exactly_its_figures() {
    let mut story = Story::default();
    story
        // Fixed at the next try, after two minutes.
        .shown(0, 0, "github-pat", "a")
        .fixed(0, 120, "github-pat", "a", 120)
        // A second try with it in two files, then fixed.
        .shown(0, 1000, "github-pat", "b")
        .shown(0, 1060, "github-pat", "b")
        .shown(0, 1060, "github-pat", "b")
        .fixed(0, 1600, "github-pat", "b", 600)
        // Comes back on the third day, and is let through.
        .shown(3, 0, "github-pat", "c")
        .overridden(3, 30, "github-pat", "c")
        // After more than 30 days it does not come back, it comes.
        .shown(40, 0, "github-pat", "d");

    let told = story.told();

    let [rule] = told.rules.as_slice() else { panic!("{:?}", told.rules) };
    assert_eq!((rule.findings, rule.cards), (4, 6));
    assert_eq!((rule.fixed_at_once, rule.fixed), (1, 2));
    assert_eq!((rule.let_through, rule.overridden, rule.repeated), (1, 1, 1));
    assert_eq!(rule.reasons, [("release tonight".to_owned(), 1)]);
    assert_eq!((rule.clean_after.count, rule.clean_after.median), (2, Some(120)));
    assert_eq!(told.fixed_at_once().to_string(), "1 of 4 (25 %)");
    assert_eq!(told.events, 9);
    let weeks: Vec<_> = told
        .weeks
        .iter()
        .map(|week| (week.from, week.findings, week.fixed, week.let_through))
        .collect();
    assert_eq!(weeks, [(START, 3, 2, 1), (START + 35 * DAY, 1, 0, 0)]);
}

#[test]
fn what_was_gone_and_is_here_again_is_another_finding() {
    let mut story = Story::default();
    story.shown(0, 0, "github-pat", "a").fixed(0, 9, "github-pat", "a", 9);
    story.shown(1, 0, "github-pat", "a").fixed(1, 9, "github-pat", "a", 9);

    let rule = &story.told().rules[0];

    assert_eq!((rule.findings, rule.fixed_at_once, rule.repeated), (2, 2, 1));
}

#[test]
fn the_same_id_in_another_repository_is_another_finding() {
    let mut story = Story::default();
    story.shown(0, 0, "github-pat", "a").shown(0, 5, "github-pat", "a");
    story.0[1].repository = Some("there".to_owned());

    assert_eq!(story.told().rules[0].findings, 2);
}

#[test]
fn what_was_before_the_period_counts_only_as_what_was_before() {
    let mut story = Story::default();
    story.shown(0, 0, "github-pat", "a").shown(5, 0, "github-pat", "b").fixed(
        5,
        60,
        "github-pat",
        "a",
        5 * DAY,
    );

    let told = story.tally(START + 2 * DAY).told();

    let rule = &told.rules[0];
    assert_eq!((rule.findings, rule.fixed, rule.repeated), (1, 0, 1));
    assert_eq!((rule.clean_after.count, told.events), (1, 2));
}

#[test]
fn time_to_revoke_runs_from_when_others_had_it() {
    let mut story = Story::default();
    let revoked = |finding: &str| {
        let (step, evidence, proof) = (Step::Revoked, String::new(), Proof::Said);
        let change = Change::Done { step, evidence, proof };
        What::Case { case: finding.to_owned(), since: START, change }
    };
    let out = |finding| ["github-pat", finding, "source", "pushed", "critical", "proven", "block"];
    let verified = |finding: &str, answer: &str| What::Verified {
        rule: "github-pat".to_owned(),
        finding: Some(finding.to_owned()),
        answer: answer.to_owned(),
    };
    story
        .shown(0, 0, "github-pat", "a")
        .card(1, 0, out("a"))
        .card(1, 0, out("b"))
        .card(1, 0, out("c"))
        .at(1, 3600, revoked("a"))
        .at(1, 4000, verified("a", "dead"))
        .at(2, 0, verified("b", "unclear"))
        .at(3, 0, verified("b", "dead"))
        .at(4, 0, revoked("nobody knows"));

    let told = story.told();

    assert_eq!((told.revoked_after.count, told.alive), (2, 1));
    assert_eq!(told.revoked_after.median, Some(3600));
    assert_eq!(told.revoked_after.most, Some(2 * DAY.unsigned_abs()));
    let about: Vec<_> = story.queue().into_all().iter().map(|item| item.closed.is_some()).collect();
    assert_eq!(about, [false, true, true], "what is dead is closed by itself");
}

fn noisy(role: &str, severity: &str, confidence: &str, wrong: bool) -> Feedback {
    let mut story = Story::default();
    for n in 0..8 {
        let finding = n.to_string();
        let role = if n < 6 { role } else { "source" };
        story.card(
            n,
            0,
            ["generic-token", &finding, role, "staged", severity, confidence, "block"],
        );
        if n < 6 && wrong {
            story.wrong(n, 5, "generic-token", &finding);
        } else if n < 6 {
            story.overridden(n, 5, "generic-token", &finding);
        }
    }
    story.told()
}

#[test]
fn a_rule_that_is_mostly_wrong_is_proposed_to_be_asked_about_where_it_is_wrong() {
    let told = noisy("test", "medium", "possible", true);

    let [proposal] = told.proposals.as_slice() else { panic!("{told:?}") };
    assert_eq!(proposal.noise.to_string(), "6 of 8 (75 %)");
    assert_eq!(
        proposal.line,
        "[[policy]]\nrule = \"generic-token\"\nfile-role = \"test\"\nverdict = \"guide\"\n"
    );
    assert_eq!(told.processes, Vec::<String>::new());
}

#[test]
fn a_rule_that_is_right_and_let_through_is_no_rule_to_loosen() {
    let told = noisy("source", "medium", "possible", false);

    assert_eq!(told.proposals, []);
    assert!(told.processes[0].starts_with("generic-token: 6 of 8 let through"), "{told:?}");
}

#[test]
fn what_is_proven_and_opens_much_is_never_proposed_to_be_loosened() {
    let told = noisy("test", "critical", "proven", true);

    assert_eq!(told.proposals[0].line, "");
    assert!(told.proposals[0].what.contains("an exception for the one value"));
}

#[test]
fn a_few_findings_propose_nothing() {
    let mut story = Story::default();
    for n in 0..4 {
        story.shown(n, 0, "github-pat", &n.to_string());
        story.wrong(n, 5, "github-pat", &n.to_string());
    }

    assert_eq!(story.told().proposals, []);
    assert_eq!(story.told().wrong().are, 4);
}

#[test]
fn a_rule_met_on_three_days_is_to_be_looked_at_and_anew_once_that_is_closed() {
    let mut story = Story::default();
    for day in 0..3 {
        story.card(day, 0, ["github-pat", "a", "source", "staged", "medium", "likely", "guide"]);
        // Again on the same day is no repetition.
        story.card(day, 9, ["github-pat", "a", "source", "staged", "medium", "likely", "guide"]);
    }
    let open = story.queue().into_open();
    let [item] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((item.about, item.times), (Subject::Repeated, 1));
    let review = |did, to: Option<&str>| What::Review {
        item: item.id.clone(),
        did,
        who: "me".to_owned(),
        to: to.map(str::to_owned),
        note: "the template is mended".to_owned(),
    };

    story.at(4, 0, review(Reviewed::Assigned, Some("ann")));
    assert_eq!(story.queue().into_open()[0].assigned.as_deref(), Some("ann"));
    story.at(5, 0, review(Reviewed::Closed, None));
    assert_eq!(story.queue().into_open(), []);
    assert_eq!(story.queue().closed(), 1);

    for day in 6..8 {
        story.card(day, 0, ["github-pat", "a", "source", "staged", "medium", "likely", "guide"]);
    }
    assert_eq!(story.queue().into_open(), [], "counted from its end on");
    story.card(8, 0, ["github-pat", "a", "source", "staged", "medium", "likely", "guide"]);
    let again = story.queue().into_open();
    assert_eq!(again.len(), 1);
    assert_ne!(again[0].id, item.id);
}

#[test]
fn an_override_of_what_opens_much_is_looked_at_and_one_of_little_is_not() {
    let mut story = Story::default();
    story.shown(0, 0, "github-pat", "a").overridden(0, 5, "github-pat", "a");
    story.card(0, 9, ["low-key", "b", "source", "staged", "low", "likely", "block"]);
    story.overridden(0, 10, "low-key", "b");

    let open = story.queue().into_open();

    let [item] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((item.about, item.finding.as_deref()), (Subject::Override, Some("a")));
    assert_eq!(item.words, "github-pat was let through: release tonight");
}

#[test]
fn what_is_handed_on_has_no_small_numbers_and_nothing_of_its_reader() {
    let mut story = Story::default();
    for n in 0..6 {
        story.shown(0, n * 10, "github-pat", &n.to_string());
        story.fixed(0, n * 10 + 5, "github-pat", &n.to_string(), 5);
    }
    story.overridden(0, 90, "github-pat", "0");
    story.shown(1, 0, "slack-token", "x").shown(1, 0, "npm-token", "y");
    for n in 0..12 {
        let finding = Some(format!("a{n}"));
        let (rule, until) = ("github-pat".to_owned(), "2027-01-01".to_owned());
        let (reason, asks) = ("rotated next week".to_owned(), Some("ann".to_owned()));
        let asked = What::Allowed {
            rule: rule.clone(),
            finding: finding.clone(),
            until: until.clone(),
            reason,
            asks,
        };
        story.at(2, n * 10, asked);
        story.at(2, n * 10 + 3, What::Approved { rule, finding, who: "ann".to_owned(), until });
    }

    let own = story.told();
    let approvals = own.approvals.clone().unwrap();
    assert_eq!((approvals.count, approvals.high, approvals.median), (12, 12, Some(3)));
    assert_eq!(approvals.unusual.len(), 3, "{approvals:?}");
    let shared = own.handed_on();

    assert_eq!(shared.rules.iter().map(|rule| &*rule.rule).collect::<Vec<_>>(), ["github-pat"]);
    assert_eq!(shared.rules[0].reasons, []);
    assert_eq!(shared.approvals, None);
    assert!(shared.review.open.iter().all(|item| item.words.is_empty()));
}

#[test]
fn events_are_evidence_of_controls_and_of_frameworks_for_agents_only_theirs() {
    let mut story = Story::default();
    story.shown(0, 0, "github-pat", "a").fixed(0, 60, "github-pat", "a", 60);
    let of = |story: &Story, framework: &str, id: &str| {
        let evidence = story.tally(i64::MIN).evidence(framework).unwrap();
        evidence.controls.into_iter().find(|control| control.id == id).unwrap().events
    };

    assert_eq!(of(&story, "csf", "PR.AT-01"), 1);
    assert_eq!(of(&story, "csf", "RS.MI-01"), 1);
    assert_eq!(of(&story, "csf", "PR.PS-04"), 0);
    assert_eq!(of(&story, "cwe", "CWE-798"), 1);
    assert_eq!(of(&story, "agentic", "ASI03"), 0);
    story.0[0].actor = "Claude Code".to_owned();
    assert_eq!(of(&story, "agentic", "ASI03"), 1);
    assert!(story.tally(i64::MIN).evidence("nobody's").is_none());
}

#[test]
fn every_rule_touches_a_control_of_every_framework() {
    for rule in Catalogue::builtin().rules() {
        let touched = super::explained(rule);
        assert_eq!(touched.len(), super::governance().framework.len(), "{}", rule.id);
    }
    assert!(Kind::ALL.len() >= 10);
}

#[test]
fn every_kind_of_event_is_mapped() {
    let source = include_str!("../record/event.rs");
    let words = source.split("fn word(&self)").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let words: Vec<&str> = words
        .lines()
        .filter_map(|line| line.split_once("{ .. } => \"")?.1.strip_suffix("\","))
        .collect();

    assert!(words.len() >= 15, "{words:?}");
    for word in words {
        assert!(crate::catalogue::governance::EVENTS.contains(&word), "{word} is not mapped");
    }
}

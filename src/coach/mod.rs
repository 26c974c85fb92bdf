//! A verdict becomes a card: words in sections, still without colour or width.

mod context;
pub mod drill;
pub mod follow_up;
mod here;
pub mod lesson;
pub mod letting;
pub mod memory;
pub mod narrative;
pub mod pipeline;
mod privilege;
pub mod stack;
mod steps;

pub use steps::HEAD;

use crate::catalogue::{Coaching, Kind, Rule};
use crate::judge::fingerprint::FindingId;
use crate::judge::{Actor, Exposure, Judgement, Standing, Verdict};
use crate::scan::{Confidence, Finding};
use crate::source::Medium;
use crate::source::lines::Region;
use crate::source::role::FileRole;
use crate::source::trail::{Course, Trail};
use crate::text::Escaped;
use bstr::BString;
use std::borrow::Cow;

/// What a person sees for one finding.
#[derive(Debug)]
pub struct Card {
    /// What it is.
    pub what: &'static str,
    /// The rule's id.
    pub rule: &'static str,
    /// The finding's id in this repository.
    pub id: Option<FindingId>,
    /// `config/app.py`, fit for a terminal.
    pub path: String,
    /// One-based.
    pub line: usize,
    /// The line with the credential masked, fit for a terminal.
    pub masked: String,
    /// How sure it is, and why.
    pub seen: String,
    /// What there was to notice.
    pub signal: &'static str,
    /// What it opens.
    pub opens: &'static str,
    /// Why it matters here.
    pub here: String,
    /// What to do now, in order.
    pub steps: Vec<Step>,
    /// What to do next time.
    pub next_time: String,
    /// What the organisation adds: its own words, whom to ask, where to read on.
    pub own: Option<String>,
    /// How to go on when it is none.
    pub go_on: String,
    /// What was decided.
    pub judgement: Judgement,
    /// What reports for machines say beside the words.
    pub facts: Facts,
}

/// What is known of a finding, without words. Holds nothing of the credential.
#[derive(Debug)]
pub struct Facts {
    /// The rule.
    pub rule: &'static Rule,
    /// How sure it is.
    pub confidence: Confidence,
    /// How far the credential has come.
    pub exposure: Exposure,
    /// The file's role.
    pub role: FileRole,
    /// The file's path, as git or the system has it; of a member, the archive's.
    pub file: BString,
    /// Whether it is in an archive, so that its lines are not those of the file.
    pub packed: bool,
    /// Where in the text the credential is.
    pub region: Region,
    /// The whole id of the commit it is in.
    pub commit: Option<String>,
    /// The tracking branches that have that commit.
    pub remote_refs: Vec<BString>,
    /// The local branches that have it.
    pub branches: Vec<BString>,
    /// How many commits that no remote has bring the credential; nothing where nobody looked.
    pub commits: Option<usize>,
    /// Whether the card's id is the same in the next run.
    pub id_lasts: bool,
    /// Where it comes from, if from another run.
    pub from: Option<Box<Provenance>>,
}

/// What another run knew of a finding's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The repository, as the list of those to check names it; fit for a terminal.
    pub repository: Option<String>,
    /// The file's path from the top of the repository; any bytes.
    pub file: BString,
    /// Who owns it.
    pub owners: Vec<String>,
}

impl Card {
    /// The path, with that of the repository before it where a run is about several.
    pub fn full_path(&self) -> Cow<'_, str> {
        match self.facts.from.as_ref().and_then(|from| from.repository.as_ref()) {
            Some(repository) => Cow::Owned(format!("{repository}/{}", self.path)),
            None => Cow::Borrowed(&self.path),
        }
    }
}

/// One thing to do.
#[derive(Debug)]
pub struct Step {
    /// What to do.
    pub words: String,
    /// What to paste, on a line of its own so that it survives any width.
    pub command: Option<String>,
}

/// Where a finding stands.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The file's path; any bytes. Of a member of an archive, the archive's path before it.
    pub path: &'a [u8],
    /// The path of the archive that the file is in.
    pub archive: Option<&'a [u8]>,
    /// One-based.
    pub line: usize,
    /// The line itself, the credential already masked.
    pub masked: &'a [u8],
    /// The file's role.
    pub role: FileRole,
    /// How far the credential has come.
    pub exposure: Exposure,
    /// The short id of the commit it is in, `HEAD` for the last one, or the name of its tag.
    pub commit: Option<&'a str>,
    /// What holds it.
    pub medium: Medium,
    /// Who wrote it, where that is known: the job or step of a log; any bytes.
    pub writer: Option<&'a [u8]>,
    /// The whole of it.
    pub whole_commit: Option<String>,
    /// Where the credential is.
    pub region: Region,
    /// Whether ids last.
    pub id_lasts: bool,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// Who acts.
    pub actor: &'a Actor,
    /// What git tells of its way; nothing outside git and on a server.
    pub trail: Option<&'a Trail>,
    /// Whether the person stands in a folder below the top, from which paths are others.
    pub below_top: bool,
    /// What is told of the rule: its own words, or the organisation's.
    pub words: Coaching,
    /// What the organisation adds.
    pub own: Option<String>,
}

impl Card {
    /// The card in two lines, for who has just read the whole of it: what and where, and
    /// the first thing to do.
    pub fn brief(&self) -> [String; 2] {
        let id = self.id.map(|id| format!("  {id}")).unwrap_or_default();
        let step = self.steps.first().map_or(self.here.as_str(), |step| &step.words);
        [
            format!("{} [{}] at {}:{}{id}", self.what, self.rule, self.path, self.line),
            format!("again: {step}; all of it: leakcoach explain {}", self.rule),
        ]
    }
}

/// The card for `finding`.
pub fn card(
    finding: &Finding,
    id: Option<FindingId>,
    judgement: Judgement,
    place: &Place<'_>,
) -> Card {
    let words = place.words;
    // How a file gets a credential is no question of what it permits.
    let by_file = if finding.rule.kind == Kind::Privilege {
        context::Words::default()
    } else {
        context::words(finding.rule, &words, place.path, place.role)
    };
    let path = Escaped(place.path).to_string();
    let course = place.trail.map(|trail| &trail.course).filter(|_| place.whole_commit.is_some());
    let reach = place.trail.map(|trail| trail.reach.clone()).unwrap_or_default();
    let rule = finding.rule.id;
    let (here, steps, go_on) = if finding.rule.kind == Kind::Privilege {
        let shell_path = steps::quoted(place.path);
        (
            privilege::here(place),
            privilege::steps(rule, id, place, words.instead, &shell_path),
            privilege::go_on(judgement.verdict, rule, place),
        )
    } else {
        (
            here::here(place),
            steps::steps(id, place, by_file.read),
            go_on(&judgement, rule, place, &path),
        )
    };
    Card {
        what: finding.rule.what,
        rule: finding.rule.id,
        id,
        line: place.line,
        masked: Escaped(place.masked).to_string(),
        seen: seen(finding, &judgement, place.now),
        signal: words.missed,
        opens: words.opens,
        here,
        steps,
        next_time: by_file.next_time.unwrap_or_else(|| words.next_time.to_owned()),
        own: place.own.clone(),
        go_on,
        path,
        judgement,
        facts: Facts {
            rule: finding.rule,
            confidence: finding.confidence,
            exposure: place.exposure,
            role: place.role,
            file: place.archive.unwrap_or(place.path).into(),
            packed: place.archive.is_some(),
            region: place.region,
            commit: place.whole_commit.clone(),
            remote_refs: reach.remote_refs,
            branches: reach.branches,
            commits: course.map(Course::commits).filter(|count| *count > 0),
            id_lasts: place.id_lasts,
            from: None,
        },
    }
}

fn seen(finding: &Finding, judgement: &Judgement, now: i64) -> String {
    let mut facts: Vec<String> = finding.notes.iter().map(|note| note.at(now)).collect();
    if let Some((companion, _)) = &finding.companion {
        facts.push(format!("it stands beside its {}", companion.what));
    }
    // What is proven needs no further reason; what is not is told by which policy it went.
    let told = judgement.is_settled() || !judgement.by_default;
    if finding.confidence < Confidence::Proven || told {
        facts.push(judgement.because.to_string());
    }
    match &judgement.standing {
        Standing::Expired(exception) => {
            let end = exception.until.map(|until| until.to_string()).unwrap_or_default();
            facts.push(format!("its exception ended on {end}"));
        }
        Standing::Void(_, why) => facts.push(format!("its exception does not count: {why}")),
        Standing::ListedAnew(list) => {
            facts.push(format!("`{list}` lists it, by an entry that comes with it"));
        }
        Standing::Open | Standing::Excepted(_) | Standing::Baselined | Standing::Listed(_) => {}
    }
    format!("{}: {}", finding.confidence, facts.join(", "))
}

fn go_on(judgement: &Judgement, rule: &str, place: &Place<'_>, path: &str) -> String {
    match judgement.verdict {
        Verdict::Permit => "nothing was refused".to_owned(),
        // Here, markers and lists are what the pusher says of the pusher's own work.
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.exposure == Exposure::Received => {
            "not one? an exception for it on this server's default branch lets it through"
                .to_owned()
        }
        Verdict::Slow | Verdict::Guide | Verdict::Block
            if matches!(judgement.standing, Standing::ListedAnew(_)) =>
        {
            "not one? make its entry an exception that ends: leakcoach import".to_owned()
        }
        // Neither a name nor a log has a line whose end could be marked.
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.medium == Medium::Path => {
            "not one? add its folder to `paths.ignore` in .leakcoach.toml".to_owned()
        }
        Verdict::Slow | Verdict::Guide | Verdict::Block
            if matches!(place.medium, Medium::Ref | Medium::Log) =>
        {
            format!("not one? add to `rules.disable` in .leakcoach.toml: {rule}")
        }
        // An archive is seldom packed here: its lines are for others to change.
        Verdict::Slow | Verdict::Guide | Verdict::Block if place.archive.is_some() => {
            format!("not one? add to `paths.ignore` in .leakcoach.toml: {path}")
        }
        Verdict::Slow | Verdict::Guide | Verdict::Block => {
            format!("not one? add to its line: leakcoach:allow {rule} because WORDS")
        }
    }
}

//! A card and an account of coverage as one line of JSON can carry them, and back.

use super::Fault;
use super::bytes::{self, Bytes};
use crate::catalogue::{Catalogue, Rule, Told};
use crate::coach::{Card, Facts, Provenance, Step};
use crate::judge::exception::Exception;
use crate::judge::fingerprint::FindingId;
use crate::judge::{Exposure, Judgement, Standing, Verdict};
use crate::lists;
use crate::report::Whereabouts;
use crate::scan::Confidence;
use crate::source::lines::{Point, Region};
use crate::source::role::FileRole;
use crate::source::{Coverage, Unread};
use crate::text::Escaped;
use bstr::BString;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt::Display;

/// No line of a file, and no column, is further.
const FURTHEST: usize = 1 << 48;

/// A card without what its rule says, which is told once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct CardText {
    /// The place in the order of a run, where cards of several parts are mixed.
    pub order: u64,
    rule: RuleName,
    id: Option<String>,
    path: String,
    line: usize,
    masked: String,
    seen: String,
    here: String,
    steps: Vec<(String, Option<String>)>,
    next_time: String,
    own: Option<String>,
    go_on: String,
    #[serde(serialize_with = "word")]
    verdict: Verdict,
    because: String,
    standing: StandingText,
    policy: Option<String>,
    by_default: bool,
    digest: bool,
    pause: u32,
    #[serde(serialize_with = "word")]
    confidence: Confidence,
    #[serde(serialize_with = "word")]
    exposure: Exposure,
    #[serde(serialize_with = "word")]
    role: FileRole,
    #[serde(with = "bytes")]
    file: Bytes,
    packed: bool,
    /// Lines, columns and bytes of the start, then of the end.
    region: [usize; 6],
    commit: Option<String>,
    id_lasts: bool,
    remote_refs: Vec<Name>,
    branches: Vec<Name>,
    commits: Option<usize>,
    #[serde(with = "bytes")]
    at: Bytes,
    owners: Vec<String>,
}

fn word<T: Display, S: Serializer>(it: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(it)
}

/// One of leakcoach's own rules by its id, or a user's by its place in the part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RuleName {
    Own(String),
    User(usize),
}

/// What was decided before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StandingText {
    Open,
    Excepted(ExceptionText),
    Expired(ExceptionText),
    Void(ExceptionText, String),
    Baselined,
    Listed(String),
    ListedAnew(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionText {
    until: Option<String>,
    since: Option<String>,
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asks: Option<String>,
    reason: String,
}

/// The users' rules of a part, each once.
#[derive(Debug, Default)]
pub struct Rules(Vec<&'static Rule>);

impl Rules {
    fn name(&mut self, rule: &'static Rule) -> RuleName {
        if rule.file.is_none() {
            return RuleName::Own(rule.id.to_owned());
        }
        let known = self.0.iter().position(|known| std::ptr::eq(*known, rule));
        RuleName::User(known.unwrap_or_else(|| {
            self.0.push(rule);
            self.0.len() - 1
        }))
    }

    /// What is told of them.
    pub fn told(&self) -> Vec<Told> {
        self.0.iter().map(|rule| Told::of(rule)).collect()
    }
}

impl CardText {
    /// What is kept of `card`, the file of which is at `whereabouts`.
    pub fn of(order: u64, card: &Card, whereabouts: Whereabouts, rules: &mut Rules) -> Self {
        // Each field is named, so that a new one has to be thought of here. What is left out
        // is the rule's.
        let Card {
            what: _,
            rule: _,
            id,
            path,
            line,
            masked,
            seen,
            signal: _,
            opens: _,
            here,
            steps,
            next_time,
            own,
            go_on,
            judgement:
                Judgement { verdict, because, standing, line: policy, by_default, digest, pause },
            facts,
        } = card;
        let Facts {
            rule,
            confidence,
            exposure,
            role,
            file,
            packed,
            region,
            commit,
            id_lasts,
            remote_refs,
            branches,
            commits,
            from: _,
        } = facts;
        let Region { start, end } = region;
        let Whereabouts { repository: _, file: at, owners } = whereabouts;
        Self {
            order,
            rule: rules.name(rule),
            id: id.map(|id| id.to_string()),
            path: path.clone(),
            line: *line,
            masked: masked.clone(),
            seen: seen.clone(),
            here: here.clone(),
            steps: steps.iter().map(|step| (step.words.clone(), step.command.clone())).collect(),
            next_time: next_time.clone(),
            own: own.clone(),
            go_on: go_on.clone(),
            verdict: *verdict,
            because: because.to_string(),
            standing: StandingText::of(standing),
            policy: policy.as_deref().map(str::to_owned),
            by_default: *by_default,
            digest: *digest,
            pause: *pause,
            confidence: *confidence,
            exposure: *exposure,
            role: *role,
            file: Bytes(file.to_vec()),
            packed: *packed,
            region: [start.line, start.column, start.byte, end.line, end.column, end.byte],
            commit: commit.clone(),
            id_lasts: *id_lasts,
            remote_refs: remote_refs.iter().map(|name| Name::of(name)).collect(),
            branches: branches.iter().map(|name| Name::of(name)).collect(),
            commits: *commits,
            at: Bytes(at.to_vec()),
            owners,
        }
    }

    /// Whether it has an id.
    pub fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// The card, in the repository called `repository` where the run is about several, with
    /// the users' rules of its part.
    pub fn card(self, repository: Option<&str>, users: &[&'static Rule]) -> Result<Card, Fault> {
        let rule = match &self.rule {
            RuleName::Own(id) => Catalogue::builtin().rule(id).ok_or(Fault("an unknown rule"))?,
            RuleName::User(at) => users.get(*at).copied().ok_or(Fault("an unknown rule"))?,
        };
        let words = rule.coaching();
        let id = match self.id {
            Some(id) => Some(FindingId::parse(&id).ok_or(Fault("an id that is none"))?),
            None => None,
        };
        let whole = |number: &usize| (1..FURTHEST).contains(number);
        if !self.region.iter().all(whole) || !whole(&self.line) {
            return Err(Fault("a place that is none"));
        }
        let [line, column, byte, end_line, end_column, end_byte] = self.region;
        let start = Point { line, column, byte };
        let end = Point { line: end_line, column: end_column, byte: end_byte };
        if (end.line, end.column) < (start.line, start.column) {
            return Err(Fault("a place that ends before it begins"));
        }
        let steps = self.steps.into_iter().map(|(words, command)| Step {
            words: safe(words),
            command: command.map(|command| safe_lines(&command)),
        });
        Ok(Card {
            what: rule.what,
            rule: rule.id,
            id,
            path: safe(self.path),
            line: self.line,
            masked: safe(self.masked),
            seen: safe(self.seen),
            signal: words.missed,
            opens: words.opens,
            here: safe(self.here),
            steps: steps.collect(),
            next_time: safe(self.next_time),
            own: self.own.map(safe),
            go_on: safe(self.go_on),
            judgement: Judgement {
                verdict: self.verdict,
                because: safe(self.because).into(),
                standing: self.standing.standing()?,
                line: self.policy.map(|line| safe(line).into()),
                by_default: self.by_default,
                digest: self.digest,
                pause: self.pause,
            },
            facts: Facts {
                rule,
                confidence: self.confidence,
                exposure: self.exposure,
                role: self.role,
                file: self.file.0.into(),
                packed: self.packed,
                region: Region { start, end },
                commit: self.commit.map(safe),
                id_lasts: self.id_lasts,
                remote_refs: self.remote_refs.into_iter().map(Name::bytes).collect(),
                branches: self.branches.into_iter().map(Name::bytes).collect(),
                commits: self.commits,
                from: Some(Box::new(Provenance {
                    repository: repository.map(|name| safe(name.to_owned())),
                    file: self.at.0.into(),
                    owners: self.owners.into_iter().map(safe).collect(),
                })),
            },
        })
    }
}

impl StandingText {
    fn of(standing: &Standing) -> Self {
        match standing {
            Standing::Open => Self::Open,
            Standing::Excepted(exception) => Self::Excepted(ExceptionText::of(exception)),
            Standing::Expired(exception) => Self::Expired(ExceptionText::of(exception)),
            Standing::Void(exception, why) => Self::Void(ExceptionText::of(exception), why.clone()),
            Standing::Baselined => Self::Baselined,
            Standing::Listed(list) => Self::Listed((*list).to_owned()),
            Standing::ListedAnew(list) => Self::ListedAnew((*list).to_owned()),
        }
    }

    fn standing(self) -> Result<Standing, Fault> {
        let list = |name: &str| {
            let known = lists::KNOWN.iter().find(|(known, _)| *known == name);
            known.map(|(known, _)| *known).ok_or(Fault("a list that is not known"))
        };
        Ok(match self {
            Self::Open => Standing::Open,
            Self::Excepted(exception) => Standing::Excepted(exception.exception()?),
            Self::Expired(exception) => Standing::Expired(exception.exception()?),
            Self::Void(exception, why) => Standing::Void(exception.exception()?, safe(why)),
            Self::Baselined => Standing::Baselined,
            Self::Listed(name) => Standing::Listed(list(&name)?),
            Self::ListedAnew(name) => Standing::ListedAnew(list(&name)?),
        })
    }
}

impl ExceptionText {
    fn of(Exception { until, since, by, asks, reason }: &Exception) -> Self {
        let date = |date: &Option<jiff::civil::Date>| date.map(|date| date.to_string());
        let (until, since) = (date(until), date(since));
        let (by, asks, reason) = (by.clone(), asks.clone(), reason.clone());
        Self { until, since, by, asks, reason }
    }

    fn exception(self) -> Result<Exception, Fault> {
        let date = |date: Option<String>| match date {
            None => Ok(None),
            Some(date) => date.parse().map(Some).map_err(|_| Fault("a date that is none")),
        };
        let (until, since) = (date(self.until)?, date(self.since)?);
        Ok(Exception { until, since, by: self.by, asks: self.asks, reason: self.reason })
    }
}

/// Words of another machine, fit for a terminal.
pub(super) fn safe(words: String) -> String {
    let shown = Escaped(words.as_bytes()).to_string();
    if shown == words { words } else { shown }
}

/// The same of what may be pasted, line by line.
fn safe_lines(words: &str) -> String {
    let lines: Vec<String> = words.split('\n').map(|line| safe(line.to_owned())).collect();
    lines.join("\n")
}

/// What was checked and what could not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageText {
    read: usize,
    bytes: u64,
    ignored: usize,
    members: usize,
    messages: usize,
    elsewhere: Vec<Name>,
    unread: Vec<(Name, String)>,
    unopened: Vec<(Name, String)>,
}

/// A path of any bytes, as an item of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Name(#[serde(with = "bytes")] Bytes);

impl Name {
    fn of(name: &[u8]) -> Self {
        Self(Bytes(name.to_vec()))
    }

    fn bytes(self) -> BString {
        self.0.0.into()
    }
}

impl CoverageText {
    /// What is kept of `coverage`.
    pub fn of(coverage: &Coverage) -> Self {
        // How far an interrupted run came stands among what is unread, too.
        let Coverage { read, bytes, ignored, elsewhere, members, messages, .. } = coverage;
        let Coverage { unread, unopened, interrupted: _, .. } = coverage;
        let holes = |holes: &[Unread]| {
            holes.iter().map(|hole| (Name::of(&hole.path), hole.why.clone())).collect()
        };
        Self {
            read: *read,
            bytes: *bytes,
            ignored: *ignored,
            members: *members,
            messages: *messages,
            elsewhere: elsewhere.iter().map(|path| Name::of(path)).collect(),
            unread: holes(unread),
            unopened: holes(unopened),
        }
    }

    /// Whether nothing was left unread.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
    }

    /// The coverage, its paths with that of `repository` before them.
    pub fn coverage(self, repository: Option<&str>) -> Coverage {
        let path = |Name(Bytes(path)): Name| match repository {
            Some(name) => [name.as_bytes(), b"/", &path].concat().into(),
            None => path.into(),
        };
        let holes = |holes: Vec<(Name, String)>| {
            holes.into_iter().map(|(name, why)| Unread { path: path(name), why: safe(why) })
        };
        Coverage {
            read: self.read,
            bytes: self.bytes,
            ignored: self.ignored,
            members: self.members,
            messages: self.messages,
            unread: holes(self.unread).collect(),
            unopened: holes(self.unopened).collect(),
            elsewhere: self.elsewhere.into_iter().map(path).collect(),
            interrupted: None,
        }
    }
}

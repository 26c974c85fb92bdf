//! A case as it is now: what is remembered, and what can be seen without asking anybody.

use super::kept::Cases;
use super::says_more;
use crate::catalogue::{Catalogue, Rule};
use crate::cli::named::{self, Here, Named, Places};
use crate::cli::way_out::live::{Learned, Live, LiveArgs};
use crate::cli::{env, teach::rules};
use crate::coach::Card;
use crate::error::Error;
use crate::judge::Exposure;
use crate::judge::fingerprint::FindingId;
use crate::remedy::case::{Case, Check, Event, Lack, Memory, Proof, Standing, Step, What, further};
use crate::remedy::verify::State;
use crate::remedy::verify::memory::Known;
use crate::source::Repo;
use crate::source::rewrite::{Deed, Scope, rewrite};
use crate::source::trail::{self, State as GitState};
use crate::text::Escaped;
use jiff::Timestamp;

/// A case, and what was seen of it.
pub(super) struct Look<'a> {
    cases: &'a Cases,
    events: Vec<Event>,
    pub(super) case: Case,
    pub(super) rule: Option<&'static Rule>,
    places: Places,
    pub(super) here: Here,
    /// What a command that is pasted now would meet.
    pub(super) state: GitState,
    /// What its service said when it was asked last.
    answered: Learned,
}

impl<'a> Look<'a> {
    /// Looks at the case of the finding called `name`, and remembers what is new. A finding
    /// without a case gets one.
    pub(super) fn at(repo: &Repo, cases: &'a Cases, name: &str) -> Result<Self, Error> {
        let places = match named::find(repo, Some(name)) {
            Ok(places) => places,
            // It is nowhere any more: only what is remembered tells of it.
            Err(Error::UnknownId { .. }) if !cases.events(Some(name))?.is_empty() => {
                Places::default()
            }
            Err(error) => return Err(error),
        };
        one_only(&places)?;
        let first = places.all.first();
        let id = first.map_or_else(|| name.to_owned(), |one| one.id.to_string());
        let mut events = cases.events(Some(&id))?;
        let now = env::now();
        if let Some(one) = first {
            let exposure = exposure(&places);
            let found = What::Found { rule: one.rule.id.to_owned(), exposure };
            let new = Case::fold(&events).is_none_or(|known| says_more(&known, &found));
            if new {
                let found = Event { case: id.clone(), at: now, what: found };
                cases.append(std::slice::from_ref(&found))?;
                events.push(found);
            }
        }
        let unknown = || Error::UnknownId { id: name.to_owned(), nearest: None };
        let case = Case::fold(&events).ok_or_else(unknown)?;
        let rule = if let Some(one) = first {
            Some(one.rule)
        } else {
            let config = rules::config(&[])?;
            config.users.rule(&case.rule).or_else(|| Catalogue::builtin().rule(&case.rule))
        };
        let here = match FindingId::parse(&id) {
            Some(id) => named::here(repo, id)?,
            None => Here::default(),
        };
        let mut look = Self {
            cases,
            events,
            case,
            rule,
            answered: answered(repo, first)?,
            state: trail::state(repo)?,
            here,
            places,
        };
        if look.case.closed.is_none() {
            look.learn(repo)?;
        } else {
            look.doubt()?;
        }
        Ok(look)
    }

    /// Remembers what happened.
    pub(super) fn keep(&mut self, what: What) -> Result<(), Error> {
        self.keep_at(env::now(), what)
    }

    fn keep_at(&mut self, at: i64, what: What) -> Result<(), Error> {
        if !says_more(&self.case, &what) {
            return Ok(());
        }
        let event = Event { case: self.case.id.clone(), at, what };
        self.cases.append(std::slice::from_ref(&event))?;
        self.events.push(event);
        if let Some(case) = Case::fold(&self.events) {
            self.case = case;
        }
        Ok(())
    }

    /// What can be seen of the steps.
    fn learn(&mut self, repo: &Repo) -> Result<(), Error> {
        for step in self.case.steps() {
            match step {
                Step::Revoked => self.learn_answer()?,
                Step::Mended => self.learn_places()?,
                Step::History => self.learn_history(repo)?,
                Step::Rotated | Step::Vaulted | Step::Abuse => {}
            }
        }
        Ok(())
    }

    /// What is seen of a closed case is no step forward; it can only be a step back.
    fn doubt(&mut self) -> Result<(), Error> {
        if self.answered_alive() || !self.places().is_empty() {
            self.keep(What::Reopened)?;
            self.learn_answer()?;
            self.learn_places()?;
        }
        Ok(())
    }

    fn learn_answer(&mut self) -> Result<(), Error> {
        let Learned::That(known) = self.answered else { return Ok(()) };
        match (known.state, self.case.standing(Step::Revoked)) {
            (State::Dead, _) => {
                let when = Timestamp::from_second(known.at).map(|at| at.to_string());
                let evidence = format!("verified dead at {}", when.unwrap_or_default());
                let proof = Proof::Proven;
                self.keep_at(known.at, What::Done { step: Step::Revoked, evidence, proof })
            }
            (State::Alive, Standing::Done { at, .. }) if at <= known.at => {
                let why = "its service said afterwards that it is alive".to_owned();
                self.keep_at(known.at, What::Undone { step: Step::Revoked, why })
            }
            (State::Alive | State::Unclear, _) => Ok(()),
        }
    }

    fn learn_places(&mut self) -> Result<(), Error> {
        let places = self.places();
        if places.is_empty() {
            let evidence = "no file of the index, the work tree and the last commit has it";
            let (evidence, proof) = (evidence.to_owned(), Proof::Proven);
            return self.keep(What::Done { step: Step::Mended, evidence, proof });
        }
        let why = format!("it is in {}", places.join(", "));
        self.keep(What::Undone { step: Step::Mended, why })
    }

    /// Whether commits have it is seen; whether it is worth a rewrite is for people.
    fn learn_history(&mut self, repo: &Repo) -> Result<(), Error> {
        let local = self.is_local();
        let scope = if local { Scope::Unpushed } else { Scope::All };
        let reached = match self.named() {
            None => false,
            Some(one) => {
                one.commit.is_some()
                    || !rewrite(repo, &one.secret, scope, Deed::Dry)?.moved.is_empty()
            }
        };
        match (reached, self.case.standing(Step::History)) {
            (false, _) => {
                let evidence = if local {
                    "no commit of this clone alone brings it"
                } else {
                    "no branch or tag that is known here reaches it"
                };
                let (evidence, proof) = (evidence.to_owned(), Proof::Proven);
                self.keep(What::Done { step: Step::History, evidence, proof })
            }
            (true, Standing::Done { proof: Proof::Proven, .. }) => {
                let why = "commits have it again".to_owned();
                self.keep(What::Undone { step: Step::History, why })
            }
            (
                true,
                Standing::Open
                | Standing::Again { .. }
                | Standing::Done { .. }
                | Standing::Skipped { .. },
            ) => Ok(()),
        }
    }

    /// Whether no remote has it.
    pub(super) fn is_local(&self) -> bool {
        !self.case.steps().contains(&Step::Revoked)
    }

    /// One place of the credential, with its value.
    pub(super) fn named(&self) -> Option<&Named> {
        self.places.all.first()
    }

    pub(super) fn card(&self) -> Option<&Card> {
        self.places.cards.first()
    }

    /// Where it is that mending has to reach. What a commit alone has is no place to mend
    /// while that commit can be made anew.
    pub(super) fn places(&self) -> Vec<String> {
        let uncommitted = self.here.uncommitted.iter().filter(|_| !self.is_local());
        let shown = |one: &Named| format!("{}:{}", Escaped(&one.path), one.line);
        let mut places: Vec<String> = self.here.unmended.iter().map(shown).collect();
        places.extend(uncommitted.map(|one| format!("{} of the last commit", shown(one))));
        places.sort();
        places.dedup();
        places
    }

    pub(super) fn check(&self) -> Check {
        match self.answered {
            Learned::Nothing | Learned::That(_) => Check::Possible,
            Learned::NoCall => Check::None,
        }
    }

    /// Whether its service said that it is alive when it was asked last.
    pub(super) fn answered_alive(&self) -> bool {
        matches!(self.answered, Learned::That(Known { state: State::Alive, .. }))
    }

    /// What is left to do, in order.
    pub(super) fn lacks(&self) -> Vec<Lack> {
        self.case.lacks(self.check())
    }
}

/// What the service of `one` said when it was asked last. Nobody is asked now.
fn answered(repo: &Repo, one: Option<&Named>) -> Result<Learned, Error> {
    let Some(one) = one else { return Ok(Learned::NoCall) };
    let args = LiveArgs { host: None, id: None, yes: false, dry_run: false };
    Ok(Live::new(repo, &args)?.learned(one))
}

/// As far as any place of it has come.
fn exposure(places: &Places) -> Exposure {
    let pushed = places.cards.iter().any(|card| !card.facts.remote_refs.is_empty());
    let least = if pushed { Exposure::Pushed } else { Exposure::File };
    places.all.iter().map(|one| one.exposure).fold(least, further)
}

/// That one credential is meant.
fn one_only(places: &Places) -> Result<(), Error> {
    let first = places.all.first().map(|one| one.id);
    if places.all.iter().all(|one| Some(one.id) == first) {
        return Ok(());
    }
    let mut shown: Vec<String> =
        places.all.iter().map(|one| format!("\n  {}", one.shown())).collect();
    shown.dedup();
    let shown: String = shown.into_iter().take(20).collect();
    Err(Error::Usage(format!("one at a time; say which:{shown}")))
}

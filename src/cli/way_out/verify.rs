//! `verify`: whether a credential still opens something.

use crate::cli::named::{self, Named};
use crate::cli::teach::rules::Format;
use crate::cli::way_out::live::{self, Live, LiveArgs, Planned, by_hand};
use crate::cli::{env, open};
use crate::error::Error;
use crate::remedy::verify::service::Service;
use crate::remedy::verify::{self, Moment, Outcome, State, token};
use crate::{exit, report};
use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Which credentials.
#[derive(Debug, Args)]
struct Which {
    /// The id on the card, PATH:LINE or the rule; not needed where there is only one
    finding: Option<String>,
    /// All that are staged or in commits that no remote has
    #[arg(long, conflicts_with = "finding")]
    all: bool,
    /// With --all: those of the whole history too
    #[arg(long, requires = "all")]
    history: bool,
    /// With --all: ask about this many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// Which credentials, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    live: LiveArgs,
    /// Send nothing: tell what is known already, and what a token says by itself
    #[arg(long)]
    offline: bool,
    /// Ask again about what is known to be dead
    #[arg(long)]
    fresh: bool,
    /// List the services that can be asked, as a table, and what each is sent
    #[arg(long, exclusive = true)]
    services: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// One credential on its way to an answer.
struct Question {
    one: Named,
    service: Option<&'static Service>,
    step: Step,
}

enum Step {
    Ask(Box<Planned>),
    Told { outcome: Outcome, at: i64, remembered: bool },
}

/// Asks about the credentials that `args` name. Gives 0 when all are dead, 1 when one is
/// alive, 3 when it could not be told of one.
pub(in crate::cli) fn verify(args: &VerifyArgs) -> Result<u8, Error> {
    if args.services {
        report::data(verify::table().trim_end());
        return Ok(exit::PASSED);
    }
    let repo = open()?;
    let mut found = if args.which.all {
        named::all(&repo, args.which.history)?
    } else {
        named::find(&repo, args.which.finding.as_deref())?.all
    };
    let mut seen = BTreeSet::new();
    found.retain(|one| seen.insert(one.id));
    let left_out = found.len().saturating_sub(args.which.limit);
    found.truncate(args.which.limit);
    let mut live = Live::new(&repo, &args.live)?;
    let mut questions: Vec<Question> =
        found.into_iter().map(|one| question(&mut live, one, args)).collect();
    if !agreed(&live, &questions, args)? {
        report::notice("nothing was sent");
        return Ok(exit::INCOMPLETE);
    }
    for question in &mut questions {
        if let (Step::Ask(planned), Some(service)) = (&question.step, question.service) {
            let outcome = live.check(&question.one, service, planned, Moment::Any);
            live::remember_case(&repo, &question.one, &outcome);
            question.step = Step::Told { outcome, at: env::now(), remembered: false };
        }
    }
    match args.format {
        Format::Json => report::data(&format!("{:#}", as_json(&questions))),
        Format::Text => {
            for question in &questions {
                report::data(&shown(question));
            }
            if questions.is_empty() {
                report::notice("there is no credential to ask about");
            }
        }
    }
    if left_out > 0 {
        report::notice(&format!("{left_out} more were not asked about: --limit"));
    }
    Ok(code(&questions, left_out))
}

/// What is known of `one` without asking, or what to send.
fn question(live: &mut Live, one: Named, args: &VerifyArgs) -> Question {
    let service = verify::of(one.rule.id);
    let now = env::now();
    let told = |outcome| Step::Told { outcome, at: now, remembered: false };
    let own = token::by_itself(one.secret.expose(), now);
    let step = match (own, service.and_then(|service| Some((service, service.check.as_ref()?)))) {
        (Some(own), _) if own.state == State::Dead => told(own),
        (Some(own), None) => told(own),
        (None, None) => told(Outcome::unclear(by_hand(one.rule))),
        (_, Some((service, check))) => match live.plan(&one, service, &check.call, None, None) {
            Err(why) => told(Outcome::unclear(why)),
            Ok(planned) => match live.known(&one, &planned.server) {
                Some(known) if args.offline || (known.state == State::Dead && !args.fresh) => {
                    Step::Told {
                        outcome: Outcome::new(known.state, "as was learned before"),
                        at: known.at,
                        remembered: true,
                    }
                }
                _ if args.offline => told(Outcome::unclear("it was not asked about before")),
                _ => Step::Ask(Box::new(planned)),
            },
        },
    };
    Question { one, service, step }
}

/// Says what will be sent, and asks. What is only to be said is not agreed to.
fn agreed(live: &Live, questions: &[Question], args: &VerifyArgs) -> Result<bool, Error> {
    let asks: Vec<(&Question, &Planned)> = questions
        .iter()
        .filter_map(|question| match &question.step {
            Step::Ask(planned) => Some((question, &**planned)),
            Step::Told { .. } => None,
        })
        .collect();
    if asks.is_empty() {
        return Ok(true);
    }
    for (question, planned) in &asks {
        report::notice(&format!("about {} would be sent:", question.one.shown()));
        report::notice(&format!("  {}", planned.line()));
        if let Some(service) = question.service {
            report::notice(&format!("  it only reads: {}", service.page));
        }
    }
    if args.live.dry_run {
        return Ok(false);
    }
    live.may(&["y"], args.live.yes, "say --yes")
}

fn code(questions: &[Question], left_out: usize) -> u8 {
    let any = |state| {
        questions.iter().any(|question| match &question.step {
            Step::Told { outcome, .. } => outcome.state == state,
            Step::Ask(_) => state == State::Unclear,
        })
    };
    if any(State::Alive) {
        exit::REFUSED
    } else if any(State::Unclear) || left_out > 0 {
        exit::INCOMPLETE
    } else {
        exit::PASSED
    }
}

fn when(at: i64) -> String {
    Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()
}

fn shown(question: &Question) -> String {
    let Step::Told { outcome, at, remembered } = &question.step else { return String::new() };
    let mut lines =
        vec![format!("{:<8}{}: {}", outcome.state.word(), question.one.shown(), outcome.why)];
    for (label, value) in &outcome.shows {
        lines.push(format!("        {label}: {value}"));
    }
    if *remembered {
        lines.push(format!("        learned {}; ask again: --fresh", when(*at)));
    }
    if outcome.state == State::Alive {
        lines.push(format!("        make it useless: leakcoach revoke {}", question.one.id));
    }
    lines.join("\n")
}

fn as_json(questions: &[Question]) -> Value {
    let results: Vec<Value> = questions
        .iter()
        .filter_map(|question| {
            let Step::Told { outcome, at, remembered } = &question.step else { return None };
            let identity: Map<String, Value> = outcome
                .shows
                .iter()
                .map(|(label, value)| ((*label).to_owned(), Value::from(value.as_str())))
                .collect();
            let one = &question.one;
            Some(json!({
                "id": one.id.to_string(),
                "rule": one.rule.id,
                "service": question.service.map(|service| service.id),
                "path": crate::text::Escaped(&one.path).to_string(),
                "line": one.line,
                "state": outcome.state.word(),
                "why": outcome.why,
                "checked_at": when(*at),
                "remembered": remembered,
                "identity": identity,
            }))
        })
        .collect();
    json!({ "schema": "leakcoach-verify", "schema_version": "1.0", "results": results })
}

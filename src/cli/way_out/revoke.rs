//! `revoke`: a credential made useless, or the way to do so.

use crate::cli::named::{self, Named};
use crate::cli::open;
use crate::cli::way_out::live::{self, Live, LiveArgs, Planned};
use crate::error::Error;
use crate::remedy::verify::service::{At, Revoke, Service};
use crate::remedy::verify::{self, Moment, Outcome, State};
use crate::{exit, report};
use clap::Args;
use std::thread::sleep;
use std::time::Duration;

/// How long a service is given until its answer tells of the revocation.
const SETTLES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3)];

/// Which credential, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    /// The id on the card, PATH:LINE or the rule; not needed where there is only one
    finding: Option<String>,
    #[command(flatten)]
    live: LiveArgs,
    /// With --yes: the rule's id, as it would be typed
    #[arg(long, value_name = "RULE", requires = "yes")]
    confirm: Option<String>,
}

/// Revokes what `args` name. Gives 0 when it opens nothing any more, 1 when it is alive,
/// 3 when it could not be told or has to be done by hand.
pub(in crate::cli) fn revoke(args: &RevokeArgs) -> Result<u8, Error> {
    let repo = open()?;
    let found = named::find(&repo, args.finding.as_deref())?.all;
    let one = only(found)?;
    let mut live = Live::new(&repo, &args.live)?;
    let Some((service, way)) = way(&one) else {
        by_hand(&one, "no call revokes it with nothing but itself");
        return Ok(exit::INCOMPLETE);
    };
    let first = match (&way.id_from, &service.check) {
        (Some(_), Some(check)) => Some(live.plan(&one, service, &check.call, None, None)),
        (Some(_), None) | (None, _) => None,
    };
    let stand_in = first.is_some().then_some("ITS-ID");
    let planned = live.plan(&one, service, &way.call, way.at, stand_in);
    let (first, planned) = match (first.transpose(), planned) {
        (Ok(first), Ok(planned)) => (first, planned),
        (Err(why), _) | (_, Err(why)) => {
            by_hand(&one, &why);
            return Ok(exit::INCOMPLETE);
        }
    };
    if way.blind && !is_vendors(service, &planned) {
        by_hand(&one, "a server of your own wants a login for this");
        return Ok(exit::INCOMPLETE);
    }
    report::notice(&format!("to revoke {} would be sent:", one.shown()));
    for planned in first.iter().chain([&planned]) {
        report::notice(&format!("  {}", planned.line()));
    }
    report::notice(&format!("what stops: {}", way.stops));
    report::notice(&format!("documented at {}", way.page));
    if args.live.dry_run {
        report::notice("nothing was sent");
        return Ok(exit::INCOMPLETE);
    }
    let confirmed = args.live.yes && args.confirm.as_deref() == Some(one.rule.id);
    let how = format!("say --yes --confirm {}", one.rule.id);
    if !live.may(&[one.rule.id, "revoke"], confirmed, &how)? {
        report::notice("nothing was sent");
        return Ok(exit::INCOMPLETE);
    }
    let planned = match (first, way.id_from) {
        (Some(first), Some(pointer)) => {
            match identified(&mut live, &one, service, way, &first, pointer) {
                Ok(planned) => planned,
                Err(why) => {
                    by_hand(&one, &why);
                    return Ok(exit::INCOMPLETE);
                }
            }
        }
        (None, _) | (_, None) => planned,
    };
    let done = verify::after_revoke(way, &live.send(&planned));
    if let Err(why) = &done {
        report::notice(&format!("{} did not say that it is revoked: {why}", service.name));
    }
    let outcome = proved(&mut live, &one, (service, way), done.is_ok());
    report::data(&format!("{:<8}{}: {}", outcome.state.word(), one.shown(), outcome.why));
    live::remember_case(&repo, &one, &outcome);
    match outcome.state {
        State::Dead => Ok(exit::PASSED),
        State::Alive => {
            by_hand(&one, "it still opens something");
            Ok(exit::REFUSED)
        }
        State::Unclear => {
            by_hand(&one, "it could not be told that it is revoked");
            Ok(exit::INCOMPLETE)
        }
    }
}

/// The first of `found`, if they are all of one credential.
fn only(found: Vec<Named>) -> Result<Named, Error> {
    let first = found.first().map(|one| one.id);
    if found.iter().any(|one| Some(one.id) != first) {
        let mut lines: Vec<String> =
            found.iter().map(|one| format!("\n  {}", one.shown())).collect();
        lines.dedup();
        let lines: String = lines.into_iter().take(20).collect();
        return Err(Error::Usage(format!("one at a time; say which:{lines}")));
    }
    let nothing = || Error::Usage("there is no credential to revoke".to_owned());
    found.into_iter().next().ok_or_else(nothing)
}

/// The service of `one` and its call, if one revokes such a credential.
fn way(one: &Named) -> Option<(&'static Service, &'static Revoke)> {
    let service = verify::of(one.rule.id)?;
    let way = service.revoke.as_ref()?;
    (!way.except.contains(&one.rule.id)).then_some((service, way))
}

/// Whether it goes to the vendor's own server, or to one on this machine that stands for it.
fn is_vendors(service: &Service, planned: &Planned) -> bool {
    matches!(service.at, At::Fixed(address) if address == planned.server)
        || planned.server.starts_with("http://")
}

/// The call with the identifier that a check tells.
fn identified(
    live: &mut Live,
    one: &Named,
    service: &'static Service,
    way: &'static Revoke,
    first: &Planned,
    pointer: &str,
) -> Result<Planned, String> {
    let id = verify::identifier(pointer, &live.send(first));
    let id = id.ok_or_else(|| format!("{} did not tell its identifier", service.name))?;
    live.plan(one, service, &way.call, way.at, Some(&id))
}

/// What is so after the call: asked again, for the service to tell of it.
fn proved(
    live: &mut Live,
    one: &Named,
    (service, way): (&'static Service, &'static Revoke),
    done: bool,
) -> Outcome {
    // A yes to whatever is sent is no word on this credential.
    let told = done && !way.blind;
    let Some(check) = &service.check else {
        let name = service.name;
        return if told {
            Outcome::new(State::Dead, format!("{name} says so; no call that only reads proves it"))
        } else {
            Outcome::unclear(format!("no call of {name} that only reads tells"))
        };
    };
    let moment = if told { Moment::Revoked } else { Moment::Any };
    let mut last = Outcome::unclear("it was not asked about");
    for pause in SETTLES {
        sleep(pause);
        last = match live.plan(one, service, &check.call, None, None) {
            Ok(planned) => live.check(one, service, &planned, moment),
            Err(why) => return Outcome::unclear(why),
        };
        if last.state != State::Alive || !done {
            break;
        }
    }
    if last.state == State::Unclear && done {
        last.why = format!("{} says that it is revoked; asked again: {}", service.name, last.why);
    }
    last
}

/// Says where and how a person revokes it.
fn by_hand(one: &Named, why: &str) {
    let words = one.rule.coaching();
    report::notice(&format!("{}: {why}", one.shown()));
    for (label, words) in [
        ("revoke at", words.revoke_console),
        ("or by", words.revoke_cli),
        ("note", words.revoke_note),
        ("rotate", words.rotate),
    ] {
        if !words.is_empty() {
            report::notice(&format!("  {label}: {words}"));
        }
    }
    report::notice(&format!("then make sure: leakcoach verify {} --fresh", one.id));
}

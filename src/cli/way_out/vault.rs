//! Puts a credential into the team's store, and says what has become of it.

mod ask;
mod told;

use crate::cli::ask::consents;
use crate::cli::named::{self, Named};
use crate::cli::teach::rules::Format;
use crate::cli::{env, open, way_out::remediate};
use crate::config::Config;
use crate::config::vault::Vault;
use crate::error::Error;
use crate::exit;
use crate::judge::{Exposure, Terminal};
use crate::remedy::case::{Proof, Step, What};
use crate::remedy::vault::keep::{Keeper, Other};
use crate::remedy::vault::run::Programs;
use crate::remedy::vault::{Outcome, Place, Store, World, check, keep, keeps_in};
use crate::secret::Secret;
use crate::source::{Repo, host_and_path};
use bstr::ByteSlice;
use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use told::Told;

/// How long `--check` waits for each program.
const CHECK_LIMIT: Duration = Duration::from_secs(15);

/// What is put where, and how.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct VaultArgs {
    /// The finding: its id on the card, PATH:LINE or a rule; the only one when left out
    finding: Option<String>,
    /// The store, where `[vault] store` of .leakcoach.toml does not name it
    #[arg(long, value_name = "STORE", value_parser = store)]
    to: Option<Store>,
    /// The variable that programs read it from; the usual one of its service when left out
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A part of the place, such as path=team/{repo}, over what `[vault]` says
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    place: Vec<(String, String)>,
    /// Store a new value instead, from standard input or typed unseen
    #[arg(long)]
    new: bool,
    /// Replace another value that is there
    #[arg(long)]
    replace: bool,
    /// Say what is usable on this machine, and send nothing
    #[arg(long, conflicts_with_all = ["finding", "to", "new", "replace", "dry_run", "yes"])]
    check: bool,
    /// Only show the commands, without the value
    #[arg(long)]
    dry_run: bool,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
    /// How many seconds each command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    time_limit: u64,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn store(word: &str) -> Result<Store, String> {
    Store::named(word).ok_or_else(|| {
        let known: Vec<&str> = Store::ALL.iter().map(|store| store.word()).collect();
        format!("one of: {}", known.join(", "))
    })
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Puts a credential into a store.
pub(in crate::cli) fn vault(args: &VaultArgs) -> Result<u8, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    if args.check {
        let top = open().ok().and_then(|repo| repo.top().map(PathBuf::from)).unwrap_or_default();
        let all = check::usable(&world(top, CHECK_LIMIT, &stop));
        told::usable(&all, args.format);
        return Ok(exit::PASSED);
    }
    let repo = open()?;
    let config = Config::load_with(&env::outside()?, repo.top(), &[])?;
    let top = repo.top().unwrap_or(repo.git_dir()).to_owned();
    let world = world(top, Duration::from_secs(args.time_limit), &stop);
    let named = if args.new && args.finding.is_none() && args.name.is_some() {
        None
    } else {
        named::find(&repo, args.finding.as_deref())?.all.into_iter().next()
    };
    let place = place(args, &config.vault, &repo, named.as_ref(), &world)?;
    let keeper = Store::open(&place, &world).map_err(|trouble| Error::Vault {
        what: trouble.to_string(),
        kept: kept(named.as_ref()),
    })?;
    let terminal = env::terminal(&env::actor());
    let fresh = args.new && !args.dry_run;
    let fresh = fresh.then(|| ask::new_value(&place.name, terminal == Terminal::Interactive));
    let fresh = fresh.transpose()?;
    let value = fresh.as_ref().or(named.as_ref().map(|named| &named.secret));
    if let Some(value) = value {
        speaks_of_no_value(keeper.as_ref(), value)?;
    }
    if let (Some(fresh), Some(named)) = (&fresh, &named)
        && keeps_in(named.secret.expose(), fresh)
    {
        let what = "that is the value that leaked: make a new one at its service first";
        return Err(Error::Usage(what.to_owned()));
    }
    let told = Told {
        keeper: keeper.as_ref(),
        place: &place,
        named: named.as_ref(),
        fresh: args.new,
        format: args.format,
    };
    told.plan();
    let Some(value) = value.filter(|_| !args.dry_run) else {
        told.planned();
        return Ok(exit::PASSED);
    };
    consent(args, &place, terminal)?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Without it, an interruption ends all at once, and the store's program by itself.
        let _as_well_as_can_be = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    let other = if args.replace { Other::GivesWay } else { Other::Stays };
    let outcome = keep(keeper.as_ref(), &world.programs, value, other);
    told.outcome(&outcome);
    if let (Outcome::Already | Outcome::Stored { .. }, Some(named)) = (&outcome, &named) {
        remember_case(&repo, named, args.new, keeper.place());
    }
    Ok(match outcome {
        Outcome::Already | Outcome::Stored { .. } => exit::PASSED,
        Outcome::Occupied(_) => exit::REFUSED,
        Outcome::Untouched(_) | Outcome::Mangled(_) | Outcome::Unknown(_) => exit::INCOMPLETE,
    })
}

/// Tells the case of `named`, where there is one, that a value is stored at `place`.
fn remember_case(repo: &Repo, named: &Named, fresh: bool, place: String) {
    let done = |step, evidence| What::Done { step, evidence, proof: Proof::Proven };
    if fresh {
        let evidence = "a new value was stored".to_owned();
        remediate::note(repo, named, done(Step::Rotated, evidence));
    }
    // What others have seen is in no better place for being in a store as well.
    if fresh || !is_out(named.exposure) {
        remediate::note(repo, named, done(Step::Vaulted, place));
    }
}

fn world(top: PathBuf, limit: Duration, stop: &Arc<AtomicBool>) -> World {
    let path = env::variable("PATH").unwrap_or_default();
    let folder = if top.as_os_str().is_empty() { PathBuf::from(".") } else { top };
    let programs = Programs::new(&path, &folder, limit, Arc::clone(stop));
    World { programs, variable: env::variable, top: folder }
}

/// Where it goes, by the arguments and then by the configuration.
fn place(
    args: &VaultArgs,
    config: &Vault,
    repo: &Repo,
    named: Option<&Named>,
    world: &World,
) -> Result<Place, Error> {
    let store = args.to.or(config.store).ok_or_else(|| undecided(world))?;
    let mut keys: BTreeMap<&'static str, String> = config
        .store
        .filter(|own| *own == store)
        .map_or_else(BTreeMap::new, |_| config.keys.clone());
    if config.store.is_none() {
        keys.extend(config.keys.iter().map(|(key, value)| (*key, value.clone())));
    }
    for (key, value) in &args.place {
        let known = store.keys().iter().find(|known| *known == key).ok_or_else(|| {
            let known = store.keys().join("`, `");
            Error::Usage(format!("`{key}` says nothing to {store}, which takes `{known}`"))
        })?;
        keys.insert(known, value.clone());
    }
    let usual = named.map(|named| {
        let variable = named.rule.coaching().variable;
        if variable.is_empty() {
            named.rule.id.to_ascii_uppercase().replace('-', "_")
        } else {
            variable.to_owned()
        }
    });
    let name = args.name.clone().or(usual).unwrap_or_default();
    Place::new(store, &name, &repository(repo), &keys)
        .map_err(|trouble| Error::Usage(trouble.to_string()))
}

/// The name that the repository has where it is pushed to, else that of its folder.
fn repository(repo: &Repo) -> String {
    let remotes = repo.remotes().unwrap_or_default();
    let remote = remotes.iter().find(|remote| remote.name == "origin").or(remotes.first());
    let pushed = remote.and_then(|remote| {
        let place = host_and_path(remote.urls.first()?);
        Some(place.rsplit(|byte| *byte == b'/').next()?.to_str_lossy().into_owned())
    });
    let folder = || Some(repo.top()?.file_name()?.to_string_lossy().into_owned());
    pushed.or_else(folder).unwrap_or_default()
}

/// Nobody has chosen a store: what could be.
fn undecided(world: &World) -> Error {
    let spoken = check::spoken_of(world);
    let mut hint = String::new();
    for (store, file) in spoken {
        hint.push_str("\n  --to ");
        hint.push_str(store.word());
        hint.push_str("   (");
        hint.push_str(file);
        hint.push_str(" is here)");
    }
    Error::Usage(format!(
        "no store is chosen: name one by `--to STORE`, or for all by `[vault] store = \"…\"` in \
         .leakcoach.toml; `leakcoach vault --check` says what is usable on this machine{hint}"
    ))
}

/// That nothing which becomes an argument or an address has the value in it.
fn speaks_of_no_value(keeper: &dyn Keeper, value: &Secret) -> Result<(), Error> {
    let shown = [keeper.place(), keeper.read_back(), keeper.fill(), keeper.steps().join("\n")];
    if shown.iter().any(|shown| keeps_in(shown.as_bytes(), value)) {
        let what = "the value is part of the place or name that was given: choose another";
        return Err(Error::Usage(what.to_owned()));
    }
    Ok(())
}

/// Nothing is sent that nobody agreed to.
fn consent(args: &VaultArgs, place: &Place, terminal: Terminal) -> Result<(), Error> {
    if args.yes {
        return Ok(());
    }
    let refused = |what: &str| Err(Error::Usage(what.to_owned()));
    match (terminal, args.replace) {
        (Terminal::Absent, _) => refused("there is nobody to ask: say --yes, or --dry-run to look"),
        (Terminal::Interactive, true) if !typed(&place.name, "replace what is there") => {
            refused("nothing was done")
        }
        (Terminal::Interactive, false) if !typed("y", "store it") => refused("nothing was done"),
        (Terminal::Interactive, _) => Ok(()),
    }
}

/// Where the value is while it is in no store.
fn kept(named: Option<&Named>) -> String {
    match named {
        Some(named) => {
            format!("nothing was stored: the value is only where it was, {}", named.shown())
        }
        None => "nothing was stored".to_owned(),
    }
}

/// Whether others may have seen it.
fn is_out(exposure: Exposure) -> bool {
    !matches!(exposure, Exposure::Staged | Exposure::Committed | Exposure::File)
}

/// Whether the person types `word`.
fn typed(word: &str, for_what: &str) -> bool {
    consents(&format!("type {word} to {for_what}, anything else to stop: "), &[word])
}

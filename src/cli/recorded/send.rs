//! `leakcoach send`: what was recorded goes on to the sinks that the person or the
//! organisation configured. By hand, from a timer, or by a program of its own once a hook
//! has ended; never within one.

use crate::cli::check::run::Check;
use crate::cli::teach::rules::Format;
use crate::cli::{env, recorded::recall};
use crate::config;
use crate::config::send::Sending;
use crate::error::Error;
use crate::record::{Reading, What};
use crate::remedy::http::Network;
use crate::remedy::vault::run::{Line, Programs, WHERE};
use crate::send::cursor::Cursors;
use crate::send::deliver::{Done, Job, SENT};
use crate::send::receiver::{Means, receiver, shown};
use crate::send::{Sink, Source};
use crate::text::{Count, Escaped};
use crate::{exit, report, tool};
use clap::Args;
use std::process::Stdio;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long somebody else is waited for who sends.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long one run tries.
const LONGEST: Duration = Duration::from_secs(120);

/// How long a program may take that prints a secret.
const SECRET: Duration = Duration::from_secs(20);

/// How far below others a sender of its own stands.
const NICE: i32 = 10;

/// What is sent where.
#[derive(Debug, Args)]
pub(in crate::cli) struct SendArgs {
    /// Only to the sinks called so
    names: Vec<String>,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Show how far each sink has come, and send nothing
    #[arg(long, conflicts_with = "dry_run")]
    status: bool,
    /// How to print the status
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Begun by a hook that has ended
    #[arg(long, hide = true, conflicts_with_all = ["dry_run", "status"])]
    detached: bool,
}

/// Sends.
pub(in crate::cli) fn send(args: &SendArgs) -> Result<u8, Error> {
    if args.detached {
        // In a session of its own no terminal's end ends it. Where that cannot be, it goes
        // on in that of the hook.
        let _own = (rustix::process::setsid(), rustix::process::nice(NICE));
    }
    let sending = config::send::read(&env::outside()?)?;
    let sinks = named(&sending, &args.names)?;
    if sinks.is_empty() {
        report::notice("no sink is configured: `[[sinks]]` in your configuration names one");
        return Ok(exit::PASSED);
    }
    let (record, settings) = recall::whole()?;
    if let Some(at) = &settings.off {
        report::notice(&format!("recording is off: {at}"));
    }
    let Some(mut record) = record else {
        report::notice(&format!("nothing is recorded in {}", recall::place()?));
        return Ok(exit::PASSED);
    };
    if record.aside() > 0 {
        let _taken_in = record.append(&[])?;
    }
    let check = Check::new(None, &[])?;
    let mask = |text: &str| check.shown(text.as_bytes()).to_string();
    let cursors = Cursors::beside(record.folder())?;
    let until = Instant::now() + LONGEST;
    let job =
        |sink| Job { record: &record, sink, cursors: &cursors, mask: &mask, now: env::now, until };
    if args.status {
        return status(&sinks, job, args.format);
    }
    if args.dry_run {
        return preview(&sinks, job);
    }
    let patience = if args.detached { LONGEST } else { PATIENCE };
    let Some(_turn) = cursors.turn(patience)? else {
        // Who sends or waits does what this one was to do.
        report::notice("another leakcoach sends");
        return Ok(if args.detached { exit::PASSED } else { exit::INCOMPLETE });
    };
    let mut whole = true;
    for sink in &sinks {
        let job = job(sink);
        if args.detached && job.cursor()?.0.not_before > env::now() {
            continue;
        }
        let done = match means(sink).and_then(|means| receiver(sink, means)) {
            Ok(mut receiver) => job.deliver(&mut *receiver)?,
            Err(why) => {
                report::notice(&format!("{}: nothing was sent: {why}", sink.name));
                whole = false;
                continue;
            }
        };
        told(sink, &done);
        whole &= done.trouble.is_none() && done.refused == 0 && done.unreadable == 0;
        handed_out(sink, done.sent + done.refused);
    }
    Ok(if whole { exit::PASSED } else { exit::INCOMPLETE })
}

/// The sinks called so, or all.
fn named<'a>(sending: &'a Sending, names: &[String]) -> Result<Vec<&'a Sink>, Error> {
    let one = |name: &String| {
        sending.sinks.iter().find(|sink| sink.name == *name).ok_or_else(|| {
            Error::Usage(format!("no sink is called `{}`", Escaped(name.as_bytes())))
        })
    };
    if names.is_empty() {
        return Ok(sending.sinks.iter().collect());
    }
    names.iter().map(one).collect()
}

fn told(sink: &Sink, done: &Done) {
    let Sink { name, .. } = sink;
    let count =
        |count: u64| Count(usize::try_from(count).unwrap_or(usize::MAX), "event").to_string();
    if done.anew {
        report::notice(&format!(
            "{name}: the record is another one than before: from its beginning"
        ));
    }
    report::notice(&format!("{name}: {} sent", count(done.sent)));
    if done.refused > 0 {
        let refused = count(done.refused);
        report::notice(&format!("{name}: {refused} refused by the receiver, and not sent again"));
    }
    if done.unreadable > 0 {
        let unread = count(done.unreadable);
        report::notice(&format!("{name}: {unread} cannot be read: see `leakcoach audit verify`"));
    }
    if let Some(trouble) = &done.trouble {
        let why = trouble.why();
        report::notice(&format!(
            "{name}: the rest was not sent: {why}; it stays in the record for the next time"
        ));
    }
}

/// That something was handed out is recorded, as any reading is.
fn handed_out(sink: &Sink, count: u64) {
    if count > 0 {
        let read = What::Read {
            how: Reading::Export,
            who: env::login(),
            why: SENT.to_owned(),
            count,
            to: Some(sink.name.clone()),
        };
        recall::note(None, vec![read]);
    }
}

fn preview<'a>(sinks: &[&'a Sink], job: impl Fn(&'a Sink) -> Job<'a>) -> Result<u8, Error> {
    let mut count = 0;
    for sink in sinks {
        job(sink).waiting(|event| {
            count += 1;
            report::data(&shown(event, sink));
        })?;
    }
    let read = What::Read {
        how: Reading::Show,
        who: env::login(),
        why: "leakcoach send --dry-run".to_owned(),
        count,
        to: None,
    };
    recall::note(None, vec![read]);
    Ok(exit::PASSED)
}

fn status<'a>(
    sinks: &[&'a Sink],
    job: impl Fn(&'a Sink) -> Job<'a>,
    format: Format,
) -> Result<u8, Error> {
    let mut all = Vec::new();
    for sink in sinks {
        let job = job(sink);
        let (cursor, _) = job.cursor()?;
        let mut waiting = 0_usize;
        job.waiting(|_| waiting += 1)?;
        let Sink { name, to, class, .. } = sink;
        all.push(match format {
            Format::Text => {
                let (to, sent, refused) = (to.word(), cursor.sent, cursor.refused);
                let trouble = cursor.trouble.as_ref().map(|why| format!("; last: {why}"));
                let trouble = trouble.unwrap_or_default();
                format!("{name} ({to}): {sent} sent, {refused} refused, {waiting} waiting{trouble}")
            }
            Format::Json => serde_json::json!({
                "name": name, "to": to.word(), "class": class.word(),
                "sent": cursor.sent, "refused": cursor.refused, "waiting": waiting,
                "up_to": cursor.sequence, "failures": cursor.failures,
                "not_before": cursor.not_before, "trouble": cursor.trouble,
            })
            .to_string(),
        });
    }
    match format {
        Format::Text => all.iter().for_each(|line| report::data(line)),
        Format::Json => report::data(&format!("[{}]", all.join(",\n "))),
    }
    Ok(exit::PASSED)
}

/// What the sink needs that no file of configuration holds.
///
/// # Errors
/// It cannot be had: in words, without it.
fn means(sink: &Sink) -> Result<Means, String> {
    let outward = env::outward();
    let file = sink.ca.clone().or(outward.authorities);
    let read = |path: std::path::PathBuf| {
        std::fs::read(&path).map_err(|error| format!("`{}`: {error}", Escaped::path(&path)))
    };
    let authorities = file.map(read).transpose()?;
    let network = Network { proxy: outward.proxy, no_proxy: outward.no_proxy, authorities };
    Ok(Means { secret: sink.secret.as_ref().map(secret).transpose()?, network })
}

fn secret(source: &Source) -> Result<Zeroizing<String>, String> {
    match source {
        Source::Variable(name) => {
            let shown = Escaped(name.as_bytes()).to_string();
            let value = env::variable(name).and_then(|value| value.into_string().ok());
            value.map(Zeroizing::new).ok_or_else(|| format!("the variable {shown} is not set"))
        }
        Source::Command(words) => {
            let line = Line::of(words).ok_or("its command is empty")?;
            let path = env::variable("PATH").unwrap_or_default();
            let said = Programs::alone(&path, SECRET).run(&line, None);
            let said = said.map_err(|trouble| trouble.to_string())?;
            // What it says may be the secret: none of it is shown.
            if !said.well() {
                return Err("the command that tells its secret failed".to_owned());
            }
            let line = said.out.expose().split(|byte| *byte == b'\n').next().unwrap_or_default();
            match std::str::from_utf8(line.trim_ascii()) {
                Ok(secret) if !secret.is_empty() => Ok(Zeroizing::new(secret.to_owned())),
                Ok(_) | Err(_) => Err("the command that tells its secret printed none".to_owned()),
            }
        }
    }
}

/// Begins a sender of its own, where a hook has recorded something and the configuration
/// asks for that: without a terminal, in a session of its own, waited for by nobody.
pub(in crate::cli) fn afterwards() {
    if !recall::hook_recorded() {
        return;
    }
    // What is wrong with the configuration was said when the hook read it.
    let Ok(sending) = env::outside().and_then(|outside| config::send::read(&outside)) else {
        return;
    };
    if !sending.after_hooks || sending.sinks.is_empty() {
        return;
    }
    let Ok(program) = env::program() else { return };
    let mut sender = tool::again(&program);
    for name in WHERE {
        sender.env_remove(name);
    }
    let begun = sender
        .args(["send", "--detached"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if begun.is_err() {
        report::notice("what was recorded is not sent now: `leakcoach send` does it");
    }
}

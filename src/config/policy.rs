//! Policy as the layers have it: lines, the short form `[verdicts]`, a preset, a profile.

use super::layers::{Layers, Whose};
use super::lines::line;
use super::written::{At, Fallback, Verdicts, Written};
use crate::catalogue::UserRules;
use crate::error::Error;
use crate::judge::Verdict;
use crate::judge::policy::{Answer, Conditions, Line, Policy, Preset, Profile, Slow, Transaction};
use crate::scan::Confidence;
use std::sync::Arc;

/// The policy that the layers make together.
pub(super) fn policy(layers: &mut Layers, users: &UserRules) -> Result<Policy, Error> {
    let mut lines = Vec::new();
    let mut floor = Vec::new();
    // The nearest layer is asked first.
    for layer in layers.all.iter().rev() {
        for written in &layer.written.policy {
            let line = line(layer, written, users, layers.lock_of("policy").is_some())?;
            if layer.whose() == Whose::Organisation {
                floor.push(line.clone());
            }
            lines.push(line);
        }
    }
    let own_preset = organisation(layers, |written| &written.preset).unwrap_or_default();
    for (confidence, key, get) in BY_CONFIDENCE {
        if let Some(line) = short(layers, confidence, key, get, own_preset) {
            lines.push(line);
        }
        if let Some(answer) = organisation(layers, get) {
            floor.push(Line {
                answer,
                at: at_organisation(layers, get),
                ..plain(confidence, layers.lock_of(key).is_some())
            });
        } else if layers.lock_of(key).is_some() {
            let answer = own_preset.answer(confidence);
            floor.push(Line { answer, builtin: true, ..plain(confidence, true) });
        }
    }
    let locked = layers.lock_of("preset").is_some();
    floor.extend(
        own_preset
            .lines(&Arc::from(own_preset.word()), true)
            .into_iter()
            .map(|line| Line { locked, ..line }),
    );
    let preset = layers.one(
        "preset",
        Some(Preset::default()),
        |written| &written.preset,
        |new, floor| floor.is_some_and(|floor| new < floor),
    );
    lines.extend(match preset {
        // Where the configuration names what holds anyway, the words stay the same.
        Some((preset, at)) => preset.lines(&format!("{at}").into(), preset == Preset::default()),
        None => Policy::default().lines,
    });
    if !floor.iter().any(|line| line.locked) {
        floor.clear();
    }
    Ok(Policy { lines, floor, slow: slow(layers) })
}

type Get = fn(&Written) -> &At<Answer>;

/// The short form: a key for each level of confidence.
const BY_CONFIDENCE: [(Confidence, &str, Get); 3] = [
    (
        Confidence::Proven,
        "verdicts.proven",
        |Written { verdicts: Verdicts { proven, .. }, .. }| proven,
    ),
    (
        Confidence::Likely,
        "verdicts.likely",
        |Written { verdicts: Verdicts { likely, .. }, .. }| likely,
    ),
    (
        Confidence::Possible,
        "verdicts.possible",
        |Written { verdicts: Verdicts { possible, .. }, .. }| possible,
    ),
];

fn plain(confidence: Confidence, locked: bool) -> Line {
    let asks = Conditions::of_confidence(confidence);
    Line {
        asks,
        answer: Answer::Block,
        at: Arc::from("the default"),
        starter: false,
        builtin: false,
        locked,
    }
}

/// What the short form says about a confidence, as a line.
fn short(
    layers: &mut Layers,
    confidence: Confidence,
    key: &'static str,
    get: Get,
    preset: Preset,
) -> Option<Line> {
    let looser = |new: &Answer, floor: Option<&Answer>| floor.is_some_and(|floor| new < floor);
    let (answer, at) = layers.one(key, Some(preset.answer(confidence)), get, looser)?;
    Some(Line { answer, at: at.to_string().into(), ..plain(confidence, false) })
}

/// What the organisation says.
fn organisation<T: Clone>(layers: &Layers, get: impl Fn(&Written) -> &At<T>) -> Option<T> {
    let own = layers.all.iter().filter(|layer| layer.whose() == Whose::Organisation);
    own.filter_map(|layer| get(&layer.written).as_ref()).last().map(|it| it.get_ref().clone())
}

fn at_organisation(layers: &Layers, get: Get) -> Arc<str> {
    let own = layers.all.iter().filter(|layer| layer.whose() == Whose::Organisation);
    let at = own.filter_map(|layer| {
        let value = get(&layer.written).as_ref()?;
        Some(layer.origin(value.span().start).to_string())
    });
    at.fold(String::new(), |_, last| last).into()
}

fn slow(layers: &mut Layers) -> Slow {
    let default = Slow::DEFAULT;
    let seconds = layers.one(
        "slow.seconds",
        Some(default.seconds),
        |written| &written.slow.seconds,
        |new, floor| floor.is_some_and(|floor| new < floor),
    );
    let fallback = layers.one(
        "slow.fallback",
        Some(Fallback::Block),
        |written| &written.slow.fallback,
        |new, floor| floor.is_some_and(|floor| new < floor),
    );
    Slow {
        seconds: seconds.map_or(default.seconds, |(seconds, _)| seconds),
        fallback: match fallback {
            Some((Fallback::Permit, _)) => Verdict::Permit,
            Some((Fallback::Block, _)) => Verdict::Block,
            None => default.fallback,
        },
    }
}

/// Who works where, and what is about to happen where somebody says so.
pub(super) fn profile(layers: &mut Layers) -> (Profile, Option<Transaction>) {
    // No profile is looser than another: a locked one stays as it is.
    let mut text = |key, get: fn(&Written) -> &At<String>| {
        let other = |new: &String, floor: Option<&String>| Some(new) != floor;
        layers.one(key, None, get, other).map(|(text, _)| Arc::from(text))
    };
    let profile = Profile {
        role: text("profile.role", |written| &written.profile.role),
        device: text("profile.device", |written| &written.profile.device),
        data: text("profile.data", |written| &written.profile.data),
    };
    let transaction = layers.one(
        "profile.transaction",
        None,
        |written| &written.profile.transaction,
        |new, floor| Some(new) != floor,
    );
    (profile, transaction.map(|(transaction, _)| transaction))
}

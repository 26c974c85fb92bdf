//! Locks that ask for what cannot be together.

use super::keys::is_under;
use super::layers::{Layers, Whose};
use super::shown;
use crate::error::Error;
use crate::judge::policy::{Line, Policy};
use crate::text::Escaped;
use toml::Spanned;

/// That what the organisation locks does not contradict itself.
pub(super) fn check(layers: &Layers, policy: &Policy) -> Result<(), Error> {
    let own = layers.all.iter().filter(|layer| layer.whose() == Whose::Organisation);
    for layer in own {
        let written = &layer.written;
        let locked = |key: &str| {
            let mut locks = written.lock.iter().flat_map(Spanned::get_ref);
            locks.any(|name| is_under(key, name.get_ref()))
        };
        let only = written.rules.only.iter().flat_map(Spanned::get_ref);
        let both = only
            .clone()
            .find(|id| written.rules.disable.iter().any(|other| other.get_ref() == id.get_ref()));
        if let Some(id) = both.filter(|_| locked("rules.only") && locked("rules.disable")) {
            let name = Escaped(shown(id.get_ref(), false).as_bytes()).to_string();
            let what = format!("locked both ways: `rules.only` and `rules.disable` name `{name}`");
            return Err(layer.wrong(id.span().start, &what));
        }
        let both = written.remotes.public.iter().find(|one| {
            written.remotes.private.iter().any(|other| other.get_ref() == one.get_ref())
        });
        if let Some(one) = both.filter(|_| locked("remotes.public") && locked("remotes.private")) {
            let name = Escaped(shown(one.get_ref(), false).as_bytes()).to_string();
            let what =
                format!("locked both ways: `remotes.public` and `remotes.private` name `{name}`");
            return Err(layer.wrong(one.span().start, &what));
        }
    }
    let lines: Vec<&Line> =
        policy.floor.iter().filter(|line| line.locked && !line.builtin).collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(other) = lines[..index]
            .iter()
            .find(|other| other.answer != line.answer && other.asks.same(&line.asks))
        {
            return Err(Error::Usage(format!(
                "{}: locked both ways: {} asks the same and says {}, not {}",
                line.at, other.at, other.answer, line.answer
            )));
        }
    }
    Ok(())
}

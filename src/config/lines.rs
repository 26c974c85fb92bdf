//! A line of policy: as it is written, and as it is asked.

use super::layers::{Layer, Whose};
use super::written::{PolicyLine, Words};
use crate::catalogue::{Catalogue, Kind, Severity, UserRules};
use crate::error::Error;
use crate::judge::policy::{Conditions, Line, Names, Transaction, Visibility};
use crate::judge::{Actor, Exposure};
use crate::scan::Confidence;
use crate::source::role::FileRole;
use toml::Spanned;

/// A line as it is asked.
pub(super) fn line(
    layer: &Layer,
    written: &Spanned<PolicyLine>,
    users: &UserRules,
    locked: bool,
) -> Result<Line, Error> {
    let of = Reader { layer };
    let PolicyLine {
        rule,
        service,
        kind,
        severity,
        confidence,
        exposure,
        path,
        file_role,
        actor,
        branch,
        remote,
        transaction,
        role,
        device,
        data,
        verdict,
    } = written.get_ref();
    let asks = Conditions {
        rule: of.rules(rule.as_ref(), users)?,
        service: of.names("service", service.as_ref(), Names::in_any_case)?,
        kind: of.words("kind", kind.as_ref(), Kind::ALL, Kind::word)?,
        severity: of.ordered("severity", severity.as_ref(), Severity::ALL, Severity::word)?,
        confidence: of.ordered(
            "confidence",
            confidence.as_ref(),
            Confidence::ALL,
            Confidence::word,
        )?,
        exposure: of.words("exposure", exposure.as_ref(), Exposure::ALL, Exposure::word)?,
        path: of.names("path", path.as_ref(), Names::exactly)?,
        file_role: of.words("file-role", file_role.as_ref(), FileRole::ALL, FileRole::word)?,
        actor: of.words("actor", actor.as_ref(), Actor::WORDS, |word| word)?,
        branch: of.names("branch", branch.as_ref(), Names::exactly)?,
        remote: of.words("remote", remote.as_ref(), Visibility::ALL, Visibility::word)?,
        transaction: of.words(
            "transaction",
            transaction.as_ref(),
            Transaction::ALL,
            Transaction::word,
        )?,
        role: of.names("role", role.as_ref(), Names::in_any_case)?,
        device: of.names("device", device.as_ref(), Names::in_any_case)?,
        data: of.names("data", data.as_ref(), Names::in_any_case)?,
    };
    Ok(Line {
        asks,
        answer: *verdict,
        at: layer.origin(written.span().start).to_string().into(),
        starter: false,
        builtin: false,
        locked: locked && layer.whose() == Whose::Organisation,
    })
}

/// Reads the conditions of a line.
struct Reader<'a> {
    layer: &'a Layer,
}

impl Reader<'_> {
    fn words<T: Copy>(
        &self,
        key: &str,
        written: Option<&Spanned<Words>>,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Result<Option<Vec<T>>, Error> {
        self.each(written, |given| {
            let one = all.iter().copied().find(|case| word(*case) == given);
            one.map(|one| vec![one]).ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|case| word(*case)).collect();
                format!("`{key}` is one of: {}", known.join(", "))
            })
        })
    }

    /// As [`Self::words`], and `>=word` or `<=word` for all from there on.
    fn ordered<T: Copy + Ord>(
        &self,
        key: &str,
        written: Option<&Spanned<Words>>,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Result<Option<Vec<T>>, Error> {
        self.each(written, |given| {
            let (name, least, most) = match (given.strip_prefix(">="), given.strip_prefix("<=")) {
                (Some(name), _) => (name, true, false),
                (_, Some(name)) => (name, false, true),
                (None, None) => (given, false, false),
            };
            let one = all.iter().copied().find(|case| word(*case) == name.trim());
            let one = one.ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|case| word(*case)).collect();
                format!("`{key}` is one of: {}; or one of these after >= or <=", known.join(", "))
            })?;
            let fits = |case: T| case == one || least && case > one || most && case < one;
            Ok(all.iter().copied().filter(|case| fits(*case)).collect())
        })
    }

    fn each<T>(
        &self,
        written: Option<&Spanned<Words>>,
        read: impl Fn(&str) -> Result<Vec<T>, String>,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(written) = written else { return Ok(None) };
        let mut words = Vec::new();
        for given in written.get_ref().all() {
            words.extend(read(given).map_err(|what| self.wrong(written, &what))?);
        }
        if words.is_empty() { Err(self.wrong(written, NONE)) } else { Ok(Some(words)) }
    }

    fn names(
        &self,
        key: &str,
        written: Option<&Spanned<Words>>,
        read: impl Fn(Vec<String>) -> Result<Names, globset::Error>,
    ) -> Result<Option<Names>, Error> {
        let Some(written) = written else { return Ok(None) };
        let names = written.get_ref().all().to_vec();
        if names.is_empty() {
            return Err(self.wrong(written, NONE));
        }
        let pattern = |error: globset::Error| format!("a pattern in `{key}`: {}", error.kind());
        read(names).map(Some).map_err(|error| self.wrong(written, &pattern(error)))
    }

    /// Ids of rules. A name that is no pattern must be a rule's, else a slip of the pen
    /// would let through what was to be refused.
    fn rules(
        &self,
        written: Option<&Spanned<Words>>,
        users: &UserRules,
    ) -> Result<Option<Names>, Error> {
        let names = self.names("rule", written, Names::exactly)?;
        let (Some(written), Some(_)) = (written, &names) else { return Ok(names) };
        let catalogue = Catalogue::builtin();
        let known = |id: &str| catalogue.rule(id).is_some() || users.rule(id).is_some();
        for id in written.get_ref().all() {
            if !id.contains(['*', '?', '[', '{']) && !known(id) {
                let nearest = catalogue.nearest(id);
                let hint = nearest.map(|id| format!("; did you mean `{id}`?"));
                let shown = super::shown(id, nearest.is_some());
                let shown = crate::text::Escaped(shown.as_bytes());
                let what = format!("no rule is called `{shown}`{}", hint.unwrap_or_default());
                return Err(self.wrong(written, &what));
            }
        }
        Ok(names)
    }

    fn wrong<T>(&self, written: &Spanned<T>, what: &str) -> Error {
        self.layer.wrong(written.span().start, what)
    }
}

const NONE: &str = "an empty list fits nothing: leave the key out, or name something";

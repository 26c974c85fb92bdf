//! The baseline: what was there when leakcoach came goes through until it is gone.

use crate::catalogue::{Catalogue, Severity};
use crate::cli::check::checked::Checked;
use crate::cli::check::run::Check;
use crate::cli::check::stand::Seen;
use crate::cli::check::walk;
use crate::cli::letting::file::{fresh_salt, write};
use crate::cli::long::{self, LongArgs};
use crate::cli::teach::rules::Format;
use crate::cli::{check::past, env, open};
use crate::error::Error;
use crate::judge::Standing;
use crate::judge::baseline::{self, Baseline, Entry};
use crate::judge::salt::{Hashing, Salt, ValueHash};
use crate::judge::stretch::Stretcher;
use crate::scan::{Finding, Note};
use crate::source::{Repo, index, range};
use crate::text::{Count, Escaped};
use crate::{exit, report};
use clap::Args;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What goes into the baseline, and what is looked for of it.
#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    /// Take these files and folders as they lie there, instead of what HEAD has
    #[arg(long, value_name = "PATH", num_args = 1..)]
    tree: Vec<PathBuf>,
    /// Take all that was ever committed, for checks of history and first pushes
    #[arg(long)]
    history: bool,
    /// List the entries whose value is not in HEAD, nor staged, nor in what is named
    #[arg(long, conflicts_with = "prune")]
    check: bool,
    /// Take these entries out
    #[arg(long)]
    prune: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    long: LongArgs,
}

/// What is found, as it is put in.
struct Gathered {
    baseline: Baseline,
    /// What of the baseline was found.
    seen: BTreeSet<ValueHash>,
    rules: BTreeMap<&'static str, OfRule>,
    /// How many findings were decided about otherwise: by exceptions and lists.
    decided: usize,
}

#[derive(Default)]
struct OfRule {
    severity: Option<Severity>,
    /// How many places have a value of it.
    places: usize,
    values: BTreeSet<ValueHash>,
    added: usize,
}

impl Gathered {
    fn add(&mut self, finding: &Finding, standing: &Standing, salt: Salt, by: &Stretcher) {
        let marked = finding.notes.iter().any(|note| matches!(note, Note::Marked(_)));
        let known = self.baseline.of(finding, by);
        self.seen.extend(known);
        match standing {
            Standing::Open | Standing::Baselined if !marked => {}
            // What has an end is not given one without.
            Standing::Open
            | Standing::Baselined
            | Standing::Excepted(_)
            | Standing::Expired(_)
            | Standing::Void(..)
            | Standing::Listed(_)
            | Standing::ListedAnew(_) => {
                self.decided += 1;
                return;
            }
        }
        let added = if known.is_none() { self.baseline.add(finding, salt, by) } else { None };
        let Some(hash) = known.or(added) else { return };
        self.seen.insert(hash);
        let of_rule = self.rules.entry(finding.rule.id).or_default();
        of_rule.severity = Some(finding.rule.severity);
        of_rule.places += 1;
        of_rule.added += usize::from(added.is_some());
        of_rule.values.insert(hash);
    }
}

/// Puts what is found into the baseline, or looks which of it is gone.
pub(in crate::cli) fn baseline(args: &BaselineArgs) -> Result<u8, Error> {
    long::begin(&args.long, true)?;
    let repo = open()?;
    let top = repo.top().map(Path::to_owned).ok_or_else(|| {
        Error::Usage("there is no work tree here to write a baseline into".to_owned())
    })?;
    let path = top.join(baseline::FILE);
    let before = read(&path)?;
    let salt = match before.salt() {
        Some(salt) => salt,
        None => fresh_salt()?,
    };
    let gathered = Arc::new(Mutex::new(Gathered {
        baseline: before.clone(),
        seen: BTreeSet::new(),
        rules: BTreeMap::new(),
        decided: 0,
    }));
    let into = Arc::clone(&gathered);
    let check = Check::new(Some(&repo), &[])?.watched(Box::new(move |seen: &Seen<'_>| {
        let Seen { finding, standing, by, .. } = *seen;
        // What is dear is made before the others have to wait, and made once.
        let _made = salt.hash(Hashing::fit_for(finding), finding, by);
        let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
        into.add(finding, standing, salt, by);
    }));
    let looks = args.check || args.prune;
    let shown = long::shown();
    let checked = gather(&repo, &check, args)?.with_interruption();
    drop(shown);
    report::cards(&[], &checked.coverage, env::style());
    for words in &checked.told {
        report::notice(words);
    }
    // It holds the other handle.
    drop(check);
    let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = checked.coverage.unread.is_empty();
    let code = if whole { exit::PASSED } else { exit::INCOMPLETE };
    if looks {
        let dead = before.beside(&gathered.seen);
        // What was not read may hold a value.
        if args.prune && whole && !dead.is_empty() {
            let mut left = before.clone();
            left.remove(&dead);
            write(&path, &left.to_string())?;
        }
        tell_dead(args, &before, &dead, whole);
        return Ok(if args.check && whole && !dead.is_empty() { exit::REFUSED } else { code });
    }
    let added = gathered.rules.values().map(|of_rule| of_rule.added).sum();
    if added > 0 {
        write(&path, &gathered.baseline.to_string())?;
    }
    tell(args, &mut gathered, added);
    Ok(code)
}

/// Scans all that counts as being here.
fn gather(repo: &Repo, check: &Check, args: &BaselineArgs) -> Result<Checked, Error> {
    let mut checked = Checked::default();
    let head = repo.head()?.commit;
    let looks = args.check || args.prune;
    let named = args.history || !args.tree.is_empty();
    if !named && !looks && head.is_none() {
        return Err(Error::Usage(
            "there is no commit yet, so that all is new; to take files as they lie there: \
             leakcoach baseline --tree PATH"
                .to_owned(),
        ));
    }
    if let Some(head) = head.filter(|_| !named || looks) {
        match range::whole(repo, head) {
            Ok(set) => {
                check.work.files(set.changes.len());
                check.changes(repo, &set, &mut checked)?;
            }
            Err(error) => checked.could_not(error)?,
        }
    }
    if looks {
        check.changes(repo, &index::staged(repo)?, &mut checked)?;
    }
    if !args.tree.is_empty() {
        checked.add(walk(check, &args.tree));
    }
    if args.history {
        checked.add(past::files(check, repo)?);
    }
    Ok(checked)
}

/// The baseline that is there already. One that cannot be read in full is not written
/// over.
fn read(path: &Path) -> Result<Baseline, Error> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(Error::File { deed: "read", path: path.to_owned(), source }),
    };
    let all = Baseline::parse(&bytes);
    match all.faults.first() {
        Some(fault) => Err(Error::Config {
            path: path.to_owned(),
            line: fault.line,
            what: fault.what.to_owned(),
        }),
        None => Ok(all),
    }
}

fn tell(args: &BaselineArgs, gathered: &mut Gathered, added: usize) {
    let mut rules: Vec<(&str, OfRule)> = std::mem::take(&mut gathered.rules).into_iter().collect();
    rules.sort_by_key(|(id, of_rule)| (Reverse(of_rule.severity), *id));
    if matches!(args.format, Format::Json) {
        let rules = rules.iter().map(|(id, of_rule)| {
            serde_json::json!({
                "rule": id,
                "severity": of_rule.severity.map(|severity| severity.to_string()),
                "values": of_rule.values.len(),
                "places": of_rule.places,
                "added": of_rule.added,
            })
        });
        let all = serde_json::json!({
            "file": baseline::FILE,
            "entries": gathered.baseline.len(),
            "added": added,
            "decided_otherwise": gathered.decided,
            "rules": rules.collect::<Vec<_>>(),
        });
        report::data(&all.to_string());
        return;
    }
    for (id, of_rule) in &rules {
        let severity = of_rule.severity.map(|severity| severity.to_string()).unwrap_or_default();
        let (values, places) = (of_rule.values.len(), of_rule.places);
        let places = Count(places, "place");
        let values = Count(values, "value").to_string();
        report::data(&format!("{severity:<8}  {values:>12} in {places}: {id}"));
    }
    if gathered.decided > 0 {
        let decided = Count(gathered.decided, "finding");
        report::notice(&format!("{decided} left to the exceptions, lists and markers for them"));
    }
    let (added, all) = (Count(added, "value"), gathered.baseline.len());
    report::notice(&format!("{added} added to {}, which has {all}", baseline::FILE));
    if all > 0 {
        report::notice("each is good until it is revoked: `leakcoach explain RULE` says how");
    }
    if added.0 > 0 {
        report::notice(&format!("share it: git add {0} && git commit", baseline::FILE));
    }
}

fn tell_dead(args: &BaselineArgs, before: &Baseline, dead: &[Entry], whole: bool) {
    let pruned = args.prune && whole;
    if matches!(args.format, Format::Json) {
        let entries = dead
            .iter()
            .map(|(hash, rule)| serde_json::json!({ "hash": hash.to_string(), "rule": rule }));
        let all = serde_json::json!({
            "file": baseline::FILE,
            "entries": before.len(),
            "gone": entries.collect::<Vec<_>>(),
            "removed": pruned,
            "complete": whole,
        });
        report::data(&all.to_string());
        return;
    }
    for (hash, rule) in dead {
        let known = Catalogue::builtin().rule(rule).map_or("", |rule| rule.what);
        report::data(&format!("{hash} {} {known}", Escaped(rule.as_bytes())));
    }
    let count = Count(dead.len(), "value");
    let of = before.len();
    let verb = if dead.len() == 1 { "is" } else { "are" };
    let end = match (pruned, whole, dead.is_empty()) {
        (_, false, _) => "; not all could be read, so that none was taken out",
        (true, true, false) => " and taken out",
        (false, true, false) => "; to take them out: leakcoach baseline --prune",
        (_, true, true) => "",
    };
    report::notice(&format!("{count} of {of} {verb} here no more{end}"));
    if !dead.is_empty() {
        report::notice("gone from here is not revoked: history has them, and who has read it");
    }
}

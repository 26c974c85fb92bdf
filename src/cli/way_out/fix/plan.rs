//! What a fix changes: for each file, its version in the index and the one in the work tree.

use super::extras::{self, Extras};
use super::top;
use crate::catalogue::Engine;
use crate::cli::named::Named;
use crate::error::Error;
use crate::judge::Exposure;
use crate::remedy::fix::{Ask, Edit, Kind, Source, Surroundings, applied, mend, name_for, places};
use crate::secret::Secret;
use crate::source::decode::Encoding;
use crate::source::stage::Entry;
use crate::source::{Medium, Repo};
use bstr::{BString, ByteSlice};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// All that is to be written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) files: Vec<File>,
    pub(super) extras: Extras,
    pub(super) notes: Vec<String>,
    pub(super) refused: Vec<Refused>,
    /// The variable of each finding.
    pub(super) names: BTreeMap<String, String>,
    pub(super) source: Option<Source>,
}

/// A file to be mended.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: BString,
    pub(super) at: PathBuf,
    pub(super) index: Option<(Entry, Version)>,
    pub(super) tree: Option<Version>,
    /// The index is to have it no more; the work tree keeps it.
    pub(super) untracked: Option<Entry>,
    /// Blobs in which git has the value already.
    pub(super) kept_in: Vec<gix_hash::ObjectId>,
}

/// A text before and after.
pub(super) struct Version {
    pub(super) before: Zeroizing<Vec<u8>>,
    pub(super) after: Zeroizing<Vec<u8>>,
    /// One after the other, each for the text that the one before it gives.
    pub(super) steps: Vec<Vec<Edit>>,
}

impl std::fmt::Debug for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Version({} -> {} bytes)", self.before.len(), self.after.len())
    }
}

/// A place that is left as it is.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) path: BString,
    pub(super) why: String,
    pub(super) by_hand: String,
}

/// A file as it is.
pub(super) struct Standing {
    pub(super) at: PathBuf,
    pub(super) entry: Option<Entry>,
    pub(super) index: Option<Zeroizing<Vec<u8>>>,
    pub(super) tree: Option<Zeroizing<Vec<u8>>>,
}

/// One credential in one file.
struct Wanted<'a> {
    secret: &'a Secret,
    name: String,
    /// One-based, where it was found.
    lines: Vec<usize>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The plan for all places of the named findings.
    pub(super) fn of(
        repo: &Repo,
        all: &[Named],
        name: Option<&str>,
        to_env: bool,
    ) -> Result<Self, Error> {
        let mut plan = Self::default();
        let ids: std::collections::BTreeSet<String> =
            all.iter().map(|one| one.id.to_string()).collect();
        if name.is_some() && ids.len() > 1 {
            let what = "one name cannot hold several credentials: name one finding by its id";
            return Err(Error::Usage(what.to_owned()));
        }
        let mut by_path: BTreeMap<&BString, Vec<&Named>> = BTreeMap::new();
        for one in all {
            if one.medium == Medium::File && !one.packed {
                by_path.entry(&one.path).or_default().push(one);
            } else {
                plan.refuse(&one.path, "it is in no text file of the work tree", "see its card");
            }
        }
        for (path, found) in by_path {
            plan.file(repo, path, &found, name)?;
        }
        plan.extras = extras::of(repo, &plan, all, to_env)?;
        plan.notes.sort();
        plan.notes.dedup();
        Ok(plan)
    }

    pub(super) fn refuse(&mut self, path: &BString, why: &str, by_hand: &str) {
        let (path, why, by_hand) = (path.clone(), why.to_owned(), by_hand.to_owned());
        self.refused.push(Refused { path, why, by_hand });
    }

    fn file(
        &mut self,
        repo: &Repo,
        path: &BString,
        found: &[&Named],
        name: Option<&str>,
    ) -> Result<(), Error> {
        let Some(standing) = self.standing(repo, path, found)? else { return Ok(()) };
        let Standing { at, entry, index, tree } = standing;
        let Some(seen) = index.as_ref().or(tree.as_ref()) else { return Ok(()) };
        let wanted = self.wanted(seen, found, name);
        if Kind::of(path, seen) == Kind::Env {
            self.env_file(repo, path, at, entry, found);
            return Ok(());
        }
        let around = surroundings(repo, path);
        let kept_in = kept_in(repo, path, entry.as_ref(), found);
        let mut file =
            File { path: path.clone(), at, index: None, tree: None, untracked: None, kept_in };
        if let (Some(bytes), Some(entry)) = (&index, entry) {
            match self.version(path, bytes, &wanted, around, None) {
                Some(Ok(version)) => file.index = Some((entry, version)),
                Some(Err(())) => return Ok(()),
                None => {}
            }
        }
        if let Some(bytes) = &tree {
            match self.version(path, bytes, &wanted, around, index.as_deref()) {
                Some(Ok(version)) => file.tree = Some(version),
                Some(Err(())) => return Ok(()),
                None => {}
            }
        }
        if file.index.is_none() && file.tree.is_none() {
            self.refuse(
                path,
                "the value does not stand there as it is: the file has changed since, or the \
                 value is encoded or in pieces",
                "its card tells how to mend the commits",
            );
            return Ok(());
        }
        self.files.push(file);
        Ok(())
    }

    /// The versions of a file that are here; nothing, which is remembered, when it cannot be
    /// mended.
    pub(super) fn standing(
        &mut self,
        repo: &Repo,
        path: &BString,
        found: &[&Named],
    ) -> Result<Option<Standing>, Error> {
        let at = top(repo)?.join(path.to_os_str_lossy());
        let entries = repo.staged_at(path)?;
        if entries.iter().any(|entry| entry.stage != 0) {
            self.refuse(path, "a merge has left it in conflict", "settle that first, then git add");
            return Ok(None);
        }
        let link = fs::symlink_metadata(&at).is_ok_and(|facts| !facts.is_file());
        let entry = entries.into_iter().next();
        if link || entry.as_ref().is_some_and(|entry| !entry.mode.starts_with(b"100")) {
            self.refuse(path, "it is no plain file", "take the value out by hand");
            return Ok(None);
        }
        let tree = match fs::read(&at) {
            Ok(bytes) => Some(Zeroizing::new(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(Error::File { deed: "read", path: at, source }),
        };
        let staged = found.iter().any(|one| one.exposure == Exposure::Staged);
        let index = match entry.as_ref().filter(|_| staged) {
            Some(entry) => {
                let bytes = repo.read(entry.id).map_err(|why| Error::Repository {
                    what: "the staged version".to_owned(),
                    why,
                })?;
                Some(Zeroizing::new(bytes.to_vec()))
            }
            None => None,
        };
        if index.is_none() && tree.is_none() {
            self.refuse(path, "it is not here any more", "its card tells how to mend the commits");
            return Ok(None);
        }
        Ok(Some(Standing { at, entry, index, tree }))
    }

    fn wanted<'a>(
        &mut self,
        text: &[u8],
        found: &[&'a Named],
        name: Option<&str>,
    ) -> Vec<Wanted<'a>> {
        let mut wanted: Vec<Wanted<'a>> = Vec::new();
        for one in found {
            if let Some(known) =
                wanted.iter_mut().find(|known| known.secret.expose() == one.secret.expose())
            {
                known.lines.push(one.line);
                continue;
            }
            let usual = one.rule.coaching().variable;
            let generic = one.rule.engine == Engine::Assignment;
            let first = places(text, one.secret.expose(), &[one.line]).into_iter().next();
            let chosen =
                name.map(str::to_owned).or_else(|| self.names.get(&one.id.to_string()).cloned());
            let mut chosen = chosen.unwrap_or_else(|| match &first {
                Some(place) => name_for(text, place, usual, generic),
                None => usual.to_owned(),
            });
            // Two credentials under one name would be one.
            let id = one.id.to_string();
            while self.names.iter().any(|(other, name)| *other != id && *name == chosen) {
                chosen.push_str("_2");
            }
            self.names.insert(id, chosen.clone());
            wanted.push(Wanted { secret: &one.secret, name: chosen, lines: vec![one.line] });
        }
        wanted
    }

    /// The version of a text without the credentials. Nothing when it has none of them;
    /// an error, which is remembered, when one of them has to stay.
    fn version(
        &mut self,
        path: &BString,
        bytes: &Zeroizing<Vec<u8>>,
        wanted: &[Wanted<'_>],
        around: Surroundings,
        index: Option<&Vec<u8>>,
    ) -> Option<Result<Version, ()>> {
        let mut text = bytes.clone();
        let mut steps = Vec::new();
        for one in wanted {
            let lines = match index {
                Some(index) => same_lines(index, bytes, &one.lines),
                None => one.lines.clone(),
            };
            let values = places(&text, one.secret.expose(), &lines);
            if values.is_empty() {
                continue;
            }
            if !matches!(Encoding::of(&text), Encoding::Utf8) {
                self.refuse(path, "it is written in UTF-16", "take the value out by hand");
                return Some(Err(()));
            }
            let ask = Ask { text: &text, values: &values, path, name: &one.name, around };
            match mend(&ask) {
                Ok(mended) => {
                    self.notes.extend(mended.notes);
                    self.source = Some(match self.source {
                        Some(Source::Environment) => Source::Environment,
                        Some(Source::Platform | Source::Nowhere) | None => mended.source,
                    });
                    text = Zeroizing::new(applied(&text, &mended.edits));
                    steps.push(mended.edits);
                }
                Err(refusal) => {
                    self.refuse(path, &refusal.why, &refusal.by_hand);
                    return Some(Err(()));
                }
            }
        }
        if steps.is_empty() {
            return None;
        }
        Some(Ok(Version { before: bytes.clone(), after: text, steps }))
    }

    /// A `.env` file stays on this machine: git forgets it.
    fn env_file(
        &mut self,
        repo: &Repo,
        path: &BString,
        at: PathBuf,
        entry: Option<Entry>,
        found: &[&Named],
    ) {
        self.source = Some(Source::Environment);
        let kept_in = kept_in(repo, path, entry.as_ref(), found);
        self.notes.push(format!(
            "{} stays on this machine, and git forgets it",
            crate::text::Escaped(path)
        ));
        self.files.push(File {
            path: path.clone(),
            at,
            index: None,
            tree: None,
            untracked: entry,
            kept_in,
        });
    }
}

/// The lines of `text` that read as the one-based `lines` of `index` do.
fn same_lines(index: &[u8], text: &[u8], lines: &[usize]) -> Vec<usize> {
    if index == text {
        return lines.to_vec();
    }
    let all: Vec<&[u8]> = index.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    let wanted: Vec<&[u8]> =
        lines.iter().filter_map(|line| all.get(line.checked_sub(1)?).copied()).collect();
    text.split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| wanted.contains(&line.trim_ascii_end()))
        .map(|(at, _)| at + 1)
        .collect()
}

/// Blobs in which git has the file with the value.
pub(super) fn kept_in(
    repo: &Repo,
    path: &BString,
    entry: Option<&Entry>,
    found: &[&Named],
) -> Vec<gix_hash::ObjectId> {
    let mut ids: Vec<_> = entry.map(|entry| entry.id).into_iter().collect();
    let commits = found.iter().filter_map(|one| {
        let id = gix_hash::ObjectId::from_hex(one.commit.as_deref()?.as_bytes()).ok()?;
        repo.file_at(id, path).ok()?
    });
    ids.extend(commits);
    ids
}

/// What is configured in the folders above a file.
fn surroundings(repo: &Repo, path: &BString) -> Surroundings {
    let Some(top) = repo.top() else { return Surroundings::default() };
    let has = |names: &[&str]| {
        let mut folder = top.join(path.to_os_str_lossy());
        while folder.pop() && folder.starts_with(top) {
            if names.iter().any(|name| folder.join(name).exists()) {
                return true;
            }
        }
        false
    };
    Surroundings {
        bundled: has(&[
            "vite.config.js",
            "vite.config.ts",
            "vite.config.mjs",
            "webpack.config.js",
            "angular.json",
            "rollup.config.js",
        ]),
        laravel: has(&["artisan"]),
    }
}

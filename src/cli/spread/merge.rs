//! `leakcoach merge`: the parts of a run, made into what one run would have said.

use crate::catalogue::Catalogue;
use crate::cli::reports::{ReportArgs, Reports};
use crate::cli::spread::scale;
use crate::cli::spread::shard::Shard;
use crate::error::Error;
use crate::report::part::{Head, Part, PartFile, PartOutcome};
use crate::text::Escaped;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct MergeArgs {
    /// The files that the shards wrote with --part, all of them, in any order
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    reports: ReportArgs,
}

/// A file, by the name that it was given.
type Given = (String, PartFile);

pub(in crate::cli) fn merge(args: &MergeArgs) -> Result<u8, Error> {
    let reports = Reports::asked(&args.reports)?;
    let files = args.parts.iter().map(|path| {
        let failed = |source| Error::File { deed: "read", path: path.clone(), source };
        let shown = Escaped::path(path).to_string();
        match PartFile::parse(&std::fs::read(path).map_err(failed)?) {
            Ok(file) => Ok((shown, file)),
            Err(fault) => Err(Error::Usage(format!("`{shown}` cannot be merged: {fault}"))),
        }
    });
    let mut files: Vec<Given> = files.collect::<Result<_, Error>>()?;
    files.sort_by_key(|(_, file)| file.head.shard);
    same_run(&files)?;
    complete(&files)?;
    let strict = files.iter().any(|(_, file)| file.head.run.strict);
    let started = files.iter().map(|(_, file)| file.head.started).min().unwrap_or_default();
    let ended = files.iter().filter_map(|(_, file)| Some(file.end?.ended)).max();
    let times = (started, ended.unwrap_or(started).max(started));
    let parts: Vec<Part> = files.into_iter().flat_map(|(_, file)| file.parts).collect();
    scale::conclude(parts, strict, reports, times)
}

fn shard(head: &Head) -> Shard {
    let (index, count) = head.shard;
    Shard { index, count }
}

/// All are of one run, of this very leakcoach, and no shard is there twice.
fn same_run(files: &[Given]) -> Result<(), Error> {
    let Some((first, one)) = files.first() else { return Ok(()) };
    let here = Head::new(one.head.run.clone(), (1, 1), 0, Catalogue::builtin().edition());
    let unlike = |name: &str, than: &str, what: &str| {
        Error::Usage(format!("`{name}` cannot be merged: it was made with {what} than {than}"))
    };
    for (name, file) in files {
        if let Some(what) = file.head.differs(&here).filter(|_| name == first) {
            return Err(unlike(name, "this one", what));
        }
        let than = format!("`{first}`");
        if let Some(what) = file.head.differs(&one.head) {
            return Err(unlike(name, &than, what));
        }
        if file.head.run.list != one.head.run.list {
            return Err(unlike(name, &than, "another list of repositories"));
        }
        if file.head.shard.1 != one.head.shard.1 {
            return Err(unlike(name, &than, "another number of shards"));
        }
    }
    for pair in files.windows(2) {
        if let [(a, one), (b, other)] = pair
            && one.head.shard == other.head.shard
        {
            let shard = shard(&one.head);
            return Err(Error::Usage(format!("shard {shard} is there twice: `{a}` and `{b}`")));
        }
    }
    Ok(())
}

/// Every shard is there, and each has all that falls to it.
fn complete(files: &[Given]) -> Result<(), Error> {
    let Some((_, one)) = files.first() else { return Ok(()) };
    let count = one.head.shard.1;
    let mut wanting = Vec::new();
    let present: Vec<u32> = files.iter().map(|(_, file)| file.head.shard.0).collect();
    let missing: Vec<u32> =
        (1..=count).filter(|index| present.binary_search(index).is_err()).collect();
    for index in missing.iter().take(20) {
        wanting.push(format!("shard {} is missing", Shard { index: *index, count }));
    }
    if let Some(more @ 1..) = missing.len().checked_sub(20) {
        wanting.push(format!("and {more} more are missing"));
    }
    for (name, file) in files {
        let shard = shard(&file.head);
        match (file.end, file.broken) {
            (Some(_), _) => {}
            (None, None) => wanting.push(format!("`{name}` is not complete: shard {shard}")),
            (None, Some(line)) => {
                wanting.push(format!("line {line} of `{name}` cannot be read: shard {shard}"));
            }
        }
    }
    if wanting.is_empty() {
        wanting = match &one.head.run.list {
            Some(list) => of_list(files, list.count),
            None => of_history(files),
        };
    }
    if wanting.is_empty() { Ok(()) } else { Err(Error::Parts(wanting)) }
}

/// Each repository of the list is there once.
fn of_list(files: &[Given], count: usize) -> Vec<String> {
    let parts = files.iter().flat_map(|(_, file)| &file.parts);
    let mut indices: Vec<usize> = parts.map(|part| part.index).collect();
    indices.sort_unstable();
    let twice = indices
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| format!("repository {} of the list is there twice", pair[0].saturating_add(1)));
    let mut wanting: Vec<String> = twice.take(20).collect();
    indices.dedup();
    let beyond = indices.iter().any(|index| *index >= count);
    let known = indices.iter().filter(|index| **index < count).count();
    if beyond {
        wanting.push("a part has a repository that is not in the list".to_owned());
    }
    if let Some(missing @ 1..) = count.checked_sub(known) {
        wanting.push(format!("{missing} of {count} repositories are in no part"));
    }
    wanting
}

/// Each shard has its share of the same history, made under the same key.
fn of_history(files: &[Given]) -> Vec<String> {
    let mut wanting = Vec::new();
    let (mut walk, mut key) = (None, None);
    for (name, file) in files {
        let [Part { index: 0, outcome: PartOutcome::Found(found), .. }] = &*file.parts else {
            wanting.push(format!("`{name}` is not the share of one history"));
            continue;
        };
        if *walk.get_or_insert(&found.walk) != &found.walk {
            wanting.push(format!("`{name}` is of another state of the repository: other refs"));
        }
        if found.key.is_some() && *key.get_or_insert(&found.key) != &found.key {
            wanting.push(format!("`{name}` was made under another key: set LEAKCOACH_KEY"));
        }
    }
    wanting
}

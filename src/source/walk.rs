//! The commits that some commits reach and others do not.
//!
//! Commits are read like any other object, without libgit2's walk, which waits for ever for
//! the rest of one that was cut short, and without git's commit-graph file.

use super::repo::Repo;
use crate::error::Error;
use gix_hash::ObjectId;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// As many known commits are read after the last one that could matter: a clock may have
/// been wrong (git does the same, `SLOP` in revision.c).
const SLOP: usize = 5;

/// A commit on the way.
struct Node {
    id: ObjectId,
    date: i64,
    parents: Vec<usize>,
    /// Whether the known reach it.
    known: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Named by a child.
    New,
    /// Read, and its parents not yet named.
    Waiting,
    /// Its parents are named.
    Done,
}

struct Walk<'a> {
    repo: &'a Repo,
    nodes: Vec<Node>,
    places: HashMap<ObjectId, usize>,
    /// Those that wait, the latest first; among equals the one that was named first.
    waiting: BinaryHeap<(i64, Reverse<usize>)>,
    /// How many of those that wait are not known.
    wanted: usize,
}

/// The commits that `wanted` reach and `known` do not, parents first.
///
/// Read no farther back than the two sides differ. A commit that another clock dated may be
/// given although it is known, and none is left out that is not.
///
/// # Errors
/// One of the commits cannot be read; it is named.
pub(super) fn commits_between(
    repo: &Repo,
    known: &[ObjectId],
    wanted: &[ObjectId],
) -> Result<Vec<ObjectId>, Error> {
    let mut walk = Walk {
        repo,
        nodes: Vec::new(),
        places: HashMap::new(),
        waiting: BinaryHeap::new(),
        wanted: 0,
    };
    for id in known {
        let at = walk.place(*id);
        walk.nodes[at].known = true;
        walk.wait(at)?;
    }
    for id in wanted {
        let at = walk.place(*id);
        walk.wait(at)?;
    }
    let found = walk.all()?;
    Ok(walk.parents_first(&found))
}

impl Walk<'_> {
    fn place(&mut self, id: ObjectId) -> usize {
        *self.places.entry(id).or_insert_with(|| {
            let (parents, state) = (Vec::new(), State::New);
            self.nodes.push(Node { id, date: 0, parents, known: false, state });
            self.nodes.len() - 1
        })
    }

    /// Reads a commit and lets it wait for its turn.
    fn wait(&mut self, at: usize) -> Result<(), Error> {
        if self.nodes[at].state != State::New {
            return Ok(());
        }
        let head = self.repo.commit(self.nodes[at].id)?;
        let parents = head.parents.iter().map(|parent| self.place(*parent)).collect();
        let node = &mut self.nodes[at];
        (node.date, node.parents, node.state) = (head.date, parents, State::Waiting);
        self.wanted += usize::from(!node.known);
        self.waiting.push((node.date, Reverse(at)));
        Ok(())
    }

    /// Every commit that is wanted, children before parents as far as dates tell. Some may
    /// have turned out to be known.
    fn all(&mut self) -> Result<Vec<usize>, Error> {
        let mut found = Vec::new();
        let (mut oldest, mut slop) = (i64::MAX, SLOP);
        while let Some((date, Reverse(at))) = self.waiting.pop() {
            if self.repo.work().stops() {
                return Err(Error::Interrupted);
            }
            if self.wanted == 0 && date < oldest {
                // None of the known that are left is likely to reach one that was found.
                if slop == 0 || found.is_empty() {
                    break;
                }
                slop -= 1;
            }
            self.nodes[at].state = State::Done;
            let (known, parents) = (self.nodes[at].known, self.nodes[at].parents.clone());
            if !known {
                self.wanted -= 1;
                oldest = oldest.min(date);
                found.push(at);
            }
            for parent in parents {
                if known {
                    self.is_known(parent);
                }
                self.wait(parent)?;
            }
        }
        Ok(found)
    }

    /// The known reach this one, and so all that it reaches.
    fn is_known(&mut self, at: usize) {
        let mut pending = vec![at];
        while let Some(at) = pending.pop() {
            let node = &mut self.nodes[at];
            if std::mem::replace(&mut node.known, true) {
                continue;
            }
            self.wanted -= usize::from(node.state == State::Waiting);
            if node.state == State::Done {
                pending.extend(&node.parents);
            }
        }
    }

    /// In the order in which they can have been made; a line of commits stays together.
    fn parents_first(&self, found: &[usize]) -> Vec<ObjectId> {
        let mut children: HashMap<usize, usize> =
            found.iter().filter(|at| !self.nodes[**at].known).map(|at| (*at, 0)).collect();
        for at in found.iter().filter(|at| !self.nodes[**at].known) {
            for parent in &self.nodes[*at].parents {
                if let Some(count) = children.get_mut(parent) {
                    *count += 1;
                }
            }
        }
        let tips = found.iter().rev().filter(|at| children.get(at) == Some(&0));
        let mut ready: Vec<usize> = tips.copied().collect();
        let mut order = Vec::with_capacity(children.len());
        while let Some(at) = ready.pop() {
            order.push(self.nodes[at].id);
            for parent in &self.nodes[at].parents {
                if let Some(count) = children.get_mut(parent) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(*parent);
                    }
                }
            }
        }
        // Objects that lie about their names can go in a circle, and are read all the same.
        let circle = found.iter().filter(|at| children.get(at).is_some_and(|count| *count > 0));
        order.extend(circle.map(|at| self.nodes[*at].id));
        order.reverse();
        order
    }
}

#[cfg(test)]
mod tests {
    use super::commits_between;
    use crate::source::testing::Sandbox;
    use gix_hash::ObjectId;
    use std::collections::HashSet;
    use std::fmt::Write as _;

    const COMMITS: usize = 60;

    /// Commits with random parents, and what git calls them. `late` of ten are dated by a clock
    /// that is wrong.
    fn random(seed: u64, late: u32) -> (Sandbox, Vec<ObjectId>) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut stream = String::new();
        for at in 1..=COMMITS {
            let wrong = random.u32(..10) < late;
            let date = 1_767_225_600 + if wrong { random.usize(..9_000) } else { at * 60 };
            let _ = write!(
                stream,
                "commit refs/heads/c{at}\nmark :{at}\ncommitter A <a@localhost> {date} +0000\n\
                 data 1\n{}\n",
                at % 10
            );
            let mut parents: Vec<usize> =
                (0..random.usize(0..=3)).map(|_| random.usize(at.saturating_sub(8)..at)).collect();
            parents.retain(|parent| *parent > 0);
            parents.sort_unstable();
            parents.dedup();
            for (index, parent) in parents.iter().enumerate() {
                let _ = writeln!(stream, "{} :{parent}", if index == 0 { "from" } else { "merge" });
            }
        }
        let sandbox = Sandbox::new();
        sandbox.write("../stream", stream);
        sandbox.git(&["-c", "alias.m=!git fast-import --quiet < ../stream", "m"]);
        let ids = (1..=COMMITS).map(|at| sandbox.id(&format!("c{at}"))).collect();
        (sandbox, ids)
    }

    #[test]
    fn the_commits_are_those_that_git_lists_parents_first_and_none_is_left_out() {
        for (seed, late) in [(1, 0), (2, 0), (3, 3), (4, 10)] {
            let (sandbox, ids) = random(seed, late);
            let repo = sandbox.repo();
            let mut random = fastrand::Rng::with_seed(seed);
            for _ in 0..12 {
                let mut some = |most| -> Vec<usize> {
                    (0..random.usize(0..=most)).map(|_| random.usize(..COMMITS)).collect()
                };
                let (known, wanted) = (some(3), some(4));
                let all = |places: &[usize]| places.iter().map(|at| ids[*at]).collect::<Vec<_>>();
                let found = commits_between(&repo, &all(&known), &all(&wanted)).unwrap();

                let mut args = vec!["rev-list".to_owned()];
                args.extend(wanted.iter().map(|at| format!("c{}", at + 1)));
                args.extend(known.iter().map(|at| format!("^c{}", at + 1)));
                let told = if wanted.is_empty() { String::new() } else { sandbox.git(&args) };
                let told: HashSet<ObjectId> =
                    told.lines().map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect();
                let given: HashSet<ObjectId> = found.iter().copied().collect();
                assert_eq!(given.len(), found.len(), "none is given twice");
                assert!(given.is_superset(&told), "seed {seed}: one is left out");
                assert!(late > 0 || given == told, "seed {seed}: one is known");
                let mut before = HashSet::new();
                for id in found {
                    let parents = repo.commit(id).unwrap().parents;
                    let wrong = |parent| given.contains(parent) && !before.contains(parent);
                    assert!(!parents.iter().any(wrong), "a parent comes first");
                    before.insert(id);
                }
            }
        }
    }
}

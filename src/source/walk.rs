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

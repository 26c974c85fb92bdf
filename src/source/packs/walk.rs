//! Objects in the order in which they are made of one another.

use super::entries::{LARGEST, NONE, Pack, Unpacker};
use super::{Packs, delta};
use crate::source::work::Work;
use gix_hash::ObjectId;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;

/// A blob as it is unpacked.
pub struct Unpacked<'a> {
    /// Its number among those asked for.
    pub number: usize,
    /// Its content.
    pub bytes: &'a [u8],
    /// The blob that it is made of, if that was asked for too, and what is not in that
    /// one as it stands; empty where only something was taken out.
    pub base: Option<(usize, &'a [Range<usize>])>,
}

/// An entry whose children are not all made yet.
struct Level {
    bytes: Vec<u8>,
    /// Its number among those asked for.
    number: Option<usize>,
    /// Its children that are still to be made, the one with the most below it first.
    children: Vec<u32>,
}

impl Packs {
    /// Gives each of `wanted` that is here to `each`, on all threads, a base before what is
    /// made of it. Gives the numbers of the others.
    pub(in crate::source) fn each(
        &self,
        wanted: &[ObjectId],
        work: &Work,
        each: impl Fn(&Unpacked<'_>) + Sync,
    ) -> Vec<usize> {
        let mut of_pack: Vec<HashMap<u32, usize>> = vec![HashMap::new(); self.0.len()];
        let mut rest = Vec::new();
        for (number, id) in wanted.iter().enumerate() {
            match self.find(id) {
                Some(spot) => {
                    of_pack[spot.pack as usize].insert(spot.entry, number);
                }
                None => rest.push(number),
            }
        }
        for (pack, wanted) in self.0.iter().zip(of_pack) {
            if !wanted.is_empty() {
                rest.extend(Walk::new(pack, &wanted).go(work, &each));
            }
        }
        rest.sort_unstable();
        rest
    }
}

struct Walk<'a> {
    pack: &'a Pack,
    wanted: &'a HashMap<u32, usize>,
    /// The children of each entry that matter, one after the other.
    children: Vec<u32>,
    /// Where those of an entry are in it.
    of: HashMap<u32, Range<u32>>,
    /// How many wanted entries are at or below one.
    weight: HashMap<u32, u32>,
    roots: Vec<u32>,
}

impl<'a> Walk<'a> {
    fn new(pack: &'a Pack, wanted: &'a HashMap<u32, usize>) -> Self {
        let entries = pack.entries();
        // What is wanted, and all that it is made of.
        let mut needed = vec![false; entries.len()];
        let mut links: Vec<(u32, u32)> = Vec::new();
        let mut roots = Vec::new();
        for start in wanted.keys() {
            let mut at = *start;
            while !std::mem::replace(&mut needed[at as usize], true) {
                match entries[at as usize].base {
                    NONE => {
                        roots.push(at);
                        break;
                    }
                    base => links.push((base, at)),
                }
                at = entries[at as usize].base;
            }
        }
        links.sort_unstable();
        roots.retain(|root| entries[*root as usize].kind.is_some());
        roots.sort_unstable();
        let children: Vec<u32> = links.iter().map(|(_, child)| *child).collect();
        let mut of: HashMap<u32, Range<u32>> = HashMap::new();
        for ((base, _), at) in links.iter().zip(0_u32..) {
            of.entry(*base).or_insert(at..at).end = at + 1;
        }
        let mut walk = Self { pack, wanted, children, of, weight: HashMap::new(), roots };
        walk.weigh();
        walk
    }

    fn children(&self, entry: u32) -> &[u32] {
        let range = self.of.get(&entry).cloned().unwrap_or_default();
        &self.children[range.start as usize..range.end as usize]
    }

    /// What stands in a circle is below no root, and is never come to.
    fn weigh(&mut self) {
        let mut order = self.roots.clone();
        let mut at = 0;
        while let Some(entry) = order.get(at).copied() {
            order.extend_from_slice(self.children(entry));
            at += 1;
        }
        for entry in order.into_iter().rev() {
            let below: u32 = self.children(entry).iter().filter_map(|c| self.weight.get(c)).sum();
            let own = u32::from(self.wanted.contains_key(&entry));
            if below + own > 0 {
                self.weight.insert(entry, below + own);
            }
        }
        // The largest families first, so that no thread is left alone with one at the end.
        let weight = |root: &u32| std::cmp::Reverse(self.weight.get(root).copied());
        let mut roots = std::mem::take(&mut self.roots);
        roots.sort_by_key(weight);
        self.roots = roots;
    }

    fn go(&self, work: &Work, each: &(impl Fn(&Unpacked<'_>) + Sync)) -> Vec<usize> {
        let made: Vec<Vec<usize>> = self
            .roots
            .par_iter()
            .map_init(Unpacker::default, |by, root| self.family(*root, by, work, each))
            .collect();
        let mut missed = vec![true; self.wanted.values().max().map_or(0, |most| most + 1)];
        for number in made.into_iter().flatten() {
            missed[number] = false;
        }
        self.wanted.values().copied().filter(|number| missed[*number]).collect()
    }

    /// Makes all that is made of `root`; gives the numbers of what was made.
    ///
    /// The child with the most below it is made last, when its base is needed no more: so
    /// only as many contents are held at once as a number of that size has bits.
    fn family(
        &self,
        root: u32,
        by: &mut Unpacker,
        work: &Work,
        each: &(impl Fn(&Unpacked<'_>) + Sync),
    ) -> Vec<usize> {
        let mut done = Vec::new();
        let (mut delta, mut fresh, mut spare) = (Vec::new(), Vec::new(), Vec::new());
        let mut bytes = Vec::new();
        if work.stops() || self.pack.unpack(root, by, &mut bytes).is_none() {
            return done;
        }
        let mut levels = vec![self.level(root, bytes)];
        if let Some(number) = levels[0].number {
            each(&Unpacked { number, bytes: &levels[0].bytes, base: None });
            done.push(number);
        }
        while let Some(level) = levels.last_mut().filter(|_| !work.stops()) {
            let Some(child) = level.children.pop() else {
                if let Some(level) = levels.pop() {
                    spare = level.bytes;
                }
                continue;
            };
            let mut bytes = std::mem::take(&mut spare);
            let made = self
                .pack
                .unpack(child, by, &mut delta)
                .and_then(|()| delta::apply(&level.bytes, &delta, &mut bytes, &mut fresh));
            let base = level.number;
            if level.children.is_empty() {
                levels.pop();
            }
            if made.is_none() || bytes.len() as u64 > LARGEST {
                continue;
            }
            let level = self.level(child, bytes);
            if let Some(number) = level.number {
                let base = base.map(|base| (base, &*fresh));
                each(&Unpacked { number, bytes: &level.bytes, base });
                done.push(number);
            }
            levels.push(level);
        }
        done
    }

    fn level(&self, entry: u32, bytes: Vec<u8>) -> Level {
        let mut children = self.children(entry).to_vec();
        children.sort_by_key(|child| std::cmp::Reverse(self.weight.get(child).copied()));
        Level { bytes, number: self.wanted.get(&entry).copied(), children }
    }
}

//! The one pass over the bytes: where does any rule's anchor stand, and where a long run?
//!
//! Two bytes at a time are looked up in a table that was filled at build time, so that
//! there is no automaton to build at start-up. Measured for 900 literals: building one
//! takes 1.7 ms, most of a whole clean commit, and running it 0.2 to 0.6 GB/s; see
//! `benches/scan.rs` for what this does. No branch foresees what a text suggests, so that
//! suggestions are noted without one, and looked at once there are some.

use crate::catalogue::anchor::{FIRST, Known, RUN, SECOND, group, slot};
use crate::catalogue::{Anchor, Catalogue};
use std::ops::Range;

/// How many bytes are looked up at once.
const CHUNK: usize = 8;

/// As many chunks are looked up before what they suggest is looked at. A power of two.
const TOGETHER: usize = 128;

/// How many places of these are looked at by pairs.
const PLACES: usize = TOGETHER * CHUNK / 2;

/// The bytes of a window reach no further than this beyond the rarest three of its anchor.
const AROUND: usize = 2;

/// Calls `found` with each anchor of `bytes` whose rarest three bytes stand in `part`, and
/// where it begins, in order of where those are. Gives places in all runs of 24 bytes and
/// more that lie in `part`, and in some that are shorter.
pub(super) fn for_each(
    catalogue: &'static Catalogue,
    bytes: &[u8],
    part: Range<usize>,
    found: impl FnMut(&'static Anchor, usize),
) -> Vec<usize> {
    let base = part.start.saturating_sub(AROUND);
    let mut pass = Pass {
        catalogue,
        bytes,
        hits: Hits { part: part.clone(), waiting: Vec::new(), found },
        runs: Vec::new(),
        last: 0,
        run: 0,
        places: [(0, 0); PLACES],
    };
    let rest = bytes.get(base..).unwrap_or_default();
    let (chunks, tail) = rest.as_chunks::<CHUNK>();
    // The last places are seen in the chunk after theirs.
    let count = (part.end.saturating_sub(base) + AROUND) / CHUNK + 1;
    let mut at = base;
    for chunks in chunks[..chunks.len().min(count)].chunks(TOGETHER) {
        pass.chunks(chunks, at);
        at += chunks.len() * CHUNK;
    }
    if chunks.len() < count {
        let mut last = [0; CHUNK];
        last[..tail.len()].copy_from_slice(tail);
        pass.chunks(&[last], at);
    }
    pass.hits.tell(catalogue, usize::MAX);
    pass.runs
}

struct Pass<'a, F> {
    catalogue: &'static Catalogue,
    bytes: &'a [u8],
    hits: Hits<F>,
    runs: Vec<usize>,
    /// What the last pair before says.
    last: u32,
    /// Whether the last chunk before is a run: [`RUN`].
    run: u32,
    /// Places of chunks, and of which families they may be.
    places: [(u16, u16); PLACES],
}

/// What each pair of a chunk says.
fn says(catalogue: &Catalogue, chunk: [u8; CHUNK]) -> [u32; CHUNK / 2] {
    let eight = u64::from_le_bytes(chunk) & 0x7f7f_7f7f_7f7f_7f7f;
    let pair = |shift: u32| catalogue.pairs[(eight >> shift & 0x7f7f) as usize];
    [pair(0), pair(16), pair(32), pair(48)]
}

impl<F: FnMut(&'static Anchor, usize)> Pass<'_, F> {
    fn chunks(&mut self, chunks: &[[u8; CHUNK]], base: usize) {
        let (mut noted, mut count) = ([0_u16; TOGETHER], 0);
        let (mut runs, mut long) = ([0_u16; TOGETHER], 0);
        let (before, mut last, mut run) = (self.last, self.last, self.run);
        for (chunk, number) in chunks.iter().zip(0_u16..) {
            let [a, b, c, d] = says(self.catalogue, *chunk);
            let suggested =
                last & a >> SECOND | a & b >> SECOND | b & c >> SECOND | c & d >> SECOND;
            noted[count % TOGETHER] = number;
            count += usize::from(suggested & FIRST != 0);
            // Two whole chunks stand in every run of 24.
            let whole = a & b & c & d & RUN;
            runs[long % TOGETHER] = number;
            long += usize::from(whole & run != 0);
            (last, run) = (d, whole);
        }
        (self.last, self.run) = (last, run);
        let start = |number: &u16| base + usize::from(*number) * CHUNK;
        self.runs.extend(runs.iter().take(long).map(start));

        // Which places of the noted chunks, and by which families.
        let noted = noted.get(..count).unwrap_or_default();
        let mut count = 0;
        for number in noted {
            let index = usize::from(*number);
            let last = index.checked_sub(1).map_or(before, |index| {
                let [.., last] = says(self.catalogue, chunks[index]);
                last
            });
            let [a, b, c, d] = says(self.catalogue, chunks[index]);
            for (pair, next, place) in [(last, a, 0), (a, b, 2), (b, c, 4), (c, d, 6)] {
                let families = pair & next >> SECOND & FIRST;
                self.places[count % PLACES] =
                    (number * 8 + place, u16::try_from(families).unwrap_or_default());
                count += usize::from(families != 0);
            }
        }
        let mut kept = 0;
        for index in 0..count.min(PLACES) {
            let (place, families) = self.places[index];
            let at = (base + usize::from(place)).wrapping_sub(2);
            let four = u32::from_le_bytes(first_bytes(self.bytes, at));
            self.places[kept % PLACES] = (place, families);
            kept += usize::from(self.suggests(four, families));
        }
        for index in 0..kept {
            let (place, families) = self.places[index];
            self.look((base + usize::from(place)).wrapping_sub(2), families);
        }
        self.hits.tell(self.catalogue, base + chunks.len() * CHUNK);
    }

    /// Whether these bytes may be the window of an anchor of `families`.
    fn suggests(&self, four: u32, families: u16) -> bool {
        let [four, first, last] = Known::ALL.map(|known| {
            let slot = slot(known.key(four));
            let there = self.catalogue.bitmap[usize::from(slot >> 6)] >> (slot & 63) & 1 == 1;
            there & (u32::from(families) & known.families() != 0)
        });
        four | first | last
    }

    /// Looks for anchors of `families` whose window stands at `at`.
    fn look(&mut self, at: usize, families: u16) {
        let catalogue = self.catalogue;
        let four = u32::from_le_bytes(first_bytes(self.bytes, at));
        for known in Known::ALL {
            if u32::from(families) & known.families() == 0 {
                continue;
            }
            let group = group(slot(known.key(four)));
            let windows =
                usize::from(catalogue.firsts[group])..usize::from(catalogue.firsts[group + 1]);
            for window in &catalogue.windows[windows] {
                let Some(start) = at.checked_add_signed(-isize::from(window.from)) else {
                    continue;
                };
                let anchor = &catalogue.anchors[usize::from(window.anchor)];
                // Most are told apart by their first bytes.
                let head = u64::from_le_bytes(first_bytes(self.bytes, start));
                if (head | 0x2020_2020_2020_2020) & anchor.mask == anchor.head
                    && stands(catalogue, anchor, self.bytes, start)
                {
                    self.hits.add(start + usize::from(anchor.at), window.anchor);
                }
            }
        }
    }
}

/// The bytes that begin at `at`, and nothing after the text's end.
fn first_bytes<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; N];
        for (byte, there) in padded.iter_mut().zip(rest) {
            *byte = *there;
        }
        padded
    })
}

/// Whether `anchor` begins at `start`.
fn stands(catalogue: &'static Catalogue, anchor: &Anchor, bytes: &[u8], start: usize) -> bool {
    let literal = catalogue.text_of(anchor);
    bytes.get(start..start + literal.len()).is_some_and(|there| {
        if anchor.ignore_case { there.eq_ignore_ascii_case(literal) } else { there == literal }
    })
}

/// Anchors that were found, put in order.
struct Hits<F> {
    part: Range<usize>,
    /// Where the rarest bytes of an anchor stand, and its index.
    waiting: Vec<(usize, u16)>,
    found: F,
}

impl<F: FnMut(&'static Anchor, usize)> Hits<F> {
    fn add(&mut self, rarest: usize, anchor: u16) {
        if self.part.start <= rarest && rarest + 3 <= self.part.end {
            self.waiting.push((rarest, anchor));
        }
    }

    /// Tells of all that no window at or after `until` can come before.
    fn tell(&mut self, catalogue: &'static Catalogue, until: usize) {
        if self.waiting.is_empty() {
            return;
        }
        self.waiting.sort_unstable();
        let until = until.saturating_sub(2 * AROUND);
        let ready = self.waiting.partition_point(|(rarest, _)| *rarest < until);
        for (rarest, anchor) in self.waiting.drain(..ready) {
            let anchor = &catalogue.anchors[usize::from(anchor)];
            (self.found)(anchor, rarest - usize::from(anchor.at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_each;
    use crate::catalogue::Catalogue;
    use crate::catalogue::anchor::of_run;
    use proptest::prelude::*;
    use std::ops::Range;

    /// What a plain search finds.
    fn plainly(bytes: &[u8]) -> Vec<(usize, &'static [u8])> {
        let mut all = Vec::new();
        for anchor in Catalogue::builtin().anchors {
            let literal = Catalogue::builtin().text_of(anchor);
            for start in 0..bytes.len() {
                let Some(there) = bytes.get(start..start + literal.len()) else { break };
                if there == literal || anchor.ignore_case && there.eq_ignore_ascii_case(literal) {
                    all.push((start, literal));
                }
            }
        }
        all.sort_unstable();
        all
    }

    fn found(bytes: &[u8]) -> Vec<(usize, &'static [u8])> {
        let mut all = Vec::new();
        for_each(Catalogue::builtin(), bytes, 0..bytes.len(), |anchor, start| {
            all.push((start, Catalogue::builtin().text_of(anchor)));
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn every_anchor_is_found_wherever_it_stands() {
        for anchor in Catalogue::builtin().anchors {
            let text = Catalogue::builtin().text_of(anchor);
            for text in [text.to_vec(), [b"x", text].concat(), [text, b"y"].concat()] {
                assert_eq!(found(&text), plainly(&text), "{}", text.escape_ascii());
            }
        }
    }

    /// The rarest three bytes of what [`for_each`] finds in a part, in its order.
    fn rarest(bytes: &[u8], part: Range<usize>) -> Vec<(usize, &'static [u8])> {
        let mut all = Vec::new();
        for_each(Catalogue::builtin(), bytes, part, |anchor, start| {
            let at = start + usize::from(anchor.at);
            all.push((at, Catalogue::builtin().text_of(anchor)));
        });
        all
    }

    proptest! {
        #[test]
        fn the_pass_finds_what_a_plain_search_finds(
            picks in prop::collection::vec((any::<prop::sample::Index>(), ".{0,4}"), 0..12)
        ) {
            let anchors = Catalogue::builtin().anchors;
            let mut text = Vec::new();
            for (pick, glue) in &picks {
                text.extend(Catalogue::builtin().text_of(pick.get(anchors)));
                text.extend(glue.bytes());
            }

            prop_assert_eq!(found(&text), plainly(&text));
        }

        #[test]
        fn a_part_has_what_the_whole_has_there(
            picks in prop::collection::vec((any::<prop::sample::Index>(), "[ -~]{0,9}"), 0..400),
            cuts: (prop::sample::Index, prop::sample::Index),
        ) {
            let anchors = Catalogue::builtin().anchors;
            let mut text = b"x".to_vec();
            for (pick, glue) in &picks {
                text.extend(Catalogue::builtin().text_of(pick.get(anchors)));
                text.extend(glue.bytes());
            }
            let (one, other) = (cuts.0.index(text.len()), cuts.1.index(text.len()));
            let part = one.min(other)..one.max(other);

            let mut expected = rarest(&text, 0..text.len());
            assert!(expected.is_sorted_by_key(|(at, _)| *at));
            expected.retain(|(at, _)| part.start <= *at && at + 3 <= part.end);
            prop_assert_eq!(rarest(&text, part), expected);
        }

        #[test]
        fn a_place_is_noted_in_every_long_run(
            text in "([a-zA-Z0-9+/_-]{0,60}[ .=\u{e9}]{1,3}){0,60}", from in 0_usize..20
        ) {
            let text = text.as_bytes();
            let part = from.min(text.len())..text.len();
            let places = for_each(Catalogue::builtin(), text, part.clone(), |_, _| {});
            assert!(places.is_sorted());
            let mut at = part.start;
            for run in text[part].split(|byte| !of_run(*byte)) {
                let noted = places.iter().any(|place| (at..at + run.len()).contains(place));
                prop_assert!(noted || run.len() < 24);
                at += run.len() + 1;
            }
        }
    }
}

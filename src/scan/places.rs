//! Which ranges of a text meet a given one, without a look at all of them.

use std::collections::HashMap;
use std::ops::Range;

/// Ranges are kept by the pages that they touch, in bytes.
const PAGE: usize = 4096;

/// Ranges of a text, each with what stands there.
#[derive(Debug)]
pub(super) struct Places<T> {
    pages: HashMap<usize, Vec<(Range<usize>, T)>>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { pages: HashMap::new() }
    }
}

impl<T: Copy> Places<T> {
    pub(super) fn add(&mut self, range: &Range<usize>, item: T) {
        for page in pages(range) {
            self.pages.entry(page).or_default().push((range.clone(), item));
        }
    }

    /// What stands where `range` does, in part at least; an item of several pages may come
    /// more than once.
    pub(super) fn meeting(&self, range: &Range<usize>) -> impl Iterator<Item = T> {
        pages(range)
            .filter_map(|page| self.pages.get(&page))
            .flatten()
            .filter(|(there, _)| there.start < range.end && range.start < there.end)
            .map(|(_, item)| *item)
    }
}

impl<T: Copy> FromIterator<(Range<usize>, T)> for Places<T> {
    fn from_iter<I: IntoIterator<Item = (Range<usize>, T)>>(all: I) -> Self {
        let mut places = Self::default();
        for (range, item) in all {
            places.add(&range, item);
        }
        places
    }
}

fn pages(range: &Range<usize>) -> std::ops::RangeInclusive<usize> {
    range.start / PAGE..=range.end.saturating_sub(1).max(range.start) / PAGE
}

#[cfg(test)]
mod tests {
    use super::Places;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_meets_a_range_is_what_a_look_at_all_finds(
            all in prop::collection::vec((0_usize..20_000, 0_usize..9_000), 0..40),
            start in 0_usize..20_000,
            length in 0_usize..9_000,
        ) {
            let ranges: Vec<_> = all.iter().map(|(start, length)| *start..start + length).collect();
            let places: Places<usize> =
                ranges.iter().cloned().enumerate().map(|(index, range)| (range, index)).collect();
            let wanted = start..start + length;

            let mut found: Vec<usize> = places.meeting(&wanted).collect();
            found.sort_unstable();
            found.dedup();

            let plainly = ranges.iter().enumerate().filter(|(_, range)| {
                range.start < wanted.end && wanted.start < range.end
            });
            prop_assert_eq!(found, plainly.map(|(index, _)| index).collect::<Vec<_>>());
        }
    }
}

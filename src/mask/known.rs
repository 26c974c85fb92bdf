//! Values that are known to be secret, and where a text says one of them in any form.

use super::forms;
use crate::secret::Secret;
use aho_corasick::{AhoCorasick, Input, MatchKind};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use zeroize::Zeroizing;

/// As many values are kept.
pub const VALUES_AT_MOST: usize = 512;

/// A shorter value is masked as it is only: its coded forms stand in too many texts.
const FORMS_FROM: usize = 8;

/// Values, with what each is called.
#[derive(Default)]
pub struct Known {
    values: Vec<Value>,
    /// How many were not kept, since there were too many.
    pub left_out: usize,
    hashes: HashSet<[u8; 32]>,
    ready: Option<Arc<Ready>>,
}

struct Value {
    /// Nothing where it was found in the output.
    name: Option<Arc<str>>,
    forms: Vec<Zeroizing<Vec<u8>>>,
}

/// All forms, ready to be searched for.
pub(super) struct Ready {
    search: AhoCorasick,
    /// The value that the form at the same index is of.
    of: Vec<Option<Arc<str>>>,
    forms: Vec<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").field("values", &self.values.len()).finish_non_exhaustive()
    }
}

impl Known {
    /// From now on this value is masked; `name` says whose it is.
    pub fn learn(&mut self, value: &Secret, name: Option<&str>) {
        use sha2::Digest as _;
        let bytes = value.expose().trim_ascii();
        if bytes.is_empty() || !self.hashes.insert(sha2::Sha256::digest(bytes).into()) {
            return;
        }
        if self.values.len() == VALUES_AT_MOST {
            self.left_out += 1;
            return;
        }
        let forms = if bytes.len() < FORMS_FROM { vec![bytes.to_vec()] } else { forms::of(bytes) };
        // A form over several lines is masked by its lines, which are forms too.
        let lone = !bytes.contains(&b'\n');
        let tells =
            |form: &Vec<u8>| lone || (form.len() >= FORMS_FROM && !form.starts_with(b"-----"));
        let forms = forms.into_iter().filter(|form| !form.contains(&b'\n') && tells(form));
        self.values
            .push(Value { name: name.map(Arc::from), forms: forms.map(Zeroizing::new).collect() });
        self.ready = None;
    }

    /// Where `text` says one of them, in any form, and the name of each.
    pub fn places(&mut self, text: &[u8]) -> Vec<(Range<usize>, Option<Arc<str>>)> {
        let mut all = Vec::new();
        if let Some(ready) = self.ready() {
            ready.for_each(text, 0, |place, name| all.push((place, name.cloned())));
        }
        all
    }

    /// How many values are kept.
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    pub(super) fn ready(&mut self) -> Option<Arc<Ready>> {
        if self.values.is_empty() {
            return None;
        }
        if self.ready.is_none() {
            let forms: Vec<_> =
                self.values.iter().flat_map(|value| value.forms.iter().cloned()).collect();
            let of = self
                .values
                .iter()
                .flat_map(|value| value.forms.iter().map(|_| value.name.clone()))
                .collect();
            let search = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(forms.iter().map(|form| form.as_slice()));
            self.ready = search.ok().map(|search| Arc::new(Ready { search, of, forms }));
        }
        self.ready.clone()
    }
}

impl Ready {
    /// Calls `found` with each place in `text`; places may overlap.
    pub(super) fn for_each(
        &self,
        text: &[u8],
        from: usize,
        mut found: impl FnMut(Range<usize>, Option<&Arc<str>>),
    ) {
        let mut at = from;
        while at < text.len()
            && let Some(hit) = self.search.find(Input::new(text).span(at..text.len()))
        {
            let name = self.of.get(hit.pattern().as_usize()).and_then(Option::as_ref);
            found(hit.range(), name);
            at = hit.start() + 1;
        }
    }

    /// The longest form, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.search.max_pattern_len()
    }

    /// How many bytes at the end of `text` may be the beginning of one.
    pub(super) fn begun(&self, text: &[u8]) -> usize {
        let begun = |form: &Zeroizing<Vec<u8>>| {
            let most = form.len().saturating_sub(1).min(text.len());
            (1..=most).rev().find(|length| text.ends_with(&form[..*length])).unwrap_or(0)
        };
        self.forms.iter().map(begun).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use crate::secret::Secret;

    fn places(known: &mut Known, text: &str) -> Vec<std::ops::Range<usize>> {
        let mut all = Vec::new();
        known.ready().unwrap().for_each(text.as_bytes(), 0, |place, _| all.push(place));
        all
    }

    #[test]
    fn values_that_overlap_are_both_found() {
        let mut known = Known::default();
        known.learn(&Secret::new(b"abcdef"), None);
        known.learn(&Secret::new(b"defghi"), None);

        assert_eq!(places(&mut known, "-abcdefghi"), [1..7, 4..10]);
    }

    #[test]
    fn an_end_that_may_go_on_is_told() {
        let mut known = Known::default();
        known.learn(&Secret::new(b"abcdef"), None);
        let ready = known.ready().unwrap();

        assert_eq!(ready.begun(b"x abc"), 3);
        assert_eq!(ready.begun(b"x abcx"), 0);
        assert_eq!(format!("{known:?}"), "Known { values: 1, .. }");
    }
}

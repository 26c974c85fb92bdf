//! Parts anchors into families, so that few places of a text suggest one.
//!
//! Each anchor is seen through two windows of four bytes, one for even and one for odd
//! places. A family's first pairs and second pairs meet in all combinations: who stands
//! with whom decides how often a text suggests something that is not there. `build.rs` alone
//! runs this.

use super::anchor::{FIRST, Known, PAIRS, RUN, SECOND, of_run};

/// How many families there are.
const FAMILIES: usize = FIRST.count_ones() as usize;

/// An anchor, as the first pass sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its bytes.
    pub text: &'a [u8],
    /// Letters match in either case.
    pub ignore_case: bool,
    /// Where in it its rarest three bytes begin.
    pub at: usize,
}

/// Four bytes by which an anchor is seen.
#[derive(Debug, Clone)]
pub struct Window {
    /// The anchor's index.
    pub anchor: usize,
    /// Where in the anchor the window begins; -1 when that is one byte before it.
    pub from: i8,
    /// Which bytes are the anchor's.
    pub known: Known,
    pairs: [Vec<usize>; 2],
}

impl Window {
    fn of(seen: &Seen<'_>, anchor: usize, from: i8) -> Self {
        let byte = |index: i8| {
            let at = usize::try_from(from + index).ok()?;
            seen.text.get(at).copied()
        };
        let known = match (byte(0), byte(3)) {
            (Some(_), Some(_)) => Known::Four,
            (Some(_), None) => Known::FirstThree,
            (None, _) => Known::LastThree,
        };
        let cases = |byte: Option<u8>| match byte {
            Some(byte) if seen.ignore_case && byte.is_ascii_alphabetic() => {
                vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()]
            }
            Some(byte) => vec![byte],
            None => (0..0x80).collect(),
        };
        let pairs = |first: i8| {
            let second = cases(byte(first + 1));
            let pair = |first: u8| second.iter().map(move |second| pair_of(first, *second));
            cases(byte(first)).into_iter().flat_map(pair).collect()
        };
        Self { anchor, from, known, pairs: [pairs(0), pairs(2)] }
    }

    /// How often a text has such four bytes.
    fn frequency(&self) -> f64 {
        self.pairs.iter().map(|pairs| pairs.iter().copied().map(often).sum::<f64>()).product()
    }
}

fn pair_of(first: u8, second: u8) -> usize {
    usize::from(first & 0x7f) | usize::from(second & 0x7f) << 8
}

/// How often a pair stands in code and prose, as if its bytes knew nothing of each other.
fn often(pair: usize) -> f64 {
    const LETTERS: &[u8] = b"etrsinaodclpufhmgbyvwxkqjz";
    let letter = |byte: u8| {
        let rank = LETTERS.iter().position(|known| *known == byte).unwrap_or(LETTERS.len());
        (0..rank).fold(0.06, |often, _| often * 0.88)
    };
    [pair & 0x7f, pair >> 8 & 0x7f]
        .into_iter()
        .map(|byte| match u8::try_from(byte).unwrap_or_default() {
            byte @ b'a'..=b'z' => letter(byte),
            byte @ b'A'..=b'Z' => letter(byte.to_ascii_lowercase()) / 6.0,
            b' ' => 0.1,
            b'_' | b'\t' | b'\n' => 0.02,
            b'0'..=b'9' | b'!'..=b'~' => 0.004,
            _ => 0.0001,
        })
        .product()
}

/// The windows through which all anchors are seen, in their order, and what each pair says.
pub fn part(anchors: &[Seen<'_>]) -> (Vec<Window>, Vec<u32>) {
    let mut windows: Vec<Window> = Vec::new();
    for (index, seen) in anchors.iter().enumerate() {
        let at = i8::try_from(seen.at).expect("an anchor is short");
        let last = i8::try_from(seen.text.len()).expect("an anchor is short") - 3;
        for parity in [0, 1] {
            // Never far from the rarest bytes: a part of a text is looked at with as little
            // around it.
            let near = [at - 2 + parity, at + parity];
            let windows_of = near.into_iter().filter(|from| (-1..=last).contains(from));
            let all = windows_of.map(|from| Window::of(seen, index, from));
            windows.extend(all.min_by(|a, b| a.frequency().total_cmp(&b.frequency())));
        }
    }
    let mut families = vec![Family::default(); FAMILIES];
    let mut order: Vec<&Window> = windows.iter().collect();
    order.sort_by(|a, b| b.frequency().total_cmp(&a.frequency()));
    for window in order {
        let of_known = (0..FAMILIES).filter(|family| window.known.families() >> family & 1 == 1);
        let price = |family: &usize| families[*family].price(window);
        let cheapest = of_known.min_by(|a, b| price(a).total_cmp(&price(b)));
        families[cheapest.expect("each case has families")].take(window);
    }
    let mut pairs = vec![0_u32; PAIRS];
    for (number, family) in families.iter().enumerate() {
        for (half, shift) in family.0.iter().zip([0, SECOND]) {
            for pair in &half.has {
                pairs[*pair] |= 1 << number << shift;
            }
        }
    }
    for first in (0..0x80).filter(|byte| of_run(*byte)) {
        for second in (0..0x80).filter(|byte| of_run(*byte)) {
            pairs[pair_of(first, second)] |= RUN;
        }
    }
    (windows, pairs)
}

/// Windows that stand together: their first pairs, and their second.
#[derive(Debug, Clone, Default)]
struct Family([Half; 2]);

#[derive(Debug, Clone, Default)]
struct Half {
    has: std::collections::BTreeSet<usize>,
    often: f64,
}

impl Half {
    fn with(&self, pairs: &[usize]) -> f64 {
        let new = pairs.iter().filter(|pair| !self.has.contains(pair));
        self.often + new.copied().map(often).sum::<f64>()
    }
}

impl Family {
    /// How much oftener it is suggested once it has taken up `window`.
    fn price(&self, window: &Window) -> f64 {
        let [first, second] = &self.0;
        first.with(&window.pairs[0]) * second.with(&window.pairs[1]) - first.often * second.often
    }

    fn take(&mut self, window: &Window) {
        for (half, pairs) in self.0.iter_mut().zip(&window.pairs) {
            half.often = half.with(pairs);
            half.has.extend(pairs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, part};
    use crate::catalogue::anchor::{FIRST, Known, RUN, SECOND};

    #[test]
    fn an_anchor_is_suggested_at_even_and_at_odd_places() {
        let texts = [&b"ghp_"[..], b"password", b"AC8", b"sk-ant-"];
        let seen =
            |text: &'static [u8]| Seen { text, ignore_case: true, at: 1.min(text.len() - 3) };
        let seen: Vec<_> = texts.into_iter().map(seen).collect();
        let (windows, pairs) = part(&seen);
        let of = |two: &[u8]| pairs[usize::from(two[0]) | usize::from(two[1]) << 8];
        for window in &windows {
            let text = [&b"x"[..], seen[window.anchor].text, b"yyy"].concat();
            let from = usize::try_from(window.from + 1).unwrap();
            let both = of(&text[from..]) & of(&text[from + 2..]) >> SECOND & FIRST;
            assert!(both & window.known.families() != 0, "{window:?}");
        }
        for index in 0..texts.len() {
            let of_anchor = windows.iter().filter(|window| window.anchor == index);
            let parities: Vec<i8> = of_anchor.map(|window| window.from.rem_euclid(2)).collect();
            assert_eq!(parities.len(), 2);
            assert_ne!(parities[0], parities[1]);
        }
        assert!(windows.iter().any(|window| window.known == Known::LastThree));
        assert!(of(b"a_") & RUN != 0 && of(b"a ") & RUN == 0);
    }
}

//! Lines out of a stream, in bounded memory.

use super::skim::{Skim, Skimmed};
use zeroize::Zeroize as _;

/// The longest line that is looked at and passed on, in bytes.
pub(crate) const AT_MOST: usize = 32 << 20;

/// A line, or what is left of one.
#[derive(Debug)]
pub(crate) enum Line<'a> {
    /// With its end; without one where the stream ended in it.
    Whole(&'a [u8]),
    /// It was too long to be kept: what could be told of it on the way.
    Over(Skimmed),
}

/// Takes a stream as it comes.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    over: Option<Skim>,
    at_most: usize,
}

impl Lines {
    pub(crate) fn new(at_most: usize) -> Self {
        Self { buffer: Vec::new(), over: None, at_most }
    }

    /// Takes `bytes`, and gives each line that they end.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            if self.buffer.is_empty() && self.over.is_none() && line.len() <= self.at_most {
                each(Line::Whole(line));
                continue;
            }
            self.keep(line);
            self.end(each);
        }
        self.keep(bytes);
    }

    /// Takes note of the end of the stream.
    pub(crate) fn end(&mut self, each: &mut dyn FnMut(Line<'_>)) {
        if let Some(skim) = self.over.take() {
            each(Line::Over(skim.done()));
        } else if !self.buffer.is_empty() {
            each(Line::Whole(&self.buffer));
        }
        self.buffer.zeroize();
        if self.buffer.capacity() > 1 << 20 {
            self.buffer = Vec::new();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some(skim) = &mut self.over {
            skim.feed(bytes);
        } else if self.buffer.len() + bytes.len() > self.at_most {
            let mut skim = Skim::default();
            skim.feed(&self.buffer);
            skim.feed(bytes);
            self.over = Some(skim);
            self.buffer.zeroize();
            self.buffer = Vec::new();
        } else {
            if self.buffer.capacity() - self.buffer.len() < bytes.len() {
                // Moved by hand, so that no copy stays behind.
                let mut larger = Vec::with_capacity(2 * (self.buffer.len() + bytes.len()));
                larger.extend_from_slice(&self.buffer);
                self.buffer.zeroize();
                self.buffer = larger;
            }
            self.buffer.extend_from_slice(bytes);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Lines};
    use proptest::prelude::*;

    fn lines(at_most: usize, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, usize) {
        let (mut whole, mut over) = (Vec::new(), 0);
        let mut each = |line: Line<'_>| match line {
            Line::Whole(line) => whole.push(line.to_vec()),
            Line::Over(_) => over += 1,
        };
        let mut lines = Lines::new(at_most);
        for piece in pieces {
            lines.feed(piece, &mut each);
        }
        lines.end(&mut each);
        (whole, over)
    }

    proptest! {
        #[test]
        fn nothing_is_lost_wherever_it_is_cut(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), cut in 1_usize..30) {
            let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
            let (whole, over) = lines(1000, &pieces);
            prop_assert_eq!(whole.concat(), bytes);
            prop_assert_eq!(over, 0);
            prop_assert!(whole.iter().rev().skip(1).all(|line| line.ends_with(b"\n")));
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept_and_the_next_is_whole() {
        let (whole, over) = lines(4, &[b"ab", b"cdef", b"gh\nij\n", b"klmno\n", b"pq"]);
        assert_eq!((whole, over), (vec![b"ij\n".to_vec(), b"pq".to_vec()], 2));
    }
}

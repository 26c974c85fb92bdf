//! Deltas: how one object is made of another (gitformat-pack(5), "Deltified representation").

use std::ops::Range;

/// Puts into `out` what `delta` makes of `base`, and into `fresh` the places of `out` that
/// are not in `base` as they stand: bytes that were put in, and, as empty ranges, the
/// seams where two parts of `base` meet that do not meet there.
///
/// Gives nothing for a delta that is malformed, made of another base, or whose result is
/// not as long as it says.
pub(super) fn apply(
    base: &[u8],
    delta: &[u8],
    out: &mut Vec<u8>,
    fresh: &mut Vec<Range<usize>>,
) -> Option<()> {
    out.clear();
    fresh.clear();
    let mut delta = delta;
    let from = size(&mut delta)?;
    let length = size(&mut delta)?;
    if from != base.len() {
        return None;
    }
    // What was copied last ends here in `base`; a text begins as `base` does.
    let mut end = 0;
    while let Some((&command, rest)) = delta.split_first() {
        delta = rest;
        let at = out.len();
        if command & 0x80 != 0 {
            let start = number(&mut delta, command, 4)?;
            let size = match number(&mut delta, command >> 4, 3)? {
                0 => 0x1_0000,
                size => size,
            };
            let part = base.get(start..start.checked_add(size)?)?;
            if start != end && fresh.last().is_none_or(|last| last.end != at) {
                fresh.push(at..at);
            }
            out.extend_from_slice(part);
            end = start + size;
        } else {
            let (new, rest) =
                delta.split_at_checked(usize::from(command)).filter(|_| command > 0)?;
            delta = rest;
            out.extend_from_slice(new);
            match fresh.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end = out.len(),
                None => fresh.push(at..out.len()),
            }
            // Wherever the next copy begins, a seam is told by what was put in.
            end = usize::MAX;
        }
        if out.len() > length {
            return None;
        }
    }
    if end != base.len() && end != usize::MAX {
        fresh.push(out.len()..out.len());
    }
    (out.len() == length).then_some(())
}

/// Seven bits a byte, the least first; the highest bit says that more follow.
fn size(delta: &mut &[u8]) -> Option<usize> {
    let mut size = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (&byte, rest) = delta.split_first()?;
        *delta = rest;
        let bits = usize::from(byte & 0x7f);
        size |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// A number of which only those bytes are there that the low bits of `present` tell.
fn number(delta: &mut &[u8], present: u8, bytes: u32) -> Option<usize> {
    let mut number = 0;
    for byte in (0..bytes).filter(|byte| present & (1 << byte) != 0) {
        let (&bits, rest) = delta.split_first()?;
        *delta = rest;
        number |= usize::from(bits) << (8 * byte);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::apply;
    use proptest::prelude::*;

    /// The result, and its fresh parts as `start..end`.
    fn made(base: &[u8], commands: &[&[u8]], length: u8) -> Option<(String, Vec<String>)> {
        let sizes = [u8::try_from(base.len()).unwrap(), length];
        let delta = [&sizes[..], &commands.concat()].concat();
        let (mut out, mut fresh) = (Vec::new(), Vec::new());
        apply(base, &delta, &mut out, &mut fresh)?;
        let fresh = fresh.iter().map(|part| format!("{part:?}")).collect();
        Some((String::from_utf8(out).unwrap(), fresh))
    }

    fn copy(from: u8, size: u8) -> Vec<u8> {
        vec![0x91, from, size]
    }

    #[test]
    fn what_is_put_in_is_told_of_with_the_seams() {
        let base = b"0123456789";

        for (commands, length, text, fresh) in [
            (&[&copy(0, 4)[..], b"\x02ab", &copy(4, 6)][..], 12, "0123ab456789", &["4..6"][..]),
            (&[&copy(0, 4), &copy(6, 4)], 8, "01236789", &["4..4"]),
            (&[&copy(2, 4)], 4, "2345", &["0..0", "4..4"]),
            (&[&copy(0, 4), &copy(4, 6)], 10, "0123456789", &[]),
        ] {
            let (made, parts) = made(base, commands, length).unwrap();
            assert_eq!((&*made, parts), (text, fresh.iter().map(|f| (*f).to_owned()).collect()));
        }
    }

    #[test]
    fn a_delta_that_lies_is_none() {
        for (commands, length) in [
            (&[&copy(0, 11)[..]][..], 11), // beyond the base
            (&[&copy(0, 4)], 5),           // shorter than it says
            (&[&copy(0, 4)], 3),           // longer
            (&[b"\x05ab"], 2),             // cut
            (&[b"\x00"], 0),               // reserved
            (&[b"\x91\x00"], 4),           // cut in a copy
        ] {
            assert_eq!(made(b"0123456789", commands, length), None, "{commands:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_well(base in proptest::collection::vec(any::<u8>(), 0..40),
                              mut delta in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(first) = delta.first_mut() {
                *first = u8::try_from(base.len()).unwrap();
            }
            let (mut out, mut fresh) = (Vec::new(), Vec::new());
            if apply(&base, &delta, &mut out, &mut fresh).is_some() {
                prop_assert!(fresh.iter().all(|part| part.start <= part.end && part.end <= out.len()));
                prop_assert!(fresh.is_sorted_by(|a, b| a.end <= b.start));
            }
        }
    }
}

//! Whether letters read like a word or a name, or like something a machine drew.
//!
//! The cost of each letter after the two before it comes from word lists of five
//! languages and from identifiers; `docs/letters.py` makes the table and names them.

/// 28 × 28 × 28 costs in sixteenths of a bit.
static COSTS: &[u8; 28 * 28 * 28] = include_bytes!("letters.bin");

/// The mean cost of a letter of `text` in bits, over its runs of three letters and more;
/// `None` when it has no such run. Words are at 3 to 4.5, random letters at 6 to 8.
pub(super) fn strangeness(text: &[u8]) -> Option<f64> {
    let (mut cost, mut count) = (0_u32, 0_u32);
    for word in super::names::words_of(text) {
        if word.len() < 3 {
            continue;
        }
        let (mut first, mut second) = (0_usize, 0_usize);
        for byte in word.bytes().map(Some).chain([None]) {
            let third = byte.map_or(0, |byte| usize::from(byte - b'a') + 1);
            cost += u32::from(COSTS[(first * 28 + second) * 28 + third]);
            count += 1;
            (first, second) = (second, third);
        }
    }
    (count > 0).then(|| f64::from(cost) / f64::from(count) / 16.0)
}

#[cfg(test)]
mod tests {
    use super::strangeness;

    #[test]
    fn words_of_several_languages_are_familiar_and_random_letters_are_not() {
        for word in ["password", "changeme", "kubernetes", "geheimnis", "contrasena", "userToken"] {
            assert!(strangeness(word.as_bytes()).unwrap() < 4.6, "{word}");
        }
        for drawn in ["twqoek", "zckesjzh", "lrbnyhcltxpyt", "vdsiprwphtviyzyq"] {
            assert!(strangeness(drawn.as_bytes()).unwrap() > 5.4, "{drawn}");
        }
        assert_eq!(strangeness(b"12-a"), None);
    }
}

//! Look, put, read back: the one way into every store.

use super::run::Programs;
use super::trouble::Trouble;
use crate::secret::Secret;
use std::time::Duration;

/// How long a store may take to say what has become of a value, after a failure.
const AFTERMATH: Duration = Duration::from_secs(10);

/// A store, opened at one place.
pub(crate) trait Keeper {
    /// The place in the store, in words.
    fn place(&self) -> String;

    /// What is at the place.
    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble>;

    /// Puts the value there, where `found` was.
    fn put(&self, programs: &Programs, value: &Secret, found: Found) -> Result<(), Trouble>;

    /// Whether it can take the value at all.
    fn takes(&self, _value: &Secret) -> Result<(), Trouble> {
        Ok(())
    }

    /// What `look` and `put` would run or send, without the value.
    fn steps(&self) -> Vec<String>;

    /// How a person or a script reads the value back.
    fn read_back(&self) -> String;

    /// How the variable of a program gets filled.
    fn fill(&self) -> String;

    /// What else is worth knowing.
    fn remark(&self) -> Option<String> {
        None
    }
}

/// What is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Absent,
    /// This very value.
    Same,
    /// Another value.
    Other,
    /// A value that cannot be read.
    Hidden,
}

/// What has become of a value.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was there before.
    Already,
    /// It is there now.
    Stored {
        /// Whether it was read back and is the same.
        verified: bool,
        /// Why it could not be read back, or what the store complained of.
        remark: Option<Trouble>,
    },
    /// Another value is there, or one that cannot be read. It was left alone.
    Occupied(Found),
    /// Nothing was stored.
    Untouched(Trouble),
    /// The store says that it took it, and has something else now.
    Mangled(Found),
    /// Nobody can tell whether it is there.
    Unknown(Trouble),
}

/// What is done with another value at the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// It stays.
    Stays,
    /// It gives way.
    GivesWay,
}

/// Puts `value` into the store and tells what has become of it.
pub(crate) fn keep(
    keeper: &dyn Keeper,
    programs: &Programs,
    value: &Secret,
    other: Other,
) -> Outcome {
    let before = match keeper.takes(value).and_then(|()| keeper.look(programs, value)) {
        Ok(before) => before,
        Err(trouble) => return Outcome::Untouched(trouble),
    };
    match (before, other) {
        (Found::Same, _) => return Outcome::Already,
        (Found::Other | Found::Hidden, Other::Stays) => return Outcome::Occupied(before),
        (Found::Absent, _) | (Found::Other | Found::Hidden, Other::GivesWay) => {}
    }
    let put = keeper.put(programs, value, before);
    programs.go_on();
    let limit = programs.limit().min(AFTERMATH);
    let after = keeper.look(&programs.within(limit), value);
    match (put, after) {
        (Ok(()), Ok(Found::Same)) => Outcome::Stored { verified: true, remark: None },
        (Err(complaint), Ok(Found::Same)) => {
            Outcome::Stored { verified: true, remark: Some(complaint) }
        }
        (Ok(()), Ok(Found::Hidden)) => Outcome::Stored { verified: false, remark: None },
        (Ok(()), Err(trouble)) => Outcome::Stored { verified: false, remark: Some(trouble) },
        (Err(complaint), Ok(Found::Absent)) => Outcome::Untouched(complaint),
        (Err(complaint), Ok(Found::Other)) if before == Found::Other => {
            Outcome::Untouched(complaint)
        }
        (Ok(()), Ok(found @ (Found::Absent | Found::Other)))
        | (Err(_), Ok(found @ Found::Other)) => Outcome::Mangled(found),
        (Err(complaint), Ok(Found::Hidden) | Err(_)) => Outcome::Unknown(complaint),
    }
}

/// Whether `stored` is `value`, told in a time that depends on their lengths alone. A line
/// break at the end is no difference: several programs add or take one.
pub(crate) fn is_same(stored: &[u8], value: &[u8]) -> bool {
    let (stored, value) = (without_break(stored), without_break(value));
    stored.len() == value.len()
        && stored.iter().zip(value).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// `text` less the line break at its end.
pub(crate) fn without_break(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// What a stored value is to `value`.
pub(crate) fn compare(stored: &[u8], value: &Secret) -> Found {
    if is_same(stored, value.expose()) { Found::Same } else { Found::Other }
}

#[cfg(test)]
mod tests {
    use super::{Found, Keeper, Other, Outcome, is_same, keep};
    use crate::remedy::vault::run::Programs;
    use crate::remedy::vault::trouble::Trouble;
    use crate::secret::Secret;
    use std::cell::{Cell, RefCell};
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    /// A store that does as it is told: what each look sees, and how the putting ends.
    struct Staged {
        looks: RefCell<Vec<Result<Found, ()>>>,
        put: Result<(), ()>,
        puts: Cell<usize>,
    }

    fn trouble<T>(_: ()) -> Result<T, Trouble> {
        Err(Trouble::Missing("staged".to_owned()))
    }

    impl Keeper for Staged {
        fn place(&self) -> String {
            String::new()
        }
        fn look(&self, _: &Programs, _: &Secret) -> Result<Found, Trouble> {
            self.looks.borrow_mut().remove(0).or_else(trouble)
        }
        fn put(&self, _: &Programs, _: &Secret, _: Found) -> Result<(), Trouble> {
            self.puts.set(self.puts.get() + 1);
            self.put.or_else(trouble)
        }
        fn steps(&self) -> Vec<String> {
            Vec::new()
        }
        fn read_back(&self) -> String {
            String::new()
        }
        fn fill(&self) -> String {
            String::new()
        }
    }

    fn outcome(looks: &[Result<Found, ()>], put: Result<(), ()>, other: Other) -> (Outcome, usize) {
        let stop = Arc::new(AtomicBool::new(false));
        let programs = Programs::new("".as_ref(), "/".as_ref(), Duration::from_secs(1), stop);
        let staged = Staged { looks: RefCell::new(looks.to_vec()), put, puts: Cell::new(0) };
        let outcome = keep(&staged, &programs, &Secret::new(b"value"), other);
        (outcome, staged.puts.get())
    }

    #[test]
    fn what_is_there_is_left_alone_unless_it_gives_way() {
        let (same, puts) = outcome(&[Ok(Found::Same)], Ok(()), Other::GivesWay);
        assert!(matches!((same, puts), (Outcome::Already, 0)));
        for found in [Found::Other, Found::Hidden] {
            let (left, puts) = outcome(&[Ok(found)], Ok(()), Other::Stays);
            assert!(matches!((left, puts), (Outcome::Occupied(_), 0)));
            let (stored, puts) = outcome(&[Ok(found), Ok(Found::Same)], Ok(()), Other::GivesWay);
            assert!(matches!((stored, puts), (Outcome::Stored { verified: true, .. }, 1)));
        }
    }

    #[test]
    fn a_store_that_cannot_be_looked_into_is_sent_nothing() {
        let (outcome, puts) = outcome(&[Err(())], Ok(()), Other::GivesWay);
        assert!(matches!((outcome, puts), (Outcome::Untouched(_), 0)));
    }

    #[test]
    fn after_a_failure_it_is_told_where_the_value_is() {
        let after = |found, put| outcome(&[Ok(Found::Absent), found], put, Other::Stays).0;
        let (done, failed) = (Ok(()), Err(()));

        assert!(matches!(after(Ok(Found::Absent), failed), Outcome::Untouched(_)));
        assert!(matches!(
            after(Ok(Found::Same), failed),
            Outcome::Stored { verified: true, remark: Some(_) }
        ));
        assert!(matches!(after(Ok(Found::Other), failed), Outcome::Mangled(_)));
        assert!(matches!(after(Ok(Found::Hidden), failed), Outcome::Unknown(_)));
        assert!(matches!(after(Err(()), failed), Outcome::Unknown(_)));
        assert!(matches!(after(Ok(Found::Absent), done), Outcome::Mangled(_)));
        assert!(matches!(
            after(Ok(Found::Hidden), done),
            Outcome::Stored { verified: false, remark: None }
        ));
        assert!(matches!(
            after(Err(()), done),
            Outcome::Stored { verified: false, remark: Some(_) }
        ));
    }

    #[test]
    fn a_line_break_at_the_end_is_no_difference() {
        assert!(is_same(b"abc\n", b"abc") && is_same(b"abc", b"abc\r\n"));
        assert!(!is_same(b"abc", b"abd") && !is_same(b"ab", b"abc") && !is_same(b"", b"a"));
    }
}

//! The risky changes that leakcoach recognises: data of `patterns/privileges/`, compiled by
//! `build.rs`. Each is a rule like those for credentials, so that it is judged, told and
//! reported as they are; the facts that they are about are told by `crate::privilege`.

use super::{ByteSet, Coaching, Engine, Grade, Kind, Lifetime, Lines, Rule, Severity, Words};
use std::sync::OnceLock;

/// A risky change.
#[derive(Debug, Clone, Copy)]
pub struct Signal {
    /// Its rule.
    pub rule: &'static Rule,
    /// The fact that it is about.
    pub fact: &'static str,
    /// Values of that fact, as patterns in which `*` stands for anything.
    pub values: Lines,
    /// Values that it is not about after all.
    pub except: Lines,
    /// Ids of signals of narrower grants, which this one holds.
    pub covers: Lines,
    /// The least that does, to be pasted; may be empty.
    pub paste: &'static str,
}

/// What is compiled of a signal.
#[derive(Clone, Copy)]
struct Made {
    id: &'static str,
    service: &'static str,
    family: &'static str,
    what: &'static str,
    severity: Severity,
    cwe: &'static [u16],
    nhi: Lines,
    words: fn() -> Coaching,
    fact: &'static str,
    values: Lines,
    except: Lines,
    covers: Lines,
    paste: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/privileges.rs"));

impl Signal {
    /// Every signal, in order of ids. Made when first asked for.
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Signal>> = OnceLock::new();
        ALL.get_or_init(|| (0..COUNT).map(|index| signal(make(index))).collect())
    }

    /// The signal called `id`.
    pub fn of(id: &str) -> Option<&'static Self> {
        let all = Self::all();
        all.binary_search_by(|signal| signal.rule.id.cmp(id)).ok().and_then(|at| all.get(at))
    }

    /// Whether it is about `value` of its fact.
    pub fn is_about(&self, value: &str) -> bool {
        self.values.iter().any(|pattern| fits(pattern, value))
            && !self.except.iter().any(|pattern| fits(pattern, value))
    }
}

fn signal(made: Made) -> Signal {
    let Made { id, service, family, what, severity, cwe, nhi, words, .. } = made;
    let rule = Rule {
        id,
        service,
        family,
        what,
        kind: Kind::Privilege,
        severity,
        lifetime: Lifetime::Long,
        grade: Grade::Possible,
        public: false,
        engine: Engine::Shape,
        shape: "",
        names: Lines(""),
        least: 0,
        leads: false,
        before: 0,
        after: 0,
        head: ByteSet([0; 4]),
        tail: ByteSet([0; 4]),
        checks: &[],
        companion: None,
        cwe,
        nhi,
        words: Words::Builtin(words),
        file: None,
        samples: Lines(""),
        near_misses: Lines(""),
    };
    let Made { fact, values, except, covers, paste, .. } = made;
    Signal { rule: Box::leak(Box::new(rule)), fact, values, except, covers, paste }
}

/// Whether `value` is what `pattern` stands for, in whatever case its letters are.
fn fits(pattern: &str, value: &str) -> bool {
    let (pattern, value) = (pattern.as_bytes(), value.as_bytes());
    let (mut at, mut star, mut from) = (0, None, 0);
    let mut index = 0;
    while index < value.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some(at);
                from = index;
                at += 1;
            }
            // A star that stands for itself.
            Some(b'\\') if pattern.get(at + 1) == Some(&value[index]) => {
                at += 2;
                index += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&value[index]) => {
                at += 1;
                index += 1;
            }
            Some(_) | None => {
                let Some(back) = star else { return false };
                from += 1;
                index = from;
                at = back + 1;
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::{Signal, fits};

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("s3:*", "S3:GetObject"));
        assert!(fits("*", ""));
        assert!(fits("a*c*e", "abcde"));
        assert!(!fits("a*c", "abd"));
        assert!(!fits("", "a"));
        assert!(fits("s3:\\*", "s3:*"));
        assert!(!fits("s3:\\*", "s3:get"));
    }

    #[test]
    fn there_are_many_each_found_by_its_id() {
        assert!(Signal::all().len() >= 80);
        for signal in Signal::all() {
            assert!(std::ptr::eq(Signal::of(signal.rule.id).unwrap(), signal));
        }
    }
}

//! Counts: what was hit, what was missed, what was raised for nothing.

use super::labels::Label;
use crate::scan::Confidence;
use std::collections::BTreeMap;

/// A finding.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The file, as the labels name it.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// The rule's id.
    pub rule: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
    /// What the value is made of.
    pub masked: String,
}

/// Places right and wrong.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Real and hit.
    pub hits: usize,
    /// Not real and hit.
    pub alarms: usize,
    /// Real and not hit.
    pub misses: usize,
}

impl Counts {
    /// Of what was raised, how much is real; one when nothing was.
    pub fn precision(self) -> f64 {
        share(self.hits, self.hits + self.alarms)
    }

    /// Of what is real, how much was raised; one when nothing is.
    pub fn recall(self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }

    /// The harmonic mean of both.
    pub fn f1(self) -> f64 {
        share(2 * self.hits, 2 * self.hits + self.alarms + self.misses)
    }

    fn and(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            alarms: self.alarms + other.alarms,
            misses: self.misses + other.misses,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of places are small")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// What a trial gives.
#[derive(Debug, Default)]
pub struct Score {
    /// Over all places.
    pub all: Counts,
    /// By what the labels call the place.
    pub by_category: BTreeMap<String, Counts>,
    /// By rule: places it hit, real or not. Misses belong to no rule.
    pub by_rule: BTreeMap<&'static str, Counts>,
    /// False alarms, with the category of their place.
    pub alarms: Vec<(Hit, String)>,
    /// Misses: file, line, category.
    pub misses: Vec<(String, usize, String)>,
    /// Findings on lines without a label.
    pub unlabelled: Vec<Hit>,
    /// How many lines were read.
    pub lines: u64,
}

impl Score {
    /// The score of one file: its places, and what was found in it.
    pub(super) fn of_file(file: &str, places: &[Label], hits: Vec<Hit>, lines: u64) -> Self {
        let mut score = Self { lines, ..Self::default() };
        let mut hit = vec![false; places.len()];
        for found in hits {
            let of = |at: &usize| (places[*at].first..=places[*at].last).contains(&found.line);
            let inside: Vec<usize> = (0..places.len()).filter(of).collect();
            // Places can overlap: a finding that hits a real one raised nothing false.
            let real: Vec<usize> = inside.iter().copied().filter(|at| places[*at].real).collect();
            let counted = if real.is_empty() { &inside } else { &real };
            for at in counted {
                let rule = score.by_rule.entry(found.rule).or_default();
                if places[*at].real {
                    rule.hits += 1;
                } else {
                    rule.alarms += 1;
                    if !hit[*at] {
                        score.alarms.push((found.clone(), places[*at].category.clone()));
                    }
                }
                hit[*at] = true;
            }
            if inside.is_empty() {
                score.unlabelled.push(found);
            }
        }
        let mut misses = Vec::new();
        for (place, hit) in places.iter().zip(hit) {
            let one = match (place.real, hit) {
                (true, true) => Counts { hits: 1, ..Counts::default() },
                (false, true) => Counts { alarms: 1, ..Counts::default() },
                (true, false) => {
                    misses.push((file.to_owned(), place.first, place.category.clone()));
                    Counts { misses: 1, ..Counts::default() }
                }
                (false, false) => continue,
            };
            score.all = score.all.and(one);
            let category = score.by_category.entry(place.category.clone()).or_default();
            *category = category.and(one);
        }
        score.misses = misses;
        score
    }

    /// Both scores as one.
    #[must_use]
    pub(super) fn and(mut self, other: Self) -> Self {
        self.all = self.all.and(other.all);
        for (category, counts) in other.by_category {
            let known = self.by_category.entry(category).or_default();
            *known = known.and(counts);
        }
        for (rule, counts) in other.by_rule {
            let known = self.by_rule.entry(rule).or_default();
            *known = known.and(counts);
        }
        self.alarms.extend(other.alarms);
        self.misses.extend(other.misses);
        self.unlabelled.extend(other.unlabelled);
        self.lines += other.lines;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Hit, Score};
    use crate::eval::Label;
    use crate::scan::Confidence;

    fn label(first: usize, last: usize, real: bool) -> Label {
        Label { first, last, real, category: "Key".to_owned() }
    }

    fn hit(line: usize) -> Hit {
        Hit {
            file: "a".to_owned(),
            line,
            rule: "a-rule",
            confidence: Confidence::Likely,
            masked: String::new(),
        }
    }

    #[test]
    fn a_place_is_counted_once_however_often_it_is_hit() {
        let places = [label(1, 3, true), label(5, 5, false), label(7, 7, true)];

        let score = Score::of_file("a", &places, vec![hit(1), hit(2), hit(5), hit(9)], 10);

        assert_eq!(score.all, Counts { hits: 1, alarms: 1, misses: 1 });
        assert_eq!(score.unlabelled.len(), 1);
        assert_eq!(score.misses, [("a".to_owned(), 7, "Key".to_owned())]);
        assert!((score.all.precision() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_hits_a_real_place_within_a_false_one_is_no_alarm() {
        let places = [label(1, 9, false), label(4, 4, true)];

        let score = Score::of_file("a", &places, vec![hit(4)], 10);

        assert_eq!(score.all, Counts { hits: 1, alarms: 0, misses: 0 });
    }
}

//! An output without its credentials, in one pass for all of them.

use crate::scan::Finding;
use crate::secret::Secret;
use aho_corasick::AhoCorasick;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write as _;

/// A value to be hidden, and the name of its rule.
pub(super) struct Hidden {
    /// As it stands there, and as it is.
    forms: [Secret; 2],
    rule: &'static str,
}

impl Hidden {
    /// One that stands in a text with control sequences within.
    pub(super) fn beneath(stands: &[u8], rule: &'static str) -> Self {
        Self { forms: [Secret::new(stands), Secret::new(b"")], rule }
    }

    pub(super) fn of(finding: &Finding, text: &[u8]) -> Self {
        let stands = text.get(finding.secret_span.clone()).unwrap_or_default();
        let forms = [Secret::new(stands), Secret::new(finding.secret.expose())];
        Self { forms, rule: finding.rule.id }
    }
}

/// `value` without any of `hidden`, its shape unchanged.
pub(super) fn masked(value: &Value, hidden: &[Hidden]) -> Value {
    let mut seen = HashSet::new();
    let (forms, rules): (Vec<&[u8]>, Vec<&str>) = hidden
        .iter()
        .flat_map(|one| one.forms.iter().map(|form| (form.expose(), one.rule)))
        .filter(|(form, _)| !form.is_empty() && seen.insert(*form))
        .unzip();
    match AhoCorasick::new(&forms) {
        Ok(search) => Cover { search, rules }.over(value),
        Err(_) => Value::String("[withheld by leakcoach: too many credentials]".to_owned()),
    }
}

/// What is hidden.
struct Cover<'a> {
    search: AhoCorasick,
    /// The rule of each form.
    rules: Vec<&'a str>,
}

impl Cover<'_> {
    fn over(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(all) => all.iter().map(|one| self.over(one)).collect(),
            Value::Object(all) => Value::Object(
                all.iter().map(|(name, one)| (self.text(name), self.over(one))).collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut spans: Vec<_> = self
            .search
            .find_overlapping_iter(text)
            .map(|hit| (hit.range(), self.rules.get(hit.pattern().as_usize()).copied()))
            .collect();
        spans.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for (span, rule) in spans {
            if span.start >= at {
                shown.push_str(text.get(at..span.start).unwrap_or_default());
                let rule = rule.unwrap_or("credential");
                let _ = write!(shown, "[{rule} hidden by leakcoach]");
            }
            at = at.max(span.end);
        }
        shown.push_str(text.get(at..).unwrap_or_default());
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::{Hidden, masked};
    use crate::guard::intent;
    use crate::secret::Secret;
    use serde_json::{Value, json};

    fn hidden(values: &[&str]) -> Vec<Hidden> {
        let one = |value: &&str| {
            let forms = [Secret::new(value.as_bytes()), Secret::new(b"")];
            Hidden { forms, rule: "github-pat" }
        };
        values.iter().map(one).collect()
    }

    /// All texts, one after the other.
    fn all_texts(value: &Value) -> String {
        let mut all = String::new();
        intent::leaves(value, "", &mut |_, text| all.push_str(text));
        all
    }

    #[test]
    fn what_is_hidden_is_gone_wherever_it_stands() {
        let value = json!({"a": ["x abc123abc123 y"], "b": {"abc123abc123": 1}, "c": true});
        let shown = masked(&value, &hidden(&["abc123abc123"]));
        assert!(!shown.to_string().contains("abc123abc123"));
        assert_eq!(all_texts(&shown), "x [github-pat hidden by leakcoach] y");
        assert_eq!(shown["c"], true);
    }

    #[test]
    fn values_that_overlap_are_gone_as_a_whole() {
        let shown = masked(&json!("é abc123DEF456 é"), &hidden(&["abc123", "c123DEF456", "123"]));
        assert_eq!(shown, "é [github-pat hidden by leakcoach] é");
    }
}

//! What variables stand for (POSIX.1-2017, 2.6.2; bash(1), Parameter Expansion).

use super::Word;
use crate::guard::wild::covers;
use std::collections::HashMap;

/// What is known of variables; also of `$@` and `$1`, and of arrays.
#[derive(Debug, Default)]
pub(super) struct Variables(HashMap<String, Vec<Word>>);

/// What a use of a variable comes to.
pub(super) enum Value {
    /// These words: each element, or each of what it can be.
    Words(Vec<Word>),
    /// Nothing that can be told of the variable, whose value is part of it.
    Unknown(String),
    /// Nothing that can be told, and nothing of a variable's value.
    Else,
}

impl Variables {
    pub(super) fn set(&mut self, name: &str, values: Vec<Word>) {
        self.0.insert(name.to_owned(), values);
    }

    pub(super) fn add(&mut self, name: &str, values: Vec<Word>) {
        self.0.entry(name.to_owned()).or_default().extend(values);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Vec<Word>> {
        self.0.get(name)
    }

    /// The arguments of a script or function; what stood there before.
    pub(super) fn positional(&mut self, words: Vec<Word>) -> Vec<(String, Option<Vec<Word>>)> {
        let mut before = Vec::new();
        let mut set = |name: &str, words: Vec<Word>| {
            before.push((name.to_owned(), self.0.insert(name.to_owned(), words)));
        };
        for (at, word) in words.iter().take(9).enumerate() {
            set(&(at + 1).to_string(), vec![word.clone()]);
        }
        set("*", words.clone());
        set("@", words);
        before
    }

    /// Puts them back.
    pub(super) fn restore(&mut self, before: Vec<(String, Option<Vec<Word>>)>) {
        for (name, words) in before {
            match words {
                Some(words) => self.0.insert(name, words),
                None => self.0.remove(&name),
            };
        }
    }

    /// What words are split at.
    pub(super) fn separators(&self) -> String {
        let own = self.get("IFS").and_then(|words| words.first()).map(|word| word.text.clone());
        own.unwrap_or_else(|| " \t\n".to_owned())
    }

    fn base(&self, name: &str) -> Option<Vec<Word>> {
        let fixed = |text: &str| Some(vec![Word::known(text)]);
        match (self.get(name), name) {
            (Some(words), _) => Some(words.clone()),
            (None, "HOME") => fixed("~"),
            (None, "PWD") => fixed("."),
            (None, "IFS") => fixed(" \t\n"),
            (None, _) => None,
        }
    }

    /// What `raw`, a `$name` or `${…}`, comes to.
    pub(super) fn value(&self, raw: &str) -> Value {
        let raw = raw.strip_prefix('$').unwrap_or(raw);
        let inner = raw.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(raw);
        if inner.len() > 1 && inner.starts_with('#') {
            return Value::Else;
        }
        let (inner, points) = match inner.strip_prefix('!') {
            Some(rest) if !rest.is_empty() => (rest, true),
            _ => (inner, false),
        };
        let (name, rest) = named(inner);
        let rest = rest.strip_prefix('[').and_then(|it| it.split_once(']')).map_or(rest, |it| it.1);
        if points && rest.starts_with(['@', '*']) {
            return Value::Else;
        }
        let target = || self.get(name)?.first().map(|word| word.text.clone());
        let name = if points { target() } else { Some(name.to_owned()) };
        let Some(name) = name else { return Value::Else };
        self.changed(&name, rest)
    }

    /// The variable `name` after the operator that stands behind it.
    fn changed(&self, name: &str, rest: &str) -> Value {
        let base = self.base(name);
        let word = |text: &str| Value::Words(vec![plain(text)]);
        let or_unknown = |words: Option<Vec<Word>>| {
            words.map_or_else(|| Value::Unknown(name.to_owned()), Value::Words)
        };
        let operator = rest.strip_prefix(':').filter(|it| it.starts_with(['-', '=', '+', '?']));
        let operator = operator.unwrap_or(rest);
        let mut chars = operator.chars();
        let first = chars.next();
        let after = chars.as_str();
        let each = |change: &dyn Fn(&str) -> String| {
            base.clone().map(|words| {
                words.iter().map(|it| Word { text: change(&it.text), ..it.clone() }).collect()
            })
        };
        match first {
            None | Some('@' | '?') => or_unknown(base),
            Some('-' | '=') => match base {
                Some(words) if words.iter().any(|word| !word.text.is_empty()) => {
                    Value::Words(words)
                }
                Some(_) | None => word(after),
            },
            Some('+') => word(after),
            Some('#') => {
                let (pattern, most) = doubled(after, '#');
                or_unknown(each(&|text| without(text, &plain(pattern).text, most, true)))
            }
            Some('%') => {
                let (pattern, most) = doubled(after, '%');
                or_unknown(each(&|text| without(text, &plain(pattern).text, most, false)))
            }
            Some('^') => or_unknown(each(&|text| text.to_uppercase())),
            Some(',') => or_unknown(each(&|text| text.to_lowercase())),
            Some('/') => {
                let (from, all) = doubled(after, '/');
                let (from, to) = from.split_once('/').unwrap_or((from, ""));
                let (from, to) = (plain(from).text, plain(to).text);
                let change = |text: &str| match from.as_str() {
                    "" => text.to_owned(),
                    from if all => text.replace(from, &to),
                    from => text.replacen(from, &to, 1),
                };
                or_unknown(each(&change))
            }
            Some(':') => {
                let (from, count) = after.split_once(':').unwrap_or((after, "1048576"));
                match (from.trim().parse::<usize>(), count.trim().parse::<usize>()) {
                    (Ok(from), Ok(count)) => {
                        or_unknown(each(&|text| text.chars().skip(from).take(count).collect()))
                    }
                    _ => Value::Unknown(name.to_owned()),
                }
            }
            Some(_) => Value::Unknown(name.to_owned()),
        }
    }
}

/// The name in `$name` or `${…}`.
pub(super) fn name_of(raw: &str) -> &str {
    named(raw.trim_start_matches(['$', '{', '!', '#'])).0
}

/// A variable's name, and what stands behind it.
fn named(text: &str) -> (&str, &str) {
    let of_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let end = match text.chars().next() {
        Some(first) if of_name(first) => text.find(|char| !of_name(char)).unwrap_or(text.len()),
        Some(first) => first.len_utf8(),
        None => 0,
    };
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Without the second of a doubled operator, and whether there was one.
fn doubled(text: &str, operator: char) -> (&str, bool) {
    text.strip_prefix(operator).map_or((text, false), |rest| (rest, true))
}

/// `text` without what `pattern` covers at its beginning or end: the least of it, or the most.
fn without(text: &str, pattern: &str, most: bool, from_start: bool) -> String {
    let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    cuts.push(text.len());
    if cuts.len() > 256 {
        return text.to_owned();
    }
    // From the shortest to the longest that can be taken away.
    if from_start == most {
        cuts.reverse();
    }
    for at in cuts {
        let Some((left, right)) = text.split_at_checked(at) else { continue };
        let (taken, kept) = if from_start { (left, right) } else { (right, left) };
        if covers(pattern, taken) {
            return kept.to_owned();
        }
    }
    text.to_owned()
}

/// A word within braces, its quotes taken off.
fn plain(text: &str) -> Word {
    let known = !text.contains(['$', '`']);
    let text = if known { text } else { "" };
    Word { known, ..Word::known(&text.replace(['"', '\''], "")) }
}

#[cfg(test)]
mod tests {
    use super::{Value, Variables, Word};
    use proptest::prelude::*;

    fn variables() -> Variables {
        let mut all = Variables::default();
        for (name, values) in
            [("x", vec!["a.b.c"]), ("y", vec!["x"]), ("e", vec![""]), ("l", vec!["p", "q"])]
        {
            all.set(name, values.into_iter().map(Word::known).collect());
        }
        all
    }

    #[test]
    fn variables_stand_for_what_a_shell_takes_them_for() {
        for (raw, is) in [
            ("$x", "a.b.c"),
            ("${x}", "a.b.c"),
            ("${!y}", "a.b.c"),
            ("${x%.*}", "a.b"),
            ("${x%%.*}", "a"),
            ("${x#*.}", "b.c"),
            ("${x##*.}", "c"),
            ("${x/./-}", "a-b.c"),
            ("${x//./-}", "a-b-c"),
            ("${x^^}", "A.B.C"),
            ("${x:2:1}", "b"),
            ("${e:-z}", "z"),
            ("${none:-'z'}", "z"),
            ("${x:+z}", "z"),
            ("${l[@]}", "p q"),
            ("${l[0]}", "p q"),
            ("$HOME", "~"),
        ] {
            let Value::Words(words) = variables().value(raw) else { panic!("{raw}") };
            let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(words.join(" "), is, "{raw}");
        }
    }

    #[test]
    fn what_shows_no_value_is_told_from_what_does() {
        assert!(matches!(variables().value("${none}"), Value::Unknown(name) if name == "none"));
        assert!(matches!(variables().value("${#none}"), Value::Else));
        assert!(matches!(variables().value("${none:+set}"), Value::Words(_)));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(raw in "[$]?[{]?[!#]?[a-z@*é]{0,3}.{0,12}[}]?") {
            let _value = variables().value(&raw);
        }
    }
}

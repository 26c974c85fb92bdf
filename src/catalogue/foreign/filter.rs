//! The terms of a betterleaks `filter` that mean the same here.
//!
//! A filter skips a match when it is true. Of terms joined by `||` each one alone does,
//! so that those understood can be taken and the rest left. Source:
//! github.com/betterleaks/betterleaks, docs/config.md, "Filtering".

use super::{AllowDraft, Written};

/// Brackets within brackets are opened as often as this.
const DEPTH: usize = 4;

/// What was understood.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Matches of no higher entropy are skipped.
    pub(super) entropy: f64,
    pub(super) allow: Vec<AllowDraft>,
    /// Whether that is all there was.
    pub(super) whole: bool,
}

/// Reads an expression.
pub(super) fn read(text: &str) -> Filter {
    let mut filter = Filter { whole: true, ..Filter::default() };
    take(text, DEPTH, &mut filter);
    filter
}

fn take(text: &str, depth: usize, filter: &mut Filter) {
    for term in terms(text).unwrap_or_else(|| vec![""]) {
        if let Some(inside) = bracketed(term).filter(|_| depth > 0) {
            take(inside, depth - 1, filter);
        } else if let Some(least) = entropy(term) {
            filter.entropy = filter.entropy.max(least);
        } else if let Some(list) = list(term) {
            filter.allow.push(list);
        } else {
            filter.whole = false;
        }
    }
}

/// What stands in brackets that are around the whole of a term.
fn bracketed(term: &str) -> Option<&str> {
    let inside = term.strip_prefix('(')?.strip_suffix(')')?;
    // `(a) && (b)`: these are two pairs.
    let closed = depths(inside)?.into_iter().all(|(_, depth, _)| depth >= 0);
    closed.then_some(inside)
}

/// The characters outside of quotes, each with where it stands and how many brackets
/// are open after it. Nothing where a name, a choice or a comment makes `||` say
/// something else.
fn depths(text: &str) -> Option<Vec<(usize, i64, char)>> {
    let (mut found, mut depth, mut quote) = (Vec::new(), 0, None);
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (Some('"' | '\''), '\\') => {
                chars.next();
            }
            (Some(open), _) => {
                if open == char {
                    quote = None;
                }
            }
            (None, '"' | '\'' | '`') => quote = Some(char),
            (None, ';' | '?' | '#') => return None,
            (None, '/') if chars.peek().is_some_and(|(_, next)| matches!(next, '/' | '*')) => {
                return None;
            }
            (None, _) => {
                depth += match char {
                    '(' | '[' | '{' => 1,
                    ')' | ']' | '}' => -1,
                    _ => 0,
                };
                found.push((at, depth, char));
            }
        }
    }
    Some(found)
}

/// What stands between `||` outside of brackets and quotes.
fn terms(text: &str) -> Option<Vec<&str>> {
    let (mut terms, mut from) = (Vec::new(), 0);
    let plain = depths(text)?;
    for pair in plain.windows(2) {
        if let [(first, 0, '|'), (second, 0, '|')] = pair
            && *second == first + 1
            && *first >= from
        {
            terms.extend(text.get(from..*first));
            from = second + 1;
        }
    }
    terms.extend(text.get(from..));
    Some(terms.into_iter().map(str::trim).collect())
}

/// Takes the arguments of a call, up to its last bracket.
fn call<'a>(term: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let term = term.strip_prefix("filter.").unwrap_or(term);
    let inside = term.strip_prefix(name)?.trim_start().strip_prefix('(')?;
    inside.rsplit_once(')').map(|(inside, rest)| (inside.trim(), rest.trim()))
}

/// The key of `finding["secret"]` or `finding.secret`.
fn field(text: &str) -> Option<&str> {
    let rest = text.trim().strip_prefix("finding")?;
    let name = rest
        .strip_prefix("[\"")
        .and_then(|rest| rest.strip_suffix("\"]"))
        .or_else(|| rest.strip_prefix('.'))?;
    ["secret", "match", "line"].contains(&name).then_some(name)
}

fn entropy(term: &str) -> Option<f64> {
    let (inside, rest) = call(term, "entropy")?;
    (field(inside)? == "secret").then_some(())?;
    let (least, below) = match rest.strip_prefix("<=") {
        Some(least) => (least, false),
        None => (rest.strip_prefix('<')?, true),
    };
    let least: f64 = least.trim().parse().ok().filter(|least| (0.0..=8.0).contains(least))?;
    // Matches of no higher entropy are skipped: as much itself is enough for `<`.
    Some(if below { least.next_down().max(0.0) } else { least })
}

/// `matchesAny(…, […])` and `containsAny(…, […])` as an allowlist.
fn list(term: &str) -> Option<AllowDraft> {
    let (regexes, (inside, rest)) = match call(term, "matchesAny") {
        Some(found) => (true, found),
        None => (false, call(term, "containsAny")?),
    };
    if !rest.is_empty() {
        return None;
    }
    let (subject, list) = inside.split_once(", [").or_else(|| inside.split_once(",["))?;
    let texts = texts(list.trim().strip_suffix(']')?)?;
    let subject = subject.trim();
    let path = ["get(attributes, \"path\", \"\")", "attributes[\"path\"]", "attributes.path"];
    let mut allow = AllowDraft::default();
    let written = || texts.iter().map(|text| Written { line: 0, what: text.clone() }).collect();
    match (field(subject), regexes) {
        (Some(target), true) => {
            target.clone_into(&mut allow.target);
            allow.regexes = written();
        }
        (Some("secret"), false) => allow.stopwords.clone_from(&texts),
        (None, true) if path.contains(&subject) => allow.paths = written(),
        (Some(_) | None, _) => return None,
    }
    Some(allow)
}

/// Texts in quotes, parted by commas. Backquoted text has no escapes.
fn texts(list: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|char| matches!(char, '`' | '"' | '\''))?;
        let (text, after) = rest.strip_prefix(quote)?.split_once(quote)?;
        if quote != '`' && text.contains('\\') {
            return None;
        }
        texts.push(text.to_owned());
        rest = after.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
    (!texts.is_empty()).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::read;
    use proptest::prelude::*;

    #[test]
    fn terms_that_mean_the_same_here_are_taken_and_the_rest_is_told() {
        let filter = read(
            "filter.entropy(finding[\"secret\"]) <= 3.5 ||\n\
             filter.matchesAny(finding[\"line\"], [`a||b`, `c`]) ||\n\
             filter.containsAny(finding[\"secret\"], [\"EXAMPLE\"]) ||\n\
             filter.matchesAny(get(attributes, \"path\", \"\"), [`\\.md$`])",
        );

        assert!(filter.whole);
        assert!((filter.entropy - 3.5).abs() < f64::EPSILON);
        assert_eq!(filter.allow.len(), 3);
        assert_eq!((filter.allow[0].target.as_str(), filter.allow[0].regexes.len()), ("line", 2));
        assert_eq!(filter.allow[1].stopwords, ["EXAMPLE"]);
        assert_eq!(filter.allow[2].paths[0].what, "\\.md$");

        let nested = read("(1 == 2 || (entropy(finding[\"secret\"]) < 3)) || entropy(x) < 1");
        assert!(!nested.whole && nested.entropy < 3.0 && nested.entropy > 2.999);

        for rest in [
            "filter.failsTokenEfficiency(finding[\"secret\"])",
            "filter.entropy(finding[\"secret\"]) <= 3 && finding[\"line\"] == \"x\"",
            "!(filter.entropy(finding[\"secret\"]) <= 3)",
            "(filter.entropy(finding[\"secret\"]) <= 3) && (1 == 2)",
            "filter.matchesAny(finding[\"secret\"], [`a`]) && filter.matchesAny(finding[\"line\"], [`b`])",
            "let x = 1 || filter.entropy(finding[\"secret\"]) <= 3 || 2; true",
            "1 == 2 ? true : false || filter.entropy(finding[\"secret\"]) <= 3",
            "false // || filter.entropy(finding[\"secret\"]) <= 3 ||",
        ] {
            let filter = read(rest);
            assert!(!filter.whole && filter.allow.is_empty(), "{rest}");
            assert!(filter.entropy.abs() < f64::EPSILON, "{rest}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            read(&text);
        }

        #[test]
        fn any_calls_are_read_without_panic(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "filter.", "entropy(", "matchesAny(", "containsAny(", "finding[\"secret\"]",
                    "<= 3", "||", "&&", ")", "[`a`]", ", ", "\"", "`", "'", "\\", "[", "]", "!",
                ]),
                0..12,
            )
        ) {
            read(&parts.concat());
        }
    }
}

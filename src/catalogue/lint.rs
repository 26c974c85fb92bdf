//! What is wrong in a rule file, with the line it stands on.
//!
//! Takes the text of one file, gives its rules with shapes analysed, or every fault.
//! Compiled into `build.rs`; in the library only for its tests.

use super::assigned;
use super::check::{Check, byte_set};
use super::sample;
use super::schema::{CoachingText, Engine, RevokeText, RuleFile, RuleText};
use regex::bytes::Regex;
use regex_syntax::hir::literal::Extractor;

/// A fault in a rule file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// One-based.
    pub line: usize,
    /// What is wrong and what is wanted.
    pub what: String,
}

/// A rule that passed, with what is known of its shape.
#[derive(Debug)]
pub(crate) struct Linted {
    /// The rule, its coaching filled up from its file's.
    pub rule: RuleText,
    /// The checks it names.
    pub checks: Vec<Check>,
    /// How many bytes before an anchor a match may begin.
    pub before: u32,
    /// How many bytes after an anchor's start a match may end; of a named rule, how
    /// long its value may be.
    pub after: u32,
    /// How many bytes a match has at least.
    pub least: u32,
    /// Every match begins with an anchor.
    pub leads: bool,
}

/// The seeds on which samples are tried.
const SEEDS: std::ops::Range<u64> = 0..3;

/// Reads and checks one rule file.
///
/// # Errors
/// Every fault found, in order of lines; only the first where the TOML itself or its
/// keys are wrong.
pub(crate) fn lint(text: &str) -> Result<(String, Vec<Linted>), Vec<Fault>> {
    let file: RuleFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        vec![Fault { line, what: error.message().to_owned() }]
    })?;
    let mut faults = Vec::new();
    let mut rules = Vec::new();
    for spanned in file.rules {
        let span = spanned.span();
        let place = Place { text, start: span.start };
        let mut rule = spanned.into_inner();
        rule.coaching = fill(rule.coaching, &file.coaching);
        match lint_rule(rule) {
            Ok(linted) => rules.push(linted),
            Err(found) => faults.extend(
                found.into_iter().map(|(key, what)| Fault { line: place.line_of(key), what }),
            ),
        }
    }
    if rules.is_empty() && faults.is_empty() {
        faults.push(Fault { line: 1, what: "a rule file needs at least one [[rule]]".to_owned() });
    }
    faults.sort_by_key(|fault| fault.line);
    if faults.is_empty() { Ok((file.service, rules)) } else { Err(faults) }
}

/// Where one rule stands in its file.
struct Place<'a> {
    text: &'a str,
    start: usize,
}

impl Place<'_> {
    /// The line of `key` in the rule, else of the rule itself.
    fn line_of(&self, key: &str) -> usize {
        let first = line_at(self.text, self.start);
        let lines = self.text.lines().enumerate().skip(first.saturating_sub(1));
        for (index, line) in lines {
            if index + 1 > first && line.starts_with("[[rule]]") {
                break;
            }
            let line = line.trim_start();
            if line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
                return index + 1;
            }
        }
        first
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// A rule's own words, then its file's.
fn fill(own: CoachingText, shared: &CoachingText) -> CoachingText {
    let or = |own: Option<String>, shared: &Option<String>| own.or_else(|| shared.clone());
    CoachingText {
        opens: or(own.opens, &shared.opens),
        missed: or(own.missed, &shared.missed),
        next_time: or(own.next_time, &shared.next_time),
        revoke: own.revoke.or_else(|| shared.revoke.clone()),
        rotate: or(own.rotate, &shared.rotate),
        vault: or(own.vault, &shared.vault),
        instead: or(own.instead, &shared.instead),
        abuse: or(own.abuse, &shared.abuse),
        variable: or(own.variable, &shared.variable),
        sources: own.sources.or_else(|| shared.sources.clone()),
    }
}

/// The key it concerns, and what is wrong.
type KeyFault = (&'static str, String);

fn lint_rule(rule: RuleText) -> Result<Linted, Vec<KeyFault>> {
    let mut faults = Vec::new();
    let mut fault = |key: &'static str, what: String| faults.push((key, what));
    let id = &rule.id;

    let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(kebab) {
        fault("id", format!("`{id}` is not of the form service-thing in lower case"));
    }
    if rule.anchors.is_empty() {
        fault("anchors", format!("`{id}` needs at least one anchor"));
    }
    for anchor in &rule.anchors {
        if anchor.len() < 3 || !anchor.is_ascii() {
            fault("anchors", format!("anchor `{anchor}` of `{id}` needs 3 or more ASCII bytes"));
        }
    }
    for (key, class) in [("head", &rule.head), ("tail", &rule.tail)] {
        if byte_set(class).is_none() {
            fault(key, format!("`{class}` in `{id}` is no class of ASCII bytes"));
        }
    }
    let mut checks = Vec::new();
    for name in &rule.checks {
        match Check::from_name(name) {
            Some(check) => checks.push(check),
            None => fault("checks", unknown_check(name)),
        }
    }
    if rule.cwe.is_empty() {
        fault("cwe", format!("`{id}` needs a CWE number"));
    }
    for nhi in &rule.nhi {
        let number = nhi.strip_prefix("NHI").and_then(|rest| rest.strip_suffix(":2025"));
        if !number.and_then(|n| n.parse().ok()).is_some_and(|n: u8| (1..=10).contains(&n)) {
            fault("nhi", format!("`{nhi}` is not of the form NHI2:2025"));
        }
    }
    for (key, empty) in missing_words(&rule.coaching) {
        if empty {
            fault("id", format!("`{id}` has no coaching for `{key}`"));
        }
    }
    if let Some(revoke) = &rule.coaching.revoke
        && revoke.console.is_empty()
    {
        fault("revoke", format!("`{id}` does not say where to revoke"));
    }

    if (rule.engine == Engine::Named) == rule.names.is_empty() {
        fault("names", format!("`{id}`: a named rule has names, and no other has"));
    }
    for name in &rule.names {
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b' ';
        if !name.bytes().all(word) || name.trim() != name || name.is_empty() {
            fault("names", format!("`{name}` of `{id}` is not words in lower case"));
        }
    }

    let analysed = match rule.engine {
        Engine::Shape | Engine::Named => analyse(&rule).map_err(|what| fault("shape", what)).ok(),
        Engine::Assignment => {
            Some(Analysed { before: 0, after: 0, least: 0, leads: true, regexes: vec![] })
        }
    };
    if let Some(shape) = &analysed {
        lint_samples(&rule, &shape.regexes, &mut fault);
    }
    match analysed {
        Some(shape) if faults.is_empty() => {
            let Analysed { before, after, least, leads, .. } = shape;
            Ok(Linted { rule, checks, before, after, least, leads })
        }
        _ => Err(faults),
    }
}

fn unknown_check(name: &str) -> String {
    let nearest = Check::NAMES
        .iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(known, name), *known))
        .min()
        .filter(|(distance, _)| *distance <= 4);
    match nearest {
        Some((_, known)) => format!("no check is called `{name}`; did you mean `{known}`?"),
        None => format!("no check is called `{name}`"),
    }
}

fn missing_words(words: &CoachingText) -> [(&'static str, bool); 10] {
    let empty =
        |words: &Option<String>| words.as_deref().is_none_or(|words| words.trim().is_empty());
    [
        ("opens", empty(&words.opens)),
        ("missed", empty(&words.missed)),
        ("next-time", empty(&words.next_time)),
        ("revoke", words.revoke.is_none()),
        ("rotate", empty(&words.rotate)),
        ("vault", empty(&words.vault)),
        ("instead", empty(&words.instead)),
        ("abuse", empty(&words.abuse)),
        ("variable", empty(&words.variable)),
        ("sources", words.sources.as_deref().is_none_or(<[String]>::is_empty)),
    ]
}

struct Analysed {
    before: u32,
    after: u32,
    least: u32,
    leads: bool,
    /// The shape, and the companion's where there is one.
    regexes: Vec<Regex>,
}

fn analyse(rule: &RuleText) -> Result<Analysed, String> {
    let id = &rule.id;
    let parse = |shape: &str| {
        let hir =
            regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(shape);
        hir.map_err(|error| format!("the shape of `{id}` does not parse: {error}"))
    };
    let mut regexes = Vec::new();
    let mut shapes = vec![rule.shape.as_str()];
    shapes.extend(rule.companion.as_ref().map(|companion| companion.shape.as_str()));
    let mut least = u32::MAX;
    for shape in shapes {
        let hir = parse(shape)?;
        if !hir.properties().look_set().is_empty() {
            return Err(format!(
                "the shape of `{id}` looks around (`^`, `$`, `\\b`): use head and tail"
            ));
        }
        least = least
            .min(u32::try_from(hir.properties().minimum_len().unwrap_or(0)).unwrap_or(u32::MAX));
        if least == 0 {
            return Err(format!("the shape of `{id}` matches the empty string"));
        }
        let whole = format!(r"\A(?:{shape})\z");
        let shape = if rule.engine == Engine::Named { &whole } else { shape };
        let regex =
            regex::bytes::RegexBuilder::new(shape).unicode(false).size_limit(1 << 20).build();
        regexes
            .push(regex.map_err(|error| format!("the shape of `{id}` does not compile: {error}"))?);
    }
    let hir = parse(&rule.shape)?;
    let longest = hir.properties().maximum_len().and_then(|length| u32::try_from(length).ok());
    let reach =
        longest.unwrap_or(rule.reach).min(rule.reach.max(longest.map_or(0, |l| l.min(16_384))));
    let case =
        |text: &[u8]| if rule.ignore_case { text.to_ascii_lowercase() } else { text.to_vec() };
    let prefixes = Extractor::new().extract(&hir);
    let leads = prefixes.literals().is_some_and(|literals| {
        literals.iter().all(|literal| {
            let literal = case(literal.as_bytes());
            rule.anchors.iter().any(|anchor| literal.starts_with(&case(anchor.as_bytes())))
        })
    });
    Ok(Analysed { before: if leads { 0 } else { reach }, after: reach, least, leads, regexes })
}

fn lint_samples(rule: &RuleText, regexes: &[Regex], fault: &mut impl FnMut(&'static str, String)) {
    let id = &rule.id;
    if rule.samples.is_empty() || rule.near_misses.is_empty() {
        fault("samples", format!("`{id}` needs samples and near-misses"));
    }
    let folds = rule.ignore_case || rule.engine == Engine::Named;
    let case = |text: &str| if folds { text.to_ascii_lowercase() } else { text.to_owned() };
    let fits = |value: &[u8]| regexes.iter().any(|regex| regex.is_match(value));
    let matches = |text: &str| match rule.engine {
        Engine::Named => rule.anchors.iter().any(|anchor| {
            let (lower, anchor) = (text.to_ascii_lowercase(), anchor.to_ascii_lowercase());
            lower.match_indices(&anchor).any(|(at, _)| {
                let end = at + anchor.len();
                {
                    let names = rule.names.iter().map(String::as_str);
                    assigned::named(text.as_bytes(), at, end, names, |_| false, fits)
                }
                .is_some()
            })
        }),
        Engine::Shape | Engine::Assignment => fits(text.as_bytes()),
    };
    let mut unseen: Vec<&String> = rule.anchors.iter().collect();
    for template in &rule.samples {
        for seed in SEEDS {
            let text = match sample::expand(template, seed) {
                Ok(text) => text,
                Err(what) => {
                    fault("samples", format!("a sample of `{id}`: {what}"));
                    break;
                }
            };
            unseen.retain(|anchor| !case(&text).contains(&case(anchor)));
            if !regexes.is_empty() && !matches(&text) {
                fault(
                    "samples",
                    format!("the sample `{template}` of `{id}` does not match its shape"),
                );
                break;
            }
        }
        if rule.engine != Engine::Assignment && matches(template) {
            fault(
                "samples",
                format!("the template `{template}` of `{id}` is itself a match: generate its body"),
            );
        }
    }
    for template in &rule.near_misses {
        if let Err(what) = sample::expand(template, 0) {
            fault("near-misses", format!("a near-miss of `{id}`: {what}"));
        }
    }
    for anchor in unseen {
        fault("anchors", format!("the anchor `{anchor}` of `{id}` stands in none of its samples"));
    }
}

/// The words of a linted rule; every one is there.
pub(crate) fn words(coaching: &CoachingText) -> Option<(&RevokeText, [&str; 8], &[String])> {
    Some((
        coaching.revoke.as_ref()?,
        [
            coaching.opens.as_deref()?,
            coaching.missed.as_deref()?,
            coaching.next_time.as_deref()?,
            coaching.rotate.as_deref()?,
            coaching.vault.as_deref()?,
            coaching.instead.as_deref()?,
            coaching.abuse.as_deref()?,
            coaching.variable.as_deref()?,
        ],
        coaching.sources.as_deref()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::{Fault, lint, words};

    const RULE: &str = r#"
service = "Acme"

[[rule]]
id = "acme-key"
what = "Acme API key"
kind = "api-token"
severity = "high"
lifetime = "long"
anchors = ["acme_"]
shape = 'acme_[0-9A-Za-z]{26}'
cwe = [798]
nhi = ["NHI2:2025"]
samples = ["acme_{base62:26}"]
near-misses = ["acme_{base62:20}"]

[rule.coaching]
opens = "the account"
missed = "the prefix"
next-time = "read it from ACME_KEY"
rotate = "make a second key"
vault = "the vault"
instead = "none"
abuse = "the log"
variable = "ACME_KEY"
sources = ["https://acme.example/docs"]
revoke = { console = "https://acme.example/keys" }
"#;

    /// The faults of the rule above with one text replaced.
    fn faults(from: &str, to: &str) -> Vec<String> {
        assert!(RULE.contains(from), "{from}");
        let faults = lint(&RULE.replace(from, to)).err().unwrap_or_default();
        faults.into_iter().map(|Fault { line, what }| format!("{line}: {what}")).collect()
    }

    #[test]
    fn a_whole_rule_passes_with_its_words_and_its_shape_known() {
        let (service, rules) = lint(RULE).unwrap();

        assert_eq!(service, "Acme");
        assert!(rules[0].leads && rules[0].checks.is_empty());
        assert_eq!((rules[0].before, rules[0].after, rules[0].least), (0, 31, 31));
        assert_eq!(words(&rules[0].rule.coaching).unwrap().1[0], "the account");
    }

    #[test]
    fn each_fault_names_its_line() {
        for (from, to, expected) in [
            ("severity =", "severty =", "8: unknown field `severty`"),
            ("opens = \"the account\"\n", "", "5: `acme-key` has no coaching for `opens`"),
            ("cwe = [798]", "cwe = []", "12: `acme-key` needs a CWE number"),
            ("NHI2:2025", "NHI11:2025", "13: `NHI11:2025` is not of the form NHI2:2025"),
            (
                "[\"acme_\"]",
                "[\"ac\"]",
                "10: anchor `ac` of `acme-key` needs 3 or more ASCII bytes",
            ),
            ("[\"acme_\"]", "[\"other_\"]", "10: the anchor `other_` of `acme-key` stands in none"),
            ("{26}'", "{26}$'", "11: the shape of `acme-key` looks around"),
            (
                "acme_[0-9A-Za-z]{26}'",
                "(?:acme_x)?'",
                "11: the shape of `acme-key` matches the empty",
            ),
            ("acme_{base62:26}", "acme_{base62:25}", "14: the sample `acme_{base62:25}`"),
            ("acme_{base62:26}", "acme_{base63:26}", "14: a sample of `acme-key`: no generator"),
            (
                "cwe =",
                "checks = [\"jwd\"]\ncwe =",
                "12: no check is called `jwd`; did you mean `jwt`?",
            ),
        ] {
            let found = faults(from, to);
            assert!(
                found.iter().any(|fault| fault.starts_with(expected)),
                "{expected}\nis not in {found:?}"
            );
        }
    }
}

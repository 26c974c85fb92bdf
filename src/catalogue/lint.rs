//! What is wrong in a rule file, with the line it stands on.
//!
//! Takes the text of one file, gives its rules with shapes analysed, or every fault.
//! `build.rs` checks `patterns/` with it, the library users' rules at run time. A fault
//! quotes no shape, anchor or sample: a user's could hold a real credential.

use super::check::{Check, byte_set};
use super::coaching::{Duty, fill, missing};
use super::named;
use super::reach;
use super::sample;
use super::schema::{Engine, RuleFile, RuleText};
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
    /// The line it stands on.
    pub line: usize,
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

/// Bytes of a shape when compiled.
pub(crate) const SIZE_LIMIT: usize = 1 << 20;

/// No match reaches further than this.
const MOST_REACH: u32 = 16_384;

/// More samples than these would only take time.
const MOST_SAMPLES: usize = 64;

/// The seeds on which samples are tried.
const SEEDS: std::ops::Range<u64> = 0..3;

/// Reads and checks one rule file.
///
/// # Errors
/// Every fault found, in order of lines; only the first where the TOML itself or its
/// keys are wrong.
pub(crate) fn lint(text: &str, duty: Duty) -> Result<(String, Vec<Linted>), Vec<Fault>> {
    let file: RuleFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        vec![Fault { line, what: unquoted(error.message()) }]
    })?;
    let mut faults = Vec::new();
    let mut rules = Vec::new();
    for spanned in file.rules {
        let place = Place { text, start: spanned.span().start };
        let mut rule = spanned.into_inner();
        rule.coaching = fill(rule.coaching, &file.coaching);
        match lint_rule(rule, duty) {
            Ok(linted) => rules.push(Linted { line: line_at(text, place.start), ..linted }),
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

/// What a TOML parser says, without what it quotes: a value can be a credential that was
/// pasted into the wrong place. What it expected instead is no part of the file, and the
/// name of a field is shown while it is short.
pub(crate) fn unquoted(message: &str) -> String {
    let expected = message.rfind(", expected").unwrap_or(message.len());
    let quoted = message.find(['`', '"']).unwrap_or(message.len());
    let (said, rest) = message.split_at(quoted.min(expected));
    let (_, expected) = message.split_at(expected);
    let name = rest.split('`').nth(1).filter(|name| name.len() <= 24 && said.ends_with("field "));
    let name = name.map_or_else(String::new, |name| format!(" `{name}`"));
    let said = said.trim_end();
    format!("{said}{name}{expected}").lines().next().unwrap_or_default().to_owned()
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

/// The key it concerns, and what is wrong.
type KeyFault = (&'static str, String);

fn lint_rule(rule: RuleText, duty: Duty) -> Result<Linted, Vec<KeyFault>> {
    let mut faults = Vec::new();
    let mut fault = |key: &'static str, what: String| faults.push((key, what));
    let id = &rule.id;
    let builtin = duty == Duty::Builtin;

    let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(kebab) {
        fault("id", format!("`{id}` is not of the form service-thing in lower case"));
    }
    if rule.anchors.is_empty() {
        fault("anchors", format!("`{id}` needs at least one anchor"));
    }
    for (index, anchor) in rule.anchors.iter().enumerate() {
        if !(3..=255).contains(&anchor.len()) || !anchor.is_ascii() {
            let number = index + 1;
            fault("anchors", format!("anchor {number} of `{id}` needs 3 to 255 ASCII bytes"));
        }
    }
    if rule.reach > MOST_REACH {
        fault("reach", format!("`{id}` reaches further than {MOST_REACH} bytes"));
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
    if builtin && rule.cwe.is_empty() {
        fault("cwe", format!("`{id}` needs a CWE number"));
    }
    if builtin && rule.nhi.is_empty() {
        fault("nhi", format!("`{id}` needs an id of the NHI Top 10"));
    }
    for nhi in &rule.nhi {
        let number = nhi.strip_prefix("NHI").and_then(|rest| rest.strip_suffix(":2025"));
        if !number.and_then(|n| n.parse().ok()).is_some_and(|n: u8| (1..=10).contains(&n)) {
            fault("nhi", format!("`{nhi}` is not of the form NHI2:2025"));
        }
    }
    if rule.what.trim().is_empty() {
        fault("what", format!("`{id}` does not say what it is"));
    }
    for key in missing(&rule.coaching, duty) {
        fault("id", format!("`{id}` has no coaching for `{key}`"));
    }
    if let Some(revoke) = &rule.coaching.revoke
        && revoke.console.trim().is_empty()
    {
        fault("revoke", format!("`{id}` does not say where to revoke"));
    }

    if (rule.engine == Engine::Named) == rule.names.is_empty() {
        fault("names", format!("`{id}`: a named rule has names, and no other has"));
    }
    for (index, name) in rule.names.iter().enumerate() {
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b' ';
        if !name.bytes().all(word) || name.trim() != name || name.is_empty() {
            fault("names", format!("name {} of `{id}` is not words in lower case", index + 1));
        }
    }

    if !builtin && rule.engine == Engine::Assignment {
        fault(
            "engine",
            format!(
                "`{id}`: only leakcoach's own rules judge any assignment; name the names with `named`"
            ),
        );
    }

    let analysed = match rule.engine {
        Engine::Shape | Engine::Named => analyse(&rule).map_err(|what| fault("shape", what)).ok(),
        Engine::Assignment => {
            Some(Analysed { before: 0, after: 0, least: 0, leads: true, regexes: vec![] })
        }
    };
    if let Some(shape) = &analysed {
        lint_samples(&rule, duty, &shape.regexes, &mut fault);
    }
    match analysed {
        Some(shape) if faults.is_empty() => {
            let Analysed { before, after, least, leads, .. } = shape;
            Ok(Linted { line: 0, rule, checks, before, after, least, leads })
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
        hir.map_err(|error| format!("the shape of `{id}` does not parse: {}", fault_of(&error)))
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
            regex::bytes::RegexBuilder::new(shape).unicode(false).size_limit(SIZE_LIMIT).build();
        regexes.push(regex.map_err(|_| {
            format!("the shape of `{id}` is too large: more than {SIZE_LIMIT} bytes when compiled")
        })?);
    }
    let hir = parse(&rule.shape)?;
    let longest = hir.properties().maximum_len().and_then(|length| u32::try_from(length).ok());
    let reach =
        longest.unwrap_or(rule.reach).min(rule.reach.max(longest.map_or(0, |l| l.min(MOST_REACH))));
    let case =
        |text: &[u8]| if rule.ignore_case { text.to_ascii_lowercase() } else { text.to_vec() };
    let prefixes = Extractor::new().extract(&hir);
    let leads = prefixes.literals().is_some_and(|literals| {
        literals.iter().all(|literal| {
            let literal = case(literal.as_bytes());
            rule.anchors.iter().any(|anchor| literal.starts_with(&case(anchor.as_bytes())))
        })
    });
    let before =
        if leads { 0 } else { reach::lead_in(&hir, &rule.anchors).unwrap_or(reach).min(reach) };
    Ok(Analysed { before, after: reach, least, leads, regexes })
}

/// What is wrong with an expression, without the expression.
pub(crate) fn fault_of(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it is no regular expression".to_owned(),
    }
}

fn lint_samples(
    rule: &RuleText,
    duty: Duty,
    regexes: &[Regex],
    fault: &mut impl FnMut(&'static str, String),
) {
    let id = &rule.id;
    match duty {
        Duty::Builtin if rule.samples.is_empty() || rule.near_misses.is_empty() => {
            fault("samples", format!("`{id}` needs samples and near-misses"));
        }
        Duty::User if rule.samples.is_empty() => {
            fault("samples", format!("`{id}` needs a sample"));
        }
        Duty::Builtin | Duty::User => {}
    }
    if rule.samples.len().max(rule.near_misses.len()) > MOST_SAMPLES {
        fault("samples", format!("`{id}` has more than {MOST_SAMPLES} samples"));
        return;
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
                    named::named(text.as_bytes(), at, end, names, |_| false, fits)
                }
                .is_some()
            })
        }),
        Engine::Shape | Engine::Assignment => fits(text.as_bytes()),
    };
    let mut unseen: Vec<(usize, &String)> = rule.anchors.iter().enumerate().collect();
    for (number, template) in (1..).zip(&rule.samples) {
        for seed in SEEDS {
            let text = match sample::expand(template, seed) {
                Ok(text) => text,
                Err(what) => {
                    fault("samples", format!("sample {number} of `{id}`: {what}"));
                    break;
                }
            };
            unseen.retain(|(_, anchor)| !case(&text).contains(&case(anchor)));
            if !regexes.is_empty() && !matches(&text) {
                fault("samples", format!("sample {number} of `{id}` does not match its shape"));
                break;
            }
        }
        if rule.engine != Engine::Assignment && matches(template) {
            fault(
                "samples",
                format!("sample {number} of `{id}` is itself a match: generate its body"),
            );
        }
    }
    for (number, template) in (1..).zip(&rule.near_misses) {
        if let Err(what) = sample::expand(template, 0) {
            fault("near-misses", format!("near-miss {number} of `{id}`: {what}"));
        }
    }
    for (index, _) in unseen {
        let number = index + 1;
        fault("anchors", format!("anchor {number} of `{id}` stands in none of its samples"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, lint};
    use crate::catalogue::coaching::Duty;

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
        let faults = lint(&RULE.replace(from, to), Duty::Builtin).err().unwrap_or_default();
        faults.into_iter().map(|Fault { line, what }| format!("{line}: {what}")).collect()
    }

    #[test]
    fn a_whole_rule_passes_with_its_words_and_its_shape_known() {
        let (service, rules) = lint(RULE, Duty::Builtin).unwrap();

        assert_eq!(service, "Acme");
        assert!(rules[0].leads && rules[0].checks.is_empty());
        assert_eq!((rules[0].before, rules[0].after, rules[0].least), (0, 31, 31));
        assert_eq!(rules[0].rule.coaching.opens.as_deref(), Some("the account"));
    }

    #[test]
    fn each_fault_names_its_line() {
        for (from, to, expected) in [
            ("severity =", "severty =", "8: unknown field `severty`"),
            ("opens = \"the account\"\n", "", "5: `acme-key` has no coaching for `opens`"),
            ("cwe = [798]", "cwe = []", "12: `acme-key` needs a CWE number"),
            ("NHI2:2025", "NHI11:2025", "13: `NHI11:2025` is not of the form NHI2:2025"),
            ("[\"acme_\"]", "[\"ac\"]", "10: anchor 1 of `acme-key` needs 3 to 255 ASCII bytes"),
            ("[\"acme_\"]", "[\"other_\"]", "10: anchor 1 of `acme-key` stands in none"),
            ("{26}'", "{26}$'", "11: the shape of `acme-key` looks around"),
            (
                "acme_[0-9A-Za-z]{26}'",
                "(?:acme_x)?'",
                "11: the shape of `acme-key` matches the empty",
            ),
            ("acme_{base62:26}", "acme_{base62:25}", "14: sample 1 of `acme-key` does not match"),
            (
                "acme_{base62:26}",
                "acme_{base63:26}",
                "14: sample 1 of `acme-key`: it names a generator",
            ),
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

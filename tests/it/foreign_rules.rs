//! Rule files of gitleaks and betterleaks, and any text as a rule file.

use crate::harness::Repo;
use crate::user_rules::{ACME, faults, gitleaks, loaded, scan};
use leakcoach::catalogue::{Severity, Weight, sample::expand};
use leakcoach::scan::Confidence;
use proptest::prelude::*;

/// The credentials that the rules of a gitleaks file find in `app.conf`.
fn secrets(rules: &str, text: &str) -> Vec<String> {
    secrets_in(rules, "app.conf", text)
}

fn secrets_in(rules: &str, path: &str, text: &str) -> Vec<String> {
    let found = scan(gitleaks(rules), path, text);
    let secrets = found.findings.iter().map(|finding| finding.secret.expose().to_vec());
    secrets.map(|secret| String::from_utf8(secret).unwrap()).collect()
}

fn remarks(rules: &str) -> Vec<String> {
    gitleaks(rules).remarks().iter().map(ToString::to_string).collect()
}

const GITLEAKS: &str = r#"
title = "acme's rules"

[extend]
useDefault = true

[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''(?i)\bacme[_-]?(?:api)?[_-]?token(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|:)[\s'"]{0,5}([a-z0-9]{24})(?:['"\s;]|\z)'''
secretGroup = 1
entropy = 3.0
keywords = ["ACME"]
tags = ["acme"]

  [[rules.allowlists]]
  description = "not these"
  regexTarget = "line"
  regexes = ['''# example$''']

[[rules]]
id = "generic-api-key"
[[rules.allowlists]]
paths = ['''\.md$''']

[allowlist]
paths = ['''(^|/)fixtures/''']
stopwords = ["FAKE"]
"#;

#[test]
fn a_gitleaks_file_finds_what_gitleaks_finds() {
    let token = expand("{base36:24}", 11).unwrap();
    let line = format!("acme_token = \"{token}\"");

    assert_eq!(secrets(GITLEAKS, &line), [token.as_str()]);
    assert_eq!(secrets(GITLEAKS, &line.to_uppercase()), [token.to_uppercase()]);
    assert_eq!(secrets(GITLEAKS, &format!("a\n{line}\r\n{line} # example\n")), [token.as_str()]);
    for (path, text) in [
        ("app.conf", line.replace("acme", "acne")),
        ("app.conf", line.replace(&token, &"ab".repeat(12))),
        ("app.conf", line.replace(&token, &format!("fake{}", token.get(4..).unwrap()))),
        ("app.conf", format!("{line} # example")),
        ("test/fixtures/app.conf", line.clone()),
    ] {
        assert_eq!(secrets_in(GITLEAKS, path, &text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn what_of_a_gitleaks_file_is_not_honoured_is_told_rule_by_rule() {
    let told = remarks(GITLEAKS);
    for expected in [
        ".gitleaks.toml:5: `useDefault`: leakcoach's own rules run",
        ".gitleaks.toml:14: `acme-token`: `tags` are not shown",
        ".gitleaks.toml:21: `generic-api-key`: changes gitleaks's own rule of that name",
        "its allowlists hold for its own rules",
    ] {
        assert!(told.iter().any(|line| line.contains(expected)), "{expected}\n{told:?}");
    }
    for (text, weight, expected) in [
        ("allowlist = { commits = ['0a1b2c'] }", Weight::Widens, "`commits` of an allowlist"),
        ("[extend]\nurl = 'https://x.example/a.toml'", Weight::Loses, "nothing is fetched"),
        ("[extend]\ndisabledRules = ['b']", Weight::Tells, ".leakcoach.toml"),
        ("colour = 'red'", Weight::Widens, "the key `colour` is not known"),
        ("prefilter = 'true'", Weight::Widens, "a part of the expression for all rules"),
        (
            "[[rules]]\nid = 'u'\nregex = '\\p{Greek}{9}'",
            Weight::Loses,
            "left out: its regex asks for a class of Unicode",
        ),
        (
            "[[rules]]\nid = 'p'\nregex = 'abc'\npath = '\\pL'",
            Weight::Loses,
            "left out: its path asks",
        ),
        ("[[rules]]\nid = 'a'\nregex = 'xyz'", Weight::Loses, "stands twice"),
        (
            "[[rules]]\nid = 'v'\nregex = 'abc'\nvalidate = 'x'",
            Weight::Tells,
            "`validate` is not run",
        ),
        (
            "[[rules]]\nid = 'f'\nregex = 'abc'\nfilter = 'finding.secret == 1'",
            Weight::Widens,
            "a part of its `filter`",
        ),
        (
            "[[rules]]\nid = 't'\nregex = 'abc'\ntokenEfficiency = true",
            Weight::Widens,
            "`tokenEfficiency`",
        ),
        ("[[rules]]\nid = 's'\nregex = 'abc'\nspecificity = 5", Weight::Tells, "`specificity`"),
        (
            "[[rules]]\nid = 'm'\nregex = 'abc'\n[rules.allowlist]\nregexes = ['a*']",
            Weight::Widens,
            "would let everything through",
        ),
        ("[[rules]]\nid = 'github-pat'\nregex = 'abc'", Weight::Tells, "runs too"),
    ] {
        let text = format!("{text}\n[[rules]]\nid = 'a'\nregex = 'abc'\n");
        let rules = gitleaks(&text);
        let told = rules.remarks();
        assert!(
            told.iter().any(|remark| remark.weight == weight && remark.what.contains(expected)),
            "{expected}\n{told:?}"
        );
    }
}

#[test]
fn a_check_says_once_that_something_is_not_honoured_and_where_to_see_it() {
    let repo = Repo::plain();
    repo.write(
        "g.toml",
        "[[rules]]\nid = 'a'\nregex = '\\pL{9}'\nkeywords = ['a']\nfilter = 'x'\n",
    )
    .write("a.txt", "x\n")
    .write("b.txt", "x\n");

    let checked = repo.leakcoach(&["check", "--tree", "a.txt", "b.txt", "--rules", "g.toml"]);
    checked
        .accepted()
        .says("g.toml: 1 setting not honoured; to see which: leakcoach rules --rules g.toml");
    assert_eq!(checked.text().matches("not honoured").count(), 1);
    repo.leakcoach(&["rules", "--rules", "g.toml"]).accepted().says("g.toml:3: `a`: left out");
}

#[test]
fn each_fault_of_a_gitleaks_file_is_told_with_its_line() {
    for (text, expected) in [
        ("[[rules]]\nregex = 'a'", "1: a rule needs an `id`"),
        ("[[rules]]\nid = 'a'", "1: `a` has neither `regex` nor `path`"),
        ("[[rules]]\nid = 'a'\nregex = 'a('", "3: the regex of `a` does not parse: unclosed group"),
        (
            "[[rules]]\nid = 'a'\nregex = 'a(?=b)'",
            "3: the regex of `a` does not parse: look-around",
        ),
        ("[[rules]]\nid = 'a'\nregex = 'a*'", "3: the regex of `a` matches the empty string"),
        ("[[rules]]\nid = 'a'\nregex = '((a{999}){999}){999}'", "3: the regex of `a` is too large"),
        (
            "[[rules]]\nid = 'a'\nregex = 'a(b)'\nsecretGroup = 2",
            "4: `a` has 1 groups, and `secretGroup` is 2",
        ),
        ("[[rules]]\nid = 'a'\nregex = 'a'\nentropy = 'x'", "4: `entropy` is a number from 0 to 8"),
        ("[[rules]]\nid = 'a'\nregex = 3", "3: `regex` is a text"),
        ("[[rules]]\nid = 'a'\nregex = 'a'\nkeywords = [1]", "4: `keywords` is a list of texts"),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.required]]\nwithinLines = 1",
            "4: [[rules.required]] needs an `id`",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.required]]\nid = 'b'",
            "4: `a` requires `b`, and no rule is called so",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.required]]\nid = 'a'\nwithinLines = -1",
            "6: `withinlines` is a whole number",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\ndescription = 'x'",
            "4: an allowlist needs",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\ncondition = 'XOR'\npaths = ['x']",
            "5: `condition` is one of",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\nregexTarget = 'x'\npaths = ['x']",
            "5: `regexTarget` is one of",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[rules.allowlists]]\nregexes = ['(']",
            "5: an expression in `regexes` of an allowlist does not parse",
        ),
        (
            "[[rules]]\nid = 'a'\nregex = 'a'\n[[allowlists]]\ntargetRules = ['b']\npaths = ['x']",
            "4: `targetRules`: no rule is called `b`",
        ),
        ("rules = 3", "1: `rules` is a table"),
        ("[[rules]]\nid = 'a'\nregex = ", "3: "),
        ("[extend]\npath = 'base.toml'", "2: there is none"),
    ] {
        let faults = faults("g.toml", text);
        assert!(
            faults.lines().any(|line| line.starts_with(&format!("g.toml:{expected}"))),
            "{expected}\nis not in\n{faults}"
        );
    }
}

#[test]
fn each_kind_of_allowlist_lets_through_what_it_names() {
    let rule = "[[rules]]\nid = 'a'\nregex = '''key=(\\w{8})'''\n";
    let text = "key=tq9vHRKP # note\n";
    for (list, found) in [
        ("[[rules.allowlists]]\nregexes = ['HRKP$']", false),
        ("[[rules.allowlists]]\nregexes = ['^key']", true),
        ("[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['^key']", false),
        ("[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['note']", true),
        ("[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['note$']", false),
        ("[[rules.allowlists]]\nstopwords = ['HrK']", false),
        ("[[rules.allowlists]]\nstopwords = ['key']", true),
        ("[[rules.allowlists]]\npaths = ['\\.conf$']", false),
        ("[[rules.allowlists]]\npaths = ['\\.md$']", true),
        ("[[rules.allowlists]]\ncommits = ['abc']", true),
        ("[[rules.allowlists]]\npaths = ['\\.md$']\nregexes = ['HRKP']", false),
        ("[[rules.allowlists]]\ncondition = 'AND'\npaths = ['\\.md$']\nregexes = ['HRKP']", true),
        (
            "[[rules.allowlists]]\ncondition = 'and'\npaths = ['\\.conf$']\nregexes = ['HRKP']",
            false,
        ),
        ("[[rules.allowlists]]\ncondition = '&&'\ncommits = ['abc']\nregexes = ['HRKP']", true),
        ("[rules.allowlist]\nregexes = ['HRKP']", false),
        ("[rules.allowList]\nstopWords = ['hrkp']", false),
        ("[[allowlists]]\nregexes = ['HRKP']", false),
        ("[allowlist]\npaths = ['app']", false),
        ("[[allowlists]]\ntargetRules = ['a']\nregexes = ['HRKP']", false),
        (
            "[[rules]]\nid = 'b'\nregex = 'zzzz'\n[[allowlists]]\ntargetRules = ['b']\nregexes = ['HRKP']",
            true,
        ),
    ] {
        let secrets = secrets(&format!("{rule}{list}\n"), text);
        assert_eq!(!secrets.is_empty(), found, "{list}");
    }
}

#[test]
fn a_secret_is_its_group_or_the_first_that_is_not_empty() {
    let text = "key=tq9vHRKP;";
    for (more, expected) in [
        ("regex = 'key=\\w+'", "key=tq9vHRKP"),
        ("regex = '(x)?key=(\\w{4})(\\w+)'", "tq9v"),
        ("regex = '(x)?key=(\\w{4})(\\w+)'\nsecretGroup = 3", "HRKP"),
        ("regex = '(?P<a>key)=(?P<b>\\w{8})'\nsecretgroup = 2", "tq9vHRKP"),
    ] {
        assert_eq!(secrets(&format!("[[rules]]\nid = 'a'\n{more}\n"), text), [expected], "{more}");
    }
}

const COMPOSITE: &str = r#"
[[rules]]
id = "pair"
regex = '''secret=(\w{8})'''
  [[rules.required]]
  id = "user"
  withinLines = 2

[[rules]]
id = "user"
regex = '''user=(\w{4})'''
skipReport = true
"#;

#[test]
fn a_composite_rule_wants_what_it_requires_nearby() {
    let found = |text: &str| secrets(COMPOSITE, text);

    assert_eq!(found("user=acme\n\nsecret=tq9vHRKP\n"), ["tq9vHRKP"]);
    assert_eq!(found("secret=tq9vHRKP\nuser=acme\n"), ["tq9vHRKP"]);
    assert_eq!(found("user=acme\n\n\nsecret=tq9vHRKP\n"), [""; 0]);
    assert_eq!(found("secret=tq9vHRKP\n"), [""; 0]);
    assert_eq!(found("user=acme\n"), [""; 0]);
    let columns = COMPOSITE.replace("withinLines = 2", "withinColumns = 4");
    assert_eq!(secrets(&columns, "user=acme\n\n\n\n  secret=tq9vHRKP\n"), ["tq9vHRKP"]);
    assert_eq!(secrets(&columns, "user=acme\n          secret=tq9vHRKP\n"), [""; 0]);
    let anywhere = COMPOSITE.replace("withinLines = 2", "");
    assert_eq!(secrets(&anywhere, "user=acme\n\n\n\n\n\nsecret=tq9vHRKP\n"), ["tq9vHRKP"]);
    let shown = COMPOSITE.replace("skipReport = true", "");
    assert_eq!(secrets(&shown, "user=acme\nsecret=tq9vHRKP\n"), ["acme", "tq9vHRKP"]);
    let lost = COMPOSITE.replace("user=(", "\\pLuser=(");
    assert!(remarks(&lost).iter().any(|line| line.contains("`pair`: left out, because `user` is")));
}

#[test]
fn a_rule_on_paths_finds_the_whole_file() {
    let rules = "[[rules]]\nid = 'store'\ndescription = 'Acme key store'\npath = '\\.acme$'\n";

    let found = scan(gitleaks(rules), "conf/a.acme", "one\ntwo\n");
    assert_eq!(found.findings.len(), 1);
    assert_eq!(found.findings[0].span, 0..8);
    assert_eq!(secrets_in(rules, "conf/a.acme.md", "one\ntwo\n"), [""; 0]);
    assert_eq!(secrets_in(rules, "conf/a.acme", ""), [""; 0]);
    let both = format!("{rules}regex = 'two'\n");
    assert_eq!(secrets_in(&both, "a.acme", "one two\n"), ["two"]);
    assert_eq!(secrets_in(&both, "a.conf", "one two\n"), [""; 0]);
}

#[test]
fn a_rule_without_keywords_is_found_by_the_literals_of_its_expression_or_by_itself() {
    for regex in ["(?i)acme[0-9]{6}", "[a-z]{4}[0-9]{6}", "(?:acme|acne)[0-9]{6}"] {
        let rules = format!("[[rules]]\nid = 'a'\nregex = '{regex}'\n");
        assert_eq!(secrets(&rules, "x acme739184 y"), ["acme739184"], "{regex}");
    }
}

#[test]
fn a_match_is_found_wherever_it_stands_in_a_long_text() {
    let rules = "[[rules]]\nid = 'a'\nregex = 'key=(\\w+)'\n";
    for before in [0, 49_100, 49_152, 65_530, 65_536, 200_000] {
        let text = format!("{} key=tq9vHRKP {}", "x ".repeat(before / 2), "y ".repeat(40_000));
        assert_eq!(secrets(rules, &text), ["tq9vHRKP"], "{before}");
    }
}

#[test]
fn a_gitleaks_file_extends_another_of_the_repository() {
    let repo = Repo::plain();
    repo.write(
        "base.toml",
        "[[rules]]\nid = 'a'\nregex = 'aaa=(\\w{8})'\n[[rules]]\nid = 'b'\nregex = 'bbb=(\\w{8})'\n[[rules]]\nid = 'c'\nregex = 'ccc=(\\w{8})'\n",
    )
    .write(
        ".gitleaks.toml",
        "[extend]\npath = 'base.toml'\ndisabledRules = ['b']\n[[rules]]\nid = 'c'\n[[rules.allowlists]]\nstopwords = ['hrkp']\n",
    )
    .write(".leakcoach.toml", "[rules]\nfiles = ['.gitleaks.toml']\n")
    .write("a.txt", "aaa=tq9vLMBG\nbbb=tq9vLMBG\nccc=tq9vHRKP\nccc=tq9vLMBG\n");

    let checked = repo.leakcoach(&["check", "--tree", "a.txt"]);
    assert_eq!(checked.refused().refusals(), 2, "{}", checked.text());
    checked.says("a.txt:1").says("a.txt:4");
    repo.write("base.toml", "[extend]\npath = '.gitleaks.toml'\n");
    repo.leakcoach(&["check", "--tree", "a.txt"]).ends_with_code(2).says("the same file");
}

#[test]
fn the_terms_of_a_betterleaks_filter_that_mean_the_same_are_honoured() {
    let rules = r#"
[[rules]]
id = "a"
regex = '''key=(\w{8})'''
filter = '''
filter.entropy(finding["secret"]) <= 2.5 ||
filter.matchesAny(finding["line"], [`# example`]) ||
filter.containsAny(finding["secret"], ["hrkp"]) ||
filter.failsTokenEfficiency(finding["secret"])
'''
"#;
    assert_eq!(secrets(rules, "key=tq9vLMBG"), ["tq9vLMBG"]);
    // What the rest of the filter would have sorted out must not refuse anything.
    let found = scan(gitleaks(rules), "app.conf", "key=tq9vLMBG");
    assert_eq!(found.findings[0].confidence, Confidence::Possible);
    assert_eq!(found.findings[0].rule.severity, Severity::Medium);
    assert_eq!(secrets(rules, "key=aabbaabb"), [""; 0]);
    assert_eq!(secrets(rules, "key=tq9vLMBG # example"), [""; 0]);
    assert_eq!(secrets(rules, "key=tq9vHRKP"), [""; 0]);
    let global =
        format!("prefilter = 'matchesAny(get(attributes, \"path\", \"\"), [`[.]md$`])'{rules}");
    assert_eq!(secrets_in(&global, "a.md", "key=tq9vLMBG"), [""; 0]);
    assert_eq!(secrets_in(&global, "a.conf", "key=tq9vLMBG"), ["tq9vLMBG"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_as_a_rule_file_without_panic(text in "\\PC{0,200}", name in "g|.gitleaks.toml") {
        drop(loaded(&name, &text));
    }

    #[test]
    fn a_rule_file_that_was_cut_or_mixed_up_is_read_without_panic(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..3), 0..8),
        whole in prop::sample::select(vec![ACME, GITLEAKS, COMPOSITE]),
        junk in "[\\[\\]{}'\"=a-z0-9\\\\|().*+?^$-]{0,12}",
    ) {
        let mut text = whole.to_owned();
        for (pick, how) in picks {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if ends.is_empty() {
                break;
            }
            let at = *pick.get(&ends);
            match how {
                0 => text.truncate(at),
                1 => text.insert_str(at, &junk),
                _ => {
                    text.remove(at);
                }
            }
        }
        if let Ok(rules) = loaded("g.toml", &text) {
            scan(rules, "a.conf", "acme_token = 'x'\nsecret=tq9vHRKP\nuser=acme\n");
        }
    }

    #[test]
    fn any_expression_of_a_gitleaks_file_scans_without_panic(
        regex in "[ab(){}|?*+.\\[\\]^$,0-2-]{1,14}",
        text in "[ab \n]{0,40}",
    ) {
        let rules = format!("[[rules]]\nid = 'a'\nregex = '''{regex}'''\n");
        if let Ok(rules) = loaded("g.toml", &rules) {
            scan(rules, "a.conf", &text);
        }
    }
}

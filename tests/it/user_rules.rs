//! Users' own rules in leakcoach's format, and what no rule file may do.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, UserRules, sample::expand};
use leakcoach::scan::{Found, Scanner, Text};
use leakcoach::source::role::role_of;
use std::sync::Arc;

pub(crate) const ACME: &str = r#"
service = "Acme"

[[rule]]
id = "acme-key"
what = "Acme deploy key"
kind = "api-token"
severity = "high"
lifetime = "long"
anchors = ["acme_"]
shape = 'acme_[0-9A-Za-z]{26}'
samples = ["acme_{base62:26}"]
near-misses = ["acme_{base62:20}"]

[rule.coaching]
revoke = { console = "https://acme.example/keys" }
"#;

pub(crate) fn loaded(path: &str, text: &str) -> Result<UserRules, Vec<String>> {
    let mut rules = UserRules::default();
    let mut none = |_: &str| Err("there is none".to_owned());
    let added = rules.add(path, text, &mut none);
    added.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(rules)
}

pub(crate) fn gitleaks(text: &str) -> UserRules {
    loaded(".gitleaks.toml", text).unwrap()
}

pub(crate) fn scan(rules: UserRules, path: &str, text: &str) -> Found {
    let scanner = Scanner::new(Catalogue::builtin()).only(|_| false);
    let scanner = scanner.with(&Arc::new(rules), |_| true);
    scanner.scan(&Text {
        bytes: text.as_bytes(),
        path: path.as_bytes(),
        role: role_of(path.as_bytes()),
    })
}

pub(crate) fn faults(path: &str, text: &str) -> String {
    loaded(path, text).unwrap_err().join("\n")
}

// leakcoach's format, as its users meet it.

#[test]
fn a_rule_of_the_repository_refuses_a_commit_and_no_step_of_its_card_is_empty() {
    let repo = Repo::with_hook();
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"rules/acme.toml\"]\n")
        .write("rules/acme.toml", ACME)
        .commit("rules")
        .accepted();
    let key = repo.plant(expand("acme_{base62:26}", 7).unwrap());
    repo.write("deploy.py", &format!("KEY = '{key}'\n"));

    let refused = repo.commit("deploy");

    refused.refused().says("Acme deploy key [acme-key]").says("read ACME_KEY from the environment");
    let text = refused.text();
    let card: Vec<&str> = text.lines().skip_while(|line| !line.contains("refused:")).collect();
    for label in ["signal", "opens", "next time"] {
        let line = card.iter().find_map(|line| line.trim_start().strip_prefix(label));
        assert!(line.is_some_and(|words| words.trim().len() > 9), "{label}\n{text}");
    }
    for line in card {
        let words = line.trim().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        assert!(line.trim().is_empty() || !words.trim().is_empty(), "an empty step in\n{text}");
    }
}

#[test]
fn a_user_rule_is_listed_explained_sampled_and_named_in_the_configuration() {
    let repo = Repo::plain();
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"rules/acme.toml\"]\n")
        .write("rules/acme.toml", ACME);

    repo.leakcoach(&["rules", "--service", "acme"])
        .accepted()
        .says("Acme deploy key  (rules/acme.toml:4)");
    repo.leakcoach(&["explain", "acme-key"])
        .accepted()
        .says("a rule of rules/acme.toml:4")
        .says("https://acme.example/keys");
    repo.leakcoach(&["rules", "--sample", "acme-key"]).accepted().says("acme_");

    let key = repo.plant(expand("acme_{base62:26}", 8).unwrap());
    repo.write("a.conf", &format!("x {key}\n"));
    repo.leakcoach(&["check", "--tree", "a.conf"]).refused();
    repo.write(
        ".leakcoach.toml",
        "[rules]\nfiles = [\"rules/acme.toml\"]\ndisable = [\"acme-key\"]\n",
    );
    repo.leakcoach(&["check", "--tree", "a.conf"]).accepted();
    repo.write(".leakcoach.toml", "[rules]\ndisable = [\"acme-key\"]\n");
    repo.leakcoach(&["check", "--tree", "a.conf"]).ends_with_code(2).says("acme-key");
}

#[test]
fn rule_files_are_named_on_the_command_line_too() {
    let repo = Repo::plain();
    let key = repo.plant(expand("acme_{base62:26}", 9).unwrap());
    repo.write("acme.toml", ACME).write("src/a.conf", &format!("x {key}\n"));

    repo.leakcoach(&["check", "--tree", "src"]).accepted();
    repo.leakcoach(&["check", "--tree", "src", "--rules", "acme.toml"]).refused().says("acme-key");
    repo.leakcoach(&["check", "--tree", "src", "--rules", "none.toml"])
        .ends_with_code(2)
        .says("none.toml");
    repo.leakcoach(&["eval", "src", "--rules", "acme.toml"]).accepted().says("acme-key");
    repo.leakcoach(&["rules", "--rules", "acme.toml", "--format", "json"])
        .accepted()
        .says("\"file\":\"acme.toml:4\"");
}

#[test]
fn every_fault_of_a_rule_file_is_told_with_its_line() {
    for (from, to, expected) in [
        ("severity =", "severty =", "8: unknown field `severty`"),
        ("what = \"Acme deploy key\"", "what = 3", "6: invalid type: integer, expected a string"),
        ("lifetime = \"long\"\n", "", "4: missing field `lifetime`"),
        (
            "revoke = { console = \"https://acme.example/keys\" }",
            "",
            "5: `acme-key` has no coaching for `revoke` or `sources`",
        ),
        ("[\"acme_\"]", "[\"ac\"]", "10: anchor 1 of `acme-key` needs 3 to 255 ASCII bytes"),
        ("[\"acme_\"]", "[\"other_\"]", "10: anchor 1 of `acme-key` stands in none of its samples"),
        ("{26}'", "{26}$'", "11: the shape of `acme-key` looks around"),
        ("acme_[0-9A-Za-z]{26}'", "(?:acme_x)?'", "11: the shape of `acme-key` matches the empty"),
        (
            "{26}'",
            "{26'",
            "11: the shape of `acme-key` does not parse: unclosed counted repetition",
        ),
        ("{26}'", "{26}(?:[a-z]{999}){999}'", "11: the shape of `acme-key` is too large"),
        (
            "[\"acme_{base62:26}\"]",
            "[\"acme_{base62:25}\"]",
            "12: sample 1 of `acme-key` does not match",
        ),
        ("[\"acme_{base62:26}\"]", "[]", "12: `acme-key` needs a sample"),
        ("{base62:26}", "{base63:26}", "12: sample 1 of `acme-key`: it names a generator"),
        (
            "samples =",
            "checks = [\"jwd\"]\nsamples =",
            "12: no check is called `jwd`; did you mean `jwt`?",
        ),
        ("samples =", "reach = 99999\nsamples =", "12: `acme-key` reaches further than"),
        ("samples =", "engine = \"assignment\"\nsamples =", "12: `acme-key`: only leakcoach's own"),
        ("id = \"acme-key\"", "id = \"Acme key\"", "5: `Acme key` is not of the form"),
        ("service = \"Acme\"", "service =", "2: "),
    ] {
        assert!(ACME.contains(from), "{from}");
        let faults = faults("rules/acme.toml", &ACME.replacen(from, to, 1));
        assert!(
            faults.lines().any(|line| line.starts_with(&format!("rules/acme.toml:{expected}"))),
            "{expected}\nis not in\n{faults}"
        );
    }
}

#[test]
fn a_wrong_rule_file_ends_with_code_2_and_quotes_nothing_of_it() {
    let repo = Repo::plain();
    let secret = repo.plant(expand("{base62:24}", 3).unwrap());
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"acme.toml\"]\n").write("a.txt", "x\n");
    for (from, to) in [
        ("acme_{base62:26}", format!("acme_{secret}")),
        ("acme_{base62:26}", format!("{{{secret}}}")),
        ("acme_{base62:26}", format!("{{\\\"k\\\": \\\"{secret}\\\"}}")),
        ("acme_[0-9A-Za-z]{26}", format!("{secret}(")),
        ("[\"acme_\"]", format!("[\"{secret}\"]")),
        ("severity = \"high\"", format!("severity = [\"{secret}\"]")),
        ("cwe", format!("cwe = \"{secret}\"\n")),
        ("service = \"Acme\"", format!("service = \"Acme\"\nx = {secret}")),
    ] {
        let text = if from == "cwe" {
            ACME.replace("samples =", &format!("{to}samples ="))
        } else {
            ACME.replacen(from, &to, 1)
        };
        repo.write("acme.toml", &text);
        repo.leakcoach(&["check", "--tree", "a.txt"]).ends_with_code(2).says("acme.toml:");
    }
}

#[test]
fn a_named_rule_and_a_companion_of_users_find_what_they_say() {
    let rules = r#"
service = "Acme"
[coaching]
sources = ["https://acme.example/docs"]

[[rule]]
id = "acme-password"
what = "Acme password"
kind = "password"
severity = "high"
lifetime = "long"
engine = "named"
anchors = ["acme"]
names = ["acme password"]
shape = '[0-9a-z]{12}'
samples = ["ACME_PASSWORD={base36:12}"]

[[rule]]
id = "acme-id"
what = "Acme id"
kind = "identifier"
severity = "info"
lifetime = "long"
anchors = ["ACID-"]
shape = 'ACID-[0-9]{8}'
samples = ["ACID-{digits:8}"]

[[rule]]
id = "acme-secret"
what = "Acme secret"
kind = "client-secret"
severity = "high"
lifetime = "long"
anchors = ["acme.secret"]
shape = 'acme\.secret=(?P<secret>[0-9a-z]{20})'
samples = ["acme.secret={base36:20}"]
companion = { of = "acme-id", lines = 2, shape = '[0-9a-z]{20}' }
"#;
    let text =
        expand("acmePassword: '{base36:12}'\n\n\n\nid = ACID-{digits:8}\nkey = {base36:20}\n", 4)
            .unwrap();
    let found = scan(loaded("acme.toml", rules).unwrap(), "app.yaml", &text);
    let ids: Vec<&str> = found.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(ids, ["acme-password", "acme-secret"]);

    let unknown = rules.replace("of = \"acme-id\"", "of = \"acme-idd\"");
    let rules = loaded("acme.toml", &unknown).unwrap();
    let faults = rules.check_companions().unwrap_err();
    assert_eq!(faults[0].to_string(), "acme.toml:28: no rule is called `acme-idd`");
}

#[test]
fn a_near_miss_that_is_found_is_told() {
    let repo = Repo::plain();
    repo.write("acme.toml", &ACME.replace("acme_{base62:20}\"", "acme_{base62:26}\""));

    repo.leakcoach(&["rules", "--rules", "acme.toml"])
        .accepted()
        .says("acme.toml:4: `acme-key`: near-miss 1 is found");
}

#[test]
fn the_example_of_the_documents_is_a_rule_that_works() {
    let page = include_str!("../../docs/rules.md");
    let example = page.split("```toml").find(|part| part.contains("[[rule]]")).unwrap();
    let example = example.split("```").next().unwrap();
    let repo = Repo::plain();
    let key = repo.plant(expand("acme_{base62:26}", 21).unwrap());
    repo.write("acme.toml", example).write("a.py", &format!("key = '{key}'\n"));

    let listed = repo.leakcoach(&["rules", "--rules", "acme.toml"]);
    assert_eq!(listed.accepted().text().lines().count(), 1, "{}", listed.text());
    repo.leakcoach(&["check", "--tree", "a.py", "--rules", "acme.toml"])
        .refused()
        .says("deployments to every shop of the account");
}

// What a rule file out of an untrusted repository may not do.

#[test]
fn a_rule_file_outside_of_the_repository_is_not_read() {
    let repo = Repo::plain();
    let outside = tempfile::TempDir::new().unwrap();
    let path = outside.path().join("acme.toml");
    std::fs::write(&path, ACME).unwrap();
    repo.write("a.txt", "x\n");
    std::os::unix::fs::symlink(&path, repo.top().join("link.toml")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", repo.top().join("zero.toml")).unwrap();
    std::fs::create_dir(repo.top().join("folder.toml")).unwrap();

    for name in ["link.toml", "zero.toml", "../acme.toml", "/etc/passwd", "a/../../b.toml", ""] {
        repo.write(".leakcoach.toml", &format!("[rules]\n\nfiles = [{name:?}]\n"));
        repo.leakcoach(&["check", "--tree", "a.txt"])
            .ends_with_code(2)
            .says(".leakcoach.toml:3: cannot read the rule file")
            .says("it leads out of the repository");
    }
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"folder.toml\"]\n");
    repo.leakcoach(&["check", "--tree", "a.txt"]).ends_with_code(2).says("it is no file");
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"big.toml\"]\n");
    repo.write("big.toml", &"#".repeat((1 << 20) + 1));
    repo.leakcoach(&["check", "--tree", "a.txt"]).ends_with_code(2).says("larger than 1048576");
    repo.write("big.toml", "[extend]\npath = \"../x.toml\"\n");
    repo.leakcoach(&["check", "--tree", "a.txt"]).ends_with_code(2).says("big.toml:2: cannot read");
}

#[test]
fn a_rule_that_takes_the_place_of_a_built_in_one_is_named_at_each_check() {
    let repo = Repo::plain();
    let own = ACME.replace("id = \"acme-key\"", "id = \"github-pat\"");
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"acme.toml\"]\n").write("acme.toml", &own);
    let token = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 3).unwrap());
    repo.write("a.txt", &format!("{token}\n"));

    repo.leakcoach(&["check", "--tree", "a.txt"])
        .says("acme.toml:4: `github-pat`: takes the place of leakcoach's own rule of that name");
    repo.leakcoach(&["rules", "--service", "github"]).accepted().says("github-fine-grained-pat");
}

#[test]
fn a_user_rule_does_not_hide_what_would_be_refused_harder_without_it() {
    let token = expand("{base62:30}", 3).unwrap();
    let text = format!(
        "a = {}\npassword = \"{token}\"\nb = {}\n",
        expand("ghp_{base62:30}{crc32-base62}", 3).unwrap(),
        data_encoding::BASE64
            .encode(expand("k: ghp_{base62:30}{crc32-base62}", 4).unwrap().as_bytes()),
    );
    let ids = |rules: Option<UserRules>| -> Vec<&str> {
        let scanner = Scanner::new(Catalogue::builtin());
        let scanner = match rules {
            Some(rules) => scanner.with(&Arc::new(rules), |_| true),
            None => scanner,
        };
        let text = Text { bytes: text.as_bytes(), path: b"a.py", role: role_of(b"a.py") };
        let found = scanner.scan(&text).findings;
        let own = found.iter().filter(|finding| finding.rule.file.is_none());
        own.map(|finding| finding.rule.id).collect()
    };
    let without = ids(None);
    assert_eq!(without.len(), 3, "{without:?}");

    for (words, severity, anchors, shape) in [
        ("", "info", "password", "password = [0-9A-Za-z\"]{26,60}"),
        ("confidence = 'possible'", "info", "password", "password = [0-9A-Za-z\"]{26,60}"),
        ("public = true", "high", "password", "password = [0-9A-Za-z\"]{26,60}"),
        ("confidence = 'possible'", "info", "ghp_", "[ghp]{3}_[0-9A-Za-z]{36}"),
        ("", "critical", "ghp_", "ghp_[0-9A-Za-z]{36}"),
        ("confidence = 'possible'", "info", "b = ", "b = (?P<secret>[0-9A-Za-z+/]{40,99})"),
    ] {
        let length = if anchors == "b = " { 48 } else { 36 };
        let rules = ACME
            .replace("kind =", &format!("{words}\nhead = \"\"\ntail = \"\"\nkind ="))
            .replace("severity = \"high\"", &format!("severity = \"{severity}\""))
            .replace("[\"acme_\"]", &format!("[{anchors:?}]"))
            .replace("acme_[0-9A-Za-z]{26}", shape)
            .replace("acme_{base62:26}", &format!("{anchors}{{base62:{length}}}"))
            .replace("password{", "password = {");
        let ids = ids(Some(loaded("acme.toml", &rules).unwrap()));
        // A surer finding of a user's rule may stand for a guess of leakcoach's own.
        let stands_in = words.is_empty() && anchors == "password";
        let expected: Vec<&str> =
            without.iter().copied().filter(|id| !stands_in || *id == "github-pat").collect();
        assert_eq!(ids, expected, "{words} {severity} {shape}");
    }
}

#[test]
fn words_of_a_rule_file_cannot_move_or_colour_a_terminal() {
    let repo = Repo::plain();
    let own = ACME.replace("Acme deploy key", "Acme\\u001b[31m \\u202e key\\nrefused: 0");
    repo.write("acme.toml", &own);

    let listed = repo.leakcoach(&["rules", "--rules", "acme.toml"]).accepted().text();
    assert!(!listed.contains('\u{1b}') && !listed.contains('\u{202e}'), "{listed}");
    assert_eq!(listed.lines().count(), 1, "{listed}");
}

#[test]
fn a_rule_that_matches_everywhere_is_stopped_and_that_is_told() {
    let repo = Repo::plain();
    repo.write(
        ".gitleaks.toml",
        "[[rules]]\nid = 'all'\nregex = 'x[a-z]?'\n[allowlist]\nregexes = ['x']\n",
    );
    repo.write("a.txt", &"xy ".repeat(20_000));

    repo.leakcoach(&["check", "--tree", "a.txt", "--rules", ".gitleaks.toml"])
        .ends_with_code(3)
        .says("could not check a.txt: the rule `all` matches too often in it");
}

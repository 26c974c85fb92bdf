//! Which line of policy decides.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};

fn token(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

fn with(policy: &str, seed: u64) -> Repo {
    let repo = Repo::plain();
    let token = token(&repo, seed);
    repo.write("src/app.py", &format!("t = '{token}'\n")).git(&["add", "src"]).accepted();
    repo.write(".leakcoach.toml", policy);
    repo
}

const LINES: &str = "\
[[policy]]
path = 'tests/**'
verdict = 'permit'

[[policy]]
service = 'GitHub'
severity = '>=high'
role = 'sre'
verdict = 'digest'

[[policy]]
rule = 'github-*'
branch = ['main', 'release/*']
transaction = 'commit'
actor = ['person', 'agent']
verdict = 'block'

[[policy]]
verdict = 'permit'
";

#[test]
fn the_first_line_that_fits_decides_and_is_named() {
    let repo = with(LINES, 1);

    repo.leakcoach(&["check"]).refused().reads("`.leakcoach.toml:11` says block");
    repo.leakcoach_with(&[("CI", "true")], &["check"]).accepted().reads(".leakcoach.toml:18");
    repo.leakcoach_with(&[("LEAKCOACH_ROLE", "SRE")], &["check"])
        .accepted()
        .reads("1 finding let through, by .leakcoach.toml:5: 1 github-pat");
    repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    repo.leakcoach(&["check"]).accepted().reads("`.leakcoach.toml:18` says permit");
    repo.leakcoach_with(&[("LEAKCOACH_TRANSACTION", "deploy")], &["check"]).accepted();
    let json = repo.leakcoach(&["check", "--format", "json"]).text();
    assert!(json.contains("\"policy\": \".leakcoach.toml:18\""), "{json}");
}

#[test]
fn an_explanation_names_the_line_and_what_was_looked_at() {
    let repo = with(LINES, 2);

    repo.leakcoach(&["policy", "explain"])
        .accepted()
        .reads("block, by .leakcoach.toml:11")
        .reads(".leakcoach.toml:1  permit  not here: `path` differs")
        .reads(".leakcoach.toml:5  digest  not here: `role` differs")
        .reads(".leakcoach.toml:11  block  fits")
        .reads("branch       main")
        .reads("remote       (not known)");
    let json = repo.leakcoach(&["policy", "explain", "src/app.py:1", "--format", "json"]).text();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value[0]["by"], ".leakcoach.toml:11");
    assert_eq!(value[0]["facts"]["transaction"], "commit");
    repo.leakcoach(&["policy", "explain", "nothing-like-it"]).ends_with_code(2);
}

#[test]
fn slow_without_a_terminal_is_the_configured_fallback() {
    let repo = with("[[policy]]\nverdict = 'slow'\n", 3);
    repo.leakcoach(&["check"]).refused().reads("nobody is here to be slowed");
    repo.write(".leakcoach.toml", "[[policy]]\nverdict = 'slow'\n[slow]\nfallback = 'permit'\n");
    repo.leakcoach(&["check"]).accepted();
    repo.write(".leakcoach.toml", "[slow]\nfallback = 'guide'\n");
    repo.leakcoach(&["check"]).ends_with_code(2).reads(".leakcoach.toml:2: ");
}

#[test]
fn a_push_to_several_branches_gets_the_strictest_answer() {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "../there"]).accepted();
    repo.git(&["remote", "add", "origin", "../there"]).accepted();
    let text = "[[policy]]\nbranch = 'main'\ntransaction = 'push'\nverdict = 'block'\n\
                [[policy]]\nverdict = 'digest'\n";
    repo.write(".leakcoach.toml", text);
    let token = token(&repo, 4);
    repo.write("app.py", &format!("t = '{token}'\n"));
    repo.commit("one").accepted();

    repo.git(&["push", "origin", "HEAD:refs/heads/topic"]).accepted();
    let token = self::token(&repo, 5);
    repo.write("b.py", &format!("t = '{token}'\n"));
    repo.commit("two").accepted();
    let both = ["push", "origin", "HEAD:refs/heads/other", "HEAD:refs/heads/main"];
    assert_ne!(repo.git(&both).reads("`.leakcoach.toml:1` says block").text(), "");
}

#[test]
fn starter_policies_differ_in_what_they_refuse() {
    let repo = with("preset = 'observe'\n", 6);
    repo.leakcoach(&["check"]).accepted().reads("`.leakcoach.toml:1` says permit");
    for preset in ["balanced", "strict"] {
        repo.write(".leakcoach.toml", &format!("preset = '{preset}'\n"));
        repo.leakcoach(&["check"]).refused();
    }
}

#[test]
fn a_table_of_cases_is_held_against_the_policy() {
    let repo = with(LINES, 7);
    let case = "[[case]]\nname = 'tests may'\nrule = 'github-pat'\npath = 'tests/a.py'\n\
                expect = 'permit'\nby = '.leakcoach.toml:1'\n";
    repo.write("cases.toml", case);
    repo.leakcoach(&["policy", "test", "cases.toml"]).accepted().reads("1 of 1 case as expected");

    let miss = "\n[[case]]\nname = 'main'\nrule = 'github-pat'\nbranch = 'main'\n\
                transaction = 'commit'\nexpect = 'guide'\n";
    repo.write("cases.toml", &[case, miss].concat());
    repo.leakcoach(&["policy", "test", "cases.toml"])
        .refused()
        .reads("cases.toml:8: main: expected guide, got block by .leakcoach.toml:11");

    repo.write("cases.toml", "[[case]]\nrule = 'github-pa'\nexpect = 'block'\n");
    repo.leakcoach(&["policy", "test", "cases.toml"]).ends_with_code(2).reads("cases.toml:1: ");
    repo.write("cases.toml", "case = []\n");
    repo.leakcoach(&["policy", "test", "cases.toml"]).ends_with_code(2).reads("no case");
    repo.leakcoach(&["policy", "test", "nowhere.toml"]).ends_with_code(2);
}

#[test]
fn lines_that_can_never_decide_are_found() {
    let repo = with(LINES, 8);
    repo.leakcoach(&["policy", "lint"]).accepted();
    for (lines, says) in [
        (
            "[[policy]]\nkind = ['password', 'api-token']\nverdict = 'block'\n\
             [[policy]]\nkind = 'password'\nfile-role = 'test'\nverdict = 'permit'\n",
            ".leakcoach.toml:4: never asked: .leakcoach.toml:1 decides before it",
        ),
        (
            "[[policy]]\nrule = 'github-pat'\nservice = 'Stripe'\nverdict = 'permit'\n",
            ".leakcoach.toml:1: never fits",
        ),
        ("[[policy]]\nrule = 'gihtub-*'\nverdict = 'block'\n", "no rule fits `gihtub-*`"),
        (
            "[[policy]]\ntransaction = 'commit'\nremote = 'public'\nverdict = 'block'\n",
            "a commit goes to no remote",
        ),
        (
            "[verdicts]\npossible = 'guide'\n[[policy]]\nverdict = 'block'\n",
            ".leakcoach.toml:2: never asked: .leakcoach.toml:3 decides before it",
        ),
    ] {
        repo.write(".leakcoach.toml", lines);
        repo.leakcoach(&["policy", "lint"]).refused().reads(says);
    }
}

#[test]
fn what_a_line_gets_wrong_is_an_error_with_its_line() {
    let repo = with("", 9);
    for (line, says) in [
        ("rule = 'github-pta'", ":2: no rule is called `github-pta`; did you mean `github-pat`?"),
        ("severity = '>=hihg'", ":2: `severity` is one of: info, low"),
        ("kind = []", ":2: an empty list fits nothing"),
        ("path = '[a'", ":2: a pattern in `path`"),
        ("pth = 'a'", ":2: unknown key `pth`"),
        ("kind = 1", ":2: expected a word or a list of words"),
    ] {
        repo.write(".leakcoach.toml", &format!("[[policy]]\n{line}\nverdict = 'block'\n"));
        repo.leakcoach(&["check"]).ends_with_code(2).reads(says);
    }
    repo.write(".leakcoach.toml", "[[policy]]\nkind = 'password'\n");
    repo.leakcoach(&["check"]).ends_with_code(2).reads(".leakcoach.toml:1: ");
}

/// A commit on a terminal at which somebody types `answer`, so many tenths of a second later.
fn slowed(repo: &Repo, tenths: u32, answer: &str) -> crate::harness::Attempt {
    let check = format!("{} check", crate::harness::BINARY);
    let (whole, part) = (tenths / 10, tenths % 10);
    let line =
        format!("(sleep {whole}.{part}; printf '{answer}\\n') | script -qec '{check}' /dev/null");
    repo.typed(&["sh", "-c", &line], "")
}

#[test]
fn slow_waits_and_then_asks_for_the_phrase() {
    let repo = with("[[policy]]\nverdict = 'slow'\n[slow]\nseconds = 1\n", 31);

    let begun = std::time::Instant::now();
    slowed(&repo, 15, "let github-pat through\\nthe demo key of the vendor")
        .accepted()
        .reads("you can go on in 1 second");
    assert!(begun.elapsed().as_millis() >= 1000);
    slowed(&repo, 15, "github-pat").refused();
    slowed(&repo, 15, "let github-pat through\\nasdf").refused().reads("not let through");
    // What is typed before the pause is over does not count.
    slowed(&repo, 2, "let github-pat through").refused();
}

#[test]
fn an_explanation_shows_no_credential_that_a_name_holds() {
    let repo = with("", 32);
    let other = token(&repo, 33);
    let (branch, folder) = (format!("fix/{other}"), format!("{other}/"));
    repo.git(&["checkout", "-q", "-b", &branch]).accepted();
    let inside = token(&repo, 34);
    repo.write(&format!("{folder}b.py"), &format!("t = '{inside}'\n"));
    repo.git(&["add", "-A"]).accepted();

    // The harness looks for each of the three in all that is shown.
    let told = repo.leakcoach(&["policy", "explain", "github-pat"]);
    told.accepted().reads("branch       fix/ghp_[36 bytes hidden]");
    let json = repo.leakcoach(&["policy", "explain", "github-pat", "--format", "json"]).text();
    assert!(json.contains("bytes hidden]/b.py"), "{json}");
    repo.leakcoach(&["policy", "explain"]).ends_with_code(2).reads("say which");
}

#[test]
fn where_all_is_only_observed_hooks_are_proven_to_fire_and_the_demo_plays() {
    let repo = Repo::with_hook();
    repo.write(".leakcoach.toml", "preset = 'observe'\n");
    repo.leakcoach(&["doctor"])
        .accepted()
        .reads("a commit with a fake token is refused")
        .reads(".leakcoach.toml:1 says permit: what is found is told and not refused");
    let observe = [("LEAKCOACH_PRESET", "observe")];
    repo.leakcoach_with(&observe, &["demo"])
        .accepted()
        .reads("your own configuration lets it through")
        .reads("the commit passed");
    repo.write(".leakcoach.toml", "preset = 'strict'\n");
    assert!(!repo.leakcoach(&["doctor"]).accepted().text().contains("told and not refused"));
}

#[test]
fn locks_that_contradict_themselves_are_named() {
    let repo = Repo::plain();
    for (text, says) in [
        (
            "lock = ['rules']\n[rules]\nonly = ['github-pat']\ndisable = ['github-pat']\n",
            "`rules.only` and `rules.disable` name `github-pat`",
        ),
        (
            "lock = ['remotes']\n[remotes]\npublic = ['a.example/*']\nprivate = ['a.example/*']\n",
            "`remotes.public` and `remotes.private` name `a.example/*`",
        ),
        (
            "lock = ['policy']\n[[policy]]\nactor = 'ci'\nverdict = 'block'\n\
             [[policy]]\nactor = 'ci'\nverdict = 'permit'\n",
            "org.toml:5: locked both ways: ",
        ),
    ] {
        repo.write("org.toml", text);
        let own = repo.top().join("org.toml").display().to_string();
        let check = repo.leakcoach_with(&[("LEAKCOACH_ORG_CONFIG", &own)], &["check"]);
        check.ends_with_code(2).reads(says);
    }
}

//! Where configuration comes from, and what an organisation may lock.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::fs;

fn token(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

/// A repository with a token staged.
fn staged(seed: u64) -> Repo {
    let repo = Repo::plain();
    let token = token(&repo, seed);
    repo.write("app.py", &format!("t = '{token}'\n")).git(&["add", "app.py"]).accepted();
    repo
}

fn user(repo: &Repo, text: &str) {
    let folder = repo.top().join("../home/.config/leakcoach");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), text).unwrap();
}

fn organisation(repo: &Repo, text: &str) -> String {
    let path = repo.top().join("../organisation.toml");
    fs::write(&path, text).unwrap();
    path.canonicalize().unwrap().display().to_string()
}

#[test]
fn the_nearest_layer_has_the_last_word() {
    let repo = staged(1);
    let own = organisation(&repo, "preset = 'observe'\n");
    let org = ("LEAKCOACH_ORG_CONFIG", own.as_str());
    let check = |more: &[(&str, &str)], args: &[&str]| {
        repo.leakcoach_with(&[&[org], more].concat(), &[&["check"], args].concat())
    };
    check(&[], &[]).accepted().reads("organisation.toml:1` says permit");
    user(&repo, "[verdicts]\nproven = 'block'\n");
    check(&[], &[]).refused().reads("config.toml:2` says block");
    repo.write(".leakcoach.toml", "\n[verdicts]\nproven = 'permit'\n");
    check(&[], &[]).accepted().reads("`.leakcoach.toml:3` says permit");
    let variable = ("LEAKCOACH_VERDICTS_PROVEN", "block");
    check(&[variable], &[]).refused().reads("`LEAKCOACH_VERDICTS_PROVEN` says block");
    check(&[variable], &["--set", "verdicts.proven=digest"])
        .accepted()
        .reads("1 finding let through, by --set verdicts.proven: 1 github-pat");
}

#[test]
fn what_is_locked_can_be_tightened_and_not_loosened() {
    let repo = staged(2);
    let text = "lock = ['verdicts', 'rules', 'paths', 'remotes', 'policy', 'profile']\n";
    let own = organisation(&repo, text);
    let org = [("LEAKCOACH_ORG_CONFIG", own.as_str())];
    for loosens in [
        "[verdicts]\nproven = 'permit'\n",
        "[[policy]]\nverdict = 'permit'\n",
        "preset = 'observe'\n",
        "[rules]\ndisable = ['github-pat']\n",
        "[rules]\nonly = ['generic-password']\n",
        "[paths]\nignore = ['*.py']\n",
    ] {
        repo.write(".leakcoach.toml", loosens);
        repo.leakcoach_with(&org, &["check"]).refused();
    }
    repo.write(".leakcoach.toml", "[rules]\n\ndisable = ['github-pat']\n");
    repo.leakcoach_with(&org, &["check"])
        .reads(".leakcoach.toml:3 does not count: ")
        .reads("organisation.toml:1 locks `rules.disable`");
    repo.leakcoach_with(&org, &["config", "--check"]).ends_with_code(1);

    repo.write(".leakcoach.toml", "[verdicts]\nproven = 'block'\npossible = 'block'\n");
    repo.leakcoach_with(&org, &["config", "--check"]).accepted();
    repo.leakcoach_with(&org, &["config"]).reads("verdicts.possible = 'block'  # ");
}

#[test]
fn a_locked_line_of_policy_is_the_least_and_the_looser_one_is_named() {
    let repo = staged(3);
    let text = "lock = ['policy']\n[[policy]]\nservice = 'github'\nverdict = 'block'\n";
    let own = organisation(&repo, text);
    let org = [("LEAKCOACH_ORG_CONFIG", own.as_str())];
    repo.write(".leakcoach.toml", "[[policy]]\npath = '*.py'\nverdict = 'permit'\n");

    repo.leakcoach(&["check"]).accepted();
    let told = repo.leakcoach_with(&org, &["check"]);
    told.refused().reads("is locked, where");
    repo.leakcoach_with(&org, &["policy", "explain", "github-pat"])
        .accepted()
        .reads("which is locked; .leakcoach.toml:1 would say permit");
}

#[test]
fn only_an_organisation_locks_and_only_what_there_is() {
    let repo = Repo::plain();
    for (text, says) in [
        ("lock = ['verdict']\n", "organisation.toml:1: unknown key `verdict`"),
        (
            "lock = ['rules']\n[rules]\ndisable = ['github-pat']\nonly = ['github-pat']\n",
            "organisation.toml:4: locked both ways",
        ),
        (
            "lock = ['policy']\n[[policy]]\nkind = 'password'\nverdict = 'block'\n\
             [[policy]]\nkind = 'password'\nverdict = 'guide'\n",
            "organisation.toml:5: locked both ways",
        ),
        ("lock = ['remotes']\n[remotes]\npublic = ['a/*']\nprivate = ['a/*']\n", "toml:3: locked"),
    ] {
        let own = organisation(&repo, text);
        let org = [("LEAKCOACH_ORG_CONFIG", own.as_str())];
        repo.leakcoach_with(&org, &["check"]).ends_with_code(2).reads(says);
    }
    repo.write(".leakcoach.toml", "lock = ['rules']\n");
    repo.leakcoach(&["check"]).ends_with_code(2).reads("`lock` counts only in the organisation's");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_a_missing_one_is_none() {
    let repo = Repo::plain();
    repo.leakcoach(&["check"]).accepted().silent();
    let nowhere = [("LEAKCOACH_ORG_CONFIG", "/nowhere/config.toml")];
    repo.leakcoach_with(&nowhere, &["check"]).ends_with_code(2).reads("/nowhere/config.toml");
    fs::create_dir_all(repo.top().join("../home/.config/leakcoach/config.toml")).unwrap();
    repo.leakcoach(&["check"]).ends_with_code(2).reads("cannot read the configuration");
}

#[test]
fn what_is_wrong_outside_of_files_is_told_by_its_name() {
    let repo = Repo::plain();
    let variable = |name, value| repo.leakcoach_with(&[(name, value)], &["check"]);
    variable("LEAKCOACH_PRESET", "strictt").ends_with_code(2).reads("LEAKCOACH_PRESET: ");
    variable("LEAKCOACH_SLOW_SECONDS", "soon").ends_with_code(2).reads("LEAKCOACH_SLOW_SECONDS: ");
    let set = |flag| repo.leakcoach(&["check", "--set", flag]);
    set("verdict.proven=block").ends_with_code(2).reads("did you mean `verdicts.proven`?");
    set("preset").ends_with_code(2).reads("KEY=VALUE");
    user(&repo, "[rules]\ndisabel = []\n");
    repo.leakcoach(&["check"]).ends_with_code(2).reads("config.toml:2: unknown key `disabel`");
}

#[test]
fn each_value_is_shown_with_its_place() {
    let repo = Repo::plain();
    let pasted = token(&repo, 4);
    user(&repo, "[paths]\nignore = ['a/**']\n[profile]\nrole = 'dev'\n");
    let text = format!(
        "[paths]\nignore = [\n  'b/**',\n  '{pasted}',\n]\n[[policy]]\nkind = 'password'\nverdict = 'slow'\n"
    );
    repo.write(".leakcoach.toml", &text);
    let told = repo.leakcoach_with(&[("LEAKCOACH_ROLE", "sre")], &["config"]);
    told.accepted()
        .reads("paths.ignore = 'a/**'  # ")
        .reads("paths.ignore = 'b/**'  # ")
        .reads(".leakcoach.toml:3, repository")
        .reads("profile.role = \"sre\"  # LEAKCOACH_ROLE, environment")
        .reads("config.toml:4, user; does not count")
        .reads("policy = kind = 'password', verdict = 'slow'  # ")
        .reads("verdicts.proven = block  # default");
    let json = repo.leakcoach(&["config", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&json.text()).unwrap();
    let role = |one: &&serde_json::Value| one["key"] == "profile.role";
    let role = value["values"].as_array().unwrap().iter().find(role).unwrap();
    assert_eq!((role["line"].as_u64(), role["layer"].as_str()), (Some(4), Some("user")));
}

#[test]
fn a_proposal_is_printed_written_on_consent_and_never_over_a_file() {
    let repo = Repo::plain();
    repo.write("a.py", "a = 1\n").write(".github/workflows/a.yml", "on: push\n");
    repo.git(&["remote", "add", "origin", "https://host.example/acme/app.git"]).accepted();
    let told = repo.leakcoach(&["init"]);
    told.accepted().reads("preset = \"balanced\"").reads("GitHub Actions").reads("--yes");
    told.reads("# public = [\"host.example/acme/app\"]");
    assert!(!repo.top().join(".leakcoach.toml").exists());

    repo.leakcoach(&["init", "--preset", "strict", "--yes"]).accepted();
    repo.leakcoach(&["config"]).accepted().reads("preset = \"strict\"  # ");
    repo.leakcoach(&["init", "--yes"]).ends_with_code(2).reads("nothing is written over it");
}

#[test]
fn a_remote_that_everybody_reads_asks_for_the_strict_policy() {
    let repo = Repo::plain();
    repo.git(&["remote", "add", "origin", "https://host.example/acme/app.git"]).accepted();
    user(&repo, "[remotes]\npublic = ['host.example/*']\n");
    repo.leakcoach(&["init"]).accepted().reads("preset = \"strict\"");
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let repo = Repo::plain();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        repo.leakcoach(&["completions", shell])
            .accepted()
            .reads("completions")
            .reads("all-changes");
    }
    repo.leakcoach(&["man"]).accepted().reads(".TH leakcoach 1");
    fs::create_dir(repo.top().join("man")).unwrap();
    repo.leakcoach(&["man", "man"]).accepted();
    for page in ["leakcoach.1", "leakcoach-check.1", "leakcoach-policy-lint.1"] {
        assert!(repo.top().join("man").join(page).is_file(), "{page}");
    }
}

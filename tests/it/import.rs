//! Other tools' lists: honoured as they are, and turned into exceptions.

use crate::harness::Repo;
use data_encoding::HEXLOWER;
use leakcoach::catalogue::sample::expand;
use sha2::{Digest, Sha256};
use std::fs;

const FILE: &str = ".leakcoach/exceptions";

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

/// The exceptions as written.
fn exceptions(repo: &Repo) -> String {
    fs::read_to_string(repo.top().join(FILE)).unwrap()
}

/// A baseline of detect-secrets with one value.
fn baseline(path: &str, value: &str) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(value.as_bytes());
    let hash = hasher.try_finalize().unwrap().to_hex().to_string();
    format!(
        r#"{{
  "version": "1.5.0",
  "plugins_used": [{{"name": "GitHubTokenDetector"}}],
  "filters_used": [{{"path": "detect_secrets.filters.allowlist.is_line_allowlisted"}}],
  "results": {{
    "{path}": [
      {{
        "type": "GitHub Token",
        "filename": "{path}",
        "hashed_secret": "{hash}",
        "is_verified": false,
        "line_number": 1,
        "is_secret": true
      }}
    ]
  }},
  "generated_at": "2026-01-01T00:00:00Z"
}}
"#
    )
}

#[test]
fn what_a_committed_list_has_goes_through_with_one_line() {
    let repo = Repo::with_hook();
    repo.write(".gitleaksignore", "a.py:generic-api-key:1\n").commit("list").accepted().silent();
    let line = format!("t = '{}'\n", token(&repo, 1));

    let told = repo.write("a.py", &line).commit("listed");

    told.accepted().says("1 finding let through by .gitleaksignore").says("leakcoach import");
    assert_eq!(told.text().lines().count(), 1);
    repo.leakcoach(&["check", "--tree", "."]).accepted().says("let through by .gitleaksignore");
    repo.write("b.py", &line).commit("not listed").refused().says("b.py:1");
}

#[test]
fn an_entry_that_comes_with_its_value_is_pointed_out_and_not_honoured() {
    let repo = Repo::with_hook();
    repo.write("b.py", "b = 1\n").commit("first").accepted();

    repo.write(".gitleaksignore", "a.py:github-pat:1\n")
        .write("a.py", &format!("t = '{}'\n", token(&repo, 2)))
        .commit("both")
        .refused()
        .says("`.gitleaksignore` lists it, by an entry");
    repo.leakcoach(&["check", "--tree", "a.py"]).refused().says("`.gitleaksignore` lists it");
}

#[test]
fn a_push_honours_an_entry_that_names_the_commit_and_was_made_after_it() {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    repo.write("a.py", &format!("t = '{}'\n", token(&repo, 3))).commit_unchecked("value");
    repo.git(&["push", "-q", "origin", "main"]).refused();

    let commit = repo.git(&["rev-parse", "HEAD"]).text();
    repo.write(".gitleaksignore", &format!("{}:a.py:github-pat:1\n", commit.trim()));
    repo.commit("list").accepted();

    repo.git(&["push", "-q", "origin", "main"]).accepted().says("let through by .gitleaksignore");
}

#[test]
fn a_push_of_value_and_entry_in_one_commit_is_refused() {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    let text = format!("t = '{}'\n", token(&repo, 4));
    repo.write("a.py", &text).write(".secretlintignore", "a.py\n").commit_unchecked("both");

    repo.git(&["push", "-q", "origin", "main"])
        .refused()
        .says("`.secretlintignore` lists it, by an");
}

#[test]
fn every_list_in_its_own_format_is_honoured() {
    let hex = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes));
    let repo = Repo::with_hook();
    let token = token(&repo, 5);
    let text = format!("t = '{token}'\n");
    let checksum = hex([hex(b""), hex(text.as_bytes()), hex(b"talisman.py")].concat().as_bytes());
    repo.write(".secrets.baseline", &baseline("baseline.py", &token))
        .write(
            ".talismanrc",
            &format!(
                "fileignoreconfig:\n- filename: talisman.py\n  checksum: {checksum}\nversion: \"1.0\"\n"
            ),
        )
        .write(".secretlintignore", "# fixtures\nlint.py\n")
        .write(".trufflehogignore", "^hog\\.py$\n")
        .write(".gitguardian.yaml", "version: 2\nsecret:\n  ignored_paths:\n  - '**/guard.py'\n")
        .write(".gitleaks.toml", "[allowlist]\npaths = ['''leaks\\.py''']\n")
        .write(
            "baseline-file.yml",
            "ExactFindings:\n  matches:\n  - filepath: repo/fisher.py\n    fingerprint: '1'\n    linenum: 1\n    lastupdated: x\n",
        )
        .commit("lists")
        .accepted();

    for name in ["baseline", "talisman", "lint", "hog", "guard", "leaks", "fisher"] {
        repo.write(&format!("{name}.py"), &text);
    }
    let told = repo.commit("listed");

    for list in [
        ".secrets.baseline",
        ".talismanrc",
        ".secretlintignore",
        ".trufflehogignore",
        ".gitguardian.yaml",
        ".gitleaks.toml",
        "baseline-file.yml",
    ] {
        told.accepted().says(&format!("1 finding let through by {list}"));
    }
}

#[test]
fn a_list_that_cannot_be_read_lets_nothing_through_and_is_named() {
    let repo = Repo::with_hook();
    repo.write(".secrets.baseline", "{\"results\":\n").commit("broken").accepted().silent();

    repo.write("a.py", &format!("t = '{}'\n", token(&repo, 6)))
        .commit("value")
        .refused()
        .says(".secrets.baseline lets nothing through: line 2: it is not JSON");
}

#[test]
fn imported_entries_are_exceptions_for_values_that_end_and_hold_no_value() {
    let repo = Repo::with_hook();
    let (known, secret) = (token(&repo, 7), token(&repo, 8));
    let password = repo.plant(expand("{password}", 8).unwrap());
    let password_line = format!("password = \"{password}\"\n");
    repo.write("a.py", &format!("# x\nt = '{known}'\n")).write("db.py", &password_line);
    repo.commit_unchecked("old");
    let commit = repo.git(&["rev-parse", "HEAD"]).text();
    let list = format!(
        "# ours\n{}:a.py:github-pat:2\ndb.py:generic-api-key:1\na.py:x:1\ngone.py:x:1\n0123456789:a.py:x:1\nx\n",
        commit.trim()
    );
    repo.write(".gitleaksignore", &list);

    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let end = today.saturating_add(jiff::Span::new().days(300)).to_string();
    repo.leakcoach(&["import", "--until", "2999-01-31"]).ends_with_code(2).says("exceptions.max");
    repo.leakcoach_with(&[("CLAUDECODE", "1")], &["import"]).refused().says("an agent may not");
    let dry = repo.leakcoach(&["import", "--dry-run"]);
    dry.accepted().says("2 exceptions would be written");
    assert!(!repo.top().join(FILE).exists());
    let told = repo.leakcoach(&["import", "--until", &end]);

    told.accepted()
        .says(".gitleaksignore:2: a.py:2 in commit ")
        .says("1 imported (github-pat)")
        .says(".gitleaksignore:3: db.py:1: 1 imported (generic-password)")
        .says(".gitleaksignore:4: a.py:1: leakcoach finds no credential there")
        .says(".gitleaksignore:5: gone.py:1: stale: there is no such file")
        .says("stale: there is no such commit")
        .says(".gitleaksignore:7: a line: not honoured: it is no fingerprint")
        .says("2 exceptions written to .leakcoach/exceptions, ")
        .says(&end);
    let written = exceptions(&repo);
    assert!(!written.contains(&known) && !written.contains(&password));
    assert!(
        written.contains(&format!(" until {end} since 20"))
            && written.contains(" by test@localhost because imported from .gitleaksignore\n")
    );

    // Once again changes nothing.
    repo.leakcoach(&["import"]).accepted().says("1 excepted already").says("0 exceptions written");
    assert_eq!(exceptions(&repo), written);

    // The list is gone, the values have moved: they still go through. Others do not.
    fs::remove_file(repo.top().join(".gitleaksignore")).unwrap();
    repo.write("new.py", &format!("\n\nt = '{known}'\n{password_line}"))
        .commit("moved")
        .accepted()
        .says("2 findings let through by .leakcoach/exceptions");
    repo.write("new.py", &format!("t = '{secret}'\n")).commit("another").refused();
}

#[test]
fn an_exception_stops_with_its_last_day_and_says_so_before_and_after() {
    let repo = Repo::with_hook();
    let line = format!("t = '{}'\n", token(&repo, 9));
    repo.write("a.py", &line).commit_unchecked("old");
    repo.write(".gitleaksignore", "a.py:github-pat:1\n")
        .leakcoach(&["import", "--until", "3d"])
        .accepted();

    repo.leakcoach(&["check", "--tree", "a.py"]).accepted().says("a.py:1: its exception ends on ");

    let ended = regex::Regex::new("until [0-9-]+").unwrap();
    let text = ended.replace(&exceptions(&repo), "until 2026-01-31").into_owned();
    fs::remove_file(repo.top().join(".gitleaksignore")).unwrap();
    repo.write(FILE, &text);
    let told = repo.leakcoach(&["check", "--tree", "a.py"]);
    told.refused().says("its exception ended on 2026-01-31");
}

#[test]
fn a_line_of_the_exceptions_that_cannot_be_read_is_named_and_kept() {
    let repo = Repo::with_hook();
    repo.write(FILE, "salt x\n").commit("clean: nobody opens it").accepted().silent();
    repo.write("a.py", &format!("t = '{}'\n", token(&repo, 10)))
        .write(".gitleaksignore", "a.py:x:1\n");

    repo.commit("x").refused().says(".leakcoach/exceptions:1: this is no salt");
    repo.leakcoach(&["import"]).ends_with_code(2).says("exceptions:1: this is no salt");
    assert_eq!(exceptions(&repo), "salt x\n");
}

#[test]
fn a_list_of_any_name_is_imported_and_told_to_machines() {
    let repo = Repo::plain();
    let token = token(&repo, 11);
    repo.write("test/a.py", &format!("t = '{token}'\n")).commit_unchecked("old");
    repo.write("exclude.txt", "^test/\n").write("detect.json", &baseline("test/a.py", &token));

    let told = repo.leakcoach(&[
        "import",
        "--from",
        "exclude.txt",
        "detect.json",
        "--format",
        "json",
        "--reason",
        "fixtures that open nothing",
    ]);

    told.accepted().says("\"outcome\":\"imported\"").says("\"marked_real\":true");
    assert!(exceptions(&repo).ends_with("because fixtures that open nothing\n"));
    repo.leakcoach(&["check", "--tree", "."]).accepted().says("let through by .leakcoach");
    repo.leakcoach(&["import", "--reason", "x"]).ends_with_code(2).says("say why");
    repo.leakcoach(&["import"]).ends_with_code(2).says("none of these lists is here");
}

#[test]
fn a_value_that_a_list_spells_out_is_told_to_be_taken_out() {
    let repo = Repo::plain();
    let token = token(&repo, 12);
    repo.write("a.py", &format!("t = '{token}'\n")).commit_unchecked("old");
    repo.write(
        ".gitguardian.yaml",
        &format!("version: 2\nsecret:\n  ignored_matches:\n  - name: x\n    match: {token}\n"),
    );

    repo.leakcoach(&["import"]).accepted().says("1 imported").says("take it out");
}

#[test]
fn exceptions_committed_to_a_bare_repository_count_there() {
    let repo = Repo::plain();
    repo.write("a.py", &format!("t = '{}'\n", token(&repo, 13))).commit_unchecked("old");
    repo.write(".gitleaksignore", "a.py:x:1\n").leakcoach(&["import"]).accepted();
    repo.git(&["rm", "-q", "--cached", "a.py"]).accepted();
    repo.git(&["add", FILE]).accepted();
    repo.git(&["commit", "-q", "-m", "exceptions"]).accepted();
    repo.git(&["add", "a.py"]).accepted();
    repo.git(&["commit", "-q", "-m", "again"]).accepted();
    repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]).accepted();

    let check = ["-C", "../bare.git", "-c", "alias.lc=!leakcoach", "lc", "check"];
    let range = [&check[..], &["--range", "HEAD~1..HEAD"]].concat();
    repo.git(&range).accepted().says("let through by .leakcoach/exceptions");
}

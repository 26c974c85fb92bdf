//! What people see, column by column.

use crate::harness::Repo;
use leakcoach::catalogue::sample::expand;

/// A repository in which a credential of `template` is staged in `path`.
fn staged(path: &str, template: &str) -> Repo {
    let repo = Repo::plain();
    repo.write(path, &expand(template, 5).unwrap()).git(&["add", "-A"]).accepted();
    repo
}

const TOKEN: &str = "import os\n\ntoken = \"ghp_{base62:30}{crc32-base62}\"\n";

#[test]
fn a_staged_token_at_60_80_and_120_columns() {
    let repo = staged("app/settings.py", TOKEN);

    for columns in ["60", "80", "120"] {
        let shown = repo.leakcoach_with(&[("COLUMNS", columns)], &["check"]);
        insta::assert_snapshot!(format!("token_{columns}"), shown.refused().stable());
        // Commands stay on one line, to be pasted.
        let words = shown.stable();
        let words = words.lines().filter(|line| !line.trim_start().starts_with("git "));
        let widest = words.map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "a line of {widest} columns");
    }
}

#[test]
fn in_colour_and_with_lines_where_the_terminal_can() {
    let repo = staged("app/settings.py", TOKEN);

    let colour = repo.leakcoach_with(&[("CLICOLOR_FORCE", "1"), ("LANG", "C.UTF-8")], &["check"]);

    insta::assert_snapshot!(colour.refused().stable().replace('\x1b', "ESC"));
}

#[test]
fn no_color_wins() {
    let repo = staged("app/settings.py", TOKEN);

    let plain = repo.leakcoach_with(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["check"]);

    assert!(!plain.refused().stable().contains('\x1b'));
}

#[test]
fn a_pair_of_keys_is_one_card() {
    let repo = staged(
        "infra/main.tf",
        "access_key = \"AKIA{aws-key-id}\"\nsecret_key = \"{base64:40}\"\n",
    );

    insta::assert_snapshot!(repo.leakcoach(&["check"]).refused().stable());
}

#[test]
fn an_env_file_is_kept_out_rather_than_mended() {
    let repo = staged(".env", "STRIPE_SECRET_KEY=sk_live_{base62:99}\n");

    insta::assert_snapshot!(repo.leakcoach(&["check"]).refused().stable());
}

#[test]
fn what_is_in_a_commit_is_mended_there() {
    let repo = Repo::plain();
    repo.write("README.md", "text\n").commit_unchecked("first");
    repo.write("ci.yml", &expand(TOKEN, 5).unwrap()).commit_unchecked("second");

    insta::assert_snapshot!(
        repo.leakcoach(&["check", "--range", "HEAD~1..HEAD"]).refused().stable()
    );
}

#[test]
fn a_finding_is_explained_by_its_id_while_it_is_there() {
    let repo = staged("app/settings.py", TOKEN);
    let id = repo.leakcoach(&["check"]).refused().finding();

    repo.leakcoach(&["explain", &id]).accepted().says("app/settings.py:3").says("revoke at");
    repo.commit_unchecked("in");
    repo.leakcoach(&["explain", &id]).accepted().says("local commit");

    repo.leakcoach(&["explain", "zzzzzzzz"]).ends_with_code(2).says("no rule or finding");
}

#[test]
fn the_same_credential_has_the_same_id_everywhere_and_another_in_other_repositories() {
    let repo = staged("a.py", TOKEN);
    let other = staged("a.py", TOKEN);
    let id = repo.leakcoach(&["check"]).refused().finding();
    repo.git(&["mv", "a.py", "b.py"]).accepted();

    assert_eq!(repo.leakcoach(&["check"]).refused().finding(), id);
    assert_ne!(other.leakcoach(&["check"]).refused().finding(), id);
}

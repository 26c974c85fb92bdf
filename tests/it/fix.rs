//! `leakcoach fix` in real repositories.

use crate::harness::Repo;
use leakcoach::catalogue::sample::expand;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

fn read(repo: &Repo, path: &str) -> String {
    fs::read_to_string(repo.top().join(path)).unwrap()
}

fn staged(repo: &Repo, path: &str) -> String {
    repo.git(&["cat-file", "blob", &format!(":{path}")]).accepted().text()
}

/// A repository whose staged `app.py` holds a token.
fn with_staged_token() -> (Repo, String) {
    let repo = Repo::plain();
    repo.write("README.md", "# Shop\n").commit_unchecked("start");
    let token = token(&repo, 1);
    repo.write("app.py", &format!("import sys\n\ntoken = \"{token}\"\nprint(sys.argv)\n"));
    repo.git(&["add", "app.py"]).accepted();
    (repo, token)
}

const MENDED: &str =
    "import os\nimport sys\n\ntoken = os.environ[\"GITHUB_TOKEN\"]\nprint(sys.argv)\n";

#[test]
fn a_staged_credential_is_replaced_in_the_index_and_the_work_tree() {
    let (repo, _) = with_staged_token();

    let fixed = repo.leakcoach(&["fix", "--yes"]);

    fixed.accepted().says("os.environ").says("[40 bytes hidden]").says("fix --undo");
    assert_eq!(read(&repo, "app.py"), MENDED);
    assert_eq!(staged(&repo, "app.py"), MENDED);
    repo.leakcoach(&["check"]).accepted();
}

#[test]
fn without_consent_nothing_is_written() {
    let (repo, token) = with_staged_token();

    repo.leakcoach(&["fix"]).refused().says("nothing was written");
    repo.leakcoach(&["fix", "--dry-run"]).accepted().says("GITHUB_TOKEN");
    repo.leakcoach(&["fix", "--format", "json", "--dry-run"]).accepted().says("\"changes\"");

    assert!(read(&repo, "app.py").contains(&token));
}

#[test]
fn unstaged_edits_stay_unstaged() {
    let (repo, token) = with_staged_token();
    repo.write(
        "app.py",
        &format!("import sys\n\ntoken = \"{token}\"\nprint(sys.argv)\nmore = 1\n"),
    );

    repo.leakcoach(&["fix", "--yes"]).accepted();

    assert_eq!(staged(&repo, "app.py"), MENDED);
    assert_eq!(read(&repo, "app.py"), format!("{MENDED}more = 1\n"));
    repo.git(&["diff", "--numstat"]).accepted().says("1\t0\tapp.py");
}

#[test]
fn undo_puts_back_index_and_work_tree_and_holds_no_value_until_then() {
    let (repo, token) = with_staged_token();
    let before = read(&repo, "app.py") + "more = 1\n";
    repo.write("app.py", &before);
    repo.leakcoach(&["fix", "--yes"]).accepted();
    let mended = repo.git(&["rev-parse", ":app.py"]).text();
    let record = read(&repo, ".git/leakcoach/fix.json");
    assert!(!record.contains(&token));

    repo.leakcoach(&["fix", "--undo"]).accepted().says("undone");

    assert_eq!(read(&repo, "app.py"), before);
    repo.git(&["diff", "--numstat"]).accepted().says("1\t0\tapp.py");
    assert_ne!(repo.git(&["rev-parse", ":app.py"]).text(), mended);
    repo.leakcoach(&["fix", "--undo"]).ends_with_code(2).says("no fix to undo");
}

#[test]
fn a_y_typed_at_a_terminal_writes_and_anything_else_does_not() {
    let (repo, token) = with_staged_token();
    let command = format!("{} fix", crate::harness::BINARY);
    let typed = |answer: &str| repo.typed(&["script", "-qec", &command, "/dev/null"], answer);

    typed("n\n").refused().says("write this? [y/N]").says("nothing was written");
    typed("\n").refused();
    assert!(read(&repo, "app.py").contains(&token));
    typed("y\n").accepted().says("fix --undo");

    assert_eq!(read(&repo, "app.py"), MENDED);
    assert_eq!(staged(&repo, "app.py"), MENDED);
}

/// All that leakcoach keeps in the repository's own folder.
fn kept(repo: &Repo) -> Vec<u8> {
    let mut folders = vec![repo.top().join(".git/leakcoach")];
    let mut all = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.extend(fs::read(path).unwrap());
            }
        }
    }
    all
}

#[test]
fn no_six_bytes_of_the_value_are_kept_to_undo_it() {
    for staged in [true, false] {
        let repo = Repo::plain();
        repo.write("README.md", "# Shop\n").commit_unchecked("start");
        let token = token(&repo, 8);
        let url = format!("a = f'https://me:{token}@example.org/{{b}}/{token}'\n");
        repo.write("app.py", &format!("{url}# {token}\n"));
        if staged {
            repo.git(&["add", "app.py"]).accepted();
        }

        repo.leakcoach(&["fix", "app.py:1", "--yes"]).accepted();

        let kept = kept(&repo);
        assert!(!kept.is_empty());
        for part in token.as_bytes().windows(6) {
            assert!(!kept.windows(6).any(|window| window == part), "staged: {staged}");
        }
    }
}

#[test]
fn another_credential_in_the_same_literal_is_not_kept_either() {
    let repo = Repo::plain();
    repo.write("app.py", "x = 1\n").commit_unchecked("start");
    let (one, other) = (token(&repo, 21), token(&repo, 22));
    let before = format!("x = 1\nurl = 'https://{one}:{other}@example.org/p\u{e4}th'\n");
    repo.write("app.py", &before);

    repo.leakcoach(&["fix", "app.py:2", "--yes"]).accepted();

    let kept = kept(&repo);
    for part in [&one, &other] {
        assert!(!kept.windows(part.len()).any(|window| window == part.as_bytes()));
    }
    let undo = [crate::harness::BINARY, "fix", "--undo"];
    repo.typed(&undo, &one).ends_with_code(2).says("each on a line of its own");
    repo.typed(&undo, &format!("{one}\n{other}\n")).accepted();
    assert_eq!(read(&repo, "app.py"), before);
}

#[test]
fn undo_refuses_once_the_file_has_changed() {
    let (repo, _) = with_staged_token();
    repo.leakcoach(&["fix", "--yes"]).accepted();
    repo.write("app.py", "other = 1\n");

    repo.leakcoach(&["fix", "--undo"]).ends_with_code(2).says("changed since the fix");

    assert_eq!(read(&repo, "app.py"), "other = 1\n");
}

#[test]
fn a_value_in_the_work_tree_alone_needs_itself_to_be_undone() {
    let repo = Repo::plain();
    repo.write("app.py", "x = 1\n").commit_unchecked("start");
    let token = token(&repo, 2);
    let before = format!("x = 1\ntoken = '{token}'\n");
    repo.write("app.py", &before);

    repo.leakcoach(&["fix", "app.py:2", "--yes"]).accepted().says("stands in no git object");
    assert_eq!(read(&repo, "app.py"), "import os\n\nx = 1\ntoken = os.environ['GITHUB_TOKEN']\n");
    let binary = crate::harness::BINARY;
    repo.typed(&[binary, "fix", "--undo"], "wrong").ends_with_code(2).says("40 bytes");
    repo.typed(&[binary, "fix", "--undo"], &token).accepted();

    assert_eq!(read(&repo, "app.py"), before);
}

#[test]
fn a_committed_credential_is_mended_in_the_work_tree_and_the_next_step_told() {
    let (repo, _) = with_staged_token();
    repo.git(&["commit", "-qm", "token"]).accepted();

    repo.leakcoach(&["fix", "github-pat", "--yes"]).accepted().says("in commits still");

    assert_eq!(read(&repo, "app.py"), MENDED);
    repo.git(&["diff", "--cached", "--quiet"]).accepted();
}

#[test]
fn a_conflict_is_left_to_the_person() {
    let repo = Repo::plain();
    repo.write("app.py", "x = 0\n").commit_unchecked("start");
    repo.git(&["checkout", "-qb", "side"]).accepted();
    repo.write("app.py", "x = 1\n").commit_unchecked("side");
    repo.git(&["checkout", "-q", "main"]).accepted();
    repo.write("app.py", "x = 2\n").commit_unchecked("main");
    repo.git(&["merge", "-q", "side"]).refused();
    let token = token(&repo, 3);
    repo.write("app.py", &format!("token = '{token}'\n"));

    let fixed = repo.leakcoach(&["fix", "app.py:1", "--yes"]);

    assert!(fixed.text().contains("conflict"), "{}", fixed.text());
    assert!(read(&repo, "app.py").contains(&token));
}

#[test]
fn an_env_file_leaves_git_and_stays_on_the_machine() {
    let repo = Repo::plain();
    repo.write("README.md", "# Shop\n").commit_unchecked("start");
    let token = token(&repo, 4);
    repo.write(".env", &format!("GITHUB_TOKEN={token}\n"));
    repo.git(&["add", ".env"]).accepted();

    repo.leakcoach(&["fix", "--yes"]).accepted();

    assert!(read(&repo, ".env").contains(&token));
    assert_eq!(read(&repo, ".env.example"), "GITHUB_TOKEN=\n");
    assert_eq!(read(&repo, ".gitignore"), "/.env\n");
    repo.git(&["ls-files", ".env"]).accepted().silent();

    repo.leakcoach(&["fix", "--undo"]).accepted();
    repo.git(&["ls-files", ".env"]).accepted().says(".env");
    assert!(!repo.top().join(".env.example").exists());
}

#[test]
fn the_value_goes_into_env_only_when_asked_and_where_git_ignores_it() {
    let (repo, token) = with_staged_token();

    repo.leakcoach(&["fix", "--yes", "--to-env"]).accepted();

    let env = repo.top().join(".env");
    assert_eq!(fs::read_to_string(&env).unwrap(), format!("GITHUB_TOKEN={token}\n"));
    assert_eq!(fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600);
    repo.git(&["check-ignore", "-q", ".env"]).accepted();
    repo.leakcoach(&["fix", "--undo"]).accepted();
    assert!(!fs::read_to_string(&env).unwrap().contains(&token));
}

#[test]
fn where_the_syntax_is_not_certain_nothing_changes() {
    let repo = Repo::plain();
    let token = token(&repo, 5);
    let text = format!("const TOKEN: &str = \"{token}\";\n");
    repo.write("main.rs", &text);
    repo.git(&["add", "-A"]).accepted();

    repo.leakcoach(&["fix", "--yes"]).refused().says("cannot be read at run time").says("by hand");

    assert_eq!(read(&repo, "main.rs"), text);
}

#[test]
fn mode_line_ends_and_mark_stay_as_they_were() {
    let repo = Repo::plain();
    let token = token(&repo, 6);
    repo.write("run.py", &format!("\u{feff}import sys\r\ntoken = \"{token}\""));
    let path = repo.top().join("run.py");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    repo.git(&["add", "-A"]).accepted();

    repo.leakcoach(&["fix", "--yes", "--name", "PAY_TOKEN"]).accepted();

    let text = read(&repo, "run.py");
    assert_eq!(text, "\u{feff}import os\r\nimport sys\r\ntoken = os.environ[\"PAY_TOKEN\"]");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    repo.git(&["ls-files", "-s"]).accepted().says("100755");
}

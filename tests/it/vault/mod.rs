//! `leakcoach vault`: the value goes into the store and nowhere else.

mod served;

use crate::harness::{BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A vendor's program made on the fly. It keeps what it is given in a file, and writes down
/// its arguments and its environment.
struct Fake {
    folder: TempDir,
}

impl Fake {
    /// `get` is the pattern of the arguments that read; `absent` what is said where nothing is;
    /// `take` and `give` are filters from standard input to the file and back.
    fn new(program: &str, get: &str, absent: &str, take: &str, give: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let here = folder.path().display();
        let script = format!(
            "#!/bin/sh\ncd {here}\n\
             tr '\\0' ' ' < /proc/$$/cmdline >> argv; echo >> argv; env >> environ\n\
             if [ -f slow ]; then sleep 30; fi\n\
             case \"$*\" in\n\
             *describe*) echo NOT_FOUND >&2; exit 1;;\n\
             {get}) if [ -f store ]; then {give} < store; else {absent}; exit 1; fi;;\n\
             *) if [ -f broken ]; then cat >&2; exit 9; fi\n\
                {take} > store\n\
                if [ -f stuck ]; then sleep 30; fi\n\
                if [ -f late ]; then cat store >&2; exit 9; fi;;\n\
             esac\n"
        );
        let path = folder.path().join(program);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn pass() -> Self {
        Self::new(
            "pass",
            "show*",
            "echo 'Error: x is not in the password store.' >&2",
            "cat",
            "cat",
        )
    }

    fn path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.folder.path().display())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program behaves so from now on.
    fn turns(&self, how: &str) -> &Self {
        fs::write(self.file(how), "").unwrap();
        self
    }

    fn stored(&self) -> String {
        fs::read_to_string(self.file("store")).unwrap_or_default()
    }

    /// The value is in no argument, no variable, and no file but the store's.
    #[track_caller]
    fn saw_no(&self, value: &str) {
        assert!(fs::read_to_string(self.file("argv")).unwrap().contains(' '));
        for entry in fs::read_dir(self.folder.path()).unwrap().flatten() {
            let held = fs::read(entry.path()).unwrap();
            let held = String::from_utf8_lossy(&held);
            let fine = entry.file_name() == "store" || !held.contains(value);
            assert!(fine, "the value is in {}", entry.path().display());
        }
    }
}

/// A repository with one token staged.
fn staged(seed: u64) -> (Repo, String) {
    let repo = Repo::plain();
    let value = repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap());
    repo.write("app.py", &format!("token = \"{value}\"\n"));
    repo.git(&["add", "-A"]).accepted();
    (repo, value)
}

/// A store, its program, how that reads, what it says where nothing is, the filters of its
/// stand-in, and more arguments.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

#[test]
fn every_program_is_given_the_value_on_its_standard_input_alone() {
    let json_value = r#"sed 's/.*"value":"\([^"]*\)".*/\1/'"#;
    let unhex = r#"sed 's/.*-X //' | perl -e '$_ = <STDIN>; chomp; print pack("H*", $_)'"#;
    let rot = "tr A-Za-z N-ZA-Mn-za-m";
    let unrot = r#"(tr A-Za-z N-ZA-Mn-za-m | sed 's/.*:"\([^"]*\)".*/\1/')"#;
    let table: [Row; 14] = [
        (
            "aws-secrets-manager",
            "aws",
            "*get-secret-value*",
            "echo 'An error occurred (ResourceNotFoundException)' >&2",
            "cat",
            r#"sed 's/.*/{"SecretString":"&"}/'"#,
            &[],
        ),
        (
            "aws-ssm",
            "aws",
            "*get-parameter*",
            "echo 'An error occurred (ParameterNotFound)' >&2",
            "cat",
            r#"sed 's/.*/{"Parameter":{"Value":"&"}}/'"#,
            &[],
        ),
        ("gcp", "gcloud", "*access*", "echo NOT_FOUND: x >&2", "cat", "cat", &[]),
        (
            "azure",
            "az",
            "*show*",
            "echo 'ERROR: (SecretNotFound) x' >&2",
            "cat",
            r#"sed 's/.*/"&"/'"#,
            &["--place", "vault=team"],
        ),
        (
            "1password",
            "op",
            "read*",
            "echo '[ERROR] \"x\" isn'\"'\"'t an item' >&2",
            json_value,
            "cat",
            &["--place", "vault=My Team"],
        ),
        (
            "doppler",
            "doppler",
            "*get*",
            "echo 'Doppler Error: Could not find requested secret: X' >&2",
            "cat",
            "cat",
            &[],
        ),
        (
            "pass",
            "pass",
            "show*",
            "echo 'Error: x is not in the password store.' >&2",
            "cat",
            "cat",
            &[],
        ),
        (
            "gopass",
            "gopass",
            "show*",
            "echo 'Error: entry is not in the password store' >&2",
            "cat",
            "cat",
            &[],
        ),
        ("keyring", "secret-tool", "lookup*", "true", "cat", "cat", &[]),
        (
            "keychain",
            "security",
            "find*",
            "echo 'security: x could not be found in the keychain.' >&2",
            unhex,
            "cat",
            &[],
        ),
        (
            "kubernetes",
            "kubectl",
            "get*",
            "echo 'Error from server (NotFound): secrets \"x\" not found' >&2",
            "cat",
            "cat",
            &[],
        ),
        (
            "github",
            "gh",
            "*list*",
            "exit 0",
            "cat",
            "printf 'GITHUB_TOKEN\\t2026-01-01\\n'; true",
            &[],
        ),
        ("gitlab", "glab", "*get*", "echo '404 Not Found' >&2", "cat", "cat", &[]),
        ("sops", "sops", "decrypt*", "true", rot, unrot, &[]),
    ];
    for (number, (store, program, get, absent, take, give, more)) in table.into_iter().enumerate() {
        let (repo, value) = staged(100 + number as u64);
        let fake = Fake::new(program, get, absent, take, give);
        let path = fake.path();
        let args = [&["vault", "--to", store, "--yes"], more].concat();

        let first = repo.leakcoach_with(&[("PATH", &path)], &args);
        first.accepted().says("stored").says("read it:").says("GITHUB_TOKEN");
        if store != "github" {
            first.says("read back and compared");
        }
        let again = repo.leakcoach_with(&[("PATH", &path)], &args);
        if store == "github" {
            again.refused().says("--replace");
        } else {
            again.accepted().says("already");
        }
        if !["sops", "kubernetes"].contains(&store) {
            assert_eq!(fake.stored().trim_end(), value, "{store}");
        }
        fake.saw_no(&value);
    }
}

#[test]
fn another_value_is_replaced_only_on_demand() {
    let (repo, value) = staged(1);
    let fake = Fake::pass();
    fs::write(fake.file("store"), "another\nuser: me\n").unwrap();
    let path = fake.path();
    let run = |more: &[&str]| {
        let args = [&["vault", "--to", "pass", "--yes"], more].concat();
        repo.leakcoach_with(&[("PATH", &path)], &args)
    };

    run(&[]).refused().says("another value is there already");
    assert_eq!(fake.stored(), "another\nuser: me\n");
    run(&["--replace"]).accepted().says("read back and compared");
    assert_eq!(fake.stored(), format!("{value}\nuser: me\n"), "the other lines stay");
}

#[test]
fn after_a_failure_the_person_is_told_where_the_value_is() {
    for (how, says, code) in [
        ("broken", "nothing was stored: the value is only where it was", 3),
        ("late", "stored, read back and compared", 0),
    ] {
        let (repo, value) = staged(2);
        let fake = Fake::pass();
        fake.turns(how);
        let tried =
            repo.leakcoach_with(&[("PATH", &fake.path())], &["vault", "--to", "pass", "--yes"]);
        // It printed the value on its standard error: that is masked.
        tried.ends_with_code(code).says(says).says("[hidden]").says("app.py:1");
        fake.saw_no(&value);
    }
}

#[test]
fn a_program_that_hangs_is_ended() {
    let (repo, value) = staged(3);
    let fake = Fake::pass();
    fake.turns("slow");
    repo.leakcoach_with(
        &[("PATH", &fake.path())],
        &["vault", "--to", "pass", "--yes", "--time-limit", "1"],
    )
    .ends_with_code(3)
    .says("did not answer in 1 s")
    .says("only where it was");
    fake.saw_no(&value);
}

#[test]
fn an_interruption_ends_the_program_and_tells_where_the_value_is() {
    let (repo, value) = staged(14);
    let fake = Fake::pass();
    fake.turns("stuck");
    let (path, home) = (fake.path(), repo.top().join("../home"));
    let child = Command::new(BINARY)
        .args(["vault", "--to", "pass", "--yes"])
        .current_dir(repo.top())
        .env_clear()
        .envs([("PATH", path.as_str()), ("HOME", home.to_str().unwrap())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..500 {
        if fake.stored() == value {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("stored, read back and compared"), "{told}");
    assert!(told.contains("was interrupted and ended") && !told.contains(&value));
    fake.saw_no(&value);
}

#[test]
fn a_program_that_is_missing_or_lies_in_the_repository_is_not_run() {
    let (repo, _) = staged(4);
    repo.write("bin/pass", "#!/bin/sh\ntouch ran\n");
    for path in ["/usr/bin:/bin", "bin:.:/usr/bin:/bin"] {
        if Path::new("/usr/bin/pass").exists() {
            return;
        }
        repo.leakcoach_with(&[("PATH", path)], &["vault", "--to", "pass", "--yes"])
            .ends_with_code(3)
            .says("`pass` is not on PATH")
            .says("only where it was");
    }
    assert!(!repo.top().join("ran").exists());
}

#[test]
fn a_plan_shows_the_commands_and_runs_none() {
    let (repo, _) = staged(5);
    let fake = Fake::pass();
    repo.leakcoach_with(&[("PATH", &fake.path())], &["vault", "--to", "pass", "--dry-run"])
        .accepted()
        .says("pass insert --multiline work-tree/GITHUB_TOKEN")
        .says("nothing was done");
    assert!(!fake.file("argv").exists());
    repo.leakcoach_with(&[("PATH", &fake.path())], &["vault", "--to", "pass"])
        .ends_with_code(2)
        .says("--yes");
    assert!(!fake.file("argv").exists());
}

#[test]
fn a_new_value_takes_the_place_of_the_one_that_leaked() {
    let (repo, value) = staged(6);
    let new = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 7).unwrap());
    let fake = Fake::pass();
    let command = format!("PATH={}:$PATH leakcoach vault --to pass --new --yes", fake.path());

    repo.typed(&["sh", "-c", &command], &format!("{new}\n"))
        .accepted()
        .says("revoke the one that leaked");
    assert_eq!(fake.stored(), new);
    fake.saw_no(&new);
    repo.typed(&["sh", "-c", &command], &value).ends_with_code(2).says("the value that leaked");
    repo.typed(&["sh", "-c", &command], "").ends_with_code(2).says("no value was given");
}

#[test]
fn the_team_chooses_the_store_and_the_place_once() {
    let (repo, value) = staged(8);
    let fake = Fake::pass();
    let run = |args: &[&str]| repo.leakcoach_with(&[("PATH", &fake.path())], args);

    run(&["vault", "--yes"]).ends_with_code(2).says("--to STORE");
    repo.write(".leakcoach.toml", "[vault]\nstore = \"pass\"\npath = \"team/{repo}/{name}\"\n");
    run(&["vault", "--yes"]).accepted().says("pass show team/work-tree/GITHUB_TOKEN");
    assert_eq!(fake.stored(), value);
    repo.write(".leakcoach.toml", "[vault]\nstore = \"pass\"\nmount = \"x\"\n");
    run(&["vault", "--yes"]).ends_with_code(2).says(".leakcoach.toml:3: `mount`");
    run(&["vault", "--to", "pass", "--place", "path=-rf", "--yes"]).ends_with_code(2);
}

#[test]
fn a_value_that_is_part_of_the_place_goes_nowhere() {
    let (repo, value) = staged(9);
    let fake = Fake::pass();
    repo.leakcoach_with(
        &[("PATH", &fake.path())],
        &["vault", "--to", "pass", "--yes", "--place", &format!("path=x/{value}")],
    )
    .ends_with_code(2)
    .says("choose another");
    assert!(!fake.file("argv").exists());
}

#[test]
fn a_dotenv_file_is_written_only_where_git_ignores_it() {
    let (repo, value) = staged(10);
    let run = || repo.leakcoach(&["vault", "--to", "dotenv", "--yes"]);
    let file = repo.top().join(".env");

    run().ends_with_code(3).says("add it to .gitignore first");
    assert!(!file.exists());
    repo.write(".gitignore", ".env\n");
    run().accepted().says("in the clear");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("GITHUB_TOKEN={value}\n"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    repo.git(&["add", "-f", ".env"]).accepted();
    repo.leakcoach(&["vault", "app.py:1", "--to", "dotenv", "--yes"])
        .ends_with_code(3)
        .says("git rm --cached .env");
    repo.git(&["rm", "-q", "--cached", ".env"]).accepted();
    fs::rename(&file, repo.top().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &file).unwrap();
    repo.write("elsewhere", "X=1\n");
    run().ends_with_code(3);
    assert_eq!(fs::read_to_string(repo.top().join("elsewhere")).unwrap(), "X=1\n");
}

#[test]
fn what_a_program_cannot_be_given_safely_is_told_how_to_do_by_hand() {
    let (repo, _) = staged(11);
    repo.leakcoach(&["vault", "--to", "bitwarden", "--yes"])
        .ends_with_code(3)
        .says("as an argument only")
        .says("bws run -- COMMAND");
}

#[test]
fn a_value_in_a_commit_is_to_be_taken_out_of_it_before_a_push() {
    let (repo, _) = staged(12);
    let fake = Fake::pass();
    repo.commit_unchecked("a token");
    repo.leakcoach_with(&[("PATH", &fake.path())], &["vault", "--to", "pass", "--yes"])
        .accepted()
        .says("before you push");
}

#[test]
fn what_is_usable_here_is_listed_and_nothing_is_sent() {
    let (repo, _) = staged(13);
    let fake = Fake::pass();
    repo.write(".sops.yaml", "creation_rules: []\n");
    let check = |more: &[&str]| {
        let args = [&["vault", "--check"], more].concat();
        repo.leakcoach_with(&[("PATH", &fake.path())], &args)
    };

    check(&[]).accepted().says("[.sops.yaml is here]").says("`bws` is not on PATH");
    let json: serde_json::Value =
        serde_json::from_str(&check(&["--format", "json"]).accepted().text()).unwrap();
    let stores = json["stores"].as_array().unwrap();
    assert_eq!(stores.len(), 19);
    assert_eq!(stores[0]["store"], "sops");
    assert_eq!(fake.stored(), "");
}

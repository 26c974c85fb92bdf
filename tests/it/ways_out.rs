//! The ways out that cards print, walked: the commands of a card are pasted into a shell in a
//! real repository, and then no object that any branch or tag reaches may hold the value.

use crate::harness::{BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// A repository with a credential that is to get into it.
struct Way {
    repo: Repo,
    secret: String,
}

/// What a card printed, as far as it can be pasted.
struct Steps {
    exposure: String,
    here: String,
    words: Vec<String>,
    commands: Vec<String>,
}

impl Way {
    fn new() -> Self {
        let repo = Repo::plain();
        let secret = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 5).unwrap());
        repo.write("README.md", "text\n").commit_unchecked("first");
        Self { repo, secret }
    }

    /// A file that holds the value, and lines around it.
    fn leaking(&self) -> String {
        format!("import os\n\n\n\ntoken = \"{}\"\n\n\n\nend = 1\n", self.secret)
    }

    fn leak(&self, path: &str) -> &Self {
        self.repo.write(path, &self.leaking());
        self
    }

    /// The person's part: the value is read from the environment.
    fn mend(&self, path: &str) -> &Self {
        let text = fs::read_to_string(self.repo.top().join(path)).unwrap();
        let with = format!("\"{}\"", self.secret);
        assert!(text.contains(&with), "{path} does not hold it");
        self.repo.write(path, &text.replace(&with, "os.environ[\"GITHUB_TOKEN\"]"));
        self
    }

    fn commit(&self, message: &str) -> &Self {
        self.repo.commit_unchecked(message);
        self
    }

    /// What the card says of what `args` check.
    fn card(&self, args: &[&str]) -> Steps {
        self.repo.write("../report.json", "");
        let asked = [&["check", "--report", "json=../report.json"], args].concat();
        self.repo.leakcoach(&asked).refused();
        let text = fs::read_to_string(self.repo.top().join("../report.json")).unwrap();
        assert!(!text.contains(&self.secret), "the report holds it");
        let report: Value = serde_json::from_str(&text).unwrap();
        let finding = &report["findings"][0];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let steps = finding["steps"].as_array().unwrap();
        Steps {
            exposure: text(&finding["exposure"]).unwrap(),
            here: text(&finding["here"]).unwrap(),
            words: steps.iter().filter_map(|step| text(&step["words"])).collect(),
            commands: steps.iter().filter_map(|step| text(&step["command"])).collect(),
        }
    }

    /// Pastes the commands into a shell, with `typed` for what they ask.
    fn paste(&self, steps: &Steps, typed: &str) -> &Self {
        let mut script = String::from("set -e\n");
        for command in steps.commands.iter().filter(|command| !command.starts_with("curl ")) {
            let _ = writeln!(script, "{command}");
        }
        self.repo.write("../paste.sh", &script);
        let editor = ("GIT_EDITOR", "sh -c 'test -s \"$0\" || true; echo again >> \"$0\"'");
        self.repo.typed_unseen(&[editor], &["sh", "../paste.sh"], typed);
        self
    }

    /// No object that a reference of the repository in `folder` reaches has it.
    #[track_caller]
    fn is_gone_from(&self, folder: &str) -> &Self {
        let list = self.repo.git(&["-C", folder, "rev-list", "--objects", "--all"]).text();
        let head = self.repo.git(&["-C", folder, "rev-list", "--objects", "HEAD"]).text();
        let ids: std::collections::BTreeSet<&str> =
            list.lines().chain(head.lines()).filter_map(|line| line.split(' ').next()).collect();
        assert!(ids.len() > 2, "nothing is reachable in {folder}");
        for id in ids {
            let object = self.repo.bytes(&["-C", folder, "cat-file", "-p", id]);
            let object = String::from_utf8_lossy(&object);
            assert!(!object.contains(&self.secret), "{id} of {folder} still holds it");
        }
        self
    }

    #[track_caller]
    fn is_gone(&self) -> &Self {
        self.is_gone_from(".")
    }

    /// What a file holds now.
    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.repo.top().join(path)).unwrap()
    }

    /// A bare repository called origin that has `main`.
    fn with_remote(&self) -> &Self {
        self.repo.git(&["init", "-q", "--bare", "-b", "main", "../origin.git"]).accepted();
        self.repo.git(&["remote", "add", "origin", "../origin.git"]).accepted();
        self.repo.git(&["push", "-q", "origin", "main"]).accepted();
        self
    }
}

#[test]
fn staged() {
    let way = Way::new();
    way.leak("app.py").repo.git(&["add", "-A"]).accepted();
    let card = way.card(&[]);
    assert_eq!(card.exposure, "staged");

    way.mend("app.py").paste(&card, "").is_gone();
    assert!(way.read("app.py").contains("environ"));
    way.repo.leakcoach(&["check", "--history"]).accepted();
}

#[test]
fn staged_in_part() {
    let way = Way::new();
    let text = way.leaking() + &"line\n".repeat(20);
    way.repo.write("app.py", &text).git(&["add", "-A"]).accepted();
    way.repo.write("app.py", &format!("{text}late\n"));
    let card = way.card(&[]);
    assert!(card.commands.iter().any(|command| command.contains("git add -p")));

    way.mend("app.py").paste(&card, "y\nn\n").is_gone();
    let committed = way.repo.git(&["show", "HEAD:app.py"]).text();
    assert!(committed.contains("environ") && !committed.contains("late"), "{committed}");
    assert!(way.read("app.py").contains("late"));
}

#[test]
fn staged_though_kept_out_whole() {
    let way = Way::new();
    way.repo.write(".env", &format!("GITHUB_TOKEN={}\n", way.secret));
    way.repo.git(&["add", "-A"]).accepted();
    let card = way.card(&[]);

    way.paste(&card, "").is_gone();
    assert!(way.read(".env").contains(&way.secret), "the file itself stays");
    way.repo.git(&["status", "--porcelain"]).accepted().silent();
}

#[test]
fn staged_by_commit_a() {
    let way = Way::new();
    way.repo.write("app.py", "import os\n").git(&["add", "-A"]).accepted();
    way.repo.commit("app").accepted();
    way.repo.leakcoach(&["install"]).accepted();
    way.leak("app.py");

    let card = way.repo.git(&["commit", "-q", "-a", "-m", "leak"]);
    card.refused().says("git commit -a");
    way.mend("app.py").repo.git(&["commit", "-q", "-a", "-m", "mended"]).accepted();
    way.is_gone();
}

#[test]
fn in_the_last_commit() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    way.repo.write("other.py", "staged\n").git(&["add", "-A"]).accepted();
    let card = way.card(&["--commit", "HEAD"]);
    assert_eq!(card.exposure, "committed");
    assert!(card.here.contains("a local commit on main"), "{}", card.here);

    way.mend("app.py").paste(&card, "").is_gone();
    way.repo.git(&["status", "--porcelain"]).says("A  other.py");
}

#[test]
fn in_the_root_commit_and_in_a_root_that_others_follow() {
    for more in [false, true] {
        let repo = Repo::plain();
        let secret = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 6).unwrap());
        let way = Way { repo, secret };
        way.leak("app.py").commit("root");
        if more {
            way.repo.write("b.py", "1\n").commit_unchecked("second");
        }
        let card = way.card(&["--history"]);
        assert_eq!(card.commands.concat().contains("--root"), more);
        way.mend("app.py").paste(&card, "").is_gone();
    }
}

#[test]
fn in_the_third_last_commit_with_a_dirty_tree() {
    let way = Way::new();
    way.leak("app.py").commit("wip");
    way.repo.write("b.py", "1\n").commit_unchecked("wip");
    way.repo.write("c.py", "1\n").commit_unchecked("wip");
    way.repo.write("c.py", "not committed\n").write("new.py", "untracked\n");
    let card = way.card(&["--branch", "main"]);

    way.mend("app.py").paste(&card, "").is_gone();
    assert_eq!(way.read("c.py"), "not committed\n");
    assert_eq!(way.repo.git(&["rev-list", "--count", "HEAD"]).text().trim(), "4");
    assert!(way.repo.git(&["show", "HEAD~2:app.py"]).text().contains("environ"));
}

#[test]
fn in_an_older_commit_and_kept_out_whole() {
    let way = Way::new();
    way.repo.write(".env", &format!("GITHUB_TOKEN={}\n", way.secret));
    way.commit("leak").repo.write("b.py", "1\n").commit_unchecked("second");
    let card = way.card(&["--range", "HEAD~2..HEAD"]);

    way.paste(&card, "").is_gone();
    assert!(way.read(".env").contains(&way.secret), "the file itself stays");
    assert!(way.read(".gitignore").contains(".env"));
}

#[test]
fn in_several_commits() {
    let way = Way::new();
    way.leak("app.py").commit("one");
    way.repo.write("b.py", "1\n").commit_unchecked("between");
    way.leak("worker.py").commit("two");
    way.repo.write("c.py", "1\n").commit_unchecked("last");
    let card = way.card(&["--range", "HEAD~4..HEAD"]);
    assert!(card.here.contains("2 local commits on main"), "{}", card.here);

    way.mend("app.py").mend("worker.py").paste(&card, "").is_gone();
    assert_eq!(way.repo.git(&["rev-list", "--count", "HEAD"]).text().trim(), "5");
}

#[test]
fn behind_a_merge() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    way.repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]).accepted();
    way.repo.write("side.py", "1\n").commit_unchecked("side");
    way.repo.git(&["checkout", "-q", "main"]).accepted();
    way.repo.git(&["merge", "-q", "--no-edit", "side"]).accepted();
    way.repo.write("c.py", "1\n").commit_unchecked("last");
    let card = way.card(&["--history"]);
    assert!(card.commands.concat().contains("--rebase-merges"), "{:?}", card.commands);

    way.mend("app.py").paste(&card, "").is_gone();
    assert_eq!(way.repo.git(&["rev-list", "--merges", "--count", "HEAD"]).text().trim(), "1");
}

#[test]
fn on_a_detached_head() {
    let way = Way::new();
    way.repo.git(&["checkout", "-q", "--detach"]).accepted();
    way.leak("app.py").commit("leak");
    way.repo.write("b.py", "1\n").commit_unchecked("second");
    let card = way.card(&["--range", "main..HEAD"]);

    way.mend("app.py").paste(&card, "").is_gone();
}

#[test]
fn in_a_file_that_was_renamed_since() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    way.repo.git(&["mv", "app.py", "moved.py"]).accepted();
    way.commit("moves it");
    way.repo.write("b.py", "1\n").commit_unchecked("last");
    let card = way.card(&["--range", "HEAD~3..HEAD"]);
    assert!(card.words[0].contains("moved.py"), "{:?}", card.words);

    way.mend("moved.py").paste(&card, "").is_gone();
}

#[test]
fn taken_out_by_a_later_commit_and_still_in_the_first() {
    let way = Way::new();
    way.leak("app.py").commit("leak").mend("app.py").commit("takes it out");
    let card = way.card(&["--range", "HEAD~2..HEAD"]);
    assert!(card.commands[0].starts_with("leakcoach rewrite "), "{:?}", card.commands);

    way.paste(&card, "").is_gone();
    assert!(way.read("app.py").contains("environ"));
}

#[test]
fn where_a_later_commit_changed_the_lines_around_it() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    way.repo.write("app.py", &way.leaking().replace("\n\ntoken", "\nnear = 1\ntoken"));
    way.commit("changes the line above");
    let card = way.card(&["--range", "HEAD~2..HEAD"]);

    way.mend("app.py").paste(&card, "").is_gone();
    assert!(way.repo.git(&["show", "HEAD:app.py"]).text().contains("environ"));
    way.repo.git(&["status", "--porcelain"]).accepted().silent();
}

#[test]
fn on_another_branch_too() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    way.repo.git(&["branch", "topic"]).accepted();
    let card = way.card(&["--commit", "HEAD"]);
    assert!(card.here.contains("main, topic"), "{}", card.here);

    way.mend("app.py").paste(&card, "").is_gone();
}

#[test]
fn pushed_to_a_remote_that_nobody_calls_public() {
    let way = Way::new();
    way.leak("app.py").commit("leak").with_remote();
    way.repo.write("b.py", "1\n").commit_unchecked("own");
    let card = way.card(&["--commit", "HEAD~1"]);
    assert_eq!(card.exposure, "pushed");
    assert!(card.here.contains("on origin/main") && card.here.contains("revoke it first"));
    assert!(card.words[0].starts_with("revoke it first"), "{:?}", card.words);

    way.paste(&card, "").is_gone().is_gone_from("../origin.git");
}

#[test]
fn pushed_on_a_branch_that_is_not_here() {
    let way = Way::new();
    way.with_remote().repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    way.leak("app.py").commit("leak");
    way.repo.git(&["push", "-q", "origin", "topic"]).accepted();
    way.repo.git(&["checkout", "-q", "main"]).accepted();
    way.repo.git(&["branch", "-q", "-D", "topic"]).accepted();
    let card = way.card(&["--commit", "origin/topic"]);
    assert_eq!(card.exposure, "pushed");

    way.paste(&card, "").is_gone().is_gone_from("../origin.git");
}

#[test]
fn public_is_for_revoking_and_not_for_rewriting() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    let url = "https://github.com/acme/app.git";
    way.with_remote().repo.git(&["remote", "set-url", "origin", url]).accepted();
    way.repo.write(".leakcoach.toml", "[remotes]\npublic = [\"github.com/acme/*\"]\n");
    let card = way.card(&["--commit", "HEAD"]);

    assert_eq!(card.exposure, "public");
    assert!(card.words[0].starts_with("revoke it first"));
    assert!(card.words[1].starts_with("look for use by others"));
    assert!(card.words.last().unwrap().contains("leave history as it is"));
    assert!(!card.commands.concat().contains("rewrite"));
}

#[test]
fn logged_is_for_revoking_and_for_deleting_the_log() {
    let way = Way::new();
    way.repo.write("job.log", &format!("token: {}\n", way.secret));
    let card = way.card(&["--log", "job.log"]);

    assert_eq!(card.exposure, "logged");
    assert!(card.words[0].starts_with("revoke it first"));
    assert!(card.words.iter().any(|words| words.starts_with("delete the log")));
}

#[test]
fn staged_though_a_remote_has_the_same_value_already() {
    let way = Way::new();
    way.leak("app.py").commit("leak").with_remote();
    way.repo.write("app.py", &way.leaking().replace("token =", "password ="));
    way.repo.git(&["add", "-A"]).accepted();
    let card = way.card(&[]);

    assert!(card.here.contains("on origin/main already"), "{}", card.here);
    assert!(card.words[0].starts_with("revoke it first"));
}

#[test]
fn what_cannot_be_known_is_said() {
    let way = Way::new();
    way.repo.git(&["remote", "add", "origin", "../nowhere.git"]).accepted();
    way.leak("app.py").commit("leak");

    let card = way.card(&["--commit", "HEAD"]);
    assert_eq!(card.exposure, "committed");
    assert!(card.here.contains("not known here (nothing was fetched)"), "{}", card.here);
}

#[test]
fn what_git_is_in_the_middle_of_is_finished_first() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    way.repo.write("b.py", "main\n").commit_unchecked("main");
    way.repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]).accepted();
    way.repo.write("b.py", "side\n").commit_unchecked("side");
    way.repo.git(&["checkout", "-q", "main"]).accepted();
    way.repo.git(&["cherry-pick", "side"]).ends_with_code(1);

    let card = way.card(&["--commit", "HEAD~1"]);
    assert_eq!(card.commands[0], "git status");
    assert!(card.words[0].contains("resolve the conflicts"));
    way.repo.leakcoach(&["rewrite", "github-pat", "--yes"]).ends_with_code(2).says("finish it");
    way.repo.write("b.py", "both\n").git(&["add", "-A"]).accepted();
    let card = way.card(&["--commit", "HEAD~1"]);
    assert_eq!(card.commands[0], "git cherry-pick --continue");
}

#[test]
fn commands_work_from_a_folder_below_the_top() {
    let way = Way::new();
    way.leak("app.py").repo.write("sub/b.py", "1\n");
    way.commit("leak").repo.write("c.py", "1\n").commit_unchecked("last");
    way.repo.write("../below.sh", &format!("cd sub && {BINARY} check --branch main"));
    let told = way.repo.typed(&["sh", "../below.sh"], "");

    told.refused().says("cd \"$(git rev-parse --show-toplevel)\" && git commit");
}

#[test]
fn a_rewrite_says_what_it_would_do_and_waits_for_a_yes() {
    let way = Way::new();
    way.leak("app.py").commit("leak").mend("app.py").commit("takes it out");
    let dry = way.repo.leakcoach(&["rewrite", "github-pat", "--dry-run"]);
    dry.accepted().says("would rewrite 2 commits").says("refs/heads/main");
    way.repo.leakcoach(&["rewrite", "github-pat"]).refused().says("--yes");
    let before = way.repo.bytes(&["show", "HEAD~1:app.py"]);
    assert!(String::from_utf8_lossy(&before).contains(&way.secret), "nothing was written");

    way.repo.leakcoach(&["rewrite", "github-pat", "--yes"]).accepted().says("rewrote 2 commits");
    way.is_gone();
    way.repo.leakcoach(&["rewrite", "github-pat", "--yes"]).ends_with_code(2);
}

/// A git-filter-repo that does nothing but run its callbacks on a text with two tokens, and
/// writes down what it was given.
const FILTER_REPO: &str = r#"#!/usr/bin/env python3
import os, sys, types
body = sys.argv[sys.argv.index("--blob-callback") + 1]
text = sys.argv[sys.argv.index("--message-callback") + 1]
here = os.path.dirname(os.path.abspath(__file__))
blob = types.SimpleNamespace(data=open(here + "/text", "rb").read())
define = lambda names, body: "def it(%s):\n" % names + "".join("  %s\n" % l for l in body.split("\n"))
exec(define("blob", body)); it(blob)
open(here + "/blob", "wb").write(blob.data)
exec(define("message", text)); open(here + "/message", "wb").write(it(open(here + "/text", "rb").read()))
open(here + "/given", "w").write(repr(sys.argv) + repr(os.environ))
"#;

#[test]
fn filter_repo_is_told_a_shape_and_a_hash_and_replaces_that_one_value() {
    let way = Way::new();
    way.leak("app.py").commit("leak");
    let programs = tempfile::tempdir().unwrap();
    let script = programs.path().join("git-filter-repo");
    fs::write(&script, FILTER_REPO).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let other = expand("ghp_{base62:30}{crc32-base62}", 77).unwrap();
    let text = format!("{other}{} x{}y", way.secret, way.secret);
    fs::write(programs.path().join("text"), text).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());

    let args = ["rewrite", "github-pat", "--filter-repo", "--yes", "--", "--force"];
    let done = way.repo.leakcoach_with(&[("PATH", &path)], &args);

    done.ends_with_code(3).says("still there after the rewrite");
    let read = |name: &str| fs::read_to_string(programs.path().join(name)).unwrap();
    let expected = format!("{other}removed-credential xremoved-credentialy");
    assert_eq!((read("blob"), read("message")), (expected.clone(), expected));
    assert!(!read("given").contains(&way.secret) && read("given").contains("--force"));
}

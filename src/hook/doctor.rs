//! Proves that the hooks fire, and names what keeps them from it.
//!
//! A commit with a fresh fake token and a clean one are made in a scratch repository that
//! has this repository's hooks. What other hooks of the chain do there is theirs. In a bare
//! repository it is a push to a scratch server.

mod server;

use super::place::Place;
use super::shim::{SHIMS, ours, runs};
use super::{file, managers};
use crate::catalogue::{Catalogue, sample::expand};
use crate::error::Error;
use crate::source::Repo;
use crate::text::Escaped;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

/// What the examination needs of its surroundings.
#[derive(Debug)]
pub struct Surroundings {
    /// Settings of hook managers in the environment, such as `HUSKY=0`.
    pub switches: Vec<(&'static str, OsString)>,
    /// Makes this run's fake credential its own.
    pub seed: u64,
    /// The configuration of a server's hooks, where it is not beside the repository.
    pub server_config: Option<PathBuf>,
}

/// The variables that switch hooks off.
pub const SWITCHES: [&str; 5] = ["HUSKY", "LEFTHOOK", "SKIP", "PREK_SKIP", "LEFTHOOK_EXCLUDE"];

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// A word for machines.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub well: Health,
    /// What was seen.
    pub seen: String,
    /// The one command or step that mends it; empty where nothing is to be mended.
    pub mend: String,
}

/// How a sign looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// Works, but something is missing.
    Weak,
    /// The hook does not do its work.
    Bad,
}

/// Examines `repo`.
///
/// # Errors
/// git cannot be run, or the scratch repository not be made.
pub fn examine(repo: &Repo, around: &Surroundings) -> Result<Vec<Sign>, Error> {
    let place = Place::of(repo)?;
    // A bare repository can have work trees elsewhere, with its hooks.
    if repo.is_bare() && !SHIMS.iter().any(|(name, _)| ours(&place.folder().join(name))) {
        return server::examine(repo, around);
    }
    let mut signs = vec![where_hooks_are(&place)];
    let managed = repo.top().is_some_and(managers::calls_leakcoach);
    signs.extend(SHIMS.iter().map(|(name, _)| present(&place, name, managed)));
    signs.extend(program());
    signs.extend(around.switches.iter().filter_map(switch));
    if let Some(top) = repo.top().filter(|_| !managed) {
        signs.extend(managers::present(top).map(|manager| Sign {
            name: "manager",
            well: Health::Good,
            seen: manager.advice().to_owned(),
            mend: String::new(),
        }));
    }
    let scratch = Scratch::new(repo, &place, around.seed)?;
    signs.push(scratch.refuses()?);
    signs.push(scratch.refuses_message()?);
    signs.push(scratch.passes()?);
    Ok(signs)
}

fn where_hooks_are(place: &Place) -> Sign {
    let (kind, well) = match place {
        Place::Own(_) => ("the repository's own", Health::Good),
        Place::Husky(_) => ("husky's", Health::Good),
        Place::Shared(_) => ("one for many repositories (global core.hooksPath)", Health::Good),
    };
    let seen = format!("git looks for hooks in {}, {kind}", Escaped::path(&place.folder()));
    Sign { name: "hooks-folder", well, seen, mend: String::new() }
}

fn present(place: &Place, hook: &'static str, managed: bool) -> Sign {
    let (path, script) = match place {
        Place::Own(folder) | Place::Shared(folder) => (folder.join(hook), folder.join(hook)),
        Place::Husky(scripts) => (scripts.join("_").join(hook), scripts.join(hook)),
    };
    let named = |text: &[u8]| memchr::memmem::find(text, b"leakcoach").is_some();
    let called = ours(&script) || fs::read(&script).is_ok_and(|text| named(&text));
    let (well, seen, mend) = match (called, runs(&path)) {
        (true, true) => (Health::Good, format!("{hook} calls leakcoach"), String::new()),
        (true, false) => (
            Health::Bad,
            format!("{hook} is there, but git may not run it"),
            format!("chmod +x {}", Escaped::path(&path)),
        ),
        (false, true) if managed => (
            Health::Good,
            format!("{hook} is a hook manager's, whose file calls leakcoach"),
            String::new(),
        ),
        (false, _) if managed => (
            Health::Weak,
            format!("{hook} is not there"),
            format!("have the hook manager install {hook} too"),
        ),
        (false, _) => (
            Health::Weak,
            format!("{hook} does not name leakcoach"),
            "leakcoach install".to_owned(),
        ),
    };
    Sign { name: hook, well, seen, mend }
}

/// The program that the shims find on `PATH`, beside this one.
fn program() -> Option<Sign> {
    let own = env!("CARGO_PKG_VERSION");
    let sign = |well, seen: String, mend: &str| {
        Some(Sign { name: "program", well, seen, mend: mend.to_owned() })
    };
    match crate::tool::leakcoach().arg("--version").output() {
        Ok(output) if output.status.success() => {
            let shown = String::from_utf8_lossy(&output.stdout);
            let found = shown.split_whitespace().nth(1).unwrap_or("of no known version");
            if found == own {
                return sign(Health::Good, format!("leakcoach {own} is on PATH"), "");
            }
            let seen = format!("the leakcoach on PATH is {found}, this one is {own}");
            sign(Health::Weak, seen, "./install.sh in the checkout you want")
        }
        Ok(_) | Err(_) => sign(
            Health::Weak,
            "leakcoach is not on PATH: hooks use the place it was installed from".to_owned(),
            "./install.sh",
        ),
    }
}

/// What a variable of the environment switches off.
fn switch((name, value): &(&'static str, OsString)) -> Option<Sign> {
    let value = value.to_string_lossy();
    let off = match *name {
        "HUSKY" | "LEFTHOOK" => value == "0" || value == "false",
        _ => value.contains("leakcoach"),
    };
    off.then(|| Sign {
        name: "switched-off",
        well: Health::Bad,
        seen: format!("{name}={} is set: hooks are skipped", Escaped(value.as_bytes())),
        mend: format!("unset {name}"),
    })
}

/// A repository for one examination.
struct Scratch {
    folder: tempfile::TempDir,
    hooks: PathBuf,
    seed: u64,
}

impl Scratch {
    fn new(repo: &Repo, place: &Place, seed: u64) -> Result<Self, Error> {
        let folder = tempfile::tempdir()
            .map_err(|source| file("create", Path::new("a temp folder"), source))?;
        let hooks = fs::canonicalize(place.folder()).unwrap_or_else(|_| place.folder());
        let scratch = Self { folder, hooks, seed };
        scratch.git(&["init", "-q"])?;
        // Whether hooks fire is asked here; what policy makes of a finding is another matter.
        let policy = scratch.path(crate::config::FILE);
        fs::write(&policy, "[[policy]]\nverdict = \"block\"\n")
            .map_err(|source| file("write", &policy, source))?;
        // What a manager reads stands in the work tree.
        for name in repo.top().into_iter().flat_map(managers::files) {
            let (from, to) = (repo.top().unwrap_or(Path::new(".")).join(name), scratch.path(name));
            fs::copy(&from, &to).map_err(|source| file("copy", &from, source))?;
        }
        Ok(scratch)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn git(&self, args: &[&str]) -> Result<Output, Error> {
        let mut hooks = OsString::from("core.hooksPath=");
        hooks.push(&self.hooks);
        crate::tool::git_in(self.folder.path())
            .arg("-c")
            .arg(hooks)
            .args(["-c", "user.name=canary", "-c", "user.email=canary@localhost"])
            .args(["-c", "commit.gpgSign=false"])
            .args(args)
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .env("LEAKCOACH_RECORD", "off")
            .output()
            .map_err(|error| Error::NoGit { why: error.to_string() })
    }

    fn commit(&self, text: &str, message: &str) -> Result<Output, Error> {
        let path = self.path("canary.txt");
        fs::write(&path, text).map_err(|source| file("write", &path, source))?;
        self.git(&["add", "-A"])?;
        // From a file: other users read what stands on a command line.
        let file_of_message = self.folder.path().join(".git/canary-message");
        fs::write(&file_of_message, message)
            .map_err(|source| file("write", &file_of_message, source))?;
        self.git(&["commit", "-q", "-F", ".git/canary-message"])
    }

    /// A commit with a token in its message.
    fn refuses_message(&self) -> Result<Sign, Error> {
        let output =
            self.commit("name = \"canary\"\n", &format!("use {}\n", made_token(self.seed)?))?;
        Ok(if !output.status.success() && carded(&output) {
            let seen = "a message with a fake token is refused".to_owned();
            Sign { name: "canary-message", well: Health::Good, seen, mend: String::new() }
        } else {
            let seen = "a message with a fake token is not refused".to_owned();
            let mend = "leakcoach install".to_owned();
            Sign { name: "canary-message", well: Health::Weak, seen, mend }
        })
    }

    /// A commit with a fresh fake token.
    fn refuses(&self) -> Result<Sign, Error> {
        let output =
            self.commit(&format!("token = \"{}\"\n", made_token(self.seed)?), "canary\n")?;
        Ok(if !output.status.success() && carded(&output) {
            let seen = "a commit with a fake token is refused".to_owned();
            Sign { name: "canary", well: Health::Good, seen, mend: String::new() }
        } else {
            let seen = if output.status.success() {
                "a commit with a fake token went through"
            } else {
                "a commit with a fake token was refused by another hook, without a card"
            };
            let mend = "leakcoach install, then leakcoach doctor".to_owned();
            Sign { name: "canary", well: Health::Bad, seen: seen.to_owned(), mend }
        })
    }

    fn passes(&self) -> Result<Sign, Error> {
        let output = self.commit("name = \"canary, again\"\n", "canary\n")?;
        let refused = memchr::memmem::find(&output.stderr, b"refused").is_some();
        Ok(if output.status.success() {
            let seen = "a clean commit passes".to_owned();
            Sign { name: "clean-commit", well: Health::Good, seen, mend: String::new() }
        } else if refused {
            let seen = "a clean commit is refused".to_owned();
            let mend = "leakcoach explain what the card names".to_owned();
            Sign { name: "clean-commit", well: Health::Bad, seen, mend }
        } else {
            let seen = "another hook of the chain says no in an empty repository".to_owned();
            Sign { name: "clean-commit", well: Health::Weak, seen, mend: String::new() }
        })
    }
}

/// A fresh fake token.
fn made_token(seed: u64) -> Result<String, Error> {
    let rule = Catalogue::builtin().rule("github-pat");
    let template = rule.and_then(|rule| rule.samples.iter().next()).unwrap_or_default();
    expand(template, seed).map_err(Error::Usage)
}

/// Whether leakcoach has shown a card.
fn carded(output: &Output) -> bool {
    [&output.stdout, &output.stderr]
        .into_iter()
        .any(|shown| memchr::memmem::find(shown, b"[github-pat]").is_some())
}

//! Proves that a server's hook fires: pushes to a scratch repository that has only this hook.
//!
//! Other hooks of the server are left out of it: what runs after a push may deploy.

use super::{Health, Sign, Surroundings, carded, made_token, program};
use crate::error::Error;
use crate::hook::file;
use crate::hook::server::{NAME, Spot};
use crate::hook::shim::{ours, runs};
use crate::source::Repo;
use crate::text::Escaped;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Output;

/// The administrator's file, beside `HEAD`.
const CONFIG: &str = "leakcoach.toml";

/// Examines the bare repository `repo`.
pub(super) fn examine(repo: &Repo, around: &Surroundings) -> Result<Vec<Sign>, Error> {
    let own = repo.common_dir().join("hooks").join(NAME);
    let hook = match Spot::of(repo) {
        Ok(spot) => spot.hook(),
        // A user's global hooks pass it on.
        Err(_) if ours(&own) => own,
        Err(error) => return Err(error),
    };
    let mut signs = vec![present(&hook, repo)];
    signs.extend(program());
    if signs.iter().any(|sign| sign.name == NAME && sign.well == Health::Bad) {
        return Ok(signs);
    }
    let scratch = Scratch::new(repo, &hook, around)?;
    signs.push(scratch.refuses("canary", "a file", |scratch, token| {
        scratch.commit(&format!("token = \"{token}\"\n"), "canary\n")
    })?);
    signs.push(scratch.refuses("canary-message", "a message", |scratch, token| {
        scratch.commit("name = \"canary\"\n", &format!("use {token}\n"))
    })?);
    signs.push(scratch.passes()?);
    Ok(signs)
}

fn present(hook: &Path, repo: &Repo) -> Sign {
    let named =
        fs::read(hook).is_ok_and(|text| memchr::memmem::find(&text, b"leakcoach").is_some());
    let shown = Escaped::path(hook);
    let (well, seen, mend) = match (named, runs(hook)) {
        (true, true) => (Health::Good, format!("{shown} calls leakcoach"), String::new()),
        (true, false) => (
            Health::Bad,
            format!("{shown} is there, but git may not run it"),
            format!("chmod +x {shown}"),
        ),
        (false, _) => (
            Health::Bad,
            format!("{shown} does not call leakcoach"),
            format!("leakcoach install --server {}", Escaped::path(repo.git_dir())),
        ),
    };
    Sign { name: NAME, well, seen, mend }
}

/// A server and its pusher, for one examination.
struct Scratch {
    folder: tempfile::TempDir,
    /// The server's configuration, where there is one.
    config: Option<PathBuf>,
    seed: u64,
}

impl Scratch {
    fn new(repo: &Repo, hook: &Path, around: &Surroundings) -> Result<Self, Error> {
        let folder = tempfile::tempdir()
            .map_err(|source| file("create", Path::new("a temp folder"), source))?;
        let own = || Some(repo.common_dir().join(CONFIG)).filter(|path| path.is_file());
        let config = around.server_config.clone().or_else(own);
        // git would take it from where the push runs.
        let config = config.map(|path| fs::canonicalize(&path).unwrap_or(path));
        let scratch = Self { folder, config, seed: around.seed };
        let format = format!("--object-format={}", repo.format());
        scratch.git(&["init", "-q", &format, "--bare", "server.git"])?;
        scratch.git(&["init", "-q", &format, "pusher"])?;
        let hooks = scratch.folder.path().join("server.git/hooks");
        fs::create_dir_all(&hooks).map_err(|source| file("create", &hooks, source))?;
        let at = hooks.join(NAME);
        let hook = fs::canonicalize(hook).unwrap_or_else(|_| hook.to_owned());
        symlink(&hook, &at).map_err(|source| file("write", &at, source))?;
        // A user's global hooks are none of this server's.
        let place = hooks.display().to_string();
        scratch.git(&["-C", "server.git", "config", "core.hooksPath", &place])?;
        Ok(scratch)
    }

    fn git(&self, args: &[&str]) -> Result<Output, Error> {
        let mut command = crate::tool::git_in(self.folder.path());
        if let Some(config) = &self.config {
            command.env("LEAKCOACH_SERVER_CONFIG", config);
        }
        command
            .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"])
            .args(["-c", "user.name=canary", "-c", "user.email=canary@localhost"])
            .args(args)
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .output()
            .map_err(|error| Error::NoGit { why: error.to_string() })
    }

    /// A commit without parents, so that what one push brings is not in the next.
    fn commit(&self, text: &str, message: &str) -> Result<(), Error> {
        for (name, text) in [("pusher/canary.txt", text), ("pusher/.git/canary-message", message)] {
            let path = self.folder.path().join(name);
            fs::write(&path, text).map_err(|source| file("write", &path, source))?;
        }
        self.git(&["-C", "pusher", "checkout", "-q", "--orphan", "next"])?;
        self.git(&["-C", "pusher", "add", "-A"])?;
        self.git(&["-C", "pusher", "commit", "-q", "-F", ".git/canary-message"])?;
        // So that the name is free for the next one.
        self.git(&["-C", "pusher", "checkout", "-q", "--detach"])?;
        self.git(&["-C", "pusher", "branch", "-q", "-D", "next"])?;
        Ok(())
    }

    fn push(&self) -> Result<Output, Error> {
        self.git(&["-C", "pusher", "push", "-q", "../server.git", "HEAD:refs/heads/canary"])
    }

    fn refuses(
        &self,
        name: &'static str,
        place: &str,
        commit: impl Fn(&Self, &str) -> Result<(), Error>,
    ) -> Result<Sign, Error> {
        commit(self, &made_token(self.seed)?)?;
        let output = self.push()?;
        let what = format!("a push with a fake token in {place}");
        if !output.status.success() && carded(&output) {
            let seen = format!("{what} is refused");
            return Ok(Sign { name, well: Health::Good, seen, mend: String::new() });
        }
        let seen = if output.status.success() {
            format!("{what} went through")
        } else {
            format!("{what} was refused without a card")
        };
        let mend = "leakcoach config, and what `git push` to it says".to_owned();
        Ok(Sign { name, well: Health::Bad, seen, mend })
    }

    fn passes(&self) -> Result<Sign, Error> {
        self.commit("name = \"canary, again\"\n", "canary\n")?;
        let output = self.push()?;
        let (well, seen, mend) = if output.status.success() {
            (Health::Good, "a clean push passes", "")
        } else {
            (Health::Bad, "a clean push is refused", "see what `git push` to it says")
        };
        let (seen, mend) = (seen.to_owned(), mend.to_owned());
        Ok(Sign { name: "clean-push", well, seen, mend })
    }
}

//! Deployments: an approval counts for one commit, one target and one while, by who may give it.

use crate::harness::{Attempt, Repo};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

struct Shop {
    repo: Repo,
}

impl Shop {
    /// A commit by Test, and approvers Ada and Bob, each with a key of their own.
    fn new(policy: &str) -> Self {
        let shop = Self { repo: Repo::plain() };
        let mut signers = String::new();
        for name in ["ada", "bob", "test", "eve"] {
            let key = shop.key(name);
            let made = Attempt::of(
                Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &key]),
            );
            made.accepted();
            let public = fs::read_to_string(format!("{key}.pub")).unwrap();
            if name != "eve" {
                let host = if name == "test" { "localhost" } else { "example.com" };
                write!(signers, "{name}@{host} namespaces=\"leakcoach-gate\" {public}").unwrap();
            }
        }
        shop.repo.write(".leakcoach/signers", &signers);
        let policy = format!("[gate]\nsigners = \".leakcoach/signers\"\n{policy}");
        shop.repo.write(".leakcoach.toml", &policy).commit_unchecked("release");
        shop
    }

    fn key(&self, name: &str) -> String {
        self.repo.home().join(name).display().to_string()
    }

    fn approve(&self, name: &str, more: &[&str]) -> Attempt {
        let key = self.key(name);
        let args = ["gate", "approve", "--for", "1h", "--reason", "release 4", "--key", &key];
        self.repo.leakcoach(&[&args, more].concat())
    }

    fn gate(&self, target: &str) -> Attempt {
        self.repo.leakcoach(&["gate", "--target", target])
    }
}

#[test]
fn without_an_approval_nothing_goes_and_with_one_it_does() {
    let shop = Shop::new("");
    shop.gate("production").refused().says("leakcoach gate approve").says("git fetch origin");

    shop.approve("ada", &["--target", "production"]).accepted().says("git push");
    shop.gate("production").accepted().says("approved by ada@example.com (release 4)");
}

#[test]
fn an_approval_is_for_one_commit_and_one_target() {
    let shop = Shop::new("");
    let file = shop.repo.home().join("approval").display().to_string();
    shop.approve("ada", &["--target", "production", "--output", &file]).accepted();
    let with = |target| shop.repo.leakcoach(&["gate", "--target", target, "--approval", &file]);

    with("production").accepted();
    with("staging").refused().says("it is for production");
    shop.repo.write("a.py", "a = 1\n").commit_unchecked("another");
    with("production").refused().says("it is for commit");

    // Changed words are not those that were signed.
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("target production", "target staging")).unwrap();
    with("staging").refused().says("signature does not fit");
    fs::write(&file, "no approval at all").unwrap();
    with("production").refused().says("no approval that this leakcoach can read");
}

#[test]
fn who_wrote_it_and_who_is_no_approver_do_not_count() {
    let shop = Shop::new("approvers = [\"bob@example.com\", \"test@localhost\"]\n");
    shop.approve("test", &["--target", "production"]).accepted();
    shop.approve("ada", &["--target", "production"]).accepted();
    shop.approve("eve", &["--target", "production"]).accepted();
    shop.gate("production")
        .refused()
        .says("test@localhost signed it and wrote the commit")
        .says("ada@example.com signed it and is no approver")
        .says("no allowed signer has its key");

    shop.approve("bob", &["--target", "production"]).accepted();
    shop.gate("production").accepted().says("bob@example.com");
}

#[test]
fn owners_of_a_file_can_be_the_approvers() {
    let shop = Shop::new("approvers = [\"owners:deploy/production.yml\"]\n");
    shop.approve("bob", &["--target", "production"]).accepted();
    shop.gate("production").refused().says("CODEOWNERS names nobody for deploy/production.yml");

    // What is not committed is nobody's word.
    shop.repo.write("CODEOWNERS", "/deploy/ bob@example.com\n");
    shop.gate("production").refused();
    shop.repo.commit_unchecked("owners");
    shop.approve("bob", &["--target", "production"]).accepted();
    shop.gate("production").accepted();
}

#[test]
fn a_commit_brings_no_policy_of_its_own() {
    let shop = Shop::new("approvers = [\"bob@example.com\"]\n");
    shop.repo.git(&["init", "-q", "--bare", "../server.git"]).accepted();
    shop.repo.git(&["remote", "add", "origin", "../server.git"]).accepted();
    shop.gate("production")
        .ends_with_code(3)
        .says("git fetch origin +HEAD:refs/remotes/origin/HEAD");
    shop.repo.git(&["push", "-q", "origin", "main"]).accepted();

    // A branch where eve is a signer, and an approver.
    let eve = fs::read_to_string(format!("{}.pub", shop.key("eve"))).unwrap();
    let signers = format!("eve@example.com namespaces=\"leakcoach-gate\" {eve}");
    let policy = "[gate]\nsigners = \".leakcoach/signers\"\napprovers = [\"eve@example.com\"]\n";
    shop.repo.git(&["checkout", "-q", "-b", "topic"]).accepted();
    shop.repo.write(".leakcoach/signers", &signers).write(".leakcoach.toml", policy);
    shop.repo.commit_unchecked("policy of my own");
    shop.approve("eve", &["--target", "production"]).accepted();
    shop.gate("production").refused().says("no allowed signer has its key");
    shop.approve("bob", &["--target", "production"]).accepted();
    shop.gate("production").accepted().says("bob@example.com");
}

#[test]
fn an_end_is_an_end_and_policy_limits_it() {
    let shop = Shop::new("at-most = \"30m\"\n");
    shop.approve("ada", &["--target", "production"]).ends_with_code(2).says("30 minutes at most");
    // Signed where policy was another: it does not count here.
    let lax =
        ["--set", "gate.at-most=8h", "gate", "approve", "--target", "production", "--for", "2h"];
    let key = shop.key("ada");
    shop.repo.leakcoach(&[&lax[..], &["--reason", "x", "--key", &key]].concat()).accepted();
    shop.gate("production").refused().says("lasts longer than policy allows");
}

#[test]
fn a_slip_of_the_pen_opens_no_other_gate() {
    let shop = Shop::new("targets = [\"production\"]\n");
    shop.gate("prodution").ends_with_code(2).says("production");
    shop.gate("../x").ends_with_code(2);
    let lacking = ["gate", "--target", "production", "--signers", "nowhere"];
    shop.repo.leakcoach(&lacking).ends_with_code(3).says("nowhere");
}

#[test]
fn a_runner_fetches_the_approval_that_an_approver_pushed() {
    let shop = Shop::new("");
    shop.repo.git(&["init", "-q", "--bare", "../server.git"]).accepted();
    shop.repo.git(&["remote", "add", "origin", "../server.git"]).accepted();
    shop.repo.git(&["push", "-q", "origin", "main"]).accepted();
    shop.approve("ada", &["--target", "production", "--push"]).accepted();
    let refs = "refs/leakcoach/approvals";
    let there =
        String::from_utf8(shop.repo.bytes(&["ls-remote", "origin", &format!("{refs}/*")])).unwrap();
    let name = there.split_whitespace().nth(1).unwrap().to_owned();
    shop.repo.git(&["update-ref", "-d", &name]).accepted();
    shop.gate("production").refused();
    shop.repo.git(&["fetch", "-q", "origin", &format!("+{refs}/*:{refs}/*")]).accepted();
    shop.gate("production").accepted();
}

//! What git stores and says: objects, indexes, refs to be pushed, revisions.

use crate::inputs;
use crate::parsers::{quiet, token};
use crate::{Target, timed};
use fastrand::Rng;
use flate2::{Compression, write::ZlibEncoder};
use git2::{IndexAddOption, Oid, Repository, RepositoryInitOptions, Signature};
use gix_hash::ObjectId;
use leakcoach::source::{Repo, RepoEnv, Towards, index, range};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

pub(crate) fn targets(scratch: &Path) -> Vec<Box<dyn Target>> {
    let grounds = Rc::new(Grounds::new(&scratch.join("grounds")));
    vec![
        Box::new(LooseObject { grounds: Rc::clone(&grounds), whole: Vec::new() }),
        Box::new(Objects { grounds: Rc::clone(&grounds) }),
        Box::new(PushedRefs { grounds: Rc::clone(&grounds) }),
        Box::new(Revisions { grounds }),
        // It damages its index.
        Box::new(Index::new(Grounds::new(&scratch.join("index")))),
    ]
}

/// A repository with a merge, a tag, folders and something staged.
struct Grounds {
    repo: Repo,
    folder: PathBuf,
    /// Commits, trees, a tag and blobs.
    ids: Vec<Oid>,
}

impl Grounds {
    fn new(folder: &Path) -> Self {
        let native = Repository::init_opts(
            folder,
            RepositoryInitOptions::new().initial_head("main").external_template(false),
        )
        .unwrap();
        let author = Signature::new("soak", "soak@localhost", &git2::Time::new(0, 0)).unwrap();
        let mut ids = Vec::new();
        let mut parents: Vec<Oid> = Vec::new();
        for round in 0..4_u8 {
            for name in ["a/b/c.txt", "a/d.py", "e.yml"] {
                let path = folder.join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, format!("{name} {round}\n").repeat(4)).unwrap();
            }
            let mut staged = native.index().unwrap();
            staged.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
            staged.write().unwrap();
            ids.extend(staged.iter().map(|entry| entry.id));
            if round == 3 {
                break;
            }
            let tree = native.find_tree(staged.write_tree().unwrap()).unwrap();
            let before: Vec<_> =
                parents.iter().map(|id| native.find_commit(*id).unwrap()).collect();
            let before: Vec<_> = before.iter().collect();
            let commit = native.commit(None, &author, &author, "words", &tree, &before).unwrap();
            ids.extend([tree.id(), commit]);
            ids.extend(tree.iter().map(|entry| entry.id()));
            parents.push(commit);
        }
        let head = *parents.last().unwrap();
        native.reference("refs/heads/main", head, true, "").unwrap();
        native.reference("refs/remotes/origin/main", parents[0], true, "").unwrap();
        let head = native.find_object(head, None).unwrap();
        ids.push(native.tag("v1", &head, &author, "words", false).unwrap());
        let repo = Repo::open_at(folder, &RepoEnv::default()).unwrap();
        Self { repo, folder: folder.join(".git"), ids }
    }

    fn native(&self) -> Repository {
        Repository::open(&self.folder).unwrap()
    }

    /// The object as git hashes it, header and all.
    fn raw(&self, id: Oid) -> Vec<u8> {
        let native = self.native();
        let odb = native.odb().unwrap();
        let object = odb.read(id).unwrap();
        let header = format!("{} {}\0", object.kind(), object.len());
        [header.as_bytes(), object.data()].concat()
    }

    /// Puts a file where the loose object `id` belongs, for as long as `work` runs.
    fn with_object<T>(&self, id: &str, packed: &[u8], work: impl FnOnce() -> T) -> T {
        let (folder, file) = id.split_at(2);
        let folder = self.folder.join("objects").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(file);
        std::fs::write(&path, packed).unwrap();
        let made = work();
        std::fs::remove_file(&path).unwrap();
        made
    }
}

fn packed(raw: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

fn drawn_id(rng: &mut Rng) -> String {
    (0..40).map(|_| char::from(inputs::pick(rng, b"0123456789abcdef"))).collect()
}

fn parsed(id: &str) -> ObjectId {
    ObjectId::from_hex(id.as_bytes()).unwrap()
}

struct LooseObject {
    grounds: Rc<Grounds>,
    /// The content of the last input that was made whole.
    whole: Vec<u8>,
}

impl Target for LooseObject {
    fn name(&self) -> &'static str {
        "loose"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["whole", "damaged file", "damaged content", "lying size", "cut", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        self.whole = inputs::drawn(rng, 4000);
        let size = if generator == "lying size" {
            inputs::pick(rng, &[0, 1, 3999, 4001, 1 << 20, 1 << 40, usize::MAX])
        } else {
            self.whole.len()
        };
        let raw = [format!("blob {size}\0").as_bytes(), &self.whole].concat();
        match generator {
            "damaged file" => inputs::damage(packed(&raw), rng),
            "damaged content" => packed(&inputs::damage(raw, rng)),
            "cut" => {
                let mut packed = packed(&raw);
                packed.truncate(rng.usize(..packed.len()));
                packed
            }
            "noise" => [&[0x78, 0x01], &*inputs::drawn(rng, 600)].concat(),
            _ => packed(&raw),
        }
    }

    fn check(&mut self, generator: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let id = drawn_id(rng);
        let repo = &self.grounds.repo;
        self.grounds.with_object(&id, input, || {
            let (read, took) = timed(|| repo.read(parsed(&id)));
            match read {
                Ok(bytes) if generator == "whole" && *bytes != *self.whole => {
                    Err("a blob was read as another".to_owned())
                }
                Err(_) if generator == "whole" => Err("a whole blob was refused".to_owned()),
                Ok(_) if generator == "cut" => Err("what was cut short was read".to_owned()),
                Ok(_) | Err(_) => Ok(took),
            }
        })
    }
}

/// Trees that hold themselves: libgit2 is told not to hash again what it reads.
const CIRCLES: &str = "circles";

struct Objects {
    grounds: Rc<Grounds>,
}

impl Target for Objects {
    fn name(&self) -> &'static str {
        "objects"
    }

    fn generators(&self) -> &'static [&'static str] {
        // A circle takes a hundred times as long as the others.
        &["damaged", "damaged", "damaged", "long names", "long names", "noise", "noise", CIRCLES]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        match generator {
            "damaged" => {
                let id = inputs::pick(rng, &self.grounds.ids);
                inputs::damage(self.grounds.raw(id), rng)
            }
            CIRCLES => {
                let own = parsed(&"1".repeat(40));
                let mut content = Vec::new();
                for at in 0..rng.u8(1..4) {
                    content.extend([&b"40000 "[..], &[b'a' + at, 0], own.as_slice()].concat());
                }
                [format!("tree {}\0", content.len()).as_bytes(), &content].concat()
            }
            "long names" => {
                let name = vec![b'a'; rng.usize(1..5000)];
                let id = inputs::pick(rng, &self.grounds.ids).as_bytes().to_vec();
                let content = [&b"40000 "[..], &name, b"\0", &id].concat().repeat(rng.usize(1..50));
                [format!("tree {}\0", content.len()).as_bytes(), &content].concat()
            }
            _ => {
                let kind = inputs::pick(rng, &["tree", "commit", "tag"]);
                let content = inputs::drawn(rng, 400);
                [format!("{kind} {}\0", content.len()).as_bytes(), &content].concat()
            }
        }
    }

    fn check(&mut self, generator: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let circle = generator == CIRCLES;
        let id = if circle { "1".repeat(40) } else { drawn_id(rng) };
        let commit = format!("tree {id}\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\nwords\n");
        let commit = format!("commit {}\0{commit}", commit.len());
        let above = drawn_id(rng);
        let lines = format!("refs/tags/x {id} refs/tags/x {}\n", "0".repeat(40));
        let repo = &self.grounds.repo;
        let pushed =
            || range::pushed(repo, lines.as_bytes(), Towards::named("origin"))?.change_sets(repo);
        self.grounds.with_object(&id, &packed(input), || {
            self.grounds.with_object(&above, &packed(commit.as_bytes()), || {
                let (_read_or_refused, took) = timed(|| {
                    let as_tree = range::changes_of_commit(repo, parsed(&above)).is_ok();
                    let as_commit = range::changes_of_commit(repo, parsed(&id)).is_ok();
                    as_tree | as_commit | pushed().is_ok()
                });
                // A circle costs what the bound on depth allows, whatever its size.
                let expected = circle && took < Duration::from_secs(5);
                Ok(if expected { Duration::ZERO } else { took })
            })
        })
    }
}

struct PushedRefs {
    grounds: Rc<Grounds>,
}

impl Target for PushedRefs {
    fn name(&self) -> &'static str {
        "pushed refs"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["written", "damaged", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        let mut text = String::new();
        for _ in 0..rng.usize(1..8) {
            let id = |rng: &mut Rng| match rng.u8(..8) {
                0 => "0".repeat(40),
                1 => drawn_id(rng),
                2 => token(rng),
                _ => inputs::pick(rng, &self.grounds.ids).to_string(),
            };
            let name = inputs::pick(rng, &["refs/heads/main", "HEAD~1", "(delete)", "a b c", ""]);
            let (local, remote) = (id(rng), id(rng));
            text.extend([format!("{name} {local} refs/heads/main {remote}\n")]);
        }
        match generator {
            "written" => text.into_bytes(),
            "damaged" => inputs::damage(text.into_bytes(), rng),
            _ => inputs::drawn(rng, 400),
        }
    }

    fn check(&mut self, _: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let remote = inputs::pick(rng, &["origin", "", "other", "https://host.example/a", "*["]);
        let repo = &self.grounds.repo;
        let (sent, took) = timed(|| {
            range::pushed(repo, input, Towards::named(remote))
                .and_then(|outgoing| outgoing.change_sets(repo))
        });
        match sent {
            Ok(_) => Ok(took),
            Err(error) => quiet(&error, input).map(|()| took),
        }
    }
}

struct Revisions {
    grounds: Rc<Grounds>,
}

impl Target for Revisions {
    fn name(&self) -> &'static str {
        "revisions"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["written", "damaged", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        let one = |rng: &mut Rng| {
            let names =
                ["HEAD", "main", "v1", "v1^{}", "HEAD~1", "HEAD^2", "@{1}", "@{-1}", ":/w", ""];
            match rng.u8(..3) {
                0 => inputs::pick(rng, &self.grounds.ids).to_string(),
                _ => (inputs::pick(rng, &names)).to_owned(),
            }
        };
        let text = format!("{}..{}", one(rng), one(rng)).into_bytes();
        match generator {
            "written" => text,
            "damaged" => inputs::damage(text, rng),
            _ => [&*inputs::drawn(rng, 60), b"..", &*inputs::drawn(rng, 60)].concat(),
        }
    }

    fn check(&mut self, _: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        let text = String::from_utf8_lossy(input);
        let (_any, took) = timed(|| range::range(&self.grounds.repo, &text).is_ok());
        Ok(took)
    }
}

struct Index {
    grounds: Grounds,
    path: PathBuf,
    whole: Vec<u8>,
}

impl Index {
    fn new(grounds: Grounds) -> Self {
        let path = grounds.folder.join("index");
        let whole = std::fs::read(&path).unwrap();
        Self { grounds, path, whole }
    }
}

impl Target for Index {
    fn name(&self) -> &'static str {
        "index"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["damaged", "many entries"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.whole.clone();
        if generator == "many entries" {
            // A count that the file does not hold, and damage behind it.
            bytes[8..12].copy_from_slice(&rng.u32(..).to_be_bytes());
        }
        bytes.truncate(bytes.len() - 20);
        let mut bytes = inputs::damage(bytes, rng);
        // No checksum (`index.skipHash`), or git would only be asked to say the same.
        bytes.extend([0; 20]);
        bytes
    }

    fn check(&mut self, _: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        std::fs::write(&self.path, input).map_err(|_| "cannot write a file".to_owned())?;
        let (staged, took) = timed(|| index::staged(&self.grounds.repo));
        match staged {
            Ok(_) => Ok(took),
            Err(error) => quiet(&error, input).map(|()| took),
        }
    }
}

//! A repository, opened by libgit2 or, where libgit2 cannot, by the git binary.
//!
//! Opening is cheap: each fact is found out when it is first asked for.

mod facts;
mod revision;

pub use facts::{Head, InProgress};

use super::loose::{self, Loose};
use super::object::{self, Bytes, CommitHead, Kind, Thing, TreeItem};
use super::packs::{Packs, Reader};
use super::plumbing::{self, Place, Plumbing};
use super::work::Work;
use crate::error::Error;
use crate::text::Escaped;
use bstr::{BString, ByteSlice};
use gix_hash::ObjectId;
use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

/// What the environment says of a repository that is not the one git's hook runs for.
#[derive(Debug, Clone, Default)]
pub struct RepoEnv {
    /// `GIT_INDEX_FILE`: the index to read; relative to the top of the work tree.
    pub index_file: Option<PathBuf>,
    /// Variables for a git that has to be started.
    pub variables: Vec<(OsString, OsString)>,
}

/// A repository. One thread's own: see [`Repo::reopen`].
pub struct Repo {
    place: Place,
    backend: Backend,
    git: Plumbing,
    head: OnceCell<Head>,
    shallow: OnceCell<HashSet<ObjectId>>,
    promised: OnceCell<bool>,
    /// Reads what is packed, once that is worth its preparation.
    reader: OnceCell<RefCell<Reader>>,
    /// The folders of objects: its own and those it borrows from.
    objects: OnceCell<Vec<PathBuf>>,
    work: Work,
}

enum Backend {
    /// libgit2 reads it.
    Native(git2::Repository),
    /// Only git does.
    Git(Facts),
}

/// What git says of a repository when it is opened.
#[derive(Debug, Clone)]
struct Facts {
    bare: bool,
    format: gix_hash::Kind,
    git_dir: PathBuf,
    common_dir: PathBuf,
    top: OnceCell<Option<PathBuf>>,
}

impl Repo {
    /// Opens the repository that git runs this process for, or else the one around the
    /// current folder. `index_file` is what `GIT_INDEX_FILE` says.
    pub fn open_from_env(index_file: Option<PathBuf>) -> Result<Self, Error> {
        let start = PathBuf::from(".");
        Self::open(Place { start, inherited: true, index_file, variables: Vec::new() })
    }

    /// Opens the repository around `path`, whatever this process's environment says.
    pub fn open_at(path: &Path, env: &RepoEnv) -> Result<Self, Error> {
        let RepoEnv { index_file, variables } = env.clone();
        Self::open(Place { start: path.to_owned(), inherited: false, index_file, variables })
    }

    /// Opens the same repository again, for another thread.
    pub fn reopen(&self) -> Result<Self, Error> {
        let again = match &self.backend {
            Backend::Native(_) => Self::open(self.place.clone())?,
            Backend::Git(facts) => Self::new(self.place.clone(), Backend::Git(facts.clone())),
        };
        if let Some(reader) = self.reader.get() {
            again.read_by(Arc::clone(reader.borrow().packs()));
        }
        Ok(again.part_of(self.work.clone()))
    }

    /// Reads through `packs` from now on: for those who read much.
    pub(super) fn read_by(&self, packs: Arc<Packs>) {
        self.reader.get_or_init(|| RefCell::new(Reader::of(packs)));
    }

    /// The object, if it is in a pack, of that kind, and there is a reader.
    fn packed(&self, id: &ObjectId, kind: Kind) -> Option<Arc<[u8]>> {
        self.reader.get()?.borrow_mut().read(id, kind)
    }

    fn open(place: Place) -> Result<Self, Error> {
        static SETTINGS: Once = Once::new();
        // git does not hash again what it reads either, and it is most of the time of a
        // large read. What is damaged on disk fails to inflate.
        SETTINGS.call_once(|| git2::opts::strict_hash_verification(false));
        let native = if place.inherited {
            git2::Repository::open_from_env()
        } else {
            let flags = git2::RepositoryOpenFlags::empty();
            git2::Repository::open_ext(&place.start, flags, [] as [&OsStr; 0])
        };
        match native {
            // A namespace is how a server hides refs from who fetches; they are here all the
            // same, and `HEAD` is in none.
            Ok(native) => {
                if native.namespace_bytes().is_some() {
                    native.remove_namespace().map_err(|error| broken("the namespace", &error))?;
                }
                Ok(Self::new(place, Backend::Native(native)))
            }
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                Err(Error::NoRepository { path: place.start })
            }
            Err(error) => {
                let git = Plumbing::new(place.clone());
                let mut facts = Facts::ask(&git, &place);
                if let Err(Error::NoGit { why }) = &mut facts {
                    *why = format!("{why}; libgit2: {}", message(&error));
                }
                Ok(Self::new(place, Backend::Git(facts?)))
            }
        }
    }

    fn new(place: Place, backend: Backend) -> Self {
        Self {
            git: Plumbing::new(place.clone()),
            place,
            backend,
            head: OnceCell::new(),
            shallow: OnceCell::new(),
            promised: OnceCell::new(),
            reader: OnceCell::new(),
            objects: OnceCell::new(),
            work: Work::default(),
        }
    }

    /// The same, read as a part of `work`, which may be stopped.
    #[must_use]
    pub fn part_of(self, work: Work) -> Self {
        Self { work, ..self }
    }

    /// What it is read for.
    pub fn work(&self) -> &Work {
        &self.work
    }

    pub(super) fn git(&self) -> &Plumbing {
        &self.git
    }

    pub(super) fn native(&self) -> Option<&git2::Repository> {
        match &self.backend {
            Backend::Native(native) => Some(native),
            Backend::Git(_) => None,
        }
    }

    /// Whether the git binary has to read this repository, which costs its start.
    pub fn needs_git(&self) -> bool {
        self.native().is_none()
    }

    /// The folder of this work tree's own files: `HEAD`, the index.
    pub fn git_dir(&self) -> &Path {
        match &self.backend {
            Backend::Native(native) => native.path(),
            Backend::Git(facts) => &facts.git_dir,
        }
    }

    /// The folder that all work trees share: objects, branches, configuration.
    pub fn common_dir(&self) -> &Path {
        match &self.backend {
            Backend::Native(native) => native.commondir(),
            Backend::Git(facts) => &facts.common_dir,
        }
    }

    /// The top of the work tree; nothing in a bare repository.
    pub fn top(&self) -> Option<&Path> {
        match &self.backend {
            Backend::Native(native) => native.workdir(),
            Backend::Git(facts) => facts.top(&self.git),
        }
    }

    /// Whether there is no work tree.
    pub fn is_bare(&self) -> bool {
        match &self.backend {
            Backend::Native(native) => native.is_bare(),
            Backend::Git(facts) => facts.bare,
        }
    }

    /// The hash that names objects.
    pub fn format(&self) -> gix_hash::Kind {
        match &self.backend {
            // git2 is built for SHA-1 alone; it refuses others when opening.
            Backend::Native(_) => gix_hash::Kind::Sha1,
            Backend::Git(facts) => facts.format,
        }
    }

    /// The index of the next commit. git resolves a relative `GIT_INDEX_FILE` from the
    /// top of the work tree.
    pub(super) fn index_path(&self) -> PathBuf {
        match (&self.place.index_file, self.top()) {
            (Some(path), Some(top)) => top.join(path),
            (Some(path), None) => path.clone(),
            (None, _) => self.git_dir().join("index"),
        }
    }

    /// Whether the index is another than the repository's own.
    pub(super) fn index_is_given(&self) -> bool {
        self.place.index_file.is_some()
    }

    /// The content of a blob, of any size. The error says why not, fit for a terminal.
    pub fn read(&self, id: ObjectId) -> Result<Bytes<'_>, String> {
        self.read_at_most(id, u64::MAX)?.ok_or_else(|| "it is too large".to_owned())
    }

    /// The content of a blob; nothing when it has more than `at_most` bytes.
    pub(super) fn read_at_most(
        &self,
        id: ObjectId,
        at_most: u64,
    ) -> Result<Option<Bytes<'_>>, String> {
        if let Some(bytes) = self.packed(&id, Kind::Blob) {
            let fits = bytes.len() as u64 <= at_most;
            return Ok(fits.then(|| Bytes::shared(bytes)));
        }
        match self.loose(id, at_most).transpose()? {
            Some(Loose::Whole(Kind::Blob, bytes)) => return Ok(Some(Bytes::owned(bytes))),
            Some(Loose::Whole(kind, _)) => {
                return Err(format!("it is a {}, not a blob", kind.name()));
            }
            Some(Loose::Larger(_)) => return Ok(None),
            None => {}
        }
        if let Some(native) = self.native() {
            let read = native_oid(id).and_then(|oid| {
                if at_most < u64::MAX && native.odb()?.read_header(oid)?.0 as u64 > at_most {
                    return Ok(None);
                }
                native.find_blob(oid).map(|blob| Some(Bytes::borrowed(blob)))
            });
            match read {
                Ok(bytes) => return Ok(bytes),
                // git knows where to look for what libgit2 misses.
                Err(error) if self.is_promised(&error) => {}
                Err(error) => return Err(message(&error)),
            }
        }
        match self.git.object(&id, at_most)? {
            Some((Kind::Blob, bytes)) => Ok(Some(Bytes::owned(bytes))),
            Some((kind, _)) => Err(format!("it is a {}, not a blob", kind.name())),
            None => Ok(None),
        }
    }

    /// An object that is no blob.
    pub(super) fn object(&self, id: ObjectId, kind: Kind) -> Result<Vec<u8>, Error> {
        if let Some(bytes) = self.packed(&id, kind) {
            return Ok(bytes.to_vec());
        }
        let failed = |why| Error::Repository { what: format!("{} {id}", kind.name()), why };
        let (found, bytes) = self.any_object(id).map_err(failed)?;
        if found == kind { Ok(bytes) } else { Err(failed(format!("it is a {}", found.name()))) }
    }

    /// The object, if it is a loose one of a repository that libgit2 reads.
    fn loose(&self, id: ObjectId, at_most: u64) -> Option<Result<Loose, String>> {
        self.native()?;
        let folders =
            self.objects.get_or_init(|| loose::folders(&self.common_dir().join("objects")));
        folders.iter().find_map(|objects| loose::read(objects, &id, at_most))
    }

    fn any_object(&self, id: ObjectId) -> Result<(Kind, Vec<u8>), String> {
        if let Some(Loose::Whole(kind, bytes)) = self.loose(id, u64::MAX).transpose()? {
            return Ok((kind, bytes));
        }
        if let Some(native) = self.native() {
            let read = native_oid(id).and_then(|oid| {
                let odb = native.odb()?;
                let object = odb.read(oid)?;
                Ok((object.kind(), object.data().to_vec()))
            });
            match read {
                Ok((kind, bytes)) => {
                    let kind = Kind::of_native(kind).ok_or("it is of no known kind")?;
                    return Ok((kind, bytes));
                }
                Err(error) if self.is_promised(&error) => {}
                Err(error) => return Err(message(&error)),
            }
        }
        self.git.object(&id, u64::MAX)?.ok_or_else(|| "it is too large".to_owned())
    }

    /// The kind of an object.
    pub(super) fn kind(&self, id: ObjectId) -> Result<Kind, Error> {
        let Some(native) = self.native() else {
            return self.git.kind(&id);
        };
        let what = format!("object {id}");
        match self.loose(id, 0) {
            Some(Ok(Loose::Whole(kind, _) | Loose::Larger(kind))) => return Ok(kind),
            Some(Err(why)) => return Err(Error::Repository { what, why }),
            None => {}
        }
        let header = native_oid(id).and_then(|oid| native.odb()?.read_header(oid));
        let (_, kind) = header.map_err(|error| broken(&what, &error))?;
        let unknown = || Error::Repository { what, why: "it is of no known kind".to_owned() };
        Kind::of_native(kind).ok_or_else(unknown)
    }

    /// Whether an object is here; nothing is fetched.
    pub(super) fn has(&self, id: ObjectId) -> Result<bool, Error> {
        match self.native() {
            Some(native) => Ok(native_oid(id)
                .and_then(|oid| native.odb().map(|odb| odb.exists(oid)))
                .unwrap_or(false)),
            None => self.git.has(&id),
        }
    }

    /// The tree and the parents of a commit; none at the edge of a shallow clone.
    pub(super) fn commit(&self, id: ObjectId) -> Result<CommitHead, Error> {
        self.commit_in(id, &self.object(id, Kind::Commit)?)
    }

    /// The same, of a commit whose bytes are known.
    pub(super) fn commit_in(&self, id: ObjectId, bytes: &[u8]) -> Result<CommitHead, Error> {
        let mut head = object::commit_head(bytes).ok_or_else(|| Error::Repository {
            what: format!("commit {id}"),
            why: "it is malformed".to_owned(),
        })?;
        if self.shallow()?.contains(&id) {
            head.parents.clear();
        }
        Ok(head)
    }

    /// The files in the top folder of a commit, by name.
    pub fn top_files(&self, commit: ObjectId) -> Result<Vec<(BString, ObjectId)>, Error> {
        let tree = self.commit(commit)?.tree;
        self.with_tree(tree, |items| {
            let files = items.iter().filter(|item| item.thing == Thing::File);
            files.map(|item| (item.name.into(), item.id)).collect()
        })
    }

    /// The blob that a commit has at `path`, if it has a file there.
    pub fn file_at(&self, commit: ObjectId, path: &[u8]) -> Result<Option<ObjectId>, Error> {
        let mut tree = self.commit(commit)?.tree;
        let mut names = path.split(|byte| *byte == b'/').peekable();
        while let Some(name) = names.next() {
            let wanted = if names.peek().is_some() { Thing::Folder } else { Thing::File };
            let found = self.with_tree(tree, |items| {
                let found = items.iter().find(|item| item.name == name && item.thing == wanted);
                found.map(|item| item.id)
            })?;
            match found {
                Some(id) if wanted == Thing::Folder => tree = id,
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    fn with_tree<T>(
        &self,
        id: ObjectId,
        read: impl FnOnce(&[TreeItem<'_>]) -> T,
    ) -> Result<T, Error> {
        let bytes = self.object(id, Kind::Tree)?;
        let items = object::tree_items(&bytes, self.format()).ok_or_else(|| Error::Repository {
            what: format!("tree {id}"),
            why: "it is malformed".to_owned(),
        })?;
        Ok(read(&items))
    }

    /// The mail address that the next commit's author has, if git knows one.
    pub fn author(&self) -> Option<String> {
        let ident = self.git.ask_if_any("the author", &["var", "GIT_AUTHOR_IDENT"]).ok()??;
        let ident = ident.to_str_lossy();
        let (_, rest) = ident.split_once('<')?;
        let (mail, _) = rest.split_once('>')?;
        (!mail.is_empty()).then(|| mail.to_owned())
    }

    /// The key that git signs with: a file, or the public key itself.
    pub fn signing_key(&self) -> Option<String> {
        let args = ["config", "--type=path", "--get", "user.signingkey"];
        let key = self.git.ask_if_any("the signing key", &args).ok()??;
        let key = key.to_str_lossy().trim().to_owned();
        (!key.is_empty()).then_some(key)
    }

    /// Whether an object is one that a remote promised to send and that is not here, as in
    /// a partial clone. Nothing is fetched.
    pub fn lacks_promised(&self, id: ObjectId) -> bool {
        !id.is_null() && self.has_promisor() && self.has(id).is_ok_and(|here| !here)
    }

    /// Whether what libgit2 misses may be something that a remote promised to send.
    fn is_promised(&self, error: &git2::Error) -> bool {
        error.code() == git2::ErrorCode::NotFound && self.has_promisor()
    }

    fn has_promisor(&self) -> bool {
        *self.promised.get_or_init(|| {
            if let Some(native) = self.native() {
                return has_promisor(native);
            }
            let names = r"^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$";
            let args = ["config", "--name-only", "--get-regexp", names];
            self.git.ask_if_any("the configuration", &args).is_ok_and(|found| found.is_some())
        })
    }

    /// Where git LFS keeps its objects: `lfs` in the shared folder, unless `lfs.storage`
    /// says otherwise (git-lfs-config(5)).
    pub fn lfs_folder(&self) -> PathBuf {
        let given =
            self.native().and_then(|native| native.config().ok()?.get_path("lfs.storage").ok());
        self.common_dir().join(given.as_deref().unwrap_or(Path::new("lfs")))
    }
}

impl Facts {
    fn ask(git: &Plumbing, place: &Place) -> Result<Self, Error> {
        let questions =
            ["--is-bare-repository", "--show-object-format", "--git-dir", "--git-common-dir"];
        let mut args = vec!["rev-parse", "--path-format=absolute"];
        args.extend(questions);
        let output = git.run(&args)?;
        if !output.status.success() {
            return Err(refusal(&output.stderr, place));
        }
        let mut answers: Vec<Vec<u8>> = output.stdout.lines().map(<[u8]>::to_vec).collect();
        if answers.len() != questions.len() {
            // A folder's name with a line feed in it: one question at a time.
            answers.clear();
            for question in questions {
                let args = ["rev-parse", "--path-format=absolute", question];
                let mut answer = git.ask("the repository", &args)?;
                answer.pop();
                answers.push(answer);
            }
        }
        let [bare, format, git_dir, common_dir] = answers.as_slice() else {
            return Err(Error::Repository {
                what: "the repository".to_owned(),
                why: "git said less than it was asked".to_owned(),
            });
        };
        let format = match format.as_slice() {
            b"sha1" => gix_hash::Kind::Sha1,
            b"sha256" => gix_hash::Kind::Sha256,
            other => {
                let why = format!("its object format is {}", Escaped(other));
                return Err(Error::Repository { what: "the repository".to_owned(), why });
            }
        };
        Ok(Self {
            bare: bare == b"true",
            format,
            git_dir: git_dir.to_path_lossy().into_owned(),
            common_dir: common_dir.to_path_lossy().into_owned(),
            top: OnceCell::new(),
        })
    }

    fn top(&self, git: &Plumbing) -> Option<&Path> {
        let ask = || {
            let output = git.run(&["rev-parse", "--show-toplevel"]).ok()?;
            let top = output.stdout.strip_suffix(b"\n")?;
            output.status.success().then(|| top.to_path_lossy().into_owned())
        };
        self.top.get_or_init(ask).as_deref()
    }
}

/// Why git does not open a repository that libgit2 does not open either.
fn refusal(stderr: &[u8], place: &Place) -> Error {
    if let Some(at) = stderr.find(b"dubious ownership") {
        let quoted = stderr.split_at(at).1.split(|byte| *byte == b'\'').nth(1);
        let path = quoted.map_or_else(|| place.start.clone(), |path| path.to_path_lossy().into());
        return Error::ForeignOwner { path };
    }
    if stderr.find(b"not a git repository").is_some() {
        return Error::NoRepository { path: place.start.clone() };
    }
    Error::Repository { what: "the repository".to_owned(), why: plumbing::complaint(stderr) }
}

/// libgit2's reason, fit for a terminal.
pub(super) fn message(error: &git2::Error) -> String {
    Escaped(error.message().as_bytes()).to_string()
}

pub(super) fn broken(what: &str, error: &git2::Error) -> Error {
    Error::Repository { what: what.to_owned(), why: message(error) }
}

/// An id of libgit2.
pub(super) fn oid(oid: git2::Oid) -> ObjectId {
    let mut bytes = [0; 20];
    bytes.copy_from_slice(oid.as_bytes());
    ObjectId::Sha1(bytes)
}

pub(super) fn native_oid(id: ObjectId) -> Result<git2::Oid, git2::Error> {
    git2::Oid::from_bytes(id.as_slice())
}

/// An id in hexadecimal digits, as found in `what`.
pub(super) fn hex_id(what: &str, hex: &[u8]) -> Result<ObjectId, Error> {
    ObjectId::from_hex(hex.trim_ascii()).map_err(|_| Error::Repository {
        what: what.to_owned(),
        why: format!("`{}` is no object id", Escaped(hex.trim_ascii())),
    })
}

fn has_promisor(native: &git2::Repository) -> bool {
    let Ok(config) = native.config() else { return false };
    config
        .entries(Some(r"^remote\..*\.(promisor|partialclonefilter)$"))
        .is_ok_and(|mut entries| entries.next().is_some())
}

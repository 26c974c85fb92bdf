//! Where bytes come from. Knows git, files and streams; nothing of rules.
//!
//! Every source gives the same thing: [`Change`]s, each a path whose new bytes can be
//! read and whose new lines can be told apart, and an account of what could not be
//! read.

pub mod archive;
pub mod branch;
mod compare;
pub mod decode;
pub mod history;
pub mod index;
pub mod lfs;
pub mod lines;
pub mod log;
mod loose;
mod object;
pub mod owners;
mod packs;
pub mod pieces;
mod plumbing;
pub mod range;
pub mod receive;
mod remote;
pub mod repo;
pub mod rewrite;
pub mod role;
pub mod signed;
mod similar;
pub mod since;
pub mod stage;
pub mod state;
#[cfg(test)]
mod testing;
mod towards;
pub mod trail;
pub mod tree;
mod walk;
pub mod words;
pub mod work;
pub mod worktree;

pub use compare::ChangeSet;
pub use object::Bytes;
pub use packs::Unpacked;
pub use remote::{Remote, host_and_path, without_credentials};
pub use repo::{Head, InProgress, Repo, RepoEnv};
pub use similar::Carried;
pub use towards::Towards;
pub use work::{Progress, Work};

use bstr::BString;
use gix_hash::ObjectId;

/// A path whose content is about to leave.
#[derive(Debug, Clone)]
pub struct Change {
    /// Relative to the top of the repository, as git has it; any bytes.
    pub path: BString,
    /// What kind of thing stands there.
    pub mode: Mode,
    /// The new blob; a null id for bytes that are in no object.
    pub id: ObjectId,
    /// What each parent has at the same path, one entry a parent. Empty when there
    /// is no parent, so that every line is new.
    pub before: Vec<Option<ObjectId>>,
    /// Where the change was found.
    pub origin: Origin,
}

/// What kind of thing stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    File,
    /// A symbolic link; its blob is the path it points to.
    Link,
}

/// Where bytes were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The index: what the next commit will hold.
    Index,
    /// A commit.
    Commit(ObjectId),
    /// A file of the file system, in no commit.
    File,
    /// Standard input.
    Stdin,
}

/// What holds a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A file, in git or not.
    File,
    /// The message of a commit.
    Message,
    /// The message of an annotated tag.
    TagMessage,
    /// The path of a file.
    Path,
    /// The name of a branch or tag.
    Ref,
    /// The log of a pipeline.
    Log,
}

impl Medium {
    /// The role of what is called `name`: messages and names are prose.
    pub fn role(self, name: &[u8]) -> role::FileRole {
        match self {
            Self::File | Self::Log => role::role_of(name),
            Self::Message | Self::TagMessage | Self::Path | Self::Ref => role::FileRole::Docs,
        }
    }
}

/// Something that was to be checked and could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its path, or another name.
    pub path: BString,
    /// Why, as a lower-case fragment fit for a terminal.
    pub why: String,
}

/// What an interrupted run left unchecked.
pub const REST: &str = "the rest";

/// What was checked and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How many blobs were scanned.
    pub read: usize,
    /// How many bytes they had.
    pub bytes: u64,
    /// How many were passed over because the configuration says so.
    pub ignored: usize,
    /// The paths of what is by its nature not here: submodules.
    pub elsewhere: Vec<BString>,
    /// How many members of archives were scanned.
    pub members: usize,
    /// How many messages of commits and tags were scanned.
    pub messages: usize,
    /// How far it came, when it was interrupted before its end.
    pub interrupted: Option<Progress>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What could not be looked into, and need not keep anything from passing: archives
    /// that cannot be opened, what git LFS or a partial clone has elsewhere, pipes and
    /// devices.
    pub unopened: Vec<Unread>,
}

impl Coverage {
    /// Whether there was something to check and nothing of it could be.
    pub fn is_void(&self) -> bool {
        self.read == 0 && !(self.unread.is_empty() && self.unopened.is_empty())
    }

    /// Says that the run was interrupted when it had come that far.
    pub fn interrupt(&mut self, at: Progress) {
        self.interrupted = Some(at);
        let why = format!("interrupted: only {at} were checked");
        self.unread.insert(0, Unread { path: REST.into(), why });
    }

    /// Puts what is named into the order of paths.
    pub fn sort(&mut self) {
        let key = |hole: &Unread| (hole.path.clone(), hole.why.clone());
        self.unread.sort_by_cached_key(key);
        self.unopened.sort_by_cached_key(key);
        self.elsewhere.sort_unstable();
    }

    /// Joins the account of another part of the same run.
    pub fn add(&mut self, other: Self) {
        // What another machine counted may be any number.
        self.read = self.read.saturating_add(other.read);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.ignored = self.ignored.saturating_add(other.ignored);
        self.elsewhere.extend(other.elsewhere);
        self.interrupted = self.interrupted.or(other.interrupted);
        self.members = self.members.saturating_add(other.members);
        self.messages = self.messages.saturating_add(other.messages);
        self.unread.extend(other.unread);
        self.unopened.extend(other.unopened);
    }
}

/// Which lines of a blob are new. Line numbers are one-based.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewLines {
    /// Every line.
    All,
    /// These ranges, half-open, ascending, apart.
    Ranges(Vec<std::ops::Range<usize>>),
}

impl NewLines {
    /// Whether any line from `first` to `last`, both included, is new.
    pub fn touch(&self, first: usize, last: usize) -> bool {
        match self {
            Self::All => true,
            Self::Ranges(ranges) => ranges.iter().any(|new| new.start <= last && first < new.end),
        }
    }

    /// The lines that are new in both: new to every parent of a merge.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, new) | (new, Self::All) => new,
            (Self::Ranges(left), Self::Ranges(right)) => {
                let mut both = Vec::new();
                for a in &left {
                    for b in &right {
                        let shared = a.start.max(b.start)..a.end.min(b.end);
                        if shared.start < shared.end {
                            both.push(shared);
                        }
                    }
                }
                Self::Ranges(both)
            }
        }
    }
}

//! Objects as git stores them, read without trust.

use gix_hash::ObjectId;
use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

/// The content of a blob, borrowed from the object database where that saves a copy.
pub struct Bytes<'repo>(Inner<'repo>);

enum Inner<'repo> {
    Borrowed(git2::Blob<'repo>),
    Owned(Vec<u8>),
    Shared(Arc<[u8]>),
}

impl<'repo> Bytes<'repo> {
    pub(super) fn borrowed(blob: git2::Blob<'repo>) -> Self {
        Self(Inner::Borrowed(blob))
    }

    pub(super) fn shared(bytes: Arc<[u8]>) -> Self {
        Self(Inner::Shared(bytes))
    }

    pub(super) fn owned(bytes: Vec<u8>) -> Self {
        Self(Inner::Owned(bytes))
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Inner::Borrowed(blob) => blob.content(),
            Inner::Owned(bytes) => bytes,
            Inner::Shared(bytes) => bytes,
        }
    }
}

/// The four kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blob,
    Tree,
    Commit,
    Tag,
}

impl Kind {
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        match name {
            b"blob" => Some(Self::Blob),
            b"tree" => Some(Self::Tree),
            b"commit" => Some(Self::Commit),
            b"tag" => Some(Self::Tag),
            _ => None,
        }
    }

    pub(super) fn of_native(kind: git2::ObjectType) -> Option<Self> {
        match kind {
            git2::ObjectType::Blob => Some(Self::Blob),
            git2::ObjectType::Tree => Some(Self::Tree),
            git2::ObjectType::Commit => Some(Self::Commit),
            git2::ObjectType::Tag => Some(Self::Tag),
            git2::ObjectType::Any => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }
}

/// What the mode of a tree's or index's entry says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Folder,
    File,
    Link,
    /// A commit of a submodule.
    Gitlink,
}

impl Thing {
    /// Modes that git never writes count as files, so that they are read, not passed over.
    pub(super) fn of_mode(mode: u32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => Self::Folder,
            0o120_000 => Self::Link,
            0o160_000 => Self::Gitlink,
            _ => Self::File,
        }
    }
}

/// One entry of a tree object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TreeItem<'a> {
    pub(super) thing: Thing,
    pub(super) name: &'a [u8],
    pub(super) id: ObjectId,
}

/// The entries of a tree object, in its order; nothing when it is no tree.
pub(super) fn tree_items(mut bytes: &[u8], format: gix_hash::Kind) -> Option<Vec<TreeItem<'_>>> {
    let mut items = Vec::with_capacity(bytes.len() / 40);
    while !bytes.is_empty() {
        items.push(tree_item(&mut bytes, format)?);
    }
    Some(items)
}

/// Those entries of a tree object that do not stand in `before` as they are, which is a tree
/// object too; nothing when it is no tree.
pub(super) fn new_tree_items<'a>(
    mut bytes: &'a [u8],
    mut before: &[u8],
    format: gix_hash::Kind,
) -> Option<Vec<TreeItem<'a>>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        // Most stand there still, and the trees go on in step.
        let length = memchr::memchr(0, bytes)? + 1 + format.len_in_bytes();
        let (whole, rest) = bytes.split_at_checked(length)?;
        if let Some(after) = before.strip_prefix(whole) {
            (bytes, before) = (rest, after);
            continue;
        }
        let item = tree_item(&mut bytes, format)?;
        let mut at = before;
        let known = loop {
            let start = at;
            match tree_item(&mut at, format).map(|old| in_tree_order(&old, &item)) {
                // It was taken out.
                Some(Ordering::Less) => before = at,
                Some(Ordering::Equal) => {
                    before = at;
                    break start.starts_with(whole);
                }
                Some(Ordering::Greater) | None => break false,
            }
        };
        if !known {
            items.push(item);
        }
    }
    Some(items)
}

/// Takes the first entry off a tree object.
fn tree_item<'a>(bytes: &mut &'a [u8], format: gix_hash::Kind) -> Option<TreeItem<'a>> {
    let mode_end = memchr::memchr(b' ', bytes)?;
    let (mode, rest) = bytes.split_at(mode_end);
    let mode = mode.iter().try_fold(0_u32, |mode, digit| match digit {
        b'0'..=b'7' => mode.checked_mul(8)?.checked_add(u32::from(digit - b'0')),
        _ => None,
    })?;
    let rest = rest.get(1..)?;
    let (name, rest) = rest.split_at(memchr::memchr(0, rest)?);
    let (id, rest) = rest.get(1..)?.split_at_checked(format.len_in_bytes())?;
    *bytes = rest;
    Some(TreeItem { thing: Thing::of_mode(mode), name, id: ObjectId::try_from(id).ok()? })
}

/// Git's order: a folder's name counts as if it ended in a slash.
pub(super) fn in_tree_order(a: &TreeItem<'_>, b: &TreeItem<'_>) -> Ordering {
    let end = |item: &TreeItem<'_>| (item.thing == Thing::Folder).then_some(b'/');
    let (a, b) = (a.name.iter().copied().chain(end(a)), b.name.iter().copied().chain(end(b)));
    a.cmp(b)
}

/// What a commit is made of, without who, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommitHead {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    /// When it was committed, in seconds since 1970; zero where that cannot be told.
    pub(super) date: i64,
}

/// Reads the head of a commit object; nothing when it is no commit.
pub(super) fn commit_head(bytes: &[u8]) -> Option<CommitHead> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let tree = ObjectId::from_hex(lines.next()?.strip_prefix(b"tree ")?).ok()?;
    let (mut parents, mut date) = (Vec::new(), 0);
    for line in lines {
        if let Some(parent) = line.strip_prefix(b"parent ") {
            parents.push(ObjectId::from_hex(parent).ok()?);
        } else if let Some(committer) = line.strip_prefix(b"committer ") {
            date = date_of(committer).unwrap_or(0);
            break;
        } else if !line.starts_with(b"author ") {
            break;
        }
    }
    Some(CommitHead { tree, parents, date })
}

/// `A Name <mail> 1767225600 +0100`
fn date_of(person: &[u8]) -> Option<i64> {
    let mut words = person.rsplit(|byte| *byte == b' ').skip(1);
    std::str::from_utf8(words.next()?).ok()?.parse().ok()
}

/// What an annotated tag points at; nothing when it is no tag.
pub(super) fn tag_target(bytes: &[u8]) -> Option<(ObjectId, Kind)> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let id = ObjectId::from_hex(lines.next()?.strip_prefix(b"object ")?).ok()?;
    Some((id, Kind::of_name(lines.next()?.strip_prefix(b"type ")?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tree_is_read_as_git_wrote_it() {
        let mut bytes = b"100644 a\xff\n".to_vec();
        bytes.push(0);
        bytes.extend([7; 20]);
        bytes.extend(b"40000 sub\0");
        bytes.extend([8; 20]);

        let items = tree_items(&bytes, gix_hash::Kind::Sha1).unwrap();

        assert_eq!(items[0].name, b"a\xff\n");
        assert_eq!((items[0].thing, items[1].thing), (Thing::File, Thing::Folder));
        assert_eq!(items[1].id, ObjectId::Sha1([8; 20]));
    }

    #[test]
    fn half_a_tree_is_no_tree() {
        assert_eq!(tree_items(b"100644 a\x00123", gix_hash::Kind::Sha1), None);
    }

    /// A tree of entries of these names and ids, in git's order; some are folders.
    fn tree_of(entries: &[(u8, u8)]) -> Vec<u8> {
        let mut names: Vec<String> = entries
            .iter()
            .map(|(name, _)| if name % 3 == 0 { format!("d{name}/") } else { format!("d{name}") })
            .collect();
        names.sort();
        names.dedup();
        let mut bytes = Vec::new();
        for (name, (_, id)) in names.iter().zip(entries) {
            let (mode, name) = match name.strip_suffix('/') {
                Some(name) => ("40000", name),
                None => ("100644", name.as_str()),
            };
            bytes.extend([mode, " ", name, "\0"].concat().into_bytes());
            bytes.extend([*id; 20]);
        }
        bytes
    }

    proptest! {
        #[test]
        fn what_stood_in_the_tree_before_is_left_out_and_nothing_else(
            now in prop::collection::vec((0_u8..40, 0_u8..3), 0..30),
            before in prop::collection::vec((0_u8..40, 0_u8..3), 0..30),
        ) {
            let (now, before) = (tree_of(&now), tree_of(&before));
            let format = gix_hash::Kind::Sha1;
            let known = tree_items(&before, format).unwrap();
            let mut expected = tree_items(&now, format).unwrap();
            expected.retain(|item| !known.contains(item));

            prop_assert_eq!(new_tree_items(&now, &before, format), Some(expected));
        }

        #[test]
        fn whatever_stood_before_a_tree_is_refused_as_it_is_alone(
            now: Vec<u8>, cut in 0_usize..120,
        ) {
            let format = gix_hash::Kind::Sha1;
            let mut whole = tree_of(&[(1, 1), (2, 2), (3, 3)]);
            let good = whole.clone();
            whole.truncate(cut);
            for bytes in [&now, &whole] {
                let alone = tree_items(bytes, format).is_some();
                for before in [&good[..], &[]] {
                    prop_assert_eq!(new_tree_items(bytes, before, format).is_some(), alone);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn hostile_objects_are_refused_not_obeyed(bytes: Vec<u8>) {
            let _items = tree_items(&bytes, gix_hash::Kind::Sha256);
            let _head = commit_head(&bytes);
            let _target = tag_target(&bytes);
        }
    }
}

//! What YAML, JSON, HCL and TOML have in common: values in lists and maps, each with its
//! place in the text.

use std::ops::Range;

/// As many values in one text, those that aliases repeat included.
pub(super) const VALUES_AT_MOST: usize = 200_000;

/// As deep.
pub(super) const DEPTH_AT_MOST: usize = 64;

/// A value and its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// In bytes of the text.
    pub(super) at: Range<usize>,
    /// Of a block of HCL.
    pub(super) labels: Vec<String>,
    pub(super) it: It,
}

/// What a value is.
#[derive(Debug, Clone, Default)]
pub(super) enum It {
    /// Nothing, or nothing that is looked at.
    #[default]
    None,
    /// A scalar.
    Text(String),
    /// An expression that only its own tool can work out, as it is written.
    Written(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn new(at: Range<usize>, it: It) -> Self {
        Self { at, labels: Vec::new(), it }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.it {
            It::Map(entries) => entries,
            It::None | It::Text(_) | It::Written(_) | It::List(_) => &[],
        }
    }

    /// The entry of `key`, in whatever case its letters are.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(key))
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value at the end of a way of keys.
    pub(super) fn way(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Every value that stands under `key`: blocks may be there several times.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Self> {
        let named = move |entry: &&Entry| entry.key.eq_ignore_ascii_case(key);
        self.entries().iter().filter(named).map(|entry| &entry.node)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.it {
            It::Text(text) | It::Written(text) => Some(text),
            It::None | It::List(_) | It::Map(_) => None,
        }
    }

    /// The text under `key`.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether the text under `key` is `word`, in whatever case its letters are.
    pub(super) fn says(&self, key: &str, word: &str) -> bool {
        self.text_of(key).is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// The items of a list; of anything else, itself.
    pub(super) fn items(&self) -> &[Self] {
        match &self.it {
            It::List(items) => items,
            It::None => &[],
            It::Text(_) | It::Written(_) | It::Map(_) => std::slice::from_ref(self),
        }
    }

    /// The texts of a list, or the one that it is.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.items().iter().filter_map(|item| Some((item.text()?, item)))
    }

    /// The texts under `key`.
    pub(super) fn texts_of(&self, key: &str) -> impl Iterator<Item = (&str, &Self)> {
        self.get(key).into_iter().flat_map(Self::texts)
    }

    /// This value and all in it, outermost first.
    pub(super) fn walk<'a>(&'a self, each: &mut impl FnMut(&'a Self)) {
        // Neither parser gives anything deeper than it may be.
        each(self);
        match &self.it {
            It::List(items) => items.iter().for_each(|item| item.walk(each)),
            It::Map(entries) => entries.iter().for_each(|entry| entry.node.walk(each)),
            It::None | It::Text(_) | It::Written(_) => {}
        }
    }

    /// How many values there are in it, itself included.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        self.walk(&mut |_| size += 1);
        size
    }
}

impl Entry {
    /// From its key to the end of a scalar; of anything longer, the key alone.
    pub(super) fn span(&self) -> Range<usize> {
        match &self.node.it {
            It::Text(_) | It::Written(_) if self.node.at.end >= self.at.end => {
                self.at.start..self.node.at.end
            }
            It::None | It::Text(_) | It::Written(_) | It::List(_) | It::Map(_) => self.at.clone(),
        }
    }
}

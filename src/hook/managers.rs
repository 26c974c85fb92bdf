//! Hook managers that a repository uses, by the files they are set up with.

use std::path::Path;

/// A hook manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    /// <https://pre-commit.com>, and prek, which reads the same file.
    PreCommit,
    /// <https://lefthook.dev>
    Lefthook,
}

/// The files of each, at the top of a repository.
const FILES: [(&str, Manager); 9] = [
    (".pre-commit-config.yaml", Manager::PreCommit),
    (".pre-commit-config.yml", Manager::PreCommit),
    ("prek.toml", Manager::PreCommit),
    ("lefthook.yml", Manager::Lefthook),
    ("lefthook.yaml", Manager::Lefthook),
    ("lefthook.toml", Manager::Lefthook),
    ("lefthook.json", Manager::Lefthook),
    (".lefthook.yml", Manager::Lefthook),
    (".lefthook.yaml", Manager::Lefthook),
];

impl Manager {
    /// How leakcoach is kept in it for good: what a manager installs anew takes the
    /// place of leakcoach's own hook.
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::PreCommit => {
                "this repository uses pre-commit or prek: put the hook `leakcoach-system` into its \
                 file too (docs/hook-managers.md), so that their next install keeps it"
            }
            Self::Lefthook => {
                "this repository uses lefthook: put `run: leakcoach hook pre-commit` into its file \
                 too (docs/hook-managers.md), so that its next install keeps it"
            }
        }
    }
}

/// The managers set up in the repository at `top`.
pub(super) fn present(top: &Path) -> impl Iterator<Item = Manager> {
    let mut seen = Vec::new();
    for (name, manager) in FILES {
        if top.join(name).is_file() && !seen.contains(&manager) {
            seen.push(manager);
        }
    }
    seen.into_iter()
}

/// Whether a manager's file already calls leakcoach.
pub(super) fn calls_leakcoach(top: &Path) -> bool {
    files(top).any(|name| {
        let text = std::fs::read(top.join(name)).unwrap_or_default();
        memchr::memmem::find(&text, b"leakcoach").is_some()
    })
}

/// Their files that are there.
pub(super) fn files(top: &Path) -> impl Iterator<Item = &'static str> {
    FILES.into_iter().map(|(name, _)| name).filter(move |name| top.join(name).is_file())
}

//! A script as it was read: its commands and their words.

/// What a script runs.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Its commands, and those within them.
    pub(crate) commands: Vec<Command>,
    /// Whether a part of it could not be read.
    pub(crate) faults: bool,
}

/// A word of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each tells another thing of the word")]
pub(crate) struct Word {
    /// As far as it is known before it runs.
    pub(crate) text: String,
    /// Whether all of it is known.
    pub(crate) known: bool,
    /// Whether no part of it is quoted, so that `*` and `?` are wildcards.
    pub(crate) bare: bool,
    /// Whether it begins with what is not known.
    pub(crate) loose: bool,
    /// Whether it stands for the files that it is a pattern of, quoted or not.
    pub(crate) spread: bool,
    /// Whether all of it is variables that the script does not set.
    pub(crate) outside: bool,
    /// Variables that are part of it and whose values are not known.
    pub(crate) asks: Vec<String>,
}

impl Word {
    /// One that is quoted and known.
    pub(crate) fn known(text: &str) -> Self {
        Self { text: text.to_owned(), known: true, ..Self::default() }
    }

    /// Whether nothing of it is known.
    pub(crate) fn is_unseen(&self) -> bool {
        !self.known && self.text.is_empty()
    }
}

/// One command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Command {
    /// The program and its arguments; none of a mere redirection or assignment.
    pub(crate) words: Vec<Word>,
    /// Variables that are set for it, or from it on.
    pub(crate) assigned: Vec<(String, String)>,
    /// Files that it is fed.
    pub(crate) reads: Vec<String>,
    /// Files that it is redirected to.
    pub(crate) writes: Vec<String>,
    /// The folder that `cd` went to before.
    pub(crate) folder: String,
    /// What it is fed.
    pub(crate) fed: Fed,
    /// Whether it runs text that is not known before.
    pub(crate) runs_unseen: bool,
    /// Whether it is one only if a word among another's arguments begins one.
    pub(crate) guessed: bool,
    /// Variables whose values it prints where they are seen.
    pub(crate) shows: Vec<String>,
}

/// What a command reads on its standard input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Fed {
    /// Nothing that the script says.
    #[default]
    Nothing,
    /// This text.
    Text(String),
    /// What these names stand for, one or more.
    Names(String),
    /// What another command prints.
    Unknown,
}

impl Command {
    /// The program's name, without its folder.
    pub(crate) fn program(&self) -> &str {
        let name = self.words.first().map_or("", |word| &word.text);
        name.rsplit(['/', '\\']).next().unwrap_or(name)
    }

    /// The same without the ending that Windows gives to programs.
    pub(crate) fn name(&self) -> &str {
        let program = self.program();
        program.strip_suffix(".exe").unwrap_or(program)
    }
}

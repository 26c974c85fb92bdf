//! Who owns a file: `CODEOWNERS`, as GitHub and GitLab read it.
//!
//! Later lines win. GitLab's sections each have their own say, with owners of their own
//! for lines that name none (docs.github.com, "About code owners"; docs.gitlab.com, "Code
//! Owners").

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::Path;

/// Where the file may be, in the order in which the hosts look.
pub const PLACES: [&str; 4] =
    [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// GitHub reads no larger file.
pub const BYTES_AT_MOST: usize = 3 << 20;

/// The lines of a `CODEOWNERS` file.
#[derive(Debug, Clone, Default)]
pub struct Owners {
    lines: Vec<Line>,
    /// Its globs stand in order of lines, two for each.
    globs: GlobSet,
}

#[derive(Debug, Clone)]
struct Line {
    section: usize,
    owners: Vec<String>,
}

impl Owners {
    /// Reads `text`. Lines that are no pattern are passed over, as the hosts do.
    pub fn parse(text: &str) -> Self {
        let (mut lines, mut globs) = (Vec::new(), GlobSetBuilder::new());
        let (mut section, mut sections, mut shared) = (0, vec![String::new()], Vec::new());
        for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some((name, owners)) = heading(line) {
                // A name may come again, in any case.
                let name = name.to_lowercase();
                section = sections.iter().position(|known| *known == name).unwrap_or_else(|| {
                    sections.push(name);
                    sections.len() - 1
                });
                shared = owners;
                continue;
            }
            let (pattern, mut owners) = split(line);
            let Some((exact, below)) = globs_of(&pattern) else { continue };
            if owners.is_empty() {
                owners.clone_from(&shared);
            }
            let glob = |text: &str| {
                GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().ok()
            };
            let (Some(exact), Some(below)) = (glob(&exact), glob(&below)) else { continue };
            globs.add(exact);
            globs.add(below);
            lines.push(Line { section, owners });
        }
        match globs.build() {
            Ok(globs) => Self { lines, globs },
            Err(_) => Self::default(),
        }
    }

    /// Whether no line of it names anything.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The owners of the file at `path`, from the top of the repository.
    pub fn of(&self, path: &[u8]) -> Vec<String> {
        let path = String::from_utf8_lossy(path);
        let mut last: Vec<&Line> = Vec::new();
        for index in self.globs.matches(Path::new(&*path)) {
            let Some(line) = self.lines.get(index / 2) else { continue };
            match last.iter_mut().find(|known| known.section == line.section) {
                Some(known) => *known = line,
                None => last.push(line),
            }
        }
        let mut owners: Vec<String> = Vec::new();
        for owner in last.into_iter().flat_map(|line| &line.owners) {
            if !owners.contains(owner) {
                owners.push(owner.clone());
            }
        }
        owners
    }
}

/// GitLab's `[Name][2] @owner` and `^[Name]`.
fn heading(line: &str) -> Option<(&str, Vec<String>)> {
    let line = line.strip_prefix('^').unwrap_or(line);
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest,
        None => rest,
    };
    Some((name, words(rest)))
}

/// Owners, up to a comment.
fn words(text: &str) -> Vec<String> {
    let words = text.split_whitespace().take_while(|word| !word.starts_with('#'));
    words.map(str::to_owned).collect()
}

/// A line's pattern, whose blanks are escaped, and its owners.
fn split(line: &str) -> (String, Vec<String>) {
    let mut pattern = String::new();
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => pattern.extend(chars.next()),
            char if char.is_whitespace() => break,
            char => pattern.push(char),
        }
    }
    (pattern, words(chars.as_str()))
}

/// The globs for what a pattern names, and for what is below that.
fn globs_of(pattern: &str) -> Option<(String, String)> {
    let folder = pattern.ends_with('/');
    let inner = pattern.trim_end_matches('/');
    if inner.is_empty() && !folder {
        return None;
    }
    // With a slash other than at its end it counts from the top.
    let anchored = inner.contains('/') || pattern == "/";
    let mut glob = String::from(if anchored { "" } else { "**/" });
    for char in inner.trim_start_matches('/').chars() {
        // Only stars and question marks mean something here.
        if matches!(char, '[' | ']' | '{' | '}' | '\\' | '!') {
            glob.push('\\');
        }
        glob.push(char);
    }
    let below = match (pattern, glob.ends_with("/*")) {
        ("/", _) => return Some(("**".to_owned(), "**".to_owned())),
        // `docs/*` is what is right in it.
        (_, true) => glob.clone(),
        (_, false) => format!("{glob}/**"),
    };
    Some((if folder { below.clone() } else { glob }, below))
}

#[cfg(test)]
mod tests {
    use super::Owners;
    use proptest::prelude::*;

    #[test]
    fn the_last_line_that_fits_says_who() {
        let owners = Owners::parse(
            "# who\n*  @all\n*.js @js # front\n/build/logs/ @doctor\ndocs/* docs@example.com\n\
             apps/ @octo\n/deep/**/x @x @y\nwith\\ blank @blank\n/nobody/\n",
        );
        for (path, expected) in [
            ("a.txt", &["@all"][..]),
            ("src/a.js", &["@js"]),
            ("build/logs/a/b", &["@doctor"]),
            ("x/build/logs/a", &["@all"]),
            ("docs/a.md", &["docs@example.com"]),
            ("docs/b/a.md", &["@all"]),
            ("x/apps/a", &["@octo"]),
            ("deep/a/b/x", &["@x", "@y"]),
            ("with blank", &["@blank"]),
            ("nobody/a", &[]),
        ] {
            assert_eq!(owners.of(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn each_section_of_gitlab_has_its_say() {
        let owners = Owners::parse(
            "* @all\n[Database][2] @dba\nmodel/\n^[Docs] @writers\n*.md\nREADME.md @lead\n[database]\nmodel/x @x\n",
        );

        assert_eq!(owners.of(b"model/a.rb"), ["@all", "@dba"]);
        assert_eq!(owners.of(b"model/x"), ["@all", "@x"]);
        assert_eq!(owners.of(b"a.md"), ["@all", "@writers"]);
        assert_eq!(owners.of(b"README.md"), ["@all", "@lead"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text: String, path: Vec<u8>) {
            let _owners = Owners::parse(&text).of(&path);
        }
    }
}

//! Files whose one reader replaces variables of the environment, known by their names.

use super::edit::{Edit, has, part};
use super::{Ask, Mended, Refusal, Source};

/// A name, how a variable is written in it, and the page that says so.
struct Reader {
    matches: fn(path: &str, name: &str) -> bool,
    open: &'static str,
    close: &'static str,
}

const READERS: &[Reader] = &[
    // https://docs.npmjs.com/cli/configuring-npm/npmrc
    Reader { matches: |_, name| name == ".npmrc", open: "${", close: "}" },
    // https://pip.pypa.io/en/latest/reference/requirements-file-format/
    Reader {
        matches: |_, name| {
            name.strip_suffix(".txt").is_some_and(|stem| stem.starts_with("requirements"))
        },
        open: "${",
        close: "}",
    },
    // https://maven.apache.org/settings.html
    Reader {
        matches: |path, name| name == "settings.xml" && !path.contains("res/"),
        open: "${env.",
        close: "}",
    },
];

pub(super) fn reference(path: &[u8]) -> Option<(&'static str, &'static str)> {
    let path = String::from_utf8_lossy(path);
    let name = path.rsplit('/').next().unwrap_or(&path);
    let reader = READERS.iter().find(|reader| (reader.matches)(&path, name))?;
    Some((reader.open, reader.close))
}

pub(super) fn mend(ask: &Ask<'_>) -> Result<Mended, Refusal> {
    let Some((open, close)) = reference(ask.path) else {
        return Err(Refusal::new("the file's reader is not known", "take the value out by hand"));
    };
    let maven = open == "${env." && !has(ask.text, "maven.apache.org");
    if maven {
        return Err(Refusal::new("this is not one of Maven's settings", "take it out by hand"));
    }
    // In XML a comment or an attribute is no place for a reference.
    for value in ask.values {
        let before = part(ask.text, 0..value.start);
        let open_comment = memchr::memmem::rfind(before, b"<!--");
        let closed = memchr::memmem::rfind(before, b"-->");
        if open == "${env." && open_comment > closed {
            return Err(Refusal::new("the value is in a comment", "delete it there"));
        }
    }
    let with = format!("{open}{}{close}", ask.name);
    let edits = ask.values.iter().map(|value| Edit::new(value.clone(), &*with)).collect();
    Ok(Mended { edits, notes: Vec::new(), source: Source::Environment })
}

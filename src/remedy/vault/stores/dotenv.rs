//! A file `.env` that git ignores: the last resort, since the value stands there in the clear.
//!
//! Written in place, by no copy: a value is at one place, whatever happens on the way.

use super::super::World;
use super::super::keep::{Found, Keeper, compare};
use super::super::place::Place;
use super::super::recipe::text;
use super::super::run::{Line, Programs};
use super::super::trouble::Trouble;
use crate::secret::Secret;
use bstr::ByteSlice;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// As long as a file of variables may be.
const AT_MOST: u64 = 1 << 20;

pub(in super::super) struct Dotenv {
    file: String,
    path: PathBuf,
    name: String,
}

impl Dotenv {
    pub(in super::super) fn open(place: &Place, world: &World) -> Result<Self, Trouble> {
        let file = place.key("file").unwrap_or(".env").to_owned();
        if file.starts_with('/') {
            let what = "`file` is a file of this repository, from its top";
            return Err(Trouble::Unfit(what.to_owned()));
        }
        Ok(Self { path: world.top.join(&file), file, name: place.name.clone() })
    }

    /// Whether git will leave the file alone.
    fn is_ignored(&self, programs: &Programs) -> Result<(), Trouble> {
        let file = self.file.as_str();
        let tracked = Line::new("git", ["ls-files", "--error-unmatch", "--", file]);
        if programs.run(&tracked, None)?.well() {
            return Err(Trouble::Unfit(format!(
                "git tracks `{file}`: `git rm --cached {file}`, and add it to .gitignore"
            )));
        }
        let ignored = Line::new("git", ["check-ignore", "--quiet", "--", file]);
        if programs.run(&ignored, None)?.well() {
            return Ok(());
        }
        Err(Trouble::Unfit(format!("git does not ignore `{file}`: add it to .gitignore first")))
    }

    fn trouble(&self, error: &std::io::Error) -> Trouble {
        Trouble::Unfit(format!("`{}`: {error}", self.file))
    }

    /// The file, with its text; a symbolic link is not followed.
    fn opened(&self, options: &mut OpenOptions) -> std::io::Result<(File, Zeroizing<Vec<u8>>)> {
        let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let mut file = options.read(true).custom_flags(no_link).open(&self.path)?;
        let mut text = Zeroizing::new(Vec::new());
        Read::by_ref(&mut file).take(AT_MOST).read_to_end(&mut text)?;
        Ok((file, text))
    }

    /// Writes `value`, over the line that assigns the name or at the end.
    fn write(&self, line: &[u8]) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        let (mut file, before) = self.opened(options.write(true).create(true).mode(0o600))?;
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
        let mut after = Zeroizing::new(Vec::with_capacity(before.len() + line.len() + 2));
        let mut placed = false;
        for old in before.lines_with_terminator() {
            if assigned(old, &self.name).is_none() {
                after.extend_from_slice(old);
            } else if !placed {
                after.extend_from_slice(line);
                placed = true;
            }
        }
        if !placed {
            if !after.is_empty() && !after.ends_with(b"\n") {
                after.push(b'\n');
            }
            after.extend_from_slice(line);
        }
        let from = before.iter().zip(after.iter()).take_while(|(a, b)| a == b).count();
        let put = |file: &mut File, text: &[u8]| {
            file.seek(std::io::SeekFrom::Start(from as u64))?;
            file.write_all(text.get(from..).unwrap_or_default())?;
            file.set_len(text.len() as u64)?;
            file.sync_all()
        };
        put(&mut file, &after).inspect_err(|_| {
            // As it was, so that no half of a value stays.
            let _as_well_as_can_be = put(&mut file, &before);
        })
    }
}

/// The value that a line assigns to `name`, as it is written.
fn assigned<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"export ").unwrap_or(line).trim_ascii_start();
    let rest = line.strip_prefix(name.as_bytes())?.trim_ascii_start();
    Some(rest.strip_prefix(b"=")?.trim_ascii())
}

/// A value without the quotes around it.
fn unquoted(written: &[u8]) -> &[u8] {
    let quote = |quote: u8| written.strip_prefix(&[quote])?.strip_suffix(&[quote]);
    quote(b'\'').or_else(|| quote(b'"')).unwrap_or(written)
}

/// The line that assigns `value`, in a form that every reader of such files takes alike.
fn line(name: &str, value: &Secret) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let text = text(value)?;
    let plain = |char: char| char.is_ascii_alphanumeric() || "._-/+=:@%,~".contains(char);
    let quote = if text.chars().all(plain) && !text.is_empty() { "" } else { "'" };
    if text.chars().any(|char| char.is_control() || char == '\'') {
        let what = "readers of .env files differ on values of several lines and with `'`: keep it \
                    in a store of its own";
        return Err(Trouble::Unfit(what.to_owned()));
    }
    Ok(Zeroizing::new(format!("{name}={quote}{text}{quote}\n").into_bytes()))
}

impl Keeper for Dotenv {
    fn place(&self) -> String {
        format!("{} in {}, in the clear", self.name, self.file)
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        self.is_ignored(programs)?;
        let text = match self.opened(&mut OpenOptions::new()) {
            Ok((_, text)) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Absent),
            Err(error) => return Err(self.trouble(&error)),
        };
        if text.len() as u64 >= AT_MOST {
            return Err(Trouble::Unfit(format!("`{}` is too long", self.file)));
        }
        // The last assignment is the one that counts.
        let found = text.lines().rev().find_map(|line| assigned(line, &self.name));
        Ok(found.map_or(Found::Absent, |written| compare(unquoted(written), value)))
    }

    fn put(&self, _: &Programs, value: &Secret, _: Found) -> Result<(), Trouble> {
        self.write(&line(&self.name, value)?).map_err(|error| self.trouble(&error))
    }

    fn takes(&self, value: &Secret) -> Result<(), Trouble> {
        line(&self.name, value).map(drop)
    }

    fn steps(&self) -> Vec<String> {
        vec![format!("write {}=… into {} (mode 0600)", self.name, self.file)]
    }

    fn read_back(&self) -> String {
        format!("grep ^{}= {}", self.name, self.file)
    }

    fn fill(&self) -> String {
        format!("set -a; . ./{}; set +a; COMMAND, or by a dotenv loader", self.file)
    }

    fn remark(&self) -> Option<String> {
        let what = "every program that you run can read it there: a vault is better";
        Some(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Dotenv, assigned, line, unquoted};
    use crate::secret::Secret;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    fn written(before: Option<&str>, value: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        if let Some(before) = before {
            std::fs::write(&path, before).unwrap();
        }
        let env = Dotenv { file: ".env".into(), path: path.clone(), name: "A".into() };
        env.write(&line("A", &Secret::new(value.as_bytes())).unwrap()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn only_the_line_of_the_name_changes() {
        assert_eq!(written(None, "v1"), "A=v1\n");
        assert_eq!(written(Some("B=2"), "v1"), "B=2\nA=v1\n");
        assert_eq!(
            written(Some("X=1\nA=old-and-long\n# A=c\nAB=3\n"), "n"),
            "X=1\nA=n\n# A=c\nAB=3\n"
        );
        assert_eq!(written(Some("export A='o'\nA=p\nZ=\n"), "a b#c"), "A='a b#c'\nZ=\n");
    }

    #[test]
    fn a_value_that_readers_would_take_differently_is_not_written() {
        for value in ["two\nlines", "it's", "tab\there"] {
            assert!(line("A", &Secret::new(value.as_bytes())).is_err(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in "[ -&(-~]{1,60}") {
            let line = line("A", &Secret::new(value.as_bytes())).unwrap();
            prop_assert_eq!(unquoted(assigned(&line, "A").unwrap()), value.as_bytes());
        }

        #[test]
        fn no_line_makes_it_panic(line: Vec<u8>) {
            let _written = assigned(&line, "A").map(unquoted);
        }
    }
}

//! The file of exceptions: where it is, read, and written; and the days in it.

use crate::cli::own::small_file;
use crate::error::Error;
use crate::judge::exception::{self, Exceptions};
use crate::judge::salt::{SALT_BYTES, Salt};
use crate::source::Repo;
use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the file of exceptions is, or would be.
pub(in crate::cli) fn own_file(repo: &Repo) -> Result<PathBuf, Error> {
    let top = repo.top().ok_or_else(|| {
        Error::Usage("there is no work tree here to keep exceptions in".to_owned())
    })?;
    Ok(top.join(exception::FILE))
}

/// The file's bytes and the exceptions in it. A file that cannot be read in full is not
/// written over.
pub(in crate::cli) fn put_down(path: &Path) -> Result<(Vec<u8>, Exceptions), Error> {
    let top = path.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    let bytes = small_file(top, exception::FILE).map_err(|why| unread(&why))?;
    let exceptions = Exceptions::parse(&bytes);
    match exceptions.faults.first() {
        Some(fault) => Err(Error::Config {
            path: path.to_owned(),
            line: fault.line,
            what: fault.what.to_owned(),
        }),
        None => Ok((bytes, exceptions)),
    }
}

/// That the file cannot be read.
pub(in crate::cli) fn unread(why: &str) -> Error {
    Error::Usage(format!("{} cannot be read: {why}", exception::FILE))
}

/// Writes the file as a whole, or not at all.
pub(in crate::cli) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::File { deed: "write", path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Made for a team to read, as far as the person's umask lets it.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A salt for a file that has none.
pub(in crate::cli) fn fresh_salt() -> Result<Salt, Error> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)
        .map_err(|error| Error::Usage(format!("the system gives no random bytes: {error}")))?;
    Ok(Salt::new(salt))
}

/// The day that `given` means: `2027-01-31` or `90d`.
pub(in crate::cli) fn day(given: &str, today: Date) -> Result<Date, Error> {
    let wrong = || Error::Usage(format!("`{given}` is neither a date nor a number of days"));
    let days = given.strip_suffix('d').and_then(|days| days.parse::<i32>().ok());
    let day = match days.map(|days| Span::new().try_days(days)) {
        Some(span) => span.and_then(|span| today.checked_add(span)).map_err(|_| wrong())?,
        None => given.parse().map_err(|_| wrong())?,
    };
    if day < today {
        return Err(Error::Usage(format!("`{given}` is over already")));
    }
    Ok(day)
}

/// The last day, no later than is configured.
pub(in crate::cli) fn until(
    given: Option<&str>,
    default: i32,
    max: i32,
    today: Date,
) -> Result<Date, Error> {
    let until = match given {
        Some(given) => day(given, today)?,
        None => today.saturating_add(default.days()),
    };
    if until > today.saturating_add(max.days()) {
        return Err(Error::Usage(format!("--until: {until} is beyond `exceptions.max` of {max}d")));
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use super::{day, until};

    #[test]
    fn an_end_is_a_date_or_a_number_of_days_and_not_over() {
        let today = "2026-11-21".parse().unwrap();
        let on = |given| day(given, today).map(|day| day.to_string()).map_err(|_| ());

        assert_eq!(on("90d"), Ok("2027-02-19".to_owned()));
        assert_eq!(on("2026-11-21"), Ok("2026-11-21".to_owned()));
        for wrong in ["2026-11-20", "-1d", "99999999999d", "soon", ""] {
            assert_eq!(on(wrong), Err(()), "{wrong}");
        }
    }

    #[test]
    fn an_end_is_by_default_or_no_later_than_the_last() {
        let today = "2026-11-21".parse().unwrap();
        let on = |given| until(given, 30, 90, today).map(|day| day.to_string()).map_err(|_| ());

        assert_eq!(on(None), Ok("2026-12-21".to_owned()));
        assert_eq!(on(Some("90d")), Ok("2027-02-19".to_owned()));
        assert_eq!(on(Some("9999-12-31")), Err(()));
        assert_eq!(on(Some("91d")), Err(()));
    }
}

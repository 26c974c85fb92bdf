//! Remotes, with nothing in their addresses that may not be shown.

use bstr::{BString, ByteSlice};

/// A remote of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name, such as `origin`.
    pub name: BString,
    /// Where it is fetched from and pushed to, without user names, passwords and
    /// queries, each once.
    pub urls: Vec<BString>,
}

impl Remote {
    pub(super) fn new<'a>(name: &[u8], urls: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut shown: Vec<BString> = Vec::new();
        for url in urls {
            let url = without_credentials(url);
            if !shown.contains(&url) {
                shown.push(url);
            }
        }
        Self { name: name.into(), urls: shown }
    }

    /// Who owns the repository there, where its address is `HOST/OWNER/NAME`.
    pub fn owners(&self) -> impl Iterator<Item = BString> {
        self.urls.iter().filter_map(|url| {
            let place = host_and_path(url);
            let mut parts = place.split_str(b"/");
            match (parts.next()?, parts.next()?, parts.next()?, parts.next()) {
                (host, owner, _, None) if !host.is_empty() => Some(owner.into()),
                _ => None,
            }
        })
    }
}

/// An address without what could be a credential: the user and password before `@`,
/// and the query and fragment. `git@host:path` has no place for a password and stays.
pub fn without_credentials(url: &[u8]) -> BString {
    let Some(at) = url.find(b"://") else {
        // `user:word@host` is no address, yet a word that somebody once typed.
        let user = url.rfind_byte(b'@').unwrap_or(0);
        let (before, after) = url.split_at(user);
        return if before.contains(&b':') { after.get(1..).unwrap_or_default() } else { url }
            .into();
    };
    let (scheme, rest) = url.split_at(at + 3);
    let host_end = rest.find_byte(b'/').unwrap_or(rest.len());
    let authority = rest.split_at(host_end).0;
    let port = authority.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    // The last `@` before the path, as git has it. With no number after the colon, a
    // password with a slash in it is likelier than a host.
    let user = match authority.rfind_byte(b'@') {
        None if authority.contains(&b':') && !port.iter().all(u8::is_ascii_digit) => {
            rest.rfind_byte(b'@')
        }
        found => found,
    };
    let rest = rest.split_at(user.map_or(0, |at| at + 1)).1;
    let rest = rest.split_at(rest.find_byteset(b"?#").unwrap_or(rest.len())).0;
    let mut shown = BString::from(scheme);
    shown.extend_from_slice(rest);
    shown
}

/// Where an address leads, in one form for all ways to write it: `host/path`, without
/// scheme, user, port and `.git`.
pub fn host_and_path(url: &[u8]) -> BString {
    let url = without_credentials(url);
    let (rest, scp) = match url.find(b"://") {
        Some(at) => (url.split_at(at + 3).1, false),
        None => (url.split_at(url.find_byte(b'@').map_or(0, |at| at + 1)).1, true),
    };
    let end = rest.find_byteset(if scp { ":/" } else { "/" }).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.split(|byte| *byte == b':').next().unwrap_or_default();
    let path = path.trim_ascii().trim_end_with(|char| char == '/');
    let path = path.strip_suffix(b".git").unwrap_or(path);
    let mut place = BString::from(host.to_ascii_lowercase());
    let path = path.trim_start_with(|char| char == '/' || char == ':');
    if !path.is_empty() {
        place.push(b'/');
        place.extend_from_slice(path);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_is_told_by_the_address() {
        let remote = Remote::new(
            b"origin",
            [
                &b"git@github.com:Acme/app.git"[..],
                b"https://github.com/other/app",
                b"https://gitlab.example/group/below/app",
                b"/srv/git/app.git",
            ],
        );
        assert_eq!(remote.owners().collect::<Vec<_>>(), ["Acme", "other"]);
    }

    #[test]
    fn no_part_of_an_address_that_can_be_secret_is_kept() {
        for (url, shown) in [
            ("https://someone:word@host.example/a.git", "https://host.example/a.git"),
            ("https://word@host.example/a@b", "https://host.example/a@b"),
            ("https://a:b/c?d@host.example/e", "https://host.example/e"),
            ("https://host.example:8080/a@b", "https://host.example:8080/a@b"),
            ("someone:word@host.example", "host.example"),
            ("https://a:b@c@host.example", "https://host.example"),
            ("https://host.example/a?private=word#x", "https://host.example/a"),
            ("ssh://git@host.example:22/a", "ssh://host.example:22/a"),
            ("git@host.example:a/b", "git@host.example:a/b"),
            ("../some/path", "../some/path"),
        ] {
            assert_eq!(without_credentials(url.as_bytes()), shown);
        }
    }

    #[test]
    fn every_way_to_write_an_address_leads_to_the_same_place() {
        for url in [
            "https://github.example/acme/app.git",
            "https://someone:word@GitHub.example:443/acme/app/",
            "ssh://git@github.example:22/acme/app.git",
            "git@github.example:acme/app.git",
            "github.example:/acme/app",
        ] {
            assert_eq!(host_and_path(url.as_bytes()), "github.example/acme/app", "{url}");
        }
        assert_eq!(host_and_path(b"host.example"), "host.example");
        assert_eq!(host_and_path(b""), "");
    }
}

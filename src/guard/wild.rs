//! `*` and `?` as in a shell, over whole texts and over paths part by part.

/// Whether `pattern` covers all of `text`. `\` takes the next character as it is. In no more
/// than their lengths' product of steps.
pub(super) fn covers(pattern: &str, text: &str) -> bool {
    let plain = plain(pattern);
    if plain.len() == pattern.len() || !text.starts_with(plain) {
        return pattern == text;
    }
    let pattern: Vec<(char, bool)> = marked(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(char) = text.get(t) {
        match pattern.get(p) {
            Some(('*', true)) => {
                back = Some((p + 1, t));
                p += 1;
            }
            Some((wanted, special)) if (*special && *wanted == '?') || wanted == char => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match &mut back {
                Some((after, from)) => {
                    *from += 1;
                    (p, t) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|it| *it == ('*', true))
}

/// What of a pattern stands for itself, as far as its first special character.
pub(super) fn plain(pattern: &str) -> &str {
    pattern.split(['*', '?', '\\']).next().unwrap_or_default()
}

/// Characters, and whether each is a wildcard.
fn marked(pattern: &str) -> Vec<(char, bool)> {
    let mut out = Vec::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next().map(|next| (next, false))),
            '*' | '?' => out.push((char, true)),
            _ => out.push((char, false)),
        }
    }
    out
}

/// Whether the end of `path` is `pattern`, part by part; of `x/**`, whether it is below x.
pub(super) fn ends(pattern: &str, path: &str) -> bool {
    // Most words are no path that any pattern is about: told by one part.
    let one_part_tells = || match pattern.strip_suffix("/**") {
        None => match (named(pattern), named(path)) {
            (Some(wanted), Some(part)) => !covers(wanted, part),
            _ => false,
        },
        Some(above) => named(above).is_some_and(|part| !path.contains(plain(part))),
    };
    if !pattern.contains("..") && !path.contains("..") && one_part_tells() {
        return false;
    }
    ends_whole(pattern, path)
}

fn ends_whole(pattern: &str, path: &str) -> bool {
    let parts: Vec<&str> = parts(path);
    let Some(above) = pattern.strip_suffix("/**") else {
        let wanted = self::parts(pattern);
        let anchored = pattern.starts_with('/');
        let Some(from) = parts.len().checked_sub(wanted.len()) else { return false };
        return (!anchored || (from == 0 && path.starts_with('/')))
            && wanted.iter().zip(&parts[from..]).all(|(wanted, part)| covers(wanted, part));
    };
    let wanted = self::parts(above);
    let mut windows = parts.windows(wanted.len().max(1)).enumerate();
    windows.any(|(at, window)| {
        (!above.starts_with('/') || (at == 0 && path.starts_with('/')))
            && wanted.iter().zip(window).all(|(wanted, part)| covers(wanted, part))
    })
}

/// The last part that names something.
pub(super) fn named(path: &str) -> Option<&str> {
    path.rsplit(['/', '\\']).find(|part| !matches!(*part, "" | "."))
}

/// The parts of a path, with `.` and what `..` takes back left out.
fn parts(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{covers, ends};
    use proptest::prelude::*;

    #[test]
    fn wildcards_are_those_of_a_shell() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("a?c", "abc", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*a*a*", "aa", true),
        ] {
            assert_eq!(covers(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn a_path_is_told_by_its_end() {
        for (pattern, path, is) in [
            (".env", "app/.env", true),
            (".env", "app/.env.old", false),
            (".aws/credentials", "/home/me/.aws/credentials", true),
            (".aws/credentials", "credentials", false),
            ("/etc/shadow", "/etc/shadow", true),
            ("/etc/shadow", "copy/etc/shadow", false),
            (".git/hooks/**", ".git/hooks/pre-commit", true),
            (".git/hooks/**", "x/.git/hooks", true),
            (".git/hooks/**", ".git/index", false),
            (".env", "app/../.env", true),
            ("hooks/pre", "hooks/./pre", true),
        ] {
            assert_eq!(ends(pattern, path), is, "{pattern} {path}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(pattern in ".{0,40}", text in ".{0,80}") {
            let _any = (covers(&pattern, &text), ends(&pattern, &text));
        }

        #[test]
        fn what_is_told_by_one_part_is_told_alike(
            pattern in "[/]?([a.*]{1,3}/){0,2}[a.*]{1,3}(/[*][*])?", path in "[/]?([a.]{1,3}/){0,4}[a.]{0,3}",
        ) {
            prop_assert_eq!(ends(&pattern, &path), super::ends_whole(&pattern, &path));
        }

        #[test]
        fn a_text_covers_itself(text in "[a-z/.]{0,40}") {
            prop_assert!(covers(&text, &text));
        }
    }
}

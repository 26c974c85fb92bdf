//! Files of lines: who may log in to `PostgreSQL`, become root, come by SSH or use Redis.
//!
//! Formats as postgresql.org ("The `pg_hba.conf` File"), sudoers(5), sshd(8) and redis.io
//! ("ACL") have them.

use super::facts::Facts;

/// What the file at `path` says.
pub(super) fn tell(text: &str, path: &[u8], facts: &mut Facts) {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        let at = at..at + trimmed.len();
        start += line.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        if name.starts_with(b"pg_hba") {
            let host = words.first().is_some_and(|word| word.starts_with("host"));
            let near = words.get(3).is_some_and(|from| {
                from.starts_with("127.")
                    || from.starts_with("::1")
                    || *from == "localhost"
                    || *from == "samehost"
            });
            let method = words
                .get(4..)
                .unwrap_or_default()
                .iter()
                .find(|word| word.parse::<std::net::IpAddr>().is_err());
            if host && !near && method == Some(&"trust") {
                facts.add("pg-trust", words.get(3).copied().unwrap_or_default(), "", at.clone());
            }
        } else if name == b"authorized_keys" {
            let open = ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| trimmed.starts_with(kind));
            if open {
                let kind = words.first().copied().unwrap_or_default();
                // A key is public; its end is no business of a card's.
                facts.add(
                    "ssh-unrestricted-key",
                    words.get(2).copied().unwrap_or(kind),
                    "",
                    at.start..at.start + kind.len(),
                );
            }
        } else if name.ends_with(b".acl") {
            let has = |word: &str| words.contains(&word);
            let all = has("+@all") || has("allcommands");
            if words.first() == Some(&"user") && has("nopass") && has("on") {
                facts.add(
                    "redis-no-password",
                    words.get(1).copied().unwrap_or_default(),
                    "",
                    at.start..at.start + 4,
                );
            } else if words.first() == Some(&"user") && all && (has("~*") || has("allkeys")) {
                let end = at.start + 4;
                facts.add(
                    "redis-all",
                    words.get(1).copied().unwrap_or_default(),
                    "",
                    at.start..end,
                );
            }
        } else {
            let plain: String = trimmed.chars().filter(|char| !char.is_whitespace()).collect();
            if plain.ends_with("NOPASSWD:ALL") && !plain.starts_with("Defaults") {
                let who = words.first().copied().unwrap_or_default();
                facts.add("sudo-all", who, "", at.clone());
            }
        }
    }
}

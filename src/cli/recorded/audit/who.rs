//! Who reads, as far as that can be told.

use crate::cli::env;

/// `ana, uid 1000; git says ana@acme.example, which is not verified`.
pub(super) fn who() -> String {
    let uid = rustix::process::getuid().as_raw();
    let user = match name_of(uid) {
        Some(name) => format!("{name}, uid {uid}"),
        None => format!("uid {uid}; the environment says {}, which is not verified", env::login()),
    };
    match mail() {
        Some(mail) => format!("{user}; git says {mail}, which is not verified"),
        None => user,
    }
}

/// The mail address under which git knows who works here; outside of a repository, nothing.
pub(in crate::cli) fn mail() -> Option<String> {
    crate::cli::open().ok()?.author()
}

/// Whose a record's events are that name nobody.
pub(super) fn owner() -> String {
    mail().unwrap_or_else(env::login)
}

/// The name of a user by the system's own list (passwd(5)), which no variable changes.
fn name_of(uid: u32) -> Option<String> {
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    })
}

//! The services that can be asked. Each row was written from the vendor's page it names.

mod ai;
mod code;
mod hosting;
mod infrastructure;
mod messaging;
mod observability;
mod work;

use super::service::{At, Service};
use std::fmt::Write;

/// Every service, by name.
pub(crate) fn all() -> impl Iterator<Item = &'static Service> {
    let mut all: Vec<&'static Service> = [
        ai::SERVICES,
        code::SERVICES,
        hosting::SERVICES,
        infrastructure::SERVICES,
        messaging::SERVICES,
        observability::SERVICES,
        work::SERVICES,
    ]
    .concat();
    all.sort_by_key(|service| service.name.to_lowercase());
    all.into_iter()
}

/// The service that knows the credentials of `rule`.
pub(crate) fn of(rule: &str) -> Option<&'static Service> {
    all().find(|service| service.rules.contains(&rule))
}

/// All services as a table in Markdown.
pub(crate) fn table() -> String {
    let mut out = String::from(
        "| service | id | rules | verify asks | revoke asks | source |\n|---|---|---|---|---|---|\n",
    );
    for service in all() {
        let at = match service.at {
            At::Fixed(address) => address.to_owned(),
            At::Own(_) => "HOST".to_owned(),
            At::ByEnding(template) => template.replace("{}", "REGION"),
        };
        let call = |at: &str, call: &super::service::Call| {
            format!("`{} {at}{}`, {}", call.method.word(), plain(call.path), call.carries())
        };
        let verify = service.check.as_ref().map_or_else(
            || "nothing: no call only reads".to_owned(),
            |check| call(&at, &check.call),
        );
        let revoke = service.revoke.as_ref().map_or_else(String::new, |revoke| {
            let asked = call(revoke.at.unwrap_or(&at), &revoke.call);
            if revoke.except.is_empty() {
                asked
            } else {
                format!("{asked}; not {}", list(revoke.except))
            }
        });
        let page = service.revoke.as_ref().map_or(service.page, |revoke| revoke.page);
        let sources = if page == service.page {
            format!("[page]({page})")
        } else {
            format!("[verify]({}) [revoke]({page})", service.page)
        };
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {verify} | {revoke} | {sources} |",
            service.name,
            service.id,
            list(service.rules)
        );
    }
    out
}

fn list(rules: &[&str]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
    rules.join(" ")
}

/// A path with its places in words.
fn plain(path: &str) -> String {
    [
        ("{secret}", "CREDENTIAL"),
        ("{webhook}", "CREDENTIAL"),
        ("{key-id}", "ITS-ID"),
        ("{id}", "ITS-ID"),
        ("{companion}", "ID"),
    ]
    .into_iter()
    .fold(path.to_owned(), |path, (place, word)| path.replace(place, word))
}

#[cfg(test)]
mod tests;

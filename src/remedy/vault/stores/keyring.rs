//! The keyrings of desktops: libsecret's by `secret-tool`, the macOS keychain by `security`.

use super::super::keep::Found;
use super::super::place::Place;
use super::super::recipe::{Recipe, raw, text, whole};
use super::super::run::{Line, Said, quoted};
use super::super::trouble::Trouble;
use crate::secret::Secret;
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

/// `secret-tool store` reads standard input to its end; `lookup` says nothing and fails where
/// nothing is stored (secret-tool(1)).
pub(in super::super) fn secret_service(place: &Place) -> Recipe {
    let (service, account) = (place.path("{repo}"), place.name.as_str());
    let label = format!("{service} {account}");
    let attributes = ["service", &service, "account", account];
    let put = Line::new("secret-tool", ["store", "--label", &label]).and(attributes);
    let get = Line::new("secret-tool", ["lookup"]).and(attributes);
    let read_back = get.to_string();
    Recipe {
        place: format!("the desktop's keyring, service {service}, account {account}"),
        get,
        read: Box::new(whole),
        absent: Said::is_silent,
        replace: Some(put.clone()),
        put,
        feed: raw(),
        fill: format!("{account}=\"$({read_back})\" COMMAND"),
        read_back,
        remark: None,
    }
}

/// As many bytes of a value go into one line of `security -i`, which reads no long ones.
const KEYCHAIN_AT_MOST: usize = 1500;

/// `security -i` reads commands from standard input, and `-X` takes the value in hexadecimal,
/// so that it needs no quoting (`man security`): the value is in no argument of a process.
/// Not tried on macOS.
pub(in super::super) fn keychain(place: &Place) -> Recipe {
    let (service, account) = (place.path("{repo}"), place.name.clone());
    let get =
        Line::new("security", ["find-generic-password", "-a", &account, "-s", &service, "-w"]);
    let read_back = get.to_string();
    let into = format!("-a {account} -s {}", quoted(&service));
    Recipe {
        place: format!("the macOS keychain, service {service}, account {account}"),
        get,
        read: Box::new(whole),
        absent: |said| said.says("could not be found in the keychain"),
        put: Line::new("security", ["-i"]),
        replace: Some(Line::new("security", ["-i"])),
        feed: Box::new(move |value, found| command(&into, value, found)),
        fill: format!("{account}=\"$({read_back})\" COMMAND"),
        read_back,
        remark: None,
    }
}

/// The command that adds a value, or replaces it.
fn command(into: &str, value: &Secret, found: Found) -> Result<Secret, Trouble> {
    if text(value)?.chars().any(char::is_control) || value.len() > KEYCHAIN_AT_MOST {
        let what = "the keychain's program reads back neither values of several lines nor long \
                    ones: add it in Keychain Access";
        return Err(Trouble::Unfit(what.to_owned()));
    }
    let update = if found == Found::Absent { "" } else { "-U " };
    let hex = HEXLOWER.encode(value.expose());
    let line = Zeroizing::new(format!("add-generic-password {update}{into} -X {hex}\n"));
    Ok(Secret::new(line.as_bytes()))
}

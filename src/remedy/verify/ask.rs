//! From a service and a credential to a request, and to the words that announce it.

use super::service::{At, Auth, Call, Payload, Service};
use super::sigv4::{self, Signer};
use crate::remedy::http::Request;
use crate::secret::Secret;
use data_encoding::BASE64;
use std::fmt::Write;
use zeroize::Zeroizing;

/// What stands for the credential where an address is shown.
const HIDDEN: &str = "THE-CREDENTIAL";

/// A credential to be asked about.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) service: &'static Service,
    pub(crate) secret: &'a Secret,
    /// The identifier that belongs to it: no secret.
    pub(crate) companion: Option<&'a str>,
    /// Another server than the vendor's, as [`server`](crate::remedy::http::server) gives it.
    pub(crate) server: Option<&'a str>,
}

/// A request that is ready to go, and what is said of it before.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) request: Request,
    /// `GET https://api.github.com/user`.
    pub(crate) line: String,
    /// `as a bearer token`.
    pub(crate) carries: String,
}

impl Case<'_> {
    /// The server's address.
    ///
    /// # Errors
    /// Nobody said where it is.
    pub(crate) fn server(&self) -> Result<String, String> {
        if let Some(server) = self.server {
            return Ok(server.to_owned());
        }
        match self.service.at {
            At::Fixed(address) => Ok(address.to_owned()),
            At::Own(what) => Err(format!("it must be told where: --host {what}")),
            At::ByEnding(template) => {
                let text = self.text()?;
                let ending = text.rsplit('-').next().unwrap_or_default();
                // It becomes a part of a host's name.
                let fits = (2..=5).contains(&ending.len())
                    && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let ending =
                    fits.then_some(ending).ok_or("it does not say which server it is of")?;
                Ok(template.replace("{}", ending))
            }
        }
    }

    fn text(&self) -> Result<&str, String> {
        let text = std::str::from_utf8(self.secret.expose()).ok();
        text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
            .ok_or_else(|| "it has bytes that no request can carry".to_owned())
    }
}

/// The request of `call` for `case` at `now`, in seconds since 1970. `id` is what an
/// earlier call told.
///
/// # Errors
/// What is missing to make it, without the credential.
pub(crate) fn plan(
    case: &Case<'_>,
    call: &Call,
    id: Option<&str>,
    now: i64,
) -> Result<Plan, String> {
    let secret = case.text()?;
    let places = Places { secret, companion: case.companion, id };
    if call.needs_companion() && case.companion.is_none() {
        return Err(format!(
            "it takes the identifier that belongs to it as well: --id {}",
            identifier(call)
        ));
    }
    let server = case.server()?;
    let url = Zeroizing::new([&*server, &*places.fill(call.path, percent)?].concat());
    let line = format!("{} {server}{}", call.method.word(), places.show(call.path));
    let mut headers: Vec<(String, Zeroizing<String>)> = Vec::new();
    let mut header =
        |name: &str, value: String| headers.push((name.to_owned(), Zeroizing::new(value)));
    for (name, value) in call.headers {
        header(name, places.fill(value, str::to_owned)?.as_str().to_owned());
    }
    let mut body = Zeroizing::new(Vec::new());
    let kind = match call.body {
        Payload::Empty => None,
        Payload::Json(template) => {
            body.extend_from_slice(places.fill(template, quoted)?.as_bytes());
            Some("application/json")
        }
        Payload::Form(template) => {
            body.extend_from_slice(places.fill(template, percent)?.as_bytes());
            Some("application/x-www-form-urlencoded")
        }
    };
    if let Some(kind) = kind {
        header("content-type", kind.to_owned());
    }
    let basic = |user: &str, password: &str| {
        let pair = Zeroizing::new([user, ":", password].concat());
        ["Basic ", &BASE64.encode(pair.as_bytes())].concat()
    };
    match call.auth {
        Auth::Nothing => {}
        Auth::Header(name, before) => header(name, [before, secret].concat()),
        Auth::User => header("authorization", basic(secret, "")),
        Auth::PasswordOf(user) => header("authorization", basic(user, secret)),
        Auth::PasswordOfCompanion => {
            header("authorization", basic(case.companion.unwrap_or_default(), secret));
        }
        Auth::SigV4(service) => {
            let signer = Signer {
                id: case.companion.unwrap_or_default(),
                key: secret,
                region: "us-east-1",
                service,
            };
            let host = server.split_once("://").map_or("", |(_, host)| host);
            let made = sigv4::headers(&signer, host, kind.unwrap_or_default(), &body, now);
            for (name, value) in made {
                header(name, value);
            }
        }
    }
    let request =
        Request { method: call.method, url, headers, body: kind.is_some().then_some(body) };
    Ok(Plan { request, line, carries: call.carries() })
}

/// What the identifier beside a credential looks like.
fn identifier(call: &Call) -> &'static str {
    match call.auth {
        Auth::SigV4(_) => "AKIA…",
        Auth::PasswordOfCompanion if call.path.contains("{companion}") => "AC…",
        Auth::PasswordOfCompanion => "NAME@EXAMPLE.ORG",
        Auth::Nothing | Auth::Header(..) | Auth::User | Auth::PasswordOf(_) => "ID",
    }
}

/// What is put into a template.
struct Places<'a> {
    secret: &'a str,
    companion: Option<&'a str>,
    id: Option<&'a str>,
}

impl Places<'_> {
    fn fill(&self, template: &str, write: fn(&str) -> String) -> Result<Zeroizing<String>, String> {
        let mut filled = Zeroizing::new(template.to_owned());
        let mut put = |place: &str, value: Option<String>, lacks: &str| {
            if filled.contains(place) {
                let value = Zeroizing::new(value.ok_or_else(|| lacks.to_owned())?);
                *filled = filled.replace(place, &value);
            }
            Ok::<(), String>(())
        };
        put("{companion}", self.companion.map(write), "it takes the identifier beside it as well")?;
        put("{id}", self.id.map(write), "the service did not tell its identifier")?;
        let webhook = self.secret.split_once("/webhooks/").map(|(_, end)| end.to_owned());
        put("{webhook}", webhook, "it is no address of a webhook")?;
        put("{key-id}", self.secret.split('.').nth(1).map(write), "it has no identifier in it")?;
        put("{secret}", Some(write(self.secret)), "")?;
        Ok(filled)
    }

    fn show(&self, template: &str) -> String {
        template
            .replace("{secret}", HIDDEN)
            .replace("{webhook}", HIDDEN)
            .replace("{key-id}", "ITS-ID")
            .replace("{id}", "ITS-ID")
            .replace("{companion}", self.companion.unwrap_or("ID"))
    }
}

/// As a part of an address or a form (RFC 3986: everything but what is unreserved).
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// As the inside of a JSON string.
fn quoted(text: &str) -> String {
    let quoted = Zeroizing::new(serde_json::Value::from(text).to_string());
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

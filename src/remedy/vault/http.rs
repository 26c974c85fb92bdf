//! Requests to a store's server: encrypted on the way unless it is this machine, never sent on
//! to where it points, and never for longer than they may take.

use super::World;
use super::mask::Mask;
use super::run::Programs;
use super::trouble::Trouble;
use crate::secret::Secret;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use ureq::http::Request;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// As many bytes of an answer are read.
const ANSWER_AT_MOST: u64 = 1 << 20;

/// How often it is looked whether the person wants it to end.
const PAUSE: Duration = Duration::from_millis(20);

/// A server.
pub(super) struct Server {
    /// Its address, without a slash at the end.
    address: String,
    headers: Vec<(&'static str, Secret)>,
    roots: Option<Vec<Certificate<'static>>>,
}

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Secret,
}

impl Answer {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body.expose()).ok()
    }

    pub(super) fn is_well(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer as a failure, in its own words.
    pub(super) fn failure(&self, what: &str, mask: &Mask) -> Trouble {
        let mut words = format!("the server answers {}", self.status);
        let json = self.json();
        let said = json.as_ref().map_or_else(String::new, |json| {
            let errors = json.get("errors").and_then(Value::as_array);
            let message = json.get("message").and_then(Value::as_str);
            let errors = errors.into_iter().flatten().filter_map(Value::as_str).chain(message);
            errors.collect::<Vec<_>>().join("\n")
        });
        let said = mask.last_words(said.as_bytes());
        if !said.is_empty() {
            let _infallible = write!(words, ": {said}");
        }
        Trouble::Failed { what: what.to_owned(), words }
    }
}

impl Server {
    /// The server at `address`, with the certificates of the file that the variable
    /// `authority` names as the only roots.
    pub(super) fn new(address: &str, authority: &str, world: &World) -> Result<Self, Trouble> {
        let address = address.trim_end_matches('/').to_owned();
        if !is_safe(&address) {
            let what = "is not an https:// address (http:// is for this machine alone, since a \
                        value would cross the network in the clear)";
            let shown = if address.contains('@') { "what is set" } else { &address };
            return Err(Trouble::Unfit(format!("{shown} {what}")));
        }
        let roots = match (world.variable)(authority).map(PathBuf::from) {
            None => None,
            Some(file) => Some(certificates(&file).ok_or_else(|| {
                Trouble::Unfit(format!("{authority} names no file with certificates in PEM form"))
            })?),
        };
        Ok(Self { address, headers: Vec::new(), roots })
    }

    /// The same with a header in each request.
    pub(super) fn header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a request and waits for the answer.
    pub(super) fn send(
        &self,
        programs: &Programs,
        (method, path): (&'static str, &str),
        body: Option<(&'static str, &Secret)>,
    ) -> Result<Answer, Trouble> {
        let what = format!("{method} {}{}", self.address, path.split('?').next().unwrap_or(path));
        let failed = |words: String| Trouble::Failed { what: what.clone(), words };
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in &self.headers {
            request = request.header(*name, value.expose());
        }
        let input = body.map_or_else(Vec::new, |(kind, body)| {
            request
                .headers_mut()
                .map(|all| all.insert("content-type", ureq::http::HeaderValue::from_static(kind)));
            body.expose().to_vec()
        });
        let request = request
            .body(input)
            .map_err(|_| failed("a token or address has odd characters".to_owned()))?;
        let agent = self.agent(programs.limit());
        let (answered, answer) = mpsc::channel();
        std::thread::spawn(move || {
            let answer = agent.run(request).and_then(|mut response| {
                let body = response.body_mut().with_config().limit(ANSWER_AT_MOST).read_to_vec()?;
                Ok(Answer { status: response.status().as_u16(), body: Secret::new(&body) })
            });
            // Nobody waits for it when the person has ended it.
            let _gone = answered.send(answer);
        });
        let start = Instant::now();
        loop {
            match answer.recv_timeout(PAUSE) {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(ureq::Error::Timeout(_))) => {
                    return Err(Trouble::Slow { what, limit: programs.limit() });
                }
                Ok(Err(error)) => return Err(failed(words(&error))),
                Err(_) if programs.stopped() => return Err(Trouble::Stopped(what)),
                Err(_) if start.elapsed() > programs.limit() + Duration::from_secs(2) => {
                    return Err(Trouble::Slow { what, limit: programs.limit() });
                }
                Err(_) => {}
            }
        }
    }

    fn agent(&self, limit: Duration) -> ureq::Agent {
        let mut tls = TlsConfig::builder();
        if let Some(roots) = &self.roots {
            tls = tls.root_certs(RootCerts::Specific(Arc::new(roots.clone())));
        }
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A value goes to the server that was named, and to no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(limit))
            .allow_non_standard_methods(true)
            .user_agent(concat!("leakcoach/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build()
            .new_agent()
    }
}

/// The error of a request in words that hold nothing of it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's own enum, which grows")]
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "cannot connect".to_owned(),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        ureq::Error::Tls(why) => format!("TLS: {why}"),
        ureq::Error::BodyExceedsLimit(_) => "the answer is too long".to_owned(),
        _ => "the server does not speak HTTP as it should".to_owned(),
    }
}

/// Whether a value may be sent there.
fn is_safe(address: &str) -> bool {
    let host_of = |rest: &str| {
        let host = rest.split('/').next().unwrap_or(rest).to_owned();
        (!host.is_empty() && !host.contains('@')).then_some(host)
    };
    if address.chars().any(|char| char.is_whitespace() || char.is_control() || "?#".contains(char))
    {
        return false;
    }
    if let Some(rest) = address.strip_prefix("https://") {
        return host_of(rest).is_some();
    }
    let Some(host) = address.strip_prefix("http://").and_then(host_of) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(&host),
    };
    name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn certificates(file: &std::path::Path) -> Option<Vec<Certificate<'static>>> {
    let text = std::fs::read(file).ok()?;
    let items = parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        Ok(_) | Err(_) => None,
    });
    Some(items.collect::<Vec<_>>()).filter(|all| !all.is_empty())
}

#[cfg(test)]
mod tests {
    use super::is_safe;
    use proptest::prelude::*;

    #[test]
    fn a_value_crosses_the_network_encrypted() {
        for address in [
            "https://vault.example:8200",
            "http://127.0.0.1:8200",
            "http://localhost:8200",
            "http://[::1]:8200",
        ] {
            assert!(is_safe(address), "{address}");
        }
        for address in [
            "http://vault.example:8200",
            "http://127.0.0.1.example",
            "http://localhost@evil.example",
            "https://u:p@host",
            "ftp://127.0.0.1",
            "127.0.0.1:8200",
            "https://",
            "http://[::1",
            "https://a b",
            "",
        ] {
            assert!(!is_safe(address) || address == "http://[::1", "{address}");
        }
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(address: String) {
            let _safe = is_safe(&address);
        }
    }
}

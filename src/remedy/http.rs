//! The one place that speaks HTTP.
//!
//! Takes requests that may carry a credential, gives answers. Says nothing of what it
//! sends: its errors name hosts and times, never an address in whole, a header or a body.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};
use zeroize::Zeroizing;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the whole of a request may take.
const WHOLE: Duration = Duration::from_secs(10);

/// The most of an answer that is read.
const ANSWER_BYTES: u64 = 256 << 10;

/// The least time between two requests to one host.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest that a server is waited for when it says when to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the machine says of the way out.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// A proxy's address, which may hold a password.
    pub(crate) proxy: Option<Zeroizing<String>>,
    /// Hosts that are reached without it, parted by commas.
    pub(crate) no_proxy: Option<String>,
    /// Certificates in PEM that are trusted in place of Mozilla's.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// Asks servers.
pub(crate) struct Client {
    straight: Agent,
    /// The same through a proxy, and where that is.
    proxied: Option<(Agent, Proxy)>,
    last: Mutex<HashMap<String, Instant>>,
    pause: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// What is sent. Nothing of it is ever shown.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Zeroizing<String>,
    pub(crate) headers: Vec<(String, Zeroizing<String>)>,
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method.word())
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)
    }
}

impl Answer {
    /// The header called `name`, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("its host is not known here (DNS)")]
    NoHost,
    #[error("no connection could be made")]
    NoConnection,
    #[error("no answer came in time")]
    Late,
    #[error("it could not be told to be who it says it is (TLS)")]
    Tls,
    #[error("the connection broke")]
    Broken,
    #[error("the answer is larger than is read")]
    Large,
    #[error("what it says is no HTTP")]
    NoHttp,
    #[error("the credential has bytes that no request can carry")]
    Unsendable,
}

impl Client {
    /// A client that goes out as `network` says.
    ///
    /// # Errors
    /// The proxy's address or the certificates cannot be used; says which, never with
    /// the address.
    pub(crate) fn new(network: &Network) -> Result<Self, &'static str> {
        Self::within(network, WHOLE)
    }

    /// The same, with the whole of a request to be over within `whole`.
    fn within(network: &Network, whole: Duration) -> Result<Self, &'static str> {
        let authorities = network.authorities.as_deref().map(authorities).transpose()?;
        let agent = |proxy: Option<Proxy>| {
            let roots = authorities.clone().unwrap_or(RootCerts::WebPki);
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .timeout_connect(Some(CONNECT))
                .timeout_global(Some(whole))
                .max_idle_connections(0)
                .accept_encoding("identity")
                .user_agent(concat!("leakcoach/", env!("CARGO_PKG_VERSION")))
                .tls_config(TlsConfig::builder().root_certs(roots).build())
                .proxy(proxy)
                .build()
                .new_agent()
        };
        let proxied = match &network.proxy {
            Some(address) => {
                let proxy = proxy(address, network.no_proxy.as_deref())?;
                Some((agent(Some(proxy.clone())), proxy))
            }
            None => None,
        };
        Ok(Self { straight: agent(None), proxied, last: Mutex::default(), pause: PAUSE })
    }

    /// Where the proxy is that a request to `url` goes through, without user and password.
    pub(crate) fn proxy_to(&self, url: &str) -> Option<String> {
        let uri: Uri = url.parse().ok()?;
        let (_, proxy) = self.proxied.as_ref().filter(|(_, proxy)| goes_through(proxy, &uri))?;
        Some(format!("{}:{}", proxy.host(), proxy.port()))
    }

    /// Sends `request`, not too soon after the last one to that host. Follows no
    /// redirect. Asks a second time where the server says that it may soon be asked.
    pub(crate) fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.send_once(request)?;
        let again = answer.header("retry-after").and_then(|after| after.trim().parse().ok());
        match again.map(Duration::from_secs) {
            Some(after) if answer.status == 429 && after <= PATIENCE => {
                sleep(after);
                self.send_once(request)
            }
            Some(_) | None => Ok(answer),
        }
    }

    fn send_once(&self, request: &Request) -> Result<Answer, Failure> {
        let uri: Uri = request.url.parse().map_err(|_| Failure::Unsendable)?;
        self.wait_for(uri.host().unwrap_or_default());
        let agent = match &self.proxied {
            Some((agent, proxy)) if goes_through(proxy, &uri) => agent,
            Some(_) | None => &self.straight,
        };
        let mut head = ureq::http::Request::builder().method(request.method.word()).uri(uri);
        for (name, value) in &request.headers {
            head = head.header(name, value.as_str());
        }
        let sent = match &request.body {
            Some(body) => {
                let body: &[u8] = body.as_slice();
                agent.run(head.body(body).map_err(|_| Failure::Unsendable)?)
            }
            None => agent.run(head.body(()).map_err(|_| Failure::Unsendable)?),
        };
        let mut answer = sent.map_err(|error| why(&error))?;
        let headers = answer.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let headers = headers.collect();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        let body = Zeroizing::new(body.map_err(|error| why(&error))?);
        Ok(Answer { status: answer.status().as_u16(), headers, body })
    }

    /// Waits until `host` may be asked again.
    fn wait_for(&self, host: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.get(host) {
            sleep(self.pause.saturating_sub(last.elapsed()));
        }
        last.insert(host.to_owned(), Instant::now());
    }
}

/// What went wrong, without the words of the error, which may hold the address.
#[expect(clippy::wildcard_enum_match_arm, reason = "both lists are open")]
fn why(error: &ureq::Error) -> Failure {
    use std::io::ErrorKind;
    match error {
        ureq::Error::HostNotFound => Failure::NoHost,
        ureq::Error::Timeout(_) => Failure::Late,
        ureq::Error::ConnectionFailed | ureq::Error::InvalidProxyUrl => Failure::NoConnection,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Failure::Tls,
        ureq::Error::BodyExceedsLimit(_) => Failure::Large,
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => Failure::Unsendable,
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable => Failure::NoConnection,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::Late,
            // rustls tells of a certificate it does not trust in this way.
            ErrorKind::InvalidData => Failure::Tls,
            _ => Failure::Broken,
        },
        _ => Failure::NoHttp,
    }
}

/// The certificates in `pem`.
fn authorities(pem: &[u8]) -> Result<RootCerts, &'static str> {
    let mut all = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| "it is no PEM")? {
            all.push(certificate);
        }
    }
    if all.is_empty() {
        Err("it holds no certificate")
    } else {
        Ok(RootCerts::Specific(Arc::new(all)))
    }
}

/// The proxy at `address`, which is asked for no host in `except`.
fn proxy(address: &str, except: Option<&str>) -> Result<Proxy, &'static str> {
    const WRONG: &str = "the proxy that the environment names has no address that can be used";
    let named = Proxy::new(address).map_err(|_| WRONG)?;
    let mut builder = Proxy::builder(named.protocol()).host(named.host()).port(named.port());
    if let Some(user) = named.username() {
        builder = builder.username(user);
    }
    if let Some(password) = named.password() {
        builder = builder.password(password);
    }
    for host in except.unwrap_or_default().split(',').map(str::trim) {
        if !host.is_empty() {
            builder = builder.no_proxy(host);
        }
    }
    builder.build().map_err(|_| WRONG)
}

/// Whether `proxy` is asked for `uri`: never for this very machine, to which plain HTTP
/// may go.
fn goes_through(proxy: &Proxy, uri: &Uri) -> bool {
    !uri.host().is_some_and(is_loopback) && !proxy.is_no_proxy(uri)
}

/// Whether `host` is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The address of a server, without a slash at its end: `https`, or plain HTTP to this
/// machine alone. A bare host is taken for `https`.
///
/// # Errors
/// Says what is wrong with it, without quoting it.
pub(crate) fn server(given: &str) -> Result<String, &'static str> {
    let given = given.trim();
    let url = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let url = url.trim_end_matches('/').to_owned();
    let uri: Uri = url.parse().map_err(|_| "it is no address of a server")?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?;
    if uri.authority().is_some_and(|whole| whole.as_str().contains('@')) {
        return Err("it holds a user's name");
    }
    if uri.query().is_some() || url.contains('#') {
        return Err("it holds more than a host and a path");
    }
    match uri.scheme_str() {
        Some("https") => Ok(url),
        Some("http") if is_loopback(host) => Ok(url),
        Some("http") => Err("plain http would carry the credential in the clear"),
        _ => Err("it is neither https nor http"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWER_BYTES, Client, Failure, Method, Network, Request, proxy, server};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::{Duration, Instant};
    use zeroize::Zeroizing;

    /// What comes of asking a server that reads a little and then says `answer`, keeping
    /// the connection for `open`.
    fn asked(scheme: &str, answer: Vec<u8>, open: Duration) -> Result<u16, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _read = stream.read(&mut [0; 1024]);
                let _gone = stream.write_all(&answer);
                std::thread::sleep(open);
            }
        });
        let client = Client::within(&Network::default(), Duration::from_millis(500)).unwrap();
        client.send(&get(&url)).map(|answer| answer.status)
    }

    fn get(url: &str) -> Request {
        let url = Zeroizing::new(url.to_owned());
        Request { method: Method::Get, url, headers: Vec::new(), body: None }
    }

    #[test]
    fn whatever_a_server_does_there_is_an_end_with_a_name() {
        let now = Duration::ZERO;
        let later = Duration::from_secs(5);
        let head = |length: u64| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let moved = "HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        let large = [head(ANSWER_BYTES + 1).into_bytes(), vec![b'x'; 300 << 10]].concat();
        for (what, scheme, answer, open, expected) in [
            ("silence", "http", Vec::new(), later, Err(Failure::Late)),
            ("half an answer", "http", head(10).into_bytes(), later, Err(Failure::Late)),
            ("a large answer", "http", large, now, Err(Failure::Large)),
            ("a redirect", "http", moved.as_bytes().to_vec(), now, Ok(302)),
            ("no TLS", "https", b"HTTP/1.1 400 X\r\n\r\n".to_vec(), now, Err(Failure::Tls)),
            ("silent TLS", "https", Vec::new(), later, Err(Failure::Late)),
        ] {
            assert_eq!(asked(scheme, answer, open), expected, "{what}");
        }
        for (what, answer) in [("cut", Vec::new()), ("half", head(10).into_bytes())] {
            let failure = asked("http", answer, now).unwrap_err();
            assert!(matches!(failure, Failure::Broken | Failure::NoHttp), "{what}: {failure:?}");
        }
        assert!(asked("http", b"no http at all\r\n\r\n".to_vec(), now).is_err());
    }

    #[test]
    fn a_host_is_not_asked_twice_at_once() {
        let client = Client::new(&Network::default()).unwrap();
        let start = Instant::now();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for _ in 0..2 {
            let failure = client.send(&get(&format!("http://{closed}/"))).unwrap_err();
            assert_eq!(failure, Failure::NoConnection);
        }

        assert!(start.elapsed() >= super::PAUSE);
    }

    #[test]
    fn a_server_is_asked_in_the_clear_only_on_this_machine() {
        for (given, address) in [
            ("gitlab.acme.example", Ok("https://gitlab.acme.example")),
            ("https://ghe.acme.example/api/v3/", Ok("https://ghe.acme.example/api/v3")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Ok("http://[::1]:8080")),
            ("http://localhost/x", Ok("http://localhost/x")),
            ("http://acme.example", Err("plain http would carry the credential in the clear")),
            (
                "http://localhost.acme.example",
                Err("plain http would carry the credential in the clear"),
            ),
            ("ftp://acme.example", Err("it is neither https nor http")),
            ("https://a:b@acme.example", Err("it holds a user's name")),
            ("https://acme.example/?x", Err("it holds more than a host and a path")),
            ("", Err("it is neither https nor http")),
            ("https://", Err("it is neither https nor http")),
        ] {
            assert_eq!(server(given), address.map(str::to_owned), "{given}");
        }
    }

    #[test]
    fn a_proxy_is_told_of_without_its_password_and_not_used_for_this_machine() {
        let address = ["http://someone:", "word", "@proxy.example:3128"].concat();
        let network = Network {
            proxy: Some(Zeroizing::new(address)),
            no_proxy: Some("internal.example, .acme.example".to_owned()),
            authorities: None,
        };
        let client = Client::new(&network).unwrap();

        let through = |url| client.proxy_to(url);
        assert_eq!(through("https://api.github.com/user").unwrap(), "proxy.example:3128");
        for url in
            ["http://127.0.0.1:1/", "https://internal.example/", "https://git.acme.example/a"]
        {
            assert_eq!(through(url), None, "{url}");
        }
    }

    #[test]
    fn a_proxy_or_an_authority_that_cannot_be_used_is_said_so() {
        assert!(proxy("ftp://x", None).is_err());
        let network = Network { authorities: Some(b"x".to_vec()), ..Network::default() };
        assert_eq!(Client::new(&network).unwrap_err(), "it holds no certificate");
    }
}

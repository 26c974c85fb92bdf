//! Ways to a syslog daemon: UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425), and the socket of
//! the machine's own.
//!
//! Syslog has no answer. Over a stream leakcoach ends its side after the last message and
//! waits until the daemon ends the other in good order, which it does once it has read
//! everything; without that nothing counts as arrived. A datagram cannot be confirmed.

use super::{Trouble, syslog};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a connection, and then each step on it, may take.
const STEP: Duration = Duration::from_secs(5);

/// How long the daemon may take to read everything and end the connection.
const END: Duration = Duration::from_secs(10);

/// Port 514 is UDP's (RFC 5426) and by custom TCP's, 6514 that of TLS (RFC 5425).
const PLAIN: u16 = 514;
const TLS: u16 = 6514;

/// Where a daemon is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Udp(String, u16),
    Tcp(String, u16),
    Tls(String, u16),
    Unix(PathBuf),
}

impl Address {
    /// `udp://host:514`, `tcp://host`, `tls://host:6514`, `unix:/dev/log`.
    ///
    /// # Errors
    /// Says what is wrong with it, without quoting it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        const FORMS: &str = "its address is udp://HOST:PORT, tcp://…, tls://… or unix:/PATH";
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
            return if path.is_absolute() { Ok(Self::Unix(path)) } else { Err(FORMS.to_owned()) };
        }
        let (scheme, rest) = text.split_once("://").ok_or(FORMS)?;
        let standard = if scheme == "tls" { TLS } else { PLAIN };
        let rest = rest.trim_end_matches('/');
        // An address of IPv6 stands in brackets.
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = port.map_or(Ok(standard), str::parse).map_err(|_| FORMS)?;
        let fits = |char: char| char.is_ascii_alphanumeric() || ".-_:%".contains(char);
        if host.is_empty() || !host.chars().all(fits) {
            return Err(FORMS.to_owned());
        }
        let host = host.to_owned();
        match scheme {
            "udp" => Ok(Self::Udp(host, port)),
            "tcp" => Ok(Self::Tcp(host, port)),
            "tls" => Ok(Self::Tls(host, port)),
            _ => Err(FORMS.to_owned()),
        }
    }

    /// Sends every message, in order.
    pub(super) fn send(
        &self,
        messages: &[Vec<u8>],
        authorities: Option<&[u8]>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Udp(host, port) => udp(host, *port, messages),
            Self::Unix(path) => {
                let socket = UnixDatagram::unbound().map_err(|error| later(&error))?;
                let _unset = socket.set_write_timeout(Some(STEP));
                socket.connect(path).map_err(|error| later(&error))?;
                messages.iter().try_for_each(|message| {
                    socket.send(message).map(|_| ()).map_err(|error| sized(&error))
                })
            }
            Self::Tcp(host, port) => {
                let mut stream = connect(host, *port)?;
                write(&mut stream, messages)?;
                stream.shutdown(Shutdown::Write).map_err(|error| later(&error))?;
                ended(&mut stream).map_err(|error| unconfirmed(&error))
            }
            Self::Tls(host, port) => tls(host, *port, messages, authorities),
        }
    }
}

fn later(error: &std::io::Error) -> Trouble {
    // The system's own words, without an address.
    let late = matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
    let why = if late { "it did not answer in time".to_owned() } else { error.kind().to_string() };
    Trouble::Later(why, None)
}

/// A datagram that is too long will always be.
fn sized(error: &std::io::Error) -> Trouble {
    if error.raw_os_error() == Some(rustix::io::Errno::MSGSIZE.raw_os_error()) {
        return Trouble::Refused("it is too long for a datagram".to_owned());
    }
    later(error)
}

fn udp(host: &str, port: u16, messages: &[Vec<u8>]) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| later(&error);
    let to = (host, port).to_socket_addrs().map_err(unknown)?.next();
    let to = to.ok_or_else(|| Trouble::Later("its host is not known here (DNS)".into(), None))?;
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).map_err(failed)?;
    socket.connect(to).map_err(failed)?;
    messages
        .iter()
        .try_for_each(|message| socket.send(message).map(|_| ()).map_err(|error| sized(&error)))?;
    // Where nobody listens on this very machine, the system may know so by now.
    match socket.take_error() {
        Ok(None) => Ok(()),
        Ok(Some(error)) | Err(error) => Err(later(&error)),
    }
}

fn unknown(_: std::io::Error) -> Trouble {
    Trouble::Later("its host is not known here (DNS)".to_owned(), None)
}

fn connect(host: &str, port: u16) -> Result<TcpStream, Trouble> {
    let mut last = Trouble::Later("its host is not known here (DNS)".to_owned(), None);
    for to in (host, port).to_socket_addrs().map_err(unknown)? {
        match TcpStream::connect_timeout(&to, STEP) {
            Ok(stream) => {
                let set = stream
                    .set_read_timeout(Some(STEP))
                    .and_then(|()| stream.set_write_timeout(Some(STEP)));
                return set.map(|()| stream).map_err(|error| later(&error));
            }
            Err(error) => last = later(&error),
        }
    }
    Err(last)
}

fn write(stream: &mut impl Write, messages: &[Vec<u8>]) -> Result<(), Trouble> {
    let frames = messages.iter().map(|message| syslog::framed(message));
    let all: Vec<u8> = frames.collect::<Vec<_>>().concat();
    stream.write_all(&all).and_then(|()| stream.flush()).map_err(|error| later(&error))
}

/// Waits until the daemon ends the connection, by which it shows that it has read all.
fn ended(stream: &mut impl Read) -> std::io::Result<()> {
    let (start, mut buffer) = (Instant::now(), [0; 1024]);
    while start.elapsed() < END {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            // No daemon says anything; what it says is not looked at.
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::TimedOut.into())
}

/// What it means that a connection did not end in good order.
fn unconfirmed(error: &std::io::Error) -> Trouble {
    if error.kind() != ErrorKind::TimedOut {
        return later(error);
    }
    let why = "it took the messages and did not confirm them by ending the connection";
    Trouble::Later(why.to_owned(), None)
}

fn tls(
    host: &str,
    port: u16,
    messages: &[Vec<u8>],
    authorities: Option<&[u8]>,
) -> Result<(), Trouble> {
    let stop = |why: &str| Trouble::Stop(why.to_owned());
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|_| stop("its certificates are no PEM"))?;
                roots.add(certificate).map_err(|_| stop("a certificate to trust is none"))?;
            }
            if roots.is_empty() {
                return Err(stop("the file of certificates holds none"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| stop("TLS cannot be used here"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| stop("its name is none of a host"))?;
    let connection = ClientConnection::new(Arc::new(config), name)
        .map_err(|_| stop("TLS cannot be used here"))?;
    let mut stream = StreamOwned::new(connection, connect(host, port)?);
    // What the handshake finds is told apart from a line that broke.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).map_err(|error| {
            if error.kind() == ErrorKind::InvalidData {
                return stop("it could not be told to be who it says it is (TLS)");
            }
            later(&error)
        })?;
    }
    write(&mut stream, messages)?;
    stream.conn.send_close_notify();
    stream.flush().map_err(|error| later(&error))?;
    stream.sock.shutdown(Shutdown::Write).map_err(|error| later(&error))?;
    match ended(&mut stream) {
        Ok(()) => Ok(()),
        // Many daemons end TLS without the notice that the RFC asks for; the end of the
        // connection below it came in good order all the same.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(unconfirmed(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Trouble};
    use proptest::prelude::*;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::net::UnixDatagram;
    use std::path::PathBuf;

    #[test]
    fn an_address_says_which_way() {
        for (text, address) in [
            ("udp://logs.example", Some(Address::Udp("logs.example".into(), 514))),
            ("tcp://127.0.0.1:5140/", Some(Address::Tcp("127.0.0.1".into(), 5140))),
            ("tls://logs.example", Some(Address::Tls("logs.example".into(), 6514))),
            ("tls://[::1]:7000", Some(Address::Tls("::1".into(), 7000))),
            ("unix:/dev/log", Some(Address::Unix(PathBuf::from("/dev/log")))),
            ("unix:dev/log", None),
            ("logs.example:514", None),
            ("http://logs.example", None),
            ("udp://", None),
            ("udp://a b", None),
            ("tcp://x:port", None),
        ] {
            assert_eq!(Address::read(text).ok(), address, "{text}");
        }
    }

    #[test]
    fn a_datagram_is_a_message() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        Address::Udp("127.0.0.1".into(), port)
            .send(&[b"one".to_vec(), b"two".to_vec()], None)
            .unwrap();
        let mut buffer = [0; 16];
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"one");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let socket = UnixDatagram::bind(&path).unwrap();
        Address::Unix(path.clone()).send(&[b"three".to_vec()], None).unwrap();
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"three");
        drop(socket);
        assert!(matches!(
            Address::Unix(path).send(&[b"four".to_vec()], None),
            Err(Trouble::Later(..))
        ));
    }

    #[test]
    fn a_stream_counts_once_the_daemon_has_ended_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = Address::Tcp("127.0.0.1".into(), listener.local_addr().unwrap().port());
        let daemon = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut all = String::new();
            stream.read_to_string(&mut all).unwrap();
            drop(stream);
            // The second connection is cut with everything unread, which is a reset.
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 1]).unwrap();
            stream.write_all(b"x").unwrap();
            drop(stream);
            all
        });
        at.send(&[b"one".to_vec(), b"three".to_vec()], None).unwrap();
        assert!(at.send(&[vec![b'x'; 1 << 16]], None).is_err());
        assert_eq!(daemon.join().unwrap(), "3 one5 three");
    }

    #[test]
    fn who_speaks_no_tls_is_sent_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let daemon = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut first = [0; 5];
            stream.read_exact(&mut first).unwrap();
            stream.write_all(b"no TLS is spoken here\n").unwrap();
            first
        });
        let sent = Address::Tls("127.0.0.1".into(), port).send(&[b"one".to_vec()], None);
        assert!(matches!(sent, Err(Trouble::Stop(_))), "{sent:?}");
        // A handshake, of TLS 1.
        assert_eq!(&daemon.join().unwrap()[..2], &[22, 3]);
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(text: String) {
            let _address = Address::read(&text);
        }
    }
}

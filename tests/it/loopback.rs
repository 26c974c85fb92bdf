//! A service on this machine, for those that leakcoach would ask.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A server that answers one request after another, and remembers what it was asked.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// `http://` and the rest.
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `with` gives what is answered to a request, as [`answer`] makes it; nothing at all
    /// where the connection ends.
    pub(crate) fn new(with: impl FnMut(&str) -> String + Send + 'static) -> Self {
        Self::at(0, with)
    }

    /// At a port; any that is free where it is 0.
    pub(crate) fn at(port: u16, mut with: impl FnMut(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                let request = read(&mut stream);
                // Somebody tried whether the port is open.
                if request.is_empty() {
                    continue;
                }
                heard.lock().unwrap().push(request.clone());
                let _gone = stream.write_all(with(&request).as_bytes());
            }
        });
        Self { port, address: format!("http://127.0.0.1:{port}"), asked }
    }

    /// Always the same.
    pub(crate) fn saying(status: u16, body: &'static str) -> Self {
        Self::new(move |_| answer(status, "", body))
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The bytes of an answer; each of `headers` ends its line.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A request, as far as its headers say.
fn read(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

//! Requests that carry events, and what their answers mean.

use super::{To, Trouble};
use crate::remedy::http::{Answer, Client, Failure, Method, Request, is_loopback};
use ureq::http::Uri;
use zeroize::Zeroizing;

/// The way to a server.
pub(super) struct Post {
    pub(super) client: Client,
    pub(super) url: Zeroizing<String>,
    pub(super) header: String,
    pub(super) token: Option<Zeroizing<String>>,
}

/// A server's address: `https`, or plain HTTP to this machine alone, since what is sent is
/// no more for others than the token that goes with it. Of OTLP without a path, with that
/// of logs.
///
/// # Errors
/// Says what is wrong with it, without quoting it.
pub(super) fn address(given: &str, to: To) -> Result<Zeroizing<String>, String> {
    let given = given.trim();
    let uri: Uri = given.parse().map_err(|_| "its address is none of a server")?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or("its address names no host")?;
    if uri.authority().is_some_and(|whole| whole.as_str().contains('@')) {
        return Err("its address holds a user's name: give the secret by a header".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if is_loopback(host) => {}
        Some("http") => return Err("plain http would carry events in the clear".to_owned()),
        _ => return Err("its address is neither https nor http".to_owned()),
    }
    let pathless = to == To::Otlp && uri.path().trim_matches('/').is_empty();
    let path = if pathless { "/v1/logs" } else { "" };
    let given = if pathless { given.trim_end_matches('/') } else { given };
    Ok(Zeroizing::new(format!("{given}{path}")))
}

impl Post {
    /// Posts `body`, and gives the answer where the server took it.
    pub(super) fn send(&self, body: Vec<u8>, more: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let mut headers: Vec<(String, Zeroizing<String>)> =
            vec![("content-type".to_owned(), Zeroizing::new("application/json".to_owned()))];
        for (name, value) in more {
            headers.push(((*name).to_owned(), Zeroizing::new((*value).to_owned())));
        }
        if let Some(token) = &self.token {
            let bearer =
                self.header.eq_ignore_ascii_case("authorization") && !token.trim().contains(' ');
            let value =
                if bearer { format!("Bearer {}", token.trim()) } else { token.trim().into() };
            headers.push((self.header.clone(), Zeroizing::new(value)));
        }
        let body = Some(Zeroizing::new(body));
        let url = self.url.clone();
        let request = Request { method: Method::Post, url, headers, body };
        let answer = self.client.send(&request).map_err(failed)?;
        match judged(answer.status, answer.header("retry-after")) {
            None => Ok(answer),
            Some(trouble) => Err(trouble),
        }
    }
}

fn failed(failure: Failure) -> Trouble {
    let why = failure.to_string();
    match failure {
        Failure::NoHost
        | Failure::NoConnection
        | Failure::Late
        | Failure::Broken
        | Failure::NoHttp
        | Failure::Large => Trouble::Later(why, None),
        Failure::Tls => Trouble::Stop(why),
        Failure::Unsendable => {
            Trouble::Stop("its address or its token has characters that no request can have".into())
        }
    }
}

/// What a status means; nothing where all is well. 429, 502, 503 and 504 are what OTLP's
/// specification has sent again; 408 and 500 are common elsewhere. What is wrong with a
/// request itself is no other the next time; what is wrong with the way is for a person.
fn judged(status: u16, after: Option<&str>) -> Option<Trouble> {
    let after = after.and_then(|after| after.trim().parse().ok());
    let why = format!("it answered {status}");
    match status {
        200..=299 => None,
        408 | 429 | 500 | 502..=504 => Some(Trouble::Later(why, after)),
        400 | 413 | 422 => Some(Trouble::Refused(why)),
        300..=399 => Some(Trouble::Stop(format!(
            "{why}: it sends on to another place, which is not followed"
        ))),
        _ => Some(Trouble::Stop(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Trouble, address, judged};
    use crate::send::To;

    #[test]
    fn only_this_machine_is_sent_to_in_the_clear() {
        for (given, to, url) in [
            (
                "https://collector.example:4318",
                To::Otlp,
                Some("https://collector.example:4318/v1/logs"),
            ),
            ("http://127.0.0.1:4318/", To::Otlp, Some("http://127.0.0.1:4318/v1/logs")),
            ("https://otlp.example/own/path", To::Otlp, Some("https://otlp.example/own/path")),
            ("https://a.example/?x=1&sig=2", To::Webhook, Some("https://a.example/?x=1&sig=2")),
            ("http://collector.example:4318", To::Otlp, None),
            ("https://a:b@c.example/", To::Webhook, None),
            ("collector.example", To::Webhook, None),
            ("ftp://x.example", To::Webhook, None),
            ("", To::Webhook, None),
        ] {
            let read = address(given, to).ok();
            assert_eq!(read.as_ref().map(|url| url.as_str()), url, "{given}");
        }
    }

    #[test]
    fn what_an_answer_means_is_in_its_status() {
        assert_eq!(judged(204, None), None);
        assert!(matches!(judged(429, Some("7")), Some(Trouble::Later(_, Some(7)))));
        assert!(matches!(judged(503, Some("soon")), Some(Trouble::Later(_, None))));
        assert!(matches!(judged(400, None), Some(Trouble::Refused(_))));
        for status in [301, 401, 403, 404, 410] {
            assert!(matches!(judged(status, None), Some(Trouble::Stop(_))), "{status}");
        }
    }
}

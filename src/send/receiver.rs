//! Who takes events: one face for all kinds of sinks.

use super::event::Outgoing;
use super::{Format, Sink, To, Trouble, file, otlp, post, syslog, webhook, wire};
use crate::remedy::http::{Client, Network};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Takes events, or says why not.
pub(crate) trait Receiver {
    /// How many it takes at once.
    fn at_once(&self) -> usize;

    /// Hands `events` over, and gives how many of them the receiver said it did not keep.
    /// Returns well only once the receiver confirmed as much as its protocol can.
    ///
    /// # Errors
    /// They did not all arrive.
    fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble>;

    /// The number of the last event of `machine` that it has for certain, whatever the
    /// cursor says.
    fn has(&self, _machine: &str) -> Option<i64> {
        None
    }
}

/// What a sink needs that no configuration holds.
pub(crate) struct Means {
    /// Its secret, where it has one.
    pub(crate) secret: Option<Zeroizing<String>>,
    /// The way out, with the certificates to trust.
    pub(crate) network: Network,
}

/// The receiver that `sink` names.
///
/// # Errors
/// The address or the means cannot be used: in words, without either.
pub(crate) fn receiver(sink: &Sink, means: Means) -> Result<Box<dyn Receiver>, String> {
    let Means { secret, network } = means;
    let address = match (&sink.address, &secret) {
        (Some(address), _) => Zeroizing::new(address.clone()),
        (None, Some(secret)) => secret.clone(),
        (None, None) => return Err("it has no address".to_owned()),
    };
    // A secret that is the address is no header too.
    let token = secret.filter(|_| sink.address.is_some());
    match sink.to {
        To::File => Ok(Box::new(file::Lines::new(PathBuf::from(&*address), sink.format))),
        To::Syslog => {
            let at = wire::Address::read(&address)?;
            Ok(Box::new(Syslog { at, authorities: network.authorities, sink: sink.clone() }))
        }
        To::Otlp | To::Webhook => {
            let url = post::address(&address, sink.to)?;
            let client = Client::new(&network).map_err(str::to_owned)?;
            let post = post::Post { client, url, header: sink.header.clone(), token };
            Ok(match (sink.to, sink.format) {
                (To::Otlp, _) => Box::new(otlp::Otlp(post)),
                (_, format) => Box::new(webhook::Webhook { post, format }),
            })
        }
    }
}

/// A syslog daemon.
struct Syslog {
    at: wire::Address,
    authorities: Option<Vec<u8>>,
    sink: Sink,
}

impl Receiver for Syslog {
    fn at_once(&self) -> usize {
        100
    }

    fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble> {
        let messages: Vec<Vec<u8>> =
            events.iter().map(|event| syslog::message(event, &self.sink)).collect();
        self.at.send(&messages, self.authorities.as_deref()).map(|()| 0)
    }
}

/// What would be sent, for people to look at: a line an event.
pub(crate) fn shown(event: &Outgoing, sink: &Sink) -> String {
    match (sink.to, sink.format) {
        (To::Syslog, _) => String::from_utf8_lossy(&syslog::message(event, sink)).into_owned(),
        (To::Otlp, _) => otlp::body(std::slice::from_ref(event)).to_string(),
        (To::Webhook, Format::Slack | Format::Teams) => {
            webhook::body(std::slice::from_ref(event), sink.format).to_string()
        }
        (To::File | To::Webhook, format) => super::fields::of(event, format).to_string(),
    }
}

//! `[[sinks]]` and `[send]`: where events of the record go on to. The person and the
//! organisation may say so; a repository may not, for it may be somebody else's.

use super::Outside;
use super::layers::{Layers, More, Origin, Whose};
use super::written::At;
use crate::catalogue::Severity;
use crate::error::Error;
use crate::send::syslog::{FACILITIES, is_element};
use crate::send::{Class, Format, Sink, Source, To};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Where events go, and when.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    pub(crate) sinks: Vec<Sink>,
    /// Whether a program of its own sends once a hook has ended.
    pub(crate) after_hooks: bool,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Written {
    after_hooks: At<bool>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct WrittenSink {
    name: At<String>,
    to: At<To>,
    address: At<String>,
    variable: At<String>,
    command: At<Vec<String>>,
    header: At<String>,
    format: At<Format>,
    events: At<Vec<String>>,
    severity: At<Severity>,
    class: At<Class>,
    names: At<bool>,
    since: At<String>,
    ca: At<PathBuf>,
    facility: At<String>,
    element: At<String>,
}

/// What is configured outside of any repository.
///
/// # Errors
/// A file cannot be read or is wrong.
pub(crate) fn read(outside: &Outside) -> Result<Sending, Error> {
    of(&mut Layers::read(outside, None)?)
}

/// That no repository says what only the person and the organisation may.
pub(super) fn only_outside(
    layers: &Layers,
    key: &str,
    at: Option<usize>,
    layer: usize,
) -> Result<(), Error> {
    let Some((at, layer)) = at.zip(layers.all.get(layer)) else { return Ok(()) };
    if layer.whose() != Whose::Repository {
        return Ok(());
    }
    let what =
        format!("`{key}` counts in your own file and the organisation's, in no repository's");
    Err(layer.wrong(at, &what))
}

pub(super) fn of(layers: &mut Layers) -> Result<Sending, Error> {
    for (index, layer) in layers.all.iter().enumerate() {
        let first = layer.written.sinks.first().map(|sink| sink.span().start);
        only_outside(layers, "sinks", first, index)?;
        let after = layer.written.send.after_hooks.as_ref().map(|after| after.span().start);
        only_outside(layers, "send", after, index)?;
    }
    // Another sink than the organisation's is never a tighter one.
    let (written, refused) = layers.all("sinks", More::Loosens, |written| &written.sinks);
    let mut sinks: Vec<Sink> = Vec::new();
    for (sink, at) in written {
        let sink = one(sink, &at)?;
        if sinks.iter().any(|known| known.name == sink.name) {
            return Err(wrong(&at, &format!("two sinks are called `{}`", sink.name)));
        }
        sinks.push(sink);
    }
    layers.refused.extend(refused);
    let looser = |new: &bool, floor: Option<&bool>| floor != Some(new);
    let after = layers.one("send.after-hooks", Some(false), |it| &it.send.after_hooks, looser);
    Ok(Sending { sinks, after_hooks: after.is_some_and(|(after, _)| after) })
}

fn wrong(at: &Origin, what: &str) -> Error {
    match at.line {
        Some(line) => Error::Config { path: at.path.clone(), line, what: what.to_owned() },
        None => Error::Usage(format!("{at}: {what}")),
    }
}

/// A value that is there.
#[expect(clippy::ref_option, reason = "it stands on the fields of a sink")]
fn given<T: Clone>(value: &At<T>) -> Option<T> {
    value.as_ref().map(|value| value.get_ref().clone())
}

fn one(written: &WrittenSink, at: &Origin) -> Result<Sink, Error> {
    let wrong = |what: &str| wrong(at, what);
    let fits = |name: &String| {
        (1..=32).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let name = given(&written.name)
        .filter(fits)
        .ok_or_else(|| wrong("a sink has a `name` of small letters, digits and hyphens"))?;
    let to = given(&written.to)
        .ok_or_else(|| wrong("a sink says `to` what: file, syslog, otlp or webhook"))?;
    let secret = match (given(&written.variable), given(&written.command)) {
        (None, None) => None,
        (Some(variable), None) => Some(Source::Variable(variable)),
        (None, Some(command)) if !command.is_empty() => Some(Source::Command(command)),
        _ => return Err(wrong("a sink's secret is in a `variable` or printed by a `command`")),
    };
    let address = given(&written.address);
    if address.is_none() && secret.is_none() {
        return Err(wrong("a sink has an `address`, or a `variable` or `command` that tells it"));
    }
    if address.is_some() && secret.is_some() && matches!(to, To::File | To::Syslog) {
        return Err(wrong("a file and syslog take no secret beside their address"));
    }
    let format = given(&written.format).unwrap_or(Format::Plain);
    match (to, format) {
        (To::Otlp, Format::Plain)
        | (To::Webhook, _)
        | (To::File | To::Syslog, Format::Plain | Format::Ecs | Format::Ocsf) => {}
        (To::Otlp, _) => return Err(wrong("OTLP has fields of its own: leave `format` out")),
        (To::File | To::Syslog, _) => {
            return Err(wrong("`slack` and `teams` are formats of a webhook"));
        }
    }
    let facility = match given(&written.facility) {
        None => 10,
        Some(name) => {
            let known = FACILITIES.iter().find(|(known, _)| *known == name);
            known.map(|(_, number)| *number).ok_or_else(|| {
                let names: Vec<&str> = FACILITIES.iter().map(|(name, _)| *name).collect();
                wrong(&format!("`facility` is one of {}", names.join(", ")))
            })?
        }
    };
    let element = given(&written.element);
    if element.as_ref().is_some_and(|element| !is_element(element)) {
        return Err(wrong("`element` is NAME@NUMBER, with your organisation's number from IANA"));
    }
    let since = match given(&written.since) {
        None => i64::MIN,
        Some(day) => {
            let day = day.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
            let day = day.ok_or_else(|| wrong("`since` is a day such as \"2026-11-01\""))?;
            day.timestamp().as_second()
        }
    };
    let header = given(&written.header).unwrap_or_else(|| "Authorization".to_owned());
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if header.is_empty() || !header.bytes().all(of_name) {
        return Err(wrong("`header` is the name of a header"));
    }
    // A file stands beside the configuration that names it.
    let beside = |path: PathBuf| at.path.parent().unwrap_or(Path::new("")).join(path);
    let address = match address {
        Some(path) if to == To::File => Some(beside(path.into()).display().to_string()),
        other => other,
    };
    Ok(Sink {
        name,
        to,
        address,
        secret,
        header,
        format,
        events: given(&written.events).unwrap_or_default(),
        severity: given(&written.severity).unwrap_or(Severity::Info),
        class: given(&written.class).unwrap_or(Class::Confidential),
        names: given(&written.names).unwrap_or_default(),
        since,
        ca: given(&written.ca).map(beside),
        facility,
        element,
    })
}

/// A list of tables that may be there several times.
pub(super) type Sinks = Vec<Spanned<WrittenSink>>;

#[cfg(test)]
mod tests {
    use super::of;
    use crate::config::Config;
    use crate::config::layers::{Layer, Layers, Whose};
    use crate::send::Class;
    use std::path::Path;

    fn read(whose: Whose, text: &str) -> Result<super::Sending, String> {
        let layer = Layer::read(whose, Path::new("/etc/acme/config.toml"), text.to_owned());
        let layer = layer.map_err(|error| error.to_string())?;
        of(&mut Layers::only(layer)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_sink_needs_a_name_a_kind_and_a_place() {
        let text = "[[sinks]]\nname = 'siem'\nto = 'file'\naddress = 'events.jsonl'\n";
        let sending = read(Whose::User, text).unwrap();
        assert_eq!(sending.sinks[0].address.as_deref(), Some("/etc/acme/events.jsonl"));
        assert_eq!((sending.sinks[0].class, sending.sinks[0].names), (Class::Confidential, false));
        assert!(!sending.after_hooks);
        for (more, says) in [
            ("name = 'A b'\nto = 'file'\naddress = 'x'", "has a `name`"),
            ("name = 'a'\naddress = 'x'", "says `to` what"),
            ("name = 'a'\nto = 'otlp'", "has an `address`"),
            ("name = 'a'\nto = 'webhook'\nvariable = 'A'\ncommand = ['b']", "in a `variable` or"),
            ("name = 'a'\nto = 'webhook'\ncommand = []", "in a `variable` or"),
            ("name = 'a'\nto = 'file'\naddress = 'x'\nvariable = 'A'", "take no secret"),
            ("name = 'a'\nto = 'otlp'\naddress = 'x'\nformat = 'ecs'", "fields of its own"),
            ("name = 'a'\nto = 'syslog'\naddress = 'x'\nformat = 'slack'", "of a webhook"),
            ("name = 'a'\nto = 'syslog'\naddress = 'x'\nfacility = 'x'", "`facility` is one of"),
            ("name = 'a'\nto = 'syslog'\naddress = 'x'\nelement = 'x'", "`element` is NAME@"),
            ("name = 'a'\nto = 'file'\naddress = 'x'\nsince = 'soon'", "`since` is a day"),
            ("name = 'a'\nto = 'otlp'\naddress = 'x'\nheader = 'a b'", "`header` is the name"),
        ] {
            let error = read(Whose::User, &format!("[[sinks]]\n{more}\n")).unwrap_err();
            assert!(error.contains(says), "{more}: {error}");
        }
        let two = text.repeat(2);
        assert!(read(Whose::User, &two).unwrap_err().contains("two sinks are called `siem`"));
    }

    #[test]
    fn a_repository_names_no_sink() {
        for text in [
            "\n[[sinks]]\nname = 'a'\nto = 'webhook'\naddress = 'https://evil.example'\n",
            "\n[send]\nafter-hooks = true\n",
            "\n[ai]\ncommand = ['x']\n",
        ] {
            let error = Config::read(text, Path::new(".leakcoach.toml")).unwrap_err().to_string();
            assert!(error.contains("in no repository's"), "{error}");
            assert!(error.starts_with(".leakcoach.toml:"), "{error}");
        }
    }
}

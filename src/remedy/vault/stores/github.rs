//! Secrets of GitHub Actions, by `gh`.
//!
//! `gh secret set NAME` reads the value from standard input where that is no terminal, less the
//! line breaks at its end (cli/cli, `pkg/cmd/secret/set/set.go`). No one reads it back: only
//! that it is there can be seen.

use super::super::place::Place;
use super::super::recipe::{Reading, Recipe, raw_text};
use super::super::run::Line;
use bstr::ByteSlice;

pub(in super::super) fn open(place: &Place) -> Recipe {
    let name = place.name.to_ascii_uppercase();
    let (environment, organization) = (place.key("environment"), place.key("organization"));
    let scoped = |line: Line| line.option("--env", environment).option("--org", organization);
    let list = scoped(Line::new("gh", ["secret", "list"]));
    let put = scoped(Line::new("gh", ["secret", "set", &name]));
    let read_back = list.to_string();
    let of = match (environment, organization) {
        (Some(environment), _) => format!("environment {environment}"),
        (None, Some(organization)) => format!("organization {organization}"),
        (None, None) => "this repository".to_owned(),
    };
    Recipe {
        place: format!("GitHub Actions, secret {name} of {of}"),
        fill: format!("in the workflow: `env: {{ {}: ${{{{ secrets.{name} }}}} }}`", place.name),
        get: list,
        read: Box::new(move |answer| listed(answer, &name)),
        absent: |said| said.says("no secrets found"),
        replace: Some(put.clone()),
        put,
        feed: raw_text(),
        read_back: format!("{read_back}   (the name only: GitHub shows no value)"),
        remark: None,
    }
}

/// Whether `name` is the first column of a line.
fn listed(answer: &[u8], name: &str) -> Reading {
    let is_it = |line: &[u8]| line.fields().next().is_some_and(|first| first == name.as_bytes());
    if answer.lines().any(is_it) { Reading::Hidden } else { Reading::Absent }
}

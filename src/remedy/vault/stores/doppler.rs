//! Doppler, by `doppler`.
//!
//! `secrets set NAME` reads the value from standard input where that is no terminal, line by
//! line; without `--silent` it prints it afterwards
//! (<https://docs.doppler.com/docs/setting-secrets>; DopplerHQ/cli, `pkg/cmd/secrets.go`).

use super::super::place::Place;
use super::super::recipe::{Recipe, raw_text, whole};
use super::super::run::Line;

pub(in super::super) fn open(place: &Place) -> Recipe {
    let name = place.name.as_str();
    let project = place.key("project");
    let config = place.key("config");
    let scoped = |line: Line| line.option("--project", project).option("--config", config);
    let put = scoped(Line::new("doppler", ["secrets", "set", name]))
        .and(["--silent", "--no-interactive"]);
    let get = scoped(Line::new("doppler", ["secrets", "get", name])).and(["--plain", "--raw"]);
    let run = scoped(Line::new("doppler", ["run"])).to_string();
    Recipe {
        place: match (project, config) {
            (Some(project), Some(config)) => {
                format!("Doppler project {project}, config {config}, secret {name}")
            }
            _ => format!("Doppler, secret {name} of the project that `doppler setup` has set"),
        },
        read_back: get.to_string(),
        get,
        read: Box::new(whole),
        absent: |said| said.says("Could not find requested secret"),
        replace: Some(put.clone()),
        put,
        feed: raw_text(),
        fill: format!("{run} -- COMMAND"),
        remark: None,
    }
}

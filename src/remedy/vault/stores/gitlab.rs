//! CI/CD variables of GitLab, by `glab`.
//!
//! `glab variable set` and `update` read the value from standard input where none is given
//! (glab-variable-set(1)). GitLab masks values of a certain form only and refuses others.

use super::super::place::Place;
use super::super::recipe::{Recipe, raw_text, whole};
use super::super::run::Line;

pub(in super::super) fn open(place: &Place) -> Recipe {
    let name = place.name.as_str();
    let (scope, group) = (place.key("environment"), place.key("group"));
    let scoped = |line: Line| line.option("--scope", scope).option("--group", group);
    let deed = |deed: &str| scoped(Line::new("glab", ["variable", deed, name]));
    let get = deed("get");
    Recipe {
        place: match group {
            Some(group) => format!("GitLab CI/CD, variable {name} of group {group}"),
            None => format!("GitLab CI/CD, variable {name} of this project"),
        },
        read_back: get.to_string(),
        get,
        read: Box::new(whole),
        absent: |said| said.says("404"),
        put: deed("set").and(["--masked"]),
        replace: Some(deed("update").and(["--masked"])),
        feed: raw_text(),
        fill: format!("jobs of the pipeline have it as ${name}"),
        remark: Some("it is masked in logs; protect it too where only protected branches need it"),
    }
}

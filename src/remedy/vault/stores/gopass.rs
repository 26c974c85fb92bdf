//! gopass, by `gopass`.
//!
//! `gopass insert` reads standard input where that is a pipe, `-f` overwrites without asking
//! (gopass, `docs/commands/insert.md`, `docs/commands/show.md`).

use super::super::place::Place;
use super::super::recipe::{Recipe, raw, whole};
use super::super::run::{Line, quoted};

pub(in super::super) fn open(place: &Place) -> Recipe {
    let path = place.path("{repo}/{name}");
    Recipe {
        place: format!("gopass, entry {path}"),
        get: Line::new("gopass", ["show", "--noparsing", &path]),
        read: Box::new(whole),
        absent: |said| said.says("not in the password store"),
        put: Line::new("gopass", ["insert", "--multiline", &path]),
        replace: Some(Line::new("gopass", ["insert", "--multiline", "--force", &path])),
        feed: raw(),
        read_back: format!("gopass show -o {}", quoted(&path)),
        fill: format!("{}=\"$(gopass show -o {})\" COMMAND", place.name, quoted(&path)),
        remark: None,
    }
}

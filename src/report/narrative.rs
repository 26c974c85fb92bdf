//! A card's words without its case.

use super::{Style, section};
use crate::coach::narrative::Narrative;
use std::fmt::Write as _;

/// The text, ending in a line break.
pub fn narrative(told: &Narrative, style: Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} [{}]", told.what, told.rule);
    section(&mut out, "signal", told.signal, style);
    section(&mut out, "opens", told.opens, style);
    section(&mut out, "here", &told.here, style);
    for (index, step) in told.steps.iter().enumerate() {
        let label = if index == 0 { "do now" } else { "" };
        section(&mut out, label, &format!("{}. {}", index + 1, step.words), style);
        if let Some(command) = &step.command {
            let _ = writeln!(out, "            {command}");
        }
    }
    section(&mut out, "next time", told.next_time, style);
    if let Some(own) = &told.own {
        section(&mut out, "your team", own, style);
    }
    out
}

//! `leakcoach --help`: the commands by what they are for.

use crate::report::Style;
use crate::report::learning::labelled;
use clap::Command;
use std::fmt::Write as _;

/// All commands, each once; a test holds that.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "Set up",
        &["install", "uninstall", "doctor", "init", "config", "policy", "completions", "man"],
    ),
    ("Look", &["check", "baseline", "explain", "rules", "eval", "merge"]),
    ("The way out", &["remediate", "fix", "vault", "verify", "revoke", "rewrite"]),
    ("Let through", &["allow", "exceptions", "import", "wrong"]),
    ("Learn", &["demo", "learn", "drill"]),
    ("Agents and pipelines", &["guard", "mcp", "approve", "run", "gate", "hook"]),
    ("The record", &["report", "review", "audit", "send"]),
];

/// `command`, whose help shows its subcommands in groups.
pub(super) fn grouped(command: Command, style: Style) -> Command {
    let (header, name) = (command.get_styles().get_header(), command.get_styles().get_literal());
    let mut text = String::new();
    for (title, names) in GROUPS {
        let _ = writeln!(text, "\n{header}{title}:{header:#}");
        for sub in names.iter().filter_map(|one| command.find_subcommand(one)) {
            let (called, about) = (sub.get_name(), sub.get_about().map(ToString::to_string));
            let line = labelled(&format!("  {called:<13}"), &about.unwrap_or_default(), style);
            // Coloured last: the columns of colours are none.
            text.push_str(&line.replacen(called, &format!("{name}{called}{name:#}"), 1));
            text.push('\n');
        }
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{text}\n{header}Options:{header:#}\n{{options}}{{after-help}}"
    );
    command.help_template(template).after_help("`leakcoach COMMAND --help` tells all of one.")
}

#[cfg(test)]
mod tests {
    use super::{Command, GROUPS, Style, grouped};
    use clap::CommandFactory as _;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_stands_in_one_group() {
        let command = crate::cli::Args::command();
        let known: BTreeSet<&str> = command.get_subcommands().map(Command::get_name).collect();
        let mut named: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        named.retain(|name| cfg!(feature = "fix") || *name != "fix");
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), known);
        assert_eq!(named.len(), known.len());
    }

    #[test]
    fn a_line_of_80_columns_holds_each_and_narrow_ones_break_at_words() {
        let help = |width| {
            let style = Style { width, unicode: true };
            let mut command = grouped(crate::cli::Args::command(), style);
            command.render_help().to_string()
        };
        let wide = help(80);
        let commands = crate::cli::Args::command().get_subcommands().count();
        let lines = wide.lines().filter(|line| line.starts_with("  ")).count();
        assert!(wide.lines().all(|line| line.chars().count() <= 80), "{wide}");
        assert!(lines >= commands && !wide.contains("\n               "), "{wide}");
        assert!(help(40).contains("\n               "));
    }
}

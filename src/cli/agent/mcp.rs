//! `leakcoach mcp`: between an agent and an MCP server, or a server itself.

mod judge;
mod relay;
#[cfg(feature = "mcp")]
mod serve;
mod step;
mod up;

use crate::cli::agent::guard::agent;
use crate::error::Error;
use crate::guard::agent::Agent;
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::Path;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct McpArgs {
    #[command(subcommand)]
    serve: Option<Serve>,
    /// The agent that calls, as approvals and policies name it
    #[arg(long, value_name = "NAME", value_parser = agent, default_value = "generic")]
    agent: Agent,
    /// The server's name in policies, as in `mcp__NAME__TOOL`; told by its command without it
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// The server and its arguments, after --
    #[arg(last = true, value_name = "SERVER")]
    command: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
enum Serve {
    /// Be an MCP server that agents ask: is there a credential in a text, what is a rule, how
    /// would a file be mended
    #[command(after_help = "Example:\n  claude mcp add leakcoach -- leakcoach mcp serve")]
    Serve,
}

fn name(given: &str) -> Result<String, String> {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    if !given.is_empty() && given.len() <= 64 && given.chars().all(plain) {
        return Ok(given.to_owned());
    }
    Err("letters, digits, `-`, `_` and `.` alone, 64 at most".to_owned())
}

pub(in crate::cli) fn mcp(args: &McpArgs) -> Result<u8, Error> {
    if args.serve.is_some() {
        return serve();
    }
    let Some((program, rest)) = args.command.split_first() else {
        let what = "no server: leakcoach mcp -- SERVER ARG…, or leakcoach mcp serve";
        return Err(Error::Usage(what.to_owned()));
    };
    let name = args.name.clone().unwrap_or_else(|| told_by(program, rest));
    relay::relay(args.agent, &name, program, rest)
}

#[cfg(feature = "mcp")]
fn serve() -> Result<u8, Error> {
    serve::serve()
}

#[cfg(not(feature = "mcp"))]
fn serve() -> Result<u8, Error> {
    let what = "this leakcoach was built without its server (cargo feature `mcp`)";
    Err(Error::Usage(what.to_owned()))
}

/// The server's name, where nobody says it: of what a runner of packages runs, else of the
/// program.
fn told_by(program: &OsString, rest: &[OsString]) -> String {
    const RUNNERS: [&str; 12] = [
        "npx", "uvx", "bunx", "pnpx", "node", "python", "python3", "deno", "bun", "uv", "docker",
        "pipx",
    ];
    let stem = |word: &OsString| {
        let stem = Path::new(word).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let version = |at: char| at == '@';
        let stem = stem.split(version).find(|part| !part.is_empty()).unwrap_or_default().to_owned();
        stem.chars()
            .filter(|char| char.is_ascii_alphanumeric() || "-_.".contains(*char))
            .take(64)
            .collect()
    };
    let own: String = stem(program);
    let run = || {
        rest.iter().find(|word| {
            let word = word.to_string_lossy();
            !word.starts_with('-') && !["run", "tool", "x", "exec", "dlx"].contains(&&*word)
        })
    };
    let told: String = match RUNNERS.contains(&own.as_str()).then(run).flatten() {
        Some(word) => stem(word),
        None => own,
    };
    if told.is_empty() { "server".to_owned() } else { told }
}

#[cfg(test)]
mod tests {
    use super::told_by;
    use std::ffi::OsString;

    #[test]
    fn a_server_is_named_by_what_is_run() {
        let name = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            told_by(&words[0], &words[1..])
        };
        assert_eq!(
            name(&["npx", "-y", "@modelcontextprotocol/server-everything@2.0"]),
            "server-everything"
        );
        assert_eq!(name(&["/usr/bin/mcp-server-git", "--repository", "."]), "mcp-server-git");
        assert_eq!(name(&["uv", "run", "server.py"]), "server");
        assert_eq!(name(&["npx"]), "npx");
    }
}

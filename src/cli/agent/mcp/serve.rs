//! `leakcoach mcp serve`: what an agent can ask before it acts. On the official SDK (crate
//! rmcp), on one thread.

use super::judge::Judge;
use crate::cli::check::run::ignored;
use crate::cli::env;
use crate::error::Error;
use crate::exit;
use crate::guard::agent::Agent;
use crate::guard::mcp::text::{Edit, edited};
use crate::source::lines::LineStarts;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, ServiceExt as _, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Component, Path};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

/// The longest text that is looked at, in bytes.
const TEXT: usize = 1 << 20;

/// The largest file that is looked at, in bytes.
const FILE: u64 = 4 << 20;

/// The most of an answer.
const ANSWER: u64 = 1 << 20;

/// As many findings of one text are told of.
const TOLD: usize = 50;

/// As many of one file are mended in one answer.
const MENDED: usize = 5;

const INSTRUCTIONS: &str = "Ask check_text before text leaves for a file, commit, ticket or chat: it tells \
    whether a credential stands in it, and gives it back masked. explain_rule tells what a rule's \
    credential opens and how to rotate it. propose_fix shows how a file would read its value at run time \
    instead. No answer holds a value; never ask a person to paste one.";

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Text {
    /// The text, at most 1 MiB
    text: String,
    /// The file that it is for, from the top of the repository
    path: Option<String>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct RuleId {
    /// The rule, as a finding names it
    rule: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Finding {
    /// A file from the top of the repository, PATH:LINE, or a finding's id
    finding: String,
}

struct Server {
    judge: Mutex<Judge>,
}

/// Why an answer says no, in words for the agent.
type Answer = Result<Value, String>;

fn result(answer: Answer) -> CallToolResult {
    match answer {
        Ok(value) => CallToolResult::structured(value),
        Err(why) => CallToolResult::error(vec![ContentBlock::text(why)]),
    }
}

#[tool_router]
impl Server {
    /// Tells whether a credential stands in a text, with line, rule and what to do instead, and
    /// gives the text back with each of them masked.
    #[tool(annotations(
        title = "Check a text for credentials",
        read_only_hint = true,
        open_world_hint = false
    ))]
    async fn check_text(&self, Parameters(given): Parameters<Text>) -> CallToolResult {
        result(self.checked(&given))
    }

    /// Tells of a rule what its credential opens, how to revoke, rotate and keep it, and what to
    /// use instead.
    #[tool(annotations(title = "Explain a rule", read_only_hint = true, open_world_hint = false))]
    async fn explain_rule(&self, Parameters(given): Parameters<RuleId>) -> CallToolResult {
        result(explained(&given.rule))
    }

    /// Shows what `leakcoach fix --dry-run` would change: the value out of the file, and in its
    /// place what reads it at run time. Nothing is written; the value is masked.
    #[tool(annotations(title = "Propose a fix", read_only_hint = true, open_world_hint = false))]
    async fn propose_fix(&self, Parameters(given): Parameters<Finding>) -> CallToolResult {
        result(self.proposed(&given.finding))
    }
}

#[tool_handler]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("leakcoach", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }
}

impl Server {
    fn checked(&self, given: &Text) -> Answer {
        let bytes = given.text.as_bytes();
        if bytes.len() > TEXT {
            return Err(format!("the text is larger than {} MiB: send it in parts", TEXT >> 20));
        }
        let path = given.path.clone().unwrap_or_default();
        if path.len() > 4096 {
            return Err("the path is too long".to_owned());
        }
        let judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner);
        let eyes = judge.eyes();
        if ignored(eyes.config(), path.as_bytes()) && !path.is_empty() {
            return Ok(
                json!({ "clean": true, "findings": [], "note": "the configuration ignores this path" }),
            );
        }
        let failed = |error: Error| error.to_string();
        let found = eyes.scan(path.as_bytes(), bytes, "text").map_err(failed)?;
        let all = eyes.refused(found.findings.iter(), path.as_bytes(), bytes, false);
        let mut masked = judge.masks_text(bytes).map_err(failed)?;
        let lines = LineStarts::of(bytes);
        let told: Vec<Value> = all
            .iter()
            .take(TOLD)
            .map(|(finding, card)| {
                json!({
                    "rule": finding.rule.id,
                    "what": finding.rule.what,
                    "line": lines.line_of(finding.secret_span.start),
                    "instead": card.next_time,
                    "verdict": card.judgement.verdict.word(),
                })
            })
            .collect();
        masked.edits.extend(all.iter().map(|(finding, _)| Edit {
            at: finding.secret_span.clone(),
            new: format!("[{} hidden by leakcoach]", finding.rule.id),
        }));
        let clean = masked.is_empty();
        let mut answer = json!({ "clean": clean, "findings": told });
        if let Some(answer) = answer.as_object_mut().filter(|_| !clean) {
            let text = String::from_utf8_lossy(&edited(bytes, masked.edits)).into_owned();
            answer.insert("masked".to_owned(), text.into());
            if let Some(more) = all.len().checked_sub(TOLD).filter(|more| *more > 0) {
                answer.insert("more".to_owned(), more.into());
            }
        }
        Ok(answer)
    }

    /// A fix of what was named, or of all in a file.
    fn proposed(&self, finding: &str) -> Answer {
        let path = Path::new(finding);
        let inside =
            path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if finding.is_empty() || finding.len() > 4096 || finding.starts_with('-') || !inside {
            return Err("name a file from the top of the repository, PATH:LINE, or a finding's id"
                .to_owned());
        }
        if !path.is_file() {
            return proposal(finding);
        }
        let lines = self.lines(path)?;
        if lines.is_empty() {
            return Ok(json!({ "clean": true, "proposals": [] }));
        }
        let mut proposals = Vec::new();
        for line in lines.iter().take(MENDED) {
            proposals.push(match proposal(&format!("{finding}:{line}")) {
                Ok(proposal) => proposal,
                Err(why) => json!({ "line": line, "why_not": why }),
            });
        }
        Ok(json!({ "proposals": proposals, "more": lines.len().saturating_sub(MENDED) }))
    }

    /// Where something stands in a file that is to be mended.
    fn lines(&self, path: &Path) -> Result<Vec<usize>, String> {
        let unread = |_: std::io::Error| "the file cannot be read".to_owned();
        if std::fs::metadata(path).map_err(unread)?.len() > FILE {
            return Err(format!("the file is larger than {} MiB: name PATH:LINE", FILE >> 20));
        }
        let bytes = zeroize::Zeroizing::new(std::fs::read(path).map_err(unread)?);
        let judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner);
        let name = path.as_os_str().as_encoded_bytes();
        let found = judge.eyes().scan(name, &bytes, "file").map_err(|error| error.to_string())?;
        let all = judge.eyes().refused(found.findings.iter(), name, &bytes, false);
        let starts = LineStarts::of(&bytes);
        let mut lines: Vec<usize> =
            all.iter().map(|(finding, _)| starts.line_of(finding.secret_span.start)).collect();
        lines.dedup();
        Ok(lines)
    }
}

/// What leakcoach says of a rule.
fn explained(rule: &str) -> Answer {
    let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if rule.is_empty() || rule.len() > 100 || rule.starts_with('-') || !rule.chars().all(plain) {
        return Err("a rule is named by small letters, digits and `-`".to_owned());
    }
    let text = said(&["explain", rule])?;
    Ok(json!({ "rule": rule, "text": text }))
}

/// What a fix of one finding would change.
fn proposal(finding: &str) -> Answer {
    let text = said(&["fix", finding, "--dry-run", "--format", "json"])?;
    serde_json::from_str(&text).map_err(|_| text)
}

/// What this program says when it is called so; as the error what it says against it.
fn said(args: &[&str]) -> Result<String, String> {
    let failed = |_| "leakcoach cannot be run".to_owned();
    let own = env::program().map_err(|error| error.to_string())?;
    let mut command = crate::tool::again(&own);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let errors = child.stderr.take();
    // Read beside, so that neither waits for the other.
    let errors = std::thread::spawn(move || text_of(errors));
    let text = text_of(child.stdout.take());
    let _ended = child.wait();
    let errors = errors.join().unwrap_or_default();
    if text.trim().is_empty() { Err(errors) } else { Ok(text) }
}

fn text_of(from: Option<impl std::io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What cannot be read is missing, and what is too much is cut off.
        let mut from = from.take(ANSWER);
        let _read = from.read_to_end(&mut bytes);
        let _rest = std::io::copy(&mut from.into_inner(), &mut std::io::sink());
    }
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

/// Serves until the client is gone.
pub(super) fn serve() -> Result<u8, Error> {
    let judge = Mutex::new(Judge::new(Agent::Generic, "leakcoach")?);
    let failed = |what: String| Error::Usage(format!("the server ended: {what}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let ended = runtime.block_on(async {
        let server = Server { judge };
        let running = server.serve(rmcp::transport::stdio()).await;
        running
            .map_err(|error| error.to_string())?
            .waiting()
            .await
            .map_err(|error| error.to_string())
    });
    // A read of standard input may wait still.
    runtime.shutdown_background();
    ended.map(|_| exit::PASSED).map_err(failed)
}

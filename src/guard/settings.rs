//! Agents' settings: leakcoach's hook put in and taken out, and all else left as it is, with
//! its comments and order.

use super::agent::Agent;
use crate::error::Error;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The plugin through which `OpenCode` asks; `{command}` is a JavaScript array.
const PLUGIN: &str = include_str!("../../hooks/opencode.js");

/// How an agent's entries look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `{"hooks": [{"type": "command", "command": …}]}`, one group of several.
    Groups,
    /// `{"command": …}`.
    Plain,
    /// A file of leakcoach's own.
    Plugin,
}

/// Where an agent keeps its settings.
struct Settings {
    project: &'static str,
    /// Under the home folder.
    user: &'static str,
    shape: Shape,
    /// Whether the file says `"version": 1`.
    versioned: bool,
    events: &'static [&'static str],
}

const fn settings(agent: Agent) -> Option<Settings> {
    Some(match agent {
        Agent::ClaudeCode => Settings {
            project: ".claude/settings.json",
            user: ".claude/settings.json",
            shape: Shape::Groups,
            versioned: false,
            events: &["PreToolUse", "PostToolUse", "UserPromptSubmit"],
        },
        Agent::Codex => Settings {
            project: ".codex/hooks.json",
            user: ".codex/hooks.json",
            shape: Shape::Groups,
            versioned: false,
            events: &["PreToolUse", "PostToolUse", "UserPromptSubmit"],
        },
        Agent::Gemini => Settings {
            project: ".gemini/settings.json",
            user: ".gemini/settings.json",
            shape: Shape::Groups,
            versioned: false,
            events: &["BeforeTool", "AfterTool", "BeforeAgent"],
        },
        Agent::Cursor => Settings {
            project: ".cursor/hooks.json",
            user: ".cursor/hooks.json",
            shape: Shape::Plain,
            versioned: true,
            events: &[
                "beforeSubmitPrompt",
                "beforeShellExecution",
                "beforeMCPExecution",
                "beforeReadFile",
                "preToolUse",
                "postToolUse",
            ],
        },
        Agent::Copilot => Settings {
            project: ".github/hooks/leakcoach.json",
            user: ".copilot/hooks/leakcoach.json",
            shape: Shape::Plain,
            versioned: true,
            events: &["preToolUse", "postToolUse", "userPromptSubmitted"],
        },
        Agent::Windsurf => Settings {
            project: ".windsurf/hooks.json",
            user: ".codeium/windsurf/hooks.json",
            shape: Shape::Plain,
            versioned: false,
            events: &[
                "pre_read_code",
                "pre_write_code",
                "pre_run_command",
                "pre_mcp_tool_use",
                "pre_user_prompt",
                "post_run_command",
                "post_mcp_tool_use",
            ],
        },
        Agent::Opencode => Settings {
            project: ".opencode/plugins/leakcoach.js",
            user: ".config/opencode/plugins/leakcoach.js",
            shape: Shape::Plugin,
            versioned: false,
            events: &[],
        },
        Agent::Generic => return None,
    })
}

/// Whose settings.
#[derive(Debug, Clone)]
pub(crate) enum Reach {
    /// The repository's at this top, shared by all who work in it.
    Project(PathBuf),
    /// The user's, in this home.
    User(PathBuf),
}

/// The file of `agent`; nothing where it has none.
pub(crate) fn file(agent: Agent, reach: &Reach) -> Option<PathBuf> {
    let settings = settings(agent)?;
    Some(match reach {
        Reach::Project(top) => top.join(settings.project),
        Reach::User(home) => home.join(settings.user),
    })
}

/// The words with which the hook is called. The repository's settings are others' too, so
/// there it is found on `PATH`.
pub(crate) fn command(agent: Agent, reach: &Reach, program: &Path) -> Vec<String> {
    let program = match reach {
        Reach::Project(_) => "leakcoach".to_owned(),
        Reach::User(_) => program.to_string_lossy().into_owned(),
    };
    ["guard", "--agent", agent.word()].iter().fold(vec![program], |mut all, word| {
        all.push((*word).to_owned());
        all
    })
}

/// A command for a POSIX shell.
pub(crate) fn line(words: &[String]) -> String {
    let plain =
        |word: &str| word.chars().all(|char| char.is_ascii_alphanumeric() || "/._-".contains(char));
    let quoted = words.iter().map(|word| {
        if plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// The entry for one event.
fn entry(agent: Agent, event: &str, words: &[String]) -> Value {
    let line = line(words);
    match agent {
        Agent::ClaudeCode | Agent::Codex => {
            json!({ "hooks": [{ "type": "command", "command": line, "timeout": 10 }] })
        }
        Agent::Gemini => json!({ "hooks": [
            { "type": "command", "command": line, "name": "leakcoach", "timeout": 10_000 }
        ] }),
        Agent::Cursor => match event {
            "preToolUse" => json!({
                "command": line, "matcher": "Write|StrReplace|Edit|Delete", "failClosed": true
            }),
            "beforeShellExecution" | "beforeMCPExecution" | "beforeReadFile" => {
                json!({ "command": line, "failClosed": true })
            }
            _ => json!({ "command": line }),
        },
        Agent::Copilot => {
            let line = format!("{line} --event {event}");
            json!({ "type": "command", "bash": line, "powershell": line, "timeoutSec": 10 })
        }
        Agent::Windsurf => json!({ "command": line, "show_output": true }),
        Agent::Opencode | Agent::Generic => Value::Null,
    }
}

/// The text of the settings with the hook in it.
///
/// # Errors
/// The text is no JSON, or something else stands where the hooks would.
pub(crate) fn with_hook(
    agent: Agent,
    text: &str,
    words: &[String],
) -> Result<String, &'static str> {
    let settings = settings(agent).ok_or("this agent has no settings of its own")?;
    if settings.shape == Shape::Plugin {
        if !text.trim().is_empty() && !is_ours(text) {
            return Err("another plugin has that name");
        }
        let words = serde_json::to_string(words).unwrap_or_default();
        return Ok(PLUGIN.replace("\"{command}\"", &words));
    }
    let root = parse(text)?;
    let object = root.object_value_or_create().ok_or("it is no JSON object")?;
    if settings.versioned && object.get("version").is_none() {
        object.append("version", CstInputValue::Number("1".to_owned()));
    }
    let hooks = object.object_value_or_create("hooks").ok_or("its `hooks` is no object")?;
    for event in settings.events {
        let all = hooks.array_value_or_create(event).ok_or("one of its `hooks` is no list")?;
        let wanted = entry(agent, event, words);
        let ours: Vec<CstNode> =
            all.elements().into_iter().filter(|one| is_ours(&one.to_string())).collect();
        let there = |one: &CstNode| {
            let commands = commands_of(one);
            commands.iter().any(|command| command_of(&wanted).as_ref() == Some(command))
        };
        if ours.iter().any(there) {
            continue;
        }
        remove_ours(&all, settings.shape);
        all.append(as_input(&wanted));
    }
    let text = root.to_string();
    Ok(if text.ends_with('\n') { text } else { format!("{text}\n") })
}

/// The text of the settings without the hook; nothing when nothing else is left.
///
/// # Errors
/// The text is no JSON.
pub(crate) fn without_hook(agent: Agent, text: &str) -> Result<Option<String>, &'static str> {
    let Some(settings) = settings(agent) else { return Ok(Some(text.to_owned())) };
    if settings.shape == Shape::Plugin {
        return Ok(Some(text.to_owned()).filter(|text| !is_ours(text)));
    }
    if !is_ours(text) {
        return Ok(Some(text.to_owned()));
    }
    let root = parse(text)?;
    let object = root.object_value().ok_or("it is no JSON object")?;
    if let Some(hooks) = object.object_value("hooks") {
        for property in hooks.properties() {
            let Some(all) = property.array_value() else { continue };
            let before = all.elements().len();
            remove_ours(&all, settings.shape);
            if before > 0 && all.elements().is_empty() {
                property.remove();
            }
        }
        if let Some(property) = object.get("hooks").filter(|_| hooks.properties().is_empty()) {
            property.remove();
        }
    }
    Ok((!is_bare(&object)).then(|| root.to_string()))
}

/// Whether the settings say nothing any more.
fn is_bare(object: &CstObject) -> bool {
    object.properties().iter().all(|one| one.decoded_name().as_deref() == Some("version"))
        && !object.to_string().contains("//")
        && !object.to_string().contains("/*")
}

fn parse(text: &str) -> Result<CstRootNode, &'static str> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|_| "it is no JSON")
}

/// Whether a piece of settings calls this guard.
fn is_ours(text: &str) -> bool {
    text.contains("leakcoach") && text.contains("guard") && text.contains("--agent")
}

/// Takes leakcoach's entries out of an event's; of a group, only leakcoach's part.
fn remove_ours(all: &CstArray, shape: Shape) {
    for one in all.elements() {
        if !is_ours(&one.to_string()) {
            continue;
        }
        let inner = one.as_object().and_then(|group| group.array_value("hooks"));
        let Some(inner) = inner.filter(|_| shape == Shape::Groups) else {
            one.remove();
            continue;
        };
        for hook in inner.elements() {
            if is_ours(&hook.to_string()) {
                hook.remove();
            }
        }
        if inner.elements().is_empty() {
            one.remove();
        }
    }
}

/// The commands of leakcoach's in an entry.
fn commands_of(one: &CstNode) -> Vec<String> {
    let Some(entry) = one.as_object() else { return Vec::new() };
    let of = |object: &CstObject| {
        ["command", "bash"].iter().find_map(|name| {
            let value = object.get(name)?.value()?;
            value.as_string_lit()?.decoded_value().ok()
        })
    };
    let inner = entry.array_value("hooks").map(|all| all.elements()).unwrap_or_default();
    let inner = inner.iter().filter_map(CstNode::as_object);
    inner.filter_map(|hook| of(&hook)).chain(of(&entry)).filter(|line| is_ours(line)).collect()
}

fn command_of(entry: &Value) -> Option<String> {
    let hook = entry.get("hooks").and_then(|hooks| hooks.get(0)).unwrap_or(entry);
    let line = hook.get("command").or_else(|| hook.get("bash"))?;
    line.as_str().map(str::to_owned)
}

/// The command that the settings call before a tool; nothing where they call none.
pub(crate) fn called(agent: Agent, text: &str) -> Option<String> {
    let settings = settings(agent)?;
    if settings.shape == Shape::Plugin {
        let (_, rest) = text.split_once("const COMMAND = ")?;
        let words: Vec<String> = serde_json::from_str(rest.lines().next()?).ok()?;
        return Some(line(&words));
    }
    let root = parse(text).ok()?;
    let hooks = root.object_value()?.object_value("hooks")?;
    let before = settings.events.iter().filter(|event| !event.to_lowercase().contains("post"));
    let first = before.filter(|event| !event.to_lowercase().contains("prompt"));
    first
        .filter_map(|event| hooks.array_value(event))
        .find_map(|all| all.elements().iter().find_map(|one| commands_of(one).into_iter().next()))
}

fn as_input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(it) => CstInputValue::Bool(*it),
        Value::Number(it) => CstInputValue::Number(it.to_string()),
        Value::String(it) => CstInputValue::String(it.clone()),
        Value::Array(all) => CstInputValue::Array(all.iter().map(as_input).collect()),
        Value::Object(all) => CstInputValue::Object(
            all.iter().map(|(name, value)| (name.clone(), as_input(value))).collect(),
        ),
    }
}

/// Puts the hook in, or takes it out; gives what was done, in words.
///
/// # Errors
/// The file cannot be read or written, or is not what it should be.
pub(crate) fn edit(path: &Path, agent: Agent, words: Option<&[String]>) -> Result<String, Error> {
    let failed = |deed, source| Error::File { deed, path: path.to_owned(), source };
    let shown = crate::text::Escaped::path(path);
    let before = match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(failed("read", source)),
    };
    let refused = |why: &str| Error::Hook {
        what: format!("`{shown}` is left as it is: {why}"),
        hint: "mend the file, then try again".to_owned(),
    };
    let name = agent.name();
    let after = match (words, &before) {
        (Some(words), _) => {
            let text = before.as_deref().unwrap_or_default();
            Some(with_hook(agent, text, words).map_err(refused)?)
        }
        (None, None) => return Ok(format!("{name} has no settings at `{shown}`")),
        (None, Some(text)) => without_hook(agent, text).map_err(refused)?,
    };
    if after == before {
        let state = if words.is_some() { "already calls" } else { "does not call" };
        return Ok(format!("`{shown}` {state} leakcoach"));
    }
    match after {
        Some(text) => write(path, &text).map_err(|source| failed("write", source))?,
        None => std::fs::remove_file(path).map_err(|source| failed("remove", source))?,
    }
    let state =
        if words.is_some() { "calls leakcoach before its tools" } else { "calls it no longer" };
    Ok(format!("{name} {state}: `{shown}`"))
}

/// Never seen half written; a link stays one, and who may read it the same.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let mode = std::fs::metadata(&path).map(|meta| meta.permissions());
    let mode = mode.unwrap_or_else(|_| std::os::unix::fs::PermissionsExt::from_mode(0o644));
    file.as_file().set_permissions(mode)?;
    file.persist(&path).map(|_| ()).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::{called, with_hook, without_hook};
    use crate::guard::agent::Agent;

    fn words() -> Vec<String> {
        ["leakcoach", "guard", "--agent", "x"].map(str::to_owned).to_vec()
    }

    const THEIRS: &str = "{\n  // ours since March\n  \"model\": \"opus\",\n  \"zeta\": 1,\n  \
                          \"hooks\": {\n    \"PreToolUse\": [\n      { \"matcher\": \"Bash\", \
                          \"hooks\": [{ \"type\": \"command\", \"command\": \"./mine.sh\" }] }\n    \
                          ]\n  },\n  \"alpha\": true\n}\n";

    #[test]
    fn what_was_there_stays_with_comments_and_order() {
        let with = with_hook(Agent::ClaudeCode, THEIRS, &words()).unwrap();
        assert!(with.contains("// ours since March") && with.contains("./mine.sh"));
        assert!(with.find("model").unwrap() < with.find("zeta").unwrap());
        assert!(with.find("zeta").unwrap() < with.find("alpha").unwrap());
        assert_eq!(with.matches("leakcoach guard --agent x").count(), 3);
        assert_eq!(with_hook(Agent::ClaudeCode, &with, &words()).unwrap(), with);
        let without = without_hook(Agent::ClaudeCode, &with).unwrap().unwrap();
        assert!(without.contains("./mine.sh") && !without.contains("leakcoach"));
        assert!(without.contains("// ours since March"));
    }

    #[test]
    fn every_agent_is_installed_found_and_taken_out_again() {
        for agent in Agent::ALL.iter().copied().filter(|agent| *agent != Agent::Generic) {
            let with = with_hook(agent, "", &words()).unwrap();
            let found = called(agent, &with).unwrap();
            assert!(found.starts_with("leakcoach guard --agent x"), "{agent}: {found}");
            assert_eq!(with_hook(agent, &with, &words()).unwrap(), with, "{agent}");
            assert_eq!(without_hook(agent, &with).unwrap(), None, "{agent}");
        }
    }

    #[test]
    fn an_older_command_gives_way() {
        let with = with_hook(Agent::Cursor, "", &words()).unwrap();
        let newer = ["/opt/leakcoach", "guard", "--agent", "x"].map(str::to_owned);
        let again = with_hook(Agent::Cursor, &with, &newer).unwrap();
        assert!(!again.contains("\"leakcoach guard") && again.contains("/opt/leakcoach guard"));
    }

    #[test]
    fn what_is_no_settings_is_left_alone() {
        for text in ["[]", "{\"hooks\": 3}", "{\"hooks\": {\"PreToolUse\": {}}}", "{\"a\""] {
            assert!(with_hook(Agent::ClaudeCode, text, &words()).is_err(), "{text}");
        }
    }
}

//! What the fields of a call are about. Agents and servers call them differently, and put them
//! at different depths: they are told by their names alone, without case and `_`.

use super::{Intent, Text};
use crate::guard::event::Event;
use serde_json::{Map, Value};

/// Fields that name a file.
const PATHS: &[&str] = &[
    "filepath",
    "path",
    "notebookpath",
    "filename",
    "file",
    "absolutepath",
    "relativepath",
    "relativeworkspacepath",
    "targetfile",
    "inputfile",
    "paths",
    "filepaths",
    "files",
    "source",
    "src",
    "destination",
    "dest",
    "dst",
    "uri",
];

/// Fields that name many files by a pattern.
const PATTERNS: &[&str] =
    &["glob", "globs", "include", "includes", "includepattern", "filepattern"];

/// Fields that hold a command.
const COMMANDS: &[&str] =
    &["command", "commands", "commandline", "cmd", "script", "shellcommand", "bashcommand", "argv"];

/// Fields that hold the rest of a command.
const ARGUMENTS: &[&str] = &["args", "arguments", "cmdargs"];

/// Fields that hold a program in another language.
const CODE: &[&str] = &["code", "python", "javascript", "sourcecode"];

/// Fields in which something is typed, for tools that type it into a shell.
const TYPED: &[&str] = &["chars", "text", "input", "keys", "keystrokes"];

/// What such tools are called.
const SHELLS: &[&str] = &["stdin", "terminal", "sendkeys", "shell", "bash", "tmux"];

/// Fields that hold what a file is to hold.
pub(super) const CONTENTS: &[&str] = &[
    "content",
    "contents",
    "new_string",
    "newString",
    "new_str",
    "file_text",
    "new_source",
    "insert_text",
    "code_edit",
    "text",
    "edits",
    "data",
    "body",
];

/// Fields of what stands in a file already.
pub(crate) const OLD: &[&str] = &["old_string", "oldString", "old_str", "old_text"];

/// As deep are objects looked into.
const DEPTH: usize = 64;
/// As long a text is read as JSON.
const JSON: usize = 1 << 20;

/// How one call's fields are read.
pub(super) struct Fields {
    tool: String,
    writes: bool,
    content: bool,
}

impl Fields {
    pub(super) fn of(event: &Event) -> Self {
        let tool = event.tool.to_lowercase();
        let writes = event.name == "pre_write_code"
            || [
                "write",
                "edit",
                "create",
                "replace",
                "insert",
                "append",
                "patch",
                "delete",
                "move",
                "apply_diff",
            ]
            .iter()
            .any(|word| tool.contains(word));
        // `write_stdin` writes no file.
        let types = tool.contains("stdin") || tool.contains("terminal");
        Self { tool, writes: writes && !types, content: event.name != "beforeReadFile" }
    }

    /// Whether a field holds what is in a file: what an MCP server's tool sends as a text or a
    /// body need be for none, whatever path stands beside it.
    pub(super) fn is_of_file(&self, field: &str) -> bool {
        let sent = self.tool.contains("__") && matches!(field, "text" | "body" | "data");
        CONTENTS.contains(&field) && !sent && (self.writes || !matches!(field, "text" | "body"))
    }

    fn is_shell(&self) -> bool {
        let tool = plain(&self.tool);
        SHELLS.iter().any(|word| tool.contains(word))
    }

    /// What `value`, the input or a part of it, is about.
    pub(super) fn take(&self, value: &Value, place: &str, depth: usize, intent: &mut Intent) {
        if depth > DEPTH {
            intent.too_many = true;
            return;
        }
        match value {
            Value::Object(all) => self.object(all, place, depth, intent),
            Value::Array(all) => {
                for (at, one) in all.iter().enumerate() {
                    self.take(one, &format!("{place}[{at}]"), depth + 1, intent);
                }
            }
            Value::String(text) if depth == 0 && self.is_shell() => {
                intent.commands.push(("input".to_owned(), text.clone()));
            }
            Value::String(text) => {
                let json = text.trim_start().starts_with(['{', '[']) && text.len() < JSON;
                if let Some(value) = json.then(|| serde_json::from_str(text).ok()).flatten() {
                    let value: Value = value;
                    self.take(&value, place, depth + 4, intent);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn object(&self, all: &Map<String, Value>, place: &str, depth: usize, intent: &mut Intent) {
        let holds = |field: &&String| CONTENTS.contains(&field.as_str()) && *field != "text";
        let writes = self.writes || self.content && all.keys().any(|field| holds(&field));
        for (name, value) in all {
            let field = plain(name);
            let at = super::shown(name);
            let at = if place.is_empty() { at } else { format!("{place}.{at}") };
            let field = field.as_str();
            if PATHS.contains(&field) {
                let to = if writes { &mut intent.writes } else { &mut intent.reads };
                each_text(value, &mut |path| {
                    let elsewhere = path.starts_with("http://") || path.starts_with("https://");
                    if !elsewhere && path.len() < 4096 && !path.contains('\n') {
                        to.push((at.clone(), path.trim_start_matches("file://").to_owned()));
                    }
                });
            } else if PATTERNS.contains(&field) && !writes {
                each_text(value, &mut |path| {
                    intent.reads.push((at.clone(), format!("\u{0}{path}")));
                });
            } else if COMMANDS.contains(&field) {
                self.command(all, value, &at, intent);
            } else if CODE.contains(&field) && !writes {
                each_text(value, &mut |code| {
                    let command = ["python3", "-c", code].map(quoted).join(" ");
                    intent.commands.push((at.clone(), command));
                });
            } else if TYPED.contains(&field) && self.is_shell() {
                each_text(value, &mut |text| intent.commands.push((at.clone(), text.to_owned())));
            }
            if let ("patch" | "input" | "diff", Value::String(text)) = (field, value)
                && (text.contains("*** ") || text.contains("+++ "))
            {
                take_patch(text, &at, intent);
            }
            // What a file is to hold is no call, though it may be JSON.
            let of_file = || self.writes || path_in(all).is_some();
            let held = value.is_string() && self.is_of_file(name) && of_file();
            if !held && !OLD.contains(&name.as_str()) {
                self.take(value, &at, depth + 1, intent);
            }
        }
    }

    fn command(&self, all: &Map<String, Value>, value: &Value, at: &str, intent: &mut Intent) {
        let rest = all.iter().filter(|(name, _)| ARGUMENTS.contains(&plain(name).as_str()));
        let mut more: Vec<&str> = Vec::new();
        for (_, value) in rest {
            match value {
                Value::String(text) => more.push(text),
                Value::Array(words) => more.extend(words.iter().filter_map(Value::as_str)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
            }
        }
        match value {
            Value::String(text) => {
                if text.contains("*** Begin Patch") || self.tool == "apply_patch" {
                    take_patch(text, at, intent);
                    if text.trim_start().starts_with("*** ") || self.tool == "apply_patch" {
                        return;
                    }
                }
                // An editor's `command` is what it is to do.
                if !self.tool.contains("edit") {
                    let words = std::iter::once(text.clone());
                    let words = words.chain(more.iter().map(|word| quoted(word)));
                    intent.commands.push((at.to_owned(), words.collect::<Vec<_>>().join(" ")));
                }
            }
            Value::Array(words) => {
                let plain: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                if plain.first() == Some(&"apply_patch") {
                    take_patch(plain.get(1).copied().unwrap_or_default(), at, intent);
                    return;
                }
                let words: Vec<String> =
                    plain.iter().chain(&more).map(|word| quoted(word)).collect();
                intent.commands.push((at.to_owned(), words.join(" ")));
                // Several commands, each one text.
                let several = plain.iter().filter(|text| text.contains(char::is_whitespace));
                let several = several.map(|text| (at.to_owned(), (*text).to_owned()));
                if plain.iter().all(|text| !text.starts_with('-')) {
                    intent.commands.extend(several);
                }
                for one in words_within(value) {
                    intent.commands.push((at.to_owned(), one));
                }
            }
            Value::Object(_) => {
                each_text(value, &mut |text| {
                    intent.commands.push((at.to_owned(), text.to_owned()));
                });
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// The path that an object names.
pub(super) fn path_in(all: &Map<String, Value>) -> Option<String> {
    let named = |field: &&str| {
        let one = all.iter().find(|(name, _)| plain(name) == **field)?;
        let mut first = None;
        each_text(one.1, &mut |path| {
            let path = path.trim_start_matches("file://");
            first.get_or_insert_with(|| path.to_owned());
        });
        first
    };
    PATHS.iter().find_map(named)
}

/// Arrays of words within an array.
fn words_within(value: &Value) -> Vec<String> {
    let arrays = value.as_array().into_iter().flatten().filter_map(Value::as_array);
    arrays
        .map(|words| {
            words.iter().filter_map(Value::as_str).map(quoted).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// The texts of `value`: itself, or those of its elements.
fn each_text(value: &Value, each: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(all) => all.iter().for_each(|one| {
            if let Value::String(text) = one {
                each(text);
            }
        }),
        Value::Object(all) => all.values().for_each(|one| {
            if let Value::String(text) = one {
                each(text);
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A field's name without case and what joins its words.
fn plain(name: &str) -> String {
    name.chars().filter(|char| !matches!(char, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// A word as a shell takes it back.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What a patch of Codex's `apply_patch` adds, by file
/// (github.com/openai/codex, codex-rs/apply-patch).
pub(super) fn take_patch(text: &str, place: &str, intent: &mut Intent) {
    let mut current = String::new();
    let (mut added, mut removed) = (String::new(), String::new());
    let mut done = |path: &str, added: &mut String, removed: &mut String| {
        let (content, before) = (std::mem::take(added), std::mem::take(removed));
        if !content.is_empty() {
            let (place, path) = (place.to_owned(), path.to_owned());
            intent.texts.push(Text { place, path, content, before });
        }
    };
    let mut files = Vec::new();
    for line in text.lines() {
        let header = ["Add File: ", "Update File: ", "Delete File: ", "Move to: "];
        let named = line.strip_prefix("*** ").or_else(|| line.strip_prefix("+++ b/"));
        let named = named.and_then(|rest| {
            header
                .iter()
                .find_map(|it| rest.strip_prefix(it))
                .or_else(|| line.starts_with("+++ ").then_some(rest))
        });
        if let Some(file) = named {
            done(&current, &mut added, &mut removed);
            file.trim().clone_into(&mut current);
            files.push((place.to_owned(), current.clone()));
        } else if let Some(new) = line.strip_prefix('+') {
            added.extend([new, "\n"]);
        } else if let Some(old) = line.strip_prefix(['-', ' ']) {
            removed.extend([old, "\n"]);
        }
    }
    done(&current, &mut added, &mut removed);
    intent.writes.extend(files);
}

#[cfg(test)]
mod tests {
    use crate::guard::agent::Agent;
    use crate::guard::event::read;
    use crate::guard::intent::{Intent, of};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn call(tool: &str, input: &Value) -> Intent {
        let event =
            json!({"hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input});
        of(&read(Some(Agent::ClaudeCode), None, event.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn a_command_is_found_whatever_it_is_called_and_however_deep() {
        let text = json!({"command": "cat .env"}).to_string();
        for (tool, input, is) in [
            ("mcp__sh__run", json!({"command": "cat", "args": [".env"]}), "cat '.env'"),
            ("mcp__x__call", json!({"params": {"command": "cat .env"}}), "cat .env"),
            ("use_mcp_tool", json!({"arguments": text}), "cat .env"),
            ("task", json!({"task": {"command": "cat", "args": [".env"]}}), "cat '.env'"),
            ("Bash", json!({"command": {"x": "cat .env"}}), "cat .env"),
            ("Bash", json!({"command": [["cat", ".env"]]}), "'cat' '.env'"),
            ("shell", json!({"commands": ["cat .env"]}), "cat .env"),
            ("write_stdin", json!({"chars": "cat .env\n"}), "cat .env\n"),
            ("mcp__terminal__send", json!({"text": "cat .env"}), "cat .env"),
            (
                "mcp__py__run",
                json!({"code": "open('.env')"}),
                "'python3' '-c' 'open('\\''.env'\\'')'",
            ),
            ("bash", json!("cat .env"), "cat .env"),
        ] {
            let commands = call(tool, &input).commands;
            assert!(commands.iter().any(|it| it.1 == is), "{input}: {commands:?}");
        }
    }

    #[test]
    fn what_a_file_is_to_hold_is_no_call() {
        let tasks = json!({"tasks": [{"command": "git push --force"}]}).to_string();
        for (tool, input) in [
            ("Write", json!({"file_path": ".vscode/tasks.json", "content": tasks})),
            ("mcp__f__save", json!({"path": ".vscode/tasks.json", "content": tasks})),
        ] {
            let call = call(tool, &input);
            assert!(call.commands.is_empty() && call.texts.iter().any(|it| it.content == tasks));
        }
        assert!(!call("mcp__x__relay", &json!({"content": tasks})).commands.is_empty());
    }

    #[test]
    fn what_is_too_deep_is_not_passed_over() {
        let deep = (0..100).fold(json!({"command": "ls"}), |inner, _| json!({"a": inner}));
        assert!(call("mcp__x__call", &deep).too_many);
    }

    #[test]
    fn a_file_is_found_whatever_it_is_called_and_however_deep() {
        for (tool, input, is) in [
            ("read_file", json!({"relative_path": ".env"}), ".env"),
            ("mcp__f__read", json!({"FilePath": ".env"}), ".env"),
            ("mcp__f__call", json!({"arguments": {"file": {"path": ".env"}}}), ".env"),
            ("Grep", json!({"pattern": "K", "glob": ".env*"}), "\0.env*"),
            ("read_many_files", json!({"include": ["**/.env"]}), "\0**/.env"),
        ] {
            let reads = call(tool, &input).reads;
            assert!(reads.iter().any(|it| it.1 == is), "{input}: {reads:?}");
        }
        for (tool, input) in [
            (
                "multi_replace",
                json!({"replacements": [{"filePath": ".husky/x", "newString": "b"}]}),
            ),
            (
                "apply_diff",
                json!({"diff": "--- a/.husky/x\n+++ b/.husky/x\n@@ -1 +1 @@\n-x\n+y\n"}),
            ),
            (
                "Bash",
                json!({"command": "apply_patch <<'E'\n*** Begin Patch\n*** Update File: .husky/x\n+y\n*** End Patch\nE"}),
            ),
        ] {
            let writes = call(tool, &input).writes;
            assert!(writes.iter().any(|it| it.1 == ".husky/x"), "{input}: {writes:?}");
        }
    }

    #[test]
    fn what_is_sent_takes_no_role_by_a_path_beside_it() {
        let sent = call("mcp__slack__post", &json!({"text": "x", "path": "vendor/a"}));
        assert!(sent.texts.iter().all(|text| text.path.is_empty()));
        let written = call("mcp__files__write", &json!({"content": "x", "path": "vendor/a"}));
        assert!(written.texts.iter().any(|text| text.path == "vendor/a"));
    }

    #[test]
    fn an_input_that_is_no_object_is_looked_at() {
        assert_eq!(call("x", &json!("words")).texts[0].content, "words");
        assert_eq!(call("x", &json!([["words"]])).texts[0].content, "words");
    }

    proptest! {
        #[test]
        fn no_patch_makes_it_panic(text in "([*+@ -]{0,4}(Add File: |Begin Patch|b/)?[a-zé]{0,4}\n){0,8}") {
            let _call = call("apply_patch", &json!({"input": text, "command": text}));
        }
    }
}

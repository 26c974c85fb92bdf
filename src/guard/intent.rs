//! What a call is about to do: commands that run, files that are read and written, and texts
//! that go somewhere.

use super::event::{Event, Moment};
use serde_json::Value;

/// What a call is about.
#[derive(Debug, Default)]
pub(crate) struct Intent {
    /// Shell commands, with the fields they stand in.
    pub(crate) commands: Vec<(String, String)>,
    /// Files that are read.
    pub(crate) reads: Vec<(String, String)>,
    /// Files that are written.
    pub(crate) writes: Vec<(String, String)>,
    /// Every text of the call.
    pub(crate) texts: Vec<Text>,
    /// Whether there are more texts than are looked at.
    pub(crate) too_many: bool,
}

/// A text of a call.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// The field that it stands in.
    pub(crate) place: String,
    /// The file that it is for; empty when it is for none.
    pub(crate) path: String,
    pub(crate) content: String,
    /// What stood there before.
    pub(crate) before: String,
}

/// Fields that name a file.
const PATHS: &[&str] = &[
    "file_path",
    "filePath",
    "path",
    "notebook_path",
    "filename",
    "file",
    "absolute_path",
    "target_file",
    "targetFile",
    "paths",
    "file_paths",
    "files",
    "source",
    "destination",
    "uri",
];

/// Fields that hold a command. Those of `Bash` and `Shell` tools everywhere are `command`.
const COMMANDS: &[&str] = &["command", "command_line", "commandLine", "cmd", "script"];

/// Fields that hold what a file is to hold.
const CONTENTS: &[&str] = &[
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
const OLD: &[&str] = &["old_string", "oldString", "old_str", "old_text"];

/// As many texts of one call are looked at.
const MOST: usize = 20_000;

/// What `event` is about.
pub(crate) fn of(event: &Event) -> Intent {
    let mut intent = Intent::default();
    match event.moment {
        Moment::Prompt => {
            let text = event.prompt.clone().unwrap_or_default();
            // Files that are named by `@path` are read without a call.
            for word in text.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
                let path = word.trim_end_matches([',', '.', ';', ':', ')', '?', '!']);
                if !path.is_empty() {
                    intent.reads.push(("prompt".to_owned(), path.to_owned()));
                }
            }
            intent.texts.push(Text {
                place: "prompt".to_owned(),
                content: text,
                ..Text::default()
            });
        }
        Moment::After => {
            if let Some(output) = &event.output {
                leaves(output, "output", &mut |place, text| {
                    let (place, content) = (place.to_owned(), text.to_owned());
                    intent.texts.push(Text { place, content, ..Text::default() });
                });
            }
        }
        Moment::Before => before(event, &mut intent),
        Moment::Other => {}
    }
    intent
}

fn before(event: &Event, intent: &mut Intent) {
    let tool = event.tool.to_lowercase();
    if let Value::String(patch) = &event.input {
        take_patch(patch, "input", intent);
        return;
    }
    let Some(input) = event.input.as_object() else { return };
    let writes = matches!(event.name.as_str(), "pre_write_code")
        || ["write", "edit", "create", "replace", "insert", "append", "patch", "delete", "move"]
            .iter()
            .any(|word| tool.contains(word))
        || CONTENTS.iter().any(|field| input.contains_key(*field) && *field != "text")
            && event.name != "beforeReadFile";
    let mut paths = Vec::new();
    for field in PATHS {
        if let Some(value) = input.get(*field) {
            leaves(value, field, &mut |place, path| {
                paths.push((place.to_owned(), path.trim_start_matches("file://").to_owned()));
            });
        }
    }
    let path = paths.first().map(|(_, path)| path.clone()).unwrap_or_default();
    for field in COMMANDS {
        match input.get(*field) {
            Some(Value::String(text)) => {
                if text.starts_with("*** Begin Patch") || tool == "apply_patch" {
                    take_patch(text, field, intent);
                } else if !(*field == "command" && tool.contains("edit")) {
                    intent.commands.push(((*field).to_owned(), text.clone()));
                }
            }
            Some(Value::Array(words)) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                if words.first() == Some(&"apply_patch") {
                    take_patch(words.get(1).copied().unwrap_or_default(), field, intent);
                } else {
                    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                    intent.commands.push(((*field).to_owned(), quoted.join(" ")));
                }
            }
            _ => {}
        }
    }
    for field in ["patch", "input", "diff"] {
        if let Some(Value::String(text)) = input.get(field)
            && text.contains("*** ")
        {
            take_patch(text, field, intent);
        }
    }
    if writes {
        intent.writes.extend(paths);
    } else {
        intent.reads.extend(paths);
    }
    texts(&event.input, "", &path, "", intent);
}

/// A word as a shell takes it back.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// All texts of an input, those of `old_string` beside what takes their place.
fn texts(value: &Value, place: &str, path: &str, before: &str, intent: &mut Intent) {
    if intent.texts.len() > MOST {
        intent.too_many = true;
        return;
    }
    match value {
        Value::String(text) => {
            let field = place.rsplit('.').next().unwrap_or(place);
            let field = field.split('[').next().unwrap_or(field);
            let path = if CONTENTS.contains(&field) { path } else { "" };
            intent.texts.push(Text {
                place: place.to_owned(),
                path: path.to_owned(),
                content: text.clone(),
                before: before.to_owned(),
            });
        }
        Value::Array(all) => {
            for (at, one) in all.iter().enumerate() {
                texts(one, &format!("{place}[{at}]"), path, before, intent);
            }
        }
        Value::Object(all) => {
            let old = OLD.iter().find_map(|field| all.get(*field)?.as_str()).unwrap_or(before);
            for (name, one) in all.iter().filter(|(name, _)| !OLD.contains(&name.as_str())) {
                let place =
                    if place.is_empty() { shown(name) } else { format!("{place}.{}", shown(name)) };
                // A credential can be a field's name too.
                if name.len() > 16 {
                    let content = name.clone();
                    intent.texts.push(Text { place: place.clone(), content, ..Text::default() });
                }
                texts(one, &place, path, old, intent);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A field's name, where it is one that can be shown.
fn shown(name: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '$');
    if name.len() <= 32 && name.chars().all(plain) { name.to_owned() } else { "…".to_owned() }
}

/// Every text of `value`, with its field.
pub(crate) fn leaves(value: &Value, place: &str, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => each(place, text),
        Value::Array(all) => {
            for (at, one) in all.iter().enumerate() {
                leaves(one, &format!("{place}[{at}]"), each);
            }
        }
        Value::Object(all) => {
            for (name, one) in all {
                leaves(one, &format!("{place}.{}", shown(name)), each);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a patch of Codex's `apply_patch` adds, by file
/// (github.com/openai/codex, codex-rs/apply-patch).
fn take_patch(text: &str, place: &str, intent: &mut Intent) {
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
    use super::{Intent, of};
    use crate::guard::agent::Agent;
    use crate::guard::event::read;
    use serde_json::json;

    fn intent(event: &serde_json::Value) -> Intent {
        of(&read(Some(Agent::ClaudeCode), None, event.to_string().as_bytes()).unwrap())
    }

    fn call(tool: &str, input: &serde_json::Value) -> Intent {
        intent(&json!({"hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input}))
    }

    #[test]
    fn reading_and_writing_are_told_apart() {
        assert_eq!(call("Read", &json!({"file_path": "a"})).reads.len(), 1);
        let write = call("Write", &json!({"file_path": "a.py", "content": "x"}));
        assert_eq!((write.writes.len(), write.reads.len()), (1, 0));
        let content = write.texts.iter().find(|text| text.place == "content").unwrap();
        assert_eq!(content.path, "a.py");
    }

    #[test]
    fn commands_are_found_as_text_and_as_words() {
        assert_eq!(call("Bash", &json!({"command": "ls"})).commands[0].1, "ls");
        let words = call("shell", &json!({"command": ["git", "commit", "-m", "it's"]}));
        assert_eq!(words.commands[0].1, "'git' 'commit' '-m' 'it'\\''s'");
    }

    #[test]
    fn a_patch_is_read_by_file() {
        let patch = "*** Begin Patch\n*** Update File: .husky/x\n@@\n-old\n+new\n*** End Patch";
        let call = call("apply_patch", &json!({"command": patch}));
        assert_eq!(call.writes[0].1, ".husky/x");
        let text = call.texts.iter().find(|text| text.path == ".husky/x").unwrap();
        assert_eq!((text.content.as_str(), text.before.as_str()), ("new\n", "old\n"));
        assert!(call.commands.is_empty());
    }

    #[test]
    fn files_named_in_a_prompt_are_reads() {
        let event = json!({"hook_event_name": "UserPromptSubmit", "prompt": "see @.env, please"});
        assert_eq!(intent(&event).reads[0].1, ".env");
    }
}

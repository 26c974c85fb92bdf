//! What a call is about to do: commands that run, files that are read and written, and texts
//! that go somewhere.

mod fields;
mod mentions;

use super::event::{Event, Moment};
pub(crate) use fields::OLD;
use fields::{Fields, path_in, take_patch};
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

/// As many texts of one call are looked at.
const MOST: usize = 20_000;
/// As many commands, each of which is read as a script.
const COMMANDS: usize = 512;

/// What `event` is about.
pub(crate) fn of(event: &Event) -> Intent {
    let mut intent = Intent::default();
    match event.moment {
        Moment::Prompt => {
            let text = event.prompt.clone().unwrap_or_default();
            // Files that are named by `@path`, or attached, are read without a call.
            let reads = mentions::of(&text).into_iter().chain(mentions::attached(&event.input));
            intent.reads.extend(reads.map(|path| ("prompt".to_owned(), path)));
            intent.texts.push(Text {
                place: "prompt".to_owned(),
                content: text,
                ..Text::default()
            });
        }
        Moment::After => {
            for output in event.output.iter().chain(&event.more) {
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
    let fields = Fields::of(event);
    fields.take(&event.input, "", 0, intent);
    intent.too_many |= intent.commands.len() > COMMANDS;
    if let Value::String(patch) = &event.input {
        take_patch(patch, "input", intent);
    }
    texts(&event.input, "", "", "", &fields, intent);
}

/// All texts of an input, those of `old_string` beside what takes their place.
fn texts(
    value: &Value,
    place: &str,
    path: &str,
    before: &str,
    fields: &Fields,
    intent: &mut Intent,
) {
    if intent.texts.len() > MOST {
        intent.too_many = true;
        return;
    }
    match value {
        Value::String(text) => {
            let field = place.rsplit('.').next().unwrap_or(place);
            let field = field.split('[').next().unwrap_or(field);
            // What is sent somewhere takes no file's role by a path beside it.
            let path = if fields.is_of_file(field) { path } else { "" };
            intent.texts.push(Text {
                place: if place.is_empty() { "input".to_owned() } else { place.to_owned() },
                path: path.to_owned(),
                content: text.clone(),
                before: before.to_owned(),
            });
        }
        Value::Array(all) => {
            for (at, one) in all.iter().enumerate() {
                texts(one, &format!("{place}[{at}]"), path, before, fields, intent);
            }
        }
        Value::Object(all) => {
            let own = path_in(all);
            let path = own.as_deref().unwrap_or(path);
            let old = OLD.iter().find_map(|field| all.get(*field)?.as_str()).unwrap_or(before);
            for (name, one) in all.iter().filter(|(name, _)| !OLD.contains(&name.as_str())) {
                let place =
                    if place.is_empty() { shown(name) } else { format!("{place}.{}", shown(name)) };
                // A credential can be a field's name too.
                if name.len() > 16 {
                    let content = name.clone();
                    intent.texts.push(Text { place: place.clone(), content, ..Text::default() });
                }
                texts(one, &place, path, old, fields, intent);
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

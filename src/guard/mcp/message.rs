//! Messages of JSON-RPC: whose they are, and those that the guard writes itself.

use super::json::{Kind, Tape};
use serde_json::{Value, json};

/// What a refusal of a request is numbered: of the range that is left to implementations
/// (jsonrpc.org/specification, "Error object").
pub(crate) const REFUSED: i64 = -32_099;

/// What is no JSON is numbered so by the same page.
pub(crate) const NOT_JSON: i64 = -32_700;

/// Where a client of 2026-07-28 tells with each request what it can do.
const CAPABILITIES: [&str; 2] = ["_meta", "io.modelcontextprotocol/clientCapabilities"];

/// The name of the question among those of a result that asks for input.
const QUESTION: &str = "leakcoach";

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The object.
    pub(crate) at: usize,
    /// Nothing where it answers.
    pub(crate) method: Option<String>,
    /// Where its id stands; nothing where it is a notification.
    pub(crate) id: Option<usize>,
}

impl Message {
    /// Whether it is a request or notification called `method`.
    pub(crate) fn is(&self, method: &str) -> bool {
        self.method.as_deref() == Some(method)
    }

    pub(crate) fn is_request(&self) -> bool {
        self.method.is_some() && self.id.is_some()
    }
}

/// The messages of a line, and whether it has others beside the first.
pub(crate) fn messages(tape: &Tape<'_>) -> (Vec<Message>, bool) {
    let mut all = Vec::new();
    let mut batch = false;
    for root in tape.roots() {
        if tape.kind(root) == Some(Kind::Array) {
            batch = true;
            all.extend(tape.elements(root).filter_map(|at| message(tape, at)));
        } else {
            all.extend(message(tape, root));
        }
    }
    let several = batch || all.len() > 1;
    (all, several)
}

fn message(tape: &Tape<'_>, at: usize) -> Option<Message> {
    if tape.kind(at) != Some(Kind::Object) {
        return None;
    }
    let method = tape.get(at, "method").and_then(|at| tape.says(at));
    let id = tape.get(at, "id");
    let id = id.filter(|at| matches!(tape.kind(*at), Some(Kind::Text | Kind::Other)));
    Some(Message { at, method, id })
}

/// What the client can do about a question, as `params` of a request tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Nothing.
    Never,
    /// It takes `elicitation/create` as a request.
    Request,
    /// It takes a result that asks for input.
    Result,
}

/// What a request's own capabilities say; nothing where it has none.
pub(crate) fn of_request(tape: &Tape<'_>, message: &Message) -> Option<Asks> {
    let params = tape.get(message.at, "params")?;
    let capabilities = tape.below(params, &CAPABILITIES)?;
    Some(if elicits(tape, capabilities) { Asks::Result } else { Asks::Never })
}

/// What the capabilities of `initialize` say.
pub(crate) fn of_initialize(tape: &Tape<'_>, message: &Message) -> Asks {
    match tape.below(message.at, &["params", "capabilities"]) {
        Some(capabilities) if elicits(tape, capabilities) => Asks::Request,
        Some(_) | None => Asks::Never,
    }
}

/// An empty object stands for forms, as it did before there were other ways.
fn elicits(tape: &Tape<'_>, capabilities: usize) -> bool {
    tape.get(capabilities, "elicitation").is_some_and(|at| {
        tape.kind(at) == Some(Kind::Object)
            && (tape.members(at).next().is_none() || tape.get(at, "form").is_some())
    })
}

fn line(id: &[u8], member: &str, value: &Value) -> Vec<u8> {
    let mut out = br#"{"jsonrpc":"2.0","id":"#.to_vec();
    out.extend_from_slice(id);
    out.extend_from_slice(format!(",\"{member}\":{value}}}").as_bytes());
    out
}

/// An error as the answer to `id`.
pub(crate) fn error(id: &[u8], code: i64, words: &str) -> Vec<u8> {
    line(id, "error", &json!({ "code": code, "message": words }))
}

/// A tool's result that says why it was not called. `complete` is for clients of 2026-07-28.
pub(crate) fn refusal(id: &[u8], words: &str, complete: bool) -> Vec<u8> {
    let mut result = json!({ "content": [{ "type": "text", "text": words }], "isError": true });
    if let Some(result) = result.as_object_mut().filter(|_| complete) {
        result.insert("resultType".to_owned(), "complete".into());
    }
    line(id, "result", &result)
}

/// The question, of a form with one box: what a client shows by itself is no consent.
fn question(words: &str) -> Value {
    json!({
        "message": words,
        "requestedSchema": {
            "type": "object",
            "properties": { "confirm": {
                "type": "boolean", "title": "Let this call run", "default": false,
            } },
            "required": ["confirm"],
        },
    })
}

/// The question as a request of the guard's own.
pub(crate) fn ask(id: &str, words: &str) -> Vec<u8> {
    let asked = json!({
        "jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": question(words),
    });
    asked.to_string().into_bytes()
}

/// The question as the result of the call; `state` comes back with the answer.
pub(crate) fn input_required(id: &[u8], state: &str, words: &str) -> Vec<u8> {
    let mut params = question(words);
    if let Some(params) = params.as_object_mut() {
        params.insert("mode".to_owned(), "form".into());
    }
    let asked = json!({ "method": "elicitation/create", "params": params });
    line(
        id,
        "result",
        &json!({
            "resultType": "input_required",
            "inputRequests": { QUESTION: asked },
            "requestState": state,
        }),
    )
}

/// Takes a question back.
pub(crate) fn cancelled(id: &str) -> Vec<u8> {
    let params = json!({ "requestId": id, "reason": "the call was cancelled" });
    json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params })
        .to_string()
        .into_bytes()
}

/// Whether the result of an elicitation at `at` lets the call run.
fn accepts(tape: &Tape<'_>, at: usize) -> bool {
    let says =
        |names: &[&str], raw: &[u8]| tape.below(at, names).is_some_and(|at| tape.raw(at) == raw);
    !tape.repeats(at) && says(&["action"], b"\"accept\"") && says(&["content", "confirm"], b"true")
}

/// Whether the answer to [`ask`] lets the call run.
pub(crate) fn is_yes(tape: &Tape<'_>, message: &Message) -> bool {
    tape.get(message.at, "result").is_some_and(|result| accepts(tape, result))
}

/// Whether a call that is made again after [`input_required`] may run.
pub(crate) fn is_yes_again(tape: &Tape<'_>, message: &Message) -> bool {
    let answer = tape.below(message.at, &["params", "inputResponses", QUESTION]);
    answer.is_some_and(|answer| accepts(tape, answer))
}

/// A call that was held, under the id of the one that brought its answer.
pub(crate) fn again(held: &[u8], tape: &Tape<'_>, message: &Message) -> Option<Vec<u8>> {
    let old = Tape::of(held).ok()?;
    let was = messages(&old).0.into_iter().next()?;
    let meta = |tape: &Tape<'_>, at| tape.below(at, &["params", "_meta"]);
    let mut edits = vec![(old.span(was.id?), tape.raw(message.id?))];
    if let (Some(from), Some(to)) = (meta(&old, was.at), meta(tape, message.at)) {
        edits.push((old.span(from), tape.raw(to)));
    }
    edits.sort_by_key(|(span, _)| span.start);
    let (mut out, mut at) = (Vec::with_capacity(held.len()), 0);
    for (span, new) in edits {
        out.extend_from_slice(held.get(at..span.start)?);
        out.extend_from_slice(new);
        at = span.end;
    }
    out.extend_from_slice(held.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> (Tape<'_>, Message) {
        let tape = Tape::of(text.as_bytes()).unwrap();
        let message = messages(&tape).0.remove(0);
        (tape, message)
    }

    #[test]
    fn messages_are_told_apart() {
        let text = r#"[{"id":1,"method":"a"},{"method":"b"},{"id":"2","result":{}},7]"#;
        let tape = Tape::of(text.as_bytes()).unwrap();
        let (all, several) = messages(&tape);
        assert!(several && all.len() == 3);
        assert_eq!(all.iter().map(Message::is_request).collect::<Vec<_>>(), [true, false, false]);
        let two = Tape::of(br#"{"method":"a"} {"method":"b"}"#).unwrap();
        assert!(messages(&two).1);
    }

    #[test]
    fn a_client_that_takes_forms_is_asked() {
        for (capabilities, asks) in [
            (r#"{"elicitation":{}}"#, Asks::Request),
            (r#"{"elicitation":{"form":{},"url":{}}}"#, Asks::Request),
            (r#"{"elicitation":{"url":{}}}"#, Asks::Never),
            (r#"{"elicitation":null}"#, Asks::Never),
            (r#"{"sampling":{}}"#, Asks::Never),
        ] {
            let text = format!(
                r#"{{"id":1,"method":"initialize","params":{{"capabilities":{capabilities}}}}}"#
            );
            let (tape, message) = first(&text);
            assert_eq!(of_initialize(&tape, &message), asks, "{capabilities}");
            let own = format!(
                r#"{{"params":{{"_meta":{{"io.modelcontextprotocol/clientCapabilities":{capabilities}}}}}}}"#
            );
            let (tape, message) = first(&own);
            let wanted = if asks == Asks::Request { Asks::Result } else { asks };
            assert_eq!(of_request(&tape, &message), Some(wanted));
        }
    }

    #[test]
    fn only_a_ticked_box_is_a_yes() {
        for (result, yes) in [
            (r#"{"action":"accept","content":{"confirm":true}}"#, true),
            (r#"{"action":"accept","content":{"confirm":false}}"#, false),
            (r#"{"action":"accept","content":{"confirm":"true"}}"#, false),
            (r#"{"action":"accept","content":{}}"#, false),
            (r#"{"action":"accept"}"#, false),
            (r#"{"action":"decline","content":{"confirm":true}}"#, false),
            (r#"{"action":"decline","action":"accept","content":{"confirm":true}}"#, false),
        ] {
            let text = format!(r#"{{"id":"x","result":{result}}}"#);
            let (tape, message) = first(&text);
            assert_eq!(is_yes(&tape, &message), yes, "{result}");
        }
        let (tape, message) = first(r#"{"id":"x","error":{"code":1}}"#);
        assert!(!is_yes(&tape, &message));
    }

    #[test]
    fn a_held_call_goes_on_under_the_new_id() {
        let held = br#"{"id":1,"method":"tools/call","params":{"name":"x","_meta":{"a":1},"arguments":{}}}"#;
        let (tape, message) =
            first(r#"{"method":"tools/call","id":"two","params":{"_meta":{"b":2}}}"#);
        let sent = String::from_utf8(again(held, &tape, &message).unwrap()).unwrap();
        assert_eq!(
            sent,
            r#"{"id":"two","method":"tools/call","params":{"name":"x","_meta":{"b":2},"arguments":{}}}"#
        );
    }
}

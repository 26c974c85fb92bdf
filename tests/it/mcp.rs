//! `leakcoach mcp`: between a client and fake servers, over real pipes.

use crate::harness::{BINARY, Repo};
use data_encoding::BASE64;
use leakcoach::catalogue::sample::expand;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A client at the guard's one side, and a server of a shell at its other.
struct Session<'a> {
    repo: &'a Repo,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

fn token(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

fn started(repo: &Repo, variables: &[(&str, &str)], args: &[&str]) -> Child {
    let mut command = Command::new(BINARY);
    let command = repo.prepared(command.arg("mcp").args(args)).envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

impl<'a> Session<'a> {
    /// Before a server that runs `script`, a script of a shell.
    fn with(repo: &'a Repo, script: &str) -> Self {
        repo.write("server.sh", script);
        Self::of(repo, started(repo, &[], &["--name", "fake", "--", "/bin/sh", "server.sh"]))
    }

    /// Before one that says again what it hears.
    fn echo(repo: &'a Repo) -> Self {
        Self::of(repo, started(repo, &[], &["--name", "fake", "--", "/bin/cat"]))
    }

    fn of(repo: &'a Repo, mut child: Child) -> Self {
        let (sender, lines) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                let text = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
                if sender.send(text).is_err() {
                    return;
                }
                line.clear();
            }
        });
        let input = child.stdin.take();
        Self { repo, child, input, lines }
    }

    fn send(&mut self, text: &str) -> &mut Self {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.write_all(b"\n").unwrap();
        self
    }

    fn says(&mut self, message: &Value) -> &mut Self {
        self.send(&message.to_string())
    }

    #[track_caller]
    fn hears(&self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("no line came");
        self.repo.holds_back(&line);
        line
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.hears()).unwrap()
    }

    /// Ends it, and gives standard error and the exit code.
    fn end(mut self) -> (String, i32) {
        drop(self.input.take());
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        self.repo.holds_back(&errors);
        for line in self.lines.try_iter() {
            self.repo.holds_back(&line);
        }
        (errors, code)
    }
}

fn call(id: impl Into<Value>, tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": "tools/call",
           "params": {"name": tool, "arguments": arguments}})
}

fn initialize(capabilities: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": capabilities,
        "clientInfo": {"name": "test", "version": "1"}}})
}

/// The words of a refusal.
#[track_caller]
fn refusal(answer: &Value) -> &str {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap()
}

#[test]
fn what_holds_no_credential_passes_byte_for_byte() {
    let repo = Repo::plain();
    let mut session = Session::echo(&repo);
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{ "id" : "a-1", "result" : {"n": 1.0e+2, "big": 123456789012345678901234567890, "s": "\u00e9\/" } }"#,
        r#"{"method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#,
        r#"{"id":1,"method":"tools/call","params":{"name":"list","arguments":{"path":"src"}}}"#,
        r#"{"id":1,"method":"tools/list"}"#,
        r#"[{"id":2,"method":"ping"},{"method":"notifications/initialized"}]"#,
        "half a {\"mess",
        "",
        "  ",
        "null",
        r#"{"id":9,"method":"sampling/createMessage","params":{"messages":[]}}"#,
        "\r",
    ] {
        assert_eq!(session.send(line).hears(), line);
    }
    assert_eq!(session.end(), (String::new(), 0));
}

#[test]
fn bytes_that_are_no_utf_8_and_a_last_line_without_an_end_pass_too() {
    let repo = Repo::plain();
    let sent = b"{\"id\":1,\"result\":\"\xff\xfe\"}\n\xc3\x28\0\n{\"id\":2";
    let mut child = started(&repo, &[], &["--", "/bin/cat"]);
    child.stdin.take().unwrap().write_all(sent).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, sent);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_without_a_credential_come_through_both_ways(
        lines in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            ".{0,80}".prop_map(String::into_bytes),
            (any::<i64>(), ".{0,40}").prop_map(|(id, text)| json!({"id": id, "result": {"t": text}}).to_string().into_bytes()),
            ("[a-z/]{1,20}", ".{0,40}").prop_map(|(method, text)| json!({"method": method, "params": [text]}).to_string().into_bytes()),
        ], 0..60),
    ) {
        let repo = Repo::plain();
        let sent = lines.join(&b"\n"[..]);
        let mut child = started(&repo, &[], &["--", "/bin/cat"]);
        let mut input = child.stdin.take().unwrap();
        let bytes = sent.clone();
        let writer = std::thread::spawn(move || input.write_all(&bytes));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        prop_assert_eq!(output.stdout, sent);
    }
}

#[test]
fn a_credential_in_an_answer_is_masked_wherever_it_stands_and_nothing_else_changes() {
    let repo = Repo::plain();
    let secret = token(&repo, 1);
    let coded = repo.plant(BASE64.encode(format!("# settings\nTOKEN={secret}\n").as_bytes()));
    let hidden = "[github-pat hidden by leakcoach]";
    for (sent, heard) in [
        (
            format!(
                r#"{{"id":1,"result":{{"content":[{{"type":"text","text":"a \n {secret} b"}}]}}}}"#
            ),
            format!(
                r#"{{"id":1,"result":{{"content":[{{"type":"text","text":"a \n {hidden} b"}}]}}}}"#
            ),
        ),
        (
            format!(
                r#"{{ "id":"x","result":{{"structuredContent":{{"deep":[{{"token":"{secret}"}}],"n":1.50}}}}}}"#
            ),
            format!(
                r#"{{ "id":"x","result":{{"structuredContent":{{"deep":[{{"token":"{hidden}"}}],"n":1.50}}}}}}"#
            ),
        ),
        (
            format!(
                r#"{{"id":1,"result":{{"contents":[{{"uri":"file:///a","text":"\u0041 {secret}"}}]}}}}"#
            ),
            format!(
                r#"{{"id":1,"result":{{"contents":[{{"uri":"file:///a","text":"\u0041 {hidden}"}}]}}}}"#
            ),
        ),
        (
            format!(
                r#"{{"id":1,"result":{{"messages":[{{"role":"user","content":{{"type":"text","text":"{secret}"}}}}]}}}}"#
            ),
            format!(
                r#"{{"id":1,"result":{{"messages":[{{"role":"user","content":{{"type":"text","text":"{hidden}"}}}}]}}}}"#
            ),
        ),
        (
            format!(
                r#"{{"id":1,"error":{{"code":-1,"message":"no such {secret}","data":["{secret}"]}}}}"#
            ),
            format!(
                r#"{{"id":1,"error":{{"code":-1,"message":"no such {hidden}","data":["{hidden}"]}}}}"#
            ),
        ),
        (
            format!(
                r#"{{"method":"notifications/message","params":{{"level":"info","data":"{secret}"}}}}"#
            ),
            format!(
                r#"{{"method":"notifications/message","params":{{"level":"info","data":"{hidden}"}}}}"#
            ),
        ),
        (format!("starting with {secret}"), format!("starting with {hidden}")),
        (
            format!(r#"{{"id":1,"result":{{"{secret}":1}}}}"#),
            format!(r#"{{"id":1,"result":{{"{hidden}":1}}}}"#),
        ),
    ] {
        repo.write("answer", &format!("{sent}\n"));
        let session = Session::with(&repo, "cat answer; cat > /dev/null");
        assert_eq!(session.hears(), heard);
        let (errors, code) = session.end();
        assert!(errors.contains("hidden in a message of fake") && code == 0, "{errors}");
    }
    repo.write(
        "answer",
        &format!("{}\n", json!({"id": 1, "result": {"contents": [{"blob": coded}]}})),
    );
    let session = Session::with(&repo, "cat answer; cat > /dev/null");
    let blob = session.json()["result"]["contents"][0]["blob"].as_str().unwrap().to_owned();
    let text = String::from_utf8(BASE64.decode(blob.as_bytes()).unwrap()).unwrap();
    assert_eq!(text, format!("# settings\nTOKEN={hidden}\n"));
}

#[test]
fn a_credential_in_two_colours_is_masked_as_one() {
    let repo = Repo::plain();
    let secret = token(&repo, 3);
    let (start, end) = secret.split_at(12);
    let mut session = Session::echo(&repo);
    let text = format!("\u{1b}[31m{start}\u{1b}[m{end}");
    let heard = session.says(&json!({"id": 1, "result": {"text": text}})).hears();
    assert!(heard.contains("[github-pat hidden by leakcoach]") && !heard.contains(end), "{heard}");
}

#[test]
fn a_value_that_only_its_name_tells_is_masked_in_structured_content() {
    let repo = Repo::plain();
    let value = repo.plant(expand("{base62:32}", 5).unwrap());
    let answer =
        json!({"id": 1, "result": {"structuredContent": {"db_password": value, "host": "db"}}});
    repo.write("answer", &format!("{answer}\n"));
    let session = Session::with(&repo, "cat answer; cat > /dev/null");
    let answer = session.json();
    assert_eq!(answer["result"]["structuredContent"]["host"], "db");
}

#[test]
fn what_the_server_was_given_in_its_environment_is_masked_in_any_form() {
    let repo = Repo::plain();
    let value = repo.plant("correct-horse-Battery9".to_owned());
    let _coded = repo.plant(BASE64.encode(value.as_bytes()));
    repo.write("server.sh", "printf '{\"id\":1,\"result\":\"%s %s\"}\\n' \"$SHOP_TOKEN\" \"$(printf %s \"$SHOP_TOKEN\" | base64)\"; cat > /dev/null");
    let child = started(&repo, &[("SHOP_TOKEN", &value)], &["--", "/bin/sh", "server.sh"]);
    let session = Session::of(&repo, child);
    assert!(session.hears().contains("[$SHOP_TOKEN hidden by leakcoach]"));
}

#[test]
fn standard_error_is_passed_on_masked_and_the_exit_code_is_the_servers() {
    let repo = Repo::plain();
    let secret = token(&repo, 2);
    let session = Session::with(&repo, &format!("echo 'up {secret}' >&2; exit 7"));
    let (errors, code) = session.end();
    assert_eq!((errors.as_str(), code), ("up [hidden github-pat]\n", 7));
}

#[test]
fn a_call_with_a_credential_is_refused_and_does_not_reach_the_server() {
    let repo = Repo::plain();
    let secret = token(&repo, 3);
    let mut session = Session::echo(&repo);
    for id in [json!(1), json!("one"), json!(1)] {
        let answer = session
            .says(&call(id.clone(), "post_message", &json!({"text": format!("see {secret}")})))
            .json();
        assert_eq!(answer["id"], id);
        let words = refusal(&answer);
        for part in
            ["[github-pat]", "Instead:", "Do not print", "leakcoach approve --agent generic"]
        {
            assert!(words.contains(part), "no {part} in {words}");
        }
    }
    // Escaped, as a key, beside the arguments, in the name: it is seen.
    let escaped: Vec<String> = secret.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let escaped = escaped.concat();
    let raw = format!(
        r#"{{"id":1,"method":"tools\/call","params":{{"name":"x","arguments":{{"a":"{escaped}"}}}}}}"#
    );
    refusal(&session.send(&raw).json());
    refusal(&session.says(&call(1, "x", &json!({(secret.clone()): 1}))).json());
    refusal(&session.says(&call(1, &secret, &json!({}))).json());
    refusal(&session.says(&json!({"id": 1, "method": "tools/call", "params": {"name": "x", "_meta": {"k": secret}}})).json());
    assert_eq!(session.says(&json!({"id": 1, "method": secret})).json()["error"]["code"], -32099);
    // A call without an id has no answer; what comes next passes.
    session.says(
        &json!({"method": "tools/call", "params": {"name": "x", "arguments": {"a": secret}}}),
    );
    assert_eq!(session.send("{}").hears(), "{}");
    assert!(session.end().0.contains("not passed on: tools/call to fake"));
}

#[test]
fn stores_of_credentials_are_refused_and_an_approval_lets_one_through() {
    let repo = Repo::plain();
    let mut session = Session::echo(&repo);
    let words = session.says(&call(1, "read_file", &json!({"path": ".env"}))).json();
    assert!(refusal(&words).contains("[env-file]"));
    let read = json!({"id": 2, "method": "resources/read", "params": {"uri": "file:///home/me/.aws/credentials"}});
    let answer = session.says(&read).json();
    assert!(answer["error"]["message"].as_str().unwrap().contains("[aws-credentials]"));
    refusal(&session.says(&call(3, "run", &json!({"command": "cat ~/.ssh/id_rsa"}))).json());

    repo.write(".leakcoach.toml", "[[agents.allow]]\nscope = 'env-file:.env.test'\n");
    repo.commit_unchecked("policy");
    let mut session = Session::echo(&repo);
    let read = call(1, "read_file", &json!({"path": ".env.test"})).to_string();
    assert_eq!(session.send(&read).hears(), read);
}

#[test]
fn a_tool_of_high_impact_is_confirmed_by_a_person() {
    let repo = Repo::plain();
    let mut session = Session::echo(&repo);
    session.says(&initialize(&json!({"elicitation": {}}))).hears();
    let deletes = r#"{ "id":5,"method":"tools/call","params":{"name":"delete_repository","arguments":{"name":"shop"}}}"#;

    let asked = session.send(deletes).json();
    assert_eq!(asked["method"], "elicitation/create");
    let message = asked["params"]["message"].as_str().unwrap();
    assert!(
        message.contains("`delete_repository` of fake") && message.contains("shop"),
        "{message}"
    );
    assert_eq!(asked["params"]["requestedSchema"]["required"], json!(["confirm"]));
    let yes =
        json!({"id": asked["id"], "result": {"action": "accept", "content": {"confirm": true}}});
    assert_eq!(session.says(&yes).hears(), deletes);

    for no in [
        json!({"result": {"action": "decline"}}),
        json!({"result": {"action": "cancel"}}),
        json!({"result": {"action": "accept", "content": {"confirm": false}}}),
        json!({"error": {"code": -1, "message": "no"}}),
    ] {
        let asked = session.send(deletes).json();
        let mut answer = no.clone();
        answer["id"] = asked["id"].clone();
        let refused = session.says(&answer).json();
        assert_eq!(refused["id"], 5);
        assert!(refusal(&refused).contains("The person said no"));
        // An answer counts once.
        session.says(&answer);
        assert_eq!(session.send("{}").hears(), "{}");
    }
}

#[test]
fn a_question_is_taken_back_with_its_call() {
    let repo = Repo::plain();
    let mut session = Session::echo(&repo);
    session.says(&initialize(&json!({"elicitation": {"form": {}}}))).hears();
    let asked = session.says(&call("c", "deploy_app", &json!({}))).json();
    session.says(&json!({"method": "notifications/cancelled", "params": {"requestId": "c"}}));
    let back = session.json();
    assert_eq!(
        (&back["method"], &back["params"]["requestId"]),
        (&json!("notifications/cancelled"), &asked["id"])
    );
    session.says(
        &json!({"id": asked["id"], "result": {"action": "accept", "content": {"confirm": true}}}),
    );
    // Of another call it is the server's.
    let other = r#"{"method":"notifications/cancelled","params":{"requestId":"d"}}"#;
    assert_eq!(session.send(other).hears(), other);
}

#[test]
fn without_a_way_to_ask_it_is_no_and_the_configuration_can_name_tools() {
    let repo = Repo::plain();
    repo.write(".leakcoach.toml", "[agents]\nconfirm = ['mcp__fake__write_*']\n");
    let mut session = Session::echo(&repo);
    session.says(&initialize(&json!({"elicitation": {"url": {}}}))).hears();
    let answer = session.says(&call(1, "publish_package", &json!({}))).json();
    let words = refusal(&answer);
    assert!(
        words.contains("[high-impact-tool]") && words.contains("no way to ask a person"),
        "{words}"
    );
    assert!(
        refusal(&session.says(&call(1, "Write_File", &json!({}))).json())
            .contains("[agents.confirm]")
    );
}

#[test]
fn a_client_of_2026_is_asked_by_a_result_and_calls_again() {
    let repo = Repo::plain();
    let mut session = Session::echo(&repo);
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}});
    let params = |more: &Value| {
        let mut params =
            json!({"name": "delete_app", "arguments": {"name": "shop"}, "_meta": meta});
        for (name, value) in more.as_object().unwrap() {
            params[name] = value.clone();
        }
        params
    };
    let request =
        |id: u64, more: &Value| json!({"id": id, "method": "tools/call", "params": params(more)});
    let asked = session.says(&request(1, &json!({}))).json();
    assert_eq!(
        (&asked["id"], &asked["result"]["resultType"]),
        (&json!(1), &json!("input_required"))
    );
    let state = asked["result"]["requestState"].clone();
    assert_eq!(asked["result"]["inputRequests"]["leakcoach"]["method"], "elicitation/create");

    let yes = json!({"leakcoach": {"action": "accept", "content": {"confirm": true}}});
    let passed =
        session.says(&request(2, &json!({"inputResponses": yes, "requestState": state}))).json();
    assert_eq!(passed, request(2, &json!({})));
    // The state is worth one call.
    let again =
        session.says(&request(3, &json!({"inputResponses": yes, "requestState": state}))).json();
    refusal(&again);

    let asked = session.says(&request(4, &json!({}))).json();
    let no = json!({"leakcoach": {"action": "decline"}});
    let state = asked["result"]["requestState"].clone();
    let refused =
        session.says(&request(5, &json!({"inputResponses": no, "requestState": state}))).json();
    assert_eq!(refused["result"]["resultType"], "complete");
    refusal(&refused);
}

#[test]
fn a_batch_runs_as_a_whole_or_not_at_all() {
    let repo = Repo::plain();
    let secret = token(&repo, 4);
    let mut session = Session::echo(&repo);
    let fine = json!([call(1, "list", &json!({})), {"method": "notifications/x"}]).to_string();
    assert_eq!(session.send(&fine).hears(), fine);
    let batch = json!([call(1, "list", &json!({})), call(2, "post", &json!({"t": secret})), {"id": 3, "method": "ping"}]);
    let answers = session.says(&batch).json();
    assert_eq!(answers.as_array().unwrap().len(), 3);
    assert!(refusal(&answers[0]).contains("not run"));
    assert!(refusal(&answers[1]).contains("[github-pat]"));
    assert_eq!(answers[2]["id"], 3);
    let two = format!("{} {}", call(1, "list", &json!({})), call(2, "delete_all", &json!({})));
    assert!(session.send(&two).hears().contains("high-impact-tool"));
}

#[test]
fn what_leaves_by_an_answer_of_the_client_is_masked() {
    let repo = Repo::plain();
    let secret = token(&repo, 6);
    let mut session = Session::echo(&repo);
    let sampled = json!({"id": "s", "result": {"role": "assistant", "content": {"type": "text", "text": secret}}});
    let heard = session.says(&sampled).json();
    assert_eq!(heard["result"]["content"]["text"], "[github-pat hidden by leakcoach]");
    // A request to the server is refused instead.
    let get = json!({"id": 8, "method": "prompts/get", "params": {"name": "p", "arguments": {"a": secret}}});
    let answer = session.says(&get).json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(8), &json!(-32099)));
    let other = json!({"id": 9, "method": "x/y", "params": {"a": secret}});
    assert!(
        session.says(&other).json()["error"]["message"].as_str().unwrap().contains("github-pat")
    );
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    let repo = Repo::plain();
    let mut session = Session::echo(&repo);
    let twice = r#"{"id":1,"method":"ping","method":"tools/call","params":{"name":"delete_x"}}"#;
    assert!(session.send(twice).hears().contains("a member twice"));
    let twice = r#"{"id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":1,"A":2}}}"#;
    assert!(session.send(twice).hears().contains("a member twice"));
    let half = r#"{"id":1,"method":"tools/call","params":{"name":"x""#;
    let answer = session.send(half).json();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32700)));
    let other = r#"{"ID":1,"METHOD":"tools/call","params":{"NAME":"delete_x"}}"#;
    refusal(&session.send(other).json());
    // What a server could take for arguments is judged wherever it stands.
    let list = r#"{"id":1,"method":"tools/call","params":["x",{"command":"cat .env"}]}"#;
    refusal(&session.send(list).json());
    let nan = r#"{"id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":NaN}}}"#;
    assert!(refusal(&session.send(nan).json()).contains("could not check"));
}

#[test]
fn a_line_that_is_too_long_is_refused_by_name_in_both_directions() {
    let repo = Repo::plain();
    let long = 40 << 20;
    let mut child = started(&repo, &[], &["--name", "fake", "--", "/bin/cat"]);
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        input.write_all(br#"{"params":{"name":"x","arguments":{"t":""#).unwrap();
        let part = vec![b'x'; 1 << 20];
        for _ in 0..long >> 20 {
            input.write_all(&part).unwrap();
        }
        input.write_all(b"\"}},\"method\":\"tools/call\",\"id\":77}\n{}\n").unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let answer: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(answer["id"], 77);
    assert!(refusal(&answer).contains("40 MiB long"), "{answer}");
    assert_eq!(lines.next(), Some("{}"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("not passed on"));

    let script = "printf '{\"result\":\"'; head -c 41943040 /dev/zero | tr '\\0' x; printf '\",\"id\":\"r\"}\\n{}\\n'; cat > /dev/null";
    let session = Session::with(&repo, script);
    let answer = session.json();
    assert_eq!(answer["id"], "r");
    assert!(answer["error"]["message"].as_str().unwrap().contains("40 MiB long"));
    assert_eq!(session.hears(), "{}");
}

#[test]
fn a_server_that_never_answers_holds_up_nothing_and_ends_with_its_client() {
    let repo = Repo::plain();
    let mut session = Session::with(&repo, "cat > /dev/null");
    session.says(&call(1, "list", &json!({})));
    assert!(session.lines.recv_timeout(Duration::from_millis(300)).is_err());
    let refused = session.says(&call(2, "delete_x", &json!({}))).json();
    assert_eq!(refused["id"], 2);
    assert_eq!(session.end().1, 0);
}

#[test]
fn signals_reach_the_server_and_its_end_ends_the_guard() {
    let repo = Repo::plain();
    let mut session =
        Session::with(&repo, "trap 'exit 9' TERM; echo '{}'; while :; do sleep 0.05; done");
    session.hears();
    let pid = rustix::process::Pid::from_raw(i32::try_from(session.child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let started = Instant::now();
    assert_eq!(session.child.wait().unwrap().code(), Some(9));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_cannot_be_run_is_named() {
    let repo = Repo::plain();
    repo.leakcoach(&["mcp", "--", "leakcoach-is-not-here"]).ends_with_code(127).says("cannot run");
    repo.leakcoach(&["mcp"]).ends_with_code(2).says("no server");
    repo.write(".leakcoach.toml", "[agents]\nfial = 1\n");
    repo.leakcoach(&["mcp", "--", "/bin/cat"]).ends_with_code(2).says("unknown key");
}

#[test]
fn what_was_hidden_and_refused_is_recorded() {
    let repo = Repo::plain();
    let secret = token(&repo, 9);
    repo.write("answer", &format!("{}\n", json!({"id": 1, "result": secret})));
    repo.write("server.sh", "cat answer; cat > /dev/null");
    let child = started(
        &repo,
        &[("LEAKCOACH_RECORD", "on")],
        &["--name", "fake", "--", "/bin/sh", "server.sh"],
    );
    let mut session = Session::of(&repo, child);
    session.hears();
    session.says(&call(1, "delete_x", &json!({}))).hears();
    session.end();
    let shown =
        repo.leakcoach_with(&[("LEAKCOACH_RECORD", "on")], &["audit", "show", "--because", "test"]);
    shown.accepted();
    for part in ["github-pat", "logged", "high-impact-tool", "mcp__fake__delete_x"] {
        assert!(shown.text().contains(part), "no {part} in {}", shown.text());
    }
}

#[cfg(feature = "mcp")]
mod serve {
    use super::*;

    fn asked<'a>(repo: &'a Repo, tool: &str, arguments: &Value) -> (Session<'a>, Value) {
        let mut session = Session::of(repo, started(repo, &[], &["serve"]));
        session.says(&initialize(&json!({}))).hears();
        session.says(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        let answer = session.says(&call(1, tool, arguments)).json();
        (session, answer)
    }

    #[test]
    fn a_text_is_checked_and_given_back_masked() {
        let repo = Repo::plain();
        let secret = token(&repo, 1);
        let (mut session, answer) =
            asked(&repo, "check_text", &json!({"text": format!("a\nkey {secret}\n")}));
        let answer = &answer["result"]["structuredContent"];
        assert_eq!(answer["clean"], false);
        assert_eq!(
            (&answer["findings"][0]["rule"], &answer["findings"][0]["line"]),
            (&json!("github-pat"), &json!(2))
        );
        assert_eq!(answer["masked"], "a\nkey [github-pat hidden by leakcoach]\n");
        let clean = session.says(&call(2, "check_text", &json!({"text": "hello"}))).json();
        assert_eq!(clean["result"]["structuredContent"]["clean"], true);
        let long =
            session.says(&call(3, "check_text", &json!({"text": "x".repeat(2 << 20)}))).json();
        assert!(refusal(&long).contains("larger than 1 MiB"));
        let listed =
            session.says(&json!({"jsonrpc": "2.0", "id": 4, "method": "tools/list"})).json();
        assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 3);
        assert_eq!(session.end(), (String::new(), 0));
    }

    #[test]
    fn a_rule_is_explained_and_one_that_is_none_is_told() {
        let repo = Repo::plain();
        let (mut session, answer) = asked(&repo, "explain_rule", &json!({"rule": "github-pat"}));
        assert!(answer["result"]["structuredContent"]["text"].as_str().unwrap().contains("revoke"));
        let unknown = session.says(&call(2, "explain_rule", &json!({"rule": "github-pta"}))).json();
        assert!(refusal(&unknown).contains("no rule or finding"));
        refusal(&session.says(&call(3, "explain_rule", &json!({"rule": "--help"}))).json());
        refusal(&session.says(&call(3, "explain_rule", &json!({"rule": "../x"}))).json());
    }

    #[test]
    #[cfg(feature = "fix")]
    fn a_fix_is_proposed_and_nothing_written() {
        let repo = Repo::plain();
        let text = format!("TOKEN = \"{}\"\n", token(&repo, 3));
        repo.write("app.py", &text);
        repo.git(&["add", "app.py"]).accepted();
        let (mut session, answer) = asked(&repo, "propose_fix", &json!({"finding": "app.py"}));
        let proposal = &answer["result"]["structuredContent"]["proposals"][0];
        assert!(
            proposal["changes"][0]["diff"].as_str().unwrap().contains("os.environ"),
            "{answer}"
        );
        assert_eq!(std::fs::read_to_string(repo.top().join("app.py")).unwrap(), text);
        refusal(&session.says(&call(2, "propose_fix", &json!({"finding": "/etc/passwd"}))).json());
        refusal(&session.says(&call(2, "propose_fix", &json!({"finding": "--yes"}))).json());
    }
}

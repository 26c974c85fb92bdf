//! What is recorded goes on to others: against receivers on this machine that behave, and
//! misbehave, as their protocols' documents say.

use crate::harness::{Attempt, Repo};
use crate::loopback::{Server, answer};
use leakcoach::catalogue::sample::expand;
use leakcoach::record::{Deed, Event, Place, Record, What};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a server does with one request.
#[derive(Clone, Copy)]
enum Does {
    /// Answers with a status, headers and a body.
    Answers(u16, &'static str, &'static str),
    /// Reads it and ends the connection.
    Cuts,
}

const WELL: Does = Does::Answers(200, "", "{}");

/// A server that does as it is told, request by request, and well at the end of the list.
fn server(does: &[Does]) -> Server {
    server_at(0, does)
}

fn server_at(port: u16, does: &[Does]) -> Server {
    let mut does = does.to_vec();
    does.reverse();
    Server::at(port, move |_| match does.pop().unwrap_or(WELL) {
        Does::Answers(status, headers, body) => answer(status, headers, body),
        Does::Cuts => String::new(),
    })
}

/// The bodies of all requests.
fn bodies(server: &Server) -> Vec<Value> {
    let body = |request: &String| request.split_once("\r\n\r\n").unwrap().1.to_owned();
    server.asked().iter().map(|request| serde_json::from_str(&body(request)).unwrap()).collect()
}

fn shown(at: i64) -> Event {
    let what = What::Shown {
        deed: Deed::Commit,
        rule: "github-pat".to_owned(),
        finding: Some(format!("finding{at}")),
        role: "source".to_owned(),
        exposure: "staged".to_owned(),
        severity: "critical".to_owned(),
        confidence: "proven".to_owned(),
        verdict: "block".to_owned(),
        brief: false,
    };
    event(at, what)
}

fn event(at: i64, what: What) -> Event {
    let all = serde_json::json!({ "at": at, "actor": "person", "repository": "0011223344556677" });
    let mut whole = serde_json::to_value(what).unwrap();
    whole.as_object_mut().unwrap().extend(all.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

/// A person with so many events on record and this configuration.
fn person(events: usize, config: &str) -> Repo {
    let repo = Repo::plain();
    let events: Vec<Event> = (1_763_751_600..).take(events).map(shown).collect();
    record(&repo, &events);
    configure(&repo, config);
    repo
}

fn record(repo: &Repo, events: &[Event]) {
    let folder = repo.home().join(".local/state/leakcoach");
    let place = Place { folder, keyring: None, anchor: None, patience: Duration::from_secs(20) };
    let _kept = Record::open(place).unwrap().append(events).unwrap();
}

fn configure(repo: &Repo, config: &str) {
    let folder = repo.home().join(".config/leakcoach");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
}

fn sink(to: &str, more: &str) -> String {
    format!("[[sinks]]\nname = 'siem'\nto = '{to}'\n{more}\n")
}

fn send(repo: &Repo, args: &[&str]) -> Attempt {
    repo.leakcoach_with(&[("LEAKCOACH_RECORD", "on")], &[&["send"], args].concat())
}

/// The ids of all records in requests of OTLP.
fn uids(bodies: &[Value]) -> Vec<String> {
    let records = |body: &Value| {
        let records = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
        records.as_array().unwrap().clone()
    };
    let uid = |record: Value| {
        let all = record["attributes"].as_array().unwrap().clone();
        let uid = all.iter().find(|one| one["key"] == "log.record.uid").unwrap();
        uid["value"]["stringValue"].as_str().unwrap().to_owned()
    };
    bodies.iter().flat_map(records).map(uid).collect()
}

fn unique(ids: &[String]) -> usize {
    ids.iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn an_event_arrives_at_a_collector_once() {
    let server = server(&[]);
    let address = format!("address = '{}'", server.address);
    let repo = person(3, &sink("otlp", &address));

    send(&repo, &[]).accepted().says("siem: 3 events sent");
    send(&repo, &[]).accepted().says("siem: 0 events sent");
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "an empty request is none");
    assert!(asked[0].starts_with("POST /v1/logs HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].to_lowercase().contains("content-type: application/json"));
    assert_eq!(unique(&uids(&bodies(&server))), 3);
}

#[test]
fn what_is_asked_again_later_is_sent_again_and_arrives_once() {
    let busy = Does::Answers(429, "retry-after: 1\r\n", "");
    let down = Does::Answers(503, "", "");
    for first in [busy, down, Does::Answers(502, "", ""), Does::Cuts] {
        let server = server(&[first]);
        let address = format!("address = '{}'", server.address);
        let repo = person(2, &sink("otlp", &address));

        send(&repo, &[]).accepted().says("siem: 2 events sent");
        let ids = uids(&bodies(&server));
        assert_eq!((server.asked().len(), ids.len(), unique(&ids)), (2, 4, 2), "the same ids");
    }
}

#[test]
fn what_a_person_has_to_mend_is_said_once_and_kept() {
    for (status, headers) in [(401, ""), (404, ""), (302, "location: http://127.0.0.1:1/\r\n")] {
        let server = server(&[Does::Answers(status, headers, "")]);
        let address = format!("address = '{}'", server.address);
        let repo = person(1, &sink("otlp", &address));

        send(&repo, &[])
            .ends_with_code(3)
            .says(&format!("the rest was not sent: it answered {status}"))
            .says("stays in the record");
        assert_eq!(server.asked().len(), 1);
        send(&repo, &["--status"]).accepted().says("siem (otlp): 0 sent, 0 refused, 1 waiting");
        send(&repo, &[]).accepted().says("siem: 1 event sent");
    }
}

#[test]
fn what_a_receiver_did_not_keep_is_told_and_not_sent_again() {
    let partial = "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\",\"errorMessage\":\"no\"}}";
    let server = server(&[Does::Answers(200, "", partial)]);
    let address = format!("address = '{}'", server.address);
    let repo = person(3, &sink("otlp", &address));

    send(&repo, &[]).ends_with_code(3).says("siem: 2 events sent").says("1 event refused");
    send(&repo, &[]).accepted().says("0 events sent");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_receiver_that_restarts_in_the_middle_has_each_event_once_by_its_id() {
    // Messages for people have twenty events each: fifty are three requests.
    let more = "format = 'plain'\naddress = 'http://127.0.0.1:";
    let server = server(&[WELL, Does::Cuts, Does::Cuts, Does::Cuts, Does::Cuts]);
    let repo = person(250, &sink("webhook", &format!("{more}{}'", server.port)));

    send(&repo, &[]).ends_with_code(3).says("siem: 100 events sent");
    let ids = |bodies: &[Value]| -> Vec<String> {
        let events = bodies.iter().flat_map(|body| body["events"].as_array().unwrap().clone());
        events.map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = ids(&bodies(&server));
    send(&repo, &[]).accepted().says("siem: 150 events sent");
    let all = ids(&bodies(&server));
    assert_eq!(unique(&all), 250, "each arrived");
    let after: BTreeSet<&String> = all[before.len()..].iter().collect();
    assert!(before[..100].iter().all(|id| !after.contains(id)), "what was confirmed came again");
    // The request that was cut off has the same name each time.
    let names: Vec<String> = bodies(&server).iter().map(|body| body["batch"].to_string()).collect();
    assert_eq!((names[1] == names[2], names[1] == names[5]), (true, true));
}

#[test]
fn nothing_goes_to_who_cannot_prove_who_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
    let ear = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap_or_default();
            ear.lock().unwrap().extend_from_slice(&buffer[..read]);
            let _gone = stream.write_all(b"HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n");
        }
    });
    for (to, address) in [("otlp", "https"), ("syslog", "tls")] {
        let repo = person(1, &sink(to, &format!("address = '{address}://127.0.0.1:{port}'")));
        send(&repo, &[])
            .ends_with_code(3)
            .says("could not be told to be who it says it is (TLS)")
            .says("0 events sent");
    }
    let heard = heard.lock().unwrap().clone();
    assert!(!heard.is_empty() && !String::from_utf8_lossy(&heard).contains("github-pat"));

    let repo = person(1, "");
    configure(&repo, &sink("otlp", "address = 'http://collector.example:4318'"));
    send(&repo, &[]).ends_with_code(3).says("plain http would carry events in the clear");
}

#[test]
fn a_token_comes_from_a_variable_or_a_program_and_is_shown_nowhere() {
    let server = server(&[]);
    let address = format!("address = '{}'", server.address);
    let repo = person(1, &sink("otlp", &format!("{address}\nvariable = 'SIEM_TOKEN'")));
    send(&repo, &[]).ends_with_code(3).says("nothing was sent: the variable SIEM_TOKEN is not set");

    let token = repo.plant(expand("{base62:24}", 5).unwrap());
    let variables = [("LEAKCOACH_RECORD", "on"), ("SIEM_TOKEN", token.as_str())];
    repo.leakcoach_with(&variables, &["send"]).accepted().says("1 event sent");
    let bearer = format!("authorization: bearer {}", token.to_lowercase());
    assert!(server.asked()[0].to_lowercase().contains(&bearer));

    let file = repo.home().join("token");
    fs::write(&file, format!("{token}\n")).unwrap();
    let program = format!("command = ['cat', '{}']\nheader = 'X-Api-Key'", file.display());
    configure(&repo, &sink("otlp", &format!("{address}\n{program}")));
    record(&repo, &[shown(1_763_760_000)]);
    send(&repo, &[]).accepted().says("1 event sent");
    let key = format!("x-api-key: {token}").to_lowercase();
    assert!(server.asked()[1].to_lowercase().contains(&key));

    configure(&repo, &sink("otlp", &format!("{address}\ncommand = ['false']")));
    send(&repo, &[]).ends_with_code(3).says("the command that tells its secret failed");
    let state = fs::read_to_string(repo.home().join(".local/state/leakcoach/send/siem.json"));
    repo.holds_back(&state.unwrap());
}

#[test]
fn the_address_of_a_webhook_is_a_secret_and_stays_one() {
    let server = server(&[]);
    let repo = person(2, &sink("webhook", "variable = 'HOOK'\nformat = 'slack'"));
    let part = repo.plant(expand("{base62:24}", 6).unwrap());
    let address = format!("http://127.0.0.1:{}/services/{part}?sig={part}", server.port);
    let variables = [("LEAKCOACH_RECORD", "on"), ("HOOK", address.as_str())];

    repo.leakcoach_with(&variables, &["send"]).accepted().says("2 events sent");
    assert!(server.asked()[0].starts_with(&format!("POST /services/{part}?sig={part} ")));
    let text = bodies(&server)[0]["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("leakcoach: 2 events\n"), "{text}");

    let wrong = [("LEAKCOACH_RECORD", "on"), ("HOOK", part.as_str())];
    record(&repo, &[shown(1_763_760_000)]);
    repo.leakcoach_with(&wrong, &["send"]).ends_with_code(3).says("its address");
}

/// What a daemon gets over a stream until its other side ends: the messages.
fn frames(stream: &mut TcpStream) -> Vec<String> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let (mut rest, mut found) = (&all[..], Vec::new());
    while let Some(blank) = rest.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&rest[..blank]).unwrap().parse().unwrap();
        let message = &rest[blank + 1..blank + 1 + length];
        found.push(String::from_utf8(message.to_vec()).unwrap());
        rest = &rest[blank + 1 + length..];
    }
    found
}

#[test]
fn a_syslog_daemon_that_dies_before_it_has_read_all_gets_it_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let daemon = std::thread::spawn(move || {
        // The first reads one byte and dies: unread bytes make that a reset.
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 1]).unwrap();
        drop(stream);
        let (mut stream, _) = listener.accept().unwrap();
        frames(&mut stream)
    });
    let repo = person(5, &sink("syslog", &format!("address = 'tcp://127.0.0.1:{port}'")));

    send(&repo, &[]).accepted().says("siem: 5 events sent");
    let messages = daemon.join().unwrap();
    assert_eq!(messages.len(), 5);
    assert!(messages[0].starts_with("<82>1 2025-11-21T19:00:00Z "), "{}", messages[0]);
    assert!(messages[4].contains("[meta sequenceId=\"5\"]"), "{}", messages[4]);
}

#[test]
fn udp_is_told_a_message_a_datagram() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let more = format!("address = 'udp://127.0.0.1:{port}'\nformat = 'ocsf'");
    let repo = person(2, &sink("syslog", &more));
    send(&repo, &[]).accepted();
    let mut buffer = [0; 4096];
    for number in 1..=2 {
        let length = socket.recv(&mut buffer).unwrap();
        assert!(length < 2048, "{length} bytes are more than every daemon takes");
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(text.contains(&format!("sequenceId=\"{number}\"")) && text.contains("200401"));
    }
}

fn lines(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_file_holds_each_event_once_even_when_the_cursor_was_lost() {
    let repo = person(4, &sink("file", "address = 'events.jsonl'\nformat = 'ecs'"));
    let file = repo.home().join(".config/leakcoach/events.jsonl");
    send(&repo, &[]).accepted().says("4 events sent");
    fs::remove_file(repo.home().join(".local/state/leakcoach/send/siem.json")).unwrap();
    record(&repo, &[shown(1_763_760_000)]);
    send(&repo, &[]).accepted().says("1 event sent");

    let events = lines(&file);
    assert_eq!(events.len(), 5);
    assert_eq!(events[0]["event"]["kind"], "alert");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn no_sink_is_told_a_credential_and_none_a_reason_that_may_not_know_it() {
    let repo = person(0, "");
    let secret = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 8).unwrap());
    let what = What::Overridden {
        deed: Deed::Commit,
        rule: "github-pat".to_owned(),
        finding: None,
        reason: format!("it is {secret} of ana"),
    };
    record(&repo, &[event(1_763_751_600, what)]);
    let sinks = ["internal", "restricted"].map(|class| {
        let more = format!("address = '{class}.jsonl'\nclass = '{class}'");
        sink("file", &more).replace("siem", class)
    });
    configure(&repo, &sinks.concat());
    send(&repo, &[]).accepted();

    let told = |class: &str| {
        let path = repo.home().join(format!(".config/leakcoach/{class}.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        repo.holds_back(&text);
        text
    };
    assert!(!told("internal").contains("ana"));
    assert!(told("restricted").contains("it is ghp_[36 bytes hidden] of ana"));
}

#[test]
fn a_repository_can_send_nothing_anywhere() {
    let server = server(&[]);
    let repo = person(1, "");
    let address = format!("address = '{}'", server.address);
    repo.write(".leakcoach.toml", &sink("webhook", &address));
    repo.git(&["add", "-A"]).accepted();

    repo.leakcoach(&["check"])
        .ends_with_code(2)
        .says(".leakcoach.toml:1: `sinks` counts in your own file and the organisation's");
    let asked = send(&repo, &[]);
    assert!(server.asked().is_empty(), "{}", asked.text());
}

#[test]
fn what_would_be_sent_can_be_looked_at() {
    let server = server(&[]);
    let address = format!("address = '{}'", server.address);
    let repo = person(2, &sink("webhook", &format!("{address}\nformat = 'ocsf'")));
    send(&repo, &["--dry-run"]).accepted().says("\"class_uid\":2004");
    assert!(server.asked().is_empty());
    let state = send(&repo, &["--status", "--format", "json"]).accepted().text();
    let state: Value = serde_json::from_str(&state).unwrap();
    assert_eq!((&state[0]["waiting"], &state[0]["sent"]), (&2.into(), &0.into()));
    send(&repo, &["other"]).ends_with_code(2).says("no sink is called `other`");
    // Who looked, and who was handed something, is on record.
    send(&repo, &[]).accepted();
    let on = [("LEAKCOACH_RECORD", "on")];
    repo.leakcoach_with(&on, &["audit", "show"])
        .accepted()
        .says("how show, to null".trim_end_matches(", to null"))
        .says("to siem")
        .says("why leakcoach send");
}

/// Waits until `path` has so many lines.
fn wait_for(path: &PathBuf, count: usize) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        let have = fs::read_to_string(path).map_or(0, |text| text.lines().count());
        if have >= count {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn after_a_hook_that_recorded_something_a_program_of_its_own_sends() {
    let repo = Repo::with_hook();
    let sinks = sink("file", "address = 'events.jsonl'");
    let file = repo.home().join(".config/leakcoach/events.jsonl");
    let on = [("LEAKCOACH_RECORD", "on")];
    let commit = |repo: &Repo| {
        repo.git(&["add", "-A"]).accepted();
        repo.git_with(&on, &["commit", "-q", "-m", "x"])
    };

    configure(&repo, &format!("{sinks}[send]\nafter-hooks = true\n"));
    repo.write("clean.txt", "nothing\n");
    commit(&repo).accepted().silent();
    let secret = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 9).unwrap());
    repo.write("app.py", &format!("token = \"{secret}\"\n"));
    commit(&repo).refused();
    assert!(wait_for(&file, 1), "nothing was sent");
    assert_eq!(lines(&file)[0]["kind"], "shown");

    // Without being asked for, nobody sends.
    configure(&repo, &sinks);
    commit(&repo).refused();
    send(&repo, &["--status"]).accepted().says("1 waiting");
}

#[test]
fn a_receiver_that_hangs_keeps_no_hook_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let repo = Repo::with_hook();
    let address = format!("address = 'http://127.0.0.1:{port}'");
    configure(&repo, &format!("{}[send]\nafter-hooks = true\n", sink("otlp", &address)));
    let secret = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 9).unwrap());
    repo.write("app.py", &format!("token = \"{secret}\"\n"));
    repo.git(&["add", "-A"]).accepted();

    let start = Instant::now();
    repo.git_with(&[("LEAKCOACH_RECORD", "on")], &["commit", "-q", "-m", "x"]).refused();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    // It did begin: somebody connects, and is never answered.
    listener.set_nonblocking(true).unwrap();
    let connected = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        listener.accept().is_ok()
    });
    assert!(connected);
}

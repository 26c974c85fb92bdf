//! Stores behind HTTP, served on loopback as their vendors document them.

use super::staged;
use crate::harness::{Attempt, Repo};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request: method, path with query, headers in lower case, body.
struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Value,
}

type Served = dyn FnMut(&Asked) -> Option<(u16, Value)> + Send;

/// Serves by `answer` for as long as the test lives; nothing is answered to `None`.
fn served(mut answer: Box<Served>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut unanswered: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming().flatten() {
            let asked = asked(&stream);
            let Some((status, body)) = answer(&asked) else {
                unanswered.push(stream);
                continue;
            };
            let body = body.to_string();
            let _gone = write!(
                &stream,
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

fn asked(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Asked { method, path, headers, body }
}

/// How a Vault behaves beside what its documentation says.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    /// It takes a value and says that it failed.
    Late,
    /// It takes no value.
    Refuses,
    /// It never answers a write.
    Hangs,
    /// It is KV version 1.
    Old,
}

/// KV version 2 with one secret, `shop`.
fn vault(mood: Mood, fields: Option<Value>) -> (String, Arc<Mutex<Option<Value>>>) {
    let kept = Arc::new(Mutex::new(fields));
    let store = Arc::clone(&kept);
    let address = served(Box::new(move |asked| {
        assert_eq!(asked.headers["x-vault-token"], "unreal");
        assert_eq!(asked.headers["x-vault-namespace"], "team");
        let mut store = store.lock().unwrap();
        let version = if mood == Mood::Old { "1" } else { "2" };
        Some(match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/v1/sys/internal/ui/mounts/secret") => {
                (200, json!({"data": {"type": "kv", "options": {"version": version}}}))
            }
            ("GET", "/v1/secret/data/work-tree") => match &*store {
                Some(fields) => {
                    (200, json!({"data": {"data": fields, "metadata": {"version": 3}}}))
                }
                None => (404, json!({"errors": []})),
            },
            ("POST" | "PATCH", "/v1/secret/data/work-tree") => {
                let new = &asked.body["data"];
                let name = "GITHUB_TOKEN";
                if mood == Mood::Refuses {
                    let value = new[name].as_str().unwrap();
                    return Some((403, json!({"errors": [format!("denied: {value}")]})));
                }
                let version = if store.is_some() { 3 } else { 0 };
                assert_eq!(asked.body["options"]["cas"], version);
                assert_eq!(asked.method == "PATCH", store.is_some());
                store.get_or_insert(json!({}))[name] = new[name].clone();
                match mood {
                    Mood::Late => (500, json!({"errors": ["lost"]})),
                    Mood::Hangs => return None,
                    Mood::Well | Mood::Refuses | Mood::Old => {
                        (200, json!({"data": {"version": 4}}))
                    }
                }
            }
            other => panic!("{other:?}"),
        })
    }));
    (address, kept)
}

fn put(repo: &Repo, address: &str, more: &[&str]) -> Attempt {
    let variables =
        [("VAULT_ADDR", address), ("VAULT_TOKEN", "unreal"), ("VAULT_NAMESPACE", "team")];
    let args = [&["vault", "--to", "vault", "--yes", "--time-limit", "2"], more].concat();
    repo.leakcoach_with(&variables, &args)
}

#[test]
fn a_vault_gets_the_field_and_keeps_the_others() {
    let (repo, value) = staged(30);
    let (address, kept) = vault(Mood::Well, None);
    put(&repo, &address, &[])
        .accepted()
        .says("read back and compared")
        .says("vault kv get -mount=secret -field=GITHUB_TOKEN work-tree");
    assert_eq!(kept.lock().unwrap().as_ref().unwrap()["GITHUB_TOKEN"], value);
    put(&repo, &address, &[]).accepted().says("already");

    let (address, kept) = vault(Mood::Well, Some(json!({"other": 1})));
    put(&repo, &address, &[]).accepted();
    let fields = kept.lock().unwrap().clone().unwrap();
    assert_eq!(fields, json!({"other": 1, "GITHUB_TOKEN": value}));

    let (address, kept) = vault(Mood::Well, Some(json!({"GITHUB_TOKEN": "another"})));
    put(&repo, &address, &[]).refused().says("another value");
    put(&repo, &address, &["--replace"]).accepted();
    assert_eq!(kept.lock().unwrap().as_ref().unwrap()["GITHUB_TOKEN"], value);
}

#[test]
fn a_vault_that_fails_leaves_no_doubt() {
    for (mood, code, says) in [
        (Mood::Late, 0, "stored, read back and compared"),
        (Mood::Hangs, 0, "stored, read back and compared"),
        (Mood::Refuses, 3, "only where it was"),
        (Mood::Old, 3, "no KV engine of version 2"),
    ] {
        let (repo, _) = staged(31);
        let (address, kept) = vault(mood, None);
        put(&repo, &address, &[]).ends_with_code(code).says(says);
        assert_eq!(kept.lock().unwrap().is_some(), code == 0);
    }
    let (repo, _) = staged(32);
    put(&repo, "http://127.0.0.1:1", &[]).ends_with_code(3).says("only where it was");
}

#[test]
fn no_value_is_sent_in_the_clear_or_to_a_server_that_nobody_vouches_for() {
    let (repo, _) = staged(33);
    put(&repo, "http://vault.example:8200", &[])
        .ends_with_code(3)
        .says("is not an https:// address")
        .says("only where it was");
    let variables = [
        ("VAULT_ADDR", "https://127.0.0.1:1"),
        ("VAULT_TOKEN", "unreal"),
        ("VAULT_SKIP_VERIFY", "true"),
    ];
    repo.leakcoach_with(&variables, &["vault", "--to", "vault", "--yes"])
        .ends_with_code(3)
        .says("CACERT");
}

#[test]
fn infisical_is_asked_by_its_documented_interface() {
    let (repo, value) = staged(34);
    repo.write(".infisical.json", r#"{"workspaceId": "p-1", "defaultEnvironment": "dev"}"#);
    let kept: Arc<Mutex<Option<String>>> = Arc::default();
    let store = Arc::clone(&kept);
    let address = served(Box::new(move |asked| {
        assert_eq!(asked.headers["authorization"], "Bearer unreal");
        let mut store = store.lock().unwrap();
        let path = asked.path.split('?').next().unwrap();
        assert_eq!(path, "/api/v4/secrets/GITHUB_TOKEN");
        Some(match (asked.method.as_str(), &*store) {
            ("GET", None) => (404, json!({"message": "not found"})),
            ("GET", Some(value)) => {
                assert!(asked.path.contains("projectId=p-1&environment=dev&secretPath=%2F"));
                (200, json!({"secret": {"secretValue": value}}))
            }
            ("POST", None) => {
                assert_eq!(asked.body["projectId"], "p-1");
                *store = asked.body["secretValue"].as_str().map(str::to_owned);
                (200, json!({"secret": {}}))
            }
            other => panic!("{other:?}"),
        })
    }));
    let variables = [("INFISICAL_API_URL", address.as_str()), ("INFISICAL_TOKEN", "unreal")];
    repo.leakcoach_with(&variables, &["vault", "--to", "infisical", "--yes"])
        .accepted()
        .says("infisical run --env=dev -- COMMAND");
    assert_eq!(kept.lock().unwrap().as_deref(), Some(value.as_str()));
}

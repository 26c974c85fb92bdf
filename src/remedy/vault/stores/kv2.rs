//! `HashiCorp` Vault and `OpenBao`, KV secrets engine version 2, over HTTP.
//!
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>,
//! <https://openbao.org/api-docs/secret/kv/kv-v2/>: a new secret is created by POST with
//! `cas` 0 (or the version that was deleted last), one that is there is patched, so that its
//! other fields stay and nothing that was written in between is lost. Address, token,
//! namespace and authority are those of the vendor's own program
//! (<https://developer.hashicorp.com/vault/docs/commands#environment-variables>).

use super::super::World;
use super::super::http::{Answer, Server};
use super::super::keep::{Found, Keeper, compare};
use super::super::mask::{Mask, percent};
use super::super::place::Place;
use super::super::recipe::text;
use super::super::run::{Line, Programs};
use super::super::store::Store;
use super::super::trouble::Trouble;
use crate::secret::Secret;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(in super::super) struct Kv2 {
    store: Store,
    server: Server,
    mount: String,
    path: String,
    /// The field of the secret.
    field: String,
}

/// What a server says of a secret.
enum State {
    /// None, or none any more; the last version's number.
    Gone(u64),
    /// This version, and its field as the value sees it.
    There(u64, Found),
}

impl Kv2 {
    pub(in super::super) fn open(place: &Place, world: &World) -> Result<Self, Trouble> {
        let own = if place.store == Store::Openbao { "BAO" } else { "VAULT" };
        // OpenBao's program reads the variables of Vault's too.
        let read = |name: &str| {
            world.text(&format!("{own}_{name}")).or_else(|| world.text(&format!("VAULT_{name}")))
        };
        let address = read("ADDR").ok_or_else(|| {
            Trouble::Unfit(format!("{own}_ADDR is not set: the address of the server"))
        })?;
        if read("SKIP_VERIFY").is_some_and(|value| value != "0" && value != "false") {
            let what = "SKIP_VERIFY is set, and no value is sent to a server that nobody vouches \
                        for: name its authority in CACERT instead";
            return Err(Trouble::Unfit(format!("{own}_{what}")));
        }
        let token = read("TOKEN").map(Zeroizing::new).or_else(|| kept_token(world));
        let token = token.ok_or_else(|| {
            let program = program(place.store);
            Trouble::Unfit(format!("not logged in: {own}_TOKEN is not set; run `{program} login`"))
        })?;
        let authority = if world.text(&format!("{own}_CACERT")).is_some() { own } else { "VAULT" };
        let mut server = Server::new(&address, &format!("{authority}_CACERT"), world)?
            .header("x-vault-token", Secret::new(token.trim().as_bytes()))
            .header("x-vault-request", Secret::new(b"true"));
        if let Some(namespace) = read("NAMESPACE") {
            server = server.header("x-vault-namespace", Secret::new(namespace.as_bytes()));
        }
        let whole = place.path("secret/{repo}");
        let (mount, path) = match (place.key("mount"), whole.split_once('/')) {
            (Some(mount), _) => (mount.to_owned(), whole),
            (None, Some((mount, path))) => (mount.to_owned(), path.to_owned()),
            (None, None) => ("secret".to_owned(), whole),
        };
        let (mount, path) = (mount.trim_matches('/').to_owned(), path.trim_matches('/').to_owned());
        Ok(Self { store: place.store, server, mount, path, field: place.name.clone() })
    }

    /// The API's path of the secret.
    fn data(&self) -> String {
        let coded = |path: &str| {
            path.split('/').map(|part| percent(part.as_bytes())).collect::<Vec<_>>().join("/")
        };
        format!("/v1/{}/data/{}", coded(&self.mount), coded(&self.path))
    }

    /// In version 1 of the engine, a path with `data` in it would be another secret.
    fn is_version_2(&self, programs: &Programs, mask: &Mask) -> Result<(), Trouble> {
        let path = format!("/v1/sys/internal/ui/mounts/{}", percent(self.mount.as_bytes()));
        let answer = self.server.send(programs, ("GET", &path), None)?;
        let json = answer.json();
        let of = |pointer: &str| json.as_ref().and_then(|json| json.pointer(pointer)?.as_str());
        match (answer.status, of("/data/type"), of("/data/options/version")) {
            (200, Some("kv"), Some("2")) => Ok(()),
            (200, ..) => Err(Trouble::Unfit(format!(
                "`{}` is no KV engine of version 2: name another by `mount`",
                self.mount
            ))),
            _ => Err(answer.failure(&format!("GET {path}"), mask)),
        }
    }

    fn state(&self, programs: &Programs, value: &Secret) -> Result<State, Trouble> {
        let (path, mask) = (self.data(), Mask::new(value));
        let answer = self.server.send(programs, ("GET", &path), None)?;
        let json = answer.json();
        let version = |json: &Value| json.pointer("/data/metadata/version")?.as_u64();
        let version = json.as_ref().and_then(version);
        match (answer.status, version, &json) {
            (200, Some(version), Some(json)) => {
                let field = json.pointer("/data/data").and_then(|data| data.get(&self.field));
                Ok(State::There(version, found(field, value)))
            }
            // Deleted: its last version is told.
            (404, Some(version), _) => Ok(State::Gone(version)),
            (404, None, Some(json)) if has_no_errors(json) => {
                self.is_version_2(programs, &mask)?;
                Ok(State::Gone(0))
            }
            _ => Err(self.failure(&answer, &path, &mask)),
        }
    }

    fn failure(&self, answer: &Answer, path: &str, mask: &Mask) -> Trouble {
        answer.failure(&format!("{}{path}", self.server.address()), mask)
    }
}

fn found(field: Option<&Value>, value: &Secret) -> Found {
    match field {
        None => Found::Absent,
        Some(Value::String(stored)) => compare(stored.as_bytes(), value),
        Some(_) => Found::Other,
    }
}

/// Whether the server only says that nothing is there.
fn has_no_errors(json: &Value) -> bool {
    json.get("errors").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn program(store: Store) -> &'static str {
    if store == Store::Openbao { "bao" } else { "vault" }
}

/// The token that `vault login` keeps, unless a helper keeps it.
fn kept_token(world: &World) -> Option<Zeroizing<String>> {
    let home = std::path::PathBuf::from((world.variable)("HOME")?);
    let text = Zeroizing::new(std::fs::read_to_string(home.join(".vault-token")).ok()?);
    (!text.trim().is_empty()).then_some(text)
}

impl Keeper for Kv2 {
    fn place(&self) -> String {
        let (title, address) = (self.store.title(), self.server.address());
        format!("{title} at {address}, {}/{}, field {}", self.mount, self.path, self.field)
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        Ok(match self.state(programs, value)? {
            State::Gone(_) => Found::Absent,
            State::There(_, found) => found,
        })
    }

    fn put(&self, programs: &Programs, value: &Secret, before: Found) -> Result<(), Trouble> {
        let data = json!({ &self.field: text(value)? });
        let (method, kind, version) = match self.state(programs, value)? {
            State::Gone(version) => ("POST", "application/json", version),
            State::There(_, found) if found != before => {
                let what = "somebody else has written there in the meantime: try again";
                return Err(Trouble::Unfit(what.to_owned()));
            }
            State::There(version, _) => ("PATCH", "application/merge-patch+json", version),
        };
        let body = json!({ "options": { "cas": version }, "data": data });
        let body = Secret::new(Zeroizing::new(body.to_string()).as_bytes());
        let path = self.data();
        let answer = self.server.send(programs, (method, &path), Some((kind, &body)))?;
        if answer.is_well() {
            return Ok(());
        }
        Err(self.failure(&answer, &path, &Mask::new(value)))
    }

    fn takes(&self, value: &Secret) -> Result<(), Trouble> {
        text(value).map(drop)
    }

    fn steps(&self) -> Vec<String> {
        let address = format!("{}{}", self.server.address(), self.data());
        vec![format!("GET {address}"), format!("POST {address}   (the value in the body)")]
    }

    fn read_back(&self) -> String {
        let (mount, field) = (format!("-mount={}", self.mount), format!("-field={}", self.field));
        Line::new(program(self.store), ["kv", "get", &mount, &field, &self.path]).to_string()
    }

    fn fill(&self) -> String {
        format!("{}=\"$({})\" COMMAND, or an agent's `env_template`", self.field, self.read_back())
    }
}

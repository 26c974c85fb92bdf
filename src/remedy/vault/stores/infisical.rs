//! Infisical, over HTTP: its program takes a value as an argument or from a file only
//! (<https://infisical.com/docs/cli/commands/secrets>).
//!
//! `GET`, `POST` and `PATCH /api/v4/secrets/NAME` with a bearer token
//! (<https://infisical.com/docs/api-reference/endpoints/secrets/create>).

use super::super::World;
use super::super::http::Server;
use super::super::keep::{Found, Keeper, compare};
use super::super::mask::{Mask, percent};
use super::super::place::Place;
use super::super::recipe::text;
use super::super::run::Programs;
use super::super::trouble::Trouble;
use crate::secret::Secret;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(in super::super) struct Infisical {
    server: Server,
    name: String,
    project: String,
    environment: String,
    folder: String,
}

/// The file by which `infisical init` ties a folder to a project.
const FILE: &str = ".infisical.json";

impl Infisical {
    pub(in super::super) fn open(place: &Place, world: &World) -> Result<Self, Trouble> {
        let tied = std::fs::read(world.top.join(FILE)).ok();
        let tied: Option<Value> = tied.and_then(|text| serde_json::from_slice(&text).ok());
        let of = |key: &str, tied_key: &str| -> Result<String, Trouble> {
            let there = tied.as_ref().and_then(|json| json.get(tied_key)?.as_str());
            let plain = |id: &&str| {
                !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            };
            match (place.key(key), there.filter(plain)) {
                (Some(written), _) => Ok(written.to_owned()),
                (None, Some(tied)) => Ok(tied.to_owned()),
                (None, None) => place.needed(key).map(str::to_owned),
            }
        };
        let token = world.text("INFISICAL_TOKEN").map(Zeroizing::new).ok_or_else(|| {
            Trouble::Unfit("INFISICAL_TOKEN is not set: a machine identity's token".to_owned())
        })?;
        let address = world.text("INFISICAL_API_URL");
        let address = address.as_deref().unwrap_or("https://us.infisical.com");
        let address = address.trim_end_matches('/').trim_end_matches("/api");
        let bearer = Zeroizing::new(format!("Bearer {}", token.trim()));
        let server = Server::new(address, "SSL_CERT_FILE", world)?
            .header("authorization", Secret::new(bearer.as_bytes()));
        let folder = place.path("/");
        Ok(Self {
            server,
            name: place.name.clone(),
            project: of("project", "workspaceId")?,
            environment: of("environment", "defaultEnvironment")?,
            folder: format!("/{}", folder.trim_start_matches('/')),
        })
    }

    fn path(&self) -> String {
        format!("/api/v4/secrets/{}", percent(self.name.as_bytes()))
    }
}

impl Keeper for Infisical {
    fn place(&self) -> String {
        format!(
            "Infisical at {}, project {}, environment {}, {}{}",
            self.server.address(),
            self.project,
            self.environment,
            if self.folder == "/" { "" } else { &self.folder },
            self.name
        )
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        let [project, environment, folder] =
            [&self.project, &self.environment, &self.folder].map(|text| percent(text.as_bytes()));
        let path = format!(
            "{}?projectId={project}&environment={environment}&secretPath={folder}\
             &expandSecretReferences=false&include_imports=false",
            self.path()
        );
        let answer = self.server.send(programs, ("GET", &path), None)?;
        let json = answer.json();
        let stored = json.as_ref().and_then(|json| json.pointer("/secret/secretValue")?.as_str());
        match (answer.status, stored) {
            (200, Some(stored)) => Ok(compare(stored.as_bytes(), value)),
            (404, _) => Ok(Found::Absent),
            _ => Err(answer.failure(&format!("GET {}", self.path()), &Mask::new(value))),
        }
    }

    fn put(&self, programs: &Programs, value: &Secret, found: Found) -> Result<(), Trouble> {
        let body = json!({
            "projectId": self.project,
            "environment": self.environment,
            "secretPath": self.folder,
            "secretValue": text(value)?,
        });
        let body = Secret::new(Zeroizing::new(body.to_string()).as_bytes());
        let method = if found == Found::Absent { "POST" } else { "PATCH" };
        let path = self.path();
        let body = Some(("application/json", &body));
        let answer = self.server.send(programs, (method, &path), body)?;
        if answer.is_well() {
            return Ok(());
        }
        Err(answer.failure(&format!("{method} {path}"), &Mask::new(value)))
    }

    fn takes(&self, value: &Secret) -> Result<(), Trouble> {
        text(value).map(drop)
    }

    fn steps(&self) -> Vec<String> {
        let address = format!("{}{}", self.server.address(), self.path());
        vec![format!("GET {address}"), format!("POST {address}   (the value in the body)")]
    }

    fn read_back(&self) -> String {
        format!("infisical secrets get {} --env={} --plain", self.name, self.environment)
    }

    fn fill(&self) -> String {
        format!("infisical run --env={} -- COMMAND", self.environment)
    }
}

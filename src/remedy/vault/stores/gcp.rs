//! Google Cloud Secret Manager, by `gcloud`.
//!
//! `--data-file=-` reads a version's value from standard input
//! (<https://cloud.google.com/secret-manager/docs/add-secret-version>). A secret and its
//! versions are made apart: a secret may be there without any.

use super::super::keep::{Found, Keeper};
use super::super::mask::Mask;
use super::super::place::Place;
use super::super::recipe::{fed, given, seen, whole};
use super::super::run::{Line, Programs};
use super::super::trouble::Trouble;
use crate::secret::Secret;

pub(in super::super) struct Gcp {
    path: String,
    name: String,
    project: Option<String>,
}

impl Gcp {
    pub(in super::super) fn open(place: &Place) -> Self {
        let path = place.path("{repo}-{name}");
        let project = place.key("project").map(str::to_owned);
        Self { path, name: place.name.clone(), project }
    }

    fn line<const N: usize>(&self, args: [&str; N]) -> Line {
        Line::new("gcloud", args).option("--project", self.project.as_deref())
    }

    fn get(&self) -> Line {
        self.line(["secrets", "versions", "access", "latest", "--secret", &self.path])
    }

    fn create(&self) -> Line {
        self.line(["secrets", "create", &self.path])
            .and(["--replication-policy=automatic", "--data-file=-"])
    }
}

impl Keeper for Gcp {
    fn place(&self) -> String {
        let project = self.project.as_deref().unwrap_or("that gcloud is set to");
        format!("Google Cloud Secret Manager, project {project}, secret {}", self.path)
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        let line = self.get();
        let said = programs.run(&line, None)?;
        if !said.well() && said.says("NOT_FOUND") {
            return Ok(Found::Absent);
        }
        seen(&said, &line, value, &whole)
    }

    fn put(&self, programs: &Programs, value: &Secret, _: Found) -> Result<(), Trouble> {
        let line = self.line(["secrets", "describe", &self.path, "--format=value(name)"]);
        let said = programs.run(&line, None)?;
        let line = match (said.well(), said.says("NOT_FOUND")) {
            (true, _) => {
                self.line(["secrets", "versions", "add", &self.path]).and(["--data-file=-"])
            }
            (false, true) => self.create(),
            (false, false) => return Err(said.failure(&line, &Mask::new(value))),
        };
        fed(programs, &line, value, value)
    }

    fn steps(&self) -> Vec<String> {
        vec![self.get().to_string(), given(&self.create())]
    }

    fn read_back(&self) -> String {
        self.get().to_string()
    }

    fn fill(&self) -> String {
        let (name, path) = (&self.name, &self.path);
        format!("Cloud Run: `gcloud run deploy … --set-secrets={name}={path}:latest`")
    }
}

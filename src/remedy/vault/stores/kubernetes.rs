//! A Kubernetes Secret, by `kubectl`.
//!
//! The object goes in on standard input: `create -f -` where there is none, and a merge patch
//! of the one key where there is, so that other keys stay. `apply` is not used: it would keep
//! a copy of the value in an annotation
//! (<https://kubernetes.io/docs/tasks/configmap-secret/managing-secret-using-kubectl/>,
//! <https://kubernetes.io/docs/reference/kubectl/generated/kubectl_patch/>).

use super::super::keep::{Found, Keeper, compare};
use super::super::mask::Mask;
use super::super::place::Place;
use super::super::recipe::{fed, given};
use super::super::run::{Line, Programs, Said};
use super::super::trouble::Trouble;
use crate::secret::Secret;
use data_encoding::BASE64;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(in super::super) struct Kubernetes {
    /// The object.
    object: String,
    /// The key in it.
    key: String,
    namespace: Option<String>,
}

impl Kubernetes {
    pub(in super::super) fn open(place: &Place) -> Self {
        // Names of objects are in lower case (RFC 1123).
        let object = place.path("{repo}").to_ascii_lowercase().replace('_', "-");
        let namespace = place.key("namespace").map(str::to_owned);
        Self { object, key: place.name.clone(), namespace }
    }

    fn line<const N: usize>(&self, args: [&str; N]) -> Line {
        Line::new("kubectl", args).option("--namespace", self.namespace.as_deref())
    }

    fn get(&self) -> Line {
        self.line(["get", "secret", &self.object, "--output", "json"])
    }

    /// The object; nothing where there is none.
    fn object(&self, programs: &Programs, value: &Secret) -> Result<Option<Said>, Trouble> {
        let line = self.get();
        let said = programs.run(&line, None)?;
        match (said.well(), said.says("(NotFound)") && !said.says("namespaces \"")) {
            (true, _) => Ok(Some(said)),
            (false, true) => Ok(None),
            (false, false) => Err(said.failure(&line, &Mask::new(value))),
        }
    }
}

impl Keeper for Kubernetes {
    fn place(&self) -> String {
        let namespace = self.namespace.as_deref().unwrap_or("of kubectl's context");
        format!("Kubernetes Secret {}, key {}, namespace {namespace}", self.object, self.key)
    }

    fn look(&self, programs: &Programs, value: &Secret) -> Result<Found, Trouble> {
        let Some(said) = self.object(programs, value)? else { return Ok(Found::Absent) };
        let unclear = || Trouble::Unfit("cannot make sense of kubectl's answer".to_owned());
        let object: Value = serde_json::from_slice(said.out.expose()).map_err(|_| unclear())?;
        let Some(coded) = object.pointer("/data").and_then(|data| data.get(&self.key)) else {
            return Ok(Found::Absent);
        };
        let coded = coded.as_str().ok_or_else(unclear)?;
        let stored = BASE64.decode(coded.as_bytes()).map_err(|_| unclear())?;
        Ok(compare(&Zeroizing::new(stored), value))
    }

    fn put(&self, programs: &Programs, value: &Secret, _: Found) -> Result<(), Trouble> {
        let data = json!({ &self.key: BASE64.encode(value.expose()) });
        let (line, input) = if self.object(programs, value)?.is_some() {
            let line = self.line(["patch", "secret", &self.object, "--type", "merge"]);
            (line.and(["--patch-file", "/dev/stdin"]), json!({ "data": data }))
        } else {
            let object = json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": { "name": self.object },
                "type": "Opaque",
                "data": data,
            });
            (self.line(["create", "--filename", "-"]), object)
        };
        let input = Zeroizing::new(input.to_string());
        fed(programs, &line, value, &Secret::new(input.as_bytes()))
    }

    fn steps(&self) -> Vec<String> {
        vec![self.get().to_string(), given(&self.line(["create", "--filename", "-"]))]
    }

    fn read_back(&self) -> String {
        let template = format!("go-template={{{{index .data \"{}\" | base64decode}}}}", self.key);
        self.line(["get", "secret", &self.object]).and(["--output", &template]).to_string()
    }

    fn fill(&self) -> String {
        format!("in the pod: `envFrom: [{{ secretRef: {{ name: {} }} }}]`", self.object)
    }

    fn remark(&self) -> Option<String> {
        let what = "a Secret is encoded, not encrypted, unless the cluster encrypts at rest";
        Some(what.to_owned())
    }
}

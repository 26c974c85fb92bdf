//! What of all this is usable on this machine. Sends no value, and no token but by the
//! vendor's own program.

use super::World;
use super::http::Server;
use super::mask::Mask;
use super::run::{Line, Said};
use super::store::Store;
use super::trouble::Trouble;
use crate::secret::Secret;
use bstr::ByteSlice;
use std::fs;
use std::path::PathBuf;

/// What is known of a store on this machine.
#[derive(Debug)]
pub(crate) struct Usable {
    pub(crate) store: Store,
    /// Its program.
    pub(crate) program: Option<PathBuf>,
    pub(crate) version: Option<String>,
    /// Why it cannot be used now; nothing when it can.
    pub(crate) lacks: Option<String>,
    /// The file of the repository that speaks of it.
    pub(crate) file: Option<&'static str>,
}

/// How a store shows that it can be used.
enum Sign {
    /// This line goes well.
    Well(Line),
    /// This line goes well and says something.
    Says(Line),
    /// This line goes well or fails without a word.
    Quiet(Line),
    /// A server answers at the address in a variable, and a token is there.
    Server,
    /// This variable is set.
    Variable(&'static str),
    /// Nothing but that the program is there.
    There,
    /// git ignores `.env`.
    Ignored,
    /// Never.
    ByHand,
}

impl Store {
    /// Its program, how that tells its version, and how it shows that it can be used.
    fn signs(self) -> (Option<(&'static str, &'static [&'static str])>, Sign) {
        const VERSION: &[&str] = &["--version"];
        match self {
            Self::Vault => (Some(("vault", VERSION)), Sign::Server),
            Self::Openbao => (Some(("bao", VERSION)), Sign::Server),
            Self::AwsSecrets | Self::AwsSsm => {
                let line = Line::new("aws", ["sts", "get-caller-identity", "--output", "json"]);
                (Some(("aws", VERSION)), Sign::Well(line))
            }
            Self::Gcp => {
                let line = Line::new("gcloud", ["auth", "list"])
                    .and(["--filter=status:ACTIVE", "--format=value(account)"]);
                (Some(("gcloud", VERSION)), Sign::Says(line))
            }
            Self::Azure => {
                let line = Line::new("az", ["account", "show", "--query", "id", "--output", "tsv"]);
                (Some(("az", VERSION)), Sign::Says(line))
            }
            Self::Onepassword => (Some(("op", VERSION)), Sign::Well(Line::new("op", ["whoami"]))),
            Self::Bitwarden => (Some(("bws", VERSION)), Sign::ByHand),
            Self::Doppler => (Some(("doppler", VERSION)), Sign::Well(Line::new("doppler", ["me"]))),
            Self::Infisical => (None, Sign::Variable("INFISICAL_TOKEN")),
            Self::Pass => (Some(("pass", &["version"])), Sign::Well(Line::new("pass", ["ls"]))),
            Self::Gopass => {
                (Some(("gopass", VERSION)), Sign::Well(Line::new("gopass", ["ls", "--flat"])))
            }
            Self::Keyring => {
                let line = Line::new("secret-tool", ["lookup", "service", "leakcoach-check"]);
                (Some(("secret-tool", &[])), Sign::Quiet(line))
            }
            Self::Keychain => {
                let line = Line::new("security", ["list-keychains"]);
                (Some(("security", &[])), Sign::Well(line))
            }
            Self::Sops => (Some(("sops", VERSION)), Sign::There),
            Self::Kubernetes => {
                let line = Line::new("kubectl", ["auth", "can-i", "create", "secrets"]);
                (Some(("kubectl", &["version", "--client"])), Sign::Well(line))
            }
            Self::Github => {
                (Some(("gh", VERSION)), Sign::Well(Line::new("gh", ["auth", "status"])))
            }
            Self::Gitlab => {
                (Some(("glab", VERSION)), Sign::Well(Line::new("glab", ["auth", "status"])))
            }
            Self::Dotenv => (None, Sign::Ignored),
        }
    }

    fn usable(self, world: &World) -> Usable {
        let (asked, sign) = self.signs();
        let program = asked.and_then(|(name, _)| world.programs.find(name));
        let version = match asked {
            Some((name, args)) if program.is_some() && !args.is_empty() => {
                let line = args.iter().fold(Line::new(name, []), |line, arg| line.and([arg]));
                world.programs.run(&line, None).ok().and_then(|said| version(&said))
            }
            Some(_) | None => None,
        };
        let lacks = match (&sign, asked) {
            (Sign::Server, _) | (_, None) => lacks(self, &sign, world),
            (_, Some((name, _))) if program.is_none() => Some(format!("`{name}` is not on PATH")),
            (_, Some(_)) => lacks(self, &sign, world),
        };
        Usable { store: self, program, version, lacks, file: None }
    }
}

fn lacks(store: Store, sign: &Sign, world: &World) -> Option<String> {
    let nothing = Mask::new(&Secret::new(b""));
    let run = |line: &Line, fine: fn(&Said) -> bool| match world.programs.run(line, None) {
        Ok(said) if fine(&said) => None,
        Ok(said) if said.well() => Some("not logged in".to_owned()),
        Ok(said) => Some(said.failure(line, &nothing).to_string()),
        Err(trouble) => Some(trouble.to_string()),
    };
    match sign {
        Sign::Well(line) => run(line, Said::well),
        Sign::Says(line) => {
            run(line, |said| said.well() && !said.out.expose().trim_ascii().is_empty())
        }
        Sign::Quiet(line) => run(line, |said| said.well() || said.is_silent()),
        Sign::Server => server(store, world).err().map(|trouble| trouble.to_string()),
        Sign::Variable(name) => world.text(name).is_none().then(|| format!("{name} is not set")),
        Sign::There => None,
        Sign::Ignored => {
            run(&Line::new("git", ["check-ignore", "--quiet", "--", ".env"]), Said::well)
                .map(|_| "git does not ignore `.env`".to_owned())
        }
        Sign::ByHand => Some("its program takes values as arguments only: by hand".to_owned()),
    }
}

/// Asks a Vault or `OpenBao` server how it is, without a token
/// (<https://developer.hashicorp.com/vault/api-docs/system/health>).
fn server(store: Store, world: &World) -> Result<(), Trouble> {
    let own = if store == Store::Openbao { "BAO" } else { "VAULT" };
    let unfit = |what: String| Err(Trouble::Unfit(what));
    let Some(address) = world.text(&format!("{own}_ADDR")) else {
        return unfit(format!("{own}_ADDR is not set"));
    };
    let server = Server::new(&address, &format!("{own}_CACERT"), world)?;
    let answer = server.send(&world.programs, ("GET", "/v1/sys/health"), None)?;
    let home = (world.variable)("HOME").map(PathBuf::from);
    let kept = home.is_some_and(|home| home.join(".vault-token").exists());
    match answer.status {
        501 => unfit("the server is not initialised".to_owned()),
        503 => unfit("the server is sealed".to_owned()),
        200 | 429 | 472 | 473 if kept || world.text(&format!("{own}_TOKEN")).is_some() => Ok(()),
        200 | 429 | 472 | 473 => unfit(format!("not logged in: no {own}_TOKEN")),
        _ => Err(answer.failure("GET /v1/sys/health", &Mask::new(&Secret::new(b"")))),
    }
}

/// The first word of an answer that looks like a version.
fn version(said: &Said) -> Option<String> {
    let is_version = |word: &&[u8]| {
        let word = word.strip_prefix(b"v").unwrap_or(word);
        word.first().is_some_and(u8::is_ascii_digit) && word.contains(&b'.') && word.len() < 30
    };
    let words =
        said.out.expose().split(|byte| byte.is_ascii_whitespace() || b"/,()".contains(byte));
    let word = words.into_iter().find(is_version)?;
    let word = word.strip_prefix(b"v").unwrap_or(word);
    Some(crate::text::Escaped(word).to_string())
}

/// Every store, those first that the repository speaks of, and then those that can be used.
pub(crate) fn usable(world: &World) -> Vec<Usable> {
    let spoken = spoken_of(world);
    let mut all: Vec<Usable> = std::thread::scope(|scope| {
        let look = |store: Store| scope.spawn(move || store.usable(world));
        let looking: Vec<_> = Store::ALL.iter().map(|store| look(*store)).collect();
        looking.into_iter().filter_map(|one| one.join().ok()).collect()
    });
    for one in &mut all {
        one.file = spoken.iter().find(|(store, _)| *store == one.store).map(|(_, file)| *file);
    }
    all.sort_by_key(|one| (one.file.is_none(), one.lacks.is_some(), one.store));
    all
}

/// Files at the top that speak of a store by their name. SOPS ignores a `.sops.yml`, with a
/// warning: <https://github.com/getsops/sops> (`config/config.go`).
const FILES: [(Store, &str); 8] = [
    (Store::Sops, ".sops.yaml"),
    (Store::Doppler, "doppler.yaml"),
    (Store::Doppler, "doppler-template.yaml"),
    (Store::Infisical, ".infisical.json"),
    (Store::Kubernetes, "kustomization.yaml"),
    (Store::Kubernetes, "Chart.yaml"),
    (Store::Gitlab, ".gitlab-ci.yml"),
    (Store::Github, ".github/workflows"),
];

/// What speaks of a store in a Terraform file.
const RESOURCES: [(Store, &str); 8] = [
    (Store::Vault, "provider \"vault\""),
    (Store::AwsSecrets, "aws_secretsmanager_secret"),
    (Store::AwsSsm, "aws_ssm_parameter"),
    (Store::Gcp, "google_secret_manager_secret"),
    (Store::Azure, "azurerm_key_vault"),
    (Store::Onepassword, "provider \"onepassword\""),
    (Store::Doppler, "provider \"doppler\""),
    (Store::Infisical, "provider \"infisical\""),
];

/// As many files of Terraform are read, and as much of each.
const TERRAFORM_FILES: usize = 50;
const TERRAFORM_AT_MOST: u64 = 1 << 18;

/// The stores that the repository's own files speak of, with the file.
pub(crate) fn spoken_of(world: &World) -> Vec<(Store, &'static str)> {
    use std::io::Read;
    let there = |file: &str| world.top.join(file).exists();
    let mut spoken: Vec<_> = FILES.into_iter().filter(|(_, file)| there(file)).collect();
    let files = fs::read_dir(&world.top).into_iter().flatten().flatten();
    let terraform = files.map(|file| file.path());
    let terraform = terraform.filter(|path| path.extension().is_some_and(|end| end == "tf"));
    for path in terraform.take(TERRAFORM_FILES) {
        let mut text = Vec::new();
        let read = fs::File::open(&path)
            .and_then(|file| file.take(TERRAFORM_AT_MOST).read_to_end(&mut text));
        if read.is_ok() {
            let said = RESOURCES.into_iter().filter(|(_, words)| text.contains_str(words));
            spoken.extend(said.map(|(store, _)| (store, "*.tf")));
        }
    }
    spoken.dedup_by_key(|(store, _)| *store);
    spoken
}

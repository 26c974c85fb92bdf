//! Services asked about a credential: what verify and revoke share.

use crate::catalogue::{Kind, Rule};
use crate::cli::env;
use crate::cli::key;
use crate::cli::named::Named;
use crate::cli::{ask, recorded::recall, way_out::remediate};
use crate::config::Config;
use crate::error::Error;
use crate::judge::Terminal;
use crate::record::What as Happened;
use crate::remedy::case::{Proof, Step, What};
use crate::remedy::http::{self, Client, Network};
use crate::remedy::verify::memory::{Known, Memory};
use crate::remedy::verify::service::{At, Call, Service};
use crate::remedy::verify::{self, Case, Moment, Outcome, Plan, State};
use crate::report;
use crate::source::{Repo, host_and_path};
use crate::text::Escaped;
use bstr::ByteSlice;
use clap::Args;
use std::path::Path;

/// Where it is remembered what was learned, in the folder that all work trees share.
const FILE: &str = "leakcoach.verified";

/// Which server, and whether it may be asked.
#[derive(Debug, Args)]
pub(in crate::cli) struct LiveArgs {
    /// Ask this server in place of the vendor's own: a host, or an address with a path
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) host: Option<String>,
    /// The identifier that belongs to the credential, where none stands beside it
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) id: Option<String>,
    /// Send without asking
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// Only say what would be sent, and where
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

/// What is known of a credential from its service.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Learned {
    /// It cannot be asked.
    NoCall,
    /// It was not asked yet.
    Nothing,
    /// It said this.
    That(Known),
}

/// Asks services for one repository.
pub(in crate::cli) struct Live {
    config: Config,
    client: Client,
    memory: Option<Memory>,
    /// The hosts of the repository's remotes.
    hosts: Vec<String>,
    /// What is asked in place of the vendor's server, if somebody said so.
    host: Option<String>,
    id: Option<String>,
    /// Whether the repository itself chose a server or whom to trust: a repository of
    /// somebody else could so have the credential sent to them.
    chosen_by_repository: bool,
}

impl Live {
    /// By the configuration of `repo` and the environment.
    pub(in crate::cli) fn new(repo: &Repo, args: &LiveArgs) -> Result<Self, Error> {
        let config = Config::load_with(&env::outside()?, repo.top(), &[])?;
        for id in config.verify.base.keys() {
            if !verify::all().any(|service| service.id == id) {
                let id = Escaped(id.as_bytes());
                let what = format!("`verify.base` names no service that is known: {id}");
                return Err(Error::Usage(what));
            }
        }
        let host = args
            .host
            .as_deref()
            .map(http::server)
            .transpose()
            .map_err(|why| Error::Usage(format!("--host: {why}")))?;
        let (client, own_trust) = client(&config, repo.top())?;
        let folder = repo.common_dir().to_owned();
        let kept = key::shared()?.or_else(|| key::key(&folder));
        let remotes = repo.remotes()?;
        let hosts = remotes.iter().flat_map(|remote| &remote.urls).filter_map(|url| {
            let place = host_and_path(url);
            Some(place.split_str("/").next()?.to_str().ok()?.to_owned())
        });
        Ok(Self {
            client,
            memory: kept.map(|kept| Memory::open(folder.join(FILE), kept.key)),
            hosts: hosts.collect(),
            host,
            id: args.id.clone(),
            chosen_by_repository: own_trust,
            config,
        })
    }

    /// The server that stands in for that of `service`.
    fn server(&mut self, service: &Service) -> Result<Option<String>, String> {
        let wrong = |why| format!("the server that is named for {}: {why}", service.name);
        if let Some(host) = &self.host {
            return Ok(Some(host.clone()));
        }
        if let Some(base) = env::service_base(service.id) {
            return http::server(&base).map(Some).map_err(wrong);
        }
        let Some(base) = self.config.verify.base.get(service.id) else { return Ok(None) };
        self.chosen_by_repository |= base.by_repository;
        http::server(&base.it).map(Some).map_err(wrong)
    }

    /// What is to be sent for `call` of `service` about `one`.
    pub(in crate::cli) fn plan(
        &mut self,
        one: &Named,
        service: &'static Service,
        call: &Call,
        at: Option<&'static str>,
        id: Option<&str>,
    ) -> Result<Planned, String> {
        let named = self.server(service)?;
        let beside = one.companion.as_ref().map(|(_, value)| value.expose().to_str_lossy());
        let companion = self.id.as_deref().or(beside.as_deref());
        let case =
            Case { service, secret: &one.secret, companion, server: named.as_deref().or(at) };
        let server = case.server()?;
        let plan = verify::plan(&case, call, id, env::now())?;
        let proxy = self.client.proxy_to(&plan.request.url);
        Ok(Planned { plan, server, named: named.is_some(), proxy })
    }

    /// What is remembered of `one` at `server`.
    pub(in crate::cli) fn known(&self, one: &Named, server: &str) -> Option<Known> {
        self.memory.as_ref()?.of(server, &one.secret)
    }

    /// Whether the service of `one` can be asked about it, and what it said before.
    pub(in crate::cli) fn learned(&mut self, one: &Named) -> Learned {
        let service = verify::of(one.rule.id);
        let check = service.and_then(|service| Some((service, service.check.as_ref()?)));
        let Some((service, check)) = check else { return Learned::NoCall };
        match self.plan(one, service, &check.call, None, None) {
            Ok(planned) => self.known(one, &planned.server).map_or(Learned::Nothing, Learned::That),
            Err(_) => Learned::NoCall,
        }
    }

    /// Sends a check and reads the answer; remembers what it says.
    pub(in crate::cli) fn check(
        &mut self,
        one: &Named,
        service: &Service,
        planned: &Planned,
        moment: Moment,
    ) -> Outcome {
        let Some(check) = &service.check else { return Outcome::unclear("there is no call") };
        let sent = self.client.send(&planned.plan.request);
        let mut outcome = verify::read(check, &sent, &one.secret, moment);
        if outcome.state == State::Dead
            && moment == Moment::Any
            && let Some(who) =
                service.elsewhere.filter(|_| !planned.named && !self.at_home(service))
        {
            let server = &planned.server;
            let why = format!(
                "{server} does not know it; {who} may: ask that one by --host, or by --host {server} make sure"
            );
            outcome = Outcome::unclear(why);
        }
        self.remember(one, planned, outcome.state);
        outcome
    }

    /// Whether a remote of this repository is at the service's own host.
    fn at_home(&self, service: &Service) -> bool {
        let At::Fixed(address) = service.at else { return false };
        let host = address.trim_start_matches("https://");
        let home = host.strip_prefix("api.").unwrap_or(host);
        self.hosts.iter().any(|known| known == home)
    }

    /// Keeps what was learned; not having learned anything takes nothing back.
    fn remember(&mut self, one: &Named, planned: &Planned, state: State) {
        if state == State::Unclear && self.known(one, &planned.server).is_some() {
            return;
        }
        let known = Known { state, at: env::now() };
        let kept =
            self.memory.as_mut().map(|memory| memory.keep(&planned.server, &one.secret, known));
        if let Some(Err(error)) = kept {
            report::notice(&format!("what was learned cannot be remembered: {error}"));
        }
    }

    /// Sends a request as it was planned.
    pub(in crate::cli) fn send(&self, planned: &Planned) -> Result<http::Answer, http::Failure> {
        self.client.send(&planned.plan.request)
    }

    /// Whether it may be sent: by `word` typed on the terminal, or by `agreed`.
    ///
    /// # Errors
    /// Nobody can be asked, and nobody agreed; or the repository chose the server, for
    /// which agreement in advance does not count.
    pub(in crate::cli) fn may(
        &self,
        word: &[&str],
        agreed: bool,
        how: &str,
    ) -> Result<bool, Error> {
        if agreed && !self.chosen_by_repository {
            return Ok(true);
        }
        if env::terminal(&env::actor()) == Terminal::Interactive {
            let choice = word.join(" or ");
            let question = format!("type {choice} to send it, anything else to stop: ");
            return Ok(ask::consents(&question, word));
        }
        Err(Error::Usage(if self.chosen_by_repository {
            "nothing was sent: this repository's own configuration says where to; name the \
             server yourself by --host, or run it on a terminal"
                .to_owned()
        } else {
            format!("nothing was sent: {how}, or run it on a terminal")
        }))
    }
}

/// Tells the record, and the case of `one` where there is one, what its service said.
pub(in crate::cli) fn remember_case(repo: &Repo, one: &Named, outcome: &Outcome) {
    let answered = Happened::Verified {
        rule: one.rule.id.to_owned(),
        finding: Some(one.id.to_string()),
        answer: outcome.state.word().to_owned(),
    };
    recall::note(Some(repo), vec![answered]);
    let step = Step::Revoked;
    let when = jiff::Timestamp::from_second(env::now()).map(|at| at.to_string());
    let when = when.unwrap_or_default();
    let what = match outcome.state {
        State::Dead => {
            What::Done { step, evidence: format!("verified dead at {when}"), proof: Proof::Proven }
        }
        State::Alive => What::Undone { step, why: format!("it was alive at {when}") },
        State::Unclear => return,
    };
    remediate::note(repo, one, what);
}

/// A request, and what is known of its way.
#[derive(Debug)]
pub(in crate::cli) struct Planned {
    pub(in crate::cli) plan: Plan,
    pub(in crate::cli) server: String,
    /// Somebody chose the server.
    pub(in crate::cli) named: bool,
    proxy: Option<String>,
}

impl Planned {
    /// `GET https://api.github.com/user with the credential as a bearer token`.
    pub(in crate::cli) fn line(&self) -> String {
        let through = self.proxy.as_ref().map(|proxy| format!(", through the proxy at {proxy}"));
        let Plan { line, carries, .. } = &self.plan;
        format!("{line} with the credential {carries}{}", through.unwrap_or_default())
    }
}

/// A client as the environment and the configuration say, and whether the latter had a say.
pub(in crate::cli) fn client(config: &Config, top: Option<&Path>) -> Result<(Client, bool), Error> {
    let outward = env::outward();
    let ca = config.verify.ca.as_ref();
    let own = outward.authorities.is_none() && ca.is_some_and(|ca| ca.by_repository);
    let beside = || ca.map(|ca| top.map_or(ca.it.clone(), |top| top.join(&ca.it)));
    let file = outward.authorities.clone().or_else(beside);
    let read = |path: std::path::PathBuf| match std::fs::read(&path) {
        Ok(pem) => Ok(pem),
        Err(source) => Err(Error::File { deed: "read", path, source }),
    };
    let authorities = file.clone().map(read).transpose()?;
    let network = Network { proxy: outward.proxy, no_proxy: outward.no_proxy, authorities };
    let client = Client::new(&network).map_err(|why| {
        Error::Usage(match &file {
            Some(path) if why.starts_with("it ") => format!("`{}`: {why}", Escaped::path(path)),
            Some(_) | None => why.to_owned(),
        })
    })?;
    Ok((client, own))
}

/// How it is told by hand whether a credential of `rule` is alive.
pub(in crate::cli) fn by_hand(rule: &Rule) -> String {
    match rule.kind {
        Kind::Privilege => "it is no credential, but a change that permits more".to_owned(),
        Kind::PrivateKey => "no call only reads with a private key: compare its fingerprint \
             (`ssh-keygen -lf FILE`) with the keys listed at your code host and in each \
             authorized_keys"
            .to_owned(),
        Kind::ConnectionUrl | Kind::Password => "no connection is made with it: log in by hand, \
             and look at the last logins of that user"
            .to_owned(),
        Kind::CloudKey
        | Kind::ApiToken
        | Kind::ClientSecret
        | Kind::SessionToken
        | Kind::SigningKey
        | Kind::Webhook
        | Kind::Identifier => {
            let console = rule.coaching().revoke_console;
            if console.is_empty() {
                format!("no call of {} that only reads is known", rule.service)
            } else {
                format!("no call of {} that only reads is known: look at {console}", rule.service)
            }
        }
    }
}

//! Whom leakcoach trusts on the way to a service: openssl's command makes an authority and
//! certificates, and is the server that shows them.

use crate::harness::{Attempt, Repo};
use leakcoach::catalogue::sample::expand;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// For how long a certificate is good, as `openssl ca` takes it.
const GOOD: &str = "-days 2";
const OVER: &str = "-startdate 20200101000000Z -enddate 20200201000000Z";

/// The words for a server that is not believed.
const UNTRUSTED: &str = "it could not be told to be who it says it is (TLS)";

/// A server on this machine, stopped when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn openssl(at: &Path) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(at).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether there is an openssl; says so where there is none.
#[expect(clippy::print_stderr, reason = "who runs the tests is to know what was skipped")]
fn has_openssl() -> bool {
    let found = openssl(Path::new("/")).arg("version").stdout(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("skipped: openssl's command is not here to make certificates");
    }
    found
}

fn made(at: &Path, line: &str) {
    let done = openssl(at).args(line.split(' ')).stdout(Stdio::null()).status();
    assert!(done.unwrap().success(), "openssl {line}");
}

/// An authority in `authority.pem`.
fn authority(at: &Path) {
    made(
        at,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
         -subj /CN=leakcoach-test-authority -keyout authority.key -out authority.pem",
    );
    std::fs::write(at.join("issued"), "").unwrap();
    let own = "[ca]\ndefault_ca=own\n[own]\ndatabase=issued\nnew_certs_dir=.\npolicy=any\n\
               default_md=sha256\nrand_serial=yes\n[any]\ncommonName=supplied\n";
    std::fs::write(at.join("ca.conf"), own).unwrap();
}

/// A server at `localhost` that shows a certificate for `name`, good for so `long`.
fn server(at: &Path, name: &str, long: &str) -> Server {
    let names = format!("subjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n");
    std::fs::write(at.join("names"), names).unwrap();
    made(
        at,
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
         -keyout server.key -out server.csr",
    );
    made(
        at,
        &format!(
            "ca -batch -notext -config ca.conf -cert authority.pem -keyfile authority.key \
             -extfile names {long} -in server.csr -out server.pem"
        ),
    );
    let mut child = openssl(at)
        .args("s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -www".split(' '))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:").map(str::to_owned))
        .unwrap();
    // Who writes into a pipe that nobody reads would stop.
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, address: format!("https://localhost:{port}") }
}

/// A repository with a staged credential, and a folder for certificates.
fn staged() -> Repo {
    let repo = Repo::plain();
    let secret = repo.plant(expand("ghp_{base62:30}{crc32-base62}", 7).unwrap());
    repo.write("app.py", &format!("token = \"{secret}\"\n"));
    repo.git(&["add", "-A"]).accepted();
    repo
}

fn asked(repo: &Repo, server: &Server, variables: &[(&str, &str)]) -> Attempt {
    repo.leakcoach_with(variables, &["verify", "--yes", "--host", &server.address])
}

#[test]
fn a_private_authority_is_believed_only_where_it_is_named() {
    if !has_openssl() {
        return;
    }
    let repo = staged();
    let top = repo.top();
    authority(&top);
    let server = server(&top, "localhost", GOOD);

    asked(&repo, &server, &[]).ends_with_code(3).says(UNTRUSTED);

    let bundle = top.join("authority.pem");
    for variable in ["LEAKCOACH_CA_BUNDLE", "SSL_CERT_FILE"] {
        let variables = [(variable, bundle.to_str().unwrap())];
        asked(&repo, &server, &variables).ends_with_code(1).says("alive");
    }

    repo.write(".leakcoach.toml", "[verify]\nca = \"authority.pem\"\n");
    asked(&repo, &server, &[])
        .ends_with_code(2)
        .says("this repository's own configuration says where to");

    std::fs::remove_file(top.join(".leakcoach.toml")).unwrap();
    let named = format!("[verify]\nca = \"{}\"\n", bundle.display());
    repo.write("organisation.toml", &named);
    let own = top.join("organisation.toml");
    let organisation = [("LEAKCOACH_ORG_CONFIG", own.to_str().unwrap())];
    asked(&repo, &server, &organisation).ends_with_code(1).says("alive");
}

#[test]
fn a_certificate_for_another_name_is_not_believed() {
    if !has_openssl() {
        return;
    }
    let repo = staged();
    let top = repo.top();
    authority(&top);
    let server = server(&top, "other.example", GOOD);

    let bundle = top.join("authority.pem");
    let variables = [("LEAKCOACH_CA_BUNDLE", bundle.to_str().unwrap())];
    asked(&repo, &server, &variables).ends_with_code(3).says(UNTRUSTED);
}

#[test]
fn a_certificate_that_is_past_its_end_is_not_believed() {
    if !has_openssl() {
        return;
    }
    let repo = staged();
    let top = repo.top();
    authority(&top);
    let server = server(&top, "localhost", OVER);

    let bundle = top.join("authority.pem");
    let variables = [("LEAKCOACH_CA_BUNDLE", bundle.to_str().unwrap())];
    asked(&repo, &server, &variables).ends_with_code(3).says(UNTRUSTED);
}

#[test]
fn a_file_of_authorities_that_cannot_be_used_is_named() {
    let repo = staged();
    repo.write("empty.pem", "");

    let bundle = [("LEAKCOACH_CA_BUNDLE", "empty.pem")];
    repo.leakcoach_with(&bundle, &["verify", "--yes"])
        .ends_with_code(2)
        .says("`empty.pem`: it holds no certificate");
    let bundle = [("LEAKCOACH_CA_BUNDLE", "missing.pem")];
    repo.leakcoach_with(&bundle, &["verify", "--yes"])
        .ends_with_code(3)
        .says("cannot read `missing.pem`");
}

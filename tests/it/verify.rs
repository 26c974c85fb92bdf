//! Services asked about credentials, and told to revoke them: against servers on this
//! machine that behave as the vendors' pages say.

use crate::harness::{Attempt, Repo};
use crate::loopback::{Server, answer};
use leakcoach::catalogue::sample::expand;
use std::net::TcpListener;
use std::sync::Mutex;

/// A repository with a staged credential, which no output may show.
fn staged(template: &str) -> (Repo, String) {
    let repo = Repo::plain();
    let secret = repo.plant(expand(template, 7).unwrap());
    repo.write("app.py", &format!("token = \"{secret}\"\n"));
    repo.git(&["add", "-A"]).accepted();
    (repo, secret)
}

const GITHUB: &str = "ghp_{base62:30}{crc32-base62}";

fn ask(repo: &Repo, server: &Server, args: &[&str]) -> Attempt {
    repo.leakcoach_with(&[("LEAKCOACH_VERIFY_GITHUB", &server.address)], args)
}

#[test]
fn a_credential_that_works_is_alive_and_whose_it_is_is_told() {
    let (repo, secret) = staged(GITHUB);
    let server = Server::new(|_| {
        answer(200, "x-oauth-scopes: repo, gist\r\n", "{\"login\":\"octo\\u001b[31mcat\"}")
    });

    ask(&repo, &server, &["verify", "--yes"])
        .ends_with_code(1)
        .says("alive   github-pat ")
        .says(" at app.py:1: it answered 200")
        .says("login: octo\\x1b[31mcat")
        .says("scopes: repo, gist")
        .says("leakcoach revoke ");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /user HTTP/1.1\r\n"), "{}", asked[0].replace(&secret, ""));
    let head = asked[0].to_lowercase();
    assert!(head.contains(&format!("authorization: bearer {}", secret.to_lowercase())));
    assert!(head.contains("user-agent: leakcoach/"));
}

#[test]
fn only_a_certain_answer_is_dead_and_everything_else_is_unclear() {
    for (status, code, says) in [
        (401, 0, "dead    github-pat"),
        (403, 3, "it may be alive with few rights"),
        (404, 3, "of which its documentation says nothing certain"),
        (302, 3, "it sends on to another place"),
        (500, 3, "it failed itself (5xx)"),
        (503, 3, "it failed itself (5xx)"),
        (429, 3, "it was asked too often (429)"),
    ] {
        let (repo, _) = staged(GITHUB);
        let server = Server::new(move |_| {
            answer(status, "retry-after: 600\r\nlocation: https://elsewhere.example/\r\n", "")
        });

        ask(&repo, &server, &["verify", "--yes"]).ends_with_code(code).says(says);
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[test]
fn a_server_that_says_when_to_come_again_is_asked_again() {
    let (repo, _) = staged(GITHUB);
    let count = Mutex::new(0);
    let server = Server::new(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count == 1 { answer(429, "retry-after: 1\r\n", "") } else { answer(401, "", "") }
    });

    ask(&repo, &server, &["verify", "--yes"]).ends_with_code(0).says("dead");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_server_that_breaks_off_or_is_not_there_tells_nothing() {
    let (repo, _) = staged(GITHUB);
    let breaks = Server::new(|_| String::new());
    ask(&repo, &breaks, &["verify", "--yes"]).ends_with_code(3).says("unclear");

    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    repo.leakcoach_with(
        &[("LEAKCOACH_VERIFY_GITHUB", &format!("http://{gone}"))],
        &["verify", "--yes"],
    )
    .ends_with_code(3)
    .says("no connection could be made");
}

#[test]
fn an_answer_that_echoes_the_credential_is_not_shown() {
    let (repo, secret) = staged(GITHUB);
    let echo = secret.clone();
    let server = Server::new(move |_| {
        let body = format!("{{\"login\":\"you sent {echo}\"}}");
        answer(200, &format!("x-oauth-scopes: {echo}\r\n"), &body)
    });

    // The harness looks for the planted credential in all that is shown.
    for format in ["text", "json"] {
        let attempt = ask(&repo, &server, &["verify", "--yes", "--format", format]);
        attempt.ends_with_code(1);
        assert!(!attempt.text().contains("you sent"), "{format}");
    }
}

#[test]
fn nothing_is_sent_before_somebody_agrees() {
    let (repo, _) = staged(GITHUB);
    let server = Server::saying(401, "");

    ask(&repo, &server, &["verify"])
        .ends_with_code(2)
        .says(&format!("GET {}/user with the credential as a bearer token", server.address))
        .says("nothing was sent: say --yes, or run it on a terminal");
    ask(&repo, &server, &["verify", "--dry-run", "--yes"])
        .ends_with_code(3)
        .says("it only reads: https://docs.github.com/");
    ask(&repo, &server, &["verify", "--offline"])
        .ends_with_code(3)
        .says("it was not asked about before");
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn a_hook_asks_no_service() {
    let repo = Repo::with_hook();
    let secret = repo.plant(expand(GITHUB, 7).unwrap());
    let server = Server::saying(200, "{}");
    repo.write("app.py", &format!("token = \"{secret}\"\n"));
    repo.git(&["add", "-A"]).accepted();

    repo.git_with(
        &[("LEAKCOACH_VERIFY_GITHUB", &server.address)],
        &["commit", "-q", "-m", "add a token"],
    )
    .refused();
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn a_repository_cannot_have_credentials_sent_to_its_own_server() {
    let (repo, _) = staged(GITHUB);
    let server = Server::saying(401, "");
    repo.write(".leakcoach.toml", &format!("[verify.base]\ngithub = \"{}\"\n", server.address));

    repo.leakcoach(&["verify", "--yes"])
        .ends_with_code(2)
        .says("this repository's own configuration says where to");
    assert_eq!(server.asked(), Vec::<String>::new());
    repo.leakcoach(&["verify", "--yes", "--host", &server.address]).ends_with_code(0);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_server_that_cannot_be_trusted_is_refused_by_name_of_the_fault() {
    let (repo, _) = staged(GITHUB);

    repo.leakcoach(&["verify", "--yes", "--host", "http://acme.example"])
        .ends_with_code(2)
        .says("--host: plain http would carry the credential in the clear");
    repo.write(".leakcoach.toml", "[verify.base]\ngithup = \"https://acme.example\"\n");
    repo.leakcoach(&["verify", "--yes"])
        .ends_with_code(2)
        .says("`verify.base` names no service that is known: githup");
}

#[test]
fn what_is_dead_is_not_sent_again() {
    let (repo, _) = staged(GITHUB);
    let server = Server::saying(401, "");

    ask(&repo, &server, &["verify", "--yes"]).ends_with_code(0);
    ask(&repo, &server, &["verify"])
        .ends_with_code(0)
        .says("as was learned before")
        .says("ask again: --fresh");
    assert_eq!(server.asked().len(), 1);
    ask(&repo, &server, &["verify", "--yes", "--fresh"]).ends_with_code(0);
    assert_eq!(server.asked().len(), 2);
    let kept = std::fs::read_to_string(repo.top().join(".git/leakcoach.verified")).unwrap();
    assert!(kept.contains(" dead ") && !kept.contains("127.0.0.1"), "{kept}");
}

#[test]
fn machines_are_told_in_json() {
    let (repo, _) = staged(GITHUB);
    let server = Server::saying(200, "{\"login\":\"octocat\"}");
    let shown = ask(&repo, &server, &["verify", "--yes", "--format", "json"]).text();

    // What is said to people comes after what is for machines.
    let mut values = serde_json::Deserializer::from_str(&shown).into_iter();
    let value: serde_json::Value = values.next().unwrap().unwrap();
    assert_eq!(value["schema"], "leakcoach-verify");
    let result = &value["results"][0];
    assert_eq!(result["state"], "alive");
    assert_eq!(result["service"], "github");
    assert_eq!(result["identity"]["login"], "octocat");
}

#[test]
fn all_that_is_staged_and_committed_is_asked_about_once() {
    let (repo, secret) = staged(GITHUB);
    repo.commit_unchecked("one");
    repo.write("b.py", &format!("token = \"{secret}\"\n"));
    let other = repo.plant(expand("hf_{letters:34}", 9).unwrap());
    repo.write("c.py", &format!("hf = \"{other}\"\n"));
    repo.git(&["add", "-A"]).accepted();
    let server = Server::saying(401, "");

    ask(&repo, &server, &["verify", "--all", "--dry-run"]).ends_with_code(3);
    let attempt = repo.leakcoach_with(
        &[
            ("LEAKCOACH_VERIFY_GITHUB", &server.address),
            ("LEAKCOACH_VERIFY_HUGGINGFACE", &server.address),
        ],
        &["verify", "--all", "--yes"],
    );
    // Of Hugging Face's 401 no page says that the token is dead.
    attempt.ends_with_code(3).says("dead    github-pat").says("unclear huggingface-user-token");
    let github = server.asked().iter().filter(|request| request.starts_with("GET /user ")).count();
    assert_eq!(github, 1);
}

#[test]
fn a_token_past_its_end_is_dead_without_asking() {
    let repo = Repo::plain();
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let token = [
        part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
        part("{\"sub\":\"1234567890\",\"exp\":1500000000}"),
        part("0123456789abcdefghijklmnopqrstuv"),
    ]
    .join(".");
    repo.plant(token.clone());
    repo.write("app.py", &format!("session = \"{token}\"\n"));
    repo.git(&["add", "-A"]).accepted();

    let attempt = repo.leakcoach(&["verify", "jwt"]);
    attempt.ends_with_code(0).says("it ended at 2017-07-14 02:40 UTC");
}

#[test]
fn what_no_call_tells_is_told_by_hand() {
    let (repo, _) = staged("pypi-{macaroon:cHlwaS5vcmc}");

    repo.leakcoach(&["verify", "--yes"])
        .ends_with_code(3)
        .says("no call of PyPI that only reads is known");
}

#[test]
fn an_aws_key_is_asked_about_by_a_signature_that_does_not_hold_it() {
    let repo = Repo::plain();
    let id = expand("AKIA{aws-key-id}", 5).unwrap();
    let secret = repo.plant(expand("{base64:40}", 5).unwrap());
    repo.write(
        "credentials",
        &format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n"),
    );
    repo.git(&["add", "-A"]).accepted();
    let server = Server::saying(
        403,
        "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>",
    );

    repo.leakcoach_with(
        &[("LEAKCOACH_VERIFY_AWS", &server.address)],
        &["verify", "aws-secret-access-key", "--yes"],
    )
    .ends_with_code(0)
    .says("the key of its signature (it is not sent itself)");
    let asked = &server.asked()[0];
    assert!(!asked.contains(&secret));
    assert!(asked.contains(&format!("Credential={id}/")));
    assert!(asked.ends_with("Action=GetCallerIdentity&Version=2011-06-15"));
}

/// GitHub, which takes a revocation and does not know the token from then on.
fn github(works: bool) -> Server {
    let revoked = Mutex::new(false);
    Server::new(move |request| {
        let mut revoked = revoked.lock().unwrap();
        if request.starts_with("POST /credentials/revoke ") {
            *revoked = works;
            return answer(202, "", "");
        }
        answer(if *revoked { 401 } else { 200 }, "", "{}")
    })
}

#[test]
fn a_revoked_credential_is_proved_to_be_dead() {
    let (repo, secret) = staged(GITHUB);
    let server = github(true);

    ask(&repo, &server, &["revoke", "--yes", "--confirm", "github-pat"])
        .ends_with_code(0)
        .says("with the credential in the body")
        .says("what stops: everything that uses this token; GitHub mails its owner. It cannot be undone")
        .says("dead    github-pat");
    let asked = server.asked();
    assert!(asked[0].ends_with(&format!("{{\"credentials\":[\"{secret}\"]}}")));
    assert!(!asked[0].to_lowercase().contains("authorization:"));
    assert!(asked[1].starts_with("GET /user "));
}

#[test]
fn a_credential_that_is_alive_after_all_is_said_so() {
    let (repo, _) = staged(GITHUB);

    ask(&repo, &github(false), &["revoke", "--yes", "--confirm", "github-pat"])
        .refused()
        .says("it still opens something")
        .says("revoke at: https://github.com/settings/tokens");
}

#[test]
fn a_service_that_fails_to_revoke_is_said_so() {
    let (repo, _) = staged(GITHUB);
    let server = Server::saying(500, "");

    ask(&repo, &server, &["revoke", "--yes", "--confirm", "github-pat"])
        .ends_with_code(3)
        .says("GitHub did not say that it is revoked: it failed itself (5xx)")
        .says("it could not be told that it is revoked");
}

#[test]
fn nothing_is_revoked_without_the_rule_typed() {
    let (repo, _) = staged(GITHUB);
    let server = github(true);

    for args in
        [&["revoke"][..], &["revoke", "--yes"], &["revoke", "--yes", "--confirm", "gitlab-pat"]]
    {
        ask(&repo, &server, args)
            .ends_with_code(2)
            .says("nothing was sent: say --yes --confirm github-pat");
    }
    ask(&repo, &server, &["revoke", "--dry-run"]).ends_with_code(3).says("nothing was sent");
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn without_a_call_the_way_by_hand_is_told() {
    let (repo, _) = staged("sk_live_{base62:99}");

    repo.leakcoach(&["revoke", "--yes", "--confirm", "stripe-secret-key-live"])
        .ends_with_code(3)
        .says("revoke at: https://dashboard.stripe.com/")
        .says("then make sure: leakcoach verify ");
}

#[test]
fn a_token_that_is_revoked_by_its_identifier_is_asked_for_it_first() {
    let (repo, _) = staged("cfut_{base62:40}{hex:8}");
    let server = Server::new(|request| {
        if request.starts_with("DELETE /client/v4/user/tokens/ed17-5 ") {
            answer(200, "", "{\"success\":true}")
        } else if request.starts_with("GET /client/v4/user/tokens/verify ") {
            answer(200, "", "{\"result\":{\"id\":\"ed17-5\",\"status\":\"disabled\"}}")
        } else {
            answer(404, "", "")
        }
    });

    repo.leakcoach_with(
        &[("LEAKCOACH_VERIFY_CLOUDFLARE", &server.address)],
        &["revoke", "cloudflare-user-token", "--yes", "--confirm", "cloudflare-user-token"],
    )
    .ends_with_code(0)
    .says("/client/v4/user/tokens/ITS-ID")
    .says("dead");
}

#[test]
fn the_hosts_of_remotes_are_asked_who_can_read_them() {
    let repo = Repo::plain();
    repo.git(&["remote", "add", "origin", "git@github.com:acme/app.git"]).accepted();
    repo.git(&["remote", "add", "own", "ssh://git@git.acme.example/app.git"]).accepted();
    let server = Server::saying(200, "{\"private\":false}");
    let asks = [("LEAKCOACH_VERIFY_REMOTES_GITHUB", server.address.as_str())];

    repo.leakcoach_with(&asks, &["doctor", "--remotes"])
        .ends_with_code(3)
        .says("public  origin github.com/acme/app: everybody can read it")
        .says("unknown own git.acme.example/app: how to ask this host is not known");
    assert!(!repo.top().join(".leakcoach.toml").exists());
    assert!(server.asked()[0].starts_with("GET /repos/acme/app HTTP/1.1"));
    assert!(!server.asked()[0].to_lowercase().contains("authorization"));

    repo.leakcoach_with(&asks, &["doctor", "--remotes", "--write"]).ends_with_code(3);
    let written = std::fs::read_to_string(repo.top().join(".leakcoach.toml")).unwrap();
    assert_eq!(written, "[remotes]\npublic = [\"github.com/acme/app\"]\nprivate = []\n");
    repo.leakcoach_with(&asks, &["doctor", "--remotes", "--write"])
        .says("`[remotes]` is there already");
}

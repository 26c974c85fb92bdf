use super::{all, of};
use crate::catalogue::{Catalogue, sample::expand};
use crate::remedy::http::server;
use crate::remedy::verify::service::{At, Auth, Call, Sign};
use crate::remedy::verify::{Case, plan};
use crate::secret::Secret;
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn there_are_as_many_services_as_promised() {
    assert!(all().filter(|service| service.check.is_some()).count() >= 30);
    let revoked: BTreeSet<&str> =
        all().filter(|service| service.revoke.is_some()).map(|service| service.id).collect();
    assert!(revoked.len() >= 12, "{revoked:?}");
}

#[test]
fn each_rule_is_known_and_belongs_to_one_service() {
    let catalogue = Catalogue::builtin();
    let mut seen = BTreeSet::new();
    for service in all() {
        assert!(service.check.is_some() || service.revoke.is_some(), "{}", service.id);
        for rule in service.rules {
            assert!(catalogue.rule(rule).is_some(), "{rule} of {}", service.id);
            assert!(seen.insert(*rule), "{rule} has two services");
            assert_eq!(of(rule).unwrap().id, service.id);
        }
        for rule in service.revoke.iter().flat_map(|revoke| revoke.except) {
            assert!(service.rules.contains(rule));
        }
        let pages = service.revoke.iter().map(|revoke| revoke.page);
        assert!(pages.chain([service.page]).all(|page| page.starts_with("https://")));
        if let At::Fixed(address) = service.at {
            assert_eq!(server(address).as_deref(), Ok(address));
        }
    }
    let ids: BTreeSet<&str> = all().map(|service| service.id).collect();
    assert_eq!(ids.len(), all().count());
}

#[test]
fn no_answer_that_has_other_reasons_is_called_dead() {
    for service in all() {
        let dead = service.check.iter().flat_map(|check| check.dead);
        for sign in dead {
            let fits = !matches!(sign, Sign::Status(status) if *status != 401);
            assert!(fits, "{}: {sign:?}", service.id);
        }
    }
}

#[test]
fn a_check_changes_nothing() {
    for service in all() {
        let Some(check) = &service.check else { continue };
        let harmless = [
            "/",
            "/api/auth.test",
            "/graphql",
            "/2/check/user",
            "/oauth2/token/status",
            "/v1/check-api-key",
        ];
        assert!(
            check.call.method.word() == "GET" || harmless.contains(&check.call.path),
            "{}",
            service.id
        );
    }
}

/// A credential as `rule` finds it: the shape's group `secret`, or all of the sample that
/// the shape matches.
fn sample(rule: &str) -> String {
    let rule = Catalogue::builtin().rule(rule).unwrap();
    let shape = regex::bytes::Regex::new(rule.shape).unwrap();
    let mut all = rule.samples.iter().filter_map(|sample| expand(sample, 3).ok());
    let secret = all.find_map(|text| {
        let found = shape.captures(text.as_bytes())?;
        let secret = found.name("secret").or_else(|| found.get(0))?;
        Some(String::from_utf8(secret.as_bytes().to_vec()).unwrap())
    });
    secret.unwrap_or_else(|| panic!("no sample of {}", rule.id))
}

fn line(
    call: &Call,
    at: Option<&'static str>,
    rule: &str,
    service: &'static super::Service,
) -> String {
    let value = sample(rule);
    let secret = Secret::new(value.as_bytes());
    let own = matches!(service.at, At::Own(_)).then_some("https://own.example");
    let case = Case { service, secret: &secret, companion: Some("ID0"), server: own.or(at) };
    let plan = plan(&case, call, Some("id1"), 1_440_938_160).unwrap();
    let mut out = format!("{} {}: {}", service.id, rule, plan.line);
    assert!(!plan.line.contains(&value), "{rule}");
    assert!(plan.request.url.starts_with("https://"));
    for (name, value_of) in &plan.request.headers {
        let signed = matches!(call.auth, Auth::SigV4(_)) && name == "authorization";
        let basic = |user: &str, word: &str| {
            data_encoding::BASE64.encode(format!("{user}:{word}").as_bytes())
        };
        let shown = if signed {
            "SIGNED".to_owned()
        } else {
            value_of
                .replace(&value, "SECRET")
                .replace(&basic(&value, ""), "USER")
                .replace(&basic("ID0", &value), "PASSWORD-OF-ID0")
                .replace(&basic("leakcoach", &value), "PASSWORD-OF-LEAKCOACH")
        };
        assert!(!shown.contains(&value), "{rule}");
        let _ = write!(out, "\n    {name}: {shown}");
    }
    if let Some(body) = &plan.request.body {
        let body = String::from_utf8(body.to_vec()).unwrap();
        let encoded: String = value.replace('/', "%2F").replace('!', "%21");
        let body = body.replace(&value, "SECRET").replace(&encoded, "SECRET");
        let _ = write!(out, "\n    {body}");
    }
    out
}

#[test]
fn every_request_goes_where_and_how_its_page_says() {
    let mut lines = Vec::new();
    for service in all() {
        let rule = service.rules[0];
        if let Some(check) = &service.check {
            lines.push(line(&check.call, None, rule, service));
        }
        if let Some(revoke) = &service.revoke {
            lines.push(line(&revoke.call, revoke.at, rule, service));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn each_rule_of_each_service_can_be_asked_about() {
    for service in all() {
        for rule in service.rules {
            if let Some(check) = &service.check {
                let _line = line(&check.call, None, rule, service);
            }
        }
    }
}

#[test]
fn the_document_lists_what_there_is() {
    let document = include_str!("../../../../docs/verify.md");

    assert!(
        document.contains(&super::table()),
        "put the output of `leakcoach verify --services` into docs/verify.md"
    );
}

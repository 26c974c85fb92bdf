//! Monitoring, and checks of code.

use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Payload, Service, Shown, Sign, UNTOLD,
};

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "sentry",
        name: "Sentry",
        rules: &["sentry-user-token", "sentry-legacy-token"],
        at: At::Fixed("https://sentry.io"),
        elsewhere: Some("a Sentry of your own"),
        check: Some(Check::unsure(
            Call::get("/api/0/organizations/"),
            &[(Sign::Status(401), UNTOLD)],
            &[Shown::Field("organisation", "/0/slug")],
        )),
        revoke: None,
        page: "https://github.com/getsentry/sentry-api-schema",
    },
    &Service {
        id: "grafana",
        name: "Grafana",
        rules: &["grafana-service-account-token", "grafana-api-key-legacy"],
        at: At::Own("GRAFANA, your server"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/api/org"),
            &[Shown::Field("organisation", "/name"), Shown::Field("organisation id", "/id")],
        )),
        revoke: None,
        page: "https://github.com/grafana/grafana-openapi-client-go/blob/main/client/org/get_current_org_responses.go",
    },
    &Service {
        id: "newrelic",
        name: "New Relic",
        rules: &["newrelic-user-key"],
        at: At::Fixed("https://api.newrelic.com"),
        elsewhere: Some("New Relic's instance in another region"),
        check: Some(Check {
            call: Call::post(
                "/graphql",
                Auth::Header("api-key", ""),
                Payload::Json("{\"query\":\"{ actor { user { id } } }\"}"),
            ),
            unclear: &[],
            dead: &[Sign::Status(401)],
            alive: &[Sign::Present("/data/actor/user/id")],
            shows: &[Shown::Field("user id", "/data/actor/user/id")],
        }),
        revoke: None,
        page: "https://newrelic.com/info/faq/my-new-relic-nerdgraph-query-returns-401-unauthorized-which-header-am-i-missing-54ea7e",
    },
    &Service {
        id: "honeycomb",
        name: "Honeycomb",
        rules: &["honeycomb-api-key", "honeycomb-api-key-classic"],
        at: At::Fixed("https://api.honeycomb.io"),
        elsewhere: Some("Honeycomb's instance in another region"),
        check: Some(Check::plain(
            Call::get_by("/1/auth", Auth::Header("x-honeycomb-team", "")),
            &[
                Shown::Field("team", "/team/slug"),
                Shown::Field("environment", "/environment/slug"),
                Shown::Field("kind", "/type"),
            ],
        )),
        revoke: None,
        page: "https://docs.honeycomb.io/api/errors",
    },
    &Service {
        id: "honeycomb-management",
        name: "Honeycomb (management key)",
        rules: &["honeycomb-management-key"],
        at: At::Fixed("https://api.honeycomb.io"),
        elsewhere: Some("Honeycomb's instance in another region"),
        check: Some(Check::plain(Call::get("/2/auth"), &[Shown::Field("key id", "/data/id")])),
        revoke: None,
        page: "https://docs.honeycomb.io/api",
    },
    &Service {
        id: "sonar",
        name: "SonarQube",
        rules: &["sonarqube-token"],
        at: At::Own("SONARQUBE, your server, or sonarcloud.io"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/api/authentication/validate", BEARER),
            unclear: &[],
            dead: &[Sign::Field("/valid", &["false"])],
            alive: &[Sign::Field("/valid", &["true"])],
            shows: &[],
        }),
        revoke: None,
        page: "https://sonarcloud.io/web_api/api/authentication/validate",
    },
    &Service {
        id: "snyk",
        name: "Snyk",
        rules: &["snyk-api-token", "snyk-pat"],
        at: At::Fixed("https://api.snyk.io"),
        elsewhere: Some("Snyk's instance in another region"),
        check: Some(Check::unsure(
            Call::get_by("/rest/self?version=2021-06-04", Auth::Header("authorization", "token ")),
            &[(Sign::Status(401), UNTOLD)],
            &[Shown::Field("user id", "/data/id")],
        )),
        revoke: None,
        page: "https://docs.snyk.io/snyk-api/reference/users",
    },
];

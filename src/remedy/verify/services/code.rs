//! Code hosts, registries and pipelines.

use crate::remedy::http::Method;
use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Payload, Revoke, Service, Shown, Sign, UNTOLD,
};

const GITHUB: &[(&str, &str)] =
    &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];

/// The one call for all of GitHub's tokens; final.
const GITHUB_REVOKE: Revoke = Revoke {
    at: None,
    call: Call {
        method: Method::Post,
        path: "/credentials/revoke",
        auth: Auth::Nothing,
        headers: GITHUB,
        body: Payload::Json("{\"credentials\":[\"{secret}\"]}"),
    },
    except: &[],
    id_from: None,
    done: &[Sign::Status(202)],
    stops: "everything that uses this token; GitHub mails its owner. It cannot be undone",
    blind: true,
    page: "https://docs.github.com/en/rest/credentials/revoke",
};

const GITLAB_KEY: Auth = Auth::Header("private-token", "");

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "github",
        name: "GitHub",
        rules: &[
            "github-pat",
            "github-fine-grained-pat",
            "github-oauth-token",
            "github-app-user-token",
        ],
        at: At::Fixed("https://api.github.com"),
        elsewhere: Some("a GitHub Enterprise Server"),
        check: Some(Check::plain(
            Call::get("/user").with(GITHUB),
            &[
                Shown::Field("login", "/login"),
                Shown::Header("scopes", "x-oauth-scopes"),
                Shown::Header("ends", "github-authentication-token-expiration"),
            ],
        )),
        revoke: Some(GITHUB_REVOKE),
        page: "https://docs.github.com/en/rest/users/users#get-the-authenticated-user",
    },
    &Service {
        id: "github-refresh",
        name: "GitHub (refresh token)",
        rules: &["github-app-refresh-token"],
        at: At::Fixed("https://api.github.com"),
        elsewhere: Some("a GitHub Enterprise Server"),
        // Using a refresh token spends it.
        check: None,
        revoke: Some(GITHUB_REVOKE),
        page: "https://docs.github.com/en/rest/credentials/revoke",
    },
    &Service {
        id: "github-installation",
        name: "GitHub (App installation)",
        rules: &["github-app-installation-token"],
        at: At::Fixed("https://api.github.com"),
        elsewhere: Some("a GitHub Enterprise Server"),
        check: Some(Check::plain(
            Call::get("/installation/repositories?per_page=1").with(GITHUB),
            &[Shown::Field("repositories", "/total_count")],
        )),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/installation/token", BEARER).with(GITHUB),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "the job that uses this token, which would end within the hour. It cannot be undone",
            blind: false,
            page: "https://docs.github.com/en/rest/apps/installations#revoke-an-installation-access-token",
        }),
        page: "https://docs.github.com/en/rest/apps/installations",
    },
    &Service {
        id: "gitlab",
        name: "GitLab",
        rules: &["gitlab-pat", "gitlab-pat-routable"],
        at: At::Fixed("https://gitlab.com"),
        elsewhere: Some("a GitLab of your own"),
        check: Some(Check {
            call: Call::get_by("/api/v4/personal_access_tokens/self", GITLAB_KEY),
            unclear: &[],
            dead: &[Sign::Status(401), Sign::Field("/active", &["false"])],
            alive: &[Sign::Field("/active", &["true"])],
            shows: &[
                Shown::Field("user id", "/user_id"),
                Shown::Field("scopes", "/scopes"),
                Shown::Field("last used", "/last_used_at"),
                Shown::Field("ends", "/expires_at"),
            ],
        }),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/api/v4/personal_access_tokens/self", GITLAB_KEY),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that uses this token. It cannot be undone",
            blind: false,
            page: "https://docs.gitlab.com/api/personal_access_tokens/",
        }),
        page: "https://docs.gitlab.com/api/personal_access_tokens/",
    },
    &Service {
        id: "npm",
        name: "npm",
        rules: &["npm-access-token"],
        at: At::Own("REGISTRY, as `npm config get registry` tells it"),
        elsewhere: None,
        check: Some(Check::plain(Call::get("/-/whoami"), &[Shown::Field("user", "/username")])),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/-/user/token/{secret}", BEARER),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200), Sign::Status(204)],
            stops: "every install and publish that uses this token, as `npm logout` does. It cannot be undone",
            blind: false,
            page: "https://docs.npmjs.com/cli/v11/commands/npm-logout",
        }),
        page: "https://docs.npmjs.com/cli/v11/commands/npm-whoami",
    },
    &Service {
        id: "buildkite",
        name: "Buildkite",
        rules: &["buildkite-user-token"],
        at: At::Fixed("https://api.buildkite.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v2/access-token"),
            &[Shown::Field("token id", "/uuid"), Shown::Field("scopes", "/scopes")],
        )),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/v2/access-token", BEARER),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that uses this token. It cannot be undone",
            blind: false,
            page: "https://buildkite.com/docs/apis/rest-api/access-token",
        }),
        page: "https://buildkite.com/docs/apis/rest-api/access-token",
    },
    &Service {
        id: "circleci",
        name: "CircleCI",
        rules: &["circleci-personal-token"],
        at: At::Fixed("https://circleci.com"),
        elsewhere: Some("a CircleCI server of your own"),
        check: Some(Check::plain(
            Call::get_by("/api/v2/me", Auth::Header("circle-token", "")),
            &[Shown::Field("login", "/login"), Shown::Field("user id", "/id")],
        )),
        revoke: None,
        page: "https://circleci.com/docs/api/v2/index.html",
    },
    &Service {
        id: "terraform",
        name: "HCP Terraform",
        rules: &["terraform-cloud-token"],
        at: At::Fixed("https://app.terraform.io"),
        elsewhere: Some("a Terraform Enterprise"),
        check: Some(Check::plain(
            Call::get("/api/v2/account/details"),
            &[
                Shown::Field("user", "/data/attributes/username"),
                Shown::Field("service account", "/data/attributes/is-service-account"),
            ],
        )),
        revoke: None,
        page: "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/account",
    },
    &Service {
        id: "postman",
        name: "Postman",
        rules: &["postman-api-key"],
        at: At::Fixed("https://api.getpostman.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get_by("/me", Auth::Header("x-api-key", "")),
            &[Shown::Field("user", "/user/username"), Shown::Field("user id", "/user/id")],
        )),
        revoke: None,
        page: "https://blog.postman.com/accessing-information-about-the-postman-api-authenticated-user/",
    },
    &Service {
        id: "launchdarkly",
        name: "LaunchDarkly",
        rules: &["launchdarkly-token"],
        at: At::Fixed("https://app.launchdarkly.com"),
        elsewhere: Some("LaunchDarkly's instance in another region"),
        check: Some(Check::plain(
            Call::get_by("/api/v2/caller-identity", Auth::Header("authorization", "")),
            &[Shown::Field("account", "/accountId"), Shown::Field("token id", "/tokenId")],
        )),
        revoke: None,
        page: "https://launchdarkly.com/docs/api/other/get-caller-identity",
    },
    &Service {
        id: "travis",
        name: "Travis CI",
        rules: &["travis-ci-token"],
        at: At::Fixed("https://api.travis-ci.com"),
        elsewhere: Some("a Travis CI of your own"),
        check: Some(Check {
            call: Call::get_by("/user", Auth::Header("authorization", "token "))
                .with(&[("travis-api-version", "3")]),
            unclear: &[(Sign::Status(403), UNTOLD), (Sign::Status(401), UNTOLD)],
            dead: &[],
            alive: &[Sign::Status(200)],
            shows: &[Shown::Field("login", "/login")],
        }),
        revoke: None,
        page: "https://developer.travis-ci.com/resource/user",
    },
];

//! Clouds, hosts, vaults, identity and monitoring.

use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Payload, Revoke, Service, Shown, Sign,
};

const VAULT_KEY: Auth = Auth::Header("x-vault-token", "");
const OKTA_KEY: Auth = Auth::Header("authorization", "SSWS ");
/// Of an answer that no page explains.
const UNTOLD: &str = "its documentation does not say of what";

const DOPPLER: &str = "https://docs.doppler.com/reference/auth-me";

const CLOUDFLARE_SHOWS: &[Shown] =
    &[Shown::Field("token id", "/result/id"), Shown::Field("ends", "/result/expires_on")];

const CLOUDFLARE_REVOKE: Revoke = Revoke {
    at: None,
    call: Call::delete("/client/v4/user/tokens/{id}", BEARER),
    except: &[],
    id_from: Some("/result/id"),
    done: &[Sign::Field("/success", &["true"])],
    stops: "everything that uses this token. It cannot be undone, and takes a token that may write API tokens",
    blind: false,
    page: "https://developers.cloudflare.com/api/resources/user/subresources/tokens/methods/delete/",
};

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "aws",
        name: "AWS",
        rules: &["aws-secret-access-key"],
        at: At::Fixed("https://sts.amazonaws.com"),
        elsewhere: None,
        check: Some(Check {
            call: Call::post(
                "/",
                Auth::SigV4("sts"),
                Payload::Form("Action=GetCallerIdentity&Version=2011-06-15"),
            ),
            unclear: &[(
                Sign::Code("SignatureDoesNotMatch"),
                "the key's id is known, and this secret is not its own: another one may be",
            )],
            dead: &[Sign::Code("InvalidClientTokenId")],
            alive: &[Sign::Status(200)],
            shows: &[Shown::Element("account", "Account"), Shown::Element("identity", "Arn")],
        }),
        revoke: Some(Revoke {
            at: Some("https://iam.amazonaws.com"),
            call: Call::post(
                "/",
                Auth::SigV4("iam"),
                Payload::Form(
                    "Action=UpdateAccessKey&AccessKeyId={companion}&Status=Inactive&Version=2010-05-08",
                ),
            ),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200)],
            stops: "everything that uses this key. It is set inactive, which can be undone, and takes iam:UpdateAccessKey",
            blind: false,
            page: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html",
        }),
        page: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    },
    &Service {
        id: "google-oauth",
        name: "Google (OAuth)",
        rules: &["gcp-oauth-access-token", "gcp-oauth-refresh-token"],
        at: At::Fixed("https://oauth2.googleapis.com"),
        elsewhere: None,
        check: None,
        revoke: Some(Revoke {
            at: None,
            call: Call::post("/revoke", Auth::Nothing, Payload::Form("token={secret}")),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200)],
            stops: "the app's access to this account, with the refresh token that belongs to it. It cannot be undone; the person signs in again",
            blind: false,
            page: "https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke",
        }),
        page: "https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke",
    },
    &Service {
        id: "cloudflare",
        name: "Cloudflare",
        rules: &["cloudflare-user-token"],
        at: At::Fixed("https://api.cloudflare.com"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get("/client/v4/user/tokens/verify"),
            unclear: &[],
            dead: &[Sign::Status(401), Sign::Field("/result/status", &["disabled", "expired"])],
            alive: &[Sign::Field("/result/status", &["active"])],
            shows: CLOUDFLARE_SHOWS,
        }),
        revoke: Some(CLOUDFLARE_REVOKE),
        page: "https://developers.cloudflare.com/fundamentals/api/troubleshooting",
    },
    &Service {
        id: "cloudflare-unprefixed",
        name: "Cloudflare (token without a prefix)",
        rules: &["cloudflare-api-token"],
        at: At::Fixed("https://api.cloudflare.com"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get("/client/v4/user/tokens/verify"),
            unclear: &[(
                Sign::Status(401),
                "it is no user's token: an account's own one is asked for at its account",
            )],
            dead: &[Sign::Field("/result/status", &["disabled", "expired"])],
            alive: &[Sign::Field("/result/status", &["active"])],
            shows: CLOUDFLARE_SHOWS,
        }),
        revoke: Some(CLOUDFLARE_REVOKE),
        page: "https://developers.cloudflare.com/fundamentals/api/troubleshooting",
    },
    &Service {
        id: "digitalocean",
        name: "DigitalOcean",
        rules: &["digitalocean-pat", "digitalocean-oauth-token"],
        at: At::Fixed("https://api.digitalocean.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v2/account"),
            &[
                Shown::Field("account", "/account/uuid"),
                Shown::Field("team", "/account/team/name"),
                Shown::Field("status", "/account/status"),
            ],
        )),
        revoke: None,
        page: "https://docs.digitalocean.com/reference/api/reference/account/",
    },
    &Service {
        id: "linode",
        name: "Linode",
        rules: &["linode-pat"],
        at: At::Fixed("https://api.linode.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v4/profile"),
            &[
                Shown::Field("user", "/username"),
                Shown::Field("restricted", "/restricted"),
                Shown::Header("scopes", "x-oauth-scopes"),
            ],
        )),
        revoke: None,
        page: "https://techdocs.akamai.com/linode-api/reference/get-profile",
    },
    &Service {
        id: "heroku",
        name: "Heroku",
        rules: &["heroku-api-key", "heroku-api-key-legacy"],
        at: At::Fixed("https://api.heroku.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/account").with(&[("accept", "application/vnd.heroku+json; version=3")]),
            &[Shown::Field("account", "/id"), Shown::Field("last login", "/last_login")],
        )),
        revoke: None,
        page: "https://devcenter.heroku.com/articles/platform-api-reference#account",
    },
    &Service {
        id: "vercel",
        name: "Vercel",
        rules: &["vercel-token", "vercel-legacy-token"],
        at: At::Fixed("https://api.vercel.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/v2/user"),
            &[(Sign::Status(403), "it may be revoked, or have few rights")],
            &[Shown::Field("user", "/user/username")],
        )),
        revoke: None,
        page: "https://vercel.com/docs/rest-api/endpoints/user",
    },
    &Service {
        id: "netlify",
        name: "Netlify",
        rules: &["netlify-token", "netlify-legacy-token"],
        at: At::Fixed("https://api.netlify.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/api/v1/user"),
            &[(Sign::Status(401), UNTOLD)],
            &[Shown::Field("user id", "/id"), Shown::Field("last login", "/last_login")],
        )),
        revoke: None,
        page: "https://open-api.netlify.com/#tag/user/operation/getCurrentUser",
    },
    &Service {
        id: "datadog",
        name: "Datadog",
        rules: &["datadog-api-key"],
        at: At::Fixed("https://api.datadoghq.com"),
        elsewhere: Some("another of Datadog's sites"),
        check: Some(Check {
            call: Call::get_by("/api/v1/validate", Auth::Header("dd-api-key", "")),
            unclear: &[(
                Sign::Status(403),
                "so it answers to a dead key, and to one of another of its sites (--host)",
            )],
            dead: &[],
            alive: &[Sign::Field("/valid", &["true"])],
            shows: &[],
        }),
        revoke: None,
        page: "https://docs.datadoghq.com/api/latest/authentication/validate-api-key/",
    },
    &Service {
        id: "pagerduty",
        name: "PagerDuty",
        rules: &["pagerduty-api-key", "pagerduty-user-key-header"],
        at: At::Fixed("https://api.pagerduty.com"),
        elsewhere: Some("PagerDuty's service region EU"),
        check: Some(Check::plain(
            Call::get_by("/abilities", Auth::Header("authorization", "Token token=")),
            &[Shown::Field("abilities", "/abilities")],
        )),
        revoke: None,
        page: "https://github.com/PagerDuty/api-schema",
    },
    &Service {
        id: "doppler",
        name: "Doppler",
        rules: &[
            "doppler-personal-token",
            "doppler-service-token",
            "doppler-service-account-token",
        ],
        at: At::Fixed("https://api.doppler.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/v3/me"),
            &[(Sign::Status(401), UNTOLD)],
            &[
                Shown::Field("workplace", "/workplace/name"),
                Shown::Field("kind", "/type"),
                Shown::Field("name", "/name"),
            ],
        )),
        revoke: Some(Revoke {
            at: None,
            call: Call::post("/v3/auth/revoke", BEARER, Payload::Json("{\"token\":\"{secret}\"}")),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200)],
            stops: "everything that reads secrets by this token; rotate what it could read as well. It cannot be undone",
            blind: false,
            page: "https://docs.doppler.com/reference/auth-revoke",
        }),
        page: DOPPLER,
    },
    &Service {
        id: "vault",
        name: "HashiCorp Vault, OpenBao",
        rules: &[
            "vault-service-token",
            "vault-legacy-token",
            "vault-root-token-legacy",
            "vault-batch-token",
        ],
        at: At::Own("VAULT_ADDR, the address of your Vault"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/v1/auth/token/lookup-self", VAULT_KEY),
            unclear: &[(
                Sign::Status(403),
                "so it answers to a token that it does not know, and to one that may not ask",
            )],
            dead: &[],
            alive: &[Sign::Present("/data/policies")],
            shows: &[
                Shown::Field("name", "/data/display_name"),
                Shown::Field("policies", "/data/policies"),
                Shown::Field("ends", "/data/expire_time"),
            ],
        }),
        revoke: Some(Revoke {
            at: None,
            call: Call::post("/v1/auth/token/revoke-self", VAULT_KEY, Payload::Json("{}")),
            except: &["vault-batch-token"],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that uses this token, and every token and lease made by it. It cannot be undone",
            blind: false,
            page: "https://developer.hashicorp.com/vault/api-docs/auth/token#revoke-a-token-self",
        }),
        page: "https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-self",
    },
    &Service {
        id: "okta",
        name: "Okta",
        rules: &["okta-api-token"],
        at: At::Own("ORG.okta.com, your Okta domain"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/api/v1/users/me", OKTA_KEY),
            unclear: &[],
            dead: &[Sign::Field("/errorCode", &["E0000011"])],
            alive: &[Sign::Status(200)],
            shows: &[Shown::Field("user id", "/id"), Shown::Field("status", "/status")],
        }),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/api/v1/api-tokens/current", OKTA_KEY),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that uses this token. It cannot be undone",
            blind: false,
            page: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApiToken/",
        }),
        page: "https://developer.okta.com/docs/reference/error-codes/",
    },
];

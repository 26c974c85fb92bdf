//! Payments, shops, and what offices and people use.

use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Payload, Revoke, Service, Shown, Sign, UNTOLD,
};

/// Asks Linear's graph who asks.
const VIEWER: Payload = Payload::Json("{\"query\":\"{ viewer { id name } }\"}");

const LINEAR_SHOWS: &[Shown] = &[Shown::Field("user id", "/data/viewer/id")];

/// Linear's checks differ in the header alone.
const fn linear(auth: Auth) -> Check {
    Check {
        call: Call::post("/graphql", auth, VIEWER),
        unclear: &[],
        dead: &[
            Sign::Status(401),
            Sign::Field("/errors/0/extensions/code", &["AUTHENTICATION_ERROR"]),
        ],
        alive: &[Sign::Present("/data/viewer/id")],
        shows: LINEAR_SHOWS,
    }
}

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "stripe",
        name: "Stripe",
        rules: &[
            "stripe-secret-key-live",
            "stripe-restricted-key-live",
            "stripe-secret-key-test",
            "stripe-restricted-key-test",
        ],
        at: At::Fixed("https://api.stripe.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get_by("/v1/balance", Auth::User),
            &[Shown::Field("live mode", "/livemode")],
        )),
        revoke: None,
        page: "https://docs.stripe.com/api/authentication",
    },
    &Service {
        id: "square",
        name: "Square",
        rules: &["square-access-token", "square-legacy-access-token"],
        at: At::Fixed("https://connect.squareup.com"),
        elsewhere: Some("Square's sandbox"),
        check: Some(Check {
            call: Call::post("/oauth2/token/status", BEARER, Payload::Json("{}")),
            unclear: &[],
            dead: &[Sign::Says(401, "UNAUTHORIZED")],
            alive: &[Sign::Status(200)],
            shows: &[
                Shown::Field("merchant", "/merchant_id"),
                Shown::Field("application", "/client_id"),
                Shown::Field("scopes", "/scopes"),
                Shown::Field("ends", "/expires_at"),
            ],
        }),
        revoke: None,
        page: "https://developer.squareup.com/reference/square/o-auth-api/RetrieveTokenStatus",
    },
    &Service {
        id: "notion",
        name: "Notion",
        rules: &["notion-integration-token", "notion-legacy-token"],
        at: At::Fixed("https://api.notion.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v1/users/me").with(&[("notion-version", "2022-06-28")]),
            &[
                Shown::Field("kind", "/type"),
                Shown::Field("name", "/name"),
                Shown::Field("workspace", "/bot/workspace_name"),
            ],
        )),
        revoke: None,
        page: "https://developers.notion.com/reference/get-self",
    },
    &Service {
        id: "airtable",
        name: "Airtable",
        rules: &["airtable-pat"],
        at: At::Fixed("https://api.airtable.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v0/meta/whoami"),
            &[Shown::Field("user id", "/id"), Shown::Field("scopes", "/scopes")],
        )),
        revoke: None,
        page: "https://airtable.com/developers/web/api/get-user-id-scopes",
    },
    &Service {
        id: "asana",
        name: "Asana",
        rules: &["asana-pat"],
        at: At::Fixed("https://app.asana.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/api/1.0/users/me"),
            &[Shown::Field("user id", "/data/gid"), Shown::Field("name", "/data/name")],
        )),
        revoke: None,
        page: "https://developers.asana.com/reference/getuser",
    },
    &Service {
        id: "figma",
        name: "Figma",
        rules: &["figma-pat"],
        at: At::Fixed("https://api.figma.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get_by("/v1/me", Auth::Header("x-figma-token", "")),
            &[Shown::Field("user", "/handle"), Shown::Field("user id", "/id")],
        )),
        revoke: None,
        page: "https://developers.figma.com/docs/rest-api/users-endpoints/",
    },
    &Service {
        id: "linear",
        name: "Linear (API key)",
        rules: &["linear-api-key"],
        at: At::Fixed("https://api.linear.app"),
        elsewhere: None,
        check: Some(linear(Auth::Header("authorization", ""))),
        revoke: None,
        page: "https://linear.app/developers/graphql",
    },
    &Service {
        id: "linear-oauth",
        name: "Linear (OAuth)",
        rules: &["linear-oauth-token"],
        at: At::Fixed("https://api.linear.app"),
        elsewhere: None,
        check: Some(linear(BEARER)),
        revoke: None,
        page: "https://linear.app/developers/oauth-2-0-authentication",
    },
    &Service {
        id: "dropbox",
        name: "Dropbox",
        rules: &["dropbox-access-token"],
        at: At::Fixed("https://api.dropboxapi.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::post("/2/check/user", BEARER, Payload::Json("{\"query\":\"leakcoach\"}")),
            &[],
        )),
        revoke: Some(Revoke {
            at: None,
            call: Call::post("/2/auth/token/revoke", BEARER, Payload::Json("null")),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200)],
            stops: "the app's access to this account, with the refresh token and every access token that belongs to it. It cannot be undone",
            blind: false,
            page: "https://www.dropbox.com/developers/documentation/http/documentation#auth-token-revoke",
        }),
        page: "https://www.dropbox.com/developers/documentation/http/documentation#check-user",
    },
    &Service {
        id: "salesforce",
        name: "Salesforce",
        rules: &["salesforce-session-token", "salesforce-refresh-token"],
        at: At::Fixed("https://login.salesforce.com"),
        elsewhere: None,
        check: None,
        revoke: Some(Revoke {
            at: None,
            call: Call::post(
                "/services/oauth2/revoke",
                Auth::Nothing,
                Payload::Form("token={secret}"),
            ),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200)],
            stops: "the app's access, with every access token of a refresh token; a sandbox is asked at --host test.salesforce.com. It cannot be undone",
            blind: false,
            page: "https://developer.salesforce.com/docs/platform/mobile-sdk/guide/oauth-revoking-tokens.html",
        }),
        page: "https://developer.salesforce.com/docs/platform/mobile-sdk/guide/oauth-revoking-tokens.html",
    },
    &Service {
        id: "shopify",
        name: "Shopify",
        rules: &["shopify-access-token", "shopify-custom-app-token"],
        at: At::Own("SHOP.myshopify.com, the shop"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get_by(
                "/admin/oauth/access_scopes.json",
                Auth::Header("x-shopify-access-token", ""),
            ),
            &[(Sign::Status(401), "it is not this shop's token now; it may be another's")],
            &[Shown::Field("a scope", "/access_scopes/0/handle")],
        )),
        revoke: None,
        page: "https://shopify.dev/docs/api/admin-rest/latest/resources/accessscope",
    },
    &Service {
        id: "atlassian",
        name: "Atlassian",
        rules: &["atlassian-api-token", "atlassian-api-token-legacy"],
        at: At::Own("SITE.atlassian.net, your site"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get_by("/rest/api/3/myself", Auth::PasswordOfCompanion),
            &[(
                Sign::Status(401),
                "it is not this person's token at this site now; it may be another's, or one with scopes",
            )],
            &[Shown::Field("account id", "/accountId"), Shown::Field("name", "/displayName")],
        )),
        revoke: None,
        page: "https://jira.atlassian.com/browse/JRACLOUD-93811",
    },
    &Service {
        id: "algolia",
        name: "Algolia",
        rules: &["algolia-admin-key"],
        at: At::Own("APPLICATION-ID.algolia.net, your application"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/1/indexes", Auth::Header("x-algolia-api-key", ""))
                .with(&[("x-algolia-application-id", "{companion}")]),
            unclear: &[(
                Sign::Status(403),
                "it is not this application's admin key now; it may be another's",
            )],
            dead: &[],
            alive: &[Sign::Status(200)],
            shows: &[Shown::Field("an index", "/items/0/name")],
        }),
        revoke: None,
        page: "https://github.com/algolia/api-clients-automation/blob/main/specs/search/paths/manage_indices/listIndices.yml",
    },
    &Service {
        id: "lichess",
        name: "Lichess",
        rules: &["lichess-token"],
        at: At::Fixed("https://lichess.org"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/api/account"),
            &[(Sign::Status(401), UNTOLD)],
            &[Shown::Field("user", "/id")],
        )),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/api/token", BEARER),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that uses this token. It cannot be undone",
            blind: false,
            page: "https://lichess.org/api#tag/OAuth/operation/apiTokenDelete",
        }),
        page: "https://lichess.org/api#tag/Account/operation/accountMe",
    },
];

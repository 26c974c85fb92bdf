//! Smaller clouds and hosts.

use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Revoke, Service, Shown, Sign, UNTOLD,
};

const FASTLY_KEY: Auth = Auth::Header("fastly-key", "");

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "hetzner",
        name: "Hetzner Cloud",
        rules: &["hetzner-cloud-token"],
        at: At::Fixed("https://api.hetzner.cloud"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/v1/locations", BEARER),
            unclear: &[],
            dead: &[Sign::Field("/error/code", &["unauthorized"])],
            alive: &[Sign::Status(200)],
            shows: &[],
        }),
        revoke: None,
        page: "https://github.com/hetznercloud/hcloud-go/blob/main/hcloud/error.go",
    },
    &Service {
        id: "render",
        name: "Render",
        rules: &["render-api-key"],
        at: At::Fixed("https://api.render.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/v1/users"),
            &[(Sign::Status(401), UNTOLD)],
            &[Shown::Field("user", "/name")],
        )),
        revoke: None,
        page: "https://github.com/render-oss/cli/blob/main/pkg/client/client_gen.go",
    },
    &Service {
        id: "fly",
        name: "Fly.io",
        rules: &["flyio-token", "flyio-personal-token"],
        at: At::Fixed("https://api.machines.dev"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/v1/apps?org_slug=personal"),
            &[(
                Sign::Status(401),
                "so it answers to a dead token, and to one of several that are sent together",
            )],
            &[Shown::Field("apps", "/total_apps")],
        )),
        revoke: None,
        page: "https://fly.io/docs/machines/api/working-with-machines-api/",
    },
    &Service {
        id: "fastly",
        name: "Fastly",
        rules: &["fastly-api-token"],
        at: At::Fixed("https://api.fastly.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get_by("/tokens/self", FASTLY_KEY),
            &[(Sign::Status(401), UNTOLD)],
            &[
                Shown::Field("token id", "/id"),
                Shown::Field("scope", "/scope"),
                Shown::Field("ends", "/expires_at"),
            ],
        )),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/tokens/self", FASTLY_KEY),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that uses this token. It cannot be undone",
            blind: false,
            page: "https://www.fastly.com/documentation/reference/api/auth-tokens/user/",
        }),
        page: "https://www.fastly.com/documentation/reference/api/auth-tokens/user/",
    },
];

//! Models and those who host them.

use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Payload, Revoke, Service, Shown, Sign,
};

/// Of an answer that no page explains.
const UNTOLD: &str = "its documentation does not say of what";

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "openai",
        name: "OpenAI",
        rules: &["openai-project-key", "openai-service-account-key", "openai-legacy-key"],
        at: At::Fixed("https://api.openai.com"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get("/v1/models"),
            // Its 401 also stands for an address or an organisation that is not let in: only
            // these words are said of a key that is wrong or deleted.
            unclear: &[],
            dead: &[Sign::Says(401, "Incorrect API key provided")],
            alive: &[Sign::Status(200)],
            shows: &[Shown::Header("organisation", "openai-organization")],
        }),
        revoke: None,
        page: "https://help.openai.com/en/articles/6891781-error-code-401-incorrect-api-key-provided",
    },
    &Service {
        id: "anthropic",
        name: "Anthropic",
        rules: &["anthropic-api-key"],
        at: At::Fixed("https://api.anthropic.com"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/v1/models?limit=1", Auth::Header("x-api-key", ""))
                .with(&[("anthropic-version", "2023-06-01")]),
            unclear: &[],
            dead: &[Sign::Says(401, "authentication_error")],
            alive: &[Sign::Status(200)],
            shows: &[Shown::Header("organisation", "anthropic-organization-id")],
        }),
        revoke: None,
        page: "https://platform.claude.com/docs/en/api/models",
    },
    &Service {
        id: "huggingface",
        name: "Hugging Face",
        rules: &["huggingface-user-token", "huggingface-org-token"],
        at: At::Fixed("https://huggingface.co"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get("/api/whoami-v2"),
            &[(Sign::Status(401), UNTOLD)],
            &[
                Shown::Field("name", "/name"),
                Shown::Field("kind", "/type"),
                Shown::Field("role", "/auth/accessToken/role"),
            ],
        )),
        revoke: None,
        page: "https://huggingface.co/docs/huggingface.js/main/hub/interfaces/AuthInfo",
    },
    &Service {
        id: "openrouter",
        name: "OpenRouter",
        rules: &["openrouter-api-key"],
        at: At::Fixed("https://openrouter.ai"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/api/v1/key"),
            &[Shown::Field("limit left", "/data/limit_remaining")],
        )),
        revoke: None,
        page: "https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key",
    },
    &Service {
        id: "xai",
        name: "xAI",
        rules: &["xai-api-key"],
        at: At::Fixed("https://api.x.ai"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get("/v1/api-key"),
            unclear: &[(Sign::Status(400), "it says so of a wrong key and of a wrong request")],
            dead: &[
                Sign::Status(401),
                Sign::Field("/api_key_disabled", &["true"]),
                Sign::Field("/api_key_blocked", &["true"]),
            ],
            alive: &[Sign::Status(200)],
            shows: &[
                Shown::Field("key id", "/api_key_id"),
                Shown::Field("team", "/team_id"),
                Shown::Field("rights", "/acls"),
            ],
        }),
        revoke: None,
        page: "https://docs.x.ai/docs/api-reference#api-key",
    },
    &Service {
        id: "replicate",
        name: "Replicate",
        rules: &["replicate-api-token"],
        at: At::Fixed("https://api.replicate.com"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v1/account"),
            &[Shown::Field("account", "/username"), Shown::Field("kind", "/type")],
        )),
        revoke: None,
        page: "https://sdks.replicate.com/resources/account/methods/get",
    },
    &Service {
        id: "groq",
        name: "Groq",
        rules: &["groq-api-key"],
        at: At::Fixed("https://api.groq.com"),
        elsewhere: None,
        check: Some(Check::plain(Call::get("/openai/v1/models"), &[])),
        revoke: None,
        page: "https://console.groq.com/docs/errors",
    },
    &Service {
        id: "mistral",
        name: "Mistral",
        rules: &["mistral-api-key"],
        at: At::Fixed("https://api.mistral.ai"),
        elsewhere: None,
        check: Some(Check::unsure(Call::get("/v1/models"), &[(Sign::Status(401), UNTOLD)], &[])),
        revoke: None,
        page: "https://docs.mistral.ai/api#operation/listModels",
    },
    &Service {
        id: "cohere",
        name: "Cohere",
        rules: &["cohere-api-key"],
        at: At::Fixed("https://api.cohere.com"),
        elsewhere: None,
        // What 401 says: https://docs.cohere.com/v1/reference/errors
        check: Some(Check {
            call: Call::post("/v1/check-api-key", BEARER, Payload::Empty),
            unclear: &[],
            dead: &[Sign::Status(401), Sign::Field("/valid", &["false"])],
            alive: &[Sign::Field("/valid", &["true"])],
            shows: &[
                Shown::Field("organisation", "/organization_id"),
                Shown::Field("owner", "/owner_id"),
            ],
        }),
        revoke: None,
        page: "https://docs.cohere.com/reference/check-api-key",
    },
    &Service {
        id: "perplexity",
        name: "Perplexity",
        rules: &["perplexity-api-key"],
        at: At::Fixed("https://api.perplexity.ai"),
        elsewhere: None,
        check: None,
        revoke: Some(Revoke {
            at: None,
            call: Call::post(
                "/revoke_auth_token",
                BEARER,
                Payload::Json("{\"auth_token\":\"{secret}\"}"),
            ),
            except: &[],
            id_from: None,
            done: &[Sign::Status(200)],
            stops: "everything that uses this key. It cannot be undone",
            blind: false,
            page: "https://docs.perplexity.ai/api-reference/revoke-auth-token-post",
        }),
        page: "https://docs.perplexity.ai/api-reference/revoke-auth-token-post",
    },
];

//! Chat and mail.

use crate::remedy::verify::service::{
    At, Auth, BEARER, Call, Check, Payload, Revoke, Service, Shown, Sign,
};

const DISCORD: &str = "https://discord.com/api/v10";

/// What its statuses and its codes mean.
const DISCORD_CODES: &str = "https://docs.discord.com/developers/topics/opcodes-and-status-codes";

pub(super) const SERVICES: &[&Service] = &[
    &Service {
        id: "slack",
        name: "Slack",
        rules: &[
            "slack-bot-token",
            "slack-user-token",
            "slack-legacy-token",
            "slack-rotated-token",
        ],
        at: At::Fixed("https://slack.com"),
        elsewhere: None,
        check: Some(Check {
            call: Call::post("/api/auth.test", BEARER, Payload::Form("")),
            unclear: &[(
                Sign::Field("/error", &["invalid_auth"]),
                "so it answers to a wrong token, and to an address that is not let in",
            )],
            dead: &[Sign::Field("/error", &["token_revoked", "account_inactive"])],
            alive: &[Sign::Field("/ok", &["true"])],
            shows: &[
                Shown::Field("workspace", "/team"),
                Shown::Field("user", "/user"),
                Shown::Header("scopes", "x-oauth-scopes"),
            ],
        }),
        revoke: Some(Revoke {
            at: None,
            call: Call::post("/api/auth.revoke", BEARER, Payload::Form("")),
            except: &[],
            id_from: None,
            done: &[Sign::Field("/revoked", &["true"])],
            stops: "everything that uses this token; a bot leaves its channels. It cannot be undone: the app is installed again",
            blind: false,
            page: "https://api.slack.com/methods/auth.revoke",
        }),
        page: "https://api.slack.com/methods/auth.test",
    },
    &Service {
        id: "discord",
        name: "Discord (bot)",
        rules: &["discord-bot-token"],
        at: At::Fixed(DISCORD),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get_by("/users/@me", Auth::Header("authorization", "Bot ")),
            &[Shown::Field("bot", "/username"), Shown::Field("bot id", "/id")],
        )),
        revoke: None,
        page: DISCORD_CODES,
    },
    &Service {
        id: "discord-webhook",
        name: "Discord (webhook)",
        rules: &["discord-webhook-url"],
        at: At::Fixed(DISCORD),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/webhooks/{webhook}", Auth::Nothing),
            unclear: &[],
            // Unknown Webhook, and Invalid Webhook Token.
            dead: &[Sign::Field("/code", &["10015", "50027"])],
            alive: &[Sign::Status(200)],
            shows: &[
                Shown::Field("server id", "/guild_id"),
                Shown::Field("channel id", "/channel_id"),
            ],
        }),
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/webhooks/{webhook}", Auth::Nothing),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that posts to this address. It cannot be undone",
            blind: false,
            page: "https://discord.com/developers/docs/resources/webhook#delete-webhook-with-token",
        }),
        page: DISCORD_CODES,
    },
    &Service {
        id: "telegram",
        name: "Telegram",
        rules: &["telegram-bot-token"],
        at: At::Fixed("https://api.telegram.org"),
        elsewhere: None,
        check: Some(Check {
            call: Call::get_by("/bot{secret}/getMe", Auth::Nothing),
            unclear: &[],
            dead: &[Sign::Status(401)],
            alive: &[Sign::Field("/ok", &["true"])],
            shows: &[Shown::Field("bot", "/result/username")],
        }),
        revoke: None,
        page: "https://core.telegram.org/bots/api#getme",
    },
    &Service {
        id: "line",
        name: "LINE",
        rules: &["line-channel-token"],
        at: At::Fixed("https://api.line.me"),
        elsewhere: None,
        check: Some(Check::plain(
            Call::get("/v2/bot/info"),
            &[Shown::Field("account", "/basicId")],
        )),
        revoke: None,
        page: "https://developers.line.biz/en/reference/messaging-api/",
    },
    &Service {
        id: "twilio",
        name: "Twilio",
        rules: &["twilio-auth-token", "twilio-account-auth-token"],
        at: At::Fixed("https://api.twilio.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get_by("/2010-04-01/Accounts/{companion}.json", Auth::PasswordOfCompanion),
            &[(Sign::Status(401), "it is not this account's token now; it may be another's")],
            &[Shown::Field("status", "/status"), Shown::Field("kind", "/type")],
        )),
        revoke: None,
        page: "https://www.twilio.com/docs/iam/api/account",
    },
    &Service {
        id: "sendgrid",
        name: "SendGrid",
        rules: &["sendgrid-api-key"],
        at: At::Fixed("https://api.sendgrid.com"),
        elsewhere: Some("SendGrid's server in the EU"),
        check: Some(Check::plain(Call::get("/v3/scopes"), &[Shown::Field("scopes", "/scopes")])),
        // A new key is answered as `SG.xxxxxxxx.yyyyyyyy` with `xxxxxxxx` as its `api_key_id`.
        revoke: Some(Revoke {
            at: None,
            call: Call::delete("/v3/api_keys/{key-id}", BEARER),
            except: &[],
            id_from: None,
            done: &[Sign::Status(204)],
            stops: "everything that sends mail by this key. It cannot be undone, and takes a key that may delete API keys",
            blind: false,
            page: "https://www.twilio.com/docs/sendgrid/api-reference/api-keys/delete-api-keys",
        }),
        page: "https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access",
    },
    &Service {
        id: "mailchimp",
        name: "Mailchimp",
        rules: &["mailchimp-api-key"],
        at: At::ByEnding("https://{}.api.mailchimp.com"),
        elsewhere: None,
        check: Some(Check::plain(Call::get_by("/3.0/ping", Auth::PasswordOf("leakcoach")), &[])),
        revoke: None,
        page: "https://mailchimp.com/developer/marketing/api/ping/",
    },
    &Service {
        id: "brevo",
        name: "Brevo",
        rules: &["brevo-api-key"],
        at: At::Fixed("https://api.brevo.com"),
        elsewhere: None,
        check: Some(Check::unsure(
            Call::get_by("/v3/account", Auth::Header("api-key", "")),
            &[(
                Sign::Status(401),
                "so it answers to a dead key, and to an address that is not let in",
            )],
            &[Shown::Field("organisation", "/organization_id")],
        )),
        revoke: None,
        page: "https://developers.brevo.com/reference/get-account",
    },
];

//! What apps ask for: scopes of OAuth in manifests of Slack, GitHub, Google, Shopify and of
//! browsers' extensions.
//!
//! Fields as their vendors' manifest references have them.

use super::facts::Facts;
use super::node::Node;
use super::yaml::Why;

/// What the document `node` says.
pub(super) fn tell(node: &Node, facts: &mut Facts) {
    if let Some(config) = node.get("oauth_config") {
        for (kind, of) in [("bot", "slack-bot-scope"), ("user", "slack-user-scope")] {
            let scopes = config.get("scopes").into_iter().flat_map(|scopes| scopes.texts_of(kind));
            for (text, at) in scopes {
                facts.add(of, text, "oauth_config", at.at.clone());
            }
        }
    }
    if let Some(permissions) = node.get("default_permissions") {
        for entry in permissions.entries() {
            let value = format!("{}: {}", entry.key, entry.node.text().unwrap_or_default());
            facts.add("github-app-permission", &value, "default_permissions", entry.span());
        }
    }
    for (text, at) in node.texts_of("oauthScopes") {
        facts.add("google-scope", text.trim_end_matches('/'), "oauthScopes", at.at.clone());
    }
    if node.get("manifest_version").is_some() {
        for key in ["permissions", "host_permissions", "optional_host_permissions"] {
            for (text, at) in node.texts_of(key) {
                let of = if key.starts_with("optional") {
                    "extension-optional"
                } else {
                    "extension-permission"
                };
                facts.add(of, text, key, at.at.clone());
            }
        }
    }
}

/// `shopify.app.toml`.
///
/// # Errors
/// It is no TOML.
pub(super) fn shopify(text: &str, facts: &mut Facts) -> Result<(), Why> {
    let invalid = |error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        format!("it is no valid TOML at line {line}")
    };
    let table = toml::de::DeTable::parse(text).map_err(invalid)?;
    let scopes =
        table.get_ref().get("access_scopes").and_then(|scopes| scopes.get_ref().get("scopes"));
    let Some(scopes) = scopes else { return Ok(()) };
    let at = scopes.span();
    for scope in scopes.get_ref().as_str().unwrap_or_default().split(',') {
        facts.add("shopify-scope", scope, "access_scopes", at.clone());
    }
    Ok(())
}

//! What AI agents are let do without being asked: their settings, and servers of tools.
//!
//! Keys as code.claude.com ("Settings", "Permissions") and modelcontextprotocol.io have
//! them.

use super::facts::Facts;
use super::node::{Entry, Node};

/// What the document `node` says.
pub(super) fn tell(node: &Node, facts: &mut Facts) {
    if let Some(permissions) = node.get("permissions") {
        for (text, at) in permissions.texts_of("allow") {
            facts.add("agent-allows", text, "permissions", at.at.clone());
        }
        if let Some(mode) = permissions.entry("defaultMode")
            && let Some(text) = mode.node.text()
        {
            facts.add("agent-mode", text, "permissions", mode.span());
        }
    }
    if let Some(all) =
        node.entry("enableAllProjectMcpServers").filter(|entry| entry.node.text() == Some("true"))
    {
        facts.add("agent-all-servers", &all.key, "", all.span());
    }
    let servers = node.get("mcpServers").into_iter().flat_map(Node::entries);
    for server in servers {
        let scope = format!("server {}", server.key);
        approvals(server, &scope, facts);
    }
}

fn approvals(server: &Entry, scope: &str, facts: &mut Facts) {
    for key in ["autoApprove", "alwaysAllow"] {
        for (text, at) in server.node.texts_of(key) {
            if text == "*" {
                facts.add("agent-approves-all", text, scope, at.at.clone());
            }
        }
    }
}

//! Bindings of Google Cloud: Terraform, policies in JSON and YAML, Deployment Manager.
//!
//! Roles and members as cloud.google.com has them ("IAM roles and permissions index",
//! "Principal identifiers").

use super::facts::Facts;
use super::node::{Entry, Node};

/// A resource of the google provider.
pub(super) fn resource(entry: &Entry, kind: &str, scope: &str, facts: &mut Facts) {
    let body = &entry.node;
    if kind == "google_service_account_key" {
        facts.add("long-lived-key", kind, scope, entry.at.clone());
    }
    if kind.contains("_iam_") {
        let level = ["google_project_iam_", "google_folder_iam_", "google_organization_iam_"]
            .into_iter()
            .find(|start| kind.starts_with(start));
        grant(body, scope, level.unwrap_or(kind), facts);
    }
    match kind {
        "google_storage_bucket_acl" | "google_storage_default_object_acl" => {
            for (text, node) in body.texts_of("role_entity").chain(body.texts_of("predefined_acl"))
            {
                facts.add("public-acl", text, scope, node.at.clone());
            }
        }
        "google_storage_bucket_access_control" | "google_storage_object_access_control" => {
            if let Some(entity) = body.entry("entity")
                && let Some(text) = entity.node.text()
            {
                facts.add("public-acl", text, scope, entity.span());
            }
        }
        "google_compute_firewall" => {
            let open = body.texts_of("source_ranges").find(|(text, _)| *text == "0.0.0.0/0");
            if let Some((_, node)) = open {
                firewall(body, scope, node.at.clone(), facts);
            }
        }
        "google_compute_instance" | "google_compute_instance_template" => {
            for account in body.all("service_account") {
                scopes(account, body, scope, facts);
            }
        }
        "google_sql_database_instance" => {
            body.walk(&mut |value| {
                if let Some(range) =
                    value.entry("value").filter(|range| range.node.text() == Some("0.0.0.0/0"))
                {
                    facts.add("public-database", "authorized_networks", scope, range.span());
                }
            });
        }
        "google_iam_workload_identity_pool_provider" => {
            let issuer = body.way(&["oidc", "issuer_uri"]).and_then(Node::text).unwrap_or_default();
            let shared = ["token.actions.githubusercontent.com", "gitlab.com"];
            if shared.iter().any(|host| issuer.ends_with(host))
                && body.get("attribute_condition").is_none()
            {
                facts.add(
                    "gcp-pool-unbound",
                    issuer.trim_start_matches("https://"),
                    scope,
                    entry.at.clone(),
                );
            }
        }
        _ => {}
    }
}

fn scopes(account: &Node, body: &Node, scope: &str, facts: &mut Facts) {
    // With an account of its own, the scope is what Google advises.
    let own = account.get("email").is_some();
    let _ = body;
    for (text, node) in account.texts_of("scopes") {
        if !own && (text == "cloud-platform" || text.ends_with("/auth/cloud-platform")) {
            facts.add("gcp-default-scope", "cloud-platform", scope, node.at.clone());
        }
    }
}

fn firewall(body: &Node, scope: &str, at: std::ops::Range<usize>, facts: &mut Facts) {
    for allow in body.all("allow") {
        let all = allow.says("protocol", "all");
        let ports: Vec<&str> = allow.texts_of("ports").map(|(text, _)| text).collect();
        if all || ports.is_empty() && allow.says("protocol", "tcp") {
            super::aws::open_ports(true, None, None, scope, at.clone(), facts);
        }
        for port in ports {
            let (from, to) = port.split_once('-').unwrap_or((port, port));
            super::aws::open_ports(
                false,
                from.parse().ok(),
                to.parse().ok(),
                scope,
                at.clone(),
                facts,
            );
        }
    }
}

/// A role and who gets it; `level` is where.
pub(super) fn grant(body: &Node, scope: &str, level: &str, facts: &mut Facts) {
    let role = body.entry("role");
    for (member, node) in body.texts_of("member").chain(body.texts_of("members")) {
        member_of(member, scope, node.at.clone(), facts);
    }
    if let Some(entry) = role
        && let Some(text) = entry.node.text()
    {
        let of = match level {
            "google_project_iam_"
            | "google_folder_iam_"
            | "google_organization_iam_"
            | "google_iam_policy" => "gcp-role",
            _ => "gcp-role-on-resource",
        };
        facts.add(of, text, scope, entry.span());
    }
}

fn member_of(member: &str, scope: &str, at: std::ops::Range<usize>, facts: &mut Facts) {
    if matches!(member, "allUsers" | "allAuthenticatedUsers") {
        facts.add("gcp-member", member, scope, at);
    } else if member.starts_with("principalSet://") && member.ends_with("/*") {
        facts.add("gcp-whole-pool", "principalSet", scope, at);
    }
}

/// Policies in JSON or YAML: `bindings` of roles and members.
pub(super) fn tell(node: &Node, facts: &mut Facts) {
    // What a constraint lists is what it forbids.
    if node.text_of("apiVersion").is_some_and(|version| version.starts_with("constraints.")) {
        return;
    }
    let mut found = Vec::new();
    node.walk(&mut |value| {
        if value.get("role").is_some() && value.get("members").is_some() {
            found.push(value);
        }
    });
    // A policy of Config Connector says which resource it is for.
    let of = node.way(&["spec", "resourceRef", "kind"]).and_then(Node::text);
    let wide = of.is_none_or(|kind| matches!(kind, "Project" | "Folder" | "Organization"));
    let level = if wide { "google_iam_policy" } else { "resourceRef" };
    for binding in found {
        if binding.text_of("role").is_some_and(|role| role.starts_with("roles/")) {
            grant(binding, "bindings", level, facts);
        }
    }
}

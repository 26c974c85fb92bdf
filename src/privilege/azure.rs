//! Role assignments of Azure: ARM, Bicep and Terraform.
//!
//! Ids of roles as learn.microsoft.com has them ("Azure built-in roles").

use super::facts::Facts;
use super::node::{Entry, Node};

/// Roles by id.
const ROLES: [(&str, &str); 3] = [
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
    ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"),
];

fn role_in(text: &str) -> Option<&'static str> {
    ROLES.iter().find(|(id, _)| text.contains(id)).map(|(_, name)| *name)
}

/// A resource of the azurerm or azuread provider.
pub(super) fn resource(entry: &Entry, kind: &str, scope: &str, facts: &mut Facts) {
    let body = &entry.node;
    match kind {
        "azurerm_role_assignment" => {
            let named =
                body.entry("role_definition_name").or_else(|| body.entry("role_definition_id"));
            let Some(role) = named else { return };
            let Some(text) = role.node.text() else { return };
            let text = role_in(text).unwrap_or(text);
            let of = if is_wide(body.text_of("scope").unwrap_or_default()) {
                "azure-role"
            } else {
                "azure-role-on-resource"
            };
            facts.add(of, text, scope, role.span());
        }
        "azurerm_role_definition" => {
            for permissions in body.all("permissions") {
                for (text, node) in permissions.texts_of("actions") {
                    facts.add("azure-actions", text, scope, node.at.clone());
                }
            }
        }
        "azuread_application_password" | "azuread_service_principal_password" => {
            facts.add("long-lived-key", kind, scope, entry.at.clone());
        }
        "azurerm_storage_account" => {
            let public = ["allow_nested_items_to_be_public", "allow_blob_public_access"];
            if let Some(on) = public
                .into_iter()
                .filter_map(|key| body.entry(key))
                .find(|e| e.node.text() == Some("true"))
            {
                facts.add("public-acl", &on.key, scope, on.span());
            }
        }
        "azurerm_storage_container" => {
            if let Some(access) = body.entry("container_access_type")
                && let Some(text) = access.node.text()
            {
                facts.add("public-acl", &format!("container {text}"), scope, access.span());
            }
        }
        "azurerm_network_security_rule" => network_rule(body, scope, facts),
        "azurerm_network_security_group" => {
            for rule in body.all("security_rule") {
                network_rule(rule, scope, facts);
            }
        }
        "azuread_application" => {
            for access in
                body.all("required_resource_access").flat_map(|of| of.all("resource_access"))
            {
                graph(access, scope, facts);
            }
        }
        _ => {}
    }
}

/// Whether a scope is a whole subscription or more.
fn is_wide(scope: &str) -> bool {
    let plain = scope.to_ascii_lowercase();
    let below = plain.contains("resourcegroups") || plain.contains("resource_group");
    !below
        && (plain.contains("subscription")
            || plain.contains("managementgroup")
            || plain.contains("management_group")
            || plain == "/")
}

fn network_rule(rule: &Node, scope: &str, facts: &mut Facts) {
    if !rule.says("direction", "inbound") || !rule.says("access", "allow") {
        return;
    }
    let keys = ["source_address_prefix", "source_address_prefixes"];
    let any = keys
        .into_iter()
        .flat_map(|key| rule.texts_of(key))
        .find(|(text, _)| matches!(*text, "*" | "0.0.0.0/0" | "Internet" | "internet" | "any"));
    let Some((_, node)) = any else { return };
    let ports = ["destination_port_range", "destination_port_ranges"];
    for (port, _) in ports.into_iter().flat_map(|key| rule.texts_of(key)) {
        let (from, to) = port.split_once('-').unwrap_or((port, port));
        super::aws::open_ports(
            port == "*",
            from.parse().ok(),
            to.parse().ok(),
            scope,
            node.at.clone(),
            facts,
        );
    }
}

/// Roles of Microsoft Graph that reach all of a tenant, by id.
const GRAPH: [(&str, &str); 4] = [
    ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All"),
    ("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "RoleManagement.ReadWrite.Directory"),
    ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All"),
    ("06b708a9-e830-4db3-a914-8e69da51d44f", "AppRoleAssignment.ReadWrite.All"),
];

fn graph(access: &Node, scope: &str, facts: &mut Facts) {
    let Some(entry) = access.entry("id") else { return };
    let text = entry.node.text().unwrap_or_default();
    if let Some((_, name)) = GRAPH.iter().find(|(id, _)| text.eq_ignore_ascii_case(id)) {
        facts.add("graph-role", name, scope, entry.span());
    }
}

/// Templates of ARM, and manifests of Entra.
pub(super) fn tell(node: &Node, facts: &mut Facts) {
    let mut found = Vec::new();
    node.walk(&mut |value| {
        if let Some(role) = value.entry("roleDefinitionId") {
            found.push((value, role));
        }
        for access in value.get("resourceAccess").into_iter().flat_map(Node::items) {
            graph(access, "requiredResourceAccess", facts);
        }
        if value.says("type", "Microsoft.Authorization/roleDefinitions") {
            let permissions = value.way(&["properties", "permissions"]);
            for (text, node) in
                permissions.into_iter().flat_map(Node::items).flat_map(|of| of.texts_of("actions"))
            {
                facts.add("azure-actions", text, "roleDefinitions", node.at.clone());
            }
        }
        if let Some(shared) =
            value.entry("allowBlobPublicAccess").filter(|entry| entry.node.text() == Some("true"))
        {
            facts.add("public-acl", "allowBlobPublicAccess", "", shared.span());
        }
    });
    for (value, role) in found {
        let Some(name) = role.node.text().and_then(role_in) else { continue };
        // Without a scope, a deployment's own holds: often a group of resources.
        let wide = value.text_of("scope").is_some_and(is_wide);
        let of = if wide { "azure-role" } else { "azure-role-on-resource" };
        facts.add(of, name, "roleAssignments", role.span());
    }
    let mut outputs = Vec::new();
    for output in node.get("outputs").into_iter().flat_map(Node::entries) {
        let value = output.node.get("value").and_then(Node::text).unwrap_or_default();
        if value.contains("listKeys(") || value.contains("listConnectionStrings(") {
            outputs.push(output);
        }
    }
    for output in outputs {
        facts.add("secret-output", &output.key, "outputs", output.at.clone());
    }
}

/// Bicep, line by line.
pub(super) fn in_bicep(text: &str, facts: &mut Facts) {
    let wide = text.lines().any(|line| {
        let line = line.trim();
        line.starts_with("targetScope")
            && (line.contains("'subscription'") || line.contains("'managementGroup'"))
    });
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or(line);
        let at = start + (line.len() - line.trim_start().len())..start + code.trim_end().len();
        start += line.len();
        if at.start >= at.end {
            continue;
        }
        if let Some(role) = role_in(code) {
            facts.add(
                if wide { "azure-role" } else { "azure-role-on-resource" },
                role,
                "",
                at.clone(),
            );
        }
        let plain: String = code.chars().filter(|char| !char.is_whitespace()).collect();
        if plain.starts_with("output")
            && (plain.contains("listKeys(") || plain.contains("listConnectionStrings("))
        {
            let name = code.split_whitespace().nth(1).unwrap_or_default();
            facts.add("secret-output", name, "", at.clone());
        }
        if plain.contains("allowBlobPublicAccess:true") {
            facts.add("public-acl", "allowBlobPublicAccess", "", at.clone());
        }
    }
}

//! Terraform and `OpenTofu`, and policies of Vault, which are HCL too.
//!
//! Resources as the providers' documents have them (registry.terraform.io: aws, google,
//! azurerm, kubernetes, vault, github).

use super::facts::Facts;
use super::node::{Entry, It, Node};
use super::{aws, azure, gcp, kubernetes};

/// What the body `node` of the file at `path` says.
pub(super) fn tell(node: &Node, path: &[u8], facts: &mut Facts) {
    for entry in node.entries() {
        let labels: Vec<&str> = entry.node.labels.iter().map(String::as_str).collect();
        let body = &entry.node;
        match (entry.key.as_str(), labels.as_slice()) {
            ("resource", [kind, name]) => resource(entry, kind, &format!("{kind}.{name}"), facts),
            ("data", [kind, name]) => data(body, kind, &format!("data.{kind}.{name}"), facts),
            ("provider", [name]) => provider(body, name, facts),
            ("module", [name]) => module(body, &format!("module.{name}"), facts),
            ("output", [name]) => output(entry, name, facts),
            ("path", [to]) => vault_path(entry, to, facts),
            _ => {}
        }
    }
    let _ = path;
}

fn data(body: &Node, kind: &str, scope: &str, facts: &mut Facts) {
    match kind {
        "aws_iam_policy_document" => {
            for statement in body.all("statement") {
                aws::of_hcl(statement, scope, facts);
            }
            for dynamic in
                body.all("dynamic").filter(|of| of.labels.iter().any(|label| label == "statement"))
            {
                if let Some(content) = dynamic.get("content") {
                    aws::of_hcl(content, scope, facts);
                }
            }
        }
        "google_iam_policy" => {
            for binding in body.all("binding") {
                gcp::grant(binding, scope, "google_iam_policy", facts);
            }
        }
        "vault_policy_document" => {
            for rule in body.all("rule") {
                let capabilities = rule.get("capabilities").cloned().unwrap_or_default();
                if let Some(entry) = rule.entry("path") {
                    let to = entry.node.text().unwrap_or_default();
                    vault(to, &capabilities, entry, facts);
                }
            }
        }
        _ => {}
    }
}

fn resource(entry: &Entry, kind: &str, scope: &str, facts: &mut Facts) {
    let body = &entry.node;
    if kind.starts_with("aws_") {
        aws_resource(entry, kind, scope, facts);
    } else if kind.starts_with("google_") {
        gcp::resource(entry, kind, scope, facts);
    } else if kind.starts_with("azurerm_") || kind.starts_with("azuread_") {
        azure::resource(entry, kind, scope, facts);
    } else if kind.starts_with("kubernetes_") {
        kubernetes::terraform(body, kind, scope, facts);
    } else if kind == "vault_policy" {
        if let Some(text) = body.text_of("policy")
            && let Ok(policy) = super::hcl::body(text)
        {
            let at = body.entry("policy").map(|entry| entry.at.clone()).unwrap_or_default();
            for path in policy.entries().iter().filter(|entry| entry.key == "path") {
                let to = path.node.labels.first().map_or("", String::as_str);
                let capabilities = path.node.get("capabilities").cloned().unwrap_or_default();
                let place = Entry {
                    key: to.to_owned(),
                    at: at.clone(),
                    node: Node::new(at.clone(), It::None),
                };
                vault(to, &capabilities, &place, facts);
            }
        }
    } else if kind == "github_repository" && body.says("visibility", "public") {
        let at = body.entry("visibility").map(Entry::span).unwrap_or_default();
        facts.add("public-repository", "public", scope, at);
    } else if kind == "postgresql_role" || kind == "mysql_grant" || kind == "postgresql_grant" {
        database(body, scope, facts);
    }
}

fn aws_resource(entry: &Entry, kind: &str, scope: &str, facts: &mut Facts) {
    let body = &entry.node;
    aws::within(body, scope, facts);
    for key in ["policy_arn", "policy_arns", "managed_policy_arns", "permissions_boundary"] {
        if key == "permissions_boundary" {
            continue;
        }
        for (text, node) in body.texts_of(key) {
            if let Some(name) = aws::managed_name(text) {
                facts.add("aws-managed-policy", name, scope, node.at.clone());
            }
        }
    }
    match kind {
        "aws_iam_access_key" => facts.add("long-lived-key", kind, scope, entry.at.clone()),
        "aws_s3_bucket" | "aws_s3_bucket_acl" => {
            if let Some(acl) = body.entry("acl")
                && let Some(text) = acl.node.text()
            {
                facts.add("public-acl", text, scope, acl.span());
            }
        }
        "aws_s3_bucket_public_access_block" | "aws_s3_account_public_access_block" => {
            let keys = [
                "block_public_acls",
                "block_public_policy",
                "ignore_public_acls",
                "restrict_public_buckets",
            ];
            if let Some(off) = keys
                .into_iter()
                .filter_map(|key| body.entry(key))
                .find(|e| e.node.text() == Some("false"))
            {
                facts.add("public-access-unblocked", &off.key, scope, off.span());
            }
        }
        "aws_security_group" | "aws_default_security_group" => {
            for rule in body.all("ingress") {
                ingress(rule, scope, facts);
            }
        }
        "aws_security_group_rule" if body.says("type", "ingress") => ingress(body, scope, facts),
        "aws_vpc_security_group_ingress_rule" => ingress(body, scope, facts),
        "aws_db_instance" | "aws_rds_cluster_instance" | "aws_redshift_cluster" => {
            if let Some(public) =
                body.entry("publicly_accessible").filter(|e| e.node.text() == Some("true"))
            {
                facts.add("public-database", "publicly_accessible", scope, public.span());
            }
        }
        "aws_eks_access_policy_association" => {
            if let Some(policy) = body.entry("policy_arn")
                && policy
                    .node
                    .text()
                    .is_some_and(|text| text.ends_with("AmazonEKSClusterAdminPolicy"))
            {
                facts.add("k8s-binding", "cluster-admin", scope, policy.span());
            }
        }
        _ => {}
    }
}

fn ingress(rule: &Node, scope: &str, facts: &mut Facts) {
    for item in rule.items() {
        let keys = ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"];
        let any = keys
            .into_iter()
            .flat_map(|key| item.texts_of(key))
            .find(|(text, _)| matches!(*text, "0.0.0.0/0" | "::/0"));
        let Some((_, node)) = any else { continue };
        let number = |key: &str| item.text_of(key).and_then(|text| text.parse::<i64>().ok());
        let protocol = item.text_of("protocol").or_else(|| item.text_of("ip_protocol"));
        let all = matches!(protocol, Some("-1" | "all"));
        aws::open_ports(all, number("from_port"), number("to_port"), scope, node.at.clone(), facts);
    }
}

fn provider(body: &Node, name: &str, facts: &mut Facts) {
    // What is written out is for the rules of credentials; that there is a lasting key at
    // all is for this one.
    let keys = match name {
        "aws" => ["secret_key", ""],
        "azurerm" | "azuread" => ["client_secret", ""],
        "google" => ["credentials", ""],
        _ => return,
    };
    for key in keys.into_iter().filter(|key| !key.is_empty()) {
        let Some(entry) = body.entry(key) else { continue };
        // Emulators take any.
        let emulated = body.get("endpoints").is_some()
            || matches!(entry.node.text(), Some("test" | "mock" | "fake"));
        if !emulated {
            let at = entry.at.clone();
            facts.add("provider-static-key", key, &format!("provider {name}"), at);
        }
    }
}

fn module(body: &Node, scope: &str, facts: &mut Facts) {
    aws::within(body, scope, facts);
    body.walk(&mut |value| {
        if let It::Text(text) = &value.it
            && let Some(name) = aws::managed_name(text)
        {
            facts.add("aws-managed-policy", name, scope, value.at.clone());
        }
    });
}

/// An output that shows what its name says is secret.
fn output(entry: &Entry, name: &str, facts: &mut Facts) {
    let body = &entry.node;
    let Some(value) = body.get("value").and_then(Node::text) else { return };
    let secret = [
        ".secret",
        ".password",
        ".access_key_secret",
        ".private_key",
        ".client_secret",
        ".secret_key",
        ".result",
    ];
    let shows = secret.iter().any(|end| value.ends_with(end)) && value.contains('.');
    let of_random = !value.ends_with(".result") || value.contains("random_password");
    if shows && of_random && !body.says("sensitive", "true") {
        facts.add("secret-output", name, "", entry.at.clone());
    }
}

/// A path of a policy of Vault.
fn vault_path(entry: &Entry, to: &str, facts: &mut Facts) {
    let capabilities = entry.node.get("capabilities").cloned().unwrap_or_default();
    vault(to, &capabilities, entry, facts);
}

fn vault(to: &str, capabilities: &Node, place: &Entry, facts: &mut Facts) {
    let has = |word: &str| capabilities.texts().any(|(text, _)| text == word);
    let scope = format!("path {to}");
    let changes = has("create") || has("update") || has("delete") || has("patch");
    if matches!(to, "*" | "+/*") && !has("deny") {
        facts.add(
            "vault-path",
            if changes || has("sudo") { "*" } else { "* read" },
            &scope,
            place.at.clone(),
        );
    } else if has("sudo") {
        facts.add("vault-sudo", to, &scope, place.at.clone());
    } else if (to.starts_with("sys/policies")
        || to.starts_with("sys/policy")
        || to.starts_with("sys/auth")
        || to == "sys/*"
        || to.starts_with("auth/token/create"))
        && changes
    {
        facts.add("vault-system", to, &scope, place.at.clone());
    } else if matches!(to, "secret/*" | "secret/data/*" | "kv/*" | "kv/data/*")
        && (has("read") || changes)
    {
        facts.add("vault-all-secrets", to, &scope, place.at.clone());
    }
}

fn database(body: &Node, scope: &str, facts: &mut Facts) {
    for key in ["superuser", "create_role", "bypass_row_level_security"] {
        if let Some(entry) = body.entry(key).filter(|entry| entry.node.text() == Some("true")) {
            facts.add("sql-role", key, scope, entry.span());
        }
    }
    for (text, node) in body.texts_of("privileges") {
        if text.eq_ignore_ascii_case("all") || text.eq_ignore_ascii_case("all privileges") {
            facts.add("sql-grant-all", text, scope, node.at.clone());
        }
    }
}

//! Policies of AWS, wherever they are written: JSON, `CloudFormation`, Terraform, Serverless,
//! and the CDK.
//!
//! Elements as the IAM User Guide has them ("IAM JSON policy elements reference").

use super::facts::Facts;
use super::node::{Entry, It, Node};
use std::ops::Range;

/// What the issuer of GitHub's tokens is called.
const GITHUB_ISSUER: &str = "token.actions.githubusercontent.com";

/// Ports of what is made for the inside: shells, desktops, databases, control planes.
const INSIDE: [i64; 21] = [
    22, 23, 135, 139, 445, 1433, 1521, 2375, 2376, 2379, 3306, 3389, 5432, 5900, 5984, 6379, 6443,
    9200, 10250, 11211, 27017,
];

/// A statement, whatever it was written in.
#[derive(Default)]
struct Statement<'a> {
    actions: Vec<(&'a str, Range<usize>)>,
    resources: Vec<(&'a str, Range<usize>)>,
    not_action: Option<Range<usize>>,
    not_resource: Option<Range<usize>>,
    principals: Vec<(&'a str, Range<usize>)>,
    conditions: Vec<(String, &'a Node)>,
    conditional: bool,
}

/// What a document says: every policy in it.
pub(super) fn tell(node: &Node, facts: &mut Facts) {
    let mut policies: Vec<(&Node, String)> = Vec::new();
    let mut resources: Vec<(&Entry, &str)> = Vec::new();
    let templates = node.get("Resources").into_iter().chain(node.way(&["resources", "Resources"]));
    for entry in templates.flat_map(Node::entries) {
        if let Some(kind) = entry.node.text_of("Type") {
            resources.push((entry, kind));
        }
    }
    for (entry, kind) in resources {
        resource(entry, kind, facts);
    }
    // The outermost name of a statement tells it apart from those of other resources.
    collect(node, "", &mut policies, 0);
    for (statements, scope) in policies {
        for item in statements.items() {
            judge(&of_json(item), &scope, facts);
        }
    }
    let serverless = [
        node.way(&["provider", "iamRoleStatements"]),
        node.way(&["provider", "iam", "role", "statements"]),
    ];
    for statements in serverless.into_iter().flatten() {
        for item in statements.items() {
            judge(&of_json(item), "provider", facts);
        }
    }
    managed(node, "", facts, 0);
}

/// The values of `Statement`, with the resource that each stands in.
fn collect<'a>(node: &'a Node, scope: &str, found: &mut Vec<(&'a Node, String)>, depth: usize) {
    match &node.it {
        It::Map(entries) => {
            for entry in entries {
                if entry.key == "Statement" {
                    found.push((&entry.node, scope.to_owned()));
                    continue;
                }
                let named = depth == 1 && scope.is_empty();
                let inner =
                    if named { format!("resource {}", entry.key) } else { scope.to_owned() };
                collect(&entry.node, &inner, found, depth + 1);
            }
        }
        It::List(items) => items.iter().for_each(|item| collect(item, scope, found, depth)),
        It::None | It::Text(_) | It::Written(_) => {}
    }
}

/// Resources of `CloudFormation` that are risky by what they are.
fn resource(entry: &Entry, kind: &str, facts: &mut Facts) {
    let scope = format!("resource {}", entry.key);
    if kind == "AWS::IAM::AccessKey" {
        facts.add("long-lived-key", kind, &scope, entry.at.clone());
    }
    let Some(properties) = entry.node.get("Properties") else { return };
    if kind == "AWS::S3::Bucket"
        && let Some(acl) = properties.entry("AccessControl")
        && let Some(text) = acl.node.text()
    {
        facts.add("public-acl", text, &scope, acl.span());
    }
    let rules = [kind == "AWS::EC2::SecurityGroup", kind == "AWS::EC2::SecurityGroupIngress"];
    if rules[0] {
        for rule in properties.get("SecurityGroupIngress").into_iter().flat_map(Node::items) {
            ingress(rule, &scope, facts);
        }
    } else if rules[1] {
        ingress(properties, &scope, facts);
    }
    if kind == "AWS::RDS::DBInstance" && properties.says("PubliclyAccessible", "true") {
        let at = properties.entry("PubliclyAccessible").map(Entry::span).unwrap_or_default();
        facts.add("public-database", "PubliclyAccessible", &scope, at);
    }
}

fn ingress(rule: &Node, scope: &str, facts: &mut Facts) {
    let any = ["CidrIp", "CidrIpv6"].into_iter().filter_map(|key| rule.entry(key));
    let Some(any) =
        any.into_iter().find(|entry| matches!(entry.node.text(), Some("0.0.0.0/0" | "::/0")))
    else {
        return;
    };
    let number = |key: &str| rule.text_of(key).and_then(|text| text.parse::<i64>().ok());
    let all = rule.text_of("IpProtocol") == Some("-1");
    open_ports(all, number("FromPort"), number("ToPort"), scope, any.span(), facts);
}

/// Ports that are opened to everybody.
pub(super) fn open_ports(
    all: bool,
    from: Option<i64>,
    to: Option<i64>,
    scope: &str,
    at: Range<usize>,
    facts: &mut Facts,
) {
    let (Some(from), Some(to)) = (from, to.or(from)) else {
        if all {
            facts.add("open-port", "all", scope, at);
        }
        return;
    };
    if all || from <= 0 && to >= 65_535 {
        facts.add("open-port", "all", scope, at);
        return;
    }
    if let Some(port) = INSIDE.into_iter().find(|port| (from..=to).contains(port)) {
        facts.add("open-port", &port.to_string(), scope, at);
    }
}

fn of_json(item: &Node) -> Statement<'_> {
    let texts = |key: &str| -> Vec<(&str, Range<usize>)> {
        item.get(key)
            .into_iter()
            .flat_map(Node::texts)
            .map(|(text, node)| (text, node.at.clone()))
            .collect()
    };
    let mut statement = Statement {
        actions: texts("Action"),
        resources: texts("Resource"),
        not_action: item.entry("NotAction").map(|entry| entry.at.clone()),
        not_resource: item.entry("NotResource").map(|entry| entry.at.clone()),
        conditional: item.get("Condition").is_some(),
        ..Statement::default()
    };
    if !item.says("Effect", "Allow") {
        return Statement::default();
    }
    if let Some(principal) = item.get("Principal") {
        match &principal.it {
            It::Text(text) => statement.principals.push((text, principal.at.clone())),
            It::Map(entries) => {
                let all = entries.iter().flat_map(|entry| entry.node.texts());
                statement.principals.extend(all.map(|(text, node)| (text, node.at.clone())));
            }
            It::None | It::Written(_) | It::List(_) => {}
        }
    }
    for operator in item.get("Condition").into_iter().flat_map(Node::entries) {
        for key in operator.node.entries() {
            statement.conditions.push((key.key.clone(), &key.node));
        }
    }
    statement
}

/// A `statement` block of an `aws_iam_policy_document`.
pub(super) fn of_hcl(block: &Node, scope: &str, facts: &mut Facts) {
    if block.says("effect", "deny") {
        return;
    }
    let texts = |key: &str| -> Vec<(&str, Range<usize>)> {
        block.texts_of(key).map(|(text, node)| (text, node.at.clone())).collect()
    };
    let mut statement = Statement {
        actions: texts("actions"),
        resources: texts("resources"),
        not_action: named_in(block, "not_actions"),
        not_resource: named_in(block, "not_resources"),
        ..Statement::default()
    };
    let principals = block.all("principals").filter_map(|of| of.get("identifiers"));
    let all = principals.flat_map(Node::texts);
    statement.principals = all.map(|(text, node)| (text, node.at.clone())).collect();
    for condition in block.all("condition") {
        statement.conditional = true;
        if let (Some(key), Some(values)) = (condition.text_of("variable"), condition.get("values"))
        {
            statement.conditions.push((key.to_owned(), values));
        }
    }
    statement.conditional |=
        block.all("dynamic").any(|of| of.labels.iter().any(|l| l == "condition"));
    judge(&statement, scope, facts);
}

/// Where `key` stands, if it names anything: a module hands on what it is given.
fn named_in(block: &Node, key: &str) -> Option<Range<usize>> {
    let entry = block.entry(key)?;
    let names = match &entry.node.it {
        It::Text(_) => true,
        It::List(items) => !items.is_empty(),
        It::None | It::Written(_) | It::Map(_) => false,
    };
    names.then(|| entry.at.clone())
}

/// Every policy that stands as a value in `node`.
pub(super) fn within(node: &Node, scope: &str, facts: &mut Facts) {
    let mut found = Vec::new();
    node.walk(&mut |value| {
        if let Some(statements) = value.entries().iter().find(|entry| entry.key == "Statement") {
            found.push(&statements.node);
        }
    });
    for item in found.into_iter().flat_map(Node::items) {
        judge(&of_json(item), scope, facts);
    }
}

fn judge(of: &Statement<'_>, scope: &str, facts: &mut Facts) {
    let all = |text: &str| text == "*";
    let on_all = of.resources.iter().any(|(text, _)| all(text));
    trust(of, scope, facts);
    if let Some(at) = &of.not_action {
        let value = if on_all { "NotAction on *" } else { "NotAction" };
        facts.add("aws-not-action", value, scope, at.clone());
    }
    if let Some(at) = of.not_resource.as_ref().filter(|_| !of.conditional) {
        facts.add("aws-not-resource", "NotResource", scope, at.clone());
    }
    // Of a resource's own policy, what it may be used for is not the question.
    if !of.principals.is_empty() {
        return;
    }
    for (action, at) in &of.actions {
        let action = action.to_ascii_lowercase();
        let (of_fact, value) = if action == "*" || action == "*:*" {
            (if on_all { "aws-all-on-all" } else { "aws-all-actions" }, "*".to_owned())
        } else if !on_all {
            continue;
        } else if of.conditional {
            // A condition is what a policy without a name for its resource can be narrowed by.
            ("aws-on-all-if", action)
        } else {
            ("aws-on-all", action)
        };
        if of_fact == "aws-on-all" && value.ends_with(":*") {
            facts.add("aws-service-on-all", &value, scope, at.clone());
        }
        facts.add(of_fact, &value, scope, at.clone());
    }
}

/// Who is let in.
fn trust(of: &Statement<'_>, scope: &str, facts: &mut Facts) {
    let assumes = of
        .actions
        .iter()
        .any(|(action, _)| action.to_ascii_lowercase().starts_with("sts:assumerole"));
    for (principal, at) in &of.principals {
        if *principal == "*" && !of.conditional {
            let what = if assumes { "aws-trust-all" } else { "aws-principal-all" };
            facts.add(what, "*", scope, at.clone());
        }
        if principal.contains(GITHUB_ISSUER) {
            github_subject(of, scope, at, facts);
        }
    }
}

/// Which of GitHub's jobs may assume a role.
fn github_subject(of: &Statement<'_>, scope: &str, at: &Range<usize>, facts: &mut Facts) {
    let subject = of.conditions.iter().find(|(key, _)| key.ends_with(":sub"));
    let Some((_, values)) = subject else {
        let other = of
            .conditions
            .iter()
            .any(|(key, _)| key.contains(":job_workflow_ref") || key.contains(":repository"));
        if !other {
            facts.add("aws-oidc-no-subject", GITHUB_ISSUER, scope, at.clone());
        }
        return;
    };
    for (text, node) in values.texts() {
        let Some(rest) = text.strip_prefix("repo:") else {
            if text.starts_with('*') {
                facts.add("aws-oidc-wide-subject", text, scope, node.at.clone());
            }
            continue;
        };
        let (repository, job) = rest.split_once(':').unwrap_or((rest, ""));
        if repository.contains('*') {
            facts.add("aws-oidc-wide-subject", text, scope, node.at.clone());
        } else if job == "*" {
            facts.add("aws-oidc-any-branch", text, scope, node.at.clone());
        }
    }
}

/// Policies of AWS's own that are attached by name.
fn managed(node: &Node, scope: &str, facts: &mut Facts, depth: usize) {
    match &node.it {
        It::Text(text) => {
            if let Some(name) = managed_name(text) {
                facts.add("aws-managed-policy", name, scope, node.at.clone());
            }
        }
        It::Map(entries) => {
            for entry in entries {
                // What is denied, or a condition, attaches nothing.
                if matches!(entry.key.as_str(), "Condition" | "Description" | "Resource") {
                    continue;
                }
                let named = depth == 1;
                let inner =
                    if named { format!("resource {}", entry.key) } else { scope.to_owned() };
                managed(&entry.node, &inner, facts, depth + 1);
            }
        }
        It::List(items) => items.iter().for_each(|item| managed(item, scope, facts, depth)),
        It::None | It::Written(_) => {}
    }
}

/// The name in `arn:aws:iam::aws:policy/NAME`.
pub(super) fn managed_name(text: &str) -> Option<&str> {
    let (before, name) = text.split_once(":iam::aws:policy/")?;
    // The partition may be an expression.
    (before.starts_with("arn:") && before.len() < 40).then(|| name.rsplit('/').next()).flatten()
}

/// What a program that uses the CDK says, line by line.
pub(super) fn in_program(text: &str, facts: &mut Facts) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or(line);
        let trimmed = code.trim_start();
        let at = start + (line.len() - line.trim_start().len());
        let at = at..start + code.trim_end().len();
        start += line.len();
        if trimmed.starts_with('#') || trimmed.starts_with('*') || at.start >= at.end {
            continue;
        }
        let plain: String = code.chars().filter(|char| !char.is_whitespace()).collect();
        let plain = plain.replace('\'', "\"");
        if plain.contains("actions:[\"*\"]") || plain.contains("actions=[\"*\"]") {
            facts.add("aws-all-actions", "*", "", at.clone());
        }
        if plain.contains("AnyPrincipal(") || plain.contains("StarPrincipal(") {
            facts.add("aws-cdk-any-principal", "AnyPrincipal", "", at.clone());
        }
        if plain.contains("publicReadAccess:true") || plain.contains("public_read_access=True") {
            facts.add("public-acl", "publicReadAccess", "", at.clone());
        }
        if plain.contains("Peer.anyIpv4()") && plain.contains("Port.allTraffic()")
            || plain.contains("Peer.any_ipv4()") && plain.contains("Port.all_traffic()")
        {
            facts.add("open-port", "all", "", at.clone());
        }
        for call in ["fromAwsManagedPolicyName(\"", "from_aws_managed_policy_name(\""] {
            if let Some((_, rest)) = plain.split_once(call)
                && let Some(name) = rest.split('"').next()
            {
                facts.add("aws-managed-policy", name, "", at.clone());
            }
        }
        if plain.contains("newiam.AccessKey(") || plain.contains("iam.AccessKey(") {
            facts.add("long-lived-key", "iam.AccessKey", "", at.clone());
        }
    }
}

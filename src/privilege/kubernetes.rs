//! Kubernetes: who may do what (RBAC), and what a pod may reach on its node.
//!
//! Kinds and fields as kubernetes.io has them ("Using RBAC Authorization", "RBAC Good
//! Practices", "Pod Security Standards").

use super::facts::Facts;
use super::node::{Entry, Node};
use std::ops::Range;

/// Verbs by which a role gives itself more.
const ESCALATING: [&str; 3] = ["escalate", "bind", "impersonate"];

/// Host paths that are the host.
const HOST: [&str; 8] = [
    "/",
    "/etc",
    "/root",
    "/var/lib/kubelet",
    "/var/lib/docker",
    "/proc",
    "/dev",
    "/etc/kubernetes",
];

/// What the document `node` says.
pub(super) fn tell(node: &Node, facts: &mut Facts) {
    if let Some(items) = node.get("items").filter(|_| node.says("kind", "List")) {
        items.items().iter().for_each(|item| tell(item, facts));
        return;
    }
    let Some(kind) = node.text_of("kind").filter(|_| node.get("apiVersion").is_some()) else {
        values(node, facts);
        return;
    };
    let name = node.way(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
    let scope = format!("{kind} {name}");
    match kind {
        "Role" | "ClusterRole" => {
            for rule in node.get("rules").into_iter().flat_map(Node::items) {
                role(rule, kind == "ClusterRole", &scope, facts);
            }
        }
        "ClusterRoleBinding" | "RoleBinding" => binding(node, kind, &scope, facts),
        "ServiceAccount" => {}
        "Secret" => {
            if node.says("type", "kubernetes.io/service-account-token") {
                let at = node.entry("type").map(Entry::span).unwrap_or_default();
                facts.add("k8s-lasting-token", "service-account-token", &scope, at);
            }
        }
        "PodSecurityPolicy" | "SecurityContextConstraints" => {
            for key in ["privileged", "allowPrivilegedContainer"] {
                let on =
                    node.entry(key).or_else(|| node.get("spec").and_then(|spec| spec.entry(key)));
                if let Some(entry) = on.filter(|entry| entry.node.text() == Some("true")) {
                    facts.add("k8s-privileged", "privileged", &scope, entry.span());
                }
            }
        }
        "Namespace" => {
            let labels = node.way(&["metadata", "labels"]).map(Node::entries).unwrap_or_default();
            let enforce = labels.iter().find(|e| e.key == "pod-security.kubernetes.io/enforce");
            if let Some(entry) = enforce.filter(|entry| entry.node.text() == Some("privileged")) {
                facts.add("k8s-namespace-privileged", "privileged", &scope, entry.span());
            }
        }
        _ => pods(node, &scope, facts),
    }
}

fn role(rule: &Node, cluster: bool, scope: &str, facts: &mut Facts) {
    let list = |key: &str| -> Vec<(&str, Range<usize>)> {
        rule.texts_of(key).map(|(text, node)| (text, node.at.clone())).collect()
    };
    let (verbs, resources, groups) = (list("verbs"), list("resources"), list("apiGroups"));
    let any = |list: &[(&str, Range<usize>)]| {
        list.iter().find(|(text, _)| *text == "*").map(|(_, at)| at.clone())
    };
    let named = rule.get("resourceNames").is_some();
    let has = |wanted: &str| resources.iter().any(|(text, _)| *text == wanted);
    let (all_verbs, all_resources) = (any(&verbs), any(&resources));
    if let (Some(at), Some(_)) = (&all_verbs, &all_resources) {
        let own_group = any(&groups).is_none() && !groups.iter().any(|(group, _)| group.is_empty());
        let of = match (own_group, cluster) {
            (true, _) => "k8s-role-group",
            (false, true) => "k8s-role-all",
            (false, false) => "k8s-role-namespace",
        };
        facts.add(of, "* on *", scope, at.clone());
        return;
    }
    if let Some(at) = &all_resources
        && any(&groups).is_some()
    {
        facts.add("k8s-role-resources", "*", scope, at.clone());
    }
    if let Some(at) = &all_verbs {
        let powerful = [
            "secrets",
            "roles",
            "clusterroles",
            "rolebindings",
            "clusterrolebindings",
            "serviceaccounts",
            "pods",
            "nodes",
        ];
        if let Some(resource) =
            powerful.into_iter().find(|resource| has(resource)).filter(|_| !named)
        {
            facts.add("k8s-role-verbs", &format!("* on {resource}"), scope, at.clone());
        }
    }
    for (verb, at) in &verbs {
        if ESCALATING.contains(verb) && !named {
            facts.add("k8s-escalates", verb, scope, at.clone());
        }
        let reads = matches!(*verb, "get" | "list" | "watch");
        if reads && has("secrets") && !named {
            let core = groups.is_empty()
                || groups.iter().any(|(group, _)| group.is_empty() || *group == "*");
            if core {
                let of =
                    if cluster { "k8s-reads-secrets" } else { "k8s-reads-secrets-in-namespace" };
                facts.add(
                    of,
                    "secrets",
                    scope,
                    resources
                        .iter()
                        .find(|(text, _)| *text == "secrets")
                        .map(|(_, at)| at.clone())
                        .unwrap_or_default(),
                );
            }
        }
        if *verb == "create" && !named {
            for (resource, value) in [
                ("pods/exec", "exec"),
                ("pods/attach", "exec"),
                ("serviceaccounts/token", "token"),
                ("nodes/proxy", "nodes"),
            ] {
                if has(resource) && cluster {
                    facts.add("k8s-creates", value, scope, at.clone());
                }
            }
        }
        let changes = matches!(*verb, "create" | "update" | "patch");
        if changes && (has("clusterrolebindings") || has("rolebindings")) && cluster && !named {
            facts.add("k8s-grants-roles", "rolebindings", scope, at.clone());
        }
        if changes
            && (has("mutatingwebhookconfigurations") || has("validatingwebhookconfigurations"))
            && !named
        {
            facts.add("k8s-webhooks", "webhooks", scope, at.clone());
        }
        if changes && has("certificatesigningrequests/approval") {
            facts.add("k8s-approves", "certificatesigningrequests/approval", scope, at.clone());
        }
    }
}

fn binding(node: &Node, kind: &str, scope: &str, facts: &mut Facts) {
    let role = node.way(&["roleRef", "name"]);
    let at = role.map(|role| role.at.clone()).unwrap_or_default();
    let name = role.and_then(Node::text).unwrap_or_default();
    let cluster = kind == "ClusterRoleBinding";
    let of_cluster = node.way(&["roleRef", "kind"]).and_then(Node::text) != Some("Role");
    if cluster && of_cluster {
        facts.add("k8s-binding", name, scope, at.clone());
    } else if name == "cluster-admin" && of_cluster {
        facts.add("k8s-binding-namespace", name, scope, at.clone());
    }
    for subject in node.get("subjects").into_iter().flat_map(Node::items) {
        let Some(entry) = subject.entry("name") else { continue };
        let who = entry.node.text().unwrap_or_default();
        if matches!(
            who,
            "system:anonymous"
                | "system:unauthenticated"
                | "system:masters"
                | "system:authenticated"
        ) {
            // These are bound so by Kubernetes itself.
            let usual = name.starts_with("system:");
            if !usual {
                facts.add("k8s-everybody", who, scope, entry.span());
            }
        } else if who == "default" && subject.says("kind", "ServiceAccount") {
            facts.add("k8s-default-account", who, scope, entry.span());
        }
    }
}

/// Specifications of pods, wherever they stand.
fn pods(node: &Node, scope: &str, facts: &mut Facts) {
    let mut found = Vec::new();
    node.walk(&mut |value| {
        if value.get("containers").is_some() {
            found.push(value);
        }
    });
    for pod in found {
        spec(pod, scope, facts);
    }
}

fn spec(pod: &Node, scope: &str, facts: &mut Facts) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(entry) = pod.entry(key).filter(|entry| entry.node.text() == Some("true")) {
            facts.add("k8s-host", key, scope, entry.span());
        }
    }
    for volume in pod.get("volumes").into_iter().flat_map(Node::items) {
        let Some(path) = volume.get("hostPath").and_then(|host| host.entry("path")) else {
            continue;
        };
        host_path(path, volume, pod, scope, facts);
    }
    if let Some(entry) =
        pod.entry("automountServiceAccountToken").filter(|entry| entry.node.text() == Some("true"))
    {
        facts.add("k8s-token-mounted-changed", "automountServiceAccountToken", scope, entry.span());
    }
    for key in ["containers", "initContainers"] {
        for container in pod.get(key).into_iter().flat_map(Node::items) {
            if let Some(context) = container.get("securityContext") {
                security(context, scope, facts);
            }
        }
    }
    if let Some(context) = pod.get("securityContext") {
        security(context, scope, facts);
    }
}

fn host_path(entry: &Entry, volume: &Node, pod: &Node, scope: &str, facts: &mut Facts) {
    let text = entry.node.text().unwrap_or_default();
    let sockets = ["docker.sock", "containerd.sock", "crio.sock"];
    if sockets.iter().any(|socket| text.ends_with(socket)) {
        facts.add("docker-socket", text, scope, entry.span());
        return;
    }
    let trimmed = if text.len() > 1 { text.trim_end_matches('/') } else { text };
    if !HOST.contains(&trimmed) {
        return;
    }
    // Read-only is what agents that measure a node need.
    let name = volume.text_of("name");
    let mounts = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|key| pod.get(key).into_iter().flat_map(Node::items))
        .flat_map(|container| container.get("volumeMounts").into_iter().flat_map(Node::items))
        .filter(|mount| mount.text_of("name") == name);
    let mounts: Vec<&Node> = mounts.collect();
    let read_only = !mounts.is_empty() && mounts.iter().all(|mount| mount.says("readOnly", "true"));
    let of = if read_only { "k8s-host-path-read" } else { "k8s-host-path" };
    facts.add(of, text, scope, entry.span());
}

/// What a container may do on its node.
pub(super) fn security(context: &Node, scope: &str, facts: &mut Facts) {
    if let Some(entry) =
        context.entry("privileged").filter(|entry| entry.node.text() == Some("true"))
    {
        facts.add("k8s-privileged", "privileged", scope, entry.span());
    }
    if let Some(entry) =
        context.entry("allowPrivilegeEscalation").filter(|entry| entry.node.text() == Some("true"))
    {
        facts.add("k8s-escalation-allowed", "allowPrivilegeEscalation", scope, entry.span());
    }
    if let Some(entry) = context.entry("runAsUser").filter(|entry| entry.node.text() == Some("0")) {
        facts.add("k8s-root", "runAsUser: 0", scope, entry.span());
    }
    let added = context.way(&["capabilities", "add"]).into_iter().flat_map(Node::texts);
    for (capability, node) in added {
        facts.add("capability", capability.trim_start_matches("CAP_"), scope, node.at.clone());
    }
}

/// Values of Helm, which name what their chart's templates make of them.
fn values(node: &Node, facts: &mut Facts) {
    node.walk(&mut |value| {
        for key in ["securityContext", "containerSecurityContext", "podSecurityContext"] {
            if let Some(context) = value.get(key) {
                security(context, key, facts);
            }
        }
        if let Some(entry) =
            value.entry("hostNetwork").filter(|entry| entry.node.text() == Some("true"))
        {
            facts.add("k8s-host", "hostNetwork", "", entry.span());
        }
        if let Some(rbac) = value.get("rbac") {
            let keys = ["clusterAdmin", "clusterAdminAccess", "clusterAdminRole"];
            if let Some(entry) = keys
                .into_iter()
                .filter_map(|key| rbac.entry(key))
                .find(|entry| entry.node.text() == Some("true"))
            {
                facts.add("k8s-binding", "cluster-admin", "rbac", entry.span());
            }
        }
        if let Some(entry) =
            value.entry("clusterRole").filter(|entry| entry.node.text() == Some("cluster-admin"))
        {
            facts.add("k8s-binding", "cluster-admin", "values", entry.span());
        }
    });
}

/// The provider of Terraform for Kubernetes.
pub(super) fn terraform(body: &Node, kind: &str, scope: &str, facts: &mut Facts) {
    let kind = kind.trim_end_matches("_v1");
    if matches!(kind, "kubernetes_cluster_role" | "kubernetes_role") {
        for rule in body.all("rule") {
            let list = |key: &str| rule.texts_of(key).any(|(text, _)| text == "*");
            if list("verbs") && list("resources") && list("api_groups") {
                let at = rule.entry("verbs").map(|entry| entry.at.clone()).unwrap_or_default();
                let of = if kind == "kubernetes_cluster_role" {
                    "k8s-role-all"
                } else {
                    "k8s-role-namespace"
                };
                facts.add(of, "* on *", scope, at);
            }
        }
    }
    if kind == "kubernetes_cluster_role_binding"
        && let Some(role) = body.get("role_ref").and_then(|role| role.entry("name"))
        && let Some(name) = role.node.text()
    {
        facts.add("k8s-binding", name, scope, role.span());
    }
}

//! The part a file plays, told by its path.

use crate::catalogue::schema::words;
use serde::Deserialize;

words! {
    /// The role a file plays.
    FileRole {
        /// Program code, and every path that says nothing else: the strictest.
        Source = "source",
        /// Tests and their fixtures.
        Test = "test",
        /// Prose.
        Docs = "docs",
        /// Examples, samples and templates to copy.
        Example = "example",
        /// A pipeline's definition.
        Ci = "ci",
        /// Infrastructure: Terraform, Kubernetes, Dockerfiles, Compose, Ansible.
        Infra = "infra",
        /// Settings, `.env` and key files.
        Config = "config",
        /// Versions and digests that a package manager pins.
        Lockfile = "lockfile",
        /// Made by a program: bundles, minified files, source maps.
        Generated = "generated",
        /// Somebody else's code, copied in.
        Vendored = "vendored",
        /// Words shown to users, in several languages.
        Translation = "translation",
    }
}

const LOCKFILES: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "cargo.lock",
    "poetry.lock",
    "uv.lock",
    "pipfile.lock",
    "pdm.lock",
    "composer.lock",
    "gemfile.lock",
    "go.sum",
    "go.work.sum",
    "podfile.lock",
    "cartfile.resolved",
    "package.resolved",
    "mix.lock",
    "pubspec.lock",
    "flake.lock",
    "packages.lock.json",
    "gradle.lockfile",
    "verification-metadata.xml",
    ".terraform.lock.hcl",
    "deno.lock",
    "brewfile.lock.json",
    "conan.lock",
    "conda-lock.yml",
    "sha256sums",
    "module.bazel.lock",
];

const CI_FILES: &[&str] = &[
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".travis.yml",
    "jenkinsfile",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    ".appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "buildspec.yml",
    ".woodpecker.yml",
    "wercker.yml",
    "codemagic.yaml",
    "bitrise.yml",
    "action.yml",
    "action.yaml",
];

/// The role of the file at `path`, told by its path alone: contents are not read.
///
/// Unknown paths are [`FileRole::Source`], the strictest.
pub fn role_of(path: &[u8]) -> FileRole {
    let path = String::from_utf8_lossy(path).to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let within = |names: &[&str]| folders.split('/').any(|folder| names.contains(&folder));

    if LOCKFILES.contains(&name) {
        return FileRole::Lockfile;
    }
    if within(&[
        "node_modules",
        "vendor",
        "third_party",
        "third-party",
        "bower_components",
        ".venv",
        "venv",
        "site-packages",
        "pods",
    ]) {
        return FileRole::Vendored;
    }
    if name.contains(".min.")
        || name.contains(".bundle.")
        || name.contains(".chunk.")
        || matches!(ending, "map" | "snap")
        || within(&["__snapshots__", "dist"]) && ending == "js"
    {
        return FileRole::Generated;
    }
    if path.starts_with(".github/workflows/")
        || path.starts_with(".circleci/")
        || path.starts_with(".buildkite/")
        || path.starts_with(".gitlab/ci/")
        || path.starts_with(".woodpecker/")
        || path.starts_with(".forgejo/workflows/")
        || path.starts_with(".gitea/workflows/")
        || CI_FILES.contains(&name)
    {
        return FileRole::Ci;
    }
    if within(&[
        "test",
        "tests",
        "testing",
        "__tests__",
        "spec",
        "specs",
        "testdata",
        "test-data",
        "test_data",
        "fixtures",
        "fixture",
        "mocks",
        "__mocks__",
        "cassettes",
        "e2e",
        "testutil",
        "testutils",
    ]) || is_test_file(name)
    {
        return FileRole::Test;
    }
    if name.contains(".example")
        || name.contains(".sample")
        || name.contains(".template")
        || matches!(ending, "example" | "sample" | "dist" | "tmpl" | "tpl")
        || within(&["example", "examples", "sample", "samples", "demo", "demos"])
    {
        return FileRole::Example;
    }
    if within(&["i18n", "l10n", "locale", "locales", "lang", "translations", "lc_messages"])
        || matches!(ending, "po" | "pot" | "xliff" | "xlf" | "arb" | "strings")
        || name == "strings.xml"
    {
        return FileRole::Translation;
    }
    if matches!(ending, "md" | "mdx" | "rst" | "adoc" | "txt" | "org" | "pod")
        || within(&["docs", "doc"])
    {
        return FileRole::Docs;
    }
    if matches!(ending, "tf" | "tfvars" | "hcl" | "bicep" | "dockerfile")
        || name.starts_with("dockerfile")
        || name.starts_with("docker-compose")
        || name.starts_with("compose.y")
        || name == "containerfile"
        || within(&[
            "k8s",
            "kubernetes",
            "helm",
            "charts",
            "terraform",
            "ansible",
            "deploy",
            "manifests",
        ])
    {
        return FileRole::Infra;
    }
    if name.starts_with(".env")
        || matches!(
            ending,
            "env"
                | "ini"
                | "cfg"
                | "conf"
                | "config"
                | "properties"
                | "toml"
                | "yaml"
                | "yml"
                | "json"
                | "xml"
                | "plist"
                | "pem"
                | "key"
                | "p12"
                | "pfx"
                | "jks"
                | "netrc"
                | "npmrc"
                | "pypirc"
                | "settings"
        )
        || matches!(
            name,
            ".npmrc" | ".netrc" | ".pypirc" | ".pgpass" | "credentials" | "kubeconfig"
        )
    {
        return FileRole::Config;
    }
    FileRole::Source
}

fn is_test_file(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.ends_with("_test")
        || stem.rsplit_once('.').is_some_and(|(_, last)| matches!(last, "test" | "spec"))
        || stem.ends_with("_spec")
        || stem.ends_with("-test")
        || stem.starts_with("test_")
        || stem == "conftest"
}

/// Whether values in such a file are written without quotes: `.env`, YAML, INI.
pub fn values_are_bare(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path).to_lowercase();
    let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    name.starts_with(".env")
        || name.starts_with("dockerfile")
        // Scripts, Makefiles, dot files of settings.
        || !name.contains('.')
        || name.starts_with('.') && !name.trim_start_matches('.').contains('.')
        || name == ".my.cnf"
        || matches!(
            ending,
            "env"
                | "ini"
                | "cfg"
                | "conf"
                | "cnf"
                | "config"
                | "properties"
                | "yaml"
                | "yml"
                | "sh"
                | "bash"
                | "zsh"
                | "ps1"
                | "adoc"
                | "html"
                | "bat"
                | "cmd"
                | "xml"
                | "plist"
                | "tfvars"
                | "txt"
                | "md"
                | "rst"
                | "log"
                | "dockerfile"
                | "service"
                | "npmrc"
                | "netrc"
                | "pypirc"
                | "example"
                | "sample"
                | "template"
                | "tmpl"
                | "tpl"
                | "dist"
                | "default"
                | "defaults"
                | "j2"
                | "erb"
                | "ldif"
                | "http"
                | "rest"
                | "fish"
                | "mk"
        )
}

#[cfg(test)]
mod tests {
    use super::{FileRole, role_of};

    #[test]
    fn the_path_tells_the_role() {
        for (path, role) in [
            ("src/app.py", FileRole::Source),
            ("", FileRole::Source),
            ("src/tests/data.py", FileRole::Test),
            ("pkg/store_test.go", FileRole::Test),
            ("web/node_modules/x/index.js", FileRole::Vendored),
            ("Cargo.lock", FileRole::Lockfile),
            (".github/workflows/ci.yml", FileRole::Ci),
            (".env", FileRole::Config),
            (".env.example", FileRole::Example),
            ("README.md", FileRole::Docs),
            ("infra/main.tf", FileRole::Infra),
            ("app/static/a.min.js", FileRole::Generated),
            ("locales/de.json", FileRole::Translation),
            ("keys/id_rsa.pem", FileRole::Config),
        ] {
            assert_eq!(role_of(path.as_bytes()), role, "{path}");
        }
    }
}

//! A configuration to start with, proposed from what a repository holds.

use crate::judge::policy::Preset;
use crate::text::Count;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// No more files are looked at: a few thousand tell what a repository is about.
const FILES_AT_MOST: usize = 20_000;

/// Languages by the ending of their files.
const LANGUAGES: &[(&str, &str)] = &[
    ("c", "C"),
    ("cc", "C++"),
    ("cpp", "C++"),
    ("cs", "C#"),
    ("go", "Go"),
    ("java", "Java"),
    ("js", "JavaScript"),
    ("kt", "Kotlin"),
    ("php", "PHP"),
    ("py", "Python"),
    ("rb", "Ruby"),
    ("rs", "Rust"),
    ("sh", "shell"),
    ("swift", "Swift"),
    ("tf", "Terraform"),
    ("ts", "TypeScript"),
    ("tsx", "TypeScript"),
];

/// What a path from the top tells, by its beginning. The vaults' files:
/// <https://github.com/getsops/sops> (`config.go`, by which `.sops.yml` is ignored),
/// <https://github.com/DopplerHQ/cli> (`repo_config.go`),
/// <https://infisical.com/docs/cli/usage>; lefthook's: <https://lefthook.dev/configuration/>.
const SIGNS: &[(&str, Sign, &str)] = &[
    (".github/workflows/", Sign::Ci, "GitHub Actions"),
    (".gitlab-ci.yml", Sign::Ci, "GitLab CI"),
    (".circleci/", Sign::Ci, "CircleCI"),
    (".buildkite/", Sign::Ci, "Buildkite"),
    ("Jenkinsfile", Sign::Ci, "Jenkins"),
    ("azure-pipelines.yml", Sign::Ci, "Azure Pipelines"),
    ("bitbucket-pipelines.yml", Sign::Ci, "Bitbucket Pipelines"),
    (".sops.yaml", Sign::Vault, "SOPS"),
    ("doppler.yaml", Sign::Vault, "Doppler"),
    ("doppler.yml", Sign::Vault, "Doppler"),
    (".infisical.json", Sign::Vault, "Infisical"),
    (".pre-commit-config.yaml", Sign::Manager, "pre-commit"),
    ("prek.toml", Sign::Manager, "prek"),
    (".husky/", Sign::Manager, "husky"),
    ("lefthook.", Sign::Manager, "lefthook"),
    (".lefthook.", Sign::Manager, "lefthook"),
    (".config/lefthook.", Sign::Manager, "lefthook"),
];

/// Folders with the code of others.
const VENDORED: &[&str] = &["vendor", "third_party", "third-party", "node_modules"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Ci,
    Vault,
    Manager,
}

/// What a repository holds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How many files of each language.
    pub languages: BTreeMap<&'static str, usize>,
    /// Pipelines.
    pub ci: BTreeSet<&'static str>,
    /// Vaults.
    pub vaults: BTreeSet<&'static str>,
    /// Hook managers.
    pub managers: BTreeSet<&'static str>,
    /// Folders at the top with the code of others.
    pub vendored: BTreeSet<String>,
    /// Where its remotes are, as `host/path`.
    pub remotes: BTreeSet<String>,
    /// Whether the configuration says that everybody reads one of them.
    pub public: bool,
}

impl Seen {
    /// Looks at the files under `top` that git does not ignore.
    pub fn at(top: &Path) -> Self {
        let mut seen = Self::default();
        let files = ignore::WalkBuilder::new(top).hidden(false).build();
        // What cannot be read tells nothing.
        for entry in files.flatten().take(FILES_AT_MOST) {
            let Ok(path) = entry.path().strip_prefix(top) else { continue };
            let Some(path) = path.to_str().filter(|path| !path.starts_with(".git/")) else {
                continue;
            };
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                seen.file(path);
            }
        }
        seen
    }

    /// Counts in the file at `path`, from the top.
    pub fn file(&mut self, path: &str) {
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        if let Some((_, language)) = LANGUAGES.iter().find(|(one, _)| *one == ending) {
            *self.languages.entry(language).or_default() += 1;
        }
        for (_, sign, name) in SIGNS.iter().filter(|(start, ..)| path.starts_with(start)) {
            match sign {
                Sign::Ci => self.ci.insert(name),
                Sign::Vault => self.vaults.insert(name),
                Sign::Manager => self.managers.insert(name),
            };
        }
        if let Some((folder, _)) = path.split_once('/')
            && VENDORED.contains(&folder)
        {
            self.vendored.insert(folder.to_owned());
        }
    }

    /// The starter policy that fits.
    pub fn preset(&self) -> Preset {
        if self.public { Preset::Strict } else { Preset::Balanced }
    }

    fn told(&self) -> String {
        let mut languages: Vec<_> = self.languages.iter().collect();
        languages.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
        let languages = languages
            .iter()
            .take(5)
            .map(|(name, count)| format!("{name} ({})", Count(**count, "file")));
        let names = [&self.ci, &self.vaults, &self.managers].into_iter().flatten();
        let all: Vec<String> = languages.chain(names.map(|name| (*name).to_owned())).collect();
        if all.is_empty() { "nothing that tells more".to_owned() } else { all.join(", ") }
    }
}

/// The text of a configuration file for what was `seen`.
pub fn propose(seen: &Seen, preset: Preset) -> String {
    let mut text = format!(
        "# Every key: docs/configuration.md; each value and its origin: leakcoach config\n\
         # Seen here: {}\n\n\
         # observe: nothing is refused; balanced; strict: what may be a credential is refused\n\
         preset = \"{preset}\"\n",
        seen.told()
    );
    // Writing to a string cannot fail.
    if !seen.ci.is_empty() && preset == Preset::Balanced {
        text.push_str(
            "\n# Every run of a pipeline reads these files, and logs may repeat them.\n\
             [[policy]]\nfile-role = [\"ci\", \"infra\"]\nseverity = \">=high\"\nverdict = \"block\"\n",
        );
    }
    if !seen.vendored.is_empty() {
        let folders: Vec<String> =
            seen.vendored.iter().map(|one| format!("\"{one}/**\"")).collect();
        let _ = write!(
            text,
            "\n# The code of others: uncomment this where they answer for it.\n\
             # [paths]\n# ignore = [{}]\n",
            folders.join(", ")
        );
    }
    if !seen.remotes.is_empty() && !seen.public {
        let quoted = |one: &String| toml::Value::from(one.as_str()).to_string();
        let remotes: Vec<String> = seen.remotes.iter().map(quoted).collect();
        let remotes = remotes.join(", ");
        let _ = write!(
            text,
            "\n# Who reads what is pushed? Uncomment the line that is true.\n\
             # [remotes]\n# public = [{remotes}]\n# private = [{remotes}]\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Seen, propose};
    use crate::config::Config;
    use crate::judge::policy::Preset;
    use std::path::Path;

    #[test]
    fn what_is_proposed_is_a_configuration_also_with_all_that_is_commented_out() {
        let mut seen = Seen::default();
        for path in [".github/workflows/a.yml", "a.py", "b.py", "vendor/x.go", ".sops.yaml"] {
            seen.file(path);
        }
        seen.remotes.insert("host.example/acme/\"app".to_owned());
        for preset in Preset::ALL {
            let text = propose(&seen, *preset);
            Config::read(&text, Path::new(".leakcoach.toml")).unwrap();
            assert!(text.contains("Python (2 files)") && text.contains("GitHub Actions, SOPS"));
            let (mut words, mut keys) = (String::new(), 0);
            for line in text.lines() {
                let key = line
                    .strip_prefix("# ")
                    .filter(|rest| rest.starts_with('[') || rest.contains(" = ["));
                keys += usize::from(key.is_some());
                words.extend([key.unwrap_or(line), "\n"]);
            }
            assert_eq!(keys, 5);
            Config::read(&words, Path::new(".leakcoach.toml")).unwrap();
        }
    }
}

//! What a repository is made of, told by its files' names and by what its manifests mention.

use super::context::fits;

/// Files whose text names the services that a repository uses.
const MANIFESTS: &[&str] = &[
    "package.json",
    "requirements*",
    "pyproject.toml",
    "pipfile",
    "go.mod",
    "gemfile",
    "composer.json",
    "cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "*.csproj",
    "*.tf",
    "docker-compose*",
    "compose.y*",
    ".gitlab-ci.yml",
    ".github/workflows/",
];

/// What a repository is made of.
#[derive(Debug, Default, Clone)]
pub struct Stack {
    /// Its files' paths, in lower case.
    paths: Vec<String>,
    /// The words of its manifests, in lower case.
    words: std::collections::BTreeSet<String>,
}

impl Stack {
    /// Counts in the file at `path`, from the top. Gives whether its text is wanted.
    pub fn file(&mut self, path: &str) -> bool {
        let path = path.to_lowercase();
        let wanted = MANIFESTS.iter().any(|pattern| fits(pattern, &path));
        self.paths.push(path);
        wanted
    }

    /// Counts in the text of a manifest.
    pub fn manifest(&mut self, text: &str) {
        let words = text.split(|char: char| !char.is_alphanumeric());
        let words = words.filter(|word| word.len() >= 4).map(str::to_lowercase);
        self.words.extend(words);
    }

    /// Whether any file fits one of these patterns, as they are written in `patterns/`.
    pub(super) fn has(&self, patterns: &[String]) -> bool {
        patterns.iter().any(|pattern| self.paths.iter().any(|path| fits(pattern, path)))
    }

    /// Whether its manifests mention a service called `name`.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let mut words = name.split(|char: char| !char.is_alphanumeric());
        words.all(|word| self.words.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::Stack;

    #[test]
    fn a_service_is_mentioned_by_whole_words_of_a_manifest() {
        let mut stack = Stack::default();
        assert!(stack.file("api/Package.json"));
        assert!(!stack.file("src/index.js"));
        stack.manifest("{\"dependencies\": {\"@sendgrid/mail\": \"8\", \"stripe-event\": \"1\"}}");

        assert!(stack.mentions("Stripe") && stack.mentions("SendGrid"));
        assert!(!stack.mentions("Slack") && !stack.mentions("Strip"));
        assert!(stack.has(&["*.js".to_owned()]) && !stack.has(&["go.mod".to_owned()]));
    }
}

//! Which language or format a file is, by its path and first line.

use super::edit::has;
use super::tongue::Tongue;
use super::{Ask, Mended, Refusal};
use super::{
    csharp, dockerfile, expands, go, hcl, javascript, json, jvm, lines, notebook, php, python,
    ruby, rust, shell, swift, yaml,
};

/// What else is in the repository, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// A bundler for browsers is configured at the top: Vite, Webpack, Angular, Parcel.
    pub bundled: bool,
    /// It is a Laravel application.
    pub laravel: bool,
}

/// A language or format that leakcoach can mend, or knows that it cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Python.
    Python,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Go.
    Go,
    /// Java.
    Java,
    /// Kotlin, Gradle's scripts in Kotlin too.
    Kotlin,
    /// C#.
    CSharp,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Rust.
    Rust,
    /// Swift.
    Swift,
    /// POSIX shells and Bash.
    Shell,
    /// YAML of any flavour.
    Yaml,
    /// JSON.
    Json,
    /// A Jupyter notebook.
    Notebook,
    /// Terraform and other HCL.
    Hcl,
    /// A Dockerfile.
    Dockerfile,
    /// `.env` and its kin.
    Env,
    /// An example of one, made to be copied.
    EnvExample,
    /// A file whose one reader expands variables, by its name.
    Expands,
    /// Java properties.
    Properties,
    /// TOML, INI and what looks like it.
    Settings,
    /// Languages without a grammar here: Lua, Perl, Elixir.
    Simple,
    /// Anything else.
    Unknown,
}

impl Kind {
    /// The kind of a file by its path and, where that does not tell, its first line.
    pub fn of(path: &[u8], text: &[u8]) -> Self {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let name = String::from_utf8_lossy(name).to_lowercase();
        if let Some(kind) = Self::of_env(&name) {
            return kind;
        }
        if expands::reference(path).is_some() {
            return Self::Expands;
        }
        if name == "dockerfile"
            || name == "containerfile"
            || name.starts_with("dockerfile.")
            || name.ends_with(".dockerfile")
        {
            return Self::Dockerfile;
        }
        match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "py" | "pyi" | "pyw" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "go" => Self::Go,
            "java" => Self::Java,
            "kt" | "kts" => Self::Kotlin,
            "cs" => Self::CSharp,
            "rb" | "rake" | "gemspec" => Self::Ruby,
            "php" => Self::Php,
            "rs" => Self::Rust,
            "swift" => Self::Swift,
            "sh" | "bash" | "ksh" => Self::Shell,
            "yml" | "yaml" => Self::Yaml,
            "tpl" if has(path, "templates/") => Self::Yaml,
            "json" | "jsonc" => Self::Json,
            "ipynb" => Self::Notebook,
            "tf" | "hcl" | "tfvars" => Self::Hcl,
            "properties" => Self::Properties,
            "toml" | "ini" | "cfg" | "conf" => Self::Settings,
            "lua" | "pl" | "pm" | "ex" | "exs" => Self::Simple,
            _ if matches!(&*name, "gemfile" | "rakefile" | "podfile") => Self::Ruby,
            _ if matches!(&*name, ".bashrc" | ".profile" | ".bash_profile" | ".zshrc") => {
                Self::Shell
            }
            _ => Self::of_first_line(text),
        }
    }

    fn of_env(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let of_env = ending == Some("env") || name.starts_with(".env.");
        let example = ["example", "sample", "template", "dist", "defaults"];
        of_env.then(|| {
            if example.iter().any(|word| name.contains(word)) {
                Self::EnvExample
            } else {
                Self::Env
            }
        })
    }

    fn of_first_line(text: &[u8]) -> Self {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if !line.starts_with(b"#!") {
            return Self::Unknown;
        }
        let line = String::from_utf8_lossy(line);
        let shells = ["sh", "bash", "dash", "ksh"];
        let program = line.rsplit(['/', ' ']).find(|word| !word.starts_with('-')).unwrap_or("");
        if program.starts_with("python") {
            Self::Python
        } else if shells.contains(&program.trim()) {
            Self::Shell
        } else {
            match program.trim() {
                "node" => Self::JavaScript,
                "ruby" => Self::Ruby,
                "php" => Self::Php,
                "perl" => Self::Simple,
                _ => Self::Unknown,
            }
        }
    }

    /// Its grammar, where it has one.
    fn tongue(self) -> Option<Tongue> {
        Some(match self {
            Self::Python => python::TONGUE,
            Self::JavaScript => javascript::JAVASCRIPT,
            Self::TypeScript => javascript::TYPESCRIPT,
            Self::Tsx => javascript::TSX,
            Self::Go => go::TONGUE,
            Self::Java => jvm::JAVA,
            Self::Kotlin => jvm::KOTLIN,
            Self::CSharp => csharp::TONGUE,
            Self::Ruby => ruby::TONGUE,
            Self::Php => php::TONGUE,
            Self::Rust => rust::TONGUE,
            Self::Swift => swift::TONGUE,
            Self::Shell => shell::TONGUE,
            Self::Yaml
            | Self::Json
            | Self::Notebook
            | Self::Hcl
            | Self::Dockerfile
            | Self::Env
            | Self::EnvExample
            | Self::Expands
            | Self::Properties
            | Self::Settings
            | Self::Simple
            | Self::Unknown => return None,
        })
    }

    pub(super) fn mend(self, ask: &Ask<'_>) -> Result<Mended, Refusal> {
        if let Some(tongue) = self.tongue() {
            return tongue.mend(ask);
        }
        match self {
            Self::Yaml => yaml::mend(ask),
            Self::Json => json::mend(ask),
            Self::Notebook => notebook::mend(ask),
            Self::Hcl => hcl::mend(ask),
            Self::Dockerfile => dockerfile::mend(ask),
            Self::EnvExample => Ok(lines::example(ask)),
            Self::Expands => expands::mend(ask),
            Self::Properties => lines::properties(ask),
            Self::Simple => lines::simple(ask),
            Self::Env => Err(Refusal::new(
                "the whole file is for values",
                "git rm --cached it, name it in .gitignore, and keep it on this machine",
            )),
            Self::Settings => Err(Refusal::new(
                "nothing says that the reader of this file expands variables",
                "take the value out, and set it where the program lets the environment win",
            )),
            Self::Unknown
            | Self::Python
            | Self::JavaScript
            | Self::TypeScript
            | Self::Tsx
            | Self::Go
            | Self::Java
            | Self::Kotlin
            | Self::CSharp
            | Self::Ruby
            | Self::Php
            | Self::Rust
            | Self::Swift
            | Self::Shell => Err(Refusal::new(
                "leakcoach does not know this kind of file",
                "take the value out by hand, and read it from the environment",
            )),
        }
    }
}

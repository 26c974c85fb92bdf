//! Texts that people write for leakcoach: configuration, labels, templates, addresses.

use crate::inputs::{self, Corpus};
use crate::scanning::shows;
use crate::{Target, timed};
use fastrand::Rng;
use leakcoach::catalogue::Catalogue;
use leakcoach::catalogue::sample::expand;
use leakcoach::config::Config;
use leakcoach::error::Error;
use leakcoach::eval::Labels;
use leakcoach::scan::{Confidence, Scanner, Text};
use leakcoach::source::role::FileRole;
use leakcoach::source::without_credentials;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

pub(crate) fn targets(scratch: &Path) -> Vec<Box<dyn Target>> {
    let corpus = || Corpus::new(Catalogue::builtin());
    vec![
        Box::new(Configuration),
        Box::new(LabelTable { path: scratch.join("labels.csv") }),
        Box::new(Templates { corpus: corpus() }),
        Box::new(Address),
    ]
}

/// A token that stands in the input and may not stand in what is said of it.
pub(crate) fn token(rng: &mut Rng) -> String {
    expand("ghp_{base62:30}{crc32-base62}", rng.u64(..)).unwrap_or_default()
}

/// What an error says must not hold any token of the input.
pub(crate) fn quiet(error: &Error, input: &[u8]) -> Result<(), String> {
    static TOKENS: LazyLock<Scanner> =
        LazyLock::new(|| Scanner::new(Catalogue::builtin()).only(|rule| rule.id == "github-pat"));
    let said = format!("{error} {error:?} {}", error.hint().unwrap_or_default());
    let found = TOKENS.scan(&Text { bytes: input, path: b"", role: FileRole::Source });
    // Without its checksum it is other bytes of the input, such as an object's id.
    let mut tokens = found.findings.iter().filter(|f| f.confidence == Confidence::Proven);
    if tokens.any(|token| shows(&said, token.secret.expose())) {
        return Err("an error quotes a credential of its input".to_owned());
    }
    Ok(())
}

struct Configuration;

impl Target for Configuration {
    fn name(&self) -> &'static str {
        "config"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["written", "damaged", "noise", "nested"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        match generator {
            "written" => settings(rng).into_bytes(),
            "damaged" => inputs::damage(settings(rng).into_bytes(), rng),
            "nested" => {
                let deep =
                    inputs::pick(rng, &["[", "{a=", "[[", "a.", "\"", "'''", "(", "{", "[a."]);
                let text = deep.repeat(1 << rng.u32(4..16));
                format!("[paths]\nignore = {text}").into_bytes()
            }
            _ => inputs::drawn(rng, 2000),
        }
    }

    fn check(&mut self, _: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        let text = String::from_utf8_lossy(input);
        let (read, took) = timed(|| Config::read(&text, Path::new("leakcoach.toml")));
        match read {
            Ok(config) if !Catalogue::builtin().rules().any(|rule| config.keeps(rule.id)) => {
                Err("a configuration without any rule was taken".to_owned())
            }
            Ok(config) => {
                let _any = config.ignore.is_match("src/app.py");
                Ok(took)
            }
            Err(error) => quiet(&error, input).map(|()| took),
        }
    }
}

/// A configuration as a person might write it, with a token where it does not belong.
fn settings(rng: &mut Rng) -> String {
    let rules = ["github-pat", "generic-token", "aws-access-key-id", "no-such-rule"];
    let globs = ["third_party/**", "*.lock", "{a,b}/[!c]?", "[", "{{{", "**/**/**/*", "a\\"];
    let verdicts = ["permit", "slow", "guide", "block", "maybe"];
    let mut text = String::new();
    for _ in 0..rng.usize(1..6) {
        let (rule, glob) = (inputs::pick(rng, &rules), inputs::pick(rng, &globs));
        let verdict = inputs::pick(rng, &verdicts);
        let token = token(rng);
        let written = match rng.u8(..9) {
            0 => format!("[rules]\ndisable = [\"{rule}\"]\n"),
            1 => format!("[rules]\nonly = [\"{rule}\", '''{rule}''']\n"),
            2 => format!("[paths]\nignore = [\"{glob}\", '{token}*']\n"),
            3 => format!("[verdicts]\nproven = \"{verdict}\" # {token}\n"),
            4 => format!("[verdicts]\nlikely = \"{token}\"\n"),
            5 => format!("[rules]\ndisable = \"{token}\"\n"),
            6 => format!("paths = {{ ignore = [ {} ] }}\n", "\"a\",".repeat(rng.usize(..200))),
            7 => format!("[paths]\nignore = ['{glob}', {token}]\n"),
            _ => "disable = []\n[rules]\n[rules]\n".to_owned(),
        };
        text.push_str(&written);
    }
    text
}

struct LabelTable {
    path: PathBuf,
}

impl Target for LabelTable {
    fn name(&self) -> &'static str {
        "labels"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["written", "damaged", "noise", "many"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        match generator {
            "written" => table(rng, 20),
            "damaged" => inputs::damage(table(rng, 20), rng),
            "many" => table(rng, 4000),
            _ => inputs::drawn(rng, 2000),
        }
    }

    fn check(&mut self, generator: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        std::fs::write(&self.path, input).map_err(|_| "cannot write a file".to_owned())?;
        let (read, took) = timed(|| Labels::load(&self.path));
        match read {
            Ok(labels) => {
                let places: usize = labels.files().map(|(_, places)| places.len()).sum();
                let left = labels.without(&["Key".to_owned()]);
                let left: usize = left.files().map(|(_, places)| places.len()).sum();
                if left > places {
                    return Err("leaving out a category added places".to_owned());
                }
                Ok(took)
            }
            Err(_) if generator == "many" => Err("a whole table was refused".to_owned()),
            Err(error) => quiet(&error, input).map(|()| took),
        }
    }
}

fn table(rng: &mut Rng, rows: usize) -> Vec<u8> {
    let mut text = "file,line_start,line_end,truth,category,note\n".to_owned();
    for _ in 0..rng.usize(1..=rows) {
        let (first, truth) = (rng.u32(1..400), inputs::pick(rng, &["T", "F", "X"]));
        let file = inputs::pick(rng, &["a.py", "\"b, c.py\"", "d/\u{e9}.js", "e\"\"f"]);
        let category = inputs::pick(rng, &["Key", "Key:Token", "", "\"a\nb\""]);
        let (last, token) = (first + rng.u32(..3), token(rng));
        text.extend([format!("{file},{first},{last},{truth},{category},{token}\n")]);
    }
    text.into_bytes()
}

struct Templates {
    corpus: Corpus,
}

impl Target for Templates {
    fn name(&self) -> &'static str {
        "templates"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["catalogue", "damaged", "calls"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        let template = inputs::pick(rng, &self.corpus.templates).as_bytes().to_vec();
        match generator {
            "catalogue" => template,
            "damaged" => inputs::damage(template, rng),
            _ => (0..rng.usize(1..6)).flat_map(|_| call(rng).into_bytes()).collect(),
        }
    }

    fn check(&mut self, generator: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let template = String::from_utf8_lossy(input);
        let seed = rng.u64(..);
        let (made, took) = timed(|| expand(&template, seed));
        if generator == "catalogue" && made.is_err() {
            return Err("a template of the catalogue does not expand".to_owned());
        }
        if made != expand(&template, seed) {
            return Err("the same seed made another sample".to_owned());
        }
        Ok(took)
    }
}

/// A generator called with arguments that need not fit.
fn call(rng: &mut Rng) -> String {
    let names = [
        "base62",
        "base64",
        "hex",
        "uuid",
        "crc32-base62",
        "grafana-crc32",
        "gitlab-routable",
        "macaroon",
        "aws-key-id",
        "azure-marvin",
        "azure-cask",
        "entra-secret",
        "pem",
        "openssh",
        "azure-devops-pat",
        "jwt",
        "basic-auth",
        "base64-json",
        "password",
        "nothing",
    ];
    let args = [
        "",
        "0",
        "1",
        "30",
        "64",
        "8192",
        "8193",
        "-1",
        "99999999999999999999",
        "RSA PRIVATE KEY",
        "EC",
        "\"a\":1",
        "glsa_",
        "cHlwaS5vcmc",
        "AAAA",
        "+MIN",
        "JQQJ",
        "12345678",
        "\u{e9}",
        "=",
        "APIM",
        "1.0",
    ];
    let mut text = format!("x{{{}", inputs::pick(rng, &names));
    for _ in 0..rng.usize(..5) {
        text.push(':');
        text.push_str(inputs::pick(rng, &args));
    }
    text.push_str(inputs::pick(rng, &["}", "!}", "}}", ""]));
    text
}

struct Address;

impl Target for Address {
    fn name(&self) -> &'static str {
        "addresses"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["with a password", "damaged", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        let scheme = inputs::pick(rng, &["https", "ssh", "git+ssh", "http", "file", "HTTPS"]);
        let user = inputs::pick(rng, &["someone:", ":", "x-access-token:", "a%40b:", ""]);
        let host = inputs::pick(rng, &["host.example", "host.example:8080", "[::1]:22", "1.2.3.4"]);
        let rest = inputs::pick(rng, &["/a/b.git", "/a@b", "", "/?x=y#z", "/~user/", "/a:b@c"]);
        let text = format!("{scheme}://{user}{}@{host}{rest}", token(rng)).into_bytes();
        match generator {
            "with a password" => text,
            "damaged" => inputs::damage(text, rng),
            _ => inputs::drawn(rng, 400),
        }
    }

    fn check(&mut self, generator: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        let (shown, took) = timed(|| without_credentials(input));
        if generator == "with a password" && shown.windows(4).any(|part| part == b"ghp_") {
            return Err("the password of an address is shown".to_owned());
        }
        Ok(took)
    }
}

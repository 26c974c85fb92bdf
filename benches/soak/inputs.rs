//! Inputs made from a seed: the catalogue's own samples, put into lines, damaged,
//! repeated, encoded, and structures of git.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use fastrand::Rng;
use leakcoach::catalogue::{Catalogue, sample::expand};

/// Bytes that parsers treat in their own way.
const TELLING: &[u8] = b"\0\n\r\t \"'`\\/=:;,.<>(){}[]@#%&$-_+|~^!?*\x1b\x7f\x80\xc3\xfe\xff";

/// Words that stand around credentials, and what makes formats out of bytes.
const WORDS: &[&str] = &[
    "password",
    "passwd=",
    "PASSWORD: ",
    "\"password\":",
    "secret",
    "client_secret",
    "token",
    "api_key",
    "apiKey = ",
    "auth",
    "Authorization: Bearer ",
    "Authorization: Basic ",
    "private",
    "_key",
    "credential",
    "<password>",
    "</password>",
    "value=\"",
    "\"value\": \"",
    "--password ",
    "-u user:",
    "export ",
    "set ",
    "https://",
    "postgres://user:",
    "@host.example/",
    "://",
    "?key=",
    "&sig=",
    "${",
    "}}",
    "{{ ",
    "$(",
    "%3D",
    "\\u0022",
    "\\n",
    "\\x20",
    "\x1b[31m",
    "BEGIN ",
    "-----",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "ssh-rsa ",
    "eyJ",
    "AKIA",
    "AccountKey=",
    "0x",
    "leakcoach:allow ",
    " because it is a test",
    "gitleaks:allow",
    "pragma: allowlist secret",
    "os.environ[",
    "process.env.",
    "changeme",
    "example",
    "xxxx",
    "****",
    "null",
    "true",
    "0",
    "a",
    "=> ",
    ":= ",
    "== ",
    " = ",
    "=",
    ": ",
    ":",
    "\"",
    "'",
    "`",
    "(",
    ")",
    ", ",
    ";\n",
    "\n",
    "\r\n",
    "    ",
    "<!--",
    "# ",
    "// ",
    "kind: Secret\n",
    "data:\n",
    "- name: ",
    "machine host login ",
    "getPassword(",
    "new Password(",
    "String password",
    "const char *password[] = {",
];

const PATHS: &[&str] = &[
    "",
    "src/app.py",
    "src/main.go",
    "a.js",
    "lib/x.min.js",
    ".env",
    ".env.example",
    "config.yml",
    "settings.json",
    "pom.xml",
    "Dockerfile",
    "main.tf",
    "deploy.sh",
    ".npmrc",
    ".netrc",
    "credentials",
    "README.md",
    "tests/data.rb",
    "package-lock.json",
    "locales/de.json",
    ".github/workflows/ci.yml",
    "vendor/a.c",
    "id_rsa.pem",
    "app.properties",
    "web.config",
    "notes.txt",
    "x.sql",
    "Main.java",
    "A.cs",
    "index.php",
    "kubeconfig",
    "a.unknown",
];

/// What inputs are made from.
pub(crate) struct Corpus {
    /// Templates of samples and near-misses.
    pub(crate) templates: Vec<&'static str>,
    anchors: Vec<&'static [u8]>,
}

impl Corpus {
    pub(crate) fn new(catalogue: &'static Catalogue) -> Self {
        let templates = |rule: &'static leakcoach::catalogue::Rule| {
            rule.samples.iter().chain(rule.near_misses.iter()).collect::<Vec<_>>()
        };
        Self {
            templates: catalogue.rules().flat_map(templates).collect(),
            anchors: catalogue.anchors.iter().map(|anchor| catalogue.text_of(anchor)).collect(),
        }
    }

    /// A fresh sample or near-miss.
    fn sample(&self, rng: &mut Rng) -> Vec<u8> {
        expand(pick(rng, &self.templates), rng.u64(..)).unwrap_or_default().into_bytes()
    }

    fn piece(&self, rng: &mut Rng) -> Vec<u8> {
        match rng.u8(..8) {
            0..=3 => pick(rng, WORDS).as_bytes().to_vec(),
            4..=5 => pick(rng, &self.anchors).to_vec(),
            6 => drawn(rng, 40),
            _ => {
                let mut sample = self.sample(rng);
                sample.truncate(rng.usize(..=sample.len()));
                sample
            }
        }
    }

    /// A sample where a credential would stand.
    fn line(&self, rng: &mut Rng) -> Vec<u8> {
        let value = self.sample(rng);
        let name = pick(rng, &["password", "API_TOKEN", "db.secret", "key", "auth-token", "x"]);
        let (before, after) = pick(
            rng,
            &[
                ("", ""),
                (" = \"", "\"\n"),
                ("='", "';\n"),
                (": ", "\n"),
                ("\": \"", "\",\n"),
                (">", "</x>\n"),
                ("\" value=\"", "\"/>\n"),
                (" => `", "`, \n"),
                ("=", " # gitleaks:allow\n"),
                ("(\"", "\")\r\n"),
                ("=", "&"),
                (" := ", "\\n"),
            ],
        );
        [name.as_bytes(), before.as_bytes(), &value, after.as_bytes()].concat()
    }
}

/// How texts are made. The first are short and many, the last long.
pub(crate) const TEXTS: &[&str] =
    &["noise", "pieces", "samples", "damaged", "encoded", "wide", "lines", "repeated"];

/// A text by one of the ways of [`TEXTS`].
pub(crate) fn text(way: &str, corpus: &Corpus, rng: &mut Rng) -> Vec<u8> {
    match way {
        "noise" => drawn(rng, 4096),
        "pieces" => (0..rng.usize(1..200)).flat_map(|_| corpus.piece(rng)).collect(),
        "samples" => (0..rng.usize(1..8)).flat_map(|_| corpus.line(rng)).collect(),
        "damaged" => {
            let whole: Vec<u8> = (0..rng.usize(1..6)).flat_map(|_| corpus.line(rng)).collect();
            damage(whole, rng)
        }
        "encoded" => {
            let mut text = text(pick(rng, &TEXTS[..4]), corpus, rng);
            for _ in 0..rng.usize(1..5) {
                text = encoded(&text, rng);
            }
            text
        }
        "wide" => {
            let text = text(pick(rng, &TEXTS[..4]), corpus, rng);
            let wide = wide(&text, rng);
            if rng.bool() { damage(wide, rng) } else { wide }
        }
        "lines" => {
            let length = 1 << rng.u32(12..18);
            let mut text = Vec::with_capacity(length);
            let joint = pick(rng, &[&b"\n"[..], b"", b" ", b";", b"\",\""]);
            while text.len() < length {
                text.extend(if rng.bool() { corpus.line(rng) } else { corpus.piece(rng) });
                text.extend_from_slice(joint);
            }
            text
        }
        "repeated" => {
            let mut unit: Vec<u8> = match rng.u8(..4) {
                0 => corpus.line(rng),
                1 => damage(corpus.sample(rng), rng),
                _ => (0..rng.usize(1..4)).flat_map(|_| corpus.piece(rng)).collect(),
            };
            unit.truncate(1 << rng.u32(1..12));
            unit.extend(rng.bool().then(|| pick(rng, TELLING)));
            unit.repeat((1 << rng.u32(13..19)) / unit.len().max(1) + 1)
        }
        _ => unreachable!("a way that is not in TEXTS"),
    }
}

/// A path of some role, sometimes of any bytes.
pub(crate) fn path(rng: &mut Rng) -> Vec<u8> {
    let path = pick(rng, PATHS).as_bytes().to_vec();
    if rng.u8(..8) == 0 { damage(path, rng) } else { path }
}

/// The same bytes with a few changes, cuts, repetitions and insertions.
pub(crate) fn damage(mut bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    for _ in 0..1 << rng.u32(..5) {
        let at = rng.usize(..=bytes.len());
        let end = at + rng.usize(..=(bytes.len() - at).min(64));
        match rng.u8(..8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 if at < bytes.len() => bytes[at] = pick(rng, TELLING),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].to_vec();
                let to = rng.usize(..=bytes.len());
                bytes.splice(to..to, part);
            }
            5 => drop(bytes.splice(at..at, pick(rng, WORDS).bytes())),
            6 => drop(bytes.splice(at..at, drawn(rng, 16))),
            7 if rng.u8(..4) == 0 => bytes.truncate(at),
            _ => bytes.insert(at, pick(rng, TELLING)),
        }
    }
    bytes
}

/// Bytes drawn from one alphabet, at most `most` of them.
pub(crate) fn drawn(rng: &mut Rng, most: usize) -> Vec<u8> {
    const BASE64_DIGITS: &[u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    let length = rng.usize(..=most);
    let which = rng.u8(..6);
    let mut byte = || match which {
        0 => rng.u8(..),
        1 => rng.u8(b' '..=b'~'),
        2 => pick(rng, BASE64_DIGITS),
        3 => pick(rng, b"0123456789abcdef"),
        4 => pick(rng, TELLING),
        _ => pick(rng, b"aeAE01 =\"\n"),
    };
    (0..length).map(|_| byte()).collect()
}

pub(crate) fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

fn encoded(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let run = match rng.u8(..3) {
        0 => BASE64.encode(text),
        1 => BASE64URL_NOPAD.encode(text),
        _ => HEXLOWER.encode(text),
    };
    let before = pick(rng, WORDS).as_bytes();
    [before, run.as_bytes(), pick(rng, WORDS).as_bytes()].concat()
}

fn wide(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let order = if rng.bool() { u16::to_le_bytes } else { u16::to_be_bytes };
    let mark = rng.bool().then_some(0xfeff);
    let text = String::from_utf8_lossy(text);
    mark.into_iter().chain(text.encode_utf16()).flat_map(order).collect()
}

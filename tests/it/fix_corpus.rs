//! `fix` on texts before and after: `tests/fix/*.txt` holds them with `@SECRET@` for the
//! value. Each result is read by its language's own parser where this machine has it.

use leakcoach::catalogue::sample::expand;
use leakcoach::remedy::fix::{Ask, Kind, Surroundings, applied, mend, places};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MARK: &str = "@SECRET@";

struct Pair {
    group: String,
    path: String,
    name: String,
    before: String,
    after: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fix")
}

/// `\r`, `\u{feff}` and a backslash before the last line break stand for themselves.
fn read(text: &str) -> String {
    let text = text.replace("\\r", "\r").replace("\\u{feff}", "\u{feff}");
    text.strip_suffix("\\\n").map_or(text.clone(), str::to_owned)
}

fn written(text: &str) -> String {
    let text = text.replace('\r', "\\r").replace('\u{feff}', "\\u{feff}");
    if text.ends_with('\n') { text } else { text + "\\\n" }
}

fn corpus() -> Vec<Pair> {
    let mut all = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let group = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        for case in text.split("## ").skip(1) {
            let (head, rest) = case.split_once('\n').unwrap();
            let (path, name) = head.rsplit_once(' ').unwrap();
            let (before, after) = rest.split_once("--\n").unwrap_or((rest, ""));
            let [group, path, name] = [&*group, path, name].map(str::to_owned);
            all.push(Pair { group, path, name, before: read(before), after: read(after) });
        }
    }
    all
}

/// What becomes of a pair's text; its value is a fresh fake.
fn result(pair: &Pair, seed: u64) -> (String, String) {
    let value = expand("ghp_{base62:30}{crc32-base62}", seed).unwrap();
    let text = pair.before.replace(MARK, &value);
    let values = places(text.as_bytes(), value.as_bytes(), &[]);
    let ask = Ask {
        text: text.as_bytes(),
        values: &values,
        path: pair.path.as_bytes(),
        name: &pair.name,
        around: Surroundings::default(),
    };
    match mend(&ask) {
        Ok(mended) => {
            let after = applied(text.as_bytes(), &mended.edits);
            let after = String::from_utf8(after).unwrap();
            assert!(!after.contains(&value), "{}: {}", pair.path, pair.before);
            for words in mended.notes {
                assert!(!words.contains(&value));
            }
            (text, after)
        }
        Err(refusal) => (text, format!("!! {refusal}\n")),
    }
}

#[test]
fn each_text_becomes_what_its_pair_says() {
    let mut wrong = String::new();
    let all = corpus();
    for (seed, pair) in all.iter().enumerate() {
        let (_, after) = result(pair, seed as u64);
        if after != pair.after {
            let (path, before, wanted) = (&pair.path, &pair.before, &pair.after);
            writeln!(wrong, "{path}\n{before}--- wanted\n{wanted}--- got\n{after}").unwrap();
        }
    }
    let mended = all.iter().filter(|pair| !pair.after.starts_with("!! ")).count();

    assert!(wrong.is_empty(), "{wrong}");
    assert!(mended >= 150, "{mended} pairs");
}

#[test]
#[ignore = "writes what comes out into the corpus, to be reviewed"]
fn write_the_corpus_anew() {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for pair in corpus() {
        let (_, after) = result(&pair, 7);
        let file = files.entry(pair.group.clone()).or_default();
        let (path, name, before) = (&pair.path, &pair.name, written(&pair.before));
        write!(file, "## {path} {name}\n{before}--\n{}", written(&after)).unwrap();
    }
    for (group, text) in files {
        fs::write(folder().join(group + ".txt"), text).unwrap();
    }
}

/// A program that reads a language, and how it is asked whether a file is well-formed.
struct Parser {
    groups: &'static [&'static str],
    endings: &'static [&'static str],
    program: &'static str,
    args: &'static [&'static str],
}

const PARSERS: &[Parser] = &[
    Parser {
        groups: &["python"],
        endings: &["py"],
        program: "python3",
        args: &["-c", "import ast,sys; ast.parse(open(sys.argv[1],'rb').read())"],
    },
    Parser {
        groups: &["javascript"],
        endings: &["js", "mjs"],
        program: "node",
        args: &["--check"],
    },
    Parser { groups: &["go"], endings: &["go"], program: "gofmt", args: &["-e", "-l"] },
    Parser {
        groups: &["rust"],
        endings: &["rs"],
        program: "rustc",
        args: &["--edition=2024", "--emit=metadata", "-Adead_code", "-Aunused"],
    },
    Parser { groups: &["ruby"], endings: &["rb"], program: "ruby", args: &["-c"] },
    Parser { groups: &["php"], endings: &["php"], program: "php", args: &["-l"] },
    Parser { groups: &["shell"], endings: &["sh"], program: "bash", args: &["-n"] },
    Parser {
        groups: &["yaml"],
        endings: &["yml", "yaml"],
        program: "python3",
        args: &["-c", "import yaml,sys; list(yaml.safe_load_all(open(sys.argv[1])))"],
    },
    Parser {
        groups: &["formats", "notebook"],
        endings: &["json", "ipynb"],
        program: "python3",
        args: &["-c", "import json,sys; json.load(open(sys.argv[1]))"],
    },
    Parser {
        groups: &["terraform"],
        endings: &["tf"],
        program: "terraform",
        args: &["fmt", "-write=false"],
    },
    Parser { groups: &["simple"], endings: &["pl"], program: "perl", args: &["-c"] },
    Parser {
        groups: &["java"],
        endings: &["java"],
        program: "javac",
        args: &["-proc:none", "-d", "."],
    },
];

impl Parser {
    fn is_here(&self) -> bool {
        let yaml = self.groups == ["yaml"];
        let args: &[&str] = if yaml { &["-c", "import yaml"] } else { &["--version"] };
        let args = if self.program == "gofmt" { &["-h"] } else { args };
        let run = Command::new(self.program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        run.is_ok_and(|status| self.program == "gofmt" || status.success())
    }

    /// Whether it takes `text`, and what it says if not.
    fn takes(&self, folder: &Path, path: &str, text: &str) -> Result<(), String> {
        let name = Path::new(path).file_name().unwrap();
        let file = folder.join(name);
        fs::File::create(&file).unwrap().write_all(text.as_bytes()).unwrap();
        let run = Command::new(self.program)
            .args(self.args)
            .arg(&file)
            .current_dir(folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [run.stdout, run.stderr].concat();
        // gofmt names a file that it would write otherwise; the imports are to be in order.
        let clean = self.program != "gofmt" || !said.starts_with(name.as_encoded_bytes());
        if run.status.success() && clean {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&said).into_owned())
        }
    }
}

#[test]
fn each_result_is_read_by_the_parser_of_its_language() {
    let all = corpus();
    let mut wrong = String::new();
    for parser in PARSERS {
        if !parser.is_here() {
            eprintln!("skipped: no {} here for {:?}", parser.program, parser.groups);
            continue;
        }
        let folder = TempDir::new().unwrap();
        let mut count = 0;
        for (seed, pair) in all.iter().enumerate() {
            let ending = pair.path.rsplit('.').next().unwrap();
            if !parser.groups.contains(&&*pair.group) || !parser.endings.contains(&ending) {
                continue;
            }
            let (before, after) = result(pair, seed as u64);
            if after.starts_with("!! ") {
                continue;
            }
            count += 1;
            if let Err(said) = parser.takes(folder.path(), &pair.path, &after)
                // What was no whole program before may stay so.
                && parser.takes(folder.path(), &pair.path, &before).is_ok()
            {
                writeln!(wrong, "{} of {}:\n{after}\n{said}", parser.program, pair.path).unwrap();
            }
        }
        eprintln!("{}: {count} results of {:?}", parser.program, parser.groups);
        assert!(count > 0, "{} has read nothing", parser.program);
    }

    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_kind_of_file_is_known_by_its_name() {
    for (path, kind) in [
        ("a/b.py", Kind::Python),
        ("a.TSX", Kind::Tsx),
        ("Dockerfile.prod", Kind::Dockerfile),
        (".env.local", Kind::Env),
        (".env.example", Kind::EnvExample),
        ("requirements-dev.txt", Kind::Expands),
        ("Gemfile", Kind::Ruby),
        ("notes.md", Kind::Unknown),
    ] {
        assert_eq!(Kind::of(path.as_bytes(), b""), kind, "{path}");
    }
    assert_eq!(Kind::of(b"bin/run", b"#!/usr/bin/env python3\n"), Kind::Python);
    assert_eq!(Kind::of(b"bin/run", b"#!/bin/sh -e\n"), Kind::Shell);
}

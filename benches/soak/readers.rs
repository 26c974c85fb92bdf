//! Files of other tools, and what is packed: users' rules, ignore lists, archives.

use crate::inputs::{self, Corpus, damage, drawn, pick};
use crate::parsers::{quiet, token};
use crate::{Target, timed};
use bstr::ByteSlice;
use fastrand::Rng;
use flate2::{Compression, write::GzEncoder};
use leakcoach::catalogue::Catalogue;
use leakcoach::config::Config;
use leakcoach::lists;
use leakcoach::source::archive::{Limits, for_each};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) fn targets(scratch: &Path) -> Vec<Box<dyn Target>> {
    vec![
        Box::new(Rules { path: scratch.join("rules.toml") }),
        Box::new(Lists),
        Box::new(Archives { corpus: Corpus::new(Catalogue::builtin()) }),
    ]
}

struct Rules {
    path: PathBuf,
}

impl Target for Rules {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["own", "gitleaks", "damaged", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        match generator {
            "own" => own_rule(rng).into_bytes(),
            "gitleaks" => foreign_rule(rng).into_bytes(),
            "damaged" if rng.bool() => damage(own_rule(rng).into_bytes(), rng),
            "damaged" => damage(foreign_rule(rng).into_bytes(), rng),
            _ => drawn(rng, 2000),
        }
    }

    fn check(&mut self, _: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        std::fs::write(&self.path, input).map_err(|_| "cannot write a file".to_owned())?;
        let given = [self.path.clone()];
        let (read, took) =
            timed(|| Config::load_with(&leakcoach::config::Outside::default(), None, &given));
        match read {
            Ok(_) => Ok(took),
            Err(error) => quiet(&error, input).map(|()| took),
        }
    }
}

const SHAPES: &[&str] = &[
    "acme_[0-9A-Za-z]{26}",
    "acme_(a+)+$",
    "acme_(?P<secret>[a-z]{1,5000})",
    "acme_",
    "(",
    "a*",
    "(?i)acme[_-]?key['\"]?\\s*[:=]\\s*['\"]?([a-f0-9]{32})",
    "acme_.{0,99999}",
    "\\bacme_\\w+\\b",
    "((((((acme_.{1,99}){1,99}){1,99}){1,99}",
    "acme_(?!x)",
    "acme_\\1",
    "^$",
    "[[:alpha:]]acme_",
];

/// A rule in leakcoach's own format, with some of it amiss.
fn own_rule(rng: &mut Rng) -> String {
    let shape = pick(rng, SHAPES);
    let sample = pick(rng, &["acme_{base62:26}", "{", "acme_", "{azure-marvin:32::12345678}", "x"]);
    let checks =
        pick(rng, &["", "\"mixed\"", "\"entropy>=3.5\"", "\"no-such\"", "\"crc32-base62\""]);
    let severity = pick(rng, &["high", "critical", "dreadful"]);
    let token = token(rng);
    format!(
        "{}[[rule]]\nid = \"acme-key\"\nwhat = \"Acme key\"\nkind = \"api-token\"\n\
         severity = \"{severity}\"\nlifetime = \"long\"\nanchors = [\"acme_\"]\nshape = '''{shape}'''\n\
         checks = [{checks}]\nsamples = [\"{sample}\"]\nnear-misses = [\"acme\", \"{token}\"]\n\n\
         [rule.coaching]\nopens = \"{token}\"\nmissed = \"acme_\"\nvariable = \"ACME\"\n\
         rotate = \"make another\"\n[rule.coaching.revoke]\nconsole = \"{token}\"\n",
        pick(rng, &["", "service = \"Acme\"\n", "nonsense = 1\n"]),
    )
}

/// A rule as gitleaks has it, with allowlists.
fn foreign_rule(rng: &mut Rng) -> String {
    let (shape, other) = (pick(rng, SHAPES), pick(rng, SHAPES));
    let group = rng.i8(..);
    let token = token(rng);
    let target = pick(rng, &["match", "line", "secret", "file"]);
    format!(
        "title = \"{token}\"\n[extend]\nuseDefault = {}\n[[rules]]\nid = \"acme\"\n\
         description = \"{token}\"\nregex = '''{shape}'''\nsecretGroup = {group}\nentropy = {}\n\
         keywords = [\"acme\", \"\"]\npath = '''{other}'''\n[[rules.allowlists]]\n\
         regexTarget = \"{target}\"\nregexes = ['''{other}''', '''{token}''']\nstopwords = [\"x\"]\n\
         paths = ['''{shape}''']\ncommits = [\"{token}\"]\n[allowlist]\npaths = ['''{other}''']\n",
        rng.bool(),
        pick(rng, &["3.5", "-1", "nan", "1e400", "\"3\""]),
    )
}

struct Lists;

impl Target for Lists {
    fn name(&self) -> &'static str {
        "lists"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["written", "damaged", "nested", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        match generator {
            "written" => list(rng).into_bytes(),
            "damaged" => damage(list(rng).into_bytes(), rng),
            "nested" => {
                let deep = pick(rng, &["[", "{\"a\":", "- ", "a:\n ", "*a ", "&a [", "(", "!!"]);
                deep.repeat(1 << rng.u32(4..14)).into_bytes()
            }
            _ => drawn(rng, 2000),
        }
    }

    fn check(&mut self, _: &str, input: &[u8], rng: &mut Rng) -> Result<Duration, String> {
        let name = pick(rng, lists::KNOWN).0;
        let name = if rng.bool() { name } else { "a-list" };
        let (list, took) = timed(|| lists::read(lists::format_of(name, input), input));
        match list.fault {
            Some(fault) if fault.contains("ghp_") && input.find(b"ghp_").is_some() => {
                Err("a fault quotes a credential of its list".to_owned())
            }
            Some(_) | None => Ok(took),
        }
    }
}

fn list(rng: &mut Rng) -> String {
    let (token, digest) = (token(rng), "0123456789abcdef0123456789abcdef01234567");
    match rng.u8(..7) {
        0 => format!("{digest}:a/b.py:github-pat:{}\n# {token}\n\na:b:c\n", rng.u32(..)),
        1 => format!(
            "[{{\"RuleID\":\"a\",\"File\":\"b.py\",\"StartLine\":{},\"Secret\":\"{token}\",\
             \"Commit\":\"{digest}\",\"Fingerprint\":\"b.py:a:1\"}}]",
            rng.i64(..)
        ),
        2 => format!(
            "{{\"version\":\"1.5.0\",\"plugins_used\":[],\"results\":{{\"a.py\":[{{\"type\":\"x\",\
             \"hashed_secret\":\"{digest}\",\"line_number\":{},\"is_secret\":false}}]}}}}",
            rng.i32(..)
        ),
        3 => format!("fileignoreconfig:\n- filename: a.py\n  checksum: {digest}\n  x: {token}\n"),
        4 => format!(
            "version: 2\nsecret:\n  ignored_matches:\n  - name: a\n    match: {token}\n  \
             ignored_paths:\n  - '**/*.md'\n"
        ),
        5 => format!("[allowlist]\nregexes = ['''{token}''', '''(''']\npaths = ['''a.*''']\n"),
        _ => format!("# words\n**/a\n!b\n[\n{token}\n(a+)+$\n"),
    }
}

struct Archives {
    corpus: Corpus,
}

impl Target for Archives {
    fn name(&self) -> &'static str {
        "archives"
    }

    fn generators(&self) -> &'static [&'static str] {
        &["whole", "damaged", "nested", "bomb", "noise"]
    }

    fn input(&mut self, generator: &str, rng: &mut Rng) -> Vec<u8> {
        let text = inputs::text("samples", &self.corpus, rng);
        match generator {
            "whole" => archived(&text, rng),
            "damaged" => damage(archived(&text, rng), rng),
            "nested" => {
                let mut bytes = text;
                for _ in 0..rng.usize(2..12) {
                    bytes = archived(&bytes, rng);
                }
                bytes
            }
            "bomb" => {
                let zeros = vec![0; 1 << rng.u32(16..25)];
                let bytes = gzip(&zeros);
                if rng.bool() { archived(&bytes, rng) } else { bytes }
            }
            _ => {
                let first: &[u8] = pick(
                    rng,
                    &[
                        b"PK\x03\x04",
                        b"PK\x05\x06",
                        b"\x1f\x8b\x08\x00",
                        b"\x28\xb5\x2f\xfd",
                        b"\xfd7zXZ\0",
                        b"BZh91AY&SY",
                        b"7z\xbc\xaf",
                        b"Rar!\x1a",
                    ],
                );
                [first, &*drawn(rng, 2000)].concat()
            }
        }
    }

    fn check(&mut self, generator: &str, input: &[u8], _: &mut Rng) -> Result<Duration, String> {
        let (mut members, mut bytes) = (0, 0);
        let (account, took) = timed(|| {
            for_each(b"a.bin".as_bstr(), input, &Limits::default(), &mut |member| {
                members += 1;
                bytes += member.bytes.len();
            })
        });
        if account.members != members {
            return Err("members are miscounted".to_owned());
        }
        if generator == "whole" && (members == 0 || !account.unread.is_empty()) {
            return Err("a whole archive was not read".to_owned());
        }
        // What unpacks to much takes the time of that much.
        Ok(if bytes > input.len() { took.mul_f64(share(input.len(), bytes)) } else { took })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn archived(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..3) {
        0 => gzip(bytes),
        1 => tarred(bytes),
        _ => zipped(bytes),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tarred(bytes: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "a/b.env", bytes).unwrap();
    archive.into_inner().unwrap()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    let start = archive.new_file("a/b.env").compression_method(CompressionMethod::STORE);
    let (mut entry, config) = start.start().unwrap();
    let mut writer = config.wrap(&mut entry);
    writer.write_all(bytes).unwrap();
    let (_, descriptor) = writer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    archive.finish().unwrap()
}

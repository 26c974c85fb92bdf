//! How fast the scan is, on usual input and on the worst.

use divan::Bencher;
use divan::counter::BytesCount;
use leakcoach::catalogue::Catalogue;
use leakcoach::scan::{Scanner, Text};
use leakcoach::source::role::FileRole;
use std::fmt;

const MIB: usize = 1 << 20;

struct Corpus(&'static str, Vec<u8>);

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn corpora() -> Vec<Corpus> {
    vec![
        Corpus("prose", b"the quick brown fox\n".repeat(MIB / 20)),
        Corpus("code", include_bytes!("scan.rs").repeat(MIB / 1500)),
        Corpus("one long line", vec![b'x'; MIB]),
        Corpus("anchors everywhere", b"ghp_".repeat(MIB / 4)),
        Corpus("names everywhere", b"password = x\n".repeat(MIB / 13)),
    ]
}

#[divan::bench(args = corpora())]
fn scan_bytes(bencher: Bencher<'_, '_>, corpus: &Corpus) {
    let scanner = Scanner::new(Catalogue::builtin());
    let text = Text { bytes: &corpus.1, path: b"a.py", role: FileRole::Source };
    bencher.counter(BytesCount::of_slice(&corpus.1)).bench(|| scanner.scan(&text));
}

fn main() {
    divan::main();
}

//! What is packed is found: archives in commits, pushes, files and on standard input.

use crate::harness::Repo;
use leakcoach::catalogue::{Catalogue, sample::expand};
use std::io::Write;

/// A token that was planted.
fn token(repo: &Repo, seed: u64) -> String {
    let rule = Catalogue::builtin().rule("github-pat").unwrap();
    repo.plant(expand(rule.samples.iter().next().unwrap(), seed).unwrap())
}

fn put(repo: &Repo, path: &str, bytes: &[u8]) {
    repo.write(path, "");
    std::fs::write(repo.top().join(path), bytes).unwrap();
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, bytes) in files {
        let name = rawzip::path::EntryPath::verbatim(name.as_bytes());
        let file = archive.new_file(name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let packed = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast());
        let mut writer = config.wrap(packed);
        writer.write_all(bytes).unwrap();
        let (packed, descriptor) = writer.finish().unwrap();
        packed.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn a_staged_archive_with_a_token_is_refused_and_the_card_names_the_member() {
    let repo = Repo::with_hook();
    let env = format!("PORT=80\n\nTOKEN={}\n", token(&repo, 1));
    put(&repo, "dist/app.zip", &zip(&[("readme", b"hello"), ("config/prod.env", env.as_bytes())]));

    let refused = repo.commit("packed");

    assert_eq!(refused.refused().refusals(), 1);
    refused
        .says("--> dist/app.zip!config/prod.env:3")
        .says("it was unpacked from a zip archive")
        .says("it is only staged, in a settings file")
        .says("git add -- dist/app.zip && git commit");
    put(&repo, "dist/app.zip", &zip(&[("readme", b"hello"), ("config/prod.env", b"PORT=80\n")]));
    repo.commit("without").accepted().silent();
}

#[test]
fn a_jar_in_a_jar_and_a_compressed_tar_are_opened_whatever_they_are_called() {
    let repo = Repo::with_hook();
    let text = format!("t = '{}'\n", token(&repo, 2));
    let jar = zip(&[("app.properties", text.as_bytes())]);
    put(&repo, "fat", &zip(&[("lib/thin.jar", &jar)]));
    put(&repo, "site.bin", &gzip(&tar(&[("etc/app.conf", text.as_bytes())])));

    let refused = repo.commit("packed");

    assert_eq!(refused.refused().refusals(), 2);
    refused.says("fat!lib/thin.jar!app.properties:1").says("site.bin!etc/app.conf:1");
    refused.says("it was unpacked from a tar archive in a");
}

#[test]
fn what_an_archive_holds_unpacked_is_one_card() {
    let repo = Repo::with_hook();
    let text = format!("t = '{}'\n", token(&repo, 3));
    put(&repo, "a.tar", &tar(&[("x.py", text.as_bytes())]));

    assert_eq!(repo.commit("tar").refused().says("a.tar!x.py:1").refusals(), 1);
}

#[test]
fn a_token_in_several_members_is_told_of_each_that_is_new() {
    let repo = Repo::with_hook();
    let text = format!("t = '{}'\n", token(&repo, 12));
    put(&repo, "a.tar", &tar(&[("old.py", text.as_bytes())]));
    repo.commit_unchecked("before");

    let jar = zip(&[("in.py", format!("\n{text}").as_bytes())]);
    let changed = format!("{text}port = 1\n");
    put(
        &repo,
        "a.tar",
        &tar(&[("old.py", text.as_bytes()), ("b.jar", &jar), ("new.py", changed.as_bytes())]),
    );

    let refused = repo.commit("more");
    assert_eq!(refused.refused().refusals(), 2);
    refused.says("a.tar!b.jar!in.py:2").says("a.tar!new.py:1");
}

#[test]
fn members_that_were_there_before_are_not_told_again() {
    let repo = Repo::with_hook();
    let old = format!("t = '{}'\n", token(&repo, 4));
    put(&repo, "a.zip", &zip(&[("old.py", old.as_bytes())]));
    put(&repo, "a.tar", &tar(&[("old.py", old.as_bytes())]));
    repo.commit_unchecked("before");

    put(&repo, "a.zip", &zip(&[("old.py", old.as_bytes()), ("new.py", b"a = 1\n")]));
    put(&repo, "a.tar", &tar(&[("new.py", b"a = 1\n"), ("old.py", old.as_bytes())]));
    repo.commit("another member").accepted().silent();
    repo.git(&["mv", "a.zip", "b.zip"]).accepted();
    repo.commit("renamed").accepted().silent();

    let new = format!("t = '{}'\n", token(&repo, 5));
    put(&repo, "b.zip", &zip(&[("old.py", old.as_bytes()), ("new.py", new.as_bytes())]));
    assert_eq!(repo.commit("new").refused().says("b.zip!new.py:1").refusals(), 1);
}

#[test]
fn a_key_pasted_into_a_document_is_found_across_its_runs() {
    let repo = Repo::with_hook();
    let token = token(&repo, 6);
    let (head, tail) = token.split_at(9);
    let ns = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    let xml = format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"{ns}\"><w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p>\
         <w:p><w:r><w:t>{head}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{tail}</w:t></w:r></w:p></w:body></w:document>"
    );
    put(&repo, "notes.docx", &zip(&[("word/document.xml", xml.as_bytes())]));

    repo.commit("notes")
        .refused()
        .says("notes.docx!word/document.xml:2")
        .says("it was unpacked from the paragraphs");
}

#[test]
fn a_damaged_archive_is_named_and_lets_a_clean_commit_pass() {
    let repo = Repo::with_hook();
    let whole = zip(&[("x.py", b"a = 1\n")]);
    put(&repo, "tests/broken.zip", &whole[..whole.len() - 20]);

    let told = "could not look into tests/broken.zip: it is damaged or cut short";
    repo.git(&["add", "-A"]).accepted();
    repo.leakcoach(&["check"]).accepted().says(told);
    repo.leakcoach(&["check", "--strict"]).ends_with_code(3).says("tests/broken.zip");
    repo.commit("fixture").accepted().says(told);
    repo.write("a.py", "a = 1\n").commit("later").accepted().silent();
}

#[test]
fn a_damaged_archive_is_still_looked_at_from_outside() {
    let repo = Repo::with_hook();
    let text = format!("PK\x03\x04 and no archive\nt = '{}'\n", token(&repo, 7));
    put(&repo, "odd.zip", text.as_bytes());

    repo.commit("odd").refused().says("odd.zip:2").says("could not look into odd.zip");
}

#[test]
fn a_bomb_is_named_and_ends_in_time() {
    let repo = Repo::with_hook();
    let zeros = gzip(&vec![0; 20 << 20]);
    put(&repo, "bomb.gz", &zeros);

    let why = "it unpacks to more than 250 times its size, looked into no further";
    repo.commit("bomb").accepted().says(&format!("could not look into bomb.gz: {why}"));
}

#[test]
fn a_push_looks_into_archives_of_commits_that_skipped_the_guard() {
    let repo = Repo::with_hook();
    repo.git(&["init", "-q", "--bare", "../remote"]).accepted();
    repo.git(&["remote", "add", "origin", "../remote"]).accepted();
    let text = format!("t = '{}'\n", token(&repo, 8));
    put(&repo, "a.jar", &zip(&[("x.properties", text.as_bytes())]));
    repo.commit_unchecked("skip");

    repo.git(&["push", "-q", "origin", "main"]).refused().says("a.jar!x.properties:1");
}

#[test]
fn files_and_standard_input_are_opened_too() {
    let repo = Repo::plain();
    let text = format!("t = '{}'\n", token(&repo, 9));
    put(&repo, "up/dump.sql.gz", &gzip(text.as_bytes()));

    repo.leakcoach(&["check", "--tree", "up"]).refused().says("up/dump.sql.gz!dump.sql:1");
    let command = format!("{} check --stdin < up/dump.sql.gz", crate::harness::BINARY);
    repo.typed(&["sh", "-c", &command], "").refused().says("github-pat");
}

#[test]
fn a_path_of_a_member_can_be_ignored() {
    let repo = Repo::with_hook();
    let text = format!("t = '{}'\n", token(&repo, 10));
    let bytes = zip(&[("fixture.py", text.as_bytes())]);
    put(&repo, "a.zip", &bytes);
    let refused = repo.commit("no");
    refused.refused().says("`paths.ignore` in .leakcoach.toml: a.zip!fixture.py");

    repo.write(".leakcoach.toml", "[paths]\nignore = [\"a.zip!fixture.py\"]\n");
    repo.commit("yes").accepted().silent();
}

#[test]
fn names_in_archives_are_shown_harmless() {
    let repo = Repo::with_hook();
    let text = format!("t = '{}'\n", token(&repo, 11));
    let bytes = zip(&[("a/../\x1b[31m\nx.py", text.as_bytes())]);
    put(&repo, "a.zip", &bytes);

    let refused = repo.commit("odd");

    refused.refused().says("a.zip!a/../\\x1b[31m\\x0ax.py:1");
    assert!(!refused.text().contains('\x1b'));
}

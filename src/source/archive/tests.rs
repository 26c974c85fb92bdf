//! Archives as tools write them, and as nobody should.

use super::{Account, Kind, Limits, for_each};
use bstr::{BStr, ByteSlice};
use proptest::prelude::*;
use rawzip::{CompressionMethod, ZipArchiveWriter, path::EntryPath};
use std::io::Write;

/// `port = 80` as `xz` packs it.
const XZ: &[u8] = &[
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01,
    0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x09, 0x70, 0x6f, 0x72, 0x74, 0x20,
    0x3d, 0x20, 0x38, 0x30, 0x0a, 0x00, 0x00, 0x00, 0x8f, 0xe7, 0xdc, 0xbc, 0x3b, 0x9f, 0x6a, 0x23,
    0x00, 0x01, 0x22, 0x0a, 0x15, 0x1a, 0xe1, 0x67, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x04, 0x59, 0x5a,
];

/// The archive `bytes`, opened: each member's path and text, and what was not.
fn open(bytes: &[u8], limits: &Limits) -> (Vec<(String, String)>, Account) {
    let mut members = Vec::new();
    let account = for_each(BStr::new("a"), bytes, limits, &mut |member| {
        members.push((member.path.to_string(), member.bytes.to_str_lossy().into_owned()));
    });
    assert_eq!(account.members, members.len());
    (members, account)
}

/// The members of a whole archive.
#[track_caller]
fn members(bytes: &[u8]) -> Vec<(String, String)> {
    let (members, account) = open(bytes, &Limits::default());
    assert_eq!(account.unread, []);
    members
}

/// Why not all of an archive was opened.
fn unread(account: &Account) -> Vec<String> {
    account.unread.iter().map(|one| format!("{}: {}", one.path, one.why)).collect()
}

fn zip(files: &[(&[u8], &[u8])]) -> Vec<u8> {
    zip_by(CompressionMethod::DEFLATE, files)
}

fn zip_by(method: CompressionMethod, files: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut out);
    for (name, bytes) in files {
        let path = EntryPath::verbatim(name.to_vec());
        let (mut entry, config) =
            archive.new_file(path).compression_method(method).start().unwrap();
        let descriptor = if method == CompressionMethod::DEFLATE {
            let packed =
                flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::fast());
            let mut writer = config.wrap(packed);
            writer.write_all(bytes).unwrap();
            let (packed, descriptor) = writer.finish().unwrap();
            packed.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = ::tar::Header::new_gnu();
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

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn pair(path: &str, text: &str) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

#[test]
fn a_zip_is_its_members_packed_or_not() {
    let files: &[(&[u8], &[u8])] = &[(b"config/prod.env", b"A=1\n"), (b"empty", b"")];

    for method in [CompressionMethod::DEFLATE, CompressionMethod::STORE] {
        assert_eq!(members(&zip_by(method, files)), [pair("a!config/prod.env", "A=1\n")]);
    }
    assert_eq!(members(&zip(&[])), []);
}

#[test]
fn a_tar_is_its_members_with_names_of_any_length() {
    let long = format!("{}/prod.env", "folder/".repeat(40));
    let bytes = tar(&[("./a.txt", b"one"), (&long, b"two")]);

    assert_eq!(members(&bytes), [pair("a!a.txt", "one"), pair(&format!("a!{long}"), "two")]);
    let twice = [bytes.clone(), bytes.clone()].concat();
    assert_eq!(members(&twice).len(), 4, "what `cat` appended is there too");
}

#[test]
fn a_name_in_attributes_is_the_name() {
    let mut archive = ::tar::Builder::new(Vec::new());
    archive.append_pax_extensions([("path", b"real/.env".as_slice())]).unwrap();
    let mut header = ::tar::Header::new_ustar();
    header.set_size(3);
    header.set_path("short").unwrap();
    header.set_cksum();
    archive.append(&header, b"A=1".as_slice()).unwrap();

    assert_eq!(members(&archive.into_inner().unwrap()), [pair("a!real/.env", "A=1")]);
}

#[test]
fn a_compressed_tar_is_one_archive_and_a_compressed_file_one_member() {
    let plain = tar(&[("x.env", b"A=1")]);
    for pack in [gzip, bzip2, zstd] {
        assert_eq!(members(&pack(&plain)), [pair("a!x.env", "A=1")]);
        assert_eq!(members(&pack(b"port = 80\n")), [pair("a!a", "port = 80\n")]);
        let twice = [pack(b"one\n"), pack(b"two\n")].concat();
        assert_eq!(members(&twice), [pair("a!a", "one\ntwo\n")]);
    }
    assert_eq!(members(XZ), [pair("a!a", "port = 80\n")]);
    let padded = [XZ, &[0; 4], XZ].concat();
    assert_eq!(members(&padded), [pair("a!a", "port = 80\nport = 80\n")]);
}

#[test]
fn what_a_member_was_unpacked_from_is_told() {
    let mut told = Vec::new();
    let bytes = zip(&[(b"b.tar.gz", &gzip(&tar(&[("x", b"1")])))]);
    for_each(BStr::new("a"), &bytes, &Limits::default(), &mut |member| {
        told.push((member.path.to_string(), member.name.to_owned(), member.from.clone()));
    });

    let nearest = "a tar archive in a gzip file in a zip archive";
    assert_eq!(told[0], ("a!b.tar.gz!x".to_owned(), b"x".to_vec(), nearest.to_owned()));
    assert_eq!(told[1].2, "a zip archive", "an archive comes after its members");
}

#[test]
fn archives_in_archives_are_opened_to_a_depth() {
    let mut bytes = zip(&[(b"x", b"deep")]);
    for name in [b"3", b"2", b"1"] {
        bytes = zip(&[(name, &bytes)]);
    }

    let (members, account) = open(&bytes, &Limits::default());

    assert!(members.iter().all(|(path, _)| path != "a!1!2!3!x"));
    let why = "a!1!2!3: archives are opened 3 deep, and it lies deeper";
    assert_eq!(unread(&account), [why]);
    assert!(members.iter().any(|(path, _)| path == "a!1!2!3"), "from outside it is looked at");
}

#[test]
fn encrypted_members_and_methods_nobody_knows_are_named() {
    let mut locked = zip(&[(b"k.env", b"A=1"), (b"open", b"1")]);
    let mut odd = locked.clone();
    // The flags and the method of the first entry in the central directory (APPNOTE 4.3.12).
    let central = locked.find(b"PK\x01\x02").unwrap();
    locked[central + 8] |= 1;
    odd[central + 10] = 9;

    let (members, account) = open(&locked, &Limits::default());
    assert_eq!(unread(&account), ["a!k.env: it is encrypted"]);
    assert_eq!(members, [pair("a!open", "1")]);
    let (_, account) = open(&odd, &Limits::default());
    let why = "it is packed by method Deflate64, which cannot be unpacked";
    assert_eq!(unread(&account)[0].to_lowercase(), format!("a!k.env: {why}").to_lowercase());
}

#[test]
fn archives_of_other_kinds_are_named() {
    let (members, account) = open(b"7z\xbc\xaf\x27\x1c\0\x04", &Limits::default());

    assert_eq!(members, []);
    assert_eq!(unread(&account), ["a: it is a 7z archive, which cannot be opened"]);
}

#[test]
fn what_is_cut_short_is_named_and_looked_at_as_far_as_it_goes() {
    // Numbers that do not pack to nothing.
    let numbers = (0..4000_u32).map(|number| number.wrapping_mul(0x9e37_79b9).to_string());
    let text = numbers.collect::<Vec<_>>().join("\n");
    let tar = tar(&[("one", text.as_bytes()), ("two", text.as_bytes())]);
    for whole in [tar.clone(), gzip(&tar), gzip(text.as_bytes())] {
        let (members, account) = open(&whole[..whole.len() * 4 / 5], &Limits::default());

        assert!(account.unread.iter().any(|one| one.why == super::DAMAGED), "{account:?}");
        assert!(members.iter().any(|(_, told)| text.starts_with(told.as_str())));
    }
    // Of a block of bzip2 all or nothing unpacks, and a zip's end says what is in it.
    for whole in [bzip2(&tar), zip(&[(b"one", text.as_bytes())])] {
        let (members, account) = open(&whole[..whole.len() - 30], &Limits::default());

        assert_eq!(unread(&account), ["a: it is damaged or cut short"]);
        assert_eq!(members, []);
    }
}

#[test]
fn a_member_whose_checksum_does_not_hold_is_named_and_looked_at() {
    let mut bytes = zip_by(CompressionMethod::STORE, &[(b"x", b"port = 80")]);
    let at = bytes.find(b"port").unwrap();
    bytes[at] = b'P';

    let (members, account) = open(&bytes, &Limits::default());

    assert_eq!(members, [pair("a!x", "Port = 80")]);
    assert_eq!(unread(&account), ["a!x: it is damaged or cut short"]);
}

#[test]
fn names_are_shown_and_never_obeyed() {
    let names: [&[u8]; 4] = [b"../../etc/x", b"/abs", b"a\x1b[31m\xff\n", br"win\dir\.env"];
    let files: Vec<(&[u8], &[u8])> = names.iter().map(|name| (*name, b"1".as_slice())).collect();
    let mut told = Vec::new();
    for_each(BStr::new("a"), &zip(&files), &Limits::default(), &mut |member| {
        told.push(member.name.to_vec());
    });

    assert_eq!(told[..3], names[..3]);
    assert_eq!(told[3], b"win/dir/.env");
}

#[test]
fn the_same_name_twice_is_two_members() {
    assert_eq!(members(&zip(&[(b"x", b"1"), (b"x", b"2")])), [pair("a!x", "1"), pair("a!x", "2")]);
}

/// Limits that a test meets soon.
fn tight() -> Limits {
    Limits {
        member_bytes: 1000,
        total_bytes: 5000,
        members: 20,
        least_bytes: 4000,
        ..Limits::default()
    }
}

#[test]
fn a_long_member_is_looked_at_up_to_the_limit() {
    for bytes in [zip(&[(b"x", &[b'1'; 2000])]), gzip(&tar(&[("x", &[b'1'; 2000])]))] {
        let (members, account) = open(&bytes, &tight());

        assert_eq!(members, [pair("a!x", &"1".repeat(1000))]);
        let why = "a!x: larger than 1000 bytes unpacked, looked into no further";
        assert_eq!(unread(&account), [why]);
    }
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_left() {
    let zeros = vec![0; 100_000];
    let many: Vec<(&[u8], &[u8])> = (0..10).map(|_| (b"x".as_slice(), &zeros[..900])).collect();
    let limits = Limits { ratio: 2, ..tight() };
    for bytes in [zip(&many), gzip(&zeros), gzip(&tar(&[("x", &zeros)])), bzip2(&zeros)] {
        let (members, account) = open(&bytes, &limits);

        let unpacked: usize = members.iter().map(|(_, text)| text.len()).sum();
        assert!(unpacked <= 5000, "{unpacked}");
        assert!(!account.unread.is_empty());
    }
    let (_, account) = open(&zip(&many), &limits);
    let why = "a: it unpacks to more than 2 times its size, looked into no further";
    assert_eq!(unread(&account), [why]);
}

#[test]
fn entries_that_share_their_data_are_counted_each() {
    // The central directory names the first entry's data fifteen times over.
    let one = zip_by(CompressionMethod::STORE, &[(b"x", &[b'1'; 900])]);
    let central = one.find(b"PK\x01\x02").unwrap();
    let end = one.rfind(b"PK\x05\x06").unwrap();
    let mut bytes = one[..central].to_vec();
    bytes.extend(one[central..end].repeat(15));
    let size = u32::try_from(bytes.len() - central).unwrap();
    bytes.extend(&one[end..]);
    let tail = bytes.len() - 22;
    bytes[tail + 8..tail + 12].copy_from_slice(&[15, 0, 15, 0]);
    bytes[tail + 12..tail + 16].copy_from_slice(&size.to_le_bytes());

    let (members, account) = open(&bytes, &Limits { ratio: 1, ..tight() });

    assert!(members.len() < 6, "{}", members.len());
    assert_eq!(unread(&account).len(), 1);
}

#[test]
fn an_archive_of_many_members_is_left_at_the_limit() {
    let files: Vec<(&[u8], &[u8])> = (0..30).map(|_| (b"x".as_slice(), b"1".as_slice())).collect();

    let (members, account) = open(&zip(&files), &tight());

    assert_eq!(members.len(), 20);
    assert_eq!(unread(&account), ["a: it has more than 20 members, no more were opened"]);
}

#[test]
fn what_could_not_be_opened_is_named_up_to_a_number() {
    let sealed: &[u8] = b"7z\xbc\xaf\x27\x1c\0\x04";
    let files: Vec<(&[u8], &[u8])> = (0..60).map(|_| (b"x".as_slice(), sealed)).collect();

    let (_, account) = open(&zip(&files), &Limits::default());

    assert_eq!(account.unread.len(), 51);
    assert_eq!(account.unread[50].why, "10 more of its members could not be opened");
}

#[test]
fn the_runs_of_a_paragraph_are_one_line() {
    let xml = r#"<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:body><w:p w:rsidR="00A1"><w:r><w:t>key = AK</w:t></w:r><w:proofErr w:type="spellStart"/><w:r><w:rPr><w:b/></w:rPr>
<w:t>IA&amp;X</w:t></w:r></w:p><w:p><w:r><w:t>two</w:t></w:r></w:p></w:body></w:document>"#;
    let pretty = xml.replace('\n', "");

    let (_, text) = members(&zip(&[(b"word/document.xml", pretty.as_bytes())])).remove(0);

    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "key = AKIA&X");
    assert!(lines.contains(&"two") && lines.contains(&"w:rsidR=\"00A1\""), "{lines:?}");
}

#[test]
fn spreadsheets_and_open_documents_are_read_by_cell_and_paragraph() {
    let ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let sheet = format!(
        "<sst xmlns=\"{ns}\"><si><r><t>gh</t></r><r><t>p_</t></r></si><si><t>b</t></si></sst>"
    );
    let ns = "urn:oasis:names:tc:opendocument:xmlns:office:1.0";
    let odt =
        format!("<o:x xmlns:o=\"{ns}\"><t:p>gh<t:span>p_</t:span><t:s/>x</t:p><t:h>b</t:h></o:x>");

    let files: [(&[u8], &[u8]); 2] =
        [(b"xl/sharedStrings.xml", sheet.as_bytes()), (b"content.xml", odt.as_bytes())];
    let told = members(&zip(&files));

    assert_eq!(told[0].1, "ghp_\nb\n");
    assert_eq!(told[1].1, "ghp_ x\nb\n");
}

#[test]
fn xml_of_other_kinds_and_broken_xml_is_left_as_it_is() {
    let other = "<project><a>1</a><b>2</b></project>";
    let broken = "<w:p xmlns:w='wordprocessingml'><w:t>AK</w:t><";
    for xml in [other, broken] {
        assert_eq!(members(&zip(&[(b"x.xml", xml.as_bytes())])), [pair("a!x.xml", xml)]);
    }
}

#[test]
fn a_text_is_no_archive() {
    for text in ["", "PK", "PK are my initials", "BZh9 is a word", "print('hello')\n"] {
        assert_eq!(Kind::of(text.as_bytes()), None);
    }
    assert_eq!(open(b"plain", &Limits::default()).1, Account::default());
}

/// Real archives of every kind.
fn samples() -> Vec<Vec<u8>> {
    let text = b"user = me\nport = 80\nhost = here\n".repeat(9);
    let xml = b"<w:p xmlns:w='wordprocessingml'><w:t>AK</w:t><w:t a='1'>I&amp;A</w:t></w:p>";
    let inner = zip(&[(b"x", &text), (b"y.xml", xml)]);
    vec![
        zip(&[(b"b.jar", &inner), (b"c", &text)]),
        zip_by(CompressionMethod::STORE, &[(b"b.jar", &inner), (b"c", &gzip(&text))]),
        tar(&[("one", &text), ("two", &inner)]),
        gzip(&tar(&[("one", &text), ("two", &inner)])),
        bzip2(&text),
        zstd(&text),
        XZ.to_vec(),
    ]
}

proptest! {
    #[test]
    fn any_bytes_after_any_beginning_stay_within_limits(
        start: prop::sample::Index, keep in 1..64_usize, bytes: Vec<u8>
    ) {
        let all = samples();
        let sample = start.get(&all);
        let mut hostile = sample[..keep.min(sample.len())].to_vec();
        hostile.extend(bytes);
        within_limits(&hostile);
    }

    #[test]
    fn any_damage_to_a_real_archive_stays_within_limits(
        which: prop::sample::Index,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>())
    ) {
        let mut bytes = which.get(&samples()).clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        within_limits(&bytes);
    }

    #[test]
    fn any_text_of_a_document_is_read_without_panic(text: String) {
        let xml = format!("<a xmlns='wordprocessingml'>{text}</a>");
        let _text = super::office::text_of(xml.as_bytes());
    }
}

fn within_limits(bytes: &[u8]) {
    let limits = tight();
    let (members, account) = open(bytes, &limits);
    // Each level of an archive within another is unpacked from the one allowance; the
    // text of a document may be longer than its XML by the quotes of its attributes.
    let total: u64 = members.iter().map(|(_, text)| text.len() as u64).sum();
    assert!(total <= 4 * limits.total_bytes + bytes.len() as u64, "{total}");
    assert!(account.members <= limits.members + 1);
}

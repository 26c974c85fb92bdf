use super::{Packs, Reader};
use crate::source::object::Kind;
use crate::source::testing::Sandbox;
use crate::source::work::Work;
use gix_hash::ObjectId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A repository with files that change a little with each commit, packed with deltas.
fn packed() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines: Vec<String> = (0..400).map(|n| format!("line {n} of a text\n")).collect();
    for round in 0..12 {
        lines[round * 30] = format!("changed in round {round}\n");
        lines.insert(200, format!("put in by round {round}\n"));
        sandbox.write("text", lines.concat());
        sandbox.write(format!("other/{round}"), format!("{round}\n"));
        sandbox.commit("round");
    }
    sandbox.git(&["repack", "-q", "-a", "-d", "-f", "--depth=20", "--window=50"]);
    sandbox
}

fn objects(sandbox: &Sandbox, kind: &str) -> Vec<ObjectId> {
    let all = sandbox.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    let fields = all.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let of_kind = fields.filter(|fields| fields[1] == kind);
    of_kind.map(|fields| ObjectId::from_hex(fields[0].as_bytes()).unwrap()).collect()
}

#[test]
fn each_blob_is_given_once_with_what_its_base_has_not() {
    let sandbox = packed();
    let repo = sandbox.repo();
    let wanted = objects(&sandbox, "blob");
    let given: Mutex<BTreeMap<usize, Vec<u8>>> = Mutex::default();
    let with_base = Mutex::new(0);

    let rest = Packs::of(&repo).each(&wanted, &Work::default(), |blob| {
        let mut given = given.lock().unwrap();
        if let Some((base, fresh)) = blob.base {
            *with_base.lock().unwrap() += 1;
            let base = String::from_utf8(given[&base].clone()).unwrap();
            let text = String::from_utf8(blob.bytes.to_vec()).unwrap();
            // A line that the base has not is in what is fresh.
            let mut at = 0;
            for line in text.split_inclusive('\n') {
                let touched =
                    fresh.iter().any(|part| part.start < at + line.len() && at < part.end);
                assert!(touched || base.contains(line), "{line}");
                at += line.len();
            }
        }
        assert!(given.insert(blob.number, blob.bytes.to_vec()).is_none());
    });

    assert!(rest.is_empty());
    assert!(*with_base.lock().unwrap() >= 8, "git makes deltas of such files");
    for (number, bytes) in given.into_inner().unwrap() {
        assert_eq!(bytes, repo.read(wanted[number]).unwrap().to_vec());
    }
}

#[test]
fn trees_and_commits_read_as_git_reads_them() {
    let sandbox = packed();
    let repo = sandbox.repo();
    let mut reader = Reader::of(Arc::new(Packs::of(&repo)));
    for (kind, name) in [(Kind::Tree, "tree"), (Kind::Commit, "commit")] {
        for id in objects(&sandbox, name) {
            let read = reader.read(&id, kind).map(|bytes| bytes.to_vec());
            assert_eq!(read, repo.object(id, kind).ok());
            let other = if kind == Kind::Tree { Kind::Commit } else { Kind::Tree };
            assert_eq!(reader.read(&id, other), None);
        }
    }
}

#[test]
fn borrowed_packs_count_and_circles_of_borrowing_end() {
    let lender = packed();
    let sandbox = Sandbox::new();
    let folder = lender.repo().common_dir().join("objects");
    let own = sandbox.repo().common_dir().join("objects");
    let link = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::create_dir_all(from.join("info")).unwrap();
        std::fs::write(from.join("info/alternates"), format!("{}\n", to.display())).unwrap();
    };
    link(&own, &folder);
    link(&folder, &own);

    let wanted = objects(&lender, "blob");
    let rest = Packs::of(&sandbox.repo()).each(&wanted, &Work::default(), |_| {});
    assert!(rest.is_empty());
}

#[test]
fn what_a_damaged_pack_holds_is_left_to_others() {
    let sandbox = packed();
    let wanted = objects(&sandbox, "blob");
    let folder = sandbox.repo().common_dir().join("objects/pack");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let pack = files.into_iter().find(|path| path.extension().is_some_and(|e| e == "pack"));
    let pack = pack.unwrap();
    let whole = std::fs::read(&pack).unwrap();
    let mut permissions = std::fs::metadata(&pack).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    std::fs::set_permissions(&pack, permissions).unwrap();
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut damaged = whole.clone();
        if seed % 4 == 0 {
            damaged.truncate(random.usize(..whole.len()));
        } else {
            damaged[random.usize(12..whole.len())] ^= 1 << random.u8(..8);
        }
        std::fs::write(&pack, &damaged).unwrap();
        let given = Mutex::new(0);
        let rest = Packs::of(&sandbox.repo())
            .each(&wanted, &Work::default(), |_| *given.lock().unwrap() += 1);
        assert_eq!(rest.len() + *given.lock().unwrap(), wanted.len(), "seed {seed}");
    }
}

//! A check that several processes share says what one would have said, byte for byte.

use crate::harness::{Attempt, BINARY, Repo};
use leakcoach::catalogue::sample::expand;
use leakcoach::report::Format;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What every run here shares: ids and times are the same each time.
const SAME: [(&str, &str); 2] =
    [("LEAKCOACH_KEY", "a key for tests and nothing else"), ("SOURCE_DATE_EPOCH", "1767225600")];

fn planted(repo: &Repo, seed: u64) -> String {
    repo.plant(expand("ghp_{base62:30}{crc32-base62}", seed).unwrap())
}

/// A repository beside the first one, with the files of `files` committed.
fn beside(repo: &Repo, name: &str, files: &[(&str, &str)]) {
    let path = format!("../fleet/{name}");
    fs::create_dir_all(repo.top().join(&path)).unwrap();
    repo.git(&["-C", &path, "init", "-q", "-b", "main"]).accepted();
    for (key, value) in [("user.name", "Test"), ("user.email", "test@localhost")] {
        repo.git(&["-C", &path, "config", key, value]).accepted();
    }
    commit(repo, name, files);
}

fn commit(repo: &Repo, name: &str, files: &[(&str, &str)]) {
    let path = format!("../fleet/{name}");
    for (file, text) in files {
        repo.write(&format!("{path}/{file}"), text);
    }
    repo.git(&["-C", &path, "add", "-A"]).accepted();
    repo.git(&["-C", &path, "commit", "-q", "-m", "files"]).accepted();
}

/// Repositories with and without findings, of every kind that there is something to say of,
/// and some that are none.
fn fleet() -> Repo {
    let repo = Repo::plain();
    let [a, b, c, d] = [1, 2, 3, 4].map(|seed| planted(&repo, seed));
    let settings = format!("# settings\ntoken = \"{a}\"\n");
    beside(
        &repo,
        "api",
        &[
            ("app/settings.py", &settings),
            ("CODEOWNERS", "*.py @org/api\n"),
            ("a.zip", "PK\x03\x04"),
        ],
    );
    commit(&repo, "api", &[("app/settings.py", "# settings\n"), ("web.py", &settings)]);
    beside(&repo, "clean", &[("README", "nothing here\n")]);
    let rules = "service = \"Acme\"\n[[rule]]\nid = \"acme-key\"\nwhat = \"Acme key\"\nkind = \"api-token\"\nseverity = \"high\"\nlifetime = \"long\"\nanchors = [\"acmekey_\"]\nshape = 'acmekey_[0-9a-f]{20}'\nsamples = [\"acmekey_{hex:20}\"]\n[rule.coaching]\nsources = [\"https://acme.example/keys\"]\n";
    let own = repo.plant(expand("acmekey_{hex:20}", 9).unwrap());
    beside(
        &repo,
        "deep/own rules",
        &[
            (".leakcoach.toml", "[rules]\nfiles = [\"acme.toml\"]\n"),
            ("acme.toml", rules),
            ("ünï.env", &format!("K={own}\nT={b}\n")),
        ],
    );
    // Let through by a list of another tool.
    beside(&repo, "listed", &[("old.env", &format!("T={c}\n"))]);
    let first = repo.git(&["-C", "../fleet/listed", "rev-parse", "HEAD"]).text();
    let entry = format!("{}:old.env:github-pat:1\n", first.trim());
    commit(&repo, "listed", &[(".gitleaksignore", &entry)]);
    let mirror = ["clone", "-q", "--mirror", "../fleet/api", "../fleet/api.git"];
    repo.git(&mirror).accepted();
    beside(&repo, "broken config", &[(".leakcoach.toml", "[nonsense]\n"), ("x", &d)]);
    repo.write("../fleet/no repository/file", "x");
    let list = format!(
        "# all of them\n\napi\n./clean/\ndeep/own rules\nlisted\napi.git\nbroken config\n\
         no repository\nnot there\nclean\nhttps://user:{d}@git.example/x.git\n"
    );
    repo.write("../fleet/repos.txt", &list);
    repo
}

/// What a run said, its exit code, and its reports in every format.
#[derive(Debug, PartialEq)]
struct Said {
    code: i32,
    shown: String,
    reports: BTreeMap<String, String>,
}

/// Runs leakcoach with every report asked for.
fn said(repo: &Repo, args: &[&str]) -> Said {
    let folder = repo.top().join("../reports");
    fs::create_dir_all(&folder).unwrap();
    let asked = Format::ALL.iter().map(|format| format!("--report={format}=../reports/{format}"));
    let asked: Vec<String> = asked.collect();
    let args: Vec<&str> = args.iter().copied().chain(asked.iter().map(String::as_str)).collect();
    let done = repo.leakcoach_with(&SAME, &args);
    let read = |format: &Format| {
        let text = fs::read_to_string(folder.join(format.word())).unwrap();
        (format.word().to_owned(), text)
    };
    let reports: BTreeMap<String, String> = Format::ALL.iter().map(read).collect();
    fs::remove_dir_all(&folder).unwrap();
    for report in reports.values() {
        assert!(!report.contains(&expand("ghp_{base62:30}{crc32-base62}", 1).unwrap()));
        assert!(!report.contains(&expand("ghp_{base62:30}{crc32-base62}", 4).unwrap()));
    }
    Said { code: done.code(), shown: done.text(), reports }
}

/// Runs every shard, the last one first, and gives what the merge of their parts says.
fn merged(repo: &Repo, check: &[&str], count: u32) -> Said {
    let folder = repo.top().join("../parts");
    fs::create_dir_all(&folder).unwrap();
    let mut files = vec!["merge".to_owned()];
    for index in (1..=count).rev() {
        let file = format!("../parts/{index}");
        let shard = format!("{index}/{count}");
        let args = [check, &["--shard", &shard, "--part", &file]].concat();
        let code = repo.leakcoach_with(&SAME, &args).code();
        assert!([0, 1, 3].contains(&code), "{code}");
        files.push(file);
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let said = said(repo, &files);
    fs::remove_dir_all(&folder).unwrap();
    said
}

fn compare(repo: &Repo, check: &[&str]) -> Said {
    let one = said(repo, check);
    for count in [1, 2, 3, 7, 20] {
        let all = merged(repo, check, count);
        assert_eq!(all.shown, one.shown, "{count} shards");
        for (format, text) in &one.reports {
            assert_eq!(&all.reports[format], text, "{format} of {count} shards");
        }
        assert_eq!(all.code, one.code, "{count} shards");
    }
    one
}

#[test]
fn shards_of_a_list_say_together_what_one_run_says() {
    let repo = fleet();

    let one = compare(&repo, &["check", "--repos", "../fleet/repos.txt"]);

    assert_eq!(one.code, 1);
    for words in [
        "--> api/app/settings.py:2",
        "--> api/web.py:2",
        "--> deep/own rules/ünï.env:1",
        "--> api.git/web.py:2",
        "could not check not there: there is nothing at this path",
        "could not check no repository: it is no git repository",
        "could not check broken config: .leakcoach.toml:1: unknown key `nonsense`",
        "could not look into api/a.zip",
        "1 finding let through by .gitleaksignore",
        "messages checked, 4 could not be",
    ] {
        assert!(one.shown.contains(words), "{words}\n{}", one.shown);
    }
    let json: serde_json::Value = serde_json::from_str(&one.reports["json"]).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let of = |path: &str| findings.iter().find(|finding| finding["path"] == path).unwrap();
    assert_eq!(of("api/web.py")["repository"], "api");
    assert_eq!(of("api/web.py")["owners"][0], "@org/api");
    assert_eq!(of("api/web.py")["fingerprint_of"], "credential");
    assert_eq!(of("deep/own rules/ünï.env")["repository"], "deep/own rules");
    assert_eq!(json["rules"]["acme-key"]["service"], "Acme");
}

#[test]
fn shards_of_trees_and_strict_ones_say_together_what_one_run_says() {
    let repo = fleet();
    let check = ["check", "--repos", "../fleet/repos.txt"];
    compare(&repo, &[&check[..], &["--strict"]].concat());
    let one = compare(&repo, &[&check[..], &["--tree", "."]].concat());
    assert!(one.shown.contains("--> api/web.py:2"), "{}", one.shown);
    assert!(!one.shown.contains("app/settings.py"), "{}", one.shown);
}

/// A history with findings in many commits, of which some are about the same credential.
fn history() -> Repo {
    let repo = Repo::plain();
    repo.write(".leakcoach.toml", "[rules]\nfiles = [\"acme.toml\"]\n");
    repo.write("acme.toml", "title = \"x\"\n[[rules]]\nid = \"acme\"\nregex = '''acme_[0-9a-f]{16}'''\nkeywords = [\"acme_\"]\ntags = [\"x\"]\n");
    repo.write("CODEOWNERS", "/dir/ @org/dir\n");
    repo.commit_unchecked("rules");
    let shared = planted(&repo, 1);
    for round in 0..12_u64 {
        let own = planted(&repo, 20 + round);
        repo.write(&format!("dir/{round}.env"), &format!("A={own}\nB={shared}\n"));
        repo.write("same.py", &format!("token = \"{shared}\"\nversion = {round}\n"));
        repo.write("clean.txt", &format!("{round}\n"));
        if round == 3 {
            let acme = repo.plant(expand("acme_{hex:16}", 5).unwrap());
            repo.write("acme.txt", &format!("key {acme}\n"));
            repo.write("broken.zip", "PK\x03\x04");
        }
        if round == 5 {
            // A credential in the name of a folder, told of once.
            repo.write(&format!("{own}/a.env"), &format!("A={}\n", planted(&repo, 60)));
            repo.write(&format!("{own}/b.env"), &format!("B={}\n", planted(&repo, 61)));
        }
        if round == 7 {
            repo.git(&["mv", "dir/2.env", "moved.env"]).accepted();
        }
        repo.commit_unchecked("round");
    }
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~6"]).accepted();
    repo.write("side.env", &format!("S={}\n", planted(&repo, 70)));
    repo.commit_unchecked("on the side");
    repo.git(&["checkout", "-q", "main"]).accepted();
    repo.git(&["merge", "-q", "--no-verify", "-m", "merged", "side"]).accepted();
    repo
}

#[test]
fn shards_of_one_history_say_together_what_one_run_says() {
    let repo = history();
    let one = compare(&repo, &["check", "--history"]);
    assert_eq!(one.code, 1);
    assert!(one.shown.matches("refused: ").count() > 14, "{}", one.shown);
}

#[test]
fn without_a_key_for_all_the_shards_say_so_and_one_clone_keeps_its_ids() {
    let repo = history();
    let plain = |args: &[&str]| repo.leakcoach(args);
    let one = plain(&["check", "--history"]);
    for index in ["1", "2"] {
        let part = format!("../part{index}");
        let shard = format!("{index}/2");
        plain(&["check", "--history", "--shard", &shard, "--part", &part])
            .says("agree only under one LEAKCOACH_KEY");
    }
    let merged = plain(&["merge", "../part1", "../part2"]);
    assert_eq!(merged.refused().text(), one.refused().text());
}

#[test]
fn a_clone_that_has_other_refs_or_another_key_is_not_merged() {
    let repo = history();
    let shard = |index: &str| {
        let (shard, part) = (format!("{index}/2"), format!("../part{index}"));
        repo.leakcoach(&["check", "--history", "--shard", &shard, "--part", &part]).refused();
    };
    shard("1");
    fs::remove_file(repo.top().join(".git/leakcoach.key")).unwrap();
    shard("2");
    let merge = || repo.leakcoach(&["merge", "../part1", "../part2"]);
    merge().ends_with_code(3).says("made under another key: set LEAKCOACH_KEY");

    repo.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "more"]).accepted();
    shard("2");
    merge().ends_with_code(3).says("another state of the repository");
}

/// Shards of the fleet's list, each to its own file.
fn parts(repo: &Repo, count: u32) -> Vec<String> {
    let part = |index: u32| {
        let (shard, part) = (format!("{index}/{count}"), format!("../part{index}"));
        let args = ["check", "--repos", "../fleet/repos.txt", "--shard", &shard, "--part", &part];
        assert!(repo.leakcoach_with(&SAME, &args).code() < 4);
        part
    };
    (1..=count).map(part).collect()
}

#[test]
fn what_is_missing_twice_or_not_complete_is_named_and_no_report_is_written() {
    let repo = fleet();
    let parts = parts(&repo, 3);
    let merge = |files: &[&str]| {
        let args = [&["merge"], files, &["--report", "json=../merged.json"]].concat();
        let done = repo.leakcoach_with(&SAME, &args);
        if done.code() > 1 {
            assert!(!repo.top().join("../merged.json").exists());
        }
        done
    };
    let [a, b, c] = [0, 1, 2].map(|at| parts[at].as_str());

    merge(&[a, c]).ends_with_code(3).says("shard 2/3 is missing");
    merge(&[a]).ends_with_code(3).says("shard 2/3 is missing").says("shard 3/3 is missing");
    merge(&[a, b, c, b]).ends_with_code(2).says("shard 2/3 is there twice");
    merge(&[a, b, c, "../fleet/repos.txt"]).ends_with_code(2).says("it is no part of a check");
    merge(&[a, b, "no such file"]).ends_with_code(3).says("cannot read `no such file`");

    let whole = fs::read_to_string(repo.top().join(c)).unwrap();
    let write = |text: &str| fs::write(repo.top().join(c), text).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    write(&lines[..lines.len() - 1].concat());
    merge(&[a, b, c]).ends_with_code(3).says("`../part3` is not complete: shard 3/3");
    write(whole.strip_suffix("}}\n").unwrap());
    merge(&[a, b, c]).ends_with_code(3).says("of `../part3` cannot be read: shard 3/3");
    for (now, then, words) in [
        ("\"version\":\"", "\"version\":\"9", "another version of leakcoach"),
        ("\"rules\":\"", "\"rules\":\"0", "other rules"),
        ("\"strict\":false", "\"strict\":true", "other options"),
        ("\"key\":\"", "\"key\":\"0", "another LEAKCOACH_KEY"),
        ("\"names\":\"", "\"names\":\"0", "another list of repositories"),
        ("\"shard\":[3,3]", "\"shard\":[3,4]", "another number of shards"),
        ("\"schema_version\":\"", "\"schema_version\":\"9", "another version of leakcoach"),
    ] {
        write(&whole.replacen(now, then, 1));
        merge(&[a, b, c]).ends_with_code(2).says(words);
    }
    let less = lines[..lines.len() - 2].concat();
    let count = lines.len() - 2;
    let end = lines[lines.len() - 1];
    write(&(less + &end.replacen(&format!(":{count},"), &format!(":{},", count - 1), 1)));
    merge(&[a, b, c]).ends_with_code(3).says("repositories are in no part");
    write(&whole);
    merge(&[c, a, b]).refused();
}

#[test]
fn a_shard_that_was_stopped_goes_on_after_the_last_repository_it_finished() {
    let repo = fleet();
    let check = ["check", "--repos", "../fleet/repos.txt"];
    let with_part = [&check[..], &["--part", "../part"]].concat();
    let one = said(&repo, &check);
    repo.leakcoach_with(&SAME, &with_part).refused();
    let part = repo.top().join("../part");
    let whole = fs::read_to_string(&part).unwrap();

    // Stopped in the middle of a line: once for each line there is.
    for end in (whole.len() / 8..whole.len()).step_by(whole.len() / 8) {
        fs::write(&part, &whole.as_bytes()[..end]).unwrap();
        assert_eq!(said(&repo, &with_part), one);
        assert_eq!(fs::read_to_string(&part).unwrap(), whole);
    }

    // What is done is not looked at again: its objects are not even there any more.
    fs::rename(repo.top().join("../fleet/api/.git/objects"), repo.top().join("../kept")).unwrap();
    fs::create_dir(repo.top().join("../fleet/api/.git/objects")).unwrap();
    assert_eq!(said(&repo, &with_part), one);
    fs::remove_dir(repo.top().join("../fleet/api/.git/objects")).unwrap();
    fs::rename(repo.top().join("../kept"), repo.top().join("../fleet/api/.git/objects")).unwrap();

    // What changed is, and what could not be checked is tried again.
    commit(&repo, "clean", &[("new.env", &format!("T={}\n", planted(&repo, 80)))]);
    beside(&repo, "not there", &[("x.env", &format!("T={}\n", planted(&repo, 81)))]);
    let more = repo.leakcoach_with(&SAME, &with_part);
    more.refused().says("--> clean/new.env:1").says("--> not there/x.env:1");
}

#[test]
fn nobodys_own_file_and_no_other_shards_is_written_over() {
    let repo = fleet();
    let run = |shard: &str, part: &str| {
        let args = ["check", "--repos", "../fleet/repos.txt", "--shard", shard, "--part", part];
        repo.leakcoach_with(&SAME, &args)
    };
    run("1/1", "../fleet/repos.txt").ends_with_code(2).says("it is no part of a check");
    run("1/3", "../part").text();
    run("2/3", "../part").ends_with_code(2).says("it is that of shard 1/3");
    let args = ["check", "--repos", "../fleet/repos.txt", "--shard", "1/3", "--part", "../part"];
    let other_key = [("LEAKCOACH_KEY", "another key for tests alone")];
    repo.leakcoach_with(&other_key, &args)
        .says("was made with another LEAKCOACH_KEY: it is begun anew");
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    let repo = Repo::plain();
    repo.write("empty", "# nothing\n");
    for (args, words) in [
        (&["--repos", "empty"][..], "names no repository"),
        (&["--shard", "1/2"], "go with --repos or --history"),
        (&["--tree", ".", "--part", "x"], "go with --repos or --history"),
        (&["--history", "--shard", "3/2"], "expected i/n"),
        (&["--repos", "empty", "--stdin"], "cannot be used with"),
    ] {
        let args = [&["check"], args].concat();
        repo.leakcoach(&args).ends_with_code(2).says(words);
    }
    repo.leakcoach(&["check", "--repos", "nowhere"])
        .ends_with_code(3)
        .says("cannot read `nowhere`");
}

#[test]
fn a_folder_in_a_repository_and_an_environment_for_another_are_not_taken_for_one() {
    let repo = fleet();
    repo.write("../list", "fleet/clean\nfleet/api/app\nfleet/api/.git\n");
    let other = repo.top().join("../fleet/api/.git");
    let elsewhere = [("GIT_DIR", other.to_str().unwrap())];
    // The folder is gone from the work tree, but not from the history.
    fs::create_dir_all(repo.top().join("../fleet/api/app")).unwrap();
    let done = repo.leakcoach_with(&elsewhere, &["check", "--repos", "../list"]);
    done.says("could not check fleet/api/app: it is no git repository of its own");
    done.says("--> fleet/api/.git/web.py:2");
    assert!(!done.text().contains("fleet/clean/"), "{}", done.text());
}

#[test]
fn an_unreadable_repository_alone_is_not_a_pass() {
    let repo = Repo::plain();
    beside(&repo, "clean", &[("README", "nothing\n")]);
    repo.write("../fleet/list", "clean\nmissing\n");
    let run =
        |args: &[&str]| repo.leakcoach(&[&["check", "--repos", "../fleet/list"], args].concat());
    run(&[]).ends_with_code(3).says("could not check missing: there is nothing at this path");
    fs::write(repo.top().join("../fleet/list"), "clean\n").unwrap();
    run(&[]).accepted().silent();
    run(&["--shard", "1/9"]).accepted().says("nothing of the list falls to shard 1/9");
}

/// The commands of a manifest, run where it says, by a shell that stops at what fails.
fn sh(folder: &Path, home: &Path, variables: &[(&str, &str)], script: &str) -> Attempt {
    let binaries = Path::new(BINARY).parent().unwrap().display().to_string();
    let mut command = std::process::Command::new("/bin/sh");
    command
        .args(["-e", "-c", script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{binaries}:/usr/local/bin:/usr/bin:/bin"))
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(SAME)
        .envs(variables.iter().copied());
    Attempt::of(&mut command)
}

/// A document of `docs/scale`.
fn manifest(name: &str) -> Vec<serde_json::Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scale").join(name);
    let text = fs::read_to_string(path).unwrap();
    text.split("\n---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect()
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn the_kubernetes_jobs_do_what_one_run_does() {
    let repo = fleet();
    let work = repo.top().join("../fleet");
    fs::create_dir(work.join("parts")).unwrap();
    let jobs = manifest("kubernetes-indexed-job.yaml");
    let container = |job: usize| &jobs[job]["spec"]["template"]["spec"]["containers"][0];
    let completions = jobs[0]["spec"]["completions"].as_u64().unwrap();
    assert_eq!(jobs[0]["spec"]["completionMode"], "Indexed");
    let shards = &container(0)["env"][0];
    assert_eq!(shards["name"], "SHARDS");
    assert_eq!(text(&shards["value"]), completions.to_string());
    assert_eq!(container(0)["workingDir"], "/work");

    let script = |job: usize| {
        assert_eq!(container(job)["command"], serde_json::json!(["/bin/sh", "-c"]));
        text(&container(job)["args"][0]).to_owned()
    };
    let mut codes = Vec::new();
    for index in 0..completions {
        let (index, shards) = (index.to_string(), completions.to_string());
        let of = [("JOB_COMPLETION_INDEX", index.as_str()), ("SHARDS", &shards)];
        let done = sh(&work, &repo.top(), &of, &script(0));
        codes.push(done.code());
    }
    // A pod fails whose repositories could not all be checked; one with findings does not.
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 1].contains(code)), "{codes:?}");
    let merged = sh(&work, &repo.top(), &[], &script(1));
    let one = repo.leakcoach_with(
        &SAME,
        &["check", "--repos", "../fleet/repos.txt", "--report", "json=../one.json"],
    );
    assert_eq!((merged.code(), merged.text()), (one.code(), one.text()));
    let [merged, one] = ["../fleet/leakcoach.json", "../one.json"]
        .map(|path| fs::read_to_string(repo.top().join(path)).unwrap());
    assert_eq!(merged, one);
}

/// Runs the shards of one history as a manifest says: the merge says what one run would.
fn by_bundle(
    bundle: &str,
    shard: impl Fn(&str) -> (Vec<(&'static str, String)>, String),
    merge: &str,
) {
    let repo = history();
    let head = repo.git(&["rev-parse", "HEAD"]).text();
    let work = repo.top().join("../work");
    fs::create_dir(&work).unwrap();
    sh(&repo.top(), &repo.top(), &[], bundle).accepted();
    for index in ["1", "2", "3", "4"] {
        let folder = work.join(index);
        fs::create_dir(&folder).unwrap();
        fs::copy(repo.top().join("history.bundle"), folder.join("history.bundle")).unwrap();
        let (mut variables, script) = shard(index);
        for name in ["GITHUB_SHA", "CI_COMMIT_SHA"] {
            variables.push((name, head.trim().to_owned()));
        }
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        sh(&folder, &repo.top(), &variables, &script).accepted();
        let part = format!("part-{index}.jsonl");
        fs::rename(folder.join(&part), work.join(&part)).unwrap();
    }
    fs::remove_file(repo.top().join("history.bundle")).unwrap();
    let merged = sh(&work, &repo.top(), &[], merge);
    // One run with the same reports.
    let reports = merge.split_once("part-*.jsonl").unwrap().1;
    let one = sh(&repo.top(), &repo.top(), &[], &format!("leakcoach check --history {reports}"));
    assert_eq!((merged.code(), merged.text()), (1, one.refused().text()));
    let files = reports.split_whitespace().filter_map(|word| Some(word.split_once('=')?.1));
    for file in files {
        let [of_all, of_one] = [&work, &repo.top()].map(|at| fs::read_to_string(at.join(file)));
        assert_eq!(of_all.unwrap(), of_one.unwrap(), "{file}");
    }
}

#[test]
fn the_github_matrix_does_what_one_run_does() {
    let jobs = &manifest("github-actions-matrix.yml")[0]["jobs"];
    let step = |job: &str, name: &str| {
        let steps = jobs[job]["steps"].as_array().unwrap();
        steps.iter().find(|step| step["name"] == name).unwrap().clone()
    };
    assert_eq!(jobs["check"]["strategy"]["matrix"]["shard"], serde_json::json!([1, 2, 3, 4]));
    let folder = step("check", "check");
    let script = format!(
        "{}\ncd {}\n{}",
        text(&step("check", "unpack")["run"]),
        text(&folder["working-directory"]),
        text(&folder["run"]),
    );
    by_bundle(
        text(&step("bundle", "bundle")["run"]),
        |index| (vec![("SHARD", index.to_owned()), ("SHARDS", "4".to_owned())], script.clone()),
        text(&step("merge", "merge")["run"]),
    );
}

#[test]
fn the_gitlab_jobs_do_what_one_run_does() {
    let jobs = &manifest("gitlab-parallel.yml")[0];
    let script = |job: &str| {
        let lines = jobs[job]["script"].as_array().unwrap();
        lines.iter().map(text).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(jobs["leakcoach-check"]["parallel"], 4);
    let check = script("leakcoach-check");
    by_bundle(
        &script("leakcoach-bundle"),
        |index| {
            let of = [("CI_NODE_INDEX", index.to_owned()), ("CI_NODE_TOTAL", "4".to_owned())];
            (of.into(), check.clone())
        },
        &script("leakcoach-merge"),
    );
}

//! Changes that permit more, as git brings them.

use crate::harness::Repo;
use leakcoach::catalogue::Signal;
use std::collections::BTreeMap;

const PATH: &str = ".github/workflows/ci.yml";

fn workflow(permissions: &str) -> String {
    format!("on: push\npermissions: {permissions}\njobs:\n  a:\n    steps:\n      - run: make\n")
}

#[test]
fn a_workflow_that_is_given_more_is_told_what_is_enough() {
    let repo = Repo::plain();
    repo.write(PATH, &workflow("read-all")).git(&["add", "."]).accepted();
    repo.leakcoach(&["check"]).accepted().silent();
    repo.git(&["commit", "-q", "-m", "before"]).accepted();
    repo.write(PATH, &workflow("write-all")).git(&["add", "."]).accepted();

    repo.leakcoach(&["check"])
        .refused()
        .reads("[gha-write-all]")
        .reads("2 | permissions: write-all")
        .reads("`write-all` is new")
        .reads("contents: read")
        .reads("nothing runs with it yet")
        .reads("leakcoach:allow gha-write-all because WORDS");
}

#[test]
fn what_was_permitted_before_is_no_finding() {
    let repo = Repo::plain();
    repo.write(PATH, &workflow("write-all")).git(&["add", "."]).accepted();
    repo.git(&["commit", "-q", "-m", "before"]).accepted();
    repo.write(PATH, &format!("# tidied\n{}", workflow("'write-all'")))
        .git(&["add", "."])
        .accepted();
    repo.leakcoach(&["check"]).accepted().silent();

    repo.git(&["mv", PATH, ".github/workflows/build.yml"]).accepted();
    repo.leakcoach(&["check"]).accepted().silent();
}

#[test]
fn commits_are_checked_and_whole_trees_only_when_asked() {
    let repo = Repo::plain();
    repo.write(PATH, &workflow("write-all")).git(&["add", "."]).accepted();
    repo.git(&["commit", "-q", "-m", "all"]).accepted();

    repo.leakcoach(&["check", "--commit", "HEAD"]).refused().reads("[gha-write-all]");
    repo.leakcoach(&["check", "--tree", "."]).accepted().silent();
    repo.leakcoach(&["check", "--tree", ".", "--privileges"]).refused().reads("[gha-write-all]");
    repo.leakcoach(&["check", "--history"]).accepted();
}

#[test]
fn policy_and_configuration_hold_for_it() {
    let repo = Repo::plain();
    repo.write(PATH, &workflow("write-all")).git(&["add", "."]).accepted();

    repo.write(".leakcoach.toml", "[[policy]]\nkind = 'privilege'\nverdict = 'digest'\n");
    repo.leakcoach(&["check"]).accepted().reads("1 gha-write-all");
    repo.write(".leakcoach.toml", "[rules]\ndisable = ['gha-write-all']\n");
    repo.leakcoach(&["check"]).accepted().silent();
}

#[test]
fn a_credential_on_its_line_is_not_shown() {
    let repo = Repo::plain();
    let token = repo
        .plant(leakcoach::catalogue::sample::expand("ghp_{base62:30}{crc32-base62}", 7).unwrap());
    let text =
        format!("FROM a\nRUN curl https://{token}@acme.example/i.sh | sh\nENV API_TOKEN={token}\n");
    repo.write("Dockerfile", &text).git(&["add", "."]).accepted();

    repo.leakcoach(&["check"]).refused().reads("[pipe-to-shell]").reads("[docker-env-secret]");
}

#[test]
fn what_cannot_be_read_is_named_and_stops_nothing() {
    let repo = Repo::plain();
    repo.write(PATH, "jobs: {\n").git(&["add", "."]).accepted();

    repo.leakcoach(&["check"]).accepted().reads("it is no valid YAML at line");
}

#[test]
fn the_documents_list_every_signal() {
    let text = include_str!("../../docs/privileges.md");
    let mut services: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for signal in Signal::all() {
        let rule = signal.rule;
        let instead = rule.coaching().instead.replace('|', "\\|");
        let what = rule.what.replace('|', "\\|");
        let row = format!("| `{}` | {} | {what} | {instead} |", rule.id, rule.severity);
        services.entry(rule.service).or_default().push(row);
    }
    assert!(text.contains(&format!("## The {} signals", Signal::all().len())));
    for (service, rows) in services {
        let table = format!(
            "### {service}\n\n| rule | severity | what | instead |\n|---|---|---|---|\n{}\n",
            rows.join("\n")
        );
        assert!(text.contains(&table), "docs/privileges.md lacks the table of {service}");
    }
}

#[test]
fn what_takes_credentials_out_says_that_it_is_none() {
    let repo = Repo::plain();
    repo.write(PATH, &workflow("write-all")).git(&["add", "."]).accepted();

    repo.leakcoach(&["rewrite", "gha-write-all", "--dry-run"]).reads("is no credential");
    repo.leakcoach(&["explain", "gha-write-all"]).accepted().reads("contents: read");
}

const LASTING: &str = "on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n      \
                       - uses: aws-actions/configure-aws-credentials@v4\n        with:\n          \
                       aws-access-key-id: ${{ secrets.AWS_ID }}\n          \
                       aws-secret-access-key: ${{ secrets.AWS_KEY }}\n          \
                       aws-region: eu-central-1\n";

fn read(repo: &Repo, path: &str) -> String {
    std::fs::read_to_string(repo.top().join(path)).unwrap()
}

#[test]
fn a_key_that_lasts_is_replaced_by_a_login_of_the_job() {
    let repo = Repo::plain();
    repo.write(PATH, LASTING).git(&["add", "."]).accepted();

    repo.leakcoach(&["check"]).reads("[gha-static-aws-key]").reads("leakcoach fix ");
    repo.leakcoach(&["fix", "gha-static-aws-key", "--dry-run"])
        .accepted()
        .says("+          role-to-assume: arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME")
        .says("note: first: in AWS IAM")
        .says("oidc-in-aws");
    assert_eq!(read(&repo, PATH), LASTING);

    repo.leakcoach(&["fix", "gha-static-aws-key", "--yes"]).accepted().says("delete the stored");
    let mended = read(&repo, PATH);
    assert!(mended.contains("      id-token: write\n") && !mended.contains("secrets."));
    repo.git(&["diff", "--quiet"]).accepted();

    repo.leakcoach(&["fix", "--undo"]).accepted();
    assert_eq!(read(&repo, PATH), LASTING);
}

#[test]
fn what_lasts_in_a_file_of_old_is_replaced_by_name_too() {
    let repo = Repo::plain();
    let path = ".gitlab-ci.yml";
    let text = "ship:\n  script:\n    - az login --service-principal -u $ID -p $SECRET\n";
    repo.write(path, text).commit_unchecked("start");

    repo.leakcoach(&["fix", "gitlab-static-azure-secret", "--yes"]).accepted();

    assert!(read(&repo, path).contains("--federated-token $GITLAB_OIDC_TOKEN"));
    assert!(read(&repo, path).contains("  id_tokens:\n    GITLAB_OIDC_TOKEN:\n"));
}

#[test]
fn what_has_no_certain_replacement_is_left_and_says_by_hand() {
    let repo = Repo::plain();
    let text = LASTING.replace(
        "        with:\n",
        "        with: { aws-secret-access-key: '${{ secrets.A }}' }\n        env:\n",
    );
    repo.write(PATH, &text).git(&["add", "."]).accepted();

    repo.leakcoach(&["fix", "gha-static-aws-key", "--yes"])
        .refused()
        .says("is left as it is")
        .says("oidc-in-aws");
    assert_eq!(read(&repo, PATH), text);
    repo.leakcoach(&["fix", "gha-static-aws-key", "--name", "A"]).says("go with credentials");
}

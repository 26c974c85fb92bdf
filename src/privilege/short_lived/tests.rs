//! Pipelines before and after: read again, and without what they had that lasts.

use super::{RULES, applied, is_replaceable, short_lived};
use crate::catalogue::Signal;
use crate::privilege::{widened, yaml};
use proptest::prelude::*;

const WORKFLOW: &str = ".github/workflows/release.yml";
const PIPELINE: &str = ".gitlab-ci.yml";

fn replaced(path: &str, text: &str, rule: &str) -> (String, String) {
    let replacement = short_lived(path.as_bytes(), text, rule).unwrap();
    let after = applied(text, &replacement.changes);
    assert_eq!(yaml::documents(&after).unwrap().len(), 1);
    (after, replacement.notes.join("\n"))
}

fn workflow(job: &str) -> String {
    format!("on: push\njobs:\n  ship:\n    runs-on: ubuntu-latest\n{job}")
}

#[test]
fn every_rule_with_a_replacement_is_a_signal_with_a_page() {
    for (rule, _) in RULES {
        assert!(Signal::of(rule).is_some(), "{rule}");
    }
    assert!(!is_replaceable("gha-write-all"));
}

/// Of each such rule, the first sample that is a hit is mended, with no new finding of
/// weight.
#[test]
fn the_samples_of_each_rule_are_replaced() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/privileges");
    for name in ["github-actions.toml", "gitlab-ci.toml"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let file = crate::catalogue::signal::signals(&text).unwrap();
        let signals = file.signal.iter().map(toml::Spanned::get_ref);
        for signal in signals.filter(|signal| is_replaceable(&signal.id)) {
            let sample = &signal.hits[0];
            let (after, notes) = replaced(&sample.path, &sample.after, &signal.id);
            assert!(notes.starts_with("first: "), "{notes}");
            let before = [sample.after.as_bytes()];
            let new = widened(sample.path.as_bytes(), &before, after.as_bytes(), false, &[]);
            let new: Vec<_> = new.found.iter().map(|one| one.signal.rule.id).collect();
            let light =
                ["gha-unpinned-action", "gha-unpinned-action-with-power", "gha-job-write-added"];
            assert!(new.iter().all(|rule| light.contains(rule)), "{}: {new:?}\n{after}", signal.id);
        }
    }
}

#[test]
fn an_aws_key_becomes_a_role() {
    let text = workflow(
        "    steps:\n      - uses: actions/checkout@v5\n      - name: log in\n        \
         uses: aws-actions/configure-aws-credentials@v4\n        with:\n          \
         aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}\n          \
         aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n          \
         aws-region: eu-central-1 # Frankfurt\n      - run: make ship\n",
    );
    let (after, notes) = replaced(WORKFLOW, &text, "gha-static-aws-key");

    assert_eq!(
        after,
        workflow(
            "    permissions:\n      contents: read\n      id-token: write\n    steps:\n      \
             - uses: actions/checkout@v5\n      - name: log in\n        \
             uses: aws-actions/configure-aws-credentials@v4\n        with:\n          \
             role-to-assume: arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME\n          \
             aws-region: eu-central-1 # Frankfurt\n      - run: make ship\n"
        )
    );
    assert!(notes.contains("identity provider") && notes.contains("oidc-in-aws"));
}

#[test]
fn the_permissions_that_a_job_had_stay() {
    let login = "    steps:\n      - uses: azure/login@v2\n        with:\n          \
                 creds: ${{ secrets.AZURE_CREDENTIALS }}\n";
    for (permissions, wanted) in [
        ("    permissions: {}\n", "    permissions:\n      id-token: write\n"),
        ("    permissions: write-all\n", "    permissions: write-all\n"),
        (
            "    permissions: read-all\n",
            "    permissions:\n      contents: read\n      id-token: write\n",
        ),
        (
            "    permissions:\n      packages: write\n",
            "    permissions:\n      id-token: write\n      packages: write\n",
        ),
        (
            "    permissions: { packages: write }\n",
            "    permissions: { id-token: write, packages: write }\n",
        ),
        ("    permissions:\n      id-token: none\n", "    permissions:\n      id-token: write\n"),
    ] {
        let text = workflow(&[permissions, login].concat());
        let (after, _) = replaced(WORKFLOW, &text, "gha-static-azure-secret");
        assert!(after.contains(wanted), "{after}");
        assert!(after.contains("client-id: ${{ vars.AZURE_CLIENT_ID }}"));
    }
    let top = workflow(login).replace("jobs:", "permissions:\n  pages: write\njobs:");
    let (after, _) = replaced(WORKFLOW, &top, "gha-static-azure-secret");
    assert!(after.contains("    permissions:\n      pages: write\n      id-token: write\n"));
}

#[test]
fn a_token_for_a_registry_becomes_trusted_publishing() {
    let npm = workflow(
        "    steps:\n      - run: npm ci\n      - name: publish\n        run: npm publish\n        \
         env:\n          NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}\n",
    );
    let (after, notes) = replaced(WORKFLOW, &npm, "gha-npm-no-provenance");
    assert!(after.contains(
        "      - name: npm that can do without a token\n        \
         run: npm install --global npm@^11.5.1\n      - name: publish\n        run: npm publish\n"
    ));
    assert!(!after.contains("secrets.") && !after.contains("env:"));
    assert!(notes.contains("npmjs.com"));

    let crates =
        workflow("    steps:\n      - run: cargo publish --token ${{ secrets.CARGO_TOKEN }}\n");
    let (after, _) = replaced(WORKFLOW, &crates, "gha-crates-token");
    assert!(after.contains("id: crates-io-auth\n      - run: cargo publish --token ${{ steps."));

    let pypi = workflow(
        "    steps:\n      - uses: pypa/gh-action-pypi-publish@release/v1\n        with:\n          \
         user: __token__\n          password: ${{ secrets.PYPI_TOKEN }}\n",
    );
    let (after, _) = replaced(WORKFLOW, &pypi, "gha-pypi-token");
    assert!(after.ends_with("gh-action-pypi-publish@release/v1\n"), "{after}");
}

#[test]
fn a_login_to_docker_hub_becomes_a_connection() {
    let text = workflow(
        "    steps:\n      - uses: docker/login-action@v3\n        with:\n          \
         username: acme\n          password: ${{ secrets.DOCKERHUB_TOKEN }}\n",
    );
    let (after, _) = replaced(WORKFLOW, &text, "gha-docker-hub-token");
    assert!(after.contains(
        "      - uses: docker/login-action@v4\n        env:\n          \
         DOCKERHUB_OIDC_CONNECTIONID: ${{ vars.DOCKERHUB_OIDC_CONNECTIONID }}\n        with:\n          \
         username: ${{ vars.DOCKERHUB_ORGANIZATION }}\n"
    ));
}

#[test]
fn jobs_of_gitlab_get_id_tokens() {
    let aws = "ship:\n  variables:\n    AWS_ACCESS_KEY_ID: $KEY_ID\n    \
               AWS_SECRET_ACCESS_KEY: $KEY\n  script:\n    - aws s3 ls\n";
    let (after, _) = replaced(PIPELINE, aws, "gitlab-static-aws-key");
    assert_eq!(
        after,
        "ship:\n  variables:\n    AWS_ROLE_ARN: arn:aws:iam::ACCOUNT_ID:role/ROLE_NAME\n    \
         AWS_WEB_IDENTITY_TOKEN_FILE: /tmp/web-identity-token\n  id_tokens:\n    \
         GITLAB_OIDC_TOKEN:\n      aud: https://gitlab.com\n  script:\n    \
         - echo \"$GITLAB_OIDC_TOKEN\" > /tmp/web-identity-token\n    - aws s3 ls\n"
    );

    let azure = "ship:\n  script:\n    - az login --service-principal -u $ID -p $SECRET -t $T\n";
    let (after, _) = replaced(PIPELINE, azure, "gitlab-static-azure-secret");
    assert!(after.contains(
        "- az login --service-principal -u $ID -t $T --federated-token $GITLAB_OIDC_TOKEN\n"
    ));

    let exported = "ship:\n  script:\n    - export AWS_ACCESS_KEY_ID=$A\n    \
                    - export AWS_SECRET_ACCESS_KEY=$B\n    - aws s3 ls\n";
    let (after, _) = replaced(PIPELINE, exported, "gitlab-static-aws-key");
    assert!(!after.contains("ACCESS_KEY") && after.contains("AWS_ROLE_ARN=arn:"), "{after}");
}

#[test]
fn gems_and_packages_of_nuget_are_published_without_a_key() {
    let gem = workflow(
        "    steps:\n      - uses: ruby/setup-ruby@v1\n      - name: publish\n        run: |\n          \
         mkdir -p $HOME/.gem\n          touch $HOME/.gem/credentials\n          \
         printf -- \"---\\n:rubygems_api_key: ${GEM_HOST_API_KEY}\\n\" > $HOME/.gem/credentials\n          \
         gem build *.gemspec\n          gem push *.gem\n        env:\n          \
         GEM_HOST_API_KEY: \"${{secrets.RUBYGEMS_AUTH_TOKEN}}\"\n",
    );
    let (after, notes) = replaced(WORKFLOW, &gem, "gha-rubygems-token");
    assert!(
        after.ends_with(
            "      - uses: rubygems/configure-rubygems-credentials@v2.0.0\n      - name: publish\n        \
             run: |\n          gem build *.gemspec\n          gem push *.gem\n"
        ),
        "{after}"
    );
    assert!(notes.contains("rubygems.org"));

    let elsewhere = workflow(
        "    steps:\n      - run: gem push --KEY github --host https://rubygems.pkg.github.com/acme a.gem\n        \
         env:\n          GEM_HOST_API_KEY: Bearer ${{ secrets.GITHUB_TOKEN }}\n      - run: gem push a.gem\n        \
         env:\n          GEM_HOST_API_KEY: ${{ secrets.GEMS }}\n",
    );
    let (after, _) = replaced(WORKFLOW, &elsewhere, "gha-rubygems-token");
    assert!(after.contains("Bearer ${{ secrets.GITHUB_TOKEN }}"), "{after}");
    assert!(!after.contains("secrets.GEMS"), "{after}");

    let nuget = workflow(
        "    steps:\n      - run: dotnet nuget push a.nupkg -s https://api.nuget.org/v3/index.json -k ${{ secrets.KEY }}\n      \
         - name: symbols\n        run: dotnet nuget push b.nupkg --api-key \"$KEY\"\n        env:\n          \
         KEY: ${{ secrets.KEY }}\n",
    );
    let (after, _) = replaced(WORKFLOW, &nuget, "gha-nuget-token");
    assert_eq!(after.matches("uses: NuGet/login@v1\n        id: nuget-login\n").count(), 1);
    assert!(after.contains("-k ${{ steps.nuget-login.outputs.NUGET_API_KEY }}\n"), "{after}");
    assert!(after.contains("KEY: ${{ steps.nuget-login.outputs.NUGET_API_KEY }}\n"), "{after}");

    let two = workflow(
        "    steps:\n      - run: cargo publish -p a\n        env:\n          \
         CARGO_REGISTRY_TOKEN: ${{ secrets.T }}\n      - run: cargo publish -p b\n        env:\n          \
         CARGO_REGISTRY_TOKEN: ${{ secrets.T }}\n",
    );
    let (after, _) = replaced(WORKFLOW, &two, "gha-crates-token");
    assert_eq!(after.matches("id: crates-io-auth\n").count(), 1, "{after}");
}

#[test]
fn the_token_of_the_job_does_where_the_file_tells_what_it_is_for() {
    let packages = workflow(
        "    steps:\n      - uses: docker/login-action@v3\n        with:\n          registry: ghcr.io\n          \
         username: acme\n          password: ${{ secrets.CR_PAT }}\n      \
         - uses: docker/build-push-action@v6\n        with:\n          push: true\n          \
         tags: ghcr.io/${{ github.repository }}:latest\n",
    );
    let (after, notes) = replaced(WORKFLOW, &packages, "gha-personal-token");
    assert!(after.contains("    permissions:\n      contents: read\n      packages: write\n"));
    assert!(after.contains(
        "username: ${{ github.actor }}\n          password: ${{ secrets.GITHUB_TOKEN }}\n"
    ));
    assert!(notes.contains("Manage Actions access"));

    let comment = workflow(
        "    permissions:\n      contents: read\n    steps:\n      \
         - run: gh pr comment \"$PR\" --body done\n        env:\n          GH_TOKEN: ${{ secrets.BOT }}\n",
    );
    let (after, notes) = replaced(WORKFLOW, &comment, "gha-personal-token");
    assert!(after.contains("    permissions:\n      pull-requests: write\n      contents: read\n"));
    assert!(after.contains("GH_TOKEN: ${{ secrets.GITHUB_TOKEN }}\n"));
    assert!(notes.contains("starts no other workflow"), "{notes}");

    let quiet = workflow(
        "    steps:\n      - uses: actions/checkout@v5\n        with:\n          \
         token: ${{ secrets.PAT }}\n      - run: make test\n",
    );
    let (after, _) = replaced(WORKFLOW, &quiet, "gha-personal-token");
    assert!(after.contains("token: ${{ secrets.GITHUB_TOKEN }}\n"), "{after}");
}

#[test]
fn an_app_gives_the_token_for_what_is_to_start_workflows() {
    let push = workflow(
        "    steps:\n      - uses: actions/checkout@v5\n        with:\n          \
         token: ${{ secrets.PAT }}\n      - run: git push\n      \
         - uses: peter-evans/create-pull-request@v7\n        with:\n          token: ${{ secrets.PAT }}\n",
    );
    let (after, notes) = replaced(WORKFLOW, &push, "gha-personal-token");
    assert!(after.contains(
        "      - uses: actions/create-github-app-token@v3\n        id: app-token\n        with:\n          \
         client-id: ${{ vars.APP_CLIENT_ID }}\n          \
         private-key: ${{ secrets.APP_PRIVATE_KEY }}\n          permission-contents: write\n          \
         permission-pull-requests: write\n      - uses: actions/checkout@v5\n"
    ));
    assert_eq!(after.matches("token: ${{ steps.app-token.outputs.token }}\n").count(), 2);
    assert!(!after.contains("permissions:"), "what the job itself may do stays");
    assert!(notes.contains("register a GitHub App"), "{notes}");
}

#[test]
fn a_token_whose_use_is_not_told_stays() {
    for steps in [
        "      - uses: actions/checkout@v5\n        with:\n          repository: acme/other\n          \
         token: ${{ secrets.PAT }}\n",
        "      - uses: actions/checkout@v5\n        with:\n          submodules: true\n          \
         token: ${{ secrets.PAT }}\n",
        "      - uses: actions/checkout@v5\n        with:\n          token: ${{ secrets.PAT }}\n      \
         - run: ./release.sh\n",
        "      - run: npx semantic-release\n        env:\n          GITHUB_TOKEN: ${{ secrets.BOT }}\n",
        "      - run: gh issue create -R acme/other -t x\n        env:\n          \
         GH_TOKEN: ${{ secrets.BOT }}\n",
        "      - uses: actions/checkout@v5\n        with:\n          repository: acme/other\n      \
         - uses: peter-evans/create-pull-request@v7\n        with:\n          token: ${{ secrets.PAT }}\n",
        "      - run: gh issue list\n        working-directory: other\n        env:\n          \
         GH_TOKEN: ${{ secrets.BOT }}\n",
        "      - run: gh issue list\n        env:\n          GH_REPO: acme/other\n          \
         GH_TOKEN: ${{ secrets.BOT }}\n",
        "      - uses: acme/action@v1\n        with:\n          token: ${{ secrets.PAT }}\n",
        "      - uses: docker/login-action@v3\n        with:\n          registry: ghcr.io\n          \
         username: acme\n          password: ${{ secrets.CR_PAT }}\n      \
         - run: docker push ghcr.io/acme/app\n",
    ] {
        let flow = workflow(&["    steps:\n", steps].concat());
        let path = WORKFLOW.as_bytes();
        let found = widened(path, &[], flow.as_bytes(), false, &[]);
        assert!(found.found.iter().any(|one| one.signal.rule.id == "gha-personal-token"));
        assert!(short_lived(path, &flow, "gha-personal-token").is_err(), "{flow}");
    }
}

#[test]
fn the_token_of_a_job_of_gitlab_stands_for_one_that_lasts() {
    let text = "ship:\n  script:\n    - |\n      git remote set-url origin \
                https://oauth2:$T@$CI_SERVER_HOST/$CI_PROJECT_PATH.git\n      git push\n    \
                - docker login -u bot -p $T $CI_REGISTRY\n    - docker push $CI_REGISTRY_IMAGE\n";
    let (after, notes) = replaced(PIPELINE, text, "gitlab-personal-token");
    assert!(!after.contains("$T"), "{after}");
    assert!(after.contains("gitlab-ci-token:${CI_JOB_TOKEN}@$CI_SERVER_HOST"));
    assert!(notes.contains("allow Git push requests"), "{notes}");
}

#[test]
fn what_is_not_certain_is_refused_with_a_page() {
    let flow = workflow(
        "    steps:\n      - uses: azure/login@v2\n        with: { creds: \"${{ secrets.A }}\" }\n",
    );
    let refused = short_lived(WORKFLOW.as_bytes(), &flow, "gha-static-azure-secret").unwrap_err();
    assert!(refused.by_hand.contains("oidc-in-azure"), "{refused:?}");

    let several = "ship:\n  script:\n    - |\n      gcloud auth activate-service-account --key-file $K\n      gcloud info\n";
    assert!(short_lived(PIPELINE.as_bytes(), several, "gitlab-static-gcp-key").is_err());
    let quoted = "ship:\n  script:\n    - az login --service-principal -p \"a b\" -u c\n";
    assert!(short_lived(PIPELINE.as_bytes(), quoted, "gitlab-static-azure-secret").is_err());
    for text in ["", "jobs: {", "a: *b", "jobs:\n  - a\n"] {
        assert!(short_lived(WORKFLOW.as_bytes(), text, "gha-static-aws-key").is_err());
    }
}

#[test]
fn line_ends_stay() {
    let text = workflow(
        "    steps:\n      - uses: azure/login@v2\n        with:\n          creds: ${{ secrets.A }}\n",
    );
    let (after, _) = replaced(WORKFLOW, &text.replace('\n', "\r\n"), "gha-static-azure-secret");
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

const WORDS: [&str; 24] = [
    "jobs:\n",
    "  a:\n",
    "    steps:\n",
    "      - uses: azure/login@v2\n",
    "        with:\n",
    "          creds: ${{ secrets.A }}\n",
    "    permissions:\n",
    "      contents: read\n",
    "    permissions: {}\n",
    "      - run: npm publish\n",
    "        env:\n",
    "          NODE_AUTH_TOKEN: ${{ secrets.N }}\n",
    "script:\n",
    "  - vault login $T\n",
    "a: &x\n",
    "  <<: *x\n",
    "  variables:\n",
    "    VAULT_TOKEN: $V\n",
    "é",
    "\r\n",
    "\t",
    "  script: [a]\n",
    "{",
    "- ",
];

proptest! {
    #[test]
    fn no_pipeline_ends_a_run(
        words in proptest::collection::vec(0..WORDS.len(), 0..40),
        rule in 0..RULES.len(),
    ) {
        let text: String = words.iter().map(|at| WORDS[*at]).collect();
        for path in [WORKFLOW, PIPELINE] {
            if let Ok(replacement) = short_lived(path.as_bytes(), &text, RULES[rule].0) {
                prop_assert!(yaml::documents(&applied(&text, &replacement.changes)).is_ok());
            }
        }
    }
}

//! What is to be set up on the other side before a pipeline can do without what lasts, and
//! the page that says so.

use super::Service;

/// What to do there, and the vendor's page.
pub(super) fn of(service: Service, on_gitlab: bool) -> (&'static str, &'static str) {
    match (service, on_gitlab) {
        (Service::Aws, false) => (
            "in AWS IAM, add token.actions.githubusercontent.com as an identity provider and a \
             role whose trust names this repository and branch; put its ARN where ACCOUNT_ID \
             and ROLE_NAME stand",
            "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws",
        ),
        (Service::Gcp, false) => (
            "in Google Cloud, make a workload identity pool and a provider with a condition on \
             this repository, and let it act as the service account; put their names where \
             PROJECT_NUMBER, POOL, PROVIDER and SERVICE_ACCOUNT stand",
            "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-google-cloud-platform",
        ),
        (Service::Azure, false) => (
            "in Entra ID, give the application a federated credential for this repository and \
             branch or environment; then set the variables AZURE_CLIENT_ID, AZURE_TENANT_ID and \
             AZURE_SUBSCRIPTION_ID of the repository, which are no secrets",
            "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-azure",
        ),
        (Service::Vault, false) => (
            "in Vault, enable the JWT login for token.actions.githubusercontent.com and make a \
             role that is bound to this repository; put its name where ROLE_NAME stands",
            "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-hashicorp-vault",
        ),
        (Service::DockerHub, false) => (
            "in Docker Home, make an OIDC connection of the organization with a rule for this \
             repository; then set the variables DOCKERHUB_OIDC_CONNECTIONID and \
             DOCKERHUB_ORGANIZATION of the repository",
            "https://github.com/docker/login-action#docker-hub",
        ),
        (Service::Npm, false) => (
            "on npmjs.com, in the settings of the package, add this repository and this workflow \
             file as its trusted publisher; the package must exist already",
            "https://docs.npmjs.com/trusted-publishers",
        ),
        (Service::PyPi, false) => (
            "on pypi.org, under Publishing of the project, add this repository and this workflow \
             file as a trusted publisher",
            "https://docs.pypi.org/trusted-publishers/",
        ),
        (Service::Crates, false) => (
            "on crates.io, in the settings of the crate, add this repository and this workflow \
             file as a trusted publisher; the crate must exist already",
            "https://crates.io/docs/trusted-publishing",
        ),
        (Service::RubyGems, false) => (
            "on rubygems.org, under Trusted publishers of the gem, add this repository and this \
             workflow file",
            "https://guides.rubygems.org/trusted-publishing/",
        ),
        (Service::NuGet, false) => (
            "on nuget.org, under Trusted Publishing, add a policy for this repository and this \
             workflow file; then set the variable NUGET_USER of the repository to the name of \
             your profile, not its email address",
            "https://learn.microsoft.com/en-us/nuget/nuget-org/trusted-publishing",
        ),
        (Service::Personal, false) => (
            "nothing: each job has its token",
            "https://docs.github.com/en/actions/tutorials/use-github_token-in-workflows",
        ),
        (Service::Personal, true) => {
            ("nothing: each job has its token", "https://docs.gitlab.com/ci/jobs/ci_job_token/")
        }
        // Neither has trusted publishing from there.
        (Service::RubyGems, true) => (
            "a key for the one gem, that only pushes",
            "https://guides.rubygems.org/api-key-scopes/",
        ),
        (Service::NuGet, true) => (
            "a key for the one package, that only pushes, and ends",
            "https://learn.microsoft.com/en-us/nuget/nuget-org/scoped-api-keys",
        ),
        (Service::Aws, true) => (
            "in AWS IAM, add this GitLab as an identity provider and a role whose trust names \
             this project and branch; put its ARN where ACCOUNT_ID and ROLE_NAME stand",
            "https://docs.gitlab.com/ci/cloud_services/aws/",
        ),
        (Service::Gcp, true) => (
            "in Google Cloud, make a workload identity pool and a provider for this GitLab with \
             a condition on this project, and let it act as the service account; put their names \
             where PROJECT_NUMBER, POOL, PROVIDER and SERVICE_ACCOUNT stand",
            "https://docs.gitlab.com/ci/cloud_services/google_cloud/",
        ),
        (Service::Azure, true) => (
            "in Entra ID, give the application a federated credential for this project and \
             branch, with the audience https://gitlab.com",
            "https://docs.gitlab.com/ci/cloud_services/azure/",
        ),
        (Service::Vault, true) => (
            "in Vault, enable the JWT login for this GitLab and make a role that is bound to this \
             project; put its name where ROLE_NAME stands, and the address of Vault as audience",
            "https://docs.gitlab.com/ci/secrets/hashicorp_vault/",
        ),
        (Service::Npm, true) => (
            "on npmjs.com, in the settings of the package, add this project and this pipeline \
             file as its trusted publisher (gitlab.com alone); the package must exist already",
            "https://docs.npmjs.com/trusted-publishers",
        ),
        (Service::PyPi, true) => (
            "on pypi.org, under Publishing of the project, add this GitLab project and this \
             pipeline file as a trusted publisher",
            "https://docs.pypi.org/trusted-publishers/using-a-publisher/",
        ),
        (Service::Crates, true) => (
            "on crates.io, in the settings of the crate, add this GitLab project and this \
             pipeline file as a trusted publisher (gitlab.com alone)",
            "https://crates.io/docs/trusted-publishing",
        ),
        // Docker makes such connections with GitHub Actions alone.
        (Service::DockerHub, true) => (
            "a token of the organization that only pushes, and ends",
            "https://docs.docker.com/security/access-tokens/",
        ),
    }
}

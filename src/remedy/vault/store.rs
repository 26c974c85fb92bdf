//! The stores that leakcoach can put a value into.

use super::World;
use super::keep::Keeper;
use super::place::Place;
use super::stores;
use super::trouble::Trouble;
use crate::catalogue::schema::words;
use serde::Deserialize;

words! {
    /// A store.
    Store {
        /// `HashiCorp` Vault, KV version 2.
        Vault = "vault",
        /// `OpenBao`, KV version 2.
        Openbao = "openbao",
        /// AWS Secrets Manager.
        AwsSecrets = "aws-secrets-manager",
        /// AWS Systems Manager Parameter Store.
        AwsSsm = "aws-ssm",
        /// Google Cloud Secret Manager.
        Gcp = "gcp",
        /// Azure Key Vault.
        Azure = "azure",
        /// 1Password.
        Onepassword = "1password",
        /// Bitwarden Secrets Manager.
        Bitwarden = "bitwarden",
        /// Doppler.
        Doppler = "doppler",
        /// Infisical.
        Infisical = "infisical",
        /// pass, the standard unix password manager.
        Pass = "pass",
        /// gopass.
        Gopass = "gopass",
        /// The keyring of a Linux desktop (libsecret).
        Keyring = "keyring",
        /// The keychain of macOS.
        Keychain = "keychain",
        /// A file encrypted by SOPS.
        Sops = "sops",
        /// A Kubernetes Secret.
        Kubernetes = "kubernetes",
        /// A secret of GitHub Actions.
        Github = "github",
        /// A CI/CD variable of GitLab.
        Gitlab = "gitlab",
        /// A file `.env` that git ignores: the last resort.
        Dotenv = "dotenv",
    }
}

impl Store {
    /// The store that is called `word`.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|store| store.word() == word)
    }

    /// The keys that say where in this store.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Vault | Self::Openbao => &["path", "mount"],
            Self::AwsSecrets
            | Self::AwsSsm
            | Self::Pass
            | Self::Gopass
            | Self::Keyring
            | Self::Keychain => &["path"],
            Self::Gcp => &["path", "project"],
            Self::Azure | Self::Onepassword => &["path", "vault"],
            Self::Bitwarden => &["project"],
            Self::Doppler => &["project", "config"],
            Self::Infisical => &["path", "project", "environment"],
            Self::Sops | Self::Dotenv => &["file"],
            Self::Kubernetes => &["path", "namespace"],
            Self::Github => &["environment", "organization"],
            Self::Gitlab => &["environment", "group"],
        }
    }

    /// Its name to people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Vault => "HashiCorp Vault",
            Self::Openbao => "OpenBao",
            Self::AwsSecrets => "AWS Secrets Manager",
            Self::AwsSsm => "AWS SSM Parameter Store",
            Self::Gcp => "Google Cloud Secret Manager",
            Self::Azure => "Azure Key Vault",
            Self::Onepassword => "1Password",
            Self::Bitwarden => "Bitwarden Secrets Manager",
            Self::Doppler => "Doppler",
            Self::Infisical => "Infisical",
            Self::Pass => "pass",
            Self::Gopass => "gopass",
            Self::Keyring => "the desktop's keyring",
            Self::Keychain => "the macOS keychain",
            Self::Sops => "SOPS",
            Self::Kubernetes => "Kubernetes",
            Self::Github => "GitHub Actions",
            Self::Gitlab => "GitLab CI/CD",
            Self::Dotenv => ".env",
        }
    }

    /// Opens the store at a place.
    ///
    /// # Errors
    /// The place lacks something, or nothing can be put there by a program.
    pub(crate) fn open(place: &Place, world: &World) -> Result<Box<dyn Keeper>, Trouble> {
        Ok(match place.store {
            Self::Vault | Self::Openbao => Box::new(stores::kv2::Kv2::open(place, world)?),
            Self::AwsSecrets => Box::new(stores::aws::secrets_manager(place)),
            Self::AwsSsm => Box::new(stores::aws::parameter_store(place)),
            Self::Gcp => Box::new(stores::gcp::Gcp::open(place)),
            Self::Azure => Box::new(stores::azure::open(place)?),
            Self::Onepassword => Box::new(stores::onepassword::open(place)?),
            Self::Bitwarden => return Err(stores::bitwarden(place)),
            Self::Doppler => Box::new(stores::doppler::open(place)),
            Self::Infisical => Box::new(stores::infisical::Infisical::open(place, world)?),
            Self::Pass => Box::new(stores::pass::Pass::open(place)),
            Self::Gopass => Box::new(stores::gopass::open(place)),
            Self::Keyring => Box::new(stores::keyring::secret_service(place)),
            Self::Keychain => Box::new(stores::keyring::keychain(place)),
            Self::Sops => Box::new(stores::sops::Sops::open(place, world)),
            Self::Kubernetes => Box::new(stores::kubernetes::Kubernetes::open(place)),
            Self::Github => Box::new(stores::github::open(place)),
            Self::Gitlab => Box::new(stores::gitlab::open(place)),
            Self::Dotenv => Box::new(stores::dotenv::Dotenv::open(place, world)?),
        })
    }
}

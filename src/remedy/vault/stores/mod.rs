//! One file a store: what its vendor documents of reading and putting a value.

pub(super) mod aws;
pub(super) mod azure;
pub(super) mod doppler;
pub(super) mod dotenv;
pub(super) mod gcp;
pub(super) mod github;
pub(super) mod gitlab;
pub(super) mod gopass;
pub(super) mod infisical;
pub(super) mod keyring;
pub(super) mod kubernetes;
pub(super) mod kv2;
pub(super) mod onepassword;
pub(super) mod pass;
pub(super) mod sops;

use super::place::Place;
use super::trouble::Trouble;

/// Bitwarden's program takes a value as an argument only, which every user of the machine can
/// read (<https://bitwarden.com/help/secrets-manager-cli/>, `bws secret create`).
pub(super) fn bitwarden(place: &Place) -> Trouble {
    let name = &place.name;
    Trouble::Unfit(format!(
        "`bws` takes a value as an argument only, where other users and logs see it. By hand: \
         Secrets Manager's web vault, New, Secret, name {name}; programs then get it by \
         `bws run -- COMMAND`"
    ))
}

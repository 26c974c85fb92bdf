//! AWS Signature Version 4 for one POST of a form to the root of a service.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Who signs, and for what.
pub(super) struct Signer<'a> {
    /// The access key's id.
    pub(super) id: &'a str,
    /// The secret access key.
    pub(super) key: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

/// The headers that sign a POST of `body` to `/` of `host` at `now`, in seconds since 1970.
pub(super) fn headers(
    signer: &Signer<'_>,
    host: &str,
    kind: &str,
    body: &[u8],
    now: i64,
) -> Vec<(&'static str, String)> {
    let date = stamp(now);
    let day = date.split('T').next().unwrap_or_default();
    let canonical = format!(
        "POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-amz-date:{date}\n\n\
         content-type;host;x-amz-date\n{}",
        hex(&Sha256::digest(body))
    );
    let authorization = signed(signer, day, &date, "content-type;host;x-amz-date", &canonical);
    vec![("x-amz-date", date), ("authorization", authorization)]
}

/// `20150830T123600Z`.
fn stamp(now: i64) -> String {
    let now = Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH);
    now.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The header that signs a canonical request.
fn signed(signer: &Signer<'_>, day: &str, date: &str, names: &str, canonical: &str) -> String {
    let Signer { id, key, region, service } = signer;
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut bytes = Zeroizing::new(["AWS4", key].concat().into_bytes());
    for part in [day, region, service, "aws4_request"] {
        bytes = mac(&bytes, part.as_bytes());
    }
    let signature = hex(&mac(&bytes, text.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
}

fn mac(key: &[u8], text: &[u8]) -> Zeroizing<Vec<u8>> {
    // RFC 2104: a key longer than a block is hashed, a shorter one is filled up with zeros.
    let mut block = Zeroizing::new([0; 64]);
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    mac.update(text);
    Zeroizing::new(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Signer, headers, signed, stamp};

    fn signer<'a>(key: &'a str, service: &'a str) -> Signer<'a> {
        Signer { id: "AKIDEXAMPLE", key, region: "us-east-1", service }
    }

    /// `get-vanilla` of the signature test suite, and the `ListUsers` example of the guide.
    #[test]
    fn the_published_examples_are_signed_alike() {
        let key = ["wJalrXUtnFEMI/K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("+");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let date = stamp(1_440_938_160);
        assert_eq!(date, "20150830T123600Z");

        let vanilla = format!(
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:{date}\n\nhost;x-amz-date\n{empty}"
        );
        let signature =
            signed(&signer(&key, "service"), "20150830", &date, "host;x-amz-date", &vanilla);
        assert!(signature.ends_with(
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        ));

        let users = format!(
            "GET\n/\nAction=ListUsers&Version=2010-05-08\n\
             content-type:application/x-www-form-urlencoded; charset=utf-8\n\
             host:iam.amazonaws.com\nx-amz-date:{date}\n\ncontent-type;host;x-amz-date\n{empty}"
        );
        let names = "content-type;host;x-amz-date";
        let signature = signed(&signer(&key, "iam"), "20150830", &date, names, &users);
        assert!(signature.ends_with(
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        ));
    }

    /// `post-x-www-form-urlencoded` of the signature test suite.
    #[test]
    fn a_form_is_signed_as_published() {
        let key = ["wJalrXUtnFEMI/K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("+");
        let kind = "application/x-www-form-urlencoded";
        let made = headers(
            &signer(&key, "service"),
            "example.amazonaws.com",
            kind,
            b"Param1=value1",
            1_440_938_160,
        );

        assert_eq!(made[0], ("x-amz-date", "20150830T123600Z".to_owned()));
        assert!(made[1].1.ends_with(
            "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        ));
    }
}

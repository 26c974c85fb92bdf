//! Fresh fake credentials from templates, so that no file holds a literal one.
//!
//! A template is text with generators in braces: `ghp_{base62:30}{crc32-base62}`.
//! `{{` and `}}` stand for braces. A generator that ends in `!` makes its checksum
//! wrong. The same template and seed give the same bytes. Shared with `build.rs`.

use super::checksum;
use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD};
use fastrand::Rng;

/// A sample is no longer than this.
const MOST: usize = 1 << 16;

/// Expands `template` with the random numbers of `seed`.
///
/// # Errors
/// A sentence that names the generator that is misused. It quotes nothing else of the
/// template: a user's could hold a real credential.
pub fn expand(template: &str, seed: u64) -> Result<String, String> {
    let mut rng = Rng::with_seed(seed ^ 0x6c65_616b_636f_6163);
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, brace)) = split_at_brace(rest) {
        out.push_str(before);
        if let Some(after) = brace.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = brace.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else if let Some((call, after)) =
            brace.strip_prefix('{').and_then(|inner| inner.split_once('}'))
        {
            let made = generate(call, &out, &mut rng)?;
            out.push_str(&made);
            if out.len() > MOST {
                return Err(format!("it makes more than {MOST} bytes"));
            }
            rest = after;
        } else {
            return Err(
                "it has a brace without its pair; `{{` and `}}` stand for braces".to_owned()
            );
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn split_at_brace(text: &str) -> Option<(&str, &str)> {
    text.find(['{', '}']).map(|at| text.split_at(at))
}

/// One generator's text; `so_far` is what stands before it.
fn generate(call: &str, so_far: &str, rng: &mut Rng) -> Result<String, String> {
    let (call, broken) = call.strip_suffix('!').map_or((call, false), |call| (call, true));
    let mut parts = call.splitn(4, ':');
    let name = parts.next().unwrap_or_default();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err("braces hold a generator; `{{` and `}}` stand for braces".to_owned());
    }
    let args: Vec<&str> = parts.collect();
    let count = || -> Result<usize, String> {
        args.first()
            .and_then(|count| count.parse().ok())
            .filter(|count| (1..=8192).contains(count))
            .ok_or_else(|| format!("`{{{name}}}` needs a count from 1 to 8192"))
    };
    let first = || {
        args.first().copied().ok_or_else(|| format!("`{{{name}}}` needs an argument after a colon"))
    };
    if let Some(alphabet) = alphabet(name) {
        return Ok(text(rng, alphabet, count()?));
    }
    let made = match name {
        "uuid" => uuid(rng),
        "crc32-base62" => {
            let body = so_far.as_bytes();
            if body.len() < 30 {
                return Err("`{crc32-base62}` needs 30 characters before it".to_owned());
            }
            ascii(checksum::crc32_base62(&body[body.len() - 30..]))
        }
        "grafana-crc32" => {
            let head = so_far.rfind("glsa_").and_then(|at| so_far.get(at..)).unwrap_or(so_far);
            checksum::crc32_hex_le(head.trim_end_matches('_').as_bytes())
        }
        "gitlab-routable" => gitlab_routable(rng, first()?, args.get(1).copied().unwrap_or("")),
        "macaroon" => macaroon(rng, first()?)
            .ok_or_else(|| format!("`{{{name}}}` needs the location in base64"))?,
        "aws-key-id" => aws_key_id(rng),
        "azure-marvin" => {
            let [length, signature, seed] = args[..] else {
                return Err(format!("`{{{name}}}` needs bytes, signature and seed"));
            };
            azure_marvin(rng, length, signature, seed)
                .ok_or_else(|| format!("`{{{name}}}` does not fit together"))?
        }
        "azure-cask" => azure_cask(rng, first()?),
        "entra-secret" => entra_secret(rng),
        "azure-devops-pat" => azure_devops_pat(rng),
        "jwt" => jwt(rng, args.first().copied().unwrap_or(r#""sub":"u-4711""#)),
        "pem" => pem(rng, first()?, 300),
        "openssh" => openssh(rng),
        "basic-auth" => BASE64
            .encode(format!("svc-{}:{}", text(rng, LOWER, 4), text(rng, BASE62, 16)).as_bytes()),
        "base64-json" => BASE64.encode(
            format!(r#"{{"{}":"{}"}}"#, args.join(r#"":"x",""#), text(rng, BASE62, 24)).as_bytes(),
        ),
        "password" => password(rng),
        _ => return Err("it names a generator that is not known".to_owned()),
    };
    Ok(if broken { spoil(&made) } else { made })
}

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const BASE62: &[u8] = checksum::BASE62;

/// The alphabet of a generator that takes only a count.
fn alphabet(name: &str) -> Option<&'static [u8]> {
    Some(match name {
        "base62" => BASE62,
        "base64" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "base64url" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        "base32" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "base36" => checksum::BASE36,
        "BASE36" => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "hex" => b"0123456789abcdef",
        "HEX" => b"0123456789ABCDEF",
        "digits" => b"0123456789",
        "lower" => LOWER,
        "upper" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "letters" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        _ => return None,
    })
}

fn text(rng: &mut Rng, alphabet: &[u8], count: usize) -> String {
    (0..count).map(|_| char::from(alphabet[rng.usize(..alphabet.len())])).collect()
}

fn bytes(rng: &mut Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| rng.u8(..)).collect()
}

/// Generators only make ASCII.
fn ascii(bytes: Vec<u8>) -> String {
    bytes.into_iter().map(char::from).collect()
}

/// The same text with its last letter or digit changed, so that a checksum fails.
fn spoil(text: &str) -> String {
    let mut out: Vec<char> = text.chars().collect();
    if let Some(last) = out.iter_mut().rev().find(|char| char.is_ascii_alphanumeric()) {
        *last = if *last == '7' { '8' } else { '7' };
    }
    out.into_iter().collect()
}

fn uuid(rng: &mut Rng) -> String {
    let hex = |rng: &mut Rng, count| text(rng, b"0123456789abcdef", count);
    let variant = text(rng, b"89ab", 1);
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        hex(rng, 8),
        hex(rng, 4),
        hex(rng, 3),
        hex(rng, 3),
        hex(rng, 12)
    )
}

/// `prefix` + payload + optional version + length and CRC.
fn gitlab_routable(rng: &mut Rng, prefix: &str, version: &str) -> String {
    let mut payload = b"o:1\nu:".to_vec();
    payload.extend(text(rng, checksum::BASE36, 3).bytes());
    payload.extend(bytes(rng, 16));
    payload.push(16);
    let payload = BASE64URL_NOPAD.encode(&payload);
    let dot = if version.is_empty() { String::new() } else { format!("{version}.") };
    let head = format!("{prefix}{payload}.{dot}");
    let tail = ascii(checksum::gitlab_tail(head.as_bytes(), payload.len()));
    format!("{head}{tail}")
}

/// `location` is the issuer's domain name in base64.
fn macaroon(rng: &mut Rng, location: &str) -> Option<String> {
    let location = BASE64URL_NOPAD.decode(location.as_bytes()).ok()?;
    let mut out = vec![2, 1, u8::try_from(location.len()).ok()?];
    out.extend(location);
    out.extend([2, 36]);
    out.extend(uuid(rng).bytes());
    out.push(0);
    let caveat = format!(r#"[3, "{}"]"#, uuid(rng));
    out.extend([2, u8::try_from(caveat.len()).unwrap_or(0)]);
    out.extend(caveat.bytes());
    out.extend([0, 0, 6, 32]);
    out.extend(bytes(rng, 32));
    Some(BASE64URL_NOPAD.encode(&out))
}

/// The sixteen characters after `AKIA`, with an account number inside.
fn aws_key_id(rng: &mut Rng) -> String {
    let account = rng.u64(200_000_000_000..900_000_000_000);
    let head = (1_u64 << 47) | (account << 7) | u64::from(rng.u8(..128));
    let mut raw = head.to_be_bytes()[2..].to_vec();
    raw.extend(bytes(rng, 4));
    BASE32_NOPAD.encode(&raw)
}

fn azure_marvin(rng: &mut Rng, length: &str, signature: &str, seed: &str) -> Option<String> {
    let length: usize = length.parse().ok().filter(|length| (16..=128).contains(length))?;
    let seed: [u8; 8] = seed.as_bytes().try_into().ok()?;
    if signature.len() != 4 || !signature.is_ascii() {
        return None;
    }
    // The checksum's bits can disturb the signature's last character: try again then.
    (0..4096).find_map(|_| {
        let mut text = BASE64.encode(&bytes(rng, length));
        let at = text.trim_end_matches('=').len().checked_sub(10)?;
        text.replace_range(at..at + 4, signature);
        let mut raw = BASE64.decode(text.as_bytes()).ok().filter(|raw| raw.len() == length)?;
        let hash = checksum::marvin32(&raw[..length - 4], seed);
        raw[length - 4..].copy_from_slice(&hash.to_le_bytes());
        let text = BASE64.encode(&raw);
        (text.get(at..at + 4) == Some(signature)).then_some(text)
    })
}

fn azure_cask(rng: &mut Rng, provider: &str) -> String {
    let head = format!("{}JQQJ99CEAAAAAAAAAAAAAAAA{provider}", text(rng, BASE62, 52));
    let raw = BASE64.decode(head.as_bytes()).unwrap_or_default();
    let mut check = checksum::cask_check(&raw);
    check.truncate(4);
    format!("{head}{}", ascii(check))
}

fn entra_secret(rng: &mut Rng) -> String {
    let body = format!("{}8Q~{}", text(rng, BASE62, 3), text(rng, &checksum::ENTRA[..62], 31));
    let check = ascii(checksum::entra_check(body.as_bytes()));
    format!("{body}{check}")
}

fn azure_devops_pat(rng: &mut Rng) -> String {
    let token = bytes(rng, 28);
    let check = (crc32fast::hash(&token) ^ checksum::DEVOPS_MAGIC[0]).to_le_bytes();
    let mut token = token.into_iter();
    let raw: Vec<u8> = (0..32)
        .map(|at| match checksum::DEVOPS_CHECK_AT.iter().position(|place| *place == at) {
            Some(place) => check[place],
            None => token.next().unwrap_or(0),
        })
        .collect();
    BASE32_NOPAD.encode(&raw).to_lowercase()
}

/// A signed-looking JWT; `claims` is the inside of the payload's object.
fn jwt(rng: &mut Rng, claims: &str) -> String {
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = format!(r#"{{{claims},"jti":"{}"}}"#, text(rng, BASE62, 12));
    let payload = BASE64URL_NOPAD.encode(claims.as_bytes());
    format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&bytes(rng, 32)))
}

/// A PEM block whose body is one DER sequence of about `size` bytes.
fn pem(rng: &mut Rng, label: &str, size: usize) -> String {
    let mut der = vec![0x30, 0x82];
    der.extend(u16::try_from(size).unwrap_or(300).to_be_bytes());
    der.extend([2, 1, u8::from(label.starts_with("EC"))]);
    der.extend(bytes(rng, size - 3));
    block(label, &der)
}

fn openssh(rng: &mut Rng) -> String {
    let mut raw = b"openssh-key-v1\0".to_vec();
    for field in [&b"none"[..], b"none", b""] {
        raw.extend(u32::try_from(field.len()).unwrap_or(0).to_be_bytes());
        raw.extend_from_slice(field);
    }
    raw.extend([0, 0, 0, 1]);
    raw.extend(bytes(rng, 220));
    block("OPENSSH PRIVATE KEY", &raw)
}

fn block(label: &str, raw: &[u8]) -> String {
    let body = BASE64.encode(raw);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"))
}

/// Looks chosen by a person: a word, a number, a mark.
fn password(rng: &mut Rng) -> String {
    const WORDS: [&str; 8] =
        ["Maple", "Otter", "Harbour", "Quartz", "Lantern", "Falcon", "Velvet", "Bramble"];
    let word = WORDS[rng.usize(..WORDS.len())];
    format!("{word}{}{}{}", rng.u16(100..9999), text(rng, b"!#%+?", 1), text(rng, LOWER, 3))
}

//! What of a credential's line may be shown.

use crate::catalogue::Rule;
use crate::scan::Finding;

/// The letters by which anyone knows the type, such as `ghp_`: never a part of the
/// random body, for the rule's shape names them.
pub(super) fn type_prefix<'a>(rule: &Rule, value: &'a [u8]) -> &'a [u8] {
    let of_prefix = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let length = rule.shape.bytes().take_while(of_prefix).count();
    // A letter before a repetition is no letter of the prefix.
    let repeated = matches!(rule.shape.as_bytes().get(length), Some(b'?' | b'*' | b'{'));
    let length = if repeated { length.saturating_sub(1) } else { length };
    // A user's shape may be one very value.
    let hides = rule.file.is_none() || value.len() >= length + 8;
    let fits =
        rule.leads && hides && length <= 12 && value.starts_with(&rule.shape.as_bytes()[..length]);
    if fits { &value[..length] } else { &[] }
}

/// The finding's first line with every byte of the credential masked, cut to what
/// stands close by: the rest of a long line could hold another one.
pub(super) fn masked_line(finding: &Finding, text: &[u8]) -> Vec<u8> {
    let secret = &finding.secret_span;
    let start = memchr::memrchr(b'\n', &text[..secret.start]).map_or(0, |newline| newline + 1);
    let start = start.max(secret.start.saturating_sub(48));
    let mut masked = text[start..secret.start].to_vec();
    // What stands before may be another credential of the same line.
    let long_run = masked.split(|b| !b.is_ascii_alphanumeric()).any(|run| run.len() >= 16);
    if long_run {
        masked.clear();
    }
    let mut out = masked;
    let value = &text[secret.clone()];
    let prefix = type_prefix(finding.rule, value);
    out.extend_from_slice(prefix);
    let hidden = value.len() - prefix.len();
    out.extend_from_slice(format!("[{hidden} bytes hidden]").as_bytes());
    // What closes it tells that nothing of it was cut.
    let closing =
        |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b')' | b']' | b'}' | b',' | b';');
    out.extend(text[secret.end..].iter().take(4).take_while(closing));
    out
}

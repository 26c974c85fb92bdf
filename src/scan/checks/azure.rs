//! Microsoft's identifiable keys (microsoft/security-utilities, microsoft/cask).

use super::Outcome;
use crate::catalogue::checksum::{self, marvin32};
use crate::scan::Note;
use data_encoding::{BASE32_NOPAD, BASE64};

/// Seeds by key kind.
const SEEDS: [&[u8; 8]; 32] = [
    b"SendRecv",
    b"Default0",
    b"AbAcct00",
    b"SysAll00",
    b"Resour00",
    b"MastRO00",
    b"SystRO00",
    b"Encryp00",
    b"MastRW00",
    b"SystRW00",
    b"System00",
    b"Unknown0",
    b"Send0000",
    b"Manage00",
    b"Listen00",
    b"Access00",
    b"IoTHub00",
    b"DpsKey00",
    b"Device00",
    b"ACRDflt0",
    b"Query000",
    b"PAdmin00",
    b"Master00",
    b"Functi00",
    b"UsrPwd00",
    b"Tenant00",
    b"Gateway0",
    b"GitKey00",
    b"AadPwd00",
    b"Primary0",
    b"Second00",
    b"Reader00",
];

/// Keys made before 2021 carry no checksum, so a failure proves nothing.
pub(super) fn marvin(value: &[u8]) -> Outcome {
    let standard: Vec<u8> = value
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let Ok(raw) = BASE64.decode(&standard) else { return Outcome::Weakens };
    let Some(split) = raw.len().checked_sub(4) else { return Outcome::Weakens };
    let (body, check) = raw.split_at(split);
    if SEEDS.iter().any(|seed| marvin32(body, **seed).to_le_bytes() == check) {
        Outcome::Proves(Note::Checksum)
    } else {
        Outcome::Holds
    }
}

pub(super) fn cask(value: &[u8]) -> Outcome {
    let (Some(head), Some(tail)) = (value.get(..80), value.get(80..84)) else {
        return Outcome::Holds;
    };
    let Ok(raw) = BASE64.decode(head) else { return Outcome::Holds };
    let plain = BASE64.encode(&marvin32(&raw, checksum::DEFAULT_SEED).to_le_bytes()[..3]);
    if checksum::cask_check(&raw).starts_with(tail) || plain.as_bytes() == tail {
        Outcome::Proves(Note::Checksum)
    } else {
        Outcome::Holds
    }
}

/// The algorithm was read in the source, not reproduced on a published sample: a
/// failure only lowers.
pub(super) fn entra(value: &[u8]) -> Outcome {
    // The older `7Q~` form has no checksum.
    if value.get(3) == Some(&b'7') {
        return Outcome::Holds;
    }
    let Some(split) = value.len().checked_sub(3) else { return Outcome::Weakens };
    let (body, check) = value.split_at(split);
    if checksum::entra_check(body) == check {
        Outcome::Proves(Note::Checksum)
    } else {
        Outcome::Weakens
    }
}

pub(super) fn devops_pat(value: &[u8]) -> Outcome {
    let Ok(raw) = BASE32_NOPAD.decode(&padded(value)) else { return Outcome::Weakens };
    let at = checksum::DEVOPS_CHECK_AT;
    let Some(check) = at.iter().map(|at| raw.get(*at).copied()).collect::<Option<Vec<u8>>>() else {
        return Outcome::Weakens;
    };
    let token: Vec<u8> =
        raw.iter().take(32).enumerate().filter(|(i, _)| !at.contains(i)).map(|(_, b)| *b).collect();
    let crc = crc32fast::hash(&token);
    if checksum::DEVOPS_MAGIC.iter().any(|magic| (crc ^ magic).to_le_bytes()[..] == check[..]) {
        Outcome::Proves(Note::Checksum)
    } else {
        Outcome::Weakens
    }
}

/// The last character's spare bits, cleared so that the decoder takes it.
fn padded(value: &[u8]) -> Vec<u8> {
    let mut upper = value.to_ascii_uppercase();
    if upper.len() == 52
        && let Some(last) = upper.last_mut()
    {
        let bits = match *last {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return upper,
        } & 0b10000;
        *last = if bits == 0 { b'A' } else { b'Q' };
    }
    upper
}

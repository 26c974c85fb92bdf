//! Whether a folder is on a file system that several machines share.

use std::path::Path;

/// Those whose locks do not hold, or not on every system, by the number that statfs(2) gives
/// (linux/magic.h, and the sources of those outside of the kernel).
const SHARED: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x5346_414f, "AFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x00c3_6400, "Ceph"),
    (0x4750_4653, "GPFS"),
    (0x0102_1997, "9p"),
];

fn name_of(number: u32) -> Option<&'static str> {
    SHARED.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The name of the shared file system that `folder` is on; nothing where it is on none, or
/// where that cannot be told.
#[cfg(target_os = "linux")]
pub(super) fn shared(folder: &Path) -> Option<&'static str> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits it has")]
    let number = rustix::fs::statfs(folder).ok()?.f_type as u32;
    name_of(number)
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
pub(super) fn shared(_folder: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::{name_of, shared};
    use std::path::Path;

    #[test]
    fn a_shared_file_system_is_known_by_its_number() {
        assert_eq!(name_of(0x6969), Some("NFS"));
        assert_eq!(name_of(0xff53_4d42), Some("CIFS"));
        assert_eq!(name_of(0xef53), None);
        assert_eq!(shared(Path::new("/proc")), None);
        assert_eq!(shared(Path::new("/nowhere at all")), None);
    }
}

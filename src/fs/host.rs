//! What the machine says about itself.

use std::path::Path;

/// Which start of the machine this is, or `None` where the system does not say. Equal values mean
/// that no power was lost in between.
pub fn boot_id() -> Option<[u8; 16]> {
    #[cfg(test)]
    if let Some(pretended) = super::faults::pretended_boot() {
        return pretended;
    }
    #[cfg(target_os = "linux")]
    {
        parse_uuid(&std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}

#[cfg(any(target_os = "linux", test))]
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    let mut digits = text.trim().chars().filter(|character| *character != '-');
    for byte in &mut id {
        let (high, low) = (digits.next()?.to_digit(16)?, digits.next()?.to_digit(16)?);
        *byte = (high * 16 + low) as u8;
    }
    digits.next().is_none().then_some(id)
}

/// True where a file may be changed by another machine or fail to be read at any moment, so that it
/// must not be mapped: network and cluster file systems, shared folders of a virtual machine, and those
/// served by a user program. False when the system does not say.
pub fn is_remote(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        // The field's width and sign differ between machines; the numbers are 32 bits wide.
        rustix::fs::statfs(path)
            .is_ok_and(|found| u32::try_from(found.f_type & 0xFFFF_FFFF).is_ok_and(is_remote_type))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}

/// The numbers by which statfs(2) tells the types of remote file systems.
#[cfg(any(target_os = "linux", test))]
const REMOTE_TYPES: [(u32, &str); 14] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB 2"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS of the kernel"),
    (0x00C3_6400, "Ceph"),
    (0x7375_7245, "Coda"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x0116_1970, "GFS 2"),
    (0x786F_4256, "shared folders of VirtualBox"),
];

#[cfg(any(target_os = "linux", test))]
fn is_remote_type(number: u32) -> bool {
    REMOTE_TYPES.iter().any(|(remote, _)| *remote == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_identity_is_read_from_its_text_or_refused() {
        let id = parse_uuid("00010203-0405-0607-0809-0a0b0c0d0eff\n").expect("well formed");
        assert_eq!((id[1], id[15]), (1, 255));
        for bad in
            ["", "0001", "zz010203-0405-0607-0809-0a0b0c0d0eff", "00010203-0405-0607-0809-0a0b0c0d0eff00"]
        {
            assert_eq!(parse_uuid(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_network_directory_is_recognised_by_the_number_of_its_file_system() {
        for (number, name) in REMOTE_TYPES {
            assert!(is_remote_type(number), "{name}");
        }
        // NFS as statfs(2) documents it, written once more: a table that lost it would pass above.
        assert!(is_remote_type(0x6969));
        let local = [
            (0xEF53, "ext4"),
            (0x5846_5342, "XFS"),
            (0x9123_683E, "Btrfs"),
            (0x2FC1_2FC1, "ZFS"),
            (0x0102_1994, "tmpfs"),
            (0x794C_7630, "overlayfs"),
            (0, "a system that does not say"),
        ];
        for (number, name) in local {
            assert!(!is_remote_type(number), "{name}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_that_is_not_there_counts_as_local() {
        assert!(!is_remote(Path::new("/nowhere/at/all")));
    }

    #[test]
    fn the_boot_identity_stays_the_same_within_one_process() {
        assert_eq!(boot_id(), boot_id());
    }
}

//! What the machine says about itself.

use std::path::Path;

/// Which start of the machine this is, or `None` where the system does not say. Equal values mean
/// that no power was lost in between.
pub fn boot_id() -> Option<[u8; 16]> {
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
/// must not be mapped: network file systems and those served by a user program. False when the
/// system does not say.
pub fn is_remote(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        // Magic numbers of statfs(2): NFS, SMB, CIFS, SMB2, FUSE, 9P, AFS, Ceph, Coda.
        const REMOTE: [u32; 9] = [
            0x6969,
            0x517B,
            0xFF53_4D42,
            0xFE53_4D42,
            0x6573_5546,
            0x0102_1997,
            0x5346_414F,
            0x00C3_6400,
            0x7375_7245,
        ];
        rustix::fs::statfs(path).is_ok_and(|found| {
            // The field's width and sign differ between machines; the numbers are 32 bits wide.
            u32::try_from(found.f_type & 0xFFFF_FFFF).is_ok_and(|kind| REMOTE.contains(&kind))
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
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
    fn the_boot_identity_stays_the_same_within_one_process() {
        assert_eq!(boot_id(), boot_id());
    }
}

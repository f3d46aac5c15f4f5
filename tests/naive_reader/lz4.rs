//! LZ4 blocks, of codec 1 and inside of codec 3.

use super::Refused;

const BAD: Refused = Refused::Stream("an LZ4 block is broken");

/// A length of which four bits stand in a token: 15 says that bytes of it follow, until one is not 255.
fn length(bits: u8, rest: &mut &[u8]) -> Result<usize, Refused> {
    let mut length = usize::from(bits);
    let mut more = bits == 15;
    while more {
        let (byte, behind) = rest.split_first().ok_or(BAD)?;
        length += usize::from(*byte);
        more = *byte == 255;
        *rest = behind;
    }
    Ok(length)
}

/// The `len` bytes of a block.
pub(super) fn decode(block: &[u8], len: usize) -> Result<Vec<u8>, Refused> {
    let mut rest = block;
    let mut out: Vec<u8> = Vec::new();
    loop {
        let (token, behind) = rest.split_first().ok_or(BAD)?;
        rest = behind;
        let literals = length(token >> 4, &mut rest)?;
        let (copied, behind) = rest.split_at_checked(literals).ok_or(BAD)?;
        out.extend(copied);
        rest = behind;
        if rest.is_empty() {
            return if out.len() == len { Ok(out) } else { Err(BAD) };
        }
        let (offset, behind) = rest.split_at_checked(2).ok_or(BAD)?;
        rest = behind;
        let offset = usize::from(u16::from_le_bytes([offset[0], offset[1]]));
        let matched = length(token & 15, &mut rest)? + 4;
        if offset == 0 || offset > out.len() || out.len() + matched > len {
            return Err(BAD);
        }
        for _ in 0..matched {
            out.push(out[out.len() - offset]);
        }
    }
}

//! Names and numbers of the things that exist in the system.

use std::fmt;

/// A volume ID (volser): one to six characters, blank padded; compared on all six bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeId([u8; 6]);

/// Why a text is no volume ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VolumeIdError {
    #[error("a volume ID has 1 to 6 characters")]
    Length,
    #[error("a volume ID holds only A-Z, 0-9, $, #, @ and %, not `{0}`")]
    Character(char),
}

impl VolumeId {
    /// Six blanks: what a label field holds when there is no ID.
    pub const BLANK: VolumeId = VolumeId(*b"      ");

    /// The ID written as `text` in a scenario (MODEL 2.2; source S-41).
    pub fn parse(text: &str) -> Result<VolumeId, VolumeIdError> {
        if let Some(character) =
            text.chars().find(|c| !(c.is_ascii_uppercase() || c.is_ascii_digit() || "$#@%".contains(*c)))
        {
            return Err(VolumeIdError::Character(character));
        }
        if text.is_empty() || text.len() > 6 {
            return Err(VolumeIdError::Length);
        }
        let mut bytes = *b"      ";
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(VolumeId(bytes))
    }

    /// The six bytes of a label field, whatever they are: a foreign utility may have written any.
    pub const fn from_bytes(bytes: [u8; 6]) -> VolumeId {
        VolumeId(bytes)
    }

    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(String::from_utf8_lossy(&self.0).trim_end_matches(' '))
    }
}

impl fmt::Debug for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The address of a device, four hexadecimal digits as in `0A10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber(pub u16);

impl DeviceNumber {
    pub fn parse(text: &str) -> Option<DeviceNumber> {
        let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| DeviceNumber(u16::from_str_radix(text, 16).expect("four hexadecimal digits fit 16 bits")))
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// A logical volume of a DASD controller: its place in the list of the scenario's volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(pub u16);

/// A track of a logical volume; 0 holds the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackNo(pub u32);

/// A host image: one running host system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image(pub u8);

impl Image {
    /// The image that runs the storage manager.
    pub const FIRST: Image = Image(0);
    /// As many images as a scenario may have.
    pub const MOST: usize = 8;
}

/// A tape cartridge: its place in the list of the scenario's cartridges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cartridge(pub u16);

/// A tape drive: its place in the list of the scenario's drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Drive(pub u8);

/// A source of host requests: its place in the list of the scenario's workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workload(pub u16);

/// A backup: its number among all backups of a run, from 0, in the order of their stimuli.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Backup(pub u16);

/// A restore: its number among all restores of a run, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Restore(pub u16);

/// A command that an operator types: its place in the list of the scenario's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command(pub u16);

/// A relationship between a source and a target; never reused within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationNumber(pub u32);

/// A host write; unique within a run and part of the tags that it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteNumber(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_ids_are_padded_and_strict() {
        assert_eq!(VolumeId::parse("A").map(VolumeId::bytes), Ok(*b"A     "));
        assert_eq!(VolumeId::parse("PROD01").map(|id| id.to_string()), Ok("PROD01".into()));
        assert_eq!(VolumeId::parse("prod01"), Err(VolumeIdError::Character('p')));
        assert_eq!(VolumeId::parse("ÄB"), Err(VolumeIdError::Character('Ä')));
        assert_eq!(VolumeId::parse("TOOLONG"), Err(VolumeIdError::Length));
        assert_eq!(VolumeId::parse(""), Err(VolumeIdError::Length));
    }

    #[test]
    fn device_numbers_are_four_hexadecimal_digits() {
        assert_eq!(DeviceNumber::parse("0a10"), Some(DeviceNumber(0x0A10)));
        assert_eq!(DeviceNumber(0x0A10).to_string(), "0A10");
        assert_eq!(DeviceNumber::parse("+A10"), None);
        assert_eq!(DeviceNumber::parse("A10"), None);
    }
}

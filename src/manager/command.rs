//! The operator's command language: from a typed line to a command with legal operands, or to what is wrong with the line.
//!
//! One line is one command (patent paragraph 42 gives `FLASHCOPY WITH SAFE BACKUP`; the others follow MODEL 3.10):
//!
//! ```text
//! FLASHCOPY source target [WITH SAFE BACKUP] [NOCOPYVOLID | COPYVOLID] [NOCOPY | COPY]
//! COPY source target [NOCOPYVOLID | COPYVOLID]
//! DUMP device
//! WITHDRAW target
//! VARY device ONLINE | OFFLINE
//! MOUNT device
//! REFORMAT device VOLID(new) [VERIFY(old)]
//! RESTORE volume TO device [VERIFY(volser)]
//! ```
//!
//! A source is a volume ID, every other operand a device number. Letters may be small; options come in any order, each at most
//! once. A copy without an option takes the source's volume ID along: the option that withholds it has to be typed, and can
//! be forgotten (H23).

use std::fmt;
use std::ops::Range;

use crate::controller::dasd::CopyMode;
use crate::vocab::{DeviceNumber, VolumeId};

/// A command that can be carried out, as far as its own text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypedCommand {
    Flashcopy {
        source: VolumeId,
        target: DeviceNumber,
        backup: BackupOption,
        volid: Volid,
        mode: Option<CopyMode>,
    },
    /// As `FLASHCOPY ... COPY`.
    Copy {
        source: VolumeId,
        target: DeviceNumber,
        volid: Volid,
    },
    Dump {
        device: DeviceNumber,
    },
    Withdraw {
        target: DeviceNumber,
    },
    Vary {
        device: DeviceNumber,
        to: OnlineState,
    },
    Mount {
        device: DeviceNumber,
    },
    /// A new volume ID in the label, by a utility; with `verify` only if the volume bears that ID now.
    Reformat {
        device: DeviceNumber,
        volid: VolumeId,
        verify: Option<VolumeId>,
    },
    /// With `verify` only if the device bears that ID now.
    Restore {
        volume: VolumeId,
        to: DeviceNumber,
        verify: Option<VolumeId>,
    },
}

/// Whether a copy is the first step of a safe backup, or is all that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackupOption {
    CopyOnly,
    SafeBackup,
}

/// What becomes of the source's ID on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Volid {
    Copied,
    Withheld,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnlineState {
    Online,
    Offline,
}

/// Why a line is no command: the bytes it is about, and what would have been right there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    pub at: Range<usize>,
    pub reason: Reason,
    /// Words that would fit, or a description of an operand.
    pub expected: &'static [&'static str],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    NoCommand,
    UnknownCommand(String),
    /// The line ends where something is missing.
    Missing,
    Unexpected(String),
    /// An option that is given already, or that excludes one that is.
    Contradicts(String),
    NoVolumeId(String),
    NoDevice(String),
}

const COMMANDS: &[&str] = &["FLASHCOPY", "COPY", "DUMP", "WITHDRAW", "VARY", "MOUNT", "REFORMAT", "RESTORE"];
/// How each command is written, in their order.
const SYNTAX: [&str; 8] = [
    "FLASHCOPY source target [WITH SAFE BACKUP] [NOCOPYVOLID | COPYVOLID] [NOCOPY | COPY]",
    "COPY source target [NOCOPYVOLID | COPYVOLID]",
    "DUMP device",
    "WITHDRAW target",
    "VARY device ONLINE | OFFLINE",
    "MOUNT device",
    "REFORMAT device VOLID(new) [VERIFY(old)]",
    "RESTORE volume TO device [VERIFY(volser)]",
];
const COPY_OPTIONS: &[&str] = &["NOCOPYVOLID", "COPYVOLID"];
const FLASHCOPY_OPTIONS: &[&str] = &["WITH SAFE BACKUP", "NOCOPYVOLID", "COPYVOLID", "NOCOPY", "COPY"];
const VOLUME: &[&str] = &["a volume ID"];
const DEVICE: &[&str] = &["a device number of four hexadecimal digits"];
const NOTHING: &[&str] = &["the end of the command"];

impl TypedCommand {
    /// How the command that the line begins with is written, if it is one.
    pub fn syntax(line: &str) -> Option<&'static str> {
        let verb = Words::of(line).next()?.text;
        let place = COMMANDS.iter().position(|command| *command == verb)?;
        Some(SYNTAX[place])
    }

    pub fn parse(line: &str) -> Result<TypedCommand, CommandError> {
        let mut words = Words::of(line);
        let Some(verb) = words.next() else {
            return Err(CommandError { at: 0..line.len(), reason: Reason::NoCommand, expected: COMMANDS });
        };
        let command = match verb.text.as_str() {
            "FLASHCOPY" => flashcopy(&mut words)?,
            "COPY" => copy(&mut words)?,
            "DUMP" => TypedCommand::Dump { device: words.device()? },
            "WITHDRAW" => TypedCommand::Withdraw { target: words.device()? },
            "VARY" => {
                let device = words.device()?;
                let to = words.one_of(&["ONLINE", "OFFLINE"])?;
                let to = if to == "ONLINE" { OnlineState::Online } else { OnlineState::Offline };
                TypedCommand::Vary { device, to }
            }
            "MOUNT" => TypedCommand::Mount { device: words.device()? },
            "REFORMAT" => {
                let device = words.device()?;
                words.one_of(&["VOLID"])?;
                let volid = words.in_parentheses()?;
                TypedCommand::Reformat { device, volid, verify: words.verify()? }
            }
            "RESTORE" => {
                let volume = words.volume()?;
                words.one_of(&["TO"])?;
                TypedCommand::Restore { volume, to: words.device()?, verify: words.verify()? }
            }
            _ => {
                let reason = Reason::UnknownCommand(verb.text);
                return Err(CommandError { at: verb.at, reason, expected: COMMANDS });
            }
        };
        words.end()?;
        Ok(command)
    }
}

fn flashcopy(words: &mut Words) -> Result<TypedCommand, CommandError> {
    let (source, target) = (words.volume()?, words.device()?);
    let (mut backup, mut volid, mut mode) = (None, None, None);
    while let Some(word) = words.next() {
        let free = match word.text.as_str() {
            "WITH" => {
                words.one_of(&["SAFE"])?;
                words.one_of(&["BACKUP"])?;
                backup.replace(BackupOption::SafeBackup).is_none()
            }
            "NOCOPYVOLID" => volid.replace(Volid::Withheld).is_none(),
            "COPYVOLID" => volid.replace(Volid::Copied).is_none(),
            "NOCOPY" => mode.replace(CopyMode::NoCopy).is_none(),
            "COPY" => mode.replace(CopyMode::Copy).is_none(),
            _ => return Err(word.unexpected(FLASHCOPY_OPTIONS)),
        };
        // A safe backup is what withholds the ID; its copy cannot take it along.
        let safe_with_id = (backup, volid) == (Some(BackupOption::SafeBackup), Some(Volid::Copied));
        if !free || safe_with_id {
            return Err(word.contradicts());
        }
    }
    let backup = backup.unwrap_or(BackupOption::CopyOnly);
    let withheld = if backup == BackupOption::SafeBackup { Volid::Withheld } else { Volid::Copied };
    Ok(TypedCommand::Flashcopy { source, target, backup, volid: volid.unwrap_or(withheld), mode })
}

fn copy(words: &mut Words) -> Result<TypedCommand, CommandError> {
    let (source, target) = (words.volume()?, words.device()?);
    let mut volid = None;
    while let Some(word) = words.next() {
        let free = match word.text.as_str() {
            "NOCOPYVOLID" => volid.replace(Volid::Withheld).is_none(),
            "COPYVOLID" => volid.replace(Volid::Copied).is_none(),
            _ => return Err(word.unexpected(COPY_OPTIONS)),
        };
        if !free {
            return Err(word.contradicts());
        }
    }
    Ok(TypedCommand::Copy { source, target, volid: volid.unwrap_or(Volid::Copied) })
}

/// A word in capitals, and where it stood.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    at: Range<usize>,
}

impl Word {
    fn unexpected(self, expected: &'static [&'static str]) -> CommandError {
        CommandError { at: self.at, reason: Reason::Unexpected(self.text), expected }
    }

    fn contradicts(self) -> CommandError {
        CommandError { at: self.at, reason: Reason::Contradicts(self.text), expected: &[] }
    }
}

/// The words of a line; a parenthesis is a word of its own.
struct Words {
    words: std::vec::IntoIter<Word>,
    ahead: Option<Word>,
    end: usize,
}

impl Words {
    fn of(line: &str) -> Words {
        let mut words: Vec<Word> = Vec::new();
        let mut joins = false;
        for (at, character) in line.char_indices() {
            let alone = matches!(character, '(' | ')');
            if character.is_whitespace() {
                joins = false;
                continue;
            }
            let end = at + character.len_utf8();
            match words.last_mut().filter(|_| joins && !alone) {
                Some(word) => {
                    word.text.push(character.to_ascii_uppercase());
                    word.at.end = end;
                }
                None => words.push(Word { text: character.to_ascii_uppercase().to_string(), at: at..end }),
            }
            joins = !alone;
        }
        let mut words = words.into_iter();
        Words { ahead: words.next(), words, end: line.len() }
    }

    fn next(&mut self) -> Option<Word> {
        let next = self.words.next();
        std::mem::replace(&mut self.ahead, next)
    }

    fn need(&mut self, expected: &'static [&'static str]) -> Result<Word, CommandError> {
        let end = self.end;
        self.next().ok_or(CommandError { at: end..end, reason: Reason::Missing, expected })
    }

    fn one_of(&mut self, expected: &'static [&'static str]) -> Result<&'static str, CommandError> {
        let word = self.need(expected)?;
        expected.iter().copied().find(|text| *text == word.text).ok_or_else(|| word.unexpected(expected))
    }

    fn volume(&mut self) -> Result<VolumeId, CommandError> {
        let Word { text, at } = self.need(VOLUME)?;
        VolumeId::parse(&text).map_err(|_| CommandError { at, reason: Reason::NoVolumeId(text), expected: VOLUME })
    }

    fn device(&mut self) -> Result<DeviceNumber, CommandError> {
        let Word { text, at } = self.need(DEVICE)?;
        DeviceNumber::parse(&text).ok_or(CommandError { at, reason: Reason::NoDevice(text), expected: DEVICE })
    }

    fn in_parentheses(&mut self) -> Result<VolumeId, CommandError> {
        self.one_of(&["("])?;
        let volume = self.volume()?;
        self.one_of(&[")"])?;
        Ok(volume)
    }

    fn verify(&mut self) -> Result<Option<VolumeId>, CommandError> {
        if self.ahead.is_none() {
            return Ok(None);
        }
        self.one_of(&["VERIFY"])?;
        self.in_parentheses().map(Some)
    }

    fn end(&mut self) -> Result<(), CommandError> {
        self.next().map_or(Ok(()), |word| Err(word.unexpected(NOTHING)))
    }
}

impl fmt::Display for TypedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            TypedCommand::Flashcopy { source, target, backup, volid, mode } => {
                write!(f, "FLASHCOPY {source} {target}")?;
                match (backup, volid) {
                    (BackupOption::SafeBackup, _) => f.write_str(" WITH SAFE BACKUP")?,
                    (BackupOption::CopyOnly, Volid::Withheld) => f.write_str(" NOCOPYVOLID")?,
                    (BackupOption::CopyOnly, Volid::Copied) => f.write_str(" COPYVOLID")?,
                }
                match mode {
                    Some(CopyMode::NoCopy) => f.write_str(" NOCOPY"),
                    Some(CopyMode::Copy) => f.write_str(" COPY"),
                    None => Ok(()),
                }
            }
            TypedCommand::Copy { source, target, volid } => {
                let option = if volid == Volid::Withheld { "NOCOPYVOLID" } else { "COPYVOLID" };
                write!(f, "COPY {source} {target} {option}")
            }
            TypedCommand::Dump { device } => write!(f, "DUMP {device}"),
            TypedCommand::Withdraw { target } => write!(f, "WITHDRAW {target}"),
            TypedCommand::Vary { device, to } => {
                write!(f, "VARY {device} {}", if to == OnlineState::Online { "ONLINE" } else { "OFFLINE" })
            }
            TypedCommand::Mount { device } => write!(f, "MOUNT {device}"),
            TypedCommand::Reformat { device, volid, verify } => {
                write!(f, "REFORMAT {device} VOLID({volid})")?;
                verify.map_or(Ok(()), |old| write!(f, " VERIFY({old})"))
            }
            TypedCommand::Restore { volume, to, verify } => {
                write!(f, "RESTORE {volume} TO {to}")?;
                verify.map_or(Ok(()), |volser| write!(f, " VERIFY({volser})"))
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoCommand => f.write_str("the line holds no command"),
            Reason::UnknownCommand(text) => write!(f, "no command is called `{text}`"),
            Reason::Missing => f.write_str("the command is not complete"),
            Reason::Unexpected(text) => write!(f, "`{text}` does not belong here"),
            Reason::Contradicts(text) => write!(f, "`{text}` repeats or contradicts an option before it"),
            Reason::NoVolumeId(text) => write!(f, "`{text}` is not a volume ID"),
            Reason::NoDevice(text) => write!(f, "`{text}` is not a device number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn refused(line: &str, at: &str, reason: &str) {
        let error = TypedCommand::parse(line).expect_err(line);
        assert_eq!((&line[error.at.clone()], error.reason.to_string().as_str()), (at, reason), "{line}");
    }

    #[test]
    fn the_command_of_the_patent_asks_for_a_safe_backup() {
        let command = TypedCommand::parse("flashcopy prod01 0a10 with safe backup").expect("a command");
        let source = VolumeId::parse("PROD01").expect("an ID");
        let (target, backup, volid) = (DeviceNumber(0x0A10), BackupOption::SafeBackup, Volid::Withheld);
        assert_eq!(command, TypedCommand::Flashcopy { source, target, backup, volid, mode: None });
        assert_eq!(command.to_string(), "FLASHCOPY PROD01 0A10 WITH SAFE BACKUP");
    }

    /// The option that withholds the ID can be forgotten, and the command is legal all the same (H23).
    #[test]
    fn a_copy_takes_the_id_along_unless_it_is_told_not_to() {
        let volid = |line| match TypedCommand::parse(line) {
            Ok(TypedCommand::Flashcopy { volid, .. } | TypedCommand::Copy { volid, .. }) => volid,
            other => panic!("{other:?}"),
        };
        assert_eq!(volid("FLASHCOPY PROD01 0A10"), Volid::Copied);
        assert_eq!(volid("FLASHCOPY PROD01 0A10 NOCOPY NOCOPYVOLID"), Volid::Withheld);
        assert_eq!(volid("COPY PROD01 0A10 NOCOPYVOLID"), Volid::Withheld);
    }

    #[test]
    fn what_is_wrong_is_said_where_it_is_wrong() {
        refused("", "", "the line holds no command");
        refused("FLASHCPY PROD01 0A10", "FLASHCPY", "no command is called `FLASHCPY`");
        refused("FLASHCOPY PROD01", "", "the command is not complete");
        refused("FLASHCOPY PRODUCTION 0A10", "PRODUCTION", "`PRODUCTION` is not a volume ID");
        refused("FLASHCOPY PROD01 A10", "A10", "`A10` is not a device number");
        refused("FLASHCOPY PROD01 0A10 WITH BACKUP", "BACKUP", "`BACKUP` does not belong here");
        refused("FLASHCOPY PROD01 0A10 NOCOPY COPY", "COPY", "`COPY` repeats or contradicts an option before it");
        refused(
            "FLASHCOPY PROD01 0A10 COPYVOLID WITH SAFE BACKUP",
            "WITH",
            "`WITH` repeats or contradicts an option before it",
        );
        refused("VARY 0A10 AWAY", "AWAY", "`AWAY` does not belong here");
        refused("REFORMAT 0A10 VOLID SPARE1", "SPARE1", "`SPARE1` does not belong here");
        refused("REFORMAT 0A10 VOLID(SPARE1", "", "the command is not complete");
        refused("RESTORE PROD01 TO 0A20 NOW", "NOW", "`NOW` does not belong here");
        refused("DUMP 0A10 0A20", "0A20", "`0A20` does not belong here");
    }

    /// The patent's words, in the order in which it says them.
    #[test]
    fn a_command_in_another_order_is_told_how_it_is_written() {
        let line = "flashcopy with safe backup PROD01 0A10";
        refused(line, "safe", "`SAFE` is not a device number");
        assert!(
            TypedCommand::syntax(line).is_some_and(|syntax| syntax.starts_with("FLASHCOPY source target [WITH SAFE"))
        );
        for (command, syntax) in COMMANDS.iter().zip(SYNTAX) {
            assert!(syntax.starts_with(&format!("{command} ")), "{syntax}");
        }
        assert_eq!(TypedCommand::syntax("FLASHCPY PROD01 0A10"), None);
    }

    fn volume() -> impl Strategy<Value = VolumeId> {
        "[A-Z0-9$#@%]{1,6}".prop_map(|text| VolumeId::parse(&text).expect("these characters are legal"))
    }

    fn device() -> impl Strategy<Value = DeviceNumber> {
        any::<u16>().prop_map(DeviceNumber)
    }

    fn command() -> impl Strategy<Value = TypedCommand> {
        let mode = prop_oneof![Just(None), Just(Some(CopyMode::NoCopy)), Just(Some(CopyMode::Copy))];
        let volid = || prop_oneof![Just(Volid::Copied), Just(Volid::Withheld)];
        let to = prop_oneof![Just(OnlineState::Online), Just(OnlineState::Offline)];
        let verify = || proptest::option::of(volume());
        prop_oneof![
            (volume(), device(), any::<bool>(), volid(), mode).prop_map(|(source, target, safe, volid, mode)| {
                let backup = if safe { BackupOption::SafeBackup } else { BackupOption::CopyOnly };
                let volid = if safe { Volid::Withheld } else { volid };
                TypedCommand::Flashcopy { source, target, backup, volid, mode }
            }),
            (volume(), device(), volid()).prop_map(|(source, target, volid)| TypedCommand::Copy {
                source,
                target,
                volid
            }),
            device().prop_map(|device| TypedCommand::Dump { device }),
            device().prop_map(|target| TypedCommand::Withdraw { target }),
            (device(), to).prop_map(|(device, to)| TypedCommand::Vary { device, to }),
            device().prop_map(|device| TypedCommand::Mount { device }),
            (device(), volume(), verify()).prop_map(|(device, volid, verify)| TypedCommand::Reformat {
                device,
                volid,
                verify
            }),
            (volume(), device(), verify()).prop_map(|(volume, to, verify)| TypedCommand::Restore {
                volume,
                to,
                verify
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(command in command()) {
            prop_assert_eq!(TypedCommand::parse(&command.to_string()), Ok(command));
        }

        #[test]
        fn no_line_is_too_odd(line in "\\PC{0,60}") {
            if let Err(error) = TypedCommand::parse(&line) {
                prop_assert!(line.get(error.at.clone()).is_some(), "{:?} lies within the line", error.at);
            }
        }

        #[test]
        fn nor_is_a_line_of_right_words(words in proptest::collection::vec(prop_oneof![
            Just("FLASHCOPY"), Just("COPY"), Just("VARY"), Just("0A10"), Just("PROD01"), Just("WITH"), Just("SAFE"),
            Just("BACKUP"), Just("NOCOPYVOLID"), Just("VOLID"), Just("("), Just(")"), Just("TO"), Just("RESTORE"),
            Just("REFORMAT"), Just("VERIFY"), Just("ONLINE"), Just("é"),
        ], 0..9)) {
            let line = words.join(" ");
            match TypedCommand::parse(&line) {
                Ok(command) => prop_assert_eq!(TypedCommand::parse(&command.to_string()), Ok(command)),
                Err(error) => prop_assert!(line.get(error.at).is_some()),
            }
        }
    }
}

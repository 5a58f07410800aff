//! The command lines of a scenario: what an operator types, and what it asks for.
//!
//! A command that begins a job stands for a backup or a restore by an operator, behind those of the scenario's own tables;
//! every other is an order of its own. Messages point into the line.
//!
//! Any image takes commands. Backups and restores, and what the storage manager knows of them, belong to the first.

use crate::controller::dasd::{Architecture, CopyMode};
use crate::kernel::Time;
use crate::manager::ConsoleCommand;
use crate::manager::command::{BackupOption, CommandError, OnlineState, TypedCommand, Volid};
use crate::manager::order::{CommandEffect, CommandPlan, Order, copies_back};
use crate::manager::plan::{BackupPlan, MethodName, OldDevice, Relabel, RestoreIfOnline, RestoreLabel, RestorePlan};
use crate::manager::trigger::{Stimulant, StimulusPlan, Trigger};
use crate::vocab::{Device, DeviceNumber, Extents, Image, Restore, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place, nearest};
use super::super::raw::RawCommand;
use super::super::shape::Given;
use super::{Context, Volume, list};

const MOST_COMMANDS: usize = 1_000;

/// A volume and where it is.
type Placed = (Device, Volume);

/// A line with its place, its instant, and whose console it is typed at.
struct Line<'r> {
    given: &'r Given<String>,
    at: Time,
    image: Image,
    image_place: Option<&'r Given<String>>,
}

impl Line<'_> {
    /// The place of some of its bytes. A line with escapes is shown as a whole.
    fn place(&self, from: usize, to: usize) -> Place {
        let Place { source, from: start, to: end } = self.given.place;
        let quotes = (end - start).checked_sub(self.given.value.len());
        match quotes {
            Some(0) => Place::new(source, start + from..start + to),
            Some(2) => Place::new(source, start + 1 + from..start + 1 + to),
            _ => self.given.place.clone(),
        }
    }

    /// An operand as a value of its own, where it stands in the line.
    fn operand<T: std::fmt::Display>(&self, value: T) -> Given<T> {
        let found = self.given.value.to_ascii_uppercase().find(&value.to_string());
        let from = found.unwrap_or(0);
        let to = found.map_or(self.given.value.len(), |from| from + value.to_string().len());
        Given { place: self.place(from, to), path: self.given.path.clone(), value }
    }
}

impl Context<'_> {
    pub(super) fn commands(
        &mut self,
        backups: &mut Vec<BackupPlan>,
        restores: &mut Vec<RestorePlan>,
    ) -> Vec<CommandPlan> {
        if !self.bound(&self.raw.command, MOST_COMMANDS, "commands") {
            return Vec::new();
        }
        let mut commands = Vec::new();
        for entry in list(&self.raw.command) {
            let RawCommand { at, line, image, .. } = &entry.value;
            self.need(at, "at", "a command", entry, "\"60 s\"");
            self.need(line, "line", "a command", entry, "\"FLASHCOPY PROD01 0A10 WITH SAFE BACKUP\"");
            let named = self.image_named(image);
            let (Some(at), Some(given), Some(named)) = (at, line, named) else { continue };
            let line = Line { given, at: Time::ZERO + at.value, image: named, image_place: image.as_ref() };
            match TypedCommand::parse(&given.value) {
                Ok(typed) => {
                    let effect = self.effect(&line, typed, backups, restores);
                    let plan = |(typed, effect)| CommandPlan { at: line.at, image: line.image, typed, effect };
                    commands.extend(effect.map(plan));
                }
                Err(error) => self.no_command(&line, &error),
            }
        }
        commands
    }

    fn no_command(&mut self, line: &Line, error: &CommandError) {
        let CommandError { at, reason, expected } = error;
        let written = line.given.value.get(at.clone()).unwrap_or_default().to_ascii_uppercase();
        let near = nearest(&written, expected).filter(|near| *near != written);
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let expected = if expected.is_empty() {
            "leave one of the two away".to_owned()
        } else {
            format!("{near}expected {}", expected.join(", "))
        };
        let syntax = TypedCommand::syntax(&line.given.value).map(|syntax| format!("; the command is {syntax}"));
        // What is missing is missing at the end.
        let from = if at.is_empty() { at.start.saturating_sub(1) } else { at.start };
        let problem = Diagnostic::error(Code::BadCommand, format!("this is no command: {reason}"))
            .at(&line.place(from, at.end), "here")
            .path(line.given.path.clone())
            .help(expected + &syntax.unwrap_or_default());
        self.problems.push(problem);
    }

    /// What the command sets going, with its defaults filled in.
    fn effect(
        &mut self,
        line: &Line,
        typed: TypedCommand,
        backups: &mut Vec<BackupPlan>,
        restores: &mut Vec<RestorePlan>,
    ) -> Option<(TypedCommand, CommandEffect)> {
        let typed = self.with_mode(typed);
        let effect = match typed {
            TypedCommand::Flashcopy { source, target, backup: BackupOption::SafeBackup, mode, .. } => {
                self.on_first_image(line, "a backup runs")?;
                let (source, target) = self.pair(line, source, target)?;
                let plan = by_operator(line, MethodName::SafeBackup, source, target);
                add(backups, BackupPlan { mode: mode.unwrap_or(plan.mode), ..plan })
            }
            TypedCommand::Dump { device } => {
                self.on_first_image(line, "a backup runs")?;
                let source = self.volume_on(&line.operand(device))?;
                add(backups, by_operator(line, MethodName::DirectDump, source.clone(), source))
            }
            TypedCommand::Restore { volume, to, verify } => {
                self.on_first_image(line, "a restore runs")?;
                restores.push(self.typed_restore(line, volume, to, verify)?);
                CommandEffect::Restore(Restore(place_of_last(restores)))
            }
            TypedCommand::Flashcopy { source, target, volid, mode, .. } => {
                let mode = mode.unwrap_or_else(|| self.hardware.copy_mode());
                CommandEffect::Order(self.copy(line, (source, target), backups, volid, mode)?)
            }
            TypedCommand::Copy { source, target, volid } => {
                CommandEffect::Order(self.copy(line, (source, target), backups, volid, CopyMode::Copy)?)
            }
            TypedCommand::Withdraw { target } => {
                CommandEffect::Order(Order::Withdraw { target: self.typed_device(line, target)? })
            }
            TypedCommand::Vary { device, to } => {
                let device = self.typed_device(line, device)?;
                CommandEffect::Order(Order::Console(match to {
                    OnlineState::Online => ConsoleCommand::VaryOnline { device },
                    OnlineState::Offline => ConsoleCommand::VaryOffline { device },
                }))
            }
            TypedCommand::Mount { device } => {
                let device = self.typed_device(line, device)?;
                CommandEffect::Order(Order::Console(ConsoleCommand::Mount { device }))
            }
            TypedCommand::Reformat { device, volid, verify } => {
                CommandEffect::Order(Order::Reformat { device: self.typed_device(line, device)?, volid, verify })
            }
        };
        Some((typed, effect))
    }

    /// What only the storage manager can do is asked of the image that it runs on.
    fn on_first_image(&mut self, line: &Line, what: &str) -> Option<()> {
        let Some(given) = line.image_place.filter(|_| line.image != Image::FIRST) else { return Some(()) };
        let first = &self.images[usize::from(Image::FIRST.0)].name;
        let message = format!("{what} where the storage manager is, on {first}");
        let problem = Diagnostic::error(Code::BadCommand, message)
            .at(&given.place, "another image")
            .related(&line.given.place, "for this command")
            .path(given.path.clone())
            .help(format!("leave `image` away, or say image = \"{first}\""));
        self.problems.push(problem);
        None
    }

    /// An instant copy that names no mode gets the controller's.
    fn with_mode(&self, typed: TypedCommand) -> TypedCommand {
        match typed {
            TypedCommand::Flashcopy { source, target, backup, volid, mode } => {
                let mode = Some(mode.unwrap_or_else(|| self.hardware.copy_mode()));
                TypedCommand::Flashcopy { source, target, backup, volid, mode }
            }
            typed => typed,
        }
    }

    fn typed_device(&mut self, line: &Line, device: DeviceNumber) -> Option<Device> {
        self.volume_on(&line.operand(device)).map(|(device, _)| device)
    }

    fn copy(
        &mut self,
        line: &Line,
        (source, target): (VolumeId, DeviceNumber),
        backups: &[BackupPlan],
        volid: Volid,
        mode: CopyMode,
    ) -> Option<Order> {
        let ((source, _), (target, _)) = self.pair(line, source, target)?;
        let is_back = backups.iter().any(|plan| copies_back(plan, source, target));
        // The snapshot stands until its target is deleted, and then there is nothing to copy back.
        if is_back && self.architecture == Architecture::LogStructured {
            let what = "copying a copy back with architecture = \"log-structured\" is not supported yet";
            let problem = Diagnostic::error(Code::NotYet, what)
                .at(&line.given.place, "onto the volume that it is a copy of")
                .path(line.given.path.clone())
                .help("restore the backup instead, or take architecture = \"home-area\"");
            self.problems.push(problem);
            return None;
        }
        if is_back {
            self.on_first_image(line, "a copy is copied back")?;
        }
        Some(Order::Copy { source, target, volid, mode })
    }

    /// Source and target of a copy.
    fn pair(&mut self, line: &Line, source: VolumeId, target: DeviceNumber) -> Option<(Placed, Placed)> {
        let (source, target) = (line.operand(source), line.operand(target));
        let (from, to) = (self.volume_named(&source), self.volume_on(&target));
        let (from, to) = (from?, to?);
        self.fit_for_a_copy(&source, (from.0, &from.1), &target, (to.0, &to.1))?;
        Some((from, to))
    }

    fn typed_restore(
        &mut self,
        line: &Line,
        volume: VolumeId,
        to: DeviceNumber,
        verify: Option<VolumeId>,
    ) -> Option<RestorePlan> {
        let (named, on) = (line.operand(volume), line.operand(to));
        let (from, to) = (self.volume_named(&named), self.volume_on(&on));
        let ((_, volume), (to, device)) = (from?, to?);
        if volume.tracks != device.tracks {
            let sizes = [(volume.tracks, &volume.size_place), (device.tracks, &device.size_place)];
            self.sizes_differ("a restore", &on.place, &on.path, sizes);
            return None;
        }
        Some(RestorePlan {
            at: Some(line.at),
            volume: volume.id,
            to,
            extents: Extents::whole(volume.tracks),
            restore_label: RestoreLabel::Last,
            restore_if_online: RestoreIfOnline::Refuse,
            old_device: OldDevice::Retire,
            verify_volser: verify.is_some(),
            verify,
            by_operator: true,
            relabel: Relabel::Restored,
        })
    }
}

fn add(backups: &mut Vec<BackupPlan>, backup: BackupPlan) -> CommandEffect {
    backups.push(backup);
    CommandEffect::Backup(place_of_last(backups))
}

fn place_of_last<T>(list: &[T]) -> u16 {
    u16::try_from(list.len() - 1).expect("backups, restores and commands are bounded")
}

/// A backup with the switches at their defaults, asked for by an operator.
fn by_operator(line: &Line, method: MethodName, (source, from): Placed, (target, to): Placed) -> BackupPlan {
    let trigger = Trigger::At(line.at);
    let stimulus = StimulusPlan { trigger, by: Stimulant::Operator, ..StimulusPlan::at(line.at) };
    BackupPlan { stimulus, method, ..BackupPlan::plain(source, from.id, target, to.id, from.tracks) }
}

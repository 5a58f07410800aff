//! The plan as a scenario file again: every default filled in, units in normal form, always in the same order.

mod extents;
mod faults;
mod stimuli;

pub use faults::fault_entry;

use std::fmt::{Display, Write};

use crate::fault::plan::{Anchor, ClockName, FaultRate, Occurrence, Side};
use crate::host::{Replay, RequestMix, WorkloadKind, WorkloadPlan};
use crate::kernel::Span;
use crate::manager::order::CommandEffect;
use crate::manager::plan::{BackupPlan, RestorePlan, TargetId};
use crate::vocab::{Device, DeviceNumber, Image, Invariant, Restore, TRACKS_PER_CYLINDER};

use super::MODEL_VERSION;
use super::check::{Checked, DEFAULT_IMAGE, LiteralRequest, WorkloadNote, model_of};
use super::names::HIDDEN_FORMATS;
use super::plan::{Ending, Plan};
use super::units::Dimension;

/// The text of the resolved scenario.
pub fn write(checked: &Checked) -> String {
    let mut writer = Writer { text: String::new() };
    writer.top(checked);
    writer.volumes(checked);
    writer.images(checked);
    writer.datasets(checked);
    for (plan, note) in checked.plan.workloads.iter().zip(&checked.notes.workloads) {
        writer.workload(plan, note, checked);
    }
    let asked_for = |effect: CommandEffect| checked.plan.commands.iter().any(|command| command.effect == effect);
    for (place, backup) in (0..).zip(&checked.plan.backups) {
        if !asked_for(CommandEffect::Backup(place)) {
            writer.backup(backup, checked);
            writer.group(backup, checked.notes.groups.get(usize::from(place)).and_then(Option::as_deref));
        }
    }
    for (place, restore) in (0..).map(Restore).zip(&checked.plan.restores) {
        if !asked_for(CommandEffect::Restore(place)) {
            writer.restore(restore, checked);
        }
    }
    for command in &checked.plan.commands {
        writer.heading("[[command]]");
        writer.raw("at", &duration(Span::from_ns(command.at.ns())));
        writer.raw("line", &name(command.typed));
        writer.image(command.image, &checked.plan);
    }
    for fault in &checked.plan.faults {
        writer.fault_entry(fault, &checked.plan);
    }
    for rate in checked.plan.rates.iter().filter(|rate| matches!(rate.clock, ClockName::Entry(_))) {
        writer.rate_entry(rate, &checked.plan);
    }
    let (mutant, check) = (checked.plan.host.mutant, checked.plan.check_mutant);
    if mutant.is_some() || check.is_some() {
        writer.heading("[mutant]");
        mutant.into_iter().for_each(|mutant| writer.raw("name", &name(mutant)));
        check.into_iter().for_each(|mutant| writer.raw("check", &name(mutant)));
    }
    writer.chance(checked);
    writer.hardware(checked);
    writer.bounds(checked);
    writer.expectation(checked);
    writer.text
}

struct Writer {
    text: String,
}

/// `text` as a TOML string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                write!(quoted, "\\u{:04X}", u32::from(control)).expect("a string takes any text");
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn duration(span: Span) -> String {
    quoted(&Dimension::Duration.show(span.ns()))
}

fn share(ppm: u32) -> String {
    quoted(&Dimension::Share.show(u64::from(ppm)))
}

fn name(value: impl Display) -> String {
    quoted(&value.to_string())
}

fn names<T: Display>(values: &[T]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| quoted(&value.to_string())).collect();
    format!("[{}]", quoted.join(", "))
}

/// The name of `value` in a list of names, or its number.
fn listed<T: PartialEq>(list: &[(&str, T)], value: &T) -> Option<String> {
    list.iter().find(|(_, entry)| entry == value).map(|(name, _)| quoted(name))
}

fn device(plan: &Plan, device: Device) -> DeviceNumber {
    plan.dasd.volumes[usize::from(device.0)].device
}

fn has_default_image(plan: &Plan) -> bool {
    matches!(&plan.images[..], [only] if only.name == DEFAULT_IMAGE)
}

/// The `when` of a fault.
pub fn when(anchor: Anchor, plan: &Plan) -> String {
    match anchor {
        Anchor::At(time) => format!("{{ at = {} }}", duration(Span::from_ns(time.ns()))),
        Anchor::Boundary(event) => format!("{{ event = {event} }}"),
        Anchor::Around { side, occurrence, nth, delay } => {
            let side = match side {
                Side::Before => "before",
                Side::After => "after",
            };
            let mut parts = Vec::new();
            match occurrence {
                Occurrence::Event { name, device: on, track } => {
                    parts.push(format!("{side} = \"{name}\", nth = {nth}"));
                    parts.extend(on.map(|on| format!("device = \"{}\"", device(plan, on))));
                    parts.extend(track.map(|track| format!("track = {}", track.0)));
                }
                Occurrence::Step(step) => parts.push(format!("{side} = \"{step}\", nth = {nth}")),
            }
            if !delay.is_zero() {
                parts.push(format!("delay = {}", duration(delay)));
            }
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

impl Writer {
    fn heading(&mut self, heading: &str) {
        writeln!(self.text, "\n{heading}").expect("a string takes any text");
    }

    fn raw(&mut self, key: &str, value: &str) {
        writeln!(self.text, "{key} = {value}").expect("a string takes any text");
    }

    fn top(&mut self, checked: &Checked) {
        let (plan, notes) = (&checked.plan, &checked.notes);
        writeln!(self.text, "# resolved scenario: every default filled in; model version {MODEL_VERSION}")
            .expect("a string takes any text");
        self.raw("title", &quoted(&plan.title));
        self.raw("name", &quoted(&plan.name));
        self.raw("seed", &plan.seed.to_string());
        if let Some(seed) = plan.shuffle_ties {
            self.raw("shuffle_ties", &seed.to_string());
        }
        self.raw("profile", &quoted(notes.profile));
        self.raw("hazards", &names(&notes.hazards));
        match plan.ending {
            Ending::At(time) => self.raw("until", &duration(Span::from_ns(time.ns()))),
            Ending::AfterWork { tail } => self.raw("tail", &duration(tail)),
        }
        self.heading("[[dasd]]");
        self.raw("name", &quoted(&notes.dasd_name));
        self.raw("architecture", &name(notes.architecture));
    }

    fn volumes(&mut self, checked: &Checked) {
        let first = &checked.plan.images[0];
        for (at, volume) in checked.plan.host.devices.iter().enumerate() {
            self.heading("[[volume]]");
            self.raw("id", &name(volume.id));
            self.raw("device", &name(volume.device));
            match model_of(volume.tracks) {
                Some(model) => self.raw("model", &quoted(model)),
                None if volume.tracks.is_multiple_of(TRACKS_PER_CYLINDER) => {
                    self.raw("cylinders", &(volume.tracks / TRACKS_PER_CYLINDER).to_string());
                }
                None => self.raw("tracks", &volume.tracks.to_string()),
            }
            self.raw("online", &first.online[at].to_string());
            self.raw("online_at_ipl", &first.online_at_ipl[at].to_string());
            self.raw("dasd", &quoted(&checked.notes.dasd_name));
        }
    }

    /// A single image that sees all devices as their volumes say has no table.
    fn images(&mut self, checked: &Checked) {
        if has_default_image(&checked.plan) {
            return;
        }
        let listed = |flags: &[bool]| {
            let devices = checked.plan.host.devices.iter().zip(flags);
            let listed: Vec<_> = devices.filter(|(_, listed)| **listed).map(|(volume, _)| volume.device).collect();
            names(&listed)
        };
        for image in &checked.plan.images {
            self.heading("[[image]]");
            self.raw("name", &quoted(&image.name));
            self.raw("online", &listed(&image.online));
            self.raw("online_at_ipl", &listed(&image.online_at_ipl));
        }
    }

    fn image(&mut self, image: Image, plan: &Plan) {
        if !has_default_image(plan) {
            self.raw("image", &quoted(&plan.images[usize::from(image.0)].name));
        }
    }

    fn workload(&mut self, plan: &WorkloadPlan, note: &WorkloadNote, checked: &Checked) {
        self.heading("[[workload]]");
        let ids: Vec<_> = plan.volumes.iter().map(|volume| volume.id).collect();
        self.raw("volumes", &names(&ids));
        self.image(plan.image, &checked.plan);
        match (&plan.kind, note) {
            (WorkloadKind::Open { mix, .. }, WorkloadNote::Open { rate }) => {
                self.raw("kind", "\"open\"");
                self.raw("rate", &quoted(rate));
                self.mix(mix, plan.dependent);
            }
            (WorkloadKind::Closed { clients, think, mix }, WorkloadNote::Closed) => {
                self.raw("kind", "\"closed\"");
                self.raw("clients", &clients.to_string());
                self.raw("think", &duration(*think));
                self.mix(mix, plan.dependent);
            }
            (WorkloadKind::Trace { replay, .. }, WorkloadNote::Trace(trace)) => {
                self.raw("kind", "\"trace\"");
                self.raw("file", &quoted(&trace.file));
                self.raw("sha256", &quoted(&trace.sha256));
                self.raw("format", &name(trace.format));
                for (key, given) in [("sector_bytes", trace.sector_bytes), ("read_code", trace.read_code)] {
                    if let Some(value) = given {
                        self.raw(key, &value.to_string());
                    }
                }
                if let Some(action) = trace.action {
                    self.raw("action", &name(action));
                }
                self.raw("address", &name(trace.address));
                self.raw("allow_coarse_time", &trace.allow_coarse_time.to_string());
                self.raw("skip_bad_lines", &trace.skip_bad_lines.to_string());
                match replay {
                    Replay::Open { scale_numerator, scale_denominator } => {
                        self.raw("replay", "\"open\"");
                        let milli = scale_numerator * 1_000 / scale_denominator;
                        self.raw("time_scale", &quoted(&Dimension::Ratio.show(milli)));
                    }
                    Replay::Closed { depth } => {
                        self.raw("replay", "\"closed\"");
                        self.raw("depth", &depth.to_string());
                    }
                }
            }
            (WorkloadKind::Trace { records, .. }, WorkloadNote::Literal) => {
                self.raw("kind", "\"literal\"");
                let requests: Vec<String> = records
                    .iter()
                    .map(|record| format!("  {},\n", LiteralRequest::of(record, &plan.volumes).written()))
                    .collect();
                self.raw("requests", &format!("[\n{}]", requests.concat()));
            }
            (kind, note) => unreachable!("a note is of the kind of its workload: {kind:?}, {note:?}"),
        }
    }

    fn mix(&mut self, mix: &RequestMix, dependent: bool) {
        self.raw("read", &share(mix.read_ppm));
        self.raw("size", &quoted(&Dimension::Size.show(u64::from(mix.bytes))));
        self.raw("pattern", &name(mix.pattern));
        self.raw("hot_requests", &share(mix.hot_requests_ppm));
        self.raw("hot_tracks", &share(mix.hot_tracks_ppm));
        if dependent {
            self.raw("dependent", "true");
        }
        if let Some(limit) = mix.limit {
            self.raw("limit", &limit.to_string());
        }
    }

    fn backup(&mut self, backup: &BackupPlan, checked: &Checked) {
        self.heading("[[backup]]");
        self.stimulus(&backup.stimulus);
        if backup.follows_directory() {
            self.raw("granularity", "\"volume\"");
        } else {
            self.extents(&backup.extents);
        }
        self.raw("method", &name(backup.method));
        self.raw("source", &name(backup.source_id));
        if backup.method.makes_copy() {
            self.raw("target", &name(device(&checked.plan, backup.target)));
        }
        self.raw("mode", &name(backup.mode));
        self.raw("label_commit", &name(backup.label_commit));
        let form = listed(HIDDEN_FORMATS, &backup.hidden_format);
        self.raw("hidden_format", &form.expect("every form is listed"));
        self.raw("on_dump_failure", &name(backup.on_dump_failure));
        self.raw("dump_retries", &backup.dump_retries.to_string());
        self.raw("delete_target", &name(backup.delete_target));
        self.switches(backup, checked);
    }

    fn switches(&mut self, backup: &BackupPlan, checked: &Checked) {
        self.raw("reintroduce", &name(backup.reintroduce));
        self.raw("reintroduce_scope", &name(backup.reintroduce_scope));
        self.raw("target_id", &name(backup.target_id_rule));
        if backup.target_id_rule == TargetId::Operator {
            self.raw("target_volser", &name(backup.shown_id));
        }
        self.raw("label_residency", &name(backup.label_residency));
        self.raw("clear_hidden_on", &name(backup.clear_hidden_on));
        self.raw("hidden_missing", &name(backup.hidden_missing));
        self.raw("fence_target", &name(backup.fence_target));
        self.raw("cow", &name(backup.cow));
        self.raw("withdraw_after", &name(backup.withdraw_after));
        self.raw("drain_before_withdraw", &backup.drain_before_withdraw.to_string());
        self.raw("relabel_after_withdraw", &backup.relabel_after_withdraw.to_string());
        self.raw("auto_vary", &backup.auto_vary.to_string());
        self.raw("job_journal", &name(backup.job_journal));
        self.raw("duplicate_stimulus", &name(backup.duplicate_stimulus));
        self.raw("cascade", &name(backup.cascade));
        self.raw("copy_back", &name(backup.copy_back));
        self.raw("fast_replication", &name(backup.fast_replication));
        self.raw("extent_scope", &name(backup.extent_scope));
        self.raw("medium", &name(backup.medium));
        self.raw("dasd_backup_online", &name(backup.dasd_backup_online));
        self.raw("readback", &name(backup.readback));
        self.raw("scratch_policy", &name(backup.scratch_policy));
        self.raw("generations", &backup.generations.to_string());
        self.raw("retention", &duration(backup.retention));
        self.raw("restart", &name(backup.restart));
        self.raw("on_write_error", &name(backup.on_write_error));
        if let Some(onto) = backup.backup_device {
            self.raw("backup_device", &name(device(&checked.plan, onto)));
        }
    }

    fn restore(&mut self, restore: &RestorePlan, checked: &Checked) {
        self.heading("[[restore]]");
        self.raw("volume", &name(restore.volume));
        self.raw("to", &name(device(&checked.plan, restore.to)));
        self.extents(&restore.extents);
        if let Some(at) = restore.at {
            self.raw("at", &duration(Span::from_ns(at.ns())));
        }
        self.raw("restore_label", &name(restore.restore_label));
        self.raw("restore_if_online", &name(restore.restore_if_online));
        self.raw("old_device", &name(restore.old_device));
        self.raw("verify_volser", &restore.verify_volser.to_string());
        if let Some(verify) = restore.verify {
            self.raw("verify", &name(verify));
        }
        self.raw("relabel", &name(restore.relabel));
        self.raw("by", if restore.by_operator { "\"operator\"" } else { "\"internal\"" });
    }

    /// `[rates]` and `[human]` in full, also when nothing is left to chance: then they say so.
    fn chance(&mut self, checked: &Checked) {
        let mean = |wanted: crate::fault::plan::FaultKind| {
            let of_table = |rate: &&FaultRate| matches!(rate.clock, ClockName::Table(_)) && rate.fault.kind() == wanted;
            let rate = checked.plan.rates.iter().find(of_table);
            rate.map_or_else(|| "\"never\"".to_owned(), |rate| duration(rate.gap.mean()))
        };
        self.heading("[rates]");
        self.raw("host_outage", &mean(crate::fault::plan::FaultKind::HostCrash));
        self.raw("controller_loss", &mean(crate::fault::plan::FaultKind::ControllerCrash));
        self.raw("power_loss", &mean(crate::fault::plan::FaultKind::PowerLoss));
        self.heading("[human]");
        let operator = &checked.plan.operator;
        self.raw("wrong_ipl_reply", &share(operator.duplicate_answer.wrong_ppm()));
        self.raw("omit_step", &share(operator.slips.omit_step));
        self.raw("wrong_item", &share(operator.slips.wrong_item));
        self.raw("volser_typo", &share(operator.slips.volser_typo));
        self.raw("miss_status", &share(operator.slips.miss_status));
        self.raw("stress_error", &share(operator.slips.stress_error));
        self.raw("mapping_loss", &share(operator.slips.mapping_loss));
        self.raw("discover_wrong_id", &duration(operator.discover_median));
        self.raw("second_check", &operator.slips.second_check.to_string());
    }

    fn hardware(&mut self, checked: &Checked) {
        let mut current = "";
        for (table, key, value) in checked.hardware.lines() {
            if table != current {
                self.heading(&format!("[{table}]"));
                if table == "tape" && !checked.notes.cartridges_named {
                    self.raw("scratch", &checked.plan.host.cartridges.len().to_string());
                }
                current = table;
            }
            self.raw(key, &value);
        }
        if checked.notes.cartridges_named {
            for (cartridge, &state) in checked.plan.host.cartridges.iter().zip(&checked.plan.cartridges) {
                self.heading("[[cartridge]]");
                self.raw("id", &name(cartridge));
                self.raw("state", &name(state));
            }
        }
    }

    fn bounds(&mut self, checked: &Checked) {
        let limits = checked.plan.limits;
        self.heading("[limits]");
        self.raw("rto", &duration(limits.rto));
        self.raw("rpo", &duration(limits.rpo));
        self.raw("orphan_grace", &duration(limits.orphan_grace));
        self.raw("job_time", &duration(limits.job_time));
        self.raw("io_bound", &duration(limits.io_bound));
    }

    fn expectation(&mut self, checked: &Checked) {
        let expect = &checked.plan.expect;
        let required: Vec<&str> = expect.required.iter().map(|invariant| invariant.name()).collect();
        writeln!(self.text, "\n# required invariants: {}", required.join(", ")).expect("a string takes any text");
        let Some(note) = &checked.notes.expectation else { return };
        self.text.push_str("[expect]\n");
        self.raw("violates", &names::<Invariant>(&expect.violates));
        self.raw("goals", &names(&expect.goals));
        self.raw("requires", &names(&note.requires));
        self.raw("optional", &names(&note.optional));
        if let Some(verdict) = expect.verdict {
            self.raw("verdict", &name(verdict));
        }
    }
}

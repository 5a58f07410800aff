//! From the raw scenario to the plan: what the values mean together, and everything that is wrong with them.

mod commands;
mod ending;
mod extents;
mod fault_kinds;
mod faults;
mod groups;
mod images;
mod jobs;
mod literal;
mod outages;
mod stimuli;
mod volumes;
mod workloads;

use crate::controller::dasd::{Architecture, DasdParameters};
use crate::device::profiles::{self, Profile};
use crate::host::{AnswerRule, OperatorParameters, SlipRates};
use crate::manager::plan::{Allocation, Allocations, HostParameters, ImagePlan};
use crate::vocab::{Device, DeviceNumber, VolumeId};

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Place, suggestion};
use super::hardware::Hardware;
use super::hazards::{self, Hazard};
use super::plan::Plan;
use super::raw::RawScenario;
use super::shape::{Given, Share};
use super::source::{Files, InputFile};

pub use ending::ExpectationNote;
pub use extents::Dataset;
pub use fault_kinds::keys_of;
pub use images::DEFAULT_IMAGE;
pub use literal::{LiteralRequest, MOST_REQUESTS};
pub use volumes::{MODELS, Volume, model_of};
pub use workloads::WorkloadNote;

/// A scenario that was found valid, with what the plan does not keep but the resolved text shows.
#[derive(Clone, Debug)]
pub struct Checked {
    pub plan: Plan,
    pub hardware: Hardware,
    pub notes: Notes,
    pub inputs: Vec<InputFile>,
}

#[derive(Clone, Debug)]
pub struct Notes {
    pub profile: &'static str,
    pub hazards: Vec<String>,
    pub dasd_name: String,
    pub architecture: Architecture,
    pub workloads: Vec<WorkloadNote>,
    pub datasets: Vec<Dataset>,
    /// The name of the consistency group of each backup.
    pub groups: Vec<Option<String>>,
    /// The scenario lists its cartridges by name.
    pub cartridges_named: bool,
    pub expectation: Option<ExpectationNote>,
}

/// What the checks of all parts share.
struct Context<'a> {
    raw: &'a RawScenario,
    hardware: &'a Hardware,
    files: &'a dyn Files,
    problems: &'a mut Vec<Diagnostic>,
    volumes: Vec<Volume>,
    images: Vec<ImagePlan>,
    datasets: Vec<Dataset>,
    /// What the directories of volumes say that are backed up by them.
    allocations: Vec<Allocation>,
    /// False when a volume could not be read: then an unknown name may be its name, and is not reported.
    volumes_complete: bool,
    architecture: Architecture,
    inputs: Vec<InputFile>,
}

/// Checks everything; the result counts only when `problems` holds no error afterwards.
pub fn check(raw: &RawScenario, stem: &str, files: &dyn Files, problems: &mut Vec<Diagnostic>) -> Checked {
    let profile = choose_profile(raw, problems);
    let hardware = Hardware::read(profile, raw, problems);
    let mut context = Context {
        raw,
        hardware: &hardware,
        files,
        problems,
        volumes: Vec::new(),
        images: Vec::new(),
        datasets: Vec::new(),
        allocations: Vec::new(),
        volumes_complete: true,
        architecture: architecture(raw, profile),
        inputs: Vec::new(),
    };
    let name = context.name(stem);
    let hazards = context.hazards();
    let dasd_name = context.controller();
    let architecture = context.architecture;
    context.volumes(profile);
    context.images();
    context.datasets();
    let (workloads, workload_notes) = context.workloads();
    let mut backups = context.backups();
    let mut restores = context.restores(&backups);
    let commands = context.commands(&mut backups, &mut restores);
    let mutant = raw.mutant.as_ref().and_then(|entry| entry.value.name.as_ref()).map(|name| name.value);
    backups.iter_mut().for_each(|backup| backup.mutant = mutant);
    let (faults, of_entries) = context.faults(&backups);
    let rates = [context.rates(), of_entries].concat();
    let cartridges = context.cartridges(&backups);
    let contents = context.cartridge_states(cartridges.len());
    let ending = context.ending();
    let volumes = context.volume_parameters(&workloads, &backups, &restores);
    let dasd = DasdParameters { mutant, ..hardware.dasd(context.architecture, volumes) };
    context.array_holds_volumes(&dasd);
    let tape = hardware.tape();
    let host_times = context.host(cartridges);
    let operator = context.operator();
    let limits = context.limits((&dasd, &tape, &host_times, &operator), &backups, &restores);
    let allocations = Allocations(std::mem::take(&mut context.allocations));
    let host = HostParameters { orphan_grace: limits.orphan_grace, allocations, mutant, ..host_times };
    let (expect, expectation) = context.expectation(architecture, &workloads, &backups, &restores);
    let notes = Notes {
        profile: profile.name,
        hazards,
        dasd_name,
        architecture,
        workloads: workload_notes,
        datasets: std::mem::take(&mut context.datasets),
        groups: list(&raw.backup).iter().map(|entry| Some(entry.value.group.as_ref()?.value.clone())).collect(),
        cartridges_named: raw.cartridge.is_some(),
        expectation,
    };
    let (inputs, images) = (context.inputs, context.images);
    let plan = Plan {
        title: raw.title.as_ref().map_or_else(|| name.clone(), |title| title.value.clone()),
        name,
        seed: or(&raw.seed, 1),
        shuffle_ties: raw.shuffle_ties.as_ref().map(|seed| seed.value),
        dasd,
        tape,
        host,
        images,
        operator,
        workloads,
        backups,
        restores,
        commands,
        faults,
        rates,
        ending,
        limits,
        expect,
        check_mutant: raw.mutant.as_ref().and_then(|entry| entry.value.check.as_ref()).map(|name| name.value),
        cartridges: contents,
    };
    Checked { plan, hardware, notes, inputs }
}

/// The given value, or the default.
fn or<T: Copy>(given: &Option<Given<T>>, default: T) -> T {
    given.as_ref().map_or(default, |given| given.value)
}

/// The entries of a list of tables.
pub fn list<T>(given: &Option<Given<Vec<Given<T>>>>) -> &[Given<T>] {
    given.as_ref().map_or(&[], |given| &given.value)
}

/// The controller's own, or that of the profile.
fn architecture(raw: &RawScenario, profile: &Profile) -> Architecture {
    let given = list(&raw.dasd).first().and_then(|dasd| dasd.value.architecture.as_ref());
    let name = profile.entry("dasd.architecture").expect("a profile has an architecture").value;
    given.map_or_else(|| Architecture::parse(name).expect("a profile names one of them"), |given| given.value)
}

fn choose_profile(raw: &RawScenario, problems: &mut Vec<Diagnostic>) -> &'static Profile {
    let Some(given) = &raw.profile else { return profiles::DEFAULT };
    Profile::find(&given.value).unwrap_or_else(|| {
        let known: Vec<&str> = profiles::ALL.iter().map(|profile| profile.name).collect();
        let later = ["modern-nearline-lto9"];
        let problem = if later.contains(&given.value.as_str()) {
            Diagnostic::error(Code::NotYet, format!("the profile `{}` is not supported yet", given.value))
                .at(&given.place, "not supported yet")
                .help(format!("supported: {}", known.join(", ")))
        } else {
            Diagnostic::error(Code::UnknownName, format!("`{}` is not a profile", given.value))
                .at(&given.place, "unknown: expected a profile")
                .help(suggestion(&given.value, &known, "profiles"))
        };
        problems.push(problem.path("profile"));
        profiles::DEFAULT
    })
}

impl Context<'_> {
    /// Names are parts of file names, so they hold nothing that a file name cannot.
    fn name(&mut self, stem: &str) -> String {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let Some(given) = &self.raw.name else {
            let mut name: String = stem.chars().map(|c| if legal(c) { c } else { '-' }).take(100).collect();
            if name.is_empty() || name.starts_with('.') {
                name.insert_str(0, "scenario");
            }
            return name;
        };
        let fits = (1..=100).contains(&given.value.len()) && given.value.chars().all(legal);
        if !fits || given.value.starts_with('.') {
            let problem = Diagnostic::error(Code::BadName, format!("`{}` cannot name a scenario", given.value))
                .at(&given.place, "expected 1 to 100 letters, digits, `-`, `_` or `.`")
                .path("name")
                .help("the name becomes part of file names; put free text into `title`");
            self.problems.push(problem);
        }
        given.value.clone()
    }

    fn hazards(&mut self) -> Vec<String> {
        let mut hazards = Vec::new();
        for given in list(&self.raw.hazards) {
            if Hazard::find(&given.value).is_none() {
                let near = hazards::all().find(|hazard| hazard.id.eq_ignore_ascii_case(&given.value));
                let near = near.map_or(String::new(), |hazard| format!("did you mean `{}`? ", hazard.id));
                let problem = Diagnostic::error(Code::UnknownName, format!("`{}` is not a hazard", given.value))
                    .at(&given.place, "unknown: expected a hazard")
                    .path(given.path.clone())
                    .help(format!(
                        "{near}hazards are named H1 to H80, and H26a to H26g; `tiersim explain H1` tells of one"
                    ));
                self.problems.push(problem);
            }
            hazards.push(given.value.clone());
        }
        hazards
    }

    /// The only DASD controller; its name, by which volumes may name it.
    fn controller(&mut self) -> String {
        let controllers = list(&self.raw.dasd);
        if let Some(second) = controllers.get(1) {
            let problem = Diagnostic::error(Code::NotYet, "several DASD controllers are not supported yet")
                .at(&second.place, "the second one")
                .path(second.path.clone())
                .help("give one `[[dasd]]`, or none: then there is one with the architecture of the profile");
            self.problems.push(problem.related(&controllers[0].place, "the first one"));
        }
        let name = controllers.first().and_then(|controller| controller.value.name.as_ref());
        name.map_or_else(|| "dasd".to_owned(), |name| name.value.clone())
    }

    /// The table switches slips on (empty: the defaults of HAZARDS 7); without it operators take time and do right.
    fn operator(&mut self) -> OperatorParameters {
        const WRONG_REPLY_PPM: u32 = 50_000;
        let plain = self.hardware.operator();
        let Some(given) = &self.raw.human else { return plain };
        let raw = &given.value;
        if let (Some(reply), Some(again)) = (&raw.wrong_reply, &raw.wrong_ipl_reply) {
            let problem = Diagnostic::error(Code::Exclusive, "`wrong_reply` and `wrong_ipl_reply` are one probability")
                .at(&again.place, "given again here")
                .related(&reply.place, "given here")
                .path(again.path.clone())
                .help("keep one of the two");
            self.problems.push(problem);
        }
        let reply = raw.wrong_ipl_reply.as_ref().or(raw.wrong_reply.as_ref());
        let defaults = SlipRates::default();
        let ppm = |share: &Option<Given<Share>>, default: u32| share.as_ref().map_or(default, |share| share.value.0);
        OperatorParameters {
            duplicate_answer: AnswerRule::from_ppm(reply.map_or(WRONG_REPLY_PPM, |share| share.value.0)),
            discover_median: or(&raw.discover_wrong_id, plain.discover_median),
            slips: SlipRates {
                omit_step: ppm(&raw.omit_step, defaults.omit_step),
                wrong_item: ppm(&raw.wrong_item, defaults.wrong_item),
                volser_typo: ppm(&raw.volser_typo, defaults.volser_typo),
                miss_status: ppm(&raw.miss_status, defaults.miss_status),
                stress_error: ppm(&raw.stress_error, defaults.stress_error),
                mapping_loss: ppm(&raw.mapping_loss, defaults.mapping_loss),
                second_check: or(&raw.second_check, defaults.second_check),
            },
            ..plain
        }
    }

    /// Reports the given keys that `kind` does not have.
    fn refuse_keys(&mut self, given: &[(&'static str, &Place)], legal: &[&str], kind: &str, path: &str) {
        for (key, place) in given {
            if !legal.contains(key) {
                let problem = Diagnostic::error(Code::KeyOfOtherKind, format!("`{key}` does not belong to {kind}"))
                    .at(place, format!("not a key of {kind}"))
                    .path(format!("{path}.{key}"))
                    .help(format!("{kind} has the keys: {}", legal.join(", ")));
                self.problems.push(problem);
            }
        }
    }

    fn missing(&mut self, key: &str, noun: &str, place: &Place, path: &str, example: &str) {
        let problem = Diagnostic::error(Code::MissingKey, format!("{noun} has no `{key}`"))
            .at(place, format!("`{key}` is missing here"))
            .path(path)
            .help(format!("add a line like `{key} = {example}`"));
        self.problems.push(problem);
    }

    /// Whether a list stays within the number that its numbering or memory allows.
    fn bound<T>(&mut self, given: &Option<Given<Vec<Given<T>>>>, most: usize, noun: &str) -> bool {
        let entries = list(given);
        if let Some(beyond) = entries.get(most) {
            let problem = Diagnostic::error(Code::TooMuch, format!("{} {noun}: too many", entries.len()))
                .at(&beyond.place, "the first beyond the limit")
                .path(beyond.path.clone())
                .help(format!("a scenario has at most {most} {noun}"));
            self.problems.push(problem);
        }
        entries.len() <= most
    }

    /// The volume with the ID that `given` names.
    fn volume_named(&mut self, given: &Given<VolumeId>) -> Option<(Device, Volume)> {
        let named: Vec<usize> = (0..self.volumes.len()).filter(|&at| self.volumes[at].id == given.value).collect();
        let online: Vec<usize> = named.iter().copied().filter(|&at| self.is_online_anywhere(at)).collect();
        let chosen = match (named.as_slice(), online.as_slice()) {
            (&[only], _) | (_, &[only]) => only,
            (&[], _) => {
                let ids: Vec<String> = self.volumes.iter().map(|volume| volume.id.to_string()).collect();
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                let problem = Diagnostic::error(Code::UnknownVolume, format!("no volume has the ID {}", given.value))
                    .at(&given.place, "unknown volume")
                    .path(given.path.clone())
                    .help(suggestion(&given.value.to_string(), &ids, "volumes"));
                self.problems.extend(self.volumes_complete.then_some(problem));
                return None;
            }
            _ => {
                let message = format!("several volumes have the ID {}, and not exactly one is online", given.value);
                let mut problem = Diagnostic::error(Code::AmbiguousVolume, message)
                    .at(&given.place, "which of them?")
                    .path(given.path.clone())
                    .help("set `online = false` on all but one");
                for &at in &named {
                    problem = problem.related(&self.volumes[at].id_place, "this one");
                }
                self.problems.push(problem);
                return None;
            }
        };
        Some((device_index(chosen), self.volumes[chosen].clone()))
    }

    /// The volume on the device that `given` names.
    fn volume_on(&mut self, given: &Given<DeviceNumber>) -> Option<(Device, Volume)> {
        let found = self.volumes.iter().position(|volume| volume.device == given.value);
        if let Some(at) = found {
            return Some((device_index(at), self.volumes[at].clone()));
        }
        let devices: Vec<String> = self.volumes.iter().map(|volume| volume.device.to_string()).collect();
        let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
        let problem = Diagnostic::error(Code::UnknownDevice, format!("no volume is on the device {}", given.value))
            .at(&given.place, "unknown device")
            .path(given.path.clone())
            .help(suggestion(&given.value.to_string(), &devices, "devices"));
        self.problems.extend(self.volumes_complete.then_some(problem));
        None
    }
}

fn device_index(at: usize) -> Device {
    // More volumes than the limit are an error already; the plan is then thrown away.
    Device(u16::try_from(at).unwrap_or(u16::MAX))
}

//! The faults of a scenario: what goes wrong, and at which boundary.

use crate::fault::plan::{Anchor, ClockName, Fault, FaultPlan, FaultRate, Gap, NvsFate, Occurrence, Side};
use crate::kernel::{Span, Time};
use crate::manager::plan::BackupPlan;
use crate::vocab::{Device, EventName, Image, StepName, TrackNo};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, nearest};
use super::super::raw::{RawFault, RawWhen};
use super::super::shape::{Given, MeanBetween, out_of_range};
use super::outages::Outage;
use super::{Context, fault_kinds, list, or};

const MOST_FAULTS: usize = 10_000;
/// Defaults of HAZARDS 5 (A).
pub(super) const OUTAGE: Span = Span::from_secs(60);
/// Means of MODEL 5.3 (A): a host every 5,000 h, both clusters every 300,000 h. It names none for the power of a site.
const HOST_OUTAGE: Option<Span> = Some(Span::from_secs(5_000 * 3_600));
const CONTROLLER_LOSS: Option<Span> = Some(Span::from_secs(300_000 * 3_600));
const POWER_LOSS: Option<Span> = None;

/// When a fault happens.
enum Moments {
    Anchored(Anchor),
    Random(Gap),
    Recorded(Vec<Outage>),
}

/// A fault with its moments.
enum Occurrences {
    At(FaultPlan),
    Random(Fault, Gap),
    Recorded(Vec<FaultPlan>),
}

impl Context<'_> {
    /// The faults with moments, and the clocks of those that come at random.
    pub(super) fn faults(&mut self, backups: &[BackupPlan]) -> (Vec<FaultPlan>, Vec<FaultRate>) {
        let (mut faults, mut rates) = (Vec::new(), Vec::new());
        if !self.bound(&self.raw.fault, MOST_FAULTS, "faults") {
            return (faults, rates);
        }
        for entry in list(&self.raw.fault) {
            match self.fault(entry, backups) {
                Some(Occurrences::At(fault)) => faults.push(fault),
                Some(Occurrences::Recorded(recorded)) => faults.extend(recorded),
                Some(Occurrences::Random(fault, gap)) => {
                    let of_kind = |rate: &&FaultRate| rate.fault.kind() == fault.kind();
                    let place = rates.iter().filter(of_kind).count();
                    let clock = ClockName::Entry(u16::try_from(place).expect("a scenario has fewer faults"));
                    rates.push(FaultRate { fault, gap, clock });
                }
                None => {}
            }
        }
        if faults.len() > MOST_FAULTS {
            let problem = Diagnostic::error(Code::TooMuch, format!("{} faults: too many", faults.len()))
                .path("fault")
                .help(format!("a scenario has at most {MOST_FAULTS} faults, those of recorded lists included"));
            self.problems.push(problem);
        }
        (faults, rates)
    }

    fn fault(&mut self, entry: &Given<RawFault>, backups: &[BackupPlan]) -> Option<Occurrences> {
        let raw = &entry.value;
        self.need(&raw.kind, "kind", "a fault", entry, "\"power-loss\"");
        let moments = self.moments(entry);
        let kind = raw.kind.as_ref()?.value;
        let legal: Vec<&str> =
            ["kind", "when", "silence", "rate", "trace"].iter().chain(fault_kinds::keys_of(kind)).copied().collect();
        self.refuse_keys(&raw.given(), &legal, &format!("a fault of kind \"{kind}\""), &entry.path);
        let fault = self.fault_of(kind, entry, backups)?;
        let silence = or(&raw.silence, false);
        Some(match moments? {
            Moments::Anchored(anchor) => Occurrences::At(FaultPlan { fault, anchor, silence }),
            Moments::Random(gap) => Occurrences::Random(fault, gap),
            Moments::Recorded(list) => Occurrences::Recorded(self.recorded(entry, fault, &list)?),
        })
    }

    /// When a fault happens: once, at random, or as often as a list of outages says.
    fn moments(&mut self, entry: &Given<RawFault>) -> Option<Moments> {
        let raw = &entry.value;
        let given: Vec<_> =
            raw.given().into_iter().filter(|(key, _)| ["when", "rate", "trace"].contains(key)).collect();
        if let [(_, first), (_, second), ..] = given[..] {
            let problem = Diagnostic::error(Code::NoAnchor, "a fault says twice when it happens")
                .at(second, "and again here")
                .related(first, "it is said here")
                .path(entry.path.clone())
                .help("keep one of `when`, `rate` and `trace`");
            self.problems.push(problem);
            return None;
        }
        if let (Some(silence), false) = (&raw.silence, raw.when.is_some() || given.is_empty()) {
            let problem = Diagnostic::error(Code::KeyOfOtherKind, "`silence` belongs to a fault that acts once")
                .at(&silence.place, "this one acts again and again")
                .path(silence.path.clone())
                .help("leave it out, or give the fault a `when`");
            self.problems.push(problem);
        }
        match (&raw.when, &raw.rate, &raw.trace) {
            (Some(when), ..) => self.anchor(when).map(Moments::Anchored),
            (_, Some(rate), _) => self.gap(rate).map(Moments::Random),
            (.., Some(trace)) => self.outages(trace).map(Moments::Recorded),
            (None, None, None) => {
                let wrong = ["rate", "trace"].iter().any(|key| self.has_problem_at(&format!("{}.{key}", entry.path)));
                if !wrong {
                    self.need(&raw.when, "when", "a fault", entry, "{ after = \"relationship-committed\" }");
                }
                None
            }
        }
    }

    fn anchor(&mut self, entry: &Given<RawWhen>) -> Option<Anchor> {
        let raw = &entry.value;
        let given = raw.given();
        let anchors: Vec<_> =
            given.iter().filter(|(key, _)| ["at", "event", "after", "before"].contains(key)).collect();
        let help = "give one of `at = \"12.5 s\"`, `event = 100`, `after = \"EVENT\"` and `before = \"EVENT\"`";
        if anchors.len() > 1 {
            let problem = Diagnostic::error(Code::NoAnchor, "a fault says twice when it happens")
                .at(anchors[1].1, "and again here")
                .related(anchors[0].1, "it is said here")
                .path(entry.path.clone())
                .help(help);
            self.problems.push(problem);
            return None;
        }
        match (&raw.at, &raw.event, &raw.after, &raw.before) {
            (Some(at), ..) => {
                self.refuse_keys(&given, &["at"], "an instant", &entry.path);
                Some(Anchor::At(Time::ZERO + at.value))
            }
            (_, Some(event), ..) => {
                self.refuse_keys(&given, &["event"], "a number of events", &entry.path);
                Some(Anchor::Boundary(event.value))
            }
            (_, _, Some(name), _) => self.around(raw, Side::After, name, &entry.path),
            (_, _, _, Some(name)) => self.around(raw, Side::Before, name, &entry.path),
            _ => {
                let wrong = ["at", "event", "after", "before"]
                    .iter()
                    .any(|key| self.has_problem_at(&format!("{}.{key}", entry.path)));
                if !wrong {
                    let problem = Diagnostic::error(Code::NoAnchor, "a fault does not say when it happens")
                        .at(&entry.place, "no instant and no event")
                        .path(entry.path.clone())
                        .help(help);
                    self.problems.push(problem);
                }
                None
            }
        }
    }

    fn around(&mut self, raw: &RawWhen, side: Side, name: &Given<String>, path: &str) -> Option<Anchor> {
        let nth = self.within(&raw.nth, 1, 1, u64::MAX)?;
        if let (Side::Before, Some(delay)) = (side, &raw.delay) {
            let problem = Diagnostic::error(Code::KeyOfOtherKind, "`delay` does not belong to `before`")
                .at(&delay.place, "a fault cannot be late and before the event")
                .path(delay.path.clone())
                .help("use `after` with a delay, or `at`");
            self.problems.push(problem);
        }
        let occurrence = if let Some(event) = EventName::parse(&name.value) {
            let device = self.anchored_device(raw)?;
            let track = match &raw.track {
                None => None,
                Some(given) => Some(TrackNo(u32::try_from(given.value).ok().or_else(|| {
                    self.problems.push(out_of_range(&given.place, &given.path, "a track of the volume"));
                    None
                })?)),
            };
            Occurrence::Event { name: event, device, track }
        } else if let Some(step) = StepName::parse(&name.value) {
            let given = raw.given();
            let legal = ["after", "before", "nth", "delay"];
            self.refuse_keys(&given, &legal, "a step of a method", path);
            Occurrence::Step(step)
        } else {
            self.unknown_anchor(name);
            return None;
        };
        Some(Anchor::Around { side, occurrence, nth, delay: or(&raw.delay, Span::ZERO) })
    }

    /// Nothing when every device counts; `None` outside when the device is wrong.
    fn anchored_device(&mut self, raw: &RawWhen) -> Option<Option<Device>> {
        match (&raw.device, &raw.volume) {
            (None, None) => Some(None),
            (Some(device), None) => self.volume_on(device).map(|(device, _)| Some(device)),
            (None, Some(volume)) => self.volume_named(volume).map(|(device, _)| Some(device)),
            (Some(device), Some(volume)) => {
                let problem = Diagnostic::error(Code::Exclusive, "a fault names a device twice")
                    .at(&volume.place, "and by its ID here")
                    .related(&device.place, "by its number here")
                    .path(volume.path.clone())
                    .help("keep one of the two");
                self.problems.push(problem);
                None
            }
        }
    }

    fn unknown_anchor(&mut self, name: &Given<String>) {
        let events = EventName::ALL.iter().map(|event| event.name());
        let known: Vec<&str> = events.chain(StepName::ALL.iter().map(|step| step.name())).collect();
        let near = nearest(&name.value, &known).map(|near| format!("did you mean `{near}`? "));
        let help =
            format!("{}`tiersim explain anchors` lists all {} events and steps", near.unwrap_or_default(), known.len());
        let problem = Diagnostic::error(Code::UnknownAnchor, format!("no event or step is called `{}`", name.value))
            .at(&name.place, "unknown event or step")
            .path(name.path.clone())
            .help(help);
        self.problems.push(problem);
    }

    /// Random faults; without the table there are none. Each further image has a clock of its own, behind the others.
    pub(super) fn rates(&mut self) -> Vec<FaultRate> {
        let Some(given) = &self.raw.rates else { return Vec::new() };
        let raw = &given.value;
        let mean = |given: &Option<Given<MeanBetween>>, default: Option<Span>| {
            given.as_ref().map_or(default, |given| given.value.0)
        };
        let host_crash = |image| Fault::HostCrash { image, outage: OUTAGE };
        let further = (1..self.images.len() as u8).map(Image);
        let clocks = [
            (host_crash(Image::FIRST), mean(&raw.host_outage, HOST_OUTAGE)),
            (
                Fault::ControllerCrash { nvs: NvsFate::Kept, outage: OUTAGE },
                mean(&raw.controller_loss, CONTROLLER_LOSS),
            ),
            (Fault::PowerLoss { duration: OUTAGE }, mean(&raw.power_loss, POWER_LOSS)),
        ];
        let clock = |(fault, mean): (Fault, Option<Span>)| Some((fault, Gap::Exponential { mean: mean? }));
        let further = further.map(|image| (host_crash(image), mean(&raw.host_outage, HOST_OUTAGE)));
        let clocks = clocks.into_iter().chain(further).filter_map(clock);
        (0..)
            .zip(clocks)
            .map(|(place, (fault, gap))| FaultRate { fault, gap, clock: ClockName::Table(place) })
            .collect()
    }
}

//! Several host images see the same devices: what one does, the others do not hear of.

use tiersim::campaign::{Trial, Verdict};
use tiersim::check::{CheckReport, Checks, Seen, Setup};
use tiersim::fault::plan::{Fault, NvsFate};
use tiersim::kernel::{Span, Time};
use tiersim::manager::{ConsoleCommand, ManagerFact};
use tiersim::scenario::examples::Example;
use tiersim::scenario::{Overrides, Paint, Plan, Source, load};
use tiersim::vocab::{Device, Image, Invariant, VolumeId};
use tiersim::world::Fact;

const SYSA: Image = Image(0);
const SYSB: Image = Image(1);
const PROD01: Device = Device(0);
const SPARE1: Device = Device(1);
const SPARE2: Device = Device(2);

/// Two images with all devices online; an application on each uses PROD01.
const SCENARIO: &str = r#"
title = "Two images"
until = "30 min"
[[volume]]
id = "PROD01"
device = "0A00"
cylinders = 2
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 2
[[volume]]
id = "SPARE2"
device = "0A20"
cylinders = 2
[[image]]
name = "SYSA"
[[image]]
name = "SYSB"
[[workload]]
volume = "PROD01"
image = "SYSA"
rate = "5 /s"
read = "50 %"
[[workload]]
volume = "PROD01"
image = "SYSB"
rate = "5 /s"
read = "50 %"
[host]
ipl_median = "60 s"
"#;

fn plan(changes: &[&str]) -> Plan {
    let source = Source::Embedded { name: "images.toml".into(), text: SCENARIO.into(), files: &[] };
    let set = changes.iter().map(|&change| change.to_owned()).collect();
    match load(&source, &Overrides { set, ..Overrides::default() }) {
        Ok(loaded) => loaded.plan,
        Err(problems) => panic!("{}", problems.render(Paint::Plain)),
    }
}

/// A run under observation, with the facts of the images.
struct Observed {
    trial: Trial,
    checks: Checks,
    facts: Vec<(Time, Image, ManagerFact)>,
}

impl Observed {
    fn new(changes: &[&str]) -> Observed {
        let plan = plan(changes);
        let checks = Checks::new(Setup::of(&plan, |device| u64::from(device.0)));
        Observed { trial: Trial::new(&plan).expect("the plan is a system"), checks, facts: Vec::new() }
    }

    fn note(&mut self, crash: bool) {
        let run = &self.trial.run;
        let seen = Seen { world: &run.model, now: run.now(), quiet: false };
        for fact in run.model.facts() {
            if let &Fact::Manager(image, fact) = fact {
                self.facts.push((run.now(), image, fact));
            }
        }
        if crash {
            self.checks.crashed(&seen, run.steps, run.model.facts());
        } else {
            self.checks.observe(&seen, run.steps, run.model.facts());
        }
    }

    fn until(&mut self, seconds: u64) -> &mut Observed {
        let end = Time::ZERO + Span::from_secs(seconds);
        while self.trial.run.peek().is_some_and(|next| next.time <= end) && self.trial.advance().is_some() {
            self.note(false);
        }
        self
    }

    fn strike(&mut self, fault: Fault) -> &mut Observed {
        self.trial.inject(fault);
        self.note(fault.is_crash());
        self
    }

    fn console(&mut self, image: Image, command: ConsoleCommand) -> &mut Observed {
        let taken = self
            .trial
            .run
            .inject("command", |world, queue, fingerprint| world.type_command(image, command, queue, fingerprint));
        assert!(taken, "the image is up");
        self
    }

    fn online(&self, image: Image, device: Device) -> Option<String> {
        let ucb = self.trial.run.model.image(image).ucbs()[usize::from(device.0)];
        ucb.online.map(|id| id.to_string())
    }

    fn said(&self, image: Image, wanted: impl Fn(ManagerFact) -> bool) -> usize {
        self.facts.iter().filter(|&&(_, from, fact)| from == image && wanted(fact)).count()
    }

    fn reads(&self, image: Image, after: u64) -> usize {
        let after = Time::ZERO + Span::from_secs(after);
        let read = |fact| matches!(fact, ManagerFact::ReadDone { .. });
        self.facts.iter().filter(|&&(at, from, fact)| from == image && at > after && read(fact)).count()
    }

    fn violated(&self) -> Vec<Invariant> {
        let failed = |report: &CheckReport| report.verdict == Verdict::Fail;
        self.checks.report().into_iter().filter(failed).map(|report| report.invariant).collect()
    }
}

fn relabelled(device: Device, volser: &str) -> Fault {
    let volser = VolumeId::parse(volser).expect("a legal ID");
    Fault::LabelRewrite { device, volser, keep_reserved: false }
}

#[test]
fn a_crash_of_one_image_is_none_of_the_other() {
    for (down, up) in [(SYSA, SYSB), (SYSB, SYSA)] {
        let mut run = Observed::new(&[]);
        run.until(20).strike(Fault::HostCrash { image: down, outage: Span::from_secs(60) });
        assert_eq!((run.online(down, PROD01), run.online(up, PROD01)), (None, Some("PROD01".into())));
        run.until(70);
        assert_eq!(run.reads(down, 20), 0);
        assert!(run.reads(up, 20) > 50);
        run.until(1_500);
        assert_eq!(run.online(down, PROD01), Some("PROD01".into()));
        assert!(run.reads(down, 20) > 50, "the application is back after the IPL");
        assert_eq!(run.said(down, |fact| fact == ManagerFact::IplDone), 1);
        assert_eq!(run.said(up, |fact| fact == ManagerFact::IplDone), 0);
        // Journal and sweep are the business of the image with the storage manager.
        let recoveries = usize::from(down == SYSA);
        assert_eq!(run.said(down, |fact| fact == ManagerFact::RecoveryDone), recoveries);
        assert_eq!(run.violated(), []);
    }
}

#[test]
fn a_vary_acts_on_one_image() {
    let mut run = Observed::new(&[]);
    run.until(5).console(SYSB, ConsoleCommand::VaryOffline { device: SPARE1 }).until(30);
    assert_eq!((run.online(SYSA, SPARE1), run.online(SYSB, SPARE1)), (Some("SPARE1".into()), None));
    run.console(SYSB, ConsoleCommand::VaryOnline { device: SPARE1 }).until(60);
    assert_eq!(run.online(SYSB, SPARE1), Some("SPARE1".into()));
    assert_eq!(run.said(SYSA, |fact| matches!(fact, ManagerFact::VaryOnlineDone { .. })), 0);
    assert_eq!(run.violated(), []);
}

#[test]
fn a_vary_offline_waits_until_the_application_lets_go() {
    let mut run = Observed::new(&[]);
    let offline = |fact| matches!(fact, ManagerFact::VaryOfflineDone { .. });
    run.until(5).console(SYSB, ConsoleCommand::VaryOffline { device: PROD01 }).until(60);
    assert_eq!((run.said(SYSB, offline), run.online(SYSB, PROD01)), (0, Some("PROD01".into())));
    assert!(run.reads(SYSB, 10) > 50, "who has it open goes on");
    // Requests end in error when the controller goes away; the application asks again, and is not served.
    run.strike(Fault::ControllerCrash { nvs: NvsFate::Kept, outage: Span::from_secs(60) }).until(1_500);
    assert_eq!((run.said(SYSB, offline), run.online(SYSB, PROD01)), (1, None));
    assert_eq!(run.reads(SYSB, 61), 0);
    assert!(run.reads(SYSA, 300) > 50);
}

#[test]
fn a_label_without_an_id_or_with_one_that_is_online_is_refused() {
    let mut run = Observed::new(&["image[0].online=[\"0A00\"]"]);
    let refused = |fact| matches!(fact, ManagerFact::VaryOnlineRefused { .. });
    run.until(5).strike(relabelled(SPARE1, "PROD01")).until(10);
    run.console(SYSA, ConsoleCommand::VaryOnline { device: SPARE1 }).until(30);
    assert_eq!((run.said(SYSA, refused), run.online(SYSA, SPARE1)), (1, None));
    run.console(SYSA, ConsoleCommand::VaryOnline { device: SPARE2 }).until(60);
    assert_eq!((run.said(SYSA, refused), run.online(SYSA, SPARE2)), (1, Some("SPARE2".into())));
    // The other image had it online before: it goes on under the old ID.
    assert_eq!(run.online(SYSB, SPARE1), Some("SPARE1".into()));
    assert_eq!(run.violated(), [Invariant::UniqueOnlineId, Invariant::UniqueIplId, Invariant::CachedIdCoherent]);
}

#[test]
fn a_mount_reads_the_label_again() {
    let mut run = Observed::new(&[]);
    run.until(5).strike(relabelled(SPARE2, "OTHER1")).until(10);
    assert_eq!(run.online(SYSA, SPARE2), Some("SPARE2".into()));
    assert_eq!(run.violated(), [Invariant::CachedIdCoherent]);
    run.console(SYSA, ConsoleCommand::Mount { device: SPARE2 }).until(30);
    assert_eq!(run.online(SYSA, SPARE2), Some("OTHER1".into()));
    assert_eq!(run.online(SYSB, SPARE2), Some("SPARE2".into()));
    assert_eq!(run.said(SYSA, |fact| matches!(fact, ManagerFact::MountCommandDone { .. })), 1);
    // With an ID that is online elsewhere the device cannot stay online.
    run.strike(relabelled(SPARE2, "PROD01")).until(35);
    run.console(SYSA, ConsoleCommand::Mount { device: SPARE2 }).until(60);
    assert_eq!(run.online(SYSA, SPARE2), None);
}

/// A command is one of the things that a crash of its image takes, and a loss of the controller lets fail.
#[test]
fn a_command_is_lost_with_its_image_and_fails_with_the_controller() {
    let requested = |fact| matches!(fact, ManagerFact::VaryOnlineRequested { .. });
    let ended = |fact| matches!(fact, ManagerFact::VaryOnlineDone { .. } | ManagerFact::VaryOnlineRefused { .. });
    let mut run = Observed::new(&["image[1].online=[\"0A00\"]", "image[1].online_at_ipl=[\"0A00\"]"]);
    run.until(5).console(SYSB, ConsoleCommand::VaryOnline { device: SPARE1 });
    run.strike(Fault::HostCrash { image: SYSB, outage: Span::from_secs(60) }).until(1_000);
    assert_eq!((run.said(SYSB, requested), run.said(SYSB, ended)), (0, 0), "nobody had read it yet");
    run.console(SYSB, ConsoleCommand::VaryOnline { device: SPARE1 });
    run.strike(Fault::ControllerCrash { nvs: NvsFate::Kept, outage: Span::from_secs(60) }).until(1_010);
    assert_eq!((run.said(SYSB, requested), run.said(SYSB, ended)), (1, 1));
    assert_eq!(run.online(SYSB, SPARE1), None);
}

/// What stands in the commands of the scenario, in a run of it.
fn typed(plan: &Plan) -> Vec<(Image, ManagerFact)> {
    let mut facts = Vec::new();
    let mut trial = Trial::new(plan).expect("a checked scenario can be built");
    trial.finish(|trial, _| {
        facts.extend(trial.run.model.facts().iter().filter_map(|&fact| match fact {
            Fact::Manager(image, fact) => Some((image, fact)),
            _ => None,
        }));
    });
    facts
}

#[test]
fn a_command_is_typed_at_the_console_of_the_image_that_it_names() {
    let command = |line: &str, image: &str| format!("[[command]]\nat = \"5 s\"\nline = \"{line}\"\n{image}");
    let text = format!("{SCENARIO}{}", command("VARY 0A20 OFFLINE", "image = \"SYSB\"\n"));
    let text = text + &command("VARY 0A10 OFFLINE", "");
    let found = match load(&Source::Embedded { name: "images.toml".into(), text, files: &[] }, &Overrides::default()) {
        Ok(loaded) => loaded,
        Err(problems) => panic!("{}", problems.render(Paint::Plain)),
    };
    assert!(found.resolved.contains("line = \"VARY 0A20 OFFLINE\"\nimage = \"SYSB\"\n"), "{}", found.resolved);
    let mut offline: Vec<(Image, Device)> = typed(&found.plan)
        .into_iter()
        .filter_map(|(image, fact)| match fact {
            ManagerFact::VaryOfflineDone { device } => Some((image, device)),
            _ => None,
        })
        .collect();
    offline.sort_unstable();
    assert_eq!(offline, [(SYSA, SPARE1), (SYSB, SPARE2)]);
}

/// The cure of H8: who looks again writes to the volume of the old name no more.
#[test]
fn a_mount_at_each_console_ends_the_use_of_the_old_id() {
    let example = Example::find("label-rewrite-remounted").expect("it is shipped");
    let plan = load(&example.source(), &Overrides::default()).map(|loaded| loaded.plan).expect("it is valid");
    let facts = typed(&plan);
    let mounted = facts.iter().rposition(|(image, fact)| {
        *image == SYSB
            && matches!(fact, ManagerFact::MountCommandDone { device: SPARE2, volume } if volume.to_string() == "OTHER1")
    });
    let writes = |facts: &[(Image, ManagerFact)]| {
        facts.iter().filter(|(_, fact)| matches!(fact, ManagerFact::WriteIssued { device: SPARE2, .. })).count()
    };
    let (before, after) = facts.split_at(mounted.expect("the operator of SYSB has looked again"));
    assert!(writes(before) > 100, "it was in use");
    assert_eq!(writes(after), 0);
}

//! A host image with its storage manager (101, 114, 116, 118, 120 of the patent): it gives applications volumes by ID,
//! and runs backups, restores and its own restart as step-by-step jobs.
//!
//! Several images may see the same devices (MODEL 3.1). Each is a [`Manager`] of its own, with its own UCBs, processor,
//! I/O configuration and IPL; only the first has jobs, journal, inventory and a recovery behind its IPL. An image knows
//! nothing of the others: a VARY acts on one of them.
//!
//! What survives a host crash is the [`Catalog`]: journal, inventory, I/O configuration. Online states and cached volume
//! IDs (the UCBs), requests and jobs in memory are lost and rebuilt by the IPL.
//!
//! Deliberately absent: communication between images, migration between levels.

mod abend;
pub mod catalog;
mod cleanup;
pub mod command;
mod console;
mod dump;
mod dump_dasd;
mod dump_error;
mod dump_section;
pub mod fact;
mod group;
pub mod identity;
mod inventory_loss;
mod io;
mod manual;
pub mod method;
pub mod operator_step;
pub mod order;
pub mod plan;
mod quiesce;
mod readback;
mod reader;
pub mod refusal;
mod restart;
mod restore;
mod restore_tape;
mod retention;
mod session;
mod slow_copy;
mod steps;
pub mod stimulus;
mod sweep;
mod tape_mishap;
pub mod trigger;
mod ucb;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use console::ConsoleCommand;
pub use fact::{Job, ManagerFact, Outcome};
pub use refusal::{CommandEnd, Loss, Refusal};
pub use tape_mishap::Disorder;
pub use ucb::Ucb;

use self::catalog::{Catalog, JournalState};
use self::console::Allocation;
use self::group::GroupRun;
use self::io::{Pending, Place};
use self::operator_step::Task;
use self::order::{Giver, Order};
use self::plan::{BackupPlan, HostParameters, ImagePlan, Program, RestoreLabel, RestorePlan};
use self::restart::Restart;
use self::session::Session;
use self::stimulus::Stimulus;
use self::trigger::Trigger;
use crate::controller::dasd::{DasdCommand, DasdReply};
use crate::controller::tape::{TapeCommand, TapeReply, TapeResult};
use crate::kernel::{Class, Outbox, Span, Station, Stream, Time, Usage};
use crate::vocab::{Device, HostReply, HostRequest, Image, Mutant, StepName, Ticket, VolumeId};

/// What a host sends to the rest of the system.
#[derive(Clone, Debug, Hash)]
pub enum ManagerMessage {
    Dasd(DasdCommand),
    Tape(TapeCommand),
    Host(HostReply),
    /// Two devices bear one ID at IPL: which one stays online?
    Prompt {
        number: u64,
        first: Device,
        second: Device,
    },
    /// A step waits for an operator.
    Task(Task),
    /// The image takes requests again.
    HostUp,
}

pub type ManagerOutbox = Outbox<ManagerTimer, ManagerMessage, ManagerFact>;

/// A timer of the image; void after a host crash, which raises the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ManagerTimer {
    kind: ManagerTimerKind,
    generation: u16,
    slot: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ManagerTimerKind {
    /// The CPU is done with a request.
    Cpu,
    /// The wait of a session is over.
    Session,
    /// The clock of a `[[backup]]` or the instant of a `[[restore]]`.
    Stimulus,
    /// Nobody waits for a condition any more.
    WatchOver,
    RestoreDue,
    Restart,
    /// What jobs left behind is looked for.
    Sweep,
    /// A stimulus comes a second time.
    Repeat,
}

#[derive(Clone, Debug)]
pub struct Manager {
    image: Image,
    parameters: Arc<HostParameters>,
    backups: Arc<[BackupPlan]>,
    restores: Arc<[RestorePlan]>,
    /// Devices of which a condition counts the changes.
    watched: Arc<[bool]>,
    durable: Catalog,
    volatile: Volatile,
    generation: u16,
    vary_times: Stream,
    ipl_times: Stream,
    /// Random draws taken so far: they belong to the history of the site, not to the image's memory.
    varies: u64,
    ipls: u64,
    /// How far the clock of the image is ahead of time (behind, below zero): it dates the inventory.
    clock_ns: i64,
    sessions_begun: u32,
    prompts: u64,
    command_times: Stream,
    commands: u64,
    /// Steps that operators were asked for.
    tasks: Vec<(Job, StepName)>,
    /// The library's pool of scratch cartridges is empty until then.
    no_scratch_until: Time,
    /// Commands that could not be typed while the image was down.
    waiting_orders: Vec<(Order, Giver)>,
}

/// How often an unload is asked for again when the command in front of it failed.
const MOST_UNLOADS: u8 = 3;

#[derive(Clone, Debug)]
struct Volatile {
    condition: Condition,
    ucbs: Vec<Ucb>,
    cpu: Station<u32>,
    pending: Vec<Place>,
    free: Vec<u32>,
    /// Applications that wait for a volume ID to come online.
    opens: Vec<(Ticket, VolumeId)>,
    /// The volumes that applications have open.
    allocations: Vec<Allocation>,
    /// Writes that wait because their application is quiesced, in the order in which they came.
    held: Vec<u32>,
    sessions: BTreeMap<u32, Session>,
    /// The sessions of VARY OFFLINE that wait until nobody uses the device.
    releases: Vec<u32>,
    /// Consistency groups whose copies are being made, by the session of the first member.
    groups: BTreeMap<u32, GroupRun>,
    dasd_up: bool,
    /// Stimuli that came while the manager could not take them.
    overdue_backups: VecDeque<Stimulus>,
    overdue_restores: VecDeque<usize>,
    outstanding: u64,
    /// The entries of the scenario whose clock is set.
    clocks: Vec<bool>,
}

#[derive(Clone, Debug)]
enum Condition {
    Up,
    /// From the crash to the end of the manager's own recovery.
    Restarting(Restart),
}

impl Manager {
    /// An image that is up, with its devices online. Only the first image gets backups and restores.
    pub fn new(
        image: Image,
        plan: &ImagePlan,
        parameters: Arc<HostParameters>,
        backups: Arc<[BackupPlan]>,
        restores: Arc<[RestorePlan]>,
        run_seed: u64,
    ) -> Manager {
        let mut restores = restores;
        if parameters.lacks(Mutant::LabelBeforeTracks) {
            restores =
                restores.iter().map(|plan| RestorePlan { restore_label: RestoreLabel::First, ..*plan }).collect();
        }
        let name = format!("host {}", image.0);
        let catalog = Catalog::new(parameters.cartridges.len(), &backups, &restores, plan.online_at_ipl.clone());
        let devices = parameters.devices.iter().zip(&plan.online);
        let ucbs = devices.map(|(device, online)| Ucb { online: online.then_some(device.id) }).collect();
        let mut watched = vec![false; parameters.devices.len()];
        for plan in backups.iter().filter(|plan| matches!(plan.stimulus.trigger, Trigger::When { .. })) {
            watched[plan.source.0 as usize] = true;
        }
        Manager {
            image,
            volatile: Volatile::new(Condition::Up, ucbs, backups.len()),
            watched: watched.into(),
            durable: catalog,
            generation: 0,
            vary_times: Stream::new(run_seed, &name, "vary"),
            ipl_times: Stream::new(run_seed, &name, "ipl"),
            varies: 0,
            ipls: 0,
            clock_ns: 0,
            sessions_begun: 0,
            prompts: 0,
            command_times: Stream::new(run_seed, &name, "console"),
            commands: 0,
            tasks: Vec::new(),
            no_scratch_until: Time::ZERO,
            waiting_orders: Vec::new(),
            parameters,
            backups,
            restores,
        }
    }

    /// Sets the clocks of the scenario's stimuli.
    pub fn start(&mut self, out: &mut ManagerOutbox) {
        self.set_stimuli(out);
        self.start_due_restores(out);
    }

    pub fn is_live(&self, timer: &ManagerTimer) -> bool {
        timer.generation == self.generation
    }

    /// Whether applications are served.
    pub fn is_up(&self) -> bool {
        match &self.volatile.condition {
            Condition::Up => true,
            Condition::Restarting(restart) => restart.ipl_is_done(),
        }
    }

    pub fn request(&mut self, request: HostRequest, out: &mut ManagerOutbox) {
        match request {
            HostRequest::Open { ticket, volume } => self.open(ticket, volume, out),
            HostRequest::Transfer { .. } => self.transfer(request, out),
            HostRequest::Backup { ticket, plan, occurrence, typing } => {
                let stimulus = Stimulus { plan: usize::from(plan), occurrence, asker: Some(ticket), typing };
                self.hear_request(stimulus, out);
            }
        }
    }

    pub fn timer_due(&mut self, timer: ManagerTimer, out: &mut ManagerOutbox) {
        let ManagerTimer { kind, slot, .. } = timer;
        match kind {
            ManagerTimerKind::Cpu => {
                if let Some(next) = self.volatile.cpu.depart(out.now()) {
                    out.complete_after(self.parameters.io_time, self.timer(ManagerTimerKind::Cpu, next));
                }
                self.processed(slot, out);
            }
            ManagerTimerKind::Session => self.session_waited(slot, out),
            ManagerTimerKind::Stimulus => self.stimulus_due(slot as usize, out),
            ManagerTimerKind::WatchOver => self.start_due_restores(out),
            ManagerTimerKind::RestoreDue => self.restore_due(slot as usize, out),
            ManagerTimerKind::Restart => self.restart_waited(out),
            ManagerTimerKind::Sweep => self.sweep_due(out),
            ManagerTimerKind::Repeat => self.stimulate_again(slot as usize, out),
        }
    }

    pub fn dasd_reply(&mut self, reply: DasdReply, out: &mut ManagerOutbox) {
        match self.take_pending(reply.ticket) {
            Pending::Free => {} // the image that asked is gone
            Pending::Transfer(transfer) => self.transfer_ended(transfer, reply.status, &reply.payload, out),
            Pending::Session { session, tag } => self.session_dasd(session, tag, reply.status, reply.payload, out),
            Pending::Restart => self.restart_dasd(reply.payload, out),
            Pending::Group(group) => self.group_frozen(group, reply.status, out),
            Pending::Leftover => self.restart_with_controller(out),
            Pending::SessionTape { .. } | Pending::Abandoned | Pending::Unload { .. } | Pending::Request(_) => {
                unreachable!("the DASD controller answers no command to tape and no request")
            }
        }
    }

    pub fn tape_reply(&mut self, reply: TapeReply, out: &mut ManagerOutbox) {
        match self.take_pending(reply.ticket) {
            Pending::SessionTape { session, tag } => self.session_tape(session, tag, reply.result, out),
            Pending::Abandoned => self.tape_for_nobody(&reply.result, out),
            Pending::Unload { drive, tries } => {
                // It was not executed behind a command that failed, or met an error that was still to be told.
                let settled = matches!(reply.result, TapeResult::Done | TapeResult::NotReady);
                if !settled && tries < MOST_UNLOADS {
                    self.unload(drive, tries + 1, out);
                }
            }
            Pending::Free => {} // the session that asked is gone
            Pending::Session { .. } | Pending::Restart | Pending::Group(_) | Pending::Leftover => {
                unreachable!("this went to the DASD controller")
            }
            Pending::Transfer(_) | Pending::Request(_) => unreachable!("no application's request goes to tape"),
        }
    }

    /// Nothing that was asked of the DASD controller will be answered.
    pub fn dasd_down(&mut self, out: &mut ManagerOutbox) {
        self.volatile.dasd_up = false;
        self.end_outstanding_transfers(out);
        self.volatile.forget_leftovers();
        self.abandon_sessions(out);
        self.restart_without_controller();
        if self.has_jobs() && matches!(self.volatile.condition, Condition::Up) {
            self.volatile.condition = Condition::Restarting(Restart::after_controller_loss());
        }
    }

    pub fn dasd_up(&mut self, out: &mut ManagerOutbox) {
        self.volatile.dasd_up = true;
        self.restart_with_controller(out);
    }

    pub fn prompt_answered(&mut self, number: u64, keep: Device, out: &mut ManagerOutbox) {
        self.restart_answered(number, keep, out);
    }

    /// Everything in memory is gone. The IPL begins after `outage`.
    pub fn crash(&mut self, outage: Span, dasd_up: bool, out: &mut ManagerOutbox) {
        self.generation = self.generation.wrapping_add(1);
        let devices = self.parameters.devices.len();
        let mut cpu = std::mem::replace(&mut self.volatile.cpu, Station::new(1));
        cpu.clear(out.now());
        let pending = std::mem::take(&mut self.volatile.pending);
        self.volatile = Volatile::new(
            Condition::Restarting(Restart::after_crash()),
            vec![Ucb { online: None }; devices],
            self.backups.len(),
        );
        self.volatile.cpu = cpu;
        self.volatile.dasd_up = dasd_up;
        self.volatile.inherit_generations(pending);
        out.report(ManagerFact::Down);
        self.set_stimuli(out);
        self.restart_after(outage, out);
    }

    /// From now on this program knows nothing of the hidden place. False when it never did.
    pub fn install_old(&mut self, program: Program) -> bool {
        let participation = &mut self.durable.participation;
        let takes_part = match program {
            Program::Dump => &mut participation.dump,
            Program::Restore => &mut participation.restore,
        };
        std::mem::replace(takes_part, false)
    }

    /// Entries of the inventory, or its last changes, are gone. False when there was nothing to lose.
    pub fn lose_inventory(&mut self, entries: u32, rollback: u32) -> bool {
        self.durable.lose_inventory(entries, rollback)
    }

    /// Moves the clock that later backups are dated by.
    pub fn step_clock(&mut self, by: Span, backward: bool) -> bool {
        let by = i64::try_from(by.ns()).unwrap_or(i64::MAX);
        self.clock_ns = self.clock_ns.saturating_add(if backward { -by } else { by });
        by != 0
    }

    /// An instant as the clock of the image has it; it knows nothing before the start of the run.
    fn image_time(&self, time: Time) -> Time {
        let shifted = i128::from(time.ns()) + i128::from(self.clock_ns);
        Time::from_ns(u64::try_from(shifted.max(0)).unwrap_or(u64::MAX))
    }

    /// The stimulus of the first backup comes again after a while. False when the scenario has no backup.
    pub fn repeat_stimulus(&mut self, delay: Span, out: &mut ManagerOutbox) -> bool {
        if self.backups.is_empty() {
            return false;
        }
        out.timer_at(out.now() + delay, Class::NewWork, self.timer(ManagerTimerKind::Repeat, 0));
        true
    }

    // ---- what observers see --------------------------------------------------------------------------------------

    pub fn image(&self) -> Image {
        self.image
    }

    pub fn ucbs(&self) -> &[Ucb] {
        &self.volatile.ucbs
    }

    pub fn catalog(&self) -> &Catalog {
        &self.durable
    }

    pub fn parameters(&self) -> &HostParameters {
        &self.parameters
    }

    pub fn backup_plans(&self) -> &[BackupPlan] {
        &self.backups
    }

    pub fn cpu_usage(&self, now: Time) -> Usage {
        self.volatile.cpu.usage(now)
    }

    /// Requests and commands without an answer.
    pub fn outstanding(&self) -> u64 {
        self.volatile.outstanding
    }

    /// Whether every stimulus of the scenario has been taken, no job runs and no recovery is in progress.
    pub fn work_is_done(&self, now: Time) -> bool {
        self.is_idle()
            && self.waiting_orders.is_empty()
            && self.all_are_stimulated(now)
            && self.durable.restores_started.iter().all(|&started| started)
    }

    /// The dump in progress: its backup, and the track that it reads next.
    pub fn dump_position(&self) -> Option<(crate::vocab::Backup, u32)> {
        self.volatile.sessions.values().find_map(Session::dump_position)
    }

    /// The cartridge and drive that a session holds.
    pub fn tape_in_use(&self) -> Option<(crate::vocab::Cartridge, crate::vocab::Drive)> {
        self.volatile.sessions.values().find_map(Session::tape_in_use)
    }

    /// The drives that jobs hold.
    pub fn tapes_in_use(&self) -> Vec<(Job, crate::vocab::Drive)> {
        let sessions = self.volatile.sessions.values();
        sessions.filter_map(|session| Some((session.job()?, session.tape_in_use()?.1))).collect()
    }

    /// The jobs in memory, and those that the journal names as open or held; true for held ones.
    pub fn jobs(&self) -> Vec<(Job, bool)> {
        let journal = self.durable.journal.iter().filter(|entry| entry.state != JournalState::Closed);
        let mut jobs: Vec<(Job, bool)> =
            journal.map(|entry| (entry.job(), entry.state == JournalState::Held)).collect();
        for job in self.volatile.sessions.values().filter_map(Session::job) {
            if jobs.iter().all(|&(known, _)| known != job) {
                jobs.push((job, false));
            }
        }
        jobs
    }

    // ---- shared by the parts --------------------------------------------------------------------------------------

    /// Whether the storage manager with its jobs, journal and inventory runs on this image.
    fn has_jobs(&self) -> bool {
        self.image == Image::FIRST
    }

    fn is_idle(&self) -> bool {
        let mut sessions = self.volatile.sessions.values();
        matches!(self.volatile.condition, Condition::Up) && sessions.all(Session::only_awaits_release)
    }

    fn timer(&self, kind: ManagerTimerKind, slot: u32) -> ManagerTimer {
        ManagerTimer { kind, generation: self.generation, slot }
    }

    /// The next duration of a VARY command.
    fn vary_time(&mut self) -> Span {
        let number = self.varies;
        self.varies += 1;
        self.vary_times.draws(number).uniform(self.parameters.vary_shortest, self.parameters.vary_longest)
    }

    fn ipl_time(&mut self) -> Span {
        let number = self.ipls;
        self.ipls += 1;
        let sigma = f64::from(self.parameters.ipl_sigma_milli) / 1000.0;
        self.ipl_times.draws(number).lognormal(self.parameters.ipl_median, sigma)
    }
}

impl Volatile {
    fn new(condition: Condition, ucbs: Vec<Ucb>, backups: usize) -> Volatile {
        Volatile {
            condition,
            ucbs,
            cpu: Station::new(1),
            pending: Vec::new(),
            free: Vec::new(),
            opens: Vec::new(),
            allocations: Vec::new(),
            held: Vec::new(),
            sessions: BTreeMap::new(),
            releases: Vec::new(),
            groups: BTreeMap::new(),
            dasd_up: true,
            overdue_backups: VecDeque::new(),
            overdue_restores: VecDeque::new(),
            outstanding: 0,
            clocks: vec![false; backups],
        }
    }
}

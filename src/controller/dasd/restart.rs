//! Crash and initial microcode load (f1 to f3 of HAZARDS 1.2, MODEL 4).
//!
//! A crash leaves the platters and the metadata store, and NVS unless its battery is empty. The load takes its time; then
//! NVS is replayed (modified data back into the cache, unfinished stripes completed), the tables are rebuilt from store
//! and log, and the log goes to the store. Each is an event of its own, so that a crash can fall between them.

use super::command::DasdFact;
use super::first_tables;
use super::microcode::Work;
use super::parameters::StoreKind;
use super::state::StripeIntent;
use super::store::MetadataStore;
use super::tables::Tables;
use super::{Condition, DasdController, DasdMessage, DasdOutbox, OUTSIDE, RestartStep};
use crate::kernel::Span;
use crate::vocab::{Mutant, RelationNumber};

impl DasdController {
    /// Everything volatile is gone at once. The load begins after `outage`.
    pub fn crash(&mut self, nvs_lost: bool, outage: Span, out: &mut DasdOutbox) {
        let all = &mut self.generations[..usize::from(OUTSIDE)];
        all.iter_mut().for_each(|generation| *generation = generation.wrapping_add(1));
        if nvs_lost {
            self.battery.lose();
            self.lose_battery_store();
        }
        self.battery.keep_copies();
        self.rank.crash(out.now());
        // Until the tables are rebuilt nobody may read them; what is durable is shown by the view of durable state.
        let tables = self.durable_tables();
        self.volatile.crash(&self.parameters, tables, out.now());
        self.condition = Condition::Starting(RestartStep::ReplayNvs);
        out.report(DasdFact::Down);
        out.send(DasdMessage::Down);
        self.restart_after(outage + self.parameters.iml_time, out);
    }

    /// The next step of the load.
    pub(super) fn restart(&mut self, out: &mut DasdOutbox) {
        let Condition::Starting(step) = self.condition else { unreachable!("only a controller that starts restarts") };
        match step {
            RestartStep::ReplayNvs => {
                self.complete_stripes();
                if !self.parameters.lacks(Mutant::NvsNotReplayed) {
                    self.reload_modified(out);
                }
                out.report(DasdFact::NvsReplayed);
                self.condition = Condition::Starting(RestartStep::RebuildTables);
                self.restart_after(self.parameters.metadata_log_write, out);
            }
            RestartStep::RebuildTables => {
                self.volatile.tables = self.durable_tables();
                self.rebuild_wrongly();
                out.report(DasdFact::TablesRebuilt);
                self.condition = Condition::Starting(RestartStep::FinishMetadata);
                self.restart_after(self.parameters.metadata_write, out);
            }
            RestartStep::FinishMetadata => {
                self.abandon_snapshots();
                self.store_log(self.battery.log.len());
                out.report(DasdFact::MetadataFinished);
                out.report(DasdFact::Up);
                self.condition = Condition::Up;
                if self.answers() {
                    out.send(DasdMessage::Up);
                }
                self.resume_background();
                self.start_rebuilds();
                self.start_scrub(out);
                self.destage_if_due(out);
            }
        }
    }

    /// The metadata store with the log applied.
    pub(super) fn durable_tables(&self) -> Tables {
        let mut tables = self.durable.store.tables().clone();
        let safe = self.battery.log.iter().filter(|logged| logged.safe);
        for logged in safe {
            tables.apply(&logged.record);
        }
        tables
    }

    /// What mutants leave out of a restart.
    fn rebuild_wrongly(&mut self) {
        let tables = &mut self.volatile.tables;
        match self.parameters.mutant {
            Some(Mutant::RecoveryKeepsOwnBits) => {
                self.battery.stale_bits = tables.relations.iter().map(|it| (it.target, it.owned())).collect();
            }
            Some(Mutant::StaleBitmapGeneration) => {
                for (target, tracks) in std::mem::take(&mut self.battery.stale_bits) {
                    let relation = tables.relations.iter_mut().find(|relation| relation.target == target);
                    relation.into_iter().for_each(|it| tracks.iter().for_each(|&track| it.set_own(track)));
                }
            }
            Some(Mutant::DoubleBinding) => tables.take_free_places_from(self.durable.store.tables()),
            _ => {}
        }
    }

    /// The last transactions are undone on the metadata store; with `everywhere` in the log and in memory too, as when
    /// the controller reads the damaged store at once. Otherwise it shows when the store is read next.
    pub fn lose_metadata(&mut self, transactions: u32, everywhere: bool) -> bool {
        let mut undone = 0;
        if everywhere {
            undone = (self.battery.log.len() as u32).min(transactions);
            self.battery.log.truncate(self.battery.log.len() - undone as usize);
            let left = self.battery.log.len();
            self.volatile.flushing = self.volatile.flushing.map(|records| records.min(left));
        }
        undone += self.durable.store.roll_back(transactions - undone);
        if everywhere {
            self.volatile.tables = self.durable_tables();
        }
        undone > 0
    }

    /// A battery-backed store is lost with its battery. The bindings of home areas are found again on the disks, as the
    /// volumes were defined (A); no relationship is. A log-structured array falls back to the bindings of the start (A).
    fn lose_battery_store(&mut self) {
        if self.parameters.metadata_store != StoreKind::RamBattery {
            return;
        }
        self.durable.store = MetadataStore::new(first_tables(&self.parameters, self.rank.places()));
    }

    /// Stripes whose write was cut are written whole: data and parity agree again.
    fn complete_stripes(&mut self) {
        for intent in std::mem::take(&mut self.battery.stripes) {
            self.complete_stripe(intent);
        }
    }

    pub(super) fn complete_stripe(&mut self, StripeIntent { row, cells, labels }: StripeIntent) {
        for (disk, tag) in cells {
            self.rank.write_now(disk, row, tag);
        }
        self.durable.labels.extend(labels);
    }

    fn is_copying(&self, relation: RelationNumber) -> bool {
        self.volatile.ops.iter().any(|op| matches!(&op.work, Work::Background(copy) if copy.relation == relation))
    }

    fn reload_modified(&mut self, out: &DasdOutbox) {
        for (place, entry) in self.battery.modified.in_order() {
            let (device, track, image) = (entry.device, entry.track, entry.image.clone());
            self.volatile.cache.insert_modified(device, track, image, entry.epoch, place, out.now());
        }
    }

    pub(super) fn resume_background(&mut self) {
        let unfinished: Vec<_> = self
            .volatile
            .tables
            .relations
            .iter()
            .filter(|relation| relation.background && !self.is_copying(relation.number))
            .map(|relation| (relation.number, relation.source, relation.target))
            .collect();
        for (number, source, target) in unfinished {
            self.start_background(number, source, target);
        }
    }
}

//! The fifteen invariants side by side.

use super::accessible_after_restore::AccessibleAfterRestore;
use super::backup_exists::BackupExists;
use super::backup_id::BackupId;
use super::binding_exclusive::BindingExclusive;
use super::cached_id_coherent::CachedIdCoherent;
use super::cow_order::CowOrder;
use super::exposure::Exposure;
use super::hidden_id_sound::HiddenIdSound;
use super::no_lost_acked_write::NoLostAckedWrite;
use super::no_orphan::NoOrphan;
use super::point_in_time_fidelity::PointInTimeFidelity;
use super::progress::Progress;
use super::refcount_exact::RefcountExact;
use super::restore_fidelity::RestoreFidelity;
use super::scene::Scene;
use super::success_means_success::SuccessMeansSuccess;
use super::tally::Tally;
use super::unique_ipl_id::UniqueIplId;
use super::unique_online_id::UniqueOnlineId;
use super::view::View;
use crate::kernel::{Time, mix};
use crate::vocab::Invariant;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub unique_online_id: UniqueOnlineId,
    pub unique_ipl_id: UniqueIplId,
    pub cached_id_coherent: CachedIdCoherent,
    pub point_in_time_fidelity: PointInTimeFidelity,
    pub restore_fidelity: RestoreFidelity,
    pub backup_id: BackupId,
    pub no_lost_acked_write: NoLostAckedWrite,
    pub accessible_after_restore: AccessibleAfterRestore,
    pub no_orphan: NoOrphan,
    pub hidden_id_sound: HiddenIdSound,
    pub binding_exclusive: BindingExclusive,
    pub refcount_exact: RefcountExact,
    pub cow_order: CowOrder,
    pub backup_exists: BackupExists,
    pub success_means_success: SuccessMeansSuccess,
    pub progress: Progress,
}

impl Rows {
    /// After every event: the state predicates are what they were when last looked at.
    #[inline]
    pub fn count(&mut self) {
        self.unique_online_id.count();
        self.unique_ipl_id.count();
        self.cached_id_coherent.count();
        self.binding_exclusive.count();
        self.refcount_exact.count();
        self.backup_exists.count();
    }

    /// When a bound on time has to be looked at next.
    pub fn due(&self) -> Time {
        [
            self.accessible_after_restore.due(),
            self.no_orphan.due(),
            self.hidden_id_sound.due(),
            self.backup_exists.due(),
            self.progress.due(),
        ]
        .into_iter()
        .min()
        .expect("there are five")
    }

    pub fn begin_fork(&mut self, scene: &Scene<impl View>) {
        self.unique_online_id.begin_fork(scene);
        self.unique_ipl_id.begin_fork(scene);
        self.cached_id_coherent.begin_fork(scene);
        self.binding_exclusive.begin_fork(scene);
        self.refcount_exact.begin_fork(scene);
        self.backup_exists.begin_fork(scene);
        self.hidden_id_sound.begin_fork(scene);
        self.progress.begin_fork();
        for tally in [
            &mut self.point_in_time_fidelity.tally,
            &mut self.restore_fidelity.tally,
            &mut self.backup_id.tally,
            &mut self.no_lost_acked_write.tally,
            &mut self.accessible_after_restore.tally,
            &mut self.no_orphan.tally,
            &mut self.cow_order.tally,
            &mut self.success_means_success.tally,
        ] {
            tally.forget_violations();
        }
    }

    /// What the rows remember beyond the books, no time among it.
    pub fn digest(&self) -> u64 {
        mix(self.hidden_id_sound.digest(), self.backup_exists.digest())
    }

    /// In the order of [`Invariant::ALL`].
    pub fn tallies(&self) -> impl Iterator<Item = (Invariant, &Tally)> {
        Invariant::ALL.iter().map(|&invariant| (invariant, self.tally(invariant)))
    }

    pub fn tally(&self, invariant: Invariant) -> &Tally {
        match invariant {
            Invariant::UniqueOnlineId => &self.unique_online_id.tally,
            Invariant::UniqueIplId => &self.unique_ipl_id.tally,
            Invariant::CachedIdCoherent => &self.cached_id_coherent.tally,
            Invariant::PointInTimeFidelity => &self.point_in_time_fidelity.tally,
            Invariant::RestoreFidelity => &self.restore_fidelity.tally,
            Invariant::BackupId => &self.backup_id.tally,
            Invariant::NoLostAckedWrite => &self.no_lost_acked_write.tally,
            Invariant::AccessibleAfterRestore => &self.accessible_after_restore.tally,
            Invariant::NoOrphan => &self.no_orphan.tally,
            Invariant::HiddenIdSound => &self.hidden_id_sound.tally,
            Invariant::BindingExclusive => &self.binding_exclusive.tally,
            Invariant::RefcountExact => &self.refcount_exact.tally,
            Invariant::CowOrder => &self.cow_order.tally,
            Invariant::BackupExists => &self.backup_exists.tally,
            Invariant::SuccessMeansSuccess => &self.success_means_success.tally,
            Invariant::Progress => &self.progress.tally,
        }
    }

    /// For the two predicates whose falseness is measured in time.
    pub fn exposure(&self, invariant: Invariant) -> Option<&Exposure> {
        match invariant {
            Invariant::UniqueOnlineId => Some(&self.unique_online_id.exposure),
            Invariant::UniqueIplId => Some(&self.unique_ipl_id.exposure),
            _ => None,
        }
    }
}

//! Locks on tracks and rows, and who waits for them.

use std::collections::VecDeque;

use super::DasdController;
use super::state::Lock;
use crate::vocab::{Device, TrackNo};

impl DasdController {
    /// The track whose lock covers a track of a device: T0 data is locked where it is found.
    pub(super) fn lock_of(&self, device: Device, track: TrackNo) -> (Device, TrackNo) {
        match self.volatile.tables.relation_of_target(device).filter(|relation| !relation.owns(track)) {
            Some(relation) => (relation.source, track),
            None => (device, track),
        }
    }

    /// True when the operation holds the lock now; otherwise it is made ready when it does.
    pub(super) fn lock_track(&mut self, slot: u32, key: (Device, TrackNo)) -> bool {
        match self.volatile.track_locks.get_mut(&key) {
            None => {
                self.volatile.track_locks.insert(key, Lock { holder: slot, waiters: VecDeque::new() });
                true
            }
            Some(lock) if lock.holder == slot => true,
            Some(lock) => {
                lock.waiters.push_back(slot);
                false
            }
        }
    }

    /// Takes a lock that nobody holds.
    pub(super) fn take_free_lock(&mut self, slot: u32, key: (Device, TrackNo)) {
        let taken = self.lock_track(slot, key);
        assert!(taken, "the lock was seen to be free");
    }

    pub(super) fn unlock_track(&mut self, key: (Device, TrackNo)) {
        let lock = self.volatile.track_locks.get_mut(&key).expect("a held lock exists");
        match lock.waiters.pop_front() {
            Some(next) => {
                lock.holder = next;
                self.volatile.ready.push_back(next);
            }
            None => {
                self.volatile.track_locks.remove(&key);
            }
        }
    }

    pub(super) fn lock_row(&mut self, slot: u32, row: u64) -> bool {
        match self.volatile.row_locks.get_mut(&row) {
            None => {
                self.volatile.row_locks.insert(row, Lock { holder: slot, waiters: VecDeque::new() });
                true
            }
            Some(lock) if lock.holder == slot => true,
            Some(lock) => {
                lock.waiters.push_back(slot);
                false
            }
        }
    }

    pub(super) fn unlock_row(&mut self, row: u64) {
        let lock = self.volatile.row_locks.get_mut(&row).expect("a held lock exists");
        match lock.waiters.pop_front() {
            Some(next) => {
                lock.holder = next;
                self.volatile.ready.push_back(next);
            }
            None => {
                self.volatile.row_locks.remove(&row);
            }
        }
    }
}

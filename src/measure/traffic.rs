//! What the hosts felt: latencies before, during and after backups, hits and failures, for each volume.

use super::latency::Latency;
use crate::kernel::{Span, Time};
use crate::names;
use crate::vocab::{Op, Status, TrackNo, VolumeId, Workload};

names! {
    /// Where a request lies in relation to the backups of the run.
    pub enum Phase {
        Before = "before",
        During = "during",
        After = "after",
    }
}

/// A host request that ended.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub workload: Workload,
    /// Place in the workload's list of volumes.
    pub volume: u16,
    pub op: Op,
    /// The first of its tracks.
    pub track: TrackNo,
    pub bytes: u64,
    pub issued_at: Time,
    /// Served without a disk.
    pub hit: bool,
    pub status: Status,
}

/// A request as a row of `requests.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Running number in the order of completion, from 1.
    pub id: u64,
    /// When it was issued.
    pub time: Time,
    pub volume: VolumeId,
    pub op: Op,
    pub track: TrackNo,
    pub bytes: u64,
    pub latency: Span,
    pub hit: bool,
    pub phase: Phase,
    pub status: Status,
}

/// The requests to one volume. Latencies are those of requests that ended well.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    phases: [Latency; 3],
    pub reads: u64,
    pub writes: u64,
    pub read_hits: u64,
    pub failed: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// Longest time that an application could not use the volume.
    pub longest_closed: Span,
}

impl Traffic {
    pub fn record(&mut self, request: &Request, phase: Phase, latency: Span) {
        if request.status != Status::Good {
            self.failed += 1;
            return;
        }
        match request.op {
            Op::Read => {
                self.reads += 1;
                self.read_hits += u64::from(request.hit);
                self.bytes_read += request.bytes;
            }
            Op::Write => {
                self.writes += 1;
                self.bytes_written += request.bytes;
            }
        }
        self.phases[phase as usize].record(latency);
    }

    pub fn latency(&self, phase: Phase) -> &Latency {
        &self.phases[phase as usize]
    }

    pub fn all(&self) -> Latency {
        let mut all = Latency::default();
        self.phases.iter().for_each(|phase| all.add(phase));
        all
    }
}

/// Which backups run, as far as the phase of a request depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackupClock {
    running: u32,
    last_end: Option<Time>,
}

impl BackupClock {
    pub fn start(&mut self) {
        self.running += 1;
    }

    pub fn end(&mut self, now: Time) {
        assert!(self.running > 0, "a backup that ends was running");
        self.running -= 1;
        self.last_end = Some(now);
    }

    /// The phase of a request that was issued at `issued` and ends now. It lies in `during` when a backup ran at any
    /// moment of its life: a write that had to wait for an establish belongs to the backup that made it wait.
    pub fn phase(self, issued: Time) -> Phase {
        match self.last_end {
            _ if self.running > 0 => Phase::During,
            None => Phase::Before,
            Some(end) if issued <= end => Phase::During,
            Some(_) => Phase::After,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_meets_a_backup_belongs_to_it() {
        let at = Time::from_ns;
        let mut clock = BackupClock::default();
        assert_eq!(clock.phase(at(5)), Phase::Before);
        clock.start();
        assert_eq!(clock.phase(at(5)), Phase::During, "issued before the backup, ended in it");
        clock.start();
        clock.end(at(20));
        assert_eq!(clock.phase(at(21)), Phase::During, "the second backup still runs");
        clock.end(at(30));
        assert_eq!(clock.phase(at(25)), Phase::During, "issued in the backup, ended after it");
        assert_eq!(clock.phase(at(31)), Phase::After);
    }

    #[test]
    fn failed_requests_have_no_latency() {
        let request = |op, hit, status| Request {
            workload: Workload(0),
            volume: 0,
            op,
            track: TrackNo(1),
            bytes: 4_096,
            issued_at: Time::ZERO,
            hit,
            status,
        };
        let mut traffic = Traffic::default();
        traffic.record(&request(Op::Read, true, Status::Good), Phase::Before, Span::from_us(800));
        traffic.record(&request(Op::Read, false, Status::Good), Phase::During, Span::from_ms(9));
        traffic.record(&request(Op::Write, false, Status::Good), Phase::During, Span::from_ms(1));
        traffic.record(&request(Op::Write, false, Status::NotOperational), Phase::During, Span::from_secs(30));
        assert_eq!((traffic.reads, traffic.writes, traffic.read_hits, traffic.failed), (2, 1, 1, 1));
        assert_eq!((traffic.bytes_read, traffic.bytes_written), (8_192, 4_096));
        assert_eq!(traffic.latency(Phase::During).percentiles().max, Some(9_000_000));
        assert_eq!(traffic.all().count(), 3);
    }
}

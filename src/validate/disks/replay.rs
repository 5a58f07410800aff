//! A record replayed in closed loop: one request outstanding, the next one issued a recorded pause after the simulated
//! completion of the one before.

use super::trace::Recorded;
use crate::device::disk::{Disk, DiskModel};
use crate::kernel::{Span, Time};

/// Service times of all requests, in their order. The first is issued at time zero, with the platters at angle 0.
/// Nothing when the record lasts longer than the clock.
pub fn replay(model: &DiskModel, requests: &[Recorded]) -> Option<Vec<Span>> {
    let mut disk = Disk::new(model, 0);
    let mut now = Time::ZERO;
    let mut serve = |request: &Recorded| {
        let Recorded { op, first, sectors, pause, .. } = *request;
        let service = disk.service(model, now, first, sectors, op);
        now = Time::from_ns(now.ns().checked_add(service.ns())?.checked_add(pause.ns())?);
        Some(service)
    };
    requests.iter().map(&mut serve).collect()
}

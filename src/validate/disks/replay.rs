//! A record replayed in closed loop: one request outstanding, the next one issued a recorded pause after the simulated
//! completion of the one before.

use super::trace::Recorded;
use crate::device::disk::{Command, Drive, Model};
use crate::kernel::{Span, Time};

/// Service times of all requests, in their order. The first is issued at time zero, with the platters at angle 0.
pub fn replay(model: &Model, requests: &[Recorded]) -> Vec<Span> {
    let mut drive = Drive::new(model, 0);
    let mut now = Time::ZERO;
    let serve = |request: &Recorded| {
        let Recorded { op, first, sectors, pause, .. } = *request;
        let service = drive.service(model, now, Command { op, first, sectors });
        now += service + pause;
        service
    };
    requests.iter().map(serve).collect()
}

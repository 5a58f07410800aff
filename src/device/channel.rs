//! The channels between a host and a controller: parallel half-duplex paths with a rate and an overhead per request.
//!
//! One request occupies one path, whole: overhead, then its bytes (MODEL 3.3). A channel has no events of its own; its
//! owner submits requests, schedules their ends and calls [`Channel::complete`] when they are due. All of its state is
//! volatile. Deliberately absent: droop over distance, and the choice of a particular path.

use crate::kernel::{Span, Station, Time, Usage};
use crate::names;

names! {
    /// Kinds of channels between hosts and controllers: names for a rate and an overhead.
    pub enum ChannelKind {
        Escon = "escon",
        Ficon = "ficon",
        Scsi = "scsi",
        Ssa = "ssa",
        Fc = "fc",
    }
}

impl ChannelKind {
    /// Bytes per second of one path (G): ESCON 17 MB/s as used; FICON and fibre channel of 1 Gb/s; Ultra2 Wide SCSI; an SSA
    /// loop's link.
    pub fn rate(self) -> u64 {
        match self {
            ChannelKind::Escon => 17_000_000,
            ChannelKind::Ficon | ChannelKind::Fc => 100_000_000,
            ChannelKind::Scsi => 80_000_000,
            ChannelKind::Ssa => 40_000_000,
        }
    }

    /// Before the first byte of a request (A): handshakes of ESCON, arbitration and selection of the buses, frames of the rest.
    pub fn overhead(self) -> Span {
        Span::from_us(match self {
            ChannelKind::Escon => 100,
            ChannelKind::Ficon | ChannelKind::Fc => 30,
            ChannelKind::Scsi => 50,
            ChannelKind::Ssa => 40,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelParameters {
    /// Bytes per second of one path.
    pub rate: u64,
    pub paths: u32,
    /// Per request, before the first byte.
    pub overhead: Span,
}

/// Why no channel has these parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    #[error("a channel has a rate above zero")]
    Rate,
    #[error("a channel has a path")]
    Paths,
}

#[derive(Clone, Debug)]
pub struct Channel {
    rate: u64,
    overhead: Span,
    paths: Station<Request>,
}

/// What waits for a path.
#[derive(Clone, Copy, Debug)]
struct Request {
    bytes: u64,
    owner: u32,
}

impl Channel {
    pub fn new(parameters: &ChannelParameters) -> Result<Channel, ChannelError> {
        let &ChannelParameters { rate, paths, overhead } = parameters;
        if rate == 0 {
            return Err(ChannelError::Rate);
        }
        if paths == 0 {
            return Err(ChannelError::Paths);
        }
        Ok(Channel { rate, overhead, paths: Station::new(paths) })
    }

    /// Asks for a path for `bytes`: returns how long it is held when one is free, `None` when the request waits.
    #[must_use]
    pub fn submit(&mut self, now: Time, bytes: u64, owner: u32) -> Option<Span> {
        let request = self.paths.arrive(now, Request { bytes, owner })?;
        Some(self.hold(request))
    }

    /// Ends a request that is due at `now`: returns the owner's number and the time of the one that starts instead.
    #[must_use]
    pub fn complete(&mut self, now: Time) -> Option<(u32, Span)> {
        let request = self.paths.depart(now)?;
        Some((request.owner, self.hold(request)))
    }

    /// Loses every request, on a path or in line. Completions that the owner has scheduled are void.
    pub fn crash(&mut self, now: Time) {
        self.paths.clear(now);
    }

    /// Changes how many paths work: returns who starts now, and for how long. A request on a path that is lost is sent
    /// again on another in its time (A).
    pub fn set_paths(&mut self, now: Time, paths: u32) -> Vec<(u32, Span)> {
        self.paths.set_servers(now, paths).into_iter().map(|request| (request.owner, self.hold(request))).collect()
    }

    /// Takes the requests of these owners out of the line; one that is on a path ends in its time.
    pub fn withdraw(&mut self, is_gone: impl Fn(u32) -> bool) -> Vec<u32> {
        self.paths.withdraw(|request| is_gone(request.owner)).into_iter().map(|request| request.owner).collect()
    }

    pub fn usage(&self, now: Time) -> Usage {
        self.paths.usage(now)
    }

    /// The fraction of a nanosecond that a request leaves over is lost: less than one part in a million of it.
    fn hold(&self, request: Request) -> Span {
        self.overhead + Span::of_transfer(request.bytes, self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::TRACK_BYTES;

    fn escon(paths: u32) -> ChannelParameters {
        ChannelParameters { rate: 17_000_000, paths, overhead: Span::from_us(100) }
    }

    /// D11.
    #[test]
    fn one_track_takes_its_bytes_at_the_rate_and_the_overhead_apart() {
        let fibre = ChannelParameters { rate: 3_200_000_000, paths: 8, overhead: Span::from_us(5) };
        for (parameters, expected) in [(escon(4), Span::from_us(3_333)), (fibre, Span::from_ns(17_700))] {
            let mut channel = Channel::new(&parameters).unwrap();
            let held = channel.submit(Time::ZERO, TRACK_BYTES, 0).unwrap() - parameters.overhead;
            assert!(held.ns().abs_diff(expected.ns()) <= 1_000, "{held} is not {expected}");
        }
    }

    #[test]
    fn requests_beyond_the_paths_wait_in_line() {
        let mut channel = Channel::new(&escon(2)).unwrap();
        let at = Time::from_ns;
        let [small, large] = [Span::from_us(1_100), Span::from_us(2_100)];
        assert_eq!(channel.submit(at(0), 17_000, 1), Some(small));
        assert_eq!(channel.submit(at(0), 34_000, 2), Some(large));
        assert_eq!(channel.submit(at(0), 34_000, 3), None);
        assert_eq!(channel.submit(at(0), 17_000, 4), None);
        assert_eq!(channel.complete(at(1_100_000)), Some((3, large)));
        assert_eq!(channel.complete(at(2_100_000)), Some((4, small)));
        assert_eq!(channel.complete(at(3_200_000)), None, "both end at this instant");
        assert_eq!(channel.complete(at(3_200_000)), None);
        let usage = channel.usage(at(5_000_000));
        assert_eq!(usage, Usage { busy: Span::from_us(6_400), served: 4, longest_line: 2, waiting: 0 });
    }

    #[test]
    fn a_crash_frees_the_paths_and_forgets_the_line() {
        let mut channel = Channel::new(&escon(1)).unwrap();
        let _ = channel.submit(Time::ZERO, 17_000, 1);
        assert_eq!(channel.submit(Time::ZERO, 17_000, 2), None);
        channel.crash(Time::from_ns(500));
        assert_eq!(channel.submit(Time::from_ns(500), 0, 3), Some(Span::from_us(100)));
        assert_eq!(channel.complete(Time::from_ns(100_500)), None, "request 2 is gone");
        assert_eq!(channel.usage(Time::from_ns(200_000)).busy, Span::from_ns(100_500));
    }

    #[test]
    fn impossible_channels_are_refused() {
        assert_eq!(Channel::new(&escon(0)).err(), Some(ChannelError::Paths));
        assert_eq!(Channel::new(&ChannelParameters { rate: 0, ..escon(1) }).err(), Some(ChannelError::Rate));
    }
}

//! A server, or several alike, with one waiting line: the only queueing resource.
//!
//! The station decides who waits and who is served; how long a service takes is its owner's business. A job starts in
//! the call that admits it, or in the call that ends another one.

use std::collections::VecDeque;

use super::time::{Span, Time};

/// What a station has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Server time in use, summed over servers.
    pub busy: Span,
    pub served: u64,
    /// Longest line seen, jobs in service not counted.
    pub longest_line: u64,
    /// The line now.
    pub waiting: u64,
}

#[derive(Clone, Debug)]
pub struct Station<J> {
    servers: u32,
    busy: u32,
    line: VecDeque<J>,
    usage: Usage,
    changed: Time,
}

impl<J> Station<J> {
    pub fn new(servers: u32) -> Station<J> {
        assert!(servers > 0, "a station has a server");
        Station { servers, busy: 0, line: VecDeque::new(), usage: Usage::default(), changed: Time::ZERO }
    }

    /// Admits a job: it is returned when it starts at once, kept in line otherwise.
    #[must_use]
    pub fn arrive(&mut self, now: Time, job: J) -> Option<J> {
        if self.busy < self.servers {
            self.account(now);
            self.busy += 1;
            return Some(job);
        }
        self.line.push_back(job);
        self.usage.longest_line = self.usage.longest_line.max(self.line.len() as u64);
        None
    }

    /// Ends one service: returns the job that starts now, if one waits.
    #[must_use]
    pub fn depart(&mut self, now: Time) -> Option<J> {
        assert!(self.busy > 0, "a departure ends a service");
        self.account(now);
        self.usage.served += 1;
        let next = if self.busy > self.servers { None } else { self.line.pop_front() };
        if next.is_none() {
            self.busy -= 1;
        }
        next
    }

    /// As [`Station::depart`], but the owner picks which of the waiting jobs starts: the index into the line.
    #[must_use]
    pub fn depart_choosing(&mut self, now: Time, choose: impl FnOnce(&VecDeque<J>) -> usize) -> Option<J> {
        if self.line.len() > 1 {
            let chosen = choose(&self.line);
            let job = self.line.remove(chosen).expect("the choice is a place in the line");
            self.line.push_front(job);
        }
        self.depart(now)
    }

    /// Forgets every job, as a crash does. Usage stays.
    pub fn clear(&mut self, now: Time) {
        self.account(now);
        self.busy = 0;
        self.line.clear();
    }

    /// Changes how many servers there are: returns the waiting jobs that start now. A job in service beyond them is
    /// finished.
    pub fn set_servers(&mut self, now: Time, servers: u32) -> Vec<J> {
        self.account(now);
        self.servers = servers;
        let free = self.servers.saturating_sub(self.busy) as usize;
        let started: Vec<J> = self.line.drain(..free.min(self.line.len())).collect();
        self.busy += started.len() as u32;
        started
    }

    /// Takes jobs that meet `leaves` out of the line.
    pub fn withdraw(&mut self, leaves: impl Fn(&J) -> bool) -> Vec<J> {
        let (gone, stay): (VecDeque<J>, VecDeque<J>) = std::mem::take(&mut self.line).into_iter().partition(leaves);
        self.line = stay;
        Vec::from(gone)
    }

    pub fn usage(&self, now: Time) -> Usage {
        let mut usage = self.usage;
        usage.busy += now.saturating_since(self.changed) * u64::from(self.busy);
        usage.waiting = self.line.len() as u64;
        usage
    }

    pub fn in_service(&self) -> u32 {
        self.busy
    }

    pub fn waiting(&self) -> usize {
        self.line.len()
    }

    pub fn is_idle(&self) -> bool {
        self.busy == 0
    }

    fn account(&mut self, now: Time) {
        self.usage.busy += now.saturating_since(self.changed) * u64::from(self.busy);
        self.changed = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_and_a_line() {
        let at = Time::from_ns;
        let mut station = Station::new(2);
        assert_eq!(station.arrive(at(0), 'a'), Some('a'));
        assert_eq!(station.arrive(at(0), 'b'), Some('b'));
        assert_eq!(station.arrive(at(1), 'c'), None);
        assert_eq!(station.depart(at(10)), Some('c'));
        assert_eq!(station.depart(at(10)), None);
        assert_eq!(station.depart(at(15)), None);
        let usage = station.usage(at(20));
        assert_eq!(usage, Usage { busy: Span::from_ns(25), served: 3, longest_line: 1, waiting: 0 });
    }

    #[test]
    fn servers_come_and_go() {
        let mut station = Station::new(2);
        for job in 1..=4 {
            let _ = station.arrive(Time::ZERO, job);
        }
        assert!(station.set_servers(Time::ZERO, 1).is_empty());
        assert_eq!(station.depart(Time::ZERO), None, "one of the two in service was too many");
        assert_eq!(station.depart(Time::ZERO), Some(3));
        assert_eq!(station.set_servers(Time::ZERO, 3), [4]);
        assert_eq!(station.arrive(Time::ZERO, 5), Some(5));
        assert_eq!(station.withdraw(|_| true), [0; 0]);
    }

    #[test]
    fn the_owner_may_pick_who_starts() {
        let mut station = Station::new(1);
        let _ = station.arrive(Time::ZERO, 1);
        let _ = station.arrive(Time::ZERO, 5);
        let _ = station.arrive(Time::ZERO, 3);
        assert_eq!(station.depart_choosing(Time::ZERO, |line| usize::from(line[1] < line[0])), Some(3));
        assert_eq!(station.depart(Time::ZERO), Some(5));
    }
}

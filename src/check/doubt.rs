//! Which contents a track may have while writes to it are open or were never acknowledged.
//!
//! Between its issue and its acknowledgement a write may or may not have happened; two such writes may have happened in
//! either order. A [`Doubt`] holds the histories that the acknowledgements so far allow, each as the content it leads
//! to and the set of still open writes that it already contains. An acknowledgement keeps, or extends, the histories to
//! those that contain the write (linearisability, decided write by write). A write that will never be acknowledged
//! leaves both kinds.
//!
//! All orders of up to [`FREE_ORDER`] open writes are kept. More are taken in the order of their issue, as a controller
//! releases what it held; a content that this does not explain is then undecidable, not wrong, until somebody has seen
//! the track hold what a history says. Beyond [`MOST_OPEN`] open writes or [`MOST_HISTORIES`] histories the track is undecidable until
//! a copy or a restore gives it a new content.

use std::ops::ControlFlow;

use crate::kernel::{Time, mix};
use crate::vocab::{Tag, WriteNumber};

/// 7 writes have 13,700 ordered subsets (C).
pub const FREE_ORDER: usize = 7;
pub const MOST_OPEN: usize = 16;
/// Enough for the ordered subsets of 7 writes.
const MOST_HISTORIES: usize = 16_384;

/// A history: its content, and which of the open writes are in it (bits by slot).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct History {
    tag: Tag,
    holds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OpenWrite {
    write: WriteNumber,
    part: u32,
    slot: u32,
}

impl OpenWrite {
    fn bit(self) -> u32 {
        1 << self.slot
    }
}

#[derive(Clone, Debug)]
pub struct Doubt {
    histories: Vec<History>,
    /// In the order of their issue.
    open: Vec<OpenWrite>,
    /// Some histories were left out: the order of issue was taken for the order of events.
    assumed: bool,
    undecidable: bool,
    /// When a write was last given up.
    loss: Option<Time>,
}

/// Whether a content is one of those that a track may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Right,
    Wrong,
    Undecidable,
}

/// What a read of the past may have seen.
#[derive(Clone, Debug)]
pub enum Seen {
    Only(Tag),
    OneOf(Box<[Tag]>),
    /// Nobody can list it.
    Anything,
}

impl Seen {
    pub fn explains(&self, tag: Tag) -> bool {
        match self {
            Seen::Only(only) => *only == tag,
            Seen::OneOf(tags) => tags.contains(&tag),
            Seen::Anything => false,
        }
    }

    pub fn is_anything(&self) -> bool {
        matches!(self, Seen::Anything)
    }
}

impl Doubt {
    pub fn certain(tag: Tag) -> Doubt {
        Doubt {
            histories: vec![History { tag, holds: 0 }],
            open: Vec::new(),
            assumed: false,
            undecidable: false,
            loss: None,
        }
    }

    pub fn issue(&mut self, write: WriteNumber, part: u32) {
        if self.open.len() == MOST_OPEN {
            self.give_up();
        }
        if self.undecidable {
            return;
        }
        let taken = self.open.iter().fold(0, |taken, open| taken | open.bit());
        self.open.push(OpenWrite { write, part, slot: u32::trailing_ones(taken) });
    }

    /// The write happened, and before this moment.
    pub fn acknowledge(&mut self, write: WriteNumber, part: u32) {
        if self.undecidable {
            return;
        }
        match self.take(write) {
            Some((place, open)) => self.extend(place, open, false),
            // A write that was given up for lost before: it may be in the histories already.
            None => {
                let with: Vec<History> = self
                    .histories
                    .iter()
                    .map(|history| History { tag: history.tag.after_write(write, part), holds: history.holds })
                    .collect();
                self.histories.extend(with);
                self.tidy();
            }
        }
    }

    /// The write will never be acknowledged: it happened by now, or never will.
    pub fn lose(&mut self, write: WriteNumber, now: Time) {
        self.loss = Some(now);
        if let Some((place, open)) = self.take(write) {
            self.extend(place, open, true);
        }
    }

    /// The write was turned away at the door.
    pub fn refuse(&mut self, write: WriteNumber) {
        if let Some((_, open)) = self.take(write) {
            self.histories.retain(|history| history.holds & open.bit() == 0);
            if self.histories.is_empty() {
                self.give_up();
            }
        }
    }

    pub fn lose_those(&mut self, now: Time, lost: impl Fn(WriteNumber) -> bool) {
        while let Some(open) = self.open.iter().find(|open| lost(open.write)) {
            self.lose(open.write, now);
        }
    }

    /// The track got `tag` by other means; writes under way may still come on top.
    pub fn rebase(&mut self, tag: Tag) {
        self.histories = vec![History { tag, holds: 0 }];
        self.assumed = false;
        self.undecidable = false;
    }

    /// The content, when there is only one and no write is open.
    pub fn settled(&self) -> Option<Tag> {
        match self.histories[..] {
            [history] if self.open.is_empty() && !self.is_partial() => Some(history.tag),
            _ => None,
        }
    }

    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub fn allows(&self, tag: Tag) -> Answer {
        if self.undecidable {
            return Answer::Undecidable;
        }
        let found =
            self.each(
                usize::MAX,
                |history| {
                    if history.tag == tag { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            );
        match (found.is_break(), self.is_partial()) {
            (true, _) => Answer::Right,
            (false, true) => Answer::Undecidable,
            (false, false) => Answer::Wrong,
        }
    }

    /// What the track may hold before the next acknowledgement and not after it.
    pub fn contents(&self) -> Seen {
        if self.is_partial() {
            return Seen::Anything;
        }
        match self.histories[..] {
            [history] if self.open.len() <= 1 => return Seen::Only(history.tag),
            _ => {}
        }
        let mut tags = Vec::new();
        let _ = self.each(usize::MAX, |history| {
            tags.push(history.tag);
            ControlFlow::Continue(())
        });
        Seen::OneOf(tags.into_boxed_slice())
    }

    /// The track held `tag` at some moment since the last acknowledgement: histories that do not lead there did not
    /// happen. Open writes stay open, for what was seen of them may still be lost.
    pub fn narrow(&mut self, tag: Tag) {
        if self.undecidable || self.histories.len() == 1 && !self.assumed {
            return;
        }
        let leads_there = |history: &History| {
            let search =
                |found: History| if found.tag == tag { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            self.each_from(*history, 0, usize::MAX, &mut { search }).is_break()
        };
        let histories: Vec<History> = self.histories.iter().copied().filter(leads_there).collect();
        if !histories.is_empty() {
            self.histories = histories;
            self.assumed = false;
        }
    }

    /// Whether a write was given up at `moment` or later: a content from then may be older than the loss.
    pub fn lost_since(&self, moment: Time) -> bool {
        self.loss.is_some_and(|loss| loss >= moment)
    }

    pub fn is_ambiguous(&self) -> bool {
        self.histories.len() > 1 || self.assumed
    }

    /// There may be more histories than those at hand.
    fn is_partial(&self) -> bool {
        self.undecidable || self.assumed || self.open.len() > FREE_ORDER
    }

    pub fn digest(&self) -> u64 {
        let open = self.open.iter().fold(u64::from(self.undecidable), |digest, open| mix(digest, open.write.0));
        self.histories.iter().fold(open, |digest, history| mix(mix(digest, history.tag.0), u64::from(history.holds)))
    }

    fn take(&mut self, write: WriteNumber) -> Option<(usize, OpenWrite)> {
        let place = self.open.iter().position(|open| open.write == write)?;
        Some((place, self.open.remove(place)))
    }

    /// Makes every history contain `write`, which stood at `place` of the open writes; with `spare` those without it
    /// stay as well.
    fn extend(&mut self, place: usize, write: OpenWrite, spare: bool) {
        let mut extended = Vec::new();
        // In the order of issue only writes before this one can have come before it.
        let in_order = self.open.len() >= FREE_ORDER;
        self.assumed |= in_order;
        let earlier = if in_order { place } else { usize::MAX };
        for &history in &self.histories {
            if history.holds & write.bit() != 0 {
                extended.push(History { holds: history.holds & !write.bit(), ..history });
                continue;
            }
            if spare {
                extended.push(history);
            }
            let full = self.each_from(history, 0, earlier, &mut |before| {
                extended.push(History { tag: before.tag.after_write(write.write, write.part), holds: before.holds });
                if extended.len() > 2 * MOST_HISTORIES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if full.is_break() {
                self.give_up();
                return;
            }
        }
        self.histories = extended;
        self.tidy();
    }

    fn tidy(&mut self) {
        self.histories.sort_unstable();
        self.histories.dedup();
        if self.histories.len() > MOST_HISTORIES {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.undecidable = true;
        self.histories.truncate(1);
        self.open.clear();
    }

    fn each(&self, earlier: usize, mut visit: impl FnMut(History) -> ControlFlow<()>) -> ControlFlow<()> {
        self.histories.iter().try_for_each(|&history| self.each_from(history, 0, earlier, &mut visit))
    }

    /// Visits `history` and every extension by open writes that are not in it; only the first `earlier` ones count.
    fn each_from(
        &self,
        history: History,
        from: usize,
        earlier: usize,
        visit: &mut impl FnMut(History) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        visit(history)?;
        let free = self.open.len() <= FREE_ORDER;
        let first = if free { 0 } else { from };
        for (place, open) in self.open.iter().enumerate().take(earlier).skip(first) {
            if history.holds & open.bit() == 0 {
                let next =
                    History { tag: history.tag.after_write(open.write, open.part), holds: history.holds | open.bit() };
                self.each_from(next, place + 1, earlier, visit)?;
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Tag = Tag(1);

    fn content(writes: &[u64]) -> Tag {
        writes.iter().fold(START, |tag, &write| tag.after_write(WriteNumber(write), 0))
    }

    fn open(writes: &[u64]) -> Doubt {
        let mut doubt = Doubt::certain(START);
        writes.iter().for_each(|&write| doubt.issue(WriteNumber(write), 0));
        doubt
    }

    fn allows(doubt: &Doubt, writes: &[u64]) -> bool {
        doubt.allows(content(writes)) == Answer::Right
    }

    #[test]
    fn one_write_after_another_leaves_no_doubt() {
        let mut doubt = open(&[1]);
        assert!(allows(&doubt, &[]) && allows(&doubt, &[1]));
        doubt.acknowledge(WriteNumber(1), 0);
        assert_eq!(doubt.settled(), Some(content(&[1])));
        assert!(!allows(&doubt, &[]));
    }

    #[test]
    fn writes_that_overlap_may_have_happened_in_either_order() {
        let mut doubt = open(&[1, 2]);
        doubt.acknowledge(WriteNumber(2), 0);
        assert!(allows(&doubt, &[2]) && allows(&doubt, &[1, 2]) && allows(&doubt, &[2, 1]));
        assert!(!allows(&doubt, &[1]) && !allows(&doubt, &[]));
        doubt.acknowledge(WriteNumber(1), 0);
        assert!(allows(&doubt, &[1, 2]) && allows(&doubt, &[2, 1]) && !allows(&doubt, &[2]));
        doubt.issue(WriteNumber(3), 0);
        doubt.acknowledge(WriteNumber(3), 0);
        assert!(allows(&doubt, &[1, 2, 3]) && allows(&doubt, &[2, 1, 3]) && !allows(&doubt, &[1, 3, 2]));
    }

    #[test]
    fn lost_writes_may_have_happened_in_any_order_or_not_at_all() {
        let mut doubt = open(&[1, 2]);
        doubt.lose_those(Time::ZERO, |_| true);
        let allowed: [&[u64]; 5] = [&[], &[1], &[2], &[1, 2], &[2, 1]];
        assert!(allowed.iter().all(|writes| allows(&doubt, writes)));
        doubt.issue(WriteNumber(3), 0);
        doubt.acknowledge(WriteNumber(3), 0);
        assert!(allows(&doubt, &[3]) && allows(&doubt, &[2, 1, 3]));
        assert!(!allows(&doubt, &[3, 1]), "a lost write happened before its loss or never");
        doubt.narrow(Tag(99));
        assert!(allows(&doubt, &[3]), "what no history explains says nothing");
        doubt.narrow(content(&[2, 3]));
        assert_eq!(doubt.settled(), Some(content(&[2, 3])));
    }

    #[test]
    fn what_was_seen_tells_the_order_but_an_open_write_may_still_be_lost() {
        let mut doubt = open(&[1, 2, 3]);
        doubt.acknowledge(WriteNumber(1), 0);
        doubt.acknowledge(WriteNumber(2), 0);
        doubt.narrow(content(&[2, 1, 3]));
        assert!(allows(&doubt, &[2, 1]) && allows(&doubt, &[2, 1, 3]));
        assert!(!allows(&doubt, &[1, 2]) && !allows(&doubt, &[1, 2, 3]) && !allows(&doubt, &[3, 2, 1]));
    }

    #[test]
    fn a_refused_write_did_not_happen() {
        let mut doubt = open(&[1, 2]);
        doubt.acknowledge(WriteNumber(2), 0);
        doubt.refuse(WriteNumber(1));
        assert_eq!(doubt.settled(), Some(content(&[2])));
    }

    #[test]
    fn every_order_of_seven_and_the_order_of_issue_beyond() {
        let mut seven = open(&[1, 2, 3, 4, 5, 6, 7]);
        assert!(allows(&seven, &[7, 1, 6, 2, 5, 3, 4]));
        seven.lose_those(Time::ZERO, |_| true);
        assert_eq!(seven.histories.len(), 13_700);
    }

    #[test]
    fn many_held_writes_are_taken_in_the_order_of_their_issue() {
        let writes: Vec<u64> = (1..=16).collect();
        let mut doubt = open(&writes);
        for &write in &writes[..9] {
            doubt.acknowledge(WriteNumber(write), 0);
        }
        assert!(allows(&doubt, &writes[..9]));
        doubt.issue(WriteNumber(17), 0);
        assert_eq!(doubt.allows(content(&writes[..8])), Answer::Undecidable, "other orders were left out");
        writes[9..].iter().for_each(|&write| doubt.acknowledge(WriteNumber(write), 0));
        doubt.acknowledge(WriteNumber(17), 0);
        assert_eq!(doubt.settled(), None);
        doubt.narrow(content(&(1..=17).collect::<Vec<_>>()));
        assert!(doubt.settled().is_some(), "somebody saw the order");
    }

    #[test]
    fn too_many_open_writes_are_undecidable_until_the_track_is_rebased() {
        let writes: Vec<u64> = (1..=17).collect();
        let mut doubt = open(&writes);
        assert_eq!(doubt.allows(Tag(99)), Answer::Undecidable);
        assert_eq!(doubt.settled(), None);
        doubt.rebase(Tag(5));
        assert_eq!(doubt.allows(Tag(99)), Answer::Wrong);
    }
}

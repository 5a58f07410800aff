//! Chains of dependent writes: what each volume has of them, by acknowledgements, and what an image at T0 has.
//!
//! A workload may say that each of its writes depends on all before it: it issues one when the one before was
//! acknowledged. Its write numbers are then the order. A write that failed is no link: nothing is known to depend on it.

use std::collections::BTreeMap;

use super::ledger::HostWrite;
use crate::host::WRITE_NUMBER_BITS;
use crate::vocab::{VolumeId, WriteNumber};

/// A chain, by the number of its workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain(pub u16);

/// The writes of one chain to one volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    pub chain: Chain,
    /// The last write that an image has.
    pub last: Option<WriteNumber>,
}

#[derive(Clone, Debug)]
pub struct Chains {
    /// The last acknowledged write of each chain to each volume.
    acknowledged: BTreeMap<(Chain, VolumeId), WriteNumber>,
    /// The write of each chain that has no answer yet.
    open: BTreeMap<Chain, Option<HostWrite>>,
}

impl Chains {
    /// `chains` says of each workload whether it is one.
    pub fn new(chains: &[bool]) -> Chains {
        let named = (0..).zip(chains).filter(|(_, chain)| **chain).map(|(number, _)| (Chain(number), None));
        Chains { acknowledged: BTreeMap::new(), open: named.collect() }
    }

    /// The chain that a write belongs to.
    pub fn of(&self, write: WriteNumber) -> Option<Chain> {
        if self.open.is_empty() {
            return None;
        }
        let workload = (write.0 >> WRITE_NUMBER_BITS).checked_sub(1)?;
        let chain = Chain(u16::try_from(workload).ok()?);
        self.open.contains_key(&chain).then_some(chain)
    }

    pub fn issued(&mut self, write: HostWrite) {
        if let Some(chain) = self.of(write.write) {
            self.open.insert(chain, Some(write));
        }
    }

    /// Returns the chain of the write.
    pub fn acknowledged(&mut self, write: HostWrite) -> Option<Chain> {
        let chain = self.of(write.write)?;
        self.open.insert(chain, None);
        self.acknowledged.insert((chain, write.volume), write.write);
        Some(chain)
    }

    pub fn failed(&mut self, write: HostWrite) {
        if let Some(chain) = self.of(write.write) {
            self.open.insert(chain, None);
        }
    }

    /// Whoever issued these writes is gone.
    pub fn lose_those(&mut self, issued: impl Fn(WriteNumber) -> bool) {
        self.open.values_mut().for_each(|open| *open = open.filter(|open| !issued(open.write)));
    }

    /// What an image of `volume` has at this moment; `has` says it of a write that is open.
    pub fn links(&self, volume: VolumeId, has: impl Fn(HostWrite) -> bool) -> Vec<Links> {
        let link = |(&chain, open): (&Chain, &Option<HostWrite>)| {
            let open = open.filter(|open| open.volume == volume && has(*open)).map(|open| open.write);
            Links { chain, last: open.or_else(|| self.acknowledged.get(&(chain, volume)).copied()) }
        };
        self.open.iter().map(link).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::TrackNo;

    fn write(volume: &str, number: u64) -> HostWrite {
        let volume = VolumeId::parse(volume).expect("a volume ID");
        let write = WriteNumber(2 << WRITE_NUMBER_BITS | number);
        HostWrite { volume, first: TrackNo(3), count: 1, write }
    }

    #[test]
    fn an_image_has_what_was_acknowledged_and_what_is_seen_of_an_open_write() {
        let mut chains = Chains::new(&[false, true]);
        let last = |chains: &Chains, volume: &str, has: bool| {
            let links = chains.links(VolumeId::parse(volume).expect("a volume ID"), |_| has);
            assert_eq!((links.len(), links[0].chain), (1, Chain(1)));
            links[0].last.map(|write| write.0 & 0xFF)
        };
        chains.issued(write("A", 1));
        assert_eq!(
            (last(&chains, "A", false), last(&chains, "A", true), last(&chains, "B", true)),
            (None, Some(1), None)
        );
        assert_eq!(chains.acknowledged(write("A", 1)), Some(Chain(1)));
        chains.issued(write("B", 2));
        chains.failed(write("B", 2));
        assert_eq!((last(&chains, "A", false), last(&chains, "B", true)), (Some(1), None));
        let stranger = HostWrite { write: WriteNumber(1 << WRITE_NUMBER_BITS | 5), ..write("A", 0) };
        assert_eq!(chains.acknowledged(stranger), None);
    }
}

//! The metadata store 124: tables that survive, and how far back they can fall.
//!
//! The last transactions are remembered beside the tables, because a store can lose them (an old copy read back after a
//! failover, a worn battery): the tables then are what they were before.

use std::collections::VecDeque;

use super::tables::{Record, Tables};

/// Transactions that can be undone (A): more than any fault of a scenario is likely to name, and bounded in memory.
const REMEMBERED: usize = 256;

#[derive(Clone, Debug)]
pub struct MetadataStore {
    tables: Tables,
    /// The tables before the remembered transactions.
    before: Tables,
    recent: VecDeque<Record>,
}

impl MetadataStore {
    pub fn new(tables: Tables) -> MetadataStore {
        MetadataStore { before: tables.clone(), tables, recent: VecDeque::new() }
    }

    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// A transaction reaches the store.
    pub fn apply(&mut self, record: Record) {
        self.tables.apply(&record);
        self.recent.push_back(record);
        if self.recent.len() > REMEMBERED
            && let Some(oldest) = self.recent.pop_front()
        {
            self.before.apply(&oldest);
        }
    }

    /// Undoes the last transactions, as many of them as are remembered. Returns how many.
    pub fn roll_back(&mut self, transactions: u32) -> u32 {
        let undone = self.recent.len().min(transactions as usize);
        self.recent.truncate(self.recent.len() - undone);
        let mut tables = self.before.clone();
        for record in &self.recent {
            tables.apply(record);
        }
        self.tables = tables;
        undone as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::dasd::homes::Homes;
    use crate::controller::dasd::tables::{Map, Relation};
    use crate::kernel::Time;
    use crate::vocab::{Device, RelationNumber, TrackNo};

    #[test]
    fn the_last_transactions_can_be_undone() {
        let mut store = MetadataStore::new(Tables::new(&[4, 4], Map::HomeArea(Homes::new(&[4, 4], 8))));
        let number = RelationNumber(1);
        store.apply(Record::Establish(Relation::new(number, Device(0), Device(1), Time::ZERO, 4)));
        store.apply(Record::Own { relation: number, tracks: vec![TrackNo(2)] });
        assert_eq!(store.roll_back(1), 1);
        assert!(!store.tables().relations[0].owns(TrackNo(2)));
        assert_eq!(store.roll_back(5), 1, "there is only one more");
        assert!(!store.tables().is_related(Device(0)));
        store.apply(Record::Establish(Relation::new(RelationNumber(2), Device(0), Device(1), Time::ZERO, 4)));
        assert!(store.tables().is_related(Device(0)));
    }
}

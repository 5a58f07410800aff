//! What observers of the whole system may learn of one event.

use crate::controller::dasd::DasdFact;
use crate::controller::tape::TapeFact;
use crate::fault::plan::Fault;
use crate::host::workload::WorkloadFact;
use crate::manager::ManagerFact;
use crate::vocab::Workload;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    Dasd(DasdFact),
    Tape(TapeFact),
    Manager(ManagerFact),
    Workload(Workload, WorkloadFact),
    /// A fault acted; `index` is its place in the scenario's list, or after it for one that a rate brought.
    Fault {
        index: usize,
        fault: Fault,
    },
}

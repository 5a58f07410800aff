//! Applications and operators: who asks the storage system for something.

pub mod operator;
pub mod plan;
pub mod requester;
mod slip;
pub mod trace;
pub mod workload;

pub use operator::{Answer, AnswerRule, Operator, OperatorParameters, OperatorUsage, OrderedSlip, SlipRates, Turn};
pub use plan::{
    Pattern, PlanError, Replay, RequestMix, TraceRecord, WorkloadKind, WorkloadPlan, WorkloadVolume, entity_names,
    volume_ends,
};
pub use requester::{Requester, RequesterMessage, RequesterOutbox, RequesterTimer};
pub use workload::{
    Backlog, Counts, Replayed, TimerKind, UnderWay, WRITE_NUMBER_BITS, Workload, WorkloadFact, WorkloadOutbox,
    WorkloadTimer,
};

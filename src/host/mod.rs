//! Applications and operators: who asks the storage system for something.

pub mod operator;
pub mod workload;

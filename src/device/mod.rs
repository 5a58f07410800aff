//! Passive devices: they know timing and contents and have no events of their own.

pub mod cache;
pub mod cartridge;
pub mod channel;
pub mod disk;
pub mod drive;
pub mod library;
pub mod profiles;
pub mod raid;
pub mod service;

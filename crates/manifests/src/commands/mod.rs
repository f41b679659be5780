//! Commands that verify: what they ask for, as the program that runs them reads it.

mod dialect;
mod reading;

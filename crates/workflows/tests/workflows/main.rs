//! Whole workflows in, facts and findings out.

mod reading;

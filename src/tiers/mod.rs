//! Room `tiers`.

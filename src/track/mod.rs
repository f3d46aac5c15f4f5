//! Room `track`.

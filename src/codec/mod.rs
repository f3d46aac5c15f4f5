//! Room `codec`.

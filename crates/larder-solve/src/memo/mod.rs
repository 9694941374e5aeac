//! Remembered solves.

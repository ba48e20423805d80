//! The health endpoint of a daemon without an async runtime.
#![forbid(unsafe_code)]

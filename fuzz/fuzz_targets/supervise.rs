//! See `health_fuzz::supervise`.
#![no_main]

libfuzzer_sys::fuzz_target!(|run: health_fuzz::supervise::Run| run.check());

//! See `health_fuzz::monitor`.
#![no_main]

libfuzzer_sys::fuzz_target!(|run: health_fuzz::monitor::Run| run.check());

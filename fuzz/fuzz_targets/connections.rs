//! See `health_fuzz::connections`.
#![no_main]

libfuzzer_sys::fuzz_target!(|run: health_fuzz::connections::Run| run.check());

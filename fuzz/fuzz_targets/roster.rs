//! See `health_fuzz::roster`.
#![no_main]

libfuzzer_sys::fuzz_target!(|run: health_fuzz::roster::Run| run.check());

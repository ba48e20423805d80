//! See `health_fuzz::connection`.
#![no_main]

libfuzzer_sys::fuzz_target!(|run: health_fuzz::connection::Run<'_>| run.check());

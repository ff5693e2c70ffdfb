#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyaki_fuzz::conditions(data));

//! Conversations of a few connections, through an engine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wirelat_fuzz::segments::{Step, play};

fuzz_target!(|input: (bool, Vec<Step>)| {
    let (wires_are_known, steps) = input;
    play(&steps, wires_are_known);
});

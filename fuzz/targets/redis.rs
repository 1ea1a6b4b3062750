//! One connection, on a wire of this protocol alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::protocol::Protocol;
use wirelat_fuzz::streams::play;

fuzz_target!(|bytes: &[u8]| play(Protocol::Redis, bytes));

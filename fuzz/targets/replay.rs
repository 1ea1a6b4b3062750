//! Any bytes as a capture file, through the production path.
#![no_main]

use decoders::engine::EngineConfig;
use libfuzzer_sys::fuzz_target;
use observer::capture::FileSource;
use observer::pipeline;
use std::io::Cursor;
use wirelat_fuzz::account::Account;

fuzz_target!(|bytes: &[u8]| {
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    let Ok(mut source) = FileSource::from_reader("fuzz", reader) else { return };
    let config =
        EngineConfig { keep_targets: true, report_connections: true, ..EngineConfig::default() };
    let mut account = Account::default();
    if let Ok(summary) = pipeline::run(&mut source, &config, 1, &mut account) {
        account.finish(&summary);
    }
});

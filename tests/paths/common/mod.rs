//! Replays captures into memory, and what every replay must hold.

pub(crate) mod cases;
pub(crate) mod found;
pub(crate) mod pcap;
pub(crate) mod sink;
pub(crate) mod synthetic;

pub(crate) use found::Found;
pub(crate) use sink::{Run, Settings};

use observer::capture::{FileSource, Source};
use observer::pipeline::{self, RunError};
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Replays anything.
pub(crate) fn replay(source: &mut dyn Source, settings: &Settings) -> Result<Run, RunError> {
    let mut sink = settings.sink();
    let summary = pipeline::run(source, &settings.config(), settings.engines, &mut sink)?;
    Ok(sink.finish(summary))
}

/// Replays a capture that lies in memory.
pub(crate) fn replay_bytes(bytes: &[u8], settings: &Settings) -> Result<Run, RunError> {
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    let mut source = FileSource::from_reader("capture", reader)?;
    replay(&mut source, settings)
}

/// Replays a capture file.
pub(crate) fn replay_file(path: &Path, settings: &Settings) -> Result<Run, RunError> {
    replay(&mut FileSource::open(path)?, settings)
}

/// The capture of every case under `fixtures/http`, by the case's name.
pub(crate) fn fixtures() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/http");
    let mut cases: Vec<(String, PathBuf)> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let case = entry.unwrap();
            let capture = std::fs::read_dir(case.path())
                .unwrap()
                .map(|file| file.unwrap().path())
                .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("capture."));
            let name = case.file_name().to_string_lossy().into_owned();
            (name.clone(), capture.unwrap_or_else(|| panic!("{name} has no capture")))
        })
        .collect();
    cases.sort();
    assert!(cases.len() >= 40, "only {} cases in {}", cases.len(), folder.display());
    cases
}

/// A few cases by name.
pub(crate) fn fixture(name: &str) -> PathBuf {
    let cases = fixtures();
    cases.into_iter().find(|(case, _)| case == name).unwrap_or_else(|| panic!("no case {name}")).1
}

/// Compares with a file under `tests/snapshots`.
pub(crate) fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

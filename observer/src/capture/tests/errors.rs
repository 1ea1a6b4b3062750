//! What the user hears when there is nothing to read.

use super::build::*;
use super::read;
use crate::capture::{CaptureError, FileSource, open};
use std::path::Path;

fn message(bytes: &[u8]) -> String {
    let error = read(bytes).error.unwrap().to_string();
    assert_eq!(error.lines().count(), 1);
    error
}

#[test]
fn files_that_are_not_captures() {
    for (bytes, expected) in [
        (&b"\x7fELF\x02\x01\x01\0"[..], "looks like a program (ELF)"),
        (b"<!DOCTYPE html><html>", "looks like a web page"),
        (b"12:00:01.5 IP 10.0.0.5 > 10.0.0.9\n", "looks like text"),
        (b"{\"layers\": []}", "looks like JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x01\x02\x03\x04\x05", "begins with the bytes 01 02 03 04"),
        (b"\xa1", "begins with the bytes a1"),
    ] {
        let message = message(bytes);
        assert!(message.contains("is not a pcap or pcapng capture"), "{message}");
        assert!(message.contains(expected) && message.contains("tcpdump -w"), "{message}");
    }
    for (bytes, expected) in [
        (
            &b"\xfd7zXZ\0\0\x04"[..],
            "compressed with xz, which is not read; unpack it first: xz -dc",
        ),
        (b"BZh91AY", "bzip2 -dc"),
        (b"PK\x03\x04....", "unzip -p"),
        (b"snoop\0\0\0\0\0\0\x02", "is a snoop capture, which is not read; convert it: editcap"),
    ] {
        let message = message(bytes);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_link_type_that_nothing_can_be_read_of() {
    let order = Order::Little;
    let classic = [pcap_header(order, 0xa1b2_c3d4, 147), pcap_record(order, 1, 0, b"a")].concat();
    let next = [section(order), interface(order, 147, 0, &[]), enhanced(order, 0, 1, b"a", 1, &[])]
        .concat();
    for file in [classic, next.clone()] {
        let message = message(&file);
        assert!(message.contains("link type 147 only, which is not decoded"), "{message}");
    }
    // One packet that can be decoded makes it a capture of which some packets can't be.
    let mixed = [next, interface(order, 1, 0, &[]), enhanced(order, 1, 1, b"a", 1, &[])].concat();
    let outcome = read(&mixed);
    assert_eq!((outcome.seen.len(), outcome.error.is_none()), (2, true));
}

#[test]
fn paths_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let missing = FileSource::open(&directory.path().join("missing.pcap")).err().unwrap();
    assert!(matches!(missing, CaptureError::NotFound { .. }), "{missing}");
    let folder = FileSource::open(directory.path()).err().unwrap();
    assert!(folder.to_string().ends_with("/*.pcap"), "{folder}");
    let empty = directory.path().join("empty.pcap");
    std::fs::write(&empty, b"").unwrap();
    let error = FileSource::open(&empty).err().unwrap();
    assert!(error.to_string().contains("is empty; "), "{error}");
    assert!(matches!(open(&[]).err(), Some(CaptureError::NoInput)));
    assert!(matches!(FileSource::open(Path::new("")).err(), Some(CaptureError::NotFound { .. })));
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret.pcap");
    std::fs::write(&path, pcap(Order::Little)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if std::fs::File::open(&path).is_ok() {
        println!("skipped: this user may read every file");
        return;
    }
    let error = FileSource::open(&path).err().unwrap();
    assert!(error.to_string().contains("permission denied; "), "{error}");
}

//! What a file that is not a capture looks like, so that its user sees what went wrong.

use super::CaptureError;

/// Formats that hold packets, or a capture, in a way that is not read: magic, name, what to do.
const OTHER_FORMATS: [(&[u8], &str, &str); 9] = [
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it first: xz -dc FILE | wirelat replay -"),
    (b"BZh", "compressed with bzip2", "unpack it first: bzip2 -dc FILE | wirelat replay -"),
    (
        b"\x04\x22\x4d\x18",
        "compressed with lz4",
        "unpack it first: lz4 -dc FILE | wirelat replay -",
    ),
    (b"PK\x03\x04", "a zip archive", "unpack it first: unzip -p FILE | wirelat replay -"),
    (b"snoop\0\0\0", "a snoop capture", "convert it: editcap FILE capture.pcapng"),
    (b"GMBU", "a Network Monitor capture", "convert it: editcap FILE capture.pcapng"),
    (b"RTSS", "a Network Monitor capture", "convert it: editcap FILE capture.pcapng"),
    (b"TRSNIFF data", "a Sniffer capture", "convert it: editcap FILE capture.pcapng"),
    (b"XCP\0", "a NetXRay capture", "convert it: editcap FILE capture.pcapng"),
];

/// Files that people name by mistake.
const OTHER_FILES: [(&[u8], &str); 12] = [
    (b"\x7fELF", "looks like a program (ELF)"),
    (b"MZ", "looks like a Windows program"),
    (b"#!", "looks like a script"),
    (b"%PDF", "looks like a PDF document"),
    (b"SQLite format 3", "looks like an SQLite database"),
    (b"\x89PNG", "looks like an image"),
    (b"<!DOCTYPE", "looks like a web page (HTML): a download may have failed"),
    (b"<!doctype", "looks like a web page (HTML): a download may have failed"),
    (b"<html", "looks like a web page (HTML): a download may have failed"),
    (b"<?xml", "looks like XML"),
    (b"{", "looks like JSON"),
    (b"version https://git-lfs", "is a git-lfs pointer: git lfs pull fetches the file"),
];

/// The error for a file that begins with `head`, as unpacked from `packed` (`gzip`, `zstd`).
pub(super) fn not_a_capture(file: &str, packed: Option<&str>, head: &[u8]) -> CaptureError {
    let file = file.to_owned();
    for (magic, what, advice) in OTHER_FORMATS {
        if head.starts_with(magic) {
            return CaptureError::OtherFormat { file, what, advice };
        }
    }
    let looks = looks_like(head);
    let looks = match packed {
        Some(packed) => format!("is {packed} data, and what is inside {looks}"),
        None => looks,
    };
    CaptureError::NotACapture { file, looks }
}

fn looks_like(head: &[u8]) -> String {
    if head.is_empty() {
        return "is empty, cut or damaged".to_owned();
    }
    if let Some((_, looks)) = OTHER_FILES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return (*looks).to_owned();
    }
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if head.iter().all(is_text) {
        return "looks like text (the output of tcpdump without -w?)".to_owned();
    }
    let first: Vec<String> = head.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("begins with the bytes {}", first.join(" "))
}

//! Input that cannot be used: one line that says what to do, exit code 2.

use super::{BINARY, Ended, Folder, replay, wirelat};
use crate::common::{fixture, pcap};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// An account without rights.
const NOBODY: u32 = 65_534;

#[track_caller]
fn assert_refused(ended: &Ended, words: &[&str]) {
    let Ended { code, stdout, stderr } = ended;
    assert_eq!(*code, Some(2), "{stderr}");
    assert_eq!(stdout, "", "nothing was found");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("wirelat: error: "), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "`{word}` is not in: {stderr}");
    }
}

#[track_caller]
fn refused(path: &Path, words: &[&str]) {
    let name = path.display().to_string();
    assert_refused(&replay([path]), &[&[name.as_str()], words].concat());
}

#[test]
fn not_a_capture() {
    let folder = Folder::new();
    refused(&folder.file("notes.txt", "GET / HTTP/1.1\r\n\r\n"), &["is not a pcap", "tcpdump"]);
    refused(&folder.file("random", [0x5a; 4_096]), &["is not a pcap"]);
}

#[test]
fn an_empty_file() {
    let folder = Folder::new();
    refused(&folder.file("empty.pcap", ""), &["is empty"]);
}

#[test]
fn a_part_of_a_header() {
    let capture = fs::read(fixture("keepalive")).unwrap();
    let folder = Folder::new();
    refused(&folder.file("short.pcap", &capture[..20]), &["header"]);
}

#[test]
fn a_missing_file() {
    refused(&Folder::new().path("missing.pcap"), &["no such file"]);
}

#[test]
fn a_directory() {
    let folder = Folder::new();
    refused(folder.0.path(), &["is a directory"]);
}

#[test]
fn an_unknown_link_type() {
    let mut capture = fs::read(fixture("keepalive")).unwrap();
    capture[20..24].copy_from_slice(&147_u32.to_le_bytes());
    let folder = Folder::new();
    refused(&folder.file("private.pcap", capture), &["link type 147"]);
}

#[test]
fn no_permission() {
    let folder = Folder::new();
    fs::set_permissions(folder.0.path(), Permissions::from_mode(0o755)).unwrap();
    let capture = folder.path("secret.pcap");
    fs::copy(fixture("keepalive"), &capture).unwrap();
    fs::set_permissions(&capture, Permissions::from_mode(0o000)).unwrap();
    let mut command = wirelat(["replay"]);
    if fs::File::open(&capture).is_ok() {
        // Root may read everything: be nobody, with a binary that nobody can reach.
        let binary = folder.path("wirelat");
        fs::copy(BINARY, &binary).unwrap();
        command = Command::new(binary);
        command.arg("replay").stdin(Stdio::null()).current_dir("/").uid(NOBODY).gid(NOBODY);
    }
    let ended = Ended::of(command.arg(&capture));
    assert_refused(&ended, &["permission denied", "secret.pcap"]);
}

#[test]
fn an_output_that_cannot_be_written() {
    let folder = Folder::new();
    for option in ["--transactions", "--connections", "--report"] {
        let output = folder.path("no/such/folder/output");
        let capture = fixture("keepalive");
        let arguments = [capture.as_os_str(), option.as_ref(), output.as_os_str()];
        assert_refused(&replay(arguments), &["cannot write", "no/such/folder/output"]);
    }
}

#[test]
fn a_routes_file_that_is_wrong() {
    let folder = Folder::new();
    let wrong = folder.file("routes.json", r#"{"routes": [{"path": "(", "name": "api"}]}"#);
    let capture = fixture("keepalive");
    for file in [wrong, folder.path("missing.json")] {
        let wire = format!("http:8080:{}", file.display());
        let arguments = [capture.as_os_str(), "--wire".as_ref(), wire.as_ref()];
        assert_refused(&replay(arguments), &[&file.display().to_string()]);
    }
}

#[test]
fn one_of_several_files() {
    let folder = Folder::new();
    let ended = replay([fixture("keepalive"), folder.file("empty.pcap", "")]);
    assert_refused(&ended, &["empty.pcap", "is empty"]);
}

#[test]
fn a_report_without_a_store() {
    let folder = Folder::new();
    let store = folder.path("store");
    let mut command = wirelat(["report", "sla", "--store"]);
    assert_refused(&Ended::of(command.arg(&store)), &["no store", "--store"]);
    assert!(!store.exists(), "looking for a store must not make one");
}

#[test]
fn a_store_that_is_no_directory() {
    let folder = Folder::new();
    let file = folder.file("notes.txt", "mine");
    for store in [Path::new("/dev/null"), &file] {
        let capture = fixture("keepalive");
        let arguments = [capture.as_os_str(), "--store".as_ref(), store.as_os_str()];
        let name = store.display().to_string();
        assert_refused(&replay(arguments), &[&name, "not a directory; name"]);
        let mut command = wirelat(["report", "sla", "--store"]);
        assert_refused(&Ended::of(command.arg(store)), &[&name, "not a directory; name"]);
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    let (capture, below) = (fixture("keepalive"), file.join("store"));
    let arguments = [capture.as_os_str(), "--store".as_ref(), below.as_os_str()];
    assert_refused(&replay(arguments), &["notes.txt/store", "cannot write", "check"]);
}

/// What came before counts.
#[test]
fn a_truncated_last_record_is_a_warning() {
    let capture = fs::read(fixture("keepalive")).unwrap();
    let folder = Folder::new();
    let cut = folder.file("cut.pcap", &capture[..capture.len() - 7]);
    let ended = replay([cut]);
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("wirelat: warning: "), "{}", ended.stderr);
    assert!(ended.stdout.contains("http:8080"), "{}", ended.stdout);
}

#[test]
fn nothing_to_decode_is_no_error() {
    let mut udp = vec![0; 14];
    udp[12..14].copy_from_slice(&[0x08, 0x00]);
    udp.extend([0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    udp.extend([0, 53, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]);
    let wire_length = u32::try_from(udp.len()).unwrap();
    let packet = pcap::Packet { time: 1_000_000_000, link: 1, bytes: udp, wire_length };
    let folder = Folder::new();
    let path = folder.file("udp.pcap", pcap::write(&[packet.clone(), packet]));
    let ended = replay([&path]).well();
    assert!(ended.stdout.contains("udp 2"), "{}", ended.stdout);
    let lines = replay([path.as_os_str(), "--transactions".as_ref(), "-".as_ref()]).well();
    assert_eq!(lines.stdout, "");
}

#[test]
fn a_capture_without_packets_is_no_error() {
    let capture = fs::read(fixture("keepalive")).unwrap();
    let folder = Folder::new();
    let ended = replay([folder.file("none.pcap", &capture[..24])]).well();
    assert!(ended.stdout.contains("No request was seen"), "{}", ended.stdout);
}

#[test]
fn queries_files_that_are_not() {
    let folder = Folder::new();
    let missing = folder.path("missing.json");
    let broken = folder.file("broken.json", r#"{"AdhocStatements":[{"Query":"(","Name":"x"}]}"#);
    for protocol in ["postgres", "cassandra", "mysql"] {
        for (file, word) in [(&missing, "queries file"), (&broken, "regular expression")] {
            let wire = format!("{protocol}:5432:{}", file.display());
            let ended =
                replay([fixture("keepalive").as_os_str(), "--wire".as_ref(), wire.as_ref()]);
            assert_refused(&ended, &[&file.display().to_string(), word]);
        }
    }
}

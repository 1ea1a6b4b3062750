//! What a replay prints.

use super::{Ended, Folder, replay, transactions, wirelat};
use crate::common::pcap::{self, Packet};
use crate::common::{fixture, fixtures};
use flate2::Compression;
use flate2::write::GzEncoder;
use observer::capture::FileSource;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// DESIGN's contract, in order.
const KEYS: [&str; 19] = [
    "protocol",
    "wire",
    "client",
    "server",
    "operation",
    "name",
    "outcome",
    "code",
    "request_first_ns",
    "request_last_ns",
    "response_first_ns",
    "response_last_ns",
    "first_byte_ns",
    "total_ns",
    "request_bytes",
    "response_bytes",
    "rows",
    "messages",
    "attributes",
];

/// The keys of an object, in order.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[test]
fn transactions_have_the_keys_of_the_contract() {
    let mut lines = 0;
    for (name, capture) in fixtures() {
        for line in transactions(&capture).lines() {
            let Keys(keys) = serde_json::from_str(line).unwrap();
            assert_eq!(keys, KEYS, "{name}");
            lines += 1;
        }
    }
    assert!(lines > 200, "{lines}");
}

#[test]
fn raw_adds_the_target_and_nothing_else() {
    let capture = fixture("absolute_form");
    let plain = transactions(&capture);
    let raw = replay([capture.as_os_str(), "--raw".as_ref(), "--transactions=-".as_ref()]).well();
    assert_eq!(plain.lines().count(), raw.stdout.lines().count());
    for (plain, raw) in plain.lines().zip(raw.stdout.lines()) {
        let Keys(keys) = serde_json::from_str(raw).unwrap();
        assert_eq!(keys[..KEYS.len()], KEYS);
        assert_eq!(keys[KEYS.len()..], ["target"]);
        assert!(raw.starts_with(plain.strip_suffix('}').unwrap()), "{raw}");
        assert!(raw.contains("\"target\":\"http://"), "{raw}");
    }
}

#[test]
fn values_are_integers_strings_and_nulls() {
    let text = transactions(&fixture("client_gave_up"));
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [answered, unanswered] = lines.as_slice() else { panic!("{text}") };
    assert_eq!(answered["code"], "200");
    assert_eq!(answered["outcome"], "ok");
    assert!(answered["total_ns"].as_u64().unwrap() >= 10_000_000);
    assert!(answered["rows"].is_null() && answered["messages"].is_null());
    assert_eq!(unanswered["outcome"], "unanswered");
    for key in ["code", "response_first_ns", "response_last_ns", "first_byte_ns", "total_ns"] {
        assert!(unanswered[key].is_null(), "{key}: {unanswered}");
    }
    assert!(unanswered["request_last_ns"].as_u64().unwrap() > 1_700_000_000_000_000_000);
}

#[test]
fn transactions_go_to_a_file_beside_the_report() {
    let folder = Folder::new();
    let output = folder.path("transactions.jsonl");
    let capture = fixture("keepalive");
    let arguments = [capture.as_os_str(), "--transactions".as_ref(), output.as_os_str()];
    let ended = replay(arguments).well();
    assert!(ended.stdout.contains("http:8080"), "{}", ended.stdout);
    assert_eq!(std::fs::read_to_string(output).unwrap(), transactions(&capture));
}

#[test]
fn connections_have_handshakes() {
    let capture = fixture("delay_20ms_client_side");
    let ended = replay([capture.as_os_str(), "--connections=-".as_ref()]).well();
    assert!(ended.stdout.lines().count() > 0);
    for line in ended.stdout.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["connect_ns"].as_u64().is_some(), "{line}");
        // What the client saw holds the way there and back once more than what the server's side saw.
        assert!(line["tcp_first_byte_ns"].as_u64() > line["connect_ns"].as_u64(), "{line}");
    }
}

#[test]
fn a_routes_file_names_requests() {
    let folder = Folder::new();
    let routes = r#"{"routes":[{"path":"^/slow","name":"slow"},{"path":"^/","name":"rest"}]}"#;
    let wire = format!("http:8080:{}", folder.file("routes.json", routes).display());
    let capture = fixture("keepalive");
    let arguments =
        [capture.as_os_str(), "--wire".as_ref(), wire.as_ref(), "--transactions=-".as_ref()];
    let lines = replay(arguments).well().stdout;
    let count = |name: &str| lines.matches(&format!("\"name\":\"{name}\"")).count();
    assert_eq!((count("slow"), count("rest")), (3, 5), "{lines}");
    assert_eq!(lines.matches("\"wire\":\"http:8080\"").count(), 8, "{lines}");

    let other = folder.file("few.json", r#"{"routes":[{"path":"^/slow","name":"slow"}]}"#);
    let wire = format!("http:8080:{}", other.display());
    let arguments =
        [capture.as_os_str(), "--wire".as_ref(), wire.as_ref(), "--transactions=-".as_ref()];
    let lines = replay(arguments).well().stdout;
    assert_eq!(lines.matches("\"name\":\"unmatched_route\"").count(), 5, "{lines}");
}

#[test]
fn only_the_wires_that_were_asked_for() {
    let capture = fixture("two_wires");
    let lines = |wires: &[&str]| {
        let wires = wires.iter().flat_map(|wire| ["--wire", wire]);
        let mut command = wirelat(["replay", "--transactions=-"]);
        Ended::of(command.arg(&capture).args(wires)).well().stdout.lines().count()
    };
    assert_eq!(lines(&["http:8080"]), 3);
    assert_eq!(lines(&["http:8080", "http:8082"]), 6);
    assert_eq!(lines(&["http:8080,8082"]), 6);
    assert_eq!(lines(&["http:9"]), 0);
    assert_eq!(lines(&["tcp:8080"]), 0);
}

/// The same packets in one file, compressed, through a pipe, and in several files.
#[test]
fn it_does_not_matter_how_packets_come() {
    let capture = fixture("keepalive");
    let bytes = std::fs::read(&capture).unwrap();
    let expected = transactions(&capture);
    assert_eq!(expected.lines().count(), 8);
    let folder = Folder::new();

    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes).unwrap();
    let gz = folder.file("capture.pcap.gz", encoder.finish().unwrap());
    assert_eq!(transactions(&gz), expected, "gzip");
    let zst = folder.file("capture.pcap.zst", zstd::encode_all(bytes.as_slice(), 0).unwrap());
    assert_eq!(transactions(&zst), expected, "zstd");

    for path in [&capture, &gz, &zst] {
        let mut command = wirelat(["replay", "-", "--transactions", "-"]);
        let ended = Ended::of(command.stdin(File::open(path).unwrap())).well();
        assert_eq!(ended.stdout, expected, "standard input: {}", path.display());
    }

    let packets = pcap::read(&mut FileSource::open(&capture).unwrap());
    let (early, late) = packets.split_at(packets.len() / 2);
    assert_eq!(merged(&folder, [late, early]), expected, "one file after the other");
    let part = |odd: usize| {
        let every = packets.iter().enumerate().filter(|(place, _)| place % 2 == odd);
        every.map(|(_, packet)| packet.clone()).collect::<Vec<Packet>>()
    };
    assert_eq!(merged(&folder, [&part(0), &part(1)]), expected, "two interleaved files");
}

fn merged(folder: &Folder, parts: [&[Packet]; 2]) -> String {
    let [one, two] = parts.map(pcap::write);
    let paths = [folder.file("one.pcap", one), folder.file("two.pcap", two)];
    let mut command = wirelat(["replay", "--transactions=-"]);
    Ended::of(command.args(paths)).well().stdout
}

#[test]
fn any_number_of_pipelines_prints_the_same() {
    let folder = Folder::new();
    let large = folder.large();
    let run = |pipelines: &str, path: &Path, more: &str| {
        let mut command = wirelat(["replay", "--pipelines", pipelines, more]);
        Ended::of(command.arg(path)).well().stdout
    };
    for more in ["--transactions=-", "--connections=-", "--format=json"] {
        let one = run("1", &large, more);
        assert!(one.len() > 1_000);
        for pipelines in ["2", "4"] {
            assert!(run(pipelines, &large, more) == one, "{pipelines} pipelines, {more}");
        }
    }
}

#[test]
fn a_queries_file_names_statements() {
    let folder = Folder::new();
    let queries = folder.file(
        "queries.json",
        r#"{"PreparedStatements":[{"Query":"numbers","Name":"numbers"},{"Query":"^$","Name":""},{"Query":"length","Name":"SHA256"}]}"#,
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/postgres/extended");
    let case = fs::read_to_string(root.join("case.toml")).unwrap();
    let port = case.split("postgres:").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let wire = format!("postgres:{port}:{}", queries.display());
    let capture = root.join("capture.pcap");
    let options = ["--wire", &wire, "--transactions", "-"].map(OsStr::new);
    let ended = replay([capture.as_os_str()].into_iter().chain(options)).well();
    let named = |name: &str| ended.stdout.matches(&format!("\"name\":\"{name}\"")).count();
    assert!(named("numbers") >= 5, "{}", ended.stdout);
    // SELECT length($1)
    let digest = "f7b55fe38b0031ec96f9ed7cf9b67945c98beb7b7cebf32675284f5d8f0e60f2";
    assert_eq!(named(digest), 1, "{}", ended.stdout);
}

//! Real captures, named by an index beside them: every packet is read and counted.
//! `WIRELAT_CAPTURES=DIRECTORY cargo test -p wirelat-observer --test real_captures`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use decoders::packet::PacketParser;
use observer::capture::{self, CaptureWarning, Damage};
use std::path::PathBuf;

#[test]
fn every_packet_of_the_index_is_read() {
    let Some(folder) = std::env::var_os("WIRELAT_CAPTURES").map(PathBuf::from) else {
        println!("skipped: WIRELAT_CAPTURES does not name a folder of captures");
        return;
    };
    let index = std::fs::read_to_string(folder.join("INDEX.tsv")).unwrap();
    let mut lines = index.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let column = |name| columns.iter().position(|&column| column == name).unwrap();
    let (file, packets) = (column("file"), column("packets"));
    let mut read = 0;
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        check(&folder.join(fields[file]), fields[packets].parse().unwrap());
        read += 1;
    }
    assert!(read > 0, "an empty index");
}

fn check(path: &PathBuf, packets: u64) {
    let name = path.display();
    let mut source = capture::open(std::slice::from_ref(path)).unwrap();
    let mut parser = PacketParser::new();
    let mut segments = 0;
    capture::read_all(source.as_mut(), &mut parser, |segment, payload| {
        assert_eq!(segment.payload_length as usize, payload.len());
        segments += 1;
    })
    .unwrap();
    let account = parser.packets;
    let warnings = source.warnings();
    println!("{name}: {:?}", account.entries().filter(|entry| entry.1 > 0).collect::<Vec<_>>());
    assert!(account.balances(), "{name}: {account:?}");
    assert_eq!(segments, account.tcp, "{name}");
    assert!(account.tcp > 0, "{name}");
    assert_eq!(account.malformed, 0, "{name}");
    // libpcap goes on into a stretch of zeros and counts empty packets there.
    if let [CaptureWarning::Damaged { damage: Damage::Zeros, .. }] = &warnings[..] {
        assert!(account.packets > 0 && account.packets < packets, "{name}");
    } else {
        assert_eq!((account.packets, warnings), (packets, Vec::new()), "{name}");
    }
}

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn read(table: &mut Table, hex: &str) -> Fields {
    let mut fields = Fields::default();
    table.read(&bytes(hex), &mut fields).unwrap();
    fields
}

/// RFC 7541, appendices C.3 and C.4: three requests on one connection, plain and coded.
#[test]
fn requests_of_the_rfc() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let coded = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    for blocks in [plain, coded] {
        let mut table = Table::default();
        for (block, path) in blocks.iter().zip(["/", "/", "/index.html"]) {
            let fields = read(&mut table, block);
            assert_eq!(fields.method().unwrap(), b"GET");
            assert_eq!(fields.path().unwrap(), path.as_bytes());
            assert!(fields.is_request && !fields.has_unknown);
        }
    }
}

/// RFC 7541, appendices C.5 and C.6: answers, with a table of 256 bytes from which entries go.
#[test]
fn answers_of_the_rfc() {
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
         546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
         6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
         2076 6572 7369 6f6e 3d31",
    ];
    let coded = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
         8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
         dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ];
    for blocks in [plain, coded] {
        let mut table = Table::default();
        table.allow(256);
        table.announce(256);
        let statuses: Vec<_> =
            blocks.iter().map(|block| read(&mut table, block).status.unwrap()).collect();
        assert_eq!(statuses, [302, 307, 200]);
    }
}

/// A decoder that came late gives what it can prove, and the same as one that was there from the start.
#[test]
fn coming_late_never_gives_a_wrong_field() {
    // ":path: /old" inserted, then a table that was joined.
    let mut table = Table::default();
    let mut late = Table::default();
    late.forget();
    assert_eq!(read(&mut table, "44 04 2f6f 6c64").path().unwrap(), b"/old");
    let fields = read(&mut late, "82 be");
    assert_eq!(
        (fields.method(), fields.path(), fields.has_unknown),
        (Some(&b"GET"[..]), None, true)
    );
    // Inserted with a name that is not known, then by a known one; both referred to.
    let fields = read(&mut late, "7e 01 78 bf be 44 04 2f6e 6577 be");
    assert_eq!(fields.path().unwrap(), b"/new");
    assert!(fields.has_unknown);
    assert_eq!(read(&mut late, "88").status, Some(200));
}

#[test]
fn grpc_fields() {
    let grpc = |content_type: &[u8]| {
        let block = [&[0x5f, content_type.len() as u8][..], content_type].concat();
        let mut fields = Fields::default();
        Table::default().read(&block, &mut fields).unwrap();
        fields.is_grpc.unwrap()
    };
    assert!(
        grpc(b"application/grpc") && grpc(b"application/grpc+proto") && grpc(b"application/grpc;x")
    );
    assert!(!grpc(b"application/grpc-web+proto") && !grpc(b"application/json") && !grpc(b""));
    let status = |value: &[u8]| {
        let block = [&[0x00, 11][..], b"grpc-status", &[value.len() as u8], value].concat();
        let mut fields = Fields::default();
        Table::default().read(&block, &mut fields).unwrap();
        fields.grpc_status.unwrap()
    };
    assert_eq!(
        (status(b"0"), status(b"14"), status(b"x"), status(b"")),
        (0, 14, NOT_A_NUMBER, NOT_A_NUMBER)
    );
}

#[test]
fn what_is_not_a_header_block() {
    for (hex, fault) in [
        ("be", BEYOND),
        ("80", BEYOND),
        ("7f", Fault::Short),
        ("44 04 2f", Fault::Short),
        ("44 81 00", NOT_CODED),
        ("82 3f e1 1f", Fault::Wrong("a table size behind a field")),
        ("ff ff ff ff ff ff", Fault::Wrong("an integer without bounds")),
        ("ff 80 80 80 80 7f", Fault::Wrong("an integer without bounds")),
    ] {
        let fault_of = Table::default().read(&bytes(hex), &mut Fields::default());
        assert_eq!(fault_of, Err(fault), "{hex}");
    }
    assert_eq!(Table::default().read(&bytes("3f e1 1f 82"), &mut Fields::default()), Ok(()));
}

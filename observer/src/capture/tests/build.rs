//! Capture files, part by part.

/// Both byte orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

pub(super) const ORDERS: [Order; 2] = [Order::Little, Order::Big];

impl Order {
    pub(super) fn u32(self, number: u32) -> [u8; 4] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(super) fn u16(self, number: u16) -> [u8; 2] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(super) fn u64(self, number: u64) -> [u8; 8] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

pub(super) fn pcap_header(order: Order, magic: u32, link: u32) -> Vec<u8> {
    let mut file = order.u32(magic).to_vec();
    file.extend(order.u16(2));
    file.extend(order.u16(4));
    for word in [0, 0, 65_535, link] {
        file.extend(order.u32(word));
    }
    file
}

pub(super) fn pcap_record(order: Order, seconds: u32, fraction: u32, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap();
    let mut record = Vec::new();
    for word in [seconds, fraction, length, length] {
        record.extend(order.u32(word));
    }
    record.extend(data);
    record
}

/// Packets of a few lengths, the first of them empty.
pub(super) fn packets() -> Vec<Vec<u8>> {
    [0, 1, 2, 3, 4, 60, 61].iter().map(|&length| vec![0x40 | length; length.into()]).collect()
}

/// A plain pcap capture of [`packets`], one a second from second 1 on.
pub(super) fn pcap(order: Order) -> Vec<u8> {
    let mut file = pcap_header(order, 0xa1b2_c3d4, 1);
    for (second, data) in (1..).zip(packets()) {
        file.extend(pcap_record(order, second, 5, &data));
    }
    file
}

pub(super) fn padded(data: &[u8]) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.resize(data.len().next_multiple_of(4), 0);
    padded
}

pub(super) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let length = order.u32(u32::try_from(12 + body.len()).unwrap());
    [&order.u32(kind), &length, body, &length].concat()
}

pub(super) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&order.u16(code)[..], &order.u16(length), &padded(value)].concat()
}

pub(super) fn section(order: Order) -> Vec<u8> {
    let version = [order.u16(1), order.u16(0)].concat();
    block(order, 0x0a0d_0d0a, &[&order.u32(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat())
}

pub(super) fn interface(order: Order, link: u16, snap_length: u32, options: &[u8]) -> Vec<u8> {
    let body = [&order.u16(link)[..], &[0, 0], &order.u32(snap_length), options].concat();
    block(order, 1, &body)
}

pub(super) fn enhanced(
    order: Order,
    interface: u32,
    ticks: u64,
    data: &[u8],
    wire_length: u32,
    options: &[u8],
) -> Vec<u8> {
    let mut body = Vec::new();
    let captured = u32::try_from(data.len()).unwrap();
    for word in [interface, (ticks >> 32) as u32, ticks as u32, captured, wire_length] {
        body.extend(order.u32(word));
    }
    body.extend(padded(data));
    body.extend(options);
    block(order, 6, &body)
}

/// A plain pcapng capture of [`packets`], one a second from second 1 on.
pub(super) fn pcapng(order: Order) -> Vec<u8> {
    let mut file = [section(order), interface(order, 1, 0, &[])].concat();
    for (second, data) in (1..).zip(packets()) {
        let length = u32::try_from(data.len()).unwrap();
        file.extend(enhanced(order, 0, second * 1_000_000 + 5, &data, length, &[]));
    }
    file
}

/// What [`pcap`] and [`pcapng`] give.
pub(super) fn expected() -> Vec<super::Seen> {
    (1..)
        .zip(packets())
        .map(|(second, data)| {
            let length = u32::try_from(data.len()).unwrap();
            (second * 1_000_000_000 + 5_000, 1, data, length)
        })
        .collect()
}

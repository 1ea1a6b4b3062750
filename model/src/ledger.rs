//! The ledger: what was seen, what was lost, and proof that the two add up.

use serde::Serialize;

/// Adds one account to another, field by field.
macro_rules! account {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: u64,)+
        }

        impl $name {
            /// Adds what another account says.
            pub fn add(&mut self, other: &Self) {
                $(self.$field = self.$field.saturating_add(other.$field);)+
            }

            /// What it grew by since an earlier state of it.
            #[must_use]
            pub fn since(&self, earlier: &Self) -> Self {
                Self { $($field: self.$field.saturating_sub(earlier.$field),)+ }
            }

            /// The account whose entries are given by name; unknown names are passed over.
            pub fn from_entries<'a>(entries: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
                let mut account = Self::default();
                for (name, value) in entries {
                    match name {
                        $(stringify!($field) => account.$field = account.$field.saturating_add(value),)+
                        _ => {}
                    }
                }
                account
            }

            /// Each entry's name and value, in the order of the flow.
            pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field)),+].into_iter()
            }
        }
    };
}

account! {
    /// What became of requests. Balances:
    /// `open_before + started = answered + unanswered + no_answer_expected + quarantined + open_after`.
    Requests {
        /// Open when the span began.
        open_before,
        /// Begun.
        started,
        /// Answered, errors included.
        answered,
        /// Closed, reset or timed out without an answer.
        unanswered,
        /// The protocol gives them no answer.
        no_answer_expected,
        /// A gap made their pairing doubtful.
        quarantined,
        /// Open when the span ended.
        open_after,
    }
}

impl Requests {
    /// Requests whose fate was decided.
    pub const fn decided(&self) -> u64 {
        self.answered + self.unanswered + self.no_answer_expected + self.quarantined
    }

    /// Whether every request is accounted for.
    pub const fn balances(&self) -> bool {
        self.open_before + self.started == self.decided() + self.open_after
    }
}

account! {
    /// What became of the bytes of streams. Balances:
    /// `span = decoded + skipped + opaque + not_understood + buffered + gap`.
    Streams {
        /// Bytes of sequence space that the streams covered.
        span,
        /// Read by a decoder.
        decoded,
        /// Passed over by length: bodies, rows.
        skipped,
        /// Known to be out of reach: tunnels, upgrades, encryption, wires without a decoder.
        opaque,
        /// Not read by any decoder: no protocol recognized, or no boundary found.
        not_understood,
        /// Waiting for more when the input ended.
        buffered,
        /// Never captured.
        gap,
    }
}

impl Streams {
    /// Whether every byte is accounted for.
    pub const fn balances(&self) -> bool {
        self.span
            == self.decoded
                + self.skipped
                + self.opaque
                + self.not_understood
                + self.buffered
                + self.gap
    }

    /// The part of the bytes that could be read, of those that are not opaque: 1 where nothing was lost.
    #[allow(clippy::cast_precision_loss)]
    pub fn coverage(&self) -> f64 {
        let readable = self.span.saturating_sub(self.opaque);
        if readable == 0 {
            return 1.0;
        }
        1.0 - (self.gap.saturating_add(self.not_understood)) as f64 / readable as f64
    }
}

account! {
    /// Everything else that was noticed on a wire, by name.
    Notices {
        /// Bytes sent again by TCP.
        retransmitted_bytes,
        /// Packets, and their bytes below, that were seen at a second capture point.
        seen_elsewhere,
        /// See `seen_elsewhere`.
        seen_elsewhere_bytes,
        /// Segments that arrived before an earlier one.
        out_of_order,
        /// Keep-alive probes (RFC 9293, section 3.8.4).
        keep_alives,
        /// Holes that were given up as never captured.
        gaps,
        /// Answers whose request was never seen.
        orphan_answers,
        /// Interim answers (HTTP 1xx).
        interim_answers,
        /// Answers that came after their request had been given up as unanswered.
        late_answers,
        /// Answers that began before their request ended.
        early_answers,
        /// Differences that came out negative for another reason.
        time_reversed,
        /// Messages of which the last byte was never captured: their end has no time.
        end_not_captured,
        /// Things within one message that were not sampled: there were too many.
        samples_over_limit,
        /// Transactions whose name was never captured or did not fit.
        names_unknown,
        /// Transactions filed under `other`, because the wire has too many names.
        names_other,
        /// Transactions filed under `other` to stay within the budget of CPU time.
        names_shed,
        /// Transactions without sizes, rows and messages, to stay within the budget of CPU time.
        sizes_shed,
        /// Times that a decoder lost its place in a stream.
        desyncs,
        /// Requests given up because too many were open on one connection.
        open_requests_over_limit,
        /// Messages given up because they did not fit the buffer of a connection.
        buffer_over_limit,
        /// Connections made opaque by Upgrade, CONNECT or encryption.
        opaque_connections,
        /// Transactions that came too late for their window.
        too_late,
    }
}

account! {
    /// What the packets were, before they belonged to any wire. Balances: `packets + reassembled = tcp + udp +
    /// other_ip + not_ip + malformed + truncated_headers + fragments + link_type_unknown`.
    Packets {
        /// Records read.
        packets,
        /// Their bytes as captured.
        captured_bytes,
        /// Their bytes on the wire.
        wire_bytes,
        /// Segments of TCP.
        tcp,
        /// UDP datagrams.
        udp,
        /// Other protocols above IP.
        other_ip,
        /// Not IP: ARP, spanning tree, 802.11 management, encrypted or aggregated 802.11 data.
        not_ip,
        /// Headers that contradict themselves.
        malformed,
        /// Cut by the snap length before the end of the TCP header.
        truncated_headers,
        /// Segments whose payload was cut by the snap length.
        truncated_payloads,
        /// IP fragments.
        fragments,
        /// Fragments given up: too many at a time, or their other parts never came.
        fragments_dropped,
        /// Fragments that contradict themselves: too long, empty, or not a multiple of eight bytes.
        fragments_malformed,
        /// Datagrams put together from fragments, which are then counted by what they carry.
        reassembled,
        /// Packets unwrapped from VXLAN, GRE, Geneve, IP in IP.
        tunnelled,
        /// Of those, with one tunnel more inside than is unwrapped.
        tunnels_over_limit,
        /// Packets of a link type that is not decoded.
        link_type_unknown,
        /// Packets whose time lies before an earlier packet's by more than the bound.
        time_reversed,
        /// Packets that the kernel or the card says it dropped.
        dropped,
        /// Connections seen.
        connections,
        /// Connections given up because the table was full.
        connections_over_limit,
        /// Bytes of connections of which nobody could tell who the server is.
        undirected_bytes,
    }
}

impl Packets {
    /// Whether every packet is accounted for.
    pub const fn balances(&self) -> bool {
        self.packets + self.reassembled
            == self.tcp
                + self.udp
                + self.other_ip
                + self.not_ip
                + self.malformed
                + self.truncated_headers
                + self.fragments
                + self.link_type_unknown
    }
}

/// All accounts of a wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Requests.
    pub requests: Requests,
    /// Bytes.
    pub streams: Streams,
    /// The rest.
    pub notices: Notices,
}

impl Ledger {
    /// Adds what another ledger says.
    pub fn add(&mut self, other: &Self) {
        self.requests.add(&other.requests);
        self.streams.add(&other.streams);
        self.notices.add(&other.notices);
    }

    /// What it grew by since an earlier state of it.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.since(&earlier.requests),
            streams: self.streams.since(&earlier.streams),
            notices: self.notices.since(&earlier.notices),
        }
    }

    /// Whether both accounts add up.
    pub const fn balances(&self) -> bool {
        self.requests.balances() && self.streams.balances()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_add_up() {
        let requests = Requests {
            open_before: 1,
            started: 10,
            answered: 8,
            quarantined: 2,
            open_after: 1,
            ..Requests::default()
        };
        assert!(requests.balances());
        assert!(!Requests { answered: 9, ..requests }.balances());
        let streams =
            Streams { span: 1_000, decoded: 700, skipped: 200, gap: 100, ..Streams::default() };
        assert!(streams.balances());
        assert!((streams.coverage() - 0.9).abs() < 1e-12);
        let mut ledger = Ledger { requests, streams, notices: Notices::default() };
        ledger.add(&ledger.clone());
        assert!(ledger.balances());
        assert_eq!(ledger.requests.started, 20);
    }

    #[test]
    fn nothing_seen_is_nothing_lost() {
        assert!((Streams::default().coverage() - 1.0).abs() < f64::EPSILON);
    }
}

//! Connections and the cluster.

use crate::kafka::layout::What::{Bytes, Error, First, List, Pass, Text, Throttle};
use crate::kafka::layout::{Layout, all, from};

pub(in crate::kafka) const DESCRIBE_GROUPS_RESPONSE: Layout =
    &[from(1, Throttle), all(First), all(Error)];

pub(in crate::kafka) const SASL_HANDSHAKE_REQUEST: Layout = &[all(Text)];

pub(in crate::kafka) const API_VERSIONS_REQUEST: Layout = &[from(3, Text), from(3, Text)];

pub(in crate::kafka) const CREATE_ACLS_RESPONSE: Layout =
    &[all(Throttle), all(List(&[all(Error), all(Text)]))];

pub(in crate::kafka) const DELETE_ACLS_RESPONSE: Layout = &[
    all(Throttle),
    all(List(&[
        all(Error),
        all(Text),
        all(List(&[
            all(Error),
            all(Text),
            all(Pass(1)),
            all(Text),
            from(1, Pass(1)),
            all(Text),
            all(Text),
            all(Pass(2)),
        ])),
    ])),
];

pub(in crate::kafka) const DESCRIBE_LOG_DIRS_RESPONSE: Layout = &[
    all(Throttle),
    from(3, Error),
    all(List(&[
        all(Error),
        all(Text),
        all(List(&[all(Text), all(List(&[all(Pass(21))]))])),
        from(4, Pass(16)),
        from(5, Pass(1)),
    ])),
];

pub(in crate::kafka) const ELECT_LEADERS_RESPONSE: Layout = &[
    all(Throttle),
    from(1, Error),
    all(List(&[all(Text), all(List(&[all(Pass(4)), all(Error), all(Text)]))])),
];

pub(in crate::kafka) const ALTER_PARTITION_REASSIGNMENTS_RESPONSE: Layout =
    &[all(Throttle), from(1, Pass(1)), all(Error)];

pub(in crate::kafka) const ALTER_CLIENT_QUOTAS_RESPONSE: Layout =
    &[all(Throttle), all(List(&[all(Error), all(Text), all(List(&[all(Text), all(Text)]))]))];

pub(in crate::kafka) const ALTER_USER_SCRAM_CREDENTIALS_RESPONSE: Layout =
    &[all(Throttle), all(List(&[all(Text), all(Error), all(Text)]))];

pub(in crate::kafka) const ENVELOPE_RESPONSE: Layout = &[all(Bytes), all(Error)];

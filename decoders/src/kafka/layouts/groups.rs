//! Groups and transactions.

use crate::kafka::layout::What::{
    Bytes, Error, List, Numbers, Pass, Text, Texts, Throttle, Topic, TopicId,
};
use crate::kafka::layout::{Layout, all, from, to, within};

pub(in crate::kafka) const OFFSET_COMMIT_REQUEST: Layout = &[
    all(Text),
    from(1, Pass(4)),
    from(1, Text),
    from(7, Text),
    within(2, 4, Pass(8)),
    all(List(&[
        to(9, Topic),
        from(10, TopicId),
        all(List(&[all(Pass(12)), within(1, 1, Pass(8)), from(6, Pass(4)), all(Text)])),
    ])),
];

pub(in crate::kafka) const OFFSET_COMMIT_RESPONSE: Layout = &[
    from(3, Throttle),
    all(List(&[to(9, Text), from(10, Pass(16)), all(List(&[all(Pass(4)), all(Error)]))])),
];

pub(in crate::kafka) const OFFSET_FETCH_REQUEST: Layout = &[
    to(7, Text),
    to(7, List(&[to(7, Topic), to(7, Numbers(4))])),
    from(
        8,
        List(&[
            from(8, Text),
            from(9, Text),
            from(9, Pass(4)),
            from(8, List(&[within(8, 9, Topic), from(10, TopicId), from(8, Numbers(4))])),
        ]),
    ),
    from(7, Pass(1)),
];

pub(in crate::kafka) const OFFSET_FETCH_RESPONSE: Layout = &[
    from(3, Throttle),
    to(
        7,
        List(&[
            to(7, Text),
            to(7, List(&[to(7, Pass(12)), within(5, 7, Pass(4)), to(7, Text), to(7, Error)])),
        ]),
    ),
    within(2, 7, Error),
    from(
        8,
        List(&[
            from(8, Text),
            from(
                8,
                List(&[
                    within(8, 9, Text),
                    from(10, Pass(16)),
                    from(8, List(&[from(8, Pass(16)), from(8, Text), from(8, Error)])),
                ]),
            ),
            from(8, Error),
        ]),
    ),
];

pub(in crate::kafka) const FIND_COORDINATOR_REQUEST: Layout =
    &[to(3, Text), from(1, Pass(1)), from(4, Texts)];

pub(in crate::kafka) const FIND_COORDINATOR_RESPONSE: Layout = &[
    from(1, Throttle),
    to(3, Error),
    within(1, 3, Text),
    to(3, Pass(4)),
    to(3, Text),
    to(3, Pass(4)),
    from(
        4,
        List(&[
            from(4, Text),
            from(4, Pass(4)),
            from(4, Text),
            from(4, Pass(4)),
            from(4, Error),
            from(4, Text),
        ]),
    ),
];

pub(in crate::kafka) const JOIN_GROUP_REQUEST: Layout = &[
    all(Text),
    all(Pass(4)),
    from(1, Pass(4)),
    all(Text),
    from(5, Text),
    all(Text),
    all(List(&[all(Text), all(Bytes)])),
    from(8, Text),
];

pub(in crate::kafka) const JOIN_GROUP_RESPONSE: Layout = &[from(2, Throttle), all(Error)];

pub(in crate::kafka) const HEARTBEAT_REQUEST: Layout =
    &[all(Text), all(Pass(4)), all(Text), from(3, Text)];

pub(in crate::kafka) const LEAVE_GROUP_REQUEST: Layout =
    &[all(Text), to(2, Text), from(3, List(&[from(3, Text), from(3, Text), from(5, Text)]))];

pub(in crate::kafka) const SYNC_GROUP_REQUEST: Layout = &[
    all(Text),
    all(Pass(4)),
    all(Text),
    from(3, Text),
    from(5, Text),
    from(5, Text),
    all(List(&[all(Text), all(Bytes)])),
];

pub(in crate::kafka) const INIT_PRODUCER_ID_REQUEST: Layout =
    &[all(Text), all(Pass(4)), from(3, Pass(10)), from(6, Pass(2))];

pub(in crate::kafka) const ADD_PARTITIONS_TO_TXN_REQUEST: Layout = &[
    from(
        4,
        List(&[from(4, Text), from(4, Pass(11)), from(4, List(&[all(Topic), all(Numbers(4))]))]),
    ),
    to(3, Text),
    to(3, Pass(10)),
    to(3, List(&[all(Topic), all(Numbers(4))])),
];

pub(in crate::kafka) const ADD_PARTITIONS_TO_TXN_RESPONSE: Layout = &[
    all(Throttle),
    from(4, Error),
    from(4, List(&[all(Text), all(List(&[all(Text), all(List(&[all(Pass(4)), all(Error)]))]))])),
    to(3, List(&[all(Text), all(List(&[all(Pass(4)), all(Error)]))])),
];

pub(in crate::kafka) const ADD_OFFSETS_TO_TXN_REQUEST: Layout =
    &[all(Text), all(Pass(10)), all(Text)];

pub(in crate::kafka) const END_TXN_REQUEST: Layout = &[all(Text), all(Pass(11))];

pub(in crate::kafka) const WRITE_TXN_MARKERS_RESPONSE: Layout =
    &[all(List(&[all(Pass(8)), all(List(&[all(Text), all(List(&[all(Pass(4)), all(Error)]))]))]))];

pub(in crate::kafka) const TXN_OFFSET_COMMIT_REQUEST: Layout = &[
    all(Text),
    all(Text),
    all(Pass(10)),
    from(3, Pass(4)),
    from(3, Text),
    from(3, Text),
    all(List(&[all(Topic), all(List(&[all(Pass(12)), from(2, Pass(4)), all(Text)]))])),
];

pub(in crate::kafka) const DELETE_GROUPS_RESPONSE: Layout =
    &[all(Throttle), all(List(&[all(Text), all(Error)]))];

pub(in crate::kafka) const OFFSET_DELETE_RESPONSE: Layout =
    &[all(Error), all(Throttle), all(List(&[all(Text), all(List(&[all(Pass(4)), all(Error)]))]))];

pub(in crate::kafka) const READ_SHARE_GROUP_STATE_RESPONSE: Layout = &[all(List(&[
    all(Pass(16)),
    all(List(&[all(Pass(4)), all(Error), all(Text), all(Pass(12)), all(List(&[all(Pass(19))]))])),
]))];

pub(in crate::kafka) const READ_SHARE_GROUP_STATE_SUMMARY_RESPONSE: Layout = &[all(List(&[
    all(Pass(16)),
    all(List(&[all(Pass(4)), all(Error), all(Text), all(Pass(16)), from(1, Pass(4))])),
]))];

pub(in crate::kafka) const DESCRIBE_SHARE_GROUP_OFFSETS_RESPONSE: Layout = &[
    all(Throttle),
    all(List(&[
        all(Text),
        all(List(&[
            all(Text),
            all(Pass(16)),
            all(List(&[all(Pass(16)), from(1, Pass(8)), all(Error), all(Text)])),
        ])),
        all(Error),
        all(Text),
    ])),
];

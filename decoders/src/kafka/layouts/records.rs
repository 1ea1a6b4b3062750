//! Records, offsets and topics.

use crate::kafka::layout::What::{
    Acks, Error, Group, List, Numbers, Optional, Pass, Records, SessionEpoch, SessionId, Text,
    Throttle, Topic, TopicAndId, TopicId, Topics,
};
use crate::kafka::layout::{Layout, all, from, to, within};

pub(in crate::kafka) const PRODUCE_REQUEST: Layout = &[
    from(3, Text),
    all(Acks),
    all(Pass(4)),
    all(List(&[to(12, Topic), from(13, TopicId), all(List(&[all(Pass(4)), all(Records)]))])),
];

pub(in crate::kafka) const PRODUCE_RESPONSE: Layout = &[
    all(List(&[
        to(12, Topic),
        from(13, TopicId),
        all(List(&[
            all(Pass(4)),
            all(Error),
            all(Pass(8)),
            from(2, Pass(8)),
            from(5, Pass(8)),
            from(8, List(&[from(8, Pass(4)), from(8, Text)])),
            from(8, Text),
        ])),
    ])),
    from(1, Throttle),
];

pub(in crate::kafka) const FETCH_REQUEST: Layout = &[
    to(14, Pass(4)),
    all(Pass(8)),
    from(3, Pass(4)),
    from(4, Pass(1)),
    from(7, SessionId),
    from(7, SessionEpoch),
    all(List(&[
        to(12, Topic),
        from(13, TopicId),
        all(List(&[
            all(Pass(4)),
            from(9, Pass(4)),
            all(Pass(8)),
            from(12, Pass(4)),
            from(5, Pass(8)),
            all(Pass(4)),
        ])),
    ])),
    from(7, List(&[within(7, 12, Text), from(13, Pass(16)), from(7, Numbers(4))])),
    from(11, Text),
];

pub(in crate::kafka) const FETCH_RESPONSE: Layout = &[
    from(1, Throttle),
    from(7, Error),
    from(7, SessionId),
    all(List(&[
        to(12, Topic),
        from(13, TopicId),
        all(List(&[
            all(Pass(4)),
            all(Error),
            all(Pass(8)),
            from(4, Pass(8)),
            from(5, Pass(8)),
            from(4, List(&[from(4, Pass(16))])),
            from(11, Pass(4)),
            all(Records),
        ])),
    ])),
];

pub(in crate::kafka) const LIST_OFFSETS_REQUEST: Layout = &[
    all(Pass(4)),
    from(2, Pass(1)),
    all(List(&[
        all(Topic),
        all(List(&[all(Pass(4)), from(4, Pass(4)), all(Pass(8)), to(0, Pass(4))])),
    ])),
    from(10, Pass(4)),
];

pub(in crate::kafka) const LIST_OFFSETS_RESPONSE: Layout = &[
    from(2, Throttle),
    all(List(&[
        all(Text),
        all(List(&[
            all(Pass(4)),
            all(Error),
            to(0, Numbers(8)),
            from(1, Pass(16)),
            from(4, Pass(4)),
        ])),
    ])),
];

pub(in crate::kafka) const METADATA_REQUEST: Layout = &[
    all(List(&[from(10, Pass(16)), all(Topic)])),
    from(4, Pass(1)),
    within(8, 10, Pass(1)),
    from(8, Pass(1)),
];

pub(in crate::kafka) const METADATA_RESPONSE: Layout = &[
    from(3, Throttle),
    all(List(&[all(Pass(4)), all(Text), all(Pass(4)), from(1, Text)])),
    from(2, Text),
    from(1, Pass(4)),
    all(List(&[
        all(Error),
        to(9, Text),
        from(10, TopicAndId),
        from(1, Pass(1)),
        all(List(&[
            all(Pass(10)),
            from(7, Pass(4)),
            all(Numbers(4)),
            all(Numbers(4)),
            from(5, Numbers(4)),
        ])),
        from(8, Pass(4)),
    ])),
    within(8, 10, Pass(4)),
    from(13, Error),
];

pub(in crate::kafka) const CREATE_TOPICS_REQUEST: Layout = &[
    all(List(&[
        all(Topic),
        all(Pass(6)),
        all(List(&[all(Pass(4)), all(Numbers(4))])),
        all(List(&[all(Text), all(Text)])),
    ])),
    all(Pass(4)),
    from(1, Pass(1)),
];

pub(in crate::kafka) const CREATE_TOPICS_RESPONSE: Layout = &[
    from(2, Throttle),
    all(List(&[
        to(6, Text),
        from(7, TopicAndId),
        all(Error),
        from(1, Text),
        from(5, Pass(6)),
        from(5, List(&[from(5, Text), from(5, Text), from(5, Pass(3))])),
    ])),
];

pub(in crate::kafka) const DELETE_TOPICS_REQUEST: Layout =
    &[from(6, List(&[all(Topic), all(Pass(16))])), to(5, Topics), all(Pass(4))];

pub(in crate::kafka) const DELETE_TOPICS_RESPONSE: Layout = &[
    from(1, Throttle),
    all(List(&[to(5, Text), from(6, Text), from(6, Pass(16)), all(Error), from(5, Text)])),
];

pub(in crate::kafka) const DELETE_RECORDS_REQUEST: Layout =
    &[all(List(&[all(Topic), all(List(&[all(Pass(12))]))])), all(Pass(4))];

pub(in crate::kafka) const DELETE_RECORDS_RESPONSE: Layout =
    &[all(Throttle), all(List(&[all(Text), all(List(&[all(Pass(12)), all(Error)]))]))];

pub(in crate::kafka) const OFFSET_FOR_LEADER_EPOCH_REQUEST: Layout = &[
    from(3, Pass(4)),
    all(List(&[all(Topic), all(List(&[all(Pass(4)), from(2, Pass(4)), all(Pass(4))]))])),
];

pub(in crate::kafka) const OFFSET_FOR_LEADER_EPOCH_RESPONSE: Layout = &[
    from(2, Throttle),
    all(List(&[all(Text), all(List(&[all(Error), all(Pass(4)), from(1, Pass(4)), all(Pass(8))]))])),
];

pub(in crate::kafka) const CREATE_PARTITIONS_REQUEST: Layout =
    &[all(List(&[all(Topic), all(Pass(4)), all(List(&[all(Numbers(4))]))])), all(Pass(5))];

pub(in crate::kafka) const CREATE_PARTITIONS_RESPONSE: Layout =
    &[all(Throttle), all(List(&[all(Text), all(Error), all(Text)]))];

pub(in crate::kafka) const DESCRIBE_PRODUCERS_REQUEST: Layout =
    &[all(List(&[all(Topic), all(Numbers(4))]))];

pub(in crate::kafka) const DESCRIBE_PRODUCERS_RESPONSE: Layout = &[
    all(Throttle),
    all(List(&[
        all(Text),
        all(List(&[all(Pass(4)), all(Error), all(Text), all(List(&[all(Pass(36))]))])),
    ])),
];

pub(in crate::kafka) const DESCRIBE_TOPIC_PARTITIONS_REQUEST: Layout =
    &[all(List(&[all(Topic)])), all(Pass(4)), all(Optional(&[all(Text), all(Pass(4))]))];

pub(in crate::kafka) const DESCRIBE_TOPIC_PARTITIONS_RESPONSE: Layout = &[
    all(Throttle),
    all(List(&[
        all(Pass(2)),
        all(TopicAndId),
        all(Pass(1)),
        all(List(&[
            all(Pass(14)),
            all(Numbers(4)),
            all(Numbers(4)),
            all(Numbers(4)),
            all(Numbers(4)),
            all(Numbers(4)),
        ])),
        all(Pass(4)),
    ])),
];

pub(in crate::kafka) const SHARE_FETCH_REQUEST: Layout = &[
    all(Text),
    all(Text),
    all(Pass(16)),
    from(1, Pass(8)),
    from(2, Pass(2)),
    all(List(&[
        all(TopicId),
        all(List(&[all(Pass(4)), to(0, Pass(4)), all(List(&[all(Pass(16)), all(Numbers(1))]))])),
    ])),
    all(List(&[all(Pass(16)), all(Numbers(4))])),
];

pub(in crate::kafka) const SHARE_FETCH_RESPONSE: Layout = &[
    all(Throttle),
    all(Error),
    all(Text),
    from(1, Pass(4)),
    all(List(&[
        all(TopicId),
        all(List(&[
            all(Pass(4)),
            all(Error),
            all(Text),
            all(Pass(2)),
            all(Text),
            all(Group(&[all(Pass(8))])),
            all(Records),
            all(List(&[all(Pass(18))])),
        ])),
    ])),
];

pub(in crate::kafka) const SHARE_ACKNOWLEDGE_REQUEST: Layout = &[
    all(Text),
    all(Text),
    all(Pass(4)),
    from(2, Pass(1)),
    all(List(&[
        all(TopicId),
        all(List(&[all(Pass(4)), all(List(&[all(Pass(16)), all(Numbers(1))]))])),
    ])),
];

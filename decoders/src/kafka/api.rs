//! The APIs by name and version: Kafka 4.3's, and older brokers'.
//!
//! Source: protocol guide, "Api Keys"; versions and flexible versions as in Kafka's message definitions (3.9, 4.3).

use super::layout::Layout;
#[allow(clippy::wildcard_imports)] // One layout for each line of the table.
use super::layouts::*;

/// No version is flexible.
const NEVER: u8 = u8::MAX;

pub(super) const PRODUCE: u16 = 0;
pub(super) const FETCH: u16 = 1;
pub(super) const CONTROLLED_SHUTDOWN: u16 = 7;
pub(super) const SASL_HANDSHAKE: u16 = 17;
pub(super) const API_VERSIONS: u16 = 18;
pub(super) const SHARE_FETCH: u16 = 78;

/// A kind of request, and how it and its answer are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Api {
    pub(super) name: &'static str,
    /// The latest version that is known.
    pub(super) latest: u8,
    /// The first version with compact lengths and tagged fields (KIP-482).
    flexible: u8,
    pub(super) request: Layout,
    pub(super) response: Layout,
}

impl Api {
    /// Whether a version has compact lengths and tagged fields.
    pub(super) const fn is_flexible(&self, version: u8) -> bool {
        version >= self.flexible
    }
}

/// The API with this key.
pub(super) fn by_key(key: u16) -> Option<&'static Api> {
    APIS.get(usize::from(key))
}

const fn api(
    name: &'static str,
    latest: u8,
    flexible: u8,
    request: Layout,
    response: Layout,
) -> Api {
    Api { name, latest, flexible, request, response }
}

/// By key.
#[rustfmt::skip]
static APIS: [Api; 93] = [
    api("Produce", 13, 9, PRODUCE_REQUEST, PRODUCE_RESPONSE),
    api("Fetch", 18, 12, FETCH_REQUEST, FETCH_RESPONSE),
    api("ListOffsets", 11, 6, LIST_OFFSETS_REQUEST, LIST_OFFSETS_RESPONSE),
    api("Metadata", 13, 9, METADATA_REQUEST, METADATA_RESPONSE),
    api("LeaderAndIsr", 7, 4, UNREAD, ERROR),
    api("StopReplica", 4, 2, UNREAD, ERROR),
    api("UpdateMetadata", 8, 6, UNREAD, ERROR),
    api("ControlledShutdown", 3, 3, UNREAD, ERROR),
    api("OffsetCommit", 10, 8, OFFSET_COMMIT_REQUEST, OFFSET_COMMIT_RESPONSE),
    api("OffsetFetch", 10, 6, OFFSET_FETCH_REQUEST, OFFSET_FETCH_RESPONSE),
    api("FindCoordinator", 6, 3, FIND_COORDINATOR_REQUEST, FIND_COORDINATOR_RESPONSE),
    api("JoinGroup", 9, 6, JOIN_GROUP_REQUEST, JOIN_GROUP_RESPONSE),
    api("Heartbeat", 4, 4, HEARTBEAT_REQUEST, LATER_THROTTLE_ERROR),
    api("LeaveGroup", 5, 4, LEAVE_GROUP_REQUEST, LATER_THROTTLE_ERROR),
    api("SyncGroup", 5, 4, SYNC_GROUP_REQUEST, LATER_THROTTLE_ERROR),
    api("DescribeGroups", 6, 5, UNREAD, DESCRIBE_GROUPS_RESPONSE),
    api("ListGroups", 5, 3, UNREAD, LATER_THROTTLE_ERROR),
    api("SaslHandshake", 1, NEVER, SASL_HANDSHAKE_REQUEST, ERROR),
    api("ApiVersions", 4, 3, API_VERSIONS_REQUEST, ERROR),
    api("CreateTopics", 7, 5, CREATE_TOPICS_REQUEST, CREATE_TOPICS_RESPONSE),
    api("DeleteTopics", 6, 4, DELETE_TOPICS_REQUEST, DELETE_TOPICS_RESPONSE),
    api("DeleteRecords", 2, 2, DELETE_RECORDS_REQUEST, DELETE_RECORDS_RESPONSE),
    api("InitProducerId", 6, 2, INIT_PRODUCER_ID_REQUEST, THROTTLE_ERROR),
    api("OffsetForLeaderEpoch", 4, 4, OFFSET_FOR_LEADER_EPOCH_REQUEST, OFFSET_FOR_LEADER_EPOCH_RESPONSE),
    api("AddPartitionsToTxn", 5, 3, ADD_PARTITIONS_TO_TXN_REQUEST, ADD_PARTITIONS_TO_TXN_RESPONSE),
    api("AddOffsetsToTxn", 4, 3, ADD_OFFSETS_TO_TXN_REQUEST, THROTTLE_ERROR),
    api("EndTxn", 5, 3, END_TXN_REQUEST, THROTTLE_ERROR),
    api("WriteTxnMarkers", 2, 1, UNREAD, WRITE_TXN_MARKERS_RESPONSE),
    api("TxnOffsetCommit", 5, 3, TXN_OFFSET_COMMIT_REQUEST, PARTITION_ERRORS),
    api("DescribeAcls", 3, 2, UNREAD, THROTTLE_ERROR),
    api("CreateAcls", 3, 2, UNREAD, CREATE_ACLS_RESPONSE),
    api("DeleteAcls", 3, 2, UNREAD, DELETE_ACLS_RESPONSE),
    api("DescribeConfigs", 4, 4, UNREAD, FIRST_ERROR),
    api("AlterConfigs", 2, 2, UNREAD, RESOURCE_ERRORS),
    api("AlterReplicaLogDirs", 2, 2, UNREAD, PARTITION_ERRORS),
    api("DescribeLogDirs", 5, 2, UNREAD, DESCRIBE_LOG_DIRS_RESPONSE),
    api("SaslAuthenticate", 2, 2, UNREAD, ERROR),
    api("CreatePartitions", 3, 2, CREATE_PARTITIONS_REQUEST, CREATE_PARTITIONS_RESPONSE),
    api("CreateDelegationToken", 3, 2, UNREAD, ERROR),
    api("RenewDelegationToken", 2, 2, UNREAD, TOKEN_ERROR),
    api("ExpireDelegationToken", 2, 2, UNREAD, TOKEN_ERROR),
    api("DescribeDelegationToken", 3, 2, UNREAD, ERROR),
    api("DeleteGroups", 2, 2, UNREAD, DELETE_GROUPS_RESPONSE),
    api("ElectLeaders", 2, 2, UNREAD, ELECT_LEADERS_RESPONSE),
    api("IncrementalAlterConfigs", 1, 1, UNREAD, RESOURCE_ERRORS),
    api("AlterPartitionReassignments", 1, 0, UNREAD, ALTER_PARTITION_REASSIGNMENTS_RESPONSE),
    api("ListPartitionReassignments", 0, 0, UNREAD, THROTTLE_ERROR),
    api("OffsetDelete", 0, NEVER, UNREAD, OFFSET_DELETE_RESPONSE),
    api("DescribeClientQuotas", 1, 1, UNREAD, THROTTLE_ERROR),
    api("AlterClientQuotas", 1, 1, UNREAD, ALTER_CLIENT_QUOTAS_RESPONSE),
    api("DescribeUserScramCredentials", 0, 0, UNREAD, THROTTLE_ERROR),
    api("AlterUserScramCredentials", 0, 0, UNREAD, ALTER_USER_SCRAM_CREDENTIALS_RESPONSE),
    api("Vote", 2, 0, UNREAD, ERROR),
    api("BeginQuorumEpoch", 1, 1, UNREAD, ERROR),
    api("EndQuorumEpoch", 1, 1, UNREAD, ERROR),
    api("DescribeQuorum", 2, 0, UNREAD, ERROR),
    api("AlterPartition", 3, 0, UNREAD, THROTTLE_ERROR),
    api("UpdateFeatures", 2, 0, UNREAD, THROTTLE_ERROR),
    api("Envelope", 0, 0, UNREAD, ENVELOPE_RESPONSE),
    api("FetchSnapshot", 1, 0, UNREAD, THROTTLE_ERROR),
    api("DescribeCluster", 2, 0, UNREAD, THROTTLE_ERROR),
    api("DescribeProducers", 0, 0, DESCRIBE_PRODUCERS_REQUEST, DESCRIBE_PRODUCERS_RESPONSE),
    api("BrokerRegistration", 4, 0, UNREAD, THROTTLE_ERROR),
    api("BrokerHeartbeat", 2, 0, UNREAD, THROTTLE_ERROR),
    api("UnregisterBroker", 0, 0, UNREAD, THROTTLE_ERROR),
    api("DescribeTransactions", 0, 0, UNREAD, FIRST_ERROR),
    api("ListTransactions", 2, 0, UNREAD, THROTTLE_ERROR),
    api("AllocateProducerIds", 0, 0, UNREAD, THROTTLE_ERROR),
    api("ConsumerGroupHeartbeat", 1, 0, UNREAD, THROTTLE_ERROR),
    api("ConsumerGroupDescribe", 1, 0, UNREAD, FIRST_ERROR),
    api("ControllerRegistration", 0, 0, UNREAD, THROTTLE_ERROR),
    api("GetTelemetrySubscriptions", 0, 0, UNREAD, THROTTLE_ERROR),
    api("PushTelemetry", 0, 0, UNREAD, THROTTLE_ERROR),
    api("AssignReplicasToDirs", 0, 0, UNREAD, THROTTLE_ERROR),
    api("ListConfigResources", 1, 0, UNREAD, THROTTLE_ERROR),
    api("DescribeTopicPartitions", 0, 0, DESCRIBE_TOPIC_PARTITIONS_REQUEST, DESCRIBE_TOPIC_PARTITIONS_RESPONSE),
    api("ShareGroupHeartbeat", 1, 0, UNREAD, THROTTLE_ERROR),
    api("ShareGroupDescribe", 1, 0, UNREAD, FIRST_ERROR),
    api("ShareFetch", 2, 0, SHARE_FETCH_REQUEST, SHARE_FETCH_RESPONSE),
    api("ShareAcknowledge", 2, 0, SHARE_ACKNOWLEDGE_REQUEST, THROTTLE_ERROR),
    api("AddRaftVoter", 1, 0, UNREAD, THROTTLE_ERROR),
    api("RemoveRaftVoter", 0, 0, UNREAD, THROTTLE_ERROR),
    api("UpdateRaftVoter", 0, 0, UNREAD, THROTTLE_ERROR),
    api("InitializeShareGroupState", 0, 0, UNREAD, STATE_ERRORS),
    api("ReadShareGroupState", 0, 0, UNREAD, READ_SHARE_GROUP_STATE_RESPONSE),
    api("WriteShareGroupState", 1, 0, UNREAD, STATE_ERRORS),
    api("DeleteShareGroupState", 0, 0, UNREAD, STATE_ERRORS),
    api("ReadShareGroupStateSummary", 1, 0, UNREAD, READ_SHARE_GROUP_STATE_SUMMARY_RESPONSE),
    api("StreamsGroupHeartbeat", 0, 0, UNREAD, THROTTLE_ERROR),
    api("StreamsGroupDescribe", 0, 0, UNREAD, FIRST_ERROR),
    api("DescribeShareGroupOffsets", 1, 0, UNREAD, DESCRIBE_SHARE_GROUP_OFFSETS_RESPONSE),
    api("AlterShareGroupOffsets", 0, 0, UNREAD, THROTTLE_ERROR),
    api("DeleteShareGroupOffsets", 0, 0, UNREAD, THROTTLE_ERROR),
];

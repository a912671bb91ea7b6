// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Aggregation} from "./libraries/Aggregation.sol";
import {MerkleRoot} from "./libraries/MerkleRoot.sol";
import {Observation, ReportDigest} from "./libraries/ReportDigest.sol";
import {RiskRecord} from "./types/RiskRecord.sol";

/// @notice The round that is audited.
/// @param oracle The oracle that the observations were signed for.
/// @param epoch The committee's epoch.
/// @param round The round.
/// @param modelSet The hash of the set of models.
/// @param f How many observers may lie.
struct Round {
    address oracle;
    uint64 epoch;
    uint64 round;
    bytes32 modelSet;
    uint256 f;
}

/// @notice What a report of the round must say.
/// @param signers Who signed each observation, in the order given; whether they are the committee's is the caller's to judge.
/// @param time The report's time.
/// @param observationsRoot The Merkle root of the observations' digests.
/// @param recordsRoot The Merkle root of the records; 0 when no feed has enough observations.
/// @param feeds The feeds with at least 2f + 1 observations, strictly ascending.
/// @param records One record a feed.
/// @param fallbacks How many of a feed's observers judged it by the baseline and not by the models, a feed.
struct Audit {
    address[] signers;
    uint64 time;
    bytes32 observationsRoot;
    bytes32 recordsRoot;
    bytes32[] feeds;
    RiskRecord[] records;
    uint256[] fallbacks;
}

/// @title The report auditor
/// @notice Recomputes a report from its public signed observations, so that anybody can check it with one eth_call.
/// @dev Stateless. A view meant for eth_call: its gas grows with observations × feeds × fields.
contract ReportAuditor {
    /// @notice Thrown when observations are not in strictly ascending order of nodes, and so may hold one node twice.
    /// @param given The node out of order.
    /// @param previous The node before it; needed: less.
    error UnsortedNodes(uint16 given, uint16 previous);

    /// @notice Thrown when an observation's feeds are not strictly ascending.
    /// @param given The feed out of order.
    /// @param previous The feed before it; needed: less.
    error UnsortedFeeds(bytes32 given, bytes32 previous);

    /// @notice Thrown when an observation's bitmap of fallbacks has a bit of a feed that is not there.
    /// @param given The bitmap.
    /// @param feeds How many feeds there are; needed: no bit from there on.
    error FallbackWithoutFeed(uint64 given, uint256 feeds);

    /// @notice Thrown when lengths that must agree do not.
    /// @param given The length given.
    /// @param needed The length needed.
    error LengthMismatch(uint256 given, uint256 needed);

    /// @notice What the report of a round must say, given the round's signed observations.
    /// @param round The round.
    /// @param observations The observations, strictly ascending by node.
    /// @param signatures One ECDSA signature (r ‖ s ‖ v, 65 bytes) an observation; a malformed one reverts.
    /// @return result The audit.
    function audit(
        Round calldata round,
        Observation[] memory observations,
        bytes[] calldata signatures
    ) external view returns (Audit memory result) {
        uint256 count = observations.length;
        uint256 quorum = 2 * round.f + 1;
        if (count < quorum) revert Aggregation.TooFewObservations(count, quorum);
        if (signatures.length != count) revert LengthMismatch(signatures.length, count);

        bytes32 domain = ReportDigest.domainSeparator(round.oracle);
        bytes32[] memory digests = new bytes32[](count);
        uint256[] memory times = new uint256[](count);
        result.signers = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            _checkOrder(observations, i);
            digests[i] = MessageHashUtils.toTypedDataHash(
                domain,
                ReportDigest.hashObservation(round.epoch, round.round, round.modelSet, observations[i])
            );
            result.signers[i] = ECDSA.recover(digests[i], signatures[i]);
            times[i] = observations[i].observedAt;
        }
        result.observationsRoot = MerkleRoot.ofWords(digests);
        result.time = uint64(Aggregation.lowerMedian(times));
        (result.feeds, result.records) = _aggregate(observations, round.f);
        result.fallbacks = _countFallbacks(observations, result.feeds);
        if (result.feeds.length > 0) result.recordsRoot = MerkleRoot.ofRecords(result.feeds, result.records);
    }

    function _checkOrder(Observation[] memory observations, uint256 i) private pure {
        Observation memory observation = observations[i];
        if (i > 0 && observation.node <= observations[i - 1].node) {
            revert UnsortedNodes(observation.node, observations[i - 1].node);
        }
        bytes32[] memory feeds = observation.feeds;
        if (observation.records.length != feeds.length) {
            revert LengthMismatch(observation.records.length, feeds.length);
        }
        if (uint256(observation.fallbacks) >> feeds.length != 0) {
            revert FallbackWithoutFeed(observation.fallbacks, feeds.length);
        }
        for (uint256 j = 1; j < feeds.length; ++j) {
            if (feeds[j] <= feeds[j - 1]) revert UnsortedFeeds(feeds[j], feeds[j - 1]);
        }
    }

    /// @dev Every list of feeds is ascending, so each is walked once beside the report's. A feed past the bitmap has no bit.
    function _countFallbacks(
        Observation[] memory observations,
        bytes32[] memory feeds
    ) private pure returns (uint256[] memory counts) {
        counts = new uint256[](feeds.length);
        for (uint256 i = 0; i < observations.length; ++i) {
            Observation memory observation = observations[i];
            uint256 at = 0;
            for (uint256 j = 0; j < observation.feeds.length && at < feeds.length; ++j) {
                while (at < feeds.length && feeds[at] < observation.feeds[j]) ++at;
                if (at == feeds.length || feeds[at] != observation.feeds[j]) continue;
                counts[at] += (uint256(observation.fallbacks) >> j) & 1;
            }
        }
    }

    /// @dev Merges the observations' ascending feeds: each turn takes the least feed that any observation has left.
    function _aggregate(
        Observation[] memory observations,
        uint256 f
    ) private pure returns (bytes32[] memory feeds, RiskRecord[] memory records) {
        uint256 total = 0;
        for (uint256 i = 0; i < observations.length; ++i) {
            total += observations[i].feeds.length;
        }
        feeds = new bytes32[](total);
        records = new RiskRecord[](total);
        uint256[] memory next = new uint256[](observations.length);
        uint256 found = 0;
        for (uint256 taken = 0; taken < total;) {
            bytes32 feed = _leastFeed(observations, next);
            RiskRecord[] memory said = _takeRecords(observations, next, feed);
            taken += said.length;
            if (said.length < 2 * f + 1) continue;
            feeds[found] = feed;
            records[found] = Aggregation.aggregate(said, f);
            ++found;
        }
        // Shortens both arrays to what was found; the words past the end are given up.
        assembly ("memory-safe") {
            mstore(feeds, found)
            mstore(records, found)
        }
    }

    function _leastFeed(Observation[] memory observations, uint256[] memory next) private pure returns (bytes32 least) {
        least = bytes32(type(uint256).max);
        for (uint256 i = 0; i < observations.length; ++i) {
            bytes32[] memory feeds = observations[i].feeds;
            if (next[i] < feeds.length && feeds[next[i]] < least) least = feeds[next[i]];
        }
    }

    function _takeRecords(
        Observation[] memory observations,
        uint256[] memory next,
        bytes32 feed
    ) private pure returns (RiskRecord[] memory said) {
        said = new RiskRecord[](observations.length);
        uint256 count = 0;
        for (uint256 i = 0; i < observations.length; ++i) {
            bytes32[] memory feeds = observations[i].feeds;
            if (next[i] < feeds.length && feeds[next[i]] == feed) {
                said[count] = observations[i].records[next[i]];
                ++count;
                ++next[i];
            }
        }
        assembly ("memory-safe") {
            mstore(said, count)
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Report} from "../IRiskOracle.sol";
import {RiskRecord} from "../types/RiskRecord.sol";

/// @notice One node's observation as its operator signs it, without the signature.
/// @param node The node's index in the committee, from 1.
/// @param observedAt When the node observed, in unix seconds.
/// @param fallbacks Bit i, from the least significant, is set when record i was judged by the baseline and not by the models.
/// @param featuresHash The hash of the features that its models saw.
/// @param feeds The feeds observed, strictly ascending.
/// @param records One record a feed.
struct Observation {
    uint16 node;
    uint64 observedAt;
    uint64 fallbacks;
    bytes32 featuresHash;
    bytes32[] feeds;
    RiskRecord[] records;
}

/// @title What is hashed and signed
/// @notice EIP-712 digests of reports and observations; the twin of oracle-node/core/digest.ts.
library ReportDigest {
    /// @notice The EIP-712 domain's name.
    string internal constant NAME = "Plimsoll";

    /// @notice The EIP-712 domain's version.
    string internal constant VERSION = "1";

    bytes32 internal constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    bytes32 internal constant REPORT_TYPEHASH = keccak256(
        "RiskReport(uint64 epoch,uint64 round,uint64 time,bytes32 modelSet,bytes32 observationsRoot,bytes32 recordsRoot)"
    );

    bytes32 internal constant OBSERVATION_TYPEHASH = keccak256(
        "Observation(uint64 epoch,uint64 round,uint16 node,uint64 observedAt,"
        "bytes32 modelSet,bytes32 featuresHash,uint64 fallbacks,bytes32 valuesHash)"
    );

    /// @notice The domain separator of an oracle on this chain.
    /// @param oracle The oracle's address.
    /// @return The separator.
    function domainSeparator(address oracle) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(DOMAIN_TYPEHASH, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, oracle)
            );
    }

    /// @notice The struct hash of a report.
    /// @param report The report.
    /// @param recordsRoot The Merkle root of its (feed, record) pairs.
    /// @return The struct hash.
    function hashReport(Report calldata report, bytes32 recordsRoot) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    REPORT_TYPEHASH,
                    report.epoch,
                    report.round,
                    report.time,
                    report.modelSet,
                    report.observationsRoot,
                    recordsRoot
                )
            );
    }

    /// @notice The struct hash of an observation.
    /// @param epoch The committee's epoch.
    /// @param round The round.
    /// @param modelSet The hash of the set of models.
    /// @param observation The observation.
    /// @return The struct hash.
    function hashObservation(
        uint64 epoch,
        uint64 round,
        bytes32 modelSet,
        Observation memory observation
    ) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    OBSERVATION_TYPEHASH,
                    epoch,
                    round,
                    observation.node,
                    observation.observedAt,
                    modelSet,
                    observation.featuresHash,
                    observation.fallbacks,
                    hashValues(observation.feeds, observation.records)
                )
            );
    }

    /// @notice keccak256(feed1 ‖ record1 ‖ feed2 ‖ record2 ‖ …).
    /// @param feeds The feeds.
    /// @param records One record a feed.
    /// @return The hash.
    function hashValues(bytes32[] memory feeds, RiskRecord[] memory records) internal pure returns (bytes32) {
        bytes32[] memory words = new bytes32[](2 * feeds.length);
        for (uint256 i = 0; i < feeds.length; ++i) {
            words[2 * i] = feeds[i];
            words[2 * i + 1] = bytes32(RiskRecord.unwrap(records[i]));
        }
        return keccak256(abi.encodePacked(words));
    }
}

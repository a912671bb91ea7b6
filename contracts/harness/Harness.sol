// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRiskOracle, Report} from "../src/IRiskOracle.sol";
import {Aggregation} from "../src/libraries/Aggregation.sol";
import {Frost} from "../src/libraries/Frost.sol";
import {MerkleRoot} from "../src/libraries/MerkleRoot.sol";
import {Move, Policy, PolicyInput} from "../src/libraries/Policy.sol";
import {Observation, ReportDigest} from "../src/libraries/ReportDigest.sol";
import {Field, FIELD_COUNT, RiskRecord} from "../src/types/RiskRecord.sol";

/// @notice One call of the verifier.
/// @param keyX The x coordinate of the key.
/// @param keyParity The parity of its y.
/// @param rx The x coordinate of R.
/// @param ry The y coordinate of R.
/// @param z The response.
/// @param message The 32 bytes signed.
struct FrostCase {
    uint256 keyX;
    uint256 keyParity;
    uint256 rx;
    uint256 ry;
    uint256 z;
    bytes32 message;
}

/// @title The test harness
/// @notice Makes the libraries' internal functions callable, many cases a call. For tests only: no script deploys it to a chain
/// that matters.
contract Harness {
    /// @notice Verifies each case.
    /// @param cases The cases.
    /// @return results Whether each is valid.
    function verifyAll(FrostCase[] calldata cases) external view returns (bool[] memory results) {
        results = new bool[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            FrostCase calldata c = cases[i];
            results[i] = Frost.verify(c.keyX, c.keyParity, c.rx, c.ry, c.z, c.message);
        }
    }

    /// @notice The gas that one verification takes, calls to precompiles included, calldata and memory expansion excluded.
    /// @param c The case.
    /// @return used The gas.
    /// @return valid Whether it is valid.
    function gasOfVerify(FrostCase memory c) external view returns (uint256 used, bool valid) {
        uint256 before = gasleft();
        valid = Frost.verify(c.keyX, c.keyParity, c.rx, c.ry, c.z, c.message);
        used = before - gasleft();
    }

    /// @notice The challenge of a case.
    /// @param c The case.
    /// @return The challenge.
    function challenge(FrostCase calldata c) external view returns (uint256) {
        return Frost.challenge(c.keyX, c.keyParity, c.rx, c.ry, c.message);
    }

    /// @notice The digest of each report.
    /// @param oracle The oracle.
    /// @param reports The reports.
    /// @return digests One digest a report.
    function digestAll(IRiskOracle oracle, Report[] calldata reports) external view returns (bytes32[] memory digests) {
        digests = new bytes32[](reports.length);
        for (uint256 i = 0; i < reports.length; ++i) {
            digests[i] = oracle.digest(reports[i]);
        }
    }

    /// @notice Whether a case's signature solves its equation for a challenge given, its message left out.
    /// @param c The case.
    /// @param givenChallenge The challenge.
    /// @return Whether it does.
    function solves(FrostCase calldata c, uint256 givenChallenge) external pure returns (bool) {
        return Frost.solves(c.keyX, c.keyParity, c.rx, c.ry, c.z, givenChallenge);
    }

    /// @notice Aggregates each set of records.
    /// @param sets The sets.
    /// @param f How many observers may lie, a set.
    /// @return results One record a set.
    function aggregateAll(
        RiskRecord[][] calldata sets,
        uint256[] calldata f
    ) external pure returns (RiskRecord[] memory results) {
        results = new RiskRecord[](sets.length);
        for (uint256 i = 0; i < sets.length; ++i) {
            results[i] = Aggregation.aggregate(sets[i], f[i]);
        }
    }

    /// @notice Runs the policy on each input.
    /// @param inputs The inputs.
    /// @return results Four moves an input.
    function nextParametersAll(PolicyInput[] calldata inputs) external pure returns (Move[4][] memory results) {
        results = new Move[4][](inputs.length);
        for (uint256 i = 0; i < inputs.length; ++i) {
            results[i] = Policy.nextParameters(inputs[i]);
        }
    }

    /// @notice The struct hash of an observation.
    /// @param epoch The epoch.
    /// @param round The round.
    /// @param modelSet The hash of the set of models.
    /// @param observation The observation.
    /// @return The struct hash.
    function hashObservation(
        uint64 epoch,
        uint64 round,
        bytes32 modelSet,
        Observation calldata observation
    ) external pure returns (bytes32) {
        return ReportDigest.hashObservation(epoch, round, modelSet, observation);
    }

    /// @notice The Merkle root over (feed, record) pairs.
    /// @param feeds The feeds.
    /// @param records The records.
    /// @return The root.
    function rootOfRecords(bytes32[] calldata feeds, RiskRecord[] calldata records) external pure returns (bytes32) {
        return MerkleRoot.ofRecords(feeds, records);
    }

    /// @notice The Merkle root over words.
    /// @param words The words.
    /// @return The root.
    function rootOfWords(bytes32[] calldata words) external pure returns (bytes32) {
        return MerkleRoot.ofWords(words);
    }

    /// @notice Every field of each record, by number and by getter.
    /// @param records The records.
    /// @return byNumber The fields as `get` reads them.
    /// @return byGetter The fields as each one's own getter reads them.
    function fieldsOf(
        RiskRecord[] calldata records
    ) external pure returns (uint256[10][] memory byNumber, uint256[10][] memory byGetter) {
        byNumber = new uint256[10][](records.length);
        byGetter = new uint256[10][](records.length);
        for (uint256 i = 0; i < records.length; ++i) {
            RiskRecord record = records[i];
            for (uint256 j = 0; j < FIELD_COUNT; ++j) {
                byNumber[i][j] = record.get(Field(j));
            }
            byGetter[i] = [
                uint256(record.priceE8()),
                record.volatilityBps(),
                record.valueAtRisk99Bps(),
                record.expectedShortfall99Bps(),
                record.depthUsd(),
                record.liquidityScoreBps(),
                record.riskScoreBps(),
                record.confidenceBps(),
                record.observedAt(),
                record.validForSeconds()
            ];
        }
    }
}

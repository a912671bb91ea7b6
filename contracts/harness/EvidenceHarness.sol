// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Report, Signature} from "../src/IRiskOracle.sol";
import {Evidence} from "../src/libraries/Evidence.sol";
import {FrostShare, ShareHints} from "../src/libraries/FrostShare.sol";
import {DeviationTolerance, OutOfRange} from "../src/libraries/OutOfRange.sol";
import {Observation} from "../src/libraries/ReportDigest.sol";
import {Field, RiskRecord} from "../src/types/RiskRecord.sol";
import {Accused, ObservationStatement, ProposalStatement, ShareStatement, Verdict} from "../src/types/Statements.sol";

/// @title The harness of evidence
/// @notice Makes the library's internal functions callable, and says the gas of each: calls to precompiles included,
/// calldata excluded. For tests only.
contract EvidenceHarness {
    /// @notice As in the library.
    /// @param accused The accused.
    /// @param round The round.
    /// @param statements The observations.
    /// @param signatures The signatures.
    /// @return verdict The verdict.
    /// @return used The gas.
    function observerEquivocation(
        Accused memory accused,
        uint64 round,
        ObservationStatement[2] memory statements,
        bytes[2] memory signatures
    ) external view returns (Verdict verdict, uint256 used) {
        uint256 before = gasleft();
        verdict = Evidence.observerEquivocation(accused, round, statements, signatures);
        used = before - gasleft();
    }

    /// @notice As in the library.
    /// @param accused The accused.
    /// @param round The round.
    /// @param attempt The attempt.
    /// @param statements The proposals.
    /// @param signatures The signatures.
    /// @return verdict The verdict.
    /// @return used The gas.
    function leaderEquivocation(
        Accused memory accused,
        uint64 round,
        uint64 attempt,
        ProposalStatement[2] memory statements,
        bytes[2] memory signatures
    ) external view returns (Verdict verdict, uint256 used) {
        uint256 before = gasleft();
        verdict = Evidence.leaderEquivocation(accused, round, attempt, statements, signatures);
        used = before - gasleft();
    }

    /// @notice As in the library.
    /// @param accused The accused.
    /// @param statement The share.
    /// @param signature The signature.
    /// @param hints The hints.
    /// @return verdict The verdict.
    /// @return used The gas.
    function invalidShare(
        Accused memory accused,
        ShareStatement memory statement,
        bytes memory signature,
        ShareHints memory hints
    ) external view returns (Verdict verdict, uint256 used) {
        uint256 before = gasleft();
        verdict = Evidence.invalidShare(accused, statement, signature, hints);
        used = before - gasleft();
    }

    /// @notice As in the library.
    /// @param accused The accused.
    /// @param round The round.
    /// @param modelSet The hash of the set of models.
    /// @param observation The observation.
    /// @param signature The signature.
    /// @return verdict The verdict.
    /// @return used The gas.
    function impossibleValue(
        Accused memory accused,
        uint64 round,
        bytes32 modelSet,
        Observation memory observation,
        bytes memory signature
    ) external view returns (Verdict verdict, uint256 used) {
        uint256 before = gasleft();
        verdict = Evidence.impossibleValue(accused, round, modelSet, observation, signature);
        used = before - gasleft();
    }

    /// @notice As in the library.
    /// @param accused The accused.
    /// @param report The report.
    /// @param certificate The committee's signature.
    /// @param observation The observation.
    /// @param signature The operator's signature.
    /// @param feed The feed.
    /// @param field The field.
    /// @param tolerance The tolerance.
    /// @return verdict The verdict.
    /// @return used The gas.
    function deviation(
        Accused memory accused,
        Report calldata report,
        Signature memory certificate,
        Observation memory observation,
        bytes memory signature,
        bytes32 feed,
        Field field,
        DeviationTolerance memory tolerance
    ) external view returns (Verdict verdict, uint256 used) {
        uint256 before = gasleft();
        verdict = Evidence.deviation(accused, report, certificate, observation, signature, feed, field, tolerance);
        used = before - gasleft();
    }

    /// @notice The binding factor of each signer.
    /// @param groupKeyX The x coordinate of the group's key.
    /// @param groupKeyParity The parity of its y.
    /// @param message The 32 bytes signed.
    /// @param commitments The encoded list.
    /// @param nodes The signers.
    /// @return factors One factor a signer.
    function bindingFactors(
        uint256 groupKeyX,
        uint256 groupKeyParity,
        bytes32 message,
        bytes memory commitments,
        uint256[] memory nodes
    ) external pure returns (uint256[] memory factors) {
        factors = new uint256[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            factors[i] = FrostShare.bindingFactor(groupKeyX, groupKeyParity, message, commitments, nodes[i]);
        }
    }

    /// @notice Whether each observation is outside of the hard limits.
    /// @param observations The observations.
    /// @return results One result an observation.
    function impossibleAll(Observation[] memory observations) external pure returns (bool[] memory results) {
        results = new bool[](observations.length);
        for (uint256 i = 0; i < observations.length; ++i) {
            results[i] = OutOfRange.isImpossible(observations[i]);
        }
    }

    /// @notice Whether a field of each record lies too far from that of its median.
    /// @param fields The field of each.
    /// @param observed The records observed.
    /// @param medians The records certified.
    /// @param tolerance The tolerance.
    /// @return results One result a record.
    function deviationAll(
        Field[] calldata fields,
        RiskRecord[] calldata observed,
        RiskRecord[] calldata medians,
        DeviationTolerance memory tolerance
    ) external pure returns (bool[] memory results) {
        results = new bool[](fields.length);
        for (uint256 i = 0; i < fields.length; ++i) {
            results[i] = OutOfRange.isDeviation(fields[i], observed[i], medians[i], tolerance);
        }
    }
}

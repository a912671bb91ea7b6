// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Report, Signature} from "../IRiskOracle.sol";
import {Field, RiskRecord} from "../types/RiskRecord.sol";
import {Accused, ObservationStatement, ProposalStatement, ShareStatement, Verdict} from "../types/Statements.sol";
import {Frost} from "./Frost.sol";
import {FrostShare, Share, ShareHints, ShareVerdict} from "./FrostShare.sol";
import {MerkleRoot} from "./MerkleRoot.sol";
import {DeviationTolerance, OutOfRange} from "./OutOfRange.sol";
import {Observation, ReportDigest} from "./ReportDigest.sol";

/// @title Proofs that a member broke the protocol
/// @notice Verifies evidence against a member; the twin of oracle-node/protocol/evidence.ts. What each proves and what it
/// does not is in oracle-node/docs/EVIDENCE.md.
/// @dev Every proof rests on statements that the accused operator signed; a member that follows the protocol never signs
/// what any of them needs. That the accused is who is registered is the caller's to know, and that evidence is not used
/// twice.
library Evidence {
    bytes32 internal constant PROPOSAL_TYPEHASH = keccak256(
        "Proposal(uint64 epoch,uint64 round,uint64 attempt,uint64 session,uint16 node,"
        "bytes32 observationsHash,bytes32 commitmentsHash)"
    );

    bytes32 internal constant SHARE_TYPEHASH = keccak256(
        "Share(uint64 epoch,uint64 round,uint64 attempt,uint64 session,uint16 node,"
        "bytes32 digest,bytes32 commitmentsHash,bytes groupCommitment,bytes32 share)"
    );

    /// @notice Two different observations of one round.
    /// @param accused The accused.
    /// @param round The round.
    /// @param statements The two observations.
    /// @param signatures The operator's signature of each (r ‖ s ‖ v, 65 bytes).
    /// @return The verdict.
    function observerEquivocation(
        Accused memory accused,
        uint64 round,
        ObservationStatement[2] memory statements,
        bytes[2] memory signatures
    ) internal view returns (Verdict) {
        bytes32 first = _hashObservation(accused, round, statements[0]);
        bytes32 second = _hashObservation(accused, round, statements[1]);
        if (!_signed(accused, first, signatures[0]) || !_signed(accused, second, signatures[1]))
            return Verdict.NotSigned;
        return first == second ? Verdict.NoContradiction : Verdict.Proven;
    }

    /// @notice Two proposals of one attempt with other observations, or of one session with other commitments.
    /// @param accused The accused.
    /// @param round The round.
    /// @param attempt The attempt.
    /// @param statements The two proposals.
    /// @param signatures The operator's signature of each.
    /// @return The verdict.
    function leaderEquivocation(
        Accused memory accused,
        uint64 round,
        uint64 attempt,
        ProposalStatement[2] memory statements,
        bytes[2] memory signatures
    ) internal view returns (Verdict) {
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 hash = _hashProposal(accused, round, attempt, statements[i]);
            if (!_signed(accused, hash, signatures[i])) return Verdict.NotSigned;
        }
        ProposalStatement memory a = statements[0];
        ProposalStatement memory b = statements[1];
        bool contradict =
            a.observationsHash != b.observationsHash ||
                (a.session == b.session && a.commitmentsHash != b.commitmentsHash);
        return contradict ? Verdict.Proven : Verdict.NoContradiction;
    }

    /// @notice A share that does not solve its equation.
    /// @param accused The accused.
    /// @param statement The share, as it was signed.
    /// @param signature The operator's signature.
    /// @param hints What the chain checks in place of computing it.
    /// @return The verdict.
    function invalidShare(
        Accused memory accused,
        ShareStatement memory statement,
        bytes memory signature,
        ShareHints memory hints
    ) internal view returns (Verdict) {
        if (!_signed(accused, _hashShare(accused, statement), signature)) return Verdict.NotSigned;
        bytes memory r = statement.groupCommitment;
        if (r.length != 33 || (r[0] != 0x02 && r[0] != 0x03)) return Verdict.Malformed;
        uint256 rx;
        assembly ("memory-safe") {
            rx := mload(add(r, 33))
        }
        Share memory share = Share({
            groupKeyX: accused.groupKeyX,
            groupKeyParity: accused.groupKeyParity,
            keyX: accused.keyX,
            keyParity: accused.keyParity,
            node: accused.node,
            message: statement.digest,
            rx: rx,
            rParity: uint8(r[0]) - 2,
            share: statement.share,
            commitments: statement.commitments
        });
        ShareVerdict verdict = FrostShare.check(share, hints);
        if (verdict == ShareVerdict.Undecided) return Verdict.Malformed;
        return verdict == ShareVerdict.Wrong ? Verdict.Proven : Verdict.ShareIsRight;
    }

    /// @notice An observation outside of the protocol's hard limits.
    /// @param accused The accused.
    /// @param round The round.
    /// @param modelSet The hash of the set of models.
    /// @param observation The observation.
    /// @param signature The operator's signature.
    /// @return The verdict.
    function impossibleValue(
        Accused memory accused,
        uint64 round,
        bytes32 modelSet,
        Observation memory observation,
        bytes memory signature
    ) internal view returns (Verdict) {
        if (observation.records.length != observation.feeds.length) return Verdict.Malformed;
        if (!_observed(accused, round, modelSet, observation, signature)) return Verdict.NotSigned;
        return OutOfRange.isImpossible(observation) ? Verdict.Proven : Verdict.WithinRange;
    }

    /// @notice An observation further from the certified median of its round than is tolerated.
    /// @param accused The accused.
    /// @param report The report of the round.
    /// @param certificate The committee's signature of the report.
    /// @param observation The observation.
    /// @param signature The operator's signature.
    /// @param feed The feed that is compared.
    /// @param field The field that is compared.
    /// @param tolerance What is tolerated.
    /// @return The verdict.
    function deviation(
        Accused memory accused,
        Report calldata report,
        Signature memory certificate,
        Observation memory observation,
        bytes memory signature,
        bytes32 feed,
        Field field,
        DeviationTolerance memory tolerance
    ) internal view returns (Verdict) {
        if (observation.records.length != observation.feeds.length) return Verdict.Malformed;
        if (!_observed(accused, report.round, report.modelSet, observation, signature)) return Verdict.NotSigned;
        if (!_certified(accused, report, certificate)) return Verdict.NotCertified;
        (bool isObserved, RiskRecord observed) = _find(observation.feeds, observation.records, feed);
        (bool isReported, RiskRecord median) = _find(report.feeds, report.records, feed);
        if (!isObserved || !isReported) return Verdict.Malformed;
        return OutOfRange.isDeviation(field, observed, median, tolerance) ? Verdict.Proven : Verdict.WithinRange;
    }

    function _certified(
        Accused memory accused,
        Report calldata report,
        Signature memory certificate
    ) private view returns (bool) {
        uint256 count = report.feeds.length;
        if (report.epoch != accused.epoch || count == 0 || report.records.length != count) return false;
        bytes32 recordsRoot = MerkleRoot.ofRecordsCalldata(report.feeds, report.records);
        bytes32 digest = _digest(accused, ReportDigest.hashReport(report, recordsRoot));
        (uint256 x, uint256 parity) = (accused.groupKeyX, accused.groupKeyParity);
        return Frost.verify(x, parity, certificate.rx, certificate.ry, certificate.z, digest);
    }

    function _observed(
        Accused memory accused,
        uint64 round,
        bytes32 modelSet,
        Observation memory observation,
        bytes memory signature
    ) private view returns (bool) {
        return
            observation.node == accused.node &&
            _signed(accused, ReportDigest.hashObservation(accused.epoch, round, modelSet, observation), signature);
    }

    function _signed(Accused memory accused, bytes32 structHash, bytes memory signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError error, ) = ECDSA.tryRecover(_digest(accused, structHash), signature);
        return error == ECDSA.RecoverError.NoError && signer == accused.operator;
    }

    function _digest(Accused memory accused, bytes32 structHash) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(ReportDigest.domainSeparator(accused.oracle), structHash);
    }

    function _find(
        bytes32[] memory feeds,
        RiskRecord[] memory records,
        bytes32 feed
    ) private pure returns (bool found, RiskRecord record) {
        for (uint256 i = 0; i < feeds.length; ++i) {
            if (feeds[i] == feed) return (true, records[i]);
        }
    }

    function _hashObservation(
        Accused memory accused,
        uint64 round,
        ObservationStatement memory statement
    ) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    ReportDigest.OBSERVATION_TYPEHASH,
                    accused.epoch,
                    round,
                    accused.node,
                    statement.observedAt,
                    statement.modelSet,
                    statement.featuresHash,
                    statement.fallbacks,
                    statement.valuesHash
                )
            );
    }

    function _hashProposal(
        Accused memory accused,
        uint64 round,
        uint64 attempt,
        ProposalStatement memory statement
    ) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    PROPOSAL_TYPEHASH,
                    accused.epoch,
                    round,
                    attempt,
                    statement.session,
                    accused.node,
                    statement.observationsHash,
                    statement.commitmentsHash
                )
            );
    }

    function _hashShare(Accused memory accused, ShareStatement memory statement) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    SHARE_TYPEHASH,
                    accused.epoch,
                    statement.round,
                    statement.attempt,
                    statement.session,
                    accused.node,
                    statement.digest,
                    keccak256(statement.commitments),
                    keccak256(statement.groupCommitment),
                    statement.share
                )
            );
    }
}

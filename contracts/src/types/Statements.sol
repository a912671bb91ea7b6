// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What evidence is worth.
enum Verdict {
    Malformed,
    NotSigned,
    NoContradiction,
    ShareIsRight,
    WithinRange,
    NotCertified,
    Proven
}

/// @notice Who is accused, as the caller has it registered.
/// @param oracle The oracle that the committee signs for.
/// @param epoch The committee's epoch.
/// @param groupKeyParity The parity of y of the group's key: 0 even, 1 odd.
/// @param operator The address of the member's operator.
/// @param node The member's number.
/// @param keyParity The parity of y of the member's verifying share.
/// @param groupKeyX The x coordinate of the group's key.
/// @param keyX The x coordinate of the member's verifying share.
struct Accused {
    address oracle;
    uint64 epoch;
    uint8 groupKeyParity;
    address operator;
    uint16 node;
    uint8 keyParity;
    uint256 groupKeyX;
    uint256 keyX;
}

/// @notice An observation by its hashes.
/// @param observedAt When it was made.
/// @param fallbacks Its bitmap of fallbacks.
/// @param modelSet The hash of the set of models.
/// @param featuresHash The hash of the features.
/// @param valuesHash The hash of the values.
struct ObservationStatement {
    uint64 observedAt;
    uint64 fallbacks;
    bytes32 modelSet;
    bytes32 featuresHash;
    bytes32 valuesHash;
}

/// @notice What a leader puts to the signers of a session.
/// @param session The session of the attempt.
/// @param observationsHash keccak256 over the signatures of the observations.
/// @param commitmentsHash keccak256 over the signers' encoded commitments.
struct ProposalStatement {
    uint64 session;
    bytes32 observationsHash;
    bytes32 commitmentsHash;
}

/// @notice A share, with what it was made of.
/// @param round The round.
/// @param attempt The attempt of the round.
/// @param session The session of the attempt.
/// @param digest The report's digest.
/// @param groupCommitment R, compressed, as the signer stated it.
/// @param share The share z.
/// @param commitments The session's commitments, encoded.
struct ShareStatement {
    uint64 round;
    uint64 attempt;
    uint64 session;
    bytes32 digest;
    bytes groupCommitment;
    uint256 share;
    bytes commitments;
}

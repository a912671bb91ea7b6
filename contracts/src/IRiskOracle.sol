// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {RiskRecord} from "./types/RiskRecord.sol";

/// @notice What one round of the committee says, as it is signed.
/// @param epoch The committee that signed.
/// @param round The round's number, growing without end.
/// @param time The lower median of the observations' times, in unix seconds.
/// @param modelSet The hash of the set of models that the nodes ran.
/// @param observationsRoot The Merkle root of the digests of the signed observations behind the report.
/// @param feeds The feeds reported, strictly ascending.
/// @param records One record a feed, in the same order.
struct Report {
    uint64 epoch;
    uint64 round;
    uint64 time;
    bytes32 modelSet;
    bytes32 observationsRoot;
    bytes32[] feeds;
    RiskRecord[] records;
}

/// @notice A FROST(secp256k1, SHA-256) signature of RFC 9591. R comes uncompressed, so that the chain takes no square root.
/// @param rx The x coordinate of R.
/// @param ry The y coordinate of R.
/// @param z The response.
struct Signature {
    uint256 rx;
    uint256 ry;
    uint256 z;
}

/// @notice The last accepted report's header, in one slot.
/// @param epoch The committee that signed it.
/// @param round Its round.
/// @param time Its time, in unix seconds.
struct Header {
    uint64 epoch;
    uint64 round;
    uint64 time;
}

/// @title The risk oracle
/// @notice Stores one risk record a feed under the committee's threshold signature, and hands it out with its age.
/// @dev It has no owner and cannot be upgraded or paused. It does not defend against a committee of which 2f + 1 members
/// collude, nor against a chain whose block timestamps are wrong by more than the clock skew.
interface IRiskOracle {
    /// @notice A report was verified and stored.
    /// @param round The report's round.
    /// @param time The report's time, in unix seconds.
    /// @param digest The 32 bytes that the committee signed.
    /// @param modelSet The hash of the set of models that the nodes ran.
    /// @param observationsRoot The Merkle root of the signed observations.
    event ReportAccepted(uint64 indexed round, uint64 time, bytes32 digest, bytes32 modelSet, bytes32 observationsRoot);

    /// @notice A feed has a new record.
    /// @param feed The feed.
    /// @param round The report's round.
    /// @param record The record.
    event RecordUpdated(bytes32 indexed feed, uint64 indexed round, RiskRecord record);

    /// @notice Thrown at deployment when no signature can ever be verified under the key.
    /// @param groupKeyX The x coordinate given; needed: of a point of the curve, above 0 and below the group's order.
    /// @param groupKeyParity The parity of y given; needed: 0 (even) or 1 (odd).
    error InvalidGroupKey(uint256 groupKeyX, uint8 groupKeyParity);

    /// @notice Thrown when a report was signed by another committee.
    /// @param given The report's epoch.
    /// @param needed The oracle's epoch.
    error WrongEpoch(uint64 given, uint64 needed);

    /// @notice Thrown when a report's round is not after the stored one: a replay or a late arrival.
    /// @param given The report's round.
    /// @param stored The stored round; needed: more.
    error StaleRound(uint64 given, uint64 stored);

    /// @notice Thrown when a report's time is not after the stored one.
    /// @param given The report's time.
    /// @param stored The stored time; needed: more.
    error StaleTime(uint64 given, uint64 stored);

    /// @notice Thrown when a report or a record claims to be from the future.
    /// @param given The time claimed.
    /// @param latest The latest time that would be accepted now.
    error FutureTime(uint64 given, uint64 latest);

    /// @notice Thrown when the number of feeds is out of bounds.
    /// @param given The number of feeds.
    /// @param needed The largest number; the smallest is 1.
    error BadFeedCount(uint256 given, uint256 needed);

    /// @notice Thrown when there is not one record a feed.
    /// @param given The number of records.
    /// @param needed The number of feeds.
    error LengthMismatch(uint256 given, uint256 needed);

    /// @notice Thrown when feeds are not strictly ascending, and so may hold one twice.
    /// @param given The feed out of order.
    /// @param previous The feed before it; needed: less.
    error UnsortedFeeds(bytes32 given, bytes32 previous);

    /// @notice Thrown when a feed's record would go back in time, or carries no time.
    /// @param feed The feed.
    /// @param given The record's time of observation.
    /// @param needed The earliest time that would be accepted.
    error RecordGoesBack(bytes32 feed, uint64 given, uint64 needed);

    /// @notice Thrown when the signature does not verify under the group's key.
    /// @param digest The digest that needed to be signed.
    error InvalidSignature(bytes32 digest);

    /// @notice Thrown when a feed was never reported.
    /// @param feed The feed asked for.
    error UnknownFeed(bytes32 feed);

    /// @notice Thrown when a feed's record is too old to be trusted.
    /// @param feed The feed asked for.
    /// @param observedAt When the record was observed.
    /// @param validUntil The last second at which it was valid.
    error StaleRecord(bytes32 feed, uint64 observedAt, uint64 validUntil);

    /// @notice Verifies a report and stores its records. Anybody may send it.
    /// @dev Reverts with one of the errors above and then changes nothing. Calls no contract but precompiles.
    /// @param report The report.
    /// @param signature The committee's signature over the report's digest.
    function update(Report calldata report, Signature calldata signature) external;

    /// @notice A feed's record, if it may still be trusted; reverts when it is stale or was never reported.
    /// @param feed The feed.
    /// @return record The record.
    function read(bytes32 feed) external view returns (RiskRecord record);

    /// @notice A feed's record with its age, for a consumer that judges for itself; reverts only for a feed never reported.
    /// @param feed The feed.
    /// @return record The record, however old.
    /// @return ageSeconds The seconds since it was observed; 0 when the chain's clock is behind the committee's.
    /// @return fresh Whether `read` would hand it out.
    function peek(bytes32 feed) external view returns (RiskRecord record, uint256 ageSeconds, bool fresh);

    /// @notice The digest that the committee signs for a report (EIP-712).
    /// @param report The report.
    /// @return The 32 bytes.
    function digest(Report calldata report) external view returns (bytes32);

    /// @notice The round of the last accepted report, 0 before the first.
    /// @return The round.
    function latestRound() external view returns (uint64);

    /// @notice The header of the last accepted report.
    /// @return The header, all zero but the epoch before the first.
    function latestHeader() external view returns (Header memory);

    /// @notice The committee's key: the x coordinate and the parity of y (0 even, 1 odd).
    /// @return x The x coordinate.
    /// @return parity The parity of y.
    function groupKey() external view returns (uint256 x, uint8 parity);
}

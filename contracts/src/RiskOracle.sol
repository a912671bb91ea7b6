// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Header, IRiskOracle, Report, Signature} from "./IRiskOracle.sol";
import {Frost} from "./libraries/Frost.sol";
import {MerkleRoot} from "./libraries/MerkleRoot.sol";
import {ReportDigest} from "./libraries/ReportDigest.sol";
import {RiskRecord} from "./types/RiskRecord.sol";

/// @title The risk oracle
/// @notice Stores one risk record a feed under the committee's threshold signature.
contract RiskOracle is IRiskOracle, EIP712 {
    /// @notice The most feeds of one report: 64 new feeds cost about 2 million gas, which fits every chain's block.
    uint256 public constant FEED_COUNT_MAX = 64;

    /// @notice How far ahead of the block a time may be. A rollup's block may lag behind true time by minutes; a false time in
    /// the future shuts honest reports out for no longer than this, which is less than a record stays valid.
    uint64 public constant CLOCK_SKEW_SECONDS = 15 minutes;

    uint256 private immutable GROUP_KEY_X;
    uint256 private immutable GROUP_KEY_PARITY;
    uint64 private immutable EPOCH;

    Header private _header;
    mapping(bytes32 feed => RiskRecord record) private _records;

    /// @notice Binds the oracle to one committee for good.
    /// @param groupKeyX The x coordinate of the committee's key.
    /// @param groupKeyParity The parity of its y: 0 even, 1 odd.
    /// @param epoch The committee's epoch.
    constructor(uint256 groupKeyX, uint8 groupKeyParity, uint64 epoch) EIP712(ReportDigest.NAME, ReportDigest.VERSION) {
        if (!Frost.isKey(groupKeyX, groupKeyParity)) revert InvalidGroupKey(groupKeyX, groupKeyParity);
        GROUP_KEY_X = groupKeyX;
        GROUP_KEY_PARITY = groupKeyParity;
        EPOCH = epoch;
        _header.epoch = epoch;
    }

    /// @inheritdoc IRiskOracle
    function update(Report calldata report, Signature calldata signature) external {
        // Each access through `report` checks the array's place in the calldata again, 64 feeds long.
        bytes32[] calldata feeds = report.feeds;
        RiskRecord[] calldata records = report.records;
        uint64 round = report.round;

        _checkHeader(report);
        _checkRecords(feeds, records);

        bytes32 signed = digest(report);
        bool valid = Frost.verify(GROUP_KEY_X, GROUP_KEY_PARITY, signature.rx, signature.ry, signature.z, signed);
        if (!valid) revert InvalidSignature(signed);

        _header = Header(report.epoch, round, report.time);
        for (uint256 i = 0; i < feeds.length; ++i) {
            _records[feeds[i]] = records[i];
        }

        emit ReportAccepted(round, report.time, signed, report.modelSet, report.observationsRoot);
        for (uint256 i = 0; i < feeds.length; ++i) {
            emit RecordUpdated(feeds[i], round, records[i]);
        }
    }

    /// @inheritdoc IRiskOracle
    function read(bytes32 feed) external view returns (RiskRecord record) {
        record = _records[feed];
        if (!record.exists()) revert UnknownFeed(feed);
        uint256 validUntil = _validUntil(record);
        if (block.timestamp > validUntil) revert StaleRecord(feed, record.observedAt(), uint64(validUntil));
    }

    /// @inheritdoc IRiskOracle
    function peek(bytes32 feed) external view returns (RiskRecord record, uint256 ageSeconds, bool fresh) {
        record = _records[feed];
        if (!record.exists()) revert UnknownFeed(feed);
        uint256 observedAt = record.observedAt();
        ageSeconds = block.timestamp > observedAt ? block.timestamp - observedAt : 0;
        fresh = block.timestamp <= _validUntil(record);
    }

    /// @inheritdoc IRiskOracle
    function latestRound() external view returns (uint64) {
        return _header.round;
    }

    /// @inheritdoc IRiskOracle
    function latestHeader() external view returns (Header memory) {
        return _header;
    }

    /// @inheritdoc IRiskOracle
    function groupKey() external view returns (uint256 x, uint8 parity) {
        return (GROUP_KEY_X, uint8(GROUP_KEY_PARITY));
    }

    /// @inheritdoc IRiskOracle
    function digest(Report calldata report) public view returns (bytes32) {
        bytes32 recordsRoot = MerkleRoot.ofRecordsCalldata(report.feeds, report.records);
        return _hashTypedDataV4(ReportDigest.hashReport(report, recordsRoot));
    }

    function _checkHeader(Report calldata report) private view {
        Header memory stored = _header;
        if (report.epoch != EPOCH) revert WrongEpoch(report.epoch, EPOCH);
        if (report.round <= stored.round) revert StaleRound(report.round, stored.round);
        if (report.time <= stored.time) revert StaleTime(report.time, stored.time);
        uint64 latest = _latestTime();
        if (report.time > latest) revert FutureTime(report.time, latest);
    }

    function _checkRecords(bytes32[] calldata feeds, RiskRecord[] calldata records) private view {
        uint256 count = feeds.length;
        if (count == 0 || count > FEED_COUNT_MAX) revert BadFeedCount(count, FEED_COUNT_MAX);
        if (records.length != count) revert LengthMismatch(records.length, count);

        uint64 latest = _latestTime();
        bytes32 previous = 0;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 feed = feeds[i];
            // Feed 0 may stand first: it is a name like any other.
            if (i > 0 && feed <= previous) revert UnsortedFeeds(feed, previous);
            previous = feed;

            uint64 observedAt = records[i].observedAt();
            uint64 needed = _records[feed].observedAt();
            // A record without a time could be the word 0, which means that there is none.
            if (needed == 0) needed = 1;
            if (observedAt < needed) revert RecordGoesBack(feed, observedAt, needed);
            if (observedAt > latest) revert FutureTime(observedAt, latest);
        }
    }

    function _latestTime() private view returns (uint64) {
        return uint64(block.timestamp) + CLOCK_SKEW_SECONDS;
    }

    function _validUntil(RiskRecord record) private pure returns (uint256) {
        return uint256(record.observedAt()) + record.validForSeconds();
    }
}

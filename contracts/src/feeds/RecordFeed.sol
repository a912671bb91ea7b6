// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AggregatorInterface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorInterface.sol";
import {AggregatorV2V3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV2V3Interface.sol";
import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";

import {IRiskOracle} from "../IRiskOracle.sol";
import {Field, RiskRecord} from "../types/RiskRecord.sol";

/// @title One field of one feed, as a Chainlink aggregator
/// @notice Speaks both of Chainlink's interfaces, so that an AaveOracle (latestAnswer) and a V3 reader can take it as a source.
/// @dev Every answer reverts while the record is stale (IRiskOracle.StaleRecord) or missing (UnknownFeed): a consumer that needs
/// the price then stops, which for a lending market halts borrowing and liquidation until the next report. Only the latest round
/// is kept. `startedAt` and `updatedAt` are both the median time of observation.
contract RecordFeed is AggregatorV2V3Interface {
    /// @notice The oracle read from.
    IRiskOracle public immutable ORACLE;

    /// @notice The feed read.
    bytes32 public immutable FEED;

    /// @notice The field of its record.
    Field public immutable FIELD;

    /// @notice What the answer is, like "WETH/USD price".
    string public override description;

    /// @notice Thrown at deployment for a field that is not a value, like the time of observation.
    /// @param field The field given.
    error NotAValue(Field field);

    /// @notice Thrown for a round that is not the latest: older ones are not kept on chain.
    /// @param given The round asked for.
    /// @param latest The only round that can be answered.
    error RoundNotKept(uint256 given, uint256 latest);

    /// @notice Binds the feed.
    /// @param oracle The oracle.
    /// @param feed The feed.
    /// @param field The field.
    /// @param name The feed's name, like "WETH/USD".
    constructor(IRiskOracle oracle, bytes32 feed, Field field, string memory name) {
        ORACLE = oracle;
        FEED = feed;
        FIELD = field;
        description = string.concat(name, " ", _fieldName(field));
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData()
        external
        view
        override
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return _latest();
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(
        uint80 _roundId
    )
        external
        view
        override
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        _checkRound(_roundId);
        return _latest();
    }

    /// @inheritdoc AggregatorInterface
    function latestAnswer() external view override returns (int256 answer) {
        (, answer, , , ) = _latest();
    }

    /// @inheritdoc AggregatorInterface
    function latestTimestamp() external view override returns (uint256 updatedAt) {
        (, , , updatedAt, ) = _latest();
    }

    /// @inheritdoc AggregatorInterface
    function latestRound() external view override returns (uint256) {
        return _newestRound();
    }

    /// @inheritdoc AggregatorInterface
    function getAnswer(uint256 roundId) external view override returns (int256 answer) {
        _checkRound(roundId);
        (, answer, , , ) = _latest();
    }

    /// @inheritdoc AggregatorInterface
    function getTimestamp(uint256 roundId) external view override returns (uint256 updatedAt) {
        _checkRound(roundId);
        (, , , updatedAt, ) = _latest();
    }

    /// @inheritdoc AggregatorV3Interface
    function decimals() external view override returns (uint8) {
        if (FIELD == Field.Price) return 8;
        return FIELD == Field.Depth ? 0 : 4;
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure override returns (uint256) {
        return 1;
    }

    function _latest() private view returns (uint80, int256, uint256, uint256, uint80) {
        RiskRecord record = ORACLE.read(FEED);
        uint80 round = record.observedAt();
        // Every field is at most 64 bits wide, so the cast keeps it positive.
        return (round, int256(record.get(FIELD)), record.observedAt(), record.observedAt(), round);
    }

    /// @dev The record's time of observation. The oracle's round would rise with every report, also with those that left this feed
    /// out, and then answeredInRound would say that an old answer is new.
    function _newestRound() private view returns (uint80) {
        (RiskRecord record, , ) = ORACLE.peek(FEED);
        return record.observedAt();
    }

    function _checkRound(uint256 given) private view {
        uint256 latest = _newestRound();
        if (given != latest) revert RoundNotKept(given, latest);
    }

    function _fieldName(Field field) private pure returns (string memory) {
        if (field == Field.Price) return "price";
        if (field == Field.Volatility) return "volatility";
        if (field == Field.ValueAtRisk99) return "value at risk 99 %";
        if (field == Field.ExpectedShortfall99) return "expected shortfall 99 %";
        if (field == Field.Depth) return "depth at 2 %";
        if (field == Field.LiquidityScore) return "liquidity score";
        if (field == Field.RiskScore) return "risk score";
        if (field == Field.Confidence) return "confidence";
        revert NotAValue(field);
    }
}

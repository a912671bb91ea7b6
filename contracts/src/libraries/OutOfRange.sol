// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Field, RiskRecord} from "../types/RiskRecord.sol";
import {Observation} from "./ReportDigest.sol";

/// @notice How far from the median is too far; what that is worth is for whoever slashes to say.
/// @param priceBps Of the median price, in basis points.
/// @param riskBps Of volatility, value at risk and shortfall: so many basis points outright,
/// @param riskShareBps or this share of the median if that is more.
/// @param depthFactor How many times more or less depth.
/// @param timeSeconds Seconds between the records' times.
struct DeviationTolerance {
    uint256 priceBps;
    uint256 riskBps;
    uint256 riskShareBps;
    uint256 depthFactor;
    uint256 timeSeconds;
}

/// @title What an observation cannot say
/// @notice The protocol's hard limits, and distances from a median; the twin of oracle-node/core/out-of-range.ts.
library OutOfRange {
    uint256 private constant BPS = 10_000;

    /// @notice Whether an observation is one that no honest node signs, whatever its market did.
    /// @param observation The observation, as many records as feeds.
    /// @return Whether it is outside of a hard limit.
    function isImpossible(Observation memory observation) internal pure returns (bool) {
        uint256 count = observation.feeds.length;
        if (count == 0 || uint256(observation.fallbacks) >> count != 0) return true;
        for (uint256 i = 0; i < count; ++i) {
            if (i > 0 && observation.feeds[i] <= observation.feeds[i - 1]) return true;
            RiskRecord record = observation.records[i];
            if (_isImpossible(record) || record.observedAt() != observation.observedAt) return true;
        }
        return false;
    }

    /// @notice Whether a field lies further from the median than is tolerated.
    /// @dev A median of 0 has no share, and no price and no depth is far from it. Never overflows: fields have 64 bits at most.
    /// @param field The field; one that is not compared never deviates.
    /// @param observed The record observed.
    /// @param median The record certified.
    /// @param tolerance What is tolerated, each part below 2^128.
    /// @return Whether it deviates.
    function isDeviation(
        Field field,
        RiskRecord observed,
        RiskRecord median,
        DeviationTolerance memory tolerance
    ) internal pure returns (bool) {
        uint256 value = observed.get(field);
        uint256 middle = median.get(field);
        uint256 distance = value < middle ? middle - value : value - middle;
        if (field == Field.ObservedAt) return distance > tolerance.timeSeconds;
        if (field == Field.Price) return middle > 0 && distance * BPS > middle * tolerance.priceBps;
        if (field == Field.Depth) {
            uint256 factor = tolerance.depthFactor;
            return middle > 0 && (value * factor < middle || value > middle * factor);
        }
        bool isRisk = field == Field.Volatility || field == Field.ValueAtRisk99 || field == Field.ExpectedShortfall99;
        return isRisk && distance > tolerance.riskBps && distance * BPS > middle * tolerance.riskShareBps;
    }

    function _isImpossible(RiskRecord record) private pure returns (bool) {
        return
            record.priceE8() == 0 ||
            record.validForSeconds() == 0 ||
            record.valueAtRisk99Bps() > BPS ||
            record.expectedShortfall99Bps() > BPS ||
            record.liquidityScoreBps() > BPS ||
            record.riskScoreBps() > BPS ||
            record.confidenceBps() > BPS ||
            record.expectedShortfall99Bps() < record.valueAtRisk99Bps();
    }
}

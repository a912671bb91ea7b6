// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Field, FIELD_COUNT, FIELD_SHIFTS, RiskRecord} from "../types/RiskRecord.sol";

/// @title Medians of observations
/// @notice One record of many, each field the lower median of its own; the twin of oracle-node/core/report.ts.
/// @dev With m ≥ 2f + 1 observations of which f lie, each field lies between two honest values, and so does each end of the
/// interval behind the confidence.
library Aggregation {
    /// @notice The largest confidence that a record holds; it says that nothing can be trusted.
    uint256 internal constant CONFIDENCE_MAX = type(uint16).max;

    /// @notice One, in basis points.
    uint256 internal constant BPS = 10_000;

    /// @notice Thrown when there are too few observations for a median that f liars cannot move.
    /// @param given The number of observations.
    /// @param needed 2f + 1.
    error TooFewObservations(uint256 given, uint256 needed);

    /// @notice The record that the observations of one feed add up to.
    /// @param records One record an observation, in any order.
    /// @param f How many observers may lie.
    /// @return The record.
    function aggregate(RiskRecord[] memory records, uint256 f) internal pure returns (RiskRecord) {
        if (records.length < 2 * f + 1) revert TooFewObservations(records.length, 2 * f + 1);
        uint256 word = 0;
        for (uint256 i = 0; i < FIELD_COUNT; ++i) {
            uint256[] memory values = _sortedField(records, Field(i));
            uint256 median = _lowerMedian(values);
            if (Field(i) == Field.Confidence) median = _widen(median, _sortedField(records, Field.Price), f);
            word |= median << uint8(FIELD_SHIFTS[i]);
        }
        return RiskRecord.wrap(word);
    }

    /// @notice The lower median: an average of two would be a value that no node signed for.
    /// @param values The values, at least one, sorted in place.
    /// @return The value at index (m − 1) / 2 once sorted.
    function lowerMedian(uint256[] memory values) internal pure returns (uint256) {
        _sort(values);
        return _lowerMedian(values);
    }

    function _sortedField(RiskRecord[] memory records, Field field) private pure returns (uint256[] memory values) {
        values = new uint256[](records.length);
        for (uint256 i = 0; i < values.length; ++i) {
            values[i] = records[i].get(field);
        }
        _sort(values);
    }

    /// @dev Adds the half-width of the interval that honest prices lie in, rounded up: doubt is never rounded away.
    function _widen(uint256 confidence, uint256[] memory prices, uint256 f) private pure returns (uint256) {
        uint256 price = _lowerMedian(prices);
        if (price == 0) return CONFIDENCE_MAX;
        uint256 width = prices[prices.length - 1 - f] - prices[f];
        uint256 halfWidth = (width * BPS + 2 * price - 1) / (2 * price);
        uint256 sum = confidence + halfWidth;
        return sum < CONFIDENCE_MAX ? sum : CONFIDENCE_MAX;
    }

    function _lowerMedian(uint256[] memory sorted) private pure returns (uint256) {
        return sorted[(sorted.length - 1) >> 1];
    }

    /// @dev Insertion sort: a committee has at most some tens of nodes.
    function _sort(uint256[] memory values) private pure {
        for (uint256 i = 1; i < values.length; ++i) {
            uint256 value = values[i];
            uint256 j = i;
            for (; j > 0 && values[j - 1] > value; --j) {
                values[j] = values[j - 1];
            }
            values[j] = value;
        }
    }
}

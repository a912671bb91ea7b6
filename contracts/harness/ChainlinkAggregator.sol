// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MockV3Aggregator} from "@chainlink/contracts/src/v0.8/shared/mocks/MockV3Aggregator.sol";

/// @title Chainlink's own aggregator for consumers' tests
/// @notice Nothing is added to it: this only has it compiled with our contracts. For tests only.
contract ChainlinkAggregator is MockV3Aggregator {
    /// @notice Makes the first round.
    /// @param decimals_ The decimals of answers.
    /// @param answer The first answer.
    constructor(uint8 decimals_, int256 answer) MockV3Aggregator(decimals_, answer) {}
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRiskOracle} from "../src/IRiskOracle.sol";

/// @title The smallest consumer
/// @notice How much may be lent against one token, from its price and its expected shortfall.
contract BorrowLimit {
    IRiskOracle private immutable ORACLE;

    /// @notice Binds the oracle.
    /// @param oracle The oracle.
    constructor(IRiskOracle oracle) {
        ORACLE = oracle;
    }

    /// @notice USD (1e8) that may be lent against one token; reverts while the oracle's record is stale.
    /// @param feed The feed, like bytes32("WETH/USD").
    /// @return The limit: the price less the mean loss of the worst day in a hundred.
    function limitE8(bytes32 feed) external view returns (uint256) {
        return (uint256(ORACLE.read(feed).priceE8()) * (10_000 - ORACLE.read(feed).expectedShortfall99Bps())) / 10_000;
    }
}

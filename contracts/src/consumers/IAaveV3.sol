// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Where a market's contracts are
/// @notice The part of Aave v3's addresses provider that the steward calls.
interface IAaveV3AddressesProvider {
    /// @notice The market's pool.
    /// @return The pool's address.
    function getPool() external view returns (address);

    /// @notice The market's configurator.
    /// @return The configurator's address.
    function getPoolConfigurator() external view returns (address);
}

/// @title A market's pool
/// @notice The part of Aave v3's pool that the steward calls. The struct of one word that Aave returns is encoded as the word.
interface IAaveV3Pool {
    /// @notice A reserve's configuration, packed as Aave packs it.
    /// @param asset The reserve's underlying token.
    /// @return The packed configuration; 0 for a token that is no reserve.
    function getConfiguration(address asset) external view returns (uint256);
}

/// @title A market's configurator
/// @notice The part of Aave v3's pool configurator that the steward calls; each needs the risk admin's or pool admin's role.
interface IAaveV3PoolConfigurator {
    /// @notice Sets a reserve's collateral parameters.
    /// @param asset The reserve's underlying token.
    /// @param ltv The loan to value, in bps.
    /// @param liquidationThreshold The liquidation threshold, in bps.
    /// @param liquidationBonus One and the liquidation bonus, in bps.
    function configureReserveAsCollateral(
        address asset,
        uint256 ltv,
        uint256 liquidationThreshold,
        uint256 liquidationBonus
    ) external;

    /// @notice Sets a reserve's supply cap.
    /// @param asset The reserve's underlying token.
    /// @param newSupplyCap The cap in whole tokens; 0 is none.
    function setSupplyCap(address asset, uint256 newSupplyCap) external;

    /// @notice Sets a reserve's borrow cap.
    /// @param asset The reserve's underlying token.
    /// @param newBorrowCap The cap in whole tokens; 0 is none.
    function setBorrowCap(address asset, uint256 newBorrowCap) external;
}

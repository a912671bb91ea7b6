// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev An Aave v3 reserve's configuration word. From the least significant bit: LTV 16, liquidation threshold 16, one and the
/// liquidation bonus 16, decimals 8, active at 56, frozen at 57, paused at 60, borrow cap 36 at 80, supply cap 36 at 116.
type AaveV3Reserve is uint256;

using {ltvBps, liquidationThresholdBps, bonusFactorBps, borrowCap, supplyCap, isOpen} for AaveV3Reserve global;

/// @dev The loan to value.
function ltvBps(AaveV3Reserve self) pure returns (uint256) {
    return uint16(AaveV3Reserve.unwrap(self));
}

/// @dev The liquidation threshold; 0 for a reserve that is no collateral.
function liquidationThresholdBps(AaveV3Reserve self) pure returns (uint256) {
    return uint16(AaveV3Reserve.unwrap(self) >> 16);
}

/// @dev One and the liquidation bonus.
function bonusFactorBps(AaveV3Reserve self) pure returns (uint256) {
    return uint16(AaveV3Reserve.unwrap(self) >> 32);
}

/// @dev The borrow cap in whole tokens, 0 for none.
function borrowCap(AaveV3Reserve self) pure returns (uint256) {
    return (AaveV3Reserve.unwrap(self) >> 80) & (2 ** 36 - 1);
}

/// @dev The supply cap in whole tokens, 0 for none.
function supplyCap(AaveV3Reserve self) pure returns (uint256) {
    return (AaveV3Reserve.unwrap(self) >> 116) & (2 ** 36 - 1);
}

/// @dev Whether the reserve is active and neither frozen nor paused.
function isOpen(AaveV3Reserve self) pure returns (bool) {
    uint256 flags = AaveV3Reserve.unwrap(self) & ((1 << 56) | (1 << 57) | (1 << 60));
    return flags == 1 << 56;
}

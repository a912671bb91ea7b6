// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice What the committee says of one asset, in one 32-byte word.
/// @dev Layout from the most significant bit, as RECORD_LAYOUT in oracle-node/core/record.ts:
/// price 64 (USD, 1e8), volatility 24 (bps), value at risk 16 (bps), expected shortfall 16 (bps), depth 40 (whole USD),
/// liquidity score 16 (bps), risk score 16 (bps), confidence 16 (bps), observed at 32 (unix seconds), valid for 16 (seconds).
/// Any word is a record; the word 0 means that there is none.
type RiskRecord is uint256;

/// @notice The fields of a record, in the order of the layout.
enum Field {
    Price,
    Volatility,
    ValueAtRisk99,
    ExpectedShortfall99,
    Depth,
    LiquidityScore,
    RiskScore,
    Confidence,
    ObservedAt,
    ValidFor
}

using {
    priceE8,
    volatilityBps,
    valueAtRisk99Bps,
    expectedShortfall99Bps,
    depthUsd,
    liquidityScoreBps,
    riskScoreBps,
    confidenceBps,
    observedAt,
    validForSeconds,
    exists,
    get,
    equals as ==
} for RiskRecord global;

/// @dev How many fields a record has.
uint256 constant FIELD_COUNT = 10;

/// @dev Byte i is the width in bits of field i, from the most significant byte: 64, 24, 16, 16, 40, 16, 16, 16, 32, 16.
bytes32 constant FIELD_WIDTHS = 0x4018101028101010201000000000000000000000000000000000000000000000;

/// @dev Byte i is the position of the lowest bit of field i: 192, 168, 152, 136, 96, 80, 64, 48, 16, 0.
bytes32 constant FIELD_SHIFTS = 0xc0a8988860504030100000000000000000000000000000000000000000000000;

/// @dev The price in USD, 1e8 fixed point.
function priceE8(RiskRecord self) pure returns (uint64) {
    return uint64(RiskRecord.unwrap(self) >> 192);
}

/// @dev The forecast of the annualised standard deviation of log returns over the next 24 h.
function volatilityBps(RiskRecord self) pure returns (uint24) {
    return uint24(RiskRecord.unwrap(self) >> 168);
}

/// @dev The forecast 99 % quantile of the loss over 24 h, of the price.
function valueAtRisk99Bps(RiskRecord self) pure returns (uint16) {
    return uint16(RiskRecord.unwrap(self) >> 152);
}

/// @dev The mean loss beyond that quantile, of the price.
function expectedShortfall99Bps(RiskRecord self) pure returns (uint16) {
    return uint16(RiskRecord.unwrap(self) >> 136);
}

/// @dev The whole USD that can be sold before the price falls 2 %.
function depthUsd(RiskRecord self) pure returns (uint40) {
    return uint40(RiskRecord.unwrap(self) >> 96);
}

/// @dev 0 (best) to 10 000.
function liquidityScoreBps(RiskRecord self) pure returns (uint16) {
    return uint16(RiskRecord.unwrap(self) >> 80);
}

/// @dev 0 (best) to 10 000.
function riskScoreBps(RiskRecord self) pure returns (uint16) {
    return uint16(RiskRecord.unwrap(self) >> 64);
}

/// @dev The half-width of the interval in which prices were observed, of the price: the larger, the more doubt.
function confidenceBps(RiskRecord self) pure returns (uint16) {
    return uint16(RiskRecord.unwrap(self) >> 48);
}

/// @dev The median time of observation, in unix seconds.
function observedAt(RiskRecord self) pure returns (uint32) {
    return uint32(RiskRecord.unwrap(self) >> 16);
}

/// @dev The seconds after `observedAt` at which a consumer must stop trusting the record.
function validForSeconds(RiskRecord self) pure returns (uint16) {
    return uint16(RiskRecord.unwrap(self));
}

/// @dev Whether there is a record at all.
function exists(RiskRecord self) pure returns (bool) {
    return RiskRecord.unwrap(self) != 0;
}

/// @dev One field of the record, by its number.
function get(RiskRecord self, Field field) pure returns (uint256) {
    uint256 index = uint256(field);
    uint256 width = uint8(FIELD_WIDTHS[index]);
    return (RiskRecord.unwrap(self) >> uint8(FIELD_SHIFTS[index])) & ((1 << width) - 1);
}

/// @dev Whether two records are the same word.
function equals(RiskRecord a, RiskRecord b) pure returns (bool) {
    return RiskRecord.unwrap(a) == RiskRecord.unwrap(b);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Bounds, Move, PolicyConfig, Reason} from "../libraries/Policy.sol";

/// @notice The parameters that a steward moves, in the order of the policy's arrays.
enum Parameter {
    Ltv,
    LiquidationThreshold,
    SupplyCap,
    BorrowCap
}

/// @notice One asset's configuration.
/// @param feed The oracle's feed for it; 0 for none, which turns the asset off.
/// @param policy The formulae's constants.
/// @param bounds How each parameter may move, in the order of `Parameter`.
struct AssetConfig {
    bytes32 feed;
    PolicyConfig policy;
    Bounds[4] bounds;
}

/// @title The steward of an Aave v3 market
/// @notice Moves LTV, liquidation threshold and caps as the risk oracle's records ask, within bounds that governance set.
/// @dev It holds the market's risk-admin role and does nothing else with it. It does not defend against governance itself, and
/// while the oracle is silent parameters stay where they are.
interface IAaveV3Steward {
    /// @notice An asset was configured, or turned off.
    /// @param asset The reserve's underlying token.
    /// @param feed Its feed, 0 when turned off.
    event AssetConfigured(address indexed asset, bytes32 indexed feed);

    /// @notice A parameter was changed in the market.
    /// @param asset The reserve's underlying token.
    /// @param parameter The parameter.
    /// @param from Its value before.
    /// @param to Its value now.
    /// @param target What the formula gave.
    /// @param reason Why it stands there.
    event ParameterMoved(
        address indexed asset,
        Parameter indexed parameter,
        uint256 from,
        uint256 to,
        uint256 target,
        Reason reason
    );

    /// @notice A parameter was left as it is.
    /// @param asset The reserve's underlying token.
    /// @param parameter The parameter.
    /// @param current Its value.
    /// @param target What the formula gave.
    /// @param reason Why it was left.
    event ParameterHeld(
        address indexed asset,
        Parameter indexed parameter,
        uint256 current,
        uint256 target,
        Reason reason
    );

    /// @notice Thrown when an address that must be a contract's is zero.
    error ZeroAddress();

    /// @notice Thrown for an asset that governance has not configured.
    /// @param asset The asset given.
    error UnknownAsset(address asset);

    /// @notice Thrown when a share is above one.
    /// @param given The share in bps.
    /// @param needed The largest, 10 000.
    error ShareTooLarge(uint256 given, uint256 needed);

    /// @notice Thrown when the reference fall of the price is 0, which nothing can be divided by.
    error NoDepthReference();

    /// @notice Thrown when a parameter's floor is 0 (which means "no cap" or "no collateral" in Aave) or above its ceiling.
    /// @param parameter The parameter.
    /// @param floor The floor given; needed: 1 to the ceiling.
    /// @param ceiling The ceiling given.
    error BadFloor(Parameter parameter, uint256 floor, uint256 ceiling);

    /// @notice Thrown when a parameter's ceiling is more than the market can hold.
    /// @param parameter The parameter.
    /// @param given The ceiling given.
    /// @param needed The largest.
    error CeilingTooHigh(Parameter parameter, uint256 given, uint256 needed);

    /// @notice Thrown when a step is 0, so that the parameter could never move, or larger than one.
    /// @param parameter The parameter.
    /// @param given The step given.
    /// @param needed The largest, 10 000; the smallest is 1.
    error BadStep(Parameter parameter, uint256 given, uint256 needed);

    /// @notice Thrown when a delay is so long that it switches the steward off.
    /// @param parameter The parameter.
    /// @param given The delay given, in seconds.
    /// @param needed The longest.
    error DelayTooLong(Parameter parameter, uint256 given, uint256 needed);

    /// @notice Thrown when a deadband is larger than one.
    /// @param parameter The parameter.
    /// @param given The deadband given.
    /// @param needed The largest.
    error DeadbandTooWide(Parameter parameter, uint256 given, uint256 needed);

    /// @notice Thrown when the LTV's floor is above the threshold's.
    /// @param given The LTV's floor.
    /// @param needed The threshold's floor.
    error LtvFloorAboveThreshold(uint256 given, uint256 needed);

    /// @notice Thrown when the market's governance has frozen, paused or not listed the reserve: the steward keeps out.
    /// @param asset The reserve's underlying token.
    error ReserveClosed(address asset);

    /// @notice Thrown when the reserve is not collateral, so that its threshold and bonus are 0.
    /// @param asset The reserve's underlying token.
    error NotCollateral(address asset);

    /// @notice Thrown when the oracle's record was already applied: one record moves a parameter by one step at most.
    /// @param asset The reserve's underlying token.
    /// @param given The record's time of observation.
    /// @param applied The time of the record applied last; needed: more.
    error RecordAlreadyApplied(address asset, uint256 given, uint256 applied);

    /// @notice Configures an asset, or turns it off with an empty feed. Only governance.
    /// @param asset The reserve's underlying token.
    /// @param config Its configuration; each bound is checked.
    function configure(address asset, AssetConfig calldata config) external;

    /// @notice Applies the oracle's record to an asset's parameters. Anybody may call it, once a record.
    /// @dev Reverts when the record is stale or missing (the oracle's errors), when the reserve is closed, and when the market
    /// refuses (its own errors, for instance without the risk-admin role); then nothing changes and the same record may be tried
    /// again. A record of low confidence only tightens.
    /// @param asset The reserve's underlying token.
    function sync(address asset) external;

    /// @notice What `sync` would do now; reverts when it would.
    /// @param asset The reserve's underlying token.
    /// @return moves One move a parameter, in the order of `Parameter`.
    function preview(address asset) external view returns (Move[4] memory moves);

    /// @notice An asset's configuration.
    /// @param asset The reserve's underlying token.
    /// @return The configuration, empty for an unknown asset.
    function configOf(address asset) external view returns (AssetConfig memory);

    /// @notice When an asset's parameters last changed and which record was applied last, in unix seconds.
    /// @param asset The reserve's underlying token.
    /// @return changedAt The last change of each parameter, in the order of `Parameter`.
    /// @return appliedAt The time of observation of the record applied last.
    function clocksOf(address asset) external view returns (uint40[4] memory changedAt, uint40 appliedAt);
}

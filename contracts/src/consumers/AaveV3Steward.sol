// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IRiskOracle} from "../IRiskOracle.sol";
import {Bounds, Market, Move, Policy, PolicyInput, Risk} from "../libraries/Policy.sol";
import {RiskRecord} from "../types/RiskRecord.sol";
import {AaveV3Reserve} from "./AaveV3Reserve.sol";
import {IAaveV3AddressesProvider, IAaveV3Pool, IAaveV3PoolConfigurator} from "./IAaveV3.sol";
import {AssetConfig, IAaveV3Steward, Parameter} from "./IAaveV3Steward.sol";

/// @title The steward of an Aave v3 market
/// @notice Moves LTV, liquidation threshold and caps as the risk oracle's records ask, within bounds that governance set.
contract AaveV3Steward is IAaveV3Steward, Ownable2Step {
    /// @dev When each parameter last changed, and the time of observation of the record applied last, in unix seconds.
    struct Clocks {
        uint40[4] changedAt;
        uint40 appliedAt;
    }

    /// @notice The longest delay that governance may set: a parameter that may not move for a month is not stewarded.
    uint256 public constant DELAY_MAX = 30 days;

    /// @notice The oracle whose records are applied.
    IRiskOracle public immutable ORACLE;

    /// @notice The market. Its pool and configurator are looked up at each sync, since Aave may replace them.
    IAaveV3AddressesProvider public immutable MARKET;

    mapping(address asset => AssetConfig config) private _configs;
    mapping(address asset => Clocks clocks) private _clocks;

    /// @notice Binds the steward to an oracle and a market.
    /// @param governance Who may configure.
    /// @param oracle The oracle.
    /// @param market The market's addresses provider.
    constructor(address governance, IRiskOracle oracle, IAaveV3AddressesProvider market) Ownable(governance) {
        if (address(oracle) == address(0) || address(market) == address(0)) revert ZeroAddress();
        ORACLE = oracle;
        MARKET = market;
    }

    /// @inheritdoc IAaveV3Steward
    function configure(address asset, AssetConfig calldata config) external onlyOwner {
        if (config.feed == 0) {
            delete _configs[asset];
        } else {
            _checkConfig(config);
            _configs[asset] = config;
            // Clocks outlive a new configuration, so that governance's own change opens no second step.
        }
        emit AssetConfigured(asset, config.feed);
    }

    /// @inheritdoc IAaveV3Steward
    function sync(address asset) external {
        (Move[4] memory moves, RiskRecord record, AaveV3Reserve reserve) = _plan(asset);

        Clocks storage clocks = _clocks[asset];
        clocks.appliedAt = record.observedAt();
        for (uint256 i = 0; i < moves.length; ++i) {
            Move memory move = moves[i];
            if (move.from == move.to) {
                emit ParameterHeld(asset, Parameter(i), move.from, move.target, move.reason);
            } else {
                clocks.changedAt[i] = uint40(block.timestamp);
                emit ParameterMoved(asset, Parameter(i), move.from, move.to, move.target, move.reason);
            }
        }

        _apply(asset, moves, reserve.bonusFactorBps());
    }

    /// @inheritdoc IAaveV3Steward
    function preview(address asset) external view returns (Move[4] memory moves) {
        (moves, , ) = _plan(asset);
    }

    /// @inheritdoc IAaveV3Steward
    function configOf(address asset) external view returns (AssetConfig memory) {
        return _configs[asset];
    }

    /// @inheritdoc IAaveV3Steward
    function clocksOf(address asset) external view returns (uint40[4] memory changedAt, uint40 appliedAt) {
        Clocks memory clocks = _clocks[asset];
        return (clocks.changedAt, clocks.appliedAt);
    }

    /// @dev Each call fails as Aave fails, and takes the whole sync with it.
    function _apply(address asset, Move[4] memory moves, uint256 bonusFactorBps) private {
        Move memory ltv = moves[Policy.LTV];
        Move memory threshold = moves[Policy.LIQUIDATION_THRESHOLD];
        Move memory supplyCap = moves[Policy.SUPPLY_CAP];
        Move memory borrowCap = moves[Policy.BORROW_CAP];
        IAaveV3PoolConfigurator configurator = IAaveV3PoolConfigurator(MARKET.getPoolConfigurator());

        if (ltv.from != ltv.to || threshold.from != threshold.to) {
            configurator.configureReserveAsCollateral(asset, ltv.to, threshold.to, bonusFactorBps);
        }
        if (supplyCap.from != supplyCap.to) configurator.setSupplyCap(asset, supplyCap.to);
        if (borrowCap.from != borrowCap.to) configurator.setBorrowCap(asset, borrowCap.to);
    }

    function _plan(
        address asset
    ) private view returns (Move[4] memory moves, RiskRecord record, AaveV3Reserve reserve) {
        AssetConfig memory config = _configs[asset];
        if (config.feed == 0) revert UnknownAsset(asset);
        Clocks memory clocks = _clocks[asset];

        record = ORACLE.read(config.feed);
        if (record.observedAt() <= clocks.appliedAt) {
            revert RecordAlreadyApplied(asset, record.observedAt(), clocks.appliedAt);
        }
        reserve = AaveV3Reserve.wrap(IAaveV3Pool(MARKET.getPool()).getConfiguration(asset));
        if (!reserve.isOpen()) revert ReserveClosed(asset);
        if (reserve.liquidationThresholdBps() == 0) revert NotCollateral(asset);

        moves = Policy.nextParameters(
            PolicyInput({
                risk: _riskOf(record, config),
                market: _marketOf(reserve),
                config: config.policy,
                bounds: config.bounds,
                changedAt: clocks.changedAt,
                time: block.timestamp
            })
        );
    }

    function _riskOf(RiskRecord record, AssetConfig memory config) private pure returns (Risk memory) {
        return
            Risk({
                expectedShortfallBps: record.expectedShortfall99Bps(),
                depthUsd: record.depthUsd(),
                priceE8: record.priceE8(),
                doubt: record.confidenceBps() > config.policy.doubtAboveBps
            });
    }

    function _marketOf(AaveV3Reserve reserve) private pure returns (Market memory) {
        return
            Market({
                // Aave keeps the factor above one for every collateral.
                bonusBps: reserve.bonusFactorBps() - Policy.BPS,
                ltvBps: reserve.ltvBps(),
                liquidationThresholdBps: reserve.liquidationThresholdBps(),
                supplyCap: reserve.supplyCap(),
                borrowCap: reserve.borrowCap()
            });
    }

    function _checkConfig(AssetConfig calldata config) private pure {
        _checkShare(config.policy.bufferBps);
        _checkShare(config.policy.liquidatedShareBps);
        _checkShare(config.policy.optimalUtilisationBps);
        if (config.policy.depthReferenceBps == 0) revert NoDepthReference();
        for (uint256 i = 0; i < config.bounds.length; ++i) {
            _checkBounds(Parameter(i), config.bounds[i]);
        }
        uint256 ltvFloor = config.bounds[Policy.LTV].floor;
        uint256 thresholdFloor = config.bounds[Policy.LIQUIDATION_THRESHOLD].floor;
        if (ltvFloor > thresholdFloor) revert LtvFloorAboveThreshold(ltvFloor, thresholdFloor);
    }

    function _checkShare(uint256 share) private pure {
        if (share > Policy.BPS) revert ShareTooLarge(share, Policy.BPS);
    }

    function _checkBounds(Parameter parameter, Bounds calldata bounds) private pure {
        bool isCap = parameter == Parameter.SupplyCap || parameter == Parameter.BorrowCap;
        uint256 highest = isCap ? Policy.CAP_MAX : Policy.BPS;
        if (bounds.ceiling > highest) revert CeilingTooHigh(parameter, bounds.ceiling, highest);
        if (bounds.floor == 0 || bounds.floor > bounds.ceiling) {
            revert BadFloor(parameter, bounds.floor, bounds.ceiling);
        }
        _checkStep(parameter, bounds.tightenStep);
        _checkStep(parameter, bounds.loosenStep);
        _checkDelay(parameter, bounds.tightenDelay);
        _checkDelay(parameter, bounds.loosenDelay);
        if (bounds.deadband > Policy.BPS) revert DeadbandTooWide(parameter, bounds.deadband, Policy.BPS);
    }

    function _checkStep(Parameter parameter, uint256 step) private pure {
        if (step == 0 || step > Policy.BPS) revert BadStep(parameter, step, Policy.BPS);
    }

    function _checkDelay(Parameter parameter, uint256 delay) private pure {
        if (delay > DELAY_MAX) revert DelayTooLong(parameter, delay, DELAY_MAX);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Why a parameter is where it is. The numbers are shared with oracle-node/core/policy.ts.
/// AtTarget: nothing to do. Moved: now at its target. LimitedByStep: on its way, one step nearer. HeldByDelay: changed too
/// recently. LimitedByFloor, LimitedByCeiling: at, or now at, the bound nearest to the target. WithinDeadband: too near to
/// be worth a change. HeldByDoubt: the record's confidence is low, so nothing may be loosened. HeldByLtv: a threshold that may
/// not fall below the LTV. HeldByGovernance: an LTV of 0, the market's emergency brake, is not released.
enum Reason {
    AtTarget,
    Moved,
    LimitedByStep,
    HeldByDelay,
    LimitedByFloor,
    LimitedByCeiling,
    WithinDeadband,
    HeldByDoubt,
    HeldByLtv,
    HeldByGovernance
}

/// @notice What the record says of the collateral.
/// @param expectedShortfallBps The expected shortfall at 99 %, of the price.
/// @param depthUsd The whole USD that can be sold before the price falls by the reference.
/// @param priceE8 The price in USD, 1e8 fixed point.
/// @param doubt Whether the record's confidence is too low to loosen anything.
struct Risk {
    uint256 expectedShortfallBps;
    uint256 depthUsd;
    uint256 priceE8;
    bool doubt;
}

/// @notice The market's parameters. Caps are in whole tokens; 0 is "no cap", as in Aave.
/// @param bonusBps The liquidation bonus over 1.
/// @param ltvBps The loan to value.
/// @param liquidationThresholdBps The liquidation threshold.
/// @param supplyCap The supply cap.
/// @param borrowCap The borrow cap.
struct Market {
    uint256 bonusBps;
    uint256 ltvBps;
    uint256 liquidationThresholdBps;
    uint256 supplyCap;
    uint256 borrowCap;
}

/// @notice The formulae's constants.
/// @param bufferBps How far the LTV stays below the liquidation threshold.
/// @param liquidatedShareBps The share of the supply cap that is assumed to be liquidated at once.
/// @param optimalUtilisationBps The share of the supply cap that may be borrowed.
/// @param depthReferenceBps The fall of the price that `depthUsd` is measured to.
/// @param doubtAboveBps The confidence (half-width) above which nothing is loosened.
struct PolicyConfig {
    uint16 bufferBps;
    uint16 liquidatedShareBps;
    uint16 optimalUtilisationBps;
    uint16 depthReferenceBps;
    uint16 doubtAboveBps;
}

/// @notice How one parameter may move; one storage slot. Lower is tighter for all four parameters.
/// @param floor The least value: bps, or whole tokens.
/// @param ceiling The largest value.
/// @param tightenStep The largest step down: bps absolute, or for a cap bps of its value.
/// @param loosenStep The largest step up, likewise.
/// @param tightenDelay Seconds since the last change before a step down.
/// @param loosenDelay Seconds since the last change before a step up.
/// @param deadband The distance from the goal that is not worth a change: bps absolute, or for a cap bps of its value.
struct Bounds {
    uint40 floor;
    uint40 ceiling;
    uint16 tightenStep;
    uint16 loosenStep;
    uint32 tightenDelay;
    uint32 loosenDelay;
    uint16 deadband;
}

/// @notice One parameter's move; from = to when it is held.
/// @param from The value before.
/// @param to The value after.
/// @param target What the formula gives, before bounds and steps.
/// @param reason Why.
struct Move {
    uint256 from;
    uint256 to;
    uint256 target;
    Reason reason;
}

/// @notice Everything that the policy needs. Arrays are in the order LTV, liquidation threshold, supply cap, borrow cap.
/// @param risk The record's side.
/// @param market The market's side.
/// @param config The constants.
/// @param bounds The bounds a parameter.
/// @param changedAt When each parameter last changed, in unix seconds.
/// @param time Now, in unix seconds.
struct PolicyInput {
    Risk risk;
    Market market;
    PolicyConfig config;
    Bounds[4] bounds;
    uint40[4] changedAt;
    uint256 time;
}

/// @title The policy: from a risk record to lending parameters
/// @notice The formulae of DESIGN §2, stepped within bounds; the twin of oracle-node/core/policy.ts, integer for integer.
/// @dev Pure and total: no input within its types' widths makes it revert, given `depthReferenceBps` > 0. Rounding goes against
/// the borrower everywhere: caps, LTV and threshold down, slippage up.
library Policy {
    /// @notice One, in basis points.
    uint256 internal constant BPS = 10_000;

    /// @notice The largest cap that Aave stores, in whole tokens.
    uint256 internal constant CAP_MAX = 2 ** 36 - 1;

    uint256 internal constant LTV = 0;
    uint256 internal constant LIQUIDATION_THRESHOLD = 1;
    uint256 internal constant SUPPLY_CAP = 2;
    uint256 internal constant BORROW_CAP = 3;

    /// @notice The next parameters: LTV, liquidation threshold, supply cap, borrow cap.
    /// @dev The supply cap goes first, since what may be liquidated depends on it; the threshold before the LTV, since the LTV
    /// keeps its distance from it.
    /// @param input Everything needed.
    /// @return moves One move a parameter.
    function nextParameters(PolicyInput memory input) internal pure returns (Move[4] memory moves) {
        Market memory market = input.market;

        moves[SUPPLY_CAP] = _stepCap(input, SUPPLY_CAP, market.supplyCap, _supplyCapTarget(input));
        uint256 supplyCap = moves[SUPPLY_CAP].to;

        uint256 thresholdTarget = _thresholdTarget(input, _slippageUp(input, supplyCap));
        Move memory threshold = _step(
            input,
            LIQUIDATION_THRESHOLD,
            market.liquidationThresholdBps,
            thresholdTarget,
            input.bounds[LIQUIDATION_THRESHOLD].floor,
            false
        );
        Move memory ltv = _stepLtv(input, threshold.to);
        if (threshold.to < ltv.to) {
            threshold.to = ltv.to;
            threshold.reason = Reason.HeldByLtv;
        }
        moves[LTV] = ltv;
        moves[LIQUIDATION_THRESHOLD] = threshold;

        uint256 borrowCapTarget = (supplyCap * input.config.optimalUtilisationBps) / BPS;
        moves[BORROW_CAP] = _stepCap(input, BORROW_CAP, market.borrowCap, borrowCapTarget);
    }

    /// @dev Twice the liquidity within the liquidation bonus, in tokens: past that, a liquidator loses more to the market than the
    /// bonus pays. 0 without a price.
    function _supplyCapTarget(PolicyInput memory input) private pure returns (uint256) {
        Risk memory risk = input.risk;
        if (risk.priceE8 == 0) return 0;
        uint256 withinBonusUsd = (risk.depthUsd * input.market.bonusBps) / input.config.depthReferenceBps;
        return _min((2 * withinBonusUsd * 1e8) / risk.priceE8, CAP_MAX);
    }

    /// @dev The mean fall of the price while the share of the cap is sold, the book being linear: half of the fall at the end.
    /// All of the price without depth or price.
    function _slippageUp(PolicyInput memory input, uint256 supplyCap) private pure returns (uint256) {
        Risk memory risk = input.risk;
        if (risk.depthUsd == 0 || risk.priceE8 == 0) return BPS;
        uint256 liquidatedUsd = _divUp(supplyCap * risk.priceE8 * input.config.liquidatedShareBps, 1e8 * BPS);
        return _min(_divUp(liquidatedUsd * input.config.depthReferenceBps, 2 * risk.depthUsd), BPS);
    }

    /// @dev 1 − ES − bonus − slippage, and LT·(1 + bonus)·(1 + slippage) < 1 strictly.
    function _thresholdTarget(PolicyInput memory input, uint256 slippageBps) private pure returns (uint256) {
        uint256 bonusBps = input.market.bonusBps;
        uint256 loss = input.risk.expectedShortfallBps + bonusBps + slippageBps;
        uint256 byLoss = loss < BPS ? BPS - loss : 0;
        uint256 bySolvency = (BPS ** 3 - 1) / ((BPS + bonusBps) * (BPS + slippageBps));
        return _min(byLoss, bySolvency);
    }

    function _stepLtv(PolicyInput memory input, uint256 threshold) private pure returns (Move memory) {
        uint256 current = input.market.ltvBps;
        uint256 buffer = input.config.bufferBps;
        uint256 target = threshold > buffer ? threshold - buffer : 0;
        if (current == 0) return Move(0, 0, target, Reason.HeldByGovernance);
        // A floor above the threshold would lift the LTV over it.
        uint256 floor = _min(input.bounds[LTV].floor, threshold);
        return _step(input, LTV, current, target, floor, false);
    }

    function _stepCap(
        PolicyInput memory input,
        uint256 parameter,
        uint256 current,
        uint256 target
    ) private pure returns (Move memory) {
        Bounds memory bounds = input.bounds[parameter];
        // 0 is no cap at all. A proportional step from there has no meaning, so the ceiling, which is governance's own word,
        // holds at once.
        if (current == 0) return Move(0, _atLeastOne(bounds.ceiling), target, Reason.LimitedByCeiling);
        return _step(input, parameter, current, target, _atLeastOne(bounds.floor), true);
    }

    /// @dev One step of a parameter towards its target. Never overshoots, never leaves [floor, ceiling] from within, and
    /// never moves away from it from without.
    function _step(
        PolicyInput memory input,
        uint256 parameter,
        uint256 current,
        uint256 target,
        uint256 floor,
        bool isCap
    ) private pure returns (Move memory) {
        Bounds memory bounds = input.bounds[parameter];
        (uint256 goal, Reason atGoal) = _clamp(target, floor, bounds.ceiling);
        if (goal == current) {
            return Move(current, current, target, atGoal == Reason.Moved ? Reason.AtTarget : atGoal);
        }

        bool tightens = goal < current;
        uint256 distance = tightens ? current - goal : goal - current;
        if (distance <= _size(current, bounds.deadband, isCap)) {
            return Move(current, current, target, Reason.WithinDeadband);
        }
        if (input.risk.doubt && !tightens) return Move(current, current, target, Reason.HeldByDoubt);
        uint256 delay = tightens ? bounds.tightenDelay : bounds.loosenDelay;
        if (input.time < uint256(input.changedAt[parameter]) + delay) {
            return Move(current, current, target, Reason.HeldByDelay);
        }

        uint256 step = _size(current, tightens ? bounds.tightenStep : bounds.loosenStep, isCap);
        // A cap's step is rounded down, but a small cap must not stand still for ever.
        if (isCap) step = _atLeastOne(step);
        if (distance <= step) return Move(current, goal, target, atGoal);
        return Move(current, tightens ? current - step : current + step, target, Reason.LimitedByStep);
    }

    /// @dev A floor above the ceiling gives the floor way: the tighter bound holds.
    function _clamp(uint256 target, uint256 floor, uint256 ceiling) private pure returns (uint256, Reason) {
        if (target > ceiling) return (ceiling, Reason.LimitedByCeiling);
        if (target < floor) return (_min(floor, ceiling), Reason.LimitedByFloor);
        return (target, Reason.Moved);
    }

    /// @dev A cap's distances are in bps of its value, rounded down; others are absolute.
    function _size(uint256 current, uint256 size, bool isCap) private pure returns (uint256) {
        return isCap ? (current * size) / BPS : size;
    }

    function _atLeastOne(uint256 value) private pure returns (uint256) {
        return value == 0 ? 1 : value;
    }

    function _divUp(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Bounds, Market, Move, Policy, PolicyConfig, PolicyInput, Reason, Risk} from "../src/libraries/Policy.sol";
import {check} from "./Vm.sol";

/// @title The policy's invariants
/// @notice What holds whatever the record says.
contract PolicyTest {
    /// @notice Whatever the record, no parameter leaves its bounds from within, none moves by more than a step, the LTV never
    /// passes the threshold, and no cap is 0.
    /// @param es Any expected shortfall.
    /// @param depth Any depth.
    /// @param price Any price.
    /// @param market Any parameters.
    /// @param doubt Whether in doubt.
    function testFuzzBoundsAndStepsHold(
        uint16 es,
        uint40 depth,
        uint64 price,
        uint256[4] memory market,
        bool doubt
    ) external pure {
        PolicyInput memory input = _input(Risk(es, depth, price, doubt), market);
        Move[4] memory moves = Policy.nextParameters(input);
        for (uint256 i = 0; i < 4; ++i) {
            Move memory move = moves[i];
            Bounds memory bounds = input.bounds[i];
            bool held = move.reason == Reason.HeldByLtv;
            check(held || move.to >= bounds.floor, "below the floor");
            check(move.to <= bounds.ceiling, "above the ceiling");
            uint256 step = move.to < move.from ? bounds.tightenStep : bounds.loosenStep;
            if (i >= Policy.SUPPLY_CAP) step = (move.from * step) / Policy.BPS;
            check(_distance(move.from, move.to) <= (step == 0 ? 1 : step), "more than a step");
            check(!doubt || move.to <= move.from, "loosened in doubt");
        }
        check(moves[Policy.LTV].to <= moves[Policy.LIQUIDATION_THRESHOLD].to, "LTV above the threshold");
        check(moves[Policy.SUPPLY_CAP].to > 0 && moves[Policy.BORROW_CAP].to > 0, "a cap of 0 is no cap");
    }

    /// @notice More loss never raises the threshold or its target.
    /// @param es Any expected shortfall.
    /// @param more Any more.
    /// @param depth Any depth.
    /// @param market Any parameters.
    function testFuzzMoreLossNeverLoosens(
        uint16 es,
        uint16 more,
        uint40 depth,
        uint256[4] memory market
    ) external pure {
        uint256 worse = uint256(es) + more;
        Move[4] memory a = Policy.nextParameters(_input(Risk(es, depth, 2000e8, false), market));
        Move[4] memory b = Policy.nextParameters(_input(Risk(worse, depth, 2000e8, false), market));
        uint256 i = Policy.LIQUIDATION_THRESHOLD;
        check(b[i].target <= a[i].target, "the target rose");
        // A difference within the deadband may hold the one and move the other.
        check(b[i].to <= a[i].to + 10, "the threshold rose");
    }

    /// @notice The threshold's target leaves a liquidator whole: LT·(1 + bonus)·(1 + slippage) < 1, so LT·(1 + bonus) < 1 too.
    /// @param es Any expected shortfall.
    /// @param depth Any depth.
    /// @param price Any price.
    /// @param market Any parameters.
    function testFuzzTargetIsSolvent(uint16 es, uint40 depth, uint64 price, uint256[4] memory market) external pure {
        PolicyInput memory input = _input(Risk(es, depth, price, false), market);
        uint256 target = Policy.nextParameters(input)[Policy.LIQUIDATION_THRESHOLD].target;
        check(target * (Policy.BPS + input.market.bonusBps) < Policy.BPS ** 2, "insolvent at the target");
    }

    /// @dev Parameters anywhere within bounds like those of the demonstration market.
    function _input(Risk memory risk, uint256[4] memory raw) private pure returns (PolicyInput memory input) {
        input.risk = risk;
        input.config = PolicyConfig(250, 500, 8000, 200, 100);
        input.time = 1e9;
        input.bounds[0] = Bounds(3750, 8500, 100, 25, 0, 3600, 10);
        input.bounds[1] = Bounds(4000, 8800, 100, 25, 0, 3600, 10);
        input.bounds[2] = Bounds(500, 100_000, 1000, 500, 0, 3600, 300);
        input.bounds[3] = Bounds(400, 80_000, 1000, 500, 0, 3600, 300);
        uint256 threshold = _within(raw[1], 4000, 8800);
        uint256 ltvHighest = threshold < 8500 ? threshold : 8500;
        input.market = Market({
            bonusBps: 500,
            ltvBps: _within(raw[0], 3750, ltvHighest),
            liquidationThresholdBps: threshold,
            supplyCap: _within(raw[2], 500, 100_000),
            borrowCap: _within(raw[3], 400, 80_000)
        });
    }

    function _within(uint256 raw, uint256 low, uint256 high) private pure returns (uint256) {
        return low + (raw % (high - low + 1));
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? b - a : a - b;
    }
}

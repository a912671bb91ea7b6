// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRiskOracle} from "../src/IRiskOracle.sol";
import {Frost} from "../src/libraries/Frost.sol";
import {RiskOracle} from "../src/RiskOracle.sol";
import {check, vm} from "./Vm.sol";

/// @title What the verifier must never accept
/// @notice Forgeries, ranges and keys.
/// @dev That it accepts what it must is tested against another implementation, in test/contracts/frost.test.ts.
contract FrostTest {
    uint256 private constant GX = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
    uint256 private constant GY = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8;

    /// @notice No oracle stands under a key out of range.
    /// @param excess How far out.
    /// @param parity Any parity.
    function testFuzzKeysOutOfRangeAreRefused(uint256 excess, uint8 parity) external {
        uint256 keyX = Frost.ORDER + (excess % (type(uint256).max - Frost.ORDER));
        vm.expectRevert(abi.encodeWithSelector(IRiskOracle.InvalidGroupKey.selector, keyX, parity));
        new RiskOracle(keyX, parity, 1);
    }

    /// @notice Nothing drawn at random is a signature, and nothing makes the verifier revert.
    /// @param keyX Any key.
    /// @param parity Any parity.
    /// @param rx Any x.
    /// @param ry Any y.
    /// @param z Any response.
    /// @param message Any message.
    function testFuzzRandomInputIsRefused(
        uint256 keyX,
        uint256 parity,
        uint256 rx,
        uint256 ry,
        uint256 z,
        bytes32 message
    ) external view {
        check(!Frost.verify(keyX, parity, rx, ry, z, message), "a forgery");
        check(!Frost.verify(GX, parity % 2, GX, GY, z, message), "a forgery on the curve");
    }

    /// @notice z·G with the challenge 0 would pass for every key; it is refused, as is every z outside 1 to N − 1.
    /// @param z Any response.
    function testFuzzZeroChallengeAndOutOfRangeAreRefused(uint256 z) external pure {
        check(!Frost.solves(GX, 0, GX, GY, 1, 0), "c = 0");
        check(!Frost.solves(GX, 0, GX, GY, 0, 1), "z = 0");
        uint256 high = Frost.ORDER + (z % (type(uint256).max - Frost.ORDER));
        check(!Frost.solves(GX, 0, GX, GY, high, 1), "z >= N");
    }

    /// @notice The equation holds where it must: with P = R = G, z = 1 + c.
    /// @param c Any challenge.
    function testFuzzEquationHoldsForTheGenerator(uint256 c) external pure {
        c = 1 + (c % (Frost.ORDER - 2));
        check(Frost.solves(GX, 0, GX, GY, 1 + c, c) == (1 + c < Frost.ORDER), "1 + c");
        check(!Frost.solves(GX, 0, GX, GY, c, c), "c");
        check(!Frost.solves(GX, 0, GX, Frost.FIELD - GY, 1 + c, c), "-R");
        check(!Frost.solves(GX, 1, GX, GY, 1 + c, c), "-P");
    }

    /// @notice Only points are on the curve: for the generator's x, two of all y.
    /// @param y Any y.
    function testFuzzOnlyPointsAreOnTheCurve(uint256 y) external pure {
        check(Frost.isOnCurve(GX, GY) && Frost.isOnCurve(GX, Frost.FIELD - GY), "the generator");
        check(Frost.isOnCurve(GX, y) == (y == GY || y == Frost.FIELD - GY), "another y");
        check(!Frost.isOnCurve(Frost.FIELD, y), "an unreduced x");
        check(!Frost.isOnCurve(0, 0), "the origin");
    }
}

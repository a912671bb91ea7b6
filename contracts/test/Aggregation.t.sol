// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Aggregation} from "../src/libraries/Aggregation.sol";
import {MerkleRoot} from "../src/libraries/MerkleRoot.sol";
import {Field, FIELD_COUNT, RiskRecord} from "../src/types/RiskRecord.sol";
import {check} from "./Vm.sol";

/// @title Medians under liars, and Merkle roots
/// @notice The honest range, the order, and the root's plain twin.
contract AggregationTest {
    /// @notice With f liars of 2f + 1, each field but the confidence lies between two honest values, whatever the liars say.
    /// @param honest The honest records.
    /// @param lies The liars' records.
    function testFuzzLiarsCannotLeaveTheHonestRange(uint256[3] memory honest, uint256[2] memory lies) external pure {
        RiskRecord[] memory records = new RiskRecord[](5);
        for (uint256 i = 0; i < 5; ++i) {
            records[i] = RiskRecord.wrap(i < 3 ? honest[i] : lies[i - 3]);
        }
        RiskRecord result = Aggregation.aggregate(records, 2);
        for (uint256 i = 0; i < FIELD_COUNT; ++i) {
            if (Field(i) == Field.Confidence) continue;
            (uint256 low, uint256 high) = _range(records, Field(i));
            uint256 value = result.get(Field(i));
            check(low <= value && value <= high, "outside the honest range");
        }
        (uint256 least, ) = _range(records, Field.Confidence);
        check(result.confidenceBps() >= least, "more confident than any honest node");
    }

    /// @notice The order of observations does not matter.
    /// @param words The records.
    function testFuzzOrderDoesNotMatter(uint256[4] memory words) external pure {
        RiskRecord[] memory forwards = new RiskRecord[](4);
        RiskRecord[] memory backwards = new RiskRecord[](4);
        for (uint256 i = 0; i < 4; ++i) {
            forwards[i] = RiskRecord.wrap(words[i]);
            backwards[3 - i] = RiskRecord.wrap(words[i]);
        }
        check(Aggregation.aggregate(forwards, 1) == Aggregation.aggregate(backwards, 1), "the order matters");
    }

    /// @notice The root built in assembly is the one built plainly.
    /// @param words The leaves.
    function testFuzzRootIsThePlainOne(bytes32[] memory words) external pure {
        if (words.length == 0) return;
        bytes32[] memory tree = new bytes32[](2 * words.length - 1);
        for (uint256 i = 0; i < words.length; ++i) {
            tree[tree.length - 1 - i] = keccak256(bytes.concat(keccak256(abi.encode(words[i]))));
        }
        for (uint256 i = words.length - 1; i > 0; --i) {
            (bytes32 a, bytes32 b) = (tree[2 * i - 1], tree[2 * i]);
            tree[i - 1] = a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
        }
        check(MerkleRoot.ofWords(words) == tree[0], "another root");
    }

    function _range(RiskRecord[] memory records, Field field) private pure returns (uint256 low, uint256 high) {
        low = type(uint256).max;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 value = records[i].get(field);
            if (value < low) low = value;
            if (value > high) high = value;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Field, FIELD_COUNT, FIELD_SHIFTS, FIELD_WIDTHS, RiskRecord} from "../src/types/RiskRecord.sol";
import {check} from "./Vm.sol";

/// @title The packing of a record
/// @notice Fields, widths and equality.
contract RiskRecordTest {
    /// @notice The fields' widths add up to the word, each starting where the next ends.
    function testFieldsTileTheWord() external pure {
        uint256 end = 256;
        for (uint256 i = 0; i < FIELD_COUNT; ++i) {
            check(uint8(FIELD_SHIFTS[i]) + uint256(uint8(FIELD_WIDTHS[i])) == end, "a gap or an overlap");
            end = uint8(FIELD_SHIFTS[i]);
        }
        check(end == 0, "bits left over");
    }

    /// @notice A word put together from its fields is the word.
    /// @param word Any word.
    function testFuzzFieldsRebuildTheWord(uint256 word) external pure {
        uint256 rebuilt = 0;
        for (uint256 i = 0; i < FIELD_COUNT; ++i) {
            rebuilt |= RiskRecord.wrap(word).get(Field(i)) << uint8(FIELD_SHIFTS[i]);
        }
        check(rebuilt == word, "not the word");
    }

    /// @notice Two records are equal exactly when their words are, and only the word 0 does not exist.
    /// @param a Any word.
    /// @param b Any word.
    function testFuzzEqualityAndExistence(uint256 a, uint256 b) external pure {
        check((RiskRecord.wrap(a) == RiskRecord.wrap(b)) == (a == b), "equality");
        check(RiskRecord.wrap(a).exists() == (a != 0), "existence");
    }
}

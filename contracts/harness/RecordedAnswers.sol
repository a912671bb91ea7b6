// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title Answers that were recorded
/// @notice Gives to each call the answer that was set for it, byte for byte, and reverts on any other. It serves a contract's
/// state to a reader under test and is not that contract: nothing can be traded, lent or moved here. For tests only.
contract RecordedAnswers {
    /// @notice The answer to each call, by the hash of the call's data.
    mapping(bytes32 callHash => bytes answer) private _answers;

    /// @notice Thrown on a call that no answer was set for.
    /// @param selector The call's first four bytes.
    error NoAnswer(bytes4 selector);

    /// @notice Gives the answer.
    /// @param data The call.
    /// @return The answer.
    fallback(bytes calldata data) external returns (bytes memory) {
        return _answerTo(data);
    }

    /// @notice Sets the answers to calls; an empty one takes the answer away.
    /// @param calls The calls' data.
    /// @param answers The answers, in their order.
    function record(bytes[] calldata calls, bytes[] calldata answers) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            _answers[keccak256(calls[i])] = answers[i];
        }
    }

    function _answerTo(bytes calldata data) private view returns (bytes memory answer) {
        answer = _answers[keccak256(data)];
        require(answer.length > 0, NoAnswer(bytes4(data)));
    }
}

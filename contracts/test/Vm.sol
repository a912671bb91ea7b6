// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @dev Where the test runner listens: the address of keccak256("hevm cheat code").
IVm constant vm = IVm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @dev Thrown by a test whose condition does not hold.
error Failed(string what);

/// @dev Stops the test when the condition does not hold.
function check(bool condition, string memory what) pure {
    if (!condition) revert Failed(what);
}

/// @title The test runner's cheat codes
/// @notice Those that are used here.
interface IVm {
    /// @notice Asks that the next call reverts with this data.
    /// @param data The revert's data.
    function expectRevert(bytes calldata data) external;

    /// @notice Makes the next call come from this address.
    /// @param sender The address.
    function prank(address sender) external;

    /// @notice Signs with a secret.
    /// @param secret The secret.
    /// @param digest What is signed.
    /// @return v The recovery id.
    /// @return r The signature's first half.
    /// @return s Its second half.
    function sign(uint256 secret, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

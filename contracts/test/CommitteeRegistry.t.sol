// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {CommitteeRegistry} from "../src/CommitteeRegistry.sol";
import {ICommitteeRegistry, Peer, PeerKey} from "../src/ICommitteeRegistry.sol";
import {Frost} from "../src/libraries/Frost.sol";
import {check, vm} from "./Vm.sol";

/// @title The registry of committees
/// @notice Who may say what, and how much of it.
contract CommitteeRegistryTest {
    /// @dev A key pair.
    struct Wallet {
        PeerKey key;
        uint256 secret;
    }

    uint256 private constant G_X = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
    uint256 private constant G_Y = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8;
    uint256 private constant ODD = 6;
    uint256 private constant ODD_X = 0xfff97bd5755eeea420453a14355235d382f6472f8568a18b2f057a1460297556;
    uint256 private constant ODD_Y = 0xae12777aacfbb620f3be96017f45c560de80f0f6518fe4a03c870c36b075f297;

    CommitteeRegistry private _registry;

    /// @notice A registry that this contract owns.
    function setUp() external {
        _registry = new CommitteeRegistry(address(this));
    }

    /// @notice A committee is what was appointed, each member under its number, and nobody else has one.
    /// @param epoch Any epoch but 0.
    /// @param count Any size.
    function testFuzzACommitteeStandsAsAppointed(uint64 epoch, uint256 count) external {
        if (epoch == 0) epoch = 1;
        address[] memory operators = _operators(4 + (count % 97));
        _registry.appoint(epoch, operators);
        check(_registry.latestEpoch() == epoch, "the latest epoch");
        address[] memory stored = _registry.committeeOf(epoch);
        check(stored.length == operators.length, "the size");
        for (uint256 i = 0; i < stored.length; ++i) {
            check(stored[i] == operators[i] && _registry.nodeOf(epoch, operators[i]) == i + 1, "a member");
        }
        check(_registry.nodeOf(epoch, address(this)) == 0, "a stranger has a number");
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.EpochNotNewer.selector, epoch, epoch));
        _registry.appoint(epoch, operators);
    }

    /// @notice A committee that is too small or too large is refused.
    /// @param count Any size.
    function testFuzzSizesAreBounded(uint256 count) external {
        count %= 200;
        if (count >= 4 && count <= 100) count = 101;
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.CommitteeSizeOutOfRange.selector, count, 4, 100));
        _registry.appoint(1, _operators(count));
    }

    /// @notice A member that occurs twice, or is nobody, is refused by its number.
    /// @param first Any place.
    /// @param second Any other.
    function testFuzzMembersAreDistinct(uint256 first, uint256 second) external {
        first %= 10;
        second %= 10;
        if (first == second) second = (first + 1) % 10;
        address[] memory operators = _operators(10);
        operators[second] = operators[first];
        uint256 later = first > second ? first : second;
        bytes4 selector = ICommitteeRegistry.InvalidMember.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, operators[first], later + 1));
        _registry.appoint(1, operators);
        operators = _operators(10);
        operators[first] = address(0);
        vm.expectRevert(abi.encodeWithSelector(selector, address(0), first + 1));
        _registry.appoint(1, operators);
    }

    /// @notice Nobody but the owner appoints.
    /// @param stranger Anybody else.
    function testFuzzOnlyTheOwnerAppoints(address stranger) external {
        if (stranger == address(this)) return;
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        _registry.appoint(1, _operators(4));
    }

    /// @notice What an operator registers is read back, its key compressed.
    /// @param choice Which of two keys.
    /// @param operator Any operator.
    function testFuzzARegistrationIsReadBack(uint256 choice, address operator) external {
        Wallet memory wallet = _wallet(choice);
        _register(operator, wallet, operator);
        address[] memory operators = _operators(3);
        operators[1] = operator;
        Peer memory peer = _registry.peersOf(operators)[1];
        bytes1 sign = wallet.key.y % 2 == 0 ? bytes1(0x02) : bytes1(0x03);
        check(keccak256(peer.key) == keccak256(abi.encodePacked(sign, wallet.key.x)), "the key");
        check(peer.addresses.length == 1, "the addresses");
    }

    /// @notice A node's signature is for one operator: no other can claim the node with it.
    /// @param choice Which of two keys.
    /// @param operator Whom it was made for.
    /// @param thief Anybody else.
    function testFuzzANodeIsNotClaimedByAnother(uint256 choice, address operator, address thief) external {
        if (operator == thief) return;
        Wallet memory wallet = _wallet(choice);
        bytes memory signature = _signed(wallet, operator);
        vm.prank(thief);
        try _registry.register(wallet.key, signature, _addresses(1, 20)) {
            check(false, "claimed by another");
        } catch (bytes memory reason) {
            check(bytes4(reason) == ICommitteeRegistry.NotSignedByPeer.selector, "refused for another reason");
        }
    }

    /// @notice A key that is no point is refused, whatever is signed.
    /// @param x Any x.
    /// @param y Any y.
    function testFuzzAKeyIsAPoint(uint256 x, uint256 y) external {
        if (Frost.isOnCurve(x, y)) return;
        vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.InvalidKey.selector, x, y));
        _registry.register(PeerKey(x, y), new bytes(65), _addresses(1, 20));
    }

    /// @notice Addresses are 1 to 4, each of 1 to 300 bytes.
    /// @param count Any number.
    /// @param length Any length.
    function testFuzzAddressesAreBounded(uint256 count, uint256 length) external {
        count %= 8;
        length %= 400;
        Wallet memory wallet = _wallet(7);
        bytes memory signature = _signed(wallet, address(this));
        string[] memory addresses = _addresses(count, length);
        if (count == 0 || count > 4) {
            vm.expectRevert(abi.encodeWithSelector(ICommitteeRegistry.AddressCountOutOfRange.selector, count, 4));
        } else if (length == 0 || length > 300) {
            vm.expectRevert(
                abi.encodeWithSelector(ICommitteeRegistry.AddressLengthOutOfRange.selector, 0, length, 300)
            );
        }
        _registry.register(wallet.key, signature, addresses);
    }

    function _register(address operator, Wallet memory wallet, address signedFor) private {
        bytes memory signature = _signed(wallet, signedFor);
        vm.prank(operator);
        _registry.register(wallet.key, signature, _addresses(1, 20));
    }

    function _signed(Wallet memory wallet, address operator) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(wallet.secret, _registry.registrationDigest(operator));
        return abi.encodePacked(r, s, v);
    }

    /// @dev One key with an even y and one with an odd one.
    function _wallet(uint256 choice) private pure returns (Wallet memory) {
        return choice % 2 == 0 ? Wallet(PeerKey(G_X, G_Y), 1) : Wallet(PeerKey(ODD_X, ODD_Y), ODD);
    }

    function _operators(uint256 count) private pure returns (address[] memory operators) {
        operators = new address[](count);
        for (uint256 i = 0; i < count; ++i) operators[i] = address(uint160(0x1000 + i));
    }

    function _addresses(uint256 count, uint256 length) private pure returns (string[] memory addresses) {
        addresses = new string[](count);
        for (uint256 i = 0; i < count; ++i) addresses[i] = string(new bytes(length));
    }
}

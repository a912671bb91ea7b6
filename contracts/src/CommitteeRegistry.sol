// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ICommitteeRegistry, Peer, PeerKey} from "./ICommitteeRegistry.sol";
import {Frost} from "./libraries/Frost.sol";

/// @title The registry of committees
/// @notice Says who sits in the committee of each epoch, in the order of their numbers, and where each member's node is.
contract CommitteeRegistry is ICommitteeRegistry, Ownable2Step, EIP712 {
    /// @dev What an operator said of its node.
    struct Entry {
        bytes key;
        address keyAddress;
        string[] addresses;
    }

    /// @notice The fewest members: 3f + 1 with f = 1.
    uint256 public constant MEMBERS_MIN = 4;

    /// @notice The most members: more don't sign within a round.
    uint256 public constant MEMBERS_MAX = 100;

    /// @notice The most addresses of a node: IPv4, IPv6 and a name, each by TCP or WebSockets.
    uint256 public constant ADDRESSES_MAX = 4;

    /// @notice The longest address: a DNS name of 253 characters, and what stands around it.
    uint256 public constant ADDRESS_BYTES_MAX = 300;

    bytes32 private constant REGISTRATION_TYPE = keccak256("Registration(address operator)");

    /// @inheritdoc ICommitteeRegistry
    uint64 public latestEpoch;

    mapping(uint64 epoch => address[] operators) private _committees;
    mapping(uint64 epoch => mapping(address operator => uint256 node)) private _nodes;
    mapping(address operator => Entry entry) private _entries;
    mapping(address keyAddress => address operator) private _operatorOfKey;

    /// @notice Makes an empty registry.
    /// @param governance Who may appoint committees.
    constructor(address governance) Ownable(governance) EIP712("Plimsoll Committee Registry", "1") {}

    /// @inheritdoc ICommitteeRegistry
    function appoint(uint64 epoch, address[] calldata operators) external onlyOwner {
        if (epoch <= latestEpoch) revert EpochNotNewer(epoch, latestEpoch);
        uint256 count = operators.length;
        if (count < MEMBERS_MIN || count > MEMBERS_MAX) revert CommitteeSizeOutOfRange(count, MEMBERS_MIN, MEMBERS_MAX);

        latestEpoch = epoch;
        _committees[epoch] = operators;
        for (uint256 i = 0; i < count; ++i) {
            address operator = operators[i];
            if (operator == address(0) || _nodes[epoch][operator] != 0) revert InvalidMember(operator, i + 1);
            _nodes[epoch][operator] = i + 1;
        }

        emit CommitteeAppointed(epoch, operators);
    }

    /// @inheritdoc ICommitteeRegistry
    function register(PeerKey calldata key, bytes calldata signature, string[] calldata addresses) external {
        _checkAddresses(addresses);
        // Without this, 2^80 work finds a pair that is no point, whose address (160 bits) is a key's that the finder holds and
        // whose x is another member's; a point of that x has only two y.
        if (!Frost.isOnCurve(key.x, key.y)) revert InvalidKey(key.x, key.y);

        address keyAddress = _addressOf(key);
        address recovered = ECDSA.recover(registrationDigest(msg.sender), signature);
        if (recovered != keyAddress) revert NotSignedByPeer(recovered, keyAddress);
        address holder = _operatorOfKey[keyAddress];
        if (holder != address(0) && holder != msg.sender) revert PeerTaken(holder);

        Entry storage entry = _entries[msg.sender];
        delete _operatorOfKey[entry.keyAddress];
        _operatorOfKey[keyAddress] = msg.sender;
        bytes memory compressed = _compress(key);
        entry.key = compressed;
        entry.keyAddress = keyAddress;
        entry.addresses = addresses;

        emit PeerRegistered(msg.sender, compressed, addresses);
    }

    /// @inheritdoc ICommitteeRegistry
    function unregister() external {
        address keyAddress = _entries[msg.sender].keyAddress;
        if (keyAddress == address(0)) revert NotRegistered(msg.sender);

        delete _operatorOfKey[keyAddress];
        delete _entries[msg.sender];

        emit PeerRemoved(msg.sender);
    }

    /// @inheritdoc ICommitteeRegistry
    function peersOf(address[] calldata operators) external view returns (Peer[] memory peers) {
        peers = new Peer[](operators.length);
        for (uint256 i = 0; i < peers.length; ++i) {
            Entry storage entry = _entries[operators[i]];
            peers[i] = Peer(operators[i], entry.key, entry.addresses);
        }
    }

    /// @inheritdoc ICommitteeRegistry
    function committeeOf(uint64 epoch) external view returns (address[] memory operators) {
        return _committees[epoch];
    }

    /// @inheritdoc ICommitteeRegistry
    function nodeOf(uint64 epoch, address operator) external view returns (uint256 node) {
        return _nodes[epoch][operator];
    }

    /// @inheritdoc ICommitteeRegistry
    function registrationDigest(address operator) public view returns (bytes32 digest) {
        return _hashTypedDataV4(keccak256(abi.encode(REGISTRATION_TYPE, operator)));
    }

    function _checkAddresses(string[] calldata addresses) private pure {
        uint256 count = addresses.length;
        if (count == 0 || count > ADDRESSES_MAX) revert AddressCountOutOfRange(count, ADDRESSES_MAX);
        for (uint256 i = 0; i < count; ++i) {
            uint256 length = bytes(addresses[i]).length;
            if (length == 0 || length > ADDRESS_BYTES_MAX) {
                revert AddressLengthOutOfRange(i, length, ADDRESS_BYTES_MAX);
            }
        }
    }

    function _addressOf(PeerKey calldata key) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(key.x, key.y)))));
    }

    function _compress(PeerKey calldata key) private pure returns (bytes memory) {
        return abi.encodePacked(key.y % 2 == 0 ? bytes1(0x02) : bytes1(0x03), key.x);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice The public key of a node in the network, a point of secp256k1.
/// @param x Its x coordinate.
/// @param y Its y coordinate.
struct PeerKey {
    uint256 x;
    uint256 y;
}

/// @notice An operator, and where its node is.
/// @param operator The operator's address.
/// @param key Its node's key in compressed form, 33 bytes, which the peer id is made of; empty while it has not registered.
/// @param addresses The multiaddrs that its node is reached at.
struct Peer {
    address operator;
    bytes key;
    string[] addresses;
}

/// @title The registry of committees
/// @notice Says who sits in the committee of each epoch, in the order of their numbers, and where each member's node is.
/// @dev The owner may only append committees: it can't change one that stands, nor what an operator said of its node. It does not
/// defend against an owner who appoints liars, and it does not check what multiaddrs say: whoever dials them does.
interface ICommitteeRegistry {
    /// @notice A committee was appointed.
    /// @param epoch Its epoch.
    /// @param operators Its members, the first of which is node 1.
    event CommitteeAppointed(uint64 indexed epoch, address[] operators);

    /// @notice An operator said where its node is.
    /// @param operator The operator.
    /// @param key The node's compressed key.
    /// @param addresses The node's multiaddrs.
    event PeerRegistered(address indexed operator, bytes key, string[] addresses);

    /// @notice An operator took its node off the registry.
    /// @param operator The operator.
    event PeerRemoved(address indexed operator);

    /// @notice Thrown when an epoch is not above the latest.
    /// @param given The epoch given.
    /// @param latest The latest epoch.
    error EpochNotNewer(uint64 given, uint64 latest);

    /// @notice Thrown when a committee is too small to tolerate a liar, or too large to agree in time.
    /// @param given How many members were given.
    /// @param least The least.
    /// @param most The most.
    error CommitteeSizeOutOfRange(uint256 given, uint256 least, uint256 most);

    /// @notice Thrown when a member is the zero address, or occurs twice.
    /// @param operator The member.
    /// @param node Its number in the list given.
    error InvalidMember(address operator, uint256 node);

    /// @notice Thrown when a node has too many addresses or none.
    /// @param given How many were given.
    /// @param most The most; the least is 1.
    error AddressCountOutOfRange(uint256 given, uint256 most);

    /// @notice Thrown when an address is empty or too long.
    /// @param index Its place in the list given.
    /// @param given Its length in bytes.
    /// @param most The greatest length; the least is 1.
    error AddressLengthOutOfRange(uint256 index, uint256 given, uint256 most);

    /// @notice Thrown when a node's key is no point of secp256k1.
    /// @param x The x coordinate given.
    /// @param y The y coordinate given.
    error InvalidKey(uint256 x, uint256 y);

    /// @notice Thrown when a registration is not signed by the node's key for this operator.
    /// @param recovered Who signed, as an address.
    /// @param needed The node's key as an address.
    error NotSignedByPeer(address recovered, address needed);

    /// @notice Thrown when a node's key is another operator's.
    /// @param operator The other operator.
    error PeerTaken(address operator);

    /// @notice Thrown when there is nothing to take off the registry.
    /// @param operator The operator.
    error NotRegistered(address operator);

    /// @notice Appoints the committee of an epoch. Only the owner may, and only once for each epoch.
    /// @param epoch The epoch, above the latest.
    /// @param operators The members' addresses, the first of which is node 1.
    function appoint(uint64 epoch, address[] calldata operators) external;

    /// @notice Says where the caller's node is, in place of what it said before. Members and others may.
    /// @param key The node's key.
    /// @param signature The node's signature over `registrationDigest(caller)`, 65 bytes: so nobody claims another's node.
    /// @param addresses The node's multiaddrs, for instance `/dns4/node.example/tcp/4001`.
    function register(PeerKey calldata key, bytes calldata signature, string[] calldata addresses) external;

    /// @notice Takes the caller's node off the registry.
    function unregister() external;

    /// @notice What operators said of their nodes, in the order asked for.
    /// @param operators The operators, members or not.
    /// @return peers Their nodes; the key of one who has not registered is empty.
    function peersOf(address[] calldata operators) external view returns (Peer[] memory peers);

    /// @notice The members of an epoch, in the order of their numbers.
    /// @param epoch The epoch.
    /// @return operators Their addresses; none when no committee was appointed for it.
    function committeeOf(uint64 epoch) external view returns (address[] memory operators);

    /// @notice An operator's number in an epoch's committee.
    /// @param epoch The epoch.
    /// @param operator The operator.
    /// @return node Its number, from 1; 0 for who is no member.
    function nodeOf(uint64 epoch, address operator) external view returns (uint256 node);

    /// @notice The latest epoch that a committee was appointed for.
    /// @return epoch The epoch; 0 for none.
    function latestEpoch() external view returns (uint64 epoch);

    /// @notice What a node's key signs to be registered by an operator: EIP-712, bound to this chain and contract.
    /// @param operator The operator.
    /// @return digest The digest.
    function registrationDigest(address operator) external view returns (bytes32 digest);
}

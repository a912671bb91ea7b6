// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {RiskRecord} from "../types/RiskRecord.sol";

/// @title Roots of OpenZeppelin's StandardMerkleTree, leaves in the order given
/// @notice The tree that @openzeppelin/merkle-tree builds with `sortLeaves: false`, so that its proofs verify with MerkleProof.
/// @dev The tree is an array of 2n − 1 nodes, leaves reversed at its end, tree[i] = hash(tree[2i + 1], tree[2i + 2]); a pair is
/// sorted before it is hashed. A leaf is hashed twice, so that no inner node can be passed off as one.
library MerkleRoot {
    /// @notice The root over (feed, record) pairs: leaf types ['bytes32', 'bytes32'].
    /// @param feeds The feeds, at least one.
    /// @param records One record a feed.
    /// @return The root.
    function ofRecords(bytes32[] memory feeds, RiskRecord[] memory records) internal pure returns (bytes32) {
        uint256 count = feeds.length;
        bytes32[] memory tree = new bytes32[](2 * count - 1);
        for (uint256 i = 0; i < count; ++i) {
            tree[tree.length - 1 - i] = leafOfPair(feeds[i], bytes32(RiskRecord.unwrap(records[i])));
        }
        return root(tree);
    }

    /// @notice The same from calldata, without a copy of it.
    /// @param feeds The feeds, at least one.
    /// @param records One record a feed.
    /// @return The root.
    function ofRecordsCalldata(
        bytes32[] calldata feeds,
        RiskRecord[] calldata records
    ) internal pure returns (bytes32) {
        uint256 last = 2 * feeds.length - 2;
        bytes32[] memory tree = new bytes32[](last + 1);
        for (uint256 i = 0; i < feeds.length; ++i) {
            tree[last - i] = leafOfPair(feeds[i], bytes32(RiskRecord.unwrap(records[i])));
        }
        return root(tree);
    }

    /// @notice The root over single words: leaf types ['bytes32'].
    /// @param words The words, at least one.
    /// @return The root.
    function ofWords(bytes32[] memory words) internal pure returns (bytes32) {
        uint256 count = words.length;
        bytes32[] memory tree = new bytes32[](2 * count - 1);
        for (uint256 i = 0; i < count; ++i) {
            tree[tree.length - 1 - i] = leafOfWord(words[i]);
        }
        return root(tree);
    }

    /// @notice Fills in the inner nodes of a tree whose leaves stand, and returns its root.
    /// @param tree The tree of 2n − 1 nodes; its first n − 1 are written.
    /// @return The root.
    function root(bytes32[] memory tree) internal pure returns (bytes32) {
        uint256 inner = tree.length / 2;
        // Counts down to zero, as children stand after their parent. In assembly, since two bounds checks a node
        // are a third of the cost, and 2i + 2 ≤ 2(n − 2) + 2 is the last index.
        assembly ("memory-safe") {
            let nodes := add(tree, 32)
            for {
                let i := inner
            } gt(i, 0) {} {
                i := sub(i, 1)
                let children := add(nodes, shl(6, i))
                let a := mload(add(children, 32))
                let b := mload(add(children, 64))
                switch lt(a, b)
                case 1 {
                    mstore(0, a)
                    mstore(32, b)
                }
                default {
                    mstore(0, b)
                    mstore(32, a)
                }
                mstore(add(nodes, shl(5, i)), keccak256(0, 64))
            }
        }
        return tree[0];
    }

    /// @notice keccak256(keccak256(abi.encode(a, b))).
    /// @param a The first word.
    /// @param b The second word.
    /// @return leaf The leaf.
    function leafOfPair(bytes32 a, bytes32 b) internal pure returns (bytes32 leaf) {
        // The scratch space holds both words; abi.encode would take new memory for each leaf.
        assembly ("memory-safe") {
            mstore(0, a)
            mstore(32, b)
            mstore(0, keccak256(0, 64))
            leaf := keccak256(0, 32)
        }
    }

    /// @notice keccak256(keccak256(abi.encode(a))).
    /// @param a The word.
    /// @return leaf The leaf.
    function leafOfWord(bytes32 a) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            mstore(0, a)
            mstore(0, keccak256(0, 32))
            leaf := keccak256(0, 32)
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title FROST(secp256k1, SHA-256) signatures
/// @notice Verifies a signature of RFC 9591's ciphersuite FROST(secp256k1, SHA-256) with one ecrecover.
/// @dev The precompile computes r⁻¹·(s·Q − e·G), where Q is the point with x = r and the parity in v. With r = Px,
/// s = −c·Px, e = −z·Px that is z·G − c·P, which is R exactly when the signature is valid; the precompile hands out R's
/// address, and the address of the R given is compared with it.
library Frost {
    /// @notice The order of the group.
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @notice The prime of the field that coordinates are in.
    uint256 internal constant FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;

    /// @dev DST_prime of RFC 9380, 5.3.1: "FROST-secp256k1-SHA256-v1chal" and its length 29, in 30 bytes, left-aligned.
    uint256 private constant DST_PRIME = 0x46524f53542d736563703235366b312d5348413235362d76316368616c1d0000;

    /// @notice Whether (z, R) signs `message` under the key.
    /// @dev Never reverts. Rejects: a key out of range, z = 0 or z ≥ N (else z + N would pass as a second signature of the same
    /// message), an R that is not a point of the curve, and c = 0 (then any z with R = z·G would pass for every key).
    ///
    /// That R is on the curve must be checked, although the address comparison would seem to fix it: an address has 160 bits, so
    /// for one rx (which fixes c) a forger could draw 2⁸⁰ values of ry off the curve and 2⁸⁰ values of z and expect an address in
    /// common. On the curve rx and the parity fix ry, one target remains, and the work is 2¹²⁸ or more.
    /// @param keyX The x coordinate of the group's key P.
    /// @param keyParity The parity of its y: 0 even, 1 odd.
    /// @param rx The x coordinate of R.
    /// @param ry The y coordinate of R.
    /// @param z The response.
    /// @param message The 32 bytes signed.
    /// @return valid Whether the signature is valid.
    function verify(
        uint256 keyX,
        uint256 keyParity,
        uint256 rx,
        uint256 ry,
        uint256 z,
        bytes32 message
    ) internal view returns (bool valid) {
        return solves(keyX, keyParity, rx, ry, z, challenge(keyX, keyParity, rx, ry, message));
    }

    /// @notice RFC 9591's challenge c = H2(R ‖ P ‖ message), points compressed.
    /// @dev hash_to_field of RFC 9380 with expand_message_xmd, SHA-256 and L = 48: two blocks, of which 48 bytes count.
    /// The scratch is past the free pointer, which stays where it is; everything read there is written here first.
    /// @param keyX The x coordinate of the group's key.
    /// @param keyParity The parity of its y.
    /// @param rx The x coordinate of R.
    /// @param ry The y coordinate of R.
    /// @param message The 32 bytes signed.
    /// @return c The challenge, below the order.
    function challenge(
        uint256 keyX,
        uint256 keyParity,
        uint256 rx,
        uint256 ry,
        bytes32 message
    ) internal view returns (uint256 c) {
        uint256 order = ORDER;
        uint256 dst = DST_PRIME;
        // Inline assembly, since abi.encodePacked copies each part to new memory and sha256() copies once more: 3 times the gas.
        assembly ("memory-safe") {
            let m := mload(0x40)
            // b0 = SHA-256(64 zero bytes ‖ R ‖ P ‖ message ‖ 0x0030 ‖ 0x00 ‖ DST_prime), 195 bytes.
            mstore(m, 0)
            mstore(add(m, 32), 0)
            mstore8(add(m, 64), or(2, and(ry, 1)))
            mstore(add(m, 65), rx)
            mstore8(add(m, 97), or(2, keyParity))
            mstore(add(m, 98), keyX)
            mstore(add(m, 130), message)
            // 0x0030 and 0x00 are 3 bytes and DST_prime 30: its last byte does not fit the word.
            mstore(add(m, 162), or(shl(232, 0x003000), shr(24, dst)))
            mstore8(add(m, 194), 0x1d)
            // SHA-256 fails only without gas, and then so does everything after it: `ok` is folded into the result.
            let ok := staticcall(gas(), 2, m, 195, m, 32)
            let b0 := mload(m)
            // b1 = SHA-256(b0 ‖ 0x01 ‖ DST_prime), 63 bytes.
            mstore8(add(m, 32), 1)
            mstore(add(m, 33), dst)
            ok := and(ok, staticcall(gas(), 2, m, 63, add(m, 64), 32))
            let b1 := mload(add(m, 64))
            // b2 = SHA-256((b0 ⊕ b1) ‖ 0x02 ‖ DST_prime).
            mstore(m, xor(b0, b1))
            mstore8(add(m, 32), 2)
            ok := and(ok, staticcall(gas(), 2, m, 63, add(m, 64), 32))
            // c = (b1 ‖ the first 16 bytes of b2) mod N.
            c := addmod(mulmod(b1, shl(128, 1), order), shr(128, mload(add(m, 64))), order)
            c := mul(c, ok)
        }
    }

    /// @notice Whether z·G = R + c·P: the signature's equation for a challenge already computed.
    /// @dev Everything that `verify` rejects is rejected here.
    /// @param keyX The x coordinate of the group's key P.
    /// @param keyParity The parity of its y: 0 even, 1 odd.
    /// @param rx The x coordinate of R.
    /// @param ry The y coordinate of R.
    /// @param z The response.
    /// @param c The challenge, below the order.
    /// @return Whether the equation holds.
    function solves(
        uint256 keyX,
        uint256 keyParity,
        uint256 rx,
        uint256 ry,
        uint256 z,
        uint256 c
    ) internal pure returns (bool) {
        if (!isInRange(keyX, keyParity) || z == 0 || z >= ORDER || c == 0 || !isOnCurve(rx, ry)) return false;
        // Zero only if a factor is zero: the order is prime, and keyX, z and c are above 0 and below it.
        bytes32 e = bytes32(ORDER - mulmod(z, keyX, ORDER));
        bytes32 s = bytes32(ORDER - mulmod(c, keyX, ORDER));
        address recovered = _recover(e, 27 + keyParity, bytes32(keyX), s);
        return recovered != address(0) && recovered == _addressOf(rx, ry);
    }

    /// @notice Whether a key's coordinates are those that ecrecover takes. That a point has this x is not checked.
    /// @param keyX The x coordinate.
    /// @param keyParity The parity of y.
    /// @return Whether 0 < x < N and the parity is 0 or 1.
    function isInRange(uint256 keyX, uint256 keyParity) internal pure returns (bool) {
        return keyX != 0 && keyX < ORDER && keyParity < 2;
    }

    /// @notice Whether a key can verify anything: in range, and the x coordinate of a point.
    /// @dev ecrecover itself is asked, with e = s = 1: it recovers something unless no point has that x, or the point is the
    /// generator, whose secret everybody knows.
    /// @param keyX The x coordinate.
    /// @param keyParity The parity of y.
    /// @return Whether the key is one.
    function isKey(uint256 keyX, uint256 keyParity) internal pure returns (bool) {
        return
            isInRange(keyX, keyParity) &&
            _recover(bytes32(uint256(1)), 27 + keyParity, bytes32(keyX), bytes32(uint256(1))) != address(0);
    }

    /// @notice Whether (x, y) is a point of secp256k1, with both coordinates reduced.
    /// @param x The x coordinate.
    /// @param y The y coordinate.
    /// @return Whether y² = x³ + 7. The point at infinity has no coordinates and so is none.
    function isOnCurve(uint256 x, uint256 y) internal pure returns (bool) {
        return x < FIELD && y < FIELD && mulmod(y, y, FIELD) == addmod(mulmod(mulmod(x, x, FIELD), x, FIELD), 7, FIELD);
    }

    /// @dev Solidity's ecrecover returns zero when the precompile fails.
    function _recover(bytes32 e, uint256 v, bytes32 r, bytes32 s) private pure returns (address) {
        return ecrecover(e, uint8(v), r, s);
    }

    /// @dev The scratch space holds both coordinates, so no memory is taken.
    function _addressOf(uint256 x, uint256 y) private pure returns (address result) {
        assembly ("memory-safe") {
            mstore(0, x)
            mstore(32, y)
            result := and(keccak256(0, 64), 0xffffffffffffffffffffffffffffffffffffffff)
        }
    }
}

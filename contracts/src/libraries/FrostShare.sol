// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Frost} from "./Frost.sol";

/// @notice What a check of a share says.
enum ShareVerdict {
    Undecided,
    Right,
    Wrong
}

/// @notice One signer's part in a signing session.
/// @param groupKeyX The x coordinate of the group's key.
/// @param groupKeyParity The parity of its y: 0 even, 1 odd.
/// @param keyX The x coordinate of the signer's verifying share Y.
/// @param keyParity The parity of its y.
/// @param node The signer's number in the committee.
/// @param message The 32 bytes that the session signs.
/// @param rx The x coordinate of R.
/// @param rParity The parity of its y.
/// @param share The share z.
/// @param commitments The session's commitments as RFC 9591, 4.3, encodes them: 98 bytes a signer, its number, D and E.
struct Share {
    uint256 groupKeyX;
    uint256 groupKeyParity;
    uint256 keyX;
    uint256 keyParity;
    uint256 node;
    bytes32 message;
    uint256 rx;
    uint256 rParity;
    uint256 share;
    bytes commitments;
}

/// @notice What the chain would have to compute at length, and checks in its place.
/// @param hidingY The y coordinate of the signer's D.
/// @param boundX The x coordinate of ρ·E.
/// @param boundY The y coordinate of ρ·E.
struct ShareHints {
    uint256 hidingY;
    uint256 boundX;
    uint256 boundY;
}

/// @title Shares of FROST(secp256k1, SHA-256) signatures
/// @notice Checks RFC 9591's equation of one share, z·G = D + ρ·E + λ·c·Y; the twin of `judgeShare` in protocol/evidence.ts.
/// @dev R is taken as it is given: who holds a signer to a share must have R from the signer itself.
///
/// ecrecover gives addresses of a·G + b·P and no points. So ρ·E comes as a hint, and its address and that of its
/// negative are both compared: a false hint would need a collision in 320 bits. With one address only, 2⁸⁰ lists of
/// commitments against 2⁸⁰ points would find one, and convict an honest signer.
library FrostShare {
    /// @dev The signer's own part of the list, and its Lagrange coefficient.
    struct Own {
        uint256 hidingX;
        uint256 hidingParity;
        uint256 bindingX;
        uint256 bindingParity;
        uint256 lagrange;
    }

    /// @dev Bytes of one signer in the encoded list: a word and two compressed points.
    uint256 private constant ENTRY = 98;

    bytes private constant DST_BINDING = "FROST-secp256k1-SHA256-v1rho";
    bytes private constant DST_MESSAGE = "FROST-secp256k1-SHA256-v1msg";
    bytes private constant DST_COMMITMENTS = "FROST-secp256k1-SHA256-v1com";

    /// @notice Whether a share solves its equation.
    /// @dev Never reverts. Undecided: a list that is not RFC 9591's of different signers with this one, a key or a commitment
    /// that is none or that ecrecover cannot take, hints that are not those of the share.
    /// @param share The share.
    /// @param hints The hints.
    /// @return The verdict.
    function check(Share memory share, ShareHints memory hints) internal view returns (ShareVerdict) {
        (bool found, Own memory own) = _own(share.commitments, share.node);
        bool inRange =
            Frost.isInRange(share.keyX, share.keyParity) &&
                Frost.isInRange(share.groupKeyX, share.groupKeyParity) &&
                Frost.isInRange(own.bindingX, own.bindingParity);
        if (!found || !inRange || share.rParity > 1) return ShareVerdict.Undecided;
        if (share.share == 0 || share.share >= Frost.ORDER) return ShareVerdict.Wrong;

        (bool decided, uint256 x, uint256 y) = _commitment(share, own, hints);
        uint256 c = Frost.challenge(share.groupKeyX, share.groupKeyParity, share.rx, share.rParity, share.message);
        uint256 factor = mulmod(own.lagrange, c, Frost.ORDER);
        if (!decided || factor == 0) return ShareVerdict.Undecided;

        // The address of z·G − λ·c·Y.
        address left = _recover(
            Frost.ORDER - mulmod(share.share, share.keyX, Frost.ORDER),
            share.keyParity,
            share.keyX,
            Frost.ORDER - mulmod(factor, share.keyX, Frost.ORDER)
        );
        // Nothing is recovered for a key that is no point, and for the point at infinity, which D + ρ·E is not.
        if (left == address(0) && !Frost.isKey(share.keyX, share.keyParity)) return ShareVerdict.Undecided;
        return left == _addressOf(x, y) ? ShareVerdict.Right : ShareVerdict.Wrong;
    }

    /// @notice RFC 9591's binding factor ρ of one signer.
    /// @param groupKeyX The x coordinate of the group's key.
    /// @param groupKeyParity The parity of its y.
    /// @param message The 32 bytes that the session signs.
    /// @param commitments The encoded list of commitments.
    /// @param node The signer's number.
    /// @return The factor, below the order.
    function bindingFactor(
        uint256 groupKeyX,
        uint256 groupKeyParity,
        bytes32 message,
        bytes memory commitments,
        uint256 node
    ) internal pure returns (uint256) {
        bytes memory input = abi.encodePacked(
            bytes1(uint8(2 + groupKeyParity)),
            groupKeyX,
            sha256(abi.encodePacked(DST_MESSAGE, message)),
            sha256(abi.encodePacked(DST_COMMITMENTS, commitments)),
            node
        );
        return _hashToScalar(input, DST_BINDING);
    }

    /// @dev D + ρ·E, once the hints are found to be right. Undecided when the two are one point or each other's negative.
    function _commitment(
        Share memory share,
        Own memory own,
        ShareHints memory hints
    ) private view returns (bool decided, uint256 x, uint256 y) {
        uint256 rho = bindingFactor(
            share.groupKeyX,
            share.groupKeyParity,
            share.message,
            share.commitments,
            share.node
        );
        uint256 p = Frost.FIELD;
        bool isHiding = Frost.isOnCurve(own.hidingX, hints.hidingY) && hints.hidingY & 1 == own.hidingParity;
        bool isPoint = Frost.isOnCurve(hints.boundX, hints.boundY);
        if (!isHiding || !isPoint || hints.boundX == own.hidingX) return (false, 0, 0);

        uint256 s = mulmod(rho, own.bindingX, Frost.ORDER);
        bool isBound =
            _recover(0, own.bindingParity, own.bindingX, s) == _addressOf(hints.boundX, hints.boundY) &&
                _recover(0, own.bindingParity, own.bindingX, Frost.ORDER - s) ==
                    _addressOf(hints.boundX, p - hints.boundY);
        if (!isBound) return (false, 0, 0);

        // The chord through both points. No point of the curve has y = 0, and the x coordinates differ.
        uint256 inverse = Math.invModPrime(addmod(hints.boundX, p - own.hidingX, p), p);
        uint256 slope = mulmod(addmod(hints.boundY, p - hints.hidingY, p), inverse, p);
        x = addmod(mulmod(slope, slope, p), addmod(p - own.hidingX, p - hints.boundX, p), p);
        y = addmod(mulmod(slope, addmod(own.hidingX, p - x, p), p), p - hints.hidingY, p);
        decided = true;
    }

    /// @dev The signer's entry and its Lagrange coefficient at zero, ∏ xⱼ / (xⱼ − x) over the others. Numbers must ascend.
    function _own(bytes memory commitments, uint256 node) private view returns (bool found, Own memory own) {
        uint256 length = commitments.length;
        if (length == 0 || length % ENTRY != 0) return (false, own);
        uint256 order = Frost.ORDER;
        uint256 numerator = 1;
        uint256 denominator = 1;
        uint256 previous = 0;
        for (uint256 at = 0; at < length; at += ENTRY) {
            uint256 each = _wordAt(commitments, at);
            if (each <= previous || each > type(uint16).max) return (false, own);
            previous = each;
            if (each == node) {
                found = true;
                (own.hidingParity, own.hidingX) = _pointAt(commitments, at + 32);
                (own.bindingParity, own.bindingX) = _pointAt(commitments, at + 65);
            } else {
                numerator = mulmod(numerator, each, order);
                denominator = mulmod(denominator, addmod(each, order - node, order), order);
            }
        }
        found = found && own.hidingParity < 2 && own.bindingParity < 2;
        if (found) own.lagrange = mulmod(numerator, Math.invModPrime(denominator, order), order);
    }

    function _wordAt(bytes memory data, uint256 at) private pure returns (uint256 word) {
        // The caller reads within the length.
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), at))
        }
    }

    /// @dev A compressed point: its first byte is 2 or 3. For any other the parity is above 1.
    function _pointAt(bytes memory data, uint256 at) private pure returns (uint256 parity, uint256 x) {
        uint256 prefix = uint8(data[at]);
        return (prefix < 2 ? prefix + 2 : prefix - 2, _wordAt(data, at + 1));
    }

    /// @dev hash_to_field of RFC 9380 with expand_message_xmd, SHA-256, one element and L = 48.
    function _hashToScalar(bytes memory input, bytes memory dst) private pure returns (uint256) {
        bytes memory dstPrime = abi.encodePacked(dst, uint8(dst.length));
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), input, uint16(48), uint8(0), dstPrime));
        bytes32 b1 = sha256(abi.encodePacked(b0, uint8(1), dstPrime));
        bytes32 b2 = sha256(abi.encodePacked(b0 ^ b1, uint8(2), dstPrime));
        return addmod(mulmod(uint256(b1), 1 << 128, Frost.ORDER), uint256(b2) >> 128, Frost.ORDER);
    }

    /// @dev The address of x⁻¹·(s·P − e·G), P the point with this x and parity; zero for no point and for infinity.
    function _recover(uint256 e, uint256 parity, uint256 x, uint256 s) private pure returns (address) {
        return ecrecover(bytes32(e), uint8(27 + parity), bytes32(x), bytes32(s));
    }

    function _addressOf(uint256 x, uint256 y) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(x, y)))));
    }
}

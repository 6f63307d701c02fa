"""Secret multiples of points of the SM2 curve, by the OpenSSL that Python's own hashes come from.

`EC_POINT_mul` of one point by one number is a ladder that takes the same time for every number (OpenSSL 1.1.1 and
later), as Python's integers do not, and it is five times as fast. Neither `ssl` nor `cryptography` hands it out; it is
public in libcrypto, and is found through the extension module that is linked to it. Where it is not found (a Python
with an OpenSSL of its own inside, Windows, a distribution that leaves the curve out) `load` gives None.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Final, TypeAlias

#: (number, point) → their product; a point is `04 || x || y`
Multiply: TypeAlias = Callable[[int, bytes], bytes]

_NID_SM2: Final = 1172
_UNCOMPRESSED: Final = 4
_POINT_BYTES: Final = 65
_WORD: Final = 32

_pointer, _int, _size, _bytes = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
#: of ec.h and bn.h: what comes back, and what goes in
_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "EC_GROUP_new_by_curve_name": (_pointer, [_int]),
    "EC_POINT_new": (_pointer, [_pointer]),
    "EC_POINT_clear_free": (None, [_pointer]),
    "EC_POINT_oct2point": (_int, [_pointer, _pointer, _bytes, _size, _pointer]),
    "EC_POINT_point2oct": (_size, [_pointer, _pointer, _int, _bytes, _size, _pointer]),
    "EC_POINT_mul": (_int, [_pointer] * 6),
    "BN_bin2bn": (_pointer, [_bytes, _int, _pointer]),
    "BN_clear_free": (None, [_pointer]),
    "ERR_clear_error": (None, []),
}


def load() -> Multiply | None:
    """For numbers of 1..n-1 and points of the curve, from any thread; None: not with this Python."""
    try:
        import _hashlib

        library = ctypes.CDLL(_hashlib.__file__)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (ImportError, AttributeError, OSError):
        return None
    group = library.EC_GROUP_new_by_curve_name(_NID_SM2)
    if not group:
        library.ERR_clear_error()
        return None

    def multiply(number: int, point: bytes) -> bytes:
        given, product = library.EC_POINT_new(group), library.EC_POINT_new(group)
        factor = library.BN_bin2bn(number.to_bytes(_WORD, "big"), _WORD, None)
        made = ctypes.create_string_buffer(_POINT_BYTES)
        try:
            if not (
                given
                and product
                and factor
                and library.EC_POINT_oct2point(group, given, point, _POINT_BYTES, None) == 1
                and library.EC_POINT_mul(group, product, None, given, factor, None) == 1
                and library.EC_POINT_point2oct(group, product, _UNCOMPRESSED, made, _POINT_BYTES, None) == _POINT_BYTES
            ):
                library.ERR_clear_error()
                raise ArithmeticError("OpenSSL cannot multiply this point.")
            return made.raw
        finally:
            library.EC_POINT_clear_free(given)
            library.EC_POINT_clear_free(product)
            library.BN_clear_free(factor)

    return multiply

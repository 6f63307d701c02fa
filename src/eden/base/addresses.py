"""Which addresses everybody on the internet means the same machine by: the others lead to neighbours of this server.

By the special-purpose registries of IANA (RFC 6890 and its successors), written out, for Python's own lists differ by
version. Addresses that carry another one inside (6to4, Teredo, NAT64, IPv4-mapped, ISATAP) are never public: what they
lead to is decided by a machine on the way.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' translation; metadata of some clouds
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # services of a cloud's host, at a public address
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
#: all else is not assigned to the public internet: loopback, mapped, NAT64, unique local, link-local, multicast
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
#: the interface identifier of ISATAP, with the bit for "global" left out (RFC 5214)
_ISATAP = 0x00005EFE
_UNIVERSAL = 0x02000000


def is_public(address: str) -> bool:
    """Whether it is the address of one machine on the public internet, in its usual spelling."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC_4)
    if found.scope_id is not None or found not in _PUBLIC_6 or any(found in network for network in _NOT_PUBLIC_6):
        return False
    return int(found) >> 32 & 0xFFFFFFFF & ~_UNIVERSAL != _ISATAP

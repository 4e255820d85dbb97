"""net/ipv4/ip_sockglue.c and igmp.c: the socket options of IP, and multicast memberships."""

from __future__ import annotations

from checker.language import NULL, abstracted, free, kernel, might_sleep, new, spin_lock
from checker.language import choice as kmalloc_fails
from spec.state import IpMcSocklist, Sock, lock_sock, rtnl_lock
from spec.values import ENOBUFS, IP_FREEBIND, IP_RECVERR, Errno, Option


@kernel("net/ipv4/ip_sockglue.c")
def ip_setsockopt(sk: Sock, optname: Option, valbool: bool) -> Errno:
    with lock_sock(sk):
        if optname == IP_FREEBIND:
            sk.freebind = valbool
        elif optname == IP_RECVERR:
            sk.recverr = valbool
        else:
            return ip_mc_join_group(sk)
        return 0


@kernel("net/ipv4/igmp.c")
def ip_mc_join_group(sk: Sock) -> Errno:
    """Every join is one of another group: C counts repeated ones, and limits how many there are."""
    abstracted("the group, its device and the limit of memberships")
    might_sleep()
    if kmalloc_fails():
        return ENOBUFS
    iml = new(IpMcSocklist)
    with spin_lock(rtnl_lock):
        iml.next = sk.mc_list
        sk.mc_list = iml
    return 0


@kernel("net/ipv4/igmp.c")
def ip_mc_drop_socket(sk: Sock) -> None:
    """Without the lock of the socket: nobody else can have it any more."""
    while sk.mc_list != NULL:
        iml = sk.mc_list
        sk.mc_list = iml.next
        free(iml)

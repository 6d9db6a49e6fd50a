"""Sockets that are taken before anything else happens."""

from __future__ import annotations

import socket

import pytest

from nos_mgmt.endpoints import Keepalives, Listen
from nos_mgmt.listening import CannotListen, bound


def test_connections_are_watched_by_the_kernel_as_the_listener_says() -> None:
    with (
        bound([Listen("a", "ssh", "::1", 0, Keepalives(7, 2, 3))]) as (listening,),
        socket.create_connection(listening.getsockname()[:2]),
        listening.accept()[0] as taken,
    ):
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPCNT, socket.TCP_KEEPINTVL)
        assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert [taken.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [7, 2, 3]


def test_all_addresses_of_ipv4_and_of_ipv6_are_two_listeners() -> None:
    with bound([Listen("a", "ssh", "0.0.0.0", 0)]) as (first,):  # noqa: S104 - for a moment
        port = first.getsockname()[1]
        with bound([Listen("b", "ssh", "::", port)]) as (second,):
            assert second.getsockname()[1] == port


def test_if_one_port_is_taken_all_are_given_back_and_the_one_is_named() -> None:
    with bound([Listen("a", "ssh", "127.0.0.1", 0)]) as (first,):
        port = first.getsockname()[1]
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        other = taken.getsockname()[1]
        wanted = [Listen("a", "ssh", "127.0.0.1", port), Listen("b", "tls", "::1", other)]
        with pytest.raises(CannotListen, match=f"cannot listen at ::1 port {other}: Address already in use"):
            bound(wanted).__enter__()
    with bound(wanted[:1]):
        pass

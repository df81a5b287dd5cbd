from __future__ import annotations

import socket

import pytest

from stack import ports


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_usual_port_is_chosen_when_free():
    usual = ports.any_free_port()
    assert ports.choose_port(usual) == usual


def test_another_port_is_chosen_when_the_usual_one_is_taken(taken):
    chosen = ports.choose_port(taken)
    assert chosen != taken
    assert ports.is_free(chosen)


def test_port_promised_to_another_server_is_not_chosen():
    usual = ports.any_free_port()
    assert ports.choose_port(usual, {usual}) != usual


def test_server_on_all_addresses_takes_the_port():
    with socket.socket() as server:
        server.bind(("", 0))
        server.listen()
        assert not ports.is_free(server.getsockname()[1])


def test_listening_port_is_seen(taken):
    assert ports.is_listening(taken)
    assert not ports.is_listening(ports.any_free_port())

"""A service that never stops answering: in bytes without end, or one byte at a time, at whatever place of the answer."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from orgsync.errors import FatalError, NoConnectionError, OversizedAnswerError, SlowAnswerError, UnreachableError
from orgsync.platforms.speaking.http_sender import HttpSender
from orgsync.platforms.speaking.transport import Patience, Request, Transport

Answer = Callable[[socket.socket], None]

OK = b"HTTP/1.1 200 OK\r\n"
SECRET = "s3cr3t-of-app"
MEGABYTE = 1 << 20
BOMB = gzip.compress(bytes(64 * MEGABYTE), compresslevel=1)


@contextmanager
def serve(answer: Answer, *, reads: bool = True) -> Iterator[str]:
    """A bare socket that reads a request's first bytes, unless the answer does, and answers; each connection in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def handle(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            if reads:
                peer.recv(65536)
            answer(peer)

    def accept() -> None:
        while not is_over.is_set():
            peer, _ = listener.accept()
            threading.Thread(target=handle, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        with suppress(OSError):
            socket.create_connection(listener.getsockname()).close()
        thread.join()
        listener.close()


def drip(peer: socket.socket, *pieces: bytes) -> None:
    """The last piece again and again, each soon enough for a timeout that counts from byte to byte."""
    for piece in pieces[:-1]:
        peer.sendall(piece)
    for _ in range(600):
        peer.sendall(pieces[-1])
        time.sleep(0.05)


def flood(peer: socket.socket, head: bytes, piece: bytes) -> None:
    peer.sendall(head)
    while True:
        peer.sendall(piece)


def sender(url: str, *, seconds: float = 0.4, most_bytes: int = MEGABYTE) -> HttpSender:
    return HttpSender(url, platform="p", conn_id="conn", parallel=4, request_timeout_seconds=seconds, most_bytes=most_bytes)


REQUEST = Request("a/list", "GET", "a/list", query={"appsecret": SECRET})

DRIPS: dict[str, Answer] = {
    "status line": lambda peer: drip(peer, b"H"),
    "headers": lambda peer: drip(peer, OK, b"X-More: 1\r\n"),
    "one header": lambda peer: drip(peer, OK + b"X-More: ", b"x"),
    "interim answers": lambda peer: drip(peer, b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body of a known length": lambda peer: drip(peer, OK + b"Content-Length: 100000\r\n\r\n", b" "),
    "body that ends with the connection": lambda peer: drip(peer, OK + b"Connection: close\r\n\r\n", b" "),
    "chunks": lambda peer: drip(peer, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "length of a chunk": lambda peer: drip(peer, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": lambda peer: drip(peer, OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n"),
    "nothing": lambda peer: time.sleep(30),
}


@pytest.mark.parametrize("answer", DRIPS.values(), ids=DRIPS)
def test_answer_that_trickles_ends_at_the_deadline(answer: Answer) -> None:
    with serve(answer) as url, pytest.raises(SlowAnswerError, match="no answer within the request timeout") as raised:
        sender(url)(REQUEST)
    assert not isinstance(raised.value, NoConnectionError)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None


def test_request_that_is_not_taken_ends_at_the_deadline() -> None:
    def swallow(peer: socket.socket) -> None:
        for _ in range(600):
            peer.recv(1)
            time.sleep(0.05)

    large = Request("a/list", "POST", "a/list", body={"a": "x" * 16 * MEGABYTE})
    with serve(swallow) as url, pytest.raises(UnreachableError, match="no answer within the request timeout"):
        sender(url)(large)


def test_proxy_that_trickles_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda peer: drip(peer, OK, b"X-More: 1\r\n")) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(NoConnectionError, match="no connection within the connect timeout"):
            sender("https://platform.invalid")(REQUEST)


FLOODS: dict[str, Answer] = {
    "known length": lambda peer: flood(peer, OK + b"Content-Length: 3000000000\r\n\r\n", b" " * 65536),
    "unknown length": lambda peer: flood(peer, OK + b"Connection: close\r\n\r\n", b" " * 65536),
    "chunks": lambda peer: flood(peer, OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "an error's": lambda peer: flood(peer, b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n", b" " * 65536),
    "packed": lambda peer: peer.sendall(OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + BOMB),
    "packed twice": lambda peer: peer.sendall(OK + b"Content-Encoding: gzip, gzip\r\nConnection: close\r\n\r\n" + gzip.compress(BOMB)),
}


@pytest.mark.parametrize("answer", FLOODS.values(), ids=FLOODS)
def test_answer_without_end_is_for_a_person_and_not_taken_in(answer: Answer) -> None:
    with (
        serve(answer) as url,
        pytest.raises(OversizedAnswerError, match=r"no answer is larger than 1,048,576 bytes.*connection 'conn'") as raised,
    ):
        sender(url, seconds=30.0)(REQUEST)
    assert isinstance(raised.value, FatalError)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


HEADERS: dict[str, Answer] = {
    "many": lambda peer: flood(peer, OK, b"X-More: 1\r\n"),
    "one without end": lambda peer: flood(peer, OK + b"X-More: ", b"x" * 65536),
}


@pytest.mark.parametrize("answer", HEADERS.values(), ids=HEADERS)
def test_headers_without_end_are_no_answer(answer: Answer) -> None:
    with serve(answer) as url, pytest.raises(UnreachableError, match="headers without end"):
        sender(url, seconds=30.0)(REQUEST)


def test_answer_of_just_the_size_allowed_is_taken_in() -> None:
    with serve(lambda peer: peer.sendall(OK + b"Content-Length: 1048576\r\n\r\n" + b" " * MEGABYTE)) as url:
        assert len(sender(url, seconds=30.0)(REQUEST).body) == MEGABYTE


def test_call_whose_answer_was_too_large_is_made_once_and_leaves_doubt() -> None:
    """A message may have been sent by it."""
    with serve(FLOODS["unknown length"]) as url:
        transport = Transport("p", sender(url, seconds=30.0), conn_id="conn", patience=Patience(attempts=3, first_wait_seconds=0.01))
        with pytest.raises(OversizedAnswerError) as raised:
            transport.call(Request("send", "GET", "send", is_once=True), lambda request, response, content: content)
    assert raised.value.leaves_doubt
    assert transport.ledger.counts()["send"].retried == 0


def test_deadline_of_one_call_leaves_the_others_alone() -> None:
    """Over the same pool, at the same time and after one another: a kept connection is the next call's."""
    good, slow = OK + b"Content-Length: 2\r\n\r\n{}", {0, 5, 6}

    def answer(peer: socket.socket) -> None:
        while text := peer.recv(65536):
            if b"slow" in text:
                drip(peer, OK, b"X-More: 1\r\n")
            peer.sendall(good)

    with serve(answer, reads=False) as url:
        send = sender(url, seconds=3.0)
        for _ in range(2):  # connections that are kept
            assert send(REQUEST).status == 200

        def call(number: int) -> str:
            try:
                return str(send(Request("a", "GET", "slow" if number in slow else "fast")).status)
            except UnreachableError:
                return "late"

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(call, range(16)))
    assert found == ["late" if number in slow else "200" for number in range(16)]


def test_fork_watches_its_own_calls() -> None:
    """Airflow runs tasks in forks, which have no thread but one."""
    import multiprocessing

    with serve(DRIPS["headers"]) as url:
        with pytest.raises(UnreachableError):
            sender(url)(REQUEST)
        context = multiprocessing.get_context("fork")
        found = context.Queue()

        def call() -> None:
            try:
                sender(url)(REQUEST)
            except UnreachableError as error:
                found.put(str(error))

        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = context.Process(target=call)
            child.start()
        child.join(20)
        assert "no answer within the request timeout" in found.get(timeout=5)


def test_tls_answer_that_trickles_ends_at_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError), context.wrap_socket(listener.accept()[0], server_side=True) as peer:
            peer.recv(65536)
            drip(peer, OK, b"X-More: 1\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(UnreachableError, match="no answer within the request timeout"):
        sender(f"https://localhost:{listener.getsockname()[1]}", seconds=1.0)(REQUEST)
    thread.join()
    listener.close()


def make_certificate(folder: Path) -> Path:
    """Key and certificate of localhost, in one file."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "localhost.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path

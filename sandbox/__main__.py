"""`python -m sandbox`: reads the arguments, founds the organizations, serves until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvicorn

from sandbox.dingtalk.gateway import DingTalkGateway
from sandbox.dingtalk.settings import DingTalkSettings
from sandbox.dingtalk.tenant import DingTalk
from sandbox.feishu.gateway import FeishuGateway
from sandbox.feishu.settings import FeishuSettings
from sandbox.feishu.tenant import Feishu
from sandbox.gateway import Gateway
from sandbox.generator import MOST_PEOPLE, Recipe
from sandbox.server import Sandbox
from sandbox.state import restore, save
from sandbox.wecom.gateway import WeComGateway
from sandbox.wecom.settings import WeComSettings
from sandbox.wecom.tenant import WeCom

LOOPBACK = "127.0.0.1"
DEFAULTS = DingTalkSettings()


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Speaks the platforms' HTTP on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8790, help="0 picks a free one (%(default)s)")
    parser.add_argument("--people", type=int, default=200, help=f"10 to {MOST_PEOPLE:,} (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same company (%(default)s)")
    parser.add_argument("--departments", type=int, help="one for twenty people unless given")
    parser.add_argument("--linked", type=int, default=0, help="departments shared by linked organizations (%(default)s)")
    parser.add_argument("--client-id", default=DEFAULTS.client_id, help="%(default)s")
    parser.add_argument("--client-secret", default=DEFAULTS.client_secret, help="%(default)s")
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help="remember the organization here; what is there goes before the other options"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when whoever started this is gone")
    return parser.parse_args(arguments)


def found_companies(options: argparse.Namespace) -> list[Gateway]:
    wish = {"people": options.people, "seed": options.seed, "departments": options.departments, "linked": options.linked}
    try:
        recipe = msgspec.convert(wish, Recipe)
    except msgspec.ValidationError as error:
        sys.exit(f"no organization can be made of these options: {error}")
    gateways: list[Gateway] = [
        WeComGateway(WeCom(recipe, WeComSettings())),
        FeishuGateway(Feishu(recipe, FeishuSettings())),
        DingTalkGateway(DingTalk(recipe, DingTalkSettings(client_id=options.client_id, client_secret=options.client_secret))),
    ]
    tenants = [gateway.tenant for gateway in gateways]
    if options.state is not None:
        restore(options.state, tenants)
        save(options.state, tenants)
    gc.collect()
    gc.freeze()  # a large organization is not worth walking again
    return gateways


class Server(uvicorn.Server):
    """Says when it is ready; ends with exit code 0 when told to stop, also while a caller is kept waiting."""

    ready_line = ""
    follows_stdin = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.follows_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read_stdin)
        print(self.ready_line, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()  # type: ignore[union-attr]
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield

    def _read_stdin(self) -> None:
        if not sys.stdin.buffer.read1(4096):  # type: ignore[union-attr]
            self.should_exit = True
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())


def main() -> None:
    options = read_arguments(sys.argv[1:])
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, options.port))
    except OSError as error:
        sys.exit(f"cannot listen on {LOOPBACK}:{options.port}: {error.strerror}; choose another --port")
    gateways = found_companies(options)
    config = uvicorn.Config(
        Sandbox(gateways, options.state),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=None,  # a connection that fell silent is to look alive
        lifespan="off",
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=512,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    founded = [(gateway.tenant.name, gateway.tenant.organization) for gateway in gateways]
    counts = ", ".join(f"{name} {len(organization.people):,} people, seed {organization.seed}" for name, organization in founded)
    server.ready_line = f"sandbox ready on http://{LOOPBACK}:{listener.getsockname()[1]} ({counts})"
    server.follows_stdin = options.until_stdin_closes
    server.run([listener])


if __name__ == "__main__":
    main()

"""Runs in a container: the sandbox, which listens on 127.0.0.1 only, behind a forwarder that other containers reach."""

from __future__ import annotations

import asyncio
import contextlib
import sys

PORT, INNER_PORT = 8790, 8791


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", INNER_PORT)
    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def main() -> None:
    inner = await asyncio.create_subprocess_exec(sys.executable, "-m", "sandbox", f"--port={INNER_PORT}", *sys.argv[1:])
    server = await asyncio.start_server(forward, "0.0.0.0", PORT)
    async with server:
        sys.exit(await inner.wait())


if __name__ == "__main__":
    asyncio.run(main())

"""dingtalk-stream in a process of its own, as its loop never ends: a line of JSON for each event, acknowledged unless told otherwise."""

from __future__ import annotations

import json
import sys

import dingtalk_stream


class Printing(dingtalk_stream.EventHandler):
    """`client_id client_secret [type to ask for again, once each]`; the address is in DINGTALK_OPENAPI_ENDPOINT."""

    def __init__(self, later: set[str]) -> None:
        super().__init__()
        self.later = later
        self.asked: set[str] = set()

    async def process(self, event: dingtalk_stream.EventMessage) -> tuple[int, str]:
        headers = event.headers
        print(
            json.dumps({"id": headers.event_id, "type": headers.event_type, "corp": headers.event_corp_id, "data": event.data}), flush=True
        )
        if headers.event_type in self.later and headers.event_id not in self.asked:
            self.asked.add(headers.event_id)
            return dingtalk_stream.AckMessage.STATUS_SYSTEM_EXCEPTION, "again"
        return dingtalk_stream.AckMessage.STATUS_OK, "OK"


def main(client_id: str, client_secret: str, *later: str) -> None:
    client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(client_id, client_secret))
    client.register_all_event_handler(Printing(set(later)))
    client.start_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

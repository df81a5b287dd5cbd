"""lark-oapi's socket client in a process of its own, as it has one loop for all: a line of JSON for each event."""

from __future__ import annotations

import sys
import warnings

warnings.simplefilter("ignore")

import lark_oapi  # noqa: E402
from lark_oapi.ws import Client  # noqa: E402

KINDS = (
    "user_created", "user_updated", "user_deleted", "department_created", "department_updated", "department_deleted", "scope_updated",
)  # fmt: skip


def tell(event: object) -> None:
    print(lark_oapi.JSON.marshal(event), flush=True)


def main(domain: str, app_id: str, app_secret: str) -> None:
    builder = lark_oapi.EventDispatcherHandler.builder("", "")
    for kind in KINDS:
        builder = getattr(builder, f"register_p2_contact_{kind}_v3")(tell)
    Client(app_id, app_secret, event_handler=builder.build(), domain=domain, log_level=lark_oapi.LogLevel.ERROR).start()


if __name__ == "__main__":
    main(*sys.argv[1:])

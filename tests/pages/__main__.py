"""Shows the pages while one works at them: `python -m tests.pages [PORT]` builds the company of the tests and serves until Ctrl-C."""

from __future__ import annotations

import sys
import time

from tests.pages.alone import open_alone


def main() -> None:
    with open_alone(int(sys.argv[1]) if len(sys.argv) > 1 else None) as site:
        print(f"{site.url}/organization/  warehouse {site.company.dsn}", flush=True)
        for name, token in site.tokens.items():
            print(f"{name}: cookie _token={token}", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()

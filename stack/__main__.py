"""`python -m stack COMMAND`: what the Makefile calls."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from types import FrameType

from stack.airflow import ADMIN
from stack.console import Console
from stack.demo import run_demo
from stack.errors import StackError
from stack.launcher import Launcher, Organization
from stack.layout import read_layout
from stack.smoke import run_smoke, smoke_launcher
from stack.state import load_secrets, read_stack


def main() -> int:
    arguments = read_arguments()
    organization = Organization(arguments.people, arguments.seed)
    launcher = Launcher(read_layout(), Console(), organization)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return COMMANDS[arguments.command](launcher)
    except KeyboardInterrupt:
        return 130
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stack", description="The local stack of orgsync.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--people", type=int, default=Organization.people, help="size of the sandbox's organization")
    parser.add_argument("--seed", type=int, default=Organization.seed, help="which organization of that size")
    return parser.parse_args()


def interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def demo(launcher: Launcher) -> int:
    try:
        run_demo(launcher)
    except KeyboardInterrupt:
        # Ctrl-C is how a demonstration ends.
        return 0
    return 0


def smoke(launcher: Launcher) -> int:
    return 0 if run_smoke(launcher) else 1


def up(launcher: Launcher) -> int:
    stack, started_here = launcher.start()
    launcher.console.say(f"The stack {'runs' if started_here else 'runs already'}: {stack.url('ui')}")
    launcher.console.say(f"Login {ADMIN}, password {load_secrets(launcher.layout).admin_password}; `make down` stops it.")
    return 0


def down(launcher: Launcher) -> int:
    stopped = [one.stop() for one in (launcher, smoke_launcher(launcher))]
    launcher.console.say("The stack is stopped; its data stays until `make clean`." if any(stopped) else "Nothing runs.")
    return 0


def clean(launcher: Launcher) -> int:
    for one in (smoke_launcher(launcher), launcher):
        one.clean()
    launcher.console.say(f"{launcher.layout.state} is gone.")
    return 0


def status(launcher: Launcher) -> int:
    stack = read_stack(launcher.layout)
    if stack is None:
        launcher.console.say("Nothing runs.")
        return 1
    for record in stack.processes:
        state = "runs" if record.is_alive() else "has stopped"
        launcher.console.say(f"{record.name:14} {state:12} pid {record.pid:<8} {launcher.layout.log(record.name)}")
    for name, port in stack.ports.items():
        launcher.console.say(f"{name:14} 127.0.0.1:{port}")
    return 1 if stack.find_dead() else 0


def logs(launcher: Launcher) -> int:
    """Follow all logs; each line says whose it is."""
    positions: dict[str, int] = {}
    while True:
        for log in sorted(launcher.layout.logs.glob("*.log")):
            with log.open(errors="replace") as file:
                file.seek(positions.get(log.stem, max(0, log.stat().st_size - 2000)))
                for line in file:
                    launcher.console.say(f"{log.stem:14} {line.rstrip()}")
                positions[log.stem] = file.tell()
        time.sleep(0.5)


COMMANDS = {"demo": demo, "smoke": smoke, "up": up, "down": down, "clean": clean, "status": status, "logs": logs}

if __name__ == "__main__":
    sys.exit(main())

"""`python -m sandbox --port 0 --world demo --seed 1`: run one world until told to stop.

When it is ready it prints one line of JSON with every address and credential, then stays silent.
SIGTERM or SIGINT ends it; so does the end of standard input with `--until-stdin-closes`.
"""

import argparse
import json
import signal
import sys
import threading

from sandbox import people
from sandbox.server.instance import start
from sandbox.state.world import World
from sandbox.worlds import SIZED, WORLDS


def main() -> None:
    """Parse the command line, start the world, wait, stop it."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="plain HTTP port; 0 is any free one")
    parser.add_argument("--world", choices=sorted(WORLDS), default="demo")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leads", type=int, help=f"how many {' and '.join(SIZED)} begin with")
    parser.add_argument(
        "--people", choices=("on", "off"), help="whether people live; else as the world has it"
    )
    parser.add_argument(
        "--follow", action="store_true", help="let time pass as the wall clock does"
    )
    parser.add_argument(
        "--pace", type=float, default=0, help="let time pass so many times as fast as that"
    )
    parser.add_argument("--until-stdin-closes", action="store_true")
    options = parser.parse_args()

    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _number, _frame: ended.set())
    if options.leads is not None and options.world not in SIZED:
        parser.error(f"--leads goes with --world {' or '.join(SIZED)}")
    world = _built(options)
    world.clock.run(options.pace or float(options.follow))
    running = start(world, port=options.port)
    sys.stdout.write(json.dumps(running.details()) + "\n")
    sys.stdout.flush()
    if options.until_stdin_closes:
        threading.Thread(target=_watch_stdin, args=(ended,), daemon=True).start()
    ended.wait()
    running.stop()


def _built(options: argparse.Namespace) -> World:
    """The world that was asked for, its people at work or at rest."""
    world = World(seed=options.seed)
    if options.leads is None:
        WORLDS[options.world](world)
    else:
        SIZED[options.world](world, options.leads)
    if options.people == "on":
        people.live(world)
    elif options.people == "off":
        people.rest(world)
    return world


def _watch_stdin(ended: threading.Event) -> None:
    """Set `ended` when whoever started this process closes its end, by dying too."""
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()

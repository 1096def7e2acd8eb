"""Run a local sandbox of Marketo, Salesforce, Slack and the enrichment providers.

When it is ready it prints one line of JSON with every address and credential, then nothing more.
Stop it with Ctrl-C or SIGTERM. Example: python -m sandbox --port 0 --world demo --seed 1
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
    parser.add_argument("--port", type=int, default=0, help="HTTP port; 0 picks a free one")
    parser.add_argument(
        "--world", choices=sorted(WORLDS), default="demo", help="data to start with (default: demo)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="random seed; a different seed gives different data"
    )
    parser.add_argument(
        "--leads", type=int, help=f"number of leads to start with (world {' or '.join(SIZED)})"
    )
    parser.add_argument(
        "--people",
        choices=("on", "off"),
        help="whether simulated leads and reps act on their own (default: the world's own setting)",
    )
    parser.add_argument(
        "--follow", action="store_true", help="let the sandbox's clock run in real time"
    )
    parser.add_argument(
        "--pace",
        type=float,
        default=0,
        help="run the sandbox's clock this many times faster than real time",
    )
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="also stop when standard input closes"
    )
    options = parser.parse_args()

    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _number, _frame: ended.set())
    if options.leads is not None and options.world not in SIZED:
        parser.error(f"--leads works only with --world {' or '.join(SIZED)}")
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

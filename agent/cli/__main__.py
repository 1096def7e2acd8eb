"""`python -m agent.cli`: the same as `routeready`."""

from agent.cli.main import main

main()

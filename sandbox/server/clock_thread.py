"""The thread of a running world: while its clock runs, what falls due happens unasked."""

import threading

from sandbox.state.world import World

EVERY_SECONDS = 0.05


class ClockThread:
    """Brings a world up to its clock again and again, on a thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the beat that is going on."""
        self._stopping.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            if self._world.clock.factor:
                with self._world.present():
                    pass

"""Looks at the memory of all of Rollcall's processes while something runs, and keeps the peaks."""
import threading

PAUSE = 0.1  # seconds


class Sampler:
    """`with Sampler(arena) as sampler: …`, then peak (MiB, all programs at one moment) and programs ({name: peak MiB})."""

    def __init__(self, arena):
        self.arena, self.peak, self.programs = arena, 0, {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def look(self):
        now = self.arena.memory()
        self.peak = max(self.peak, sum(mib for _, mib in now.values()))
        for name, (_, mib) in now.items():
            self.programs[name] = max(self.programs.get(name, 0), mib)

    def _watch(self):
        while not self._end.wait(PAUSE):
            self.look()

    def __enter__(self):
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *why):
        self._end.set()
        self._thread.join()
        self.look()

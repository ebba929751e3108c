"""Genealogy as a person would do it with a pencil: things in memory, every hour looked at, until nothing new is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

NEVER, ALWAYS = 10**6, -(10**6)


@dataclass
class Pack:
    """A child goes into a parent, or leaves it; without a child the parent is emptied."""

    parent: str
    child: str | None
    is_add: bool
    withdrawn: bool = False


@dataclass
class Make:
    """Inputs become outputs; events of one process share its name."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    process: str | None = None
    withdrawn: bool = False


@dataclass
class World:
    """What happened, one thing an hour."""

    happened: list[Pack | Make] = field(default_factory=list)

    @property
    def hours(self) -> range:
        """All hours, and one in which nothing happens any more."""
        return range(len(self.happened) + 1)

    def inside(self, parent: str, hour: int) -> set[str]:
        """What is in a parent once an hour's event has happened."""
        found: set[str] = set()
        for event in self.happened[: hour + 1]:
            if not isinstance(event, Pack) or event.withdrawn or event.parent != parent:
                continue
            if event.child is None:
                found.clear()
            elif event.is_add:
                found.add(event.child)
            else:
                found.discard(event.child)
        return found

    def within(self, parent: str, hour: int) -> set[str]:
        """What is in a parent, or in something in it."""
        found: set[str] = set()
        open_ = [parent]
        while open_:
            new = self.inside(open_.pop(), hour) - found
            found |= new
            open_ += new
        return found

    def around(self, child: str, hour: int) -> set[str]:
        """What a child is in, or what that is in."""
        parents = {event.parent for event in self.happened if isinstance(event, Pack)}
        return {parent for parent in parents if child in self.within(parent, hour)}

    def processes(self) -> Iterator[tuple[list[tuple[int, str]], list[tuple[int, str]]]]:
        """Inputs and outputs of each process with their hours."""
        groups: dict[object, list[tuple[int, Make]]] = {}
        for hour, event in enumerate(self.happened):
            if isinstance(event, Make) and not event.withdrawn:
                groups.setdefault(event.process or hour, []).append((hour, event))
        for group in groups.values():
            ins = [(hour, each) for hour, event in group for each in event.inputs]
            yield ins, [(hour, each) for hour, event in group for each in event.outputs]

    def down(self, start: str) -> set[str]:
        """All that came of something, and what it was carried in."""
        since: dict[str, int] = {start: ALWAYS}
        for hour in self.hours:
            for child in self.within(start, hour):
                since[child] = min(since.get(child, NEVER), hour)
        while True:
            before = dict(since)
            for ins, outs in list(self.processes()):
                used = any(
                    since.get(each, NEVER) <= hour or any(since.get(c, NEVER) <= hour for c in self.within(each, hour))
                    for hour, each in ins
                )
                for hour, each in outs if used else ():
                    since[each] = min(since.get(each, NEVER), hour)
            if since == before:
                return self._with_carriers(since, lambda limit, hour: limit <= hour)

    def up(self, start: str) -> set[str]:
        """All that something came from, and what it was carried in."""
        until: dict[str, int] = {start: NEVER}
        for hour in self.hours:
            for child in self.within(start, hour):
                until[child] = max(until.get(child, ALWAYS), NEVER if hour == self.hours[-1] else hour)
        while True:
            before = dict(until)
            for ins, outs in list(self.processes()):
                if any(until.get(each, ALWAYS) >= hour for hour, each in outs):
                    for hour, each in ins:
                        for one in {each} | self.within(each, hour):
                            until[one] = max(until.get(one, ALWAYS), hour)
            if until == before:
                return self._with_carriers(until, lambda limit, hour: limit >= hour)

    def _with_carriers(self, limits: dict[str, int], counts: Callable[[int, int], bool]) -> set[str]:
        found = set(limits)
        for thing, limit in limits.items():
            for hour in self.hours:
                if counts(limit, hour):
                    found |= self.around(thing, hour)
        return found

"""Small charts as data: what a page draws as SVG and Slack shows as a picture."""

from domain.values import Value


class Series(Value):
    """One kind of bars, stacked on those before."""

    name: str
    values: tuple[int, ...]


class Chart(Value):
    """Stacked bars over time."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def alt(self) -> str:
        """What the picture shows, for whoever can't see it."""
        totals = ", ".join(f"{sum(one.values)} {one.name}" for one in self.series)
        span = f"{self.labels[0]} to {self.labels[-1]}" if self.labels else "no data yet"
        latest = ", ".join(f"{one.values[-1]} {one.name}" for one in self.series if one.values)
        return f"{self.title}, {span}: {totals}. Latest: {latest}."

    @property
    def highest(self) -> int:
        """The tallest stack of bars."""
        stacks = zip(*(one.values for one in self.series), strict=True)
        return max((sum(stack) for stack in stacks), default=0)

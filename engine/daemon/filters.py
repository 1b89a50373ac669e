"""The `filters` parameter of list, prune, events and search: names with sets of values (moby, api/types/filters).

On the wire `{"label": ["a=1", "b"], "dangling": ["true"]}`, or the older `{"dangling": {"true": true}}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.errors import InvalidParameter


def invalid_filter(name: str = "", value: object = None) -> InvalidParameter:
    """`invalid filter 'colour'`, `invalid filter 'status=zombie'`."""
    what = f" '{name}'" if value is None else f" '{name}={value}'"
    return InvalidParameter("invalid filter" + (what if name else ""))


@dataclass(frozen=True, slots=True)
class Filters:
    """Values by name, in the order given."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None, accepted: Collection[str] | None = None) -> Filters:
        """From the query's text. Raises InvalidParameter, also for a name that is not `accepted`."""
        if not text:
            return NO_FILTERS
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise invalid_filter() from None
        if document is None:
            return NO_FILTERS
        if not isinstance(document, dict):
            raise invalid_filter()
        filters = cls({name: _values(values) for name, values in document.items()})
        for name in filters.fields:
            if accepted is not None and name not in accepted:
                raise invalid_filter(name)
        return filters

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __bool__(self) -> bool:
        return bool(self.fields)

    def get(self, name: str) -> tuple[str, ...]:
        return self.fields.get(name, ())

    def boolean(self, name: str, default: bool) -> bool:
        """Raises InvalidParameter if the value is no boolean, or if there are both."""
        if name not in self.fields:
            return default
        values = self.fields[name]
        if not values:
            raise invalid_filter(name)
        no, yes = "0" in values or "false" in values, "1" in values or "true" in values
        if no == yes:
            raise invalid_filter(name, f"[{' '.join(values)}]")
        return yes

    def exact(self, name: str, value: str) -> bool:
        """Is the value among those asked for? Yes, if none are."""
        values = self.fields.get(name)
        return not values or value in values

    def prefix(self, name: str, value: str) -> bool:
        """Does the value begin with one of those asked for? Yes, if there are none."""
        values = self.fields.get(name)
        return not values or value.startswith(values)

    def search(self, name: str, value: str) -> bool:
        """Does the value equal one of those asked for, or match it as a regular expression? Yes, if there are none."""
        return self.exact(name, value) or any(_found(pattern, value) for pattern in self.get(name))

    def labels(self, labels: Mapping[str, str], name: str = "label") -> bool:
        """Are all of "key" and "key=value" among the labels? Yes, if none are asked for."""
        return all(_labelled(wanted, labels) for wanted in self.get(name))

    def prunes(self, labels: Mapping[str, str]) -> bool:
        """For prune: the labels have all of `label` and not all of `label!`."""
        return self.labels(labels) and not (self.get("label!") and self.labels(labels, "label!"))


NO_FILTERS = Filters()


def _values(values: object) -> tuple[str, ...]:
    """A list of strings, or the older object whose keys they are."""
    if values is None:
        return ()
    if isinstance(values, dict) and all(isinstance(on, bool) for on in values.values()):
        return tuple(value for value, on in values.items() if on)
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return tuple(dict.fromkeys(values))
    raise invalid_filter()


def _found(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return False


def _labelled(wanted: str, labels: Mapping[str, str]) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)

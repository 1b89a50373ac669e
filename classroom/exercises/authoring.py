"""All the words of an author, at once: `from classroom.exercises.authoring import *`."""

from classroom.exercises.expectations import (
    Among,
    AtLeast,
    AtMost,
    Contains,
    Differs,
    Gone,
    Has,
    Is,
    IsNot,
    Lacks,
    Matches,
    Same,
    There,
)
from classroom.exercises.looks import (
    Answer,
    Changes,
    Count,
    Disk,
    Events,
    Fewest,
    File,
    Info,
    Inspect,
    Length,
    Logs,
    Predicted,
    Processes,
    Requests,
    Shared,
)
from classroom.exercises.task import Criterion, Explain, Level, Task, Text, Wrong
from classroom.exercises.variants import Name, Number, OneOf, Port

__all__ = [
    "Among", "Answer", "AtLeast", "AtMost", "Changes", "Contains", "Count", "Criterion", "Differs", "Disk",
    "Events", "Explain", "Fewest", "File", "Gone", "Has", "Info", "Inspect", "Is", "IsNot", "Lacks", "Length",
    "Level", "Logs", "Matches", "Name", "Number", "OneOf", "Port", "Predicted", "Processes", "Requests", "Same",
    "Shared", "Task", "Text", "There", "Wrong",
]  # fmt: skip

"""Time travel: what clients have asked of an engine, kept so that the same engine can be made again, up to any step.

`record` listens at the API, `replay` asks again. A simulated host is a function of its seed and of what was asked and
when, so ids, times and states come out the same; a real host is not, and has no replay.
"""

"""Graded exercises: what a task is, what a check may look at, and what it finds. Assignments are in exercises/.

An author writes an assignment as data (`load`); `variants` draws each student's own names and numbers; `evaluate`
compares what a student's engine looks like with what a task asks for. Students meet `check`, teachers `notebooks`.
Nothing here ever reads what somebody typed or printed.
"""

"""`glassdock grade`: a folder of submissions becomes marks, in parallel, whatever is in it.

submissions, reading     what was handed in, and what of it can be run
expected                 the course's own cells, put back
crew, warm, running      notebooks run in copies of a warm process, behind walls (real/confine.py); outputs, requests
checking                 the requests repeated on fresh engines; marks
grader                   one submission's way through these, and many at once
results, store, database marks as data, and in SQLite, with what people have entered
worksheet, marking       points and comments by hand: manual.csv, `glassdock mark`     publishing: folder in, folder out
tables, report           for learning platforms, for students, for the class     signals: for a human to look at
"""

"""The workbook: lessons as text (MyST Markdown), as notebooks (`.ipynb`), and in front of a learner (JupyterLab).

cells      what both forms have in common
myst       Markdown <-> cells
ipynb      Jupyter's JSON <-> cells
pairs      keeps each lesson's two files, and its languages, in step: `glassdock notebooks`
execute    a lesson from top to bottom, without Jupyter
folder     a learner's own copy, which no update overwrites
contents   the page that it opens with
lab        `glassdock lab`
"""

"""The workbook as a folder of pages: `glassdock site build DIR`, for any static host, a USB stick, or `site serve`.

The pages lie where their sources lie in the repository, with `.html` for `.md` and `.ipynb`, so links stay as they are.
Lessons are run while the site is built: what a page shows below a cell is what that cell gave. Nothing on a page comes
from elsewhere, and nothing on it runs.
"""

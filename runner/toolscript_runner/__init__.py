"""The Python side of Toolscript: runs cells of Python and carries their tool calls to the host as frames.

Standard library only, Python 3.9 to 3.14. The core (`core.py` and what it imports) knows no transport; a driver
(`stdio.py` and its siblings) hands it one.
"""

"""`python3 -m toolscript_runner`: the runner on this process's standard streams."""

from .stdio import main

main()

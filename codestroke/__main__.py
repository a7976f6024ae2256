"""``python -m codestroke``: the same as the ``codestroke`` command."""

from codestroke.cli import main

main()

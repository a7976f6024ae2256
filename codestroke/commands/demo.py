"""``codestroke demo``."""


def demo() -> None:
    """Not wired yet."""
    raise NotImplementedError

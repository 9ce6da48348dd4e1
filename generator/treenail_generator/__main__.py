"""`gen`, also as `python -m treenail_generator`."""

from treenail_generator.cli import gen


def main() -> None:
    """Run the command line."""
    gen(prog_name="gen")


if __name__ == "__main__":
    main()

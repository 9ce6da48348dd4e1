"""`gen`, also as `python -m treenail_generator`."""

import gc

from treenail_generator.cli import gen


def main() -> None:
    """Run the command line."""
    # What a command makes lives to its end; walking it costs a tenth of a large build.
    gc.disable()
    try:
        gen(prog_name="gen")
    finally:
        # The interpreter would walk it once more when it ends.
        gc.freeze()


if __name__ == "__main__":
    main()

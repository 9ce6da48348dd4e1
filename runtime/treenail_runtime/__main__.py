"""`treenail`, and `python -m treenail_runtime`."""

from treenail_runtime.cli import treenail


def main() -> None:
    """Run the command line. Status 0 for success, 1 for a failed call, 2 for a wrong request."""
    treenail(prog_name="treenail")


if __name__ == "__main__":
    main()

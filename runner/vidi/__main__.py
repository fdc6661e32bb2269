"""`python -m vidi` is the toolbox, as `vidi` is."""

from vidi.cli import main

if __name__ == "__main__":
    main()

"""``python -m hconsist.paper_checks [ARGUMENTS]`` is ``hconsist check [ARGUMENTS]``, by default with ``--all``."""

import sys

from hconsist.cli import cli

if __name__ == "__main__":
    cli(["check", *(sys.argv[1:] or ["--all"])])

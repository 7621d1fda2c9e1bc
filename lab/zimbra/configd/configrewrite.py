"""libexec/configrewrite: asks zmconfigd to rewrite sections now."""

import sys

from .main import rewrite

if __name__ == "__main__":
    sys.exit(rewrite(sys.argv[1:]))

#!/bin/sh
# Opens the window; with arguments, the command line: ./run.sh render --help
set -eu
root=$(cd "$(dirname "$0")" && pwd)
"$root/.ci/setup"
exec "$root/.venv/bin/python" "$root/main.py" "$@"

#!/bin/sh
# Runs every check. Arguments go to pytest instead, e.g. ./test.sh -m slow
set -eu
cd "$(dirname "$0")"
.ci/setup dev
if [ $# -eq 0 ]; then
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    # A process for each core, up to four. The tests of a file share what they prepare.
    set -- -n logical --maxprocesses 4 --dist loadfile
fi
QT_QPA_PLATFORM=offscreen exec .venv/bin/python -m pytest "$@"

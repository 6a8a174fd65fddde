#!/usr/bin/env bash
# Measures and checks the engine on a CUDA device within a budget of seconds:
#   tests/benchmarks/on_gpu.sh FOLDER SECONDS [--only PART…]
# Needs torch with CUDA, diffusers and transformers in PYTHON (python3), and no download.
# FOLDER/results.json and FOLDER/log.txt are complete after each part.
set -uo pipefail
folder=${1:?"give a folder for the results"} seconds=${2:?"give the seconds it may take"}
shift 2
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/../.."
export PYTHONUNBUFFERED=1
"${PYTHON:-python3}" -m tests.benchmarks.gpu "$folder" "$seconds" "$@" 2>&1 | tee "$folder/log.txt"

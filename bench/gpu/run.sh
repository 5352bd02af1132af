#!/bin/sh
# Runs on a machine with a GPU, in the unpacked folder: ./run.sh [results.json] [options]; --help lists them.
# Needs no Node, no npm and no network, only a Vulkan driver.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$folder/lib/node" --import "$folder/node_modules/tsx/dist/loader.mjs" "$folder/bench/gpu/run.ts" "$@"

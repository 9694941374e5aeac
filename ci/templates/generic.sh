#!/usr/bin/env bash
# Any other service (Jenkins, Buildkite, a cron job): the store is kept at $LARDER_CACHE_REMOTE, a directory or a
# URL. Run as: generic.sh COMMAND [ARGUMENTS]
set -euo pipefail
: "${LARDER_CACHE_REMOTE:=file:///var/cache/larder}"
larder ci setup -p "$PWD/.env" --cache "$LARDER_CACHE_REMOTE"
larder run -p "$PWD/.env" -- "$@"
larder ci finish

"""Solves with py-rattler, then times its `install` alone: `peer_install.py CHANNEL PREFIX CACHE SPEC...`."""

import asyncio
import json
import os
import resource
import sys
import time

import rattler


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def main():
    channel, prefix, cache, *specs = sys.argv[1:]
    records = await rattler.solve(
        sources=[rattler.Channel(channel)],
        specs=specs,
        platforms=["linux-64", "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
    )
    before, start = cpu(), time.perf_counter()
    await rattler.install(records, target_prefix=prefix, cache_dir=cache, execute_link_scripts=True, show_progress=False)
    print(json.dumps({"wall": time.perf_counter() - start, "cpu": cpu() - before, "packages": len(records)}), flush=True)
    # The interpreter's end sometimes crashes in the peer's threads, after all is done.
    os._exit(0)


asyncio.run(main())

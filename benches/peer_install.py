"""Solves with py-rattler, then times its `install` alone: `peer_install.py CHANNEL PREFIX CACHE SPEC...`."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time

import rattler


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def count_calls():
    """A strace that counts the calls of this process from here on, if it is wanted."""
    if "CALLS" not in os.environ:
        return lambda: None
    me = str(os.getpid())
    tracer = subprocess.Popen([os.environ["STRACE"], "-q", "-f", "-c", "-o", os.environ["CALLS"], "-p", me])
    while "TracerPid:\t0\n" in open("/proc/self/status").read():
        time.sleep(0.01)

    def end():
        tracer.send_signal(signal.SIGINT)
        tracer.wait()

    return end


async def main():
    channel, prefix, cache, *specs = sys.argv[1:]
    records = await rattler.solve(
        sources=[rattler.Channel(channel)],
        specs=specs,
        platforms=["linux-64", "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
    )
    end = count_calls()
    before, start = cpu(), time.perf_counter()
    await rattler.install(records, target_prefix=prefix, cache_dir=cache, execute_link_scripts=True, show_progress=False)
    print(json.dumps({"wall": time.perf_counter() - start, "cpu": cpu() - before, "packages": len(records)}), flush=True)
    end()
    # The interpreter's end sometimes crashes in the peer's threads, after all is done.
    os._exit(0)


asyncio.run(main())

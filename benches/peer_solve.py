"""Times py-rattler's solve: `peer_solve.py CHANNEL CACHE PLATFORM,... SPEC...`; prints seconds as JSON.

`loading` is its gateway's query of everything that the specs reach, `solving` what remains of `solve`
when that gateway has it all.
"""

import asyncio
import json
import resource
import sys
import time

import rattler


def now():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def virtual_package(name, version, build):
    name, version = rattler.PackageName(name), rattler.Version(version)
    return rattler.GenericVirtualPackage(name, version, rattler.BuildString(build))


async def main():
    channel, cache, platforms, *specs = sys.argv[1:]
    virtual = {
        "linux-64": ["__linux=6.0=0", "__glibc=2.35=0", "__unix=0=0", "__archspec=1=x86_64"],
        "osx-arm64": ["__osx=13.0=0", "__unix=0=0", "__archspec=1=m1"],
        "win-64": ["__win=10=0", "__archspec=1=x86_64"],
    }
    loading = [0.0, 0.0]
    solving = [0.0, 0.0]
    for platform in platforms.split(","):
        gateway = rattler.Gateway(cache_dir=cache)
        packages = [virtual_package(*text.split("=")) for text in virtual[platform]]
        arguments = dict(sources=[rattler.Channel(channel)], platforms=[platform, "noarch"], virtual_packages=packages)
        start = now()
        await gateway.query(sources=[rattler.Channel(channel)], platforms=[platform, "noarch"], specs=specs, recursive=True)
        loaded = now()
        await rattler.solve(**arguments, specs=specs, gateway=gateway)
        solved = now()
        for total, begin, end in [(loading, start, loaded), (solving, loaded, solved)]:
            total[0] += end[0] - begin[0]
            total[1] += end[1] - begin[1]
    result = {"loading": loading[0], "loading_cpu": loading[1], "solving": solving[0], "solving_cpu": solving[1]}
    result |= {"total": loading[0] + solving[0], "total_cpu": loading[1] + solving[1]}
    print(json.dumps(result))


asyncio.run(main())

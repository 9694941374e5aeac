"""A directory served over HTTP on loopback for as long as a block runs."""

import contextlib
import subprocess


@contextlib.contextmanager
def serving(program, directory):
    """The URL of `directory`; `program` is the testkit's example `serve`."""
    server = subprocess.Popen([program, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait()

# Compiles what comes on stdin, in chunks; run with `-s -S -B -W ignore -c` and an empty environment.
#
# All numbers are 4 bytes, little endian; a text is its length and its bytes.
#   first answer:  b"larder", whether it takes another chunk (1 byte), cache tag (text)
#   chunk:         flags of PEP 552, number of files; for each its name and its source (texts)
#   answer:        for each file a whole pyc (text), or length 2**32-1 for what does not compile
#
# marshal's bytes depend on what the process has interned before. So each chunk starts from the same
# state: in a fork of its own or, where there is none, in an interpreter of its own.
import sys
from _frozen_importlib_external import MAGIC_NUMBER
from _imp import source_hash
from marshal import dumps

try:
    from posix import _exit, fork, waitpid
except ImportError:
    fork = None

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
magic = int.from_bytes(MAGIC_NUMBER, "little")


def number(value):
    return value.to_bytes(4, "little")


def read(length):
    data = stdin.read(length)
    if len(data) != length:
        sys.exit(0)
    return data


def read_number():
    return int.from_bytes(read(4), "little")


def read_text():
    return read(read_number())


def pyc(flags, name, source):
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + number(flags) + source_hash(magic, source) + dumps(code)


def answer(flags, files):
    for name, source in files:
        try:
            data = pyc(flags, name, source)
        except Exception:
            stdout.write(b"\xff\xff\xff\xff")
        else:
            stdout.write(number(len(data)) + data)
    stdout.flush()


def main():
    tag = sys.implementation.cache_tag.encode()
    stdout.write(b"larder" + bytes([fork is not None]) + number(len(tag)) + tag)
    stdout.flush()
    while True:
        flags, count = read_number(), read_number()
        files = [(read_text().decode(), read_text()) for _ in range(count)]
        child = fork() if fork else 0
        if child == 0:
            answer(flags, files)
            if fork:
                _exit(0)
            return
        if waitpid(child, 0)[1] != 0:
            sys.exit(1)


main()

"""Structs that several threads need for the first time at once; each test has a process, since that is what dies."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import sys, threading, types
import msgspec
from crosswalk.core import structs

sys.setswitchinterval(1e-6)
SOURCE = '''
from msgspec import Struct
class Part(Struct):
    a: int
    b: str
    c: list[int] = []
class Whole(Struct):
    x: Part
    y: list[Part]
    z: dict[str, Part]
'''
DATA = b'{"x": {"a": 1, "b": "q", "c": [1]}, "y": [{"a": 1, "b": "q"}], "z": {"k": {"a": 1, "b": "q"}}}'

def made(number):
    module = types.ModuleType(f"made{number}")
    sys.modules[module.__name__] = module
    exec("from __future__ import annotations" + SOURCE, module.__dict__)
    return module.Whole

def at_once(kind):
    meeting = threading.Barrier(4)
    def decode():
        meeting.wait()
        DECODE(kind)
    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

kinds = [made(number) for number in range(150)]
PREPARE()
for kind in kinds: at_once(kind)
print("fine")
"""
_OURS = "structs.decoder(kind).decode(DATA)"
_PLAIN = "msgspec.json.decode(DATA, type=kind)"


def _played(prepare: str, decode: str) -> str:
    program = _PROGRAM.replace("PREPARE()", prepare).replace("DECODE(kind)", decode)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return done.stdout.strip() or f"ended with {done.returncode}"


@pytest.mark.parametrize(("prepare", "decode"), [("pass", _OURS), ("structs.know_all()", _PLAIN)])
def test_threads_may_need_a_struct_for_the_first_time_at_once(prepare: str, decode: str) -> None:
    assert _played(prepare, decode) == "fine"

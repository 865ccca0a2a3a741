"""The background thread: roused by anybody at any moment, a signal's handler among them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

from tachograph.recorder.background import Background

INTERRUPTED = """
import signal, sys, threading
from tachograph.recorder.background import Background

background = Background(lambda: True, 0.001)
handled = 0
def handle(number, frame):
    global handled
    background.rouse(hurry=True)
    handled += 1
    if handled < 3000:
        signal.setitimer(signal.ITIMER_REAL, 0.00002)
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.00002)
while handled < 3000:
    background.rouse()
background.end()
print(handled, sum(thread.name == "tachograph-recorder" for thread in threading.enumerate()))
"""


def test_whoever_rouses_it_may_be_interrupted_by_a_handler_that_does_so_too() -> None:
    assert hasattr(signal, "setitimer")
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "3000 0\n"


def test_what_it_was_roused_for_is_done_before_it_ends() -> None:
    done = threading.Event()

    def work() -> bool:
        done.set()
        return True

    background = Background(work, 60)
    assert background.rouse()
    background.end()
    assert done.is_set()
    assert not background.rouse()

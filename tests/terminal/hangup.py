"""Runs a program in a terminal of its own, closes the terminal once the program has trained an
epoch, and says how it ended: `exit 129`, `signal 6`.

usage: hangup.py HOW KEYS RUNS program...

HOW   leader      the program leads the terminal's session, and gets SIGHUP
      ignored     the same, with SIGHUP ignored, as by nohup
      background  a job in the background whose shell disowned it: it gets no signal
KEYS  typed once the program has written something, with Python's escapes
RUNS  the folder in which an `epoch_ended` shows that it trains
"""

import codecs
import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import sys
import termios
import time

# Long enough for any machine: it only ends what would hang.
LIMIT = 240


def trains(runs):
    records = pathlib.Path(runs).glob("*/events.jsonl")
    return any(b'"epoch_ended"' in record.read_bytes() for record in records)


def run(how, program, status):
    """In the terminal: becomes the program, or starts it in the background."""
    # Whatever the tests themselves were started with, such as nohup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL if how == "leader" else signal.SIG_IGN)
    if how == "background":
        job = os.fork()
        if job == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.setpgid(0, 0)
            os.execvp(program[0], program)
        _, ended = os.waitpid(job, 0)
        os.write(status, said(ended).encode())
        os._exit(0)
    os.execvp(program[0], program)


def said(status):
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit {code}"


def main(how, keys, runs, *program):
    keys = codecs.decode(keys, "unicode_escape").encode("latin-1")
    told, status = os.pipe()
    process, terminal = pty.fork()
    if process == 0:
        os.close(told)
        try:
            run(how, program, status)
        finally:
            os._exit(99)
    os.close(status)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    begun, written = time.monotonic(), b""
    while not trains(runs):
        if time.monotonic() - begun > LIMIT:
            sys.exit(f"it does not train: {written[-4000:]!r}")
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                written += os.read(terminal, 65536)
            except OSError:
                sys.exit(f"it ended before it trained: {written[-4000:]!r}")
            # The screen is there once it has painted a frame.
            if keys and b"Wiring" in written:
                os.write(terminal, keys)
                keys = b""
    os.close(terminal)
    begun = time.monotonic()
    while True:
        done, ended = os.waitpid(process, os.WNOHANG)
        if done:
            break
        if time.monotonic() - begun > LIMIT:
            os.kill(process, signal.SIGKILL)
            sys.exit("it goes on for ever without its terminal")
        time.sleep(0.02)
    print(os.read(told, 100).decode() if how == "background" else said(ended))


main(*sys.argv[1:])

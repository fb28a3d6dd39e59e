"""Has the workbench train a spec in a terminal of its own, then closes the terminal. SIGHUP is
ignored, so that the program ends by itself once it has nothing more to do.

usage: screen.py SPEC program...

Ends with 0 where the program ended with 129, as by SIGHUP; what it wrote to stderr is on stderr.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

# Long enough for any machine: it only ends what would hang.
LIMIT = 240


def main(spec, *program):
    errors = os.dup(2)
    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.dup2(errors, 2)
        os.execvp(program[0], program)
    keys = [(b"Wiring", f"\033[200~{spec}\033[201~".encode()), (b"is now the draft", b"t"), (b"starting ", b"")]
    begun, written, rows = time.monotonic(), b"", 40
    while keys:
        if time.monotonic() - begun > LIMIT:
            os.kill(process, signal.SIGKILL)
            sys.exit(f"it waits: {written[-4000:]!r}")
        if not select.select([terminal], [], [], 0.1)[0]:
            # Of another size it is painted anew, and its words are not cut by cells that stay.
            rows = 81 - rows
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 120, 0, 0))
            continue
        written += os.read(terminal, 65536)
        if keys[0][0] in written:
            os.write(terminal, keys.pop(0)[1])
            written = b""
    os.close(terminal)
    while True:
        done, ended = os.waitpid(process, os.WNOHANG)
        if done:
            break
        if time.monotonic() - begun > LIMIT:
            os.kill(process, signal.SIGKILL)
            sys.exit("it goes on for ever without its terminal")
        time.sleep(0.02)
    code = os.waitstatus_to_exitcode(ended)
    if code != 129:
        sys.exit(f"ended with {code}")


main(*sys.argv[1:])

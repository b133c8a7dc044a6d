"""Runs a command in a terminal of its own and keeps what it shows: an asciicast (version 2) with a time for each piece of output.

python3 record.py OUT.cast COLUMNS ROWS COMMAND [ARGUMENT ...]

What comes on standard input is typed; SIGINT and SIGTERM press Ctrl-C. Ends as the command ends.
"""

import codecs
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

out, columns, rows, *command = sys.argv[1:]
child, screen = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm-256color"
    os.execvp(command[0], command)
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def press_ctrl_c(*_):
    os.write(screen, b"\x03")


signal.signal(signal.SIGINT, press_ctrl_c)
signal.signal(signal.SIGTERM, press_ctrl_c)

began = time.monotonic()
decoder = codecs.getincrementaldecoder("utf-8")("replace")
listening = [screen, sys.stdin.fileno()]
with open(out, "w", encoding="utf-8", buffering=1) as cast:
    cast.write(json.dumps({"version": 2, "width": int(columns), "height": int(rows)}) + "\n")
    while True:
        readable, _, _ = select.select(listening, [], [])
        if screen in readable:
            try:
                shown = os.read(screen, 65536)
            except OSError:  # The terminal is gone with its last process.
                break
            if not shown:
                break
            text = decoder.decode(shown)
            if text:
                cast.write(json.dumps([round(time.monotonic() - began, 3), "o", text], ensure_ascii=False) + "\n")
        if sys.stdin.fileno() in readable:
            typed = os.read(sys.stdin.fileno(), 1024)
            if typed:
                os.write(screen, typed)
            else:
                listening.remove(sys.stdin.fileno())
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))

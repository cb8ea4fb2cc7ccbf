#!/usr/bin/env python3
"""A filer and its backup application in one: sends a file to a tape, or fetches one, over NDMP v4, for measurements. The data goes to the
mover directly, as in a three-way backup.

ndmp_stream.py write PORT USER DEVICE BLOCK FILE    the file from the beginning of the tape on, and a mark
ndmp_stream.py read PORT USER DEVICE BLOCK BYTES    so many bytes from there; prints how many came
The password of USER is in $NDMP_PASSWORD."""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from ndmp_session import AUTH_TEXT, CONNECT_CLIENT_AUTH, CONNECT_CLOSE, CONNECT_OPEN, REPLY, Session, string  # noqa: E402

TAPE_OPEN, TAPE_CLOSE, TAPE_MTIO = 0x300, 0x301, 0x303
NOTIFY_MOVER_HALTED = 0x503
MOVER_LISTEN, MOVER_STOP, MOVER_SET_WINDOW, MOVER_READ, MOVER_SET_RECORD_SIZE = 0xa01, 0xa04, 0xa05, 0xa06, 0xa08
REWIND, WRITE_MARKS = 4, 5
TO_TAPE, FROM_TAPE = 0, 1
READ_ONLY, READ_WRITE = 0, 1
TCP = 1
CLOSED = 1
PIECE = 1 << 20


class Host(Session):
    """Every refusal ends the program."""

    def __init__(self, port, user):
        super().__init__(port)
        self.posts = []
        self.call(CONNECT_OPEN, ">I", 4)
        login = struct.pack(">I", AUTH_TEXT) + string(user) + string(os.environ["NDMP_PASSWORD"])
        self._done(CONNECT_CLIENT_AUTH, login)

    def call(self, code, layout=">", *words):
        """What the reply holds behind its error."""
        return self._done(code, struct.pack(layout, *words))

    def open_tape(self, device, mode):
        self._done(TAPE_OPEN, string(device) + struct.pack(">I", mode))
        self.call(TAPE_MTIO, ">II", REWIND, 1)

    def listen(self, mode, block, window):
        """A data connection to the mover."""
        self.call(MOVER_SET_RECORD_SIZE, ">I", block)
        self.call(MOVER_SET_WINDOW, ">QQ", 0, window)
        address = self.call(MOVER_LISTEN, ">II", mode, TCP)
        _, _, ip, port = struct.unpack(">4I", address[:16])
        return socket.create_connection((socket.inet_ntoa(struct.pack(">I", ip)), port))

    def await_post(self, wanted):
        """What the post holds."""
        while True:
            for code, body in self.posts:
                if code == wanted:
                    return body
            self._take()

    def _take(self):
        """The next message: a reply's code and body, or nothing when it is a post."""
        message = self.message()
        kind, code = struct.unpack(">II", message[8:16])
        if kind == REPLY:
            return code, message[20:]
        self.posts.append((code, message[24:]))
        return None

    def _done(self, code, body):
        self.send(code, body)
        while (reply := self._take()) is None:
            pass
        header_error, error = struct.unpack(">II", reply[1][:8])
        if header_error or error:
            sys.exit(f"message {code:#x}: error {header_error or error}")
        return reply[1][8:]


def write(host, device, block, path):
    host.open_tape(device, READ_WRITE)
    with host.listen(TO_TAPE, block, os.path.getsize(path)) as data, open(path, "rb") as file:
        data.sendfile(file)
    (reason,) = struct.unpack(">I", host.await_post(NOTIFY_MOVER_HALTED)[:4])
    if reason != CLOSED:
        sys.exit(f"the mover has halted: {reason}")
    host.call(MOVER_STOP)
    host.call(TAPE_MTIO, ">II", WRITE_MARKS, 1)
    host.call(TAPE_CLOSE)


def read(host, device, block, size):
    host.open_tape(device, READ_ONLY)
    got = 0
    with host.listen(FROM_TAPE, block, size) as data:
        host.call(MOVER_READ, ">QQ", 0, size)
        while got < size and (part := data.recv(PIECE)):
            got += len(part)
    host.await_post(NOTIFY_MOVER_HALTED)
    host.call(MOVER_STOP)
    host.call(TAPE_CLOSE)
    print(got)


def main():
    verb, port, user, device, block, what = sys.argv[1:]
    host = Host(int(port), user)
    if verb == "write":
        write(host, device, int(block), what)
    else:
        read(host, device, int(block), int(what))
    host.send(CONNECT_CLOSE)


if __name__ == "__main__":
    main()

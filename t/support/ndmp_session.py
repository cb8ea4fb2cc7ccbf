#!/usr/bin/env python3
"""ndmp_session.py PORT USER PASSWORD [TRIES]: an NDMP session (v4) with 127.0.0.1. Signs in, so many times when that is refused, and prints
"in" or "refused"; then asks who the server is for each line of standard input, and prints "alive". Ends the session at the end of input."""

import socket
import struct
import sys

CONNECT_OPEN, CONNECT_CLIENT_AUTH, CONNECT_CLOSE, GET_SERVER_INFO = 0x900, 0x901, 0x902, 0x108
REQUEST, REPLY = 0, 1
AUTH_TEXT = 1


def string(text):
    data = text.encode()
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


class Session:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.sequence = 0

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                sys.exit("the server has closed the session")
            data += part
        return data

    def message(self):
        (mark,) = struct.unpack(">I", self.read(4))
        return self.read(mark & 0x7FFFFFFF)

    def send(self, code, body=b""):
        self.sequence += 1
        message = struct.pack(">6I", self.sequence, 0, REQUEST, code, 0, 0) + body
        self.socket.sendall(struct.pack(">I", 0x80000000 | len(message)) + message)

    def ask(self, code, body=b""):
        """The error of the reply."""
        self.send(code, body)
        while True:
            message = self.message()
            if struct.unpack(">I", message[8:12])[0] == REPLY:
                return struct.unpack(">I", message[24:28])[0]


def main():
    port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    tries = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    session = Session(port)
    if session.ask(CONNECT_OPEN, struct.pack(">I", 4)) != 0:
        sys.exit("version 4 is refused")
    login = struct.pack(">I", AUTH_TEXT) + string(user) + string(password)
    signed_in = any(session.ask(CONNECT_CLIENT_AUTH, login) == 0 for _ in range(tries))
    print("in" if signed_in else "refused", flush=True)
    for _ in sys.stdin if signed_in else ():
        if session.ask(GET_SERVER_INFO) != 0:
            sys.exit("the session does not work")
        print("alive", flush=True)
    if signed_in:
        session.send(CONNECT_CLOSE)


if __name__ == "__main__":
    main()

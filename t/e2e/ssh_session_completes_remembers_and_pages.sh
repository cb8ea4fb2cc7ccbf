#!/usr/bin/env bash
# A session of oca-shell on a terminal: completion, history, pages, Control-C; and no key of the line editor leads to another program.
source "$(dirname "$0")/lib.sh"
start
oca user --add --name boss --roles administrator --no_password >/dev/null
oca container --add --name alpha >/dev/null
python3 - "$OCA_BIN/oca-shell" "$OCA_HOME" <<'PY'
import fcntl, os, pty, select, struct, sys, termios, time

shell, home = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(shell, [shell, "--home", home, "--user", "boss"])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 100, 0, 0))
seen = b""


def until(text, seconds=20):
    """Reads until `text` is seen; what came before it and the text are used up."""
    global seen
    end = time.monotonic() + seconds
    while text.encode() not in seen:
        left = end - time.monotonic()
        if left <= 0:
            sys.exit(f"no {text!r} in {seen!r}")
        if select.select([fd], [], [], left)[0]:
            try:
                seen += os.read(fd, 4096)
            except OSError:
                sys.exit(f"the session ended; no {text!r} in {seen!r}")
    at = seen.index(text.encode()) + len(text)
    before, seen = seen[:at].decode(errors="replace"), seen[at:]  # keys that are no character may be echoed
    return before


def send(text):
    os.write(fd, text if isinstance(text, bytes) else text.encode())


def children():
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


prompt = "boss@oca> "
until(prompt)
# What completion adds stands behind the cursor.
send("conta\t")
until("iner ")
send("--sh\t")
until("ow")
send(" --names_o\t\r")
until("alpha\r\n")
until(prompt)

send("\x1b[A\r")
until("alpha\r\n")
until(prompt)

send("container --show --name al\t")
until("pha ")
send("\x03system --wait\r")  # Control-C gives the line up
assert "alpha" not in until(prompt), "the line was not given up"

send("--help\r")
until("-- more")
send(" ")
until("-- more")
send("q")
until(prompt)
send("container --show --names_only\r")
until("alpha\r\n")
until(prompt)

# libedit's own commands could choose vi's keys, whose v starts an editor.
for meta in (b"\x1b", b""):
    for x in (b"x", b"X") if meta else (b"\xf8", b"\xd8"):
        send(meta + x)
        send(b"bind -v\r")
        until(prompt)
        send(b"\x1bv\r")
        until(prompt)
        assert children() == [], "a key started a program"
with open(f"/proc/{pid}/status") as file:
    assert "\nSeccomp:\t2\n" in file.read(), "programs are not forbidden"
send("\x1a")
send("exit\r")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(f"exit code {code}" if code not in (0, 2) else 0)
PY

"""Signals that end a run: the first one unwinds the program, so that everything started is ended; later ones change nothing."""

import contextlib
import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Raised where the program stood when the signal came, or at the end of a shielded part."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class _State:
    shields = 0
    signal = None
    raised = False


def install():
    for number in SIGNALS:
        signal.signal(number, _receive)


def _receive(number, _frame):
    if _State.signal is None:
        _State.signal = number
    _raise_if_due()


def _raise_if_due():
    if _State.signal is not None and not _State.raised and _State.shields == 0:
        _State.raised = True
        raise Interrupted(_State.signal)


@contextlib.contextmanager
def shielded():
    """What must not stop half-way: a signal waits until its end."""
    _State.shields += 1
    try:
        yield
    finally:
        _State.shields -= 1
    _raise_if_due()
